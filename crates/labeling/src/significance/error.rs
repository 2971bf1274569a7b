//! Why a family of tests was refused.

use crate::weights::WeightError;
use contract::{BuildError, Diagnostic, EventId, Fault, UnknownWord};

/// Why cells could not be built or tested. Nothing is answered then, so no cell can go missing.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SignificanceError {
    /// A value that is NaN or infinite.
    #[error("cell `{cell}`, label {row}: expected a finite value, found `{found}`")]
    NotFinite {
        /// The cell.
        cell: String,
        /// The label in it, from 0.
        row: usize,
        /// The value.
        found: f64,
    },
    /// Intervals that cannot be compared.
    #[error("cell `{cell}`: its intervals cannot be used")]
    Lives {
        /// The cell.
        cell: String,
        /// Why.
        #[source]
        source: WeightError,
    },
    /// Two cells of one name and rule set.
    #[error("cell `{cell}`: expected one of this name and rule set, found two")]
    Twice {
        /// The cell.
        cell: String,
    },
    /// Shares of classes that do not sum to 1.
    #[error("cell `{cell}`: expected shares of classes from 0 to 1 that sum to 1, found {found:?}")]
    Base {
        /// The cell.
        cell: String,
        /// The shares.
        found: [f64; 5],
    },
    /// A class outside -2 to 2.
    #[error("cell `{cell}`, label {row}: expected a class from -2 to 2, found {found}")]
    Class {
        /// The cell.
        cell: String,
        /// The label in it, from 0.
        row: usize,
        /// The class.
        found: i8,
    },
    /// A label of a decision that the caller did not describe.
    #[error("labels, row {row}: expected a decision that is described, found {decision_id}")]
    UnknownDecision {
        /// The row.
        row: usize,
        /// The decision.
        decision_id: EventId,
    },
    /// A setting that cannot be used.
    #[error("significance.{key}: expected {expected}, found `{found}`")]
    Setting {
        /// The setting.
        key: &'static str,
        /// What it may be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// A word of a label that is not in its closed set.
    #[error("labels: a word that is not in the closed set of its column")]
    Word(#[source] UnknownWord),
    /// The tests do not make up the table.
    #[error("label_tests: the rows do not make up the table")]
    Table(#[source] BuildError),
}

impl Diagnostic for SignificanceError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFinite { .. } => "labeling/value-not-finite",
            Self::Lives { source, .. } => source.code(),
            Self::Twice { .. } => "labeling/cell-twice",
            Self::Base { .. } => "labeling/base-shares",
            Self::Class { .. } => "labeling/class-range",
            Self::UnknownDecision { .. } => "labeling/undescribed-decision",
            Self::Setting { .. } => "labeling/significance-setting",
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
