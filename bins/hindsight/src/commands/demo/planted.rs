//! What the checks of `quality` find of what was planted, row by row.
//!
//! What is judged is what the run stored: the rows of its log. To know which of them were touched, the same market is made
//! again, clean, each row with its place in it, and the same faults are planted; row by row it must be what was stored or
//! refused. What the built-in rules flag, in the mode that looks ahead, is held against what was planted.

mod expect;

use super::columns::Columns;
use super::report::{Line, Verdict};
use super::world::World;
use crate::commands::capture::TableRows;
use crate::context::Context;
use crate::error::{CliError, ErrorReport, Failure};
use arrow_array::cast::AsArray as _;
use arrow_array::types::UInt64Type;
use arrow_array::{Array as _, ArrayRef, RecordBatch, UInt64Array};
use arrow_schema::{DataType, Field, Schema};
use arrow_select::take::take_record_batch;
use contract::{AnyBatch, QualityMode};
use expect::{Arrivals, Expect, Planted};
use quality::{Context as Facts, RuleSet, TableState};
use simulator::{FaultKind, Injector, Simulation, Slice};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

/// A price is a spike from so many ticks on, ten times the least MAD of the check: of smaller ones no bar speaks.
const SPIKE_TICKS: i64 = 10;
/// How late a row may be whose source says nothing.
const LATENESS_NS: i64 = 1_000_000_000;
/// What stands before the name of a fault that is too small to be found.
const SMALL: &str = "small ";

/// The rule that a log keeps itself.
const KEYS: &str = "key_unique";

/// What must be found.
#[derive(Clone, Copy)]
enum Bar {
    /// Every row and no other: the fault is defined exactly.
    Exact,
    /// At least these shares: recall and precision.
    Share(f64, f64),
}

/// A fault, the table in which it shows, and the check that should see it.
struct Case {
    fault: FaultKind,
    table: &'static str,
    check: &'static str,
    rows: Expect,
    bar: Bar,
}

impl Case {
    /// Whether a market may have none by chance.
    const fn is_rare(&self) -> bool {
        use FaultKind::{
            HaltPrint, OffSession, ProducerRestart, SequenceGap, Stale, ZombieProducer,
        };
        matches!(
            self.fault,
            HaltPrint | OffSession | ProducerRestart | SequenceGap | Stale | ZombieProducer
        )
    }
}

const fn case(
    fault: FaultKind,
    table: &'static str,
    check: &'static str,
    rows: Expect,
    bar: Bar,
) -> Case {
    Case { fault, table, check, rows, bar }
}

/// Bars are those of the quality page.
const CASES: &[Case] = &[
    case(FaultKind::Crossed, "quotes", "crossed", Expect::Changed, Bar::Exact),
    case(FaultKind::Locked, "quotes", "locked", Expect::Changed, Bar::Exact),
    case(FaultKind::OneSided, "quotes", "one_sided", Expect::Changed, Bar::Exact),
    case(FaultKind::Duplicated, "trades", "seq_unique", Expect::Again, Bar::Exact),
    case(FaultKind::OutOfOrder, "trades", "out_of_order", Expect::Second, Bar::Exact),
    case(FaultKind::Lost, "quotes", "gap", Expect::Behind, Bar::Exact),
    case(FaultKind::SequenceGap, "book_deltas", "gap", Expect::Behind, Bar::Exact),
    case(FaultKind::MissingFee, "executions", "missing_fee", Expect::Changed, Bar::Exact),
    case(FaultKind::ProducerRestart, "decisions", "key_unique", Expect::Again, Bar::Exact),
    case(FaultKind::ZombieProducer, "executions", "key_unique", Expect::Again, Bar::Exact),
    case(FaultKind::HaltPrint, "trades", "halt_print", Expect::Again, Bar::Share(0.95, 0.95)),
    case(FaultKind::OffSession, "trades", "off_session", Expect::Again, Bar::Share(0.95, 0.95)),
    case(FaultKind::Late, "quotes", "late", Expect::HeldUp, Bar::Exact),
    case(FaultKind::Spike, "trades", "spike", Expect::Changed, Bar::Share(0.99, 0.95)),
    case(FaultKind::Stale, "quotes", "stale", Expect::Behind, Bar::Share(0.95, 0.95)),
];

