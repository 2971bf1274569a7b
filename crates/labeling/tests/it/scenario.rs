//! Logs as lines of text, so that one scenario can be put to the engine and to the audit.
//!
//! One row a line, `seq` counts the lines; times are nanoseconds, `#` starts a comment, `key=value` words may follow
//! in any order. Rows are of instrument 1, source 1 and strategy `test` unless said otherwise (`i=`, `src=`,
//! `strat=`); `avail=` sets `ts_avail` apart from `ts_recv`.

use contract::{
    Adjustments, Aggressor, Amount, Batch, Decisions, EventId, Executions, FeeSchedules, FeedMarks,
    GapKind, InstrumentId, Instruments, LedgerGaps, MarkKind, Postings, Price, Quotes, References,
    SessionPhase, Sessions, Side, SizeUnit, SourceId, Statuses, Table, TableBuilder, Trades,
    UtcNanos, Vocabulary,
};
use labeling::Inputs;

/// The id of a decision, account or other thing with a name.
pub(crate) fn id(name: &str) -> EventId {
    let mut bytes = [0_u8; 16];
    for (byte, letter) in bytes.iter_mut().zip(name.bytes()) {
        *byte = letter;
    }
    EventId::from_bytes(bytes)
}

/// A line without its first word: words, and values by key.
struct Line<'t> {
    seq: u64,
    text: &'t str,
    words: Vec<&'t str>,
    keys: Vec<(&'t str, &'t str)>,
}

impl<'t> Line<'t> {
    fn word(&self, at: usize) -> &'t str {
        self.words.get(at).unwrap_or_else(|| panic!("word {at} of `{}`", self.text))
    }

    fn get(&self, key: &str) -> Option<&'t str> {
        self.keys.iter().find(|(name, _)| *name == key).map(|(_, value)| *value)
    }

    fn ts(&self, at: usize) -> UtcNanos {
        self.nanos(self.word(at))
    }

    fn nanos(&self, text: &str) -> UtcNanos {
        UtcNanos::from_nanos(text.parse().unwrap_or_else(|_| panic!("time in `{}`", self.text)))
    }

    fn whole(&self, key: &str) -> Option<i64> {
        self.get(key).map(|text| self.nanos(text).nanos())
    }

    fn number(&self, key: &str) -> Option<f64> {
        self.get(key).map(|text| text.parse().unwrap())
    }

    fn px(&self, key: &str) -> Option<Price> {
        self.get(key).map(|text| Price::parse(text).unwrap())
    }

    fn amount(&self, key: &str) -> Option<Amount> {
        self.get(key).map(|text| Amount::parse(text).unwrap())
    }

    fn pick<E: Vocabulary>(&self, at: usize) -> E {
        E::from_word(self.word(at)).unwrap_or_else(|| panic!("`{}`", self.text))
    }

    fn instrument(&self) -> InstrumentId {
        InstrumentId::new(self.get("i").map_or(1, |text| text.parse().unwrap()))
    }

    fn source(&self) -> SourceId {
        SourceId::new(self.get("src").map_or(1, |text| text.parse().unwrap()))
    }
}

/// One batch a row, so that rows of any tables interleave.
fn one<T: Table>(line: &Line<'_>, set: impl FnOnce(&mut TableBuilder<T>)) -> Batch<T> {
    let mut rows = TableBuilder::<T>::new(UtcNanos::from_nanos(0));
    set(&mut rows);
    rows.end_row().unwrap_or_else(|error| panic!("{error} in `{}`", line.text));
    rows.finish().unwrap_or_else(|error| panic!("{error} in `{}`", line.text)).with_seq(line.seq)
}

macro_rules! envelope {
    ($rows:ident, $table:ident, $line:ident, $ts:expr) => {{
        let ts = $ts;
        let avail = $line.whole("avail").map_or(ts, UtcNanos::from_nanos);
        $rows
            .set(&$table::SOURCE_ID, $line.source())
            .set(&$table::TS_RECV, ts)
            .set(&$table::TS_AVAIL, avail)
            .set(&$table::FLAGS, $line.get("flags").map_or(0, |text| text.parse::<u16>().unwrap()));
    }};
}

