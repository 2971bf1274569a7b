//! Own events, and intelligence from outside.

use crate::items::{Alternative, Balance, CodePair, Entity, RiskCheck, Signal};
use crate::kind;
use crate::rules;
use crate::spec::{Class, Default, Tag, Unit, table};
use crate::words::{
    Decider, DecisionAction, DecisionStatus, ExecType, IntelligenceKind, Liquidity, PostingKind,
    Side,
};

table! {
    /// TradingDecisionEvent: one row an instrument that a strategy decided about; holding, skipping and denials are decisions too.
    event Decisions = "decisions", version 1, instrument false kind::Opt<kind::Instrument>,
    key &["decision_id"], rules rules::DECISIONS;
    /// Identity, and the idempotency key: a retry re-uses it.
    16 DECISION_ID: kind::Id = "decision_id", tags(&[Tag::Strategy]);
    /// The strategy that decided.
    17 STRATEGY_ID: kind::OpenCat = "strategy_id", tags(&[Tag::Strategy]), is_scope(true), class(Class::Confidential);
    /// What was decided.
    18 ACTION: kind::Cat<DecisionAction> = "action", tags(&[Tag::Strategy]), class(Class::Confidential);
    /// What became of it: `submitted` unless said otherwise.
    19 STATUS: kind::Cat<DecisionStatus> = "status", default(Default::Word("submitted")), tags(&[Tag::Strategy]), class(Class::Confidential);
    /// Direction; required for enter, exit, increase, reduce and reverse, null for hold.
    20 SIDE: kind::Opt<kind::Cat<Side>> = "side", standard("fix:54"), tags(&[Tag::Strategy]), class(Class::Confidential);
    /// Quantity, above 0; required and null as `side`.
    21 QTY: kind::Opt<kind::Dec> = "qty", standard("fix:38"), unit(Unit::InstrumentUnits), tags(&[Tag::Position]), class(Class::Confidential);
    /// Version of the strategy.
    22 STRATEGY_VERSION: kind::Opt<kind::OpenCat> = "strategy_version", tags(&[Tag::Strategy]);
    /// Why risk control denied it.
    23 DENIED_REASON: kind::Opt<kind::OpenCat> = "denied_reason", tags(&[Tag::Strategy]);
    /// Market regime that the strategy saw.
    24 REGIME: kind::Opt<kind::OpenCat> = "regime", tags(&[Tag::Strategy]);
    /// The decision that this one follows.
    25 PARENT_DECISION_ID: kind::Opt<kind::Id> = "parent_decision_id", tags(&[Tag::Strategy]);
    /// Legs of one idea share it.
    26 GROUP_ID: kind::Opt<kind::Id> = "group_id", tags(&[Tag::Strategy]);
    /// Client order id: the link to `executions`.
    27 ORDER_ID: kind::Opt<kind::Str> = "order_id", standard("fix:11"), class(Class::Confidential);
    /// Opaque token of the account.
    28 ACCOUNT_REF: kind::Opt<kind::Id> = "account_ref", tags(&[Tag::Account]), is_scope(true), class(Class::Confidential);
    /// Opaque token of the portfolio.
    29 PORTFOLIO_REF: kind::Opt<kind::Id> = "portfolio_ref", tags(&[Tag::Account]), is_scope(true), class(Class::Confidential);
    /// Opaque token of the trader.
    30 TRADER_REF: kind::Opt<kind::Id> = "trader_ref", tags(&[Tag::Identity]), class(Class::Personal);
    /// Opaque token of the person who decided.
    31 DECIDER_REF: kind::Opt<kind::Id> = "decider_ref", tags(&[Tag::Identity]), class(Class::Personal);
    /// Who decided (MiFIR: decision within the firm).
    32 DECIDER: kind::Opt<kind::Cat<Decider>> = "decider";
    /// When the signal was seen.
    33 TS_SIGNAL: kind::Opt<kind::Ts> = "ts_signal", unit(Unit::Ns);
    /// When the order left us; `ts_event` is the moment of deciding.
    34 TS_SENT: kind::Opt<kind::Ts> = "ts_sent", unit(Unit::Ns);
    /// Intended holding time, above 0.
    35 HORIZON_NS: kind::Opt<kind::I64> = "horizon_ns", unit(Unit::Ns), tags(&[Tag::Strategy]);
    /// Order type in words.
    36 ORDER_TYPE: kind::Opt<kind::OpenCat> = "order_type", standard("fix:40"), class(Class::Confidential);
    /// Time in force in words.
    37 TIME_IN_FORCE: kind::Opt<kind::OpenCat> = "time_in_force", standard("fix:59"), class(Class::Confidential);
    /// Currency of the money columns.
    38 CCY: kind::Opt<kind::OpenCat> = "ccy", standard("fix:15");
    /// Limit price.
    39 LIMIT_PX: kind::Opt<kind::Px> = "limit_px", standard("fix:44"), tags(&[Tag::Strategy]), class(Class::Confidential);
    /// Stop price of the order.
    40 STOP_PX: kind::Opt<kind::Px> = "stop_px", standard("fix:99"), tags(&[Tag::Strategy]), class(Class::Confidential);
    /// Price at which the profit is taken: a barrier of labeling.
    41 TAKE_PROFIT_PX: kind::Opt<kind::Px> = "take_profit_px", tags(&[Tag::Strategy]), class(Class::Confidential);
    /// Price at which the loss is taken: a barrier of labeling.
    42 STOP_LOSS_PX: kind::Opt<kind::Px> = "stop_loss_px", tags(&[Tag::Strategy]), class(Class::Confidential);
    /// Signed position before.
    43 POSITION_BEFORE: kind::Opt<kind::Dec> = "position_before", unit(Unit::InstrumentUnits), tags(&[Tag::Position]), class(Class::Confidential);
    /// Signed position wanted.
    44 POSITION_TARGET: kind::Opt<kind::Dec> = "position_target", unit(Unit::InstrumentUnits), tags(&[Tag::Position]), class(Class::Confidential);
    /// Value in `ccy`.
    45 NOTIONAL: kind::Opt<kind::Dec> = "notional", unit(Unit::Ccy), tags(&[Tag::Position]), class(Class::Confidential);
    /// Expected return.
    46 EXPECTED_RETURN_BPS: kind::Opt<kind::F64> = "expected_return_bps", unit(Unit::Bps), tags(&[Tag::Strategy]), class(Class::Confidential);
    /// Expected cost.
    47 EXPECTED_COST_BPS: kind::Opt<kind::F64> = "expected_cost_bps", unit(Unit::Bps), tags(&[Tag::Strategy]), class(Class::Confidential);
    /// Confidence in [0, 1].
    48 CONFIDENCE: kind::Opt<kind::F64> = "confidence", unit(Unit::Ratio), tags(&[Tag::Strategy]), class(Class::Confidential);
    /// Probability with which the policy chose this action, in (0, 1].
    49 ACTION_PROB: kind::Opt<kind::F64> = "action_prob", unit(Unit::Prob), tags(&[Tag::Strategy]), class(Class::Confidential);
    /// Whether the action explores.
    50 IS_EXPLORATION: kind::Opt<kind::Bool> = "is_exploration", tags(&[Tag::Strategy]), class(Class::Confidential);
    /// Scores that went in, each with its own availability.
    51 SIGNALS: kind::Opt<kind::Structs<Signal>> = "signals", tags(&[Tag::Strategy]), class(Class::Confidential);
    /// Actions considered and not taken.
    52 ALTERNATIVES: kind::Opt<kind::Structs<Alternative>> = "alternatives", tags(&[Tag::Strategy]), class(Class::Confidential);
    /// Risk rules applied.
    53 RISK_CHECKS: kind::Opt<kind::Structs<RiskCheck>> = "risk_checks", tags(&[Tag::Strategy]), class(Class::Confidential);
    /// The model.
    54 MODEL_ID: kind::Opt<kind::OpenCat> = "model_id", tags(&[Tag::Strategy]);
    /// Its version.
    55 MODEL_VERSION: kind::Opt<kind::OpenCat> = "model_version", tags(&[Tag::Strategy]);
    /// Name of the feature set that it read.
    56 FEATURE_SET: kind::Opt<kind::OpenCat> = "feature_set", tags(&[Tag::Strategy]);
    /// Hash of the model.
    57 MODEL_HASH: kind::Opt<kind::Sha> = "model_hash", tags(&[Tag::Strategy]);
    /// Hash of the feature set.
    58 FEATURE_HASH: kind::Opt<kind::Sha> = "feature_hash", tags(&[Tag::Strategy]);
    /// What the model saw, in the order of `feature_set`.
    59 FEATURE_VECTOR: kind::Opt<kind::ListF64> = "feature_vector", tags(&[Tag::Strategy]), class(Class::Confidential);
    /// Last market-data `seq` that the decider had read.
    60 MD_SEQ_HIGH: kind::Opt<kind::U64> = "md_seq_high", unit(Unit::Count);
    /// The decider's own view of the bid; wins over a rebuilt one.
    61 BID_PX: kind::Opt<kind::Px> = "bid_px";
    /// The decider's own view of the ask.
    62 ASK_PX: kind::Opt<kind::Px> = "ask_px";
    /// The decider's own view of the last price.
    63 LAST_PX: kind::Opt<kind::Px> = "last_px";
    /// The decider's own view of the size bid.
    64 BID_SIZE: kind::Opt<kind::Size> = "bid_size";
    /// The decider's own view of the size offered.
    65 ASK_SIZE: kind::Opt<kind::Size> = "ask_size";
    /// Codes, not prose.
    66 REASON_CODES: kind::Opt<kind::ListStr> = "reason_codes", tags(&[Tag::Strategy]);
    /// Pairs of codes; null unless a producer opts in.
    67 TAGS: kind::Opt<kind::Structs<CodePair>> = "tags", tags(&[Tag::Strategy]);
    /// W3C trace context of the caller.
    68 TRACE_ID: kind::Opt<kind::Id> = "trace_id", standard("w3c:trace-id");
    /// W3C trace context of the caller.
    69 SPAN_ID: kind::Opt<kind::Span> = "span_id", standard("w3c:parent-id");
}

