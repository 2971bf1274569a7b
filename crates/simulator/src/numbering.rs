//! Which market row a decider had read last, by the number that a log will give it.

use crate::slice::{MARKET, Slice};
use contract::Decisions;
use contract::arrow_array::{FixedSizeBinaryArray, RecordBatch, UInt64Array};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Numbers rows as a log does that takes the event rows of a run alone, slice by slice, in the order of availability;
/// rows of equal availability stand in the order of the tables. The first row has number 1.
#[derive(Debug, Clone, Default)]
pub(crate) struct Numbering {
    rows: u64,
    /// The last market row of the slices so far.
    last: Option<u64>,
    /// What was read by the decisions of the last minutes: a row that is sent again says the same again.
    known: BTreeMap<[u8; 16], (i64, Option<u64>)>,
}

/// Longer than any producer repeats itself.
const MEMORY_NS: i64 = 600_000_000_000;

impl Numbering {
    /// Fills `md_seq_high`: the last market row of the slice that was available `think` before the decision.
    #[expect(
        clippy::expect_used,
        reason = "INVARIANT: a column of the table's own type replaces another"
    )]
    pub(crate) fn number(&mut self, slice: &mut Slice, think_ns: i64) {
        let stamps = slice.stamps();
        let first = self.rows + 1;
        self.rows += slice.rows();
        let Ok(draft) = slice.draft::<Decisions>() else { return };
        let ids: &FixedSizeBinaryArray = draft.col(&Decisions::DECISION_ID);
        let mut read = Vec::with_capacity(draft.len());
        for row in 0..draft.len() {
            let (id, ts) = (
                <[u8; 16]>::try_from(ids.value(row)).unwrap_or_default(),
                draft.ts_event().value(row),
            );
            let (_, seq) = *self
                .known
                .entry(id)
                .or_insert_with(|| (ts, last_before(&stamps, ts - think_ns, first).or(self.last)));
            read.push(seq);
        }
        self.last = last_before(&stamps, i64::MAX, first).or(self.last);
        let oldest = slice.from().nanos() - MEMORY_NS;
        self.known.retain(|_, (ts, _)| *ts >= oldest);
        let batch = draft.into_record_batch();
        let Ok(at) = batch.schema().index_of(Decisions::MD_SEQ_HIGH.name()) else { return };
        let mut columns = batch.columns().to_vec();
        columns[at] = Arc::new(UInt64Array::from(read));
        slice.put("decisions", RecordBatch::try_new(batch.schema(), columns).expect("decisions"));
    }
}

fn last_before(stamps: &[(usize, Vec<i64>)], ts: i64, first: u64) -> Option<u64> {
    let newest = stamps.iter().filter(|(at, _)| *at < MARKET).filter_map(|(at, times)| {
        let before = times.partition_point(|t| *t < ts);
        before.checked_sub(1).and_then(|last| times.get(last)).map(|t| (*t, *at))
    });
    let (last, table) = newest.max()?;
    let ranks = stamps.iter().map(|(at, times)| {
        times.partition_point(|t| if *at <= table { *t <= last } else { *t < last })
    });
    Some(first + ranks.sum::<usize>() as u64 - 1)
}
