//! Derived features: values, nulls, order, metadata.

use analytics::{DerivedPlan, DerivedSpec};
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampNanosecondArray, UInt8Array,
};
use std::sync::Arc;

fn feature(name: &str, expr: &str) -> String {
    format!(
        "[[derived]]\nname = \"{name}\"\nunit = \"ratio\"\nnull = \"propagate\"\nexpr = \"{expr}\"\n"
    )
}

fn plan(text: &str, rows: &RecordBatch) -> DerivedPlan {
    DerivedSpec::parse(text).unwrap().resolve(&rows.schema()).unwrap()
}

fn column(batch: &RecordBatch, name: &str) -> Vec<Option<f64>> {
    batch.column_by_name(name).unwrap().as_primitive::<Float64Type>().iter().collect()
}

/// Rows: one null in each column, zeros, negative numbers, an infinity and a NaN as a bad file may hold.
fn rows() -> RecordBatch {
    let a = vec![Some(1.5), Some(-2.0), Some(0.0), None, Some(f64::NAN), Some(1e308)];
    let b = vec![Some(0.5), Some(4.0), Some(0.0), Some(1.0), Some(2.0), Some(10.0)];
    let c = vec![None, Some(-1.0), Some(3.0), Some(2.0), Some(f64::INFINITY), Some(-0.0)];
    let n = vec![Some(2), Some(-3), None, Some(0), Some(i64::MAX), Some(1)];
    let up = vec![Some(true), Some(false), None, Some(true), Some(false), Some(true)];
    RecordBatch::try_from_iter_with_nullable([
        ("a", Arc::new(Float64Array::from(a)) as ArrayRef, true),
        ("b", Arc::new(Float64Array::from(b)), true),
        ("c", Arc::new(Float64Array::from(c)), true),
        ("n", Arc::new(Int64Array::from(n)), true),
        ("up", Arc::new(BooleanArray::from(up)), true),
    ])
    .unwrap()
}

#[track_caller]
fn check(expr: &str, expected: [Option<f64>; 6]) {
    let rows = rows();
    let derived = plan(&feature("x_t__v__now", expr), &rows).evaluate(&[rows]).unwrap().remove(0);
    assert_eq!(column(&derived, "x_t__v__now"), expected, "{expr}");
}

#[test]
fn arithmetic_is_that_of_float64_and_null_where_it_has_no_value() {
    let x = Some;
    check("a + b", [x(2.0), x(2.0), x(0.0), None, None, x(1e308)]);
    check("a - b", [x(1.0), x(-6.0), x(0.0), None, None, x(1e308)]);
    // 1e308 * 10 is beyond Float64.
    check("a * b", [x(0.75), x(-8.0), x(0.0), None, None, None]);
    // 0 / 0 is NaN.
    check("a / b", [x(3.0), x(-0.5), None, None, None, x(1e307)]);
    // 1 / 0 is infinite; 10 / -0 too.
    check("b / c", [None, x(-4.0), x(0.0), x(0.5), None, None]);
    check("-a", [x(-1.5), x(2.0), x(0.0), None, None, x(-1e308)]);
    check("1", [x(1.0); 6]);
}

#[test]
fn a_step_without_a_value_is_null_whatever_the_next_step_makes_of_it() {
    // 1 / infinity would be zero.
    check("1 / (1 / b)", [Some(0.5), Some(4.0), None, Some(1.0), Some(2.0), Some(10.0)]);
    check("0 * ln(a)", [Some(0.0), None, None, None, None, Some(0.0)]);
    check("0 / exp(b * 1000)", [Some(0.0), None, Some(0.0), None, None, None]);
    check("0 * a", [Some(0.0), Some(-0.0), Some(0.0), None, None, Some(0.0)]);
}

#[test]
fn integers_widen_and_compare_exactly() {
    let x = Some;
    check("n", [x(2.0), x(-3.0), None, x(0.0), x(9_223_372_036_854_775_807.0), x(1.0)]);
    check("n / 2", [x(1.0), x(-1.5), None, x(0.0), x(4.611_686_018_427_388e18), x(0.5)]);
    check("if(n > 0, 1, 0)", [x(1.0), x(0.0), None, x(0.0), x(1.0), x(1.0)]);
    check("abs(n)", [x(2.0), x(3.0), None, x(0.0), x(9_223_372_036_854_775_807.0), x(1.0)]);
    // Two columns of integers are compared as integers: as floats these two are equal.
    let one = |value: i64| Arc::new(Int64Array::from(vec![value])) as ArrayRef;
    let rows =
        RecordBatch::try_from_iter([("i", one(i64::MAX)), ("j", one(i64::MAX - 1))]).unwrap();
    let text = feature("x_t__v__now", "if(i > j, 1, 0)");
    let derived = plan(&text, &rows).evaluate(std::slice::from_ref(&rows)).unwrap().remove(0);
    assert_eq!(column(&derived, "x_t__v__now"), [x(1.0)]);
}

