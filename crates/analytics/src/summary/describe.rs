//! What is said of one column.

use super::column::{Collected, Values};
use crate::moments::mean_and_std;

/// What is said of one column over some rows.
#[derive(Debug, Default)]
pub(super) struct Described {
    pub(super) count: usize,
    pub(super) nulls: usize,
    pub(super) not_finite: usize,
    pub(super) n_unique: Option<usize>,
    /// Ascending.
    sorted: Vec<f64>,
}

impl Described {
    /// Names of [`numbers`](Self::numbers).
    pub(super) const NUMBERS: [&str; 9] =
        ["mean", "std", "min", "p01", "p25", "median", "p75", "p99", "max"];

    /// Of these rows, or of all.
    pub(super) fn of(column: &Collected, rows: Option<&[usize]>) -> Self {
        let total = rows.map_or(column.is_null.len(), <[usize]>::len);
        let valid = |at: &usize| column.is_null.get(*at) == Some(&false);
        let present: Vec<usize> = match rows {
            Some(rows) => rows.iter().copied().filter(valid).collect(),
            None => (0..total).filter(valid).collect(),
        };
        let mut sorted: Vec<f64> = column.numbers().map_or_else(Vec::new, |values| {
            present
                .iter()
                .filter_map(|at| values.get(*at).copied())
                .filter(|v| v.is_finite())
                .collect()
        });
        sorted.sort_unstable_by(f64::total_cmp);
        let is_float = matches!(column.values, Values::Floats(_));
        let count = if is_float { sorted.len() } else { present.len() };
        let n_unique = match &column.values {
            Values::Floats(_) => Some(sorted.chunk_by(|a, b| a.total_cmp(b).is_eq()).count()),
            Values::Whole { exact, .. } | Values::Instants(exact) => {
                Some(distinct(exact, &present))
            }
            Values::Words { ids, .. } => Some(distinct(ids, &present)),
            Values::Other => None,
        };
        let (nulls, not_finite) = (total - present.len(), present.len() - count);
        Self { count, nulls, not_finite, n_unique, sorted }
    }

    /// In the order of [`NUMBERS`](Self::NUMBERS).
    pub(super) fn numbers(&self) -> [Option<f64>; 9] {
        let at = |q| quantile(&self.sorted, q);
        let (mean, std) = mean_and_std(&self.sorted);
        let (min, max) = (self.sorted.first().copied(), self.sorted.last().copied());
        [mean, std, min, at(0.01), at(0.25), at(0.5), at(0.75), at(0.99), max]
            .map(|value| value.filter(|v| v.is_finite()))
    }
}

fn distinct<T: Ord + Copy>(values: &[T], rows: &[usize]) -> usize {
    let mut found: Vec<T> = rows.iter().filter_map(|at| values.get(*at).copied()).collect();
    found.sort_unstable();
    found.dedup();
    found.len()
}

/// Linear between the neighbours of `q (n - 1)`, as numpy and pandas do by default.
fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = q * last as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in 0 ..= last")]
    let below = (place.floor() as usize).min(last);
    let (low, high) = (sorted.get(below)?, sorted.get((below + 1).min(last))?);
    let share = place - below as f64;
    // From the nearer neighbour, so that a share of one gives it exactly.
    Some(if share < 0.5 { low + (high - low) * share } else { high - (high - low) * (1.0 - share) })
}
