//! Best bid and ask of one instrument.

use super::{Columns, Rows, drop_front, view};

const BID: u8 = 1;
const ASK: u8 = 2;
const BID_SIZE: u8 = 4;
const ASK_SIZE: u8 = 8;
const LINKED: u8 = 16;

/// The best bid and ask after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote {
    /// When it could be known, in nanoseconds.
    pub ts_avail: i64,
    bid_px: i64,
    ask_px: i64,
    bid_size: i128,
    ask_size: i128,
    state: u8,
}

impl Quote {
    pub(crate) const ABSENT: Self =
        Self { ts_avail: i64::MIN, bid_px: 0, ask_px: 0, bid_size: 0, ask_size: 0, state: 0 };

    pub(crate) fn new(ts_avail: i64, px: [Option<i64>; 2], size: [Option<i128>; 2]) -> Self {
        let bit = |is_there: bool, bit: u8| if is_there { bit } else { 0 };
        let ([bid_px, ask_px], [bid_size, ask_size]) = (px, size);
        Self {
            ts_avail,
            state: bit(bid_px.is_some(), BID)
                | bit(ask_px.is_some(), ASK)
                | bit(bid_size.is_some(), BID_SIZE)
                | bit(ask_size.is_some(), ASK_SIZE),
            bid_px: bid_px.unwrap_or(0),
            ask_px: ask_px.unwrap_or(0),
            bid_size: bid_size.unwrap_or(0),
            ask_size: ask_size.unwrap_or(0),
        }
    }

    /// Best bid in units of 1e-9, if that side is there.
    #[must_use]
    pub fn bid_px(&self) -> Option<i64> {
        (self.state & BID != 0).then_some(self.bid_px)
    }

    /// Best ask in units of 1e-9, if that side is there.
    #[must_use]
    pub fn ask_px(&self) -> Option<i64> {
        (self.state & ASK != 0).then_some(self.ask_px)
    }

    /// Size bid in units of 1e-9, if reported.
    #[must_use]
    pub fn bid_size(&self) -> Option<i128> {
        (self.state & BID_SIZE != 0).then_some(self.bid_size)
    }

    /// Size offered in units of 1e-9, if reported.
    #[must_use]
    pub fn ask_size(&self) -> Option<i128> {
        (self.state & ASK_SIZE != 0).then_some(self.ask_size)
    }

    /// Both prices are there and the bid does not exceed the ask.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        (self.state & (BID | ASK) == BID | ASK) & (self.bid_px <= self.ask_px)
    }

    /// Valid, with both sizes.
    #[must_use]
    pub fn is_sized(&self) -> bool {
        self.is_valid() & (self.state & (BID_SIZE | ASK_SIZE) == BID_SIZE | ASK_SIZE)
    }

    /// Whether the row before it is at most `max_age` older, without a gap mark between.
    #[must_use]
    pub fn is_linked(&self) -> bool {
        self.state & LINKED != 0
    }

    /// Bid plus ask, twice the mid, in units of 1e-9, of a valid quote.
    #[must_use]
    pub fn mid2(&self) -> Option<i64> {
        // Prices beyond half of 64 bits do not come in.
        self.is_valid().then(|| self.bid_px.wrapping_add(self.ask_px))
    }

    /// Bid size plus ask size in units of 1e-9, of a sized quote.
    #[must_use]
    pub fn depth(&self) -> Option<i128> {
        self.is_sized().then(|| self.bid_size + self.ask_size)
    }

    pub(crate) fn unlinked(self) -> Self {
        Self { state: self.state & !LINKED, ..self }
    }

    /// Whether prices and sizes are those of another row.
    #[must_use]
    pub fn equals(&self, other: &Self) -> bool {
        let without = |q: &Self| (q.state & !LINKED, q.bid_px, q.ask_px, q.bid_size, q.ask_size);
        without(self) == without(other)
    }
}

/// A run of quotes, each with the one before it.
#[derive(Debug, Clone, Copy)]
pub struct QuoteRows<'a> {
    ts: &'a [i64],
    bid_px: &'a [i64],
    ask_px: &'a [i64],
    bid_size: &'a [i128],
    ask_size: &'a [i128],
    state: &'a [u8],
}

impl<'a> QuoteRows<'a> {
    /// Number of quotes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ts.len().saturating_sub(1)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Each quote behind the row before it.
    pub fn pairs(self) -> impl Iterator<Item = (Quote, Quote)> + 'a {
        let mut before = None;
        self.iter().filter_map(move |now| before.replace(now).map(|prev| (prev, now)))
    }

    /// The row before, then each quote.
    fn iter(self) -> impl Iterator<Item = Quote> + 'a {
        let columns = self.ts.iter().zip(self.bid_px).zip(self.ask_px);
        let columns = columns.zip(self.bid_size).zip(self.ask_size).zip(self.state);
        columns.map(|(((((ts, bid), ask), bid_size), ask_size), state)| Quote {
            ts_avail: *ts,
            bid_px: *bid,
            ask_px: *ask,
            bid_size: *bid_size,
            ask_size: *ask_size,
            state: *state,
        })
    }
}

/// Quotes of one instrument by column.
#[derive(Debug)]
pub(crate) struct QuoteColumns {
    ts: Vec<i64>,
    bid_px: Vec<i64>,
    ask_px: Vec<i64>,
    bid_size: Vec<i128>,
    ask_size: Vec<i128>,
    state: Vec<u8>,
}

impl Default for QuoteColumns {
    fn default() -> Self {
        let mut columns = Self {
            ts: Vec::new(),
            bid_px: Vec::new(),
            ask_px: Vec::new(),
            bid_size: Vec::new(),
            ask_size: Vec::new(),
            state: Vec::new(),
        };
        columns.push(Quote::ABSENT);
        columns
    }
}

impl QuoteColumns {
    pub(crate) fn push(&mut self, quote: Quote) {
        self.ts.push(quote.ts_avail);
        self.bid_px.push(quote.bid_px);
        self.ask_px.push(quote.ask_px);
        self.bid_size.push(quote.bid_size);
        self.ask_size.push(quote.ask_size);
        self.state.push(quote.state);
    }

    /// The row is linked to the one before it.
    pub(crate) fn link(&mut self, row: usize) {
        if let Some(state) = self.state.get_mut(row) {
            *state |= LINKED;
        }
    }

    /// A row; the absent one behind the end.
    pub(crate) fn get(&self, row: usize) -> Quote {
        let at = |column: &[i64]| column.get(row).copied().unwrap_or(0);
        Quote {
            ts_avail: self.ts.get(row).copied().unwrap_or(i64::MIN),
            bid_px: at(&self.bid_px),
            ask_px: at(&self.ask_px),
            bid_size: self.bid_size.get(row).copied().unwrap_or(0),
            ask_size: self.ask_size.get(row).copied().unwrap_or(0),
            state: self.state.get(row).copied().unwrap_or(0),
        }
    }
}

impl Columns for QuoteColumns {
    fn ts(&self) -> &[i64] {
        &self.ts
    }

    fn rows(&self, from: usize, to: usize) -> Rows<'_> {
        Rows::Quotes(view!(
            self,
            from,
            to,
            QuoteRows { ts, bid_px, ask_px, bid_size, ask_size, state }
        ))
    }

    /// Twice the mid of a valid quote.
    fn extreme(&self, row: usize) -> Option<i128> {
        self.get(row).mid2().map(i128::from)
    }

    fn drop_front(&mut self, n: usize) {
        drop_front!(self, n: ts, bid_px, ask_px, bid_size, ask_size, state);
    }
}
