//! A set of 64-bit words.

const FIRST: usize = 64;

/// Open addressing with a fixed hash; zero marks a free slot and has a flag of its own.
#[derive(Debug, Clone, Default)]
pub(super) struct Words {
    slots: Vec<u64>,
    len: usize,
    zero: bool,
}

impl Words {
    pub(super) fn len(&self) -> usize {
        self.len + usize::from(self.zero)
    }

    pub(super) fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<u64>()
    }

    /// Whether the word is new.
    #[inline]
    pub(super) fn insert(&mut self, word: u64) -> bool {
        if word == 0 {
            return !std::mem::replace(&mut self.zero, true);
        }
        if 3 * (self.len + 1) > 2 * self.slots.len() {
            self.grow();
        }
        let new = self.place(word);
        self.len += usize::from(new);
        new
    }

    /// The words, in order.
    pub(super) fn sorted(&self) -> Vec<u64> {
        let mut words: Vec<u64> = self.slots.iter().copied().filter(|word| *word != 0).collect();
        words.extend(self.zero.then_some(0));
        words.sort_unstable();
        words
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "a hash is cut to the number of slots")]
    fn place(&mut self, word: u64) -> bool {
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = mix(word) as usize & mask;
        // INVARIANT: the number of slots is a power of two, and a third of them is free.
        while let Some(slot) = self.slots.get_mut(at) {
            if *slot == word {
                return false;
            }
            if *slot == 0 {
                *slot = word;
                return true;
            }
            at = (at + 1) & mask;
        }
        false
    }

    fn grow(&mut self) {
        let more = (2 * self.slots.len()).max(FIRST);
        let words = std::mem::replace(&mut self.slots, vec![0; more]);
        for word in words.into_iter().filter(|word| *word != 0) {
            self.place(word);
        }
    }
}

/// The finaliser of MurmurHash3.
pub(super) fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let word = (word ^ (word >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    word ^ (word >> 33)
}
