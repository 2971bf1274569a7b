//! Expected values that `fixtures/analytics/oracle.py` made.

use serde_json::Value;

pub(crate) fn read(name: &str) -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/analytics/");
    serde_json::from_str(&std::fs::read_to_string(format!("{path}{name}")).unwrap()).unwrap()
}

pub(crate) fn floats(value: &Value) -> Vec<Option<f64>> {
    value.as_array().unwrap().iter().map(Value::as_f64).collect()
}

/// Equal, or within a few units in the last place of the expected value.
#[track_caller]
pub(crate) fn assert_close(found: Option<f64>, expected: Option<f64>, about: &str) {
    let is_close = match (found, expected) {
        (Some(found), Some(expected)) => (found - expected).abs() <= 1e-12 * expected.abs(),
        (found, expected) => found == expected,
    };
    assert!(is_close, "{about}: found {found:?}, expected {expected:?}");
}
