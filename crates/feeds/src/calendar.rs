//! Trading calendars: Lean's market hours become `sessions`, and sessions say when a daily bar ends.

use crate::clock::{Clock, ClockRule, Local, LocalDate, Zone};
use crate::error::FeedError;
use crate::lean::LeanPath;
use contract::{BuildError, Draft, SessionPhase, Sessions, TableBuilder, UtcNanos};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// When the regular session of a calendar's day ends.
#[derive(Debug, Clone, Default)]
pub struct SessionCloses(BTreeMap<(String, LocalDate), UtcNanos>);

impl SessionCloses {
    /// The ends of the regular sessions in a table; of revisions the later one counts.
    #[must_use]
    pub fn from_sessions(sessions: &Draft<Sessions>) -> Self {
        let mut closes = BTreeMap::new();
        for row in 0..sessions.len() {
            let cell = (
                sessions.cell(&Sessions::CALENDAR_ID, row),
                sessions.cell(&Sessions::LOCAL_DATE, row),
                sessions.cell(&Sessions::PHASE, row),
                sessions.cell(&Sessions::TS_END, row),
            );
            if let (Ok(calendar), Ok(date), Ok(SessionPhase::Regular), Ok(end)) = cell
                && let Some(date) = LocalDate::parse(date.as_bytes())
            {
                let slot = closes.entry((calendar.to_owned(), date)).or_insert(end);
                *slot = end.max(*slot);
            }
        }
        Self(closes)
    }

    /// The end of the day's session for an instrument: its own calendar, else its market's.
    pub(crate) fn close(&self, path: &LeanPath, date: LocalDate) -> Option<UtcNanos> {
        let market = path.source();
        let own = (format!("{market}/{}", path.symbol), date);
        self.0.get(&own).or_else(|| self.0.get(&(format!("{market}/*"), date))).copied()
    }
}

/// The markets of a `market-hours-database.json`.
///
/// ```
/// use feeds::{LocalDate, MarketHours};
/// use contract::{Sessions, UtcNanos};
/// let hours = MarketHours::parse("hours.json", br#"{"entries": {"Index-usa-[*]": {
///     "dataTimeZone": "America/Chicago", "exchangeTimeZone": "America/Chicago",
///     "monday": [{"start": "08:30:00", "end": "15:15:00", "state": "market"}],
///     "holidays": ["9/4/2023"], "earlyCloses": {"7/3/2023": "12:00:00"}
/// }}}"#)?;
/// let (from, to) = (LocalDate::new(2023, 7, 3).unwrap(), LocalDate::new(2023, 7, 4).unwrap());
/// let sessions = hours.sessions("index/usa/spx", from, to, UtcNanos::from_nanos(0))?;
/// // The market's hours stand for every index without an entry of its own, and this Monday is a half day.
/// assert_eq!(sessions.cell(&Sessions::CALENDAR_ID, 0)?, "index/usa/*");
/// assert_eq!(sessions.cell(&Sessions::TS_END, 0)?, UtcNanos::parse("2023-07-03T17:00:00Z")?);
/// assert!(sessions.cell(&Sessions::IS_HALF_DAY, 0)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct MarketHours {
    input: String,
    entries: BTreeMap<String, Hours>,
}

#[derive(Debug, Clone)]
struct Hours {
    data_zone: Zone,
    exchange_zone: Zone,
    /// Segments by weekday, Monday first.
    week: [Vec<Segment>; 7],
    holidays: BTreeSet<LocalDate>,
    early_closes: BTreeMap<LocalDate, i64>,
    late_opens: BTreeMap<LocalDate, i64>,
}

#[derive(Debug, Clone, Copy)]
struct Segment {
    start_ns: i64,
    end_ns: i64,
    phase: SessionPhase,
}

