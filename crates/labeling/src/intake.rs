//! Batches of contract tables, taken apart into events.

use crate::error::LabelError;
use crate::key::Key;
use crate::rows::{DecisionRow, Event, ExecRow, GapRow, Id, PostingRow, TradeRow, What};
use contract::arrow_array::Array;
use contract::{
    Batch, DecisionAction, Decisions, EventId, EventTable, ExecType, Executions, FeedMarks, Flags,
    LedgerGaps, Liquidity, MarkKind, PostingKind, Postings, Price, Quotes, Statuses, Table,
    TradeAction, Trades, UnknownWord, UtcNanos,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Prices further from 0 than this are no prices.
pub(crate) const MAX_PRICE: u64 = 1 << 61;
/// Instants further from 1970 than this, in nanoseconds, are no instants of a market.
const MAX_INSTANT: u64 = 1 << 61;

/// A row that an event could not be made of.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) row: usize,
    pub(crate) code: &'static str,
    pub(crate) column: &'static str,
    pub(crate) expected: &'static str,
    pub(crate) found: String,
}

/// Events of a batch, each with its row, and the rows that none could be made of.
#[derive(Debug, Default)]
pub(crate) struct Decoded {
    pub(crate) events: Vec<(usize, Event)>,
    pub(crate) refused: Vec<Refused>,
    /// Receipt of every row: what moves the log clock.
    pub(crate) clocks: Vec<i64>,
}

impl Decoded {
    fn refuse(
        &mut self,
        row: usize,
        code: &'static str,
        column: &'static str,
        expected: &'static str,
        found: &dyn ToString,
    ) {
        self.refused.push(Refused { row, code, column, expected, found: found.to_string() });
    }
}

/// Text that repeats, kept once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Words(BTreeMap<Box<str>, Arc<str>>);

impl Words {
    pub(crate) fn intern(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = Arc::from(text);
        self.0.insert(text.into(), Arc::clone(&new));
        new
    }
}

/// How a table becomes events.
pub(crate) trait Decode: Table + Sized {
    fn decode(batch: &Batch<Self>, words: &mut Words, exclude: u16) -> Result<Decoded, LabelError>;
}

fn word(table: &'static str) -> impl Fn(UnknownWord) -> LabelError {
    move |source| LabelError::Word { table, source }
}

/// Path time of every row, with its `seq` and availability.
struct Stamps<'a> {
    recv: &'a contract::arrow_array::TimestampNanosecondArray,
    avail: &'a [i64],
    seq: &'a [u64],
}

impl<'a> Stamps<'a> {
    fn of<T: EventTable>(batch: &'a Batch<T>) -> Self {
        Self { recv: batch.ts_recv(), avail: batch.ts_avail().values(), seq: batch.seq().values() }
    }

    fn avail(&self, row: usize) -> i64 {
        self.avail.get(row).copied().unwrap_or(0)
    }

    fn path(&self, row: usize) -> i64 {
        if self.recv.is_null(row) { self.avail(row) } else { self.recv.value(row) }
    }

    fn key(&self, row: usize) -> Key {
        Key::new(self.path(row), self.seq.get(row).copied().unwrap_or(0))
    }

    fn clocks(&self) -> Vec<i64> {
        (0..self.avail.len()).map(|row| self.path(row)).collect()
    }

    /// Whether the instants of a row are such that differences fit.
    fn is_sane(&self, row: usize) -> bool {
        self.path(row).unsigned_abs() <= MAX_INSTANT
            && self.avail(row).unsigned_abs() <= MAX_INSTANT
    }
}

const SANE: &str = "an instant within 73 years of 1970";

fn pair(bid: Option<Price>, ask: Option<Price>) -> Option<(i64, i64)> {
    Some((bid?.nanos(), ask?.nanos())).filter(|(bid, ask)| fits(*bid) && fits(*ask))
}

fn fits(px: i64) -> bool {
    px.unsigned_abs() <= MAX_PRICE
}

fn nanos(px: Option<Price>) -> Option<i64> {
    px.map(Price::nanos).filter(|px| fits(*px))
}

fn id(id: Option<EventId>) -> Option<Id> {
    id.map(|id| *id.as_bytes())
}

