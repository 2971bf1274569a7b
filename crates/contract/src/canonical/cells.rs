//! Cells of a column whose type was looked at once, for digests of many rows.

use super::{write_bytes, write_cell};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal128Type, Float64Type, Int32Type, Int64Type, TimestampNanosecondType, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, StringArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, TimeUnit};

/// A column whose type was looked at once, so that writing a cell is a match on a few cases.
pub(crate) struct Cells<'a> {
    nulls: Option<&'a NullBuffer>,
    values: Values<'a>,
}

enum Values<'a> {
    Bytes1(&'a [u8]),
    Bytes2(&'a [u16]),
    Bytes4(&'a [u32]),
    Bytes8(&'a [u64]),
    Signed8(&'a [i64]),
    Bytes16(&'a [i128]),
    Float(&'a [f64]),
    Text(&'a StringArray),
    Words(&'a [i32], &'a StringArray),
    Other(&'a dyn Array),
}

impl<'a> Cells<'a> {
    pub(crate) fn of(array: &'a dyn Array) -> Self {
        let values = match array.data_type() {
            DataType::UInt8 => Values::Bytes1(array.as_primitive::<UInt8Type>().values()),
            DataType::UInt16 => Values::Bytes2(array.as_primitive::<UInt16Type>().values()),
            DataType::UInt32 => Values::Bytes4(array.as_primitive::<UInt32Type>().values()),
            DataType::UInt64 => Values::Bytes8(array.as_primitive::<UInt64Type>().values()),
            DataType::Int64 => Values::Signed8(array.as_primitive::<Int64Type>().values()),
            DataType::Timestamp(TimeUnit::Nanosecond, _) => {
                Values::Signed8(array.as_primitive::<TimestampNanosecondType>().values())
            }
            DataType::Decimal128(_, _) => {
                Values::Bytes16(array.as_primitive::<Decimal128Type>().values())
            }
            DataType::Float64 => Values::Float(array.as_primitive::<Float64Type>().values()),
            DataType::Utf8 => Values::Text(array.as_string::<i32>()),
            DataType::Dictionary(key, value)
                if **key == DataType::Int32 && **value == DataType::Utf8 =>
            {
                let array = array.as_dictionary::<Int32Type>();
                let words = array.values().as_string::<i32>();
                // A word that is null itself makes its row null; that rare case takes the long way.
                if words.null_count() == 0 {
                    Values::Words(array.keys().values(), words)
                } else {
                    Values::Other(array)
                }
            }
            _ => Values::Other(array),
        };
        Self { nulls: array.nulls(), values }
    }

    /// As [`write_cell`].
    #[expect(
        clippy::indexing_slicing,
        reason = "INVARIANT: the caller stays within the rows of the batch"
    )]
    pub(crate) fn write(&self, out: &mut Vec<u8>, row: usize) {
        if let Values::Other(array) = self.values {
            write_cell(out, array, row);
            return;
        }
        if self.nulls.is_some_and(|nulls| nulls.is_null(row)) {
            out.push(0);
            return;
        }
        match &self.values {
            Values::Bytes1(v) => present(out, [v[row]]),
            Values::Bytes2(v) => present(out, v[row].to_le_bytes()),
            Values::Bytes4(v) => present(out, v[row].to_le_bytes()),
            Values::Bytes8(v) => present(out, v[row].to_le_bytes()),
            Values::Signed8(v) => present(out, v[row].to_le_bytes()),
            Values::Bytes16(v) => present(out, v[row].to_le_bytes()),
            Values::Float(v) => {
                let value = if v[row] == 0.0 { 0.0 } else { v[row] };
                present(out, value.to_le_bytes());
            }
            Values::Text(v) => {
                out.push(1);
                write_bytes(out, v.value(row).as_bytes());
            }
            Values::Words(keys, words) => {
                out.push(1);
                let at = usize::try_from(keys[row]).unwrap_or(0);
                write_bytes(out, words.value(at).as_bytes());
            }
            Values::Other(_) => {}
        }
    }
}

/// A presence byte and a value.
fn present<const N: usize>(out: &mut Vec<u8>, value: [u8; N]) {
    out.reserve(1 + N);
    out.push(1);
    out.extend_from_slice(&value);
}
