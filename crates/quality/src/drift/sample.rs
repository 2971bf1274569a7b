//! Statistics of whole samples.

use super::sort::Sorter;

/// Above this a sum, square or product of values may overflow.
const LARGE: f64 = 1e150;
const SMALL: f64 = 1e-150;

/// Finite values, ascending.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample<'a>(&'a [f64]);

/// Drops NaN and infinities and sorts; -0.0 becomes 0.0.
pub(super) fn tidy(values: &[f64], sorter: &mut Sorter) -> Vec<f64> {
    let finite = values.iter().filter(|value| value.is_finite()).map(|value| value + 0.0);
    let mut values: Vec<f64> = Vec::with_capacity(values.len());
    values.extend(finite);
    sorter.sort(&mut values);
    values
}

impl<'a> Sample<'a> {
    /// Of values that are tidy already.
    pub(super) fn of(tidy: &'a [f64]) -> Self {
        Self(tidy)
    }

    pub(super) fn values(self) -> &'a [f64] {
        self.0
    }

    /// Mean and standard deviation (ddof 0); `None` for no values.
    pub(super) fn moments(self) -> Option<(f64, f64)> {
        let n = self.0.len() as f64;
        let scale = scale(self.greatest()?);
        let mean = sum(self.0, |x| x * scale) / n;
        let lost = sum(self.0, |x| x * scale - mean);
        let squares = sum(self.0, |x| (x * scale - mean) * (x * scale - mean));
        let is_constant = self.0.first() == self.0.last();
        let variance = if is_constant { 0.0 } else { (squares - lost * lost / n) / n };
        Some(((mean + lost / n) / scale, variance.max(0.0).sqrt() / scale))
    }

    /// Greatest absolute value.
    fn greatest(self) -> Option<f64> {
        Some(self.0.first()?.abs().max(self.0.last()?.abs()))
    }
}

/// A power of two that brings values near 1, or 1 where nothing can overflow.
fn scale(greatest: f64) -> f64 {
    if greatest == 0.0 || (SMALL..=LARGE).contains(&greatest) {
        return 1.0;
    }
    // The exponent mirrored about 1; both ends stay normal numbers.
    let exponent = (greatest.to_bits() >> 52).clamp(1, 2_045);
    f64::from_bits((2_046 - exponent) << 52)
}

/// Compensated sum in eight lanes, which are added in order.
fn sum(values: &[f64], term: impl Fn(f64) -> f64) -> f64 {
    let mut lanes = [(0.0_f64, 0.0_f64); 8];
    let add = |(sum, lost): &mut (f64, f64), x: f64| {
        let next = *sum + x;
        let kept = next - *sum;
        *lost += (*sum - (next - kept)) + (x - kept);
        *sum = next;
    };
    let (chunks, rest) = values.as_chunks::<8>();
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            add(lane, term(value));
        }
    }
    for (lane, &value) in lanes.iter_mut().zip(rest) {
        add(lane, term(value));
    }
    let mut total = (0.0, 0.0);
    for (sum, lost) in lanes {
        add(&mut total, sum);
        total.1 += lost;
    }
    total.0 + total.1
}

/// Greatest distance of two empirical distribution functions, and the area between them.
///
/// The area saturates at the largest float.
#[expect(clippy::many_single_char_names, reason = "sizes, places and values of two samples")]
pub(super) fn distances(left: Sample<'_>, right: Sample<'_>) -> Option<(f64, f64)> {
    let (n, m) = (left.0.len() as u64, right.0.len() as u64);
    let greatest = left.greatest()?.max(right.greatest()?);
    let scale = if greatest > LARGE { scale(greatest) } else { 1.0 };
    let (mut i, mut j) = (0, 0);
    let (mut above, mut below) = (0_u64, 0_u64); // i m and j n
    let (mut widest, mut area) = (0_u64, 0.0_f64);
    let mut last = left.0.first()?.min(*right.0.first()?) * scale;
    loop {
        let a = left.0.get(i).copied().unwrap_or(f64::INFINITY);
        let b = right.0.get(j).copied().unwrap_or(f64::INFINITY);
        let next = a.min(b);
        if next == f64::INFINITY {
            break;
        }
        let scaled = next * scale;
        let apart = above.abs_diff(below);
        area += apart as f64 * (scaled - last);
        // Between equal values the two functions have not settled.
        widest = if scaled > last { widest.max(apart) } else { widest };
        last = scaled;
        let (is_left, is_right) = (a <= next, b <= next);
        i += usize::from(is_left);
        j += usize::from(is_right);
        above += u64::from(is_left) * m;
        below += u64::from(is_right) * n;
    }
    let pairs = n as f64 * m as f64;
    Some((widest as f64 / pairs, (area / pairs / scale).min(f64::MAX)))
}
