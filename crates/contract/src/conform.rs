//! From the Arrow types that other programs write to the one type that the contract fixes.
//!
//! Only the layout changes, never a value: wide or view text becomes `Utf8`, plain text a dictionary, variable bytes
//! of the right length fixed ones. A number or a time of another type or unit is refused.

use crate::buffer::Buffer;
use crate::types::{ItemField, Type, UTC, item_fields};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowDictionaryKeyType, Int8Type, Int16Type, Int32Type, Int64Type, TimestampNanosecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, ListArray, StructArray};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, TimeUnit};
use std::sync::Arc;

/// Why an array cannot stand in a column.
#[derive(Debug)]
pub(crate) enum Mismatch {
    /// Another type.
    Type { expected: DataType, found: DataType },
    /// Fixed bytes of another length, at a row.
    Width { row: usize, expected: usize, found: usize },
    /// A null inside a list, at a row of the list's items.
    NullItem { item: usize },
    /// More text than 32-bit offsets reach.
    TooLarge,
}

/// The array in the column's own type.
pub(crate) fn conform(ty: Type, packed: i32, array: &ArrayRef) -> Result<ArrayRef, Mismatch> {
    let expected = ty.data_type(packed);
    let found = array.data_type();
    if *found == expected && !hides_nulls(array) {
        return Ok(Arc::clone(array));
    }
    let refuse = || Mismatch::Type { expected: expected.clone(), found: found.clone() };
    match ty {
        Type::Ts => match found {
            // Two spellings of UTC that writers other than ours use.
            DataType::Timestamp(TimeUnit::Nanosecond, Some(zone))
                if matches!(&**zone, "+00:00" | "Etc/UTC") =>
            {
                Ok(Arc::new(
                    array.as_primitive::<TimestampNanosecondType>().clone().with_timezone(UTC),
                ))
            }
            _ => Err(refuse()),
        },
        Type::Str | Type::Cat(_) | Type::OpenCat => {
            let mut out = Buffer::new(ty, 0);
            texts(array.as_ref(), &mut out).ok_or_else(refuse)?;
            out.finish().map_err(|_| Mismatch::TooLarge)
        }
        Type::Bin | Type::Id | Type::Hash | Type::Span | Type::Packed => {
            bytes(ty, packed, array, &refuse)
        }
        Type::List(item) => {
            let list = as_list(array).ok_or_else(refuse)?;
            let items = conform(*item, 0, list.values())?;
            relist(&list, &items)
        }
        Type::Structs(fields) => {
            let list = as_list(array).ok_or_else(refuse)?;
            let structs = list.values().as_struct_opt().ok_or_else(refuse)?;
            let items = conform_struct(fields, structs, &refuse)?;
            relist(&list, &(Arc::new(items) as ArrayRef))
        }
        _ => Err(refuse()),
    }
}

/// Whether a valid key of a dictionary may point to a null word: no null count of the keys would show it.
fn hides_nulls(array: &ArrayRef) -> bool {
    array.as_any_dictionary_opt().is_some_and(|words| words.values().null_count() > 0)
}

/// Copies text of any layout; `None` for an array that is no text.
fn texts(array: &dyn Array, out: &mut Buffer) -> Option<()> {
    fn each<'a>(values: impl Iterator<Item = Option<&'a str>>, out: &mut Buffer) {
        for value in values {
            match value {
                Some(text) => out.text(text),
                None => out.null(),
            }
        }
    }
    fn keyed<K: ArrowDictionaryKeyType>(array: &dyn Array, out: &mut Buffer) -> Option<()> {
        let array = array.as_dictionary_opt::<K>()?;
        let values = array.values();
        let at = |row| array.key(row);
        let rows = 0..array.len();
        match values.data_type() {
            DataType::Utf8 => {
                let v = values.as_string::<i32>();
                each(rows.map(|r| at(r).filter(|k| v.is_valid(*k)).map(|k| v.value(k))), out);
            }
            DataType::LargeUtf8 => {
                let v = values.as_string::<i64>();
                each(rows.map(|r| at(r).filter(|k| v.is_valid(*k)).map(|k| v.value(k))), out);
            }
            DataType::Utf8View => {
                let v = values.as_string_view();
                each(rows.map(|r| at(r).filter(|k| v.is_valid(*k)).map(|k| v.value(k))), out);
            }
            _ => return None,
        }
        Some(())
    }
    match array.data_type() {
        DataType::Utf8 => each(array.as_string::<i32>().iter(), out),
        DataType::LargeUtf8 => each(array.as_string::<i64>().iter(), out),
        DataType::Utf8View => each(array.as_string_view().iter(), out),
        DataType::Dictionary(key, _) => match **key {
            DataType::Int8 => keyed::<Int8Type>(array, out)?,
            DataType::Int16 => keyed::<Int16Type>(array, out)?,
            DataType::Int32 => keyed::<Int32Type>(array, out)?,
            DataType::Int64 => keyed::<Int64Type>(array, out)?,
            DataType::UInt8 => keyed::<UInt8Type>(array, out)?,
            DataType::UInt16 => keyed::<UInt16Type>(array, out)?,
            DataType::UInt32 => keyed::<UInt32Type>(array, out)?,
            DataType::UInt64 => keyed::<UInt64Type>(array, out)?,
            _ => return None,
        },
        _ => return None,
    }
    Some(())
}

