//! Durations as written in window names and configuration: `100ms`, `5m`.

/// Why a text is no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DurationError {
    /// Not a whole number followed by a unit.
    #[error("expected a whole number and one of ns, us, ms, s, m, h, d, w, found `{0}`")]
    Syntax(String),
    /// Does not fit in 64-bit nanoseconds.
    #[error("expected a duration of at most 292 years, found `{0}`")]
    Range(String),
}

crate::diagnostic::input_error!(DurationError {
    Self::Syntax(_) => "contract/malformed-value",
    Self::Range(_) => "contract/overflow",
});

const UNITS: [(&str, i64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
    ("w", 604_800_000_000_000),
];

/// Parses a duration token to nanoseconds.
///
/// - **Units:** `ns us ms s m h d w`, a day being 24 h.
///
/// ```
/// assert_eq!(contract::parse_duration_ns("100ms")?, 100_000_000);
/// assert_eq!(contract::parse_duration_ns("-5h")?, -18_000_000_000_000);
/// assert!(contract::parse_duration_ns("5").is_err()); // a bare number has no unit
/// # Ok::<(), contract::DurationError>(())
/// ```
///
/// # Errors
/// [`DurationError`] for another form, and for more than 64 bits of nanoseconds.
pub fn parse_duration_ns(text: &str) -> Result<i64, DurationError> {
    let syntax = || DurationError::Syntax(crate::text::excerpt(text.as_bytes()));
    let (negative, body) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let at = body.find(|c: char| !c.is_ascii_digit()).ok_or_else(syntax)?;
    let (digits, unit) = body.split_at(at);
    let &(_, ns) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(syntax)?;
    if digits.is_empty() {
        return Err(syntax());
    }
    let count: Option<i64> = digits.parse().ok();
    let ns = count
        .and_then(|n| n.checked_mul(ns))
        .ok_or_else(|| DurationError::Range(text.to_owned()))?;
    Ok(if negative { -ns } else { ns })
}

/// Writes nanoseconds in the largest unit that divides them.
///
/// ```
/// assert_eq!(contract::format_duration_ns(300_000_000_000), "5m");
/// assert_eq!(contract::format_duration_ns(1_500_000_000), "1500ms");
/// ```
#[must_use]
pub fn format_duration_ns(ns: i64) -> String {
    if ns == 0 {
        return "0ns".to_owned();
    }
    let (name, unit) =
        UNITS.iter().rev().find(|(_, unit)| ns % unit == 0).copied().unwrap_or(("ns", 1));
    format!("{}{name}", ns / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_forms_are_refused() {
        for text in ["", "5", "ms", "1.5s", "5 m", "5M", "+5s", "--5s"] {
            assert_eq!(parse_duration_ns(text), Err(DurationError::Syntax(text.to_owned())));
        }
        assert_eq!(parse_duration_ns("20000w"), Err(DurationError::Range("20000w".to_owned())));
    }

    #[test]
    fn each_unit_survives_text_and_back() {
        for (name, ns) in UNITS {
            assert_eq!(parse_duration_ns(&format!("3{name}")), Ok(3 * ns));
            assert_eq!(format_duration_ns(3 * ns), format!("3{name}"));
        }
    }
}
