//! Kinds that know a market: quotes, trades, halts, sessions.

use super::given::{
    S, Version, add_sessions, add_statuses, at, counts, instruments, judge, replace, verdict,
};
use crate::support::{broken, one};
use arrow_array::{Float64Array, RecordBatch};
use contract::{
    Aggressor, Flags, InstrumentId, Price, Quotes, SourceId, TableBuilder, TradeAction, Trades,
    UtcNanos,
};
use quality::{Context, NotEvaluated, Verdict};
use std::sync::Arc;

/// Quotes from `bid ask` pairs in whole units, `-` for an empty side.
fn quotes(rows: &str) -> RecordBatch {
    let mut out = TableBuilder::<Quotes>::new(UtcNanos::from_nanos(1_000));
    for row in rows.split(',') {
        let mut sides =
            row.split_whitespace().map(|side| (side != "-").then(|| Price::parse(side).unwrap()));
        let (bid, ask) = (sides.next().unwrap(), sides.next().unwrap());
        out.set(&Quotes::SOURCE_ID, SourceId::new(1))
            .set(&Quotes::INSTRUMENT_ID, InstrumentId::new(7))
            .set(&Quotes::BID_PX, bid)
            .set(&Quotes::ASK_PX, ask)
            .end_row()
            .unwrap();
    }
    out.finish().unwrap().with_seq(10).into_record_batch()
}

/// Trades from `second px size [letter [instrument [second known]]]`; numbered from 10.
fn trades(rows: &str) -> RecordBatch {
    let mut out = TableBuilder::<Trades>::new(at(0));
    let mut sizes = Vec::new();
    for row in rows.split(',') {
        let words: Vec<&str> = row.split_whitespace().collect();
        // Nanoseconds, read as the billionths of a price.
        let second = |text: &str| Price::parse(text).unwrap().nanos();
        sizes.push(words[2].parse::<f64>().unwrap());
        let ts = second(words[0]);
        let known = words.get(5).map_or(ts, |w| second(w));
        let action = match words.get(3).copied() {
            Some("X") => TradeAction::Cancel,
            Some("C") => TradeAction::Correct,
            _ => TradeAction::Trade,
        };
        out.set_now(at(known));
        out.set(&Trades::SOURCE_ID, SourceId::new(1))
            .set(
                &Trades::INSTRUMENT_ID,
                InstrumentId::new(words.get(4).map_or(7, |w| w.parse().unwrap())),
            )
            .set(&Trades::TS_EVENT, at(ts))
            .set(&Trades::PX, Price::parse(words[1]).unwrap())
            .set(&Trades::SIZE, 1.0)
            .set(&Trades::REF_TRADE_ID, "1")
            .set(&Trades::AGGRESSOR, Aggressor::Buyer)
            .set(&Trades::ACTION, action)
            .end_row()
            .unwrap();
    }
    let batch = out.finish().unwrap().with_seq(10).into_record_batch();
    replace(&batch, "size", Arc::new(Float64Array::from(sizes)))
}

fn missing(report: &quality::Report) -> bool {
    matches!(verdict(report), Verdict::NotEvaluated(NotEvaluated::MissingContext(_)))
}

#[test]
fn bid_above_ask_is_crossed_and_an_empty_side_is_not_applicable() {
    let batch = quotes("1 2, 2 1, 1 1, - 1, 3 2");
    let (rows, report) = judge("quotes", "crossed", "", &batch, &Context::new());
    assert_eq!(rows, [11, 14]);
    assert_eq!(counts(&report), (4, 2));
    assert_eq!(verdict(&report), &Verdict::Fail);
    assert_eq!(report.findings()[0].samples(), [11, 14]);
}

#[test]
fn a_venue_that_is_crossed_by_nature_passes_within_its_rate() {
    // One quote in ten is crossed, as at one FX venue; 15 % are normal for source 1.
    let batch = quotes("1 2, 2 1, 1 2, 1 2, 1 2, 1 2, 1 2, 1 2, 1 2, 1 2");
    let rates = "max_rates = { 1 = 0.15 }";
    let (rows, report) = judge("quotes", "crossed", rates, &batch, &Context::new());
    assert_eq!((rows, verdict(&report)), (vec![11], &Verdict::Pass));
    let (_, report) = judge("quotes", "crossed", "", &batch, &Context::new());
    assert_eq!(verdict(&report), &Verdict::Fail);
}

#[test]
fn bid_at_the_ask_is_locked() {
    let (rows, report) =
        judge("quotes", "locked", "", &quotes("1 2, 2 1, 1 1, - 1, 3 3"), &Context::new());
    assert_eq!(rows, [12, 14]);
    assert_eq!(counts(&report), (4, 2));
}

#[test]
fn one_side_alone_is_one_sided_and_an_empty_book_is_not() {
    let (rows, report) =
        judge("quotes", "one_sided", "", &quotes("1 2, - 1, 1 -, - -"), &Context::new());
    assert_eq!(rows, [11, 12]);
    assert_eq!(counts(&report), (3, 2));
}

