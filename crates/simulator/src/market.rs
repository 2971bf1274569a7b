//! One instrument at all venues, with the desk's part in it: everything of a slice that needs no other instrument.

use crate::account::Account;
use crate::book::{Effect, Side};
use crate::calendar::{Calendar, Mark, Phase};
use crate::desk::{Desk, EXPLORER, Feed, HEDGER, Moment, Note, Request};
use crate::law::Law;
use crate::orders::{Match, Order, Pending, Revision};
use crate::rng::{Purpose, Rng};
use crate::rows::{NewsRow, PROCESSING_NS, PostingRow, SignalRow, Style, Tape, TapeAction};
use crate::scenario::Spec;
use crate::site::Site;
use crate::truth::Truth;
use crate::universe::{Listing, Universe};
use crate::world::{Move, Share, at};
use contract::EventId;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// What is the same for all instruments in a slice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame<'a> {
    pub(crate) spec: &'a Spec,
    pub(crate) universe: &'a Universe,
    pub(crate) calendar: &'a Calendar,
    pub(crate) seed: u64,
    pub(crate) slice: u64,
    pub(crate) to: i64,
    pub(crate) hedge_target: i64,
}

/// Something that happens at a known later moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Due {
    pub(crate) ts: i64,
    pub(crate) number: u64,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Event {
    Arrive(u64),
    Cancel(u64),
    Replace {
        old: u64,
        new: u64,
        px: i64,
        decision: [u8; 16],
        sent: i64,
    },
    Revise(Revision),
    Liquidate,
    /// The second venue follows the first.
    Arbitrage,
    Fund,
}

#[derive(Debug, Clone)]
pub(crate) struct Market {
    pub(crate) index: usize,
    pub(crate) listing: Listing,
    pub(crate) sites: Vec<Site>,
    pub(crate) desk: Desk,
    pub(crate) accounts: [Account; 4],
    pub(crate) orders: BTreeMap<u64, Order>,
    pub(crate) truth: Truth,
    law: Law,
    moves_per_s: f64,
    due: BinaryHeap<Reverse<Due>>,
    events: BTreeMap<u64, Event>,
    number: u64,
    marks: Vec<usize>,
    news: i64,
    noise: i64,
    pub(crate) execs: u64,
    pub(crate) effect: Effect,
}

/// What the loop does next; at equal times in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Phase(usize),
    World,
    Due,
    Crowd(usize),
    Noise,
    News,
    Decide(usize),
}

impl Market {
    pub(crate) fn new(spec: &Spec, universe: &Universe, calendar: &Calendar, index: usize) -> Self {
        let listing = universe.listings[index].clone();
        let instrument = u16::try_from(index).unwrap_or(u16::MAX);
        let sites: Vec<Site> = (universe.venues.iter().zip(0_u8..))
            .map(|(venue, n)| Site::new(venue, &listing, instrument, n, calendar.start))
            .collect();
        let mut market = Self {
            index,
            law: Law::new(spec, universe, index),
            moves_per_s: moves_per_s(spec, universe, index),
            marks: vec![0; sites.len()],
            listing,
            sites,
            desk: Desk::new(instrument),
            accounts: std::array::from_fn(|_| Account::default()),
            orders: BTreeMap::new(),
            truth: Truth::default(),
            due: BinaryHeap::new(),
            events: BTreeMap::new(),
            number: 0,
            news: i64::MAX,
            noise: i64::MAX,
            execs: u64::from(instrument) * 1_000_000_000,
            effect: Effect::default(),
        };
        if market.listing.funding_ppm != 0 {
            for ts in &calendar.funding {
                market.later(*ts, Event::Fund);
            }
        }
        if let Some(after) =
            spec.desk.liquidation_after.filter(|_| index == 1.min(universe.listings.len() - 1))
        {
            market.later(calendar.first_open + after.0, Event::Liquidate);
        }
        market
    }

    pub(crate) fn later(&mut self, ts: i64, event: Event) {
        self.number += 1;
        self.due.push(Reverse(Due { ts, number: self.number }));
        self.events.insert(self.number, event);
    }

