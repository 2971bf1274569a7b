//! The right side, collected, sorted and ready to be asked.

use super::FUNCTION;
use super::key::{Keys, UNKNOWN};
use super::sides::Sides;
use crate::error::QueryError;
use arrow_array::cast::AsArray as _;
use arrow_array::types::{Int64Type, TimestampNanosecondType, UInt64Type};
use arrow_array::{Array as _, ArrayRef, RecordBatch, UInt64Array};
use arrow_schema::{DataType, SchemaRef};
use arrow_select::concat::concat_batches;
use datafusion::arrow::compute::cast;
use datafusion::error::Result;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::MemoryReservation;
use futures::StreamExt as _;

/// Bytes a row beside the columns: instant, key, place, and what the look-up keeps of them.
const ROW_BYTES: usize = 32;

/// The right side.
#[derive(Debug)]
pub(super) struct Right {
    /// All rows as they came.
    pub(super) rows: RecordBatch,
    /// Rows that can be found, ascending by instant and `seq`: places in `rows`.
    pub(super) places: Vec<u32>,
    /// Their instants.
    pub(super) ts: Vec<i64>,
    /// The numbers of their keys, where there are keys.
    pub(super) keys: Option<Vec<u32>>,
    /// The keys by their numbers.
    pub(super) numbers: Keys,
}

/// Reads the right side to its end, within what the pool allows.
pub(super) async fn collect(
    mut stream: SendableRecordBatchStream,
    sides: &Sides,
    memory: &MemoryReservation,
) -> Result<Right> {
    let schema = stream.schema();
    let mut batches = Vec::new();
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        // Once as it came, and once in one piece; the second part is given back below.
        memory.try_grow(2 * batch.get_array_memory_size() + ROW_BYTES * batch.num_rows())?;
        batches.push(batch);
    }
    let right = assemble(&schema, batches, sides)?;
    let held = right.rows.get_array_memory_size() + ROW_BYTES * right.rows.num_rows();
    memory.try_resize(held + right.numbers.bytes())?;
    Ok(right)
}

fn assemble(schema: &SchemaRef, batches: Vec<RecordBatch>, sides: &Sides) -> Result<Right> {
    let rows = concat_batches(schema, &batches)?;
    drop(batches);
    if rows.num_rows() > features::AsOfError::MAX_ROWS {
        let found = format!("{} rows", rows.num_rows());
        return Err(QueryError::Argument {
            function: FUNCTION,
            argument: "right",
            expected: format!("at most {} rows", features::AsOfError::MAX_ROWS),
            found,
        }
        .into());
    }
    let times = rows.column(sides.right_time).as_primitive::<TimestampNanosecondType>();
    let seqs = seqs(rows.column(sides.right_seq))?;
    let mut numbers = Keys::default();
    let keys = match sides.right_key {
        Some(at) => Some(numbers.learn(rows.column(at))?),
        None => None,
    };
    let key_of = |row: usize| match &keys {
        Some(keys) => keys.get(row).copied().flatten(),
        None => Some(0),
    };
    // Rows without a time or a key are never found; the others need their `seq`.
    let mut order = Vec::with_capacity(rows.num_rows());
    for row in 0..rows.num_rows() {
        let Some(key) = key_of(row).filter(|_| times.is_valid(row)) else { continue };
        if seqs.is_null(row) {
            return Err(unordered("a `seq` in every row with a time, found null").into());
        }
        order.push((times.value(row), seqs.value(row), key, u32::try_from(row).unwrap_or(UNKNOWN)));
    }
    order.sort_unstable();
    let is_twice = |pair: &[(i64, u64, u32, u32)]| match pair {
        [a, b] => (a.0, a.1, a.2) == (b.0, b.1, b.2),
        _ => false,
    };
    if let Some([(ts, seq, ..), ..]) = order.windows(2).find(|pair| is_twice(pair)) {
        let instant = contract::UtcNanos::from_nanos(*ts);
        return Err(unordered(&format!(
            "one row of a key at {instant} with `seq` {seq}, found two"
        ))
        .into());
    }
    Ok(Right {
        places: order.iter().map(|(.., row)| *row).collect(),
        ts: order.iter().map(|(ts, ..)| *ts).collect(),
        keys: sides.right_key.map(|_| order.iter().map(|(_, _, key, _)| *key).collect()),
        numbers,
        rows,
    })
}

fn unordered(expected: &str) -> QueryError {
    QueryError::Execution { message: format!("{FUNCTION}, right: expected {expected}") }
}

/// `seq` in the order of integers, as `u64` whose order is the same.
fn seqs(array: &ArrayRef) -> Result<UInt64Array> {
    if *array.data_type() == DataType::UInt64 {
        return Ok(array.as_primitive::<UInt64Type>().clone());
    }
    let wide = cast(array, &DataType::Int64)?;
    let flipped = |seq: i64| seq.cast_unsigned() ^ (1 << 63);
    Ok(wide.as_primitive::<Int64Type>().iter().map(|seq| seq.map(flipped)).collect())
}