#[test]
fn a_price_between_two_ticks_breaks_the_version_of_its_time() {
    // A tick of 0.05 becomes one of 0.01 at second 100.
    let context = instruments(&[
        Version { tick: Some("0.05"), ..Version::default() },
        Version { tick: Some("0.01"), from: 100 * S, revision: 1, ..Version::default() },
    ]);
    // 10.01 / 0.05 = 200.2; 10.05 / 0.05 = 201; after second 100 only 10.015 is off. Instrument 8 is unknown.
    let batch = trades("1 10.01 1, 2 10.05 1, 100 10.01 1, 101 10.015 1, 102 10.015 1 T 8");
    let (rows, report) = judge("trades", "tick", "", &batch, &context);
    assert_eq!(rows, [10, 13]);
    assert_eq!(counts(&report), (4, 2));
    let detail = report.findings()[0].detail().unwrap().to_string();
    assert_eq!(detail, r#"{"px":2}"#);
    let (_, report) = judge("trades", "tick", "", &batch, &Context::new());
    assert!(missing(&report));
}

#[test]
fn a_tick_that_nobody_knew_yet_judges_no_row() {
    // The finer tick holds from second 0 but was published at second 50.
    let context = instruments(&[
        Version { tick: Some("0.05"), ..Version::default() },
        Version { tick: Some("0.01"), known: 50 * S, revision: 1, ..Version::default() },
    ]);
    let batch = trades("1 10.01 1, 49 10.01 1, 50 10.01 1");
    assert_eq!(judge("trades", "tick", "", &batch, &context).0, [10, 11]);
}

#[test]
fn prices_below_zero_have_ticks_too() {
    let context = instruments(&[Version { tick: Some("0.25"), ..Version::default() }]);
    let batch = trades("1 -37.5 1, 2 -37.6 1, 3 0 1");
    assert_eq!(judge("trades", "tick", "", &batch, &context).0, [11]);
}

#[test]
fn a_quote_is_off_tick_when_either_side_is() {
    let context = instruments(&[Version { tick: Some("0.25"), ..Version::default() }]);
    let batch = quotes("1 1.25, 1.1 1.25, 1 1.3, 1.1 1.3, - 1.3, - -");
    let (rows, report) = judge("quotes", "tick", "", &batch, &context);
    assert_eq!(rows, [11, 12, 13, 14]);
    assert_eq!(counts(&report), (5, 4));
    let (rows, _) = judge("quotes", "tick", "columns = [\"bid_px\"]", &batch, &context);
    assert_eq!(rows, [11, 13]);
}

#[test]
fn three_tenths_are_three_lots_and_their_neighbour_is_none() {
    let context = instruments(&[Version { lot: Some("0.1"), ..Version::default() }]);
    // 0.1 + 0.2 is 0.30000000000000004. At 1e15 doubles are an eighth apart: the row says nothing.
    let batch = trades("1 1 0.3, 2 1 0.30000000000000004, 3 1 0.25, 4 1 0, 5 1 -0.2, 6 1 1e15");
    let (rows, report) = judge("trades", "lot", "", &batch, &context);
    assert_eq!(rows, [11, 12]);
    assert_eq!(counts(&report), (5, 2));
    // NaN and infinities are the business of another kind.
    let batch = trades("1 1 NaN, 2 1 inf, 3 1 1e-320, 4 1 1e308");
    let (rows, report) = judge("trades", "lot", "", &batch, &context);
    assert_eq!((rows, counts(&report)), (vec![12], (1, 1)));
}

#[test]
fn only_a_cancel_may_have_size_zero() {
    let params = "allows_zero = false\nwhere = \"action\"\nis = [\"X\"]";
    let batch = trades("1 10 0, 2 10 0 X, 3 10 -1, 4 10 -1 X, 5 10 1, 6 10 0 C, 7 10 -0.0");
    let (rows, report) = judge("trades", "sign", params, &batch, &Context::new());
    assert_eq!(rows, [10, 12, 13, 15, 16]);
    assert_eq!(counts(&report), (7, 5));
    assert_eq!(judge("trades", "sign", "", &batch, &Context::new()).0, [12, 13]);
    let strict = "allows_zero = false";
    assert_eq!(judge("trades", "sign", strict, &batch, &Context::new()).0.len(), 6);
}

#[test]
fn a_price_below_zero_is_a_fault_unless_the_instrument_has_such_prices() {
    // The spread is instrument 7, which trades below zero; 8 does not, and 9 is unknown.
    let context = instruments(&[
        Version { allows_nonpositive_px: true, ..Version::default() },
        Version { id: 8, ..Version::default() },
    ]);
    let batch = trades("1 -37.63 1, 2 0 1 T 8, 3 -1 1 T 9, 4 1 1 T 9, 5 0 1");
    assert_eq!(judge("trades", "sign", "", &batch, &context).0, [11, 12]);
    assert_eq!(judge("trades", "sign", "", &batch, &Context::new()).0, [10, 11, 12, 14]);
}

#[test]
fn flags_of_the_source_are_read_bit_by_bit() {
    let mut out = TableBuilder::<Quotes>::new(at(0));
    let flags = [
        Flags::LAST,
        Flags::VENDOR_SUSPECT.with(Flags::LAST),
        Flags::MAYBE_BAD_BOOK,
        Flags::INFERRED,
        Flags::INFERRED.with(Flags::VENDOR_SUSPECT),
    ];
    for flags in flags {
        out.set(&Quotes::SOURCE_ID, SourceId::new(1))
            .set(&Quotes::INSTRUMENT_ID, InstrumentId::new(7))
            .set(&Quotes::FLAGS, flags.bits())
            .end_row()
            .unwrap();
    }
    let batch = out.finish().unwrap().with_seq(10).into_record_batch();
    assert_eq!(judge("quotes", "vendor_suspect", "", &batch, &Context::new()).0, [11, 12, 14]);
    let (rows, report) = judge("quotes", "inferred", "", &batch, &Context::new());
    assert_eq!((rows, counts(&report)), (vec![13, 14], (5, 2)));
}

#[test]
fn a_print_counts_as_in_a_halt_once_the_halt_was_known() {
    let mut context = Context::new();
    // Halted from 10, known at 12; trading again from 20. Closed at 30, which is no halt.
    add_statuses(
        &mut context,
        &[
            (0, 0, "trading", Some(true)),
            (10, 12, "halt", Some(false)),
            (20, 20, "trading", Some(true)),
            (30, 30, "close", Some(false)),
        ],
    );
    // 11 is in the halt, but nobody knew; 13 is; its cancel is no trade; 15 was printed before the halt and came late.
    let batch = trades("5 1 1, 11 1 1, 13 1 1, 14 1 1 X, 9 1 1 T 7 15, 20 1 1, 31 1 1, 32 1 1 T 8");
    let (rows, report) = judge("trades", "halt_print", "", &batch, &context);
    assert_eq!(rows, [12]);
    assert_eq!(counts(&report), (6, 1), "neither the cancel nor the instrument without statuses");
    assert!(missing(&judge("trades", "halt_print", "", &batch, &Context::new()).1));
}

#[test]
fn a_status_that_does_not_say_whether_trading_goes_on_is_read_by_its_word() {
    let mut context = Context::new();
    add_statuses(
        &mut context,
        &[
            (0, 0, "quoting", None),
            (10, 10, "suspend", None),
            (15, 15, "quoting", None),
            (20, 20, "trading", None),
        ],
    );
    // Before 10 no status says anything; at 15 the suspension still holds.
    let batch = trades("5 1 1, 11 1 1, 16 1 1, 21 1 1");
    let (rows, report) = judge("trades", "halt_print", "", &batch, &context);
    assert_eq!((rows, counts(&report)), (vec![11, 12], (3, 2)));
}

#[test]
fn a_print_outside_every_session_is_found_and_an_unknown_calendar_says_nothing() {
    let mut context = instruments(&[
        Version { calendar: Some("XNYS"), ..Version::default() },
        Version { id: 8, calendar: Some("XLON"), ..Version::default() },
        Version { id: 9, ..Version::default() },
    ]);
    let batch = "50 1 1, 100 1 1, 199.5 1 1, 200 1 1, 350 1 1, 300 1 1, 120 1 1 T 8, 50 1 1 T 9, 201 1 1 X, 900000 1 1";
    let batch = trades(batch);
    assert!(missing(&judge("trades", "off_session", "", &batch, &context).1));
    // The second session is the short one of a half day. A closing auction prints at 200, by its clock.
    add_sessions(&mut context, "XNYS", &[(100, 200), (300, 340)]);
    let (rows, report) = judge("trades", "off_session", "", &batch, &context);
    assert_eq!(rows, [10, 14]);
    assert_eq!(counts(&report), (6, 2), "ten days on, the calendar says nothing");
    let (rows, _) = judge("trades", "off_session", "grace = \"0ns\"", &batch, &context);
    assert_eq!(rows, [10, 13, 14], "the end of a session is not in it");
}

#[test]
fn a_receive_stamp_before_the_event_breaks_no_rule_but_that_of_clocks() {
    // A recorder that runs 1.27 s slow, on every row.
    let batch = trades("10 1 1 T 7 8.73, 11 1 1 T 7 9.73");
    let rules = quality::RuleSet::built_in("trades").unwrap();
    let (_, report) = broken(&rules, std::slice::from_ref(&batch), &Context::new());
    let names = report.findings().iter().filter(|f| f.counts().violations > 0);
    let names: Vec<&str> = names.map(|f| f.check().id()).collect();
    assert_eq!(names, ["trades.clock_suspect"], "the clock is named, and no row is bad for it");
    let clocks =
        one("trades", "ts_chain", "columns = [\"ts_event\", \"ts_recv\"]\nours = [\"ts_recv\"]");
    let (rows, report) = broken(&clocks, &[batch], &Context::new());
    assert!(rows.is_empty() && verdict(&report) == &Verdict::NotApplicable, "no bound, no claim");
}
