//! Uniqueness of a million labels against sorting their ends, and the bootstrap of a mean.
//!
//! `cargo bench -p labeling --bench significance`. The bars of the design: `uniqueness/lives/1_000_000` takes at most
//! twice `uniqueness/sort/2_000_000` of the same run; 499 replicates of `bootstrap` take at most a twentieth of the time of
//! arch 8.0.0 on the same machine (`python benches/peers/bootstrap.py`).

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use labeling::{Lives, stationary_bootstrap};
use std::hint::black_box;

const LABELS: usize = 1_000_000;

/// Multiplicative steps modulo 2^64, high bits: enough for a bench.
fn numbers(seed: u64) -> impl Iterator<Item = u64> {
    std::iter::successors(Some(seed), |x| {
        Some(x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407))
    })
    .map(|x| x >> 20)
}

/// A day of labels in no order, that live for up to ten minutes.
fn lives() -> (Vec<i64>, Vec<i64>) {
    let day = 86_400_000_000_000;
    let starts = numbers(1).skip(1).map(|x| (x % day).cast_signed());
    let starts: Vec<i64> = starts.take(LABELS).collect();
    let lengths = numbers(2).skip(1).map(|x| 1 + (x % 600_000_000_000).cast_signed());
    let ends = starts.iter().zip(lengths).map(|(start, length)| start + length).collect();
    (starts, ends)
}

fn uniqueness(c: &mut Criterion) {
    let (starts, ends) = lives();
    let mut group = c.benchmark_group("uniqueness");
    group.sample_size(10).throughput(Throughput::Elements(LABELS as u64));
    group.bench_function("lives/1_000_000", |b| {
        b.iter(|| Lives::across(&starts, &ends).map(|lives| black_box(lives.overlap())));
    });
    let mut by_start: Vec<(i64, i64)> = starts.iter().copied().zip(ends.iter().copied()).collect();
    by_start.sort_unstable();
    let (in_order, their_ends): (Vec<i64>, Vec<i64>) = by_start.into_iter().unzip();
    group.bench_function("lives_by_start/1_000_000", |b| {
        b.iter(|| Lives::across(&in_order, &their_ends).map(|lives| black_box(lives.overlap())));
    });
    group.bench_function("sort/2_000_000", |b| {
        b.iter(|| {
            let mut points: Vec<i64> = starts.iter().chain(&ends).copied().collect();
            points.sort_unstable();
            black_box(points)
        });
    });
    group.finish();
}

fn bootstrap(c: &mut Criterion) {
    let unit = |x: u64| x as f64 / (1_u64 << 44) as f64 - 0.5;
    let moves: Vec<f64> = numbers(3).skip(1).map(unit).take(10_059).collect();
    let values: Vec<f64> = moves.windows(60).map(|window| window.iter().sum()).collect();
    let mut group = c.benchmark_group("bootstrap");
    group.sample_size(10);
    for replicates in [499, 9_999] {
        group.throughput(Throughput::Elements(u64::from(replicates)));
        // 2 * 10,000 / (500 / 3) is a mean block of 120.
        group.bench_function(format!("mean_of_10_000/{replicates}"), |b| {
            b.iter(|| black_box(stationary_bootstrap(&values, 500.0 / 3.0, replicates, 1, 1)));
        });
    }
    group.finish();
}

criterion_group!(benches, uniqueness, bootstrap);
criterion_main!(benches);
