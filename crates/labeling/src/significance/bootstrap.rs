//! Stationary bootstrap of a mean.

use super::CONFIDENCE;
use super::mean::{MethodTest, moments};
use crate::draws::{Draws, Purpose};

/// What a bootstrap drew.
#[derive(Debug, Clone, PartialEq)]
pub struct Bootstrap {
    /// Effect, interval (percentiles) and p-value.
    pub test: MethodTest,
    /// Mean length of a block.
    pub block: f64,
    /// Standard deviation of the replicates.
    pub standard_error: f64,
}

/// Automatic mean block length of the stationary bootstrap, at least 1.
///
/// Fewer than 10 values, or values without variation, give 1.
///
/// - **Cost:** `n^1.5`.
/// - **Source:** Politis and White (2004), Econometric Reviews 23(1), with the correction of Patton, Politis and White
///   (2009).
#[must_use]
pub fn block_length(values: &[f64]) -> f64 {
    let n = values.len();
    if n < 10 {
        return 1.0;
    }
    let size = n as f64;
    let (mean, _) = moments(values);
    let centred: Vec<f64> = values.iter().map(|v| v - mean).collect();
    let root = size.sqrt().ceil();
    let run = libm::log10(size).floor().max(5.0);
    let longest = (3.0 * size.sqrt()).min(size / 3.0).ceil();
    let small = 2.0 * (libm::log10(size) / size).sqrt();
    let (run, most) = (whole(run), whole(root + run).min(n - 2));
    let sums = centred.iter().scan(0.0, |sum, v| {
        *sum += v * v;
        Some(*sum)
    });
    let squares: Vec<f64> = std::iter::once(0.0).chain(sums).collect();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let (mut covariances, mut quiet, mut cut) = (Vec::with_capacity(most + 1), 0, None);
    for lag in 0..=most {
        // Before this lag: were the last `run` correlations all small?
        if quiet >= run && cut.is_none() {
            cut = Some(lag - run);
        }
        let later = centred.get(lag..).unwrap_or_default();
        let product = dot(later, &centred);
        covariances.push(product / size);
        // Without the first values, and without the last.
        let square = |row: usize| squares.get(row).copied().unwrap_or_default();
        let scale = ((square(n) - square(lag + 1)) * square(n - lag - 1)).sqrt();
        quiet = if product.abs() / scale < small { quiet + 1 } else { 0 };
    }
    let bandwidth = cut.map_or(most, |lag| (2 * lag.max(1)).min(most));
    let mut long_run = covariances.first().copied().unwrap_or_default();
    let mut slope = 0.0;
    for (lag, covariance) in covariances.iter().enumerate().take(bandwidth + 1).skip(1) {
        let share = lag as f64 / bandwidth as f64;
        let taper = if share <= 0.5 { 1.0 } else { 2.0 * (1.0 - share) };
        slope += 2.0 * taper * lag as f64 * covariance;
        long_run += 2.0 * taper * covariance;
    }
    let ratio = slope * slope / (long_run * long_run);
    let length = libm::cbrt(ratio) * libm::cbrt(size);
    if length.is_nan() { 1.0 } else { length.min(longest).max(1.0) }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a root of a length")]
fn whole(value: f64) -> usize {
    value as usize
}

/// Test of a mean against 0 by the stationary bootstrap, on values in order of time.
///
/// The mean block is the larger of [`block_length`] and `2 n / n_eff`, at most `n`. Replicates are means of `n` values
/// taken in blocks of geometric length from random starts, around the end to the beginning. The two-sided p-value is
/// `(1 + count) / (replicates + 1)`, where a replicate counts if its mean is as far from the sample's mean as that is
/// from 0.
///
/// - **Point in time:** the result is a function of values, `n_eff`, `seed` and `stream`; a stream for each cell.
/// - **Cost:** one draw a block, because a block's sum is a difference of prefix sums.
/// - **Source:** Politis and Romano (1994), JASA 89(428).
///
/// `None` for fewer than 2 values, values without variation, no replicate, or an `n_eff` that is not above 0.
#[must_use]
pub fn stationary_bootstrap(
    values: &[f64],
    n_eff: f64,
    replicates: u32,
    seed: u64,
    stream: u64,
) -> Option<Bootstrap> {
    let n = values.len();
    let (mean, squares) = moments(values);
    if n < 2 || replicates == 0 || squares <= 0.0 || n_eff.is_nan() || n_eff <= 0.0 {
        return None;
    }
    let size = n as f64;
    let block = block_length(values).max(2.0 * size / n_eff).min(size);
    let mut draws = Draws::new(seed, Purpose::Bootstrap, stream);
    let prefix = centred_sums(values, mean);
    let mut moved: Vec<f64> =
        (0..replicates).map(|_| resampled_sum(&prefix, block, &mut draws) / size).collect();
    let count = moved.iter().filter(|m| m.abs() >= mean.abs()).count();
    let p_value = (1.0 + count as f64) / (f64::from(replicates) + 1.0);
    let (_, spread) = moments(&moved);
    moved.sort_unstable_by(f64::total_cmp);
    let tail = (1.0 - CONFIDENCE) / 2.0;
    let ci = (mean + percentile(&moved, tail), mean + percentile(&moved, 1.0 - tail));
    let test = MethodTest { n, n_eff, effect: Some(mean), ci: Some(ci), p_value: Some(p_value) };
    Some(Bootstrap { test, block, standard_error: (spread / f64::from(replicates)).sqrt() })
}

/// Sums of the first 0 to n centred values.
fn centred_sums(values: &[f64], mean: f64) -> Vec<f64> {
    let mut sum = 0.0;
    let mut prefix = Vec::with_capacity(values.len() + 1);
    prefix.push(0.0);
    for value in values {
        sum += value - mean;
        prefix.push(sum);
    }
    prefix
}

/// Sum of n values in random blocks.
fn resampled_sum(prefix: &[f64], block: f64, draws: &mut Draws) -> f64 {
    let n = prefix.len() - 1;
    let at = |row: usize| prefix.get(row).copied().unwrap_or_default();
    // ln(1 - 1/1) is minus infinity, and every block has length 1.
    let decay = libm::log1p(-1.0 / block);
    let (mut left, mut sum) = (n, 0.0);
    while left > 0 {
        let start = usize::try_from(draws.below(n as u64)).unwrap_or(0);
        let length = geometric(libm::log(draws.unit()) / decay).min(left);
        let end = start + length;
        sum += if end <= n { at(end) - at(start) } else { at(n) - at(start) + at(end - n) };
        left -= length;
    }
    sum
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates, not negative"
)]
fn geometric(ratio: f64) -> usize {
    (ratio as usize).saturating_add(1)
}

/// The value below which a share of sorted values lies, linear between neighbours.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let low = whole(place);
    let at = |row: usize| sorted.get(row).or(sorted.last()).copied().unwrap_or_default();
    at(low) + (place - low as f64) * (at(low + 1) - at(low))
}
