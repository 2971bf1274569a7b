//! The engine: rows in, labels out, live and in batch.

mod advance;
mod apply;
mod forget;
mod input;
mod tracked;

pub use input::Input;
pub(crate) use input::Row;

use crate::error::LabelError;
use crate::evaluate::{Decision, View};
use crate::facts::Facts;
use crate::intake::Words;
use crate::key::Key;
use crate::ledger::{Fill, FillNo, Ledger};
use crate::market::Market;
use crate::output::{LabelRow, MarkoutRow, OutcomeRow, PendingRow};
use crate::report::Report;
use crate::rows::{Event, GapRow, Id, What};
use crate::rule_book::RuleBook;
use crate::settings::{Measures, PathKind, Sigma};
use contract::{Batch, Labels, Markouts, Outcomes, Pending, Reject, Unlogged};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};
use std::sync::Arc;
use tracked::Tracked;

/// What a push gave.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Output {
    /// Outcomes that became known, and revisions of earlier ones; `None` when there is none.
    pub outcomes: Option<Batch<Outcomes, Unlogged>>,
    /// Labels, likewise.
    pub labels: Option<Batch<Labels, Unlogged>>,
    /// Markouts, likewise.
    pub markouts: Option<Batch<Markouts, Unlogged>>,
    /// Rows that could not be used, with the reason.
    pub rejects: Vec<Reject>,
}

/// What is the same for all strategies.
#[derive(Debug, Clone)]
struct Global {
    path: PathKind,
    lateness_ns: i64,
    keep_ns: i64,
    tolerance_ns: i64,
    exclude: u16,
    /// Empty: all.
    sources: Vec<u16>,
    /// How far before its cut-off a decision may look.
    lookback_ns: i64,
}

impl Global {
    fn of(book: &RuleBook) -> Self {
        let all: Vec<&Measures> = book
            .specs()
            .flat_map(|spec| {
                let named = spec.strategies().map(|(_, resolved)| &resolved.measures);
                std::iter::once(&spec.base().measures).chain(named)
            })
            .collect();
        let lookback = all.iter().map(|m| lookback(m)).max().unwrap_or(0);
        let first = all.first();
        Self {
            path: first.map_or(PathKind::Executable, |m| m.path),
            lateness_ns: first.map_or(0, |m| m.allowed_lateness_ns),
            keep_ns: first.map_or(0, |m| m.keep_ns),
            tolerance_ns: first.map_or(0, |m| m.clock_tolerance_ns),
            exclude: first.map_or(0, |m| m.exclude_flags),
            sources: first.map(|m| m.sources.clone()).unwrap_or_default(),
            lookback_ns: lookback,
        }
    }
}

fn lookback(m: &Measures) -> i64 {
    let offset = m.offsets_ns.first().map_or(0, |first| -(*first).min(0));
    let sigma = match m.sigma {
        Sigma::References => 0,
        Sigma::Path { window_ns, step_ns, .. } => window_ns + step_ns,
    };
    offset.max(sigma) + m.clock_bound_ns
}

/// Something that waits for the rows before it.
#[derive(Debug, Clone)]
struct Held {
    event: Event,
    /// Where it came from, for rejects.
    table: &'static str,
    position: u64,
}

/// Source, account, instrument and id of a report.
type ReportKey = (u16, Option<Id>, u32, Arc<str>);

/// Everything that outcomes are measured on.
type Sources<'a> =
    (&'a BTreeMap<u32, Market>, &'a Facts, &'a [Fill], &'a BTreeMap<(Option<Id>, u32), Ledger>);

/// What made a revision necessary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cause {
    seq: u64,
    /// The revision can be known from here on.
    known: i64,
}

