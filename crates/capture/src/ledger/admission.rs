//! What happens to rows at the door.

use crate::runs::len;
use std::ops::Range;

/// Rows that are let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Admission {
    /// All of them are stored.
    New,
    /// All of them are there: acknowledged, not stored again.
    Duplicate,
    /// These parts are stored; the rest is there.
    Part(Vec<Range<u64>>),
}

impl Admission {
    /// How many rows of the range that was asked about are there already.
    pub(crate) fn duplicates(&self, pseqs: &Range<u64>) -> u64 {
        match self {
            Self::New => 0,
            Self::Duplicate => len(pseqs),
            Self::Part(new) => len(pseqs) - new.iter().map(len).sum::<u64>(),
        }
    }

    /// The parts to store.
    #[cfg(test)]
    pub(crate) fn stored(&self, pseqs: &Range<u64>) -> Vec<Range<u64>> {
        match self {
            Self::New => vec![pseqs.clone()],
            Self::Duplicate => Vec::new(),
            Self::Part(new) => new.clone(),
        }
    }
}

/// Why rows are not let in; nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Nobody opened this producer.
    Unknown,
    /// A later incarnation has taken over.
    Fenced {
        /// The incarnation that may append.
        current: u32,
    },
    /// An incarnation that was never claimed.
    Unclaimed {
        /// The incarnation that may append.
        current: u32,
    },
    /// The incarnation has promised no more rows.
    Closed,
    /// A strict producer left numbers out, or these come before its first.
    SequenceGap {
        /// Where the producer stands.
        expected: u64,
        /// First row that does not fit.
        found: u64,
    },
    /// Rows that the producer had declared never to come.
    Skipped(Range<u64>),
}
