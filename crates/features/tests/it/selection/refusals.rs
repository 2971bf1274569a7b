//! Input that cannot be selected from, each with an error of its own.

use super::threads;
use contract::Diagnostic;
use features::selection::ndarray::{Array2, ArrayView2};
use features::selection::{
    Column, Fold, Learner, Lesson, Logistic, Matrix, Ridge, Sample, SelectionError, Settings,
    Target, check_folds, complementary_pairs, information_of_classes, information_of_values,
    permutation_importance, purged_folds, relevance, select,
};

#[track_caller]
fn check<T: std::fmt::Debug>(found: Result<T, SelectionError>, code: &str, message: &str) {
    let error = found.unwrap_err();
    assert_eq!((error.code(), error.to_string().as_str()), (code, message));
    let section = format!("\n## {code}\n");
    assert!(features::ERRORS.contains(&section), "{code} is not explained");
}

fn columns<'a>(columns: &[(&'a str, &'a [f64])]) -> Result<Matrix<'a>, SelectionError> {
    Matrix::try_new(columns.iter().map(|(name, values)| Column::new(name, values)).collect())
}

fn sample(classes: &[u32]) -> Result<Sample, SelectionError> {
    let from: Vec<i64> = (0..).take(classes.len()).collect();
    let to: Vec<i64> = from.iter().map(|t| t + 1).collect();
    Sample::try_new(Target::Classes(classes), &from, &to)
}

#[test]
fn columns_that_make_no_matrix_are_refused() {
    check(
        columns(&[]),
        "features/selection-no-features",
        "features: expected at least one column, found none",
    );
    check(
        columns(&[("a", &[])]),
        "features/selection-no-rows",
        "feature `a`: expected at least one row, found none",
    );
    check(
        columns(&[("a", &[1.0, 2.0]), ("b", &[1.0])]),
        "features/selection-length",
        "feature `b`: expected 2 rows, found 1",
    );
    check(
        columns(&[("a", &[1.0]), ("a", &[2.0])]),
        "features/selection-name-twice",
        "feature `a`: expected one column, found two",
    );
    for (value, text) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf")] {
        check(
            columns(&[("a", &[1.0, value])]),
            "features/selection-not-finite",
            &format!("feature `a`, row 1: expected a finite number or null, found `{text}`"),
        );
    }
    check(
        Column::with_validity("a", &[1.0], &[]),
        "features/selection-length",
        "validity of `a`: expected 1 rows, found 0",
    );
}

#[test]
fn rows_that_make_no_sample_are_refused() {
    check(
        sample(&[]),
        "features/selection-no-rows",
        "target: expected at least one row, found none",
    );
    check(
        sample(&[4, 4]),
        "features/one-class",
        "target of the sample: expected at least two different values, found one",
    );
    let of = |from: &[i64], to: &[i64]| Sample::try_new(Target::Values(&[1.0, 2.0]), from, to);
    check(of(&[0], &[1, 2]), "features/selection-length", "ts_from: expected 2 rows, found 1");
    check(
        of(&[0, 5], &[1, 5]),
        "features/empty-label",
        "label interval, row 1: expected `ts_from` before `ts_to`, found 5 and 5",
    );
    check(
        of(&[5, 4], &[6, 6]),
        "features/unsorted-sample",
        "label interval, row 1: expected `ts_from` of at least 5, found 4",
    );
    check(
        Sample::try_new(Target::Values(&[1.0, f64::NAN]), &[0, 1], &[1, 2]),
        "features/selection-not-finite",
        "target, row 1: expected a finite number or null, found `NaN`",
    );
    for (weight, text) in [(0.0, "0"), (1.5, "1.5"), (f64::NAN, "NaN")] {
        check(
            sample(&[0, 1]).unwrap().with_weights(&[1.0, weight]),
            "features/weight-range",
            &format!("weights, row 1: expected a number in (0, 1], found `{text}`"),
        );
    }
    check(
        sample(&[0, 1]).unwrap().with_sessions(&[0]),
        "features/selection-length",
        "sessions: expected 2 rows, found 1",
    );
    check(
        complementary_pairs(&sample(&[0, 1]).unwrap(), 1, 1),
        "features/too-few-sessions",
        "sessions: expected at least 2 to subsample by, found 1",
    );
}

#[test]
fn folds_without_rows_or_with_wrong_ones_are_refused() {
    let sample = sample(&[0, 1, 0, 1]).unwrap();
    let fold = |train: &[usize], test: &[usize]| {
        check_folds(&sample, &[Fold { train: train.to_vec(), test: test.to_vec() }])
    };
    check(
        fold(&[], &[1]),
        "features/empty-fold",
        "fold 0: expected training and test rows, found 0 and 1",
    );
    check(
        check_folds(&sample, &[]),
        "features/empty-fold",
        "fold 0: expected training and test rows, found 0 and 0",
    );
    check(
        fold(&[0, 9], &[1]),
        "features/fold-row",
        "fold 0: expected different rows below 4, found row 9",
    );
    check(
        fold(&[0, 1], &[1]),
        "features/fold-row",
        "fold 0: expected different rows below 4, found row 1",
    );
    check(
        purged_folds(&sample, 1, 0),
        "features/selection-setting",
        "selection.folds: expected at least 2, found `1`",
    );
    check(
        purged_folds(&sample, 9, 0),
        "features/empty-fold",
        "fold 0: expected training and test rows, found 4 and 0",
    );
}

