//! The spec of a dataset: rows, features, targets, weights, splits, transforms and gates, in TOML.

mod error;
mod read;

pub(crate) use error::near;
pub use error::{SpecError, SpecErrors};

use crate::canonical::{Instant, Int, Number, to_canonical};
use crate::kind::ModelKind;
use crate::manifest::AsOf;
use serde::{Deserialize, Serialize};

/// A checked spec: defaults, instants and durations resolved. Its canonical JSON is `spec.json`, and hashed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// The kind of model.
    pub kind: ModelKind,
    /// Which decisions.
    pub rows: RowsSpec,
    /// Which features.
    pub features: FeaturesSpec,
    /// Which labels; at least one.
    pub targets: Vec<TargetSpec>,
    /// How rows are weighted.
    pub weights: WeightsSpec,
    /// The primary split.
    pub split: SplitSpec,
    /// Cross-validation inside train.
    pub folds: Option<FoldsSpec>,
    /// What is fitted on train rows, stored, and applied by an export.
    pub transforms: Vec<TransformSpec>,
    /// What stands in the way of publication.
    pub gate: GateSpec,
    /// How it is written.
    pub export: ExportSpec,
    /// What only a person knows.
    pub card: CardSpec,
}

impl Spec {
    /// Reads and checks a spec in TOML.
    ///
    /// - **Shape:** no key but the documented ones; every mistake is told at once, with the nearest names.
    /// - **Defaults:** all rows, all features, no weights, purge of labels and features, files by day; an embargo and
    ///   the cut of the splits have none.
    ///
    /// # Errors
    /// [`SpecErrors`], all of them.
    ///
    /// ```
    /// let spec = datasets::Spec::parse(r#"
    ///     kind = "signal"
    ///     [[target]]
    ///     name = "intraday.grade"
    ///     task = "ordinal"
    ///     [split]
    ///     strategy = "chronological"
    ///     fractions = [0.7, 0.15, 0.15]
    ///     embargo = "5m"
    /// "#)?;
    /// assert_eq!(spec.split.embargo_ns.0, 300_000_000_000);
    /// let wrong = datasets::Spec::parse("kind = \"signals\"\n[splits]\n").unwrap_err().to_string();
    /// assert!(wrong.contains("unknown kind of model `signals` (is it `signal`?)"));
    /// assert!(wrong.contains("unknown key `splits` (is it `split`?)"));
    /// # Ok::<(), datasets::SpecErrors>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, SpecErrors> {
        read::spec(text)
    }

    /// `spec.json`: the canonical text, whose SHA-256 is the spec's hash.
    ///
    /// # Errors
    /// None in practice: a spec holds no float that is not finite.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        to_canonical(self)
    }
}

/// Which decisions are rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowsSpec {
    /// First decision time, inclusive; null: from the first.
    pub from: Option<Instant>,
    /// End of decision time, exclusive; null: to the last.
    pub to: Option<Instant>,
    /// The point up to which the log may be read; null until it is resolved: all that the inputs hold.
    pub as_of: Option<AsOf>,
    /// Patterns of strategies, `*` for any text; empty: all.
    pub strategies: Vec<String>,
    /// Instruments; empty: all.
    pub instruments: Vec<u32>,
    /// Actions of decisions; empty: all that the kind allows.
    pub actions: Vec<String>,
    /// Least row score.
    pub min_quality: Option<Number>,
}

/// Which features.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeaturesSpec {
    /// Patterns of names, `*` for any text.
    pub include: Vec<String>,
    /// Patterns of names to leave out.
    pub exclude: Vec<String>,
}

/// A target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetSpec {
    /// Its name: a target of the labels, or any name for a measure of outcomes; its column is `label__<name>`.
    pub name: String,
    /// A measure of the outcomes, in place of a label.
    pub measure: Option<OutcomeMeasure>,
    /// `binary multiclass ordinal regression quantile survival`.
    pub task: Task,
    /// Least confidence of a label.
    pub min_confidence: Number,
    /// Whether provisional labels are taken.
    pub provisional: bool,
}

/// A measure of an outcome that is a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutcomeMeasure {
    /// Its column in the outcomes, for instance `mae_sigma` or `is_total_bps`.
    pub column: String,
    /// The window of the outcomes.
    pub window: String,
}

/// What a model is asked to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// One of two classes.
    Binary,
    /// One of several classes.
    Multiclass,
    /// One of several classes in an order.
    Ordinal,
    /// A value.
    Regression,
    /// A quantile of a value.
    Quantile,
    /// A time until something, perhaps cut off.
    Survival,
}

impl Task {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Binary,
        Self::Multiclass,
        Self::Ordinal,
        Self::Regression,
        Self::Quantile,
        Self::Survival,
    ];

    /// Whether the label's class is the target, and not its value.
    #[must_use]
    pub const fn is_class(self) -> bool {
        matches!(self, Self::Binary | Self::Multiclass | Self::Ordinal)
    }

    /// The task as a spec writes it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Multiclass => "multiclass",
            Self::Ordinal => "ordinal",
            Self::Regression => "regression",
            Self::Quantile => "quantile",
            Self::Survival => "survival",
        }
    }
}

/// How rows are weighted: the product of these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightsSpec {
    /// In this order.
    pub factors: Vec<WeightFactor>,
}

