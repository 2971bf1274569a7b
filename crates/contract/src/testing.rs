//! Text tables for tests: a line of words becomes a draft.

use crate::{
    Aggressor, Amount, DecisionAction, Decisions, Draft, EventId, Flags, InstrumentId, Price,
    Quotes, Side, SourceId, TableBuilder, TradeAction, Trades, UtcNanos,
};

/// Trades from `ts_avail size aggressor [px]`, separated by commas; source 1, instrument 1, price 100 by default.
///
/// # Panics
/// On text of another form: this is for tests.
#[must_use]
pub fn trades(tape: &str) -> Draft<Trades> {
    let mut rows = TableBuilder::<Trades>::new(UtcNanos::from_nanos(0));
    for line in lines(tape) {
        let [ts, size, aggressor, rest @ ..] = line.as_slice() else { bad(tape) };
        let aggressor = match *aggressor {
            "B" => Aggressor::Buyer,
            "A" => Aggressor::Seller,
            "N" => Aggressor::Unknown,
            _ => bad(tape),
        };
        rows.set_now(stamp(ts, tape));
        rows.set(&Trades::SOURCE_ID, SourceId::new(1))
            .set(&Trades::INSTRUMENT_ID, InstrumentId::new(1))
            .set(&Trades::FLAGS, Flags::LAST.bits())
            .set(&Trades::PX, price(rest.first().unwrap_or(&"100"), tape))
            .set(&Trades::SIZE, size.parse::<f64>().unwrap_or_else(|_| bad(tape)))
            .set(&Trades::AGGRESSOR, aggressor)
            .set(&Trades::ACTION, TradeAction::Trade);
        done(rows.end_row());
    }
    done(rows.finish())
}

/// Quotes from `ts_avail bid ask`, separated by commas, `-` for an empty side; source 1, instrument 1.
///
/// # Panics
/// On text of another form: this is for tests.
#[must_use]
pub fn quotes(tape: &str) -> Draft<Quotes> {
    let mut rows = TableBuilder::<Quotes>::new(UtcNanos::from_nanos(0));
    for line in lines(tape) {
        let [ts, bid, ask] = line.as_slice() else { bad(tape) };
        let side = |text: &str| (text != "-").then(|| price(text, tape));
        rows.set_now(stamp(ts, tape));
        rows.set(&Quotes::SOURCE_ID, SourceId::new(1))
            .set(&Quotes::INSTRUMENT_ID, InstrumentId::new(1))
            .set(&Quotes::FLAGS, Flags::LAST.bits())
            .set(&Quotes::BID_PX, side(bid))
            .set(&Quotes::ASK_PX, side(ask));
        done(rows.end_row());
    }
    done(rows.finish())
}

/// Buy decisions at these times, with the eight columns alone; source 1, instrument 1, strategy `test`.
///
/// # Panics
/// Never on any times.
#[must_use]
pub fn decisions(at: &[i64]) -> Draft<Decisions> {
    let mut rows = TableBuilder::<Decisions>::new(UtcNanos::from_nanos(0));
    for (n, ns) in (0_u64..).zip(at) {
        let t = UtcNanos::from_nanos(*ns);
        rows.set_now(t);
        rows.set(&Decisions::DECISION_ID, EventId::v7(n, [0; 10]))
            .set(&Decisions::SOURCE_ID, SourceId::new(1))
            .set(&Decisions::STRATEGY_ID, "test")
            .set(&Decisions::INSTRUMENT_ID, InstrumentId::new(1))
            .set(&Decisions::TS_EVENT, t)
            .set(&Decisions::ACTION, DecisionAction::Enter)
            .set(&Decisions::SIDE, Side::Buy)
            .set(&Decisions::QTY, Amount::from_units(1));
        done(rows.end_row());
    }
    done(rows.finish())
}

fn lines(tape: &str) -> impl Iterator<Item = Vec<&str>> {
    tape.split(',')
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|words| !words.is_empty())
}

fn stamp(text: &str, tape: &str) -> UtcNanos {
    UtcNanos::from_nanos(text.parse().unwrap_or_else(|_| bad(tape)))
}

fn price(text: &str, tape: &str) -> Price {
    Price::parse(text).unwrap_or_else(|_| bad(tape))
}

#[expect(clippy::panic, reason = "test support: a wrong table is a wrong test")]
fn bad(tape: &str) -> ! {
    panic!("not a table of the expected form: `{tape}`")
}

#[expect(clippy::panic, reason = "test support: a wrong table is a wrong test")]
fn done<T>(result: Result<T, crate::BuildError>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}
