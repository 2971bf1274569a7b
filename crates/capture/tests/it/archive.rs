//! Sealed segments into Parquet and out of the log: the same rows, whoever reads them and when.

use crate::rig::{batches, id, open, options, read_all, read_from, rows, tape};
use capture::{
    ArchivePolicy, Clock, Cursor, Filter, KeptReason, Log, LogReader, Options, Producer,
    ProducerSpec,
};
use contract::arrow_array::RecordBatch;
use durable::SimFs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A log with some sealed segments, and its feed.
fn filled(fs: &SimFs) -> (Log, Producer) {
    let (log, _) = open(fs);
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    for at in 0..40 {
        feed.append_durable(&tape(at * 1000, 1000)).unwrap();
        log.step();
    }
    (log, feed)
}

fn flat(log: &Log) -> Vec<RecordBatch> {
    batches(&read_all(log)).iter().map(|b| b.rows.as_ref().clone()).collect()
}

fn joined(batches: &[RecordBatch]) -> RecordBatch {
    arrow_select::concat::concat_batches(&batches[0].schema(), batches).unwrap()
}

#[test]
fn rows_of_archive_and_log_are_one_sequence_without_gap_or_overlap() {
    let fs = SimFs::new();
    let (log, mut feed) = filled(&fs);
    let before = flat(&log);
    let report = log.archive_once(&ArchivePolicy::now()).unwrap();
    assert!(report.segments.len() >= 2, "{report:?}");
    assert_eq!(report.files.len(), 1); // one table, one date
    // The accounts stand beside the rows, for readers of the archive alone.
    for table in ["ledger_producers", "ledger_runs", "ledger_gaps"] {
        let files = fs_files(&fs, &format!("/log/archive/{table}"));
        assert_eq!(files.len(), 1, "{files:?}");
    }
    let dropped = log.drop_archived(Duration::ZERO).unwrap();
    assert_eq!(dropped.dropped.len(), report.segments.len() - 1);
    assert!(matches!(dropped.kept[..], [(_, KeptReason::Newest)]));
    drop((feed, log));

    let (log, _) = open(&fs);
    let after = flat(&log);
    assert!(joined(&before) == joined(&after));
    // From the middle of what only the archive has.
    let cursor = Cursor { log_id: log.log_id(), next_seq: 1234 };
    assert_eq!(rows(&read_from(&log, cursor))[0], (1233, 1233));
    // Another process sees the same.
    let mut other = LogReader::open(
        Arc::new(fs.clone()),
        Path::new("/log"),
        &options(),
        &crate::rig::reading(),
        0,
        Filter::default(),
    )
    .unwrap();
    let mut theirs = Vec::new();
    loop {
        match other.next().unwrap() {
            capture::Item::CaughtUp => break,
            capture::Item::Batch(b) => theirs.push(b.rows.as_ref().clone()),
            _ => {}
        }
    }
    assert!(joined(&before) == joined(&theirs));
    let all = log.completeness(&crate::rig::reading(), 0..u64::MAX).unwrap();
    assert_eq!(all.rows["trades"], 40_000);
    let part = log.completeness(&crate::rig::reading(), 1000..1500).unwrap();
    assert_eq!(part.rows["trades"], 500);
    // Nothing is archived twice, and the log goes on.
    feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    feed.append_durable(&tape(50_000, 10)).unwrap();
    let second = log.archive_once(&ArchivePolicy::now()).unwrap();
    assert!(second.segments.iter().all(|s| !report.segments.contains(s)), "{second:?}");
    assert!(joined(&flat(&log)).num_rows() == 40_010);
}

#[test]
fn a_lost_line_of_the_manifest_is_made_again_with_every_row() {
    let fs = SimFs::new();
    let (log, mut feed) = filled(&fs);
    log.archive_once(&ArchivePolicy::now()).unwrap();
    for at in 40..80 {
        feed.append_durable(&tape(at * 1000, 1000)).unwrap();
        log.step();
    }
    log.archive_once(&ArchivePolicy::now()).unwrap();
    log.drop_archived(Duration::ZERO).unwrap();
    let before = joined(&flat(&log));
    drop((feed, log));
    let text = fs_bytes(&fs, "/log/MANIFEST");
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let is_archived = |line: &&&[u8]| line.ends_with(b"\"type\":\"archived\"}\n");
    assert_eq!(lines.iter().filter(is_archived).count(), 2);
    let mut start = 0;
    for (at, line) in lines.iter().enumerate() {
        let fs = fs.crash(1);
        fs.flip_bit(Path::new("/log/MANIFEST"), start + line.len() as u64 / 2, 0).unwrap();
        start += line.len() as u64;
        let (log, report) = open(&fs);
        let what = String::from_utf8_lossy(line);
        assert_eq!(report.is_manifest_rebuilt, at + 1 < lines.len(), "{what}");
        assert!(before == joined(&flat(&log)), "{what}");
        let all = log.completeness(&crate::rig::reading(), 0..u64::MAX).unwrap();
        assert_eq!((all.rows["trades"], all.gaps.len()), (80_000, 0), "{what}");
        // And it goes on.
        let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
        feed.append_durable(&tape(90_000, 10)).unwrap();
        log.archive_once(&ArchivePolicy::now()).unwrap();
        assert_eq!(joined(&flat(&log)).num_rows(), 80_010, "{what}");
    }
}

