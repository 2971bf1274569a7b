//! Detectors that look at both sides of a value. Hindsight: for reports and label paths only.

use super::robust::{positive, robust_z};
use super::window::{exact_median, exact_spread};
use super::{AnomalyError, Judgement, Sample};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Parameters of [`spike_centred`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CentredRule {
    /// Neighbours of a median, half of them on each side of the centred one; an even number, default 50.
    pub window: usize,
    /// A value further than this many MAD is a violation; default 10.
    pub k: f64,
}

impl Default for CentredRule {
    fn default() -> Self {
        Self { window: 50, k: 10.0 }
    }
}

/// Turns a MAD into the standard deviation of a normal distribution, in the digits of R's `mad`.
const R_MAD: f64 = 1.4826;

/// Values more than `k` MAD from the nearest of the centred, the backward and the forward rolling median, each without
/// the value itself. Hindsight.
///
/// - **Shape:** one judgement a value, in order; those that are not finite are not judged and are nobody's neighbours.
/// - **Unit:** the MAD of all the values, times 1.4826 as R's `mad` has it; if that is zero, of the values that differ
///   from the one before them. If that is zero too, any value off the nearest median is a violation.
/// - **Ends:** a median has as many neighbours as there are; one without any is not compared with.
/// - **Point in time:** hand in one session at a time.
/// - **Source:** rule Q4 of Barndorff-Nielsen, Hansen, Lunde, Shephard (2009), Econometrics Journal 12, in the form
///   `advanced` of `rmOutliersQuotes` of the R package highfrequency, which spares real jumps.
///
/// # Errors
/// [`AnomalyError::Parameter`] for a window that is 0 or odd, or a `k` that is not a positive number.
///
/// ```
/// use quality::{CentredRule, spike_centred};
/// let px = [10.0, 10.1, 10.0, 19.0, 10.1, 10.2, 20.0, 20.1, 20.0];
/// let found = spike_centred(&px, CentredRule { window: 4, k: 10.0 })?;
/// let rows: Vec<usize> = (0..px.len()).filter(|row| found[*row].is_rejected()).collect();
/// assert_eq!(rows, [3]); // 20.0 stays: the prices behind it agree
/// # Ok::<(), quality::AnomalyError>(())
/// ```
pub fn spike_centred<T: Sample>(
    values: &[T],
    rule: CentredRule,
) -> Result<Vec<Judgement>, AnomalyError> {
    if rule.window == 0 || !rule.window.is_multiple_of(2) {
        return Err(AnomalyError::parameter("window", "an even number above 0", rule.window));
    }
    positive("k", rule.k)?;
    let known: Vec<T> = values.iter().filter_map(|v| v.usable()).collect();
    let scale = R_MAD * whole_mad(&known);
    let half = rule.window / 2;
    let medians = [(half, half), (rule.window, 0), (0, rule.window)]
        .map(|(before, after)| medians(&known, before, after));
    let [centred, backward, forward] = medians;
    let mut found = known.iter().zip(centred).zip(backward.into_iter().zip(forward)).map(
        |((value, centred), (backward, forward))| {
            let distances = [centred, backward, forward]
                .into_iter()
                .flatten()
                .map(|median| T::distance(value.quarters(), median));
            let nearest = distances.reduce(|a, b| if b < a { b } else { a });
            let Some(nearest) = nearest else { return Judgement::NotJudged };
            let nearest = T::number(nearest);
            let z = if nearest == 0.0 { 0.0 } else { nearest / scale };
            if z > rule.k { Judgement::Rejected { z } } else { Judgement::Accepted }
        },
    );
    Ok(scatter(values, &mut found))
}

/// The robust z of each value against the `k` values on either side, itself excluded. Hindsight.
///
/// - **Shape:** one judgement a value, in order; those with fewer than `k` neighbours on a side, and those that are not
///   finite, are not judged.
/// - **Violation:** `|z| > limit` (3.5 is the usual limit); with a MAD of zero, more than one `tick` from the median.
///
/// # Errors
/// [`AnomalyError::Parameter`] for a `k` of 0 or a limit that is not a positive number.
///
/// ```
/// let found = quality::hampel(&[1.0, 2.0, 90.0, 3.0, 2.0], 2, 3.5, 0.0)?;
/// assert!(found[2].is_rejected()); // 1, 2, 3, 2: median 2, MAD 0.5
/// # Ok::<(), quality::AnomalyError>(())
/// ```
pub fn hampel<T: Sample>(
    values: &[T],
    k: usize,
    limit: f64,
    tick: T,
) -> Result<Vec<Judgement>, AnomalyError> {
    if k == 0 {
        return Err(AnomalyError::parameter("k", "1 or more neighbours a side", k));
    }
    positive("limit", limit)?;
    let known: Vec<T> = values.iter().filter_map(|v| v.usable()).collect();
    let zero = T::default().quarters();
    let mut found = Vec::with_capacity(known.len());
    slide(&known, k, k, |value, at, around| {
        let whole = at >= k && at + k < known.len();
        found.push(match exact_spread(around).filter(|_| whole) {
            None => Judgement::NotJudged,
            Some((median, mad)) => {
                let off = T::distance(value.quarters(), median);
                let size = robust_z(T::number(off), 0.0, T::number(mad));
                if size <= limit || (mad == zero && off <= tick.quarters()) {
                    Judgement::Accepted
                } else {
                    Judgement::Rejected { z: if value.quarters() < median { -size } else { size } }
                }
            }
        });
    });
    Ok(scatter(values, &mut found.into_iter()))
}

/// MAD of all values, or of those that change.
fn whole_mad<T: Sample>(values: &[T]) -> f64 {
    let mad = |mut values: Vec<T>| {
        values.sort_unstable_by(|a, b| a.order(*b));
        exact_spread(&values).map_or(0.0, |(_, mad)| T::number(mad))
    };
    let all = mad(values.to_vec());
    if all > 0.0 {
        return all;
    }
    let changed = values.windows(2).filter_map(|pair| match pair {
        [a, b] if a != b => Some(*b),
        _ => None,
    });
    mad(values.iter().take(1).copied().chain(changed).collect())
}

fn medians<T: Sample>(values: &[T], before: usize, after: usize) -> Vec<Option<T::Quarter>> {
    let mut out = Vec::with_capacity(values.len());
    slide(values, before, after, |_, _, around| out.push(exact_median(around)));
    out
}

/// Calls `see` for every value with its place and its neighbours, sorted and without it.
fn slide<T: Sample>(
    values: &[T],
    before: usize,
    after: usize,
    mut see: impl FnMut(T, usize, &[T]),
) {
    let mut ahead = values.iter().copied();
    let mut held: VecDeque<T> = VecDeque::with_capacity(before + after + 1);
    let mut sorted: Vec<T> = Vec::with_capacity(before + after + 1);
    for value in ahead.by_ref().take(after) {
        held.push_back(value);
        insert(&mut sorted, value);
    }
    for (at, value) in values.iter().copied().enumerate() {
        if let Some(next) = ahead.next() {
            held.push_back(next);
            insert(&mut sorted, next);
        }
        if at > before
            && let Some(gone) = held.pop_front()
        {
            remove(&mut sorted, gone);
        }
        remove(&mut sorted, value);
        see(value, at, &sorted);
        insert(&mut sorted, value);
    }
}

fn insert<T: Sample>(sorted: &mut Vec<T>, value: T) {
    sorted.insert(sorted.partition_point(|held| held.order(value).is_lt()), value);
}

fn remove<T: Sample>(sorted: &mut Vec<T>, value: T) {
    if let Ok(at) = sorted.binary_search_by(|held| held.order(value)) {
        sorted.remove(at);
    }
}

/// Puts judgements of the usable values back in their places.
pub(crate) fn scatter<T: Sample>(
    values: &[T],
    found: &mut dyn Iterator<Item = Judgement>,
) -> Vec<Judgement> {
    let one = |value: &T| value.usable().and_then(|_| found.next());
    values.iter().map(one).map(|found| found.unwrap_or(Judgement::NotJudged)).collect()
}
