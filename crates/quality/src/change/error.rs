//! Why a chart was refused.

use contract::{Diagnostic, Fault};

/// A parameter with which a chart means nothing.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// The parameter is outside its range.
    #[error("{name}: expected {expected}, found `{found}`")]
    Parameter {
        /// Its name.
        name: &'static str,
        /// Its range.
        expected: &'static str,
        /// What came.
        found: f64,
    },
}

impl Diagnostic for ChangeError {
    fn code(&self) -> &'static str {
        match self {
            Self::Parameter { .. } => "quality/chart-parameter",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Input
    }
}

pub(super) fn finite(name: &'static str, found: f64) -> Result<f64, ChangeError> {
    ranged(name, "a finite number", found, found.is_finite())
}

pub(super) fn positive(name: &'static str, found: f64) -> Result<f64, ChangeError> {
    ranged(name, "a finite number above 0", found, found.is_finite() && found > 0.0)
}

pub(super) fn not_negative(name: &'static str, found: f64) -> Result<f64, ChangeError> {
    ranged(name, "a finite number from 0", found, found.is_finite() && found >= 0.0)
}

pub(super) fn share(name: &'static str, found: f64) -> Result<f64, ChangeError> {
    ranged(name, "a number above 0 and at most 1", found, found > 0.0 && found <= 1.0)
}

fn ranged(
    name: &'static str,
    expected: &'static str,
    found: f64,
    is_inside: bool,
) -> Result<f64, ChangeError> {
    if is_inside { Ok(found) } else { Err(ChangeError::Parameter { name, expected, found }) }
}
