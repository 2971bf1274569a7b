//! What was admitted and is not durable yet.

use crate::entry::Entry;
use crate::error::{AppendError, Pressure};
use crate::format::body::StoredSchema;
use crate::ledger::Ledger;
use crate::recent::Recent;
use crate::ticket::{Ack, Level, Promise};
use contract::EventId;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Whether the log takes rows.
#[derive(Debug, Clone)]
pub(crate) enum State {
    Open,
    Closed,
    Poisoned(Arc<str>),
}

/// Somebody who waits for the disk.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// Entries admitted up to here must have reached the level.
    pub(crate) upto: u64,
    pub(crate) level: Level,
    pub(crate) promise: Arc<Promise>,
    pub(crate) ack: Ack,
}

/// State behind the one lock that gives numbers.
#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) state: State,
    /// Accounts that include what is queued.
    pub(crate) ledger: Ledger,
    pub(crate) recents: BTreeMap<EventId, Recent>,
    /// By number, from 1.
    pub(crate) schemas: Vec<Arc<StoredSchema>>,
    pub(crate) next_seq: u64,
    pub(crate) log_clock: i64,
    pub(crate) entries: VecDeque<Arc<Entry>>,
    /// Entries ever admitted and ever durable.
    pub(crate) admitted: u64,
    pub(crate) committed: u64,
    pub(crate) waiting: VecDeque<Waiting>,
    /// In flight: queued, or in the group that is being written.
    pub(crate) cost: u64,
    pub(crate) rows: u64,
    /// Bytes left in the active segment.
    pub(crate) active_left: u64,
    pub(crate) spares_ready: usize,
    /// Free and needed bytes when the last preparation found no room.
    pub(crate) disk_full: Option<(u64, u64)>,
    /// Bytes of a snapshot, which every further segment starts with.
    pub(crate) snapshot_bytes: u64,
    /// The committer waits for something to be queued. A wake-up that nobody waits for is a system call too.
    pub(crate) is_committer_idle: bool,
    pub(crate) are_chores_due: bool,
}

/// What admission is measured against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) credit_bytes: u64,
    pub(crate) credit_rows: u64,
    pub(crate) segment_bytes: u64,
    /// Largest part of a segment that may stay unused at its end.
    pub(crate) waste: u64,
}

impl Queue {
    /// Nothing queued, behind what was recovered.
    pub(crate) fn new(
        ledger: Ledger,
        recents: BTreeMap<EventId, Recent>,
        schemas: Vec<Arc<StoredSchema>>,
        next_seq: u64,
        log_clock: i64,
    ) -> Self {
        Self {
            state: State::Open,
            ledger,
            recents,
            schemas,
            next_seq,
            log_clock,
            entries: VecDeque::new(),
            admitted: 0,
            committed: 0,
            waiting: VecDeque::new(),
            cost: 0,
            rows: 0,
            active_left: 0,
            spares_ready: 0,
            disk_full: None,
            snapshot_bytes: 0,
            is_committer_idle: false,
            are_chores_due: false,
        }
    }

    /// Room for rows in the active and the prepared segments.
    fn room(&self, limits: &Limits) -> u64 {
        let usable = |bytes: u64| bytes.saturating_sub(limits.waste);
        let fresh = limits
            .segment_bytes
            .saturating_sub(crate::format::segment::FIRST_GROUP + self.snapshot_bytes);
        usable(self.active_left) + usable(fresh) * self.spares_ready as u64
    }

    /// What stands against admitting this much more.
    pub(crate) fn pressure(&self, limits: &Limits, cost: u64, rows: u64) -> Option<Pressure> {
        let is_idle = self.cost == 0;
        // A single batch may exceed a small credit when nothing else is in flight.
        let is_over =
            self.cost + cost > limits.credit_bytes || self.rows + rows > limits.credit_rows;
        if self.cost + cost > self.room(limits) {
            return Some(match self.disk_full {
                Some((free, needed)) => Pressure::Disk { free, needed },
                None => Pressure::Credit,
            });
        }
        (is_over && !is_idle).then_some(Pressure::Credit)
    }

    pub(crate) fn check_open(&self) -> Result<(), AppendError> {
        match &self.state {
            State::Open => Ok(()),
            State::Closed => Err(AppendError::Closed),
            State::Poisoned(cause) => Err(AppendError::Poisoned(Arc::clone(cause))),
        }
    }

    /// Numbers an entry and queues it.
    pub(crate) fn admit(&mut self, mut entry: Entry) -> Arc<Entry> {
        entry.first_seq = self.next_seq;
        entry.avail_floor = self.log_clock;
        self.next_seq = entry.end_seq();
        self.log_clock = self.log_clock.max(entry.receipt.unwrap_or(i64::MIN));
        self.cost += entry.cost();
        self.rows += u64::from(entry.rows);
        self.admitted += 1;
        let entry = Arc::new(entry);
        self.entries.push_back(Arc::clone(&entry));
        entry
    }

    /// Number of a schema, and the entry that defines it when it is new.
    pub(crate) fn schema_no(&mut self, schema: &Arc<StoredSchema>) -> u32 {
        let same = |s: &Arc<StoredSchema>| Arc::ptr_eq(s, schema) || s.message == schema.message;
        let at = self.schemas.iter().position(same);
        let number = |at: usize| u32::try_from(at + 1).unwrap_or(u32::MAX);
        if let Some(at) = at {
            return number(at);
        }
        self.schemas.push(Arc::clone(schema));
        let no = number(self.schemas.len() - 1);
        self.admit(Entry::schema(no, schema));
        no
    }

    /// A promise that is kept once everything admitted so far has reached the level.
    pub(crate) fn promise(&mut self, level: Level, ack: Ack) -> Arc<Promise> {
        let promise = Promise::new();
        if self.admitted == self.committed {
            promise.complete(Ok(ack));
        } else {
            let upto = self.admitted;
            self.waiting.push_back(Waiting { upto, level, promise: Arc::clone(&promise), ack });
        }
        promise
    }

    /// Takes what fits into a group: at least one entry when there is one.
    pub(crate) fn take_group(&mut self, bytes: u64) -> Vec<Arc<Entry>> {
        let mut group = Vec::new();
        let mut len = 0;
        while let Some(entry) = self.entries.front() {
            if !group.is_empty() && len + entry.len() > bytes {
                break;
            }
            len += entry.len();
            group.extend(self.entries.pop_front());
        }
        group
    }
}
