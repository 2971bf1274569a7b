//! A bit flips, a block is zeroed or a file is cut: what is lost is named, and nothing else is.

use crate::rig::{bytes, clock, decision, frames, id, open, options, reading, tape};
use capture::{Filter, Item, Log, LoggedBatch, Options, ProducerSpec, Visibility};
use contract::CaptureVerdict;
use contract::arrow_array::RecordBatch;
use durable::{Access, Fs, SimFs, write_all_at};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// By number: the producer, its own number of the row, and the row.
type Rows = BTreeMap<u64, (u8, u64, RecordBatch)>;

/// A log on a disk, and what was acknowledged: by number, the producer, its row and what the row says.
struct Image {
    fs: SimFs,
    rows: Rows,
}

fn says(batch: &LoggedBatch) -> Vec<(u64, (u8, u64, RecordBatch))> {
    let who = batch.producer_id.as_bytes()[0];
    (0..batch.rows.num_rows())
        .map(|row| {
            let at = row as u64;
            (batch.first_seq + at, (who, batch.first_pseq + at, batch.rows.slice(row, 1)))
        })
        .collect()
}

/// Rows and declared or noticed losses, as a reader is shown them.
fn read(log: &Log) -> (Rows, Vec<Range<u64>>) {
    let mut reader =
        log.reader(&reading(), log.start(), Visibility::Durable, Filter::default()).unwrap();
    let (mut rows, mut gaps) = (BTreeMap::new(), Vec::new());
    loop {
        match reader.next().unwrap() {
            Item::CaughtUp => return (rows, gaps),
            Item::Batch(batch) => rows.extend(says(&batch)),
            Item::Gap(gap) => gaps.extend(gap.seqs),
            _ => {}
        }
    }
}

/// Three segments: the first two sealed by clean closes, the last one left as a crash leaves it.
fn image() -> Image {
    let fs = SimFs::new();
    for round in 0..3 {
        let (log, _) = open(&fs);
        let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
        let mut desk = log.open_producer(ProducerSpec::new(id(2), "desk")).unwrap();
        for at in 0..3 {
            let t = 100 * (round * 3 + at);
            let seen = feed.append_durable(&tape(t, 5)).unwrap();
            let n = u8::try_from(10 + round * 3 + at).unwrap();
            desk.append_durable(&decision(t + 9, id(n), seen.stored[0].start)).unwrap();
        }
        log.step();
        if round < 2 {
            drop((feed, desk));
            log.close().unwrap();
        } else {
            // One acknowledged group behind the last mark.
            feed.append_durable(&tape(2000, 4)).unwrap();
            let fs = fs.crash(1);
            let (rows, _) = read(&log);
            return Image { fs, rows };
        }
    }
    unreachable!()
}

fn segment(n: u64) -> PathBuf {
    PathBuf::from(format!("/log/segments/{n:020}.seg"))
}

/// Opens a spoiled log and holds it against what was acknowledged.
fn check(image: &Image, spoil: impl Fn(&SimFs), what: &str) {
    let fs = image.fs.crash(1);
    spoil(&fs);
    let options = Options { append_timeout: std::time::Duration::ZERO, ..options() };
    let opened = Log::open(Arc::new(fs.clone()), Path::new("/log"), options, clock(), 9);
    let (log, report) = opened.unwrap_or_else(|e| panic!("{what}: {e}"));
    let verified = log.verify().unwrap_or_else(|e| panic!("{what}: {e}"));
    let (rows, gaps) = read(&log);
    for (seq, row) in &rows {
        assert!(image.rows.get(seq) == Some(row), "{what}: nobody appended row {seq}");
    }
    let gone: Vec<u64> = image.rows.keys().filter(|seq| !rows.contains_key(seq)).copied().collect();
    let is_named = |seq: &u64| gaps.iter().any(|gap| gap.contains(seq));
    assert!(gone.iter().all(is_named), "{what}: {gone:?} are gone, {gaps:?} named\n{report:?}");
    let all = log.completeness(&reading(), 0..u64::MAX).unwrap();
    if !gone.is_empty() {
        assert_eq!(all.verdict, CaptureVerdict::Damaged, "{what}: {gone:?}\n{verified:?}");
    }
    // A frame in the newest segment whose owner never speaks behind it has no owner; its rows are counted by number.
    let lost: u64 = all.producers.iter().map(|p| p.rows_lost).sum();
    let is_ownerless = |seq: &&u64| {
        let mut gaps = all.gaps.iter().filter(|g| g.producer_id.is_none());
        gaps.any(|g| g.seqs.as_ref().is_some_and(|s| s.contains(seq)))
    };
    let ownerless = gone.iter().filter(is_ownerless).count() as u64;
    assert!(
        lost <= gone.len() as u64 && lost + ownerless >= gone.len() as u64,
        "{what}: {gone:?}\n{lost} and {ownerless} {:#?}",
        all.gaps
    );
    // What is gone comes back under its old identity, what is there is not stored twice.
    for who in [1, 2] {
        let mut hand = log.open_producer(ProducerSpec::new(id(who), "again")).unwrap();
        let mine = |seq: &&u64| image.rows[*seq].0 == who;
        for seq in gone.iter().filter(mine) {
            let pseq = image.rows[seq].1;
            let (round, at) = (pseq / 5 * 100, pseq % 5);
            let t = if pseq >= 45 { 2000 + pseq - 45 } else { round + at };
            let (table, rows) = if who == 1 {
                ("trades", tape(t as i64, 1).into_record_batch())
            } else {
                let seen = image.rows.iter().find(|(_, r)| r.0 == 1 && r.1 == pseq * 5).unwrap().0;
                let n = u8::try_from(10 + pseq).unwrap();
                let draft = decision(100 * pseq as i64 + 9, id(n), *seen);
                ("decisions", draft.into_record_batch())
            };
            let ticket =
                hand.append_at(pseq, table, &rows).unwrap_or_else(|e| panic!("{what}: {e}"));
            log.step();
            let ack = ticket.try_result().unwrap().unwrap();
            assert_eq!((ack.duplicates, ack.stored.len()), (0, 1), "{what}: row {pseq} of {who}");
        }
    }
    let (rows, _) = read(&log);
    let mut found: Vec<(u8, u64)> = rows.values().map(|r| (r.0, r.1)).collect();
    found.sort_unstable();
    let mut expected: Vec<(u8, u64)> = image.rows.values().map(|r| (r.0, r.1)).collect();
    expected.sort_unstable();
    assert_eq!(found, expected, "{what}");
    log.close().unwrap();
    let (log, report) = open(&fs);
    assert_eq!(report.lost, [], "{what}: declared twice");
    drop(log);
}

