//! File systems that lie, to prove that a crash test notices.

use crate::error::FsError;
use crate::fs::{Access, Fs, FsFile, FsLock, Metadata};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// What a [`LyingFs`] says it did and did not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lie {
    /// Syncs of files do nothing.
    FileSync,
    /// Syncs of folders do nothing.
    FolderSync,
    /// Syncs of files wait until something has been renamed.
    RenameBeforeSync,
    /// A rename or link that must not replace replaces.
    NoReplace,
    /// Renames do nothing.
    Rename,
}

/// A file system that claims success without the work.
///
/// A crash test that passes on it tests nothing.
#[derive(Debug)]
pub struct LyingFs<F> {
    inner: F,
    lie: Lie,
    late: Arc<Late>,
}

/// Files whose sync was put off.
type Late = Mutex<Vec<Arc<dyn FsFile>>>;

impl<F: Fs> LyingFs<F> {
    /// A liar in front of a file system.
    #[must_use]
    pub fn new(inner: F, lie: Lie) -> Self {
        Self { inner, lie, late: Arc::default() }
    }

    fn wrap(&self, file: Box<dyn FsFile>) -> Box<dyn FsFile> {
        Box::new(LyingFile { inner: Arc::from(file), lie: self.lie, late: Arc::clone(&self.late) })
    }

    fn renamed(&self) -> Result<(), FsError> {
        let late = std::mem::take(&mut *self.late.lock().unwrap_or_else(PoisonError::into_inner));
        late.iter().try_for_each(|file| file.sync_all())
    }
}

impl<F: Fs> Fs for LyingFs<F> {
    fn create_new(&self, path: &Path) -> Result<Box<dyn FsFile>, FsError> {
        Ok(self.wrap(self.inner.create_new(path)?))
    }

    fn open(&self, path: &Path, access: Access) -> Result<Box<dyn FsFile>, FsError> {
        Ok(self.wrap(self.inner.open(path, access)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        if self.lie == Lie::Rename {
            return Ok(());
        }
        self.inner.rename(from, to)?;
        self.renamed()
    }

    fn rename_noreplace(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        if self.lie == Lie::Rename {
            return Ok(());
        }
        if self.lie == Lie::NoReplace {
            return self.inner.rename(from, to);
        }
        self.inner.rename_noreplace(from, to)?;
        self.renamed()
    }

    fn link(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        if self.lie == Lie::NoReplace && self.inner.metadata(to).is_ok() {
            self.inner.unlink(to)?;
        }
        self.inner.link(from, to)
    }

    fn unlink(&self, path: &Path) -> Result<(), FsError> {
        self.inner.unlink(path)
    }

    fn create_dir_all(&self, path: &Path) -> Result<Vec<PathBuf>, FsError> {
        self.inner.create_dir_all(path)
    }

    fn remove_dir(&self, path: &Path) -> Result<(), FsError> {
        self.inner.remove_dir(path)
    }

    fn set_read_only(&self, path: &Path) -> Result<(), FsError> {
        self.inner.set_read_only(path)
    }

    fn sync_dir(&self, path: &Path) -> Result<(), FsError> {
        if self.lie == Lie::FolderSync { Ok(()) } else { self.inner.sync_dir(path) }
    }

    fn read_dir(&self, path: &Path) -> Result<Vec<PathBuf>, FsError> {
        self.inner.read_dir(path)
    }

    fn metadata(&self, path: &Path) -> Result<Metadata, FsError> {
        self.inner.metadata(path)
    }

    fn lock(&self, path: &Path) -> Result<Box<dyn FsLock>, FsError> {
        self.inner.lock(path)
    }

    fn free_space(&self, path: &Path) -> Result<u64, FsError> {
        self.inner.free_space(path)
    }
}

#[derive(Debug)]
struct LyingFile {
    inner: Arc<dyn FsFile>,
    lie: Lie,
    late: Arc<Late>,
}

impl LyingFile {
    fn sync(&self, honest: impl FnOnce(&dyn FsFile) -> Result<(), FsError>) -> Result<(), FsError> {
        match self.lie {
            Lie::FileSync => Ok(()),
            Lie::RenameBeforeSync => {
                self.late
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(Arc::clone(&self.inner));
                Ok(())
            }
            Lie::FolderSync | Lie::NoReplace | Lie::Rename => honest(self.inner.as_ref()),
        }
    }
}

impl FsFile for LyingFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize, FsError> {
        self.inner.read_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> Result<usize, FsError> {
        self.inner.write_at(bytes, offset)
    }

    fn set_len(&self, len: u64) -> Result<(), FsError> {
        self.inner.set_len(len)
    }

    fn allocate(&self, len: u64) -> Result<(), FsError> {
        self.inner.allocate(len)
    }

    fn sync_data(&self) -> Result<(), FsError> {
        self.sync(|file| file.sync_data())
    }

    fn sync_all(&self) -> Result<(), FsError> {
        self.sync(|file| file.sync_all())
    }

    fn len(&self) -> Result<u64, FsError> {
        self.inner.len()
    }

    fn path(&self) -> &Path {
        self.inner.path()
    }
}
