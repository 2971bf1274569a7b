//! Versions that a statement reads, and what their gate is told when it ends.

use crate::watch::Watch;
use arrow_array::RecordBatch;
use contract::Outcome;
use datafusion::error::Result;
use datasets::Version;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Versions that one statement reads. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reads(Arc<Mutex<Vec<Granted>>>);

/// A version, and what was handed out of it.
type Granted = (Version, Arc<Totals>);

/// What was handed out of a version, by all its scans.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    rows: AtomicU64,
    bytes: AtomicU64,
}

impl Reads {
    /// Keeps a version open until the statement ends.
    pub(crate) fn hold(&self, version: Version) -> Arc<Totals> {
        let totals = Arc::new(Totals::default());
        let mut versions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        versions.push((version, Arc::clone(&totals)));
        totals
    }

    /// Tells the gates how the statement ended; the first call counts.
    pub(crate) fn close(&self, is_complete: bool) {
        let mut versions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (version, totals) in versions.drain(..) {
            let rows = totals.rows.load(Ordering::Relaxed);
            let bytes = totals.bytes.load(Ordering::Relaxed);
            version.close(Outcome { rows, bytes, is_complete });
        }
    }
}

/// Counts what a scan hands out, and says in plans what it reads.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) totals: Arc<Totals>,
    pub(crate) what: String,
}

impl Watch for Counted {
    fn batch(&self, batch: RecordBatch) -> Result<RecordBatch> {
        self.totals.rows.fetch_add(batch.num_rows() as u64, Ordering::Relaxed);
        self.totals.bytes.fetch_add(batch.get_array_memory_size() as u64, Ordering::Relaxed);
        Ok(batch)
    }

    fn describe(&self) -> Option<String> {
        Some(self.what.clone())
    }
}
