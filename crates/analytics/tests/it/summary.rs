//! Statistics and correlations of a table.

use crate::golden::{assert_close, floats, read};
use analytics::{ERRORS, Statistics, SummaryError};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, UInt64Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, DictionaryArray, Float64Array, RecordBatch,
    StringArray, TimestampNanosecondArray, UInt64Array,
};
use arrow_schema::{DataType, Field, Schema};
use contract::Diagnostic;
use serde_json::Value;
use std::sync::Arc;

fn golden() -> (RecordBatch, Value) {
    let golden = read("summary.json");
    let split = golden["split"].as_array().unwrap().iter().map(Value::as_str);
    let mut columns =
        vec![("split".to_owned(), Arc::new(split.collect::<StringArray>()) as ArrayRef)];
    for pair in golden["columns"].as_array().unwrap() {
        let name = pair[0].as_str().unwrap().to_owned();
        columns.push((name, Arc::new(Float64Array::from(floats(&pair[1])))));
    }
    (
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true)))
            .unwrap(),
        golden,
    )
}

fn statistics(batches: &[RecordBatch]) -> Statistics {
    let mut statistics = Statistics::new(&batches[0].schema()).unwrap();
    for batch in batches {
        statistics.push(batch).unwrap();
    }
    statistics
}

fn float(table: &RecordBatch, column: &str, row: usize) -> Option<f64> {
    let values = table.column_by_name(column).unwrap().as_primitive::<Float64Type>();
    values.is_valid(row).then(|| values.value(row))
}

fn whole(table: &RecordBatch, column: &str, row: usize) -> Option<u64> {
    let values = table.column_by_name(column).unwrap().as_primitive::<UInt64Type>();
    values.is_valid(row).then(|| values.value(row))
}

fn text<'t>(table: &'t RecordBatch, column: &str, row: usize) -> Option<&'t str> {
    let values = table.column_by_name(column).unwrap().as_string::<i32>();
    values.is_valid(row).then(|| values.value(row))
}

fn row_of(table: &RecordBatch, keys: &[(&str, Option<&str>)]) -> usize {
    let is = |row: &usize| keys.iter().all(|(column, value)| text(table, column, *row) == *value);
    (0..table.num_rows()).find(is).unwrap()
}

#[test]
fn every_statistic_is_that_of_pandas_and_numpy_in_every_split() {
    let (rows, golden) = golden();
    let summary = statistics(&[rows]).summary().unwrap();
    let expected = golden["summary"].as_array().unwrap();
    // One row a column more than the oracle has: that of `split` itself, over all rows and in three splits.
    assert_eq!(summary.num_rows(), expected.len() + 4);
    for expected in expected {
        let (split, column) = (expected["split"].as_str(), expected["column"].as_str());
        let row = row_of(&summary, &[("split", split), ("column", column)]);
        let about = |name: &str| format!("{split:?} {column:?} {name}");
        for name in ["mean", "std", "min", "p01", "p25", "median", "p75", "p99", "max"] {
            let found = float(&summary, name, row);
            // The mean of values around zero cancels: measured by their spread.
            let spread = float(&summary, "std", row).unwrap_or(0.0);
            if let (Some(f), Some(e)) = (found, expected[name].as_f64())
                && (f - e).abs() <= 1e-14 * spread
            {
                continue;
            }
            assert_close(found, expected[name].as_f64(), &about(name));
        }
        for name in ["count", "n_unique"] {
            assert_eq!(whole(&summary, name, row), expected[name].as_u64(), "{}", about(name));
        }
    }
}

#[test]
fn every_correlation_is_that_of_numpy_and_scipy_in_every_split() {
    let (rows, golden) = golden();
    let pairs = statistics(&[rows]).correlation(&[]).unwrap();
    let expected = golden["correlation"].as_array().unwrap();
    assert_eq!(pairs.num_rows(), expected.len());
    for (row, expected) in expected.iter().enumerate() {
        let about = format!("{expected}");
        for key in ["split", "column_a", "column_b"] {
            assert_eq!(text(&pairs, key, row), expected[key].as_str(), "{about}");
        }
        assert_eq!(whole(&pairs, "n", row), expected["n"].as_u64(), "{about}");
        for name in ["pearson", "spearman"] {
            let (found, expected) = (float(&pairs, name, row), expected[name].as_f64());
            match (found, expected) {
                (Some(f), Some(e)) => assert!((f - e).abs() < 1e-12, "{about}: found {f}"),
                (found, expected) => assert_eq!(found, expected, "{about}"),
            }
        }
    }
}

#[test]
fn the_cut_into_batches_and_the_order_of_rows_move_no_bit_of_a_summary() {
    let (rows, _) = golden();
    let whole = statistics(std::slice::from_ref(&rows)).summary().unwrap();
    let cuts = [rows.slice(0, 1), rows.slice(1, 0), rows.slice(1, 100), rows.slice(101, 110)];
    assert_eq!(statistics(&cuts).summary().unwrap(), whole);
    let backwards = [cuts[3].clone(), cuts[2].clone(), cuts[0].clone()];
    assert_eq!(statistics(&backwards).summary().unwrap(), whole);
}

