//! Fills with their corrections, and the lots that they open and close, matched from the first fill of the log.

use contract::{AdjustmentKind, DecisionAction, EventId, ExecType, Side};

use super::exact::{Contract, apportion, divide, floor, wide};
use super::fee::{Deal, Fee, booked};
use super::log::{Decision, Execution, Key, Log};
use crate::null::Null;
use arrow_buffer::i256;

/// A fill as it stands at the end of the log.
#[derive(Debug, Clone)]
pub(super) struct Fill {
    /// Its own key, or that of the cut-off where it was clamped.
    pub(super) key: Key,
    pub(super) exec_id: String,
    /// Availability of the fill and of every correction.
    pub(super) avail: i64,
    pub(super) source: u16,
    pub(super) instrument: u32,
    pub(super) account: Option<EventId>,
    pub(super) strategy: String,
    /// Place of its decision in the log.
    pub(super) decision: Option<usize>,
    pub(super) side: Side,
    pub(super) qty: i128,
    /// Doubled.
    pub(super) price: i64,
    pub(super) fee: Fee,
    pub(super) quote: Option<(i64, i64)>,
    pub(super) is_clamped: bool,
    pub(super) is_busted: bool,
}

/// Part of a lot that a fill closed.
#[derive(Debug, Clone)]
pub(super) struct Closing {
    /// Place of the closing fill among the fills.
    pub(super) fill: usize,
    pub(super) qty: i128,
    pub(super) fee: Fee,
}

/// Quantity opened by one fill.
#[derive(Debug, Clone)]
pub(super) struct Lot {
    /// Place of the opening fill among the fills.
    pub(super) fill: usize,
    pub(super) qty: i128,
    pub(super) open: i128,
    /// Doubled.
    pub(super) price: i64,
    pub(super) fee: Fee,
    pub(super) closings: Vec<Closing>,
    /// Key, availability and amount of postings.
    pub(super) carry: Vec<(Key, i64, Result<i128, Null>)>,
}

/// What the books need to know about an instrument.
pub(super) fn contract_of(log: &Log, instrument: u32, ts: i64) -> (Contract, Option<String>) {
    let row = instrument_row(log, instrument, ts);
    let contract = Contract {
        multiplier: row.map_or(1_000_000_000, |row| row.multiplier),
        is_inverse: row.is_some_and(|row| row.is_inverse),
    };
    (contract, row.map(|row| row.ccy.clone()))
}

/// The row in force; the greatest revision.
pub(super) fn instrument_row(
    log: &Log,
    instrument: u32,
    ts: i64,
) -> Option<&super::log::Instrument> {
    log.instruments
        .iter()
        .filter(|row| row.id == instrument && row.from <= ts && row.to.is_none_or(|to| ts < to))
        .max_by_key(|row| row.revision)
}

/// The decision that a row names, or whose order it is; a row of the tolerance before it included.
pub(super) fn decision_of(log: &Log, row: &Execution) -> Option<usize> {
    if let Some(id) = row.decision_id {
        return log.place(id);
    }
    let order = row.order_id.as_ref()?;
    let is_same = |decision: &Decision| {
        decision.order_id.as_ref() == Some(order)
            && row.strategy.as_ref().is_none_or(|strategy| *strategy == decision.strategy)
            && decision.key < row.key
    };
    log.decisions.iter().rposition(is_same)
}

/// Every fill, with the corrections that the log holds.
pub(super) fn fills(log: &Log, tolerance_ns: i64) -> Vec<Fill> {
    let mut fills: Vec<(Fill, &Execution)> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    // Ids of a fill and of its corrections, each with the place of the fill.
    let mut names: Vec<(u16, Option<EventId>, u32, &str, usize)> = Vec::new();
    for row in &log.executions {
        let is_mend = matches!(row.kind, ExecType::TradeCorrect | ExecType::TradeCancel);
        if (row.kind != ExecType::Trade && !is_mend)
            || !seen.insert((
                row.source,
                row.account,
                row.instrument,
                row.exec_id.as_str(),
                row.kind,
            ))
        {
            continue;
        }
        if row.kind == ExecType::Trade {
            if let (Some(qty), Some(px)) = (row.qty, row.px) {
                names.push((row.source, row.account, row.instrument, &row.exec_id, fills.len()));
                fills.push((fill(log, row, qty, px, tolerance_ns), row));
            }
            continue;
        }
        let named =
            |(source, account, instrument, id, at): &(u16, Option<EventId>, u32, &str, usize)| {
                let own = (row.source, row.account, row.instrument);
                let is_it =
                    (*source, *account, *instrument) == own && row.ref_id.as_deref() == Some(*id);
                is_it.then_some(*at)
            };
        let Some(at) = names.iter().rev().find_map(named) else { continue };
        names.push((row.source, row.account, row.instrument, &row.exec_id, at));
        if let Some((fill, original)) = fills.get_mut(at) {
            mend(log, fill, original, row);
        }
    }
    let mut fills: Vec<Fill> = fills.into_iter().map(|(fill, _)| fill).collect();
    fills.sort_by_key(|fill| fill.key);
    fills
}

