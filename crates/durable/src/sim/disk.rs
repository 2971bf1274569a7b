//! What is on the simulated disk, what is only on its way there, and what is left of it after a power loss.

use super::random::Random;
use super::{is_top, refuse, top_or};
use crate::error::{FsError, Op};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    File(u64),
    Folder,
}

/// A change of names that may or may not survive; a rename is one change and stays atomic.
#[derive(Debug, Clone)]
pub(super) enum EntryOp {
    Add(PathBuf, Node),
    Remove(PathBuf),
    Rename(PathBuf, PathBuf, Node),
}

impl EntryOp {
    fn apply(&self, names: &mut BTreeMap<PathBuf, Node>) {
        match self {
            Self::Add(path, node) => {
                names.insert(path.clone(), node.clone());
            }
            Self::Remove(path) => {
                names.remove(path);
            }
            Self::Rename(from, to, node) => {
                names.remove(from);
                names.insert(to.clone(), node.clone());
            }
        }
    }

    fn folder(&self) -> Option<&Path> {
        match self {
            Self::Add(path, _) | Self::Remove(path) | Self::Rename(_, path, _) => path.parent(),
        }
    }
}

/// A change of bytes that may or may not survive.
#[derive(Debug, Clone)]
enum Change {
    Write(u64, Vec<u8>),
    Len(u64),
}

#[derive(Debug, Clone, Default)]
pub(super) struct Inode {
    pub(super) durable: Vec<u8>,
    pub(super) seen: Vec<u8>,
    pending: Vec<Change>,
}

fn index(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

fn put(bytes: &mut Vec<u8>, offset: u64, part: &[u8]) {
    let (from, to) = (index(offset), index(offset).saturating_add(part.len()));
    if bytes.len() < to {
        bytes.resize(to, 0);
    }
    if let Some(slot) = bytes.get_mut(from..to) {
        slot.copy_from_slice(part);
    }
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(offset, part) => put(bytes, *offset, part),
            Self::Len(len) => bytes.resize(index(*len), 0),
        }
    }

    /// Whole, not at all, or some of its blocks.
    fn apply_torn(&self, bytes: &mut Vec<u8>, random: &mut Random) {
        let Self::Write(offset, part) = self else {
            if random.coin() {
                self.apply(bytes);
            }
            return;
        };
        match random.below(4) {
            0 => {}
            1 => self.apply(bytes),
            way => {
                let block: u64 = if way == 2 { 512 } else { 4096 };
                let mut at = *offset;
                let mut rest = part.as_slice();
                while !rest.is_empty() {
                    let n = index(block - at % block).min(rest.len());
                    let (head, tail) = rest.split_at(n);
                    if random.coin() {
                        put(bytes, at, head);
                    }
                    at += u64::try_from(n).unwrap_or(0);
                    rest = tail;
                }
            }
        }
    }
}

impl Inode {
    pub(super) fn len(&self) -> u64 {
        u64::try_from(self.seen.len()).unwrap_or(u64::MAX)
    }

    /// Room taken on the disk.
    pub(super) fn used(&self) -> u64 {
        self.len().max(u64::try_from(self.durable.len()).unwrap_or(u64::MAX))
    }

    pub(super) fn write(&mut self, offset: u64, bytes: &[u8]) {
        put(&mut self.seen, offset, bytes);
        self.pending.push(Change::Write(offset, bytes.to_vec()));
    }

    pub(super) fn set_len(&mut self, len: u64) {
        self.seen.resize(index(len), 0);
        self.pending.push(Change::Len(len));
    }

