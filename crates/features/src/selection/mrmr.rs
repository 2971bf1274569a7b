//! Minimum redundancy, maximum relevance: features that tell much and do not repeat each other.

use super::information::{information_between, information_over};
use super::ranks::correlation;
use super::sample::{Labels, check_length, pick};
use super::threads::map;
use super::{Column, Matrix, Sample, SelectionError};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;

/// Redundancy below which a quotient is taken over this instead, as in `mrmr-selection`: a mean near 0 would otherwise
/// outweigh any relevance.
const FLOOR: f64 = 0.001;

/// What relevance is, what redundancy is, and how they are weighed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// Mutual information with the target less the mean mutual information with the features chosen before.
    Mid,
    /// The same over it.
    Miq,
    /// F statistic over the mean absolute correlation with the features chosen before.
    Fcq,
}

impl Scheme {
    /// The word in column `method` of `feature_scores`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Mid => "mrmr_mid",
            Self::Miq => "mrmr_miq",
            Self::Fcq => "mrmr_fcq",
        }
    }
}

/// A feature that mRMR chose.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pick {
    /// The column.
    pub column: usize,
    /// Relevance against redundancy at the moment of the choice; for the first feature its relevance.
    pub score: f64,
}

/// Chooses up to `keep` columns one by one, each the best against those before it; ties go to the first column.
///
/// - **Shape:** picks in the order of choice. A column that is null in too many of the rows to be measured (at most `k`
///   left, for F fewer than three) has relevance 0 and is never redundant.
/// - **Cost:** `columns` relevances and `keep x columns` redundancies: by `Fcq` a pass over the rows each, by the others an
///   estimate of mutual information.
/// - **Source:** Ding, Peng (2005), Journal of Bioinformatics and Computational Biology 3(2); `Fcq` of Zhao, Anand, Wang
///   (2019) as in `mrmr-selection`, with its floor of 0.001 under each redundancy of a quotient.
///
/// # Errors
/// [`SelectionError::Length`], [`SelectionError::Group`], [`SelectionError::FoldRow`] for a row that is not there.
#[expect(
    clippy::too_many_arguments,
    reason = "rows and columns to use, k and threads are all the caller's"
)]
pub fn mrmr(
    matrix: &Matrix<'_>,
    sample: &Sample,
    columns: &[usize],
    rows: &[usize],
    scheme: Scheme,
    keep: usize,
    k: usize,
    threads: NonZeroUsize,
) -> Result<Vec<Pick>, SelectionError> {
    check_length("target", matrix.rows(), sample.rows())?;
    if let Some(&row) = rows.iter().find(|&&row| row >= sample.rows()) {
        return Err(SelectionError::FoldRow { fold: 0, row, rows: sample.rows() });
    }
    let count = matrix.columns().len();
    if let Some(&found) = columns.iter().find(|&&at| at >= count) {
        return Err(SelectionError::Group { group: 0, found, columns: count });
    }
    let relevance: Vec<f64> = match scheme {
        Scheme::Fcq => columns
            .iter()
            .map(|&at| f_statistic(matrix.at(at), sample, rows).unwrap_or(0.0))
            .collect(),
        Scheme::Mid | Scheme::Miq => information_over(matrix, sample, columns, rows, k)
            .into_iter()
            .map(|found| found.map_or(0.0, |i| i.nats))
            .collect(),
    };
    let weights = pick(sample.weights(), rows);
    let standard: Vec<Standard> = match scheme {
        Scheme::Fcq => map(threads, columns.len(), |item| {
            Standard::new(matrix.at(columns[item]), rows, &weights)
        }),
        Scheme::Mid | Scheme::Miq => Vec::new(),
    };
    let picks = greedy(&relevance, scheme != Scheme::Mid, keep, |chosen, open| {
        map(threads, open.len(), |item| {
            let left = matrix.at(columns[chosen]);
            let right = matrix.at(columns[open[item]]);
            match scheme {
                Scheme::Fcq => standard[chosen].correlation(&standard[open[item]], &weights),
                Scheme::Mid | Scheme::Miq => {
                    information_between(left, right, rows, sample.weights(), k)
                        .map_or(0.0, |i| i.nats)
                }
            }
        })
    });
    Ok(picks.into_iter().map(|p| Pick { column: columns[p.column], ..p }).collect())
}