/// A table while it goes by.
struct Watch {
    table: &'static str,
    rules: RuleSet,
    state: TableState,
    stored: TableRows,
    /// Number in the log and place among all rows that came, of each row that was stored.
    seqs: Vec<(u64, u64)>,
    /// Rows that the log refused, of all that came.
    refused: BTreeSet<u64>,
    /// The newest event of each stream, and rows that came further behind it than is allowed.
    newest: BTreeMap<(i64, i64), i64>,
    behind_time: BTreeSet<u64>,
    /// The first row that is not what was planted, and how.
    differs: Option<String>,
    /// Place in the clean table of each row that came, where it has one.
    places: Vec<Option<u64>>,
    /// The same the other way round, when all have come.
    arrivals: Arrivals,
    /// Stream of each clean row, source and instrument, and when it was available.
    clean: Vec<((i64, i64), i64)>,
    planted: Vec<Planted>,
    /// Rows by the number of the check that flagged them.
    flagged: BTreeMap<usize, BTreeSet<u64>>,
}

pub(super) fn check(world: &World, context: &Context) -> Result<Vec<Line>, Failure> {
    let mut facts = Facts::new();
    let said = |error: &dyn contract::Diagnostic| Failure::from(ErrorReport::new(error));
    let simulation =
        Simulation::new(&world.scenario, world.seed).with_threads(context.threads()).clean();
    let (mut ticks, mut lateness) = (BTreeMap::new(), BTreeMap::new());
    for (name, batch) in simulation.references().map_err(|error| said(&error))? {
        if name == "instruments" {
            let columns = Columns(&batch);
            let sizes =
                columns.whole("instrument_id")?.into_iter().zip(columns.whole("tick_size")?);
            ticks.extend(sizes.filter_map(|(id, tick)| id.zip(tick)));
        }
        if name == "sources" {
            let columns = Columns(&batch);
            let allowed = columns.whole("allowed_lateness_ns")?;
            let allowed = columns.whole("source_id")?.into_iter().zip(allowed);
            lateness.extend(allowed.filter_map(|(id, ns)| id.zip(ns)));
        }
        if batch.schema_ref().metadata().contains_key(contract::meta::TABLE) {
            facts.add(&batch).map_err(|error| said(&error))?;
        }
    }
    let refused = world.refused(context)?;
    let mut watches: BTreeMap<&'static str, Watch> = BTreeMap::new();
    for case in CASES {
        if !watches.contains_key(case.table) {
            let refused = refused.get(case.table).cloned().unwrap_or_default();
            watches.insert(case.table, Watch::of(case.table, world, refused)?);
        }
    }
    let mut injector = Injector::of(&world.scenario, world.seed);
    let mut slices = simulation.peekable();
    while let Some(slice) = slices.next() {
        context.stop.check()?;
        let mut tagged = Vec::new();
        for (table, batch) in slice.tables() {
            let first = watches.get_mut(table).map_or(Ok(0), |watch| watch.saw(batch))?;
            tagged.push(tag(table, batch, first)?);
        }
        let clean =
            Slice::from_batches(slice.from(), slice.to(), tagged).map_err(|error| said(&error))?;
        let dirty = injector.push(&clean, slices.peek().is_none());
        for table in ["statuses", "decisions"] {
            if let Some(batch) = dirty.table(table) {
                facts.add(&without_places(batch)?).map_err(|error| said(&error))?;
            }
        }
        if let Some(truth) = dirty.table("truth_faults") {
            note(truth, &ticks, &mut watches)?;
        }
        for (table, watch) in &mut watches {
            if let Some(batch) = dirty.table(table) {
                watch.judge(batch, &facts, &lateness)?;
            }
        }
    }
    let mut lines = Vec::new();
    for watch in watches.values_mut() {
        let state =
            std::mem::replace(&mut watch.state, TableState::new(&watch.rules, QualityMode::Final));
        watch.arrivals = Arrivals::of(&watch.places);
        let (_, late) = state.close(&facts);
        for flag in &late {
            watch.flag(flag.check, flag.id);
        }
    }
    lines.push(same(&mut watches)?);
    let touched: BTreeMap<&str, BTreeSet<u64>> =
        watches.iter().map(|(table, watch)| (*table, watch.touched())).collect();
    for case in CASES {
        context.stop.check()?;
        if let (Some(watch), Some(others)) = (watches.get(case.table), touched.get(case.table)) {
            lines.push(watch.line(case, others));
        }
    }
    Ok(lines)
}