impl Decode for Quotes {
    fn decode(batch: &Batch<Self>, _: &mut Words, exclude: u16) -> Result<Decoded, LabelError> {
        let stamps = Stamps::of(batch);
        let mut out = Decoded { clocks: stamps.clocks(), ..Decoded::default() };
        let (bids, asks) = (batch.col(&Self::BID_PX), batch.col(&Self::ASK_PX));
        let (instruments, sources) = (batch.instrument_id().values(), batch.source_id().values());
        let flags = batch.flags().values();
        out.events.reserve(batch.len());
        for row in 0..batch.len() {
            let (Some(instrument), Some(source), Some(flags)) =
                (instruments.get(row), sources.get(row), flags.get(row))
            else {
                continue;
            };
            if !stamps.is_sane(row) {
                out.refuse(row, "labeling/extreme-instant", "ts_recv", SANE, &stamps.path(row));
                continue;
            }
            let bid = bids.is_valid(row).then(|| bids.value(row));
            let ask = asks.is_valid(row).then(|| asks.value(row));
            if let Some(px) = [bid, ask].into_iter().flatten().find(|px| !fits(*px)) {
                out.refuse(row, "labeling/overflow", "bid_px", "a price below 2^61 units", &px);
                continue;
            }
            let is_crossed = bid.zip(ask).is_some_and(|(bid, ask)| bid > ask);
            let what = What::Quote {
                instrument: *instrument,
                source: *source,
                bid,
                ask,
                is_excluded: is_crossed || flags & exclude != 0,
            };
            let (key, avail) = (stamps.key(row), stamps.avail(row));
            out.events.push((row, Event { key, avail, what }));
        }
        Ok(out)
    }
}

impl Decode for Trades {
    fn decode(batch: &Batch<Self>, words: &mut Words, exclude: u16) -> Result<Decoded, LabelError> {
        let word = word("trades");
        let stamps = Stamps::of(batch);
        let mut out = Decoded { clocks: stamps.clocks(), ..Decoded::default() };
        let prices = batch.col(&Self::PX).values();
        let (instruments, sources) = (batch.instrument_id().values(), batch.source_id().values());
        let flags = batch.flags().values();
        for row in 0..batch.len() {
            let (Some(instrument), Some(source), Some(flags), Some(px)) =
                (instruments.get(row), sources.get(row), flags.get(row), prices.get(row))
            else {
                continue;
            };
            if !stamps.is_sane(row) {
                out.refuse(row, "labeling/extreme-instant", "ts_recv", SANE, &stamps.path(row));
                continue;
            }
            if !fits(*px) {
                out.refuse(row, "labeling/overflow", "px", "a price below 2^61 units", &px);
                continue;
            }
            let action = batch.cell(&Self::ACTION, row).map_err(&word)?;
            let cancels = batch.cell(&Self::REF_TRADE_ID, row).map_err(&word)?;
            let what = What::Trade(Box::new(TradeRow {
                instrument: *instrument,
                source: *source,
                px: *px,
                trade_id: batch.cell(&Self::TRADE_ID, row).map_err(&word)?.map(Arc::from),
                cancels: cancels.map(|text| words.intern(text)),
                is_excluded: action != TradeAction::Trade || flags & exclude != 0,
            }));
            let (key, avail) = (stamps.key(row), stamps.avail(row));
            out.events.push((row, Event { key, avail, what }));
        }
        Ok(out)
    }
}

impl Decode for Statuses {
    fn decode(batch: &Batch<Self>, _: &mut Words, _: u16) -> Result<Decoded, LabelError> {
        let word = word("statuses");
        let stamps = Stamps::of(batch);
        let mut out = Decoded { clocks: stamps.clocks(), ..Decoded::default() };
        for (row, instrument) in batch.instrument_id().values().iter().enumerate() {
            if !stamps.is_sane(row) {
                out.refuse(row, "labeling/extreme-instant", "ts_recv", SANE, &stamps.path(row));
                continue;
            }
            let no = |flag: Option<bool>| flag == Some(false);
            let is_halted = no(batch.cell(&Self::IS_TRADING, row).map_err(&word)?)
                || no(batch.cell(&Self::IS_QUOTING, row).map_err(&word)?);
            let source = batch.source_id().value(row);
            let what = What::Status { instrument: *instrument, source, is_halted };
            let (key, avail) = (stamps.key(row), stamps.avail(row));
            out.events.push((row, Event { key, avail, what }));
        }
        Ok(out)
    }
}

