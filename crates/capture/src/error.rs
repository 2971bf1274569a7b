//! Why an append, an open or a read did not happen.

use contract::{Denied, Diagnostic, EventId, Fault, ShapeError, UtcNanos};
use durable::{FsError, FsErrorKind, PublishError};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// What an append waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pressure {
    /// Rows in flight have used up the credit; the disk is slower than the producers.
    Credit,
    /// The disk is full: no further segment can be prepared. Work resumes by itself once there is room.
    Disk {
        /// Bytes free.
        free: u64,
        /// Bytes needed.
        needed: u64,
    },
}

/// Why rows were not taken. A refused batch has used no number; the producer sends corrected rows or skips them.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The batch is not of the table's shape.
    #[error("append: {0}")]
    SchemaMismatch(Arc<ShapeError>),
    /// The batch has numbers already: only the log gives them.
    #[error("append to `{table}`: expected a batch without `seq`, found one that has it")]
    HasSeq {
        /// The table.
        table: String,
    },
    /// No event table has this name.
    #[error("append: expected an event table, found `{table}`{near}")]
    UnknownTable {
        /// The name given.
        table: String,
        /// Names like it.
        near: String,
    },
    /// There is no row.
    #[error("append to `{table}`: expected at least 1 row, found 0")]
    EmptyBatch {
        /// The table.
        table: String,
    },
    /// The batch makes a frame above the limit: send it in parts.
    #[error("append to `{table}`: expected at most {limit} {unit}, found {found}")]
    TooLarge {
        /// The table.
        table: String,
        /// Bytes or rows there.
        found: u64,
        /// Most allowed.
        limit: u64,
        /// `bytes` or `rows`.
        unit: &'static str,
    },
    /// A receipt lies in the future: it would hold back every later row.
    #[error(
        "append to `{table}`, row {row}: expected a receipt of at most {latest}, found {found}"
    )]
    FutureReceipt {
        /// The table.
        table: String,
        /// The row.
        row: usize,
        /// Latest allowed.
        latest: UtcNanos,
        /// The receipt.
        found: UtcNanos,
    },
    /// A strict producer left numbers out.
    #[error("append by {producer}: expected row number {expected}, found {found}")]
    SequenceGap {
        /// The producer.
        producer: EventId,
        /// Number expected.
        expected: u64,
        /// Number found.
        found: u64,
    },
    /// Numbers that were used before come back with other rows.
    #[error(
        "append by {producer}: rows {first_pseq} to {end_pseq} (exclusive) were stored with other content or declared lost"
    )]
    IdentityReused {
        /// The producer.
        producer: EventId,
        /// First row.
        first_pseq: u64,
        /// Row after the last.
        end_pseq: u64,
    },
    /// A later incarnation of the producer has taken over.
    #[error("append by {producer}: epoch {epoch} has been replaced by epoch {current}")]
    Fenced {
        /// The producer.
        producer: EventId,
        /// The caller's epoch.
        epoch: u32,
        /// The one that counts.
        current: u32,
    },
    /// The log cannot take the rows now.
    #[error("append: {}", pressure_text(.0))]
    Backpressure(Pressure),
    /// The wait for an acknowledgement ended before it came; the rows may or may not be durable, and sending them
    /// again is safe.
    #[error("append: no acknowledgement in time; sending again is safe")]
    Timeout,
    /// The rows were taken and could not be made durable.
    #[error("append: rows could not be made durable: {0}")]
    NotDurable(Arc<str>),
    /// The log has failed for good; open it again.
    #[error("append: the log has failed: {0}")]
    Poisoned(Arc<str>),
    /// The log or the producer is closed.
    #[error("append: closed")]
    Closed,
    /// The rows cannot be written as Arrow messages.
    #[error("append to `{table}`: {reason}")]
    Encode {
        /// The table.
        table: String,
        /// Why.
        reason: Arc<str>,
    },
    /// A re-sent row could not be compared with the stored one.
    #[error("append: stored rows could not be read for comparison: {0}")]
    Compare(Arc<ReadError>),
}

fn pressure_text(pressure: &Pressure) -> String {
    match pressure {
        Pressure::Credit => "rows in flight have used up the credit".to_owned(),
        Pressure::Disk { free, needed } => {
            format!("the disk is full: expected {needed} bytes, found {free} free")
        }
    }
}

impl Diagnostic for AppendError {
    fn code(&self) -> &'static str {
        match self {
            Self::SchemaMismatch(error) => error.code(),
            Self::HasSeq { .. } => "capture/has-seq",
            Self::UnknownTable { .. } => "capture/unknown-table",
            Self::EmptyBatch { .. } => "capture/empty-batch",
            Self::TooLarge { .. } => "capture/too-large",
            Self::FutureReceipt { .. } => "capture/future-receipt",
            Self::SequenceGap { .. } => "capture/sequence-gap",
            Self::IdentityReused { .. } => "capture/identity-reused",
            Self::Fenced { .. } => "capture/fenced",
            Self::Backpressure(Pressure::Credit) => "capture/no-credit",
            Self::Backpressure(Pressure::Disk { .. }) => "capture/disk-full",
            Self::Timeout => "capture/timeout",
            Self::NotDurable(_) => "capture/not-durable",
            Self::Poisoned(_) => "capture/poisoned",
            Self::Closed => "capture/closed",
            Self::Encode { .. } => "capture/encode",
            Self::Compare(error) => error.code(),
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Backpressure(_) | Self::Timeout => Fault::Environment { retry: true },
            Self::NotDurable(_) | Self::Poisoned(_) => Fault::Environment { retry: false },
            Self::Encode { .. } => Fault::Bug,
            Self::Compare(error) => error.fault(),
            _ => Fault::Input,
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Backpressure(Pressure::Disk { .. }) => Some(
                "free some space and send the rows again; what was acknowledged is safe".to_owned(),
            ),
            _ => None,
        }
    }
}

