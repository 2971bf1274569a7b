//! The certificate of a version of 52 features with three purged folds, from files on disk.
//!
//! Bar: the time grows with the rows and not with their pairs: 100,000 rows take at most 12 times as long as 10,000.
//! `cargo bench -p datasets --bench certificate -- --save-baseline before`, then `-- --baseline before`.

#![expect(clippy::unwrap_used, reason = "a bench ends at its first fault")]

#[expect(dead_code, reason = "the knobs that plant faults are for tests")]
#[path = "../tests/it/version_kit.rs"]
mod version_kit;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use datasets::{Evidence, Folder, Outcome, Split, certify};
use std::hint::black_box;
use std::sync::Arc;
use version_kit::{Fate, Kit};

/// Lives of 2,500 ns, features that look back 1,500 ns and an embargo of 700 ns: four rows, a microsecond apart, go
/// before a held-out block, and four after it.
const GONE: usize = 4;

fn version(rows: usize) -> Kit {
    let mut kit = Kit::unsplit(rows as u64);
    kit.extra = 50;
    for split in [Split::Train, Split::Validation] {
        for at in kit.of(split).into_iter().rev().take(GONE) {
            kit.rows[at].fate = Fate::Dropped("purged");
        }
    }
    let train = kit.of(Split::Train);
    let third = train.len() / 3;
    for (place, at) in train.iter().enumerate() {
        let group = (place / third).min(2);
        kit.rows[*at].fold = u16::try_from(group).ok();
        kit.rows[*at].roles = (0..3)
            .map(|held| {
                let (first, end) =
                    (held * third, if held == 2 { train.len() } else { (held + 1) * third });
                let is_near = place + GONE >= first && place < end + GONE;
                if group == held { 1 } else { 2 * u8::from(is_near) }
            })
            .collect();
    }
    kit
}

fn certificate(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("certificate");
    group.sample_size(10);
    for rows in [10_000, 100_000] {
        let kit = version(rows);
        let dir = tempfile::tempdir().unwrap();
        let manifest = kit.write(dir.path());
        let folder = Folder::new(Arc::new(durable::RealFs), dir.path());
        let evidence = Evidence::default();
        let made = certify(&folder, &manifest, &kit.spec, &evidence).unwrap();
        let failed = made.checks.iter().filter(|c| matches!(c.outcome, Outcome::Fail(_)));
        assert_eq!(failed.map(|c| (&c.check, &c.outcome)).collect::<Vec<_>>(), []);
        group.throughput(Throughput::Elements(rows as u64));
        group.bench_function(format!("52_features/{rows}"), |bencher| {
            bencher.iter(|| certify(&folder, black_box(&manifest), &kit.spec, &evidence));
        });
    }
    group.finish();
}

criterion_group!(benches, certificate);
criterion_main!(benches);
