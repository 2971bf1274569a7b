//! One side of a book: prices in order, the best at the end.

use super::top::LEVELS;

/// Most levels of a block; a full one is halved.
const BLOCK: usize = 64;

/// How many levels from the touch are looked at one by one before the rest is searched by halves.
const NEAR: usize = 8;

/// Levels of one side in blocks, the best last: a change moves the values of one block, wherever it falls.
///
/// A key is the price for bids and its complement for asks: the greatest key is the best on either side.
#[derive(Debug, Clone)]
pub(super) struct Ladder<V> {
    /// No block is empty.
    blocks: Vec<Block<V>>,
}

#[derive(Debug, Clone)]
struct Block<V> {
    keys: Vec<i64>,
    values: Vec<V>,
}

impl<V> Default for Ladder<V> {
    fn default() -> Self {
        Self { blocks: Vec::new() }
    }
}

impl<V> Block<V> {
    fn with_room() -> Self {
        Self { keys: Vec::with_capacity(BLOCK), values: Vec::with_capacity(BLOCK) }
    }

    /// Where a key stands, or where it would.
    fn find(&self, key: i64) -> Result<usize, usize> {
        let near = self.keys.len().saturating_sub(NEAR);
        let (far, touch) = self.keys.split_at(near);
        for (at, have) in touch.iter().enumerate().rev() {
            if *have <= key {
                return if *have == key { Ok(near + at) } else { Err(near + at + 1) };
            }
        }
        far.binary_search(&key)
    }
}

impl<V> Ladder<V> {
    pub(super) fn clear(&mut self) {
        self.blocks.clear();
    }

    /// The block that has the key, or would: the last one that starts at or below it.
    fn block(&self, key: i64) -> usize {
        let starts_above = |block: &Block<V>| block.keys.first().is_some_and(|first| *first > key);
        match self.blocks.last() {
            Some(last) if starts_above(last) => {
                self.blocks.partition_point(|block| !starts_above(block)).saturating_sub(1)
            }
            _ => self.blocks.len().saturating_sub(1),
        }
    }

    /// Levels between a place and the touch, counted as far as it matters: at most [`LEVELS`].
    fn rank(&self, block: usize, at: usize) -> usize {
        let mut rank = self.blocks.get(block).map_or(0, |b| b.keys.len().saturating_sub(at + 1));
        for later in self.blocks.get(block + 1..).unwrap_or_default() {
            if rank >= LEVELS {
                break;
            }
            rank += later.keys.len();
        }
        rank.min(LEVELS)
    }

    /// Sets a level; returns its distance from the touch, 0 for the best, at most [`LEVELS`].
    pub(super) fn set(&mut self, key: i64, value: V) -> usize {
        if self.blocks.is_empty() {
            self.blocks.push(Block::with_room());
        }
        let mut place = self.block(key);
        let Some(block) = self.blocks.get_mut(place) else { return LEVELS };
        let mut at = match block.find(key) {
            Ok(at) => {
                if let Some(slot) = block.values.get_mut(at) {
                    *slot = value;
                }
                return self.rank(place, at);
            }
            Err(at) => at,
        };
        block.keys.insert(at, key);
        block.values.insert(at, value);
        if block.keys.len() >= BLOCK {
            let half = BLOCK / 2;
            let mut upper = Block::with_room();
            upper.keys.extend(block.keys.drain(half..));
            upper.values.extend(block.values.drain(half..));
            if at >= half {
                at -= half;
                self.blocks.insert(place + 1, upper);
                place += 1;
            } else {
                self.blocks.insert(place + 1, upper);
            }
        }
        self.rank(place, at)
    }

    /// Removes a level; returns the distance from the touch that it had, at most [`LEVELS`], or `None` when there is
    /// no such level.
    pub(super) fn remove(&mut self, key: i64) -> Option<usize> {
        let place = self.block(key);
        let at = self.blocks.get(place)?.find(key).ok()?;
        let rank = self.rank(place, at);
        let block = self.blocks.get_mut(place)?;
        block.keys.remove(at);
        block.values.remove(at);
        if block.keys.is_empty() {
            self.blocks.remove(place);
        }
        Some(rank)
    }

    /// The value of a level, with its distance from the touch, at most [`LEVELS`].
    pub(super) fn get_mut(&mut self, key: i64) -> Option<(usize, &mut V)> {
        let place = self.block(key);
        let at = self.blocks.get(place)?.find(key).ok()?;
        let rank = self.rank(place, at);
        self.blocks.get_mut(place)?.values.get_mut(at).map(|value| (rank, value))
    }

    /// The best key.
    pub(super) fn best(&self) -> Option<i64> {
        self.blocks.last()?.keys.last().copied()
    }

    /// Levels from the best on.
    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, &V)> {
        self.blocks.iter().rev().flat_map(|b| b.keys.iter().copied().zip(&b.values).rev())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn a_ladder_is_an_ordered_map(ops in proptest::collection::vec((0_i64..400, 0_u8..4), 0..1_500)) {
            let mut ladder = Ladder::default();
            let mut map = BTreeMap::new();
            for (step, (key, op)) in ops.into_iter().enumerate() {
                let above = map.range(key + 1..).count().min(LEVELS);
                if op == 0 {
                    let was = map.remove(&key).map(|_| above);
                    prop_assert_eq!(ladder.remove(key), was);
                } else {
                    map.insert(key, step);
                    prop_assert_eq!(ladder.set(key, step), above);
                }
                let expected: Vec<_> = map.iter().rev().map(|(k, v)| (*k, *v)).collect();
                let found: Vec<_> = ladder.iter().map(|(k, v)| (k, *v)).collect();
                prop_assert_eq!(found, expected);
            }
        }
    }
}
