//! Mutual information at 100,000 rows.
//!
//! The bar is five times the speed of scikit-learn's inner functions on the same rows in the same run:
//! `cargo bench -p features --features selection --bench selection`, then `python benches/peers/selection.py`, which makes
//! the same rows and prints its milliseconds. To compare with an earlier state: `-- --save-baseline before`, later
//! `-- --baseline before`.
#![expect(clippy::unwrap_used, reason = "a bench ends at its first fault")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use features::selection::{information_of_classes, information_of_values};
use std::hint::black_box;

const ROWS: u32 = 100_000;

/// The sequence of `benches/peers/selection.py`: Weyl steps, mixed, in (0, 1).
fn unit(at: u32, salt: u32) -> f64 {
    let mut x = at.wrapping_mul(0x9e37_79b9).wrapping_add(salt.wrapping_mul(0x85eb_ca6b));
    x = (x ^ (x >> 16)).wrapping_mul(0x7feb_352d);
    x = (x ^ (x >> 15)).wrapping_mul(0x846c_a68b);
    x ^= x >> 16;
    (f64::from(x) + 0.5) / 4_294_967_296.0
}

fn normal(at: u32, salt: u32) -> f64 {
    let radius = libm::sqrt(-2.0 * libm::log(unit(at, salt)));
    radius * libm::cos(std::f64::consts::TAU * unit(at, salt + 1))
}

fn information(c: &mut Criterion) {
    let x: Vec<f64> = (0..ROWS).map(|at| normal(at, 1)).collect();
    let mut group = c.benchmark_group("information");
    group.sample_size(10).throughput(Throughput::Elements(u64::from(ROWS)));
    for (name, rho) in [("independent", 0.0), ("related", 0.6)] {
        let other = libm::sqrt(1.0 - rho * rho);
        let y: Vec<f64> =
            x.iter().zip(0..).map(|(x, at)| rho * x + other * normal(at, 3)).collect();
        group.bench_function(format!("values/{name}/{ROWS}"), |b| {
            b.iter(|| information_of_values(black_box(&x), black_box(&y), None, 3).unwrap());
        });
        let classes: Vec<u32> =
            y.iter().map(|&y| u32::from(y > -0.5) + u32::from(y > 0.5)).collect();
        group.bench_function(format!("classes/{name}/{ROWS}"), |b| {
            b.iter(|| information_of_classes(black_box(&x), black_box(&classes), None, 3).unwrap());
        });
    }
    group.finish();
    for rho in [0.0, 0.6] {
        let other = libm::sqrt(1.0 - rho * rho);
        let y: Vec<f64> =
            x.iter().zip(0..).map(|(x, at)| rho * x + other * normal(at, 3)).collect();
        assert!(
            (information_of_values(&x, &y, None, 3).unwrap().raw
                + 0.5 * libm::log(1.0 - rho * rho))
            .abs()
                < 0.02
        );
    }
}

criterion_group!(benches, information);
criterion_main!(benches);
