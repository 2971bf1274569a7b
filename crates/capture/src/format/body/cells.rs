//! The messages of a batch: the bytes that Arrow's encoder makes of its tidy columns, without making most of these.

use super::mould::{Cast, DictionaryMould, Moulds};
use super::tidy::{fixed_bytes, hides_text, tidy};
use arrow_array::cast::AsArray;
use arrow_array::types::{BinaryType, ByteArrayType, Int32Type, Utf8Type};
use arrow_array::{Array, ArrayRef, BooleanArray, GenericByteArray, ListArray, RecordBatch};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_schema::{DataType, Schema};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Appends dictionary batches and the record batch; `None`, with `out` in any state, when the rows are not of the
/// schema or there are none.
pub(super) fn write(
    moulds: &Moulds,
    schema: &Schema,
    batch: &RecordBatch,
    out: &mut Vec<u8>,
) -> Option<()> {
    if !fits(moulds, schema, batch) || batch.num_rows() == 0 {
        return None;
    }
    let (start, expected) = (out.len(), estimate(moulds, batch));
    out.reserve(expected + moulds.slack.load(Ordering::Relaxed));
    let mut next = moulds.dictionaries.iter();
    let mut made: Vec<Option<ArrayRef>> = Vec::with_capacity(batch.num_columns());
    for column in batch.columns() {
        let tidied = if is_written_as_it_is(column) { None } else { Some(tidy(column).ok()?) };
        match &tidied {
            Some(tidied) => dictionaries(tidied, &mut next, out)?,
            None => no_dictionaries(column.data_type(), &mut next, out)?,
        }
        made.push(tidied);
    }
    let mut message = Cast::begin(&moulds.rows, out);
    for (column, tidied) in batch.columns().iter().zip(&made) {
        array(&mut message, tidied.as_ref().unwrap_or(column))?;
    }
    message.end(batch.num_rows())?;
    moulds.slack.fetch_max((out.len() - start).saturating_sub(expected), Ordering::Relaxed);
    Some(())
}

/// Whether the columns are those of the schema. A batch keeps to its own schema, so that one look at this is enough.
fn fits(moulds: &Moulds, schema: &Schema, batch: &RecordBatch) -> bool {
    if moulds.fitting.get().is_some_and(|known| Arc::ptr_eq(known, batch.schema_ref())) {
        return true;
    }
    let (ours, theirs) = (schema.fields(), batch.schema_ref().fields());
    let alike = ours.len() == theirs.len()
        && ours.iter().zip(theirs).all(|(our, their)| {
            our.data_type() == their.data_type() && (our.is_nullable() || !their.is_nullable())
        });
    if alike {
        // Another batch may have come first; its schema is as good.
        let _ = moulds.fitting.set(Arc::clone(batch.schema_ref()));
    }
    alike
}

/// Bytes of the messages of columns without texts, words or items.
fn estimate(moulds: &Moulds, batch: &RecordBatch) -> usize {
    let empty: usize = moulds.dictionaries.iter().map(|d| d.empty.len()).sum();
    let wide = |column: &ArrayRef| match column.data_type() {
        DataType::Utf8 | DataType::Binary => 32,
        DataType::FixedSizeBinary(_) | DataType::Decimal128(_, _) => 16,
        other => other.primitive_width().unwrap_or(4),
    };
    let rows = batch.num_rows();
    let column = |column: &ArrayRef| (rows * wide(column)).next_multiple_of(16) + 16;
    empty + moulds.rows.bytes.len() + batch.columns().iter().map(column).sum::<usize>()
}

/// Whether the functions below make of a column what they make of its tidy form, and it has no words or items.
fn is_written_as_it_is(column: &ArrayRef) -> bool {
    match column.data_type() {
        DataType::Dictionary(_, _) => column.null_count() == column.len(),
        DataType::List(_) => !has_items(column.as_list()),
        DataType::Utf8 => !hides_text::<Utf8Type>(column.as_bytes()),
        DataType::Binary => !hides_text::<BinaryType>(column.as_bytes()),
        DataType::Struct(_) => false,
        _ => true,
    }
}

fn has_items(list: &ListArray) -> bool {
    list.offsets().lengths().enumerate().any(|(row, len)| len > 0 && list.is_valid(row))
}

type Next<'a, 'm> = &'a mut std::slice::Iter<'m, DictionaryMould>;

/// The batches of the dictionaries of a tidy array.
fn dictionaries(array: &ArrayRef, next: Next<'_, '_>, out: &mut Vec<u8>) -> Option<()> {
    match array.data_type() {
        DataType::Dictionary(_, _) => {
            let mould = next.next()?;
            let values = array.as_dictionary::<Int32Type>().values().as_string::<i32>();
            if values.is_empty() {
                out.extend_from_slice(&mould.empty);
                return Some(());
            }
            let mut message = Cast::begin(&mould.values, out);
            text::<Utf8Type>(&mut message, values)?;
            message.end(values.len())
        }
        DataType::List(_) => dictionaries(array.as_list::<i32>().values(), next, out),
        DataType::Struct(_) => {
            let mut columns = array.as_struct().columns().iter();
            columns.try_for_each(|column| dictionaries(column, next, out))
        }
        _ => Some(()),
    }
}

