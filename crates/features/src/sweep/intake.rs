//! Rows of batches into rings, each checked once.

use super::{Arrival, StatusRow, Sweep, Waiting};
use crate::coverage::SourceGap;
use crate::error::SweepError;
use crate::exact::nano_size;
use crate::instrument::{Amend, GapMark, Instrument, Print};
use crate::ring::Key;
use crate::rows::{Depth, Level, MarketTable, Quote, SignSource, Trade};
use contract::arrow_array::{Array, Float64Array, Int64Array};
use contract::{
    Aggressor, Batch, BookState, Decisions, Depths, EventTable, FeedMarks, LedgerGaps, MarkKind,
    Origin, Quotes, Reject, Statuses, Table, TradeAction, Trades, UnknownWord,
};
use std::sync::Arc;

/// Prices beyond this would not leave room for twice a mid in 64 bits.
const MAX_PX: i64 = i64::MAX / 2;

/// What every row of an event table carries.
#[derive(Debug, Clone, Copy)]
struct Envelope {
    key: Key,
    source_id: u16,
    row: usize,
    /// Rows of the table before the batch.
    first_row: u64,
}

impl Sweep {
    /// Checks flags and order of every row, and gives the ones to use to `each`.
    fn rows<T: EventTable>(
        &mut self,
        log: u8,
        batch: &Batch<T>,
        market: Option<MarketTable>,
        mut each: impl FnMut(&mut Self, Envelope) -> Result<(), SweepError>,
    ) -> Result<(), SweepError> {
        let table = T::SPEC.name;
        let (ts_avail, seq) = (batch.ts_avail().values(), batch.seq().values());
        let (ts_recv, flags) = (batch.ts_recv(), batch.flags().values());
        let sources = batch.source_id().values();
        let read = self.report.rows_read.entry(table).or_default();
        let first_row = *read;
        *read += batch.len() as u64;
        self.since_forget += batch.len();
        let rows = ts_avail.iter().zip(seq).zip(flags).zip(sources).enumerate();
        for (row, (((ts, seq), flags), source_id)) in rows {
            let (ts, seq) = (*ts, *seq);
            match self.options.arrival {
                Arrival::Sorted => {
                    let last = self.last_keys.entry((log, table)).or_insert((i64::MIN, 0));
                    if (ts, seq) <= *last && *last != (i64::MIN, 0) {
                        let (expected, found) = (*last, (ts, seq));
                        let row = first_row + row as u64;
                        return Err(SweepError::Unsorted { table, row, expected, found });
                    }
                    *last = (ts, seq);
                    if let Some(clock) = market.and_then(|m| self.clocks.get_mut(&(log, Some(m)))) {
                        *clock = ts;
                    }
                    // Statuses, marks and decisions have no clock of their own; what was answered cannot change.
                    if market.is_none() && table != Decisions::SPEC.name && ts < self.answered {
                        self.late(table, first_row, row, Key { ts, log, seq }, self.answered);
                        continue;
                    }
                }
                Arrival::Log => {
                    let known = self.clocks.get(&(log, None)).copied().unwrap_or(i64::MIN);
                    let stamp = if ts_recv.is_null(row) { ts } else { ts_recv.value(row) };
                    let clock = known.max(stamp);
                    self.clocks.insert((log, None), clock);
                    if ts < known {
                        self.late(table, first_row, row, Key { ts, log, seq }, known);
                        continue;
                    }
                }
            }
            if flags & self.plan.row_filter != 0 && table != Decisions::SPEC.name {
                self.report.filtered += 1;
                continue;
            }
            let key = Key { ts, log, seq };
            each(self, Envelope { key, source_id: *source_id, row, first_row })?;
        }
        Ok(())
    }

    fn late(&mut self, table: &'static str, first_row: u64, row: usize, key: Key, clock: i64) {
        self.report.late += 1;
        if table == Decisions::SPEC.name {
            self.report.decisions += 1;
            self.decision_rejects += 1;
        }
        let mut reject = Reject::new(
            &Origin::new("features", table).at(first_row),
            table,
            row as u64,
            "features/late-row",
        )
        .about("ts_avail", format!("{clock} or later"), key.ts.to_string());
        (reject.seq, reject.ts_avail_ns) = (Some(key.seq), Some(key.ts));
        self.rejects.push(reject);
    }

