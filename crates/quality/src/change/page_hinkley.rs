//! The test of Page and Hinkley, on both sides.

use super::error::{not_negative, positive, share};
use super::{Alarm, ChangeError, Direction, Position};
use crate::float_bits;
use serde::{Deserialize, Serialize};

/// Parameters of [`PageHinkley`]; the defaults are those of river.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PageHinkleyOptions {
    /// Values since the start before an alarm can be raised; 30.
    pub minimum: u64,
    /// Deviation that is allowed, in the stream's unit; 0.005.
    #[serde(with = "float_bits")]
    pub delta: f64,
    /// What the statistic must exceed, in the stream's unit; 50.
    #[serde(with = "float_bits")]
    pub threshold: f64,
    /// What is left of the sums after each value; 0.9999.
    #[serde(with = "float_bits")]
    pub alpha: f64,
}

impl Default for PageHinkleyOptions {
    fn default() -> Self {
        Self { minimum: 30, delta: 0.005, threshold: 50.0, alpha: 1.0 - 0.0001 }
    }
}

/// Page-Hinkley: fading sums of deviations from the running mean, against their extremes.
///
/// `up = alpha up + (x - mean) - delta` less its least value so far, and the greatest value of `down = alpha down + (x -
/// mean) + delta` less `down`. The mean includes `x`. The greatest value starts at -1, as in river. After an alarm the chart starts
/// again with the next value. NaN, infinities and values with which a sum would overflow are skipped and counted.
///
/// - **Units:** the stream's own.
/// - **Point in time:** an alarm knows the values up to its own.
/// - **Cost:** one division a value; state of fixed size.
/// - **Source:** Page (1954), Hinkley (1971); river 0.26.1 `drift.PageHinkley`, operation by operation.
///
/// ```
/// use quality::{Direction, PageHinkley, PageHinkleyOptions};
/// let mut chart = PageHinkley::new(PageHinkleyOptions { threshold: 10.0, ..Default::default() })?;
/// let levels = std::iter::repeat_n(0.0, 100).chain(std::iter::repeat_n(1.0, 100));
/// let found: Vec<_> = levels.filter_map(|x| chart.push(x)).collect();
/// assert_eq!((found[0].index, found[0].direction), (110, Direction::Up));
/// # Ok::<(), quality::ChangeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageHinkley {
    options: PageHinkleyOptions,
    position: Position,
    sums: Sums,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Sums {
    n: u64,
    #[serde(with = "float_bits")]
    mean: f64,
    #[serde(with = "float_bits")]
    up: f64,
    #[serde(with = "float_bits")]
    down: f64,
    #[serde(with = "float_bits")]
    least_up: f64,
    #[serde(with = "float_bits")]
    greatest_down: f64,
}

impl Sums {
    const START: Self =
        Self { n: 0, mean: 0.0, up: 0.0, down: 0.0, least_up: f64::INFINITY, greatest_down: -1.0 };

    fn after(self, value: f64, options: &PageHinkleyOptions) -> Self {
        let n = self.n.saturating_add(1);
        let mean = self.mean + (1.0 / n as f64) * (value - self.mean);
        let deviation = value - mean;
        let up = options.alpha * self.up + deviation - options.delta;
        let down = options.alpha * self.down + deviation + options.delta;
        Self {
            n,
            mean,
            up,
            down,
            least_up: self.least_up.min(up),
            greatest_down: self.greatest_down.max(down),
        }
    }

    fn is_finite(&self) -> bool {
        self.mean.is_finite() && self.up.is_finite() && self.down.is_finite()
    }
}

impl PageHinkley {
    /// A chart that starts with the next value.
    ///
    /// # Errors
    /// [`ChangeError::Parameter`] when `delta` is negative, `threshold` not positive, or `alpha` not in (0, 1].
    pub fn new(options: PageHinkleyOptions) -> Result<Self, ChangeError> {
        not_negative("delta", options.delta)?;
        positive("threshold", options.threshold)?;
        share("alpha", options.alpha)?;
        Ok(Self { options, position: Position::default(), sums: Sums::START })
    }

    /// Takes the next value.
    pub fn push(&mut self, value: f64) -> Option<Alarm> {
        let index = self.position.advance();
        let next = self.sums.after(value, &self.options);
        if !value.is_finite() || !next.is_finite() {
            self.position.skip();
            return None;
        }
        self.sums = next;
        if next.n < self.options.minimum {
            return None;
        }
        let (up, down) = (next.up - next.least_up, next.greatest_down - next.down);
        let limit = self.options.threshold;
        let (direction, statistic) = if up > limit {
            (Direction::Up, up)
        } else if down > limit {
            (Direction::Down, down)
        } else {
            return None;
        };
        self.sums = Sums::START;
        Some(Alarm { index, direction, statistic, limit })
    }

    /// Values that were NaN, infinite, or too large to add.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.position.skipped
    }
}
