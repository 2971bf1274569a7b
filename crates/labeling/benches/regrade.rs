//! Grading stored outcomes again: whole columns against a plain loop over the rows.
//!
//! Bar: 10 million outcomes at least as fast as the same rules as polars expressions; measured here on a million
//! against a loop that reads row by row and compares as the rules are written.
//! `cargo bench -p labeling --bench regrade -- --save-baseline before`, then `-- --baseline before`.

#![expect(clippy::expect_used, reason = "a bench ends at its first fault")]

use contract::arrow_array::{
    Array, ArrayRef, Decimal128Array, FixedSizeBinaryArray, Float64Array, RecordBatch,
};
use contract::arrow_schema::{Field, Schema};
use contract::{
    Batch, DynamicColumn, EventId, Hash, LabelStatus, OutcomeBasis, Outcomes, TableBuilder,
    UtcNanos,
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use labeling::{Grade, LabelSpec, TargetKind};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::hint::black_box;
use std::sync::Arc;

const ROWS: u32 = 1_000_000;
const NUMBERS: [&str; 3] = ["r_net_sigma", "mae_sigma", "rel_net_bps"];

/// Numbers from -4 to 4.
fn draw(rng: &mut ChaCha8Rng) -> f64 {
    f64::from(rng.next_u32()) / f64::from(u32::MAX) * 8.0 - 4.0
}

fn outcomes() -> Batch<Outcomes> {
    let t = UtcNanos::from_nanos;
    let zero = Hash::from_bytes([0; 32]);
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut rows = TableBuilder::<Outcomes>::new(t(0));
    for row in 0..ROWS {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&row.to_le_bytes());
        rows.set(&Outcomes::DECISION_ID, EventId::from_bytes(id))
            .set(&Outcomes::MEASURES_HASH, zero)
            .set(&Outcomes::INPUTS_HASH, zero)
            .set(&Outcomes::STATUS, LabelStatus::Final)
            .set(&Outcomes::CODE_VERSION, "bench")
            .set(&Outcomes::TS_CUTOFF, t(100))
            .set(&Outcomes::TS_END, t(200))
            .set(&Outcomes::TS_UNTIL, t(200))
            .set(&Outcomes::TS_LATEST_END, t(200))
            .set(&Outcomes::TS_AVAIL, t(200))
            .set(&Outcomes::CAUSE, &[][..])
            .set(&Outcomes::WINDOW, "main")
            .set(&Outcomes::BASIS, OutcomeBasis::Realized)
            .set(&Outcomes::STRATEGY_ID, "a")
            .set(&Outcomes::STRATEGY_VERSION, "1")
            .set(&Outcomes::CLOCK, "recv")
            .set(&Outcomes::OUTCOME_FLAGS, 0_u32)
            .set(&Outcomes::NULL_REASONS, &[][..]);
        rows.end_row().expect("a row");
    }
    let fixed = rows.finish().expect("rows").into_record_batch();
    let mut measures: Vec<(String, ArrayRef)> = Vec::new();
    let mut add = |name: &str, array: ArrayRef| {
        for end in ["", "_lo", "_hi"] {
            measures.push((format!("{name}{end}"), Arc::clone(&array)));
        }
    };
    for name in NUMBERS {
        add(name, Arc::new((0..ROWS).map(|_| Some(draw(&mut rng))).collect::<Float64Array>()));
    }
    let money = (0..ROWS).map(|_| Some(i128::from(rng.next_u32()) - i128::from(u32::MAX / 2)));
    let money: Decimal128Array = money.collect();
    add("net_pnl", Arc::new(money.with_precision_and_scale(38, 9).expect("money")));
    let width = measures.len();
    let reasons = (0..ROWS).map(|_| Some(vec![0_u8; width]));
    let width = i32::try_from(width).expect("a few");
    let reasons = FixedSizeBinaryArray::try_from_sparse_iter_with_size(reasons, width);
    let reasons: ArrayRef = Arc::new(reasons.expect("reasons"));
    let mut fields = Vec::new();
    let mut arrays = Vec::new();
    for (field, array) in fixed.schema().fields().iter().zip(fixed.columns()) {
        let array = if field.name() == "null_reasons" { &reasons } else { array };
        fields.push(Field::new(field.name(), array.data_type().clone(), true));
        arrays.push(Arc::clone(array));
    }
    for (name, array) in measures {
        fields.push(Field::new(name, array.data_type().clone(), true));
        arrays.push(array);
    }
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).expect("columns");
    Batch::<Outcomes>::parse(&batch).expect("outcomes")
}

fn grade() -> Grade {
    let spec = LabelSpec::parse(LabelSpec::default_text()).expect("the default");
    let mut grades = spec.base().targets.iter().filter_map(|target| match &target.kind {
        TargetKind::Grade(grade) => Some(grade.clone()),
        _ => None,
    });
    grades.next().expect("a grade")
}

/// The rules of the default text, written out, row by row.
fn plain(outcomes: &Batch<Outcomes>) -> Vec<Option<i8>> {
    let number = |name: &str| match outcomes.dynamic_column(name) {
        Some(DynamicColumn::Number(array)) => array,
        _ => unreachable!("{name}"),
    };
    let [r, mae, rel] = NUMBERS.map(number);
    let Some(DynamicColumn::Money(net)) = outcomes.dynamic_column("net_pnl") else {
        unreachable!("net_pnl")
    };
    let class = |row: usize| {
        if r.is_null(row) || mae.is_null(row) || rel.is_null(row) || net.is_null(row) {
            return None;
        }
        let base = match r.value(row) {
            r if r >= 1.5 => 2,
            r if r >= 0.5 => 1,
            r if r >= -0.5 => 0,
            r if r >= -1.5 => -1,
            _ => -2,
        };
        let mut class: i8 = base;
        if rel.value(row) < 0.0 {
            class = (class - 1).max(class.min(0));
        }
        if mae.value(row) < -2.0 {
            class = (class - 1).max(-2);
        }
        class = class.max(base - 2);
        if net.value(row) > 0 {
            class = class.max(-1);
        }
        if net.value(row) <= 0 {
            class = class.min(0);
        }
        Some(class)
    };
    (0..outcomes.len()).map(class).collect()
}

fn regrade(c: &mut Criterion) {
    let (outcomes, grade) = (outcomes(), grade());
    assert_eq!(grade.classes(&outcomes).expect("columns"), plain(&outcomes));
    let mut group = c.benchmark_group("regrade");
    group.throughput(Throughput::Elements(u64::from(ROWS)));
    group.sample_size(20);
    group.bench_function("columns/1_000_000", |b| b.iter(|| black_box(grade.classes(&outcomes))));
    group.bench_function("plain/1_000_000", |b| b.iter(|| black_box(plain(&outcomes))));
    group.finish();
}

criterion_group!(benches, regrade);
criterion_main!(benches);
