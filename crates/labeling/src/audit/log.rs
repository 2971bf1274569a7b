//! The whole log as plain rows, sorted by key.

use std::collections::BTreeMap;

use contract::{
    AdjustmentKind, Batch, DecisionAction, DecisionStatus, EventId, EventTable, ExecType,
    Liquidity, MarkKind, PostingKind, SessionPhase, Side, Table, TradeAction,
};
use contract::{
    Adjustments, Decisions, Executions, FeeSchedules, FeedMarks, Instruments, LedgerGaps, Postings,
    Quotes, References, Sessions, Statuses, Trades,
};

use crate::inputs::Inputs;
use contract::arrow_array::{Array as _, TimestampNanosecondArray};

/// Path time (or cut-off) and `seq`: the order of everything.
pub(super) type Key = (i64, u64);

/// Largest absolute price whose double can be compared.
const PRICE_LIMIT: u64 = 1 << 61;

#[derive(Debug, Clone)]
pub(super) struct Decision {
    pub(super) key: Key,
    pub(super) avail: i64,
    pub(super) source: u16,
    pub(super) instrument: Option<u32>,
    pub(super) id: EventId,
    pub(super) strategy: String,
    pub(super) action: DecisionAction,
    pub(super) status: DecisionStatus,
    pub(super) side: Option<Side>,
    pub(super) qty: Option<i128>,
    pub(super) order_id: Option<String>,
    pub(super) account: Option<EventId>,
    pub(super) horizon_ns: Option<i64>,
    pub(super) take_profit: Option<i64>,
    pub(super) stop_loss: Option<i64>,
    pub(super) position_before: Option<i128>,
    pub(super) expected_cost_bps: Option<f64>,
    pub(super) md_seq_high: Option<u64>,
    pub(super) bid: Option<i64>,
    pub(super) ask: Option<i64>,
    pub(super) last: Option<i64>,
}

#[derive(Debug, Clone)]
pub(super) struct Execution {
    pub(super) key: Key,
    pub(super) avail: i64,
    pub(super) source: u16,
    pub(super) instrument: u32,
    pub(super) exec_id: String,
    pub(super) kind: ExecType,
    pub(super) side: Side,
    pub(super) qty: Option<i128>,
    pub(super) px: Option<i64>,
    pub(super) ref_id: Option<String>,
    pub(super) decision_id: Option<EventId>,
    pub(super) order_id: Option<String>,
    pub(super) account: Option<EventId>,
    pub(super) strategy: Option<String>,
    pub(super) liquidity: Option<Liquidity>,
    pub(super) fee: Option<i128>,
    pub(super) fee_ccy: Option<String>,
    pub(super) is_fee_final: Option<bool>,
    pub(super) arrival: Option<(i64, i64)>,
    pub(super) quote: Option<(i64, i64)>,
}

#[derive(Debug, Clone)]
pub(super) struct Quote {
    pub(super) key: Key,
    pub(super) avail: i64,
    pub(super) source: u16,
    pub(super) instrument: u32,
    pub(super) flags: u16,
    pub(super) bid: Option<i64>,
    pub(super) ask: Option<i64>,
}

#[derive(Debug, Clone)]
pub(super) struct Print {
    pub(super) key: Key,
    pub(super) avail: i64,
    pub(super) source: u16,
    pub(super) instrument: u32,
    pub(super) flags: u16,
    pub(super) px: i64,
    pub(super) action: TradeAction,
    pub(super) id: Option<String>,
    pub(super) ref_id: Option<String>,
}

#[derive(Debug, Clone)]
pub(super) struct Status {
    pub(super) key: Key,
    pub(super) avail: i64,
    pub(super) source: u16,
    pub(super) instrument: u32,
    pub(super) is_halt: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Posting {
    pub(super) key: Key,
    pub(super) avail: i64,
    pub(super) instrument: u32,
    pub(super) account: EventId,
    pub(super) ccy: String,
    pub(super) amount: i128,
}

/// A gap as it was declared, before it is known whose path it concerns.
#[derive(Debug, Clone)]
pub(super) struct Loss {
    pub(super) key: Key,
    /// `None`: every source.
    pub(super) source: Option<u16>,
    pub(super) instrument: Option<u32>,
    pub(super) table: Option<String>,
    pub(super) from: i64,
    pub(super) to: i64,
}

#[derive(Debug, Clone)]
pub(super) struct Instrument {
    pub(super) id: u32,
    pub(super) revision: u16,
    pub(super) from: i64,
    pub(super) to: Option<i64>,
    pub(super) ccy: String,
    pub(super) multiplier: i128,
    pub(super) is_inverse: bool,
    pub(super) tick: Option<i64>,
    pub(super) calendar: Option<String>,
}

#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) calendar: String,
    pub(super) date: String,
    pub(super) start: i64,
    pub(super) revision: u16,
    pub(super) end: i64,
}

