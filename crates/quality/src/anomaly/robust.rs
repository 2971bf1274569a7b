//! How far a value is from the last ones, in units that outliers do not stretch.

use super::{AnomalyError, Sample, Window};
use serde::{Deserialize, Serialize};

/// The share of a normal distribution's standard deviation that is its MAD.
pub(crate) const NORMAL: f64 = 0.6745;

/// What a detector says about a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Judgement {
    /// Too few values before it, or it is not finite.
    NotJudged,
    /// Near enough.
    Accepted,
    /// Too far.
    Rejected {
        /// Its distance, in the detector's unit; infinite where the past does not vary.
        z: f64,
    },
}

impl Judgement {
    /// Whether it is a violation.
    pub const fn is_rejected(self) -> bool {
        matches!(self, Self::Rejected { .. })
    }
}

/// `0.6745 (x - median) / MAD`: the modified z of Iglewicz and Hoaglin (1993).
///
/// With a MAD of zero it is 0 at the median and infinite elsewhere. Where the MAD itself is infinite (values around
/// 1e308), nothing is far: 0.
///
/// ```
/// assert_eq!(quality::robust_z(104.0, 100.0, 2.0), 1.349);
/// ```
pub fn robust_z(x: f64, median: f64, mad: f64) -> f64 {
    let off = x - median;
    if off == 0.0 || mad.is_infinite() {
        return 0.0;
    }
    NORMAL * off / mad
}

/// Parameters of [`RobustZ`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RobustZRule {
    /// Values of the key that x is compared with; default 50.
    pub window: usize,
    /// Fewer before x leave it unjudged; default 20.
    pub min_n: usize,
    /// A larger `|z|` is a violation; default 3.5 (Iglewicz and Hoaglin).
    pub limit: f64,
}

impl Default for RobustZRule {
    fn default() -> Self {
        Self { window: 50, min_n: 20, limit: 3.5 }
    }
}

/// The rule in a saved state.
#[derive(Serialize, Deserialize)]
#[serde(remote = "RobustZRule", deny_unknown_fields)]
struct SavedRule {
    window: usize,
    min_n: usize,
    #[serde(with = "crate::float_bits")]
    limit: f64,
}

/// The robust z of each value against the last `w` of its key, itself excluded. Causal.
///
/// With a MAD of zero a value more than one tick from the median is a violation. Every finite value enters the window,
/// also one that was a violation: this is a measure of surprise, not a filter; [`super::SpikeGate`] is one.
///
/// ```
/// use quality::{Judgement, RobustZ, RobustZRule};
/// let mut sizes = RobustZ::<f64>::new(RobustZRule { window: 50, min_n: 3, limit: 3.5 })?;
/// for size in [1.0, 2.0, 3.0] {
///     assert_eq!(sizes.push(size, 0.0), Judgement::NotJudged);
/// }
/// assert_eq!(sizes.push(12.0, 0.0), Judgement::Rejected { z: 6.745 }); // 0.6745 (12 - 2) / 1
/// # Ok::<(), quality::AnomalyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound(serialize = "", deserialize = ""), deny_unknown_fields)]
pub struct RobustZ<T: Sample> {
    #[serde(with = "SavedRule")]
    rule: RobustZRule,
    window: Window<T>,
}

impl<T: Sample> RobustZ<T> {
    /// A detector that has seen nothing.
    ///
    /// # Errors
    /// [`AnomalyError::Parameter`] for an empty window, a minimum of 0 or above the window, or a limit that is not a
    /// positive number.
    pub fn new(rule: RobustZRule) -> Result<Self, AnomalyError> {
        if rule.min_n == 0 || rule.min_n > rule.window {
            return Err(AnomalyError::parameter("min_n", "1 to the window", rule.min_n));
        }
        positive("limit", rule.limit)?;
        Ok(Self { rule, window: Window::new(rule.window)? })
    }

    /// The z of a value without taking it in; `None` with fewer than `min_n` values or for a value that is not finite.
    pub fn z(&self, value: T) -> Option<f64> {
        if self.window.len() < self.rule.min_n {
            return None;
        }
        let value = value.usable()?;
        let (median, mad) = self.window.exact()?;
        let off = T::number(T::distance(value.quarters(), median));
        let z = robust_z(off, 0.0, T::number(mad));
        Some(if value.quarters() < median { -z } else { z })
    }

    /// Judges a value and takes it in; `tick` is the smallest change of the column now, zero when there is none.
    pub fn push(&mut self, value: T, tick: T) -> Judgement {
        let judgement = self.judge(value, tick);
        self.window.push(value);
        judgement
    }

    fn judge(&self, value: T, tick: T) -> Judgement {
        let (Some(z), Some((median, mad))) = (self.z(value), self.window.exact()) else {
            return Judgement::NotJudged;
        };
        let flat = mad == T::default().quarters();
        let within_a_tick = T::distance(value.quarters(), median) <= tick.quarters();
        if (flat && within_a_tick) || z.abs() <= self.rule.limit {
            return Judgement::Accepted;
        }
        Judgement::Rejected { z }
    }
}

pub(crate) fn positive(name: &'static str, value: f64) -> Result<(), AnomalyError> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(AnomalyError::parameter(name, "a positive number", value))
}
