//! Counters as Prometheus text.

use contract::{Histogram, Observe, Sink};
use std::collections::BTreeMap;
use std::fmt::Write;

/// A sink that keeps what it is told, one family a name.
///
/// ```
/// use contract::Sink;
/// let mut metrics = hindsight::Metrics::default();
/// metrics.counter("hindsight_stage_rows_total", &[("stage", "cat"), ("direction", "in")], 3);
/// assert!(metrics.to_text().ends_with("hindsight_stage_rows_total{stage=\"cat\",direction=\"in\"} 3\n"));
/// ```
#[derive(Debug, Default)]
pub struct Metrics {
    families: BTreeMap<String, Family>,
}

#[derive(Debug)]
struct Family {
    kind: &'static str,
    samples: Vec<Sample>,
}

/// A name with its labels, and its value.
#[derive(Debug)]
struct Sample {
    name: String,
    value: Value,
}

#[derive(Debug, Clone, Copy)]
enum Value {
    Count(u64),
    Level(f64),
    Seconds(u64),
}

impl Family {
    /// A stage that ran several times counts on; of a gauge the last value holds.
    fn add(&mut self, name: String, value: Value) {
        let Some(known) = self.samples.iter_mut().find(|sample| sample.name == name) else {
            self.samples.push(Sample { name, value });
            return;
        };
        known.value = match (known.value, value) {
            (Value::Count(a), Value::Count(b)) => Value::Count(a.saturating_add(b)),
            (Value::Seconds(a), Value::Seconds(b)) => Value::Seconds(a.saturating_add(b)),
            (_, other) => other,
        };
    }
}

impl std::fmt::Display for Sample {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.value {
            Value::Count(count) => write!(f, "{} {count}", self.name),
            Value::Level(level) => write!(f, "{} {level}", self.name),
            Value::Seconds(ns) => write!(f, "{} {}", self.name, seconds(ns)),
        }
    }
}

impl Metrics {
    fn family(&mut self, name: &str, kind: &'static str) -> &mut Family {
        let family = self.families.entry(name.to_owned());
        family.or_insert_with(|| Family { kind, samples: Vec::new() })
    }

    /// The text format of Prometheus, version 0.0.4, families by name.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for (name, family) in &self.families {
            let help = help(name);
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {}", family.kind);
            for sample in &family.samples {
                let _ = writeln!(text, "{sample}");
            }
        }
        text
    }
}

/// Name and meaning of every metric of this program.
pub const METRICS: &[(&str, &str)] = &[
    ("hindsight_build_info", "Version and commit of the program; always 1."),
    ("hindsight_stage_rows_total", "Rows by stage and direction: in, out, rejected."),
    (
        "hindsight_decision_latency_seconds",
        "From a decision's arrival to its row in a dataset, both on disk, without waiting for the horizon.",
    ),
    ("hindsight_stage_duration_seconds", "Time a stage spends on one batch."),
    ("hindsight_capture_events_total", "Rows by table and outcome: durable, duplicate, rejected."),
    (
        "hindsight_capture_last_durable_timestamp_seconds",
        "When rows of a table last became durable.",
    ),
    ("hindsight_capture_missing_rows", "Rows that a producer has announced and the log has not."),
    ("hindsight_capture_unacked_rows", "Rows that wait for the disk."),
    ("hindsight_capture_log_bytes", "Bytes in segments, without those prepared."),
    ("hindsight_capture_fsync_duration_seconds", "Time of each fdatasync of a group."),
    ("hindsight_features_rows_read_total", "Rows that a sweep has read, by table."),
    ("hindsight_features_rows_total", "Feature rows, one a decision."),
    (
        "hindsight_features_late_rows_total",
        "Rows behind the clock of their log, given back as rejects.",
    ),
    ("hindsight_features_rejected_rows_total", "Rows given back as rejects for other reasons."),
    (
        "hindsight_features_null_cells_total",
        "Cells without a value, by family of features and reason.",
    ),
    (
        "hindsight_features_lookahead_violations_total",
        "Feature rows with a source that was not available before their cut-off; 0, or the sweep is broken.",
    ),
    ("hindsight_labeling_rows_read_total", "Rows that a labeler has read, by table."),
    (
        "hindsight_labeling_late_rows_total",
        "Rows behind the log clock by more than the allowed lateness.",
    ),
    ("hindsight_labeling_rejected_rows_total", "Rows given back as rejects."),
    ("hindsight_labels_total", "First labels by target and class; grade `none` is indeterminate."),
    ("hindsight_labels_pending_rows", "Labels that wait for their window to end."),
    (
        "hindsight_quality_score_ratio",
        "Score / 100 by table; dimension `all` is the score, others the share that is in order.",
    ),
    ("hindsight_quality_coverage_ratio", "Weighted share of the checks that ran, by table."),
    ("hindsight_quality_events_total", "Findings by kind and severity."),
    ("hindsight_query_bytes_read_total", "Bytes that statements have read from logs and files."),
];

