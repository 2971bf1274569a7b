//! The sweep: market data and decisions in, one feature row a decision out.

mod accept;
mod evaluate;
mod input;
mod intake;
mod ticks;

pub use input::{Input, refuse_hindsight};

use crate::coverage::{Coverage, SourceGap};
use crate::error::SweepError;
use crate::instrument::{GapMark, Instrument};
use crate::null::Null;
use crate::output::{self, Row};
use crate::plan::Plan;
use crate::reference::Reference;
use crate::report::Report;
use crate::rows::MarketTable;
use crate::window::SECOND;
use contract::{Batch, Features, Reject, Unlogged};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// In which order rows come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Arrival {
    /// As a log delivers them: by `seq` over all tables. The log clock is the largest `ts_recv` read; rows ahead of it wait,
    /// rows behind it are late. Decisions are answered at once.
    #[default]
    Log,
    /// Each table by `(ts_avail, seq)`, tables interleaved in any way. A decision is answered when every tick table that
    /// the plan reads has come as far as its cut-off, and rows come out at the end, by `(ts_cutoff, seq)`.
    Sorted,
}

/// How a sweep runs; nothing in here changes a bit of what comes out.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// In which order rows come.
    pub arrival: Arrival,
    /// Number of logs; rows of equal `ts_avail` are in the order of their logs. Default 1.
    pub logs: u8,
    /// Threads that settle rows and evaluate decisions. Default 1.
    pub threads: usize,
    /// How long after its cut-off a decision may come; one that comes later is a reject. Default 10 min. Rows are kept
    /// for the largest lookback and this.
    pub keep_ns: i64,
    /// After how many rows old ones are forgotten. Default 65,536.
    pub forget_every: usize,
    /// Whether the sources of every cell are reported.
    pub lineage: bool,
    /// Sweeps the visible rows of every decision anew, as if none had been prepared: slow, for tests.
    pub anew: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            arrival: Arrival::Log,
            logs: 1,
            threads: 1,
            keep_ns: 600 * SECOND,
            forget_every: 1 << 16,
            lineage: false,
            anew: false,
        }
    }
}

/// What a push gave.
#[derive(Debug)]
#[non_exhaustive]
pub struct Output {
    /// One row a decision that became answerable; `None` when there is none.
    pub rows: Option<Batch<Features, Unlogged>>,
    /// Rows that could not be used, with the reason.
    pub rejects: Vec<Reject>,
    /// Where the cells come from, if [`Options::lineage`] is set.
    pub lineage: Vec<CellSource>,
}

/// The rows inside the lookback of one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellSource {
    /// The decision.
    pub decision_id: [u8; 16],
    /// The feature.
    pub feature: String,
    /// The tick table.
    pub table: MarketTable,
    /// The instrument.
    pub instrument_id: u32,
    /// Availability of the first and last row, in nanoseconds.
    pub ts_avail: (i64, i64),
    /// Smallest and largest `seq`.
    pub seq: (u64, u64),
    /// Number of rows.
    pub rows: u64,
}

