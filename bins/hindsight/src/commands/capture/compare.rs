//! Rows that are sent again, held against what the log has under their numbers.

use super::{failure, reading};
use crate::error::Failure;
use arrow_array::{ArrayRef, RecordBatch};
use capture::{AppendError, Filter, Item, Log, LoggedBatch, Reader, Visibility};
use contract::EventId;
use std::collections::BTreeMap;
use std::ops::Range;

/// Bytes of rows that were read and not asked for yet: only rows that were mended later lie out of order.
const HELD: usize = 64 << 20;

/// The stored rows of one producer, read along while the same rows are sent again.
///
/// The log compares what it has in memory; older rows it takes on the producer's word. A file that was made anew would
/// then be taken for the old one, and its rows would be nowhere.
pub(super) struct Stored {
    reader: Reader,
    producer: EventId,
    /// Numbers below may be there.
    end: u64,
    held: BTreeMap<u64, LoggedBatch>,
    bytes: usize,
    is_over: bool,
}

impl Stored {
    pub(super) fn open(log: &Log, producer: EventId, end: u64) -> Result<Self, Failure> {
        let filter = Filter { producers: vec![producer], ..Filter::default() };
        let reader = log
            .reader(&reading(), log.start(), Visibility::Durable, filter)
            .map_err(|error| failure(&error))?;
        Ok(Self { reader, producer, end, held: BTreeMap::new(), bytes: 0, is_over: false })
    }

    /// Refuses rows that the log has under the same numbers and with other content. Rows that it has not, or that lie
    /// too far from their place, are for the log to judge.
    pub(super) fn check(
        &mut self,
        first: u64,
        table: &str,
        rows: &RecordBatch,
    ) -> Result<(), Failure> {
        let wanted = first..self.end.min(first + rows.num_rows() as u64);
        if wanted.is_empty() {
            return Ok(());
        }
        while !self.is_over && self.held.last_key_value().is_none_or(|(_, b)| end(b) < wanted.end) {
            self.pull()?;
        }
        let theirs: Vec<u64> = self
            .held
            .iter()
            .filter(|(_, batch)| batch.first_pseq < wanted.end && wanted.start < end(batch))
            .map(|(key, _)| *key)
            .collect();
        for key in theirs {
            let Some(batch) = self.held.get(&key) else { continue };
            let common = wanted.start.max(batch.first_pseq)..wanted.end.min(end(batch));
            let is_same = *batch.table == *table
                && part(rows, first, &common) == part(&batch.rows, batch.first_pseq, &common);
            if !is_same {
                return Err(failure(&AppendError::IdentityReused {
                    producer: self.producer,
                    first_pseq: common.start,
                    end_pseq: common.end,
                }));
            }
            if end(batch) <= wanted.end {
                self.forget(key);
            }
        }
        Ok(())
    }

    fn pull(&mut self) -> Result<(), Failure> {
        match self.reader.next().map_err(|error| failure(&error))? {
            Item::CaughtUp => self.is_over = true,
            Item::Batch(batch) => {
                self.bytes += batch.rows.get_array_memory_size();
                self.held.insert(batch.first_pseq, batch);
                while self.bytes > HELD && self.held.len() > 1 {
                    let Some(oldest) = self.held.keys().next().copied() else { break };
                    self.forget(oldest);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn forget(&mut self, key: u64) {
        if let Some(batch) = self.held.remove(&key) {
            self.bytes = self.bytes.saturating_sub(batch.rows.get_array_memory_size());
        }
    }
}

fn end(batch: &LoggedBatch) -> u64 {
    batch.first_pseq + batch.rows.num_rows() as u64
}

/// The columns of some rows, without those that the log gives or raises.
fn part(rows: &RecordBatch, first: u64, wanted: &Range<u64>) -> Vec<(String, ArrayRef)> {
    let offset = usize::try_from(wanted.start - first).unwrap_or(usize::MAX);
    let len = usize::try_from(wanted.end - wanted.start).unwrap_or(0);
    let schema = rows.schema();
    let columns = schema.fields().iter().map(|field| field.name()).zip(rows.columns());
    columns
        .filter(|(name, _)| !matches!(name.as_str(), "seq" | "ts_avail"))
        .map(|(name, column)| (name.clone(), column.slice(offset, len)))
        .collect()
}
