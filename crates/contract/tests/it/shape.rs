//! What is refused as a whole, word for word, and which foreign layouts are taken.

use crate::rows::{Cell, Rows, array};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use contract::arrow_array::types::{
    ArrowDictionaryKeyType, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use contract::arrow_array::{
    Array, ArrayRef, BinaryArray, BinaryViewArray, Decimal128Array, DictionaryArray, Float64Array,
    Int32Array, Int64Array, LargeBinaryArray, LargeListArray, LargeStringArray, ListArray,
    PrimitiveArray, RecordBatch, StringArray, StringViewArray, StructArray,
    TimestampMicrosecondArray, TimestampNanosecondArray, UInt64Array,
};
use contract::arrow_schema::{DataType, Field, Schema};
use contract::{
    AnyBatch, Batch, Decisions, Diagnostic, Draft, Origin, RowDigest, ShapeError, TABLES, Table,
    TableSpec, Trades, Type, admit_any, meta,
};
use proptest::prelude::*;
use std::sync::Arc;

/// The batch with another array in the place of a column, under the same or another name.
fn swap(batch: &RecordBatch, column: &str, name: &str, array: ArrayRef) -> RecordBatch {
    let at = batch.schema().index_of(column).unwrap();
    let mut fields: Vec<_> = batch.schema().fields().iter().cloned().collect();
    let mut columns = batch.columns().to_vec();
    fields[at] = Arc::new(Field::new(name, array.data_type().clone(), true));
    columns[at] = array;
    let schema = Schema::new_with_metadata(fields, batch.schema().metadata().clone());
    RecordBatch::try_new(Arc::new(schema), columns).unwrap()
}

fn trades() -> RecordBatch {
    let row = || Rows::plain(Trades::SPEC);
    row().and(&row()).batch()
}

#[track_caller]
fn refused(spec: &'static TableSpec, batch: &RecordBatch, code: &str, message: &str) -> ShapeError {
    let error = AnyBatch::parse(spec, batch).unwrap_err();
    assert_eq!((error.to_string().as_str(), error.code()), (message, code));
    // The door for data from outside refuses the same shapes; only nulls are left to its row rules.
    if code != "contract/null-required" {
        let again = admit_any(spec, batch, &Origin::new("feeds", "a")).unwrap_err();
        assert_eq!(again, error);
    }
    error
}

#[test]
fn a_required_column_that_is_missing_is_named_with_its_type_and_the_nearest_name() {
    let batch = trades();
    let sise = batch.column_by_name("size").unwrap().clone();
    refused(
        Trades::SPEC,
        &swap(&batch, "size", "sise", sise.clone()),
        "contract/missing-column",
        "trades.size: expected a column of type `Float64`, found none (is it `sise`?)",
    );
    refused(
        Trades::SPEC,
        &swap(&batch, "size", "weather", sise),
        "contract/missing-column",
        "trades.size: expected a column of type `Float64`, found none",
    );
}

#[test]
fn a_column_that_stands_there_twice_is_refused() {
    let batch = trades();
    let twice = batch.column_by_name("size").unwrap().clone();
    refused(
        Trades::SPEC,
        &swap(&batch, "venue", "size", twice),
        "contract/duplicate-column",
        "trades.size: expected the column once, found it twice",
    );
}

#[test]
fn another_type_unit_zone_or_scale_is_refused_and_never_converted() {
    let batch = trades();
    let check = |column: &str, array: ArrayRef, message: &str| {
        let batch = swap(&batch, column, column, array);
        refused(Trades::SPEC, &batch, "contract/wrong-type", message).help()
    };
    let floats = Arc::new(Float64Array::from(vec![100.0, 100.0]));
    check("px", floats, "trades.px: expected `Int64`, found `Float64`");
    let narrow = Arc::new(Int32Array::from(vec![1, 1]));
    check("px", narrow, "trades.px: expected `Int64`, found `Int32`");
    let signed = Arc::new(Int64Array::from(vec![1, 1]));
    check("venue_seq", signed, "trades.venue_seq: expected `UInt64`, found `Int64`");
    let letters = Arc::new(StringArray::from(vec!["B", "A"]));
    check("aggressor", letters, "trades.aggressor: expected `UInt8`, found `Utf8`");

    let naive = Arc::new(TimestampNanosecondArray::from(vec![1, 1]));
    let help = check(
        "ts_avail",
        naive,
        "trades.ts_avail: expected `Timestamp(ns, \"UTC\")`, found `Timestamp(ns)`",
    );
    let zone = "say which zone the times are in, and convert them to UTC before";
    assert_eq!(help.as_deref(), Some(zone));
    let coarse = Arc::new(TimestampMicrosecondArray::from(vec![1, 1]).with_timezone("UTC"));
    let help = check(
        "ts_avail",
        coarse,
        "trades.ts_avail: expected `Timestamp(ns, \"UTC\")`, found `Timestamp(µs, \"UTC\")`",
    );
    assert_ne!(help, None);
    let local = TimestampNanosecondArray::from(vec![1, 1]).with_timezone("America/New_York");
    check(
        "ts_avail",
        Arc::new(local),
        "trades.ts_avail: expected `Timestamp(ns, \"UTC\")`, found `Timestamp(ns, \"America/New_York\")`",
    );

    let decisions = Rows::plain(Decisions::SPEC).batch();
    let cents = Decimal128Array::from(vec![100]).with_precision_and_scale(38, 2).unwrap();
    refused(
        Decisions::SPEC,
        &swap(&decisions, "qty", "qty", Arc::new(cents)),
        "contract/wrong-type",
        "decisions.qty: expected `Decimal128(38, 9)`, found `Decimal128(38, 2)`",
    );
}

#[test]
fn bytes_of_another_length_are_refused_by_row() {
    let row = || Rows::plain(Decisions::SPEC);
    let batch = row().and(&row()).batch();
    let ids: BinaryArray = vec![Some(&[1_u8; 16][..]), Some(&[1; 15][..])].into();
    refused(
        Decisions::SPEC,
        &swap(&batch, "decision_id", "decision_id", Arc::new(ids)),
        "contract/wrong-width",
        "decisions.decision_id, row 1: expected 16 bytes, found 15",
    );
}

#[test]
fn a_null_in_a_required_column_is_refused_by_parse_and_a_reject_of_admit() {
    let batch = trades();
    let gap = swap(&batch, "px", "px", Arc::new(Int64Array::from(vec![Some(1), None])));
    let message = "trades.px, row 1: expected a value, found null";
    refused(Trades::SPEC, &gap, "contract/null-required", message);
    let found = admit_any(Trades::SPEC, &gap, &Origin::new("feeds", "a")).unwrap();
    assert_eq!(found.rejects[0].code, "contract/null-required");
}

#[test]
fn a_null_inside_a_list_is_refused_by_item() {
    let batch = Rows::plain(Decisions::SPEC).batch();
    let items = Arc::new(Float64Array::from(vec![Some(1.0), None]));
    let field = Arc::new(Field::new("item", DataType::Float64, true));
    let list = ListArray::try_new(field, OffsetBuffer::from_lengths([2]), items, None).unwrap();
    refused(
        Decisions::SPEC,
        &swap(&batch, "feature_vector", "feature_vector", Arc::new(list)),
        "contract/null-required",
        "decisions.feature_vector, row 1: expected a value, found null",
    );
}

#[test]
fn structs_without_a_field_or_with_one_more_are_refused() {
    let batch = Rows::plain(Decisions::SPEC).batch();
    let code = |list: ArrayRef| {
        let batch = swap(&batch, "tags", "tags", list);
        AnyBatch::parse(Decisions::SPEC, &batch).map(|_| ()).map_err(|e| e.code())
    };
    let tags = |names: &[&str]| -> ArrayRef {
        let columns = names.iter().map(|name| {
            let text: ArrayRef = Arc::new(StringArray::from(vec!["a"]));
            (Arc::new(Field::new(*name, DataType::Utf8, false)), text)
        });
        let items = Arc::new(StructArray::from(columns.collect::<Vec<_>>()));
        let field = Arc::new(Field::new("item", items.data_type().clone(), true));
        let offsets = OffsetBuffer::from_lengths([1]);
        Arc::new(ListArray::try_new(field, offsets, items, None).unwrap())
    };
    assert_eq!(code(tags(&["value", "key"])), Ok(())); // fields are found by name
    assert_eq!(code(tags(&["key"])), Err("contract/wrong-type"));
    assert_eq!(code(tags(&["key", "value", "note"])), Err("contract/wrong-type"));
}

#[test]
fn a_batch_that_says_it_is_another_table_is_refused() {
    let quotes = contract::testing::quotes("90 99 101").into_record_batch();
    refused(
        Trades::SPEC,
        &quotes,
        "contract/wrong-table",
        "expected table `trades`, found `quotes`",
    );
    assert_eq!(
        Draft::<Trades>::try_from_any(contract::testing::quotes("").into_any())
            .unwrap_err()
            .to_string(),
        "expected table `trades`, found `quotes`"
    );
}

#[test]
fn a_draft_has_no_seq_and_a_batch_has_one() {
    let draft = contract::testing::trades("90 1.0 B");
    let logged = draft.clone().with_seq(4).into_record_batch();
    assert_eq!(
        Draft::<Trades>::parse(&logged).unwrap_err().to_string(),
        "trades.seq: expected no such column, found a column of type UInt64"
    );
    assert_eq!(
        Batch::<Trades>::parse(&draft.into_record_batch()).unwrap_err().to_string(),
        "trades.seq: expected a column of type UInt64, found no such column"
    );
    let seq = |array: ArrayRef| swap(&logged, "seq", "seq", array);
    refused(
        Trades::SPEC,
        &seq(Arc::new(Int64Array::from(vec![4]))),
        "contract/wrong-type",
        "trades.seq: expected `UInt64`, found `Int64`",
    );
    refused(
        Trades::SPEC,
        &seq(Arc::new(UInt64Array::from(vec![None::<u64>]))),
        "contract/null-required",
        "trades.seq, row 0: expected a value, found null",
    );
}

#[test]
fn a_null_behind_a_dictionary_key_is_a_null() {
    let words = Arc::new(StringArray::from(vec![Some("momentum"), None]));
    let keys = Int32Array::from(vec![0, 1]);
    let dictionary: ArrayRef = Arc::new(DictionaryArray::try_new(keys, words).unwrap());
    let row = |n| Rows::plain(Decisions::SPEC).with(&[("decision_id", Cell::Bytes(vec![n; 16]))]);
    let batch =
        swap(&row(1).and(&row(2)).batch(), "strategy_id", "strategy_id", dictionary.clone());
    refused(
        Decisions::SPEC,
        &batch,
        "contract/null-required",
        "decisions.strategy_id, row 1: expected a value, found null",
    );
    let found = admit_any(Decisions::SPEC, &batch, &Origin::new("feeds", "a")).unwrap();
    assert_eq!(found.rejects[0].code, "contract/null-required");

    let batch = swap(&trades(), "venue", "venue", dictionary);
    let parsed = Draft::<Trades>::parse(&batch).unwrap();
    assert_eq!(parsed.cell(&Trades::VENUE, 1), Ok(None));
}

fn texts(cells: &[Cell]) -> Vec<Option<&str>> {
    cells.iter().map(|c| if let Cell::Text(t) = c { Some(t.as_str()) } else { None }).collect()
}

fn keyed<K: ArrowDictionaryKeyType>(cells: &[Cell]) -> ArrayRef
where
    K::Native: TryFrom<usize>,
{
    let mut words: Vec<&str> = vec!["never used"];
    let keys: PrimitiveArray<K> = texts(cells)
        .into_iter()
        .map(|word| {
            let known = words.iter().position(|w| Some(*w) == word);
            let at = if let Some(at) = known {
                at
            } else {
                words.push(word?);
                words.len() - 1
            };
            K::Native::try_from(at).ok()
        })
        .collect();
    Arc::new(DictionaryArray::try_new(keys, Arc::new(LargeStringArray::from(words))).unwrap())
}

/// The same cells in every layout that other writers use.
fn layouts(ty: Type, packed: i32, cells: &[Cell]) -> Vec<ArrayRef> {
    let canonical = array(ty, packed, cells);
    match ty {
        Type::Str | Type::Cat(_) | Type::OpenCat => vec![
            Arc::new(StringArray::from(texts(cells))),
            Arc::new(LargeStringArray::from(texts(cells))),
            Arc::new(StringViewArray::from(texts(cells))),
            Arc::new(texts(cells).into_iter().collect::<DictionaryArray<Int32Type>>()),
            keyed::<Int8Type>(cells),
            keyed::<Int16Type>(cells),
            keyed::<Int64Type>(cells),
            keyed::<UInt8Type>(cells),
            keyed::<UInt16Type>(cells),
            keyed::<UInt32Type>(cells),
            keyed::<UInt64Type>(cells),
        ],
        Type::Id | Type::Hash | Type::Span | Type::Bin => {
            let bytes: Vec<Option<&[u8]>> = cells
                .iter()
                .map(|c| if let Cell::Bytes(b) = c { Some(b.as_slice()) } else { None })
                .collect();
            vec![
                canonical,
                Arc::new(BinaryArray::from(bytes.clone())),
                Arc::new(LargeBinaryArray::from(bytes.clone())),
                Arc::new(BinaryViewArray::from(bytes)),
            ]
        }
        Type::Ts => {
            let stamps = canonical.as_any().downcast_ref::<TimestampNanosecondArray>().unwrap();
            vec![
                Arc::new(stamps.clone().with_timezone("+00:00")),
                Arc::new(stamps.clone().with_timezone("Etc/UTC")),
            ]
        }
        Type::List(_) | Type::Structs(_) => {
            let list = canonical.as_any().downcast_ref::<ListArray>().unwrap();
            let lengths: Vec<usize> = list.offsets().lengths().collect();
            let items = list.values().clone();
            let nulls: Option<NullBuffer> = list.nulls().cloned();
            // Parquet's name for items; nullable by declaration only.
            let field = Arc::new(Field::new("element", items.data_type().clone(), true));
            let named = ListArray::try_new(
                field.clone(),
                OffsetBuffer::from_lengths(lengths.clone()),
                items.clone(),
                nulls.clone(),
            );
            let large =
                LargeListArray::try_new(field, OffsetBuffer::from_lengths(lengths), items, nulls);
            vec![Arc::new(named.unwrap()), Arc::new(large.unwrap())]
        }
        _ => vec![canonical],
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn foreign_layouts_become_the_canonical_batch_cell_by_cell(
        which in 0..TABLES.len(), len in 0_usize..20, seed: u64, turn in 0_usize..1_000,
    ) {
        let spec = TABLES[which];
        let rows = Rows::random(spec, len, seed);
        let canonical = AnyBatch::parse(spec, &rows.batch()).unwrap();
        let mut foreign = rows.batch();
        let packed = i32::try_from(rows.dynamic.len()).unwrap();
        for (at, column) in spec.columns.iter().enumerate() {
            let mut choices = layouts(column.ty, packed, &rows.columns[at]);
            let choice = choices.swap_remove((turn + at) % choices.len());
            foreign = swap(&foreign, column.name, column.name, choice);
        }
        let parsed = AnyBatch::parse(spec, &foreign).unwrap();
        for ((column, theirs), (_, ours)) in parsed.columns().zip(canonical.columns()) {
            prop_assert_eq!(theirs.data_type(), ours.data_type(), "{}", column.name);
            prop_assert_eq!(theirs, ours, "{}", column.name);
        }
        prop_assert_eq!(RowDigest::of(&parsed), RowDigest::of(&canonical));
    }
}

#[test]
fn field_metadata_of_our_own_batches_states_id_unit_source_class_and_scale() {
    let schema = contract::testing::trades("90 1.0 B").into_record_batch().schema();
    let px = schema.field_with_name("px").unwrap().metadata();
    let expected = [
        ("PARQUET:field_id", "16"),
        ("hindsight.unit", "nano_price"),
        ("hindsight.scale", "1e-9"),
        ("hindsight.standard", "dbn:price"),
        ("gov.class", "public"),
        ("gov.tag", "licensed"),
    ];
    for (key, value) in expected {
        assert_eq!(px.get(key).map(String::as_str), Some(value), "{key}");
    }
    assert_eq!(px.len(), expected.len());
    assert_eq!(schema.metadata()[meta::TABLE], "trades");
    assert_eq!(schema.metadata()[meta::CAUSALITY], "causal");
}
