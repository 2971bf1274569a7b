//! Parquet files as one table, read by the engine: filters, projections and limits go down to row groups and pages.

use crate::error::QueryError;
use crate::fs_read::{FsRead, external};
use crate::reads::{Reads, verify};
use crate::session::Shared;
use arrow_array::cast::AsArray as _;
use arrow_array::{Array as _, RecordBatch};
use arrow_schema::{Schema, SchemaRef};
use async_trait::async_trait;
use bytes::Bytes;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::config::TableParquetOptions;
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, DFSchema, ScalarValue, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{
    FileGroup, FileScanConfigBuilder, ParquetFileMetrics, ParquetFileReaderFactory, ParquetSource,
};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::Result;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::errors::{ParquetError, Result as ParquetResult};
use datafusion::parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// A Parquet file of a table.
#[derive(Debug)]
pub(crate) struct Part {
    /// Where it stands.
    pub(crate) path: PathBuf,
    /// What plans and metrics call it.
    pub(crate) name: String,
    /// Its bytes.
    pub(crate) bytes: u64,
    /// Its rows, where they are known.
    pub(crate) rows: Option<u64>,
    /// Its hash, where one is on record.
    pub(crate) sha256: Option<[u8; 32]>,
    /// One value for each column that the file itself does not hold.
    pub(crate) values: Vec<ScalarValue>,
    /// Its footer, once it was read.
    pub(crate) footer: OnceLock<Arc<ParquetMetaData>>,
}

impl Part {
    /// Reads the footer, and the Arrow schema that it stands for.
    pub(crate) fn schema(&self, shared: &Shared) -> Result<SchemaRef, QueryError> {
        let footer = match self.footer.get() {
            Some(footer) => Arc::clone(footer),
            None => {
                let file = FsRead::open(shared.fs.as_ref(), &self.path)?;
                let footer = ParquetMetaDataReader::new().parse_and_finish(&file);
                let footer = Arc::new(footer.map_err(|e| self.damaged(e))?);
                Arc::clone(self.footer.get_or_init(|| footer))
            }
        };
        let metadata = ArrowReaderMetadata::try_new(footer, ArrowReaderOptions::new());
        Ok(Arc::clone(metadata.map_err(|e| self.damaged(e))?.schema()))
    }

    fn damaged(&self, error: ParquetError) -> QueryError {
        match QueryError::from_engine(error.into(), "") {
            QueryError::Damaged { path, expected, found } if path.is_empty() => {
                QueryError::Damaged { path: self.path.display().to_string(), expected, found }
            }
            other => other,
        }
    }
}

/// Parquet files of one schema as a table.
#[derive(Debug)]
pub(crate) struct ParquetTable {
    shared: Arc<Shared>,
    schema: TableSchema,
    parts: Vec<Arc<Part>>,
    readers: Arc<Readers>,
}

impl ParquetTable {
    /// Files that all have this schema, and columns behind it whose value is one a file.
    pub(crate) fn new(
        shared: &Arc<Shared>,
        schema: TableSchema,
        parts: Vec<Arc<Part>>,
        reads: &Reads,
    ) -> Self {
        let readers = Arc::new(Readers {
            shared: Arc::clone(shared),
            reads: reads.clone(),
            bytes: Arc::default(),
        });
        Self { shared: Arc::clone(shared), schema, parts, readers }
    }

    pub(crate) fn readers(&self) -> &Arc<Readers> {
        &self.readers
    }

    fn is_of_file(&self, filter: &Expr) -> bool {
        let columns = self.schema.table_partition_cols();
        let refs = filter.column_refs();
        !refs.is_empty() && refs.iter().all(|c| columns.iter().any(|f| *f.name() == c.name))
    }

