//! A permission of the contract's gate, from before the first byte is read to how the read ended.

use crate::error::QueryError;
use crate::watch::Watch;
use arrow_array::RecordBatch;
use contract::{Gate, Grant, Outcome, ReadContext, Resource};
use datafusion::error::Result;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A grant that is closed when all rows were handed out, or when nobody wants them any more.
#[derive(Debug)]
pub(crate) struct Held {
    gate: Arc<dyn Gate>,
    grant: Mutex<Option<Grant>>,
    rows: AtomicU64,
    bytes: AtomicU64,
    ended: AtomicUsize,
    what: String,
}

impl Held {
    /// Asks the gate.
    ///
    /// # Errors
    /// [`QueryError::Log`] with what the gate said.
    pub(crate) fn open(
        gate: &Arc<dyn Gate>,
        context: &ReadContext,
        what: &Resource,
        shown: String,
    ) -> Result<Arc<Self>, QueryError> {
        let grant = gate.open(context, what).map_err(capture::ReadError::Denied)?;
        Ok(Arc::new(Self {
            gate: Arc::clone(gate),
            grant: Mutex::new(Some(grant)),
            rows: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            ended: AtomicUsize::new(0),
            what: shown,
        }))
    }

    /// The part of a batch that may be seen.
    ///
    /// # Errors
    /// [`QueryError::Bug`] when the batch is not of the shape that the grant was made for.
    pub(crate) fn apply(&self, batch: RecordBatch) -> Result<RecordBatch, QueryError> {
        let grant = self.grant.lock().unwrap_or_else(PoisonError::into_inner);
        // Nothing may be seen without a permission, not even late.
        let Some(grant) = grant.as_ref() else {
            return Err(QueryError::Bug { message: "rows behind the end of a grant".to_owned() });
        };
        grant.apply(batch).map_err(|e| QueryError::Bug { message: e.to_string() })
    }

    /// Notes rows that were handed out.
    pub(crate) fn handed(&self, batch: &RecordBatch) {
        self.rows.fetch_add(batch.num_rows() as u64, Ordering::Relaxed);
        self.bytes.fetch_add(batch.get_array_memory_size() as u64, Ordering::Relaxed);
    }

    /// Closes the grant once.
    pub(crate) fn close(&self, is_complete: bool) {
        let grant = self.grant.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(grant) = grant {
            let (rows, bytes) =
                (self.rows.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed));
            self.gate.close(grant, Outcome { rows, bytes, is_complete });
        }
    }
}

impl Watch for Held {
    fn batch(&self, batch: RecordBatch) -> Result<RecordBatch> {
        let batch = self.apply(batch)?;
        self.handed(&batch);
        Ok(batch)
    }

    fn is_open(&self) -> bool {
        false
    }

    fn ended(&self, partitions: usize) {
        if self.ended.fetch_add(1, Ordering::Relaxed) + 1 >= partitions {
            self.close(true);
        }
    }

    fn describe(&self) -> Option<String> {
        Some(self.what.clone())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.close(false);
    }
}
