//! One venue's book of one instrument, with everything that it publishes.

use crate::book::{Book, Effect, LevelChange, Side};
use crate::calendar::Phase;
use crate::rng::{Rng, whole};
use crate::rows::{
    BarPrice, BarRow, DeltaAction, DeltaRow, DepthRow, QuoteRow, Stamp, StatusRow, Tape,
    TapeAction, TradeRow,
};
use crate::scenario::{Flow, Venue};
use crate::universe::Listing;

const BAR_NS: i64 = 60_000_000_000;

/// Excitement of a Hawkes process with an exponential kernel, in arrivals a second.
#[derive(Debug, Clone)]
struct Excitement {
    level: f64,
    at: i64,
}

#[derive(Debug, Clone, Copy)]
struct OpenBar {
    start: i64,
    open: i64,
    high: i64,
    low: i64,
    close: i64,
    lots: u64,
    n: u32,
    px_lots: i128,
}

#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) venue: Venue,
    instrument: u16,
    number: u8,
    start: i64,
    tick: i64,
    activity: f64,
    pub(crate) book: Book,
    pub(crate) phase: Phase,
    excitement: Excitement,
    /// Next message of the crowd.
    pub(crate) next: i64,
    update_id: u64,
    seqs: [u64; 4],
    trades: u64,
    last_recv: i64,
    last_report: i64,
    shown: Option<(i64, crate::book::Level, i64, crate::book::Level)>,
    bars: [Option<OpenBar>; 3],
}

impl Site {
    pub(crate) fn new(
        venue: &Venue,
        listing: &Listing,
        instrument: u16,
        number: u8,
        start: i64,
    ) -> Self {
        Self {
            venue: venue.clone(),
            instrument,
            number,
            start,
            tick: listing.tick,
            activity: listing.activity,
            book: Book::new(listing.start_tick, listing.spread, listing.depth_lots),
            phase: Phase::Closed,
            excitement: Excitement { level: 0.0, at: start },
            next: i64::MAX,
            update_id: 0,
            seqs: [0; 4],
            trades: u64::from(instrument) * 1_000_000_000,
            last_recv: i64::MIN,
            last_report: i64::MIN,
            shown: None,
            bars: [None; 3],
        }
    }

    pub(crate) fn is_trading(&self) -> bool {
        self.phase == Phase::Trading
    }

    /// The venue's clock at a true moment.
    pub(crate) fn clock(&self, ts: i64) -> i64 {
        let drift = (ts - self.start) as f64 * self.venue.clock_drift_ppm / 1e6;
        ts + self.venue.clock_offset.0 + whole(drift)
    }

    fn delay(&self, rng: &mut Rng) -> i64 {
        self.venue.delay.0 + whole(self.venue.jitter.0 as f64 * rng.exponential())
    }

    /// Stamp of market data: one line from the venue, first in, first out.
    pub(crate) fn stamp(&mut self, rng: &mut Rng, ts: i64) -> Stamp {
        let recv = (ts + self.delay(rng)).max(self.last_recv);
        self.last_recv = recv;
        Stamp { event: self.clock(ts), recv, instrument: self.instrument, venue: self.number }
    }

    /// Stamp of a report on our own orders, which has a line of its own.
    pub(crate) fn report_stamp(&mut self, rng: &mut Rng, ts: i64) -> Stamp {
        let recv = (ts + self.delay(rng)).max(self.last_report);
        self.last_report = recv;
        Stamp { event: self.clock(ts), recv, instrument: self.instrument, venue: self.number }
    }

    fn seq(&mut self, table: usize) -> u64 {
        self.seqs[table] += 1;
        self.seqs[table]
    }

    /// Draws the next message of the crowd: the earlier of an unprompted and an excited one (Dassios and Zhao 2013).
    pub(crate) fn schedule(&mut self, rng: &mut Rng, flow: &Flow, vol: f64, ts: i64) {
        let decay = 1.0 / flow.decay.seconds();
        let elapsed = (ts - self.excitement.at) as f64 / 1e9;
        let level = self.excitement.level * libm::exp(-decay * elapsed);
        self.excitement = Excitement { level, at: ts };
        let mut wait =
            rng.exponential() / (flow.rate * self.activity * self.venue.activity * vol).max(1e-9);
        if level > 1e-9 {
            let left = 1.0 - decay * rng.exponential() / level;
            if left > 0.0 {
                wait = wait.min(-libm::log(left) / decay);
            }
        }
        self.next = ts + whole(wait * 1e9).clamp(1, i64::MAX / 4);
    }

