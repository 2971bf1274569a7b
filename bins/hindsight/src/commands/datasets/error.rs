//! What only this group of commands can get wrong, and its gates.

use crate::error::{ErrorReport, Failure};
use contract::{Diagnostic, Fault};

/// Why a command on datasets stopped.
#[derive(Debug, thiserror::Error)]
pub(super) enum DatasetsError {
    /// Two specs would make one dataset in one build.
    #[error("--spec: expected a dataset once, found `{name}` twice; write NAME=FILE")]
    SpecTwice {
        /// The dataset.
        name: String,
    },
    /// A report from outside is not what it should be.
    #[error("{path}: expected {expected}, found {found}")]
    Report {
        /// The file.
        path: String,
        /// What it should be.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// A gate said no.
    #[error("{dataset}: not fit to be used: {checks}")]
    Refused {
        /// The dataset, or the version.
        dataset: String,
        /// The checks and what they found.
        checks: String,
    },
    /// Files of a version are not what its manifest says.
    #[error("{version}: expected {expected}, found {found}")]
    Damaged {
        /// The version.
        version: String,
        /// What they should be.
        expected: &'static str,
        /// What was found, file by file.
        found: String,
    },
    /// A document without text: a fault of the program.
    #[error("a document that cannot be written: {message}")]
    Document {
        /// What the writer says.
        message: String,
    },
}

impl Diagnostic for DatasetsError {
    fn code(&self) -> &'static str {
        match self {
            Self::SpecTwice { .. } => "cli/spec-twice",
            Self::Report { .. } => "cli/report-file",
            Self::Refused { .. } => "cli/dataset-refused",
            Self::Damaged { .. } => "cli/dataset-damaged",
            Self::Document { .. } => "cli/document",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::SpecTwice { .. } | Self::Report { .. } => Fault::Input,
            Self::Refused { .. } => Fault::Gate,
            Self::Damaged { .. } => Fault::Integrity,
            Self::Document { .. } => Fault::Bug,
        }
    }
}

impl From<DatasetsError> for Failure {
    fn from(error: DatasetsError) -> Self {
        ErrorReport::new(&error).into()
    }
}
