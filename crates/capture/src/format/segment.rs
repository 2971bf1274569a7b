//! The header of a segment.

use super::bytes::{Record, i64_at, is_sealed, take, u16_at, u32_at, u64_at};
use contract::EventId;

/// Where the groups start: behind the header and its copy.
pub(crate) const FIRST_GROUP: u64 = 2 * super::BLOCK;

/// Bytes of a header.
pub(crate) const HEADER: usize = 4096;

const MAGIC: &[u8; 8] = b"HSGTLOG1";
const CRC_AT: usize = 4092;

/// How the segment before ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// There is none.
    First,
    /// Full or old.
    Full,
    /// Closed in order.
    Closed,
    /// The writer died.
    Unclean,
    /// A write or a sync failed.
    SyncFailed,
    /// Damage was found.
    Damage,
}

impl End {
    const ALL: [(u8, Self); 6] = [
        (0, Self::First),
        (1, Self::Full),
        (2, Self::Closed),
        (3, Self::Unclean),
        (4, Self::SyncFailed),
        (5, Self::Damage),
    ];

    pub(crate) fn code(self) -> u8 {
        Self::ALL.iter().find(|(_, end)| *end == self).map_or(0, |(code, _)| *code)
    }

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.iter().find(|(c, _)| *c == code).map(|(_, end)| *end)
    }
}

/// The header of a segment: readable only once the snapshot behind it is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub(crate) log_id: EventId,
    pub(crate) segment_no: u64,
    pub(crate) base_frame: u64,
    pub(crate) base_seq: u64,
    pub(crate) capacity: u64,
    pub(crate) salt: u64,
    pub(crate) prev_cut: u64,
    pub(crate) prev_crc: u32,
    pub(crate) prev_end: End,
    pub(crate) created_ns: i64,
}

/// Why bytes are no header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeaderFault {
    /// All zero, or cut short: never written.
    Blank,
    /// Bytes that do not match their checksum, or have no magic.
    Damaged,
    /// A format version or a flag that this program does not know.
    Unknown(u16, u32),
}

impl SegmentHeader {
    /// The bytes, of which a segment holds two copies.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![0; HEADER];
        Record(&mut bytes)
            .put(0, MAGIC)
            .put(8, &1_u16.to_le_bytes())
            .put(16, self.log_id.as_bytes())
            .put(32, &self.segment_no.to_le_bytes())
            .put(40, &self.base_frame.to_le_bytes())
            .put(48, &self.base_seq.to_le_bytes())
            .put(56, &self.capacity.to_le_bytes())
            .put(64, &self.salt.to_le_bytes())
            .put(72, &self.prev_cut.to_le_bytes())
            .put(80, &self.prev_crc.to_le_bytes())
            .put(84, &[self.prev_end.code()])
            .put(88, &self.created_ns.to_le_bytes())
            .seal(CRC_AT);
        bytes
    }

    /// Reads one copy.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, HeaderFault> {
        if bytes.iter().all(|&b| b == 0) {
            return Err(HeaderFault::Blank);
        }
        if bytes.len() < HEADER || !bytes.starts_with(MAGIC) || !is_sealed(bytes, CRC_AT) {
            return Err(HeaderFault::Damaged);
        }
        let (version, flags) = (u16_at(bytes, 8), u32_at(bytes, 12));
        let [end] = take(bytes, 84);
        let Some(prev_end) = End::from_code(end).filter(|_| version == 1 && flags == 0) else {
            return Err(HeaderFault::Unknown(version, flags));
        };
        Ok(Self {
            log_id: EventId::from_bytes(take(bytes, 16)),
            segment_no: u64_at(bytes, 32),
            base_frame: u64_at(bytes, 40),
            base_seq: u64_at(bytes, 48),
            capacity: u64_at(bytes, 56),
            salt: u64_at(bytes, 64),
            prev_cut: u64_at(bytes, 72),
            prev_crc: u32_at(bytes, 80),
            prev_end,
            created_ns: i64_at(bytes, 88),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> SegmentHeader {
        SegmentHeader {
            log_id: EventId::from_bytes([7; 16]),
            segment_no: 3,
            base_frame: 41,
            base_seq: 1 << 33,
            capacity: 1 << 26,
            salt: 0x0123_4567_89AB_CDEF,
            prev_cut: 12_288,
            prev_crc: 99,
            prev_end: End::Unclean,
            created_ns: -5,
        }
    }

    #[test]
    fn a_header_comes_back_and_any_flipped_bit_is_noticed() {
        let bytes = header().encode();
        assert_eq!(SegmentHeader::decode(&bytes), Ok(header()));
        for at in 0..HEADER * 8 {
            let mut flipped = bytes.clone();
            flipped[at / 8] ^= 1 << (at % 8);
            assert_eq!(SegmentHeader::decode(&flipped), Err(HeaderFault::Damaged), "bit {at}");
        }
    }

    #[test]
    fn zeros_are_blank_and_a_later_version_is_named() {
        assert_eq!(SegmentHeader::decode(&[0; HEADER]), Err(HeaderFault::Blank));
        let mut bytes = header().encode();
        Record(&mut bytes).put(8, &2_u16.to_le_bytes()).seal(CRC_AT);
        assert_eq!(SegmentHeader::decode(&bytes), Err(HeaderFault::Unknown(2, 0)));
    }
}
