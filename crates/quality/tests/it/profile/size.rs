//! The memory of a profile, by count.

use super::{floats, state_of, table};
use contract::arrow_array::{ArrayRef, Float64Array, RecordBatch};
use quality::{ProfileOptions, ProfileState};
use std::sync::Arc;

/// Nearly normal numbers, all different.
fn numbers(start: u64, n: u64) -> ArrayRef {
    let share =
        |row: u64| (row.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11) as f64 / (1_u64 << 53) as f64;
    let number = |row: u64| (0..12).map(|part| share(12 * row + part)).sum::<f64>() - 6.0;
    Arc::new(Float64Array::from_iter_values((start..start + n).map(number)))
}

#[test]
fn a_state_does_not_grow_with_its_rows() {
    let batch = |start: u64| table(vec![("x", numbers(start * 50_000, 50_000))]);
    let mut state = state_of(&batch(0), &ProfileOptions::default());
    let early = state.state_bytes()[0];
    for part in 1..20 {
        state.observe(&batch(part)).unwrap();
    }
    let late = state.state_bytes()[0];
    // A million rows may reach a few powers of two more, at 1 KB each; a vector of pages doubles.
    assert!(late < 2 * early && late < 100_000, "{early} bytes, then {late}");
}

#[test]
fn a_state_has_a_ceiling_whatever_comes() {
    // A value of every bucket that finite doubles have: the worst there is.
    let values = (0..524_288_u64).map(|bucket| f64::from_bits((bucket << 45) | 1));
    let values: Vec<Option<f64>> = values.filter(|x| x.is_finite()).map(Some).collect();
    let batch = table(vec![("x", floats(values))]);
    let state = state_of(&batch, &ProfileOptions::default());
    let bytes = state.state_bytes()[0];
    assert!(bytes > 524_032 * 8 && bytes < 524_288 * 8 * 2, "{bytes}");
    let buckets =
        serde_json::to_value(&state).unwrap()["columns"][0]["body"]["floats"]["buckets"].take();
    assert_eq!(buckets.as_array().unwrap().len(), 524_288 - 2 * 128); // no bucket of NaN or infinity
}

#[test]
fn wide_tables_cost_by_the_column() {
    let names: Vec<String> = (0..2_400).map(|column| format!("f{column}")).collect();
    let shared = numbers(0, 400);
    let columns = names.iter().map(|name| (name.as_str(), Arc::clone(&shared))).collect();
    let batch: RecordBatch = table(columns);
    let mut state = ProfileState::try_new(&batch.schema(), &ProfileOptions::default()).unwrap();
    assert!(state.state_bytes().iter().all(|bytes| *bytes < 3_000));
    state.observe(&batch.slice(0, 200)).unwrap();
    state.observe(&batch).unwrap();
    let bytes = state.state_bytes();
    assert_eq!(bytes.len(), 2_400);
    assert!(bytes.iter().all(|bytes| *bytes < 64_000), "{:?}", bytes.first());
    let profile = state.finish();
    assert_eq!((profile.columns.len(), profile.rows), (2_400, 600));
}
