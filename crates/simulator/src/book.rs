//! One order book: ten levels a side, kept by price, with our own orders at their place in the queue.
//!
//! The book is level-based. Every level holds at least one lot that is not ours, so a best queue empties by a sweep
//! alone, and a sweep moves both sides by one tick: the spread stays what the instrument's listing says.

use crate::rng::{Rng, whole};

/// Levels a side.
pub(crate) const LEVELS: usize = 10;

/// Side of the book, or of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Buy,
    Sell,
}

impl Side {
    pub(crate) const fn sign(self) -> i64 {
        match self {
            Self::Buy => 1,
            Self::Sell => -1,
        }
    }

    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    pub(crate) const fn of(sign: i64) -> Self {
        if sign >= 0 { Self::Buy } else { Self::Sell }
    }
}

/// One of our resting orders.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resting {
    pub(crate) order: u64,
    pub(crate) side: Side,
    pub(crate) tick: i64,
    pub(crate) lots: u32,
    /// Lots of others that are filled before it.
    pub(crate) ahead: u32,
}

/// A change of one level: its new total, 0 when it is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LevelChange {
    pub(crate) side: Side,
    pub(crate) tick: i64,
    pub(crate) lots: u32,
}

/// A print: lots that changed hands at one price, with our order if it was filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Print {
    pub(crate) tick: i64,
    pub(crate) lots: u32,
    pub(crate) own: Option<u64>,
}

/// What a message did.
#[derive(Debug, Clone, Default)]
pub(crate) struct Effect {
    pub(crate) changes: Vec<LevelChange>,
    pub(crate) prints: Vec<Print>,
    /// Orders of ours that left the ten levels.
    pub(crate) dropped: Vec<u64>,
}

