//! Tests of `drift` from outside.

mod blocks;
mod edges;
mod laws;
mod noise;
mod oracle;

use arrow_array::{ArrayRef, Float64Array, RecordBatch};
use quality::{Blocks, DriftFinding, DriftSpec, Effect};
use std::sync::Arc;

fn numbers(values: &[f64]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

fn table(columns: &[(&str, ArrayRef)]) -> RecordBatch {
    RecordBatch::try_from_iter(columns.iter().map(|(name, array)| (*name, Arc::clone(array))))
        .unwrap()
}

/// A table of one numeric column `x`.
fn x(values: &[f64]) -> RecordBatch {
    table(&[("x", numbers(values))])
}

/// Blocks of this many rows, everything else by default.
fn rows(length: u32) -> DriftSpec {
    DriftSpec::new(Blocks::Rows(length))
}

fn find<'a>(report: &'a quality::DriftReport, column: &str, effect: Effect) -> &'a DriftFinding {
    report.finding(column, effect).unwrap_or_else(|| panic!("no {effect} of {column}"))
}
