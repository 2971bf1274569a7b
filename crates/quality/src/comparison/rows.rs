//! Mids of one source, taken from batches.

use super::ComparisonError;
use contract::arrow_array::{Array, Int64Array};
use contract::{Bars, Batch, EventTable, PriceType, Quotes, SourceId, TradeAction, Trades};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Which time of a row counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompareBy {
    /// `ts_avail`: what could be known when.
    Available,
    /// `ts_event`: what the source's clock says; rows without one are counted and left out.
    Event,
}

impl CompareBy {
    /// The column's name.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Available => "ts_avail",
            Self::Event => "ts_event",
        }
    }
}

/// Which bars have the mid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BarMid {
    /// The closes of the bid bar and the ask bar of the same time.
    BidAsk,
    /// The close of a bar of trades.
    Trade,
    /// The close of a bar of mids.
    Mid,
}

/// Mids of one instrument: `ts` and the sum of both sides in 1e-9, which is the mid in halves of 1e-9.
#[derive(Debug, Clone, Default)]
pub(super) struct Series {
    pub(super) ts: Vec<i64>,
    pub(super) mid: Vec<i64>,
    /// False where a side is missing.
    pub(super) is_whole: Vec<bool>,
}

impl Series {
    pub(super) fn push(&mut self, ts: i64, mid: Option<i64>) {
        self.ts.push(ts);
        self.mid.push(mid.unwrap_or(0));
        self.is_whole.push(mid.is_some());
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = (i64, Option<i64>)> {
        let mids = self.mid.iter().zip(&self.is_whole);
        self.ts.iter().zip(mids).map(|(ts, (mid, whole))| (*ts, whole.then_some(*mid)))
    }

    pub(super) fn row(&self, at: usize) -> Option<(i64, Option<i64>)> {
        let mid = *self.mid.get(at)?;
        Some((*self.ts.get(at)?, self.is_whole.get(at)?.then_some(mid)))
    }

    /// The rows in order of time; rows of one instant keep their order.
    pub(super) fn sorted(&self) -> Cow<'_, Self> {
        if self.ts.is_sorted() {
            return Cow::Borrowed(self);
        }
        let mut rows: Vec<_> = self.rows().collect();
        rows.sort_by_key(|(ts, _)| *ts);
        let mut sorted = Self::default();
        for (ts, mid) in rows {
            sorted.push(ts, mid);
        }
        Cow::Owned(sorted)
    }
}

/// Both sides of a bar.
type Sides = (Option<i64>, Option<i64>);

/// The mids of one source, by instrument.
///
/// - **Units:** a mid is kept as the sum of bid and ask in 1e-9, so in halves of 1e-9, exactly. A trade counts twice its price.
/// - **Shape:** rows in the order of batches. Those out of order by their time are sorted when compared; of rows at one instant
///   the last one is the latest.
/// - **Cost:** 17 bytes a row, and a tree of bars.
///
/// ```
/// use contract::testing::quotes;
/// use quality::{CompareBy, SourceRows};
/// let mut oanda = SourceRows::new("oanda", CompareBy::Available);
/// oanda.quotes(&quotes("1000 1.38670 1.38681, 2000 1.38671 -"));
/// assert_eq!((oanda.len(), oanda.instruments()), (2, vec![1]));
/// ```
#[derive(Debug, Clone)]
pub struct SourceRows {
    name: String,
    by: CompareBy,
    only: Option<SourceId>,
    series: BTreeMap<u32, Series>,
    bars: BTreeMap<(u32, i64), Sides>,
    step_ns: Option<i64>,
    undated: u64,
    unused: u64,
    out_of_range: u64,
}

impl SourceRows {
    /// A source without rows.
    #[must_use]
    pub fn new(name: &str, by: CompareBy) -> Self {
        Self {
            name: name.to_owned(),
            by,
            only: None,
            series: BTreeMap::new(),
            bars: BTreeMap::new(),
            step_ns: None,
            undated: 0,
            unused: 0,
            out_of_range: 0,
        }
    }

    /// Takes rows of this source alone from batches that hold several.
    #[must_use]
    pub fn with_source_id(mut self, source_id: SourceId) -> Self {
        self.only = Some(source_id);
        self
    }

    /// Takes quotes. A quote with one side has a row and no mid.
    pub fn quotes<S>(&mut self, batch: &Batch<Quotes, S>) {
        let (bids, asks) = (batch.col(&Quotes::BID_PX), batch.col(&Quotes::ASK_PX));
        for (row, instrument, ts) in self.dated(batch) {
            let sides = (at(bids, row), at(asks, row));
            let mid = self.mid(sides);
            self.series.entry(instrument).or_default().push(ts, mid);
        }
    }

    /// Takes one row with both sides, or with one.
    pub(crate) fn push(&mut self, instrument_id: u32, ts: i64, sides: Sides) {
        let mid = self.mid(sides);
        self.series.entry(instrument_id).or_default().push(ts, mid);
    }

