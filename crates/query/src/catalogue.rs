//! What can be asked: logs, stores and files, each under a name.

use contract::{Diagnostic, Fault, NameError};
use std::path::{Path, PathBuf};

/// Places of data, each with the SQL schema that it is shown under.
///
/// Nothing is opened here: a place is looked at when a statement is planned, so a log that another process writes shows
/// its durable rows as of that moment.
///
/// ```
/// use query::Catalogue;
/// let catalogue = Catalogue::default()
///     .with_log("log", "capture")?          // tables of the log: log.trades, or just trades
///     .with_store("datasets", "store")?     // its versions: datasets.entries, datasets."entries@7"
///     .with_file("labels", "labels.parquet")?;
/// assert_eq!(catalogue.schemas(), ["log", "datasets", "files"]);
/// # Ok::<(), query::CatalogueError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalogue {
    pub(crate) logs: Vec<LogEntry>,
    pub(crate) stores: Vec<StoreEntry>,
    pub(crate) files: Vec<FileEntry>,
}

/// A capture log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogEntry {
    pub(crate) schema: String,
    pub(crate) folder: PathBuf,
}

/// A store of datasets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoreEntry {
    pub(crate) schema: String,
    pub(crate) folder: PathBuf,
}

/// Files that make one table, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileEntry {
    pub(crate) table: String,
    pub(crate) paths: Vec<PathBuf>,
}

/// The schema of tables from files.
pub(crate) const FILES: &str = "files";
/// The schema in which every table stands whose name is not taken twice, and every view.
pub(crate) const PUBLIC: &str = "public";
/// The schema of tables about the others.
pub(crate) const SYSTEM: &str = "system";
const RESERVED: [&str; 4] = [FILES, PUBLIC, SYSTEM, "information_schema"];

/// Why a place cannot stand in a catalogue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogueError {
    /// The name is no name.
    #[error("name of a schema or table: {0}")]
    Name(#[from] NameError),
    /// The name is taken.
    #[error("schema `{name}`: expected a name of its own, found one that is taken")]
    Taken {
        /// The name.
        name: String,
    },
}

impl Diagnostic for CatalogueError {
    fn code(&self) -> &'static str {
        match self {
            Self::Name(_) => "query/schema-name",
            Self::Taken { .. } => "query/schema-taken",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Input
    }
}

impl Catalogue {
    /// Adds a capture log, its archive included, under a schema.
    ///
    /// # Errors
    /// [`CatalogueError`].
    pub fn with_log(
        mut self,
        schema: &str,
        folder: impl Into<PathBuf>,
    ) -> Result<Self, CatalogueError> {
        let schema = self.free(schema)?;
        self.logs.push(LogEntry { schema, folder: folder.into() });
        Ok(self)
    }

    /// Adds a store of datasets under a schema.
    ///
    /// # Errors
    /// [`CatalogueError`].
    pub fn with_store(
        mut self,
        schema: &str,
        folder: impl Into<PathBuf>,
    ) -> Result<Self, CatalogueError> {
        let schema = self.free(schema)?;
        self.stores.push(StoreEntry { schema, folder: folder.into() });
        Ok(self)
    }

    /// Adds a file of a table, Parquet or Arrow IPC, under the schema `files`. Files of one table are read in the order
    /// in which they were given.
    ///
    /// # Errors
    /// [`CatalogueError::Name`].
    pub fn with_file(
        mut self,
        table: &str,
        path: impl AsRef<Path>,
    ) -> Result<Self, CatalogueError> {
        let table = contract::TableName::parse(table)?.as_str().to_owned();
        let path = path.as_ref().to_path_buf();
        match self.files.iter_mut().find(|f| f.table == table) {
            Some(entry) => entry.paths.push(path),
            None => self.files.push(FileEntry { table, paths: vec![path] }),
        }
        Ok(self)
    }

    /// The SQL schemas, in the order in which they were given; files come last.
    #[must_use]
    pub fn schemas(&self) -> Vec<&str> {
        let logs = self.logs.iter().map(|l| l.schema.as_str());
        let stores = self.stores.iter().map(|s| s.schema.as_str());
        logs.chain(stores).chain((!self.files.is_empty()).then_some(FILES)).collect()
    }

    fn free(&self, name: &str) -> Result<String, CatalogueError> {
        let name = contract::Name::parse(name)?.as_str().to_owned();
        if RESERVED.contains(&name.as_str()) || self.schemas().contains(&name.as_str()) {
            return Err(CatalogueError::Taken { name });
        }
        Ok(name)
    }
}
