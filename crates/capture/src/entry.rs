//! A frame on its way to the disk.

use crate::format::body::StoredSchema;
use crate::format::frame::{self, Codec, FrameHeader, GROUP_START, Kind, SALVAGED, stored_len};
use crate::format::{BLOCK, align_up};
use crate::note::{Note, Place};
use arrow_array::RecordBatch;
use contract::{EventId, UtcNanos};
use std::sync::{Arc, OnceLock};

/// A frame on its way to the disk, and for a while after it: readers of the same process share its rows.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    pub(crate) codec: Codec,
    pub(crate) is_salvaged: bool,
    pub(crate) rows: u32,
    pub(crate) schema_no: u32,
    pub(crate) producer_id: EventId,
    pub(crate) epoch: u32,
    pub(crate) first_seq: u64,
    pub(crate) first_pseq: u64,
    pub(crate) avail_floor: i64,
    pub(crate) raw_len: u32,
    pub(crate) body_crc: u32,
    pub(crate) body: Vec<u8>,
    pub(crate) note: Note,
    /// The rows of a data frame, as they were appended.
    pub(crate) data: Option<(Arc<StoredSchema>, RecordBatch)>,
    /// The latest receipt of the rows.
    pub(crate) receipt: Option<i64>,
    /// When the group was formed, once it was.
    pub(crate) ts_append: OnceLock<UtcNanos>,
}

impl Entry {
    /// A frame of the log itself or a control frame.
    pub(crate) fn plain(kind: Kind, body: Vec<u8>, note: Note) -> Self {
        let len = u32::try_from(body.len()).unwrap_or(u32::MAX);
        Self {
            kind,
            codec: Codec::None,
            is_salvaged: false,
            rows: u32::from(kind.seqs(0) > 0),
            schema_no: 0,
            producer_id: EventId::from_bytes([0; 16]),
            epoch: 0,
            first_seq: 0,
            first_pseq: 0,
            avail_floor: 0,
            raw_len: len,
            body_crc: body_crc(&body),
            body,
            note,
            data: None,
            receipt: None,
            ts_append: OnceLock::new(),
        }
    }

    /// A Schema frame.
    pub(crate) fn schema(number: u32, schema: &StoredSchema) -> Self {
        let body = schema.message.to_vec();
        Self { schema_no: number, ..Self::plain(Kind::Schema, body, Note::Nothing) }
    }

    /// Bytes of the frame.
    pub(crate) fn len(&self) -> u64 {
        stored_len(u32::try_from(self.body.len()).unwrap_or(u32::MAX))
    }

    /// What admission reserves: at worst the frame is a group of its own.
    pub(crate) fn cost(&self) -> u64 {
        align_up(self.len(), BLOCK)
    }

    /// Number after its last.
    pub(crate) fn end_seq(&self) -> u64 {
        self.first_seq + self.kind.seqs(self.rows)
    }

    pub(crate) fn place(&self) -> Place {
        Place {
            seq: self.first_seq,
            producer_id: self.producer_id,
            epoch: self.epoch,
            first_pseq: self.first_pseq,
            rows: self.rows,
            ts: self.ts_append.get().copied().unwrap_or(UtcNanos::from_nanos(0)),
            avail_floor: self.avail_floor,
        }
    }
}

pub(crate) fn body_crc(body: &[u8]) -> u32 {
    if body.is_empty() { 0 } else { crc32c::crc32c(body) }
}

/// Where a group goes, and what goes on after it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chain {
    pub(crate) salt: u64,
    pub(crate) next_frame: u64,
    pub(crate) prev_crc: u32,
    /// All frames below are durable.
    pub(crate) durable_frame: u64,
}

/// Appends a group: its frames, then filler up to a block.
pub(crate) fn lay_out(
    bytes: &mut Vec<u8>,
    chain: &mut Chain,
    entries: &[Arc<Entry>],
    ts: UtcNanos,
) {
    for (at, entry) in entries.iter().enumerate() {
        let start = bytes.len();
        let stamp = *entry.ts_append.get_or_init(|| ts);
        let mut flags = if at == 0 { GROUP_START } else { 0 };
        if entry.is_salvaged {
            flags |= SALVAGED;
        }
        let is_own = matches!(entry.kind, Kind::Mark | Kind::Seal);
        let header = FrameHeader {
            kind: entry.kind,
            codec: entry.codec,
            flags,
            salt: chain.salt,
            frame_no: chain.next_frame,
            // Everything before a mark is durable: it is written when nothing else is under way.
            durable_frame: if is_own { chain.next_frame } else { chain.durable_frame },
            first_seq: entry.first_seq,
            rows: entry.rows,
            schema_no: entry.schema_no,
            producer_id: entry.producer_id,
            first_pseq: entry.first_pseq,
            epoch: entry.epoch,
            body_len: u32::try_from(entry.body.len()).unwrap_or(u32::MAX),
            raw_len: entry.raw_len,
            body_crc: entry.body_crc,
            ts_append: stamp.nanos(),
            prev_crc: chain.prev_crc,
            avail_floor: entry.avail_floor,
            header_crc: 0,
        };
        bytes.resize(start + frame::HEADER, 0);
        if let Some(place) = bytes.get_mut(start..) {
            chain.prev_crc = header.encode(place);
        }
        bytes.extend_from_slice(&entry.body);
        let end = start + usize::try_from(entry.len()).unwrap_or(usize::MAX);
        bytes.resize(end, 0);
        chain.next_frame += 1;
    }
    let filled = align_up(bytes.len() as u64, BLOCK);
    bytes.resize(usize::try_from(filled).unwrap_or(usize::MAX), 0);
}