/// Decisions, executions and market data in, outcomes and labels out.
///
/// Rows come in the order of a log, table by table in any batches. They wait until the log clock has passed them by the
/// allowed lateness, so that everything behind sees one ordered path; a label comes out as soon as its interval has
/// closed. A row that is later still, a correction or a bust makes revisions, as long as the outcome is kept
/// (`measures.keep`).
///
/// - **Point in time:** a label exists from its `ts_avail` on; it depends on rows with path times up to its `ts_end`, on
///   corrections of them, and on nothing after.
/// - **Same bits** for any batch sizes, live and in batch. Reference tables have no place in a log: push them first.
/// - **Cost:** a tick that touches nothing costs a push and the tops of the heaps of its instrument; an outcome costs a few
///   searches and one look at each block of 64 rows of its window.
///
/// ```
/// use contract::testing::{decisions, quotes};
/// use labeling::{LabelSpec, Labeler};
///
/// let spec = LabelSpec::parse(
///     r#"
///     id = "example"
///     version = 1
///     measures = { anchor = "decision", horizon = "10ns", max_life = "1h", offsets = [], allowed_lateness = "5ns" }
///     [fixed_horizon.ahead]
///     covers = { decisions = ["enter"], basis = ["counterfactual"] }
///     "#,
/// )?;
/// let mut labeler = Labeler::new(spec);
/// labeler.push(&quotes("90 99 101").with_seq(0))?;
/// labeler.push(&decisions(&[100]).with_seq(1))?; // to buy, at the ask of 101
/// let out = labeler.push(&quotes("105 103 104, 111 90 91, 120 80 81").with_seq(2))?;
/// let labels = out.labels.ok_or("the window ended at 110, and the clock stands at 120")?;
/// assert_eq!(labels.cell(&contract::Labels::CLASS, 0)?, Some(1)); // 103 bid at the end: two gained
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Labeler {
    rules: Arc<RuleBook>,
    global: Global,
    words: Words,
    facts: Facts,
    markets: BTreeMap<u32, Market>,
    /// Gaps of every instrument, for those that come later.
    wide_gaps: Vec<(Key, GapRow)>,
    ledgers: BTreeMap<(Option<Id>, u32), Ledger>,
    fills: Vec<Fill>,
    fill_of: BTreeMap<ReportKey, FillNo>,
    /// Corrections (0) and busts (1).
    amendments: BTreeSet<(ReportKey, u8)>,
    decisions: Vec<Option<Box<Tracked>>>,
    decision_of: BTreeMap<Id, usize>,
    order_of: BTreeMap<Arc<str>, usize>,
    /// Decisions that are kept, by cut-off.
    alive: BTreeSet<(i64, usize)>,
    held: VecDeque<Held>,
    /// The largest receipt read.
    clock: i64,
    /// Every row up to here is in.
    upto: i64,
    timers: BinaryHeap<Reverse<(i64, u64, usize)>>,
    /// Decisions that a row has woken.
    rung: Vec<usize>,
    since_forget: usize,
    forget_every: usize,
    outcomes: Vec<OutcomeRow>,
    labels: Vec<LabelRow>,
    markouts: Vec<MarkoutRow>,
    rejects: Vec<Reject>,
    report: Report,
}

impl Labeler {
    /// A labeler that has seen nothing.
    #[must_use]
    pub fn new(rules: impl Into<RuleBook>) -> Self {
        Self::shared(Arc::new(rules.into()))
    }

    pub(crate) fn shared(rules: Arc<RuleBook>) -> Self {
        Self {
            global: Global::of(&rules),
            rules,
            words: Words::default(),
            facts: Facts::default(),
            markets: BTreeMap::new(),
            wide_gaps: Vec::new(),
            ledgers: BTreeMap::new(),
            fills: Vec::new(),
            fill_of: BTreeMap::new(),
            amendments: BTreeSet::new(),
            decisions: Vec::new(),
            decision_of: BTreeMap::new(),
            order_of: BTreeMap::new(),
            alive: BTreeSet::new(),
            held: VecDeque::new(),
            clock: i64::MIN,
            upto: i64::MIN,
            timers: BinaryHeap::new(),
            rung: Vec::new(),
            since_forget: 0,
            forget_every: forget::EVERY,
            outcomes: Vec::new(),
            labels: Vec::new(),
            markouts: Vec::new(),
            rejects: Vec::new(),
            report: Report::default(),
        }
    }

    /// Takes rows of a table.
    ///
    /// # Errors
    /// [`LabelError`] when the batch as a whole cannot be used, or an identity is broken; single rows come back as rejects.
    pub fn push<T: Input>(&mut self, batch: &Batch<T>) -> Result<Output, LabelError> {
        T::take(self, batch)?;
        self.output()
    }

