//! The names of a simulated file system: what look-ups show, what the disk holds, and what lies between.

use super::file::{FileNode, Keep};
use super::random::Random;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::path::{Component, Path};

pub(super) type Inode = u64;
const ROOT: Inode = 1;

#[derive(Debug, Clone, Default)]
pub(super) struct Folder {
    pub(super) live: BTreeMap<OsString, Inode>,
    disk: BTreeMap<OsString, Inode>,
}

#[derive(Debug, Clone)]
pub(super) enum Node {
    File(FileNode),
    Folder(Folder),
}

/// A name in a folder, and what it stands for from now on.
type Binding = (Inode, OsString, Option<Inode>);

#[derive(Debug, Clone)]
pub(super) struct Tree {
    nodes: BTreeMap<Inode, Node>,
    next: Inode,
    /// Each is atomic: a rename binds two names or none.
    pending: Vec<Vec<Binding>>,
}

impl Tree {
    pub(super) fn new() -> Self {
        Self {
            nodes: BTreeMap::from([(ROOT, Node::Folder(Folder::default()))]),
            next: ROOT + 1,
            pending: Vec::new(),
        }
    }

    pub(super) fn node(&self, inode: Inode) -> io::Result<&Node> {
        self.nodes.get(&inode).ok_or_else(|| ErrorKind::NotFound.into())
    }

    pub(super) fn folder(&self, inode: Inode) -> io::Result<&Folder> {
        match self.node(inode)? {
            Node::Folder(folder) => Ok(folder),
            Node::File(_) => Err(ErrorKind::NotADirectory.into()),
        }
    }

    pub(super) fn file(&mut self, inode: Inode) -> io::Result<&mut FileNode> {
        match self.nodes.get_mut(&inode) {
            Some(Node::File(file)) => Ok(file),
            Some(Node::Folder(_)) => Err(ErrorKind::IsADirectory.into()),
            None => Err(ErrorKind::NotFound.into()),
        }
    }

    pub(super) fn find(&self, path: &Path) -> io::Result<Inode> {
        let mut inode = ROOT;
        for name in names(path)? {
            inode = *self.folder(inode)?.live.get(name).ok_or(ErrorKind::NotFound)?;
        }
        Ok(inode)
    }

    /// The folder and the last name of a path.
    fn place(&self, path: &Path) -> io::Result<(Inode, OsString)> {
        let names = names(path)?;
        let (name, above) = names.split_last().ok_or(ErrorKind::AlreadyExists)?;
        let folder = self.find(&above.iter().collect::<std::path::PathBuf>())?;
        self.folder(folder)?;
        Ok((folder, (*name).to_os_string()))
    }

    pub(super) fn create(&mut self, path: &Path, node: Node) -> io::Result<Inode> {
        let (folder, name) = self.place(path)?;
        if self.folder(folder)?.live.contains_key(&name) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let inode = self.next;
        self.next += 1;
        self.nodes.insert(inode, node);
        self.bind(vec![(folder, name, Some(inode))]);
        Ok(inode)
    }

    /// A second name for a file: the same node under both.
    pub(super) fn link(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let inode = self.find(from)?;
        if matches!(self.node(inode)?, Node::Folder(_)) {
            return Err(ErrorKind::PermissionDenied.into()); // as Linux has it
        }
        let (folder, name) = self.place(to)?;
        if self.folder(folder)?.live.contains_key(&name) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        self.bind(vec![(folder, name, Some(inode))]);
        Ok(())
    }

    pub(super) fn remove_folder(&mut self, path: &Path) -> io::Result<()> {
        let inode = self.find(path)?;
        if !self.folder(inode)?.live.is_empty() {
            return Err(ErrorKind::DirectoryNotEmpty.into());
        }
        let (folder, name) = self.place(path)?;
        self.bind(vec![(folder, name, None)]);
        Ok(())
    }

