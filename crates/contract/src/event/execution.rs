//! TradeExecutedEvent, and reports of the whole life of an order.

use super::field::{fields, put, take};
use super::{Envelope, Event, EventError, Row};
use crate::builder::TableBuilder;
use crate::tables::Executions;
use crate::unit::{Amount, EventId, Price, SpanId, UtcNanos};
use crate::words::{ExecType, Liquidity, Side};

/// A fill, its correction or its cancel: a row of `executions` whose `exec_type` is `trade`, `trade_correct` or
/// `trade_cancel`.
///
/// - **Units:** quantities in instrument units, prices in the quote currency, the fee in `fee_ccy`.
/// - **Source:** FIX ExecutionReport.
///
/// ```
/// use contract::{
///     Amount, Draft, Envelope, Executions, Fill, InstrumentId, Price, Side, SourceId, TradeExecutedEvent, UtcNanos,
/// };
/// let now = UtcNanos::parse("2024-08-08T23:54:15.030314667Z")?;
/// let fill = Fill::Trade { last_qty: Amount::parse("0.002")?, last_px: Price::parse("61700.1")? };
/// let fee = Amount::parse("0.049360080")?;
/// let trade = TradeExecutedEvent::new(
///     Envelope::new(SourceId::new(4), InstrumentId::new(7)).at(now),
///     "5227610-1",
///     Side::Sell,
///     fill,
/// )
/// .with(|m| {
///     m.fee = Some(fee);
///     m.fee_ccy = Some("USDT".to_owned());
/// });
/// let draft = Draft::from_events(&[trade], now)?;
/// assert_eq!(draft.cell(&Executions::FEE, 0)?, Some(fee));
/// let back: Vec<TradeExecutedEvent> = draft.events()?;
/// assert_eq!(back[0].more.fee_ccy.as_deref(), Some("USDT"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct TradeExecutedEvent {
    /// Source, instrument, clocks and flags.
    pub envelope: Envelope,
    /// The venue's id of the report.
    pub exec_id: String,
    /// Direction of the order.
    pub side: Side,
    /// What was filled, corrected or cancelled.
    pub fill: Fill,
    /// What may be left out.
    pub more: ExecutionMore,
}

/// A fill with exactly the columns that its kind needs: a trade without quantity or price cannot be written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns of the same names")]
pub enum Fill {
    /// A trade; its quantity is above 0.
    Trade { last_qty: Amount, last_px: Price },
    /// The fill `exec_ref_id` as it should have been.
    Correct { exec_ref_id: String, last_qty: Amount, last_px: Price },
    /// The fill `exec_ref_id` never was.
    Cancel { exec_ref_id: String, last_qty: Option<Amount>, last_px: Option<Price> },
}

/// A report on an order: a row of `executions`, whatever its `exec_type`.
///
/// ```
/// use contract::{
///     Amount, Draft, Envelope, ExecutionEvent, InstrumentId, OrderReport, OrderState, Report, Side, SourceId,
///     UtcNanos,
/// };
/// let now = UtcNanos::parse("2024-08-08T23:54:15.030314667Z")?;
/// let envelope = Envelope::new(SourceId::new(4), InstrumentId::new(7)).at(now);
/// let report = Report::Order(OrderReport::new(OrderState::Rejected));
/// let rejected = ExecutionEvent::new(envelope, "5227611", Side::Buy, report)
///     .with(|m| m.reject_reason = Some("insufficient_margin".to_owned()));
/// let back: Vec<ExecutionEvent> = Draft::from_events(&[rejected], now)?.events()?;
/// assert_eq!(back[0].more.reject_reason.as_deref(), Some("insufficient_margin"));
/// assert_eq!(back[0].clone().into_trade(), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ExecutionEvent {
    /// Source, instrument, clocks and flags.
    pub envelope: Envelope,
    /// The venue's id of the report.
    pub exec_id: String,
    /// Direction of the order.
    pub side: Side,
    /// What happened.
    pub report: Report,
    /// What may be left out.
    pub more: ExecutionMore,
}

/// What happened to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// It was filled, or a fill was corrected or cancelled.
    Fill(Fill),
    /// It changed its state.
    Order(OrderReport),
}

/// A change of state, with the columns of a fill as far as the venue sends them there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderReport {
    /// The new state.
    pub state: OrderState,
    /// Quantity of the last fill, 0 from some venues.
    pub last_qty: Option<Amount>,
    /// Price of the last fill.
    pub last_px: Option<Price>,
    /// The report meant.
    pub exec_ref_id: Option<String>,
}

impl OrderReport {
    /// A change of state alone.
    #[must_use]
    pub const fn new(state: OrderState) -> Self {
        Self { state, last_qty: None, last_px: None, exec_ref_id: None }
    }
}

/// Kinds of report that are no fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderState {
    /// Accepted.
    New,
    /// Replaced by another order.
    Replaced,
    /// Withdrawn.
    Canceled,
    /// Refused.
    Rejected,
    /// Its time ran out.
    Expired,
    /// The venue states it anew.
    Restated,
}

