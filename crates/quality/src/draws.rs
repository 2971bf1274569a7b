//! Random draws whose bits are the same on every machine.
//!
//! Each use has a stream of its own, named by the seed, by what it is for and by a number, so nothing else that is drawn
//! changes a result. Distributions of `rand` are not stable across its releases, so bounded draws are ours.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// What a stream is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    /// Which blocks change sides.
    Permutation = 1,
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
            if low >= wide || low >= (1_u128 << 64) % wide {
                return u64::try_from(product >> 64).unwrap_or(0);
            }
        }
    }
}
