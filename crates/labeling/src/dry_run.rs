//! What a new rule set would change, on stored outcomes.

use crate::grade::Grade;
use crate::outcome_readings::OutcomeColumnError;
use crate::settings::{Covers, TargetKind};
use crate::spec::LabelSpec;
use contract::{
    Batch, DecisionAction, Diagnostic, EventId, Fault, Hash, LabelStatus, OutcomeBasis, Outcomes,
    UnknownWord,
};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// How a dry run is made.
#[derive(Debug, Clone)]
pub struct DryRunOptions {
    /// The grade that is compared; default `grade`.
    pub target: String,
    /// Most examples; default 10.
    pub examples: usize,
    /// Actions of decisions, which outcome rows do not have. A decision that is not here is taken as covered, so that
    /// an empty map compares all rows of the bases that the target covers.
    pub actions: BTreeMap<EventId, DecisionAction>,
}

impl Default for DryRunOptions {
    fn default() -> Self {
        Self { target: "grade".to_owned(), examples: 10, actions: BTreeMap::new() }
    }
}

/// Counts of rows by class before (outer) and after (inner): -2 to 2, then no class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Transitions(pub [[u64; 6]; 6]);

impl Transitions {
    /// All rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.0.iter().flatten().sum()
    }

    /// Rows whose class changes.
    #[must_use]
    pub fn changed(&self) -> u64 {
        let same: u64 = self.0.iter().enumerate().filter_map(|(at, to)| to.get(at)).sum();
        self.rows() - same
    }

    /// Share of rows whose class changes; 0 without rows.
    #[must_use]
    pub fn changed_share(&self) -> f64 {
        if self.rows() == 0 { 0.0 } else { self.changed() as f64 / self.rows() as f64 }
    }

    /// Rows by class before.
    #[must_use]
    pub fn before(&self) -> [u64; 6] {
        self.0.map(|to| to.iter().sum())
    }

    /// Rows by class after.
    #[must_use]
    pub fn after(&self) -> [u64; 6] {
        let mut sums = [0; 6];
        for to in &self.0 {
            sums.iter_mut().zip(to).for_each(|(sum, n)| *sum += n);
        }
        sums
    }

    fn add(&mut self, before: Option<i8>, after: Option<i8>) {
        let at = |class: Option<i8>| class.and_then(|c| usize::try_from(c + 2).ok()).unwrap_or(5);
        let cell = self.0.get_mut(at(before)).and_then(|to| to.get_mut(at(after)));
        if let Some(n) = cell {
            *n += 1;
        }
    }
}

/// A label that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The decision.
    pub decision_id: EventId,
    /// Its strategy.
    pub strategy: String,
    /// Class before.
    pub before: Option<i8>,
    /// Class after.
    pub after: Option<i8>,
}

/// What became of the rows that were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RowCounts {
    /// Graded under both sets.
    pub graded: u64,
    /// Neither set covers them.
    pub not_covered: u64,
    /// A later revision was given.
    pub superseded: u64,
    /// Withdrawn.
    pub void: u64,
    /// Measured by another set.
    pub other_measures: u64,
}

/// What a new rule set would change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DryRun {
    /// Rows in and what became of them.
    pub rows: RowCounts,
    /// Changes over all strategies.
    pub overall: Transitions,
    /// Changes by strategy.
    pub by_strategy: BTreeMap<String, Transitions>,
    /// The first labels that change, in the order of the rows.
    pub examples: Vec<Example>,
}

impl DryRun {
    /// Refuses a change of more than a share of the rows.
    ///
    /// # Errors
    /// [`DryRunError::ChangedTooMuch`], a gate's refusal.
    pub fn gate(&self, max_changed_share: f64) -> Result<(), DryRunError> {
        let (changed, rows) = (self.overall.changed(), self.overall.rows());
        if self.overall.changed_share() <= max_changed_share {
            return Ok(());
        }
        Err(DryRunError::ChangedTooMuch { changed, rows, max_changed_share })
    }
}

/// Why there is no dry run, or why its gate says no.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DryRunError {
    /// Outcome rows lack a measure.
    #[error(transparent)]
    Column(#[from] OutcomeColumnError),
    /// A cell holds none of the words of its column.
    #[error("outcomes: {0}")]
    Word(#[from] UnknownWord),
    /// The sets measure differently, so that outcomes of the one say nothing of the other.
    #[error(
        "strategy `{strategy}`: expected rule sets with the same measures, found {old} and {new}"
    )]
    OtherMeasures {
        /// The strategy.
        strategy: String,
        /// Hash of the old measures.
        old: Hash,
        /// Hash of the new ones.
        new: Hash,
    },
    /// More labels would change than allowed.
    #[error(
        "expected at most {max_changed_share} of the labels to change, found {changed} of {rows}"
    )]
    ChangedTooMuch {
        /// Labels that change.
        changed: u64,
        /// Labels.
        rows: u64,
        /// The share that is allowed.
        max_changed_share: f64,
    },
}

impl Diagnostic for DryRunError {
    fn code(&self) -> &'static str {
        match self {
            Self::Column(error) => error.code(),
            Self::Word(error) => error.code(),
            Self::OtherMeasures { .. } => "labeling/other-measures",
            Self::ChangedTooMuch { .. } => "labeling/changed-too-much",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::ChangedTooMuch { .. } => Fault::Gate,
            _ => Fault::Input,
        }
    }
}