#[derive(Debug, Clone)]
pub(super) struct Adjustment {
    pub(super) instrument: u32,
    pub(super) at: i64,
    pub(super) kind: AdjustmentKind,
    pub(super) revision: u16,
    pub(super) ratio: Option<(i64, i64)>,
}

#[derive(Debug, Clone)]
pub(super) struct Reference {
    pub(super) decision: EventId,
    pub(super) avail: i64,
    pub(super) sigma_bps: Option<f64>,
    pub(super) beta: Option<f64>,
    pub(super) expected_cost_bps: Option<f64>,
    pub(super) benchmark: Option<u32>,
}

#[derive(Debug, Clone)]
pub(super) struct Schedule {
    pub(super) revision: u16,
    pub(super) from: i64,
    pub(super) to: Option<i64>,
    pub(super) source: u16,
    pub(super) account: Option<EventId>,
    pub(super) instrument: Option<u32>,
    pub(super) maker_bps: f64,
    pub(super) taker_bps: f64,
    pub(super) min_fee: Option<i128>,
    pub(super) ccy: String,
}

/// Everything that was given, as plain rows; event rows are sorted by key.
#[derive(Debug, Clone, Default)]
pub(super) struct Log {
    /// Largest `ts_recv`, else `ts_avail`, of any row.
    pub(super) clock: i64,
    pub(super) decisions: Vec<Decision>,
    /// Place of each decision among them.
    places: BTreeMap<EventId, usize>,
    pub(super) executions: Vec<Execution>,
    pub(super) quotes: Vec<Quote>,
    pub(super) prints: Vec<Print>,
    pub(super) statuses: Vec<Status>,
    pub(super) postings: Vec<Posting>,
    pub(super) losses: Vec<Loss>,
    pub(super) instruments: Vec<Instrument>,
    pub(super) sessions: Vec<Session>,
    pub(super) adjustments: Vec<Adjustment>,
    pub(super) references: Vec<Reference>,
    pub(super) schedules: Vec<Schedule>,
}

impl Log {
    pub(super) fn read(inputs: &Inputs) -> Self {
        let mut log = Self { clock: i64::MIN, ..Self::default() };
        log.read_decisions(&inputs.decisions);
        log.read_executions(&inputs.executions);
        log.read_tape(inputs);
        log.read_marks(inputs);
        log.read_postings(&inputs.postings);
        log.read_instruments(&inputs.instruments);
        log.read_sessions(&inputs.sessions);
        log.read_adjustments(&inputs.adjustments);
        log.read_references(&inputs.references);
        log.read_schedules(&inputs.fee_schedules);
        log.decisions.sort_by_key(|row| row.key);
        log.executions.sort_by_key(|row| row.key);
        log.quotes.sort_by_key(|row| row.key);
        log.prints.sort_by_key(|row| row.key);
        log.statuses.sort_by_key(|row| row.key);
        log.postings.sort_by_key(|row| row.key);
        log.drop_repeated_decisions();
        log.keep_last_revisions();
        log
    }

    /// Place of a decision.
    pub(super) fn place(&self, id: EventId) -> Option<usize> {
        self.places.get(&id).copied()
    }

    /// The rows that are in by the end of the log: those that it has passed by the allowed lateness.
    pub(super) fn closed(&self, lateness_ns: i64) -> Self {
        let mut log = self.clone();
        let is_in = |key: Key| key.0 + lateness_ns < self.clock;
        log.executions.retain(|row| is_in(row.key));
        log.quotes.retain(|row| is_in(row.key));
        log.prints.retain(|row| is_in(row.key));
        log.statuses.retain(|row| is_in(row.key));
        log.postings.retain(|row| is_in(row.key));
        log.losses.retain(|row| is_in(row.key));
        log
    }

    /// The first decision of an id by key counts; a retry repeats it.
    fn drop_repeated_decisions(&mut self) {
        let mut seen = std::collections::BTreeSet::new();
        self.decisions.retain(|row| seen.insert(row.id));
        self.places = self.decisions.iter().enumerate().map(|(at, row)| (row.id, at)).collect();
    }

