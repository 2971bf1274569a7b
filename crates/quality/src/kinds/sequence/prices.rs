//! Prices of a stream, session by session.

use crate::context::{Context, DAY_NS, SessionAt};
use crate::rows::{Column, Rows, Slot, Slots};
use crate::verdict::NotEvaluated;
use serde::{Deserialize, Serialize};

/// The columns of a price, and of its time.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Prices {
    px: Slot,
    event: Slot,
    avail: Slot,
    action: Slot,
}

/// The columns of [`Prices`] in a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct PriceColumns<'a> {
    px: Column<'a>,
    event: Column<'a>,
    avail: Column<'a>,
    action: Option<Column<'a>>,
}

impl Prices {
    pub(super) fn new(px: &str, slots: &mut Slots) -> Self {
        Self {
            px: slots.of(px),
            event: slots.of("ts_event"),
            avail: slots.of("ts_avail"),
            action: slots.of("action"),
        }
    }

    pub(super) fn columns<'a>(self, rows: &Rows<'a>) -> Result<PriceColumns<'a>, NotEvaluated> {
        rows.integers(self.px)?;
        Ok(PriceColumns {
            px: rows.column(self.px)?,
            event: rows.column(self.event)?,
            avail: rows.column(self.avail)?,
            action: rows.optional(self.action),
        })
    }
}

impl PriceColumns<'_> {
    /// Price of a row, when it happened and when it was known; `None` for a null, and where [`is_old`] says so.
    pub(super) fn at(&self, row: usize) -> Option<(i64, i64, i64)> {
        let px = self.px.i64(row)?;
        let avail = self.avail.i64(row)?;
        let ts = self.event.i64(row).unwrap_or(avail);
        (!is_old(self.action, row)).then_some((px, ts, avail))
    }
}

/// Whether a print is a cancel or a correction, so that its price is old.
pub(super) fn is_old(action: Option<Column<'_>>, row: usize) -> bool {
    let code = action.and_then(|action| action.int(row));
    code == Some(i128::from(b'X')) || code == Some(i128::from(b'C'))
}

/// The session that a stream is in: `[start, end)`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Now {
    start: i64,
    end: i64,
}

impl Now {
    /// Goes to the session of an instant, by the instrument's calendar; whether it is another one. Instants outside all
    /// sessions, and those before the session at hand, change nothing.
    pub(super) fn advance(&mut self, context: &Context, instrument: u32, ts: i64) -> bool {
        if ts < self.end {
            return false;
        }
        let SessionAt::In(session) = context.session(instrument, ts) else { return false };
        let next = Self { start: session.start, end: session.end };
        std::mem::replace(self, next) != next
    }

    /// As [`Now::advance`], by UTC days where no calendar is known.
    pub(super) fn advance_or_day(&mut self, context: &Context, instrument: u32, ts: i64) -> bool {
        if ts < self.end {
            return false;
        }
        if context.session(instrument, ts) != SessionAt::Unknown {
            return self.advance(context, instrument, ts);
        }
        let start = ts.div_euclid(DAY_NS).saturating_mul(DAY_NS);
        *self = Self { start, end: start.saturating_add(DAY_NS) };
        true
    }
}

/// Tick of an instrument at an instant, as far as was known at `ts_avail`; 0 when it is unknown.
pub(super) fn tick(context: &Context, instrument: u32, ts: i64, ts_avail: i64) -> i64 {
    let version = context.instruments.known_at(instrument, ts, ts_avail);
    version.and_then(|i| i.tick_size).unwrap_or(0)
}