#[test]
fn columns_that_are_no_numbers_have_counts_alone() {
    let words: DictionaryArray<Int32Type> = [Some("a"), None, Some("a")].into_iter().collect();
    let truth = BooleanArray::from(vec![Some(true), Some(false), None]);
    let times = TimestampNanosecondArray::from(vec![5, 5, 6]).with_timezone("UTC");
    let rows = RecordBatch::try_from_iter_with_nullable([
        ("word", Arc::new(words) as ArrayRef, true),
        ("truth", Arc::new(truth), true),
        ("time", Arc::new(times), true),
    ]);
    let summary = statistics(&[rows.unwrap()]).summary().unwrap();
    for (row, (count, nulls, n_unique)) in [(2, 1, 1), (2, 1, 2), (3, 0, 2)].into_iter().enumerate()
    {
        assert_eq!(whole(&summary, "count", row), Some(count));
        assert_eq!(whole(&summary, "nulls", row), Some(nulls));
        assert_eq!(whole(&summary, "n_unique", row), Some(n_unique));
        assert_eq!((float(&summary, "mean", row), float(&summary, "max", row)), (None, None));
    }
}

#[test]
fn whole_numbers_and_decimals_are_distinct_as_they_are_and_floats_otherwise() {
    let large = UInt64Array::from(vec![Some(u64::MAX), Some(u64::MAX - 1), None]);
    let money = Decimal128Array::from(vec![Some(1_500_000_000), Some(-500_000_000), Some(0)]);
    let money = money.with_precision_and_scale(38, 9).unwrap();
    let rows = RecordBatch::try_from_iter_with_nullable([
        ("seq", Arc::new(large) as ArrayRef, true),
        ("pnl", Arc::new(money), true),
    ]);
    let summary = statistics(&[rows.unwrap()]).summary().unwrap();
    // Both are 2^64 as floats, and still two values.
    assert_eq!(
        (whole(&summary, "n_unique", 0), float(&summary, "max", 0)),
        (Some(2), Some(2.0_f64.powi(64)))
    );
    assert_eq!(
        (float(&summary, "mean", 1), float(&summary, "min", 1)),
        (Some(1.0 / 3.0), Some(-0.5))
    );
    assert_eq!(text(&summary, "dtype", 1), Some("Decimal128(38, 9)"));
}

#[test]
fn a_value_that_is_not_finite_is_counted_apart_and_used_nowhere() {
    let values = Float64Array::from(vec![
        Some(f64::NAN),
        None,
        Some(f64::INFINITY),
        Some(2.0),
        Some(-0.0),
        Some(0.0),
    ]);
    let other = Float64Array::from(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let rows = RecordBatch::try_from_iter_with_nullable([
        ("x", Arc::new(values) as ArrayRef, true),
        ("y", Arc::new(other), true),
    ]);
    let statistics = statistics(&[rows.unwrap()]);
    let summary = statistics.summary().unwrap();
    let counts = ["count", "nulls", "not_finite", "n_unique"].map(|name| whole(&summary, name, 0));
    assert_eq!(counts, [Some(3), Some(1), Some(2), Some(2)]);
    assert_eq!(
        (float(&summary, "mean", 0), float(&summary, "max", 0)),
        (Some(2.0 / 3.0), Some(2.0))
    );
    assert_eq!(whole(&statistics.correlation(&[]).unwrap(), "n", 0), Some(3));
}

#[test]
fn a_table_without_rows_has_a_summary_of_nothing() {
    let schema = Arc::new(Schema::new(vec![
        Field::new("a", DataType::Float64, true),
        Field::new("b", DataType::Int64, true),
    ]));
    let statistics = Statistics::new(&schema).unwrap();
    let summary = statistics.summary().unwrap();
    assert_eq!((whole(&summary, "count", 0), float(&summary, "mean", 0)), (Some(0), None));
    let pairs = statistics.correlation(&["a", "b"]).unwrap();
    assert_eq!((whole(&pairs, "n", 0), float(&pairs, "pearson", 0)), (Some(0), None));
}

#[test]
fn what_cannot_be_summed_up_is_refused_with_a_code() {
    let (rows, _) = golden();
    let mut statistics = statistics(std::slice::from_ref(&rows));
    let before = statistics.summary().unwrap();
    let fewer = rows.project(&[0, 1]).unwrap();
    let bad = Arc::new(Schema::new(vec![Field::new("split", DataType::Float64, true)]));
    for (found, expected) in [
        (
            statistics.push(&fewer).err(),
            SummaryError::Rows {
                column: 2,
                expected: "offset Float64".into(),
                found: "none".into(),
            },
        ),
        (Statistics::new(&bad).err(), SummaryError::Split { found: "Float64".into() }),
        (
            statistics.correlation(&["nose"]).err(),
            SummaryError::UnknownColumn {
                column: "nose".into(),
                near: vec!["noise".into(), "one".into()],
            },
        ),
        (
            statistics.correlation(&["split"]).err(),
            SummaryError::NotNumber { column: "split".into(), found: "Utf8".into() },
        ),
    ] {
        assert!(ERRORS.contains(&format!("\n## {}\n", expected.code())));
        assert_eq!(found, Some(expected));
    }
    assert_eq!(statistics.summary().unwrap(), before, "a refused batch was counted");
}
