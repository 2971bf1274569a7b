//! `stale`.

use super::{SECOND, at, check, instrument, rows, rule, source};
use arrow_array::RecordBatch;
use contract::{Price, Quotes};
use quality::{Context, RuleSet};

/// Quotes from `source second bid`, the ask one above.
fn quotes(text: &str) -> RecordBatch {
    rows::<Quotes>(text, |out, words| {
        let bid = Price::parse(words[2]).unwrap();
        let ask = Price::from_nanos(bid.nanos() + SECOND);
        out.set_now(at(words[1]));
        out.set(&Quotes::SOURCE_ID, source(words[0]))
            .set(&Quotes::INSTRUMENT_ID, instrument("7"))
            .set(&Quotes::BID_PX, bid)
            .set(&Quotes::ASK_PX, ask);
    })
}

/// Habits do not count.
fn stale() -> RuleSet {
    rule("quotes", "stale", "after = \"5s\"\nmoves = 2\nexpected = 0")
}

#[test]
fn the_row_that_ends_a_silence_while_others_moved_is_the_violation() {
    // Source 2 moves at 1, 2, 8; source 1 stands still from 0 and says the same at 4, and moves at 9: 8 s after the first
    // move of the other one.
    let batch = quotes("1 0 100, 2 0 100, 2 1 101, 2 2 102, 1 4 100, 2 8 103, 1 9 103, 1 9.5 104");
    // Applicable: row 7 (others moved since source 1 did). Source 2's moves: none of source 1 was in between.
    check(&stale(), &batch, &Context::new(), (1, &[7]));
}

#[test]
fn a_quiet_market_makes_nobody_stale_and_neither_does_the_first_to_move_after_it() {
    // Nothing for 100 s; then source 2 moves, source 1 a moment later.
    let batch = quotes("1 0 100, 2 0 100, 2 100 101, 2 100.1 102, 1 100.2 101, 2 100.3 103");
    check(&stale(), &batch, &Context::new(), (2, &[]));
}

#[test]
fn one_move_of_another_source_is_not_enough_and_exactly_the_span_is_not_longer() {
    let batch = quotes("1 0 100, 2 0 100, 2 1 101, 1 20 101");
    check(&stale(), &batch, &Context::new(), (1, &[]));
    let batch = quotes("1 0 100, 2 0 100, 2 1 101, 2 2 102, 1 6 101");
    check(&stale(), &batch, &Context::new(), (1, &[]));
    let batch = quotes("1 0 100, 2 0 100, 2 1 101, 2 2 102, 1 6.000000001 101");
    check(&stale(), &batch, &Context::new(), (1, &[5]));
}

#[test]
fn a_silence_that_never_ends_is_told_about_the_last_row_of_the_source() {
    let batch = quotes("1 0 100, 2 0 100, 1 0.5 100, 2 1 101, 2 2 102, 2 9 103");
    check(&stale(), &batch, &Context::new(), (1, &[3]));
}

#[test]
fn trading_that_stops_ends_silences_and_starts_none() {
    // Halted from 3 to 60: source 1 moves at 61 only, source 2 at 60.5.
    let context = super::states(&[(3, false), (60, true)]);
    let batch = quotes("1 0 100, 2 0 100, 2 1 101, 2 2 102, 2 60.5 103, 1 61 103");
    check(&stale(), &batch, &context, (1, &[]));
    // Without the halt source 1 was silent for a minute while the other one moved.
    check(&stale(), &batch, &Context::new(), (1, &[6]));
    // Stale before the halt is told after it: the other one moved from 0.1 to 2.9... only 2.8 s; with 1 s allowed it is.
    let strict = rule("quotes", "stale", "after = \"900ms\"\nmoves = 2\nexpected = 0");
    check(&strict, &batch, &context, (1, &[6]));
}

#[test]
fn one_source_alone_is_never_stale() {
    let batch = quotes("1 0 100, 1 100 101, 1 200 102");
    check(&stale(), &batch, &Context::new(), (0, &[]));
}

/// Source 2 moves every second; source 1 every fourth, `n` times, and then again when the other one has moved `silent` times.
fn slow(n: usize, silent: usize) -> RecordBatch {
    let (mut lines, mut t) = (vec!["1 0 100".to_owned(), "2 0 100".to_owned()], 0);
    let mut other = |lines: &mut Vec<String>, moves: usize| {
        for _ in 0..moves {
            t += 1;
            lines.push(format!("2 {t} {}", 100 + t % 2));
        }
        t
    };
    for move_of_1 in 1..=n {
        let t = other(&mut lines, 4);
        lines.push(format!("1 {t}.5 {}", 100 + move_of_1 % 2));
    }
    let t = other(&mut lines, silent);
    lines.push(format!("1 {t}.5 {}", 100 + (n + 1) % 2));
    quotes(&lines.join(", "))
}

#[test]
fn a_silence_has_to_be_against_the_habit_of_the_source() {
    let habit = |expected: &str| {
        rule("quotes", "stale", &format!("after = \"5s\"\nmoves = 2\nexpected = {expected}"))
    };
    let last = |batch: &RecordBatch| batch.num_rows() as u64;
    // A quarter of the moves of the other one: of 55 moves 13.75 are expected, of 56 it is 14. Every move from the 21st on is
    // judged, and those of source 2, which follow one another, are not but where source 1 moved in between.
    let of = |n: usize| n as u64 - 20 + 1;
    let applicable_of_2 = |n: usize| n as u64 - 5 + 1;
    let batch = slow(40, 55);
    check(&habit("14"), &batch, &Context::new(), (of(40) + applicable_of_2(40), &[]));
    let batch = slow(40, 56);
    check(&habit("14"), &batch, &Context::new(), (of(40) + applicable_of_2(40), &[last(&batch)]));
    // By the span alone it is one at six moves.
    let batch = slow(40, 6);
    let (found, _) = super::broken(&stale(), std::slice::from_ref(&batch), &Context::new());
    assert_eq!(found, [last(&batch)]);
    // What is not known to have a habit is not judged.
    let (found, _) = super::broken(&habit("14"), &[slow(10, 500)], &Context::new());
    assert!(found.is_empty());
}
