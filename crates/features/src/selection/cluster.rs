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
    rank_correlation(&Ordered::new(left, rows), &Ordered::new(right, rows), rows, min_rows)
}

/// A column's rows in ascending order of value, and which rows those are.
struct Ordered {
    values: Vec<f64>,
    is_present: Vec<bool>,
    order: Vec<usize>,
    /// Ranks by row, when no row is null.
    ranks: Option<Vec<f64>>,
}

impl Ordered {
    fn new(column: &Column<'_>, rows: usize) -> Self {
        let is_present: Vec<bool> = (0..rows).map(|row| column.value(row).is_some()).collect();
        let values: Vec<f64> = (0..rows).map(|row| column.value(row).unwrap_or(0.0)).collect();
        let mut order = ascending(&values);
        order.retain(|&row| is_present[row]);
        let ranks = (order.len() == rows).then(|| {
            let mut ranks = vec![0.0; rows];
            rank_into(&values, &order, &mut ranks);
            ranks
        });
        Self { values, is_present, order, ranks }
    }

    /// Ranks by row among the rows that another column has too.
    fn ranks_among(&self, other: &Self, rows: usize) -> Vec<f64> {
        let both = |row: &usize| other.is_present[*row];
        let order: Vec<usize> = self.order.iter().copied().filter(both).collect();
        let mut ranks = vec![0.0; rows];
        rank_into(&self.values, &order, &mut ranks);
        ranks
    }
}

fn rank_correlation(left: &Ordered, right: &Ordered, rows: usize, min_rows: usize) -> Option<f64> {
    let enough = min_rows.max(2);
    if let (Some(x), Some(y)) = (&left.ranks, &right.ranks) {
        return (rows >= enough)
            .then(|| correlation(x.iter().zip(y).map(|(&x, &y)| (x, y, 1.0))))
            .flatten();
    }
    let both: Vec<usize> =
        (0..rows).filter(|&row| left.is_present[row] && right.is_present[row]).collect();
    if both.len() < enough {
        return None;
    }
    let (x, y) = (left.ranks_among(right, rows), right.ranks_among(left, rows));
    correlation(both.iter().map(|&row| (x[row], y[row], 1.0)))
}

/// Gives every column the number of its cluster, from 0 in the order of each cluster's first column.
///
/// Columns are joined from the closest on (average linkage) while the mean distance `1 - abs(rho)` between two clusters
/// is at most `cut`. Columns with fewer than `min_rows` rows in common are at distance 1. Of equally close pairs the one
/// whose first columns stand first is joined.
///
/// - **Shape:** one number a column of `columns`, in that order.
/// - **Cost:** for `p` columns of `n` rows `p` sorts and `p^2 / 2` passes over `n` rows, several where rows are null; then at
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
    let rows = matrix.rows();
    let n = columns.len();
    let ordered = map(threads, n, |at| Ordered::new(columns[at], rows));
    let lines = map(threads, n, |i| {
        let distance = |j: usize| {
            let rho = rank_correlation(&ordered[i], &ordered[j], rows, min_rows);
            rho.map_or(1.0, |rho| 1.0 - rho.abs())
        };
        (0..i).map(distance).collect::<Vec<f64>>()
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
