//! Why two versions could not be compared.

use crate::folder::FolderError;
use contract::{Diagnostic, EventId, Fault};

/// Two versions that cannot be compared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiffError {
    /// An id that stands twice in one version.
    #[error("{path}: expected each row once, found `{row_id}` in it or in `{other}` too")]
    Doubled {
        /// A file that has it.
        path: String,
        /// Another one, or the same.
        other: String,
        /// The id.
        row_id: EventId,
    },
    /// A file with other rows than its manifest says.
    #[error("{path}: expected {expected} rows, found {found}")]
    Rows {
        /// The file's place in the version.
        path: String,
        /// Those of the manifest.
        expected: u64,
        /// Those of the file.
        found: u64,
    },
    /// A column of a type that no version has.
    #[error("{path}, column `{column}`: expected a scalar that can be compared, found {found}")]
    Type {
        /// The file's place in the version.
        path: String,
        /// The column.
        column: String,
        /// Its type.
        found: String,
    },
    /// A file of a version.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A manifest that cannot be written as JSON.
    #[error("manifest: expected numbers that are finite")]
    Manifest(#[source] serde_json::Error),
    /// Arrow could not put the rows of a file together.
    #[error("{path}: arrow refused its rows")]
    Arrow {
        /// The file's place in the version.
        path: String,
        /// What Arrow says.
        #[source]
        source: arrow_schema::ArrowError,
    },
}

impl Diagnostic for DiffError {
    fn code(&self) -> &'static str {
        match self {
            Self::Doubled { .. } => "datasets/diff-doubled-row",
            Self::Rows { .. } => "datasets/diff-rows",
            Self::Type { .. } => "datasets/diff-type",
            Self::Folder(error) => error.code(),
            Self::Manifest(_) => "datasets/diff-manifest",
            Self::Arrow { .. } => "datasets/diff-arrow",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Folder(error) => error.fault(),
            Self::Arrow { .. } => Fault::Bug,
            _ => Fault::Integrity,
        }
    }
}
