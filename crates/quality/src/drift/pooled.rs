//! p-values that take every row as independent: printed, never decided by.

use crate::math::exp;
use statrs::distribution::{ChiSquared, ContinuousCDF, FisherSnedecor};

/// Sizes up to which the exact distribution is summed.
const EXACT: u64 = 10_000;

/// Of a two-sample Kolmogorov-Smirnov distance: exact for equal sizes up to 10,000, else by the limit distribution.
pub(super) fn ks(distance: f64, n: u64, m: u64) -> Option<f64> {
    if n == 0 || m == 0 {
        return None;
    }
    if n == m && n <= EXACT {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "up to 10,000")]
        let steps = (distance * n as f64 + 0.5) as u64;
        return Some(outside(n, steps));
    }
    let (a, b) = (n as f64, m as f64);
    Some(limit((a / (a + b) * b).sqrt() * distance))
}

/// Share of the paths through a square of `n` that leave the band of `steps` about its diagonal (Hodges 1958).
fn outside(n: u64, steps: u64) -> f64 {
    if steps == 0 {
        return 1.0;
    }
    let mut share = 0.0;
    for k in (0..=n / steps).rev() {
        let factors = (0..steps).map(|j| {
            let (up, down) = (n - (k * steps).min(n), n + k * steps + j + 1);
            up.saturating_sub(j) as f64 / down as f64
        });
        share = factors.product::<f64>() * (1.0 - share);
    }
    (2.0 * share).clamp(0.0, 1.0)
}

/// Kolmogorov's limit distribution, upper tail.
fn limit(x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    if x < 1.0 {
        let pi = core::f64::consts::PI;
        let term = |k: f64| exp(-k * k * pi * pi / (8.0 * x * x));
        let sum = term(1.0) + term(3.0) + term(5.0) + term(7.0);
        return (1.0 - (2.0 * pi).sqrt() / x * sum).clamp(0.0, 1.0);
    }
    let term = |k: f64| exp(-2.0 * k * k * x * x);
    let sum = term(1.0) - term(2.0) + term(3.0) - term(4.0) + term(5.0) - term(6.0);
    (2.0 * sum).clamp(0.0, 1.0)
}

/// Upper tail of chi-square; 1 without freedom.
pub(super) fn chi_square(statistic: f64, freedom: usize) -> Option<f64> {
    if freedom == 0 {
        return Some(1.0);
    }
    ChiSquared::new(freedom as f64).ok().map(|law| law.sf(statistic))
}

/// Upper tail of Hotelling's T-square of `d` columns.
pub(super) fn hotelling(statistic: f64, d: usize, n: f64, m: f64) -> Option<f64> {
    let (d, freedom) = (d as f64, n + m - 2.0);
    let rest = freedom - d + 1.0;
    let law = FisherSnedecor::new(d, rest).ok().filter(|_| rest > 0.0)?;
    Some(law.sf(statistic * rest / (d * freedom)))
}

/// Chi-square of two shares, each of a count and what it is counted from, without a correction for continuity.
pub(super) fn two_shares([a, n]: [u64; 2], [b, m]: [u64; 2]) -> Option<f64> {
    let (a, n, b, m) = (a as f64, n as f64, b as f64, m as f64);
    let (with, without) = (a + b, n + m - a - b);
    if with == 0.0 || without == 0.0 {
        return Some(1.0);
    }
    let cross = a * m - b * n;
    chi_square(cross / with * (cross / without) * ((n + m) / n / m), 1)
}
