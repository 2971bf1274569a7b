//! A file system in memory that loses power, fails and fills up on demand.

mod disk;
mod random;

use crate::error::{FsError, Op};
use crate::fs::{Access, Fs, FsFile, FsLock, Identity, Metadata, NodeKind};
use disk::{Disk, EntryOp, Inode, Node};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// `EIO`.
    Io,
    /// `ENOSPC`.
    NoSpace,
    /// A write takes at most this many bytes; no error.
    Short(usize),
    /// A sync returns `EIO` and forgets what was pending, while reads still show it: what Linux did to databases.
    ForgetAndFail,
}

/// A planned failure: which calls, and how.
#[derive(Debug, Clone)]
pub struct Fault {
    op: Option<Op>,
    path: Option<String>,
    skip: u64,
    times: u64,
    failure: Failure,
}

impl Fault {
    /// The next call fails so, whatever it is.
    #[must_use]
    pub fn new(failure: Failure) -> Self {
        Self { op: None, path: None, skip: 0, times: 1, failure }
    }

    /// Only calls of this kind.
    #[must_use]
    pub fn on(mut self, op: Op) -> Self {
        self.op = Some(op);
        self
    }

    /// Only calls whose path contains this text.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Lets this many matching calls pass first.
    #[must_use]
    pub fn after(mut self, calls: u64) -> Self {
        self.skip = calls;
        self
    }

    /// Fails this many matching calls.
    #[must_use]
    pub fn times(mut self, calls: u64) -> Self {
        self.times = calls;
        self
    }
}

/// A file system in memory whose durability is what its sync calls earned.
///
/// Files keep durable bytes and pending writes, folders durable and pending names. [`crash`](SimFs::crash) keeps any
/// subset of the pending writes, in any order, each whole or torn at 512 or 4096 bytes, and any subset of the pending
/// names; a rename stays atomic. Syncing a new file does not make its name durable.
///
/// - **Determinism:** one seed, one outcome; a test that fails prints its seed.
///
/// ```
/// use durable::{Fs, SimFs};
/// use std::path::Path;
/// let fs = SimFs::new();
/// let file = fs.create_new(Path::new("a"))?;
/// file.write_at(b"decided", 0)?;
/// file.sync_all()?; // the bytes are safe, the name is not
/// let lost = (0..64).filter(|seed| fs.crash(*seed).metadata(Path::new("a")).is_err()).count();
/// assert!(lost > 0);
/// fs.sync_dir(Path::new(""))?;
/// assert!((0..64).all(|seed| fs.crash(seed).metadata(Path::new("a")).is_ok()));
/// # Ok::<(), durable::FsError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct SimFs {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    disk: Disk,
    calls: u64,
    /// The call at which the machine stops; it and all later ones fail.
    stop_at: Option<u64>,
    faults: Vec<Fault>,
    capacity: Option<u64>,
    locks: BTreeSet<PathBuf>,
}

/// What a planned fault does to a call.
enum Verdict {
    Go,
    Short(usize),
    Forget,
}

impl SimFs {
    /// An empty file system of unlimited size.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same file system with room for this many bytes.
    #[must_use]
    pub fn with_capacity(self, bytes: u64) -> Self {
        self.lock_state().capacity = Some(bytes);
        self
    }

