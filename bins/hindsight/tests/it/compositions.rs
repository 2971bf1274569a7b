//! The examples that compose crates run, each as it stands.

#[path = "../../examples/01_capture_to_features.rs"]
mod capture_to_features;
#[path = "../../examples/03_grades_that_agree.rs"]
mod grades_that_agree;
#[path = "../../examples/02_live_equals_batch.rs"]
mod live_equals_batch;
#[path = "../../examples/04_rows_to_dataset.rs"]
mod rows_to_dataset;

#[test]
fn capture_to_features() {
    capture_to_features::main().unwrap();
}

#[test]
fn live_equals_batch() {
    live_equals_batch::main().unwrap();
}

#[test]
fn grades_that_agree() {
    grades_that_agree::main().unwrap();
}

#[test]
fn rows_to_dataset() {
    rows_to_dataset::main().unwrap();
}
