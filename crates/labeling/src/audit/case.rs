//! One decision with all that its outcome and labels are read from.

use std::rc::Rc;
use std::sync::Arc;

use contract::{DecisionAction, DecisionStatus, EventId, Side};

use super::book::{Book, Traded};
use super::exact::{Contract, bps, wide};
use super::fee::{Deal, Fee, assumed};
use super::log::{Decision, Instrument, Key, Log, Reference};
use super::lots::{Fill, Lot, contract_of, instrument_row};
use super::path::{Edge, Path};
use super::sigma::sigma;
use crate::null::Null;
use crate::settings::{Anchor, Benchmark, Measures, Overnight, PathKind, Resolved};

/// The latest key that there can be.
pub(super) const LAST: Key = (i64::MAX, u64::MAX);

/// Where a position was entered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) key: Key,
    /// Doubled.
    pub(super) price: Result<i64, Null>,
    pub(super) avail: Option<i64>,
    pub(super) is_fill: bool,
}

/// A decision of an instrument under its rules.
#[derive(Debug)]
pub(super) struct Case<'l> {
    pub(super) book: &'l Book,
    pub(super) log: &'l Log,
    pub(super) at: usize,
    pub(super) decision: &'l Decision,
    pub(super) instrument: u32,
    pub(super) rules: Arc<Resolved>,
    pub(super) path: Rc<Path>,
    /// Doubled mids, whatever the path.
    pub(super) mids: Rc<Path>,
    /// Doubled bids and asks, whatever the path.
    pub(super) quotes: Rc<Path>,
    pub(super) contract: Contract,
    pub(super) ccy: Option<String>,
    /// Fills and lots of the instrument.
    traded: Option<&'l Traded>,
    pub(super) horizon_ns: i64,
    pub(super) wait_ns: i64,
    /// Volatility a square-root second, in basis points.
    pub(super) sigma_bps: Result<f64, Null>,
    pub(super) reference: Option<&'l Reference>,
}

impl<'l> Case<'l> {
    pub(super) fn new(book: &'l Book, at: usize, rules: Arc<Resolved>) -> Option<Self> {
        let log = &book.log;
        let decision = log.decisions.get(at)?;
        let instrument = decision.instrument?;
        let measures = &rules.measures;
        let path = |kind| book.path(instrument, kind, measures);
        let horizon = match measures.horizon_ns {
            Some(fixed) => fixed,
            None => decision.horizon_ns.unwrap_or(measures.horizon_default_ns),
        };
        let horizon_ns = horizon.min(measures.max_life_ns);
        let wait_ns = match measures.anchor {
            Anchor::Fills => measures.entry_wait_ns.unwrap_or(horizon_ns).min(measures.max_life_ns),
            Anchor::Decision => 0,
        };
        let (contract, ccy) = contract_of(log, instrument, decision.key.0);
        let reference = log
            .references
            .iter()
            .find(|row| row.decision == decision.id && row.avail < decision.key.0);
        let mids = path(PathKind::Mid);
        Some(Self {
            book,
            log,
            at,
            decision,
            instrument,
            sigma_bps: sigma(&mids, measures.sigma, decision.key.0, reference),
            path: path(measures.path),
            quotes: path(PathKind::Executable),
            mids,
            contract,
            ccy,
            traded: book.traded(instrument),
            horizon_ns,
            wait_ns,
            reference,
            rules,
        })
    }

