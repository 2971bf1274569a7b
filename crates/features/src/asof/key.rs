//! From a key to the place of its rows.

/// The place of every key that occurs.
#[derive(Debug)]
pub(super) enum Slots {
    /// By key, `NONE` where a key does not occur; slots in order of first appearance.
    Direct { slots: Vec<u32>, len: u32 },
    /// The keys in order; a key's slot is its position.
    Sorted(Vec<u32>),
}

const NONE: u32 = u32::MAX;

/// Whether a table with an entry for every key up to `top` is worth its memory beside `rows` rows.
pub(super) fn is_dense(top: u32, rows: usize) -> bool {
    usize::try_from(top).is_ok_and(|top| top < rows.saturating_mul(4).saturating_add(1 << 16))
}

impl Slots {
    /// Room for a slot for each distinct key.
    pub(super) fn of(keys: &[u32]) -> Self {
        let top = keys.iter().copied().max().unwrap_or(0);
        if is_dense(top, keys.len()) {
            return Self::Direct { slots: vec![NONE; top as usize + 1], len: 0 };
        }
        let mut distinct = keys.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        Self::Sorted(distinct)
    }

    /// How many slots there are.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Direct { len, .. } => *len as usize,
            Self::Sorted(keys) => keys.len(),
        }
    }

    /// The slot of one of the keys that this was made of, a new one if need be.
    pub(super) fn claim(&mut self, key: u32) -> Option<usize> {
        if let Self::Direct { slots, len } = self
            && let Some(slot) = slots.get_mut(key as usize)
            && *slot == NONE
        {
            *slot = *len;
            *len += 1;
        }
        self.get(key)
    }

    /// The slot of a key, if it occurs.
    pub(super) fn get(&self, key: u32) -> Option<usize> {
        match self {
            Self::Direct { slots, .. } => {
                slots.get(key as usize).filter(|&&slot| slot != NONE).map(|&slot| slot as usize)
            }
            Self::Sorted(keys) => keys.binary_search(&key).ok(),
        }
    }
}
