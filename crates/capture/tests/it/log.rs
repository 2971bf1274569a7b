//! Rows in, acknowledgements out, the same rows back.

use crate::rig::{batches, id, open, open_with, options, read_all, reading, rows, tape};
use capture::{AppendError, Log, Options, ProducerSpec, Start};
use durable::{Fs as _, SimFs};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

#[test]
fn rows_are_numbered_acknowledged_and_read_back() {
    let fs = SimFs::new();
    let (log, report) = open(&fs);
    assert_eq!(report.start, Start::Created);
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    let ack = feed.append_durable(&tape(100, 3)).unwrap();
    // Number 0 is the record that the producer was opened.
    assert_eq!((ack.pseq, ack.stored, ack.duplicates), (0..3, vec![1..4], 0));
    let ack = feed.append_durable(&tape(103, 2)).unwrap();
    assert_eq!(ack.stored, [4..6]);
    let items = read_all(&log);
    assert_eq!(rows(&items), [(0, 100), (1, 101), (2, 102), (3, 103), (4, 104)]);
    assert_eq!(batches(&items)[1].seqs(), 4..6);
}

#[test]
fn nothing_is_shown_or_acknowledged_before_the_disk_has_it() {
    let fs = SimFs::new();
    let (log, _) = open(&fs);
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    let ticket = feed.append(&tape(100, 3)).unwrap();
    assert_eq!(ticket.first_seq(), Some(1));
    assert!(matches!(ticket.wait(Duration::ZERO), Err(AppendError::Timeout)));
    assert_eq!(read_all(&log).len(), 0);
    log.step();
    assert_eq!(ticket.wait(Duration::ZERO).unwrap().pseq, 0..3);
    assert_eq!(read_all(&log).len(), 1);
}

#[test]
fn a_closed_log_opens_clean_and_goes_on_where_it_was() {
    let fs = SimFs::new();
    let (log, _) = open(&fs);
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    feed.append_durable(&tape(100, 3)).unwrap();
    log.close().unwrap();
    let (log, report) = open(&fs);
    assert_eq!((report.start, report.next_seq, report.is_jump), (Start::Clean, 4, false));
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    assert_eq!((feed.epoch(), feed.next_pseq()), (2, 3));
    assert_eq!(feed.append_durable(&tape(103, 2)).unwrap().stored, [5..7]);
    assert_eq!(rows(&read_all(&log)), [(0, 100), (1, 101), (2, 102), (3, 103), (4, 104)]);
}

#[test]
fn rows_outlive_many_rotations_and_a_restart_reads_only_the_newest_segment() {
    let fs = SimFs::new();
    let (log, _) = open(&fs);
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    for at in 0..40 {
        feed.append_durable(&tape(at * 1000, 1000)).unwrap();
        log.step();
    }
    let expected: Vec<(u64, i64)> = (0..40_000).map(|n| (n, n as i64)).collect();
    assert!(rows(&read_all(&log)) == expected);
    log.close().unwrap();
    let (log, report) = open(&fs);
    assert_eq!((report.start, report.walked.len()), (Start::Clean, 1));
    assert!(report.walked[0] >= 3, "{report:?}");
    assert!(rows(&read_all(&log)) == expected);
}

#[test]
fn a_table_that_first_comes_with_a_rotation_leaves_the_snapshot_readable() {
    let fs = SimFs::new();
    let (log, _) = open(&fs);
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    let mut desk = log.open_producer(ProducerSpec::new(id(2), "desk")).unwrap();
    // Fill the segment until the next one has been started, and again until just before that.
    let segments = |fs: &SimFs| fs.read_dir(Path::new("/log/segments")).unwrap().len();
    let before = segments(&fs);
    let mut batches = 0;
    while segments(&fs) == before {
        feed.append_durable(&tape(batches * 1000, 1000)).unwrap();
        log.step();
        batches += 1;
    }
    // The new segment holds one batch: so many more and it is full.
    for more in 1..batches - 1 {
        feed.append_durable(&tape((batches + more) * 1000, 1000)).unwrap();
    }
    // Decisions enough not to fit: their table is new, and its schema comes first in the new segment.
    let many: Vec<_> =
        (0..200).map(|n| crate::rig::decision(110 + n, id(9), 1).into_record_batch()).collect();
    let many = arrow_select::concat::concat_batches(&many[0].schema(), &many).unwrap();
    let full = segments(&fs);
    let ticket = desk.append_at(0, "decisions", &many).unwrap();
    log.step();
    assert_eq!(ticket.try_result().unwrap().unwrap().pseq, 0..200);
    assert_eq!(segments(&fs), full + 1);
    drop((feed, desk));
    log.close().unwrap();
    let (_, report) = open(&fs);
    assert_eq!(report.walked.len(), 1, "{report:?}");
}

