//! Own events and scores to batches of the contract.

use super::{BROKER, CCY, DESK, Emitter, NEWS, side_word};
use crate::book::Side;
use crate::columns::{Columns, decimals, flags, ids, maybe_times, times, words};
use crate::desk::STRATEGIES;
use crate::rows::{
    Act, DecisionRow, ExecutionRow, NewsRow, PostingRow, Report, Standing, Style, Timed,
};
use contract::arrow_array::{Int64Array, RecordBatch, StringArray, UInt16Array, UInt32Array};
use contract::{
    Alternative, Amount, Decider, DecisionAction, DecisionStatus, Decisions, Entity, EventId,
    ExecType, Executions, InstrumentId, Intelligence, IntelligenceKind, Liquidity, PostingKind,
    Postings, Price, References, RiskCheck, Signal, SourceId, TableBuilder, UtcNanos,
};

impl Emitter {
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
        self.orders(&mut c, rows);
        c.finish()
    }

    /// Columns about the order rather than about the report.
    fn orders(&self, c: &mut Columns<Executions>, rows: &[ExecutionRow]) {
        let qty = |r: &ExecutionRow, lots: i64| Some(self.qty(r.at.instrument, lots).nanos());
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

    /// Scales that were known just before each decision: `sigma_bps` is of one second.
    pub(crate) fn references(&self, rows: &[DecisionRow], betas: &[f64]) -> RecordBatch {
        let mut c = Columns::<References>::new(rows.len());
        c.put(&References::DECISION_ID, ids(rows.iter().map(|r| Some(&r.id))));
        c.put(&References::TS_AVAIL, times(rows.iter().map(|r| r.ts - 1_000_000)));
        c.put(&References::SIGMA_BPS, rows.iter().map(|r| Some(r.sigma_bps)).collect());
        let beta = |r: &DecisionRow| betas.get(usize::from(r.instrument)).copied();
        c.put(&References::BETA, rows.iter().map(beta).collect());
        c.put(&References::EXPECTED_COST_BPS, rows.iter().map(|r| Some(r.cost_bps)).collect());
        let first = self.ids.first().copied();
        c.put(&References::BENCHMARK_ID, rows.iter().map(|_| first).collect());
        c.finish()
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
