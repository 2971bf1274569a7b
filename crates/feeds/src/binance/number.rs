//! Sizes: decimal text to the nearest `f64`, never negative.

/// Why a text is no size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadSize {
    Malformed,
    Negative,
    Overflow,
}

/// Powers of ten that `f64` holds exactly.
const TENS: [f64; 16] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// The size that a decimal text says.
///
/// At most 15 digits without exponent take one pass: digits and power of ten are exact in `f64`, so their quotient
/// is rounded once and equals what `str::parse` gives. Everything else goes through `str::parse`.
pub(super) fn parse_size(text: &[u8]) -> Result<f64, BadSize> {
    if text.len() <= 16 {
        let mut digits: u64 = 0;
        let mut decimals: Option<usize> = None;
        let mut clean = !text.is_empty();
        for &byte in text {
            let digit = byte.wrapping_sub(b'0');
            if digit < 10 {
                digits = digits * 10 + u64::from(digit);
                decimals = decimals.map(|n| n + 1);
            } else if byte == b'.' && decimals.is_none() {
                decimals = Some(0);
            } else {
                clean = false;
                break;
            }
        }
        let n_digits = text.len() - usize::from(decimals.is_some());
        let well_formed = n_digits <= 15
            && match decimals {
                Some(n) => n > 0 && n_digits > n,
                None => n_digits > 0,
            };
        if clean
            && well_formed
            && let Some(ten) = TENS.get(decimals.unwrap_or(0))
        {
            return Ok(digits as f64 / ten);
        }
    }
    parse_any(text)
}

#[cold]
fn parse_any(text: &[u8]) -> Result<f64, BadSize> {
    // The grammar of a price, so that `inf`, `nan`, `.5` and `1.` are no sizes.
    let unsigned = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.iter().position(|b| matches!(b, b'e' | b'E')) {
        Some(at) => (unsigned.get(..at), unsigned.get(at + 1..)),
        None => (Some(unsigned), None),
    };
    let mantissa = mantissa.unwrap_or_default();
    let is_digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let mantissa_ok = match mantissa.iter().position(|b| *b == b'.') {
        Some(at) => {
            is_digits(mantissa.get(..at).unwrap_or_default())
                && is_digits(mantissa.get(at + 1..).unwrap_or_default())
        }
        None => is_digits(mantissa),
    };
    let exponent_ok = exponent.is_none_or(|e| {
        is_digits(e.strip_prefix(b"-").or_else(|| e.strip_prefix(b"+")).unwrap_or(e))
    });
    if !mantissa_ok || !exponent_ok {
        return Err(BadSize::Malformed);
    }
    let text = std::str::from_utf8(text).map_err(|_| BadSize::Malformed)?;
    let value: f64 = text.parse().map_err(|_| BadSize::Malformed)?;
    if value < 0.0 {
        Err(BadSize::Negative)
    } else if value.is_finite() {
        Ok(value + 0.0) // -0 becomes 0
    } else {
        Err(BadSize::Overflow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_that_is_no_size_says_why() {
        for text in ["", ".", "1.", ".5", "1.2.3", "inf", "NaN", "0x1", " 1", "1e", "e1", "1_0"] {
            assert_eq!(parse_size(text.as_bytes()), Err(BadSize::Malformed), "`{text}`");
        }
        assert_eq!(parse_size(b"-1"), Err(BadSize::Negative));
        assert_eq!(parse_size(b"1e999"), Err(BadSize::Overflow));
        assert_eq!(parse_size(b"-0.000").map(f64::to_bits), Ok(0.0_f64.to_bits()));
        assert_eq!(parse_size(b"31.115892870000003"), Ok(31.115_892_870_000_003));
    }

    proptest! {
        #[test]
        fn the_short_way_equals_the_standard_library(text in "[0-9]{1,10}(\\.[0-9]{1,10})?") {
            prop_assert_eq!(parse_size(text.as_bytes()), Ok(text.parse::<f64>().unwrap()));
        }
    }
}
