//! Checks at work on a table: batches in, flags out, states that merge and can be saved.

mod error;
mod held;
mod judged;
mod saved;

pub use error::CheckError;
pub use judged::{Flags, LateFlag};

use crate::context::Context;
use crate::explain::Watch;
use crate::judge::{End, Form};
use crate::kinds::AnyJudge;
use crate::marks::Marks;
use crate::report::{Finding, Report};
use crate::rows::{Layout, Rows, Slots};
use crate::rule_set::RuleSet;
use crate::tally::{Counts, SourceMasks, Tally};
use crate::verdict::{NotEvaluated, Verdict};
use arrow_array::RecordBatch;
use contract::{Causality, QualityMode};
use held::Held;
use std::sync::Arc;

/// One rule set at work on one table, or on a part of it.
///
/// - **Shape:** a batch in, a flag word a row out; bit k of a row is the rule set's check k.
/// - **Merging:** parts of a stream are numbered; [`TableState::merge`] joins neighbours, and the outcome is that of one
///   pass, bit for bit. What sequence kinds say about the rows of a part that does not start the stream comes then, as late
///   flags.
/// - **Cost:** memory is that of the kinds (streams times windows), not of the rows; a part that does not start the stream
///   also holds the columns of its sequence kinds, up to [`TableState::MAX_HELD`] rows.
///
/// ```
/// use contract::testing::quotes;
/// use contract::{Quotes, QualityMode};
/// use quality::{Context, RuleSet, TableState};
///
/// let rules = RuleSet::parse(
///     "name = \"q\"\nversion = 1\ntable = \"quotes\"\n[[check]]\nid = \"quotes.crossed\"\nkind = \"crossed\"",
/// )?;
/// let context = Context::new();
/// let mut state = TableState::new(&rules, QualityMode::Final);
/// # let batch = contract::Draft::<Quotes>::empty().into_record_batch();
/// let flags = state.observe(&batch, &context)?;
/// assert_eq!(flags.row(0), &[0]);
/// let report = state.finish(&context);
/// assert_eq!(report.rows(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct TableState {
    rules: Arc<RuleSet>,
    slots: Slots,
    mode: QualityMode,
    /// Numbers of the parts that are in, first to last.
    parts: (u64, u64),
    checks: Vec<CheckState>,
    rows: u64,
    seqs: Option<(u64, u64)>,
    layout: Option<Layout>,
    held: Option<Held>,
    marks: Marks,
    sources: SourceMasks,
    /// A row whose answers are wanted.
    pub(crate) watch: Option<Watch>,
}

/// One check at work.
#[derive(Debug, Clone)]
pub(crate) struct CheckState {
    form: Form,
    judge: AnyJudge,
    tally: Tally,
    not_evaluated: Option<NotEvaluated>,
    /// What the last batch added, by source.
    last: Vec<(u16, Counts)>,
}

impl TableState {
    /// Most rows that a part holds back for its sequence kinds; beyond them these are not evaluated.
    pub const MAX_HELD: u64 = 4_194_304;

    /// Checks for a stream from its start.
    #[must_use]
    pub fn new(rules: &RuleSet, mode: QualityMode) -> Self {
        Self::part(rules, mode, 0)
    }

