//! Who emitted what, and what became of it: the state from which completeness is answered.

mod account;
mod admission;
mod holes;
mod snapshot;
#[cfg(test)]
mod tests;

pub(crate) use admission::{Admission, Refusal};
#[cfg(test)]
pub(crate) use snapshot::LedgerError;

use crate::completeness::ProducerAccount;
use crate::gap::Gap;
use account::Account;
use contract::{EventId, GapKind, ProducerMode, UtcNanos};
use std::collections::BTreeMap;
use std::ops::Range;

/// Accounts of all producers of a log, and its declared gaps. Pure state: frames go in, answers come out.
///
/// Calls must come in the order of the log, at replay as when the rows were written; then the state is the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ledger {
    log_id: EventId,
    accounts: BTreeMap<EventId, Account>,
    /// Declared skips by producer and first row; no two overlap.
    skips: BTreeMap<(EventId, u64), Gap>,
    /// Declared losses in the order of `Gap::order`.
    losses: Vec<Gap>,
}

impl Ledger {
    pub(crate) fn new(log_id: EventId) -> Self {
        Self { log_id, accounts: BTreeMap::new(), skips: BTreeMap::new(), losses: Vec::new() }
    }

    pub(crate) fn log_id(&self) -> EventId {
        self.log_id
    }

    /// The incarnation that an `open` would claim.
    pub(crate) fn next_epoch(&self, producer: EventId) -> u32 {
        self.accounts.get(&producer).map_or(1, |account| account.epoch.saturating_add(1))
    }

    /// Begins an incarnation; a known producer goes on where it stood, under the name and mode given now.
    #[cfg(test)]
    pub(crate) fn open(
        &mut self,
        producer: EventId,
        epoch: u32,
        name: &str,
        mode: ProducerMode,
        ts: UtcNanos,
    ) {
        self.open_at(producer, epoch, self.next_pseq(producer), name, mode, ts);
    }

    /// Begins an incarnation whose next row is `first_pseq`, as an Open frame says.
    ///
    /// That is the first row of a new producer: numbers below are not expected. For a known one, all below were
    /// emitted. An epoch that is not above the current one changes nothing.
    pub(crate) fn open_at(
        &mut self,
        producer: EventId,
        epoch: u32,
        first_pseq: u64,
        name: &str,
        mode: ProducerMode,
        ts: UtcNanos,
    ) {
        match self.accounts.get_mut(&producer) {
            Some(account) if epoch > account.epoch => {
                name.clone_into(&mut account.name);
                account.mode = mode;
                account.epoch = epoch;
                account.is_closed = false;
                account.advance(first_pseq, ts);
            }
            Some(_) => {}
            None => {
                self.accounts.insert(producer, Account::new(name, mode, epoch, first_pseq));
            }
        }
    }

    /// Whether this incarnation may speak: the checks that rows, beats, skips and a close have in common.
    pub(crate) fn check(&self, producer: EventId, epoch: u32) -> Result<(), Refusal> {
        self.speaker(producer, epoch).map(|_| ())
    }

    fn speaker(&self, producer: EventId, epoch: u32) -> Result<&Account, Refusal> {
        let account = self.accounts.get(&producer).ok_or(Refusal::Unknown)?;
        let current = account.epoch;
        match epoch.cmp(&current) {
            std::cmp::Ordering::Less => Err(Refusal::Fenced { current }),
            std::cmp::Ordering::Greater => Err(Refusal::Unclaimed { current }),
            std::cmp::Ordering::Equal if account.is_closed => Err(Refusal::Closed),
            std::cmp::Ordering::Equal => Ok(account),
        }
    }

    /// What would happen to these rows; nothing changes.
    ///
    /// Rows lost by damage are let in again, in any order and once. An empty range is a duplicate of nothing.
    pub(crate) fn classify(
        &self,
        producer: EventId,
        epoch: u32,
        pseqs: Range<u64>,
    ) -> Result<Admission, Refusal> {
        self.speaker(producer, epoch)?.classify(pseqs)
    }

