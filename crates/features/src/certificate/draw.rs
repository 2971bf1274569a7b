//! Seeded draws: `SplitMix64`, the same numbers on every machine.

/// A stream of draws.
///
/// - **Source:** Steele, Lea, Flood (2014), "Fast splittable pseudorandom number generators", OOPSLA.
#[derive(Debug, Clone)]
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`, which is at least 1; the bias of the remainder does not matter here.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    pub(crate) fn index(&mut self, n: usize) -> usize {
        usize::try_from(self.below(n as u64)).unwrap_or(0)
    }

    /// Puts places `0..n` in an order of its own.
    pub(crate) fn order(&mut self, n: usize) -> Vec<usize> {
        let mut places: Vec<usize> = (0..n).collect();
        for at in (1..n).rev() {
            places.swap(at, self.index(at + 1));
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::Draw;

    #[test]
    fn the_first_draws_are_those_of_the_reference_program() {
        // `splitmix64.c` of S. Vigna with x = 1234567, as also given by Rosetta Code.
        let mut draw = Draw::new(1_234_567);
        let found = [draw.next(), draw.next(), draw.next()];
        assert_eq!(
            found,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }
}
