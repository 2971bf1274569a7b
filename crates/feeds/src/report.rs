//! What an import read, and what became of it.

use crate::binance::ClockOffset;
use contract::{AnyBatch, Flags, Reject};
use std::collections::BTreeMap;

/// Rows and rejects of a part of an input, in its order.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Output {
    /// Rows, one batch a table, each a draft.
    pub rows: Vec<AnyBatch>,
    /// What became no row.
    pub rejects: Vec<Reject>,
}

/// Counts over all that was pushed.
///
/// `lines` is the number of lines with rows plus the number of rejects, unless a file ended in an error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Files.
    pub files: u64,
    /// Lines or records read, empty ones not counted.
    pub lines: u64,
    /// Lines that stand for no row of their own, since another line of the same stamp completes them.
    pub merged_lines: u64,
    /// Lines of members that were refused whole; they are not in `lines`.
    pub refused_lines: u64,
    /// Rows by table.
    pub rows: BTreeMap<String, u64>,
    /// Rejects by code.
    pub rejects: BTreeMap<String, u64>,
    /// Rows by flag.
    pub flags: BTreeMap<&'static str, u64>,
    /// Earliest and latest `ts_event` in nanoseconds.
    pub ts_event_ns: Option<(i64, i64)>,
    /// Earliest and latest `ts_avail` in nanoseconds.
    pub ts_avail_ns: Option<(i64, i64)>,
    /// Clock rules by source and how many stamps each has turned.
    pub clock_rules: BTreeMap<String, u64>,
    /// Receive time minus send time by source, where messages carry both.
    pub clock_offsets: BTreeMap<String, ClockOffset>,
    /// Version of the time zone database.
    pub tzdb: &'static str,
}

const FLAGS: [(&str, Flags); 8] = [
    ("SNAPSHOT", Flags::SNAPSHOT),
    ("BAD_TS_RECV", Flags::BAD_TS_RECV),
    ("BACKFILL", Flags::BACKFILL),
    ("LATE", Flags::LATE),
    ("DUP_SUSPECT", Flags::DUP_SUSPECT),
    ("CLOCK_SUSPECT", Flags::CLOCK_SUSPECT),
    ("VENDOR_SUSPECT", Flags::VENDOR_SUSPECT),
    ("INFERRED", Flags::INFERRED),
];

impl Report {
    /// Counts an output.
    pub(crate) fn count(&mut self, output: &Output) {
        for batch in &output.rows {
            *self.rows.entry(batch.spec().name.to_owned()).or_default() += as_u64(batch.len());
            let flags = batch.flag_bits();
            for (name, flag) in FLAGS {
                let n = flags.iter().filter(|bits| Flags::from_bits(**bits).has(flag)).count();
                if n > 0 {
                    *self.flags.entry(name).or_default() += as_u64(n);
                }
            }
            widen(&mut self.ts_event_ns, batch.ts_event_range());
            widen(&mut self.ts_avail_ns, batch.ts_avail_range());
        }
        for reject in &output.rejects {
            *self.rejects.entry(reject.code.clone()).or_default() += 1;
        }
    }
}

fn widen(all: &mut Option<(i64, i64)>, part: Option<(i64, i64)>) {
    *all = match (*all, part) {
        (Some((low, high)), Some((a, b))) => Some((low.min(a), high.max(b))),
        (one, None) | (None, one) => one,
    };
}

pub(crate) fn as_u64(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
