//! The durable event log of a trading operation.
#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing, clippy::string_slice)]

#[cfg(feature = "archive")]
mod archive;
mod clock;
mod completeness;
mod error;
mod format;
mod gap;
mod item;
mod ledger;
mod options;
mod recent;
mod runs;
mod sync;
mod ticket;

#[cfg(feature = "archive")]
pub use archive::ArchiveError;
pub use clock::{Clock, FixedClock};
pub use completeness::{Completeness, ProducerAccount};
pub use error::{AppendError, OpenError, Pressure, ReadError};
pub use format::frame::Codec;
pub use gap::{Gap, gaps_table};
pub use item::{Control, ControlKind, Item, LoggedBatch};
pub use options::{Drive, Options};
pub use ticket::{Ack, Level, Ticket};
