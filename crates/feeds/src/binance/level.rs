//! Price levels in the one form in which the venue writes them.

use super::message::Level;
use contract::Price;

/// Powers of ten that both `i64` and `f64` hold exactly.
const TENS: [i64; 16] = [
    1,
    10,
    100,
    1_000,
    10_000,
    100_000,
    1_000_000,
    10_000_000,
    100_000_000,
    1_000_000_000,
    10_000_000_000,
    100_000_000_000,
    1_000_000_000_000,
    10_000_000_000_000,
    100_000_000_000_000,
    1_000_000_000_000_000,
];

/// The level `["61800.30","2.507"]` that a text starts with, and what follows it.
///
/// `None` for every other form, valid or not: the scanner reads those, and gives the same values where both can.
pub(super) fn plain_level(text: &[u8]) -> Option<(Level, &[u8])> {
    let px = plain_decimal(text.strip_prefix(b"[\"")?)?;
    let size = plain_decimal(px.rest.strip_prefix(b"\",\"")?)?;
    let rest = size.rest.strip_prefix(b"\"]")?;
    let nanos = px.digits.checked_mul(*TENS.get(9_usize.checked_sub(px.n_decimals)?)?)?;
    if size.n_digits > 15 {
        return None;
    }
    // Both numbers are exact in `f64`, so the quotient is rounded once, as `str::parse` rounds.
    let size = size.digits as f64 / *TENS.get(size.n_decimals)? as f64;
    Some((Level { px: Price::from_nanos(nanos), size }, rest))
}

struct Decimal<'a> {
    digits: i64,
    n_digits: usize,
    n_decimals: usize,
    rest: &'a [u8],
}

/// At most 18 digits, with at most one point between two of them.
fn plain_decimal(mut rest: &[u8]) -> Option<Decimal<'_>> {
    let (mut digits, mut n_digits) = (0_i64, 0_usize);
    let mut whole = None;
    loop {
        match rest {
            [digit @ b'0'..=b'9', tail @ ..] => {
                if n_digits == 18 {
                    return None;
                }
                digits = digits * 10 + i64::from(digit - b'0');
                n_digits += 1;
                rest = tail;
            }
            [b'.', tail @ ..] if whole.is_none() && n_digits > 0 => {
                whole = Some(n_digits);
                rest = tail;
            }
            _ => break,
        }
    }
    let n_decimals = n_digits - whole.unwrap_or(n_digits);
    let is_whole = n_digits > 0 && whole.is_none_or(|whole| whole < n_digits);
    is_whole.then_some(Decimal { digits, n_digits, n_decimals, rest })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binance::number::parse_size;
    use proptest::prelude::*;

    #[test]
    fn any_other_form_is_left_to_the_scanner() {
        for text in [
            r#"["1.","2"]"#,
            r#"[".1","2"]"#,
            r#"["","2"]"#,
            r#"["-1","2"]"#,
            r#"["1e3","2"]"#,
            r#"[ "1","2"]"#,
            r#"["1","2",[]]"#,
            r#"["1.0000000000","2"]"#,
            r#"["1","2"#,
            "[1,2]",
            r#"["1.2.3","2"]"#,
            r#"["1","1234567890123456"]"#,
            r#"["99999999999","2"]"#,
        ] {
            assert_eq!(plain_level(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_here_is_what_the_parsers_of_one_number_read(
            px in "[0-9]{1,12}(\\.[0-9]{1,10})?",
            size in "[0-9]{1,10}(\\.[0-9]{1,8})?",
        ) {
            let text = format!("[\"{px}\",\"{size}\"],");
            if let Some((level, rest)) = plain_level(text.as_bytes()) {
                prop_assert_eq!(Price::parse(&px), Ok(level.px));
                prop_assert_eq!(parse_size(size.as_bytes()), Ok(level.size));
                prop_assert_eq!(rest, b",");
            }
        }
    }
}