/// A decision that waits for its cut-off.
#[derive(Debug, Clone)]
struct Waiting {
    cutoff: i64,
    seq: u64,
    log: u8,
    decision_id: [u8; 16],
    strategy_id: Arc<str>,
    instrument_id: Option<u32>,
    md_seq_high: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
struct StatusRow {
    source: u16,
    ts_event: i64,
    revision: u16,
    ts_avail: i64,
    seq: u64,
    log: u8,
    is_halted: bool,
}

/// Market data and decisions in, exactly one feature row a decision out.
///
/// - **Point in time:** a cell depends on rows with `t - lookback <= ts_avail < t` and on reference rows known at `t`, where
///   `t = min(ts_event, ts_recv)` of the decision; if it carries `md_seq_high`, rows of its own log also need `seq` at
///   most that.
/// - **Same bits** for any batch sizes, interleaving, number of threads, start of history and restart, live and in batch.
/// - **Cost:** a tick costs one pass of the measures in use, whatever the number of windows; a decision costs a search a
///   window and at most 30 rows a sum.
///
/// ```
/// use contract::testing::{decisions, quotes};
/// use features::{Catalogue, Options, Spec, Sweep};
///
/// let spec = Spec::parse("features = [\"book__spread_bps__now\"]")?;
/// let mut sweep = Sweep::new(spec.resolve(&Catalogue::builtin())?, Options::default());
/// sweep.push(&quotes("100 99 101, 200 90 110").with_seq(0))?;
/// let out = sweep.push(&decisions(&[200, 201]).with_seq(2))?;
/// let (rest, report) = sweep.finish()?;
/// let spread = rest.rows.or(out.rows).unwrap();
/// let spread = spread.feature("book__spread_bps__now").unwrap();
/// assert_eq!(spread.value(0), 200.0); // at 200 the second quote has not been seen
/// assert_eq!(report.rows, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Sweep {
    plan: Arc<Plan>,
    options: Options,
    instruments: BTreeMap<u32, Instrument>,
    /// What an instrument without rows looks like.
    empty: Instrument,
    /// Gaps by instrument, each known from when it concerns it.
    gaps_of: BTreeMap<u32, Vec<GapMark>>,
    gaps: Vec<SourceGap>,
    statuses: BTreeMap<u32, Vec<StatusRow>>,
    reference: Reference,
    coverage: Coverage,
    /// Clock of each log, or of each stream of a sorted input.
    clocks: BTreeMap<(u8, Option<MarketTable>), i64>,
    ended: BTreeSet<MarketTable>,
    /// Last key of each sorted stream and its number of rows.
    last_keys: BTreeMap<(u8, &'static str), (i64, u64)>,
    waiting: BTreeMap<(i64, u64, u64), Waiting>,
    /// Largest `ts_avail` of a decision of each log, which bounds the cut-offs to come.
    decision_clocks: BTreeMap<u8, i64>,
    /// Rows before this instant may have been forgotten.
    forgotten: i64,
    /// Rows before this instant are settled, and cannot be changed by marks that come later.
    settled_to: i64,
    /// What the caller promised of every clock.
    promised: i64,
    /// Largest cut-off answered so far.
    answered: i64,
    held: Vec<Row>,
    held_lineage: Vec<CellSource>,
    rejects: Vec<Reject>,
    report: Report,
    decision_rejects: u64,
    since_forget: usize,
}

impl Sweep {
    /// A sweep of a plan that has seen nothing.
    #[must_use]
    pub fn new(plan: impl Into<Arc<Plan>>, options: Options) -> Self {
        let options =
            Options { logs: options.logs.max(1), threads: options.threads.max(1), ..options };
        let plan = plan.into();
        let mut clocks = BTreeMap::new();
        for log in 0..options.logs {
            match options.arrival {
                Arrival::Log => {
                    clocks.insert((log, None), i64::MIN);
                }
                Arrival::Sorted => {
                    for table in plan.tables() {
                        clocks.insert((log, Some(table)), i64::MIN);
                    }
                }
            }
        }
        Self {
            empty: Instrument::new(&plan.keep),
            plan,
            options,
            instruments: BTreeMap::new(),
            gaps_of: BTreeMap::new(),
            gaps: Vec::new(),
            statuses: BTreeMap::new(),
            reference: Reference::default(),
            coverage: Coverage::new(),
            clocks,
            ended: BTreeSet::new(),
            last_keys: BTreeMap::new(),
            waiting: BTreeMap::new(),
            decision_clocks: (0..options.logs).map(|log| (log, i64::MIN)).collect(),
            forgotten: i64::MIN,
            settled_to: i64::MIN,
            promised: i64::MIN,
            answered: i64::MIN,
            held: Vec::new(),
            held_lineage: Vec::new(),
            rejects: Vec::new(),
            report: Report::default(),
            decision_rejects: 0,
            since_forget: 0,
        }
    }

    /// The same sweep, told since when tables are covered: needed when it starts in the middle of history.
    #[must_use]
    pub fn with_coverage(mut self, coverage: Coverage) -> Self {
        self.coverage = coverage;
        self
    }