fn help(name: &str) -> &str {
    METRICS.iter().find(|(known, _)| *known == name).map_or("", |(_, help)| *help)
}

impl Sink for Metrics {
    fn counter(&mut self, name: &str, labels: &[(&str, &str)], value: u64) {
        let sample = format!("{name}{}", braces(labels, None));
        self.family(name, "counter").add(sample, Value::Count(value));
    }

    fn gauge(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let sample = format!("{name}{}", braces(labels, None));
        self.family(name, "gauge").add(sample, Value::Level(value));
    }

    fn histogram(&mut self, name: &str, labels: &[(&str, &str)], value: &Histogram) {
        let family = self.family(name, "histogram");
        let mut below = 0;
        for (edge, count) in value.buckets() {
            below += count;
            let edge = edge.map_or_else(|| "+Inf".to_owned(), seconds);
            let sample = format!("{name}_bucket{}", braces(labels, Some(&edge)));
            family.add(sample, Value::Count(below));
        }
        let sum = u64::try_from(value.sum_ns()).unwrap_or(u64::MAX);
        family.add(format!("{name}_sum{}", braces(labels, None)), Value::Seconds(sum));
        family.add(format!("{name}_count{}", braces(labels, None)), Value::Count(value.count()));
    }
}

/// Nanoseconds as seconds, without the rounding of a division.
fn seconds(ns: u64) -> String {
    let text = format!("{}.{:09}", ns / 1_000_000_000, ns % 1_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn braces(labels: &[(&str, &str)], edge: Option<&str>) -> String {
    let pairs: Vec<String> = labels
        .iter()
        .copied()
        .chain(edge.map(|edge| ("le", edge)))
        .map(|(key, value)| {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            format!("{key}=\"{value}\"")
        })
        .collect();
    if pairs.is_empty() { String::new() } else { format!("{{{}}}", pairs.join(",")) }
}

/// What a stage did.
#[derive(Debug, Clone, Default)]
pub struct StageStats {
    /// The stage.
    pub stage: &'static str,
    /// Rows read.
    pub rows_in: u64,
    /// Rows written.
    pub rows_out: u64,
    /// Rows rejected.
    pub rejects: u64,
    /// Time a batch.
    pub duration: Histogram,
}

impl Observe for StageStats {
    fn observe(&self, sink: &mut dyn Sink) {
        let rows = [("in", self.rows_in), ("out", self.rows_out), ("rejected", self.rejects)];
        for (direction, value) in rows {
            let labels = [("stage", self.stage), ("direction", direction)];
            sink.counter("hindsight_stage_rows_total", &labels, value);
        }
        let labels = [("stage", self.stage)];
        sink.histogram("hindsight_stage_duration_seconds", &labels, &self.duration);
    }
}

/// The program itself.
pub(crate) struct BuildInfo;

impl Observe for BuildInfo {
    fn observe(&self, sink: &mut dyn Sink) {
        let labels = [
            ("version", env!("CARGO_PKG_VERSION")),
            ("commit", option_env!("HINDSIGHT_COMMIT").unwrap_or("unknown")),
        ];
        sink.gauge("hindsight_build_info", &labels, 1.0);
    }
}
