//! What a start found.

use crate::gap::Gap;
use contract::EventId;
use std::ops::Range;

/// How the last writer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Start {
    /// There was no log before.
    Created,
    /// Closed in order.
    Clean,
    /// It died: what was not acknowledged may be gone, nothing else.
    Torn,
    /// Rows that were durable cannot be read; they are named.
    Damaged,
}

impl Start {
    /// The word in output.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Clean => "clean",
            Self::Torn => "torn",
            Self::Damaged => "damaged",
        }
    }
}

/// What a start found and did. Nothing was cut or overwritten; a second start finds a clean log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecoveryReport {
    /// The log.
    pub log_id: EventId,
    /// How the last writer ended.
    pub start: Start,
    /// Segments that were walked frame by frame.
    pub walked: Vec<u64>,
    /// Bytes that were read from segments.
    pub bytes_read: u64,
    /// Frames behind the durable part that can be read; they were never acknowledged as durable.
    pub frames_torn: u64,
    /// Bytes of them.
    pub bytes_torn: u64,
    /// Frames of those that were kept, by writing them again.
    pub frames_salvaged: u64,
    /// Rows in them.
    pub rows_salvaged: u64,
    /// Damaged filler and headers that another copy stands in for: `(segment, bytes)`. Nothing is lost by it.
    pub noise: Vec<(u64, Range<u64>)>,
    /// What is lost, as it now stands in the ledger.
    pub lost: Vec<Gap>,
    /// First number that the log gives now.
    pub next_seq: u64,
    /// Whether numbers were left out, so that none that anybody may have seen is given again.
    pub is_jump: bool,
    /// Whether a record of the manifest was lost and it was written anew.
    pub is_manifest_rebuilt: bool,
    /// Segment files that were prepared and never used.
    pub unused: u64,
}
