//! What a log takes, what it refuses, and that a refusal has used no number.

use crate::rig::{decision, fill, id, open, open_with, options, read_all, reading, rows, tape};
use capture::{AppendError, Level, Log, Options, Pressure, Producer, ProducerSpec};
use contract::arrow_array::RecordBatch;
use contract::testing::quotes;
use contract::{CaptureVerdict, Diagnostic as _, ProducerMode};
use durable::{Failure, Fault, Op, SimFs};

fn feed(log: &Log) -> Producer {
    log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap()
}

fn lossy(log: &Log) -> Producer {
    let spec = ProducerSpec { mode: ProducerMode::Lossy, ..ProducerSpec::new(id(1), "venue") };
    log.open_producer(spec).unwrap()
}

fn part(from: u64, rows: i64) -> RecordBatch {
    tape(i64::try_from(from).unwrap(), rows).into_record_batch()
}

#[track_caller]
fn refused(found: Result<capture::Ticket, AppendError>, code: &str, text: &str) {
    let error = found.unwrap_err();
    assert_eq!((error.code(), error.to_string().as_str()), (code, text));
}

#[test]
fn what_is_no_batch_of_an_event_table_is_refused_by_name() {
    let fs = SimFs::new();
    let (log, _) = open(&fs);
    let mut feed = feed(&log);
    refused(
        feed.append_batch("trade", &part(0, 1)),
        "capture/unknown-table",
        "append: expected an event table, found `trade` (is it `trades`?)",
    );
    refused(
        feed.append_batch("labels", &part(0, 1)),
        "capture/unknown-table",
        "append: expected an event table, found `labels`",
    );
    refused(
        feed.append_batch("trades", &part(0, 0)),
        "capture/empty-batch",
        "append to `trades`: expected at least 1 row, found 0",
    );
    let numbered = {
        feed.append_durable(&tape(0, 2)).unwrap();
        let items = read_all(&log);
        crate::rig::batches(&items)[0].rows.as_ref().clone()
    };
    refused(
        feed.append_batch("trades", &numbered),
        "capture/has-seq",
        "append to `trades`: expected a batch without `seq`, found one that has it",
    );
    let other = feed.append_batch("trades", &quotes("1 2 3").into_record_batch()).unwrap_err();
    assert_eq!(other.to_string(), "append: expected table `trades`, found `quotes`");
    // Nothing of this used a number, and the rejects are counted.
    assert_eq!(feed.append_durable(&tape(2, 1)).unwrap().pseq, 2..3);
    let all = log.completeness(&reading(), 0..u64::MAX).unwrap();
    assert_eq!((all.producers[0].rows_rejected, all.producers[0].rows_durable), (5, 3));
}

#[test]
fn a_batch_above_the_limit_is_refused_whole_and_its_parts_are_taken() {
    let fs = SimFs::new();
    let (log, _) = open_with(&fs, Options { max_frame_bytes: 64 << 10, ..options() });
    let mut feed = feed(&log);
    let error = feed.append(&tape(0, 2000)).unwrap_err();
    assert!(matches!(error, AppendError::TooLarge { limit: 65_536, unit: "bytes", .. }), "{error}");
    for at in 0..8 {
        feed.append_durable(&tape(at * 250, 250)).unwrap();
    }
    assert_eq!(rows(&read_all(&log)).len(), 2000);
}

#[test]
fn a_receipt_in_the_future_is_refused_because_it_would_hold_back_every_later_row() {
    let fs = SimFs::new();
    let (log, _) = open(&fs);
    let mut feed = feed(&log);
    // The clock stands at 1000 s, and a second ahead is allowed.
    feed.append_durable(&tape(1_001_000_000_000, 1)).unwrap();
    refused(
        feed.append(&tape(1_001_000_000_000, 2)),
        "capture/future-receipt",
        "append to `trades`, row 1: expected a receipt of at most 1970-01-01T00:16:41.000000000Z, found 1970-01-01T00:16:41.000000001Z",
    );
}

