//! Test rows and future labels stay out of every fit.

use super::market::Seeded;
use super::threads;
use contract::{Diagnostic, Fault};
use features::selection::ndarray::{Array2, ArrayView2};
use features::selection::{
    Column, Fold, Learner, Lesson, Linear, Matrix, Ridge, Sample, SelectionError, Settings, Target,
    check_folds, permutation_importance, purged_folds, select,
};
use std::sync::Mutex;

/// Notes all that it is given to fit, bit by bit.
struct Spy {
    inner: Ridge,
    seen: Mutex<Vec<Vec<u64>>>,
}

impl Learner for Spy {
    type Model = Linear;
    fn name(&self) -> String {
        "spy".to_owned()
    }
    fn fit(&self, lesson: Lesson<'_>) -> Result<Linear, SelectionError> {
        let Target::Values(target) = lesson.target else { panic!("numbers") };
        let all = lesson.features.iter().chain(target).chain(lesson.weights);
        self.seen.lock().unwrap().push(all.map(|x| x.to_bits()).collect());
        self.inner.fit(lesson)
    }
    fn predict(
        &self,
        model: &Linear,
        features: ArrayView2<'_, f64>,
    ) -> Result<Array2<f64>, SelectionError> {
        self.inner.predict(model, features)
    }
}

const ROWS: usize = 300;

/// Five features of which the last two are near copies of the first, and a target of the first.
fn table(seed: u64) -> (Vec<Vec<f64>>, Vec<f64>) {
    let mut random = Seeded::new(seed);
    let mut columns: Vec<Vec<f64>> =
        (0..3).map(|_| (0..ROWS).map(|_| random.normal()).collect()).collect();
    for _ in 0..2 {
        columns.push(columns[0].iter().map(|x| x + 0.05 * random.normal()).collect());
    }
    let target = columns[0].iter().map(|x| x + random.normal()).collect();
    (columns, target)
}

fn stamps() -> (Vec<i64>, Vec<i64>) {
    ((0..300).map(|t| t * 10).collect(), (0..300).map(|t| t * 10 + 25).collect())
}

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

fn seen_while_fitting(
    columns: &[Vec<f64>],
    target: &[f64],
    fold: &Fold,
    whole: bool,
) -> Vec<Vec<u64>> {
    let (from, to) = stamps();
    let matrix =
        Matrix::try_new(NAMES.iter().zip(columns).map(|(n, c)| Column::new(n, c)).collect());
    let matrix = matrix.unwrap();
    // Weights of the caller, because uniqueness depends on stamps only and would hide a leak of them.
    let weights: Vec<f64> = (1..=ROWS).map(|row| row as f64 / ROWS as f64).collect();
    let sample = Sample::try_new(Target::Values(target), &from, &to).unwrap();
    let sessions: Vec<u32> = (0..300).map(|row| row / 30).collect();
    let sample = sample.with_weights(&weights).unwrap().with_sessions(&sessions).unwrap();
    let spy = Spy { inner: Ridge::default(), seen: Mutex::default() };
    let settings = Settings {
        shifts: 19,
        pairs: 2,
        repeats: 1,
        keep: 2,
        max_drift: 1.0,
        max_modal_share: 1.0,
        ..Settings::default()
    };
    let folds = std::slice::from_ref(fold);
    if whole {
        select(&matrix, &sample, folds, &spy, &settings, 1, threads(1)).unwrap();
    } else {
        let groups = [vec![0], vec![1, 2]];
        permutation_importance(&matrix, &sample, folds, &groups, &spy, &settings, 1, threads(1))
            .unwrap();
    }
    spy.seen.into_inner().unwrap()
}

#[test]
fn what_a_learner_is_given_does_not_move_when_test_rows_do() {
    let (columns, target) = table(1);
    let (from, to) = stamps();
    let sample = Sample::try_new(Target::Values(&target), &from, &to).unwrap();
    let fold = purged_folds(&sample, 3, 0).unwrap().remove(1);
    // Test rows of another world: other features, other targets, and another near copy is the best one there.
    let (mut other_columns, mut other_target) = (columns.clone(), target.clone());
    let mut random = Seeded::new(2);
    for &row in &fold.test {
        for column in &mut other_columns[1..3] {
            column[row] = 50.0 * random.normal();
        }
        other_target[row] = 9.0 * other_columns[4][row];
    }
    for whole in [false, true] {
        let seen = seen_while_fitting(&columns, &target, &fold, whole);
        assert_eq!(seen.len(), 1);
        assert_eq!(seen, seen_while_fitting(&other_columns, &other_target, &fold, whole));
        // The spy does notice a training row.
        let mut moved = target.clone();
        moved[fold.train[7]] += 1.0;
        assert_ne!(seen, seen_while_fitting(&columns, &moved, &fold, whole));
    }
}

