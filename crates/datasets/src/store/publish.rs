//! Publication: the manifest, the folder under its name, the record, the reference.

use super::commit::{Decision, Entry};
use super::error::{PublishError, StoreError};
use super::place;
use super::record::{CommitFacts, CommitRecord};
use super::staging::{SealedFile, Staging, remove};
use super::verify::{FileDamage, damage};
use crate::canonical::{Instant, Sha256, to_canonical};
use crate::certificate::Certificate;
use crate::layout::file;
use crate::manifest::{FORMAT, Manifest};
use contract::{CertificateVerdict, DatasetEventKind};
use durable::{FsError, FsErrorKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The version that a build is about to become, so that a collector leaves its folder alone.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Target {
    pub(super) manifest: Sha256,
    pub(super) ts: Instant,
}

/// A published version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedVersion {
    /// Its number.
    pub ordinal: u64,
    /// SHA-256 of its manifest: its name.
    pub manifest_hash: Sha256,
    /// Its folder.
    pub path: PathBuf,
    /// False when the same bytes had been published before.
    pub is_new: bool,
    /// Its record.
    pub record: CommitRecord,
}

impl Staging {
    /// Publishes what was staged: writes `manifest.json` last, makes everything durable, gives the folder its name, and
    /// commits by the exclusive creation of the next record.
    ///
    /// The manifest must be canonical and name exactly the staged files with their hashes. Publishing equal bytes again
    /// gives the number that they have; the files that stand there are hashed, and one that is missing or damaged is
    /// replaced by the staged one. After an error nothing is half published: call it again, or stage anew.
    ///
    /// # Errors
    /// [`PublishError`]; [`StoreError::Damaged`] when equal bytes were published before, are damaged and cannot be
    /// replaced; [`StoreError::Withdrawn`] when these bytes were recalled: they do not come back by accident.
    pub fn publish(
        &self,
        manifest_text: &str,
        facts: &CommitFacts,
    ) -> Result<PublishedVersion, PublishError> {
        let manifest = self.check(manifest_text)?;
        let certificate = self.certificate()?;
        let hash = Sha256::of(manifest_text.as_bytes());
        let fs = self.fs();
        let target = Target { manifest: hash, ts: Instant(facts.ts.nanos()) };
        let target = to_canonical(&target)
            .map_err(|source| StoreError::Document { what: "target.json", source })?;
        place::write_anew(fs, &self.build.join(place::TARGET), &target)?;
        fs.sync_dir(&self.build)?;
        if place::present(fs.metadata(&self.root))?.is_some() {
            self.finish(manifest_text)?;
        }
        self.give_name(&manifest, manifest_text, hash)?;
        fs.sync_dir(&self.place.versions)?;

        let decide = |log: &super::history::History| -> Result<Decision, PublishError> {
            if let Some(parent) = facts.parent {
                log.resolve(&super::VersionAt::Ordinal(parent))?;
            }
            let Some(record) = log.by_manifest(hash) else {
                let (kind, reference) = (DatasetEventKind::Published, None);
                let version = None;
                return Ok(Decision::Append(Entry {
                    kind,
                    version,
                    manifest: hash,
                    certificate,
                    reference,
                }));
            };
            match log.refusal(record.ordinal) {
                Some(refusal) => Err(refusal.into()),
                None => Ok(Decision::Keep(record.clone())),
            }
        };
        let (record, is_new) = self.store.append(&self.name, facts, decide)?;
        // A collector that took the folder for an orphan before the record was there has moved it away; one that did so
        // later has seen the record and moved it back.
        let path = self.place.version(hash);
        if place::present(fs.metadata(&path.join(file::MANIFEST)))?.is_none() {
            self.give_name(&manifest, manifest_text, hash)?;
            fs.sync_dir(&self.place.versions)?;
        }
        let name = &self.name;
        if let Err(error) = self.store.point(name, "latest") {
            tracing::warn!(dataset = %name, %error, "refs/latest is stale: readers ask the log");
        }
        if let Err(error) = remove(fs, &self.build) {
            tracing::warn!(dataset = %name, %error, "a finished build is left to the collector");
        }
        Ok(PublishedVersion { ordinal: record.ordinal, manifest_hash: hash, path, is_new, record })
    }

    /// The manifest last, and every folder, leaves first.
    fn finish(&self, manifest_text: &str) -> Result<(), PublishError> {
        let (fs, path) = (self.fs(), self.root.join(file::MANIFEST));
        place::write_anew(fs, &path, manifest_text)?;
        fs.set_read_only(&path)?;
        for folder in self.folders() {
            fs.sync_dir(&folder)?;
        }
        Ok(())
    }

