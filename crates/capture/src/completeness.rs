//! The answer to "was everything captured?".

use crate::gap::{Gap, gaps_table};
use contract::arrow_array::RecordBatch;
use contract::{
    BuildError, CaptureVerdict, Draft, EventId, LedgerProducers, ProducerMode, ProducerState,
    TableBuilder, UtcNanos,
};
use std::collections::BTreeMap;
use std::ops::Range;

/// Missing rows may still be under way for this long.
const GRACE_NS: i64 = 5_000_000_000;

/// For how long a beat vouches: twice the time after which a silent producer that lives beats again.
const VOUCH_NS: i64 = 60_000_000_000;

/// What one producer emitted, and what became of it.
///
/// - **Units:** rows, and numbers of rows (`pseq`); ranges are half-open.
/// - **Identity:** `end_pseq - first_pseq = rows_durable + rows_skipped + rows_missing + rows_lost`, and `end_pseq` is
///   `promised_pseq` unless rows beyond the promise were seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProducerAccount {
    /// The log.
    pub log_id: EventId,
    /// Who.
    pub producer_id: EventId,
    /// Its name.
    pub name: String,
    /// What a gap in its numbers means.
    pub mode: ProducerMode,
    /// Whether it may still append.
    pub state: ProducerState,
    /// Whether everything it emitted is durable, as of the time of the question.
    pub verdict: CaptureVerdict,
    /// Incarnation.
    pub epoch: u32,
    /// Its first row in this log.
    pub first_pseq: u64,
    /// All rows below are durable.
    pub next_pseq: u64,
    /// One above the largest row seen or promised.
    pub end_pseq: u64,
    /// All rows below were emitted, as the largest beat or close says; `None` before one.
    pub promised_pseq: Option<u64>,
    /// Rows on disk.
    pub rows_durable: u64,
    /// Rows that it declared never to come.
    pub rows_skipped: u64,
    /// Rows emitted and not there.
    pub rows_missing: u64,
    /// Rows lost by damage and not sent again.
    pub rows_lost: u64,
    /// Rows that came after a later one: they filled a hole. Not part of the identity.
    pub rows_late: u64,
    /// Rows sent again; may be too low after an unclean stop. Not part of the identity.
    pub rows_duplicate: u64,
    /// Rows refused; may be too low after an unclean stop. Not part of the identity.
    pub rows_rejected: u64,
    /// Place in the log up to which this is counted.
    pub as_of_seq: u64,
    /// When the oldest of the missing rows was noticed; `None` when none is missing.
    pub missing_since: Option<UtcNanos>,
    /// First append.
    pub ts_first: Option<UtcNanos>,
    /// Last append.
    pub ts_last: Option<UtcNanos>,
    /// Last beat.
    pub ts_beat: Option<UtcNanos>,
}

impl ProducerAccount {
    /// The verdict at another time of asking; the first that applies.
    ///
    /// `damaged`: rows were lost. `incomplete`: rows are missing for over five seconds, or of a producer that closed.
    /// `open`: it may still append, and rows are missing for less than that, or no beat of the last minute stands at or
    /// above the last row seen, so that the tail is not known: a producer that died vouches for nothing. `complete`:
    /// everything emitted is durable or declared never to come.
    #[must_use]
    pub fn verdict_at(&self, now: UtcNanos) -> CaptureVerdict {
        let is_closed = self.state == ProducerState::Closed;
        let is_old = |since: UtcNanos| now.nanos().saturating_sub(since.nanos()) > GRACE_NS;
        let is_fresh = |beat: UtcNanos| now.nanos().saturating_sub(beat.nanos()) <= VOUCH_NS;
        if self.rows_lost > 0 {
            CaptureVerdict::Damaged
        } else if self.rows_missing > 0 && (is_closed || self.missing_since.is_some_and(is_old)) {
            CaptureVerdict::Incomplete
        } else if !is_closed
            && (self.rows_missing > 0
                || self.promised_pseq.is_none_or(|p| p < self.end_pseq)
                || !self.ts_beat.is_some_and(is_fresh))
        {
            CaptureVerdict::Open
        } else {
            CaptureVerdict::Complete
        }
    }
}

