//! The prices at which positions of one instrument could be left, with the questions that outcomes ask of them.

mod extremes;

use crate::key::Key;
use extremes::Extremes;

/// No price on this side.
pub(crate) const ABSENT: i64 = i64::MIN;

/// Side of the path: where a long position exits, or where a short one does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// A long position exits here; a short one enters.
    Down,
    /// A short position exits here; a long one enters.
    Up,
}

impl Exit {
    pub(crate) fn of(sign: i128) -> Self {
        if sign > 0 { Self::Down } else { Self::Up }
    }

    pub(crate) fn other(self) -> Self {
        match self {
            Self::Down => Self::Up,
            Self::Up => Self::Down,
        }
    }
}

/// One row of a path; prices are doubled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PathRow {
    pub(crate) key: Key,
    pub(crate) avail: i64,
    pub(crate) down: i64,
    pub(crate) up: i64,
}

impl PathRow {
    pub(crate) fn side(&self, side: Exit) -> Option<i64> {
        let px = match side {
            Exit::Down => self.down,
            Exit::Up => self.up,
        };
        (px != ABSENT).then_some(px)
    }
}

/// Rows are known to be lost between two instants, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gap {
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) seq: u64,
}

/// The path of one instrument, in the order of keys.
#[derive(Debug, Clone, Default)]
pub(crate) struct Path {
    ts: Vec<i64>,
    seq: Vec<u64>,
    avail: Vec<i64>,
    down: Extremes,
    up: Extremes,
    /// Rows that were not eligible.
    excluded: Vec<Key>,
    /// From when on trading was halted or not.
    halts: Vec<(Key, bool)>,
    gaps: Vec<Gap>,
}

/// What a look-up as of an instant found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Latest {
    /// The last row has a price on the side.
    Price(PathRow, i64),
    /// The last row has none.
    Missing(PathRow),
    /// Rows are lost between the last row and the instant.
    Lost,
    /// There is no row.
    Nothing,
}

impl Path {
    pub(crate) fn len(&self) -> usize {
        self.ts.len()
    }

    pub(crate) fn row(&self, at: usize) -> Option<PathRow> {
        Some(PathRow {
            key: Key::new(*self.ts.get(at)?, *self.seq.get(at)?),
            avail: *self.avail.get(at)?,
            down: self.down.get(at)?,
            up: self.up.get(at)?,
        })
    }

    /// Takes a row to its place.
    pub(crate) fn insert(&mut self, row: PathRow) {
        let is_last = self
            .ts
            .last()
            .zip(self.seq.last())
            .is_none_or(|(ts, seq)| Key::new(*ts, *seq) < row.key);
        if is_last {
            self.ts.push(row.key.ts);
            self.seq.push(row.key.seq);
            self.avail.push(row.avail);
            self.down.push(row.down);
            self.up.push(row.up);
            return;
        }
        let at = self.before(row.key);
        self.ts.insert(at, row.key.ts);
        self.seq.insert(at, row.key.seq);
        self.avail.insert(at, row.avail);
        self.down.insert(at, row.down);
        self.up.insert(at, row.up);
    }

    /// Takes a row out again: a print that was cancelled.
    pub(crate) fn remove(&mut self, key: Key) -> bool {
        let at = self.before(key);
        if self.row(at).is_none_or(|row| row.key != key) {
            return false;
        }
        self.ts.remove(at);
        self.seq.remove(at);
        self.avail.remove(at);
        self.down.remove(at);
        self.up.remove(at);
        self.exclude(key);
        true
    }

    /// Takes rows with prices between two keys out again.
    pub(crate) fn exclude_between(&mut self, after: Key, before: Option<Key>) {
        let from = self.through(after);
        let to = before.map_or(self.len(), |key| self.before(key));
        let keys: Vec<Key> = (from..to)
            .filter_map(|at| self.row(at))
            .filter(|row| row.down != ABSENT || row.up != ABSENT)
            .map(|row| row.key)
            .collect();
        for key in keys {
            self.remove(key);
        }
    }

    /// Counts a row that is not eligible.
    pub(crate) fn exclude(&mut self, key: Key) {
        let at = self.excluded.partition_point(|known| *known < key);
        self.excluded.insert(at, key);
    }

    /// Trading is halted, or not, from a status on.
    pub(crate) fn status(&mut self, key: Key, is_halted: bool) {
        let at = self.halts.partition_point(|(known, _)| *known < key);
        self.halts.insert(at, (key, is_halted));
    }

    pub(crate) fn gap(&mut self, gap: Gap) {
        self.gaps.push(gap);
    }

    /// Whether trading is halted at a key.
    pub(crate) fn is_halted(&self, key: Key) -> bool {
        let at = self.halts.partition_point(|(known, _)| *known <= key);
        at.checked_sub(1).and_then(|at| self.halts.get(at)).is_some_and(|(_, halted)| *halted)
    }

    /// Keys of the halt that begins at a key: its end is the next status that says otherwise.
    pub(crate) fn halt_end(&self, key: Key) -> Option<Key> {
        let at = self.halts.partition_point(|(known, _)| *known <= key);
        self.halts.iter().skip(at).find(|(_, halted)| !halted).map(|(key, _)| *key)
    }

    /// Halts that begin between two keys; each is a row without prices.
    pub(crate) fn halts_in(&self, after: Key, until: i64) -> usize {
        let inside = self.halts.iter().filter(|(key, _)| *key > after && key.ts <= until);
        inside.filter(|(_, halted)| *halted).count()
    }

