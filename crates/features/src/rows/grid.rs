//! Mids of one instrument at the instants of the 1 s grid.

use super::{Columns, Rows, drop_front};
use crate::exact::{BITS_60, fix, log_ret};

/// What was seen by the cut-off at an instant of the grid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// The instant, a multiple of 1 s, in nanoseconds.
    pub ts: i64,
    /// Twice the mid in units of 1e-9; `None` when the state was missing, invalid or stale.
    pub mid2: Option<i64>,
    /// Log return since the instant before, if both mids are there and positive.
    pub ret: Option<f64>,
    /// The same in units of 2^-60; 0 without a return.
    pub ret60: i128,
    /// Signed size traded in the second before the instant, in units of 1e-9.
    pub signed_size: i128,
    /// Trades in that second.
    pub n_trades: u32,
}

impl Cell {
    pub(crate) const ABSENT: Self =
        Self { ts: i64::MIN, mid2: None, ret: None, ret60: 0, signed_size: 0, n_trades: 0 };

    pub(crate) fn new(ts: i64, mid2: Option<i64>, before: Option<i64>) -> Self {
        let positive = |m: Option<i64>| m.filter(|m| *m > 0);
        let ret = positive(before).zip(positive(mid2)).map(|(from, to)| log_ret(from, to));
        // The logarithm of a quotient of 64-bit integers is below 45.
        let ret60 = ret.and_then(|r| fix(r, BITS_60)).unwrap_or(0);
        Self { ts, mid2, ret, ret60, ..Self::ABSENT }
    }
}

/// A run of grid instants, each with two before it.
#[derive(Debug, Clone, Copy)]
pub struct GridRows<'a> {
    cells: &'a [Cell],
    from: usize,
}

impl<'a> GridRows<'a> {
    /// Number of instants.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cells.len().saturating_sub(self.from)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Each instant behind the two before it, the oldest first; absent ones where history begins.
    pub fn triples(self) -> impl Iterator<Item = (&'a Cell, &'a Cell, &'a Cell)> {
        let at = move |row: usize| self.cells.get(row).unwrap_or(&Cell::ABSENT);
        (self.from..self.cells.len())
            .map(move |row| (at(row.wrapping_sub(2)), at(row.wrapping_sub(1)), at(row)))
    }

    /// The instants.
    pub fn cells(self) -> impl Iterator<Item = &'a Cell> {
        self.cells.iter().skip(self.from)
    }
}

/// Grid instants of one instrument.
#[derive(Debug)]
pub(crate) struct GridColumns {
    ts: Vec<i64>,
    cells: Vec<Cell>,
}

impl Default for GridColumns {
    fn default() -> Self {
        Self { ts: vec![i64::MIN], cells: vec![Cell::ABSENT] }
    }
}

impl GridColumns {
    pub(crate) fn push(&mut self, cell: Cell) {
        self.ts.push(cell.ts);
        self.cells.push(cell);
    }

    pub(crate) fn get(&self, row: usize) -> &Cell {
        self.cells.get(row).unwrap_or(&Cell::ABSENT)
    }

    pub(crate) fn last(&self) -> usize {
        self.ts.len() - 1
    }
}

impl Columns for GridColumns {
    fn ts(&self) -> &[i64] {
        &self.ts
    }

    fn rows(&self, from: usize, to: usize) -> Rows<'_> {
        let first = from.saturating_sub(2);
        Rows::Grid(GridRows { cells: self.cells.get(first..to).unwrap_or(&[]), from: from - first })
    }

    fn drop_front(&mut self, n: usize) {
        drop_front!(self, n: ts, cells);
    }
}
