//! Draws for tests.

/// SplitMix64, and sums of twelve uniforms for a bell.
pub(super) struct Noise(pub(super) u64);

impl Noise {
    pub(super) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / 9_007_199_254_740_992.0
    }

    pub(super) fn bell(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }

    pub(super) fn bells(&mut self, n: usize, mean: f64) -> Vec<f64> {
        (0..n).map(|_| mean + self.bell()).collect()
    }

    /// An autoregression of order one in its steady state.
    pub(super) fn ar1(&mut self, n: usize, rho: f64) -> Vec<f64> {
        let mut level = self.bell() / (1.0 - rho * rho).sqrt();
        let mut next = || {
            level = rho * level + self.bell();
            level
        };
        (0..n).map(|_| next()).collect()
    }
}
