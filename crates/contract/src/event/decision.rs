//! TradingDecisionEvent: what a strategy decided, and what it knew.

use super::envelope::put_receipt;
use super::field::{fields, put, take};
use super::{Event, EventError, Row};
use crate::builder::TableBuilder;
use crate::flags::Flags;
use crate::items::{Alternative, CodePair, RiskCheck, Signal};
use crate::tables::Decisions;
use crate::unit::{Amount, EventId, Hash, InstrumentId, Price, SourceId, SpanId, UtcNanos};
use crate::words::{Decider, DecisionAction, DecisionStatus, Side};

/// What a strategy decided about one instrument: a row of `decisions`.
///
/// - **Shape:** one row. Holding, skipping and denials are decisions too.
/// - **Units:** `qty` in instrument units, prices in the quote currency.
/// - **Point in time:** `ts_event` is the moment of deciding, by the decider's clock.
///
/// ```
/// use contract::{
///     Amount, Decisions, DecisionCore, Draft, EventId, InstrumentId, Intent, Side, SourceId, TradingDecisionEvent,
///     UtcNanos,
/// };
/// let now = UtcNanos::parse("2026-03-02T14:30:00.000250Z")?;
/// let core = DecisionCore {
///     decision_id: EventId::v7(1_772_461_800_000, [7; 10]),
///     source_id: SourceId::new(3),
///     strategy_id: "momentum".to_owned(),
///     instrument_id: Some(InstrumentId::new(7)),
///     ts_event: now,
/// };
/// let qty = Amount::from_units(100);
/// let decision = TradingDecisionEvent::new(core, Intent::Enter { side: Side::Buy, qty })
///     .with(|m| m.confidence = Some(0.7));
/// let draft = Draft::from_events(&[decision], now)?;
/// assert_eq!(draft.cell(&Decisions::CONFIDENCE, 0)?, Some(0.7));
/// let back: Vec<TradingDecisionEvent> = draft.events()?;
/// assert_eq!(back[0].intent.qty(), Some(qty));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct TradingDecisionEvent {
    /// What every decision states.
    pub core: DecisionCore,
    /// What was decided.
    pub intent: Intent,
    /// What may be left out.
    pub more: DecisionMore,
}

fields! {
    /// What every decision states, beside its [`Intent`].
    ///
    /// The instrument is required for the intents that change a position; a draft of a decision without it is
    /// refused.
    DecisionCore of Decisions {
        decision_id: EventId = DECISION_ID,
        source_id: SourceId = SOURCE_ID,
        strategy_id: String = STRATEGY_ID,
        instrument_id: Option<InstrumentId> = INSTRUMENT_ID,
    } and {
        /// The moment of deciding, by the decider's clock.
        ts_event: UtcNanos,
    }
}

/// What was decided, with exactly the side and quantity that it needs: entering without a side cannot be written.
///
/// ```
/// use contract::{Amount, DecisionAction, Intent, Side};
/// let intent = Intent::Reduce { side: Side::Sell, qty: Amount::parse("0.25")? };
/// assert_eq!((intent.action(), intent.side()), (DecisionAction::Reduce, Some(Side::Sell)));
/// assert_eq!(Intent::Hold.qty(), None);
/// # Ok::<(), contract::DecimalError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "side and quantity of the action that is named")]
pub enum Intent {
    /// Opens a position.
    Enter { side: Side, qty: Amount },
    /// Closes it.
    Exit { side: Side, qty: Amount },
    /// Makes it larger.
    Increase { side: Side, qty: Amount },
    /// Makes it smaller.
    Reduce { side: Side, qty: Amount },
    /// Turns it to the other side.
    Reverse { side: Side, qty: Amount },
    /// Offsets a risk held elsewhere.
    Hedge { side: Option<Side>, qty: Option<Amount> },
    /// Leaves all as it is.
    Hold,
    /// Passes over a signal, perhaps one with a side and quantity.
    Skip { side: Option<Side>, qty: Option<Amount> },
    /// Withdraws an order.
    Cancel { side: Option<Side>, qty: Option<Amount> },
    /// Changes an order.
    Modify { side: Option<Side>, qty: Option<Amount> },
}

