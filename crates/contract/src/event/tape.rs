//! Market data but for depth: one struct a table.

use super::field::event;
use crate::unit::{EventId, InstrumentId, Price, UtcNanos};
use crate::words::{Aggressor, BookSide, DeltaAction, MarkKind, PriceType, TradeAction};

event! {
    /// A public print, or its correction or cancel: a row of `trades`.
    ///
    /// - **Units:** `size` in the instrument's size unit.
    ///
    /// ```
    /// use contract::{
    ///     Aggressor, Draft, Envelope, InstrumentId, Price, SourceId, TradeAction, TradeEvent, TradeMore, Trades, UtcNanos,
    /// };
    /// let now = UtcNanos::parse("2024-08-08T23:54:15.030314667Z")?;
    /// let print = TradeEvent {
    ///     envelope: Envelope::new(SourceId::new(1), InstrumentId::new(7)),
    ///     px: Price::parse("61700.1")?,
    ///     size: 0.002,
    ///     aggressor: Aggressor::Seller,
    ///     action: TradeAction::Trade,
    ///     more: TradeMore::default(),
    /// }
    /// .with(|m| m.trade_id = Some("5227610418".to_owned()));
    /// let draft = Draft::from_events(&[print], now)?;
    /// assert_eq!(draft.cell(&Trades::TRADE_ID, 0)?, Some("5227610418"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    TradeEvent of Trades about InstrumentId {
        px: Price = PX,
        size: f64 = SIZE,
        aggressor: Aggressor = AGGRESSOR,
        action: TradeAction = ACTION,
    } more TradeMore {
        trade_id: Option<String> = TRADE_ID,
        ref_trade_id: Option<String> = REF_TRADE_ID,
        venue_seq: Option<u64> = VENUE_SEQ,
        sale_cond: Option<u32> = SALE_COND,
        venue: Option<String> = VENUE,
    }
}

event! {
    /// Best bid and ask after an event: a row of `quotes`.
    ///
    /// A side that is `None` is empty; a size that is `None` beside a price was not reported.
    ///
    /// ```
    /// use contract::{Draft, Envelope, InstrumentId, Price, QuoteEvent, QuoteMore, SourceId, UtcNanos};
    /// let one_sided = QuoteEvent {
    ///     envelope: Envelope::new(SourceId::new(2), InstrumentId::new(8)),
    ///     bid_px: Some(Price::parse("1.38672")?),
    ///     ask_px: None,
    ///     bid_size: None,
    ///     ask_size: None,
    ///     more: QuoteMore::default(),
    /// };
    /// let draft = Draft::from_events(&[one_sided], UtcNanos::parse("2014-05-01T13:30:00Z")?)?;
    /// assert_eq!(draft.events::<QuoteEvent>()?[0].ask_px, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    QuoteEvent of Quotes about InstrumentId {
        bid_px: Option<Price> = BID_PX,
        ask_px: Option<Price> = ASK_PX,
        bid_size: Option<f64> = BID_SIZE,
        ask_size: Option<f64> = ASK_SIZE,
    } more QuoteMore {
        bid_ct: Option<u32> = BID_CT,
        ask_ct: Option<u32> = ASK_CT,
        update_id: Option<u64> = UPDATE_ID,
        venue_seq: Option<u64> = VENUE_SEQ,
        bid_venue: Option<String> = BID_VENUE,
        ask_venue: Option<String> = ASK_VENUE,
    }
}

event! {
    /// One change of an order or price level: a row of `book_deltas`.
    BookDeltaEvent of BookDeltas about InstrumentId {
        action: DeltaAction = ACTION,
        side: BookSide = SIDE,
        px: Option<Price> = PX,
        size: f64 = SIZE,
    } more BookDeltaMore {
        order_id: Option<u64> = ORDER_ID,
        first_update_id: Option<u64> = FIRST_UPDATE_ID,
        final_update_id: Option<u64> = FINAL_UPDATE_ID,
        prev_final_update_id: Option<u64> = PREV_FINAL_UPDATE_ID,
        venue_seq: Option<u64> = VENUE_SEQ,
        channel_id: Option<u16> = CHANNEL_ID,
    }
}

event! {
    /// Prices over `[ts_open, ts_close)`: a row of `bars`.
    ///
    /// ```
    /// use contract::{BarEvent, BarMore, Draft, Envelope, InstrumentId, Price, PriceType, SourceId, UtcNanos};
    /// let px = |text| Price::parse(text);
    /// let ts_close = UtcNanos::parse("2014-05-01T13:31:00Z")?;
    /// let minute = BarEvent {
    ///     envelope: Envelope::new(SourceId::new(2), InstrumentId::new(8)).at(ts_close),
    ///     ts_open: UtcNanos::parse("2014-05-01T13:30:00Z")?,
    ///     ts_close,
    ///     step_ns: 60_000_000_000,
    ///     price_type: PriceType::Bid,
    ///     open: px("1.38672")?,
    ///     high: px("1.38680")?,
    ///     low: px("1.38669")?,
    ///     close: px("1.38675")?,
    ///     is_final: true,
    ///     more: BarMore::default(),
    /// };
    /// let back: Vec<BarEvent> = Draft::from_events(&[minute], ts_close)?.events()?;
    /// assert_eq!(back[0].high, px("1.3868")?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    BarEvent of Bars about InstrumentId {
        ts_open: UtcNanos = TS_OPEN,
        ts_close: UtcNanos = TS_CLOSE,
        step_ns: i64 = STEP_NS,
        price_type: PriceType = PRICE_TYPE,
        open: Price = OPEN,
        high: Price = HIGH,
        low: Price = LOW,
        close: Price = CLOSE,
        is_final: bool = IS_FINAL,
    } more BarMore {
        volume: Option<f64> = VOLUME,
        close_size: Option<f64> = CLOSE_SIZE,
        notional: Option<f64> = NOTIONAL,
        vwap: Option<f64> = VWAP,
        n_trades: Option<u32> = N_TRADES,
        revision: u16 = REVISION,
    }
}

event! {
    /// A trading state of an instrument: a row of `statuses`.
    StatusEvent of Statuses about InstrumentId {
        action: String = ACTION,
    } more StatusMore {
        reason: Option<String> = REASON,
        trading_event: Option<String> = TRADING_EVENT,
        is_trading: Option<bool> = IS_TRADING,
        is_quoting: Option<bool> = IS_QUOTING,
        is_short_restricted: Option<bool> = IS_SHORT_RESTRICTED,
        revision: u16 = REVISION,
    }
}

event! {
    /// Start, progress, gap or end of a source's coverage: a row of `feed_marks`.
    FeedMarkEvent of FeedMarks about Option<InstrumentId> {
        kind: MarkKind = KIND,
    } more FeedMarkMore {
        about: Option<String> = ABOUT,
        ts_mark: Option<UtcNanos> = TS_MARK,
        ts_from: Option<UtcNanos> = TS_FROM,
        ts_to: Option<UtcNanos> = TS_TO,
        venue_seq_from: Option<u64> = VENUE_SEQ_FROM,
        venue_seq_to: Option<u64> = VENUE_SEQ_TO,
        producer_id: Option<EventId> = PRODUCER_ID,
        reason: Option<String> = REASON,
    }
}

event! {
    /// One measurement of a clock: a row of `clocks`.
    ClockEvent of Clocks about Option<InstrumentId> {
        clock_source: String = CLOCK_SOURCE,
        offset_ns: i64 = OFFSET_NS,
        bound_ns: i64 = BOUND_NS,
    } more ClockMore {
        producer_id: Option<EventId> = PRODUCER_ID,
    }
}
