//! Fields of a line, and why one is refused.

use crate::clock::LocalDate;
use contract::{DecimalError, Origin, Price, Reject};
use std::borrow::Cow;

/// Why a line became no row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    code: &'static str,
    column: Option<&'static str>,
    expected: Cow<'static, str>,
    observed: Vec<u8>,
}

impl Refusal {
    pub(crate) fn line(code: &'static str, expected: impl Into<Cow<'static, str>>) -> Self {
        Self { code, column: None, expected: expected.into(), observed: Vec::new() }
    }

    pub(crate) fn stamp(code: &'static str, expected: &'static str) -> Self {
        Self { code, column: Some("ts_event"), expected: expected.into(), observed: Vec::new() }
    }

    pub(crate) fn cell(
        code: &'static str,
        column: &'static str,
        expected: &'static str,
        found: &[u8],
    ) -> Self {
        Self { code, column: Some(column), expected: expected.into(), observed: found.to_vec() }
    }

    pub(crate) fn into_reject(
        self,
        origin: &Origin,
        table: &str,
        number: u64,
        line: &[u8],
    ) -> Reject {
        let observed = if self.observed.is_empty() { line } else { &self.observed };
        let reject = Reject::new(origin, table, number, self.code);
        let mut reject = reject
            .about(self.column.unwrap_or(""), self.expected.as_bytes(), observed)
            .with_raw(line);
        if self.column.is_none() {
            reject.column = None;
        }
        reject
    }
}

/// The fields of a line; exactly one of the given numbers of them.
pub(crate) fn split<'a, const N: usize>(
    line: &'a [u8],
    counts: &[usize],
) -> Result<[&'a [u8]; N], Refusal> {
    let mut fields: [&[u8]; N] = [&[]; N];
    let mut n = 0;
    let mut rest = line;
    loop {
        let (field, more) = match memchr::memchr(b',', rest) {
            Some(at) => {
                let (field, tail) = rest.split_at(at);
                (field, tail.get(1..))
            }
            None => (rest, None),
        };
        if let Some(slot) = fields.get_mut(n) {
            *slot = field.trim_ascii();
        }
        n += 1;
        match more {
            Some(more) => rest = more,
            None => break,
        }
    }
    if counts.contains(&n) {
        return Ok(fields);
    }
    let counts: Vec<String> = counts.iter().map(usize::to_string).collect();
    Err(Refusal::line(
        "feeds/field-count",
        format!("{} fields, found {n} in this line", counts.join(" or ")),
    ))
}

/// A price of decimal text, or of integers of a hundredth of a cent.
pub(crate) fn price(text: &[u8], column: &'static str, is_equity: bool) -> Result<i64, Refusal> {
    let refuse = |error: DecimalError| match error {
        DecimalError::Precision(_) => {
            Refusal::cell("contract/precision", column, "at most 9 decimals", text)
        }
        DecimalError::Range { .. } => {
            Refusal::cell("contract/overflow", column, "a price below 9,223,372,036", text)
        }
        _ => Refusal::cell("contract/malformed-value", column, "a decimal price", text),
    };
    let nanos = Price::parse_bytes(text).map_err(refuse)?.nanos();
    if !is_equity {
        return Ok(nanos);
    }
    // 1e-9 of 0.0001 is 1e-13: what is finer than the one price scale is refused, never rounded.
    if nanos % 10_000 == 0 {
        Ok(nanos / 10_000)
    } else {
        Err(Refusal::cell("contract/precision", column, "a price of at most 9 decimals", text))
    }
}

/// A public size; `None` for 0 where 0 means that none was reported.
pub(crate) fn size(
    text: &[u8],
    column: &'static str,
    zero_is_unknown: bool,
) -> Result<Option<f64>, Refusal> {
    let is_numeric =
        text.iter().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E'));
    let value =
        std::str::from_utf8(text).ok().filter(|_| is_numeric).and_then(|t| t.parse::<f64>().ok());
    match value {
        None => Err(Refusal::cell("contract/malformed-value", column, "a size", text)),
        Some(value) if !value.is_finite() => {
            Err(Refusal::cell("contract/not-finite", column, "a finite size", text))
        }
        Some(value) if value < 0.0 => {
            Err(Refusal::cell("contract/negative-size", column, "a size of at least 0", text))
        }
        Some(0.0) => Ok((!zero_is_unknown).then_some(0.0)),
        Some(value) => Ok(Some(value)),
    }
}

