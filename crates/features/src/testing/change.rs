//! Markets that are the same but for a unit, a mirror or a date.

use super::market::LEVEL_TICKS;
use crate::certificate::{Edits, each_px};
use crate::error::SweepError;
use crate::rows::{ask_levels, bid_levels};
use crate::run::Inputs;
use arrow_array::{Float64Array, TimestampNanosecondArray};
use contract::{
    Batch, Column, ColumnType, Decisions, Depths, FeedMarks, Instruments, Quotes, Roles,
    ScheduledEvents, Sessions, Statuses, Table, Trades, UTC,
};

fn each<T: Table>(
    batches: &[Batch<T>],
    edit: impl Fn(&Batch<T>, &mut Edits),
) -> Result<Vec<Batch<T>>, SweepError> {
    let one = |batch: &Batch<T>| {
        let mut edits = Edits::default();
        edit(batch, &mut edits);
        edits.apply(batch)
    };
    batches.iter().map(one).collect()
}

/// All prices, ticks among them, times a power of two.
pub(super) fn prices(inputs: &Inputs, by: i64) -> Result<Inputs, SweepError> {
    let times = |_: usize, px: i64| Some(px * by);
    Ok(Inputs {
        quotes: each(&inputs.quotes, |batch, edits| {
            edits.put(&Quotes::BID_PX, each_px(batch.col(&Quotes::BID_PX), times));
            edits.put(&Quotes::ASK_PX, each_px(batch.col(&Quotes::ASK_PX), times));
        })?,
        trades: each(&inputs.trades, |batch, edits| {
            edits.put(&Trades::PX, each_px(batch.col(&Trades::PX), times));
        })?,
        depths: each(&inputs.depths, |batch, edits| {
            for (px, _) in bid_levels().into_iter().chain(ask_levels()) {
                edits.put(px, each_px(batch.col(px), times));
            }
        })?,
        instruments: each(&inputs.instruments, |batch, edits| {
            let ticks = each_px(batch.col(&Instruments::TICK_SIZE), times);
            edits.put(&Instruments::TICK_SIZE, ticks);
        })?,
        ..inputs.clone()
    })
}

/// All public sizes times a number.
pub(super) fn sizes(inputs: &Inputs, by: f64) -> Result<Inputs, SweepError> {
    let times = |sizes: &Float64Array| -> Float64Array {
        sizes.iter().map(|s| s.map(|s| s * by)).collect()
    };
    Ok(Inputs {
        quotes: each(&inputs.quotes, |batch, edits| {
            edits.put(&Quotes::BID_SIZE, times(batch.col(&Quotes::BID_SIZE)));
            edits.put(&Quotes::ASK_SIZE, times(batch.col(&Quotes::ASK_SIZE)));
        })?,
        trades: each(&inputs.trades, |batch, edits| {
            edits.put(&Trades::SIZE, times(batch.col(&Trades::SIZE)));
        })?,
        depths: each(&inputs.depths, |batch, edits| {
            for (_, size) in bid_levels().into_iter().chain(ask_levels()) {
                edits.put(size, times(batch.col(size)));
            }
        })?,
        ..inputs.clone()
    })
}

/// Bid and ask, buyers and sellers exchanged: prices are mirrored at the level around which the market moves.
pub(super) fn mirrored(inputs: &Inputs) -> Result<Inputs, SweepError> {
    let twice = 2 * LEVEL_TICKS * 10_000_000;
    let at_level = move |_: usize, px: i64| Some(twice - px);
    Ok(Inputs {
        quotes: each(&inputs.quotes, |batch, edits| {
            edits.put(&Quotes::BID_PX, each_px(batch.col(&Quotes::ASK_PX), at_level));
            edits.put(&Quotes::ASK_PX, each_px(batch.col(&Quotes::BID_PX), at_level));
            edits.put(&Quotes::BID_SIZE, batch.col(&Quotes::ASK_SIZE).clone());
            edits.put(&Quotes::ASK_SIZE, batch.col(&Quotes::BID_SIZE).clone());
        })?,
        trades: each(&inputs.trades, |batch, edits| {
            edits.put(&Trades::PX, each_px(batch.col(&Trades::PX), at_level));
            let flip = |letter: &u8| match *letter {
                b'A' => b'B',
                b'B' => b'A',
                other => other,
            };
            let letters = batch.col(&Trades::AGGRESSOR).values();
            edits.put(&Trades::AGGRESSOR, letters.iter().map(flip).collect::<Vec<u8>>().into());
        })?,
        depths: each(&inputs.depths, |batch, edits| {
            for ((bid, bid_size), (ask, ask_size)) in bid_levels().into_iter().zip(ask_levels()) {
                edits.put(bid, each_px(batch.col(ask), at_level));
                edits.put(ask, each_px(batch.col(bid), at_level));
                edits.put(bid_size, batch.col(ask_size).clone());
                edits.put(ask_size, batch.col(bid_size).clone());
            }
        })?,
        ..inputs.clone()
    })
}

fn put<T: Table, V: ColumnType<Array = TimestampNanosecondArray>>(
    batch: &Batch<T>,
    edits: &mut Edits,
    column: &Column<T, V>,
    by: i64,
) {
    let moved = batch.col(column).iter().map(|ts| ts.map(|ts| ts.saturating_add(by)));
    edits.put(column, moved.collect::<TimestampNanosecondArray>().with_timezone(UTC));
}

/// Moves the named columns of a table in time.
macro_rules! moved {
    ($inputs:ident.$field:ident, $by:ident, $table:ident: $($column:ident)*) => {
        each(&$inputs.$field, |batch, edits| {
            $(put(batch, edits, &$table::$column, $by);)*
        })?
    };
}

/// Everything at another time.
pub(super) fn at_another_time(inputs: &Inputs, by: i64) -> Result<Inputs, SweepError> {
    Ok(Inputs {
        decisions: moved!(inputs.decisions, by, Decisions: TS_EVENT TS_RECV TS_AVAIL),
        quotes: moved!(inputs.quotes, by, Quotes: TS_EVENT TS_RECV TS_AVAIL),
        trades: moved!(inputs.trades, by, Trades: TS_EVENT TS_RECV TS_AVAIL),
        depths: moved!(inputs.depths, by, Depths: TS_EVENT TS_RECV TS_AVAIL),
        statuses: moved!(inputs.statuses, by, Statuses: TS_EVENT TS_RECV TS_AVAIL),
        feed_marks: moved!(inputs.feed_marks, by, FeedMarks: TS_EVENT TS_RECV TS_AVAIL TS_FROM TS_TO),
        instruments: moved!(inputs.instruments, by, Instruments: TS_AVAIL VALID_FROM VALID_TO EXPIRY),
        roles: moved!(inputs.roles, by, Roles: TS_AVAIL VALID_FROM VALID_TO),
        sessions: moved!(inputs.sessions, by, Sessions: TS_AVAIL TS_START TS_END),
        scheduled_events: moved!(inputs.scheduled_events, by, ScheduledEvents: TS_AVAIL TS_SCHEDULED),
        ..inputs.clone()
    })
}
