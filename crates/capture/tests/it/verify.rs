//! Verification of a whole log.

use crate::rig::{id, open_with, options, read_all, rows, tape};
use capture::{Log, Options, ProducerSpec};
use contract::CaptureVerdict;
use durable::{Fs, SimFs};
use std::path::Path;
use std::sync::Arc;

fn whole(fs: &SimFs) -> capture::VerifyReport {
    let fs: Arc<dyn Fs> = Arc::new(fs.clone());
    capture::verify(&fs, Path::new("/log")).unwrap()
}

fn filled(fs: &SimFs) -> Log {
    // A short memory, so that readers go to the files.
    let (log, _) = open_with(fs, Options { credit_bytes: 1 << 17, ..options() });
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    for at in 0..30 {
        feed.append_durable(&tape(at * 1000, 1000)).unwrap();
        log.step();
    }
    feed.close().unwrap();
    log
}

#[test]
fn a_log_that_nobody_touched_is_whole() {
    let fs = SimFs::new();
    let log = filled(&fs);
    let report = whole(&fs);
    assert_eq!((report.problems.len(), report.rows), (0, 30_000));
    log.close().unwrap();
    let report = whole(&fs);
    assert_eq!((report.problems.len(), report.rows), (0, 30_000));
    assert!(report.segments >= 2, "{report:?}");
}

#[test]
fn damage_in_a_sealed_segment_is_found_declared_once_and_counted() {
    let fs = SimFs::new();
    let log = filled(&fs);
    let path = Path::new("/log/segments/00000000000000000000.seg");
    fs.flip_bit(path, 200_000, 5).unwrap();
    let report = log.verify().unwrap();
    let what: Vec<_> = report.problems.iter().map(|p| (p.what, p.segment, p.is_declared)).collect();
    assert_eq!(what, [("hash", Some(0), false), ("frames", Some(0), false)]);
    let all = log.completeness(&crate::rig::reading(), 0..u64::MAX).unwrap();
    assert_eq!((all.verdict, all.producers[0].rows_lost), (CaptureVerdict::Damaged, 1000));
    assert_eq!(rows(&read_all(&log)).len(), 29_000);
    // A second verification knows it already.
    let again = log.verify().unwrap();
    assert!(again.problems.iter().all(|p| p.is_declared), "{again:?}");
    assert_eq!(log.health().damages, 1);
    // The lost rows are taken again, and only those.
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    let lost = all.gaps.iter().find_map(|g| g.pseqs.clone()).unwrap();
    let rows = tape(lost.start as i64, 1000).into_record_batch();
    let ticket = feed.append_at(lost.start, "trades", &rows).unwrap();
    log.step();
    assert_eq!(ticket.try_result().unwrap().unwrap().duplicates, 0);
    let all = log.completeness(&crate::rig::reading(), 0..u64::MAX).unwrap();
    assert_eq!((all.producers[0].rows_lost, all.producers[0].rows_durable), (0, 30_000));
    let mut back: Vec<u64> = self::rows(&read_all(&log)).iter().map(|row| row.0).collect();
    back.sort_unstable();
    assert!(back == (0..30_000).collect::<Vec<_>>());
}

#[test]
fn damage_that_a_reader_or_the_archiver_finds_is_declared_by_it() {
    for is_archived in [false, true] {
        let fs = SimFs::new();
        let log = filled(&fs);
        let path = Path::new("/log/segments/00000000000000000000.seg");
        fs.flip_bit(path, 200_000, 5).unwrap();
        if is_archived {
            log.archive_once(&capture::ArchivePolicy::now()).unwrap();
        } else {
            assert_eq!(rows(&read_all(&log)).len(), 29_000);
        }
        let all = log.completeness(&crate::rig::reading(), 0..u64::MAX).unwrap();
        assert_eq!((all.verdict, all.producers[0].rows_lost), (CaptureVerdict::Damaged, 1000));
        assert_eq!(log.health().damages, 1);
        assert_eq!(rows(&read_all(&log)).len(), 29_000);
        assert_eq!(log.health().damages, 1);
    }
}

/// The log of a clean end, a segment of which is gone or cannot be read: what it held is known from its neighbours,
/// and the producer brings it back.
fn brought_back(spoil: impl Fn(&SimFs, &Path)) {
    let fs = SimFs::new();
    filled(&fs).close().unwrap();
    spoil(&fs, Path::new("/log/segments/00000000000000000001.seg"));
    let (log, _) = open_with(&fs, options());
    log.verify().unwrap();
    let all = log.completeness(&crate::rig::reading(), 0..u64::MAX).unwrap();
    let lost: Vec<_> = all.gaps.iter().filter_map(|g| g.pseqs.clone()).collect();
    let count: u64 = lost.iter().map(|l| l.end - l.start).sum();
    assert_eq!(
        (all.verdict, all.producers[0].rows_lost, all.producers[0].rows_durable),
        (CaptureVerdict::Damaged, count, 30_000 - count)
    );
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    for range in lost {
        let len = i64::try_from(range.end - range.start).unwrap();
        let rows = tape(i64::try_from(range.start).unwrap(), len).into_record_batch();
        for at in (0..rows.num_rows()).step_by(1000) {
            let part = rows.slice(at, 1000.min(rows.num_rows() - at));
            drop(feed.append_at(range.start + at as u64, "trades", &part).unwrap());
            log.step();
        }
    }
    let mut back: Vec<u64> = rows(&read_all(&log)).iter().map(|row| row.0).collect();
    back.sort_unstable();
    assert!(back == (0..30_000).collect::<Vec<_>>(), "{} rows", back.len());
    feed.close().unwrap();
    let all = log.completeness(&crate::rig::reading(), 0..u64::MAX).unwrap();
    assert_eq!(all.verdict, CaptureVerdict::Complete, "{all:#?}");
}

#[test]
fn rows_of_a_segment_that_is_gone_are_counted_by_owner_and_can_be_sent_again() {
    brought_back(|fs, path| fs.unlink(path).unwrap());
}

#[test]
fn rows_behind_a_destroyed_header_are_counted_by_owner_and_can_be_sent_again() {
    // The header of rows in the middle of the segment, then that of its last rows: their owner stands nowhere else.
    for nth in [5, 9] {
        brought_back(|fs, path| {
            let bytes = crate::rig::bytes(fs, path);
            let mut rows = crate::rig::frames(&bytes);
            rows.retain(|at| bytes[usize::try_from(at + 4).unwrap()] == 1);
            fs.flip_bit(path, rows[nth.min(rows.len() - 1)] + 20, 1).unwrap();
        });
    }
}

#[test]
fn a_missing_segment_and_a_changed_seal_are_named() {
    let fs = SimFs::new();
    filled(&fs).close().unwrap();
    fs.unlink(Path::new("/log/segments/00000000000000000001.seg")).unwrap();
    let report = whole(&fs);
    assert!(report.problems.iter().any(|p| p.what == "file" && p.segment == Some(1)), "{report:?}");
}
