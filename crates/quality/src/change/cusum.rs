//! Cumulated sums of what goes beyond an allowance.

use super::error::{not_negative, positive};
use super::{Alarm, ChangeError, Direction, Normal, Position};
use crate::float_bits;
use serde::{Deserialize, Serialize};

/// Tabular CUSUM of standardised values `u`: `up = max(0, up + u - slack)`, `down = max(0, down - u - slack)`.
///
/// An alarm is raised where a sum exceeds `limit`, the upper one first; both then start again from 0. NaN and infinities
/// are skipped and counted.
///
/// - **Units:** `slack` and `limit` in standard deviations; commonly 0.5 and 5, which finds shifts of one.
/// - **Point in time:** an alarm knows the values up to its own.
/// - **Cost:** a few operations a value; state of fixed size.
/// - **Source:** Page (1954), Biometrika 41; tabular form of Montgomery, Introduction to Statistical Quality Control.
///
/// ```
/// use quality::{Cusum, Direction};
/// let mut chart = Cusum::new(0.0, 1.0, 0.5, 5.0)?; // mean, sd, slack, limit
/// let found: Vec<_> = [-2.0, -2.0, -2.0, -2.0].iter().filter_map(|&u| chart.push(u)).collect();
/// assert_eq!((found[0].index, found[0].direction), (3, Direction::Down)); // 1.5, 3.0, 4.5, 6.0
/// # Ok::<(), quality::ChangeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cusum {
    normal: Normal,
    #[serde(with = "float_bits")]
    slack: f64,
    #[serde(with = "float_bits")]
    limit: f64,
    position: Position,
    #[serde(with = "float_bits")]
    up: f64,
    #[serde(with = "float_bits")]
    down: f64,
}

impl Cusum {
    /// A chart of a stream with this mean and standard deviation.
    ///
    /// # Errors
    /// [`ChangeError::Parameter`] when `sd` or `limit` is not positive, or `slack` negative.
    pub fn new(mean: f64, sd: f64, slack: f64, limit: f64) -> Result<Self, ChangeError> {
        Ok(Self {
            normal: Normal::new(mean, sd)?,
            slack: not_negative("slack", slack)?,
            limit: positive("limit", limit)?,
            position: Position::default(),
            up: 0.0,
            down: 0.0,
        })
    }

    /// Takes the next value.
    pub fn push(&mut self, value: f64) -> Option<Alarm> {
        let index = self.position.advance();
        if !value.is_finite() {
            self.position.skip();
            return None;
        }
        let u = self.normal.standardised(value);
        self.up = (self.up + u - self.slack).max(0.0);
        self.down = (self.down - u - self.slack).max(0.0);
        let (direction, statistic) = if self.up > self.limit {
            (Direction::Up, self.up)
        } else if self.down > self.limit {
            (Direction::Down, self.down)
        } else {
            return None;
        };
        (self.up, self.down) = (0.0, 0.0);
        Some(Alarm { index, direction, statistic, limit: self.limit })
    }

    /// Values that were NaN or infinite.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.position.skipped
    }
}
