//! Arrays of any type of the contract, from a rule instead of a generator: equal on every machine, small under Miri.

use arrow_array::builder::{FixedSizeBinaryBuilder, StringDictionaryBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Decimal128Array, Float32Array, Float64Array, Int8Array,
    Int16Array, Int32Array, Int64Array, LargeBinaryArray, LargeListArray, LargeStringArray,
    ListArray, RecordBatch, StringArray, StringViewArray, StructArray, TimestampNanosecondArray,
    UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, SchemaRef};
use std::sync::Arc;

/// Which rows are null, where the column may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Nulls {
    None,
    Some,
    All,
}

impl Nulls {
    fn at(self, row: usize, nullable: bool) -> bool {
        nullable && (self == Self::All || self == Self::Some && row % 3 == 1)
    }
}

/// A number for a row: large, small, negative.
fn number(row: usize) -> i64 {
    let row = i64::try_from(row).unwrap();
    (row * 7_919 - 11) * if row % 2 == 0 { 1 } else { -1_000_003 }
}

/// Text of different lengths: empty, short enough for a view, long, not ASCII.
fn word(row: usize) -> String {
    match row % 5 {
        0 => String::new(),
        1 => "BTC-USDT".to_owned(),
        2 => format!("a reason that is longer than twelve bytes, {row}"),
        3 => "Zürich ☃".to_owned(),
        _ => "twelve bytes".to_owned(),
    }
}

pub(crate) fn array(ty: &DataType, rows: usize, nulls: Nulls, nullable: bool) -> ArrayRef {
    /// The first bytes of the number.
    macro_rules! numbers {
        ($array:ty, $native:ty) => {{
            let cut = |row| number(row).to_le_bytes()[..size_of::<$native>()].try_into().unwrap();
            let value = |row| <$native>::from_le_bytes(cut(row));
            let values = (0..rows).map(|row| (!nulls.at(row, nullable)).then(|| value(row)));
            Arc::new(values.collect::<$array>()) as ArrayRef
        }};
    }
    let some = |row: usize| !nulls.at(row, nullable);
    match ty {
        DataType::Int8 => numbers!(Int8Array, i8),
        DataType::Int32 => numbers!(Int32Array, i32),
        DataType::Int64 => numbers!(Int64Array, i64),
        DataType::UInt8 => numbers!(UInt8Array, u8),
        DataType::UInt16 => numbers!(UInt16Array, u16),
        DataType::UInt32 => numbers!(UInt32Array, u32),
        DataType::UInt64 => numbers!(UInt64Array, u64),
        DataType::Float64 => {
            Arc::new((0..rows).map(|r| some(r).then(|| number(r) as f64)).collect::<Float64Array>())
        }
        DataType::Int16 => numbers!(Int16Array, i16),
        DataType::Float32 => {
            Arc::new((0..rows).map(|r| some(r).then(|| number(r) as f32)).collect::<Float32Array>())
        }
        DataType::LargeUtf8 => {
            Arc::new((0..rows).map(|r| some(r).then(|| word(r))).collect::<LargeStringArray>())
        }
        DataType::Utf8View => {
            Arc::new((0..rows).map(|r| some(r).then(|| word(r))).collect::<StringViewArray>())
        }
        DataType::LargeBinary | DataType::BinaryView => {
            let text =
                if *ty == DataType::BinaryView { DataType::Utf8View } else { DataType::LargeUtf8 };
            let text = array(&text, rows, nulls, nullable);
            match text.as_string_view_opt() {
                Some(views) => Arc::new(views.clone().to_binary_view()),
                None => Arc::new(LargeBinaryArray::from(text.as_string::<i64>().clone())),
            }
        }
        DataType::Boolean => {
            Arc::new((0..rows).map(|r| some(r).then_some(r % 4 < 2)).collect::<BooleanArray>())
        }
        DataType::Timestamp(..) => {
            let values = (0..rows).map(|r| some(r).then(|| number(r)));
            Arc::new(values.collect::<TimestampNanosecondArray>().with_timezone("UTC"))
        }
        DataType::Decimal128(precision, scale) => {
            let most = 10_i128.pow(u32::from(*precision)) - 1;
            let values = (0..rows).map(|r| some(r).then(|| most - i128::from(number(r)).abs()));
            let values = values.collect::<Decimal128Array>();
            Arc::new(values.with_precision_and_scale(*precision, *scale).unwrap())
        }
        DataType::Utf8 => {
            Arc::new((0..rows).map(|r| some(r).then(|| word(r))).collect::<StringArray>())
        }
        DataType::Binary => {
            let values: Vec<_> = (0..rows).map(|r| some(r).then(|| word(r).into_bytes())).collect();
            Arc::new(BinaryArray::from_iter(values))
        }
        DataType::FixedSizeBinary(width) => {
            let mut values = FixedSizeBinaryBuilder::new(*width);
            for row in 0..rows {
                let bytes =
                    vec![u8::try_from(row % 251).unwrap() ^ 0x5a; usize::try_from(*width).unwrap()];
                if some(row) { values.append_value(&bytes).unwrap() } else { values.append_null() }
            }
            Arc::new(values.finish())
        }
        DataType::Dictionary(..) => {
            let mut values = StringDictionaryBuilder::<Int32Type>::new();
            for row in 0..rows {
                values.append_option(some(row).then(|| word(row)));
            }
            Arc::new(values.finish())
        }
        DataType::List(item) | DataType::LargeList(item) => {
            let lengths: Vec<usize> = (0..rows).map(|r| if some(r) { r % 4 } else { 0 }).collect();
            let items = array(item.data_type(), lengths.iter().sum(), nulls, item.is_nullable());
            let valid = (0..rows).map(some).collect::<NullBuffer>();
            let valid = Some(valid).filter(|v| v.null_count() > 0);
            if matches!(ty, DataType::LargeList(_)) {
                let offsets = OffsetBuffer::from_lengths(lengths);
                return Arc::new(LargeListArray::new(Arc::clone(item), offsets, items, valid));
            }
            let offsets = OffsetBuffer::from_lengths(lengths);
            Arc::new(ListArray::new(Arc::clone(item), offsets, items, valid))
        }
        DataType::Struct(fields) => {
            let columns = fields.iter().map(|f| array(f.data_type(), rows, nulls, f.is_nullable()));
            let valid = (0..rows).map(some).collect::<NullBuffer>();
            let valid = Some(valid).filter(|v| v.null_count() > 0);
            Arc::new(StructArray::new(fields.clone(), columns.collect(), valid))
        }
        other => panic!("the contract has no {other}"),
    }
}

pub(crate) fn batch(schema: &SchemaRef, rows: usize, nulls: Nulls) -> RecordBatch {
    let columns = schema.fields().iter();
    let columns = columns.map(|f| array(f.data_type(), rows, nulls, f.is_nullable())).collect();
    RecordBatch::try_new(Arc::clone(schema), columns).unwrap()
}
