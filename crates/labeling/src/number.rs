//! Numbers of a rule set: exact decimals, and the nearest `Float64`.

use contract::Amount;
use std::fmt;

/// Most significant digits of a number, so that its nearest `f64` reads back as the same decimal.
const DIGITS: usize = 15;

/// A number of a rule set, of at most 15 significant digits, 9 of them after the point.
///
/// Money is compared with the decimal, a `Float64` measure with the nearest `f64`.
///
/// ```
/// use labeling::Decimal;
/// let tenth = Decimal::parse("0.1").unwrap();
/// assert_eq!((tenth.amount().nanos(), tenth.nearest()), (100_000_000, 0.1));
/// assert_eq!(Decimal::parse("0.1234567890"), Decimal::parse("0.123456789"));
/// assert_eq!(Decimal::parse("1234567890123456"), None); // 16 digits
/// assert_eq!(Decimal::parse("1e-10"), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decimal {
    amount: Amount,
    nearest: f64,
}

impl Decimal {
    /// A decimal from its text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::of(Amount::parse(text).ok()?)
    }

    /// The decimal of an amount, or `None` beyond 15 digits.
    #[must_use]
    pub fn of(amount: Amount) -> Option<Self> {
        let text = amount.to_string();
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let mut significant = digits.trim_start_matches('0');
        if !text.contains('.') {
            significant = significant.trim_end_matches('0');
        }
        if significant.len() > DIGITS {
            return None;
        }
        // Reading decimal text is correctly rounded; a division of the integer would round twice.
        Some(Self { amount, nearest: text.parse().ok()? })
    }

    /// The exact value.
    #[must_use]
    pub const fn amount(self) -> Amount {
        self.amount
    }

    /// The nearest `f64`.
    #[must_use]
    pub const fn nearest(self) -> f64 {
        self.nearest
    }
}

impl fmt::Display for Decimal {
    /// Without trailing zeros.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.amount.fmt(f)
    }
}
