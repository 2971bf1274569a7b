//! A version of a few hundred bytes, for tests of the store.

use contract::{AllowLocal, EventId, Name, Principal, Purpose, ReadContext, UtcNanos};
use datasets::{
    AsOf, Certificate, CheckResult, Code, CommitFacts, DataFile, FORMAT, Instant, Int, Manifest,
    ModelKind, Number, Outcome, PublishError, PublishedVersion, Sha256, SplitFacts, Staging, Store,
    to_canonical,
};
use durable::Fs;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

pub(crate) const ROOT: &str = "/datasets";
pub(crate) const NAME: &str = "entries";
pub(crate) const TRAIN: &str = "data/train/2026-06-30-000.parquet";
pub(crate) const TEST: &str = "data/test/2026-06-30-000.parquet";
pub(crate) const DAY: i64 = 86_400_000_000_000;
/// 2026-07-01T00:00:00Z.
pub(crate) const NOW: i64 = 1_782_864_000_000_000_000;

pub(crate) fn name() -> Name {
    Name::parse(NAME).unwrap()
}

pub(crate) fn open(fs: impl Fs + 'static) -> Store {
    let gate = Arc::new(AllowLocal { reason: "test".to_owned() });
    Store::open(Arc::new(fs), ROOT, gate).unwrap()
}

pub(crate) fn at(ns: i64) -> UtcNanos {
    UtcNanos::from_nanos(NOW + ns)
}

pub(crate) fn facts(ns: i64) -> CommitFacts {
    let purpose = Purpose::parse("research").unwrap();
    CommitFacts::new(at(ns), EventId::from_bytes([0x3c; 16]), purpose)
}

pub(crate) fn reader() -> ReadContext {
    let principal = Principal::parse("trainer").unwrap();
    ReadContext { principal, purpose: Purpose::parse("research").unwrap() }
}

pub(crate) fn certificate(outcome: Outcome) -> String {
    let check = CheckResult {
        check: "intervals".to_owned(),
        statement: "no outcome of a learner overlaps a protected one".to_owned(),
        outcome,
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
    certificate.to_json().unwrap()
}

/// The files of version `n`; the test split is the same in all.
pub(crate) fn files(n: u32) -> BTreeMap<String, Vec<u8>> {
    let files = [
        (TRAIN, format!("PAR1 train rows of {n} PAR1")),
        (TEST, "PAR1 test rows PAR1".to_owned()),
        ("spec.json", format!("{{\"rows\":{n}}}")),
        ("schema.json", "{\"columns\":[]}".to_owned()),
        ("certificate.json", certificate(Outcome::Pass)),
        ("_lineage/rows.parquet", "PAR1 lineage PAR1".to_owned()),
        ("README.md", "# entries\n".to_owned()),
    ];
    files.into_iter().map(|(path, text)| (path.to_owned(), text.into_bytes())).collect()
}

fn data_file(path: &str, bytes: &[u8]) -> DataFile {
    DataFile {
        path: path.to_owned(),
        split: path.split('/').nth(1).unwrap().to_owned(),
        rows: 3,
        bytes: bytes.len() as u64,
        sha256: Sha256::of(bytes),
        logical_hash: Sha256::of(b"rows"),
        ts_cutoff: [Instant(NOW - DAY), Instant(NOW - 1)],
        seq: [Int(10), Int(12)],
    }
}

/// A manifest of these files. All that the store does not look at is made up.
pub(crate) fn manifest(files: &BTreeMap<String, Vec<u8>>) -> Manifest {
    let hash = |path: &str| Sha256::of(&files[path]);
    let is_data = |path: &str| path.starts_with("data/");
    let data: Vec<DataFile> = files
        .iter()
        .filter(|(path, _)| is_data(path))
        .map(|(path, bytes)| data_file(path, bytes))
        .collect();
    let mut lines = String::new();
    for file in &data {
        writeln!(lines, "{}  {}", file.sha256, file.path).unwrap();
    }
    let facts = |rows: u64, n_eff: f64| SplitFacts {
        rows,
        ts_cutoff: [Instant(NOW - DAY), Instant(NOW - 1)],
        label_end: Instant(NOW),
        weight_sums: BTreeMap::new(),
        n_eff: Some(Number(n_eff)),
        strategies: BTreeMap::new(),
        instruments: BTreeMap::new(),
    };
    Manifest {
        format: FORMAT,
        name: NAME.to_owned(),
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
        as_of: AsOf { seq: Int(20_117_334), ts: Instant(NOW) },
        files: data,
        documents: files
            .iter()
            .filter(|(path, _)| !is_data(path))
            .map(|(path, bytes)| (path.clone(), Sha256::of(bytes)))
            .collect(),
        content_hash: Sha256::of(lines.as_bytes()),
        logical_hash: Sha256::of(b"all rows"),
        features: Vec::new(),
        targets: Vec::new(),
        splits: BTreeMap::from([
            ("train".to_owned(), facts(3, 2.5)),
            ("test".to_owned(), facts(3, 1.25)),
        ]),
        selected: 6,
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

pub(crate) fn text(n: u32) -> String {
    to_canonical(&manifest(&files(n))).unwrap()
}

/// Writes all files of a build.
pub(crate) fn fill(
    staging: &Staging,
    files: &BTreeMap<String, Vec<u8>>,
) -> Result<(), PublishError> {
    for (path, bytes) in files {
        let mut file = staging.create(path)?;
        file.write_all(bytes).map_err(|error| match error.downcast::<durable::FsError>() {
            Ok(error) => PublishError::from(error),
            Err(error) => panic!("{error}"),
        })?;
        let sealed = file.seal()?;
        assert_eq!((sealed.bytes, sealed.sha256), (bytes.len() as u64, Sha256::of(bytes)));
    }
    Ok(())
}

/// Stages and publishes version `n`.
pub(crate) fn put(
    store: &Store,
    build: &str,
    n: u32,
    facts: &CommitFacts,
) -> Result<PublishedVersion, PublishError> {
    let staging = store.stage(&name(), build, facts.ts)?;
    fill(&staging, &files(n))?;
    staging.publish(&text(n), facts)
}