impl Decode for Decisions {
    fn decode(batch: &Batch<Self>, words: &mut Words, _: u16) -> Result<Decoded, LabelError> {
        let word = word("decisions");
        let stamps = Stamps::of(batch);
        let mut out = Decoded { clocks: stamps.clocks(), ..Decoded::default() };
        let (events, instruments) = (batch.ts_event(), batch.instrument_id());
        for row in 0..batch.len() {
            let made = events.is_valid(row).then(|| events.value(row));
            let cutoff = made.map_or(stamps.path(row), |made| made.min(stamps.path(row)));
            let is_sane = cutoff.unsigned_abs() <= MAX_INSTANT;
            if !stamps.is_sane(row) || !is_sane {
                out.refuse(row, "labeling/extreme-instant", "ts_event", SANE, &cutoff);
                continue;
            }
            let action = batch.cell(&Self::ACTION, row).map_err(&word)?;
            let side = batch.cell(&Self::SIDE, row).map_err(&word)?;
            let qty = batch.cell(&Self::QTY, row).map_err(&word)?.map(contract::Amount::nanos);
            let trades = matches!(
                action,
                DecisionAction::Enter
                    | DecisionAction::Exit
                    | DecisionAction::Increase
                    | DecisionAction::Reduce
                    | DecisionAction::Reverse
            );
            if trades && side.is_none() {
                out.refuse(row, "labeling/side-missing", "side", "buy or sell", &"null");
                continue;
            }
            if qty.is_some_and(|qty| qty <= 0) {
                let found = qty.unwrap_or(0);
                out.refuse(row, "labeling/quantity-zero", "qty", "a quantity above 0", &found);
                continue;
            }
            let text = |cell: Option<&str>, words: &mut Words| cell.map(|t| words.intern(t));
            let decision = DecisionRow {
                id: *batch.cell(&Self::DECISION_ID, row).map_err(&word)?.as_bytes(),
                key: Key::new(cutoff, stamps.key(row).seq),
                avail: stamps.avail(row),
                instrument: instruments.is_valid(row).then(|| instruments.value(row)),
                account: id(batch.cell(&Self::ACCOUNT_REF, row).map_err(&word)?),
                strategy: words.intern(batch.cell(&Self::STRATEGY_ID, row).map_err(&word)?),
                version: text(batch.cell(&Self::STRATEGY_VERSION, row).map_err(&word)?, words),
                order_id: batch.cell(&Self::ORDER_ID, row).map_err(&word)?.map(Arc::from),
                action,
                status: batch.cell(&Self::STATUS, row).map_err(&word)?,
                side,
                qty,
                horizon_ns: batch.cell(&Self::HORIZON_NS, row).map_err(&word)?,
                bid: nanos(batch.cell(&Self::BID_PX, row).map_err(&word)?),
                ask: nanos(batch.cell(&Self::ASK_PX, row).map_err(&word)?),
                last: nanos(batch.cell(&Self::LAST_PX, row).map_err(&word)?),
                take_profit: nanos(batch.cell(&Self::TAKE_PROFIT_PX, row).map_err(&word)?),
                stop_loss: nanos(batch.cell(&Self::STOP_LOSS_PX, row).map_err(&word)?),
                md_seq_high: batch.cell(&Self::MD_SEQ_HIGH, row).map_err(&word)?,
                position_before: batch
                    .cell(&Self::POSITION_BEFORE, row)
                    .map_err(&word)?
                    .map(contract::Amount::nanos),
                expected_cost_bps: batch.cell(&Self::EXPECTED_COST_BPS, row).map_err(&word)?,
            };
            let event = Event {
                key: decision.key,
                avail: decision.avail,
                what: What::Decision(Box::new(decision)),
            };
            out.events.push((row, event));
        }
        Ok(out)
    }
}

