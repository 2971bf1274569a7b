//! Why a store could not be read or changed, and why a version was not published.

use crate::canonical::Sha256;
use contract::{BuildError, Denied, Diagnostic, Fault};
use durable::FsError;
use std::path::PathBuf;

/// Why a store could not be read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file system.
    #[error(transparent)]
    Fs(#[from] FsError),
    /// The gate says no.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// A folder that was to hold datasets holds something else, or does not exist.
    #[error("store `{}`: expected a folder of datasets, found {found}", .root.display())]
    NoStore {
        /// The folder.
        root: PathBuf,
        /// What is there.
        found: String,
    },
    /// A text is no reference to a version.
    #[error(
        "expected `NAME`, `NAME@7`, `NAME@latest`, `NAME@2d711642` (at least 8 digits) or `NAME@REF`, found `{text}`"
    )]
    Syntax {
        /// The text.
        text: String,
    },
    /// There is no dataset of this name.
    #[error("store: expected the name of a dataset with a version, found `{name}`{near}")]
    UnknownDataset {
        /// The name.
        name: String,
        /// Nearest names.
        near: String,
    },
    /// The dataset has no such version.
    #[error("{name}: expected a version from 1 to {records}, found `{at}`{near}")]
    UnknownVersion {
        /// The dataset.
        name: String,
        /// What was asked for.
        at: String,
        /// Records of its log.
        records: u64,
        /// Nearest names of references.
        near: String,
    },
    /// The record of this number is no publication.
    #[error(
        "{name}@{ordinal}: expected the number of a version, found a record that says `{kind}` of version {version}"
    )]
    NoVersion {
        /// The dataset.
        name: String,
        /// The number.
        ordinal: u64,
        /// What the record says.
        kind: &'static str,
        /// The version that it speaks of.
        version: u64,
    },
    /// All versions of the dataset were withdrawn.
    #[error(
        "{name}@latest: expected a version that was not withdrawn, found none among {records} records"
    )]
    NothingLatest {
        /// The dataset.
        name: String,
        /// Records of its log.
        records: u64,
    },
    /// Several versions start with these digits.
    #[error(
        "{name}@{prefix}: expected the digits of one version, found those of {first} and {second}"
    )]
    Ambiguous {
        /// The dataset.
        name: String,
        /// The digits.
        prefix: String,
        /// One version.
        first: Sha256,
        /// Another.
        second: Sha256,
    },
    /// The version was recalled.
    #[error("{name}@{version}: withdrawn by record {ordinal}: {reason}")]
    Withdrawn {
        /// The dataset.
        name: String,
        /// The version.
        version: u64,
        /// The record that recalled it.
        ordinal: u64,
        /// Why.
        reason: String,
    },
    /// The version was erased.
    #[error("{name}@{version}: erased by record {ordinal}: {reason}")]
    Erased {
        /// The dataset.
        name: String,
        /// The version.
        version: u64,
        /// The record that says so.
        ordinal: u64,
        /// Why.
        reason: String,
    },
    /// The files of the version were collected; its manifest stays.
    #[error(
        "{name}@{version}: its files were collected; record {version} and manifest {manifest} remain"
    )]
    Collected {
        /// The dataset.
        name: String,
        /// The version: the number of its record.
        version: u64,
        /// Its manifest.
        manifest: Sha256,
    },
    /// A name that stands for something else.
    #[error(
        "{name}: expected a name for a reference that is no number, no hash and not `latest`, found `{reference}`"
    )]
    Reserved {
        /// The dataset.
        name: String,
        /// The name.
        reference: String,
    },
    /// A record does not follow from the one before.
    #[error("{name}: broken log at record {ordinal}: expected {expected}, found {found}")]
    BrokenChain {
        /// The dataset.
        name: String,
        /// The first record that is wrong.
        ordinal: u64,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A file is not what its hash says.
    #[error("{path}: expected {expected}, found {found}")]
    Damaged {
        /// The file, from the root of the store.
        path: String,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// Two manifests share the first sixteen digits of their hash.
    #[error(
        "{path}: expected the manifest {expected}, found another one, {found}, under the same sixteen digits"
    )]
    PrefixCollision {
        /// The folder, from the root of the store.
        path: String,
        /// The manifest that was to stand there.
        expected: Sha256,
        /// The manifest that does.
        found: Sha256,
    },
    /// A document could not be written.
    #[error("{what}: expected a document without floats")]
    Document {
        /// Which one.
        what: &'static str,
        /// What the writer says.
        #[source]
        source: serde_json::Error,
    },
    /// The rows of `dataset_events` could not be built.
    #[error(transparent)]
    Rows(#[from] BuildError),
}

