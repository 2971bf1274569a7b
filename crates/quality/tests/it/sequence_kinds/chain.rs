//! `chain`: Binance's update ids.

use super::{check, instrument, maybe, rows, rule, source};
use arrow_array::RecordBatch;
use contract::{BookDeltas, BookSide, DeltaAction, Flags};
use quality::{Context, RuleSet};

/// Deltas from `kind U u pu`: kind `m` a row amid a message, `l` the last of one, `s` a snapshot row, `r` a reset.
fn deltas(text: &str) -> RecordBatch {
    rows::<BookDeltas>(text, |out, words| {
        let (action, flags) = match words[0] {
            "m" => (DeltaAction::None, Flags::NONE),
            "l" => (DeltaAction::None, Flags::LAST),
            "s" => (DeltaAction::None, Flags::SNAPSHOT),
            _ => (DeltaAction::Clear, Flags::LAST),
        };
        out.set(&BookDeltas::SOURCE_ID, source("1"))
            .set(&BookDeltas::INSTRUMENT_ID, instrument("7"))
            .set(&BookDeltas::FLAGS, flags.bits())
            .set(&BookDeltas::ACTION, action)
            .set(&BookDeltas::SIDE, BookSide::None)
            .set(&BookDeltas::SIZE, 0.0)
            .set(&BookDeltas::FIRST_UPDATE_ID, maybe::<u64>(words[1]))
            .set(&BookDeltas::FINAL_UPDATE_ID, maybe::<u64>(words[2]))
            .set(&BookDeltas::PREV_FINAL_UPDATE_ID, maybe::<u64>(words[3]));
    })
}

fn chain() -> RuleSet {
    rule("book_deltas", "chain", "")
}

#[test]
fn futures_follow_by_the_id_before_and_spot_by_one_more() {
    // Futures: pu = last u, whatever U; the third has pu 12, the last u is 15.
    let futures = deltas("l 1 10 0, l 12 15 10, l 18 20 12");
    let finding = check(&chain(), &futures, &Context::new(), (2, &[3]));
    // pu 12 is below 15: how many are missing cannot be said.
    assert_eq!(finding.effect(), Some(("missing_updates", 0.0)));
    // Spot: U = last u + 1; 17 follows 15, so 16 is missing.
    let spot = deltas("l 1 10 -, l 11 15 -, l 17 20 -, l 21 21 -");
    let finding = check(&chain(), &spot, &Context::new(), (3, &[3]));
    assert_eq!(finding.effect(), Some(("missing_updates", 1.0)));
}

#[test]
fn rows_with_equal_ids_are_one_message_and_its_first_row_answers() {
    let batch = deltas(
        "m 1 10 -, l 1 10 -, m 11 12 -, m 11 12 -, l 11 12 -, m 15 16 -, l 15 16 -, l 17 17 -",
    );
    check(&chain(), &batch, &Context::new(), (3, &[6]));
}

#[test]
fn a_message_whose_last_row_is_lost_ends_with_the_next_ids() {
    let batch = deltas("m 1 10 -, m 11 12 -, l 13 13 -");
    check(&chain(), &batch, &Context::new(), (2, &[]));
}

#[test]
fn a_snapshot_starts_anew_and_the_next_message_has_to_span_it() {
    // 30 is far beyond 10, but the snapshot of id 29 is between: U <= 30 <= u.
    let batch = deltas("l 1 10 -, s - 29 -, s - 29 -, l 28 31 -, l 32 33 -");
    check(&chain(), &batch, &Context::new(), (2, &[]));
    // 31 does not span 29 + 1, and does not follow 10 either.
    let batch = deltas("l 1 10 -, s - 29 -, l 31 33 -, l 34 34 -");
    check(&chain(), &batch, &Context::new(), (2, &[3]));
    // A snapshot that came late: the messages around it follow each other.
    let batch = deltas("l 1 10 -, s - 5 -, l 11 12 -");
    check(&chain(), &batch, &Context::new(), (1, &[]));
    // Futures: U <= id <= u, with pu of a message that nobody saw.
    let batch = deltas("s - 100 -, l 95 99 94, l 100 103 99, l 104 104 103");
    check(&chain(), &batch, &Context::new(), (2, &[]));
}

#[test]
fn a_reset_without_id_starts_anew_with_whatever_comes() {
    let batch = deltas("l 1 10 -, r - - -, l 3 4 -, l 5 5 -, l 7 7 -");
    check(&chain(), &batch, &Context::new(), (2, &[5]));
}

#[test]
fn repeated_and_old_messages_break_no_chain() {
    let batch = deltas(
        "l 1 10 -, l 11 12 -, l 11 12 -, l 1 10 -, m 13 14 -, l 11 12 -, l 13 14 -, l 15 15 -",
    );
    check(&chain(), &batch, &Context::new(), (3, &[]));
}

#[test]
fn a_number_missing_forever_is_told_once() {
    // 13 to 19 never come; what follows 20 follows.
    let batch = deltas("l 1 12 -, l 20 21 -, l 22 22 -, l 23 23 -");
    let finding = check(&chain(), &batch, &Context::new(), (3, &[2]));
    assert_eq!(finding.effect(), Some(("missing_updates", 7.0)));
}
