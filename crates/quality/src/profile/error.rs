//! Why a profile stops.

use contract::{Diagnostic, Fault};

/// Why a batch was not profiled, or two profiles do not merge.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// A batch has another column than the profile.
    #[error("{table}.{column}: expected {expected}, found {found}")]
    Column {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Its name and type, or `no further column`.
        expected: String,
        /// What was found.
        found: String,
    },
    /// An exact sum left its range.
    #[error("{table}.{column}: expected an exact sum in range, found an overflow")]
    Overflow {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// Two profiles were made with different options.
    #[error("{table}: expected profiles made with the same {what}")]
    Options {
        /// The table.
        table: String,
        /// What differs.
        what: &'static str,
    },
    /// An origin for a column that is not there, has no numbers, or is no finite number.
    #[error("{table}.{column}: expected a finite origin of a column with numbers, found `{found}`")]
    Origin {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The origin.
        found: f64,
    },
    /// More values than exact quantiles are made of.
    #[error("expected at most {expected} values for exact quantiles, found {found}")]
    Rows {
        /// The limit.
        expected: usize,
        /// Values that came.
        found: usize,
    },
    /// A quantile of no share.
    #[error("expected a share from 0 to 1, found `{0}`")]
    Share(f64),
    /// The estimate of distinct values could not be made.
    #[error("expected a sketch of distinct values, found: {0}")]
    Sketch(String),
}

impl Diagnostic for ProfileError {
    fn code(&self) -> &'static str {
        match self {
            Self::Column { .. } => "quality/profile-column",
            Self::Overflow { .. } => "quality/profile-overflow",
            Self::Options { .. } => "quality/profile-options",
            Self::Origin { .. } => "quality/profile-origin",
            Self::Rows { .. } => "quality/quantile-rows",
            Self::Share(_) => "quality/quantile-share",
            Self::Sketch(_) => "quality/profile-sketch",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Sketch(_) => Fault::Bug,
            _ => Fault::Input,
        }
    }
}
