//! A table of a log.

use super::Place;
use super::bounds::Bounds;
use super::grant::Held;
use super::pieces::Pieces;
use super::scan::LogScanExec;
use crate::answer::Note;
use crate::error::QueryError;
use crate::parquet_scan::{self, DataFile, check_len};
use crate::watch::WatchExec;
use arrow_schema::SchemaRef;
use async_trait::async_trait;
use capture::{ArchivedFile, Stock};
use contract::{Resource, ResourceKind, TableName, TableSpec, UTC};
use datafusion::catalog::{Session, TableProvider};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::union::UnionExec;
use datafusion::scalar::ScalarValue;
use std::sync::Arc;

/// Durable rows of one table, live and archived.
#[derive(Debug)]
pub(super) struct LogTable {
    place: Arc<Place>,
    spec: &'static TableSpec,
    schema: SchemaRef,
}

impl LogTable {
    pub(super) fn new(place: Arc<Place>, spec: &'static TableSpec) -> Self {
        Self { place, spec, schema: Arc::new(spec.schema(true)) }
    }

    /// Asks the gate for the table.
    fn ask(&self, kind: ResourceKind, shown: String) -> Result<Arc<Held>, QueryError> {
        let tables = TableName::parse(self.spec.name).into_iter().collect();
        let what = Resource { kind, name: self.place.name()?, version: None, tables };
        let options = &self.place.shared.options;
        Held::open(&options.gate, &options.context, &what, shown)
    }

    /// Files that can hold rows within bounds, of how many.
    fn files<'a>(&self, stock: &'a Stock, bounds: &Bounds) -> (Vec<&'a ArchivedFile>, usize) {
        let mut all = 0;
        let mut chosen = Vec::new();
        for file in stock.runs.iter().flat_map(|run| &run.files) {
            if file.table != self.spec.name {
                continue;
            }
            all += 1;
            let is_met = file.seqs.start <= bounds.seq.1
                && bounds.seq.0 < file.seqs.end
                && file.ts_avail.start().nanos() <= bounds.avail.1
                && bounds.avail.0 <= file.ts_avail.end().nanos();
            if is_met {
                chosen.push(file);
            }
        }
        (chosen, all)
    }

    /// Compares files with their records, by length, and by hash if that was asked for.
    async fn checked(&self, files: Vec<&ArchivedFile>) -> Result<Vec<DataFile>> {
        let files: Vec<ArchivedFile> = files.into_iter().cloned().collect();
        let place = Arc::clone(&self.place);
        let seq_at = self.schema.fields().iter().position(|field| field.name() == "seq");
        let avail_at = self.schema.fields().iter().position(|field| field.name() == "ts_avail");
        let check = move || -> Result<Vec<DataFile>, QueryError> {
            let shared = &place.shared;
            let fs = shared.fs.as_ref();
            let mut out = Vec::with_capacity(files.len());
            for file in files {
                check_len(fs, &file.path, file.bytes)?;
                if shared.options.verify {
                    shared.learnt.verify(fs, &file.path, file.sha256)?;
                }
                let seq = |n: u64| ScalarValue::UInt64(Some(n));
                let last = file.seqs.end.saturating_sub(1);
                let at = |ts: &contract::UtcNanos| {
                    ScalarValue::TimestampNanosecond(Some(ts.nanos()), Some(UTC.into()))
                };
                let (first, latest) = (at(file.ts_avail.start()), at(file.ts_avail.end()));
                let seqs = seq_at.map(|column| (column, seq(file.seqs.start), seq(last)));
                let avail = avail_at.map(|column| (column, first, latest));
                out.push(DataFile {
                    path: file.path,
                    bytes: file.bytes,
                    rows: Some(file.rows),
                    ranges: seqs.into_iter().chain(avail).collect(),
                    sha256: Some(file.sha256),
                    name: None,
                    values: Vec::new(),
                });
            }
            Ok(out)
        };
        let done = tokio::task::spawn_blocking(check).await;
        Ok(done.map_err(|e| QueryError::Bug { message: e.to_string() })??)
    }

    /// Says what was declared lost among the archived rows that are read.
    fn note_losses(&self, stock: &Stock, bounds: &Bounds) {
        for damage in &stock.damage {
            let is_ours = damage
                .tables
                .as_ref()
                .is_none_or(|tables| tables.iter().any(|table| table == self.spec.name));
            let is_archived = stock
                .runs
                .iter()
                .any(|run| run.seqs.start < damage.seqs.end && damage.seqs.start < run.seqs.end);
            let is_read = damage.seqs.start <= bounds.seq.1 && bounds.seq.0 < damage.seqs.end;
            let is_read = is_read && !bounds.is_empty() && !damage.seqs.is_empty();
            if is_ours && is_archived && is_read {
                let table = damage.tables.as_ref().map(|_| self.spec.name.to_owned());
                let log = self.place.entry.schema.clone();
                self.place.notes.push(Note::Lost { log, table, seqs: damage.seqs.clone() });
            }
        }
    }
}

#[async_trait]
impl TableProvider for LogTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        // Bounds may be wider than a filter, so the engine tests the rows again.
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        // The manifest is part of the log: nothing is read before the gate has said yes.
        let held = self.ask(ResourceKind::Log, String::new())?;
        let stock = self.place.stock()?;
        let bounds = Bounds::of(filters);
        self.note_losses(&stock, &bounds);
        let mut parts: Vec<Arc<dyn ExecutionPlan>> = Vec::new();
        let (files, all) = self.files(&stock, &bounds);
        if !bounds.is_empty() && !files.is_empty() {
            let bytes: u64 = files.iter().map(|file| file.bytes).sum();
            let shown = format!(
                "ArchiveScanExec: table={}, files={} of {all}, bytes={bytes}",
                self.spec.name,
                files.len()
            );
            let held = self.ask(ResourceKind::Archive, shown)?;
            let files = self.checked(files).await?;
            let fs = &self.place.shared.fs;
            let schema = TableSchema::from(Arc::clone(&self.schema));
            let scan = parquet_scan::scan(fs, &schema, files, state, projection, limit)?;
            parts.push(Arc::new(WatchExec::new(scan, held)));
        }
        let pieces = Pieces::of(&stock, &bounds, self.spec.name, &self.place.shared.learnt);
        if pieces.is_empty() {
            held.close(true);
        } else {
            let threads = state.config().target_partitions().max(1);
            parts.push(Arc::new(LogScanExec::new(
                &self.place,
                self.spec,
                (&self.schema, projection),
                (pieces, bounds),
                held,
                (threads, limit),
            )?));
        }
        match parts.len() {
            0 => {
                let schema = match projection {
                    Some(columns) => Arc::new(self.schema.project(columns)?),
                    None => Arc::clone(&self.schema),
                };
                Ok(Arc::new(EmptyExec::new(schema)))
            }
            1 => Ok(parts.swap_remove(0)),
            _ => UnionExec::try_new(parts),
        }
    }
}
