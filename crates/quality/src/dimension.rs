//! The six dimensions of data quality.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a check speaks about. A score is a weighted geometric mean over these.
///
/// ```
/// use quality::Dimension;
/// assert_eq!(Dimension::Timeliness.to_string(), "timeliness");
/// assert_eq!(Dimension::ALL.len(), 6);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// Is everything there?
    Completeness,
    /// Can it be what it claims to be?
    Validity,
    /// Does it agree with itself and with other tables?
    Consistency,
    /// Did it come in time, by clocks that can be believed?
    Timeliness,
    /// Is it near the truth?
    Accuracy,
    /// Is it there once?
    Uniqueness,
}

impl Dimension {
    /// All of them, in the order in which a score multiplies them.
    pub const ALL: [Self; 6] = [
        Self::Completeness,
        Self::Validity,
        Self::Consistency,
        Self::Timeliness,
        Self::Accuracy,
        Self::Uniqueness,
    ];

    /// Its word in rule sets and reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Completeness => "completeness",
            Self::Validity => "validity",
            Self::Consistency => "consistency",
            Self::Timeliness => "timeliness",
            Self::Accuracy => "accuracy",
            Self::Uniqueness => "uniqueness",
        }
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.word())
    }
}