#[test]
fn rows_that_are_there_are_acknowledged_and_not_stored_again() {
    let fs = SimFs::new();
    let (log, _) = open(&fs);
    let mut feed = feed(&log);
    feed.append_durable(&tape(0, 100)).unwrap();
    let send = |feed: &mut Producer, from, n| {
        let ticket = feed.append_at(from, "trades", &part(from, n)).unwrap();
        log.step();
        let ack = ticket.try_result().unwrap().unwrap();
        (ack.pseq, ack.duplicates, ack.stored.iter().map(|s| s.end - s.start).sum::<u64>())
    };
    assert_eq!(send(&mut feed, 0, 100), (0..100, 100, 0));
    // Cut in other places, and with new rows behind.
    assert_eq!(send(&mut feed, 30, 20), (30..50, 20, 0));
    assert_eq!(send(&mut feed, 90, 20), (90..110, 10, 10));
    assert_eq!(rows(&read_all(&log)), (0..110).map(|n| (n, n as i64)).collect::<Vec<_>>());
    let counted = log.stats();
    let trades = counted.tables["trades"];
    assert_eq!((trades.durable, trades.duplicate, trades.rejected), (110, 130, 0));
    assert!(counted.fsync.count() >= 2 && counted.log_bytes > 8192);
    // For the life of the log: after a restart, and however long ago it was.
    drop(feed);
    log.close().unwrap();
    let (log, _) = open(&fs);
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    let ticket = feed.append_at(5, "trades", &part(5, 40)).unwrap();
    log.step();
    assert_eq!(ticket.try_result().unwrap().unwrap().duplicates, 40);
    assert_eq!(rows(&read_all(&log)).len(), 110);
}

#[test]
fn other_rows_under_old_numbers_are_refused() {
    let fs = SimFs::new();
    let (log, _) = open(&fs);
    let mut feed = feed(&log);
    feed.append_durable(&tape(0, 10)).unwrap();
    refused(
        feed.append_at(4, "trades", &part(100, 3)),
        "capture/identity-reused",
        &format!(
            "append by {}: rows 4 to 7 (exclusive) were stored with other content or declared lost",
            id(1)
        ),
    );
}

#[test]
fn a_strict_producer_leaves_nothing_out_and_a_lossy_one_says_what_it_lost() {
    let fs = SimFs::new();
    let (log, _) = open(&fs);
    let mut strict = feed(&log);
    refused(
        strict.append_at(3, "trades", &part(3, 1)),
        "capture/sequence-gap",
        &format!("append by {}: expected row number 0, found 3", id(1)),
    );
    drop(strict);
    let mut lossy = lossy(&log);
    let take = |hand: &mut Producer, from, n| {
        drop(hand.append_at(from, "trades", &part(from, n)).unwrap());
        log.step();
    };
    take(&mut lossy, 3, 2); // 0..3 are missing
    let account = || {
        let all = log.completeness(&reading(), 0..u64::MAX).unwrap();
        let p = &all.producers[0];
        (p.rows_durable, p.rows_missing, p.rows_skipped, p.next_pseq, p.verdict)
    };
    assert_eq!(account(), (2, 3, 0, 0, CaptureVerdict::Open));
    take(&mut lossy, 1, 1); // late, in the hole
    assert_eq!(account(), (3, 2, 0, 0, CaptureVerdict::Open));
    assert_eq!(lossy.unacked(), [0..1, 2..3]);
    // Exactly once: the same row again is a duplicate.
    let ticket = lossy.append_at(1, "trades", &part(1, 1)).unwrap();
    assert_eq!(ticket.try_result().unwrap().unwrap().duplicates, 1);
    drop(lossy.skip(4, "venue outage").unwrap());
    drop(lossy.beat().unwrap());
    log.step();
    assert_eq!(account(), (3, 2, 4, 0, CaptureVerdict::Open));
    lossy.close().unwrap();
    assert_eq!(account().4, CaptureVerdict::Incomplete);
}

#[test]
fn an_older_incarnation_is_fenced() {
    let fs = SimFs::new();
    let (log, _) = open(&fs);
    let mut zombie = feed(&log);
    zombie.append_durable(&tape(0, 1)).unwrap();
    let mut heir = feed(&log);
    assert_eq!((heir.epoch(), heir.next_pseq()), (2, 1));
    let text = format!("append by {}: epoch 1 has been replaced by epoch 2", id(1));
    refused(zombie.append(&tape(1, 1)), "capture/fenced", &text);
    refused(zombie.beat(), "capture/fenced", &text);
    refused(zombie.skip(1, "no"), "capture/fenced", &text);
    heir.append_durable(&tape(1, 1)).unwrap();
    heir.close().unwrap();
    let all = log.completeness(&reading(), 0..u64::MAX).unwrap();
    assert_eq!(all.verdict, CaptureVerdict::Complete);
}

