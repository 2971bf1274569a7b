//! How sure a mean over dependent rows is.

use crate::selection::draws::Draws;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// Neighbouring rows taken together: weighted sum and weight.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Block {
    pub(super) sum: f64,
    pub(super) weight: f64,
}

impl Block {
    pub(super) fn with(self, other: Self) -> Self {
        Self { sum: self.sum + other.sum, weight: self.weight + other.weight }
    }

    pub(super) fn mean(self) -> f64 {
        if self.weight > 0.0 { self.sum / self.weight } else { 0.0 }
    }
}

/// Rows of one fold in blocks of `block` neighbours.
pub(super) fn blocks(values: &[f64], weights: &[f64], block: usize) -> Vec<Block> {
    let block = block.max(1);
    let chunks = values.chunks(block).zip(weights.chunks(block));
    chunks
        .map(|(values, weights)| {
            let sum = values.iter().zip(weights).map(|(v, w)| v * w).sum();
            Block { sum, weight: weights.iter().sum() }
        })
        .collect()
}

/// A mean with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Estimate {
    pub(super) mean: f64,
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) p_value: Option<f64>,
    pub(super) weight: f64,
}

/// Mean over blocks, its percentile interval over resampled blocks, and the chance of such a mean when the truth is 0 or
/// less.
pub(super) fn estimate(
    blocks: &[Block],
    replicates: u32,
    level: f64,
    draws: &mut Draws,
) -> Estimate {
    let all = blocks.iter().fold(Block::default(), |a, b| a.with(*b));
    let mean = all.mean();
    let mut means: Vec<f64> = (0..replicates)
        .map(|_| {
            let drawn = (0..blocks.len()).map(|_| blocks[draws.below(blocks.len())]);
            drawn.fold(Block::default(), Block::with).mean()
        })
        .collect();
    means.sort_by(f64::total_cmp);
    let tail = (1.0 - level) / 2.0;
    let (low, high) = (quantile(&means, tail), quantile(&means, 1.0 - tail));
    let n = means.len() as f64;
    let centre = means.iter().sum::<f64>() / n;
    let variance = means.iter().map(|m| (m - centre) * (m - centre)).sum::<f64>() / (n - 1.0);
    let freedom = (blocks.len() as f64).min(all.weight) - 1.0;
    let p_value = (variance > 0.0 && freedom > 0.0)
        .then(|| StudentsT::new(0.0, 1.0, freedom).ok())
        .flatten()
        .map(|t| t.sf(mean / variance.sqrt()));
    Estimate { mean, low, high, p_value, weight: all.weight }
}

/// Quantile of sorted values by linear interpolation (type 7 of Hyndman and Fan 1996); 0 without values.
pub(super) fn quantile(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let place = q.clamp(0.0, 1.0) * last as f64;
    let mut below = 0;
    while below < last && ((below + 1) as f64) <= place {
        below += 1;
    }
    let above = (below + 1).min(last);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selection::draws::Purpose;

    #[test]
    fn quantiles_are_those_of_numpy() {
        // numpy.quantile([1, 2, 4, 8], [0, .1, .5, .9, 1]) = 1, 1.3, 3, 6.8, 8
        let sorted = [1.0, 2.0, 4.0, 8.0];
        for (q, expected) in [(0.0, 1.0), (0.1, 1.3), (0.5, 3.0), (0.9, 6.8), (1.0, 8.0)] {
            assert!((quantile(&sorted, q) - expected).abs() < 1e-12, "{q}");
        }
    }

    #[test]
    fn dependent_rows_in_blocks_widen_the_interval() {
        // Twenty runs of ten equal values: 200 rows, but only twenty facts.
        let values: Vec<f64> = (0..200).map(|row| f64::from((row / 10) * 7 % 20)).collect();
        let weights = vec![1.0; 200];
        let width = |block: usize| {
            let mut draws = Draws::new(1, Purpose::Bootstrap, 0, 0);
            let found = estimate(&blocks(&values, &weights, block), 999, 0.95, &mut draws);
            assert!((found.mean - 9.5).abs() < 1e-12); // 0 to 19, each ten times
            found.high - found.low
        };
        // The error of a mean of 20 is sqrt(10) times that of 200 rows taken as independent.
        let ratio = width(10) / width(1);
        assert!((2.7..3.7).contains(&ratio), "{ratio}");
    }

    #[test]
    fn one_block_gives_no_p_value() {
        let mut draws = Draws::new(1, Purpose::Bootstrap, 0, 0);
        let found = estimate(&[Block { sum: 3.0, weight: 2.0 }], 99, 0.95, &mut draws);
        assert_eq!((found.mean, found.p_value), (1.5, None));
    }
}
