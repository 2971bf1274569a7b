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
}

/// Up to where a log, or the history of a dataset, is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AsOf {
    /// The last `seq` that is shown; for a dataset, its last version.
    Seq(u64),
    /// Rows whose delivered `ts_avail` is earlier than this instant; for a dataset, versions published before it.
    Instant(contract::UtcNanos),
}
