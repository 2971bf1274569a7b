//! Rows changed: what a table says, or what no feature may look at.

use super::draw::Draw;
use super::part::{Edits, each_px, stamps};
use crate::error::SweepError;
use crate::rows::{MarketTable, ask_levels, bid_levels};
use crate::sweep::Input;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int32Array, UInt16Array, UInt32Array,
    new_null_array,
};
use contract::{
    Batch, Column, Depths, EventTable, Instruments, Quotes, Roles, ScheduledEvents, Sessions,
    Statuses, Table, Trades, kind,
};

/// A table of ticks, as the certificate changes it.
pub(super) trait Ticks: EventTable + Input + Clone {
    const MARKET: MarketTable;

    fn ts_avail() -> &'static Column<Self, kind::Ts>;

    /// Columns that a sweep reads, beside the envelope.
    fn declared() -> Vec<&'static str>;

    /// Prices, sizes and signs of picked rows changed.
    fn shaken(
        batch: &Batch<Self>,
        pick: &[bool],
        draw: &mut Draw,
    ) -> Result<Batch<Self>, SweepError>;
}

/// Columns of the envelope that a sweep of sorted tables reads.
const ENVELOPE: [&str; 4] = [
    Quotes::SOURCE_ID.name(),
    Quotes::INSTRUMENT_ID.name(),
    Quotes::TS_AVAIL.name(),
    Quotes::FLAGS.name(),
];

/// Largest price that a sweep takes.
const MAX_PX: i64 = i64::MAX / 2;

/// A factor a row, in thousandths: never 1000.
fn factors(pick: &[bool], draw: &mut Draw) -> Vec<Option<i64>> {
    let mut factor = || match i64::try_from(draw.below(600)).unwrap_or(0) {
        below @ 0..300 => 700 + below,
        above => 701 + above,
    };
    pick.iter().map(|picked| picked.then(&mut factor)).collect()
}

fn px_by(px: i64, thousandths: i64) -> i64 {
    let moved = i128::from(px) * i128::from(thousandths) / 1000;
    // Small prices move, too.
    let moved = if moved == i128::from(px) { moved + 1 } else { moved };
    i64::try_from(moved).ok().filter(|px| px.unsigned_abs() <= MAX_PX as u64).unwrap_or(px / 2)
}

fn sizes(array: &Float64Array, factors: &[Option<i64>]) -> Float64Array {
    let each = |(size, factor): (Option<f64>, &Option<i64>)| match factor {
        // In steps of 1/8, so that a decimal stays one.
        Some(factor) => size.map(|size| (size + 1.0) * (1.0 + (factor / 125) as f64)),
        None => size,
    };
    array.iter().zip(factors).map(each).map(|size| size.map(|s| s.min(1e9))).collect()
}

impl Ticks for Quotes {
    const MARKET: MarketTable = MarketTable::Quotes;

    fn ts_avail() -> &'static Column<Self, kind::Ts> {
        &Self::TS_AVAIL
    }

    fn declared() -> Vec<&'static str> {
        vec![Self::BID_PX.name(), Self::ASK_PX.name(), Self::BID_SIZE.name(), Self::ASK_SIZE.name()]
    }

    fn shaken(
        batch: &Batch<Self>,
        pick: &[bool],
        draw: &mut Draw,
    ) -> Result<Batch<Self>, SweepError> {
        let moves = factors(pick, draw);
        let by = |row: usize, px: i64| match moves.get(row).copied().flatten() {
            Some(factor) => px_by(px, factor),
            None => px,
        };
        let bid = each_px(batch.col(&Self::BID_PX), |row, px| Some(by(row, px)));
        // Wider than before, so that the spread moves in units of the price as well.
        let ask = each_px(batch.col(&Self::ASK_PX), |row, px| {
            let wide = px_by(px, 1004);
            Some(by(row, if pick.get(row) == Some(&true) { wide } else { px }))
        });
        let (bid_moves, ask_moves) = (factors(pick, draw), factors(pick, draw));
        let mut edits = Edits::default();
        edits.put(&Self::BID_PX, bid);
        edits.put(&Self::ASK_PX, ask);
        edits.put(&Self::BID_SIZE, sizes(batch.col(&Self::BID_SIZE), &bid_moves));
        edits.put(&Self::ASK_SIZE, sizes(batch.col(&Self::ASK_SIZE), &ask_moves));
        edits.apply(batch)
    }
}

impl Ticks for Trades {
    const MARKET: MarketTable = MarketTable::Trades;

