//! Small logs for tests: rows with a place of their own, in any table.

use contract::arrow_array::{ArrayRef, RecordBatch, UInt64Array};
use contract::arrow_schema::Schema;
use contract::{
    Amount, Batch, DecisionAction, Decisions, Draft, EventId, EventTable, ExecType, Executions,
    InstrumentId, Liquidity, Price, Quotes, Side, SourceId, TableBuilder, UtcNanos,
};
use std::sync::Arc;

/// Gives the rows of a draft the `seq`s named.
pub(crate) fn with_seqs<T: EventTable>(draft: Draft<T>, seqs: &[u64]) -> Batch<T> {
    let batch = draft.into_record_batch();
    let numbered = T::SPEC.schema(true);
    let schema = batch.schema();
    let fields: Vec<_> =
        numbered.fields().first().into_iter().chain(schema.fields()).cloned().collect();
    let mut arrays: Vec<ArrayRef> = vec![Arc::new(UInt64Array::from(seqs.to_vec()))];
    arrays.extend(batch.columns().iter().cloned());
    let schema = Schema::new_with_metadata(fields, schema.metadata().clone());
    let batch = RecordBatch::try_new(Arc::new(schema), arrays).unwrap();
    Batch::<T>::parse(&batch).unwrap()
}

/// Id of a decision by its number.
pub(crate) fn id(n: u64) -> EventId {
    let mut bytes = [0_u8; 16];
    bytes[..8].copy_from_slice(&n.to_be_bytes());
    bytes[6] = (bytes[6] & 0x0f) | 0x70;
    bytes[8] = 0x80;
    bytes[9..].copy_from_slice(&n.to_be_bytes()[1..]);
    EventId::from_bytes(bytes)
}

/// A quote: instant, `seq`, bid and ask in nano-units.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Q(pub(crate) i64, pub(crate) u64, pub(crate) Option<i64>, pub(crate) Option<i64>);

pub(crate) fn quotes(instrument: u32, rows: &[Q]) -> Batch<Quotes> {
    let mut out = TableBuilder::<Quotes>::new(UtcNanos::from_nanos(0));
    for Q(ts, _, bid, ask) in rows {
        let ts = UtcNanos::from_nanos(*ts);
        out.set(&Quotes::SOURCE_ID, SourceId::new(1))
            .set(&Quotes::INSTRUMENT_ID, InstrumentId::new(instrument))
            .set(&Quotes::TS_EVENT, ts)
            .set(&Quotes::TS_RECV, ts)
            .set(&Quotes::TS_AVAIL, ts);
        if let Some(bid) = bid {
            out.set(&Quotes::BID_PX, Price::from_nanos(*bid));
        }
        if let Some(ask) = ask {
            out.set(&Quotes::ASK_PX, Price::from_nanos(*ask));
        }
        out.end_row().unwrap();
    }
    let seqs: Vec<u64> = rows.iter().map(|row| row.1).collect();
    with_seqs(out.finish().unwrap(), &seqs)
}

/// A decision; what is not said is null.
#[derive(Debug, Clone)]
pub(crate) struct D {
    pub(crate) n: u64,
    pub(crate) ts: i64,
    pub(crate) seq: u64,
    pub(crate) instrument: u32,
    pub(crate) strategy: String,
    pub(crate) action: DecisionAction,
    pub(crate) side: Option<Side>,
    pub(crate) qty: Option<i128>,
    pub(crate) quote: Option<(i64, i64)>,
    pub(crate) horizon_ns: Option<i64>,
    pub(crate) barriers: Option<(i64, i64)>,
    pub(crate) status: contract::DecisionStatus,
}

impl D {
    pub(crate) fn new(n: u64, ts: i64, seq: u64, side: Side) -> Self {
        Self {
            n,
            ts,
            seq,
            instrument: 7,
            strategy: "momentum".to_owned(),
            action: DecisionAction::Enter,
            side: Some(side),
            qty: Some(1_000_000_000),
            quote: None,
            horizon_ns: None,
            barriers: None,
            status: contract::DecisionStatus::Submitted,
        }
    }
}

