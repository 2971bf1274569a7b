//! Rows of the engine to batches of the contract.

use crate::book::{LEVELS, Level, Side};
use crate::columns::{
    Columns, bytes, counts, decimals, flags, ids, maybe_times, prices, sizes, times, words,
};
use crate::desk::STRATEGIES;
use crate::rows::{
    Act, BarPrice, BarRow, DecisionRow, DeltaAction, DeltaRow, DepthRow, ExecutionRow, NewsRow,
    PostingRow, QuoteRow, Report, Stamp, Standing, StatusRow, Style, TapeAction, Timed, TradeRow,
};
use crate::universe::Universe;
use contract::arrow_array::{
    Float64Array, Int64Array, RecordBatch, StringArray, UInt16Array, UInt32Array,
};
use contract::{
    Alternative, Amount, Bars, BookDeltas, Decisions, Depths, Entity, EventId, Executions, Flags,
    InstrumentId, Intelligence, IntelligenceKind, Postings, Price, Quotes, RiskCheck, Signal,
    SourceId, Statuses, TableBuilder, Trades, UtcNanos, kind,
};
use contract::{Column, Decider, DecisionAction, DecisionStatus, ExecType, Liquidity, PostingKind};

/// Sources: market data of venue n has n + 1, its broker reports n + 11.
pub(crate) const BROKER: u16 = 11;
pub(crate) const DESK: u16 = 21;
pub(crate) const BOOKS: u16 = 22;
pub(crate) const NEWS: u16 = 31;

/// The currency of everything: one is enough to prove exactness.
pub(crate) const CCY: &str = "USD";

/// What rows need to become contract rows.
#[derive(Debug, Clone)]
pub(crate) struct Emitter {
    lots: Vec<f64>,
    lot_nanos: Vec<i64>,
    ids: Vec<u32>,
    pub(crate) accounts: [[u8; 16]; 4],
    venues: Vec<String>,
    multipliers: Vec<i64>,
}

/// Envelope columns; `source` is added to the venue's number.
macro_rules! envelope {
    ($columns:ident, $table:ident, $self:ident, $rows:ident, $source:expr, $flags:expr) => {
        $columns.put(
            &$table::SOURCE_ID,
            UInt16Array::from_iter_values($rows.iter().map(|r| u16::from(r.at.venue) + $source)),
        );
        $columns.put(
            &$table::INSTRUMENT_ID,
            UInt32Array::from_iter_values($rows.iter().map(|r| $self.id(&r.at))),
        );
        $columns.put(&$table::TS_EVENT, times($rows.iter().map(|r| r.at.event)));
        $columns.put(&$table::TS_VENUE_SEND, times($rows.iter().map(|r| r.at.event + 10_000)));
        $columns.put(&$table::TS_RECV, times($rows.iter().map(|r| r.at.recv)));
        $columns.put(&$table::TS_AVAIL, times($rows.iter().map(Timed::avail)));
        $columns.put(&$table::FLAGS, UInt16Array::from_iter_values($rows.iter().map($flags)));
    };
}

impl Emitter {
    pub(crate) fn new(universe: &Universe, accounts: [[u8; 16]; 4]) -> Self {
        let listings = &universe.listings;
        Self {
            lots: listings.iter().map(|l| l.lot as f64 / 1e9).collect(),
            lot_nanos: listings.iter().map(|l| l.lot).collect(),
            ids: listings.iter().map(|l| l.id).collect(),
            accounts,
            venues: universe.venues.iter().map(|v| v.name.clone()).collect(),
            multipliers: listings.iter().map(|l| l.multiplier).collect(),
        }
    }

    fn id(&self, at: &Stamp) -> u32 {
        self.ids[usize::from(at.instrument)]
    }

    fn size(&self, at: &Stamp, lots: u32) -> f64 {
        f64::from(lots) * self.lots[usize::from(at.instrument)]
    }

    /// Own quantity in 1e-9 of an instrument unit.
    fn qty(&self, instrument: u16, lots: i64) -> Amount {
        let nanos = i128::from(lots) * i128::from(self.lot_nanos[usize::from(instrument)]);
        Amount::from_nanos(nanos).unwrap_or(Amount::ZERO)
    }

