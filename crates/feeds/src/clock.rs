//! A source's clock: rules that turn its local stamps into UTC, each with its validity.

mod zone;

pub use zone::{Zone, ZoneError, tzdb_version};

use contract::UtcNanos;
use zone::Cached;

/// Nanoseconds of a day.
pub(crate) const DAY_NS: i64 = 86_400_000_000_000;

/// One rule of a clock: from the end of the rule before it until `until`, a stamp is wall time of `zone` plus `shift`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockRule {
    /// First local date to which the rule no longer applies; `None`: for ever.
    pub until: Option<LocalDate>,
    /// The zone.
    pub zone: Zone,
    /// Stamp minus wall time, in nanoseconds.
    pub shift_ns: i64,
}

/// A local calendar date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalDate {
    /// Days since 1970-01-01.
    days: i32,
}

impl LocalDate {
    /// The date, or `None` where the calendar has none such.
    #[must_use]
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        let date = jiff::civil::Date::new(year, month, day).ok()?;
        let since = date.since(jiff::civil::date(1970, 1, 1)).ok()?;
        Some(Self { days: since.get_days() })
    }

    /// Parses `YYYYMMDD` or `YYYY-MM-DD`.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let digits = match text {
            [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] => {
                [*y0, *y1, *y2, *y3, *m0, *m1, *d0, *d1]
            }
            _ => <[u8; 8]>::try_from(text).ok()?,
        };
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let [y0, y1, y2, y3, m0, m1, d0, d1] = digits.map(|d| i16::from(d - b'0'));
        let year = y0 * 1000 + y1 * 100 + y2 * 10 + y3;
        let two = |tens: i16, ones: i16| i8::try_from(tens * 10 + ones).ok();
        Self::new(year, two(m0, m1)?, two(d0, d1)?)
    }

    /// The day after.
    #[must_use]
    pub fn next(self) -> Self {
        Self { days: self.days.saturating_add(1) }
    }

    /// The date of a wall time.
    pub(crate) fn of_wall_ns(wall_ns: i64) -> Self {
        // A 64-bit count of nanoseconds spans fewer than 2^18 days.
        Self { days: i32::try_from(wall_ns.div_euclid(DAY_NS)).unwrap_or(i32::MAX) }
    }

    /// Wall time at the start of the date, in nanoseconds as if of UTC.
    pub(crate) fn wall_ns(self) -> i64 {
        // Beyond 2262 it stays at the end, which is outside the limits of every clock.
        i64::from(self.days).saturating_mul(DAY_NS)
    }
}

impl std::fmt::Display for LocalDate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&UtcNanos::from_nanos(self.wall_ns()).date())
    }
}

/// What a local stamp is in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Local {
    /// The one instant.
    At(UtcNanos),
    /// The earlier of two instants: the stamp stands in an hour that daylight saving repeats.
    Earlier(UtcNanos),
    /// No instant: the stamp stands in an hour that daylight saving skips.
    Gap,
    /// Outside the years that the clock allows: another unit, most likely.
    UnitSuspect,
}

/// The rules of one source, with a memory of the offset last used.
///
/// ```
/// use feeds::{Clock, ClockRule, Local, LocalDate, Zone};
/// use contract::UtcNanos;
/// // FXCM's files: New York wall time less five hours until 2009-09-19, UTC-5 from then on.
/// let mut clock = Clock::new(vec![
///     ClockRule {
///         until: LocalDate::new(2009, 9, 19),
///         zone: Zone::parse("America/New_York")?,
///         shift_ns: -5 * 3_600_000_000_000,
///     },
///     ClockRule { until: None, zone: Zone::parse("-05:00")?, shift_ns: 0 },
/// ]);
/// let summer = clock.utc(LocalDate::new(2009, 7, 1).unwrap(), 0);
/// assert_eq!(summer, Local::At(UtcNanos::parse("2009-07-01T09:00:00Z")?));
/// let later = clock.utc(LocalDate::new(2014, 7, 1).unwrap(), 0);
/// assert_eq!(later, Local::At(UtcNanos::parse("2014-07-01T05:00:00Z")?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Clock {
    rules: Vec<(ClockRule, Cached)>,
    used: Vec<u64>,
    earliest_ns: i64,
    latest_ns: i64,
}