    fn refuse<T: Table>(
        &mut self,
        envelope: Envelope,
        code: &'static str,
        column: &str,
        expected: &str,
        found: String,
    ) {
        self.report.rejected += 1;
        let origin = Origin::new("features", T::SPEC.name).at(envelope.first_row);
        let position = envelope.row as u64;
        let mut reject =
            Reject::new(&origin, T::SPEC.name, position, code).about(column, expected, found);
        reject.seq = Some(envelope.key.seq);
        reject.source_id = Some(envelope.source_id);
        reject.ts_avail_ns = Some(envelope.key.ts);
        self.rejects.push(reject);
    }

    /// The instrument of a row, and whether the row can enter at once.
    fn instrument(
        &mut self,
        table: MarketTable,
        envelope: Envelope,
        instrument_id: u32,
    ) -> (&mut Instrument, bool) {
        let Envelope { key, source_id, .. } = envelope;
        self.coverage.instrument(table, instrument_id, source_id, key.ts);
        let in_order = self.options.logs == 1
            && match self.options.arrival {
                Arrival::Sorted => true,
                Arrival::Log => {
                    key.ts <= self.clocks.get(&(key.log, None)).copied().unwrap_or(i64::MIN)
                }
            };
        if !self.gaps.is_empty() {
            self.gaps_of.insert(instrument_id, self.coverage.gaps_of(instrument_id, &self.gaps));
        }
        let keep = &self.plan.keep;
        let rows = self.instruments.entry(instrument_id).or_insert_with(|| Instrument::new(keep));
        (rows, in_order)
    }

    pub(super) fn take_quotes(&mut self, log: u8, batch: &Batch<Quotes>) -> Result<(), SweepError> {
        let (bid, ask) = (batch.col(&Quotes::BID_PX), batch.col(&Quotes::ASK_PX));
        let (bid_size, ask_size) = (batch.col(&Quotes::BID_SIZE), batch.col(&Quotes::ASK_SIZE));
        let instruments = batch.instrument_id().values();
        self.rows(log, batch, Some(MarketTable::Quotes), |sweep, envelope| {
            let row = envelope.row;
            let px = [px(bid, row), px(ask, row)];
            for (price, column) in px.iter().zip(["bid_px", "ask_px"]) {
                if let Some(price) = price.filter(|p| p.unsigned_abs() > MAX_PX as u64) {
                    let expected = "a price of magnitude up to 4.6e9";
                    sweep.refuse::<Quotes>(
                        envelope,
                        "features/overflow",
                        column,
                        expected,
                        price.to_string(),
                    );
                    return Ok(());
                }
            }
            let mut size = [None; 2];
            for ((to, array), column) in
                size.iter_mut().zip([bid_size, ask_size]).zip(["bid_size", "ask_size"])
            {
                match sweep.size(array, row) {
                    Ok(nanos) => *to = nanos,
                    Err(found) => {
                        sweep.refuse::<Quotes>(
                            envelope,
                            "features/unusable-size",
                            column,
                            SIZES,
                            found,
                        );
                        return Ok(());
                    }
                }
            }
            let quote = Quote::new(envelope.key.ts, px, size);
            let id = instruments.get(row).copied().unwrap_or(0);
            let (rows, in_order) = sweep.instrument(MarketTable::Quotes, envelope, id);
            rows.quote(envelope.key, quote, in_order);
            Ok(())
        })
    }

    /// A size in units of 1e-9; the text of one that cannot be used.
    fn size(&mut self, sizes: &Float64Array, row: usize) -> Result<Option<i128>, String> {
        if sizes.is_null(row) {
            return Ok(None);
        }
        let size = sizes.value(row);
        let nanos = nano_size(size).ok_or_else(|| size.to_string())?;
        self.report.sizes_rounded += u64::from(nanos.rounded);
        Ok(Some(nanos.nanos))
    }