table! {
    /// The whole life of orders; TradeExecutedEvent is `exec_type` trade, trade_correct or trade_cancel.
    event Executions = "executions", version 1, instrument true kind::Instrument,
    key &["source_id", "account_ref", "exec_id", "exec_type"], rules rules::EXECUTIONS;
    /// The venue's id of the report.
    16 EXEC_ID: kind::Str = "exec_id", standard("fix:17"), class(Class::Confidential);
    /// What happened.
    17 EXEC_TYPE: kind::Cat<ExecType> = "exec_type", standard("fix:150"), class(Class::Confidential);
    /// Direction of the order.
    18 SIDE: kind::Cat<Side> = "side", standard("fix:54"), tags(&[Tag::Strategy]), class(Class::Confidential);
    /// Quantity of this fill; required and above 0 for a trade, required for a correction.
    19 LAST_QTY: kind::Opt<kind::Dec> = "last_qty", standard("fix:32"), unit(Unit::InstrumentUnits), tags(&[Tag::Position]), class(Class::Confidential);
    /// Price of this fill; required for trade and trade_correct.
    20 LAST_PX: kind::Opt<kind::Px> = "last_px", standard("fix:31"), tags(&[Tag::Strategy]), class(Class::Confidential);
    /// The fill meant; required for trade_correct and trade_cancel.
    21 EXEC_REF_ID: kind::Opt<kind::Str> = "exec_ref_id", standard("fix:19"), class(Class::Confidential);
    /// The decision behind it; null: manual, or the venue acted.
    22 DECISION_ID: kind::Opt<kind::Id> = "decision_id", tags(&[Tag::Strategy]);
    /// Client order id.
    23 ORDER_ID: kind::Opt<kind::Str> = "order_id", standard("fix:11"), class(Class::Confidential);
    /// The order that a replacement or cancel means.
    24 ORIG_ORDER_ID: kind::Opt<kind::Str> = "orig_order_id", standard("fix:41"), class(Class::Confidential);
    /// The venue's order id.
    25 VENUE_ORDER_ID: kind::Opt<kind::Str> = "venue_order_id", standard("fix:37"), class(Class::Confidential);
    /// The order that this one is a part of.
    26 PARENT_ORDER_ID: kind::Opt<kind::Str> = "parent_order_id", class(Class::Confidential);
    /// The venue's id of the match.
    27 TRADE_MATCH_ID: kind::Opt<kind::Str> = "trade_match_id", standard("fix:880"), class(Class::Confidential);
    /// The venue's id of the position.
    28 POSITION_ID: kind::Opt<kind::Str> = "position_id", class(Class::Confidential);
    /// Opaque token of the account.
    29 ACCOUNT_REF: kind::Opt<kind::Id> = "account_ref", standard("fix:1"), tags(&[Tag::Account]), is_scope(true), class(Class::Confidential);
    /// The strategy.
    30 STRATEGY_ID: kind::Opt<kind::OpenCat> = "strategy_id", tags(&[Tag::Strategy]), is_scope(true), class(Class::Confidential);
    /// State of the order after this report.
    31 ORDER_STATUS: kind::Opt<kind::OpenCat> = "order_status", standard("fix:39"), class(Class::Confidential);
    /// Order type in words.
    32 ORDER_TYPE: kind::Opt<kind::OpenCat> = "order_type", standard("fix:40"), class(Class::Confidential);
    /// Time in force in words.
    33 TIME_IN_FORCE: kind::Opt<kind::OpenCat> = "time_in_force", standard("fix:59"), class(Class::Confidential);
    /// Whether it opens or closes.
    34 POSITION_EFFECT: kind::Opt<kind::OpenCat> = "position_effect", standard("fix:77"), class(Class::Confidential);
    /// Why the venue refused.
    35 REJECT_REASON: kind::Opt<kind::OpenCat> = "reject_reason", standard("fix:103");
    /// Quantity of the order.
    36 ORDER_QTY: kind::Opt<kind::Dec> = "order_qty", standard("fix:38"), unit(Unit::InstrumentUnits), tags(&[Tag::Position]), class(Class::Confidential);
    /// Quantity still open.
    37 LEAVES_QTY: kind::Opt<kind::Dec> = "leaves_qty", standard("fix:151"), unit(Unit::InstrumentUnits), tags(&[Tag::Position]), class(Class::Confidential);
    /// Quantity filled so far.
    38 CUM_QTY: kind::Opt<kind::Dec> = "cum_qty", standard("fix:14"), unit(Unit::InstrumentUnits), tags(&[Tag::Position]), class(Class::Confidential);
    /// Limit price.
    39 LIMIT_PX: kind::Opt<kind::Px> = "limit_px", standard("fix:44"), tags(&[Tag::Strategy]), class(Class::Confidential);
    /// Stop price.
    40 STOP_PX: kind::Opt<kind::Px> = "stop_px", standard("fix:99"), tags(&[Tag::Strategy]), class(Class::Confidential);
    /// Venue of the fill.
    41 VENUE: kind::Opt<kind::OpenCat> = "venue", standard("fix:30");
    /// Whether the fill made or took liquidity.
    42 LIQUIDITY: kind::Opt<kind::Cat<Liquidity>> = "liquidity", standard("fix:851");
    /// Fee in `fee_ccy`; negative is a rebate.
    43 FEE: kind::Opt<kind::Dec> = "fee", standard("fix:137"), unit(Unit::Ccy), tags(&[Tag::Position]), class(Class::Confidential);
    /// Currency of the fee.
    44 FEE_CCY: kind::Opt<kind::OpenCat> = "fee_ccy", standard("fix:138");
    /// Kind of fee.
    45 FEE_TYPE: kind::Opt<kind::OpenCat> = "fee_type", standard("fix:139");
    /// False while the fee is an estimate.
    46 IS_FEE_FINAL: kind::Opt<kind::Bool> = "is_fee_final";
    /// Currency of the price.
    47 CCY: kind::Opt<kind::OpenCat> = "ccy", standard("fix:15");
    /// Currency of settlement.
    48 SETTLE_CCY: kind::Opt<kind::OpenCat> = "settle_ccy", standard("fix:120");
    /// The venue's own figure: a cross-check, never a source of labels.
    49 REALIZED_PNL_VENUE: kind::Opt<kind::Dec> = "realized_pnl_venue", unit(Unit::Ccy), tags(&[Tag::Position]), class(Class::Confidential);
    /// When the order left us.
    50 TS_SENT: kind::Opt<kind::Ts> = "ts_sent", unit(Unit::Ns);
    /// When the venue acknowledged it.
    51 TS_ACK: kind::Opt<kind::Ts> = "ts_ack", unit(Unit::Ns);
    /// Best bid when the order arrived, as captured.
    52 ARRIVAL_BID_PX: kind::Opt<kind::Px> = "arrival_bid_px";
    /// Best ask when the order arrived, as captured.
    53 ARRIVAL_ASK_PX: kind::Opt<kind::Px> = "arrival_ask_px";
    /// Best bid at the fill, as captured.
    54 EXEC_BID_PX: kind::Opt<kind::Px> = "exec_bid_px";
    /// Best ask at the fill, as captured.
    55 EXEC_ASK_PX: kind::Opt<kind::Px> = "exec_ask_px";
    /// True when inferred after a disconnect; INFERRED is set too.
    56 IS_RECONCILED: kind::Bool = "is_reconciled", default(Default::Zero);
    /// W3C trace context of the caller.
    57 TRACE_ID: kind::Opt<kind::Id> = "trace_id", standard("w3c:trace-id");
    /// W3C trace context of the caller.
    58 SPAN_ID: kind::Opt<kind::Span> = "span_id", standard("w3c:parent-id");
}