fields! {
    /// The optional columns of an [`ExecutionEvent`] and of a [`TradeExecutedEvent`].
    #[derive(Default)]
    #[non_exhaustive]
    ExecutionMore of Executions {
        decision_id: Option<EventId> = DECISION_ID,
        order_id: Option<String> = ORDER_ID,
        orig_order_id: Option<String> = ORIG_ORDER_ID,
        venue_order_id: Option<String> = VENUE_ORDER_ID,
        parent_order_id: Option<String> = PARENT_ORDER_ID,
        trade_match_id: Option<String> = TRADE_MATCH_ID,
        position_id: Option<String> = POSITION_ID,
        account_ref: Option<EventId> = ACCOUNT_REF,
        strategy_id: Option<String> = STRATEGY_ID,
        order_status: Option<String> = ORDER_STATUS,
        order_type: Option<String> = ORDER_TYPE,
        time_in_force: Option<String> = TIME_IN_FORCE,
        position_effect: Option<String> = POSITION_EFFECT,
        reject_reason: Option<String> = REJECT_REASON,
        order_qty: Option<Amount> = ORDER_QTY,
        leaves_qty: Option<Amount> = LEAVES_QTY,
        cum_qty: Option<Amount> = CUM_QTY,
        limit_px: Option<Price> = LIMIT_PX,
        stop_px: Option<Price> = STOP_PX,
        venue: Option<String> = VENUE,
        liquidity: Option<Liquidity> = LIQUIDITY,
        fee: Option<Amount> = FEE,
        fee_ccy: Option<String> = FEE_CCY,
        fee_type: Option<String> = FEE_TYPE,
        is_fee_final: Option<bool> = IS_FEE_FINAL,
        ccy: Option<String> = CCY,
        settle_ccy: Option<String> = SETTLE_CCY,
        realized_pnl_venue: Option<Amount> = REALIZED_PNL_VENUE,
        ts_sent: Option<UtcNanos> = TS_SENT,
        ts_ack: Option<UtcNanos> = TS_ACK,
        arrival_bid_px: Option<Price> = ARRIVAL_BID_PX,
        arrival_ask_px: Option<Price> = ARRIVAL_ASK_PX,
        exec_bid_px: Option<Price> = EXEC_BID_PX,
        exec_ask_px: Option<Price> = EXEC_ASK_PX,
        is_reconciled: bool = IS_RECONCILED,
        trace_id: Option<EventId> = TRACE_ID,
        span_id: Option<SpanId> = SPAN_ID,
    }
}

impl Fill {
    /// The word of the column `exec_type`.
    #[must_use]
    pub const fn exec_type(&self) -> ExecType {
        match self {
            Self::Trade { .. } => ExecType::Trade,
            Self::Correct { .. } => ExecType::TradeCorrect,
            Self::Cancel { .. } => ExecType::TradeCancel,
        }
    }

    fn put(&self, row: &mut TableBuilder<Executions>) {
        let (qty, px, meant) = match self {
            Self::Trade { last_qty, last_px } => (Some(*last_qty), Some(*last_px), None),
            Self::Correct { exec_ref_id, last_qty, last_px } => {
                (Some(*last_qty), Some(*last_px), Some(exec_ref_id.as_str()))
            }
            Self::Cancel { exec_ref_id, last_qty, last_px } => {
                (*last_qty, *last_px, Some(exec_ref_id.as_str()))
            }
        };
        row.set(&Executions::EXEC_TYPE, self.exec_type())
            .set(&Executions::LAST_QTY, qty)
            .set(&Executions::LAST_PX, px)
            .set(&Executions::EXEC_REF_ID, meant);
    }
}

impl Report {
    /// The word of the column `exec_type`.
    #[must_use]
    pub const fn exec_type(&self) -> ExecType {
        match self {
            Self::Fill(fill) => fill.exec_type(),
            Self::Order(OrderReport { state, .. }) => match state {
                OrderState::New => ExecType::New,
                OrderState::Replaced => ExecType::Replaced,
                OrderState::Canceled => ExecType::Canceled,
                OrderState::Rejected => ExecType::Rejected,
                OrderState::Expired => ExecType::Expired,
                OrderState::Restated => ExecType::Restated,
            },
        }
    }

    fn put(&self, row: &mut TableBuilder<Executions>) {
        match self {
            Self::Fill(fill) => fill.put(row),
            Self::Order(order) => {
                row.set(&Executions::EXEC_TYPE, self.exec_type())
                    .set(&Executions::LAST_QTY, order.last_qty)
                    .set(&Executions::LAST_PX, order.last_px)
                    .set(&Executions::EXEC_REF_ID, order.exec_ref_id.as_deref());
            }
        }
    }

