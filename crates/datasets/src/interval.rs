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
