//! Parquet over a file of [`durable::Fs`].

use super::error::ArchiveError;
use bytes::Bytes;
use durable::{Access, Fs, FsFile, read_exact_at};
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

/// An open file, as the Parquet reader wants it.
#[derive(Debug)]
pub(super) struct Source {
    file: Arc<dyn FsFile>,
    len: u64,
}

impl Source {
    pub(super) fn open(fs: &dyn Fs, path: &Path) -> std::result::Result<Self, ArchiveError> {
        let file: Arc<dyn FsFile> = Arc::from(fs.open(path, Access::Read)?);
        let len = file.len()?;
        Ok(Self { file, len })
    }

    /// From the first byte to the last.
    pub(super) fn bytes(&self) -> impl Read + use<> {
        From { file: Arc::clone(&self.file), at: 0 }
    }

    /// The footer is read here.
    pub(super) fn parquet(
        self,
        path: &Path,
    ) -> std::result::Result<ParquetRecordBatchReaderBuilder<Self>, ArchiveError> {
        ParquetRecordBatchReaderBuilder::try_new_with_options(self, ArrowReaderOptions::new())
            .map_err(|source| ArchiveError::Parquet { path: path.to_path_buf(), source })
    }
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
        Ok(BufReader::new(From { file: Arc::clone(&self.file), at: start }))
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
            .map_err(|error| ParquetError::External(Box::new(error)))?;
        Ok(buffer.into())
    }
}

/// A file from an offset on.
#[derive(Debug)]
pub(super) struct From {
    file: Arc<dyn FsFile>,
    at: u64,
}

impl Read for From {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read_at(buffer, self.at)?;
        self.at += u64::try_from(n).unwrap_or(u64::MAX);
        Ok(n)
    }
}