/// A weight of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WeightFactor {
    /// Mean of one over the number of labels alive, among the rows of its split.
    Uniqueness,
    /// The label's confidence.
    Confidence,
    /// Absolute return attributed to the label, from `label_weights`.
    Return,
    /// Age, from `label_weights`.
    Decay,
}

impl WeightFactor {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Uniqueness, Self::Confidence, Self::Return, Self::Decay];

    /// The factor as a spec writes it; its column is `weight__<word>`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Uniqueness => "uniqueness",
            Self::Confidence => "confidence",
            Self::Return => "return",
            Self::Decay => "decay",
        }
    }
}

/// The primary split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitSpec {
    /// How the three parts are cut.
    pub strategy: SplitStrategy,
    /// Time after a protected row's label in which no learner may stand, in nanoseconds.
    pub embargo_ns: Int,
    /// What is purged.
    pub purge: Purge,
    /// Columns of decisions whose value must not stand on both sides.
    pub group_by: Vec<GroupColumn>,
    /// Cap on the reach of the features, in nanoseconds.
    pub reach_max_ns: Option<Int>,
}

/// How the three parts are cut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SplitStrategy {
    /// In order of time, by shares of the rows.
    Fractions([Number; 3]),
    /// In order of time, at these two instants: the first cut-offs of validation and test.
    Boundaries([Instant; 2]),
    /// Whole groups of the first `group_by` column, by shares of the rows; time is not purged unless asked for.
    Grouped([Number; 3]),
}

/// What is purged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purge {
    /// Overlaps of labels with labels, and of labels with features, both ways.
    LabelsFeatures,
    /// Overlaps of labels with labels only: the certificate says so.
    Labels,
    /// Nothing: for splits by group only, and the certificate says so.
    None,
}

impl Purge {
    /// As a spec writes it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::LabelsFeatures => "labels_features",
            Self::Labels => "labels",
            Self::None => "none",
        }
    }
}

/// A column of decisions that groups rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupColumn {
    /// The decision that this one follows; the parent itself belongs to its own group.
    ParentDecisionId,
    /// Legs of one idea.
    GroupId,
    /// The client order.
    OrderId,
    /// The instrument.
    InstrumentId,
    /// The strategy.
    StrategyId,
}

impl GroupColumn {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::ParentDecisionId,
        Self::GroupId,
        Self::OrderId,
        Self::InstrumentId,
        Self::StrategyId,
    ];

    /// The column's name.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::ParentDecisionId => "parent_decision_id",
            Self::GroupId => "group_id",
            Self::OrderId => "order_id",
            Self::InstrumentId => "instrument_id",
            Self::StrategyId => "strategy_id",
        }
    }
}

/// Cross-validation inside train.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FoldsSpec {
    /// Folds in order of time, each learning from its past only.
    WalkForward {
        /// Length of the past that is learned from, in nanoseconds; null: all of it.
        train_ns: Option<Int>,
        /// Length of what is held out, in nanoseconds.
        test_ns: Int,
        /// From one fold to the next, in nanoseconds; at least `test_ns`.
        step_ns: Int,
    },
    /// Contiguous blocks of equal count, each held out once, learners on both sides.
    PurgedKfold {
        /// Number of blocks, at least 2.
        k: u64,
    },
    /// All choices of `held_out` among `groups` contiguous blocks.
    Cpcv {
        /// Number of blocks.
        groups: u64,
        /// Blocks held out at a time.
        held_out: u64,
    },
    /// One UTC day at a time.
    SessionOut,
    /// One value of a column at a time.
    Grouped {
        /// The column.
        by: GroupColumn,
    },
}

/// What is fitted on train rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransformSpec {
    /// What it does.
    pub kind: TransformKind,
    /// Patterns of features.
    pub features: Vec<String>,
    /// The constant of `impute_constant`.
    pub value: Option<Number>,
}

/// A transform of a feature, fitted on train rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransformKind {
    /// Nulls become the median.
    ImputeMedian,
    /// Nulls become the mean.
    ImputeMean,
    /// Nulls become a constant of the spec.
    ImputeConstant,
    /// Less the mean, by the standard deviation.
    Standardize,
}

impl TransformKind {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::ImputeMedian, Self::ImputeMean, Self::ImputeConstant, Self::Standardize];

    /// As a spec writes it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::ImputeMedian => "impute_median",
            Self::ImputeMean => "impute_mean",
            Self::ImputeConstant => "impute_constant",
            Self::Standardize => "standardize",
        }
    }
}

/// What stands in the way of publication.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateSpec {
    /// Least quality score of the inputs, where scores are given.
    pub min_score: Option<Number>,
    /// Checks of the certificate that may be missing.
    pub allow_not_evaluated: Vec<String>,
    /// Purged AUC of a single feature above which it is named.
    pub too_good_auc: Number,
}

/// How it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportSpec {
    /// `day` or `month`: what one data file holds.
    pub file_period: FilePeriod,
}

/// What one data file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilePeriod {
    /// A UTC day.
    Day,
    /// A UTC month.
    Month,
}

impl FilePeriod {
    /// As a spec writes it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
        }
    }
}

/// What only a person knows; null is printed as "unknown".
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardSpec {
    /// SPDX expression.
    pub licence: Option<String>,
    /// Whom to ask.
    pub contact: Option<String>,
    /// What it is for.
    pub purpose: Option<String>,
    /// Who made it.
    pub creator: Option<String>,
    /// Who may use it, and who may not.
    pub access: Option<String>,
    /// How long it is kept.
    pub retention: Option<String>,
}
