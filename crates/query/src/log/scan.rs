//! Live rows: what stands in segments and in no archive file that the statement knows.

use super::Place;
use super::bounds::Bounds;
use super::grant::Held;
use super::pieces::{Piece, Pieces, joined};
use super::zones::Zone;
use crate::answer::Note;
use crate::error::QueryError;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use capture::{Filter, Gap, Item, LogReader, LoggedBatch, Reader};
use contract::{AllowLocal, AnyBatch, GapKind, TableSpec, UtcNanos};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{
    Boundedness, EmissionType, ReplaceChildrenOptions,
};
use datafusion::physical_plan::metrics::{
    Count, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet,
};
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use tokio::sync::mpsc::Sender;

/// Frames that are passed before it is asked whether anybody still wants rows.
const STEPS: u64 = 256;
/// Batches that wait for whoever works on them.
const AHEAD: usize = 2;

/// Reads live rows of a table on a thread of its own and stops when nobody takes them.
#[derive(Debug)]
pub(super) struct LogScanExec {
    place: Arc<Place>,
    spec: &'static TableSpec,
    table_schema: SchemaRef,
    projection: Option<Vec<usize>>,
    schema: SchemaRef,
    /// Pieces of each partition.
    parts: Vec<Vec<Piece>>,
    all: usize,
    log_id: contract::EventId,
    bounds: Bounds,
    held: Arc<Held>,
    limit: Option<usize>,
    metrics: ExecutionPlanMetricsSet,
    properties: Arc<PlanProperties>,
}

impl LogScanExec {
    pub(super) fn new(
        place: &Arc<Place>,
        spec: &'static TableSpec,
        (table_schema, projection): (&SchemaRef, Option<&Vec<usize>>),
        (pieces, bounds): (Pieces, Bounds),
        held: Arc<Held>,
        (threads, limit): (usize, Option<usize>),
    ) -> Result<Self> {
        let schema = match projection {
            Some(columns) => Arc::new(table_schema.project(columns)?),
            None => Arc::clone(table_schema),
        };
        let log_id = place.stock()?.log_id;
        let each = pieces.pieces.len().div_ceil(threads).max(1);
        let parts: Vec<Vec<Piece>> = pieces.pieces.chunks(each).map(<[Piece]>::to_vec).collect();
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(parts.len()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Ok(Self {
            place: Arc::clone(place),
            spec,
            table_schema: Arc::clone(table_schema),
            projection: projection.cloned(),
            schema,
            parts,
            all: pieces.all,
            log_id,
            bounds,
            held,
            limit,
            metrics: ExecutionPlanMetricsSet::new(),
            properties: Arc::new(properties),
        })
    }

    fn read(&self) -> usize {
        self.parts.iter().map(Vec::len).sum()
    }
}

impl DisplayAs for LogScanExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ranges = self.parts.iter().flat_map(|part| joined(part));
        let ranges: Vec<String> = ranges.map(|r| format!("{}..{}", r.start, r.end)).collect();
        write!(
            f,
            "LogScanExec: table={}, seq=[{}], segments={} of {}",
            self.spec.name,
            ranges.join(", "),
            self.read(),
            self.all
        )?;
        let bounds = self.bounds.to_string();
        if !bounds.is_empty() {
            write!(f, ", where={bounds}")?;
        }
        self.limit.map_or(Ok(()), |limit| write!(f, ", limit={limit}"))
    }
}