    pub(crate) fn trades(&self, rows: &[TradeRow]) -> RecordBatch {
        let mut c = Columns::<Trades>::new(rows.len());
        envelope!(c, Trades, self, rows, 1, |r| if r.is_last { Flags::LAST.bits() } else { 0 });
        c.put(&Trades::PX, prices(rows.iter().map(|r| r.px)));
        c.put(&Trades::SIZE, sizes(rows.iter().map(|r| self.size(&r.at, r.lots))));
        c.put(
            &Trades::AGGRESSOR,
            bytes(rows.iter().map(|r| match r.aggressor {
                Some(Side::Buy) => b'B',
                Some(Side::Sell) => b'A',
                None => b'N',
            })),
        );
        c.put(
            &Trades::ACTION,
            bytes(rows.iter().map(|r| match r.action {
                TapeAction::Trade => b'T',
                TapeAction::Cancel => b'X',
                TapeAction::Correct => b'C',
            })),
        );
        c.put(
            &Trades::TRADE_ID,
            StringArray::from_iter_values(rows.iter().map(|r| r.trade_id.to_string())),
        );
        let refs = rows.iter().map(|r| r.ref_id.map(|id| id.to_string()));
        c.put(&Trades::REF_TRADE_ID, refs.collect::<StringArray>());
        c.put(&Trades::VENUE_SEQ, counts(rows.iter().map(|r| r.venue_seq)));
        c.put(
            &Trades::VENUE,
            words(
                rows.iter().map(|r| self.venues.get(usize::from(r.at.venue)).map(String::as_str)),
            ),
        );
        c.finish()
    }

    pub(crate) fn quotes(&self, rows: &[QuoteRow]) -> RecordBatch {
        let mut c = Columns::<Quotes>::new(rows.len());
        envelope!(c, Quotes, self, rows, 1, |_| Flags::LAST.bits() | Flags::TOB.bits());
        c.put(&Quotes::BID_PX, rows.iter().map(|r| r.top.map(|t| t.0)).collect::<Int64Array>());
        c.put(&Quotes::ASK_PX, rows.iter().map(|r| r.top.map(|t| t.2)).collect::<Int64Array>());
        c.put(
            &Quotes::BID_SIZE,
            rows.iter()
                .map(|r| r.top.map(|t| self.size(&r.at, t.1.lots)))
                .collect::<Float64Array>(),
        );
        c.put(
            &Quotes::ASK_SIZE,
            rows.iter()
                .map(|r| r.top.map(|t| self.size(&r.at, t.3.lots)))
                .collect::<Float64Array>(),
        );
        c.put(
            &Quotes::BID_CT,
            rows.iter().map(|r| r.top.map(|t| t.1.orders)).collect::<UInt32Array>(),
        );
        c.put(
            &Quotes::ASK_CT,
            rows.iter().map(|r| r.top.map(|t| t.3.orders)).collect::<UInt32Array>(),
        );
        c.put(&Quotes::UPDATE_ID, counts(rows.iter().map(|r| r.update_id)));
        c.put(&Quotes::VENUE_SEQ, counts(rows.iter().map(|r| r.venue_seq)));
        c.finish()
    }

    pub(crate) fn depths(&self, rows: &[DepthRow]) -> RecordBatch {
        let mut c = Columns::<Depths>::new(rows.len());
        envelope!(c, Depths, self, rows, 1, |_| Flags::LAST.bits() | Flags::MBP.bits());
        for (k, names) in DEPTHS.iter().enumerate() {
            let step = i64::try_from(k).unwrap_or(0);
            let level = |side: &[Level; LEVELS]| side[k];
            c.put(
                &names.bid_px,
                rows.iter()
                    .map(|r| r.top.map(|(bid, _, tick)| bid - step * tick))
                    .collect::<Int64Array>(),
            );
            c.put(
                &names.ask_px,
                rows.iter()
                    .map(|r| r.top.map(|(_, ask, tick)| ask + step * tick))
                    .collect::<Int64Array>(),
            );
            let bid_sizes =
                rows.iter().map(|r| r.top.map(|_| self.size(&r.at, level(&r.bids).lots)));
            c.put(&names.bid_size, bid_sizes.collect::<Float64Array>());
            let ask_sizes =
                rows.iter().map(|r| r.top.map(|_| self.size(&r.at, level(&r.asks).lots)));
            c.put(&names.ask_size, ask_sizes.collect::<Float64Array>());
            c.put(
                &names.bid_ct,
                rows.iter().map(|r| r.top.map(|_| level(&r.bids).orders)).collect::<UInt32Array>(),
            );
            c.put(
                &names.ask_ct,
                rows.iter().map(|r| r.top.map(|_| level(&r.asks).orders)).collect::<UInt32Array>(),
            );
        }
        c.put(&Depths::UPDATE_ID, counts(rows.iter().map(|r| r.update_id)));
        c.put(&Depths::VENUE_SEQ, counts(rows.iter().map(|r| r.venue_seq)));
        c.put(&Depths::BOOK_STATE, bytes(rows.iter().map(|_| b'O')));
        c.finish()
    }

