//! Instants: nanoseconds of UTC since 1970, and their RFC 3339 text.

use std::fmt;

/// An instant in nanoseconds since 1970-01-01T00:00:00Z.
///
/// The only time type of the contract. A text without an offset is no instant and is refused.
///
/// ```
/// use contract::UtcNanos;
/// let t = UtcNanos::parse("2024-08-08T23:54:15.030314667Z")?;
/// assert_eq!(t.nanos(), 1_723_161_255_030_314_667);
/// assert_eq!(t.to_string(), "2024-08-08T23:54:15.030314667Z");
/// assert!(UtcNanos::parse("2024-08-08T23:54:15").is_err()); // naive
/// # Ok::<(), contract::TimeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UtcNanos(i64);

/// Why a text is no instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimeError {
    /// Not RFC 3339.
    #[error("expected an RFC 3339 time such as `2026-01-02T15:04:05.000000001Z`, found `{0}`")]
    Syntax(String),
    /// A date and time without `Z` or an offset.
    #[error("expected `Z` or an offset such as `+01:00` after the time, found `{0}`")]
    Naive(String),
    /// More than nine fractional digits.
    #[error("expected at most 9 fractional digits, found `{0}`")]
    Precision(String),
    /// Outside 1677-09-21 to 2262-04-11, or a month, day, hour, minute or second that does not exist.
    #[error("expected an existing time between 1677-09-21 and 2262-04-11, found `{0}`")]
    Range(String),
}

crate::diagnostic::input_error!(TimeError {
    Self::Syntax(_) => "contract/malformed-value",
    Self::Naive(_) => "contract/time-without-zone",
    Self::Precision(_) => "contract/precision",
    Self::Range(_) => "contract/out-of-range",
});

const NS_PER_S: i64 = 1_000_000_000;
const S_PER_DAY: i64 = 86_400;

impl UtcNanos {
    /// The instant at this many nanoseconds since 1970.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// The instant at a count of a coarser unit since 1970, or `None` on overflow.
    #[must_use]
    pub const fn from_unit(count: i64, unit_ns: i64) -> Option<Self> {
        match count.checked_mul(unit_ns) {
            Some(nanos) => Some(Self(nanos)),
            None => None,
        }
    }

    /// Nanoseconds since 1970.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// The instant `ns` later (earlier when negative), or `None` on overflow.
    #[must_use]
    pub fn checked_add_ns(self, ns: i64) -> Option<Self> {
        self.0.checked_add(ns).map(Self)
    }

    /// The UTC date, `YYYY-MM-DD`.
    #[must_use]
    pub fn date(self) -> String {
        let (y, m, d) = civil_from_days(self.0.div_euclid(S_PER_DAY * NS_PER_S));
        format!("{y:04}-{m:02}-{d:02}")
    }

    /// Parses RFC 3339 with an offset and at most nine fractional digits.
    ///
    /// # Errors
    /// [`TimeError`]; a leap second (`:60`) does not exist on this scale and is [`TimeError::Range`].
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        parse(text.as_bytes()).map_err(|refusal| refusal(text.to_owned()))
    }
}

type Refusal = fn(String) -> TimeError;

