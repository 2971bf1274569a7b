//! Every row rule with a row that keeps it and a row that breaks it.

use crate::rows::{Cell, Dice, Rows, T0, code, ints, text};
use contract::arrow_array::{Array, RecordBatch};
use contract::{
    Admitted, AnyBatch, InstrumentId, Known, Origin, Reject, SourceId, TABLES, TableSpec, Type,
    admit_any, admit_known, table,
};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// A rule: cells that keep it, and further cells that break it.
struct Case {
    table: &'static str,
    code: &'static str,
    column: &'static str,
    good: Vec<(&'static str, Cell)>,
    bad: Vec<(&'static str, Cell)>,
}

fn case(
    rule: (&'static str, &'static str, &'static str),
    good: impl Into<Vec<(&'static str, Cell)>>,
    bad: impl Into<Vec<(&'static str, Cell)>>,
) -> Case {
    let (table, code, column) = rule;
    Case { table, code, column, good: good.into(), bad: bad.into() }
}

fn spec(name: &str) -> &'static TableSpec {
    table(name).unwrap_or_else(|| panic!("no table {name}"))
}

fn admitted(rows: &Rows) -> Admitted<AnyBatch> {
    admit_any(rows.spec, &rows.batch(), &Origin::new("feeds", "a.parquet")).unwrap()
}

const NULL: Cell = Cell::Null;
fn at(ns: i128) -> Cell {
    Cell::Int(T0 + ns)
}
fn one(cells: Vec<Cell>) -> Cell {
    Cell::List(vec![Cell::Struct(cells)])
}
fn f(value: f64) -> Cell {
    Cell::Float(value)
}
fn i(value: i128) -> Cell {
    Cell::Int(value)
}
fn px(units: i128) -> Cell {
    Cell::Int(units * 1_000_000_000)
}

const BACKFILL: Cell = Cell::Int(256);

fn envelope_cases() -> Vec<Case> {
    let backfilled =
        [("flags", BACKFILL), ("ts_recv", NULL), ("ts_event", at(0)), ("clock_offset_ns", i(0))];
    vec![
        case(("trades", "no-time", "ts_recv"), [], [("ts_recv", NULL)]),
        case(("trades", "no-time", "ts_recv"), backfilled.clone(), [("ts_recv", at(0))]),
        case(("trades", "no-time", "ts_event"), backfilled.clone(), [("ts_event", NULL)]),
        case(("trades", "no-time", "clock_offset_ns"), backfilled, [("clock_offset_ns", NULL)]),
        case(("trades", "avail-before-recv", "ts_avail"), [], [("ts_avail", at(-1))]),
    ]
}

fn value_cases() -> Vec<Case> {
    vec![
        case(("trades", "null-required", "px"), [], [("px", NULL)]),
        case(("trades", "not-finite", "size"), [("size", f(1e300))], [("size", f(f64::NAN))]),
        case(("trades", "not-finite", "size"), [], [("size", f(f64::INFINITY))]),
        case(("trades", "negative-size", "size"), [("size", f(5e-324))], [("size", f(-5e-324))]),
        case(("bars", "not-finite", "vwap"), [("vwap", f(-1.5))], [("vwap", f(f64::NEG_INFINITY))]),
        case(
            ("trades", "out-of-vocabulary", "aggressor"),
            [("aggressor", code(b'N'))],
            [("aggressor", code(b'b'))],
        ),
        case(("trades", "out-of-vocabulary", "aggressor"), [], [("aggressor", i(200))]),
        case(
            ("decisions", "out-of-vocabulary", "status"),
            [("status", text("denied"))],
            [("status", text("Denied"))],
        ),
    ]
}

fn market_cases() -> Vec<Case> {
    let cancel = [("action", code(b'X')), ("ref_trade_id", text("17")), ("size", f(0.0))];
    let bid = [("bid_px", px(99)), ("bid_size", f(1.0)), ("bid_ct", i(2))];
    let ask = [("ask_px", px(99)), ("ask_size", f(1.0)), ("ask_ct", i(2))];
    let book = [("bid_px_00", px(99)), ("bid_px_01", px(98)), ("bid_size_01", f(1.0))];
    vec![
        case(("trades", "out-of-range", "size"), cancel.clone(), [("action", code(b'C'))]),
        case(("trades", "out-of-range", "size"), [], [("size", f(-0.0))]),
        case(("trades", "conditional-missing", "ref_trade_id"), cancel, [("ref_trade_id", NULL)]),
        case(
            ("trades", "conditional-missing", "ref_trade_id"),
            [("action", code(b'C')), ("ref_trade_id", text("17"))],
            [("ref_trade_id", NULL)],
        ),
        case(("quotes", "pair-mismatch", "bid_size"), bid.clone(), [("bid_px", NULL)]),
        case(("quotes", "pair-mismatch", "ask_size"), ask.clone(), [("ask_px", NULL)]),
        case(("quotes", "pair-mismatch", "bid_ct"), bid, [("bid_px", NULL), ("bid_size", NULL)]),
        case(("quotes", "pair-mismatch", "ask_ct"), ask, [("ask_px", NULL), ("ask_size", NULL)]),
        case(("depths", "pair-mismatch", "bid_px_00"), book.clone(), [("bid_px_00", NULL)]),
        case(("depths", "pair-mismatch", "bid_px_00"), book, [("bid_px_01", NULL)]),
        case(
            ("depths", "pair-mismatch", "bid_px_00"),
            [("ask_px_00", px(100))],
            [("ask_ct_09", i(1))],
        ),
        case(
            ("book_deltas", "conditional-missing", "px"),
            [("action", code(b'M')), ("px", px(99))],
            [("px", NULL)],
        ),
        case(
            ("book_deltas", "conditional-missing", "px"),
            [("action", code(b'R'))],
            [("px", px(99))],
        ),
        case(("bars", "out-of-range", "ts_close"), [("ts_close", at(1))], [("ts_close", at(0))]),
        case(("bars", "out-of-range", "step_ns"), [("step_ns", i(1))], [("step_ns", i(0))]),
        case(
            ("bars", "ohlc-order", "low"),
            [("low", px(100)), ("open", px(100)), ("high", px(101)), ("close", px(100))],
            [("low", i(100_000_000_001))],
        ),
        case(
            ("bars", "ohlc-order", "high"),
            [("low", px(99)), ("open", px(99)), ("high", px(100)), ("close", px(100))],
            [("high", i(99_999_999_999))],
        ),
        case(
            ("feed_marks", "conditional-missing", "ts_mark"),
            [("kind", text("watermark")), ("ts_mark", at(0))],
            [("ts_mark", NULL)],
        ),
        case(
            ("feed_marks", "out-of-range", "ts_to"),
            [("kind", text("gap")), ("ts_from", at(0)), ("ts_to", at(0))],
            [("ts_to", at(-1))],
        ),
    ]
}

fn decision_cases() -> Vec<Case> {
    let hold = [("action", text("hold")), ("side", NULL), ("qty", NULL), ("instrument_id", NULL)];
    let signal = |value, weight| one(vec![text("ofi"), f(value), weight, NULL, NULL]);
    let other = |score, prob| one(vec![text("hold"), score, prob]);
    let check = |value, limit| one(vec![text("max_qty"), Cell::Bool(true), value, limit]);
    let half = || f(0.5);
    vec![
        case(("decisions", "conditional-missing", "instrument_id"), [], [("instrument_id", NULL)]),
        case(("decisions", "conditional-missing", "ts_event"), [], [("ts_event", NULL)]),
        case(("decisions", "conditional-missing", "side"), [], [("side", NULL)]),
        case(
            ("decisions", "conditional-missing", "side"),
            [("action", text("skip")), ("side", NULL), ("qty", NULL)],
            [("action", text("reverse"))],
        ),
        case(("decisions", "conditional-missing", "side"), hold.clone(), [("side", text("buy"))]),
        case(("decisions", "conditional-missing", "qty"), [], [("qty", NULL)]),
        case(("decisions", "conditional-missing", "qty"), hold, [("qty", px(1))]),
        case(("decisions", "out-of-range", "qty"), [("qty", i(1))], [("qty", i(0))]),
        case(
            ("decisions", "out-of-range", "horizon_ns"),
            [("horizon_ns", i(1))],
            [("horizon_ns", i(0))],
        ),
        case(
            ("decisions", "out-of-range", "confidence"),
            [("confidence", f(1.0))],
            [("confidence", f(1.000_000_1))],
        ),
        case(
            ("decisions", "out-of-range", "action_prob"),
            [("action_prob", f(1e-12))],
            [("action_prob", f(0.0))],
        ),
        case(
            ("decisions", "not-finite", "signals"),
            [("signals", signal(-2.5, half()))],
            [("signals", signal(f64::NAN, half()))],
        ),
        case(
            ("decisions", "not-finite", "signals"),
            [("signals", signal(-2.5, NULL))],
            [("signals", signal(1.0, f(f64::INFINITY)))],
        ),
        case(
            ("decisions", "out-of-range", "alternatives"),
            [("alternatives", other(f(-9.0), f(0.0)))],
            [("alternatives", other(f(-9.0), f(-0.1)))],
        ),
        case(
            ("decisions", "out-of-range", "alternatives"),
            [("alternatives", other(NULL, NULL))],
            [("alternatives", other(f(f64::NAN), NULL))],
        ),
        case(
            ("decisions", "not-finite", "risk_checks"),
            [("risk_checks", check(half(), NULL))],
            [("risk_checks", check(half(), f(f64::INFINITY)))],
        ),
        case(
            ("decisions", "not-finite", "feature_vector"),
            [("feature_vector", Cell::List(vec![half(), f(-1.0)]))],
            [("feature_vector", Cell::List(vec![half(), f(f64::NAN)]))],
        ),
        case(
            ("decisions", "pair-mismatch", "bid_size"),
            [("bid_px", px(99)), ("bid_size", half())],
            [("bid_px", NULL)],
        ),
        case(
            ("decisions", "pair-mismatch", "ask_size"),
            [("ask_px", px(99)), ("ask_size", half())],
            [("ask_px", NULL)],
        ),
    ]
}

fn own_cases() -> Vec<Case> {
    let trade = [("exec_type", text("trade")), ("last_qty", i(1)), ("last_px", px(99))];
    let bust = [("exec_type", text("trade_cancel")), ("exec_ref_id", text("17"))];
    let balance = |total, locked, free| one(vec![text("USD"), i(total), i(locked), i(free)]);
    let entity = |relevance| one(vec![i(7), f(relevance), NULL]);
    let in_range = |column, most: f64, beyond: f64| {
        case(("intelligence", "out-of-range", column), [(column, f(most))], [(column, f(beyond))])
    };
    vec![
        case(
            ("executions", "conditional-missing", "last_qty"),
            trade.clone(),
            [("last_qty", NULL)],
        ),
        case(("executions", "out-of-range", "last_qty"), trade.clone(), [("last_qty", i(0))]),
        case(("executions", "conditional-missing", "last_px"), trade, [("last_px", NULL)]),
        case(("executions", "conditional-missing", "exec_ref_id"), bust, [("exec_ref_id", NULL)]),
        case(
            ("portfolio_snapshots", "pair-mismatch", "balances"),
            [("balances", balance(3, 1, 2))],
            [("balances", balance(3, 1, 1))],
        ),
        case(("postings", "conditional-missing", "ts_event"), [], [("ts_event", NULL)]),
        case(
            ("intelligence", "out-of-range", "ts_scored"),
            [("ts_scored", at(0))],
            [("ts_scored", at(1))],
        ),
        in_range("sentiment", -1.0, -1.01),
        in_range("sentiment_confidence", 0.0, -0.01),
        in_range("novelty", 1.0, 1.01),
        case(
            ("intelligence", "out-of-range", "entities"),
            [("entities", entity(1.0))],
            [("entities", entity(1.5))],
        ),
        case(
            ("intelligence", "conditional-missing", "is_retracted"),
            [("is_retracted", Cell::Bool(true))],
            [("value", f(0.5))],
        ),
    ]
}

fn reference_cases() -> Vec<Case> {
    let valid = |table| {
        let rule = (table, "out-of-range", "valid_to");
        case(rule, [("valid_to", at(1))], [("valid_to", at(0))])
    };
    vec![
        valid("sources"),
        valid("instruments"),
        valid("symbols"),
        valid("roles"),
        valid("fee_schedules"),
        case(
            ("sources", "out-of-range", "declared_delay_ns"),
            [("declared_delay_ns", i(0))],
            [("declared_delay_ns", i(-1))],
        ),
        case(
            ("instruments", "out-of-range", "multiplier"),
            [("multiplier", i(1))],
            [("multiplier", i(0))],
        ),
        case(
            ("instruments", "out-of-range", "tick_size"),
            [("tick_size", i(1))],
            [("tick_size", i(0))],
        ),
        case(("adjustments", "conditional-missing", "num"), [], [("den", NULL)]),
        case(("adjustments", "conditional-missing", "num"), [], [("den", i(0))]),
        case(
            ("adjustments", "conditional-missing", "num"),
            [("kind", text("cash_dividend")), ("num", NULL), ("den", NULL)],
            [("kind", text("split"))],
        ),
        case(("sessions", "out-of-range", "ts_end"), [("ts_end", at(1))], [("ts_end", at(0))]),
        case(
            ("sessions", "out-of-range", "local_date"),
            [("local_date", text("2024-02-29"))],
            [("local_date", text("2026-02-29"))],
        ),
        case(("feature_params", "out-of-range", "fit_to"), [], [("fit_to", at(0))]),
    ]
}

fn derived_cases() -> Vec<Case> {
    let mut cases = vec![
        case(
            ("features", "avail-after-cutoff", "src_ts_avail_max"),
            [("src_ts_avail_max", at(-1))],
            [("src_ts_avail_max", at(0))],
        ),
        case(
            ("quality_events", "out-of-range", "score"),
            [("score", f(100.0))],
            [("score", f(100.5))],
        ),
        case(
            ("quality_events", "out-of-range", "coverage"),
            [("coverage", f(0.0))],
            [("coverage", f(-0.1))],
        ),
        case(
            ("quality_events", "out-of-range", "sample_seqs"),
            [("sample_seqs", ints(&[1, 2, 3, 4, 5, 6, 7, 8]))],
            [("sample_seqs", ints(&[1, 2, 3, 4, 5, 6, 7, 8, 9]))],
        ),
        case(
            ("quality_events", "out-of-range", "detail"),
            [("detail", Cell::Text("x".repeat(4096)))],
            [("detail", Cell::Text("x".repeat(4097)))],
        ),
    ];
    for table in ["outcomes", "labels"] {
        let rule = (table, "out-of-range", "ts_end");
        cases.push(case(rule, [], [("ts_cutoff", at(10))]));
        cases.push(case(rule, [], [("ts_latest_end", at(9))]));
        cases.push(case(rule, [], [("ts_until", at(9))]));
        cases.push(case(rule, [], [("ts_avail", at(9))]));
    }
    cases
}

fn cases() -> Vec<Case> {
    let all = [
        envelope_cases(),
        value_cases(),
        market_cases(),
        decision_cases(),
        own_cases(),
        reference_cases(),
        derived_cases(),
    ];
    all.into_iter().flatten().collect()
}

#[test]
fn every_table_admits_its_plain_row() {
    for spec in TABLES {
        let found = admitted(&Rows::plain(spec));
        assert_eq!((found.good.len(), found.rejects), (1, vec![]), "{}", spec.name);
    }
}

#[test]
fn every_rule_admits_the_row_that_keeps_it_and_refuses_the_one_that_breaks_it() {
    for case in cases() {
        let rule = format!("{} {} {}", case.table, case.code, case.column);
        let good = Rows::plain(spec(case.table)).with(&case.good);
        let found = admitted(&good);
        assert_eq!((found.good.len(), found.rejects), (1, vec![]), "{rule}");

        let bad = good.with(&case.bad);
        let found = admitted(&bad);
        assert_eq!((found.good.len(), found.rejects.len()), (0, 1), "{rule}");
        let reject = &found.rejects[0];
        assert_eq!(reject.code, format!("contract/{}", case.code), "{rule}");
        assert_eq!(reject.column.as_deref(), Some(case.column), "{rule}");
        assert_eq!(found.refused.unwrap().num_rows(), 1, "{rule}");
    }
}

/// What the rules of a table say, as its rejects do.
fn named(reject: &Reject) -> (String, String, String, String) {
    let code = reject.code.trim_start_matches("contract/").to_owned();
    let column = reject.column.clone().unwrap();
    (reject.table.clone(), code, column, reject.expected.clone().unwrap())
}

#[test]
fn no_rule_of_a_table_is_without_a_case() {
    let mut covered: BTreeSet<_> = cases()
        .into_iter()
        .map(|case| {
            let rows = Rows::plain(spec(case.table)).with(&case.good).with(&case.bad);
            named(&admitted(&rows).rejects[0])
        })
        .collect();
    for (spec, rows) in reasons() {
        covered.insert(named(&admitted(&rows).rejects[0]));
        assert_eq!(spec, rows.spec.name);
    }
    for spec in TABLES {
        for rule in spec.rules {
            let text = [spec.name, rule.code, rule.column, rule.expected].map(str::to_owned);
            let [table, code, column, expected] = text;
            let rule = (table, code, column, expected);
            assert!(covered.contains(&rule), "no case breaks {rule:?}");
        }
    }
}

/// Rows of dynamic tables whose packed reasons contradict their columns.
fn reasons() -> Vec<(&'static str, Rows)> {
    ["features", "outcomes"]
        .map(|name| {
            let mut rows = Rows::plain(spec(name));
            rows.dynamic = vec![("price__log_ret__1m".to_owned(), vec![Cell::Null])];
            rows.set(0, "null_reasons", Cell::Bytes(vec![0]));
            (name, rows)
        })
        .into()
}

#[test]
fn a_reason_stands_beside_each_null_feature_and_no_other() {
    for (name, mut rows) in reasons() {
        let code = |rows: &Rows| admitted(rows).rejects.first().map(|r| r.code.clone());
        let refused = Some("contract/pair-mismatch".to_owned());
        assert_eq!(code(&rows), refused, "{name}: null without a reason");
        rows.set(0, "null_reasons", Cell::Bytes(vec![3]));
        assert_eq!(code(&rows), None, "{name}: null with a reason");
        rows.dynamic[0].1[0] = f(0.25);
        assert_eq!(code(&rows), refused, "{name}: a value beside a reason");
        rows.set(0, "null_reasons", Cell::Bytes(vec![0]));
        assert_eq!(code(&rows), None, "{name}: a value without a reason");
        rows.dynamic[0].1[0] = f(f64::NAN);
        assert_eq!(code(&rows), Some("contract/not-finite".to_owned()), "{name}: not a number");
    }
}

#[test]
fn a_row_with_the_key_of_an_earlier_row_is_refused_unless_its_revision_differs() {
    let id = |n| [("decision_id", Cell::Bytes(vec![n; 16]))];
    let plain = || Rows::plain(spec("decisions"));
    let rows = plain().with(&id(1)).and(&plain().with(&id(2))).and(&plain().with(&id(1)));
    let found = admitted(&rows);
    assert_eq!(
        found.rejects[0].to_string(),
        "a.parquet, row 2: decisions.decision_id: expected a key of its own, found \
         `the key of row 0` (contract/duplicate-key)"
    );
    assert_eq!((found.good.len(), found.rejects.len()), (2, 1));

    let bar = |revision| Rows::plain(spec("bars")).with(&[("revision", i(revision))]);
    assert_eq!(admitted(&bar(0).and(&bar(1))).rejects, []);
    assert_eq!(admitted(&bar(1).and(&bar(1))).rejects.len(), 1);
}

#[test]
fn sources_and_instruments_that_are_not_known_are_refused_when_the_caller_says_which_are() {
    let row = |source, instrument| {
        Rows::plain(spec("trades"))
            .with(&[("source_id", i(source)), ("instrument_id", i(instrument))])
    };
    let rows = row(1, 7).and(&row(2, 7)).and(&row(1, 8));
    let known = Known {
        sources: Some([SourceId::new(1)].into()),
        instruments: Some([InstrumentId::new(7)].into()),
    };
    let origin = Origin::new("feeds", "a.parquet");
    let found = admit_known(rows.spec, &rows.batch(), &origin, &known).unwrap();
    let codes: Vec<_> = found.rejects.iter().map(|r| (r.position, r.code.as_str())).collect();
    assert_eq!(codes, [(1, "contract/unknown-source"), (2, "contract/unknown-instrument")]);
    assert_eq!(admitted(&rows).rejects, []);
}

#[test]
fn a_row_that_breaks_three_rules_yields_one_reject_for_the_first_column() {
    let rows = Rows::plain(spec("trades")).with(&[
        ("ts_avail", at(-1)),
        ("px", NULL),
        ("aggressor", code(b'?')),
    ]);
    let found = admitted(&rows);
    let [reject] = found.rejects.as_slice() else { panic!("{:?}", found.rejects) };
    assert_eq!((reject.code.as_str(), reject.more), ("contract/avail-before-recv", 2));
    assert_eq!(reject.observed.as_deref(), Some("1 ns before receipt"));
}

/// Breaks a cell at random: null, another value, not a number, a word outside the set.
fn mutate(rows: &mut Rows, dice: &mut Dice) {
    let (row, at) = (dice.below(rows.len()), dice.below(rows.columns.len()));
    let ty = rows.spec.columns[at].ty;
    rows.columns[at][row] = match (dice.below(4), ty) {
        (0, _) | (_, Type::Packed) => Cell::Null,
        (1, Type::Size | Type::F64) => Cell::Float(f64::NAN),
        (2, Type::Size | Type::F64) => Cell::Float(-1.5),
        (1, Type::Cat(_)) => text("no such word"),
        (1, Type::Code(_)) => code(b'?'),
        (1, Type::Ts) => Cell::Int(i64::MIN.into()),
        (2, Type::Ts) => Cell::Int(i64::MAX.into()),
        _ => dice.cell(ty),
    };
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn rows_in_are_good_rows_and_rejects(
        which in 0..TABLES.len(), len in 1_usize..12, seed: u64, mutations in 0_usize..12,
    ) {
        let spec = TABLES[which];
        let mut rows = Rows::valid(spec, len, seed);
        let mut dice = Dice::new(seed ^ 1);
        (0..mutations).for_each(|_| mutate(&mut rows, &mut dice));
        let batch = rows.batch();
        let found = admit_any(spec, &batch, &Origin::new("feeds", "a")).unwrap();

        prop_assert_eq!(found.good.len() + found.rejects.len(), len);
        let refused = found.refused.as_ref().map_or(0, RecordBatch::num_rows);
        prop_assert_eq!(refused, found.rejects.len());
        // Positions rise, so each row has one reject at most, and good rows keep their order.
        prop_assert!(found.rejects.windows(2).all(|w| w[0].position < w[1].position));
        let bad: BTreeSet<u64> = found.rejects.iter().map(|r| r.position).collect();
        let kept: Vec<usize> =
            (0..len).filter(|row| !bad.contains(&u64::try_from(*row).unwrap())).collect();
        for (at, (_, array)) in found.good.columns().enumerate() {
            let cells: Vec<Cell> = kept.iter().map(|row| rows.columns[at][*row].clone()).collect();
            prop_assert_eq!(array.len(), cells.len());
            prop_assert_eq!(array.null_count(), cells.iter().filter(|c| **c == Cell::Null).count());
        }
        // What was admitted once is admitted again, whole.
        let again = admit_any(spec, &found.good.into_record_batch(), &Origin::new("feeds", "b")).unwrap();
        prop_assert_eq!(again.rejects, vec![]);
    }

    #[test]
    fn rows_made_to_keep_every_rule_are_all_admitted(
        which in 0..TABLES.len(), len in 0_usize..12, seed: u64,
    ) {
        let rows = Rows::valid(TABLES[which], len, seed);
        let found = admitted(&rows);
        prop_assert_eq!(found.rejects, vec![]);
        prop_assert_eq!(found.good.len(), len);
    }
}

#[test]
fn the_one_price_without_an_opposite_is_refused() {
    let tape = contract::testing::trades("90 3.0 B, 95 1.0 A").into_record_batch();
    let at = tape.schema().index_of("px").unwrap();
    let mut columns = tape.columns().to_vec();
    columns[at] =
        std::sync::Arc::new(contract::arrow_array::Int64Array::from(vec![i64::MIN, -i64::MAX]));
    let batch = contract::arrow_array::RecordBatch::try_new(tape.schema(), columns).unwrap();
    let origin = contract::Origin::new("test", "tape");
    let admitted = contract::admit::<contract::Trades>(&batch, &origin).unwrap();
    assert_eq!(admitted.good.col(&contract::Trades::PX).values(), &[-i64::MAX]);
    assert_eq!(
        admitted.rejects[0].to_string(),
        "tape, row 0: trades.px: expected a price within ±9223372036.854775807, \
         found `-9223372036.854775808` (contract/overflow)"
    );
}
