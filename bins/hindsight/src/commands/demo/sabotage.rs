//! Promises broken on purpose, between the steps of a run: the demo must fail on the line that names the promise.

use super::world::World;
use crate::cli::{AppendArgs, Sabotage};
use crate::commands::{bug, capture as log};
use crate::context::Context;
use crate::error::Failure;
use crate::output::{OutputPlan, TableOutput};
use arrow_array::cast::AsArray as _;
use arrow_array::types::TimestampNanosecondType;
use arrow_array::{Array as _, ArrayRef, RecordBatch, UInt64Array};
use arrow_select::concat::concat_batches;
use arrow_select::take::take;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Breaks the promise when the step has worked that it is about, or the last one that would have looked at it.
pub(super) fn after(
    sabotage: Option<Sabotage>,
    world: &World,
    step: &str,
    room: &Path,
    context: &mut Context,
) -> Result<(), Failure> {
    let labels = world.dir().join("run").join("labels");
    match (sabotage, step) {
        (Some(Sabotage::Availability), "tables") => {
            for table in ["quotes", "trades"] {
                rewritten(&room.join(format!("{table}.parquet")), known_at_once, context)?;
            }
            Ok(())
        }
        // What was read from the log is there: only the account of it changes.
        (Some(Sabotage::Duplicates), "tables") => again(world, context),
        (Some(Sabotage::Purge), "audit") => {
            rewritten(&labels.join("labels.parquet"), short_lived, context)?;
            rewritten(&labels.join("outcomes.parquet"), short_lived, context)
        }
        (Some(Sabotage::Labels), "audit") => {
            rewritten(&labels.join("labels.parquet"), shifted, context)
        }
        _ => Ok(()),
    }
}

/// Rows count as known when they happened.
fn known_at_once(rows: &RecordBatch) -> Result<RecordBatch, Failure> {
    let Some(events) = times(rows, "ts_event") else { return Ok(rows.clone()) };
    let mut order: Vec<u64> = (0..rows.num_rows() as u64).collect();
    order.sort_by_key(|row| usize::try_from(*row).ok().and_then(|row| events.get(row).copied()));
    let sorted = picked(rows, &order, |name| name != "seq")?;
    let Some(events) = sorted.column_by_name("ts_event").cloned() else { return Ok(sorted) };
    replaced(&sorted, &["ts_recv", "ts_avail"], &events)
}

/// Labels end just behind the decision that they are about.
fn short_lived(rows: &RecordBatch) -> Result<RecordBatch, Failure> {
    let Some(cutoffs) = rows
        .column_by_name("ts_cutoff")
        .and_then(|column| column.as_primitive_opt::<TimestampNanosecondType>())
    else {
        return Ok(rows.clone());
    };
    let ends = cutoffs.unary::<_, TimestampNanosecondType>(|ts| ts + 1);
    let ends: ArrayRef = Arc::new(ends.with_data_type(cutoffs.data_type().clone()));
    replaced(rows, &["ts_end", "ts_until", "ts_latest_end"], &ends)
}

/// Every label is that of the row before it with the same target.
fn shifted(rows: &RecordBatch) -> Result<RecordBatch, Failure> {
    let targets = super::columns::Columns(rows).words("target")?;
    let mut last: BTreeMap<&str, u64> = BTreeMap::new();
    let before: Vec<u64> = (0_u64..)
        .zip(&targets)
        .map(|(row, target)| last.insert(target, row).unwrap_or(row))
        .collect();
    picked(rows, &before, |name| matches!(name, "class" | "class_lo" | "class_hi"))
}

/// Sends a table a second time, by the producer that sent it before, under numbers that the log does not know.
fn again(world: &World, context: &mut Context) -> Result<(), Failure> {
    let table = world.table("quotes");
    let args = AppendArgs {
        producer: Some(table.display().to_string()),
        force: true,
        ..AppendArgs::new(world.log(), vec![table.into()])
    };
    log::appended(&args, &log::Acks::Nowhere, context).map(|_| ())
}

/// Puts something else into a file.
fn rewritten(
    path: &Path,
    change: fn(&RecordBatch) -> Result<RecordBatch, Failure>,
    context: &Context,
) -> Result<(), Failure> {
    let batches = super::columns::batches(path, context)?;
    let Some(first) = batches.first() else { return Ok(()) };
    let schema = first.schema();
    let whole = concat_batches(&schema, &batches).map_err(|e| bug(&e))?;
    let plan = OutputPlan::data("demo", None, Some(path), true, &[])?;
    let mut output = TableOutput::open(&plan, &schema)?;
    output.write_raw(&change(&whole)?)?;
    output.finish().map(|_| ())
}

fn times(rows: &RecordBatch, name: &str) -> Option<Vec<i64>> {
    let column = rows.column_by_name(name)?.as_primitive_opt::<TimestampNanosecondType>()?;
    Some(column.values().to_vec())
}

/// Some columns with their rows in another order.
fn picked(
    rows: &RecordBatch,
    order: &[u64],
    is_picked: fn(&str) -> bool,
) -> Result<RecordBatch, Failure> {
    let order = UInt64Array::from(order.to_vec());
    let schema = rows.schema();
    let columns: Result<Vec<ArrayRef>, Failure> = schema
        .fields()
        .iter()
        .zip(rows.columns())
        .map(|(field, column)| {
            if is_picked(field.name()) {
                take(column, &order, None).map_err(|e| bug(&e))
            } else {
                Ok(Arc::clone(column))
            }
        })
        .collect();
    RecordBatch::try_new(Arc::clone(&schema), columns?).map_err(|e| bug(&e))
}

/// Some columns with other cells.
fn replaced(rows: &RecordBatch, names: &[&str], with: &ArrayRef) -> Result<RecordBatch, Failure> {
    let schema = rows.schema();
    let columns: Vec<ArrayRef> = schema
        .fields()
        .iter()
        .zip(rows.columns())
        .map(|(field, column)| {
            let is_other = names.contains(&field.name().as_str());
            Arc::clone(if is_other { with } else { column })
        })
        .collect();
    RecordBatch::try_new(Arc::clone(&schema), columns).map_err(|e| bug(&e))
}
