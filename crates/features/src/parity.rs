//! What a live decider saw against what is computed again.

use contract::{Batch, Decisions, Features, UnknownWord};
use std::collections::BTreeMap;

/// How the vectors that deciders logged compare with feature rows, by feature.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Parity {
    /// Decisions with a logged vector and a feature row.
    pub compared: u64,
    /// Decisions with a logged vector and no feature row.
    pub missing: u64,
    /// Feature rows whose decision logged no vector, or one of another length.
    pub extra: u64,
    /// Counts by feature.
    pub features: BTreeMap<String, FeatureParity>,
}

/// How one feature compares.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct FeatureParity {
    /// Cells with the same bits.
    pub equal: u64,
    /// Cells with different values.
    pub mismatch: u64,
    /// Cells that are null in the row: a vector cannot say so, so what the decider put there is not judged.
    pub not_judged: u64,
    /// Largest difference.
    pub largest: f64,
}

impl Parity {
    /// Whether every logged cell has the bits of its feature row, where that has a value.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.missing == 0 && self.features.values().all(|f| f.mismatch == 0)
    }
}

/// Compares the vectors that deciders logged in `feature_vector` with the feature rows of the same decisions.
///
/// - **Shape:** decisions without a vector are left out; every other one is counted as compared, missing or extra.
/// - **Cost:** one pass over both.
///
/// # Errors
/// [`UnknownWord`] never for batches of their tables; it is in the signature of every typed cell.
pub fn parity<S, R>(
    served: &Batch<Decisions, S>,
    recomputed: &Batch<Features, R>,
) -> Result<Parity, UnknownWord> {
    let mut parity = Parity::default();
    let names: Vec<&str> = recomputed.feature_names().collect();
    let columns: Vec<_> = names.iter().map(|name| recomputed.feature(name)).collect();
    let mut rows = BTreeMap::new();
    for row in 0..recomputed.len() {
        rows.insert(*recomputed.cell(&Features::DECISION_ID, row)?.as_bytes(), row);
    }
    let mut seen = 0;
    for decision in 0..served.len() {
        let Some(vector) = served.cell(&Decisions::FEATURE_VECTOR, decision)? else { continue };
        let id = *served.cell(&Decisions::DECISION_ID, decision)?.as_bytes();
        let Some(row) = rows.get(&id).copied() else {
            parity.missing += 1;
            continue;
        };
        if vector.len() != names.len() {
            continue;
        }
        seen += 1;
        parity.compared += 1;
        for ((name, column), value) in names.iter().zip(&columns).zip(&vector) {
            use contract::arrow_array::Array;
            let Some(column) = column else { continue };
            let cell = (!column.is_null(row)).then(|| column.value(row));
            let feature = parity.features.entry((*name).to_owned()).or_default();
            match cell {
                Some(ours) if ours.to_bits() == value.to_bits() => feature.equal += 1,
                Some(ours) => {
                    feature.mismatch += 1;
                    feature.largest = feature.largest.max((ours - value).abs());
                }
                None => feature.not_judged += 1,
            }
        }
    }
    parity.extra = recomputed.len() as u64 - seen;
    Ok(parity)
}