    pub(crate) fn deltas(&self, rows: &[DeltaRow]) -> RecordBatch {
        let mut c = Columns::<BookDeltas>::new(rows.len());
        envelope!(c, BookDeltas, self, rows, 1, |r| {
            let last = if r.is_last { Flags::LAST } else { Flags::NONE };
            last.with(if r.is_snapshot { Flags::SNAPSHOT } else { Flags::NONE })
                .with(Flags::MBP)
                .bits()
        });
        c.put(
            &BookDeltas::ACTION,
            bytes(rows.iter().map(|r| match r.action {
                DeltaAction::Modify => b'M',
                DeltaAction::Clear => b'R',
            })),
        );
        c.put(
            &BookDeltas::SIDE,
            bytes(rows.iter().map(|r| match r.side {
                Some(Side::Buy) => b'B',
                Some(Side::Sell) => b'A',
                None => b'N',
            })),
        );
        c.put(&BookDeltas::PX, rows.iter().map(|r| r.px).collect::<Int64Array>());
        c.put(&BookDeltas::SIZE, sizes(rows.iter().map(|r| self.size(&r.at, r.lots))));
        c.put(&BookDeltas::FIRST_UPDATE_ID, counts(rows.iter().map(|r| r.update_id)));
        c.put(&BookDeltas::FINAL_UPDATE_ID, counts(rows.iter().map(|r| r.update_id)));
        c.put(&BookDeltas::PREV_FINAL_UPDATE_ID, counts(rows.iter().map(|r| r.update_id - 1)));
        c.put(&BookDeltas::VENUE_SEQ, counts(rows.iter().map(|r| r.venue_seq)));
        c.finish()
    }

    pub(crate) fn bars(&self, rows: &[BarRow]) -> RecordBatch {
        let mut c = Columns::<Bars>::new(rows.len());
        envelope!(c, Bars, self, rows, 1, |_| Flags::LAST.bits());
        c.put(&Bars::TS_OPEN, times(rows.iter().map(|r| r.open_ts)));
        c.put(&Bars::TS_CLOSE, times(rows.iter().map(|r| r.close_ts)));
        c.put(&Bars::STEP_NS, prices(rows.iter().map(|r| r.close_ts - r.open_ts)));
        c.put(
            &Bars::PRICE_TYPE,
            words(rows.iter().map(|r| {
                Some(match r.price {
                    BarPrice::Trade => "trade",
                    BarPrice::Bid => "bid",
                    BarPrice::Ask => "ask",
                })
            })),
        );
        c.put(&Bars::OPEN, prices(rows.iter().map(|r| r.open)));
        c.put(&Bars::HIGH, prices(rows.iter().map(|r| r.high)));
        c.put(&Bars::LOW, prices(rows.iter().map(|r| r.low)));
        c.put(&Bars::CLOSE, prices(rows.iter().map(|r| r.close)));
        let traded = |r: &BarRow| r.price == BarPrice::Trade;
        let volume = |r: &BarRow| r.lots as f64 * self.lots[usize::from(r.at.instrument)];
        let px_lots = |r: &BarRow| r.px_lots as f64 / 1e9;
        c.put(
            &Bars::VOLUME,
            rows.iter().map(|r| traded(r).then(|| volume(r))).collect::<Float64Array>(),
        );
        let notional = |r: &BarRow| {
            let at = usize::from(r.at.instrument);
            px_lots(r) * self.lots[at] * self.multipliers[at] as f64
        };
        c.put(
            &Bars::NOTIONAL,
            rows.iter().map(|r| traded(r).then(|| notional(r))).collect::<Float64Array>(),
        );
        c.put(
            &Bars::VWAP,
            rows.iter()
                .map(|r| traded(r).then(|| px_lots(r) / r.lots as f64))
                .collect::<Float64Array>(),
        );
        c.put(
            &Bars::N_TRADES,
            rows.iter().map(|r| traded(r).then_some(r.n_trades)).collect::<UInt32Array>(),
        );
        c.put(&Bars::IS_FINAL, flags(rows.iter().map(|_| true)));
        c.put(&Bars::REVISION, UInt16Array::from_iter_values(rows.iter().map(|_| 0)));
        c.finish()
    }

