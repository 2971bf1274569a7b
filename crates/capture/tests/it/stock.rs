//! What stands where, and readers that read no more than they need.

use crate::rig::{id, open, options, reading, tape};
use capture::{
    ArchivePolicy, Filter, Item, Log, LogReader, LoggedBatch, Producer, ProducerSpec, Reader, stock,
};
use contract::{Batch, Trades, UtcNanos};
use durable::{Fs, SimFs};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const DIR: &str = "/log";

/// 40,000 trades, a nanosecond apart, over several sealed segments.
fn filled(fs: &SimFs) -> (Log, Producer) {
    let (log, _) = open(fs);
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    for at in 0..40 {
        feed.append_durable(&tape(at * 1000, 1000)).unwrap();
        while log.step() {}
    }
    (log, feed)
}

fn shared(fs: &SimFs) -> Arc<dyn Fs> {
    Arc::new(fs.clone())
}

fn reader(fs: &SimFs, from: u64, filter: Filter) -> Reader {
    LogReader::open(shared(fs), Path::new(DIR), &options(), &reading(), from, filter).unwrap()
}

fn rest(reader: &mut Reader) -> Vec<LoggedBatch> {
    let mut out = Vec::new();
    loop {
        match reader.next().unwrap() {
            Item::CaughtUp => return out,
            Item::Batch(batch) => out.push(batch),
            Item::Control(_) => {}
            item => panic!("{item:?}"),
        }
    }
}

fn rows(batches: &[LoggedBatch]) -> usize {
    batches.iter().map(|batch| batch.rows.num_rows()).sum()
}

/// Segments that were read from since a call.
fn touched(fs: &SimFs, since: u64) -> BTreeSet<u64> {
    let trace = fs.trace();
    let reads = trace.lines().filter_map(|line| {
        let (step, rest) = line.split_once(' ')?;
        let number = rest.strip_prefix("read `/log/segments/")?.strip_suffix(".seg`")?;
        (step.parse::<u64>().ok()? >= since).then(|| number.parse().unwrap())
    });
    reads.collect()
}

#[test]
fn every_durable_row_is_in_one_place_of_the_stock() {
    let fs = SimFs::new();
    let (log, mut feed) = filled(&fs);
    let check = |archived: bool, dropped: bool| {
        let found = stock(&shared(&fs), Path::new(DIR)).unwrap();
        let live: usize = found
            .live()
            .into_iter()
            .map(|range| {
                let filter = Filter { end_seq: Some(range.end), ..Filter::default() };
                rows(&rest(&mut reader(&fs, range.start, filter)))
            })
            .sum();
        let files = found.runs.iter().flat_map(|run| &run.files);
        let in_files: u64 = files.clone().map(|file| file.rows).sum();
        assert_eq!(in_files + live as u64, 40_000);
        assert_eq!(in_files > 0, archived);
        for file in files {
            assert_eq!(fs.metadata(&file.path).unwrap().len, file.bytes);
            assert_eq!(file.table, "trades");
        }
        assert_eq!(found.segments.iter().any(|s| s.is_dropped), dropped);
        assert_eq!(found.segments.iter().any(|s| s.is_archived), archived);
        assert!(found.segments.iter().any(|s| s.is_sealed));
        // Segments follow each other without a hole, up to the durable end.
        let mut at = 0;
        for segment in &found.segments {
            assert_eq!(segment.seqs.start, at, "{:?}", found.segments);
            at = segment.seqs.end;
        }
        assert_eq!(at, found.durable_seq);
        found
    };
    check(false, false);
    log.archive_once(&ArchivePolicy::now()).unwrap();
    let found = check(true, false);
    assert_eq!(found.live().len(), 1);
    log.drop_archived(Duration::ZERO).unwrap();
    let found = check(true, true);
    assert!(found.damage.is_empty() && found.ts_durable.is_some());
    // Rows that are not durable are beyond it.
    let before = found.durable_seq;
    drop(feed.append(&tape(50_000, 10)).unwrap());
    assert_eq!(stock(&shared(&fs), Path::new(DIR)).unwrap().durable_seq, before);
}

#[test]
fn without_a_mark_the_frames_prove_what_is_durable() {
    let fs = SimFs::new();
    let (log, feed) = filled(&fs);
    feed.close().unwrap();
    log.close().unwrap();
    let with_mark = stock(&shared(&fs), Path::new(DIR)).unwrap();
    fs.unlink(Path::new("/log/WATERMARK")).unwrap();
    let without = stock(&shared(&fs), Path::new(DIR)).unwrap();
    assert_eq!(without.durable_seq, with_mark.durable_seq);
    assert_eq!(without.ts_durable, None);
}

#[test]
fn a_mark_that_is_older_than_the_archive_hides_no_archived_row() {
    let fs = SimFs::new();
    let (log, _feed) = filled(&fs);
    let old = crate::rig::bytes(&fs, Path::new("/log/WATERMARK"));
    let mut feed = log.open_producer(ProducerSpec::new(id(2), "other")).unwrap();
    for at in 40..90 {
        feed.append_durable(&tape(at * 1000, 1000)).unwrap();
        while log.step() {}
    }
    log.archive_once(&ArchivePolicy::now()).unwrap();
    let file = fs.open(Path::new("/log/WATERMARK"), durable::Access::ReadWrite).unwrap();
    durable::write_all_at(file.as_ref(), &old, 0).unwrap();
    let found = stock(&shared(&fs), Path::new(DIR)).unwrap();
    assert_eq!(found.durable_seq, found.runs.last().unwrap().seqs.end);
    assert_eq!(found.live(), []);
}

