//! Sets of whole numbers as runs.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whole numbers, as runs `[from, to)` that do not touch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Runs {
    #[serde(with = "crate::pairs")]
    runs: BTreeMap<i64, i64>,
    len: u64,
}

impl Runs {
    /// How many numbers there are.
    pub(super) const fn len(&self) -> u64 {
        self.len
    }

    /// First and last number.
    pub(super) fn ends(&self) -> Option<(i64, i64)> {
        let (first, _) = self.runs.first_key_value()?;
        let (_, end) = self.runs.last_key_value()?;
        Some((*first, end - 1))
    }

    /// Adds `[from, to)`.
    pub(super) fn add(&mut self, mut from: i64, mut to: i64) {
        if from >= to {
            return;
        }
        if let Some((&first, &end)) = self.runs.range(..=from).next_back()
            && end >= from
        {
            if end >= to {
                return;
            }
            from = first;
        }
        while let Some((&first, &end)) = self.runs.range(from..=to).next() {
            to = to.max(end);
            self.runs.remove(&first);
            self.len -= end.abs_diff(first);
        }
        self.runs.insert(from, to);
        self.len += to.abs_diff(from);
    }

    /// Adds all of another set.
    pub(super) fn union(&mut self, other: &Self) {
        for (from, to) in &other.runs {
            self.add(*from, *to);
        }
    }

    /// Runs of numbers in `[from, to)` that are not there.
    pub(super) fn holes(&self, from: i64, to: i64) -> Vec<(i64, i64)> {
        let mut holes = Vec::new();
        let mut at = from;
        let before = self.runs.range(..from).next_back();
        for (&first, &end) in before.into_iter().chain(self.runs.range(from..to.max(from))) {
            if first > at {
                holes.push((at, first));
            }
            at = at.max(end);
        }
        if at < to {
            holes.push((at, to));
        }
        holes
    }
}
