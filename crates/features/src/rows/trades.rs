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

const MID: u8 = 1;
const AT_ASK: u8 = 2;
const AT_BID: u8 = 4;
const CANCELLED: u8 = 8;

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
    pub(crate) mid2: i64,
    pub(crate) state: u8,
}

impl Trade {
    pub(crate) const ABSENT: Self = Self {
        ts_avail: i64::MIN,
        px: 0,
        size: 0,
        sign: 0,
        sign_source: SignSource::None,
        mid2: 0,
        state: CANCELLED,
    };

    pub(crate) fn new(ts_avail: i64, px: i64, size: i128) -> Self {
        Self { ts_avail, px, size, state: 0, ..Self::ABSENT }
    }

    /// Twice the mid of the valid quote that stood before the trade, in units of 1e-9.
    #[must_use]
    pub fn mid2(&self) -> Option<i64> {
        (self.state & MID != 0).then_some(self.mid2)
    }

    /// At or above the ask of that quote.
    #[must_use]
    pub fn is_at_ask(&self) -> bool {
        self.state & AT_ASK != 0
    }

    /// At or below its bid.
    #[must_use]
    pub fn is_at_bid(&self) -> bool {
        self.state & AT_BID != 0
    }

    /// Whether it still counts.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.state & CANCELLED == 0
    }

    /// The quote that stood before it.
    pub(crate) fn prevailing(&mut self, mid2: i64, at_ask: bool, at_bid: bool) {
        self.mid2 = mid2;
        self.state |= MID | if at_ask { AT_ASK } else { 0 } | if at_bid { AT_BID } else { 0 };
    }

    /// The trade as it came in, with nothing derived.
    pub(crate) fn raw(self) -> Self {
        let is_flag = self.sign_source == SignSource::Flag;
        let (sign, sign_source) =
            if is_flag { (self.sign, SignSource::Flag) } else { (0, SignSource::None) };
        Self { sign, sign_source, mid2: 0, state: 0, ..self }
    }

    /// The same trade taken back.
    pub(crate) fn cancelled(self) -> Self {
        Self { size: 0, state: self.state | CANCELLED, ..self }
    }

    /// The same trade with other values; sign and place against the prevailing quote stay.
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
    mid2: &'a [i64],
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
        let columns = columns.zip(self.source).zip(self.mid2).zip(self.state);
        columns.map(|((((((ts, px), size), sign), source), mid2), state)| Trade {
            ts_avail: *ts,
            px: *px,
            size: *size,
            sign: *sign,
            sign_source: *source,
            mid2: *mid2,
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
    mid2: Vec<i64>,
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
            mid2: Vec::new(),
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
        self.mid2.push(trade.mid2);
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
            mid2: at(&self.mid2),
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
        let places = self.sign.get_mut(row).zip(self.source.get_mut(row));
        let places = places.zip(self.mid2.get_mut(row)).zip(self.state.get_mut(row));
        if let Some((((sign, source), mid2), state)) = places {
            (*sign, *source, *mid2, *state) =
                (trade.sign, trade.sign_source, trade.mid2, trade.state);
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
        Rows::Trades(view!(ts, px, size, sign, source, mid2, state))
    }

    /// The size.
    fn extreme(&self, row: usize) -> Option<i128> {
        self.size.get(row).copied()
    }

    fn drop_front(&mut self, n: usize) {
        drop_front!(self, n: ts, px, size, sign, source, mid2, state, id);
    }
}
