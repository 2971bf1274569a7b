//! From the layout that both sides read to the types of a schema.

use super::BridgeError;
use arrow_array::builder::{FixedSizeBinaryBuilder, StringDictionaryBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BinaryArray, LargeListArray, ListArray, StringArray, StructArray,
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{ArrowError, DataType, Field, FieldRef};
use std::sync::Arc;

/// The type of a column that came back without a schema: no view, no offset of 64 bits leaves the bridge.
pub(super) fn plain(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        DataType::LargeList(item) => {
            DataType::List(Arc::new(Field::new("item", plain(item.data_type()), true)))
        }
        DataType::Struct(fields) => DataType::Struct(
            fields.iter().map(|f| Field::new(f.name(), plain(f.data_type()), true)).collect(),
        ),
        other => other.clone(),
    }
}

/// The column as `field` has it.
pub(super) fn as_field(array: &ArrayRef, field: &Field) -> Result<ArrayRef, BridgeError> {
    let array = as_type(array, field.data_type(), field.name())?;
    let nulls = array.logical_nulls();
    if let Some(nulls) = nulls.filter(|nulls| !field.is_nullable() && nulls.null_count() > 0) {
        let row = (0..nulls.len()).find(|row| nulls.is_null(*row)).unwrap_or(0);
        return Err(BridgeError::Null { column: field.name().clone(), row });
    }
    Ok(array)
}

fn as_type(array: &ArrayRef, to: &DataType, column: &str) -> Result<ArrayRef, BridgeError> {
    let interface = |error: ArrowError| BridgeError::Interface {
        column: column.to_owned(),
        message: error.to_string(),
    };
    Ok(match (array.data_type(), to) {
        (found, expected) if found == expected => Arc::clone(array),
        (DataType::Utf8View, DataType::Utf8) => {
            fits(array.as_string_view().iter().map(|v| v.map_or(0, str::len)), column)?;
            Arc::new(array.as_string_view().iter().collect::<StringArray>())
        }
        (DataType::BinaryView, DataType::Binary) => {
            fits(array.as_binary_view().iter().map(|v| v.map_or(0, <[u8]>::len)), column)?;
            Arc::new(array.as_binary_view().iter().collect::<BinaryArray>())
        }
        (DataType::Utf8View, DataType::Dictionary(key, value))
            if **key == DataType::Int32 && **value == DataType::Utf8 =>
        {
            let mut words = StringDictionaryBuilder::<Int32Type>::new();
            for value in array.as_string_view() {
                match value {
                    Some(word) => drop(words.append(word).map_err(interface)?),
                    None => words.append_null(),
                }
            }
            Arc::new(words.finish())
        }
        (DataType::BinaryView, DataType::FixedSizeBinary(width)) => {
            let size = usize::try_from(*width).unwrap_or(0);
            let mut rows = FixedSizeBinaryBuilder::with_capacity(array.len(), *width);
            for (row, value) in array.as_binary_view().iter().enumerate() {
                match value {
                    Some(bytes) if bytes.len() == size => {
                        rows.append_value(bytes).map_err(interface)?;
                    }
                    Some(bytes) => {
                        let (expected, found) = (size, bytes.len());
                        let column = column.to_owned();
                        return Err(BridgeError::Width { column, row, expected, found });
                    }
                    None => rows.append_null(),
                }
            }
            Arc::new(rows.finish())
        }
        (DataType::LargeList(_), DataType::List(item)) => {
            narrow_list(array.as_list::<i64>(), item, column)?
        }
        (DataType::Struct(found), DataType::Struct(fields))
            if found.len() == fields.len()
                && found.iter().zip(fields).all(|(f, e)| f.name() == e.name()) =>
        {
            let array = array.as_struct();
            let columns = array.columns().iter().zip(fields).map(|(values, field)| {
                as_type(values, field.data_type(), &format!("{column}.{}", field.name()))
            });
            let columns = columns.collect::<Result<Vec<_>, _>>()?;
            let nulls = array.nulls().cloned();
            Arc::new(StructArray::try_new(fields.clone(), columns, nulls).map_err(interface)?)
        }
        (found, expected) => {
            return Err(BridgeError::Type {
                column: column.to_owned(),
                expected: expected.to_string(),
                found: found.to_string(),
            });
        }
    })
}

/// The list with offsets of 32 bits and only the items that it reaches.
fn narrow_list(
    list: &LargeListArray,
    item: &FieldRef,
    column: &str,
) -> Result<ArrayRef, BridgeError> {
    let offsets = list.offsets();
    let first = offsets.first().map_or(0, |o| usize::try_from(*o).unwrap_or(0));
    let last = offsets.last().map_or(0, |o| usize::try_from(*o).unwrap_or(0));
    fits(std::iter::once(last - first), column)?;
    let items = list.values().slice(first, last - first);
    let items = as_type(&items, item.data_type(), &format!("{column}[]"))?;
    let lengths = (0..list.len()).map(|row| usize::try_from(list.value_length(row)).unwrap_or(0));
    let offsets = OffsetBuffer::from_lengths(lengths);
    ListArray::try_new(Arc::clone(item), offsets, items, list.nulls().cloned())
        .map(|list| Arc::new(list) as ArrayRef)
        .map_err(|error| BridgeError::Interface {
            column: column.to_owned(),
            message: error.to_string(),
        })
}

/// Whether offsets of 32 bits reach over so many bytes or items.
fn fits(lengths: impl Iterator<Item = usize>, column: &str) -> Result<(), BridgeError> {
    let found: usize = lengths.sum();
    match i32::try_from(found) {
        Ok(_) => Ok(()),
        Err(_) => Err(BridgeError::TooLong { column: column.to_owned(), found }),
    }
}