/// The greedy choice over positions; `redundancy` of one position with some others.
fn greedy(
    relevance: &[f64],
    is_quotient: bool,
    keep: usize,
    mut redundancy: impl FnMut(usize, &[usize]) -> Vec<f64>,
) -> Vec<Pick> {
    let mut open: Vec<usize> = (0..relevance.len()).collect();
    let mut sums = vec![0.0; relevance.len()];
    let mut picks: Vec<Pick> = Vec::new();
    while picks.len() < keep {
        let chosen = picks.len() as f64;
        let score = |at: usize| match (picks.is_empty(), is_quotient) {
            (true, _) => relevance[at],
            (false, true) => relevance[at] / (sums[at] / chosen),
            (false, false) => relevance[at] - sums[at] / chosen,
        };
        let Some(&first) = open.first() else { break };
        let best = open.iter().skip(1).fold(
            first,
            |best, &at| {
                if score(at) > score(best) { at } else { best }
            },
        );
        picks.push(Pick { column: best, score: score(best) });
        open.retain(|&at| at != best);
        if picks.len() < keep {
            for (&at, found) in open.iter().zip(redundancy(best, &open)) {
                sums[at] += if is_quotient { found.max(FLOOR) } else { found };
            }
        }
    }
    picks
}

/// A column over some rows, ready to be correlated with another one over the same rows.
enum Standard {
    /// No row is null: products with another such column add up to their correlation.
    Whole(Vec<f64>),
    /// Values, NaN where null.
    Holed(Vec<f64>),
}

impl Standard {
    fn new(column: &Column<'_>, rows: &[usize], weights: &[f64]) -> Self {
        let values: Vec<f64> =
            rows.iter().map(|&row| column.value(row).unwrap_or(f64::NAN)).collect();
        if values.iter().any(|x| x.is_nan()) {
            return Self::Holed(values);
        }
        let total: f64 = weights.iter().sum();
        let mean = values.iter().zip(weights).map(|(x, w)| x * w).sum::<f64>() / total;
        let rooted: Vec<f64> =
            values.iter().zip(weights).map(|(x, w)| (x - mean) * w.sqrt()).collect();
        let norm = rooted.iter().map(|x| x * x).sum::<f64>().sqrt();
        let scale = if norm > 0.0 { 1.0 / norm } else { 0.0 };
        Self::Whole(rooted.into_iter().map(|x| x * scale).collect())
    }

    /// The column's own values, or such that have the same correlations.
    fn values(&self) -> &[f64] {
        match self {
            Self::Whole(values) | Self::Holed(values) => values,
        }
    }

    /// Absolute correlation over the rows where both are there; standardising first changes nothing but rounding.
    fn correlation(&self, other: &Self, weights: &[f64]) -> f64 {
        if let (Self::Whole(x), Self::Whole(y)) = (self, other) {
            return x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>().abs();
        }
        let pairs = self.values().iter().zip(other.values()).zip(weights);
        let both: Vec<(f64, f64, f64)> = match (self, other) {
            // A standardised value carries the root of its weight: take it out again.
            (Self::Whole(_), Self::Holed(_)) => {
                pairs.map(|((x, y), w)| (x / w.sqrt(), *y, *w)).filter(|p| !p.1.is_nan()).collect()
            }
            (Self::Holed(_), Self::Whole(_)) => {
                pairs.map(|((x, y), w)| (*x, y / w.sqrt(), *w)).filter(|p| !p.0.is_nan()).collect()
            }
            _ => pairs
                .map(|((x, y), w)| (*x, *y, *w))
                .filter(|p| !p.0.is_nan() && !p.1.is_nan())
                .collect(),
        };
        correlation(both.iter().copied()).map_or(0.0, f64::abs)
    }
}

