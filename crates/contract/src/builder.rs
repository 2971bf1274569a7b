//! Rows one by one, and columns whole.

use crate::any::AnyBatch;
use crate::batch::{Batch, Draft, Unlogged};
use crate::buffer::Buffer;
use crate::diagnostic::{Diagnostic, Fault};
use crate::reject::{Origin, Reject};
use crate::rule;
use crate::shape::ShapeError;
use crate::spec::{self, ColumnSpec, Table, TableSpec};
use crate::types::{Column, ColumnType, Type};
use crate::unit::UtcNanos;
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use std::marker::PhantomData;
use std::sync::Arc;

/// Why rows could not be built.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A required column was left unset; the row was not added.
    #[error("{table}.{column}, row {row}: expected a value, found none set")]
    Unset {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row.
        row: usize,
    },
    /// A column was set twice in one row; the row was not added.
    #[error("{table}.{column}, row {row}: expected one value, found two set")]
    Twice {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row.
        row: usize,
    },
    /// A row breaks a rule of the table.
    #[error("{0}")]
    Row(Box<Reject>),
    /// The columns do not make up the table.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// Columns of unequal length.
    #[error("{table}.{column}: expected {expected} rows, found {found}")]
    Length {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// Rows of the columns before it.
        expected: usize,
        /// Rows of this one.
        found: usize,
    },
    /// More than 2^31 bytes of text or list items in one batch.
    #[error("{table}.{column}: expected at most 2^31 bytes or items in one batch, found more")]
    TooLarge {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
}

impl Diagnostic for BuildError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unset { .. } => "contract/unset-column",
            Self::Twice { .. } => "contract/column-set-twice",
            Self::Row(_) => "contract/row-rule",
            Self::Shape(error) => error.code(),
            Self::Length { .. } => "contract/column-length",
            Self::TooLarge { .. } => "contract/too-large",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Input
    }
}

/// Growing columns of any table; a row is whole or absent.
#[derive(Debug)]
pub(crate) struct Rows {
    spec: &'static TableSpec,
    columns: Vec<Buffer>,
    /// Columns that must have a value at the end of every row; the others catch up with nulls later.
    filled: Vec<usize>,
    whole: usize,
    now: UtcNanos,
    twice: Option<&'static str>,
}

impl Rows {
    pub(crate) fn new(spec: &'static TableSpec, now: UtcNanos) -> Self {
        let columns = spec.columns.iter().map(|c| Buffer::new(c.ty, 0)).collect();
        let lags = |c: &ColumnSpec| c.default == spec::Default::Unset && c.nullable;
        let filled = (0..).zip(spec.columns).filter(|(_, c)| !lags(c)).map(|(at, _)| at).collect();
        Self { spec, columns, filled, whole: 0, now, twice: None }
    }

    pub(crate) fn len(&self) -> usize {
        self.whole
    }

    #[cfg(feature = "ndjson")]
    pub(crate) fn spec(&self) -> &'static TableSpec {
        self.spec
    }

    /// The column at a position, ready for this row's value; `None` when it was set before in this row.
    #[expect(
        clippy::indexing_slicing,
        reason = "INVARIANT: positions come from the columns of the same spec"
    )]
    pub(crate) fn slot(&mut self, position: usize) -> Option<&mut Buffer> {
        let column = &mut self.columns[position];
        if column.len() > self.whole {
            self.twice.get_or_insert(self.spec.columns[position].name);
            return None;
        }
        if column.len() < self.whole {
            column.nulls(self.whole - column.len());
        }
        Some(column)
    }

    /// Whether the row at hand has no value yet in the column at a position.
    #[cfg(feature = "ndjson")]
    pub(crate) fn is_unset(&self, position: usize) -> bool {
        self.columns.get(position).is_some_and(|c| c.len() <= self.whole)
    }

    /// Takes back what was set since the last whole row.
    pub(crate) fn abandon_row(&mut self) {
        let rows = self.whole;
        self.columns.iter_mut().for_each(|c| c.truncate(rows));
        self.twice = None;
    }

    pub(crate) fn end_row(&mut self) -> Result<(), BuildError> {
        let (table, row) = (self.spec.name, self.whole);
        if let Some(column) = self.twice {
            self.abandon_row();
            return Err(BuildError::Twice { table, column, row });
        }
        let mut unset = None;
        for &at in &self.filled {
            if let (Some(column), Some(buffer)) =
                (self.spec.columns.get(at), self.columns.get_mut(at))
                && buffer.len() == row
                && !fill(column, buffer, self.now)
            {
                unset = Some(column.name);
                break;
            }
        }
        if let Some(column) = unset {
            self.abandon_row();
            return Err(BuildError::Unset { table, column, row });
        }
        self.whole += 1;
        Ok(())
    }

    pub(crate) fn finish(&mut self) -> Result<AnyBatch, BuildError> {
        self.abandon_row();
        let rows = std::mem::take(&mut self.whole);
        for column in &mut self.columns {
            column.nulls(rows - column.len());
        }
        let table = self.spec.name;
        let arrays: Result<Vec<ArrayRef>, BuildError> = self
            .spec
            .columns
            .iter()
            .zip(&mut self.columns)
            .map(|(c, b)| b.finish().map_err(|_| BuildError::TooLarge { table, column: c.name }))
            .collect();
        Ok(AnyBatch::from_arrays(self.spec, arrays?, rows))
    }
}