impl ExecutionPlan for LogScanExec {
    fn name(&self) -> &'static str {
        "LogScanExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn with_new_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let counters = Counters::new(&self.metrics, partition);
        if partition == 0 {
            let pruned = MetricBuilder::new(&self.metrics).counter("segments_pruned", partition);
            pruned.add(self.all.saturating_sub(self.read()));
        }
        let mut stream = RecordBatchReceiverStreamBuilder::new(Arc::clone(&self.schema), AHEAD);
        let mut work = Work {
            place: Arc::clone(&self.place),
            spec: self.spec,
            table_schema: Arc::clone(&self.table_schema),
            projection: self.projection.clone(),
            schema: Arc::clone(&self.schema),
            log_id: self.log_id,
            bounds: self.bounds.clone(),
            held: Arc::clone(&self.held),
            left: self.limit.unwrap_or(usize::MAX),
            batch_rows: context.session_config().batch_size().max(1),
            waiting: Vec::new(),
            waiting_rows: 0,
            counters,
            tx: stream.tx(),
        };
        let pieces = self.parts.get(partition).cloned().unwrap_or_default();
        let partitions = self.parts.len();
        stream.spawn_blocking(move || {
            if work.run(&pieces)? {
                crate::watch::Watch::ended(work.held.as_ref(), partitions);
            }
            Ok(())
        });
        Ok(stream.build())
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

/// What was done, for EXPLAIN ANALYZE.
#[derive(Debug)]
struct Counters {
    output_rows: Count,
    bytes_scanned: Count,
    frames_read: Count,
    frames_skipped: Count,
    last: capture::ReadWork,
}

impl Counters {
    fn new(metrics: &ExecutionPlanMetricsSet, partition: usize) -> Self {
        let counter = |name: &'static str| MetricBuilder::new(metrics).counter(name, partition);
        Self {
            output_rows: MetricBuilder::new(metrics).output_rows(partition),
            bytes_scanned: counter("bytes_scanned"),
            frames_read: counter("frames_read"),
            frames_skipped: counter("frames_skipped"),
            last: capture::ReadWork::default(),
        }
    }

    fn note(&mut self, reader: &Reader) {
        let now = reader.work();
        let grown = |now: u64, last: u64| usize::try_from(now.saturating_sub(last)).unwrap_or(0);
        self.bytes_scanned.add(grown(now.bytes, self.last.bytes));
        self.frames_read.add(grown(now.frames, self.last.frames));
        self.frames_skipped.add(grown(now.frames_skipped, self.last.frames_skipped));
        self.last = now;
    }
}

/// The work of one partition.
struct Work {
    place: Arc<Place>,
    spec: &'static TableSpec,
    table_schema: SchemaRef,
    projection: Option<Vec<usize>>,
    schema: SchemaRef,
    log_id: contract::EventId,
    bounds: Bounds,
    held: Arc<Held>,
    /// Rows that may still be handed out.
    left: usize,
    batch_rows: usize,
    waiting: Vec<RecordBatch>,
    waiting_rows: usize,
    counters: Counters,
    tx: Sender<Result<RecordBatch, DataFusionError>>,
}

impl Work {
    /// Reads all pieces; says whether it came to their end.
    fn run(&mut self, pieces: &[Piece]) -> Result<bool, QueryError> {
        for range in joined(pieces) {
            let whole: Vec<(u64, Range<u64>)> = pieces
                .iter()
                .filter(|piece| range.start <= piece.seqs.start && piece.seqs.end <= range.end)
                .filter_map(|piece| Some((piece.whole?, piece.seqs.clone())))
                .collect();
            if !self.range(&range, &whole)? {
                return Ok(false);
            }
        }
        self.flush()
    }

    fn range(
        &mut self,
        range: &Range<u64>,
        whole: &[(u64, Range<u64>)],
    ) -> Result<bool, QueryError> {
        let before = self.bounds.avail.1.checked_add(1).map(UtcNanos::from_nanos);
        let filter = Filter {
            tables: vec![self.spec.name.to_owned()],
            end_seq: Some(range.end),
            before,
            ..Filter::default()
        };
        let shared = Arc::clone(&self.place.shared);
        // The gate has been asked already, for the whole statement.
        let gate = Arc::new(AllowLocal { reason: "granted to the statement".to_owned() });
        let options = capture::Options { gate, ..capture::Options::default() };
        let mut reader = LogReader::open(
            Arc::clone(&shared.fs),
            &self.place.entry.folder,
            &options,
            &shared.options.context,
            range.start,
            filter,
        )?;
        self.counters.last = capture::ReadWork::default();
        // Rows that come too late for the bounds are not handed out, so nothing is learnt then.
        let mut zones: Option<BTreeMap<u64, Zone>> = before
            .is_none()
            .then(|| whole.iter().map(|(segment, _)| (*segment, Zone::default())).collect());
        loop {
            let item = reader.next_within(STEPS)?;
            self.counters.note(&reader);
            match item {
                None if self.tx.is_closed() => return Ok(false),
                Some(Item::Batch(batch)) => {
                    if !self.take(&batch, whole, zones.as_mut())? {
                        return Ok(false);
                    }
                }
                Some(Item::Gap(gap)) => {
                    if self.lose(&gap, range) {
                        zones = None;
                    }
                }
                Some(Item::CaughtUp) => break,
                None | Some(_) => {}
            }
        }
        let reached = reader.cursor().next_seq;
        if before.is_none() && reached < range.end {
            // They were durable when the statement was planned.
            return Err(capture::ReadError::Vanished(reached..range.end).into());
        }
        for (segment, zone) in zones.into_iter().flatten() {
            shared.learnt.learn(self.log_id, segment, self.spec.name, zone);
        }
        Ok(true)
    }

