//! Closed intervals of nanoseconds: what a label may have seen, what a feature may have read.

/// From `start` to `end`, both inclusive; `start <= end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval {
    /// First nanosecond.
    pub start: i64,
    /// Last nanosecond.
    pub end: i64,
}

impl Interval {
    /// Whether the two share a nanosecond.
    #[must_use]
    pub const fn meets(self, other: Self) -> bool {
        self.start <= other.end && other.start <= self.end
    }
}

/// Intervals merged until no two share a nanosecond, in order.
///
/// - **Units:** nanoseconds, both ends inclusive. Neighbours that only touch (`[1, 5]`, `[6, 9]`) stay two.
///
/// ```
/// use datasets::{Interval, IntervalUnion};
/// let at = |start, end| Interval { start, end };
/// let union = IntervalUnion::of(vec![at(50, 60), at(0, 30), at(10, 20)]);
/// assert_eq!(union.parts(), [at(0, 30), at(50, 60)]);
/// assert!(union.meets(at(30, 31)));
/// assert!(!union.meets(at(31, 49)));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IntervalUnion {
    parts: Vec<Interval>,
}

impl IntervalUnion {
    /// The union of these, given in any order.
    ///
    /// - **Cost:** O(n log n), O(n) when they come in order of their starts.
    #[must_use]
    pub fn of(mut intervals: Vec<Interval>) -> Self {
        intervals.sort_unstable();
        let mut parts: Vec<Interval> = Vec::new();
        for next in intervals {
            match parts.last_mut() {
                Some(last) if next.start <= last.end => last.end = last.end.max(next.end),
                _ => parts.push(next),
            }
        }
        Self { parts }
    }

    /// What it consists of: disjoint, in order.
    #[must_use]
    pub fn parts(&self) -> &[Interval] {
        &self.parts
    }

    /// Whether some part shares a nanosecond with this interval.
    ///
    /// - **Cost:** a binary search.
    #[must_use]
    pub fn meets(&self, asked: Interval) -> bool {
        let first = self.first_ending_from(asked.start);
        self.parts.get(first).is_some_and(|part| part.start <= asked.end)
    }

    /// The first part that ends at `start` or later: of all that may meet an interval from there, the one that starts
    /// earliest.
    fn first_ending_from(&self, start: i64) -> usize {
        self.parts.partition_point(|part| part.end < start)
    }

    /// The same question for many intervals.
    pub(crate) const fn questions(&self) -> Questions<'_> {
        Questions { union: self, from: i64::MIN, at: 0 }
    }
}

/// [`IntervalUnion::meets`] for intervals that mostly come in order of their starts: one walk over the parts for all of
/// them, and a binary search where one steps back.
#[derive(Debug)]
pub(crate) struct Questions<'a> {
    union: &'a IntervalUnion,
    from: i64,
    at: usize,
}

impl Questions<'_> {
    pub(crate) fn meets(&mut self, asked: Interval) -> bool {
        if asked.start < self.from {
            self.at = self.union.first_ending_from(asked.start);
        }
        self.from = asked.start;
        while let Some(part) = self.union.parts.get(self.at) {
            if part.end >= asked.start {
                return part.start <= asked.end;
            }
            self.at += 1;
        }
        false
    }
}
