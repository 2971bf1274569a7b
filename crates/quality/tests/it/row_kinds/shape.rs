//! Kinds that look at columns: their types, and the reasons of their nulls.

use super::given::{counts, judge, verdict};
use crate::support::{broken, one};
use arrow_array::{
    ArrayRef, FixedSizeBinaryArray, Float64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray, TimestampNanosecondArray, UInt64Array,
};
use arrow_schema::{Field, Schema};
use contract::testing::trades;
use contract::{Draft, Features, Table};
use quality::{Context, Verdict};
use std::sync::Arc;

fn tape() -> RecordBatch {
    trades("1 1 B, 2 1 A, 3 1 N").with_seq(0).into_record_batch()
}

/// The tape with one field changed, and its array where another is given.
fn with(name: &str, array: Option<ArrayRef>, change: impl Fn(Field) -> Field) -> RecordBatch {
    let tape = tape();
    let schema = tape.schema();
    let mut arrays = tape.columns().to_vec();
    let at = schema.index_of(name).unwrap();
    let mut fields: Vec<Field> = schema.fields().iter().map(|f| f.as_ref().clone()).collect();
    fields[at] = change(fields[at].clone());
    if let Some(array) = array {
        fields[at] = fields[at].clone().with_data_type(array.data_type().clone());
        arrays[at] = array;
    }
    let schema = Schema::new_with_metadata(fields, schema.metadata().clone());
    RecordBatch::try_new(Arc::new(schema), arrays).unwrap()
}

/// What is named for a batch whose every row is a violation.
fn difference(batch: &RecordBatch) -> String {
    let (rows, report) = judge("trades", "schema", "", batch, &Context::new());
    assert_eq!(rows, [0, 1, 2]);
    report.findings()[0].detail().unwrap().to_string()
}

#[test]
fn a_table_as_the_contract_writes_it_has_its_schema() {
    let (rows, report) = judge("trades", "schema", "", &tape(), &Context::new());
    assert_eq!((rows.len(), verdict(&report)), (0, &Verdict::Pass));
    assert_eq!(counts(&report), (3, 0));
}

#[test]
fn another_type_unit_zone_nullability_or_metadata_makes_every_row_a_violation() {
    let same = |field: Field| field;
    let micros: ArrayRef =
        Arc::new(TimestampMicrosecondArray::from(vec![1, 2, 3]).with_timezone("UTC"));
    assert!(difference(&with("ts_avail", Some(micros), same)).contains("Timestamp"));
    let local: ArrayRef = Arc::new(TimestampNanosecondArray::from(vec![1, 2, 3]));
    assert!(difference(&with("ts_avail", Some(local), same)).contains("ts_avail"));
    let other_zone: ArrayRef =
        Arc::new(TimestampNanosecondArray::from(vec![1, 2, 3]).with_timezone("+00:00"));
    assert!(difference(&with("ts_avail", Some(other_zone), same)).contains("+00:00"));
    let float: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0]));
    assert!(difference(&with("px", Some(float), same)).contains("px"));
    let nullable = |field: Field| field.with_nullable(true);
    assert_eq!(
        difference(&with("px", None, nullable)),
        r#"{"differences":["trades.px: expected not nullable, found nullable"]}"#
    );
    let unit = |field: Field| {
        let mut metadata = field.metadata().clone();
        metadata.insert("hindsight.unit".to_owned(), "count".to_owned());
        field.with_metadata(metadata)
    };
    assert_eq!(
        difference(&with("size", None, unit)),
        r#"{"differences":["trades.size: expected hindsight.unit `instrument_units`, found `count`"]}"#
    );
    let bare = |field: Field| field.with_metadata([].into());
    assert!(difference(&with("px", None, bare)).contains("found `nothing`"));
}

#[test]
fn a_required_column_must_be_there_and_a_nullable_or_foreign_one_need_not() {
    let tape = tape();
    let without = |name: &str| {
        let keep: Vec<usize> =
            (0..tape.num_columns()).filter(|at| tape.schema().field(*at).name() != name).collect();
        tape.project(&keep).unwrap()
    };
    assert!(difference(&without("size")).contains("size"));
    let passes =
        |batch: &RecordBatch| judge("trades", "schema", "", batch, &Context::new()).0.is_empty();
    assert!(passes(&without("trade_id")));
    let mut fields: Vec<Field> =
        tape.schema().fields().iter().map(|f| f.as_ref().clone()).collect();
    fields.push(Field::new("x_note", arrow_schema::DataType::Utf8, true));
    let mut arrays = tape.columns().to_vec();
    arrays.push(Arc::new(StringArray::from(vec!["a", "b", "c"])));
    let schema = Schema::new_with_metadata(fields, tape.schema().metadata().clone());
    assert!(passes(&RecordBatch::try_new(Arc::new(schema), arrays).unwrap()));
}