fn flip(image: &Image, path: &Path, at: u64, bit: u8) {
    let what = format!("bit {bit} of byte {at} of {}", path.display());
    check(image, |fs| fs.flip_bit(path, at, bit).unwrap(), &what);
}

#[test]
fn every_field_of_every_frame_header_of_the_newest_segment() {
    let image = image();
    let path = segment(2);
    let starts = frames(&bytes(&image.fs, &path));
    assert!(starts.len() > 10);
    let fields = [0, 4, 5, 6, 8, 16, 24, 32, 40, 44, 48, 64, 72, 76, 80, 84, 88, 96, 104, 112, 124];
    for (n, start) in starts.iter().enumerate() {
        for field in fields.iter().skip(n % 11).step_by(11) {
            flip(&image, &path, start + field, 2);
        }
    }
}

#[test]
fn bodies_padding_and_filler() {
    let image = image();
    for number in [0, 2] {
        let path = segment(number);
        let content = bytes(&image.fs, &path);
        let starts = frames(&content);
        for (n, start) in starts.iter().enumerate().skip(1) {
            let end = starts.get(n + 1).copied().unwrap_or(content.len() as u64);
            let at = [start + 128, start + 190, end - 1][n % 3];
            flip(&image, &path, at.min(content.len() as u64 - 1), 5);
        }
    }
}

#[test]
fn segment_headers_and_their_copies() {
    let image = image();
    let fields = [0, 8, 12, 16, 32, 40, 48, 56, 64, 72, 84, 88, 200, 4092];
    for (n, at) in (0..).zip(fields) {
        flip(&image, &segment(n % 3), at + 4096 * (n / 3 % 2), 1);
    }
    for number in 0..3 {
        let path = segment(number);
        let both = |fs: &SimFs| {
            fs.flip_bit(&path, 64, 1).unwrap();
            fs.flip_bit(&path, 4096 + 64, 1).unwrap();
        };
        check(&image, both, &format!("both headers of segment {number}"));
    }
}

#[test]
fn the_manifest_and_the_watermark() {
    let image = image();
    for name in ["/log/MANIFEST", "/log/WATERMARK"] {
        let path = Path::new(name);
        let len = bytes(&image.fs, path).len() as u64;
        let step = if name.ends_with('K') { 16 } else { 101 };
        let end = if name.ends_with('K') { len.min(2048 + 128) } else { len };
        for at in (0..end).step_by(step).filter(|at| at % 2048 < 128 || step > 16) {
            flip(&image, path, at, 3);
        }
    }
}

#[test]
fn blocks_of_zeros_and_cut_files() {
    let image = image();
    for number in 0..3 {
        let path = segment(number);
        let len = bytes(&image.fs, &path).len() as u64;
        let used = len.min(120_000);
        for at in (number * 4096..used).step_by(5 * 4096) {
            let zero = |fs: &SimFs| {
                let file = fs.open(&path, Access::ReadWrite).unwrap();
                write_all_at(file.as_ref(), &[0; 4096], at).unwrap();
            };
            check(&image, zero, &format!("4096 zeros at {at} of segment {number}"));
        }
        for at in (0..used).step_by(49_999) {
            let cut = |fs: &SimFs| fs.open(&path, Access::ReadWrite).unwrap().set_len(at).unwrap();
            check(&image, cut, &format!("segment {number} cut at {at}"));
        }
    }
}

#[test]
#[ignore = "long: run by `cargo xtask torture capture`"]
fn torture_flips_all_over_a_log() {
    let seconds = std::env::var("HINDSIGHT_TORTURE_SECONDS").ok().and_then(|t| t.parse().ok());
    let until = std::time::Instant::now() + std::time::Duration::from_secs(seconds.unwrap_or(60));
    let image = image();
    let ends: Vec<u64> = (0..3)
        .map(|number| {
            let content = bytes(&image.fs, &segment(number));
            content.iter().rposition(|b| *b != 0).unwrap() as u64 + 1
        })
        .collect();
    let (mut flips, mut at) = (0_u64, 0_u64);
    while std::time::Instant::now() < until {
        // A stride that has no factor in common with any length visits every byte in the end.
        at = (at + 1_000_003) % ends.iter().sum::<u64>();
        let mut number = 0;
        let mut byte = at;
        while byte >= ends[number] {
            byte -= ends[number];
            number += 1;
        }
        flip(&image, &segment(number as u64), byte, u8::try_from(flips % 8).unwrap());
        flips += 1;
    }
    eprintln!("{flips} bits of {} bytes flipped, each loss named", ends.iter().sum::<u64>());
}