    pub(crate) fn excite(&mut self, flow: &Flow, ts: i64) {
        let decay = 1.0 / flow.decay.seconds();
        let elapsed = (ts - self.excitement.at) as f64 / 1e9;
        let level = self.excitement.level * libm::exp(-decay * elapsed) + flow.branching * decay;
        self.excitement = Excitement { level, at: ts };
    }

    /// Publishes what a message did: prints, level changes, the new best quote if it changed, and now and then depths.
    ///
    /// Returns the stamp and the trade ids of the prints, in order.
    pub(crate) fn publish(
        &mut self,
        rng: &mut Rng,
        ts: i64,
        depth_every: u64,
        taker: Option<Side>,
        effect: &Effect,
        tape: &mut Tape,
    ) -> (Stamp, u64) {
        let at = self.stamp(rng, ts);
        let first_trade = self.trades + 1;
        let last_print = effect.prints.len();
        for (n, print) in effect.prints.iter().enumerate() {
            self.trades += 1;
            let venue_seq = self.seq(0);
            let px = print.tick * self.tick;
            self.bar(BarPrice::Trade, at, px, Some(print.lots), tape);
            tape.trades.push(TradeRow {
                at,
                px,
                lots: print.lots,
                aggressor: taker,
                action: TapeAction::Trade,
                trade_id: self.trades,
                ref_id: None,
                venue_seq,
                is_last: n + 1 == last_print,
            });
        }
        if !effect.changes.is_empty() {
            self.update_id += 1;
            self.deltas(at, &effect.changes, false, tape);
            self.show(at, tape);
            if self.update_id.is_multiple_of(depth_every) {
                self.depths(at, tape);
            }
        }
        (at, first_trade)
    }

    fn deltas(&mut self, at: Stamp, changes: &[LevelChange], is_snapshot: bool, tape: &mut Tape) {
        let last = changes.len();
        for (n, change) in changes.iter().enumerate() {
            let venue_seq = self.seq(2);
            tape.deltas.push(DeltaRow {
                at,
                action: DeltaAction::Modify,
                side: Some(change.side),
                px: Some(change.tick * self.tick),
                lots: change.lots,
                update_id: self.update_id,
                venue_seq,
                is_last: n + 1 == last,
                is_snapshot,
            });
        }
    }

    fn show(&mut self, at: Stamp, tape: &mut Tape) {
        let top = if self.is_trading() {
            let ((bid, b), (ask, a)) = (self.book.best(Side::Buy), self.book.best(Side::Sell));
            Some((bid * self.tick, b, ask * self.tick, a))
        } else {
            None
        };
        if top == self.shown {
            return;
        }
        self.shown = top;
        if let Some((bid, _, ask, _)) = top {
            self.bar(BarPrice::Bid, at, bid, None, tape);
            self.bar(BarPrice::Ask, at, ask, None, tape);
        }
        let venue_seq = self.seq(1);
        tape.quotes.push(QuoteRow { at, top, update_id: self.update_id, venue_seq });
    }

    fn depths(&mut self, at: Stamp, tape: &mut Tape) {
        let top = self
            .is_trading()
            .then(|| (self.book.bid * self.tick, self.book.ask() * self.tick, self.tick));
        let venue_seq = self.seq(3);
        let (bids, asks) = (self.book.bids, self.book.asks);
        tape.depths.push(DepthRow { at, top, bids, asks, update_id: self.update_id, venue_seq });
    }

    /// A print without aggressor: an auction.
    pub(crate) fn uncross(&mut self, rng: &mut Rng, ts: i64, lots: u32, tape: &mut Tape) {
        let at = self.stamp(rng, ts);
        self.trades += 1;
        let (venue_seq, px) = (self.seq(0), self.book.bid * self.tick);
        self.bar(BarPrice::Trade, at, px, Some(lots), tape);
        let (trade_id, action) = (self.trades, TapeAction::Trade);
        let row = TradeRow {
            at,
            px,
            lots,
            aggressor: None,
            action,
            trade_id,
            ref_id: None,
            venue_seq,
            is_last: true,
        };
        tape.trades.push(row);
    }

