//! Own quantities and money: exact decimals of nine places.

use crate::decimal::{self, DecimalError};
use std::fmt;

/// An own quantity or an amount of money, stored as `Decimal128(38, 9)`.
///
/// ```
/// use contract::Amount;
/// let fee = Amount::parse("0.1")?.checked_add(Amount::parse("0.2")?);
/// assert_eq!(fee, Some(Amount::parse("0.3")?)); // exact, which 0.1 + 0.2 in f64 is not
/// # Ok::<(), contract::DecimalError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(i128);

/// Largest magnitude of 38 decimal digits.
const MAX: i128 = 99_999_999_999_999_999_999_999_999_999_999_999_999;

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// Largest magnitude, as text.
    pub const LIMIT: &'static str = "99999999999999999999999999999.999999999";

    /// An amount from its integer of 1e-9, or `None` beyond 38 digits.
    #[must_use]
    pub const fn from_nanos(nanos: i128) -> Option<Self> {
        if nanos >= -MAX && nanos <= MAX { Some(Self(nanos)) } else { None }
    }

    /// A whole number of units.
    #[must_use]
    pub const fn from_units(units: i64) -> Self {
        Self(units as i128 * 1_000_000_000)
    }

    /// The integer of 1e-9.
    #[must_use]
    pub const fn nanos(self) -> i128 {
        self.0
    }

    /// Parses `[+-]digits[.digits][e[+-]digits]` exactly.
    ///
    /// # Errors
    /// [`DecimalError`] for other text, for a digit after the ninth decimal, and for a value out of range.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        Self::parse_bytes(text.as_bytes())
    }

    /// As [`Amount::parse`], from bytes that need not be UTF-8.
    ///
    /// # Errors
    /// As [`Amount::parse`].
    pub fn parse_bytes(text: &[u8]) -> Result<Self, DecimalError> {
        decimal::parse_any(text, MAX).map(Self).map_err(|e| e.about(text, Self::LIMIT))
    }

    /// The sum, or `None` beyond 38 digits.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).and_then(Self::from_nanos)
    }

    /// The difference, or `None` beyond 38 digits.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).and_then(Self::from_nanos)
    }

    /// The nearest `f64` in whole units: for derived values, never for sums of money.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal::write_nanos(f, self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_eight_digits_fit_and_one_more_is_refused() {
        let most = Amount::parse(Amount::LIMIT).unwrap();
        assert_eq!(most.nanos(), MAX);
        assert_eq!(most.to_string(), Amount::LIMIT);
        assert_eq!(most.checked_add(Amount::from_nanos(1).unwrap()), None);
        assert_eq!(
            Amount::parse("100000000000000000000000000000").unwrap_err().to_string(),
            format!(
                "expected a value within ±{}, found `100000000000000000000000000000`",
                Amount::LIMIT
            )
        );
    }
}