/// Reads a log.
pub(crate) fn log(text: &str) -> Inputs {
    let mut inputs = Inputs::default();
    for (seq, text) in (1..).zip(text.lines()) {
        let line = text.split('#').next().unwrap_or("");
        let mut words = line.split_whitespace();
        let Some(kind) = words.next() else { continue };
        let (keyed, words): (Vec<&str>, Vec<&str>) = words.partition(|word| word.contains('='));
        let keys = keyed.into_iter().filter_map(|word| word.split_once('=')).collect();
        let line = Line { seq, text, words, keys };
        match kind {
            "quote" => inputs.quotes.push(quote(&line)),
            "clock" => inputs.quotes.push(quote(&Line {
                words: vec![line.word(0), "1", "1"],
                keys: vec![("i", "999"), ("src", "9")],
                ..line
            })),
            "trade" => inputs.trades.push(trade(&line)),
            "status" => inputs.statuses.push(status(&line)),
            "decide" => inputs.decisions.push(decision(&line)),
            "fill" | "order" | "correct" | "bust" => inputs.executions.push(execution(kind, &line)),
            "post" => inputs.postings.push(posting(&line)),
            "gap" => inputs.feed_marks.push(gap(&line)),
            "lost" => inputs.ledger_gaps.push(lost(&line)),
            "adjust" => inputs.adjustments.push(adjustment(&line)),
            "fees" => inputs.fee_schedules.push(fees(&line)),
            "instrument" => inputs.instruments.push(instrument(&line)),
            "session" => inputs.sessions.push(session(&line)),
            "ref" => inputs.references.push(reference(&line)),
            _ => panic!("unknown row `{text}`"),
        }
    }
    inputs
}

/// `quote TS BID ASK`, `-` for an empty side.
fn quote(line: &Line<'_>) -> Batch<Quotes> {
    let side = |at| (line.word(at) != "-").then(|| Price::parse(line.word(at)).unwrap());
    one(line, |rows: &mut TableBuilder<Quotes>| {
        envelope!(rows, Quotes, line, line.ts(0));
        rows.set(&Quotes::INSTRUMENT_ID, line.instrument())
            .set(&Quotes::BID_PX, side(1))
            .set(&Quotes::ASK_PX, side(2));
    })
}

/// `trade TS PX [T|X|C] id= ref=`.
fn trade(line: &Line<'_>) -> Batch<Trades> {
    let action = if line.words.len() > 2 { line.pick(2) } else { contract::TradeAction::Trade };
    one(line, |rows: &mut TableBuilder<Trades>| {
        envelope!(rows, Trades, line, line.ts(0));
        rows.set(&Trades::INSTRUMENT_ID, line.instrument())
            .set(&Trades::PX, Price::parse(line.word(1)).unwrap())
            .set(&Trades::SIZE, 1.0)
            .set(&Trades::AGGRESSOR, Aggressor::Unknown)
            .set(&Trades::ACTION, action)
            .set(&Trades::TRADE_ID, line.get("id"))
            .set(&Trades::REF_TRADE_ID, line.get("ref"));
    })
}

/// `status TS halt|open`.
fn status(line: &Line<'_>) -> Batch<Statuses> {
    one(line, |rows: &mut TableBuilder<Statuses>| {
        envelope!(rows, Statuses, line, line.ts(0));
        rows.set(&Statuses::INSTRUMENT_ID, line.instrument())
            .set(&Statuses::ACTION, if line.word(1) == "halt" { "halt" } else { "trading" })
            .set(&Statuses::IS_TRADING, line.word(1) != "halt");
    })
}

/// `decide TS NAME ACTION [SIDE] [QTY] h= status= tp= sl= bid= ask= last= pos= order= acct= cost= mdseq=`.
fn decision(line: &Line<'_>) -> Batch<Decisions> {
    let side = line.words.get(3).map(|_| line.pick::<Side>(3));
    let qty = line.words.get(4).map(|text| Amount::parse(text).unwrap());
    let status = line.get("status").map(|w| contract::DecisionStatus::from_word(w).unwrap());
    one(line, |rows: &mut TableBuilder<Decisions>| {
        envelope!(rows, Decisions, line, line.ts(0));
        rows.set(&Decisions::TS_EVENT, line.ts(0))
            .set(&Decisions::INSTRUMENT_ID, line.instrument())
            .set(&Decisions::DECISION_ID, id(line.word(1)))
            .set(&Decisions::STRATEGY_ID, line.get("strat").unwrap_or("test"))
            .set(&Decisions::ACTION, line.pick::<contract::DecisionAction>(2))
            .set(&Decisions::SIDE, side)
            .set(&Decisions::QTY, qty)
            .set(&Decisions::HORIZON_NS, line.whole("h"))
            .set(&Decisions::TAKE_PROFIT_PX, line.px("tp"))
            .set(&Decisions::STOP_LOSS_PX, line.px("sl"))
            .set(&Decisions::BID_PX, line.px("bid"))
            .set(&Decisions::ASK_PX, line.px("ask"))
            .set(&Decisions::LAST_PX, line.px("last"))
            .set(&Decisions::POSITION_BEFORE, line.amount("pos"))
            .set(&Decisions::ORDER_ID, line.get("order"))
            .set(&Decisions::ACCOUNT_REF, line.get("acct").map(id))
            .set(&Decisions::EXPECTED_COST_BPS, line.number("cost"))
            .set(&Decisions::MD_SEQ_HIGH, line.get("mdseq").map(|text| text.parse().unwrap()));
        if let Some(status) = status {
            rows.set(&Decisions::STATUS, status);
        }
    })
}