    /// Says that the log clock has come to an instant in nanoseconds, in silence.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn advance(&mut self, clock_ns: i64) -> Result<Output, LabelError> {
        self.tick(clock_ns)?;
        self.output()
    }

    fn pending_targets(&self) -> BTreeMap<Arc<str>, u64> {
        let mut out: BTreeMap<Arc<str>, u64> = BTreeMap::new();
        for row in self.pending_rows() {
            *out.entry(row.target).or_default() += 1;
        }
        out
    }

    /// Ends the run: what has not matured stays pending, since nobody knows what comes.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn finish(mut self) -> Result<(Output, Report), LabelError> {
        let out = self.output()?;
        self.report.pending = self.pending_targets();
        let mixed = self.markets.values().filter(|market| market.sources.len() > 1).count();
        self.report.mixed_instruments = mixed as u64;
        Ok((out, self.report))
    }

    /// Counts so far.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> &RuleBook {
        &self.rules
    }

    /// Labels that wait: for what, and until when at most.
    ///
    /// - **Shape:** one row a decision and target, by `(ts_cutoff, seq)`.
    ///
    /// # Errors
    /// [`LabelError::Output`] for more rows than one batch can hold.
    pub fn pending(&self) -> Result<Batch<Pending, Unlogged>, LabelError> {
        crate::output::pending(&self.pending_rows())
    }

    pub(crate) fn pending_rows(&self) -> Vec<PendingRow> {
        let mut rows = Vec::new();
        for (_, no) in &self.alive {
            if let Some(Some(tracked)) = self.decisions.get(*no) {
                tracked.pending(self.upto, &mut rows);
            }
        }
        // What came in but has not its place yet waits too.
        for held in &self.held {
            let What::Decision(row) = &held.event.what else { continue };
            let is_known = |id| self.facts.instrument(id, row.key.ts).is_ok();
            let is_new = !self.decision_of.contains_key(&row.id);
            if !is_new || !row.instrument.is_none_or(is_known) {
                continue;
            }
            if let Some(rules) = self.rules.resolve(&row.strategy, row.key.ts) {
                let decision = Decision::new((**row).clone(), rules);
                Tracked::new(decision).pending(self.upto, &mut rows);
            }
        }
        rows
    }

    /// Instruments that others are compared with.
    pub(crate) fn benchmarks(&self) -> BTreeSet<u32> {
        self.facts.benchmarks()
    }

    fn output(&mut self) -> Result<Output, LabelError> {
        let outcomes = std::mem::take(&mut self.outcomes);
        let labels = std::mem::take(&mut self.labels);
        let markouts = std::mem::take(&mut self.markouts);
        Ok(Output {
            outcomes: crate::output::outcomes(&outcomes)?,
            labels: crate::output::labels(&labels)?,
            markouts: crate::output::markouts(&markouts)?,
            rejects: std::mem::take(&mut self.rejects),
        })
    }

    /// Rows that came out since the last call, as they are: for a run that sorts them at its end.
    pub(crate) fn take_rows(&mut self) -> (Vec<OutcomeRow>, Vec<LabelRow>, Vec<MarkoutRow>) {
        (
            std::mem::take(&mut self.outcomes),
            std::mem::take(&mut self.labels),
            std::mem::take(&mut self.markouts),
        )
    }

    pub(crate) fn take_rejects(&mut self) -> Vec<Reject> {
        std::mem::take(&mut self.rejects)
    }

    /// What a decision is measured on.
    fn view<'a>(
        (markets, facts, fills, ledgers): Sources<'a>,
        market: &'a Market,
        tracked: &Tracked,
        upto: i64,
        kind: PathKind,
    ) -> View<'a> {
        let row = &tracked.decision.row;
        let benchmark = facts.scales(&row.id).and_then(|scales| scales.benchmark);
        View {
            path: market.path(),
            quotes: &market.quotes,
            kind,
            facts,
            fills,
            ledgers,
            benchmark: benchmark.and_then(|id| markets.get(&id)).map(|m| &m.quotes),
            upto,
        }
    }
}