impl Diagnostic for StoreError {
    fn code(&self) -> &'static str {
        match self {
            Self::Fs(error) => error.code(),
            Self::Denied(error) => error.code(),
            Self::NoStore { .. } => "datasets/no-store",
            Self::Syntax { .. } => "datasets/version-syntax",
            Self::UnknownDataset { .. } => "datasets/unknown-dataset",
            Self::UnknownVersion { .. } => "datasets/unknown-version",
            Self::NoVersion { .. } => "datasets/no-version",
            Self::NothingLatest { .. } => "datasets/nothing-latest",
            Self::Ambiguous { .. } => "datasets/ambiguous-version",
            Self::Withdrawn { .. } => "datasets/withdrawn",
            Self::Erased { .. } => "datasets/erased",
            Self::Collected { .. } => "datasets/collected",
            Self::Reserved { .. } => "datasets/reserved-reference",
            Self::BrokenChain { .. } => "datasets/broken-chain",
            Self::Damaged { .. } => "datasets/damaged-version",
            Self::PrefixCollision { .. } => "datasets/prefix-collision",
            Self::Document { .. } => "datasets/store-document",
            Self::Rows(error) => error.code(),
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Fs(error) => Fault::Environment { retry: error.is_transient() },
            Self::Denied(error) => error.fault(),
            Self::Withdrawn { .. } | Self::Erased { .. } => Fault::Gate,
            Self::BrokenChain { .. } | Self::Damaged { .. } | Self::PrefixCollision { .. } => {
                Fault::Integrity
            }
            Self::Document { .. } | Self::Rows(_) => Fault::Bug,
            _ => Fault::Input,
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Collected { name, version, .. } => Some(format!(
                "build it again from the spec and the as-of point in the manifest of {name}@{version}: equal inputs give equal bytes"
            )),
            _ => None,
        }
    }
}

/// Why files were not staged or a version was not published. Nothing that readers can see has changed, unless the
/// commit record was written: then publishing the same again finds it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The name of a build is no plain name, or is taken.
    #[error("build `{build}`: expected {expected}")]
    Build {
        /// The name.
        build: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A path that a version may not have.
    #[error("staged file `{path}`: expected {expected}")]
    Path {
        /// The path in the version.
        path: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A file to be taken over is another one.
    #[error("{path}: expected a file of the parent with SHA-256 {expected}, found {found}")]
    Reuse {
        /// The path in the version.
        path: String,
        /// The hash that it should have.
        expected: Sha256,
        /// What the parent has.
        found: String,
    },
    /// The manifest is no manifest of this format.
    #[error("manifest.json: expected canonical JSON of format 1")]
    Manifest {
        /// What the parser says; `None` when it reads but is not canonical.
        #[source]
        source: Option<serde_json::Error>,
    },
    /// The manifest does not say what was staged.
    #[error("manifest.json, {what}: expected {expected}, found {found}")]
    Listed {
        /// The file or key.
        what: String,
        /// What was staged.
        expected: String,
        /// What the manifest says.
        found: String,
    },
    /// The certificate says that something leaks.
    #[error("certificate.json: expected no failed check, found {checks}")]
    Certificate {
        /// The checks that failed.
        checks: String,
    },
}

impl From<FsError> for PublishError {
    fn from(error: FsError) -> Self {
        Self::Store(StoreError::Fs(error))
    }
}

impl Diagnostic for PublishError {
    fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::Build { .. } => "datasets/build-name",
            Self::Path { .. } => "datasets/staged-path",
            Self::Reuse { .. } => "datasets/reuse",
            Self::Manifest { .. } => "datasets/manifest",
            Self::Listed { .. } => "datasets/manifest-files",
            Self::Certificate { .. } => "datasets/certificate-failed",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Store(error) => error.fault(),
            Self::Build { .. } => Fault::Input,
            Self::Path { .. } | Self::Manifest { .. } | Self::Listed { .. } => Fault::Bug,
            Self::Reuse { .. } => Fault::Integrity,
            Self::Certificate { .. } => Fault::Gate,
        }
    }

    fn help(&self) -> Option<String> {
        if let Self::Store(error) = self { error.help() } else { None }
    }
}
