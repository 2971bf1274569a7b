//! The canonical bytes of a cell, over which rows are compared and hashed.

#[cfg(feature = "digest")]
mod cells;

#[cfg(feature = "digest")]
pub(crate) use cells::Cells;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal128Type, Float64Type, Int8Type, Int32Type, Int64Type, TimestampNanosecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
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
