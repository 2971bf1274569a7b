//! Parquet over a file of [`durable::Fs`].

use super::error::ArchiveError;
use bytes::Bytes;
use durable::{Access, Fs, FsError, FsFile, read_exact_at};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// An open file, as the Parquet reader wants it.
#[derive(Debug)]
pub(super) struct Source {
    file: Arc<dyn FsFile>,
    len: u64,
    failure: Failure,
}

/// The first call that failed: the reader of record batches turns every error into text.
type Failure = Arc<Mutex<Option<FsError>>>;

/// Knows afterwards why a reader failed.
#[derive(Debug)]
pub(super) struct Witness {
    path: PathBuf,
    failure: Failure,
}

impl Witness {
    /// The failed call, if there was one, else what the reader says.
    pub(super) fn error(&self, source: impl Into<ParquetError>) -> ArchiveError {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        match failure.take() {
            Some(error) => ArchiveError::Fs(error),
            None => ArchiveError::Parquet { path: self.path.clone(), source: source.into() },
        }
    }
}

impl Source {
    /// Opens a Parquet file and reads its footer.
    pub(super) fn open(
        fs: &dyn Fs,
        path: &Path,
    ) -> std::result::Result<(ParquetRecordBatchReaderBuilder<Self>, Witness), ArchiveError> {
        let file: Arc<dyn FsFile> = Arc::from(fs.open(path, Access::Read)?);
        let len = file.len()?;
        let failure = Failure::default();
        let witness = Witness { path: path.to_path_buf(), failure: Arc::clone(&failure) };
        let builder = ParquetRecordBatchReaderBuilder::try_new(Self { file, len, failure });
        Ok((builder.map_err(|e| witness.error(e))?, witness))
    }
}

fn remember(failure: &Failure, error: FsError) -> io::Error {
    let kind = error.source.kind();
    failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    kind.into()
}

impl Length for Source {
    fn len(&self) -> u64 {
        self.len
    }
}

impl ChunkReader for Source {
    // A reader of page headers asks for single bytes.
    type T = BufReader<From>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        let (file, failure) = (Arc::clone(&self.file), Arc::clone(&self.failure));
        Ok(BufReader::new(From { file, failure, at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let end = u64::try_from(length).ok().and_then(|length| start.checked_add(length));
        if end.is_none_or(|end| end > self.len) {
            // The length comes from the file; it must not decide how much memory is taken.
            return Err(ParquetError::EOF(format!(
                "expected {length} bytes at {start}, found a file of {} bytes",
                self.len
            )));
        }
        let mut buffer = vec![0; length];
        read_exact_at(self.file.as_ref(), &mut buffer, start)
            .map_err(|error| ParquetError::from(remember(&self.failure, error)))?;
        Ok(buffer.into())
    }
}

/// A file from an offset on.
#[derive(Debug)]
pub(super) struct From {
    file: Arc<dyn FsFile>,
    failure: Failure,
    at: u64,
}

impl Read for From {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read_at(buffer, self.at).map_err(|e| remember(&self.failure, e))?;
        self.at += u64::try_from(n).unwrap_or(u64::MAX);
        Ok(n)
    }
}
