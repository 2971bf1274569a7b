//! The durable event log of a trading operation.
#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing, clippy::string_slice)]

#[cfg(feature = "archive")]
mod archive;
#[cfg(feature = "archive")]
mod archiving;
mod clock;
mod completeness;
mod context;
mod count;
mod cursor;
mod deliver;
mod entry;
mod error;
mod filter;
mod format;
mod gap;
mod hold;
mod inner;
mod item;
mod ledger;
mod log;
mod note;
mod options;
mod producer;
mod queue;
mod reader;
mod recent;
mod recover;
mod report;
mod runs;
mod scan;
mod seal;
mod segments;
mod shown;
mod spare;
mod store;
mod stored;
mod survey;
mod sync;
mod ticket;
mod verify;
mod walk;
mod window;
mod witness;
mod writer;

/// What each error of this crate means and what to do about it, one section a code.
pub const ERRORS: &str = include_str!("errors.md");

#[cfg(feature = "archive")]
pub use archive::ArchiveError;
#[cfg(feature = "archive")]
pub use archiving::{
    ArchiveFile, ArchivePolicy, ArchiveReport, ArchiveRunError, DropReport, KeptReason,
};
pub use clock::{Clock, FixedClock};
pub use completeness::{Completeness, ProducerAccount};
pub use context::{Around, DecisionContext};
pub use cursor::Cursor;
pub use error::{AppendError, OpenError, Pressure, ReadError};
pub use filter::Filter;
pub use format::frame::Codec;
pub use gap::{Gap, gaps_table};
pub use hold::Hold;
pub use inner::Health;
pub use item::{Control, ControlKind, Item, LoggedBatch};
pub use log::Log;
pub use options::{Drive, Options};
pub use producer::{Producer, ProducerSpec};
pub use reader::{LogReader, Reader, Visibility};
pub use report::{RecoveryReport, Start};
pub use survey::completeness;
pub use ticket::{Ack, Level, Ticket};
pub use verify::{Problem, VerifyReport, verify};