    pub(super) fn take_trades(&mut self, log: u8, batch: &Batch<Trades>) -> Result<(), SweepError> {
        let (prices, sizes) = (batch.col(&Trades::PX).values(), batch.col(&Trades::SIZE));
        let instruments = batch.instrument_id().values();
        let word = |source: UnknownWord| SweepError::Word { table: "trades", source };
        self.rows(log, batch, Some(MarketTable::Trades), |sweep, envelope| {
            let row = envelope.row;
            let px = prices.get(row).copied().unwrap_or(0);
            if px.unsigned_abs() > MAX_PX as u64 {
                let expected = "a price of magnitude up to 4.6e9";
                sweep.refuse::<Trades>(
                    envelope,
                    "features/overflow",
                    "px",
                    expected,
                    px.to_string(),
                );
                return Ok(());
            }
            let action: TradeAction = batch.cell(&Trades::ACTION, row).map_err(word)?;
            let size = match sweep.size(sizes, row) {
                Ok(size) => size.unwrap_or(0),
                Err(found) => {
                    sweep.refuse::<Trades>(
                        envelope,
                        "features/unusable-size",
                        "size",
                        SIZES,
                        found,
                    );
                    return Ok(());
                }
            };
            let id = |text: Option<&str>| text.map_or(0, hash_id);
            let print = if action == TradeAction::Trade {
                let mut trade = Trade::new(envelope.key.ts, px, size);
                let aggressor: Aggressor = batch.cell(&Trades::AGGRESSOR, row).map_err(word)?;
                let flag = match aggressor {
                    Aggressor::Buyer => Some(1),
                    Aggressor::Seller => Some(-1),
                    Aggressor::Unknown => None,
                };
                if let Some(sign) = flag {
                    (trade.sign, trade.sign_source) = (sign, SignSource::Flag);
                }
                Print::Trade(trade, id(batch.cell(&Trades::TRADE_ID, row).map_err(word)?))
            } else {
                let of = id(batch.cell(&Trades::REF_TRADE_ID, row).map_err(word)?);
                let to = if action == TradeAction::Correct { Some((px, size)) } else { None };
                Print::Amend(Amend { of, to })
            };
            let id = instruments.get(row).copied().unwrap_or(0);
            let (rows, in_order) = sweep.instrument(MarketTable::Trades, envelope, id);
            rows.print(envelope.key, print, in_order);
            Ok(())
        })
    }

    pub(super) fn take_depths(&mut self, log: u8, batch: &Batch<Depths>) -> Result<(), SweepError> {
        let bids = crate::rows::bid_columns(batch);
        let asks = crate::rows::ask_columns(batch);
        let instruments = batch.instrument_id().values();
        let word = |source: UnknownWord| SweepError::Word { table: "depths", source };
        self.rows(log, batch, Some(MarketTable::Depths), |sweep, envelope| {
            let row = envelope.row;
            let state: BookState = batch.cell(&Depths::BOOK_STATE, row).map_err(word)?;
            let mut sides: [Vec<Level>; 2] = [Vec::new(), Vec::new()];
            let mut sized = true;
            for (side, columns) in sides.iter_mut().zip([&bids, &asks]) {
                for (prices, sizes) in columns {
                    let Some(px) = px(prices, row) else { break };
                    if px.unsigned_abs() > MAX_PX as u64 {
                        let expected = "a price of magnitude up to 4.6e9";
                        sweep.refuse::<Depths>(
                            envelope,
                            "features/overflow",
                            "px",
                            expected,
                            px.to_string(),
                        );
                        return Ok(());
                    }
                    match sweep.size(sizes, row) {
                        Ok(size) => {
                            sized &= size.is_some();
                            side.push(Level { px, size: size.unwrap_or(0) });
                        }
                        Err(found) => {
                            sweep.refuse::<Depths>(
                                envelope,
                                "features/unusable-size",
                                "size",
                                SIZES,
                                found,
                            );
                            return Ok(());
                        }
                    }
                }
            }
            let [bids, asks] = &sides;
            let depth = Depth::new(envelope.key.ts, bids, asks, sized, state == BookState::Gap);
            let id = instruments.get(row).copied().unwrap_or(0);
            let (rows, in_order) = sweep.instrument(MarketTable::Depths, envelope, id);
            rows.depth(envelope.key, depth, in_order);
            Ok(())
        })
    }