/// Writes what stands for an unset column; false when nothing may.
fn fill(column: &ColumnSpec, buffer: &mut Buffer, now: UtcNanos) -> bool {
    match column.default {
        spec::Default::Now => buffer.i64(now.nanos()),
        spec::Default::Zero if column.ty == Type::Bool => buffer.bool(false),
        spec::Default::Zero if column.ty == Type::U16 => buffer.u16(0),
        spec::Default::Zero if column.ty == Type::U32 => buffer.u32(0),
        spec::Default::Zero => buffer.i64(0),
        spec::Default::Word(word) => buffer.text(word),
        spec::Default::Units(units) => buffer.i128(i128::from(units) * 1_000_000_000),
        spec::Default::Unset if column.nullable => buffer.null(),
        spec::Default::Unset => return false,
    }
    true
}

/// Refuses a batch one of whose rows breaks a rule.
fn checked(batch: AnyBatch) -> Result<AnyBatch, BuildError> {
    match rule::check(&batch).first() {
        None => Ok(batch),
        Some(breach) => {
            let origin = Origin::new("builder", "rows");
            let reject = Reject::from_breach(&origin, batch.spec().name, breach.clone());
            Err(BuildError::Row(Box::new(reject)))
        }
    }
}

/// Builds a draft row by row.
///
/// What the caller leaves out is filled: `flags` and `revision` with 0, booleans that have a default with false,
/// `ts_recv` and `ts_avail` with `now`, nullable columns with null.
///
/// - **Cost:** one push a column and row.
///
/// ```
/// use contract::{TableBuilder, Decisions, EventId, SourceId, Amount, Side, UtcNanos, DecisionAction, InstrumentId};
/// let now = UtcNanos::parse("2026-03-02T14:30:00.000250Z")?;
/// let mut rows = TableBuilder::<Decisions>::new(now);
/// rows.set(&Decisions::DECISION_ID, EventId::v7(1_772_461_800_000, [7; 10]))
///     .set(&Decisions::SOURCE_ID, SourceId::new(3))
///     .set(&Decisions::STRATEGY_ID, "momentum")
///     .set(&Decisions::TS_EVENT, now)
///     .set(&Decisions::ACTION, DecisionAction::Enter)
///     .set(&Decisions::SIDE, Side::Buy)
///     .set(&Decisions::QTY, Amount::from_units(100));
/// rows.set(&Decisions::INSTRUMENT_ID, InstrumentId::new(7)).end_row()?;
/// assert_eq!(rows.finish()?.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TableBuilder<T> {
    rows: Rows,
    marker: PhantomData<fn() -> T>,
}

impl<T: Table> TableBuilder<T> {
    /// An empty table whose unset stamps of receipt and availability are `now`.
    #[must_use]
    pub fn new(now: UtcNanos) -> Self {
        Self { rows: Rows::new(T::SPEC, now), marker: PhantomData }
    }

    /// Changes `now` for the rows that follow.
    pub fn set_now(&mut self, now: UtcNanos) {
        self.rows.now = now;
    }

    /// Sets a column of the row at hand. A nullable column takes a value or an `Option`.
    ///
    /// Setting a column twice is reported by [`end_row`](Self::end_row).
    pub fn set<'a, V: ColumnType>(
        &mut self,
        column: &Column<T, V>,
        value: impl Into<V::In<'a>>,
    ) -> &mut Self {
        if let Some(buffer) = self.rows.slot(T::SPEC.position(column.field_id())) {
            V::push(buffer, value.into());
        }
        self
    }

    /// Closes the row at hand.
    ///
    /// # Errors
    /// [`BuildError::Unset`] naming the first required column left unset, [`BuildError::Twice`]; the row is taken
    /// back as a whole and the rows before it stay.
    pub fn end_row(&mut self) -> Result<(), BuildError> {
        self.rows.end_row()
    }

    /// Number of whole rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no whole row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.len() == 0
    }

    /// The rows; the builder is empty afterwards and may be used again. A row that was not closed is dropped.
    ///
    /// # Errors
    /// [`BuildError::Row`] naming the first row that breaks a rule of the table.
    pub fn finish(&mut self) -> Result<Draft<T>, BuildError> {
        let batch = checked(self.rows.finish()?)?;
        Ok(Batch::<T, Unlogged>::try_from_any(batch)?)
    }
}

