//! The case table of admission, row by row, and the verdicts.

mod model;

use super::*;
use crate::completeness::Completeness;
use contract::{CaptureVerdict, ProducerState};

const P: EventId = EventId::from_bytes([7; 16]);
const LOG: EventId = EventId::from_bytes([1; 16]);
const SECOND: i64 = 1_000_000_000;

fn at(seconds: i64) -> UtcNanos {
    UtcNanos::from_nanos(seconds * SECOND)
}

/// A ledger with producer `P` in its first incarnation.
fn opened(mode: ProducerMode) -> Ledger {
    let mut ledger = Ledger::new(LOG);
    ledger.open(P, 1, "momentum", mode, at(0));
    ledger
}

/// The same, holding these rows since second 1.
fn holding(mode: ProducerMode, rows: &[(u64, u64)]) -> Ledger {
    let mut ledger = opened(mode);
    for (start, end) in rows {
        ledger.store(P, 1, *start..*end, at(1));
    }
    ledger
}

fn damage(pseqs: Range<u64>) -> Gap {
    Gap {
        producer_id: Some(P),
        pseqs: Some(pseqs),
        seq: Some(90),
        ..Gap::new(GapKind::Damaged, at(9))
    }
}

fn skip_for(reason: &str, seq: u64) -> Gap {
    Gap { reason: Some(reason.into()), seq: Some(seq), ..Gap::new(GapKind::Skipped, at(2)) }
}

#[track_caller]
fn account(ledger: &Ledger, now: UtcNanos) -> ProducerAccount {
    ledger.accounts(1000, now).into_iter().find(|a| a.producer_id == P).unwrap()
}

/// Durable, skipped, missing, lost, late.
fn rows(ledger: &Ledger) -> [u64; 5] {
    let a = account(ledger, at(0));
    [a.rows_durable, a.rows_skipped, a.rows_missing, a.rows_lost, a.rows_late]
}

#[track_caller]
fn check_verdict(ledger: &Ledger, now: UtcNanos, expected: CaptureVerdict) {
    assert_eq!(account(ledger, now).verdict, expected, "{ledger:?}");
}

#[test]
fn rows_of_nobody_are_refused() {
    assert_eq!(Ledger::new(LOG).classify(P, 1, 0..1), Err(Refusal::Unknown));
    assert_eq!(opened(ProducerMode::Strict).check(P, 1), Ok(()));
}

#[test]
fn rows_of_an_older_epoch_are_fenced_and_of_an_unclaimed_one_refused() {
    let mut ledger = holding(ProducerMode::Strict, &[(0, 3)]);
    assert_eq!(ledger.next_epoch(P), 2);
    ledger.open(P, 2, "momentum", ProducerMode::Strict, at(2));
    assert_eq!(ledger.classify(P, 1, 3..4), Err(Refusal::Fenced { current: 2 }));
    assert_eq!(ledger.classify(P, 3, 3..4), Err(Refusal::Unclaimed { current: 2 }));
    assert_eq!(ledger.classify(P, 2, 3..4), Ok(Admission::New)); // numbers go on across epochs
}

#[test]
fn rows_after_a_close_are_refused_until_the_next_open() {
    let mut ledger = holding(ProducerMode::Strict, &[(0, 3)]);
    ledger.close(P, 1, 3, at(2));
    assert_eq!(ledger.classify(P, 1, 3..4), Err(Refusal::Closed));
    assert_eq!(account(&ledger, at(2)).state, ProducerState::Closed);
    ledger.open(P, 2, "momentum", ProducerMode::Strict, at(3));
    assert_eq!(ledger.classify(P, 2, 3..4), Ok(Admission::New));
    assert_eq!(account(&ledger, at(3)).state, ProducerState::Open);
}

#[test]
fn the_next_rows_are_stored_and_next_advances_over_runs_already_held() {
    let mut ledger = holding(ProducerMode::Lossy, &[(0, 3), (5, 8)]);
    assert_eq!((ledger.next_pseq(P), ledger.end_pseq(P)), (3, 8));
    assert_eq!(ledger.classify(P, 1, 3..5), Ok(Admission::New));
    ledger.store(P, 1, 3..5, at(2));
    assert_eq!((ledger.next_pseq(P), ledger.end_pseq(P)), (8, 8));
    assert_eq!(rows(&ledger), [8, 0, 0, 0, 2]); // 3 and 4 came after 7
}