    fn keep_last_revisions(&mut self) {
        let all = self.sessions.clone();
        self.sessions.retain(|row| {
            !all.iter().any(|other| {
                (&other.calendar, &other.date, other.start) == (&row.calendar, &row.date, row.start)
                    && other.revision > row.revision
            })
        });
        let all = self.adjustments.clone();
        self.adjustments.retain(|row| {
            !all.iter().any(|other| {
                (other.instrument, other.at, other.kind) == (row.instrument, row.at, row.kind)
                    && other.revision > row.revision
            })
        });
    }

    fn read_decisions(&mut self, batches: &[Batch<Decisions>]) {
        for (batch, row) in rows(batches) {
            let stamp = self.stamp(batch, row);
            let event = at(batch.ts_event(), row);
            let recv = at(batch.ts_recv(), row);
            let cutoff = match (event, recv) {
                (Some(event), Some(recv)) => event.min(recv),
                (Some(one), None) | (None, Some(one)) => one,
                (None, None) => stamp.avail,
            };
            let read = || {
                Some(Decision {
                    key: (cutoff, stamp.key.1),
                    avail: stamp.avail,
                    source: batch.source_id().value(row),
                    instrument: instrument(batch, row),
                    id: batch.cell(&Decisions::DECISION_ID, row).ok()?,
                    strategy: batch.cell(&Decisions::STRATEGY_ID, row).ok()?.to_owned(),
                    action: batch.cell(&Decisions::ACTION, row).ok()?,
                    status: batch.cell(&Decisions::STATUS, row).ok()?,
                    side: batch.cell(&Decisions::SIDE, row).ok()?,
                    qty: batch.cell(&Decisions::QTY, row).ok()?.map(contract::Amount::nanos),
                    order_id: batch.cell(&Decisions::ORDER_ID, row).ok()?.map(str::to_owned),
                    account: batch.cell(&Decisions::ACCOUNT_REF, row).ok()?,
                    horizon_ns: batch.cell(&Decisions::HORIZON_NS, row).ok()?,
                    take_profit: px(batch.cell(&Decisions::TAKE_PROFIT_PX, row).ok()?),
                    stop_loss: px(batch.cell(&Decisions::STOP_LOSS_PX, row).ok()?),
                    position_before: batch
                        .cell(&Decisions::POSITION_BEFORE, row)
                        .ok()?
                        .map(contract::Amount::nanos),
                    expected_cost_bps: batch.cell(&Decisions::EXPECTED_COST_BPS, row).ok()?,
                    md_seq_high: batch.cell(&Decisions::MD_SEQ_HIGH, row).ok()?,
                    bid: px(batch.cell(&Decisions::BID_PX, row).ok()?),
                    ask: px(batch.cell(&Decisions::ASK_PX, row).ok()?),
                    last: px(batch.cell(&Decisions::LAST_PX, row).ok()?),
                })
            };
            self.decisions.extend(read());
        }
    }

    fn read_executions(&mut self, batches: &[Batch<Executions>]) {
        for (batch, row) in rows(batches) {
            let stamp = self.stamp(batch, row);
            let both = |bid, ask| px(bid).zip(px(ask));
            let read = || {
                Some(Execution {
                    key: stamp.key,
                    avail: stamp.avail,
                    source: batch.source_id().value(row),
                    instrument: instrument(batch, row)?,
                    exec_id: batch.cell(&Executions::EXEC_ID, row).ok()?.to_owned(),
                    kind: batch.cell(&Executions::EXEC_TYPE, row).ok()?,
                    side: batch.cell(&Executions::SIDE, row).ok()?,
                    qty: batch.cell(&Executions::LAST_QTY, row).ok()?.map(contract::Amount::nanos),
                    px: px(batch.cell(&Executions::LAST_PX, row).ok()?),
                    ref_id: batch.cell(&Executions::EXEC_REF_ID, row).ok()?.map(str::to_owned),
                    decision_id: batch.cell(&Executions::DECISION_ID, row).ok()?,
                    order_id: batch.cell(&Executions::ORDER_ID, row).ok()?.map(str::to_owned),
                    account: batch.cell(&Executions::ACCOUNT_REF, row).ok()?,
                    strategy: batch.cell(&Executions::STRATEGY_ID, row).ok()?.map(str::to_owned),
                    liquidity: batch.cell(&Executions::LIQUIDITY, row).ok()?,
                    fee: batch.cell(&Executions::FEE, row).ok()?.map(contract::Amount::nanos),
                    fee_ccy: batch.cell(&Executions::FEE_CCY, row).ok()?.map(str::to_owned),
                    is_fee_final: batch.cell(&Executions::IS_FEE_FINAL, row).ok()?,
                    arrival: both(
                        batch.cell(&Executions::ARRIVAL_BID_PX, row).ok()?,
                        batch.cell(&Executions::ARRIVAL_ASK_PX, row).ok()?,
                    ),
                    quote: both(
                        batch.cell(&Executions::EXEC_BID_PX, row).ok()?,
                        batch.cell(&Executions::EXEC_ASK_PX, row).ok()?,
                    ),
                })
            };
            self.executions.extend(read());
        }
    }

