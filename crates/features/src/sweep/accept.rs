//! Which rows of a batch enter, and to which instrument they go.

use super::{Arrival, Sweep};
use crate::error::SweepError;
use crate::ring::Key;
use crate::rows::MarketTable;
use contract::{Batch, Decisions, EventTable, Origin, Reject, Table};
use std::collections::BTreeMap;

/// Instants further from 1970 than this, in nanoseconds, are no instants of a market.
const MAX_INSTANT: u64 = 1 << 62;
/// Instrument numbers below this get a place in a table.
const SMALL: u32 = 1 << 16;

/// Rows of a batch that enter.
#[derive(Debug)]
pub(super) struct Accepted {
    /// In their order.
    pub(super) rows: Vec<usize>,
    /// For each of them, whether no row with a smaller key can come any more.
    in_order: Vec<bool>,
    /// Number of the batch's first row among all rows of its table.
    pub(super) first_row: u64,
}

/// Rows of one instrument.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) rows: Vec<usize>,
    pub(super) in_order: Vec<bool>,
}

impl Accepted {
    /// The rows by instrument.
    pub(super) fn by_instrument(&self, instruments: &[u32]) -> BTreeMap<u32, Group> {
        let mut groups: BTreeMap<u32, Group> = BTreeMap::new();
        let largest = self.rows.iter().filter_map(|row| instruments.get(*row)).max().copied();
        let Some(largest) = largest else { return groups };
        // Numbers are small as a rule: a table of places beats a tree a row.
        if largest < SMALL {
            let mut places = vec![u32::MAX; largest as usize + 1];
            let mut found: Vec<(u32, Group)> = Vec::new();
            for (row, in_order) in self.rows.iter().zip(&self.in_order) {
                let Some(id) = instruments.get(*row) else { continue };
                let Some(place) = places.get_mut(*id as usize) else { continue };
                if *place == u32::MAX {
                    *place = u32::try_from(found.len()).unwrap_or(u32::MAX);
                    found.push((*id, Group::default()));
                }
                if let Some((_, group)) = found.get_mut(*place as usize) {
                    group.rows.push(*row);
                    group.in_order.push(*in_order);
                }
            }
            groups.extend(found);
            return groups;
        }
        for (row, in_order) in self.rows.iter().zip(&self.in_order) {
            let Some(id) = instruments.get(*row) else { continue };
            let group = groups.entry(*id).or_default();
            group.rows.push(*row);
            group.in_order.push(*in_order);
        }
        groups
    }
}

impl Sweep {
    /// Checks order and flags of every row and moves the clock.
    pub(super) fn accept<T: EventTable>(
        &mut self,
        log: u8,
        batch: &Batch<T>,
        market: Option<MarketTable>,
    ) -> Result<Accepted, SweepError> {
        let table = T::SPEC.name;
        let read = self.report.rows_read.entry(table).or_default();
        let first_row = *read;
        *read += batch.len() as u64;
        self.since_forget += batch.len();
        let mut accepted = match self.options.arrival {
            Arrival::Sorted => self.accept_sorted(log, batch, market, first_row)?,
            Arrival::Log => self.accept_log(log, batch, market, first_row),
        };
        self.refuse_extreme_instants(batch, &mut accepted);
        let filter = self.plan.row_filter;
        let flags = batch.flags().values();
        if table != Decisions::SPEC.name && flags.iter().any(|f| f & filter != 0) {
            let keep = |row: usize| flags.get(row).is_none_or(|f| f & filter == 0);
            let before = accepted.rows.len();
            let pairs = accepted.rows.iter().copied().zip(accepted.in_order.iter().copied());
            (accepted.rows, accepted.in_order) = pairs.filter(|(row, _)| keep(*row)).unzip();
            self.report.filtered += (before - accepted.rows.len()) as u64;
        }
        Ok(accepted)
    }

    fn accept_sorted<T: EventTable>(
        &mut self,
        log: u8,
        batch: &Batch<T>,
        market: Option<MarketTable>,
        first_row: u64,
    ) -> Result<Accepted, SweepError> {
        let table = T::SPEC.name;
        let (ts_avail, seq) = (batch.ts_avail().values(), batch.seq().values());
        let mut last = self.last_keys.get(&(log, table)).copied();
        for (row, (ts, seq)) in ts_avail.iter().zip(seq).enumerate() {
            let key = (*ts, *seq);
            if let Some(expected) = last.filter(|last| key <= *last) {
                let row = first_row + row as u64;
                return Err(SweepError::Unsorted { table, row, expected, found: key });
            }
            last = Some(key);
        }
        if let Some(last) = last {
            self.last_keys.insert((log, table), last);
        }
        if let (Some(market), Some(ts)) = (market, ts_avail.last())
            && let Some(clock) = self.clocks.get_mut(&(log, Some(market)))
        {
            *clock = (*clock).max(*ts);
        }
        let mut rows: Vec<usize> = (0..batch.len()).collect();
        // Statuses and marks have no clock of their own; what was settled or answered cannot change.
        let bound =
            if market.is_some() { self.promised } else { self.answered.max(self.settled_to) };
        if table != Decisions::SPEC.name {
            let late = ts_avail.partition_point(|ts| *ts < bound);
            for row in rows.drain(..late) {
                let key = Key {
                    ts: ts_avail.get(row).copied().unwrap_or(0),
                    log,
                    seq: seq.get(row).copied().unwrap_or(0),
                };
                self.late(table, first_row, row, key, bound);
            }
        }
        let in_order = vec![self.options.logs == 1; rows.len()];
        Ok(Accepted { rows, in_order, first_row })
    }

