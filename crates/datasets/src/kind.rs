//! Kinds of models that a version is for.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The kind of model: it decides which rows and targets make sense, and which metrics a reader should look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelKind {
    /// Whether to act, and how: a row is a decision, holding and skipping included.
    Signal,
    /// How far a position may go against us: a row is a decision.
    Risk,
    /// What an order costs: a row is a decision that was sent.
    Execution,
    /// How much to trade: a row is a decision, with the probability of its action.
    Sizing,
    /// Whether to follow a signal: a row is a decision with a side.
    Meta,
    /// In what state the market is: a row is a decision or a point of a grid, without a side of its own.
    Regime,
}

impl ModelKind {
    /// All kinds.
    pub const ALL: [Self; 6] =
        [Self::Signal, Self::Risk, Self::Execution, Self::Sizing, Self::Meta, Self::Regime];

    /// The kind as a spec writes it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Signal => "signal",
            Self::Risk => "risk",
            Self::Execution => "execution",
            Self::Sizing => "sizing",
            Self::Meta => "meta",
            Self::Regime => "regime",
        }
    }

    /// The metrics to look at first.
    #[must_use]
    pub const fn metrics(self) -> &'static str {
        match self {
            Self::Signal | Self::Regime => "macro-F1, balanced accuracy, log-loss",
            Self::Risk => "pinball loss, Brier score, QLIKE",
            Self::Execution => "mean absolute error in bps, concordance",
            Self::Sizing => "weighted mean absolute error",
            Self::Meta => "log-loss, precision at recall",
        }
    }
}

impl fmt::Display for ModelKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
