//! Two sources side by side, against a bare merge of the same rows.
//!
//! `cargo bench -p quality --bench comparison`. `compare/join` is the comparison without the search for a shift, and
//! `compare/search` with it, on two weeks of rows; `merge/bare` walks both columns with two pointers, adds up the
//! differences and does nothing else. The bar is a ratio in the same run: a join within fifteen
//! times a bare merge, since it sorts what it finds of each session and divides for basis points; with the search, which
//! tries 113 lags twice on a grid of minutes, within thirty. Baselines: `-- --save-baseline before`, then `-- --baseline before`.
#![expect(clippy::unwrap_used, reason = "a bench ends at its first fault")]

use contract::{Draft, Quotes, TableBuilder, UtcNanos};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use quality::{ClockModel, ClockSettings, CompareBy, ComparisonSettings, SourceRows, compare};
use std::hint::black_box;

const ROWS: usize = 500_000;
const SPAN_NS: u64 = 14 * 86_400 * 1_000_000_000;

/// A mixer of 64 bits (splitmix64).
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Times and bids of one source.
fn columns(seed: u64) -> (Vec<i64>, Vec<i64>) {
    let gap = SPAN_NS / ROWS as u64;
    let row = |n: u64| {
        let ts = n * gap + mix(seed ^ n) % gap;
        let px = 1_386_700_000 + (mix(ts / 60_000_000_000) % 200) * 10_000 + mix(n) % 3 * 10_000;
        (i64::try_from(ts).unwrap(), i64::try_from(px).unwrap())
    };
    (0..ROWS as u64).map(row).unzip()
}

fn source(name: &str, (ts, bid): &(Vec<i64>, Vec<i64>)) -> SourceRows {
    let mut table = TableBuilder::<Quotes>::new(UtcNanos::from_nanos(0));
    let mut source = SourceRows::new(name, CompareBy::Available);
    for (ts, bid) in ts.iter().zip(bid) {
        table.set_now(UtcNanos::from_nanos(*ts));
        table
            .set(&Quotes::SOURCE_ID, contract::SourceId::new(1))
            .set(&Quotes::INSTRUMENT_ID, contract::InstrumentId::new(1))
            .set(&Quotes::BID_PX, Some(contract::Price::from_nanos(*bid)))
            .set(&Quotes::ASK_PX, Some(contract::Price::from_nanos(bid + 10_000)));
        table.end_row().unwrap();
    }
    let batch: Draft<Quotes> = table.finish().unwrap();
    source.quotes(&batch);
    source
}

/// The least that a comparison must do.
fn merge(left: &(Vec<i64>, Vec<i64>), right: &(Vec<i64>, Vec<i64>)) -> i64 {
    let (mut sum, mut after) = (0_i64, 0_usize);
    for (ts, px) in left.0.iter().zip(&left.1) {
        while right.0.get(after).is_some_and(|other| other < ts) {
            after += 1;
        }
        if let Some(at) = after.checked_sub(1) {
            sum = sum.wrapping_add(px - right.1[at]);
        }
    }
    sum
}

fn comparison(c: &mut Criterion) {
    let (left, right) = (columns(1), columns(2));
    let sources = [source("a", &left), source("b", &right)];
    let search = ComparisonSettings::new(60_000_000_000);
    let join = ComparisonSettings { lag: None, ..search.clone() };
    let mut group = c.benchmark_group("comparison");
    group.sample_size(10).throughput(Throughput::Elements(2 * ROWS as u64));
    group.bench_function("merge/bare/1_000_000", |b| b.iter(|| merge(black_box(&left), &right)));
    group.bench_function("compare/join/1_000_000", |b| {
        b.iter(|| compare(black_box(&sources), &join).unwrap());
    });
    group.bench_function("compare/search/1_000_000", |b| {
        b.iter(|| compare(black_box(&sources), &search).unwrap());
    });
    group.finish();
}

fn clock(c: &mut Criterion) {
    let (ts, _) = columns(3);
    let mut group = c.benchmark_group("clock");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function("observe/500_000", |b| {
        b.iter(|| {
            let mut clock = ClockModel::try_new(ClockSettings::default()).unwrap();
            for (n, recv) in ts.iter().enumerate() {
                let way = i64::try_from(mix(n as u64) % 5_000_000).unwrap();
                black_box(clock.observe(recv - way, *recv));
            }
            clock
        });
    });
    group.finish();
}

criterion_group!(benches, comparison, clock);
criterion_main!(benches);
