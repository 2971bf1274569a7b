//! Old readers and new data, new readers and old data.

use crate::rows::{Cell, Rows};
use contract::arrow_array::{Array, ArrayRef, Float64Array, RecordBatch};
use contract::arrow_schema::{DataType, Field, Schema};
use contract::{
    AnyBatch, Diagnostic, Draft, Origin, RowDigest, TABLES, Table, Trades, admit, meta,
};
use std::sync::Arc;

/// The batch as a program with a later version of the table would write it.
fn later(batch: &RecordBatch, version: &str, reader: Option<&str>) -> RecordBatch {
    let mut metadata = batch.schema().metadata().clone();
    metadata.insert(meta::TABLE.into(), "trades".into());
    metadata.insert(meta::VERSION.into(), version.into());
    metadata.insert(meta::FINGERPRINT.into(), "f00d".into());
    metadata.extend(reader.map(|r| ("hindsight.reader_version".into(), r.into())));
    let mut fields: Vec<_> = batch.schema().fields().iter().cloned().collect();
    let mut columns = batch.columns().to_vec();
    let own = Field::new("luck", DataType::Float64, true)
        .with_metadata([("PARQUET:field_id".to_owned(), "25".to_owned())].into());
    fields.push(Arc::new(own));
    let luck = (0..batch.num_rows()).map(|row| (row % 2 == 0).then_some(row as f64));
    columns.push(Arc::new(luck.collect::<Float64Array>()) as ArrayRef);
    let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
    RecordBatch::try_new(schema, columns).unwrap()
}

fn trades() -> RecordBatch {
    contract::testing::trades("90 3.0 B, 95 1.0 A, 99 2.0 N").into_record_batch()
}

#[test]
fn an_old_program_keeps_new_columns_as_unknown_and_rewrites_them_unchanged() {
    let new = later(&trades(), "2", None);
    let parsed = Draft::<Trades>::parse(&new).unwrap();
    let unknown: Vec<&str> = parsed.as_any().unknown().map(|(f, _)| f.name().as_str()).collect();
    assert_eq!(unknown, ["luck"]);
    let rewritten = parsed.clone().into_record_batch();
    assert_eq!(rewritten.column_by_name("luck"), new.column_by_name("luck"));
    let (theirs, ours) = (new.schema(), rewritten.schema());
    assert_eq!(ours.field_with_name("luck").unwrap(), theirs.field_with_name("luck").unwrap());
    assert_eq!(ours.metadata()[meta::VERSION], "2");
    assert_eq!(ours.metadata()[meta::FINGERPRINT], "f00d");
    // A value that this program does not understand counts in the digest all the same.
    assert_ne!(RowDigest::of(&parsed), RowDigest::of(&Draft::<Trades>::parse(&trades()).unwrap()));
}

#[test]
fn unknown_columns_stay_beside_their_rows_when_others_are_refused() {
    let rows = Rows::plain(Trades::SPEC);
    let bad = rows.clone().with(&[("px", Cell::Null)]);
    let new = later(&bad.and(&rows.clone()).and(&rows).batch(), "2", None);
    let found = admit::<Trades>(&new, &Origin::new("feeds", "a")).unwrap();
    assert_eq!((found.good.len(), found.rejects.len()), (2, 1));
    let luck = found.good.into_record_batch().column_by_name("luck").unwrap().clone();
    let expected: ArrayRef = Arc::new(Float64Array::from(vec![None, Some(2.0)]));
    assert_eq!(&luck, &expected);
}

#[test]
fn a_new_program_sees_nulls_where_old_data_lacks_a_column() {
    for spec in TABLES {
        // The oldest data there can be: required columns alone.
        let rows = Rows::plain(spec);
        let batch = rows.batch();
        let required: Vec<usize> = spec
            .columns
            .iter()
            .enumerate()
            .filter(|(_, c)| !c.nullable)
            .map(|(at, _)| at)
            .collect();
        let parsed = AnyBatch::parse(spec, &batch.project(&required).unwrap()).unwrap();
        for (column, array) in parsed.columns() {
            let nulls = usize::from(column.nullable);
            assert_eq!(array.null_count(), nulls, "{}.{}", spec.name, column.name);
            assert_eq!(*array.data_type(), column.ty.data_type(0));
        }
    }
}

#[test]
fn a_reader_behind_a_breaking_version_names_both_versions() {
    let message = |version, reader| {
        let error = Draft::<Trades>::parse(&later(&trades(), version, reader)).unwrap_err();
        assert_eq!(error.code(), "contract/unsupported-version");
        error.to_string()
    };
    let expected = "trades: expected schema version 1 or an additive successor, found version `3`";
    assert_eq!(message("3", Some("2")), expected);
    // What cannot be understood is refused, not guessed.
    let expected = "trades: expected schema version 1 or an additive successor, found version `0`";
    assert_eq!(message("0", None), expected);
    let expected =
        "trades: expected schema version 1 or an additive successor, found version `two`";
    assert_eq!(message("two", None), expected);
    let expected = "trades: expected schema version 1 or an additive successor, found version `2`";
    assert_eq!(message("2", Some("soon")), expected);
}

#[test]
fn an_additive_successor_says_that_version_one_can_read_it() {
    let new = later(&trades(), "3", Some("1"));
    assert_eq!(Draft::<Trades>::parse(&new).unwrap().len(), 3);
}
