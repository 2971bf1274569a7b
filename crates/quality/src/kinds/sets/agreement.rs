//! Exact lower bound of a share.

use crate::math::{exp, lgamma, log, sqrt};

/// Bernoulli coefficients of the error of Stirling's formula, in powers of 1/x^2.
const STIRLING: [f64; 7] = [
    1.0 / 12.0,
    -1.0 / 360.0,
    1.0 / 1_260.0,
    -1.0 / 1_680.0,
    1.0 / 1_188.0,
    -691.0 / 360_360.0,
    1.0 / 156.0,
];
const HALF_LN_TAU: f64 = 0.918_938_533_204_672_8;
const TINY: f64 = 1e-300;
/// A fraction of shapes up to 10^6 needs about a thousand steps.
const STEPS: u32 = 100_000;

/// Lower end of the exact two-sided interval of a share; 0 for counts that are none of a sample.
///
/// - **Source:** Clopper and Pearson (1934), Biometrika 26(4). The quantile of the beta distribution is found by halving.
///   `statrs` gives the distribution to 1e-11 and less for shapes of 10^4, so it is computed here, as in `labeling`.
pub(super) fn agreement_low(hits: u64, trials: u64, confidence: f64) -> f64 {
    if hits == 0 || hits > trials {
        return 0.0;
    }
    let (a, b) = (hits as f64, (trials - hits) as f64 + 1.0);
    let tail = (1.0 - confidence) / 2.0;
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    loop {
        let mid = low + (high - low) / 2.0;
        if mid <= low || mid >= high {
            return mid;
        }
        if incomplete_beta((a, b), mid, 1.0 - mid) < tail {
            low = mid;
        } else {
            high = mid;
        }
    }
}

/// `ln Γ(x + 1)` less Stirling's formula (Loader 2000).
fn stirling_error(x: f64) -> f64 {
    if x < 15.0 {
        return lgamma(x + 1.0) - (x + 0.5) * log(x) + x - HALF_LN_TAU;
    }
    let square = 1.0 / (x * x);
    STIRLING.iter().rev().fold(0.0, |sum, c| sum * square + c) / x
}

/// `x ln(x / m) + m - x` without cancellation where `x` is near `m` (Loader 2000).
fn deviance(x: f64, m: f64) -> f64 {
    if (x - m).abs() >= 0.1 * (x + m) {
        return x * log(x / m) + m - x;
    }
    let v = (x - m) / (x + m);
    let mut sum = (x - m) * v;
    let mut power = 2.0 * x * v;
    for j in 1..1_000_u32 {
        power *= v * v;
        let next = sum + power / f64::from(2 * j + 1);
        if next.to_bits() == sum.to_bits() {
            break;
        }
        sum = next;
    }
    sum
}

/// Regularised incomplete beta function of shapes above 0, at `x` and `y = 1 - x`.
///
/// - **Source:** continued fraction 26.5.8 of Abramowitz and Stegun by Lentz's method; the factor before it by Loader's
///   saddle point, so that large shapes lose no digits.
#[expect(clippy::many_single_char_names, reason = "the names of the formula")]
fn incomplete_beta((a, b): (f64, f64), x: f64, y: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if y <= 0.0 {
        return 1.0;
    }
    let n = a + b;
    let exponent = stirling_error(n)
        - stirling_error(a)
        - stirling_error(b)
        - deviance(a, n * x)
        - deviance(b, n * y);
    // x^a y^b / B(a, b)
    let factor = exp(exponent) * sqrt(a * b / (n * 2.0 * std::f64::consts::PI));
    if x < (a + 1.0) / (n + 2.0) {
        factor * fraction(a, b, x) / a
    } else {
        1.0 - factor * fraction(b, a, y) / b
    }
}

fn away_from_zero(value: f64) -> f64 {
    if value.abs() < TINY { TINY } else { value }
}

#[expect(clippy::many_single_char_names, reason = "the names of the formula")]
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut h = d;
    for step in 1..STEPS {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away_from_zero(1.0 + even * d);
        c = away_from_zero(1.0 + even / c);
        h *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away_from_zero(1.0 + odd * d);
        c = away_from_zero(1.0 + odd / c);
        h *= d * c;
        if (d * c - 1.0).abs() <= f64::EPSILON {
            break;
        }
    }
    h
}
