//! The two kinds of numbers that detectors read.

use std::cmp::Ordering;
use std::fmt::Debug;

/// A value that a detector can judge: `f64`, or `i64` for prices of 1e-9.
///
/// Medians of integers and the deviations from them are exact: they are kept in quarters, since a median halves once and
/// the median of the deviations once more. Those of floats are what numpy computes, `(a + b) / 2` in the middle, but do
/// not overflow there.
pub trait Sample: Copy + Debug + Default + PartialEq + sealed::Sealed {
    /// An exact quarter for integers, the number itself for floats.
    #[doc(hidden)]
    type Quarter: Copy + Debug + Default + PartialEq + PartialOrd;

    /// The value as it is stored: finite, and without a negative zero.
    #[doc(hidden)]
    fn usable(self) -> Option<Self>;
    #[doc(hidden)]
    fn order(self, other: Self) -> Ordering;
    #[doc(hidden)]
    fn quarters(self) -> Self::Quarter;
    /// The middle of two.
    #[doc(hidden)]
    fn middle(a: Self::Quarter, b: Self::Quarter) -> Self::Quarter;
    /// The distance of two.
    #[doc(hidden)]
    fn distance(a: Self::Quarter, b: Self::Quarter) -> Self::Quarter;
    /// In the unit of the value, rounded once.
    #[doc(hidden)]
    fn number(quarter: Self::Quarter) -> f64;
    #[doc(hidden)]
    fn to_bits(self) -> u64;
    #[doc(hidden)]
    fn from_bits(bits: u64) -> Self;
    #[doc(hidden)]
    fn quarter_bits(quarter: Self::Quarter) -> [u64; 2];
    #[doc(hidden)]
    fn quarter_from(bits: [u64; 2]) -> Self::Quarter;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f64 {}
    impl Sealed for i64 {}
}

impl Sample for f64 {
    type Quarter = Self;

    fn usable(self) -> Option<Self> {
        // Adding a positive zero turns a negative one into it and leaves every other value alone.
        self.is_finite().then_some(self + 0.0)
    }

    fn order(self, other: Self) -> Ordering {
        self.total_cmp(&other)
    }

    fn quarters(self) -> Self {
        self
    }

    fn middle(a: Self, b: Self) -> Self {
        let sum = a + b;
        if sum.is_finite() || !a.is_finite() || !b.is_finite() {
            sum / 2.0
        } else {
            a / 2.0 + b / 2.0
        }
    }

    fn distance(a: Self, b: Self) -> Self {
        (a - b).abs()
    }

    fn number(quarter: Self) -> f64 {
        quarter
    }

    fn to_bits(self) -> u64 {
        Self::to_bits(self)
    }

    fn from_bits(bits: u64) -> Self {
        Self::from_bits(bits)
    }

    fn quarter_bits(quarter: Self) -> [u64; 2] {
        [quarter.to_bits(), 0]
    }

    fn quarter_from([bits, _]: [u64; 2]) -> Self {
        Self::from_bits(bits)
    }
}

impl Sample for i64 {
    type Quarter = i128;

    fn usable(self) -> Option<Self> {
        Some(self)
    }

    fn order(self, other: Self) -> Ordering {
        self.cmp(&other)
    }

    fn quarters(self) -> i128 {
        i128::from(self) * 4
    }

    fn middle(a: i128, b: i128) -> i128 {
        // Quarters of values are multiples of 4, of medians and deviations multiples of 2: the half is whole.
        i128::midpoint(a, b)
    }

    fn distance(a: i128, b: i128) -> i128 {
        (a - b).abs()
    }

    fn number(quarter: i128) -> f64 {
        quarter as f64 / 4.0
    }

    fn to_bits(self) -> u64 {
        self.cast_unsigned()
    }

    fn from_bits(bits: u64) -> Self {
        bits.cast_signed()
    }

    fn quarter_bits(quarter: i128) -> [u64; 2] {
        let wide = quarter.cast_unsigned();
        let low = u64::try_from(wide & u128::from(u64::MAX)).unwrap_or(0);
        let high = u64::try_from(wide >> 64).unwrap_or(0);
        [low, high]
    }

    fn quarter_from([low, high]: [u64; 2]) -> i128 {
        (u128::from(low) | (u128::from(high) << 64)).cast_signed()
    }
}
