//! Reference tables as known at a moment.

use contract::{
    Amount, Batch, InstrumentId, Instruments, Roles, ScheduledEvents, SessionPhase, Sessions,
    UnknownWord,
};
use std::collections::BTreeMap;

/// What the table `instruments` says of one instrument.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct InstrumentFacts {
    /// Price step in units of 1e-9.
    pub tick_size: Option<i64>,
    /// Value of a point of one contract, in the quote currency.
    pub multiplier: f64,
    /// Whether it settles in the base currency.
    pub is_inverse: bool,
    /// Expiry in nanoseconds.
    pub expiry_ns: Option<i64>,
    /// Quote currency.
    pub quote_ccy: String,
    pub(crate) calendar: Option<String>,
}

/// The session around a cut-off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Session {
    /// Phase that contains the cut-off; `Closed` between phases.
    pub phase: SessionPhase,
    /// Start of that phase in nanoseconds, if one contains the cut-off.
    pub ts_start: Option<i64>,
    /// End of that phase.
    pub ts_end: Option<i64>,
    /// Whether the day is shortened.
    pub is_half_day: bool,
    /// Offset of the local clock from UTC in seconds, of the phase that contains the cut-off.
    pub utc_offset_s: Option<i32>,
}

/// Scheduled events of an instrument around a cut-off, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Events {
    /// The next funding.
    pub next_funding: Option<i64>,
    /// The next event of any kind.
    pub next: Option<i64>,
    /// The last event of any kind.
    pub last: Option<i64>,
}

/// A row with a validity, known from a moment on.
#[derive(Debug, Clone)]
struct Valid<V> {
    ts_avail: i64,
    revision: u16,
    from: i64,
    to: Option<i64>,
    value: V,
}

/// The row in force: of each start the greatest revision known, and of those valid at `t` the latest start.
fn in_force<V>(rows: &[Valid<V>], t: i64) -> Option<&V> {
    let known = || rows.iter().filter(|r| r.ts_avail < t);
    let superseded = |row: &Valid<V>| {
        known()
            .any(|r| r.from == row.from && (r.revision, r.ts_avail) > (row.revision, row.ts_avail))
    };
    let valid = known().filter(|r| r.from <= t && r.to.is_none_or(|to| t < to) && !superseded(r));
    valid.max_by_key(|r| r.from).map(|r| &r.value)
}

#[derive(Debug, Clone, Copy)]
struct SessionRow {
    ts_avail: i64,
    revision: u16,
    phase: SessionPhase,
    start: i64,
    end: i64,
    offset_s: i32,
    is_half_day: bool,
}

#[derive(Debug, Clone)]
struct EventRow {
    ts_avail: i64,
    revision: u16,
    id: [u8; 16],
    is_funding: bool,
    ts: i64,
    instrument: Option<u32>,
    calendar: Option<String>,
}

/// All reference rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reference {
    instruments: BTreeMap<u32, Vec<Valid<InstrumentFacts>>>,
    roles: BTreeMap<(u32, String), Vec<Valid<u32>>>,
    /// By calendar, by start.
    sessions: BTreeMap<String, Vec<SessionRow>>,
    /// By instant.
    events: Vec<EventRow>,
}

impl Reference {
    pub(crate) fn add_instruments(
        &mut self,
        batch: &Batch<Instruments>,
        answered: i64,
    ) -> Result<Vec<usize>, UnknownWord> {
        let mut late = Vec::new();
        for row in 0..batch.len() {
            if batch.cell(&Instruments::TS_AVAIL, row)?.nanos() < answered {
                late.push(row);
                continue;
            }
            let multiplier: Amount = batch.cell(&Instruments::MULTIPLIER, row)?;
            let facts = InstrumentFacts {
                tick_size: batch.cell(&Instruments::TICK_SIZE, row)?.map(contract::Price::nanos),
                multiplier: multiplier.to_f64(),
                is_inverse: batch.cell(&Instruments::IS_INVERSE, row)?,
                expiry_ns: batch.cell(&Instruments::EXPIRY, row)?.map(contract::UtcNanos::nanos),
                quote_ccy: batch.cell(&Instruments::QUOTE_CCY, row)?.to_owned(),
                calendar: batch.cell(&Instruments::CALENDAR_ID, row)?.map(str::to_owned),
            };
            let id: InstrumentId = batch.cell(&Instruments::INSTRUMENT_ID, row)?;
            self.instruments.entry(id.get()).or_default().push(Valid {
                ts_avail: batch.cell(&Instruments::TS_AVAIL, row)?.nanos(),
                revision: batch.cell(&Instruments::REVISION, row)?,
                from: batch.cell(&Instruments::VALID_FROM, row)?.nanos(),
                to: batch.cell(&Instruments::VALID_TO, row)?.map(contract::UtcNanos::nanos),
                value: facts,
            });
        }
        Ok(late)
    }

    pub(crate) fn add_roles(
        &mut self,
        batch: &Batch<Roles>,
        answered: i64,
    ) -> Result<Vec<usize>, UnknownWord> {
        let mut late = Vec::new();
        for row in 0..batch.len() {
            if batch.cell(&Roles::TS_AVAIL, row)?.nanos() < answered {
                late.push(row);
                continue;
            }
            let id: InstrumentId = batch.cell(&Roles::INSTRUMENT_ID, row)?;
            let role = batch.cell(&Roles::ROLE, row)?.to_owned();
            self.roles.entry((id.get(), role)).or_default().push(Valid {
                ts_avail: batch.cell(&Roles::TS_AVAIL, row)?.nanos(),
                revision: batch.cell(&Roles::REVISION, row)?,
                from: batch.cell(&Roles::VALID_FROM, row)?.nanos(),
                to: batch.cell(&Roles::VALID_TO, row)?.map(contract::UtcNanos::nanos),
                value: batch.cell(&Roles::OTHER_INSTRUMENT_ID, row)?.get(),
            });
        }
        Ok(late)
    }

