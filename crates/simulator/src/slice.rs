//! What a run made in one slice of time.

use contract::arrow_array::{Array, RecordBatch, TimestampNanosecondArray, UInt16Array};
use contract::{AnyBatch, Diagnostic, Draft, Fault, ShapeError, Table, UtcNanos};

/// Event tables in the order in which rows of equal availability stand.
pub(crate) const EVENT_TABLES: [&str; 14] = [
    "statuses",
    "trades",
    "quotes",
    "depths",
    "book_deltas",
    "bars",
    "feed_marks",
    "clocks",
    "intelligence",
    "decisions",
    "executions",
    "portfolio_snapshots",
    "positions",
    "postings",
];

/// So many of them are market data.
pub(crate) const MARKET: usize = 6;

/// Batches of one span of time: event tables, and the truth about them.
///
/// - **Shape:** each event table holds the rows with `ts_avail` in `[from, to)`, in that order.
/// - **Point in time:** truth tables need the future and say so in their schema (`hindsight.causality`).
#[derive(Debug, Clone)]
pub struct Slice {
    from: i64,
    to: i64,
    events: Vec<Option<RecordBatch>>,
    derived: Vec<(&'static str, RecordBatch)>,
    truth: Vec<(&'static str, RecordBatch)>,
}

/// Why real batches make up no slice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SliceError {
    /// Not one of the event tables.
    #[error("{table}: expected an event table that the simulator makes")]
    NotAnEvent {
        /// The table.
        table: &'static str,
    },
    /// Two batches of one table.
    #[error("{table}: expected one batch, found two")]
    Twice {
        /// The table.
        table: &'static str,
    },
    /// A row out of order or outside the span.
    #[error("{table}.ts_avail, row {row}: expected {expected}, found {found}")]
    Order {
        /// The table.
        table: &'static str,
        /// The row.
        row: usize,
        /// From the row above to the end of the span.
        expected: String,
        /// What was found.
        found: String,
    },
}

impl Diagnostic for SliceError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotAnEvent { .. } => "simulator/not-an-event",
            Self::Twice { .. } => "simulator/table-twice",
            Self::Order { .. } => "simulator/out-of-order",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Input
    }
}

impl Slice {
    pub(crate) fn new(from: i64, to: i64) -> Self {
        Self {
            from,
            to,
            events: vec![None; EVENT_TABLES.len()],
            derived: Vec::new(),
            truth: Vec::new(),
        }
    }