impl Intent {
    /// The word of the column `action`.
    #[must_use]
    pub const fn action(&self) -> DecisionAction {
        match self {
            Self::Enter { .. } => DecisionAction::Enter,
            Self::Exit { .. } => DecisionAction::Exit,
            Self::Increase { .. } => DecisionAction::Increase,
            Self::Reduce { .. } => DecisionAction::Reduce,
            Self::Reverse { .. } => DecisionAction::Reverse,
            Self::Hedge { .. } => DecisionAction::Hedge,
            Self::Hold => DecisionAction::Hold,
            Self::Skip { .. } => DecisionAction::Skip,
            Self::Cancel { .. } => DecisionAction::Cancel,
            Self::Modify { .. } => DecisionAction::Modify,
        }
    }

    /// The side, where there is one.
    #[must_use]
    pub const fn side(&self) -> Option<Side> {
        match *self {
            Self::Enter { side, .. }
            | Self::Exit { side, .. }
            | Self::Increase { side, .. }
            | Self::Reduce { side, .. }
            | Self::Reverse { side, .. } => Some(side),
            Self::Hedge { side, .. }
            | Self::Skip { side, .. }
            | Self::Cancel { side, .. }
            | Self::Modify { side, .. } => side,
            Self::Hold => None,
        }
    }

    /// The quantity, where there is one.
    #[must_use]
    pub const fn qty(&self) -> Option<Amount> {
        match *self {
            Self::Enter { qty, .. }
            | Self::Exit { qty, .. }
            | Self::Increase { qty, .. }
            | Self::Reduce { qty, .. }
            | Self::Reverse { qty, .. } => Some(qty),
            Self::Hedge { qty, .. }
            | Self::Skip { qty, .. }
            | Self::Cancel { qty, .. }
            | Self::Modify { qty, .. } => qty,
            Self::Hold => None,
        }
    }

    fn take(row: &Row<'_, Decisions>) -> Result<Self, EventError> {
        let (side, qty) = (row.get(&Decisions::SIDE)?, row.get(&Decisions::QTY)?);
        let action = row.get(&Decisions::ACTION)?;
        let both = || -> Result<(Side, Amount), EventError> {
            let side = side.ok_or_else(|| {
                row.unexpected(&Decisions::SIDE, "a side for this action", "null")
            })?;
            let qty = qty.ok_or_else(|| {
                row.unexpected(&Decisions::QTY, "a quantity for this action", "null")
            })?;
            Ok((side, qty))
        };
        Ok(match action {
            DecisionAction::Enter => both().map(|(side, qty)| Self::Enter { side, qty })?,
            DecisionAction::Exit => both().map(|(side, qty)| Self::Exit { side, qty })?,
            DecisionAction::Increase => both().map(|(side, qty)| Self::Increase { side, qty })?,
            DecisionAction::Reduce => both().map(|(side, qty)| Self::Reduce { side, qty })?,
            DecisionAction::Reverse => both().map(|(side, qty)| Self::Reverse { side, qty })?,
            DecisionAction::Hedge => Self::Hedge { side, qty },
            DecisionAction::Skip => Self::Skip { side, qty },
            DecisionAction::Cancel => Self::Cancel { side, qty },
            DecisionAction::Modify => Self::Modify { side, qty },
            DecisionAction::Hold => match (side, qty) {
                (None, None) => Self::Hold,
                (Some(_), _) => {
                    return Err(row.unexpected(&Decisions::SIDE, "none for hold", "a side"));
                }
                (None, Some(_)) => {
                    return Err(row.unexpected(&Decisions::QTY, "none for hold", "a quantity"));
                }
            },
        })
    }
}

