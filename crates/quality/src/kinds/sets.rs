//! Kinds that count the whole and speak at its end, and those that hold rows against another table.

mod agreement;
mod bar_vs_trades;
mod class_floor;
mod conflict;
mod constant;
mod cross_source;
mod grades;
mod label_audit;
mod label_delay;
mod parity;
mod pnl_recon;
mod row_count;
mod runs;
mod session_coverage;

pub(crate) use bar_vs_trades::BarVsTrades;
pub(crate) use class_floor::ClassFloor;
pub(crate) use conflict::Conflict;
pub(crate) use constant::{AllNull, Constant};
pub(crate) use cross_source::CrossSource;
pub(crate) use label_audit::LabelAudit;
pub(crate) use label_delay::LabelDelay;
pub(crate) use parity::Parity;
pub(crate) use pnl_recon::PnlRecon;
pub(crate) use row_count::RowCount;
pub(crate) use session_coverage::SessionCoverage;
