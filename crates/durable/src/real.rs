//! The file system of the machine.

use crate::error::{FsError, Op};
use crate::fs::{Access, Fs, FsFile, FsLock, Identity, Metadata, NodeKind};
use rustix::fs::{FallocateFlags, OFlags, RenameFlags};
use rustix::io::Errno;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// The file system of the machine, on Linux.
///
/// Local file systems only: what a sync means on a network file system is for its server to say.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealFs;

#[derive(Debug)]
struct RealFile {
    file: File,
    path: PathBuf,
}

#[derive(Debug)]
struct RealLock {
    /// Closing the file gives the lock back.
    _file: File,
}

impl FsLock for RealLock {}

fn at<T>(op: Op, path: &Path, result: io::Result<T>) -> Result<T, FsError> {
    result.map_err(|e| FsError::new(op, path, e))
}

/// Tries again while a signal interrupts.
fn retry<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

impl Fs for RealFs {
    fn create_new(&self, path: &Path) -> Result<Box<dyn FsFile>, FsError> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path);
        let file = at(Op::Create, path, file)?;
        Ok(Box::new(RealFile { file, path: path.to_path_buf() }))
    }

    fn open(&self, path: &Path, access: Access) -> Result<Box<dyn FsFile>, FsError> {
        let file = OpenOptions::new().read(true).write(access == Access::ReadWrite).open(path);
        let file = at(Op::Open, path, file)?;
        // Linux opens a folder for reading and fails at the first read only.
        if at(Op::Open, path, file.metadata())?.is_dir() {
            return Err(FsError::new(Op::Open, path, io::Error::from(io::ErrorKind::IsADirectory)));
        }
        Ok(Box::new(RealFile { file, path: path.to_path_buf() }))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        at(Op::Rename, to, fs::rename(from, to))
    }

    fn rename_noreplace(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        let cwd = rustix::fs::CWD;
        match rustix::fs::renameat_with(cwd, from, cwd, to, RenameFlags::NOREPLACE) {
            Ok(()) => Ok(()),
            // A file system without the flag: a hard link never replaces either.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => at(
                Op::RenameNoReplace,
                to,
                fs::hard_link(from, to).and_then(|()| fs::remove_file(from)),
            ),
            Err(error) => Err(FsError::new(Op::RenameNoReplace, to, error.into())),
        }
    }

    fn link(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        at(Op::Link, to, fs::hard_link(from, to))
    }

    fn unlink(&self, path: &Path) -> Result<(), FsError> {
        at(Op::Unlink, path, fs::remove_file(path))
    }

    fn create_dir_all(&self, path: &Path) -> Result<Vec<PathBuf>, FsError> {
        let mut created = Vec::new();
        let ancestors: Vec<&Path> =
            path.ancestors().filter(|p| !p.as_os_str().is_empty()).collect();
        for folder in ancestors.into_iter().rev() {
            match fs::create_dir(folder) {
                Ok(()) => created.push(folder.to_path_buf()),
                Err(_) if folder.is_dir() => {}
                Err(_) if folder.exists() => {
                    let source = io::Error::from(io::ErrorKind::NotADirectory);
                    return Err(FsError::new(Op::CreateDir, folder, source));
                }
                Err(error) => return Err(FsError::new(Op::CreateDir, folder, error)),
            }
        }
        Ok(created)
    }

    fn remove_dir(&self, path: &Path) -> Result<(), FsError> {
        at(Op::RemoveDir, path, fs::remove_dir(path))
    }

    fn set_read_only(&self, path: &Path) -> Result<(), FsError> {
        at(Op::SetReadOnly, path, fs::set_permissions(path, fs::Permissions::from_mode(0o444)))
    }

    fn sync_dir(&self, path: &Path) -> Result<(), FsError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(folder_of(path), flags, rustix::fs::Mode::empty());
        at(
            Op::SyncDir,
            path,
            folder.map_err(io::Error::from).and_then(|f| File::from(f).sync_all()),
        )
    }

    fn read_dir(&self, path: &Path) -> Result<Vec<PathBuf>, FsError> {
        let entries = at(Op::ReadDir, path, fs::read_dir(path))?;
        let paths: io::Result<Vec<PathBuf>> = entries.map(|e| e.map(|e| e.path())).collect();
        let mut paths = at(Op::ReadDir, path, paths)?;
        paths.sort();
        Ok(paths)
    }

    fn metadata(&self, path: &Path) -> Result<Metadata, FsError> {
        let found = at(Op::Metadata, path, fs::metadata(path))?;
        let kind = if found.is_file() {
            NodeKind::File
        } else if found.is_dir() {
            NodeKind::Folder
        } else {
            NodeKind::Other
        };
        let identity = Identity { device: found.dev(), inode: found.ino() };
        Ok(Metadata { len: found.len(), kind, identity })
    }

    fn lock(&self, path: &Path) -> Result<Box<dyn FsLock>, FsError> {
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let file = at(Op::Lock, path, file)?;
        match file.try_lock() {
            Ok(()) => Ok(Box::new(RealLock { _file: file })),
            Err(TryLockError::WouldBlock) => {
                Err(FsError::new(Op::Lock, path, io::Error::from(io::ErrorKind::WouldBlock)))
            }
            Err(TryLockError::Error(error)) => Err(FsError::new(Op::Lock, path, error)),
        }
    }

    fn free_space(&self, path: &Path) -> Result<u64, FsError> {
        let found =
            rustix::fs::statvfs(path).map_err(|e| FsError::new(Op::FreeSpace, path, e.into()))?;
        Ok(found.f_bavail.saturating_mul(found.f_frsize))
    }
}

