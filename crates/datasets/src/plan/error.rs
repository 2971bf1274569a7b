//! Why a version could not be planned.

use crate::role::Reason;
use crate::split::SplitError;
use contract::{Diagnostic, Fault};
use std::collections::BTreeMap;

/// Why a version could not be planned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// A table without which there is no dataset.
    #[error("dataset: expected rows of the table `{table}`, found none")]
    NoTable {
        /// The table.
        table: &'static str,
    },
    /// A name or pattern of the spec that fits nothing in the inputs.
    #[error("dataset spec, {place}: no {what} fits `{pattern}`{near}")]
    NoMatch {
        /// The key.
        place: &'static str,
        /// Feature, target, strategy, instrument, outcome or measure.
        what: &'static str,
        /// What the spec says.
        pattern: String,
        /// Nearest names.
        near: String,
    },
    /// A column that knows the future was asked for as a feature.
    #[error("features.{column}: expected a column that was known at the decision, found {found}")]
    Hindsight {
        /// The column.
        column: String,
        /// What gives it away.
        found: String,
    },
    /// A feature does not say how far it reads into the past.
    #[error("features.{column}: expected `hindsight.lookback_ns` in its metadata, found {found}")]
    Lookback {
        /// The column.
        column: String,
        /// What is there.
        found: String,
    },
    /// A target has not the kind that the model needs.
    #[error(
        "dataset spec, target `{target}`: expected {expected} for this kind of model, found {found}"
    )]
    TargetKind {
        /// The target.
        target: String,
        /// The kinds that fit.
        expected: &'static str,
        /// Its kind.
        found: String,
    },
    /// A binary target with more than two classes.
    #[error("target `{target}`: expected at most two classes for a binary task, found more")]
    NotBinary {
        /// The target.
        target: String,
    },
    /// A model cannot learn from one class.
    #[error("target `{target}`: expected two classes or more in train, found class {class} alone")]
    OneClass {
        /// The target.
        target: String,
        /// The class.
        class: i8,
    },
    /// A label and the features of one decision have two cut-offs.
    #[error(
        "labels, decision {row}: expected the cut-off of its features, {features}, found {label}"
    )]
    Cutoff {
        /// The decision.
        row: String,
        /// That of the features.
        features: String,
        /// That of the label.
        label: String,
    },
    /// Features were cut off after the decision.
    #[error(
        "features, decision {row}: expected a cut-off at or before the decision, {decided}, found {found}"
    )]
    LateCutoff {
        /// The decision.
        row: String,
        /// When it was made.
        decided: String,
        /// The cut-off of its features.
        found: String,
    },
    /// One revision of a label twice, by two versions of the code.
    #[error(
        "labels, decision {row}: expected one label of revision {revision}, found two, of two versions of the code"
    )]
    TwoLabels {
        /// The decision.
        row: String,
        /// The revision.
        revision: u16,
    },
    /// A transform names what it cannot be fitted to.
    #[error(transparent)]
    Transform(#[from] crate::transform::TransformError),
    /// Labels of one target were made by two sets of rules, and the spec does not say which counts.
    #[error("labels, target `{target}`: expected one set of rules and measures, found {found}")]
    TwoRules {
        /// The target.
        target: String,
        /// Their number.
        found: usize,
    },
    /// A weight that the spec uses is not there.
    #[error(
        "label_weights, decision {row}, target `{target}`: expected the weight `{factor}` of the revision in use, found {found}"
    )]
    WeightMissing {
        /// The weight.
        factor: &'static str,
        /// The decision.
        row: String,
        /// The target.
        target: String,
        /// What is there.
        found: String,
    },
    /// The kernel of the weights refused the labels.
    #[error("weights: {message}")]
    Weights {
        /// What it says.
        message: String,
    },
    /// No row is left.
    #[error("dataset: expected rows, found none{}", told(.dropped))]
    Empty {
        /// Decisions by the reason why they are none.
        dropped: BTreeMap<Reason, u64>,
    },
    /// The splits cannot be made.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// A cell of a closed set holds none of its words.
    #[error("decisions.{column}: {word}")]
    Word {
        /// The column.
        column: &'static str,
        /// The cell.
        #[source]
        word: contract::UnknownWord,
    },
}

fn told(dropped: &BTreeMap<Reason, u64>) -> String {
    if dropped.is_empty() {
        return "; no decision is in the range of the spec".to_owned();
    }
    let parts: Vec<String> =
        dropped.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    format!("; of the selected decisions {}", parts.join(", "))
}

impl Diagnostic for PlanError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoTable { .. } => "datasets/missing-table",
            Self::NoMatch { .. } => "datasets/no-match",
            Self::Hindsight { .. } => "datasets/hindsight-feature",
            Self::Lookback { .. } => "datasets/lookback",
            Self::TargetKind { .. } => "datasets/target-kind",
            Self::NotBinary { .. } => "datasets/not-binary",
            Self::OneClass { .. } => "datasets/one-class",
            Self::Cutoff { .. } => "datasets/cutoff-mismatch",
            Self::LateCutoff { .. } => "datasets/late-cutoff",
            Self::TwoLabels { .. } => "datasets/two-labels",
            Self::Transform(error) => error.code(),
            Self::TwoRules { .. } => "datasets/two-rules",
            Self::WeightMissing { .. } => "datasets/weight-missing",
            Self::Weights { .. } => "datasets/weights",
            Self::Empty { .. } => "datasets/no-rows",
            Self::Split(split) => split.code(),
            Self::Word { .. } => "contract/out-of-vocabulary",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Split(split) => split.fault(),
            Self::Transform(error) => error.fault(),
            _ => Fault::Input,
        }
    }
}