impl Watch {
    fn of(table: &'static str, world: &World, refused: BTreeSet<u64>) -> Result<Self, Failure> {
        let rules =
            RuleSet::built_in(table).map_err(|error| Failure::from(ErrorReport::new(&error)))?;
        let state = TableState::new(&rules, QualityMode::Final);
        Ok(Self {
            table,
            rules,
            state,
            stored: TableRows::open(&world.log(), table)?,
            seqs: Vec::new(),
            refused,
            newest: BTreeMap::new(),
            behind_time: BTreeSet::new(),
            differs: None,
            places: Vec::new(),
            arrivals: Arrivals::default(),
            clean: Vec::new(),
            planted: Vec::new(),
            flagged: BTreeMap::new(),
        })
    }

    /// Keeps the streams of clean rows; the place of the first of them.
    fn saw(&mut self, batch: &RecordBatch) -> Result<u64, Failure> {
        let first = self.clean.len() as u64;
        let columns = Columns(batch);
        let keys = columns.whole("source_id")?.into_iter().zip(columns.whole("instrument_id")?);
        let keys = keys.map(|(a, b)| (a.unwrap_or(-1), b.unwrap_or(-1)));
        let stamps = columns.times("ts_avail")?.into_iter().map(Option::unwrap_or_default);
        self.clean.extend(keys.zip(stamps));
        Ok(first)
    }

    /// Judges the stored rows that these came as.
    fn judge(
        &mut self,
        batch: &RecordBatch,
        facts: &Facts,
        lateness: &BTreeMap<i64, i64>,
    ) -> Result<(), Failure> {
        let first = self.places.len() as u64;
        let places = batch.column_by_name(PLACE).and_then(|c| c.as_primitive_opt::<UInt64Type>());
        self.places.extend((0..batch.num_rows()).map(|row| {
            places.filter(|places| places.is_valid(row)).map(|places| places.value(row))
        }));
        let kept: Vec<u64> = (0..batch.num_rows() as u64)
            .filter(|row| !self.refused.contains(&(first + row)))
            .collect();
        let came = take_record_batch(&without_places(batch)?, &UInt64Array::from(kept.clone()))
            .map_err(|error| crate::commands::bug(&error))?;
        let Some(stored) = self.stored.take(kept.len())? else {
            if !kept.is_empty() {
                self.differs.get_or_insert(format!("no row is stored from row {first} on"));
            }
            return Ok(());
        };
        if self.differs.is_none() {
            self.differs = difference(&came, &stored, first);
        }
        let columns = Columns(&stored);
        let keys = columns.whole("source_id")?.into_iter().zip(columns.whole("instrument_id")?);
        for ((key, ts), row) in keys.zip(columns.times("ts_event")?).zip(&kept) {
            let ((Some(source), Some(instrument)), Some(ts)) = (key, ts) else { continue };
            let newest = self.newest.entry((source, instrument)).or_insert(ts);
            *newest = ts.max(*newest);
            if ts < *newest - lateness.get(&source).copied().unwrap_or(LATENESS_NS) {
                self.behind_time.insert(first + row);
            }
        }
        let seqs = columns.whole("seq")?.into_iter().flatten();
        let seqs = seqs.filter_map(|seq| u64::try_from(seq).ok());
        self.seqs.extend(seqs.zip(kept.iter().map(|row| first + row)));
        let flags = self
            .state
            .observe(&stored, facts)
            .map_err(|error| Failure::from(ErrorReport::new(&error)))?;
        for (row, came) in kept.iter().enumerate().take(flags.len()) {
            for check in flags.broken(row) {
                self.flagged.entry(check).or_default().insert(first + came);
            }
        }
        for flag in flags.late() {
            self.flag(flag.check, flag.id);
        }
        Ok(())
    }

