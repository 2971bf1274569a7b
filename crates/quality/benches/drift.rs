//! A drift report of 20 numeric columns, 100,000 rows a side, from rows in memory to findings.
//!
//! Bar: at least 50 times as fast as Evidently's `DataDriftPreset` on the same rows (`benches/peers/quality_drift.py`), and
//! below 0.1 s. Ours has 7 effects a column with 999 permutations of blocks each, and means and correlations of all columns
//! together; Evidently's preset has one distance a column.
//! `cargo bench -p quality --bench drift -- --save-baseline before`, then `-- --baseline before`.

#![expect(clippy::unwrap_used, reason = "a bench ends at its first fault")]

use arrow_array::{ArrayRef, Float64Array, RecordBatch};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use quality::{Blocks, Detail, DriftOptions, DriftSpec, Joint, Reference, drift};
use std::hint::black_box;
use std::sync::Arc;

const ROWS: u32 = 100_000;

fn unit(at: u32, salt: u32) -> f64 {
    let x = at.wrapping_mul(0x9E37_79B9).wrapping_add(salt.wrapping_mul(0x85EB_CA6B));
    let x = (x ^ (x >> 16)).wrapping_mul(0x7FEB_352D);
    let x = (x ^ (x >> 15)).wrapping_mul(0x846C_A68B);
    (f64::from(x ^ (x >> 16)) + 0.5) / 4_294_967_296.0
}

/// Standard normal columns; odd ones of the second side are shifted by 0.2.
fn side(salt: u32, shift: f64) -> RecordBatch {
    let column = |place: u32| {
        let salt = salt + 2 * place;
        let shift = shift * f64::from(place % 2);
        let value = |at| {
            let angle = 2.0 * std::f64::consts::PI * unit(at, salt + 1);
            shift + (-2.0 * unit(at, salt).ln()).sqrt() * angle.cos()
        };
        let array: ArrayRef = Arc::new(Float64Array::from_iter_values((0..ROWS).map(value)));
        (format!("x{place:02}"), array)
    };
    RecordBatch::try_from_iter((0..20).map(column)).unwrap()
}

fn report(criterion: &mut Criterion) {
    let (before, after) = ([side(1, 0.0)], [side(1_001, 0.2)]);
    let options = DriftOptions::default();
    let mut group = criterion.benchmark_group("drift");
    group.throughput(Throughput::Elements(u64::from(ROWS) * 40)).sample_size(20);
    for (name, length, detail, joint) in [
        ("exact/20_blocks", 5_000, Detail::Exact, Joint::Numeric),
        ("exact/20_blocks/alone", 5_000, Detail::Exact, Joint::Nothing),
        ("exact/100_blocks", 1_000, Detail::Exact, Joint::Numeric),
        ("binned/20_blocks", 5_000, Detail::Binned, Joint::Numeric),
    ] {
        let spec = DriftSpec { detail, joint, ..DriftSpec::new(Blocks::Rows(length)) };
        group.bench_function(format!("{name}/{ROWS}x20"), |bencher| {
            bencher.iter(|| drift(black_box(&before), black_box(&after), &spec, &options));
        });
    }
    let spec = DriftSpec::new(Blocks::Rows(5_000));
    let reference = Reference::fit(&spec, &before);
    group.bench_function(format!("fit/20_blocks/{ROWS}x20"), |bencher| {
        bencher.iter(|| Reference::fit(&spec, black_box(&before)));
    });
    if let Ok(reference) = reference {
        let window = || {
            let mut window = reference.window();
            after.iter().try_for_each(|batch| window.observe(batch)).map(|()| window)
        };
        group.bench_function(format!("window/20_blocks/{ROWS}x20"), |bencher| {
            bencher.iter(window);
        });
        if let Ok(window) = window() {
            group.bench_function(format!("compare/20_blocks/{ROWS}x20"), |bencher| {
                bencher.iter(|| reference.compare(black_box(&window), &options));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, report);
criterion_main!(benches);