    /// Checks for the part of a stream with this number, counted from 0 in the order of its rows.
    #[must_use]
    pub fn part(rules: &RuleSet, mode: QualityMode, number: u64) -> Self {
        let mut slots = Slots::of_table(rules.table());
        let checks = rules
            .checks()
            .iter()
            .map(|spec| {
                let looks_ahead = spec.kind().causality == Causality::Hindsight;
                let skipped = looks_ahead && mode == QualityMode::Live;
                CheckState {
                    form: spec.kind().form,
                    judge: (spec.kind().build)(&spec.params, &mut slots),
                    tally: Tally::default(),
                    last: Vec::new(),
                    not_evaluated: skipped.then_some(NotEvaluated::Hindsight),
                }
            })
            .collect();
        Self {
            rules: Arc::new(rules.clone()),
            slots,
            mode,
            parts: (number, number),
            checks,
            rows: 0,
            seqs: None,
            layout: None,
            held: (number > 0).then(Held::default),
            marks: Marks::default(),
            sources: SourceMasks::default(),
            watch: None,
        }
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// Whether hindsight checks run.
    #[must_use]
    pub const fn mode(&self) -> QualityMode {
        self.mode
    }

    /// Rows seen.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Judges a batch.
    ///
    /// # Errors
    /// [`CheckError::Order`] when `seq` does not rise, within the batch or from the one before; nothing of the batch counts
    /// then.
    pub fn observe(&mut self, batch: &RecordBatch, context: &Context) -> Result<Flags, CheckError> {
        let mut flags = Flags::new(batch.num_rows(), self.checks.len());
        self.observe_into(batch, context, &mut flags)?;
        Ok(flags)
    }

    /// [`TableState::observe`] into flags whose memory is kept.
    ///
    /// # Errors
    /// As [`TableState::observe`].
    pub fn observe_into(
        &mut self,
        batch: &RecordBatch,
        context: &Context,
        flags: &mut Flags,
    ) -> Result<(), CheckError> {
        flags.reset(batch.num_rows(), self.checks.len());
        let layout = match self.layout.take() {
            Some(layout) if layout.fits(batch.schema_ref(), &self.slots) => layout,
            _ => Layout::new(&self.slots, batch.schema_ref(), self.rules.table()),
        };
        let outcome = self.judge_all(batch, &layout, context, flags);
        self.layout = Some(layout);
        outcome
    }

    fn judge_all(
        &mut self,
        batch: &RecordBatch,
        layout: &Layout,
        context: &Context,
        flags: &mut Flags,
    ) -> Result<(), CheckError> {
        let rows = Rows::new(batch, layout, &self.slots, self.rows);
        let seqs = self.order(&rows)?;
        self.sources.read(&rows);
        let is_part = self.held.is_some();
        for (at, check) in self.checks.iter_mut().enumerate() {
            if is_part && check.form == Form::Sequence {
                continue;
            }
            check.judge(&rows, context, &mut self.marks, &self.sources);
            flags.take(at, &self.marks);
            if let Some(watch) = &mut self.watch {
                watch.see(at, &rows, &self.marks);
            }
        }
        if let Some(held) = &mut self.held {
            held.push(batch, layout, self.rows);
        }
        self.rows += batch.num_rows() as u64;
        self.seqs = seqs;
        Ok(())
    }

    /// Checks that `seq` rises.
    fn order(&self, rows: &Rows<'_>) -> Result<Option<(u64, u64)>, CheckError> {
        let Some(seqs) = rows.seqs() else { return Ok(self.seqs) };
        let mut range = self.seqs;
        for (row, seq) in seqs.iter().enumerate() {
            if let Some((_, last)) = range
                && *seq <= last
            {
                let table = self.rules.table().to_owned();
                return Err(CheckError::Order { table, row, last, found: *seq });
            }
            range = Some((range.map_or(*seq, |(first, _)| first), *seq));
        }
        Ok(range)
    }

    /// Takes in the part that follows, and says what its sequence kinds have to say about its rows.
    ///
    /// # Errors
    /// [`CheckError::NotAdjacent`] when it is not the next part, or its rows do not follow; [`CheckError::OtherRules`] when
    /// it was judged by other rules or in another mode. Nothing changes then.
    pub fn merge(&mut self, right: Self, context: &Context) -> Result<Vec<LateFlag>, CheckError> {
        if right.rules.hash() != self.rules.hash() || right.mode != self.mode {
            return Err(CheckError::OtherRules {
                expected: self.rules.hash(),
                found: right.rules.hash(),
            });
        }
        let follows = match (self.seqs, right.seqs) {
            (Some((_, last)), Some((first, _))) => last < first,
            _ => true,
        };
        if self.parts.1.checked_add(1) != Some(right.parts.0) || !follows {
            return Err(CheckError::NotAdjacent { left: self.parts, right: right.parts });
        }
        // Rows without a number are known by their place in the stream, which a part cannot know.
        let shift = if right.seqs.is_none() { self.rows } else { 0 };
        let mut late = Vec::new();
        for (check, other) in self.checks.iter_mut().zip(&right.checks) {
            if check.form == Form::Sequence {
                continue;
            }
            check.tally.merge(&other.tally, shift);
            check.judge.merge(&other.judge);
            if check.not_evaluated.is_none() {
                check.not_evaluated.clone_from(&other.not_evaluated);
            }
        }
        match (&mut self.held, right.held) {
            // Still no start: what was held is held on.
            (Some(left), Some(right)) => left.append(right, self.rows),
            (None, Some(right)) => self.judge_held(&right, context, &mut late),
            _ => {}
        }
        self.rows += right.rows;
        self.parts.1 = right.parts.1;
        self.seqs = match (self.seqs, right.seqs) {
            (Some((first, _)), Some((_, last))) => Some((first, last)),
            (left, right) => left.or(right),
        };
        Ok(late)
    }

    fn judge_held(&mut self, held: &Held, context: &Context, late: &mut Vec<LateFlag>) {
        let sequence = |check: &&mut CheckState| check.form == Form::Sequence;
        if held.is_over() {
            for check in self.checks.iter_mut().filter(sequence) {
                let what = format!("{} held rows", Self::MAX_HELD);
                check.not_evaluated.get_or_insert(NotEvaluated::Limit(what));
            }
            return;
        }
        for (first, batch) in held.batches() {
            let layout = Layout::new(&self.slots, batch.schema_ref(), self.rules.table());
            let rows = Rows::new(batch, &layout, &self.slots, self.rows + first);
            self.sources.read(&rows);
            for (at, check) in self.checks.iter_mut().enumerate() {
                if check.form != Form::Sequence {
                    continue;
                }
                check.judge(&rows, context, &mut self.marks, &self.sources);
                late.extend(
                    self.marks.violations().map(|row| LateFlag { id: rows.id(row), check: at }),
                );
                late.extend(LateFlag::of(at, &self.marks.late));
            }
        }
    }

    /// Check, source and counts of what the last batch added.
    pub(crate) fn last(&self) -> impl Iterator<Item = (usize, u16, Counts)> {
        let checks = self.checks.iter().enumerate();
        checks.flat_map(|(at, c)| c.last.iter().map(move |(source, counts)| (at, *source, *counts)))
    }

    /// Ends the stream: late flags of kinds that waited for later rows, and the report.
    #[must_use]
    pub fn close(self, context: &Context) -> (Report, Vec<LateFlag>) {
        let (report, late, _) = self.end(context);
        (report, late)
    }

    /// [`TableState::close`], with the answers about the watched row.
    pub(crate) fn end(mut self, context: &Context) -> (Report, Vec<LateFlag>, Option<Watch>) {
        let mut late = Vec::new();
        let mut findings = Vec::with_capacity(self.checks.len());
        let rules = Arc::clone(&self.rules);
        let is_part = self.held.is_some();
        for (at, (check, spec)) in self.checks.iter_mut().zip(rules.checks()).enumerate() {
            let mut end = End::default();
            if is_part && check.form == Form::Sequence {
                check.not_evaluated.get_or_insert(NotEvaluated::NotYet);
            }
            if check.not_evaluated.is_none() {
                check.judge.close(context, &mut end);
                check.tally.add_late(&end.late);
                late.extend(LateFlag::of(at, &end.late));
                if let Some(watch) = &mut self.watch {
                    watch.hear(at, &end.late);
                }
                if let Some(Verdict::NotEvaluated(reason)) = &end.verdict {
                    check.not_evaluated = Some(reason.clone());
                }
            }
            let not_evaluated = check.not_evaluated.clone();
            findings.push(Finding::new(spec, &check.tally, not_evaluated, end));
        }
        let report = Report::new(rules, self.mode, self.rows, self.seqs, findings);
        (report, late, self.watch)
    }

    /// The report of what was seen so far, as if the stream ended here.
    #[must_use]
    pub fn finish(&self, context: &Context) -> Report {
        self.clone().close(context).0
    }
}

impl CheckState {
    /// Judges a batch into `marks`, and counts them; a check that cannot speak says nothing any more.
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        context: &Context,
        marks: &mut Marks,
        sources: &SourceMasks,
    ) {
        marks.reset(rows.len());
        self.last.clear();
        if self.not_evaluated.is_some() {
            return;
        }
        if let Err(reason) = self.judge.judge(rows, context, marks) {
            self.not_evaluated = Some(reason);
            marks.clear();
            return;
        }
        self.tally.add(rows, sources, marks, &mut self.last);
    }
}