#[test]
fn rows_that_are_all_known_are_duplicates() {
    let mut ledger = holding(ProducerMode::Strict, &[(0, 8)]);
    let again = ledger.classify(P, 1, 2..5).unwrap();
    assert_eq!((&again, again.duplicates(&(2..5))), (&Admission::Duplicate, 3));
    ledger.count_duplicates(P, 3);
    ledger.store(P, 1, 2..5, at(2));
    assert_eq!(rows(&ledger), [8, 0, 0, 0, 0]);
    assert_eq!(account(&ledger, at(2)).rows_duplicate, 3);
}

#[test]
fn known_rows_are_cut_off_and_the_new_parts_are_named() {
    let ledger = holding(ProducerMode::Lossy, &[(0, 3), (5, 8)]);
    let part = ledger.classify(P, 1, 2..10).unwrap();
    assert_eq!(part, Admission::Part(vec![3..5, 8..10]));
    assert_eq!(part.duplicates(&(2..10)), 4); // 2, 5, 6, 7
    assert_eq!(part.stored(&(2..10)), [3..5, 8..10]);
    let strict = holding(ProducerMode::Strict, &[(0, 3)]).classify(P, 1, 1..5).unwrap();
    assert_eq!(strict.stored(&(1..5)).first(), Some(&(3..5)));
    assert_eq!(strict.duplicates(&(1..5)), 2);
}

#[test]
fn a_strict_producer_that_jumps_is_told_where_it_stands() {
    let mut ledger = holding(ProducerMode::Strict, &[(0, 3)]);
    let gap = Err(Refusal::SequenceGap { expected: 3, found: 5 });
    assert_eq!(ledger.classify(P, 1, 5..6), gap);
    ledger.beat(P, 1, 9, at(2)); // a promise moves nothing
    assert_eq!(ledger.classify(P, 1, 5..6), gap);
    assert_eq!(ledger.classify(P, 1, 3..6), Ok(Admission::New));
}

#[test]
fn a_producer_that_turns_strict_must_fill_its_holes_first() {
    let mut ledger = holding(ProducerMode::Lossy, &[(0, 3), (5, 8)]);
    ledger.open(P, 2, "momentum", ProducerMode::Strict, at(2));
    let gap = Err(Refusal::SequenceGap { expected: 3, found: 8 });
    assert_eq!(ledger.classify(P, 2, 6..10), gap); // 6 and 7 are known, 8 does not fit
    assert_eq!(ledger.classify(P, 2, 3..10), Ok(Admission::Part(vec![3..5, 8..10])));
}

#[test]
fn a_gap_of_a_lossy_producer_is_filled_exactly_once() {
    let mut ledger = holding(ProducerMode::Lossy, &[(0, 3)]);
    assert_eq!(ledger.classify(P, 1, 5..8), Ok(Admission::New));
    ledger.store(P, 1, 5..8, at(2));
    assert_eq!(rows(&ledger), [6, 0, 2, 0, 0]);
    let missing =
        Gap { producer_id: Some(P), pseqs: Some(3..5), ..Gap::new(GapKind::Missing, at(2)) };
    assert_eq!(ledger.gaps(), [missing]);
    ledger.store(P, 1, 4..5, at(3));
    assert_eq!(ledger.classify(P, 1, 4..5), Ok(Admission::Duplicate));
    ledger.store(P, 1, 3..4, at(4));
    assert_eq!(rows(&ledger), [8, 0, 0, 0, 2]);
    assert_eq!(ledger.gaps(), []);
}

#[test]
fn skipped_rows_never_come_and_only_unknown_rows_are_skipped() {
    let mut ledger = holding(ProducerMode::Lossy, &[(0, 3), (5, 8)]);
    ledger.skip(P, 1, 1..6, skip_for("venue dropped", 40));
    assert_eq!(rows(&ledger), [6, 2, 0, 0, 0]);
    assert_eq!(ledger.next_pseq(P), 8);
    assert_eq!(ledger.gaps().first().and_then(|g| g.pseqs.clone()), Some(3..5));
    assert_eq!(ledger.classify(P, 1, 2..5), Err(Refusal::Skipped(3..5)));
    assert_eq!(ledger.holds(P, 0..9).first(), Some(&(8..9)));
    assert_eq!(account(&ledger, at(0)).next_pseq, 3); // all below are durable, not merely settled
}

