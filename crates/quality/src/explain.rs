//! What every check says about one row.

use crate::context::Context;
use crate::judge::Form;
use crate::kinds::Param;
use crate::marks::{LateMark, Marks};
use crate::report::Report;
use crate::rows::{Ids, Rows, Slots};
use crate::rule_set::{CheckSpec, RuleSet};
use crate::score::RowScores;
use crate::scorer::{Repair, ScoreError, repaired};
use crate::state::{Flags, TableState};
use crate::verdict::{NotEvaluated, Verdict};
use arrow_array::RecordBatch;
use contract::QualityMode;

/// Judges a table, and remembers what its checks say about one row.
///
/// ```
/// use contract::QualityMode;
/// use quality::{Context, Explainer, RuleSet, Says};
/// # use contract::{InstrumentId, Price, Quotes, SourceId, TableBuilder, UtcNanos};
/// # let now = UtcNanos::parse("2026-03-02T14:30:00Z")?;
/// # let mut rows = TableBuilder::<Quotes>::new(now);
/// # for (bid, ask) in [("100.01", "100.02"), ("100.03", "100.02")] {
/// #     rows.set(&Quotes::SOURCE_ID, SourceId::new(1)).set(&Quotes::INSTRUMENT_ID, InstrumentId::new(7))
/// #         .set(&Quotes::BID_PX, Price::parse(bid)?).set(&Quotes::ASK_PX, Price::parse(ask)?).end_row()?;
/// # }
/// # let quotes = rows.finish()?.with_seq(1).into_record_batch();
/// let rules = RuleSet::parse(
///     "name = \"q\"\nversion = 1\ntable = \"quotes\"\n[[check]]\nid = \"quotes.crossed\"\nkind = \"crossed\"",
/// )?;
/// let mut explainer = Explainer::new(&rules, QualityMode::Live, Context::new(), 2);
/// explainer.observe(&quotes)?;
/// let row = explainer.finish().ok_or("no row 2")?;
/// assert_eq!(row.answers[0].says, Says::Broken); // its bid is above its ask
/// assert_eq!(row.answers[0].reads, ["bid_px", "ask_px"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Explainer {
    state: TableState,
    context: Context,
    id: u64,
    found: Option<(RecordBatch, Vec<Repair>)>,
}

/// A row, and what was said about it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Explained {
    /// `seq` of the row, or its position where the table has none.
    pub id: u64,
    /// The row alone, its repairs made.
    pub row: RecordBatch,
    /// What was repaired in it.
    pub repairs: Vec<Repair>,
    /// Every check, in the order of the rules.
    pub answers: Vec<Answer>,
    /// 0 to 100, from the checks that it breaks.
    pub score: u8,
    /// What was found in the whole table.
    pub report: Report,
}

/// What one check says about a row.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Answer {
    /// The rule.
    pub check: CheckSpec,
    /// What it says.
    pub says: Says,
    /// The columns that it reads, each once, in the order in which its kind asks for them.
    pub reads: Vec<String>,
}

/// What can be said about a row.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Says {
    /// The row breaks the rule.
    Broken,
    /// The rule speaks about the row, which keeps it.
    Kept,
    /// The rule does not speak about the row.
    NotApplicable,
    /// The rule speaks about the table as a whole, with this verdict.
    Whole(Verdict),
    /// The rule could not run.
    NotEvaluated(NotEvaluated),
}

impl Says {
    /// Its word in reports.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Kept => "kept",
            Self::NotApplicable => "not_applicable",
            Self::Whole(_) => "whole_table",
            Self::NotEvaluated(_) => "not_evaluated",
        }
    }
}

impl Explainer {
    /// Checks from the start of a table; `id` is the `seq` of the row, or its position where the table has none.
    #[must_use]
    pub fn new(rules: &RuleSet, mode: QualityMode, context: Context, id: u64) -> Self {
        let mut state = TableState::new(rules, mode);
        state.watch = Some(Watch { id, said: vec![(false, false); rules.checks().len()] });
        Self { state, context, id, found: None }
    }

    /// Judges a batch; what its rows break.
    ///
    /// # Errors
    /// As [`Scorer::push`](crate::Scorer::push).
    pub fn observe(&mut self, batch: &RecordBatch) -> Result<Flags, ScoreError> {
        let first = self.state.rows();
        let (batch, mut repairs) = repaired(self.state.rules(), batch, first)?;
        let flags = self.state.observe(&batch, &self.context)?;
        let ids = Ids::new(&batch, self.state.rules().table(), first);
        if let Some(row) = ids.row(self.id, batch.num_rows()) {
            repairs.retain(|repair| repair.row == row);
            self.found = Some((batch.slice(row, 1), repairs));
        }
        Ok(flags)
    }

    /// What was said; `None` when the row did not come.
    #[must_use]
    pub fn finish(self) -> Option<Explained> {
        let (row, repairs) = self.found?;
        let scores = RowScores::new(self.state.rules());
        let (report, _, watch) = self.state.end(&self.context);
        let said = watch.map_or_else(Vec::new, |watch| watch.said);
        let answers: Vec<Answer> = report
            .findings()
            .iter()
            .zip(said)
            .map(|(finding, marks)| {
                let check = finding.check().clone();
                let says = match (marks, finding.verdict()) {
                    ((_, true), _) => Says::Broken,
                    ((true, false), _) => Says::Kept,
                    (_, Verdict::NotEvaluated(reason)) => Says::NotEvaluated(reason.clone()),
                    (_, verdict) if check.kind().form == Form::Set => Says::Whole(verdict.clone()),
                    _ => Says::NotApplicable,
                };
                let reads = reads(&check, report.rules().table());
                Answer { check, says, reads }
            })
            .collect();
        let broken = answers.iter().enumerate().filter(|(_, a)| a.says == Says::Broken);
        let score = scores.of(broken.map(|(at, _)| at));
        Some(Explained { id: self.id, row, repairs, answers, score, report })
    }
}

/// The columns that a check of a table reads, each once, in the order in which its kind asks for them.
fn reads(check: &CheckSpec, table: &str) -> Vec<String> {
    let mut slots = Slots::of_table(table);
    let _ = (check.kind().build)(&check.params, &mut slots);
    slots.names().to_vec()
}

/// The marks that checks give one row.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    id: u64,
    /// By check: applicable, violated.
    said: Vec<(bool, bool)>,
}

impl Watch {
    /// Takes what a check says about a batch.
    pub(crate) fn see(&mut self, check: usize, rows: &Rows<'_>, marks: &Marks) {
        let row = rows.ids().row(self.id, rows.len());
        if let (Some(row), Some(said)) = (row, self.said.get_mut(check)) {
            let (applicable, violated) = marks.at(row);
            said.0 |= applicable;
            said.1 |= violated;
        }
        self.hear(check, &marks.late);
    }

    /// Takes what is said later.
    pub(crate) fn hear(&mut self, check: usize, late: &[LateMark]) {
        for mark in late.iter().filter(|mark| mark.id == self.id) {
            if let Some(said) = self.said.get_mut(check) {
                said.0 |= mark.is_applicable;
                said.1 |= mark.is_violated;
            }
        }
    }
}

impl CheckSpec {
    /// The parameters of its kind with their values, defaults filled in.
    pub fn params(&self) -> impl Iterator<Item = (&str, &Param)> {
        self.params.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}
