//! Declarations that are refused, each with its place and its code.

use analytics::{DerivedError, DerivedSpec, ERRORS, Place};
use arrow_array::{ArrayRef, Float64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use contract::{Diagnostic, TABLES};
use std::sync::Arc;

fn schema() -> Schema {
    let role = |role: &str| [("hindsight.role".to_owned(), role.to_owned())].into();
    let marked = [("hindsight.causality".to_owned(), "hindsight".to_owned())].into();
    let float = |name: &str| Field::new(name, DataType::Float64, true);
    let time = DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()));
    Schema::new(vec![
        float("flow__imbalance__1m"),
        float("vol__rv__1m"),
        Field::new("seq", DataType::UInt64, false),
        Field::new("ts_cutoff", time, false),
        Field::new("strategy_id", DataType::Utf8, false),
        Field::new("is_up", DataType::Boolean, true),
        float("label__grade"),
        float("weight__total"),
        float("meta__quality_score"),
        float("outcome").with_metadata(marked),
        float("target").with_metadata(role("label")),
        float("share").with_metadata(role("weight")),
    ])
}

fn one(name: &str, rest: &str) -> String {
    format!("[[derived]]\nname = \"{name}\"\nunit = \"ratio\"\nnull = \"propagate\"\n{rest}\n")
}

fn expr(expr: &str) -> String {
    one("x_t__v__now", &format!("expr = \"{expr}\""))
}

/// The message with place and code of the refusal.
fn refusal(text: &str) -> String {
    let error = DerivedSpec::parse(text).and_then(|spec| spec.resolve(&schema())).unwrap_err();
    let code = error.code();
    assert!(ERRORS.contains(&format!("\n## {code}\n")), "{code} is not explained");
    let place =
        error.place().map_or(String::new(), |Place { line, column }| format!("{line}:{column} "));
    let help = error.help().map_or(String::new(), |help| format!(" ({help})"));
    format!("{place}{code}: {error}{help}")
}

#[test]
fn what_needs_the_future_is_refused_however_it_is_marked() {
    for (column, why) in [
        ("label__grade", "which is marked"),
        ("outcome", "which is marked `hindsight`"),
        ("target", "which has the role `label`"),
        ("share", "which has the role `weight`"),
        ("weight__total", "whose name begins with `weight__`"),
        ("meta__quality_score", "whose name begins with `meta__`"),
    ] {
        let why = if column == "label__grade" { "whose name begins with `label__`" } else { why };
        let message = format!(
            "5:13 analytics/derived-hindsight-column: derived feature `x_t__v__now`: expected a column known at the \
             decision, found `{column}`, {why}"
        );
        assert_eq!(refusal(&expr(&format!("1 + {column}"))), message);
        // In a cross-section too, as value and as key.
        let rank = one("x_t__v__now", &format!("rank = {{ of = \"{column}\", stat = \"share\" }}"));
        assert!(refusal(&rank).contains("analytics/derived-hindsight-column"), "{column}");
        let rank = one(
            "x_t__v__now",
            &format!("rank = {{ of = \"vol__rv__1m\", stat = \"share\", by = [\"{column}\"] }}"),
        );
        assert!(refusal(&rank).contains("analytics/derived-hindsight-column"), "{column}");
    }
}

#[test]
fn no_table_of_outcomes_is_an_input() {
    let spec = DerivedSpec::parse(&expr("1")).unwrap();
    let mut refused = Vec::new();
    for table in TABLES {
        if let Err(error) = spec.resolve(&table.schema(true)) {
            assert_eq!(error, DerivedError::HindsightTable { table: table.name.to_owned() });
            assert_eq!(error.code(), "analytics/derived-hindsight-table");
            refused.push(table.name);
        }
    }
    for name in ["outcomes", "labels", "markouts", "label_weights"] {
        assert!(refused.contains(&name), "{name} in {refused:?}");
    }
    assert!(!refused.contains(&"features") && !refused.contains(&"decisions"), "{refused:?}");
}

