//! MarketDataEvent: any row of market data.

use super::{
    BarEvent, BookDeltaEvent, ClockEvent, DepthEvent, Event, EventError, FeedMarkEvent, QuoteEvent,
    StatusEvent, TradeEvent, read_all,
};
use crate::any::AnyBatch;
use crate::batch::Draft;
use crate::builder::BuildError;
use crate::spec::Table;
use crate::unit::UtcNanos;

macro_rules! market {
    ($($(#[$meta:meta])* $variant:ident($event:ident),)+) => {
        /// Any row of market data: one variant a table.
        ///
        /// ```
        /// use contract::{
        ///     Aggressor, Envelope, InstrumentId, MarketDataEvent, Price, QuoteEvent, QuoteMore, SourceId, TradeAction,
        ///     TradeEvent, TradeMore, UtcNanos,
        /// };
        /// let now = UtcNanos::parse("2024-08-08T23:54:15.030314667Z")?;
        /// let envelope = Envelope::new(SourceId::new(1), InstrumentId::new(7));
        /// let px = Price::parse("61700.1")?;
        /// let quote = QuoteEvent {
        ///     envelope, bid_px: Some(px), ask_px: None, bid_size: Some(3.25), ask_size: None, more: QuoteMore::default(),
        /// };
        /// let trade = TradeEvent {
        ///     envelope, px, size: 0.002, aggressor: Aggressor::Seller, action: TradeAction::Trade, more: TradeMore::default(),
        /// };
        /// let tape = [MarketDataEvent::Quote(quote), MarketDataEvent::Trade(trade)];
        /// let batches = MarketDataEvent::to_batches(&tape, now)?;
        /// let tables: Vec<_> = batches.iter().map(|b| b.spec().name).collect();
        /// assert_eq!(tables, ["quotes", "trades"]);
        /// assert_eq!(MarketDataEvent::from_batch(&batches[1])?.len(), 1);
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        #[expect(
            clippy::large_enum_variant,
            reason = "events live in slices for a moment; a box a depth row would cost more"
        )]
        pub enum MarketDataEvent {
            $($(#[$meta])* $variant($event),)+
        }

        impl MarketDataEvent {
            /// Name of the table whose row it is.
            #[must_use]
            pub fn table(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => <$event as Event>::Table::SPEC.name,)+
                }
            }

            /// Batches of the events, one for each run of one table, so that the order between tables is kept.
            ///
            /// - **Point in time:** stamps left out become `now`, as in [`Draft::from_events`].
            ///
            /// # Errors
            /// [`BuildError`] naming the first row that breaks a rule of its table; rows count from the start of the
            /// run.
            pub fn to_batches(events: &[Self], now: UtcNanos) -> Result<Vec<AnyBatch>, BuildError> {
                let same = |a: &Self, b: &Self| {
                    std::mem::discriminant(a) == std::mem::discriminant(b)
                };
                events.chunk_by(same).map(|run| Self::batch(run, now)).collect()
            }

            /// The batch of a run of one table.
            fn batch(run: &[Self], now: UtcNanos) -> Result<AnyBatch, BuildError> {
                match run.first() {
                    $(Some(Self::$variant(_)) => {
                        let rows = run.iter().filter_map(|event| match event {
                            Self::$variant(row) => Some(row),
                            _ => None,
                        });
                        Draft::from_events::<$event>(rows, now).map(Draft::into_any)
                    })+
                    None => Ok(Draft::<crate::Trades>::empty().into_any()),
                }
            }

            /// The rows of a batch of market data, in order.
            ///
            /// # Errors
            /// [`EventError::Table`] for a table of another family, else as [`Batch::events`](crate::Batch::events).
            pub fn from_batch(batch: &AnyBatch) -> Result<Vec<Self>, EventError> {
                let found = batch.spec().name;
                $(if found == <$event as Event>::Table::SPEC.name {
                    return Ok(read_all::<$event>(batch)?.into_iter().map(Self::$variant).collect());
                })+
                Err(EventError::Table { expected: "market data", found })
            }
        }

        $(impl From<$event> for MarketDataEvent {
            fn from(event: $event) -> Self {
                Self::$variant(event)
            }
        })+
    };
}

market! {
    /// A public print.
    Trade(TradeEvent),
    /// Best bid and ask.
    Quote(QuoteEvent),
    /// Ten levels of a book.
    Depth(DepthEvent),
    /// A change of a book.
    BookDelta(BookDeltaEvent),
    /// A bar.
    Bar(BarEvent),
    /// A trading state.
    Status(StatusEvent),
    /// Coverage of a source.
    FeedMark(FeedMarkEvent),
    /// A clock measurement.
    Clock(ClockEvent),
}
