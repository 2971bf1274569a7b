//! Tables about the other tables.

use crate::catalogue::SYSTEM;
use crate::error::QueryError;
use crate::shelf::{AsOf, Shelf};
use datafusion::catalog::TableProvider;
use std::sync::Arc;

#[derive(Debug)]
pub(crate) struct SystemShelf {
    shelves: Vec<Arc<dyn Shelf>>,
}

impl SystemShelf {
    pub(crate) fn new(shelves: Vec<Arc<dyn Shelf>>) -> Self {
        Self { shelves }
    }
}

impl Shelf for SystemShelf {
    fn schema(&self) -> &str {
        SYSTEM
    }

    fn names(&self) -> Vec<String> {
        let _ = &self.shelves;
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