    /// Takes prints; corrections and cancels are counted and left out.
    ///
    /// # Errors
    /// [`ComparisonError::Word`] for an unknown action.
    pub fn trades<S>(&mut self, batch: &Batch<Trades, S>) -> Result<(), ComparisonError> {
        let prices = batch.col(&Trades::PX);
        for (row, instrument, ts) in self.dated(batch) {
            let action = batch.cell(&Trades::ACTION, row);
            match action.map_err(|source| ComparisonError::Word { table: "trades", source })? {
                TradeAction::Trade => {
                    let px = at(prices, row);
                    let mid = self.mid((px, px));
                    self.series.entry(instrument).or_default().push(ts, mid);
                }
                _ => self.unused += 1,
            }
        }
        Ok(())
    }

    /// Takes closes of bars; those still open and those of other prices are counted and left out. The last revision counts.
    ///
    /// # Errors
    /// [`ComparisonError::Steps`] when bars differ in length, [`ComparisonError::Word`] for an unknown price type.
    pub fn bars<S>(&mut self, batch: &Batch<Bars, S>, of: BarMid) -> Result<(), ComparisonError> {
        let (closes, steps) = (batch.col(&Bars::CLOSE), batch.col(&Bars::STEP_NS));
        let finals = batch.col(&Bars::IS_FINAL);
        for (row, instrument, ts) in self.dated(batch) {
            let found = steps.value(row);
            let expected = *self.step_ns.get_or_insert(found);
            if found != expected {
                return Err(ComparisonError::Steps { expected, found });
            }
            let price = batch.cell(&Bars::PRICE_TYPE, row);
            let price = price.map_err(|source| ComparisonError::Word { table: "bars", source })?;
            let close = at(closes, row);
            let sides = match (of, price) {
                _ if !finals.value(row) => None,
                (BarMid::BidAsk, PriceType::Bid) => Some((close, None)),
                (BarMid::BidAsk, PriceType::Ask) => Some((None, close)),
                (BarMid::Trade, PriceType::Trade) | (BarMid::Mid, PriceType::Mid) => {
                    Some((close, close))
                }
                _ => None,
            };
            match sides {
                Some((bid, ask)) => {
                    let bar = self.bars.entry((instrument, ts)).or_default();
                    *bar = (bid.or(bar.0), ask.or(bar.1));
                }
                None => self.unused += 1,
            }
        }
        Ok(())
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The time that counts.
    #[must_use]
    pub fn by(&self) -> CompareBy {
        self.by
    }

    /// Rows that can be compared, those with one side included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.series.values().map(|series| series.ts.len()).sum::<usize>() + self.bars.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Instruments with rows, ascending.
    #[must_use]
    pub fn instruments(&self) -> Vec<u32> {
        let mut ids: Vec<u32> =
            self.series.keys().copied().chain(self.bars.keys().map(|(id, _)| *id)).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Rows left out: without the time that counts; of a kind that is not compared; with sides whose sum is out of range
    /// (these have a row and no mid).
    #[must_use]
    pub fn left_out(&self) -> (u64, u64, u64) {
        (self.undated, self.unused, self.out_of_range)
    }

    /// Rows of an instrument in order of time.
    pub(super) fn series(&self, instrument_id: u32) -> Cow<'_, Series> {
        let empty = Cow::Owned(Series::default());
        let rows = self.series.get(&instrument_id).map_or(empty, Series::sorted);
        let bars = self.bars.range((instrument_id, i64::MIN)..=(instrument_id, i64::MAX));
        let mut bars = bars.peekable();
        if bars.peek().is_none() {
            return rows;
        }
        let mut all = rows.into_owned();
        for ((_, ts), (bid, ask)) in bars {
            all.push(*ts, bid.zip(*ask).and_then(|(bid, ask)| bid.checked_add(ask)));
        }
        Cow::Owned(all.sorted().into_owned())
    }

    fn mid(&mut self, (bid, ask): Sides) -> Option<i64> {
        let (bid, ask) = bid.zip(ask)?;
        let mid = bid.checked_add(ask);
        self.out_of_range += u64::from(mid.is_none());
        mid
    }

    /// Row, instrument and time of each row of this source.
    fn dated<T: EventTable, S>(&mut self, batch: &Batch<T, S>) -> Vec<(usize, u32, i64)> {
        let times = match self.by {
            CompareBy::Available => batch.ts_avail(),
            CompareBy::Event => batch.ts_event(),
        };
        let (instruments, sources) = (batch.instrument_id(), batch.source_id());
        let mut rows = Vec::with_capacity(batch.len());
        for row in 0..batch.len() {
            if self.only.is_some_and(|only| only.get() != sources.value(row)) {
                continue;
            }
            if times.is_null(row) || instruments.is_null(row) {
                self.undated += 1;
            } else {
                rows.push((row, instruments.value(row), times.value(row)));
            }
        }
        rows
    }
}

fn at(prices: &Int64Array, row: usize) -> Option<i64> {
    prices.is_valid(row).then(|| prices.value(row))
}
