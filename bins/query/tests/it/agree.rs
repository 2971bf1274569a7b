//! The same question asked of our own readers and kernels, of DataFusion and of Polars has one answer, over a log of which
//! a part is archived, and over a version of a dataset. DuckDB is asked by `cargo xtask interop query`.

use crate::market::Market;
use analytics::{Statistics, to_arrow, to_polars, to_polars_chunked};
use capture::{Filter, Item, LogReader, Options as LogOptions};
use contract::arrow_array::cast::AsArray as _;
use contract::arrow_array::types::{
    Decimal128Type, Float64Type, Int8Type, Int64Type, UInt32Type, UInt64Type,
};
use contract::arrow_array::{Array as _, RecordBatch};
use contract::{Decisions, Principal, Purpose, Quotes, ReadContext, Trades};
use datasets::{Store, VersionRef};
use durable::RealFs;
use features::{Found, Instants, MaxAge, asof};
use polars::prelude::{DataType, IntoLazy as _, col, len};
use query::{Catalogue, Options, Session};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Runs a command of the main program in this process.
fn hindsight(words: &[&str]) {
    let all = ["hindsight", "-q", "--no-config"].iter().chain(words).map(Into::into);
    assert_eq!(hindsight::run(all), hindsight::Exit::Success, "{words:?}");
}

fn context() -> ReadContext {
    let principal = Principal::parse("desk").unwrap();
    ReadContext { principal, purpose: Purpose::parse("research").unwrap() }
}

/// Rows of a table by capture's own reader, in the order of the log.
fn by_reader(log: &Path, table: &str) -> Vec<RecordBatch> {
    let filter = Filter { tables: vec![table.to_owned()], ..Filter::default() };
    let options = LogOptions::default();
    let fs = Arc::new(RealFs);
    let mut reader = LogReader::open(fs, log, &options, &context(), 0, filter).unwrap();
    let mut batches = Vec::new();
    loop {
        match reader.next().unwrap() {
            Item::CaughtUp => return batches,
            Item::Batch(batch) => batches.push(RecordBatch::clone(&batch.rows)),
            _ => {}
        }
    }
}

fn by_sql(catalogue: Catalogue, sql: &str) -> Vec<RecordBatch> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let session = Session::new(Arc::new(RealFs), catalogue, Options::new(context())).unwrap();
    runtime.block_on(async { session.query(sql).await.unwrap().collect().await.unwrap() })
}

fn log() -> Catalogue {
    Catalogue::default().with_log("log", Market::get().log()).unwrap()
}

/// Instrument, rows, sum of prices, last number.
type Tape = BTreeMap<u32, (i64, i128, u64)>;

#[test]
fn trades_an_instrument_are_the_same_by_reader_sql_and_polars() {
    let batches = by_reader(&Market::get().log(), "trades");
    let mut ours = Tape::new();
    for batch in &batches {
        let rows = contract::Batch::<Trades>::parse(batch).unwrap();
        for row in 0..rows.len() {
            let id = rows.col(&Trades::INSTRUMENT_ID).value(row);
            let (n, px, last) = ours.entry(id).or_default();
            *n += 1;
            *px += i128::from(rows.col(&Trades::PX).value(row));
            *last = rows.seq().value(row).max(*last);
        }
    }
    assert!(ours.len() > 3, "{ours:?}");

    let sql = "SELECT instrument_id, count(*), sum(CAST(px AS DECIMAL(38,0))), max(seq) FROM trades GROUP BY instrument_id";
    let mut theirs = Tape::new();
    for batch in by_sql(log(), sql) {
        for row in 0..batch.num_rows() {
            let id = batch.column(0).as_primitive::<UInt32Type>().value(row);
            let n = batch.column(1).as_primitive::<Int64Type>().value(row);
            let px = batch.column(2).as_primitive::<Decimal128Type>();
            let last = batch.column(3).as_primitive::<UInt64Type>().value(row);
            theirs.insert(id, (n, px.value(row), last));
        }
    }
    assert_eq!(theirs, ours);

    let grouped = to_polars_chunked(&batches[0].schema(), &batches)
        .unwrap()
        .lazy()
        .group_by([col("instrument_id")])
        .agg([
            len().cast(DataType::Int64).alias("n"),
            col("px").sum().alias("px"),
            col("seq").max().alias("last"),
        ])
        .collect()
        .unwrap();
    let grouped = to_arrow(&grouped, None).unwrap();
    let mut polars = Tape::new();
    for batch in grouped {
        for row in 0..batch.num_rows() {
            let id = batch.column(0).as_primitive::<UInt32Type>().value(row);
            let n = batch.column(1).as_primitive::<Int64Type>().value(row);
            let px = batch.column(2).as_primitive::<Int64Type>().value(row);
            let last = batch.column(3).as_primitive::<UInt64Type>().value(row);
            polars.insert(id, (n, i128::from(px), last));
        }
    }
    assert_eq!(polars, ours);
}