    /// Changes the room: a disk that someone cleaned up, or filled.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.lock_state().capacity = bytes;
    }

    /// Plans a failure.
    pub fn fail(&self, fault: Fault) {
        self.lock_state().faults.push(fault);
    }

    /// Stops the machine at a call, counted from 0 over the life of this file system: that call and all later ones fail
    /// without effect.
    pub fn stop_at(&self, call: u64) {
        self.lock_state().stop_at = Some(call);
    }

    /// Calls made so far.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.lock_state().calls
    }

    /// What a machine finds that lost power now: a file system of its own, with no plans and no locks.
    #[must_use]
    pub fn crash(&self, seed: u64) -> Self {
        let disk = self.lock_state().disk.after_power_loss(seed);
        Self { state: Arc::new(Mutex::new(State { disk, ..State::default() })) }
    }

    /// Flips one bit of a file, durably and in what reads see.
    ///
    /// # Errors
    /// [`FsError`] when there is no such file or byte.
    pub fn flip_bit(&self, path: &Path, byte: u64, bit: u8) -> Result<(), FsError> {
        let mut state = self.lock_state();
        let number = state.disk.file(Op::Write, path)?;
        let at = usize::try_from(byte).unwrap_or(usize::MAX);
        let inode = state.disk.inodes.get_mut(&number);
        let flipped = inode.is_some_and(|inode| {
            let mut any = false;
            for bytes in [&mut inode.seen, &mut inode.durable] {
                if let Some(b) = bytes.get_mut(at) {
                    *b ^= 1 << (bit & 7);
                    any = true;
                }
            }
            any
        });
        if flipped { Ok(()) } else { Err(refuse(Op::Write, path, io::ErrorKind::UnexpectedEof)) }
    }

    /// A poisoned lock is a test that panicked elsewhere; its state is still the truth.
    fn lock_state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn entered(&self, op: Op, path: &Path) -> Result<MutexGuard<'_, State>, FsError> {
        let mut state = self.lock_state();
        match state.enter(op, path)? {
            Verdict::Go | Verdict::Short(_) | Verdict::Forget => Ok(state),
        }
    }
}

fn refuse(op: Op, path: &Path, kind: io::ErrorKind) -> FsError {
    FsError::new(op, path, io::Error::from(kind))
}

impl State {
    /// Counts a call and applies the plans.
    fn enter(&mut self, op: Op, path: &Path) -> Result<Verdict, FsError> {
        let call = self.calls;
        self.calls += 1;
        if self.stop_at.is_some_and(|stop| call >= stop) {
            return Err(FsError::new(
                op,
                path,
                io::Error::other("the simulated machine has stopped"),
            ));
        }
        let text = path.to_string_lossy();
        let planned = self.faults.iter_mut().find(|f| {
            f.times > 0
                && f.op.is_none_or(|o| o == op)
                && f.path.as_ref().is_none_or(|p| text.contains(p.as_str()))
        });
        let Some(fault) = planned else { return Ok(Verdict::Go) };
        if fault.skip > 0 {
            fault.skip -= 1;
            return Ok(Verdict::Go);
        }
        fault.times -= 1;
        match fault.failure {
            Failure::Io => Err(FsError::new(op, path, io::Error::other("simulated I/O error"))),
            Failure::NoSpace => Err(refuse(op, path, io::ErrorKind::StorageFull)),
            Failure::Short(n) => Ok(Verdict::Short(n)),
            Failure::ForgetAndFail => Ok(Verdict::Forget),
        }
    }

    fn room(&self) -> u64 {
        self.capacity.map_or(u64::MAX, |c| c.saturating_sub(self.disk.used()))
    }
}

#[derive(Debug)]
struct SimFile {
    fs: SimFs,
    path: PathBuf,
    number: u64,
    access: Access,
}

#[derive(Debug)]
struct SimLock {
    fs: SimFs,
    path: PathBuf,
}

impl FsLock for SimLock {}

impl Drop for SimLock {
    fn drop(&mut self) {
        self.fs.lock_state().locks.remove(&self.path);
    }
}

impl Fs for SimFs {
    fn create_new(&self, path: &Path) -> Result<Box<dyn FsFile>, FsError> {
        let mut state = self.entered(Op::Create, path)?;
        state.disk.need_folder_of(Op::Create, path)?;
        if state.disk.names.contains_key(path) {
            return Err(refuse(Op::Create, path, io::ErrorKind::AlreadyExists));
        }
        let number = state.disk.add_file(path);
        let (fs, path) = (self.clone(), path.to_path_buf());
        Ok(Box::new(SimFile { fs, path, number, access: Access::ReadWrite }))
    }

