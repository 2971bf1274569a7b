//! Rows that were emitted and are not there, and since when.

use crate::runs::len;
use contract::UtcNanos;
use std::collections::BTreeMap;
use std::ops::Range;

/// Disjoint half-open ranges of missing rows, each with the time at which it was noticed.
///
/// The time stands by range: holes of a second each, one after the other, must not add up to an old one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Holes {
    by_start: BTreeMap<u64, (u64, UtcNanos)>,
    count: u64,
}

impl Holes {
    /// Adds a range above all others.
    pub(super) fn push(&mut self, range: Range<u64>, since: UtcNanos) {
        if range.is_empty() {
            return;
        }
        self.count += len(&range);
        match self.by_start.last_entry() {
            Some(mut last) if *last.get() == (range.start, since) => last.get_mut().0 = range.end,
            _ => {
                self.by_start.insert(range.start, (range.end, since));
            }
        }
    }

    /// Takes rows out.
    pub(super) fn remove(&mut self, range: &Range<u64>) {
        while let Some((start, (end, since))) = self.first_in(range) {
            self.by_start.remove(&start);
            let cut = range.start.max(start)..range.end.min(end);
            self.count -= len(&cut);
            if start < cut.start {
                self.by_start.insert(start, (cut.start, since));
            }
            if cut.end < end {
                self.by_start.insert(cut.end, (end, since));
            }
        }
    }

    fn first_in(&self, range: &Range<u64>) -> Option<(u64, (u64, UtcNanos))> {
        if range.is_empty() {
            return None;
        }
        let below = self.by_start.range(..range.start).next_back();
        below
            .filter(|(_, (end, _))| *end > range.start)
            .or_else(|| self.by_start.range(range.clone()).next())
            .map(|(start, hole)| (*start, *hole))
    }

    /// Rows in all.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The lowest missing row.
    pub(super) fn first(&self) -> Option<u64> {
        self.by_start.first_key_value().map(|(start, _)| *start)
    }

    /// One above the highest missing row, 0 without one.
    pub(super) fn end(&self) -> u64 {
        self.by_start.last_key_value().map_or(0, |(_, (end, _))| *end)
    }

    /// When the oldest of them was noticed.
    pub(super) fn oldest(&self) -> Option<UtcNanos> {
        self.by_start.values().map(|(_, since)| *since).min()
    }

    /// The ranges in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Range<u64>, UtcNanos)> + '_ {
        self.by_start.iter().map(|(start, (end, since))| (*start..*end, *since))
    }
}
