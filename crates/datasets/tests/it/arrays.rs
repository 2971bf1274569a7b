//! A split as arrays.

use crate::sample::{CLASS, Sample, VALUE};
use contract::Diagnostic;
use datasets::{
    ArrayOptions, FittedTransform, Instant, LabelArray, Nulls, Number, Split, TestLook,
    split_arrays,
};
use ndarray::array;
use std::collections::BTreeMap;

const SPREAD: &str = "book__spread_bps__1s";

fn options(target: &str) -> ArrayOptions {
    ArrayOptions { target: Some(target.to_owned()), ..ArrayOptions::default() }
}

fn transform(kind: &str, parameters: &[(&str, f64)]) -> FittedTransform {
    FittedTransform {
        kind: kind.to_owned(),
        feature: SPREAD.to_owned(),
        parameters: parameters.iter().map(|(k, v)| ((*k).to_owned(), Number(*v))).collect(),
        rows: 8,
        ts_cutoff: [Instant(1_000), Instant(8_000)],
    }
}

#[test]
fn a_split_becomes_arrays_row_by_row() {
    let mut sample = Sample::new(5, 1, 2);
    sample.row(2).weight = 0.25;
    let written = sample.write();
    let found = split_arrays(written.view(), Split::Train, &options(CLASS)).unwrap();
    assert_eq!(found.feature_names, [SPREAD, "flow__n_trades__5m", "time__session__0"]);
    // Half the id, ten times it, and the rest of it by four.
    let expected = array![
        [0.5, 10.0, 1.0],
        [1.0, 20.0, 2.0],
        [1.5, 30.0, 3.0],
        [2.0, 40.0, 0.0],
        [2.5, 50.0, 1.0]
    ];
    assert_eq!(found.features, expected);
    assert_eq!(found.labels, LabelArray::Class(array![1, 2, 0, 1, 2]));
    assert_eq!(found.weights, array![1.0, 0.25, 1.0, 1.0, 1.0]);
    assert_eq!(found.ts_cutoff, [1_000, 2_000, 3_000, 4_000, 5_000]);
    let ids: Vec<_> = sample.of(Split::Train).iter().map(|row| row.event_id()).collect();
    assert_eq!((found.row_ids, found.look), (ids, None));
    let test = split_arrays(written.view(), Split::Test, &options(VALUE)).unwrap();
    assert_eq!(test.labels, LabelArray::Value(array![-7.0, -8.0]));
    assert_eq!(test.look, Some(TestLook { split: Split::Test, rows: 2 }));
}

#[test]
fn a_version_without_weights_weighs_all_rows_alike() {
    let sample = Sample { has_weight: false, ..Sample::new(2, 0, 0) };
    let found = split_arrays(sample.write().view(), Split::Train, &options(CLASS)).unwrap();
    assert_eq!(found.weights, array![1.0, 1.0]);
}

#[test]
fn nulls_are_filled_as_declared_refused_or_asked_for() {
    let mut sample = Sample::new(5, 1, 0);
    sample.row(2).features[0] = None;
    sample.row(5).features[0] = None;
    sample.transforms = vec![
        transform("impute_mean", &[("value", 4.0)]),
        transform("standardize", &[("mean", 2.0), ("std", 4.0), ("constant", 0.0)]),
    ];
    let written = sample.write();
    let raw = split_arrays(written.view(), Split::Train, &options(CLASS)).unwrap_err();
    assert_eq!(raw.code(), "datasets/export-nulls");
    assert_eq!(
        raw.to_string(),
        "book__spread_bps__1s, split `train`: expected no null, found 2 of 5"
    );
    let nan = ArrayOptions { nulls: Nulls::Nan, ..options(CLASS) };
    let nan = split_arrays(written.view(), Split::Train, &nan).unwrap().features;
    let is_nan: Vec<bool> = nan.column(0).iter().map(|cell| cell.is_nan()).collect();
    assert_eq!(is_nan, [false, true, false, false, true]);
    let filled = ArrayOptions { transforms: true, ..options(CLASS) };
    let found = split_arrays(written.view(), Split::Train, &filled).unwrap();
    assert_eq!(found.feature_names[3], "book__spread_bps__1s__is_missing");
    assert_eq!(found.features.column(0), array![-0.375, 0.5, -0.125, 0.0, 0.5]); // (0.5 - 2) / 4; (4 - 2) / 4
    assert_eq!(found.features.column(3), array![0.0, 1.0, 0.0, 0.0, 1.0]);
}

#[test]
fn a_null_that_no_transform_fills_is_refused_although_transforms_are_applied() {
    let mut sample = Sample::new(4, 1, 1);
    sample.row(5).session = None;
    sample.transforms = vec![transform("impute_mean", &[("value", 4.0)])];
    let filled = ArrayOptions { transforms: true, ..options(CLASS) };
    let written = sample.write();
    assert_eq!(split_arrays(written.view(), Split::Train, &filled).unwrap().row_ids.len(), 4);
    let error = split_arrays(written.view(), Split::Validation, &filled).unwrap_err();
    assert_eq!(
        error.to_string(),
        "time__session__0, split `validation`: expected no null, found 1 of 1"
    );
}

#[test]
fn a_target_is_named_where_there_are_several() {
    let written = Sample::new(2, 0, 0).write();
    for (options, found) in [
        (ArrayOptions::default(), "none named"),
        (options("intraday.barrier"), "`intraday.barrier`"),
    ] {
        let error = split_arrays(written.view(), Split::Train, &options).unwrap_err();
        assert_eq!(error.code(), "datasets/export-target");
        assert_eq!(
            error.to_string(),
            format!(
                "expected one of the targets `intraday.grade`, `intraday.r_net_sigma`, found {found}"
            )
        );
    }
    let mut written = Sample::new(2, 0, 0).write();
    written.manifest.targets.pop();
    let only = split_arrays(written.view(), Split::Train, &ArrayOptions::default()).unwrap();
    assert_eq!(only.labels, LabelArray::Class(array![1, 2]));
}

#[test]
fn files_with_other_rows_than_the_manifest_says_are_refused() {
    let mut written = Sample::new(2, 0, 0).write();
    written.manifest.files[0].rows = 3;
    let error = split_arrays(written.view(), Split::Train, &options(CLASS)).unwrap_err();
    assert_eq!(error.code(), "datasets/export-shape");
    assert_eq!(error.to_string(), "split `train`: expected 3 values, found 2");
}

#[test]
fn parameters_of_the_manifest_are_applied_and_not_fitted_anew() {
    let mut sample = Sample::new(3, 3, 0);
    sample.transforms = vec![transform("standardize", &[("mean", 0.0), ("std", 0.5)])];
    let filled = ArrayOptions { transforms: true, ..options(CLASS) };
    let found = split_arrays(sample.write().view(), Split::Validation, &filled).unwrap();
    assert_eq!(found.features.column(0), array![4.0, 5.0, 6.0]); // half of 4, 5, 6, over a half
    assert_eq!(found.feature_names.len(), 3);
    let _: BTreeMap<String, Number> = sample.transforms[0].parameters.clone();
}
