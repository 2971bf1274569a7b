//! `dataset('entries@7', 'lineage')`: a version of a dataset, or a table beside its rows, without quoted names.

use super::argument::{count, name, text};
use crate::catalogue::PUBLIC;
use crate::error::QueryError;
use crate::names::Shelves;
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::error::Result;
use std::sync::{Arc, Weak};

const FUNCTION: &str = "dataset";

/// `dataset(version [, part])`: what the table `"version/part"` is. A version is named as in
/// [`VersionRef`](datasets::VersionRef), with the schema of its store and a dot before it where several stores have it.
pub(super) struct DatasetFunction {
    /// Weak, because the state that holds the function holds the shelves, too.
    shelves: Weak<Shelves>,
}

impl std::fmt::Debug for DatasetFunction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DatasetFunction")
    }
}

impl DatasetFunction {
    pub(super) fn new(shelves: &Arc<Shelves>) -> Self {
        Self { shelves: Arc::downgrade(shelves) }
    }
}

impl TableFunctionImpl for DatasetFunction {
    fn call_with_args(&self, args: TableFunctionArgs<'_, '_>) -> Result<Arc<dyn TableProvider>> {
        let exprs = args.exprs();
        count(FUNCTION, "dataset(version [, part])", exprs.len(), 1..=2)?;
        let mut version = None;
        let mut part = None;
        if let Some(expr) = exprs.first() {
            version = Some(name(FUNCTION, "version", expr)?);
        }
        if let Some(expr) = exprs.get(1) {
            part = text(FUNCTION, "part", expr)?.filter(|part| !part.is_empty());
        }
        let Some(shelves) = self.shelves.upgrade() else {
            return Err(
                QueryError::Bug { message: "dataset() outlives its statement".to_owned() }.into()
            );
        };
        let written = version.unwrap_or_default();
        // The schema of a store may stand before the name; the name of a dataset may hold a dot, too.
        let (schema, version) = match written.split_once('.') {
            Some((schema, rest)) if shelves.is_store(schema) => (schema, rest),
            _ => (PUBLIC, written),
        };
        // Only stores know names with an `@`.
        let at = if version.contains('@') { "" } else { "@latest" };
        let table = match part {
            Some(part) => format!("{version}{at}/{part}"),
            None => format!("{version}{at}"),
        };
        let unknown =
            || QueryError::UnknownTable { name: written.to_owned(), near: Vec::new(), place: None };
        Ok(shelves.table(schema, &table, None)?.ok_or_else(|| unknown().with_names(&shelves))?)
    }
}
