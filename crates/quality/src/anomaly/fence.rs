//! Fences around the middle half of the last values.

use super::robust::positive;
use super::{AnomalyError, Judgement, Sample, Window, quantile};
use serde::{Deserialize, Serialize};

/// What lies outside is far from the middle half of some values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fence {
    /// First quartile (type 7).
    pub q1: f64,
    /// Third quartile.
    pub q3: f64,
    /// `q1 - k IQR`.
    pub low: f64,
    /// `q3 + k IQR`.
    pub high: f64,
}

impl Fence {
    /// The fence of sorted values; `None` when there are none.
    ///
    /// ```
    /// let fence = quality::Fence::of(&[1.0, 2.0, 3.0, 4.0], 1.5).ok_or("empty")?;
    /// assert_eq!((fence.low, fence.high), (-0.5, 5.5)); // quartiles 1.75 and 3.25
    /// # Ok::<(), &str>(())
    /// ```
    pub fn of<T: Sample>(sorted: &[T], k: f64) -> Option<Self> {
        let (q1, q3) = (quantile(sorted, 0.25)?, quantile(sorted, 0.75)?);
        let reach = k * (q3 - q1);
        Some(Self { q1, q3, low: q1 - reach, high: q3 + reach })
    }
}

/// Parameters of [`IqrFence`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FenceRule {
    /// Values of the key that x is compared with; default 50.
    pub window: usize,
    /// Fewer before x leave it unjudged; default 20.
    pub min_n: usize,
    /// Reach of the fence in interquartile ranges; default 1.5 (Tukey).
    pub k: f64,
}

impl Default for FenceRule {
    fn default() -> Self {
        Self { window: 50, min_n: 20, k: 1.5 }
    }
}

/// The rule in a saved state.
#[derive(Serialize, Deserialize)]
#[serde(remote = "FenceRule", deny_unknown_fields)]
struct SavedRule {
    window: usize,
    min_n: usize,
    #[serde(with = "crate::float_bits")]
    k: f64,
}

/// Each value against the fence of the last `w` of its key, itself excluded. Causal.
///
/// On normal data 0.7 % lie outside Tukey's fence: it marks what to look at, not what is wrong.
///
/// ```
/// use quality::{FenceRule, IqrFence, Judgement};
/// let mut sizes = IqrFence::<f64>::new(FenceRule { window: 4, min_n: 4, k: 1.5 })?;
/// for size in [1.0, 2.0, 3.0, 4.0] {
///     assert_eq!(sizes.push(size), Judgement::NotJudged);
/// }
/// assert_eq!(sizes.push(6.25), Judgement::Rejected { z: 2.0 }); // two IQR of 1.5 above 3.25
/// # Ok::<(), quality::AnomalyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound(serialize = "", deserialize = ""), deny_unknown_fields)]
pub struct IqrFence<T: Sample> {
    #[serde(with = "SavedRule")]
    rule: FenceRule,
    window: Window<T>,
}

impl<T: Sample> IqrFence<T> {
    /// A detector that has seen nothing.
    ///
    /// # Errors
    /// [`AnomalyError::Parameter`] for an empty window, a minimum of 0 or above the window, or a `k` that is not a
    /// positive number.
    pub fn new(rule: FenceRule) -> Result<Self, AnomalyError> {
        if rule.min_n == 0 || rule.min_n > rule.window {
            return Err(AnomalyError::parameter("min_n", "1 to the window", rule.min_n));
        }
        positive("k", rule.k)?;
        Ok(Self { rule, window: Window::new(rule.window)? })
    }

    /// Judges a value and takes it in; `z` is the distance from the nearer quartile in interquartile ranges.
    pub fn push(&mut self, value: T) -> Judgement {
        let judgement = self.judge(value);
        self.window.push(value);
        judgement
    }

    fn judge(&self, value: T) -> Judgement {
        let fence = Fence::of(self.window.sorted(), self.rule.k);
        let (true, Some(value), Some(fence)) =
            (self.window.len() >= self.rule.min_n, value.usable(), fence)
        else {
            return Judgement::NotJudged;
        };
        let x = T::number(value.quarters());
        if x < fence.low {
            Judgement::Rejected { z: (x - fence.q1) / (fence.q3 - fence.q1) }
        } else if x > fence.high {
            Judgement::Rejected { z: (x - fence.q3) / (fence.q3 - fence.q1) }
        } else {
            Judgement::Accepted
        }
    }
}