    /// Since when tables are covered, as far as this sweep knows.
    #[must_use]
    pub fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Counts so far.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Takes rows of a table of log 0.
    ///
    /// # Errors
    /// [`SweepError`] when the batch as a whole cannot be used; single rows come back as rejects.
    pub fn push<T: Input>(&mut self, batch: &Batch<T>) -> Result<Output, SweepError> {
        self.push_from(0, batch)
    }

    /// Takes rows of a table of one of several logs.
    ///
    /// # Errors
    /// As [`push`](Self::push), and [`SweepError::Log`] for a log that was not announced.
    pub fn push_from<T: Input>(&mut self, log: u8, batch: &Batch<T>) -> Result<Output, SweepError> {
        if log >= self.options.logs {
            return Err(SweepError::Log { expected: self.options.logs, found: log });
        }
        T::take(self, log, batch)?;
        self.answer()
    }

    /// The feature row of a decision that has not been written yet: what is known of an instrument at `cutoff_ns` to a
    /// decider who has read what this sweep has read.
    ///
    /// A decision that is written with that cut-off and with the last `seq` pushed as its `md_seq_high` gets this row, but
    /// for its identity. Nothing is counted in the report.
    ///
    /// # Errors
    /// [`SweepError::Forgotten`] for a cut-off whose rows are gone, [`SweepError::UndeclaredInput`] as for every evaluation.
    pub fn peek(
        &mut self,
        instrument_id: u32,
        cutoff_ns: i64,
    ) -> Result<Batch<Features, Unlogged>, SweepError> {
        let clock = self.clock();
        let oldest = self.forgotten.saturating_add(self.plan.lookback_ns());
        if cutoff_ns < oldest {
            return Err(SweepError::Forgotten { expected: oldest, found: cutoff_ns });
        }
        let waiting = Waiting {
            cutoff: cutoff_ns,
            seq: 0,
            log: 0,
            decision_id: [0; 16],
            strategy_id: Arc::from("peek"),
            instrument_id: Some(instrument_id),
            md_seq_high: None,
        };
        let until = clock.min(cutoff_ns);
        let floor = self.floor(until).min(until.saturating_sub(self.plan.lookback_ns()));
        self.settle(std::slice::from_ref(&waiting), until, floor);
        let row = self.look_ahead(&waiting, clock)?;
        output::batch(&self.plan, &[row])
    }

    /// Says that the log clock has come to an instant in nanoseconds, in silence.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn advance(&mut self, clock_ns: i64) -> Result<Output, SweepError> {
        self.promised = self.promised.max(clock_ns);
        for clock in self.clocks.values_mut() {
            *clock = clock_ns.max(*clock);
        }
        self.answer()
    }

    /// Says that no more decisions will come, so that a sorted sweep need not keep rows for them.
    pub fn end_decisions(&mut self) {
        self.decision_clocks.values_mut().for_each(|clock| *clock = i64::MAX);
    }

