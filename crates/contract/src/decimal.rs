//! Exact decimal text: digits to scaled integers and back, never through a float.

use std::fmt;

/// Decimal places of every price, quantity and amount of money.
const SCALE: u32 = 9;

/// Why a text is no decimal of at most nine decimals in the range of its type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecimalError {
    /// The text is not `[+-]digits[.digits][e[+-]digits]`.
    #[error("expected decimal digits, found `{0}`")]
    Syntax(String),
    /// A digit that is not zero stands after the ninth decimal.
    #[error("expected at most 9 decimals, found `{0}`")]
    Precision(String),
    /// The value does not fit.
    #[error("expected a value within ±{limit}, found `{found}`")]
    Range {
        /// Largest magnitude of the type.
        limit: &'static str,
        /// The text as it came.
        found: String,
    },
}

crate::diagnostic::input_error!(DecimalError {
    Self::Syntax(_) => "contract/malformed-value",
    Self::Precision(_) => "contract/precision",
    Self::Range { .. } => "contract/overflow",
});

/// Why plain parsing stopped; the caller adds the text and its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Syntax,
    Precision,
    Range,
}

impl Refusal {
    #[cold]
    pub(crate) fn about(self, text: &[u8], limit: &'static str) -> DecimalError {
        let found = crate::text::excerpt(text);
        match self {
            Self::Syntax => DecimalError::Syntax(found),
            Self::Precision => DecimalError::Precision(found),
            Self::Range => DecimalError::Range { limit, found },
        }
    }
}

/// Parses decimal text to an integer of 1e-9.
///
/// The common form, an optional sign and at most 18 digits in all without exponent, takes one pass in 64-bit
/// arithmetic; everything else goes through [`parse_any`].
pub(crate) fn parse_nanos_i64(text: &[u8]) -> Result<i64, Refusal> {
    const TENS: [i64; 10] =
        [1_000_000_000, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];
    let (negative, digits) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    // 18 bytes hold at most 18 digits, so neither step can overflow; anything else takes the long way.
    if digits.len() <= 18 {
        let (whole, rest) = leading_digits(digits, 0);
        let (mantissa, fraction, tail) = match rest.split_first() {
            Some((b'.', fraction)) => {
                let (mantissa, tail) = leading_digits(fraction, whole);
                (mantissa, fraction, tail)
            }
            _ => (whole, rest, rest),
        };
        // A point needs a digit on both sides.
        let has_point = rest.len() > fraction.len();
        let well_formed =
            digits.len() > rest.len() && tail.is_empty() && !(has_point && fraction.is_empty());
        if well_formed
            && let Some(&ten) = TENS.get(fraction.len())
            && let Ok(mantissa) = i64::try_from(mantissa)
            && let Some(value) = mantissa.checked_mul(ten)
        {
            return Ok(if negative { -value } else { value });
        }
    }
    let wide = parse_any(text, i128::from(i64::MAX))?;
    i64::try_from(wide).map_err(|_| Refusal::Range)
}

/// Appends the digits at the start of a text to a value, and returns what stands behind them.
fn leading_digits(mut text: &[u8], mut value: u64) -> (u64, &[u8]) {
    while let Some((chunk, rest)) = text.split_first_chunk::<8>()
        && let Some(eight) = eight_digits(*chunk)
    {
        value = value.wrapping_mul(100_000_000).wrapping_add(eight);
        text = rest;
    }
    while let Some((byte, rest)) = text.split_first()
        && byte.is_ascii_digit()
    {
        value = value.wrapping_mul(10).wrapping_add(u64::from(byte & 0x0f));
        text = rest;
    }
    (value, text)
}

