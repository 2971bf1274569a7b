//! What checks know beside the rows: instruments, calendars, halts, clocks, decisions.

mod actions;
mod calendar;
mod features;
mod halts;
mod instruments;
mod tape;
mod watermarks;

pub(crate) use actions::Actions;
pub(crate) use calendar::{Calendars, DAY_NS, Session};
pub(crate) use features::FeatureBook;
pub(crate) use halts::Halts;
pub(crate) use instruments::{Instrument, InstrumentBook, Lookup};
pub(crate) use tape::{Aggregate, Tape, size_nanos};
pub(crate) use watermarks::Watermarks;

use arrow_array::{Array, RecordBatch};
use contract::{
    AnyBatch, Batch, Decisions, Diagnostic, Draft, Fault, ShapeError, Sources, Table, UnknownWord,
    table,
};
use std::collections::{BTreeMap, HashSet};

/// Where an instant stands in a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionAt {
    /// No calendar is known, or it does not list that day.
    Unknown,
    /// Between sessions.
    Outside,
    /// Within one.
    In(Session),
}

/// Facts that checks look up, given before the rows that need them.
///
/// - **Point in time:** a status counts for rows whose `ts_avail` is not before its own; a version of an instrument from
///   its `ts_avail` and within its validity. Whoever feeds a live scorer adds rows as they come.
/// - **Cost:** memory grows with statuses, sessions and decisions given, not with market rows.
///
/// ```
/// use contract::UtcNanos;
/// use quality::Context;
///
/// let mut context = Context::new();
/// assert!(!context.has("instruments"));
/// # let none = contract::Draft::<contract::Statuses>::empty();
/// context.add(&none.into_record_batch())?; // any contract table that checks look things up in
/// assert!(context.has("statuses"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Context {
    tables: BTreeMap<String, u64>,
    pub(crate) instruments: InstrumentBook,
    pub(crate) calendars: Calendars,
    pub(crate) halts: Halts,
    actions: Actions,
    watermarks: Watermarks,
    clock_bounds: BTreeMap<u16, i64>,
    lateness: BTreeMap<u16, i64>,
    decisions: HashSet<[u8; 16]>,
    pub(crate) features: FeatureBook,
    pub(crate) tape: Tape,
    other: BTreeMap<String, Vec<RecordBatch>>,
}

impl Context {
    /// Tables that are looked up by row. Others are kept as they come, for kinds that compare whole tables.
    pub const TABLES: [&'static str; 9] = [
        "adjustments",
        "decisions",
        "features",
        "feed_marks",
        "instruments",
        "sessions",
        "sources",
        "statuses",
        "trades",
    ];

    /// Nothing is known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a table was given, be it without rows.
    #[must_use]
    pub fn has(&self, table: &str) -> bool {
        self.tables.contains_key(table)
    }

    /// Rows given of each table.
    pub fn tables(&self) -> impl Iterator<Item = (&str, u64)> {
        self.tables.iter().map(|(name, rows)| (name.as_str(), *rows))
    }

    /// Takes in a batch of a contract table, named by its schema's `hindsight.table`.
    ///
    /// # Errors
    /// [`ContextError`] for a batch without a table, of a wrong shape, or with a word outside a closed set.
    pub fn add(&mut self, batch: &RecordBatch) -> Result<(), ContextError> {
        let name = batch.schema_ref().metadata().get(contract::meta::TABLE).cloned();
        let name = name.ok_or(ContextError::NoTable)?;
        let spec = table(&name).ok_or_else(|| ContextError::UnknownTable { name: name.clone() })?;
        let any = AnyBatch::parse(spec, batch)?;
        let rows = any.len() as u64;
        match name.as_str() {
            "instruments" => self.instruments.add(&draft(any)?)?,
            "sessions" => self.calendars.add(&draft(any)?)?,
            "statuses" => self.halts.add(&draft(any)?)?,
            "sources" => self.add_sources(&draft(any)?),
            "decisions" => self.add_decisions(&draft(any)?),
            "adjustments" => self.actions.add(&draft(any)?)?,
            "feed_marks" => {
                let seqs = any.seq().cloned();
                self.watermarks.add(&draft(any)?, seqs.as_ref())?;
            }
            "features" => self.features.add(&draft(any)?),
            "trades" => self.tape.add(&draft(any)?)?,
            _ => self.other.entry(name.clone()).or_default().push(batch.clone()),
        }
        *self.tables.entry(name).or_default() += rows;
        Ok(())
    }

    /// Batches of a table that is kept as it came.
    pub(crate) fn batches(&self, table: &str) -> &[RecordBatch] {
        self.other.get(table).map_or(&[], Vec::as_slice)
    }

