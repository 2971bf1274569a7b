//! Uniqueness of labels within a set of rows: asked of the caller, since the kernel lives in another crate.

use crate::role::{Role, Split};
use crate::split::SplitError;
use std::collections::BTreeMap;

/// Computes uniqueness: what the overlap with other labels leaves of each.
///
/// The concurrency `c(t)` of a group counts its labels with `start < t <= end`; the uniqueness of a label is the mean of
/// `1 / c` over its life. It depends on the set of labels, so it is asked for each split and fold apart.
///
/// - **Source:** López de Prado, Advances in Financial Machine Learning (2018), 4.3 and 4.4, in continuous time.
pub trait Weigh {
    /// One value in (0, 1] a label, in order.
    ///
    /// - **Shape:** three slices of one length: starts and ends in nanoseconds, groups (usually instruments) by number.
    ///
    /// # Errors
    /// Text of why the labels cannot be weighed, for instance a life without length.
    fn uniqueness(&self, starts: &[i64], ends: &[i64], groups: &[u32]) -> Result<Vec<f64>, String>;
}

/// When the labels of rows live: three slices of one length, in the order of the rows.
#[derive(Debug, Clone, Copy)]
pub struct LabelLives<'a> {
    /// The decision's cut-off, in nanoseconds.
    pub starts: &'a [i64],
    /// Where the label was settled (`ts_until`), in nanoseconds; not its latest possible end.
    pub ends: &'a [i64],
    /// Labels of different groups do not count as overlapping: the instrument, or one number for all.
    pub groups: &'a [u32],
}

impl LabelLives<'_> {
    /// Uniqueness among the chosen rows, by their places.
    pub(crate) fn weigh(&self, weigh: &dyn Weigh, rows: &[usize]) -> Result<Vec<f64>, SplitError> {
        let pick = |of: &[i64]| rows.iter().filter_map(|&row| of.get(row).copied()).collect();
        let starts: Vec<i64> = pick(self.starts);
        let ends: Vec<i64> = pick(self.ends);
        let groups: Vec<u32> =
            rows.iter().filter_map(|&row| self.groups.get(row).copied()).collect();
        let found = weigh
            .uniqueness(&starts, &ends, &groups)
            .map_err(|message| SplitError::Weights { message })?;
        same_length("weights", rows.len(), found.len())?;
        Ok(found)
    }

    /// Whether there is a life for each of so many rows.
    pub(crate) fn check(&self, rows: usize) -> Result<(), SplitError> {
        same_length("label starts", rows, self.starts.len())?;
        same_length("label ends", rows, self.ends.len())?;
        same_length("label groups", rows, self.groups.len())
    }
}

fn same_length(what: &'static str, expected: usize, found: usize) -> Result<(), SplitError> {
    if expected == found { Ok(()) } else { Err(SplitError::Length { what, expected, found }) }
}

/// Uniqueness of each row among the rows of its own split.
///
/// - **Shape:** one value a role, in order; none for a row in no split.
/// - **Units:** (0, 1].
/// - **Cost:** one call of the kernel a split.
///
/// # Errors
/// [`SplitError::Length`] when lives and roles differ in number, [`SplitError::Weights`] when the kernel refuses.
pub fn uniqueness_by_split(
    weigh: &dyn Weigh,
    roles: &[Role],
    lives: LabelLives<'_>,
) -> Result<Vec<Option<f64>>, SplitError> {
    lives.check(roles.len())?;
    let mut out = vec![None; roles.len()];
    for split in Split::ALL {
        let rows: Vec<usize> = roles
            .iter()
            .enumerate()
            .filter_map(|(row, role)| (*role == Role::In(split)).then_some(row))
            .collect();
        for (row, value) in rows.iter().zip(lives.weigh(weigh, &rows)?) {
            if let Some(slot) = out.get_mut(*row) {
                *slot = Some(value);
            }
        }
    }
    Ok(out)
}

/// Effective number of rows of each split: the sum of their uniqueness, in the order of the rows.
///
/// - **Shape:** all three splits; 0 for one without rows.
///
/// # Errors
/// [`SplitError::Length`] when roles and weights differ in number.
pub fn effective_sizes(
    roles: &[Role],
    uniqueness: &[Option<f64>],
) -> Result<BTreeMap<Split, f64>, SplitError> {
    same_length("weights", roles.len(), uniqueness.len())?;
    let mut sums: BTreeMap<Split, f64> = Split::ALL.into_iter().map(|split| (split, 0.0)).collect();
    for (role, value) in roles.iter().zip(uniqueness) {
        if let (Role::In(split), Some(value)) = (role, value) {
            *sums.entry(*split).or_default() += value;
        }
    }
    Ok(sums)
}
