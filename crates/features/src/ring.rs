//! The recent rows of one series of one instrument, with running totals and extremes by block.

use crate::measure::{Measure, MeasureKind};
use crate::rows::Columns;
use std::sync::Arc;

/// Rows a block: what a decision adds up at an edge, at most.
const BLOCK: usize = 16;
/// Blocks a super-block.
const BLOCKS: usize = 64;
/// Rows a super-block.
const SUPER: usize = BLOCK * BLOCKS;
/// Rows before a row on which what it adds may depend.
const LEAD: usize = 2;

/// What a plan wants of a series.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) measures: Vec<Arc<dyn Measure>>,
    pub(crate) extremes: bool,
    pub(crate) max_age_ns: i64,
    /// Which measures are levels.
    levels: Vec<bool>,
}

impl Wanted {
    /// Adds a measure unless it is there, and gives its place.
    pub(crate) fn place(&mut self, measure: &Arc<dyn Measure>) -> usize {
        if let Some(known) = self.measures.iter().position(|m| m.name() == measure.name()) {
            return known;
        }
        self.levels.push(measure.kind() == MeasureKind::Level);
        self.measures.push(Arc::clone(measure));
        self.measures.len() - 1
    }

    pub(crate) fn is_level(&self, at: usize) -> bool {
        self.levels.get(at).copied().unwrap_or(false)
    }
}

/// Place of a row in the order of all rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Key {
    pub(crate) ts: i64,
    pub(crate) log: u8,
    pub(crate) seq: u64,
}

/// A later version of a row, in force from its own key on.
#[derive(Debug)]
pub(crate) struct Patch<R> {
    pub(crate) known: Key,
    /// Running number of the row.
    pub(crate) no: u64,
    pub(crate) row: R,
    /// New minus old, for each measure.
    delta: Vec<i128>,
}

/// Rows `1..=settled` of `columns` are measured; row numbers are local and move when old rows are dropped.
#[derive(Debug)]
pub(crate) struct Ring<C, R = ()> {
    pub(crate) columns: C,
    /// Rows dropped so far: row `i` has the running number `dropped + i`.
    dropped: u64,
    settled: usize,
    /// For each block, the totals of all rows before it.
    totals: Vec<i128>,
    running: Vec<i128>,
    /// What the first two rows add, once rows before them are gone; by measure.
    lead: Vec<[i128; LEAD]>,
    extremes: Extremes,
    pub(crate) patches: Vec<Patch<R>>,
}

impl<C: Columns + Default, R: Copy> Ring<C, R> {
    pub(crate) fn new(wanted: &Wanted) -> Self {
        Self {
            columns: C::default(),
            dropped: 0,
            settled: 0,
            totals: vec![0; wanted.measures.len()],
            running: vec![0; wanted.measures.len()],
            lead: Vec::new(),
            extremes: Extremes::default(),
            patches: Vec::new(),
        }
    }

    /// Number of measured rows, which is also the last of them.
    pub(crate) fn settled(&self) -> usize {
        self.settled
    }

    pub(crate) fn number(&self, row: usize) -> u64 {
        self.dropped + row as u64
    }

    /// The row with a running number, if it is still here.
    pub(crate) fn row_of(&self, number: u64) -> Option<usize> {
        let row = usize::try_from(number.checked_sub(self.dropped)?).ok()?;
        (row >= 1).then_some(row)
    }

    /// Measures rows up to `to`, whose derived columns are complete.
    pub(crate) fn settle(&mut self, to: usize, wanted: &Wanted) {
        while self.settled < to {
            let end = (self.settled / BLOCK + 1) * BLOCK;
            if end > to {
                break;
            }
            // A whole block; a part of one is added up when it is asked for.
            let first = end - BLOCK + 1;
            for (at, measure) in wanted.measures.iter().enumerate() {
                let sum = self.sum(at, measure.as_ref(), first, end, wanted);
                if let Some(total) = self.running.get_mut(at) {
                    *total = total.wrapping_add(sum);
                }
            }
            self.totals.extend_from_slice(&self.running);
            if wanted.extremes {
                self.extremes.block(first, end, |row| self.columns.extreme(row));
            }
            self.settled = end;
        }
        self.settled = to.max(self.settled);
    }

