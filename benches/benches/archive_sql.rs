//! SQL over an archive of trades, against DuckDB on the same files, and against the bytes that hold the answer.
//!
//! `cargo bench -p benches --features sql --bench archive_sql --profile quick -- make FOLDER [ROWS]` makes a log of a day of trades of ten
//! instruments and archives it (50,000,000 rows unless given); `.. -- aggregate FOLDER PYTHON` and `.. -- scan FOLDER`
//! measure. PYTHON is one that has `duckdb` of benches/peers/archive_sql.py.

use capture::{ArchivePolicy, Clock, FixedClock, Log, Options as LogOptions, ProducerSpec};
use contract::{
    Aggressor, EventId, InstrumentId, Price, Principal, Purpose, ReadContext, SourceId,
    TableBuilder, TradeAction, Trades, UtcNanos,
};
use durable::RealFs;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaDataReader};
use query::{Catalogue, Options, Session};
use std::error::Error;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

type Failure = Box<dyn Error>;

const DAY: &str = "2026-03-02T00:00:00Z";
const DAY_NS: u64 = 86_400_000_000_000;
const INSTRUMENTS: u64 = 10;
const ROUNDS: usize = 5;
const AGGREGATE: &str = "SELECT instrument_id, count(*) AS n, sum(size) AS size, min(px) AS low, max(px) AS high \
                         FROM trades GROUP BY instrument_id ORDER BY instrument_id";

fn main() -> Result<(), Failure> {
    if !benches::is_bench() {
        return Ok(());
    }
    let words: Vec<String> = std::env::args().skip(1).filter(|w| w != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["make", folder] => make(Path::new(folder), 50_000_000),
        ["make", folder, rows] => make(Path::new(folder), rows.parse()?),
        ["aggregate", folder, python] => aggregate(Path::new(folder), python),
        ["scan", folder] => scan(Path::new(folder)),
        _ => {
            println!("usage: make FOLDER [ROWS] | aggregate FOLDER PYTHON | scan FOLDER");
            Ok(())
        }
    }
}

/// Trades at even distances over a day, instruments in turn, so that the size of an answer is known beforehand.
fn make(folder: &Path, rows: u64) -> Result<(), Failure> {
    let start = UtcNanos::parse(DAY)?.nanos();
    let clock: Arc<dyn Clock> = Arc::new(FixedClock(UtcNanos::parse("2026-03-03T01:00:00Z")?));
    let options = LogOptions { segment_bytes: 256 << 20, ..LogOptions::default() };
    let (log, _) = Log::open(Arc::new(RealFs), folder, options, clock, 7)?;
    let mut feed = log.open_producer(ProducerSpec::new(EventId::from_bytes([7; 16]), "tape"))?;
    let (begin, mut state) = (Instant::now(), 1_u64);
    for first in (0..rows).step_by(10_000) {
        let mut batch = TableBuilder::<Trades>::new(UtcNanos::from_nanos(start));
        for row in first..(first + 10_000).min(rows) {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let noise = state >> 40;
            let ts = UtcNanos::from_nanos(start + i64::try_from(row * (DAY_NS / rows))?);
            let px = 100_000_000_000 + i64::try_from(noise % 10_000)? * 10_000_000;
            batch
                .set(&Trades::SOURCE_ID, SourceId::new(1))
                .set(&Trades::INSTRUMENT_ID, InstrumentId::new(u32::try_from(row % INSTRUMENTS)?))
                .set(&Trades::TS_EVENT, ts)
                .set(&Trades::TS_RECV, ts)
                .set(&Trades::TS_AVAIL, ts)
                .set(&Trades::PX, Price::from_nanos(px))
                .set(&Trades::SIZE, (1 + noise % 500) as f64)
                .set(
                    &Trades::AGGRESSOR,
                    if noise % 2 == 0 { Aggressor::Buyer } else { Aggressor::Seller },
                )
                .set(&Trades::ACTION, TradeAction::Trade)
                .end_row()?;
        }
        // Its ticket: that the log is closed without an error covers all of them.
        drop(feed.append(&batch.finish()?)?);
    }
    feed.close()?;
    log.close()?;
    println!("{rows} trades appended in {:.1} s", begin.elapsed().as_secs_f64());
    let (log, _) = Log::open(
        Arc::new(RealFs),
        folder,
        LogOptions::default(),
        Arc::new(FixedClock(UtcNanos::parse("2026-03-03T02:00:00Z")?)),
        8,
    )?;
    let begin = Instant::now();
    let mut archived = 0;
    loop {
        // A run takes as many segments as fit into its memory.
        let report = log.archive_once(&ArchivePolicy::now())?;
        if report.segments.is_empty() {
            break;
        }
        archived += report.rows;
    }
    log.drop_archived(Duration::ZERO)?;
    log.close()?;
    println!("{archived} rows archived in {:.1} s", begin.elapsed().as_secs_f64());
    if archived == rows { Ok(()) } else { Err(format!("{rows} rows went in").into()) }
}

fn session(folder: &Path) -> Result<Session, Failure> {
    let context =
        ReadContext { principal: Principal::parse("bench")?, purpose: Purpose::parse("bench")? };
    let catalogue = Catalogue::default().with_log("log", folder)?;
    Ok(Session::new(Arc::new(RealFs), catalogue, Options { threads: 2, ..Options::new(context) })?)
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?)
}

