//! Sums of doubles that do not depend on their order.

use super::limbs::Limbs;
use serde::{Deserialize, Serialize};

/// Limbs from 2^-1088 up to 2^1024 and the room that 2^64 values take: 576 bytes.
const LIMBS: usize = 72;
/// The power of two of the least bit.
pub(super) const UNIT: i64 = -1088;
const MANTISSA: u64 = (1 << 52) - 1;

/// The mantissa of a finite double and the bit of the accumulator that its lowest bit belongs to.
#[inline]
fn parts(x: f64) -> (u64, usize) {
    let bits = x.to_bits();
    let exponent = (bits >> 52) & 0x7ff;
    let hidden = u64::from(exponent != 0);
    // A subnormal has the exponent of the smallest normal number: 2^-1074 is bit 14.
    let bit = exponent + 14 - hidden;
    ((bits & MANTISSA) | (hidden << 52), usize::try_from(bit).unwrap_or(0))
}

/// The exact sum of doubles, in any order and any split.
///
/// - **Shape:** values one by one or in slices; sums [`merge`](Self::merge) in any order with the same bits.
/// - **Infinity and NaN** are counted beside the sum and do not enter it.
/// - **Cost:** 576 bytes; about a nanosecond a value.
/// - **Source:** Neal, "Fast exact summation using small and large superaccumulators", arXiv 1505.05571, the small form.
///
/// ```
/// let mut sum = quality::ExactSum::new();
/// sum.extend(&[1e100, 1.0, -1e100, f64::NAN]);
/// assert_eq!(sum.value(), 1.0); // a loop of `+` says 0, or NaN
/// assert_eq!((sum.finite(), sum.nan()), (3, 1));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExactSum {
    limbs: Limbs<LIMBS>,
    finite: u64,
    nan: u64,
    above: u64,
    below: u64,
}

impl Default for ExactSum {
    fn default() -> Self {
        Self::new()
    }
}

impl ExactSum {
    /// The sum of nothing: zero.
    #[must_use]
    pub fn new() -> Self {
        Self { limbs: Limbs::new(), finite: 0, nan: 0, above: 0, below: 0 }
    }

    /// Adds one value.
    pub fn add(&mut self, x: f64) {
        self.extend(&[x]);
    }

    /// Adds values.
    pub fn extend(&mut self, values: &[f64]) {
        for chunk in values.chunks(1 << 20) {
            self.make_room(chunk.len());
            for x in chunk {
                self.push(*x);
            }
        }
    }

    /// To be called before `values` calls of [`push`](Self::push), at most 2^20.
    pub(super) fn make_room(&mut self, values: usize) {
        self.limbs.make_room(values);
    }

    /// Adds one value and returns its mantissa and lowest bit, unless it is set aside.
    #[inline]
    pub(super) fn push(&mut self, x: f64) -> Option<(u64, usize)> {
        if !x.is_finite() {
            self.set_aside(x);
            return None;
        }
        let (mantissa, bit) = parts(x);
        self.limbs.add_short(bit, mantissa, x.is_sign_negative());
        self.finite = self.finite.saturating_add(1);
        Some((mantissa, bit))
    }

    /// Adds the values of another sum. Counts stop at 2^64 - 1.
    pub fn merge(&mut self, other: &Self) {
        self.limbs.merge(&other.limbs);
        self.finite = self.finite.saturating_add(other.finite);
        self.nan = self.nan.saturating_add(other.nan);
        self.above = self.above.saturating_add(other.above);
        self.below = self.below.saturating_add(other.below);
    }

    /// The double nearest to the sum of the finite values, ties to even; an infinity when it is beyond the largest double.
    #[must_use]
    pub fn value(&self) -> f64 {
        let (negative, size) = self.magnitude();
        with_sign(negative, size.quotient(UNIT, &[]).round())
    }

    /// The double nearest to the mean of the finite values, which exists even when the sum overflows; none of nothing.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        let (negative, size) = self.magnitude();
        let mean = size.quotient(UNIT, &[self.finite]).round();
        (self.finite > 0).then(|| with_sign(negative, mean))
    }

    /// Values in the sum.
    #[must_use]
    pub fn finite(&self) -> u64 {
        self.finite
    }

    /// NaNs that came.
    #[must_use]
    pub fn nan(&self) -> u64 {
        self.nan
    }

    /// Positive and negative infinities that came.
    #[must_use]
    pub fn infinite(&self) -> (u64, u64) {
        (self.above, self.below)
    }

    pub(super) fn magnitude(&self) -> (bool, super::natural::Natural) {
        self.limbs.magnitude()
    }

    #[cold]
    fn set_aside(&mut self, x: f64) {
        let count = if x.is_nan() {
            &mut self.nan
        } else if x > 0.0 {
            &mut self.above
        } else {
            &mut self.below
        };
        *count = count.saturating_add(1);
    }
}

/// Zero keeps no sign.
pub(super) fn with_sign(negative: bool, size: f64) -> f64 {
    if negative { 0.0 - size } else { size }
}
