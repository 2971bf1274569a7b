//! The public tape of one instrument, with what was known around each print.

use super::{Columns, Rows, drop_front};

/// How the sign of a trade was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum SignSource {
    /// Not at all: the sign is 0.
    None = 0,
    /// The venue said who took liquidity.
    Flag = 1,
    /// Against the prevailing mid.
    Quote = 2,
    /// Against the latest different price.
    Tick = 3,
}

const QUOTED: u8 = 1;
const CANCELLED: u8 = 2;

/// A print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trade {
    /// When it could be known, in nanoseconds.
    pub ts_avail: i64,
    /// Price in units of 1e-9.
    pub px: i64,
    /// Size in units of 1e-9; 0 once cancelled.
    pub size: i128,
    /// +1 the buyer took liquidity, -1 the seller, 0 unknown.
    pub sign: i8,
    /// Where the sign comes from.
    pub sign_source: SignSource,
    /// The valid quote that stood before, where there was one.
    bid_px: i64,
    ask_px: i64,
    state: u8,
}

impl Trade {
    pub(crate) const ABSENT: Self = Self {
        ts_avail: i64::MIN,
        px: 0,
        size: 0,
        sign: 0,
        sign_source: SignSource::None,
        bid_px: 0,
        ask_px: 0,
        state: CANCELLED,
    };

    pub(crate) fn new(ts_avail: i64, px: i64, size: i128) -> Self {
        Self { ts_avail, px, size, state: 0, ..Self::ABSENT }
    }

    /// Twice the mid of the valid quote that stood before the trade, in units of 1e-9.
    #[must_use]
    pub fn mid2(&self) -> Option<i64> {
        // Prices beyond half of 64 bits do not come in.
        (self.state & QUOTED != 0).then(|| self.bid_px.wrapping_add(self.ask_px))
    }

    /// At or above the ask of that quote.
    #[must_use]
    pub fn is_at_ask(&self) -> bool {
        (self.state & QUOTED != 0) & (self.px >= self.ask_px)
    }

    /// At or below its bid.
    #[must_use]
    pub fn is_at_bid(&self) -> bool {
        (self.state & QUOTED != 0) & (self.px <= self.bid_px)
    }

    /// Whether it still counts.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.state & CANCELLED == 0
    }

    /// The valid quote that stood before it.
    pub(crate) fn prevailing(&mut self, bid_px: i64, ask_px: i64) {
        (self.bid_px, self.ask_px) = (bid_px, ask_px);
        self.state |= QUOTED;
    }

    /// The trade as it came in, with nothing derived.
    pub(crate) fn raw(self) -> Self {
        let is_flag = self.sign_source == SignSource::Flag;
        let (sign, sign_source) =
            if is_flag { (self.sign, SignSource::Flag) } else { (0, SignSource::None) };
        Self { sign, sign_source, bid_px: 0, ask_px: 0, state: 0, ..self }
    }

    /// The same trade taken back.
    pub(crate) fn cancelled(self) -> Self {
        Self { size: 0, state: self.state | CANCELLED, ..self }
    }

    /// The same trade with other values; its sign and the prevailing quote stay.
    pub(crate) fn corrected(self, px: i64, size: i128) -> Self {
        Self { px, size, ..self }
    }
}

/// A run of trades, each with the two before it.
#[derive(Debug, Clone, Copy)]
pub struct TradeRows<'a> {
    /// Rows before the first of the run.
    lead: usize,
    ts: &'a [i64],
    px: &'a [i64],
    size: &'a [i128],
    sign: &'a [i8],
    source: &'a [SignSource],
    bid_px: &'a [i64],
    ask_px: &'a [i64],
    state: &'a [u8],
}

impl<'a> TradeRows<'a> {
    /// Number of trades.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ts.len().saturating_sub(self.lead)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Each trade behind the two before it, the oldest first; absent ones where history begins.
    pub fn triples(self) -> impl Iterator<Item = (Trade, Trade, Trade)> + 'a {
        let (mut first, mut second) = (Trade::ABSENT, Trade::ABSENT);
        let triples = self.iter().map(move |now| {
            let triple = (first, second, now);
            (first, second) = (second, now);
            triple
        });
        triples.skip(self.lead)
    }

    /// Each trade behind the one before it.
    pub fn pairs(self) -> impl Iterator<Item = (Trade, Trade)> + 'a {
        let mut before = Trade::ABSENT;
        let pairs = self.iter().map(move |now| (std::mem::replace(&mut before, now), now));
        pairs.skip(self.lead)
    }

    /// The rows before, then each trade.
    fn iter(self) -> impl Iterator<Item = Trade> + 'a {
        let columns = self.ts.iter().zip(self.px).zip(self.size).zip(self.sign);
        let columns = columns.zip(self.source).zip(self.bid_px).zip(self.ask_px).zip(self.state);
        columns.map(|(((((((ts, px), size), sign), source), bid_px), ask_px), state)| Trade {
            ts_avail: *ts,
            px: *px,
            size: *size,
            sign: *sign,
            sign_source: *source,
            bid_px: *bid_px,
            ask_px: *ask_px,
            state: *state,
        })
    }
}