#[test]
fn functions_do_what_they_say() {
    let x = Some;
    check("abs(a)", [x(1.5), x(2.0), x(0.0), None, None, x(1e308)]);
    check("sign(a)", [x(1.0), x(-1.0), x(0.0), None, None, x(1.0)]);
    check("sign(c)", [None, x(-1.0), x(1.0), x(1.0), None, x(0.0)]);
    check(
        "sqrt(b)",
        [x(0.5_f64.sqrt()), x(2.0), x(0.0), x(1.0), x(2.0_f64.sqrt()), x(10.0_f64.sqrt())],
    );
    check("sqrt(a)", [x(1.5_f64.sqrt()), None, x(0.0), None, None, x(1e154)]);
    check("min(a, b)", [x(0.5), x(-2.0), x(0.0), None, None, x(10.0)]);
    check("max(a, b)", [x(1.5), x(4.0), x(0.0), None, None, x(1e308)]);
    check("min(b, 3, 1.5)", [x(0.5), x(1.5), x(0.0), x(1.0), x(1.5), x(1.5)]);
    check("clip(b, 1, 3)", [x(1.0), x(3.0), x(1.0), x(1.0), x(2.0), x(3.0)]);
    check("clip(a, b, 5)", [x(1.5), x(4.0), x(0.0), None, None, x(5.0)]);
    check("if(up, a, b)", [x(1.5), x(4.0), None, None, x(2.0), x(1e308)]);
    check("if(is_null(a), 1, 0)", [x(0.0), x(0.0), x(0.0), x(1.0), x(1.0), x(0.0)]);
    check("coalesce(a, c, 7)", [x(1.5), x(-2.0), x(0.0), x(2.0), x(7.0), x(1e308)]);
    check("if(if(up, a > 1, b > 1), 1, 0)", [x(1.0), x(1.0), None, None, x(1.0), x(1.0)]);
}

#[test]
fn logarithm_and_exponential_are_those_of_the_reference() {
    // mpmath 1.3: log(1.5), log(0.5), exp(0.5), exp(4) to 20 digits, rounded to nearest.
    check(
        "ln(a)",
        [Some(0.405_465_108_108_164_4), None, None, None, None, Some(709.196_208_642_166_1)],
    );
    let rows = rows();
    let derived =
        plan(&feature("x_t__v__now", "exp(b)"), &rows).evaluate(&[rows]).unwrap().remove(0);
    let found = column(&derived, "x_t__v__now");
    assert_eq!(found[..2], [Some(1.648_721_270_700_128_2), Some(54.598_150_033_144_236)]);
}

#[test]
fn truth_has_three_values() {
    let x = Some;
    let shown = |condition: &str, expected| check(&format!("if({condition}, 1, 0)"), expected);
    // up: true false null true false true; a > 0: true false false null null true.
    shown("up and a > 0", [x(1.0), x(0.0), x(0.0), None, x(0.0), x(1.0)]);
    shown("up or a > 0", [x(1.0), x(0.0), None, x(1.0), None, x(1.0)]);
    shown("not up", [x(0.0), x(1.0), None, x(0.0), x(1.0), x(0.0)]);
    shown("up == (b > 1)", [x(0.0), x(0.0), None, x(0.0), x(0.0), x(1.0)]);
    shown("up != true", [x(0.0), x(1.0), None, x(0.0), x(1.0), x(0.0)]);
    shown("coalesce(up, false)", [x(1.0), x(0.0), x(0.0), x(1.0), x(0.0), x(1.0)]);
    shown("a <= b and b >= 0 and b < 100", [x(0.0), x(1.0), x(1.0), None, None, x(0.0)]);
    // Minus zero equals zero.
    shown("c == 0", [None, x(0.0), x(0.0), x(0.0), None, x(1.0)]);
}

#[test]
fn a_declared_fill_stands_where_the_formula_is_null_and_nowhere_else() {
    let rows = rows();
    let text = "[[derived]]\nname = \"x_t__v__now\"\nunit = \"ratio\"\nnull = { value = -1 }\nexpr = \"a / b\"\n";
    let plan = plan(text, &rows);
    let derived = plan.evaluate(&[rows]).unwrap().remove(0);
    let expected = [Some(3.0), Some(-0.5), Some(-1.0), Some(-1.0), Some(-1.0), Some(1e307)];
    assert_eq!(column(&derived, "x_t__v__now"), expected);
    assert_eq!(plan.schema().field(0).metadata()["hindsight.null_rule"], "value -1.0");
}

