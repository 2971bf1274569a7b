//! From a key to the place of its rows.

/// The place of every key that occurs.
#[derive(Debug)]
pub(super) enum Slots {
    /// By key, `NONE` where a key does not occur; slots in order of first appearance.
    Direct { slots: Vec<u32>, len: usize },
    /// The keys in order; a key's slot is its position.
    Sorted(Vec<u32>),
}

const NONE: u32 = u32::MAX;

/// Whether a table with an entry for every key up to `top` is worth its memory beside `rows` rows.
pub(super) fn is_dense(top: u32, rows: usize) -> bool {
    usize::try_from(top).is_ok_and(|top| top < rows.saturating_mul(4).saturating_add(1 << 16))
}

impl Slots {
    /// A slot for each distinct key.
    pub(super) fn new(keys: &[u32]) -> Self {
        let top = keys.iter().copied().max().unwrap_or(0);
        if !is_dense(top, keys.len()) {
            let mut distinct = keys.to_vec();
            distinct.sort_unstable();
            distinct.dedup();
            return Self::Sorted(distinct);
        }
        let mut slots = vec![NONE; top as usize + 1];
        let mut len = 0;
        for &key in keys {
            let slot = &mut slots[key as usize];
            if *slot == NONE {
                *slot = len;
                len += 1;
            }
        }
        Self::Direct { slots, len: len as usize }
    }

    /// How many distinct keys there are.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Direct { len, .. } => *len,
            Self::Sorted(keys) => keys.len(),
        }
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
