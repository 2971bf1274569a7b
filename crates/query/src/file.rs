//! To be written.

use crate::error::QueryError;
use crate::session::Shared;
use crate::shelf::{AsOf, Shelf};
use datafusion::catalog::TableProvider;
use std::sync::Arc;

#[derive(Debug)]
pub(crate) struct FileShelf {
    shared: Arc<Shared>,
}

impl FileShelf {
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::clone(shared) }
    }
}

impl Shelf for FileShelf {
    fn schema(&self) -> &str {
        crate::catalogue::FILES
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
