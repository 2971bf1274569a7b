//! Ten levels a side of one instrument.

use super::{Columns, Rows, drop_front};
use contract::arrow_array::{Float64Array, Int64Array};
use contract::{Batch, Column, Depths, kind};

/// Levels a side.
pub(crate) const LEVELS: usize = 10;

/// A price level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Level {
    /// Price in units of 1e-9.
    pub px: i64,
    /// Size in units of 1e-9; `None` when it was not reported.
    pub size: Option<i128>,
}

/// The book after an event, best levels first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Depth {
    /// When it could be known, in nanoseconds.
    pub ts_avail: i64,
    bids: [Level; LEVELS],
    asks: [Level; LEVELS],
    n_bids: u8,
    n_asks: u8,
    gap: bool,
    linked: bool,
}

impl Depth {
    pub(crate) const ABSENT: Self = Self {
        ts_avail: i64::MIN,
        bids: [Level { px: 0, size: None }; LEVELS],
        asks: [Level { px: 0, size: None }; LEVELS],
        n_bids: 0,
        n_asks: 0,
        gap: false,
        linked: false,
    };

    /// A book of the levels that are there.
    pub(crate) fn new(ts_avail: i64, bids: &[Level], asks: &[Level], gap: bool) -> Self {
        let mut depth = Self { ts_avail, gap, ..Self::ABSENT };
        let fill = |to: &mut [Level; LEVELS], from: &[Level]| {
            let n = from.len().min(LEVELS);
            for (to, from) in to.iter_mut().zip(from) {
                *to = *from;
            }
            u8::try_from(n).unwrap_or(0)
        };
        depth.n_bids = fill(&mut depth.bids, bids);
        depth.n_asks = fill(&mut depth.asks, asks);
        depth
    }

    /// Bid levels, best first.
    #[must_use]
    pub fn bids(&self) -> &[Level] {
        self.bids.get(..usize::from(self.n_bids)).unwrap_or(&[])
    }

    /// Ask levels, best first.
    #[must_use]
    pub fn asks(&self) -> &[Level] {
        self.asks.get(..usize::from(self.n_asks)).unwrap_or(&[])
    }

    /// Whether the book was lost here and waits for a snapshot.
    #[must_use]
    pub fn is_gap(&self) -> bool {
        self.gap
    }

    /// Both sides have a level, and the best bid does not exceed the best ask.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        let best = self.bids().first().zip(self.asks().first());
        !self.gap && best.is_some_and(|(bid, ask)| bid.px <= ask.px)
    }

    /// Whether the row before it is at most `max_age` older, without a gap mark between.
    #[must_use]
    pub fn is_linked(&self) -> bool {
        self.linked
    }

    pub(crate) fn unlinked(self) -> Self {
        Self { linked: false, ..self }
    }

    /// Whether both best prices stand and the bid is above the ask.
    #[must_use]
    pub fn is_crossed(&self) -> bool {
        let best = self.bids().first().zip(self.asks().first());
        best.is_some_and(|(bid, ask)| bid.px > ask.px)
    }

    /// Twice the mid of a valid book.
    #[must_use]
    pub fn mid2(&self) -> Option<i64> {
        let (bid, ask) = self.bids().first().zip(self.asks().first())?;
        self.is_valid().then(|| bid.px.wrapping_add(ask.px))
    }
}

/// A run of books, each with the one before it.
#[derive(Debug, Clone, Copy)]
pub struct DepthRows<'a> {
    books: &'a [Depth],
}

impl<'a> DepthRows<'a> {
    /// Number of books.
    #[must_use]
    pub fn len(&self) -> usize {
        self.books.len().saturating_sub(1)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Each book behind the one before it.
    pub fn pairs(self) -> impl Iterator<Item = (&'a Depth, &'a Depth)> {
        self.books.iter().zip(self.books.iter().skip(1))
    }
}

/// Books of one instrument.
#[derive(Debug)]
pub(crate) struct DepthColumns {
    ts: Vec<i64>,
    books: Vec<Depth>,
}

impl Default for DepthColumns {
    fn default() -> Self {
        Self { ts: vec![i64::MIN], books: vec![Depth::ABSENT] }
    }
}

impl DepthColumns {
    pub(crate) fn push(&mut self, depth: &Depth) {
        self.ts.push(depth.ts_avail);
        self.books.push(*depth);
    }

    pub(crate) fn link(&mut self, row: usize) {
        if let Some(depth) = self.books.get_mut(row) {
            depth.linked = true;
        }
    }

    pub(crate) fn get(&self, row: usize) -> &Depth {
        self.books.get(row).unwrap_or(&Depth::ABSENT)
    }
}

impl Columns for DepthColumns {
    fn ts(&self) -> &[i64] {
        &self.ts
    }

    fn rows(&self, from: usize, to: usize) -> Rows<'_> {
        Rows::Depths(DepthRows { books: self.books.get(from - 1..to).unwrap_or(&[]) })
    }

    fn drop_front(&mut self, n: usize) {
        drop_front!(self, n: ts, books);
    }
}

/// Price and size columns of one side, best level first.
pub(crate) type SideColumns<'a> = [(&'a Int64Array, &'a Float64Array); LEVELS];

/// The constants of price and size of one side, best level first.
pub(crate) type SideLevels = [(&'static PxColumn, &'static SizeColumn); LEVELS];
type PxColumn = Column<Depths, kind::Opt<kind::Px>>;
type SizeColumn = Column<Depths, kind::Opt<kind::Size>>;

macro_rules! side {
    ($columns:ident, $levels:ident: $(($px:ident, $size:ident))*) => {
        pub(crate) fn $columns(batch: &Batch<Depths>) -> SideColumns<'_> {
            [$((batch.col(&Depths::$px), batch.col(&Depths::$size))),*]
        }

        pub(crate) fn $levels() -> SideLevels {
            [$((&Depths::$px, &Depths::$size)),*]
        }
    };
}
side! { bid_columns, bid_levels:
    (BID_PX_00, BID_SIZE_00) (BID_PX_01, BID_SIZE_01) (BID_PX_02, BID_SIZE_02) (BID_PX_03, BID_SIZE_03)
    (BID_PX_04, BID_SIZE_04) (BID_PX_05, BID_SIZE_05) (BID_PX_06, BID_SIZE_06) (BID_PX_07, BID_SIZE_07)
    (BID_PX_08, BID_SIZE_08) (BID_PX_09, BID_SIZE_09)
}
side! { ask_columns, ask_levels:
    (ASK_PX_00, ASK_SIZE_00) (ASK_PX_01, ASK_SIZE_01) (ASK_PX_02, ASK_SIZE_02) (ASK_PX_03, ASK_SIZE_03)
    (ASK_PX_04, ASK_SIZE_04) (ASK_PX_05, ASK_SIZE_05) (ASK_PX_06, ASK_SIZE_06) (ASK_PX_07, ASK_SIZE_07)
    (ASK_PX_08, ASK_SIZE_08) (ASK_PX_09, ASK_SIZE_09)
}
