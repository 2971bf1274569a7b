//! Rows of the contract's tables, as the engine keeps them.

use crate::key::Key;
use contract::{DecisionAction, DecisionStatus, ExecType, Side};
use std::sync::Arc;

/// +1 for a buy, -1 for a sale.
pub(crate) fn sign(side: Side) -> i128 {
    match side {
        Side::Buy => 1,
        Side::Sell => -1,
    }
}

/// A 16-byte identity.
pub(crate) type Id = [u8; 16];

/// A decision. Prices are in nano-units, as captured.
#[derive(Debug, Clone)]
pub(crate) struct DecisionRow {
    pub(crate) id: Id,
    /// The cut-off, and the row's durable order.
    pub(crate) key: Key,
    pub(crate) avail: i64,
    pub(crate) instrument: Option<u32>,
    pub(crate) account: Option<Id>,
    pub(crate) strategy: Arc<str>,
    pub(crate) version: Option<Arc<str>>,
    pub(crate) order_id: Option<Arc<str>>,
    pub(crate) action: DecisionAction,
    pub(crate) status: DecisionStatus,
    pub(crate) side: Option<Side>,
    pub(crate) qty: Option<i128>,
    pub(crate) horizon_ns: Option<i64>,
    pub(crate) bid: Option<i64>,
    pub(crate) ask: Option<i64>,
    pub(crate) last: Option<i64>,
    pub(crate) take_profit: Option<i64>,
    pub(crate) stop_loss: Option<i64>,
    pub(crate) md_seq_high: Option<u64>,
    pub(crate) position_before: Option<i128>,
    pub(crate) expected_cost_bps: Option<f64>,
}

impl DecisionRow {
    /// Whether it was never sent: there is nothing of our own to measure.
    pub(crate) fn is_unsent(&self) -> bool {
        self.status != DecisionStatus::Submitted || self.action == DecisionAction::Skip
    }
}

/// A report on an order.
#[derive(Debug, Clone)]
pub(crate) struct ExecRow {
    pub(crate) key: Key,
    pub(crate) avail: i64,
    pub(crate) instrument: u32,
    pub(crate) source: u16,
    pub(crate) account: Option<Id>,
    pub(crate) strategy: Option<Arc<str>>,
    pub(crate) exec_id: Arc<str>,
    pub(crate) ref_id: Option<Arc<str>>,
    pub(crate) kind: ExecType,
    pub(crate) side: Side,
    pub(crate) qty: Option<i128>,
    pub(crate) px: Option<i64>,
    pub(crate) decision: Option<Id>,
    pub(crate) order_id: Option<Arc<str>>,
    pub(crate) is_maker: bool,
    pub(crate) fee: Option<i128>,
    pub(crate) fee_ccy: Option<Arc<str>>,
    pub(crate) is_fee_final: Option<bool>,
    pub(crate) arrival: Option<(i64, i64)>,
    pub(crate) quote: Option<(i64, i64)>,
    pub(crate) is_inferred: bool,
}

/// Money booked on an account for holding an instrument.
#[derive(Debug, Clone)]
pub(crate) struct PostingRow {
    pub(crate) account: Id,
    pub(crate) instrument: u32,
    pub(crate) amount: i128,
}

/// Rows known to be lost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GapRow {
    /// Of one source, or of all.
    pub(crate) source: Option<u16>,
    pub(crate) instrument: Option<u32>,
    /// Of quotes, of trades.
    pub(crate) tables: [bool; 2],
    pub(crate) from: i64,
    pub(crate) to: i64,
}

/// Something that happened, at its place.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) key: Key,
    pub(crate) avail: i64,
    pub(crate) what: What,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    /// Prices are in nano-units.
    Quote {
        instrument: u32,
        source: u16,
        bid: Option<i64>,
        ask: Option<i64>,
        is_excluded: bool,
    },
    Trade(Box<TradeRow>),
    Status {
        instrument: u32,
        source: u16,
        is_halted: bool,
    },
    Decision(Box<DecisionRow>),
    Execution(Box<ExecRow>),
    Posting(Box<PostingRow>),
    Gap(Box<GapRow>),
}

/// A public trade.
#[derive(Debug, Clone)]
pub(crate) struct TradeRow {
    pub(crate) instrument: u32,
    pub(crate) source: u16,
    pub(crate) px: i64,
    pub(crate) trade_id: Option<Arc<str>>,
    /// The trade that this row cancels or corrects.
    pub(crate) cancels: Option<Arc<str>>,
    pub(crate) is_excluded: bool,
}