    fn open(&self, path: &Path, access: Access) -> Result<Box<dyn FsFile>, FsError> {
        let state = self.entered(Op::Open, path)?;
        let number = state.disk.file(Op::Open, path)?;
        Ok(Box::new(SimFile { fs: self.clone(), path: path.to_path_buf(), number, access }))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        let mut state = self.entered(Op::Rename, to)?;
        state.disk.rename(Op::Rename, from, to)
    }

    fn rename_noreplace(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        let mut state = self.entered(Op::RenameNoReplace, to)?;
        if state.disk.names.contains_key(to) {
            return Err(refuse(Op::RenameNoReplace, to, io::ErrorKind::AlreadyExists));
        }
        state.disk.rename(Op::RenameNoReplace, from, to)
    }

    fn unlink(&self, path: &Path) -> Result<(), FsError> {
        let mut state = self.entered(Op::Unlink, path)?;
        state.disk.file(Op::Unlink, path)?;
        state.disk.change(EntryOp::Remove(path.to_path_buf()));
        Ok(())
    }

    fn create_dir_all(&self, path: &Path) -> Result<Vec<PathBuf>, FsError> {
        let mut state = self.entered(Op::CreateDir, path)?;
        let mut created = Vec::new();
        let ancestors: Vec<&Path> = path.ancestors().filter(|p| !is_top(p)).collect();
        for folder in ancestors.into_iter().rev() {
            match state.disk.names.get(folder) {
                Some(Node::Folder) => {}
                Some(Node::File(_)) => {
                    return Err(refuse(Op::CreateDir, folder, io::ErrorKind::NotADirectory));
                }
                None => {
                    state.disk.change(EntryOp::Add(folder.to_path_buf(), Node::Folder));
                    created.push(folder.to_path_buf());
                }
            }
        }
        Ok(created)
    }

    fn sync_dir(&self, path: &Path) -> Result<(), FsError> {
        let mut state = self.lock_state();
        let verdict = state.enter(Op::SyncDir, path)?;
        state.disk.need_folder(Op::SyncDir, path)?;
        state.disk.settle_names(top_or(path), !matches!(verdict, Verdict::Forget));
        if matches!(verdict, Verdict::Forget) {
            return Err(FsError::new(Op::SyncDir, path, io::Error::other("simulated sync error")));
        }
        Ok(())
    }

    fn read_dir(&self, path: &Path) -> Result<Vec<PathBuf>, FsError> {
        let state = self.entered(Op::ReadDir, path)?;
        state.disk.need_folder(Op::ReadDir, path)?;
        let folder = top_or(path);
        Ok(state.disk.names.keys().filter(|p| p.parent() == Some(folder)).cloned().collect())
    }

    fn metadata(&self, path: &Path) -> Result<Metadata, FsError> {
        let state = self.entered(Op::Metadata, path)?;
        let not_found = || refuse(Op::Metadata, path, io::ErrorKind::NotFound);
        if is_top(path) {
            let identity = Identity { device: 0, inode: 0 };
            return Ok(Metadata { len: 0, kind: NodeKind::Folder, identity });
        }
        match state.disk.names.get(path).ok_or_else(not_found)? {
            Node::Folder => {
                let inode = u64::try_from(path.as_os_str().len()).unwrap_or(0);
                Ok(Metadata {
                    len: 0,
                    kind: NodeKind::Folder,
                    identity: Identity { device: 1, inode },
                })
            }
            Node::File(number) => {
                let len = state.disk.inodes.get(number).map_or(0, Inode::len);
                let identity = Identity { device: 0, inode: *number };
                Ok(Metadata { len, kind: NodeKind::File, identity })
            }
        }
    }

    fn lock(&self, path: &Path) -> Result<Box<dyn FsLock>, FsError> {
        let mut state = self.entered(Op::Lock, path)?;
        state.disk.need_folder_of(Op::Lock, path)?;
        if !state.disk.names.contains_key(path) {
            state.disk.add_file(path);
        }
        if !state.locks.insert(path.to_path_buf()) {
            return Err(refuse(Op::Lock, path, io::ErrorKind::WouldBlock));
        }
        Ok(Box::new(SimLock { fs: self.clone(), path: path.to_path_buf() }))
    }

