//! The tail: rows that survive, batch by batch.

use arrow_array::types::Int32Type;
use arrow_array::{
    Array as _, DictionaryArray, Float64Array, Int64Array, RecordBatch, UInt64Array,
};
use arrow_schema::SchemaRef;
use contract::{Diagnostic as _, Fault};
use datasets::{Tail, TailError};
use durable::{Failure, Fs, Lie, LyingFs, Op, SimFs};
use proptest::prelude::*;
use std::path::Path;
use std::sync::Arc;

const PATH: &str = "/tail.arrows";

/// Rows `from` to `from + n`, with texts that differ from batch to batch.
fn rows(from: u64, n: u64) -> RecordBatch {
    let all = from..from + n;
    let words: Vec<String> = all.clone().map(|i| format!("mom-{}", i % 3 + from)).collect();
    let strategy: DictionaryArray<Int32Type> = words.iter().map(String::as_str).collect();
    let value: Float64Array =
        all.clone().map(|i| (!i.is_multiple_of(4)).then_some(i as f64 / 8.0)).collect();
    let seq: UInt64Array = all.collect::<Vec<_>>().into();
    let columns = [
        ("seq", Arc::new(seq) as _, false),
        ("strategy_id", Arc::new(strategy) as _, false),
        ("flow__imb_vol__10s", Arc::new(value) as _, true),
    ];
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

fn schema() -> SchemaRef {
    rows(0, 1).schema()
}

fn open(fs: &SimFs) -> Result<Tail, TailError> {
    Tail::open(Arc::new(fs.clone()), Path::new(PATH), schema())
}

/// What the rows are, whatever the dictionaries look like.
fn seen(batches: &[RecordBatch]) -> Vec<String> {
    batches
        .iter()
        .map(|batch| {
            let column = |at: usize| batch.column(at);
            let words = column(1).as_any().downcast_ref::<DictionaryArray<Int32Type>>().unwrap();
            let words = words.downcast_dict::<arrow_array::StringArray>().unwrap();
            format!("{:?} {:?} {:?}", column(0), words.into_iter().collect::<Vec<_>>(), column(2))
        })
        .collect()
}

#[test]
fn rows_are_there_after_a_restart_and_go_on() {
    let fs = SimFs::new();
    let mut tail = open(&fs).unwrap();
    assert_eq!((tail.rows(), tail.read().unwrap()), (0, Vec::new()));
    tail.push(&rows(0, 5)).unwrap();
    tail.push(&rows(5, 0)).unwrap(); // no rows are no batch
    drop(tail);
    let mut tail = open(&fs).unwrap();
    tail.push(&rows(5, 3)).unwrap();
    assert_eq!(tail.rows(), 8);
    let tail = open(&fs).unwrap();
    assert_eq!(tail.rows(), 8);
    assert_eq!(seen(&tail.read().unwrap()), seen(&[rows(0, 5), rows(5, 3)]));
}

#[test]
fn other_columns_are_refused_at_opening_and_at_every_batch() {
    let fs = SimFs::new();
    let mut tail = open(&fs).unwrap();
    let other =
        RecordBatch::try_from_iter([("seq", Arc::new(Int64Array::from(vec![1])) as _)]).unwrap();
    let error = tail.push(&other).unwrap_err();
    assert_eq!((error.code(), error.fault()), ("datasets/tail-schema", Fault::Input));
    tail.push(&rows(0, 1)).unwrap(); // it still works
    let error = Tail::open(Arc::new(fs), Path::new(PATH), other.schema()).unwrap_err();
    assert_eq!(error.code(), "datasets/tail-schema");
}

/// Pushes three batches with the power cut before each call; what was pushed is there, and one more batch at most.
fn crash_everywhere(push: impl Fn(&SimFs) -> u64) -> Result<u64, String> {
    let mut runs = 0;
    let parts = [rows(0, 40), rows(40, 3), rows(43, 200)];
    for cut in 0..200 {
        let fs = SimFs::new();
        fs.stop_at(cut);
        let pushed = push(&fs);
        for seed in 0..12 {
            let crashed = fs.crash(seed);
            let context = format!("cut {cut}, seed {seed}, pushed {pushed}");
            let mut tail = open(&crashed).map_err(|e| format!("{context}: {e}"))?;
            let found = tail.read().map_err(|e| format!("{context}: {e}"))?;
            let n = found.len() as u64;
            let whole: u64 = found.iter().map(|batch| batch.num_rows() as u64).sum();
            if !(pushed..=pushed + 1).contains(&n)
                || seen(&found) != seen(&parts[..found.len()])
                || tail.rows() != whole
            {
                return Err(format!("{context}: found {n} batches"));
            }
            tail.push(&rows(900, 7)).map_err(|e| format!("{context}: {e}"))?;
            let again = open(&crashed.crash(0)).map_err(|e| format!("{context}: {e}"))?;
            if again.rows() != whole + 7 {
                return Err(format!("{context}: {} rows after going on", again.rows()));
            }
            runs += 1;
        }
    }
    Ok(runs)
}

fn push_all(tail: Result<Tail, TailError>) -> u64 {
    let Ok(mut tail) = tail else { return 0 };
    let parts = [rows(0, 40), rows(40, 3), rows(43, 200)];
    parts.iter().take_while(|part| tail.push(part).is_ok()).count() as u64
}

#[test]
fn crash_at_every_call_keeps_what_was_pushed_and_cuts_the_torn_end() {
    assert_eq!(crash_everywhere(|fs| push_all(open(fs))), Ok(2_400));
}

#[test]
fn tail_on_a_disk_that_lies_about_syncs_loses_rows() {
    for lie in [Lie::FileSync, Lie::FolderSync] {
        let found = crash_everywhere(|fs| {
            let liar = Arc::new(LyingFs::new(fs.clone(), lie));
            push_all(Tail::open(liar, Path::new(PATH), schema()))
        });
        assert!(found.is_err(), "{lie:?}: nothing noticed");
    }
}

#[test]
fn flipped_bit_in_an_earlier_batch_is_damage_and_in_the_last_one_a_torn_end() {
    let fs = SimFs::new();
    let mut tail = open(&fs).unwrap();
    let path = Path::new(PATH);
    let head = fs.metadata(path).unwrap().len;
    tail.push(&rows(0, 9)).unwrap();
    let middle = fs.metadata(path).unwrap().len;
    tail.push(&rows(9, 9)).unwrap();
    let end = fs.metadata(path).unwrap().len;
    drop(tail);
    for offset in 0..end {
        let fs = fs.crash(1); // a copy
        fs.flip_bit(path, offset, u8::try_from(offset % 8).unwrap()).unwrap();
        let found = open(&fs);
        if offset < head {
            assert_eq!(found.unwrap_err().code(), "datasets/tail-schema", "{offset}");
        } else if offset < middle {
            let error = found.unwrap_err();
            let expected = ("datasets/tail-damaged", Fault::Integrity);
            assert_eq!((error.code(), error.fault()), expected, "{offset}");
        } else {
            assert_eq!(found.unwrap().rows(), 9, "{offset}");
        }
    }
}

#[test]
fn failed_batch_stops_the_tail_until_it_is_opened_again() {
    for (failure, op) in [(Failure::NoSpace, Op::Write), (Failure::ForgetAndFail, Op::SyncData)] {
        let fs = SimFs::new();
        let mut tail = open(&fs).unwrap();
        tail.push(&rows(0, 5)).unwrap();
        fs.fail(durable::Fault::new(failure).on(op));
        let error = tail.push(&rows(5, 5)).unwrap_err();
        assert_eq!(error.fault(), Fault::Environment { retry: failure == Failure::NoSpace });
        let error = tail.push(&rows(5, 5)).unwrap_err();
        assert_eq!((error.code(), tail.rows()), ("datasets/tail-failed", 5));
        let mut tail = open(&fs.crash(0)).unwrap();
        tail.push(&rows(5, 5)).unwrap();
        assert_eq!(tail.rows(), 10);
    }
}

/// `fixtures/datasets/read_tail.py` has read the same bytes with PyArrow.
#[test]
fn bytes_are_those_that_pyarrow_read() {
    let fs = SimFs::new();
    let mut tail = open(&fs).unwrap();
    tail.push(&rows(0, 3)).unwrap();
    tail.push(&rows(3, 5)).unwrap();
    let fixture = include_bytes!("../../../../fixtures/datasets/tail.arrows");
    assert_eq!(crate::store::read(&fs, Path::new(PATH)), fixture);
    let read: Vec<(u64, String, Option<f64>)> =
        serde_json::from_str(include_str!("../../../../fixtures/datasets/tail.json")).unwrap();
    let expected: Vec<(u64, String, Option<f64>)> = (0..8)
        .map(|i: u64| {
            let from = if i < 3 { 0 } else { 3 };
            (i, format!("mom-{}", i % 3 + from), (!i.is_multiple_of(4)).then_some(i as f64 / 8.0))
        })
        .collect();
    assert_eq!(read, expected);
}

proptest! {
    #[test]
    fn cut_at_any_byte_leaves_the_whole_batches_before_it(
        sizes in prop::collection::vec(1..30_u64, 1..6),
        cut in 0..1_000_u64,
    ) {
        let fs = SimFs::new();
        let mut tail = open(&fs).unwrap();
        let mut ends = vec![(fs.metadata(Path::new(PATH)).unwrap().len, 0)];
        for n in sizes {
            let from = ends[ends.len() - 1].1;
            tail.push(&rows(from, n)).unwrap();
            ends.push((fs.metadata(Path::new(PATH)).unwrap().len, from + n));
        }
        let (head, end) = (ends[0].0, ends[ends.len() - 1].0);
        let len = head + (end - head) * cut / 1_000;
        let file = fs.open(Path::new(PATH), durable::Access::ReadWrite).unwrap();
        file.set_len(len).unwrap();
        let expected = ends.iter().rev().find(|(end, _)| *end <= len).unwrap();
        let tail = open(&fs).unwrap();
        prop_assert_eq!(tail.rows(), expected.1);
        prop_assert_eq!(fs.metadata(Path::new(PATH)).unwrap().len, expected.0);
    }
}