table! {
    /// State of an account; all money in `ccy`.
    event PortfolioSnapshots = "portfolio_snapshots", version 1, instrument false kind::Opt<kind::Instrument>,
    key &["snapshot_id"], rules rules::PORTFOLIO_SNAPSHOTS;
    /// Identity.
    16 SNAPSHOT_ID: kind::Id = "snapshot_id";
    /// Opaque token of the account.
    17 ACCOUNT_REF: kind::Id = "account_ref", tags(&[Tag::Account]), is_scope(true), class(Class::Confidential);
    /// Currency of the money columns.
    18 CCY: kind::OpenCat = "ccy";
    /// Net value.
    19 EQUITY: kind::Dec = "equity", unit(Unit::Ccy), tags(&[Tag::Position]), class(Class::Confidential);
    /// True for the venue's own report, false when computed by us.
    20 IS_REPORTED: kind::Bool = "is_reported";
    /// Cash.
    21 CASH: kind::Opt<kind::Dec> = "cash", unit(Unit::Ccy), tags(&[Tag::Position]), class(Class::Confidential);
    /// Sum of absolute position values.
    22 GROSS_EXPOSURE: kind::Opt<kind::Dec> = "gross_exposure", unit(Unit::Ccy), tags(&[Tag::Position]), class(Class::Confidential);
    /// Sum of signed position values.
    23 NET_EXPOSURE: kind::Opt<kind::Dec> = "net_exposure", unit(Unit::Ccy), tags(&[Tag::Position]), class(Class::Confidential);
    /// Initial margin required.
    24 MARGIN_INITIAL: kind::Opt<kind::Dec> = "margin_initial", unit(Unit::Ccy), tags(&[Tag::Position]), class(Class::Confidential);
    /// Maintenance margin required.
    25 MARGIN_MAINTENANCE: kind::Opt<kind::Dec> = "margin_maintenance", unit(Unit::Ccy), tags(&[Tag::Position]), class(Class::Confidential);
    /// Profit and loss of open positions.
    26 UNREALIZED_PNL: kind::Opt<kind::Dec> = "unrealized_pnl", unit(Unit::Ccy), tags(&[Tag::Position]), class(Class::Confidential);
    /// Realized in the account's session.
    27 REALIZED_PNL_DAY: kind::Opt<kind::Dec> = "realized_pnl_day", unit(Unit::Ccy), tags(&[Tag::Position]), class(Class::Confidential);
    /// Fees in the account's session.
    28 FEES_DAY: kind::Opt<kind::Dec> = "fees_day", unit(Unit::Ccy), tags(&[Tag::Position]), class(Class::Confidential);
    /// High-water mark of equity.
    29 HIGH_WATER: kind::Opt<kind::Dec> = "high_water", unit(Unit::Ccy), tags(&[Tag::Position]), class(Class::Confidential);
    /// Value of open orders.
    30 OPEN_ORDER_NOTIONAL: kind::Opt<kind::Dec> = "open_order_notional", unit(Unit::Ccy), tags(&[Tag::Position]), class(Class::Confidential);
    /// One-day value at risk at 95 %.
    31 VAR95_1D: kind::Opt<kind::Dec> = "var95_1d", unit(Unit::Ccy), tags(&[Tag::Position]), class(Class::Confidential);
    /// One-day expected shortfall at 95 %.
    32 ES95_1D: kind::Opt<kind::Dec> = "es95_1d", unit(Unit::Ccy), tags(&[Tag::Position]), class(Class::Confidential);
    /// Gross exposure over equity.
    33 LEVERAGE: kind::Opt<kind::F64> = "leverage", unit(Unit::Ratio), tags(&[Tag::Position]), class(Class::Confidential);
    /// Below the high-water mark.
    34 DRAWDOWN_PCT: kind::Opt<kind::F64> = "drawdown_pct", unit(Unit::Pct), tags(&[Tag::Position]), class(Class::Confidential);
    /// Open positions.
    35 N_POSITIONS: kind::Opt<kind::U32> = "n_positions", unit(Unit::Count), tags(&[Tag::Position]), class(Class::Confidential);
    /// Open orders.
    36 N_OPEN_ORDERS: kind::Opt<kind::U32> = "n_open_orders", unit(Unit::Count), tags(&[Tag::Position]), class(Class::Confidential);
    /// The strategy, where the account is divided.
    37 STRATEGY_ID: kind::Opt<kind::OpenCat> = "strategy_id", tags(&[Tag::Strategy]), is_scope(true), class(Class::Confidential);
    /// Where the marks come from.
    38 MARK_SOURCE: kind::Opt<kind::OpenCat> = "mark_source";
    /// Balances by currency, `total = locked + free`.
    39 BALANCES: kind::Opt<kind::Structs<Balance>> = "balances", tags(&[Tag::Position]), class(Class::Confidential);
}

