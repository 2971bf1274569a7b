//! The bars of the contract, each a ratio of two rows of one group in one run.
//!
//! `cargo bench -p contract` runs all; `-- --quick` is enough for a look. To compare a change with its base:
//! `cargo bench -p contract -- --save-baseline before`, then `-- --baseline before`.
#![expect(clippy::unwrap_used, reason = "a bench ends at its first fault")]

use arrow_arith::aggregate::{max, min};
use arrow_array::builder::{
    Float64Builder, Int64Builder, StringBuilder, StringDictionaryBuilder,
    TimestampNanosecondBuilder, UInt8Builder, UInt16Builder, UInt32Builder, UInt64Builder,
};
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, ArrowNumericType, PrimitiveArray, RecordBatch};
use contract::{
    Aggressor, AnyBatch, Draft, Envelope, InstrumentId, Origin, Price, RowDigest, SourceId, Table,
    TableBuilder, TradeAction, TradeEvent, TradeMore, Trades, UtcNanos, admit,
};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sha2::{Digest, Sha256};
use std::hint::black_box;
use std::sync::Arc;

const NOW: UtcNanos = UtcNanos::from_nanos(1_723_161_255_030_314_667);
const ROWS: usize = 1_000_000;

/// One print as a feed hands it over.
struct Print {
    ns: i64,
    px: i64,
    size: f64,
    aggressor: Aggressor,
    id: String,
}

/// Prints of a walk in ticks of 0.1, from one seed.
fn prints(rows: usize) -> Vec<Print> {
    let mut state = 20_240_808_u64;
    let mut px = 61_700_100_000_000_i64;
    (0..rows)
        .map(|at| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let draw = state >> 33;
            px += if draw.is_multiple_of(2) { 100_000_000 } else { -100_000_000 };
            Print {
                ns: NOW.nanos() + i64::try_from(at).unwrap_or(0) * 50_000,
                px,
                size: f64::from(u32::try_from(draw % 9_000).unwrap_or(1)) / 1_000.0 + 0.001,
                aggressor: if draw.is_multiple_of(3) {
                    Aggressor::Seller
                } else {
                    Aggressor::Buyer
                },
                id: (5_227_610_418 + at).to_string(),
            }
        })
        .collect()
}

fn built(prints: &[Print]) -> Draft<Trades> {
    let mut rows = TableBuilder::<Trades>::new(NOW);
    for print in prints {
        let at = UtcNanos::from_nanos(print.ns);
        rows.set_now(at);
        rows.set(&Trades::SOURCE_ID, SourceId::new(1))
            .set(&Trades::INSTRUMENT_ID, InstrumentId::new(7))
            .set(&Trades::TS_EVENT, at)
            .set(&Trades::PX, Price::from_nanos(print.px))
            .set(&Trades::SIZE, print.size)
            .set(&Trades::AGGRESSOR, print.aggressor)
            .set(&Trades::ACTION, TradeAction::Trade)
            .set(&Trades::TRADE_ID, print.id.as_str())
            .set(&Trades::VENUE, "BINANCE");
        rows.end_row().unwrap();
    }
    rows.finish().unwrap()
}

