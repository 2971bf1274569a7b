//! Rows whose labels just matured, appended to an Arrow IPC stream, one sync a batch.

mod frame;

use crate::canonical::Sha256;
use arrow_array::RecordBatch;
use arrow_ipc::reader::StreamReader;
use arrow_schema::{ArrowError, SchemaRef};
use contract::{Diagnostic, Fault};
use durable::{
    Access, Fs, FsError, FsErrorKind, FsFile, Mode, PublishError, publish, write_all_at,
};
use frame::Scan;
use std::fmt;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An append-only file of rows, in order of their arrival.
///
/// It is an Arrow IPC stream that every reader of the format reads, in which each batch carries the SHA-256 of its own
/// bytes in the padding that the format allows behind a message. So a batch that a crash tore is told from a whole one
/// whatever the disk kept of it. One writer at a time.
///
/// - **Cost:** one write and one sync a batch; opening reads the file once.
///
/// ```
/// use arrow_array::{RecordBatch, UInt64Array};
/// use datasets::Tail;
/// use durable::RealFs;
/// use std::sync::Arc;
/// # let folder = tempfile::tempdir()?;
/// let rows = RecordBatch::try_from_iter([("seq", Arc::new(UInt64Array::from(vec![7, 8])) as _)])?;
/// let path = folder.path().join("entries.arrows");
/// Tail::open(Arc::new(RealFs), &path, rows.schema())?.push(&rows)?;
/// let tail = Tail::open(Arc::new(RealFs), &path, rows.schema())?; // after a restart
/// assert_eq!((tail.rows(), tail.read()?), (2, vec![rows]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Tail {
    fs: Arc<dyn Fs>,
    path: PathBuf,
    file: Box<dyn FsFile>,
    schema: SchemaRef,
    end: u64,
    rows: u64,
    is_failed: bool,
}

impl fmt::Debug for Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tail")
            .field("path", &self.path)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

/// Why a tail could not be opened, read or continued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TailError {
    /// The file system.
    #[error(transparent)]
    Fs(#[from] FsError),
    /// The file could not be begun.
    #[error(transparent)]
    Begin(#[from] PublishError),
    /// The file was begun with other columns.
    #[error("{}: expected the columns of the batch, found others, or no Arrow IPC stream", path.display())]
    Schema {
        /// The file.
        path: PathBuf,
    },
    /// A batch is damaged that whole batches follow, so it was no crash.
    #[error("{}: expected a whole batch at byte {at}, found a damaged one with others behind it", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the batch begins.
        at: u64,
    },
    /// An earlier batch could not be written or synced, so where the file ends is not known.
    #[error("{}: expected a tail that works, found one whose last batch failed: open it again", path.display())]
    Failed {
        /// The file.
        path: PathBuf,
    },
    /// The rows could not be encoded or decoded.
    #[error("{}: expected rows that Arrow IPC can hold", path.display())]
    Arrow {
        /// The file.
        path: PathBuf,
        /// What the encoder says.
        #[source]
        source: ArrowError,
    },
}

impl Diagnostic for TailError {
    fn code(&self) -> &'static str {
        match self {
            Self::Fs(error) => error.code(),
            Self::Begin(error) => error.code(),
            Self::Schema { .. } => "datasets/tail-schema",
            Self::Damaged { .. } => "datasets/tail-damaged",
            Self::Failed { .. } => "datasets/tail-failed",
            Self::Arrow { .. } => "datasets/tail-rows",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Fs(error) | Self::Begin(PublishError::Fs(error)) => {
                Fault::Environment { retry: error.is_transient() }
            }
            Self::Failed { .. } => Fault::Environment { retry: true },
            Self::Begin(_) | Self::Damaged { .. } => Fault::Integrity,
            Self::Schema { .. } | Self::Arrow { .. } => Fault::Input,
        }
    }
}

impl Tail {
    /// Opens a tail, or begins one with these columns. Of a file that a crash tore all whole batches are kept, and the
    /// rest is cut off.
    ///
    /// # Errors
    /// [`TailError::Schema`] for a file with other columns; [`TailError::Damaged`] when a batch is damaged that was
    /// whole once; [`TailError::Fs`].
    pub fn open(fs: Arc<dyn Fs>, path: &Path, schema: SchemaRef) -> Result<Self, TailError> {
        let arrow = |source| TailError::Arrow { path: path.to_path_buf(), source };
        let head = frame::head(&schema).map_err(arrow)?;
        let file = match fs.open(path, Access::ReadWrite) {
            Ok(file) => file,
            Err(error) if error.kind == FsErrorKind::NotFound => {
                // The head appears whole, so a file without one is damaged.
                publish(fs.as_ref(), path, Mode::New, |file| {
                    file.write_all(&head).map_err(PublishError::from)
                })?;
                fs.open(path, Access::ReadWrite)?
            }
            Err(error) => return Err(error.into()),
        };
        let bytes = super::place::read(fs.as_ref(), path)?;
        let Some(body) = bytes.strip_prefix(head.as_slice()) else {
            return Err(TailError::Schema { path: path.to_path_buf() });
        };
        let Scan { whole, rows } = frame::scan(body);
        let end = u64::try_from(head.len() + whole).unwrap_or(u64::MAX);
        if whole < body.len() {
            // Each batch is synced before the next is written, so a crash tears the last one only.
            if frame::marks(body.get(whole..).unwrap_or_default()) > 1 {
                return Err(TailError::Damaged { path: path.to_path_buf(), at: end });
            }
            file.set_len(end)?;
            file.sync_all()?;
        }
        Ok(Self { fs, path: path.to_path_buf(), file, schema, end, rows, is_failed: false })
    }

    /// Appends rows; they survive a crash once this returns. No rows are no batch.
    ///
    /// # Errors
    /// [`TailError::Schema`] for other columns; [`TailError::Fs`], after which nothing more is taken until the tail is
    /// opened again.
    pub fn push(&mut self, batch: &RecordBatch) -> Result<(), TailError> {
        if self.is_failed {
            return Err(TailError::Failed { path: self.path.clone() });
        }
        if batch.schema_ref() != &self.schema {
            return Err(TailError::Schema { path: self.path.clone() });
        }
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let bytes = frame::encode(batch)
            .map_err(|source| TailError::Arrow { path: self.path.clone(), source })?;
        self.is_failed = true;
        write_all_at(self.file.as_ref(), &bytes, self.end)?;
        self.file.sync_data()?;
        self.is_failed = false;
        self.end += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.rows += u64::try_from(batch.num_rows()).unwrap_or(u64::MAX);
        Ok(())
    }

    /// Rows that are safe.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// SHA-256 of the bytes up to the last whole batch.
    ///
    /// # Errors
    /// [`TailError::Fs`].
    pub fn sha256(&self) -> Result<Sha256, TailError> {
        Ok(Sha256::of(&self.bytes()?))
    }

    fn bytes(&self) -> Result<Vec<u8>, TailError> {
        let mut bytes = super::place::read(self.fs.as_ref(), &self.path)?;
        bytes.truncate(usize::try_from(self.end).unwrap_or(usize::MAX));
        Ok(bytes)
    }

    /// All batches, as they were pushed.
    ///
    /// # Errors
    /// [`TailError::Fs`], [`TailError::Arrow`].
    pub fn read(&self) -> Result<Vec<RecordBatch>, TailError> {
        let arrow = |source| TailError::Arrow { path: self.path.clone(), source };
        let reader = StreamReader::try_new(Cursor::new(self.bytes()?), None).map_err(arrow)?;
        reader.collect::<Result<_, _>>().map_err(arrow)
    }
}
