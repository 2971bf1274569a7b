//! States of accounts, positions and the cash ledger.

use super::field::event;
use crate::items::Balance;
use crate::unit::{Amount, EventId, InstrumentId, Price, UtcNanos};
use crate::words::PostingKind;

event! {
    /// State of an account at a moment: a row of `portfolio_snapshots`.
    ///
    /// - **Units:** all money in `ccy`.
    ///
    /// ```
    /// use contract::{
    ///     Amount, Draft, Envelope, EventId, PortfolioSnapshotEvent, PortfolioSnapshotMore, SourceId, UtcNanos,
    /// };
    /// let now = UtcNanos::parse("2026-03-02T21:00:00Z")?;
    /// let snapshot = PortfolioSnapshotEvent {
    ///     envelope: Envelope::new(SourceId::new(4), None).at(now),
    ///     snapshot_id: EventId::v7(1_772_485_200_000, [1; 10]),
    ///     account_ref: EventId::from_bytes([0xa5; 16]),
    ///     ccy: "USD".to_owned(),
    ///     equity: Amount::parse("1000250.75")?,
    ///     is_reported: true,
    ///     more: PortfolioSnapshotMore::default(),
    /// };
    /// let high = Amount::parse("1003000")?;
    /// let draft = Draft::from_events(&[snapshot.with(|m| m.high_water = Some(high))], now)?;
    /// assert_eq!(draft.events::<PortfolioSnapshotEvent>()?[0].more.high_water, Some(high));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    PortfolioSnapshotEvent of PortfolioSnapshots about Option<InstrumentId> {
        snapshot_id: EventId = SNAPSHOT_ID,
        account_ref: EventId = ACCOUNT_REF,
        ccy: String = CCY,
        equity: Amount = EQUITY,
        is_reported: bool = IS_REPORTED,
    } more PortfolioSnapshotMore {
        cash: Option<Amount> = CASH,
        gross_exposure: Option<Amount> = GROSS_EXPOSURE,
        net_exposure: Option<Amount> = NET_EXPOSURE,
        margin_initial: Option<Amount> = MARGIN_INITIAL,
        margin_maintenance: Option<Amount> = MARGIN_MAINTENANCE,
        unrealized_pnl: Option<Amount> = UNREALIZED_PNL,
        realized_pnl_day: Option<Amount> = REALIZED_PNL_DAY,
        fees_day: Option<Amount> = FEES_DAY,
        high_water: Option<Amount> = HIGH_WATER,
        open_order_notional: Option<Amount> = OPEN_ORDER_NOTIONAL,
        var95_1d: Option<Amount> = VAR95_1D,
        es95_1d: Option<Amount> = ES95_1D,
        leverage: Option<f64> = LEVERAGE,
        drawdown_pct: Option<f64> = DRAWDOWN_PCT,
        n_positions: Option<u32> = N_POSITIONS,
        n_open_orders: Option<u32> = N_OPEN_ORDERS,
        strategy_id: Option<String> = STRATEGY_ID,
        mark_source: Option<String> = MARK_SOURCE,
        balances: Option<Vec<Balance>> = BALANCES,
    }
}

event! {
    /// One position of a snapshot: a row of `positions`.
    ///
    /// - **Units:** `qty` signed, in instrument units; money in `ccy`.
    ///
    /// ```
    /// use contract::{Amount, Draft, Envelope, EventId, InstrumentId, PositionEvent, PositionMore, SourceId, UtcNanos};
    /// let now = UtcNanos::parse("2026-03-02T21:00:00Z")?;
    /// let short = PositionEvent {
    ///     envelope: Envelope::new(SourceId::new(4), InstrumentId::new(7)).at(now),
    ///     snapshot_id: EventId::v7(1_772_485_200_000, [1; 10]),
    ///     account_ref: EventId::from_bytes([0xa5; 16]),
    ///     qty: Amount::from_units(-100),
    ///     more: PositionMore::default(),
    /// };
    /// let draft = Draft::from_events(&[short], now)?;
    /// assert_eq!(draft.events::<PositionEvent>()?[0].qty, Amount::from_units(-100));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    PositionEvent of Positions about InstrumentId {
        snapshot_id: EventId = SNAPSHOT_ID,
        account_ref: EventId = ACCOUNT_REF,
        qty: Amount = QTY,
    } more PositionMore {
        strategy_id: Option<String> = STRATEGY_ID,
        ccy: Option<String> = CCY,
        cost_basis: Option<Amount> = COST_BASIS,
        unrealized_pnl: Option<Amount> = UNREALIZED_PNL,
        mark_px: Option<Price> = MARK_PX,
        ts_mark: Option<UtcNanos> = TS_MARK,
    }
}

event! {
    /// One entry of the cash ledger: a row of `postings`.
    ///
    /// - **Units:** `amount` signed, in `ccy`.
    /// - **Point in time:** `ts_event`, the posting time, is required.
    ///
    /// ```
    /// use contract::{Amount, Draft, Envelope, EventId, PostingEvent, PostingKind, PostingMore, SourceId, UtcNanos};
    /// let now = UtcNanos::parse("2024-08-08T16:00:00Z")?;
    /// let funding = PostingEvent {
    ///     envelope: Envelope::new(SourceId::new(4), None).at(now),
    ///     posting_id: "9023114".to_owned(),
    ///     account_ref: EventId::from_bytes([0xa5; 16]),
    ///     kind: PostingKind::Funding,
    ///     ccy: "USDT".to_owned(),
    ///     amount: Amount::parse("-1.23401")?,
    ///     more: PostingMore::default(),
    /// };
    /// let draft = Draft::from_events(std::slice::from_ref(&funding), now)?;
    /// assert_eq!(draft.events::<PostingEvent>()?[0].amount, funding.amount);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    PostingEvent of Postings about Option<InstrumentId> {
        posting_id: String = POSTING_ID,
        account_ref: EventId = ACCOUNT_REF,
        kind: PostingKind = KIND,
        ccy: String = CCY,
        amount: Amount = AMOUNT,
    } more PostingMore {
        balance_after: Option<Amount> = BALANCE_AFTER,
        exec_id: Option<String> = EXEC_ID,
        position_id: Option<String> = POSITION_ID,
    }
}
