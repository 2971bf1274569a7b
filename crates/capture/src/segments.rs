//! The segments of a log as they lie on the disk.

use crate::format::body::StoredSchema;
use crate::format::frame::Kind;
use crate::format::segment::{HeaderFault, SegmentHeader};
use crate::window::{Window, segment_path};
use durable::{Fs, FsError, FsErrorKind};
use std::path::Path;

/// What the first bytes of a segment say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Head {
    /// A readable header, or one whose numbers could be taken from the frames behind it.
    Known(SegmentHeader),
    /// Prepared, or left by a start that was never finished.
    Blank,
    /// Damaged, and no frame could be read either.
    Unreadable,
    /// A later format: version and flags.
    Later(u16, u32),
}

/// Numbers of the segment files, in order.
pub(crate) fn segment_numbers(fs: &dyn Fs, dir: &Path) -> Result<Vec<u64>, FsError> {
    let paths = match fs.read_dir(&dir.join("segments")) {
        Err(error) if error.kind == FsErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let number = |path: &std::path::PathBuf| {
        let name = path.file_name()?.to_str()?.strip_suffix(".seg")?;
        (name.len() == 20).then(|| name.parse().ok())?
    };
    let mut numbers: Vec<u64> = paths.iter().filter_map(number).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Opens a segment whose file is there, and reads its header.
///
/// `is_used` says that something proves that the segment was in use: then a blank or damaged header is made up from
/// the frames behind it.
pub(crate) fn open_segment(
    fs: &dyn Fs,
    dir: &Path,
    segment: u64,
    is_used: bool,
) -> Result<(Window, Head), FsError> {
    let mut window = Window::open(fs, &segment_path(dir, segment))?;
    let head = match window.header()? {
        Ok(header) => Head::Known(header),
        Err(HeaderFault::Unknown(version, flags)) => Head::Later(version, flags),
        Err(fault) => {
            let made_up = from_frames(&mut window, segment, is_used)?;
            match (made_up, fault) {
                (Some(header), _) => Head::Known(header),
                (None, _) if is_used => Head::Unreadable,
                (None, _) => Head::Blank,
            }
        }
    };
    if let Head::Known(header) = &head {
        window.set_end(header.capacity.min(crate::options::MAX_SEGMENT).max(window.end()));
    }
    Ok((window, head))
}

/// The schema of a number from the newest segment before this one in which its frame can be read.
pub(crate) fn find_schema(
    fs: &dyn Fs,
    dir: &Path,
    before: u64,
    schema_no: u32,
) -> Result<Option<StoredSchema>, FsError> {
    let mut numbers = segment_numbers(fs, dir)?;
    numbers.retain(|number| *number < before);
    for number in numbers.into_iter().rev() {
        let (mut window, Head::Known(header)) = open_segment(fs, dir, number, true)? else {
            continue;
        };
        let walked = crate::walk::walk(&mut window, &header)?;
        let is_it = |f: &&crate::walk::Found| {
            f.is_whole && f.header.kind == Kind::Schema && f.header.schema_no == schema_no
        };
        if let Some(found) = walked.frames.iter().find(is_it)
            && let Some(body) = window.body(found.at, &found.header)?
            && let Ok(schema) = StoredSchema::decode(&body)
        {
            return Ok(Some(schema));
        }
    }
    Ok(None)
}

/// Takes salt and numbers from the frames of a segment whose header is gone. Without other evidence, a frame must say
/// that one before it in the same file was durable: what a start wrote that was never finished says no such thing.
fn from_frames(
    window: &mut Window,
    segment: u64,
    is_used: bool,
) -> Result<Option<SegmentHeader>, FsError> {
    let end = window.end();
    let from = crate::format::segment::FIRST_GROUP;
    let Some((_, first)) = window.next_frame(from, end, None)? else { return Ok(None) };
    let mut is_proved = is_used;
    let mut at = from;
    while !is_proved && let Some((place, frame)) = window.next_frame(at, end, Some(first.salt))? {
        is_proved = frame.durable_frame > first.frame_no;
        at = place + frame.stored_len();
    }
    Ok(is_proved.then(|| SegmentHeader {
        log_id: contract::EventId::from_bytes([0; 16]),
        segment_no: segment,
        base_frame: first.frame_no,
        base_seq: first.first_seq,
        capacity: end,
        salt: first.salt,
        prev_cut: u64::MAX,
        prev_crc: first.prev_crc,
        prev_end: crate::format::segment::End::Damage,
        created_ns: first.ts_append,
    }))
}

/// Whether a header was made up from frames, so that its log and its link to the segment before are not known.
pub(crate) fn is_made_up(header: &SegmentHeader) -> bool {
    header.prev_cut == u64::MAX
}