    pub(super) fn take_decisions(
        &mut self,
        log: u8,
        batch: &Batch<Decisions>,
    ) -> Result<(), SweepError> {
        let word = |source: UnknownWord| SweepError::Word { table: "decisions", source };
        let mut strategy: Arc<str> = Arc::from("");
        self.rows(log, batch, None, |sweep, envelope| {
            let row = envelope.row;
            sweep.report.decisions += 1;
            let events = batch.ts_event();
            let receipts = batch.ts_recv();
            let stamps = [
                (!events.is_null(row)).then(|| events.value(row)),
                (!receipts.is_null(row)).then(|| receipts.value(row)),
            ];
            let cutoff = stamps.into_iter().flatten().min().unwrap_or(envelope.key.ts);
            sweep.decision_clock = sweep.decision_clock.max(envelope.key.ts);
            let now = match sweep.options.arrival {
                Arrival::Log => {
                    envelope.key.ts.max(sweep.clocks.get(&(log, None)).copied().unwrap_or(i64::MIN))
                }
                Arrival::Sorted => envelope.key.ts,
            };
            if now.saturating_sub(cutoff) > sweep.options.keep_ns {
                sweep.decision_rejects += 1;
                let expected =
                    format!("a cut-off at most {} ns before its arrival", sweep.options.keep_ns);
                sweep.refuse::<Decisions>(
                    envelope,
                    "features/late-decision",
                    "ts_event",
                    &expected,
                    cutoff.to_string(),
                );
                return Ok(());
            }
            let name = batch.cell(&Decisions::STRATEGY_ID, row).map_err(word)?;
            if *strategy != *name {
                strategy = Arc::from(name);
            }
            let no = sweep.report.decisions;
            let instrument = batch.instrument_id();
            let waiting = Waiting {
                cutoff,
                seq: envelope.key.seq,
                log,
                decision_id: *batch.cell(&Decisions::DECISION_ID, row).map_err(word)?.as_bytes(),
                strategy_id: Arc::clone(&strategy),
                instrument_id: (!instrument.is_null(row)).then(|| instrument.value(row)),
                md_seq_high: batch.cell(&Decisions::MD_SEQ_HIGH, row).map_err(word)?,
            };
            sweep.waiting.insert((cutoff, envelope.key.seq, no), waiting);
            Ok(())
        })
    }

    pub(super) fn take_statuses(
        &mut self,
        log: u8,
        batch: &Batch<Statuses>,
    ) -> Result<(), SweepError> {
        let word = |source: UnknownWord| SweepError::Word { table: "statuses", source };
        let instruments = batch.instrument_id().values();
        self.rows(log, batch, None, |sweep, envelope| {
            let row = envelope.row;
            let no = |flag: Option<bool>| flag == Some(false);
            let is_halted = no(batch.cell(&Statuses::IS_TRADING, row).map_err(word)?)
                || no(batch.cell(&Statuses::IS_QUOTING, row).map_err(word)?);
            let events = batch.ts_event();
            let status = StatusRow {
                ts_event: if events.is_null(row) { envelope.key.ts } else { events.value(row) },
                revision: batch.cell(&Statuses::REVISION, row).map_err(word)?,
                ts_avail: envelope.key.ts,
                seq: envelope.key.seq,
                log,
                is_halted,
            };
            let id = instruments.get(row).copied().unwrap_or(0);
            sweep.statuses.entry(id).or_default().push(status);
            Ok(())
        })
    }

