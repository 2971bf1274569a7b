//! What a place shows to one statement.

use crate::error::QueryError;
use datafusion::catalog::TableProvider;
use std::fmt::Debug;
use std::sync::Arc;

/// The tables of one place as of one moment.
///
/// A shelf is opened when a statement is planned and dropped when its answer is, so all tables of a place that a
/// statement reads show the same moment.
pub(crate) trait Shelf: Debug + Send + Sync {
    /// The SQL schema of its tables.
    fn schema(&self) -> &str;

    /// Names of its tables, sorted; all that completion and `SHOW TABLES` name.
    fn names(&self) -> Vec<String>;

    /// A table by the name that stands in SQL, which may be one that [`names`](Self::names) does not list (a version by
    /// its hash). `None` when there is none.
    fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, QueryError>;

    /// A table with the rows that were known as of a bound; `None` when there is no such table.
    ///
    /// # Errors
    /// [`QueryError::NoAsOf`] where rows have no order in which they became known.
    fn table_as_of(
        &self,
        name: &str,
        as_of: AsOf,
    ) -> Result<Option<Arc<dyn TableProvider>>, QueryError>;

    /// What is known of a listed table without reading rows or asking a gate.
    fn facts(&self, _name: &str) -> Result<TableFacts, QueryError> {
        Ok(TableFacts::default())
    }

    /// Whether the place is a store of datasets.
    fn is_store(&self) -> bool {
        false
    }

    /// Versions of datasets, where the place has such.
    fn versions(&self) -> Result<Vec<VersionFacts>, QueryError> {
        Ok(Vec::new())
    }
}

/// What is known of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct TableFacts {
    pub(crate) rows: Option<u64>,
    pub(crate) bytes: Option<u64>,
    pub(crate) first_seq: Option<u64>,
    pub(crate) last_seq: Option<u64>,
}

/// What is known of a version of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VersionFacts {
    pub(crate) dataset: String,
    pub(crate) version: u64,
    /// SHA-256 of its manifest.
    pub(crate) hash: String,
    /// When it was published, in nanoseconds since 1970.
    pub(crate) published: i64,
    /// `live`, `withdrawn`, `erased` or `collected`.
    pub(crate) state: &'static str,
    pub(crate) rows: u64,
    /// Rows of train, validation and test.
    pub(crate) splits: [u64; 3],
    /// References that point to it, `latest` among them.
    pub(crate) references: Vec<String>,
}

/// Up to where a log, or the history of a dataset, is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AsOf {
    /// The last `seq` that is shown; for a dataset, its last version.
    Seq(u64),
    /// Rows whose delivered `ts_avail` is earlier than this instant; for a dataset, versions published before it.
    Instant(contract::UtcNanos),
}