#[test]
fn a_lost_record_whose_file_is_damaged_too_is_a_gap() {
    let fs = SimFs::new();
    let (log, feed) = filled(&fs);
    log.archive_once(&ArchivePolicy::now()).unwrap();
    log.drop_archived(Duration::ZERO).unwrap();
    let rows = joined(&flat(&log)).num_rows() as u64;
    drop((feed, log));
    let text = fs_bytes(&fs, "/log/MANIFEST");
    let is_archived = |line: &&[u8]| line.ends_with(b"\"type\":\"archived\"}\n");
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let before = lines.iter().take_while(|line| !is_archived(line));
    let at: u64 = before.map(|line| line.len() as u64).sum();
    fs.flip_bit(Path::new("/log/MANIFEST"), at + 20, 0).unwrap();
    let files = fs_files(&fs, "/log/archive/trades/date=1970-01-01");
    fs.flip_bit(Path::new(&files[0]), 3000, 3).unwrap();
    let (log, report) = open(&fs);
    assert!(report.is_manifest_rebuilt);
    let lost: u64 = read_all(&log)
        .iter()
        .filter_map(|item| match item {
            capture::Item::Gap(gap) => gap.seqs.as_ref().map(|seqs| seqs.end - seqs.start),
            _ => None,
        })
        .sum();
    let read: u64 = batches(&read_all(&log)).iter().map(|b| b.rows.num_rows() as u64).sum();
    assert!(lost > 0 && read < rows && read + lost >= rows, "{read} {lost} {rows}");
}

#[test]
fn what_was_declared_in_a_dropped_segment_is_still_told_in_its_place() {
    let fs = SimFs::new();
    let (log, _) = open(&fs);
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    feed.append_durable(&tape(0, 1000)).unwrap();
    drop(feed.skip(5, "venue outage").unwrap());
    for at in 1..30 {
        feed.append_durable(&tape(at * 1000, 1000)).unwrap();
        log.step();
    }
    let told = |log: &Log| -> Vec<String> {
        let say = |item: &capture::Item| match item {
            capture::Item::Batch(b) => format!("rows {}", b.seqs().start),
            capture::Item::Gap(g) => format!("gap {:?}", g.pseqs),
            other => format!("{other:?}"),
        };
        read_all(log).iter().map(say).collect()
    };
    let before = told(&log);
    assert_eq!(before[..3], ["rows 1", "gap Some(1000..1005)", "rows 1002"]);
    log.archive_once(&ArchivePolicy::now()).unwrap();
    assert!(!log.drop_archived(Duration::ZERO).unwrap().dropped.is_empty());
    drop((feed, log));
    let (log, _) = open(&fs);
    assert_eq!(told(&log)[..2], ["rows 1", "gap Some(1000..1005)"]);
    let mut other = LogReader::open(
        Arc::new(fs.clone()),
        Path::new("/log"),
        &options(),
        &crate::rig::reading(),
        0,
        Filter::default(),
    )
    .unwrap();
    assert!(matches!(other.next().unwrap(), capture::Item::Batch(_)));
    // A cursor taken between the rows and the gap comes back to the gap.
    assert_eq!(other.cursor().next_seq, 1001);
    assert!(matches!(other.next().unwrap(), capture::Item::Gap(_)));
}

#[test]
fn a_reader_misses_nothing_when_segments_are_dropped_in_front_of_it() {
    let fs = SimFs::new();
    // Without memory to speak of, so that readers go to the files.
    let (log, _) = crate::rig::open_with(&fs, Options { credit_bytes: 1 << 17, ..options() });
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    for at in 0..20 {
        feed.append_durable(&tape(at * 1000, 1000)).unwrap();
        log.step();
    }
    let ctx = crate::rig::reading();
    let mut own =
        log.reader(&ctx, log.start(), capture::Visibility::Durable, Filter::default()).unwrap();
    let mut other = LogReader::open(
        Arc::new(fs.clone()),
        Path::new("/log"),
        &options(),
        &ctx,
        0,
        Filter::default(),
    )
    .unwrap();
    let mut next = [0, 0];
    let mut take = |reader: &mut capture::Reader, n: usize, most: u64| {
        while next[n] < most {
            match reader.next().unwrap() {
                capture::Item::Batch(b) => {
                    assert_eq!(b.first_pseq, next[n]);
                    next[n] += b.rows.num_rows() as u64;
                }
                capture::Item::Control(_) => {}
                item => panic!("reader {n} at {}: {item:?}", next[n]),
            }
        }
    };
    take(&mut own, 0, 2000);
    take(&mut other, 1, 2000);
    // What is dropped lies before and behind where the log ended when the readers last looked.
    for at in 20..60 {
        feed.append_durable(&tape(at * 1000, 1000)).unwrap();
        log.step();
    }
    // Two runs, so that the rows lie in more than one.
    log.archive_once(&ArchivePolicy { memory: 1, ..ArchivePolicy::now() }).unwrap();
    log.archive_once(&ArchivePolicy::now()).unwrap();
    assert!(log.drop_archived(Duration::ZERO).unwrap().dropped.len() >= 3);
    for at in 60..62 {
        feed.append_durable(&tape(at * 1000, 1000)).unwrap();
    }
    take(&mut own, 0, 62_000);
    take(&mut other, 1, 62_000);
}

