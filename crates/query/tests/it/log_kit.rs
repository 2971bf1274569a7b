//! Logs that capture itself wrote into a simulated file system, and what its own reader makes of them.

use arrow_array::RecordBatch;
use arrow_select::concat::concat_batches;
use capture::{Drive, Filter, FixedClock, Item, Log, LogReader, Producer, ProducerSpec};
use contract::testing::{quotes, trades};
use contract::{
    Amount, Draft, EventId, ExecType, Executions, InstrumentId, Price, Quotes, Side, SourceId,
    TABLES, TableBuilder, TableSpec, Trades, UtcNanos,
};
use durable::{Access, Fs, SimFs};
use query::{Catalogue, Options, Session};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) const DIR: &str = "/log";

pub(crate) fn log_options() -> capture::Options {
    capture::Options {
        segment_bytes: 1 << 20,
        drive: Drive::Steps,
        ballast: false,
        spares: 1,
        ..capture::Options::default()
    }
}

pub(crate) fn open(fs: &SimFs) -> Log {
    open_with(fs, log_options())
}

pub(crate) fn open_with(fs: &SimFs, options: capture::Options) -> Log {
    let clock = Arc::new(FixedClock(UtcNanos::parse("2024-08-10T00:00:00Z").unwrap()));
    Log::open(Arc::new(fs.clone()), Path::new(DIR), options, clock, 7).unwrap().0
}

pub(crate) fn feed(log: &Log) -> Producer {
    log.open_producer(ProducerSpec::new(EventId::from_bytes([1; 16]), "feed")).unwrap()
}

pub(crate) fn session(fs: &SimFs) -> Session {
    session_with(fs, crate::session::options())
}

pub(crate) fn session_with(fs: &SimFs, options: Options) -> Session {
    let catalogue = Catalogue::default().with_log("log", DIR).unwrap();
    Session::new(Arc::new(fs.clone()), catalogue, options).unwrap()
}

/// Trades from an instant on, a nanosecond apart.
pub(crate) fn tape(from: i64, rows: i64) -> Draft<Trades> {
    let lines: Vec<String> = (from..from + rows).map(|t| format!("{t} 1.5 B")).collect();
    trades(&lines.join(", "))
}

/// As [`tape`], of another instrument, whose rows are received at one instant.
pub(crate) fn tape_of(instrument: u32, at: i64, rows: i64) -> Draft<Trades> {
    let t = UtcNanos::from_nanos(at);
    let mut out = TableBuilder::<Trades>::new(t);
    for _ in 0..rows {
        out.set(&Trades::SOURCE_ID, SourceId::new(1))
            .set(&Trades::INSTRUMENT_ID, InstrumentId::new(instrument))
            .set(&Trades::FLAGS, contract::Flags::LAST.bits())
            .set(&Trades::PX, Price::parse("101.25").unwrap())
            .set(&Trades::SIZE, 2.0)
            .set(&Trades::AGGRESSOR, contract::Aggressor::Buyer)
            .set(&Trades::ACTION, contract::TradeAction::Trade)
            .end_row()
            .unwrap();
    }
    out.finish().unwrap()
}

pub(crate) fn book(from: i64, rows: i64) -> Draft<Quotes> {
    let lines: Vec<String> = (from..from + rows).map(|t| format!("{t} 100 100.5")).collect();
    quotes(&lines.join(", "))
}

pub(crate) fn fill(at: i64) -> Draft<Executions> {
    let t = UtcNanos::from_nanos(at);
    let mut rows = TableBuilder::<Executions>::new(t);
    rows.set(&Executions::SOURCE_ID, SourceId::new(2))
        .set(&Executions::INSTRUMENT_ID, InstrumentId::new(1))
        .set(&Executions::EXEC_ID, format!("x{at}").as_str())
        .set(&Executions::EXEC_TYPE, ExecType::Trade)
        .set(&Executions::SIDE, Side::Buy)
        .set(&Executions::LAST_QTY, Amount::from_units(1))
        .set(&Executions::LAST_PX, Price::parse("101.25").unwrap())
        .end_row()
        .unwrap();
    rows.finish().unwrap()
}

/// Event tables of the contract.
pub(crate) fn event_tables() -> impl Iterator<Item = &'static TableSpec> {
    TABLES.iter().copied().filter(|spec| spec.is_event())
}