    fn read_tape(&mut self, inputs: &Inputs) {
        for (batch, row) in rows(&inputs.quotes) {
            let stamp = self.stamp(batch, row);
            let raw = |cell: Result<Option<contract::Price>, _>| cell.ok().flatten();
            let (bid, ask) =
                (raw(batch.cell(&Quotes::BID_PX, row)), raw(batch.cell(&Quotes::ASK_PX, row)));
            // A price that is out of range is a reject of its row.
            if px(bid).is_some() == bid.is_some() && px(ask).is_some() == ask.is_some() {
                self.quotes.extend(instrument(batch, row).map(|instrument| Quote {
                    key: stamp.key,
                    avail: stamp.avail,
                    source: batch.source_id().value(row),
                    instrument,
                    flags: batch.flags().value(row),
                    bid: px(bid),
                    ask: px(ask),
                }));
            }
        }
        for (batch, row) in rows(&inputs.trades) {
            let stamp = self.stamp(batch, row);
            let read = || {
                Some(Print {
                    key: stamp.key,
                    avail: stamp.avail,
                    source: batch.source_id().value(row),
                    instrument: instrument(batch, row)?,
                    flags: batch.flags().value(row),
                    px: px(Some(batch.cell(&Trades::PX, row).ok()?))?,
                    action: batch.cell(&Trades::ACTION, row).ok()?,
                    id: batch.cell(&Trades::TRADE_ID, row).ok()?.map(str::to_owned),
                    ref_id: batch.cell(&Trades::REF_TRADE_ID, row).ok()?.map(str::to_owned),
                })
            };
            self.prints.extend(read());
        }
        for (batch, row) in rows(&inputs.statuses) {
            let stamp = self.stamp(batch, row);
            let no = |cell: Result<Option<bool>, _>| matches!(cell, Ok(Some(false)));
            let is_halt = no(batch.cell(&Statuses::IS_TRADING, row))
                || no(batch.cell(&Statuses::IS_QUOTING, row));
            self.statuses.extend(instrument(batch, row).map(|instrument| Status {
                key: stamp.key,
                avail: stamp.avail,
                source: batch.source_id().value(row),
                instrument,
                is_halt,
            }));
        }
    }

    fn read_marks(&mut self, inputs: &Inputs) {
        for (batch, row) in rows(&inputs.feed_marks) {
            let stamp = self.stamp(batch, row);
            let read = || {
                let kind = batch.cell(&FeedMarks::KIND, row).ok()?;
                let from = batch.cell(&FeedMarks::TS_FROM, row).ok()?;
                let to = batch.cell(&FeedMarks::TS_TO, row).ok()?;
                (kind == MarkKind::Gap).then_some(())?;
                Some(Loss {
                    key: stamp.key,
                    source: Some(batch.source_id().value(row)),
                    instrument: instrument(batch, row),
                    table: batch.cell(&FeedMarks::ABOUT, row).ok()?.map(str::to_owned),
                    from: from.map_or(stamp.key.0, contract::UtcNanos::nanos),
                    to: to.map_or(stamp.key.0, contract::UtcNanos::nanos),
                })
            };
            self.losses.extend(read());
        }
        for (batch, row) in rows(&inputs.ledger_gaps) {
            let read = || {
                let avail = batch.cell(&LedgerGaps::TS_AVAIL, row).ok()?;
                let declared = batch.cell(&LedgerGaps::TS_DECLARED, row).ok()?;
                let at = avail.unwrap_or(declared).nanos();
                let is_repaired = batch.cell(&LedgerGaps::REPAIRED, row).ok()?;
                let table = batch.cell(&LedgerGaps::TABLE_NAME, row).ok()?.map(str::to_owned);
                Some((avail, at, is_repaired, table))
            };
            let Some((avail, at, is_repaired, table)) = read() else { continue };
            self.tick(avail.map_or(i64::MIN, contract::UtcNanos::nanos));
            if !is_repaired {
                let key = (at, u64::MAX);
                let everywhere = (None, None);
                let (source, instrument) = everywhere;
                self.losses.push(Loss { key, source, instrument, table, from: at, to: at });
            }
        }
    }

