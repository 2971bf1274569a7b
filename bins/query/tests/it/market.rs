//! A short simulated market in a log, a part of it archived and a part live; made once for all tests.

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampNanosecondType};
use arrow_array::{BooleanArray, RecordBatch};
use capture::{ArchivePolicy, FixedClock, Log, Options, Producer, ProducerSpec};
use contract::{
    EventId, ExecType, Executions, InstrumentId, Side, SourceId, TableBuilder, UtcNanos,
};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use simulator::{Scenario, Simulation};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tempfile::TempDir;

/// Longer than any append takes.
const WAIT: Duration = Duration::from_mins(1);

/// Some minutes of one short day.
const SHORT: &str = r#"
version = 1
name = "short"

[[days]]
date = "2026-03-30"
utc_offset = "2h"
auction = "539m"
open = "540m"
close_auction = "546m"
close = "547m"
"#;

/// Tables of the log, in the order in which a slice of time is appended.
const TABLES: [&str; 4] = ["quotes", "trades", "decisions", "executions"];

/// Where everything is.
#[derive(Debug)]
pub(crate) struct Market {
    dir: TempDir,
    /// What was appended.
    tables: BTreeMap<&'static str, Vec<RecordBatch>>,
}

impl Market {
    /// The market.
    pub(crate) fn get() -> &'static Self {
        static MARKET: OnceLock<Market> = OnceLock::new();
        MARKET.get_or_init(Self::make)
    }

    /// A clean market, of which every fiftieth decision is not captured and one fill is busted.
    fn make() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut tables: BTreeMap<&'static str, Vec<RecordBatch>> = BTreeMap::new();
        let options = Options { segment_bytes: 1 << 20, ..Options::default() };
        let clock = Arc::new(FixedClock(UtcNanos::parse("2026-04-01T00:00:00Z").unwrap()));
        let fs = Arc::new(durable::RealFs);
        let (log, _) = Log::open(fs, &dir.path().join("log"), options, clock, 7).unwrap();
        let mut producers: Vec<Producer> = (1_u8..)
            .zip(TABLES)
            .map(|(id, name)| {
                log.open_producer(ProducerSpec::new(EventId::from_bytes([id; 16]), name))
            })
            .map(Result::unwrap)
            .collect();
        let mut append = |table: &'static str, rows: RecordBatch| {
            if rows.num_rows() > 0 {
                let at = TABLES.iter().position(|name| *name == table).unwrap();
                // A frame of the log holds some hundred rows.
                for from in (0..rows.num_rows()).step_by(400) {
                    let part = rows.slice(from, 400.min(rows.num_rows() - from));
                    producers[at].append_batch(table, &part).unwrap().wait(WAIT).unwrap();
                }
                tables.entry(table).or_default().push(rows);
            }
        };
        let scenario = Scenario::parse(SHORT).unwrap();
        let mut bust = None;
        for slice in Simulation::new(&scenario, 7).clean() {
            for table in TABLES {
                let rows = slice.table(table).unwrap().clone();
                if table == "executions" && bust.is_none() {
                    bust = first_fill(&rows).map(|(id, source)| (id, source, slice.to()));
                }
                append(
                    table,
                    if table == "decisions" { without_every_fiftieth(&rows) } else { rows },
                );
            }
        }
        append("executions", bust_of(bust.unwrap()));
        for producer in producers {
            producer.close().unwrap();
        }
        while !log.archive_once(&ArchivePolicy::now()).unwrap().segments.is_empty() {}
        log.drop_archived(Duration::ZERO).unwrap();
        log.close().unwrap();
        let market = Self { dir, tables };
        for (table, batches) in &market.tables {
            write(&market.file(table), batches);
        }
        market
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    /// What was appended of a table, as a file.
    pub(crate) fn file(&self, table: &str) -> PathBuf {
        self.dir.path().join(format!("{table}.parquet"))
    }

    /// What was appended of a table.
    pub(crate) fn rows(&self, table: &str) -> &[RecordBatch] {
        &self.tables[table]
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }
}

fn without_every_fiftieth(rows: &RecordBatch) -> RecordBatch {
    let kept: BooleanArray = (0..rows.num_rows()).map(|row| Some(row % 50 != 49)).collect();
    arrow_select::filter::filter_record_batch(rows, &kept).unwrap()
}

/// Id and source of the first fill.
fn first_fill(rows: &RecordBatch) -> Option<(String, u16)> {
    let text = |name| column(std::slice::from_ref(rows), name);
    let at = text("exec_type").iter().position(|kind| kind.as_deref() == Some("trade"))?;
    let source = text("source_id")[at].as_ref()?.parse().ok()?;
    Some((text("exec_id")[at].clone()?, source))
}

fn bust_of((id, source, at): (String, u16, UtcNanos)) -> RecordBatch {
    let mut rows =
        TableBuilder::<Executions>::new(UtcNanos::from_nanos(at.nanos() + 600_000_000_000));
    rows.set(&Executions::SOURCE_ID, SourceId::new(source))
        .set(&Executions::INSTRUMENT_ID, InstrumentId::new(1))
        .set(&Executions::TS_EVENT, at)
        .set(&Executions::EXEC_ID, "bust")
        .set(&Executions::EXEC_TYPE, ExecType::TradeCancel)
        .set(&Executions::EXEC_REF_ID, id.as_str())
        .set(&Executions::SIDE, Side::Buy)
        .end_row()
        .unwrap();
    rows.finish().unwrap().into_record_batch()
}

fn write(path: &Path, batches: &[RecordBatch]) {
    let file = std::fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batches[0].schema(), None).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.close().unwrap();
}

/// The rows of a Parquet file, with what its schema says.
pub(crate) fn read(path: &Path) -> Vec<RecordBatch> {
    let file = std::fs::File::open(path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let schema = reader.schema().clone();
    reader
        .build()
        .unwrap()
        .map(|batch| batch.unwrap().with_schema(schema.clone()).unwrap())
        .collect()
}

/// The cells of a column as the contract writes them; `None` for null.
pub(crate) fn column(batches: &[RecordBatch], name: &str) -> Vec<Option<String>> {
    let mut cells = Vec::new();
    for batch in batches {
        let one = batch.project(&[batch.schema().index_of(name).unwrap()]).unwrap();
        let rows = contract::TextRows::of_record_batch(&one);
        for row in 0..one.num_rows() {
            rows.each(row, &mut |_, cell| {
                cells.push(cell.map(str::to_owned));
                Ok(())
            })
            .unwrap();
        }
    }
    cells
}

/// The values of a column of instants or whole numbers of 64 bits.
pub(crate) fn numbers(batches: &[RecordBatch], name: &str) -> Vec<Option<i64>> {
    let mut values = Vec::new();
    for batch in batches {
        let column = batch.column_by_name(name).unwrap();
        match column.as_primitive_opt::<TimestampNanosecondType>() {
            Some(times) => values.extend(times.iter()),
            None => values.extend(column.as_primitive::<Int64Type>().iter()),
        }
    }
    values
}
