//! The durable event log of a trading operation.
#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing, clippy::string_slice)]

mod clock;
mod format;

pub use clock::{Clock, FixedClock};
pub use format::frame::Codec;