    fn read_postings(&mut self, batches: &[Batch<Postings>]) {
        for (batch, row) in rows(batches) {
            let stamp = self.stamp(batch, row);
            let read = || {
                let kind = batch.cell(&Postings::KIND, row).ok()?;
                let is_carry = matches!(
                    kind,
                    PostingKind::Funding
                        | PostingKind::Borrow
                        | PostingKind::Dividend
                        | PostingKind::Interest
                );
                is_carry.then_some(())?;
                Some(Posting {
                    key: stamp.key,
                    avail: stamp.avail,
                    instrument: instrument(batch, row)?,
                    account: batch.cell(&Postings::ACCOUNT_REF, row).ok()?,
                    ccy: batch.cell(&Postings::CCY, row).ok()?.to_owned(),
                    amount: batch.cell(&Postings::AMOUNT, row).ok()?.nanos(),
                })
            };
            self.postings.extend(read());
        }
    }

    fn read_instruments(&mut self, batches: &[Batch<Instruments>]) {
        for (batch, row) in rows(batches) {
            let read = || {
                let is_inverse = batch.cell(&Instruments::IS_INVERSE, row).ok()?;
                let quote = batch.cell(&Instruments::QUOTE_CCY, row).ok()?;
                let settle = batch.cell(&Instruments::SETTLE_CCY, row).ok()?;
                let base = batch.cell(&Instruments::BASE_CCY, row).ok()?;
                let ccy = if is_inverse { settle.or(base).unwrap_or(quote) } else { quote };
                let avail = batch.cell(&Instruments::TS_AVAIL, row).ok()?.nanos();
                let line = Instrument {
                    id: batch.cell(&Instruments::INSTRUMENT_ID, row).ok()?.get(),
                    revision: batch.cell(&Instruments::REVISION, row).ok()?,
                    from: batch.cell(&Instruments::VALID_FROM, row).ok()?.nanos(),
                    to: nanos(batch.cell(&Instruments::VALID_TO, row).ok()?),
                    ccy: ccy.to_owned(),
                    multiplier: batch.cell(&Instruments::MULTIPLIER, row).ok()?.nanos(),
                    is_inverse,
                    tick: px(batch.cell(&Instruments::TICK_SIZE, row).ok()?),
                    calendar: batch.cell(&Instruments::CALENDAR_ID, row).ok()?.map(str::to_owned),
                };
                Some((avail, line))
            };
            if let Some((avail, line)) = read() {
                self.tick(avail);
                self.instruments.push(line);
            }
        }
    }

    fn read_sessions(&mut self, batches: &[Batch<Sessions>]) {
        for (batch, row) in rows(batches) {
            let read = || {
                let avail = batch.cell(&Sessions::TS_AVAIL, row).ok()?.nanos();
                let phase = batch.cell(&Sessions::PHASE, row).ok()?;
                let session = Session {
                    calendar: batch.cell(&Sessions::CALENDAR_ID, row).ok()?.to_owned(),
                    date: batch.cell(&Sessions::LOCAL_DATE, row).ok()?.to_owned(),
                    start: batch.cell(&Sessions::TS_START, row).ok()?.nanos(),
                    revision: batch.cell(&Sessions::REVISION, row).ok()?,
                    end: batch.cell(&Sessions::TS_END, row).ok()?.nanos(),
                };
                Some((avail, (phase == SessionPhase::Regular).then_some(session)))
            };
            if let Some((avail, session)) = read() {
                self.tick(avail);
                self.sessions.extend(session);
            }
        }
    }