/// Builds a draft from whole columns, for makers of many rows.
///
/// - **Cost:** arrays are moved, not copied; the row rules are checked in one pass a column.
///
/// ```
/// use contract::{ColumnSet, Quotes, UtcNanos};
/// use contract::arrow_array::{Int64Array, TimestampNanosecondArray, UInt16Array, UInt32Array};
/// let stamps = TimestampNanosecondArray::from(vec![1_000, 2_000]).with_timezone("UTC");
/// let draft = ColumnSet::<Quotes>::new(UtcNanos::from_nanos(5_000))
///     .with(&Quotes::SOURCE_ID, UInt16Array::from(vec![1, 1]))
///     .with(&Quotes::INSTRUMENT_ID, UInt32Array::from(vec![7, 7]))
///     .with(&Quotes::TS_EVENT, stamps)
///     .with(&Quotes::BID_PX, Int64Array::from(vec![99_000_000_000, 99_010_000_000]))
///     .finish()?;
/// assert_eq!(draft.len(), 2);
/// assert_eq!(draft.ts_avail().value(1), 5_000); // filled from `now`
/// # Ok::<(), contract::BuildError>(())
/// ```
#[derive(Debug)]
pub struct ColumnSet<T> {
    columns: Vec<Option<ArrayRef>>,
    now: UtcNanos,
    marker: PhantomData<fn() -> T>,
}

impl<T: Table> ColumnSet<T> {
    /// No column yet.
    #[must_use]
    pub fn new(now: UtcNanos) -> Self {
        Self { columns: vec![None; T::SPEC.columns.len()], now, marker: PhantomData }
    }

    /// Sets a column; the last one set counts.
    #[must_use]
    pub fn with<V: ColumnType>(mut self, column: &Column<T, V>, array: V::Array) -> Self {
        if let Some(slot) = self.columns.get_mut(T::SPEC.position(column.field_id())) {
            *slot = Some(Arc::new(array));
        }
        self
    }

    /// The draft.
    ///
    /// # Errors
    /// [`BuildError`] for unequal lengths, a required column left out, a time without zone, or a row that breaks a
    /// rule.
    pub fn finish(self) -> Result<Draft<T>, BuildError> {
        let spec = T::SPEC;
        let rows = self.columns.iter().flatten().map(Array::len).next().unwrap_or(0);
        let mut fields = Vec::with_capacity(spec.columns.len());
        let mut arrays = Vec::with_capacity(spec.columns.len());
        for (column, array) in spec.columns.iter().zip(self.columns) {
            let array = match array {
                Some(array) if array.len() != rows => {
                    let (table, found) = (spec.name, array.len());
                    return Err(BuildError::Length {
                        table,
                        column: column.name,
                        expected: rows,
                        found,
                    });
                }
                Some(array) => array,
                None => filled(spec, column, rows, self.now)?,
            };
            fields.push(arrow_schema::Field::new(column.name, array.data_type().clone(), true));
            arrays.push(array);
        }
        let schema = Arc::new(arrow_schema::Schema::new(fields));
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(schema, arrays, &options)
            .map_err(|_| BuildError::TooLarge { table: spec.name, column: "*" })?;
        let batch = checked(AnyBatch::parse(spec, &batch)?)?;
        Ok(Batch::<T, Unlogged>::try_from_any(batch)?)
    }
}

fn filled(
    spec: &'static TableSpec,
    column: &'static ColumnSpec,
    rows: usize,
    now: UtcNanos,
) -> Result<ArrayRef, BuildError> {
    if column.default == spec::Default::Unset && column.nullable {
        return Ok(new_null_array(&column.ty.data_type(0), rows));
    }
    let mut buffer = Buffer::new(column.ty, 0);
    for row in 0..rows {
        if !fill(column, &mut buffer, now) {
            return Err(BuildError::Unset { table: spec.name, column: column.name, row });
        }
    }
    buffer.finish().map_err(|_| BuildError::TooLarge { table: spec.name, column: column.name })
}
