//! Neighbours in the plane under the maximum norm: sort by one axis, scan the strip outwards.

use super::Information;
use super::psi::Psi;
use crate::math::log;

/// Points looked at together; distances of a chunk are worked out without a branch.
const CHUNK: usize = 8;

/// Kraskov's first estimator, or Gao's where values repeat. `1 <= k < n`.
pub(super) fn information(
    x: &[f64],
    y: &[f64],
    weights: Option<&[f64]>,
    k: usize,
    psi: &Psi,
) -> Information {
    let (x, y) = (Axis::new(x), Axis::new(y));
    let is_tied = x.longest_run > 1 || y.longest_run > 1;
    // Long runs of equal values, then a small spread, make long strips.
    let by_x = (y.longest_run, x.spread).partial_cmp(&(x.longest_run, y.spread))
        != Some(std::cmp::Ordering::Less);
    let (main, other) = if by_x { (x, y) } else { (y, x) };
    let strip = Strip::new(main, &other);
    let rows = strip.main.len();
    let (mut sum, mut total) = (0.0, 0.0);
    let mut best = vec![f64::INFINITY; k];
    for at in 0..rows {
        let radius = strip.radius(at, &mut best);
        let (same, kth) =
            if radius > 0.0 { (radius, k) } else { (f64::MIN_POSITIVE, strip.twins(at)) };
        let in_main = within(&strip.main, strip.scales.0, at, same);
        let in_other = within(&other.sorted, strip.scales.1, strip.place[at], same);
        let weight = weights.map_or(1.0, |weights| weights[strip.row[at]]);
        sum += weight * (psi.of(kth) - psi.of(in_main) - psi.of(in_other));
        total += weight;
    }
    // Gao's estimator has the logarithm where Kraskov's has digamma; the two agree to 1 / 2n.
    let whole = if is_tied { log(rows as f64) } else { psi.of(rows) };
    Information::new(whole + sum / total, rows, is_tied)
}

/// One variable. Its distances are taken before they are scaled, so that equal steps of a grid stay equal.
struct Axis {
    values: Vec<f64>,
    /// One over the standard deviation.
    scale: f64,
    sorted: Vec<f64>,
    /// Row of each sorted value.
    row: Vec<usize>,
    longest_run: usize,
    /// Distance between the quartiles, in standard deviations.
    spread: f64,
}

impl Axis {
    fn new(raw: &[f64]) -> Self {
        let n = raw.len() as f64;
        let mean = raw.iter().sum::<f64>() / n;
        let sd = (raw.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n).sqrt();
        let scale = if sd > 0.0 && sd.is_finite() { 1.0 / sd } else { 1.0 };
        // Adding 0 turns -0 into 0, so that equal values sort as equal.
        let values: Vec<f64> = raw.iter().map(|v| v + 0.0).collect();
        let mut pairs: Vec<(f64, usize)> =
            values.iter().enumerate().map(|(row, &value)| (value, row)).collect();
        pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let (sorted, row): (Vec<f64>, Vec<usize>) = pairs.into_iter().unzip();
        #[expect(clippy::float_cmp, reason = "a tie is the same number")]
        let longest_run = sorted.chunk_by(|a, b| a == b).map(<[f64]>::len).max().unwrap_or(0);
        let quarter = sorted.len() / 4;
        let spread = (sorted[sorted.len() - 1 - quarter] - sorted[quarter]) * scale;
        Self { values, scale, sorted, row, longest_run, spread }
    }
}

/// Points sorted by one axis, then by the other.
struct Strip {
    main: Vec<f64>,
    cross: Vec<f64>,
    /// Scales of the two.
    scales: (f64, f64),
    row: Vec<usize>,
    /// Where each point's other value stands among the sorted ones.
    place: Vec<usize>,
}

impl Strip {
    fn new(main: Axis, other: &Axis) -> Self {
        let mut row = main.row;
        if main.longest_run > 1 {
            for run in ties(&main.sorted) {
                row[run]
                    .sort_by(|&a, &b| other.values[a].total_cmp(&other.values[b]).then(a.cmp(&b)));
            }
        }
        let mut place_of_row = vec![0; row.len()];
        for (place, &at) in other.row.iter().enumerate() {
            place_of_row[at] = place;
        }
        let cross = row.iter().map(|&at| other.values[at]).collect();
        let place = row.iter().map(|&at| place_of_row[at]).collect();
        Self { main: main.sorted, cross, scales: (main.scale, other.scale), row, place }
    }

