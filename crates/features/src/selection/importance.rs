//! What a model loses, out of sample, when a feature is scrambled.

mod design;
mod interval;

use super::draws::{Draws, Purpose};
use super::folds::check_folds;
use super::sample::{Labels, check_length, pick};
use super::threads::map;
use super::{Fold, Learner, Lesson, Matrix, Sample, SelectionError, Settings};
use crate::math::log;
use design::{Design, Scaling};
use interval::{Block, Estimate};
use ndarray::{Array2, ArrayView2};
use std::num::NonZeroUsize;

/// What scrambling one feature, or some together, costs.
#[derive(Debug, Clone, PartialEq)]
pub struct Importance {
    /// Mean rise of the loss of a test row: squared error in squared units of the target, or log loss in nats.
    pub score: f64,
    /// Lower end of the interval, by block bootstrap.
    pub ci_low: f64,
    /// Upper end of the interval.
    pub ci_high: f64,
    /// Chance of such a rise when the feature does not matter; `None` with fewer than two blocks or without variation.
    pub p_value: Option<f64>,
    /// Effective number of test rows: the sum of their weights.
    pub n_eff: f64,
    /// Mean rise within each fold, and the effective number of its test rows.
    pub folds: Vec<(f64, f64)>,
}

/// The columns of one fold's model, and which of them are scrambled together.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) columns: Vec<usize>,
    /// Positions in `columns`.
    pub(crate) groups: Vec<Vec<usize>>,
}

/// Fits a learner on the training rows of each fold, scrambles a group of columns among the test rows and measures how
/// much worse the prediction gets.
///
/// Test rows are scrambled in blocks of neighbours, so a scrambled feature keeps its dependence over time. Columns are
/// scaled by mean and standard deviation of the training rows, nulls stand at the training mean. Nothing of a test row is
/// read before its model is fitted.
///
/// - **Shape:** one answer a group, in order. All columns of the matrix are in the model.
/// - **Point in time:** folds are refused if a training label overlaps a test label.
/// - **Cost:** one fit a fold; for each fold and group `settings.repeats` predictions of the test rows.
/// - **Source:** Breiman (2001), Machine Learning 45; groups as in López de Prado (2020), Machine Learning for Asset
///   Managers, 6.5.2. The interval: Carlstein (1986), Annals of Statistics 14(3). The p-value: the upper tail of Student's t
///   at the mean over its bootstrap error, with one degree of freedom less than there are blocks, or effective rows if
///   fewer.
///
/// # Errors
/// [`SelectionError::LeakyFolds`] and the other errors of [`check_folds`], [`SelectionError::Length`],
/// [`SelectionError::Group`], [`SelectionError::OneClass`] when the training rows of a fold are all alike,
/// [`SelectionError::Learner`], [`SelectionError::Setting`].
#[expect(
    clippy::too_many_arguments,
    reason = "data, folds, groups and learner are all the caller's"
)]
pub fn permutation_importance<L: Learner>(
    matrix: &Matrix<'_>,
    sample: &Sample,
    folds: &[Fold],
    groups: &[Vec<usize>],
    learner: &L,
    settings: &Settings,
    seed: u64,
    threads: NonZeroUsize,
) -> Result<Vec<Importance>, SelectionError> {
    let columns = matrix.columns().len();
    for (group, members) in groups.iter().enumerate() {
        if let Some(&found) = members.iter().find(|&&at| at >= columns) {
            return Err(SelectionError::Group { group, found, columns });
        }
    }
    let plan = Plan { columns: (0..columns).collect(), groups: groups.to_vec() };
    let plans = vec![plan; folds.len()];
    with_plans(matrix, sample, folds, &plans, learner, settings, seed, threads)
}

/// As [`permutation_importance`], with columns of each fold's own; every plan has the same number of groups.
#[expect(
    clippy::too_many_arguments,
    reason = "data, folds, groups and learner are all the caller's"
)]
pub(crate) fn with_plans<L: Learner>(
    matrix: &Matrix<'_>,
    sample: &Sample,
    folds: &[Fold],
    plans: &[Plan],
    learner: &L,
    settings: &Settings,
    seed: u64,
    threads: NonZeroUsize,
) -> Result<Vec<Importance>, SelectionError> {
    settings.check()?;
    check_length("target", matrix.rows(), sample.rows())?;
    check_folds(sample, folds)?;
    let fitted: Vec<Fitted<L::Model>> = map(threads, folds.len(), |at| {
        Fitted::new(matrix, sample, at, &folds[at], &plans[at], learner, settings)
    })
    .into_iter()
    .collect::<Result<_, _>>()?;
    let groups = plans.first().map_or(0, |plan| plan.groups.len());
    let rises: Vec<Vec<f64>> = map(threads, folds.len() * groups, |item| {
        let (fold, group) = (item / groups, item % groups);
        fitted[fold].rises(
            &plans[fold].groups[group],
            sample,
            learner,
            settings,
            (seed, fold, group),
        )
    })
    .into_iter()
    .collect::<Result<_, _>>()?;
    let one = |group: usize| {
        let mut blocks = Vec::new();
        let mut by_fold = Vec::new();
        for (fold, fitted) in fitted.iter().enumerate() {
            let own =
                interval::blocks(&rises[fold * groups + group], &fitted.weights, fitted.block);
            let all = own.iter().fold(Block::default(), |a, b| a.with(*b));
            by_fold.push((all.mean(), all.weight));
            blocks.extend(own);
        }
        let mut draws = Draws::new(seed, Purpose::Bootstrap, group, 0);
        let Estimate { mean, low, high, p_value, weight } =
            interval::estimate(&blocks, settings.replicates, settings.level, &mut draws);
        Importance {
            score: mean,
            ci_low: low,
            ci_high: high,
            p_value,
            n_eff: weight,
            folds: by_fold,
        }
    };
    Ok(map(threads, groups, one))
}

