//! Whether the files of a version are what its manifest says, read again from the first byte to the last.

use super::Store;
use super::error::StoreError;
use super::place;
use super::publish::{content_hash, documents};
use super::version::Version;
use crate::canonical::Sha256;
use crate::layout::file;
use contract::Hash;
use durable::{Access, Fs, FsError, FsErrorKind, NodeKind};
use sha2::Digest as _;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// Bytes that are hashed at once.
const CHUNK: usize = 1 << 20;

/// A file of a version that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFinding {
    /// Its path in the version, or a key of the manifest.
    pub path: String,
    /// What is wrong with it.
    pub damage: FileDamage,
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileDamage {
    /// It is not there.
    Missing,
    /// It has another length.
    Length {
        /// Bytes that the manifest says.
        expected: u64,
        /// Bytes that are there.
        found: u64,
    },
    /// It has another hash.
    Changed {
        /// What the manifest says.
        expected: Sha256,
        /// What is there.
        found: Sha256,
    },
    /// Nothing names it.
    Unexpected,
}

impl fmt::Display for FileFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match &self.damage {
            FileDamage::Missing => write!(f, "{path}: expected a file, found none"),
            FileDamage::Length { expected, found } => {
                write!(f, "{path}: expected {expected} bytes, found {found}")
            }
            FileDamage::Changed { expected, found } => {
                write!(f, "{path}: expected SHA-256 {expected}, found {found}")
            }
            FileDamage::Unexpected => write!(f, "{path}: expected no such file, found one"),
        }
    }
}

impl Store {
    /// Reads all files of a version and holds them against its manifest, and the manifest against itself and its
    /// record. What is found is listed in order of path; nothing found means whole.
    ///
    /// - **Cost:** every byte once, in pieces of 1 MiB.
    ///
    /// # Errors
    /// [`StoreError::Fs`] when a file cannot be read.
    pub fn verify_files(&self, version: &Version) -> Result<Vec<FileFinding>, StoreError> {
        let (fs, root) = (self.fs.as_ref(), version.folder.root());
        let manifest = &version.manifest;
        let mut expected: BTreeMap<String, (Sha256, Option<u64>)> = BTreeMap::new();
        expected.insert(file::MANIFEST.to_owned(), (version.record.manifest, None));
        expected
            .extend(manifest.documents.iter().map(|(path, hash)| (path.clone(), (*hash, None))));
        let files = manifest.files.iter().map(|f| (f.path.clone(), (f.sha256, Some(f.bytes))));
        expected.extend(files);

        let mut findings = Vec::new();
        for (path, (sha256, bytes)) in &expected {
            if let Some(damage) = damage(fs, &root.join(path), *sha256, *bytes)? {
                findings.push(FileFinding { path: path.clone(), damage });
            }
        }
        for (path, metadata) in place::walk(fs, root)? {
            let path = place::below(root, &path);
            let is_named = match metadata.kind {
                NodeKind::Folder => expected.keys().any(|f| f.starts_with(&format!("{path}/"))),
                _ => expected.contains_key(&path),
            };
            if !is_named {
                findings.push(FileFinding { path, damage: FileDamage::Unexpected });
            }
        }
        let mut same = |key: &str, expected: Sha256, found: Sha256| {
            if expected != found {
                let damage = FileDamage::Changed { expected, found };
                findings.push(FileFinding { path: format!("manifest.json, {key}"), damage });
            }
        };
        for (key, path, hash) in documents(manifest) {
            same(key, hash, manifest.documents.get(path).copied().unwrap_or(Sha256::of(b"")));
        }
        same("content_hash", manifest.content_hash, content_hash(manifest));
        findings.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(findings)
    }
}

/// What is wrong with a file that should have these bytes.
pub(super) fn damage(
    fs: &dyn Fs,
    path: &Path,
    expected: Sha256,
    bytes: Option<u64>,
) -> Result<Option<FileDamage>, FsError> {
    let file = match fs.open(path, Access::Read) {
        Ok(file) => file,
        Err(e) if matches!(e.kind, FsErrorKind::NotFound | FsErrorKind::WrongKind) => {
            return Ok(Some(FileDamage::Missing));
        }
        Err(error) => return Err(error),
    };
    let room = usize::try_from(file.len()?).map_or(CHUNK, |len| len.clamp(1, CHUNK));
    let (mut sha256, mut buffer, mut at) = (sha2::Sha256::new(), vec![0; room], 0);
    loop {
        let n = file.read_at(&mut buffer, at)?;
        if n == 0 {
            break;
        }
        sha256.update(buffer.get(..n).unwrap_or_default());
        at += u64::try_from(n).unwrap_or(u64::MAX);
    }
    if let Some(expected) = bytes.filter(|&bytes| bytes != at) {
        return Ok(Some(FileDamage::Length { expected, found: at }));
    }
    let found = Sha256(Hash::from_bytes(sha256.finalize().into()));
    Ok((found != expected).then_some(FileDamage::Changed { expected, found }))
}