    /// A slice of real batches, for the [`Injector`](crate::Injector): each an event table in the order of `ts_avail`, all
    /// of it in `[from, to)`.
    ///
    /// ```
    /// use contract::UtcNanos;
    /// use simulator::{FaultKind, Injector, Slice};
    /// let tape = contract::testing::trades("90 3.0 B, 95 1.0 A, 99 2.0 B");
    /// let (from, to) = (UtcNanos::from_nanos(0), UtcNanos::from_nanos(100));
    /// let clean = Slice::from_batches(from, to, vec![tape.into_any()])?;
    /// let dirty = Injector::new(7).with(FaultKind::Lost, 1.0, None).push(&clean, true);
    /// assert_eq!((clean.rows(), dirty.rows()), (3, 0)); // a rate of 1 loses every row, and `truth_faults` lists them
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`SliceError`] for a table that is no event table of the simulator, for one given twice, and for a row outside
    /// the span or before the row above it.
    pub fn from_batches(
        from: UtcNanos,
        to: UtcNanos,
        batches: impl IntoIterator<Item = AnyBatch>,
    ) -> Result<Self, SliceError> {
        let mut slice = Self::new(from.nanos(), to.nanos());
        for batch in batches {
            let table = batch.spec().name;
            let Some(at) = EVENT_TABLES.iter().position(|t| *t == table) else {
                return Err(SliceError::NotAnEvent { table });
            };
            let batch = batch.into_record_batch();
            let stamps = available(&batch).map(|a| a.values().to_vec()).unwrap_or_default();
            let mut last = slice.from;
            for (row, stamp) in stamps.into_iter().enumerate() {
                if stamp < last || stamp >= slice.to {
                    let expected = format!("{} to {}", UtcNanos::from_nanos(last), to);
                    let found = UtcNanos::from_nanos(stamp).to_string();
                    return Err(SliceError::Order { table, row, expected, found });
                }
                last = stamp;
            }
            match slice.events.get_mut(at) {
                Some(slot) if slot.is_none() => *slot = Some(batch),
                _ => return Err(SliceError::Twice { table }),
            }
        }
        Ok(slice)
    }

    pub(crate) fn put(&mut self, table: &'static str, batch: RecordBatch) {
        if let Some(slot) =
            EVENT_TABLES.iter().position(|t| *t == table).and_then(|at| self.events.get_mut(at))
        {
            *slot = Some(batch);
        }
    }

    pub(crate) fn put_derived(&mut self, table: &'static str, batch: RecordBatch) {
        self.derived.push((table, batch));
    }

    pub(crate) fn put_truth(&mut self, table: &'static str, batch: RecordBatch) {
        self.truth.push((table, batch));
    }

    /// Start of the slice.
    #[must_use]
    pub fn from(&self) -> UtcNanos {
        UtcNanos::from_nanos(self.from)
    }

    /// End of the slice, exclusive.
    #[must_use]
    pub fn to(&self) -> UtcNanos {
        UtcNanos::from_nanos(self.to)
    }

    /// The event tables by name.
    pub fn tables(&self) -> impl Iterator<Item = (&'static str, &RecordBatch)> {
        EVENT_TABLES
            .iter()
            .zip(&self.events)
            .filter_map(|(name, batch)| Some((*name, batch.as_ref()?)))
    }

    /// Causal tables that are no events: `references`, the scales known before each decision.
    pub fn derived(&self) -> impl Iterator<Item = (&'static str, &RecordBatch)> {
        self.derived.iter().map(|(name, batch)| (*name, batch))
    }

    /// The truth tables by name.
    pub fn truth(&self) -> impl Iterator<Item = (&'static str, &RecordBatch)> {
        self.truth.iter().map(|(name, batch)| (*name, batch))
    }

    /// One table of any kind by name.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&RecordBatch> {
        self.tables()
            .chain(self.derived())
            .chain(self.truth())
            .find(|(table, _)| *table == name)
            .map(|(_, batch)| batch)
    }

    /// One event table as a typed draft; empty when the slice has no such table.
    ///
    /// # Errors
    /// [`ShapeError`] when the batch is not of that shape, which would be a defect of the simulator.
    pub fn draft<T: Table>(&self) -> Result<Draft<T>, ShapeError> {
        self.table(T::SPEC.name).map_or_else(|| Ok(Draft::empty()), Draft::parse)
    }

    /// One table in batches of at most `rows` rows.
    pub fn batches(&self, name: &str, rows: usize) -> impl Iterator<Item = RecordBatch> {
        let batch = self.table(name);
        let total = batch.map_or(0, RecordBatch::num_rows);
        let step = rows.max(1);
        (0..total).step_by(step).filter_map(move |at| Some(batch?.slice(at, step.min(total - at))))
    }

    /// Number of event rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables().map(|(_, batch)| batch.num_rows() as u64).sum()
    }

    /// Number of market rows: trades, quotes, depths, deltas, bars and statuses.
    #[must_use]
    pub fn market_rows(&self) -> u64 {
        self.events.iter().take(MARKET).flatten().map(|batch| batch.num_rows() as u64).sum()
    }

    /// Availability of the rows of each event table, by the table's place.
    pub(crate) fn stamps(&self) -> Vec<(usize, Vec<i64>)> {
        let batches =
            self.events.iter().enumerate().filter_map(|(at, batch)| Some((at, batch.as_ref()?)));
        batches.filter_map(|(at, batch)| Some((at, available(batch)?.values().to_vec()))).collect()
    }
}

/// The column `ts_avail` of any event table.
pub(crate) fn available(batch: &RecordBatch) -> Option<&TimestampNanosecondArray> {
    batch.column_by_name("ts_avail").and_then(|c| c.as_any().downcast_ref())
}

/// Rows of each source.
pub(crate) fn by_source(batch: &RecordBatch) -> std::collections::BTreeMap<u16, u64> {
    let mut out = std::collections::BTreeMap::new();
    let sources =
        batch.column_by_name("source_id").and_then(|c| c.as_any().downcast_ref::<UInt16Array>());
    for source in sources.iter().flat_map(|s| s.values()) {
        *out.entry(*source).or_default() += 1;
    }
    out
}
