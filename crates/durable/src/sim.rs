//! A file system in memory that loses power, fails and fills up on demand.

mod fault;
mod file;
mod random;
mod tree;

pub use fault::{Call, Failure, Fault};

use crate::error::{FsError, Op};
use crate::fs::{Access, Fs, FsFile, FsLock, Identity, Metadata, NodeKind};
use file::{BLOCK, FileNode, size};
use random::Random;
use std::collections::VecDeque;
use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tree::{Folder, Inode, Node, Tree};

/// Calls that [`SimFs::trace`] remembers.
const TRACE: usize = 256;
/// What a device without a set capacity says is free.
const PLENTY: usize = 1 << 28;

/// A machine whose disk keeps only what was synced.
///
/// Bytes are safe after [`FsFile::sync_data`], names after [`Fs::sync_dir`] of their folder, and nothing else is: a
/// synced file whose folder was not synced is gone. [`crash`](SimFs::crash) keeps any part of the rest. It is harsher
/// than ext4 and XFS, so that what survives here survives there. Clones are the same machine; every choice comes from
/// seeds, so a run with the same calls and seeds repeats.
///
/// A folder stands for itself: `/`, `.` and the empty path are the root; `..` is refused.
///
/// ```
/// use durable::{Fs, SimFs, write_all_at};
/// use std::path::Path;
/// let fs = SimFs::new();
/// let path = Path::new("/a");
/// let file = fs.create_new(path)?;
/// write_all_at(file.as_ref(), b"paid", 0)?;
/// file.sync_data()?;
/// assert!(fs.crash(0).metadata(path).is_err()); // the bytes were safe, the name was not
/// fs.sync_dir(Path::new("/"))?;
/// assert_eq!(fs.crash(0).metadata(path)?.len, 4);
/// # Ok::<(), durable::FsError>(())
/// ```
#[derive(Clone)]
pub struct SimFs {
    state: Arc<Mutex<State>>,
}

struct State {
    seed: u64,
    tree: Tree,
    step: u64,
    power_cut: Option<u64>,
    faults: Vec<Fault>,
    trace: VecDeque<(u64, Op, PathBuf)>,
    rng: Random,
    is_short: bool,
    capacity: Option<usize>,
}

impl fmt::Debug for SimFs {
    /// The seed and the step: what it takes to repeat a run.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("SimFs")
            .field("seed", &state.seed)
            .field("step", &state.step)
            .finish_non_exhaustive()
    }
}

impl Default for SimFs {
    fn default() -> Self {
        Self::new()
    }
}

impl SimFs {
    /// An empty disk of unlimited size.
    #[must_use]
    pub fn new() -> Self {
        Self::with(0, Tree::new(), false, None)
    }

    /// The same disk with room for this many bytes, in blocks of 4096.
    #[must_use]
    pub fn with_capacity(self, bytes: u64) -> Self {
        self.set_capacity(Some(bytes));
        self
    }

    fn with(seed: u64, tree: Tree, is_short: bool, capacity: Option<usize>) -> Self {
        let rng = Random::new(seed);
        let (faults, trace) = (Vec::new(), VecDeque::new());
        let state =
            State { seed, tree, step: 0, power_cut: None, faults, trace, rng, is_short, capacity };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The machine after a power cut at this moment, switched on again; this one stays as it is, so that one moment can
    /// be crashed in many ways.
    ///
    /// Seed 0 keeps nothing that was pending, seed 1 all of it. Any other keeps, for each file, some sectors of 512 or
    /// 4096 bytes of some writes in some order, and some of the changed names; a rename is kept whole or not at all.
    #[must_use]
    pub fn crash(&self, seed: u64) -> Self {
        let state = self.state();
        let mut tree = state.tree.clone();
        tree.crash(seed, &mut Random::new(seed));
        Self::with(seed, tree, state.is_short, state.capacity)
    }

    /// Stops the machine before a call, counted from 0 over its life: that call and all later ones fail and change nothing.
    pub fn stop_at(&self, call: u64) {
        self.state().power_cut = Some(call);
    }

    /// Calls so far.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.state().step
    }

