//! Why weights were refused.

use contract::{BuildError, Diagnostic, Fault, UnknownWord};

/// Why overlap or weights could not be worked out. Nothing is answered then.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WeightError {
    /// Two inputs that go row by row differ in length.
    #[error("{what}: expected {expected} rows, found {found}")]
    Length {
        /// Which input.
        what: &'static str,
        /// Rows of the inputs before it.
        expected: usize,
        /// Its own rows.
        found: usize,
    },
    /// A label interval without length.
    #[error("label interval, row {row}: expected a start before the end, found {start} and {end}")]
    Interval {
        /// The row.
        row: usize,
        /// Its start, nanoseconds.
        start: i64,
        /// Its end, nanoseconds.
        end: i64,
    },
    /// More labels than a row number holds.
    #[error("labels: expected fewer than 2^32, found {found}")]
    TooMany {
        /// Labels given.
        found: usize,
    },
    /// Instants of a path that are not in order of group and time.
    #[error(
        "path, row {row}: expected order of group and time, each instant once, found {found} in group {group}"
    )]
    Order {
        /// The row.
        row: usize,
        /// Its group.
        group: u32,
        /// Its instant, nanoseconds.
        found: i64,
    },
    /// A return that is no number of a sensible size.
    #[error("return, row {row}: expected a number between -1024 and 1024, found `{found}`")]
    Return {
        /// The row.
        row: usize,
        /// The value.
        found: f64,
    },
    /// A uniqueness outside (0, 1].
    #[error("uniqueness, row {row}: expected a number in (0, 1], found `{found}`")]
    Uniqueness {
        /// The row.
        row: usize,
        /// The value.
        found: f64,
    },
    /// A weight of the oldest label that is not in [-1, 1].
    #[error("weight of the oldest label: expected a number from -1 to 1, found `{0}`")]
    Oldest(f64),
    /// A word of a label that is not in its closed set.
    #[error("labels: a word that is not in the closed set of its column")]
    Word(#[source] UnknownWord),
    /// The weights do not make up the table.
    #[error("label_weights: the rows do not make up the table")]
    Table(#[source] BuildError),
}

impl Diagnostic for WeightError {
    fn code(&self) -> &'static str {
        match self {
            Self::Length { .. } => "labeling/weights-length",
            Self::Interval { .. } => "labeling/empty-life",
            Self::TooMany { .. } => "labeling/too-many-labels",
            Self::Order { .. } => "labeling/unsorted-path",
            Self::Return { .. } => "labeling/return-range",
            Self::Uniqueness { .. } => "labeling/uniqueness-range",
            Self::Oldest(_) => "labeling/oldest-weight",
            Self::Word(error) => error.code(),
            Self::Table(error) => error.code(),
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Table(_) => Fault::Bug,
            _ => Fault::Input,
        }
    }
}