#[test]
fn a_mistake_is_told_with_its_place_its_code_and_the_nearest_names() {
    let clip = "analytics/derived-unknown-function: derived feature `x_t__v__now`: no function `clp` (near names: clip, exp)";
    for (text, expected) in [
        (
            expr("flow__imbalance__1m / vol__rv__1n"),
            "5:31 analytics/derived-unknown-column: derived feature `x_t__v__now`: no column `vol__rv__1n` (near names: vol__rv__1m)".to_owned(),
        ),
        // Columns that need the future are not proposed.
        (expr("label__grad"), "5:9 analytics/derived-unknown-column: derived feature `x_t__v__now`: no column `label__grad`".to_owned()),
        (expr("clp(vol__rv__1m, 0, 1)"), format!("5:9 {clip}")),
        (
            expr("min(vol__rv__1m)"),
            "5:9 analytics/derived-arguments: derived feature `x_t__v__now`: `min` takes 2 or more arguments, found 1".to_owned(),
        ),
        (
            expr("vol__rv__1m +"),
            "5:22 analytics/derived-expression: derived feature `x_t__v__now`: expected a column, a number, a function or `(`, found the end".to_owned(),
        ),
        (
            expr("1 + is_up"),
            "5:13 analytics/derived-type: derived feature `x_t__v__now`: `+` takes a number, found Boolean".to_owned(),
        ),
        (
            expr("if(vol__rv__1m, 1, 0)"),
            "5:12 analytics/derived-type: derived feature `x_t__v__now`: `if`, condition takes Boolean, found Float64".to_owned(),
        ),
        (
            expr("if(is_up, 1, is_up)"),
            "5:22 analytics/derived-type: derived feature `x_t__v__now`: `if` takes a number like the first, found Boolean".to_owned(),
        ),
        (
            expr("vol__rv__1m > 1"),
            "5:9 analytics/derived-type: derived feature `x_t__v__now`: a feature takes a number, such as `if(.., 1, 0)`, found Boolean".to_owned(),
        ),
        (
            expr("seq + 1"),
            "5:9 analytics/derived-column-type: derived feature `x_t__v__now`: expected `seq` to be Float64, Boolean or an integer of at most 63 bits, found `UInt64`".to_owned(),
        ),
        (
            one("x_t__v__now", "rank = { of = \"strategy_id\", stat = \"share\" }"),
            "2:8 analytics/derived-column-type: derived feature `x_t__v__now`: expected `strategy_id` to be Float64, Boolean or an integer of at most 63 bits, found `Utf8`".to_owned(),
        ),
        (
            one("Flow__x__1m", "expr = \"1\""),
            "2:8 analytics/derived-name: name: expected `<family>__<measure>__<window>` in lower case, found `Flow__x__1m`".to_owned(),
        ),
        (
            one("vol__rv__1m", "expr = \"1\""),
            "2:8 analytics/derived-duplicate: derived feature `vol__rv__1m`: expected a new name, found it as a column of the table".to_owned(),
        ),
        (
            [expr("1"), expr("2")].concat(),
            "7:8 analytics/derived-duplicate: derived feature `x_t__v__now`: expected a new name, found it declared twice".to_owned(),
        ),
        (
            one("x_t__v__now", "rank = { of = \"vol__rv__1m\", stat = \"best\" }"),
            "5:37 analytics/derived-value: stat: expected one of average, share, found `best`".to_owned(),
        ),
        (
            one("x_t__v__now", "group = { of = \"vol__rv__1m\", stat = \"z\", window = \"soon\" }"),
            "5:52 analytics/derived-value: window: expected a duration such as `0s`, `100ms` or `5m`, found `soon`".to_owned(),
        ),
        (
            one("x_t__v__now", ""),
            "1:1 analytics/derived-value: derived: expected one of expr, rank and group, found none".to_owned(),
        ),
        (
            expr("1").replace("\"ratio\"", "\"ratios\""),
            "3:8 analytics/derived-value: unit: expected a unit of the contract (is it `ratio`?), found `ratios`".to_owned(),
        ),
        (
            expr("1").replace("\"propagate\"", "\"zero\""),
            "4:8 analytics/derived-value: null: expected \"propagate\" or { value = <finite number> }, found `\"zero\"`".to_owned(),
        ),
        (
            expr("1").replace("\"propagate\"", "{ value = nan }"),
            "4:8 analytics/derived-value: null: expected \"propagate\" or { value = <finite number> }, found `{ value = nan }`".to_owned(),
        ),
        (
            expr(&"(".repeat(70)),
            "5:73 analytics/derived-too-big: derived feature `x_t__v__now`: expected at most 64 levels".to_owned(),
        ),
    ] {
        assert_eq!(refusal(&text), expected, "{text}");
    }
}