/// All rows as capture's reader hands them out, by table, in the order of the log.
pub(crate) fn by_reader(fs: &SimFs) -> BTreeMap<String, RecordBatch> {
    let ctx = crate::session::options().context;
    let fs: Arc<dyn Fs> = Arc::new(fs.clone());
    let options = log_options();
    let mut reader =
        LogReader::open(fs, Path::new(DIR), &options, &ctx, 0, Filter::default()).unwrap();
    let mut tables: BTreeMap<String, Vec<RecordBatch>> = BTreeMap::new();
    loop {
        match reader.next().unwrap() {
            Item::CaughtUp => break,
            Item::Batch(batch) => {
                tables
                    .entry(batch.table.to_string())
                    .or_default()
                    .push(RecordBatch::clone(&batch.rows));
            }
            _ => {}
        }
    }
    let join = |(table, batches): (String, Vec<RecordBatch>)| {
        let schema = Arc::new(contract::table(&table).unwrap().schema(true));
        let batches: Vec<_> = batches.into_iter().map(|b| with_schema(&b, &schema)).collect();
        (table, concat_batches(&schema, &batches).unwrap())
    };
    tables.into_iter().map(join).collect()
}

/// Archived batches carry provenance behind the table's columns.
fn with_schema(batch: &RecordBatch, schema: &arrow_schema::SchemaRef) -> RecordBatch {
    let columns = batch.columns()[..schema.fields().len()].to_vec();
    RecordBatch::try_new(Arc::clone(schema), columns).unwrap()
}

/// All rows of a statement as one batch.
pub(crate) async fn ask(session: &Session, sql: &str) -> RecordBatch {
    let answer = session.query(sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    let schema = answer.schema();
    let batches = answer.collect().await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    concat_batches(&schema, &batches).unwrap()
}

/// The one number of a statement.
pub(crate) async fn number(session: &Session, sql: &str) -> u64 {
    text(session, sql).await.parse().unwrap()
}

/// The one value of a statement.
pub(crate) async fn text(session: &Session, sql: &str) -> String {
    texts(session, sql).await.remove(0)
}

/// The first column of a statement.
pub(crate) async fn texts(session: &Session, sql: &str) -> Vec<String> {
    use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
    let rows = ask(session, sql).await;
    let column = rows.column(rows.num_columns() - 1);
    let format = FormatOptions::default();
    let shown = ArrayFormatter::try_new(column, &format).unwrap();
    (0..rows.num_rows()).map(|row| shown.value(row).to_string()).collect()
}

/// Rows and bytes read of a statement.
pub(crate) async fn cost(session: &Session, sql: &str) -> (usize, u64) {
    let mut answer = session.query(sql).await.unwrap();
    let mut rows = 0;
    while let Some(batch) = answer.next().await.unwrap() {
        rows += batch.num_rows();
    }
    (rows, answer.bytes_read())
}

/// Files below a folder.
pub(crate) fn files(fs: &SimFs, dir: &str) -> Vec<PathBuf> {
    let mut out = Vec::new();
    let mut folders = vec![PathBuf::from(dir)];
    while let Some(folder) = folders.pop() {
        for path in fs.read_dir(&folder).unwrap_or_default() {
            match fs.metadata(&path).unwrap().kind {
                durable::NodeKind::Folder => folders.push(path),
                _ => out.push(path),
            }
        }
    }
    out.sort();
    out
}

/// Cuts a file.
pub(crate) fn cut(fs: &SimFs, path: &Path, len: u64) {
    fs.open(path, Access::ReadWrite).unwrap().set_len(len).unwrap();
}

/// Numbers of the log that no row has: what producers said about themselves.
pub(crate) fn controls(fs: &SimFs) -> u64 {
    let ctx = crate::session::options().context;
    let fs: Arc<dyn Fs> = Arc::new(fs.clone());
    let options = log_options();
    let mut reader =
        LogReader::open(fs, Path::new(DIR), &options, &ctx, 0, Filter::default()).unwrap();
    let mut count = 0;
    loop {
        match reader.next().unwrap() {
            Item::CaughtUp => return count,
            Item::Control(_) => count += 1,
            _ => {}
        }
    }
}