/// The same rows through arrow's own builders, one a column of the table, as a careful hand would write it.
fn by_hand(prints: &[Print]) -> RecordBatch {
    let stamps = || TimestampNanosecondBuilder::new().with_timezone("UTC");
    let (mut source, mut instrument) = (UInt16Builder::new(), UInt32Builder::new());
    let (mut event, mut send, mut recv, mut avail) = (stamps(), stamps(), stamps(), stamps());
    let (mut offset, mut flags) = (Int64Builder::new(), UInt16Builder::new());
    let (mut px, mut size) = (Int64Builder::new(), Float64Builder::new());
    let (mut aggressor, mut action) = (UInt8Builder::new(), UInt8Builder::new());
    let (mut id, mut reference) = (StringBuilder::new(), StringBuilder::new());
    let (mut venue_seq, mut cond) = (UInt64Builder::new(), UInt32Builder::new());
    let mut venue = StringDictionaryBuilder::<Int32Type>::new();
    for print in prints {
        source.append_value(1);
        instrument.append_value(7);
        event.append_value(print.ns);
        send.append_null();
        recv.append_value(print.ns);
        avail.append_value(print.ns);
        offset.append_null();
        flags.append_value(0);
        px.append_value(print.px);
        size.append_value(print.size);
        aggressor.append_value(if print.aggressor == Aggressor::Seller { b'A' } else { b'B' });
        action.append_value(b'T');
        id.append_value(&print.id);
        reference.append_null();
        venue_seq.append_null();
        cond.append_null();
        venue.append_value("BINANCE");
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(source.finish()),
        Arc::new(instrument.finish()),
        Arc::new(event.finish()),
        Arc::new(send.finish()),
        Arc::new(recv.finish()),
        Arc::new(avail.finish()),
        Arc::new(offset.finish()),
        Arc::new(flags.finish()),
        Arc::new(px.finish()),
        Arc::new(size.finish()),
        Arc::new(aggressor.finish()),
        Arc::new(action.finish()),
        Arc::new(id.finish()),
        Arc::new(reference.finish()),
        Arc::new(venue_seq.finish()),
        Arc::new(cond.finish()),
        Arc::new(venue.finish()),
    ];
    RecordBatch::try_new(Trades::draft_schema(), columns).unwrap()
}

fn events(prints: &[Print]) -> Vec<TradeEvent> {
    prints
        .iter()
        .map(|print| {
            let at = UtcNanos::from_nanos(print.ns);
            let mut envelope = Envelope::new(SourceId::new(1), InstrumentId::new(7)).at(at);
            envelope.ts_recv = Some(at);
            envelope.ts_avail = Some(at);
            TradeEvent {
                envelope,
                px: Price::from_nanos(print.px),
                size: print.size,
                aggressor: print.aggressor,
                action: TradeAction::Trade,
                more: TradeMore::default(),
            }
            .with(|m| {
                m.trade_id = Some(print.id.clone());
                m.venue = Some("BINANCE".to_owned());
            })
        })
        .collect()
}

/// Bar: 1,000,000 rows in at most 1.2 times the time of 1,000.
fn parse(c: &mut Criterion) {
    let mut group = c.benchmark_group("parse/trades");
    for rows in [1_000, ROWS] {
        let batch = by_hand(&prints(rows));
        group.bench_function(BenchmarkId::from_parameter(rows), |b| {
            b.iter(|| Draft::<Trades>::parse(black_box(&batch)).unwrap());
        });
    }
    group.finish();
}

/// Least and greatest value of a column, by arrow's kernels.
fn min_max<T: ArrowNumericType>(
    array: &PrimitiveArray<T>,
) -> (Option<T::Native>, Option<T::Native>) {
    (min(array), max(array))
}

/// Bar: `admit` in at most twice the time of `min` and `max` over the columns that have values.
fn admission(c: &mut Criterion) {
    let batch = by_hand(&prints(ROWS));
    let draft = Draft::<Trades>::parse(&batch).unwrap();
    let origin = Origin::new("bench", "trades");
    let mut group = c.benchmark_group("admit/trades");
    group.throughput(Throughput::Elements(u64::try_from(ROWS).unwrap()));
    group.bench_function(BenchmarkId::new("admit", ROWS), |b| {
        b.iter(|| admit::<Trades>(black_box(&batch), &origin).unwrap().good.len());
    });
    group.bench_function(BenchmarkId::new("min_max", ROWS), |b| {
        b.iter(|| {
            let draft = black_box(&draft);
            black_box((
                min_max(draft.source_id()),
                min_max(draft.instrument_id()),
                min_max(draft.ts_event()),
                min_max(draft.ts_recv()),
                min_max(draft.ts_avail()),
                min_max(draft.flags()),
                min_max(draft.col(&Trades::PX)),
                min_max(draft.col(&Trades::SIZE)),
                min_max(draft.col(&Trades::AGGRESSOR)),
                min_max(draft.col(&Trades::ACTION)),
                min_max(draft.col(&Trades::VENUE).keys()),
            ));
        });
    });
    group.finish();
}

