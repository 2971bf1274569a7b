//! Kinds that hold rows against another table: parity, bars and trades, results.

use super::labels::{decision, features, named};
use super::{
    MINUTE, Print, at, counts, detail, finding, is_missing_context, judge, trades, with,
    with_columns,
};
use crate::support::{broken, one};
use arrow_array::{ArrayRef, Decimal128Array, RecordBatch};
use contract::{
    Aggressor, Amount, Bars, ExecType, Executions, Flags, Hash, InstrumentId, LabelStatus,
    OutcomeBasis, Outcomes, PostingKind, Postings, Price, PriceType, Quotes, Side, SourceId,
    TableBuilder, TradeAction, Trades, UtcNanos,
};
use quality::{Context, NotEvaluated, Verdict};
use std::sync::Arc;

// parity

#[test]
fn bits_that_differ_and_rows_that_only_one_side_has_break_parity() {
    let rules = one("features", "parity", "");
    let quiet = f64::from_bits(0x7ff8_0000_0000_0001);
    let again = with([features(&[
        (1, Some(1.0), Some(2.0)),
        (2, Some(0.0), Some(2.0)),
        (3, Some(1.0), None),
        (4, Some(f64::NAN), Some(0.1 + 0.2)),
        (5, Some(quiet), Some(0.0)),
        (8, None, None),
        (9, None, None),
    ])]);
    let live = features(&[
        (1, Some(1.0), Some(2.0)),
        (2, Some(-0.0), Some(2.0)),     // equal, and not in bits
        (3, Some(1.0), Some(0.0)),      // a null there
        (4, Some(f64::NAN), Some(0.3)), // one bit off
        (5, Some(f64::NAN), Some(0.0)), // another NaN
        (7, Some(1.0), Some(1.0)),      // nobody there
    ]);
    let (rows, _) = broken(&rules, std::slice::from_ref(&live), &again);
    assert_eq!(rows, [1, 2, 3, 4, 5]); // by `seq`, from 0
    let report = judge(&rules, &live, &again);
    // Six rows here, and two that are only there.
    assert_eq!(counts(&report), (8, 7));
    assert_eq!(finding(&report).effect(), Some(("mismatch", 4.0)));
    let found = detail(&report);
    let columns = r#"{"columns":{"a__x__1m":2,"b__y__1m":2},"extra":1,"mismatch":4,"missing":2"#;
    assert!(found.starts_with(columns), "{found}");
    let one_column = one("features", "parity", "columns = [\"b__y__1m\"]");
    assert_eq!(counts(&judge(&one_column, &live, &again)), (8, 5));
}

#[test]
fn the_last_revision_is_what_was_computed_again() {
    let rules = one("features", "parity", "");
    let names = ["a__x__1m", "b__y__1m"];
    let (old, new) = ([(1, Some(1.0), None)], [(1, Some(2.0), None)]);
    for tables in [
        [named(names, &old, 0), named(names, &new, 1)],
        [named(names, &new, 1), named(names, &old, 0)],
    ] {
        let context = with(tables);
        assert_eq!(counts(&judge(&rules, &features(&new), &context)), (1, 0));
        assert_eq!(counts(&judge(&rules, &features(&old), &context)), (1, 1));
    }
}

#[test]
fn columns_that_one_side_lacks_are_no_parity() {
    let rules = one("features", "parity", "");
    let row = [(1, Some(1.0), None)];
    let other = named(["a__x__1m", "c__z__1m"], &row, 0);
    let verdict = |rules, live: &RecordBatch, there: &RecordBatch| {
        finding(&broken(rules, std::slice::from_ref(live), &with([there.clone()])).1)
            .verdict()
            .clone()
    };
    let missing = Verdict::NotEvaluated(NotEvaluated::MissingColumn("b__y__1m".to_owned()));
    assert_eq!(verdict(&rules, &other, &features(&row)), missing);
    assert!(is_missing_context(&judge(&rules, &features(&row), &Context::new())));
    let one_column = one("features", "parity", "columns = [\"a__x__1m\"]");
    assert_eq!(verdict(&one_column, &other, &features(&row)), Verdict::Pass);
    let nowhere = one("features", "parity", "columns = [\"d__w__1m\"]");
    assert!(matches!(
        verdict(&nowhere, &other, &features(&row)),
        Verdict::NotEvaluated(NotEvaluated::MissingContext(_))
    ));
}

// bar_vs_trades

/// A bar of a minute: minute, open, high, low, close, volume.
type Bar<'a> = (i64, [&'a str; 4], Option<f64>);

