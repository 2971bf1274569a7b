//! A count for each of some byte strings.

use super::words::mix;

const FIRST: usize = 64;

/// Open addressing with a fixed hash; the order of entries is that of arrival and reaches no output.
#[derive(Debug, Clone, Default)]
pub(super) struct Texts {
    /// One more than a place in `entries`; zero is free.
    slots: Vec<u32>,
    entries: Vec<Entry>,
    length: usize,
}

#[derive(Debug, Clone)]
struct Entry {
    text: Box<[u8]>,
    hash: u64,
    count: u64,
}

impl Texts {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Bytes of all texts, which depend on the set alone.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    pub(super) fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<u32>()
            + self.entries.capacity() * size_of::<Entry>()
            + self.length
    }

    /// Counts a text; whether it is new.
    #[expect(clippy::cast_possible_truncation, reason = "a hash is cut to the number of slots")]
    pub(super) fn insert(&mut self, text: &[u8], times: u64) -> bool {
        if 3 * (self.entries.len() + 1) > 2 * self.slots.len() {
            self.grow();
        }
        let hash = hash(text);
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = hash as usize & mask;
        // INVARIANT: the number of slots is a power of two, and a third of them is free.
        while let Some(slot) = self.slots.get_mut(at) {
            let Some(place) = (*slot as usize).checked_sub(1) else {
                self.entries.push(Entry { text: text.into(), hash, count: times });
                *slot = self.entries.len() as u32;
                self.length += text.len();
                return true;
            };
            if let Some(entry) = self.entries.get_mut(place)
                && entry.hash == hash
                && *entry.text == *text
            {
                entry.count = entry.count.saturating_add(times);
                return false;
            }
            at = (at + 1) & mask;
        }
        false
    }

    /// The texts and their counts, in order of bytes.
    pub(super) fn sorted(&self) -> Vec<(&[u8], u64)> {
        let rows = self.entries.iter().map(|entry| (&*entry.text, entry.count));
        let mut rows: Vec<(&[u8], u64)> = rows.collect();
        rows.sort_unstable();
        rows
    }

    #[expect(clippy::cast_possible_truncation, reason = "at most 10,001 entries")]
    fn grow(&mut self) {
        let more = (2 * self.slots.len()).max(FIRST);
        let mut slots = vec![0_u32; more];
        for (place, entry) in self.entries.iter().enumerate() {
            let mut at = entry.hash as usize & (more - 1);
            while slots.get(at).is_some_and(|slot| *slot != 0) {
                at = (at + 1) & (more - 1);
            }
            if let Some(slot) = slots.get_mut(at) {
                *slot = place as u32 + 1;
            }
        }
        self.slots = slots;
    }
}

/// Eight bytes at a time; the length ends it, so that zeros at the end count.
fn hash(text: &[u8]) -> u64 {
    let mut hash = 0x9e37_79b9_7f4a_7c15_u64;
    for chunk in text.chunks(8) {
        let mut word = [0_u8; 8];
        if let Some(start) = word.get_mut(..chunk.len()) {
            start.copy_from_slice(chunk);
        }
        hash = mix(hash ^ u64::from_le_bytes(word)).rotate_left(5);
    }
    mix(hash ^ text.len() as u64)
}