#[test]
fn a_run_that_is_not_due_does_nothing() {
    let fs = SimFs::new();
    let (log, _feed) = filled(&fs);
    assert_eq!(
        log.archive_once(&ArchivePolicy::default()).unwrap(),
        capture::ArchiveReport::default()
    );
}

#[test]
fn a_segment_goes_only_when_every_guard_lets_it() {
    let fs = SimFs::new();
    let (log, _feed) = filled(&fs);
    let why = |retention: Duration| log.drop_archived(retention).unwrap().kept[0].1.clone();
    assert_eq!(why(Duration::ZERO), KeptReason::NotArchived);
    log.archive_once(&ArchivePolicy::now()).unwrap();
    let until =
        contract::UtcNanos::from_nanos(crate::rig::clock().now().nanos() + 86_400_000_000_000);
    assert_eq!(why(Duration::from_hours(24)), KeptReason::TooYoung { until });
    log.hold("audit", 0..10).unwrap();
    assert_eq!(why(Duration::ZERO), KeptReason::Held { name: "audit".to_owned() });
    log.release("audit").unwrap();
    let cursor = Cursor { log_id: log.log_id(), next_seq: 5 };
    cursor.save(&fs, Path::new("/log"), "slow").unwrap();
    assert_eq!(why(Duration::ZERO), KeptReason::Cursor { name: "slow".to_owned() });
    Cursor { next_seq: u64::MAX, ..cursor }.save(&fs, Path::new("/log"), "slow").unwrap();
    let file = fs_files(&fs, "/log/archive/trades/date=1970-01-01");
    fs.flip_bit(Path::new(&file[0]), 1000, 3).unwrap();
    assert!(matches!(why(Duration::ZERO), KeptReason::ArchiveDiffers { .. }));
    fs.flip_bit(Path::new(&file[0]), 1000, 3).unwrap();
    assert!(!log.drop_archived(Duration::ZERO).unwrap().dropped.is_empty());
}

fn fs_bytes(fs: &SimFs, path: &str) -> Vec<u8> {
    use durable::Fs as _;
    let file = fs.open(Path::new(path), durable::Access::Read).unwrap();
    let mut bytes = vec![0; usize::try_from(file.len().unwrap()).unwrap()];
    durable::read_exact_at(file.as_ref(), &mut bytes, 0).unwrap();
    bytes
}

fn fs_files(fs: &SimFs, folder: &str) -> Vec<String> {
    use durable::Fs as _;
    let paths = fs.read_dir(Path::new(folder)).unwrap();
    paths.iter().map(|p| p.to_string_lossy().into_owned()).collect()
}

#[test]
fn a_crash_at_any_call_of_archive_and_drop_loses_and_doubles_nothing() {
    let fs = SimFs::new();
    let (log, feed) = {
        let (log, _) = open(&fs);
        let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
        for at in 0..12 {
            feed.append_durable(&tape(at * 1000, 1000)).unwrap();
            log.step();
        }
        (log, feed)
    };
    drop(feed);
    log.close().unwrap();
    let small = || Options { append_timeout: Duration::ZERO, ..options() };
    let run = |fs: &SimFs| {
        let opened =
            Log::open(Arc::new(fs.clone()), Path::new("/log"), small(), crate::rig::clock(), 7);
        let Ok((log, _)) = opened else { return };
        let archived = log.archive_once(&ArchivePolicy::now());
        let dropped = log.drop_archived(Duration::ZERO);
        drop((archived, dropped, log));
    };
    let start = fs.crash(0);
    run(&start);
    let calls = start.calls();
    for at in (0..calls).step_by(calls.div_ceil(10) as usize | 1) {
        let fs = fs.crash(1);
        fs.stop_at(at);
        run(&fs);
        let after = fs.crash(at);
        run(&after);
        let (log, report) = open(&after);
        assert_eq!(report.lost, [], "stopped at {at}");
        let found = rows(&read_all(&log));
        assert!(
            found.len() == 12_000 && found.iter().zip(0..).all(|(row, n)| row.0 == n),
            "stopped at {at}: {} rows",
            found.len()
        );
        assert!(
            capture::verify(&(Arc::new(after.clone()) as Arc<dyn durable::Fs>), Path::new("/log"))
                .unwrap()
                .is_whole(),
            "stopped at {at}"
        );
    }
}
