//! Why a sweep stops.

use contract::{Diagnostic, Fault, ShapeError, UnknownWord};

/// Why a batch, and with it the sweep, was refused; single rows come back as rejects instead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SweepError {
    /// The batch does not have the shape of its table.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// A cell holds none of the words of its column.
    #[error("{table}: {source}")]
    Word {
        /// The table.
        table: &'static str,
        /// The word.
        source: UnknownWord,
    },
    /// A table that features cannot read.
    #[error("expected one of the tables {expected}, found `{found}`")]
    Table {
        /// Tables that are read.
        expected: String,
        /// The table that came.
        found: String,
    },
    /// A table or column that knows the future.
    #[error("{table}{}: expected a causal input, found one marked `hindsight`", .column.as_ref().map(|c| format!(".{c}")).unwrap_or_default())]
    Hindsight {
        /// The table.
        table: String,
        /// The column, where one is stricter than its table.
        column: Option<String>,
    },
    /// Rows of a sorted input are not in order.
    #[error("{table}, row {row}: expected (ts_avail, seq) after ({}, {}), found ({}, {})", .expected.0, .expected.1, .found.0, .found.1)]
    Unsorted {
        /// The table.
        table: &'static str,
        /// Row, counted over all batches of the table.
        row: u64,
        /// Availability in nanoseconds and `seq` of the row before.
        expected: (i64, u64),
        /// Those of the row.
        found: (i64, u64),
    },
    /// More logs than were announced.
    #[error("expected a log below {expected}, found `{found}`")]
    Log {
        /// Number of logs announced.
        expected: u8,
        /// The log of the batch.
        found: u8,
    },
    /// A cut-off whose rows are gone.
    #[error("cut-off: expected {expected} or later, found `{found}`")]
    Forgotten {
        /// The oldest cut-off that can be answered, in nanoseconds.
        expected: i64,
        /// The cut-off.
        found: i64,
    },
    /// A feature asked for what it had not declared.
    #[error(
        "feature `{feature}`: expected answers to its declared needs only, found a handle of another feature"
    )]
    UndeclaredInput {
        /// The feature.
        feature: String,
    },
    /// Output that the contract refuses.
    #[error("features: {0}")]
    Output(String),
    /// Decisions in and rows out do not agree.
    #[error("expected {expected} feature rows and rejects, found {found}")]
    RowsLost {
        /// Decisions that came in.
        expected: u64,
        /// Rows and rejects that went out.
        found: u64,
    },
}

impl Diagnostic for SweepError {
    fn code(&self) -> &'static str {
        match self {
            Self::Shape(error) => error.code(),
            Self::Word { source, .. } => source.code(),
            Self::Table { .. } => "features/unexpected-table",
            Self::Hindsight { .. } => "features/hindsight-input",
            Self::Unsorted { .. } => "features/unsorted-input",
            Self::Log { .. } => "features/unknown-log",
            Self::Forgotten { .. } => "features/forgotten-cutoff",
            Self::UndeclaredInput { .. } => "features/undeclared-input",
            Self::Output(_) => "features/output",
            Self::RowsLost { .. } => "features/rows-lost",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Output(_) | Self::RowsLost { .. } => Fault::Bug,
            _ => Fault::Input,
        }
    }
}
