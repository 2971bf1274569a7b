//! Why a rule set cannot be used.

use contract::{Diagnostic, Fault};
use std::fmt;

/// Line and column in a rule set, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line.
    pub line: usize,
    /// Column, in characters.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// One fault of a rule set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LabelSpecError {
    /// The text is no TOML.
    #[error("{message}")]
    Syntax {
        /// What the parser says.
        message: String,
        /// Where.
        place: Place,
    },
    /// A key that does not exist here.
    #[error("{key}: expected no such key{}", is_it(.near))]
    UnknownKey {
        /// The key with its path.
        key: String,
        /// Where.
        place: Place,
        /// The nearest keys.
        near: Vec<String>,
    },
    /// A key that must be there is not.
    #[error("{key}: expected {expected}, found none")]
    Missing {
        /// The key with its path.
        key: String,
        /// What was expected.
        expected: &'static str,
        /// The table that lacks it.
        place: Place,
    },
    /// A value of the wrong form.
    #[error("{key}: expected {expected}, found `{found}`")]
    Value {
        /// The key with its path.
        key: String,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
        /// Where.
        place: Place,
    },
    /// A number that is not the decimal it is written as.
    #[error(
        "{key}: expected a decimal of at most 15 digits, 9 of them after the point, found `{found}`"
    )]
    Number {
        /// The key with its path.
        key: String,
        /// What was found.
        found: String,
        /// Where.
        place: Place,
    },
    /// A rule that would reward a worse value.
    #[error("{key}: expected {expected}, found `{found}`")]
    WrongSide {
        /// The key with its path.
        key: String,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
        /// Where.
        place: Place,
    },
    /// A key that is the same for all strategies, changed for one.
    #[error("{key}: expected it for all strategies or none, found it for `{strategy}`")]
    Global {
        /// The key with its path.
        key: String,
        /// The strategy.
        strategy: String,
        /// Where.
        place: Place,
    },
    /// Decisions and bases that no target can speak of together.
    #[error("{key}: expected {expected}, found `{found}`")]
    Covers {
        /// The key with its path.
        key: String,
        /// What was expected.
        expected: &'static str,
        /// What was found.
        found: String,
        /// Where.
        place: Place,
    },
    /// Something that is planned and not there yet.
    #[error("{key}: expected {expected}, found `{found}`, which is not supported yet")]
    Unsupported {
        /// The key with its path.
        key: String,
        /// What there is.
        expected: &'static str,
        /// What was found.
        found: String,
        /// Where.
        place: Place,
    },
    /// A grade that the proof refuses.
    #[error("{key}: {source}")]
    Proof {
        /// The target with its path.
        key: String,
        /// What the proof says.
        source: crate::grade::GradeError,
        /// Where.
        place: Place,
    },
}

fn is_it(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!(" (is it `{}`?)", names.join("`, `")) }
}

impl LabelSpecError {
    /// Where in the text.
    #[must_use]
    pub fn place(&self) -> Place {
        match self {
            Self::Syntax { place, .. }
            | Self::UnknownKey { place, .. }
            | Self::Missing { place, .. }
            | Self::Value { place, .. }
            | Self::Number { place, .. }
            | Self::WrongSide { place, .. }
            | Self::Global { place, .. }
            | Self::Covers { place, .. }
            | Self::Unsupported { place, .. }
            | Self::Proof { place, .. } => *place,
        }
    }
}

impl Diagnostic for LabelSpecError {
    fn code(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "labeling/malformed-spec",
            Self::UnknownKey { .. } => "labeling/unknown-key",
            Self::Missing { .. } => "labeling/missing-key",
            Self::Value { .. } => "labeling/malformed-value",
            Self::Number { .. } => "labeling/imprecise-number",
            Self::WrongSide { .. } => "labeling/wrong-side",
            Self::Global { .. } => "labeling/global-key",
            Self::Covers { .. } => "labeling/impossible-cover",
            Self::Unsupported { .. } => "labeling/unsupported",
            Self::Proof { source, .. } => source.code(),
        }
    }

    fn fault(&self) -> Fault {
        Fault::Input
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::UnknownKey { near, .. } if !near.is_empty() => {
                Some(format!("use `{}`", near.join("`, or `")))
            }
            _ => None,
        }
    }
}

/// Every fault found in a rule set, in the order of the text; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelSpecErrors(Vec<LabelSpecError>);

impl LabelSpecErrors {
    /// The faults, if there are any, each once, in the order of the text.
    pub(super) fn of(mut faults: Vec<LabelSpecError>) -> Option<Self> {
        faults.sort_by_cached_key(|fault| (fault.place(), fault.to_string()));
        faults.dedup();
        (!faults.is_empty()).then_some(Self(faults))
    }

    pub(super) fn none() -> Self {
        Self(Vec::new())
    }

    /// The faults in the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = &LabelSpecError> {
        self.0.iter()
    }

    /// Number of faults.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "there is at least one")]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Display for LabelSpecErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, fault) in self.0.iter().enumerate() {
            let end = if at == 0 { "" } else { "\n" };
            write!(f, "{end}{}: {fault}", fault.place())?;
        }
        Ok(())
    }
}

impl std::error::Error for LabelSpecErrors {}

impl Diagnostic for LabelSpecErrors {
    /// The code of the first fault.
    fn code(&self) -> &'static str {
        self.0.first().map_or("labeling/malformed-spec", Diagnostic::code)
    }

    fn fault(&self) -> Fault {
        Fault::Input
    }

    fn help(&self) -> Option<String> {
        self.0.first().and_then(Diagnostic::help)
    }
}
