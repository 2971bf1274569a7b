//! What readers of the same process may see, and the last of it in memory.

use crate::entry::Entry;
use std::collections::VecDeque;
use std::sync::Arc;

/// How far the log is durable, and the entries of the last stretch.
#[derive(Debug)]
pub(crate) struct Shown {
    /// All frames below are durable.
    pub(crate) durable_frame: u64,
    /// All numbers below are durable.
    pub(crate) durable_seq: u64,
    /// All numbers below were admitted.
    pub(crate) admitted_seq: u64,
    /// Entries with a number, oldest first.
    ring: VecDeque<Arc<Entry>>,
    /// Every number from here on is in the ring.
    pub(crate) ring_start: u64,
    bytes: u64,
    limit: u64,
    pub(crate) is_over: bool,
    /// Readers that wait for rows which are not durable yet. Only for them does an append wake anybody: the others
    /// would be woken once a batch and find nothing.
    pub(crate) eager: usize,
}

impl Shown {
    pub(crate) fn new(durable_frame: u64, durable_seq: u64, next_seq: u64, limit: u64) -> Self {
        Self {
            durable_frame,
            durable_seq,
            admitted_seq: next_seq,
            ring: VecDeque::new(),
            ring_start: next_seq,
            bytes: 0,
            limit,
            is_over: false,
            eager: 0,
        }
    }

    /// Takes an admitted entry; durable ones leave when memory is short.
    pub(crate) fn push(&mut self, entry: &Arc<Entry>) {
        self.admitted_seq = self.admitted_seq.max(entry.end_seq());
        if entry.kind.seqs(entry.rows) == 0 {
            return;
        }
        self.bytes += entry.len();
        self.ring.push_back(Arc::clone(entry));
        while self.bytes > self.limit
            && let Some(old) = self.ring.front().filter(|e| e.end_seq() <= self.durable_seq)
        {
            self.bytes -= old.len();
            self.ring_start = old.end_seq();
            self.ring.pop_front();
        }
    }

    /// Lets go of entries below a number: what was declared lost is not served from memory, for it may come again.
    pub(crate) fn forget(&mut self, end_seq: u64) {
        while let Some(old) = self.ring.front().filter(|e| e.first_seq < end_seq) {
            self.bytes -= old.len();
            self.ring_start = old.end_seq();
            self.ring.pop_front();
        }
    }

    /// The entry that holds this number or the next one that is there, if it lies below `limit`.
    pub(crate) fn entry(&self, seq: u64, limit: u64) -> Option<Arc<Entry>> {
        let at = self.ring.partition_point(|e| e.end_seq() <= seq);
        self.ring.get(at).filter(|e| e.end_seq() <= limit).cloned()
    }
}
