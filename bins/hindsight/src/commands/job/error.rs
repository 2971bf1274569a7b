//! Why a run could not start.

use crate::error::{ErrorReport, Failure};
use contract::{Diagnostic, Fault};

/// Why a run could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(in crate::commands) enum JobError {
    /// Nothing to start from.
    #[error("expected run.sources, run.feeds or capture.dir to name data, found none of them")]
    NoSources,
    /// Nothing to build.
    #[error("expected datasets.specs to name what to build, found none")]
    NoDatasets,
    /// A dataset that the configuration does not have.
    #[error("expected a dataset of datasets.specs, found `{found}`{near}")]
    UnknownDataset {
        /// What was asked for.
        found: String,
        /// Nearest names, as a clause.
        near: String,
    },
    /// Two specs with one name.
    #[error("datasets.specs: expected each name once, found `{name}` twice")]
    SpecTwice {
        /// The name.
        name: String,
    },
    /// A label that no rule makes.
    #[error("dataset {dataset}: expected a target of the label rules, found `{found}`{near}")]
    UnknownTarget {
        /// The dataset.
        dataset: String,
        /// What it asks for.
        found: String,
        /// Nearest names, as a clause.
        near: String,
    },
    /// A file that is named twice: its rows would count twice.
    #[error("{key}: expected each file once, found {path} twice")]
    SourceTwice {
        /// The key that names it.
        key: &'static str,
        /// The file.
        path: String,
    },
    /// A folder that holds other things than a run.
    #[error(
        "{path}: expected the folder of a run, or one that is empty or not there, found `{found}` in it"
    )]
    NotARun {
        /// The folder.
        path: String,
        /// Something in it.
        found: String,
    },
    /// Another process is at work in the folder.
    #[error("{path}: expected a folder that no other run works in, found one that is locked")]
    Locked {
        /// The folder.
        path: String,
    },
}

impl Diagnostic for JobError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoSources => "cli/no-sources",
            Self::NoDatasets => "cli/no-datasets",
            Self::UnknownDataset { .. } => "cli/unknown-dataset",
            Self::SpecTwice { .. } => "cli/spec-twice",
            Self::UnknownTarget { .. } => "cli/unknown-target",
            Self::SourceTwice { .. } => "cli/source-twice",
            Self::NotARun { .. } => "cli/not-a-run",
            Self::Locked { .. } => "cli/run-locked",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Locked { .. } => Fault::Environment { retry: true },
            _ => Fault::Input,
        }
    }

    fn help(&self) -> Option<String> {
        let text = match self {
            Self::NoSources => {
                "in hindsight.toml: `[run]` and `sources = [\"decisions.parquet\", \"quotes.parquet\"]`, or `[capture]` and `dir = \"log\"`"
            }
            Self::NoDatasets => {
                "in hindsight.toml: `[datasets]` and `specs = [\"momentum.toml\"]`; docs/guide/your-first-dataset.md shows a spec"
            }
            Self::NotARun { .. } => {
                "a run replaces what lies in its folder: name one of its own with --dir or run.dir"
            }
            Self::Locked { .. } => {
                "wait for the other run to end, or name another folder with --dir"
            }
            _ => return None,
        };
        Some(text.to_owned())
    }
}

impl From<JobError> for Failure {
    fn from(error: JobError) -> Self {
        ErrorReport::new(&error).into()
    }
}