    pub(crate) fn statuses(&self, rows: &[StatusRow]) -> RecordBatch {
        let mut c = Columns::<Statuses>::new(rows.len());
        envelope!(c, Statuses, self, rows, 1, |_| Flags::LAST.bits());
        c.put(&Statuses::ACTION, words(rows.iter().map(|r| Some(r.action))));
        c.put(&Statuses::REASON, words(rows.iter().map(|r| r.reason)));
        c.put(&Statuses::IS_TRADING, flags(rows.iter().map(|r| r.is_trading)));
        c.put(&Statuses::IS_QUOTING, flags(rows.iter().map(|r| r.is_quoting)));
        c.put(&Statuses::REVISION, UInt16Array::from_iter_values(rows.iter().map(|_| 0)));
        c.finish()
    }

    pub(crate) fn executions(&self, rows: &[ExecutionRow]) -> RecordBatch {
        let mut c = Columns::<Executions>::new(rows.len());
        envelope!(c, Executions, self, rows, BROKER, |_| 0);
        let qty = |r: &ExecutionRow, lots: i64| Some(self.qty(r.at.instrument, lots).nanos());
        c.put(
            &Executions::EXEC_ID,
            StringArray::from_iter_values(rows.iter().map(|r| format!("E{}", r.exec_id))),
        );
        c.put(
            &Executions::EXEC_TYPE,
            words(rows.iter().map(|r| Some(contract::Vocabulary::word(report(r.report))))),
        );
        c.put(&Executions::SIDE, words(rows.iter().map(|r| Some(side_word(r.side)))));
        c.put(
            &Executions::LAST_QTY,
            decimals(rows.iter().map(|r| r.last.and_then(|(lots, _)| qty(r, lots)))),
        );
        c.put(
            &Executions::LAST_PX,
            rows.iter().map(|r| r.last.map(|(_, px)| px)).collect::<Int64Array>(),
        );
        let text = |id: Option<u64>, prefix: &str| id.map(|id| format!("{prefix}{id}"));
        c.put(
            &Executions::EXEC_REF_ID,
            rows.iter().map(|r| text(r.ref_id, "E")).collect::<StringArray>(),
        );
        c.put(&Executions::DECISION_ID, ids(rows.iter().map(|r| r.decision.as_ref())));
        c.put(
            &Executions::ORDER_ID,
            rows.iter().map(|r| text(r.order, "O")).collect::<StringArray>(),
        );
        c.put(
            &Executions::ORIG_ORDER_ID,
            rows.iter().map(|r| text(r.orig_order, "O")).collect::<StringArray>(),
        );
        c.put(
            &Executions::VENUE_ORDER_ID,
            rows.iter().map(|r| text(r.order, "V")).collect::<StringArray>(),
        );
        c.put(
            &Executions::TRADE_MATCH_ID,
            rows.iter().map(|r| text(r.trade_id, "")).collect::<StringArray>(),
        );
        c.put(
            &Executions::ACCOUNT_REF,
            ids(rows.iter().map(|r| self.accounts.get(usize::from(r.strategy)))),
        );
        c.put(
            &Executions::STRATEGY_ID,
            words(rows.iter().map(|r| STRATEGIES.get(usize::from(r.strategy)).copied())),
        );
        c.put(&Executions::ORDER_STATUS, words(rows.iter().map(|r| Some(order_status(r)))));
        c.put(&Executions::ORDER_TYPE, words(rows.iter().map(|r| Some(style_word(r.style).0))));
        c.put(&Executions::TIME_IN_FORCE, words(rows.iter().map(|r| Some(style_word(r.style).1))));
        c.put(&Executions::REJECT_REASON, words(rows.iter().map(|r| r.reject)));
        c.put(&Executions::ORDER_QTY, decimals(rows.iter().map(|r| qty(r, r.order_lots))));
        c.put(&Executions::LEAVES_QTY, decimals(rows.iter().map(|r| qty(r, r.leaves))));
        c.put(&Executions::CUM_QTY, decimals(rows.iter().map(|r| qty(r, r.cum))));
        c.put(&Executions::LIMIT_PX, rows.iter().map(|r| r.limit).collect::<Int64Array>());
        c.put(
            &Executions::VENUE,
            words(
                rows.iter().map(|r| self.venues.get(usize::from(r.at.venue)).map(String::as_str)),
            ),
        );
        c.put(
            &Executions::LIQUIDITY,
            words(rows.iter().map(|r| {
                let word = if r.is_maker { Liquidity::Maker } else { Liquidity::Taker };
                r.fee.map(|_| contract::Vocabulary::word(word))
            })),
        );
        c.put(&Executions::FEE, decimals(rows.iter().map(|r| r.fee)));
        c.put(&Executions::FEE_CCY, words(rows.iter().map(|r| r.fee.map(|_| CCY))));
        c.put(
            &Executions::FEE_TYPE,
            words(rows.iter().map(|r| {
                r.fee.map(|fee| {
                    if r.is_liquidation {
                        "liquidation"
                    } else if fee < 0 {
                        "rebate"
                    } else {
                        "exchange"
                    }
                })
            })),
        );
        c.put(&Executions::IS_FEE_FINAL, rows.iter().map(|r| r.fee.map(|_| true)).collect());
        c.put(&Executions::CCY, words(rows.iter().map(|_| Some(CCY))));
        c.put(&Executions::TS_SENT, maybe_times(rows.iter().map(|r| r.ts_sent)));
        c.put(&Executions::TS_ACK, maybe_times(rows.iter().map(|r| r.ts_ack)));
        c.put(
            &Executions::ARRIVAL_BID_PX,
            rows.iter().map(|r| r.arrival.map(|q| q.0)).collect::<Int64Array>(),
        );
        c.put(
            &Executions::ARRIVAL_ASK_PX,
            rows.iter().map(|r| r.arrival.map(|q| q.1)).collect::<Int64Array>(),
        );
        c.put(
            &Executions::EXEC_BID_PX,
            rows.iter().map(|r| r.exec_quote.map(|q| q.0)).collect::<Int64Array>(),
        );
        c.put(
            &Executions::EXEC_ASK_PX,
            rows.iter().map(|r| r.exec_quote.map(|q| q.1)).collect::<Int64Array>(),
        );
        c.put(&Executions::IS_RECONCILED, flags(rows.iter().map(|_| false)));
        c.finish()
    }

