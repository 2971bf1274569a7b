//! Kinds that remember rows.

mod chain;
mod clocks;
mod keys;
mod numbers;
mod orders;
mod prices;
mod simulated;
mod spikes;
mod stale;

use crate::support::{broken, check_cuts, one};
use arrow_array::RecordBatch;
use contract::{
    AssetClass, EventTable, InstrumentId, Instruments, SizeUnit, SourceId, Statuses, TableBuilder,
    UtcNanos,
};
use quality::{Context, Finding, RuleSet};

pub(crate) const SECOND: i64 = 1_000_000_000;

/// Rows of words, separated by commas; `set` fills a row. Source 1 and instrument 7 unless it says otherwise; the first
/// row has `seq` 1.
pub(crate) fn rows<T: EventTable>(
    text: &str,
    mut set: impl FnMut(&mut TableBuilder<T>, &[&str]),
) -> RecordBatch {
    let mut out = TableBuilder::<T>::new(UtcNanos::from_nanos(0));
    for line in text.split(',').filter(|l| !l.trim().is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        set(&mut out, &words);
        out.end_row().unwrap();
    }
    out.finish().unwrap().with_seq(1).into_record_batch()
}

pub(crate) fn source(text: &str) -> SourceId {
    SourceId::new(text.parse().unwrap())
}

pub(crate) fn instrument(text: &str) -> InstrumentId {
    InstrumentId::new(text.parse().unwrap())
}

/// Seconds with decimals as an instant.
pub(crate) fn at(text: &str) -> UtcNanos {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let nanos: i64 = format!("{part:0<9}").parse().unwrap();
    UtcNanos::from_nanos(whole.parse::<i64>().unwrap() * SECOND + nanos)
}

/// A value, or null for `-`.
pub(crate) fn maybe<V: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> Option<V> {
    (text != "-").then(|| text.parse().unwrap())
}

/// What is known of source 1 and instrument 7: from each second on, whether it trades.
pub(crate) fn states(of: &[(i64, bool)]) -> Context {
    let mut statuses = TableBuilder::<Statuses>::new(UtcNanos::from_nanos(0));
    for (ts, is_trading) in of {
        let ts = UtcNanos::from_nanos(ts * SECOND);
        statuses.set_now(ts);
        statuses
            .set(&Statuses::SOURCE_ID, source("1"))
            .set(&Statuses::INSTRUMENT_ID, instrument("7"))
            .set(&Statuses::TS_EVENT, ts)
            .set(&Statuses::ACTION, if *is_trading { "trading" } else { "halt" })
            .set(&Statuses::IS_TRADING, *is_trading);
        statuses.end_row().unwrap();
    }
    let mut context = Context::new();
    context.add(&statuses.finish().unwrap().into_record_batch()).unwrap();
    context
}

/// Checks which rows break a rule, how many it speaks about, and that no cut changes that.
#[track_caller]
pub(crate) fn check(
    rules: &RuleSet,
    batch: &RecordBatch,
    context: &Context,
    (applicable, expected): (u64, &[u64]),
) -> Finding {
    let (found, report) = broken(rules, std::slice::from_ref(batch), context);
    let finding = report.findings()[0].clone();
    assert_eq!(found, expected, "{finding:?}");
    assert_eq!(finding.counts().applicable, applicable, "applicable");
    assert_eq!(finding.counts().violations, expected.len() as u64, "violations are the flags");
    check_cuts(rules, batch, context);
    finding
}

/// Rules of one kind.
pub(crate) fn rule(table: &str, kind: &str, params: &str) -> RuleSet {
    one(table, kind, params)
}

/// Instrument 7 with a calendar.
pub(crate) fn instruments(calendar: &str) -> RecordBatch {
    let start = UtcNanos::from_nanos(0);
    let mut out = TableBuilder::<Instruments>::new(start);
    out.set(&Instruments::TS_AVAIL, start)
        .set(&Instruments::VALID_FROM, start)
        .set(&Instruments::INSTRUMENT_ID, instrument("7"))
        .set(&Instruments::RAW_SYMBOL, "ALPHA")
        .set(&Instruments::VENUE, "XXXX")
        .set(&Instruments::QUOTE_CCY, "USD")
        .set(&Instruments::STATUS, "active")
        .set(&Instruments::ASSET_CLASS, AssetClass::Equity)
        .set(&Instruments::SIZE_UNIT, SizeUnit::Base)
        .set(&Instruments::CALENDAR_ID, calendar);
    out.end_row().unwrap();
    out.finish().unwrap().into_record_batch()
}
