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
            let status = Status {
                ts: if events.is_valid(row) { events.value(row) } else { ts_avail },
                ts_avail,
                is_halted: rows.cell(&Statuses::IS_TRADING, row)? == Some(false),
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
