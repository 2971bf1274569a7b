//! Weights, tests and checks of labels, against other people's code and against naive counting.

mod drift;
mod family;
mod intervals;
mod means;
mod nulls;
mod overlap;
mod sample;
mod tables;
mod weights;

/// Rows of a vector file, split at tabs.
fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}

fn number(text: &str) -> f64 {
    text.parse().unwrap()
}

#[track_caller]
fn near(what: &str, found: f64, expected: f64, tolerance: f64) {
    let off = (found - expected).abs() / expected.abs().max(1e-300);
    assert!(off <= tolerance, "{what}: found {found:e}, expected {expected:e}, off {off:e}");
}