/// `fill|order|correct|bust TS EXEC_ID SIDE [QTY PX] d= order= ref= fee= ccy= final= liq= acct= abid= aask= bid= ask=`.
fn execution(kind: &str, line: &Line<'_>) -> Batch<Executions> {
    let kind = match kind {
        "fill" => contract::ExecType::Trade,
        "order" => contract::ExecType::New,
        "correct" => contract::ExecType::TradeCorrect,
        _ => contract::ExecType::TradeCancel,
    };
    let strategy = match line.get("d") {
        Some(_) => line.get("strat"),
        None => Some(line.get("strat").unwrap_or("test")),
    };
    one(line, |rows: &mut TableBuilder<Executions>| {
        envelope!(rows, Executions, line, line.ts(0));
        rows.set(&Executions::INSTRUMENT_ID, line.instrument())
            .set(&Executions::EXEC_ID, line.word(1))
            .set(&Executions::EXEC_TYPE, kind)
            .set(&Executions::SIDE, line.pick::<Side>(2))
            .set(&Executions::LAST_QTY, line.words.get(3).map(|t| Amount::parse(t).unwrap()))
            .set(&Executions::LAST_PX, line.words.get(4).map(|t| Price::parse(t).unwrap()))
            .set(&Executions::EXEC_REF_ID, line.get("ref"))
            .set(&Executions::DECISION_ID, line.get("d").map(id))
            .set(&Executions::ORDER_ID, line.get("order"))
            .set(&Executions::ACCOUNT_REF, line.get("acct").map(id))
            .set(&Executions::STRATEGY_ID, strategy)
            .set(&Executions::FEE, line.amount("fee"))
            .set(&Executions::FEE_CCY, line.get("fee").map(|_| line.get("ccy").unwrap_or("USD")))
            .set(&Executions::IS_FEE_FINAL, line.get("final").map(|text| text == "true"))
            .set(&Executions::LIQUIDITY, line.get("liq").map(|w| Vocabulary::from_word(w).unwrap()))
            .set(&Executions::ARRIVAL_BID_PX, line.px("abid"))
            .set(&Executions::ARRIVAL_ASK_PX, line.px("aask"))
            .set(&Executions::EXEC_BID_PX, line.px("bid"))
            .set(&Executions::EXEC_ASK_PX, line.px("ask"));
    })
}

/// `post TS KIND AMOUNT acct= ccy=`.
fn posting(line: &Line<'_>) -> Batch<Postings> {
    one(line, |rows: &mut TableBuilder<Postings>| {
        envelope!(rows, Postings, line, line.ts(0));
        rows.set(&Postings::TS_EVENT, line.ts(0))
            .set(&Postings::INSTRUMENT_ID, line.instrument())
            .set(&Postings::POSTING_ID, line.text)
            .set(&Postings::ACCOUNT_REF, id(line.get("acct").unwrap_or("acct")))
            .set(&Postings::KIND, line.pick::<contract::PostingKind>(1))
            .set(&Postings::CCY, line.get("ccy").unwrap_or("USD"))
            .set(&Postings::AMOUNT, Amount::parse(line.word(2)).unwrap());
    })
}

/// `gap TS FROM TO about=`.
fn gap(line: &Line<'_>) -> Batch<FeedMarks> {
    one(line, |rows: &mut TableBuilder<FeedMarks>| {
        envelope!(rows, FeedMarks, line, line.ts(0));
        let instrument = line.get("i").filter(|word| *word != "-").map(|_| line.instrument());
        rows.set(&FeedMarks::KIND, MarkKind::Gap)
            .set(&FeedMarks::INSTRUMENT_ID, instrument)
            .set(&FeedMarks::ABOUT, line.get("about"))
            .set(&FeedMarks::TS_FROM, line.ts(1))
            .set(&FeedMarks::TS_TO, line.ts(2));
    })
}

/// `lost TS table=`.
fn lost(line: &Line<'_>) -> Batch<LedgerGaps> {
    one(line, |rows: &mut TableBuilder<LedgerGaps>| {
        rows.set(&LedgerGaps::TS_AVAIL, line.ts(0))
            .set(&LedgerGaps::LOG_ID, id("log"))
            .set(&LedgerGaps::KIND, GapKind::Missing)
            .set(&LedgerGaps::TABLE_NAME, line.get("table"))
            .set(&LedgerGaps::TS_DECLARED, line.ts(0));
    })
}