    fn ts_avail() -> &'static Column<Self, kind::Ts> {
        &Self::TS_AVAIL
    }

    fn declared() -> Vec<&'static str> {
        vec![
            Self::PX.name(),
            Self::SIZE.name(),
            Self::AGGRESSOR.name(),
            Self::ACTION.name(),
            Self::TRADE_ID.name(),
            Self::REF_TRADE_ID.name(),
        ]
    }

    fn shaken(
        batch: &Batch<Self>,
        pick: &[bool],
        draw: &mut Draw,
    ) -> Result<Batch<Self>, SweepError> {
        let moves = factors(pick, draw);
        let px = each_px(batch.col(&Self::PX), |row, px| {
            Some(moves.get(row).copied().flatten().map_or(px, |factor| px_by(px, factor)))
        });
        let flip = |(row, letter): (usize, &u8)| match (pick.get(row), *letter) {
            (Some(true), b'B') => b'A',
            (Some(true), _) => b'B',
            (_, letter) => letter,
        };
        let aggressors = batch.col(&Self::AGGRESSOR).values();
        let mut edits = Edits::default();
        edits.put(&Self::PX, px);
        edits.put(&Self::SIZE, sizes(batch.col(&Self::SIZE), &factors(pick, draw)));
        edits.put(
            &Self::AGGRESSOR,
            aggressors.iter().enumerate().map(flip).collect::<Vec<u8>>().into(),
        );
        edits.apply(batch)
    }
}

impl Ticks for Depths {
    const MARKET: MarketTable = MarketTable::Depths;

    fn ts_avail() -> &'static Column<Self, kind::Ts> {
        &Self::TS_AVAIL
    }

    fn declared() -> Vec<&'static str> {
        let mut names = vec![Self::BOOK_STATE.name()];
        for (px, size) in bid_levels().into_iter().chain(ask_levels()) {
            names.extend([px.name(), size.name()]);
        }
        names
    }

    fn shaken(
        batch: &Batch<Self>,
        pick: &[bool],
        draw: &mut Draw,
    ) -> Result<Batch<Self>, SweepError> {
        let moves = factors(pick, draw);
        let mut edits = Edits::default();
        for (side, wider) in [(bid_levels(), 1000), (ask_levels(), 1004)] {
            for (px, size) in side {
                let moved = each_px(batch.col(px), |row, px| {
                    let factor = moves.get(row).copied().flatten();
                    Some(factor.map_or(px, |factor| px_by(px_by(px, wider), factor)))
                });
                edits.put(px, moved);
                edits.put(size, sizes(batch.col(size), &factors(pick, draw)));
            }
        }
        edits.apply(batch)
    }
}

/// How columns that nobody reads are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blind {
    /// Each row says what another one said.
    Turned,
    /// Nothing is said where nothing has to be.
    Nulled,
}

/// The rows with every column changed that a sweep does not read.
pub(super) fn blind<T: Ticks>(batch: &Batch<T>, how: Blind) -> Result<Batch<T>, SweepError> {
    let mut read = T::declared();
    read.extend(ENVELOPE);
    let n = u32::try_from(batch.len()).unwrap_or(u32::MAX);
    let turned: UInt32Array = (0..n).rev().collect();
    let mut edits = Edits::default();
    for (column, array) in batch.as_any().columns() {
        if read.contains(&column.name) {
            continue;
        }
        let other: ArrayRef = if how == Blind::Nulled && column.nullable {
            new_null_array(array.data_type(), array.len())
        } else {
            arrow_select::take::take(array.as_ref(), &turned, None)
                .map_err(|e| super::part::bug(&e))?
        };
        edits.put_any(column.name, other);
    }
    edits.apply(batch)
}

/// Trading states turned around: who traded is halted, who was halted trades.
pub(super) fn turned_statuses(batch: &Batch<Statuses>) -> Result<Batch<Statuses>, SweepError> {
    let other: BooleanArray =
        batch.col(&Statuses::IS_TRADING).iter().map(|on| Some(on == Some(false))).collect();
    let mut edits = Edits::default();
    edits.put(&Statuses::IS_TRADING, other.clone());
    edits.put(&Statuses::IS_QUOTING, other);
    edits.apply(batch)
}

/// A reference table, as the certificate revises it.
pub(super) trait Facts: Input + Clone {
    /// The same rows, saying something else; known from an instant on, if one is given, as a later revision.
    fn revised(batch: &Batch<Self>, known: Option<i64>) -> Result<Batch<Self>, SweepError>;
}