impl Decode for Executions {
    fn decode(batch: &Batch<Self>, words: &mut Words, _: u16) -> Result<Decoded, LabelError> {
        let word = word("executions");
        let stamps = Stamps::of(batch);
        let mut out = Decoded { clocks: stamps.clocks(), ..Decoded::default() };
        let (instruments, sources) = (batch.instrument_id().values(), batch.source_id().values());
        let flags = batch.flags().values();
        for row in 0..batch.len() {
            let (Some(instrument), Some(source), Some(flags)) =
                (instruments.get(row), sources.get(row), flags.get(row))
            else {
                continue;
            };
            if !stamps.is_sane(row) {
                out.refuse(row, "labeling/extreme-instant", "ts_recv", SANE, &stamps.path(row));
                continue;
            }
            let kind = batch.cell(&Self::EXEC_TYPE, row).map_err(&word)?;
            let qty = batch.cell(&Self::LAST_QTY, row).map_err(&word)?.map(contract::Amount::nanos);
            let px = batch.cell(&Self::LAST_PX, row).map_err(&word)?.map(Price::nanos);
            if kind == ExecType::Trade && qty.is_none_or(|qty| qty <= 0) {
                let found = qty.map_or("null".to_owned(), |qty| qty.to_string());
                out.refuse(row, "labeling/quantity-zero", "last_qty", "a quantity above 0", &found);
                continue;
            }
            if kind == ExecType::Trade && px.is_none() {
                out.refuse(row, "labeling/price-missing", "last_px", "a price", &"null");
                continue;
            }
            if let Some(px) = px.filter(|px| !fits(*px)) {
                out.refuse(row, "labeling/overflow", "last_px", "a price below 2^61 units", &px);
                continue;
            }
            let reconciled = batch.cell(&Self::IS_RECONCILED, row).map_err(&word)?;
            let liquidity = batch.cell(&Self::LIQUIDITY, row).map_err(&word)?;
            let text = |cell: Option<&str>, words: &mut Words| cell.map(|t| words.intern(t));
            let exec = ExecRow {
                key: stamps.key(row),
                avail: stamps.avail(row),
                instrument: *instrument,
                source: *source,
                account: id(batch.cell(&Self::ACCOUNT_REF, row).map_err(&word)?),
                strategy: text(batch.cell(&Self::STRATEGY_ID, row).map_err(&word)?, words),
                exec_id: Arc::from(batch.cell(&Self::EXEC_ID, row).map_err(&word)?),
                ref_id: batch.cell(&Self::EXEC_REF_ID, row).map_err(&word)?.map(Arc::from),
                kind,
                side: batch.cell(&Self::SIDE, row).map_err(&word)?,
                qty,
                px,
                decision: id(batch.cell(&Self::DECISION_ID, row).map_err(&word)?),
                order_id: batch.cell(&Self::ORDER_ID, row).map_err(&word)?.map(Arc::from),
                is_maker: liquidity == Some(Liquidity::Maker),
                fee: batch.cell(&Self::FEE, row).map_err(&word)?.map(contract::Amount::nanos),
                fee_ccy: text(batch.cell(&Self::FEE_CCY, row).map_err(&word)?, words),
                is_fee_final: batch.cell(&Self::IS_FEE_FINAL, row).map_err(&word)?,
                arrival: pair(
                    batch.cell(&Self::ARRIVAL_BID_PX, row).map_err(&word)?,
                    batch.cell(&Self::ARRIVAL_ASK_PX, row).map_err(&word)?,
                ),
                quote: pair(
                    batch.cell(&Self::EXEC_BID_PX, row).map_err(&word)?,
                    batch.cell(&Self::EXEC_ASK_PX, row).map_err(&word)?,
                ),
                is_inferred: reconciled || Flags::from_bits(*flags).has(Flags::INFERRED),
            };
            let event =
                Event { key: exec.key, avail: exec.avail, what: What::Execution(Box::new(exec)) };
            out.events.push((row, event));
        }
        Ok(out)
    }
}

