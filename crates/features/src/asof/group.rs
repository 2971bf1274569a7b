//! Grouping the right side by key, while the order of every row is checked.

use super::error::{AsOfError, JoinSide};
use super::found::row_number;
use super::key::Slots;
use std::ops::Range;

/// How the rows of a key lie.
pub(super) enum Groups {
    /// The rows of each key are neighbours: by slot, where.
    Together(Vec<Range<u32>>),
    /// They are not: by slot, how many rows there are.
    Scattered(Vec<u32>),
}

/// One key while the rows are read.
#[derive(Clone)]
struct Key {
    last: i64,
    begin: u32,
    count: u32,
}

impl Groups {
    /// Reads all rows once.
    pub(super) fn of(slots: &mut Slots, keys: &[u32], ts: &[i64]) -> Result<Self, AsOfError> {
        let new = Key { last: i64::MIN, begin: 0, count: 0 };
        let mut seen = vec![new.clone(); slots.len()];
        let (mut begin, mut together) = (0, true);
        for run in keys.chunk_by(u32::eq) {
            let end = begin + run.len();
            if let Some(slot) = slots.claim(run[0]) {
                if slot == seen.len() {
                    seen.push(new.clone());
                }
                let key = &mut seen[slot];
                let ts = &ts[begin..end];
                if ts[0] < key.last || !ts.is_sorted() {
                    return Err(first_unsorted(run[0], begin, key.last, ts));
                }
                if key.count == 0 {
                    key.begin = row_number(begin);
                } else {
                    together = false;
                }
                key.last = ts[ts.len() - 1];
                key.count += row_number(run.len());
            }
            begin = end;
        }
        Ok(if together {
            Self::Together(seen.iter().map(|key| key.begin..key.begin + key.count).collect())
        } else {
            Self::Scattered(seen.iter().map(|key| key.count).collect())
        })
    }
}

/// The right side with the rows of each key together, in right order.
pub(super) struct Gathered {
    pub(super) ts: Vec<i64>,
    /// The right row of each instant.
    pub(super) rows: Vec<u32>,
    /// By slot, where its instants lie.
    pub(super) runs: Vec<Range<u32>>,
}

impl Gathered {
    /// A counting sort by key: stable, so equal instants keep their order.
    pub(super) fn of(slots: &Slots, counts: &[u32], keys: &[u32], ts: &[i64]) -> Self {
        let mut runs = Vec::with_capacity(counts.len());
        let mut begin = 0;
        for count in counts {
            runs.push(begin..begin); // grows as rows arrive
            begin += count;
        }
        let mut gathered = Self { ts: vec![0; ts.len()], rows: vec![0; ts.len()], runs };
        for (row, (&key, &ts)) in (0..).zip(keys.iter().zip(ts)) {
            if let Some(slot) = slots.get(key) {
                let end = &mut gathered.runs[slot].end;
                gathered.ts[*end as usize] = ts;
                gathered.rows[*end as usize] = row;
                *end += 1;
            }
        }
        gathered
    }
}

/// The first row that is earlier than the one before it, among neighbours of a key, from row `begin` on.
#[cold]
fn first_unsorted(key: u32, begin: usize, last: i64, ts: &[i64]) -> AsOfError {
    let before = |at: usize| if at == 0 { last } else { ts[at - 1] };
    let at = (0..ts.len()).find(|&at| ts[at] < before(at)).unwrap_or_default();
    unsorted(Some(key), begin + at, before(at), ts[at])
}

/// A right row that is earlier than the one before it.
pub(super) const fn unsorted(key: Option<u32>, row: usize, expected: i64, found: i64) -> AsOfError {
    AsOfError::Unsorted { side: JoinSide::Right, key, row, expected, found }
}
