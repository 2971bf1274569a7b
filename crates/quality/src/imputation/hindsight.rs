//! Proposals that look at later rows, for label paths and reports.

use super::ImputeMethod;
use super::fill::Cell;
use super::table::{Companions, Frame};
use std::collections::BTreeMap;

/// Row, time and value.
type Known<T> = Vec<(usize, i64, T)>;

/// Fills the open rows of a whole column.
pub(crate) fn fill<T: Cell>(
    method: &ImputeMethod,
    frame: &Frame,
    values: &mut [Option<T>],
    open: &[(usize, Option<i64>)],
    companions: &mut Companions,
) {
    // Known values of each key, by row; proposals do not count among them.
    let mut known: BTreeMap<&[Option<i64>], Known<T>> = BTreeMap::new();
    for (row, ((value, key), time)) in values.iter().zip(&frame.keys).zip(&frame.times).enumerate()
    {
        if let (Some(value), Some(time)) = (value.and_then(T::usable), *time) {
            known.entry(key).or_default().push((row, time, value));
        }
    }
    for (row, time) in open {
        let (Some(time), Some(key)) = (*time, frame.keys.get(*row)) else { continue };
        let Some(known) = known.get(key.as_slice()) else { continue };
        let at = known.partition_point(|(other, ..)| other < row);
        let before = at.checked_sub(1).and_then(|at| known.get(at));
        let Some((_, later, next)) = known.get(at).filter(|(_, later, _)| *later >= time) else {
            continue;
        };
        let proposal = match (method, before) {
            (ImputeMethod::Backward, _) => Some((*next, time.saturating_sub(*later))),
            (ImputeMethod::Linear, Some((_, earlier, last))) if earlier <= &time => {
                let part = time.saturating_sub(*earlier);
                let whole = later.saturating_sub(*earlier);
                let value = if whole == 0 { *last } else { T::between(*last, *next, part, whole) };
                Some((value, part))
            }
            _ => None,
        };
        if let (Some((value, age)), Some(cell)) = (proposal, values.get_mut(*row)) {
            *cell = Some(value);
            if let Some(imputed) = companions.imputed.get_mut(*row) {
                *imputed = true;
            }
            if let Some(slot) = companions.ages.get_mut(*row) {
                *slot = Some(age);
            }
        }
    }
}
