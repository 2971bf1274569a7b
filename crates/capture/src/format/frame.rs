//! The header of a frame.

use super::bytes::{Record, i64_at, is_sealed, take, u16_at, u32_at, u64_at};
use super::{ALIGN, align_up};
use contract::EventId;

/// Bytes of a header.
pub(crate) const HEADER: usize = 128;

/// Longest body, stored or decompressed.
pub(crate) const MAX_BODY: u32 = 64 << 20;

/// Most rows of a frame.
pub(crate) const MAX_ROWS: u32 = 1 << 20;

const MAGIC: &[u8; 4] = b"HSF1";
const CRC_AT: usize = 124;

/// The first frame of a group.
pub(crate) const GROUP_START: u16 = 1;
/// Written again by a recovery.
pub(crate) const SALVAGED: u16 = 2;
/// Rows that a repair brought back.
pub(crate) const REPAIR: u16 = 4;

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Data,
    Schema,
    Producers,
    Open,
    Beat,
    Close,
    Skip,
    Lost,
    Mark,
    Seal,
    /// 128 to 255: skipped by a reader that does not know them.
    Later(u8),
}

impl Kind {
    const ALL: [Self; 10] = [
        Self::Data,
        Self::Schema,
        Self::Producers,
        Self::Open,
        Self::Beat,
        Self::Close,
        Self::Skip,
        Self::Lost,
        Self::Mark,
        Self::Seal,
    ];

    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Later(code) => code,
            known => (1..).zip(Self::ALL).find(|(_, k)| *k == known).map_or(0, |(code, _)| code),
        }
    }

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        if code >= 128 {
            return Some(Self::Later(code));
        }
        (1..).zip(Self::ALL).find(|(c, _)| *c == code).map(|(_, kind)| kind)
    }

    /// Numbers of the durable order that a frame of this kind takes.
    pub(crate) fn seqs(self, rows: u32) -> u64 {
        match self {
            Self::Data => u64::from(rows),
            Self::Open | Self::Beat | Self::Close | Self::Skip | Self::Lost => 1,
            _ => 0,
        }
    }
}

/// How a body is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Codec {
    /// As it is.
    #[default]
    None,
    /// Zstandard, level 1: pays for tables of one-row batches, whose Arrow metadata is mostly zeros.
    Zstd,
}

impl Codec {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Zstd => 1,
        }
    }

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::None),
            1 => Some(Self::Zstd),
            _ => None,
        }
    }
}

/// The header of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    pub(crate) kind: Kind,
    pub(crate) codec: Codec,
    pub(crate) flags: u16,
    pub(crate) salt: u64,
    pub(crate) frame_no: u64,
    pub(crate) durable_frame: u64,
    pub(crate) first_seq: u64,
    pub(crate) rows: u32,
    pub(crate) schema_no: u32,
    pub(crate) producer_id: EventId,
    pub(crate) first_pseq: u64,
    pub(crate) epoch: u32,
    pub(crate) body_len: u32,
    pub(crate) raw_len: u32,
    pub(crate) body_crc: u32,
    pub(crate) ts_append: i64,
    pub(crate) prev_crc: u32,
    pub(crate) avail_floor: i64,
    /// Filled by `encode` and `decode`: what the next frame's `prev_crc` must be.
    pub(crate) header_crc: u32,
}

/// Why bytes are no frame header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrameFault {
    /// The magic is zero: filler, or nothing was written here.
    Blank,
    /// The bytes are no header of this segment.
    Damaged,
    /// A kind, codec or flag of a later format, under a valid checksum.
    Unknown(u8),
}

impl FrameHeader {
    /// Writes the header in front of its body and returns its checksum.
    pub(crate) fn encode(&self, bytes: &mut [u8]) -> u32 {
        Record(bytes)
            .put(0, MAGIC)
            .put(4, &[self.kind.code(), self.codec.code()])
            .put(6, &self.flags.to_le_bytes())
            .put(8, &self.salt.to_le_bytes())
            .put(16, &self.frame_no.to_le_bytes())
            .put(24, &self.durable_frame.to_le_bytes())
            .put(32, &self.first_seq.to_le_bytes())
            .put(40, &self.rows.to_le_bytes())
            .put(44, &self.schema_no.to_le_bytes())
            .put(48, self.producer_id.as_bytes())
            .put(64, &self.first_pseq.to_le_bytes())
            .put(72, &self.epoch.to_le_bytes())
            .put(76, &self.body_len.to_le_bytes())
            .put(80, &self.raw_len.to_le_bytes())
            .put(84, &self.body_crc.to_le_bytes())
            .put(88, &self.ts_append.to_le_bytes())
            .put(96, &self.prev_crc.to_le_bytes())
            .put(104, &self.avail_floor.to_le_bytes())
            .seal(CRC_AT)
    }