#[test]
fn a_feature_may_read_another_that_is_declared_after_it() {
    let rows = rows();
    let text = [
        feature("x_t__third__now", "x_t__second__now + x_t__first__now"),
        feature("x_t__first__now", "b * 2"),
        feature("x_t__second__now", "x_t__first__now * 10"),
    ]
    .concat();
    let derived = plan(&text, &rows).evaluate(&[rows]).unwrap().remove(0);
    let schema = derived.schema();
    let names: Vec<_> = schema.fields().iter().map(|f| f.name().as_str()).collect();
    assert_eq!(names, ["x_t__third__now", "x_t__first__now", "x_t__second__now"]);
    assert_eq!(column(&derived, "x_t__third__now")[..2], [Some(11.0), Some(88.0)]);
}

/// Three desks' decisions at two cut-offs, the second one between the rows of the first.
fn decisions() -> RecordBatch {
    let times = TimestampNanosecondArray::from(vec![10, 20, 10, 10, 20]).with_timezone("UTC");
    RecordBatch::try_from_iter_with_nullable([
        ("ts_cutoff", Arc::new(times) as ArrayRef, true),
        ("desk", Arc::new(StringArray::from(vec!["x", "x", "x", "y", "x"])), true),
        ("r", Arc::new(Float64Array::from(vec![1.0, 5.0, 3.0, 9.0, 7.0])), true),
        ("k", Arc::new(UInt8Array::from(vec![1, 2, 3, 4, 5])), true),
    ])
    .unwrap()
}

const CROSS: &str = r#"
[[derived]]
name = "x_t__rank__now"
unit = "count"
null = "propagate"
rank = { of = "x_t__double__now", stat = "average", by = ["desk"] }

[[derived]]
name = "x_t__double__now"
unit = "ratio"
null = "propagate"
expr = "r * 2"

[[derived]]
name = "x_t__mean__now"
unit = "ratio"
null = { value = 0.0 }
group = { of = "k", stat = "mean", window = "11ns", leave_one_out = true, by = ["desk"] }

[[derived]]
name = "x_t__excess__now"
unit = "ratio"
null = "propagate"
expr = "x_t__mean__now + x_t__rank__now"
"#;

#[test]
fn a_cross_section_stands_between_formulas() {
    let rows = decisions();
    let derived = plan(CROSS, &rows).evaluate(&[rows]).unwrap().remove(0);
    let x = Some;
    assert_eq!(column(&derived, "x_t__rank__now"), [x(1.0), x(1.0), x(2.0), x(1.0), x(2.0)]);
    // Desk x: rows 0 and 2 at 10; rows 1 and 4 at 20 see 1, 3, 2 and 5. Desk y has no other row.
    assert_eq!(column(&derived, "x_t__mean__now"), [x(3.0), x(3.0), x(1.0), x(0.0), x(2.0)]);
    assert_eq!(column(&derived, "x_t__excess__now"), [x(4.0), x(4.0), x(3.0), x(1.0), x(4.0)]);
}

#[test]
fn a_cross_section_spans_batches_and_takes_no_row_from_the_future() {
    let rows = decisions();
    let plan = plan(CROSS, &rows);
    assert!(!plan.is_row_wise());
    let whole = plan.evaluate(std::slice::from_ref(&rows)).unwrap().remove(0);
    let cut = [rows.slice(0, 1), rows.slice(1, 0), rows.slice(1, 4)];
    let parts = plan.evaluate(&cut).unwrap();
    assert_eq!(parts, [whole.slice(0, 1), whole.slice(1, 0), whole.slice(1, 4)]);
    let early = arrow_select::filter::filter_record_batch(
        &rows,
        &BooleanArray::from(vec![true, false, true, true, false]),
    );
    let early = plan.evaluate(&[early.unwrap()]).unwrap().remove(0);
    let expected = arrow_select::filter::filter_record_batch(
        &whole,
        &BooleanArray::from(vec![true, false, true, true, false]),
    );
    assert_eq!(early, expected.unwrap());
}

