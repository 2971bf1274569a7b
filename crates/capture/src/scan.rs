//! Frames in the order of the log, over all its segments, as far as they may be shown.

use crate::deliver::Shape;
use crate::error::ReadError;
use crate::format::body::StoredSchema;
use crate::format::frame::{FrameFault, FrameHeader, Kind};
use crate::format::segment::{FIRST_GROUP, SegmentHeader};
use crate::format::{BLOCK, align_up};
use crate::segments::{Head, find_schema, open_segment, segment_numbers};
use crate::window::{Window, segment_path};
use arrow_buffer::Buffer;
use durable::{Fs, FsErrorKind};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What comes next.
#[derive(Debug)]
pub(crate) enum Raw {
    /// A frame; its body is read on demand.
    Frame(Place),
    /// Frames that should be there and cannot be read.
    Hole(Hole),
    /// Nothing more may be shown now.
    End,
}

/// Where a frame stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) segment: u64,
    pub(crate) at: u64,
    pub(crate) header: FrameHeader,
    /// Whether it is the frame that was written behind the one before it: a write that went astray or was lost leaves
    /// good frames that are not, and what they hold is not to be trusted.
    is_linked: bool,
}

/// Frames that should be there and cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hole {
    pub(crate) segment: u64,
    pub(crate) bytes: Range<u64>,
    pub(crate) frames: Range<u64>,
    pub(crate) seqs: Range<u64>,
    /// Whether whole segment files are absent: dropped ones are in the archive.
    pub(crate) is_absent: bool,
}

/// How a segment without a header is looked at: a prepared one is zeros from end to end, and reading all of them each
/// time that the log has gone on would cost more than the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// By its beginning alone.
    Brief,
    /// As a whole.
    Thorough,
}

#[derive(Debug)]
struct Current {
    segment: u64,
    header: SegmentHeader,
    window: Window,
    at: u64,
    /// Base frame and number of the next segment, once there is one.
    next: Option<(u64, u64)>,
}

/// Frames in the order of the log.
#[derive(Debug)]
pub(crate) struct Scan {
    fs: Arc<dyn Fs>,
    dir: PathBuf,
    current: Option<Current>,
    /// Number of the next frame; `None` before the first.
    expected: Option<u64>,
    /// Header checksum of the frame before it, unless that one cannot be read.
    link: Option<u32>,
    /// Number after the last row or control frame that was passed.
    end_seq: u64,
    shapes: BTreeMap<u32, Arc<Shape>>,
    /// How far the bytes of the newest segment were trusted when they were read.
    trusted: u64,
    /// Bytes that were read of segments that the scan has left, or only looked at.
    passed_bytes: u64,
    /// Segments that the scan has entered.
    segments: u64,
}

impl Scan {
    /// Starts at the newest segment whose first number is not above `seq`, or at the oldest there is.
    pub(crate) fn seek(fs: Arc<dyn Fs>, dir: &Path, seq: u64) -> Result<Self, ReadError> {
        let mut scan = Self {
            fs,
            dir: dir.to_path_buf(),
            current: None,
            expected: None,
            link: None,
            end_seq: 0,
            shapes: BTreeMap::new(),
            trusted: 0,
            passed_bytes: 0,
            segments: 0,
        };
        let numbers = segment_numbers(scan.fs.as_ref(), dir)?;
        // Prepared segments stand behind the newest one, zeros from end to end: to read them whole would cost more than
        // the rows. One that lost its beginning is found when the scan comes to it, unless there is nothing else.
        let mut chosen = None;
        for look in [Look::Brief, Look::Thorough] {
            for &segment in numbers.iter().rev() {
                if look == Look::Brief && chosen.is_none() && scan.is_blank(segment)? {
                    continue;
                }
                let Some((window, header)) = scan.known(segment, chosen.is_some())? else {
                    continue;
                };
                let is_found = header.base_seq <= seq;
                if let Some((_, passed, _)) = chosen.replace((segment, window, header)) {
                    scan.passed_bytes += passed.read;
                }
                if is_found {
                    break;
                }
            }
            if chosen.is_some() {
                break;
            }
        }
        if let Some((segment, window, header)) = chosen {
            scan.enter(segment, window, header)?;
        }
        Ok(scan)
    }

