//! Labels of tables in memory, in one call.

mod merge;
mod number;

pub(crate) use merge::feed;
pub use number::number;

use crate::error::LabelError;
use crate::inputs::Inputs;
use crate::labeler::Labeler;
use crate::output::{self, LabelRow, MarkoutRow, OutcomeRow};
use crate::report::Report;
use crate::rule_book::RuleBook;
use contract::{Batch, Labels, Markouts, Outcomes, Pending, Reject, Unlogged};
use std::sync::Arc;

/// How a run runs; nothing in here changes a bit of what comes out.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Parts by instrument, each with a thread of its own. Default 1.
    pub shards: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { shards: 1 }
    }
}

/// What a run gave. Rows are in the order of `(ts_avail, decision_id, window or target or offset, revision)`.
#[derive(Debug)]
#[non_exhaustive]
pub struct Run {
    /// Outcomes; `None` when there is none.
    pub outcomes: Option<Batch<Outcomes, Unlogged>>,
    /// Labels.
    pub labels: Option<Batch<Labels, Unlogged>>,
    /// Markouts.
    pub markouts: Option<Batch<Markouts, Unlogged>>,
    /// Labels that wait.
    pub pending: Option<Batch<Pending, Unlogged>>,
    /// Rows that could not be used, with the reason.
    pub rejects: Vec<Reject>,
    /// Counts.
    pub report: Report,
}

/// Outcomes, labels and markouts of tables in memory: the simplest way to use this crate in batch.
///
/// - **Shape:** a row a decision and window, a decision and target, an anchor and offset; revisions beside what they revise.
/// - **Point in time:** as [`Labeler`]; a window that the log clock has not passed gives no row but one in `pending`.
/// - **Cost:** as [`Labeler`], and a sort of what came out.
///
/// # Errors
/// [`LabelError`] when a batch as a whole cannot be used, or an identity is broken.
pub fn run(
    rules: impl Into<RuleBook>,
    inputs: &Inputs,
    options: Options,
) -> Result<Run, LabelError> {
    let rules = Arc::new(rules.into());
    let shards = options.shards.max(1);
    if shards == 1 {
        return Parts::of(&rules, inputs, None)?.into_run();
    }
    let parts: Vec<Result<Parts, LabelError>> = std::thread::scope(|scope| {
        let spawned: Vec<_> = (0..shards)
            .map(|shard| {
                let rules = &rules;
                scope.spawn(move || Parts::of(rules, inputs, Some((shard, shards))))
            })
            .collect();
        let stopped = || LabelError::Output("a thread stopped".to_owned());
        spawned.into_iter().map(|t| t.join().unwrap_or_else(|_| Err(stopped()))).collect()
    });
    let mut all = Parts::default();
    for part in parts {
        all.join(part?);
    }
    all.into_run()
}

/// What came out of a part of a run.
#[derive(Default)]
struct Parts {
    outcomes: Vec<OutcomeRow>,
    labels: Vec<LabelRow>,
    markouts: Vec<MarkoutRow>,
    pending: Vec<output::PendingRow>,
    rejects: Vec<Reject>,
    report: Report,
}

impl Parts {
    fn of(
        rules: &Arc<RuleBook>,
        inputs: &Inputs,
        shard: Option<(usize, usize)>,
    ) -> Result<Self, LabelError> {
        let mut labeler = Labeler::shared(Arc::clone(rules));
        let mut out = Self::default();
        merge::feed(&mut labeler, inputs, shard, |labeler| {
            let (mut outcomes, mut labels, mut markouts) = labeler.take_rows();
            out.outcomes.append(&mut outcomes);
            out.labels.append(&mut labels);
            out.markouts.append(&mut markouts);
            out.rejects.append(&mut labeler.take_rejects());
        })?;
        out.pending = labeler.pending_rows();
        let (_, report) = labeler.finish()?;
        out.report = report;
        Ok(out)
    }

    fn join(&mut self, mut other: Self) {
        self.outcomes.append(&mut other.outcomes);
        self.labels.append(&mut other.labels);
        self.markouts.append(&mut other.markouts);
        self.pending.append(&mut other.pending);
        self.rejects.append(&mut other.rejects);
        self.report.join(other.report);
    }

    fn into_run(mut self) -> Result<Run, LabelError> {
        self.outcomes.sort_by(|a, b| {
            let key = |r: &OutcomeRow| (r.stamp.ts_avail(), r.id, r.stamp.revision);
            key(a).cmp(&key(b)).then_with(|| a.window.cmp(&b.window))
        });
        self.labels.sort_by(|a, b| {
            let key = |r: &LabelRow| (r.stamp.ts_avail(), r.id);
            key(a)
                .cmp(&key(b))
                .then_with(|| a.target.cmp(&b.target))
                .then_with(|| a.stamp.revision.cmp(&b.stamp.revision))
        });
        self.markouts.sort_by(|a, b| {
            let key = |r: &MarkoutRow| (r.stamp.ts_avail(), r.id);
            key(a)
                .cmp(&key(b))
                .then_with(|| a.draft.id.cmp(&b.draft.id))
                .then_with(|| a.draft.offset_ns.cmp(&b.draft.offset_ns))
                .then_with(|| a.stamp.revision.cmp(&b.stamp.revision))
        });
        self.pending
            .sort_by(|a, b| (a.cutoff, a.seq, &a.target).cmp(&(b.cutoff, b.seq, &b.target)));
        self.rejects.sort_by(|a, b| {
            let key = |r: &Reject| (r.seq, r.position);
            key(a).cmp(&key(b)).then_with(|| (&a.table, &a.code).cmp(&(&b.table, &b.code)))
        });
        Ok(Run {
            outcomes: output::outcomes(&self.outcomes)?,
            labels: output::labels(&self.labels)?,
            markouts: output::markouts(&self.markouts)?,
            pending: if self.pending.is_empty() {
                None
            } else {
                Some(output::pending(&self.pending)?)
            },
            rejects: self.rejects,
            report: self.report,
        })
    }
}
