//! DBN records into Arrow, against decoding alone by the crate `dbn`.
//!
//! The bar is 0.5 of bare decoding over the same bytes in the same run: compare `dbn/import` with `dbn/decode`.

#![expect(clippy::unwrap_used, reason = "a bench ends at its first fault")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "numbers below a million"
)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dbn::decode::{DbnDecoder, DecodeRecordRef};
use dbn::encode::{DbnEncoder, EncodeRecord};
use dbn::{
    FlagSet, MetadataBuilder, RecordHeader, SType, Schema, SymbolMappingMsg, TradeMsg, rtype,
};
use feeds::{Dbn, Spec};
use std::hint::black_box;

const N: u64 = 1_000_000;

fn trades() -> Vec<u8> {
    // Midnight of 2024-08-08.
    let start = 1_723_075_200_000_000_000_u64;
    let metadata = MetadataBuilder::new()
        .dataset("GLBX.MDP3")
        .schema(Some(Schema::Trades))
        .start(start)
        .stype_in(Some(SType::RawSymbol))
        .stype_out(SType::InstrumentId)
        .build();
    let mut bytes = Vec::new();
    let mut encoder = DbnEncoder::new(&mut bytes, &metadata).unwrap();
    // As a live stream says it: what the number means from midnight on.
    let mapping = SymbolMappingMsg::new(
        5482,
        start,
        SType::RawSymbol,
        "ESU4",
        SType::InstrumentId,
        "5482",
        start,
        u64::MAX,
    );
    encoder.encode_record(&mapping.unwrap()).unwrap();
    for at in 0..N {
        let ts_recv = start + at * 10_000;
        encoder
            .encode_record(&TradeMsg {
                hd: RecordHeader::new::<TradeMsg>(rtype::MBP_0, 1, 5482, ts_recv - 20_000),
                price: 5_300_000_000_000 + (at % 100) as i64 * 250_000_000,
                size: 1 + (at % 9) as u32,
                action: b'T' as std::ffi::c_char,
                side: (if at % 2 == 0 { b'A' } else { b'B' }) as std::ffi::c_char,
                flags: FlagSet::new(128),
                depth: 0,
                ts_recv,
                ts_in_delta: 19_000,
                sequence: at as u32,
            })
            .unwrap();
    }
    bytes
}

fn decode(bytes: &[u8]) -> i64 {
    let mut decoder = DbnDecoder::new(bytes).unwrap();
    let mut sum = 0_i64;
    while let Some(record) = decoder.decode_record_ref().unwrap() {
        sum = sum.wrapping_add(record.get::<TradeMsg>().map_or(0, |t| t.price));
    }
    sum
}

fn import(bytes: &[u8]) -> usize {
    let mut importer = Dbn::new(Spec::parse(Spec::DBN).unwrap());
    let mut n = 0;
    let outcome = importer.push("x", &mut &bytes[..], &mut |out| {
        assert!(out.rejects.is_empty(), "{}", out.rejects[0]);
        n += out.rows.iter().map(contract::AnyBatch::len).sum::<usize>();
    });
    outcome.unwrap();
    n
}

fn bench(c: &mut Criterion) {
    let bytes = trades();
    assert_eq!(import(&bytes) as u64, N);
    let mut group = c.benchmark_group("dbn");
    group.sample_size(10).throughput(Throughput::Elements(N));
    group.bench_function("import/trades/1_000_000", |b| b.iter(|| import(black_box(&bytes))));
    group.bench_function("decode/trades/1_000_000", |b| b.iter(|| decode(black_box(&bytes))));
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