    /// Rows of a table that is kept as it came.
    pub(crate) fn typed<T: Table>(&self) -> impl Iterator<Item = Draft<T>> {
        // INVARIANT: `add` has parsed every batch that is kept.
        let any = |batch: &RecordBatch| AnyBatch::parse(T::SPEC, batch).ok().map(draft::<T>);
        self.batches(T::SPEC.name).iter().filter_map(any).filter_map(Result::ok)
    }

    /// Bound of a source's clock in nanoseconds, where `sources` states one.
    pub(crate) fn clock_bound_ns(&self, source: u16) -> Option<i64> {
        self.clock_bounds.get(&source).copied()
    }

    /// How late rows of a source may be in nanoseconds, where `sources` states it.
    pub(crate) fn lateness_ns(&self, source: u16) -> Option<i64> {
        self.lateness.get(&source).copied()
    }

    /// Whether a decision was given.
    pub(crate) fn knows_decision(&self, id: &[u8]) -> bool {
        <&[u8; 16]>::try_from(id).is_ok_and(|id| self.decisions.contains(id))
    }

    /// Whether trading is stopped for a row: a status known by `ts_avail` says so for the row's time.
    pub(crate) fn is_halted(&self, stream: (u16, u32), ts: i64, ts_avail: i64) -> bool {
        self.halts.is_halted(stream, ts, ts_avail)
    }

    /// Whether trading is stopped at any instant of `[from, to)`, as is known in the end.
    pub(crate) fn is_halted_within(&self, stream: (u16, u32), from: i64, to: i64) -> bool {
        self.halts.is_halted_within(stream, from, to)
    }

    /// Where an instant stands in the sessions of the instrument's calendar.
    pub(crate) fn session(&self, instrument: u32, ts: i64) -> SessionAt {
        let calendar = self.instruments.at(instrument, ts).and_then(|i| i.calendar.as_deref());
        calendar.map_or(SessionAt::Unknown, |calendar| self.calendars.at(calendar, ts))
    }

    /// Whether trading stopped at some time in `[from, to]`, as far as was known at `ts_avail`.
    pub(crate) fn was_halted(&self, stream: (u16, u32), from: i64, to: i64, ts_avail: i64) -> bool {
        self.halts.was_halted(stream, from, to, ts_avail)
    }

    /// Whether a split or stock dividend of the instrument in `(from, to]` was known at `ts_avail`.
    pub(crate) fn knows_split(&self, instrument: u32, from: i64, to: i64, ts_avail: i64) -> bool {
        self.actions.has_split(instrument, from, to, ts_avail)
    }

    /// The last watermark of a source before a row.
    pub(crate) fn watermark(&self, source: u16, seq: u64) -> Option<i64> {
        self.watermarks.at(source, seq)
    }

    fn add_sources(&mut self, rows: &Draft<Sources>) {
        for row in 0..rows.len() {
            let source = rows.col(&Sources::SOURCE_ID).value(row);
            let bound = rows.col(&Sources::CLOCK_BOUND_NS);
            if bound.is_valid(row) {
                self.clock_bounds.insert(source, bound.value(row));
            }
            let lateness = rows.col(&Sources::ALLOWED_LATENESS_NS);
            if lateness.is_valid(row) {
                self.lateness.insert(source, lateness.value(row));
            }
        }
    }

    fn add_decisions(&mut self, rows: &Draft<Decisions>) {
        let ids = rows.col(&Decisions::DECISION_ID);
        let ids = (0..rows.len()).filter_map(|row| <[u8; 16]>::try_from(ids.value(row)).ok());
        self.decisions.extend(ids);
    }
}

/// The typed rows, with or without their place in a log.
fn draft<T: Table>(batch: AnyBatch) -> Result<Draft<T>, ShapeError> {
    if batch.seq().is_some() {
        return Batch::<T>::parse(&batch.into_record_batch()).map(Batch::into_draft);
    }
    Draft::try_from_any(batch)
}

/// Why a table of context was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContextError {
    /// The schema does not say which table it is.
    #[error(
        "a batch of context: expected `{}` in the metadata of its schema",
        contract::meta::TABLE
    )]
    NoTable,
    /// The schema names a table that the contract does not have.
    #[error("a batch of context: `{name}` is no table of the contract")]
    UnknownTable {
        /// What it names.
        name: String,
    },
    /// The batch does not have the shape of its table.
    #[error("a batch of context: {0}")]
    Shape(#[from] ShapeError),
    /// A cell of a closed set holds none of its words.
    #[error("a batch of context: {0}")]
    Word(#[from] UnknownWord),
}

impl Diagnostic for ContextError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoTable => "quality/no-table",
            Self::UnknownTable { .. } => "quality/unknown-table",
            Self::Shape(error) => error.code(),
            Self::Word(_) => "quality/unknown-word",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Input
    }
}
