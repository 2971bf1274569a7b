//! What became of a row: the split it is in, or why it is in none.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One of the three parts of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// Learners.
    Train,
    /// Held out while choosing a model.
    Validation,
    /// Held out until the end.
    Test,
}

impl Split {
    /// All three, in the order of their protection: the last is protected from all others.
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];

    /// The name of its folder.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }

    /// The split of this name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|split| split.word() == word)
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Why a selected decision is in no split: the first reason that applies, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The spec's filter of strategies, instruments or actions leaves it out.
    Filtered,
    /// No feature row.
    NoFeatures,
    /// No label of a target.
    NoLabel,
    /// A label is provisional, or not yet known at the as-of point.
    LabelPending,
    /// The label's latest possible end lies behind the as-of point.
    CohortOpen,
    /// A label is indeterminate.
    Indeterminate,
    /// A label was withdrawn.
    Void,
    /// The label's confidence is below the spec's.
    LowConfidence,
    /// The row's quality score is below the spec's, or it has none although the spec asks for one.
    LowQuality,
    /// It shares a group with a protected row.
    GroupStraddle,
    /// Its label or its features overlap what is protected.
    Purged,
    /// It follows a protected row too closely.
    Embargoed,
}

impl Reason {
    /// All reasons, in the order in which they are looked for.
    pub const ALL: [Self; 12] = [
        Self::Filtered,
        Self::NoFeatures,
        Self::NoLabel,
        Self::LabelPending,
        Self::CohortOpen,
        Self::Indeterminate,
        Self::Void,
        Self::LowConfidence,
        Self::LowQuality,
        Self::GroupStraddle,
        Self::Purged,
        Self::Embargoed,
    ];

    /// The reason as `_lineage/dropped.parquet` and the manifest write it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Filtered => "filtered",
            Self::NoFeatures => "no_features",
            Self::NoLabel => "no_label",
            Self::LabelPending => "label_pending",
            Self::CohortOpen => "cohort_open",
            Self::Indeterminate => "indeterminate",
            Self::Void => "void",
            Self::LowConfidence => "low_confidence",
            Self::LowQuality => "low_quality",
            Self::GroupStraddle => "group_straddle",
            Self::Purged => "purged",
            Self::Embargoed => "embargoed",
        }
    }

    /// The reason of this name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// It is in a split.
    In(Split),
    /// It is in none.
    Dropped(Reason),
}
