//! Rows of a replay as tables of the contract.

use super::strategy::Policy;
use super::{Choice, Order, ReplaySettings};
use crate::emit::{BROKER, DESK};
use contract::arrow_array::RecordBatch;
use contract::{
    Amount, BuildError, Decider, DecisionStatus, Decisions, EventId, ExecType, Executions,
    InstrumentId, Liquidity, Price, Side, Signal, SourceId, TableBuilder, UtcNanos,
};

/// From deciding to the row.
const WRITE_NS: i64 = 5_000;

fn lots(settings: &ReplaySettings, lots: i64) -> Amount {
    let nanos = settings.qty.nanos().checked_mul(i128::from(lots));
    nanos.and_then(Amount::from_nanos).unwrap_or(Amount::ZERO)
}

fn side(is_buy: bool) -> Side {
    if is_buy { Side::Buy } else { Side::Sell }
}

fn order_id(instrument: u32, policy: Policy, number: u64) -> String {
    format!("R{instrument}-{}-{number}", policy.word())
}

/// An account for each strategy.
fn account(policy: Policy) -> EventId {
    EventId::v7(0, [policy.index(); 10])
}

pub(super) fn decisions(
    choices: &[Choice],
    settings: &ReplaySettings,
) -> Result<RecordBatch, BuildError> {
    let mut out = TableBuilder::<Decisions>::new(UtcNanos::from_nanos(0));
    let time = UtcNanos::from_nanos;
    for c in choices {
        let sent = c.act.order();
        let moved = sent.map_or(0, |(is_buy, n)| if is_buy { n } else { -n });
        let (bid, ask) = (c.sight.bid, c.sight.ask);
        let mid = bid as f64 / 2.0 + ask as f64 / 2.0;
        let order = c.order.map(|number| order_id(c.instrument, c.policy, number));
        let signal = Signal {
            name: "drift".to_owned(),
            value: c.sight.drift,
            weight: None,
            version: Some("1".to_owned()),
            ts_avail: Some(time(c.sight.avail)),
        };
        out.set(&Decisions::SOURCE_ID, SourceId::new(DESK))
            .set(&Decisions::INSTRUMENT_ID, InstrumentId::new(c.instrument))
            .set(&Decisions::TS_EVENT, time(c.ts))
            .set(&Decisions::TS_RECV, time(c.ts))
            .set(&Decisions::TS_AVAIL, time(c.ts + WRITE_NS))
            .set(&Decisions::CLOCK_OFFSET_NS, 0)
            .set(&Decisions::DECISION_ID, EventId::from_bytes(c.id))
            .set(&Decisions::STRATEGY_ID, c.policy.word())
            .set(&Decisions::ACTION, c.act.action)
            .set(&Decisions::STATUS, DecisionStatus::Submitted)
            .set(&Decisions::SIDE, c.act.trade.map(|(is_buy, _)| side(is_buy)))
            .set(&Decisions::QTY, c.act.trade.map(|(_, n)| lots(settings, n)))
            .set(&Decisions::STRATEGY_VERSION, "1")
            .set(&Decisions::PARENT_DECISION_ID, c.parent.map(EventId::from_bytes))
            .set(&Decisions::ORDER_ID, order.as_deref());
        out.set(&Decisions::ACCOUNT_REF, account(c.policy))
            .set(&Decisions::DECIDER, Decider::Algorithm)
            .set(&Decisions::TS_SIGNAL, time(c.sight.avail))
            .set(&Decisions::TS_SENT, sent.map(|_| time(c.ts)))
            .set(&Decisions::HORIZON_NS, settings.horizon_ns)
            .set(&Decisions::ORDER_TYPE, sent.map(|_| "market"))
            .set(&Decisions::TIME_IN_FORCE, sent.map(|_| "ioc"))
            .set(&Decisions::CCY, settings.ccy.as_str())
            .set(&Decisions::POSITION_BEFORE, lots(settings, c.before))
            .set(&Decisions::POSITION_TARGET, lots(settings, c.before + moved))
            .set(&Decisions::EXPECTED_COST_BPS, ((ask - bid) as f64 / mid * 5e3).max(0.0))
            .set(&Decisions::CONFIDENCE, (c.sight.drift.abs() / 4.0).min(1.0))
            .set(&Decisions::ACTION_PROB, c.act.prob)
            .set(&Decisions::IS_EXPLORATION, c.act.is_exploration)
            .set(&Decisions::SIGNALS, [signal].as_slice())
            .set(&Decisions::MD_SEQ_HIGH, c.seq_high)
            .set(&Decisions::BID_PX, Price::from_nanos(bid))
            .set(&Decisions::ASK_PX, Price::from_nanos(ask))
            .set(&Decisions::BID_SIZE, c.sight.bid_size)
            .set(&Decisions::ASK_SIZE, c.sight.ask_size)
            .set(&Decisions::REASON_CODES, [c.act.reason.to_owned()].as_slice());
        out.end_row()?;
    }
    Ok(out.finish()?.into_record_batch())
}

