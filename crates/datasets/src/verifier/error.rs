//! Why a version could not be held against the rules at all.

use crate::folder::FolderError;
use contract::{Diagnostic, Fault};

/// Why a certificate could not be made. A rule that is broken is no error: it is in the certificate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// A file of the version is missing, damaged, or lacks a column.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A cell that must hold something is null.
    #[error("{path}, column `{column}`, row {row}: expected a value, found null")]
    Null {
        /// The file's place in the version.
        path: String,
        /// The column.
        column: String,
        /// The row of its batch.
        row: usize,
    },
    /// `spec.json` is not the spec that was handed in.
    #[error("spec.json: expected the spec of SHA-256 {expected}, found {found}")]
    OtherSpec {
        /// SHA-256 of the spec that was handed in.
        expected: crate::Sha256,
        /// SHA-256 of the file.
        found: crate::Sha256,
    },
    /// The spec has no canonical form.
    #[error("spec: expected numbers that are finite")]
    Spec(#[source] serde_json::Error),
}

impl Diagnostic for VerifyError {
    fn code(&self) -> &'static str {
        match self {
            Self::Folder(_) => "datasets/verify-file",
            Self::Null { .. } => "datasets/verify-null",
            Self::OtherSpec { .. } => "datasets/verify-other-spec",
            Self::Spec(_) => "datasets/verify-spec",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Folder(FolderError::Fs(error)) => {
                Fault::Environment { retry: error.is_transient() }
            }
            Self::Folder(_) | Self::Null { .. } | Self::OtherSpec { .. } => Fault::Integrity,
            Self::Spec(_) => Fault::Bug,
        }
    }
}
