//! File systems that lie, to prove that a crash test would notice.

use crate::error::FsError;
use crate::fs::{Access, Fs, FsFile, FsLock, Metadata};
use std::path::{Path, PathBuf};

/// What a lying file system leaves out while it says that all is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lie {
    /// Syncs of files do nothing.
    FileSync,
    /// Syncs of folders do nothing.
    FolderSync,
    /// A rename that must not replace replaces.
    NoReplace,
}

/// A file system that forwards everything but one promise.
///
/// A crash test is worth something only if it fails on each of these.
#[derive(Debug, Clone)]
pub struct LyingFs<F> {
    inner: F,
    lie: Lie,
}

impl<F: Fs> LyingFs<F> {
    /// The same file system without one promise.
    pub fn new(inner: F, lie: Lie) -> Self {
        Self { inner, lie }
    }
}

#[derive(Debug)]
struct LyingFile {
    inner: Box<dyn FsFile>,
    lie: Lie,
}

impl<F: Fs> LyingFs<F> {
    fn wrap(&self, file: Box<dyn FsFile>) -> Box<dyn FsFile> {
        Box::new(LyingFile { inner: file, lie: self.lie })
    }
}

impl<F: Fs> Fs for LyingFs<F> {
    fn create_new(&self, path: &Path) -> Result<Box<dyn FsFile>, FsError> {
        self.inner.create_new(path).map(|f| self.wrap(f))
    }

    fn open(&self, path: &Path, access: Access) -> Result<Box<dyn FsFile>, FsError> {
        self.inner.open(path, access).map(|f| self.wrap(f))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        self.inner.rename(from, to)
    }

    fn rename_noreplace(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        if self.lie == Lie::NoReplace {
            self.inner.rename(from, to)
        } else {
            self.inner.rename_noreplace(from, to)
        }
    }

    fn unlink(&self, path: &Path) -> Result<(), FsError> {
        self.inner.unlink(path)
    }

    fn create_dir_all(&self, path: &Path) -> Result<Vec<PathBuf>, FsError> {
        self.inner.create_dir_all(path)
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
        if self.lie == Lie::FileSync { Ok(()) } else { self.inner.sync_data() }
    }

    fn sync_all(&self) -> Result<(), FsError> {
        if self.lie == Lie::FileSync { Ok(()) } else { self.inner.sync_all() }
    }

    fn len(&self) -> Result<u64, FsError> {
        self.inner.len()
    }

    fn path(&self) -> &Path {
        self.inner.path()
    }
}
