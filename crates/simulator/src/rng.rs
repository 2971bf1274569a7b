//! Random numbers whose bits are the same on every machine.
//!
//! Every draw comes from a ChaCha8 stream that is named by what it is for and by the slice of time it serves, so a
//! slice can be made anywhere, on any thread, as long as the state before it is known.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// What a stream of random numbers is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    World = 1,
    Market = 2,
    Desk = 3,
    News = 4,
    Faults = 5,
    Ids = 6,
    Replay = 8,
    #[cfg(test)]
    Law = 7,
}

/// One named stream.
#[derive(Debug, Clone)]
pub(crate) struct Rng(ChaCha8Rng);

impl Rng {
    /// The stream for a purpose, an index (instrument, fault kind) and a slice of time.
    pub(crate) fn new(seed: u64, purpose: Purpose, index: u64, slice: u64) -> Self {
        let mut key = [0_u8; 32];
        let parts = [seed, purpose as u64, index, slice];
        for (chunk, part) in key.chunks_exact_mut(8).zip(parts) {
            chunk.copy_from_slice(&part.to_le_bytes());
        }
        Self(ChaCha8Rng::from_seed(key))
    }

    pub(crate) fn u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in `0..n` by multiplication, with rejection of the short remainder (Lemire 2019); 0 for `n = 0`.
    pub(crate) fn below(&mut self, n: u32) -> u32 {
        if n == 0 {
            return 0;
        }
        let wide = u64::from(n);
        let threshold = (1_u64 << 32) % wide;
        loop {
            let product = u64::from(self.0.next_u32()) * wide;
            if product & 0xffff_ffff >= threshold {
                return u32::try_from(product >> 32).unwrap_or(0);
            }
        }
    }

    /// Uniform in `from..to` (half-open); `from` when the range is empty.
    pub(crate) fn between(&mut self, from: i64, to: i64) -> i64 {
        let width = u32::try_from((to - from).max(0)).unwrap_or(u32::MAX);
        from + i64::from(self.below(width))
    }

    /// Uniform in the open interval (0, 1), a multiple of 2^-54.
    pub(crate) fn unit(&mut self) -> f64 {
        ((self.0.next_u64() >> 11) as f64 + 0.5) * (1.0 / 9_007_199_254_740_992.0)
    }

    /// True with probability `p`.
    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// +1 or -1; +1 with probability `p`.
    pub(crate) fn sign(&mut self, p: f64) -> i64 {
        if self.chance(p) { 1 } else { -1 }
    }

    /// Exponential with mean 1.
    pub(crate) fn exponential(&mut self) -> f64 {
        -libm::log(self.unit())
    }

    /// Waiting time in nanoseconds, at least 1, of a Poisson process with this rate a second.
    pub(crate) fn wait_ns(&mut self, rate_per_s: f64) -> i64 {
        if rate_per_s <= 0.0 {
            return i64::MAX / 4;
        }
        whole(self.exponential() / rate_per_s * 1e9).clamp(1, i64::MAX / 4)
    }

    /// Standard normal (Box and Muller 1958, one of the pair).
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(2.0 * self.exponential());
        radius * libm::cos(core::f64::consts::TAU * self.unit())
    }

    pub(crate) fn bytes10(&mut self) -> [u8; 10] {
        let mut out = [0; 10];
        self.0.fill_bytes(&mut out);
        out
    }
}

/// The whole part of a number that is known to fit; saturates.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a saturating cast of a derived value, not of data"
)]
pub(crate) fn whole(x: f64) -> i64 {
    x as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounded_draws_are_uniform_within_four_standard_errors() {
        let mut rng = Rng::new(1, Purpose::Law, 0, 0);
        let mut counts = [0_u32; 7];
        for _ in 0..70_000 {
            counts[usize::try_from(rng.below(7)).unwrap()] += 1;
        }
        // Binomial(70000, 1/7): mean 10000, standard deviation 92.6.
        assert!(counts.iter().all(|c| c.abs_diff(10_000) < 371), "{counts:?}");
    }

    #[test]
    fn exponential_and_normal_have_their_moments() {
        let mut rng = Rng::new(2, Purpose::Law, 0, 0);
        let n = 100_000;
        let (mut sum, mut sq, mut exp) = (0.0, 0.0, 0.0);
        for _ in 0..n {
            let z = rng.normal();
            sum += z;
            sq += z * z;
            exp += rng.exponential();
        }
        let n = f64::from(n);
        // Standard errors: 0.0032, 0.0045, 0.0032.
        assert!(
            (sum / n).abs() < 0.013
                && (sq / n - 1.0).abs() < 0.018
                && (exp / n - 1.0).abs() < 0.013
        );
    }

    #[test]
    fn streams_differ_by_purpose_index_and_slice_and_repeat_by_name() {
        let draw = |p, i, s| Rng::new(7, p, i, s).u64();
        let all = [
            draw(Purpose::World, 0, 0),
            draw(Purpose::Market, 0, 0),
            draw(Purpose::World, 1, 0),
            draw(Purpose::World, 0, 1),
        ];
        assert!((0..4).all(|i| (0..i).all(|j| all[i] != all[j])));
        assert_eq!(all[0], draw(Purpose::World, 0, 0));
    }
}
