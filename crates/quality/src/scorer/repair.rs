//! Zeros that a source writes for nothing become nulls, and it is written down what stood there.

use crate::rows::{Ids, Lane, lane};
use crate::rule_set::{RepairSpec, RuleSet};
use arrow_array::cast::AsArray;
use arrow_array::types::UInt16Type;
use arrow_array::{Array, ArrayRef, RecordBatch, make_array};
use arrow_buffer::{BooleanBufferBuilder, NullBuffer};
use arrow_schema::ArrowError;
use std::sync::Arc;

/// A cell that was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// The repair of the rules.
    pub rule: String,
    /// The column.
    pub column: String,
    /// `seq` of the row, or its position where the table has none.
    pub id: u64,
    /// The row in its batch.
    pub row: usize,
    /// What stood there: the value's little-endian bytes. After it there is nothing.
    pub before: Vec<u8>,
}

/// The batch with its declared repairs made.
pub(crate) fn apply(
    rules: &RuleSet,
    batch: &RecordBatch,
    first: u64,
) -> Result<(RecordBatch, Vec<Repair>), ArrowError> {
    if rules.repairs().is_empty() {
        return Ok((batch.clone(), Vec::new()));
    }
    let ids = Ids::new(batch, rules.table(), first);
    let sources =
        batch.column_by_name("source_id").and_then(|s| s.as_primitive_opt::<UInt16Type>());
    let source = |row: usize| sources.map_or(0, |s| s.value(row));
    let mut columns = batch.columns().to_vec();
    let mut repairs = Vec::new();
    for repair in rules.repairs() {
        for name in &repair.zero_is_null {
            let Ok(at) = batch.schema_ref().index_of(name) else { continue };
            let Some(slot) = columns.get_mut(at) else { continue };
            let zeros = zeros(slot, &|row| repair.is_for(source(row)));
            if zeros.is_empty() {
                continue;
            }
            let cells =
                zeros.iter().map(|(row, before)| cell(repair, name, ids.of(*row), *row, before));
            repairs.extend(cells);
            *slot = without(slot, &zeros)?;
        }
    }
    if repairs.is_empty() {
        return Ok((batch.clone(), repairs));
    }
    Ok((RecordBatch::try_new(batch.schema(), columns)?, repairs))
}

fn cell(repair: &RepairSpec, column: &str, id: u64, row: usize, before: &[u8]) -> Repair {
    let (rule, column) = (repair.id.clone(), column.to_owned());
    Repair { rule, column, id, row, before: before.to_vec() }
}

/// Rows whose value is zero, with its bytes.
fn zeros(array: &ArrayRef, is_for: &impl Fn(usize) -> bool) -> Vec<(usize, Vec<u8>)> {
    let bytes = |row: usize| -> Option<Vec<u8>> {
        match lane(array)? {
            Lane::I64(v) => v.get(row).filter(|x| **x == 0).map(|x| x.to_le_bytes().to_vec()),
            Lane::U64(v) => v.get(row).filter(|x| **x == 0).map(|x| x.to_le_bytes().to_vec()),
            Lane::U32(v) => v.get(row).filter(|x| **x == 0).map(|x| x.to_le_bytes().to_vec()),
            // Both zeros, and each with its own bits.
            Lane::F64(v) => v.get(row).filter(|x| **x == 0.0).map(|x| x.to_le_bytes().to_vec()),
            _ => None,
        }
    };
    let valid = (0..array.len()).filter(|row| array.is_valid(*row) && is_for(*row));
    valid.filter_map(|row| bytes(row).map(|b| (row, b))).collect()
}

/// The array with these rows null.
fn without(array: &ArrayRef, rows: &[(usize, Vec<u8>)]) -> Result<ArrayRef, ArrowError> {
    let mut valid = BooleanBufferBuilder::new(array.len());
    (0..array.len()).for_each(|row| valid.append(array.is_valid(row)));
    for (row, _) in rows {
        valid.set_bit(*row, false);
    }
    let nulls = NullBuffer::new(valid.finish());
    let data = array.to_data().into_builder().nulls(Some(nulls)).build()?;
    Ok(Arc::clone(&make_array(data)))
}

/// Which rows of a batch have a repaired cell.
pub(super) fn rows(repairs: &[Repair], len: usize) -> Vec<bool> {
    let mut out = vec![false; len];
    for repair in repairs {
        if let Some(slot) = out.get_mut(repair.row) {
            *slot = true;
        }
    }
    out
}