#[test]
fn a_declaration_that_is_no_toml_of_this_form_is_refused_with_its_place() {
    for (text, place) in [
        ("[[derived]]\nname = ", "2:8 "),
        ("[[derived]]\nunit = \"ratio\"\nnull = \"propagate\"\nexpr = \"1\"\n", "1:1 "),
        (
            "[[derived]]\nname = \"x_t__v__now\"\nunit = \"ratio\"\nnull = \"propagate\"\nexpr = \"1\"\nwhy = 1\n",
            "6:1 ",
        ),
    ] {
        let found = refusal(text);
        assert!(found.starts_with(&format!("{place}analytics/derived-declaration: ")), "{found}");
    }
}

#[test]
fn a_circle_is_named() {
    let text = [
        one("x_t__a__now", "expr = \"vol__rv__1m + x_t__b__now\""),
        one("x_t__b__now", "expr = \"x_t__c__now * 2\""),
        one("x_t__c__now", "rank = { of = \"x_t__b__now\", stat = \"share\" }"),
    ]
    .concat();
    assert_eq!(
        refusal(&text),
        "7:8 analytics/derived-cycle: derived features: expected no cycle, found x_t__b__now -> x_t__c__now -> x_t__b__now"
    );
    let own = refusal(&expr("x_t__v__now + 1"));
    assert!(own.ends_with("found x_t__v__now -> x_t__v__now"), "{own}");
}

#[test]
fn rows_of_another_table_are_refused() {
    let plan = DerivedSpec::parse(&expr("vol__rv__1m")).unwrap().resolve(&schema()).unwrap();
    let column: ArrayRef = Arc::new(Float64Array::from(vec![1.0]));
    let other = RecordBatch::try_from_iter([("vol__rv__5m", Arc::clone(&column))]).unwrap();
    let error = plan.evaluate(&[other]).unwrap_err();
    assert_eq!(error.code(), "analytics/derived-rows");
    assert_eq!(error.to_string(), "batch 0: expected `vol__rv__1m Float64`, found none");
    let narrow: ArrayRef = Arc::new(arrow_array::Float32Array::from(vec![1.0]));
    let other = RecordBatch::try_from_iter([("vol__rv__1m", narrow)]).unwrap();
    let error = plan.evaluate(&[other]).unwrap_err();
    assert_eq!(error.to_string(), "batch 0: expected `vol__rv__1m Float64`, found `Float32`");
}

#[test]
fn a_row_without_a_cutoff_has_no_cross_section() {
    let text = one("x_t__v__now", "rank = { of = \"vol__rv__1m\", stat = \"share\" }");
    let plan = DerivedSpec::parse(&text).unwrap().resolve(&schema()).unwrap();
    let column: ArrayRef = Arc::new(Float64Array::from(vec![1.0]));
    let times = arrow_array::TimestampNanosecondArray::from(vec![None::<i64>]).with_timezone("UTC");
    let rows = [("vol__rv__1m", column), ("ts_cutoff", Arc::new(times) as ArrayRef)];
    let error = plan.evaluate(&[RecordBatch::try_from_iter(rows).unwrap()]).unwrap_err();
    assert_eq!(error.code(), "analytics/cross-null-cutoff");
    assert_eq!(
        error.to_string(),
        "derived feature `x_t__v__now`: ts_cutoff, row 0: expected an instant, found null"
    );
}