#[test]
fn a_crash_after_the_acknowledgement_loses_nothing_and_gives_no_number_twice() {
    let fs = SimFs::new();
    let (log, _) = open(&fs);
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    feed.append_durable(&tape(100, 3)).unwrap();
    let after = fs.crash(3);
    drop((feed, log));
    let (log, report) = open(&after);
    assert_eq!((report.start, report.next_seq, report.is_jump), (Start::Torn, 2 << 32, true));
    assert_eq!(rows(&read_all(&log)), [(0, 100), (1, 101), (2, 102)]);
}

#[test]
fn a_number_that_was_shown_before_a_crash_is_not_given_after_a_clean_end_or_a_second_crash() {
    let fs = SimFs::new();
    let (log, _) = open(&fs);
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    // Shown by its ticket, and never on the disk.
    assert_eq!(feed.append(&tape(100, 3)).unwrap().first_seq(), Some(1));
    let after = fs.crash(3);
    let (log, report) = open(&after);
    assert_eq!((report.start, report.next_seq), (Start::Torn, 2 << 32));
    let again = after.crash(3);
    log.close().unwrap();
    let (_log, report) = open(&after);
    assert_eq!((report.start, report.next_seq), (Start::Clean, 2 << 32));
    let (_log, report) = open(&again);
    assert_eq!((report.start, report.next_seq), (Start::Torn, 4 << 32));
}

#[test]
fn a_second_writer_is_refused_while_the_first_lives() {
    let folder = tempfile::tempdir().unwrap();
    let real = || Arc::new(durable::RealFs);
    let dir = folder.path().join("log");
    let (log, _) = Log::open(real(), &dir, options(), crate::rig::clock(), 7).unwrap();
    let second = Log::open(real(), &dir, options(), crate::rig::clock(), 7).unwrap_err();
    assert_eq!(
        second.to_string(),
        format!("log `{}`: another process holds its lock", dir.display())
    );
    log.close().unwrap();
    assert_eq!(
        Log::open(real(), &dir, options(), crate::rig::clock(), 7).unwrap().1.start,
        Start::Clean
    );
}

#[test]
fn a_missing_log_is_not_made_unless_wanted() {
    let fs = SimFs::new();
    let never = Options { create: false, ..options() };
    let error =
        Log::open(Arc::new(fs.clone()), Path::new("/log"), never.clone(), crate::rig::clock(), 7);
    assert_eq!(error.unwrap_err().to_string(), "log `/log`: expected a log, found no MANIFEST");
    open(&fs);
    assert_eq!(open_with(&fs, never).1.start, Start::Clean);
}

#[test]
fn a_live_reader_is_woken_by_an_append_that_is_not_durable_yet() {
    let fs = SimFs::new();
    let (log, _) = open(&fs);
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    let cursor = capture::Cursor { log_id: log.log_id(), next_seq: log.durable_seq() };
    let seen = capture::Visibility::Appended;
    let mut live = log.reader(&reading(), cursor, seen, capture::Filter::default()).unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(move || {
            let begin = std::time::Instant::now();
            (live.wait(Duration::from_secs(20)), begin.elapsed(), live.next().unwrap())
        });
        // Long enough for the reader to wait; one that came later would see the row at once.
        std::thread::sleep(Duration::from_millis(50));
        drop(feed.append(&tape(100, 1)).unwrap());
        let (is_more, took, item) = waiting.join().unwrap();
        assert!(is_more && took < Duration::from_secs(10), "{took:?}");
        assert!(matches!(item, capture::Item::Batch(_)), "{item:?}");
    });
}
