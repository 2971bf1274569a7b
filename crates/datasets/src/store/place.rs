//! Where things stand in a store, and the small calls that all parts of it share.

use crate::canonical::Sha256;
use contract::Name;
use durable::{Access, Fs, FsError, FsErrorKind, read_exact_at, write_all_at};
use std::path::{Path, PathBuf};

/// Says that the files of a version were collected; stands beside its manifest. Empty, so that a full disk can be freed.
pub(super) const COLLECTED: &str = "collected";
/// When a build was started.
pub(super) const STARTED: &str = "started.json";
/// The version that a build is about to become.
pub(super) const TARGET: &str = "target.json";
/// The folder of a build that becomes the version.
pub(super) const STAGED: &str = "version";
/// Held by whoever takes files away, or puts them back.
pub(super) const COLLECT_LOCK: &str = "collect.lock";

/// The folders of one dataset.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) dataset: PathBuf,
    pub(super) log: PathBuf,
    pub(super) refs: PathBuf,
    pub(super) versions: PathBuf,
    pub(super) tmp: PathBuf,
    /// Folders without a record on their way out.
    pub(super) orphans: PathBuf,
}

impl Place {
    pub(super) fn new(root: &Path, name: &Name) -> Self {
        let dataset = root.join(name.as_str());
        let [log, refs, versions, tmp, orphans] =
            ["log", "refs", "versions", "tmp", "orphans"].map(|folder| dataset.join(folder));
        Self { dataset, log, refs, versions, tmp, orphans }
    }

    pub(super) fn record(&self, ordinal: u64) -> PathBuf {
        self.log.join(record_name(ordinal))
    }

    pub(super) fn version(&self, manifest: Sha256) -> PathBuf {
        self.versions.join(short(manifest))
    }

    /// Creates the folders, and makes sure that all of them survive a crash, whoever created them.
    pub(super) fn prepare(&self, fs: &dyn Fs) -> Result<(), FsError> {
        for folder in [&self.log, &self.refs, &self.versions, &self.tmp] {
            for created in fs.create_dir_all(folder)? {
                if let Some(above) = created.parent() {
                    fs.sync_dir(above)?;
                }
            }
        }
        if let Some(root) = self.dataset.parent() {
            fs.sync_dir(root)?;
        }
        fs.sync_dir(&self.dataset)
    }

    /// Writes a synced file under a name of its own in `tmp/`.
    pub(super) fn temporary(
        &self,
        fs: &dyn Fs,
        what: &str,
        text: &str,
    ) -> Result<PathBuf, FsError> {
        let digits = short(Sha256::of(text.as_bytes()));
        let mut n = 0_u32;
        let (path, file) = loop {
            let path = self.tmp.join(format!("{what}-{digits}-{n}.json"));
            match fs.create_new(&path) {
                Ok(file) => break (path, file),
                // Another writer of the same text, or what a crash left of one.
                Err(error) if error.kind == FsErrorKind::AlreadyExists && n < 10_000 => n += 1,
                Err(error) => return Err(error),
            }
        };
        let written =
            write_all_at(file.as_ref(), text.as_bytes(), 0).and_then(|()| file.sync_all());
        if let Err(error) = written {
            drop(file);
            let _ = fs.unlink(&path);
            return Err(error);
        }
        Ok(path)
    }
}

pub(super) fn record_name(ordinal: u64) -> String {
    format!("{ordinal:06}.json")
}

/// The first 16 digits of a hash: the name of a version's folder.
pub(super) fn short(hash: Sha256) -> String {
    let mut text = hash.to_string();
    text.truncate(16);
    text
}

/// `None` when there is no such file or folder.
pub(super) fn present<T>(result: Result<T, FsError>) -> Result<Option<T>, FsError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind == FsErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// All bytes of a file.
pub(super) fn read(fs: &dyn Fs, path: &Path) -> Result<Vec<u8>, FsError> {
    let file = fs.open(path, Access::Read)?;
    let mut bytes = vec![0; usize::try_from(file.len()?).unwrap_or(usize::MAX)];
    read_exact_at(file.as_ref(), &mut bytes, 0)?;
    Ok(bytes)
}

/// Writes a synced file in place of whatever a failed attempt left under the name; nobody else knows the folder.
pub(super) fn write_anew(fs: &dyn Fs, path: &Path, text: &str) -> Result<(), FsError> {
    present(fs.unlink(path))?;
    let file = fs.create_new(path)?;
    write_all_at(file.as_ref(), text.as_bytes(), 0)?;
    file.sync_all()
}

/// The last part of a path, as text.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// A path below the root of the store, as messages and plans name it.
pub(super) fn below(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}

/// All files and folders below a folder; folders after what they hold.
pub(super) fn walk(
    fs: &dyn Fs,
    folder: &Path,
) -> Result<Vec<(PathBuf, durable::Metadata)>, FsError> {
    let mut found = Vec::new();
    for path in fs.read_dir(folder)? {
        // Someone else may have taken it away since.
        let Some(metadata) = present(fs.metadata(&path))? else { continue };
        if metadata.kind == durable::NodeKind::Folder {
            found.extend(walk(fs, &path)?);
        }
        found.push((path, metadata));
    }
    Ok(found)
}

/// `; nearest: ...`, or nothing.
pub(super) fn near<'a>(found: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let near = contract::nearest(found, names);
    if near.is_empty() { String::new() } else { format!("; nearest: `{}`", near.join("`, `")) }
}
