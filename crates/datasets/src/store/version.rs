//! An open version.

use super::error::StoreError;
use super::record::CommitRecord;
use super::version_ref::VersionRef;
use super::{Store, place};
use crate::canonical::Sha256;
use crate::folder::Folder;
use crate::manifest::Manifest;
use contract::{Gate, Grant, Name, Outcome, ReadContext, Resource, ResourceKind};
use std::path::Path;
use std::sync::Arc;

/// A published version, open for reading. The gate that granted it is told when it is closed, or dropped.
#[derive(Debug)]
pub struct Version {
    /// The record that published it.
    pub record: CommitRecord,
    /// What it is.
    pub manifest: Manifest,
    /// Its files.
    pub folder: Folder,
    grant: OpenGrant,
}

/// A grant that is given back once.
#[derive(Debug)]
struct OpenGrant {
    gate: Arc<dyn Gate>,
    grant: Option<Grant>,
}

impl OpenGrant {
    fn close(&mut self, outcome: Outcome) {
        if let Some(grant) = self.grant.take() {
            self.gate.close(grant, outcome);
        }
    }
}

impl Drop for OpenGrant {
    fn drop(&mut self) {
        self.close(Outcome { rows: 0, bytes: 0, is_complete: false });
    }
}

impl Version {
    /// Closes the version and tells the gate what was read of it. A version that is dropped counts as not read to the
    /// end.
    pub fn close(mut self, outcome: Outcome) {
        self.grant.close(outcome);
    }

    /// SHA-256 of its manifest: its name.
    #[must_use]
    pub const fn hash(&self) -> Sha256 {
        self.record.manifest
    }
}

impl Store {
    /// Opens a version for a reader: asks the gate, and holds the manifest against the record.
    ///
    /// The data files are not read; [`verify_files`](Store::verify_files) does.
    ///
    /// # Errors
    /// [`StoreError::Denied`]; [`StoreError::Withdrawn`], [`StoreError::Erased`] or [`StoreError::Collected`] for a
    /// version that may not or can no longer be used; [`StoreError::Damaged`] when its manifest is not what its record
    /// says.
    pub fn open_version(
        &self,
        ctx: &ReadContext,
        version: &VersionRef,
    ) -> Result<Version, StoreError> {
        let log = self.records(&version.name)?;
        let record = log.resolve(&version.at)?.clone();
        let resource = Resource {
            kind: ResourceKind::Dataset,
            name: version.name.clone(),
            version: Some(record.manifest.0),
            tables: Vec::new(),
        };
        let grant = Some(self.gate.open(ctx, &resource)?);
        // From here on every way out gives the grant back.
        let grant = OpenGrant { gate: Arc::clone(&self.gate), grant };
        if let Some(refusal) = log.refusal(record.version) {
            return Err(refusal);
        }
        let path = self.place(&version.name).version(record.manifest);
        self.refuse_collected(&version.name, &record, &path)?;
        let (manifest, _) = self.manifest(&version.name, record.manifest)?;
        if manifest.name != version.name.as_str() {
            return Err(StoreError::Damaged {
                path: place::below(&self.root, &path),
                expected: format!("a version of `{}`", version.name),
                found: format!("one of `{}`", manifest.name),
            });
        }
        let folder = Folder::new(Arc::clone(&self.fs), path);
        Ok(Version { record, manifest, folder, grant })
    }

    pub(super) fn refuse_collected(
        &self,
        name: &Name,
        record: &CommitRecord,
        folder: &Path,
    ) -> Result<(), StoreError> {
        let marker = place::present(self.fs.metadata(&folder.join(place::COLLECTED)))?;
        match marker {
            None => Ok(()),
            Some(_) => Err(StoreError::Collected {
                name: name.to_string(),
                version: record.version,
                manifest: record.manifest,
            }),
        }
    }
}