    /// Renames the build to its version, unless an equal one stands there.
    fn give_name(&self, manifest: &Manifest, text: &str, hash: Sha256) -> Result<(), PublishError> {
        let (fs, target) = (self.fs(), self.place.version(hash));
        for _ in 0..16 {
            // A folder that holds something is never replaced, so no flag is needed that a file system may lack.
            match fs.rename(&self.root, &target) {
                Ok(()) => return Ok(()),
                Err(error)
                    if matches!(
                        error.kind,
                        FsErrorKind::AlreadyExists | FsErrorKind::WrongKind | FsErrorKind::NotFound
                    ) =>
                {
                    if place::present(fs.metadata(&target))?.is_none() {
                        if place::present(fs.metadata(&self.root))?.is_none() {
                            return Err(error.into());
                        }
                        continue; // a collector moved it away just now
                    }
                }
                Err(error) => return Err(error.into()),
            }
            return self.adopt(manifest, text, hash, &target);
        }
        Err(self.damaged(&target, "a folder that stays", "one that comes and goes").into())
    }

    /// Makes sure that what stands under the name is this version, whole: every file is hashed, and what is missing or
    /// damaged is replaced by what was staged.
    fn adopt(
        &self,
        manifest: &Manifest,
        text: &str,
        hash: Sha256,
        target: &Path,
    ) -> Result<(), PublishError> {
        let fs = self.fs();
        let standing = place::present(place::read(fs, &target.join(file::MANIFEST)))?;
        let standing = standing
            .ok_or_else(|| self.damaged(target, "a version with a manifest", "none in it"))?;
        if standing != text.as_bytes() {
            let (path, found) = (place::below(&self.store.root, target), Sha256::of(&standing));
            return Err(StoreError::PrefixCollision { path, expected: hash, found }.into());
        }
        let collected = target.join(place::COLLECTED);
        let is_collected = || Ok::<_, FsError>(place::present(fs.metadata(&collected))?.is_some());
        if !is_collected()? && self.damages(manifest, target)?.is_empty() {
            return Ok(());
        }
        let log = super::history::History::read(fs, &self.place, &self.name)?;
        let known = log.by_manifest(hash).and_then(|record| log.refusal(record.ordinal));
        if let Some(refusal) = known {
            return Err(refusal.into()); // what was recalled is not mended either
        }
        // Looked at again: a collector may have been at work.
        let _lock = fs.lock(&self.place.tmp.join(place::COLLECT_LOCK))?;
        let is_collected = is_collected()?;
        for (path, damage) in self.damages(manifest, target)? {
            if !is_collected {
                tracing::warn!(dataset = %self.name, path, ?damage, "a file of a version is replaced");
            }
            self.replace(target, path)?;
        }
        if let Some((path, damage)) = self.damages(manifest, target)?.first() {
            return Err(self.unmended(&target.join(path), damage));
        }
        for folder in self.folders() {
            if let Ok(below) = folder.strip_prefix(&self.root) {
                place::present(fs.sync_dir(&target.join(below)))?;
            }
        }
        if is_collected {
            place::present(fs.unlink(&collected))?;
            fs.sync_dir(target)?;
        }
        Ok(())
    }