fn bytes(
    ty: Type,
    packed: i32,
    array: &ArrayRef,
    refuse: &dyn Fn() -> Mismatch,
) -> Result<ArrayRef, Mismatch> {
    let width = match ty.data_type(packed) {
        DataType::FixedSizeBinary(width) => usize::try_from(width).ok(),
        _ => None,
    };
    let values: Box<dyn Iterator<Item = Option<&[u8]>> + '_> = match array.data_type() {
        DataType::Binary => Box::new(array.as_binary::<i32>().iter()),
        DataType::LargeBinary => Box::new(array.as_binary::<i64>().iter()),
        DataType::BinaryView => Box::new(array.as_binary_view().iter()),
        _ => return Err(refuse()),
    };
    let mut out = Buffer::new(ty, width.unwrap_or(0));
    for (row, value) in values.enumerate() {
        match value {
            Some(value) => {
                if let Some(expected) = width.filter(|w| *w != value.len()) {
                    return Err(Mismatch::Width { row, expected, found: value.len() });
                }
                out.bytes(value);
            }
            None => out.null(),
        }
    }
    out.finish().map_err(|_| Mismatch::TooLarge)
}

fn as_list(array: &ArrayRef) -> Option<ListArray> {
    match array.data_type() {
        DataType::List(_) => Some(array.as_list::<i32>().clone()),
        DataType::LargeList(_) => {
            let wide = array.as_list::<i64>();
            let narrow: Option<Vec<i32>> =
                wide.offsets().iter().map(|o| i32::try_from(*o).ok()).collect();
            let offsets = OffsetBuffer::new(ScalarBuffer::from(narrow?));
            let field = Arc::new(Field::new("item", wide.values().data_type().clone(), true));
            ListArray::try_new(field, offsets, Arc::clone(wide.values()), wide.nulls().cloned())
                .ok()
        }
        _ => None,
    }
}

fn relist(list: &ListArray, items: &ArrayRef) -> Result<ArrayRef, Mismatch> {
    // A sliced list keeps its whole child; only the items that its rows reach count.
    let start = list.offsets().first().copied().unwrap_or(0);
    let end = list.offsets().last().copied().unwrap_or(start);
    let at = |offset: i32| usize::try_from(offset).unwrap_or(0);
    let items = items.slice(at(start), at(end) - at(start));
    if items.null_count() > 0 {
        let item = (0..items.len()).find(|at| items.is_null(*at)).unwrap_or(0);
        return Err(Mismatch::NullItem { item });
    }
    let offsets: Vec<i32> = list.offsets().iter().map(|offset| offset - start).collect();
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    let field = Arc::new(Field::new("item", items.data_type().clone(), false));
    let relisted = ListArray::try_new(field, offsets, items, list.nulls().cloned());
    relisted.map(|l| Arc::new(l) as ArrayRef).map_err(|_| Mismatch::TooLarge)
}

/// Fields by name; each in its own type and without nulls where none are allowed.
fn conform_struct(
    fields: &'static [ItemField],
    structs: &StructArray,
    refuse: &dyn Fn() -> Mismatch,
) -> Result<StructArray, Mismatch> {
    let mut columns = Vec::with_capacity(fields.len());
    for field in fields {
        let column = structs.column_by_name(field.name).ok_or_else(refuse)?;
        let column = conform(field.ty, 0, column)?;
        if !field.nullable && column.null_count() > 0 {
            let item = (0..column.len()).find(|at| column.is_null(*at)).unwrap_or(0);
            return Err(Mismatch::NullItem { item });
        }
        columns.push(column);
    }
    if structs.num_columns() != fields.len() {
        return Err(refuse());
    }
    StructArray::try_new_with_length(
        item_fields(fields),
        columns,
        structs.nulls().cloned(),
        structs.len(),
    )
    .map_err(|_| refuse())
}
