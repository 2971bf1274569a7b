//! `splits.json`: where the splits were cut and what is protected, as the splitter says. The verifier holds the rows
//! against it and believes none of it.

use crate::canonical::{Instant, Int};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Boundaries, protected intervals and folds of a version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitsDocument {
    /// Strategy of the primary split: `chronological` or `grouped`.
    pub strategy: String,
    /// `labels_features`, `labels` or `none`.
    pub purge: String,
    /// The embargo, in nanoseconds.
    pub embargo_ns: Int,
    /// How far into the past the features read, after `reach_max`: F = [t - reach, t - 1].
    pub reach_ns: Int,
    /// The cap on the reach, where it cut something off, and the features concerned.
    pub reach_cut: BTreeMap<String, Int>,
    /// First cut-off of the rows of each split, by name.
    pub starts: BTreeMap<String, Instant>,
    /// Closed intervals [t, e + embargo] of the protected rows, merged, by the split that they protect.
    pub protected: BTreeMap<String, Vec<[Instant; 2]>>,
    /// Folds inside train, where the spec asks for some.
    pub folds: Option<FoldsDocument>,
}

/// Folds inside train. Members follow from `_folds/groups.parquet` and `held`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoldsDocument {
    /// `walk_forward purged_kfold cpcv session_out grouped`.
    pub strategy: String,
    /// Whether each fold learns from its past only.
    pub deployable: bool,
    /// Number of groups.
    pub groups: u64,
    /// First and last cut-off of each group.
    pub spans: Vec<[Instant; 2]>,
    /// The groups that each fold holds out.
    pub held: Vec<Vec<u64>>,
    /// The groups that each fold may learn from, before purge and embargo.
    pub fit: Vec<Vec<u64>>,
    /// Rows of each fold: fit, held, purged (a shared group included), embargoed. The rest is of a group that the fold
    /// does not use.
    pub counts: Vec<[u64; 4]>,
    /// Sum of the uniqueness of each fold's learners, where weights were asked for.
    pub n_eff: Vec<crate::canonical::Number>,
}
