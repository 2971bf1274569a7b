//! Overlap counted at the instants of a path, and the returns that each label can claim.

use super::lives::UNIT;
use super::sweep::{ends, key, parts, starts};
use super::{Lives, WeightError};

/// A return is a whole number of 2^-80, so that sums do not depend on where they begin.
const RETURN_SCALE: f64 = 1_208_925_819_614_629_174_706_176.0;

/// Instants of ticks or bars, and the return that ends at each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Path<'a> {
    groups: Option<&'a [u32]>,
    instants: &'a [i64],
    returns: Option<&'a [f64]>,
}

/// What overlap leaves of each label, counted at the instants of a path.
///
/// A label without any instant in its life has none of the three.
#[derive(Debug, Clone, PartialEq)]
pub struct PathOverlap {
    /// Mean of one over the concurrency at the instants of the label's life, in (0, 1].
    pub uniqueness: Vec<Option<f64>>,
    /// Mean concurrency at the instants of the label's life, at least 1.
    pub concurrency_mean: Vec<Option<f64>>,
    /// Absolute sum of returns over the concurrency; `None` throughout for a path without returns.
    pub return_weight: Vec<Option<f64>>,
}

impl<'a> Path<'a> {
    /// Instants in order of group and time, each once in its group.
    ///
    /// # Errors
    /// [`WeightError`] for unequal lengths, or instants out of order.
    pub fn try_new(groups: Option<&'a [u32]>, instants: &'a [i64]) -> Result<Self, WeightError> {
        if let Some(found) = groups.map(<[u32]>::len).filter(|len| *len != instants.len()) {
            let expected = instants.len();
            return Err(WeightError::Length { what: "groups of the path", expected, found });
        }
        let path = Self { groups, instants, returns: None };
        let mut last = None;
        for row in 0..instants.len() {
            let at = path.key(row);
            if at <= last {
                let (group, found, _) = parts(at.unwrap_or_default());
                return Err(WeightError::Order { row, group, found });
            }
            last = at;
        }
        Ok(path)
    }

    /// The return that ends at each instant: from the instant before it, in any one unit.
    ///
    /// # Errors
    /// [`WeightError`] for another length, or a return that is no number between -1024 and 1024.
    pub fn with_returns(self, returns: &'a [f64]) -> Result<Self, WeightError> {
        if returns.len() != self.instants.len() {
            let (expected, found) = (self.instants.len(), returns.len());
            return Err(WeightError::Length { what: "returns", expected, found });
        }
        for (row, &found) in returns.iter().enumerate() {
            // Not a number is not below anything.
            if !matches!(found.abs().partial_cmp(&1_024.0), Some(std::cmp::Ordering::Less)) {
                return Err(WeightError::Return { row, found });
            }
        }
        Ok(Self { returns: Some(returns), ..self })
    }

    fn key(&self, row: usize) -> Option<u128> {
        let group = self.groups.map_or(Some(0), |groups| groups.get(row).copied())?;
        Some(key(group, *self.instants.get(row)?, 0))
    }
}

/// Sums over the instants read so far.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    instants: i128,
    share: i128,
    count: i128,
    earned: i128,
}

impl Lives<'_> {
    /// Uniqueness, mean concurrency and return weight of each label, counted at the instants of a path.
    ///
    /// An instant `t` belongs to a label with `start < t <= end`. So the first return of a label is the one that ends
    /// at the first instant *after* its entry; the return that ended at the entry was earned before there was a label.
    /// Returns of an instant are divided by the concurrency there; the weight is the absolute value of their sum, not
    /// scaled.
    ///
    /// - **Cost:** two sorts of the labels and one pass over the path.
    /// - **Source:** López de Prado (2018), 4.3, 4.4 and 4.6, snippets 4.1, 4.2 and 4.10.
    ///
    /// ```
    /// use labeling::{Lives, Path};
    /// let path = Path::try_new(None, &[10, 20, 30])?.with_returns(&[0.5, 0.25, -0.125])?;
    /// // Enters at 10, so the return of 0.5 that ended there is not its own.
    /// let overlap = Lives::across(&[10], &[30])?.overlap_on(&path);
    /// assert_eq!(overlap.return_weight, [Some(0.125)]); // |0.25 - 0.125|
    /// assert_eq!(overlap.uniqueness, [Some(1.0)]);
    /// # Ok::<(), labeling::WeightError>(())
    /// ```
    #[must_use]
    pub fn overlap_on(&self, path: &Path) -> PathOverlap {
        let (starts, ends) = (starts(self), ends(self));
        let (mut starts, mut ends) = (starts.into_iter().peekable(), ends.into_iter().peekable());
        let mut at_start = vec![Sums::default(); self.len()];
        let mut own = vec![Sums::default(); self.len()];
        let (mut sums, mut alive) = (Sums::default(), 0_i64);
        let mut row = 0;
        loop {
            let instant = path.key(row).map(|key| key >> 32);
            // Before the instant: what starts or ends earlier. All that is left when the path is over.
            while let Some(start) = starts.next_if(|s| instant.is_none_or(|at| s >> 32 < at)) {
                if let Some(slot) = at_start.get_mut(parts(start).2) {
                    *slot = sums;
                }
                alive += 1;
            }
            while let Some(end) = ends.next_if(|e| instant.is_none_or(|at| e >> 32 < at)) {
                let label = parts(end).2;
                if let (Some(slot), Some(from)) = (own.get_mut(label), at_start.get(label)) {
                    *slot = Sums {
                        instants: sums.instants - from.instants,
                        share: sums.share - from.share,
                        count: sums.count - from.count,
                        earned: sums.earned - from.earned,
                    };
                }
                alive -= 1;
            }
            if instant.is_none() {
                break;
            }
            sums.instants += 1;
            if alive > 0 {
                sums.share += i128::from(UNIT / alive);
                sums.count += i128::from(alive);
                if let Some(earned) = path.returns.and_then(|returns| returns.get(row)) {
                    sums.earned += fixed(*earned) / i128::from(alive);
                }
            }
            row += 1;
        }
        let mean = |sum: i128, of: &Sums, unit: i128| {
            (of.instants > 0).then(|| sum as f64 / (of.instants * unit) as f64)
        };
        PathOverlap {
            uniqueness: own.iter().map(|o| mean(o.share, o, i128::from(UNIT))).collect(),
            concurrency_mean: own.iter().map(|o| mean(o.count, o, 1)).collect(),
            return_weight: own
                .iter()
                .map(|o| {
                    (o.instants > 0 && path.returns.is_some())
                        .then(|| o.earned.abs() as f64 / RETURN_SCALE)
                })
                .collect(),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "below 2^90; what is below 2^-80 is cut off")]
fn fixed(value: f64) -> i128 {
    (value * RETURN_SCALE) as i128
}
