//! Features that say the same: average linkage on rank correlation.

use super::ranks::{ascending, correlation, rank_into};
use super::threads::map;
use super::{Column, Matrix, SelectionError};
use std::num::NonZeroUsize;

/// Spearman's rank correlation of two columns over the rows where both are there.
///
/// `None` with fewer than `min_rows` such rows, or where one side does not vary. Ties take their mean rank.
///
/// - **Cost:** two sorts.
/// - **Source:** Spearman (1904); `scipy.stats.spearmanr`.
#[must_use]
pub fn spearman(
    left: &Column<'_>,
    right: &Column<'_>,
    rows: usize,
    min_rows: usize,
) -> Option<f64> {
    let mut pairs = (Vec::new(), Vec::new());
    for row in 0..rows {
        if let (Some(x), Some(y)) = (left.value(row), right.value(row)) {
            pairs.0.push(x);
            pairs.1.push(y);
        }
    }
    let (x, y) = pairs;
    if x.len() < min_rows.max(2) {
        return None;
    }
    let ranked = |values: &[f64]| {
        let mut ranks = vec![0.0; values.len()];
        rank_into(values, &ascending(values), &mut ranks);
        ranks
    };
    let (x, y) = (ranked(&x), ranked(&y));
    correlation(x.iter().zip(&y).map(|(&x, &y)| (x, y, 1.0)))
}

/// Gives every column the number of its cluster, from 0 in the order of each cluster's first column.
///
/// Columns are joined from the closest on (average linkage) while the mean distance `1 - abs(rho)` between two clusters
/// is at most `cut`. Columns with fewer than `min_rows` rows in common are at distance 1. Of equally close pairs the one
/// whose first columns stand first is joined.
///
/// - **Shape:** one number a column of `columns`, in that order.
/// - **Cost:** for `p` columns of `n` rows `p^2 / 2` passes over `n` rows and, where rows are null, as many sorts; then at
///   most `p` passes over `p^2` distances.
/// - **Source:** `scipy.cluster.hierarchy.linkage(method="average")` and `fcluster(criterion="distance")`.
///
/// # Errors
/// [`SelectionError::Setting`] for a cut outside [0, 1]; [`SelectionError::Group`] for a column that is not there.
pub fn clusters(
    matrix: &Matrix<'_>,
    columns: &[usize],
    min_rows: usize,
    cut: f64,
    threads: NonZeroUsize,
) -> Result<Vec<u32>, SelectionError> {
    if !(0.0..=1.0).contains(&cut) {
        let found = cut.to_string();
        return Err(SelectionError::Setting { key: "cut", expected: "0 to 1", found });
    }
    let of = |&at: &usize| {
        let columns = matrix.columns().len();
        let missing = SelectionError::Group { group: 0, found: at, columns };
        matrix.columns().get(at).ok_or(missing)
    };
    let columns: Vec<&Column<'_>> = columns.iter().map(of).collect::<Result<_, _>>()?;
    let ranks: Vec<Option<Vec<f64>>> = map(threads, columns.len(), |at| {
        columns.get(at).filter(|column| column.is_complete()).map(|column| {
            let values: Vec<f64> = (0..matrix.rows()).filter_map(|row| column.value(row)).collect();
            let mut ranks = vec![0.0; values.len()];
            rank_into(&values, &ascending(&values), &mut ranks);
            ranks
        })
    });
    let n = columns.len();
    let lines = map(threads, n, |i| {
        let against = |j: usize| {
            let rho = match (ranks.get(i), ranks.get(j)) {
                (Some(Some(x)), Some(Some(y))) if matrix.rows() >= min_rows.max(2) => {
                    correlation(x.iter().zip(y).map(|(&x, &y)| (x, y, 1.0)))
                }
                _ => spearman(columns.get(i)?, columns.get(j)?, matrix.rows(), min_rows),
            };
            rho.map(|rho| 1.0 - rho.abs())
        };
        (0..i).map(|j| against(j).unwrap_or(1.0)).collect::<Vec<f64>>()
    });
    Ok(average_linkage(lines, cut))
}

/// Joins clusters while the closest two are at most `cut` apart; `lines[i][j]`, `j < i`, are distances.
fn average_linkage(mut lines: Vec<Vec<f64>>, cut: f64) -> Vec<u32> {
    let n = lines.len();
    let mut members: Vec<Vec<usize>> = (0..n).map(|at| vec![at]).collect();
    while let Some((low, high)) = closest(&lines, &members, cut) {
        // A cluster stands at the place of its first column, so `low` takes in `high`.
        let sizes = (members[low].len() as f64, members[high].len() as f64);
        for other in (0..n).filter(|&at| at != low && at != high && !members[at].is_empty()) {
            let far = *between(&mut lines, high, other);
            let near = between(&mut lines, low, other);
            *near = (sizes.0 * *near + sizes.1 * far) / (sizes.0 + sizes.1);
        }
        let joined = std::mem::take(&mut members[high]);
        members[low].extend(joined);
    }
    let mut out = vec![0; n];
    for (number, cluster) in (0..).zip(members.iter().filter(|m| !m.is_empty())) {
        for &at in cluster {
            out[at] = number;
        }
    }
    out
}

fn between(lines: &mut [Vec<f64>], a: usize, b: usize) -> &mut f64 {
    &mut lines[a.max(b)][a.min(b)]
}

/// The closest two clusters at most `cut` apart, the lower first; of equals the one with the lowest columns.
fn closest(lines: &[Vec<f64>], members: &[Vec<usize>], cut: f64) -> Option<(usize, usize)> {
    let mut best: Option<(f64, usize, usize)> = None;
    for (high, line) in lines.iter().enumerate().filter(|(at, _)| !members[*at].is_empty()) {
        for (low, &distance) in line.iter().enumerate().filter(|(at, _)| !members[*at].is_empty()) {
            let closer = |&(d, l, h): &(f64, usize, usize)| {
                distance < d || (distance <= d && (low, high) < (l, h))
            };
            if distance <= cut && best.as_ref().is_none_or(closer) {
                best = Some((distance, low, high));
            }
        }
    }
    best.map(|(_, low, high)| (low, high))
}
