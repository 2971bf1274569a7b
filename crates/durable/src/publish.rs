//! A file that appears whole under its name, or not at all.

use crate::error::{FsError, FsErrorKind, Op};
use crate::fs::{Access, Fs, FsFile, write_all_at};
use crate::real::folder_of;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What may stand under the final name already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Nothing: an existing file is refused, at the start and again at the rename.
    New,
    /// Anything that is a file: it is replaced at once.
    Replace,
}

/// Why a file was not published.
///
/// The temporary file is gone and the final name is as it was, except after [`Unsettled`](PublishError::Unsettled).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The file system failed.
    #[error(transparent)]
    Fs(#[from] FsError),
    /// The content could not be written for a reason of its own.
    #[error(transparent)]
    Write(io::Error),
    /// The path has no file name.
    #[error("`{}`: expected a path that ends in a file name", .0.display())]
    NoName(PathBuf),
    /// The whole file stands under its name, but the folder could not be synced: a power cut may bring back what stood
    /// there before.
    #[error("`{}`: renamed, but a power cut may undo it: {source}", path.display())]
    Unsettled {
        /// The final path.
        path: PathBuf,
        /// The failed sync.
        source: FsError,
    },
    /// What was read back is not what it should be.
    #[error("`{}`: expected {expected}, found {found} when the file was read back", path.display())]
    Verify {
        /// The final path.
        path: PathBuf,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
    },
}

impl From<io::Error> for PublishError {
    /// Finds the failed call again that [`Write`] had to hide.
    fn from(error: io::Error) -> Self {
        match error.downcast::<FsError>() {
            Ok(error) => Self::Fs(error),
            Err(error) => Self::Write(error),
        }
    }
}

impl PublishError {
    /// The word of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Fs(error) => error.code(),
            Self::Write(_) => "durable/write",
            Self::NoName(_) => "durable/no-file-name",
            Self::Unsettled { .. } => "durable/unsettled",
            Self::Verify { .. } => "durable/verify",
        }
    }
}

/// A published file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Where it stands.
    pub path: PathBuf,
    /// How long it is.
    pub bytes: u64,
}

/// The name under which a file is written before it is published: `.<name>.tmp` in the same folder.
#[must_use]
pub fn temporary_name(path: &Path) -> Option<PathBuf> {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name()?);
    name.push(".tmp");
    Some(path.with_file_name(name))
}

/// Publishes what `write` writes: [`Publish`] in one call.
///
/// ```
/// use durable::{Mode, PublishError, RealFs, publish};
/// use std::io::Write;
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("card.md");
/// let done = publish(&RealFs, &path, Mode::New, |file| file.write_all(b"# Card\n").map_err(PublishError::from))?;
/// assert_eq!(done.bytes, 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`PublishError`], and what `write` returns; then nothing was published.
pub fn publish<E: From<PublishError>>(
    fs: &dyn Fs,
    path: &Path,
    mode: Mode,
    write: impl FnOnce(&mut Publish<'_>) -> Result<(), E>,
) -> Result<Published, E> {
    let mut file = Publish::begin(fs, path, mode)?;
    write(&mut file)?;
    Ok(file.commit()?)
}

/// Creates what is missing above a path and makes the chain durable.
fn make_folders(fs: &dyn Fs, path: &Path) -> Result<(), FsError> {
    let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) else { return Ok(()) };
    let created = fs.create_dir_all(folder)?;
    let device = fs.metadata(folder)?.identity.device;
    for folder in folder.ancestors().take_while(|f| f.file_name().is_some()) {
        let above = folder_of(folder.parent().unwrap_or(Path::new("")));
        let is_ours = created.iter().any(|c| c == folder);
        if !is_ours && fs.metadata(above)?.identity.device != device {
            break;
        }
        match fs.sync_dir(above) {
            // A folder that we may not even read is none that a run of ours has left half made.
            Err(error) if error.kind == FsErrorKind::Permission && !is_ours => break,
            other => other?,
        }
    }
    Ok(())
}

const BUFFER: usize = 64 * 1024;

/// A file on its way to its name.
///
/// It is written under a temporary name in the same folder, synced, read back if the caller wants, renamed, and the
/// folder synced. Missing folders are created, and all folders above are synced before anything is written, for those
/// that are there may stem from a process that died before it synced them. Dropping it before
/// [`commit`](Publish::commit) removes the temporary file. A temporary file that a crash left behind is taken over by
/// the next publication of the name.
///
/// - **Cost:** one sync of the file, one of its folder, one of each folder above (of which a kernel makes little when
///   nothing changed); 64 KiB of memory.
///
/// One process publishes a name at a time: callers that share a folder hold a lock ([`Fs::lock`]).
#[derive(Debug)]
pub struct Publish<'fs> {
    fs: &'fs dyn Fs,
    file: Box<dyn FsFile>,
    path: PathBuf,
    temporary: PathBuf,
    mode: Mode,
    buffer: Vec<u8>,
    flushed: u64,
    is_done: bool,
}