fn fill(log: &Log, row: &Execution, qty: i128, px: i64, tolerance_ns: i64) -> Fill {
    let named = decision_of(log, row).and_then(|at| Some((at, log.decisions.get(at)?)));
    let early = named.map_or(0, |(_, decision)| decision.key.0 - row.key.0);
    // Too far before its decision: refused as the decision's own, but the position has moved.
    let decision = named.filter(|_| early <= tolerance_ns);
    let ts = if early > 0 && early <= tolerance_ns { row.key.0 + early } else { row.key.0 };
    let strategy = decision.map(|(_, decision)| decision.strategy.clone());
    let mut fill = Fill {
        key: (ts, row.key.1),
        exec_id: row.exec_id.clone(),
        avail: row.avail,
        source: row.source,
        instrument: row.instrument,
        account: row.account,
        strategy: strategy.or_else(|| row.strategy.clone()).unwrap_or_default(),
        decision: decision.map(|(at, _)| at),
        side: row.side,
        qty,
        price: px * 2,
        fee: Fee::NONE,
        quote: row.quote,
        is_clamped: ts != row.key.0,
        is_busted: false,
    };
    fill.fee = fee_of(log, &fill, row, row);
    fill
}

/// Applies a correction or a bust.
fn mend(log: &Log, fill: &mut Fill, original: &Execution, row: &Execution) {
    fill.avail = fill.avail.max(row.avail);
    if row.kind == ExecType::TradeCancel {
        fill.is_busted = true;
        return;
    }
    fill.qty = row.qty.unwrap_or(fill.qty);
    fill.price = row.px.map_or(fill.price, |px| px * 2);
    fill.is_busted |= fill.qty <= 0;
    if row.fee.is_some() {
        fill.fee = fee_of(log, fill, row, original);
    } else if original.fee.is_none() {
        // An estimate follows quantity and price.
        fill.fee = fee_of(log, fill, original, original);
    }
}

fn fee_of(log: &Log, fill: &Fill, fee: &Execution, original: &Execution) -> Fee {
    let (contract, ccy) = contract_of(log, fill.instrument, fill.key.0);
    let deal = Deal {
        contract,
        ccy: ccy.as_deref(),
        instrument: fill.instrument,
        account: fill.account,
        source: fill.source,
        ts: fill.key.0,
        qty: fill.qty,
        price: fill.price,
    };
    let stated = fee.fee.map(|amount| (amount, fee.fee_ccy.as_deref(), fee.is_fee_final));
    booked(log, deal, stated, original.liquidity)
}

/// What moves the books, in the order of keys.
enum Step {
    Split(u32, i64, i64),
    Fill(usize),
    Posting(usize),
}

/// All lots of all books, first in, first out; steps with keys below `until` alone.
pub(super) fn lots(log: &Log, fills: &[Fill], with_busted: bool, until: Key) -> Vec<Lot> {
    let mut steps: Vec<(Key, Step)> = Vec::new();
    for (at, fill) in fills.iter().enumerate() {
        if with_busted || !fill.is_busted {
            steps.push((fill.key, Step::Fill(at)));
        }
    }
    for row in &log.adjustments {
        let is_split = matches!(row.kind, AdjustmentKind::Split | AdjustmentKind::StockDividend);
        if let Some((num, den)) = row.ratio.filter(|_| is_split) {
            steps.push(((row.at, 0), Step::Split(row.instrument, num, den)));
        }
    }
    for (at, posting) in log.postings.iter().enumerate() {
        steps.push((posting.key, Step::Posting(at)));
    }
    steps.retain(|(key, _)| *key < until);
    steps.sort_by_key(|(key, _)| *key);
    let mut books = Books { log, fills, lots: Vec::new(), open: Vec::new() };
    for (_, step) in steps {
        match step {
            Step::Split(instrument, num, den) => books.split(instrument, num, den),
            Step::Fill(at) => books.take(at),
            Step::Posting(at) => books.carry(at),
        }
        let Books { lots, open, .. } = &mut books;
        open.retain(|place| lots.get(*place).is_some_and(|lot| lot.open > 0));
    }
    books.lots
}

