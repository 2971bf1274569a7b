//! The durable event log of a trading operation: acknowledged means on disk, completeness is a question with an
//! evidenced answer, and sealed parts go to verified Parquet.
//!
//! What it is: one folder, one writer process, one order of rows for all event tables of the contract, embeddable in any
//! service. What it is not: a broker or a network service, and no runtime is needed; it reads no clock and no randomness
//! but those it is given, and it judges no value: that is for `quality`.
//!
//! Three nouns carry the crate. A [`Log`] is opened by its one writer; a [`Producer`] appends under an identity that it
//! keeps for life; a [`Reader`] hands out rows, gaps and what producers say, in the order of the log, live or from the
//! beginning. The ledger behind them answers [`completeness`](Log::completeness).
//!
//! ```
//! use capture::{Drive, Filter, FixedClock, Item, Log, Options, ProducerSpec, Visibility};
//! use contract::{CaptureVerdict, EventId, Principal, Purpose, ReadContext, UtcNanos, testing::trades};
//! use std::sync::Arc;
//! # let folder = tempfile::tempdir()?;
//! # let dir = folder.path().join("log");
//! # let ctx = ReadContext { principal: Principal::parse("desk")?, purpose: Purpose::parse("live")? };
//! let clock = Arc::new(FixedClock(UtcNanos::parse("2024-08-08T23:54:15Z")?));
//! let options = Options { drive: Drive::Steps, ..Options::default() }; // a service takes the default: threads
//! let (log, found) = Log::open(Arc::new(durable::RealFs), &dir, options, clock, 7)?;
//! assert!(found.lost.is_empty());
//! let mut feed = log.open_producer(ProducerSpec::new(EventId::from_bytes([1; 16]), "binance"))?;
//! let ack = feed.append_durable(&trades("90 3.0 B, 95 1.0 A"))?;
//! assert_eq!(ack.pseq, 0..2);
//! feed.close()?; // nothing more will come: now the account can be complete
//!
//! let mut reader = log.reader(&ctx, log.start(), Visibility::Durable, Filter::default())?;
//! while !matches!(reader.next()?, Item::Batch(rows) if rows.table.as_ref() == "trades") {}
//! assert_eq!(log.completeness(&ctx, 0..u64::MAX)?.verdict, CaptureVerdict::Complete);
//! # log.close()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What holds, and the test that shows it
//! - An acknowledged row survives a power cut at any call, once and in order: `tests/it/crash.rs`, by `kill -9`
//!   `tests/it/process.rs`.
//! - A damaged byte costs the rows that it was part of, and they are named: `tests/it/flips.rs`, `verify.rs`.
//! - A refusal has used no number, a full disk pushes back and work resumes by itself: `tests/it/appends.rs`.
//! - Readers miss nothing and hold up nobody, also when segments are dropped behind them: `tests/it/threads.rs`.
//! - Rows of archive and log are one sequence: `tests/it/archive.rs`.
//! - Logs of format 1 are read for good: `tests/it/golden.rs`.
//!
//! The long forms run by `cargo xtask torture capture`; the format is in `docs/capture-format.md`.
//!
//! # Features
//! - `archive` (default): Parquet files out of sealed segments, and readers that go on in them.
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
mod stats;
mod stock;
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
pub use reader::{LogReader, ReadWork, Reader, Visibility};
pub use report::{RecoveryReport, Start};
pub use stats::{Stats, TableStats};
pub use stock::{ArchivedFile, ArchivedRun, DamagedRange, SegmentStock, Stock, stock};
pub use survey::completeness;
pub use ticket::{Ack, Level, Ticket};
pub use verify::{Problem, VerifyReport, verify};