    /// A print that is taken back, or given another price.
    pub(crate) fn amend(
        &mut self,
        rng: &mut Rng,
        ts: i64,
        trade: (u64, i64, u32),
        action: TapeAction,
        tape: &mut Tape,
    ) {
        let at = self.stamp(rng, ts);
        self.trades += 1;
        let venue_seq = self.seq(0);
        let (ref_id, px, lots) = trade;
        let (trade_id, ref_id) = (self.trades, Some(ref_id));
        tape.trades.push(TradeRow {
            at,
            px,
            lots,
            aggressor: None,
            action,
            trade_id,
            ref_id,
            venue_seq,
            is_last: true,
        });
    }

    /// Enters a phase: says so, and empties the book or shows it anew.
    pub(crate) fn enter(&mut self, rng: &mut Rng, ts: i64, phase: Phase, tape: &mut Tape) {
        let at = self.stamp(rng, ts);
        let was = std::mem::replace(&mut self.phase, phase);
        let (action, reason) = match phase {
            Phase::Closed => ("close", None),
            Phase::Auction => ("pre_open", Some("auction")),
            Phase::Trading => ("trading", None),
            Phase::Lunch => ("pause", Some("scheduled")),
            Phase::Halt => ("halt", Some("news_pending")),
            Phase::CloseAuction => ("quoting", Some("auction")),
        };
        let is_trading = phase == Phase::Trading;
        tape.statuses.push(StatusRow { at, action, reason, is_trading, is_quoting: is_trading });
        if is_trading {
            self.excitement = Excitement { level: 0.0, at: ts };
            self.book.refill(rng);
        } else {
            self.next = i64::MAX;
        }
        if is_trading || was == Phase::Trading {
            self.update_id += 1;
            let venue_seq = self.seq(2);
            tape.deltas.push(DeltaRow {
                at,
                action: DeltaAction::Clear,
                side: None,
                px: None,
                lots: 0,
                update_id: self.update_id,
                venue_seq,
                is_last: !is_trading,
                is_snapshot: true,
            });
            if is_trading {
                let mut effect = Effect::default();
                self.book.snapshot(&mut effect);
                self.deltas(at, &effect.changes, true, tape);
            }
            self.show(at, tape);
            self.depths(at, tape);
        }
    }

    fn bar(&mut self, price: BarPrice, at: Stamp, px: i64, lots: Option<u32>, tape: &mut Tape) {
        let slot = price as usize;
        let start = at.event.div_euclid(BAR_NS) * BAR_NS;
        if self.bars[slot].is_some_and(|b| b.start != start) {
            self.close_bar(price, at.recv, tape);
        }
        let lots = u64::from(lots.unwrap_or(0));
        let weighted = i128::from(px) * i128::from(lots);
        match &mut self.bars[slot] {
            Some(bar) => {
                bar.high = bar.high.max(px);
                bar.low = bar.low.min(px);
                bar.close = px;
                bar.lots += lots;
                bar.n += 1;
                bar.px_lots += weighted;
            }
            empty => {
                *empty = Some(OpenBar {
                    start,
                    open: px,
                    high: px,
                    low: px,
                    close: px,
                    lots,
                    n: 1,
                    px_lots: weighted,
                });
            }
        }
    }

    fn close_bar(&mut self, price: BarPrice, recv: i64, tape: &mut Tape) {
        let Some(bar) = self.bars[price as usize].take() else { return };
        let close_ts = bar.start + BAR_NS;
        let at = Stamp { event: close_ts, recv, instrument: self.instrument, venue: self.number };
        let OpenBar { start: open_ts, open, high, low, close, lots, n: n_trades, px_lots } = bar;
        tape.bars.push(BarRow {
            at,
            open_ts,
            close_ts,
            price,
            open,
            high,
            low,
            close,
            lots,
            n_trades,
            px_lots,
        });
    }

    /// Closes the bars whose minute is over by the venue's clock.
    pub(crate) fn close_bars(&mut self, ts: i64, tape: &mut Tape) {
        for price in [BarPrice::Trade, BarPrice::Bid, BarPrice::Ask] {
            if self.bars[price as usize].is_some_and(|b| b.start + BAR_NS <= self.clock(ts)) {
                let recv = ts + self.venue.delay.0;
                self.close_bar(price, recv, tape);
            }
        }
    }
}
