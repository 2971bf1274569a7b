//! Parts of tables: rows taken, left out, changed, put behind others.

use crate::error::SweepError;
use arrow_array::{ArrayRef, Int64Array, RecordBatch, TimestampNanosecondArray, UInt32Array};
use arrow_schema::ArrowError;
use contract::{Batch, Column, ColumnType, Draft, EventTable, Table, UTC, kind};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What an Arrow kernel refuses is an error of this crate: it made the arrays.
pub(super) fn bug(error: &ArrowError) -> SweepError {
    SweepError::Output(error.to_string())
}

/// The columns of the table itself, behind `seq`; what came along with them is left out.
fn plain<T: Table>(batch: &Batch<T>) -> Result<RecordBatch, SweepError> {
    let record = batch.slice(0, batch.len()).into_record_batch();
    let own = T::SPEC.columns.len() + usize::from(T::SPEC.is_event());
    if record.num_columns() == own {
        return Ok(record);
    }
    record.project(&(0..own).collect::<Vec<_>>()).map_err(|e| bug(&e))
}

/// Batches as one.
pub(crate) fn joined<T: Table>(batches: &[Batch<T>]) -> Result<Option<Batch<T>>, SweepError> {
    let Some((first, rest)) = batches.split_first() else { return Ok(None) };
    if rest.is_empty() {
        return Ok(Some(first.slice(0, first.len())));
    }
    let parts = batches.iter().map(plain).collect::<Result<Vec<_>, _>>()?;
    let schema = match parts.first() {
        Some(part) => part.schema(),
        None => return Ok(None),
    };
    let all = arrow_select::concat::concat_batches(&schema, &parts).map_err(|e| bug(&e))?;
    Ok(Some(Batch::<T>::parse(&all)?))
}

/// These rows, in this order; a row may come several times.
pub(super) fn take<T: Table>(batch: &Batch<T>, rows: &[usize]) -> Result<Batch<T>, SweepError> {
    let rows: UInt32Array = rows.iter().map(|row| u32::try_from(*row).ok()).collect();
    let taken =
        arrow_select::take::take_record_batch(&plain(batch)?, &rows).map_err(|e| bug(&e))?;
    Ok(Batch::<T>::parse(&taken)?)
}

/// Columns to be put in the place of others.
#[derive(Default)]
pub(crate) struct Edits(Vec<(&'static str, ArrayRef)>);

impl Edits {
    pub(crate) fn put<T: Table, V: ColumnType>(&mut self, column: &Column<T, V>, array: V::Array) {
        self.0.push((column.name(), Arc::new(array)));
    }

    pub(crate) fn put_any(&mut self, column: &'static str, array: ArrayRef) {
        self.0.push((column, array));
    }

    pub(crate) fn apply<T: Table>(self, batch: &Batch<T>) -> Result<Batch<T>, SweepError> {
        let record = plain(batch)?;
        let schema = record.schema();
        let mut arrays = record.columns().to_vec();
        for (name, array) in self.0 {
            let at = schema.fields().iter().position(|field| field.name() == name);
            if let Some(slot) = at.and_then(|at| arrays.get_mut(at)) {
                *slot = array;
            }
        }
        let record = RecordBatch::try_new(schema, arrays).map_err(|e| bug(&e))?;
        Ok(Batch::<T>::parse(&record)?)
    }
}

/// Instants as an array of a column.
pub(super) fn stamps(nanos: impl Iterator<Item = Option<i64>>) -> TimestampNanosecondArray {
    nanos.collect::<TimestampNanosecondArray>().with_timezone(UTC)
}

/// Rows available in `[from, to)` of these instruments, or of all; batches in order.
pub(super) fn between<T: EventTable>(
    batches: &[Batch<T>],
    from: i64,
    to: i64,
    ids: Option<&BTreeSet<u32>>,
) -> Result<Vec<Batch<T>>, SweepError> {
    let mut parts = Vec::new();
    for batch in batches {
        let ts = batch.ts_avail().values();
        let (first, last) = (ts.partition_point(|t| *t < from), ts.partition_point(|t| *t < to));
        if first >= last {
            continue;
        }
        let part = batch.slice(first, last - first);
        let Some(ids) = ids else {
            parts.push(part);
            continue;
        };
        let instruments = part.instrument_id().values();
        let rows: Vec<usize> = (0..part.len())
            .filter(|row| instruments.get(*row).is_some_and(|i| ids.contains(i)))
            .collect();
        if rows.len() == part.len() {
            parts.push(part);
        } else if !rows.is_empty() {
            parts.push(take(&part, &rows)?);
        }
    }
    Ok(joined(&parts)?.into_iter().collect())
}

/// The rows before an instant, and those from it on.
pub(super) fn split<T: EventTable>(batch: &Batch<T>, t: i64) -> (Batch<T>, Batch<T>) {
    let at = batch.ts_avail().values().partition_point(|ts| *ts < t);
    (batch.slice(0, at), batch.slice(at, batch.len() - at))
}

/// Rows in the order of availability with numbers of their own, from `first_seq` on.
pub(super) fn renumbered<T: EventTable>(
    batches: &[Batch<T>],
    first_seq: u64,
) -> Result<Option<Batch<T>>, SweepError> {
    let Some(all) = joined(batches)? else { return Ok(None) };
    let ts = all.ts_avail().values();
    let mut rows: Vec<usize> = (0..all.len()).collect();
    rows.sort_by_key(|row| ts.get(*row).copied());
    let draft: Draft<T> = take(&all, &rows)?.into_draft();
    Ok(Some(draft.with_seq(first_seq)))
}

/// The same rows, each available at another instant.
pub(super) fn restamped<T: EventTable>(
    batch: &Batch<T>,
    column: &Column<T, kind::Ts>,
    each: impl Fn(usize) -> i64,
) -> Result<Batch<T>, SweepError> {
    let mut edits = Edits::default();
    edits.put(column, stamps((0..batch.len()).map(|row| Some(each(row)))));
    edits.apply(batch)
}

/// Each value of the picked rows by a function of row and value; nulls stay.
pub(crate) fn each_px(array: &Int64Array, each: impl Fn(usize, i64) -> Option<i64>) -> Int64Array {
    array.iter().enumerate().map(|(row, px)| px.and_then(|px| each(row, px))).collect()
}
