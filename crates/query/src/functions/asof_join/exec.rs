//! The join at work: the right side held, the left side streaming.

use super::collect::{Right, collect};
use super::key::UNKNOWN;
use super::sides::{Origin, Sides};
use crate::error::QueryError;
use arrow_array::builder::{Int64Builder, StringBuilder};
use arrow_array::cast::AsArray as _;
use arrow_array::types::TimestampNanosecondType;
use arrow_array::{Array as _, ArrayRef, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow_select::take::take;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result;
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{Distribution, EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{
    BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet, RecordOutput as _,
};
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, InputDistributionRequirements, Partitioning,
    PlanProperties, ReplaceChildrenOptions,
};
use features::{Found, History, Instants, MaxAge};
use futures::StreamExt as _;
use std::fmt;
use std::sync::Arc;

/// Joins each row of the left child to the last earlier row of the right one.
#[derive(Debug, Clone)]
pub(super) struct AsOfJoinExec {
    left: Arc<dyn ExecutionPlan>,
    right: Arc<dyn ExecutionPlan>,
    sides: Arc<Sides>,
    max_age: MaxAge,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl AsOfJoinExec {
    pub(super) fn new(
        left: Arc<dyn ExecutionPlan>,
        right: Arc<dyn ExecutionPlan>,
        sides: Sides,
        max_age: MaxAge,
    ) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&sides.schema)),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self {
            left,
            right,
            sides: Arc::new(sides),
            max_age,
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
        }
    }
}

impl DisplayAs for AsOfJoinExec {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (left, right) = (self.left.schema(), self.right.schema());
        let name = |schema: &arrow_schema::Schema, at: usize| schema.field(at).name().clone();
        let (left_time, right_time) =
            (name(&left, self.sides.left_time), name(&right, self.sides.right_time));
        write!(f, "AsOfJoinExec: right.{right_time} < left.{left_time}")?;
        if let (Some(l), Some(r)) = (self.sides.left_key, self.sides.right_key) {
            write!(f, ", right.{} = left.{}", name(&right, r), name(&left, l))?;
        }
        if self.max_age == MaxAge::UNBOUNDED {
            return Ok(());
        }
        write!(f, ", {:?}", self.max_age)
    }
}

impl ExecutionPlan for AsOfJoinExec {
    fn name(&self) -> &'static str {
        "AsOfJoinExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.left, &self.right]
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        InputDistributionRequirements::new(vec![Distribution::SinglePartition; 2])
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true, false]
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Ok([left, right]) = <[_; 2]>::try_from(children) else {
            return Err(QueryError::Bug { message: "a join of two sides".to_owned() }.into());
        };
        let metrics = ExecutionPlanMetricsSet::new();
        Ok(Arc::new(Self { left, right, metrics, ..Self::clone(&self) }))
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mode = datafusion::physical_plan::ChildrenPropertiesMode::Recompute;
        self.replace_children(children, ReplaceChildrenOptions::new(mode))
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
        let baseline = BaselineMetrics::new(&self.metrics, partition);
        stream.spawn(async move {
            let memory = MemoryConsumer::new("asof_join").register(context.memory_pool());
            let right = own.right.execute(0, Arc::clone(&context))?;
            let right = collect(right, &own.sides, &memory).await?;
            let instants = match &right.keys {
                Some(keys) => Instants::keyed(keys, &right.ts),
                None => Instants::of(&right.ts),
            };
            let history = History::try_new(instants).map_err(wrong)?;
            let mut left = own.left.execute(0, context)?;
            while let Some(batch) = left.next().await {
                let joined = own.join(&batch?, &right, &history)?.record_output(&baseline);
                if sender.send(Ok(joined)).await.is_err() {
                    return Ok(()); // the statement was dropped
                }
            }
            Ok(())
        });
        Ok(stream.build())
    }
}

/// What the kernel says of sides that were sorted and checked before.
fn wrong(error: features::AsOfError) -> QueryError {
    QueryError::Bug { message: format!("asof_join: {error}") }
}

impl AsOfJoinExec {
    fn join(
        &self,
        left: &RecordBatch,
        right: &Right,
        history: &History<'_>,
    ) -> Result<RecordBatch> {
        let times = left.column(self.sides.left_time).as_primitive::<TimestampNanosecondType>();
        // A row without a time asks at the start of time, before which nothing is known; what it is called is set below.
        let ts: Vec<i64> = times.iter().map(|t| t.unwrap_or(i64::MIN)).collect();
        let keys = match self.sides.left_key {
            Some(at) => Some(right.numbers.look_up(left.column(at))?),
            None => None,
        };
        let asked = match &keys {
            Some(keys) => Instants::keyed(keys, &ts),
            None => Instants::of(&ts),
        };
        let mut places = Vec::with_capacity(ts.len());
        let mut ages = Int64Builder::with_capacity(ts.len());
        let mut words = StringBuilder::with_capacity(ts.len(), 8 * ts.len());
        for (row, found) in history.answers(asked, self.max_age).map_err(wrong)?.enumerate() {
            let key = keys.as_ref().and_then(|keys| keys.get(row));
            let found = if key == Some(&UNKNOWN) { Found::NoHistory } else { found };
            let t = times.is_valid(row).then(|| times.value(row));
            let (word, at) = match (t, found) {
                (None, _) => ("no_time", None),
                (_, Found::NoHistory) => ("no_history", None),
                (_, Found::Row(at)) => ("found", Some(at)),
                (_, Found::Stale(at)) => ("stale", Some(at)),
            };
            let at = at.and_then(|at| usize::try_from(at).ok());
            let before = at.and_then(|at| right.ts.get(at));
            // Ages beyond 292 years, which only instants near both ends of time have, are said as that.
            ages.append_option(t.zip(before).map(|(t, before)| t.saturating_sub(*before)));
            words.append_value(word);
            let row = at.filter(|_| word == "found").and_then(|at| right.places.get(at));
            places.push(row.copied());
        }
        let places = UInt32Array::from(places);
        let ages: ArrayRef = Arc::new(ages.finish());
        let words: ArrayRef = Arc::new(words.finish());
        let columns = self.sides.origins.iter().map(|origin| {
            Ok(match origin {
                Origin::Left(at) => Arc::clone(left.column(*at)),
                Origin::Right(at) => take(right.rows.column(*at), &places, None)?,
                Origin::Age => Arc::clone(&ages),
                Origin::Found => Arc::clone(&words),
            })
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let rows = RecordBatchOptions::new().with_row_count(Some(left.num_rows()));
        let schema = Arc::clone(&self.sides.schema);
        Ok(RecordBatch::try_new_with_options(schema, columns, &rows)?)
    }
}