table! {
    /// Positions of a snapshot, one row an instrument.
    event Positions = "positions", version 1, instrument true kind::Instrument,
    key &["snapshot_id", "instrument_id"], rules &[];
    /// The snapshot.
    16 SNAPSHOT_ID: kind::Id = "snapshot_id";
    /// Opaque token of the account.
    17 ACCOUNT_REF: kind::Id = "account_ref", tags(&[Tag::Account]), is_scope(true), class(Class::Confidential);
    /// Signed quantity.
    18 QTY: kind::Dec = "qty", unit(Unit::InstrumentUnits), tags(&[Tag::Position]), class(Class::Confidential);
    /// The strategy.
    19 STRATEGY_ID: kind::Opt<kind::OpenCat> = "strategy_id", tags(&[Tag::Strategy]), is_scope(true), class(Class::Confidential);
    /// Currency of the money columns.
    20 CCY: kind::Opt<kind::OpenCat> = "ccy";
    /// What the position cost: exact money instead of an average price.
    21 COST_BASIS: kind::Opt<kind::Dec> = "cost_basis", unit(Unit::Ccy), tags(&[Tag::Position]), class(Class::Confidential);
    /// Profit and loss at the mark.
    22 UNREALIZED_PNL: kind::Opt<kind::Dec> = "unrealized_pnl", unit(Unit::Ccy), tags(&[Tag::Position]), class(Class::Confidential);
    /// The mark.
    23 MARK_PX: kind::Opt<kind::Px> = "mark_px";
    /// Time of the mark.
    24 TS_MARK: kind::Opt<kind::Ts> = "ts_mark", unit(Unit::Ns);
}

