//! A batch of 10 million rows across the bridge, by type, beside a copy of the same bytes.
//!
//! `cargo bench -p analytics --bench bridge`. The bar: at most 1 ms for every type whose route is zero copy, there and
//! back; a ratio to `bridge/copy` in the same run is what may be compared between machines. `bridge/to_polars/utf8` and
//! `dictionary` are stated copies, of 1 million rows, and have no bar. Baselines: `-- --save-baseline before`, then
//! `-- --baseline before`.
#![expect(clippy::unwrap_used, reason = "a bench ends at its first fault")]

use analytics::{Route, route, to_arrow, to_polars};
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, DictionaryArray, Float64Array, Int64Array,
    RecordBatch, StringArray, TimestampNanosecondArray, UInt16Array,
};
use arrow_buffer::Buffer;
use criterion::{
    BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main,
};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

const ROWS: usize = 10_000_000;
const WORDS: usize = 1_000_000;

/// Every tenth row null, numbers that no page of zeros could stand for.
fn columns() -> Vec<(&'static str, ArrayRef)> {
    let some = |n: usize| !n.is_multiple_of(10);
    let whole = |n: usize| i64::try_from(n).unwrap().wrapping_mul(0x9E37_79B9);
    let times: TimestampNanosecondArray = (0..ROWS).map(|n| some(n).then(|| whole(n))).collect();
    let money: Decimal128Array = (0..ROWS).map(|n| some(n).then(|| i128::from(whole(n)))).collect();
    vec![
        (
            "f64",
            Arc::new(
                (0..ROWS).map(|n| some(n).then_some(n as f64 * 0.5)).collect::<Float64Array>(),
            ),
        ),
        ("i64", Arc::new((0..ROWS).map(|n| some(n).then(|| whole(n))).collect::<Int64Array>())),
        (
            "u16",
            Arc::new(UInt16Array::from_iter_values(
                (0..ROWS).map(|n| u16::try_from(n & 0xffff).unwrap()),
            )),
        ),
        (
            "bool",
            Arc::new((0..ROWS).map(|n| some(n).then_some(n % 3 == 0)).collect::<BooleanArray>()),
        ),
        ("timestamp", Arc::new(times.with_timezone("UTC"))),
        ("decimal", Arc::new(money.with_precision_and_scale(38, 9).unwrap())),
    ]
}

fn copied() -> Vec<(&'static str, ArrayRef)> {
    let word = |n: usize| ["momentum", "a strategy with a long name", "carry"][n % 3];
    vec![
        ("utf8", Arc::new((0..WORDS).map(|n| Some(word(n))).collect::<StringArray>())),
        ("dictionary", Arc::new((0..WORDS).map(word).collect::<DictionaryArray<Int32Type>>())),
    ]
}

/// The bytes of all buffers into fresh memory, as a bridge that copies would have to.
fn copy(array: &ArrayRef) -> Vec<Vec<u8>> {
    let data = array.to_data();
    let nulls = data.nulls().map(|nulls| nulls.buffer().clone());
    data.buffers()
        .iter()
        .cloned()
        .chain(nulls)
        .map(|buffer: Buffer| buffer.as_slice().to_vec())
        .collect()
}

fn bridge(c: &mut Criterion) {
    let mut group = c.benchmark_group("bridge");
    group
        .sampling_mode(SamplingMode::Flat)
        .sample_size(20)
        .measurement_time(Duration::from_secs(4));
    for (name, column) in columns().into_iter().chain(copied()) {
        let rows = column.len();
        group.throughput(Throughput::Elements(rows as u64));
        let is_shared = route(column.data_type()) == Route::ZeroCopy;
        assert_eq!(is_shared, rows == ROWS, "{name}");
        let batch =
            RecordBatch::try_from_iter_with_nullable([("c", Arc::clone(&column), true)]).unwrap();
        let (schema, frame) = (batch.schema(), to_polars(&batch).unwrap());
        group.bench_function(BenchmarkId::new(format!("to_polars/{name}"), rows), |b| {
            b.iter(|| to_polars(black_box(&batch)).unwrap());
        });
        group.bench_function(BenchmarkId::new(format!("to_arrow/{name}"), rows), |b| {
            b.iter(|| to_arrow(black_box(&frame), Some(&schema)).unwrap());
        });
        group.bench_function(BenchmarkId::new(format!("copy/{name}"), rows), |b| {
            b.iter(|| copy(black_box(&column)));
        });
    }
    group.finish();
}

criterion_group!(benches, bridge);
criterion_main!(benches);
