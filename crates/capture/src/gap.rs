//! What is not in the log, and who said so.

use contract::arrow_array::RecordBatch;
use contract::{
    BuildError, Draft, EventId, GapKind, LedgerGaps, TableBuilder, UnknownWord, UtcNanos,
};
use std::ops::Range;
use std::sync::Arc;

/// Something that is not in the log: never received, declared never to come, lost by damage, or torn off.
///
/// - **Shape:** ranges are half-open; what is not known is `None`.
/// - **Point in time:** a declared gap counts from `ts_avail` on, when it could be known.
///
/// ```
/// use capture::{Gap, gaps_table};
/// use contract::{EventId, GapKind, UtcNanos};
/// let skip = Gap {
///     producer_id: Some(EventId::from_bytes([7; 16])),
///     pseqs: Some(40..42),
///     reason: Some("dropped by the feed".into()),
///     ..Gap::new(GapKind::Skipped, UtcNanos::from_nanos(5))
/// };
/// let table = gaps_table(EventId::from_bytes([1; 16]), &[skip])?;
/// assert_eq!(table.num_rows(), 1);
/// # Ok::<(), contract::BuildError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// What is missing and why.
    pub kind: GapKind,
    /// Place in the log of the record that declares it.
    pub seq: Option<u64>,
    /// Log clock there.
    pub ts_avail: Option<UtcNanos>,
    /// Whose rows.
    pub producer_id: Option<EventId>,
    /// Of which table.
    pub table: Option<Arc<str>>,
    /// The producer's own numbers of the rows.
    pub pseqs: Option<Range<u64>>,
    /// The log's numbers of the rows.
    pub seqs: Option<Range<u64>>,
    /// Segment of the damage.
    pub segment_no: Option<u64>,
    /// Bytes of the segment.
    pub bytes: Option<Range<u64>>,
    /// Why, in the words of who declared it.
    pub reason: Option<String>,
    /// When it was declared, or first noticed.
    pub ts_declared: UtcNanos,
    /// Whether the rows are back.
    pub is_repaired: bool,
}

impl Gap {
    /// A gap of which nothing more is known.
    #[must_use]
    pub fn new(kind: GapKind, ts_declared: UtcNanos) -> Self {
        Self {
            kind,
            seq: None,
            ts_avail: None,
            producer_id: None,
            table: None,
            pseqs: None,
            seqs: None,
            segment_no: None,
            bytes: None,
            reason: None,
            ts_declared,
            is_repaired: false,
        }
    }

    /// Whether this declared damage is what was found unreadable elsewhere: it has all of its numbers; where those are
    /// not known, bytes of the same segment.
    #[must_use]
    pub fn covers(&self, found: &Self) -> bool {
        let has_all =
            |known: &Range<u64>, new: &Range<u64>| known.start <= new.start && new.end <= known.end;
        let is_same = if let (Some(known), Some(new)) = (&self.seqs, &found.seqs) {
            has_all(known, new)
        } else {
            let bytes = self.bytes.as_ref().zip(found.bytes.as_ref());
            self.segment_no == found.segment_no && bytes.is_some_and(|(k, n)| has_all(k, n))
        };
        self.kind == GapKind::Damaged && is_same
    }

    /// Order of declaration, then of producers and rows.
    pub(crate) fn order(&self) -> (Option<u64>, Option<EventId>, Option<u64>) {
        (self.seq, self.producer_id, self.pseqs.as_ref().map(|p| p.start))
    }

    /// Whether it says that something was lost whose owner nobody knows, and that is not back. Frames without a number
    /// are marks, seals and copies of what stands elsewhere.
    pub(crate) fn is_ownerless_damage(&self) -> bool {
        self.kind == GapKind::Damaged
            && !self.is_repaired
            && self.seqs.as_ref().is_none_or(|seqs| !seqs.is_empty())
            && (self.producer_id.is_none() || self.pseqs.is_none())
    }
}

/// Gaps as the contract's table `ledger_gaps`.
///
/// - **Shape:** one row a gap, in their order.
///
/// # Errors
/// [`BuildError`] when there is more text than one batch holds.
pub fn gaps_table(log_id: EventId, gaps: &[Gap]) -> Result<RecordBatch, BuildError> {
    Ok(draft(log_id, gaps)?.into_record_batch())
}