    /// The last 256 calls, one a line, for the message of a failing test.
    #[must_use]
    pub fn trace(&self) -> String {
        let line =
            |(step, op, path): &(u64, Op, PathBuf)| format!("{step} {op} `{}`\n", path.display());
        self.state().trace.iter().map(line).collect()
    }

    /// Plans a failure; the first planned one that matches a call decides.
    pub fn fail(&self, fault: Fault) {
        self.state().faults.push(fault);
    }

    /// Forgets all planned failures.
    pub fn heal(&self) {
        self.state().faults.clear();
    }

    /// From now on reads and writes handle any part of what was asked, at least a byte.
    pub fn shorten(&self, seed: u64) {
        let mut state = self.state();
        (state.is_short, state.seed, state.rng) = (true, seed, Random::new(seed));
    }

    /// Sets the size of the disk in bytes, rounded down to blocks of 4096; `None` for no limit.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.state().capacity = bytes.map(|n| usize::try_from(n).unwrap_or(usize::MAX) / BLOCK);
    }

    /// Flips a bit of a file where it lies, as a bad disk does.
    ///
    /// # Errors
    /// [`FsError`] when there is no such file or byte.
    pub fn flip_bit(&self, path: &Path, offset: u64, bit: u8) -> Result<(), FsError> {
        let mut state = self.state();
        let inode = state.tree.find(path).map_err(|e| FsError::new(Op::Open, path, e))?;
        let flipped = state.tree.file(inode).and_then(|file| file.flip(size(offset)?, bit));
        flipped.map_err(|e| FsError::new(Op::Write, path, e))
    }

    /// Runs one counted call.
    fn call<T>(
        &self,
        op: Op,
        path: &Path,
        run: impl FnOnce(&mut State, Option<Failure>) -> io::Result<T>,
    ) -> Result<T, FsError> {
        let mut state = self.state();
        let fault = state.enter(op, path);
        fault.and_then(|fault| run(&mut state, fault)).map_err(|e| FsError::new(op, path, e))
    }

    fn handle(&self, inode: Inode, path: &Path, access: Access) -> Box<dyn FsFile> {
        Box::new(SimFile { fs: self.clone(), inode, path: path.to_path_buf(), access })
    }
}

/// Linux, "Input/output error".
fn eio() -> io::Error {
    io::Error::from_raw_os_error(5)
}

impl State {
    fn enter(&mut self, op: Op, path: &Path) -> io::Result<Option<Failure>> {
        let call = Call { number: self.step, op, path };
        self.step += 1;
        if self.power_cut.is_some_and(|at| call.number >= at) {
            return Err(eio());
        }
        if self.trace.len() == TRACE {
            self.trace.pop_front();
        }
        self.trace.push_back((call.number, op, path.to_path_buf()));
        let failure = self.faults.iter_mut().find_map(|f| f.of(&call));
        match failure {
            Some(Failure::Io) => Err(eio()),
            Some(Failure::NoSpace) => Err(ErrorKind::StorageFull.into()),
            Some(Failure::ForgetAndFail) if !matches!(op, Op::SyncData | Op::SyncAll) => Err(eio()),
            other => Ok(other),
        }
    }

    fn free_blocks(&self) -> usize {
        self.capacity.map_or(PLENTY, |n| n.saturating_sub(self.tree.blocks()))
    }

    /// Part of `n`, at least 1 unless `n` is 0.
    fn shortened(&mut self, n: usize) -> usize {
        if self.is_short && n > 1 { 1 + self.rng.below(n) } else { n }
    }
}

impl Fs for SimFs {
    fn create_new(&self, path: &Path) -> Result<Box<dyn FsFile>, FsError> {
        let node = Node::File(FileNode::opened());
        let inode = self.call(Op::Create, path, |state, _| state.tree.create(path, node))?;
        Ok(self.handle(inode, path, Access::ReadWrite))
    }