pub(crate) fn decisions(rows: &[D]) -> Batch<Decisions> {
    let mut out = TableBuilder::<Decisions>::new(UtcNanos::from_nanos(0));
    for d in rows {
        let ts = UtcNanos::from_nanos(d.ts);
        out.set(&Decisions::DECISION_ID, id(d.n))
            .set(&Decisions::SOURCE_ID, SourceId::new(3))
            .set(&Decisions::INSTRUMENT_ID, InstrumentId::new(d.instrument))
            .set(&Decisions::STRATEGY_ID, d.strategy.as_str())
            .set(&Decisions::TS_EVENT, ts)
            .set(&Decisions::TS_RECV, ts)
            .set(&Decisions::TS_AVAIL, ts)
            .set(&Decisions::STATUS, d.status)
            .set(&Decisions::ACTION, d.action);
        if let Some(side) = d.side {
            out.set(&Decisions::SIDE, side);
        }
        if let Some(qty) = d.qty {
            out.set(&Decisions::QTY, Amount::from_nanos(qty).unwrap());
        }
        if let Some((bid, ask)) = d.quote {
            out.set(&Decisions::BID_PX, Price::from_nanos(bid))
                .set(&Decisions::ASK_PX, Price::from_nanos(ask));
        }
        if let Some(horizon) = d.horizon_ns {
            out.set(&Decisions::HORIZON_NS, horizon);
        }
        if let Some((profit, loss)) = d.barriers {
            out.set(&Decisions::TAKE_PROFIT_PX, Price::from_nanos(profit))
                .set(&Decisions::STOP_LOSS_PX, Price::from_nanos(loss));
        }
        out.end_row().unwrap();
    }
    let seqs: Vec<u64> = rows.iter().map(|row| row.seq).collect();
    with_seqs(out.finish().unwrap(), &seqs)
}

/// A report on an order.
#[derive(Debug, Clone)]
pub(crate) struct E {
    pub(crate) id: String,
    pub(crate) kind: ExecType,
    pub(crate) reference: Option<String>,
    pub(crate) of: Option<u64>,
    pub(crate) ts: i64,
    pub(crate) seq: u64,
    pub(crate) instrument: u32,
    pub(crate) side: Side,
    pub(crate) qty: Option<i128>,
    pub(crate) px: Option<i64>,
    pub(crate) fee: Option<i128>,
}

impl E {
    pub(crate) fn fill(
        id: &str,
        of: u64,
        (ts, seq): (i64, u64),
        side: Side,
        qty: i128,
        px: i64,
    ) -> Self {
        Self {
            id: id.to_owned(),
            kind: ExecType::Trade,
            reference: None,
            of: Some(of),
            ts,
            seq,
            instrument: 7,
            side,
            qty: Some(qty),
            px: Some(px),
            fee: Some(0),
        }
    }
}

pub(crate) fn executions(rows: &[E]) -> Batch<Executions> {
    let mut out = TableBuilder::<Executions>::new(UtcNanos::from_nanos(0));
    for e in rows {
        let ts = UtcNanos::from_nanos(e.ts);
        out.set(&Executions::EXEC_ID, e.id.as_str())
            .set(&Executions::SOURCE_ID, SourceId::new(1))
            .set(&Executions::INSTRUMENT_ID, InstrumentId::new(e.instrument))
            .set(&Executions::EXEC_TYPE, e.kind)
            .set(&Executions::SIDE, e.side)
            .set(&Executions::TS_EVENT, ts)
            .set(&Executions::TS_RECV, ts)
            .set(&Executions::TS_AVAIL, ts)
            .set(&Executions::LIQUIDITY, Liquidity::Taker);
        if let Some(of) = e.of {
            out.set(&Executions::DECISION_ID, id(of));
        }
        if let Some(reference) = &e.reference {
            out.set(&Executions::EXEC_REF_ID, reference.as_str());
        }
        if let Some(qty) = e.qty {
            out.set(&Executions::LAST_QTY, Amount::from_nanos(qty).unwrap());
        }
        if let Some(px) = e.px {
            out.set(&Executions::LAST_PX, Price::from_nanos(px));
        }
        if let Some(fee) = e.fee {
            out.set(&Executions::FEE, Amount::from_nanos(fee).unwrap())
                .set(&Executions::IS_FEE_FINAL, true);
        }
        out.end_row().unwrap();
    }
    let seqs: Vec<u64> = rows.iter().map(|row| row.seq).collect();
    with_seqs(out.finish().unwrap(), &seqs)
}
