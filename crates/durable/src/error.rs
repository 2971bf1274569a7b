//! What went wrong with a file, in terms that a caller can act on.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A call on the file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the calls of `Fs` and `FsFile`")]
pub enum Op {
    Create,
    Open,
    Read,
    Write,
    SetLen,
    Allocate,
    SyncData,
    SyncAll,
    Len,
    Rename,
    RenameNoReplace,
    Link,
    Unlink,
    CreateDir,
    RemoveDir,
    SetReadOnly,
    SyncDir,
    ReadDir,
    Metadata,
    Lock,
    FreeSpace,
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Open => "open",
            Self::Read => "read",
            Self::Write => "write",
            Self::SetLen => "set length",
            Self::Allocate => "allocate",
            Self::SyncData => "sync data",
            Self::SyncAll => "sync",
            Self::Len => "length",
            Self::Rename => "rename",
            Self::RenameNoReplace => "rename without replacing",
            Self::Link => "link",
            Self::Unlink => "remove",
            Self::CreateDir => "create folder",
            Self::RemoveDir => "remove folder",
            Self::SetReadOnly => "make read-only",
            Self::SyncDir => "sync folder",
            Self::ReadDir => "list",
            Self::Metadata => "look up",
            Self::Lock => "lock",
            Self::FreeSpace => "free space",
        })
    }
}

/// What a caller must tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FsErrorKind {
    /// There is no such file or folder.
    NotFound,
    /// Something stands there already.
    AlreadyExists,
    /// Another process holds the lock.
    Locked,
    /// Not permitted, or a read-only file system.
    Permission,
    /// A folder where a file was expected, or the other way round.
    WrongKind,
    /// The disk or a quota is full: wait, free space, try again.
    NoSpace,
    /// The file ended before what was asked for.
    UnexpectedEnd,
    /// The device or file system failed; for a sync, what was written may be lost.
    Io,
}

/// A failed call: which one, on which path, and why.
#[derive(Debug, thiserror::Error)]
#[error("{op} `{}`: {source}", path.display())]
pub struct FsError {
    /// The call.
    pub op: Op,
    /// The path.
    pub path: PathBuf,
    /// What a caller must tell apart.
    pub kind: FsErrorKind,
    /// The cause.
    #[source]
    pub source: io::Error,
}

impl FsError {
    /// Classes an error of the operating system.
    #[must_use]
    pub fn new(op: Op, path: &Path, source: io::Error) -> Self {
        use io::ErrorKind as K;
        let kind = match source.kind() {
            K::NotFound => FsErrorKind::NotFound,
            K::AlreadyExists => FsErrorKind::AlreadyExists,
            K::WouldBlock => FsErrorKind::Locked,
            K::PermissionDenied | K::ReadOnlyFilesystem => FsErrorKind::Permission,
            K::IsADirectory | K::NotADirectory | K::DirectoryNotEmpty => FsErrorKind::WrongKind,
            K::StorageFull | K::QuotaExceeded => FsErrorKind::NoSpace,
            K::UnexpectedEof => FsErrorKind::UnexpectedEnd,
            _ => FsErrorKind::Io,
        };
        Self { op, path: path.to_path_buf(), kind, source }
    }

    /// The failed call inside an error of [`io::Write`], also behind the errors of a writer that wraps one.
    #[must_use]
    pub fn inside<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e Self> {
        if let Some(found) = error.downcast_ref::<Self>() {
            return Some(found);
        }
        if let Some(inner) = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            return Self::inside(inner);
        }
        error.source().and_then(Self::inside)
    }

    /// Whether the same call may succeed later without anyone mending anything but space or a lock.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self.kind, FsErrorKind::NoSpace | FsErrorKind::Locked)
    }

    /// The word of the error, `durable/<kind>`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self.kind {
            FsErrorKind::NotFound => "durable/not-found",
            FsErrorKind::AlreadyExists => "durable/already-exists",
            FsErrorKind::Locked => "durable/locked",
            FsErrorKind::Permission => "durable/permission",
            FsErrorKind::WrongKind => "durable/wrong-kind",
            FsErrorKind::NoSpace => "durable/no-space",
            FsErrorKind::UnexpectedEnd => "durable/unexpected-end",
            FsErrorKind::Io => "durable/io",
        }
    }
}

impl From<FsError> for io::Error {
    /// Keeps the kind, and the whole error inside.
    fn from(error: FsError) -> Self {
        Self::new(error.source.kind(), error)
    }
}
