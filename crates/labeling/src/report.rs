//! Counts of what a labeler read, refused and said.

use crate::label::LabelDraft;
use contract::{LabelStatus, Observe, Sink};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What became of the decisions that a target covers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TargetReport {
    /// Decisions with a label.
    pub labelled: u64,
    /// First labels by class.
    pub classes: BTreeMap<i8, u64>,
    /// First labels without a class: indeterminate.
    pub without_class: u64,
    /// First labels that were provisional.
    pub provisional: u64,
    /// Later revisions.
    pub revisions: u64,
    /// Decisions of another action, side or basis.
    pub not_applicable: u64,
    /// Decisions that could not be used.
    pub rejected: u64,
    /// Decisions that wait; known when the run has ended.
    pub pending: u64,
}

/// Counts of what a labeler read, refused and said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Report {
    /// Rows by table.
    pub rows_read: BTreeMap<&'static str, u64>,
    /// Rows behind the log clock by more than the allowed lateness; all but rejects were worked in.
    pub late: u64,
    /// Quotes, trades and statuses of sources that make no path (`measures.sources`).
    pub other_sources: u64,
    /// Instruments whose path is made by more than one source: venues whose prices differ look like moves. Name one in
    /// `measures.sources`.
    pub mixed_instruments: u64,
    /// Rejects.
    pub rejected: u64,
    /// Corrections and busts worked in.
    pub amended: u64,
    /// Decisions that came in.
    pub decisions: u64,
    /// Decisions refused as they came.
    pub rejected_decisions: u64,
    /// Decisions for which no rule set was in force.
    pub without_rules: u64,
    /// Outcome rows, revisions included.
    pub outcomes: u64,
    /// Markout rows, revisions included.
    pub markouts: u64,
    /// By target.
    pub targets: BTreeMap<Arc<str>, TargetReport>,
    /// Labels that wait, by target; known when the run has ended.
    pub pending: BTreeMap<Arc<str>, u64>,
}

impl Report {
    pub(crate) fn target(&mut self, name: &Arc<str>) -> &mut TargetReport {
        self.targets.entry(Arc::clone(name)).or_default()
    }

    pub(crate) fn label(&mut self, name: &Arc<str>, label: &LabelDraft, revision: u16) {
        let target = self.target(name);
        if revision > 0 {
            target.revisions += 1;
            return;
        }
        target.labelled += 1;
        match label.class {
            Some(class) => *target.classes.entry(class).or_default() += 1,
            None => target.without_class += 1,
        }
        target.provisional += u64::from(label.status == LabelStatus::Provisional);
    }

    /// Adds the counts of another part of the same run.
    pub(crate) fn join(&mut self, other: Self) {
        for (table, rows) in other.rows_read {
            *self.rows_read.entry(table).or_default() += rows;
        }
        self.late += other.late;
        self.other_sources += other.other_sources;
        self.mixed_instruments += other.mixed_instruments;
        self.rejected += other.rejected;
        self.amended += other.amended;
        self.decisions += other.decisions;
        self.rejected_decisions += other.rejected_decisions;
        self.without_rules += other.without_rules;
        self.outcomes += other.outcomes;
        self.markouts += other.markouts;
        for (name, theirs) in other.targets {
            let ours = self.targets.entry(name).or_default();
            ours.labelled += theirs.labelled;
            for (class, n) in theirs.classes {
                *ours.classes.entry(class).or_default() += n;
            }
            ours.without_class += theirs.without_class;
            ours.provisional += theirs.provisional;
            ours.revisions += theirs.revisions;
            ours.not_applicable += theirs.not_applicable;
            ours.rejected += theirs.rejected;
            ours.pending += theirs.pending;
        }
        for (name, n) in other.pending {
            *self.pending.entry(name).or_default() += n;
        }
    }
}

impl Observe for Report {
    fn observe(&self, sink: &mut dyn Sink) {
        for (table, rows) in &self.rows_read {
            sink.counter("hindsight_labeling_rows_read_total", &[("table", table)], *rows);
        }
        sink.counter("hindsight_labeling_late_rows_total", &[], self.late);
        sink.counter("hindsight_labeling_rejected_rows_total", &[], self.rejected);
        for (name, target) in &self.targets {
            for (class, n) in &target.classes {
                let class = class.to_string();
                let labels = [("target", name.as_ref()), ("grade", class.as_str())];
                sink.counter("hindsight_labels_total", &labels, *n);
            }
            let labels = [("target", name.as_ref()), ("grade", "none")];
            sink.counter("hindsight_labels_total", &labels, target.without_class);
        }
        let pending: u64 = self.pending.values().sum();
        sink.gauge("hindsight_labels_pending_rows", &[], pending as f64);
    }
}
