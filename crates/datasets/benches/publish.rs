//! A version against a bare write of the same columns: assembly, digests, hashes, lineage, certificate, publication.
//!
//! `cargo bench -p datasets --bench publish`. Names are `concept/variant/rows`; the bars are ratios of lines of one run:
//! `publish/version`, which plans, assembles, digests, certifies and publishes, to `publish/bare`; `publish/certify` to
//! `publish/version` (3); `diff/one_label`, two versions of 1,000,000 rows.
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on should stop")]

use contract::{AllowLocal, EventId, Name, Principal, Purpose, ReadContext, UtcNanos};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use datasets::{
    BuildOptions, BuildPlan, CommitFacts, Evidence, Inputs, Spec, Store, Version, VersionRef,
    VersionView, build, certify, diff,
};
use durable::RealFs;
use market::Market;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use std::sync::Arc;

#[path = "../tests/it/market.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod market;

const ROWS: usize = 200_000;
const FEATURES: usize = 20;

const SPEC: &str = r#"
    kind = "signal"
    [[target]]
    name = "grade"
    task = "ordinal"
    [split]
    strategy = "chronological"
    fractions = [0.6, 0.2, 0.2]
    embargo = "2m"
    [gate]
    allow_not_evaluated = ["causality", "labels", "too_good"]
    [export]
    file_period = "month"
"#;

fn store(folder: &std::path::Path) -> Store {
    let gate = Arc::new(AllowLocal { reason: "bench".to_owned() });
    Store::open(Arc::new(RealFs), folder, gate).unwrap()
}

fn publish(inputs: &Inputs, spec: &Spec, store: &Store) -> Version {
    let plan = BuildPlan::new(inputs, spec, &market::ByMinute).unwrap();
    let name = Name::parse("entries").unwrap();
    let now = UtcNanos::from_nanos(1_790_000_000_000_000_000);
    let staging = store.stage(&name, "run", now).unwrap();
    let evidence = Evidence { causality: None, feature_spec_hash: None, label_audits: &[] };
    let built = build(&name, inputs, &plan, &staging, &evidence, &BuildOptions::default()).unwrap();
    assert_eq!(built.refusals(plan.spec()), []);
    let purpose = Purpose::parse("bench").unwrap();
    let facts = CommitFacts::new(now, EventId::from_bytes([0; 16]), purpose.clone());
    staging.publish(&built.manifest_text, &facts).unwrap();
    let reader = ReadContext { principal: Principal::parse("bench").unwrap(), purpose };
    store.open_version(&reader, &VersionRef::latest(name)).unwrap()
}

/// The rows of a version written again with its properties: one file a file, row group by row group, synced.
fn bare(version: &Version, rows: &[Vec<arrow_array::RecordBatch>], folder: &std::path::Path) {
    for (n, (file, batches)) in version.manifest.files.iter().zip(rows).enumerate() {
        let out = std::fs::File::create(folder.join(format!("{n}.parquet"))).unwrap();
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(3).unwrap()))
            .set_max_row_group_row_count(Some(65_536))
            .set_statistics_enabled(EnabledStatistics::Page)
            .build();
        let mut writer = ArrowWriter::try_new(out, batches[0].schema(), Some(properties)).unwrap();
        for batch in batches {
            writer.write(batch).unwrap();
            writer.flush().unwrap();
        }
        writer.into_inner().unwrap().sync_all().unwrap();
        assert!(file.rows > 0);
    }
}

fn version(c: &mut Criterion) {
    let market = Market { noise: FEATURES - 2, ..Market::of(ROWS) };
    let inputs = market.inputs();
    let spec = Spec::parse(SPEC).unwrap();
    let first = tempfile::tempdir().unwrap();
    let held = publish(&inputs, &spec, &store(first.path()));
    let rows: Vec<Vec<arrow_array::RecordBatch>> = held
        .manifest
        .files
        .iter()
        .map(|file| held.folder.batches(&file.path, None).unwrap().map(Result::unwrap).collect())
        .collect();
    let mut group = c.benchmark_group("publish");
    group.sample_size(10).throughput(Throughput::Elements(ROWS as u64));
    group.bench_function(format!("bare/{ROWS}"), |b| {
        b.iter_batched(
            || tempfile::tempdir().unwrap(),
            |folder| bare(&held, &rows, folder.path()),
            BatchSize::PerIteration,
        );
    });
    group.bench_function(format!("version/{ROWS}"), |b| {
        b.iter_batched(
            || tempfile::tempdir().unwrap(),
            |folder| publish(&inputs, &spec, &store(folder.path())),
            BatchSize::PerIteration,
        );
    });
    group.bench_function(format!("certify/{ROWS}"), |b| {
        let evidence = Evidence { causality: None, feature_spec_hash: None, label_audits: &[] };
        let spec: Spec = held.folder.document(datasets::layout::file::SPEC).unwrap();
        b.iter(|| certify(&held.folder, &held.manifest, &spec, &evidence).unwrap());
    });
    group.finish();
}

fn versions(c: &mut Criterion) {
    let rows = 1_000_000;
    let market = Market::of(rows);
    let mut spec = Spec::parse(SPEC).unwrap();
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let before = publish(&market.inputs(), &spec, &store(folders[0].path()));
    let class = if Market::class(10) == 1 { -1 } else { 1 };
    let revisions = vec![(10, 1, Some(class), 6, contract::LabelStatus::Final)];
    let market = Market { revisions, ..market };
    spec.card.purpose = Some("another".to_owned());
    let after = publish(&market.inputs(), &spec, &store(folders[1].path()));
    let mut group = c.benchmark_group("diff");
    group.sample_size(10).throughput(Throughput::Elements(rows as u64));
    group.bench_function(format!("one_label/{rows}"), |b| {
        b.iter(|| {
            diff(
                VersionView::new(&before.manifest, &before.folder),
                VersionView::new(&after.manifest, &after.folder),
            )
            .unwrap()
        });
    });
    group.finish();
}

criterion_group!(benches, version, versions);
criterion_main!(benches);