    /// Rows are stored. Rows that are there already change nothing, so parts may overlap.
    pub(crate) fn store(&mut self, producer: EventId, epoch: u32, pseqs: Range<u64>, ts: UtcNanos) {
        let account = written_by(&mut self.accounts, producer, epoch);
        if account.store(&pseqs, ts) > 0 {
            let mine = self.losses.iter_mut().filter(|g| g.producer_id == Some(producer));
            for gap in mine.filter(|g| g.kind == GapKind::Damaged) {
                if let Some(lost) = &gap.pseqs
                    && lost.start < pseqs.end
                    && pseqs.start < lost.end
                {
                    // Never back: rows lost once more have a gap of their own.
                    gap.is_repaired |= account.lost.count_in(lost.clone()) == 0;
                }
            }
        }
    }

    pub(crate) fn count_duplicates(&mut self, producer: EventId, rows: u64) {
        if let Some(account) = self.accounts.get_mut(&producer) {
            account.duplicate = account.duplicate.saturating_add(rows);
        }
    }

    pub(crate) fn count_rejected(&mut self, producer: EventId, rows: u64) {
        if let Some(account) = self.accounts.get_mut(&producer) {
            account.rejected = account.rejected.saturating_add(rows);
        }
    }

    /// A sign of life: everything below `next_pseq` was emitted. Of an older incarnation it changes nothing.
    pub(crate) fn beat(&mut self, producer: EventId, epoch: u32, next_pseq: u64, ts: UtcNanos) {
        let account = written_by(&mut self.accounts, producer, epoch);
        if account.epoch == epoch {
            account.promise(next_pseq, ts);
            account.ts_beat = account.ts_beat.max(Some(ts));
        }
    }

    /// No more rows of this incarnation, and everything below `next_pseq` was emitted.
    pub(crate) fn close(&mut self, producer: EventId, epoch: u32, next_pseq: u64, ts: UtcNanos) {
        let account = written_by(&mut self.accounts, producer, epoch);
        if account.epoch == epoch {
            account.promise(next_pseq, ts);
            account.is_closed = true;
        }
    }

    /// Rows will never come. What is there stays; what was lost by damage stays lost.
    ///
    /// A skip that continues another of the same producer and reason becomes one with it, and counts from the later
    /// of both declarations: dated by the first it would be known before it was.
    pub(crate) fn skip(&mut self, producer: EventId, epoch: u32, pseqs: Range<u64>, gap: Gap) {
        let account = written_by(&mut self.accounts, producer, epoch);
        if account.epoch != epoch {
            return;
        }
        let declared =
            Gap { kind: GapKind::Skipped, producer_id: Some(producer), is_repaired: false, ..gap };
        for part in account.skip(pseqs, declared.ts_declared) {
            let mut skip = Gap { pseqs: Some(part.clone()), ..declared.clone() };
            let mut whole = part;
            let before = self.skips.range(..(producer, whole.start)).next_back();
            let before = before.map(|(key, gap)| (*key, gap.clone()));
            let after = self.skips.get(&(producer, whole.end)).cloned();
            let after = after.map(|gap| ((producer, whole.end), gap));
            for (key, other) in before.into_iter().chain(after) {
                if let Some(theirs) = continues(&skip, &other) {
                    self.skips.remove(&key);
                    whole = whole.start.min(theirs.start)..whole.end.max(theirs.end);
                    skip.pseqs = Some(whole.clone());
                    skip.seq = skip.seq.max(other.seq);
                    skip.ts_avail = skip.ts_avail.max(other.ts_avail);
                    skip.ts_declared = skip.ts_declared.max(other.ts_declared);
                }
            }
            self.skips.insert((producer, whole.start), skip);
        }
    }

    /// Damage: the rows named by producer and number are lost and may be sent again.
    ///
    /// A gap that names no producer, or is not `damaged`, is only recorded.
    pub(crate) fn lose(&mut self, mut gap: Gap) {
        if gap.kind == GapKind::Damaged
            && let (Some(producer), Some(pseqs)) = (gap.producer_id, gap.pseqs.clone())
        {
            // Lost rows may be all that is left of a producer; its next Open frame raises the epoch.
            let account = written_by(&mut self.accounts, producer, 0);
            if account.lose(pseqs, gap.ts_declared) > 0 {
                gap.is_repaired = false;
            }
        }
        self.record(gap);
    }

    fn record(&mut self, gap: Gap) {
        let at = self.losses.partition_point(|other| other.order() <= gap.order());
        self.losses.insert(at, gap);
    }

    /// Everything below was seen: the row that a strict producer must send next.
    pub(crate) fn next_pseq(&self, producer: EventId) -> u64 {
        self.accounts.get(&producer).map_or(0, Account::next)
    }