pub(super) fn executions(
    orders: &[Order],
    settings: &ReplaySettings,
) -> Result<RecordBatch, BuildError> {
    let mut out = TableBuilder::<Executions>::new(UtcNanos::from_nanos(0));
    let time = UtcNanos::from_nanos;
    let px = |nanos: Option<i64>| nanos.map(Price::from_nanos);
    for o in orders {
        let order = order_id(o.instrument, o.policy, o.number);
        let qty = lots(settings, o.lots);
        let report = format!("E{order}");
        let read = time(o.ended + settings.latency_ns);
        let fill = o.filled.and_then(|tick| if o.is_buy { tick.ask } else { tick.bid });
        let fee = fill.map(|fill| fee(fill, qty, settings.fee_bps));
        out.set(&Executions::SOURCE_ID, SourceId::new(BROKER))
            .set(&Executions::INSTRUMENT_ID, InstrumentId::new(o.instrument))
            .set(&Executions::TS_EVENT, time(o.ended))
            .set(&Executions::TS_RECV, read)
            .set(&Executions::TS_AVAIL, read)
            .set(&Executions::EXEC_ID, report.as_str())
            .set(
                &Executions::EXEC_TYPE,
                if fill.is_some() { ExecType::Trade } else { ExecType::Expired },
            )
            .set(&Executions::SIDE, side(o.is_buy))
            .set(&Executions::LAST_QTY, fill.map(|_| qty))
            .set(&Executions::LAST_PX, px(fill))
            .set(&Executions::DECISION_ID, EventId::from_bytes(o.decision))
            .set(&Executions::ORDER_ID, order.as_str())
            .set(&Executions::ACCOUNT_REF, account(o.policy))
            .set(&Executions::STRATEGY_ID, o.policy.word());
        out.set(&Executions::ORDER_STATUS, if fill.is_some() { "filled" } else { "expired" })
            .set(&Executions::ORDER_TYPE, "market")
            .set(&Executions::TIME_IN_FORCE, "ioc")
            .set(&Executions::ORDER_QTY, qty)
            .set(&Executions::LEAVES_QTY, Amount::ZERO)
            .set(&Executions::CUM_QTY, fill.map_or(Amount::ZERO, |_| qty))
            .set(&Executions::LIQUIDITY, fill.map(|_| Liquidity::Taker))
            .set(&Executions::FEE, fee)
            .set(&Executions::FEE_CCY, fee.map(|_| settings.ccy.as_str()))
            .set(&Executions::FEE_TYPE, fee.map(|_| "exchange"))
            .set(&Executions::IS_FEE_FINAL, fee.map(|_| true))
            .set(&Executions::CCY, settings.ccy.as_str())
            .set(&Executions::TS_SENT, time(o.sent))
            .set(&Executions::TS_ACK, time(o.sent + settings.latency_ns))
            .set(&Executions::ARRIVAL_BID_PX, px(o.arrival.0))
            .set(&Executions::ARRIVAL_ASK_PX, px(o.arrival.1))
            .set(&Executions::EXEC_BID_PX, px(o.filled.and_then(|tick| tick.bid)))
            .set(&Executions::EXEC_ASK_PX, px(o.filled.and_then(|tick| tick.ask)))
            .set(&Executions::IS_RECONCILED, false);
        out.end_row()?;
    }
    Ok(out.finish()?.into_record_batch())
}

/// Price x quantity x basis points, in 1e-9, cut towards zero.
fn fee(px: i64, qty: Amount, fee_bps: Amount) -> Amount {
    let value = i128::from(px).checked_mul(qty.nanos()).map(|value| value / 1_000_000_000);
    let fee = value.and_then(|value| value.checked_mul(fee_bps.nanos()));
    fee.and_then(|fee| Amount::from_nanos(fee / 10_000_000_000_000)).unwrap_or(Amount::ZERO)
}