    fn open(&self, path: &Path, access: Access) -> Result<Box<dyn FsFile>, FsError> {
        let inode = self.call(Op::Open, path, |state, _| {
            let inode = state.tree.find(path)?;
            state.tree.file(inode)?.opens += 1;
            Ok(inode)
        })?;
        Ok(self.handle(inode, path, access))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        self.call(Op::Rename, to, |state, _| state.tree.rename(from, to, true))
    }

    fn rename_noreplace(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        self.call(Op::RenameNoReplace, to, |state, _| state.tree.rename(from, to, false))
    }

    fn link(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        self.call(Op::Link, to, |state, _| state.tree.link(from, to))
    }

    fn unlink(&self, path: &Path) -> Result<(), FsError> {
        self.call(Op::Unlink, path, |state, _| state.tree.unlink(path))
    }

    fn create_dir_all(&self, path: &Path) -> Result<Vec<PathBuf>, FsError> {
        let mut created = Vec::new();
        let mut folders: Vec<&Path> =
            path.ancestors().filter(|p| p.file_name().is_some()).collect();
        folders.reverse();
        for folder in folders {
            let is_new =
                self.call(Op::CreateDir, folder, |state, _| match state.tree.find(folder) {
                    Ok(inode) => state.tree.folder(inode).map(|_| false),
                    Err(_) => {
                        state.tree.create(folder, Node::Folder(Folder::default())).map(|_| true)
                    }
                })?;
            if is_new {
                created.push(folder.to_path_buf());
            }
        }
        Ok(created)
    }

    fn remove_dir(&self, path: &Path) -> Result<(), FsError> {
        self.call(Op::RemoveDir, path, |state, _| state.tree.remove_folder(path))
    }

    /// Recorded, and nothing more: who may write is no matter of crashes.
    fn set_read_only(&self, path: &Path) -> Result<(), FsError> {
        self.call(Op::SetReadOnly, path, |state, _| state.tree.find(path).map(|_| ()))
    }

    fn sync_dir(&self, path: &Path) -> Result<(), FsError> {
        self.call(Op::SyncDir, path, |state, _| {
            let inode = state.tree.find(path)?;
            state.tree.sync_folder(inode)
        })
    }

    fn read_dir(&self, path: &Path) -> Result<Vec<PathBuf>, FsError> {
        self.call(Op::ReadDir, path, |state, _| {
            let inode = state.tree.find(path)?;
            Ok(state.tree.folder(inode)?.live.keys().map(|name| path.join(name)).collect())
        })
    }

    fn metadata(&self, path: &Path) -> Result<Metadata, FsError> {
        self.call(Op::Metadata, path, |state, _| {
            let inode = state.tree.find(path)?;
            let (len, kind) = match state.tree.node(inode)? {
                Node::File(file) => (file.live.len(), NodeKind::File),
                Node::Folder(_) => (0, NodeKind::Folder),
            };
            let len = u64::try_from(len).unwrap_or(u64::MAX);
            Ok(Metadata { len, kind, identity: Identity { device: 0, inode } })
        })
    }

    fn lock(&self, path: &Path) -> Result<Box<dyn FsLock>, FsError> {
        let inode = self.call(Op::Lock, path, |state, _| {
            let inode = match state.tree.find(path) {
                Ok(inode) => inode,
                Err(_) => state.tree.create(path, Node::File(FileNode::default()))?,
            };
            let file = state.tree.file(inode)?;
            if file.is_locked {
                return Err(ErrorKind::WouldBlock.into());
            }
            file.is_locked = true;
            file.opens += 1;
            Ok(inode)
        })?;
        Ok(Box::new(SimLock { fs: self.clone(), inode }))
    }

    fn free_space(&self, path: &Path) -> Result<u64, FsError> {
        self.call(Op::FreeSpace, path, |state, _| {
            state.tree.find(path)?;
            let bytes = state.free_blocks().saturating_mul(BLOCK);
            Ok(u64::try_from(bytes).unwrap_or(u64::MAX))
        })
    }
}

