//! Every type of the contract there and back, and which buffers are shared.

use crate::sample::{self, Nulls};
use analytics::{Route, route, to_arrow, to_polars, to_polars_chunked};
use arrow_array::builder::StringDictionaryBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, DictionaryArray, Float64Array, Int32Array, Int64Array, RecordBatch,
    StringArray,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use contract::TABLES;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Under Miri one table a type is enough: it runs some hundred times slower.
fn tables() -> Vec<SchemaRef> {
    if cfg!(miri) {
        return vec![Arc::new(Schema::new(every_type()))];
    }
    TABLES.iter().map(|table| Arc::new(table.schema(true))).collect()
}

/// One nullable column a type: those of every column of the contract, packed columns with 7 bytes instead of 0, and the
/// others that have a route.
fn every_type() -> Vec<Field> {
    let mut types = BTreeMap::new();
    // Decisions alone have nearly all of them, which is enough under Miri.
    let decisions = [contract::table("decisions").unwrap()];
    let tables = if cfg!(miri) { decisions.as_slice() } else { TABLES };
    for column in tables.iter().flat_map(|table| table.columns) {
        let ty = column.ty.data_type(7);
        types.entry(ty.to_string()).or_insert(ty);
    }
    let item = |ty| Arc::new(Field::new("item", ty, true));
    let words = DataType::Dictionary(DataType::Int32.into(), DataType::Utf8.into());
    let nested = vec![
        Field::new("text", DataType::Utf8, true),
        Field::new("ids", DataType::List(item(DataType::FixedSizeBinary(16))), true),
        Field::new("word", words, true),
    ];
    for ty in [
        DataType::Int16,
        DataType::Float32,
        DataType::Utf8View,
        DataType::BinaryView,
        DataType::LargeUtf8,
        DataType::LargeBinary,
        DataType::LargeList(item(DataType::Float64)),
        DataType::LargeList(item(DataType::Utf8)),
        DataType::Struct(vec![Field::new("px", DataType::Int64, true)].into()),
        DataType::List(item(DataType::Struct(nested.into()))),
    ] {
        types.entry(ty.to_string()).or_insert(ty);
    }
    let fields = types.into_iter().enumerate();
    fields.map(|(n, (_, ty))| Field::new(format!("column_{n}"), ty, true)).collect()
}

/// Under Miri the pattern alone that has both values and nulls.
fn patterns() -> &'static [Nulls] {
    if cfg!(miri) { &[Nulls::Some] } else { &[Nulls::None, Nulls::Some, Nulls::All] }
}

#[track_caller]
fn there_and_back(batch: &RecordBatch, about: &str) {
    let frame = to_polars(batch).unwrap();
    assert_eq!(frame.height(), batch.num_rows(), "{about}");
    let back = to_arrow(&frame, Some(&batch.schema())).unwrap();
    // Types, nulls and values; names and metadata come from the schema.
    assert_eq!(back, std::slice::from_ref(batch), "{about}");
    assert_eq!(back[0].schema(), batch.schema(), "{about}");
}

#[test]
fn every_table_of_the_contract_comes_back_equal() {
    for schema in tables() {
        for &nulls in patterns() {
            let batch = sample::batch(&schema, 23, nulls);
            there_and_back(
                &batch,
                &format!("{:?}, nulls {nulls:?}", schema.metadata().get("hindsight.table")),
            );
        }
    }
}

#[test]
fn every_slice_at_an_odd_offset_comes_back_equal() {
    let schema: SchemaRef = Arc::new(Schema::new(every_type()));
    for &nulls in patterns() {
        let whole = sample::batch(&schema, 41, nulls);
        let cuts = [(1, 40), (7, 9), (41, 0), (0, 40), (8, 17), (13, 1), (40, 1), (3, 0)];
        for &(offset, rows) in cuts.iter().take(if cfg!(miri) { 3 } else { cuts.len() }) {
            there_and_back(
                &whole.slice(offset, rows),
                &format!("{offset} + {rows}, nulls {nulls:?}"),
            );
        }
    }
}

#[test]
fn slices_of_a_frame_come_back_equal() {
    let schema: SchemaRef = Arc::new(Schema::new(every_type()));
    let whole = sample::batch(&schema, 41, Nulls::Some);
    let frame = to_polars(&whole).unwrap();
    for (offset, rows) in [(1_usize, 40_usize), (7, 9), (13, 1), (5, 0)] {
        let slice = frame.slice(i64::try_from(offset).unwrap(), rows);
        let back = to_arrow(&slice, Some(&schema)).unwrap();
        assert_eq!(back, [whole.slice(offset, rows)], "{offset} + {rows}");
    }
}

#[test]
fn a_batch_without_rows_keeps_its_columns() {
    for schema in tables() {
        there_and_back(&RecordBatch::new_empty(schema), "no rows");
    }
}

