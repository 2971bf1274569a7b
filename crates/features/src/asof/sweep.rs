//! Both sides in order of time: one pass that remembers the last row of each key.

use super::found::{Found, Matches};
use super::instants::{Instants, MaxAge};
use super::key::is_dense;

const NONE: u32 = u32::MAX;

/// The answers, or `None` when the sides have no keys, do not both ascend, or keys are too far apart for a table.
///
/// The right side has been checked to have at most `AsOfError::MAX_ROWS` rows.
pub(super) fn sweep(left: Instants<'_>, right: Instants<'_>, max_age: MaxAge) -> Option<Matches> {
    let (left_keys, right_keys) = (left.keys?, right.keys?);
    let top = right_keys.iter().copied().max()?;
    if !is_dense(top, right.len()) || !right.ts.is_sorted() || !left.ts.is_sorted() {
        return None;
    }
    let mut last = vec![NONE; top as usize + 1];
    let mut ahead = (0..).zip(right_keys.iter().zip(right.ts)).peekable();
    let mut matches = Matches::with_capacity(left.len());
    for (&key, &t) in left_keys.iter().zip(left.ts) {
        while let Some((row, (&key, _))) = ahead.next_if(|&(_, (_, &ts))| ts < t) {
            last[key as usize] = row;
        }
        matches.push(match last.get(key as usize) {
            None | Some(&NONE) => Found::NoHistory,
            Some(&row) if max_age.is_unbounded() => Found::Row(row),
            Some(&row) if max_age.is_stale(right.ts[row as usize], t) => Found::Stale(row),
            Some(&row) => Found::Row(row),
        });
    }
    Some(matches)
}