table! {
    /// The cash ledger; `ts_event` is the posting time.
    event Postings = "postings", version 1, instrument false kind::Opt<kind::Instrument>,
    key &["posting_id"], rules rules::POSTINGS;
    /// Identity.
    16 POSTING_ID: kind::Str = "posting_id", class(Class::Confidential);
    /// Opaque token of the account.
    17 ACCOUNT_REF: kind::Id = "account_ref", tags(&[Tag::Account]), is_scope(true), class(Class::Confidential);
    /// What it is.
    18 KIND: kind::Cat<PostingKind> = "kind", class(Class::Confidential);
    /// Currency.
    19 CCY: kind::OpenCat = "ccy";
    /// Signed amount.
    20 AMOUNT: kind::Dec = "amount", unit(Unit::Ccy), tags(&[Tag::Position]), class(Class::Confidential);
    /// Balance after it.
    21 BALANCE_AFTER: kind::Opt<kind::Dec> = "balance_after", unit(Unit::Ccy), tags(&[Tag::Position]), class(Class::Confidential);
    /// The fill behind it.
    22 EXEC_ID: kind::Opt<kind::Str> = "exec_id", class(Class::Confidential);
    /// The position behind it.
    23 POSITION_ID: kind::Opt<kind::Str> = "position_id", class(Class::Confidential);
}