/// The folder of a bare file name is the current one.
pub(crate) fn folder_of(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}

impl FsFile for RealFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize, FsError> {
        at(Op::Read, &self.path, retry(|| self.file.read_at(buffer, offset)))
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> Result<usize, FsError> {
        at(Op::Write, &self.path, retry(|| self.file.write_at(bytes, offset)))
    }

    fn set_len(&self, len: u64) -> Result<(), FsError> {
        at(Op::SetLen, &self.path, retry(|| self.file.set_len(len)))
    }

    fn allocate(&self, len: u64) -> Result<(), FsError> {
        if len == 0 {
            return Ok(());
        }
        let reserve = || rustix::fs::fallocate(&self.file, FallocateFlags::empty(), 0, len);
        match rustix::io::retry_on_intr(reserve) {
            Ok(()) => Ok(()),
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => self.zero_fill(len),
            Err(error) => Err(FsError::new(Op::Allocate, &self.path, error.into())),
        }
    }

    fn sync_data(&self) -> Result<(), FsError> {
        at(Op::SyncData, &self.path, self.file.sync_data())
    }

    fn sync_all(&self) -> Result<(), FsError> {
        at(Op::SyncAll, &self.path, self.file.sync_all())
    }

    fn len(&self) -> Result<u64, FsError> {
        at(Op::Len, &self.path, self.file.metadata()).map(|m| m.len())
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

impl RealFile {
    /// Reserves by writing zeros behind the end, where the file system cannot reserve.
    fn zero_fill(&self, len: u64) -> Result<(), FsError> {
        static ZEROS: [u8; 65_536] = [0; 65_536];
        let mut end = self.len()?;
        while end < len {
            let n = usize::try_from(len - end).map_or(ZEROS.len(), |n| n.min(ZEROS.len()));
            let wrote = self.write_at(ZEROS.get(..n).unwrap_or_default(), end)?;
            if wrote == 0 {
                let source = io::Error::from(io::ErrorKind::WriteZero);
                return Err(FsError::new(Op::Allocate, &self.path, source));
            }
            end += u64::try_from(wrote).unwrap_or(u64::MAX);
        }
        Ok(())
    }
}
