//! One side of a book: prices in order, the best at the end.

/// How many levels from the touch are looked at one by one before the rest is searched by halves.
const NEAR: usize = 8;

/// Levels of one side, the best last, so that the busy end moves the fewest values.
///
/// A key is the price for bids and its complement for asks: the greatest key is the best on either side.
#[derive(Debug, Clone)]
pub(super) struct Ladder<V> {
    keys: Vec<i64>,
    values: Vec<V>,
}

impl<V> Default for Ladder<V> {
    fn default() -> Self {
        Self { keys: Vec::new(), values: Vec::new() }
    }
}

impl<V> Ladder<V> {
    pub(super) fn clear(&mut self) {
        self.keys.clear();
        self.values.clear();
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

    /// Levels between a position and the touch.
    fn rank(&self, at: usize) -> usize {
        self.keys.len() - at
    }

    /// Sets a level; returns its distance from the touch, 0 for the best.
    pub(super) fn set(&mut self, key: i64, value: V) -> usize {
        match self.find(key) {
            Ok(at) => {
                if let Some(slot) = self.values.get_mut(at) {
                    *slot = value;
                }
                self.rank(at) - 1
            }
            Err(at) => {
                self.keys.insert(at, key);
                self.values.insert(at, value);
                self.rank(at) - 1
            }
        }
    }

    /// Removes a level; returns the distance from the touch that it had, or `None` when there is no such level.
    pub(super) fn remove(&mut self, key: i64) -> Option<usize> {
        let at = self.find(key).ok()?;
        let rank = self.rank(at) - 1;
        self.keys.remove(at);
        self.values.remove(at);
        Some(rank)
    }

    /// The value of a level.
    pub(super) fn get_mut(&mut self, key: i64) -> Option<(usize, &mut V)> {
        let at = self.find(key).ok()?;
        let rank = self.rank(at) - 1;
        self.values.get_mut(at).map(|value| (rank, value))
    }

    /// The best key.
    pub(super) fn best(&self) -> Option<i64> {
        self.keys.last().copied()
    }

    /// Levels from the best on.
    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, &V)> {
        self.keys.iter().copied().zip(&self.values).rev()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn a_ladder_is_an_ordered_map(ops in proptest::collection::vec((0_i64..40, 0_u8..3), 0..300)) {
            let mut ladder = Ladder::default();
            let mut map = BTreeMap::new();
            for (step, (key, op)) in ops.into_iter().enumerate() {
                let above = map.range(key + 1..).count();
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
