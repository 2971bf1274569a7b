//! Order statistics of a few values.

use super::Sample;
use super::window::{Spread, exact_spread};

/// Median and MAD of some values in any order; NaN and infinities are left out, `None` when nothing is left.
///
/// ```
/// let spread = quality::median_and_mad(&[1.0, 2.0, 2.0, 4.0, 100.0]).ok_or("empty")?;
/// assert_eq!((spread.median, spread.mad), (2.0, 1.0)); // distances 0, 0, 1, 2, 98
/// # Ok::<(), &str>(())
/// ```
pub fn median_and_mad<T: Sample>(values: &[T]) -> Option<Spread> {
    let sorted = sort(values);
    let (median, mad) = exact_spread(&sorted)?;
    Some(Spread { n: sorted.len(), median: T::number(median), mad: T::number(mad) })
}

pub(crate) fn sort<T: Sample>(values: &[T]) -> Vec<T> {
    let mut sorted: Vec<T> = values.iter().filter_map(|v| v.usable()).collect();
    sorted.sort_unstable_by(|a, b| a.order(*b));
    sorted
}

/// The type-7 quantile (linear, numpy's default) of sorted values; `None` when there are none or `p` is outside [0, 1].
///
/// ```
/// assert_eq!(quality::quantile(&[1.0, 2.0, 3.0, 4.0], 0.25), Some(1.75));
/// ```
pub fn quantile<T: Sample>(sorted: &[T], p: f64) -> Option<f64> {
    if !(0.0..=1.0).contains(&p) {
        return None;
    }
    let last = sorted.len().checked_sub(1)?;
    let place = p * last as f64;
    let whole = place.floor();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place from 0 to the last"
    )]
    let at = (whole as usize).min(last);
    let lower = T::number(sorted.get(at)?.quarters());
    let upper = T::number(sorted.get((at + 1).min(last))?.quarters());
    Some(between(lower, upper, place - whole))
}

/// From `a` towards `b`, exact at both ends and in the middle of equals, as numpy does it.
///
/// Between two values whose distance overflows, and beside an infinity, it is a weighted sum.
fn between(a: f64, b: f64, share: f64) -> f64 {
    if share <= 0.0 || a.total_cmp(&b).is_eq() {
        return a;
    }
    let gap = b - a;
    if !gap.is_finite() {
        return a * (1.0 - share) + b * share;
    }
    if share >= 0.5 { b - gap * (1.0 - share) } else { a + gap * share }
}
