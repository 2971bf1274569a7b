//! The one way into the log: the exclusive creation of the next record.

use super::Store;
use super::error::StoreError;
use super::history::History;
use super::place::{self, Place};
use super::record::{CommitFacts, CommitRecord};
use crate::canonical::{Instant, Sha256};
use contract::{CertificateVerdict, DatasetEventKind, Name};
use durable::{Fs, FsError, FsErrorKind};
use std::path::Path;

/// What is to be said of a version.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) kind: DatasetEventKind,
    /// The version; `None` for the one that the record makes.
    pub(super) version: Option<u64>,
    pub(super) manifest: Sha256,
    pub(super) certificate: CertificateVerdict,
    pub(super) reference: Option<String>,
}

/// What the log as it is now asks for.
#[derive(Debug)]
pub(super) enum Decision {
    /// It says so already.
    Keep(CommitRecord),
    /// It is to say so.
    Append(Entry),
}

impl Store {
    /// Appends what `decide` makes of the log, which is read again each time that another writer takes the number.
    /// Says whether the record is new; it is durable either way.
    pub(super) fn append<E: From<StoreError>>(
        &self,
        name: &Name,
        facts: &CommitFacts,
        decide: impl Fn(&History) -> Result<Decision, E>,
    ) -> Result<(CommitRecord, bool), E> {
        let (fs, place) = (self.fs.as_ref(), self.place(name));
        let failed = |error: FsError| E::from(StoreError::Fs(error));
        loop {
            let history = History::read(fs, &place, name)?;
            let decision = decide(&history)?;
            // The records that were read may be younger than the last sync of their folder. What is decided on must be
            // as durable as the decision, or a power cut leaves a record without the one before.
            fs.sync_dir(&place.log).map_err(failed)?;
            let entry = match decision {
                Decision::Keep(record) => return Ok((record, false)),
                Decision::Append(entry) => entry,
            };
            let (record, text) = next(&history, entry, facts)
                .map_err(|source| StoreError::Document { what: "commit record", source })?;
            let temporary = place.temporary(fs, "record", &text).map_err(failed)?;
            let created = create(fs, &temporary, &place.record(record.ordinal));
            // Under its number it has another name, and a name left behind is for the collector.
            let _ = fs.unlink(&temporary);
            match created {
                Ok(()) => {}
                Err(error) if error.kind == FsErrorKind::AlreadyExists => continue,
                Err(error) => return Err(failed(error)),
            }
            fs.sync_dir(&place.log).map_err(failed)?;
            return Ok((record, true));
        }
    }

    /// Writes `refs/<name>` as the log has it. Whoever writes last has read the log after writing, so the file ends at
    /// the state of the log.
    pub(super) fn point(&self, name: &Name, reference: &str) -> Result<(), StoreError> {
        let (fs, place) = (self.fs.as_ref(), self.place(name));
        let mut last = None;
        loop {
            let line = target(&History::read(fs, &place, name)?, reference);
            if last.as_ref() == Some(&line) {
                return Ok(());
            }
            write_ref(fs, &place, reference, line.as_deref())?;
            last = Some(line);
        }
    }
}

/// The line of a reference: ordinal and manifest hash.
fn target(history: &History, reference: &str) -> Option<String> {
    let record = if reference == "latest" {
        history.latest()
    } else {
        let version = history.references().get(reference).copied();
        history.published().find(|record| Some(record.ordinal) == version)
    };
    record.map(|record| format!("{} {}\n", record.ordinal, record.manifest))
}

fn write_ref(
    fs: &dyn Fs,
    place: &Place,
    reference: &str,
    line: Option<&str>,
) -> Result<(), FsError> {
    let path = place.refs.join(reference);
    match line {
        Some(line) => {
            let standing = place::present(place::read(fs, &path))?;
            if standing.as_deref() != Some(line.as_bytes()) {
                let temporary = place.temporary(fs, "ref", line)?;
                fs.rename(&temporary, &path)?;
            }
        }
        None => {
            place::present(fs.unlink(&path))?;
        }
    }
    fs.sync_dir(&place.refs)
}

/// Gives a record its number, if it is free: a hard link, or a rename that never replaces where links are impossible.
fn create(fs: &dyn Fs, temporary: &Path, record: &Path) -> Result<(), FsError> {
    match fs.link(temporary, record) {
        Err(error) if matches!(error.kind, FsErrorKind::Permission | FsErrorKind::Io) => {
            fs.rename_noreplace(temporary, record)
        }
        other => other,
    }
}

fn next(
    history: &History,
    entry: Entry,
    facts: &CommitFacts,
) -> Result<(CommitRecord, String), serde_json::Error> {
    let ordinal = history.len() + 1;
    let record = CommitRecord {
        format: 1,
        ordinal,
        kind: entry.kind,
        version: entry.version.unwrap_or(ordinal),
        manifest: entry.manifest,
        certificate: entry.certificate,
        parent: facts.parent,
        reference: entry.reference,
        ts: Instant(facts.ts.nanos()),
        actor: facts.actor,
        purpose: facts.purpose.to_string(),
        note: facts.note.clone(),
        git_commit: facts.git_commit.clone(),
        rustc: facts.rustc.clone(),
        previous: history.tip,
        seal: None,
    };
    record.sealed()
}