#[test]
fn skips_that_follow_each_other_for_one_reason_are_one_gap_known_since_the_last() {
    let mut ledger = opened(ProducerMode::Lossy);
    ledger.skip(P, 1, 0..2, skip_for("filter", 40));
    ledger.skip(P, 1, 4..6, skip_for("filter", 41));
    ledger.skip(P, 1, 6..7, skip_for("overload", 42));
    ledger.skip(P, 1, 2..4, skip_for("filter", 43));
    let found: Vec<_> = ledger
        .gaps()
        .into_iter()
        .map(|g| (g.seq.unwrap(), g.pseqs.unwrap(), g.reason.unwrap()))
        .collect();
    assert_eq!(found, [(42, 6..7, "overload".into()), (43, 0..6, "filter".into())]);
    assert_eq!(rows(&ledger), [0, 7, 0, 0, 0]);
}

#[test]
fn lost_rows_are_open_again_and_the_gap_is_repaired_when_all_are_back() {
    let mut ledger = holding(ProducerMode::Strict, &[(0, 10)]);
    ledger.beat(P, 1, 10, at(2));
    ledger.lose(damage(3..7));
    assert_eq!(rows(&ledger), [6, 0, 0, 4, 0]);
    assert_eq!(ledger.next_pseq(P), 10); // they had been seen: a strict producer goes on at 10
    assert_eq!(ledger.holds(P, 0..10).first(), Some(&(3..7)));
    assert_eq!(ledger.classify(P, 1, 10..12), Ok(Admission::New));
    assert_eq!(ledger.classify(P, 1, 5..12), Ok(Admission::Part(vec![5..7, 10..12])));
    check_verdict(&ledger, at(9), CaptureVerdict::Damaged);
    ledger.skip(P, 1, 3..7, skip_for("spool lost", 91)); // no word of the producer undoes damage
    assert_eq!(rows(&ledger), [6, 0, 0, 4, 0]);
    ledger.store(P, 1, 5..7, at(10));
    assert_eq!(ledger.gaps(), [damage(3..7)]);
    ledger.store(P, 1, 3..5, at(11));
    assert_eq!(ledger.gaps(), [Gap { is_repaired: true, ..damage(3..7) }]);
    assert_eq!(rows(&ledger), [10, 0, 0, 0, 4]);
    check_verdict(&ledger, at(11), CaptureVerdict::Complete);
}

#[test]
fn damage_to_rows_that_no_replay_saw_is_lost_all_the_same() {
    let mut ledger = holding(ProducerMode::Strict, &[(0, 3), (5, 8)]);
    ledger.lose(damage(3..5));
    assert_eq!(rows(&ledger), [6, 0, 0, 2, 0]);
    let mut empty = Ledger::new(LOG);
    empty.lose(damage(3..5)); // the Open frame was lost too
    assert_eq!(rows(&empty), [0, 0, 3, 2, 0]);
    assert_eq!(empty.next_epoch(P), 1);
}

#[test]
fn torn_rows_and_gaps_without_an_owner_are_only_recorded() {
    let mut ledger = holding(ProducerMode::Strict, &[(0, 3)]);
    let torn = Gap { kind: GapKind::Torn, ..damage(1..2) };
    let nobody = Gap { producer_id: None, seq: Some(91), ..damage(1..2) };
    ledger.lose(nobody.clone());
    ledger.lose(torn.clone());
    assert_eq!(rows(&ledger), [3, 0, 0, 0, 0]);
    assert_eq!(ledger.gaps(), [torn, nobody]); // by seq
}

#[test]
fn a_producer_that_begins_at_an_offset_of_its_broker_misses_nothing_below() {
    let mut ledger = Ledger::new(LOG);
    ledger.open_at(P, 1, 1000, "orders-3", ProducerMode::Lossy, at(0));
    ledger.store(P, 1, 1000..1004, at(1));
    assert_eq!(rows(&ledger), [4, 0, 0, 0, 0]);
    let below = Err(Refusal::SequenceGap { expected: 1004, found: 999 });
    assert_eq!(ledger.classify(P, 1, 999..1002), below);
    // A later incarnation that says it had come further misses what is not there.
    ledger.open_at(P, 2, 1006, "orders-3", ProducerMode::Lossy, at(2));
    assert_eq!(rows(&ledger), [4, 0, 2, 0, 0]);
}

#[test]
fn frames_of_a_producer_whose_open_was_lost_still_count() {
    let mut ledger = Ledger::new(LOG);
    ledger.store(P, 4, 0..2, at(1));
    ledger.beat(P, 4, 2, at(2));
    assert_eq!(ledger.next_epoch(P), 5);
    assert_eq!(account(&ledger, at(2)).name, "07070707-0707-0707-0707-070707070707");
    ledger.beat(P, 3, 9, at(3)); // of an incarnation that is gone
    assert_eq!(rows(&ledger), [2, 0, 0, 0, 0]);
}

