//! Rows of tick tables into the rings of their instruments.

use super::Sweep;
use super::accept::{Accepted, Group};
use crate::error::SweepError;
use crate::exact::nano_size;
use crate::instrument::{Amend, Instrument, Print};
use crate::ring::Key;
use crate::rows::{Depth, Level, MarketTable, Quote, SignSource, Trade};
use contract::arrow_array::{Array, Float64Array, Int64Array};
use contract::{
    Aggressor, Batch, BookState, Depths, EventTable, Origin, Quotes, Reject, TradeAction, Trades,
    UnknownWord,
};
use std::collections::{BTreeMap, BTreeSet};

/// Prices beyond this would not leave room for twice a mid in 64 bits.
const MAX_PX: i64 = i64::MAX / 2;
const PRICES: &str = "a price of magnitude up to 4.6e9";
const SIZES: &str = "a size of 0, or from 1e-9 to 1e14";
/// Rows from which on it pays to share work among threads.
const WORTH_THREADS: usize = 1 << 13;

/// A row that cannot be used.
#[derive(Debug)]
struct Refused {
    row: usize,
    code: &'static str,
    column: &'static str,
    expected: &'static str,
    found: String,
}

/// What filling one instrument gave.
#[derive(Debug, Default)]
struct Filled {
    refused: Vec<Refused>,
    rounded: u64,
}

/// How rows of one table enter an instrument.
trait Fill: Sync {
    fn fill(
        &self,
        instrument: &mut Instrument,
        rows: &Group,
        out: &mut Filled,
    ) -> Result<(), SweepError>;
}

impl Sweep {
    pub(super) fn take_quotes(&mut self, log: u8, batch: &Batch<Quotes>) -> Result<(), SweepError> {
        let accepted = self.accept(log, batch, Some(MarketTable::Quotes))?;
        let fill = QuoteFill {
            keys: Keys::of(log, batch),
            px: [batch.col(&Quotes::BID_PX), batch.col(&Quotes::ASK_PX)],
            size: [batch.col(&Quotes::BID_SIZE), batch.col(&Quotes::ASK_SIZE)],
        };
        self.take(MarketTable::Quotes, batch, &accepted, &fill)
    }

    pub(super) fn take_trades(&mut self, log: u8, batch: &Batch<Trades>) -> Result<(), SweepError> {
        let accepted = self.accept(log, batch, Some(MarketTable::Trades))?;
        let fill = TradeFill { keys: Keys::of(log, batch), batch };
        self.take(MarketTable::Trades, batch, &accepted, &fill)
    }

    pub(super) fn take_depths(&mut self, log: u8, batch: &Batch<Depths>) -> Result<(), SweepError> {
        let accepted = self.accept(log, batch, Some(MarketTable::Depths))?;
        let fill = DepthFill {
            keys: Keys::of(log, batch),
            batch,
            sides: [crate::rows::bid_columns(batch), crate::rows::ask_columns(batch)],
        };
        self.take(MarketTable::Depths, batch, &accepted, &fill)
    }

    fn take<T: EventTable>(
        &mut self,
        table: MarketTable,
        batch: &Batch<T>,
        accepted: &Accepted,
        fill: &impl Fill,
    ) -> Result<(), SweepError> {
        if !self.plan.tables.contains(&table) {
            return Ok(());
        }
        let groups = accepted.by_instrument(batch.instrument_id().values());
        let keep = &self.plan.keep;
        for id in groups.keys() {
            self.instruments.entry(*id).or_insert_with(|| Instrument::new(keep));
        }
        let mut work: Vec<(&mut Instrument, &Group, Filled)> = Vec::with_capacity(groups.len());
        let one = groups.first_key_value().filter(|_| groups.len() == 1);
        if let Some((id, group)) = one {
            let rows = self.instruments.get_mut(id);
            work.extend(rows.map(|rows| (rows, group, Filled::default())));
        } else {
            let all = self.instruments.iter_mut();
            work.extend(
                all.filter_map(|(id, rows)| Some((rows, groups.get(id)?, Filled::default()))),
            );
        }
        let threads = if accepted.rows.len() < WORTH_THREADS { 1 } else { self.options.threads };
        share(&mut work, threads, &|(rows, group, out)| fill.fill(rows, group, out))?;
        let mut refused: Vec<Refused> = Vec::new();
        for (_, _, mut filled) in work {
            self.report.sizes_rounded += filled.rounded;
            refused.append(&mut filled.refused);
        }
        self.cover(table, batch, &groups, &refused);
        refused.sort_by_key(|r| r.row);
        for one in refused {
            self.refuse(batch, accepted.first_row, one);
        }
        Ok(())
    }

