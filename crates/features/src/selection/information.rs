//! Mutual information by nearest neighbours, in nats, with a p-value that respects the dependence of rows.

mod classes;
mod plane;
mod psi;
mod shifts;

use super::draws::{Draws, Purpose};
use super::sample::{Labels, pick};
use super::threads::map;
use super::{Column, Matrix, Sample, SelectionError, Settings};
use classes::Line;
use psi::Psi;
use std::num::NonZeroUsize;

/// What two variables tell about each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Information {
    /// The estimate as it comes out; below 0 by chance where the truth is near 0. Nats.
    pub raw: f64,
    /// The estimate, at least 0. Nats.
    pub nats: f64,
    /// Rows where both are there.
    pub rows: usize,
    /// Whether values repeat, so that the estimator for tied data was used.
    pub is_tied: bool,
}

impl Information {
    fn new(raw: f64, rows: usize, is_tied: bool) -> Self {
        Self { raw, nats: raw.max(0.0), rows, is_tied }
    }
}

/// Mutual information of a number and another number.
///
/// Both are divided by their standard deviation first. Without ties it is the first estimator of Kraskov, else the one
/// for mixed data of Gao; neither adds noise, so there is nothing random in it. A weight multiplies what a row adds.
///
/// - **Shape:** rows of `x`, `y` and `weights`, complete, in any order.
/// - **Units:** nats.
/// - **Cost:** sorting by the more spread-out axis and scanning a strip around each point, about `sqrt(k n)` steps a point
///   for independent variables, fewer for dependent ones; the worst data (many points inside a small part of a long
///   range, on both axes) takes `n` steps a point.
/// - **Source:** Kraskov, Stögbauer, Grassberger (2004), Physical Review E 69, 066138, equation 8; Gao, Kannan, Oh,
///   Viswanath (2017), NeurIPS, with counts as in the authors' `mixed.py`.
///
/// # Errors
/// [`SelectionError::NoRows`], [`SelectionError::Length`], [`SelectionError::NotFinite`], [`SelectionError::KTooLarge`]
/// unless `1 <= k < n`.
///
/// ```
/// use features::selection::information_of_values;
/// let x: Vec<f64> = (0..500).map(|row| f64::from(row * 37 % 500)).collect();
/// let same = information_of_values(&x, &x, None, 3)?;
/// let other: Vec<f64> = (0..500).map(|row| f64::from(row * 101 % 499)).collect();
/// let none = information_of_values(&x, &other, None, 3)?;
/// assert!(same.nats > 4.0 && none.nats < 0.1);
/// # Ok::<(), features::selection::SelectionError>(())
/// ```
pub fn information_of_values(
    x: &[f64],
    y: &[f64],
    weights: Option<&[f64]>,
    k: usize,
) -> Result<Information, SelectionError> {
    check(x, weights, k)?;
    super::sample::check_length("y", x.len(), y.len())?;
    check_finite("y", y)?;
    Ok(plane::information(x, y, weights, k, &Psi::up_to(x.len())))
}

/// Mutual information of a number and a class.
///
/// Without ties it is the estimator of Ross, else the one for mixed data of Gao with classes infinitely far apart. A class
/// with at most `k` rows uses the neighbours that it has, a class with one row is left out.
///
/// - **Shape:** rows of `x`, `classes` and `weights`, complete, in any order.
/// - **Units:** nats.
/// - **Cost:** one sort, then a few steps and two galloping searches a row.
/// - **Source:** Ross (2014), PLoS ONE 9(2), e87357, with small classes as in scikit-learn; Gao and others (2017), as above.
///
/// # Errors
/// As [`information_of_values`].
pub fn information_of_classes(
    x: &[f64],
    classes: &[u32],
    weights: Option<&[f64]>,
    k: usize,
) -> Result<Information, SelectionError> {
    check(x, weights, k)?;
    super::sample::check_length("classes", x.len(), classes.len())?;
    let (dense, _) = super::sample::number(classes);
    Ok(Line::new(x).information(&dense, weights, k, &Psi::up_to(x.len())))
}

fn check(x: &[f64], weights: Option<&[f64]>, k: usize) -> Result<(), SelectionError> {
    if x.is_empty() {
        return Err(SelectionError::NoRows { what: "x".to_owned() });
    }
    if let Some(weights) = weights {
        super::sample::check_length("weights", x.len(), weights.len())?;
        let bad = |w: &f64| !(*w > 0.0 && w.is_finite());
        if let Some((row, &found)) = weights.iter().enumerate().find(|(_, w)| bad(w)) {
            return Err(SelectionError::Weight { row, found });
        }
    }
    check_finite("x", x)?;
    check_k("x", k, x.len())
}

fn check_finite(what: &str, values: &[f64]) -> Result<(), SelectionError> {
    match values.iter().enumerate().find(|(_, v)| !v.is_finite()) {
        None => Ok(()),
        Some((row, &found)) => Err(SelectionError::NotFinite { what: what.to_owned(), row, found }),
    }
}

