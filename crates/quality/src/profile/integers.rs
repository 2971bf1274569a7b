//! Sums of whole numbers: 64-bit integers and instants, and decimals of 128 bits.

use super::exact_sum::with_sign;
use super::limbs::Limbs;
use super::moments::variance;
use super::natural::Natural;
use super::wide;
use arrow_buffer::i256;
use serde::{Deserialize, Serialize};

/// A sum left the range of its exact type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Overflow;

/// Mean and root of the variance, each rounded once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spread {
    pub(super) mean: Option<f64>,
    pub(super) sd: Option<f64>,
}

/// Count, sum in 128 bits and sum of squares in 192 bits of integers of at most 64 bits.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IntegerSums {
    count: u64,
    #[serde(with = "wide")]
    sum: i128,
    #[serde(with = "wide")]
    squares: u128,
    /// What `squares` has carried, in units of 2^128.
    carried: u64,
}

impl IntegerSums {
    /// Adds values that fit into 64 bits, signed or not.
    pub(super) fn extend(&mut self, values: &[i128]) -> Result<(), Overflow> {
        for value in values {
            self.sum = self.sum.checked_add(*value).ok_or(Overflow)?;
            let size = value.unsigned_abs();
            let (squares, over) = self.squares.overflowing_add(size.wrapping_mul(size));
            self.squares = squares;
            self.carried = self.carried.saturating_add(u64::from(over));
        }
        let count = u64::try_from(values.len()).unwrap_or(u64::MAX);
        self.count = self.count.saturating_add(count);
        Ok(())
    }

    pub(super) fn merge(&mut self, other: &Self) -> Result<(), Overflow> {
        self.count = self.count.checked_add(other.count).ok_or(Overflow)?;
        self.sum = self.sum.checked_add(other.sum).ok_or(Overflow)?;
        let (squares, over) = self.squares.overflowing_add(other.squares);
        let carried = self.carried.checked_add(other.carried).ok_or(Overflow)?;
        self.squares = squares;
        self.carried = carried.checked_add(u64::from(over)).ok_or(Overflow)?;
        Ok(())
    }

    /// The mean to the nearest whole number, halves away from zero.
    pub(super) fn whole_mean(&self) -> Option<i128> {
        let count = i128::from(self.count);
        let whole = self.sum.checked_div(count)?;
        let rest = self.sum - whole * count;
        let up = 2 * rest.unsigned_abs() >= count.unsigned_abs();
        Some(if up { whole + rest.signum() } else { whole })
    }

    pub(super) fn spread(&self) -> Spread {
        let size = Natural::from_u128(self.sum.unsigned_abs());
        let high = Natural::from_u128(u128::from(self.carried));
        let shifted = high.times(&Natural::from_digits(vec![0, 0, 0, 0, 1]));
        let squares = shifted.plus(&Natural::from_u128(self.squares));
        spread(self.count, self.sum < 0, &size, &squares, 0)
    }
}

/// Count, sum in 256 bits and exact sum of squares of decimals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DecimalSums {
    count: u64,
    #[serde(with = "wide")]
    sum: i256,
    /// 2^64 squares of 2^254 take ten limbs; five more stand above the highest addition.
    squares: Limbs<15>,
}

impl DecimalSums {
    pub(super) fn new() -> Self {
        Self { count: 0, sum: i256::ZERO, squares: Limbs::new() }
    }

    pub(super) fn extend(&mut self, values: &[i128]) -> Result<(), Overflow> {
        for value in values {
            self.sum = self.sum.checked_add(i256::from_i128(*value)).ok_or(Overflow)?;
            let size = value.unsigned_abs();
            let (high, low) = (size >> 64, size & u128::from(u64::MAX));
            self.squares.make_room(3);
            self.squares.add(0, low * low);
            self.squares.add(65, high * low);
            self.squares.add(128, high * high);
        }
        let count = u64::try_from(values.len()).unwrap_or(u64::MAX);
        self.count = self.count.saturating_add(count);
        Ok(())
    }

    pub(super) fn merge(&mut self, other: &Self) -> Result<(), Overflow> {
        self.count = self.count.checked_add(other.count).ok_or(Overflow)?;
        self.sum = self.sum.checked_add(other.sum).ok_or(Overflow)?;
        self.squares.merge(&other.squares);
        Ok(())
    }

    /// Of values that stand for `unscaled / 10^scale`.
    pub(super) fn spread(&self, scale: i8) -> Spread {
        let negative = self.sum.is_negative();
        let (low, high) = self.sum.wrapping_abs().to_parts();
        let high = Natural::from_u128(high.cast_unsigned());
        let shifted = high.times(&Natural::from_digits(vec![0, 0, 0, 0, 1]));
        let size = shifted.plus(&Natural::from_u128(low));
        let (_, squares) = self.squares.magnitude();
        spread(self.count, negative, &size, &squares, scale)
    }
}

fn spread(count: u64, negative: bool, sum: &Natural, squares: &Natural, scale: i8) -> Spread {
    // A negative scale multiplies; 10^19 is the largest power of ten in 64 bits.
    let power = |times: u32| {
        let mut left = u32::from(scale.unsigned_abs()) * times;
        std::iter::from_fn(move || {
            let step = left.min(19);
            left -= step;
            (step > 0).then(|| 10_u64.pow(step))
        })
    };
    let grown = |number: &Natural, times: u32| {
        power(times).fold(number.clone(), |number, factor| {
            number.times(&Natural::from_u128(u128::from(factor)))
        })
    };
    let (sum, squares) =
        if scale < 0 { (grown(sum, 1), grown(squares, 2)) } else { (sum.clone(), squares.clone()) };
    let shrink = |times: u32| power(if scale > 0 { times } else { 0 });
    let divisors: Vec<u64> = std::iter::once(count).chain(shrink(1)).collect();
    let mean = sum.quotient(0, &divisors).round();
    let apart = variance(count, &sum, &squares, 0, &shrink(2).collect::<Vec<_>>());
    Spread {
        mean: (count > 0).then(|| with_sign(negative, mean)),
        sd: apart.map(super::natural::Scaled::root),
    }
}
