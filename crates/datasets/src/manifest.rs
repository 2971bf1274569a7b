//! The manifest: everything that a version is made of and from, hashed. Its SHA-256 is the version's name.

use crate::canonical::{Instant, Int, Number, Sha256};
use crate::kind::ModelKind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The format that this code writes.
pub const FORMAT: u32 = 1;

/// What a version is. A function of its inputs alone: no clock, host, user, absolute path or ordinal is in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// The dataset's name.
    pub name: String,
    /// The kind of model that it is for.
    pub kind: ModelKind,
    /// SHA-256 of `spec.json`.
    pub spec_hash: Sha256,
    /// SHA-256 of `schema.json`.
    pub schema_fingerprint: Sha256,
    /// SHA-256 of `certificate.json`.
    pub certificate_hash: Sha256,
    /// What wrote it.
    pub code: Code,
    /// The tables that it was made from.
    pub inputs: Vec<InputTable>,
    /// The point up to which the log could be read.
    pub as_of: AsOf,
    /// The data files, sorted by path.
    pub files: Vec<DataFile>,
    /// The other files of the directory and their SHA-256, without this one, by path.
    pub documents: BTreeMap<String, Sha256>,
    /// SHA-256 over the lines `<sha256>  <path>\n` of the data files, sorted by path: what `sha256sum` prints.
    pub content_hash: Sha256,
    /// Digest of the rows, whatever their order and files.
    pub logical_hash: Sha256,
    /// Features, in the order of their columns.
    pub features: Vec<FeatureColumn>,
    /// Targets, in the order of their columns.
    pub targets: Vec<TargetColumn>,
    /// Facts of each split.
    pub splits: BTreeMap<String, SplitFacts>,
    /// Decisions in the spec's range of time: the sum of rows in splits and of `dropped`.
    pub selected: u64,
    /// Selected decisions in no split, by reason.
    pub dropped: BTreeMap<String, u64>,
    /// Persons' rows that were erased later, without ids.
    pub erased: u64,
    /// Scores of the inputs, where they were given.
    pub quality: Option<QualityFacts>,
    /// Verdict of the capture log over the range, where it was given.
    pub completeness: Option<String>,
    /// Parameters fitted on train rows, by feature: what an export applies.
    pub transforms: Vec<FittedTransform>,
    /// Whether a model that is trained on it could have been deployed: `true` for splits in order of time.
    pub deployable: bool,
    /// `full`, or `filtered(<digest>)` when the reader was not allowed to see all of it.
    pub access: String,
    /// Union of the access tags of its columns, sorted.
    pub tags: Vec<String>,
}

/// What wrote a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// This crate.
    pub datasets: String,
    /// The Parquet writer.
    pub parquet: String,
    /// Hash of the feature set.
    pub feature_spec_hash: Option<Sha256>,
    /// Hashes of the measures of the labels, sorted.
    pub measures_hashes: Vec<Sha256>,
    /// Hashes of the rules of the labels, sorted.
    pub rules_hashes: Vec<Sha256>,
    /// Versions of the code that made the labels, sorted.
    pub label_code: Vec<String>,
}

/// A table that went in. How it was cut into files does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputTable {
    /// The table.
    pub table: String,
    /// The log, where one is known.
    pub log_id: Option<String>,
    /// Rows.
    pub rows: u64,
    /// Lowest `seq`.
    pub seq_min: Option<Int>,
    /// Highest `seq`.
    pub seq_max: Option<Int>,
    /// Digest of the rows.
    pub logical_hash: Sha256,
}

/// The point up to which the log could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AsOf {
    /// The last `seq`.
    pub seq: Int,
    /// The log clock at it.
    pub ts: Instant,
}

/// A data file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataFile {
    /// `data/<split>/<day>-<part>.parquet`.
    pub path: String,
    /// The split.
    pub split: String,
    /// Rows.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256 of the bytes.
    pub sha256: Sha256,
    /// Digest of the rows.
    pub logical_hash: Sha256,
    /// First and last cut-off.
    pub ts_cutoff: [Instant; 2],
    /// Lowest and highest `seq`.
    pub seq: [Int; 2],
}

/// A feature's column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureColumn {
    /// `<family>__<measure>__<window>`.
    pub name: String,
    /// Its unit.
    pub unit: Option<String>,
    /// How far into the past it reads, in nanoseconds.
    pub lookback_ns: Int,
    /// Nulls by split.
    pub nulls: BTreeMap<String, u64>,
}

/// A target's column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetColumn {
    /// The target; its column is `label__<name>`.
    pub name: String,
    /// `binary multiclass ordinal regression quantile survival`.
    pub task: String,
    /// `class` or `value`: which column of the label it is.
    pub from: String,
    /// Unit of a value.
    pub unit: Option<String>,
    /// Rows by split and class, for classes.
    pub classes: BTreeMap<String, BTreeMap<String, u64>>,
    /// n / (k n_c) over the train rows, by class: what a learner may multiply weights by.
    pub class_factors: BTreeMap<String, Number>,
}

/// Facts of a split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitFacts {
    /// Rows.
    pub rows: u64,
    /// First and last cut-off.
    pub ts_cutoff: [Instant; 2],
    /// Latest end of a label.
    pub label_end: Instant,
    /// Sum of each weight, by name.
    pub weight_sums: BTreeMap<String, Number>,
    /// Sum of the uniqueness: rows that count, were they independent.
    pub n_eff: Option<Number>,
    /// Rows by strategy.
    pub strategies: BTreeMap<String, u64>,
    /// Rows by instrument.
    pub instruments: BTreeMap<String, u64>,
}

/// Scores of the inputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QualityFacts {
    /// 0 to 100: the lowest among the tables.
    pub score: Number,
    /// Its lower bound.
    pub score_low: Number,
    /// Share of the checks that could be evaluated.
    pub coverage: Number,
    /// Hashes of the rule sets, sorted.
    pub rules_hashes: Vec<Sha256>,
}

/// A transform fitted on train rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FittedTransform {
    /// `standardize`, `impute_median`, `impute_mean`, `impute_constant`.
    pub kind: String,
    /// The feature.
    pub feature: String,
    /// Its parameters, by name.
    pub parameters: BTreeMap<String, Number>,
    /// Rows that it was fitted on.
    pub rows: u64,
    /// First and last cut-off among them.
    pub ts_cutoff: [Instant; 2],
}
