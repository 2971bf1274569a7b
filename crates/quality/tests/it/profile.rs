//! Profiles of columns: sums, quantiles and tables against others' arithmetic, and laws that hold for any rows.

mod laws;
mod refusals;
mod size;
mod sums;
mod tables;

use quality::{ColumnProfile, ProfileOptions, ProfileState};
use serde::de::DeserializeOwned;
use std::sync::Arc;

use contract::arrow_array::{ArrayRef, RecordBatch};

/// The `data` of a file of `fixtures/quality/profile`.
fn fixture<T: DeserializeOwned>(name: &str) -> T {
    let path = format!("{}/../../fixtures/quality/profile/{name}", env!("CARGO_MANIFEST_DIR"));
    let mut file: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    serde_json::from_value(file["data"].take()).unwrap()
}

/// A double by its bits in hexadecimal.
fn double(bits: &str) -> f64 {
    f64::from_bits(u64::from_str_radix(bits, 16).unwrap())
}

fn doubles(bits: &[String]) -> Vec<f64> {
    bits.iter().map(|bits| double(bits)).collect()
}

fn table(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )
    .unwrap()
}

fn state_of(batch: &RecordBatch, options: &ProfileOptions) -> ProfileState {
    let mut state = ProfileState::try_new(&batch.schema(), options).unwrap();
    state.observe(batch).unwrap();
    state
}

/// The profile of a table's one column.
fn profile_of(array: ArrayRef) -> ColumnProfile {
    let state = state_of(&table(vec![("x", array)]), &ProfileOptions::default());
    state.finish().columns.remove(0)
}

fn floats(values: Vec<Option<f64>>) -> ArrayRef {
    Arc::new(contract::arrow_array::Float64Array::from(values))
}

fn bytes_of(state: &ProfileState) -> String {
    serde_json::to_string(state).unwrap()
}
