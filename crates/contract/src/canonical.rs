//! The canonical bytes of a cell, over which rows are compared and hashed.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal128Type, Float64Type, Int8Type, Int32Type, Int64Type, TimestampNanosecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, StringArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, TimeUnit};

/// Appends the canonical bytes of a cell: a presence byte, then the little-endian value, or u32 length and bytes, or
/// u32 count and items; -0.0 as 0.0.
///
/// Types that the contract does not know, in unknown columns, are written as their absence would be, with presence
/// byte 2 and the name of the type, so that they are seen without being understood.
pub(crate) fn write_cell(out: &mut Vec<u8>, array: &dyn Array, row: usize) {
    if array.is_null(row) {
        out.push(0);
        return;
    }
    out.push(1);
    match array.data_type() {
        DataType::Boolean => out.push(u8::from(array.as_boolean().value(row))),
        DataType::Int8 => out.extend(array.as_primitive::<Int8Type>().value(row).to_le_bytes()),
        DataType::Int32 => out.extend(array.as_primitive::<Int32Type>().value(row).to_le_bytes()),
        DataType::Int64 => out.extend(array.as_primitive::<Int64Type>().value(row).to_le_bytes()),
        DataType::UInt8 => out.push(array.as_primitive::<UInt8Type>().value(row)),
        DataType::UInt16 => out.extend(array.as_primitive::<UInt16Type>().value(row).to_le_bytes()),
        DataType::UInt32 => out.extend(array.as_primitive::<UInt32Type>().value(row).to_le_bytes()),
        DataType::UInt64 => out.extend(array.as_primitive::<UInt64Type>().value(row).to_le_bytes()),
        DataType::Float64 => {
            let value = array.as_primitive::<Float64Type>().value(row);
            out.extend((if value == 0.0 { 0.0 } else { value }).to_le_bytes());
        }
        DataType::Decimal128(_, _) => {
            out.extend(array.as_primitive::<Decimal128Type>().value(row).to_le_bytes());
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            out.extend(array.as_primitive::<TimestampNanosecondType>().value(row).to_le_bytes());
        }
        DataType::FixedSizeBinary(_) => write_bytes(out, array.as_fixed_size_binary().value(row)),
        DataType::Binary => write_bytes(out, array.as_binary::<i32>().value(row)),
        DataType::Utf8 => write_bytes(out, array.as_string::<i32>().value(row).as_bytes()),
        DataType::Dictionary(key, _) if **key == DataType::Int32 => {
            let array = array.as_dictionary::<Int32Type>();
            if let Some(at) = array.key(row) {
                out.pop();
                write_cell(out, array.values().as_ref(), at);
            }
        }
        DataType::List(_) => {
            let items = array.as_list::<i32>().value(row);
            out.extend(count(items.len()).to_le_bytes());
            for item in 0..items.len() {
                write_cell(out, items.as_ref(), item);
            }
        }
        DataType::Struct(_) => {
            for column in array.as_struct().columns() {
                write_cell(out, column.as_ref(), row);
            }
        }
        other => {
            out.pop();
            out.push(2);
            write_bytes(out, other.to_string().as_bytes());
        }
    }
}

fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(count(bytes.len()).to_le_bytes());
    out.extend_from_slice(bytes);
}

/// Lengths inside one Arrow array of 32-bit offsets fit in 32 bits.
fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

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
        out.push(1);
        match &self.values {
            Values::Bytes1(v) => out.push(v[row]),
            Values::Bytes2(v) => out.extend_from_slice(&v[row].to_le_bytes()),
            Values::Bytes4(v) => out.extend_from_slice(&v[row].to_le_bytes()),
            Values::Bytes8(v) => out.extend_from_slice(&v[row].to_le_bytes()),
            Values::Signed8(v) => out.extend_from_slice(&v[row].to_le_bytes()),
            Values::Bytes16(v) => out.extend_from_slice(&v[row].to_le_bytes()),
            Values::Float(v) => {
                let value = if v[row] == 0.0 { 0.0 } else { v[row] };
                out.extend_from_slice(&value.to_le_bytes());
            }
            Values::Text(v) => write_bytes(out, v.value(row).as_bytes()),
            Values::Words(keys, words) => {
                let at = usize::try_from(keys[row]).unwrap_or(0);
                write_bytes(out, words.value(at).as_bytes());
            }
            Values::Other(_) => {}
        }
    }
}