fn aggregate(folder: &Path, python: &str) -> Result<(), Failure> {
    let (runtime, session) = (runtime()?, session(folder)?);
    let mut ours = benches::Times::default();
    let mut answer = Vec::new();
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        answer = runtime.block_on(async { session.query(AGGREGATE).await?.collect().await })?;
        ours.push(begin.elapsed());
    }
    let groups: usize = answer.iter().map(arrow_array::RecordBatch::num_rows).sum();
    println!("hindsight-query, 2 threads: {ours}, {groups} groups");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/archive_sql.py");
    let done = Command::new(python).arg(script).arg(folder).arg(AGGREGATE).output()?;
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    print!("{text}{}", String::from_utf8_lossy(&done.stderr));
    let least =
        text.lines().rev().find_map(|line| line.strip_prefix("least ")?.parse::<f64>().ok());
    let peer = least.ok_or("the peer gave no time")?;
    let ours = ours.least().as_secs_f64();
    println!("ours / DuckDB: {:.2} (bar 1.3)", ours / peer);
    println!("{}", benches::BarLine { name: "query/aggregate", ours, peer, unit: "s" });
    Ok(())
}

/// One instrument and one hour, as one statement, and the pages of the columns it needs that hold the hour.
fn scan(folder: &Path) -> Result<(), Failure> {
    let (runtime, session) = (runtime()?, session(folder)?);
    let sql = "SELECT count(*), sum(size) FROM trades WHERE instrument_id = 3 \
               AND ts_avail >= TIMESTAMP '2026-03-02T10:00:00Z' AND ts_avail < TIMESTAMP '2026-03-02T11:00:00Z'";
    let read = runtime.block_on(async {
        let mut answer = session.query(sql).await?;
        while answer.next().await?.is_some() {}
        Ok::<_, query::QueryError>(answer.bytes_read())
    })?;
    let hour = UtcNanos::parse("2026-03-02T10:00:00Z")?.nanos();
    let (mut holding, mut footers, mut total) = (0, 0, 0);
    for path in files(&folder.join("archive/trades"))? {
        total += std::fs::metadata(&path)?.len();
        let (pages, footer) = pages_of(&path, 3, hour..hour + 3_600_000_000_000)?;
        holding += pages;
        footers += footer;
    }
    println!(
        "read {read} bytes; pages that hold the answer {holding} bytes, their footers and indexes {footers}, archive {total}"
    );
    println!(
        "read / holding: {:.3}; read / (holding + footers): {:.3} (bar 1.2)",
        read as f64 / holding as f64,
        read as f64 / (holding + footers) as f64
    );
    let (ours, peer) = (read as f64, (holding + footers) as f64);
    println!("{}", benches::BarLine { name: "query/scan", ours, peer, unit: "B" });
    Ok(())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            out.extend(files(&path)?);
        } else {
            out.push(path);
        }
    }
    out.sort();
    Ok(out)
}

/// Bytes of the pages of `instrument_id`, `ts_avail` and `size` that hold rows of one instrument within a time, found by
/// reading all rows; and the bytes of the footer and the indexes, when there is any.
fn pages_of(
    path: &Path,
    instrument: u32,
    time: std::ops::Range<i64>,
) -> Result<(u64, u64), Failure> {
    use arrow_array::cast::AsArray as _;
    use arrow_array::types::{TimestampNanosecondType, UInt32Type};
    use parquet::arrow::ProjectionMask;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    let mut reader = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Required);
    let file = File::open(path)?;
    reader.try_parse(&file)?;
    let metadata = reader.finish()?;
    let wanted = ["instrument_id", "ts_avail", "size"];
    let columns: Vec<usize> = metadata
        .file_metadata()
        .schema_descr()
        .columns()
        .iter()
        .enumerate()
        .filter(|(_, c)| wanted.contains(&c.name()))
        .map(|(at, _)| at)
        .collect();
    let mut holding = 0;
    for group in 0..metadata.num_row_groups() {
        let builder = ParquetRecordBatchReaderBuilder::try_new(file.try_clone()?)?;
        let mask = ProjectionMask::columns(builder.parquet_schema(), ["instrument_id", "ts_avail"]);
        let rows = builder.with_row_groups(vec![group]).with_projection(mask).build()?;
        let (mut at, mut first, mut end) = (0_usize, usize::MAX, 0_usize);
        for batch in rows {
            let batch = batch?;
            let ids = batch.column(0).as_primitive::<UInt32Type>().clone();
            let stamps = batch.column(1).as_primitive::<TimestampNanosecondType>().clone();
            for row in 0..batch.num_rows() {
                if ids.value(row) == instrument && time.contains(&stamps.value(row)) {
                    first = first.min(at + row);
                    end = at + row + 1;
                }
            }
            at += batch.num_rows();
        }
        if end == 0 {
            continue;
        }
        let index = metadata.offset_index().ok_or("no offset index")?;
        for &column in &columns {
            let pages = index[group][column].page_locations();
            let chunk = metadata.row_group(group).column(column);
            holding += chunk
                .dictionary_page_offset()
                .map_or(0, |from| chunk.data_page_offset() - from)
                .unsigned_abs();
            for (page, next) in pages.iter().enumerate().map(|(at, p)| (p, pages.get(at + 1))) {
                let rows_end = next.map_or(i64::MAX, |n| n.first_row_index);
                if page.first_row_index < i64::try_from(end)? && rows_end > i64::try_from(first)? {
                    holding += u64::try_from(page.compressed_page_size)?;
                }
            }
        }
    }
    let size = std::fs::metadata(path)?.len();
    let data: i64 = metadata
        .row_groups()
        .iter()
        .map(parquet::file::metadata::RowGroupMetaData::compressed_size)
        .sum();
    Ok((holding, if holding > 0 { size - data.unsigned_abs() } else { 0 }))
}