    /// A sync: what is pending becomes durable, or, after a failed one, never will.
    pub(super) fn settle(&mut self, ok: bool) {
        let pending = std::mem::take(&mut self.pending);
        if ok {
            for change in &pending {
                change.apply(&mut self.durable);
            }
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Disk {
    pub(super) names: BTreeMap<PathBuf, Node>,
    durable_names: BTreeMap<PathBuf, Node>,
    pending_names: Vec<EntryOp>,
    pub(super) inodes: BTreeMap<u64, Inode>,
    next: u64,
}

impl Disk {
    pub(super) fn used(&self) -> u64 {
        let reachable = self.reachable();
        self.inodes
            .iter()
            .filter(|(number, _)| reachable.contains(number))
            .map(|(_, i)| i.used())
            .sum()
    }

    pub(super) fn file(&self, op: Op, path: &Path) -> Result<u64, FsError> {
        match self.names.get(path) {
            Some(Node::File(number)) => Ok(*number),
            Some(Node::Folder) => Err(refuse(op, path, io::ErrorKind::IsADirectory)),
            None if is_top(path) => Err(refuse(op, path, io::ErrorKind::IsADirectory)),
            None => Err(refuse(op, path, io::ErrorKind::NotFound)),
        }
    }

    pub(super) fn need_folder(&self, op: Op, path: &Path) -> Result<(), FsError> {
        match self.names.get(path) {
            Some(Node::Folder) => Ok(()),
            _ if is_top(path) => Ok(()),
            Some(Node::File(_)) => Err(refuse(op, path, io::ErrorKind::NotADirectory)),
            None => Err(refuse(op, path, io::ErrorKind::NotFound)),
        }
    }

    pub(super) fn need_folder_of(&self, op: Op, path: &Path) -> Result<(), FsError> {
        self.need_folder(op, path.parent().unwrap_or(Path::new("")))
    }

    pub(super) fn add_file(&mut self, path: &Path) -> u64 {
        self.next += 1;
        self.inodes.insert(self.next, Inode::default());
        self.change(EntryOp::Add(path.to_path_buf(), Node::File(self.next)));
        self.next
    }

    pub(super) fn change(&mut self, op: EntryOp) {
        op.apply(&mut self.names);
        self.pending_names.push(op);
    }

    pub(super) fn rename(&mut self, op: Op, from: &Path, to: &Path) -> Result<(), FsError> {
        let number = self.file(op, from)?;
        self.need_folder_of(op, to)?;
        if self.names.get(to) == Some(&Node::Folder) {
            return Err(refuse(op, to, io::ErrorKind::IsADirectory));
        }
        self.change(EntryOp::Rename(from.to_path_buf(), to.to_path_buf(), Node::File(number)));
        Ok(())
    }

    /// A sync of a folder: its pending names become durable, or never will.
    pub(super) fn settle_names(&mut self, folder: &Path, ok: bool) {
        let (mine, others): (Vec<EntryOp>, Vec<EntryOp>) = std::mem::take(&mut self.pending_names)
            .into_iter()
            .partition(|op| op.folder().is_some_and(|f| top_or(f) == folder));
        self.pending_names = others;
        if ok {
            for op in &mine {
                op.apply(&mut self.durable_names);
            }
        }
    }

    /// Files that a name, durable, pending or seen, leads to; the others take no room.
    fn reachable(&self) -> BTreeSet<u64> {
        let nodes = self.names.values().chain(self.durable_names.values());
        let pending = self.pending_names.iter().filter_map(|op| match op {
            EntryOp::Add(_, node) | EntryOp::Rename(_, _, node) => Some(node),
            EntryOp::Remove(_) => None,
        });
        let files = nodes.chain(pending).filter_map(|node| match node {
            Node::File(number) => Some(*number),
            Node::Folder => None,
        });
        files.collect()
    }

    pub(super) fn after_power_loss(&self, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut names = self.durable_names.clone();
        for op in &self.pending_names {
            if random.coin() {
                op.apply(&mut names);
            }
        }
        // A name without its folder is gone with it.
        let there = names.clone();
        names.retain(|path, _| {
            path.ancestors()
                .skip(1)
                .filter(|p| !is_top(p))
                .all(|p| there.get(p) == Some(&Node::Folder))
        });
        let mut inodes = BTreeMap::new();
        for node in names.values() {
            let Node::File(number) = node else { continue };
            let Some(inode) = self.inodes.get(number) else { continue };
            let mut bytes = inode.durable.clone();
            let mut pending = inode.pending.clone();
            random.shuffle(&mut pending);
            for change in &pending {
                change.apply_torn(&mut bytes, &mut random);
            }
            inodes.insert(
                *number,
                Inode { durable: bytes.clone(), seen: bytes, pending: Vec::new() },
            );
        }
        Self {
            durable_names: names.clone(),
            names,
            pending_names: Vec::new(),
            inodes,
            next: self.next,
        }
    }
}