impl Decode for Postings {
    fn decode(batch: &Batch<Self>, _: &mut Words, _: u16) -> Result<Decoded, LabelError> {
        let word = word("postings");
        let stamps = Stamps::of(batch);
        let mut out = Decoded { clocks: stamps.clocks(), ..Decoded::default() };
        let instruments = batch.instrument_id();
        for row in 0..batch.len() {
            if !stamps.is_sane(row) {
                out.refuse(row, "labeling/extreme-instant", "ts_recv", SANE, &stamps.path(row));
                continue;
            }
            let kind = batch.cell(&Self::KIND, row).map_err(&word)?;
            let is_carry = matches!(
                kind,
                PostingKind::Funding
                    | PostingKind::Borrow
                    | PostingKind::Dividend
                    | PostingKind::Interest
            );
            if !is_carry || instruments.is_null(row) {
                continue;
            }
            let posting = PostingRow {
                account: *batch.cell(&Self::ACCOUNT_REF, row).map_err(&word)?.as_bytes(),
                instrument: instruments.value(row),
                amount: batch.cell(&Self::AMOUNT, row).map_err(&word)?.nanos(),
            };
            let (key, avail) = (stamps.key(row), stamps.avail(row));
            out.events.push((row, Event { key, avail, what: What::Posting(Box::new(posting)) }));
        }
        Ok(out)
    }
}

impl Decode for FeedMarks {
    fn decode(batch: &Batch<Self>, _: &mut Words, _: u16) -> Result<Decoded, LabelError> {
        let word = word("feed_marks");
        let stamps = Stamps::of(batch);
        let mut out = Decoded { clocks: stamps.clocks(), ..Decoded::default() };
        let (sources, instruments) = (batch.source_id().values(), batch.instrument_id());
        for (row, source) in sources.iter().enumerate() {
            if batch.cell(&Self::KIND, row).map_err(&word)? != MarkKind::Gap {
                continue;
            }
            if !stamps.is_sane(row) {
                out.refuse(row, "labeling/extreme-instant", "ts_recv", SANE, &stamps.path(row));
                continue;
            }
            let key = stamps.key(row);
            let nanos = |t: Option<UtcNanos>| t.map_or(key.ts, UtcNanos::nanos);
            let about = batch.cell(&Self::ABOUT, row).map_err(&word)?;
            let gap = GapRow {
                source: Some(*source),
                instrument: instruments.is_valid(row).then(|| instruments.value(row)),
                tables: tables(about),
                from: nanos(batch.cell(&Self::TS_FROM, row).map_err(&word)?),
                to: nanos(batch.cell(&Self::TS_TO, row).map_err(&word)?),
            };
            let avail = stamps.avail(row);
            out.events.push((row, Event { key, avail, what: What::Gap(Box::new(gap)) }));
        }
        Ok(out)
    }
}

fn tables(about: Option<&str>) -> [bool; 2] {
    let is = |table: &str| about.is_none_or(|about| about == table);
    [is(Quotes::SPEC.name), is(Trades::SPEC.name)]
}

impl Decode for LedgerGaps {
    fn decode(batch: &Batch<Self>, _: &mut Words, _: u16) -> Result<Decoded, LabelError> {
        let word = word("ledger_gaps");
        let mut out = Decoded::default();
        for row in 0..batch.len() {
            let repaired = batch.cell(&Self::REPAIRED, row).map_err(&word)?;
            let declared = batch.cell(&Self::TS_DECLARED, row).map_err(&word)?;
            let avail = batch.cell(&Self::TS_AVAIL, row).map_err(&word)?.unwrap_or(declared);
            let seq = batch.cell(&Self::SEQ, row).map_err(&word)?.unwrap_or(0);
            if repaired || avail.nanos().unsigned_abs() > MAX_INSTANT {
                continue;
            }
            let avail = avail.nanos();
            let gap = GapRow {
                source: None,
                instrument: None,
                tables: tables(batch.cell(&Self::TABLE_NAME, row).map_err(&word)?),
                from: avail,
                to: avail,
            };
            let key = Key::new(avail, seq);
            out.events.push((row, Event { key, avail, what: What::Gap(Box::new(gap)) }));
        }
        Ok(out)
    }
}
