//! The rows of a part are hashed on a thread of their own while the next ones are read from the log.

use super::error::ArchiveError;
use super::tally::{Digests, Provenance, Tallies};
use contract::AnyBatch;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

/// Rows that are handed over at once: much more work than starting a thread.
const LOT_ROWS: usize = 16_384;

type Lot = Vec<(AnyBatch, Provenance)>;

/// Counts batches in any order, for a tally is a sum: one lot at most waits, and one is under way.
#[derive(Debug, Default)]
pub(super) struct Counter {
    lot: Lot,
    rows: usize,
    under_way: Option<JoinHandle<Result<Tallies, ArchiveError>>>,
    counted: Tallies,
}

fn count(lot: &Lot) -> Result<Tallies, ArchiveError> {
    let mut tallies = Tallies::default();
    for (batch, from) in lot {
        tallies.add(batch, from, Digests::Both)?;
    }
    Ok(tallies)
}

impl Counter {
    pub(super) fn push(&mut self, batch: AnyBatch, from: Provenance) -> Result<(), ArchiveError> {
        self.rows += batch.len();
        self.lot.push((batch, from));
        if self.rows < LOT_ROWS {
            return Ok(());
        }
        if self.under_way.as_ref().is_some_and(|other| !other.is_finished()) {
            return self.count_here();
        }
        self.join()?;
        let lot = Arc::new(std::mem::take(&mut self.lot));
        self.rows = 0;
        let theirs = Arc::clone(&lot);
        match Builder::new().name("archive-count".to_owned()).spawn(move || count(&theirs)) {
            Ok(thread) => self.under_way = Some(thread),
            // No thread is to be had: then here.
            Err(_) => self.counted.merge(count(&lot)?),
        }
        Ok(())
    }

    fn count_here(&mut self) -> Result<(), ArchiveError> {
        self.counted.merge(count(&self.lot)?);
        self.lot.clear();
        self.rows = 0;
        Ok(())
    }

    fn join(&mut self) -> Result<(), ArchiveError> {
        if let Some(thread) = self.under_way.take() {
            let theirs = thread.join().unwrap_or_else(|panic| resume_unwind(panic))?;
            self.counted.merge(theirs);
        }
        Ok(())
    }

    /// The counts of all rows.
    pub(super) fn finish(&mut self) -> Result<Tallies, ArchiveError> {
        self.count_here()?;
        self.join()?;
        Ok(std::mem::take(&mut self.counted))
    }
}

impl Drop for Counter {
    /// No thread outlives the call that an error ends.
    fn drop(&mut self) {
        if let Some(thread) = self.under_way.take() {
            // Nobody asks for the counts any more.
            drop(thread.join());
        }
    }
}
