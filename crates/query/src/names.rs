//! Names in SQL: which shelf a table name means.

use crate::catalogue::{FILES, PUBLIC, SYSTEM};
use crate::error::QueryError;
use crate::shelf::{AsOf, Shelf};
use async_trait::async_trait;
use datafusion::catalog::{CatalogProvider, SchemaProvider, TableProvider};
use datafusion::error::Result;
use std::collections::BTreeMap;
use std::sync::Arc;

/// All shelves of a statement, by the name of their schema.
#[derive(Debug, Default)]
pub(crate) struct Shelves(pub(crate) Vec<Arc<dyn Shelf>>);

impl Shelves {
    pub(crate) fn schemas(&self) -> Vec<String> {
        let own = self.0.iter().map(|s| s.schema().to_owned());
        own.chain([PUBLIC.to_owned()]).collect()
    }

    fn shelf(&self, schema: &str) -> Option<&Arc<dyn Shelf>> {
        self.0.iter().find(|s| s.schema() == schema)
    }

    /// Shelves that an unqualified name may mean.
    fn open(&self) -> impl Iterator<Item = &Arc<dyn Shelf>> {
        self.0.iter().filter(|s| s.schema() != SYSTEM)
    }

    /// Names of a schema; those that two shelves have are left out of `public`.
    pub(crate) fn names(&self, schema: &str) -> Vec<String> {
        if schema != PUBLIC {
            return self.shelf(schema).map(|s| s.names()).unwrap_or_default();
        }
        let mut count: BTreeMap<String, usize> = BTreeMap::new();
        for name in self.open().flat_map(|s| s.names()) {
            *count.entry(name).or_default() += 1;
        }
        count.into_iter().filter(|(_, n)| *n == 1).map(|(name, _)| name).collect()
    }

    /// The table of a schema, `public` meaning the one place that has it.
    pub(crate) fn table(
        &self,
        schema: &str,
        name: &str,
        as_of: Option<AsOf>,
    ) -> Result<Option<Arc<dyn TableProvider>>, QueryError> {
        let look = |shelf: &Arc<dyn Shelf>| match as_of {
            Some(as_of) => shelf.table_as_of(name, as_of),
            None => shelf.table(name),
        };
        if schema != PUBLIC {
            return self.shelf(schema).map_or(Ok(None), look);
        }
        let mut found = Vec::new();
        let mut places = Vec::new();
        for shelf in self.open() {
            // A file that was named for this run and the log may both have it: then the statement has to say which.
            if let Some(table) = look(shelf)? {
                places.push(format!("{}.{name}", shelf.schema()));
                found.push(table);
            }
        }
        match found.len() {
            0 => Ok(None),
            1 => Ok(found.pop()),
            _ => Err(QueryError::Ambiguous { name: name.to_owned(), places }),
        }
    }
}

/// The one catalogue of SQL names.
#[derive(Debug)]
pub(crate) struct SqlCatalogue(pub(crate) Arc<Shelves>);

impl CatalogProvider for SqlCatalogue {
    fn schema_names(&self) -> Vec<String> {
        self.0.schemas()
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        let is_known = name == FILES || self.0.schemas().iter().any(|s| s == name);
        is_known.then(|| {
            let schema: Arc<dyn SchemaProvider> =
                Arc::new(SqlSchema { shelves: Arc::clone(&self.0), name: name.to_owned() });
            schema
        })
    }
}

#[derive(Debug)]
struct SqlSchema {
    shelves: Arc<Shelves>,
    name: String,
}

#[async_trait]
impl SchemaProvider for SqlSchema {
    fn table_names(&self) -> Vec<String> {
        self.shelves.names(&self.name)
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        Ok(self.shelves.table(&self.name, name, None)?)
    }

    fn table_exist(&self, name: &str) -> bool {
        self.table_names().iter().any(|n| n == name)
    }
}
