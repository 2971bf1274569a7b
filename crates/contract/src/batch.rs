//! Record batches of one table, whose shape was checked once.

use crate::any::AnyBatch;
use crate::shape::ShapeError;
use crate::spec::{EventTable, Table};
use crate::types::{Column, ColumnType, UnknownWord};
use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampNanosecondType, UInt16Type, UInt32Type};
use arrow_array::{
    Array, Float64Array, RecordBatch, TimestampNanosecondArray, UInt16Array, UInt32Array,
    UInt64Array,
};
use std::marker::PhantomData;

/// State of rows that a log has numbered.
#[derive(Debug, Clone, Copy)]
pub enum Logged {}

/// State of rows that a producer made and no log has numbered.
#[derive(Debug, Clone, Copy)]
pub enum Unlogged {}

/// A batch of table `T` with the durable order, as read from a log.
///
/// ```
/// use contract::{Draft, TableBuilder, Trades, UtcNanos, Price, SourceId, InstrumentId};
/// use contract::{Aggressor, TradeAction};
/// let mut rows = TableBuilder::<Trades>::new(UtcNanos::parse("2024-08-08T23:54:15Z")?);
/// rows.set(&Trades::SOURCE_ID, SourceId::new(1))
///     .set(&Trades::INSTRUMENT_ID, InstrumentId::new(7))
///     .set(&Trades::PX, Price::parse("61700.1")?)
///     .set(&Trades::SIZE, 0.002)
///     .set(&Trades::AGGRESSOR, Aggressor::Seller)
///     .set(&Trades::ACTION, TradeAction::Trade);
/// rows.end_row()?;
/// let draft: Draft<Trades> = rows.finish()?;
/// let batch = draft.with_seq(100); // what a log does
/// assert_eq!(batch.seq().value(0), 100);
/// assert_eq!(batch.col(&Trades::PX).value(0), 61_700_100_000_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Batch<T, S = Logged> {
    inner: AnyBatch,
    marker: PhantomData<fn() -> (T, S)>,
}

/// A batch of table `T` before a log has numbered it.
pub type Draft<T> = Batch<T, Unlogged>;

impl<T: Table, S> Batch<T, S> {
    pub(crate) fn wrap(inner: AnyBatch) -> Self {
        Self { inner, marker: PhantomData }
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }

    /// The array of a column.
    ///
    /// A constant of another table does not compile:
    ///
    /// ```compile_fail
    /// # use contract::{Draft, Quotes, Trades};
    /// # fn f(trades: &Draft<Trades>) {
    /// trades.col(&Quotes::BID_PX);
    /// # }
    /// ```
    #[must_use]
    pub fn col<V: ColumnType>(&self, column: &Column<T, V>) -> &V::Array {
        self.inner.col(column)
    }

    /// One value.
    ///
    /// # Errors
    /// [`UnknownWord`] when the cell of a closed set holds none of its words.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn cell<V: ColumnType>(
        &self,
        column: &Column<T, V>,
        row: usize,
    ) -> Result<V::Out<'_>, UnknownWord> {
        V::value(self.col(column), row)
    }

    /// The column of a feature or measure by name.
    #[must_use]
    pub fn feature(&self, name: &str) -> Option<&Float64Array> {
        let (_, array) = self.inner.dynamic().find(|(field, _)| field.name() == name)?;
        array.as_any().downcast_ref::<Float64Array>()
    }

    /// The rows as a batch of any table.
    #[must_use]
    pub fn as_any(&self) -> &AnyBatch {
        &self.inner
    }

    /// The rows as a batch of any table.
    #[must_use]
    pub fn into_any(self) -> AnyBatch {
        self.inner
    }

    /// The rows as a plain record batch with the contract's metadata; nothing is copied.
    #[must_use]
    pub fn into_record_batch(self) -> RecordBatch {
        self.inner.into_record_batch()
    }

    /// A zero-copy part.
    #[must_use]
    pub fn slice(&self, offset: usize, len: usize) -> Self {
        Self::wrap(self.inner.slice(offset, len))
    }
}