/// 1990-01-01 and 2100-01-01.
const LIMITS: (i64, i64) = (631_152_000_000_000_000, 4_102_444_800_000_000_000);

impl Clock {
    /// A clock of rules in the order of their validity.
    #[must_use]
    pub fn new(rules: Vec<ClockRule>) -> Self {
        let used = vec![0; rules.len()];
        let rules = rules.into_iter().map(|rule| (rule.clone(), Cached::new(rule.zone))).collect();
        Self { rules, used, earliest_ns: LIMITS.0, latest_ns: LIMITS.1 }
    }

    /// Stamps outside `[earliest, latest)` are suspect; 1990 to 2100 by default.
    #[must_use]
    pub fn with_limits(mut self, earliest: UtcNanos, latest: UtcNanos) -> Self {
        (self.earliest_ns, self.latest_ns) = (earliest.nanos(), latest.nanos());
        self
    }

    /// The instant of a stamp: a local date and nanoseconds of wall time since its midnight.
    ///
    /// - **Cost:** one look-up in the zone's rules for each quarter of an hour that stamps run through.
    pub fn utc(&mut self, date: LocalDate, since_midnight_ns: i64) -> Local {
        let Some(at) =
            self.rules.iter().position(|(rule, _)| rule.until.is_none_or(|until| date < until))
        else {
            return Local::UnitSuspect;
        };
        let Some((rule, cached)) = self.rules.get_mut(at) else { return Local::UnitSuspect };
        if let Some(used) = self.used.get_mut(at) {
            *used += 1;
        }
        let wall = date
            .wall_ns()
            .checked_add(since_midnight_ns)
            .and_then(|w| w.checked_sub(rule.shift_ns));
        let Some(wall) = wall else { return Local::UnitSuspect };
        match cached.utc(wall) {
            Local::At(t) | Local::Earlier(t)
                if t.nanos() < self.earliest_ns || t.nanos() >= self.latest_ns =>
            {
                Local::UnitSuspect
            }
            other => other,
        }
    }

    /// The rules and how many stamps each has turned.
    pub fn used(&self) -> impl Iterator<Item = (&ClockRule, u64)> {
        self.rules.iter().map(|(rule, _)| rule).zip(self.used.iter().copied())
    }
}

impl std::fmt::Display for ClockRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.zone)?;
        if self.shift_ns != 0 {
            write!(f, " shifted by {}", contract::format_duration_ns(self.shift_ns))?;
        }
        match self.until {
            Some(until) => write!(f, ", until {until}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> LocalDate {
        LocalDate::parse(text.as_bytes()).unwrap()
    }

    fn berlin() -> Clock {
        Clock::new(vec![ClockRule {
            until: None,
            zone: Zone::parse("Europe/Berlin").unwrap(),
            shift_ns: 0,
        }])
    }

    const HOUR: i64 = 3_600_000_000_000;

    #[test]
    fn the_skipped_hour_is_no_time_and_the_repeated_one_is_the_earlier() {
        let mut clock = berlin();
        let t = |text| UtcNanos::parse(text).unwrap();
        assert_eq!(clock.utc(day("20230326"), 2 * HOUR), Local::Gap);
        assert_eq!(clock.utc(day("20230326"), 3 * HOUR), Local::At(t("2023-03-26T01:00:00Z")));
        assert_eq!(
            clock.utc(day("20231029"), 2 * HOUR + 1),
            Local::Earlier(t("2023-10-29T00:00:00.000000001Z"))
        );
        assert_eq!(clock.utc(day("20231029"), 3 * HOUR), Local::At(t("2023-10-29T02:00:00Z")));
    }

    #[test]
    fn stamps_of_another_unit_are_suspect() {
        assert_eq!(berlin().utc(day("19700120"), 0), Local::UnitSuspect);
        assert_eq!(berlin().utc(day("20230101"), i64::MAX), Local::UnitSuspect);
        for date in ["00010101", "16770921", "22620412", "99991231"] {
            assert_eq!(berlin().utc(day(date), 0), Local::UnitSuspect, "{date}");
        }
    }

    #[test]
    fn dates_that_the_calendar_lacks_are_none() {
        for text in ["20230229", "2023022", "20231301", "2023-2-01", "abcdefgh"] {
            assert_eq!(LocalDate::parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(day("2024-02-29").next().to_string(), "2024-03-01");
    }
}