/// The value of eight digits, joined pairwise to twos, fours and eight; `None` when one is no digit.
fn eight_digits(bytes: [u8; 8]) -> Option<u64> {
    let text = u64::from_le_bytes(bytes);
    // A byte below `0` borrows into its high bit, a byte above `9` carries into it.
    let below = text.wrapping_sub(0x3030_3030_3030_3030);
    let above = text.wrapping_add(0x4646_4646_4646_4646);
    if (text | below | above) & 0x8080_8080_8080_8080 != 0 {
        return None;
    }
    let twos = (below.wrapping_mul(10).wrapping_add(below >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (twos.wrapping_mul(100).wrapping_add(twos >> 16)) & 0x0000_ffff_0000_ffff;
    Some((fours.wrapping_mul(10_000).wrapping_add(fours >> 32)) & 0xffff_ffff)
}

/// Parses any decimal text to an integer of 1e-9 whose magnitude is at most `limit`.
pub(crate) fn parse_any(text: &[u8], limit: i128) -> Result<i128, Refusal> {
    let (negative, body) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    let (mantissa, exponent) = match body.iter().position(|b| matches!(b, b'e' | b'E')) {
        Some(at) => {
            let (mantissa, tail) = body.split_at(at);
            (mantissa, parse_exponent(tail.get(1..).unwrap_or_default())?)
        }
        None => (body, 0),
    };
    let (whole, fraction) = match mantissa.iter().position(|&b| b == b'.') {
        Some(at) => {
            let (whole, tail) = mantissa.split_at(at);
            let fraction = tail.get(1..).unwrap_or_default();
            if fraction.is_empty() {
                return Err(Refusal::Syntax);
            }
            (whole, fraction)
        }
        None => (mantissa, &[][..]),
    };
    if whole.is_empty() || !whole.iter().chain(fraction).all(u8::is_ascii_digit) {
        return Err(Refusal::Syntax);
    }
    // Value = digits * 10^(exponent - fraction.len()); wanted: digits * 10^shift in units of 1e-9.
    let fraction_len = i64::try_from(fraction.len()).map_err(|_| Refusal::Range)?;
    let shift = i64::from(exponent) - fraction_len + i64::from(SCALE);
    let n_digits = i64::try_from(whole.len() + fraction.len()).map_err(|_| Refusal::Range)?;
    let mut value: i128 = 0;
    for (digit, place) in whole.iter().chain(fraction).zip((0..n_digits).rev()) {
        let digit = i128::from(digit - b'0');
        if place + shift < 0 {
            if digit != 0 {
                return Err(Refusal::Precision);
            }
            continue;
        }
        value = value
            .checked_mul(10)
            .and_then(|v| v.checked_add(digit))
            .filter(|v| *v <= limit)
            .ok_or(Refusal::Range)?;
    }
    if value != 0 {
        for _ in 0..shift.max(0) {
            value = value.checked_mul(10).filter(|v| *v <= limit).ok_or(Refusal::Range)?;
        }
    }
    Ok(if negative { -value } else { value })
}

/// An exponent beyond four digits says nothing about a price: it is out of range, or the value is zero.
fn parse_exponent(text: &[u8]) -> Result<i32, Refusal> {
    let (negative, digits) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Refusal::Syntax);
    }
    let mut value: i32 = 0;
    for &digit in digits {
        value = (value * 10 + i32::from(digit - b'0')).min(99_999);
    }
    Ok(if negative { -value } else { value })
}

/// Writes an integer of 1e-9 as decimal text without trailing zeros.
pub(crate) fn write_nanos(f: &mut fmt::Formatter<'_>, nanos: i128) -> fmt::Result {
    const UNIT: u128 = 1_000_000_000;
    let magnitude = nanos.unsigned_abs();
    let sign = if nanos < 0 { "-" } else { "" };
    let (whole, fraction) = (magnitude / UNIT, magnitude % UNIT);
    if fraction == 0 {
        return write!(f, "{sign}{whole}");
    }
    let mut width = 9;
    let mut rest = fraction;
    while rest % 10 == 0 {
        rest /= 10;
        width -= 1;
    }
    write!(f, "{sign}{whole}.{rest:0width$}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, expected: Result<i64, Refusal>) {
        assert_eq!(parse_nanos_i64(text.as_bytes()), expected, "`{text}`");
    }

    #[test]
    fn decimal_text_becomes_nanos_exactly() {
        check("1.123", Ok(1_123_000_000));
        check("-0.000000001", Ok(-1));
        check("+61700.10", Ok(61_700_100_000_000));
        check("0", Ok(0));
        check("-0.0", Ok(0));
        check("00012", Ok(12_000_000_000));
        check("1e-9", Ok(1));
        check("1.5E+3", Ok(1_500_000_000_000));
        check("0e99999", Ok(0));
        check("1.1000000000000000000000", Ok(1_100_000_000));
        check("9223372036.854775807", Ok(i64::MAX));
        check("-9223372036.854775807", Ok(-i64::MAX));
    }

    #[test]
    fn surplus_digits_are_refused_and_never_rounded() {
        check("0.0000000001", Err(Refusal::Precision));
        check("1.0000000019", Err(Refusal::Precision));
        check("1e-10", Err(Refusal::Precision));
    }

    #[test]
    fn values_beyond_the_range_are_refused() {
        check("9223372036.854775808", Err(Refusal::Range));
        check("99999999999", Err(Refusal::Range));
        check("1e30", Err(Refusal::Range));
        check("1e99999999999", Err(Refusal::Range));
    }

    #[test]
    fn text_that_is_no_number_is_refused() {
        for text in [
            "", "-", "+", ".", "1.", ".5", "1..2", "1,5", "NaN", "inf", "0x10", "1e", "1e+", " 1",
            "1 ", "１",
        ] {
            check(text, Err(Refusal::Syntax));
        }
    }

    proptest! {
        #[test]
        fn every_price_survives_text_and_back(nanos in -i64::MAX..=i64::MAX) {
            let text = crate::Price::from_nanos(nanos).to_string();
            prop_assert_eq!(parse_nanos_i64(text.as_bytes()), Ok(nanos));
        }

        #[test]
        fn the_short_way_agrees_with_the_long_way(text in "[+-]?[0-9]{0,12}(\\.[0-9]{0,11})?(e[+-]?[0-9]{1,3})?") {
            let long = parse_any(text.as_bytes(), i128::from(i64::MAX)).map(|v| i64::try_from(v).unwrap());
            prop_assert_eq!(parse_nanos_i64(text.as_bytes()), long);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let short = parse_nanos_i64(&bytes);
            let long = parse_any(&bytes, i128::from(i64::MAX));
            prop_assert_eq!(short.is_ok(), long.is_ok());
        }
    }
}