    /// Says that no more rows of a tick table will come, so that a sorted sweep does not wait for them.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn end(&mut self, table: MarketTable) -> Result<Output, SweepError> {
        self.ended.insert(table);
        self.answer()
    }

    /// Answers everything that still waits, as if the clock had come to the end of time.
    ///
    /// # Errors
    /// [`SweepError::RowsLost`] if a decision was lost, which would be a bug, and as [`push`](Self::push).
    pub fn finish(mut self) -> Result<(Output, Report), SweepError> {
        for clock in self.clocks.values_mut() {
            *clock = i64::MAX;
        }
        let mut out = self.answer()?;
        if self.options.arrival == Arrival::Sorted {
            self.held.sort_by_key(|row| (row.cutoff, row.log, row.seq));
            let rows = std::mem::take(&mut self.held);
            out.rows = if rows.is_empty() { None } else { Some(output::batch(&self.plan, &rows)?) };
            out.lineage = std::mem::take(&mut self.held_lineage);
        }
        for instrument in self.instruments.values() {
            self.report.amended += instrument.amended_rows;
            self.report.unmatched += instrument.unmatched;
        }
        let found = self.report.rows + self.decision_rejects;
        if found != self.report.decisions {
            return Err(SweepError::RowsLost { expected: self.report.decisions, found });
        }
        Ok((out, self.report))
    }

    /// The instant that all logs have come to.
    fn clock(&self) -> i64 {
        let running = self
            .clocks
            .iter()
            .filter(|((_, table), _)| table.is_none_or(|table| !self.ended.contains(&table)));
        running.map(|(_, clock)| *clock).min().unwrap_or(i64::MAX)
    }

    /// Nothing before this instant will be asked for.
    fn floor(&self, clock: i64) -> i64 {
        let waiting = self.waiting.keys().next().map_or(i64::MAX, |(cutoff, ..)| *cutoff);
        let to_come = match self.options.arrival {
            Arrival::Log => clock,
            Arrival::Sorted => self.decision_clocks.values().copied().min().unwrap_or(i64::MAX),
        };
        let oldest = waiting.min(to_come.saturating_sub(self.options.keep_ns)).min(clock);
        oldest.saturating_sub(self.plan.lookback_ns())
    }

    fn answer(&mut self) -> Result<Output, SweepError> {
        let clock = self.clock();
        let mut ready = Vec::new();
        while let Some(first) = self.waiting.first_entry().filter(|e| e.key().0 <= clock) {
            ready.push(first.remove());
        }
        let mut lineage = Vec::new();
        let mut rows = Vec::new();
        if !ready.is_empty() {
            // What waits was taken out, but its rows are needed still.
            let oldest = ready.first().map_or(clock, |w| w.cutoff);
            let floor = self.floor(clock).min(oldest.saturating_sub(self.plan.lookback_ns()));
            // No further than somebody asks: the clock may stand at the end of time.
            let until = ready.last().map_or(clock, |w| w.cutoff);
            self.settle(&ready, until, floor);
            rows = self.evaluate(&ready, &mut lineage)?;
            self.answered = ready.last().map_or(self.answered, |w| w.cutoff.max(self.answered));
            self.count(&rows);
        }
        if self.since_forget >= self.options.forget_every {
            self.since_forget = 0;
            self.forget(clock);
        }
        let rejects = std::mem::take(&mut self.rejects);
        if self.options.arrival == Arrival::Sorted {
            self.held.append(&mut rows);
            self.held_lineage.append(&mut lineage);
            return Ok(Output { rows: None, rejects, lineage });
        }
        let rows = if rows.is_empty() { None } else { Some(output::batch(&self.plan, &rows)?) };
        Ok(Output { rows, rejects, lineage })
    }

    fn count(&mut self, rows: &[Row]) {
        for row in rows {
            self.report.rows += 1;
            if row.read.ts.is_some_and(|(_, last)| last >= row.cutoff) {
                self.report.lookahead_violations += 1;
            }
        }
        for (at, planned) in self.plan.features.iter().enumerate() {
            let mut counts = [0_u64; 15];
            for row in rows {
                let reason = row.reasons.get(at).copied().unwrap_or(0);
                if let Some(count) = counts.get_mut(usize::from(reason)) {
                    *count += 1;
                }
            }
            for null in Null::ALL {
                let n = counts.get(usize::from(null.code())).copied().unwrap_or(0);
                if n > 0 {
                    let name = planned.feature.declaration().name.clone();
                    *self.report.nulls.entry((name, null.word())).or_default() += n;
                }
            }
        }
    }

    fn forget(&mut self, clock: i64) {
        let floor = self.floor(clock);
        if floor == i64::MIN || clock == i64::MAX {
            return;
        }
        let everything: Vec<u32> = self.instruments.keys().copied().collect();
        self.settle_all(&everything, clock, floor);
        self.forgotten = self.forgotten.max(floor);
        for instrument in self.instruments.values_mut() {
            instrument.forget(floor, &self.plan.keep);
        }
    }
}
