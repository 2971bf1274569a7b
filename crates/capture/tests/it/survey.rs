//! Completeness asked from outside, while a writer is at work and after it died.

use crate::rig::{clock, decision, fill, id, open, options, reading, tape};
use capture::{ArchivePolicy, Completeness, ProducerSpec, ReadError};
use contract::{CaptureVerdict, GapKind, UtcNanos};
use durable::{Fs, SimFs};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const NOW: UtcNanos = UtcNanos::from_nanos(1_000_000_000_000);

fn survey(fs: &SimFs, seqs: Range<u64>) -> Result<Completeness, ReadError> {
    let fs: Arc<dyn Fs> = Arc::new(fs.clone());
    capture::completeness(&fs, Path::new("/log"), &options(), &reading(), NOW, seqs)
}

#[test]
fn the_answer_from_outside_is_the_writers_own_at_every_moment_of_a_long_run() {
    let fs = SimFs::new();
    let (log, _) = open(&fs);
    let same = |log: &capture::Log, when: &str| {
        let theirs = survey(&fs, 0..u64::MAX).unwrap();
        let ours = log.completeness(&reading(), 0..u64::MAX).unwrap();
        assert_eq!(theirs, ours, "{when}");
    };
    same(&log, "empty");
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    let mut desk = log.open_producer(ProducerSpec::new(id(2), "desk")).unwrap();
    for at in 0..24 {
        feed.append_durable(&tape(at * 1000, 1000)).unwrap();
        if at == 3 {
            desk.append_durable(&decision(5000, id(9), 1)).unwrap();
        }
        if at == 12 {
            drop(desk.skip(3, "restart").unwrap());
            desk.append_durable(&fill(9000, id(9))).unwrap();
        }
        log.step();
        same(&log, "at work");
    }
    drop(feed.beat().unwrap());
    drop(desk.close().unwrap());
    log.step();
    same(&log, "at the end");
    let all = survey(&fs, 0..u64::MAX).unwrap();
    assert_eq!(all.verdict, CaptureVerdict::Complete);
    let counts: Vec<_> = all.rows.iter().map(|(table, rows)| (table.as_str(), *rows)).collect();
    assert_eq!(counts, [("decisions", 1), ("executions", 1), ("trades", 24_000)]);
    assert_eq!(all.producers[1].rows_skipped, 3);
    // Numbers 0 and 1 are the records that the producers were opened.
    assert_eq!(survey(&fs, 2..502).unwrap().rows["trades"], 500);
    let calls = fs.calls();
    survey(&fs, 0..u64::MAX).unwrap();
    assert!(fs.calls() >= calls);
    log.close().unwrap();
    assert_eq!(survey(&fs, 0..u64::MAX).unwrap().producers, all.producers);
}

#[test]
fn nothing_is_written_and_no_lock_is_needed() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("log");
    let fs: Arc<dyn Fs> = Arc::new(durable::RealFs);
    let (log, _) = capture::Log::open(Arc::clone(&fs), &dir, options(), clock(), 7).unwrap();
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    feed.append_durable(&tape(100, 3)).unwrap();
    let bytes = || {
        let mut all = Vec::new();
        for part in ["", "segments", "cursors", "quarantine"] {
            let entries = std::fs::read_dir(dir.join(part)).unwrap();
            let mut paths: Vec<_> = entries.map(|e| e.unwrap().path()).collect();
            paths.sort();
            let files = paths.into_iter().filter(|p| p.is_file());
            all.extend(files.map(|p| (p.clone(), std::fs::read(p).unwrap())));
        }
        all
    };
    let before = bytes();
    let found = capture::completeness(&fs, &dir, &options(), &reading(), NOW, 0..u64::MAX).unwrap();
    assert_eq!(found.rows["trades"], 3);
    assert!(before == bytes());
}

#[test]
fn a_writer_that_died_leaves_what_it_acknowledged_and_an_open_account() {
    let fs = SimFs::new();
    let (log, _) = open(&fs);
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    feed.append_durable(&tape(100, 3)).unwrap();
    drop(feed.append(&tape(103, 2)).unwrap());
    let dead = fs.crash(5);
    let found = survey(&dead, 0..u64::MAX).unwrap();
    assert_eq!(found.verdict, CaptureVerdict::Open);
    assert_eq!((found.producers[0].rows_durable, found.rows["trades"]), (3, 3));
}

#[test]
fn rows_that_only_the_archive_has_are_counted_and_dropped_accounts_are_kept() {
    let fs = SimFs::new();
    let (log, _) = open(&fs);
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    for at in 0..40 {
        feed.append_durable(&tape(at * 1000, 1000)).unwrap();
        log.step();
    }
    log.archive_once(&ArchivePolicy::now()).unwrap();
    assert!(!log.drop_archived(Duration::ZERO).unwrap().dropped.is_empty());
    let found = survey(&fs, 0..u64::MAX).unwrap();
    assert_eq!((found.producers[0].rows_durable, found.rows["trades"]), (40_000, 40_000));
    assert_eq!(survey(&fs, 1000..1500).unwrap().rows["trades"], 500);
}

#[test]
fn damage_in_the_newest_segment_is_charged_to_its_producer_before_anybody_opens_the_log() {
    let fs = SimFs::new();
    let (log, _) = open(&fs);
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    for at in 0..4 {
        feed.append_durable(&tape(at * 1000, 1000)).unwrap();
    }
    feed.close().unwrap();
    log.close().unwrap();
    let path = Path::new("/log/segments/00000000000000000000.seg");
    fs.flip_bit(path, 60_000, 3).unwrap();
    let found = survey(&fs, 0..u64::MAX).unwrap();
    assert_eq!(found.verdict, CaptureVerdict::Damaged);
    let lost: Vec<_> = found.gaps.iter().map(|g| (g.kind, g.producer_id, g.seq)).collect();
    assert_eq!(lost, [(GapKind::Damaged, Some(id(1)), None)]);
    assert_eq!(
        (found.producers[0].rows_lost, found.producers[0].rows_durable),
        (1000, 3000),
        "{found:?}"
    );
    // Declared, it is the same loss, once.
    let (log, _) = open(&fs);
    log.verify().unwrap();
    let ours = log.completeness(&reading(), 0..u64::MAX).unwrap();
    let theirs = survey(&fs, 0..u64::MAX).unwrap();
    assert_eq!(theirs, ours);
    assert_eq!(theirs.producers[0].rows_lost, 1000);
    assert!(theirs.gaps.iter().all(|gap| gap.seq.is_some()), "{theirs:?}");
}

#[test]
fn a_folder_without_a_log_is_named() {
    let fs = SimFs::new();
    let error = survey(&fs, 0..1).unwrap_err();
    assert_eq!(error.to_string(), "log `/log`: expected a log, found no MANIFEST");
}
