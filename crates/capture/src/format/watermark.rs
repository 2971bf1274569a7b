//! How far other processes may read: two slots of which the newer valid one counts.

use super::bytes::{Record, i64_at, is_sealed, take, u64_at};
use contract::EventId;

/// Bytes of the file.
pub(crate) const LEN: u64 = 4096;

/// Bytes of a slot.
const SLOT: usize = 128;

/// Where the slots are: apart, so that a torn write of one leaves the other.
const SLOTS: [u64; 2] = [0, 2048];

const MAGIC: &[u8; 8] = b"HSGTWMK1";
const CRC_AT: usize = 124;

/// The durable mark as the writer last published it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Watermark {
    /// One more with each publication.
    pub(crate) generation: u64,
    pub(crate) log_id: EventId,
    /// All frames below are durable.
    pub(crate) durable_frame: u64,
    /// All rows below are durable.
    pub(crate) durable_seq: u64,
    /// The segment being written.
    pub(crate) segment_no: u64,
    /// Where its durable bytes end.
    pub(crate) offset: u64,
    pub(crate) ts: i64,
}

impl Watermark {
    /// The bytes of its slot.
    pub(crate) fn encode(&self) -> [u8; SLOT] {
        let mut bytes = [0; SLOT];
        Record(&mut bytes)
            .put(0, MAGIC)
            .put(8, &self.generation.to_le_bytes())
            .put(16, self.log_id.as_bytes())
            .put(32, &self.durable_frame.to_le_bytes())
            .put(40, &self.durable_seq.to_le_bytes())
            .put(48, &self.segment_no.to_le_bytes())
            .put(56, &self.offset.to_le_bytes())
            .put(64, &self.ts.to_le_bytes())
            .seal(CRC_AT);
        bytes
    }

    /// Where its slot starts in the file.
    pub(crate) fn slot(&self) -> u64 {
        let [even, odd] = SLOTS;
        if self.generation.is_multiple_of(2) { even } else { odd }
    }

    /// The valid slot of this log with the larger generation.
    pub(crate) fn newest(file: &[u8], log_id: EventId) -> Option<Self> {
        SLOTS
            .iter()
            .filter_map(|&at| {
                let bytes = file.get(usize::try_from(at).ok()?..)?.get(..SLOT)?;
                Self::decode(bytes).filter(|mark| mark.log_id == log_id && mark.slot() == at)
            })
            .max_by_key(|mark| mark.generation)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        (bytes.starts_with(MAGIC) && is_sealed(bytes, CRC_AT)).then(|| Self {
            generation: u64_at(bytes, 8),
            log_id: EventId::from_bytes(take(bytes, 16)),
            durable_frame: u64_at(bytes, 32),
            durable_seq: u64_at(bytes, 40),
            segment_no: u64_at(bytes, 48),
            offset: u64_at(bytes, 56),
            ts: i64_at(bytes, 64),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: EventId = EventId::from_bytes([7; 16]);

    fn mark(generation: u64) -> Watermark {
        Watermark {
            generation,
            log_id: LOG,
            durable_frame: 40 + generation,
            durable_seq: 1 << 33,
            segment_no: 3,
            offset: 12_288,
            ts: -5,
        }
    }

    fn file(marks: &[Watermark]) -> Vec<u8> {
        let mut file = vec![0; usize::try_from(LEN).unwrap()];
        for mark in marks {
            let at = usize::try_from(mark.slot()).unwrap();
            file[at..at + SLOT].copy_from_slice(&mark.encode());
        }
        file
    }

    #[test]
    fn the_larger_generation_counts_whichever_slot_it_is_in() {
        assert_eq!((mark(4).slot(), mark(5).slot()), (0, 2048));
        assert_eq!(Watermark::newest(&file(&[mark(4), mark(5)]), LOG), Some(mark(5)));
        assert_eq!(Watermark::newest(&file(&[mark(5), mark(6)]), LOG), Some(mark(6)));
        assert_eq!(Watermark::newest(&file(&[mark(5)]), LOG), Some(mark(5)));
    }

    #[test]
    fn any_flipped_bit_of_the_newer_slot_falls_back_to_the_older() {
        for (newer, start) in [(mark(6), 0), (mark(5), 2048)] {
            let older = Watermark { generation: newer.generation - 1, ..newer };
            for bit in 0..SLOT * 8 {
                let mut file = file(&[older, newer]);
                file[start + bit / 8] ^= 1 << (bit % 8);
                assert_eq!(Watermark::newest(&file, LOG), Some(older), "bit {bit}");
            }
        }
    }

    #[test]
    fn a_mark_of_another_log_a_short_file_and_zeros_say_nothing() {
        let other = EventId::from_bytes([8; 16]);
        let foreign = Watermark { log_id: other, ..mark(7) };
        assert_eq!(Watermark::newest(&file(&[foreign, mark(6)]), LOG), Some(mark(6)));
        assert_eq!(Watermark::newest(&file(&[foreign]), LOG), None);
        assert_eq!(Watermark::newest(&file(&[mark(6)])[..SLOT - 1], LOG), None);
        assert_eq!(Watermark::newest(&file(&[]), LOG), None);
    }

    #[test]
    fn fields_stand_where_the_format_says() {
        let bytes = mark(5).encode();
        assert_eq!(bytes[..8], *b"HSGTWMK1");
        assert_eq!(bytes[8..16], [5, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[32..40], [45, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[56..64], [0, 48, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[64..72], [0xFB, 255, 255, 255, 255, 255, 255, 255]);
        assert_eq!(bytes[72..124], [0; 52]);
    }
}