    /// Starts at the oldest segment that can be read.
    pub(crate) fn oldest(fs: &Arc<dyn Fs>, dir: &Path) -> Result<Self, ReadError> {
        for segment in segment_numbers(fs.as_ref(), dir)? {
            if let Some(scan) = Self::at_segment(Arc::clone(fs), dir, segment)? {
                return Ok(scan);
            }
        }
        Self::seek(Arc::clone(fs), dir, 0)
    }

    /// Starts at the beginning of a segment.
    pub(crate) fn at_segment(
        fs: Arc<dyn Fs>,
        dir: &Path,
        segment: u64,
    ) -> Result<Option<Self>, ReadError> {
        let mut scan = Self {
            fs,
            dir: dir.to_path_buf(),
            current: None,
            expected: None,
            link: None,
            end_seq: 0,
            shapes: BTreeMap::new(),
            trusted: 0,
            passed_bytes: 0,
            segments: 0,
        };
        let Some((window, header)) = scan.known(segment, true)? else { return Ok(None) };
        scan.enter(segment, window, header)?;
        Ok(Some(scan))
    }

    /// First number of the segment that the scan is in.
    pub(crate) fn base_seq(&self) -> Option<u64> {
        self.current.as_ref().map(|c| c.header.base_seq)
    }

    /// Whether every frame below this number was passed.
    pub(crate) fn is_through(&self, bound: u64) -> bool {
        self.expected.is_some_and(|expected| expected >= bound)
    }

    /// First frame of the segment that the scan is in.
    pub(crate) fn base_frame(&self) -> Option<u64> {
        self.current.as_ref().map(|c| c.header.base_frame)
    }

    /// The frames before the segment that a scan has just entered, as a hole; `None` when there are none.
    pub(crate) fn before(&self) -> Option<Hole> {
        let header = self.current.as_ref().map(|c| c.header).filter(|h| h.base_frame > 0)?;
        Some(Hole {
            segment: header.segment_no.saturating_sub(1),
            bytes: 0..0,
            frames: 0..header.base_frame,
            seqs: 0..header.base_seq,
            is_absent: true,
        })
    }

    /// Number after the last row or control frame that was passed.
    pub(crate) fn end_seq(&self) -> u64 {
        self.end_seq
    }