#[test]
fn a_producer_learns_that_acknowledged_rows_are_gone() {
    let fs = SimFs::new();
    let (log, _) = open(&fs);
    feed(&log).append_durable(&tape(0, 10)).unwrap();
    let spec = ProducerSpec { last_acked: Some(12), ..ProducerSpec::new(id(1), "feed") };
    let mut feed = log.open_producer(spec).unwrap();
    assert_eq!(feed.acked_lost(), std::slice::from_ref(&(10..13)));
    assert_eq!(log.health().acked_lost.len(), 1);
    feed.append_durable(&tape(10, 3)).unwrap();
    assert_eq!(rows(&read_all(&log)).len(), 13);
}

#[test]
fn a_lost_tail_shows_because_it_was_promised() {
    let fs = SimFs::new();
    let (log, _) = open(&fs);
    let mut feed = feed(&log);
    feed.append_durable(&tape(0, 5)).unwrap();
    let verdict = || log.completeness(&reading(), 0..u64::MAX).unwrap().verdict;
    assert_eq!(verdict(), CaptureVerdict::Open);
    drop(feed.beat().unwrap());
    log.step();
    assert_eq!(verdict(), CaptureVerdict::Complete);
    drop(feed.append(&tape(5, 1)).unwrap());
    log.step();
    assert_eq!(verdict(), CaptureVerdict::Open);
}

#[test]
fn a_beat_vouches_for_a_minute_and_a_producer_that_died_for_nothing() {
    let fs = SimFs::new();
    let clock = crate::rig::clock();
    let dir = std::path::Path::new("/log");
    let shared = std::sync::Arc::new(fs.clone());
    let (log, _) = Log::open(shared, dir, options(), clock.clone(), 7).unwrap();
    let mut feed = feed(&log);
    feed.append_durable(&tape(0, 5)).unwrap();
    drop(feed.beat().unwrap());
    log.step();
    let verdict = || log.completeness(&reading(), 0..u64::MAX).unwrap().verdict;
    assert_eq!(verdict(), CaptureVerdict::Complete);
    // It is not heard of any more; what it had still to send is not known.
    clock.set(1_000_000_000_000 + 61_000_000_000);
    assert_eq!(verdict(), CaptureVerdict::Open);
    feed.close().unwrap();
    assert_eq!(verdict(), CaptureVerdict::Complete);
}

#[test]
fn an_acknowledgement_names_the_level_that_was_reached() {
    let fs = SimFs::new();
    let (log, _) = open(&fs);
    let spec = ProducerSpec { level: Level::Buffered, ..ProducerSpec::new(id(1), "feed") };
    let mut fast = log.open_producer(spec).unwrap();
    let ticket = fast.append(&tape(0, 3)).unwrap();
    fs.fail(Fault::new(Failure::Io).on(Op::SyncData).times(9));
    log.step();
    // The kernel had the bytes before the sync failed.
    assert_eq!(ticket.try_result().unwrap().unwrap().level, Level::Buffered);
}

#[test]
fn a_disk_that_fails_for_good_ends_in_errors_that_say_so() {
    let fs = SimFs::new();
    let (log, _) = open(&fs);
    let mut feed = feed(&log);
    feed.append_durable(&tape(0, 3)).unwrap();
    fs.fail(Fault::new(Failure::Io).on(Op::SyncData).times(99));
    let ticket = feed.append(&tape(3, 3)).unwrap();
    log.step();
    assert!(matches!(ticket.try_result(), Some(Err(AppendError::NotDurable(_)))));
    assert!(matches!(feed.append(&tape(6, 1)), Err(AppendError::Poisoned(_))));
    assert!(log.health().poisoned.is_some());
    assert_eq!(rows(&read_all(&log)).len(), 3);
    assert!(log.close().is_err());
    fs.heal();
    let (log, _) = open(&fs);
    assert!(rows(&read_all(&log)).len() >= 3);
}

#[test]
fn one_failed_sync_moves_the_group_to_the_next_segment() {
    let fs = SimFs::new();
    let (log, _) = open(&fs);
    let mut feed = feed(&log);
    feed.append_durable(&tape(0, 3)).unwrap();
    fs.fail(Fault::new(Failure::ForgetAndFail).on(Op::SyncData));
    feed.append_durable(&tape(3, 3)).unwrap();
    assert_eq!(log.health().degraded.len(), 1);
    drop(feed);
    drop(log);
    let (log, report) = open(&fs.crash(0));
    assert_eq!(report.lost, []);
    assert_eq!(rows(&read_all(&log)).len(), 6);
}

