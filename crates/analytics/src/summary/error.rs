//! Why a table has no summary.

use contract::{Diagnostic, Fault};

/// Why a table has no summary.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SummaryError {
    /// A column `split` that is no text.
    #[error("split: expected text, found `{found}`")]
    Split {
        /// Its type.
        found: String,
    },
    /// Rows with other columns than those before.
    #[error("column {column}: expected `{expected}`, found `{found}`")]
    Rows {
        /// The first column that differs, from 0.
        column: usize,
        /// Its name and type.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// No column has this name.
    #[error("no column `{column}`")]
    UnknownColumn {
        /// The name.
        column: String,
        /// Near names.
        near: Vec<String>,
    },
    /// A column that cannot be correlated.
    #[error("{column}: expected a number, found `{found}`")]
    NotNumber {
        /// The column.
        column: String,
        /// Its type.
        found: String,
    },
    /// The table could not be put together: a defect of ours.
    #[error("the table could not be put together: {message}")]
    Defect {
        /// What Arrow says.
        message: String,
    },
}

impl Diagnostic for SummaryError {
    fn code(&self) -> &'static str {
        match self {
            Self::Split { .. } => "analytics/summary-split",
            Self::Rows { .. } => "analytics/summary-rows",
            Self::UnknownColumn { .. } => "analytics/summary-unknown-column",
            Self::NotNumber { .. } => "analytics/summary-not-number",
            Self::Defect { .. } => "analytics/summary-defect",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Defect { .. } => Fault::Bug,
            _ => Fault::Input,
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::UnknownColumn { near, .. } if !near.is_empty() => {
                Some(format!("near names: {}", near.join(", ")))
            }
            _ => None,
        }
    }
}