/// Nanoseconds since local midnight from milliseconds with at most six decimals.
pub(crate) fn since_midnight(text: &[u8]) -> Result<i64, Refusal> {
    let refuse = || {
        Refusal::cell(
            "contract/malformed-value",
            "ts_event",
            "milliseconds since midnight, below 86,400,000",
            text,
        )
    };
    let mut ms: i64 = 0;
    if !text.is_empty() && text.len() <= 8 && text.iter().all(u8::is_ascii_digit) {
        for digit in text {
            ms = ms * 10 + i64::from(digit - b'0');
        }
        return if ms < 86_400_000 { Ok(ms * 1_000_000) } else { Err(refuse()) };
    }
    let nanos_of_ms = Price::parse_bytes(text).map_err(|_| refuse())?.nanos();
    let ns = nanos_of_ms / 1_000;
    if nanos_of_ms % 1_000 == 0 && (0..86_400_000_000_000).contains(&ns) {
        Ok(ns)
    } else {
        Err(refuse())
    }
}

/// A date and nanoseconds since midnight from `YYYYMMDD HH:MM`.
pub(crate) fn date_and_time(text: &[u8]) -> Result<(LocalDate, i64), Refusal> {
    let refuse =
        || Refusal::cell("contract/malformed-value", "ts_event", "a stamp `YYYYMMDD HH:MM`", text);
    let (date, time) = text.split_at_checked(8).ok_or_else(refuse)?;
    let date = LocalDate::parse(date).ok_or_else(refuse)?;
    let [b' ', h0, h1, b':', m0, m1] = time else { return Err(refuse()) };
    let digit = |b: &u8| b.is_ascii_digit().then(|| i64::from(b - b'0')).ok_or_else(refuse);
    let (hour, minute) = (digit(h0)? * 10 + digit(h1)?, digit(m0)? * 10 + digit(m1)?);
    if hour > 23 || minute > 59 {
        return Err(refuse());
    }
    Ok((date, (hour * 60 + minute) * 60_000_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_read_to_the_nanosecond_and_others_refused() {
        assert_eq!(since_midnight(b"86399999"), Ok(86_399_999_000_000));
        assert_eq!(since_midnight(b"34200000.000001"), Ok(34_200_000_000_001));
        for text in ["", "-1", "86400000", "12:30", "1e3x", "34200000.0000001"] {
            assert!(since_midnight(text.as_bytes()).is_err(), "{text}");
        }
        let date = LocalDate::parse(b"20070330").unwrap();
        assert_eq!(date_and_time(b"20070330 01:30"), Ok((date, 5_400_000_000_000)));
        for text in ["20070330", "20070330 24:00", "20070330T01:30", "2007033001:30", "x"] {
            assert!(date_and_time(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn equity_prices_are_hundredths_of_a_cent() {
        assert_eq!(price(b"1680300", "px", true), Ok(168_030_000_000));
        assert_eq!(price(b"0.00001", "px", true), Ok(1));
        assert_eq!(price(b"0.000001", "px", true).unwrap_err().code, "contract/precision");
    }

    #[test]
    fn sizes_keep_their_residue_and_zero_may_mean_unknown() {
        assert_eq!(size(b"31.115892870000003", "volume", false), Ok(Some(31.115_892_870_000_003)));
        assert_eq!(size(b"0", "volume", true), Ok(None));
        assert_eq!(size(b"0", "volume", false), Ok(Some(0.0)));
        assert_eq!(size(b"-1", "size", false).unwrap_err().code, "contract/negative-size");
        assert_eq!(size(b"1e999", "size", false).unwrap_err().code, "contract/not-finite");
        for text in ["", "NaN", "inf", "1,5", "0x1"] {
            assert_eq!(
                size(text.as_bytes(), "size", false).unwrap_err().code,
                "contract/malformed-value",
                "{text}"
            );
        }
    }
}
