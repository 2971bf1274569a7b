//! The files of a log as bytes, to be cut and damaged.

use durable::{Access, Fs, SimFs, read_exact_at};
use std::collections::BTreeMap;
use std::path::Path;

/// Bytes of the header of a frame.
const HEADER: usize = 128;

/// The files that a log consists of.
#[derive(Clone)]
pub(crate) struct Image {
    pub(crate) manifest: Vec<u8>,
    pub(crate) watermark: Option<Vec<u8>>,
    /// By number, without the zeros at their end.
    pub(crate) segments: BTreeMap<u64, Vec<u8>>,
}

/// Where a frame stands.
#[derive(Clone, Copy)]
pub(crate) struct At {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) kind: u8,
}

fn read(fs: &SimFs, path: &Path) -> Option<Vec<u8>> {
    let file = fs.open(path, Access::Read).ok()?;
    let mut bytes = vec![0; usize::try_from(file.len().unwrap()).unwrap()];
    read_exact_at(file.as_ref(), &mut bytes, 0).unwrap();
    Some(bytes)
}

impl Image {
    /// The files as a process sees them that is started now.
    pub(crate) fn of(fs: &SimFs) -> Self {
        let log = Path::new("/log");
        let mut segments = BTreeMap::new();
        for path in fs.read_dir(&log.join("segments")).unwrap() {
            let number = path.file_stem().unwrap().to_str().unwrap().parse().unwrap();
            segments.insert(number, used(read(fs, &path).unwrap()));
        }
        // Prepared and never used: as if the power had gone before they had a name.
        segments.retain(|_, bytes: &mut Vec<u8>| !bytes.is_empty());
        Self {
            manifest: read(fs, &log.join("MANIFEST")).unwrap(),
            watermark: read(fs, &log.join("WATERMARK")),
            segments,
        }
    }

    /// Frames of a segment, in order of place.
    pub(crate) fn frames(&self, segment: u64) -> Vec<At> {
        let bytes = &self.segments[&segment];
        let mut out: Vec<At> = Vec::new();
        for start in (0..bytes.len()).step_by(64) {
            let Some(header) = bytes.get(start..start + HEADER).filter(|h| h.starts_with(b"HSF1"))
            else {
                continue;
            };
            let body = u32::from_le_bytes(header[76..80].try_into().unwrap());
            let end = (start + HEADER + usize::try_from(body).unwrap()).next_multiple_of(64);
            out.push(At { start, end, kind: header[4] });
        }
        out
    }

    /// The data frames of the first segment.
    pub(crate) fn data(&self) -> Vec<At> {
        self.frames(0).into_iter().filter(|f| f.kind == 1).collect()
    }

    pub(crate) fn zero(&mut self, segment: u64, from: usize, to: usize) {
        let bytes = self.segments.get_mut(&segment).unwrap();
        let to = to.min(bytes.len());
        bytes[from..to].fill(0);
    }

    pub(crate) fn flip(&mut self, segment: u64, at: usize) {
        self.segments.get_mut(&segment).unwrap()[at] ^= 0x10;
    }

    /// Writes the files and returns their size. Segments are compressed, as two headers are mostly zeros.
    pub(crate) fn write(&self, folder: &Path) -> usize {
        std::fs::create_dir_all(folder.join("segments")).unwrap();
        let mut size = 0;
        let mut put = |path: std::path::PathBuf, bytes: &[u8]| {
            size += bytes.len();
            std::fs::write(path, bytes).unwrap();
        };
        put(folder.join("MANIFEST"), &self.manifest);
        if let Some(mark) = &self.watermark {
            let end = mark.iter().rposition(|b| *b != 0).map_or(0, |at| at + 1);
            put(folder.join("WATERMARK"), &mark[..end]);
        }
        for (number, bytes) in &self.segments {
            let packed = zstd::bulk::compress(&used(bytes.clone()), 19).unwrap();
            put(folder.join("segments").join(format!("{number:020}.seg.zst")), &packed);
        }
        size
    }
}

/// Without the blocks of zeros at the end.
fn used(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.iter().rposition(|b| *b != 0).map_or(0, |at| (at + 1).next_multiple_of(4096));
    bytes.truncate(end);
    bytes
}
