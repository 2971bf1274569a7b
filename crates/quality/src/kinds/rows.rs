//! Kinds that judge a row by itself.

mod fills;
mod given;
mod halt_print;
mod lot;
mod nonfinite;
mod null_rate;
mod null_reason;
mod off_session;
mod range;
mod schema;
mod set;
mod sides;
mod sign;
mod source_flags;
mod steps;
mod tick;
mod ts_chain;

pub(crate) use fills::{Currency, Fk, MissingFee};
pub(crate) use halt_print::HaltPrint;
pub(crate) use lot::Lot;
pub(crate) use nonfinite::NonFinite;
pub(crate) use null_rate::NullRate;
pub(crate) use null_reason::NullReason;
pub(crate) use off_session::OffSession;
pub(crate) use range::Range;
pub(crate) use schema::Schema;
pub(crate) use set::Set;
pub(crate) use sides::{Crossed, Locked, OneSided};
pub(crate) use sign::Sign;
pub(crate) use source_flags::{Inferred, VendorSuspect};
pub(crate) use tick::Tick;
pub(crate) use ts_chain::TsChain;
