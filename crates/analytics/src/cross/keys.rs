//! Groups of rows by the values of columns.

use super::error::CrossError;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Int8Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use std::collections::BTreeMap;

/// Whether rows can be grouped by a column of this type.
pub(crate) fn is_key(data_type: &DataType) -> bool {
    match data_type {
        DataType::Boolean
        | DataType::Int8
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32
        | DataType::UInt64
        | DataType::Utf8
        | DataType::FixedSizeBinary(_) => true,
        DataType::Dictionary(key, value) => **key == DataType::Int32 && **value == DataType::Utf8,
        _ => false,
    }
}

/// A number for every distinct combination of the keys, in order of first use; without keys all rows are one group.
///
/// A row with a null among its keys has no group: what is not known is not equal to anything.
///
/// # Errors
/// A key of another type than text, a dictionary of text, an integer, Boolean or fixed bytes; a key of another length
/// than `rows`.
pub fn group_ids(keys: &[ArrayRef], rows: usize) -> Result<Vec<Option<u32>>, CrossError> {
    for (key, column) in keys.iter().enumerate() {
        if !is_key(column.data_type()) {
            return Err(CrossError::Key { key, found: column.data_type().to_string() });
        }
        if column.len() != rows {
            return Err(CrossError::Rows {
                column: "group key",
                expected: rows,
                found: column.len(),
            });
        }
    }
    let mut known: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
    let mut bytes = Vec::new();
    let mut out = Vec::with_capacity(rows);
    for row in 0..rows {
        bytes.clear();
        if !keys.iter().all(|column| write(column, row, &mut bytes)) {
            out.push(None);
            continue;
        }
        let id = if let Some(id) = known.get(&bytes) {
            *id
        } else {
            let id = u32::try_from(known.len()).map_err(|_| CrossError::TooManyGroups)?;
            known.insert(bytes.clone(), id);
            id
        };
        out.push(Some(id));
    }
    Ok(out)
}

/// Appends the value with its length, so that no two combinations give the same bytes; false where it is null.
fn write(column: &ArrayRef, row: usize, out: &mut Vec<u8>) -> bool {
    if column.is_null(row) {
        return false;
    }
    let mut put = |bytes: &[u8]| {
        out.extend_from_slice(&bytes.len().to_le_bytes());
        out.extend_from_slice(bytes);
        true
    };
    match column.data_type() {
        DataType::Boolean => put(&[u8::from(column.as_boolean().value(row))]),
        DataType::Int8 => put(&column.as_primitive::<Int8Type>().value(row).to_le_bytes()),
        DataType::Int32 => put(&column.as_primitive::<Int32Type>().value(row).to_le_bytes()),
        DataType::Int64 => put(&column.as_primitive::<Int64Type>().value(row).to_le_bytes()),
        DataType::UInt8 => put(&column.as_primitive::<UInt8Type>().value(row).to_le_bytes()),
        DataType::UInt16 => put(&column.as_primitive::<UInt16Type>().value(row).to_le_bytes()),
        DataType::UInt32 => put(&column.as_primitive::<UInt32Type>().value(row).to_le_bytes()),
        DataType::UInt64 => put(&column.as_primitive::<UInt64Type>().value(row).to_le_bytes()),
        DataType::Utf8 => put(column.as_string::<i32>().value(row).as_bytes()),
        DataType::FixedSizeBinary(_) => put(column.as_fixed_size_binary().value(row)),
        DataType::Dictionary(..) => {
            let words = column.as_dictionary::<Int32Type>();
            let values = words.values().as_string::<i32>();
            match words.key(row) {
                Some(at) if values.is_valid(at) => put(values.value(at).as_bytes()),
                _ => false,
            }
        }
        _ => false,
    }
}
