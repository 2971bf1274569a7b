//! What the log knows of one producer.

use super::admission::{Admission, Refusal};
use super::holes::Holes;
use crate::completeness::ProducerAccount;
use crate::runs::{Runs, len};
use contract::{CaptureVerdict, EventId, ProducerMode, ProducerState, UtcNanos};
use std::ops::Range;

/// State of one producer: every number in `first..end` has exactly one of four fates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) mode: ProducerMode,
    pub(super) is_closed: bool,
    pub(super) epoch: u32,
    /// Numbers below it never belonged to this log.
    pub(super) first: u64,
    /// One above the largest number seen or promised.
    pub(super) end: u64,
    pub(super) promised: Option<u64>,
    pub(super) durable: Runs,
    pub(super) skipped: Runs,
    pub(super) lost: Runs,
    pub(super) missing: Holes,
    pub(super) duplicate: u64,
    pub(super) rejected: u64,
    pub(super) late: u64,
    pub(super) ts_first: Option<UtcNanos>,
    pub(super) ts_last: Option<UtcNanos>,
    pub(super) ts_beat: Option<UtcNanos>,
}

impl Account {
    pub(super) fn new(name: &str, mode: ProducerMode, epoch: u32, first: u64) -> Self {
        Self {
            name: name.to_owned(),
            mode,
            is_closed: false,
            epoch,
            first,
            end: first,
            promised: None,
            durable: Runs::default(),
            skipped: Runs::default(),
            lost: Runs::default(),
            missing: Holes::default(),
            duplicate: 0,
            rejected: 0,
            late: 0,
            ts_first: None,
            ts_last: None,
            ts_beat: None,
        }
    }

    /// Everything below was seen: is durable or skipped, or was lost later.
    pub(super) fn next(&self) -> u64 {
        self.missing.first().unwrap_or(self.end)
    }

    /// Parts of the range that the log would store: unseen, missing or lost.
    fn storable(&self, pseqs: &Range<u64>) -> Vec<Range<u64>> {
        let mut parts = Vec::new();
        for part in self.durable.missing_in(pseqs.clone()) {
            parts.extend(self.skipped.missing_in(part));
        }
        parts
    }

    /// Parts of the range that are neither durable nor declared never to come.
    pub(super) fn not_held(&self, pseqs: Range<u64>) -> Vec<Range<u64>> {
        self.storable(&(pseqs.start.max(self.first)..pseqs.end))
    }

    /// What would happen to rows of the current incarnation.
    pub(super) fn classify(&self, pseqs: Range<u64>) -> Result<Admission, Refusal> {
        if pseqs.start < self.first {
            return Err(Refusal::SequenceGap { expected: self.next(), found: pseqs.start });
        }
        if let Some(skipped) = self.skipped.known_in(pseqs.clone()).into_iter().next() {
            return Err(Refusal::Skipped(skipped));
        }
        let new = self.storable(&pseqs);
        if self.mode == ProducerMode::Strict {
            // Lost rows may come back in any order; other rows only where the producer stands.
            let unseen = new.iter().flat_map(|part| self.lost.missing_in(part.clone())).next();
            let next = self.next();
            if let Some(found) = unseen.map(|part| part.start).filter(|found| *found != next) {
                return Err(Refusal::SequenceGap { expected: next, found });
            }
        }
        Ok(match new.as_slice() {
            [] => Admission::Duplicate,
            [all] if *all == pseqs => Admission::New,
            _ => Admission::Part(new),
        })
    }

    /// Numbers up to `to` were emitted.
    pub(super) fn advance(&mut self, to: u64, ts: UtcNanos) {
        if to > self.end {
            self.missing.push(self.end..to, ts);
            self.end = to;
        }
    }

    /// These numbers have a fate from now on; what they jump over is missing.
    fn settle(&mut self, pseqs: &Range<u64>, ts: UtcNanos) {
        self.advance(pseqs.start, ts);
        self.end = self.end.max(pseqs.end);
        self.missing.remove(pseqs);
    }

    /// Stores rows and returns how many of them had been lost.
    pub(super) fn store(&mut self, pseqs: &Range<u64>, ts: UtcNanos) -> u64 {
        let top = self.durable.end().max(self.lost.end()).saturating_sub(1);
        let mut refilled = 0;
        for part in self.not_held(pseqs.clone()) {
            self.settle(&part, ts);
            refilled += self.lost.remove(part.clone());
            self.late += len(&(part.start..part.end.min(top)));
            self.durable.insert(part);
        }
        self.ts_first.get_or_insert(ts);
        self.ts_last = self.ts_last.max(Some(ts));
        refilled
    }

    pub(super) fn promise(&mut self, next_pseq: u64, ts: UtcNanos) {
        self.promised = self.promised.max(Some(next_pseq.max(self.first)));
        self.advance(next_pseq, ts);
    }

    /// Declares unseen rows never to come and returns which. Lost rows stay lost: no word of a producer undoes damage.
    pub(super) fn skip(&mut self, pseqs: Range<u64>, ts: UtcNanos) -> Vec<Range<u64>> {
        let mut parts = Vec::new();
        for part in self.not_held(pseqs) {
            parts.extend(self.lost.missing_in(part));
        }
        for part in &parts {
            self.settle(part, ts);
            self.skipped.insert(part.clone());
        }
        parts
    }

    /// Rows that were durable are not any more; returns how many of the range are lost now.
    pub(super) fn lose(&mut self, pseqs: Range<u64>, ts: UtcNanos) -> u64 {
        let pseqs = pseqs.start.max(self.first)..pseqs.end;
        for part in self.skipped.missing_in(pseqs.clone()) {
            self.settle(&part, ts);
            self.durable.remove(part.clone());
            self.lost.insert(part);
        }
        self.lost.count_in(pseqs)
    }

    /// The account as others see it.
    pub(super) fn publish(
        &self,
        log_id: EventId,
        producer_id: EventId,
        as_of_seq: u64,
        now: UtcNanos,
    ) -> ProducerAccount {
        let mut account = ProducerAccount {
            log_id,
            producer_id,
            name: self.name.clone(),
            mode: self.mode,
            state: if self.is_closed { ProducerState::Closed } else { ProducerState::Open },
            verdict: CaptureVerdict::Open,
            epoch: self.epoch,
            first_pseq: self.first,
            next_pseq: self.durable.first_gap_from(self.first),
            end_pseq: self.end,
            promised_pseq: self.promised,
            rows_durable: self.durable.count(),
            rows_skipped: self.skipped.count(),
            rows_missing: self.missing.count(),
            rows_lost: self.lost.count(),
            rows_late: self.late,
            rows_duplicate: self.duplicate,
            rows_rejected: self.rejected,
            as_of_seq,
            missing_since: self.missing.oldest(),
            ts_first: self.ts_first,
            ts_last: self.ts_last,
            ts_beat: self.ts_beat,
        };
        account.verdict = account.verdict_at(now);
        account
    }
}
