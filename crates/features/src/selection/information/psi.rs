//! Digamma of whole numbers.

use statrs::function::gamma::digamma;

/// Digamma of 1 to some number, worked out once.
#[derive(Debug)]
pub(crate) struct Psi(Vec<f64>);

impl Psi {
    pub(crate) fn up_to(largest: usize) -> Self {
        Self((0..=largest.max(1)).map(|n| digamma(n.max(1) as f64)).collect())
    }

    /// Digamma of `n`; of the largest number asked for where `n` is beyond it.
    pub(crate) fn of(&self, n: usize) -> f64 {
        self.0.get(n).or(self.0.last()).copied().unwrap_or(0.0)
    }
}