#[test]
fn the_quote_before_each_decision_is_the_same_by_kernel_and_sql() {
    let quotes = by_reader(&Market::get().log(), "quotes");
    let (mut keys, mut times, mut seqs) = (Vec::new(), Vec::new(), Vec::new());
    for batch in &quotes {
        let rows = contract::Batch::<Quotes>::parse(batch).unwrap();
        keys.extend(rows.col(&Quotes::INSTRUMENT_ID).values().iter().copied());
        times.extend(rows.ts_avail().values().iter().copied());
        seqs.extend(rows.seq().values().iter().copied());
    }
    let mut ours = BTreeMap::new();
    for batch in by_reader(&Market::get().log(), "decisions") {
        let rows = contract::Batch::<Decisions>::parse(&batch).unwrap();
        let ids = rows.col(&Decisions::INSTRUMENT_ID);
        for row in 0..rows.len() {
            let seq = rows.seq().value(row);
            if !ids.is_valid(row) {
                ours.insert(seq, None);
                continue;
            }
            let (id, at) = ([ids.value(row)], [rows.col(&Decisions::TS_EVENT).value(row)]);
            let found = asof(
                Instants::keyed(&id, &at),
                Instants::keyed(&keys, &times),
                MaxAge::ns(60_000_000_000).unwrap(),
            );
            let found = match found.unwrap().iter().next().unwrap() {
                Found::Row(at) => Some(seqs[usize::try_from(at).unwrap()]),
                _ => None,
            };
            ours.insert(seq, found);
        }
    }
    assert!(ours.values().flatten().count() > 100, "{}", ours.len());

    let sql = "SELECT seq, right_seq FROM asof_join('decisions', 'quotes', 'ts_event', 'ts_avail', 'instrument_id', '60s')";
    let mut theirs = BTreeMap::new();
    for batch in by_sql(log(), sql) {
        let (seq, found) = (
            batch.column(0).as_primitive::<UInt64Type>(),
            batch.column(1).as_primitive::<UInt64Type>(),
        );
        for row in 0..batch.num_rows() {
            theirs.insert(seq.value(row), found.is_valid(row).then(|| found.value(row)));
        }
    }
    assert_eq!(theirs, ours);
}

/// A version of a dataset of the same market, made by the programs.
fn store() -> &'static Path {
    static STORE: OnceLock<PathBuf> = OnceLock::new();
    STORE.get_or_init(|| {
        let market = Market::get();
        let path = |name: &str| market.dir().join(name).display().to_string();
        let specs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/query/interop");
        let spec = |name: &str| specs.join(name).display().to_string();
        // A longer day than the one in the log, so that every split has rows.
        hindsight(&[
            "simulator",
            "run",
            "--scenario",
            &spec("short.toml"),
            "--seed",
            "7",
            "--clean",
            "-o",
            &path("long"),
        ]);
        let long = |table: &str| path(&format!("long/{table}.parquet"));
        let features = path("features.parquet");
        let read = ["decisions", "quotes", "trades", "statuses"].map(long);
        let mut args = vec!["features", "run", "--spec"];
        let set = spec("set.toml");
        args.extend([set.as_str(), "-o", &features]);
        args.extend(read.iter().map(String::as_str));
        hindsight(&args);
        let labels = path("labels");
        let read =
            ["decisions", "executions", "quotes", "statuses", "instruments", "fee_schedules"]
                .map(long);
        let rules = spec("labels.toml");
        let mut args = vec!["labeling", "run", "--rules", &rules, "-o", &labels];
        args.extend(read.iter().map(String::as_str));
        hindsight(&args);
        let store = path("store");
        let entries = spec("entries.toml");
        let made = ["labels", "outcomes", "pending"].map(|t| path(&format!("labels/{t}.parquet")));
        let decisions = long("decisions");
        let mut args =
            vec!["datasets", "build", "--store", &store, "--spec", &entries, &decisions, &features];
        args.extend(made.iter().map(String::as_str));
        hindsight(&args);
        market.dir().join("store")
    })
}