#[test]
fn a_batch_without_columns_keeps_its_rows() {
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(5));
    let schema = Arc::new(Schema::empty());
    let batch = RecordBatch::try_new_with_options(schema, vec![], &options).unwrap();
    there_and_back(&batch, "no columns");
}

#[test]
fn a_chunk_a_batch_there_and_a_batch_a_chunk_back() {
    let schema: SchemaRef = Arc::new(Schema::new(every_type()));
    let whole = sample::batch(&schema, 20, Nulls::Some);
    let cuts = [whole.slice(0, 7), whole.slice(7, 0), whole.slice(7, 13)];
    let frame = to_polars_chunked(&schema, &cuts).unwrap();
    assert_eq!(frame.height(), 20);
    // A chunk without rows is dropped by Polars or kept; rows and their order are what counts.
    let back = to_arrow(&frame, Some(&schema)).unwrap();
    let back: Vec<_> = back.into_iter().filter(|batch| batch.num_rows() > 0).collect();
    assert_eq!(back, [cuts[0].clone(), cuts[2].clone()]);
}

#[test]
fn no_batch_at_all_is_a_frame_without_rows() {
    let schema: SchemaRef = Arc::new(Schema::new(every_type()));
    let frame = to_polars_chunked(&schema, &[]).unwrap();
    assert_eq!((frame.height(), frame.width()), (0, schema.fields().len()));
}

#[test]
fn columns_that_are_cut_differently_are_put_together() {
    let schema: SchemaRef = Arc::new(Schema::new(vec![
        Field::new("a", DataType::Int64, true),
        Field::new("b", DataType::Int64, true),
    ]));
    let whole = sample::batch(&schema, 9, Nulls::Some);
    let frame = to_polars_chunked(&schema, &[whole.slice(0, 4), whole.slice(4, 5)]).unwrap();
    let a = frame.column("a").unwrap().as_materialized_series().rechunk().into();
    let frame =
        polars::prelude::DataFrame::new(9, vec![a, frame.column("b").unwrap().clone()]).unwrap();
    assert_eq!(to_arrow(&frame, Some(&schema)).unwrap(), [whole]);
}

#[test]
fn words_of_a_dictionary_that_no_row_uses_are_dropped_and_values_stay() {
    let words = StringArray::from(vec!["never", "buy", "also never", "sell"]);
    let keys = Int32Array::from(vec![Some(3), None, Some(1), Some(3)]);
    let column: ArrayRef = Arc::new(DictionaryArray::new(keys, Arc::new(words)));
    let batch = RecordBatch::try_from_iter([("side", column)]).unwrap();
    let frame = to_polars(&batch).unwrap();
    let back = to_arrow(&frame, Some(&batch.schema())).unwrap();
    assert_eq!(back, [batch]);
    let back = back[0].column(0).as_dictionary::<Int32Type>();
    // Used words only, in order of first use: what builders of the contract write.
    let words: Vec<_> = back.values().as_string::<i32>().iter().flatten().collect();
    assert_eq!(words, ["sell", "buy"]);
}

#[test]
fn without_a_schema_no_view_and_no_wide_offset_leaves() {
    let schema: SchemaRef = Arc::new(Schema::new(every_type()));
    let frame = to_polars(&sample::batch(&schema, 3, Nulls::Some)).unwrap();
    let back = to_arrow(&frame, None).unwrap();
    for (field, original) in back[0].schema().fields().iter().zip(schema.fields()) {
        let text = field.data_type().to_string();
        assert!(!text.contains("View") && !text.contains("Large"), "{text}");
        if route(original.data_type()) == Route::ZeroCopy {
            assert_eq!(field.data_type(), original.data_type());
        }
    }
}

/// Where the buffers of an array lie, those of children included; the null buffer last.
fn places(array: &dyn Array) -> Vec<usize> {
    fn walk(data: &arrow_data::ArrayData, places: &mut Vec<usize>) {
        places.extend(data.buffers().iter().map(|buffer| buffer.as_ptr() as usize));
        places.extend(data.nulls().map(|nulls| nulls.buffer().as_ptr() as usize));
        data.child_data().iter().for_each(|child| walk(child, places));
    }
    let mut found = Vec::new();
    walk(&array.to_data(), &mut found);
    found
}

