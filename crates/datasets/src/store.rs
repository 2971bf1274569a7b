//! The store: immutable versions of datasets, each published by the exclusive creation of one small record.

mod collect;
mod commit;
mod error;
mod events;
mod history;
mod mark;
mod place;
mod publish;
mod record;
mod runs;
mod staging;
mod tail;
mod verify;
mod version;
mod version_ref;

pub use collect::{GcDone, GcItem, GcPlan, GcPolicy, GcReason};
pub use error::{PublishError, StoreError};
pub use events::dataset_events;
pub use publish::PublishedVersion;
pub use record::{CommitFacts, CommitRecord};
pub use staging::{SealedFile, StagedFile, Staging};
pub use tail::{Tail, TailError};
pub use verify::{FileDamage, FileFinding};
pub use version::Version;
pub use version_ref::{VersionAt, VersionRef};

use crate::canonical::Sha256;
use crate::manifest::Manifest;
use contract::{Gate, Name};
use durable::{Fs, FsErrorKind, NodeKind};
use history::History;
use place::Place;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A folder of datasets, each with its versions and the log that says which of them exist.
///
/// The log is the truth: a version exists if and only if its record does. Builds that were cut off, folders that no
/// record names and stale files in `refs/` change nothing for a reader. Several processes may read and publish at once
/// without a lock. Clones are the same store.
///
/// - **Cost:** every look-up reads the log of the dataset, a small file a record.
///
/// ```
/// use contract::{AllowLocal, Name, UtcNanos};
/// use datasets::{Store, VersionRef};
/// use durable::RealFs;
/// use std::{io::Write, sync::Arc};
/// # let folder = tempfile::tempdir()?;
/// let gate = Arc::new(AllowLocal { reason: "own data".into() });
/// let store = Store::open(Arc::new(RealFs), folder.path().join("datasets"), gate)?;
/// assert_eq!(store.names()?, []);
///
/// let name = Name::parse("entries")?;
/// let started = UtcNanos::parse("2026-07-01T06:00:00Z")?;
/// let staging = store.stage(&name, "01890a5d", started)?;
/// let mut card = staging.create("README.md")?;
/// card.write_all(b"# entries\n")?;
/// assert_eq!(card.seal()?.bytes, 10);
/// assert_eq!(staging.folder().text("README.md")?, "# entries\n"); // read it back before it is published
/// assert!(store.resolve(&VersionRef::latest(name)).is_err()); // and nobody else sees it
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Store {
    fs: Arc<dyn Fs>,
    root: PathBuf,
    gate: Arc<dyn Gate>,
}

impl Store {
    /// The store in a folder, which need not exist yet. Nothing is created, and nothing that a crash left half done is
    /// touched.
    ///
    /// # Errors
    /// [`StoreError::Fs`] when something that is no folder stands there.
    pub fn open(
        fs: Arc<dyn Fs>,
        root: impl Into<PathBuf>,
        gate: Arc<dyn Gate>,
    ) -> Result<Self, StoreError> {
        let root = root.into();
        place::present(fs.read_dir(&root))?;
        Ok(Self { fs, root, gate })
    }

    /// The store in a folder that is one: it holds a dataset, if only one that is being built, or nothing yet.
    ///
    /// # Errors
    /// [`StoreError::NoStore`] when there is no folder, or one of something else; as [`open`](Self::open).
    pub fn existing(
        fs: Arc<dyn Fs>,
        root: impl Into<PathBuf>,
        gate: Arc<dyn Gate>,
    ) -> Result<Self, StoreError> {
        let store = Self::open(fs, root, gate)?;
        let no_store = |found: String| StoreError::NoStore { root: store.root.clone(), found };
        let Some(entries) = place::present(store.fs.read_dir(&store.root))? else {
            return Err(no_store("no folder".to_owned()));
        };
        let is_dataset = |path: &PathBuf| {
            Name::parse(&place::file_name(path)).is_ok_and(|name| {
                store.fs.metadata(&store.place(&name).log).is_ok_and(|m| m.kind == NodeKind::Folder)
            })
        };
        if entries.is_empty() || entries.iter().any(is_dataset) {
            return Ok(store);
        }
        let entry = if entries.len() == 1 { "entry" } else { "entries" };
        Err(no_store(format!("{} {entry}, none of them a dataset", entries.len())))
    }

    /// Its folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn place(&self, name: &Name) -> Place {
        Place::new(&self.root, name)
    }

    /// The log of a dataset that has one.
    fn records(&self, name: &Name) -> Result<History, StoreError> {
        let history = History::read(self.fs.as_ref(), &self.place(name), name)?;
        if history.records.is_empty() {
            let names = self.names()?;
            let near = place::near(name.as_str(), names.iter().map(Name::as_str));
            return Err(StoreError::UnknownDataset { name: name.to_string(), near });
        }
        Ok(history)
    }

    /// Names of the datasets with at least one record, sorted.
    ///
    /// # Errors
    /// [`StoreError::Fs`].
    pub fn names(&self) -> Result<Vec<Name>, StoreError> {
        let mut names = Vec::new();
        for path in place::present(self.fs.read_dir(&self.root))?.unwrap_or_default() {
            let Ok(name) = Name::parse(&place::file_name(&path)) else { continue };
            match self.fs.metadata(&self.place(&name).record(1)) {
                Ok(found) if found.kind == NodeKind::File => names.push(name),
                Ok(_) => {}
                // A file stands where a dataset would.
                Err(e) if matches!(e.kind, FsErrorKind::NotFound | FsErrorKind::WrongKind) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(names)
    }

    /// All records of a dataset, from the first, with the chain of hashes checked.
    ///
    /// # Errors
    /// [`StoreError::UnknownDataset`]; [`StoreError::BrokenChain`] names the first record that is wrong.
    pub fn history(&self, name: &Name) -> Result<Vec<CommitRecord>, StoreError> {
        Ok(self.records(name)?.records)
    }

    /// The publication that a reference means. A withdrawn or collected version still has one.
    ///
    /// # Errors
    /// [`StoreError`] when there is no such version, or several.
    pub fn resolve(&self, version: &VersionRef) -> Result<CommitRecord, StoreError> {
        Ok(self.records(&version.name)?.resolve(&version.at)?.clone())
    }

    /// The manifests of all versions of a dataset, tombstones included, by their hash.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] for one that is not what its record says.
    pub fn manifests(&self, name: &Name) -> Result<BTreeMap<Sha256, Manifest>, StoreError> {
        let mut manifests = BTreeMap::new();
        for record in self.records(name)?.published() {
            let (manifest, _) = self.manifest(name, record.manifest)?;
            manifests.insert(record.manifest, manifest);
        }
        Ok(manifests)
    }

    /// A manifest and its text, held against its hash.
    fn manifest(&self, name: &Name, hash: Sha256) -> Result<(Manifest, Vec<u8>), StoreError> {
        let path = self.place(name).version(hash).join(crate::layout::file::MANIFEST);
        let damaged = |found: String| StoreError::Damaged {
            path: place::below(&self.root, &path),
            expected: format!("the manifest with SHA-256 {hash}"),
            found,
        };
        let bytes = place::present(place::read(self.fs.as_ref(), &path))?;
        let bytes = bytes.ok_or_else(|| damaged("no file".to_owned()))?;
        let found = Sha256::of(&bytes);
        if found != hash {
            return Err(damaged(found.to_string()));
        }
        let manifest = serde_json::from_slice(&bytes).map_err(|e| damaged(format!("text: {e}")))?;
        Ok((manifest, bytes))
    }
}
