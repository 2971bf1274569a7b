//! Verification of a whole log.

use crate::rig::{id, open, read_all, rows, tape};
use capture::{Log, ProducerSpec};
use contract::CaptureVerdict;
use durable::{Fs, SimFs};
use std::path::Path;
use std::sync::Arc;

fn whole(fs: &SimFs) -> capture::VerifyReport {
    let fs: Arc<dyn Fs> = Arc::new(fs.clone());
    capture::verify(&fs, Path::new("/log")).unwrap()
}

fn filled(fs: &SimFs) -> Log {
    let (log, _) = open(fs);
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    for at in 0..20 {
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
    assert_eq!((report.problems.len(), report.rows), (0, 20_000));
    log.close().unwrap();
    let report = whole(&fs);
    assert_eq!((report.problems.len(), report.rows), (0, 20_000));
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
    assert_eq!(rows(&read_all(&log)).len(), 19_000);
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
    assert_eq!((all.producers[0].rows_lost, all.producers[0].rows_durable), (0, 20_000));
}

#[test]
fn a_missing_segment_and_a_changed_seal_are_named() {
    let fs = SimFs::new();
    filled(&fs).close().unwrap();
    fs.unlink(Path::new("/log/segments/00000000000000000001.seg")).unwrap();
    let report = whole(&fs);
    assert!(report.problems.iter().any(|p| p.what == "file" && p.segment == Some(1)), "{report:?}");
}