#[test]
fn the_table_of_routes_is_what_happens_to_the_buffers() {
    let mut seen = (0, 0);
    for ty in every_type().into_iter().map(|field| field.data_type().clone()) {
        // Nulls of a struct are written into its fields by Polars, which is why it has none here.
        let nulls = if matches!(ty, DataType::Struct(_)) { Nulls::None } else { Nulls::Some };
        let column = sample::array(&ty, 64, nulls, true);
        let batch = RecordBatch::try_from_iter([("c", Arc::clone(&column))]).unwrap();
        let frame = to_polars(&batch).unwrap();
        let back = to_arrow(&frame, Some(&batch.schema())).unwrap();
        let (before, after) = (places(&column), places(back[0].column(0)));
        match route(&ty) {
            Route::ZeroCopy => {
                seen.0 += 1;
                assert_eq!(after, before, "{ty} is said to be shared");
            }
            Route::Copy { .. } => {
                seen.1 += 1;
                // Offsets or views were written, both ways: the first buffer is another one.
                assert_ne!(after[0], before[0], "{ty} is said to be copied");
            }
            Route::Refused { reason } => panic!("{ty}: {reason}"),
        }
    }
    assert!(seen.0 >= 14 && seen.1 >= 10, "{seen:?}");
}

#[test]
fn long_text_and_items_of_a_list_stay_where_they_are() {
    // Long enough that its bytes lie behind the view.
    let text = "a reason that is longer than twelve bytes";
    let words = StringArray::from(vec![text, text]);
    let start = words.values().as_ptr();
    let batch = RecordBatch::try_from_iter([("c", Arc::new(words) as ArrayRef)]).unwrap();
    let frame = to_polars(&batch).unwrap();
    let shown = frame.column("c").unwrap().str().unwrap().get(1).unwrap();
    assert_eq!(shown.as_ptr(), start.wrapping_add(text.len()));

    let items = Float64Array::from(vec![1.0, 2.0, 3.0]);
    let start = items.values().as_ptr();
    let item = Arc::new(Field::new("item", DataType::Float64, false));
    let offsets = arrow_buffer::OffsetBuffer::from_lengths([1, 2]);
    let list = arrow_array::ListArray::new(item, offsets, Arc::new(items), None);
    let batch = RecordBatch::try_from_iter([("c", Arc::new(list) as ArrayRef)]).unwrap();
    let frame = to_polars(&batch).unwrap();
    let back = to_arrow(&frame, Some(&batch.schema())).unwrap();
    let items = back[0].column(0).as_list::<i32>().values().as_primitive::<Float64Type>();
    assert_eq!(items.values().as_ptr(), start);
}

#[test]
fn every_field_of_the_interface_arrives() {
    // The structs of Polars cannot be looked into from outside, so each of their fields is shown by what it carries:
    // length, null count and offset by a slice, buffers by values, children by a struct, release by the test of
    // ownership. The dictionary of the interface is not used: dictionaries cross as views.
    let fields =
        vec![Field::new("a", DataType::Int64, true), Field::new("b", DataType::Boolean, true)];
    let column =
        sample::array(&DataType::Struct(fields.into()), 19, Nulls::Some, true).slice(5, 11);
    let batch = RecordBatch::try_from_iter([("s", column)]).unwrap();
    let frame = to_polars(&batch).unwrap();
    let series = frame.column("s").unwrap().as_materialized_series().clone();
    assert_eq!((series.len(), series.n_chunks()), (11, 1));
    let fields = series.struct_().unwrap().fields_as_series();
    assert_eq!(fields.iter().map(|f| f.name().as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let expected = batch.column(0).as_struct().column(0).as_primitive::<Int64Type>().clone();
    assert_eq!(fields[0].null_count(), expected.null_count());
    assert_eq!(fields[0].i64().unwrap().iter().collect::<Int64Array>(), expected);
    let expected = batch.column(0).as_struct().column(1).as_boolean().iter().collect::<Vec<_>>();
    assert_eq!(fields[1].bool().unwrap().iter().collect::<Vec<_>>(), expected);
}

#[test]
fn a_dictionary_with_a_null_word_reads_as_null_rows() {
    let words = StringArray::from(vec![Some("buy"), None]);
    let keys = Int32Array::from(vec![0, 1, 0]);
    let column: ArrayRef = Arc::new(DictionaryArray::new(keys, Arc::new(words)));
    let batch = RecordBatch::try_from_iter_with_nullable([("side", column, true)]).unwrap();
    let frame = to_polars(&batch).unwrap();
    let back = to_arrow(&frame, Some(&batch.schema())).unwrap();
    let mut expected = StringDictionaryBuilder::<Int32Type>::new();
    expected.append_option(Some("buy"));
    expected.append_null();
    expected.append_option(Some("buy"));
    assert_eq!(back[0].column(0).as_dictionary::<Int32Type>(), &expected.finish());
}

/// What to_arrow makes of one column under a schema of one field.
#[track_caller]
fn refused(frame: &polars::prelude::DataFrame, field: Field) -> String {
    let error = to_arrow(frame, Some(&Arc::new(Schema::new(vec![field])))).unwrap_err();
    let code = contract::Diagnostic::code(&error);
    assert!(analytics::ERRORS.contains(&format!("\n## {code}\n")), "{code} is not explained");
    format!("{code}: {error}")
}

#[test]
fn a_frame_that_is_not_what_the_schema_says_is_refused_with_its_place() {
    let text: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None]));
    let batch = RecordBatch::try_from_iter_with_nullable([("id", text, true)]).unwrap();
    let frame = to_polars(&batch).unwrap();
    for (field, expected) in [
        (
            Field::new("id", DataType::Int64, true),
            "analytics/bridge-type: id: expected `Int64`, found `LargeUtf8`",
        ),
        (
            Field::new("id", DataType::Utf8, false),
            "analytics/bridge-null: id, row 1: expected a value, found null",
        ),
        (
            Field::new("ids", DataType::Utf8, true),
            "analytics/bridge-extra-column: id: expected no such column, since the schema does not name it",
        ),
    ] {
        assert_eq!(refused(&frame, field), expected);
    }
    let two = Arc::new(Schema::new(vec![
        Field::new("id", DataType::Utf8, true),
        Field::new("di", DataType::Utf8, true),
    ]));
    let error = to_arrow(&frame, Some(&two)).unwrap_err();
    assert_eq!(error.to_string(), "di: expected the column, found none of this name");
    assert_eq!(
        contract::Diagnostic::help(&error).as_deref(),
        Some("columns of the frame with a near name: id")
    );

    for (bytes, found) in [("short", 5), ("one byte too many", 17)] {
        let values = vec![b"0123456789abcdef".as_slice(), bytes.as_bytes()];
        let column: ArrayRef = Arc::new(arrow_array::BinaryArray::from(values));
        let frame = to_polars(&RecordBatch::try_from_iter([("id", column)]).unwrap()).unwrap();
        assert_eq!(
            refused(&frame, Field::new("id", DataType::FixedSizeBinary(16), true)),
            format!("analytics/bridge-width: id, row 1: expected 16 bytes, found {found}")
        );
    }
}

