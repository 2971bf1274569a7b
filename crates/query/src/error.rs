//! What can go wrong with a statement.

mod engine;

pub(crate) use engine::is_of_filter;

use crate::names::Shelves;
use contract::{Diagnostic, Fault};
use datafusion::error::DataFusionError;
use std::fmt;
use std::sync::Arc;

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
    /// No function of this name.
    #[error("no function `{name}`")]
    UnknownFunction {
        /// The name as it stands in the statement.
        name: String,
        /// Names that are near.
        near: Vec<String>,
        /// Where.
        place: Option<Place>,
    },
    /// A function whose answer would depend on more than the data and the statement.
    #[error("{function}(): expected a function of the data alone, found one that asks the {asks}")]
    NotRepeatable {
        /// The function.
        function: &'static str,
        /// What it asks.
        asks: &'static str,
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
    /// Intermediate results that could not be written to the spill folder.
    #[error("spill folder: {message}")]
    Spill {
        /// What the disk says.
        message: String,
    },
    /// A file whose first bytes are those of no format of tables.
    #[error("{path}: expected Parquet, an Arrow IPC file or an Arrow IPC stream, found {found}")]
    Unrecognised {
        /// The file.
        path: String,
        /// What its first bytes look like.
        found: String,
    },
    /// A file that is not of the table that it says it is, or that it was given as.
    #[error("{path}: {source}")]
    Shape {
        /// The file.
        path: String,
        /// What differs from the contract.
        #[source]
        source: contract::ShapeError,
    },
    /// Two files of one table that do not agree.
    #[error("{path}, column `{column}`: expected {expected}, as {first} has it, found {found}")]
    FilesDiffer {
        /// The file that differs.
        path: String,
        /// The first file of the table.
        first: String,
        /// The first column that differs.
        column: String,
        /// What it is in the first file.
        expected: String,
        /// What it is in this one.
        found: String,
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
    /// An error that several parts of a statement ran into at once.
    #[error(transparent)]
    Shared(Arc<QueryError>),
    /// A defect of this program or of the engine.
    #[error("{message}")]
    Bug {
        /// What was found.
        message: String,
    },
}

/// How an error of this crate travels through the engine, which may hand one to several listeners.
#[derive(Debug, Clone)]
struct Carried(Arc<QueryError>);

impl fmt::Display for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Carried {}

impl QueryError {
    /// What the engine says, as an error of this crate; one that passed through the engine comes back as it was.
    pub(crate) fn from_engine(error: DataFusionError, sql: &str) -> Self {
        engine::translate(error, sql)
    }

    /// Adds the names that are near an unknown one.
    pub(crate) fn with_names(mut self, shelves: &Shelves) -> Self {
        match &mut self {
            Self::UnknownTable { name, near, .. } if near.is_empty() => *near = shelves.near(name),
            Self::UnknownFunction { name, near, .. } => *near = shelves.near_functions(name),
            _ => {}
        }
        self
    }

    /// Where in the text of the statement, if it is known.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::Syntax { place, .. }
            | Self::Plan { place, .. }
            | Self::UnknownTable { place, .. }
            | Self::UnknownColumn { place, .. }
            | Self::UnknownFunction { place, .. } => *place,
            Self::Shared(error) => error.place(),
            _ => None,
        }
    }
}

impl From<QueryError> for DataFusionError {
    fn from(error: QueryError) -> Self {
        Self::External(Box::new(Carried(Arc::new(error))))
    }
}

impl Diagnostic for QueryError {
    fn code(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "query/syntax",
            Self::Plan { .. } => "query/plan",
            Self::UnknownTable { .. } => "query/unknown-table",
            Self::UnknownColumn { .. } => "query/unknown-column",
            Self::UnknownFunction { .. } => "query/unknown-function",
            Self::NotRepeatable { .. } => "query/not-repeatable",
            Self::Ambiguous { .. } => "query/ambiguous-table",
            Self::NotReading { .. } => "query/not-reading",
            Self::NoAsOf { .. } => "query/no-as-of",
            Self::Argument { .. } => "query/argument",
            Self::Memory { .. } => "query/memory",
            Self::Spill { .. } => "query/spill",
            Self::Unrecognised { .. } => "query/unrecognised-file",
            Self::Shape { source, .. } => source.code(),
            Self::FilesDiffer { .. } => "query/files-differ",
            Self::Damaged { .. } => "query/damaged",
            Self::Log(e) => e.code(),
            Self::Store(e) => e.code(),
            Self::Folder(e) => e.code(),
            Self::Fs(e) => e.code(),
            Self::Execution { .. } => "query/execution",
            Self::Shared(e) => e.code(),
            Self::Bug { .. } => "query/bug",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Memory { .. } => Fault::Environment { retry: false },
            Self::Spill { .. } => Fault::Environment { retry: true },
            Self::Shape { source, .. } => source.fault(),
            Self::Shared(e) => e.fault(),
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
            Self::UnknownTable { near, .. }
            | Self::UnknownColumn { near, .. }
            | Self::UnknownFunction { near, .. }
                if !near.is_empty() =>
            {
                Some(format!("did you mean {}?", near.join(", ")))
            }
            Self::Log(e) => e.help(),
            Self::Store(e) => e.help(),
            Self::Folder(e) => e.help(),
            Self::Shape { source, .. } => source.help(),
            Self::Shared(e) => e.help(),
            Self::Memory { .. } => Some(
                "allow more memory; sorts and groups use the spill folder, a join on equal columns and `ORDER BY .. LIMIT` cannot"
                    .to_owned(),
            ),
            Self::NotRepeatable { asks: "clock", .. } => {
                Some("give the session a moment: `Options::now`".to_owned())
            }
            _ => None,
        }
    }
}
