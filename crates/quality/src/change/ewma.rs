//! The chart of an exponentially weighted moving average.

use super::error::{positive, share};
use super::{Alarm, ChangeError, Direction, Normal, Position};
use crate::float_bits;
use serde::{Deserialize, Serialize};

/// EWMA chart: `z = lambda u + (1 - lambda) z` of standardised values `u`, from `z = 0`.
///
/// An alarm is raised where `|z|` exceeds `width sqrt(lambda / (2 - lambda) (1 - (1 - lambda)^(2 t)))` for the t-th value
/// since the start; the chart then starts again. NaN and infinities are skipped and counted.
///
/// - **Units:** `z` and its limit in standard deviations of a single value.
/// - **Point in time:** an alarm knows the values up to its own.
/// - **Cost:** a few operations a value; state of fixed size.
/// - **Source:** Roberts (1959); limits of Lucas and Saccucci (1990), Technometrics 32(1).
///
/// ```
/// use quality::{Direction, Ewma};
/// let mut chart = Ewma::new(100.0, 2.0, 0.2, 3.0)?; // mean, sd, lambda, width
/// assert_eq!(chart.push(101.0), None); // z = 0.1, limit 0.6
/// let alarm = chart.push(110.0).expect("z = 1.08, limit 0.768");
/// assert_eq!((alarm.index, alarm.direction), (1, Direction::Up));
/// # Ok::<(), quality::ChangeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ewma {
    normal: Normal,
    #[serde(with = "float_bits")]
    lambda: f64,
    #[serde(with = "float_bits")]
    width: f64,
    position: Position,
    #[serde(with = "float_bits")]
    average: f64,
    /// `(1 - lambda)^(2 t)`.
    #[serde(with = "float_bits")]
    fading: f64,
}

impl Ewma {
    /// A chart of a stream with this mean and standard deviation; commonly `lambda` 0.2 and `width` 3.
    ///
    /// # Errors
    /// [`ChangeError::Parameter`] when `sd` or `width` is not positive, or `lambda` not in (0, 1].
    pub fn new(mean: f64, sd: f64, lambda: f64, width: f64) -> Result<Self, ChangeError> {
        Ok(Self {
            normal: Normal::new(mean, sd)?,
            lambda: share("lambda", lambda)?,
            width: positive("width", width)?,
            position: Position::default(),
            average: 0.0,
            fading: 1.0,
        })
    }

    /// Takes the next value.
    pub fn push(&mut self, value: f64) -> Option<Alarm> {
        let index = self.position.advance();
        if !value.is_finite() {
            self.position.skip();
            return None;
        }
        let rest = 1.0 - self.lambda;
        self.average = self.lambda * self.normal.standardised(value) + rest * self.average;
        self.fading *= rest * rest;
        let statistic = self.average.abs();
        let limit = self.width * (self.lambda / (2.0 - self.lambda) * (1.0 - self.fading)).sqrt();
        if statistic <= limit {
            return None;
        }
        let direction = if self.average > 0.0 { Direction::Up } else { Direction::Down };
        (self.average, self.fading) = (0.0, 1.0);
        Some(Alarm { index, direction, statistic, limit })
    }

    /// Values that were NaN or infinite.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.position.skipped
    }
}