    /// Bytes read of segments so far.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.passed_bytes + self.current.as_ref().map_or(0, |current| current.window.read)
    }

    /// Segments that the scan has entered.
    pub(crate) fn segments(&self) -> u64 {
        self.segments
    }

    /// How rows of a schema are handed out, once its frame was passed.
    pub(crate) fn shape(&self, schema_no: u32) -> Option<&Arc<Shape>> {
        self.shapes.get(&schema_no)
    }

    fn known(
        &self,
        segment: u64,
        is_used: bool,
    ) -> Result<Option<(Window, SegmentHeader)>, ReadError> {
        match open_segment(self.fs.as_ref(), &self.dir, segment, is_used) {
            Err(error) if error.kind == FsErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
            Ok((window, Head::Known(header))) => Ok(Some((window, header))),
            Ok((window, Head::Later(version, flags))) => Err(ReadError::Format {
                path: window.path().to_path_buf(),
                found: format!("version {version}, flags {flags}"),
            }),
            Ok((_, Head::Blank | Head::Unreadable)) => Ok(None),
        }
    }

    fn enter(
        &mut self,
        segment: u64,
        window: Window,
        header: SegmentHeader,
    ) -> Result<(), ReadError> {
        self.expected = Some(header.base_frame);
        self.link = Some(header.prev_crc);
        self.end_seq = self.end_seq.max(header.base_seq);
        self.passed_bytes = self.bytes_read();
        self.segments += 1;
        self.current = Some(Current { segment, header, window, at: FIRST_GROUP, next: None });
        self.look_ahead(Look::Brief)
    }

    /// Finds the segment after the current one, if it has been started.
    fn look_ahead(&mut self, look: Look) -> Result<(), ReadError> {
        let Some(segment) = self.current.as_ref().filter(|c| c.next.is_none()).map(|c| c.segment)
        else {
            return Ok(());
        };
        let mut numbers = segment_numbers(self.fs.as_ref(), &self.dir)?;
        numbers.retain(|n| *n > segment);
        let mut is_passed_over = false;
        for number in numbers {
            if look == Look::Brief && self.is_blank(number)? {
                is_passed_over = true;
                continue;
            }
            if let Some((window, header)) = self.known(number, false)? {
                self.passed_bytes += window.read;
                if is_passed_over {
                    // Segments are started in order: the blank one may have lost its beginning.
                    return self.look_ahead(Look::Thorough);
                }
                if let Some(current) = self.current.as_mut() {
                    current.next = Some((header.base_frame, number));
                }
                break;
            }
        }
        Ok(())
    }

    fn is_blank(&mut self, segment: u64) -> Result<bool, ReadError> {
        match Window::open(self.fs.as_ref(), &segment_path(&self.dir, segment)) {
            Ok(mut window) => {
                let is_blank = window.is_blank()?;
                self.passed_bytes += window.read;
                Ok(is_blank)
            }
            Err(error) if error.kind == FsErrorKind::NotFound => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    /// The next frame below `bound`, the number of the first frame that may not be shown.
    pub(crate) fn next(&mut self, bound: u64) -> Result<Raw, ReadError> {
        if self.trusted < bound {
            // The writer has gone on since these bytes were read.
            if let Some(current) = self.current.as_mut().filter(|c| c.next.is_none()) {
                current.window.forget();
            }
            self.trusted = bound;
            self.look_ahead(Look::Brief)?;
        }
        loop {
            let (Some(current), Some(expected)) = (self.current.as_mut(), self.expected) else {
                return Ok(Raw::End);
            };
            let limit = current.next.map_or(bound, |(base, _)| base.min(bound));
            if expected >= limit {
                let Some((_, number)) =
                    current.next.filter(|(base, _)| expected >= *base && *base <= bound)
                else {
                    return Ok(Raw::End);
                };
                if !self.go_to(number, bound)? {
                    return Ok(Raw::End);
                }
                continue;
            }
            match current.window.frame(current.at, current.header.salt)? {
                Ok(frame) if frame.frame_no == expected => return self.pass(frame).map(Raw::Frame),
                Ok(frame) if frame.frame_no > expected => {
                    // One that does not count any more says nothing of where the hole ends.
                    let found = (frame.frame_no < limit).then_some(frame);
                    let end = frame.frame_no.min(limit);
                    return Ok(Raw::Hole(self.hole(expected, end, found, limit)));
                }
                Err(FrameFault::Blank) if !current.at.is_multiple_of(BLOCK) => {
                    current.at = align_up(current.at, BLOCK);
                }
                Err(FrameFault::Unknown(kind)) => {
                    let path = current.window.path().to_path_buf();
                    return Err(ReadError::Format {
                        path,
                        found: format!("a frame of kind {kind}"),
                    });
                }
                _ => {
                    if current.next.is_none() {
                        // Durable frames are not here: a later segment may have lost its beginning.
                        self.look_ahead(Look::Thorough)?;
                    }
                    let Some(current) = self.current.as_mut() else { return Ok(Raw::End) };
                    let limit = current.next.map_or(bound, |(base, _)| base.min(bound));
                    if expected >= limit {
                        continue;
                    }
                    let from = current.at + 1;
                    let end = current.window.end();
                    let salt = Some(current.header.salt);
                    let found = current.window.next_frame(from, end, salt)?;
                    match found {
                        Some((at, frame)) if frame.frame_no < expected => {
                            current.at = at + frame.stored_len();
                        }
                        Some((at, frame)) if frame.frame_no == expected => current.at = at,
                        Some((at, frame)) if frame.frame_no < limit => {
                            let hole = self.hole(expected, frame.frame_no, Some(frame), limit);
                            if let Some(current) = self.current.as_mut() {
                                current.at = at;
                            }
                            return Ok(Raw::Hole(hole));
                        }
                        _ => return Ok(Raw::Hole(self.hole(expected, limit, None, limit))),
                    }
                }
            }
        }
    }

    /// Enters a segment; says whether there is one to go on with. When its file was dropped while it was waited for, the
    /// next one that is left stands behind a hole, which an archive fills.
    fn go_to(&mut self, number: u64, bound: u64) -> Result<bool, ReadError> {
        if let Some((window, header)) = self.known(number, true)? {
            self.enter(number, window, header)?;
            return Ok(true);
        }
        let numbers = segment_numbers(self.fs.as_ref(), &self.dir)?;
        for later in numbers.into_iter().filter(|n| *n > number) {
            if let Some((_, header)) = self.known(later, false)? {
                let is_shown = header.base_frame <= bound;
                if let Some(current) = self.current.as_mut().filter(|_| is_shown) {
                    current.next = Some((header.base_frame, later));
                }
                return Ok(is_shown);
            }
        }
        Ok(false)
    }

    fn pass(&mut self, frame: FrameHeader) -> Result<Place, ReadError> {
        let Some(current) = self.current.as_mut() else {
            return Err(ReadError::Vanished(frame.first_seq..frame.end_seq()));
        };
        let is_linked = self.link.is_none_or(|link| link == frame.prev_crc);
        let place = Place { segment: current.segment, at: current.at, header: frame, is_linked };
        current.at += frame.stored_len();
        self.expected = Some(frame.frame_no + 1);
        self.link = Some(frame.header_crc);
        self.end_seq = self.end_seq.max(frame.end_seq());
        if frame.kind == Kind::Schema
            && let Some(body) = self.body(&place)?
            && let Ok(schema) = StoredSchema::decode(&body)
        {
            self.shapes.insert(frame.schema_no, Arc::new(Shape::new(Arc::new(schema))));
        }
        if frame.kind == Kind::Data && !self.shapes.contains_key(&frame.schema_no) {
            // Its frame in this segment is damaged: a number means the same schema in all of them.
            let found = find_schema(self.fs.as_ref(), &self.dir, place.segment, frame.schema_no)?;
            if let Some(schema) = found {
                self.shapes.insert(frame.schema_no, Arc::new(Shape::new(Arc::new(schema))));
            }
        }
        Ok(place)
    }

    fn hole(&mut self, from: u64, to: u64, found: Option<FrameHeader>, limit: u64) -> Hole {
        let start = self.end_seq;
        let (segment, at, next) =
            self.current.as_ref().map_or((0, 0, None), |c| (c.segment, c.at, c.next));
        let end_byte = self.current.as_ref().map_or(at, |c| c.window.end());
        // With the next segment behind the hole, the numbers end where that one starts.
        let next_seq =
            next.filter(|(base, _)| *base == limit && found.is_none()).and_then(|(_, n)| {
                self.known(n, true).ok().flatten().map(|(_, header)| header.base_seq)
            });
        let end_seq = found.map(|f| f.first_seq).or(next_seq).unwrap_or(start).max(start);
        self.expected = Some(to);
        self.link = None;
        self.end_seq = end_seq;
        let is_absent =
            next.is_some_and(|(base, n)| base == to && n > segment + 1) && found.is_none();
        let (segment, bytes) =
            if is_absent { (segment + 1, 0..0) } else { (segment, at..end_byte) };
        Hole { segment, bytes, frames: from..to, seqs: start..end_seq, is_absent }
    }

    /// The body of a frame that was just passed; `None` when its checksum or its link does not match.
    pub(crate) fn body(&mut self, place: &Place) -> Result<Option<Buffer>, ReadError> {
        match self.current.as_mut().filter(|c| c.segment == place.segment && place.is_linked) {
            Some(current) => Ok(current.window.body(place.at, &place.header)?),
            None => Ok(None),
        }
    }
}
