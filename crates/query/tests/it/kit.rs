//! What the tests share: sessions, files, a store of small versions, rows as text.

use arrow_array::{
    ArrayRef, Float64Array, RecordBatch, TimestampNanosecondArray, UInt32Array, UInt64Array,
};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use contract::{AllowLocal, EventId, Name, Principal, Purpose, ReadContext, UtcNanos};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::parquet::arrow::ArrowWriter;
use datasets::{
    AsOf, Certificate, CheckResult, Code, CommitFacts, DataFile, FORMAT, Instant, Int, Manifest,
    ModelKind, Number, Outcome, PublishedVersion, Sha256, SplitFacts, Store, to_canonical,
};
use durable::{Fs, write_all_at};
use query::{Answer, Catalogue, Options, QueryError, Session};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

/// 2026-07-01T00:00:00Z.
pub(crate) const NOW: i64 = 1_782_864_000_000_000_000;
pub(crate) const STORE: &str = "/datasets";

pub(crate) fn options() -> Options {
    let principal = Principal::parse("desk").unwrap();
    Options::new(ReadContext { principal, purpose: Purpose::parse("research").unwrap() })
}

pub(crate) fn session(fs: &Arc<dyn Fs>, catalogue: Catalogue) -> Session {
    Session::new(Arc::clone(fs), catalogue, options()).unwrap()
}

pub(crate) async fn answer(session: &Session, sql: &str) -> Answer {
    session.query(sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"))
}

/// All rows of an answer.
pub(crate) async fn batches(session: &Session, sql: &str) -> Result<Vec<RecordBatch>, QueryError> {
    session.query(sql).await?.collect().await
}

/// All rows of an answer, each as its cells with commas between.
pub(crate) async fn lines(session: &Session, sql: &str) -> Vec<String> {
    let batches = batches(session, sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    let options = FormatOptions::default().with_null("null");
    let mut lines = Vec::new();
    for batch in batches {
        let cells: Vec<ArrayFormatter<'_>> = batch
            .columns()
            .iter()
            .map(|array| ArrayFormatter::try_new(array.as_ref(), &options).unwrap())
            .collect();
        for row in 0..batch.num_rows() {
            let cells: Vec<String> = cells.iter().map(|c| c.value(row).to_string()).collect();
            lines.push(cells.join(","));
        }
    }
    lines
}

pub(crate) async fn error(session: &Session, sql: &str) -> QueryError {
    match batches(session, sql).await {
        Ok(rows) => panic!("{sql}: {rows:?}"),
        Err(error) => error,
    }
}

/// The plan of a statement, as EXPLAIN prints it.
pub(crate) async fn plan(session: &Session, sql: &str) -> String {
    lines(session, &format!("EXPLAIN {sql}")).await.join("\n")
}

pub(crate) fn put(fs: &dyn Fs, path: &str, bytes: &[u8]) {
    let path = Path::new(path);
    if let Some(folder) = path.parent() {
        fs.create_dir_all(folder).unwrap();
    }
    write_all_at(fs.create_new(path).unwrap().as_ref(), bytes, 0).unwrap();
}

pub(crate) fn overwrite(fs: &dyn Fs, path: &Path, bytes: &[u8]) {
    fs.unlink(path).unwrap();
    write_all_at(fs.create_new(path).unwrap().as_ref(), bytes, 0).unwrap();
}

pub(crate) fn parquet(batch: &RecordBatch) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    bytes
}

pub(crate) fn ts_type() -> DataType {
    DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()))
}

pub(crate) fn times(values: &[Option<i64>]) -> ArrayRef {
    Arc::new(values.iter().copied().collect::<TimestampNanosecondArray>().with_timezone("UTC"))
}

/// A split and its rows: `seq`, instrument, one feature.
pub(crate) type SplitRows<'a> = (&'a str, Vec<(u64, u32, f64)>);

/// Rows of a version: `seq`, instrument, one feature.
pub(crate) fn version_rows(rows: &[(u64, u32, f64)]) -> RecordBatch {
    let unit = |name: &str, ty, unit: &str| {
        let metadata = [("hindsight.unit".to_owned(), unit.to_owned())].into();
        Field::new(name, ty, true).with_metadata(metadata)
    };
    let schema = Schema::new(vec![
        Field::new("seq", DataType::UInt64, false),
        Field::new("ts_cutoff", ts_type(), false),
        Field::new("instrument_id", DataType::UInt32, true),
        unit("book__spread_bps__now", DataType::Float64, "bps"),
    ]);
    let times: Vec<Option<i64>> =
        rows.iter().map(|(seq, ..)| Some(NOW + 1_000 * i64::try_from(*seq).unwrap())).collect();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(rows.iter().map(|(seq, ..)| Some(*seq)).collect::<UInt64Array>()),
        self::times(&times),
        Arc::new(rows.iter().map(|(_, id, _)| Some(*id)).collect::<UInt32Array>()),
        Arc::new(rows.iter().map(|(.., x)| Some(*x)).collect::<Float64Array>()),
    ];
    RecordBatch::try_new(Arc::new(schema), columns).unwrap()
}

