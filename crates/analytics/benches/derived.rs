//! A stage of 200 derived features over 100,000 rows, beside the same formulas written in Polars by hand.
//!
//! `cargo bench -p analytics --bench derived`. The bar: at most 0.2 s for `derived/plan/100_000`; the ratio to
//! `derived/by_hand` in the same run is what may be compared between machines. By hand there is no guard against NaN and
//! infinity, and rows are already in Polars, so the difference is what both cost. `derived/functions` has `ln`, `exp`,
//! `sqrt`, `clip` and `min`, for which the crate has steps of its own, and no peer; `derived/ranks` has 20 ranks among
//! the rows of 500 cut-offs. Baselines: `-- --save-baseline before`, then `-- --baseline before`.
#![expect(clippy::unwrap_used, reason = "a bench ends at its first fault")]

use analytics::{DerivedPlan, DerivedSpec, to_polars};
use arrow_array::{ArrayRef, Float64Array, RecordBatch, TimestampNanosecondArray};
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use polars::prelude::{DataType, Expr, IntoLazy, NULL, col, lit, when};
use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

const ROWS: usize = 100_000;
const INPUTS: usize = 40;
const FEATURES: usize = 200;

fn name(n: usize) -> String {
    format!("x_bench__in_{n}__now")
}

/// Columns around zero with a null in a hundred rows, and a cut-off for each 200 of them.
fn rows() -> RecordBatch {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
    };
    let mut columns: Vec<(String, ArrayRef)> = Vec::new();
    let times = (0..ROWS).map(|n| i64::try_from(n / 200).unwrap());
    let times = TimestampNanosecondArray::from_iter_values(times).with_timezone("UTC");
    columns.push(("ts_cutoff".into(), Arc::new(times)));
    for n in 0..INPUTS {
        let values: Float64Array =
            (0..ROWS).map(|_| Some(next()).filter(|v| v.abs() < 0.495)).collect();
        columns.push((name(n), Arc::new(values)));
    }
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true)))
        .unwrap()
}

/// Two inputs of a feature, different ones for each of the 200.
fn inputs(n: usize) -> (String, String) {
    (name(n % INPUTS), name((n * 7 + n / INPUTS + 1) % INPUTS))
}

fn plan(
    rows: &RecordBatch,
    formula: impl Fn(usize, &str, &str) -> String,
    features: usize,
) -> DerivedPlan {
    let mut text = String::new();
    for n in 0..features {
        let (a, b) = inputs(n);
        let formula = formula(n, &a, &b);
        let head = format!(
            "[[derived]]\nname = \"x_bench__out_{n}__now\"\nunit = \"ratio\"\nnull = \"propagate\"\n"
        );
        writeln!(text, "{head}{formula}").unwrap();
    }
    DerivedSpec::parse(&text).unwrap().resolve(&rows.schema()).unwrap()
}

fn formula(n: usize, a: &str, b: &str) -> String {
    let expr = match n % 5 {
        0 => format!("{a} / {b}"),
        1 => format!("({a} - {b}) / ({a} + {b})"),
        2 => format!("if({a} > 0, {b}, -{b})"),
        3 => format!("{a} * {b} + 0.5 * {a}"),
        _ => format!("if({a} > {b} and {b} > 0, {a} - {b}, 0)"),
    };
    format!("expr = \"{expr}\"")
}

fn by_hand(n: usize) -> Expr {
    let (a, b) = inputs(n);
    let (a, b) = (col(a.as_str()), col(b.as_str()));
    let null = || lit(NULL).cast(DataType::Float64);
    let value = match n % 5 {
        0 => a / b,
        1 => (a.clone() - b.clone()) / (a + b),
        2 => when(a.clone().gt(lit(0.0)))
            .then(b.clone())
            .when(a.lt_eq(lit(0.0)))
            .then(b * lit(-1.0))
            .otherwise(null()),
        3 => a.clone() * b + lit(0.5) * a,
        _ => {
            let yes = a.clone().gt(b.clone()).and(b.clone().gt(lit(0.0)));
            when(yes.clone()).then(a - b).when(yes.not()).then(lit(0.0)).otherwise(null())
        }
    };
    value.alias(format!("x_bench__out_{n}__now"))
}

fn functions(n: usize, a: &str, b: &str) -> String {
    let expr = match n % 5 {
        0 => format!("ln(abs({a}))"),
        1 => format!("exp({a})"),
        2 => format!("sign({a}) * sqrt(abs({a}))"),
        3 => format!("clip({a} / {b}, -3, 3)"),
        _ => format!("min({a}, {b}, 0.25)"),
    };
    format!("expr = \"{expr}\"")
}

fn derived(c: &mut Criterion) {
    let rows = rows();
    let frame = to_polars(&rows).unwrap();
    let exprs: Vec<Expr> = (0..FEATURES).map(by_hand).collect();
    let ours = plan(&rows, formula, FEATURES);
    let steps = plan(&rows, functions, FEATURES);
    let rank = |_: usize, a: &str, _: &str| format!("rank = {{ of = \"{a}\", stat = \"share\" }}");
    let ranks = plan(&rows, rank, 20);
    let batches = [rows];
    let mut group = c.benchmark_group("derived");
    group
        .sampling_mode(SamplingMode::Flat)
        .sample_size(20)
        .measurement_time(Duration::from_secs(8));
    group.throughput(Throughput::Elements((ROWS * FEATURES) as u64));
    for (name, plan) in [("plan", &ours), ("functions", &steps), ("ranks", &ranks)] {
        group.bench_function(format!("{name}/100_000"), |b| {
            b.iter(|| plan.evaluate(black_box(&batches)).unwrap());
        });
    }
    group.bench_function("by_hand/100_000", |b| {
        b.iter(|| black_box(&frame).clone().lazy().select(exprs.clone()).collect().unwrap());
    });
    group.finish();
}

criterion_group!(benches, derived);
criterion_main!(benches);
