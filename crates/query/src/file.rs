//! Files as SQL tables.

mod frames;
mod kind;
mod layout;
mod open;
mod stream;

use crate::catalogue::{FILES, FileEntry};
use crate::error::QueryError;
use crate::parquet_table::ParquetTable;
use crate::session::Shared;
use crate::shelf::{AsOf, Shelf, TableFacts};
use datafusion::catalog::TableProvider;
use datafusion::datasource::table_schema::TableSchema;
use open::{Body, OpenFile};
use std::sync::Arc;
use stream::StreamTable;

/// Files that were named for the session: Parquet, Arrow IPC files and Arrow IPC streams, known by their first bytes.
///
/// - **Shape:** a file that says it is a table of the contract, or stands under such a name, has the contract's columns
///   in their order, types and metadata; [`AnyBatch::parse`](contract::AnyBatch::parse) says what fits. Under the name of
///   a table of the contract stands no file that says it is another. Any other file keeps its columns, with view types in
///   their plain form. Files of one table are one after the other, and agree in schema.
/// - **Cost:** footers, and the frames of streams, are read when a statement is planned: a stream that was cut is refused
///   before its first row.
#[derive(Debug)]
pub(crate) struct FileShelf {
    shared: Arc<Shared>,
}

impl FileShelf {
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::clone(shared) }
    }

    fn entry(&self, name: &str) -> Option<&FileEntry> {
        self.shared.catalogue.files.iter().find(|entry| entry.table == name)
    }

    fn open(&self, entry: &FileEntry) -> Result<Arc<dyn TableProvider>, QueryError> {
        let files = entry
            .paths
            .iter()
            .map(|path| OpenFile::open(&self.shared, &entry.table, path))
            .collect::<Result<Vec<_>, _>>()?;
        let Some(first) = files.first() else {
            let message = format!("table `{}`: expected a file, found none", entry.table);
            return Err(QueryError::Bug { message });
        };
        let schema = Arc::clone(&first.schema);
        for other in &files {
            other.agrees_with(first)?;
        }
        // The engine reads Parquet that needs no more than what it does by itself.
        let plain = files.iter().map(|file| match &file.body {
            Body::Parquet { file, is_plain: true } => Some(file.as_ref().clone()),
            _ => None,
        });
        if let Some(plain) = plain.collect::<Option<Vec<_>>>() {
            let schema = TableSchema::from(schema);
            return Ok(Arc::new(ParquetTable::new(&self.shared, schema, plain)));
        }
        Ok(Arc::new(StreamTable::new(&self.shared, schema, files)))
    }
}

impl Shelf for FileShelf {
    fn schema(&self) -> &str {
        FILES
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.shared.catalogue.files.iter().map(|entry| entry.table.clone()).collect();
        names.sort();
        names
    }

    fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, QueryError> {
        self.entry(name).map(|entry| self.open(entry)).transpose()
    }

    fn table_as_of(
        &self,
        name: &str,
        _as_of: AsOf,
    ) -> Result<Option<Arc<dyn TableProvider>>, QueryError> {
        match self.entry(name) {
            Some(_) => Err(QueryError::NoAsOf { table: format!("{FILES}.{name}") }),
            None => Ok(None),
        }
    }

    fn facts(&self, name: &str) -> Result<TableFacts, QueryError> {
        let Some(entry) = self.entry(name) else { return Ok(TableFacts::default()) };
        let mut bytes = 0;
        for path in &entry.paths {
            bytes += self.shared.fs.metadata(path)?.len;
        }
        Ok(TableFacts { bytes: Some(bytes), ..TableFacts::default() })
    }
}