impl<T: Table> Batch<T> {
    /// Checks the shape of our own data and copies nothing; data from outside goes through
    /// [`admit`](crate::admit).
    ///
    /// # Errors
    /// [`ShapeError`] for the first difference from the table.
    pub fn parse(batch: &RecordBatch) -> Result<Self, ShapeError> {
        let inner = AnyBatch::parse(T::SPEC, batch)?;
        if T::SPEC.is_event() && inner.seq.is_none() {
            return Err(ShapeError::Seq {
                table: T::SPEC.name,
                expected: "a column of type UInt64",
                found: "no such column",
            });
        }
        Ok(Self::wrap(inner))
    }

    /// The rows without their place in the log.
    #[must_use]
    pub fn into_draft(self) -> Draft<T> {
        let mut inner = self.inner;
        inner.seq = None;
        Batch::wrap(inner)
    }
}

impl<T: EventTable> Batch<T> {
    /// The durable order of the rows.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "the invariant below")]
    #[expect(clippy::expect_used, reason = "INVARIANT: a logged batch of an event table has `seq`")]
    pub fn seq(&self) -> &UInt64Array {
        self.inner.seq.as_ref().expect("seq of a logged batch")
    }
}

impl<T: Table> Draft<T> {
    /// Checks the shape of rows without `seq`.
    ///
    /// # Errors
    /// [`ShapeError`] for the first difference from the table, a `seq` included.
    pub fn parse(batch: &RecordBatch) -> Result<Self, ShapeError> {
        let inner = AnyBatch::parse(T::SPEC, batch)?;
        Self::try_from_any(inner)
    }

    /// The typed form of a batch of any table.
    ///
    /// # Errors
    /// [`ShapeError`] when it is of another table or carries `seq`.
    pub fn try_from_any(batch: AnyBatch) -> Result<Self, ShapeError> {
        if batch.spec.name != T::SPEC.name {
            return Err(ShapeError::WrongTable {
                expected: T::SPEC.name,
                found: batch.spec.name.to_owned(),
            });
        }
        if batch.seq.is_some() {
            return Err(ShapeError::Seq {
                table: T::SPEC.name,
                expected: "no such column",
                found: "a column of type UInt64",
            });
        }
        Ok(Self::wrap(batch))
    }

    /// A batch without rows.
    #[must_use]
    pub fn empty() -> Self {
        let columns = T::SPEC
            .columns
            .iter()
            .map(|c| arrow_array::new_empty_array(&c.ty.data_type(0)))
            .collect();
        Self::wrap(AnyBatch::from_arrays(T::SPEC, columns, 0))
    }

    /// Numbers the rows from `first_seq` on, as a log does.
    ///
    /// # Panics
    /// When the numbers do not fit in 64 bits.
    #[must_use]
    pub fn with_seq(self, first_seq: u64) -> Batch<T> {
        let mut inner = self.inner;
        inner.seq = Some((first_seq..).take(inner.rows).collect());
        Batch::wrap(inner)
    }
}

impl<T: EventTable, S> Batch<T, S> {
    /// Availability of each row, the point-in-time key.
    #[must_use]
    pub fn ts_avail(&self) -> &TimestampNanosecondArray {
        self.inner.at(5).as_primitive::<TimestampNanosecondType>()
    }

    /// Receipt of each row; null in backfilled rows.
    #[must_use]
    pub fn ts_recv(&self) -> &TimestampNanosecondArray {
        self.inner.at(4).as_primitive::<TimestampNanosecondType>()
    }

    /// Time of the event by the source's clock.
    #[must_use]
    pub fn ts_event(&self) -> &TimestampNanosecondArray {
        self.inner.at(2).as_primitive::<TimestampNanosecondType>()
    }

    /// Source of each row.
    #[must_use]
    pub fn source_id(&self) -> &UInt16Array {
        self.inner.at(0).as_primitive::<UInt16Type>()
    }

    /// Instrument of each row.
    #[must_use]
    pub fn instrument_id(&self) -> &UInt32Array {
        self.inner.at(1).as_primitive::<UInt32Type>()
    }

    /// Bits of each row, see [`Flags`](crate::Flags).
    #[must_use]
    pub fn flags(&self) -> &UInt16Array {
        self.inner.at(7).as_primitive::<UInt16Type>()
    }
}

impl<T, S> AsRef<AnyBatch> for Batch<T, S> {
    fn as_ref(&self) -> &AnyBatch {
        &self.inner
    }
}
