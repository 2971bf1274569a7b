//! Columns that the contract does not have, in the forms in which it writes cells as text.

use arrow_array::builder::{BinaryBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Int16Type, Int64Type, UInt8Type};
use arrow_array::{
    Array, ArrayRef, Float64Array, Int32Array, ListArray, RecordBatch, StringArray, StructArray,
};
use arrow_buffer::OffsetBuffer;
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{ArrowError, DataType, Field, Schema, TimeUnit};
use query::is_letter;
use std::sync::Arc;

/// The same rows with columns that `contract::TextRows` writes: what SQL makes beyond the types of the contract becomes
/// the nearest of them, or text.
///
/// A letter of a closed set is that letter, a duration `250us`, a decimal of any scale its digits without zeros at the
/// end, a time without zone has no `Z`.
///
/// # Errors
/// [`FormError`] for the first value without a text form.
pub(crate) fn presentable(batch: &RecordBatch) -> Result<RecordBatch, FormError> {
    let schema = batch.schema_ref();
    let mut fields = Vec::with_capacity(batch.num_columns());
    let mut columns = Vec::with_capacity(batch.num_columns());
    for (field, column) in schema.fields().iter().zip(batch.columns()) {
        let column = if is_letter(field) {
            letters(column)
        } else {
            presented(column).map_err(|error| error.of(field))?
        };
        let shown = Field::new(field.name(), column.data_type().clone(), true);
        fields.push(shown.with_metadata(field.metadata().clone()));
        columns.push(column);
    }
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)?)
}

/// Why rows cannot be shown as text.
#[derive(Debug)]
pub(crate) enum FormError {
    /// A value, as an instant that no calendar reaches.
    Value {
        /// Its column.
        column: String,
        /// Its row in the batch.
        row: usize,
        /// The number behind it, and its type.
        found: String,
    },
    /// Every value of a type, as a time in a zone that is not known.
    Type {
        /// The column.
        column: String,
        /// The type.
        found: String,
    },
    /// What cannot be.
    Arrow(ArrowError),
}

impl From<ArrowError> for FormError {
    fn from(error: ArrowError) -> Self {
        Self::Arrow(error)
    }
}

impl FormError {
    /// The error as one of a column.
    fn of(mut self, field: &Field) -> Self {
        if let Self::Value { column, .. } | Self::Type { column, .. } = &mut self {
            field.name().clone_into(column);
        }
        self
    }

    /// The error of an element as one of the list that holds it.
    fn in_list(mut self, offsets: &OffsetBuffer<i32>) -> Self {
        if let Self::Value { row, .. } = &mut self {
            let (element, ends) = (*row, offsets.iter().skip(1));
            let is_before = |end: &&i32| usize::try_from(**end).is_ok_and(|end| end <= element);
            *row = ends.take_while(is_before).count();
        }
        self
    }
}

fn presented(column: &ArrayRef) -> Result<ArrayRef, FormError> {
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
        DataType::Duration(unit) => durations(column, *unit)?,
        DataType::LargeBinary => binary(column.as_binary::<i64>().iter()),
        DataType::BinaryView => binary(column.as_binary_view().iter()),
        DataType::List(item) => {
            let list = column.as_list::<i32>();
            let lengths = OffsetBuffer::from_lengths(list.offsets().lengths());
            // What stands outside of the list is no part of the answer.
            let (from, len) = (list.value_offsets().first(), list.offsets().lengths().sum());
            let from = from.and_then(|from| usize::try_from(*from).ok()).unwrap_or(0);
            let values = presented(&list.values().slice(from, len))
                .map_err(|error| error.in_list(&lengths))?;
            let shown = Field::new(item.name(), values.data_type().clone(), true)
                .with_metadata(item.metadata().clone());
            Arc::new(ListArray::try_new(Arc::new(shown), lengths, values, list.nulls().cloned())?)
        }
        DataType::Struct(fields) if !fields.is_empty() => {
            let whole = column.as_struct();
            let parts = whole.columns().iter().map(presented).collect::<Result<Vec<_>, _>>()?;
            let shown = fields.iter().zip(&parts).map(|(field, part)| {
                Field::new(field.name(), part.data_type().clone(), true)
                    .with_metadata(field.metadata().clone())
            });
            Arc::new(StructArray::try_new(shown.collect(), parts, whole.nulls().cloned())?)
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

/// Durations in the largest unit that divides them, or in their own where there are too many nanoseconds.
fn durations(column: &ArrayRef, unit: TimeUnit) -> Result<ArrayRef, ArrowError> {
    let (word, ns) = match unit {
        TimeUnit::Second => ("s", 1_000_000_000),
        TimeUnit::Millisecond => ("ms", 1_000_000),
        TimeUnit::Microsecond => ("us", 1_000),
        TimeUnit::Nanosecond => ("ns", 1),
    };
    let counts = arrow_cast::cast(column, &DataType::Int64)?;
    let text = |n: i64| {
        n.checked_mul(ns).map_or_else(|| format!("{n}{word}"), contract::format_duration_ns)
    };
    let texts = counts.as_primitive::<Int64Type>().iter().map(|n| n.map(text));
    Ok(Arc::new(texts.collect::<StringArray>()))
}

fn binary<'a>(values: impl Iterator<Item = Option<&'a [u8]>>) -> ArrayRef {
    let mut bytes = BinaryBuilder::new();
    values.for_each(|value| bytes.append_option(value));
    Arc::new(bytes.finish())
}

fn text(column: &ArrayRef, is_decimal: bool) -> Result<ArrayRef, FormError> {
    let options = FormatOptions::new().with_display_error(false);
    let formatter = ArrayFormatter::try_new(column.as_ref(), &options).map_err(|_| {
        FormError::Type { column: String::new(), found: column.data_type().to_string() }
    })?;
    let nulls = column.logical_nulls();
    let mut texts = StringBuilder::new();
    for row in 0..column.len() {
        if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            texts.append_null();
            continue;
        }
        let Ok(text) = formatter.value(row).try_to_string() else {
            let found = described(column, row);
            return Err(FormError::Value { column: String::new(), row, found });
        };
        let is_long = is_decimal && text.contains('.');
        let short = || text.trim_end_matches('0').trim_end_matches('.');
        texts.append_value(if is_long { short() } else { &text });
    }
    Ok(Arc::new(texts.finish()))
}