    /// Keeps that a check flagged a row of the log.
    fn flag(&mut self, check: usize, seq: u64) {
        if let Ok(at) = self.seqs.binary_search_by_key(&seq, |(seq, _)| *seq) {
            let row = self.seqs[at].1;
            self.flagged.entry(check).or_default().insert(row);
        }
    }

    fn line(&self, case: &Case, others: &BTreeSet<u64>) -> Line {
        let word = case.fault.word();
        let what = format!("{word} in {}, check {}", case.table, case.check);
        let (expected, unseen) = self.expected(word, case.rows);
        if expected.is_empty() {
            // A rate that gives rows by the hundred has to give some.
            let verdict = if case.is_rare() { Verdict::NotPlanted } else { Verdict::Failed };
            return Line::new(verdict, what, format!("{unseen} that left no row"));
        }
        let checks = self.rules.checks().iter().enumerate();
        let mut flagged: BTreeSet<u64> = checks
            .filter(|(_, check)| check.kind().name == case.check)
            .flat_map(|(at, _)| self.flagged.get(&at).into_iter().flatten().copied())
            .collect();
        let mut refused = 0;
        if case.check == KEYS {
            // The log keeps this rule itself.
            flagged.extend(&self.refused);
            refused = self.refused.len();
        }
        let hits = expected.intersection(&flagged).count();
        let wrong =
            flagged.iter().filter(|row| !expected.contains(row) && !others.contains(row)).count();
        let recall = hits as f64 / expected.len() as f64;
        let precision = if hits + wrong == 0 { 0.0 } else { hits as f64 / (hits + wrong) as f64 };
        let reaches = |(r, p): (f64, f64)| recall >= r && precision >= p;
        let mut said = format!(
            "{hits} of {} rows, recall {recall:.3}, precision {precision:.3}",
            expected.len()
        );
        if refused > 0 {
            let _ = write!(said, "; the log refused {refused}");
        }
        let small = format!("{SMALL}{word}");
        let small = self.planted.iter().filter(|planted| planted.fault == small).count();
        if small > 0 {
            let _ = write!(said, "; {small} more of less than {SPIKE_TICKS} ticks");
        }
        let (verdict, bar) = match case.bar {
            Bar::Exact => (Verdict::of(reaches((1.0, 1.0))), String::new()),
            // Of a few rows one says little: it fails where the rows say that the share is below the bar.
            Bar::Share(r, p) => {
                let may_be = |same: usize, of: usize, bar: f64| {
                    let interval = labeling::clopper_pearson(same as u64, of as u64, 0.95);
                    interval.is_ok_and(|(_, high)| high >= bar)
                };
                let is_open = may_be(hits, expected.len(), r) && may_be(hits, hits + wrong, p);
                let verdict = match (reaches((r, p)), is_open) {
                    (true, _) => Verdict::Ok,
                    (false, true) => Verdict::Undecided,
                    (false, false) => Verdict::Failed,
                };
                (verdict, format!("; bar {r} and {p}"))
            }
        };
        Line::new(verdict, what, format!("{said}{bar}"))
    }
}

