//! One form of equal arrays: nothing outside the slice, zeros under nulls, dictionaries in order of first use.

use arrow_array::cast::AsArray;
use arrow_array::types::{BinaryType, ByteArrayType, Int32Type, Utf8Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, GenericByteArray, Int32Array, ListArray,
    StringArray, StructArray, downcast_primitive_array, make_array,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer};
use arrow_data::ArrayData;
use arrow_schema::{ArrowError, DataType};
use std::collections::HashMap;
use std::sync::Arc;

/// An array with equal values whose written bytes depend on these values alone.
pub(super) fn tidy(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match array.data_type() {
        DataType::Boolean => Ok(Arc::new(boolean(array.as_boolean()))),
        DataType::Utf8 => text::<Utf8Type>(array),
        DataType::Binary => text::<BinaryType>(array),
        DataType::List(_) => list(array.as_list::<i32>()),
        DataType::Struct(fields) => {
            // Never null in a stored table, so the children stand as they are.
            let rows = array.as_struct();
            let columns = rows.columns().iter().map(tidy).collect::<Result<_, _>>()?;
            Ok(Arc::new(StructArray::try_new(fields.clone(), columns, nulls(array))?))
        }
        DataType::Dictionary(_, _) => dictionary(array),
        _ => fixed(array),
    }
}

/// The nulls, if there are any, with zero bits behind the last row.
fn nulls(array: &dyn Array) -> Option<NullBuffer> {
    let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0)?;
    if is_tidy(nulls) {
        return Some(nulls.clone());
    }
    let bits = nulls.inner();
    Some(NullBuffer::new(BooleanBuffer::collect_bool(bits.len(), |at| bits.value(at))))
}

/// Whether the bits start at a byte, and those behind the last row are zero.
fn is_tidy(nulls: &NullBuffer) -> bool {
    let bits = nulls.inner();
    let (whole, rest) = (bits.len() / 8, bits.len() % 8);
    let last = bits.values().get(whole).copied().unwrap_or(0);
    bits.offset() == 0 && (rest == 0 || last >> rest == 0)
}

fn boolean(array: &BooleanArray) -> BooleanArray {
    let values = array.values();
    let is_true = |at| array.is_valid(at) && values.value(at);
    BooleanArray::new(BooleanBuffer::collect_bool(array.len(), is_true), nulls(array))
}

fn text<T: ByteArrayType<Offset = i32>>(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let texts = array.as_bytes::<T>();
    let Some(nulls) = nulls(texts) else { return Ok(Arc::clone(array)) };
    if !hides_text(texts) {
        let (offsets, values) = (texts.offsets().clone(), texts.values().clone());
        return Ok(Arc::new(GenericByteArray::<T>::try_new(offsets, values, Some(nulls))?));
    }
    let mut values = Vec::new();
    let mut lengths = Vec::with_capacity(texts.len());
    for value in texts {
        let bytes: &[u8] = value.map_or(&[], AsRef::as_ref);
        values.extend_from_slice(bytes);
        lengths.push(bytes.len());
    }
    let offsets = OffsetBuffer::from_lengths(lengths);
    Ok(Arc::new(GenericByteArray::<T>::try_new(offsets, Buffer::from_vec(values), Some(nulls))?))
}

/// Whether a text stands under a null.
pub(super) fn hides_text<T: ByteArrayType>(texts: &GenericByteArray<T>) -> bool {
    let Some(nulls) = texts.nulls().filter(|nulls| nulls.null_count() > 0) else { return false };
    let mut ends = texts.offsets().windows(2).zip(nulls.iter());
    ends.any(|(ends, is_valid)| !is_valid && ends.first() != ends.last())
}

fn list(array: &ListArray) -> Result<ArrayRef, ArrowError> {
    let DataType::List(item) = array.data_type() else { return Ok(Arc::new(array.clone())) };
    let nulls = nulls(array);
    let (first, last) = (array.offsets().first(), array.offsets().last());
    let bound = |at: Option<&i32>| at.and_then(|&at| usize::try_from(at).ok()).unwrap_or(0);
    let (first, last) = (bound(first), bound(last));
    let mut items = array.values().slice(first, last.saturating_sub(first));
    let is_valid = |row| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
    let extents: Vec<usize> = array.offsets().lengths().collect();
    let lengths: Vec<usize> =
        extents.iter().enumerate().map(|(row, &len)| if is_valid(row) { len } else { 0 }).collect();
    if lengths != extents {
        let kept: BooleanArray = extents
            .iter()
            .enumerate()
            .flat_map(|(row, &len)| std::iter::repeat_n(Some(is_valid(row)), len))
            .collect();
        items = arrow_select::filter::filter(&items, &kept)?;
    }
    let offsets = OffsetBuffer::from_lengths(lengths);
    Ok(Arc::new(ListArray::try_new(Arc::clone(item), offsets, tidy(&items)?, nulls)?))
}

