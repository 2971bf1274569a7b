//! Distribution functions whose bits are the same on every machine: own continued fractions over `libm`.

#[cfg(test)]
mod tests;

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

/// `ln Γ(x + 1)` less Stirling's formula (Loader 2000).
fn stirling_error(x: f64) -> f64 {
    if x < 15.0 {
        return libm::lgamma(x + 1.0) - (x + 0.5) * libm::log(x) + x - HALF_LN_TAU;
    }
    let square = 1.0 / (x * x);
    STIRLING.iter().rev().fold(0.0, |sum, c| sum * square + c) / x
}

/// `x ln(x / m) + m - x` without cancellation where `x` is near `m` (Loader 2000).
fn deviance(x: f64, m: f64) -> f64 {
    if (x - m).abs() >= 0.1 * (x + m) {
        return x * libm::log(x / m) + m - x;
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

/// Regularised incomplete beta function `I_x(a, b)` for `a, b > 0` and `y = 1 - x`, which the caller knows best.
///
/// - **Source:** continued fraction 26.5.8 of Abramowitz and Stegun by Lentz's method; the factor before it by Loader's
///   saddle point, so that large shapes lose no digits.
#[expect(clippy::many_single_char_names, reason = "the names of the formula")]
pub(crate) fn incomplete_beta(a: f64, b: f64, x: f64, y: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if y <= 0.0 {
        return 1.0;
    }
    let n = a + b;
    let log = stirling_error(n)
        - stirling_error(a)
        - stirling_error(b)
        - deviance(a, n * x)
        - deviance(b, n * y);
    // x^a y^b / B(a, b)
    let factor = libm::exp(log) * (a * b / (n * 2.0 * std::f64::consts::PI)).sqrt();
    if x < (a + 1.0) / (n + 2.0) {
        factor * beta_fraction(a, b, x) / a
    } else {
        1.0 - factor * beta_fraction(b, a, y) / b
    }
}

fn away_from_zero(value: f64) -> f64 {
    if value.abs() < TINY { TINY } else { value }
}

#[expect(clippy::many_single_char_names, reason = "the names of the formula")]
fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
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

/// The `x` at which `I_x(a, b) = p`, to the last bits that bisection can tell apart.
pub(crate) fn beta_quantile(a: f64, b: f64, p: f64) -> f64 {
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    loop {
        let mid = low + (high - low) / 2.0;
        if mid <= low || mid >= high {
            return mid;
        }
        if incomplete_beta(a, b, mid, 1.0 - mid) < p {
            low = mid;
        } else {
            high = mid;
        }
    }
}

/// Probability that Student's t with `df > 0` degrees of freedom is at least `abs(t)` away from 0.
pub(crate) fn student_two_sided(t: f64, df: f64) -> f64 {
    let square = t * t;
    if square.is_infinite() {
        return 0.0;
    }
    incomplete_beta(df / 2.0, 0.5, df / (df + square), square / (df + square))
}

/// The `t` that Student's t with `df > 0` degrees of freedom exceeds on either side with probability `p` in all.
pub(crate) fn student_critical(p: f64, df: f64) -> f64 {
    // By the side of the beta whose number is far from 1, so that 1 less it keeps its digits.
    if df < 2.0 {
        let x = beta_quantile(df / 2.0, 0.5, p);
        return (df * (1.0 - x) / x).sqrt();
    }
    let y = beta_quantile(0.5, df / 2.0, 1.0 - p);
    (df * y / (1.0 - y)).sqrt()
}

/// Probability that chi-square with `df > 0` degrees of freedom is at least `x`.
pub(crate) fn chi_square_upper(x: f64, df: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    if x.is_infinite() {
        return 0.0;
    }
    let (a, x) = (df / 2.0, x / 2.0);
    // x^a e^-x / Γ(a + 1)
    let factor =
        libm::exp(-stirling_error(a) - deviance(a, x)) / (2.0 * std::f64::consts::PI * a).sqrt();
    if x < a + 1.0 {
        let (mut term, mut sum) = (1.0, 1.0);
        for step in 1..STEPS {
            term *= x / (a + f64::from(step));
            sum += term;
            if term < sum * f64::EPSILON {
                break;
            }
        }
        return 1.0 - factor * sum;
    }
    gamma_fraction(a, x) * factor * a
}

/// `Γ(a, x) / (x^a e^-x)` by Lentz's method, for `x` of at least `a + 1`.
#[expect(clippy::many_single_char_names, reason = "the names of the formula")]
fn gamma_fraction(a: f64, x: f64) -> f64 {
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / b;
    let mut h = d;
    for step in 1..STEPS {
        let i = f64::from(step);
        let an = -i * (i - a);
        b += 2.0;
        d = 1.0 / away_from_zero(an * d + b);
        c = away_from_zero(b + an / c);
        h *= d * c;
        if (d * c - 1.0).abs() <= f64::EPSILON {
            break;
        }
    }
    h
}