/// One fold's model and its test rows.
struct Fitted<M> {
    model: M,
    test: Array2<f64>,
    target: Labels,
    weights: Vec<f64>,
    losses: Vec<f64>,
    block: usize,
}

impl<M> Fitted<M> {
    fn new<L: Learner<Model = M>>(
        matrix: &Matrix<'_>,
        sample: &Sample,
        number: usize,
        fold: &Fold,
        plan: &Plan,
        learner: &L,
        settings: &Settings,
    ) -> Result<Self, SelectionError> {
        let design = Design { matrix, columns: &plan.columns };
        let train_target = sample.labels().take(&fold.train);
        if train_target.is_flat() {
            let what = format!("the training rows of fold {number}");
            return Err(SelectionError::OneClass { what });
        }
        let train_weights = pick(sample.weights(), &fold.train);
        let scaling = Scaling::of(&design, &fold.train, &train_weights);
        let train = design.matrix(&fold.train, &scaling);
        let model = learner.fit(Lesson {
            features: train.view(),
            target: train_target.view(),
            classes: sample.classes().len(),
            weights: &train_weights,
        })?;
        let mut rows = fold.test.clone();
        rows.sort_unstable();
        let test = design.matrix(&rows, &scaling);
        let target = sample.labels().take(&rows);
        let losses = losses(learner, &model, &test.view(), &target, sample.classes().len())?;
        let block = settings.block_rows.unwrap_or_else(|| sample.default_block(rows.len()));
        let weights = pick(sample.weights(), &rows);
        Ok(Self { model, test, target, weights, losses, block })
    }

    /// How much the loss of each test row rises when the columns are scrambled, over all repeats.
    fn rises<L: Learner<Model = M>>(
        &self,
        columns: &[usize],
        sample: &Sample,
        learner: &L,
        settings: &Settings,
        (seed, fold, group): (u64, usize, usize),
    ) -> Result<Vec<f64>, SelectionError> {
        let mut rises = vec![0.0; self.losses.len()];
        let mut draws = Draws::new(seed, Purpose::Permute, fold, group);
        let mut scrambled = self.test.clone();
        for _ in 0..settings.repeats {
            let source = in_blocks(self.losses.len(), self.block, &mut draws);
            for &at in columns {
                for (row, &from) in source.iter().enumerate() {
                    scrambled[[row, at]] = self.test[[from, at]];
                }
            }
            let classes = sample.classes().len();
            let found = losses(learner, &self.model, &scrambled.view(), &self.target, classes)?;
            for ((rise, after), before) in rises.iter_mut().zip(found).zip(&self.losses) {
                *rise += (after - before) / f64::from(settings.repeats);
            }
        }
        Ok(rises)
    }
}

/// An order of rows that keeps blocks of neighbours together; where the blocks begin is random too.
fn in_blocks(rows: usize, block: usize, draws: &mut Draws) -> Vec<usize> {
    let start = draws.below(rows);
    let turned: Vec<usize> = (start..rows).chain(0..start).collect();
    let mut blocks: Vec<&[usize]> = turned.chunks(block.max(1)).collect();
    draws.shuffle(&mut blocks);
    blocks.concat()
}

/// Squared error, or log loss with probabilities of at least 1e-15, of each row.
fn losses<L: Learner>(
    learner: &L,
    model: &L::Model,
    features: &ArrayView2<'_, f64>,
    target: &Labels,
    classes: usize,
) -> Result<Vec<f64>, SelectionError> {
    let predicted = learner.predict(model, features.view())?;
    let expected = (features.nrows(), classes.max(1));
    if predicted.dim() != expected || predicted.iter().any(|p| !p.is_finite()) {
        let what = format!(
            "expected finite predictions of shape {expected:?}, found shape {:?}",
            predicted.dim()
        );
        return Err(SelectionError::Learner { learner: learner.name(), what });
    }
    Ok(match target {
        Labels::Values(values) => {
            values.iter().zip(predicted.column(0)).map(|(y, p)| (y - p) * (y - p)).collect()
        }
        Labels::Classes(codes) => codes
            .iter()
            .zip(predicted.rows())
            .map(|(&code, p)| -log(p[code as usize].clamp(1e-15, 1.0)))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_scrambled_in_blocks_of_neighbours_and_each_stays_once() {
        let mut draws = Draws::new(5, Purpose::Permute, 0, 0);
        let found = in_blocks(103, 10, &mut draws);
        let mut sorted = found.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..103).collect::<Vec<_>>());
        assert_ne!(found, sorted);
        // 11 blocks: at most 10 seams and the turn are not followed by the next row.
        let seams = found.windows(2).filter(|pair| pair[1] != pair[0] + 1).count();
        assert!(seams <= 11, "{seams}");
    }
}