    /// Notes from which source an instrument has a row; one that was refused is none.
    fn cover<T: EventTable>(
        &mut self,
        table: MarketTable,
        batch: &Batch<T>,
        groups: &BTreeMap<u32, Group>,
        refused: &[Refused],
    ) {
        let refused: BTreeSet<usize> = refused.iter().map(|r| r.row).collect();
        let (sources, ts) = (batch.source_id().values(), batch.ts_avail().values());
        for (id, group) in groups {
            let mut last = None;
            let mut is_new = false;
            for row in group.rows.iter().filter(|row| !refused.contains(row)) {
                let Some((source, ts)) = sources.get(*row).zip(ts.get(*row)) else { continue };
                if last != Some(*source) {
                    is_new |= self.coverage.instrument(table, *id, *source, *ts);
                    last = Some(*source);
                }
            }
            let is_missing = is_new || !self.gaps_of.contains_key(id);
            if is_missing && !self.gaps.is_empty() {
                self.gaps_of.insert(*id, self.coverage.gaps_of(*id, &self.gaps));
            }
        }
    }

    fn refuse<T: EventTable>(&mut self, batch: &Batch<T>, first_row: u64, refused: Refused) {
        self.report.rejected += 1;
        let origin = Origin::new("features", T::SPEC.name).at(first_row);
        let mut reject = Reject::new(&origin, T::SPEC.name, refused.row as u64, refused.code)
            .about(refused.column, refused.expected, refused.found);
        reject.seq = batch.seq().values().get(refused.row).copied();
        reject.source_id = batch.source_id().values().get(refused.row).copied();
        reject.ts_avail_ns = batch.ts_avail().values().get(refused.row).copied();
        self.rejects.push(reject);
    }
}

/// Works on every item, in a few threads where that is said to pay.
fn share<W: Send>(
    work: &mut [W],
    threads: usize,
    each: &(impl Fn(&mut W) -> Result<(), SweepError> + Sync),
) -> Result<(), SweepError> {
    if threads == 1 || work.len() < 2 {
        return work.iter_mut().try_for_each(each);
    }
    let chunk = work.len().div_ceil(threads);
    std::thread::scope(|scope| {
        let running: Vec<_> = work
            .chunks_mut(chunk)
            .map(|part| scope.spawn(move || part.iter_mut().try_for_each(each)))
            .collect();
        let lost = || Err(SweepError::Output("a thread ended early".to_owned()));
        running.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| lost()))
    })
}

/// Keys of the rows of a batch.
#[derive(Debug, Clone, Copy)]
struct Keys<'a> {
    log: u8,
    ts: &'a [i64],
    seq: &'a [u64],
}

impl<'a> Keys<'a> {
    fn of<T: EventTable>(log: u8, batch: &'a Batch<T>) -> Self {
        Self { log, ts: batch.ts_avail().values(), seq: batch.seq().values() }
    }

    fn at(&self, row: usize) -> Key {
        Key {
            ts: self.ts.get(row).copied().unwrap_or(0),
            log: self.log,
            seq: self.seq.get(row).copied().unwrap_or(0),
        }
    }
}

#[inline]
fn px(prices: &Int64Array, row: usize) -> Option<i64> {
    (!prices.is_null(row)).then(|| prices.value(row))
}

fn too_large(px: i64) -> bool {
    px.unsigned_abs() > MAX_PX.unsigned_abs()
}

/// A size in units of 1e-9.
#[inline]
fn size(sizes: &Float64Array, row: usize, out: &mut Filled) -> Result<Option<i128>, String> {
    if sizes.is_null(row) {
        return Ok(None);
    }
    let size = sizes.value(row);
    let nanos = nano_size(size).ok_or_else(|| size.to_string())?;
    out.rounded += u64::from(nanos.rounded);
    Ok(Some(nanos.nanos))
}

struct QuoteFill<'a> {
    keys: Keys<'a>,
    px: [&'a Int64Array; 2],
    size: [&'a Float64Array; 2],
}

impl QuoteFill<'_> {
    /// The quote of a row of columns without nulls, if nothing is wrong with it.
    #[inline]
    fn plain(&self, row: usize, out: &mut Filled) -> Option<(Key, Quote)> {
        let px = self.px.map(|prices| prices.values().get(row).copied().unwrap_or(i64::MIN));
        let sizes = self.size.map(|sizes| sizes.values().get(row).copied().unwrap_or(f64::NAN));
        let [bid, ask] = sizes.map(nano_size);
        if px.iter().any(|p| too_large(*p)) {
            return None;
        }
        let (bid, ask) = (bid?, ask?);
        out.rounded += u64::from(bid.rounded) + u64::from(ask.rounded);
        let key = self.keys.at(row);
        Some((key, Quote::new(key.ts, px.map(Some), [Some(bid.nanos), Some(ask.nanos)])))
    }
}