/// A value without a text form: the number behind it, where there is one, and its type.
fn described(column: &ArrayRef, row: usize) -> String {
    let number = arrow_cast::cast(&column.slice(row, 1), &DataType::Int64).ok();
    let number = number.and_then(|n| n.as_primitive::<Int64Type>().iter().next().flatten());
    let kind = column.data_type();
    number.map_or_else(|| format!("one of type {kind}"), |n| format!("{n} of type {kind}"))
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
        Date32Array, Decimal128Array, DictionaryArray, DurationNanosecondArray,
        DurationSecondArray, Float32Array, Int16Array, LargeStringArray, NullArray,
        StringViewArray, TimestampNanosecondArray, TimestampSecondArray, UInt8Array,
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
        // 2^63 - 1 seconds are more than 64 bits of nanoseconds.
        let long = DurationSecondArray::from(vec![Some(300), Some(i64::MAX), None]);
        check(long, None, r#"{"x":"5m"}{"x":"9223372036854775807s"}{"x":null}"#);
        let time = TimestampNanosecondArray::from(vec![1_723_075_200_000_000_250]);
        check(time.clone(), None, r#"{"x":"2024-08-08T00:00:00.000000250"}"#);
        check(time.with_timezone("UTC"), None, r#"{"x":"2024-08-08T00:00:00.000000250Z"}"#);
        let words: DictionaryArray<Int32Type> = vec!["buy"].into_iter().collect();
        check(words, None, r#"{"x":"buy"}"#);
        let list = ListArray::from_iter_primitive::<Int16Type, _, _>([Some([Some(1), None])]);
        check(list, None, r#"{"x":[1,null]}"#);
        let day: ArrayRef = Arc::new(Date32Array::from(vec![19_943]));
        let whole = StructArray::try_from(vec![("day", day)]).unwrap();
        check(whole, None, r#"{"x":{"day":"2024-08-08"}}"#);
    }

    /// Column, row and value of the error.
    #[track_caller]
    fn refused(column: impl Array + 'static) -> (String, usize, String) {
        let batch = RecordBatch::try_from_iter([("x", Arc::new(column) as ArrayRef)]).unwrap();
        match presentable(&batch) {
            Err(FormError::Value { column, row, found }) => (column, row, found),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_value_that_no_calendar_reaches_is_refused_with_its_column_row_and_number() {
        let error = |row, found: &str| ("x".to_owned(), row, found.to_owned());
        let days = || Date32Array::from(vec![Some(0), None, Some(i32::MAX)]);
        assert_eq!(refused(days()), error(2, "2147483647 of type Date32"));
        let time = TimestampSecondArray::from(vec![i64::MIN]);
        assert_eq!(refused(time), error(0, "-9223372036854775808 of type Timestamp(s)"));
        // The lists [0], [], [null, 2147483647] and [], of which a slice is shown.
        let field = Arc::new(Field::new("item", DataType::Date32, true));
        let lengths = OffsetBuffer::from_lengths([1, 0, 2, 0]);
        let lists = ListArray::new(field, lengths, Arc::new(days()), None);
        assert_eq!(refused(lists.clone()), error(2, "2147483647 of type Date32"));
        assert_eq!(refused(lists.slice(1, 3)), error(1, "2147483647 of type Date32"));
        check(lists.slice(0, 2), None, r#"{"x":["1970-01-01"]}{"x":[]}"#);
    }

    #[test]
    fn a_letter_is_that_letter_and_a_byte_is_a_number_also_under_another_name() {
        let spec = contract::table("trades").unwrap();
        let aggressor = spec.schema(true).field_with_name("aggressor").unwrap().clone();
        check(UInt8Array::from(vec![b'B']), Some(aggressor.with_name("who")), r#"{"who":"B"}"#);
        check(UInt8Array::from(vec![66]), None, r#"{"x":66}"#);
    }
}
