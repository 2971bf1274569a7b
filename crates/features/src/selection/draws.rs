//! Random draws whose bits are the same on every machine and for any number of threads.
//!
//! Each use has a stream of its own, named by what it is for and by two numbers, so the order in which threads draw
//! changes nothing. Distributions of `rand` are not stable across its releases, so bounded draws and shuffles are ours.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// What a stream is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    Shift = 1,
    Permute = 2,
    Bootstrap = 3,
    Halves = 4,
}

/// One named stream.
#[derive(Debug, Clone)]
pub(crate) struct Draws(ChaCha8Rng);

impl Draws {
    pub(crate) fn new(seed: u64, purpose: Purpose, major: usize, minor: usize) -> Self {
        let mut key = [0_u8; 32];
        let parts = [seed, purpose as u64, major as u64, minor as u64];
        for (chunk, part) in key.chunks_exact_mut(8).zip(parts) {
            chunk.copy_from_slice(&part.to_le_bytes());
        }
        Self(ChaCha8Rng::from_seed(key))
    }

    /// Uniform in `0..n` by multiplication, with rejection of the short remainder (Lemire 2019); 0 for `n = 0`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        let wide = n as u128;
        if wide == 0 {
            return 0;
        }
        loop {
            let product = u128::from(self.0.next_u64()) * wide;
            let low = product & u128::from(u64::MAX);
            // The remainder of 2^64 is below `n`: it is worked out only where it may matter.
            if low >= wide || low >= (1_u128 << 64) % wide {
                return usize::try_from(product >> 64).unwrap_or(0);
            }
        }
    }

    /// Puts items into an order of which each is equally likely (Durstenfeld 1964).
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounded_draws_are_uniform_within_four_standard_errors() {
        let mut draws = Draws::new(7, Purpose::Shift, 0, 0);
        let mut counts = [0_i32; 6];
        for _ in 0..60_000 {
            counts[draws.below(6)] += 1;
        }
        // 60,000 draws of 1/6: standard error sqrt(60000 * 1/6 * 5/6) = 91.
        assert!(counts.iter().all(|c| (c - 10_000).abs() < 366), "{counts:?}");
    }

    #[test]
    fn every_order_of_three_is_equally_likely_within_four_standard_errors() {
        let mut draws = Draws::new(7, Purpose::Permute, 0, 0);
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..60_000 {
            let mut items = [0, 1, 2];
            draws.shuffle(&mut items);
            *counts.entry(items).or_insert(0_i32) += 1;
        }
        assert_eq!(counts.len(), 6);
        assert!(counts.values().all(|c| (c - 10_000).abs() < 366), "{counts:?}");
    }

    #[test]
    fn streams_differ_by_seed_purpose_and_both_numbers() {
        let first =
            |seed, purpose, major, minor| Draws::new(seed, purpose, major, minor).below(usize::MAX);
        let all = [
            first(1, Purpose::Shift, 0, 0),
            first(2, Purpose::Shift, 0, 0),
            first(1, Purpose::Halves, 0, 0),
            first(1, Purpose::Shift, 1, 0),
            first(1, Purpose::Shift, 0, 1),
        ];
        let different = all.iter().collect::<std::collections::BTreeSet<_>>().len();
        assert_eq!(different, all.len());
        assert_eq!(all[0], first(1, Purpose::Shift, 0, 0));
    }
}
