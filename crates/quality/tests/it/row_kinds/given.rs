//! What the tests of row kinds are given: small tables and facts about instruments.

use crate::support::{broken, check_cuts, one};
use arrow_array::{ArrayRef, RecordBatch, UInt64Array};
use contract::{
    Amount, AssetClass, InstrumentId, Instruments, Price, SessionPhase, Sessions, SizeUnit,
    SourceId, Statuses, TableBuilder, UtcNanos,
};
use quality::{Context, Report, Verdict};
use std::sync::Arc;

pub(crate) const S: i64 = 1_000_000_000;

pub(crate) fn at(ns: i64) -> UtcNanos {
    UtcNanos::from_nanos(ns)
}

/// A batch of these columns, all nullable, without any metadata; its rows are numbered from 0.
pub(crate) fn columns(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let rows = columns.first().map_or(0, |(_, array)| array.len());
    let seqs: ArrayRef = Arc::new(UInt64Array::from_iter_values((0_u64..).take(rows)));
    let columns =
        std::iter::once(("seq", seqs)).chain(columns).map(|(name, array)| (name, array, true));
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

/// The batch with another array in one column: what no builder would write.
pub(crate) fn replace(batch: &RecordBatch, name: &str, array: ArrayRef) -> RecordBatch {
    let at = batch.schema().index_of(name).unwrap();
    let mut arrays = batch.columns().to_vec();
    arrays[at] = array;
    RecordBatch::try_new(batch.schema(), arrays).unwrap()
}

/// Rows that break one check of a kind, for any cut of the batch, with the report.
pub(crate) fn judge(
    table: &str,
    kind: &str,
    params: &str,
    batch: &RecordBatch,
    context: &Context,
) -> (Vec<u64>, Report) {
    let rules = one(table, kind, params);
    check_cuts(&rules, batch, context);
    broken(&rules, std::slice::from_ref(batch), context)
}

/// Applicable rows and violations of the one check.
pub(crate) fn counts(report: &Report) -> (u64, u64) {
    let counts = report.findings()[0].counts();
    (counts.applicable, counts.violations)
}

pub(crate) fn verdict(report: &Report) -> &Verdict {
    report.findings()[0].verdict()
}

/// A version of an instrument.
pub(crate) struct Version {
    pub(crate) id: u32,
    pub(crate) known: i64,
    pub(crate) from: i64,
    pub(crate) revision: u16,
    pub(crate) tick: Option<&'static str>,
    pub(crate) lot: Option<&'static str>,
    pub(crate) allows_nonpositive_px: bool,
    pub(crate) calendar: Option<&'static str>,
    pub(crate) settle: Option<&'static str>,
}

impl Default for Version {
    fn default() -> Self {
        Self {
            id: 7,
            known: 0,
            from: 0,
            revision: 0,
            tick: None,
            lot: None,
            allows_nonpositive_px: false,
            calendar: None,
            settle: None,
        }
    }
}

/// A context that knows these versions, quoted in USD.
pub(crate) fn instruments(versions: &[Version]) -> Context {
    let mut out = TableBuilder::<Instruments>::new(at(0));
    for v in versions {
        out.set(&Instruments::TS_AVAIL, at(v.known))
            .set(&Instruments::VALID_FROM, at(v.from))
            .set(&Instruments::REVISION, v.revision)
            .set(&Instruments::INSTRUMENT_ID, InstrumentId::new(v.id))
            .set(&Instruments::RAW_SYMBOL, "X")
            .set(&Instruments::VENUE, "XNYS")
            .set(&Instruments::QUOTE_CCY, "USD")
            .set(&Instruments::STATUS, "active")
            .set(&Instruments::ASSET_CLASS, AssetClass::Future)
            .set(&Instruments::SIZE_UNIT, SizeUnit::Contract)
            .set(&Instruments::ALLOWS_NONPOSITIVE_PX, v.allows_nonpositive_px)
            .set(&Instruments::TICK_SIZE, v.tick.map(|t| Price::parse(t).unwrap()))
            .set(&Instruments::LOT_SIZE, v.lot.map(|l| Amount::parse(l).unwrap()))
            .set(&Instruments::CALENDAR_ID, v.calendar)
            .set(&Instruments::SETTLE_CCY, v.settle)
            .end_row()
            .unwrap();
    }
    let mut context = Context::new();
    context.add(&out.finish().unwrap().into_record_batch()).unwrap();
    context
}

/// Adds sessions `[start, end)` of a calendar, in seconds.
pub(crate) fn add_sessions(context: &mut Context, calendar: &str, spans: &[(i64, i64)]) {
    let mut out = TableBuilder::<Sessions>::new(at(0));
    for (start, end) in spans {
        out.set(&Sessions::TS_AVAIL, at(0))
            .set(&Sessions::CALENDAR_ID, calendar)
            .set(&Sessions::LOCAL_DATE, "1970-01-01")
            .set(&Sessions::PHASE, SessionPhase::Regular)
            .set(&Sessions::TS_START, at(start * S))
            .set(&Sessions::TS_END, at(end * S))
            .set(&Sessions::UTC_OFFSET_S, 0)
            .end_row()
            .unwrap();
    }
    context.add(&out.finish().unwrap().into_record_batch()).unwrap();
}

/// Adds statuses of source 1, instrument 7: happened and known in seconds, word, whether trading goes on.
pub(crate) fn add_statuses(context: &mut Context, rows: &[(i64, i64, &str, Option<bool>)]) {
    let mut out = TableBuilder::<Statuses>::new(at(0));
    for (ts, known, word, is_trading) in rows {
        out.set(&Statuses::SOURCE_ID, SourceId::new(1))
            .set(&Statuses::INSTRUMENT_ID, InstrumentId::new(7))
            .set(&Statuses::TS_EVENT, at(ts * S))
            .set(&Statuses::TS_RECV, at(known * S))
            .set(&Statuses::TS_AVAIL, at(known * S))
            .set(&Statuses::ACTION, *word)
            .set(&Statuses::IS_TRADING, *is_trading)
            .end_row()
            .unwrap();
    }
    context.add(&out.finish().unwrap().into_record_batch()).unwrap();
}