    fn take(row: &Row<'_, Executions>) -> Result<Self, EventError> {
        let qty = row.get(&Executions::LAST_QTY)?;
        let px = row.get(&Executions::LAST_PX)?;
        let meant = row.get(&Executions::EXEC_REF_ID)?.map(str::to_owned);
        let filled = || -> Result<(Amount, Price), EventError> {
            let qty = qty.ok_or_else(|| {
                row.unexpected(&Executions::LAST_QTY, "the quantity of a fill", "null")
            })?;
            let px = px.ok_or_else(|| {
                row.unexpected(&Executions::LAST_PX, "the price of a fill", "null")
            })?;
            Ok((qty, px))
        };
        let no_fill = || row.unexpected(&Executions::EXEC_REF_ID, "the fill that is meant", "null");
        let order = |state| {
            let exec_ref_id = meant.clone();
            Self::Order(OrderReport { state, last_qty: qty, last_px: px, exec_ref_id })
        };
        Ok(match row.get(&Executions::EXEC_TYPE)? {
            ExecType::Trade => {
                if let Some(meant) = meant {
                    let found = format!("`{meant}`");
                    let expected = "none for a trade";
                    return Err(row.unexpected(&Executions::EXEC_REF_ID, expected, &found));
                }
                let (last_qty, last_px) = filled()?;
                Self::Fill(Fill::Trade { last_qty, last_px })
            }
            ExecType::TradeCorrect => {
                let (last_qty, last_px) = filled()?;
                let exec_ref_id = meant.ok_or_else(no_fill)?;
                Self::Fill(Fill::Correct { exec_ref_id, last_qty, last_px })
            }
            ExecType::TradeCancel => {
                let exec_ref_id = meant.ok_or_else(no_fill)?;
                Self::Fill(Fill::Cancel { exec_ref_id, last_qty: qty, last_px: px })
            }
            ExecType::New => order(OrderState::New),
            ExecType::Replaced => order(OrderState::Replaced),
            ExecType::Canceled => order(OrderState::Canceled),
            ExecType::Rejected => order(OrderState::Rejected),
            ExecType::Expired => order(OrderState::Expired),
            ExecType::Restated => order(OrderState::Restated),
        })
    }
}

impl TradeExecutedEvent {
    /// A fill with its required fields.
    #[must_use]
    pub fn new(envelope: Envelope, exec_id: impl Into<String>, side: Side, fill: Fill) -> Self {
        let exec_id = exec_id.into();
        Self { envelope, exec_id, side, fill, more: ExecutionMore::default() }
    }

    /// The fill with optional fields set.
    #[must_use]
    pub fn with(mut self, set: impl FnOnce(&mut ExecutionMore)) -> Self {
        set(&mut self.more);
        self
    }
}

impl ExecutionEvent {
    /// A report with its required fields.
    #[must_use]
    pub fn new(envelope: Envelope, exec_id: impl Into<String>, side: Side, report: Report) -> Self {
        let exec_id = exec_id.into();
        Self { envelope, exec_id, side, report, more: ExecutionMore::default() }
    }

    /// The report with optional fields set.
    #[must_use]
    pub fn with(mut self, set: impl FnOnce(&mut ExecutionMore)) -> Self {
        set(&mut self.more);
        self
    }

    /// The fill that it reports, if it does.
    #[must_use]
    pub fn into_trade(self) -> Option<TradeExecutedEvent> {
        let Self { envelope, exec_id, side, report, more } = self;
        match report {
            Report::Fill(fill) => Some(TradeExecutedEvent { envelope, exec_id, side, fill, more }),
            Report::Order(_) => None,
        }
    }
}

impl From<TradeExecutedEvent> for ExecutionEvent {
    fn from(trade: TradeExecutedEvent) -> Self {
        let TradeExecutedEvent { envelope, exec_id, side, fill, more } = trade;
        Self { envelope, exec_id, side, report: Report::Fill(fill), more }
    }
}

impl Event for ExecutionEvent {
    type Table = Executions;

    fn write(&self, row: &mut TableBuilder<Executions>) {
        self.envelope.put(row);
        put(row, &Executions::EXEC_ID, &self.exec_id);
        put(row, &Executions::SIDE, &self.side);
        self.report.put(row);
        self.more.put(row);
    }

    fn read(row: &Row<'_, Executions>) -> Result<Self, EventError> {
        Ok(Self {
            envelope: Envelope::take(row)?,
            exec_id: take(row, &Executions::EXEC_ID)?,
            side: take(row, &Executions::SIDE)?,
            report: Report::take(row)?,
            more: ExecutionMore::take(row)?,
        })
    }
}

impl Event for TradeExecutedEvent {
    type Table = Executions;

    fn write(&self, row: &mut TableBuilder<Executions>) {
        self.envelope.put(row);
        put(row, &Executions::EXEC_ID, &self.exec_id);
        put(row, &Executions::SIDE, &self.side);
        self.fill.put(row);
        self.more.put(row);
    }

    fn read(row: &Row<'_, Executions>) -> Result<Self, EventError> {
        let report = ExecutionEvent::read(row)?;
        let found = crate::Vocabulary::word(report.report.exec_type());
        report.into_trade().ok_or_else(|| {
            let expected = "a fill, its correction or its cancel";
            row.unexpected(&Executions::EXEC_TYPE, expected, &format!("`{found}`"))
        })
    }
}