pub(crate) fn draft(log_id: EventId, gaps: &[Gap]) -> Result<Draft<LedgerGaps>, BuildError> {
    let start = |range: &Option<Range<u64>>| range.as_ref().map(|r| r.start);
    let end = |range: &Option<Range<u64>>| range.as_ref().map(|r| r.end);
    let mut rows = TableBuilder::<LedgerGaps>::new(UtcNanos::from_nanos(0));
    for gap in gaps {
        rows.set(&LedgerGaps::SEQ, gap.seq)
            .set(&LedgerGaps::TS_AVAIL, gap.ts_avail)
            .set(&LedgerGaps::LOG_ID, log_id)
            .set(&LedgerGaps::KIND, gap.kind)
            .set(&LedgerGaps::PRODUCER_ID, gap.producer_id)
            .set(&LedgerGaps::TABLE_NAME, gap.table.as_deref())
            .set(&LedgerGaps::FIRST_PSEQ, start(&gap.pseqs))
            .set(&LedgerGaps::END_PSEQ, end(&gap.pseqs))
            .set(&LedgerGaps::FIRST_SEQ, start(&gap.seqs))
            .set(&LedgerGaps::END_SEQ, end(&gap.seqs))
            .set(&LedgerGaps::SEGMENT_NO, gap.segment_no)
            .set(&LedgerGaps::BYTE_FIRST, start(&gap.bytes))
            .set(&LedgerGaps::BYTE_END, end(&gap.bytes))
            .set(&LedgerGaps::REASON, gap.reason.as_deref())
            .set(&LedgerGaps::TS_DECLARED, gap.ts_declared)
            .set(&LedgerGaps::REPAIRED, gap.is_repaired)
            .end_row()?;
    }
    rows.finish()
}

/// The gap of a row of the table, and the log it belongs to.
pub(crate) fn from_row(
    table: &Draft<LedgerGaps>,
    row: usize,
) -> Result<(EventId, Gap), UnknownWord> {
    let range = |first: Option<u64>, end: Option<u64>| first.zip(end).map(|(f, e)| f..e);
    let cell = |column| table.cell(column, row);
    let gap = Gap {
        kind: table.cell(&LedgerGaps::KIND, row)?,
        seq: cell(&LedgerGaps::SEQ)?,
        ts_avail: table.cell(&LedgerGaps::TS_AVAIL, row)?,
        producer_id: table.cell(&LedgerGaps::PRODUCER_ID, row)?,
        table: table.cell(&LedgerGaps::TABLE_NAME, row)?.map(Arc::from),
        pseqs: range(cell(&LedgerGaps::FIRST_PSEQ)?, cell(&LedgerGaps::END_PSEQ)?),
        seqs: range(cell(&LedgerGaps::FIRST_SEQ)?, cell(&LedgerGaps::END_SEQ)?),
        segment_no: cell(&LedgerGaps::SEGMENT_NO)?,
        bytes: range(cell(&LedgerGaps::BYTE_FIRST)?, cell(&LedgerGaps::BYTE_END)?),
        reason: table.cell(&LedgerGaps::REASON, row)?.map(str::to_owned),
        ts_declared: table.cell(&LedgerGaps::TS_DECLARED, row)?,
        is_repaired: table.cell(&LedgerGaps::REPAIRED, row)?,
    };
    Ok((table.cell(&LedgerGaps::LOG_ID, row)?, gap))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_comes_back_from_its_row_whether_all_or_nothing_is_known() {
        let whole = Gap {
            kind: GapKind::Damaged,
            seq: Some(9),
            ts_avail: Some(UtcNanos::from_nanos(-3)),
            producer_id: Some(EventId::from_bytes([7; 16])),
            table: Some("trades".into()),
            pseqs: Some(3..5),
            seqs: Some(30..32),
            segment_no: Some(2),
            bytes: Some(8192..8448),
            reason: Some("checksum".into()),
            ts_declared: UtcNanos::from_nanos(4),
            is_repaired: true,
        };
        let bare = Gap::new(GapKind::Torn, UtcNanos::from_nanos(5));
        let log = EventId::from_bytes([1; 16]);
        let table = draft(log, &[whole.clone(), bare.clone()]).unwrap();
        assert_eq!(from_row(&table, 0), Ok((log, whole)));
        assert_eq!(from_row(&table, 1), Ok((log, bare)));
        let columns = gaps_table(log, &[]).unwrap();
        assert_eq!((columns.num_rows(), columns.num_columns()), (0, 16));
    }
}
