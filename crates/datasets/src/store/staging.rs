//! A version being built: files that are hashed while they are written, where no reader looks.

use super::Store;
use super::error::PublishError;
use super::place::{self, Place};
use super::verify::{FileDamage, damage};
use super::version::Version;
use crate::canonical::{Instant, Sha256, to_canonical};
use crate::folder::Folder;
use crate::layout::file;
use crate::role::Split;
use contract::{Hash, Name, UtcNanos};
use durable::{Access, Fs, FsError, FsErrorKind, FsFile, write_all_at};
use serde::{Deserialize, Serialize};
use sha2::Digest as _;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes that gather before they are written.
const BUFFER: usize = 1 << 18;

/// When a build was started, for whoever collects what was left behind: the library reads no clock.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Started {
    pub(super) ts: Instant,
}

/// A build in progress, in the folder `tmp` of its dataset.
///
/// Files may be written by several threads at once. Dropping it removes nothing: a collector takes away what is older
/// than a day, and [`discard`](Staging::discard) all of it at once.
#[derive(Debug)]
pub struct Staging {
    pub(super) store: Store,
    pub(super) name: Name,
    pub(super) place: Place,
    /// `tmp/<build>`.
    pub(super) build: PathBuf,
    /// The folder that becomes the version.
    pub(super) root: PathBuf,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    sealed: BTreeMap<String, SealedFile>,
    /// Folders that were created, by their path in the version.
    folders: BTreeSet<String>,
    open: BTreeSet<String>,
}

/// A whole file of a build, synced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedFile {
    /// Its path in the version.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: Sha256,
}

impl Store {
    /// Starts a build of a dataset. `build` names it: 1 to 64 of a-z, 0-9, `_`, `-` and `.`, never used before for this
    /// dataset, as a random UUID is.
    ///
    /// # Errors
    /// [`PublishError::Build`] for a name that is malformed or taken; [`StoreError::Fs`](super::StoreError::Fs).
    pub fn stage(&self, name: &Name, build: &str, now: UtcNanos) -> Result<Staging, PublishError> {
        let refuse = |expected| PublishError::Build { build: build.to_owned(), expected };
        if Name::parse(build).is_err() {
            return Err(refuse("1 to 64 of a-z, 0-9, `_`, `-` and `.`"));
        }
        let (fs, place) = (self.fs.as_ref(), self.place(name));
        place.prepare(fs)?;
        let folder = place.tmp.join(build);
        // Of two that ask at once, one has created it.
        if !fs.create_dir_all(&folder)?.contains(&folder) {
            return Err(refuse("a name that no build of this dataset has"));
        }
        let text = to_canonical(&Started { ts: Instant(now.nanos()) })
            .map_err(|source| super::StoreError::Document { what: "started.json", source })?;
        place::write_anew(fs, &folder.join(place::STARTED), &text)?;
        let root = folder.join(place::STAGED);
        fs.create_dir_all(&root)?;
        let (store, name, inner) = (self.clone(), name.clone(), Arc::default());
        Ok(Staging { store, name, place, build: folder, root, inner })
    }
}

impl Staging {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn fs(&self) -> &dyn Fs {
        self.store.fs.as_ref()
    }

    /// What was sealed so far, by path.
    #[must_use]
    pub fn sealed(&self) -> BTreeMap<String, SealedFile> {
        self.inner().sealed.clone()
    }

    /// Folders of the version, leaves first, the version itself last.
    pub(super) fn folders(&self) -> Vec<PathBuf> {
        let folders = self.inner().folders.clone();
        let mut paths: Vec<PathBuf> = folders.iter().rev().map(|f| self.root.join(f)).collect();
        paths.push(self.root.clone());
        paths
    }

    /// The files written so far, to be read and checked before they are published.
    #[must_use]
    pub fn folder(&self) -> Folder {
        Folder::new(Arc::clone(&self.store.fs), &self.root)
    }

    /// Takes a path for a file and creates the folders above it.
    fn claim(&self, path: &str) -> Result<PathBuf, PublishError> {
        lawful(path)?;
        {
            let mut inner = self.inner();
            if inner.sealed.contains_key(path) || !inner.open.insert(path.to_owned()) {
                let expected = "a path that was not written before";
                return Err(PublishError::Path { path: path.to_owned(), expected });
            }
            for (at, _) in path.match_indices('/') {
                inner.folders.insert(path[..at].to_owned());
            }
        }
        let full = self.root.join(path);
        if let Some(above) = full.parent() {
            self.fs().create_dir_all(above).inspect_err(|_| self.release(path))?;
        }
        Ok(full)
    }

