//! A step of a plan that changes nothing: it sees what passes.

use arrow_array::RecordBatch;
use datafusion::common::Statistics;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::parquet::errors::ParquetError;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::execution_plan::{
    CardinalityEffect, ChildrenPropertiesMode, ReplaceChildrenOptions,
};
use datafusion::physical_plan::filter_pushdown::{FilterDescription, FilterPushdownPhase};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildStats, DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties as _,
    PlanProperties, StatisticsArgs,
};
use futures::{FutureExt as _, StreamExt as _};
use std::any::Any;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

/// What looks at the rows and errors of a step.
pub(crate) trait Watch: fmt::Debug + Send + Sync {
    /// Takes a batch and gives what may be seen of it.
    ///
    /// # Errors
    /// Whatever ends the statement.
    fn batch(&self, batch: RecordBatch) -> Result<RecordBatch> {
        Ok(batch)
    }

    /// Takes an error and gives what is known of it.
    fn error(&self, error: DataFusionError) -> DataFusionError {
        error
    }

    /// One of so many partitions has given all its rows.
    fn ended(&self, _partitions: usize) {}

    /// Whether what the footers say of the rows may stand for an answer: not where a batch has to be seen.
    fn is_open(&self) -> bool {
        true
    }

    /// What stands in a plan.
    fn describe(&self) -> Option<String> {
        None
    }
}

/// Hands rows on and lets a [`Watch`] see them. Filters and limits pass through it as if it were not there; statistics are
/// no more than estimates where the watch has to see every batch, so that no answer is made of them past it.
#[derive(Debug)]
pub(crate) struct WatchExec {
    input: Arc<dyn ExecutionPlan>,
    watch: Arc<dyn Watch>,
}

impl WatchExec {
    pub(crate) fn new(input: Arc<dyn ExecutionPlan>, watch: Arc<dyn Watch>) -> Self {
        Self { input, watch }
    }
}

/// What a panic says.
fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    format!("a decoder gave up: {}", text.unwrap_or("it did not say why"))
}

impl DisplayAs for WatchExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.watch.describe() {
            Some(text) => f.write_str(&text),
            None => f.write_str("WatchExec"),
        }
    }
}

impl ExecutionPlan for WatchExec {
    fn name(&self) -> &'static str {
        "WatchExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let input = children.pop().unwrap_or_else(|| Arc::clone(&self.input));
        Ok(Arc::new(Self { input, watch: Arc::clone(&self.watch) }))
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
        self.replace_children(children, options)
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let partitions = self.input.output_partitioning().partition_count();
        let input = self.input.execute(partition, context).map_err(|e| self.watch.error(e))?;
        let schema = input.schema();
        let watch = Arc::clone(&self.watch);
        let rows = futures::stream::unfold(Some((input, watch)), move |state| async move {
            let (mut input, watch) = state?;
            // Decoders panic on some damaged bytes (arrow-ipc 59 on a schema with a type that it does not know), and a
            // damaged file must not end the process.
            match AssertUnwindSafe(input.next()).catch_unwind().await {
                Ok(None) => {
                    watch.ended(partitions);
                    None
                }
                Ok(Some(Ok(batch))) => match watch.batch(batch) {
                    Ok(batch) => Some((Ok(batch), Some((input, watch)))),
                    Err(error) => Some((Err(error), None)),
                },
                Ok(Some(Err(error))) => Some((Err(watch.error(error)), None)),
                Err(panic) => {
                    let error = ParquetError::General(text_of(panic.as_ref()));
                    Some((Err(watch.error(error.into())), None))
                }
            }
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows)))
    }

    fn child_stats_requests(&self, partition: Option<usize>) -> Vec<ChildStats> {
        vec![ChildStats::At(partition)]
    }

    fn statistics_from_inputs(
        &self,
        inputs: &[Arc<Statistics>],
        _: &StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        let unknown = || Arc::new(Statistics::new_unknown(&self.schema()));
        let found = inputs.first().map_or_else(unknown, Arc::clone);
        if self.watch.is_open() {
            return Ok(found);
        }
        Ok(Arc::new(Statistics::clone(&found).to_inexact()))
    }

    fn supports_limit_pushdown(&self) -> bool {
        true
    }

    fn cardinality_effect(&self) -> CardinalityEffect {
        CardinalityEffect::Equal
    }

    fn gather_filters_for_pushdown(
        &self,
        _: FilterPushdownPhase,
        filters: Vec<Arc<dyn PhysicalExpr>>,
        _: &ConfigOptions,
    ) -> Result<FilterDescription> {
        FilterDescription::from_children(filters, &self.children())
    }
}