/// Files of a version: rows by split, and what stands beside them.
pub(crate) fn version_files(splits: &[SplitRows<'_>]) -> BTreeMap<String, Vec<u8>> {
    let check = CheckResult {
        check: "intervals".to_owned(),
        statement: "no outcome of a learner overlaps a protected one".to_owned(),
        outcome: Outcome::Pass,
        compared: BTreeMap::from([("pairs".to_owned(), Int(12))]),
        violations: 0,
        margin_ns: Some(1),
        rows: Vec::new(),
    };
    let certificate = Certificate {
        format: 1,
        spec_hash: Sha256::of(b"spec"),
        causality_seed: None,
        checks: vec![check],
    };
    let all: Vec<(u64, u32, f64)> = splits.iter().flat_map(|(_, rows)| rows.clone()).collect();
    let mut files = BTreeMap::from([
        ("spec.json".to_owned(), b"{}".to_vec()),
        ("schema.json".to_owned(), b"{\"columns\":[]}".to_vec()),
        ("certificate.json".to_owned(), certificate.to_json().unwrap().into_bytes()),
        ("README.md".to_owned(), b"# entries\n".to_vec()),
        ("_lineage/rows.parquet".to_owned(), parquet(&version_rows(&all))),
        ("_lineage/dropped.parquet".to_owned(), parquet(&version_rows(&[(99, 1, 0.5)]))),
    ]);
    for (split, rows) in splits {
        let path = format!("data/{split}/2026-07-01-000.parquet");
        files.insert(path, parquet(&version_rows(rows)));
    }
    files
}

fn data_file(path: &str, bytes: &[u8], rows: &[(u64, u32, f64)]) -> DataFile {
    let seqs = || rows.iter().map(|(seq, ..)| *seq);
    DataFile {
        path: path.to_owned(),
        split: path.split('/').nth(1).unwrap().to_owned(),
        rows: rows.len() as u64,
        bytes: bytes.len() as u64,
        sha256: Sha256::of(bytes),
        logical_hash: Sha256::of(b"rows"),
        ts_cutoff: [Instant(NOW), Instant(NOW + 1)],
        seq: [Int(seqs().min().unwrap()), Int(seqs().max().unwrap())],
    }
}

fn manifest(name: &str, splits: &[SplitRows<'_>], files: &BTreeMap<String, Vec<u8>>) -> Manifest {
    let hash = |path: &str| Sha256::of(&files[path]);
    let mut data = Vec::new();
    for (path, bytes) in files.iter().filter(|(path, _)| path.starts_with("data/")) {
        let split = path.split('/').nth(1).unwrap();
        let rows = &splits.iter().find(|(word, _)| *word == split).unwrap().1;
        data.push(data_file(path, bytes, rows));
    }
    let mut text = String::new();
    for file in &data {
        writeln!(text, "{}  {}", file.sha256, file.path).unwrap();
    }
    let facts = |rows: u64| SplitFacts {
        rows,
        ts_cutoff: [Instant(NOW), Instant(NOW + 1)],
        label_end: Instant(NOW + 2),
        weight_sums: BTreeMap::new(),
        n_eff: Some(Number(1.5)),
        strategies: BTreeMap::new(),
        instruments: BTreeMap::new(),
    };
    Manifest {
        format: FORMAT,
        name: name.to_owned(),
        kind: ModelKind::Signal,
        spec_hash: hash("spec.json"),
        schema_fingerprint: hash("schema.json"),
        certificate_hash: hash("certificate.json"),
        code: Code {
            datasets: "0.1.0".to_owned(),
            parquet: "59.3.2".to_owned(),
            feature_spec_hash: None,
            measures_hashes: Vec::new(),
            rules_hashes: Vec::new(),
            label_code: Vec::new(),
        },
        inputs: Vec::new(),
        as_of: AsOf { seq: Int(1_000), ts: Instant(NOW) },
        files: data,
        documents: files
            .iter()
            .filter(|(path, _)| !path.starts_with("data/"))
            .map(|(path, bytes)| (path.clone(), Sha256::of(bytes)))
            .collect(),
        content_hash: Sha256::of(text.as_bytes()),
        logical_hash: Sha256::of(b"all rows"),
        features: Vec::new(),
        targets: Vec::new(),
        splits: splits
            .iter()
            .map(|(s, rows)| ((*s).to_owned(), facts(rows.len() as u64)))
            .collect(),
        selected: splits.iter().map(|(_, rows)| rows.len() as u64).sum(),
        dropped: BTreeMap::new(),
        erased: 0,
        quality: None,
        completeness: None,
        transforms: Vec::new(),
        deployable: true,
        access: "full".to_owned(),
        tags: Vec::new(),
    }
}

pub(crate) fn store(fs: &Arc<dyn Fs>) -> Store {
    let gate = Arc::new(AllowLocal { reason: "test".to_owned() });
    Store::open(Arc::clone(fs), STORE, gate).unwrap()
}

pub(crate) fn facts(ns: i64) -> CommitFacts {
    let purpose = Purpose::parse("research").unwrap();
    CommitFacts::new(UtcNanos::from_nanos(NOW + ns), EventId::from_bytes([0x3c; 16]), purpose)
}

/// Publishes a version of `name` at `NOW + ns`.
pub(crate) fn publish(
    fs: &Arc<dyn Fs>,
    name: &str,
    ns: i64,
    splits: &[SplitRows<'_>],
) -> PublishedVersion {
    let store = store(fs);
    let files = version_files(splits);
    let staging =
        store.stage(&Name::parse(name).unwrap(), &format!("b{ns}"), facts(ns).ts).unwrap();
    for (path, bytes) in &files {
        let mut file = staging.create(path).unwrap();
        file.write_all(bytes).unwrap();
        file.seal().unwrap();
    }
    let text = to_canonical(&manifest(name, splits, &files)).unwrap();
    staging.publish(&text, &facts(ns)).unwrap()
}
