//! Tables about the other tables.

use crate::catalogue::SYSTEM;
use crate::error::QueryError;
use crate::shelf::{AsOf, Shelf};
use arrow_array::{ArrayRef, RecordBatch, StringArray, TimestampNanosecondArray, UInt64Array};
use arrow_schema::{ArrowError, DataType, Field, Schema, TimeUnit};
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use std::sync::Arc;

const TABLES: &str = "tables";
const VERSIONS: &str = "versions";

/// `system.tables` and `system.versions`: one row a table that has a name, and one a version of a dataset.
///
/// They are made from manifests and records, so they read no rows and ask no gate.
#[derive(Debug)]
pub(crate) struct SystemShelf {
    shelves: Vec<Arc<dyn Shelf>>,
}

impl SystemShelf {
    pub(crate) fn new(shelves: Vec<Arc<dyn Shelf>>) -> Self {
        Self { shelves }
    }

    /// `schema`, `table` (Utf8); `rows`, `bytes`, `first_seq`, `last_seq` (UInt64), null where they are not known without
    /// reading the table.
    fn tables(&self) -> Result<RecordBatch, QueryError> {
        let mut found = Vec::new();
        for shelf in &self.shelves {
            for name in shelf.names() {
                let facts = shelf.facts(&name)?;
                found.push((shelf.schema(), name, facts));
            }
        }
        let count = |of: fn(&crate::shelf::TableFacts) -> Option<u64>| -> ArrayRef {
            Arc::new(found.iter().map(|(_, _, facts)| of(facts)).collect::<UInt64Array>())
        };
        let text = |column: StringArray| -> ArrayRef { Arc::new(column) };
        made(vec![
            ("schema", false, text(found.iter().map(|(schema, _, _)| Some(*schema)).collect())),
            ("table", false, text(found.iter().map(|(_, name, _)| Some(name.as_str())).collect())),
            ("rows", true, count(|f| f.rows)),
            ("bytes", true, count(|f| f.bytes)),
            ("first_seq", true, count(|f| f.first_seq)),
            ("last_seq", true, count(|f| f.last_seq)),
        ])
    }

    /// `schema`, `dataset` (Utf8), `version` (UInt64), `hash` (Utf8: SHA-256 of the manifest), `published`
    /// (Timestamp(ns, UTC)), `state` (Utf8: `live`, `withdrawn`, `erased`, `collected`), `rows`, `rows_train`,
    /// `rows_validation`, `rows_test` (UInt64), `refs` (Utf8: names that point to it, with `, ` between them).
    fn versions(&self) -> Result<RecordBatch, QueryError> {
        let mut found = Vec::new();
        for shelf in &self.shelves {
            found.extend(shelf.versions()?.into_iter().map(|facts| (shelf.schema(), facts)));
        }
        let text = |column: StringArray| -> ArrayRef { Arc::new(column) };
        let count = |of: fn(&crate::shelf::VersionFacts) -> u64| -> ArrayRef {
            Arc::new(found.iter().map(|(_, facts)| Some(of(facts))).collect::<UInt64Array>())
        };
        let published: TimestampNanosecondArray =
            found.iter().map(|(_, facts)| Some(facts.published)).collect();
        made(vec![
            ("schema", false, text(found.iter().map(|(schema, _)| Some(*schema)).collect())),
            ("dataset", false, text(found.iter().map(|(_, f)| Some(f.dataset.as_str())).collect())),
            ("version", false, count(|f| f.version)),
            ("hash", false, text(found.iter().map(|(_, f)| Some(f.hash.as_str())).collect())),
            ("published", false, Arc::new(published.with_timezone(contract::UTC))),
            ("state", false, text(found.iter().map(|(_, f)| Some(f.state)).collect())),
            ("rows", false, count(|f| f.rows)),
            ("rows_train", false, count(|f| f.splits[0])),
            ("rows_validation", false, count(|f| f.splits[1])),
            ("rows_test", false, count(|f| f.splits[2])),
            (
                "refs",
                false,
                text(found.iter().map(|(_, f)| Some(f.references.join(", "))).collect()),
            ),
        ])
    }
}

/// A batch of these columns: name, whether it may be null, values.
fn made(columns: Vec<(&str, bool, ArrayRef)>) -> Result<RecordBatch, QueryError> {
    let field = |(name, nullable, array): &(&str, bool, ArrayRef)| {
        let ty = match array.data_type() {
            DataType::Timestamp(TimeUnit::Nanosecond, _) => {
                DataType::Timestamp(TimeUnit::Nanosecond, Some(contract::UTC.into()))
            }
            other => other.clone(),
        };
        Field::new(*name, ty, *nullable)
    };
    let schema = Schema::new(columns.iter().map(field).collect::<Vec<_>>());
    let arrays = columns.into_iter().map(|(_, _, array)| array).collect();
    RecordBatch::try_new(Arc::new(schema), arrays).map_err(wrong)
}

fn wrong(error: ArrowError) -> QueryError {
    QueryError::from_engine(DataFusionError::from(error), "")
}

impl Shelf for SystemShelf {
    fn schema(&self) -> &str {
        SYSTEM
    }

    fn names(&self) -> Vec<String> {
        [TABLES, VERSIONS].map(str::to_owned).to_vec()
    }

    fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, QueryError> {
        let rows = match name {
            TABLES => self.tables()?,
            VERSIONS => self.versions()?,
            _ => return Ok(None),
        };
        let table = MemTable::try_new(rows.schema(), vec![vec![rows]]);
        Ok(Some(Arc::new(table.map_err(|e| QueryError::from_engine(e, ""))?)))
    }

    fn table_as_of(
        &self,
        name: &str,
        _as_of: AsOf,
    ) -> Result<Option<Arc<dyn TableProvider>>, QueryError> {
        match name {
            TABLES | VERSIONS => Err(QueryError::NoAsOf { table: format!("{SYSTEM}.{name}") }),
            _ => Ok(None),
        }
    }
}
