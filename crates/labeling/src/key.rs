//! The one order of everything: path time, then durable order.

/// Place of a row on the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    /// Path time, in nanoseconds.
    pub(crate) ts: i64,
    /// Durable order, unique over all tables.
    pub(crate) seq: u64,
}

impl Key {
    pub(crate) const fn new(ts: i64, seq: u64) -> Self {
        Self { ts, seq }
    }

    /// After every row of an instant.
    pub(crate) const fn end_of(ts: i64) -> Self {
        Self { ts, seq: u64::MAX }
    }
}