    /// Whether a venue is open, so that time passes here.
    pub(crate) fn run(&mut self, frame: &Frame<'_>, share: &Share) -> Tape {
        let mut tape = Tape::default();
        let mut rng = Rng::new(frame.seed, Purpose::Market, self.index as u64, frame.slice);
        let mut desk_rng = Rng::new(frame.seed, Purpose::Desk, self.index as u64, frame.slice);
        let mut news_rng = Rng::new(frame.seed, Purpose::News, self.index as u64, frame.slice);
        let mut moves = share.moves.iter();
        let mut next_move = moves.next();
        while let Some((ts, turn)) =
            self.next_turn(frame.calendar, next_move).filter(|(ts, _)| *ts < frame.to)
        {
            match turn {
                Turn::Phase(site) => {
                    self.change_phase(frame, &mut rng, &mut desk_rng, share, site, &mut tape);
                }
                Turn::World => {
                    if let Some(m) = next_move {
                        self.world_move(frame, &mut rng, *m, &mut tape);
                    }
                    next_move = moves.next();
                }
                Turn::Due => {
                    let Some(Reverse(due)) = self.due.pop() else { continue };
                    if let Some(event) = self.events.remove(&due.number) {
                        self.happen(frame, &mut rng, ts, event, &mut tape);
                    }
                }
                Turn::Crowd(site) => self.crowd(frame, &mut rng, share, site, ts, &mut tape),
                Turn::Noise => self.venue_noise(frame, &mut rng, ts, &mut tape),
                Turn::News => self.publish_news(frame, &mut news_rng, share, ts, &mut tape),
                Turn::Decide(strategy) => {
                    self.decide(frame, &mut desk_rng, share, strategy, ts, &mut tape);
                }
            }
        }
        for site in &mut self.sites {
            site.close_bars(frame.to, &mut tape);
        }
        self.truth.mature(frame.to, frame.spec, &mut tape);
        tape
    }

    fn next_turn(&self, calendar: &Calendar, world: Option<&Move>) -> Option<(i64, Turn)> {
        let mut best = (i64::MAX, Turn::World);
        let mut offer = |ts: i64, turn: Turn| {
            if (ts, turn) < best {
                best = (ts, turn);
            }
        };
        for (n, site) in self.sites.iter().enumerate() {
            if let Some(mark) = calendar.marks(self.index, n).get(self.marks[n]) {
                offer(mark.ts, Turn::Phase(n));
            }
            offer(site.next, Turn::Crowd(n));
        }
        if let Some(m) = world {
            offer(m.ts, Turn::World);
        }
        if let Some(Reverse(due)) = self.due.peek() {
            offer(due.ts, Turn::Due);
        }
        offer(self.noise, Turn::Noise);
        offer(self.news, Turn::News);
        for (n, strategy) in self.desk.strategies.iter().enumerate() {
            offer(strategy.next, Turn::Decide(n));
        }
        (best.0 != i64::MAX).then_some(best)
    }

    fn change_phase(
        &mut self,
        frame: &Frame<'_>,
        rng: &mut Rng,
        desk_rng: &mut Rng,
        share: &Share,
        n: usize,
        tape: &mut Tape,
    ) {
        let Some(mark) = frame.calendar.marks(self.index, n).get(self.marks[n]).copied() else {
            return;
        };
        self.marks[n] += 1;
        let was = self.sites[n].phase;
        if was == Phase::Trading {
            self.expire_resting(rng, mark.ts, n, tape);
        }
        if mark.phase == Phase::Auction {
            self.split(frame.calendar, mark, n, tape);
        }
        if mark.phase == Phase::Trading {
            self.reprice(rng, mark, n);
        }
        let depth = self.listing.depth_lots;
        let cross = u32::try_from(depth * 5).unwrap_or(u32::MAX)
            + rng.below(u32::try_from(depth * 5).unwrap_or(1));
        let (quotes, trades) = (tape.quotes.len(), tape.trades.len());
        if mark.phase == Phase::Closed && was == Phase::CloseAuction {
            self.sites[n].uncross(rng, mark.ts, cross, tape);
        }
        self.sites[n].enter(rng, mark.ts, mark.phase, tape);
        if mark.phase == Phase::Trading && was != Phase::Lunch {
            self.sites[n].uncross(rng, mark.ts, cross, tape);
        }
        let vol = volatility(frame.spec, share, mark.ts);
        if mark.phase == Phase::Trading {
            self.sites[n].schedule(rng, &frame.spec.flow, vol, mark.ts);
        }
        if n == 0 {
            self.show_desk(tape, quotes, trades);
            let is_open = mark.phase == Phase::Trading;
            for (s, strategy) in self.desk.strategies.iter_mut().enumerate() {
                let rate = Desk::rate(&frame.spec.desk, s, self.index);
                strategy.next =
                    if is_open && rate > 0.0 { mark.ts + desk_rng.wait_ns(rate) } else { i64::MAX };
            }
            let every = 1.0 / frame.spec.signal.news_every.seconds();
            self.news = if is_open { mark.ts + desk_rng.wait_ns(every) } else { i64::MAX };
            self.truth.moved(mark.ts, self.sites[0].book.bid);
        }
        if n == 1 {
            let is_open = mark.phase == Phase::Trading;
            self.noise = if is_open {
                mark.ts + rng.wait_ns(self.sites[1].venue.noise_rate)
            } else {
                i64::MAX
            };
        }
    }

