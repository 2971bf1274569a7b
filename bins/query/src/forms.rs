//! Columns that the contract does not have, in the forms in which it writes cells as text.

use arrow_array::builder::{BinaryBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{DurationNanosecondType, Float32Type, Int16Type, UInt8Type};
use arrow_array::{Array, ArrayRef, Float64Array, Int32Array, ListArray, RecordBatch, StringArray};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{ArrowError, DataType, Field, Schema, TimeUnit};
use contract::Type;
use std::sync::Arc;

/// The same rows with columns that `contract::TextRows` writes: what SQL makes beyond the types of the contract becomes
/// the nearest of them, or text.
///
/// A letter of a closed set is that letter, a duration `250us`, a decimal of any scale its digits without zeros at the
/// end, a time without zone has no `Z`.
pub(crate) fn presentable(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let schema = batch.schema_ref();
    let mut fields = Vec::with_capacity(batch.num_columns());
    let mut columns = Vec::with_capacity(batch.num_columns());
    for (field, column) in schema.fields().iter().zip(batch.columns()) {
        let column = if is_letter(field) { letters(column) } else { presented(column)? };
        let shown = Field::new(field.name(), column.data_type().clone(), true);
        fields.push(shown.with_metadata(field.metadata().clone()));
        columns.push(column);
    }
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
}

fn presented(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    Ok(match column.data_type() {
        DataType::Int16 => {
            let values = column.as_primitive::<Int16Type>();
            Arc::new(values.iter().map(|v| v.map(i32::from)).collect::<Int32Array>())
        }
        DataType::Float32 => {
            let values = column.as_primitive::<Float32Type>().iter();
            // Through its text: 0.1 of 32 bits is 0.1, not the nearest of 64 bits to it.
            let wide = values.map(|v| v.and_then(|v| v.to_string().parse::<f64>().ok()));
            Arc::new(wide.collect::<Float64Array>())
        }
        DataType::Duration(TimeUnit::Nanosecond) => {
            let values = column.as_primitive::<DurationNanosecondType>().iter();
            Arc::new(values.map(|v| v.map(contract::format_duration_ns)).collect::<StringArray>())
        }
        DataType::LargeBinary => binary(column.as_binary::<i64>().iter()),
        DataType::BinaryView => binary(column.as_binary_view().iter()),
        DataType::List(item) => {
            let list = column.as_list::<i32>();
            let values = presented(list.values())?;
            let shown = Field::new(item.name(), values.data_type().clone(), true);
            Arc::new(ListArray::try_new(
                Arc::new(shown.with_metadata(item.metadata().clone())),
                list.offsets().clone(),
                values,
                list.nulls().cloned(),
            )?)
        }
        other if is_known(other) => Arc::clone(column),
        other => {
            text(column, matches!(other, DataType::Decimal128(..) | DataType::Decimal256(..)))?
        }
    })
}

fn is_known(data_type: &DataType) -> bool {
    match data_type {
        DataType::Boolean
        | DataType::Int8
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32
        | DataType::UInt64
        | DataType::Float64
        | DataType::Timestamp(TimeUnit::Nanosecond, Some(_))
        | DataType::Decimal128(38, 9)
        | DataType::FixedSizeBinary(_)
        | DataType::Binary
        | DataType::Utf8
        | DataType::Struct(_) => true,
        DataType::Dictionary(key, value) => **key == DataType::Int32 && **value == DataType::Utf8,
        _ => false,
    }
}

fn binary<'a>(values: impl Iterator<Item = Option<&'a [u8]>>) -> ArrayRef {
    let mut bytes = BinaryBuilder::new();
    values.for_each(|value| bytes.append_option(value));
    Arc::new(bytes.finish())
}

fn text(column: &ArrayRef, is_decimal: bool) -> Result<ArrayRef, ArrowError> {
    let options = FormatOptions::new().with_display_error(false);
    let formatter = ArrayFormatter::try_new(column.as_ref(), &options)?;
    let nulls = column.logical_nulls();
    let mut texts = StringBuilder::new();
    for row in 0..column.len() {
        if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            texts.append_null();
            continue;
        }
        let text = formatter.value(row).try_to_string()?;
        let is_long = is_decimal && text.contains('.');
        let short = || text.trim_end_matches('0').trim_end_matches('.');
        texts.append_value(if is_long { short() } else { &text });
    }
    Ok(Arc::new(texts.finish()))
}

