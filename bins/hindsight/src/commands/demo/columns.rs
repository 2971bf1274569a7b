//! Columns of files that the demo compares, truth tables among them, which are the simulator's own and no contract's.

use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::input::{InputArg, RawSource};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float64Type, Int8Type, Int32Type, Int64Type, TimestampNanosecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use std::path::Path;

/// Every batch of a file.
pub(super) fn batches(path: &Path, context: &Context) -> Result<Vec<RecordBatch>, Failure> {
    let mut source = RawSource::open(&InputArg::file(path), &context.read_options(false))?;
    let mut batches = Vec::new();
    while let Some(batch) = source.next_batch()? {
        context.stop.check()?;
        batches.push(batch);
    }
    Ok(batches)
}

/// Columns of a batch by name; a cell that is not there, null or of another type is `None`.
pub(super) struct Columns<'a>(pub(super) &'a RecordBatch);

impl Columns<'_> {
    fn column(&self, name: &str) -> Result<&ArrayRef, Failure> {
        self.0.column_by_name(name).ok_or_else(|| {
            CliError::NoRun {
                path: "the demo's market".to_owned(),
                expected: "the columns of the simulator",
                found: format!("none `{name}`"),
            }
            .into()
        })
    }

    pub(super) fn ids(&self, name: &str) -> Result<Vec<Option<[u8; 16]>>, Failure> {
        let column = self.column(name)?;
        let Some(ids) = column.as_fixed_size_binary_opt() else {
            return Ok(vec![None; column.len()]);
        };
        Ok(ids.iter().map(|id| id.and_then(|id| <[u8; 16]>::try_from(id).ok())).collect())
    }

    pub(super) fn times(&self, name: &str) -> Result<Vec<Option<i64>>, Failure> {
        let column = self.column(name)?;
        let Some(times) = column.as_primitive_opt::<TimestampNanosecondType>() else {
            return Ok(vec![None; column.len()]);
        };
        Ok(times.iter().collect())
    }

    pub(super) fn whole(&self, name: &str) -> Result<Vec<Option<i64>>, Failure> {
        let column = self.column(name)?;
        Ok(if let Some(cells) = column.as_primitive_opt::<UInt64Type>() {
            cells.iter().map(|c| c.and_then(|c| i64::try_from(c).ok())).collect()
        } else if let Some(cells) = column.as_primitive_opt::<Int64Type>() {
            cells.iter().collect()
        } else if let Some(cells) = column.as_primitive_opt::<UInt32Type>() {
            cells.iter().map(|c| c.map(i64::from)).collect()
        } else if let Some(cells) = column.as_primitive_opt::<UInt16Type>() {
            cells.iter().map(|c| c.map(i64::from)).collect()
        } else if let Some(cells) = column.as_primitive_opt::<Int8Type>() {
            cells.iter().map(|c| c.map(i64::from)).collect()
        } else {
            vec![None; column.len()]
        })
    }

    pub(super) fn numbers(&self, name: &str) -> Result<Vec<Option<f64>>, Failure> {
        let column = self.column(name)?;
        let Some(cells) = column.as_primitive_opt::<Float64Type>() else {
            return Ok(vec![None; column.len()]);
        };
        Ok(cells.iter().collect())
    }

    pub(super) fn flags(&self, name: &str) -> Result<Vec<Option<bool>>, Failure> {
        let column = self.column(name)?;
        let Some(flags) = column.as_boolean_opt() else { return Ok(vec![None; column.len()]) };
        Ok(flags.iter().collect())
    }

    /// Letters of a closed set.
    pub(super) fn letters(&self, name: &str) -> Result<Vec<Option<u8>>, Failure> {
        let column = self.column(name)?;
        let Some(cells) = column.as_primitive_opt::<UInt8Type>() else {
            return Ok(vec![None; column.len()]);
        };
        Ok(cells.iter().collect())
    }

    pub(super) fn bytes(&self, name: &str) -> Result<Vec<Vec<u8>>, Failure> {
        let column = self.column(name)?;
        let Some(cells) = column.as_fixed_size_binary_opt() else {
            return Ok(vec![Vec::new(); column.len()]);
        };
        Ok(cells.iter().map(|cell| cell.unwrap_or_default().to_vec()).collect())
    }

    pub(super) fn words(&self, name: &str) -> Result<Vec<String>, Failure> {
        let column = self.column(name)?;
        if let Some(text) = column.as_string_opt::<i32>() {
            return Ok(text.iter().map(|word| word.unwrap_or_default().to_owned()).collect());
        }
        let words = column.as_dictionary_opt::<Int32Type>();
        let words = words.and_then(|d| Some((d.keys(), d.values().as_string_opt::<i32>()?)));
        let Some((keys, values)) = words else { return Ok(vec![String::new(); column.len()]) };
        let word = |key: i32| usize::try_from(key).map_or("", |key| values.value(key));
        Ok(keys.iter().map(|key| key.map_or("", word).to_owned()).collect())
    }
}
