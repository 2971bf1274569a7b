//! What the log has decided about its files: an append-only text of checked lines.

mod read;
mod write;

use super::segment::End;
use contract::{EventId, Hash};
use std::collections::BTreeSet;

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

/// What a manifest says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parsed {
    /// Good lines of a known type, with their numbers.
    pub(crate) entries: Vec<(u64, Entry)>,
    /// Lines that are torn or changed.
    pub(crate) bad_lines: u64,
    /// The numbers of the good lines do not run 0, 1, 2, ..: a line was lost.
    pub(crate) has_gap: bool,
    /// Number after the last good line.
    pub(crate) next_n: u64,
    /// Otherwise a writer starts a fresh line first.
    pub(crate) ends_in_newline: bool,
}

/// One line: the checksum of the JSON, a space, the JSON, a line feed.
pub(crate) fn encode(n: u64, entry: &Entry) -> String {
    let json = write::json(n, entry).to_string();
    format!("{:08x} {json}\n", crc32c::crc32c(json.as_bytes()))
}

/// Reads a manifest; bad lines are skipped and counted.
pub(crate) fn parse(bytes: &[u8]) -> Parsed {
    let mut parsed = Parsed {
        entries: Vec::new(),
        bad_lines: 0,
        has_gap: false,
        next_n: 0,
        ends_in_newline: bytes.is_empty() || bytes.ends_with(b"\n"),
    };
    let mut next = 0;
    for line in bytes.split(|&b| b == b'\n') {
        // The end of the file, or the line feed that starts a fresh line after a torn one.
        if line.is_empty() {
            continue;
        }
        match checked(line).and_then(read::line) {
            Some((n, entry)) => {
                parsed.has_gap |= n != next;
                next = n.saturating_add(1);
                parsed.entries.extend(entry.map(|entry| (n, entry)));
            }
            None => parsed.bad_lines += 1,
        }
    }
    parsed.next_n = next;
    parsed
}

/// The JSON of a line whose checksum is right.
fn checked(line: &[u8]) -> Option<&[u8]> {
    let (crc, rest) = line.split_at_checked(8)?;
    let json = rest.strip_prefix(b" ")?;
    (format!("{:08x}", crc32c::crc32c(json)).as_bytes() == crc).then_some(json)
}

/// The canonical JSON of an entry, which is also the body of a Lost frame.
pub(crate) fn json(n: u64, entry: &Entry) -> contract::Json {
    write::json(n, entry)
}

/// Reads the JSON of an entry.
pub(crate) fn from_json(json: &[u8]) -> Option<(u64, Option<Entry>)> {
    read::line(json)
}

/// What is still needed, in order: the `sealed` records of dropped segments go, except the newest of all, on whose hash
/// the chain goes on. A caller numbers the rest afresh.
pub(crate) fn condense(entries: &[(u64, Entry)]) -> Vec<Entry> {
    let dropped: BTreeSet<u64> = entries
        .iter()
        .filter_map(|(_, entry)| match entry {
            Entry::Dropped { segment } => Some(*segment),
            _ => None,
        })
        .collect();
    let newest = entries.iter().filter_map(|(_, entry)| entry.sealed_segment()).max();
    let is_needed = |entry: &Entry| {
        entry
            .sealed_segment()
            .is_none_or(|segment| Some(segment) == newest || !dropped.contains(&segment))
    };
    entries.iter().filter(|(_, entry)| is_needed(entry)).map(|(_, entry)| entry.clone()).collect()
}

/// The link of a segment in the chain of sealed ones: who changes one file must change all hashes after it.
pub(crate) fn seal_hash(
    previous: Option<&Hash>,
    log_id: EventId,
    segment: u64,
    cut: u64,
    file_hash: &Hash,
) -> Hash {
    let mut bytes = Vec::with_capacity(96);
    bytes.extend_from_slice(previous.unwrap_or(&Hash::from_bytes([0; 32])).as_bytes());
    bytes.extend_from_slice(log_id.as_bytes());
    bytes.extend_from_slice(&segment.to_le_bytes());
    bytes.extend_from_slice(&cut.to_le_bytes());
    bytes.extend_from_slice(file_hash.as_bytes());
    Hash::of(&bytes)
}

impl Entry {
    fn sealed_segment(&self) -> Option<u64> {
        match self {
            Self::Sealed(sealed) => Some(sealed.segment),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
