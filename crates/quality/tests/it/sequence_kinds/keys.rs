//! `key_unique`, `content_dup`.

use super::{at, check, instrument, rows, rule, source};
use crate::support::broken;
use arrow_array::{Float64Array, RecordBatch};
use contract::{Aggressor, BookDeltas, BookSide, DeltaAction, Price, TradeAction, Trades};
use quality::{Action, Context, kind};
use std::sync::Arc;

/// Trades from `source second px size trade_id`, `-` for no id.
fn trades(text: &str) -> RecordBatch {
    rows::<Trades>(text, |out, words| {
        out.set_now(at(words[1]));
        out.set(&Trades::SOURCE_ID, source(words[0]))
            .set(&Trades::INSTRUMENT_ID, instrument("7"))
            .set(&Trades::TS_EVENT, at(words[1]))
            .set(&Trades::PX, Price::parse(words[2]).unwrap())
            .set(&Trades::SIZE, words[3].parse::<f64>().unwrap())
            .set(&Trades::AGGRESSOR, Aggressor::Buyer)
            .set(&Trades::ACTION, TradeAction::Trade)
            .set(&Trades::TRADE_ID, (words[4] != "-").then_some(words[4]));
    })
}

const KEY: &str = "columns = [\"source_id\", \"trade_id\"]";

#[test]
fn every_row_of_a_key_but_the_first_leaves() {
    // Keys (1, a), (1, b), (2, a) are three; a null makes no key.
    let batch =
        trades("1 1 9 1 a, 1 2 9 1 b, 2 3 9 1 a, 1 4 8 2 a, 1 5 9 1 -, 1 6 9 1 -, 1 7 9 1 a");
    let rules = rule("trades", "key_unique", KEY);
    check(&rules, &batch, &Context::new(), (5, &[4, 7]));
    let equal = rule("trades", "key_unique", &format!("{KEY}\nnulls = \"equal\""));
    check(&equal, &batch, &Context::new(), (7, &[4, 6, 7]));
    assert_eq!(kind("key_unique").unwrap().action, Action::Reject);
}

#[test]
fn texts_of_two_columns_do_not_run_together() {
    // ("1", "11") and ("11", "1") are two keys.
    let batch = trades("1 1 9 1 11, 11 2 9 1 1, 1 3 9 1 11");
    check(&rule("trades", "key_unique", KEY), &batch, &Context::new(), (3, &[3]));
}

#[test]
fn zeros_are_one_value() {
    let batch = rows::<BookDeltas>("0.0, -0.0", |out, words| {
        out.set(&BookDeltas::SOURCE_ID, source("1"))
            .set(&BookDeltas::INSTRUMENT_ID, instrument("7"))
            .set(&BookDeltas::ACTION, DeltaAction::None)
            .set(&BookDeltas::SIDE, BookSide::None)
            .set(&BookDeltas::SIZE, words[0].parse::<f64>().unwrap());
    });
    let sizes = rule("book_deltas", "key_unique", "columns = [\"size\"]");
    check(&sizes, &batch, &Context::new(), (2, &[2]));
}

#[test]
fn more_keys_than_the_limit_are_no_answer() {
    let batch = trades("1 1 9 1 a, 1 2 9 1 b, 1 3 9 1 a");
    let rules = rule("trades", "key_unique", &format!("{KEY}\nlimit = 1"));
    let (found, report) = broken(&rules, std::slice::from_ref(&batch), &Context::new());
    assert!(found.is_empty());
    assert_eq!(report.findings()[0].verdict().to_string(), "not_evaluated (limit reached: 1 keys)");
    // As many keys as the limit are answered.
    let rules = rule("trades", "key_unique", &format!("{KEY}\nlimit = 2"));
    check(&rules, &batch, &Context::new(), (3, &[3]));
}

#[test]
fn content_is_repeated_within_the_window_only_and_within_its_stream() {
    // 9/1 at second 1, again at 2 (1 s later: in the window), at 3.5 (1.5 s after 2: not), of another source at 3.6.
    let batch = trades("1 1 9 1 a, 1 2 9 1 b, 1 2.5 8 1 c, 1 3.5 9 1 d, 2 3.6 9 1 e, 1 4 9 1 f");
    let rules = rule("trades", "content_dup", "columns = [\"px\", \"size\"]\nwindow = \"1s\"");
    check(&rules, &batch, &Context::new(), (6, &[2, 6]));
}

#[test]
fn a_window_of_more_rows_than_the_limit_is_no_answer() {
    let batch = trades("1 1 9 1 a, 1 1.1 8 1 b, 1 1.2 7 1 c, 1 1.3 9 1 d");
    let rules = rule("trades", "content_dup", "columns = [\"px\"]\nlimit = 2");
    let (found, report) = broken(&rules, &[batch], &Context::new());
    assert!(found.is_empty());
    assert_eq!(report.findings()[0].verdict().word(), "not_evaluated");
}

#[test]
fn a_late_row_makes_its_content_no_older_and_a_slow_source_keeps_its_window() {
    let rules = rule(
        "trades",
        "content_dup",
        "columns = [\"px\", \"size\"]\nwindow = \"1s\"\ntime = \"ts_event\"",
    );
    // 9/1 at second 10, late at 9.5 (0.5 s from it: again), and at 10.8, which is 0.8 s after the first.
    let batch = trades("1 10 9 1 a, 1 9.5 9 1 b, 1 10.8 9 1 c");
    check(&rules, &batch, &Context::new(), (3, &[2, 3]));
    // Source 2 is two seconds behind source 1, and repeats itself after 0.1 s.
    let batch = trades("2 8 9 1 a, 1 10 8 1 b, 1 10.1 7 1 c, 2 8.1 9 1 d");
    check(&rules, &batch, &Context::new(), (4, &[4]));
}

#[test]
fn a_number_that_is_none_makes_no_key_beside_a_null_either() {
    let batch = rows::<BookDeltas>("9, 9, 1, 1", |out, words| {
        out.set(&BookDeltas::SOURCE_ID, source("1"))
            .set(&BookDeltas::INSTRUMENT_ID, instrument("7"))
            .set(&BookDeltas::ACTION, DeltaAction::None)
            .set(&BookDeltas::SIDE, BookSide::None)
            .set(&BookDeltas::SIZE, words[0].parse::<f64>().unwrap());
    });
    // The builder takes no NaN: it comes in place of 9.
    let at = batch.schema().index_of("size").unwrap();
    let sizes = Float64Array::from(vec![f64::NAN, f64::NAN, 1.0, 1.0]);
    let mut columns = batch.columns().to_vec();
    columns[at] = Arc::new(sizes);
    let batch = RecordBatch::try_new(batch.schema(), columns).unwrap();
    // The null price comes first or last: either way the NaN size leaves the row out.
    for columns in ["\"px\", \"size\"", "\"size\", \"px\""] {
        let rules =
            rule("book_deltas", "key_unique", &format!("columns = [{columns}]\nnulls = \"equal\""));
        check(&rules, &batch, &Context::new(), (2, &[4]));
    }
}