    fn release(&self, path: &str) {
        self.inner().open.remove(path);
    }

    /// Files that were begun and neither sealed nor refused.
    pub(super) fn unsealed(&self) -> Option<String> {
        let inner = self.inner();
        inner.open.iter().find(|path| !inner.sealed.contains_key(*path)).cloned()
    }

    /// Starts a file of the version. Its path is relative, with `/` between its parts; data files are
    /// `data/<split>/<file>`, and nothing else may have the name of a split, or a word like it, in its path.
    ///
    /// # Errors
    /// [`PublishError::Path`]; [`StoreError::Fs`](super::StoreError::Fs).
    pub fn create(&self, path: &str) -> Result<StagedFile, PublishError> {
        let full = self.claim(path)?;
        let file = self.fs().create_new(&full).inspect_err(|_| self.release(path))?;
        Ok(StagedFile {
            file,
            fs: Arc::clone(&self.store.fs),
            full,
            path: path.to_owned(),
            buffer: Vec::new(),
            written: 0,
            sha256: sha2::Sha256::new(),
            inner: Arc::clone(&self.inner),
        })
    }

    /// Takes over a file of a published version under the same path: a second name for it, or a copy where links are
    /// impossible. Its bytes are read and hashed first: what was damaged since is not taken over.
    ///
    /// - **Cost:** every byte of the file once.
    ///
    /// # Errors
    /// [`PublishError::Reuse`] when the version has no such file, or one with another hash or length; then nothing is
    /// staged under the path, and the file can be written anew.
    pub fn reuse(
        &self,
        from: &Version,
        path: &str,
        expected: Sha256,
    ) -> Result<SealedFile, PublishError> {
        let listed = from.manifest.files.iter().find(|f| f.path == path).map(|f| f.sha256);
        let listed = listed.or_else(|| from.manifest.documents.get(path).copied());
        let refuse = |found: String| PublishError::Reuse { path: path.to_owned(), expected, found };
        if listed != Some(expected) {
            return Err(refuse(listed.map_or("no such file".to_owned(), |hash| hash.to_string())));
        }
        let source = from.folder.root().join(path);
        let said = from.manifest.files.iter().find(|file| file.path == path).map(|f| f.bytes);
        match damage(self.fs(), &source, expected, said)? {
            None => {}
            Some(FileDamage::Length { found, .. }) => return Err(refuse(format!("{found} bytes"))),
            Some(FileDamage::Changed { found, .. }) => return Err(refuse(found.to_string())),
            Some(_) => return Err(refuse("no such file".to_owned())),
        }
        let full = self.claim(path)?;
        if let Err(error) = self.fs().link(&source, &full) {
            self.release(path);
            if matches!(error.kind, FsErrorKind::Permission | FsErrorKind::Io) {
                return self.copy(from, path, expected).inspect_err(|_| self.forget(path, &full));
            }
            if error.kind == FsErrorKind::NotFound {
                return Err(refuse("no such file".to_owned())); // gone since it was read
            }
            return Err(error.into());
        }
        let bytes = self.fs().metadata(&full).inspect_err(|_| self.forget(path, &full))?.len;
        let sealed = SealedFile { path: path.to_owned(), bytes, sha256: expected };
        self.inner().sealed.insert(path.to_owned(), sealed.clone());
        Ok(sealed)
    }

    fn copy(
        &self,
        from: &Version,
        path: &str,
        expected: Sha256,
    ) -> Result<SealedFile, PublishError> {
        let source = self.fs().open(&from.folder.root().join(path), Access::Read)?;
        let mut target = self.create(path)?;
        let mut buffer = vec![0; BUFFER];
        let mut at = 0;
        loop {
            let n = source.read_at(&mut buffer, at)?;
            if n == 0 {
                break;
            }
            target.add(buffer.get(..n).unwrap_or_default())?;
            at += u64::try_from(n).unwrap_or(u64::MAX);
        }
        let sealed = target.seal()?;
        if sealed.sha256 != expected {
            let found = sealed.sha256.to_string();
            return Err(PublishError::Reuse { path: path.to_owned(), expected, found });
        }
        Ok(sealed)
    }

