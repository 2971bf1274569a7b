//! What the log knows of its own completeness, as tables.

use super::Place;
use super::grant::Held;
use crate::error::QueryError;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use async_trait::async_trait;
use contract::{AllowLocal, Resource, ResourceKind, TableName, TableSpec, UtcNanos};
use datafusion::catalog::{Session, TableProvider};
use datafusion::datasource::MemTable;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use std::sync::Arc;

/// Tables that [`LedgerTable`] makes; those of runs and buckets are no answer to a question of their own.
pub(super) const LEDGER_TABLES: [&str; 2] = ["ledger_gaps", "ledger_producers"];

/// Accounts of the producers, or what is not in the log.
///
/// - **Point in time:** as of the last durable frame, and judged at the instant when the writer last made rows durable: a
///   library has no clock. A log whose writer died an hour ago is judged as it stood then.
#[derive(Debug)]
pub(super) struct LedgerTable {
    place: Arc<Place>,
    spec: &'static TableSpec,
    schema: SchemaRef,
}

impl LedgerTable {
    pub(super) fn new(place: Arc<Place>, spec: &'static TableSpec) -> Self {
        Self { place, spec, schema: Arc::new(spec.schema(false)) }
    }

    fn rows(&self) -> Result<RecordBatch, QueryError> {
        let shared = &self.place.shared;
        let tables = TableName::parse(self.spec.name).into_iter().collect();
        let name = self.place.name()?;
        let what = Resource { kind: ResourceKind::Log, name, version: None, tables };
        let options = &shared.options;
        let held = Held::open(&options.gate, &options.context, &what, String::new())?;
        let now = self.place.stock()?.ts_durable.unwrap_or(UtcNanos::from_nanos(0));
        let gate = Arc::new(AllowLocal { reason: "granted to the statement".to_owned() });
        let own = capture::Options { gate, ..capture::Options::default() };
        let folder = &self.place.entry.folder;
        // No rows are counted: the accounts are those of the whole log whatever the range.
        let found = capture::completeness(&shared.fs, folder, &own, &options.context, now, 0..0)?;
        let rows = match self.spec.name {
            "ledger_gaps" => found.gaps_table(),
            _ => found.producers_table(),
        };
        let rows = held.apply(rows.map_err(|e| QueryError::Bug { message: e.to_string() })?)?;
        held.handed(&rows);
        held.close(true);
        Ok(rows)
    }
}

#[async_trait]
impl TableProvider for LedgerTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let rows = self.rows()?.with_schema(Arc::clone(&self.schema))?;
        let table = MemTable::try_new(Arc::clone(&self.schema), vec![vec![rows]])?;
        table.scan(state, projection, filters, limit).await
    }
}