/// F statistic of a column: of the regression on a number, or of the means of classes; `None` where it is undefined.
fn f_statistic(column: &Column<'_>, sample: &Sample, rows: &[usize]) -> Option<f64> {
    let present =
        rows.iter().filter_map(|&row| Some((row, column.value(row)?, *sample.weights().get(row)?)));
    let count = present.clone().count();
    if count < 3 {
        return None;
    }
    match sample.labels() {
        Labels::Values(target) => {
            let rho = correlation(present.map(|(row, x, w)| (x, target[row], w)))?;
            let rest = 1.0 - rho * rho;
            let f = rho * rho / rest * (count as f64 - 2.0);
            Some(if rest > 0.0 { f } else { f64::MAX })
        }
        Labels::Classes(codes) => {
            let mut groups: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
            let (mut weight, mut mean) = (0.0, 0.0);
            for (row, x, w) in present.clone() {
                let group = groups.entry(codes[row]).or_default();
                group.0 += w;
                group.1 += w * x;
                weight += w;
                mean += w * x;
            }
            mean /= weight;
            for group in groups.values_mut() {
                group.1 /= group.0;
            }
            let explained: f64 = groups.values().map(|(w, m)| w * (m - mean) * (m - mean)).sum();
            let unexplained: f64 = present
                .map(|(row, x, w)| {
                    let away = groups.get(&codes[row]).map_or(0.0, |(_, m)| x - m);
                    w * away * away
                })
                .sum();
            let (between, inside) = (groups.len() as f64 - 1.0, (count - groups.len()) as f64);
            if between < 1.0 || inside < 1.0 || explained + unexplained <= 0.0 {
                return None;
            }
            let f = (explained / between) / (unexplained / inside);
            Some(if unexplained > 0.0 { f } else { f64::MAX })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All scores anew in every round.
    fn naive(relevance: &[f64], pairs: &[[f64; 4]; 4], is_quotient: bool) -> Vec<usize> {
        let mut chosen: Vec<usize> = Vec::new();
        while chosen.len() < relevance.len() {
            let mut best: Option<(f64, usize)> = None;
            for at in (0..relevance.len()).filter(|at| !chosen.contains(at)) {
                let mean = chosen.iter().map(|&c| pairs[c][at]).sum::<f64>() / chosen.len() as f64;
                let score = match (chosen.is_empty(), is_quotient) {
                    (true, _) => relevance[at],
                    (_, true) => relevance[at] / mean,
                    (_, false) => relevance[at] - mean,
                };
                if best.is_none_or(|(s, _)| score > s) {
                    best = Some((score, at));
                }
            }
            chosen.push(best.unwrap().1);
        }
        chosen
    }

    #[test]
    fn the_greedy_choice_is_that_of_the_definition() {
        let relevance = [0.9, 0.85, 0.5, 0.2];
        // 1 nearly repeats 0, 2 repeats little, 3 nothing.
        let pairs = [
            [0.0, 0.8, 0.3, 0.01],
            [0.8, 0.0, 0.2, 0.02],
            [0.3, 0.2, 0.0, 0.05],
            [0.01, 0.02, 0.05, 0.0],
        ];
        let mut orders = Vec::new();
        for is_quotient in [false, true] {
            let found = greedy(&relevance, is_quotient, 4, |chosen, open| {
                open.iter().map(|&at| pairs[chosen][at]).collect()
            });
            let order: Vec<usize> = found.iter().map(|p| p.column).collect();
            assert_eq!(order, naive(&relevance, &pairs, is_quotient), "quotient {is_quotient}");
            orders.push(order);
        }
        // By hand: 0.85-0.8=0.05, 0.5-0.3=0.2, 0.2-0.01=0.19; then 0.85-(0.8+0.2)/2=0.35, 0.2-0.03=0.17.
        assert_eq!(orders[0], [0, 2, 1, 3]);
        // 0.2/0.01=20 first; then 0.85/0.41=2.07, 0.5/0.175=2.86; then 1.
        assert_eq!(orders[1], [0, 3, 2, 1]);
    }

    #[test]
    fn ties_go_to_the_first_column() {
        let found = greedy(&[0.5, 0.5, 0.5], false, 2, |_, open| vec![0.1; open.len()]);
        let order: Vec<usize> = found.iter().map(|p| p.column).collect();
        assert_eq!(order, [0, 1]);
    }
}
