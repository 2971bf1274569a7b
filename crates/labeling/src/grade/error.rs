//! Why rules make no grade.

use contract::{Diagnostic, Fault};

/// Why rules make no grade.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GradeError {
    /// A rule that would reward a worse value.
    #[error(
        "{rule}: expected limits on the {expected} side of a measure, found `{measure}` {found}"
    )]
    WrongSide {
        /// The rule.
        rule: String,
        /// The side that it may name.
        expected: &'static str,
        /// The measure.
        measure: &'static str,
        /// The comparison.
        found: &'static str,
    },
    /// A number outside its range.
    #[error("{rule}: expected {expected}")]
    Range {
        /// The rule.
        rule: String,
        /// What was expected.
        expected: &'static str,
    },
    /// More cells than can be looked at.
    #[error("expected at most 1048576 cells of the grid of limits, found {cells}")]
    TooLarge {
        /// Cells of the grid.
        cells: u128,
    },
    /// An improvement lowers the class.
    #[error(
        "expected no lower class for a better `{measure}`, found class {better_class} at ({better}) and {worse_class} at ({worse})"
    )]
    NotMonotone {
        /// The measure that improves.
        measure: &'static str,
        /// The worse cell.
        worse: String,
        /// Its class.
        worse_class: i8,
        /// The better cell.
        better: String,
        /// Its class.
        better_class: i8,
    },
}

impl Diagnostic for GradeError {
    fn code(&self) -> &'static str {
        match self {
            Self::WrongSide { .. } => "labeling/wrong-side",
            Self::Range { .. } => "labeling/malformed-value",
            Self::TooLarge { .. } => "labeling/grid-too-large",
            Self::NotMonotone { .. } => "labeling/not-monotone",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Input
    }
}