#[test]
fn a_lesson_holds_training_rows_only_scaled_by_themselves() {
    let (columns, target) = table(1);
    let fold = Fold { train: (0..100).collect(), test: (110..300).collect() };
    let seen = seen_while_fitting(&columns, &target, &fold, false).remove(0);
    assert_eq!(seen.len(), 100 * 5 + 100 + 100);
    let weights: Vec<f64> = (1..=100).map(|row| f64::from(row) / 300.0).collect();
    let total: f64 = weights.iter().sum();
    let first: Vec<f64> = seen[..500].iter().step_by(5).map(|&bits| f64::from_bits(bits)).collect();
    let mean: f64 = first.iter().zip(&weights).map(|(x, w)| x * w).sum::<f64>() / total;
    let square: f64 = first.iter().zip(&weights).map(|(x, w)| x * x * w).sum::<f64>() / total;
    assert!(mean.abs() < 1e-12 && (square - 1.0).abs() < 1e-12, "{mean} {square}");
}

#[test]
fn a_fold_that_was_not_purged_is_refused_by_every_step_that_takes_folds() {
    let (columns, target) = table(1);
    let (from, to) = stamps();
    let sample = Sample::try_new(Target::Values(&target), &from, &to).unwrap();
    let matrix =
        Matrix::try_new(NAMES.iter().zip(&columns).map(|(n, c)| Column::new(n, c)).collect());
    let matrix = matrix.unwrap();
    let sound = purged_folds(&sample, 3, 0).unwrap();
    assert_eq!(check_folds(&sample, &sound), Ok(()));
    // A label lives 25 ns and rows are 10 ns apart: rows 98 and 99 reach into row 100, the first of the test.
    assert_eq!((sound[1].train[97], sound[1].train[98]), (97, 202));
    let mut leaky = sound.clone();
    leaky[1].train.push(98);
    let refused = SelectionError::LeakyFolds { fold: 1, train_row: 98, test_row: 100 };
    assert_eq!(check_folds(&sample, &leaky), Err(refused.clone()));
    let (learner, settings) = (Ridge::default(), Settings::default());
    let groups = [vec![0]];
    let found = permutation_importance(
        &matrix,
        &sample,
        &leaky,
        &groups,
        &learner,
        &settings,
        1,
        threads(1),
    );
    assert_eq!(found, Err(refused.clone()));
    let found = select(&matrix, &sample, &leaky, &learner, &settings, 1, threads(1));
    assert_eq!(found.unwrap_err(), refused);
    assert_eq!((refused.code(), refused.fault()), ("features/leaky-folds", Fault::Gate));
    assert_eq!(
        refused.to_string(),
        "fold 1: expected no overlap, found training row 98 overlapping test row 100"
    );
}

#[test]
fn an_overlap_is_found_whatever_the_lengths_of_labels() {
    let mut random = Seeded::new(4);
    let (mut leaks, mut clean) = (0, 0);
    for _ in 0..400 {
        let mut from: Vec<i64> = (0..12).map(|_| whole(random.unit() * 60.0)).collect();
        from.sort_unstable();
        let to: Vec<i64> = from.iter().map(|t| t + 1 + whole(random.unit() * 12.0)).collect();
        let classes: Vec<u32> = (0..12).map(|row| row % 2).collect();
        let sample = Sample::try_new(Target::Classes(&classes), &from, &to).unwrap();
        let test: Vec<usize> = (0..12).filter(|_| random.unit() < 0.3).collect();
        let train: Vec<usize> =
            (0..12).filter(|row| !test.contains(row) && random.unit() < 0.4).collect();
        if test.is_empty() || train.is_empty() {
            continue;
        }
        let naive = train.iter().any(|&a| test.iter().any(|&b| from[a] < to[b] && from[b] < to[a]));
        let found = check_folds(&sample, &[Fold { train, test }]);
        assert_eq!(found.is_err(), naive, "{from:?} {to:?}");
        if naive { leaks += 1 } else { clean += 1 }
    }
    assert!(leaks > 50 && clean > 50, "{leaks} {clean}");
}

#[expect(clippy::cast_possible_truncation, reason = "below a hundred")]
fn whole(x: f64) -> i64 {
    x as i64
}

#[test]
fn an_embargo_keeps_training_rows_away_after_the_test() {
    let (_, target) = table(1);
    let (from, to) = stamps();
    let sample = Sample::try_new(Target::Values(&target), &from, &to).unwrap();
    let fold = purged_folds(&sample, 3, 100).unwrap().remove(1);
    // The test rows 100 to 199 end at 1990 + 25; 100 ns later is 2115, so row 212 is the first to train again.
    assert_eq!(fold.test, (100..200).collect::<Vec<_>>());
    assert_eq!(fold.train, (0..98).chain(212..300).collect::<Vec<_>>());
}