/// Bar: `TableBuilder` and `from_events` in at most 1.25 times the time of builders written by hand.
fn building(c: &mut Criterion) {
    let prints = prints(100_000);
    let events = events(&prints);
    let mut group = c.benchmark_group("build/trades");
    group.throughput(Throughput::Elements(100_000));
    group.bench_function("table_builder/100_000", |b| b.iter(|| built(black_box(&prints))));
    group.bench_function("from_events/100_000", |b| {
        b.iter(|| Draft::from_events(black_box(&events), NOW).unwrap());
    });
    group.bench_function("by_hand/100_000", |b| b.iter(|| by_hand(black_box(&prints))));
    group.finish();
    assert_eq!(built(&prints).into_record_batch(), by_hand(&prints));
}

/// Bar: decimal text to prices at least as fast as `str::parse::<f64>`.
fn decimal(c: &mut Criterion) {
    // As Binance writes them: eight decimals, whatever the tick.
    let text = |p: &Print| format!("{}.{:08}", p.px / 1_000_000_000, p.px % 1_000_000_000 / 10);
    let texts: Vec<String> = prints(10_000).iter().map(text).collect();
    let mut group = c.benchmark_group("decimal/binance");
    group.throughput(Throughput::Elements(10_000));
    group.bench_function("price/10_000", |b| {
        b.iter(|| {
            let parsed = texts.iter().map(|t| Price::parse(black_box(t)).unwrap().nanos());
            parsed.fold(0_i64, i64::wrapping_add)
        });
    });
    group.bench_function("f64/10_000", |b| {
        b.iter(|| texts.iter().map(|t| black_box(t).parse::<f64>().unwrap()).sum::<f64>());
    });
    group.finish();
}

/// Bar: the row digest in at most 1.5 times the time of SHA-256 over the same bytes laid out beforehand.
fn digest(c: &mut Criterion) {
    let prints = prints(10_000);
    let batch: AnyBatch = built(&prints).into_any();
    // Canonical bytes of a print, contract.md 8: presence bytes, little-endian values, counted text.
    let rows: Vec<Vec<u8>> = prints
        .iter()
        .map(|print| {
            let stamp = [&[1][..], &print.ns.to_le_bytes()].concat();
            let text = |text: &str| {
                let len = u32::try_from(text.len()).unwrap().to_le_bytes();
                [&[1][..], &len, text.as_bytes()].concat()
            };
            let letter = if print.aggressor == Aggressor::Seller { b'A' } else { b'B' };
            [
                &[1, 1, 0, 1, 7, 0, 0, 0][..],
                &stamp,
                &[0],
                &stamp,
                &stamp,
                &[0, 1, 0, 0, 1],
                &print.px.to_le_bytes(),
                &[1],
                &print.size.to_le_bytes(),
                &[1, letter, 1, b'T'],
                &text(&print.id),
                &[0, 0, 0],
                &text("BINANCE"),
            ]
            .concat()
        })
        .collect();
    let one = RowDigest::of(&batch.slice(0, 1)).to_bytes();
    assert_eq!(one, <[u8; 32]>::from(Sha256::digest(&rows[0])));
    let mut group = c.benchmark_group("digest/trades");
    group.throughput(Throughput::Elements(10_000));
    group.bench_function("row_digest/10_000", |b| b.iter(|| RowDigest::of(black_box(&batch))));
    group.bench_function("sha256/10_000", |b| {
        b.iter(|| rows.iter().fold(0_u8, |all, row| all ^ Sha256::digest(black_box(row))[0]));
    });
    group.finish();
}

criterion_group!(benches, parse, admission, building, decimal, digest);
criterion_main!(benches);
