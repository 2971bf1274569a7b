//! The values of an array that are not null, in pieces that stay in the nearest cache.

use arrow_array::cast::AsArray as _;
use arrow_array::types::{
    ArrowPrimitiveType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, PrimitiveArray};
use arrow_schema::{DataType, TimeUnit};

/// Values in a piece: a whole number of validity words.
const PIECE: usize = 1024;

/// Hands on the values of a float column as doubles, which hold every single exactly.
pub(super) fn floats<E>(
    array: &dyn Array,
    each: impl FnMut(&[f64]) -> Result<(), E>,
) -> Result<(), E> {
    // INVARIANT: a batch has arrays of its schema's types, and the schema was compared with the profile's.
    match array.data_type() {
        DataType::Float32 => pieces::<Float32Type, _, _>(array, f64::from, each),
        _ => pieces::<Float64Type, _, _>(array, |x| x, each),
    }
}

/// Hands on the values of integers, instants (in ticks) and decimals (unscaled).
pub(super) fn integers<E>(
    array: &dyn Array,
    each: impl FnMut(&[i128]) -> Result<(), E>,
) -> Result<(), E> {
    // INVARIANT: as above.
    match array.data_type() {
        DataType::Int8 => pieces::<Int8Type, _, _>(array, i128::from, each),
        DataType::Int16 => pieces::<Int16Type, _, _>(array, i128::from, each),
        DataType::Int32 => pieces::<Int32Type, _, _>(array, i128::from, each),
        DataType::UInt8 => pieces::<UInt8Type, _, _>(array, i128::from, each),
        DataType::UInt16 => pieces::<UInt16Type, _, _>(array, i128::from, each),
        DataType::UInt32 => pieces::<UInt32Type, _, _>(array, i128::from, each),
        DataType::UInt64 => pieces::<UInt64Type, _, _>(array, i128::from, each),
        DataType::Decimal128(..) => pieces::<Decimal128Type, _, _>(array, |x| x, each),
        DataType::Timestamp(unit, _) => match unit {
            TimeUnit::Second => pieces::<TimestampSecondType, _, _>(array, i128::from, each),
            TimeUnit::Millisecond => {
                pieces::<TimestampMillisecondType, _, _>(array, i128::from, each)
            }
            TimeUnit::Microsecond => {
                pieces::<TimestampMicrosecondType, _, _>(array, i128::from, each)
            }
            TimeUnit::Nanosecond => {
                pieces::<TimestampNanosecondType, _, _>(array, i128::from, each)
            }
        },
        _ => pieces::<Int64Type, _, _>(array, i128::from, each),
    }
}

/// Hands on texts and how often each comes; of a dictionary, each value that is used once.
pub(super) fn texts<E>(
    array: &dyn Array,
    mut each: impl FnMut(&str, u64) -> Result<(), E>,
) -> Result<(), E> {
    if let Some(dictionary) = array.as_any_dictionary_opt() {
        let mut counts = vec![0_u64; dictionary.values().len()];
        if counts.is_empty() {
            return Ok(());
        }
        for (row, key) in dictionary.normalized_keys().into_iter().enumerate() {
            if let Some(count) = counts.get_mut(key) {
                *count += u64::from(array.is_valid(row));
            }
        }
        let mut counts = counts.into_iter();
        return plain(dictionary.values(), |text| match (counts.next(), text) {
            (Some(count), Some(text)) if count > 0 => each(text, count),
            _ => Ok(()),
        });
    }
    plain(array, |text| text.map_or(Ok(()), |text| each(text, 1)))
}

/// How many values are true.
pub(super) fn trues(array: &dyn Array) -> usize {
    array.as_boolean_opt().map_or(0, arrow_array::BooleanArray::true_count)
}

fn plain<E>(array: &dyn Array, each: impl FnMut(Option<&str>) -> Result<(), E>) -> Result<(), E> {
    if let Some(texts) = array.as_string_opt::<i32>() {
        texts.iter().try_for_each(each)
    } else if let Some(texts) = array.as_string_opt::<i64>() {
        texts.iter().try_for_each(each)
    } else {
        Ok(())
    }
}

fn pieces<T: ArrowPrimitiveType, Out: Copy + Default, E>(
    array: &dyn Array,
    convert: impl Fn(T::Native) -> Out,
    mut each: impl FnMut(&[Out]) -> Result<(), E>,
) -> Result<(), E> {
    let Some(array) = array.as_primitive_opt::<T>() else { return Ok(()) };
    let array: &PrimitiveArray<T> = array;
    let mut buffer = [Out::default(); PIECE];
    let mut validity = array.nulls().map(|nulls| nulls.inner().bit_chunks());
    let mut words = validity.as_mut().map(|chunks| chunks.iter_padded());
    for piece in array.values().chunks(PIECE) {
        let mut kept = 0_usize;
        for values in piece.chunks(64) {
            let mut word = words.as_mut().map_or(u64::MAX, |words| words.next().unwrap_or(0));
            for value in values {
                // A null is overwritten by the next value: no branch.
                if let Some(slot) = buffer.get_mut(kept) {
                    *slot = convert(*value);
                }
                kept += usize::from(word & 1 == 1);
                word >>= 1;
            }
        }
        each(buffer.get(..kept).unwrap_or_default())?;
    }
    Ok(())
}
