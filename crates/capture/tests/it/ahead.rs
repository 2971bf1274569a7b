//! Segments that a reader looks at before it enters them.

use crate::rig::{id, open, open_with, options, reading, tape};
use capture::{Filter, Item, LogReader, Options, ProducerSpec, Reader};
use durable::{Access, Failure, Fault, Fs, Op, SimFs, write_all_at};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const SECOND: &str = "00000000000000000001.seg";

fn reader(fs: &SimFs) -> Reader {
    let fs: Arc<dyn Fs> = Arc::new(fs.clone());
    let filter = Filter::default();
    LogReader::open(fs, Path::new("/log"), &options(), &reading(), 0, filter).unwrap()
}

/// The numbers of the batches that can be read now.
fn seqs(reader: &mut Reader) -> Vec<std::ops::Range<u64>> {
    let mut seen = Vec::new();
    loop {
        match reader.next().unwrap() {
            Item::CaughtUp => return seen,
            Item::Batch(batch) => seen.push(batch.seqs()),
            _ => {}
        }
    }
}

#[test]
fn of_a_prepared_segment_the_beginning_alone_is_read() {
    let fs = SimFs::new();
    let (log, _) = open_with(&fs, Options { segment_bytes: 8 << 20, ..options() });
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    feed.append_durable(&tape(100, 3)).unwrap();
    let reads = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&reads);
    fs.fail(Fault::new(Failure::Io).on(Op::Read).at(SECOND).when(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        false
    }));
    let mut reader = reader(&fs);
    assert_eq!(seqs(&mut reader), [1..4]);
    for turn in 1..4 {
        feed.append_durable(&tape(100 + turn * 100, 3)).unwrap();
        assert_eq!(seqs(&mut reader).len(), 1);
    }
    let reads = reads.load(Ordering::Relaxed);
    // Looked at each time that the log has gone on; all of it would be eight parts of 1 MiB each time.
    assert!((1..=16).contains(&reads), "{reads}");
}

#[test]
fn a_segment_that_lost_its_beginning_is_found_behind_the_one_before_it() {
    let fs = SimFs::new();
    let (log, _) = open(&fs);
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    feed.append_durable(&tape(100, 3)).unwrap();
    fs.fail(Fault::new(Failure::ForgetAndFail).on(Op::SyncData));
    for from in [200, 300, 400] {
        feed.append_durable(&tape(from, 3)).unwrap();
    }
    let path = Path::new("/log/segments").join(SECOND);
    let file = fs.open(&path, Access::ReadWrite).unwrap();
    write_all_at(file.as_ref(), &[0; 8192 + 128], 0).unwrap();
    assert_eq!(seqs(&mut reader(&fs)), [1..4, 4..7, 7..10, 10..13]);
}