#[test]
fn numbers_that_an_unclean_stop_left_out_are_no_live_range() {
    let fs = SimFs::new();
    let (log, feed) = filled(&fs);
    drop((feed, log));
    let (log, _feed) = filled(&fs); // the same rows again, with numbers of another stretch
    log.archive_once(&ArchivePolicy { memory: 1, ..ArchivePolicy::now() }).unwrap();
    log.archive_once(&ArchivePolicy { memory: 1, ..ArchivePolicy::now() }).unwrap();
    while !log
        .archive_once(&ArchivePolicy { memory: 1, ..ArchivePolicy::now() })
        .unwrap()
        .segments
        .is_empty()
    {}
    log.drop_archived(Duration::ZERO).unwrap();
    let found = stock(&shared(&fs), Path::new(DIR)).unwrap();
    assert!(found.runs.len() > 2);
    assert_eq!(found.live().len(), 1, "{:?}", found.live());
}

#[test]
fn a_reader_begins_in_the_segment_of_its_number_and_reads_no_other_before() {
    let fs = SimFs::new();
    let (_log, _feed) = filled(&fs);
    let found = stock(&shared(&fs), Path::new(DIR)).unwrap();
    let segment = found.segments.iter().rev().find(|segment| segment.is_sealed).unwrap();
    let middle = segment.seqs.start + 500;
    let filter = Filter { end_seq: Some(middle + 10), ..Filter::default() };
    let since = fs.calls();
    let mut narrow = reader(&fs, middle, filter);
    assert_eq!(rows(&rest(&mut narrow)), 10);
    let before = touched(&fs, since).into_iter().filter(|n| *n < segment.number).count();
    assert_eq!(before, 0);
    assert_eq!(narrow.work().segments, 1);
    let mut all = reader(&fs, 0, Filter::default());
    assert_eq!(rows(&rest(&mut all)), 40_000);
    assert_eq!(all.work().segments as usize, found.segments.len());
    assert!(narrow.work().bytes * 2 < all.work().bytes, "{:?} {:?}", narrow.work(), all.work());
}

#[test]
fn prepared_segments_are_not_read_from_end_to_end() {
    let fs = SimFs::new();
    let (_log, _feed) = filled(&fs);
    let found = stock(&shared(&fs), Path::new(DIR)).unwrap();
    let newest = found.segments.last().unwrap();
    let spare = Path::new("/log/segments").join(format!("{:020}.seg", newest.number + 1));
    assert_eq!(fs.metadata(&spare).unwrap().len, 1 << 20); // there is one
    let filter = Filter { end_seq: Some(newest.seqs.end), ..Filter::default() };
    let mut narrow = reader(&fs, newest.seqs.end - 1, filter);
    let since = fs.calls();
    rest(&mut narrow);
    let trace = fs.trace();
    let reads = trace
        .lines()
        .filter(|line| line.contains("read `") && line.contains(&spare.display().to_string()))
        .filter(|line| line.split_once(' ').unwrap().0.parse::<u64>().unwrap() >= since)
        .count();
    // Its beginning, when the reader starts and when it looks ahead.
    assert!((1..=4).contains(&reads), "{reads} reads:\n{trace}");
    assert!(narrow.work().bytes < 2 << 20, "{:?}", narrow.work());
}

#[test]
fn an_instant_ends_the_reading_and_is_exact_by_row() {
    let fs = SimFs::new();
    let (_log, _feed) = filled(&fs);
    let before = Some(UtcNanos::from_nanos(2_500));
    let mut early = reader(&fs, 0, Filter { before, ..Filter::default() });
    let batches = rest(&mut early);
    assert_eq!(rows(&batches), 2_500);
    for batch in &batches {
        let trades = Batch::<Trades>::parse(&batch.rows).unwrap();
        assert!(trades.ts_avail().values().iter().all(|avail| *avail < 2_500));
    }
    let mut all = reader(&fs, 0, Filter::default());
    rest(&mut all);
    assert!(early.work().bytes * 2 < all.work().bytes, "{:?} {:?}", early.work(), all.work());
}

#[test]
fn an_instant_is_kept_among_archived_rows_too() {
    let fs = SimFs::new();
    let (log, _feed) = filled(&fs);
    log.archive_once(&ArchivePolicy::now()).unwrap();
    log.drop_archived(Duration::ZERO).unwrap();
    let before = Some(UtcNanos::from_nanos(2_500));
    let mut early = reader(&fs, 0, Filter { before, ..Filter::default() });
    assert_eq!(rows(&rest(&mut early)), 2_500);
}

#[test]
fn frames_of_other_tables_are_passed_by_their_headers_and_a_caller_can_stop_between() {
    let fs = SimFs::new();
    let (_log, _feed) = filled(&fs);
    let filter = Filter { tables: vec!["quotes".to_owned()], ..Filter::default() };
    let mut quotes = reader(&fs, 0, filter);
    let mut pauses = 0;
    loop {
        match quotes.next_within(4).unwrap() {
            None => pauses += 1,
            Some(Item::CaughtUp) => break,
            Some(_) => {}
        }
    }
    assert!(pauses >= 8, "{pauses}");
    assert_eq!((quotes.work().frames, quotes.work().frames_skipped), (0, 40));
}
