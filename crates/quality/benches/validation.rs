//! Checks at work: a wide table at once, and quotes one by one.
//!
//! Bars: 37 checks over 500,000 rows x 20 columns at 3 million rows a second and faster than pandera
//! (`python benches/peers/quality_validation.py`, on the same machine just before or after); one quote through the rules
//! that come with Hindsight in less than 5 microseconds.
//! `cargo bench -p quality --bench validation -- --save-baseline before`, then `-- --baseline before`.

#![expect(clippy::expect_used, reason = "a bench ends at its first fault")]

use contract::arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray, UInt64Array};
use contract::{
    Amount, AssetClass, InstrumentId, Instruments, Price, QualityMode, Quotes, SizeUnit, SourceId,
    TableBuilder, UtcNanos,
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use quality::{Context, Flags, RuleSet, TableState};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;

const ROWS: usize = 500_000;
const FLOATS: usize = 18;

/// Numbers from -4 to 4, one in fifty null.
fn floats(rng: &mut ChaCha8Rng) -> ArrayRef {
    let mut draw = || f64::from(rng.next_u32()) / f64::from(u32::MAX) * 8.0 - 4.0;
    let values = (0..ROWS).map(|_| {
        let x = draw();
        (draw() < 3.84).then_some(x)
    });
    Arc::new(values.collect::<Float64Array>())
}

/// 18 columns of floats, one of 500 words, one of ids.
fn table() -> RecordBatch {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let names: Vec<String> = (0..FLOATS).map(|n| format!("x_f{n:02}")).collect();
    let mut columns: Vec<(&str, ArrayRef, bool)> =
        names.iter().map(|name| (name.as_str(), floats(&mut rng), true)).collect();
    let words = (0..ROWS).map(|_| Some(format!("WORD{:03}", rng.next_u32() % 500)));
    columns.push(("x_word", Arc::new(words.collect::<StringArray>()), true));
    let ids = (0_u64..).take(ROWS);
    columns.push(("x_id", Arc::new(UInt64Array::from_iter_values(ids)), true));
    RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length")
}

fn wide_rules() -> RuleSet {
    let mut text = "name = \"wide\"\nversion = 1\ntable = \"quotes\"\n".to_owned();
    for n in 0..FLOATS {
        let column = format!("x_f{n:02}");
        let _ = write!(
            text,
            "[[check]]\nid = \"range.{column}\"\nkind = \"range\"\ncolumn = \"{column}\"\nmin = -3.9\nmax = 3.9\n\
             [[check]]\nid = \"null.{column}\"\nkind = \"null_rate\"\ncolumn = \"{column}\"\nmax_rate = 0.05\n"
        );
    }
    let words: Vec<String> = (0..499).map(|n| format!("\"WORD{n:03}\"")).collect();
    let _ = write!(
        text,
        "[[check]]\nid = \"set\"\nkind = \"set\"\ncolumn = \"x_word\"\nallowed = [{}]\n",
        words.join(", ")
    );
    RuleSet::parse(&text).expect("rules")
}

fn wide(c: &mut Criterion) {
    let (rules, table, context) = (wide_rules(), table(), Context::new());
    let batches: Vec<RecordBatch> =
        (0..ROWS).step_by(8_192).map(|at| table.slice(at, 8_192.min(ROWS - at))).collect();
    let mut group = c.benchmark_group("validation");
    group.sample_size(20);
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function("37 checks, 500,000 x 20", |b| {
        b.iter(|| {
            let mut state = TableState::new(&rules, QualityMode::Final);
            let mut flags = Flags::default();
            for batch in &batches {
                state.observe_into(batch, &context, &mut flags).expect("a batch");
                black_box(&flags);
            }
            black_box(state.finish(&context).score())
        });
    });
    group.finish();
}

/// Quotes of four instruments on their ticks.
fn quotes() -> Vec<RecordBatch> {
    const S: i64 = 1_000_000_000;
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut out = TableBuilder::<Quotes>::new(UtcNanos::from_nanos(S));
    for row in 0..4_096_i64 {
        let bid = 100_000 + i64::from(rng.next_u32() % 50);
        out.set_now(UtcNanos::from_nanos(S + row * 1_000));
        out.set(&Quotes::SOURCE_ID, SourceId::new(1))
            .set(&Quotes::INSTRUMENT_ID, InstrumentId::new(rng.next_u32() % 4))
            .set(&Quotes::TS_EVENT, UtcNanos::from_nanos(S + row * 1_000 - 500))
            .set(&Quotes::BID_PX, Price::from_nanos(bid * 10_000_000))
            .set(&Quotes::ASK_PX, Price::from_nanos((bid + 1) * 10_000_000))
            .set(&Quotes::BID_SIZE, f64::from(rng.next_u32() % 90 + 1))
            .set(&Quotes::ASK_SIZE, f64::from(rng.next_u32() % 90 + 1))
            .set(&Quotes::UPDATE_ID, u64::try_from(row).ok())
            .set(&Quotes::VENUE_SEQ, u64::try_from(row).ok());
        out.end_row().expect("a row");
    }
    let batch = out.finish().expect("rows").with_seq(1).into_record_batch();
    (0..batch.num_rows()).map(|row| batch.slice(row, 1)).collect()
}

fn instruments() -> Context {
    let t = UtcNanos::from_nanos;
    let mut out = TableBuilder::<Instruments>::new(t(0));
    for id in 0..4 {
        out.set(&Instruments::TS_AVAIL, t(0))
            .set(&Instruments::VALID_FROM, t(0))
            .set(&Instruments::INSTRUMENT_ID, InstrumentId::new(id))
            .set(&Instruments::RAW_SYMBOL, "X")
            .set(&Instruments::VENUE, "XNYS")
            .set(&Instruments::QUOTE_CCY, "USD")
            .set(&Instruments::STATUS, "active")
            .set(&Instruments::ASSET_CLASS, AssetClass::Equity)
            .set(&Instruments::SIZE_UNIT, SizeUnit::Share)
            .set(&Instruments::TICK_SIZE, Price::from_nanos(10_000_000))
            .set(&Instruments::LOT_SIZE, Amount::from_units(1));
        out.end_row().expect("a row");
    }
    let mut context = Context::new();
    context.add(&out.finish().expect("rows").into_record_batch()).expect("instruments");
    context
}

fn one_by_one(c: &mut Criterion) {
    let (rules, rows, context) =
        (RuleSet::built_in("quotes").expect("rules"), quotes(), instruments());
    let mut group = c.benchmark_group("validation");
    group.throughput(Throughput::Elements(rows.len() as u64));
    group.bench_function("one quote a push, built-in rules", |b| {
        b.iter(|| {
            let mut state = TableState::new(&rules, QualityMode::Live);
            let mut flags = Flags::default();
            for row in &rows {
                state.observe_into(row, &context, &mut flags).expect("a row");
                black_box(&flags);
            }
        });
    });
    group.finish();
}

criterion_group!(benches, wide, one_by_one);
criterion_main!(benches);