    fn accept_log<T: EventTable>(
        &mut self,
        log: u8,
        batch: &Batch<T>,
        market: Option<MarketTable>,
        first_row: u64,
    ) -> Accepted {
        use contract::arrow_array::Array;
        let _ = market;
        let (ts_avail, seq) = (batch.ts_avail().values(), batch.seq().values());
        let ts_recv = batch.ts_recv();
        let mut clock = self.clocks.get(&(log, None)).copied().unwrap_or(i64::MIN);
        let (mut rows, mut in_order) = (Vec::new(), Vec::new());
        let mut last_seq = self.last_keys.get(&(log, T::SPEC.name)).map(|(_, seq)| *seq);
        for (row, (ts, seq)) in ts_avail.iter().zip(seq).enumerate() {
            let known = clock;
            if last_seq.is_some_and(|last| *seq <= last) {
                let key = Key { ts: *ts, log, seq: *seq };
                self.repeated(T::SPEC.name, first_row, row, key, last_seq.unwrap_or(0));
                continue;
            }
            last_seq = Some(*seq);
            clock = clock.max(if ts_recv.is_null(row) { *ts } else { ts_recv.value(row) });
            if *ts < known {
                self.late(T::SPEC.name, first_row, row, Key { ts: *ts, log, seq: *seq }, known);
                continue;
            }
            rows.push(row);
            in_order.push(self.options.logs == 1 && *ts <= clock);
        }
        self.clocks.insert((log, None), clock);
        if let Some(last) = last_seq {
            self.last_keys.insert((log, T::SPEC.name), (clock, last));
        }
        Accepted { rows, in_order, first_row }
    }

    /// Instants so far away that differences would not fit are rejects.
    fn refuse_extreme_instants<T: EventTable>(
        &mut self,
        batch: &Batch<T>,
        accepted: &mut Accepted,
    ) {
        let (ts_avail, seq) = (batch.ts_avail().values(), batch.seq().values());
        let is_extreme =
            |row: usize| ts_avail.get(row).is_some_and(|ts| ts.unsigned_abs() > MAX_INSTANT);
        if !accepted.rows.iter().any(|row| is_extreme(*row)) {
            return;
        }
        let pairs = accepted.rows.iter().copied().zip(accepted.in_order.iter().copied());
        let (extreme, rest): (Vec<_>, Vec<_>) = pairs.partition(|(row, _)| is_extreme(*row));
        (accepted.rows, accepted.in_order) = rest.into_iter().unzip();
        for (row, _) in extreme {
            self.report.rejected += 1;
            if T::SPEC.name == Decisions::SPEC.name {
                self.report.decisions += 1;
                self.decision_rejects += 1;
            }
            let origin = Origin::new("features", T::SPEC.name).at(accepted.first_row);
            let found = ts_avail.get(row).copied().unwrap_or(0);
            let mut reject =
                Reject::new(&origin, T::SPEC.name, row as u64, "features/extreme-instant").about(
                    "ts_avail",
                    "an instant within 146 years of 1970",
                    found.to_string(),
                );
            (reject.seq, reject.ts_avail_ns) = (seq.get(row).copied(), Some(found));
            self.rejects.push(reject);
        }
    }

    /// A row that the log has delivered before, or out of its order.
    fn repeated(&mut self, table: &'static str, first_row: u64, row: usize, key: Key, last: u64) {
        self.report.rejected += 1;
        if table == Decisions::SPEC.name {
            self.report.decisions += 1;
            self.decision_rejects += 1;
        }
        let origin = Origin::new("features", table).at(first_row);
        let mut reject = Reject::new(&origin, table, row as u64, "features/repeated-row").about(
            "seq",
            format!("above {last}"),
            key.seq.to_string(),
        );
        (reject.seq, reject.ts_avail_ns) = (Some(key.seq), Some(key.ts));
        self.rejects.push(reject);
    }

    /// Counts rows of a reference table; those known before what was answered are late.
    pub(super) fn late_reference(&mut self, table: &'static str, rows: usize, late: &[usize]) {
        let read = self.report.rows_read.entry(table).or_default();
        let first_row = *read;
        *read += rows as u64;
        for row in late {
            self.report.late += 1;
            let origin = Origin::new("features", table).at(first_row);
            let reject = Reject::new(&origin, table, *row as u64, "features/late-row").about(
                "ts_avail",
                format!("{} or later", self.answered),
                "an earlier instant",
            );
            self.rejects.push(reject);
        }
    }

    fn late(&mut self, table: &'static str, first_row: u64, row: usize, key: Key, clock: i64) {
        self.report.late += 1;
        if table == Decisions::SPEC.name {
            self.report.decisions += 1;
            self.decision_rejects += 1;
        }
        let origin = Origin::new("features", table).at(first_row);
        let mut reject = Reject::new(&origin, table, row as u64, "features/late-row").about(
            "ts_avail",
            format!("{clock} or later"),
            key.ts.to_string(),
        );
        (reject.seq, reject.ts_avail_ns) = (Some(key.seq), Some(key.ts));
        self.rejects.push(reject);
    }
}
