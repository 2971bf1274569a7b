//! Rows of the table `label_weights`.

use super::{Lives, Path, WeightError, decay_weights};
use crate::label_rows::{LabelRow, all, latest};
use contract::{Batch, Draft, LabelStatus, LabelWeights, Labels, TableBuilder, UtcNanos};

/// How labels are weighted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeightOptions<'a> {
    /// Group of each row of the batch, within which labels overlap, usually its instrument; `None`: all are one group.
    pub groups: Option<&'a [u32]>,
    /// The path that the return weight is read from; `None` leaves it null. Its groups are those above.
    pub path: Option<&'a Path<'a>>,
    /// Weight of the oldest, see [`decay_weights`]; `None` leaves the decay weight null.
    pub oldest: Option<f64>,
}

impl WeightOptions<'_> {
    /// One group, no return weight, no decay.
    #[must_use]
    pub const fn new() -> Self {
        Self { groups: None, path: None, oldest: None }
    }
}

impl Default for WeightOptions<'_> {
    fn default() -> Self {
        Self::new()
    }
}

/// Weights of the labels of a batch, measured in time, as a table.
///
/// Labels overlap with labels of their own target and hashes alone. A label counts by its highest revision; a
/// withdrawn one (`void`) and one without a class or value (`indeterminate`) is learned from by nobody and gets no row.
///
/// - **Shape:** one row a label that counts, by target, hashes, cut-off and decision.
/// - **Point in time:** a weight depends on every label of its target and hashes, so its `ts_avail` is their last one.
///
/// # Errors
/// [`WeightError`] for groups of another length, a label whose `ts_until` is not after its `ts_cutoff`, or settings out
/// of range.
pub fn label_weights<S>(
    labels: &Batch<Labels, S>,
    options: &WeightOptions,
) -> Result<Draft<LabelWeights>, WeightError> {
    if let Some(found) = options.groups.map(<[u32]>::len).filter(|len| *len != labels.len()) {
        return Err(WeightError::Length { what: "groups", expected: labels.len(), found });
    }
    let mut rows = latest(all(labels).map_err(WeightError::Word)?);
    rows.retain(|row| row.status != LabelStatus::Indeterminate);
    let mut table = TableBuilder::<LabelWeights>::new(UtcNanos::from_nanos(0));
    let same = |a: &LabelRow, b: &LabelRow| {
        (a.target, a.measures_hash, a.rules_hash) == (b.target, b.measures_hash, b.rules_hash)
    };
    for set in rows.chunk_by(same) {
        let starts: Vec<i64> = set.iter().map(|row| row.ts_cutoff).collect();
        let ends: Vec<i64> = set.iter().map(|row| row.ts_until).collect();
        let groups: Option<Vec<u32>> = options
            .groups
            .map(|all| set.iter().filter_map(|row| all.get(row.row).copied()).collect());
        let lives = match &groups {
            Some(groups) => Lives::within(&starts, &ends, groups)?,
            None => Lives::across(&starts, &ends)?,
        };
        let overlap = lives.overlap();
        let earned = options.path.map(|path| lives.overlap_on(path).return_weight);
        let decay = match options.oldest {
            Some(oldest) => Some(decay_weights(&starts, &overlap.uniqueness, oldest)?),
            None => None,
        };
        let known = set.iter().map(|row| row.ts_avail).max().unwrap_or_default();
        let pairs = overlap.uniqueness.iter().zip(&overlap.concurrency_mean);
        for (at, (row, (uniqueness, concurrency))) in set.iter().zip(pairs).enumerate() {
            let weight = earned.as_ref().and_then(|all| all.get(at).copied().flatten());
            let age = decay.as_ref().and_then(|all| all.get(at).copied());
            table
                .set(&LabelWeights::DECISION_ID, row.decision_id)
                .set(&LabelWeights::TARGET, row.target)
                .set(&LabelWeights::MEASURES_HASH, row.measures_hash)
                .set(&LabelWeights::RULES_HASH, row.rules_hash)
                .set(&LabelWeights::REVISION, row.revision)
                .set(&LabelWeights::TS_AVAIL, UtcNanos::from_nanos(known))
                .set(&LabelWeights::CONCURRENCY_MEAN, *concurrency)
                .set(&LabelWeights::UNIQUENESS, *uniqueness)
                .set(&LabelWeights::RETURN_WEIGHT, weight)
                .set(&LabelWeights::DECAY_WEIGHT, age)
                .end_row()
                .map_err(WeightError::Table)?;
        }
    }
    table.finish().map_err(WeightError::Table)
}