table! {
    /// IntelligenceEvent: scored documents and macro releases; `ts_event` is publication, `ts_recv` first sight.
    event Intelligence = "intelligence", version 1, instrument false kind::Opt<kind::Instrument>,
    key &["doc_id"], rules rules::INTELLIGENCE;
    /// Identity of the document.
    16 DOC_ID: kind::Id = "doc_id";
    /// What it is.
    17 KIND: kind::Cat<IntelligenceKind> = "kind", tags(&[Tag::Licensed]);
    /// 0 for the first score, rising with each later one.
    18 REVISION: kind::U16 = "revision", default(Default::Zero);
    /// The document that this one replaces.
    19 SUPERSEDES: kind::Opt<kind::Id> = "supersedes";
    /// A retraction is a revision with null values.
    20 IS_RETRACTED: kind::Opt<kind::Bool> = "is_retracted";
    /// The publisher's id.
    21 SOURCE_DOC_ID: kind::Opt<kind::Str> = "source_doc_id", tags(&[Tag::Licensed]);
    /// Pointer to the text, never the text.
    22 TEXT_REF: kind::Opt<kind::Str> = "text_ref", tags(&[Tag::Licensed]);
    /// Finds syndicated copies.
    23 CONTENT_HASH: kind::Opt<kind::Sha> = "content_hash";
    /// Language.
    24 LANGUAGE: kind::Opt<kind::OpenCat> = "language";
    /// Licence class.
    25 LICENSE_CLASS: kind::Opt<kind::OpenCat> = "license_class";
    /// Instruments that it is about.
    26 ENTITIES: kind::Opt<kind::Structs<Entity>> = "entities", tags(&[Tag::Licensed]);
    /// Horizon of the score.
    27 HORIZON_NS: kind::Opt<kind::I64> = "horizon_ns", unit(Unit::Ns);
    /// When the model scored it; `ts_avail` is not before.
    28 TS_SCORED: kind::Opt<kind::Ts> = "ts_scored", unit(Unit::Ns);
    /// In [-1, 1].
    29 SENTIMENT: kind::Opt<kind::F64> = "sentiment", unit(Unit::Ratio), tags(&[Tag::Licensed]);
    /// In [0, 1].
    30 SENTIMENT_CONFIDENCE: kind::Opt<kind::F64> = "sentiment_confidence", unit(Unit::Ratio), tags(&[Tag::Licensed]);
    /// In [0, 1].
    31 NOVELTY: kind::Opt<kind::F64> = "novelty", unit(Unit::Ratio), tags(&[Tag::Licensed]);
    /// Free scale.
    32 MAGNITUDE: kind::Opt<kind::F64> = "magnitude", tags(&[Tag::Licensed]);
    /// The scorer.
    33 SCORER_ID: kind::Opt<kind::OpenCat> = "scorer_id";
    /// Its version.
    34 SCORER_VERSION: kind::Opt<kind::OpenCat> = "scorer_version";
    /// Hash of the scorer.
    35 SCORER_HASH: kind::Opt<kind::Sha> = "scorer_hash";
    /// Macro series.
    36 SERIES: kind::Opt<kind::OpenCat> = "series", tags(&[Tag::Licensed]);
    /// Period that the value is about.
    37 OBS_PERIOD: kind::Opt<kind::Str> = "obs_period", tags(&[Tag::Licensed]);
    /// Value as released.
    38 VALUE: kind::Opt<kind::F64> = "value", tags(&[Tag::Licensed]);
}
