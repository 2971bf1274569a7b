//! What a statement gives.

use crate::error::QueryError;
use crate::reads::Reads;
use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::SchemaRef;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::ExecutionPlan;
use futures::StreamExt as _;
use std::sync::{Arc, Mutex, PoisonError};

/// Something that the reader of an answer should know although its rows are right as far as they go.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// Rows of a log that were there and cannot be read: they are not in the answer.
    Lost {
        /// SQL schema of the log.
        log: String,
        /// Their table, where it is known.
        table: Option<String>,
        /// Their numbers.
        seqs: std::ops::Range<u64>,
    },
}

impl Note {
    /// Whether it says all that another one says.
    fn covers(&self, other: &Self) -> bool {
        let Self::Lost { log, table, seqs } = self;
        let Self::Lost { log: other_log, table: other_table, seqs: other_seqs } = other;
        log == other_log
            && (table == other_table || table.is_none())
            && seqs.start <= other_seqs.start
            && other_seqs.end <= seqs.end
    }
}

/// Notes of one statement, written by its scans.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Vec<Note>>>);

impl Notes {
    pub(crate) fn push(&self, note: Note) {
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !notes.iter().any(|told| told.covers(&note)) {
            notes.push(note);
        }
    }

    fn all(&self) -> Vec<Note> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The rows of a statement, batch by batch.
///
/// Dropping it stops the work behind it.
pub struct Answer {
    pub(crate) stream: SendableRecordBatchStream,
    /// Its columns, with what they must not lose on the way, the mark of hindsight, and nothing that they only seem to be.
    pub(crate) schema: SchemaRef,
    pub(crate) plan: Arc<dyn ExecutionPlan>,
    pub(crate) notes: Notes,
    pub(crate) reads: Reads,
    pub(crate) sql: String,
}

impl Drop for Answer {
    /// An answer that was not read to its end counts as that.
    fn drop(&mut self) {
        self.reads.close(false);
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl Answer {
    /// Columns of the rows. An answer that read a table marked as hindsight is marked too, whatever it made of it.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// The next batch; `None` at the end.
    ///
    /// Behind an error comes nothing more.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn next(&mut self) -> Result<Option<RecordBatch>, QueryError> {
        match self.stream.next().await {
            Some(Ok(batch)) => self.marked(batch).map(Some),
            Some(Err(error)) => Err(QueryError::from_engine(error, &self.sql)),
            None => {
                self.reads.close(true);
                Ok(None)
            }
        }
    }

    /// The batch with the answer's own schema.
    fn marked(&self, batch: RecordBatch) -> Result<RecordBatch, QueryError> {
        if *batch.schema_ref() == self.schema {
            return Ok(batch);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let (schema, columns) = (Arc::clone(&self.schema), batch.columns().to_vec());
        RecordBatch::try_new_with_options(schema, columns, &options)
            .map_err(|e| QueryError::Bug { message: e.to_string() })
    }

    /// All rows.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn collect(mut self) -> Result<Vec<RecordBatch>, QueryError> {
        let mut batches = Vec::new();
        while let Some(batch) = self.next().await? {
            batches.push(batch);
        }
        Ok(batches)
    }

    /// What is not in the answer, known so far: complete once the answer has ended.
    #[must_use]
    pub fn notes(&self) -> Vec<Note> {
        self.notes.all()
    }

    /// Bytes that scans have read so far, from logs and files.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        sum(&self.plan, "bytes_scanned")
    }

    /// Rows that scans have handed on so far.
    #[must_use]
    pub fn rows_read(&self) -> u64 {
        leaves(&self.plan)
    }

    /// Counts of the same work for someone who does not hold the answer, for a display of progress.
    #[must_use]
    pub fn meter(&self) -> Meter {
        Meter(Arc::clone(&self.plan))
    }
}

/// How far a statement is.
///
/// It keeps the counts alive, not the work.
#[derive(Clone)]
pub struct Meter(Arc<dyn ExecutionPlan>);

impl std::fmt::Debug for Meter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meter").field("rows_read", &self.rows_read()).finish_non_exhaustive()
    }
}

impl Meter {
    /// As [`Answer::bytes_read`].
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        sum(&self.0, "bytes_scanned")
    }

    /// As [`Answer::rows_read`].
    #[must_use]
    pub fn rows_read(&self) -> u64 {
        leaves(&self.0)
    }
}

fn sum(plan: &Arc<dyn ExecutionPlan>, metric: &str) -> u64 {
    let own = plan.metrics().and_then(|m| m.sum_by_name(metric)).map_or(0, |v| v.as_usize() as u64);
    plan.children().into_iter().map(|child| sum(child, metric)).sum::<u64>() + own
}

fn leaves(plan: &Arc<dyn ExecutionPlan>) -> u64 {
    let children = plan.children();
    if children.is_empty() {
        return plan.metrics().and_then(|m| m.output_rows()).unwrap_or(0) as u64;
    }
    children.into_iter().map(leaves).sum()
}
