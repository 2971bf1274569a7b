//! Neighbours on a line, within a class and among all.

use super::Information;
use super::plane::{around, within};
use super::psi::Psi;
use crate::math::log;

/// Values sorted once, to be set against many targets.
#[derive(Debug)]
pub(super) struct Line {
    sorted: Vec<f64>,
    row: Vec<usize>,
    is_tied: bool,
}

impl Line {
    pub(super) fn new(values: &[f64]) -> Self {
        let mut pairs: Vec<(f64, usize)> =
            values.iter().enumerate().map(|(row, &value)| (value + 0.0, row)).collect();
        pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        Self::of(pairs)
    }

    fn of(pairs: Vec<(f64, usize)>) -> Self {
        let (sorted, row): (Vec<f64>, Vec<usize>) = pairs.into_iter().unzip();
        #[expect(clippy::float_cmp, reason = "a tie is the same number")]
        let is_tied = sorted.windows(2).any(|pair| pair[0] == pair[1]);
        Self { sorted, row, is_tied }
    }

    /// Ross's estimator, or Gao's where values repeat; classes and weights go by row.
    pub(super) fn information(
        &self,
        classes: &[u32],
        weights: Option<&[f64]>,
        k: usize,
        psi: &Psi,
    ) -> Information {
        let number = classes.iter().max().map_or(0, |&largest| largest as usize + 1);
        let mut places: Vec<Vec<usize>> = vec![Vec::new(); number];
        for (place, &row) in self.row.iter().enumerate() {
            places[classes[row] as usize].push(place);
        }
        if places.iter().any(|members| members.len() == 1) {
            return self.without_lone(&places, classes, weights, k, psi);
        }
        let (mut sum, mut total) = (0.0, 0.0);
        for members in &places {
            let k = k.min(members.len().saturating_sub(1));
            for at in 0..members.len() {
                let radius = self.radius(members, at, k);
                let (same, kth) = if radius > 0.0 {
                    (radius, k)
                } else {
                    (f64::MIN_POSITIVE, self.twins(members, at))
                };
                let in_all = within(&self.sorted, 1.0, members[at], same);
                let w = weights.map_or(1.0, |w| w[self.row[members[at]]]);
                sum += w * (psi.of(kth) - psi.of(in_all) - psi.of(members.len()));
                total += w;
            }
        }
        let n = self.sorted.len();
        if n == 0 {
            return Information::new(0.0, 0, self.is_tied);
        }
        let whole = if self.is_tied { log(n as f64) } else { psi.of(n) };
        Information::new(whole + sum / total, n, self.is_tied)
    }

    /// Leaves out rows that are alone in their class: they have no neighbour.
    fn without_lone(
        &self,
        places: &[Vec<usize>],
        classes: &[u32],
        weights: Option<&[f64]>,
        k: usize,
        psi: &Psi,
    ) -> Information {
        let is_lone = |row: &usize| places[classes[*row] as usize].len() == 1;
        let pairs = self.sorted.iter().copied().zip(self.row.iter().copied());
        Self::of(pairs.filter(|(_, row)| !is_lone(row)).collect())
            .information(classes, weights, k, psi)
    }

    /// Distance to the `k`-th neighbour within the class.
    fn radius(&self, members: &[usize], at: usize, k: usize) -> f64 {
        let value = |member: usize| self.sorted[members[member]];
        let first = at.saturating_sub(k);
        let last = at.min(members.len() - 1 - k);
        let mut radius = f64::INFINITY;
        // The k nearest and the point itself are k + 1 in a row.
        for begin in first..=last {
            let far = (value(at) - value(begin)).max(value(begin + k) - value(at));
            radius = radius.min(far);
        }
        radius
    }

    /// Members of the class with the same value, this one included.
    #[expect(clippy::float_cmp, reason = "a tie is the same number")]
    fn twins(&self, members: &[usize], at: usize) -> usize {
        let is_twin = |other: usize| self.sorted[members[other]] == self.sorted[members[at]];
        around(members.len(), at, is_twin)
    }
}
