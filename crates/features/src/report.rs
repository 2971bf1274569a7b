//! Counts of what a sweep read, refused and answered.

use contract::{Observe, Sink};
use std::collections::BTreeMap;

/// Counts of what a sweep read, refused and answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Report {
    /// Rows by table, in the order of their names.
    pub rows_read: BTreeMap<&'static str, u64>,
    /// Rows skipped because of their flags.
    pub filtered: u64,
    /// Rows behind the log clock, given back as rejects.
    pub late: u64,
    /// Rows given back as rejects for other reasons.
    pub rejected: u64,
    /// Corrections and cancels worked in.
    pub amended: u64,
    /// Corrections and cancels whose trade was not inside the lookback.
    pub unmatched: u64,
    /// Sizes with more than nine decimals, rounded to them.
    pub sizes_rounded: u64,
    /// Decisions that came in.
    pub decisions: u64,
    /// Feature rows that went out.
    pub rows: u64,
    /// Decisions answered by sweeping their visible rows anew.
    pub swept_anew: u64,
    /// Null cells by feature and reason.
    pub nulls: BTreeMap<(String, &'static str), u64>,
    /// Rows whose sources were not before their cut-off: 0, or the sweep is broken.
    pub lookahead_violations: u64,
}

impl Observe for Report {
    fn observe(&self, sink: &mut dyn Sink) {
        for (table, rows) in &self.rows_read {
            sink.counter("hindsight_features_rows_read_total", &[("table", table)], *rows);
        }
        sink.counter("hindsight_features_rows_total", &[], self.rows);
        sink.counter("hindsight_features_late_rows_total", &[], self.late);
        sink.counter("hindsight_features_rejected_rows_total", &[], self.rejected);
        sink.counter(
            "hindsight_features_lookahead_violations_total",
            &[],
            self.lookahead_violations,
        );
        let mut families: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        for ((feature, reason), n) in &self.nulls {
            let family = feature.split("__").next().unwrap_or(feature);
            *families.entry((family, reason)).or_default() += n;
        }
        for ((family, reason), n) in families {
            let labels = [("family", family), ("reason", reason)];
            sink.counter("hindsight_features_null_cells_total", &labels, n);
        }
    }
}