    /// Distance to the `best.len()`-th neighbour.
    fn radius(&self, at: usize, best: &mut [f64]) -> f64 {
        best.fill(f64::INFINITY);
        let (x, y) = (self.main[at], self.cross[at]);
        let (mut left, mut right) = (at, at + 1);
        let (mut left_open, mut right_open) = (true, true);
        let last = best.len() - 1;
        while left_open || right_open {
            if right_open {
                let end = (right + CHUNK).min(self.main.len());
                let points = (&self.main[right..end], &self.cross[right..end]);
                nearer(points, (x, y), self.scales, best);
                right = end;
                right_open =
                    end < self.main.len() && (self.main[end] - x) * self.scales.0 < best[last];
            }
            if left_open {
                let begin = left.saturating_sub(CHUNK);
                let points = (&self.main[begin..left], &self.cross[begin..left]);
                nearer(points, (x, y), self.scales, best);
                left = begin;
                left_open = begin > 0 && (x - self.main[begin - 1]) * self.scales.0 < best[last];
            }
        }
        best[last]
    }

    /// Points equal to this one, itself included.
    #[expect(clippy::float_cmp, reason = "a tie is the same number")]
    fn twins(&self, at: usize) -> usize {
        let is_twin =
            |other: usize| self.main[other] == self.main[at] && self.cross[other] == self.cross[at];
        around(self.main.len(), at, is_twin)
    }
}

/// Runs of equal values in a sorted slice.
#[expect(clippy::float_cmp, reason = "a tie is the same number")]
fn ties(sorted: &[f64]) -> Vec<std::ops::Range<usize>> {
    let mut begin = 0;
    let range = |run: &[f64]| {
        let range = begin..begin + run.len();
        begin = range.end;
        range
    };
    sorted.chunk_by(|a, b| a == b).map(range).collect()
}

/// Puts the distances of some points that are below the largest of `best` into `best`, which ascends.
fn nearer(points: (&[f64], &[f64]), at: (f64, f64), scales: (f64, f64), best: &mut [f64]) {
    let last = best.len() - 1;
    let mut distances = [f64::INFINITY; CHUNK];
    for ((d, &x), &y) in distances.iter_mut().zip(points.0).zip(points.1) {
        let (dx, dy) = ((x - at.0).abs() * scales.0, (y - at.1).abs() * scales.1);
        *d = if dx > dy { dx } else { dy };
    }
    let mut closest = f64::INFINITY;
    for &d in &distances {
        closest = if d < closest { d } else { closest };
    }
    if closest >= best[last] {
        return;
    }
    for &d in &distances {
        if d < best[last] {
            let mut at = last;
            while at > 0 && best[at - 1] > d {
                best[at] = best[at - 1];
                at -= 1;
            }
            best[at] = d;
        }
    }
}

/// Number of sorted values closer than `radius` to the one at a place, itself included.
pub(super) fn within(sorted: &[f64], scale: f64, at: usize, radius: f64) -> usize {
    let value = sorted[at];
    around(sorted.len(), at, |other| (sorted[other] - value).abs() * scale < radius)
}

/// Number of places around one, itself included, up to the first on either side that is not inside.
pub(super) fn around(places: usize, at: usize, is_inside: impl Fn(usize) -> bool) -> usize {
    let after = reach(places - at, |step| is_inside(at + step));
    let before = reach(at + 1, |step| is_inside(at - step));
    after + before - 1
}

/// The first step below `limit` at which `is_inside` no longer holds; it holds at 0 and then never again.
fn reach(limit: usize, is_inside: impl Fn(usize) -> bool) -> usize {
    let (mut inside, mut jump) = (0, 1);
    while inside + jump < limit && is_inside(inside + jump) {
        inside += jump;
        jump *= 2;
    }
    let mut outside = (inside + jump).min(limit);
    while outside - inside > 1 {
        let middle = inside.midpoint(outside);
        if is_inside(middle) {
            inside = middle;
        } else {
            outside = middle;
        }
    }
    inside + 1
}
