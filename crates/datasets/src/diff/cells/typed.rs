//! One cell of any type that a version has, comparable bit by bit.

use super::position;
use crate::diff::rows::Place;
use arrow_array::cast::AsArray as _;
use arrow_array::types::{
    Decimal128Type, Float32Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampNanosecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, DictionaryArray, FixedSizeBinaryArray,
    Float64Array, PrimitiveArray, StringArray,
};
use arrow_schema::DataType;
use contract::UtcNanos;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A cell. Floats are equal when their bits are.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell<'a> {
    Null,
    Whole(i128),
    /// Bits.
    Float(u64),
    /// Nanoseconds since 1970.
    Time(i64),
    Flag(bool),
    Bytes(&'a [u8]),
    /// Some bytes of a row.
    Chosen(Vec<u8>),
    Text(&'a str),
}

impl Cell<'_> {
    /// Absolute difference, and the same by the absolute value before; of finite numbers alone.
    pub(super) fn distance(&self, after: &Self) -> Option<(f64, Option<f64>)> {
        let (before, absolute) = match (self, after) {
            (Cell::Float(before), Cell::Float(after)) => {
                let (before, after) = (f64::from_bits(*before), f64::from_bits(*after));
                (before, (after - before).abs())
            }
            (Cell::Whole(before), Cell::Whole(after)) => {
                (*before as f64, before.abs_diff(*after) as f64)
            }
            (Cell::Time(before), Cell::Time(after)) => {
                return Some((before.abs_diff(*after) as f64, None));
            }
            _ => return None,
        };
        let relative = absolute / before.abs();
        absolute.is_finite().then(|| (absolute, Some(relative).filter(|r| r.is_finite())))
    }

    /// Its value; `None`: null.
    pub(super) fn text(&self) -> Option<String> {
        Some(match self {
            Cell::Null => return None,
            Cell::Whole(number) => number.to_string(),
            Cell::Float(bits) => format!("{:?}", f64::from_bits(*bits)),
            Cell::Time(nanos) => UtcNanos::from_nanos(*nanos).to_string(),
            Cell::Flag(flag) => flag.to_string(),
            Cell::Bytes(bytes) => hex(bytes),
            Cell::Chosen(bytes) => hex(bytes),
            Cell::Text(text) => (*text).to_owned(),
        })
    }

    /// The values of two cells that differ, so that it is seen: two kinds of "no number" show their bits.
    pub(super) fn texts(before: &Self, after: &Self) -> (Option<String>, Option<String>) {
        match (before, after) {
            (Cell::Float(old), Cell::Float(new)) if before.text() == after.text() => {
                (Some(format!("NaN {old:#018x}")), Some(format!("NaN {new:#018x}")))
            }
            _ => (before.text(), after.text()),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A column that was put together of files.
#[derive(Debug, Clone)]
pub(super) struct CellColumn<'a> {
    starts: &'a BTreeMap<usize, usize>,
    array: Typed<'a>,
    /// Bytes that count, of a column of bytes; `None`: all.
    chosen: Option<Vec<usize>>,
}

#[derive(Debug, Clone)]
enum Typed<'a> {
    I8(&'a PrimitiveArray<Int8Type>),
    I16(&'a PrimitiveArray<Int16Type>),
    I32(&'a PrimitiveArray<Int32Type>),
    I64(&'a PrimitiveArray<Int64Type>),
    U8(&'a PrimitiveArray<UInt8Type>),
    U16(&'a PrimitiveArray<UInt16Type>),
    U32(&'a PrimitiveArray<UInt32Type>),
    U64(&'a PrimitiveArray<UInt64Type>),
    Decimal(&'a PrimitiveArray<Decimal128Type>),
    Single(&'a PrimitiveArray<Float32Type>),
    Double(&'a Float64Array),
    Time(&'a PrimitiveArray<TimestampNanosecondType>),
    Flag(&'a BooleanArray),
    Bytes(&'a FixedSizeBinaryArray),
    Text(&'a StringArray),
    Words(&'a DictionaryArray<Int32Type>, &'a StringArray),
}

impl<'a> CellColumn<'a> {
    /// `None` for a type that no version has.
    pub(super) fn of(array: &'a ArrayRef, starts: &'a BTreeMap<usize, usize>) -> Option<Self> {
        fn typed<T: ArrowPrimitiveType>(array: &ArrayRef) -> Option<&PrimitiveArray<T>> {
            array.as_primitive_opt::<T>()
        }
        let array = match array.data_type() {
            DataType::Int8 => Typed::I8(typed(array)?),
            DataType::Int16 => Typed::I16(typed(array)?),
            DataType::Int32 => Typed::I32(typed(array)?),
            DataType::Int64 => Typed::I64(typed(array)?),
            DataType::UInt8 => Typed::U8(typed(array)?),
            DataType::UInt16 => Typed::U16(typed(array)?),
            DataType::UInt32 => Typed::U32(typed(array)?),
            DataType::UInt64 => Typed::U64(typed(array)?),
            DataType::Decimal128(..) => Typed::Decimal(typed(array)?),
            DataType::Float32 => Typed::Single(typed(array)?),
            DataType::Float64 => Typed::Double(typed(array)?),
            DataType::Timestamp(..) => Typed::Time(typed(array)?),
            DataType::Boolean => Typed::Flag(array.as_boolean_opt()?),
            DataType::FixedSizeBinary(_) => Typed::Bytes(array.as_fixed_size_binary_opt()?),
            DataType::Utf8 => Typed::Text(array.as_string_opt()?),
            DataType::Dictionary(..) => {
                let words = array.as_dictionary_opt::<Int32Type>()?;
                Typed::Words(words, words.values().as_string_opt()?)
            }
            _ => return None,
        };
        Some(Self { starts, array, chosen: None })
    }

    /// The same column, of which only these bytes count.
    pub(super) fn bytes_at(self, chosen: Vec<usize>) -> Self {
        Self { chosen: Some(chosen), ..self }
    }

    pub(super) fn cell(&self, place: Place) -> Cell<'a> {
        let row = position(self.starts, place);
        match &self.array {
            Typed::I8(array) => whole(array, row),
            Typed::I16(array) => whole(array, row),
            Typed::I32(array) => whole(array, row),
            Typed::I64(array) => whole(array, row),
            Typed::U8(array) => whole(array, row),
            Typed::U16(array) => whole(array, row),
            Typed::U32(array) => whole(array, row),
            Typed::U64(array) => whole(array, row),
            Typed::Decimal(array) => whole(array, row),
            _ if self.is_null(row) => Cell::Null,
            Typed::Single(array) => Cell::Float(f64::from(array.value(row)).to_bits()),
            Typed::Double(array) => Cell::Float(array.value(row).to_bits()),
            Typed::Time(array) => Cell::Time(array.value(row)),
            Typed::Flag(array) => Cell::Flag(array.value(row)),
            Typed::Bytes(array) => self.bytes(array.value(row)),
            Typed::Text(array) => Cell::Text(array.value(row)),
            Typed::Words(array, words) => array
                .key(row)
                .filter(|&word| words.is_valid(word))
                .map_or(Cell::Null, |word| Cell::Text(words.value(word))),
        }
    }

    fn is_null(&self, row: usize) -> bool {
        match &self.array {
            Typed::Single(array) => array.is_null(row),
            Typed::Double(array) => array.is_null(row),
            Typed::Time(array) => array.is_null(row),
            Typed::Flag(array) => array.is_null(row),
            Typed::Bytes(array) => array.is_null(row),
            Typed::Text(array) => array.is_null(row),
            // Asked on their own.
            _ => false,
        }
    }

    fn bytes(&self, bytes: &'a [u8]) -> Cell<'a> {
        let Some(chosen) = &self.chosen else { return Cell::Bytes(bytes) };
        Cell::Chosen(chosen.iter().filter_map(|&at| bytes.get(at)).copied().collect())
    }
}

fn whole<'a, T: ArrowPrimitiveType<Native: Into<i128>>>(
    array: &PrimitiveArray<T>,
    row: usize,
) -> Cell<'a> {
    if array.is_null(row) { Cell::Null } else { Cell::Whole(array.value(row).into()) }
}
