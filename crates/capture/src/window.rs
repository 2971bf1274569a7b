//! A segment's bytes, read in large parts that Arrow arrays may share.

use crate::format::frame::{self, FrameFault, FrameHeader};
use crate::format::segment::{self, HeaderFault, SegmentHeader};
use arrow_buffer::{Buffer, MutableBuffer};
use durable::{Access, Fs, FsError, FsFile};
use std::path::{Path, PathBuf};

/// Bytes read at once.
const PART: u64 = 1 << 20;

/// A segment's bytes; beyond the end of a short file they are zeros.
#[derive(Debug)]
pub(crate) struct Window {
    file: Box<dyn FsFile>,
    /// Where the segment ends, whatever the file's length.
    end: u64,
    at: u64,
    part: Buffer,
    /// Bytes read from the file.
    pub(crate) read: u64,
}

/// Path of a segment.
pub(crate) fn segment_path(dir: &Path, segment: u64) -> PathBuf {
    dir.join("segments").join(format!("{segment:020}.seg"))
}

impl Window {
    pub(crate) fn open(fs: &dyn Fs, path: &Path) -> Result<Self, FsError> {
        let file = fs.open(path, Access::Read)?;
        let end = file.len()?;
        Ok(Self { file, end, at: 0, part: Buffer::from(Vec::<u8>::new()), read: 0 })
    }

    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Where the segment ends.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// Lets the segment end at its capacity, whatever the file's length.
    pub(crate) fn set_end(&mut self, end: u64) {
        self.end = end;
    }

    /// Forgets what was read, because the writer may have gone on.
    pub(crate) fn forget(&mut self) {
        self.part = Buffer::from(Vec::<u8>::new());
    }

    fn holds(&self, at: u64, len: u64) -> bool {
        at >= self.at && at + len <= self.at + self.part.len() as u64
    }

    /// Makes the part hold these bytes.
    fn fill(&mut self, at: u64, len: u64) -> Result<(), FsError> {
        if self.holds(at, len) {
            return Ok(());
        }
        self.load(at, len.max(PART.min(self.end.saturating_sub(at))))
    }

    fn load(&mut self, at: u64, want: u64) -> Result<(), FsError> {
        let want = usize::try_from(want).unwrap_or(usize::MAX);
        // Aligned to 64 and frames start at multiples of 64, so that Arrow arrays lie on the bytes as they are.
        let mut buffer = MutableBuffer::from_len_zeroed(want);
        let mut done = 0;
        while let Some(rest) = buffer.as_slice_mut().get_mut(done..).filter(|r| !r.is_empty()) {
            let n = self.file.read_at(rest, at + done as u64)?;
            if n == 0 {
                break;
            }
            done += n;
        }
        self.read += done as u64;
        (self.at, self.part) = (at, buffer.into());
        Ok(())
    }

    /// Bytes of the segment as a shared buffer.
    pub(crate) fn buffer(&mut self, at: u64, len: u64) -> Result<Buffer, FsError> {
        self.fill(at, len)?;
        let start = usize::try_from(at - self.at).unwrap_or(usize::MAX);
        Ok(self.part.slice_with_length(start, usize::try_from(len).unwrap_or(usize::MAX)))
    }

    fn bytes(&mut self, at: u64, len: u64) -> Result<&[u8], FsError> {
        self.fill(at, len)?;
        let start = usize::try_from(at - self.at).unwrap_or(usize::MAX);
        let end = start.saturating_add(usize::try_from(len).unwrap_or(usize::MAX));
        Ok(self.part.get(start..end).unwrap_or_default())
    }

    /// Both copies of the header; the first that reads is taken.
    pub(crate) fn header(&mut self) -> Result<Result<SegmentHeader, HeaderFault>, FsError> {
        let len = segment::HEADER as u64;
        // No more than that: a start looks at the header of every segment, and walks through the newest alone.
        if !self.holds(0, 2 * len) {
            self.load(0, 2 * len)?;
        }
        let first = SegmentHeader::decode(self.bytes(0, len)?);
        if first.is_ok() {
            return Ok(first);
        }
        let second = SegmentHeader::decode(self.bytes(len, len)?);
        Ok(match (first, second) {
            (_, Ok(header)) => Ok(header),
            (Err(fault @ HeaderFault::Unknown(..)), _)
            | (_, Err(fault @ HeaderFault::Unknown(..))) => Err(fault),
            (Err(HeaderFault::Blank), Err(HeaderFault::Blank)) => Err(HeaderFault::Blank),
            _ => Err(HeaderFault::Damaged),
        })
    }

    /// Whether both copies of the header and what would be the first frame are zeros, as in a prepared segment.
    pub(crate) fn is_blank(&mut self) -> Result<bool, FsError> {
        let len = segment::FIRST_GROUP + frame::HEADER as u64;
        if !self.holds(0, len) {
            self.load(0, len)?;
        }
        Ok(self.bytes(0, len)?.iter().all(|byte| *byte == 0))
    }

    /// The frame header at a place.
    pub(crate) fn frame(
        &mut self,
        at: u64,
        salt: u64,
    ) -> Result<Result<FrameHeader, FrameFault>, FsError> {
        let room = self.end.saturating_sub(at);
        if room < frame::HEADER as u64 {
            return Ok(Err(FrameFault::Blank));
        }
        Ok(FrameHeader::decode(self.bytes(at, frame::HEADER as u64)?, salt, room))
    }

    /// The body behind a frame header, or `None` when its checksum does not match.
    pub(crate) fn body(
        &mut self,
        at: u64,
        header: &FrameHeader,
    ) -> Result<Option<Buffer>, FsError> {
        let whole = header.stored_len();
        // The whole frame at once, so that its body starts at the alignment of the frame.
        self.fill(at, whole)?;
        let body = self.buffer(at + frame::HEADER as u64, u64::from(header.body_len))?;
        Ok((crate::entry::body_crc(&body) == header.body_crc).then_some(body))
    }

    /// The next multiple of 64 at or behind `from`, before `end`, where a readable frame header of this segment
    /// stands; with any salt when none is given.
    pub(crate) fn next_frame(
        &mut self,
        from: u64,
        end: u64,
        salt: Option<u64>,
    ) -> Result<Option<(u64, FrameHeader)>, FsError> {
        let mut at = crate::format::align_up(from, crate::format::ALIGN);
        while at + frame::HEADER as u64 <= end {
            let room = self.end.saturating_sub(at);
            let bytes = self.bytes(at, frame::HEADER as u64)?;
            if bytes.starts_with(b"HSF1") {
                let salt = salt.unwrap_or_else(|| crate::format::bytes::u64_at(bytes, 8));
                if let Ok(header) = FrameHeader::decode(bytes, salt, room) {
                    return Ok(Some((at, header)));
                }
            }
            at += crate::format::ALIGN;
        }
        Ok(None)
    }
}
