//! A short simulated market in a log, a part of it archived and a part live; made once for all tests.

use crate::support::hindsight;
use contract::arrow_array::RecordBatch;
use contract::arrow_array::cast::AsArray;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tempfile::TempDir;

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

/// Where everything is.
#[derive(Debug)]
pub(crate) struct Market {
    dir: TempDir,
}

impl Market {
    /// The market.
    pub(crate) fn get() -> &'static Self {
        static MARKET: OnceLock<Market> = OnceLock::new();
        MARKET.get_or_init(Self::make)
    }

    fn make() -> Self {
        let market = Self { dir: tempfile::tempdir().unwrap() };
        let path = |name: &str| market.dir.path().join(name).display().to_string();
        std::fs::write(path("short.toml"), SHORT).unwrap();
        hindsight(&["simulator", "run", "--scenario", &path("short.toml"), "-o", &path("sim")]);
        let file = |table: &str| path(&format!("sim/{table}.parquet"));
        let append = |tables: [&str; 2]| {
            let files = tables.map(file);
            let rejects = path("rejects.arrow");
            let mut args = vec!["capture", "append"];
            let log = path("log");
            args.extend([log.as_str(), &files[0], &files[1], "--segment-bytes", "1048576"]);
            args.extend([
                "--max-future",
                "36500d",
                "--rejects",
                &rejects,
                "-f",
                "jsonl",
                "--force",
            ]);
            let _ = &mut args;
            hindsight(&args);
        };
        append(["decisions", "quotes"]);
        hindsight(&[
            "capture",
            "archive",
            &path("log"),
            "--all",
            "--drop",
            "--min-retention",
            "0s",
        ]);
        append(["executions", "trades"]);
        market
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    /// A file of the simulator.
    pub(crate) fn file(&self, table: &str) -> PathBuf {
        self.dir.path().join("sim").join(format!("{table}.parquet"))
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }
}

/// The rows of a Parquet file.
pub(crate) fn read(path: &Path) -> Vec<RecordBatch> {
    let file = std::fs::File::open(path).unwrap();
    ParquetRecordBatchReaderBuilder::try_new(file)
        .unwrap()
        .build()
        .unwrap()
        .map(Result::unwrap)
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
    use contract::arrow_array::types::{Int64Type, TimestampNanosecondType};
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