impl<'fs> Publish<'fs> {
    /// Starts a file; missing folders above it are created.
    ///
    /// # Errors
    /// [`PublishError`]; [`FsErrorKind::AlreadyExists`] under [`Mode::New`] when the name is taken,
    /// [`FsErrorKind::WrongKind`] when it is a folder's.
    pub fn begin(fs: &'fs dyn Fs, path: &Path, mode: Mode) -> Result<Self, PublishError> {
        let temporary =
            temporary_name(path).ok_or_else(|| PublishError::NoName(path.to_path_buf()))?;
        match fs.metadata(path) {
            Ok(found) if found.kind != crate::NodeKind::File && mode == Mode::Replace => {
                let source = io::Error::from(io::ErrorKind::IsADirectory);
                return Err(FsError::new(Op::Create, path, source).into());
            }
            Ok(_) if mode == Mode::New => {
                let source = io::Error::from(io::ErrorKind::AlreadyExists);
                return Err(FsError::new(Op::Create, path, source).into());
            }
            Ok(_) => {}
            Err(error) if error.kind == FsErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        make_folders(fs, path)?;
        let file = match fs.create_new(&temporary) {
            Err(error) if error.kind == FsErrorKind::AlreadyExists => {
                fs.unlink(&temporary)?;
                fs.create_new(&temporary)?
            }
            other => other?,
        };
        let path = path.to_path_buf();
        let buffer = Vec::with_capacity(BUFFER);
        Ok(Self { fs, file, path, temporary, mode, buffer, flushed: 0, is_done: false })
    }

    /// The final path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes written so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.flushed + u64::try_from(self.buffer.len()).unwrap_or(u64::MAX)
    }

    /// Publishes what was written.
    ///
    /// # Errors
    /// [`PublishError`]; whatever fails, the final name never shows part of a file.
    pub fn commit(self) -> Result<Published, PublishError> {
        self.commit_with(|_| Ok(()))
    }

    /// As [`commit`](Publish::commit), after `verify` has read the synced file back.
    ///
    /// # Errors
    /// As [`commit`](Publish::commit), and what `verify` returns.
    pub fn commit_with(
        mut self,
        verify: impl FnOnce(&dyn FsFile) -> Result<(), PublishError>,
    ) -> Result<Published, PublishError> {
        self.drain()?;
        self.file.sync_all()?;
        let back = self.fs.open(&self.temporary, Access::Read)?;
        let found = back.len()?;
        if found != self.flushed {
            let (expected, found) = (format!("{} bytes", self.flushed), format!("{found} bytes"));
            return Err(PublishError::Verify { path: self.path.clone(), expected, found });
        }
        verify(back.as_ref())?;
        match self.mode {
            Mode::New => self.fs.rename_noreplace(&self.temporary, &self.path)?,
            Mode::Replace => self.fs.rename(&self.temporary, &self.path)?,
        }
        // From here on the temporary name is gone, whatever fails.
        self.is_done = true;
        self.fs
            .sync_dir(folder_of(self.path.parent().unwrap_or(Path::new(""))))
            .map_err(|e| self.undo(e))?;
        Ok(Published { path: self.path.clone(), bytes: self.flushed })
    }

    /// Takes a new name back after its folder could not be synced; what it replaced cannot be had back.
    fn undo(&self, source: FsError) -> PublishError {
        if self.mode == Mode::New && self.fs.unlink(&self.path).is_ok() {
            return source.into();
        }
        PublishError::Unsettled { path: self.path.clone(), source }
    }

    fn drain(&mut self) -> Result<(), FsError> {
        write_all_at(self.file.as_ref(), &self.buffer, self.flushed)?;
        self.flushed += u64::try_from(self.buffer.len()).unwrap_or(u64::MAX);
        self.buffer.clear();
        Ok(())
    }
}

impl Write for Publish<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() + bytes.len() > BUFFER {
            self.drain().map_err(into_io)?;
        }
        if bytes.len() > BUFFER {
            write_all_at(self.file.as_ref(), bytes, self.flushed).map_err(into_io)?;
            self.flushed += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        } else {
            self.buffer.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.drain().map_err(into_io)
    }
}

/// Keeps the kind, by which a writer above tells a full disk from a broken one.
fn into_io(error: FsError) -> io::Error {
    io::Error::new(error.source.kind(), error)
}

impl Drop for Publish<'_> {
    fn drop(&mut self) {
        if !self.is_done {
            // Nothing better can be done about a failure here; the next publication takes the file over.
            let _ = self.fs.unlink(&self.temporary);
        }
    }
}