fn bars(rows: &[Bar<'_>]) -> RecordBatch {
    kind_of_bars(rows, MINUTE, PriceType::Trade, true)
}

/// One batch, made of batches of one bar: two bars of one time are a thing that the builder refuses.
fn kind_of_bars(rows: &[Bar<'_>], step: i64, kind: PriceType, is_final: bool) -> RecordBatch {
    let bar = |(seq, (minute, px, volume)): (u64, &Bar<'_>)| {
        let px = px.map(|p| Price::parse(p).unwrap());
        let mut out = TableBuilder::<Bars>::new(at(0));
        out.set(&Bars::SOURCE_ID, SourceId::new(1))
            .set(&Bars::INSTRUMENT_ID, InstrumentId::new(1))
            .set(&Bars::FLAGS, Flags::LAST.bits())
            .set(&Bars::TS_OPEN, at(minute * step))
            .set(&Bars::TS_CLOSE, at((minute + 1) * step))
            .set(&Bars::STEP_NS, step)
            .set(&Bars::PRICE_TYPE, kind)
            .set(&Bars::OPEN, px[0])
            .set(&Bars::HIGH, px[1])
            .set(&Bars::LOW, px[2])
            .set(&Bars::CLOSE, px[3])
            .set(&Bars::VOLUME, *volume)
            .set(&Bars::IS_FINAL, is_final)
            .end_row()
            .unwrap();
        out.finish().unwrap().with_seq(seq).into_record_batch()
    };
    let all: Vec<RecordBatch> = (10..).zip(rows).map(bar).collect();
    arrow_select::concat::concat_batches(all[0].schema_ref(), &all).unwrap()
}

fn tape() -> Vec<Print<'static>> {
    let m = MINUTE;
    vec![
        (1, 1, 0, "9", 1.0),
        (1, 1, m, "10", 0.1),
        (1, 1, m + 5, "12", 0.2),
        (1, 1, m + 9, "8", 0.3),
        (1, 1, 2 * m - 1, "11", 0.4),
        (1, 1, 2 * m, "20", 5.0),
        (1, 1, 4 * m, "21", 1.0),
    ]
}

#[test]
fn a_bar_is_its_trades_added_up() {
    let rules = one("bars", "bar_vs_trades", "");
    let context = with([trades(&tape())]);
    let right = ["10", "12", "8", "11"];
    let rows = bars(&[
        (1, right, Some(1.0)), // 0.1 + 0.2 + 0.3 + 0.4
        (1, right, None),
        (1, ["10", "12", "8", "10"], Some(1.0)),
        (1, right, Some(1.1)),
        (2, ["20", "20", "20", "20"], Some(5.0)),
        (3, ["20", "20", "20", "20"], Some(0.0)), // nothing traded and nothing claimed
        (3, ["20", "20", "20", "20"], Some(1.0)), // nothing traded
        (4, ["21", "21", "21", "21"], Some(1.0)), // reaches over the last trade
        (9, right, Some(1.0)),
    ]);
    let (broken, report) = broken(&rules, std::slice::from_ref(&rows), &context);
    assert_eq!(broken, [12, 13, 16]);
    assert_eq!(counts(&report), (6, 3));
    assert_eq!((finding(&report).effect(), detail(&report)), (None, String::new()));
    judge(&rules, &rows, &context);
    let edges = one("bars", "bar_vs_trades", "edges = \"judge\"");
    assert_eq!(counts(&judge(&edges, &rows, &context)), (7, 3));
    assert!(is_missing_context(&judge(&rules, &rows, &Context::new())));
}

#[test]
fn quotes_and_unfinished_bars_are_no_trades() {
    let rules = one("bars", "bar_vs_trades", "");
    let wrong = [(1, ["1", "1", "1", "1"], Some(7.0))];
    for (kind, is_final, expected) in
        [(PriceType::Bid, true, 0), (PriceType::Trade, false, 0), (PriceType::Trade, true, 1)]
    {
        let rows = kind_of_bars(&wrong, MINUTE, kind, is_final);
        let report = judge(&rules, &rows, &with([trades(&tape())]));
        assert_eq!(counts(&report).0, expected);
    }
}

#[test]
fn a_constant_factor_is_named() {
    let rules = one("bars", "bar_vs_trades", "");
    let rows = bars(&[
        (1, ["25", "30", "20", "27.5"], Some(2.0)),
        (2, ["50", "50", "50", "50"], Some(10.0)),
    ]);
    let report = judge(&rules, &rows, &with([trades(&tape())]));
    assert_eq!(counts(&report), (2, 2));
    assert_eq!(finding(&report).effect(), Some(("px_factor", 2.5)));
    assert_eq!(detail(&report), r#"{"px_factor":"5/2","volume_factor":"2"}"#);
}

#[test]
fn esh1_bars_are_a_hundred_times_its_trades() {
    // The two bars of `test_data.ohlcv-1s.dbn` and the two trades of `test_data.trades.dbn`, as databento-dbn 0.72.0 reads
    // them (fixtures/dbn/vectors.json).
    let second = 1_000_000_000;
    let start = 1_609_160_400;
    let rows = kind_of_bars(
        &[
            (start, ["372025", "372050", "372025", "372050"], Some(57.0)),
            (start + 1, ["372050", "372050", "372050", "372050"], Some(13.0)),
        ],
        second,
        PriceType::Trade,
        true,
    );
    let prints = [
        (1, 1, 1_609_160_400_098_821_953, "3720.25", 5.0),
        (1, 1, 1_609_160_400_107_665_963, "3720.25", 21.0),
    ];
    let rules = one("bars", "bar_vs_trades", "edges = \"judge\"");
    let report = judge(&rules, &rows, &with([trades(&prints)]));
    assert_eq!(finding(&report).verdict(), &Verdict::Fail);
    assert_eq!(counts(&report), (1, 1)); // the second bar is behind the last trade
    assert_eq!(finding(&report).effect(), Some(("px_factor", 100.0)));
    assert_eq!(detail(&report), r#"{"px_factor":"100","volume_factor":"57/26"}"#);
}

#[test]
fn cancelled_prints_do_not_count_and_corrected_ones_count_as_corrected() {
    let mut rows = TableBuilder::<Trades>::new(at(0));
    for (ts, action, id, meant, px, size) in [
        (0, TradeAction::Trade, "a", None, "9", 1.0),
        (MINUTE, TradeAction::Trade, "b", None, "10", 1.0),
        (MINUTE + 1, TradeAction::Trade, "c", None, "99", 1.0),
        (MINUTE + 2, TradeAction::Trade, "d", None, "11", 1.0),
        (MINUTE + 3, TradeAction::Cancel, "e", Some("c"), "99", 1.0),
        (MINUTE + 4, TradeAction::Correct, "f", Some("d"), "12", 2.0),
        (2 * MINUTE, TradeAction::Trade, "g", None, "9", 1.0),
    ] {
        rows.set(&Trades::SOURCE_ID, SourceId::new(1))
            .set(&Trades::INSTRUMENT_ID, InstrumentId::new(1))
            .set(&Trades::TS_EVENT, at(ts))
            .set(&Trades::PX, Price::parse(px).unwrap())
            .set(&Trades::SIZE, size)
            .set(&Trades::AGGRESSOR, Aggressor::Buyer)
            .set(&Trades::ACTION, action)
            .set(&Trades::TRADE_ID, Some(id))
            .set(&Trades::REF_TRADE_ID, meant)
            .end_row()
            .unwrap();
    }
    let context = with([rows.finish().unwrap().with_seq(1).into_record_batch()]);
    let rows = bars(&[(1, ["10", "12", "10", "12"], Some(3.0))]);
    assert_eq!(counts(&judge(&one("bars", "bar_vs_trades", ""), &rows, &context)), (1, 0));
}

#[test]
fn trades_of_another_source_count_where_the_rule_says_so() {
    let both: Vec<_> = tape()
        .into_iter()
        .chain([(2, 1, MINUTE, "5", 1.0), (2, 1, 0, "5", 1.0), (2, 1, 2 * MINUTE, "5", 1.0)])
        .collect();
    let rows = bars(&[(1, ["5", "5", "5", "5"], Some(1.0))]);
    let context = with([trades(&both)]);
    assert_eq!(counts(&judge(&one("bars", "bar_vs_trades", ""), &rows, &context)), (1, 1));
    let rules = one("bars", "bar_vs_trades", "trades_source = 2");
    assert_eq!(counts(&judge(&rules, &rows, &context)), (1, 0));
    let alone = with([trades(&both[7..])]); // the only source that there is
    assert_eq!(counts(&judge(&one("bars", "bar_vs_trades", ""), &rows, &alone)), (1, 0));
}

// pnl_recon

/// An outcome: decision, strategy, basis, revision, booked result and fees in units of money.
type Outcome<'a> = (u32, &'a str, OutcomeBasis, u16, Option<f64>, f64);

#[expect(clippy::cast_possible_truncation, reason = "small round money")]
fn nanos(money: f64) -> i128 {
    (money * 1e9) as i128
}

fn outcomes(rows: &[Outcome<'_>]) -> RecordBatch {
    let mut out = TableBuilder::<Outcomes>::new(at(0));
    for (n, strategy, basis, revision, ..) in rows {
        out.set(&Outcomes::DECISION_ID, decision(*n))
            .set(&Outcomes::MEASURES_HASH, Hash::from_bytes([1; 32]))
            .set(&Outcomes::INPUTS_HASH, Hash::from_bytes([2; 32]))
            .set(&Outcomes::REVISION, *revision)
            .set(&Outcomes::STATUS, LabelStatus::Final)
            .set(&Outcomes::CODE_VERSION, "1")
            .set(&Outcomes::TS_CUTOFF, at(0))
            .set(&Outcomes::TS_END, at(900))
            .set(&Outcomes::TS_UNTIL, at(900))
            .set(&Outcomes::TS_LATEST_END, at(1_000))
            .set(&Outcomes::TS_AVAIL, at(1_000))
            .set(&Outcomes::CAUSE, &[][..])
            .set(&Outcomes::WINDOW, "1h")
            .set(&Outcomes::BASIS, *basis)
            .set(&Outcomes::STRATEGY_ID, *strategy)
            .set(&Outcomes::STRATEGY_VERSION, "1")
            .set(&Outcomes::CLOCK, "event")
            .set(&Outcomes::OUTCOME_FLAGS, 0_u32)
            .set(&Outcomes::NULL_REASONS, &[][..])
            .end_row()
            .unwrap();
    }
    let money = |values: Vec<Option<i128>>| -> ArrayRef {
        Arc::new(Decimal128Array::from(values).with_precision_and_scale(38, 9).unwrap())
    };
    let booked = money(rows.iter().map(|r| r.4.map(nanos)).collect());
    let fees = money(rows.iter().map(|r| Some(nanos(r.5))).collect());
    let fixed = out.finish().unwrap().into_record_batch();
    with_columns::<Outcomes>(&fixed, vec![("booked_pnl", booked), ("fees", fees)])
}

/// Fills: id, strategy, the venue's figure.
fn fills(rows: &[(&str, &str, Option<&str>)]) -> RecordBatch {
    let mut out = TableBuilder::<Executions>::new(at(0));
    for (id, strategy, figure) in rows {
        out.set(&Executions::SOURCE_ID, SourceId::new(1))
            .set(&Executions::INSTRUMENT_ID, InstrumentId::new(1))
            .set(&Executions::TS_EVENT, UtcNanos::from_nanos(5))
            .set(&Executions::EXEC_ID, *id)
            .set(&Executions::EXEC_TYPE, ExecType::Trade)
            .set(&Executions::SIDE, Side::Sell)
            .set(&Executions::LAST_QTY, Some(Amount::from_units(1)))
            .set(&Executions::LAST_PX, Some(Price::parse("1").unwrap()))
            .set(&Executions::STRATEGY_ID, Some(*strategy))
            .set(&Executions::REALIZED_PNL_VENUE, figure.map(|f| Amount::parse(f).unwrap()))
            .end_row()
            .unwrap();
    }
    out.finish().unwrap().with_seq(1).into_record_batch()
}

fn postings(rows: &[(&str, &str)]) -> RecordBatch {
    let mut out = TableBuilder::<Postings>::new(at(0));
    for (exec, amount) in rows {
        out.set(&Postings::SOURCE_ID, SourceId::new(1))
            .set(&Postings::TS_EVENT, UtcNanos::from_nanos(5))
            .set(&Postings::POSTING_ID, *exec)
            .set(&Postings::ACCOUNT_REF, decision(0))
            .set(&Postings::KIND, PostingKind::RealizedPnl)
            .set(&Postings::CCY, "USD")
            .set(&Postings::AMOUNT, Amount::parse(amount).unwrap())
            .set(&Postings::EXEC_ID, Some(*exec))
            .end_row()
            .unwrap();
    }
    out.finish().unwrap().with_seq(1).into_record_batch()
}

const R: OutcomeBasis = OutcomeBasis::Realized;

#[test]
fn results_differ_from_the_venues_by_fees_and_rounding_at_most() {
    let rules = one("outcomes", "pnl_recon", "");
    let rows = outcomes(&[
        (1, "s", R, 0, Some(90.0), 1.0),
        (2, "s", OutcomeBasis::Marked, 0, Some(-20.0), 0.5),
        (3, "s", OutcomeBasis::Counterfactual, 0, Some(500.0), 9.0),
        (4, "s", R, 0, None, 0.0),
        (5, "s", R, 0, Some(1_000.0), 0.0), // revised below
        (5, "s", R, 1, Some(10.0), -0.5),
        (6, "t", R, 0, Some(5.0), 0.0),
    ]);
    // Ours: 90 - 20 + 10 = 80. Fees: 1 + 0.5 + 0.5 = 2. Two figures: 0.02 of rounding. So 77.98 to 82.02.
    let of = |first: &str| {
        let context =
            with([fills(&[("x", "s", Some(first)), ("y", "s", Some("30")), ("z", "t", None)])]);
        judge(&rules, &rows, &context)
    };
    for (first, violations) in [("52.02", 0), ("52.03", 1), ("47.98", 0), ("47.97", 1)] {
        // Nothing is known of the venue's figure for `t`.
        assert_eq!(counts(&of(first)), (1, violations), "{first}");
    }
    let report = of("60");
    assert_eq!(finding(&report).effect(), Some(("largest_difference_ccy", 10.0)));
    assert!(detail(&report).contains(r#""strategy_id":"s""#), "{}", detail(&report));
    assert!(is_missing_context(&judge(&rules, &rows, &Context::new())));
    let tight = one("outcomes", "pnl_recon", "rounding = \"0\"\nwindows = [\"1h\"]");
    let context = with([fills(&[("x", "s", Some("82.01"))])]);
    assert_eq!(counts(&judge(&tight, &rows, &context)), (1, 1));
    let other = one("outcomes", "pnl_recon", "windows = [\"1d\"]");
    assert_eq!(counts(&judge(&other, &rows, &context)), (0, 0));
}

#[test]
fn postings_stand_in_where_fills_carry_no_figure() {
    let rules = one("outcomes", "pnl_recon", "");
    let rows = outcomes(&[(1, "s", R, 0, Some(10.0), 0.0)]);
    let of =
        |amount| with([fills(&[("x", "s", None)]), postings(&[("x", amount), ("unknown", "77")])]);
    assert_eq!(counts(&judge(&rules, &rows, &of("10.01"))), (1, 0));
    assert_eq!(counts(&judge(&rules, &rows, &of("10.02"))), (1, 1));
}

// cross_source

/// 150 minutes of two days from sources 1 and 2, whose bids are 0 to 2 steps of 0.001 apart, and `apart` more on the
/// second day.
fn two_sources(apart: i64) -> RecordBatch {
    let mut out = TableBuilder::<Quotes>::new(at(0));
    for minute in (0..150).chain(1_440..1_590) {
        out.set_now(at(minute * MINUTE));
        for source in [1, 2] {
            let noise = if source == 2 { (minute % 3) * 1_000_000 } else { 0 };
            let shift = if source == 2 && minute >= 1_440 { apart } else { 0 };
            let bid = 100_000_000_000 + (minute % 7) * 10_000_000 + noise + shift;
            out.set(&Quotes::SOURCE_ID, SourceId::new(source))
                .set(&Quotes::INSTRUMENT_ID, InstrumentId::new(1))
                .set(&Quotes::BID_PX, Some(Price::from_nanos(bid)))
                .set(&Quotes::ASK_PX, Some(Price::from_nanos(bid + 20_000_000)))
                .end_row()
                .unwrap();
        }
    }
    out.finish().unwrap().with_seq(1).into_record_batch()
}

#[test]
fn a_session_in_which_sources_disagree_fails_by_the_band_of_the_one_before() {
    let params = "max_age = \"5m\"\nsame_instant = true\nlags = false";
    let rules = one("quotes", "cross_source", params);
    let of = |apart| judge(&rules, &two_sources(apart), &Context::new());
    // The first day has nothing to learn from; the second is judged by it.
    assert_eq!((counts(&of(0)), finding(&of(0)).verdict()), ((1, 0), &Verdict::Pass));
    let report = of(1_000_000_000);
    assert_eq!((counts(&report), finding(&report).verdict()), ((1, 1), &Verdict::Fail));
    assert_eq!(
        detail(&report),
        r#"{"pairs":[{"instrument_id":1,"lag_ns":null,"left":"1","outside":150,"right":"2"}]}"#
    );
    let first_day = judge(&rules, &two_sources(0).slice(0, 300), &Context::new());
    assert_eq!(finding(&first_day).verdict(), &Verdict::Insufficient { found: 150, needed: 100 });
    let alone =
        judge(&one("quotes", "cross_source", params), &two_sources(0).slice(0, 1), &Context::new());
    assert_eq!(finding(&alone).verdict(), &Verdict::NotApplicable);
}
