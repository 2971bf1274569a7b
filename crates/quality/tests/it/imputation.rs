//! Tests of `imputation` from outside.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, UInt8Type};
use arrow_array::{Array, ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch};
use contract::{Diagnostic, Hash};
use proptest::prelude::*;
use quality::{FittedPlan, ImputationPlan, Imputer};
use serde_json::Value;
use std::sync::Arc;

const VECTORS: &str = include_str!("../../../../fixtures/quality/imputation/vectors.json");

fn column(value: &Value) -> Vec<Option<f64>> {
    value.as_array().unwrap().iter().map(Value::as_f64).collect()
}

/// A plan of one column `x`, with lines before its columns.
fn plan(head: &str, method: &str) -> ImputationPlan {
    toml::from_str(&format!(
        "version = 1\n{head}\n[[columns]]\nname = \"x\"\nmethod = {{ {method} }}"
    ))
    .unwrap()
}

const CARRY: &str =
    r#"kind = "carry_forward", max_age_ns = 4, across_sessions = true, across_gaps = true"#;

fn table(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true)))
        .unwrap()
}

fn whole(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn floats(values: &[Option<f64>]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

fn all(rows: &RecordBatch, plan: &ImputationPlan) -> FittedPlan {
    plan.fit(rows, &BooleanArray::from(vec![true; rows.num_rows()])).unwrap()
}

fn filled(rows: &RecordBatch, plan: &ImputationPlan) -> RecordBatch {
    all(rows, plan).apply(rows, &plan.hash(), None).unwrap()
}

fn x(rows: &RecordBatch) -> Vec<Option<f64>> {
    rows["x"].as_primitive::<Float64Type>().iter().collect()
}

fn ages(rows: &RecordBatch) -> Vec<Option<i64>> {
    rows["x__impute_age_ns"].as_primitive::<Int64Type>().iter().collect()
}

#[track_caller]
fn near(found: &[Option<f64>], expected: &[Option<f64>]) {
    assert_eq!(found.len(), expected.len());
    for (row, (found, expected)) in found.iter().zip(expected).enumerate() {
        match (found, expected) {
            (Some(a), Some(b)) => assert!((a - b).abs() <= 1e-12 * b.abs(), "row {row}: {a}, {b}"),
            (a, b) => assert_eq!(a, b, "row {row}"),
        }
    }
}

#[test]
fn proposals_are_those_of_scikit_learn_and_pandas() {
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    let values = column(&vectors["x"]);
    let times: Vec<i64> =
        vectors["t"].as_array().unwrap().iter().map(|t| t.as_i64().unwrap()).collect();
    let places: Vec<i64> = (0..200).collect();
    let rows = table(vec![("ts_avail", whole(&times)), ("x", floats(&values))]);
    let even = table(vec![("ts_avail", whole(&places)), ("x", floats(&values))]);
    let train = BooleanArray::from((0..200).map(|row| row < 120).collect::<Vec<_>>());
    for (method, name) in [
        (r#"kind = "mean""#, "mean"),
        (r#"kind = "median""#, "median"),
        (r#"kind = "constant", value = 7.5"#, "constant"),
    ] {
        let plan = plan("", method);
        let found = plan.fit(&rows, &train).unwrap().apply(&rows, &plan.hash(), None).unwrap();
        near(&x(&found), &column(&vectors[name]["x"]));
        let mask: Vec<Value> =
            found["x__imputed"].as_boolean().iter().map(|v| v.unwrap().into()).collect();
        assert_eq!(Value::from(mask), vectors[name]["imputed"]);
    }
    assert_eq!(x(&filled(&rows, &plan("", CARRY))), column(&vectors["carry_4"]));
    let two = CARRY.replace("= 4", "= 2");
    assert_eq!(x(&filled(&even, &plan("", &two))), column(&vectors["carry_limit_2_rows"]));
    let rolling = plan("", r#"kind = "rolling_median", window = 5"#);
    assert_eq!(x(&filled(&rows, &rolling)), column(&vectors["rolling_median_5"]));
    let paths = r#"used_for = "label_paths""#;
    near(&x(&filled(&rows, &plan(paths, r#"kind = "linear""#))), &column(&vectors["linear"]));
    let backward = filled(&rows, &plan(paths, r#"kind = "backward""#));
    assert_eq!(x(&backward), column(&vectors["backward"]));
    assert!(ages(&backward).iter().flatten().all(|age| *age < 0));
}

#[test]
fn the_companions_follow_the_plan_and_not_the_data() {
    let rows = table(vec![
        ("ts_avail", whole(&[1, 2])),
        ("x", floats(&[Some(1.0), None])),
        ("y", whole(&[3, 4])),
    ]);
    let found = filled(&rows, &plan("", r#"kind = "none""#));
    let schema = found.schema();
    let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
    let expected = ["ts_avail", "x", "x__imputed", "x__impute_method", "x__impute_age_ns", "y"];
    assert_eq!(names, expected);
    assert_eq!(x(&found), [Some(1.0), None]);
    let found = filled(&rows, &plan("", CARRY));
    let methods = found["x__impute_method"].as_dictionary::<UInt8Type>();
    assert_eq!(methods.values().as_string::<i32>().value(0), "carry_forward");
    assert_eq!((methods.is_null(0), methods.is_null(1)), (true, false));
    assert_eq!(ages(&found), [None, Some(1)]);
}

#[test]
fn a_value_is_not_carried_across_a_session_a_gap_or_keys() {
    let rows = table(vec![
        ("ts_avail", whole(&[1, 2, 3, 4, 5, 6])),
        ("instrument_id", whole(&[7, 7, 7, 8, 7, 7])),
        ("session_id", whole(&[1, 1, 2, 2, 2, 2])),
        ("after_gap", Arc::new(BooleanArray::from(vec![false, false, false, false, false, true]))),
        ("x", floats(&[Some(1.0), None, None, None, Some(2.0), None])),
    ]);
    let head = "keys = [\"instrument_id\"]\nsession = \"session_id\"\ngap = \"after_gap\"";
    let strict = r#"kind = "carry_forward", max_age_ns = 10"#;
    let one = Some(1.0);
    let found = filled(&rows, &plan(head, strict));
    assert_eq!(x(&found), [one, one, None, None, Some(2.0), None]);
    let sessions = filled(&rows, &plan(head, &format!("{strict}, across_sessions = true")));
    assert_eq!(x(&sessions), [one, one, one, None, Some(2.0), None]);
    let gaps = filled(&rows, &plan(head, &format!("{strict}, across_gaps = true")));
    assert_eq!(x(&gaps), [one, one, None, None, Some(2.0), Some(2.0)]);
}

#[test]
fn another_source_is_taken_inside_its_band_and_age_only() {
    let rows = table(vec![
        ("ts_avail", whole(&[1, 2, 3, 4, 9, 10, 11])),
        ("source_id", whole(&[1, 2, 1, 2, 1, 2, 1])),
        ("x", floats(&[Some(10.0), Some(10.5), None, Some(11.5), None, Some(10.25), None])),
    ]);
    let method = r#"kind = "other_source", source = 2, max_age_ns = 4, band = 1.0"#;
    let found = filled(&rows, &plan("keys = [\"source_id\"]\nsource = \"source_id\"", method));
    let expected = [Some(10.0), Some(10.5), Some(10.5), Some(11.5), None, Some(10.25), Some(10.25)];
    assert_eq!(x(&found), expected);
    assert_eq!(ages(&found)[2], Some(1));
}

#[test]
fn a_slot_takes_the_median_of_past_weeks() {
    let week = 7 * 86_400_000_000_000_i64;
    let times: Vec<i64> = (0..6).map(|n| n * week + 10).collect();
    let values = [Some(4.0), Some(1.0), Some(9.0), None, Some(2.0), None];
    let rows = table(vec![("ts_avail", whole(&times)), ("x", floats(&values))]);
    let method = r#"kind = "slot_median", sessions = 10, min_sessions = 3"#;
    let found = x(&filled(&rows, &plan("", method)));
    assert_eq!((found[3], found[5]), (Some(4.0), Some(3.0))); // of 4, 1, 9; and of 1, 2, 4, 9
}

#[test]
fn a_rolling_median_of_later_times_is_not_proposed() {
    let plan = plan("", r#"kind = "rolling_median", window = 2"#);
    // 100 is of time 10: not known at 6, known at 10, and out of the window once 3 and 5 are in.
    let times = [10, 5, 6, 10, 7, 8];
    let values = [Some(100.0), Some(1.0), None, None, Some(3.0), None];
    let rows = table(vec![("ts_avail", whole(&times)), ("x", floats(&values))]);
    let expected = [Some(100.0), Some(1.0), None, Some(50.5), Some(3.0), Some(2.0)];
    assert_eq!(x(&filled(&rows, &plan)), expected);
}

#[test]
fn a_slot_of_later_weeks_is_not_proposed() {
    const WEEK: i64 = 7 * 86_400_000_000_000;
    let plan = plan("", r#"kind = "slot_median", sessions = 4, min_sessions = 2"#);
    // Weeks 5 and 6 are past at week 7, and are the future of week 4.
    let times = [5 * WEEK, 6 * WEEK, 7 * WEEK, 4 * WEEK];
    let rows = table(vec![
        ("ts_avail", whole(&times)),
        ("x", floats(&[Some(1.0), Some(3.0), None, None])),
    ]);
    assert_eq!(x(&filled(&rows, &plan)), [Some(1.0), Some(3.0), Some(2.0), None]);
}

#[test]
fn reasons_decide_what_is_filled() {
    let rows = table(vec![
        ("ts_avail", whole(&[1, 2, 3, 4, 5])),
        ("x", floats(&[Some(1.0), None, None, None, None])),
    ]);
    let reason = |row: usize, _: &str| [None, Some(1), Some(5), Some(6), Some(8)][row];
    let mut plan = plan("", r#"kind = "mean""#);
    let one = Some(1.0);
    let found = all(&rows, &plan).apply(&rows, &plan.hash(), Some(&reason)).unwrap();
    assert_eq!(x(&found), [one, None, None, None, one]);
    plan.columns[0].also = vec![6];
    let found = all(&rows, &plan).apply(&rows, &plan.hash(), Some(&reason)).unwrap();
    assert_eq!(x(&found), [one, None, None, one, one]);
    plan.columns[0].also = vec![1];
    assert_eq!(plan.check().unwrap_err().to_string(), "x.also: expected 5 or 6, found `1`");
}

#[test]
fn plans_that_cannot_be_are_refused() {
    let rows = table(vec![("ts_avail", whole(&[1])), ("x", floats(&[None]))]);
    let mask = BooleanArray::from(vec![true]);
    let linear = plan("", r#"kind = "linear""#);
    let error = linear.fit(&rows, &mask).unwrap_err();
    assert_eq!(error.code(), "quality/plan-uses-future");
    let paths = plan(r#"used_for = "reports""#, r#"kind = "linear""#);
    let error = Imputer::new(all(&rows, &paths), &paths.hash()).unwrap_err();
    assert_eq!(error.code(), "quality/plan-uses-future");
    let mean = plan("", r#"kind = "mean""#);
    let error = all(&rows, &mean).apply(&rows, &Hash::of(b"other"), None).unwrap_err();
    assert_eq!(error.code(), "quality/plan-not-in-manifest");
    let carry = plan("", r#"kind = "carry_forward", max_age_ns = 1"#);
    assert_eq!(carry.check().unwrap_err().code(), "quality/plan-parameter");
    let late = plan(r#"time = "ts_avial""#, r#"kind = "mean""#);
    let error = late.fit(&rows, &mask).unwrap_err();
    assert_eq!(error.to_string(), "expected a column `ts_avial`, found none (is it `ts_avail`?)");
    let missing: Result<ImputationPlan, _> = toml::from_str(
        "version = 1\n[[columns]]\nname = \"x\"\nmethod = { kind = \"carry_forward\" }",
    );
    assert!(missing.unwrap_err().to_string().contains("max_age_ns"));
    let integers = table(vec![("ts_avail", whole(&[1])), ("x", whole(&[1]))]);
    let half = plan("", r#"kind = "constant", value = 0.5"#);
    assert_eq!(half.fit(&integers, &mask).unwrap_err().code(), "quality/plan-parameter");
}

#[test]
fn a_plan_is_known_by_its_canonical_json() {
    let plan = plan("", r#"kind = "constant", value = 0.5"#);
    assert_eq!(
        plan.canonical().to_string(),
        r#"{"columns":[{"also":[],"method":{"kind":"constant","value":"0.5"},"name":"x"}],"gap":null,"keys":[],"session":null,"source":null,"time":"ts_avail","used_for":"features","version":1}"#
    );
    let text = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<ImputationPlan>(&text).unwrap().hash(), plan.hash());
}

/// Rows of two keys with ties in time, holes, NaN and jumps.
fn rows() -> impl Strategy<Value = RecordBatch> {
    let value = prop_oneof![
        3 => Just(None),
        4 => (-50..50_i32).prop_map(|v| Some(f64::from(v) / 8.0)),
        1 => prop_oneof![Just(Some(f64::NAN)), Just(Some(1e308)), Just(Some(-0.0))],
    ];
    prop::collection::vec((0..4_i64, 0..2_i64, value), 1..40).prop_map(|cells| {
        let mut now = 0;
        let times: Vec<i64> = cells
            .iter()
            .map(|(step, ..)| {
                now += step;
                now
            })
            .collect();
        let keys: Vec<i64> = cells.iter().map(|(_, key, _)| *key).collect();
        let values: Vec<Option<f64>> = cells.iter().map(|(.., value)| *value).collect();
        table(vec![("ts_avail", whole(&times)), ("k", whole(&keys)), ("x", floats(&values))])
    })
}

fn causal() -> Vec<ImputationPlan> {
    let head = "keys = [\"k\"]\nsource = \"k\"";
    [
        r#"kind = "none""#,
        CARRY,
        r#"kind = "constant", value = 3.0"#,
        r#"kind = "rolling_median", window = 3"#,
        r#"kind = "slot_median", sessions = 3, min_sessions = 1"#,
        r#"kind = "other_source", source = 1, max_age_ns = 5, band = 4.0"#,
        r#"kind = "mean""#,
        r#"kind = "median""#,
    ]
    .map(|method| plan(head, method))
    .into()
}

/// Bits of every cell: NaN equals itself.
fn bits(rows: &RecordBatch) -> Vec<(Option<u64>, bool, Option<i64>, bool)> {
    let mask = rows["x__imputed"].as_boolean();
    let methods = &rows["x__impute_method"];
    let cells = x(rows).into_iter().zip(ages(rows)).enumerate();
    cells
        .map(|(row, (x, age))| (x.map(f64::to_bits), mask.value(row), age, methods.is_null(row)))
        .collect()
}

proptest! {
    #[test]
    fn a_stream_is_filled_as_the_whole_and_later_rows_change_nothing(
        rows in rows(), cut in 0..40_usize,
    ) {
        let cut = cut.min(rows.num_rows());
        for plan in causal() {
            let fitted = all(&rows, &plan);
            let whole = bits(&fitted.apply(&rows, &plan.hash(), None).unwrap());
            let mut imputer = Imputer::new(fitted.clone(), &plan.hash()).unwrap();
            let mut parts = bits(&imputer.push(&rows.slice(0, cut), None).unwrap());
            prop_assert_eq!(&parts[..], &whole[..cut]);
            parts.extend(bits(&imputer.push(&rows.slice(cut, rows.num_rows() - cut), None).unwrap()));
            prop_assert_eq!(parts, whole);
        }
    }

    #[test]
    fn filling_twice_changes_nothing_and_the_originals_come_back(rows in rows()) {
        let paths = "keys = [\"k\"]\nused_for = \"label_paths\"";
        let ahead = [r#"kind = "linear""#, r#"kind = "backward""#].map(|m| plan(paths, m));
        for plan in causal().into_iter().chain(ahead) {
            let fitted = all(&rows, &plan);
            let once = fitted.apply(&rows, &plan.hash(), None).unwrap();
            let twice = fitted.apply(&once, &plan.hash(), None).unwrap();
            prop_assert_eq!(bits(&once), bits(&twice));
            prop_assert_eq!(once.schema(), twice.schema());
            let mask = once["x__imputed"].as_boolean();
            let back = x(&once).into_iter().zip(mask.values()).map(|(x, imputed)| x.filter(|_| !imputed));
            let original: Vec<Option<u64>> = x(&rows).into_iter().map(|v| v.map(f64::to_bits)).collect();
            prop_assert_eq!(back.map(|v| v.map(f64::to_bits)).collect::<Vec<_>>(), original);
        }
    }

    #[test]
    fn only_train_rows_are_learnt_from(rows in rows(), other in rows(), cut in 0..40_usize) {
        let cut = cut.min(rows.num_rows());
        let mask = BooleanArray::from((0..rows.num_rows()).map(|row| row < cut).collect::<Vec<_>>());
        let tail: Vec<Option<f64>> = x(&rows)[..cut].iter().copied()
            .chain(x(&other).into_iter().cycle().take(rows.num_rows() - cut)).collect();
        let changed = table(vec![
            ("ts_avail", rows["ts_avail"].clone()), ("k", rows["k"].clone()), ("x", floats(&tail)),
        ]);
        for plan in causal() {
            let (a, b) = (plan.fit(&rows, &mask).unwrap(), plan.fit(&changed, &mask).unwrap());
            let text = serde_json::to_string(&a).unwrap();
            prop_assert_eq!(&text, &serde_json::to_string(&b).unwrap());
            prop_assert_eq!(serde_json::from_str::<FittedPlan>(&text).unwrap(), a);
        }
    }
}