    /// Decisions, row by row: the one table with many lists. `md_seq_high` is set when all rows have their place.
    pub(crate) fn decisions(
        &self,
        rows: &[DecisionRow],
    ) -> Result<RecordBatch, contract::BuildError> {
        let mut out = TableBuilder::<Decisions>::new(UtcNanos::from_nanos(0));
        let time = UtcNanos::from_nanos;
        for r in rows {
            let at = usize::from(r.instrument);
            let signals: Vec<Signal> = r
                .signals
                .iter()
                .map(|(name, value, weight, avail)| Signal {
                    name: (*name).to_owned(),
                    value: *value,
                    weight: Some(*weight),
                    version: Some("1".to_owned()),
                    ts_avail: (*avail > 0).then(|| time(*avail)),
                })
                .collect();
            let alternatives: Vec<Alternative> = r
                .alternatives
                .iter()
                .map(|(action, score, prob)| Alternative {
                    action: (*action).to_owned(),
                    score: Some(*score),
                    prob: *prob,
                })
                .collect();
            let checks: Vec<RiskCheck> = r
                .checks
                .iter()
                .map(|(rule, passed, value, limit)| RiskCheck {
                    rule: (*rule).to_owned(),
                    passed: *passed,
                    value: Some(*value),
                    limit: Some(*limit),
                })
                .collect();
            let px = Price::from_nanos;
            let account = EventId::from_bytes(self.accounts[usize::from(r.strategy)]);
            let notional = i128::from(r.view.bid)
                * i128::from(self.lot_nanos[at])
                * i128::from(r.lots)
                * i128::from(self.multipliers[at])
                / 1_000_000_000;
            out.set(&Decisions::SOURCE_ID, SourceId::new(DESK))
                .set(&Decisions::INSTRUMENT_ID, InstrumentId::new(self.ids[at]))
                .set(&Decisions::TS_EVENT, time(r.ts))
                .set(&Decisions::TS_RECV, time(r.ts))
                .set(&Decisions::TS_AVAIL, time(r.avail()))
                .set(&Decisions::CLOCK_OFFSET_NS, 0)
                .set(&Decisions::DECISION_ID, EventId::from_bytes(r.id))
                .set(&Decisions::STRATEGY_ID, STRATEGIES[usize::from(r.strategy)])
                .set(&Decisions::ACTION, act(r.act))
                .set(
                    &Decisions::STATUS,
                    match r.standing {
                        Standing::Submitted => DecisionStatus::Submitted,
                        Standing::Denied => DecisionStatus::Denied,
                        Standing::Suppressed => DecisionStatus::Suppressed,
                    },
                )
                .set(&Decisions::SIDE, r.side.map(side))
                .set(&Decisions::QTY, r.side.map(|_| self.qty(r.instrument, r.lots)))
                .set(
                    &Decisions::STRATEGY_VERSION,
                    if usize::from(r.strategy) == 0 { "2" } else { "1" },
                )
                .set(&Decisions::DENIED_REASON, r.denied_reason)
                .set(&Decisions::PARENT_DECISION_ID, r.parent.map(EventId::from_bytes))
                .set(&Decisions::GROUP_ID, r.group.map(EventId::from_bytes));
            let order = r.order.map(|o| format!("O{o}"));
            out.set(&Decisions::ORDER_ID, order.as_deref())
                .set(&Decisions::ACCOUNT_REF, account)
                .set(&Decisions::DECIDER, Decider::Algorithm)
                .set(&Decisions::TS_SIGNAL, time(r.ts_signal))
                .set(&Decisions::TS_SENT, r.ts_sent.map(time))
                .set(&Decisions::HORIZON_NS, r.horizon)
                .set(&Decisions::ORDER_TYPE, r.style.map(|s| style_word(s).0))
                .set(&Decisions::TIME_IN_FORCE, r.style.map(|s| style_word(s).1))
                .set(&Decisions::CCY, CCY)
                .set(&Decisions::LIMIT_PX, r.limit.map(px))
                .set(&Decisions::TAKE_PROFIT_PX, r.barriers.map(|b| px(b.0)))
                .set(&Decisions::STOP_LOSS_PX, r.barriers.map(|b| px(b.1)))
                .set(&Decisions::POSITION_BEFORE, self.qty(r.instrument, r.before))
                .set(&Decisions::POSITION_TARGET, self.qty(r.instrument, r.target))
                .set(&Decisions::NOTIONAL, r.side.and(Amount::from_nanos(notional)))
                .set(&Decisions::EXPECTED_RETURN_BPS, r.expected_bps)
                .set(&Decisions::EXPECTED_COST_BPS, r.cost_bps)
                .set(&Decisions::CONFIDENCE, r.confidence)
                .set(&Decisions::ACTION_PROB, r.prob)
                .set(&Decisions::IS_EXPLORATION, r.is_exploration)
                .set(&Decisions::SIGNALS, signals.as_slice())
                .set(&Decisions::ALTERNATIVES, alternatives.as_slice())
                .set(&Decisions::RISK_CHECKS, checks.as_slice())
                .set(&Decisions::BID_PX, px(r.view.bid))
                .set(&Decisions::ASK_PX, px(r.view.ask))
                .set(&Decisions::LAST_PX, r.view.last.map(px))
                .set(&Decisions::BID_SIZE, f64::from(r.view.bid_lots) * self.lots[at])
                .set(&Decisions::ASK_SIZE, f64::from(r.view.ask_lots) * self.lots[at])
                .set(&Decisions::REASON_CODES, [r.reason.to_owned()].as_slice());
            out.end_row()?;
        }
        Ok(out.finish()?.into_record_batch())
    }

