//! A set of features over tables in memory, in one call.

use crate::coverage::Coverage;
use crate::error::SweepError;
use crate::plan::Plan;
use crate::report::Report;
use crate::rows::MarketTable;
use crate::sweep::{Arrival, CellSource, Input, Options, Output, Sweep};
use contract::{
    Batch, Decisions, Depths, EventTable, FeatureParams, Features, FeedMarks, Instruments,
    LedgerGaps, Quotes, Reject, Roles, ScheduledEvents, Sessions, Statuses, Table, Trades,
    Unlogged,
};
use std::sync::Arc;

/// Rows of a table that are pushed at once: few enough that tables move forward together.
const STEP: usize = 1 << 16;

/// Decisions, and everything that their features may look at; all rows of one log.
///
/// Each event table stands in the order of `(ts_avail, seq)`, over all its batches; an empty list is a table without
/// rows.
///
/// ```
/// use contract::testing::{decisions, quotes};
/// use features::Inputs;
/// let inputs = Inputs {
///     decisions: vec![decisions(&[250]).with_seq(2)],
///     quotes: vec![quotes("100 99 101, 200 90 110").with_seq(0)],
///     ..Inputs::default()
/// };
/// assert_eq!(inputs.rows(), 3);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// Decisions: one feature row each.
    pub decisions: Vec<Batch<Decisions>>,
    /// Best bid and ask.
    pub quotes: Vec<Batch<Quotes>>,
    /// The public tape.
    pub trades: Vec<Batch<Trades>>,
    /// Books of ten levels a side.
    pub depths: Vec<Batch<Depths>>,
    /// Trading states.
    pub statuses: Vec<Batch<Statuses>>,
    /// Starts and gaps of sources.
    pub feed_marks: Vec<Batch<FeedMarks>>,
    /// What a log has lost.
    pub ledger_gaps: Vec<Batch<LedgerGaps>>,
    /// Instruments.
    pub instruments: Vec<Batch<Instruments>>,
    /// Who plays which part for whom.
    pub roles: Vec<Batch<Roles>>,
    /// Phases of trading days.
    pub sessions: Vec<Batch<Sessions>>,
    /// Releases, fundings, expiries.
    pub scheduled_events: Vec<Batch<ScheduledEvents>>,
    /// Fitted parameters: no feature of this crate reads them yet, the certificate checks when they were fitted.
    pub feature_params: Vec<Batch<FeatureParams>>,
}

impl Inputs {
    /// Adds a record batch of any of the tables, told by its metadata.
    ///
    /// # Errors
    /// [`SweepError::Table`] for another table, [`SweepError::Hindsight`] for one that knows the future,
    /// [`SweepError::Shape`] for a batch that is not of the shape of its table.
    pub fn add(&mut self, batch: &contract::arrow_array::RecordBatch) -> Result<(), SweepError> {
        let schema = batch.schema_ref();
        let table = schema.metadata().get(contract::meta::TABLE).map_or("", String::as_str);
        crate::sweep::refuse_hindsight(table, schema)?;
        macro_rules! dispatch {
            ($($field:ident: $name:ident),*) => {
                match table {
                    $(name if name == $name::SPEC.name => self.$field.push(Batch::<$name>::parse(batch)?),)*
                    other => return Err(SweepError::Table {
                        expected: [$($name::SPEC.name),*].join(", "),
                        found: contract::excerpt(other.as_bytes()),
                    }),
                }
            };
        }
        dispatch!(
            decisions: Decisions, quotes: Quotes, trades: Trades, depths: Depths, statuses: Statuses,
            feed_marks: FeedMarks, ledger_gaps: LedgerGaps, instruments: Instruments, roles: Roles,
            sessions: Sessions, scheduled_events: ScheduledEvents, feature_params: FeatureParams
        );
        Ok(())
    }

    /// Number of rows of all tables.
    #[must_use]
    pub fn rows(&self) -> u64 {
        fn of<T: Table>(batches: &[Batch<T>]) -> u64 {
            batches.iter().map(|batch| batch.len() as u64).sum()
        }
        of(&self.decisions)
            + of(&self.quotes)
            + of(&self.trades)
            + of(&self.depths)
            + of(&self.statuses)
            + of(&self.feed_marks)
            + of(&self.ledger_gaps)
            + of(&self.instruments)
            + of(&self.roles)
            + of(&self.sessions)
            + of(&self.scheduled_events)
            + of(&self.feature_params)
    }
}

/// What a run gave.
#[derive(Debug)]
#[non_exhaustive]
pub struct Run {
    /// One row a decision, by `(ts_cutoff, seq)`; `None` when there is none.
    pub rows: Option<Batch<Features, Unlogged>>,
    /// Rows that could not be used, with the reason.
    pub rejects: Vec<Reject>,
    /// Where the cells come from, if [`Options::lineage`] is set.
    pub lineage: Vec<CellSource>,
    /// Counts.
    pub report: Report,
    /// Since when tables are covered: what a sweep needs that starts in the middle.
    pub coverage: Coverage,
}

