//! Tests of a mean by formula.

use super::CONFIDENCE;
use crate::special::{student_critical, student_two_sided};

/// What one method says of one cell.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct MethodTest {
    /// Labels looked at.
    pub n: usize,
    /// Effective labels under overlap.
    pub n_eff: f64,
    /// Size of the effect; `None` where there is nothing to measure.
    pub effect: Option<f64>,
    /// Its two-sided 95 % interval.
    pub ci: Option<(f64, f64)>,
    /// Two-sided p-value; `None` where the method cannot speak.
    pub p_value: Option<f64>,
}

/// Mean, and sum of squares around it; both from the first value on.
pub(super) fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    // A second pass takes away what rounding left of the first.
    let mean = mean + values.iter().map(|v| v - mean).sum::<f64>() / n;
    (mean, values.iter().map(|v| (v - mean) * (v - mean)).sum())
}

/// Test of a mean against 0 with `n_eff - 1` degrees of freedom.
///
/// The standard error is the sample's standard deviation over the root of `n_eff`. With `n_eff = n` it is Student's own
/// test. `p_value` is `None` when all values are the same or `n_eff` is at most 1.
///
/// - **Source:** Student (1908); effective size as in López de Prado (2018), chapter 4.
///
/// ```
/// let test = labeling::t_test(&[1.0, 2.0, 3.0, 4.0], 4.0);
/// assert_eq!(test.effect, Some(2.5));
/// assert!((test.p_value.unwrap_or(1.0) - 0.030_466_291_662_170_977).abs() < 1e-15); // scipy.stats.ttest_1samp
/// ```
#[must_use]
pub fn t_test(values: &[f64], n_eff: f64) -> MethodTest {
    let n = values.len();
    if n == 0 {
        return MethodTest { n, n_eff, ..MethodTest::default() };
    }
    let (mean, squares) = moments(values);
    let test = MethodTest { n, n_eff, effect: Some(mean), ..MethodTest::default() };
    let df = n_eff - 1.0;
    if n < 2 || squares <= 0.0 || df.is_nan() || df <= 0.0 {
        return test;
    }
    by_student(test, mean, (squares / (n as f64 - 1.0) / n_eff).sqrt(), df)
}

fn by_student(test: MethodTest, mean: f64, error: f64, df: f64) -> MethodTest {
    let half = student_critical(1.0 - CONFIDENCE, df) * error;
    let p_value = Some(student_two_sided(mean / error, df));
    MethodTest { ci: Some((mean - half, mean + half)), p_value, ..test }
}

/// Test of a mean against 0 with the standard error of Newey and West (1987), for reports only.
///
/// The lag is `floor(4 (n / 100)^(2/9))`, degrees of freedom `n - 1`. At long overlap it finds far too much: 57 % false
/// alarms at 60-fold overlap where 5 % are meant.
#[must_use]
pub fn newey_west(values: &[f64], n_eff: f64) -> MethodTest {
    let n = values.len();
    let t = t_test(values, n_eff);
    let test = MethodTest { ci: None, p_value: None, ..t };
    if n < 2 {
        return test;
    }
    let (mean, squares) = moments(values);
    let lag = automatic_lag(n);
    let mut variance = squares;
    for k in 1..=lag {
        let later = values.get(k..).unwrap_or_default();
        let product: f64 = later.iter().zip(values).map(|(a, b)| (a - mean) * (b - mean)).sum();
        variance += 2.0 * (1.0 - k as f64 / (lag as f64 + 1.0)) * product;
    }
    if variance <= 0.0 {
        return test;
    }
    by_student(test, mean, variance.sqrt() / n as f64, n as f64 - 1.0)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "4 to 200")]
fn automatic_lag(n: usize) -> usize {
    (4.0 * libm::pow(n as f64 / 100.0, 2.0 / 9.0)).floor() as usize
}
