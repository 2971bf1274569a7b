//! Lives of labels, and how much of them each label has for itself in time.

use super::WeightError;
use super::sweep::{Step, ends, starts, steps};

/// One over the concurrency in whole units, so that sums do not depend on where they begin.
pub(super) const UNIT: i64 = 1 << 60;

/// Intervals `(start, end]` of labels and their groups: the labels that may overlap.
///
/// - **Shape:** one life a label, in any order.
/// - **Units:** nanoseconds; of a row of `labels` `ts_cutoff` and `ts_until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lives<'a> {
    pub(super) starts: &'a [i64],
    pub(super) ends: &'a [i64],
    pub(super) groups: Option<&'a [u32]>,
}

/// What overlap leaves of each label.
#[derive(Debug, Clone, PartialEq)]
pub struct Overlap {
    /// Mean of one over the concurrency during the label's life, in (0, 1].
    pub uniqueness: Vec<f64>,
    /// Mean concurrency during the label's life, at least 1.
    pub concurrency_mean: Vec<f64>,
}

impl<'a> Lives<'a> {
    /// Lives that overlap within their group alone, usually an instrument.
    ///
    /// # Errors
    /// [`WeightError`] for unequal lengths, a life without length, or 2^32 labels and more.
    pub fn within(
        starts: &'a [i64],
        ends: &'a [i64],
        groups: &'a [u32],
    ) -> Result<Self, WeightError> {
        if groups.len() != starts.len() {
            let (expected, found) = (starts.len(), groups.len());
            return Err(WeightError::Length { what: "groups", expected, found });
        }
        Ok(Self { groups: Some(groups), ..Self::across(starts, ends)? })
    }

    /// Lives that overlap whatever their instrument.
    ///
    /// # Errors
    /// As [`within`](Self::within).
    pub fn across(starts: &'a [i64], ends: &'a [i64]) -> Result<Self, WeightError> {
        if ends.len() != starts.len() {
            let (expected, found) = (starts.len(), ends.len());
            return Err(WeightError::Length { what: "ends", expected, found });
        }
        if u32::try_from(starts.len()).is_err() {
            return Err(WeightError::TooMany { found: starts.len() });
        }
        match starts.iter().zip(ends).position(|(start, end)| start >= end) {
            None => Ok(Self { starts, ends, groups: None }),
            Some(row) => {
                let at = |of: &[i64]| of.get(row).copied().unwrap_or_default();
                Err(WeightError::Interval { row, start: at(starts), end: at(ends) })
            }
        }
    }

    /// Number of labels.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there is no label.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Uniqueness and mean concurrency of each label, measured in time.
    ///
    /// The concurrency `c(t)` counts the labels of the group with `start < t <= end`. One over it is a whole number of
    /// 2^-60 and lengths are whole nanoseconds, so a label's result has the same bits whatever other labels were read
    /// before it and in whatever order.
    ///
    /// - **Cost:** two sorts of the labels, then O(1) a label.
    /// - **Source:** López de Prado, Advances in Financial Machine Learning (2018), 4.3 and 4.4, in continuous time.
    ///
    /// ```
    /// use labeling::Lives;
    /// // The first is alone from 0 to 10 and shares 10 to 20: (10 * 1 + 10 * 1/2) / 20.
    /// let overlap = Lives::across(&[0, 10], &[20, 30])?.overlap();
    /// assert_eq!(overlap.uniqueness, [0.75, 0.75]);
    /// assert_eq!(overlap.concurrency_mean, [1.5, 1.5]);
    /// # Ok::<(), labeling::WeightError>(())
    /// ```
    #[must_use]
    pub fn overlap(&self) -> Overlap {
        let mut at_start = vec![(0_u128, 0_u128); self.len()];
        let mut out =
            Overlap { uniqueness: vec![1.0; self.len()], concurrency_mean: vec![1.0; self.len()] };
        let (mut share, mut count) = (0_u128, 0_u128);
        let (mut alive, mut before, mut unit) = (0_u64, 0_i64, 0_u64);
        let (starts, ends) = (starts(self), ends(self));
        for step in steps(&starts, &ends) {
            let (Step::Start(at, row) | Step::End(at, row)) = step;
            if at != before {
                // Between groups nothing is alive, so the jump from one to the next adds nothing. Sums may wrap after very
                // many groups: only their difference over one life is used, and that is below 2^124.
                let length = u128::from(at.abs_diff(before));
                share = share.wrapping_add(length.wrapping_mul(u128::from(unit)));
                count = count.wrapping_add(length.wrapping_mul(u128::from(alive)));
                before = at;
            }
            if matches!(step, Step::Start(..)) {
                if let Some(slot) = at_start.get_mut(row) {
                    *slot = (share, count);
                }
                alive += 1;
            } else {
                let from = at_start.get(row).copied().unwrap_or_default();
                let start = self.starts.get(row).copied().unwrap_or_default();
                let length = at.abs_diff(start) as f64;
                if let Some(slot) = out.uniqueness.get_mut(row) {
                    // A power of two moves no bit.
                    *slot = share.wrapping_sub(from.0) as f64 / (length * UNIT as f64);
                }
                if let Some(slot) = out.concurrency_mean.get_mut(row) {
                    *slot = count.wrapping_sub(from.1) as f64 / length;
                }
                alive -= 1;
            }
            unit = UNIT.cast_unsigned().checked_div(alive).unwrap_or(0);
        }
        out
    }

    /// Effective number of labels: the sum of uniqueness.
    ///
    /// Of lives [`across`](Self::across) instruments it is the conservative number that tests use: labels of different
    /// instruments at one time are taken as one.
    #[must_use]
    pub fn effective_size(&self) -> f64 {
        self.overlap().uniqueness.iter().sum()
    }
}
