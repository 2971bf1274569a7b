//! A file of the `Fs` trait as the readers of formats want it: a cursor, and ranges of bytes.

use crate::error::QueryError;
use bytes::Bytes;
use datafusion::parquet::errors::{ParquetError, Result as ParquetResult};
use datafusion::parquet::file::reader::{ChunkReader, Length};
use durable::{Access, Fs, FsError, FsErrorKind, FsFile, read_exact_at};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// An open file of a length that was looked at once: bytes that are appended later are not seen.
#[derive(Debug, Clone)]
pub(crate) struct FsRead {
    file: Arc<dyn FsFile>,
    len: u64,
    at: u64,
    /// Bytes read so far, by all clones.
    bytes: Arc<AtomicU64>,
}

impl FsRead {
    pub(crate) fn open(fs: &dyn Fs, path: &Path) -> Result<Self, FsError> {
        let file: Arc<dyn FsFile> = Arc::from(fs.open(path, Access::Read)?);
        let len = file.len()?;
        Ok(Self { file, len, at: 0, bytes: Arc::default() })
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Bytes read so far.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// The bytes of a range that must be there.
    pub(crate) fn range(&self, range: Range<u64>) -> Result<Bytes, QueryError> {
        let length = range.end.checked_sub(range.start).and_then(|n| usize::try_from(n).ok());
        // A damaged footer can ask for any range: nothing is allocated for one that the file does not have.
        let Some(length) = length.filter(|_| range.end <= self.len) else {
            return Err(self.short(&range));
        };
        let mut bytes = vec![0; length];
        match read_exact_at(self.file.as_ref(), &mut bytes, range.start) {
            Ok(()) => {
                self.bytes.fetch_add(range.end - range.start, Ordering::Relaxed);
                Ok(Bytes::from(bytes))
            }
            Err(error) if error.kind == FsErrorKind::UnexpectedEnd => Err(self.short(&range)),
            Err(error) => Err(error.into()),
        }
    }

    fn short(&self, range: &Range<u64>) -> QueryError {
        QueryError::Damaged {
            path: self.path().display().to_string(),
            expected: format!("bytes {} to {}", range.start, range.end),
            found: format!("a file of {} bytes", self.len),
        }
    }

    /// A reader of the bytes from here on, with a buffer.
    pub(crate) fn buffered(self) -> BufReader<Self> {
        BufReader::with_capacity(256 << 10, self)
    }
}

impl Read for FsRead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.len.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let most = left.min(buffer.len());
        let Some(part) = buffer.get_mut(..most) else { return Ok(0) };
        let n = self.file.read_at(part, self.at).map_err(carried)?;
        let read = u64::try_from(n).unwrap_or(u64::MAX);
        self.at = self.at.saturating_add(read);
        self.bytes.fetch_add(read, Ordering::Relaxed);
        Ok(n)
    }
}

impl Seek for FsRead {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let to = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = to.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

impl Length for FsRead {
    fn len(&self) -> u64 {
        self.len
    }
}

impl ChunkReader for FsRead {
    type T = BufReader<Self>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        let mut from = self.clone();
        from.at = start;
        Ok(from.buffered())
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        let end = start.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        self.range(start..end).map_err(external)
    }
}

/// An error that readers of bytes carry and give back as it was.
fn carried(error: FsError) -> io::Error {
    io::Error::other(datafusion::error::DataFusionError::from(QueryError::Fs(error)))
}

/// An error that Parquet's readers carry and give back as it was.
pub(crate) fn external(error: QueryError) -> ParquetError {
    ParquetError::External(Box::new(datafusion::error::DataFusionError::from(error)))
}