    /// Sum over rows `first..=last`, at most a block of them.
    fn fill(
        &self,
        measure: &dyn Measure,
        is_level: bool,
        first: usize,
        last: usize,
        wanted: &Wanted,
    ) -> i128 {
        if first > last {
            return 0;
        }
        let mut buffer = [0_i128; BLOCK];
        let Some(out) = buffer.get_mut(..=last - first) else { return 0 };
        if !is_level {
            measure.fill(&self.columns.rows(first, last + 1), out);
            return out.iter().fold(0, |sum, x| sum.wrapping_add(*x));
        }
        // A row adds what the row before it held until then.
        let from = first.max(2);
        let Some(out) = out.get_mut(..=last.saturating_sub(from)) else { return 0 };
        if from > last {
            return 0;
        }
        measure.fill(&self.columns.rows(from - 1, last), out);
        let ts = self.columns.ts().get(from - 1..=last).unwrap_or(&[]);
        let spans = ts
            .iter()
            .zip(ts.iter().skip(1))
            .map(|(a, b)| b.saturating_sub(*a).min(wanted.max_age_ns));
        let each = out.iter().zip(spans);
        each.fold(0, |sum, (x, ns)| sum.wrapping_add(x.wrapping_mul(i128::from(ns))))
    }

    /// Total of a measure over rows `1..=row`, modulo 2^128.
    pub(crate) fn total(&self, at: usize, row: usize, wanted: &Wanted) -> i128 {
        wanted.measures.get(at).map_or(0, |m| self.whole(at, m.as_ref(), row, wanted))
    }

    /// The same, of a measure at hand.
    fn whole(&self, at: usize, measure: &dyn Measure, row: usize, wanted: &Wanted) -> i128 {
        let block = row / BLOCK;
        let before = self.totals.get(block * wanted.measures.len() + at).copied().unwrap_or(0);
        before.wrapping_add(self.sum(at, measure, block * BLOCK + 1, row, wanted))
    }

    /// Sum over rows `first..=last` of one block; of the first rows as it was when the rows before them were here.
    fn sum(
        &self,
        at: usize,
        measure: &dyn Measure,
        first: usize,
        last: usize,
        wanted: &Wanted,
    ) -> i128 {
        let is_level = wanted.is_level(at);
        let Some([one, two]) = self.lead.get(at).copied().filter(|_| first == 1) else {
            return self.fill(measure, is_level, first, last, wanted);
        };
        if is_level {
            // A row that is gone has held its level for as long as it could before anybody asks.
            return one.wrapping_add(self.fill(measure, true, 2, last, wanted));
        }
        let lead = match last {
            0 => 0,
            1 => one,
            _ => one.wrapping_add(two),
        };
        lead.wrapping_add(self.fill(measure, false, LEAD + 1, last, wanted))
    }

    /// What a level adds between its last row at or before `row` and the instant `ts`.
    pub(crate) fn tail(&self, at: usize, row: usize, ts: i64, wanted: &Wanted) -> i128 {
        let Some(measure) = wanted.measures.get(at) else { return 0 };
        if row == 0 {
            return 0;
        }
        let mut level = [0_i128];
        measure.fill(&self.columns.rows(row, row + 1), &mut level);
        let since = self.columns.ts().get(row).copied().unwrap_or(ts);
        let [level] = level;
        level.wrapping_mul(i128::from(ts.saturating_sub(since).min(wanted.max_age_ns)))
    }

    /// The last measured row before an instant; 0 when there is none.
    pub(crate) fn before(&self, ts: i64) -> usize {
        let all = self.columns.ts().get(1..=self.settled).unwrap_or(&[]);
        // Cut-offs are mostly close to the end.
        let mut step = BLOCK;
        let mut low = all.len();
        while low > 0 && all.get(low - 1).is_some_and(|t| *t >= ts) {
            low = low.saturating_sub(step);
            step *= 4;
        }
        let rest = all.get(low..).unwrap_or(&[]);
        low + rest.partition_point(|t| *t < ts)
    }

    /// Sum of the changes that later versions of rows `first..=last` made, as known before `known`.
    pub(crate) fn patched(&self, at: usize, first: usize, last: usize, known: Key) -> i128 {
        let inside = |p: &&Patch<R>| {
            p.known < known && self.row_of(p.no).is_some_and(|row| (first..=last).contains(&row))
        };
        let deltas = self.patches.iter().filter(inside).filter_map(|p| p.delta.get(at));
        deltas.fold(0, |sum, d| sum.wrapping_add(*d))
    }

    /// The version of a row that was known before `known`, if there is a later one than its own.
    pub(crate) fn version(&self, row: usize, known: Key) -> Option<&R> {
        if self.patches.is_empty() {
            return None;
        }
        let number = self.number(row);
        let known = self.patches.iter().rev().find(|p| p.no == number && p.known < known);
        known.map(|p| &p.row)
    }

    /// Smallest and largest value of rows `first..=last`, as known before `known`.
    pub(crate) fn extreme(
        &self,
        first: usize,
        last: usize,
        known: Key,
        value: impl Fn(&R) -> Option<i128>,
    ) -> Option<(i128, i128)> {
        let at = |row: usize| match self.version(row, known) {
            Some(version) => value(version),
            None => self.columns.extreme(row),
        };
        let changed = |from: usize, to: usize| {
            self.patches.iter().any(|p| {
                p.known < known && self.row_of(p.no).is_some_and(|r| (from..=to).contains(&r))
            })
        };
        self.extremes.range(first, last, at, changed)
    }

