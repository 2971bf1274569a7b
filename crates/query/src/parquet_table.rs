//! Parquet files as one table: the files are chosen here, rows and pages by the engine.

use crate::parquet_scan::{DataFile, scan};
use crate::reads::{Counted, Totals};
use crate::session::Shared;
use crate::watch::WatchExec;
use arrow_array::cast::AsArray as _;
use arrow_array::{Array as _, RecordBatch};
use arrow_schema::{Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use std::sync::Arc;

/// Parquet files of one schema as a table.
#[derive(Debug)]
pub(crate) struct ParquetTable {
    shared: Arc<Shared>,
    schema: TableSchema,
    files: Vec<DataFile>,
    /// The version that they are of, and where its rows are counted.
    version: Option<(String, Arc<Totals>)>,
}

impl ParquetTable {
    /// Files that all have this schema, and columns behind it whose value is one a file.
    pub(crate) fn new(shared: &Arc<Shared>, schema: TableSchema, files: Vec<DataFile>) -> Self {
        Self { shared: Arc::clone(shared), schema, files, version: None }
    }

    /// The same files as those of a version.
    pub(crate) fn of_version(mut self, name: String, totals: &Arc<Totals>) -> Self {
        self.version = Some((name, Arc::clone(totals)));
        self
    }

    fn is_of_file(&self, filter: &Expr) -> bool {
        let columns = self.schema.table_partition_cols();
        let refs = filter.column_refs();
        !refs.is_empty() && refs.iter().all(|c| columns.iter().any(|f| *f.name() == c.name))
    }

    /// The files whose own values satisfy the filters that ask for nothing else.
    fn chosen(&self, state: &dyn Session, filters: &[Expr]) -> Result<Vec<DataFile>> {
        let columns = self.schema.table_partition_cols();
        let schema = Arc::new(Schema::new(columns.clone()));
        let names = DFSchema::try_from(Arc::clone(&schema))?;
        let filters = filters
            .iter()
            .filter(|filter| self.is_of_file(filter))
            .map(|filter| state.create_physical_expr(filter.clone(), &names))
            .collect::<Result<Vec<_>>>()?;
        let mut chosen = Vec::with_capacity(self.files.len());
        for file in &self.files {
            let mut holds = true;
            if !filters.is_empty() {
                let values = file.values.iter().map(ScalarValue::to_array);
                let values = values.collect::<Result<Vec<_>>>()?;
                let row = RecordBatch::try_new(Arc::clone(&schema), values)?;
                for filter in &filters {
                    let answer = filter.evaluate(&row)?.into_array(1)?;
                    holds &= answer.as_boolean_opt().is_some_and(|a| a.is_valid(0) && a.value(0));
                }
            }
            if holds {
                chosen.push(file.clone());
            }
        }
        Ok(chosen)
    }

    /// Compares files with their recorded hashes, each once a session.
    fn verify(&self, files: &[DataFile]) -> Result<()> {
        for file in files {
            if let Some(sha256) = file.sha256 {
                self.shared.learnt.verify(self.shared.fs.as_ref(), &file.path, sha256)?;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl TableProvider for ParquetTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.schema.table_schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        // What asks for values of files alone is settled by the choice of files; the rest is tested row by row again.
        let each = |filter: &&Expr| {
            if self.is_of_file(filter) {
                TableProviderFilterPushDown::Exact
            } else {
                TableProviderFilterPushDown::Inexact
            }
        };
        Ok(filters.iter().map(each).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let chosen = self.chosen(state, filters)?;
        if chosen.is_empty() {
            let schema = self.schema();
            let schema = match projection {
                Some(columns) => Arc::new(schema.project(columns)?),
                None => schema,
            };
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        if self.shared.options.verify {
            self.verify(&chosen)?;
        }
        let count = format!("{} of {} files", chosen.len(), self.files.len());
        let plan = scan(&self.shared.fs, &self.schema, chosen, state, projection, limit)?;
        let Some((version, totals)) = &self.version else { return Ok(plan) };
        let what = format!("DatasetScan: {version}, {count}");
        let counted = Counted { totals: Arc::clone(totals), what };
        Ok(Arc::new(WatchExec::new(plan, Arc::new(counted))))
    }
}