    pub(super) fn unlink(&mut self, path: &Path) -> io::Result<()> {
        let inode = self.find(path)?;
        self.file(inode)?;
        let (folder, name) = self.place(path)?;
        self.bind(vec![(folder, name, None)]);
        Ok(())
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path, may_replace: bool) -> io::Result<()> {
        let inode = self.find(from)?;
        let (source, target) = (self.place(from)?, self.place(to)?);
        if let Some(&stands) = self.folder(target.0)?.live.get(&target.1) {
            if !may_replace {
                return Err(ErrorKind::AlreadyExists.into());
            }
            match (self.node(inode)?, self.node(stands)?) {
                (Node::File(_), Node::Folder(_)) => return Err(ErrorKind::IsADirectory.into()),
                (Node::Folder(_), Node::File(_)) => return Err(ErrorKind::NotADirectory.into()),
                (_, Node::Folder(f)) if stands != inode && !f.live.is_empty() => {
                    return Err(ErrorKind::DirectoryNotEmpty.into());
                }
                _ => {}
            }
            if stands == inode {
                return Ok(());
            }
        }
        if names(to)?.starts_with(&names(from)?) {
            return Err(ErrorKind::InvalidInput.into());
        }
        self.bind(vec![(source.0, source.1, None), (target.0, target.1, Some(inode))]);
        Ok(())
    }

    fn bind(&mut self, change: Vec<Binding>) {
        for (folder, name, inode) in &change {
            if let Some(Node::Folder(folder)) = self.nodes.get_mut(folder) {
                set(&mut folder.live, name, *inode);
            }
        }
        self.pending.push(change);
    }

    fn settle(nodes: &mut BTreeMap<Inode, Node>, change: &[Binding]) {
        for (folder, name, inode) in change {
            if let Some(Node::Folder(folder)) = nodes.get_mut(folder) {
                set(&mut folder.disk, name, *inode);
            }
        }
    }

    /// Makes the names in a folder durable, with those elsewhere that belong to the same rename, and whatever was bound
    /// to these before.
    pub(super) fn sync_folder(&mut self, inode: Inode) -> io::Result<()> {
        self.folder(inode)?;
        let mut taken = BTreeSet::new();
        let mut now = Vec::new();
        let mut later = Vec::new();
        for change in std::mem::take(&mut self.pending).into_iter().rev() {
            let is_taken =
                |(f, name, _): &Binding| *f == inode || taken.contains(&(*f, name.clone()));
            if change.iter().any(is_taken) {
                taken.extend(change.iter().map(|(f, name, _)| (*f, name.clone())));
                now.push(change);
            } else {
                later.push(change);
            }
        }
        for change in now.iter().rev() {
            Self::settle(&mut self.nodes, change);
        }
        later.reverse();
        self.pending = later;
        Ok(())
    }

    /// Blocks in use by files that have a name or are open.
    pub(super) fn blocks(&self) -> usize {
        let mut linked = BTreeSet::new();
        for node in self.nodes.values() {
            if let Node::Folder(folder) = node {
                linked.extend(folder.live.values().copied());
            }
        }
        let used = |(inode, node): (&Inode, &Node)| match node {
            Node::File(file) if file.opens > 0 || linked.contains(inode) => file.blocks.len(),
            _ => 0,
        };
        self.nodes.iter().map(used).sum()
    }

    /// What the machine finds when it is on again.
    pub(super) fn crash(&mut self, seed: u64, rng: &mut Random) {
        let keep = Keep::draw(seed, rng);
        for change in std::mem::take(&mut self.pending) {
            if keep.keeps(rng) {
                Self::settle(&mut self.nodes, &change);
            }
        }
        for node in self.nodes.values_mut() {
            match node {
                Node::File(file) => file.crash(seed, rng),
                Node::Folder(folder) => folder.live.clone_from(&folder.disk),
            }
        }
        let mut reached = BTreeSet::new();
        let mut open = vec![ROOT];
        while let Some(inode) = open.pop() {
            if reached.insert(inode)
                && let Some(Node::Folder(folder)) = self.nodes.get(&inode)
            {
                open.extend(folder.live.values());
            }
        }
        self.nodes.retain(|inode, _| reached.contains(inode));
    }
}

fn set(names: &mut BTreeMap<OsString, Inode>, name: &OsStr, inode: Option<Inode>) {
    match inode {
        Some(inode) => names.insert(name.to_os_string(), inode),
        None => names.remove(name),
    };
}

/// The names of a path; the current folder is the root, and `..` is not offered.
fn names(path: &Path) -> io::Result<Vec<&OsStr>> {
    let mut names = Vec::new();
    for component in path.components() {
        match component {
            Component::RootDir | Component::CurDir => {}
            Component::Normal(name) => names.push(name),
            Component::ParentDir | Component::Prefix(_) => {
                return Err(ErrorKind::InvalidInput.into());
            }
        }
    }
    Ok(names)
}
