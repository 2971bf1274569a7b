//! `scale`, `split_suspect`, `wide_spread`.

use super::{SECOND, at, check, instrument, rows, rule, source};
use crate::support::broken;
use arrow_array::RecordBatch;
use contract::{
    AdjustmentKind, Adjustments, Aggressor, Bars, Price, PriceType, Quotes, TableBuilder,
    TradeAction, Trades, UtcNanos,
};
use quality::Context;

const DAY: i64 = 86_400;

/// One-minute bars from `minute price_type open close`.
fn bars(text: &str) -> RecordBatch {
    rows::<Bars>(text, |out, words| {
        let open_ts = words[0].parse::<i64>().unwrap() * 60 * SECOND;
        let close_ts = UtcNanos::from_nanos(open_ts + 60 * SECOND);
        let (open, close) = (Price::parse(words[2]).unwrap(), Price::parse(words[3]).unwrap());
        let price = if words[1] == "bid" { PriceType::Bid } else { PriceType::Trade };
        out.set_now(close_ts);
        out.set(&Bars::SOURCE_ID, source("1"))
            .set(&Bars::INSTRUMENT_ID, instrument("7"))
            .set(&Bars::TS_EVENT, close_ts)
            .set(&Bars::TS_OPEN, UtcNanos::from_nanos(open_ts))
            .set(&Bars::TS_CLOSE, close_ts)
            .set(&Bars::STEP_NS, 60 * SECOND)
            .set(&Bars::PRICE_TYPE, price)
            .set(&Bars::OPEN, open)
            .set(&Bars::HIGH, open.max(close))
            .set(&Bars::LOW, open.min(close))
            .set(&Bars::CLOSE, close)
            .set(&Bars::IS_FINAL, true);
    })
}

/// Trades from `second px`; `x` before a price makes it a cancelled print.
fn trades(text: &str) -> RecordBatch {
    rows::<Trades>(text, |out, words| {
        let (action, px) = match words[1].strip_prefix('x') {
            Some(px) => (TradeAction::Cancel, px),
            None => (TradeAction::Trade, words[1]),
        };
        out.set_now(at(words[0]));
        out.set(&Trades::SOURCE_ID, source("1"))
            .set(&Trades::INSTRUMENT_ID, instrument("7"))
            .set(&Trades::TS_EVENT, at(words[0]))
            .set(&Trades::PX, Price::parse(px).unwrap())
            .set(&Trades::SIZE, 1.0)
            .set(&Trades::AGGRESSOR, Aggressor::Buyer)
            .set(&Trades::ACTION, action)
            .set(&Trades::REF_TRADE_ID, (action == TradeAction::Cancel).then_some("1"));
    })
}

/// Quotes from `second bid ask`, `-` for an empty side.
fn quotes(text: &str) -> RecordBatch {
    rows::<Quotes>(text, |out, words| {
        let side = |text: &str| (text != "-").then(|| Price::parse(text).unwrap());
        out.set_now(at(words[0]));
        out.set(&Quotes::SOURCE_ID, source("1"))
            .set(&Quotes::INSTRUMENT_ID, instrument("7"))
            .set(&Quotes::TS_EVENT, at(words[0]))
            .set(&Quotes::BID_PX, side(words[1]))
            .set(&Quotes::ASK_PX, side(words[2]));
    })
}

/// A split of instrument 7 that takes effect at a second and is known from another.
fn splits(list: &[(i64, i64)]) -> Context {
    with_splits(Context::new(), list)
}

fn with_splits(mut context: Context, list: &[(i64, i64)]) -> Context {
    let mut out = TableBuilder::<Adjustments>::new(UtcNanos::from_nanos(0));
    for (effective, known) in list {
        out.set(&Adjustments::TS_AVAIL, UtcNanos::from_nanos(known * SECOND))
            .set(&Adjustments::INSTRUMENT_ID, instrument("7"))
            .set(&Adjustments::TS_EFFECTIVE, UtcNanos::from_nanos(effective * SECOND))
            .set(&Adjustments::KIND, AdjustmentKind::Split)
            .set(&Adjustments::NUM, 7_i64)
            .set(&Adjustments::DEN, 1_i64);
        out.end_row().unwrap();
    }
    context.add(&out.finish().unwrap().into_record_batch()).unwrap();
    context
}

#[test]
fn a_close_that_jumps_by_ten_is_of_another_scale_and_the_next_is_not() {
    let rules = rule("bars", "scale", "");
    // 100 -> 10000 (x 100), back; 100 -> 10 (exactly / 10); 100 -> 11 is below the factor. Bids are a stream of their own.
    let batch = bars(
        "0 trade 100 100, 1 trade 100 10000, 1 bid 1 1, 2 trade 101 101, 3 trade 11 10.1, 4 trade 11 11",
    );
    check(&rules, &batch, &Context::new(), (4, &[2, 5]));
}