#[test]
fn a_null_inside_a_list_or_a_struct_is_refused_where_its_field_has_none() {
    let nullable = |ty| Field::new("item", ty, true);
    let strict = |ty| Field::new("item", ty, false);
    let list = |item| Field::new("c", DataType::List(Arc::new(item)), true);
    let fields =
        |field: fn(DataType) -> Field| DataType::Struct(vec![field(DataType::Int64)].into());
    let column = sample::array(list(nullable(DataType::Int64)).data_type(), 9, Nulls::Some, true);
    let frame = to_polars(&RecordBatch::try_from_iter([("c", column)]).unwrap()).unwrap();
    let expected = "analytics/bridge-null: c[], row 1: expected a value, found null";
    assert_eq!(refused(&frame, list(strict(DataType::Int64))), expected);
    let column = sample::array(list(strict(fields(nullable))).data_type(), 9, Nulls::Some, true);
    let frame = to_polars(&RecordBatch::try_from_iter([("c", column)]).unwrap()).unwrap();
    let expected = "analytics/bridge-null: c[].item, row 1: expected a value, found null";
    assert_eq!(refused(&frame, list(strict(fields(strict)))), expected);
}

#[test]
fn what_has_no_route_and_what_does_not_fit_together_is_refused() {
    let one = |name: &'static str, column: ArrayRef| {
        RecordBatch::try_from_iter([(name, column)]).unwrap()
    };
    let a = one("a", Arc::new(Int64Array::from(vec![1])));
    let b = one("b", Arc::new(Int64Array::from(vec![1])));
    let error = to_polars_chunked(&a.schema(), &[a.clone(), b]).unwrap_err();
    assert_eq!(error.to_string(), "batch 1, column 0: expected `a Int64`, found `b Int64`");
    let field = Field::new("a", DataType::Int64, true);
    let twice = Arc::new(Schema::new(vec![field.clone(), field]));
    let error = to_polars(&RecordBatch::new_empty(twice)).unwrap_err();
    assert_eq!(error.to_string(), "a: expected one column of this name, found two");
    for ty in [
        DataType::Date32,
        DataType::Null,
        DataType::Struct(arrow_schema::Fields::empty()),
        DataType::Decimal128(10, -2),
    ] {
        let list = DataType::List(Arc::new(Field::new("item", ty.clone(), true)));
        for ty in [ty, list] {
            assert!(matches!(route(&ty), Route::Refused { .. }), "{ty}");
            let schema = Arc::new(Schema::new(vec![Field::new("c", ty, true)]));
            let error = to_polars(&RecordBatch::new_empty(schema)).unwrap_err();
            assert_eq!(contract::Diagnostic::code(&error), "analytics/bridge-refused-type");
        }
    }
}
