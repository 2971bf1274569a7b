//! A table in, its good rows with flags and score out, and everything else beside them.

mod error;
mod events;
mod output;
mod repair;
mod review;

pub use error::ScoreError;
pub use repair::Repair;
pub use review::Review;

pub(crate) use repair::apply as repaired;

use crate::context::{Context, ContextError};
use crate::kinds::Action;
use crate::report::Report;
use crate::rule_set::{CheckSpec, RuleSet};
use crate::score::RowScores;
use crate::state::{Flags, LateFlag, TableState};
use arrow_array::RecordBatch;
use contract::{DataQualityEvent, Origin, QualityMode, Reject, UtcNanos};
use std::collections::{BTreeMap, HashMap};

/// Patterns of flags whose score is remembered. Rows share few; hostile ones must not fill the memory.
const MAX_PATTERNS: usize = 65_536;

/// Judges a stream, batch by batch.
///
/// - **Shape:** rows in = rows out + rejects, in the order in which they came. A row out has its original values and two
///   columns more: `quality_flags` (bit k: check k of the rules; `quality_flags_1` and so on where there are more than 64)
///   and `quality_score` (0 to 100). In its `flags` only `QUARANTINED`, `LATE`, `DUP_SUSPECT` and `REPAIRED` may be new.
/// - **Point in time:** in `live` mode only causal checks run, so flags and score of a row rest on it and on earlier rows.
///   In `final` mode the schema says `hindsight.causality = hindsight`, and `features` refuses it.
/// - **Cost:** memory is that of the checks; [`Scorer::judge`] makes no output rows.
///
/// ```
/// use contract::{Origin, QualityMode, UtcNanos};
/// use quality::{RuleSet, Scorer};
/// # use contract::{InstrumentId, Price, Quotes, SourceId, TableBuilder};
/// # let now = UtcNanos::parse("2026-03-02T14:30:00Z")?;
/// # let mut rows = TableBuilder::<Quotes>::new(now);
/// # for (bid, ask) in [("100.01", "100.02"), ("100.03", "100.02")] {
/// #     rows.set(&Quotes::SOURCE_ID, SourceId::new(1)).set(&Quotes::INSTRUMENT_ID, InstrumentId::new(7))
/// #         .set(&Quotes::BID_PX, Price::parse(bid)?).set(&Quotes::ASK_PX, Price::parse(ask)?).end_row()?;
/// # }
/// # let quotes = rows.finish()?.with_seq(1).into_record_batch();
/// let rules = RuleSet::parse(
///     r#"
///     name = "fx"
///     version = 1
///     table = "quotes"
///     [[check]]
///     id = "quotes.crossed"
///     kind = "crossed"
///     "#,
/// )?;
/// let mut scorer = Scorer::new(&rules, QualityMode::Live, Origin::new("quality", "fxcm"));
/// let out = scorer.push(&quotes, now)?; // the second quote has its bid above its ask
/// assert_eq!((out.rows.num_rows(), out.rejects.len()), (2, 0)); // kept, and flagged
/// assert_eq!(out.events[0].more.violations, Some(1));
/// let (_, report) = scorer.finish(now)?;
/// assert_eq!(report.score().score, 50.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Scorer {
    state: TableState,
    context: Context,
    origin: Origin,
    row_scores: RowScores,
    known: HashMap<Box<[u64]>, u8>,
    /// What hindsight already knows about rows to come.
    foreseen: BTreeMap<u64, Vec<usize>>,
    flags: Flags,
    scores: Vec<u8>,
    stats: Stats,
}

/// What a scorer gives for a batch.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Output {
    /// Rows that stay.
    pub rows: RecordBatch,
    /// Rows that leave, with reason and content.
    pub rejects: Vec<Reject>,
    /// Cells that were changed, before and after.
    pub repairs: Vec<Repair>,
    /// Findings, one a check and source.
    pub events: Vec<DataQualityEvent>,
    /// What became known about rows that have left already.
    pub late: Vec<LateFlag>,
}

/// Flags and scores of a batch.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'a> {
    /// What each row breaks.
    pub flags: &'a Flags,
    /// Score of each row, 0 to 100.
    pub scores: &'a [u8],
}

/// What went through a scorer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Batches.
    pub batches: u64,
    /// Rows that came.
    pub rows_in: u64,
    /// Rows that stayed.
    pub rows_out: u64,
    /// Rows that left with a reject.
    pub rejects: u64,
    /// Rows that stayed, quarantined.
    pub quarantined: u64,
    /// Cells that were repaired.
    pub repairs: u64,
}

impl Scorer {
    /// A scorer for one stream. `origin` names stage and input in rejects, and the input as the subject of events.
    #[must_use]
    pub fn new(rules: &RuleSet, mode: QualityMode, origin: Origin) -> Self {
        Self::resume(TableState::new(rules, mode), origin)
    }

    /// A scorer that goes on from a state, which may have been restored.
    #[must_use]
    pub fn resume(state: TableState, origin: Origin) -> Self {
        Self {
            row_scores: RowScores::new(state.rules()),
            state,
            context: Context::new(),
            origin,
            known: HashMap::new(),
            foreseen: BTreeMap::new(),
            flags: Flags::default(),
            scores: Vec::new(),
            stats: Stats::default(),
        }
    }

    /// The same scorer with facts that its checks look up.
    #[must_use]
    pub fn with_context(mut self, context: Context) -> Self {
        self.context = context;
        self
    }

    /// Takes in rows of a table that checks look things up in; rows that come later are judged by them.
    ///
    /// # Errors
    /// As [`Context::add`].
    pub fn inform(&mut self, batch: &RecordBatch) -> Result<(), ContextError> {
        self.context.add(batch)
    }