    /// Reads a header of the segment with this salt, in which `room` bytes are left from the header on.
    pub(crate) fn decode(bytes: &[u8], salt: u64, room: u64) -> Result<Self, FrameFault> {
        let Some(bytes) = bytes.get(..HEADER) else { return Err(FrameFault::Blank) };
        if bytes.starts_with(&[0; 4]) {
            return Err(FrameFault::Blank);
        }
        if !bytes.starts_with(MAGIC) || !is_sealed(bytes, CRC_AT) || u64_at(bytes, 8) != salt {
            return Err(FrameFault::Damaged);
        }
        let [kind, codec] = take(bytes, 4);
        let flags = u16_at(bytes, 6);
        let (Some(known), Some(codec), 0) = (
            Kind::from_code(kind),
            Codec::from_code(codec),
            flags & !(GROUP_START | SALVAGED | REPAIR),
        ) else {
            return Err(FrameFault::Unknown(kind));
        };
        let header = Self {
            kind: known,
            codec,
            flags,
            salt,
            frame_no: u64_at(bytes, 16),
            durable_frame: u64_at(bytes, 24),
            first_seq: u64_at(bytes, 32),
            rows: u32_at(bytes, 40),
            schema_no: u32_at(bytes, 44),
            producer_id: EventId::from_bytes(take(bytes, 48)),
            first_pseq: u64_at(bytes, 64),
            epoch: u32_at(bytes, 72),
            body_len: u32_at(bytes, 76),
            raw_len: u32_at(bytes, 80),
            body_crc: u32_at(bytes, 84),
            ts_append: i64_at(bytes, 88),
            prev_crc: u32_at(bytes, 96),
            avail_floor: i64_at(bytes, 104),
            header_crc: u32_at(bytes, CRC_AT),
        };
        let fits = header.body_len <= MAX_BODY
            && header.raw_len <= MAX_BODY
            && header.rows <= MAX_ROWS
            && header.stored_len() <= room
            && header.first_seq.checked_add(header.seqs()).is_some()
            && header.first_pseq.checked_add(u64::from(header.rows)).is_some();
        if fits { Ok(header) } else { Err(FrameFault::Damaged) }
    }

    /// Bytes from this header to the next frame.
    pub(crate) fn stored_len(&self) -> u64 {
        stored_len(self.body_len)
    }

    /// Numbers of the durable order that the frame takes.
    pub(crate) fn seqs(&self) -> u64 {
        self.kind.seqs(self.rows)
    }

    /// Number after its last.
    pub(crate) fn end_seq(&self) -> u64 {
        self.first_seq + self.seqs()
    }
}

/// Bytes that a frame with a body of this length takes.
pub(crate) fn stored_len(body_len: u32) -> u64 {
    align_up(HEADER as u64 + u64::from(body_len), ALIGN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> FrameHeader {
        FrameHeader {
            kind: Kind::Data,
            codec: Codec::Zstd,
            flags: GROUP_START | SALVAGED,
            salt: 11,
            frame_no: 5,
            durable_frame: 4,
            first_seq: 1000,
            rows: 7,
            schema_no: 2,
            producer_id: EventId::from_bytes([9; 16]),
            first_pseq: 70,
            epoch: 3,
            body_len: 640,
            raw_len: 900,
            body_crc: 5,
            ts_append: 6,
            prev_crc: 77,
            avail_floor: -1,
            header_crc: 0,
        }
    }

    #[test]
    fn a_header_comes_back_and_any_flipped_bit_is_noticed() {
        let mut bytes = [0; HEADER];
        let header_crc = header().encode(&mut bytes);
        assert_eq!(
            FrameHeader::decode(&bytes, 11, 768),
            Ok(FrameHeader { header_crc, ..header() })
        );
        for at in 0..HEADER * 8 {
            let mut flipped = bytes;
            flipped[at / 8] ^= 1 << (at % 8);
            assert_eq!(
                FrameHeader::decode(&flipped, 11, 768),
                Err(FrameFault::Damaged),
                "bit {at}"
            );
        }
    }

    #[test]
    fn a_frame_of_another_segment_or_one_that_leaves_this_one_is_none() {
        let mut bytes = [0; HEADER];
        header().encode(&mut bytes);
        assert_eq!(FrameHeader::decode(&bytes, 12, 768), Err(FrameFault::Damaged));
        assert_eq!(FrameHeader::decode(&bytes, 11, 767), Err(FrameFault::Damaged));
        assert_eq!(FrameHeader::decode(&[0; HEADER], 11, 768), Err(FrameFault::Blank));
    }

    #[test]
    fn kinds_of_a_later_format_are_kept_apart() {
        let mut bytes = [0; HEADER];
        FrameHeader { kind: Kind::Later(200), ..header() }.encode(&mut bytes);
        assert_eq!(FrameHeader::decode(&bytes, 11, 768).map(|h| h.kind), Ok(Kind::Later(200)));
        FrameHeader { kind: Kind::Later(99), ..header() }.encode(&mut bytes);
        assert_eq!(FrameHeader::decode(&bytes, 11, 768), Err(FrameFault::Unknown(99)));
    }
}
