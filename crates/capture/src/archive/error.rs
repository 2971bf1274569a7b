//! Why rows were not archived, or not read back.

use contract::{Diagnostic, Fault, ShapeError};
use durable::{FsError, PublishError};
use parquet::errors::ParquetError;
use std::path::PathBuf;

/// Why rows were not archived, or not read back.
///
/// Nothing is recorded after an error, and what stood in the archive is as it was; a whole, verified file that was
/// published before a later one of the same run failed stays and is adopted by the next run of the same segments.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// The file system failed.
    #[error(transparent)]
    Fs(#[from] FsError),
    /// A file could not be published.
    #[error(transparent)]
    Publish(PublishError),
    /// Rows do not have the shape of their table.
    #[error("rows from seq {first_seq}: {source}")]
    Shape {
        /// `seq` of the first row of the batch or file.
        first_seq: u64,
        /// The difference.
        source: ShapeError,
    },
    /// A table that a log does not hold, or that this program does not know.
    #[error("table `{table}`: expected a known table of events with `seq` and `ts_avail`")]
    NoEvents {
        /// The table.
        table: String,
    },
    /// Rows came out of order, or outside the range of the run.
    #[error("table `{table}`: expected seq {expected}, found {found}")]
    Order {
        /// The table.
        table: String,
        /// What was expected.
        expected: String,
        /// What was found.
        found: u64,
    },
    /// An earlier run has archived some of these rows.
    #[error(
        "table `{table}`: expected seq {first_seq}..{end_seq} in no earlier file, found seq {known_first}..{known_end} in `{known}`"
    )]
    Overlap {
        /// The table.
        table: String,
        /// First `seq` of the new file.
        first_seq: u64,
        /// End of the new file.
        end_seq: u64,
        /// The earlier file.
        known: String,
        /// First `seq` of the earlier file.
        known_first: u64,
        /// End of the earlier file.
        known_end: u64,
    },
    /// A file does not hold what it should.
    #[error("`{}`: expected {expected}, found {found}", path.display())]
    Mismatch {
        /// The file.
        path: PathBuf,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
    },
    /// An unrecorded file stands under the name of a new one and does not hold the same rows.
    #[error("`{}`: an unrecorded file stands under this name and is not the one to be published: {source}", path.display())]
    Conflict {
        /// The file that stands there.
        path: PathBuf,
        /// The difference.
        source: Box<Self>,
    },
    /// A Parquet file could not be written or read.
    #[error("`{}`: {source}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: ParquetError,
    },
    /// Rows could not be gathered or sorted.
    #[error("table `{table}`: {source}")]
    Arrow {
        /// The table.
        table: String,
        /// The cause.
        source: contract::arrow_schema::ArrowError,
    },
}

impl ArchiveError {
    /// The failed call of the file system behind the error, if that was it.
    #[must_use]
    pub fn fs(&self) -> Option<&FsError> {
        match self {
            Self::Fs(error)
            | Self::Publish(
                PublishError::Fs(error) | PublishError::Unsettled { source: error, .. },
            ) => Some(error),
            Self::Publish(PublishError::Write(error)) => FsError::inside(error),
            Self::Parquet { source, .. } => FsError::inside(source),
            Self::Conflict { source, .. } => source.fs(),
            _ => None,
        }
    }
}

impl Diagnostic for ArchiveError {
    fn code(&self) -> &'static str {
        match self {
            Self::Fs(error) => error.code(),
            Self::Publish(error) => error.code(),
            Self::Shape { source, .. } => source.code(),
            Self::NoEvents { .. } => "capture/archive-table",
            Self::Order { .. } => "capture/archive-order",
            Self::Overlap { .. } => "capture/archive-overlap",
            Self::Mismatch { .. } => "capture/archive-mismatch",
            Self::Conflict { .. } => "capture/archive-conflict",
            Self::Parquet { .. } => self.fs().map_or("capture/archive-parquet", FsError::code),
            Self::Arrow { .. } => "capture/archive-rows",
        }
    }

    fn fault(&self) -> Fault {
        if let Some(error) = self.fs() {
            return Fault::Environment { retry: error.is_transient() };
        }
        match self {
            Self::Shape { .. } | Self::NoEvents { .. } | Self::Arrow { .. } => Fault::Input,
            Self::Order { .. }
            | Self::Publish(PublishError::Write(_) | PublishError::NoName(_)) => Fault::Bug,
            _ => Fault::Integrity,
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Conflict { path, .. } => Some(format!(
                "move `{}` out of the archive and run again: it is in no record, so no reader uses it",
                path.display()
            )),
            Self::Mismatch { .. } => Some(
                "the segments of a file that does not verify are kept: archive them again".into(),
            ),
            _ => None,
        }
    }
}
