//! Where the three parts are cut, before anything is purged.

use super::{SplitError, SplitKey};
use crate::canonical::{Instant, Number, Sha256};
use crate::role::Split;
use crate::spec::SplitStrategy;

/// The split that each row would be in.
pub(super) fn would_be(
    keys: &[SplitKey],
    strategy: &SplitStrategy,
) -> Result<Vec<Split>, SplitError> {
    match strategy {
        SplitStrategy::Fractions(shares) => {
            let cuts = quotas(keys.len(), shares)?.map(|at| next_distinct(keys, at));
            Ok(by_place(keys.len(), cuts))
        }
        SplitStrategy::Boundaries([validation, test]) => {
            if validation >= test {
                let (validation, test) = (validation.to_string(), test.to_string());
                return Err(SplitError::Boundaries { validation, test });
            }
            let first = |from: &Instant| keys.partition_point(|key| key.ts_cutoff < from.0);
            Ok(by_place(keys.len(), [first(validation), first(test)]))
        }
        SplitStrategy::Grouped(shares) => by_group(keys, quotas(keys.len(), shares)?),
    }
}

/// How many rows lie before validation and before test, each rounded once, halves up.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "shares above 0 that sum to 1, of a number of rows: 0 to that number"
)]
fn quotas(rows: usize, shares: &[Number; 3]) -> Result<[usize; 2], SplitError> {
    let [train, validation, test] = shares.map(|share| share.0);
    let is_share = |share: f64| share.is_finite() && share > 0.0;
    let is_whole = (train + validation + test - 1.0).abs() <= 1e-9;
    if !(is_share(train) && is_share(validation) && is_share(test) && is_whole) {
        return Err(SplitError::Fractions { found: format!("[{train}, {validation}, {test}]") });
    }
    let quota = |share: f64| ((share * rows as f64 + 0.5).floor() as usize).min(rows);
    Ok([quota(train), quota(train + validation)])
}

/// The first row from `at` on whose cut-off differs from that of the row before: rows of one cut-off stay together.
pub(super) fn next_distinct(keys: &[SplitKey], at: usize) -> usize {
    let Some(before) = at.checked_sub(1).and_then(|before| keys.get(before)) else { return at };
    let rest = keys.get(at..).unwrap_or_default();
    at + rest.partition_point(|key| key.ts_cutoff <= before.ts_cutoff)
}

fn by_place(rows: usize, [validation, test]: [usize; 2]) -> Vec<Split> {
    let part = |row: usize| match row {
        row if row >= test => Split::Test,
        row if row >= validation => Split::Validation,
        _ => Split::Train,
    };
    (0..rows).map(part).collect()
}

/// Whole groups of the first column. Groups follow one another in the order of the SHA-256 of their value, which knows
/// nothing of time; a row without a value is a group of its own, by its id. A group goes where its first row falls.
fn by_group(keys: &[SplitKey], [validation, test]: [usize; 2]) -> Result<Vec<Split>, SplitError> {
    let group = |key: &SplitKey| -> Option<([u8; 32], bool)> {
        let hash = |bytes: &[u8]| *Sha256::of(bytes).0.as_bytes();
        Some(match key.groups.first()? {
            Some(value) => (hash(value), true),
            None => (hash(key.row_id.as_bytes()), false),
        })
    };
    let mut order = Vec::with_capacity(keys.len());
    for (row, key) in keys.iter().enumerate() {
        order.push((group(key).ok_or(SplitError::NoGroupColumn)?, row));
    }
    order.sort_unstable();
    let mut out = vec![Split::Train; keys.len()];
    let (mut last, mut part) = (None, Split::Train);
    for (place, (group, row)) in order.into_iter().enumerate() {
        if last != Some(group) {
            part = match place {
                place if place >= test => Split::Test,
                place if place >= validation => Split::Validation,
                _ => Split::Train,
            };
            last = Some(group);
        }
        if let Some(slot) = out.get_mut(row) {
            *slot = part;
        }
    }
    Ok(out)
}
