//! What is said of a version after its publication: kept, recalled, pointed to.

use super::Store;
use super::commit::{Decision, Entry};
use super::error::StoreError;
use super::record::{CommitFacts, CommitRecord};
use super::version_ref::{VersionAt, VersionRef};
use contract::{DatasetEventKind, Name};

impl Store {
    /// Keeps a version from collection, for ever. A second pin changes nothing.
    ///
    /// # Errors
    /// [`StoreError`]: no such version, or its files are gone.
    pub fn pin(
        &self,
        version: &VersionRef,
        facts: &CommitFacts,
    ) -> Result<CommitRecord, StoreError> {
        let record = self.mark(version, facts, DatasetEventKind::Pinned, None)?;
        self.still_there(&version.name, &record)?;
        Ok(record)
    }

    /// Recalls a version: `latest` passes it over, and opening it is an error with this reason. A second recall changes
    /// nothing, and there is no way back: build and publish better data.
    ///
    /// # Errors
    /// [`StoreError`]: no such version.
    pub fn withdraw(
        &self,
        version: &VersionRef,
        reason: &str,
        facts: &CommitFacts,
    ) -> Result<CommitRecord, StoreError> {
        let facts = CommitFacts { note: Some(reason.to_owned()), ..facts.clone() };
        let record = self.mark(version, &facts, DatasetEventKind::Withdrawn, None)?;
        self.point(&version.name, "latest")?;
        Ok(record)
    }

    /// Lets a reference point to a version, and keeps that version from collection meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Reserved`] for `latest`, a number or digits of a hash; [`StoreError::Withdrawn`] and the like for
    /// a version that may not be used.
    pub fn move_ref(
        &self,
        reference: &Name,
        version: &VersionRef,
        facts: &CommitFacts,
    ) -> Result<CommitRecord, StoreError> {
        if !VersionAt::is_reference(reference) {
            let (name, reference) = (version.name.to_string(), reference.to_string());
            return Err(StoreError::Reserved { name, reference });
        }
        let kind = DatasetEventKind::RefMoved;
        let record = self.mark(version, facts, kind, Some(reference.as_str()))?;
        self.still_there(&version.name, &record)?;
        self.point(&version.name, reference.as_str())?;
        Ok(record)
    }

    fn mark(
        &self,
        version: &VersionRef,
        facts: &CommitFacts,
        kind: DatasetEventKind,
        reference: Option<&str>,
    ) -> Result<CommitRecord, StoreError> {
        // What `latest` means is settled once: a version published meanwhile is not what was asked for.
        let target = self.resolve(version)?;
        if kind != DatasetEventKind::Withdrawn {
            self.still_there(&version.name, &target)?;
        }
        let facts = CommitFacts { parent: None, ..facts.clone() };
        let decide = |log: &super::history::History| -> Result<Decision, StoreError> {
            let hidden = log.hidden(target.version);
            let said = match kind {
                DatasetEventKind::Withdrawn => hidden,
                _ if hidden.is_some() => {
                    return Err(log
                        .refusal(target.version)
                        .unwrap_or(StoreError::Syntax { text: version.to_string() }));
                }
                DatasetEventKind::Pinned => {
                    log.records.iter().find(|r| r.kind == kind && r.version == target.version)
                }
                _ => log
                    .records
                    .iter()
                    .rev()
                    .find(|r| r.kind == kind && r.reference.as_deref() == reference)
                    .filter(|r| r.version == target.version),
            };
            Ok(said.cloned().map_or_else(
                || {
                    Decision::Append(Entry {
                        kind,
                        version: Some(target.version),
                        manifest: target.manifest,
                        certificate: target.certificate,
                        reference: reference.map(str::to_owned),
                    })
                },
                Decision::Keep,
            ))
        };
        Ok(self.append(&version.name, &facts, decide)?.0)
    }

    /// A collector marks a version before it reads the log again, and this looks for the mark after writing to it: so
    /// either the collector sees the record and stops, or this sees the mark.
    fn still_there(&self, name: &Name, record: &CommitRecord) -> Result<(), StoreError> {
        let path = self.place(name).version(record.manifest);
        self.refuse_collected(name, record, &path)
    }
}
