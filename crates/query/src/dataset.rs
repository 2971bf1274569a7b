//! To be written.

use crate::catalogue::StoreEntry;
use crate::error::QueryError;
use crate::session::Shared;
use crate::shelf::{AsOf, Shelf};
use datafusion::catalog::TableProvider;
use std::sync::Arc;

#[derive(Debug)]
pub(crate) struct StoreShelf {
    shared: Arc<Shared>,
    entry: StoreEntry,
}

impl StoreShelf {
    pub(crate) fn new(shared: &Arc<Shared>, entry: StoreEntry) -> Self {
        Self { shared: Arc::clone(shared), entry }
    }
}

impl Shelf for StoreShelf {
    fn schema(&self) -> &str {
        &self.entry.schema
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }

    fn table(&self, _name: &str) -> Result<Option<Arc<dyn TableProvider>>, QueryError> {
        Ok(None)
    }

    fn table_as_of(
        &self,
        name: &str,
        _as_of: AsOf,
    ) -> Result<Option<Arc<dyn TableProvider>>, QueryError> {
        self.table(name)
    }
}
