//! Why a command failed.

use super::{CliError, ErrorReport};
use crate::exit::Exit;
use contract::{BuildError, ShapeError};
use feeds::FeedError;
use std::fmt;
use std::path::Path;

/// Why a command failed: one report or several, or no error at all.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// Errors, all of one moment.
    Errors(Vec<ErrorReport>),
    /// The reader of our standard output went away: the end of the work, and no error.
    ReaderGone,
}

impl Failure {
    /// How the process ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Errors(reports) => {
                reports.iter().fold(Exit::Success, |exit, report| exit.or(report.exit))
            }
            Self::ReaderGone => Exit::Success,
        }
    }

    /// The same failure, its messages behind the name of the input.
    #[must_use]
    pub fn in_input(mut self, input: &str) -> Self {
        if let Self::Errors(reports) = &mut self {
            for report in reports {
                if !report.message.starts_with(input) {
                    report.message = format!("{input}: {}", report.message);
                }
            }
        }
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Errors(reports) => {
                for (at, report) in reports.iter().enumerate() {
                    if at > 0 {
                        f.write_str("; ")?;
                    }
                    write!(f, "{} ({})", report.message, report.code)?;
                }
                Ok(())
            }
            Self::ReaderGone => f.write_str("the reader of the output went away"),
        }
    }
}

impl From<ErrorReport> for Failure {
    fn from(report: ErrorReport) -> Self {
        Self::Errors(vec![report])
    }
}

impl From<CliError> for Failure {
    fn from(error: CliError) -> Self {
        let mut report = ErrorReport::new(&error);
        match &error {
            CliError::NothingToDo => report.exit = Exit::Nothing,
            CliError::Stopped { signal: "SIGINT", .. } => report.exit = Exit::Interrupted,
            CliError::Stopped { .. } => report.exit = Exit::Terminated,
            _ => {}
        }
        report.into()
    }
}

impl From<ShapeError> for Failure {
    fn from(error: ShapeError) -> Self {
        ErrorReport::new(&error).with_shape(&error).into()
    }
}

impl From<FeedError> for Failure {
    fn from(error: FeedError) -> Self {
        let report = ErrorReport::new(&error);
        match error {
            FeedError::Io { input, source } => CliError::reading(Path::new(&input), source).into(),
            FeedError::Empty { input } => CliError::EmptyInput { input }.into(),
            _ => report.into(),
        }
    }
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        let report = ErrorReport::new(&error);
        match &error {
            BuildError::Shape(shape) => report.with_shape(shape).into(),
            _ => report.into(),
        }
    }
}
