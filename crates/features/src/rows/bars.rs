//! Closed bars of trades of one instrument.

use super::{Columns, Rows, Trade, drop_front};

/// A closed bar `[ts_close - 1 m, ts_close)` of trades by availability.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    /// Its end, from which on it is visible, in nanoseconds.
    pub ts_close: i64,
    /// Trades in it; without one the prices mean nothing.
    pub n_trades: u32,
    /// First price in units of 1e-9.
    pub open: i64,
    /// Highest price.
    pub high: i64,
    /// Lowest price.
    pub low: i64,
    /// Last price.
    pub close: i64,
    /// Size traded in units of 1e-9.
    pub size: i128,
    /// Sum of price times size in units of 1e-18.
    pub notional: i128,
}

impl Bar {
    pub(crate) const ABSENT: Self = Self::empty(i64::MIN);

    pub(crate) const fn empty(ts_close: i64) -> Self {
        Self { ts_close, n_trades: 0, open: 0, high: 0, low: 0, close: 0, size: 0, notional: 0 }
    }

    /// Adds the next trade; a cancelled one is none.
    pub(crate) fn add(&mut self, trade: &Trade) {
        if !trade.is_live() {
            return;
        }
        if self.n_trades == 0 {
            (self.open, self.high, self.low) = (trade.px, trade.px, trade.px);
        }
        self.high = self.high.max(trade.px);
        self.low = self.low.min(trade.px);
        self.close = trade.px;
        self.n_trades = self.n_trades.saturating_add(1);
        self.size = self.size.wrapping_add(trade.size);
        let notional = i128::from(trade.px).wrapping_mul(trade.size);
        self.notional = self.notional.wrapping_add(notional);
    }
}

/// A run of bars.
#[derive(Debug, Clone, Copy)]
pub struct BarRows<'a> {
    bars: &'a [Bar],
}

impl<'a> BarRows<'a> {
    /// Number of bars, empty ones among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bars.len().saturating_sub(1)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bars, oldest first.
    pub fn iter(self) -> impl Iterator<Item = &'a Bar> {
        self.bars.iter().skip(1)
    }
}

/// Bars of one instrument.
#[derive(Debug)]
pub(crate) struct BarColumns {
    ts: Vec<i64>,
    bars: Vec<Bar>,
}

impl Default for BarColumns {
    fn default() -> Self {
        Self { ts: vec![i64::MIN], bars: vec![Bar::ABSENT] }
    }
}

impl BarColumns {
    pub(crate) fn push(&mut self, bar: Bar) {
        self.ts.push(bar.ts_close);
        self.bars.push(bar);
    }

    pub(crate) fn get(&self, row: usize) -> &Bar {
        self.bars.get(row).unwrap_or(&Bar::ABSENT)
    }

    pub(crate) fn last(&self) -> usize {
        self.ts.len() - 1
    }
}

impl Columns for BarColumns {
    fn ts(&self) -> &[i64] {
        &self.ts
    }

    fn rows(&self, from: usize, to: usize) -> Rows<'_> {
        Rows::Bars(BarRows { bars: self.bars.get(from - 1..to).unwrap_or(&[]) })
    }

    fn drop_front(&mut self, n: usize) {
        drop_front!(self, n: ts, bars);
    }
}
