//! Transforms: fitted on train rows, applied to any.

use crate::sample::{Sample, SampleRow};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, UInt16Type};
use arrow_array::{Array, RecordBatch};
use contract::Diagnostic;
use datasets::{
    FeatureTransforms, FittedTransform, Instant, Number, Split, TransformError, TransformFit,
    TransformKind, TransformSpec, fit_transforms,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

const SPREAD: &str = "book__spread_bps__1s";
const TRADES: &str = "flow__n_trades__5m";
const SESSION: &str = "time__session__0";
const FEATURES: [&str; 3] = [SPREAD, TRADES, SESSION];

fn spec(kind: TransformKind, features: &[&str]) -> TransformSpec {
    let value = (kind == TransformKind::ImputeConstant).then_some(Number(3.0));
    TransformSpec { kind, features: features.iter().map(|&f| f.to_owned()).collect(), value }
}

/// Train rows with these spreads, in batches of a size.
fn train(spreads: &[Option<f64>], at_a_time: usize) -> Vec<RecordBatch> {
    let mut sample = Sample::new(u32::try_from(spreads.len()).unwrap(), 0, 0);
    for (row, spread) in sample.rows.iter_mut().zip(spreads) {
        row.features[0] = *spread;
    }
    sample.of(Split::Train).chunks(at_a_time).map(|rows| sample.batch(rows)).collect()
}

fn fitted(spreads: &[Option<f64>], specs: &[TransformSpec]) -> Vec<FittedTransform> {
    fit_transforms(train(spreads, 3), specs, FEATURES).unwrap()
}

fn parameter(fitted: &FittedTransform, name: &str) -> u64 {
    fitted.parameters[name].0.to_bits()
}

#[track_caller]
fn check_impute(kind: TransformKind, spreads: &[Option<f64>], expected: f64) {
    let found = fitted(spreads, &[spec(kind, &["book__*"])]);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].kind.as_str(), found[0].feature.as_str()), (kind.word(), SPREAD));
    assert_eq!(parameter(&found[0], "value"), expected.to_bits(), "{kind:?} of {spreads:?}");
}

#[test]
fn medians_and_means_are_those_of_the_values_that_are_not_null() {
    use TransformKind::{ImputeConstant, ImputeMean, ImputeMedian};
    check_impute(ImputeMedian, &[Some(5.0), None, Some(1.0), Some(2.0)], 2.0);
    check_impute(ImputeMedian, &[Some(5.0), Some(8.0), None, Some(1.0), Some(2.0)], 3.5); // (2 + 5) / 2
    check_impute(ImputeMedian, &[Some(f64::MAX), Some(f64::MAX)], f64::MAX); // whose sum is infinite
    check_impute(ImputeMedian, &[Some(-1.0)], -1.0);
    check_impute(ImputeMean, &[Some(5.0), None, Some(1.0), Some(3.0)], 3.0); // 9 / 3
    check_impute(ImputeMean, &[Some(0.1); 10], 0.1); // exact sum 1.0; ten additions give 0.9999999999999999
    check_impute(ImputeConstant, &[None, None], 3.0);
}

#[track_caller]
fn check_deviation(spreads: &[Option<f64>], specs: &[TransformSpec], expected: [f64; 3]) {
    let found = fitted(spreads, specs);
    let last = found.last().unwrap();
    assert_eq!(last.kind, "standardize");
    let parameters = ["mean", "std", "constant"].map(|name| last.parameters[name].0);
    assert_eq!(parameters.map(f64::to_bits), expected.map(f64::to_bits), "{parameters:?}");
}

#[test]
fn a_deviation_is_that_of_a_sample() {
    let plain = [spec(TransformKind::Standardize, &[SPREAD])];
    // 26 / 8 = 3.25; squares 5.0625 + 1.5625 + 7.5625 + 18.0625 + 3 * 3.0625 + 0.0625 = 41.5, over 7.
    let values = [1.0, 2.0, 6.0, -1.0, 5.0, 5.0, 5.0, 3.0].map(Some);
    check_deviation(&values, &plain, [3.25, (41.5_f64 / 7.0).sqrt(), 0.0]);
    check_deviation(&[Some(1.0), None, Some(5.0)], &plain, [3.0, 8.0_f64.sqrt(), 0.0]);
}

