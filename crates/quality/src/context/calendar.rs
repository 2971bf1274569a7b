//! Sessions of calendars.

use super::SessionAt;
use contract::{Draft, SessionPhase, Sessions, UnknownWord};
use std::collections::BTreeMap;

/// Nanoseconds of a UTC day.
pub(crate) const DAY_NS: i64 = 86_400_000_000_000;

/// A session `[start, end)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Session {
    pub(crate) start: i64,
    pub(crate) end: i64,
    /// Continuous trading, the phase in which silence means something.
    pub(crate) is_regular: bool,
}

/// Sessions by calendar.
#[derive(Debug, Clone, Default)]
pub(crate) struct Calendars {
    sessions: BTreeMap<String, Vec<Session>>,
}

impl Calendars {
    pub(crate) fn add(&mut self, rows: &Draft<Sessions>) -> Result<(), UnknownWord> {
        for row in 0..rows.len() {
            let phase = rows.cell(&Sessions::PHASE, row)?;
            let calendar = rows.cell(&Sessions::CALENDAR_ID, row)?;
            let list = self.sessions.entry(calendar.to_owned()).or_default();
            if phase == SessionPhase::Closed {
                continue;
            }
            let (start, end) =
                (rows.col(&Sessions::TS_START).value(row), rows.col(&Sessions::TS_END).value(row));
            let session = Session { start, end, is_regular: phase == SessionPhase::Regular };
            let at = list.partition_point(|s| *s < session);
            if list.get(at) != Some(&session) {
                list.insert(at, session);
            }
        }
        Ok(())
    }

    /// Whether any session of a calendar was given.
    pub(crate) fn knows(&self, calendar: &str) -> bool {
        self.sessions.contains_key(calendar)
    }

    /// Where an instant stands in a calendar.
    pub(crate) fn at(&self, calendar: &str, ts: i64) -> SessionAt {
        let list = self.sessions.get(calendar).map_or(&[][..], Vec::as_slice);
        let Some((first, last)) = list.first().zip(list.last()) else { return SessionAt::Unknown };
        // A calendar says nothing about days that it does not list.
        if ts < first.start.saturating_sub(DAY_NS) || ts >= last.end.saturating_add(DAY_NS) {
            return SessionAt::Unknown;
        }
        let begun = list.get(..list.partition_point(|s| s.start <= ts)).unwrap_or(&[]);
        // Sessions of one calendar hardly overlap: a few steps back find the one that covers.
        let covers = begun.iter().rev().take(8).find(|s| ts < s.end);
        covers.map_or(SessionAt::Outside, |session| SessionAt::In(*session))
    }

    /// Sessions of continuous trading that overlap a range.
    pub(crate) fn regular(
        &self,
        calendar: &str,
        from: i64,
        to: i64,
    ) -> impl Iterator<Item = Session> {
        let list = self.sessions.get(calendar).map_or(&[][..], Vec::as_slice);
        list.iter().copied().filter(move |s| s.is_regular && s.start < to && s.end > from)
    }
}