#[test]
fn a_scale_that_stays_is_believed_after_the_declared_number_of_violations() {
    let batch = bars(
        "0 trade 1 1, 1 trade 50 50, 2 trade 51 51, 3 trade 52 52, 4 trade 53 53, 5 trade 1 1",
    );
    check(&rule("bars", "scale", "reseed = 2"), &batch, &Context::new(), (5, &[2, 3, 6]));
}

#[test]
fn the_seven_for_one_split_of_2014_is_suspected_unless_it_is_known() {
    // AAPL closed at 645.57 on 2014-06-06 and opened at 92.70 on 2014-06-09: 645.57 / 92.70 = 6.964, 0.5 % from 7.
    // Minute 3900 is 65 hours later.
    let batch = bars("0 trade 647 645.57, 3900 trade 92.70 93.70, 3901 trade 93.70 93.9");
    let rules = rule("bars", "split_suspect", "first = \"open\"\nlast = \"close\"");
    check(&rules, &batch, &splits(&[]), (1, &[2]));
    // Effective in the break and known before: explained. Known only afterwards: suspected.
    check(&rules, &batch, &splits(&[(3_600, 0)]), (1, &[]));
    check(&rules, &batch, &splits(&[(3_600, 4_000_000)]), (1, &[2]));
    // A split that took effect before the break explains nothing.
    check(&rules, &batch, &splits(&[(30, 0)]), (1, &[2]));
    let (_, report) = broken(&rules, &[batch], &Context::new());
    assert_eq!(report.findings()[0].verdict().to_string(), "not_evaluated (needs adjustments)");
}

#[test]
fn only_ratios_near_a_small_rational_across_a_break_are_suspect() {
    let rules = rule("trades", "split_suspect", "");
    let none = splits(&[]);
    // Breaks of a day. 100 -> 51.5 is 1.9417, 2.9 % from 2; -> 51 would be 1.961, 1.96 %.
    check(&rules, &trades("0 100, 86400 51.5"), &none, (1, &[]));
    check(&rules, &trades("0 100, 86400 51"), &none, (1, &[2]));
    // 2 -> 3 is a reverse split of 3/2.
    check(&rules, &trades("0 2, 86400 3"), &none, (1, &[2]));
    // Within a session half the price is no split: a minute is no break.
    check(&rules, &trades("0 100, 60 50"), &none, (0, &[]));
}

#[test]
fn rows_behind_the_break_and_cancels_are_no_first_prices() {
    let rules = rule("trades", "split_suspect", "");
    // Half the price after a day, and a cancel of yesterday's print before it: only row 3 is a first price.
    check(&rules, &trades("0 100, 86400 x50, 86401 51"), &splits(&[]), (1, &[3]));
    // Sessions of the first ten seconds of two days, a known split between them, then a late print of the first.
    let context = with_splits(super::spikes::sessions(&[0, DAY]), &[(43_200, 0)]);
    let text = format!("0 100, {DAY} 14.3, 5 100, {} 14.2", DAY + 1);
    check(&rules, &trades(&text), &context, (1, &[]));
}

#[test]
fn a_spread_is_wide_against_the_same_time_of_day_on_past_days() {
    // Five days at 10:00 with spreads 1, 2, 3, 4, 5 (median 3) and at 16:00 with 50; on the sixth day k = 2 allows 6.
    let mut text = Vec::new();
    for day in 0..5 {
        text.push(format!("{} 100 {}", day * DAY + 36_000, 101 + day));
        text.push(format!("{} 100 150", day * DAY + 57_600));
    }
    let sixth = 5 * DAY + 36_000;
    text.push(format!("{sixth} 100 106"));
    text.push(format!("{} 100 106.5", sixth + 1));
    text.push(format!("{} 100 -", sixth + 2));
    text.push(format!("{} 100 99", sixth + 3));
    text.push(format!("{} 100 200", 5 * DAY + 57_600));
    let rules = rule("quotes", "wide_spread", "times = 2");
    // Applicable: 6 and 6.5 at 10:00, and 100 at 16:00 (100 is not above 2 x 50).
    check(&rules, &quotes(&text.join(",")), &Context::new(), (3, &[12]));
}

#[test]
fn spreads_of_the_same_day_are_no_past_and_an_even_number_has_a_middle() {
    // Two past days with 1 and 4: median 2.5; 5 is not above 2 x 2.5, 5.1 is, whatever came that day before.
    let rules = rule("quotes", "wide_spread", "times = 2\nmin_sessions = 2");
    let day = 2 * DAY;
    let text = format!(
        "0 100 101, {DAY} 100 104, {day} 100 105, {} 100 105.1, {} 100 105.1",
        day + 1,
        day + 2
    );
    check(&rules, &quotes(&text), &Context::new(), (3, &[4, 5]));
}