#[test]
fn an_imputed_feature_is_standardised_as_imputed_whatever_the_order_in_the_spec() {
    let specs = [
        spec(TransformKind::Standardize, &[SPREAD]),
        spec(TransformKind::ImputeConstant, &[SPREAD]),
    ];
    // 1, 3, 5 and 3: mean 3, squares 4 + 0 + 4 + 0, over 3.
    check_deviation(
        &[Some(1.0), None, Some(5.0), None],
        &specs,
        [3.0, (8.0_f64 / 3.0).sqrt(), 0.0],
    );
    let kinds: Vec<String> =
        fitted(&[Some(1.0), None], &specs).into_iter().map(|fitted| fitted.kind).collect();
    assert_eq!(kinds, ["impute_constant", "standardize"]);
}

#[test]
fn a_constant_feature_has_deviation_one_and_says_so() {
    let plain = [spec(TransformKind::Standardize, &[SPREAD])];
    check_deviation(&[Some(0.1); 3], &plain, [0.1, 1.0, 1.0]);
    check_deviation(&[Some(7.0), None], &plain, [7.0, 1.0, 1.0]);
    // Different, and their squares vanish.
    check_deviation(&[Some(1e-300), Some(3e-300)], &plain, [2e-300, 1.0, 1.0]);
    let filled = [plain[0].clone(), spec(TransformKind::ImputeConstant, &[SPREAD])];
    check_deviation(&[None, None], &filled, [3.0, 1.0, 1.0]);
}

#[test]
fn fitted_rows_and_span_are_those_of_the_train_rows() {
    let found =
        fitted(&[Some(1.0), None, Some(2.0)], &[spec(TransformKind::ImputeMean, &["book__*"])]);
    assert_eq!((found[0].rows, found[0].ts_cutoff), (3, [Instant(1_000), Instant(3_000)]));
}

#[track_caller]
fn refused(spreads: &[Option<f64>], specs: &[TransformSpec], code: &str, message: &str) {
    let error = fit_transforms(train(spreads, 3), specs, FEATURES).unwrap_err();
    assert_eq!((error.code(), error.to_string().as_str()), (code, message));
}

#[test]
fn what_cannot_be_fitted_is_refused_by_name() {
    use TransformKind::{ImputeMean, ImputeMedian, Standardize};
    let some = [Some(1.0), Some(2.0)];
    refused(
        &some,
        &[spec(Standardize, &[SESSION])],
        "datasets/transform-type",
        "time__session__0, transform `standardize`: expected Float64, found UInt16",
    );
    refused(
        &some,
        &[spec(ImputeMedian, &["*"])],
        "datasets/transform-type",
        "time__session__0, transform `impute_median`: expected Float64, found UInt16",
    );
    refused(
        &some,
        &[spec(ImputeMean, &["boook__*"])],
        "datasets/transform-no-feature",
        "transform `impute_mean`: expected a feature of the form `boook__*`, found none",
    );
    refused(
        &some,
        &[spec(ImputeMean, &["book__*"]), spec(ImputeMedian, &[SPREAD])],
        "datasets/transform-twice",
        "book__spread_bps__1s: expected one `impute_mean`, found `impute_median` too",
    );
    refused(
        &some,
        &[spec(Standardize, &["book__*"]), spec(Standardize, &[SPREAD])],
        "datasets/transform-twice",
        "book__spread_bps__1s: expected one `standardize`, found `standardize` too",
    );
    refused(
        &[None, None],
        &[spec(ImputeMean, &["book__*"])],
        "datasets/transform-no-values",
        "book__spread_bps__1s, transform `impute_mean`: expected a value in the train rows, found nulls only",
    );
    refused(
        &[Some(1.0), Some(f64::NAN), Some(f64::INFINITY)],
        &[spec(ImputeMedian, &["book__*"])],
        "datasets/transform-not-finite",
        "book__spread_bps__1s, transform `impute_median`: expected finite values, found 2 that are not, of 3",
    );
    refused(
        &[Some(f64::MAX), Some(f64::MAX)],
        &[spec(ImputeMean, &["book__*"])],
        "datasets/transform-not-finite",
        "book__spread_bps__1s, transform `impute_mean`: expected finite values, found a sum beyond all floats",
    );
    let valued = TransformSpec { value: Some(Number(1.0)), ..spec(ImputeMean, &["book__*"]) };
    refused(
        &some,
        &[valued],
        "datasets/transform-parameter",
        "book__spread_bps__1s, transform `impute_mean`: expected no value, found 1",
    );
}

fn numbers(rows: &RecordBatch, name: &str) -> Vec<Option<f64>> {
    rows[name].as_primitive::<Float64Type>().iter().collect()
}

