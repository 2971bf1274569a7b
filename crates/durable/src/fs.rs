//! What a durable program needs of a file system.

use crate::error::{FsError, FsErrorKind, Op};
use std::fmt::Debug;
use std::io;
use std::path::{Path, PathBuf};

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// For reading.
    Read,
    /// For reading and writing; nothing is truncated.
    ReadWrite,
}

/// Kind of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// Anything else.
    Other,
}

/// Device and inode: two paths with the same identity are one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Device.
    pub device: u64,
    /// Inode.
    pub inode: u64,
}

/// What is known of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    /// Length in bytes.
    pub len: u64,
    /// Kind.
    pub kind: NodeKind,
    /// Identity.
    pub identity: Identity,
}

/// A file system, as far as durable programs use one.
///
/// Every call says in its error which operation failed on which path. What a crash leaves behind is defined by the
/// sync calls alone: bytes by [`FsFile::sync_data`], names by [`Fs::sync_dir`] of the folder that holds them.
pub trait Fs: Send + Sync + Debug {
    /// Creates a file that must not exist, for reading and writing. Its name survives a crash after
    /// [`sync_dir`](Fs::sync_dir) of its folder.
    ///
    /// # Errors
    /// [`FsError`]; [`FsErrorKind::AlreadyExists`] when something stands there.
    fn create_new(&self, path: &Path) -> Result<Box<dyn FsFile>, FsError>;

    /// Opens a file that exists.
    ///
    /// # Errors
    /// [`FsError`].
    fn open(&self, path: &Path, access: Access) -> Result<Box<dyn FsFile>, FsError>;

    /// Renames atomically, replacing what stands there.
    ///
    /// # Errors
    /// [`FsError`].
    fn rename(&self, from: &Path, to: &Path) -> Result<(), FsError>;

    /// Renames atomically, and never replaces anything.
    ///
    /// # Errors
    /// [`FsError`]; [`FsErrorKind::AlreadyExists`] when something stands there.
    fn rename_noreplace(&self, from: &Path, to: &Path) -> Result<(), FsError>;

    /// Gives a file a second name on the same file system, and never replaces anything: both names are one file, and of
    /// several callers that ask for one name at once exactly one succeeds.
    ///
    /// # Errors
    /// [`FsError`]; [`FsErrorKind::AlreadyExists`] when something stands there, another kind where links are impossible.
    fn link(&self, from: &Path, to: &Path) -> Result<(), FsError>;

    /// Removes a file's name.
    ///
    /// # Errors
    /// [`FsError`].
    fn unlink(&self, path: &Path) -> Result<(), FsError>;

    /// Creates a folder and the missing ones above it, and returns those created, the outermost first. Each survives a
    /// crash after [`sync_dir`](Fs::sync_dir) of the folder above it.
    ///
    /// # Errors
    /// [`FsError`].
    fn create_dir_all(&self, path: &Path) -> Result<Vec<PathBuf>, FsError>;

    /// Removes an empty folder.
    ///
    /// # Errors
    /// [`FsError`]; [`FsErrorKind::WrongKind`] for a file, or a folder that holds something.
    fn remove_dir(&self, path: &Path) -> Result<(), FsError>;

    /// Takes away the permission to write a file, under all its names: a guard against accidents, no lock.
    ///
    /// # Errors
    /// [`FsError`].
    fn set_read_only(&self, path: &Path) -> Result<(), FsError>;

    /// Makes the names in a folder durable.
    ///
    /// # Errors
    /// [`FsError`].
    fn sync_dir(&self, path: &Path) -> Result<(), FsError>;

    /// The paths in a folder, sorted.
    ///
    /// # Errors
    /// [`FsError`].
    fn read_dir(&self, path: &Path) -> Result<Vec<PathBuf>, FsError>;

    /// What is known of a node; links are followed.
    ///
    /// # Errors
    /// [`FsError`].
    fn metadata(&self, path: &Path) -> Result<Metadata, FsError>;