    pub(super) fn take_marks(
        &mut self,
        log: u8,
        batch: &Batch<FeedMarks>,
    ) -> Result<(), SweepError> {
        let word = |source: UnknownWord| SweepError::Word { table: "feed_marks", source };
        self.rows(log, batch, None, |sweep, envelope| {
            let row = envelope.row;
            let kind: MarkKind = batch.cell(&FeedMarks::KIND, row).map_err(word)?;
            let about = batch.cell(&FeedMarks::ABOUT, row).map_err(word)?;
            let instrument = batch.instrument_id();
            let instrument_id = (!instrument.is_null(row)).then(|| instrument.value(row));
            // A mark about a table that is no tick table concerns no feature.
            let tables: Vec<MarketTable> = match about {
                None => MarketTable::ALL.to_vec(),
                Some(name) => MarketTable::ALL.into_iter().filter(|t| t.name() == name).collect(),
            };
            match kind {
                MarkKind::Start if instrument_id.is_none() => {
                    for table in tables {
                        sweep.coverage.start(table, envelope.source_id, envelope.key.ts);
                    }
                }
                MarkKind::Gap => {
                    let nanos = |t: Option<contract::UtcNanos>| t.map(contract::UtcNanos::nanos);
                    let from = nanos(batch.cell(&FeedMarks::TS_FROM, row).map_err(word)?);
                    let to = nanos(batch.cell(&FeedMarks::TS_TO, row).map_err(word)?);
                    let known = envelope.key.ts;
                    // A gap of unknown bounds is taken to lie where it was told.
                    let from = from.unwrap_or(known);
                    let to = to.unwrap_or(known).max(from.saturating_add(1));
                    let all = about.is_none();
                    for table in tables {
                        let (key, about) = (envelope.key, if all { None } else { Some(table) });
                        let mark = GapMark { key, since: i64::MIN, from, to, about };
                        let source_id = Some(envelope.source_id);
                        sweep.gaps.push(SourceGap { source_id, instrument_id, mark });
                        if all {
                            break;
                        }
                    }
                    sweep.renew_gaps();
                }
                _ => {}
            }
            Ok(())
        })
    }

    pub(super) fn take_ledger_gaps(&mut self, batch: &Batch<LedgerGaps>) -> Result<(), SweepError> {
        let word = |source: UnknownWord| SweepError::Word { table: "ledger_gaps", source };
        for row in 0..batch.len() {
            let nanos = |t: Option<contract::UtcNanos>| t.map(contract::UtcNanos::nanos);
            let known = nanos(batch.cell(&LedgerGaps::TS_AVAIL, row).map_err(word)?);
            let declared = batch.cell(&LedgerGaps::TS_DECLARED, row).map_err(word)?.nanos();
            let known = known.unwrap_or(declared);
            let about = batch.cell(&LedgerGaps::TABLE_NAME, row).map_err(word)?;
            let table = about.map(|name| MarketTable::ALL.into_iter().find(|t| t.name() == name));
            // A loss of another table concerns no feature.
            let about = match table {
                None => None,
                Some(None) => continue,
                Some(Some(table)) => Some(table),
            };
            let key = Key {
                ts: known,
                log: 0,
                seq: batch.cell(&LedgerGaps::SEQ, row).map_err(word)?.unwrap_or(0),
            };
            let mark =
                GapMark { key, since: i64::MIN, from: known, to: known.saturating_add(1), about };
            self.gaps.push(SourceGap { source_id: None, instrument_id: None, mark });
        }
        self.renew_gaps();
        Ok(())
    }

    fn renew_gaps(&mut self) {
        for id in self.instruments.keys() {
            self.gaps_of.insert(*id, self.coverage.gaps_of(*id, &self.gaps));
        }
    }
}

const SIZES: &str = "a size of 0, or from 1e-9 to 1e14";

fn px(prices: &Int64Array, row: usize) -> Option<i64> {
    (!prices.is_null(row)).then(|| prices.value(row))
}

/// FNV-1a of the venue's id; two ids of one lookback that share it would be one trade to a correction.
fn hash_id(text: &str) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325_u64;
    let hash = text.bytes().fold(start, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    hash.max(1)
}