#[test]
fn one_bad_batch_among_good_ones_is_found() {
    let rules = one("trades", "schema", "");
    let later = |first: u64| {
        let tape = with("px", None, |field| field.with_nullable(first == 10));
        let mut arrays = tape.columns().to_vec();
        arrays[0] = Arc::new(UInt64Array::from(vec![first, first + 1, first + 2]));
        RecordBatch::try_new(tape.schema(), arrays).unwrap()
    };
    let (rows, report) = broken(&rules, &[later(0), later(10), later(20)], &Context::new());
    assert_eq!(rows, [10, 11, 12]);
    assert_eq!(counts(&report), (9, 3));
}

/// Rows of three features; each row from its values and reasons.
fn features(rows: &[([Option<f64>; 3], [u8; 3])]) -> RecordBatch {
    let empty = Draft::<Features>::empty().into_record_batch();
    let mut fields: Vec<Field> = Vec::new();
    let mut arrays: Vec<ArrayRef> = Vec::new();
    for (spec, field) in Features::SPEC.columns.iter().zip(empty.schema().fields()) {
        let array: ArrayRef = match spec.name {
            "decision_id" => Arc::new(
                FixedSizeBinaryArray::try_from_iter((0_u8..).take(rows.len()).map(|n| [n; 16]))
                    .unwrap(),
            ),
            "strategy_id" => Arc::new(
                rows.iter()
                    .map(|_| Some("s"))
                    .collect::<arrow_array::DictionaryArray<arrow_array::types::Int32Type>>(),
            ),
            "ts_cutoff" => {
                Arc::new(TimestampNanosecondArray::from(vec![9; rows.len()]).with_timezone("UTC"))
            }
            "revision" => Arc::new(arrow_array::UInt16Array::from(vec![0; rows.len()])),
            "seq" => {
                Arc::new(UInt64Array::from_iter_values((0_u64..).take(rows.len()).map(|n| n + 100)))
            }
            "src_rows" => Arc::new(UInt64Array::from(vec![5; rows.len()])),
            "null_reasons" => {
                Arc::new(FixedSizeBinaryArray::try_from_iter(rows.iter().map(|(_, r)| r)).unwrap())
            }
            _ => arrow_array::new_null_array(field.data_type(), rows.len()),
        };
        fields.push(spec.field(3));
        arrays.push(array);
    }
    for (at, name) in ["a__x__1m", "a__y__1m", "b__z"].into_iter().enumerate() {
        fields.push(Field::new(name, arrow_schema::DataType::Float64, true));
        arrays.push(Arc::new(rows.iter().map(|(v, _)| v[at]).collect::<Float64Array>()));
    }
    let schema = Schema::new_with_metadata(fields, Features::SPEC.metadata());
    RecordBatch::try_new(Arc::new(schema), arrays).unwrap()
}

#[test]
fn a_null_needs_a_reason_and_a_value_must_not_have_one() {
    let batch = features(&[
        ([Some(1.0), None, Some(3.0)], [0, 6, 0]),
        ([Some(1.0), None, Some(3.0)], [0, 0, 0]), // a null without a reason
        ([Some(1.0), Some(2.0), Some(3.0)], [0, 0, 4]), // a reason on a value
        ([None, None, None], [1, 2, 3]),
        ([None, None, None], [0, 2, 0]),
    ]);
    let (rows, report) = judge("features", "null_reason", "", &batch, &Context::new());
    assert_eq!(rows, [101, 102, 104]);
    assert_eq!(counts(&report), (5, 3));
    let detail = report.findings()[0].detail().unwrap().to_string();
    assert_eq!(detail, r#"{"a__x__1m":1,"a__y__1m":1,"b__z":2}"#);
    let named = "columns = [\"b__z\"]";
    assert_eq!(judge("features", "null_reason", named, &batch, &Context::new()).0, [102, 104]);
    let (_, report) =
        judge("features", "null_reason", "columns = [\"b__w\"]", &batch, &Context::new());
    assert_eq!(verdict(&report).to_string(), "not_evaluated (no column `b__w`)");
}

#[test]
fn a_table_of_features_has_its_schema_whatever_the_features() {
    let batch = features(&[([Some(1.0), None, Some(3.0)], [0, 6, 0])]);
    let (rows, report) = judge("features", "schema", "", &batch, &Context::new());
    assert!(rows.is_empty(), "{:?}", report.findings()[0].detail());
    // A feature fewer than the reasons have bytes.
    let keep: Vec<usize> = (0..batch.num_columns() - 1).collect();
    let (rows, _) =
        judge("features", "schema", "", &batch.project(&keep).unwrap(), &Context::new());
    assert_eq!(rows, [100]);
}
