//! Errors of this program, and how those of a statement are told.

use contract::{Diagnostic, Fault};
use hindsight::{ErrorReport, Failure, Place};
use query::QueryError;

/// Why a request to `hindsight-query` could not be carried out, besides what the statement itself does wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqlError {
    /// Nothing to answer.
    #[error("{place}: expected a statement, found none")]
    NoStatement {
        /// Where it was looked for.
        place: String,
    },
    /// Two statements that both have an answer.
    #[error("{place}: expected one statement with an answer, found {found}")]
    SeveralStatements {
        /// Where they stand.
        place: String,
        /// How many.
        found: usize,
    },
    /// Two columns of one name, in a format that tells columns by their names.
    #[error("column `{name}`: expected each name once in {format}, found it {found} times")]
    DuplicateColumn {
        /// The name.
        name: String,
        /// The format.
        format: &'static str,
        /// How often.
        found: usize,
    },
    /// A value that no format of text has a form for.
    #[error("{place}: expected {expected}, found {found}")]
    NoTextForm {
        /// Column and row of the answer.
        place: String,
        /// What was expected.
        expected: &'static str,
        /// The value and its type.
        found: String,
    },
    /// Rows of a log that cannot be read any more.
    #[error("expected every row, found lost ones: {found}")]
    LostRows {
        /// What is lost.
        found: String,
    },
    /// No example of this name.
    #[error("expected the name of an example, found `{found}`")]
    UnknownExample {
        /// What was found.
        found: String,
        /// Nearest names.
        near: Vec<String>,
    },
    /// A parameter that the example does not have, or that has no value.
    #[error("example `{example}`, parameter {parameter}: expected {expected}, found {found}")]
    Parameter {
        /// The example.
        example: &'static str,
        /// The parameter.
        parameter: String,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
    },
    /// A line of the prompt that begins with a dot and is no command.
    #[error("expected a command, found `{found}`")]
    UnknownCommand {
        /// What was found.
        found: String,
        /// Nearest commands.
        near: Vec<String>,
    },
    /// The terminal does not answer.
    #[error("prompt: {reason}")]
    Prompt {
        /// What the terminal says.
        reason: String,
    },
}

impl Diagnostic for SqlError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoStatement { .. } => "sql/no-statement",
            Self::SeveralStatements { .. } => "sql/several-statements",
            Self::DuplicateColumn { .. } => "sql/duplicate-column",
            Self::NoTextForm { .. } => "sql/no-text-form",
            Self::LostRows { .. } => "sql/lost-rows",
            Self::UnknownExample { .. } => "sql/unknown-example",
            Self::Parameter { .. } => "sql/parameter",
            Self::UnknownCommand { .. } => "sql/unknown-command",
            Self::Prompt { .. } => "sql/prompt",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::LostRows { .. } => Fault::Incomplete,
            Self::Prompt { .. } => Fault::Environment { retry: false },
            _ => Fault::Input,
        }
    }

    fn help(&self) -> Option<String> {
        let near = |near: &[String], all: &str| match near {
            [] => all.to_owned(),
            near => format!("did you mean {}?", near.join(", ")),
        };
        let text = match self {
            Self::NoStatement { .. } => {
                "give one with `-q SQL`, `-i FILE`, `--example NAME` or on standard input".to_owned()
            }
            Self::SeveralStatements { .. } => {
                "run them one by one; only CREATE VIEW and DROP VIEW may stand before the last".to_owned()
            }
            Self::DuplicateColumn { name, .. } => {
                format!("give one of them another name: `SELECT a.{name}, b.{name} AS other_{name}`")
            }
            Self::NoTextForm { .. } => {
                "write the number behind it, or give it as it is with `-f arrow` or `-f parquet`".to_owned()
            }
            Self::LostRows { .. } => {
                "`hindsight capture ledger DIR --gaps` names every loss; `--allow-lost` answers without these rows"
                    .to_owned()
            }
            Self::UnknownExample { near: names, .. } => {
                near(names, "`hindsight-query --example` lists them")
            }
            Self::Parameter { example, .. } => {
                format!("`hindsight-query --example {example} --sql` shows its parameters")
            }
            Self::UnknownCommand { near: names, .. } => near(names, "`.help` lists them"),
            Self::Prompt { .. } => return None,
        };
        Some(text)
    }
}

impl From<SqlError> for Failure {
    fn from(error: SqlError) -> Self {
        ErrorReport::new(&error).into()
    }
}

/// An error of a statement, with its place in the text that the user wrote.
///
/// `before` lines were put in front of the text on its way to the engine.
pub(crate) fn told(error: &QueryError, name: &str, text: &str, before: usize) -> ErrorReport {
    let report = ErrorReport::new(error);
    let place = error.place().and_then(|place| {
        let line =
            usize::try_from(place.line).ok()?.checked_sub(before).filter(|line| *line > 0)?;
        let column = usize::try_from(place.column).ok().filter(|column| *column > 0)?;
        Some(Place::at(name, text, line, column))
    });
    match place {
        Some(place) => report.at(place),
        None => report,
    }
}