fields! {
    /// The optional columns of a [`TradingDecisionEvent`].
    ///
    /// What is left out is null, but for `status` (`submitted`), `flags` (none), and the stamps of receipt, which
    /// become the `now` of the draft.
    #[derive(Default)]
    #[non_exhaustive]
    DecisionMore of Decisions {
        ts_venue_send: Option<UtcNanos> = TS_VENUE_SEND,
        clock_offset_ns: Option<i64> = CLOCK_OFFSET_NS,
        status: DecisionStatus = STATUS,
        strategy_version: Option<String> = STRATEGY_VERSION,
        denied_reason: Option<String> = DENIED_REASON,
        regime: Option<String> = REGIME,
        parent_decision_id: Option<EventId> = PARENT_DECISION_ID,
        group_id: Option<EventId> = GROUP_ID,
        order_id: Option<String> = ORDER_ID,
        account_ref: Option<EventId> = ACCOUNT_REF,
        portfolio_ref: Option<EventId> = PORTFOLIO_REF,
        trader_ref: Option<EventId> = TRADER_REF,
        decider_ref: Option<EventId> = DECIDER_REF,
        decider: Option<Decider> = DECIDER,
        ts_signal: Option<UtcNanos> = TS_SIGNAL,
        ts_sent: Option<UtcNanos> = TS_SENT,
        horizon_ns: Option<i64> = HORIZON_NS,
        order_type: Option<String> = ORDER_TYPE,
        time_in_force: Option<String> = TIME_IN_FORCE,
        ccy: Option<String> = CCY,
        limit_px: Option<Price> = LIMIT_PX,
        stop_px: Option<Price> = STOP_PX,
        take_profit_px: Option<Price> = TAKE_PROFIT_PX,
        stop_loss_px: Option<Price> = STOP_LOSS_PX,
        position_before: Option<Amount> = POSITION_BEFORE,
        position_target: Option<Amount> = POSITION_TARGET,
        notional: Option<Amount> = NOTIONAL,
        expected_return_bps: Option<f64> = EXPECTED_RETURN_BPS,
        expected_cost_bps: Option<f64> = EXPECTED_COST_BPS,
        confidence: Option<f64> = CONFIDENCE,
        action_prob: Option<f64> = ACTION_PROB,
        is_exploration: Option<bool> = IS_EXPLORATION,
        signals: Option<Vec<Signal>> = SIGNALS,
        alternatives: Option<Vec<Alternative>> = ALTERNATIVES,
        risk_checks: Option<Vec<RiskCheck>> = RISK_CHECKS,
        model_id: Option<String> = MODEL_ID,
        model_version: Option<String> = MODEL_VERSION,
        feature_set: Option<String> = FEATURE_SET,
        model_hash: Option<Hash> = MODEL_HASH,
        feature_hash: Option<Hash> = FEATURE_HASH,
        feature_vector: Option<Vec<f64>> = FEATURE_VECTOR,
        md_seq_high: Option<u64> = MD_SEQ_HIGH,
        bid_px: Option<Price> = BID_PX,
        ask_px: Option<Price> = ASK_PX,
        last_px: Option<Price> = LAST_PX,
        bid_size: Option<f64> = BID_SIZE,
        ask_size: Option<f64> = ASK_SIZE,
        reason_codes: Option<Vec<String>> = REASON_CODES,
        tags: Option<Vec<CodePair>> = TAGS,
        trace_id: Option<EventId> = TRACE_ID,
        span_id: Option<SpanId> = SPAN_ID,
    } and {
        /// When our process received it; `now` where left out, unless BACKFILL is set.
        ts_recv: Option<UtcNanos>,
        /// Earliest moment at which it could have been used; `now` where left out.
        ts_avail: Option<UtcNanos>,
        /// Bit set.
        flags: Flags,
    }
}

impl TradingDecisionEvent {
    /// A decision with its required fields.
    #[must_use]
    pub fn new(core: DecisionCore, intent: Intent) -> Self {
        Self { core, intent, more: DecisionMore::default() }
    }

    /// The decision with optional fields set.
    #[must_use]
    pub fn with(mut self, set: impl FnOnce(&mut DecisionMore)) -> Self {
        set(&mut self.more);
        self
    }
}

impl Event for TradingDecisionEvent {
    type Table = Decisions;

    fn write(&self, row: &mut TableBuilder<Decisions>) {
        self.core.put(row);
        put(row, &Decisions::TS_EVENT, &Some(self.core.ts_event));
        put(row, &Decisions::ACTION, &self.intent.action());
        put(row, &Decisions::SIDE, &self.intent.side());
        put(row, &Decisions::QTY, &self.intent.qty());
        put_receipt(row, self.more.ts_recv, self.more.ts_avail, self.more.flags);
        self.more.put(row);
    }

    fn read(row: &Row<'_, Decisions>) -> Result<Self, EventError> {
        let ts_event = row.get(&Decisions::TS_EVENT)?.ok_or_else(|| {
            row.unexpected(&Decisions::TS_EVENT, "the moment of deciding", "null")
        })?;
        Ok(Self {
            core: DecisionCore::take(row, ts_event)?,
            intent: Intent::take(row)?,
            more: DecisionMore::take(
                row,
                take(row, &Decisions::TS_RECV)?,
                Some(take(row, &Decisions::TS_AVAIL)?),
                take(row, &Decisions::FLAGS)?,
            )?,
        })
    }
}