    fn split(&mut self, calendar: &Calendar, mark: Mark, n: usize, tape: &mut Tape) {
        let Some((_, _, num)) =
            calendar.splits.iter().find(|(i, ts, _)| *i == self.index && *ts == mark.ts)
        else {
            return;
        };
        self.sites[n].book.split(*num);
        if n == 0 {
            self.desk.split(*num);
            for s in 0..4 {
                self.accounts[s].split(&self.listing, *num);
                if self.accounts[s].now.lots != 0 {
                    self.book_row(mark.ts, s, "split", None, tape);
                }
            }
        }
    }

    /// The price at which trading starts: the night or a halt moved it; the second venue starts where the first is.
    fn reprice(&mut self, rng: &mut Rng, mark: Mark, n: usize) {
        if n == 0 {
            let gap = mark.gap.unwrap_or_else(|| rng.between(-8, 9));
            let book = &mut self.sites[0].book;
            book.bid = (book.bid + gap).max(20);
        } else {
            self.sites[n].book.bid = self.sites[0].book.bid;
        }
    }

    /// Publishes the pending effect of a message at a venue, and books what it did to our orders.
    pub(crate) fn publish(
        &mut self,
        frame: &Frame<'_>,
        rng: &mut Rng,
        n: usize,
        ts: i64,
        taker: Option<Side>,
        tape: &mut Tape,
    ) -> u64 {
        let effect = std::mem::take(&mut self.effect);
        let (quotes, trades) = (tape.quotes.len(), tape.trades.len());
        let every = frame.spec.flow.depth_every;
        let (_, first_trade) = self.sites[n].publish(rng, ts, every, taker, &effect, tape);
        if n == 0 {
            self.show_desk(tape, quotes, trades);
        }
        for (print, trade) in effect.prints.iter().zip(first_trade..) {
            if let Some(order) = print.own {
                let fill = Match {
                    order,
                    tick: print.tick,
                    lots: print.lots,
                    trade_id: trade,
                    is_maker: true,
                };
                self.filled(frame, rng, ts, fill, tape);
            }
        }
        for order in &effect.dropped {
            self.close_order(rng, ts, *order, "expired", tape);
        }
        self.effect = effect;
        self.effect.clear();
        first_trade
    }

    /// Hands new rows of the first venue to the desk and to the truth.
    fn show_desk(&mut self, tape: &Tape, quotes: usize, trades: usize) {
        for q in &tape.quotes[quotes..] {
            let feed = q.top.map_or(Feed::Dark, |(bid, b, ask, a)| Feed::Quote {
                bid,
                ask,
                bid_lots: b.lots,
                ask_lots: a.lots,
            });
            self.desk.tell(q.at.avail(), feed);
            self.truth.quote(q.at.recv, q.top.map(|(bid, _, ask, _)| (bid, ask)));
        }
        for t in &tape.trades[trades..] {
            let signed_lots =
                t.aggressor.map_or(0.0, |side| side.sign() as f64 * f64::from(t.lots));
            self.desk.tell(t.at.avail(), Feed::Trade { signed_lots, px: t.px });
        }
    }

