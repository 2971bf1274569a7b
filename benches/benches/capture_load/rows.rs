//! What is appended: decisions one by one, quotes in batches.

use crate::Failure;
use contract::arrow_array::RecordBatch;
use contract::{
    Amount, DecisionAction, Decisions, Draft, EventId, Flags, InstrumentId, Price, Quotes, Side,
    SourceId, TableBuilder, UtcNanos,
};

/// 2024-08-08T23:54:15Z, long before any machine's clock.
const START: i64 = 1_723_161_255_000_000_000;

fn at(row: usize) -> UtcNanos {
    UtcNanos::from_nanos(START + i64::try_from(row).unwrap_or(0) * 1_000)
}

/// One purchase at a limit by one of eight strategies.
pub(crate) fn decision(n: usize) -> Result<Draft<Decisions>, Failure> {
    let t = at(n);
    let mut rows = TableBuilder::<Decisions>::new(t);
    rows.set(&Decisions::DECISION_ID, EventId::v7(1_723_161_255_000 + n as u64, [7; 10]))
        .set(&Decisions::SOURCE_ID, SourceId::new(1))
        .set(&Decisions::STRATEGY_ID, format!("momentum-{}", n % 8).as_str())
        .set(&Decisions::INSTRUMENT_ID, InstrumentId::new(7))
        .set(&Decisions::TS_EVENT, t)
        .set(&Decisions::ACTION, DecisionAction::Enter)
        .set(&Decisions::SIDE, Side::Buy)
        .set(&Decisions::QTY, Amount::from_units(100))
        .set(&Decisions::LIMIT_PX, Price::parse("187.42")?)
        .set(&Decisions::MD_SEQ_HIGH, n as u64);
    rows.end_row()?;
    Ok(rows.finish()?)
}

/// Quotes of sixteen instruments, a microsecond apart, with sizes and the venue's number.
pub(crate) fn quotes(first: usize, count: usize) -> Result<Draft<Quotes>, Failure> {
    let mut rows = TableBuilder::<Quotes>::new(at(first));
    for n in first..first + count {
        let wave = i64::try_from(n * 7919 % 4_000)?;
        let bid = Price::from_nanos(100_000_000_000 + wave * 10_000_000);
        let ask = Price::from_nanos(bid.nanos() + 10_000_000);
        rows.set_now(at(n));
        rows.set(&Quotes::SOURCE_ID, SourceId::new(1))
            .set(&Quotes::INSTRUMENT_ID, InstrumentId::new(u32::try_from(n % 16)?))
            .set(&Quotes::FLAGS, Flags::LAST.bits())
            .set(&Quotes::BID_PX, Some(bid))
            .set(&Quotes::ASK_PX, Some(ask))
            .set(&Quotes::BID_SIZE, Some((n * 31 % 500) as f64))
            .set(&Quotes::ASK_SIZE, Some((n * 37 % 500) as f64))
            .set(&Quotes::VENUE_SEQ, Some(n as u64));
        rows.end_row()?;
    }
    Ok(rows.finish()?)
}

/// A batch with the name of its table.
pub(crate) type Rows = (&'static str, RecordBatch);

/// Batches to append in turn: decisions when one row is asked for, unless `--quotes` is given, else quotes.
pub(crate) fn batches(rows: usize) -> Result<Vec<Rows>, Failure> {
    (0..64)
        .map(|n| {
            Ok(if rows == 1 && !std::env::args().any(|a| a == "--quotes") {
                ("decisions", decision(n)?.into_record_batch())
            } else {
                ("quotes", quotes(n * rows, rows)?.into_record_batch())
            })
        })
        .collect()
}
