//! The five answers of a check.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a check found. One that did not run never passes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// No more violations than allowed.
    Pass,
    /// More violations than allowed.
    Fail,
    /// It could not run; lowers coverage.
    NotEvaluated(NotEvaluated),
    /// It ran on too few rows to say anything.
    Insufficient {
        /// Rows (or blocks) that there were.
        found: u64,
        /// Rows (or blocks) that it takes.
        needed: u64,
    },
    /// No row that the rule can speak about.
    NotApplicable,
}

impl Verdict {
    /// Its word in `quality_events`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::NotEvaluated(_) => "not_evaluated",
            Self::Insufficient { .. } => "insufficient",
            Self::NotApplicable => "not_applicable",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotEvaluated(reason) => write!(out, "not_evaluated ({reason})"),
            Self::Insufficient { found, needed } => {
                write!(out, "insufficient ({found} of {needed})")
            }
            other => out.write_str(other.word()),
        }
    }
}

/// Why a check could not run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum NotEvaluated {
    /// A column that the rule names is not in the table.
    MissingColumn(String),
    /// The column has a type that the kind cannot read.
    WrongType(String),
    /// Another table that the kind needs was not given.
    MissingContext(String),
    /// A declared limit of memory was reached.
    Limit(String),
    /// The kind looks ahead, and this run is live.
    Hindsight,
    /// The table was empty of what the kind reads, or the stream has not ended.
    NotYet,
}

impl fmt::Display for NotEvaluated {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingColumn(name) => write!(out, "no column `{name}`"),
            Self::WrongType(what) => write!(out, "{what}"),
            Self::MissingContext(what) => write!(out, "needs {what}"),
            Self::Limit(what) => write!(out, "limit reached: {what}"),
            Self::Hindsight => out.write_str("looks ahead"),
            Self::NotYet => out.write_str("the stream has not ended"),
        }
    }
}
