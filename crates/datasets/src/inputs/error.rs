//! Why a batch could not go in.

use contract::{Diagnostic, Fault, ShapeError};

/// Why a batch could not go in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// It is of a table that nothing here reads.
    #[error("datasets: expected one of {}, found table `{found}`{near}", super::Inputs::TABLES.join(", "))]
    Table {
        /// The table; empty when the batch does not say.
        found: String,
        /// Nearest tables.
        near: String,
    },
    /// It has not the shape of its table.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// A cell of a closed set holds none of its words.
    #[error(transparent)]
    Word(#[from] contract::UnknownWord),
    /// Two feature tables are not of one feature set.
    #[error("features, {input}: expected the feature set of the tables before it, found another")]
    FeatureSets {
        /// The input.
        input: String,
    },
    /// The scores of decision rows are no numbers.
    #[error("decisions.quality_score: expected `UInt8` or `Float64`, found `{found}`")]
    Score {
        /// The type.
        found: String,
    },
}

impl Diagnostic for InputError {
    fn code(&self) -> &'static str {
        match self {
            Self::Table { .. } => "datasets/unread-table",
            Self::Shape(shape) => shape.code(),
            Self::Word(word) => word.code(),
            Self::FeatureSets { .. } => "datasets/feature-sets",
            Self::Score { .. } => "datasets/score-type",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Shape(shape) => shape.fault(),
            _ => Fault::Input,
        }
    }
}
