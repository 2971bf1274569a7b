//! The last few values of a key, with their median and deviation.

use super::{AnomalyError, Sample};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// The middle of some values and their spread around it, both rounded once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Values that it was computed from.
    pub n: usize,
    /// Their median, of an even number the middle of the two in the middle.
    pub median: f64,
    /// The median of the distances from it, not scaled to a standard deviation.
    pub mad: f64,
}

/// The last `w` values of a key: median and MAD at any time.
///
/// - **Shape:** values enter one by one; NaN and infinities do not. At most `w` are kept.
/// - **Point in time:** knows the values that were pushed and no others.
/// - **Cost:** a binary search and a move of at most `w` values a push, two binary searches for median and MAD; no
///   allocation after the window is full. Some hundred nanoseconds at `w` = 50.
/// - Saved by serde as the values' bits, oldest first; the restored window goes on with the same bits.
///
/// ```
/// use quality::Window;
/// let mut prices = Window::<i64>::new(4)?;
/// for px in [61_700, 61_701, 61_703, 61_702, 61_999] {
///     prices.push(px);
/// }
/// let last = prices.spread().ok_or("empty")?; // 61701, 61702, 61703, 61999
/// assert_eq!((last.n, last.median, last.mad), (4, 61_702.5, 1.0)); // distances 0.5, 0.5, 1.5, 296.5
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound(serialize = "", deserialize = ""), into = "WindowState", try_from = "WindowState")]
pub struct Window<T: Sample> {
    length: usize,
    by_age: VecDeque<T>,
    sorted: Vec<T>,
}

/// A window's saved form.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowState {
    length: usize,
    bits: Vec<u64>,
}

impl<T: Sample> From<Window<T>> for WindowState {
    fn from(window: Window<T>) -> Self {
        Self {
            length: window.length,
            bits: window.by_age.into_iter().map(Sample::to_bits).collect(),
        }
    }
}

impl<T: Sample> TryFrom<WindowState> for Window<T> {
    type Error = AnomalyError;

    fn try_from(state: WindowState) -> Result<Self, AnomalyError> {
        let mut window = Self::new(state.length)?;
        if state.bits.len() > state.length {
            return Err(AnomalyError::State("more values than the window holds"));
        }
        for bits in state.bits {
            if !window.push(T::from_bits(bits)) {
                return Err(AnomalyError::State("a value that no window accepts"));
            }
        }
        Ok(window)
    }
}

/// Longer windows would move too much memory a push.
const LONGEST: usize = 65_536;

impl<T: Sample> Window<T> {
    /// An empty window of `length` values.
    ///
    /// # Errors
    /// [`AnomalyError::Parameter`] when `length` is 0 or above 65,536.
    pub fn new(length: usize) -> Result<Self, AnomalyError> {
        if length == 0 || length > LONGEST {
            return Err(AnomalyError::parameter("window", "1 to 65536 values", length));
        }
        Ok(Self {
            length,
            by_age: VecDeque::with_capacity(length),
            sorted: Vec::with_capacity(length),
        })
    }

    /// Takes a value in and, when full, lets the oldest go; `false` for NaN and infinities, which change nothing.
    pub fn push(&mut self, value: T) -> bool {
        let Some(value) = value.usable() else { return false };
        if self.by_age.len() == self.length
            && let Some(oldest) = self.by_age.pop_front()
            && let Ok(at) = self.sorted.binary_search_by(|held| held.order(oldest))
        {
            self.sorted.remove(at);
        }
        self.by_age.push_back(value);
        let at = self.sorted.partition_point(|held| held.order(value).is_lt());
        self.sorted.insert(at, value);
        true
    }

    /// Forgets every value.
    pub fn clear(&mut self) {
        self.by_age.clear();
        self.sorted.clear();
    }

    /// Values held now.
    pub fn len(&self) -> usize {
        self.sorted.len()
    }

    /// Whether none is held.
    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// The values held, oldest first.
    pub fn values(&self) -> impl Iterator<Item = T> {
        self.by_age.iter().copied()
    }

    /// The values held, smallest first.
    pub fn sorted(&self) -> &[T] {
        &self.sorted
    }

    /// Median and MAD of the values held; `None` when there are none.
    pub fn spread(&self) -> Option<Spread> {
        let (median, mad) = exact_spread(&self.sorted)?;
        Some(Spread { n: self.sorted.len(), median: T::number(median), mad: T::number(mad) })
    }

    pub(crate) fn exact(&self) -> Option<(T::Quarter, T::Quarter)> {
        exact_spread(&self.sorted)
    }
}

/// The middle of sorted values.
pub(crate) fn exact_median<T: Sample>(sorted: &[T]) -> Option<T::Quarter> {
    let upper = sorted.get(sorted.len() / 2)?.quarters();
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = sorted.get(sorted.len() / 2 - 1)?.quarters();
    Some(T::middle(lower, upper))
}

/// Median and MAD of sorted values: the distances fall towards the median and rise behind it, so they are two sorted
/// lists, and the one in the middle of both is found by halving.
pub(crate) fn exact_spread<T: Sample>(sorted: &[T]) -> Option<(T::Quarter, T::Quarter)> {
    let median = exact_median(sorted)?;
    let n = sorted.len();
    // As many values below the split as above it, give or take one: the nearest on either side of the median.
    let split = n / 2;
    let gap = |at: usize| sorted.get(at).map(|v| T::distance(v.quarters(), median));
    let below = |at: usize| split.checked_sub(at + 1).and_then(gap);
    let above = |at: usize| gap(split + at);
    let kth = |k: usize| {
        // `taken` distances from below and `k - taken` from above are the k smallest.
        let (mut low, mut high) = (k.saturating_sub(n - split), k.min(split));
        while low < high {
            let taken = usize::midpoint(low, high);
            match (below(taken), above(k - taken - 1)) {
                (Some(next), Some(last)) if next < last => low = taken + 1,
                _ => high = taken,
            }
        }
        smaller(below(low), above(k - low))
    };
    let upper = kth(n / 2)?;
    if n % 2 == 1 {
        return Some((median, upper));
    }
    Some((median, T::middle(kth(n / 2 - 1)?, upper)))
}

fn smaller<Q: PartialOrd>(a: Option<Q>, b: Option<Q>) -> Option<Q> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b < a { b } else { a }),
        (a, b) => a.or(b),
    }
}
