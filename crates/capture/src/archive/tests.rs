//! What a run leaves on a disk, and what comes back.

mod crash;
mod files;
mod rows;

use super::*;
use contract::arrow_array::builder::StringDictionaryBuilder;
use contract::arrow_array::cast::AsArray as _;
use contract::arrow_array::types::Int32Type;
use contract::arrow_array::{ArrayRef, RecordBatch, StringArray};
use contract::{RowDigest, UtcNanos, testing};
use durable::SimFs;
use std::sync::Arc;

/// 2024-08-08T23:59:59.999999990Z: 10 ns before the next date.
const EVE: i64 = 1_723_161_599_999_999_990;

fn id(byte: u8) -> EventId {
    EventId::from_bytes([byte; 16])
}

fn logged(
    table: &str,
    first_seq: u64,
    producer: u8,
    first_pseq: u64,
    rows: RecordBatch,
) -> LoggedBatch {
    LoggedBatch {
        table: table.into(),
        first_seq,
        producer_id: id(producer),
        first_pseq,
        ts_append: UtcNanos::from_nanos(EVE + 1000),
        rows: Arc::new(rows),
    }
}

/// Trades at these nanoseconds from `EVE` on, the size of each its number.
fn trades(first_seq: u64, producer: u8, first_pseq: u64, at: &[i64]) -> LoggedBatch {
    let lines: Vec<String> =
        at.iter().zip(first_seq..).map(|(ns, seq)| format!("{} {seq}.0 B", EVE + ns)).collect();
    let rows = testing::trades(&lines.join(", ")).with_seq(first_seq).into_record_batch();
    logged("trades", first_seq, producer, first_pseq, rows)
}

fn decisions(first_seq: u64, producer: u8, first_pseq: u64, at: &[i64]) -> LoggedBatch {
    let at: Vec<i64> = at.iter().map(|ns| EVE + ns).collect();
    let rows = testing::decisions(&at).with_seq(first_seq).into_record_batch();
    logged("decisions", first_seq, producer, first_pseq, rows)
}

/// Two tables, two producers, two dates, stamps that run backwards, a hole in `seq` and one in a producer's numbers.
fn log() -> Vec<LoggedBatch> {
    vec![
        trades(100, 1, 0, &[0, 20, 3]),
        decisions(103, 2, 0, &[4, 5]),
        trades(105, 1, 3, &[15, 2]),
        trades(107, 1, 5, &[6]),
        trades(110, 1, 9, &[7]),
        trades(111, 2, 2, &[8]),
        decisions(112, 2, 3, &[12]),
    ]
}

fn job<'a>(fs: &'a dyn Fs, known: &'a [ArchivedFile]) -> Job<'a> {
    let (dir, log_id) = (Path::new("/log/archive"), id(9));
    Job { fs, dir, log_id, segments: [3, 4], seqs: [100, 120], known, gaps: 1 }
}

fn archive(fs: &dyn Fs, batches: &[LoggedBatch]) -> Result<Vec<ArchivedFile>, ArchiveError> {
    let mut archiver = Archiver::new();
    for batch in batches {
        archiver.push(batch)?;
    }
    archiver.publish(&job(fs, &[]))
}

fn disk() -> SimFs {
    let fs = SimFs::new();
    fs.create_dir_all(Path::new("/log")).unwrap();
    fs.sync_dir(Path::new("/")).unwrap();
    fs
}

fn bytes_of(fs: &dyn Fs, file: &ArchivedFile) -> Vec<u8> {
    let path = place(Path::new("/log/archive"), &file.path);
    let file = fs.open(&path, durable::Access::Read).unwrap();
    let mut bytes = vec![0; usize::try_from(file.len().unwrap()).unwrap()];
    durable::read_exact_at(file.as_ref(), &mut bytes, 0).unwrap();
    bytes
}

/// Everything that a reader sees of a row: table, seq, producer, its number, the append stamp and the row itself.
fn seen(batches: &[LoggedBatch]) -> Vec<(String, u64, EventId, u64, i64, String)> {
    let mut out = Vec::new();
    for batch in batches {
        let any = batch.parse().unwrap().unwrap();
        for row in 0..batch.rows.num_rows() {
            let n = u64::try_from(row).unwrap();
            assert_eq!(any.seq().unwrap().value(row), batch.first_seq + n);
            out.push((
                batch.table.to_string(),
                batch.first_seq + n,
                batch.producer_id,
                batch.first_pseq + n,
                batch.ts_append.nanos(),
                RowDigest::of(&any.slice(row, 1)).to_string(),
            ));
        }
    }
    out
}

fn read_all(fs: &dyn Fs, files: &[ArchivedFile], seqs: std::ops::Range<u64>) -> Vec<LoggedBatch> {
    let files: Vec<&ArchivedFile> = files.iter().collect();
    read(fs, Path::new("/log/archive"), &files, seqs, &|_| true).unwrap()
}
