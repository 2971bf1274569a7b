//! Random draws whose bits are the same on every machine.
//!
//! Each use has a stream of its own, named by the seed, by what it is for and by a number, so neither the order of
//! cells nor what else is drawn changes a result. Distributions of `rand` are not stable across its releases, so
//! bounded draws are ours.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// What a stream is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    Bootstrap = 1,
    Placebo = 2,
}

/// One named stream.
#[derive(Debug, Clone)]
pub(crate) struct Draws(ChaCha8Rng);

impl Draws {
    pub(crate) fn new(seed: u64, purpose: Purpose, name: u64) -> Self {
        let mut key = [0_u8; 32];
        for (chunk, part) in key.chunks_exact_mut(8).zip([seed, purpose as u64, name]) {
            chunk.copy_from_slice(&part.to_le_bytes());
        }
        Self(ChaCha8Rng::from_seed(key))
    }

    /// Uniform in `0..n` by multiplication, with rejection of the short remainder (Lemire 2019); 0 for `n = 0`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        let wide = u128::from(n);
        if wide == 0 {
            return 0;
        }
        loop {
            let product = u128::from(self.0.next_u64()) * wide;
            let low = product & u128::from(u64::MAX);
            // The remainder of 2^64 is below `n`: it is worked out only where it may matter.
            if low >= wide || low >= (1_u128 << 64) % wide {
                return u64::try_from(product >> 64).unwrap_or(0);
            }
        }
    }

    /// Uniform in (0, 1], a multiple of 2^-53.
    pub(crate) fn unit(&mut self) -> f64 {
        ((self.0.next_u64() >> 11) + 1) as f64 / 9_007_199_254_740_992.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounded_draws_are_uniform_within_four_standard_errors() {
        let mut draws = Draws::new(7, Purpose::Bootstrap, 0);
        let mut counts = [0_i32; 6];
        for _ in 0..60_000 {
            counts[usize::try_from(draws.below(6)).unwrap()] += 1;
        }
        // 60,000 draws of 1/6: standard error sqrt(60000 * 1/6 * 5/6) = 91.
        assert!(counts.iter().all(|c| (c - 10_000).abs() < 366), "{counts:?}");
    }

    #[test]
    fn streams_differ_by_seed_purpose_and_name() {
        let first = |seed, purpose, name| Draws::new(seed, purpose, name).below(u64::MAX);
        let all = [
            first(1, Purpose::Bootstrap, 0),
            first(2, Purpose::Bootstrap, 0),
            first(1, Purpose::Placebo, 0),
            first(1, Purpose::Bootstrap, 1),
        ];
        assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), all.len());
        assert_eq!(all[0], first(1, Purpose::Bootstrap, 0));
    }
}
