//! Keys of any type as small numbers.

use arrow_array::cast::AsArray as _;
use arrow_array::types::{
    Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{ArrowError, DataType};
use datafusion::arrow::compute::cast;
use std::collections::HashMap;

/// What kind of values a key has. Keys of one kind are equal when their values are, whatever the type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyKind {
    Integer,
    Text,
    Bytes,
}

impl KeyKind {
    pub(super) fn of(ty: &DataType) -> Option<Self> {
        match ty {
            ty if ty.is_integer() => Some(Self::Integer),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Some(Self::Text),
            DataType::Binary
            | DataType::LargeBinary
            | DataType::BinaryView
            | DataType::FixedSizeBinary(_) => Some(Self::Bytes),
            DataType::Dictionary(_, value) => Self::of(value),
            _ => None,
        }
    }
}

/// The number of a key that the right side does not have: no row of it is found.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// Numbers of keys, in the order in which they were met. Nothing depends on them but equality.
#[derive(Debug, Default)]
pub(super) struct Keys(HashMap<Box<[u8]>, u32>);

impl Keys {
    /// Bytes that the keys take, about.
    pub(super) fn bytes(&self) -> usize {
        self.0.capacity() * 48
    }

    /// The number of each key; keys that are new get one. `None` is a null.
    pub(super) fn learn(&mut self, array: &ArrayRef) -> Result<Vec<Option<u32>>, ArrowError> {
        let mut numbers = Vec::with_capacity(array.len());
        each(array, |key| {
            numbers.push(key.map(|key| {
                if let Some(number) = self.0.get(key) {
                    return *number;
                }
                let number = u32::try_from(self.0.len()).unwrap_or(UNKNOWN - 1);
                self.0.insert(key.into(), number);
                number
            }));
        })?;
        Ok(numbers)
    }

    /// The number of each key, [`UNKNOWN`] for nulls and for keys that were never learnt.
    pub(super) fn look_up(&self, array: &ArrayRef) -> Result<Vec<u32>, ArrowError> {
        let mut numbers = Vec::with_capacity(array.len());
        each(array, |key| {
            numbers.push(key.and_then(|key| self.0.get(key)).copied().unwrap_or(UNKNOWN));
        })?;
        Ok(numbers)
    }
}

/// Calls with the bytes of each value, equal ones for equal values of any type of the kind.
fn each(array: &ArrayRef, mut call: impl FnMut(Option<&[u8]>)) -> Result<(), ArrowError> {
    macro_rules! integers {
        ($ty:ty) => {
            for value in array.as_primitive::<$ty>().iter() {
                let bytes = value.map(|v| i128::from(v).to_be_bytes());
                call(bytes.as_ref().map(<[u8; 16]>::as_slice));
            }
        };
    }
    match array.data_type() {
        DataType::Int8 => integers!(Int8Type),
        DataType::Int16 => integers!(Int16Type),
        DataType::Int32 => integers!(Int32Type),
        DataType::Int64 => integers!(Int64Type),
        DataType::UInt8 => integers!(UInt8Type),
        DataType::UInt16 => integers!(UInt16Type),
        DataType::UInt32 => integers!(UInt32Type),
        DataType::UInt64 => integers!(UInt64Type),
        DataType::Utf8 => array.as_string::<i32>().iter().for_each(|v| call(v.map(str::as_bytes))),
        DataType::LargeUtf8 => {
            array.as_string::<i64>().iter().for_each(|v| call(v.map(str::as_bytes)));
        }
        DataType::Binary => array.as_binary::<i32>().iter().for_each(call),
        DataType::LargeBinary => array.as_binary::<i64>().iter().for_each(call),
        DataType::FixedSizeBinary(_) => array.as_fixed_size_binary().iter().for_each(call),
        DataType::Utf8View => each(&cast(array, &DataType::Utf8)?, call)?,
        DataType::BinaryView => each(&cast(array, &DataType::Binary)?, call)?,
        DataType::Dictionary(_, value) => {
            let value = value.as_ref().clone();
            each(&cast(array, &value)?, call)?;
        }
        other => {
            return Err(ArrowError::InvalidArgumentError(format!("a key of {other}")));
        }
    }
    Ok(())
}