/// Whether a part of a log holds all that its producers emitted, with the evidence.
///
/// ```
/// use capture::Completeness;
/// use contract::{CaptureVerdict, EventId};
/// let log = EventId::from_bytes([1; 16]);
/// let empty = Completeness::new(log, 0..0, Vec::new(), Vec::new(), Default::default());
/// assert_eq!(empty.verdict, CaptureVerdict::Open); // nobody has promised anything yet
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completeness {
    /// The log.
    pub log_id: EventId,
    /// The worst of its producers; "100 % captured" is true of `complete` alone.
    pub verdict: CaptureVerdict,
    /// The part that was asked about, by `seq`.
    pub seqs: Range<u64>,
    /// By producer id.
    pub producers: Vec<ProducerAccount>,
    /// What is not there.
    pub gaps: Vec<Gap>,
    /// Rows by table.
    pub rows: BTreeMap<String, u64>,
}

impl Completeness {
    /// Judges: the worst verdict of a producer, in the order `damaged`, `incomplete`, `open`, `complete`.
    ///
    /// Damage whose owner nobody knows makes it `damaged` whatever the producers say. Without any producer it is
    /// `open`: nobody has promised anything, so nothing is proven.
    #[must_use]
    pub fn new(
        log_id: EventId,
        seqs: Range<u64>,
        producers: Vec<ProducerAccount>,
        gaps: Vec<Gap>,
        rows: BTreeMap<String, u64>,
    ) -> Self {
        let ownerless = gaps.iter().any(Gap::is_ownerless_damage);
        let verdict = producers
            .iter()
            .map(|p| p.verdict)
            .chain(ownerless.then_some(CaptureVerdict::Damaged))
            .max_by_key(|verdict| badness(*verdict))
            .unwrap_or(CaptureVerdict::Open);
        Self { log_id, verdict, seqs, producers, gaps, rows }
    }

    /// The producers as the contract's table `ledger_producers`, one row each.
    ///
    /// # Errors
    /// [`BuildError`] when there is more text than one batch holds.
    pub fn producers_table(&self) -> Result<RecordBatch, BuildError> {
        Ok(draft(&self.producers)?.into_record_batch())
    }

    /// The gaps as the contract's table `ledger_gaps`, one row each.
    ///
    /// # Errors
    /// [`BuildError`] when there is more text than one batch holds.
    pub fn gaps_table(&self) -> Result<RecordBatch, BuildError> {
        gaps_table(self.log_id, &self.gaps)
    }
}

fn badness(verdict: CaptureVerdict) -> u8 {
    match verdict {
        CaptureVerdict::Complete => 0,
        CaptureVerdict::Open => 1,
        CaptureVerdict::Incomplete => 2,
        CaptureVerdict::Damaged => 3,
    }
}

pub(crate) fn draft(accounts: &[ProducerAccount]) -> Result<Draft<LedgerProducers>, BuildError> {
    let mut rows = TableBuilder::<LedgerProducers>::new(UtcNanos::from_nanos(0));
    for account in accounts {
        rows.set(&LedgerProducers::LOG_ID, account.log_id)
            .set(&LedgerProducers::PRODUCER_ID, account.producer_id)
            .set(&LedgerProducers::PRODUCER_NAME, account.name.as_str())
            .set(&LedgerProducers::MODE, account.mode)
            .set(&LedgerProducers::STATE, account.state)
            .set(&LedgerProducers::VERDICT, account.verdict)
            .set(&LedgerProducers::EPOCH, account.epoch)
            .set(&LedgerProducers::FIRST_PSEQ, account.first_pseq)
            .set(&LedgerProducers::NEXT_PSEQ, account.next_pseq)
            .set(&LedgerProducers::PROMISED_PSEQ, account.promised_pseq)
            .set(&LedgerProducers::ROWS_DURABLE, account.rows_durable)
            .set(&LedgerProducers::ROWS_SKIPPED, account.rows_skipped)
            .set(&LedgerProducers::ROWS_MISSING, account.rows_missing)
            .set(&LedgerProducers::ROWS_LOST, account.rows_lost)
            .set(&LedgerProducers::ROWS_DUPLICATE, account.rows_duplicate)
            .set(&LedgerProducers::ROWS_REJECTED, account.rows_rejected)
            .set(&LedgerProducers::AS_OF_SEQ, account.as_of_seq)
            .set(&LedgerProducers::TS_FIRST, account.ts_first)
            .set(&LedgerProducers::TS_LAST, account.ts_last)
            .set(&LedgerProducers::TS_BEAT, account.ts_beat)
            .set(&LedgerProducers::ROWS_LATE, account.rows_late)
            .end_row()?;
    }
    rows.finish()
}