    fn free_space(&self, path: &Path) -> Result<u64, FsError> {
        Ok(self.entered(Op::FreeSpace, path)?.room())
    }
}

/// The top folder always exists; a bare file name stands in it.
fn is_top(path: &Path) -> bool {
    let text = path.as_os_str();
    text.is_empty() || text == "/" || text == "."
}

fn top_or(path: &Path) -> &Path {
    if path.as_os_str() == "." { Path::new("") } else { path }
}

impl SimFile {
    fn enter(&self, op: Op) -> Result<(MutexGuard<'_, State>, Verdict), FsError> {
        let mut state = self.fs.lock_state();
        let verdict = state.enter(op, &self.path)?;
        let writes = matches!(op, Op::Write | Op::SetLen | Op::Allocate);
        if writes && self.access == Access::Read {
            return Err(refuse(op, &self.path, io::ErrorKind::PermissionDenied));
        }
        Ok((state, verdict))
    }

    fn grow(&self, op: Op, state: &State, to: u64) -> Result<(), FsError> {
        let now = state.disk.inodes.get(&self.number).map_or(0, Inode::used);
        if to.saturating_sub(now) > state.room() {
            return Err(refuse(op, &self.path, io::ErrorKind::StorageFull));
        }
        Ok(())
    }

    fn sync(&self, op: Op) -> Result<(), FsError> {
        let (mut state, verdict) = self.enter(op)?;
        let forget = matches!(verdict, Verdict::Forget);
        if let Some(inode) = state.disk.inodes.get_mut(&self.number) {
            inode.settle(!forget);
        }
        if forget {
            return Err(FsError::new(op, &self.path, io::Error::other("simulated sync error")));
        }
        Ok(())
    }
}

impl FsFile for SimFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize, FsError> {
        let (state, _) = self.enter(Op::Read)?;
        let bytes = state.disk.inodes.get(&self.number).map_or(&[][..], |i| &i.seen);
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let rest = bytes.get(from..).unwrap_or_default();
        let n = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..n), rest.get(..n)) {
            to.copy_from_slice(from);
        }
        Ok(n)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> Result<usize, FsError> {
        let (mut state, verdict) = self.enter(Op::Write)?;
        let n = match verdict {
            Verdict::Short(n) => n.min(bytes.len()),
            Verdict::Go | Verdict::Forget => bytes.len(),
        };
        let taken = bytes.get(..n).unwrap_or_default();
        let end = offset.saturating_add(u64::try_from(n).unwrap_or(u64::MAX));
        self.grow(Op::Write, &state, end)?;
        if let Some(inode) = state.disk.inodes.get_mut(&self.number) {
            inode.write(offset, taken);
        }
        Ok(n)
    }

    fn set_len(&self, len: u64) -> Result<(), FsError> {
        let (mut state, _) = self.enter(Op::SetLen)?;
        self.grow(Op::SetLen, &state, len)?;
        if let Some(inode) = state.disk.inodes.get_mut(&self.number) {
            inode.set_len(len);
        }
        Ok(())
    }

    fn allocate(&self, len: u64) -> Result<(), FsError> {
        let (mut state, _) = self.enter(Op::Allocate)?;
        self.grow(Op::Allocate, &state, len)?;
        if let Some(inode) = state.disk.inodes.get_mut(&self.number)
            && inode.len() < len
        {
            inode.set_len(len);
        }
        Ok(())
    }

    fn sync_data(&self) -> Result<(), FsError> {
        self.sync(Op::SyncData)
    }

    fn sync_all(&self) -> Result<(), FsError> {
        self.sync(Op::SyncAll)
    }

    fn len(&self) -> Result<u64, FsError> {
        let (state, _) = self.enter(Op::Len)?;
        Ok(state.disk.inodes.get(&self.number).map_or(0, Inode::len))
    }

    fn path(&self) -> &Path {
        &self.path
    }
}