#[test]
fn without_a_beat_above_the_last_row_the_tail_is_unknown() {
    let mut ledger = holding(ProducerMode::Strict, &[(0, 3)]);
    check_verdict(&ledger, at(100), CaptureVerdict::Open);
    ledger.beat(P, 1, 2, at(100));
    check_verdict(&ledger, at(100), CaptureVerdict::Open);
    ledger.beat(P, 1, 3, at(101));
    check_verdict(&ledger, at(101), CaptureVerdict::Complete);
    ledger.store(P, 1, 3..4, at(102));
    check_verdict(&ledger, at(102), CaptureVerdict::Open);
    ledger.close(P, 1, 4, at(103));
    check_verdict(&ledger, at(103), CaptureVerdict::Complete);
}

#[test]
fn missing_rows_may_be_under_way_for_five_seconds_unless_the_producer_closed() {
    let mut ledger = holding(ProducerMode::Strict, &[(0, 3)]);
    ledger.beat(P, 1, 5, at(10));
    check_verdict(&ledger, at(15), CaptureVerdict::Open);
    check_verdict(&ledger, UtcNanos::from_nanos(15 * SECOND + 1), CaptureVerdict::Incomplete);
    assert_eq!(account(&ledger, at(15)).missing_since, Some(at(10)));
    ledger.close(P, 1, 5, at(11));
    check_verdict(&ledger, at(11), CaptureVerdict::Incomplete);
}

#[test]
fn short_holes_one_after_the_other_are_not_one_old_hole() {
    let mut ledger = holding(ProducerMode::Lossy, &[(0, 1)]);
    for n in 1..20_u64 {
        let second = i64::try_from(n).unwrap();
        ledger.store(P, 1, 2 * n..2 * n + 1, at(second)); // leaves 2n - 1 out
        if n > 1 {
            ledger.store(P, 1, 2 * n - 3..2 * n - 2, at(second));
        }
        check_verdict(&ledger, at(second), CaptureVerdict::Open);
        assert_eq!(rows(&ledger)[2], 1);
    }
}

#[test]
fn the_worst_producer_decides_and_without_any_the_log_is_open() {
    use CaptureVerdict::{Complete, Damaged, Incomplete, Open};

    let judge = |verdicts: &[CaptureVerdict], gaps: &[Gap]| {
        let one = account(&holding(ProducerMode::Strict, &[(0, 3)]), at(1));
        let with = |v: &CaptureVerdict| ProducerAccount { verdict: *v, ..one.clone() };
        let all = verdicts.iter().map(with).collect();
        Completeness::new(LOG, 0..9, all, gaps.to_vec(), BTreeMap::new()).verdict
    };
    assert_eq!(judge(&[], &[]), Open);
    assert_eq!(judge(&[Complete, Complete], &[]), Complete);
    assert_eq!(judge(&[Complete, Open, Complete], &[]), Open);
    assert_eq!(judge(&[Open, Incomplete, Complete], &[]), Incomplete);
    assert_eq!(judge(&[Damaged, Incomplete], &[]), Damaged);
    let nobody = Gap { producer_id: None, ..damage(0..1) };
    assert_eq!(judge(&[Complete], std::slice::from_ref(&nobody)), Damaged);
    assert_eq!(judge(&[Complete], &[Gap { is_repaired: true, ..nobody }]), Complete);
}

#[test]
fn a_snapshot_of_another_log_or_with_counts_that_do_not_add_up_is_refused() {
    let ledger = holding(ProducerMode::Lossy, &[(0, 3), (5, 8)]);
    let [producers, runs, gaps] = ledger.snapshot(9, at(2)).unwrap();
    let other = EventId::from_bytes([2; 16]);
    let all = [producers.clone(), runs.clone(), gaps.clone()];
    assert_eq!(Ledger::restore(other, &all), Err(LedgerError::Log { expected: other, found: LOG }));
    assert_eq!(
        Ledger::restore(LOG, &[producers.clone(), gaps.clone()]),
        Err(LedgerError::Sum { producer: P, what: "rows_durable", expected: 6, found: 3 })
    );
    assert_eq!(
        Ledger::restore(LOG, &[producers.clone(), runs.clone()]),
        Err(LedgerError::Sum { producer: P, what: "rows_missing", expected: 2, found: 0 })
    );
    assert_eq!(Ledger::restore(LOG, &[runs, gaps]), Err(LedgerError::Producer(P)));
    assert_eq!(Ledger::restore(LOG, &all), Ok(ledger));
}
