//! Exact integers computed from rows, of which windows take sums.

use crate::rows::{Cell, Depth, Later, MarketTable, Quote, Rows, Series, Trade};
use std::fmt;
use std::sync::Arc;

/// What a window makes of a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MeasureKind {
    /// The sum over its rows.
    Sum,
    /// The integral over time: a row's level, times the nanoseconds until the next row, at most `max_age`.
    Level,
}

/// An exact integer of each row of one series, from the row and the row before it alone.
///
/// The engine keeps running totals, so a tick costs one call a measure, however many windows look at it. Totals are kept
/// modulo 2^128: a window's sum is exact while it fits itself.
///
/// ```
/// use features::{Measure, MeasureKind, Rows, Series};
///
/// /// Size of trades above 10 units, in units of 1e-9.
/// #[derive(Debug)]
/// struct LargeSize;
///
/// impl Measure for LargeSize {
///     fn name(&self) -> &str {
///         "x_desk_large_size"
///     }
///     fn series(&self) -> Series {
///         Series::Trades
///     }
///     fn fill(&self, rows: &Rows<'_>, out: &mut [i128]) {
///         let Rows::Trades(trades) = rows else { return };
///         for ((_, trade), out) in trades.pairs().zip(out) {
///             *out = if trade.size > 10_000_000_000 { i128::from(trade.size) } else { 0 };
///         }
///     }
/// }
/// ```
pub trait Measure: Send + Sync + fmt::Debug {
    /// A name that no other measure has; those of users begin with `x_`.
    fn name(&self) -> &str;

    /// The series.
    fn series(&self) -> Series;

    /// What a window makes of it.
    fn kind(&self) -> MeasureKind {
        MeasureKind::Sum
    }

    /// Tables whose rows it depends on.
    ///
    /// Signs and mids of trades come from quotes; a measure of price and size alone may say that it reads trades only.
    fn tables(&self) -> &'static [MarketTable] {
        self.series().tables()
    }

    /// Tables that must cover a window of it: those it depends on, unless it can do without one.
    fn covering(&self) -> &'static [MarketTable] {
        self.tables()
    }

    /// Whether it is one of this crate; nobody else can make the argument.
    #[doc(hidden)]
    fn is_builtin(&self, _: sealed::Ask) -> bool {
        false
    }

    /// Writes the integer of each row; `out` has as many places and holds zeros.
    ///
    /// A level must not look at the row before.
    fn fill(&self, rows: &Rows<'_>, out: &mut [i128]);
}

pub(crate) mod sealed {
    /// The argument of [`is_builtin`](super::Measure::is_builtin).
    #[derive(Debug, Clone, Copy)]
    pub struct Ask;
}

/// A measure of this crate: a name and a function of a row and the one before it.
struct Each<F> {
    name: &'static str,
    series: Series,
    kind: MeasureKind,
    tables: &'static [MarketTable],
    covering: &'static [MarketTable],
    fill: F,
}

impl<F> fmt::Debug for Each<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl<F: Fn(&Rows<'_>, &mut [i128]) + Send + Sync> Measure for Each<F> {
    fn name(&self) -> &str {
        self.name
    }

    fn series(&self) -> Series {
        self.series
    }

    fn kind(&self) -> MeasureKind {
        self.kind
    }

    fn tables(&self) -> &'static [MarketTable] {
        self.tables
    }

    fn covering(&self) -> &'static [MarketTable] {
        self.covering
    }

    fn is_builtin(&self, _: sealed::Ask) -> bool {
        true
    }

    fn fill(&self, rows: &Rows<'_>, out: &mut [i128]) {
        (self.fill)(rows, out);
    }
}

fn made(
    name: &'static str,
    series: Series,
    kind: MeasureKind,
    fill: impl Fn(&Rows<'_>, &mut [i128]) + Send + Sync + 'static,
) -> Arc<dyn Measure> {
    let tables = series.tables();
    Arc::new(Each { name, series, kind, tables, covering: tables, fill })
}

/// Sum over quotes of a function of the quote before and the quote.
pub(crate) fn quotes(
    name: &'static str,
    each: impl Fn(Quote, Quote) -> i128 + Send + Sync + 'static,
) -> Arc<dyn Measure> {
    let fill = move |rows: &Rows<'_>, out: &mut [i128]| {
        let Rows::Quotes(rows) = rows else { return };
        rows.pairs().zip(out).for_each(|((before, now), out)| *out = each(before, now));
    };
    made(name, Series::Quotes, MeasureKind::Sum, fill)
}

/// Integral over time of a level of the quote in force.
pub(crate) fn quote_level(
    name: &'static str,
    each: impl Fn(Quote) -> i128 + Send + Sync + 'static,
) -> Arc<dyn Measure> {
    let fill = move |rows: &Rows<'_>, out: &mut [i128]| {
        let Rows::Quotes(rows) = rows else { return };
        rows.pairs().zip(out).for_each(|((_, now), out)| *out = each(now));
    };
    made(name, Series::Quotes, MeasureKind::Level, fill)
}

