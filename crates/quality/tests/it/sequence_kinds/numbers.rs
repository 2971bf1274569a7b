//! `gap`, `out_of_order`, `seq_unique`.

use super::{at, check, instrument, maybe, rows, rule, source};
use arrow_array::RecordBatch;
use contract::{BookDeltas, BookSide, DeltaAction, Flags, Quotes};
use quality::{Context, Verdict};

/// Quotes from `source instrument venue_seq [second]`.
fn quotes(text: &str) -> RecordBatch {
    rows::<Quotes>(text, |out, words| {
        out.set(&Quotes::SOURCE_ID, source(words[0]))
            .set(&Quotes::INSTRUMENT_ID, instrument(words[1]))
            .set(&Quotes::TS_EVENT, words.get(3).map(|ts| at(ts)))
            .set(&Quotes::VENUE_SEQ, maybe::<u64>(words[2]));
    })
}

/// Deltas from `channel venue_seq`, with `L` when the row closes its message.
fn deltas(text: &str) -> RecordBatch {
    rows::<BookDeltas>(text, |out, words| {
        let closes = words.get(2) == Some(&"L");
        out.set(&BookDeltas::SOURCE_ID, source("1"))
            .set(&BookDeltas::INSTRUMENT_ID, instrument("7"))
            .set(&BookDeltas::FLAGS, if closes { Flags::LAST.bits() } else { 0 })
            .set(&BookDeltas::ACTION, DeltaAction::None)
            .set(&BookDeltas::SIDE, BookSide::None)
            .set(&BookDeltas::SIZE, 0.0)
            .set(&BookDeltas::VENUE_SEQ, maybe::<u64>(words[1]))
            .set(&BookDeltas::CHANNEL_ID, maybe::<u16>(words[0]));
    })
}

#[test]
fn a_jump_is_a_gap_of_its_own_stream_and_stays_critical_when_nothing_fills_it() {
    // Stream (1, 7): 5, 6, 9 jumps over 7 and 8. Stream (2, 7): 1, 2. A null says nothing.
    let batch = quotes("1 7 5, 2 7 1, 1 7 6, 1 7 -, 1 7 9, 2 7 2");
    let finding = check(&rule("quotes", "gap", ""), &batch, &Context::new(), (5, &[5]));
    assert_eq!(finding.severity(), contract::Severity::Critical);
    assert_eq!(finding.effect(), Some(("missing", 2.0)));
}

#[test]
fn swapped_rows_are_a_gap_that_is_recovered_and_one_row_out_of_order() {
    // 1, 3, 2, 4: row 2 jumps over number 2, row 3 brings it.
    let batch = quotes("1 7 1, 1 7 3, 1 7 2, 1 7 4");
    let finding = check(&rule("quotes", "gap", ""), &batch, &Context::new(), (4, &[2]));
    assert_eq!(finding.severity(), contract::Severity::Error);
    assert_eq!(finding.effect(), Some(("missing", 0.0)));
    check(&rule("quotes", "out_of_order", ""), &batch, &Context::new(), (4, &[3]));
}

#[test]
fn a_gap_recovered_in_any_order_is_recovered_and_a_repetition_fills_nothing() {
    // Missing 2, 3, 4; they come as 4, 2, 2, 3: the second 2 is a repetition.
    let batch = quotes("1 7 1, 1 7 5, 1 7 4, 1 7 2, 1 7 2, 1 7 3");
    let finding = check(&rule("quotes", "gap", ""), &batch, &Context::new(), (6, &[2]));
    assert_eq!(finding.effect(), Some(("missing", 0.0)));
    // One of them never comes: 3 is lost for good.
    let batch = quotes("1 7 1, 1 7 5, 1 7 4, 1 7 2, 1 7 2");
    let finding = check(&rule("quotes", "gap", ""), &batch, &Context::new(), (5, &[2]));
    assert_eq!(finding.effect(), Some(("missing", 1.0)));
    assert_eq!(finding.severity(), contract::Severity::Critical);
}

#[test]
fn every_row_behind_the_highest_number_is_out_of_order_and_an_equal_one_is_not() {
    let batch = quotes("1 7 5, 1 7 8, 1 7 6, 1 7 7, 1 7 8, 1 7 9");
    check(&rule("quotes", "out_of_order", ""), &batch, &Context::new(), (6, &[3, 4]));
}

