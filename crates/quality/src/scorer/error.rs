//! Why a batch could not be scored.

use crate::state::CheckError;
use arrow_schema::ArrowError;
use contract::{Diagnostic, Fault};

/// Why a batch could not be scored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScoreError {
    /// The checks refused it.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// Rows in are not rows out and rejects.
    #[error("{rows_in} rows came, {rows_out} went out and {rejects} were rejected")]
    Conservation {
        /// Rows that came.
        rows_in: usize,
        /// Rows that went out.
        rows_out: usize,
        /// Rows that were rejected.
        rejects: usize,
    },
    /// Arrow could not put the output together.
    #[error("output rows: {0}")]
    Arrow(#[from] ArrowError),
}

impl Diagnostic for ScoreError {
    fn code(&self) -> &'static str {
        match self {
            Self::Check(error) => error.code(),
            Self::Conservation { .. } => "quality/conservation",
            Self::Arrow(_) => "quality/arrow",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Check(error) => error.fault(),
            Self::Conservation { .. } | Self::Arrow(_) => Fault::Bug,
        }
    }
}