/// Feature rows of tables in memory: the simplest way to use this crate in batch.
///
/// - **Shape:** one row a decision, by `(ts_cutoff, seq)`; a decision that cannot be answered is a reject.
/// - **Point in time:** as [`Sweep`]: a cell depends on rows available before its cut-off.
/// - **Cost:** as [`Sweep`]; rows are dropped when no decision to come can ask for them. The arrival that the options
///   name is not used: tables are sorted.
///
/// ```
/// use contract::testing::{decisions, quotes, trades};
/// use features::{Catalogue, Inputs, Options, Spec, run};
///
/// let s = 1_000_000_000;
/// let inputs = Inputs {
///     decisions: vec![decisions(&[20 * s, 30 * s]).with_seq(3)],
///     quotes: vec![quotes("1000000000 99 101, 21000000000 99 103").with_seq(0)],
///     trades: vec![trades("15000000000 0.5 B").with_seq(2)],
///     ..Inputs::default()
/// };
/// let spec = Spec::parse("features = [\"book__spread_bps__now\", \"flow__n_trades__10s\"]")?;
/// let out = run(spec.resolve(&Catalogue::builtin())?, &inputs, Options::default())?;
/// let rows = out.rows.ok_or("no rows")?;
/// assert_eq!(rows.feature("book__spread_bps__now").map(|c| c.value(0)), Some(200.0)); // 2 on 100, in 1e-4
/// assert_eq!(rows.feature("flow__n_trades__10s").map(|c| c.value(1)), Some(0.0)); // at 30 s it has left [20 s, 30 s)
/// assert_eq!(out.report.rows, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`SweepError`] when a batch as a whole cannot be used, unsorted rows among them.
pub fn run(
    plan: impl Into<Arc<Plan>>,
    inputs: &Inputs,
    options: Options,
) -> Result<Run, SweepError> {
    let options = Options { arrival: Arrival::Sorted, ..options };
    feed(Sweep::new(plan, options), inputs)
}

/// Pushes everything into a sweep of sorted tables.
pub(crate) fn feed(mut sweep: Sweep, inputs: &Inputs) -> Result<Run, SweepError> {
    let mut out = Gathered::default();
    out.all(&mut sweep, &inputs.instruments)?;
    out.all(&mut sweep, &inputs.roles)?;
    out.all(&mut sweep, &inputs.sessions)?;
    out.all(&mut sweep, &inputs.scheduled_events)?;
    out.all(&mut sweep, &inputs.ledger_gaps)?;
    out.all(&mut sweep, &inputs.feed_marks)?;
    out.all(&mut sweep, &inputs.statuses)?;
    out.all(&mut sweep, &inputs.decisions)?;
    let mut quotes = Cursor::new(&inputs.quotes);
    let mut trades = Cursor::new(&inputs.trades);
    let mut depths = Cursor::new(&inputs.depths);
    loop {
        // The table that is furthest behind moves, so that decisions are answered, and rows dropped, on the way.
        let behind = [
            (quotes.next_ts(), MarketTable::Quotes),
            (trades.next_ts(), MarketTable::Trades),
            (depths.next_ts(), MarketTable::Depths),
        ];
        let next = behind.iter().filter_map(|(ts, table)| ts.map(|ts| (ts, *table)));
        let Some((_, table)) = next.min_by_key(|(ts, _)| *ts) else { break };
        let at_end = match table {
            MarketTable::Quotes => out.step(&mut sweep, &mut quotes)?,
            MarketTable::Trades => out.step(&mut sweep, &mut trades)?,
            MarketTable::Depths => out.step(&mut sweep, &mut depths)?,
        };
        if at_end {
            out.take(sweep.end(table)?);
        }
    }
    let coverage = sweep.coverage().clone();
    let (last, report) = sweep.finish()?;
    let rows = last.rows.clone();
    out.take(last);
    Ok(Run { rows, rejects: out.rejects, lineage: out.lineage, report, coverage })
}

/// What came out on the way.
#[derive(Default)]
struct Gathered {
    rejects: Vec<Reject>,
    lineage: Vec<CellSource>,
}

impl Gathered {
    fn take(&mut self, mut out: Output) {
        self.rejects.append(&mut out.rejects);
        self.lineage.append(&mut out.lineage);
    }

    fn all<T: Input>(&mut self, sweep: &mut Sweep, batches: &[Batch<T>]) -> Result<(), SweepError> {
        for batch in batches {
            self.take(sweep.push(batch)?);
        }
        Ok(())
    }

    /// Pushes the next rows of a table; whether there are no more.
    fn step<T: Input + EventTable>(
        &mut self,
        sweep: &mut Sweep,
        cursor: &mut Cursor<'_, T>,
    ) -> Result<bool, SweepError> {
        if let Some(part) = cursor.take() {
            self.take(sweep.push(&part)?);
        }
        Ok(cursor.next_ts().is_none())
    }
}

/// A place in the batches of a table.
struct Cursor<'a, T> {
    batches: &'a [Batch<T>],
    row: usize,
}

impl<'a, T: EventTable> Cursor<'a, T> {
    fn new(batches: &'a [Batch<T>]) -> Self {
        Self { batches, row: 0 }
    }

    fn next_ts(&mut self) -> Option<i64> {
        loop {
            let (first, rest) = self.batches.split_first()?;
            if let Some(ts) = first.ts_avail().values().get(self.row) {
                return Some(*ts);
            }
            (self.batches, self.row) = (rest, 0);
        }
    }

    fn take(&mut self) -> Option<Batch<T>> {
        let first = self.batches.first()?;
        let part = first.slice(self.row, STEP);
        self.row += part.len();
        Some(part)
    }
}
