//! Why a detector was refused.

use contract::{Diagnostic, Fault};

/// Parameters or a saved state that no detector can work with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnomalyError {
    /// A parameter outside its range.
    #[error("{name}: expected {expected}, found `{found}`")]
    Parameter {
        /// The parameter.
        name: &'static str,
        /// Its range.
        expected: &'static str,
        /// What was given.
        found: String,
    },
    /// A saved state that this detector cannot have written.
    #[error("saved state: {0}")]
    State(&'static str),
}

impl AnomalyError {
    pub(crate) fn parameter(
        name: &'static str,
        expected: &'static str,
        found: impl Copy + std::fmt::Display,
    ) -> Self {
        Self::Parameter { name, expected, found: found.to_string() }
    }
}

impl Diagnostic for AnomalyError {
    fn code(&self) -> &'static str {
        match self {
            Self::Parameter { .. } => "quality/anomaly-parameter",
            Self::State(_) => "quality/anomaly-state",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Parameter { .. } => Fault::Input,
            Self::State(_) => Fault::Integrity,
        }
    }
}
