//! The values of one column, gathered.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampNanosecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, TimeUnit};
use std::collections::BTreeMap;

/// A missing number. No value that counts is NaN, so it is free to say so.
pub(super) const MISSING: f64 = f64::NAN;

/// The values of one column in row order.
#[derive(Debug)]
pub(super) struct Collected {
    pub(super) values: Values,
    /// Rows that are null.
    pub(super) is_null: Vec<bool>,
}

/// Values by what can be said of them.
#[derive(Debug)]
pub(super) enum Values {
    /// Floats; NaN and infinite ones are [`MISSING`].
    Floats(Vec<f64>),
    /// Whole numbers and decimals, as they are and as floats.
    Whole { exact: Vec<i128>, floats: Vec<f64> },
    /// Instants, of which only the number of distinct ones is told.
    Instants(Vec<i128>),
    /// Text, bytes and truths, as numbers of distinct values.
    Words { known: BTreeMap<Vec<u8>, u32>, ids: Vec<u32> },
    /// Lists and structs.
    Other,
}

impl Collected {
    pub(super) fn new(data_type: &DataType) -> Self {
        let values = match data_type {
            DataType::Float64 | DataType::Float32 => Values::Floats(Vec::new()),
            ty if ty.is_integer() => Values::Whole { exact: Vec::new(), floats: Vec::new() },
            DataType::Decimal128(..) => Values::Whole { exact: Vec::new(), floats: Vec::new() },
            DataType::Timestamp(TimeUnit::Nanosecond, _) => Values::Instants(Vec::new()),
            ty if is_text(ty) => Values::Words { known: BTreeMap::new(), ids: Vec::new() },
            DataType::Boolean | DataType::Binary | DataType::FixedSizeBinary(_) => {
                Values::Words { known: BTreeMap::new(), ids: Vec::new() }
            }
            _ => Values::Other,
        };
        Self { values, is_null: Vec::new() }
    }

    /// The values as numbers, [`MISSING`] where there is none.
    pub(super) fn numbers(&self) -> Option<&[f64]> {
        match &self.values {
            Values::Floats(floats) | Values::Whole { floats, .. } => Some(floats),
            _ => None,
        }
    }

    /// Appends an array of the column's type.
    pub(super) fn push(&mut self, array: &ArrayRef) {
        let nulls = array.logical_nulls();
        let is_null = |row: usize| nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
        self.is_null.extend((0..array.len()).map(is_null));
        match &mut self.values {
            Values::Floats(floats) => {
                let values: Vec<f64> = match array.data_type() {
                    DataType::Float32 => array
                        .as_primitive::<Float32Type>()
                        .values()
                        .iter()
                        .map(|v| f64::from(*v))
                        .collect(),
                    _ => array.as_primitive::<Float64Type>().values().to_vec(),
                };
                floats.extend(values.iter().enumerate().map(|(row, value)| {
                    // Minus zero is zero, so that distinct values are those that differ.
                    if value.is_finite() && !is_null(row) { value + 0.0 } else { MISSING }
                }));
            }
            Values::Whole { exact, floats } => {
                let (whole, scale) = whole(array);
                let unit = 10_f64.powi(i32::from(scale));
                let number = |(row, value): (usize, &i128)| {
                    if is_null(row) { MISSING } else { *value as f64 / unit }
                };
                floats.extend(whole.iter().enumerate().map(number));
                exact.extend(whole);
            }
            Values::Instants(exact) => {
                let values = array.as_primitive::<TimestampNanosecondType>().values();
                exact.extend(values.iter().map(|v| i128::from(*v)));
            }
            Values::Words { known, ids } => {
                for row in 0..array.len() {
                    let word = if is_null(row) { Vec::new() } else { bytes_at(array, row) };
                    // A column with 2^32 distinct words does not fit in memory.
                    let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
                    ids.push(if is_null(row) {
                        u32::MAX
                    } else {
                        *known.entry(word).or_insert(next)
                    });
                }
            }
            Values::Other => {}
        }
    }
}

/// Whole numbers as they are, and the scale of a decimal.
fn whole(array: &ArrayRef) -> (Vec<i128>, i8) {
    fn of<T: ArrowPrimitiveType>(array: &ArrayRef) -> (Vec<i128>, i8)
    where
        i128: From<T::Native>,
    {
        (array.as_primitive::<T>().values().iter().map(|v| i128::from(*v)).collect(), 0)
    }
    match array.data_type() {
        DataType::Int8 => of::<Int8Type>(array),
        DataType::Int16 => of::<Int16Type>(array),
        DataType::Int32 => of::<Int32Type>(array),
        DataType::Int64 => of::<Int64Type>(array),
        DataType::UInt8 => of::<UInt8Type>(array),
        DataType::UInt16 => of::<UInt16Type>(array),
        DataType::UInt32 => of::<UInt32Type>(array),
        DataType::UInt64 => of::<UInt64Type>(array),
        DataType::Decimal128(_, scale) => {
            (array.as_primitive::<Decimal128Type>().values().to_vec(), *scale)
        }
        _ => (Vec::new(), 0),
    }
}

/// Whether [`text_at`] reads the type.
pub(super) fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(key, value) => **key == DataType::Int32 && **value == DataType::Utf8,
        _ => false,
    }
}

/// The text of a row; `None` where it is null.
pub(super) fn text_at(array: &ArrayRef, row: usize) -> Option<&str> {
    if array.is_null(row) {
        return None;
    }
    match array.data_type() {
        DataType::Utf8 => Some(array.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => Some(array.as_string::<i64>().value(row)),
        DataType::Utf8View => Some(array.as_string_view().value(row)),
        DataType::Dictionary(..) => {
            let words = array.as_dictionary::<arrow_array::types::Int32Type>();
            let values = words.values().as_string::<i32>();
            words.key(row).filter(|at| values.is_valid(*at)).map(|at| values.value(at))
        }
        _ => None,
    }
}

fn bytes_at(array: &ArrayRef, row: usize) -> Vec<u8> {
    match array.data_type() {
        DataType::Boolean => vec![u8::from(array.as_boolean().value(row))],
        DataType::Binary => array.as_binary::<i32>().value(row).to_vec(),
        DataType::FixedSizeBinary(_) => array.as_fixed_size_binary().value(row).to_vec(),
        _ => text_at(array, row).unwrap_or_default().as_bytes().to_vec(),
    }
}
