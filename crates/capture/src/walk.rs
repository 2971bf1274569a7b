//! Which frames of a segment can be read, and what lies between them.

use crate::format::frame::{FrameFault, FrameHeader, Kind};
use crate::format::segment::{FIRST_GROUP, SegmentHeader};
use crate::format::{BLOCK, align_up};
use crate::window::Window;
use durable::FsError;
use std::ops::Range;

/// A frame whose header can be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    pub(crate) at: u64,
    pub(crate) header: FrameHeader,
    /// Whether its body can be read too, and it is the frame that was written behind the one before it.
    pub(crate) is_whole: bool,
}

impl Found {
    pub(crate) fn end(&self) -> u64 {
        self.at + self.header.stored_len()
    }
}

/// What a segment holds.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    /// Every frame with a readable header, in order of place; numbers increase, not always by one.
    pub(crate) frames: Vec<Found>,
    /// Filler that is not zero: damaged, and nothing is lost.
    pub(crate) noise: Vec<Range<u64>>,
    /// A frame of a later format, which this program must not skip.
    pub(crate) unknown: Option<u8>,
}

impl Walked {
    /// Number of the first frame that is missing or unreadable.
    pub(crate) fn first_unreadable(&self, base_frame: u64) -> u64 {
        let mut expected = base_frame;
        for found in &self.frames {
            if found.header.frame_no != expected || !found.is_whole {
                break;
            }
            expected += 1;
        }
        expected
    }
}

/// Walks a segment from its first group to its end, over whatever is damaged.
///
/// - **Cost:** one pass over the file with a checksum of every byte that a frame covers.
pub(crate) fn walk(window: &mut Window, header: &SegmentHeader) -> Result<Walked, FsError> {
    let mut walked = Walked::default();
    let mut at = FIRST_GROUP;
    let mut expected = (header.base_frame, header.prev_crc);
    let end = window.end();
    while at < end {
        match window.frame(at, header.salt)? {
            Ok(frame) if frame.frame_no >= expected.0 => {
                let is_linked = frame.frame_no > expected.0 || frame.prev_crc == expected.1;
                let is_whole = window.body(at, &frame)?.is_some() && is_linked;
                walked.frames.push(Found { at, header: frame, is_whole });
                expected = (frame.frame_no + 1, frame.header_crc);
                at += frame.stored_len();
            }
            Err(FrameFault::Blank) if !at.is_multiple_of(BLOCK) => at = align_up(at, BLOCK),
            Err(FrameFault::Unknown(kind)) => {
                walked.unknown = Some(kind);
                break;
            }
            // A blank block, damage, or bytes of an earlier life: look for the next frame of this segment.
            other => {
                let Some((next, frame)) = window.next_frame(at + 1, end, Some(header.salt))? else {
                    break;
                };
                let connects = frame.frame_no == expected.0 && frame.prev_crc == expected.1;
                if connects && other != Err(FrameFault::Blank) {
                    walked.noise.push(at..next);
                }
                at = next;
                if frame.frame_no < expected.0 {
                    at += frame.stored_len();
                }
            }
        }
    }
    Ok(walked)
}

/// Whether frames of this kind are written again by a recovery.
pub(crate) fn is_salvageable(kind: Kind) -> bool {
    !matches!(kind, Kind::Producers | Kind::Mark | Kind::Seal | Kind::Later(_))
}