/// Appends until the disk is full, and returns how many rows were acknowledged.
fn fill_up(log: &Log, feed: &mut Producer) -> u64 {
    loop {
        let next = feed.next_pseq();
        match feed.append(&tape(i64::try_from(next).unwrap(), 500)) {
            Ok(ticket) => {
                log.step();
                assert_eq!(ticket.try_result().unwrap().unwrap().pseq, next..next + 500);
            }
            Err(AppendError::Backpressure(Pressure::Disk { needed, .. })) => {
                assert_eq!((needed, feed.next_pseq()), (1 << 20, next));
                return next;
            }
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn a_full_disk_pushes_back_before_a_number_is_used_and_work_resumes_by_itself() {
    let fs = SimFs::new().with_capacity(4 << 20);
    let (log, _) = open(&fs);
    let mut feed = feed(&log);
    let full = fill_up(&log, &mut feed);
    assert!(full > 1000 && log.health().disk_full.is_some());
    assert_eq!(rows(&read_all(&log)).len() as u64, full);
    fs.set_capacity(Some(12 << 20));
    log.step();
    let from = i64::try_from(full).unwrap();
    assert_eq!(feed.append_durable(&tape(from, 500)).unwrap().pseq, full..full + 500);
    assert!(log.health().disk_full.is_none());
    drop(feed);
    log.close().unwrap();
    let (log, _) = open(&fs);
    assert_eq!(rows(&read_all(&log)).len() as u64, full + 500);
}

/// On a real file system of a few megabytes, most of which something else takes and gives back.
#[test]
#[ignore = "long: run by `cargo xtask torture capture`, which mounts the file system"]
fn torture_full_disk() {
    let mount = std::path::PathBuf::from(std::env::var("HINDSIGHT_TORTURE_MOUNT").unwrap());
    let other = mount.join("other");
    std::fs::write(&other, vec![1; 5 << 20]).unwrap();
    let dir = mount.join("log");
    let open = || {
        let fs = std::sync::Arc::new(durable::RealFs);
        Log::open(fs, &dir, options(), crate::rig::clock(), 7).unwrap()
    };
    let (log, _) = open();
    let mut feed = feed(&log);
    let full = fill_up(&log, &mut feed);
    assert!(full > 1000 && log.health().disk_full.is_some());
    std::fs::remove_file(&other).unwrap();
    log.step();
    let from = i64::try_from(full).unwrap();
    assert_eq!(feed.append_durable(&tape(from, 500)).unwrap().pseq, full..full + 500);
    drop(feed);
    log.close().unwrap();
    let (log, _) = open();
    assert_eq!(rows(&read_all(&log)).len() as u64, full + 500);
    eprintln!("full after {full} rows, 500 more once there was room, none lost");
}

#[test]
fn a_log_opens_on_a_full_disk_and_goes_on_when_there_is_room() {
    let fs = SimFs::new().with_capacity(4 << 20);
    let (log, _) = open(&fs);
    let mut hand = feed(&log);
    let full = fill_up(&log, &mut hand);
    let fs = fs.crash(0);
    let (log, report) = open(&fs);
    assert_eq!(report.lost, []);
    assert_eq!(rows(&read_all(&log)).len() as u64, full);
    fs.set_capacity(None);
    log.step();
    let mut hand = feed(&log);
    assert_eq!(hand.next_pseq(), full);
    hand.append_durable(&tape(i64::try_from(full).unwrap(), 10)).unwrap();
}

#[test]
fn tables_of_one_producer_share_its_numbers() {
    let fs = SimFs::new();
    let (log, _) = open(&fs);
    let mut desk = feed(&log);
    assert_eq!(desk.append_durable(&decision(5, id(9), 0)).unwrap().pseq, 0..1);
    assert_eq!(desk.append_durable(&fill(6, id(9))).unwrap().pseq, 1..2);
    let all = log.completeness(&reading(), 0..u64::MAX).unwrap();
    let rows: Vec<_> = all.rows.iter().map(|(t, n)| (t.as_str(), *n)).collect();
    assert_eq!(rows, [("decisions", 1), ("executions", 1)]);
}
