//! One input of a run, read ahead as far as is needed.

use super::inputs::is_decisions;
use super::{bug, count, stopped};
use crate::error::{CliError, Failure};
use crate::input::{RawSource, Source};
use crate::rejects::RejectSink;
use arrow_array::{BooleanArray, RecordBatch, UInt64Array};
use arrow_schema::{Schema, SchemaRef};
use contract::{
    Admitted, AnyBatch, Batch, Decisions, Origin, Reject, Table, TableSpec, Unlogged, admit_any,
};
use features::SweepError;
use std::collections::{HashSet, VecDeque};

/// An input that is read ahead: rows that keep the contract's rules, in order.
pub(super) struct Feed {
    raw: RawSource,
    spec: &'static TableSpec,
    schema: SchemaRef,
    has_seq: bool,
    /// Batches read and not yet taken, none of them empty.
    held: VecDeque<AnyBatch>,
    rows_read: u64,
    rows_rejected: u64,
    /// The last key, `(ts_avail, seq)`; without `seq` the number of the row.
    last: Option<(i64, u64)>,
    /// Decisions so far.
    decisions: HashSet<[u8; 16]>,
    is_done: bool,
}

impl Feed {
    pub(super) fn new(source: Source) -> Self {
        let (spec, schema) = (source.spec(), source.schema().clone());
        // `seq` stands first where it is.
        let numbered = spec.schema(true);
        let first = |schema: &Schema| schema.fields().first().map(|field| field.name().clone());
        let has_seq = spec.is_event() && first(&schema) == first(&numbered);
        Self {
            raw: source.into_raw(),
            spec,
            schema,
            has_seq,
            held: VecDeque::new(),
            rows_read: 0,
            rows_rejected: 0,
            last: None,
            decisions: HashSet::new(),
            is_done: false,
        }
    }

    pub(super) fn name(&self) -> &str {
        self.raw.name()
    }

