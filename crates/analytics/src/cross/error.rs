//! Why a cross-section has no answer.

use contract::{Diagnostic, Fault};

/// Why a cross-section has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CrossError {
    /// Columns of different lengths.
    #[error("{column}: expected {expected} rows like the values, found {found}")]
    Rows {
        /// The column.
        column: &'static str,
        /// Rows of the values.
        expected: usize,
        /// Its rows.
        found: usize,
    },
    /// A row without a cut-off.
    #[error("ts_cutoff, row {row}: expected an instant, found null")]
    NullCutoff {
        /// The row.
        row: usize,
    },
    /// A window that ends before it begins.
    #[error("window_ns: expected 0 or more, found {found}")]
    Window {
        /// The window.
        found: i64,
    },
    /// A rank of a row among others only.
    #[error(
        "leave_one_out: expected a group statistic, found a rank, which is among rows with its own"
    )]
    RankWithoutSelf,
    /// A column that rows cannot be grouped by.
    #[error(
        "group key {key}: expected text, a dictionary of text, an integer, Boolean or fixed bytes, found `{found}`"
    )]
    Key {
        /// The key, from 0.
        key: usize,
        /// Its type.
        found: String,
    },
    /// More groups than numbers for them.
    #[error("groups: expected at most 4294967295, found more")]
    TooManyGroups,
}

impl Diagnostic for CrossError {
    fn code(&self) -> &'static str {
        match self {
            Self::Rows { .. } => "analytics/cross-rows",
            Self::NullCutoff { .. } => "analytics/cross-null-cutoff",
            Self::Window { .. } => "analytics/cross-window",
            Self::RankWithoutSelf => "analytics/cross-rank-without-self",
            Self::Key { .. } => "analytics/cross-key",
            Self::TooManyGroups => "analytics/cross-too-many-groups",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Input
    }
}
