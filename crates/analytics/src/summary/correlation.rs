//! Pearson's and Spearman's correlation of two columns.

use crate::moments::{binade, total};

/// A column over some rows, with its order.
pub(super) struct Ranked {
    /// A value a row, NaN where there is none.
    values: Vec<f64>,
    /// Rows that have a value, ascending by it; equal values in row order.
    order: Vec<usize>,
}

/// What two columns have in common.
#[derive(Debug, PartialEq)]
pub(super) struct Pair {
    pub(super) n: usize,
    pub(super) pearson: Option<f64>,
    pub(super) spearman: Option<f64>,
}

impl Ranked {
    /// The column over these rows, or over all.
    pub(super) fn of(values: &[f64], rows: Option<&[usize]>) -> Self {
        let values: Vec<f64> = match rows {
            Some(rows) => rows.iter().filter_map(|at| values.get(*at).copied()).collect(),
            None => values.to_vec(),
        };
        let mut order: Vec<usize> =
            values.iter().enumerate().filter(|(_, v)| v.is_finite()).map(|(at, _)| at).collect();
        let value = |at: &usize| values.get(*at).copied().unwrap_or(f64::NAN);
        order.sort_by(|a, b| value(a).total_cmp(&value(b)));
        Self { values, order }
    }

    /// Both over the rows where both have a value.
    pub(super) fn with(&self, other: &Self) -> Pair {
        let both: Vec<bool> = self
            .values
            .iter()
            .zip(&other.values)
            .map(|(a, b)| a.is_finite() && b.is_finite())
            .collect();
        let n = both.iter().filter(|both| **both).count();
        let kept = |values: &[f64]| -> Vec<f64> {
            values.iter().zip(&both).filter(|(_, both)| **both).map(|(v, _)| *v).collect()
        };
        let pearson = correlation(&kept(&self.values), &kept(&other.values));
        let ranks = |ranked: &Self| kept(&ranked.ranks(&both));
        let spearman = correlation(&ranks(self), &ranks(other));
        Pair { n, pearson, spearman }
    }

    /// Ranks from 1 among the rows that count, ties at their mean; a rank a row.
    fn ranks(&self, counts: &[bool]) -> Vec<f64> {
        let mut ranks = vec![f64::NAN; self.values.len()];
        let value = |at: &usize| self.values.get(*at).copied().unwrap_or(f64::NAN);
        let rows: Vec<usize> =
            self.order.iter().copied().filter(|at| counts.get(*at) == Some(&true)).collect();
        let mut begin = 0_usize;
        for same in rows.chunk_by(|a, b| value(a).total_cmp(&value(b)).is_eq()) {
            // Ranks begin + 1 to begin + same.len().
            let mean = begin as f64 + f64::midpoint(1.0, same.len() as f64);
            for at in same {
                if let Some(rank) = ranks.get_mut(*at) {
                    *rank = mean;
                }
            }
            begin += same.len();
        }
        ranks
    }
}

/// Pearson's correlation; `None` where one side does not vary.
fn correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    let varies = |values: &[f64]| values.iter().any(|v| Some(v) != values.first());
    if a.len() < 2 || !varies(a) || !varies(b) {
        return None;
    }
    let n = a.len() as f64;
    // Centred before they are scaled, because a scaled offset would be rounded; scaled, so that no square overflows or
    // vanishes.
    let centred = |values: &[f64]| -> Vec<f64> {
        let mean = total(values.iter().copied()) / n;
        let most = values.iter().fold(0.0_f64, |most, v| most.max((v - mean).abs()));
        let unit = binade(most);
        values.iter().map(|v| (v - mean) / unit).collect()
    };
    let (a, b) = (centred(a), centred(b));
    let product = |x: &[f64], y: &[f64]| total(x.iter().zip(y).map(|(x, y)| x * y));
    let scale = (product(&a, &a) * product(&b, &b)).sqrt();
    let value = product(&a, &b) / scale;
    value.is_finite().then(|| value.clamp(-1.0, 1.0))
}
