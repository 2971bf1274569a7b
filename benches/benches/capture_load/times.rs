//! Durations and their quantiles.

use std::fmt;
use std::time::Duration;

/// Every duration of a run, in nanoseconds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spread(Vec<u64>);

impl Spread {
    pub(crate) fn push(&mut self, time: Duration) {
        self.0.push(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn total(&self) -> Duration {
        Duration::from_nanos(self.0.iter().sum())
    }

    /// Nearest rank.
    pub(crate) fn quantile(&self, q: f64) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        rank(&sorted, q)
    }

    pub(crate) fn micros(&self, q: f64) -> f64 {
        self.quantile(q).as_secs_f64() * 1e6
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rank lies between 0 and the count"
)]
fn rank(sorted: &[u64], q: f64) -> Duration {
    let at = (q * sorted.len() as f64).ceil() as usize;
    Duration::from_nanos(sorted.get(at.saturating_sub(1)).copied().unwrap_or(0))
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let us = |q| rank(&sorted, q).as_secs_f64() * 1e6;
        write!(
            f,
            "p50 {:.1} us, p90 {:.1}, p99 {:.1}, p99.9 {:.1}, max {:.1} ({} times)",
            us(0.5),
            us(0.9),
            us(0.99),
            us(0.999),
            us(1.0),
            sorted.len()
        )
    }
}
