//! Distances between two samples or two sets of counts, by their definitions.

use super::sample::{Sample, distances, tidy};
use super::sort::Sorter;
use crate::math::log1p;

/// Two-sample Kolmogorov-Smirnov distance: the greatest difference of the empirical distribution functions.
///
/// NaN and infinities are removed first. `None` when a side has no value left.
///
/// - **Cost:** a sort of both sides.
/// - **Source:** `scipy.stats.ks_2samp`, statistic.
///
/// ```
/// assert_eq!(quality::ks_distance(&[1.0, 2.0, 3.0, 4.0], &[3.0, 4.0, 5.0, 6.0]), Some(0.5));
/// assert_eq!(quality::ks_distance(&[1.0], &[f64::NAN]), None);
/// ```
#[must_use]
pub fn ks_distance(left: &[f64], right: &[f64]) -> Option<f64> {
    let mut sorter = Sorter::default();
    let (left, right) = (tidy(left, &mut sorter), tidy(right, &mut sorter));
    distances(Sample::of(&left), Sample::of(&right)).map(|(ks, _)| ks)
}

/// Wasserstein-1 distance: the area between the empirical distribution functions.
///
/// NaN and infinities are removed first. `None` when a side has no value left.
///
/// - **Units:** of the values. Saturates at the largest float.
/// - **Cost:** a sort of both sides.
/// - **Source:** `scipy.stats.wasserstein_distance`.
///
/// ```
/// assert_eq!(quality::wasserstein_distance(&[0.0, 1.0, 3.0], &[5.0, 6.0, 8.0]), Some(5.0));
/// ```
#[must_use]
pub fn wasserstein_distance(left: &[f64], right: &[f64]) -> Option<f64> {
    let mut sorter = Sorter::default();
    let (left, right) = (tidy(left, &mut sorter), tidy(right, &mut sorter));
    distances(Sample::of(&left), Sample::of(&right)).map(|(_, area)| area)
}

/// Population stability index of counts in the same bins: `sum (c - r) ln(c / r)` over shares, an empty bin counting 0.5.
///
/// `None` when a side has no count, or the sides differ in their number of bins. Which bins these are belongs to the
/// number: "PSI" alone is none.
///
/// - **Source:** Siddiqi (2006), Credit Risk Scorecards.
///
/// ```
/// let psi = quality::population_stability(&[50, 50], &[60, 40]).expect("both have counts");
/// assert!((psi - (0.1 * 1.2_f64.ln() - 0.1 * 0.8_f64.ln())).abs() < 1e-15);
/// ```
#[must_use]
pub fn population_stability(reference: &[u64], current: &[u64]) -> Option<f64> {
    shares(reference, current).map(|pairs| Divergences::of(pairs).psi)
}

/// Jensen-Shannon distance of counts in the same bins: the root of the divergence, in natural logarithms.
///
/// `None` as for [`population_stability`]. At most `sqrt(ln 2)`.
///
/// - **Source:** `scipy.spatial.distance.jensenshannon`.
///
/// ```
/// let apart = quality::jensen_shannon_distance(&[1, 0], &[0, 1]).expect("both have counts");
/// assert!((apart - 2.0_f64.ln().sqrt()).abs() < 1e-15);
/// ```
#[must_use]
pub fn jensen_shannon_distance(reference: &[u64], current: &[u64]) -> Option<f64> {
    shares(reference, current).map(|pairs| Divergences::of(pairs).js)
}

/// Hellinger distance of counts in the same bins: `sqrt(sum (sqrt r - sqrt c)^2 / 2)` over shares.
///
/// `None` as for [`population_stability`]. At most 1.
///
/// ```
/// assert_eq!(quality::hellinger_distance(&[1, 0], &[0, 1]), Some(1.0));
/// ```
#[must_use]
pub fn hellinger_distance(reference: &[u64], current: &[u64]) -> Option<f64> {
    shares(reference, current).map(|pairs| Divergences::of(pairs).hellinger)
}

/// Counts of a bin on both sides and what they are counted from.
type Pairs<'a> = (f64, f64, Box<dyn Iterator<Item = (f64, f64)> + 'a>);

fn shares<'a>(reference: &'a [u64], current: &'a [u64]) -> Option<Pairs<'a>> {
    let total = |counts: &[u64]| counts.iter().map(|&count| count as f64).sum::<f64>();
    let (n, m) = (total(reference), total(current));
    let counts = reference.iter().zip(current).map(|(&r, &c)| (r as f64, c as f64));
    let is_pair = reference.len() == current.len() && n > 0.0 && m > 0.0;
    is_pair.then(|| (n, m, Box::new(counts) as _))
}

/// Three distances in one pass over bins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Divergences {
    pub(super) psi: f64,
    pub(super) js: f64,
    pub(super) hellinger: f64,
}

impl Divergences {
    /// Of totals and counts; the same bits when the sides change places.
    pub(super) fn of((n, m, counts): (f64, f64, impl Iterator<Item = (f64, f64)>)) -> Self {
        let (mut psi, mut js, mut hellinger) = (0.0, 0.0, 0.0);
        for (r, c) in counts {
            let (p, q) = (r / n, c / m);
            let gap = p.sqrt() - q.sqrt();
            hellinger += gap * gap;
            if r > 0.0 && c > 0.0 {
                // Near equality logarithms of the shares would cancel; those of 1 + d and 1 - d do less.
                let apart = (p - q) / (p + q);
                let (up, down) = (log1p(apart), log1p(-apart));
                psi += (p - q) * (up - down);
                js += (p + q) * ((1.0 + apart) * up + (1.0 - apart) * down);
            } else if r > 0.0 || c > 0.0 {
                let (p, q) = (r.max(0.5) / n, c.max(0.5) / m);
                psi += (p - q) * (crate::math::log(p) - crate::math::log(q));
                js += (r / n + c / m) * (2.0 * core::f64::consts::LN_2);
            } else {
                let (p, q) = (0.5 / n, 0.5 / m);
                psi += (p - q) * (crate::math::log(p) - crate::math::log(q));
            }
        }
        Self {
            psi: psi.max(0.0),
            js: (js / 4.0).max(0.0).sqrt(),
            hellinger: (hellinger / 2.0).sqrt(),
        }
    }
}