#[test]
fn applied_transforms_fill_mask_and_scale_and_leave_other_columns() {
    let mut sample = Sample::new(3, 0, 0);
    sample.row(2).features = vec![None, None];
    sample.row(3).session = None;
    let rows = sample.batch(&sample.of(Split::Train));
    let specs = [
        spec(TransformKind::ImputeConstant, &[SPREAD, SESSION]),
        spec(TransformKind::Standardize, &[SPREAD, TRADES]),
    ];
    let found = fit_transforms([rows.clone()], &specs, FEATURES).unwrap();
    let out = FeatureTransforms::new(&found).unwrap().apply(&rows).unwrap();
    // 0.5, 3, 1.5 about 5/3; the trades are 10 and 30 about 20, deviation sqrt(200).
    let mean = 5.0 / 3.0;
    let squares: f64 = [0.5, 3.0, 1.5].iter().map(|x: &f64| (x - mean) * (x - mean)).sum();
    let std = (squares / 2.0).sqrt();
    for (found, raw) in numbers(&out, SPREAD).iter().zip([0.5, 3.0, 1.5]) {
        assert!((found.unwrap() - (raw - mean) / std).abs() < 1e-15);
    }
    let half = 10.0 / 200.0_f64.sqrt();
    assert_eq!(numbers(&out, TRADES), [Some(-half), None, Some(half)]); // not imputed: null stays
    let sessions = out[SESSION].as_primitive::<UInt16Type>();
    assert_eq!((sessions.null_count(), sessions.values().as_ref()), (0, &[1, 2, 3][..]));
    let mask = |name: &str| {
        let mask = out[format!("{name}__is_missing").as_str()].as_boolean();
        mask.iter().flatten().collect::<Vec<_>>()
    };
    assert_eq!(mask(SPREAD), [false, true, false]);
    assert_eq!(mask(SESSION), [false, false, true]);
    let names: Vec<_> = out.schema().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(
        names[5..11],
        [
            SPREAD,
            TRADES,
            SESSION,
            "book__spread_bps__1s__is_missing",
            "time__session__0__is_missing",
            "label__intraday.grade"
        ]
    );
    let schema = out.schema();
    let field = schema.field_with_name(SPREAD).unwrap();
    assert_eq!(field.metadata()["hindsight.transform"], "impute_constant,standardize");
    assert_eq!((field.is_nullable(), field.metadata().get("hindsight.unit")), (false, None));
    assert_eq!(schema.field(8).metadata()["hindsight.role"], "mask");
    assert_eq!(out["row_id"].to_data(), rows["row_id"].to_data());
    assert_eq!(out["meta__null_reasons"].to_data(), rows["meta__null_reasons"].to_data());
}

#[test]
fn transforms_are_applied_once_and_only_known_ones() {
    let transform = |kind: &str, parameters: &[(&str, f64)]| FittedTransform {
        kind: kind.to_owned(),
        feature: SPREAD.to_owned(),
        parameters: parameters.iter().map(|(k, v)| ((*k).to_owned(), Number(*v))).collect(),
        rows: 1,
        ts_cutoff: [Instant(0); 2],
    };
    let rows = &train(&[Some(1.0), Some(2.0)], 2)[0];
    let scale = transform("standardize", &[("mean", 1.0), ("std", 2.0)]);
    let scale = FeatureTransforms::new(&[scale]).unwrap();
    let once = scale.apply(rows).unwrap();
    assert_eq!(numbers(&once, SPREAD), [Some(0.0), Some(0.5)]);
    let twice = scale.apply(&once).unwrap_err();
    assert_eq!(twice.code(), "datasets/transform-twice");
    let cases = [
        (
            transform("whiten", &[]),
            "expected one of `impute_median`, `impute_mean`, `impute_constant`, `standardize`, found whiten",
        ),
        (transform("impute_mean", &[]), "expected a parameter `value`, found none"),
        (transform("standardize", &[("mean", 1.0)]), "expected a parameter `std`, found none"),
        (
            transform("standardize", &[("mean", 1.0), ("std", 0.0)]),
            "expected a positive `std`, found 0",
        ),
    ];
    for (transform, expected) in cases {
        let error = FeatureTransforms::new(&[transform]).unwrap_err();
        assert_eq!(error.code(), "datasets/transform-parameter");
        assert!(error.to_string().ends_with(expected), "{error}");
    }
    let (mean, median) = (
        transform("impute_mean", &[("value", 1.0)]),
        transform("impute_median", &[("value", 2.0)]),
    );
    let error = FeatureTransforms::new(&[mean, median]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "book__spread_bps__1s: expected one `impute_mean`, found `impute_median` too"
    );
    let half = FittedTransform {
        feature: SESSION.to_owned(),
        ..transform("impute_constant", &[("value", 0.5)])
    };
    let error = FeatureTransforms::new(&[half]).unwrap().apply(rows).unwrap_err();
    assert_eq!(
        error.to_string(),
        "time__session__0, transform `impute_constant`: expected a constant that is a whole number of 16 bits, found 0.5"
    );
}