/// Trades of one instrument by column.
#[derive(Debug)]
pub(crate) struct TradeColumns {
    ts: Vec<i64>,
    px: Vec<i64>,
    size: Vec<i128>,
    sign: Vec<i8>,
    source: Vec<SignSource>,
    bid_px: Vec<i64>,
    ask_px: Vec<i64>,
    state: Vec<u8>,
    /// Hash of the venue's id, by which corrections find their print; 0 without one.
    id: Vec<u64>,
}

impl Default for TradeColumns {
    fn default() -> Self {
        let mut columns = Self {
            ts: Vec::new(),
            px: Vec::new(),
            size: Vec::new(),
            sign: Vec::new(),
            source: Vec::new(),
            bid_px: Vec::new(),
            ask_px: Vec::new(),
            state: Vec::new(),
            id: Vec::new(),
        };
        columns.push(Trade::ABSENT, 0);
        columns
    }
}

impl TradeColumns {
    pub(crate) fn push(&mut self, trade: Trade, id: u64) {
        self.ts.push(trade.ts_avail);
        self.px.push(trade.px);
        self.size.push(trade.size);
        self.sign.push(trade.sign);
        self.source.push(trade.sign_source);
        self.bid_px.push(trade.bid_px);
        self.ask_px.push(trade.ask_px);
        self.state.push(trade.state);
        self.id.push(id);
    }

    /// A row; the absent one behind the end.
    pub(crate) fn get(&self, row: usize) -> Trade {
        let at = |column: &[i64]| column.get(row).copied().unwrap_or(0);
        Trade {
            ts_avail: self.ts.get(row).copied().unwrap_or(i64::MIN),
            px: at(&self.px),
            size: self.size.get(row).copied().unwrap_or(0),
            sign: self.sign.get(row).copied().unwrap_or(0),
            sign_source: self.source.get(row).copied().unwrap_or(SignSource::None),
            bid_px: at(&self.bid_px),
            ask_px: at(&self.ask_px),
            state: self.state.get(row).copied().unwrap_or(CANCELLED),
        }
    }

    /// The latest row up to `limit` with this id.
    pub(crate) fn find(&self, id: u64, limit: usize) -> Option<usize> {
        let known = self.id.get(..=limit)?;
        if id == 0 { None } else { known.iter().rposition(|known| *known == id) }
    }

    pub(crate) fn id(&self, row: usize) -> u64 {
        self.id.get(row).copied().unwrap_or(0)
    }

    /// Puts what was derived about a trade in its place.
    pub(crate) fn set(&mut self, row: usize, trade: Trade) {
        let set = |column: &mut Vec<i64>, value: i64| {
            if let Some(place) = column.get_mut(row) {
                *place = value;
            }
        };
        set(&mut self.bid_px, trade.bid_px);
        set(&mut self.ask_px, trade.ask_px);
        let rest =
            self.sign.get_mut(row).zip(self.source.get_mut(row)).zip(self.state.get_mut(row));
        if let Some(((sign, source), state)) = rest {
            (*sign, *source, *state) = (trade.sign, trade.sign_source, trade.state);
        }
    }
}

impl Columns for TradeColumns {
    fn ts(&self) -> &[i64] {
        &self.ts
    }

    fn rows(&self, from: usize, to: usize) -> Rows<'_> {
        let first = from.saturating_sub(2);
        macro_rules! view {
            ($($column:ident),+) => {
                TradeRows { lead: from - first, $($column: self.$column.get(first..to).unwrap_or(&[])),+ }
            };
        }
        Rows::Trades(view!(ts, px, size, sign, source, bid_px, ask_px, state))
    }

    /// The size.
    fn extreme(&self, row: usize) -> Option<i128> {
        self.size.get(row).copied()
    }

    fn drop_front(&mut self, n: usize) {
        drop_front!(self, n: ts, px, size, sign, source, bid_px, ask_px, state, id);
    }
}
