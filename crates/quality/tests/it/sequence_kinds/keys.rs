//! `key_unique`, `content_dup`.

use super::{at, check, instrument, rows, rule, source};
use crate::support::broken;
use arrow_array::RecordBatch;
use contract::{Aggressor, BookDeltas, BookSide, DeltaAction, Price, TradeAction, Trades};
use quality::{Action, Context, kind};

/// Trades from `source second px size trade_id`, `-` for no id.
fn trades(text: &str) -> RecordBatch {
    rows::<Trades>(text, |out, words| {
        out.set_now(at(words[1]));
        out.set(&Trades::SOURCE_ID, source(words[0]))
            .set(&Trades::INSTRUMENT_ID, instrument("7"))
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