/// A dictionary of the values in use, each once, in order of first use.
fn dictionary(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let rows = array.as_dictionary::<Int32Type>();
    let values = rows.values().as_string::<i32>();
    // Most categories of a one-row batch: no word at all, or one that every row has.
    let is_plain = match values.len() {
        0 => true,
        1 => values.nulls().is_none() && rows.keys().values().iter().all(|key| *key == 0),
        _ => false,
    };
    let is_used = values.is_empty() || rows.keys().null_count() < rows.len();
    if is_plain && is_used && is_fixed_tidy(rows.keys()) {
        return Ok(Arc::clone(array));
    }
    // New keys by old ones, unless the dictionary is so much longer than the rows that the list would cost more.
    let listed = if values.len() / 4 <= rows.len().max(256) { values.len() } else { 0 };
    let mut by_old: Vec<Option<i32>> = vec![None; listed];
    let mut by_text: HashMap<&str, i32> = HashMap::new();
    let mut used: Vec<&str> = Vec::new();
    let mut keys: Vec<Option<i32>> = Vec::with_capacity(rows.len());
    for old in rows.keys() {
        // A key of a null value is a null row.
        let old = old.and_then(|old| usize::try_from(old).ok()).filter(|&old| values.is_valid(old));
        let Some(old) = old else {
            keys.push(None);
            continue;
        };
        let new = if let Some(Some(new)) = by_old.get(old) {
            *new
        } else {
            let text = values.value(old);
            let next =
                i32::try_from(used.len()).map_err(|_| ArrowError::DictionaryKeyOverflowError)?;
            *by_text.entry(text).or_insert_with(|| {
                used.push(text);
                next
            })
        };
        if let Some(slot) = by_old.get_mut(old) {
            *slot = Some(new);
        }
        keys.push(Some(new));
    }
    let values = Arc::new(StringArray::from_iter_values(used));
    let keys = Int32Array::from_iter(keys);
    Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(keys, values)?))
}

/// Whether an array of fixed width stands as it is: zeros under nulls and behind the last row.
fn is_fixed_tidy(array: &dyn Array) -> bool {
    let Some(nulls) = array.nulls().filter(|nulls| nulls.null_count() > 0) else { return true };
    is_tidy(nulls)
        && fixed_bytes(array).is_some_and(|bytes| {
            let mut values =
                bytes.chunks_exact((bytes.len() / nulls.len()).max(1)).zip(nulls.iter());
            values.all(|(value, is_valid)| is_valid || value.iter().all(|byte| *byte == 0))
        })
}

/// The bytes of the values in a slice of fixed width.
pub(super) fn fixed_bytes(array: &dyn Array) -> Option<&[u8]> {
    downcast_primitive_array!(
        array => Some(array.values().inner().as_slice()),
        DataType::FixedSizeBinary(_) => Some(array.as_fixed_size_binary().value_data()),
        _ => None
    )
}

/// Values of fixed width, zero where null.
fn fixed(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    if is_fixed_tidy(array) {
        return Ok(Arc::clone(array));
    }
    let Some(nulls) = nulls(array) else { return Ok(Arc::clone(array)) };
    let values = fixed_bytes(array).map(|values| {
        let mut bytes = values.to_vec();
        let width = (bytes.len() / nulls.len()).max(1);
        for (value, is_valid) in bytes.chunks_exact_mut(width).zip(nulls.iter()) {
            if !is_valid {
                value.fill(0);
            }
        }
        bytes
    });
    let Some(values) = values else {
        return Err(ArrowError::InvalidArgumentError(format!(
            "expected an array of fixed width, found `{}`",
            array.data_type()
        )));
    };
    let data = ArrayData::builder(array.data_type().clone())
        .len(array.len())
        .add_buffer(Buffer::from_slice_ref(&values))
        .nulls(Some(nulls))
        .build()?;
    Ok(make_array(data))
}
