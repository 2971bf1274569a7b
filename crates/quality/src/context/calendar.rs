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
    /// The local date that it belongs to, as the number YYYYMMDD.
    date: Option<u32>,
}

/// Sessions by calendar.
#[derive(Debug, Clone, Default)]
pub(crate) struct Calendars {
    sessions: BTreeMap<String, Vec<Session>>,
}

/// Puts a session into a list. Continuous trading of one date that touches is one session: clocks changed in its midst, and
/// nobody stopped.
fn insert(list: &mut Vec<Session>, mut session: Session) {
    let is_same = |s: &Session| (s.is_regular, s.date) == (session.is_regular, session.date);
    if list.iter().any(|s| is_same(s) && s.start <= session.start && session.end <= s.end) {
        return;
    }
    if session.is_regular && session.date.is_some() {
        let touches =
            |s: &Session| is_same(s) && (s.end == session.start || s.start == session.end);
        let parts: Vec<Session> = list.iter().copied().filter(touches).collect();
        list.retain(|s| !parts.contains(s));
        session.start = parts.iter().map(|s| s.start).fold(session.start, i64::min);
        session.end = parts.iter().map(|s| s.end).fold(session.end, i64::max);
    }
    list.insert(list.partition_point(|s| *s < session), session);
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
            let date = rows.col(&Sessions::LOCAL_DATE).value(row).replace('-', "").parse().ok();
            let session = Session { start, end, is_regular: phase == SessionPhase::Regular, date };
            insert(list, session);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn session(start: i64, end: i64, is_regular: bool, date: u32) -> Session {
        Session { start, end, is_regular, date: Some(date) }
    }

    #[test]
    fn trading_goes_on_where_clocks_change_and_ends_with_its_date() {
        let morning = session(0, 10, true, 1);
        let evening = session(10, 20, true, 1);
        let closing = session(20, 21, false, 1);
        let next = session(20, 30, true, 2);
        for order in [[morning, evening, closing, next], [next, closing, evening, morning]] {
            let mut list = Vec::new();
            for session in order.into_iter().chain(order) {
                insert(&mut list, session);
            }
            assert_eq!(list, [session(0, 20, true, 1), closing, next]);
        }
    }
}