    pub(super) fn spec(&self) -> &'static TableSpec {
        self.spec
    }

    pub(super) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Whether a log has numbered its rows.
    pub(super) fn has_seq(&self) -> bool {
        self.has_seq
    }

    pub(super) fn is_trusted(&self) -> bool {
        self.raw.is_trusted()
    }

    pub(super) fn rows_read(&self) -> u64 {
        self.rows_read
    }

    pub(super) fn rows_rejected(&self) -> u64 {
        self.rows_rejected
    }

    /// Whether everything was read; rows may still be held.
    pub(super) fn is_done(&self) -> bool {
        self.is_done
    }

    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// `ts_avail` of the first row that is held.
    pub(super) fn first_ts(&self) -> Option<i64> {
        self.held.front().and_then(|batch| stamps(batch).first().copied())
    }

    /// `ts_avail` of the last row that is held.
    pub(super) fn last_ts(&self) -> Option<i64> {
        self.held.back().and_then(|batch| stamps(batch).last().copied())
    }

    /// Reads one more batch that has rows, or comes to the end.
    pub(super) fn load(&mut self, rejects: &mut RejectSink) -> Result<(), Failure> {
        while !self.is_done {
            let Some(batch) = self.raw.next_batch()? else {
                self.is_done = true;
                return Ok(());
            };
            let first_row = self.rows_read;
            self.rows_read += count(batch.num_rows());
            let origin = Origin::new("features", self.raw.name()).at(first_row);
            let Admitted { good, rejects: refused, .. } = admit_any(self.spec, &batch, &origin)
                .map_err(|error| Failure::from(error).in_input(self.raw.name()))?;
            let mut refused = refused;
            let good = self.without_repetitions(good, &origin, &mut refused)?;
            self.rows_rejected += count(refused.len());
            rejects.push(&refused)?;
            let positions: Vec<u64> = refused.iter().map(|reject| reject.position).collect();
            self.check_order(&good, first_row, &positions)?;
            if !good.is_empty() {
                self.held.push_back(good);
                return Ok(());
            }
        }
        Ok(())
    }

    /// Every batch that is held, the rest of the input included.
    pub(super) fn load_all(&mut self, rejects: &mut RejectSink) -> Result<Vec<AnyBatch>, Failure> {
        while !self.is_done {
            self.load(rejects)?;
        }
        Ok(self.take_all())
    }

    /// Takes every row out that is held, in order.
    pub(super) fn take_all(&mut self) -> Vec<AnyBatch> {
        self.held.drain(..).collect()
    }

    /// Takes the rows before an instant out, in order.
    pub(super) fn take_before(&mut self, ts: i64) -> Vec<AnyBatch> {
        let mut taken = Vec::new();
        while let Some(front) = self.held.pop_front() {
            let at = stamps(&front).partition_point(|t| *t < ts);
            if at == front.len() {
                taken.push(front);
                continue;
            }
            if at > 0 {
                taken.push(front.slice(0, at));
            }
            self.held.push_front(front.slice(at, front.len() - at));
            break;
        }
        taken
    }

    /// Decisions that were not there before; `admit` looks inside one batch, and a decision has one answer.
    fn without_repetitions(
        &mut self,
        good: AnyBatch,
        origin: &Origin,
        refused: &mut Vec<Reject>,
    ) -> Result<AnyBatch, Failure> {
        if !is_decisions(self.spec) {
            return Ok(good);
        }
        let batch = good.clone().into_record_batch();
        let ids = decision_ids(&batch, self.has_seq)?;
        let is_new: Vec<bool> = ids.into_iter().map(|id| self.decisions.insert(id)).collect();
        if is_new.iter().all(|is_new| *is_new) {
            return Ok(good);
        }
        let positions: Vec<u64> = refused.iter().map(|reject| reject.position).collect();
        for (at, _) in is_new.iter().enumerate().filter(|(_, is_new)| !**is_new) {
            let position = place(origin.first_row, at, &positions) - origin.first_row;
            refused.push(repeated(origin, position));
        }
        refused.sort_by_key(|reject| reject.position);
        only(&batch, is_new, self.spec)
    }

    /// Refuses rows that are not in order: what comes too late would be missed.
    fn check_order(
        &mut self,
        batch: &AnyBatch,
        first_row: u64,
        refused: &[u64],
    ) -> Result<(), Failure> {
        if !self.spec.is_event() {
            return Ok(());
        }
        let seqs = batch.seq().map(UInt64Array::values);
        for (at, ts) in stamps(batch).iter().enumerate() {
            let row = place(first_row, at, refused);
            let seq = seqs.and_then(|seqs| seqs.get(at).copied()).unwrap_or(row);
            let found = (*ts, seq);
            if let Some(expected) = self.last.filter(|last| *last >= found) {
                let error = SweepError::Unsorted { table: self.spec.name, row, expected, found };
                return Err(stopped(error).in_input(self.raw.name()));
            }
            self.last = Some(found);
        }
        Ok(())
    }
}

/// Ids of decisions.
pub(super) fn decision_ids(batch: &RecordBatch, has_seq: bool) -> Result<Vec<[u8; 16]>, Failure> {
    let drafts;
    let logged;
    let ids = if has_seq {
        logged = Batch::<Decisions>::parse(batch)?;
        logged.col(&Decisions::DECISION_ID)
    } else {
        drafts = Batch::<Decisions, Unlogged>::parse(batch)?;
        drafts.col(&Decisions::DECISION_ID)
    };
    Ok(ids.iter().map(|id| id.and_then(|id| id.try_into().ok()).unwrap_or_default()).collect())
}

/// The reject of a decision that was there before.
pub(super) fn repeated(origin: &Origin, position: u64) -> Reject {
    let table = Decisions::SPEC.name;
    Reject::new(origin, table, position, "contract/duplicate-key").about(
        Decisions::DECISION_ID.name(),
        "a key of its own",
        "the key of an earlier row",
    )
}

/// The rows that are marked.
pub(super) fn only(
    batch: &RecordBatch,
    marks: Vec<bool>,
    spec: &'static TableSpec,
) -> Result<AnyBatch, Failure> {
    let marks = BooleanArray::from(marks);
    let rows = arrow_select::filter::filter_record_batch(batch, &marks).map_err(|e| bug(&e))?;
    Ok(AnyBatch::parse(spec, &rows)?)
}

/// Row of the input at which the `at`-th good row of a batch stands.
fn place(first_row: u64, at: usize, refused: &[u64]) -> u64 {
    let mut row = first_row + count(at);
    for position in refused {
        if *position <= row {
            row += 1;
        }
    }
    row
}

/// `ts_avail` of every row of an event table.
pub(super) fn stamps(batch: &AnyBatch) -> &[i64] {
    batch.ts_avail().map_or(&[], |stamps| stamps.values())
}