    fn world_move(&mut self, frame: &Frame<'_>, rng: &mut Rng, m: Move, tape: &mut Tape) {
        // A price of twenty ticks is the floor: a fall below it does not happen.
        if !self.sites[0].is_trading() || (m.dir < 0 && self.sites[0].book.bid <= 20) {
            return;
        }
        let side = Side::of(m.dir);
        self.sites[0].book.sweep(rng, side, &mut self.effect);
        self.publish(frame, rng, 0, m.ts, Some(side), tape);
        self.truth.moved(m.ts, self.sites[0].book.bid);
        if self.sites.len() > 1 && self.sites[1].is_trading() {
            while self.apart().abs() > self.sites[1].venue.bound_ticks {
                self.follow(frame, rng, m.ts, tape);
            }
            if self.apart() != 0 {
                let ts = m.ts + rng.between(3_000_000, 30_000_000);
                self.later(ts, Event::Arbitrage);
            }
        }
    }

    /// Ticks by which the first venue stands above the second.
    fn apart(&self) -> i64 {
        self.sites[0].book.bid - self.sites[1].book.bid
    }

    /// Arbitrage moves the second venue one tick towards the first.
    fn follow(&mut self, frame: &Frame<'_>, rng: &mut Rng, ts: i64, tape: &mut Tape) {
        let side = Side::of(self.apart());
        self.sites[1].book.sweep(rng, side, &mut self.effect);
        self.publish(frame, rng, 1, ts, Some(side), tape);
    }

    fn venue_noise(&mut self, frame: &Frame<'_>, rng: &mut Rng, ts: i64, tape: &mut Tape) {
        self.noise = ts + rng.wait_ns(self.sites[1].venue.noise_rate);
        let dir = rng.sign(0.5);
        let after = self.apart() - dir;
        if !self.sites[0].is_trading()
            || after.abs() > self.sites[1].venue.bound_ticks
            || self.sites[1].book.bid + dir < 20
        {
            return;
        }
        let side = Side::of(dir);
        self.sites[1].book.sweep(rng, side, &mut self.effect);
        self.publish(frame, rng, 1, ts, Some(side), tape);
        let back = ts + rng.wait_ns(2.0);
        self.later(back, Event::Arbitrage);
    }

    fn crowd(
        &mut self,
        frame: &Frame<'_>,
        rng: &mut Rng,
        share: &Share,
        n: usize,
        ts: i64,
        tape: &mut Tape,
    ) {
        let spec = frame.spec;
        let hidden = at(&share.hidden, ts) as f64;
        let book = &mut self.sites[n].book;
        let mut taker = None;
        if rng.chance(spec.flow.market_share) {
            let lean = spec.signal.flow_tilt * hidden + spec.flow.imbalance_tilt * book.imbalance();
            let side = Side::of(rng.sign((0.5 + 0.5 * lean).clamp(0.02, 0.98)));
            let lots = 1 + rng.below(u32::try_from(self.listing.depth_lots / 4).unwrap_or(1));
            if book.take(side, lots, false, &mut self.effect) > 0 {
                taker = Some(side);
            }
        }
        if taker.is_none() {
            let side = Side::of(rng.sign(0.5));
            let k = match rng.below(20) {
                0..=9 => 0,
                10..=13 => 1,
                14..=15 => 2,
                _ => 3 + usize::try_from(rng.below(7)).unwrap_or(0),
            };
            let lean = spec.signal.book_tilt * hidden * side.sign() as f64;
            book.churn(rng, side, k, lean, &mut self.effect);
        }
        self.sites[n].excite(&spec.flow, ts);
        self.publish(frame, rng, n, ts, taker, tape);
        let vol = volatility(spec, share, ts);
        self.sites[n].schedule(rng, &spec.flow, vol, ts);
    }