    pub(crate) fn news(&self, rows: &[NewsRow]) -> Result<RecordBatch, contract::BuildError> {
        let mut out = TableBuilder::<Intelligence>::new(UtcNanos::from_nanos(0));
        let time = UtcNanos::from_nanos;
        for r in rows {
            let instrument_id = InstrumentId::new(self.ids[usize::from(r.instrument)]);
            let entity = Entity { instrument_id, relevance: 1.0, role: Some("subject".to_owned()) };
            let is_trap = r.trap.is_some();
            out.set(&Intelligence::SOURCE_ID, SourceId::new(NEWS))
                .set(&Intelligence::INSTRUMENT_ID, instrument_id)
                .set(&Intelligence::TS_EVENT, time(r.published))
                .set(&Intelligence::TS_RECV, time(r.recv))
                .set(&Intelligence::TS_AVAIL, time(r.avail))
                .set(&Intelligence::DOC_ID, EventId::from_bytes(r.doc_id))
                .set(
                    &Intelligence::KIND,
                    if is_trap { IntelligenceKind::Other } else { IntelligenceKind::News },
                )
                .set(&Intelligence::ENTITIES, [entity].as_slice())
                .set(&Intelligence::TS_SCORED, time(r.scored))
                .set(&Intelligence::SENTIMENT, (!is_trap).then_some(r.sentiment))
                .set(&Intelligence::SENTIMENT_CONFIDENCE, (!is_trap).then_some(r.confidence))
                .set(&Intelligence::MAGNITUDE, (!is_trap).then_some(r.noise))
                .set(&Intelligence::SCORER_ID, "sim_scorer")
                .set(&Intelligence::SCORER_VERSION, "1")
                .set(&Intelligence::SERIES, is_trap.then_some("leak_trap"))
                .set(&Intelligence::VALUE, r.trap);
            out.end_row()?;
        }
        Ok(out.finish()?.into_record_batch())
    }

