//! What the log has decided about its files: an append-only text of checked lines.

use super::segment::End;
use contract::{EventId, Hash};

/// A line of the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    /// Always the first.
    Log(LogEntry),
    /// A segment that will not change.
    Sealed(SealedEntry),
    /// The files of one archive run.
    Archived(ArchivedEntry),
    /// A segment whose file is or will be removed.
    Dropped { segment: u64 },
    /// Bytes below the durable mark that cannot be read.
    Damage(DamageEntry),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogEntry {
    pub(crate) format: u16,
    pub(crate) log_id: EventId,
    pub(crate) created_ns: i64,
    pub(crate) segment_bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SealedEntry {
    pub(crate) segment: u64,
    pub(crate) base_frame: u64,
    pub(crate) end_frame: u64,
    pub(crate) first_seq: u64,
    pub(crate) end_seq: u64,
    /// Where the live range ends.
    pub(crate) cut: u64,
    pub(crate) end: End,
    /// When it was sealed, for the minimum age of a drop.
    pub(crate) sealed_ns: i64,
    /// SHA-256 of bytes 0..cut.
    pub(crate) file_hash: Hash,
    /// SHA-256 of (previous seal_hash or 32 zero bytes, log_id, segment u64 LE, cut u64 LE, file_hash).
    pub(crate) seal_hash: Hash,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ArchivedEntry {
    /// First and last segment.
    pub(crate) segments: [u64; 2],
    /// `seq` range that the run covers, control frames and empty stretches included.
    pub(crate) seqs: [u64; 2],
    pub(crate) files: Vec<ArchivedFile>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ArchivedFile {
    pub(crate) table: String,
    /// Relative to the archive's folder, with `/`.
    pub(crate) path: String,
    pub(crate) rows: u64,
    pub(crate) first_seq: u64,
    pub(crate) end_seq: u64,
    pub(crate) min_ts_avail: i64,
    pub(crate) max_ts_avail: i64,
    pub(crate) bytes: u64,
    pub(crate) sha256: Hash,
    /// Row digest (`contract::RowDigest`) of the delivered rows.
    pub(crate) digest: Hash,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DamageEntry {
    pub(crate) segment: u64,
    pub(crate) bytes: [u64; 2],
    pub(crate) frames: [u64; 2],
    pub(crate) seqs: [u64; 2],
    /// `None` = unknown.
    pub(crate) tables: Option<Vec<String>>,
    pub(crate) producers: Vec<LostRange>,
    /// Path of the copy, relative to the log.
    pub(crate) quarantine: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LostRange {
    pub(crate) producer_id: EventId,
    pub(crate) first_pseq: u64,
    pub(crate) end_pseq: u64,
}