fn revise<T: Table>(
    edits: &mut Edits,
    batch: &Batch<T>,
    known: Option<i64>,
    ts_avail: &Column<T, kind::Ts>,
    revision: &Column<T, kind::U16>,
) {
    let Some(known) = known else { return };
    edits.put(ts_avail, stamps((0..batch.len()).map(|_| Some(known))));
    let later: Vec<u16> =
        batch.col(revision).values().iter().map(|r| r.saturating_add(1000)).collect();
    edits.put(revision, UInt16Array::from(later));
}

impl Facts for Instruments {
    fn revised(batch: &Batch<Self>, known: Option<i64>) -> Result<Batch<Self>, SweepError> {
        let mut edits = Edits::default();
        revise(&mut edits, batch, known, &Self::TS_AVAIL, &Self::REVISION);
        let ticks = each_px(batch.col(&Self::TICK_SIZE), |_, px| Some(px_by(px, 3000)));
        edits.put(&Self::TICK_SIZE, ticks);
        let inverse = batch.col(&Self::IS_INVERSE).iter().map(|on| Some(on == Some(false)));
        edits.put(&Self::IS_INVERSE, inverse.collect());
        let day = 86_400_000_000_000;
        let later = batch.col(&Self::EXPIRY).iter().map(|ts| ts.map(|ts| ts.saturating_add(day)));
        edits.put(&Self::EXPIRY, stamps(later));
        if known.is_some() {
            let none = new_null_array(batch.col(&Self::CALENDAR_ID).data_type(), batch.len());
            edits.put_any(Self::CALENDAR_ID.name(), none);
        }
        edits.apply(batch)
    }
}

impl Facts for Roles {
    fn revised(batch: &Batch<Self>, known: Option<i64>) -> Result<Batch<Self>, SweepError> {
        let mut edits = Edits::default();
        revise(&mut edits, batch, known, &Self::TS_AVAIL, &Self::REVISION);
        // Everybody is his own leader.
        edits.put(&Self::OTHER_INSTRUMENT_ID, batch.col(&Self::INSTRUMENT_ID).clone());
        edits.apply(batch)
    }
}

impl Facts for Sessions {
    fn revised(batch: &Batch<Self>, known: Option<i64>) -> Result<Batch<Self>, SweepError> {
        let mut edits = Edits::default();
        revise(&mut edits, batch, known, &Self::TS_AVAIL, &Self::REVISION);
        let starts = batch.col(&Self::TS_START).values();
        let ends = batch.col(&Self::TS_END).values();
        if known.is_none() {
            // The key of a session holds its start and phase, so a revision leaves them.
            edits.put(&Self::TS_START, stamps(starts.iter().map(|ts| Some(ts - 1_000_000_000))));
        }
        let halves = starts.iter().zip(ends).map(|(start, end)| Some(start / 2 + end / 2 - 1));
        edits.put(&Self::TS_END, stamps(halves));
        // Another time of another day.
        let offsets = batch.col(&Self::UTC_OFFSET_S).values();
        let moved = offsets.iter().map(|s| s.saturating_add(86_400 + 5_400));
        edits.put(&Self::UTC_OFFSET_S, moved.collect::<Int32Array>());
        let half = batch.col(&Self::IS_HALF_DAY).iter().map(|on| Some(on == Some(false)));
        edits.put(&Self::IS_HALF_DAY, half.collect());
        edits.apply(batch)
    }
}

/// Phases that end as they begin.
pub(super) fn ended(batch: &Batch<Sessions>) -> Result<Batch<Sessions>, SweepError> {
    let starts = batch.col(&Sessions::TS_START).values();
    let mut edits = Edits::default();
    edits.put(&Sessions::TS_END, stamps(starts.iter().map(|ts| Some(ts.saturating_add(1)))));
    edits.apply(batch)
}

impl Facts for ScheduledEvents {
    fn revised(batch: &Batch<Self>, known: Option<i64>) -> Result<Batch<Self>, SweepError> {
        let mut edits = Edits::default();
        revise(&mut edits, batch, known, &Self::TS_AVAIL, &Self::REVISION);
        let times = batch.col(&Self::TS_SCHEDULED).values();
        let moved = times.iter().map(|ts| Some(ts.saturating_add(137_000_000_000)));
        edits.put(&Self::TS_SCHEDULED, stamps(moved));
        edits.apply(batch)
    }
}