    pub(crate) fn postings(
        &self,
        rows: &[PostingRow],
    ) -> Result<RecordBatch, contract::BuildError> {
        let mut out = TableBuilder::<Postings>::new(UtcNanos::from_nanos(0));
        let time = UtcNanos::from_nanos;
        for r in rows {
            let id = r.instrument.map(|i| self.ids[usize::from(i)]);
            let kind = match r.kind {
                "funding" => PostingKind::Funding,
                "deposit" => PostingKind::Deposit,
                _ => PostingKind::Fee,
            };
            let place = id.map_or_else(|| "desk".to_owned(), |i| i.to_string());
            let posting_id = format!("P{}-{}-{place}-{}", r.kind, r.strategy, r.number);
            out.set(&Postings::SOURCE_ID, SourceId::new(BROKER))
                .set(&Postings::INSTRUMENT_ID, id.map(InstrumentId::new))
                .set(&Postings::TS_EVENT, time(r.ts))
                .set(&Postings::TS_RECV, time(r.recv))
                .set(&Postings::TS_AVAIL, time(r.avail()))
                .set(&Postings::POSTING_ID, posting_id.as_str())
                .set(
                    &Postings::ACCOUNT_REF,
                    EventId::from_bytes(self.accounts[usize::from(r.strategy)]),
                )
                .set(&Postings::KIND, kind)
                .set(&Postings::CCY, CCY)
                .set(&Postings::AMOUNT, Amount::from_nanos(r.amount).unwrap_or(Amount::ZERO));
            out.end_row()?;
        }
        Ok(out.finish()?.into_record_batch())
    }
}