#[test]
fn rows_of_other_splits_move_no_parameter() {
    let specs = [
        spec(TransformKind::ImputeMedian, &["book__*", "flow__*"]),
        spec(TransformKind::Standardize, &["book__*", "flow__*"]),
    ];
    let of = |sample: &Sample| {
        let written = sample.write();
        let mut fit = TransformFit::new(&specs, FEATURES).unwrap();
        for file in written.view().files(Split::Train) {
            for rows in written.folder.batches(&file.path, None).unwrap() {
                fit.push(&rows.unwrap()).unwrap();
            }
        }
        fit.finish().unwrap()
    };
    let mut sample = Sample::new(7, 4, 4);
    let before = of(&sample);
    for id in 8..=15 {
        sample.row(id).features = vec![Some(1e9), None];
    }
    sample.remove(15);
    assert_eq!(of(&sample), before);
    sample.row(3).features[0] = Some(1e9); // and a row of train does
    assert_ne!(of(&sample), before);
}

proptest! {
    #[test]
    fn neither_order_nor_batches_move_a_bit(
        values in prop::collection::vec(prop::option::weighted(0.8, -1e6..1e6_f64), 1..40),
        at_a_time in 1..9_usize,
        turn in 0..40_usize,
    ) {
        let specs = [
            spec(TransformKind::ImputeMean, &["book__*"]),
            spec(TransformKind::Standardize, &["book__*"]),
        ];
        let known: Vec<f64> = values.iter().flatten().copied().collect();
        prop_assume!(!known.is_empty());
        let mut turned = values.clone();
        turned.rotate_left(turn % values.len());
        let one = fit_transforms(train(&values, values.len()), &specs, FEATURES).unwrap();
        let other = fit_transforms(train(&turned, at_a_time), &specs, FEATURES).unwrap();
        prop_assert_eq!(&one, &other);
        // In the plainest way there is.
        let mean = known.iter().sum::<f64>() / known.len() as f64;
        prop_assert!((one[0].parameters["value"].0 - mean).abs() <= 1e-9);
        let out = FeatureTransforms::new(&one).unwrap().apply(&train(&values, values.len())[0]).unwrap();
        let scaled = numbers(&out, SPREAD);
        let sum: f64 = scaled.iter().map(|cell| cell.unwrap()).sum();
        prop_assert!(sum.abs() < 1e-6, "mean zero on train: {}", sum);
        if one[1].parameters["constant"].0 == 0.0 {
            let squares: f64 = scaled.iter().flatten().map(|x| x * x).sum();
            prop_assert!((squares - (values.len() - 1) as f64).abs() < 1e-6, "deviation one on train");
        }
    }
}

#[test]
fn parameters_equal_those_of_python() {
    // fixtures/datasets/transforms.py: statistics.median, math.fsum and numpy 2.4.6 of these values.
    let values: Vec<Option<f64>> = (0..101_u32)
        .map(|i| (i % 7 != 3).then(|| f64::from((i * 7_919 + 13) % 1_009) / 7.0 - 60.0))
        .collect();
    let specs = [
        spec(TransformKind::ImputeMedian, &["book__*"]),
        spec(TransformKind::Standardize, &["book__*"]),
    ];
    let found = fitted(&values, &specs);
    let parameters: BTreeMap<&str, f64> = found
        .iter()
        .flat_map(|fitted| fitted.parameters.iter().map(|(k, v)| (k.as_str(), v.0)))
        .collect();
    let python: BTreeMap<&str, f64> = include_str!("../../../../fixtures/datasets/transforms.txt")
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, number)| (name, number.parse().unwrap()))
        .collect();
    assert_eq!(parameters["value"].to_bits(), python["median"].to_bits());
    assert_eq!(parameters["mean"].to_bits(), python["mean"].to_bits());
    assert_eq!(parameters["std"].to_bits(), python["std_fsum"].to_bits());
    assert!((parameters["std"] / python["std_numpy"] - 1.0).abs() < 1e-15);
}

#[test]
fn a_missing_feature_in_the_rows_is_named() {
    let sample = Sample::new(2, 0, 0);
    let rows: Vec<&SampleRow> = sample.of(Split::Train);
    let rows = sample.batch(&rows).project(&[0, 1]).unwrap();
    let specs = [spec(TransformKind::ImputeMean, &["book__*"])];
    let error: TransformError = fit_transforms([rows], &specs, FEATURES).unwrap_err();
    assert_eq!(
        error.to_string(),
        "train rows, column `book__spread_bps__1s`: expected a column of this name, found none"
    );
}
