//! Natural numbers of any length, for results that are rounded once.

use std::cmp::Ordering;

/// A natural number as 32-bit digits, the least first, without zeros at its end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Natural(Vec<u32>);

impl Natural {
    pub(crate) fn from_digits(mut digits: Vec<u32>) -> Self {
        while digits.last() == Some(&0) {
            digits.pop();
        }
        Self(digits)
    }

    pub(crate) fn from_u128(value: u128) -> Self {
        Self::from_digits((0..4).map(|place| low(value >> (32 * place))).collect())
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn plus(&self, other: &Self) -> Self {
        let mut carry = 0_u64;
        let mut digits = Vec::with_capacity(self.0.len().max(other.0.len()) + 1);
        for place in 0..self.0.len().max(other.0.len()) {
            let sum = self.digit(place) + other.digit(place) + carry;
            digits.push(low(u128::from(sum)));
            carry = sum >> 32;
        }
        digits.push(low(u128::from(carry)));
        Self::from_digits(digits)
    }

    /// Its distance to `other`, and whether it is the smaller one.
    pub(crate) fn minus(&self, other: &Self) -> (bool, Self) {
        if self.compare(other) == Ordering::Less {
            return (true, other.minus(self).1);
        }
        let mut borrow = 0_u64;
        let mut digits = Vec::with_capacity(self.0.len());
        for place in 0..self.0.len() {
            let lent = (1 << 32) + self.digit(place) - other.digit(place) - borrow;
            digits.push(low(u128::from(lent)));
            borrow = 1 - (lent >> 32);
        }
        (false, Self::from_digits(digits))
    }

    pub(crate) fn times(&self, other: &Self) -> Self {
        let mut digits = vec![0_u32; self.0.len() + other.0.len()];
        for (start, mine) in self.0.iter().enumerate() {
            let mut carry = 0_u64;
            for (place, digit) in digits.iter_mut().skip(start).enumerate() {
                // At most (2^32 - 1)^2 + 2 (2^32 - 1) = 2^64 - 1.
                let sum = u64::from(*mine) * other.digit(place) + u64::from(*digit) + carry;
                *digit = low(u128::from(sum));
                carry = sum >> 32;
            }
        }
        Self::from_digits(digits)
    }

    /// `self * 2^exponent`, divided by each divisor in turn, to 128 bits and the knowledge of whether anything is left.
    /// A divisor of zero counts as one.
    pub(crate) fn quotient(&self, exponent: i64, divisors: &[u64]) -> Scaled {
        if self.is_zero() {
            return Scaled { top: 0, exponent: 0, rest: false };
        }
        // A quotient of at least 128 bits: each divisor takes 64 at most.
        let added = 4 + 2 * divisors.len();
        let mut digits = vec![0_u32; added];
        digits.extend(&self.0);
        let mut rest = false;
        for divisor in divisors {
            let divisor = u128::from((*divisor).max(1));
            let mut left = 0_u128;
            for digit in digits.iter_mut().rev() {
                left = (left << 32) | u128::from(*digit);
                *digit = low(left / divisor);
                left %= divisor;
            }
            rest |= left != 0;
        }
        let exponent = exponent - 32 * i64::try_from(added).unwrap_or(0);
        Self::from_digits(digits).top(exponent, rest)
    }

    fn top(&self, exponent: i64, mut rest: bool) -> Scaled {
        let above = self.0.len().saturating_sub(5);
        let mut top = 0_u128;
        // Five digits hold 129 bits or more, of which 128 count.
        let zeros = self.0.last().map_or(0, |digit| digit.leading_zeros());
        for place in (above..self.0.len()).rev() {
            let digit = u128::from(self.digit(place));
            let from_top = i64::try_from(self.0.len() - place).unwrap_or(0);
            let shift = 128 - 32 * from_top + i64::from(zeros);
            if let Ok(left) = u32::try_from(shift) {
                top |= digit << left;
            } else {
                let right = u32::try_from(-shift).unwrap_or(0);
                top |= digit >> right;
                rest |= digit & ((1 << right) - 1) != 0;
            }
        }
        rest |= self.0.iter().take(above).any(|digit| *digit != 0);
        let bits = 32 * i64::try_from(self.0.len()).unwrap_or(0) - i64::from(zeros);
        Scaled { top, exponent: exponent + bits - 128, rest }
    }

    fn digit(&self, place: usize) -> u64 {
        self.0.get(place).copied().map_or(0, u64::from)
    }

    fn compare(&self, other: &Self) -> Ordering {
        let by_length = self.0.len().cmp(&other.0.len());
        by_length.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the lowest 32 bits are wanted")]
fn low(value: u128) -> u32 {
    value as u32
}

/// `top * 2^exponent`, and a little more where `rest`; the highest bit of `top` is set unless all is zero.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scaled {
    top: u128,
    exponent: i64,
    rest: bool,
}

impl Scaled {
    /// The nearest double, ties to even; infinity beyond the range, subnormals rounded once.
    pub(crate) fn round(self) -> f64 {
        let leading = self.exponent + 127;
        if self.top == 0 || leading < -1075 {
            return 0.0;
        }
        if leading > 1023 {
            return f64::INFINITY;
        }
        // Below 2^-1022 a double has fewer bits.
        let bits = if leading < -1022 { leading + 1075 } else { 53 };
        let drop = u32::try_from(128 - bits).unwrap_or(75);
        let kept = self.top.checked_shr(drop).unwrap_or(0);
        let half = 1_u128 << (drop - 1);
        let cut = self.top & (half | (half - 1));
        let up = cut > half || (cut == half && (self.rest || kept & 1 == 1));
        let kept = u64::try_from(kept).unwrap_or(0) + u64::from(up);
        // A carry out of the mantissa lands in the exponent, where it belongs.
        let below = u64::try_from((leading + 1022).max(0)).unwrap_or(0) << 52;
        f64::from_bits(below + kept)
    }

    /// The square root, rounded once.
    pub(crate) fn root(self) -> f64 {
        if self.top == 0 {
            return 0.0;
        }
        let odd = self.exponent & 1;
        let radicand = self.top >> odd;
        let root = radicand.isqrt();
        let rest = self.rest || (odd == 1 && self.top & 1 == 1) || root * root != radicand;
        let zeros = root.leading_zeros();
        let exponent = (self.exponent + odd).div_euclid(2) - i64::from(zeros);
        Self { top: root << zeros, exponent, rest }.round()
    }
}