fn parse(text: &[u8]) -> Result<UtcNanos, Refusal> {
    const SYNTAX: Refusal = TimeError::Syntax;
    let mut at = Reader(text);
    let (year, month, day) = (at.digits(4)?, at.after(b'-', 2)?, at.after(b'-', 2)?);
    if !matches!(at.next(), Some(b'T' | b't' | b' ')) {
        return Err(SYNTAX);
    }
    let (hour, minute, second) = (at.digits(2)?, at.after(b':', 2)?, at.after(b':', 2)?);
    let mut fraction: i64 = 0;
    if at.peek() == Some(b'.') {
        at.next();
        let mut n = 0_u32;
        while let Some(digit @ b'0'..=b'9') = at.peek() {
            at.next();
            n += 1;
            if n > 9 {
                return Err(TimeError::Precision);
            }
            fraction = fraction * 10 + i64::from(digit - b'0');
        }
        if n == 0 {
            return Err(SYNTAX);
        }
        fraction *= 10_i64.pow(9 - n);
    }
    let offset_s = match at.next() {
        None => return Err(TimeError::Naive),
        Some(b'Z' | b'z') => 0,
        Some(sign @ (b'+' | b'-')) => {
            let (h, m) = (at.digits(2)?, at.after(b':', 2)?);
            if h > 23 || m > 59 {
                return Err(TimeError::Range);
            }
            let s = h * 3600 + m * 60;
            if sign == b'-' { -s } else { s }
        }
        Some(_) => return Err(SYNTAX),
    };
    if at.peek().is_some() {
        return Err(SYNTAX);
    }
    let exists = (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !exists {
        return Err(TimeError::Range);
    }
    let seconds =
        days_from_civil(year, month, day) * S_PER_DAY + hour * 3600 + minute * 60 + second
            - offset_s;
    // In i128, so that the last partial second before the minimum is reached from below.
    let nanos = i128::from(seconds) * i128::from(NS_PER_S) + i128::from(fraction);
    i64::try_from(nanos).map(UtcNanos).map_err(|_| TimeError::Range as Refusal)
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn digits(&mut self, n: usize) -> Result<i64, Refusal> {
        let mut value = 0;
        for _ in 0..n {
            match self.next() {
                Some(digit @ b'0'..=b'9') => value = value * 10 + i64::from(digit - b'0'),
                _ => return Err(TimeError::Syntax),
            }
        }
        Ok(value)
    }

    fn after(&mut self, mark: u8, n: usize) -> Result<i64, Refusal> {
        if self.next() == Some(mark) { self.digits(n) } else { Err(TimeError::Syntax) }
    }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a proleptic Gregorian date (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of [`days_from_civil`]; same source.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, day)
}

impl fmt::Display for UtcNanos {
    /// RFC 3339 in UTC with nine fractional digits.
    #[expect(clippy::many_single_char_names, reason = "year, month, day, seconds of the day")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.div_euclid(NS_PER_S);
        let (y, m, d) = civil_from_days(seconds.div_euclid(S_PER_DAY));
        let s = seconds.rem_euclid(S_PER_DAY);
        let (hour, minute, second, ns) =
            (s / 3600, s / 60 % 60, s % 60, self.0.rem_euclid(NS_PER_S));
        write!(f, "{y:04}-{m:02}-{d:02}T{hour:02}:{minute:02}:{second:02}.{ns:09}Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_instants_agree_with_date_of_coreutils() {
        // date -u -d '2000-02-29 12:34:56' +%s and so on
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:34:56Z", 951_827_696),
            ("2014-05-01T02:00:00+02:00", 1_398_902_400),
            ("1969-12-31T23:59:59Z", -1),
            ("2262-04-11T23:47:16Z", 9_223_372_036),
        ] {
            assert_eq!(
                UtcNanos::parse(text).map(UtcNanos::nanos),
                Ok(seconds * NS_PER_S),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_instant_says_why() {
        type Case = (&'static str, fn(String) -> TimeError);
        let cases: [Case; 10] = [
            ("2024-08-08T23:54:15", TimeError::Naive),
            ("2024-08-08", TimeError::Syntax),
            ("2024-08-08T23:54:15.Z", TimeError::Syntax),
            ("2024-08-08T23:54:15.0000000001Z", TimeError::Precision),
            ("2023-02-29T00:00:00Z", TimeError::Range),
            ("2024-08-08T24:00:00Z", TimeError::Range),
            ("2016-12-31T23:59:60Z", TimeError::Range),
            ("2263-01-01T00:00:00Z", TimeError::Range),
            ("1.7e18", TimeError::Syntax),
            ("2024-08-08T23:54:15ZZ", TimeError::Syntax),
        ];
        for (text, expected) in cases {
            assert_eq!(UtcNanos::parse(text), Err(expected(text.to_owned())));
        }
    }

    proptest! {
        #[test]
        fn every_instant_survives_text_and_back(nanos: i64) {
            let t = UtcNanos::from_nanos(nanos);
            prop_assert_eq!(UtcNanos::parse(&t.to_string()), Ok(t));
        }
    }
}
