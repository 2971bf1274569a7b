//! The generator behind every choice of the simulation.

/// Random.
///
/// - **Source:** Steele, Lea, Flood (2014), "Fast Splittable Pseudorandom Number Generators", OOPSLA; constants as in
///   Vigna's public domain `splitmix64.c`.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `0..n`, 0 for `n` = 0; the bias of the remainder does not matter here.
    pub(super) fn below(&mut self, n: usize) -> usize {
        let n = u64::try_from(n).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % n).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn first_numbers_are_those_of_the_reference() {
        // The output of Vigna's splitmix64.c for the state 1234567, as listed on Rosetta Code.
        let mut rng = Random::new(1_234_567);
        let found = [rng.next(), rng.next(), rng.next()];
        assert_eq!(
            found,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }
}