/// `adjust TS KIND num= den=`.
fn adjustment(line: &Line<'_>) -> Batch<Adjustments> {
    one(line, |rows: &mut TableBuilder<Adjustments>| {
        rows.set(&Adjustments::TS_AVAIL, UtcNanos::from_nanos(0))
            .set(&Adjustments::INSTRUMENT_ID, line.instrument())
            .set(&Adjustments::TS_EFFECTIVE, line.ts(0))
            .set(&Adjustments::KIND, line.pick::<contract::AdjustmentKind>(1))
            .set(&Adjustments::NUM, line.whole("num"))
            .set(&Adjustments::DEN, line.whole("den"));
    })
}

/// `fees MAKER TAKER src= acct= min= ccy=`, in basis points.
fn fees(line: &Line<'_>) -> Batch<FeeSchedules> {
    one(line, |rows: &mut TableBuilder<FeeSchedules>| {
        rows.set(&FeeSchedules::TS_AVAIL, UtcNanos::from_nanos(0))
            .set(&FeeSchedules::VALID_FROM, UtcNanos::from_nanos(0))
            .set(&FeeSchedules::SOURCE_ID, line.source())
            .set(&FeeSchedules::ACCOUNT_REF, line.get("acct").map(id))
            .set(&FeeSchedules::INSTRUMENT_ID, line.get("i").map(|_| line.instrument()))
            .set(&FeeSchedules::MAKER_BPS, line.word(0).parse::<f64>().unwrap())
            .set(&FeeSchedules::TAKER_BPS, line.word(1).parse::<f64>().unwrap())
            .set(&FeeSchedules::MIN_FEE, line.amount("min"))
            .set(&FeeSchedules::CCY, line.get("ccy").unwrap_or("USD"));
    })
}

/// `instrument mult= inverse= tick= ccy= settle= cal=`.
fn instrument(line: &Line<'_>) -> Batch<Instruments> {
    one(line, |rows: &mut TableBuilder<Instruments>| {
        rows.set(&Instruments::TS_AVAIL, UtcNanos::from_nanos(0))
            .set(&Instruments::VALID_FROM, UtcNanos::from_nanos(0))
            .set(&Instruments::INSTRUMENT_ID, line.instrument())
            .set(&Instruments::RAW_SYMBOL, "TEST")
            .set(&Instruments::VENUE, "TEST")
            .set(&Instruments::QUOTE_CCY, line.get("ccy").unwrap_or("USD"))
            .set(&Instruments::STATUS, "active")
            .set(&Instruments::ASSET_CLASS, contract::AssetClass::Future)
            .set(&Instruments::SIZE_UNIT, SizeUnit::Contract)
            .set(&Instruments::IS_INVERSE, line.get("inverse") == Some("true"))
            .set(&Instruments::TICK_SIZE, line.px("tick"))
            .set(&Instruments::SETTLE_CCY, line.get("settle"))
            .set(&Instruments::CALENDAR_ID, line.get("cal"));
        if let Some(multiplier) = line.amount("mult") {
            rows.set(&Instruments::MULTIPLIER, multiplier);
        }
    })
}

/// `session START END`, of the calendar `cal`.
fn session(line: &Line<'_>) -> Batch<Sessions> {
    one(line, |rows: &mut TableBuilder<Sessions>| {
        rows.set(&Sessions::TS_AVAIL, UtcNanos::from_nanos(0))
            .set(&Sessions::CALENDAR_ID, "cal")
            .set(&Sessions::LOCAL_DATE, "1970-01-01")
            .set(&Sessions::PHASE, SessionPhase::Regular)
            .set(&Sessions::TS_START, line.ts(0))
            .set(&Sessions::TS_END, line.ts(1))
            .set(&Sessions::UTC_OFFSET_S, 0);
    })
}

/// `ref NAME sigma= beta= cost= bench= avail=`.
fn reference(line: &Line<'_>) -> Batch<References> {
    let bench = line.get("bench").map(|text| InstrumentId::new(text.parse().unwrap()));
    one(line, |rows: &mut TableBuilder<References>| {
        rows.set(&References::DECISION_ID, id(line.word(0)))
            .set(&References::TS_AVAIL, UtcNanos::from_nanos(line.whole("avail").unwrap_or(0)))
            .set(&References::SIGMA_BPS, line.number("sigma"))
            .set(&References::BETA, line.number("beta"))
            .set(&References::EXPECTED_COST_BPS, line.number("cost"))
            .set(&References::BENCHMARK_ID, bench);
    })
}
