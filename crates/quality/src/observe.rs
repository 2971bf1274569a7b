//! Scores and findings as metrics.

use crate::dimension::Dimension;
use crate::report::Report;
use contract::{DataQualityEvent, Observe, Sink, Vocabulary};
use std::collections::BTreeMap;

/// Label of a score over all dimensions.
const ALL: &str = "all";

impl Observe for Report {
    /// Score and coverage, and the share in order of every dimension that has an applicable check.
    fn observe(&self, sink: &mut dyn Sink) {
        let table = ("table", self.rules().table());
        let score = self.score();
        let name = "hindsight_quality_score_ratio";
        sink.gauge(name, &[table, ("dimension", ALL)], score.score / 100.0);
        for dimension in Dimension::ALL {
            if let Some(share) = self.dimension(dimension) {
                sink.gauge(name, &[table, ("dimension", dimension.word())], share);
            }
        }
        sink.gauge("hindsight_quality_coverage_ratio", &[table], score.coverage);
    }
}

/// Findings, counted by kind and severity.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventCounts {
    counts: BTreeMap<(&'static str, &'static str), u64>,
}

impl EventCounts {
    /// Counts events in.
    pub fn add(&mut self, events: &[DataQualityEvent]) {
        for event in events {
            *self.counts.entry((event.kind.word(), event.severity.word())).or_default() += 1;
        }
    }
}

impl Observe for EventCounts {
    fn observe(&self, sink: &mut dyn Sink) {
        for ((kind, severity), count) in &self.counts {
            let labels = [("kind", *kind), ("severity", *severity)];
            sink.counter("hindsight_quality_events_total", &labels, *count);
        }
    }
}
