//! The report of a causality certificate.

use crate::unit::Hash;

/// One property that a certificate tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CausalityPart {
    /// The sources of every row were available before its cut-off.
    Order,
    /// Records that were not yet available were changed, deleted, inserted and corrected: no cell moves.
    Future,
    /// Records older than the declared lookback were changed or removed: no cell moves.
    FarPast,
    /// Columns and tables outside the declared inputs were changed: no cell moves.
    Undeclared,
    /// Decisions came in another order, in other batches, alone: no cell moves.
    Shuffle,
    /// Fitted parameters were fitted on data that ends before their availability.
    Parameters,
}

/// What came of one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartResult {
    /// The part.
    pub part: CausalityPart,
    /// Cells, rows or parameters compared.
    pub compared: u64,
    /// Those that should have stayed and did not: 0 for a causal set.
    pub violations: u64,
}

/// Whether a feature reacts to its declared inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reaction {
    /// It moved when its inputs did, those of the oldest tenth of its lookback included.
    Reactive,
    /// It moved, but not with the oldest tenth: the declared lookback is longer than the real one.
    Loose,
    /// It never moved: a constant, or not what it says.
    Unreactive,
}

/// What one feature did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureCausality {
    /// The feature.
    pub feature: String,
    /// Cells compared while what must not matter was changed.
    pub compared: u64,
    /// Cells whose bits moved: 0 for a causal feature.
    pub moved: u64,
    /// Whether it reacts to what does matter.
    pub reaction: Reaction,
}

/// The result of perturbing, deleting, inserting and correcting records that must not matter.
///
/// ```
/// use contract::{CausalityPart, CausalityReport, FeatureCausality, Hash, PartResult, Reaction};
/// let report = CausalityReport {
///     spec_hash: Hash::from_bytes([0; 32]),
///     seed: 7,
///     rows: 1_000,
///     rows_perturbed: 52_000,
///     rows_perturbed_next_minute: 3_100,
///     parts: vec![PartResult { part: CausalityPart::Future, compared: 90_000, violations: 0 }],
///     features: vec![FeatureCausality {
///         feature: "price__log_ret__1m".into(),
///         compared: 1_000,
///         moved: 0,
///         reaction: Reaction::Reactive,
///     }],
/// };
/// assert!(report.is_causal());
/// // A certificate that touched nothing near a cut-off proves nothing.
/// assert!(!CausalityReport { rows_perturbed_next_minute: 0, ..report }.is_causal());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CausalityReport {
    /// Hash of the feature set.
    pub spec_hash: Hash,
    /// Seed of the perturbations.
    pub seed: u64,
    /// Feature rows compared.
    pub rows: u64,
    /// Records perturbed.
    pub rows_perturbed: u64,
    /// Of those, records within a minute after a cut-off.
    pub rows_perturbed_next_minute: u64,
    /// One entry a part that ran.
    pub parts: Vec<PartResult>,
    /// One entry a feature, in the order of the feature set.
    pub features: Vec<FeatureCausality>,
}

impl CausalityReport {
    /// Whether no cell moved that had to stay, and enough was touched to say so.
    ///
    /// A feature that does not react is a warning, not leakage: see [`unreactive`](Self::unreactive).
    #[must_use]
    pub fn is_causal(&self) -> bool {
        self.rows > 0
            && self.rows_perturbed_next_minute > 0
            && self.parts.iter().any(|p| p.part == CausalityPart::Future && p.compared > 0)
            && self.parts.iter().all(|p| p.violations == 0)
            && self.features.iter().all(|f| f.compared > 0 && f.moved == 0)
    }

    /// Features that did not react to their declared inputs, or not over their whole lookback.
    pub fn unreactive(&self) -> impl Iterator<Item = &FeatureCausality> {
        self.features.iter().filter(|f| f.reaction != Reaction::Reactive)
    }
}