/// Split, rows, sum of numbers, sum of classes.
type Splits = BTreeMap<String, (i64, i128, i128)>;

#[test]
fn a_version_is_the_same_by_its_folder_sql_and_polars() {
    let gate = Arc::new(contract::AllowLocal { reason: "a test".to_owned() });
    let opened = Store::open(Arc::new(RealFs), store(), gate).unwrap();
    let version = opened.open_version(&context(), &VersionRef::parse("entries").unwrap()).unwrap();
    let mut ours = Splits::new();
    let mut polars = Splits::new();
    let mut statistics: Option<Statistics> = None;
    for file in &version.manifest.files {
        for batch in version.folder.batches(&file.path, None).unwrap() {
            let batch = batch.unwrap();
            let seqs = batch.column_by_name("seq").unwrap().as_primitive::<UInt64Type>();
            let labels = batch.column_by_name("label__ahead").unwrap();
            let labels = labels.as_primitive::<Int8Type>();
            let (n, seq, label) = ours.entry(file.split.clone()).or_default();
            *n += i64::try_from(batch.num_rows()).unwrap();
            *seq += seqs.values().iter().map(|s| i128::from(*s)).sum::<i128>();
            *label += labels.iter().flatten().map(i128::from).sum::<i128>();

            let frame = to_polars(&batch).unwrap();
            let sums = frame
                .lazy()
                .select([
                    len().cast(DataType::Int64).alias("n"),
                    col("seq").cast(DataType::Int64).sum().alias("seq"),
                    col("label__ahead").cast(DataType::Int64).sum().alias("label"),
                ])
                .collect()
                .unwrap();
            for sums in to_arrow(&sums, None).unwrap() {
                let value = |at: usize| sums.column(at).as_primitive::<Int64Type>().value(0);
                let (n, seq, label) = polars.entry(file.split.clone()).or_default();
                *n += value(0);
                *seq += i128::from(value(1));
                *label += i128::from(value(2));
            }
            statistics
                .get_or_insert_with(|| Statistics::new(&batch.schema()).unwrap())
                .push(&batch)
                .unwrap();
        }
    }
    assert_eq!(ours.len(), 3, "{ours:?}");
    assert_eq!(polars, ours);

    let catalogue = Catalogue::default().with_store("datasets", store()).unwrap();
    let sql = "SELECT CAST(split AS VARCHAR), count(*), sum(CAST(seq AS DECIMAL(38,0))), sum(CAST(label__ahead AS DECIMAL(38,0))) \
               FROM datasets.entries GROUP BY split";
    let mut theirs = Splits::new();
    for batch in by_sql(catalogue, sql) {
        let split = batch.column(0).as_string::<i32>();
        for row in 0..batch.num_rows() {
            let n = batch.column(1).as_primitive::<Int64Type>().value(row);
            let sum = |at: usize| batch.column(at).as_primitive::<Decimal128Type>().value(row);
            theirs.insert(split.value(row).to_owned(), (n, sum(2), sum(3)));
        }
    }
    assert_eq!(theirs, ours);

    // Means: exact sums rounded once here, sums in the engine's order there.
    let summary = statistics.unwrap().summary().unwrap();
    let names = summary.column_by_name("column").unwrap().as_string::<i32>().clone();
    let means = summary.column_by_name("mean").unwrap().as_primitive::<Float64Type>().clone();
    let at = names.iter().position(|name| name == Some("book__qi__now")).unwrap();
    let catalogue = Catalogue::default().with_store("datasets", store()).unwrap();
    let rows = by_sql(catalogue, "SELECT avg(book__qi__now) FROM datasets.entries");
    let mean = rows[0].column(0).as_primitive::<Float64Type>().value(0);
    assert!((mean - means.value(at)).abs() < 1e-12, "{mean} {}", means.value(at));
}
