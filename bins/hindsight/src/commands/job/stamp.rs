//! What a file is: its length, when it was written, and the hash of its content.

use crate::error::{CliError, Failure};
use contract::Hash;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A file as it was at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stamp {
    /// Where it is: inside the folder of a step relative to it, elsewhere as it was named.
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    /// Nanoseconds since 1970 UTC, as text because JSON's numbers end before.
    pub(super) modified_ns: String,
    pub(super) sha256: String,
}

impl Stamp {
    /// Looks at a file. Its content is read only when length and time are not those of a stamp that is known.
    pub(super) fn of(path: &Path, named: &Path, known: &[Self]) -> Result<Self, Failure> {
        let reading = |error| CliError::reading(path, error);
        let found = std::fs::metadata(path).map_err(reading)?;
        if found.is_dir() {
            return Err(CliError::IsDirectory { path: path.display().to_string() }.into());
        }
        let modified = found.modified().map_err(reading)?;
        let since = modified.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let (bytes, modified_ns) = (found.len(), since.as_nanos().to_string());
        let same = |stamp: &&Self| {
            stamp.path == named && stamp.bytes == bytes && stamp.modified_ns == modified_ns
        };
        if let Some(known) = known.iter().find(same) {
            return Ok(known.clone());
        }
        let sha256 = hash(path)?;
        Ok(Self { path: named.to_owned(), bytes, modified_ns, sha256 })
    }

    /// The files of a folder, in order of their paths.
    pub(super) fn all(folder: &Path, known: &[Self]) -> Result<Vec<Self>, Failure> {
        let mut stamps = Vec::new();
        let mut open = vec![folder.to_owned()];
        while let Some(dir) = open.pop() {
            let entries = std::fs::read_dir(&dir).map_err(|e| CliError::reading(&dir, e))?;
            for entry in entries {
                let path = entry.map_err(|e| CliError::reading(&dir, e))?.path();
                if path.is_dir() {
                    open.push(path);
                    continue;
                }
                let named = path.strip_prefix(folder).unwrap_or(&path);
                stamps.push(Self::of(&path, named, known)?);
            }
        }
        stamps.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(stamps)
    }
}

fn hash(path: &Path) -> Result<String, Failure> {
    let reading = |error| CliError::reading(path, error);
    let mut file = File::open(path).map_err(reading)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let n = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => n,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(reading(e).into()),
        };
        hasher.update(buffer.get(..n).unwrap_or_default());
    }
    Ok(Hash::from_bytes(hasher.finalize().into()).to_string())
}