#[test]
fn neighbours_that_are_not_there_are_refused() {
    let x = [1.0, 2.0, 3.0];
    for k in [0, 3] {
        let message = format!("x: expected k below the 3 complete rows, found {k}");
        check(information_of_values(&x, &x, None, k), "features/k-too-large", &message);
        check(information_of_classes(&x, &[0, 1, 0], None, k), "features/k-too-large", &message);
    }
    assert_eq!(information_of_values(&x, &x, None, 2).map(|i| i.rows), Ok(3));
    let valid = [true, true, true, false];
    let values = [1.0, 2.0, 3.0, 4.0];
    let matrix =
        Matrix::try_new(vec![Column::with_validity("a", &values, &valid).unwrap()]).unwrap();
    let sample = sample(&[0, 1, 0, 1]).unwrap();
    check(
        relevance(&matrix, &sample, &[0], &Settings::default(), 1, threads(1)),
        "features/k-too-large",
        "feature `a`: expected k below the 3 complete rows, found 3",
    );
}

/// Predicts too few rows.
struct Short;

impl Learner for Short {
    type Model = ();
    fn name(&self) -> String {
        "short".to_owned()
    }
    fn fit(&self, _: Lesson<'_>) -> Result<(), SelectionError> {
        Ok(())
    }
    fn predict(&self, (): &(), _: ArrayView2<'_, f64>) -> Result<Array2<f64>, SelectionError> {
        Ok(Array2::zeros((1, 2)))
    }
}

#[test]
fn a_fold_or_learner_that_cannot_learn_is_refused() {
    let values: Vec<f64> = (0..40).map(|row| f64::from(row * 7 % 40)).collect();
    let matrix = columns(&[("a", &values)]).unwrap();
    let classes: Vec<u32> = (0..40).map(|row| u32::from(row >= 20)).collect();
    let sample = sample(&classes).unwrap();
    let settings = Settings::default();
    let fold = Fold { train: (0..20).collect(), test: (20..40).collect() };
    let importance = |fold: Fold, groups: &[Vec<usize>]| {
        let learner = Logistic::default();
        permutation_importance(
            &matrix,
            &sample,
            &[fold],
            groups,
            &learner,
            &settings,
            1,
            threads(2),
        )
    };
    check(
        importance(fold.clone(), &[vec![0]]),
        "features/one-class",
        "target of the training rows of fold 0: expected at least two different values, found one",
    );
    check(
        importance(fold, &[vec![0], vec![3]]),
        "features/selection-group",
        "group 1: expected columns below 1, found 3",
    );
    let fold = Fold { train: (10..30).collect(), test: (0..10).chain(30..40).collect() };
    let found = permutation_importance(
        &matrix,
        &sample,
        std::slice::from_ref(&fold),
        &[vec![0]],
        &Short,
        &settings,
        1,
        threads(1),
    );
    check(
        found,
        "features/learner-failed",
        "learner `short`: expected finite predictions of shape (20, 2), found shape (1, 2)",
    );
    let learner = Ridge::default();
    check(
        permutation_importance(
            &matrix,
            &sample,
            &[fold],
            &[vec![0]],
            &learner,
            &settings,
            1,
            threads(1),
        ),
        "features/learner-failed",
        "learner `ridge(alpha=1)`: expected a target of numbers, found classes",
    );
}

#[test]
fn settings_outside_their_range_are_refused() {
    let refused = |settings: Settings, message: &str| {
        check(settings.check(), "features/selection-setting", message);
    };
    let base = Settings::default;
    refused(Settings { cut: 1.5, ..base() }, "selection.cut: expected 0 to 1, found `1.5`");
    refused(Settings { fdr: f64::NAN, ..base() }, "selection.fdr: expected 0 to 1, found `NaN`");
    refused(
        Settings { level: 1.0, ..base() },
        "selection.level: expected between 0 and 1, found `1`",
    );
    refused(Settings { k: 0, ..base() }, "selection.k: expected at least 1, found `0`");
    refused(
        Settings { replicates: 1, ..base() },
        "selection.replicates: expected at least 2, found `1`",
    );
    assert_eq!(base().check(), Ok(()));
}

#[test]
fn settings_are_read_from_toml_and_unknown_keys_are_refused() {
    let found: Settings = toml::from_str("keep = 5\nscheme = \"miq\"\n").unwrap();
    let scheme = features::selection::Scheme::Miq;
    assert_eq!(found, Settings { keep: 5, scheme, ..Settings::default() });
    let refused = toml::from_str::<Settings>("keeps = 5\n").unwrap_err();
    assert!(refused.to_string().contains("unknown field `keeps`"), "{refused}");
}

#[test]
fn a_run_whose_columns_are_all_dropped_is_refused() {
    let values = vec![1.0; 400];
    let matrix = columns(&[("a", &values)]).unwrap();
    let classes: Vec<u32> = (0..400).map(|row| row % 2).collect();
    let sample = sample(&classes).unwrap();
    let folds = purged_folds(&sample, 2, 0).unwrap();
    let found =
        select(&matrix, &sample, &folds, &Logistic::default(), &Settings::default(), 1, threads(1));
    check(
        found,
        "features/selection-no-features",
        "features: expected at least one column that the screen keeps, found none",
    );
}