    /// Files of a version that are missing or have other bytes.
    fn damages<'a>(
        &self,
        manifest: &'a Manifest,
        target: &Path,
    ) -> Result<Vec<(&'a str, FileDamage)>, FsError> {
        let files = manifest.files.iter().map(|f| (f.path.as_str(), f.sha256, Some(f.bytes)));
        let documents = manifest.documents.iter().map(|(path, hash)| (path.as_str(), *hash, None));
        let mut found = Vec::new();
        for (path, sha256, bytes) in files.chain(documents) {
            let damage = damage(self.fs(), &target.join(path), sha256, bytes)?;
            found.extend(damage.map(|damage| (path, damage)));
        }
        Ok(found)
    }

    /// Moves a staged file to where a missing or damaged one of the version is; leaves that one where nothing is staged.
    fn replace(&self, target: &Path, path: &str) -> Result<(), FsError> {
        let (fs, to) = (self.fs(), target.join(path));
        if let Some(above) = to.parent() {
            fs.create_dir_all(above)?;
        }
        match fs.rename(&self.root.join(path), &to) {
            // Not staged any more, or a folder stands there: the damage remains and is named.
            Err(e) if matches!(e.kind, FsErrorKind::NotFound | FsErrorKind::WrongKind) => Ok(()),
            other => other,
        }
    }

    /// A file of the version that is damaged and has no staged one to take its place.
    fn unmended(&self, path: &Path, damage: &FileDamage) -> PublishError {
        let (expected, found) = match damage {
            FileDamage::Length { expected, found } => {
                (format!("{expected} bytes"), format!("{found} bytes"))
            }
            FileDamage::Changed { expected, found } => {
                (format!("SHA-256 {expected}"), found.to_string())
            }
            FileDamage::Missing | FileDamage::Unexpected => {
                ("a file".to_owned(), "none".to_owned())
            }
        };
        self.damaged(path, &expected, &found).into()
    }

    fn damaged(&self, path: &Path, expected: &str, found: &str) -> StoreError {
        let path = place::below(&self.store.root, path);
        StoreError::Damaged { path, expected: expected.to_owned(), found: found.to_owned() }
    }

    /// Reads the staged certificate: a version without one, or with a failed check, is not published.
    fn certificate(&self) -> Result<CertificateVerdict, PublishError> {
        let path = self.root.join(file::CERTIFICATE);
        let bytes = match place::present(place::read(self.fs(), &path))? {
            Some(bytes) => bytes,
            // An earlier attempt has given the folder its name.
            None => place::read(self.fs(), &self.moved()?.join(file::CERTIFICATE))?,
        };
        let certificate: Certificate = serde_json::from_slice(&bytes)
            .map_err(|e| self.damaged(&path, "a certificate of format 1", &e.to_string()))?;
        let verdict = certificate.verdict();
        if verdict == CertificateVerdict::Failed {
            let failed = certificate.refusals(&[]).filter(|c| c.outcome.word() == "fail");
            let checks = failed.map(|check| check.check.as_str()).collect::<Vec<_>>().join(", ");
            return Err(PublishError::Certificate { checks });
        }
        Ok(verdict)
    }

    /// Where an earlier attempt has put the folder.
    fn moved(&self) -> Result<PathBuf, PublishError> {
        let text = place::read(self.fs(), &self.build.join(place::TARGET))?;
        let target: Target = serde_json::from_slice(&text)
            .map_err(|e| self.damaged(&self.build, "a target", &e.to_string()))?;
        Ok(self.place.version(target.manifest))
    }

    /// Holds the manifest against what was staged.
    fn check(&self, text: &str) -> Result<Manifest, PublishError> {
        let manifest: Manifest = serde_json::from_str(text)
            .map_err(|source| PublishError::Manifest { source: Some(source) })?;
        let canonical =
            to_canonical(&manifest).map_err(|e| PublishError::Manifest { source: Some(e) })?;
        if canonical != text || manifest.format != FORMAT {
            return Err(PublishError::Manifest { source: None });
        }
        listed("name", self.name.as_str(), &manifest.name)?;
        if let Some(path) = self.unsealed() {
            listed(&path, "a sealed file", "one that was begun and not sealed")?;
        }
        let sealed = self.sealed();
        let mut said: BTreeMap<&str, (Sha256, Option<u64>)> = BTreeMap::new();
        said.extend(manifest.documents.iter().map(|(path, hash)| (path.as_str(), (*hash, None))));
        said.extend(manifest.files.iter().map(|f| (f.path.as_str(), (f.sha256, Some(f.bytes)))));
        for path in sealed.keys().map(String::as_str).chain(said.keys().copied()) {
            let file = |file: &SealedFile| format!("{} bytes, {}", file.bytes, file.sha256);
            let staged = sealed.get(path);
            let found = said.get(path).map(|(hash, bytes)| match (bytes, staged) {
                (Some(bytes), _) => format!("{bytes} bytes, {hash}"),
                (None, Some(staged)) => format!("{} bytes, {hash}", staged.bytes),
                (None, None) => hash.to_string(),
            });
            let none = || "no file".to_owned();
            listed(path, &staged.map_or_else(none, file), &found.unwrap_or_else(none))?;
        }
        if manifest.files.len() + manifest.documents.len() != said.len() {
            listed("files", "each file once", "one of them twice")?;
        }
        for (key, path, hash) in documents(&manifest) {
            let staged =
                manifest.documents.get(path).map_or("no file".to_owned(), Sha256::to_string);
            listed(key, &staged, &hash.to_string())?;
        }
        listed(
            "content_hash",
            &content_hash(&manifest).to_string(),
            &manifest.content_hash.to_string(),
        )?;
        Ok(manifest)
    }
}

/// Documents whose hash has a key of its own in the manifest.
pub(super) fn documents(manifest: &Manifest) -> [(&'static str, &'static str, Sha256); 3] {
    [
        ("spec_hash", file::SPEC, manifest.spec_hash),
        ("schema_fingerprint", file::SCHEMA, manifest.schema_fingerprint),
        ("certificate_hash", file::CERTIFICATE, manifest.certificate_hash),
    ]
}

/// SHA-256 over the lines `<sha256>  <path>` of the data files, sorted by path.
pub(super) fn content_hash(manifest: &Manifest) -> Sha256 {
    let files: BTreeMap<&str, Sha256> =
        manifest.files.iter().map(|file| (file.path.as_str(), file.sha256)).collect();
    let mut lines = String::new();
    for (path, hash) in files {
        // Writing to a text cannot fail.
        let _ = writeln!(lines, "{hash}  {path}");
    }
    Sha256::of(lines.as_bytes())
}

fn listed(what: &str, expected: &str, found: &str) -> Result<(), PublishError> {
    if expected == found {
        return Ok(());
    }
    let (what, expected, found) = (what.to_owned(), expected.to_owned(), found.to_owned());
    Err(PublishError::Listed { what, expected, found })
}