/// Why a log was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process writes to it.
    #[error("log `{}`: another process holds its lock", .0.display())]
    Locked(PathBuf),
    /// There is no log here, and none was to be created.
    #[error("log `{}`: expected a log, found no MANIFEST", .0.display())]
    Missing(PathBuf),
    /// An option is out of range.
    #[error("option `{option}`: expected {expected}, found {found}")]
    Options {
        /// Which.
        option: &'static str,
        /// Expected.
        expected: String,
        /// Found.
        found: String,
    },
    /// The log is of a format that this program does not know.
    #[error("`{}`: expected format version 1, found {found}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What was found.
        found: String,
    },
    /// Files of two logs lie in one folder.
    #[error("`{}`: expected a file of log {expected}, found one of log {found}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The log's identity.
        expected: EventId,
        /// The file's.
        found: EventId,
    },
    /// The file system failed.
    #[error(transparent)]
    Fs(#[from] FsError),
    /// A file could not be published.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// A thread could not be started.
    #[error("log: no thread: {0}")]
    Thread(std::io::Error),
}

impl Diagnostic for OpenError {
    fn code(&self) -> &'static str {
        match self {
            Self::Locked(_) => "capture/locked",
            Self::Missing(_) => "capture/no-log",
            Self::Options { .. } => "capture/bad-option",
            Self::Format { .. } => "capture/unknown-format",
            Self::Foreign { .. } => "capture/foreign-file",
            Self::Fs(error) => error.code(),
            Self::Publish(error) => error.code(),
            Self::Thread(_) => "capture/no-thread",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Locked(_) => Fault::Environment { retry: true },
            Self::Missing(_) | Self::Options { .. } | Self::Format { .. } => Fault::Input,
            Self::Foreign { .. } | Self::Publish(PublishError::Verify { .. }) => Fault::Integrity,
            Self::Fs(error)
            | Self::Publish(
                PublishError::Fs(error) | PublishError::Unsettled { source: error, .. },
            ) => fs_fault(error),
            Self::Publish(_) | Self::Thread(_) => Fault::Environment { retry: false },
        }
    }
}

/// Why a read stopped. Damage is no error: it comes as a [`Gap`](crate::Gap) and the reader goes on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The gate said no.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The cursor belongs to another log.
    #[error("cursor: expected log {expected}, found {found}")]
    OtherLog {
        /// The log's identity.
        expected: EventId,
        /// The cursor's.
        found: EventId,
    },
    /// A cursor file or name is malformed.
    #[error("cursor `{name}`: expected {expected}, found {found}")]
    Cursor {
        /// Its name.
        name: String,
        /// Expected.
        expected: &'static str,
        /// Found.
        found: String,
    },
    /// There is no log here.
    #[error("log `{}`: expected a log, found no MANIFEST", .0.display())]
    Missing(PathBuf),
    /// There is a log, and its manifest does not say which.
    #[error("log `{}`: expected a MANIFEST that names its log, found one whose first line is damaged", .0.display())]
    DamagedManifest(PathBuf),
    /// Rows in this range are neither in a segment nor in the archive.
    #[error("log: expected rows {} to {} (exclusive) in a segment or the archive, found neither", .0.start, .0.end)]
    Vanished(Range<u64>),
    /// The log was written by a later program.
    #[error("`{}`: expected format version 1, found {found}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What was found.
        found: String,
    },
    /// The stored rows and this program's tables do not fit together.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The file system failed.
    #[error(transparent)]
    Fs(#[from] FsError),
    /// Rows could not be handed out.
    #[error("read: {0}")]
    Arrow(#[from] contract::arrow_schema::ArrowError),
    /// An archive file could not be read.
    #[cfg(feature = "archive")]
    #[error(transparent)]
    Archive(#[from] crate::archive::ArchiveError),
}

impl Diagnostic for ReadError {
    fn code(&self) -> &'static str {
        match self {
            Self::Denied(error) => error.code(),
            Self::OtherLog { .. } => "capture/other-log",
            Self::Cursor { .. } => "capture/bad-cursor",
            Self::Missing(_) => "capture/no-log",
            Self::DamagedManifest(_) => "capture/damaged-manifest",
            Self::Vanished(_) => "capture/vanished",
            Self::Format { .. } => "capture/unknown-format",
            Self::Shape(error) => error.code(),
            Self::Fs(error) => error.code(),
            Self::Arrow(_) => "capture/decode",
            #[cfg(feature = "archive")]
            Self::Archive(error) => error.code(),
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Denied(error) => error.fault(),
            Self::Fs(error) => fs_fault(error),
            Self::Vanished(_) | Self::DamagedManifest(_) => Fault::Integrity,
            Self::Arrow(_) => Fault::Bug,
            #[cfg(feature = "archive")]
            Self::Archive(error) => error.fault(),
            _ => Fault::Input,
        }
    }
}

/// Whose fault a failed call on the file system is.
pub(crate) fn fs_fault(error: &FsError) -> Fault {
    match error.kind {
        FsErrorKind::NotFound => Fault::Input,
        _ => Fault::Environment { retry: error.is_transient() },
    }
}