    /// The first gap that overlaps `[from, to]`.
    pub(crate) fn gap_in(&self, from: i64, to: i64) -> Option<Gap> {
        let overlapping = self.gaps.iter().filter(|gap| gap.from <= to && gap.to >= from);
        overlapping.min_by_key(|gap| (gap.from, gap.seq)).copied()
    }

    /// Number of rows with a smaller key.
    pub(crate) fn before(&self, key: Key) -> usize {
        let from = self.ts.partition_point(|ts| *ts < key.ts);
        let same = self.ts.get(from..).map_or(0, |rest| rest.partition_point(|ts| *ts == key.ts));
        let seqs = self.seq.get(from..from + same).unwrap_or_default();
        from + seqs.partition_point(|seq| *seq < key.seq)
    }

    /// Number of rows up to an instant, itself included.
    pub(crate) fn up_to(&self, ts: i64) -> usize {
        self.ts.partition_point(|known| *known <= ts)
    }

    /// Whether a price of the path is known up to an instant; a halt is none.
    pub(crate) fn has_row_by(&self, ts: i64) -> bool {
        let is_halt = |row: PathRow| self.halts.iter().any(|(key, is)| *is && *key == row.key);
        (0..self.up_to(ts)).filter_map(|at| self.row(at)).any(|row| !is_halt(row))
    }

    /// Number of rows up to a key, itself included.
    pub(crate) fn through(&self, key: Key) -> usize {
        self.before(key) + usize::from(self.row(self.before(key)).is_some_and(|r| r.key == key))
    }

    /// Rows between an entry and an end that were not eligible.
    pub(crate) fn excluded_in(&self, after: Key, until: i64) -> usize {
        let from = self.excluded.partition_point(|key| *key <= after);
        let to = self.excluded.partition_point(|key| key.ts <= until);
        to.saturating_sub(from)
    }

    /// The price of a side at an instant: that of the last row up to it.
    pub(crate) fn latest_at(&self, ts: i64, side: Exit) -> Latest {
        self.latest(self.up_to(ts), ts, side)
    }

    /// The price of a side just before a key.
    pub(crate) fn latest_before(&self, key: Key, side: Exit) -> Latest {
        self.latest(self.before(key), key.ts, side)
    }

    fn latest(&self, end: usize, ts: i64, side: Exit) -> Latest {
        let Some(row) = end.checked_sub(1).and_then(|at| self.row(at)) else {
            return Latest::Nothing;
        };
        if self.gap_in(row.key.ts, ts).is_some() {
            return Latest::Lost;
        }
        match row.side(side) {
            Some(px) => Latest::Price(row, px),
            None => Latest::Missing(row),
        }
    }

    /// The first row after an instant with a price on the side, up to another instant.
    pub(crate) fn first_after(&self, ts: i64, until: i64, side: Exit) -> Option<(PathRow, i64)> {
        let to = self.up_to(until);
        (self.up_to(ts)..to).find_map(|at| {
            let row = self.row(at)?;
            row.side(side).map(|px| (row, px))
        })
    }

    fn series(&self, side: Exit) -> &Extremes {
        match side {
            Exit::Down => &self.down,
            Exit::Up => &self.up,
        }
    }

    /// Rows with the lowest and the highest price of a side among the rows `from..to`, each the earliest.
    pub(crate) fn extremes(&self, from: usize, to: usize, side: Exit) -> Option<[PathRow; 2]> {
        let (low, high) = self.series(side).range(from, to)?;
        Some([self.row(low)?, self.row(high)?])
    }

    /// The first row in `from..to` whose price is at or below one bound, or at or above another.
    pub(crate) fn first_outside(
        &self,
        from: usize,
        to: usize,
        side: Exit,
        (at_most, at_least): (i64, i64),
    ) -> Option<PathRow> {
        self.series(side).first_outside(from, to, at_most, at_least).and_then(|at| self.row(at))
    }

    /// Keys of the first and last of some rows.
    pub(crate) fn span(&self, from: usize, to: usize) -> Option<(Key, Key)> {
        let last = to.checked_sub(1).filter(|last| *last >= from)?;
        Some((self.row(from)?.key, self.row(last)?.key))
    }

    /// Drops rows before an instant, but the last of them.
    pub(crate) fn forget(&mut self, before: i64) {
        let drop = self.ts.partition_point(|ts| *ts < before).saturating_sub(1);
        // A whole number of blocks, and not for a few rows.
        let drop = drop - drop % extremes::WIDE;
        if drop == 0 {
            return;
        }
        self.ts.drain(..drop);
        self.seq.drain(..drop);
        self.avail.drain(..drop);
        self.down.forget(drop);
        self.up.forget(drop);
        let gone = self.excluded.partition_point(|key| key.ts < before);
        self.excluded.drain(..gone);
        self.gaps.retain(|gap| gap.to >= before);
        let old = self.halts.partition_point(|(key, _)| key.ts < before).saturating_sub(1);
        self.halts.drain(..old);
    }
}

impl Path {
    /// Time of `[from, to]` that gaps cover, each instant counted once.
    pub(crate) fn gap_length(&self, from: i64, to: i64) -> i64 {
        let clipped = self.gaps.iter().map(|gap| (gap.from.max(from), gap.to.min(to)));
        let mut parts: Vec<(i64, i64)> = clipped.filter(|(from, to)| from < to).collect();
        parts.sort_unstable();
        let (mut sum, mut covered) = (0, from);
        for (from, to) in parts {
            sum += (to - from.max(covered)).max(0);
            covered = covered.max(to);
        }
        sum
    }
}
