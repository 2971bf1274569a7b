//! Columns of a file by name and type, and cells as numbers.

use super::error::VerifyError;
use super::rows::Id;
use crate::folder::FolderError;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampNanosecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, FixedSizeBinaryArray, PrimitiveArray, RecordBatch, StringArray};
use arrow_schema::DataType;

/// A batch and the file that it is from.
pub(super) struct Read<'a> {
    pub(super) path: &'a str,
    pub(super) batch: &'a RecordBatch,
}

impl<'a> Read<'a> {
    fn wrong(&self, column: &str, expected: &str, found: &str) -> VerifyError {
        VerifyError::Folder(FolderError::Column {
            path: self.path.to_owned(),
            column: column.to_owned(),
            expected: expected.to_owned(),
            found: found.to_owned(),
        })
    }

    /// The array of this name.
    pub(super) fn array(&self, column: &str) -> Result<&'a dyn Array, VerifyError> {
        let schema = self.batch.schema_ref();
        match schema.column_with_name(column) {
            Some((place, _)) => Ok(self.batch.column(place).as_ref()),
            None => Err(self.wrong(column, "a column of this name", "none")),
        }
    }

    /// A column of numbers or instants.
    pub(super) fn numbers<T: ArrowPrimitiveType>(
        &self,
        column: &str,
    ) -> Result<&'a PrimitiveArray<T>, VerifyError> {
        let array = self.array(column)?;
        array.as_primitive_opt::<T>().ok_or_else(|| {
            self.wrong(column, &format!("`{}`", T::DATA_TYPE), &format!("`{}`", array.data_type()))
        })
    }

    /// A column of instants.
    pub(super) fn times(
        &self,
        column: &str,
    ) -> Result<&'a PrimitiveArray<TimestampNanosecondType>, VerifyError> {
        self.numbers::<TimestampNanosecondType>(column)
    }

    /// A column of texts.
    pub(super) fn texts(&self, column: &str) -> Result<&'a StringArray, VerifyError> {
        let array = self.array(column)?;
        array
            .as_string_opt::<i32>()
            .ok_or_else(|| self.wrong(column, "`Utf8`", &format!("`{}`", array.data_type())))
    }

    /// A column of ids.
    pub(super) fn ids(&self, column: &str) -> Result<&'a FixedSizeBinaryArray, VerifyError> {
        let array = self.array(column)?;
        array.as_fixed_size_binary_opt().filter(|ids| ids.value_length() == 16).ok_or_else(|| {
            self.wrong(column, "`FixedSizeBinary(16)`", &format!("`{}`", array.data_type()))
        })
    }

    /// That no cell of these columns is null.
    pub(super) fn filled(&self, columns: &[&str]) -> Result<(), VerifyError> {
        for column in columns {
            let array = self.array(column)?;
            if let Some(row) = (0..array.len()).find(|row| array.is_null(*row)) {
                let (path, column) = (self.path.to_owned(), (*column).to_owned());
                return Err(VerifyError::Null { path, column, row });
            }
        }
        Ok(())
    }
}

/// The id in a row of a column that has 16 bytes a row.
pub(super) fn id(ids: &FixedSizeBinaryArray, row: usize) -> Id {
    let mut id = Id::default();
    id.copy_from_slice(ids.value(row));
    id
}

/// The value, if it is not null.
pub(super) fn optional<T: ArrowPrimitiveType>(
    array: &PrimitiveArray<T>,
    row: usize,
) -> Option<T::Native> {
    array.is_valid(row).then(|| array.value(row))
}

/// Cells of a column as numbers, in reading order; a null is 0 and marked.
#[derive(Debug, Clone, Default)]
pub(super) struct Cells {
    pub(super) values: Vec<f64>,
    pub(super) is_null: Vec<bool>,
}

impl Cells {
    /// The value in a row.
    pub(super) fn get(&self, row: usize) -> Option<f64> {
        (!self.is_null[row]).then(|| self.values[row])
    }

    /// Whether cells of this type can be read as numbers.
    pub(super) fn can_hold(ty: &DataType) -> bool {
        ty.is_integer()
            || matches!(ty, DataType::Float32 | DataType::Float64 | DataType::Boolean)
            || matches!(ty, DataType::Timestamp(arrow_schema::TimeUnit::Nanosecond, _))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "both sides of a comparison are rounded by the same rule"
    )]
    pub(super) fn push(&mut self, read: &Read<'_>, column: &str) -> Result<(), VerifyError> {
        let array = read.array(column)?;
        let rows = array.len();
        self.is_null.extend((0..rows).map(|row| array.is_null(row)));
        let start = self.values.len();
        macro_rules! numbers {
            ($ty:ty, $cast:expr) => {{
                let numbers = read.numbers::<$ty>(column)?;
                self.values.extend(numbers.values().iter().copied().map($cast));
            }};
        }
        match array.data_type() {
            DataType::Float64 => numbers!(Float64Type, |x| x),
            DataType::Float32 => numbers!(Float32Type, f64::from),
            DataType::Int8 => numbers!(Int8Type, f64::from),
            DataType::Int16 => numbers!(Int16Type, f64::from),
            DataType::Int32 => numbers!(Int32Type, f64::from),
            DataType::Int64 => numbers!(Int64Type, |x| x as f64),
            DataType::UInt8 => numbers!(UInt8Type, f64::from),
            DataType::UInt16 => numbers!(UInt16Type, f64::from),
            DataType::UInt32 => numbers!(UInt32Type, f64::from),
            DataType::UInt64 => numbers!(UInt64Type, |x| x as f64),
            DataType::Timestamp(arrow_schema::TimeUnit::Nanosecond, _) => {
                numbers!(TimestampNanosecondType, |x| x as f64);
            }
            DataType::Boolean => {
                let flags = array.as_boolean_opt();
                self.values.extend(
                    (0..rows).map(|row| f64::from(u8::from(flags.is_some_and(|f| f.value(row))))),
                );
            }
            other => return Err(read.wrong(column, "a number", &format!("`{other}`"))),
        }
        for (value, is_null) in self.values.iter_mut().zip(&self.is_null).skip(start) {
            // A zero has two signs, and what stands under a null is nobody's business.
            *value = if *is_null { 0.0 } else { *value + 0.0 };
        }
        Ok(())
    }
}