impl Fill for QuoteFill<'_> {
    fn fill(&self, to: &mut Instrument, rows: &Group, out: &mut Filled) -> Result<(), SweepError> {
        let is_plain = self.px.iter().all(|a| a.null_count() == 0)
            && self.size.iter().all(|a| a.null_count() == 0);
        'rows: for (row, in_order) in rows.rows.iter().zip(&rows.in_order) {
            let row = *row;
            if is_plain && let Some((key, quote)) = self.plain(row, out) {
                to.quote(key, quote, *in_order);
                continue;
            }
            let px = self.px.map(|prices| px(prices, row));
            for (price, column) in px.iter().zip(["bid_px", "ask_px"]) {
                if let Some(price) = price.filter(|p| too_large(*p)) {
                    let (code, found) = ("features/overflow", price.to_string());
                    out.refused.push(Refused { row, code, column, expected: PRICES, found });
                    continue 'rows;
                }
            }
            let mut sizes = [None; 2];
            for ((to, array), column) in
                sizes.iter_mut().zip(self.size).zip(["bid_size", "ask_size"])
            {
                match size(array, row, out) {
                    Ok(nanos) => *to = nanos,
                    Err(found) => {
                        let code = "features/unusable-size";
                        out.refused.push(Refused { row, code, column, expected: SIZES, found });
                        continue 'rows;
                    }
                }
            }
            let key = self.keys.at(row);
            to.quote(key, Quote::new(key.ts, px, sizes), *in_order);
        }
        Ok(())
    }
}

struct TradeFill<'a> {
    keys: Keys<'a>,
    batch: &'a Batch<Trades>,
}

impl Fill for TradeFill<'_> {
    fn fill(&self, to: &mut Instrument, rows: &Group, out: &mut Filled) -> Result<(), SweepError> {
        let word = |source: UnknownWord| SweepError::Word { table: "trades", source };
        let batch = self.batch;
        let (prices, sizes) = (batch.col(&Trades::PX).values(), batch.col(&Trades::SIZE));
        for (row, in_order) in rows.rows.iter().zip(&rows.in_order) {
            let row = *row;
            let px = prices.get(row).copied().unwrap_or(0);
            if too_large(px) {
                let (code, column, found) = ("features/overflow", "px", px.to_string());
                out.refused.push(Refused { row, code, column, expected: PRICES, found });
                continue;
            }
            let size = match size(sizes, row, out) {
                Ok(size) => size.unwrap_or(0),
                Err(found) => {
                    let (code, column) = ("features/unusable-size", "size");
                    out.refused.push(Refused { row, code, column, expected: SIZES, found });
                    continue;
                }
            };
            let key = self.keys.at(row);
            let id = |text: Option<&str>| text.map_or(0, hash_id);
            let action: TradeAction = batch.cell(&Trades::ACTION, row).map_err(word)?;
            let print = if action == TradeAction::Trade {
                let mut trade = Trade::new(key.ts, px, size);
                let flag = match batch.cell(&Trades::AGGRESSOR, row).map_err(word)? {
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
            if !to.print(key, print, *in_order) {
                let (code, column, expected) =
                    ("features/overflow", "size", "a value of at most 1.2e15");
                let found = format!("{px} e-9 x {size} e-9");
                out.refused.push(Refused { row, code, column, expected, found });
            }
        }
        Ok(())
    }
}

struct DepthFill<'a> {
    keys: Keys<'a>,
    batch: &'a Batch<Depths>,
    sides: [crate::rows::SideColumns<'a>; 2],
}

impl Fill for DepthFill<'_> {
    fn fill(&self, to: &mut Instrument, rows: &Group, out: &mut Filled) -> Result<(), SweepError> {
        let word = |source: UnknownWord| SweepError::Word { table: "depths", source };
        'rows: for (row, in_order) in rows.rows.iter().zip(&rows.in_order) {
            let row = *row;
            let state: BookState = self.batch.cell(&Depths::BOOK_STATE, row).map_err(word)?;
            let mut levels: [Vec<Level>; 2] = [Vec::new(), Vec::new()];
            for (side, columns) in levels.iter_mut().zip(&self.sides) {
                for (prices, sizes) in columns {
                    let Some(px) = px(prices, row) else { break };
                    if too_large(px) {
                        let (code, column, found) = ("features/overflow", "px", px.to_string());
                        out.refused.push(Refused { row, code, column, expected: PRICES, found });
                        continue 'rows;
                    }
                    match size(sizes, row, out) {
                        Ok(size) => side.push(Level { px, size }),
                        Err(found) => {
                            let (code, column) = ("features/unusable-size", "size");
                            out.refused.push(Refused { row, code, column, expected: SIZES, found });
                            continue 'rows;
                        }
                    }
                }
            }
            let [bids, asks] = &levels;
            let key = self.keys.at(row);
            let depth = Depth::new(key.ts, bids, asks, state == BookState::Gap);
            to.depth(key, &depth, *in_order);
        }
        Ok(())
    }
}

/// FNV-1a of the venue's id; two ids of one lookback that share it would be one trade to a correction.
fn hash_id(text: &str) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325_u64;
    let hash = text.bytes().fold(start, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    hash.max(1)
}