/// Whether a column holds letters of a closed set, as `trades.aggressor` does: the contract's columns of its id and
/// standard say so.
fn is_letter(field: &Field) -> bool {
    if *field.data_type() != DataType::UInt8 {
        return false;
    }
    let word = |key: &str| field.metadata().get(key).map(String::as_str);
    let (Some(id), Some(standard)) = (word("PARQUET:field_id"), word("hindsight.standard")) else {
        return false;
    };
    let columns = contract::TABLES.iter().flat_map(|table| table.columns);
    let mut same = columns.filter(|column| {
        column.field_id.to_string() == id && column.standard == standard && is_byte(column.ty)
    });
    let first = same.next().is_some_and(|column| matches!(column.ty, Type::Code(_)));
    first && same.all(|column| matches!(column.ty, Type::Code(_)))
}

fn is_byte(ty: Type) -> bool {
    matches!(ty, Type::Code(_) | Type::U8)
}

fn letters(column: &ArrayRef) -> ArrayRef {
    let values = column.as_primitive::<UInt8Type>().iter();
    Arc::new(values.map(|v| v.map(|v| char::from(v).to_string())).collect::<StringArray>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::types::Int32Type;
    use arrow_array::{
        Date32Array, Decimal128Array, DictionaryArray, DurationNanosecondArray, Float32Array,
        Int16Array, LargeStringArray, NullArray, StringViewArray, TimestampNanosecondArray,
        UInt8Array,
    };

    #[track_caller]
    fn check(column: impl Array + 'static, field: Option<Field>, expected: &str) {
        let column: ArrayRef = Arc::new(column);
        let field = field.unwrap_or_else(|| Field::new("x", column.data_type().clone(), true));
        let batch = RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![column]).unwrap();
        let shown = presentable(&batch).unwrap();
        let rows = contract::TextRows::of_record_batch(&shown);
        let mut text = String::new();
        for row in 0..batch.num_rows() {
            rows.json(&mut text, row).unwrap();
        }
        assert_eq!(text, expected);
    }

    #[test]
    fn every_type_that_sql_makes_has_a_text_form() {
        check(Int16Array::from(vec![Some(-3), None]), None, r#"{"x":-3}{"x":null}"#);
        check(Float32Array::from(vec![0.1]), None, r#"{"x":0.1}"#);
        check(NullArray::new(1), None, r#"{"x":null}"#);
        check(StringViewArray::from(vec![Some("é"), None]), None, r#"{"x":"é"}{"x":null}"#);
        check(LargeStringArray::from(vec!["a"]), None, r#"{"x":"a"}"#);
        check(Date32Array::from(vec![19_943]), None, r#"{"x":"2024-08-08"}"#);
        let decimal = Decimal128Array::from(vec![Some(-12_300), Some(500_000), None]);
        let decimal = decimal.with_precision_and_scale(20, 4).unwrap();
        check(decimal, None, r#"{"x":"-1.23"}{"x":"50"}{"x":null}"#);
        check(
            DurationNanosecondArray::from(vec![250_000, 0, -1_000_000_000]),
            None,
            r#"{"x":"250us"}{"x":"0ns"}{"x":"-1s"}"#,
        );
        let time = TimestampNanosecondArray::from(vec![1_723_075_200_000_000_250]);
        check(time.clone(), None, r#"{"x":"2024-08-08T00:00:00.000000250"}"#);
        check(time.with_timezone("UTC"), None, r#"{"x":"2024-08-08T00:00:00.000000250Z"}"#);
        let words: DictionaryArray<Int32Type> = vec!["buy"].into_iter().collect();
        check(words, None, r#"{"x":"buy"}"#);
        let list = ListArray::from_iter_primitive::<Int16Type, _, _>([Some([Some(1), None])]);
        check(list, None, r#"{"x":[1,null]}"#);
    }

    #[test]
    fn a_letter_is_that_letter_and_a_byte_is_a_number_also_under_another_name() {
        let spec = contract::table("trades").unwrap();
        let aggressor = spec.schema(true).field_with_name("aggressor").unwrap().clone();
        check(UInt8Array::from(vec![b'B']), Some(aggressor.with_name("who")), r#"{"who":"B"}"#);
        check(UInt8Array::from(vec![66]), None, r#"{"x":66}"#);
    }
}
