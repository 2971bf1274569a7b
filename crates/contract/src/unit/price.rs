//! A price in 1e-9 of its quote currency.

use crate::decimal::{self, DecimalError};
use crate::diagnostic::{Diagnostic, Fault};
use std::fmt;

/// A price as an integer of 1e-9 of the quote currency (of a point, for indices).
///
/// - **Units:** 1e-9, one scale for ever; a price with a finer tick cannot be represented and is refused.
/// - **Cost:** `parse` reads the text once in integer arithmetic.
///
/// ```
/// use contract::Price;
/// let px = Price::parse("61700.10")?;
/// assert_eq!(px.nanos(), 61_700_100_000_000);
/// assert_eq!(px.to_string(), "61700.1");
/// assert!(Price::parse("0.0000000001").is_err()); // a tenth of the scale: refused, never rounded
/// # Ok::<(), contract::DecimalError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Price(i64);

impl Price {
    /// Largest magnitude, as text.
    pub const LIMIT: &'static str = "9223372036.854775807";

    /// A price from its integer of 1e-9.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// The integer of 1e-9.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Parses `[+-]digits[.digits][e[+-]digits]` exactly.
    ///
    /// # Errors
    /// [`DecimalError`] for other text, for a digit after the ninth decimal, and for a value out of range.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        Self::parse_bytes(text.as_bytes())
    }

    /// As [`Price::parse`], from bytes that need not be UTF-8.
    ///
    /// # Errors
    /// As [`Price::parse`].
    pub fn parse_bytes(text: &[u8]) -> Result<Self, DecimalError> {
        decimal::parse_nanos_i64(text).map(Self).map_err(|e| e.about(text, Self::LIMIT))
    }

    /// Parses the tick of an instrument at its registration.
    ///
    /// ```
    /// use contract::{Diagnostic, Price};
    /// assert_eq!(Price::parse_tick("0.00001")?.nanos(), 10_000);
    /// assert_eq!(Price::parse_tick("0.00000000001").unwrap_err().code(), "contract/tick-too-fine");
    /// # Ok::<(), contract::TickError>(())
    /// ```
    ///
    /// # Errors
    /// [`TickError`] for a tick finer than 1e-9, for one that is not above 0, and for text that is no price.
    pub fn parse_tick(text: &str) -> Result<Self, TickError> {
        match Self::parse(text) {
            Ok(tick) if tick.0 > 0 => Ok(tick),
            Ok(tick) => Err(TickError::NotPositive(tick)),
            Err(DecimalError::Precision(found)) => Err(TickError::TooFine(found)),
            Err(error) => Err(TickError::Malformed(error)),
        }
    }

    /// The sum, or `None` on overflow.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, or `None` on overflow.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The nearest `f64` in whole units: for derived values, never for arithmetic on prices.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal::write_nanos(f, i128::from(self.0))
    }
}

/// Why an instrument's tick was refused at registration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TickError {
    /// Finer than the one price scale.
    #[error("instruments.tick_size: expected a tick of at least 0.000000001, found `{0}`")]
    TooFine(String),
    /// Zero or below.
    #[error("instruments.tick_size: expected a tick above 0, found `{0}`")]
    NotPositive(Price),
    /// No price at all.
    #[error("instruments.tick_size: {0}")]
    Malformed(#[source] DecimalError),
}

impl Diagnostic for TickError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooFine(_) => "contract/tick-too-fine",
            Self::NotPositive(_) => "contract/out-of-range",
            Self::Malformed(error) => error.code(),
        }
    }

    fn fault(&self) -> Fault {
        Fault::Input
    }

    fn help(&self) -> Option<String> {
        let way_out = "register a symbol quoted per 1,000 or 1,000,000 units";
        matches!(self, Self::TooFine(_)).then(|| way_out.to_owned())
    }
}
