//! The file system of the machine, with its calls counted.

use durable::{Access, Fs, FsError, FsFile, FsLock, Metadata, RealFs};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Calls and bytes of all files.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// `fdatasync` of files below `segments`.
    syncs: AtomicU64,
    /// Bytes written to files below `segments`.
    written: AtomicU64,
    /// Bytes read from any file.
    read: AtomicU64,
}

impl Counts {
    pub(crate) fn syncs(&self) -> u64 {
        self.syncs.load(Ordering::Relaxed)
    }

    pub(crate) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    pub(crate) fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }
}

/// [`RealFs`], counted.
#[derive(Debug, Default)]
pub(crate) struct CountingFs {
    pub(crate) counts: Arc<Counts>,
}

#[derive(Debug)]
struct Counted {
    file: Box<dyn FsFile>,
    counts: Arc<Counts>,
    is_segment: bool,
}

impl CountingFs {
    fn counted(&self, path: &Path, file: Box<dyn FsFile>) -> Box<dyn FsFile> {
        let is_segment = path.extension().is_some_and(|e| e == "seg");
        Box::new(Counted { file, counts: Arc::clone(&self.counts), is_segment })
    }
}

impl Fs for CountingFs {
    fn create_new(&self, path: &Path) -> Result<Box<dyn FsFile>, FsError> {
        Ok(self.counted(path, RealFs.create_new(path)?))
    }

    fn open(&self, path: &Path, access: Access) -> Result<Box<dyn FsFile>, FsError> {
        Ok(self.counted(path, RealFs.open(path, access)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        RealFs.rename(from, to)
    }

    fn rename_noreplace(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        RealFs.rename_noreplace(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        RealFs.link(from, to)
    }

    fn remove_dir(&self, path: &Path) -> Result<(), FsError> {
        RealFs.remove_dir(path)
    }

    fn set_read_only(&self, path: &Path) -> Result<(), FsError> {
        RealFs.set_read_only(path)
    }

    fn unlink(&self, path: &Path) -> Result<(), FsError> {
        RealFs.unlink(path)
    }

    fn create_dir_all(&self, path: &Path) -> Result<Vec<PathBuf>, FsError> {
        RealFs.create_dir_all(path)
    }

    fn sync_dir(&self, path: &Path) -> Result<(), FsError> {
        RealFs.sync_dir(path)
    }

    fn read_dir(&self, path: &Path) -> Result<Vec<PathBuf>, FsError> {
        RealFs.read_dir(path)
    }

    fn metadata(&self, path: &Path) -> Result<Metadata, FsError> {
        RealFs.metadata(path)
    }

    fn lock(&self, path: &Path) -> Result<Box<dyn FsLock>, FsError> {
        RealFs.lock(path)
    }

    fn free_space(&self, path: &Path) -> Result<u64, FsError> {
        RealFs.free_space(path)
    }
}

impl FsFile for Counted {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize, FsError> {
        let n = self.file.read_at(buffer, offset)?;
        self.counts.read.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> Result<usize, FsError> {
        let n = self.file.write_at(bytes, offset)?;
        if self.is_segment {
            self.counts.written.fetch_add(n as u64, Ordering::Relaxed);
        }
        Ok(n)
    }

    fn set_len(&self, len: u64) -> Result<(), FsError> {
        self.file.set_len(len)
    }

    fn allocate(&self, len: u64) -> Result<(), FsError> {
        self.file.allocate(len)
    }

    fn sync_data(&self) -> Result<(), FsError> {
        if self.is_segment {
            self.counts.syncs.fetch_add(1, Ordering::Relaxed);
        }
        self.file.sync_data()
    }

    fn sync_all(&self) -> Result<(), FsError> {
        self.file.sync_all()
    }

    fn len(&self) -> Result<u64, FsError> {
        self.file.len()
    }

    fn path(&self) -> &Path {
        self.file.path()
    }
}
