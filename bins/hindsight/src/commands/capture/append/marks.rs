//! What decisions say of another log.

use arrow_array::{Array as _, RecordBatch, new_null_array};
use arrow_schema::ArrowError;
use contract::Decisions;

/// Decisions without what their makers had read last, and how many of them said it: no row of the log that they go into
/// had a number then.
pub(super) fn left_out(rows: RecordBatch) -> Result<(RecordBatch, u64), ArrowError> {
    let schema = rows.schema();
    let Ok(at) = schema.index_of(Decisions::MD_SEQ_HIGH.name()) else { return Ok((rows, 0)) };
    let mut columns = rows.columns().to_vec();
    let Some(slot) = columns.get_mut(at) else { return Ok((rows, 0)) };
    let n = slot.len() - slot.null_count();
    *slot = new_null_array(slot.data_type(), slot.len());
    Ok((RecordBatch::try_new(schema, columns)?, n as u64))
}
