//! Rows of one instrument as measures see them: each with the row before it.

mod bars;
mod depths;
mod grid;
mod later;
mod quotes;
mod trades;

pub use bars::{Bar, BarRows};
pub use depths::{Depth, DepthRows, Level};
pub use grid::{Cell, GridRows};
pub use later::{Later, LaterRows};
pub use quotes::{Quote, QuoteRows};
pub use trades::{SignSource, Trade, TradeRows};

pub(crate) use bars::BarColumns;
pub(crate) use depths::{
    DepthColumns, SideColumns, ask_columns, ask_levels, bid_columns, bid_levels,
};
pub(crate) use grid::GridColumns;
pub(crate) use later::{DELAY_NS, LaterColumns};
pub(crate) use quotes::QuoteColumns;
pub(crate) use trades::TradeColumns;

/// Which rows of an instrument a measure is defined on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Series {
    /// Best bid and ask, table `quotes`.
    Quotes,
    /// The public tape with derived signs, table `trades`; prevailing quotes come from `quotes`.
    Trades,
    /// Ten levels a side, table `depths`.
    Depths,
    /// Mids at the instants of the 1 s grid, with the signed volume of the second before.
    Grid,
    /// Trades at the moment at which their mid 5 s later is known.
    Later,
    /// Bars of one minute made of trades.
    Bars,
}

impl Series {
    pub(crate) const fn at(self) -> usize {
        match self {
            Self::Quotes => 0,
            Self::Depths => 1,
            Self::Trades => 2,
            Self::Grid => 3,
            Self::Later => 4,
            Self::Bars => 5,
        }
    }

    /// Tables whose rows it is made of.
    #[must_use]
    pub const fn tables(self) -> &'static [MarketTable] {
        use MarketTable as M;
        match self {
            Self::Quotes => &[M::Quotes],
            Self::Depths => &[M::Depths],
            Self::Trades | Self::Grid | Self::Later => &[M::Quotes, M::Trades],
            Self::Bars => &[M::Trades],
        }
    }
}

/// A table of ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum MarketTable {
    /// Best bid and ask.
    Quotes,
    /// The public tape.
    Trades,
    /// Ten levels of the book.
    Depths,
}

impl MarketTable {
    /// The tables of ticks.
    pub const ALL: [Self; 3] = [Self::Quotes, Self::Trades, Self::Depths];

    /// Name of the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quotes => "quotes",
            Self::Trades => "trades",
            Self::Depths => "depths",
        }
    }

    pub(crate) const fn at(self) -> usize {
        match self {
            Self::Quotes => 0,
            Self::Trades => 1,
            Self::Depths => 2,
        }
    }
}

/// A run of rows of one series, each with the row before it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Rows<'a> {
    /// Quotes.
    Quotes(QuoteRows<'a>),
    /// Trades.
    Trades(TradeRows<'a>),
    /// Depths.
    Depths(DepthRows<'a>),
    /// Grid.
    Grid(GridRows<'a>),
    /// Trades with their later mid.
    Later(LaterRows<'a>),
    /// Bars.
    Bars(BarRows<'a>),
}

impl Rows<'_> {
    /// Number of rows, without the one before the first.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Quotes(rows) => rows.len(),
            Self::Trades(rows) => rows.len(),
            Self::Depths(rows) => rows.len(),
            Self::Grid(rows) => rows.len(),
            Self::Later(rows) => rows.len(),
            Self::Bars(rows) => rows.len(),
        }
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Columns of one series; the row at 0 is an absent one, so that every row has a predecessor.
pub(crate) trait Columns {
    /// Instants by which windows cut.
    fn ts(&self) -> &[i64];
    /// Rows `from..to` with the one before `from`; `1 <= from <= to`.
    fn rows(&self, from: usize, to: usize) -> Rows<'_>;
    /// The value whose extremes the series keeps, at a row.
    fn extreme(&self, _row: usize) -> Option<i128> {
        None
    }
    /// Takes rows `1..=n` out.
    fn drop_front(&mut self, n: usize);
}

/// Takes entries `1..=n` of every column out, in place.
macro_rules! drop_front {
    ($self:ident, $n:ident: $($column:ident),+) => {
        $($self.$column.drain(1..=$n);)+
    };
}
pub(crate) use drop_front;

/// A view of the columns `from - 1..to`.
macro_rules! view {
    ($self:ident, $from:ident, $to:ident, $rows:ident { $($column:ident),+ }) => {
        $rows { $($column: $self.$column.get($from - 1..$to).unwrap_or(&[])),+ }
    };
}
pub(crate) use view;
