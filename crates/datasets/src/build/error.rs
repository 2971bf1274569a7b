//! Why a version could not be built.

use crate::folder::FolderError;
use crate::store::PublishError;
use crate::transform::TransformError;
use crate::verifier::VerifyError;
use contract::arrow_schema::ArrowError;
use contract::{Diagnostic, Fault, UnknownFeature};

/// Why a version could not be built. Nothing of it is published then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The store.
    #[error(transparent)]
    Store(#[from] PublishError),
    /// A staged file could not be written.
    #[error("{path}: expected to write it")]
    Write {
        /// Its place in the version.
        path: String,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// A staged file could not be read back.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The verifier could not do its work.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// A transform cannot be fitted.
    #[error(transparent)]
    Transform(#[from] TransformError),
    /// A feature that the plan has and a batch has not.
    #[error(transparent)]
    Feature(#[from] UnknownFeature),
    /// The cells do not make a table: a fault of the program.
    #[error("dataset: rows that do not make a table")]
    Arrow(#[from] ArrowError),
    /// The rows do not make a file: a fault of the program.
    #[error("dataset: rows that do not make a Parquet file")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// A document has no canonical text: a fault of the program.
    #[error("dataset: a document without canonical text")]
    Document(#[from] serde_json::Error),
    /// A thread ended without a result: a fault of the program.
    #[error("dataset: a thread ended without a result")]
    Thread,
}

impl Diagnostic for BuildError {
    fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::Write { .. } => "datasets/write",
            Self::Folder(error) => error.code(),
            Self::Verify(error) => error.code(),
            Self::Transform(error) => error.code(),
            Self::Feature(error) => error.code(),
            Self::Arrow(_) | Self::Parquet(_) | Self::Document(_) | Self::Thread => {
                "datasets/defect"
            }
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Store(error) => error.fault(),
            Self::Write { source, .. } => Fault::Environment {
                retry: matches!(
                    source.kind(),
                    std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
                ),
            },
            Self::Folder(error) => error.fault(),
            Self::Verify(error) => error.fault(),
            Self::Transform(error) => error.fault(),
            Self::Feature(error) => error.fault(),
            Self::Arrow(_) | Self::Parquet(_) | Self::Document(_) | Self::Thread => Fault::Bug,
        }
    }
}