    /// Takes an exclusive lock on a file, which is created if need be, without waiting. The lock ends with the value,
    /// and with the process.
    ///
    /// # Errors
    /// [`FsError`]; [`FsErrorKind::Locked`] when another holds it.
    fn lock(&self, path: &Path) -> Result<Box<dyn FsLock>, FsError>;

    /// Bytes that may still be written on the file system of a path.
    ///
    /// # Errors
    /// [`FsError`].
    fn free_space(&self, path: &Path) -> Result<u64, FsError>;
}

/// An open file, addressed by offset.
pub trait FsFile: Send + Sync + Debug {
    /// Reads some bytes; 0 at the end.
    ///
    /// # Errors
    /// [`FsError`].
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize, FsError>;

    /// Writes some bytes, not necessarily all; [`write_all_at`] goes on.
    ///
    /// # Errors
    /// [`FsError`].
    fn write_at(&self, bytes: &[u8], offset: u64) -> Result<usize, FsError>;

    /// Cuts the file, or extends it with zeros.
    ///
    /// # Errors
    /// [`FsError`].
    fn set_len(&self, len: u64) -> Result<(), FsError>;

    /// Reserves space for bytes 0 to `len`, so that writing there does not run out of it; they read as zeros.
    ///
    /// # Errors
    /// [`FsError`]; [`FsErrorKind::NoSpace`] when there is not enough.
    fn allocate(&self, len: u64) -> Result<(), FsError>;

    /// Makes the bytes and the length durable.
    ///
    /// After an error the state of what was written is unknown, and calling it again proves nothing: kernels mark
    /// failed pages clean (Rebello et al., USENIX ATC 2020).
    ///
    /// # Errors
    /// [`FsError`].
    fn sync_data(&self) -> Result<(), FsError>;

    /// As [`sync_data`](FsFile::sync_data), with all metadata.
    ///
    /// # Errors
    /// As there.
    fn sync_all(&self) -> Result<(), FsError>;

    /// Length in bytes.
    ///
    /// # Errors
    /// [`FsError`].
    fn len(&self) -> Result<u64, FsError>;

    /// Whether there is no byte.
    ///
    /// # Errors
    /// As [`len`](FsFile::len).
    fn is_empty(&self) -> Result<bool, FsError> {
        Ok(self.len()? == 0)
    }

    /// The path that the file was opened by.
    fn path(&self) -> &Path;
}

/// A held lock; dropping it gives it back.
pub trait FsLock: Send + Sync + Debug {}

/// Writes all bytes at an offset, in as many calls as it takes.
///
/// # Errors
/// [`FsError`]; a file that takes no byte at all is [`FsErrorKind::Io`].
pub fn write_all_at(file: &dyn FsFile, mut bytes: &[u8], mut offset: u64) -> Result<(), FsError> {
    while !bytes.is_empty() {
        let n = file.write_at(bytes, offset)?;
        if n == 0 {
            return Err(FsError::new(
                Op::Write,
                file.path(),
                io::Error::from(io::ErrorKind::WriteZero),
            ));
        }
        bytes = bytes.get(n..).unwrap_or_default();
        offset += u64::try_from(n).unwrap_or(u64::MAX);
    }
    Ok(())
}

/// Fills a buffer from an offset.
///
/// # Errors
/// [`FsError`]; [`FsErrorKind::UnexpectedEnd`] when the file ends before.
pub fn read_exact_at(
    file: &dyn FsFile,
    mut buffer: &mut [u8],
    mut offset: u64,
) -> Result<(), FsError> {
    while !buffer.is_empty() {
        let n = file.read_at(buffer, offset)?;
        if n == 0 {
            let kind = FsErrorKind::UnexpectedEnd;
            let source = io::Error::from(io::ErrorKind::UnexpectedEof);
            return Err(FsError { op: Op::Read, path: file.path().to_path_buf(), kind, source });
        }
        buffer = buffer.get_mut(n..).unwrap_or_default();
        offset += u64::try_from(n).unwrap_or(u64::MAX);
    }
    Ok(())
}
