//! What the clock did in each stretch of time.

use super::ClockSettings;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// The clock of a source in one period of `ts_recv`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockPeriod {
    /// Start, a multiple of the period's length.
    pub start_ns: i64,
    /// Rows with both times.
    pub rows: u64,
    /// Suspect ones.
    pub suspects: u64,
    /// Smallest offset.
    pub offset_min_ns: i64,
    /// Offset that half of the rows do not exceed (the lower median); a multiple of `resolution_ns`.
    pub offset_median_ns: i64,
    /// Largest offset.
    pub offset_max_ns: i64,
    /// 1 unless the period had more than 1,024 different offsets; then the median stands for the smallest power of two that
    /// leaves so many.
    pub resolution_ns: i64,
    /// Smallest `ts_recv - ts_event` of this period's rows alone: what steps and drift are read from, since an offset
    /// remembers the time before.
    pub floor_ns: i64,
}

/// Different offsets that an open period tells apart.
const DISTINCT: usize = 1_024;

/// A period that may still get rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Open {
    number: i64,
    totals: ClockPeriod,
    /// Rows by offset without its last `shift` bits.
    offsets: BTreeMap<i64, u64>,
    shift: u32,
}

impl Open {
    fn new(settings: &ClockSettings, number: i64, delta: i64, offset: i64) -> Self {
        let totals = ClockPeriod {
            start_ns: number.saturating_mul(settings.period_ns),
            rows: 0,
            suspects: 0,
            offset_min_ns: offset,
            offset_median_ns: offset,
            offset_max_ns: offset,
            resolution_ns: 1,
            floor_ns: delta,
        };
        Self { number, totals, offsets: BTreeMap::new(), shift: 0 }
    }

    fn push(&mut self, delta: i64, offset: i64, is_suspect: bool) {
        let totals = &mut self.totals;
        totals.rows += 1;
        totals.suspects += u64::from(is_suspect);
        totals.offset_min_ns = totals.offset_min_ns.min(offset);
        totals.offset_max_ns = totals.offset_max_ns.max(offset);
        totals.floor_ns = totals.floor_ns.min(delta);
        *self.offsets.entry(offset >> self.shift).or_default() += 1;
        // The shift depends on the set of offsets and not on their order.
        while self.offsets.len() > DISTINCT {
            self.shift += 1;
            let mut coarse = BTreeMap::new();
            for (offset, rows) in &self.offsets {
                *coarse.entry(offset >> 1).or_default() += rows;
            }
            self.offsets = coarse;
        }
    }

    pub(super) fn close(&self) -> ClockPeriod {
        let mut totals = self.totals;
        let mut left = totals.rows.div_ceil(2);
        for (offset, rows) in &self.offsets {
            if left <= *rows {
                totals.offset_median_ns = offset << self.shift;
                break;
            }
            left -= rows;
        }
        totals.resolution_ns = 1_i64 << self.shift;
        totals
    }
}

/// Periods in the order of their first rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Periods {
    closed: VecDeque<ClockPeriod>,
    open: Option<Open>,
    dropped: u64,
}

impl Periods {
    pub(super) fn push(
        &mut self,
        settings: &ClockSettings,
        recv: i64,
        delta: i64,
        offset: i64,
        is_suspect: bool,
    ) {
        let number = recv.div_euclid(settings.period_ns);
        // A row that comes a little late counts where it comes; a receive clock that goes back far starts anew.
        let leaves = |open: &Open| number != open.number && number != open.number - 1;
        if self.open.as_ref().is_none_or(leaves) {
            let next = Open::new(settings, number, delta, offset);
            if let Some(open) = self.open.replace(next) {
                self.closed.push_back(open.close());
            }
            if self.closed.len() >= settings.max_periods {
                self.closed.pop_front();
                self.dropped += 1;
            }
        }
        if let Some(open) = &mut self.open {
            open.push(delta, offset, is_suspect);
        }
    }

    pub(super) fn closed(&self) -> impl Iterator<Item = &ClockPeriod> {
        self.closed.iter()
    }

    pub(super) fn open(&self) -> Option<&Open> {
        self.open.as_ref()
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }
}
