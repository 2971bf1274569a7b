//! `qty_conserved`.

use super::{check, instrument, rows, rule, source};
use crate::support::broken;
use arrow_array::RecordBatch;
use contract::{Amount, ExecType, Executions, Price, Side, Vocabulary};
use quality::Context;

/// Reports from `order exec_type ordered cum leaves last [original]`, `-` for null.
fn reports(text: &str) -> RecordBatch {
    let mut n = 0;
    rows::<Executions>(text, |out, words| {
        n += 1;
        let amount = |text: &str| (text != "-").then(|| Amount::parse(text).unwrap());
        let fill = amount(words[5]);
        out.set(&Executions::SOURCE_ID, source("11"))
            .set(&Executions::INSTRUMENT_ID, instrument("7"))
            .set(&Executions::EXEC_ID, format!("E{n}").as_str())
            .set(&Executions::EXEC_TYPE, ExecType::from_word(words[1]).unwrap())
            .set(&Executions::SIDE, Side::Buy)
            .set(&Executions::ORDER_ID, (words[0] != "-").then_some(words[0]))
            .set(&Executions::ORIG_ORDER_ID, words.get(6).copied())
            .set(&Executions::ORDER_QTY, amount(words[2]))
            .set(&Executions::CUM_QTY, amount(words[3]))
            .set(&Executions::LEAVES_QTY, amount(words[4]))
            .set(&Executions::LAST_QTY, fill)
            .set(&Executions::LAST_PX, fill.map(|_| Price::parse("100").unwrap()));
        if words[1].starts_with("trade_") {
            out.set(&Executions::EXEC_REF_ID, "E1");
        }
    })
}

#[test]
fn an_order_that_adds_up_from_first_to_last_report_is_fine() {
    let life =
        "A new 10 0 10 -, A trade 10 4 6 4, B new 5 0 5 -, A trade 10 10 0 6, B canceled 5 0 0 -";
    check(&rule("executions", "qty_conserved", ""), &reports(life), &Context::new(), (5, &[]));
    // Replaced: A has 4 of 10, its rest lives on as C; a correction and a bust of C's fill.
    let life = "A new 10 0 10 -, A trade 10 4 6 4, C replaced 6 0 6 - A, C trade 6 6 0 6, \
                C trade_correct 6 6 0 6, C trade_cancel 6 0 0 6";
    check(&rule("executions", "qty_conserved", ""), &reports(life), &Context::new(), (6, &[]));
}

#[test]
fn quantity_that_appears_vanishes_or_exceeds_the_order_is_a_violation() {
    let rules = rule("executions", "qty_conserved", "");
    // 10 ordered, but 4 + 5 = 9.
    let lost = "A new 10 0 10 -, A trade 10 4 5 4, A trade 10 5 5 1";
    check(&rules, &reports(lost), &Context::new(), (3, &[2]));
    // 6, then 5: fills do not come back.
    let falling = "A new 10 0 10 -, A trade 10 6 4 6, A trade 10 5 5 1";
    check(&rules, &reports(falling), &Context::new(), (3, &[3]));
    // 11 of 10 filled, with leaves that hide it or without.
    let over = "A new 10 0 10 -, A trade 10 11 -1 11, B trade 10 11 0 11, D trade 10 10 0 12";
    check(&rules, &reports(over), &Context::new(), (4, &[2, 3, 4]));
}

#[test]
fn reports_without_an_order_or_its_quantities_are_not_applicable() {
    let text =
        "- trade 10 4 5 4, A new - 0 10 -, A new 10 - 10 -, A trade 10 4 - 4, A trade 10 3 - 1";
    // Without leaves the sum says nothing, but the fall from 4 to 3 does.
    check(&rule("executions", "qty_conserved", ""), &reports(text), &Context::new(), (2, &[5]));
}

#[test]
fn memory_is_that_of_open_orders() {
    let rules = rule("executions", "qty_conserved", "limit = 2");
    // Five orders one after the other: never more than one is open.
    let text: Vec<String> =
        (0..5).map(|n| format!("O{n} new 1 0 1 -, O{n} trade 1 1 0 1")).collect();
    check(&rules, &reports(&text.join(",")), &Context::new(), (10, &[]));
    let open = reports("A new 1 0 1 -, B new 1 0 1 -, C new 1 0 1 -");
    let (_, report) = broken(&rules, &[open], &Context::new());
    let verdict = report.findings()[0].verdict().to_string();
    assert_eq!(verdict, "not_evaluated (limit reached: 2 open orders)");
}
