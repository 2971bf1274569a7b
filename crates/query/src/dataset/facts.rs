//! What a store says of its datasets without their files.

use crate::error::QueryError;
use crate::shelf::{TableFacts, VersionFacts};
use contract::{DatasetEventKind, Name};
use datasets::{CommitRecord, Manifest, Split, Store, VersionRef};
use durable::{Fs, FsErrorKind};
use std::collections::BTreeMap;

/// Words of the states.
const LIVE: &str = "live";

/// What is known of the latest version of a dataset.
pub(super) fn of_latest(store: &Store, name: &str) -> Result<TableFacts, QueryError> {
    let Ok(name) = Name::parse(name) else { return Ok(TableFacts::default()) };
    let record = store.resolve(&VersionRef::latest(name.clone()))?;
    let manifests = store.manifests(&name)?;
    let Some(manifest) = manifests.get(&record.manifest) else { return Ok(TableFacts::default()) };
    let files = || manifest.files.iter();
    Ok(TableFacts {
        rows: Some(rows(manifest)),
        bytes: Some(manifest.files.iter().map(|f| f.bytes).sum()),
        first_seq: files().map(|f| f.seq[0].0).min(),
        last_seq: files().map(|f| f.seq[1].0).max(),
    })
}

fn rows(manifest: &Manifest) -> u64 {
    manifest.files.iter().map(|f| f.rows).sum()
}

/// Every version of every dataset, by name and number.
pub(super) fn of_all(store: &Store, fs: &dyn Fs) -> Result<Vec<VersionFacts>, QueryError> {
    let mut versions = Vec::new();
    for name in store.names()? {
        let history = store.history(&name)?;
        let manifests = store.manifests(&name)?;
        let mut references: BTreeMap<String, u64> = BTreeMap::new();
        for record in &history {
            if let (DatasetEventKind::RefMoved, Some(reference)) = (record.kind, &record.reference)
            {
                references.insert(reference.clone(), record.version);
            }
        }
        let published = |r: &&CommitRecord| r.kind == DatasetEventKind::Published;
        let live = |r: &&CommitRecord| hidden(&history, r.ordinal).is_none();
        if let Some(latest) = history.iter().rev().filter(published).find(live) {
            references.insert("latest".to_owned(), latest.ordinal);
        }
        for record in history.iter().filter(published) {
            let manifest = manifests.get(&record.manifest);
            let of = |split: Split| {
                let facts = manifest.and_then(|m| m.splits.get(split.word()));
                facts.map_or(0, |facts| facts.rows)
            };
            let state = match hidden(&history, record.ordinal) {
                Some(state) => state,
                None if is_collected(store, fs, &name, record)? => "collected",
                None => LIVE,
            };
            let to = references.iter().filter(|(_, version)| **version == record.ordinal);
            versions.push(VersionFacts {
                dataset: name.to_string(),
                version: record.ordinal,
                hash: record.manifest.to_string(),
                published: record.ts.0,
                state,
                rows: manifest.map_or(0, rows),
                splits: [Split::Train, Split::Validation, Split::Test].map(of),
                references: to.map(|(reference, _)| reference.clone()).collect(),
            });
        }
    }
    Ok(versions)
}

/// Why a version may not be used, by its last record that says so.
fn hidden(history: &[CommitRecord], version: u64) -> Option<&'static str> {
    history.iter().rev().filter(|r| r.version == version).find_map(|r| match r.kind {
        DatasetEventKind::Withdrawn => Some("withdrawn"),
        DatasetEventKind::Erased => Some("erased"),
        _ => None,
    })
}

/// Whether the collector has taken the files: it leaves a file `collected` beside the manifest, in the folder that is
/// named by the first 16 digits of the hash.
fn is_collected(
    store: &Store,
    fs: &dyn Fs,
    name: &Name,
    record: &CommitRecord,
) -> Result<bool, QueryError> {
    let mut folder = record.manifest.to_string();
    folder.truncate(16);
    let marker = store.root().join(name.as_str()).join("versions").join(folder).join("collected");
    match fs.metadata(&marker) {
        Ok(_) => Ok(true),
        Err(error) if error.kind == FsErrorKind::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}
