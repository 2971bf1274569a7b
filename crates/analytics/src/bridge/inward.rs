//! From the layout that both sides read to the types of a schema.

use super::BridgeError;
use arrow_array::builder::{FixedSizeBinaryBuilder, StringDictionaryBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BinaryArray, BinaryViewArray, GenericListArray, LargeListArray,
    OffsetSizeTrait, StringArray, StringViewArray, StructArray,
};
use arrow_buffer::{ArrowNativeType, Buffer, NullBuffer, OffsetBuffer};
use arrow_schema::{ArrowError, DataType, Field, FieldRef};
use std::sync::Arc;

/// The type of a column that came back without a schema: no offset of 64 bits leaves the bridge.
pub(super) fn plain(data_type: &DataType) -> DataType {
    match data_type {
        DataType::LargeUtf8 => DataType::Utf8,
        DataType::LargeBinary => DataType::Binary,
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
    no_null(&array, field, None, field.name())?;
    Ok(array)
}

/// Refuses a null where the field has none; what lies under a null of the parent does not count.
fn no_null(
    array: &ArrayRef,
    field: &Field,
    parent: Option<&NullBuffer>,
    column: &str,
) -> Result<(), BridgeError> {
    let Some(nulls) = array.logical_nulls().filter(|_| !field.is_nullable()) else { return Ok(()) };
    let shows =
        |row: &usize| nulls.is_null(*row) && parent.is_none_or(|parent| parent.is_valid(*row));
    match (0..nulls.len()).find(shows) {
        Some(row) => Err(BridgeError::Null { column: column.to_owned(), row }),
        None => Ok(()),
    }
}

fn as_type(array: &ArrayRef, to: &DataType, column: &str) -> Result<ArrayRef, BridgeError> {
    let interface = |error: ArrowError| BridgeError::Interface {
        column: column.to_owned(),
        message: error.to_string(),
    };
    Ok(match (array.data_type(), to) {
        (found, expected) if found == expected => Arc::clone(array),
        (DataType::LargeUtf8, DataType::Utf8) => {
            let text = array.as_string::<i64>();
            let (offsets, values) = narrow(text.offsets(), text.values(), column)?;
            let nulls = text.nulls().cloned();
            Arc::new(StringArray::try_new(offsets, values, nulls).map_err(interface)?)
        }
        (DataType::LargeBinary, DataType::Binary) => {
            let bytes = array.as_binary::<i64>();
            let (offsets, values) = narrow(bytes.offsets(), bytes.values(), column)?;
            let nulls = bytes.nulls().cloned();
            Arc::new(BinaryArray::try_new(offsets, values, nulls).map_err(interface)?)
        }
        (DataType::LargeUtf8, DataType::Utf8View) => {
            Arc::new(StringViewArray::from(array.as_string::<i64>()))
        }
        (DataType::LargeBinary, DataType::BinaryView) => {
            Arc::new(BinaryViewArray::from(array.as_binary::<i64>()))
        }
        (DataType::LargeUtf8, DataType::Dictionary(key, value))
            if **key == DataType::Int32 && **value == DataType::Utf8 =>
        {
            let mut words = StringDictionaryBuilder::<Int32Type>::new();
            for value in array.as_string::<i64>() {
                match value {
                    Some(word) => drop(words.append(word).map_err(interface)?),
                    None => words.append_null(),
                }
            }
            Arc::new(words.finish())
        }
        (DataType::LargeBinary, DataType::FixedSizeBinary(width)) => {
            let size = usize::try_from(*width).unwrap_or(0);
            let mut rows = FixedSizeBinaryBuilder::with_capacity(array.len(), *width);
            for (row, value) in array.as_binary::<i64>().iter().enumerate() {
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
            list_of::<i32>(array.as_list::<i64>(), item, column)?
        }
        (DataType::LargeList(_), DataType::LargeList(item)) => {
            list_of::<i64>(array.as_list::<i64>(), item, column)?
        }
        (DataType::Struct(found), DataType::Struct(fields))
            if found.len() == fields.len()
                && found.iter().zip(fields).all(|(f, e)| f.name() == e.name()) =>
        {
            let array = array.as_struct();
            let columns = array.columns().iter().zip(fields).map(|(values, field)| {
                let column = format!("{column}.{}", field.name());
                let values = as_type(values, field.data_type(), &column)?;
                no_null(&values, field, array.nulls(), &column)?;
                Ok(values)
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

/// The list with these offsets and only the items that it reaches.
fn list_of<O: OffsetSizeTrait>(
    list: &LargeListArray,
    item: &FieldRef,
    column: &str,
) -> Result<ArrayRef, BridgeError> {
    let offsets = list.offsets();
    let first = offsets.first().map_or(0, |o| o.as_usize());
    let last = offsets.last().map_or(0, |o| o.as_usize());
    if !O::IS_LARGE {
        fits(last - first, column)?;
    }
    let column = format!("{column}[]");
    let items = as_type(&list.values().slice(first, last - first), item.data_type(), &column)?;
    no_null(&items, item, None, &column)?;
    let lengths = (0..list.len()).map(|row| list.value_length(row).as_usize());
    let offsets = OffsetBuffer::<O>::from_lengths(lengths);
    GenericListArray::try_new(Arc::clone(item), offsets, items, list.nulls().cloned())
        .map(|list| Arc::new(list) as ArrayRef)
        .map_err(|error| BridgeError::Interface { column, message: error.to_string() })
}

/// Offsets of 32 bits into the same values, of which only those in reach are kept.
fn narrow(
    offsets: &OffsetBuffer<i64>,
    values: &Buffer,
    column: &str,
) -> Result<(OffsetBuffer<i32>, Buffer), BridgeError> {
    let first = offsets.first().map_or(0, |o| o.as_usize());
    let last = offsets.last().map_or(0, |o| o.as_usize());
    fits(last - first, column)?;
    let offsets = OffsetBuffer::from_lengths(offsets.lengths());
    Ok((offsets, values.slice_with_length(first, last - first)))
}

/// Whether offsets of 32 bits reach over so many bytes or items.
fn fits(found: usize, column: &str) -> Result<(), BridgeError> {
    match i32::try_from(found) {
        Ok(_) => Ok(()),
        Err(_) => Err(BridgeError::TooLong { column: column.to_owned(), found }),
    }
}
