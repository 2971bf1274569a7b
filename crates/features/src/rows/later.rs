//! Trades at the moment at which their mid 5 s later is known.

use super::{Columns, Rows, Trade, drop_front};

/// How long after a trade its later mid is taken, in nanoseconds.
pub(crate) const DELAY_NS: i64 = 5 * crate::window::SECOND;

/// A trade and what the mid was 5 s later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Later {
    /// When the later mid was known: 5 s after the trade, in nanoseconds.
    pub ts: i64,
    /// The trade.
    pub trade: Trade,
    /// Twice the mid seen by the cut-off `ts`, in units of 1e-9, if the state was valid and fresh.
    pub mid2_later: Option<i64>,
}

impl Later {
    /// Sign, prevailing mid and later mid are all known.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.trade.sign != 0 && self.trade.mid2().is_some() && self.mid2_later.is_some()
    }

    pub(crate) const ABSENT: Self = Self { ts: i64::MIN, trade: Trade::ABSENT, mid2_later: None };
}

/// A run of such trades.
#[derive(Debug, Clone, Copy)]
pub struct LaterRows<'a> {
    rows: &'a [Later],
}

impl<'a> LaterRows<'a> {
    /// Number of trades.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len().saturating_sub(1)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The trades, by the instant at which they were known.
    pub fn iter(self) -> impl Iterator<Item = &'a Later> {
        self.rows.iter().skip(1)
    }
}

/// Such trades of one instrument.
#[derive(Debug)]
pub(crate) struct LaterColumns {
    ts: Vec<i64>,
    rows: Vec<Later>,
    /// Running numbers of the trades, so that a correction finds its row.
    trade_no: Vec<u64>,
}

impl Default for LaterColumns {
    fn default() -> Self {
        Self { ts: vec![i64::MIN], rows: vec![Later::ABSENT], trade_no: vec![0] }
    }
}

impl LaterColumns {
    pub(crate) fn push(&mut self, later: Later, trade_no: u64) {
        self.ts.push(later.ts);
        self.rows.push(later);
        self.trade_no.push(trade_no);
    }

    pub(crate) fn last(&self) -> usize {
        self.ts.len() - 1
    }

    pub(crate) fn get(&self, row: usize) -> &Later {
        self.rows.get(row).unwrap_or(&Later::ABSENT)
    }

    /// The row of a trade, if it was kept.
    pub(crate) fn find(&self, trade_no: u64) -> Option<usize> {
        let numbers = self.trade_no.get(1..)?;
        numbers.binary_search(&trade_no).ok().map(|at| at + 1)
    }
}

impl Columns for LaterColumns {
    fn ts(&self) -> &[i64] {
        &self.ts
    }

    fn rows(&self, from: usize, to: usize) -> Rows<'_> {
        Rows::Later(LaterRows { rows: self.rows.get(from - 1..to).unwrap_or(&[]) })
    }

    fn drop_front(&mut self, n: usize) {
        drop_front!(self, n: ts, rows, trade_no);
    }
}