#[derive(Deserialize)]
struct RawFile {
    entries: BTreeMap<String, RawHours>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawHours {
    data_time_zone: String,
    exchange_time_zone: String,
    #[serde(default)]
    monday: Vec<RawSegment>,
    #[serde(default)]
    tuesday: Vec<RawSegment>,
    #[serde(default)]
    wednesday: Vec<RawSegment>,
    #[serde(default)]
    thursday: Vec<RawSegment>,
    #[serde(default)]
    friday: Vec<RawSegment>,
    #[serde(default)]
    saturday: Vec<RawSegment>,
    #[serde(default)]
    sunday: Vec<RawSegment>,
    #[serde(default)]
    holidays: Vec<String>,
    #[serde(default)]
    early_closes: BTreeMap<String, String>,
    #[serde(default)]
    late_opens: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct RawSegment {
    start: String,
    end: String,
    state: String,
}

impl MarketHours {
    /// Parses the file.
    ///
    /// # Errors
    /// [`FeedError::Corrupt`] naming the market and the part that is not understood.
    pub fn parse(input: &str, json: &[u8]) -> Result<Self, FeedError> {
        let corrupt = |detail: String| FeedError::Corrupt {
            input: input.to_owned(),
            expected: "a market hours database",
            detail,
        };
        let raw: RawFile = serde_json::from_slice(json).map_err(|e| corrupt(e.to_string()))?;
        let mut entries = BTreeMap::new();
        for (name, hours) in raw.entries {
            let parsed =
                Hours::parse(&hours).map_err(|detail| corrupt(format!("{name}: {detail}")))?;
            let id = calendar_id(&name)
                .ok_or_else(|| corrupt(format!("{name}: a name of three parts was expected")))?;
            entries.insert(id, parsed);
        }
        inherit(&mut entries);
        Ok(Self { input: input.to_owned(), entries })
    }

    /// Number of markets.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no market.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The zone of an instrument's files: its own entry, else its market's.
    #[must_use]
    pub fn data_zone(&self, instrument: &str) -> Option<&Zone> {
        self.find(instrument).map(|(_, hours)| &hours.data_zone)
    }

    fn find(&self, instrument: &str) -> Option<(&str, &Hours)> {
        let market = instrument.rsplit_once('/').map_or(instrument, |(market, _)| market);
        let any = format!("{market}/*");
        let found =
            self.entries.get_key_value(instrument).or_else(|| self.entries.get_key_value(&any));
        found.map(|(name, hours)| (name.as_str(), hours))
    }

    /// The sessions of an instrument (`index/usa/spx`) from one date to another, exclusive.
    ///
    /// - **Shape:** one row a phase, in order; a holiday, and a weekday without hours, is one row `closed`.
    /// - **Point in time:** `ts_avail` is given by the caller: the file does not say when it was known.
    ///
    /// # Errors
    /// [`FeedError::UnknownSource`] for a market that the file does not hold.
    pub fn sessions(
        &self,
        instrument: &str,
        from: LocalDate,
        to: LocalDate,
        ts_avail: UtcNanos,
    ) -> Result<Draft<Sessions>, FeedError> {
        let Some((id, hours)) = self.find(instrument) else {
            let near = String::new();
            return Err(FeedError::UnknownSource {
                input: self.input.clone(),
                found: instrument.to_owned(),
                near,
            });
        };
        let mut clock = hours.clock();
        let mut rows = TableBuilder::<Sessions>::new(ts_avail);
        let build = |source: BuildError| FeedError::Build { input: self.input.clone(), source };
        let mut date = from;
        while date < to {
            let is_half_day =
                hours.early_closes.contains_key(&date) || hours.late_opens.contains_key(&date);
            for segment in hours.day(date) {
                let start = instant(&mut clock, date, segment.start_ns);
                let end = instant(&mut clock, date, segment.end_ns);
                // A segment that lies wholly in an hour that daylight saving skips does not happen.
                let (Some(start), Some(end)) = (start, end) else { continue };
                if end <= start {
                    continue;
                }
                let wall = date.wall_ns().saturating_add(segment.start_ns);
                let offset_s = (wall - start.nanos()) / 1_000_000_000;
                rows.set(&Sessions::TS_AVAIL, ts_avail)
                    .set(&Sessions::CALENDAR_ID, id)
                    .set(&Sessions::LOCAL_DATE, date.to_string().as_str())
                    .set(&Sessions::PHASE, segment.phase)
                    .set(&Sessions::TS_START, start)
                    .set(&Sessions::TS_END, end)
                    .set(&Sessions::UTC_OFFSET_S, i32::try_from(offset_s).unwrap_or(0))
                    .set(
                        &Sessions::IS_HALF_DAY,
                        is_half_day && segment.phase != SessionPhase::Closed,
                    );
                rows.end_row().map_err(build)?;
            }
            date = date.next();
        }
        rows.finish().map_err(build)
    }
}

/// Gives an entry that states no day off and no shortened day at all those of its market.
///
/// An exact entry beats `[*]` in its hours and zones. But the entry of SPX has empty lists, and its bars of 2023-07-03
/// end at noon as those of its market do, so empty lists are read as not stated.
fn inherit(entries: &mut BTreeMap<String, Hours>) {
    let markets: BTreeMap<String, Hours> = entries
        .iter()
        .filter_map(|(id, hours)| Some((id.strip_suffix("/*")?.to_owned(), hours.clone())))
        .collect();
    for (id, hours) in entries {
        let market = id.rsplit_once('/').and_then(|(market, _)| markets.get(market));
        let Some(market) = market.filter(|_| hours.states_no_days()) else { continue };
        let own = |times: &BTreeMap<LocalDate, i64>| -> BTreeMap<LocalDate, i64> {
            let moved = times.iter().filter_map(|(date, ns)| {
                let mut clock = market.clock();
                let at = instant(&mut clock, *date, *ns)?;
                let wall = hours.exchange_zone.wall_ns(at)?;
                (LocalDate::of_wall_ns(wall) == *date).then(|| (*date, wall - date.wall_ns()))
            });
            moved.collect()
        };
        let (early, late) = (own(&market.early_closes), own(&market.late_opens));
        hours.holidays.clone_from(&market.holidays);
        (hours.early_closes, hours.late_opens) = (early, late);
    }
}

/// `Index-usa-[*]` is `index/usa/*`.
fn calendar_id(name: &str) -> Option<String> {
    let mut parts = name.splitn(3, '-');
    let (security, market, symbol) = (parts.next()?, parts.next()?, parts.next()?);
    let symbol = if symbol == "[*]" { "*" } else { symbol };
    Some(format!("{security}/{market}/{symbol}").to_lowercase())
}

/// The instant of a wall time; where it is skipped, the first instant after.
fn instant(clock: &mut Clock, date: LocalDate, ns: i64) -> Option<UtcNanos> {
    const HOUR: i64 = 3_600_000_000_000;
    let day = 24 * HOUR;
    let (date, ns) = if ns >= day { (date.next(), ns - day) } else { (date, ns) };
    match clock.utc(date, ns) {
        Local::At(t) | Local::Earlier(t) => Some(t),
        Local::Gap => match clock.utc(date, ns + HOUR) {
            Local::At(t) | Local::Earlier(t) => Some(t),
            _ => None,
        },
        Local::UnitSuspect => None,
    }
}

impl Hours {
    fn parse(raw: &RawHours) -> Result<Self, String> {
        let zone = |text: &str| Zone::parse(text).map_err(|e| e.to_string());
        let week = [
            segments(&raw.monday)?,
            segments(&raw.tuesday)?,
            segments(&raw.wednesday)?,
            segments(&raw.thursday)?,
            segments(&raw.friday)?,
            segments(&raw.saturday)?,
            segments(&raw.sunday)?,
        ];
        let times = |raw: &BTreeMap<String, String>| -> Result<BTreeMap<LocalDate, i64>, String> {
            raw.iter().map(|(date, time)| Ok((american_date(date)?, time_of_day(time)?))).collect()
        };
        Ok(Self {
            data_zone: zone(&raw.data_time_zone)?,
            exchange_zone: zone(&raw.exchange_time_zone)?,
            week,
            holidays: raw.holidays.iter().map(|d| american_date(d)).collect::<Result<_, _>>()?,
            early_closes: times(&raw.early_closes)?,
            late_opens: times(&raw.late_opens)?,
        })
    }

    fn clock(&self) -> Clock {
        let zone = self.exchange_zone.clone();
        Clock::new(vec![ClockRule { until: None, zone, shift_ns: 0 }])
    }

    fn states_no_days(&self) -> bool {
        self.holidays.is_empty() && self.early_closes.is_empty() && self.late_opens.is_empty()
    }

    /// The segments of a date, with holidays, early closes and late opens applied.
    fn day(&self, date: LocalDate) -> Vec<Segment> {
        // 1970-01-01 was a Thursday.
        let days = date.wall_ns() / crate::clock::DAY_NS;
        let weekday = usize::try_from((days + 3).rem_euclid(7)).unwrap_or(0);
        let regular = self.week.get(weekday).map_or(&[][..], Vec::as_slice);
        if self.holidays.contains(&date) || regular.is_empty() {
            let end_ns = crate::clock::DAY_NS;
            return vec![Segment { start_ns: 0, end_ns, phase: SessionPhase::Closed }];
        }
        let (early, late) = (self.early_closes.get(&date), self.late_opens.get(&date));
        let cut = regular.iter().map(|segment| Segment {
            start_ns: late.map_or(segment.start_ns, |open| segment.start_ns.max(*open)),
            end_ns: early.map_or(segment.end_ns, |close| segment.end_ns.min(*close)),
            phase: segment.phase,
        });
        cut.filter(|segment| segment.end_ns > segment.start_ns).collect()
    }
}

fn segments(raw: &[RawSegment]) -> Result<Vec<Segment>, String> {
    raw.iter()
        .map(|segment| {
            let phase = match segment.state.as_str() {
                "premarket" => SessionPhase::Pre,
                "market" => SessionPhase::Regular,
                "postmarket" => SessionPhase::Post,
                other => {
                    return Err(format!(
                        "state: expected premarket, market or postmarket, found `{other}`"
                    ));
                }
            };
            let (start_ns, end_ns) = (time_of_day(&segment.start)?, time_of_day(&segment.end)?);
            Ok(Segment { start_ns, end_ns, phase })
        })
        .collect()
}

/// `HH:MM:SS`; the end of the day is `1.00:00:00` or `1:00:00:00`, and the file has both.
fn time_of_day(text: &str) -> Result<i64, String> {
    let refuse = || format!("expected a time `HH:MM:SS`, found `{text}`");
    let four_parts = text.matches(':').count() == 3;
    let (days, time) = match text.split_once(if four_parts { ':' } else { '.' }) {
        Some((days, time)) => (days.parse::<i64>().map_err(|_| refuse())?, time),
        None => (0, text),
    };
    let mut seconds = days * 24;
    let mut parts = 0;
    for part in time.split(':') {
        let n: i64 = part.parse().map_err(|_| refuse())?;
        let limit = if parts == 0 { 24 } else { 60 };
        if !(0..limit).contains(&n) {
            return Err(refuse());
        }
        seconds = if parts == 0 { seconds + n } else { seconds * 60 + n };
        parts += 1;
    }
    if parts == 3 && (0..=2).contains(&days) { Ok(seconds * 1_000_000_000) } else { Err(refuse()) }
}

/// `M/D/YYYY`.
fn american_date(text: &str) -> Result<LocalDate, String> {
    let refuse = || format!("expected a date `M/D/YYYY`, found `{text}`");
    let parts: Vec<&str> = text.split('/').collect();
    let [month, day, year] = parts.as_slice() else { return Err(refuse()) };
    let date = month.parse().ok().zip(day.parse().ok()).zip(year.parse().ok());
    date.and_then(|((m, d), y)| LocalDate::new(y, m, d)).ok_or_else(refuse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_dates_of_the_file_are_read_and_others_refused() {
        assert_eq!(time_of_day("09:30:00"), Ok(34_200_000_000_000));
        for text in ["1.00:00:00", "1:00:00:00"] {
            assert_eq!(time_of_day(text), Ok(86_400_000_000_000), "{text}");
        }
        for text in ["", "9:30", "25:00:00", "09:60:00", "x", "3.00:00:00", "09:30:00:00"] {
            assert!(time_of_day(text).is_err(), "{text}");
        }
        assert_eq!(american_date("7/3/2023"), Ok(LocalDate::new(2023, 7, 3).unwrap()));
        for text in ["2023-07-03", "13/1/2023", "7/3"] {
            assert!(american_date(text).is_err(), "{text}");
        }
    }
}
