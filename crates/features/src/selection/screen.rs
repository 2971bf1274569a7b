//! First look, without the target: columns that cannot carry information, and columns that drift.

use super::ranks::ascending;
use super::{Matrix, SelectionError, Settings};
use crate::math::exp;

/// Why a feature was dropped before any look at the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DropReason {
    /// More nulls than allowed.
    Nulls,
    /// Fewer values than a correlation needs.
    TooFewRows,
    /// One value only.
    Constant,
    /// One value nearly everywhere.
    NearConstant,
    /// Another distribution at the end than at the beginning.
    Drift,
}

impl DropReason {
    /// The word in column `reason` of `feature_scores`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Nulls => "nulls",
            Self::TooFewRows => "too_few_rows",
            Self::Constant => "constant",
            Self::NearConstant => "near_constant",
            Self::Drift => "drift",
        }
    }
}

/// What the screen saw of one feature.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Screened {
    /// Share of null rows.
    pub null_share: f64,
    /// Share of the most frequent value among the rows that are not null; 0 without any.
    pub modal_share: f64,
    /// First against last third of the rows; `None` when one of them has no value.
    pub drift: Option<TwoSample>,
    /// Why it is dropped; `None` when it stays.
    pub reason: Option<DropReason>,
}

/// How far apart two samples are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TwoSample {
    /// Largest distance between the two distribution functions, in [0, 1].
    pub statistic: f64,
    /// Chance of a larger one for two samples of one distribution, rows being independent, in the limit of many rows.
    pub p_value: f64,
}

/// Looks at every column without the target: nulls, variation, drift.
///
/// Drift is judged by the size of the Kolmogorov-Smirnov statistic, not by its p-value: rows of a market depend on each
/// other, so with many of them every p-value is small.
///
/// - **Shape:** one answer a column, in order; the first reason that holds, in the order of [`DropReason`].
/// - **Cost:** one sort a column.
/// - **Source:** Kolmogorov-Smirnov two-sample test, as `scipy.stats.ks_2samp` has it.
///
/// # Errors
/// [`SelectionError::Setting`] for limits outside their range.
pub fn screen(matrix: &Matrix<'_>, settings: &Settings) -> Result<Vec<Screened>, SelectionError> {
    settings.check()?;
    let rows = matrix.rows();
    let third = rows / 3;
    let look = |column: &super::Column<'_>| {
        let present = |rows: std::ops::Range<usize>| -> Vec<f64> {
            rows.filter_map(|row| column.value(row)).collect()
        };
        let mut values = present(0..rows);
        let null_share = (rows - values.len()) as f64 / rows as f64;
        values.sort_by(f64::total_cmp);
        let modal = longest_run(&values);
        let modal_share = if values.is_empty() { 0.0 } else { modal as f64 / values.len() as f64 };
        let drift = two_sample_ks(&present(0..third), &present(rows - third..rows));
        let reason = if null_share > settings.max_null_share || values.is_empty() {
            Some(DropReason::Nulls)
        } else if values.len() < settings.min_rows {
            Some(DropReason::TooFewRows)
        } else if modal == values.len() {
            Some(DropReason::Constant)
        } else if modal_share > settings.max_modal_share {
            Some(DropReason::NearConstant)
        } else if drift.is_some_and(|d| d.statistic > settings.max_drift) {
            Some(DropReason::Drift)
        } else {
            None
        };
        Screened { null_share, modal_share, drift, reason }
    };
    Ok(matrix.columns().iter().map(look).collect())
}

/// Two-sample Kolmogorov-Smirnov statistic with its limiting p-value; `None` when a sample is empty.
///
/// - **Cost:** one sort of each sample.
/// - **Source:** Smirnov (1948), Annals of Mathematical Statistics 19(2); the limit `2 sum (-1)^(j-1) exp(-2 j^2 l^2)` at
///   `l = statistic * sqrt(n m / (n + m))`.
///
/// ```
/// use features::selection::two_sample_ks;
/// let found = two_sample_ks(&[1.0, 2.0, 3.0, 4.0], &[3.0, 4.0, 5.0, 6.0]);
/// assert_eq!(found.map(|ks| ks.statistic), Some(0.5)); // up to 2: one half of the left, none of the right
/// ```
#[must_use]
pub fn two_sample_ks(left: &[f64], right: &[f64]) -> Option<TwoSample> {
    if left.is_empty() || right.is_empty() {
        return None;
    }
    let sorted = |values: &[f64]| -> Vec<f64> {
        ascending(values).iter().filter_map(|&at| values.get(at)).copied().collect()
    };
    let (left, right) = (sorted(left), sorted(right));
    let (n, m) = (left.len() as f64, right.len() as f64);
    let (mut i, mut j, mut statistic) = (0, 0, 0.0_f64);
    while let (Some(&x), Some(&y)) = (left.get(i), right.get(j)) {
        let at = x.min(y);
        i += left.get(i..).map_or(0, |rest| rest.iter().take_while(|&&v| v <= at).count());
        j += right.get(j..).map_or(0, |rest| rest.iter().take_while(|&&v| v <= at).count());
        statistic = statistic.max((i as f64 / n - j as f64 / m).abs());
    }
    Some(TwoSample { statistic, p_value: kolmogorov(statistic * (n * m / (n + m)).sqrt()) })
}

/// Upper tail of Kolmogorov's limiting distribution.
fn kolmogorov(lambda: f64) -> f64 {
    // Below 0.2 the tail is 1 to twelve digits, and the series needs many terms.
    if lambda < 0.2 {
        return 1.0;
    }
    let mut sum = 0.0;
    let mut sign = 1.0;
    for j in 1..=100 {
        let term = exp(-2.0 * f64::from(j * j) * lambda * lambda);
        sum += sign * term;
        sign = -sign;
        if term < 1e-18 {
            break;
        }
    }
    (2.0 * sum).clamp(0.0, 1.0)
}

/// Length of the longest run of one value in a sorted slice.
#[expect(clippy::float_cmp, reason = "a tie is the same number")]
fn longest_run(sorted: &[f64]) -> usize {
    sorted.chunk_by(|a, b| a == b).map(<[f64]>::len).max().unwrap_or(0)
}
