//! Why a claim cannot be tried.

use contract::{Diagnostic, Fault};

/// Why a claim cannot be tried, or does not hold.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimError {
    /// The file is no claim.
    #[error("expected a claim file: {0}")]
    Syntax(#[source] toml::de::Error),
    /// A value out of range.
    #[error("{key}: expected {expected}, found {found}")]
    Value {
        /// The key.
        key: &'static str,
        /// Its range.
        expected: &'static str,
        /// What was found.
        found: String,
    },
    /// The claim is not the one that was registered.
    #[error("claim: expected the registered hash {expected}, found {found}")]
    Changed {
        /// The hash that was registered.
        expected: String,
        /// The hash of the file.
        found: String,
    },
    /// The dataset does not have what the claim is about.
    #[error("dataset: expected {expected}, found {found}")]
    Data {
        /// What the claim needs.
        expected: &'static str,
        /// What the dataset has.
        found: String,
    },
    /// A file of the dataset cannot be read.
    #[error("dataset: expected files that can be read")]
    Read(#[source] datasets::FolderError),
    /// The claim was tried and does not hold.
    #[error("claim: expected the pass rule to be met, found {found}")]
    NotMet {
        /// Why not.
        found: String,
    },
}

impl Diagnostic for ClaimError {
    fn code(&self) -> &'static str {
        match self {
            Self::Syntax(_) => "cli/claim-syntax",
            Self::Value { .. } => "cli/claim-value",
            Self::Changed { .. } => "cli/claim-changed",
            Self::Data { .. } => "cli/claim-data",
            Self::Read(_) => "cli/claim-read",
            Self::NotMet { .. } => "cli/claim-not-met",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Syntax(_) | Self::Value { .. } | Self::Data { .. } => Fault::Input,
            Self::Changed { .. } => Fault::Integrity,
            Self::Read(_) => Fault::Environment { retry: false },
            Self::NotMet { .. } => Fault::Gate,
        }
    }
}

impl From<datasets::FolderError> for ClaimError {
    fn from(error: datasets::FolderError) -> Self {
        Self::Read(error)
    }
}