/// Grades stored outcomes under two rule sets.
///
/// - **Shape:** rows of any number of batches; of several revisions of an outcome the last counts, a withdrawn one not
///   at all. A row that only one set covers has no class under the other.
/// - **Cost:** one pass over the columns that the rules ask for, for each different grade.
///
/// # Errors
/// [`DryRunError::OtherMeasures`] when a strategy of the rows is measured differently by the sets, and
/// [`DryRunError::Column`] for rows without a measure that is asked for.
pub fn dry_run<S>(
    old: &LabelSpec,
    new: &LabelSpec,
    outcomes: &[Batch<Outcomes, S>],
    options: &DryRunOptions,
) -> Result<DryRun, DryRunError> {
    let latest = latest(outcomes)?;
    let mut run = DryRun::default();
    let mut sets: BTreeMap<String, Sets> = BTreeMap::new();
    for batch in outcomes {
        let mut graded: BTreeMap<Hash, Vec<Option<i8>>> = BTreeMap::new();
        for row in 0..batch.len() {
            let strategy = batch.cell(&Outcomes::STRATEGY_ID, row)?;
            if !sets.contains_key(strategy) {
                sets.insert(strategy.to_owned(), Sets::of(old, new, strategy, options));
            }
            let Some(sets) = sets.get(strategy) else { continue };
            let id = batch.cell(&Outcomes::DECISION_ID, row)?;
            if let Some(latest) = &latest
                && is_superseded(latest, batch, row)?
            {
                run.rows.superseded += 1;
                continue;
            }
            if batch.cell(&Outcomes::STATUS, row)? == LabelStatus::Void {
                run.rows.void += 1;
                continue;
            }
            if batch.cell(&Outcomes::MEASURES_HASH, row)? != sets.measures.0 {
                run.rows.other_measures += 1;
                continue;
            }
            if sets.measures.0 != sets.measures.1 {
                return Err(DryRunError::OtherMeasures {
                    strategy: strategy.to_owned(),
                    old: sets.measures.0,
                    new: sets.measures.1,
                });
            }
            let action = options.actions.get(&id).copied();
            let basis = batch.cell(&Outcomes::BASIS, row)?;
            let mut class = |side: &Option<Side>| -> Result<Option<Option<i8>>, DryRunError> {
                let Some(side) = side else { return Ok(None) };
                if !is_covered(&side.covers, basis, action) {
                    return Ok(None);
                }
                let classes = match graded.entry(side.rules_hash) {
                    Entry::Occupied(classes) => classes.into_mut(),
                    Entry::Vacant(slot) => slot.insert(side.grade.classes(batch)?),
                };
                Ok(Some(classes.get(row).copied().flatten()))
            };
            let (before, after) = (class(&sets.old)?, class(&sets.new)?);
            if before.is_none() && after.is_none() {
                run.rows.not_covered += 1;
                continue;
            }
            let (before, after) = (before.flatten(), after.flatten());
            run.rows.graded += 1;
            run.overall.add(before, after);
            run.by_strategy.entry(strategy.to_owned()).or_default().add(before, after);
            if before != after && run.examples.len() < options.examples {
                let strategy = strategy.to_owned();
                run.examples.push(Example { decision_id: id, strategy, before, after });
            }
        }
    }
    Ok(run)
}

/// Both sets as they hold for a strategy.
struct Sets {
    measures: (Hash, Hash),
    old: Option<Side>,
    new: Option<Side>,
}

struct Side {
    rules_hash: Hash,
    covers: Covers,
    grade: Grade,
}

impl Sets {
    fn of(old: &LabelSpec, new: &LabelSpec, strategy: &str, options: &DryRunOptions) -> Self {
        let (old, new) = (old.resolve(strategy), new.resolve(strategy));
        let side = |set: &crate::settings::Resolved| {
            let target = set.targets.iter().find(|t| *t.name == *options.target)?;
            let TargetKind::Grade(grade) = &target.kind else { return None };
            let covers = target.covers.clone();
            Some(Side { rules_hash: target.rules_hash, covers, grade: grade.clone() })
        };
        Self { measures: (old.measures_hash, new.measures_hash), old: side(&old), new: side(&new) }
    }
}

fn is_covered(covers: &Covers, basis: OutcomeBasis, action: Option<DecisionAction>) -> bool {
    covers.basis.contains(&basis) && action.is_none_or(|action| covers.decisions.contains(&action))
}

type Latest = BTreeMap<(EventId, String, Hash), u16>;

/// The last revision of each outcome, if any has more than one.
fn latest<S>(outcomes: &[Batch<Outcomes, S>]) -> Result<Option<Latest>, UnknownWord> {
    let revised = |batch: &Batch<Outcomes, S>| {
        batch.col(&Outcomes::REVISION).values().iter().any(|revision| *revision > 0)
    };
    if !outcomes.iter().any(revised) {
        return Ok(None);
    }
    let mut latest = Latest::new();
    for batch in outcomes {
        for row in 0..batch.len() {
            let last = latest.entry(key(batch, row)?).or_default();
            *last = (*last).max(batch.cell(&Outcomes::REVISION, row)?);
        }
    }
    Ok(Some(latest))
}

fn key<S>(batch: &Batch<Outcomes, S>, row: usize) -> Result<(EventId, String, Hash), UnknownWord> {
    Ok((
        batch.cell(&Outcomes::DECISION_ID, row)?,
        batch.cell(&Outcomes::WINDOW, row)?.to_owned(),
        batch.cell(&Outcomes::MEASURES_HASH, row)?,
    ))
}

fn is_superseded<S>(
    latest: &Latest,
    batch: &Batch<Outcomes, S>,
    row: usize,
) -> Result<bool, UnknownWord> {
    let revision = batch.cell(&Outcomes::REVISION, row)?;
    Ok(latest.get(&key(batch, row)?).is_some_and(|last| revision < *last))
}