    /// Fills of the instrument, by key.
    pub(super) fn fills(&self) -> &'l [Fill] {
        self.traded.map_or(&[], |traded| &traded.fills)
    }

    /// Its lots, oldest first.
    pub(super) fn lots(&self) -> &'l [Lot] {
        self.traded.map_or(&[], |traded| &traded.lots)
    }

    pub(super) fn measures(&self) -> &Measures {
        &self.rules.measures
    }

    pub(super) fn cutoff(&self) -> i64 {
        self.decision.key.0
    }

    /// Until when fills count.
    pub(super) fn deadline(&self) -> i64 {
        self.cutoff() + self.wait_ns
    }

    pub(super) fn latest_end(&self) -> i64 {
        let m = self.measures();
        let life = (self.wait_ns + m.entry_delay_ns + self.horizon_ns).min(m.max_life_ns);
        self.cutoff() + life + m.max_exit_delay_ns + m.clock_bound_ns
    }

    pub(super) fn is_closed(&self, instant: i64) -> bool {
        self.log.clock > instant + self.measures().allowed_lateness_ns
    }

    /// Whether nothing was sent: the outcome is the value of not acting.
    pub(super) fn is_unsent(&self) -> bool {
        self.decision.action == DecisionAction::Skip
            || self.decision.status != DecisionStatus::Submitted
    }

    /// The decision's fills in time, busted ones left out.
    pub(super) fn own_fills(&self) -> Vec<&Fill> {
        self.fills().iter().filter(|fill| !fill.is_busted && self.is_own(fill)).collect()
    }

    pub(super) fn is_own(&self, fill: &Fill) -> bool {
        fill.decision == Some(self.at)
            && fill.instrument == self.instrument
            && fill.key.0 <= self.deadline()
    }

    pub(super) fn fill(&self, at: usize) -> Option<&Fill> {
        self.fills().get(at)
    }

    /// The lots that the decision's fills opened.
    pub(super) fn own_lots(&self) -> Vec<&Lot> {
        let is_own = |lot: &&Lot| self.fill(lot.fill).is_some_and(|fill| self.is_own(fill));
        self.lots().iter().filter(is_own).collect()
    }

    /// Whether fills that were all busted would have opened lots.
    pub(super) fn is_void(&self) -> bool {
        self.own_lots().is_empty()
            && self.traded.is_some_and(|traded| {
                traded.lots_with_busted(self.log).iter().any(|lot| {
                    self.fill(lot.fill).is_some_and(|fill| fill.is_busted && self.is_own(fill))
                })
            })
    }

    /// When the decision's quantity was reached, else when waiting ended.
    pub(super) fn entry_done(&self) -> i64 {
        let mut filled = 0;
        for fill in self.own_fills() {
            filled += fill.qty;
            if self.decision.qty.is_some_and(|qty| filled >= qty) {
                return fill.key.0;
            }
        }
        self.deadline()
    }

    /// The entry by a fill that opened a lot.
    pub(super) fn filled_entry(&self) -> Option<Entry> {
        let lots = self.own_lots();
        let first = lots.iter().filter_map(|lot| self.fill(lot.fill)).min_by_key(|f| f.key)?;
        Some(Entry {
            key: first.key,
            price: Ok(first.price),
            avail: Some(first.avail),
            is_fill: true,
        })
    }

    /// The entry of a trade that was not made.
    pub(super) fn assumed_entry(&self, side: Side) -> Entry {
        let edge = entering(side);
        let delay = self.measures().entry_delay_ns;
        let (key, found) = if delay > 0 {
            let instant = self.cutoff() + delay;
            ((instant, u64::MAX), self.path.at(instant, edge))
        } else if let Some(price) = self.captured(side) {
            let entry =
                Entry { key: self.decision.key, price: Ok(price), avail: None, is_fill: false };
            return entry;
        } else {
            (self.decision.key, self.path.before(self.decision.key, edge, None))
        };
        let price = found.map(|found| found.price);
        Entry { key, price, avail: found.ok().map(|found| found.avail), is_fill: false }
    }

    /// The decision's own view of the price at which the side enters, doubled.
    fn captured(&self, side: Side) -> Option<i64> {
        let d = self.decision;
        match (self.measures().path, side) {
            (PathKind::Executable, Side::Buy) => d.ask.map(|px| px * 2),
            (PathKind::Executable, Side::Sell) => d.bid.map(|px| px * 2),
            (PathKind::Mid, _) => d.bid.zip(d.ask).map(|(bid, ask)| bid + ask),
            (PathKind::Trade, _) => d.last.map(|px| px * 2),
        }
    }

    /// The end of the window; `None` when the session closes too early.
    pub(super) fn end(&self, entry: i64) -> Option<i64> {
        let m = self.measures();
        let end = (entry + self.horizon_ns).min(self.cutoff() + m.max_life_ns);
        let Overnight::Flat { margin_ns } = m.overnight else { return Some(end) };
        let row: Option<&Instrument> = instrument_row(self.log, self.instrument, self.cutoff());
        let calendar = row.and_then(|row| row.calendar.as_deref());
        let close = self
            .log
            .sessions
            .iter()
            .filter(|session| Some(session.calendar.as_str()) == calendar)
            .filter(|session| self.cutoff() < session.end && session.end <= end)
            .map(|session| session.end)
            .min();
        let end = close.map_or(end, |close| close - margin_ns);
        (end > entry).then_some(end)
    }

    /// Whether a corporate action lies in `(from, to]`.
    pub(super) fn has_action(&self, from: i64, to: i64) -> bool {
        self.log
            .adjustments
            .iter()
            .any(|row| row.instrument == self.instrument && from < row.at && row.at <= to)
    }

    /// The taker fee of a trade that was not made.
    pub(super) fn assumed_fee(
        &self,
        qty: i128,
        price: i64,
        ts: i64,
        source: Option<u16>,
        account: Option<EventId>,
    ) -> Fee {
        let deal = Deal {
            contract: self.contract,
            ccy: self.ccy.as_deref(),
            instrument: self.instrument,
            account: account.or(self.decision.account),
            source: source.unwrap_or(self.decision.source),
            ts,
            qty,
            price,
        };
        assumed(self.log, deal, source)
    }

    /// Beta times the benchmark's move over the holding time, in the direction of the position.
    pub(super) fn benchmark_bps(&self, sign: i128, entry: Key, exit: i64) -> Result<f64, Null> {
        match self.measures().benchmark {
            Benchmark::None => Err(Null::NotApplicable),
            Benchmark::DoNothing => Ok(0.0),
            Benchmark::References => {
                let row = self.reference.ok_or(Null::NotApplicable)?;
                let (beta, id) = row.beta.zip(row.benchmark).ok_or(Null::NotApplicable)?;
                let mids = self.book.path(id, PathKind::Mid, self.measures());
                let m0 = mids.before(entry, Edge::Down, None)?.price;
                let m1 = mids.at(exit, Edge::Down)?.price;
                let (m0, m1) = (i128::from(m0), i128::from(m1));
                let move_bps = bps(wide((m1 - m0) * sign), wide(m0))?;
                Ok(beta * move_bps)
            }
        }
    }

    /// The planned horizon in square-root seconds.
    pub(super) fn root_horizon(&self) -> f64 {
        (self.horizon_ns as f64 / 1e9).sqrt()
    }
}

/// +1 for a purchase, -1 for a sale.
pub(super) fn sign(side: Side) -> i128 {
    match side {
        Side::Buy => 1,
        Side::Sell => -1,
    }
}

/// Where a position of a side leaves.
pub(super) fn leaving(side: Side) -> Edge {
    match side {
        Side::Buy => Edge::Down,
        Side::Sell => Edge::Up,
    }
}

/// Where a position of a side is entered.
pub(super) fn entering(side: Side) -> Edge {
    match side {
        Side::Buy => Edge::Up,
        Side::Sell => Edge::Down,
    }
}

pub(super) fn opposite(side: Side) -> Side {
    match side {
        Side::Buy => Side::Sell,
        Side::Sell => Side::Buy,
    }
}