#[derive(Debug)]
struct SimLock {
    fs: SimFs,
    inode: Inode,
}

impl FsLock for SimLock {}

impl Drop for SimLock {
    fn drop(&mut self) {
        if let Ok(file) = self.fs.state().tree.file(self.inode) {
            file.is_locked = false;
            file.opens = file.opens.saturating_sub(1);
        }
    }
}

#[derive(Debug)]
struct SimFile {
    fs: SimFs,
    inode: Inode,
    path: PathBuf,
    access: Access,
}

impl Drop for SimFile {
    fn drop(&mut self) {
        if let Ok(file) = self.fs.state().tree.file(self.inode) {
            file.opens = file.opens.saturating_sub(1);
        }
    }
}

impl SimFile {
    fn change<T>(
        &self,
        op: Op,
        run: impl FnOnce(&mut State, Option<Failure>) -> io::Result<T>,
    ) -> Result<T, FsError> {
        self.fs.call(op, &self.path, |state, fault| match self.access {
            Access::ReadWrite => run(state, fault),
            // Linux, "Bad file descriptor".
            Access::Read => Err(io::Error::from_raw_os_error(9)),
        })
    }

    fn sync(&self, op: Op) -> Result<(), FsError> {
        self.fs.call(op, &self.path, |state, fault| {
            let file = state.tree.file(self.inode)?;
            if fault == Some(Failure::ForgetAndFail) {
                file.lose_pages();
                return Err(eio());
            }
            file.sync();
            Ok(())
        })
    }
}

impl FsFile for SimFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize, FsError> {
        self.fs.call(Op::Read, &self.path, |state, _| {
            let len = state.tree.file(self.inode)?.live.len();
            let start = usize::try_from(offset).unwrap_or(usize::MAX).min(len);
            let n = state.shortened(buffer.len().min(len - start));
            let file = state.tree.file(self.inode)?;
            buffer[..n].copy_from_slice(&file.live[start..start + n]);
            Ok(n)
        })
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> Result<usize, FsError> {
        self.change(Op::Write, |state, fault| {
            let offset = size(offset)?;
            size(u64::try_from(offset + bytes.len()).unwrap_or(u64::MAX))?;
            let asked = match fault {
                Some(Failure::Short(n)) => bytes.len().min(n.max(1)),
                _ => state.shortened(bytes.len()),
            };
            let free = state.free_blocks();
            let file = state.tree.file(self.inode)?;
            let n = file.fitting(offset, asked, free);
            if n == 0 && !bytes.is_empty() {
                return Err(ErrorKind::StorageFull.into());
            }
            file.write(offset, &bytes[..n]);
            Ok(n)
        })
    }

    fn set_len(&self, len: u64) -> Result<(), FsError> {
        self.change(Op::SetLen, |state, _| {
            state.tree.file(self.inode)?.set_len(size(len)?);
            Ok(())
        })
    }

    fn allocate(&self, len: u64) -> Result<(), FsError> {
        self.change(Op::Allocate, |state, _| {
            let len = size(len)?;
            let free = state.free_blocks();
            let file = state.tree.file(self.inode)?;
            if file.fitting(0, len, free) < len {
                return Err(ErrorKind::StorageFull.into());
            }
            file.allocate(len);
            Ok(())
        })
    }

    fn sync_data(&self) -> Result<(), FsError> {
        self.sync(Op::SyncData)
    }

    fn sync_all(&self) -> Result<(), FsError> {
        self.sync(Op::SyncAll)
    }

    fn len(&self) -> Result<u64, FsError> {
        self.fs.call(Op::Len, &self.path, |state, _| {
            Ok(u64::try_from(state.tree.file(self.inode)?.live.len()).unwrap_or(u64::MAX))
        })
    }

    fn path(&self) -> &Path {
        &self.path
    }
}