#[test]
fn numbers_that_start_again_are_old_rows_unless_the_rule_says_when() {
    // 8, 9, then a new count 1, 2, 4: 3 is missing. Seconds 86399 and 86400 are two UTC days.
    let batch = quotes("1 7 8 86398, 1 7 9 86399, 1 7 1 86400, 1 7 2 86401, 1 7 4 86402");
    let none = Context::new();
    check(&rule("quotes", "gap", ""), &batch, &none, (5, &[]));
    check(&rule("quotes", "out_of_order", ""), &batch, &none, (5, &[3, 4, 5]));
    for resets in ["one", "day"] {
        let params = format!("resets = \"{resets}\"");
        check(&rule("quotes", "gap", &params), &batch, &none, (5, &[5]));
        check(&rule("quotes", "out_of_order", &params), &batch, &none, (5, &[]));
    }
    // The same numbers on one day: only a start at 1 is seen.
    let batch = quotes("1 7 8 10, 1 7 9 11, 1 7 1 12, 1 7 2 13");
    let one = rule("quotes", "out_of_order", "resets = \"one\"");
    check(&one, &batch, &none, (4, &[]));
    let day = rule("quotes", "out_of_order", "resets = \"day\"");
    check(&day, &batch, &none, (4, &[3, 4]));
    // A number that fills a hole starts no count.
    let batch = quotes("1 7 0, 1 7 2, 1 7 1, 1 7 3");
    let finding = check(&rule("quotes", "gap", "resets = \"one\""), &batch, &none, (4, &[2]));
    assert_eq!(finding.effect(), Some(("missing", 0.0)));
}

#[test]
fn numbers_of_a_source_or_a_channel_are_compared_across_instruments() {
    let batch = quotes("1 7 1, 1 8 2, 1 7 4, 1 8 3");
    let none = Context::new();
    check(&rule("quotes", "gap", "per = \"source\""), &batch, &none, (4, &[3]));
    check(&rule("quotes", "out_of_order", "per = \"source\""), &batch, &none, (4, &[4]));
    // Apart: instrument 7 has 1, 4 and instrument 8 has 2, 3.
    check(&rule("quotes", "gap", ""), &batch, &none, (4, &[3]));
    // Channels 1 and 2 count apart; a row without channel says nothing.
    let batch = deltas("1 5 L, 2 1 L, 1 6 L, 2 3 L, - 1 L");
    check(&rule("book_deltas", "gap", "per = \"channel\""), &batch, &none, (4, &[4]));
}

#[test]
fn a_number_that_came_before_is_a_violation_wherever_it_was() {
    let batch = quotes("1 7 1, 1 7 2, 2 7 1, 1 7 4, 1 7 2, 1 7 3, 1 7 4, 1 7 -, 1 7 3");
    // Stream (1, 7) had 1, 2, 4 when the second 2 comes; 3 is new once.
    check(&rule("quotes", "seq_unique", ""), &batch, &Context::new(), (8, &[5, 7, 9]));
}

#[test]
fn rows_of_one_message_may_share_a_number() {
    let batch = deltas("1 5, 1 5, 1 5 L, 1 6 L, 1 6 L, 1 5 L");
    let none = Context::new();
    check(&rule("book_deltas", "seq_unique", ""), &batch, &none, (6, &[2, 3, 5, 6]));
    check(&rule("book_deltas", "seq_unique", "messages = true"), &batch, &none, (6, &[5, 6]));
}

#[test]
fn ranges_beyond_the_limit_make_the_answer_impossible_and_not_a_guess() {
    let batch = quotes("1 7 1, 1 7 3, 1 7 5, 1 7 1");
    let rules = rule("quotes", "seq_unique", "limit = 2");
    let finding = check(&rules, &batch.slice(0, 2), &Context::new(), (2, &[]));
    assert_eq!(finding.verdict(), &Verdict::Pass);
    let (found, report) = crate::support::broken(&rules, &[batch], &Context::new());
    assert!(found.is_empty());
    assert_eq!(report.findings()[0].verdict().word(), "not_evaluated");
}