/// Keeps what was planted with the table that it shows in.
fn note(
    truth: &RecordBatch,
    ticks: &BTreeMap<i64, i64>,
    watches: &mut BTreeMap<&'static str, Watch>,
) -> Result<(), Failure> {
    let columns = Columns(truth);
    let (kinds, tables) = (columns.words("kind")?, columns.words("table_name")?);
    let (ids, places) = (columns.whole("fault_id")?, columns.whole("clean_row")?);
    let cells = columns.words("before")?.into_iter().zip(columns.words("after")?);
    let jumps: Vec<Option<i64>> = cells
        .zip(columns.whole("instrument_id")?)
        .map(|((before, after), instrument)| {
            let tick = instrument.and_then(|id| ticks.get(&id)).copied()?;
            let (before, after) = (before.parse::<i64>().ok()?, after.parse::<i64>().ok()?);
            after.saturating_sub(before).checked_div(tick)
        })
        .collect();
    let rows = kinds.into_iter().zip(tables).zip(ids).zip(places).zip(jumps);
    for ((((kind, table), id), place), jump) in rows {
        if let Some(watch) = watches.get_mut(table.as_str()) {
            let is_small = kind == FaultKind::Spike.word()
                && jump.is_some_and(|ticks| ticks.abs() < SPIKE_TICKS);
            watch.planted.push(Planted {
                fault: if is_small { format!("{SMALL}{kind}") } else { kind },
                id: id.and_then(|id| u64::try_from(id).ok()).unwrap_or(0),
                clean_row: place.and_then(|place| u64::try_from(place).ok()),
            });
        }
    }
    Ok(())
}

/// The column that carries the place of a clean row.
const PLACE: &str = "x_row";

fn tag(table: &str, batch: &RecordBatch, first: u64) -> Result<AnyBatch, Failure> {
    let mut fields: Vec<_> = batch.schema_ref().fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new(PLACE, DataType::UInt64, true)));
    let mut columns = batch.columns().to_vec();
    columns.push(Arc::new(UInt64Array::from_iter_values(first..first + batch.num_rows() as u64)));
    let rows = made(fields, columns, batch)?;
    let spec = contract::table(table).ok_or(CliError::NothingToDo)?;
    Ok(AnyBatch::parse(spec, &rows)?)
}

fn without_places(batch: &RecordBatch) -> Result<RecordBatch, Failure> {
    let kept: Vec<usize> = (0..batch.num_columns())
        .filter(|at| {
            batch.schema_ref().fields().get(*at).is_some_and(|field| field.name() != PLACE)
        })
        .collect();
    batch.project(&kept).map_err(|error| crate::commands::bug(&error))
}

/// How stored rows differ from those that came. A log may say that a row was available later than it came, and leaves out
/// what counts rows of another log; nothing else.
fn difference(came: &RecordBatch, stored: &RecordBatch, first: u64) -> Option<String> {
    if came.num_rows() != stored.num_rows() {
        let (expected, found) = (came.num_rows(), stored.num_rows());
        return Some(format!("{expected} rows came from row {first} on, {found} are stored"));
    }
    let schema = came.schema();
    let mut names = schema.fields().iter().map(|field| field.name().as_str());
    let name = names.find(|name| {
        let same = came.column_by_name(name).zip(stored.column_by_name(name));
        !matches!(*name, "ts_avail" | "md_seq_high")
            && same.is_none_or(|(a, b)| a.as_ref() != b.as_ref())
    })?;
    Some(format!("{name} of some row from {first} on"))
}

/// Whether what was judged is what came.
fn same(watches: &mut BTreeMap<&'static str, Watch>) -> Result<Line, Failure> {
    let (mut rows, mut refused, mut wrong) = (0, 0, Vec::new());
    let tables = watches.len();
    for watch in watches.values_mut() {
        rows += watch.seqs.len();
        refused += watch.refused.len();
        if watch.differs.is_none() && watch.stored.take(1)?.is_some() {
            watch.differs = Some("more rows are stored than came".to_owned());
        }
        wrong.extend(watch.differs.as_ref().map(|how| format!("{}: {how}", watch.table)));
    }
    let said = if wrong.is_empty() {
        format!("{rows} rows of {tables} tables, cell by cell, and {refused} that the log refused")
    } else {
        wrong.join("; ")
    };
    let what = "what is judged is what the log has of the market";
    Ok(Line::new(Verdict::of(wrong.is_empty() && rows > 0), what, said))
}

fn made(
    fields: Vec<Arc<Field>>,
    columns: Vec<ArrayRef>,
    like: &RecordBatch,
) -> Result<RecordBatch, Failure> {
    let schema = Schema::new_with_metadata(fields, like.schema_ref().metadata().clone());
    RecordBatch::try_new(Arc::new(schema), columns).map_err(|error| crate::commands::bug(&error))
}