/// The batches of the dictionaries of a type, without values.
fn no_dictionaries(ty: &DataType, next: Next<'_, '_>, out: &mut Vec<u8>) -> Option<()> {
    match ty {
        DataType::Dictionary(_, _) => out.extend_from_slice(&next.next()?.empty),
        DataType::List(item) => no_dictionaries(item.data_type(), next, out)?,
        DataType::Struct(fields) => {
            fields.iter().try_for_each(|field| no_dictionaries(field.data_type(), next, out))?;
        }
        _ => {}
    }
    Some(())
}

/// The nodes and buffers of an array.
fn array(message: &mut Cast<'_>, array: &ArrayRef) -> Option<()> {
    match array.data_type() {
        DataType::Boolean => boolean(message, array.as_boolean()),
        DataType::Utf8 => text::<Utf8Type>(message, array.as_bytes()),
        DataType::Binary => text::<BinaryType>(message, array.as_bytes()),
        DataType::Dictionary(_, _) => fixed(message, array.as_dictionary::<Int32Type>().keys()),
        DataType::List(item) => list(message, array.as_list(), item.data_type()),
        DataType::Struct(_) => {
            validity(message, array)?;
            array.as_struct().columns().iter().try_for_each(|column| self::array(message, column))
        }
        _ => fixed(message, array),
    }
}

/// The node of an array and the bits that say which of its values are there, if one is not.
fn validity(message: &mut Cast<'_>, array: &dyn Array) -> Option<()> {
    let nulls = nulls(array);
    message.node(array.len(), nulls.map_or(0, NullBuffer::null_count))?;
    message.buffer(|out| {
        if let Some(nulls) = nulls {
            bits(nulls.inner(), out);
        }
    })
}

fn nulls(array: &dyn Array) -> Option<&NullBuffer> {
    array.nulls().filter(|nulls| nulls.null_count() > 0)
}

/// Bits from the first of a byte on, with zeros behind the last.
fn bits(bits: &BooleanBuffer, out: &mut Vec<u8>) {
    let (first, rest) = (bits.offset() / 8, bits.len() % 8);
    let whole = first..first + bits.len().div_ceil(8);
    let from_byte = bits.values().get(whole).filter(|_| bits.offset().is_multiple_of(8));
    if let Some(bytes) = from_byte {
        out.extend_from_slice(bytes);
    } else {
        let moved = BooleanBuffer::collect_bool(bits.len(), |at| bits.value(at));
        out.extend_from_slice(moved.values().get(..bits.len().div_ceil(8)).unwrap_or_default());
    }
    if let Some(last) = out.last_mut().filter(|_| rest > 0) {
        *last &= (1 << rest) - 1;
    }
}

fn boolean(message: &mut Cast<'_>, array: &BooleanArray) -> Option<()> {
    validity(message, array)?;
    message.buffer(|out| match nulls(array) {
        Some(nulls) => bits(&(array.values() & nulls.inner()), out),
        None => bits(array.values(), out),
    })
}

/// Values of fixed width, zero where null.
fn fixed(message: &mut Cast<'_>, array: &dyn Array) -> Option<()> {
    let values = fixed_bytes(array)?;
    validity(message, array)?;
    message.buffer(|out| {
        let Some(nulls) = nulls(array) else { return out.extend_from_slice(values) };
        let start = out.len();
        if nulls.null_count() == nulls.len() {
            return out.resize(start + values.len(), 0);
        }
        out.extend_from_slice(values);
        let width = (values.len() / nulls.len()).max(1);
        let places = out.get_mut(start..).unwrap_or_default().chunks_exact_mut(width);
        for (place, is_valid) in places.zip(nulls) {
            if !is_valid {
                place.fill(0);
            }
        }
    })
}

/// Texts that hide nothing under a null.
fn text<T: ByteArrayType<Offset = i32>>(
    message: &mut Cast<'_>,
    array: &GenericByteArray<T>,
) -> Option<()> {
    validity(message, array)?;
    let offsets = array.offsets();
    let (first, last) = (*offsets.first()?, *offsets.last()?);
    message.buffer(|out| {
        if first == 0 {
            out.extend_from_slice(offsets.inner().inner());
        } else {
            offsets.iter().for_each(|at| out.extend_from_slice(&(at - first).to_le_bytes()));
        }
    })?;
    let range = usize::try_from(first).ok()?..usize::try_from(last).ok()?;
    let values = array.values().get(range)?;
    message.buffer(|out| out.extend_from_slice(values))
}

/// A tidy list, or any without items.
fn list(message: &mut Cast<'_>, array: &ListArray, item: &DataType) -> Option<()> {
    validity(message, array)?;
    if has_items(array) {
        message.buffer(|out| out.extend_from_slice(array.offsets().inner().inner()))?;
        return self::array(message, array.values());
    }
    message.buffer(|out| out.resize(out.len() + 4 * (array.len() + 1), 0))?;
    nothing(message, item)
}

/// An array of no rows.
fn nothing(message: &mut Cast<'_>, ty: &DataType) -> Option<()> {
    message.node(0, 0)?;
    message.buffer(|_| {})?;
    match ty {
        DataType::Utf8 | DataType::Binary => {
            message.buffer(|out| out.extend_from_slice(&[0; 4]))?;
            message.buffer(|_| {})
        }
        DataType::List(item) => {
            message.buffer(|out| out.extend_from_slice(&[0; 4]))?;
            nothing(message, item.data_type())
        }
        DataType::Struct(fields) => {
            fields.iter().try_for_each(|field| nothing(message, field.data_type()))
        }
        _ => message.buffer(|_| {}),
    }
}