    /// Notes what is lost of the table; says whether there was anything.
    fn lose(&self, gap: &Gap, range: &Range<u64>) -> bool {
        let is_ours = gap.table.as_ref().is_none_or(|table| **table == *self.spec.name);
        if gap.kind != GapKind::Damaged || gap.is_repaired || !is_ours {
            return false;
        }
        let seqs = gap.seqs.clone().unwrap_or_else(|| range.clone());
        let seqs = seqs.start.max(range.start)..seqs.end.min(range.end);
        if seqs.is_empty() {
            return false;
        }
        let table = gap.table.as_ref().map(ToString::to_string);
        let log = self.place.entry.schema.clone();
        self.place.notes.push(Note::Lost { log, table, seqs });
        true
    }

    /// Takes rows; says whether more are wanted.
    fn take(
        &mut self,
        batch: &LoggedBatch,
        whole: &[(u64, Range<u64>)],
        zones: Option<&mut BTreeMap<u64, Zone>>,
    ) -> Result<bool, QueryError> {
        let any = AnyBatch::parse(self.spec, &batch.rows).map_err(capture::ReadError::Shape)?;
        let segment = whole.iter().find(|(_, seqs)| seqs.contains(&batch.first_seq));
        if let Some((segment, _)) = segment
            && let Some(zone) = zones.and_then(|zones| zones.get_mut(segment))
        {
            zone.add(&any);
        }
        if !Self::may_pass(&any, &self.bounds) {
            return Ok(!self.tx.is_closed());
        }
        let seq = any.seq().map(|seq| Arc::new(seq.clone()) as arrow_array::ArrayRef);
        let columns = any.columns().map(|(_, column)| Arc::clone(column));
        let columns = seq.into_iter().chain(columns).collect();
        let failed = |e| QueryError::Log(capture::ReadError::Arrow(e));
        let rows = RecordBatch::try_new(Arc::clone(&self.table_schema), columns).map_err(failed)?;
        let mut rows = self.held.apply(rows)?;
        if let Some(columns) = &self.projection {
            rows = rows.project(columns).map_err(failed)?;
        }
        self.waiting_rows += rows.num_rows();
        self.waiting.push(rows);
        if self.waiting_rows < self.batch_rows.min(self.left) {
            return Ok(true);
        }
        self.flush()
    }

    /// Whether a row of a batch may be within bounds.
    fn may_pass(rows: &AnyBatch, bounds: &Bounds) -> bool {
        if bounds.instruments.is_none() && bounds.avail.0 == i64::MIN {
            return true;
        }
        let mut zone = Zone::default();
        zone.add(rows);
        zone.meets(bounds)
    }

    /// Hands out what waits; says whether more is wanted.
    fn flush(&mut self) -> Result<bool, QueryError> {
        let failed = |e| QueryError::Log(capture::ReadError::Arrow(e));
        let waiting = std::mem::take(&mut self.waiting);
        self.waiting_rows = 0;
        if waiting.is_empty() {
            return Ok(!self.tx.is_closed());
        }
        let rows = arrow_select::concat::concat_batches(&self.schema, &waiting).map_err(failed)?;
        drop(waiting);
        let mut at = 0;
        while at < rows.num_rows() && self.left > 0 {
            let len = self.batch_rows.min(rows.num_rows() - at).min(self.left);
            let part = rows.slice(at, len);
            self.held.handed(&part);
            self.counters.output_rows.add(len);
            (at, self.left) = (at + len, self.left - len);
            if self.tx.blocking_send(Ok(part)).is_err() {
                return Ok(false);
            }
        }
        Ok(self.left > 0)
    }
}