    /// One above the largest row seen or promised.
    pub(crate) fn end_pseq(&self, producer: EventId) -> u64 {
        self.accounts.get(&producer).map_or(0, |account| account.end)
    }

    /// Parts of the range that the log does not hold; rows declared never to come count as held.
    pub(crate) fn holds(&self, producer: EventId, pseqs: Range<u64>) -> Vec<Range<u64>> {
        match self.accounts.get(&producer) {
            Some(account) => account.not_held(pseqs),
            None if pseqs.is_empty() => Vec::new(),
            None => vec![pseqs],
        }
    }

    /// Whether this damage was declared: a start may find it on record only.
    pub(crate) fn knows_damage(&self, segment: u64, bytes: &[u64; 2]) -> bool {
        let is_it = |g: &Gap| {
            g.segment_no == Some(segment)
                && g.bytes.as_ref().is_some_and(|b| [b.start, b.end] == *bytes)
        };
        self.losses.iter().any(is_it)
    }

    /// Rows that are durable here and were not `before`, by producer.
    pub(crate) fn stored_beyond(&self, before: &Self) -> Vec<(EventId, Range<u64>)> {
        let mut beyond = Vec::new();
        for (id, account) in &self.accounts {
            for run in account.durable.iter() {
                let parts = match before.accounts.get(id) {
                    Some(known) => known.durable.missing_in(run),
                    None => vec![run],
                };
                beyond.extend(parts.into_iter().map(|part| (*id, part)));
            }
        }
        beyond
    }

    /// The accounts as others see them, by producer id.
    pub(crate) fn accounts(&self, as_of_seq: u64, now: UtcNanos) -> Vec<ProducerAccount> {
        let publish = |(id, a): (&EventId, &Account)| a.publish(self.log_id, *id, as_of_seq, now);
        self.accounts.iter().map(publish).collect()
    }

    /// Declared gaps in the order of the log, then the missing ranges by producer.
    pub(crate) fn gaps(&self) -> Vec<Gap> {
        let mut gaps: Vec<Gap> = self.skips.values().chain(&self.losses).cloned().collect();
        gaps.sort_by_key(Gap::order);
        for (id, account) in &self.accounts {
            gaps.extend(account.missing.iter().map(|(pseqs, since)| Gap {
                producer_id: Some(*id),
                pseqs: Some(pseqs),
                ..Gap::new(GapKind::Missing, since)
            }));
        }
        gaps
    }
}

/// The rows of `other`, if it is a skip for the same reason that touches `skip`.
fn continues(skip: &Gap, other: &Gap) -> Option<Range<u64>> {
    let (ours, theirs) = skip.pseqs.as_ref().zip(other.pseqs.as_ref())?;
    let touches = ours.start == theirs.end || ours.end == theirs.start;
    let is_same = skip.producer_id == other.producer_id
        && skip.reason == other.reason
        && skip.table == other.table;
    (touches && is_same).then(|| theirs.clone())
}

/// The account that a frame in the log speaks of, even if its Open frame was lost by damage.
fn written_by(
    accounts: &mut BTreeMap<EventId, Account>,
    producer: EventId,
    epoch: u32,
) -> &mut Account {
    let account = accounts
        .entry(producer)
        .or_insert_with(|| Account::new(&producer.to_string(), ProducerMode::Strict, epoch, 0));
    if epoch > account.epoch {
        account.epoch = epoch;
        account.is_closed = false;
    }
    account
}

impl Ledger {
    /// Takes over the counts that only admission knows: duplicates and rejected rows.
    pub(crate) fn adopt_counts(&mut self, admission: &Self) {
        for (id, account) in &mut self.accounts {
            if let Some(theirs) = admission.accounts.get(id) {
                account.duplicate = theirs.duplicate;
                account.rejected = theirs.rejected;
            }
        }
    }
}

impl Ledger {
    /// Open producers that have emitted since their last beat, or all open ones: who, incarnation, next row.
    pub(crate) fn to_beat(&self, all: bool) -> Vec<(EventId, u32, u64)> {
        let due = |a: &Account| !a.is_closed && (all || a.promised.is_none_or(|p| p < a.end));
        let open = self.accounts.iter().filter(|(_, a)| due(a));
        open.map(|(id, a)| (*id, a.epoch, a.end)).collect()
    }
}