    fn publish_news(
        &mut self,
        frame: &Frame<'_>,
        rng: &mut Rng,
        share: &Share,
        ts: i64,
        tape: &mut Tape,
    ) {
        let signal = &frame.spec.signal;
        self.news = ts + rng.wait_ns(1.0 / signal.news_every.seconds());
        let sentiment = (signal.news_gain * at(&share.hidden, ts) as f64
            + signal.news_noise * rng.normal())
        .clamp(-1.0, 1.0);
        let noise = rng.normal().clamp(-4.0, 4.0);
        let recv = ts + 30_000_000 + rng.between(0, 50_000_000);
        let scored = recv + signal.news_delay.0 + rng.between(0, 1_000_000_000);
        let avail = scored + 5_000_000;
        let ms = u64::try_from(ts / 1_000_000).unwrap_or(0);
        let doc_id = *EventId::v7(ms, rng.bytes10()).as_bytes();
        let confidence = 0.5 + 0.5 * rng.unit();
        let instrument = u16::try_from(self.index).unwrap_or(u16::MAX);
        let trap = None;
        tape.news.push(NewsRow {
            instrument,
            doc_id,
            published: ts,
            recv,
            scored,
            avail,
            sentiment,
            confidence,
            noise,
            trap,
        });
        self.desk.tell(avail, Feed::News { sentiment, noise });
    }

    fn decide(
        &mut self,
        frame: &Frame<'_>,
        rng: &mut Rng,
        share: &Share,
        n: usize,
        ts: i64,
        tape: &mut Tape,
    ) {
        let spec = frame.spec;
        let rate = Desk::rate(&spec.desk, n, self.index);
        self.desk.strategies[n].next = ts + rng.wait_ns(rate);
        self.desk.catch_up(ts - spec.desk.think.0);
        let ms = u64::try_from(ts / 1_000_000).unwrap_or(0);
        let id = *EventId::v7(ms, rng.bytes10()).as_bytes();
        let close = frame.calendar.next_close(self.index, ts);
        let now = Moment {
            ts,
            close,
            horizon: spec.horizon.0,
            hedge_target: frame.hedge_target,
            moves_per_s: self.moves_per_s,
            id,
        };
        let Some((mut row, request)) = self.desk.decide(rng, &spec.desk, &self.listing, n, now)
        else {
            return;
        };
        row.instrument = u16::try_from(self.index).unwrap_or(u16::MAX);
        if n == HEDGER {
            row.group = Some(id);
        }
        let venue = usize::from(n == HEDGER && self.sites.len() > 1 && self.sites[1].is_trading());
        let sent = row.ts_sent.unwrap_or(ts);
        let arrives = sent + self.sites[venue].venue.order_delay.0 + rng.between(0, 500_000);
        match (request, row.order) {
            (Some(Request::Submit), Some(number)) => {
                let order = Order {
                    number,
                    strategy: n,
                    decision: id,
                    side: row.side.unwrap_or(Side::Buy),
                    style: row.style.unwrap_or(Style::Market),
                    px: row.limit,
                    lots: row.lots,
                    cum: 0,
                    venue,
                    sent,
                    ack: None,
                    arrival: None,
                    original: None,
                    state: Pending::Sent,
                };
                self.orders.insert(number, order);
                self.later(arrives, Event::Arrive(number));
            }
            (Some(Request::Cancel(order)), _) => self.later(arrives, Event::Cancel(order)),
            (Some(Request::Replace { old, px }), Some(new)) => {
                self.later(arrives, Event::Replace { old, new, px, decision: id, sent });
            }
            _ => {}
        }
        let signal = self.signal(frame, share, &row.id, ts);
        let stop = frame.calendar.next_stop(self.index, ts);
        let broken = (stop <= ts + spec.horizon.0).then_some(if stop == close {
            "session_end"
        } else {
            "halt"
        });
        self.truth.wait(&row, broken, signal, self.sites[0].book.bid);
        tape.decisions.push(row);
    }

    fn signal(&self, frame: &Frame<'_>, share: &Share, id: &[u8; 16], ts: i64) -> SignalRow {
        let (vol, hidden) = (at(&share.vol, ts), at(&share.hidden, ts));
        let end = ts + frame.spec.horizon.0;
        let mut is_modelled = frame.calendar.next_stop(self.index, ts) > end;
        let mut leader = (0, 0, 0);
        if let Some(follow) = frame.universe.follows.iter().find(|f| f.follower == self.index) {
            let count = |dir: i64| {
                let known = share
                    .leader_moves
                    .iter()
                    .filter(|m| m.ts + follow.delay_ns > ts && m.ts <= ts && m.dir == dir);
                u32::try_from(known.count()).unwrap_or(u32::MAX)
            };
            leader = (at(&share.leader_hidden, ts), count(1), count(-1));
            is_modelled &= frame.calendar.phase(follow.leader, 0, ts) == Phase::Trading
                && frame.calendar.next_stop(follow.leader, ts) > end;
        }
        let classes = is_modelled.then(|| self.law.classes(vol, hidden, leader));
        let instrument = u16::try_from(self.index).unwrap_or(u16::MAX);
        SignalRow { decision: *id, ts, instrument, hidden, vol, classes, moved: None }
    }

