//! Ten levels of a book as one struct.

use super::field::{fields, put, take};
use super::{Envelope, Event, EventError, Row};
use crate::builder::TableBuilder;
use crate::tables::{DepthSide, Depths};
use crate::unit::Price;
use crate::words::BookState;

/// Ten levels of the book after an event: a row of `depths`.
///
/// - **Shape:** best first, no holes; levels behind the last one are [`DepthLevel::EMPTY`].
///
/// ```
/// use contract::{BookState, DepthEvent, DepthLevel, Depths, Draft, Envelope, InstrumentId, Price, SourceId, UtcNanos};
/// let mut depth = DepthEvent::new(Envelope::new(SourceId::new(1), InstrumentId::new(7)), BookState::Ordered);
/// depth.bids[0] = DepthLevel { px: Some(Price::parse("61700.1")?), size: Some(3.25), ct: None };
/// depth.asks[0] = DepthLevel { px: Some(Price::parse("61700.2")?), size: Some(0.8), ct: None };
/// let draft = Draft::from_events(&[depth], UtcNanos::parse("2024-08-08T23:54:15Z")?)?;
/// assert_eq!(draft.cell(&Depths::ASK_SIZE_00, 0)?, Some(0.8));
/// assert_eq!(draft.events::<DepthEvent>()?[0].bids[1], DepthLevel::EMPTY);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct DepthEvent {
    /// Source, instrument, clocks and flags.
    pub envelope: Envelope,
    /// Columns `bid_px_00` to `bid_ct_09`.
    pub bids: [DepthLevel; 10],
    /// Columns `ask_px_00` to `ask_ct_09`.
    pub asks: [DepthLevel; 10],
    /// Whether the levels can be trusted.
    pub book_state: BookState,
    /// What may be left out.
    pub more: DepthMore,
}

/// One side of a level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DepthLevel {
    /// Price; `None` when there is no such level.
    pub px: Option<Price>,
    /// Size; `None` beside a price means not reported.
    pub size: Option<f64>,
    /// Orders.
    pub ct: Option<u32>,
}

impl DepthLevel {
    /// No such level.
    pub const EMPTY: Self = Self { px: None, size: None, ct: None };
}

fields! {
    /// The optional columns of a [`DepthEvent`].
    #[derive(Default)]
    #[non_exhaustive]
    DepthMore of Depths {
        update_id: Option<u64> = UPDATE_ID,
        venue_seq: Option<u64> = VENUE_SEQ,
    }
}

impl DepthSide {
    fn put(&self, row: &mut TableBuilder<Depths>, levels: &[DepthLevel; 10]) {
        for ((px, size, ct), level) in self.columns().zip(levels) {
            put(row, px, &level.px);
            put(row, size, &level.size);
            put(row, ct, &level.ct);
        }
    }

    fn take(&self, row: &Row<'_, Depths>) -> Result<[DepthLevel; 10], EventError> {
        let mut levels = [DepthLevel::EMPTY; 10];
        for ((px, size, ct), level) in self.columns().zip(&mut levels) {
            *level = DepthLevel { px: take(row, px)?, size: take(row, size)?, ct: take(row, ct)? };
        }
        Ok(levels)
    }
}

impl DepthEvent {
    /// A book without levels.
    #[must_use]
    pub fn new(envelope: Envelope, book_state: BookState) -> Self {
        let none = [DepthLevel::EMPTY; 10];
        Self { envelope, bids: none, asks: none, book_state, more: DepthMore::default() }
    }

    /// The event with optional fields set.
    #[must_use]
    pub fn with(mut self, set: impl FnOnce(&mut DepthMore)) -> Self {
        set(&mut self.more);
        self
    }
}

impl Event for DepthEvent {
    type Table = Depths;

    fn write(&self, row: &mut TableBuilder<Depths>) {
        self.envelope.put(row);
        DepthSide::BIDS.put(row, &self.bids);
        DepthSide::ASKS.put(row, &self.asks);
        put(row, &Depths::BOOK_STATE, &self.book_state);
        self.more.put(row);
    }

    fn read(row: &Row<'_, Depths>) -> Result<Self, EventError> {
        Ok(Self {
            envelope: Envelope::take(row)?,
            bids: DepthSide::BIDS.take(row)?,
            asks: DepthSide::ASKS.take(row)?,
            book_state: take(row, &Depths::BOOK_STATE)?,
            more: DepthMore::take(row)?,
        })
    }
}