#[test]
fn no_row_and_no_batch_give_no_row() {
    let rows = decisions();
    let plan = plan(CROSS, &rows);
    assert_eq!(plan.evaluate(&[]).unwrap().len(), 0);
    let none = plan.evaluate(&[rows.slice(0, 0)]).unwrap();
    assert_eq!((none.len(), none[0].num_rows(), none[0].num_columns()), (1, 0, 4));
    let rows = self::rows();
    let literal = self::plan(&feature("x_t__v__now", "if(a > min(b, 1), 2, 3)"), &rows);
    assert_eq!(literal.evaluate(&[rows.slice(0, 0)]).unwrap()[0].num_rows(), 0);
    assert_eq!(literal.evaluate(&[rows.slice(0, 1)]).unwrap()[0].num_rows(), 1);
}

#[test]
fn a_feature_says_what_it_is_and_how_far_it_reaches() {
    use arrow_schema::{DataType, Field, Schema};
    let reach = |name: &str, ns: &str| {
        let metadata = [("hindsight.lookback_ns".to_owned(), ns.to_owned())].into();
        Field::new(name, DataType::Float64, true).with_metadata(metadata)
    };
    let decisions = contract::table("decisions").unwrap().schema(true);
    let confidence = decisions.field_with_name("confidence").unwrap().clone();
    let time = Field::new(
        "ts_cutoff",
        DataType::Timestamp(arrow_schema::TimeUnit::Nanosecond, Some("UTC".into())),
        false,
    );
    let foreign = Field::new("foreign", DataType::Float64, true);
    let schema = Schema::new(vec![
        reach("a__b__1m", "60000000000"),
        reach("a__b__1s", "1000000000"),
        confidence,
        time,
        foreign,
    ]);
    let text = [
        feature("x_t__both__1m", "a__b__1s / a__b__1m"),
        feature("x_t__next__1m", "x_t__both__1m + confidence"),
        feature("x_t__unknown__now", "a__b__1s + foreign"),
        "[[derived]]\nname = \"x_t__rank__1h\"\nunit = \"count\"\nnull = \"propagate\"\nrank = { of = \"x_t__both__1m\", stat = \"share\", window = \"1h\" }\n".to_owned(),
    ]
    .concat();
    let plan = DerivedSpec::parse(&text).unwrap().resolve(&schema).unwrap();
    let lookback = |at: usize| {
        plan.schema().field(at).metadata().get("hindsight.lookback_ns").map(String::as_str)
    };
    assert_eq!(lookback(0), Some("60000000000"));
    assert_eq!(lookback(1), Some("60000000000"));
    assert_eq!(lookback(2), None);
    assert_eq!(lookback(3), Some("3660000000000"));
    let metadata = plan.schema().field(3).metadata();
    assert_eq!(metadata["hindsight.role"], "feature");
    assert_eq!(metadata["hindsight.unit"], "count");
    assert_eq!(
        metadata["hindsight.expression"],
        "rank_share(x_t__both__1m) over (ts_cutoff - 3600000000000 ns)"
    );
    assert_eq!(plan.schema().metadata()["hindsight.derived_hash"], plan.hash().to_string());
    assert_eq!(
        plan.inputs().collect::<Vec<_>>(),
        ["a__b__1m", "a__b__1s", "confidence", "foreign", "ts_cutoff"]
    );
}

#[test]
fn the_hash_changes_with_what_a_feature_is_and_not_with_the_layout() {
    let rows = rows();
    let hash = |text: &str| plan(text, &rows).hash();
    let base = feature("x_t__v__now", "a + b");
    let spaced = base.replace(" = ", "   =\t").replace("[[derived]]", "# why\n[[derived]]\n");
    assert_eq!(hash(&base), hash(&spaced));
    for other in [
        feature("x_t__w__now", "a + b"),
        feature("x_t__v__now", "b + a"),
        base.replace("\"ratio\"", "\"bps\""),
        base.replace("\"propagate\"", "{ value = 0 }"),
        [base.clone(), feature("x_t__w__now", "a")].concat(),
    ] {
        assert_ne!(hash(&base), hash(&other), "{other}");
    }
}

#[test]
fn the_longest_sum_and_the_deepest_nest_fit_the_stack() {
    let rows = rows();
    let sum = vec!["b"; 64].join(" + ");
    let nest = (0..31).fold("b".to_owned(), |inner, _| format!("clip({inner}, 0, 100)"));
    let text = [feature("x_t__sum__now", &sum), feature("x_t__nest__now", &nest)].concat();
    let derived = plan(&text, &rows).evaluate(&[rows]).unwrap().remove(0);
    assert_eq!(column(&derived, "x_t__sum__now")[1], Some(256.0));
    assert_eq!(column(&derived, "x_t__nest__now")[1], Some(4.0));
    assert_eq!(derived.column(0).len(), 6);
}