/// A sum over trades that reads some tables, of which some must cover its window.
fn of_trades(
    name: &'static str,
    tables: &'static [MarketTable],
    covering: &'static [MarketTable],
    each: impl Fn(Trade, Trade) -> i128 + Send + Sync + 'static,
) -> Arc<dyn Measure> {
    let fill = move |rows: &Rows<'_>, out: &mut [i128]| {
        let Rows::Trades(rows) = rows else { return };
        rows.pairs().zip(out).for_each(|((before, now), out)| *out = each(before, now));
    };
    let (series, kind) = (Series::Trades, MeasureKind::Sum);
    Arc::new(Each { name, series, kind, tables, covering, fill })
}

/// Sum over trades of a function of the trade before and the trade.
pub(crate) fn trades(
    name: &'static str,
    each: impl Fn(Trade, Trade) -> i128 + Send + Sync + 'static,
) -> Arc<dyn Measure> {
    let tables = Series::Trades.tables();
    of_trades(name, tables, tables, each)
}

/// Sum over trades of a function of signs, which the venue gives or quotes help to find.
pub(crate) fn signs(
    name: &'static str,
    each: impl Fn(Trade, Trade) -> i128 + Send + Sync + 'static,
) -> Arc<dyn Measure> {
    of_trades(name, Series::Trades.tables(), &[MarketTable::Trades], each)
}

/// Sum over trades of a function of prices, sizes and times alone.
pub(crate) fn tape(
    name: &'static str,
    each: impl Fn(Trade, Trade) -> i128 + Send + Sync + 'static,
) -> Arc<dyn Measure> {
    of_trades(name, &[MarketTable::Trades], &[MarketTable::Trades], each)
}

/// Sum over trades of a function of prices of a trade and the two before it.
pub(crate) fn tape_triples(
    name: &'static str,
    each: impl Fn(Trade, Trade, Trade) -> i128 + Send + Sync + 'static,
) -> Arc<dyn Measure> {
    let fill = move |rows: &Rows<'_>, out: &mut [i128]| {
        let Rows::Trades(rows) = rows else { return };
        rows.triples().zip(out).for_each(|((a, b, c), out)| *out = each(a, b, c));
    };
    let (series, kind) = (Series::Trades, MeasureKind::Sum);
    let tables = &[MarketTable::Trades];
    Arc::new(Each { name, series, kind, tables, covering: tables, fill })
}

/// Sum over books of a function of the book before and the book.
pub(crate) fn depths(
    name: &'static str,
    each: impl Fn(&Depth, &Depth) -> i128 + Send + Sync + 'static,
) -> Arc<dyn Measure> {
    let fill = move |rows: &Rows<'_>, out: &mut [i128]| {
        let Rows::Depths(rows) = rows else { return };
        rows.pairs().zip(out).for_each(|((before, now), out)| *out = each(before, now));
    };
    made(name, Series::Depths, MeasureKind::Sum, fill)
}

/// Integral over time of a level of the book in force.
pub(crate) fn depth_level(
    name: &'static str,
    each: impl Fn(&Depth) -> i128 + Send + Sync + 'static,
) -> Arc<dyn Measure> {
    let fill = move |rows: &Rows<'_>, out: &mut [i128]| {
        let Rows::Depths(rows) = rows else { return };
        rows.pairs().zip(out).for_each(|((_, now), out)| *out = each(now));
    };
    made(name, Series::Depths, MeasureKind::Level, fill)
}

/// Sum over grid instants of a function of the two instants before and the instant.
pub(crate) fn grid(
    name: &'static str,
    each: impl Fn(&Cell, &Cell, &Cell) -> i128 + Send + Sync + 'static,
) -> Arc<dyn Measure> {
    let fill = move |rows: &Rows<'_>, out: &mut [i128]| {
        let Rows::Grid(rows) = rows else { return };
        rows.triples().zip(out).for_each(|((a, b, c), out)| *out = each(a, b, c));
    };
    made(name, Series::Grid, MeasureKind::Sum, fill)
}

/// Sum over grid instants of a function of the mids alone.
pub(crate) fn mids(
    name: &'static str,
    each: impl Fn(&Cell, &Cell, &Cell) -> i128 + Send + Sync + 'static,
) -> Arc<dyn Measure> {
    let fill = move |rows: &Rows<'_>, out: &mut [i128]| {
        let Rows::Grid(rows) = rows else { return };
        rows.triples().zip(out).for_each(|((a, b, c), out)| *out = each(a, b, c));
    };
    let (series, kind) = (Series::Grid, MeasureKind::Sum);
    let tables = &[MarketTable::Quotes];
    Arc::new(Each { name, series, kind, tables, covering: tables, fill })
}

/// Sum over trades whose later mid is known.
pub(crate) fn later(
    name: &'static str,
    each: impl Fn(&Later) -> i128 + Send + Sync + 'static,
) -> Arc<dyn Measure> {
    let fill = move |rows: &Rows<'_>, out: &mut [i128]| {
        let Rows::Later(rows) = rows else { return };
        rows.iter().zip(out).for_each(|(now, out)| *out = each(now));
    };
    made(name, Series::Later, MeasureKind::Sum, fill)
}