/// The lots while they are matched.
struct Books<'l> {
    log: &'l Log,
    fills: &'l [Fill],
    lots: Vec<Lot>,
    /// Places of lots that are not closed, oldest first.
    open: Vec<usize>,
}

impl Books<'_> {
    fn split(&mut self, instrument: u32, num: i64, den: i64) {
        let (num, den) = (i128::from(num), i128::from(den));
        for place in &self.open {
            let Some(lot) = self.lots.get_mut(*place) else { continue };
            if self.fills.get(lot.fill).is_some_and(|fill| fill.instrument == instrument) {
                let open = floor(wide(lot.open).wrapping_mul(wide(num)), wide(den));
                lot.open = open.and_then(i256::to_i128).unwrap_or(lot.open);
                let price = divide(wide(i128::from(lot.price) * den), wide(num));
                let price =
                    price.and_then(i256::to_i128).and_then(|price| i64::try_from(price).ok());
                lot.price = price.unwrap_or(lot.price);
            }
        }
    }

    fn take(&mut self, at: usize) {
        let Some(fill) = self.fills.get(at) else { return };
        let is_against = |lot: &Lot| {
            self.fills.get(lot.fill).is_some_and(|opened| {
                (opened.account, opened.instrument) == (fill.account, fill.instrument)
                    && opened.strategy == fill.strategy
                    && opened.side != fill.side
            })
        };
        let mut rest = fill.qty;
        let mut parts: Vec<(usize, i128)> = Vec::new();
        for place in &self.open {
            let Some(lot) = self.lots.get(*place).filter(|lot| is_against(lot)) else { continue };
            let qty = lot.open.min(rest);
            if qty > 0 {
                parts.push((*place, qty));
                rest -= qty;
            }
        }
        let mut weights: Vec<i128> = parts.iter().map(|(_, qty)| *qty).collect();
        if rest > 0 {
            weights.push(rest);
        }
        let mut fees = fill.fee.split(&weights).into_iter();
        for (place, qty) in parts {
            let fee = fees.next().unwrap_or(Fee::NONE);
            if let Some(lot) = self.lots.get_mut(place) {
                lot.open -= qty;
                lot.closings.push(Closing { fill: at, qty, fee });
            }
        }
        let decision = fill.decision.and_then(|at| self.log.decisions.get(at));
        let only_closes = decision.is_some_and(|decision| {
            matches!(decision.action, DecisionAction::Exit | DecisionAction::Reduce)
        });
        if rest > 0 && !only_closes {
            self.open.push(self.lots.len());
            self.lots.push(Lot {
                fill: at,
                qty: rest,
                open: rest,
                price: fill.price,
                fee: fees.next().unwrap_or(Fee::NONE),
                closings: Vec::new(),
                carry: Vec::new(),
            });
        }
    }

    fn carry(&mut self, at: usize) {
        let Some(posting) = self.log.postings.get(at) else { return };
        let mut open: Vec<(usize, &str, i128)> = Vec::new();
        for place in &self.open {
            let Some(lot) = self.lots.get(*place) else { continue };
            let Some(fill) = self.fills.get(lot.fill) else { continue };
            if fill.instrument == posting.instrument && fill.account == Some(posting.account) {
                open.push((*place, &fill.strategy, lot.open));
            }
        }
        open.sort_by_key(|(place, strategy, _)| (*strategy, *place));
        let weights: Vec<i128> = open.iter().map(|(_, _, qty)| *qty).collect();
        let (_, ccy) = contract_of(self.log, posting.instrument, posting.key.0);
        let is_ours = ccy.is_none_or(|ours| ours == posting.ccy);
        for ((place, _, _), share) in open.iter().zip(apportion(posting.amount, &weights)) {
            let share = if is_ours { Ok(share) } else { Err(Null::NoFx) };
            if let Some(lot) = self.lots.get_mut(*place) {
                lot.carry.push((posting.key, posting.avail, share));
            }
        }
    }
}