    fn read_adjustments(&mut self, batches: &[Batch<Adjustments>]) {
        for (batch, row) in rows(batches) {
            let read = || {
                let avail = batch.cell(&Adjustments::TS_AVAIL, row).ok()?.nanos();
                let num = batch.cell(&Adjustments::NUM, row).ok()?;
                let den = batch.cell(&Adjustments::DEN, row).ok()?;
                let adjustment = Adjustment {
                    instrument: batch.cell(&Adjustments::INSTRUMENT_ID, row).ok()?.get(),
                    at: batch.cell(&Adjustments::TS_EFFECTIVE, row).ok()?.nanos(),
                    kind: batch.cell(&Adjustments::KIND, row).ok()?,
                    revision: batch.cell(&Adjustments::REVISION, row).ok()?,
                    ratio: num.zip(den),
                };
                Some((avail, adjustment))
            };
            if let Some((avail, adjustment)) = read() {
                self.tick(avail);
                if adjustment.kind != AdjustmentKind::Rename {
                    self.adjustments.push(adjustment);
                }
            }
        }
    }

    fn read_references(&mut self, batches: &[Batch<References>]) {
        for (batch, row) in rows(batches) {
            let read = || {
                Some(Reference {
                    decision: batch.cell(&References::DECISION_ID, row).ok()?,
                    avail: batch.cell(&References::TS_AVAIL, row).ok()?.nanos(),
                    sigma_bps: batch.cell(&References::SIGMA_BPS, row).ok()?,
                    beta: batch.cell(&References::BETA, row).ok()?,
                    expected_cost_bps: batch.cell(&References::EXPECTED_COST_BPS, row).ok()?,
                    benchmark: batch
                        .cell(&References::BENCHMARK_ID, row)
                        .ok()?
                        .map(contract::InstrumentId::get),
                })
            };
            if let Some(reference) = read() {
                self.tick(reference.avail);
                self.references.push(reference);
            }
        }
    }

    fn read_schedules(&mut self, batches: &[Batch<FeeSchedules>]) {
        for (batch, row) in rows(batches) {
            let read = || {
                let avail = batch.cell(&FeeSchedules::TS_AVAIL, row).ok()?.nanos();
                let schedule = Schedule {
                    revision: batch.cell(&FeeSchedules::REVISION, row).ok()?,
                    from: batch.cell(&FeeSchedules::VALID_FROM, row).ok()?.nanos(),
                    to: nanos(batch.cell(&FeeSchedules::VALID_TO, row).ok()?),
                    source: batch.cell(&FeeSchedules::SOURCE_ID, row).ok()?.get(),
                    account: batch.cell(&FeeSchedules::ACCOUNT_REF, row).ok()?,
                    instrument: batch
                        .cell(&FeeSchedules::INSTRUMENT_ID, row)
                        .ok()?
                        .map(contract::InstrumentId::get),
                    maker_bps: batch.cell(&FeeSchedules::MAKER_BPS, row).ok()?,
                    taker_bps: batch.cell(&FeeSchedules::TAKER_BPS, row).ok()?,
                    min_fee: batch
                        .cell(&FeeSchedules::MIN_FEE, row)
                        .ok()?
                        .map(contract::Amount::nanos),
                    ccy: batch.cell(&FeeSchedules::CCY, row).ok()?.to_owned(),
                };
                Some((avail, schedule))
            };
            if let Some((avail, schedule)) = read() {
                self.tick(avail);
                self.schedules.push(schedule);
            }
        }
    }

    fn tick(&mut self, at: i64) {
        self.clock = self.clock.max(at);
    }

    fn stamp<T: EventTable>(&mut self, batch: &Batch<T>, row: usize) -> Stamp {
        let avail = batch.ts_avail().value(row);
        let path = at(batch.ts_recv(), row).unwrap_or(avail);
        self.tick(path);
        Stamp { key: (path, batch.seq().value(row)), avail }
    }
}

#[derive(Clone, Copy)]
struct Stamp {
    key: Key,
    avail: i64,
}

fn rows<T: Table>(batches: &[Batch<T>]) -> impl Iterator<Item = (&Batch<T>, usize)> {
    batches.iter().flat_map(|batch| (0..batch.len()).map(move |row| (batch, row)))
}

fn at(array: &TimestampNanosecondArray, row: usize) -> Option<i64> {
    array.is_valid(row).then(|| array.value(row))
}

fn instrument<T: EventTable>(batch: &Batch<T>, row: usize) -> Option<u32> {
    batch.instrument_id().is_valid(row).then(|| batch.instrument_id().value(row))
}

fn nanos(instant: Option<contract::UtcNanos>) -> Option<i64> {
    instant.map(contract::UtcNanos::nanos)
}

/// The integer of a price, where its double can be compared.
fn px(price: Option<contract::Price>) -> Option<i64> {
    price.map(contract::Price::nanos).filter(|nanos| nanos.unsigned_abs() <= PRICE_LIMIT)
}
