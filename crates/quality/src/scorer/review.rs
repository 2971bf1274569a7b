//! A look at a whole table: its report, and what is on its rows in a second pass.

use super::{ScoreError, Scorer, repair};
use crate::context::Context;
use crate::report::Report;
use crate::rule_set::RuleSet;
use crate::state::{LateFlag, TableState};
use arrow_array::RecordBatch;
use contract::{Origin, QualityMode};
use std::collections::BTreeMap;

/// A first pass over a table: repairs are made, and checks judge what is left, as a [`Scorer`] does it.
///
/// It ends in a report, or in the scorer of a second pass over the same rows, which puts what became known late on the rows
/// themselves.
///
/// - **Cost:** memory is that of the checks, and of the rows that were flagged late.
///
/// ```
/// use contract::{Origin, QualityMode, UtcNanos};
/// use quality::{Context, Review, RuleSet};
///
/// # let rules = RuleSet::parse(
/// #     "name = \"q\"\nversion = 1\ntable = \"quotes\"\n[[check]]\nid = \"quotes.crossed\"\nkind = \"crossed\"",
/// # )?;
/// # let batch = contract::Draft::<contract::Quotes>::empty().into_record_batch();
/// # let now = UtcNanos::parse("2026-03-02T14:30:00Z")?;
/// let mut review = Review::new(&rules, QualityMode::Final, Context::new());
/// review.observe(&batch)?;
/// let mut scorer = review.scorer(Origin::new("quality", "a file"));
/// let rows = scorer.push(&batch, now)?.rows;
/// assert_eq!(rows.num_rows(), batch.num_rows());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Review {
    state: TableState,
    context: Context,
    late: BTreeMap<u64, Vec<usize>>,
}

impl Review {
    /// A first pass from the start of a table.
    #[must_use]
    pub fn new(rules: &RuleSet, mode: QualityMode, context: Context) -> Self {
        Self { state: TableState::new(rules, mode), context, late: BTreeMap::new() }
    }

    /// Rows seen.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.state.rows()
    }

    /// Judges a batch.
    ///
    /// # Errors
    /// As [`Scorer::push`].
    pub fn observe(&mut self, batch: &RecordBatch) -> Result<(), ScoreError> {
        let (batch, _) = repair::apply(self.state.rules(), batch, self.state.rows())?;
        let flags = self.state.observe(&batch, &self.context)?;
        keep(&mut self.late, flags.late());
        Ok(())
    }

    /// What was found.
    #[must_use]
    pub fn report(self) -> Report {
        self.state.close(&self.context).0
    }

    /// The scorer of the second pass.
    #[must_use]
    pub fn scorer(mut self, origin: Origin) -> Scorer {
        let state = TableState::new(self.state.rules(), self.state.mode());
        let (_, late) = self.state.close(&self.context);
        keep(&mut self.late, &late);
        let mut scorer = Scorer::resume(state, origin).with_context(self.context);
        scorer.foreseen = self.late;
        scorer
    }
}

fn keep(all: &mut BTreeMap<u64, Vec<usize>>, late: &[LateFlag]) {
    for flag in late {
        all.entry(flag.id).or_default().push(flag.check);
    }
}
