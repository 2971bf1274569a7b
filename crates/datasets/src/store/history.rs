//! The log of one dataset, read and checked.

use super::error::StoreError;
use super::place::{self, Place};
use super::record::CommitRecord;
use super::version_ref::VersionAt;
use crate::canonical::{Sha256, to_canonical};
use contract::{DatasetEventKind, Name};
use durable::Fs;

/// All records of a dataset, in order, the chain checked.
#[derive(Debug)]
pub(super) struct History {
    pub(super) name: Name,
    pub(super) records: Vec<CommitRecord>,
    /// SHA-256 of the last record's text.
    pub(super) tip: Option<Sha256>,
}

impl History {
    /// Reads the log; no folder is an empty log.
    pub(super) fn read(fs: &dyn Fs, place: &Place, name: &Name) -> Result<Self, StoreError> {
        let mut history = Self { name: name.clone(), records: Vec::new(), tip: None };
        let listed = place::present(fs.read_dir(&place.log))?.unwrap_or_default();
        // A listing is no snapshot: it may show a record and not the one before. So names are only the least that must
        // be there, and records are opened by their number.
        let last = listed.iter().filter_map(|path| number(&place::file_name(path))).max();
        for ordinal in 1.. {
            match place::present(place::read(fs, &place.record(ordinal)))? {
                Some(bytes) => history.push(ordinal, &bytes)?,
                None if last.is_some_and(|last| last >= ordinal) => {
                    return Err(history.broken(ordinal, "a record", "none, and later ones"));
                }
                None => break,
            }
        }
        Ok(history)
    }

    fn push(&mut self, ordinal: u64, bytes: &[u8]) -> Result<(), StoreError> {
        let record: CommitRecord = serde_json::from_slice(bytes).map_err(|error| {
            self.broken(ordinal, "a record of format 1", &format!("no such document: {error}"))
        })?;
        if record.ordinal != ordinal {
            let found = format!("number {}", record.ordinal);
            return Err(self.broken(ordinal, &format!("number {ordinal}"), &found));
        }
        if record.previous != self.tip {
            let name = |hash: Option<Sha256>| hash.map_or("none".to_owned(), |h| h.to_string());
            let expected = format!("the hash of the record before, {}", name(self.tip));
            return Err(self.broken(ordinal, &expected, &name(record.previous)));
        }
        let document = |source| StoreError::Document { what: "commit record", source };
        let mut open = record.clone();
        open.seal = None;
        let seal = Sha256::of(to_canonical(&open).map_err(document)?.as_bytes());
        let text = to_canonical(&record).map_err(document)?;
        if record.seal != Some(seal) || text.as_bytes() != bytes {
            return Err(self.broken(ordinal, "a record as it was sealed", "another text"));
        }
        self.tip = Some(Sha256::of(bytes));
        self.records.push(record);
        Ok(())
    }

    fn broken(&self, ordinal: u64, expected: &str, found: &str) -> StoreError {
        let name = self.name.to_string();
        let (expected, found) = (expected.to_owned(), found.to_owned());
        StoreError::BrokenChain { name, ordinal, expected, found }
    }

    pub(super) fn len(&self) -> u64 {
        u64::try_from(self.records.len()).unwrap_or(u64::MAX)
    }

    /// All publications, in order.
    pub(super) fn published(&self) -> impl DoubleEndedIterator<Item = &CommitRecord> {
        self.records.iter().filter(|record| record.kind == DatasetEventKind::Published)
    }

    pub(super) fn by_manifest(&self, manifest: Sha256) -> Option<&CommitRecord> {
        self.published().find(|record| record.manifest == manifest)
    }

    /// The record that hides a version, if one does.
    pub(super) fn hidden(&self, version: u64) -> Option<&CommitRecord> {
        self.records.iter().rev().find(|record| {
            record.version == version
                && matches!(record.kind, DatasetEventKind::Withdrawn | DatasetEventKind::Erased)
        })
    }

    pub(super) fn is_pinned(&self, version: u64) -> bool {
        let of = |r: &&CommitRecord| r.version == version && r.kind == DatasetEventKind::Pinned;
        self.records.iter().any(|record| of(&record))
    }

    pub(super) fn latest(&self) -> Option<&CommitRecord> {
        self.published().rev().find(|record| self.hidden(record.ordinal).is_none())
    }

    /// What every reference but `latest` points to now: its name and the version's number, by name.
    pub(super) fn references(&self) -> std::collections::BTreeMap<&str, u64> {
        let moved = self.records.iter().filter(|r| r.kind == DatasetEventKind::RefMoved);
        moved.filter_map(|r| Some((r.reference.as_deref()?, r.version))).collect()
    }

    /// Why a version may not be used, if it may not.
    pub(super) fn refusal(&self, version: u64) -> Option<StoreError> {
        let record = self.hidden(version)?;
        let (name, ordinal) = (self.name.to_string(), record.ordinal);
        let reason = record.note.clone().unwrap_or_else(|| "no reason given".to_owned());
        Some(if record.kind == DatasetEventKind::Erased {
            StoreError::Erased { name, version, ordinal, reason }
        } else {
            StoreError::Withdrawn { name, version, ordinal, reason }
        })
    }

    /// The publication that a reference means.
    pub(super) fn resolve(&self, at: &VersionAt) -> Result<&CommitRecord, StoreError> {
        let name = || self.name.to_string();
        let unknown = |near: String| StoreError::UnknownVersion {
            name: name(),
            at: at.to_string(),
            records: self.len(),
            near,
        };
        match at {
            VersionAt::Latest => self
                .latest()
                .ok_or_else(|| StoreError::NothingLatest { name: name(), records: self.len() }),
            VersionAt::Ordinal(ordinal) => {
                let at = usize::try_from(*ordinal).ok().and_then(|n| n.checked_sub(1));
                let record = at.and_then(|at| self.records.get(at));
                let record = record.ok_or_else(|| unknown(String::new()))?;
                if record.kind == DatasetEventKind::Published {
                    Ok(record)
                } else {
                    let (ordinal, kind, version) = (*ordinal, record.word(), record.version);
                    Err(StoreError::NoVersion { name: name(), ordinal, kind, version })
                }
            }
            VersionAt::Digits(prefix) => {
                let starts =
                    |r: &&CommitRecord| r.manifest.to_string().starts_with(prefix.as_str());
                let mut found = self.published().filter(starts);
                let first = found.next().ok_or_else(|| unknown(String::new()))?;
                match found.next() {
                    None => Ok(first),
                    Some(second) => Err(StoreError::Ambiguous {
                        name: name(),
                        prefix: prefix.clone(),
                        first: first.manifest,
                        second: second.manifest,
                    }),
                }
            }
            VersionAt::Reference(reference) => {
                let references = self.references();
                let version = references.get(reference.as_str()).copied();
                let known = references.keys().copied().chain(["latest"]);
                let version =
                    version.ok_or_else(|| unknown(place::near(reference.as_str(), known)))?;
                self.resolve(&VersionAt::Ordinal(version))
            }
        }
    }
}

/// The number of a record's file.
fn number(file: &str) -> Option<u64> {
    let ordinal = file.strip_suffix(".json")?.parse().ok()?;
    (place::record_name(ordinal) == file).then_some(ordinal)
}
