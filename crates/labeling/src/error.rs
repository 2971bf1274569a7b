//! Why labeling stops.

use contract::{Diagnostic, Fault, ShapeError, UnknownWord};

/// Why a batch as a whole was refused, or a result could not be trusted; single rows come back as rejects instead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabelError {
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
    /// A table that labeling cannot read.
    #[error("expected one of the tables {expected}, found `{found}`")]
    Table {
        /// Tables that are read.
        expected: String,
        /// The table that came.
        found: String,
    },
    /// An identity that must hold does not.
    #[error("{table}, decision {decision}: expected {expected}, found {found}")]
    Invariant {
        /// The table.
        table: &'static str,
        /// The decision, in hexadecimal.
        decision: String,
        /// What must hold.
        expected: &'static str,
        /// What was found.
        found: String,
    },
    /// Output that the contract refuses.
    #[error("labeling: {0}")]
    Output(String),
}

impl Diagnostic for LabelError {
    fn code(&self) -> &'static str {
        match self {
            Self::Shape(error) => error.code(),
            Self::Word { source, .. } => source.code(),
            Self::Table { .. } => "labeling/unexpected-table",
            Self::Invariant { .. } => "labeling/broken-invariant",
            Self::Output(_) => "labeling/output",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Invariant { .. } | Self::Output(_) => Fault::Bug,
            _ => Fault::Input,
        }
    }
}