fn act(act: Act) -> DecisionAction {
    match act {
        Act::Enter => DecisionAction::Enter,
        Act::Exit => DecisionAction::Exit,
        Act::Increase => DecisionAction::Increase,
        Act::Reduce => DecisionAction::Reduce,
        Act::Reverse => DecisionAction::Reverse,
        Act::Hedge => DecisionAction::Hedge,
        Act::Hold => DecisionAction::Hold,
        Act::Skip => DecisionAction::Skip,
        Act::Cancel => DecisionAction::Cancel,
        Act::Modify => DecisionAction::Modify,
    }
}

fn side(side: Side) -> contract::Side {
    match side {
        Side::Buy => contract::Side::Buy,
        Side::Sell => contract::Side::Sell,
    }
}

pub(crate) fn side_word(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}

fn style_word(style: Style) -> (&'static str, &'static str) {
    match style {
        Style::Market => ("market", "ioc"),
        Style::Limit => ("limit", "gtc"),
    }
}

fn report(kind: Report) -> ExecType {
    match kind {
        Report::New => ExecType::New,
        Report::Trade => ExecType::Trade,
        Report::Replaced => ExecType::Replaced,
        Report::Canceled => ExecType::Canceled,
        Report::Rejected => ExecType::Rejected,
        Report::Expired => ExecType::Expired,
        Report::Correct => ExecType::TradeCorrect,
        Report::Bust => ExecType::TradeCancel,
    }
}

/// State of the order after the report.
fn order_status(r: &ExecutionRow) -> &'static str {
    match r.report {
        Report::New => "new",
        Report::Replaced => "replaced",
        Report::Canceled => "canceled",
        Report::Rejected => "rejected",
        Report::Expired => "expired",
        Report::Trade | Report::Correct | Report::Bust if r.cum >= r.order_lots => "filled",
        Report::Trade | Report::Correct | Report::Bust => "partially_filled",
    }
}

type Px = Column<Depths, kind::Opt<kind::Px>>;
type Size = Column<Depths, kind::Opt<kind::Size>>;
type Count = Column<Depths, kind::Opt<kind::U32>>;

/// The six columns of one level.
struct DepthColumns {
    bid_px: Px,
    bid_size: Size,
    bid_ct: Count,
    ask_px: Px,
    ask_size: Size,
    ask_ct: Count,
}

macro_rules! depth {
    ($($bid_px:ident $bid_size:ident $bid_ct:ident $ask_px:ident $ask_size:ident $ask_ct:ident;)*) => {
        /// The columns of `depths`, best level first.
        static DEPTHS: [DepthColumns; LEVELS] = [$(DepthColumns {
            bid_px: Depths::$bid_px,
            bid_size: Depths::$bid_size,
            bid_ct: Depths::$bid_ct,
            ask_px: Depths::$ask_px,
            ask_size: Depths::$ask_size,
            ask_ct: Depths::$ask_ct,
        }),*];
    };
}
depth! {
    BID_PX_00 BID_SIZE_00 BID_CT_00 ASK_PX_00 ASK_SIZE_00 ASK_CT_00;
    BID_PX_01 BID_SIZE_01 BID_CT_01 ASK_PX_01 ASK_SIZE_01 ASK_CT_01;
    BID_PX_02 BID_SIZE_02 BID_CT_02 ASK_PX_02 ASK_SIZE_02 ASK_CT_02;
    BID_PX_03 BID_SIZE_03 BID_CT_03 ASK_PX_03 ASK_SIZE_03 ASK_CT_03;
    BID_PX_04 BID_SIZE_04 BID_CT_04 ASK_PX_04 ASK_SIZE_04 ASK_CT_04;
    BID_PX_05 BID_SIZE_05 BID_CT_05 ASK_PX_05 ASK_SIZE_05 ASK_CT_05;
    BID_PX_06 BID_SIZE_06 BID_CT_06 ASK_PX_06 ASK_SIZE_06 ASK_CT_06;
    BID_PX_07 BID_SIZE_07 BID_CT_07 ASK_PX_07 ASK_SIZE_07 ASK_CT_07;
    BID_PX_08 BID_SIZE_08 BID_CT_08 ASK_PX_08 ASK_SIZE_08 ASK_CT_08;
    BID_PX_09 BID_SIZE_09 BID_CT_09 ASK_PX_09 ASK_SIZE_09 ASK_CT_09;
}
