//! Splits and folds of a million rows whose labels live very unequally.
//!
//! Bars, all in one run: `split/kfold_10` at least 50 times as fast as purgedcv 0.1.11 on the same number of rows and the
//! same distribution (`python benches/peers/datasets_split.py`); `split/cpcv_10_2`, 45 folds, within ten times
//! `split/sort`, which sorts the rows once. Every fold is asked about every row, and its counts are made; roles are not
//! stored.
//! `cargo bench -p datasets --bench split -- --save-baseline before`, then `-- --baseline before`.
#![expect(clippy::unwrap_used, reason = "a bench ends at its first fault")]

use contract::EventId;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use datasets::{
    FoldsSpec, Instant, Int, Number, Purge, SplitKey, SplitSpec, SplitStrategy, folds, split,
};
use std::hint::black_box;

const ROWS: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;

/// A mixer of 64 bits (splitmix64).
fn mix(mut x: u64) -> u64 {
    x = x.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// A decision a second, give or take. Lives are one second over a uniform number: half are below two seconds, one in a
/// thousand is above a quarter of an hour, and the longest that is possible is two days.
fn keys() -> Vec<SplitKey> {
    let key = |row: u64| {
        let cutoff = row * SECOND + mix(row) % SECOND;
        let life = SECOND * 1_000_000 / (mix(row ^ 0xffff) % 1_000_000 + 6);
        let end = i64::try_from(cutoff + life).unwrap();
        let mut id = [0; 16];
        id[..8].copy_from_slice(&mix(!row).to_be_bytes());
        SplitKey {
            row_id: EventId::from_bytes(id),
            ts_cutoff: i64::try_from(cutoff).unwrap(),
            seq: row,
            label_end: end,
            label_first_avail: end,
            groups: vec![],
        }
    };
    (0..ROWS).map(key).collect()
}

fn measure(criterion: &mut Criterion) {
    let keys = keys();
    let spec = SplitSpec {
        strategy: SplitStrategy::Fractions([0.7, 0.15, 0.15].map(Number)),
        embargo_ns: Int(60 * SECOND),
        purge: Purge::LabelsFeatures,
        group_by: vec![],
        reach_max_ns: None,
    };
    let by_instants = SplitSpec {
        strategy: SplitStrategy::Boundaries(
            [7, 8].map(|tenth| Instant(keys[100_000 * tenth].ts_cutoff)),
        ),
        ..spec.clone()
    };
    let reach = 300_000_000_000;
    let mut group = criterion.benchmark_group("split");
    group.throughput(Throughput::Elements(ROWS)).sample_size(10);
    let mut shuffled: Vec<_> =
        keys.iter().map(|key| (key.ts_cutoff, key.seq, key.row_id)).collect();
    shuffled.sort_unstable_by_key(|(_, _, id)| *id);
    group.bench_function("sort/1_000_000", |bencher| {
        bencher.iter_batched_ref(
            || shuffled.clone(),
            |rows| rows.sort_unstable(),
            BatchSize::LargeInput,
        );
    });
    group.bench_function("chronological/1_000_000", |bencher| {
        bencher.iter(|| split(black_box(&keys), reach, &by_instants).unwrap());
    });
    for (name, folds_spec) in [
        ("kfold_10", FoldsSpec::PurgedKfold { k: 10 }),
        ("cpcv_10_2", FoldsSpec::Cpcv { groups: 10, held_out: 2 }),
    ] {
        group.bench_function(format!("{name}/1_000_000"), |bencher| {
            bencher.iter(|| folds(black_box(&keys), reach, &spec, &folds_spec).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, measure);
criterion_main!(benches);
