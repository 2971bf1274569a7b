//! A right side in order of time: one pass that remembers the last row of each key.

use super::found::{Found, Matches};
use super::instants::{Instants, MaxAge};
use super::key::is_dense;

const NONE: u32 = u32::MAX;

/// Where the pass stands.
struct Sweep<'a> {
    keys: &'a [u32],
    ts: &'a [i64],
    max_age: MaxAge,
    /// The first row that is not before the instant last asked for.
    next: u32,
    /// By key, the last row before it.
    last: Vec<u32>,
}

impl Sweep<'_> {
    /// The answer at `t`, which is not before the one last asked for.
    fn ask(&mut self, key: u32, t: i64) -> Found {
        while let Some(&ts) = self.ts.get(self.next as usize)
            && ts < t
        {
            self.last[self.keys[self.next as usize] as usize] = self.next;
            self.next += 1;
        }
        match self.last.get(key as usize) {
            None | Some(&NONE) => Found::NoHistory,
            Some(&row) if self.max_age.is_unbounded() => Found::Row(row),
            Some(&row) if self.max_age.is_stale(self.ts[row as usize], t) => Found::Stale(row),
            Some(&row) => Found::Row(row),
        }
    }
}

/// The answers, or `None` where there are no keys, the right side does not ascend altogether, or its keys are too far
/// apart for a table.
///
/// The right side has been checked to have at most `AsOfError::MAX_ROWS` rows.
pub(super) fn sweep(left: Instants<'_>, right: Instants<'_>, max_age: MaxAge) -> Option<Matches> {
    let (left_keys, keys) = (left.keys?, right.keys?);
    let top = keys.iter().copied().max()?;
    if !is_dense(top, right.len()) || !right.ts.is_sorted() {
        return None;
    }
    let last = vec![NONE; top as usize + 1];
    let mut sweep = Sweep { keys, ts: right.ts, max_age, next: 0, last };
    if left.ts.is_sorted() {
        let rows = left_keys.iter().zip(left.ts);
        return Some(rows.map(|(&key, &t)| sweep.ask(key, t)).collect());
    }
    // Searching for each row would read all over the right side; sorting the left one reads memory in order.
    let mut order: Vec<(i64, usize)> = left.ts.iter().copied().zip(0..).collect();
    order.sort_unstable();
    let mut matches = Matches::without_history(left.len());
    for (t, row) in order {
        matches.set(row, sweep.ask(left_keys[row], t));
    }
    Some(matches)
}