    pub(crate) fn add_sessions(
        &mut self,
        batch: &Batch<Sessions>,
        answered: i64,
    ) -> Result<Vec<usize>, UnknownWord> {
        let mut late = Vec::new();
        for row in 0..batch.len() {
            if batch.cell(&Sessions::TS_AVAIL, row)?.nanos() < answered {
                late.push(row);
                continue;
            }
            let calendar = batch.cell(&Sessions::CALENDAR_ID, row)?.to_owned();
            self.sessions.entry(calendar).or_default().push(SessionRow {
                ts_avail: batch.cell(&Sessions::TS_AVAIL, row)?.nanos(),
                revision: batch.cell(&Sessions::REVISION, row)?,
                phase: batch.cell(&Sessions::PHASE, row)?,
                start: batch.cell(&Sessions::TS_START, row)?.nanos(),
                end: batch.cell(&Sessions::TS_END, row)?.nanos(),
                offset_s: batch.cell(&Sessions::UTC_OFFSET_S, row)?,
                is_half_day: batch.cell(&Sessions::IS_HALF_DAY, row)?,
            });
        }
        for rows in self.sessions.values_mut() {
            rows.sort_by_key(|r| (r.start, r.revision, r.ts_avail));
        }
        Ok(late)
    }

    pub(crate) fn add_events(
        &mut self,
        batch: &Batch<ScheduledEvents>,
        answered: i64,
    ) -> Result<Vec<usize>, UnknownWord> {
        let mut late = Vec::new();
        for row in 0..batch.len() {
            if batch.cell(&ScheduledEvents::TS_AVAIL, row)?.nanos() < answered {
                late.push(row);
                continue;
            }
            self.events.push(EventRow {
                ts_avail: batch.cell(&ScheduledEvents::TS_AVAIL, row)?.nanos(),
                revision: batch.cell(&ScheduledEvents::REVISION, row)?,
                id: *batch.cell(&ScheduledEvents::EVENT_ID, row)?.as_bytes(),
                is_funding: batch.cell(&ScheduledEvents::KIND, row)? == "funding",
                ts: batch.cell(&ScheduledEvents::TS_SCHEDULED, row)?.nanos(),
                instrument: batch
                    .cell(&ScheduledEvents::INSTRUMENT_ID, row)?
                    .map(InstrumentId::get),
                calendar: batch.cell(&ScheduledEvents::CALENDAR_ID, row)?.map(str::to_owned),
            });
        }
        self.events.sort_by_key(|e| e.ts);
        Ok(late)
    }

    pub(crate) fn instrument(&self, id: u32, t: i64) -> Option<&InstrumentFacts> {
        in_force(self.instruments.get(&id)?, t)
    }

    pub(crate) fn role(&self, id: u32, role: &str, t: i64) -> Option<u32> {
        in_force(self.roles.get(&(id, role.to_owned()))?, t).copied()
    }

    /// The session of an instrument's calendar; `None` when it has none, or no phase of it was known.
    pub(crate) fn session(&self, id: u32, t: i64) -> Option<Session> {
        let calendar = self.instrument(id, t)?.calendar.as_ref()?;
        let rows = self.sessions.get(calendar)?;
        let begun = rows.partition_point(|r| r.start <= t);
        let begun = rows.get(..begun)?;
        let mut seen = None;
        for row in begun.iter().rev().filter(|r| r.ts_avail < t) {
            // Of one start the greatest revision comes first in reverse order.
            if seen == Some((row.start, row.phase)) {
                continue;
            }
            seen = Some((row.start, row.phase));
            if t < row.end {
                let is_open = row.phase != SessionPhase::Closed;
                return Some(Session {
                    phase: row.phase,
                    ts_start: is_open.then_some(row.start),
                    ts_end: is_open.then_some(row.end),
                    is_half_day: row.is_half_day,
                    utc_offset_s: Some(row.offset_s),
                });
            }
            // A phase lasts at most a week.
            if row.start < t.saturating_sub(604_800_000_000_000) {
                break;
            }
        }
        let known = rows.iter().any(|r| r.ts_avail < t);
        known.then_some(Session {
            phase: SessionPhase::Closed,
            ts_start: None,
            ts_end: None,
            is_half_day: false,
            utc_offset_s: None,
        })
    }

    pub(crate) fn events(&self, id: u32, t: i64) -> Events {
        let calendar = self.instrument(id, t).and_then(|i| i.calendar.as_deref());
        let concerns = |e: &EventRow| {
            e.instrument.is_none_or(|other| other == id)
                && e.calendar.as_deref().is_none_or(|theirs| calendar == Some(theirs))
        };
        // A revision may move an event, so what a row says counts only if no later one is known.
        let newest = |e: &EventRow| {
            e.ts_avail < t
                && !self.events.iter().any(|o| {
                    o.id == e.id
                        && o.ts_avail < t
                        && (o.revision, o.ts_avail) > (e.revision, e.ts_avail)
                })
        };
        let at = self.events.partition_point(|e| e.ts <= t);
        let (past, ahead) = self.events.split_at_checked(at).unwrap_or((&self.events, &[]));
        let counts = |e: &&EventRow| concerns(e) && newest(e);
        Events {
            next_funding: ahead.iter().filter(|e| e.is_funding).find(counts).map(|e| e.ts),
            next: ahead.iter().find(counts).map(|e| e.ts),
            last: past.iter().rev().find(counts).map(|e| e.ts),
        }
    }
}
