//! Decimals of rules, exact.

/// A decimal as a rule writes it: up to 38 digits count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decimal {
    is_negative: bool,
    digits: i128,
    exponent: i32,
}

impl Decimal {
    /// Reads what Rust reads as a finite number.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (is_negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let (mut digits, mut shift, mut any) = (0_i128, 0_i32, false);
        for (at, byte) in whole.bytes().chain(fraction.bytes()).enumerate() {
            let digit = i128::from(byte.checked_sub(b'0').filter(|d| *d < 10)?);
            any = true;
            let is_fraction = at >= whole.len();
            match digits.checked_mul(10).and_then(|d| d.checked_add(digit)) {
                Some(more) => {
                    digits = more;
                    shift -= i32::from(is_fraction);
                }
                None => shift += i32::from(!is_fraction),
            }
        }
        any.then_some(Self { is_negative, digits, exponent: exponent.saturating_add(shift) })
    }

    /// The greatest whole number of units of 10^-scale that is not above it, and whether it is that number; at the ends of
    /// `i128` where it lies beyond them.
    pub(crate) fn floor(self, scale: i32) -> (i128, bool) {
        let shift = self.exponent.saturating_add(scale);
        let power = 10_i128.checked_pow(shift.unsigned_abs());
        let (size, is_exact) = match (self.digits, power) {
            (0, _) => (0, true),
            (digits, Some(power)) if shift >= 0 => {
                (digits.checked_mul(power).unwrap_or(i128::MAX), true)
            }
            (_, None) if shift >= 0 => (i128::MAX, true),
            (digits, Some(power)) => (digits / power, digits % power == 0),
            (_, None) => (0, false),
        };
        match (self.is_negative, is_exact) {
            (false, _) => (size, is_exact),
            (true, true) => (-size, true),
            (true, false) => (-size - 1, false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Decimal;

    #[test]
    fn a_decimal_is_whole_units_or_says_that_it_is_not() {
        let floor = |text: &str, scale| Decimal::parse(text).map(|d| d.floor(scale));
        assert_eq!(floor("0.01", 9), Some((10_000_000, true)));
        assert_eq!(floor("-0.5", 0), Some((-1, false)));
        assert_eq!(floor("2.5", 0), Some((2, false)));
        assert_eq!(floor("1e3", 0), Some((1_000, true)));
        assert_eq!(floor("12e-1", 1), Some((12, true)));
        assert_eq!(floor("1e-400", 9), Some((0, false)));
        assert_eq!(floor("-1e-400", 9), Some((-1, false)));
        assert_eq!(floor("1e300", 9), Some((i128::MAX, true)));
        assert_eq!(floor("-0", 9), Some((0, true)));
        assert_eq!(floor("", 9), None);
        assert_eq!(floor("1x", 9), None);
    }
}
