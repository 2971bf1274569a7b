//! Files that are read from the first batch to the last: Arrow IPC, and Parquet that the contract has to bring in shape.

use super::layout;
use super::open::{Body, OpenFile, guarded, shape};
use crate::error::QueryError;
use crate::fs_read::FsRead;
use crate::session::Shared;
use arrow_array::RecordBatch;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{
    BaselineMetrics, Count, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet, RecordOutput as _,
};
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
    ReplaceChildrenOptions, SendableRecordBatchStream,
};
use std::fmt;
use std::sync::Arc;

/// Files of one schema that are read in their order.
#[derive(Debug)]
pub(super) struct StreamTable {
    shared: Arc<Shared>,
    schema: SchemaRef,
    files: Arc<Vec<OpenFile>>,
}

impl StreamTable {
    pub(super) fn new(shared: &Arc<Shared>, schema: SchemaRef, files: Vec<OpenFile>) -> Self {
        Self { shared: Arc::clone(shared), schema, files: Arc::new(files) }
    }
}

#[async_trait]
impl TableProvider for StreamTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = match projection {
            Some(columns) => Arc::new(self.schema.project(columns)?),
            None => Arc::clone(&self.schema),
        };
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Ok(Arc::new(FilesExec {
            shared: Arc::clone(&self.shared),
            files: Arc::clone(&self.files),
            projection: projection.cloned(),
            limit,
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
        }))
    }
}

/// Reads files one after the other on a thread of its own; it stops when nobody listens.
#[derive(Debug, Clone)]
struct FilesExec {
    shared: Arc<Shared>,
    files: Arc<Vec<OpenFile>>,
    projection: Option<Vec<usize>>,
    limit: Option<usize>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl DisplayAs for FilesExec {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.files.iter().map(|file| file.path.display().to_string());
        write!(f, "FilesExec: files=[{}]", names.collect::<Vec<_>>().join(", "))?;
        let columns =
            self.properties.eq_properties.schema().fields().iter().map(|f| f.name().as_str());
        write!(f, ", projection=[{}]", columns.collect::<Vec<_>>().join(", "))?;
        self.limit.map_or(Ok(()), |limit| write!(f, ", limit={limit}"))
    }
}

impl ExecutionPlan for FilesExec {
    fn name(&self) -> &'static str {
        "FilesExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn with_new_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let mut stream = RecordBatchReceiverStreamBuilder::new(self.schema(), 2);
        let sender = stream.tx();
        let own = self.clone();
        let rows = context.session_config().batch_size();
        let baseline = BaselineMetrics::new(&self.metrics, partition);
        let bytes = MetricBuilder::new(&self.metrics).counter("bytes_scanned", partition);
        stream.spawn_blocking(move || {
            let mut left = own.limit;
            for file in own.files.iter() {
                let mut source = Source::open(&own.shared, file, rows, &bytes)?;
                while left != Some(0)
                    && let Some(batch) = source.next()?
                {
                    let batch = match &own.projection {
                        Some(columns) => batch.project(columns)?,
                        None => batch,
                    };
                    for part in cut(&batch, rows, &mut left) {
                        let part = part.record_output(&baseline);
                        if sender.blocking_send(Ok(part)).is_err() {
                            return Ok(()); // the statement was dropped
                        }
                    }
                }
            }
            Ok(())
        });
        Ok(stream.build())
    }
}

/// Parts of at most so many rows, of which no more than are left are wanted.
fn cut(batch: &RecordBatch, rows: usize, left: &mut Option<usize>) -> Vec<RecordBatch> {
    let total = left.map_or(batch.num_rows(), |left| left.min(batch.num_rows()));
    if let Some(left) = left {
        *left -= total;
    }
    let starts = (0..total).step_by(rows.max(1));
    starts.map(|at| batch.slice(at, rows.max(1).min(total - at))).collect()
}

/// The batches of one file, in the schema of its table.
struct Source<'a> {
    file: &'a OpenFile,
    batches: Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>>>,
    read: FsRead,
    bytes: &'a Count,
    counted: u64,
}

impl<'a> Source<'a> {
    fn open(
        shared: &Shared,
        file: &'a OpenFile,
        rows: usize,
        bytes: &'a Count,
    ) -> Result<Self, QueryError> {
        let read = FsRead::open(shared.fs.as_ref(), &file.path)?;
        let from = read.clone();
        let batches = guarded(&file.path, || {
            let batches: Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>>> = match file.body
            {
                Body::Parquet { .. } => {
                    let builder = ParquetRecordBatchReaderBuilder::try_new(from)?;
                    Box::new(builder.with_batch_size(rows).build()?)
                }
                Body::IpcFile => Box::new(FileReader::try_new(from.buffered(), None)?),
                Body::IpcStream => Box::new(StreamReader::try_new(from.buffered(), None)?),
            };
            Ok(batches)
        })?;
        Ok(Self { file, batches, read, bytes, counted: 0 })
    }

    fn next(&mut self) -> Result<Option<RecordBatch>, QueryError> {
        let next = guarded(&self.file.path, || self.batches.next().transpose())?;
        let read = self.read.bytes_read();
        self.bytes.add(usize::try_from(read - self.counted).unwrap_or(usize::MAX));
        self.counted = read;
        let Some(batch) = next else { return Ok(None) };
        match self.file.spec {
            Some(spec) => shape(spec, &self.file.path, &batch).map(|b| Some(b.into_record_batch())),
            None => {
                guarded(&self.file.path, || layout::to_plain(&batch, &self.file.schema)).map(Some)
            }
        }
    }
}
