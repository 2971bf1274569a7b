//! The durable event log of a trading operation.
#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing, clippy::string_slice)]

#[cfg(feature = "archive")]
#[cfg_attr(not(test), expect(dead_code, unused_imports, reason = "the log calls it"))]
mod archive;
mod clock;
mod format;
mod gap;
mod item;

#[cfg(feature = "archive")]
pub use archive::ArchiveError;
pub use clock::{Clock, FixedClock};
pub use format::frame::Codec;
pub use gap::Gap;
pub use item::{Control, ControlKind, Item, LoggedBatch};