    /// The files whose own values satisfy the filters that ask for nothing else.
    fn chosen(&self, state: &dyn Session, filters: &[Expr]) -> Result<Vec<&Arc<Part>>> {
        let columns = self.schema.table_partition_cols();
        let schema = Arc::new(Schema::new(columns.clone()));
        let names = DFSchema::try_from(Arc::clone(&schema))?;
        let filters = filters
            .iter()
            .filter(|filter| self.is_of_file(filter))
            .map(|filter| state.create_physical_expr(filter.clone(), &names))
            .collect::<Result<Vec<_>>>()?;
        let mut chosen = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            if filters.is_empty() {
                chosen.push(part);
                continue;
            }
            let values =
                part.values.iter().map(ScalarValue::to_array).collect::<Result<Vec<_>>>()?;
            let row = RecordBatch::try_new(Arc::clone(&schema), values)?;
            let mut holds = true;
            for filter in &filters {
                let answer = filter.evaluate(&row)?.into_array(1)?;
                holds &= answer.as_boolean_opt().is_some_and(|a| a.is_valid(0) && a.value(0));
            }
            if holds {
                chosen.push(part);
            }
        }
        Ok(chosen)
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
        let each = |filter: &&Expr| match self.is_of_file(filter) {
            true => TableProviderFilterPushDown::Exact,
            false => TableProviderFilterPushDown::Inexact,
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
            for part in &chosen {
                if let Some(sha256) = part.sha256 {
                    verify(&self.shared, &part.path, sha256)?;
                }
            }
        }
        let options = TableParquetOptions {
            global: state.config_options().execution.parquet.clone(),
            ..TableParquetOptions::default()
        };
        let readers: Arc<Readers> = Arc::clone(&self.readers);
        let source = ParquetSource::new(self.schema.clone())
            .with_table_parquet_options(options)
            .with_parquet_file_reader_factory(readers);
        let width = self.schema.file_schema().fields().len();
        let files = chosen.iter().map(|part| {
            PartitionedFile::new(part.name.as_str(), part.bytes)
                .with_partition_values(part.values.clone())
                .with_extension(Arc::clone(part))
                .with_statistics(Arc::new(counts(part.rows, width)))
        });
        let rows = chosen.iter().map(|part| part.rows).sum::<Option<u64>>();
        let config =
            FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), Arc::new(source))
                .with_statistics(counts(rows, self.schema().fields().len()))
                .with_file_group(FileGroup::new(files.collect()))
                .with_projection_indices(projection.cloned())?
                .with_limit(limit)
                .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

/// Statistics of a number of rows, and of nothing else.
fn counts(rows: Option<u64>, columns: usize) -> Statistics {
    let rows = rows.and_then(|rows| usize::try_from(rows).ok());
    Statistics {
        num_rows: rows.map_or(Precision::Absent, Precision::Exact),
        total_byte_size: Precision::Absent,
        column_statistics: vec![ColumnStatistics::new_unknown(); columns],
    }
}

/// Opens the files of one table for the engine, through the `Fs` trait.
#[derive(Debug)]
pub(crate) struct Readers {
    shared: Arc<Shared>,
    reads: Reads,
    bytes: Arc<AtomicU64>,
}

impl Readers {
    /// Bytes read so far.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

impl ParquetFileReaderFactory for Readers {
    fn create_reader(
        &self,
        partition: usize,
        file: PartitionedFile,
        _metadata_size_hint: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        let Some(part) = file.extension::<Arc<Part>>().map(Arc::clone) else {
            return Err(QueryError::Bug { message: "a file without a place".to_owned() }.into());
        };
        self.reads.opened(&part);
        let read = FsRead::open(self.shared.fs.as_ref(), &part.path).map_err(QueryError::from)?;
        let metrics = ParquetFileMetrics::new(partition, &part.name, metrics);
        let total = Arc::clone(&self.bytes);
        Ok(Box::new(PartReader { part, read, metrics, total }))
    }
}

/// Reads one file for the engine.
struct PartReader {
    part: Arc<Part>,
    read: FsRead,
    metrics: ParquetFileMetrics,
    total: Arc<AtomicU64>,
}

impl PartReader {
    /// Counts what was read since it had read so many bytes.
    fn count(&self, before: u64) {
        let bytes = self.read.bytes_read().saturating_sub(before);
        self.total.fetch_add(bytes, Ordering::Relaxed);
        self.metrics.bytes_scanned.add(usize::try_from(bytes).unwrap_or(usize::MAX));
    }
}

impl AsyncFileReader for PartReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        async move {
            let before = self.read.bytes_read();
            let bytes = self.read.range(range).map_err(external);
            self.count(before);
            bytes
        }
        .boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        async move {
            if let Some(footer) = self.part.footer.get() {
                return Ok(Arc::clone(footer));
            }
            let before = self.read.bytes_read();
            let mut reader = ParquetMetaDataReader::new();
            if let Some(options) = options {
                reader = reader
                    .with_column_index_policy(options.column_index_policy())
                    .with_offset_index_policy(options.offset_index_policy());
            }
            let footer =
                reader.parse_and_finish(&self.read).map_err(|e| external(self.part.damaged(e)));
            self.count(before);
            footer.map(Arc::new)
        }
        .boxed()
    }
}