    /// Leaves nothing under a path that could not be taken over.
    fn forget(&self, path: &str, full: &Path) {
        if let Err(error) = place::present(self.fs().unlink(full)) {
            tracing::warn!(path, %error, "a file that was refused stays in the build");
        }
        let mut inner = self.inner();
        inner.sealed.remove(path);
        inner.open.remove(path);
    }

    /// Removes all of the build that was not published.
    ///
    /// # Errors
    /// [`StoreError::Fs`](super::StoreError::Fs).
    pub fn discard(self) -> Result<(), PublishError> {
        Ok(remove(self.fs(), &self.build)?)
    }
}

/// Removes a folder and all that it holds; what is not there is no error.
pub(super) fn remove(fs: &dyn Fs, folder: &Path) -> Result<(), FsError> {
    let Some(found) = place::present(place::walk(fs, folder))? else { return Ok(()) };
    for (path, metadata) in found {
        let removed = if metadata.kind == durable::NodeKind::Folder {
            fs.remove_dir(&path)
        } else {
            fs.unlink(&path)
        };
        place::present(removed)?;
    }
    place::present(fs.remove_dir(folder)).map(|_| ())
}

/// Refuses a path that leaves the version, or that a reader could take for a split.
fn lawful(path: &str) -> Result<(), PublishError> {
    let refuse = |expected| Err(PublishError::Path { path: path.to_owned(), expected });
    let is_plain = |part: &str| {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
        !part.is_empty() && !part.starts_with('.') && part.bytes().all(allowed)
    };
    if !path.split('/').all(is_plain) {
        return refuse("a relative path of A-Z, a-z, 0-9, `_`, `-` and `.`");
    }
    if matches!(path, file::MANIFEST | place::COLLECTED) {
        return refuse("any name but that of the manifest, which is written by the publication");
    }
    let parts: Vec<&str> = path.split('/').collect();
    let (is_split, rest) = match parts.as_slice() {
        [file::DATA, split, rest @ ..] => (Split::parse(split).is_some(), rest.len() == 1),
        _ => (false, true),
    };
    if parts.first() == Some(&file::DATA) && !(is_split && rest) {
        return refuse("`data/<split>/<file>` below `data`");
    }
    let named = if is_split { parts.get(2..).unwrap_or_default() } else { parts.as_slice() };
    let like_a_split = |part: &&str| {
        let part = part.to_ascii_lowercase();
        ["train", "test", "valid", "dev", "eval"].iter().any(|word| part.contains(word))
    };
    if named.iter().any(like_a_split) {
        return refuse("no word for a split in its name, since readers take it for one");
    }
    Ok(())
}

/// A file of a build while it is written. Dropped unsealed, it is no part of the version.
#[derive(Debug)]
pub struct StagedFile {
    file: Box<dyn FsFile>,
    fs: Arc<dyn Fs>,
    full: PathBuf,
    path: String,
    buffer: Vec<u8>,
    /// Bytes in the file, without those in the buffer.
    written: u64,
    sha256: sha2::Sha256,
    inner: Arc<Mutex<Inner>>,
}

impl StagedFile {
    fn add(&mut self, bytes: &[u8]) -> Result<(), FsError> {
        if self.buffer.len() + bytes.len() > BUFFER {
            self.write_out()?;
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    fn write_out(&mut self) -> Result<(), FsError> {
        write_all_at(self.file.as_ref(), &self.buffer, self.written)?;
        self.sha256.update(&self.buffer);
        self.written += u64::try_from(self.buffer.len()).unwrap_or(u64::MAX);
        self.buffer.clear();
        Ok(())
    }

    /// Syncs the file and closes it.
    ///
    /// # Errors
    /// [`StoreError::Fs`](super::StoreError::Fs); then the build is to be discarded.
    pub fn seal(mut self) -> Result<SealedFile, PublishError> {
        self.write_out()?;
        self.file.sync_all()?;
        self.fs.set_read_only(&self.full)?;
        let sha256 = Sha256(Hash::from_bytes(std::mem::take(&mut self.sha256).finalize().into()));
        let sealed = SealedFile { path: self.path.clone(), bytes: self.written, sha256 };
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.sealed.insert(self.path.clone(), sealed.clone());
        Ok(sealed)
    }
}

impl io::Write for StagedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.add(bytes)?;
        Ok(bytes.len())
    }

    /// Does nothing: what was written is safe once the file is sealed.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
