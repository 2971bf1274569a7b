//! Lines of a Binance recorder into Arrow, against serde_json into borrowed structs without Arrow.
//!
//! The bar is 0.7 of serde_json's speed over the same bytes in the same run: compare `binance/import` with
//! `binance/serde_json`. The lines are made here in the proportions of a busy minute: of ten messages one of depth with
//! 60 levels, six best quotes, three trades.
#![expect(clippy::unwrap_used, reason = "a bench ends at its first fault")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use feeds::{Binance, Spec};
use serde::Deserialize;
use std::fmt::Write;
use std::hint::black_box;

#[derive(Deserialize)]
struct Stream<'a, T> {
    #[serde(borrow)]
    stream: &'a str,
    data: T,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "reading is what is measured")]
struct Trade<'a> {
    #[serde(rename = "E")]
    sent: u64,
    #[serde(rename = "T")]
    event: u64,
    s: &'a str,
    t: u64,
    p: &'a str,
    q: &'a str,
    m: bool,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "reading is what is measured")]
struct Quote<'a> {
    u: u64,
    s: &'a str,
    #[serde(rename = "b")]
    bid: &'a str,
    #[serde(rename = "B")]
    bid_size: &'a str,
    #[serde(rename = "a")]
    ask: &'a str,
    #[serde(rename = "A")]
    ask_size: &'a str,
    #[serde(rename = "E")]
    sent: u64,
    #[serde(rename = "T")]
    event: u64,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "reading is what is measured")]
struct Depth<'a> {
    #[serde(rename = "E")]
    sent: u64,
    #[serde(rename = "T")]
    event: u64,
    s: &'a str,
    #[serde(rename = "U")]
    first: u64,
    u: u64,
    pu: u64,
    #[serde(borrow)]
    b: Vec<(&'a str, &'a str)>,
    #[serde(borrow)]
    a: Vec<(&'a str, &'a str)>,
}

/// A small generator with a fixed seed (Marsaglia's xorshift).
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

fn lines(n: u64) -> String {
    let mut random = Seeded(0x9e37_79b9_7f4a_7c15);
    let mut out = String::new();
    let (mut recv, mut sent, mut id) =
        (1_723_161_255_030_314_667_u64, 1_723_161_256_299_u64, 5_123_107_832_006_u64);
    for at in 0..n {
        recv += 1 + random.below(4_000_000);
        sent += random.below(4);
        let px = 6_180_000 + random.below(2_000);
        let size = 1 + random.below(9_000);
        let _ = write!(out, "{recv} ");
        match at % 10 {
            0 => {
                let (first, last) = (id + 1, id + 60);
                let _ = write!(
                    out,
                    r#"{{"stream":"btcusdt@depth@0ms","data":{{"e":"depthUpdate","E":{sent},"T":{sent},"s":"BTCUSDT","U":{first},"u":{last},"pu":{id},"#
                );
                id = last;
                for side in ["\"b\":[", "],\"a\":["] {
                    out.push_str(side);
                    for level in 0..30 {
                        let (px, size) = (px + level * 3, random.below(30_000));
                        let comma = if level == 0 { "" } else { "," };
                        let _ = write!(
                            out,
                            "{comma}[\"{}.{:02}\",\"{}.{:03}\"]",
                            px / 100,
                            px % 100,
                            size / 1_000,
                            size % 1_000
                        );
                    }
                }
                out.push_str("]}}\n");
            }
            1..=6 => {
                let ask = px + 10;
                let _ = writeln!(
                    out,
                    r#"{{"stream":"btcusdt@bookTicker","data":{{"e":"bookTicker","u":{id},"s":"BTCUSDT","b":"{}.{:02}","B":"{}.507","a":"{}.{:02}","A":"2.{:03}","T":{sent},"E":{sent}}}}}"#,
                    px / 100,
                    px % 100,
                    size / 1_000,
                    ask / 100,
                    ask % 100,
                    size % 1_000
                );
            }
            _ => {
                let _ = writeln!(
                    out,
                    r#"{{"stream":"btcusdt@trade","data":{{"e":"trade","E":{sent},"T":{sent},"s":"BTCUSDT","t":{at},"p":"{}.{:02}","q":"0.{:03}","X":"MARKET","m":false}}}}"#,
                    px / 100,
                    px % 100,
                    size % 1_000 + 1
                );
            }
        }
    }
    out
}

/// What serde_json alone takes for the same lines.
fn peer(text: &str) -> usize {
    let mut n = 0;
    for line in text.lines() {
        let (stamp, json) = line.split_once(' ').unwrap_or_default();
        n += usize::from(stamp.parse::<u64>().is_ok());
        // The channel is looked for first, so that each line is read once.
        if json.contains("@depth") {
            let read: Stream<'_, Depth<'_>> = serde_json::from_str(json).unwrap();
            n += black_box(read.data.b.len() + read.data.a.len() + read.stream.len());
        } else if json.contains("@bookTicker") {
            let read: Stream<'_, Quote<'_>> = serde_json::from_str(json).unwrap();
            n += black_box(read.data.bid.len() + read.stream.len());
        } else {
            let read: Stream<'_, Trade<'_>> = serde_json::from_str(json).unwrap();
            n += black_box(read.data.p.len() + read.stream.len());
        }
    }
    n
}

fn import(text: &str) -> usize {
    let spec = "format = 'binance'\n[source.x]\nid = 1\n[instrument]\n'x/btcusdt' = 7";
    let mut binance = Binance::new(Spec::parse(spec).unwrap());
    let mut n = 0;
    let outcome = binance.push("x", &mut text.as_bytes(), &mut |out| {
        assert!(out.rejects.is_empty());
        n += out.rows.iter().map(contract::AnyBatch::len).sum::<usize>();
    });
    outcome.unwrap();
    n
}

fn bench(c: &mut Criterion) {
    let text = lines(20_000);
    let mut group = c.benchmark_group("binance");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("import/lines/20_000", |b| b.iter(|| import(black_box(&text))));
    group.bench_function("serde_json/lines/20_000", |b| b.iter(|| peer(black_box(&text))));
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
