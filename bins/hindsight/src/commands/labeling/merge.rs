//! Several inputs of one table as one.

use super::bug;
use super::inputs::Part;
use crate::error::{CliError, Failure};
use arrow_array::{Array, RecordBatch, UInt64Array};
use contract::AnyBatch;

/// The numbers that a log gave, where there are any.
pub(super) fn seqs(batch: &RecordBatch) -> Option<&UInt64Array> {
    batch.column_by_name("seq")?.as_any().downcast_ref()
}

/// The rows of all inputs of one table: by `seq` in a log, else by receipt; reference tables one after another.
pub(super) fn in_order(mut parts: Vec<Part>, is_log: bool) -> Result<Vec<RecordBatch>, Failure> {
    let is_event = parts.first().is_some_and(|part| part.spec.is_event());
    if parts.len() > 1 && is_event {
        same_columns(&mut parts, is_log)?;
        return merged(&parts, is_log);
    }
    let batches = parts.into_iter().flat_map(|part| part.batches);
    Ok(batches.map(AnyBatch::into_record_batch).collect())
}

/// Files of one table are merged row by row, which needs the same columns.
fn same_columns(parts: &mut [Part], is_log: bool) -> Result<(), Failure> {
    if !is_log {
        // Numbers that are not used must not stand in the way.
        for part in parts.iter_mut().filter(|part| part.has_seq) {
            part.schema = std::sync::Arc::new(without_first(&part.schema)?);
            for batch in &mut part.batches {
                let rows = batch.clone().into_record_batch();
                let columns: Vec<usize> = (1..rows.num_columns()).collect();
                let rows = rows.project(&columns).map_err(|e| bug(&e))?;
                *batch = AnyBatch::parse(part.spec, &rows)?;
            }
            part.has_seq = false;
        }
    }
    let Some((first, others)) = parts.split_first() else { return Ok(()) };
    match others.iter().find(|part| part.schema.fields() != first.schema.fields()) {
        Some(part) => Err(CliError::mixed_columns(&part.name, &first.schema, &part.schema).into()),
        None => Ok(()),
    }
}

fn without_first(schema: &arrow_schema::Schema) -> Result<arrow_schema::Schema, Failure> {
    let columns: Vec<usize> = (1..schema.fields().len()).collect();
    schema.project(&columns).map_err(|e| bug(&e))
}

/// One batch of the rows of several files.
fn merged(parts: &[Part], is_log: bool) -> Result<Vec<RecordBatch>, Failure> {
    let mut batches: Vec<RecordBatch> = Vec::new();
    let mut keys: Vec<(i128, usize, usize)> = Vec::new();
    for part in parts {
        let mut latest = i64::MIN;
        for batch in &part.batches {
            let at = batches.len();
            if is_log {
                let seqs = batch.seq().map_or(&[][..], |seqs| seqs.values());
                keys.extend(seqs.iter().enumerate().map(|(row, seq)| (i128::from(*seq), at, row)));
            } else {
                let (recv, avail) = (batch.ts_recv(), batch.ts_avail());
                for row in 0..batch.len() {
                    let known = recv.filter(|recv| recv.is_valid(row)).map(|recv| recv.value(row));
                    let ts = known.or_else(|| avail.map(|avail| avail.value(row))).unwrap_or(0);
                    // A row behind an earlier one came with it.
                    latest = latest.max(ts);
                    keys.push((i128::from(latest), at, row));
                }
            }
            batches.push(batch.clone().into_record_batch());
        }
    }
    keys.sort_unstable();
    let places: Vec<(usize, usize)> = keys.into_iter().map(|(_, at, row)| (at, row)).collect();
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let all: Vec<&RecordBatch> = batches.iter().collect();
    let rows = arrow_select::interleave::interleave_record_batch(&all, &places);
    Ok(vec![rows.map_err(|e| bug(&e))?])
}
