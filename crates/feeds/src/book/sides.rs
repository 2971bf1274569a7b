//! Both sides of a book, as levels or as single orders.

use super::ladder::Ladder;
use super::top::{LEVELS, Shown, Top};
use contract::BookSide;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// The key of a price on a side: greater is better.
///
/// The complement turns the order round and, unlike the negative, exists for every integer.
fn key(side: Half, px: i64) -> i64 {
    match side {
        Half::Bid => px,
        Half::Ask => !px,
    }
}

/// A side that a level or order can be on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    Bid,
    Ask,
}

impl Half {
    pub(super) fn of(side: BookSide) -> Option<Self> {
        match side {
            BookSide::Bid => Some(Self::Bid),
            BookSide::Ask => Some(Self::Ask),
            BookSide::None => None,
        }
    }
}

fn pick<T>(pair: &mut [T; 2], side: Half) -> &mut T {
    let [bid, ask] = pair;
    match side {
        Half::Bid => bid,
        Half::Ask => ask,
    }
}

/// Totals of price levels.
#[derive(Debug, Default)]
pub(super) struct LevelBook {
    sides: [Ladder<f64>; 2],
}

impl LevelBook {
    pub(super) fn clear(&mut self) {
        self.sides.iter_mut().for_each(Ladder::clear);
    }

    /// Sets the total of a level, 0 removes it; whether one of the levels shown may have changed.
    pub(super) fn set(&mut self, side: Half, px: i64, size: f64) -> bool {
        let ladder = pick(&mut self.sides, side);
        let key = key(side, px);
        if size > 0.0 {
            ladder.set(key, size) < LEVELS
        } else {
            ladder.remove(key).is_some_and(|rank| rank < LEVELS)
        }
    }

    pub(super) fn top(&self) -> Top {
        let [bids, asks] = &self.sides;
        let mut top = Top::default();
        for (slot, (key, size)) in top.bids.iter_mut().zip(bids.iter()) {
            *slot = Shown { px: key, size: *size, ct: None, is_set: true };
        }
        for (slot, (key, size)) in top.asks.iter_mut().zip(asks.iter()) {
            *slot = Shown { px: !key, size: *size, ct: None, is_set: true };
        }
        top
    }

    pub(super) fn is_crossed(&self) -> bool {
        let [bids, asks] = &self.sides;
        is_crossed(bids, asks)
    }
}

fn is_crossed<V>(bids: &Ladder<V>, asks: &Ladder<V>) -> bool {
    bids.best().zip(asks.best()).is_some_and(|(bid, ask)| bid > !ask)
}

/// A resting order; sizes are integers of 1e-9, so that totals have no rounding of their own.
#[derive(Debug, Clone, Copy)]
struct Order {
    side: Half,
    px: i64,
    units: i128,
}

/// Orders at one price.
#[derive(Debug, Clone, Copy, Default)]
struct Queue {
    units: i128,
    ct: u32,
}

/// Single orders, with their totals by price.
#[derive(Debug, Default)]
pub(super) struct OrderBook {
    orders: HashMap<u64, Order, BuildHasherDefault<IdHasher>>,
    sides: [Ladder<Queue>; 2],
}

/// An order message that does not fit the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Misfit {
    Unknown,
    Duplicate,
    TooMuch,
    NoSide,
}

/// Whether one of the levels shown may have changed.
type Touched = Result<bool, Misfit>;

impl OrderBook {
    pub(super) fn clear(&mut self) {
        self.orders.clear();
        self.sides.iter_mut().for_each(Ladder::clear);
    }

    /// Removes the orders of one side.
    pub(super) fn clear_side(&mut self, side: Half) {
        self.orders.retain(|_, order| order.side != side);
        pick(&mut self.sides, side).clear();
    }

    pub(super) fn add(&mut self, id: u64, side: Option<Half>, px: i64, size: f64) -> Touched {
        let side = side.ok_or(Misfit::NoSide)?;
        let order = Order { side, px, units: units(size) };
        if self.orders.contains_key(&id) {
            return Err(Misfit::Duplicate);
        }
        self.orders.insert(id, order);
        Ok(self.enter(order))
    }

    /// Gives an order a new price and size.
    pub(super) fn modify(&mut self, id: u64, side: Option<Half>, px: i64, size: f64) -> Touched {
        let old = *self.orders.get(&id).ok_or(Misfit::Unknown)?;
        let order = Order { side: side.unwrap_or(old.side), px, units: units(size) };
        let mut touched = self.leave(old, old.units, true);
        if order.units == 0 {
            self.orders.remove(&id);
        } else {
            self.orders.insert(id, order);
            touched |= self.enter(order);
        }
        Ok(touched)
    }

    /// Takes a size off an order; what has none left is gone.
    pub(super) fn cancel(&mut self, id: u64, size: f64) -> Touched {
        let order = self.orders.get_mut(&id).ok_or(Misfit::Unknown)?;
        let off = units(size);
        if off > order.units {
            return Err(Misfit::TooMuch);
        }
        order.units -= off;
        let order = *order;
        let is_gone = order.units == 0;
        if is_gone {
            self.orders.remove(&id);
        }
        Ok(self.leave(order, off, is_gone))
    }

    fn enter(&mut self, order: Order) -> bool {
        let ladder = pick(&mut self.sides, order.side);
        let key = key(order.side, order.px);
        if let Some((rank, queue)) = ladder.get_mut(key) {
            queue.units += order.units;
            queue.ct += 1;
            return rank < LEVELS;
        }
        ladder.set(key, Queue { units: order.units, ct: 1 }) < LEVELS
    }

    fn leave(&mut self, order: Order, units: i128, is_gone: bool) -> bool {
        let ladder = pick(&mut self.sides, order.side);
        let key = key(order.side, order.px);
        let Some((rank, queue)) = ladder.get_mut(key) else { return false };
        queue.units -= units;
        queue.ct -= u32::from(is_gone);
        if queue.ct == 0 {
            ladder.remove(key);
        }
        rank < LEVELS
    }

    pub(super) fn top(&self) -> Top {
        let [bids, asks] = &self.sides;
        let shown = |px: i64, queue: &Queue| Shown {
            px,
            size: queue.units as f64 / 1e9,
            ct: Some(queue.ct),
            is_set: true,
        };
        let mut top = Top::default();
        for (slot, (key, queue)) in top.bids.iter_mut().zip(bids.iter()) {
            *slot = shown(key, queue);
        }
        for (slot, (key, queue)) in top.asks.iter_mut().zip(asks.iter()) {
            *slot = shown(!key, queue);
        }
        top
    }

    pub(super) fn is_crossed(&self) -> bool {
        let [bids, asks] = &self.sides;
        is_crossed(bids, asks)
    }
}

/// A size as an integer of 1e-9; sizes of the contract are finite and not negative.
#[expect(clippy::cast_possible_truncation, reason = "a float beyond the range becomes its end")]
fn units(size: f64) -> i128 {
    (size * 1e9).round() as i128
}

/// Order ids are spread by the venue already: one multiplication is enough, and the map is never iterated into an
/// output.
#[derive(Debug, Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, id: u64) {
        let mixed = (self.0 ^ id).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }
}
