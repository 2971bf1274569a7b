//! Ranges of row numbers that are there.

use std::collections::BTreeMap;
use std::ops::Range;

/// An ordered set of numbers, kept as disjoint half-open ranges that merge when they touch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Runs {
    /// End by start; no two touch.
    ends: BTreeMap<u64, u64>,
    count: u64,
}

impl Runs {
    /// Adds numbers and returns how many of them are new.
    pub(crate) fn insert(&mut self, range: Range<u64>) -> u64 {
        if range.is_empty() {
            return 0;
        }
        let new = len(&range) - self.count_in(range.clone());
        let (mut start, mut end) = (range.start, range.end);
        let before = self.ends.range(..range.start).next_back().filter(|(_, e)| **e >= range.start);
        let touching: Vec<u64> = before
            .into_iter()
            .chain(self.ends.range(range.start..=range.end))
            .map(|(s, _)| *s)
            .collect();
        for at in touching {
            start = start.min(at);
            end = end.max(self.ends.remove(&at).unwrap_or(end));
        }
        self.ends.insert(start, end);
        self.count += new;
        new
    }

    /// Takes numbers out and returns how many of them were there.
    pub(crate) fn remove(&mut self, range: Range<u64>) -> u64 {
        let known = self.known_in(range.clone());
        for part in &known {
            let run = self.ends.range(..=part.start).next_back().map(|(s, e)| *s..*e);
            let Some(run) = run else { continue };
            self.ends.remove(&run.start);
            if run.start < part.start {
                self.ends.insert(run.start, part.start);
            }
            if part.end < run.end {
                self.ends.insert(part.end, run.end);
            }
        }
        let removed = known.iter().map(len).sum();
        self.count -= removed;
        removed
    }

    /// Whether every number of the range is there.
    #[cfg(test)]
    pub(crate) fn contains_all(&self, range: Range<u64>) -> bool {
        self.count_in(range.clone()) == len(&range)
    }

    /// Parts of the range that are not there.
    pub(crate) fn missing_in(&self, range: Range<u64>) -> Vec<Range<u64>> {
        let mut missing = Vec::new();
        let mut from = range.start;
        for known in self.overlapping(range.clone()) {
            if from < known.start {
                missing.push(from..known.start);
            }
            from = known.end;
        }
        if from < range.end {
            missing.push(from..range.end);
        }
        missing
    }

    /// Parts of the range that are there.
    pub(crate) fn known_in(&self, range: Range<u64>) -> Vec<Range<u64>> {
        self.overlapping(range).collect()
    }

    /// The first number at or after `from` that is not there.
    pub(crate) fn first_gap_from(&self, from: u64) -> u64 {
        let run = self.ends.range(..=from).next_back();
        run.map_or(from, |(_, end)| from.max(*end))
    }

    /// How many numbers of the range are there.
    pub(crate) fn count_in(&self, range: Range<u64>) -> u64 {
        self.overlapping(range).map(|part| len(&part)).sum()
    }

    /// How many numbers there are.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// One above the largest number, 0 without one.
    pub(crate) fn end(&self) -> u64 {
        self.ends.last_key_value().map_or(0, |(_, end)| *end)
    }

    /// The ranges in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        self.ends.iter().map(|(start, end)| *start..*end)
    }

    /// The ranges, cut to what lies within `range`.
    fn overlapping(&self, range: Range<u64>) -> impl Iterator<Item = Range<u64>> + '_ {
        let before = self.ends.range(..range.start).next_back().filter(|(_, e)| **e > range.start);
        let within = self.ends.range(range.start..range.end.max(range.start));
        let cut = move |(s, e): (&u64, &u64)| range.start.max(*s)..range.end.min(*e);
        before.into_iter().chain(within).map(cut).filter(|part| !part.is_empty())
    }
}

/// Numbers in a range.
pub(crate) fn len(range: &Range<u64>) -> u64 {
    range.end.saturating_sub(range.start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn runs(ranges: &[(u64, u64)]) -> Runs {
        let mut runs = Runs::default();
        for (start, end) in ranges {
            runs.insert(*start..*end);
        }
        runs
    }

    fn ranges(runs: &Runs) -> Vec<(u64, u64)> {
        runs.iter().map(|run| (run.start, run.end)).collect()
    }

    #[test]
    fn ranges_that_touch_become_one_and_only_new_numbers_are_counted() {
        let mut held = runs(&[(0, 3), (5, 8)]);
        assert_eq!(ranges(&held), [(0, 3), (5, 8)]);
        assert_eq!(held.insert(2..6), 2); // 3 and 4
        assert_eq!(ranges(&held), [(0, 8)]);
        assert_eq!(held.insert(8..8), 0);
        assert_eq!(held.count(), 8);
    }

    #[test]
    fn a_range_taken_out_of_the_middle_leaves_both_sides() {
        let mut held = runs(&[(0, 10)]);
        assert_eq!(held.remove(3..5), 2);
        assert_eq!(held.remove(4..6), 1); // 4 was gone
        assert_eq!(ranges(&held), [(0, 3), (6, 10)]);
        assert_eq!(held.missing_in(2..12), [3..6, 10..12]);
        assert_eq!(held.known_in(2..8), [2..3, 6..8]);
        assert_eq!((held.first_gap_from(0), held.first_gap_from(4), held.end()), (3, 4, 10));
        assert!(held.contains_all(6..10) && !held.contains_all(5..7));
    }

    #[test]
    fn the_largest_numbers_fit() {
        let mut held = runs(&[(u64::MAX - 2, u64::MAX)]);
        assert_eq!(held.insert(0..u64::MAX), u64::MAX - 2);
        assert_eq!(ranges(&held), [(0, u64::MAX)]);
    }

    proptest! {
        #[test]
        fn runs_are_a_set_of_numbers(ops in prop::collection::vec((any::<bool>(), 0_u64..40, 0_u64..12), 0..60)) {
            let (mut held, mut model) = (Runs::default(), BTreeSet::new());
            for (adds, start, n) in ops {
                let range = start..start + n;
                let before = model.len();
                if adds {
                    model.extend(range.clone());
                    prop_assert_eq!(held.insert(range.clone()), (model.len() - before) as u64);
                } else {
                    model.retain(|k| !range.contains(k));
                    prop_assert_eq!(held.remove(range.clone()), (before - model.len()) as u64);
                }
                let flat = |parts: Vec<Range<u64>>| parts.into_iter().flatten().collect::<Vec<_>>();
                prop_assert_eq!(flat(held.iter().collect()), model.iter().copied().collect::<Vec<_>>());
                prop_assert!(ranges(&held).windows(2).all(|w| w[0].1 < w[1].0));
                prop_assert_eq!(held.count(), model.len() as u64);
                let probe = 5_u64..31;
                let (there, gone): (Vec<u64>, Vec<u64>) = probe.clone().partition(|k| model.contains(k));
                prop_assert_eq!(held.count_in(probe.clone()), there.len() as u64);
                prop_assert_eq!(held.contains_all(probe.clone()), gone.is_empty());
                prop_assert_eq!(flat(held.known_in(probe.clone())), there);
                prop_assert_eq!(flat(held.missing_in(probe)), gone);
                prop_assert_eq!(held.first_gap_from(7), (7..99).find(|k| !model.contains(k)).unwrap());
            }
        }
    }
}
