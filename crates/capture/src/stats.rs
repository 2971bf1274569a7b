//! What a log has done since it was opened, as numbers for a monitor.

use crate::inner::Inner;
use crate::log::Log;
use crate::store::sealed;
use crate::sync::lock;
use contract::{Histogram, Observe, Sink, UtcNanos};
use std::collections::BTreeMap;
use std::time::Instant;

/// What became of the rows of a table since the log was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TableStats {
    /// Rows on disk.
    pub durable: u64,
    /// Rows that were there already and were not stored again.
    pub duplicate: u64,
    /// Rows that were refused.
    pub rejected: u64,
    /// When the last ones became durable.
    pub last_durable: Option<UtcNanos>,
}

/// What a log has done since it was opened; [`Observe`] walks it into a registry of metrics.
///
/// ```
/// # use capture::{Drive, FixedClock, Log, Options, ProducerSpec};
/// # use contract::{EventId, UtcNanos, testing::trades};
/// # use std::sync::Arc;
/// # let folder = tempfile::tempdir()?;
/// # let clock = Arc::new(FixedClock(UtcNanos::parse("2024-08-08T23:54:15Z")?));
/// # let options = Options { drive: Drive::Steps, ..Options::default() };
/// # let (log, _) = Log::open(Arc::new(durable::RealFs), &folder.path().join("log"), options, clock, 7)?;
/// let mut feed = log.open_producer(ProducerSpec::new(EventId::from_bytes([1; 16]), "binance"))?;
/// feed.append_durable(&trades("90 3.0 B, 95 1.0 A"))?;
/// let stats = log.stats();
/// assert_eq!((stats.tables["trades"].durable, stats.unacked_rows), (2, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Stats {
    /// By table.
    pub tables: BTreeMap<String, TableStats>,
    /// How long each `fdatasync` of a group took.
    pub fsync: Histogram,
    /// Rows that wait for the disk.
    pub unacked_rows: u64,
    /// Bytes in segments, without what is prepared.
    pub log_bytes: u64,
    /// Rows that are missing now, by the name of the producer.
    pub missing: BTreeMap<String, u64>,
}

impl Observe for Stats {
    fn observe(&self, sink: &mut dyn Sink) {
        for (table, stats) in &self.tables {
            let outcomes = [
                ("durable", stats.durable),
                ("duplicate", stats.duplicate),
                ("rejected", stats.rejected),
            ];
            for (outcome, value) in outcomes {
                let labels = [("table", table.as_str()), ("outcome", outcome)];
                sink.counter("hindsight_capture_events_total", &labels, value);
            }
            if let Some(last) = stats.last_durable {
                let name = "hindsight_capture_last_durable_timestamp_seconds";
                sink.gauge(name, &[("table", table)], last.nanos() as f64 / 1e9);
            }
        }
        for (producer, rows) in &self.missing {
            let labels = [("producer", producer.as_str())];
            sink.gauge("hindsight_capture_missing_rows", &labels, *rows as f64);
        }
        sink.gauge("hindsight_capture_unacked_rows", &[], self.unacked_rows as f64);
        sink.gauge("hindsight_capture_log_bytes", &[], self.log_bytes as f64);
        sink.histogram("hindsight_capture_fsync_duration_seconds", &[], &self.fsync);
    }
}

impl Log {
    /// What the log has done since it was opened.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let mut stats = lock(&self.inner.stats).clone();
        {
            let queue = lock(&self.inner.queue);
            stats.unacked_rows = queue.rows;
            // Not the writer's own count: its lock is held while the disk works.
            stats.log_bytes = self.inner.segment_bytes.saturating_sub(queue.active_left);
        }
        {
            let manifest = lock(&self.inner.manifest);
            let there = sealed(manifest.entries()).filter(|s| !manifest.is_dropped(s.segment));
            stats.log_bytes += there.map(|s| s.cut).sum::<u64>();
        }
        let accounts = lock(&self.inner.ledger).accounts(0, self.inner.now());
        for account in accounts.iter().filter(|a| a.rows_missing > 0) {
            *stats.missing.entry(account.name.clone()).or_default() += account.rows_missing;
        }
        stats
    }
}

impl Inner {
    pub(crate) fn count(&self, table: &str, change: impl FnOnce(&mut TableStats)) {
        let mut stats = lock(&self.stats);
        if let Some(known) = stats.tables.get_mut(table) {
            return change(known);
        }
        change(stats.tables.entry(table.to_owned()).or_default());
    }

    /// Runs a sync and notes how long it took.
    #[expect(
        clippy::disallowed_methods,
        reason = "a monotonic clock beside a sync, which never reaches a table"
    )]
    pub(crate) fn timed<T>(&self, sync: impl FnOnce() -> T) -> T {
        let begin = Instant::now();
        let result = sync();
        let took = u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX);
        lock(&self.stats).fsync.record_ns(took);
        result
    }
}