    /// The checks at work, for instance to save them.
    #[must_use]
    pub const fn state(&self) -> &TableState {
        &self.state
    }

    /// What went through.
    #[must_use]
    pub const fn stats(&self) -> Stats {
        self.stats
    }

    /// Flags and scores alone, without output rows: the fast way for a service that decides by them.
    ///
    /// Repairs are not made. Counts as a batch of the stream.
    ///
    /// # Errors
    /// As [`TableState::observe`].
    pub fn judge(&mut self, batch: &RecordBatch) -> Result<Judged<'_>, ScoreError> {
        self.look(batch)?;
        self.stats.batches += 1;
        self.stats.rows_in += batch.num_rows() as u64;
        self.stats.rows_out += batch.num_rows() as u64;
        Ok(Judged { flags: &self.flags, scores: &self.scores })
    }

    fn look(&mut self, batch: &RecordBatch) -> Result<(), ScoreError> {
        let first = self.state.rows();
        self.state.observe_into(batch, &self.context, &mut self.flags)?;
        if !self.foreseen.is_empty() {
            let table = self.state.rules().table();
            output::foresee(&mut self.flags, table, batch, first, &self.foreseen);
        }
        self.scores.clear();
        for row in 0..self.flags.len() {
            let words = self.flags.row(row);
            let score = if let Some(score) = self.known.get(words) {
                *score
            } else {
                let score = self.row_scores.of(self.flags.broken(row));
                if self.known.len() == MAX_PATTERNS {
                    self.known.clear();
                }
                self.known.insert(words.into(), score);
                score
            };
            self.scores.push(score);
        }
        Ok(())
    }

    /// Judges a batch and takes it apart; `now` is when the findings become available.
    ///
    /// # Errors
    /// [`ScoreError`] when `seq` does not rise, or when rows got lost, which is a fault of ours. Nothing of the batch counts
    /// in the first case.
    pub fn push(&mut self, batch: &RecordBatch, now: UtcNanos) -> Result<Output, ScoreError> {
        let (batch, repairs) = repair::apply(self.state.rules(), batch, self.state.rows())?;
        let first = self.state.rows();
        self.look(&batch)?;
        let rules = self.state.rules();
        let origin = self.origin.at(self.origin.first_row + first);
        let mut rejects = Vec::new();
        let mut quarantined = 0;
        let mut keep = Vec::with_capacity(batch.num_rows());
        for row in 0..batch.num_rows() {
            let action = self.action(row);
            keep.push(action != Some(Action::Reject));
            match action {
                Some(Action::Reject) => {
                    let broken = self.flags.broken(row);
                    rejects.push(output::reject(rules, &origin, &batch, row, broken)?);
                }
                Some(Action::Quarantine) => quarantined += 1,
                Some(Action::Flag) | None => {}
            }
        }
        let repaired = repair::rows(&repairs, batch.num_rows());
        let marks = output::Marks { flags: &self.flags, scores: &self.scores, repaired: &repaired };
        let rows = output::rows(rules, self.state.mode(), &batch, &keep, &marks)?;
        let events = events::of_batch(&self.state, &self.origin, &batch, first, &self.flags, now);
        self.stats.batches += 1;
        self.stats.rows_in += batch.num_rows() as u64;
        self.stats.rows_out += rows.num_rows() as u64;
        self.stats.rejects += rejects.len() as u64;
        self.stats.quarantined += quarantined;
        self.stats.repairs += repairs.len() as u64;
        if batch.num_rows() != rows.num_rows() + rejects.len() {
            return Err(ScoreError::Conservation {
                rows_in: batch.num_rows(),
                rows_out: rows.num_rows(),
                rejects: rejects.len(),
            });
        }
        Ok(Output { rows, rejects, repairs, events, late: self.flags.late().to_vec() })
    }

    /// Ends the stream: what is still to say about rows that have left, and the report.
    ///
    /// # Errors
    /// None today; the shape is that of every stage.
    pub fn finish(self, now: UtcNanos) -> Result<(Closing, Report), ScoreError> {
        let (report, late) = self.state.close(&self.context);
        let events = events::of_report(&report, &self.origin, &self.stats, now);
        Ok((Closing { events, late, stats: self.stats }, report))
    }

    /// The strongest action of what a row breaks.
    fn action(&self, row: usize) -> Option<Action> {
        let checks = self.state.rules().checks();
        self.flags.broken(row).filter_map(|at| checks.get(at).map(CheckSpec::action)).max()
    }
}

/// What a scorer says at the end of its stream.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Closing {
    /// The score, and what each check found.
    pub events: Vec<DataQualityEvent>,
    /// What became known about rows that have left already.
    pub late: Vec<LateFlag>,
    /// What went through.
    pub stats: Stats,
}

/// Cleans a whole table: as a [`Scorer`] does, but what hindsight says about a row is on the row itself.
///
/// - **Shape:** one output a batch, in order, and the end.
/// - **Cost:** two passes over the batches.
///
/// # Errors
/// As [`Scorer::push`].
pub fn clean(
    rules: &RuleSet,
    mode: QualityMode,
    origin: &Origin,
    context: &Context,
    batches: &[RecordBatch],
    now: UtcNanos,
) -> Result<(Vec<Output>, Closing, Report), ScoreError> {
    let mut review = Review::new(rules, mode, context.clone());
    for batch in batches {
        review.observe(batch)?;
    }
    let mut scorer = review.scorer(origin.clone());
    let outputs = batches.iter().map(|b| scorer.push(b, now)).collect::<Result<_, _>>()?;
    let (closing, report) = scorer.finish(now)?;
    Ok((outputs, closing, report))
}