    /// Adds a later version of a row, given columns that hold at `place` the row as it was and as it is now.
    pub(crate) fn patch(
        &mut self,
        known: Key,
        row: usize,
        new: R,
        (old_columns, new_columns, place): (&C, &C, usize),
        wanted: &Wanted,
    ) {
        let one = |columns: &C, measure: &dyn Measure| {
            let mut out = [0_i128];
            measure.fill(&columns.rows(place, place + 1), &mut out);
            let [value] = out;
            value
        };
        let delta = wanted
            .measures
            .iter()
            .map(|m| one(new_columns, m.as_ref()).wrapping_sub(one(old_columns, m.as_ref())))
            .collect();
        let no = self.number(row);
        self.patches.push(Patch { known, no, row: new, delta });
    }

    /// Forgets rows before an instant, in whole blocks and only when that halves the ring.
    ///
    /// Gives the number of rows that went.
    pub(crate) fn forget(&mut self, before: i64, wanted: &Wanted) -> usize {
        // What the first rows that stay add depends on rows that go.
        let gone = self.before(before).min(self.settled.saturating_sub(LEAD)) / BLOCK * BLOCK;
        if gone < self.columns.ts().len() / 2 || gone == 0 {
            return 0;
        }
        let lead = |at: usize, measure: &dyn Measure| {
            let total = |row: usize| self.whole(at, measure, row, wanted);
            [1, LEAD].map(|n| total(gone + n).wrapping_sub(total(gone + n - 1)))
        };
        let lead: Vec<[i128; LEAD]> =
            wanted.measures.iter().enumerate().map(|(at, m)| lead(at, m.as_ref())).collect();
        self.lead = lead;
        self.columns.drop_front(gone);
        self.totals.drain(..gone / BLOCK * wanted.measures.len());
        self.extremes.drop_front(gone);
        self.settled -= gone;
        self.dropped += gone as u64;
        let dropped = self.dropped;
        self.patches.retain(|p| p.no > dropped);
        gone
    }
}

/// Smallest and largest value by block and super-block.
#[derive(Debug, Default)]
struct Extremes {
    blocks: Vec<Option<(i128, i128)>>,
    supers: Vec<Option<(i128, i128)>>,
}

fn wider(a: Option<(i128, i128)>, b: Option<(i128, i128)>) -> Option<(i128, i128)> {
    match (a, b) {
        (Some((al, ah)), Some((bl, bh))) => Some((al.min(bl), ah.max(bh))),
        (some, None) | (None, some) => some,
    }
}

impl Extremes {
    fn block(&mut self, first: usize, last: usize, at: impl Fn(usize) -> Option<i128>) {
        let all = (first..=last).fold(None, |range, row| wider(range, at(row).map(|v| (v, v))));
        self.blocks.push(all);
        if self.blocks.len().is_multiple_of(BLOCKS) {
            let tail = self.blocks.len() - BLOCKS;
            let all = self.blocks.get(tail..).unwrap_or(&[]);
            self.supers.push(all.iter().fold(None, |range, block| wider(range, *block)));
        }
    }

    fn range(
        &self,
        first: usize,
        last: usize,
        at: impl Fn(usize) -> Option<i128>,
        changed: impl Fn(usize, usize) -> bool,
    ) -> Option<(i128, i128)> {
        let mut range = None;
        let mut row = first;
        while row <= last {
            let at_super = (row - 1).is_multiple_of(SUPER) && row + SUPER - 1 <= last;
            if at_super
                && let Some(all) = self.supers.get((row - 1) / SUPER)
                && !changed(row, row + SUPER - 1)
            {
                range = wider(range, *all);
                row += SUPER;
                continue;
            }
            let at_block = (row - 1).is_multiple_of(BLOCK) && row + BLOCK - 1 <= last;
            if at_block
                && let Some(all) = self.blocks.get((row - 1) / BLOCK)
                && !changed(row, row + BLOCK - 1)
            {
                range = wider(range, *all);
                row += BLOCK;
                continue;
            }
            range = wider(range, at(row).map(|v| (v, v)));
            row += 1;
        }
        range
    }

    fn drop_front(&mut self, rows: usize) {
        let blocks = (rows / BLOCK).min(self.blocks.len());
        self.blocks.drain(..blocks);
        let all = |blocks: &[Option<(i128, i128)>]| {
            blocks.iter().fold(None, |range, block| wider(range, *block))
        };
        self.supers = self.blocks.chunks_exact(BLOCKS).map(all).collect();
    }
}
