//! The report of a causality certificate.

use crate::unit::Hash;

/// What one feature did when the future was changed, and when its inputs were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureCausality {
    /// The feature.
    pub feature: String,
    /// Cells compared under changes to records that were not yet available.
    pub cells: u64,
    /// Cells whose bits moved: 0 for a causal feature.
    pub moved: u64,
    /// Whether it reacted to a change of each declared input.
    pub reacts: bool,
}

/// The result of perturbing, deleting, inserting and correcting records that were not yet available.
///
/// ```
/// use contract::{CausalityReport, FeatureCausality, Hash};
/// let one = FeatureCausality { feature: "price__log_ret__1m".into(), cells: 1_000, moved: 0, reacts: true };
/// let report = CausalityReport { spec_hash: Hash::from_bytes([0; 32]), seed: 7, rows: 1_000, features: vec![one] };
/// assert!(report.is_causal());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CausalityReport {
    /// Hash of the feature set.
    pub spec_hash: Hash,
    /// Seed of the perturbations.
    pub seed: u64,
    /// Feature rows compared.
    pub rows: u64,
    /// One entry a feature, in the order of the feature set.
    pub features: Vec<FeatureCausality>,
}

impl CausalityReport {
    /// Whether no cell moved, every feature reacted to its inputs, and something was compared.
    #[must_use]
    pub fn is_causal(&self) -> bool {
        self.rows > 0 && self.features.iter().all(|f| f.cells > 0 && f.moved == 0 && f.reacts)
    }
}