    fn happen(&mut self, frame: &Frame<'_>, rng: &mut Rng, ts: i64, event: Event, tape: &mut Tape) {
        match event {
            Event::Arrive(order) => self.arrive(frame, rng, ts, order, tape),
            Event::Cancel(order) => self.cancel(frame, rng, ts, order, tape),
            Event::Replace { old, new, px, decision, sent } => {
                self.replace(frame, rng, ts, (old, new, px), (decision, sent), tape);
            }
            Event::Revise(revision) => self.revise(rng, ts, revision, tape),
            Event::Liquidate => {
                let held = [EXPLORER, 0, 1].into_iter().find(|s| self.accounts[*s].now.lots != 0);
                match held.filter(|_| self.sites[0].is_trading()) {
                    Some(strategy) => self.liquidate(frame, rng, ts, strategy, tape),
                    None => self.later(ts + 1_000_000_000, Event::Liquidate),
                }
            }
            Event::Arbitrage => {
                if self.sites.len() > 1
                    && self.sites[0].is_trading()
                    && self.sites[1].is_trading()
                    && self.apart() != 0
                {
                    self.follow(frame, rng, ts, tape);
                    if self.apart() != 0 {
                        let again = ts + rng.between(3_000_000, 30_000_000);
                        self.later(again, Event::Arbitrage);
                    }
                }
            }
            Event::Fund => self.fund(rng, ts, tape),
        }
    }

    /// Funding of a perpetual contract: long positions pay the rate on their value, short ones get it.
    fn fund(&mut self, rng: &mut Rng, ts: i64, tape: &mut Tape) {
        let mark = self.sites[0].book.bid * self.listing.tick;
        for s in 0..4 {
            let lots = self.accounts[s].now.lots;
            if lots == 0 {
                continue;
            }
            let amount = -self.listing.notional(mark, lots) * i128::from(self.listing.funding_ppm)
                / 1_000_000;
            self.accounts[s].fund(amount);
            self.book_row(ts, s, "funding", None, tape);
            let recv = ts + 20_000_000 + rng.between(0, 5_000_000);
            let instrument = u16::try_from(self.index).ok();
            let strategy = u8::try_from(s).unwrap_or(0);
            self.number += 1;
            tape.postings.push(PostingRow {
                ts,
                recv,
                instrument,
                strategy,
                kind: "funding",
                amount,
                number: self.number,
            });
        }
    }

    /// Tells a strategy of a report that it will get.
    pub(crate) fn tell(
        &mut self,
        recv: i64,
        strategy: usize,
        lots: i64,
        order: Option<u64>,
        is_end: bool,
    ) {
        self.desk.note(Note { avail: recv + PROCESSING_NS, strategy, lots, order, is_end });
    }

    /// Takes a print back or corrects it on the tape.
    pub(crate) fn amend_tape(
        &mut self,
        rng: &mut Rng,
        n: usize,
        ts: i64,
        trade: (u64, i64, u32),
        action: TapeAction,
        tape: &mut Tape,
    ) {
        self.sites[n].amend(rng, ts, trade, action, tape);
    }
}

/// Own moves, common moves and repetitions a second, in the mean of the two states of volatility.
fn moves_per_s(spec: &Spec, universe: &Universe, index: usize) -> f64 {
    let listing = &universe.listings[index];
    let led = universe.follows.iter().find(|f| f.follower == index);
    let copied = led.map_or(0.0, |f| f.share * universe.listings[f.leader].move_rate);
    let low = listing.move_rate + spec.common.rate * listing.beta + copied;
    low * (1.0 + spec.common.vol_high) / 2.0
}

fn volatility(spec: &Spec, share: &Share, ts: i64) -> f64 {
    if at(&share.vol, ts) == 1 { spec.common.vol_high } else { 1.0 }
}
