//! Change points of a stream: charts that remember a few numbers.
//!
//! Each chart takes one value after another and answers with an [`Alarm`] or nothing. A saved chart that is read back goes
//! on with the same bits. Alarms are events: they never touch a score.

mod cusum;
mod error;
mod ewma;
mod page_hinkley;

pub use cusum::Cusum;
pub use error::ChangeError;
pub use ewma::Ewma;
pub use page_hinkley::{PageHinkley, PageHinkleyOptions};

use crate::float_bits;
use serde::{Deserialize, Serialize};

/// Which way the level of a stream went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// It rose.
    Up,
    /// It fell.
    Down,
}

/// A chart's statement that the level has changed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    /// Position in the stream of the value that raised it, from 0; skipped values have a position too.
    pub index: u64,
    /// Which way.
    pub direction: Direction,
    /// The chart's statistic, not negative; infinite when the value was beyond what floats can hold.
    #[serde(with = "float_bits")]
    pub statistic: f64,
    /// What the statistic exceeded.
    #[serde(with = "float_bits")]
    pub limit: f64,
}

/// Positions of a stream: how many values came, and how many of them no chart can read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Position {
    seen: u64,
    skipped: u64,
}

impl Position {
    /// The place of the next value.
    fn advance(&mut self) -> u64 {
        let index = self.seen;
        self.seen = self.seen.saturating_add(1);
        index
    }

    fn skip(&mut self) {
        self.skipped = self.skipped.saturating_add(1);
    }
}

/// The level and spread that a chart takes for normal.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Normal {
    #[serde(with = "float_bits")]
    mean: f64,
    #[serde(with = "float_bits")]
    sd: f64,
}

impl Normal {
    fn new(mean: f64, sd: f64) -> Result<Self, ChangeError> {
        let mean = error::finite("mean", mean)?;
        Ok(Self { mean, sd: error::positive("sd", sd)? })
    }

    /// Distance from the level in standard deviations; infinite when floats cannot hold it.
    fn standardised(self, value: f64) -> f64 {
        (value - self.mean) / self.sd
    }
}
