//! What can go wrong with a statement.

use contract::{Diagnostic, Fault};
use datafusion::error::DataFusionError;

/// A place in the text of a statement, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Line.
    pub line: u64,
    /// Column, in characters.
    pub column: u64,
}

/// Why a statement has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The text is no SQL.
    #[error("{message}")]
    Syntax {
        /// What the parser expected and found.
        message: String,
        /// Where, if it says.
        place: Option<Place>,
    },
    /// The statement is SQL and means nothing here.
    #[error("{message}")]
    Plan {
        /// What is wrong.
        message: String,
        /// Where, if it is known.
        place: Option<Place>,
    },
    /// No table of this name.
    #[error("no table `{name}`")]
    UnknownTable {
        /// The name as it stands in the statement.
        name: String,
        /// Names that are near.
        near: Vec<String>,
        /// Where.
        place: Option<Place>,
    },
    /// No column of this name.
    #[error("no column `{name}`")]
    UnknownColumn {
        /// The name as it stands in the statement.
        name: String,
        /// Names that are near.
        near: Vec<String>,
        /// Where.
        place: Option<Place>,
    },
    /// A name that several places have.
    #[error("table `{name}`: expected one place, found it in {}", .places.join(", "))]
    Ambiguous {
        /// The name.
        name: String,
        /// Schemas that have it.
        places: Vec<String>,
    },
    /// A statement that would change something.
    #[error("expected a statement that reads, found {found}")]
    NotReading {
        /// Its first word.
        found: String,
    },
    /// A table whose rows have no order in which they became known.
    #[error("as_of: table `{table}` has no order in which its rows became known")]
    NoAsOf {
        /// The table.
        table: String,
    },
    /// A table function that was called with something else than it takes.
    #[error("{function}, argument {argument}: expected {expected}, found {found}")]
    Argument {
        /// The function.
        function: &'static str,
        /// Its argument.
        argument: &'static str,
        /// What it takes.
        expected: String,
        /// What was given.
        found: String,
    },
    /// More memory than allowed.
    #[error("memory: {message}")]
    Memory {
        /// What could not grow.
        message: String,
    },
    /// A file that is not what its record says, or no file of its format.
    #[error("{path}: expected {expected}, found {found}")]
    Damaged {
        /// The file.
        path: String,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
    },
    /// A log.
    #[error(transparent)]
    Log(#[from] capture::ReadError),
    /// A store of datasets.
    #[error(transparent)]
    Store(#[from] datasets::StoreError),
    /// A file of a version.
    #[error(transparent)]
    Folder(#[from] datasets::FolderError),
    /// The file system.
    #[error(transparent)]
    Fs(#[from] durable::FsError),
    /// A value that cannot be worked on: division by zero, a cast that does not fit.
    #[error("{message}")]
    Execution {
        /// What.
        message: String,
    },
    /// A defect of this program or of the engine.
    #[error("{message}")]
    Bug {
        /// What was found.
        message: String,
    },
}

impl QueryError {
    /// What the engine says, as an error of this crate; one that passed through the engine comes back as it was.
    pub(crate) fn from_engine(error: DataFusionError, _sql: &str) -> Self {
        Self::passed(error)
    }

    /// An error of this crate as it was before it went through the engine.
    fn passed(error: DataFusionError) -> Self {
        match error {
            DataFusionError::External(error) => match error.downcast::<Self>() {
                Ok(own) => *own,
                Err(error) => Self::Bug { message: error.to_string() },
            },
            DataFusionError::Context(_, error) | DataFusionError::Diagnostic(_, error) => {
                Self::passed(*error)
            }
            DataFusionError::Shared(error) => match std::sync::Arc::try_unwrap(error) {
                Ok(error) => Self::passed(error),
                Err(error) => Self::Bug { message: error.to_string() },
            },
            error => Self::Bug { message: error.to_string() },
        }
    }

    /// Where in the text of the statement, if it is known.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::Syntax { place, .. }
            | Self::Plan { place, .. }
            | Self::UnknownTable { place, .. }
            | Self::UnknownColumn { place, .. } => *place,
            _ => None,
        }
    }
}

impl From<QueryError> for DataFusionError {
    fn from(error: QueryError) -> Self {
        Self::External(Box::new(error))
    }
}

impl Diagnostic for QueryError {
    fn code(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "query/syntax",
            Self::Plan { .. } => "query/plan",
            Self::UnknownTable { .. } => "query/unknown-table",
            Self::UnknownColumn { .. } => "query/unknown-column",
            Self::Ambiguous { .. } => "query/ambiguous-table",
            Self::NotReading { .. } => "query/not-reading",
            Self::NoAsOf { .. } => "query/no-as-of",
            Self::Argument { .. } => "query/argument",
            Self::Memory { .. } => "query/memory",
            Self::Damaged { .. } => "query/damaged",
            Self::Log(e) => e.code(),
            Self::Store(e) => e.code(),
            Self::Folder(e) => e.code(),
            Self::Fs(e) => e.code(),
            Self::Execution { .. } => "query/execution",
            Self::Bug { .. } => "query/bug",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Memory { .. } => Fault::Environment { retry: false },
            Self::Damaged { .. } => Fault::Integrity,
            Self::Log(e) => e.fault(),
            Self::Store(e) => e.fault(),
            Self::Folder(e) => e.fault(),
            Self::Fs(e) => Fault::Environment { retry: e.is_transient() },
            Self::Bug { .. } => Fault::Bug,
            _ => Fault::Input,
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::UnknownTable { near, .. } | Self::UnknownColumn { near, .. }
                if !near.is_empty() =>
            {
                Some(format!("did you mean {}?", near.join(", ")))
            }
            Self::Log(e) => e.help(),
            Self::Store(e) => e.help(),
            Self::Folder(e) => e.help(),
            _ => None,
        }
    }
}
