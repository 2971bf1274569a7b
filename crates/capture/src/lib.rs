//! The durable event log of a trading operation.
#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing, clippy::string_slice)]

mod clock;
mod completeness;
mod format;
mod gap;
mod ledger;
mod recent;
mod runs;

pub use clock::{Clock, FixedClock};
pub use completeness::{Completeness, ProducerAccount};
pub use format::frame::Codec;
pub use gap::{Gap, gaps_table};
