//! A column of prices with the extremes of its blocks: range minimum, range maximum and first touch without a scan.

use super::ABSENT;

/// Rows of a block.
const BLOCK: usize = 64;
/// Blocks of a wide block.
const FAN: usize = 64;
/// Rows of a wide block.
pub(super) const WIDE: usize = BLOCK * FAN;

/// Lowest and highest price; the lowest above the highest when there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    low: i64,
    high: i64,
}

impl Span {
    const EMPTY: Self = Self { low: i64::MAX, high: i64::MIN };

    fn with(self, px: i64) -> Self {
        if px == ABSENT {
            return self;
        }
        Self { low: self.low.min(px), high: self.high.max(px) }
    }

    fn join(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    fn is_outside(self, at_most: i64, at_least: i64) -> bool {
        self.low <= self.high && (self.low <= at_most || self.high >= at_least)
    }
}

/// Prices of one side, some of them absent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Extremes {
    px: Vec<i64>,
    blocks: Vec<Span>,
    wide: Vec<Span>,
}

impl Extremes {
    pub(super) fn get(&self, at: usize) -> Option<i64> {
        self.px.get(at).copied()
    }

    pub(super) fn push(&mut self, px: i64) {
        let at = self.px.len();
        self.px.push(px);
        if at.is_multiple_of(BLOCK) {
            self.blocks.push(Span::EMPTY);
        }
        if at.is_multiple_of(WIDE) {
            self.wide.push(Span::EMPTY);
        }
        if let (Some(block), Some(wide)) = (self.blocks.last_mut(), self.wide.last_mut()) {
            *block = block.with(px);
            *wide = wide.with(px);
        }
    }

    pub(super) fn insert(&mut self, at: usize, px: i64) {
        self.px.insert(at, px);
        self.rebuild(at);
    }

    pub(super) fn remove(&mut self, at: usize) {
        self.px.remove(at);
        self.rebuild(at);
    }

    /// Drops rows from the front: a whole number of wide blocks.
    pub(super) fn forget(&mut self, rows: usize) {
        self.px.drain(..rows);
        self.blocks.drain(..rows / BLOCK);
        self.wide.drain(..rows / WIDE);
    }

    /// Makes the blocks anew from a row on.
    fn rebuild(&mut self, from: usize) {
        let first_wide = from / WIDE;
        self.wide.truncate(first_wide);
        self.blocks.truncate(first_wide * FAN);
        let rows = self.px.get(first_wide * WIDE..).unwrap_or_default();
        for chunk in rows.chunks(WIDE) {
            let mut wide = Span::EMPTY;
            for block in chunk.chunks(BLOCK) {
                let span = block.iter().fold(Span::EMPTY, |span, px| span.with(*px));
                wide = wide.join(span);
                self.blocks.push(span);
            }
            self.wide.push(wide);
        }
    }

    /// Pieces of `from..to`: rows, or the number of a block or wide block that lies in it whole.
    fn pieces(&self, from: usize, to: usize) -> impl Iterator<Item = (Span, usize, usize)> + '_ {
        let to = to.min(self.px.len());
        let mut at = from;
        std::iter::from_fn(move || {
            if at >= to {
                return None;
            }
            let start = at;
            if at.is_multiple_of(WIDE) && at + WIDE <= to {
                at += WIDE;
                return Some((*self.wide.get(start / WIDE)?, start, at));
            }
            if at.is_multiple_of(BLOCK) && at + BLOCK <= to {
                at += BLOCK;
                return Some((*self.blocks.get(start / BLOCK)?, start, at));
            }
            at = to.min((start / BLOCK + 1) * BLOCK);
            let rows = self.px.get(start..at)?;
            Some((rows.iter().fold(Span::EMPTY, |span, px| span.with(*px)), start, at))
        })
    }

    /// Places of the lowest and highest price in `from..to`, each the earliest.
    pub(super) fn range(&self, from: usize, to: usize) -> Option<(usize, usize)> {
        let mut low: Option<(i64, usize, usize)> = None;
        let mut high: Option<(i64, usize, usize)> = None;
        for (span, start, end) in self.pieces(from, to) {
            if span.low > span.high {
                continue;
            }
            if low.is_none_or(|(px, ..)| span.low < px) {
                low = Some((span.low, start, end));
            }
            if high.is_none_or(|(px, ..)| span.high > px) {
                high = Some((span.high, start, end));
            }
        }
        let find = |(px, start, end)| self.find(start, end, |p| p == px);
        Some((find(low?)?, find(high?)?))
    }

    /// The first row of a piece for which something holds.
    fn find(&self, start: usize, end: usize, holds: impl Fn(i64) -> bool) -> Option<usize> {
        let rows = self.px.get(start..end)?;
        rows.iter().position(|px| *px != ABSENT && holds(*px)).map(|at| start + at)
    }

    /// The first row in `from..to` at or below one price, or at or above another.
    pub(super) fn first_outside(
        &self,
        from: usize,
        to: usize,
        at_most: i64,
        at_least: i64,
    ) -> Option<usize> {
        for (span, start, end) in self.pieces(from, to) {
            if !span.is_outside(at_most, at_least) {
                continue;
            }
            // Of a wide block, the first block that has it.
            for block in start / BLOCK..end.div_ceil(BLOCK) {
                let (from, to) = (start.max(block * BLOCK), end.min((block + 1) * BLOCK));
                let whole = self.blocks.get(block).is_some_and(|b| b.is_outside(at_most, at_least));
                if !whole {
                    continue;
                }
                if let Some(at) = self.find(from, to, |px| px <= at_most || px >= at_least) {
                    return Some(at);
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scan(px: &[i64], from: usize, to: usize) -> Option<(usize, usize)> {
        let rows = || (from..to.min(px.len())).filter(|at| px[*at] != ABSENT);
        let low = rows().min_by_key(|at| (px[*at], *at))?;
        let high = rows().min_by_key(|at| (std::cmp::Reverse(px[*at]), *at))?;
        Some((low, high))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn extremes_and_touches_are_those_of_a_scan(
            moves in prop::collection::vec(-3_i64..=3, 1..9_000),
            bounds in prop::collection::vec((0_usize..9_000, 0_usize..9_000, -40_i64..40, 1_i64..60), 8),
            inserted in prop::collection::vec((0_usize..9_000, -50_i64..50), 0..4),
            forgotten in 0_usize..2,
        ) {
            let mut level = 0;
            let mut px: Vec<i64> = moves
                .iter()
                .map(|m| { level += m; if *m == 3 { ABSENT } else { level } })
                .collect();
            let mut column = Extremes::default();
            for p in &px {
                column.push(*p);
            }
            for (at, p) in inserted {
                let at = at.min(px.len());
                px.insert(at, p);
                column.insert(at, p);
            }
            if forgotten == 1 && px.len() > WIDE {
                px.drain(..WIDE);
                column.forget(WIDE);
            }
            for (from, to, low, width) in bounds {
                prop_assert_eq!(column.range(from, to), scan(&px, from, to));
                let (at_most, at_least) = (low, low + width);
                let expected = (from..to.min(px.len()))
                    .find(|at| px[*at] != ABSENT && (px[*at] <= at_most || px[*at] >= at_least));
                prop_assert_eq!(column.first_outside(from, to, at_most, at_least), expected);
            }
        }
    }
}