impl Effect {
    pub(crate) fn clear(&mut self) {
        self.changes.clear();
        self.prints.clear();
        self.dropped.clear();
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Level {
    pub(crate) lots: u32,
    pub(crate) orders: u32,
}

#[derive(Debug, Clone)]
pub(crate) struct Book {
    /// Tick of the best bid; the best ask stands `spread` above.
    pub(crate) bid: i64,
    pub(crate) spread: i64,
    pub(crate) bids: [Level; LEVELS],
    pub(crate) asks: [Level; LEVELS],
    pub(crate) own: Vec<Resting>,
    depth: i64,
}

impl Book {
    pub(crate) fn new(bid: i64, spread: i64, depth: i64) -> Self {
        let empty = [Level { lots: 1, orders: 1 }; LEVELS];
        Self { bid, spread, bids: empty, asks: empty, own: Vec::new(), depth }
    }

    pub(crate) fn ask(&self) -> i64 {
        self.bid + self.spread
    }

    /// New queues everywhere, as after an auction; orders of ours must be gone.
    pub(crate) fn refill(&mut self, rng: &mut Rng) {
        for k in 0..LEVELS {
            self.bids[k] = fresh(rng, self.depth, k);
            self.asks[k] = fresh(rng, self.depth, k);
        }
    }

    pub(crate) fn split(&mut self, num: i64) {
        self.bid = (self.bid + num / 2) / num;
        self.depth *= num;
    }

    pub(crate) fn best(&self, side: Side) -> (i64, Level) {
        match side {
            Side::Buy => (self.bid, self.bids[0]),
            Side::Sell => (self.ask(), self.asks[0]),
        }
    }

    /// Imbalance of the best queues, in (-1, 1).
    pub(crate) fn imbalance(&self) -> f64 {
        let (b, a) = (f64::from(self.bids[0].lots), f64::from(self.asks[0].lots));
        (b - a) / (b + a)
    }

    fn tick_of(&self, side: Side, k: usize) -> i64 {
        let k = i64::try_from(k).unwrap_or(0);
        match side {
            Side::Buy => self.bid - k,
            Side::Sell => self.ask() + k,
        }
    }

    fn levels(&mut self, side: Side) -> &mut [Level; LEVELS] {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    pub(crate) fn level(&self, side: Side, tick: i64) -> Option<Level> {
        let k = match side {
            Side::Buy => self.bid - tick,
            Side::Sell => tick - self.ask(),
        };
        let levels = if side == Side::Buy { &self.bids } else { &self.asks };
        usize::try_from(k).ok().and_then(|k| levels.get(k)).copied()
    }

    fn own_lots(&self, side: Side, tick: i64) -> u32 {
        self.own.iter().filter(|o| o.side == side && o.tick == tick).map(|o| o.lots).sum()
    }

    fn record(&mut self, side: Side, k: usize, effect: &mut Effect) {
        let lots = self.levels(side)[k].lots;
        effect.changes.push(LevelChange { side, tick: self.tick_of(side, k), lots });
    }

    /// A limit order or a cancel of others at level `k`, whichever brings the queue towards its mean;
    /// `lean` makes that mean larger or smaller by a share.
    pub(crate) fn churn(
        &mut self,
        rng: &mut Rng,
        side: Side,
        k: usize,
        lean: f64,
        effect: &mut Effect,
    ) {
        let tick = self.tick_of(side, k);
        let level = self.levels(side)[k];
        let own = if self.own.is_empty() { 0 } else { self.own_lots(side, tick) };
        let target = mean_lots(self.depth, k) * (1.0 + lean);
        let grow = target / (target + f64::from(level.lots));
        let spare = level.lots.saturating_sub(own + 1);
        if spare == 0 || rng.chance(grow) {
            let lots = 1 + rng.below(clip(self.depth / 4));
            let at = &mut self.levels(side)[k];
            at.lots = at.lots.saturating_add(lots);
            at.orders += 1;
        } else {
            let lots = (1 + rng.below(clip(self.depth / 4))).min(spare);
            let at = &mut self.levels(side)[k];
            at.lots -= lots;
            at.orders = at.orders.saturating_sub(1).max(1 + u32::from(own > 0));
            if own > 0 {
                // The lots that leave stood before or behind ours, in proportion.
                let others = spare + 1;
                for order in self.own.iter_mut().filter(|o| o.side == side && o.tick == tick) {
                    if rng.below(others) < order.ahead {
                        order.ahead = order.ahead.saturating_sub(lots);
                    }
                    // Others behind us cannot be more than what is left.
                    order.ahead = order.ahead.min(others - lots);
                }
            }
        }
        self.record(side, k, effect);
    }

    /// A market order that does not empty the best queue. `taker_is_own` skips our own orders (self-match prevention).
    ///
    /// Returns the lots that were filled.
    pub(crate) fn take(
        &mut self,
        taker: Side,
        lots: u32,
        taker_is_own: bool,
        effect: &mut Effect,
    ) -> u32 {
        let side = taker.other();
        let (tick, level) = self.best(side);
        let own = if self.own.is_empty() { 0 } else { self.own_lots(side, tick) };
        let room = if taker_is_own { (level.lots - 1).saturating_sub(own) } else { level.lots - 1 };
        let lots = lots.min(room);
        if lots == 0 {
            return 0;
        }
        let mut left = lots;
        if own == 0 || taker_is_own {
            effect.prints.push(Print { tick, lots, own: None });
            for order in self.own.iter_mut().filter(|o| o.side == side && o.tick == tick) {
                order.ahead = order.ahead.saturating_sub(lots);
            }
        } else {
            self.match_queue(side, tick, &mut left, effect);
        }
        let levels = self.levels(side);
        levels[0].lots -= lots;
        levels[0].orders = levels[0].orders.saturating_sub(lots / 8).max(1);
        self.record(side, 0, effect);
        lots
    }

    /// Fills the queue at a price from its front: others and ours by turns.
    fn match_queue(&mut self, side: Side, tick: i64, left: &mut u32, effect: &mut Effect) {
        let mut passed = 0_u32;
        let mut at = 0;
        while *left > 0 && at < self.own.len() {
            let order = self.own[at];
            if order.side != side || order.tick != tick {
                at += 1;
                continue;
            }
            let others = order.ahead.saturating_sub(passed).min(*left);
            if others > 0 {
                effect.prints.push(Print { tick, lots: others, own: None });
                passed += others;
                *left -= others;
            }
            let ours = order.lots.min(*left);
            if ours > 0 {
                effect.prints.push(Print { tick, lots: ours, own: Some(order.order) });
                *left -= ours;
                self.own[at].lots -= ours;
            }
            if self.own[at].lots == 0 {
                self.own.remove(at);
            } else {
                at += 1;
            }
        }
        if *left > 0 {
            effect.prints.push(Print { tick, lots: *left, own: None });
            passed += *left;
            *left = 0;
        }
        for order in self.own.iter_mut().filter(|o| o.side == side && o.tick == tick) {
            order.ahead = order.ahead.saturating_sub(passed);
        }
    }

    /// An order empties the best queue of the other side and moves the price by one tick in its direction; what is
    /// left of it rests as the new best queue of its own side.
    pub(crate) fn sweep(&mut self, rng: &mut Rng, taker: Side, effect: &mut Effect) {
        let side = taker.other();
        let (tick, level) = self.best(side);
        let mut left = level.lots;
        if self.own.is_empty() {
            effect.prints.push(Print { tick, lots: left, own: None });
        } else {
            self.match_queue(side, tick, &mut left, effect);
            self.own.retain(|o| o.side != side || o.tick != tick);
        }
        effect.changes.push(LevelChange { side, tick, lots: 0 });
        let gone = self.tick_of(taker, LEVELS - 1);
        let added = fresh(rng, self.depth, LEVELS - 1);
        let rest = fresh(rng, self.depth, 0);
        // The side that was hit moves away from the mid, the other one follows by one tick.
        let hit = self.levels(side);
        hit.rotate_left(1);
        hit[LEVELS - 1] = added;
        let behind = self.levels(taker);
        behind.rotate_right(1);
        behind[0] = rest;
        self.bid += taker.sign();
        self.record(side, LEVELS - 1, effect);
        self.record(taker, 0, effect);
        effect.changes.push(LevelChange { side: taker, tick: gone, lots: 0 });
        let dropped = |o: &Resting| o.side == taker && o.tick == gone;
        effect.dropped.extend(self.own.iter().filter(|o| dropped(o)).map(|o| o.order));
        self.own.retain(|o| !dropped(o));
    }

    /// Joins a level with an order of ours, at its end.
    pub(crate) fn join(
        &mut self,
        order: u64,
        side: Side,
        tick: i64,
        lots: u32,
        effect: &mut Effect,
    ) -> bool {
        let Some(level) = self.level(side, tick) else { return false };
        let mine = self.own_lots(side, tick);
        self.own.push(Resting { order, side, tick, lots, ahead: level.lots.saturating_sub(mine) });
        let k = self.index(side, tick);
        let at = &mut self.levels(side)[k];
        at.lots += lots;
        at.orders += 1;
        self.record(side, k, effect);
        true
    }

    /// Takes an order of ours out; the lots that were still open.
    pub(crate) fn leave(&mut self, order: u64, effect: &mut Effect) -> Option<u32> {
        let at = self.own.iter().position(|o| o.order == order)?;
        let resting = self.own.remove(at);
        let k = self.index(resting.side, resting.tick);
        let level = &mut self.levels(resting.side)[k];
        // Should ours have been all that was left, another order takes its place.
        level.lots = level.lots.saturating_sub(resting.lots).max(1);
        level.orders = level.orders.saturating_sub(1).max(1);
        self.record(resting.side, k, effect);
        Some(resting.lots)
    }

    fn index(&self, side: Side, tick: i64) -> usize {
        let k = match side {
            Side::Buy => self.bid - tick,
            Side::Sell => tick - self.ask(),
        };
        usize::try_from(k).unwrap_or(0).min(LEVELS - 1)
    }

    /// Every level as a change, best first, bids before asks.
    pub(crate) fn snapshot(&mut self, effect: &mut Effect) {
        for side in [Side::Buy, Side::Sell] {
            for k in 0..LEVELS {
                self.record(side, k, effect);
            }
        }
    }
}

fn clip(lots: i64) -> u32 {
    u32::try_from(lots.max(1)).unwrap_or(u32::MAX)
}

fn mean_lots(depth: i64, k: usize) -> f64 {
    depth as f64 * (1.0 + 0.25 * k.min(4) as f64)
}

/// A queue as the market would have left it there.
fn fresh(rng: &mut Rng, depth: i64, k: usize) -> Level {
    let mean = whole(mean_lots(depth, k));
    let lots = clip(mean / 2) + rng.below(clip(mean)) + 1;
    Level { lots, orders: 1 + rng.below(clip((i64::from(lots) / 4).max(1))) }
}
