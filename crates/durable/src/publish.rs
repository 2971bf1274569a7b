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

/// Why a file was not published. Nothing stands under the final name that did not stand there before.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The file system failed.
    #[error(transparent)]
    Fs(#[from] FsError),
    /// The path has no file name.
    #[error("`{}`: expected a path that ends in a file name", .0.display())]
    NoName(PathBuf),
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

impl PublishError {
    /// The word of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Fs(error) => error.code(),
            Self::NoName(_) => "durable/no-file-name",
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

const BUFFER: usize = 64 * 1024;

/// A file on its way to its name.
///
/// It is written under a temporary name in the same folder, synced, read back if the caller wants, renamed, and the
/// folder synced, with every folder that was created for it. Dropping it before [`commit`](Publish::commit) removes the
/// temporary file. A temporary file that a crash left behind is taken over by the next publication of the name.
///
/// - **Cost:** one sync of the file, one of its folder, one of each folder above that was created.
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
    folders: Vec<PathBuf>,
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
        let folders = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => fs.create_dir_all(folder)?,
            _ => Vec::new(),
        };
        let file = match fs.create_new(&temporary) {
            Err(error) if error.kind == FsErrorKind::AlreadyExists => {
                fs.unlink(&temporary)?;
                fs.create_new(&temporary)?
            }
            other => other?,
        };
        let path = path.to_path_buf();
        let buffer = Vec::with_capacity(BUFFER);
        Ok(Self { fs, file, path, temporary, mode, buffer, flushed: 0, folders, is_done: false })
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
    /// [`PublishError`]; the temporary file is removed. After a failed sync of the folder the file may stand under its
    /// name or not once the machine has lost power, but never in part.
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
        self.fs.sync_dir(folder_of(self.path.parent().unwrap_or(Path::new(""))))?;
        for folder in self.folders.iter().rev() {
            self.fs.sync_dir(folder_of(folder.parent().unwrap_or(Path::new(""))))?;
        }
        Ok(Published { path: self.path.clone(), bytes: self.flushed })
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
