//! Labels as rows: the last word on each, without those that were withdrawn.

use contract::{Batch, EventId, Hash, LabelStatus, Labels, UnknownWord};
use std::collections::BTreeMap;

/// What statistics read of a label.
#[derive(Debug, Clone)]
pub(crate) struct LabelRow<'a> {
    pub(crate) row: usize,
    pub(crate) decision_id: EventId,
    pub(crate) target: &'a str,
    pub(crate) measures_hash: Hash,
    pub(crate) rules_hash: Hash,
    pub(crate) revision: u16,
    pub(crate) status: LabelStatus,
    pub(crate) ts_cutoff: i64,
    pub(crate) ts_until: i64,
    pub(crate) ts_avail: i64,
    pub(crate) class: Option<i8>,
    pub(crate) value: Option<f64>,
}

/// Every row, in order.
pub(crate) fn all<S>(labels: &Batch<Labels, S>) -> Result<Vec<LabelRow<'_>>, UnknownWord> {
    (0..labels.len())
        .map(|row| {
            Ok(LabelRow {
                row,
                decision_id: labels.cell(&Labels::DECISION_ID, row)?,
                target: labels.cell(&Labels::TARGET, row)?,
                measures_hash: labels.cell(&Labels::MEASURES_HASH, row)?,
                rules_hash: labels.cell(&Labels::RULES_HASH, row)?,
                revision: labels.cell(&Labels::REVISION, row)?,
                status: labels.cell(&Labels::STATUS, row)?,
                ts_cutoff: labels.cell(&Labels::TS_CUTOFF, row)?.nanos(),
                ts_until: labels.cell(&Labels::TS_UNTIL, row)?.nanos(),
                ts_avail: labels.cell(&Labels::TS_AVAIL, row)?.nanos(),
                class: labels.cell(&Labels::CLASS, row)?,
                value: labels.cell(&Labels::VALUE, row)?,
            })
        })
        .collect()
}

/// The row of the highest revision of each label, by target, hashes, cut-off and decision; void ones are left out.
pub(crate) fn latest(rows: Vec<LabelRow<'_>>) -> Vec<LabelRow<'_>> {
    let mut last: BTreeMap<_, LabelRow<'_>> = BTreeMap::new();
    for row in rows {
        let hashes = (*row.measures_hash.as_bytes(), *row.rules_hash.as_bytes());
        let key = (row.target, hashes, *row.decision_id.as_bytes());
        match last.get(&key) {
            Some(known) if known.revision > row.revision => {}
            _ => {
                last.insert(key, row);
            }
        }
    }
    let mut rows: Vec<_> =
        last.into_iter().filter(|(_, row)| row.status != LabelStatus::Void).collect();
    rows.sort_by(|(a, x), (b, y)| (a.0, a.1, x.ts_cutoff, a.2).cmp(&(b.0, b.1, y.ts_cutoff, b.2)));
    rows.into_iter().map(|(_, row)| row).collect()
}
