//! Rows as plain Rust structs, and the way from them to batches and back.

mod account;
mod dataset;
mod decision;
mod depth;
mod envelope;
mod execution;
mod field;
mod intelligence;
mod market;
mod quality;
mod tape;

pub use account::{
    PortfolioSnapshotEvent, PortfolioSnapshotMore, PositionEvent, PositionMore, PostingEvent,
    PostingMore,
};
pub use dataset::{TrainingDatasetEvent, TrainingDatasetMore};
pub use decision::{DecisionCore, DecisionMore, Intent, TradingDecisionEvent};
pub use depth::{DepthEvent, DepthLevel, DepthMore};
pub use envelope::Envelope;
pub use execution::{
    ExecutionEvent, ExecutionMore, Fill, OrderReport, OrderState, Report, TradeExecutedEvent,
};
pub use intelligence::{IntelligenceEvent, IntelligenceMore};
pub use market::MarketDataEvent;
pub use quality::{DataQualityEvent, DataQualityMore};
pub use tape::{
    BarEvent, BarMore, BookDeltaEvent, BookDeltaMore, ClockEvent, ClockMore, FeedMarkEvent,
    FeedMarkMore, QuoteEvent, QuoteMore, StatusEvent, StatusMore, TradeEvent, TradeMore,
};

use crate::any::AnyBatch;
use crate::batch::{Batch, Draft};
use crate::builder::{BuildError, TableBuilder};
use crate::diagnostic::{Diagnostic, Fault};
use crate::spec::Table;
use crate::types::{Column, ColumnType};
use crate::unit::UtcNanos;
use arrow_array::Array;
use std::marker::PhantomData;

/// A Rust value that is one row of a table.
///
/// The crate's own event structs implement it; a program may implement it for its own, and then uses the same
/// [`Draft::from_events`] and [`Batch::events`].
///
/// ```
/// use contract::{
///     BuildError, Draft, Event, EventError, InstrumentId, Price, Quotes, Row, SourceId, TableBuilder, UtcNanos,
/// };
///
/// #[derive(Debug, PartialEq)]
/// struct Bid(Price);
///
/// impl Event for Bid {
///     type Table = Quotes;
///
///     fn write(&self, row: &mut TableBuilder<Quotes>) {
///         row.set(&Quotes::SOURCE_ID, SourceId::new(1))
///             .set(&Quotes::INSTRUMENT_ID, InstrumentId::new(7))
///             .set(&Quotes::BID_PX, self.0);
///     }
///
///     fn read(row: &Row<'_, Quotes>) -> Result<Self, EventError> {
///         let bid = row.get(&Quotes::BID_PX)?;
///         bid.map(Bid).ok_or_else(|| row.unexpected(&Quotes::BID_PX, "a bid", "null"))
///     }
/// }
///
/// let bids = [Bid(Price::parse("1.08412")?), Bid(Price::parse("1.08415")?)];
/// let draft = Draft::from_events(&bids, UtcNanos::parse("2014-05-01T13:30:00Z")?)?;
/// assert_eq!(draft.events::<Bid>()?, bids);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Event: Sized {
    /// The table whose row it is.
    type Table: Table;

    /// Sets the columns of the row at hand; the caller closes it.
    fn write(&self, row: &mut TableBuilder<Self::Table>);

    /// Reads a row back.
    ///
    /// # Errors
    /// [`EventError::Cell`] for a row that the type cannot hold. A value is never left out in silence.
    fn read(row: &Row<'_, Self::Table>) -> Result<Self, EventError>;
}

/// Why rows are no events of the type asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// A cell that the event type cannot hold.
    #[error("{table}.{column}, row {row}: expected {expected}, found {found}")]
    Cell {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// Row in the batch.
        row: usize,
        /// What the event type holds there.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// A batch of a table that the event type does not cover.
    #[error("expected a table of {expected}, found `{found}`")]
    Table {
        /// What the event type covers.
        expected: &'static str,
        /// The table of the batch.
        found: &'static str,
    },
}

impl Diagnostic for EventError {
    fn code(&self) -> &'static str {
        match self {
            Self::Cell { .. } => "contract/event-cell",
            Self::Table { .. } => "contract/event-table",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Input
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Cell { .. } => Some("rows from outside go through `admit` first".into()),
            Self::Table { .. } => None,
        }
    }
}

/// One row of a batch of table `T`, as [`Event::read`] sees it.
#[derive(Debug)]
pub struct Row<'a, T> {
    batch: &'a AnyBatch,
    at: usize,
    marker: PhantomData<fn() -> T>,
}

impl<'a, T: Table> Row<'a, T> {
    fn new(batch: &'a AnyBatch, row: usize) -> Self {
        Self { batch, at: row, marker: PhantomData }
    }

    /// The value of a column.
    ///
    /// # Errors
    /// [`EventError::Cell`] for a word outside a closed set, or null in a required column.
    pub fn get<V: ColumnType>(&self, column: &Column<T, V>) -> Result<V::Out<'a>, EventError> {
        let array = self.batch.col(column);
        if !V::NULLABLE && array.is_null(self.at) {
            return Err(self.unexpected(column, "a value", "null"));
        }
        V::value(array, self.at).map_err(|word| {
            let expected = format!("one of {}", word.expected.join(" "));
            self.unexpected(column, &expected, &format!("`{}`", word.found))
        })
    }

    /// The error of a cell that the event type cannot hold.
    #[must_use]
    pub fn unexpected<V: ColumnType>(
        &self,
        column: &Column<T, V>,
        expected: &str,
        found: &str,
    ) -> EventError {
        EventError::Cell {
            table: T::SPEC.name,
            column: column.name(),
            row: self.at,
            expected: expected.to_owned(),
            found: found.to_owned(),
        }
    }
}

pub(crate) fn read_all<E: Event>(batch: &AnyBatch) -> Result<Vec<E>, EventError> {
    (0..batch.len()).map(|row| E::read(&Row::new(batch, row))).collect()
}

impl<T: Table> Draft<T> {
    /// A draft of events, one row each, in their order.
    ///
    /// - **Point in time:** `ts_avail` and, unless BACKFILL is set, `ts_recv` become `now` where an event leaves
    ///   them out.
    /// - **Cost:** one push a column and row, as with [`TableBuilder`].
    ///
    /// # Errors
    /// [`BuildError`] naming the first row that leaves a required column unset or breaks a rule of the table.
    pub fn from_events<'e, E: Event<Table = T> + 'e>(
        events: impl IntoIterator<Item = &'e E>,
        now: UtcNanos,
    ) -> Result<Self, BuildError> {
        let mut rows = TableBuilder::<T>::new(now);
        for event in events {
            event.write(&mut rows);
            rows.end_row()?;
        }
        rows.finish()
    }
}

impl<T: Table, S> Batch<T, S> {
    /// The rows as events, in order; `seq` stays with the batch, and columns that the table does not know stay out.
    ///
    /// # Errors
    /// [`EventError::Cell`] for the first row that the event type cannot hold.
    pub fn events<E: Event<Table = T>>(&self) -> Result<Vec<E>, EventError> {
        read_all(self.as_any())
    }
}
