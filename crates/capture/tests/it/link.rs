//! Frames that can be read and are not the ones that were written one behind the other.

use crate::rig::{id, open, read_all, reading, rows, tape};
use capture::{Filter, Item, LogReader, ProducerSpec, Start};
use durable::{Access, Fs, SimFs, read_exact_at, write_all_at};
use std::path::Path;
use std::sync::Arc;

const SEGMENT: &str = "/log/segments/00000000000000000000.seg";

/// A log of three groups that was never closed; logs of the same seed and clock have the same salts.
fn three_groups(second: i64) -> SimFs {
    let fs = SimFs::new();
    let (log, _) = open(&fs);
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    for from in [100, second, 300] {
        feed.append_durable(&tape(from, 3)).unwrap();
    }
    fs.crash(1)
}

fn read(fs: &SimFs, at: u64, len: usize) -> Vec<u8> {
    let file = fs.open(Path::new(SEGMENT), Access::Read).unwrap();
    let mut bytes = vec![0; len];
    read_exact_at(file.as_ref(), &mut bytes, at).unwrap();
    bytes
}

/// Where the data frames stand.
fn data_frames(fs: &SimFs) -> Vec<u64> {
    let bytes = read(fs, 0, 1 << 20);
    (0..)
        .step_by(64)
        .zip(bytes.chunks(64))
        .filter_map(|(at, b)| b.starts_with(b"HSF1\x01").then_some(at))
        .collect()
}

/// A disk that kept an old second group: what another history of the same log had there.
fn mixed() -> SimFs {
    let (fs, other) = (three_groups(200), three_groups(150));
    let frames = data_frames(&fs);
    assert_eq!(frames, data_frames(&other));
    let stale = read(&other, frames[1], 4096);
    assert!(stale != read(&fs, frames[1], 4096));
    let file = fs.open(Path::new(SEGMENT), Access::ReadWrite).unwrap();
    write_all_at(file.as_ref(), &stale, frames[1]).unwrap();
    fs
}

#[test]
fn a_start_takes_a_frame_that_does_not_follow_the_one_before_it_as_damage() {
    let (log, report) = open(&mixed());
    assert_eq!(report.start, Start::Damaged);
    assert_eq!(report.lost.len(), 1);
    assert_eq!(
        (report.lost[0].pseqs.clone(), report.lost[0].producer_id),
        (Some(6..9), Some(id(1)))
    );
    let items = read_all(&log);
    assert_eq!(rows(&items).last(), Some(&(5, 152)));
    assert!(items.iter().any(|i| matches!(i, Item::Gap(gap) if gap.pseqs == Some(6..9))));
}

#[test]
fn a_reader_and_a_verification_show_the_same_frame_as_damage() {
    let fs: Arc<dyn Fs> = Arc::new(mixed());
    let (dir, options) = (Path::new("/log"), crate::rig::options());
    let mut reader =
        LogReader::open(Arc::clone(&fs), dir, &options, &reading(), 0, Filter::default()).unwrap();
    let mut seen = Vec::new();
    loop {
        match reader.next().unwrap() {
            Item::CaughtUp => break,
            Item::Batch(batch) => seen.push(batch.seqs()),
            Item::Gap(gap) => assert_eq!((gap.pseqs, gap.seqs), (Some(6..9), Some(7..10))),
            _ => {}
        }
    }
    assert_eq!(seen, [1..4, 4..7]);
    let report = capture::verify(&fs, dir).unwrap();
    assert_eq!((report.rows, report.problems.len()), (6, 1));
}

#[test]
fn what_follows_a_failed_sync_still_links() {
    let fs = SimFs::new();
    let (log, _) = open(&fs);
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    feed.append_durable(&tape(100, 3)).unwrap();
    fs.fail(durable::Fault::new(durable::Failure::ForgetAndFail).on(durable::Op::SyncData));
    feed.append_durable(&tape(200, 3)).unwrap();
    feed.append_durable(&tape(300, 3)).unwrap();
    assert_eq!(log.health().degraded.len(), 1);
    let after = fs.crash(1);
    let (log, report) = open(&after);
    assert_eq!((report.start, report.lost.len()), (Start::Torn, 0));
    assert_eq!(rows(&read_all(&log)).len(), 9);
    log.close().unwrap();
    let fs: Arc<dyn Fs> = Arc::new(after);
    assert_eq!(capture::verify(&fs, Path::new("/log")).unwrap().problems, []);
}