fn check_k(what: &str, k: usize, rows: usize) -> Result<(), SelectionError> {
    if k == 0 || k >= rows {
        return Err(SelectionError::KTooLarge { what: what.to_owned(), k, rows });
    }
    Ok(())
}

/// How much one feature tells about the target, and how surely.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Relevance {
    /// The estimate.
    pub information: Information,
    /// Chance of at least as much information when feature and target are unrelated; `None` when no session has two rows
    /// to shift.
    pub p_value: Option<f64>,
    /// Effective number of the rows used: the sum of their weights.
    pub n_eff: f64,
}

/// Mutual information of each column with the target, and its p-value from circular shifts.
///
/// A shift moves the targets of a session, with their weights, by a random number of rows and wraps them around, so the
/// dependence of rows inside feature and target stays and only the tie between the two is cut. Shifts are drawn until
/// 10 of them reach the estimate or `settings.shifts` are drawn (Besag, Clifford 1991, Biometrika 78(2)), so an unrelated
/// feature costs few.
///
/// - **Shape:** one answer a column of `columns`, in that order.
/// - **Cost:** one estimate a column and shift.
///
/// # Errors
/// [`SelectionError::Length`], [`SelectionError::KTooLarge`] naming the column, [`SelectionError::Group`],
/// [`SelectionError::Setting`].
pub fn relevance(
    matrix: &Matrix<'_>,
    sample: &Sample,
    columns: &[usize],
    settings: &Settings,
    seed: u64,
    threads: NonZeroUsize,
) -> Result<Vec<Relevance>, SelectionError> {
    settings.check()?;
    super::sample::check_length("target", matrix.rows(), sample.rows())?;
    let sessions = sample.by_session();
    let psi = Psi::up_to(sample.rows());
    let one = |item: usize| {
        let at = columns.get(item).copied().unwrap_or(usize::MAX);
        let count = matrix.columns().len();
        let Some(column) = matrix.columns().get(at) else {
            return Err(SelectionError::Group { group: 0, found: at, columns: count });
        };
        let all: Vec<usize> = (0..matrix.rows()).collect();
        let measured = Measured::new(column, &all);
        check_k(&format!("feature `{}`", column.name()), settings.k, measured.rows.len())?;
        let information = measured.information(sample, &all, settings.k, &psi);
        let mut draws = Draws::new(seed, Purpose::Shift, at, 0);
        let p_value = shifts::p_value(&sessions, settings.shifts, &mut draws, |source| {
            measured.information(sample, source, settings.k, &psi).raw >= information.raw
        });
        let n_eff = pick(sample.weights(), &measured.rows).iter().sum();
        Ok(Relevance { information, p_value, n_eff })
    };
    map(threads, columns.len(), one).into_iter().collect()
}

/// Information of each column with the target over some rows; `None` for a column with too few of them.
pub(crate) fn information_over(
    matrix: &Matrix<'_>,
    sample: &Sample,
    columns: &[usize],
    rows: &[usize],
    k: usize,
) -> Vec<Option<Information>> {
    let psi = Psi::up_to(rows.len());
    let all: Vec<usize> = (0..matrix.rows()).collect();
    let one = |at: &usize| {
        let measured = Measured::new(matrix.columns().get(*at)?, rows);
        (k < measured.rows.len()).then(|| measured.information(sample, &all, k, &psi))
    };
    columns.iter().map(one).collect()
}

/// Information of two columns over the rows where both are there; `None` where there are too few.
pub(crate) fn information_between(
    left: &Column<'_>,
    right: &Column<'_>,
    rows: &[usize],
    weights: &[f64],
    k: usize,
) -> Option<Information> {
    let both: Vec<usize> = rows
        .iter()
        .copied()
        .filter(|&row| left.value(row).is_some() && right.value(row).is_some())
        .collect();
    if k >= both.len() {
        return None;
    }
    let values =
        |column: &Column<'_>| both.iter().filter_map(|&row| column.value(row)).collect::<Vec<_>>();
    let psi = Psi::up_to(both.len());
    Some(plane::information(&values(left), &values(right), Some(&pick(weights, &both)), k, &psi))
}

/// A column's values where they are there, sorted once for many targets.
struct Measured {
    rows: Vec<usize>,
    line: Line,
    values: Vec<f64>,
}

impl Measured {
    fn new(column: &Column<'_>, rows: &[usize]) -> Self {
        let (rows, values): (Vec<usize>, Vec<f64>) =
            rows.iter().filter_map(|&row| Some((row, column.value(row)?))).unzip();
        Self { rows, line: Line::new(&values), values }
    }

    /// Information with a target whose row `source[row]` stands at `row`.
    fn information(&self, sample: &Sample, source: &[usize], k: usize, psi: &Psi) -> Information {
        let from = pick(source, &self.rows);
        let weights = pick(sample.weights(), &from);
        match sample.labels() {
            Labels::Classes(codes) => {
                self.line.information(&pick(codes, &from), Some(&weights), k, psi)
            }
            Labels::Values(target) => {
                plane::information(&self.values, &pick(target, &from), Some(&weights), k, psi)
            }
        }
    }
}
