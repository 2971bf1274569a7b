//! When trading was stopped, and since when that was known.

use arrow_array::Array;
use contract::{Draft, Statuses, UnknownWord};
use std::collections::{BTreeMap, BTreeSet};

/// One status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Status {
    ts: i64,
    ts_avail: i64,
    is_halted: bool,
    /// Whether trading is stopped within its session; `None` where the status says nothing about that.
    is_pause: Option<bool>,
}

/// Statuses by source and instrument.
#[derive(Debug, Clone, Default)]
pub(crate) struct Halts {
    statuses: BTreeMap<(u16, u32), Vec<Status>>,
    /// Sources that report on an instrument.
    sources: BTreeMap<u32, BTreeSet<u16>>,
}

impl Halts {
    pub(crate) fn add(&mut self, rows: &Draft<Statuses>) -> Result<(), UnknownWord> {
        let events = rows.ts_event();
        for row in 0..rows.len() {
            let ts_avail = rows.ts_avail().value(row);
            let (word, says) =
                (rows.cell(&Statuses::ACTION, row)?, rows.cell(&Statuses::IS_TRADING, row)?);
            let status = Status {
                ts: if events.is_valid(row) { events.value(row) } else { ts_avail },
                ts_avail,
                is_halted: says == Some(false),
                is_pause: is_pause(word, says),
            };
            let (source, id) = (rows.source_id().value(row), rows.instrument_id().value(row));
            let list = self.statuses.entry((source, id)).or_default();
            let at = list.partition_point(|s| *s <= status);
            list.insert(at, status);
            self.sources.entry(id).or_default().insert(source);
        }
        Ok(())
    }

    /// Whether the last status up to `ts` that was known by `ts_avail` says that trading is stopped.
    ///
    /// Statuses of the row's own source count; where it publishes none, those of any source do.
    pub(crate) fn is_halted(&self, (source, id): (u16, u32), ts: i64, ts_avail: i64) -> bool {
        if let Some(list) = self.statuses.get(&(source, id)) {
            return Self::last(list, ts, ts_avail);
        }
        let others = self.sources.get(&id).into_iter().flatten();
        others.filter_map(|s| self.statuses.get(&(*s, id))).any(|l| Self::last(l, ts, ts_avail))
    }

    /// Whether trading is stopped within its session, by the last status up to `ts` that was known by `ts_avail` and says
    /// so or not; `None` where none does.
    ///
    /// Statuses of the row's own source count; where it publishes none (a broker of several venues), all sources that
    /// say anything must agree, since one venue's halt is not the other's.
    pub(crate) fn is_paused(
        &self,
        (source, id): (u16, u32),
        ts: i64,
        ts_avail: i64,
    ) -> Option<bool> {
        let pause = |list: &Vec<Status>| {
            let until = list.partition_point(|s| s.ts <= ts);
            let known = list.get(..until)?;
            known.iter().rev().filter(|s| s.ts_avail <= ts_avail).find_map(|s| s.is_pause)
        };
        if let Some(list) = self.statuses.get(&(source, id)) {
            return pause(list);
        }
        let others = self.sources.get(&id).into_iter().flatten();
        let answers = others.filter_map(|s| self.statuses.get(&(*s, id))).filter_map(pause);
        answers.reduce(|one, other| one && other)
    }

    /// Whether trading was stopped at some time in `[from, to]`, by statuses known at `ts_avail`.
    pub(crate) fn was_halted(
        &self,
        (source, id): (u16, u32),
        from: i64,
        to: i64,
        ts_avail: i64,
    ) -> bool {
        if self.is_halted((source, id), from, ts_avail) {
            return true;
        }
        let stops = |list: &Vec<Status>| {
            let first = list.partition_point(|s| s.ts <= from);
            let within = list.get(first..).unwrap_or(&[]).iter().take_while(|s| s.ts <= to);
            within.filter(|s| s.ts_avail <= ts_avail).any(|s| s.is_halted)
        };
        if let Some(list) = self.statuses.get(&(source, id)) {
            return stops(list);
        }
        let others = self.sources.get(&id).into_iter().flatten();
        others.filter_map(|s| self.statuses.get(&(*s, id))).any(stops)
    }

    /// Whether trading is stopped at any instant of `[from, to)`, as is known in the end.
    pub(crate) fn is_halted_within(&self, stream: (u16, u32), from: i64, to: i64) -> bool {
        let (source, id) = stream;
        if let Some(list) = self.statuses.get(&(source, id)) {
            return Self::any(list, from, to);
        }
        let others = self.sources.get(&id).into_iter().flatten();
        others.filter_map(|s| self.statuses.get(&(*s, id))).any(|l| Self::any(l, from, to))
    }

    fn any(list: &[Status], from: i64, to: i64) -> bool {
        let first = list.partition_point(|s| s.ts <= from);
        let until = list.partition_point(|s| s.ts < to);
        Self::last(list, from, i64::MAX)
            || list.get(first..until).is_some_and(|within| within.iter().any(|s| s.is_halted))
    }

    fn last(list: &[Status], ts: i64, ts_avail: i64) -> bool {
        let until = list.partition_point(|s| s.ts <= ts);
        list.get(..until)
            .and_then(|known| known.iter().rfind(|s| s.ts_avail <= ts_avail))
            .is_some_and(|s| s.is_halted)
    }
}

/// What a status says about a stop within the session: the close of a session is none, and an auction ends none.
fn is_pause(word: &str, is_trading: Option<bool>) -> Option<bool> {
    match (word, is_trading) {
        (_, Some(true)) | ("trading" | "close" | "post_close" | "not_available", _) => Some(false),
        ("pre_open" | "quoting", _) | (_, None)
            if !matches!(word, "halt" | "pause" | "suspend") =>
        {
            None
        }
        _ => Some(true),
    }
}
