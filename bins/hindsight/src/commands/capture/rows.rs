//! Rows of one table of a log, a given number at a time.

use super::{failure, fs, reading};
use crate::error::Failure;
use arrow_array::RecordBatch;
use arrow_select::concat::concat_batches;
use capture::{Filter, Item, LogReader, Options, Reader};
use std::collections::VecDeque;
use std::path::Path;

/// Reads a table in the order of its log, frames joined and cut as they are asked for.
pub(in crate::commands) struct TableRows {
    reader: Reader,
    /// Read and not handed out.
    held: VecDeque<RecordBatch>,
}

impl TableRows {
    pub(in crate::commands) fn open(log: &Path, table: &str) -> Result<Self, Failure> {
        let filter = Filter { tables: vec![table.to_owned()], ..Filter::default() };
        let reader = LogReader::open(fs(), log, &Options::default(), &reading(), 0, filter)
            .map_err(|error| failure(&error))?;
        Ok(Self { reader, held: VecDeque::new() })
    }

    /// The next batch of the log; `None` at its end.
    pub(in crate::commands) fn next_batch(&mut self) -> Result<Option<RecordBatch>, Failure> {
        if let Some(batch) = self.held.pop_front() {
            return Ok(Some(batch));
        }
        loop {
            match self.reader.next().map_err(|error| failure(&error))? {
                Item::Batch(batch) => {
                    if let Some(rows) = batch.parse()?.filter(|rows| !rows.is_empty()) {
                        return Ok(Some(rows.into_record_batch()));
                    }
                }
                Item::CaughtUp => return Ok(None),
                _ => {}
            }
        }
    }

    /// The next `n` rows in one batch; fewer where the log ends, `None` where none is left.
    pub(in crate::commands) fn take(&mut self, n: usize) -> Result<Option<RecordBatch>, Failure> {
        let (mut parts, mut have) = (Vec::new(), 0);
        while have < n {
            let Some(batch) = self.next_batch()? else { break };
            let kept = batch.num_rows().min(n - have);
            if kept < batch.num_rows() {
                self.held.push_front(batch.slice(kept, batch.num_rows() - kept));
            }
            have += kept;
            parts.push(batch.slice(0, kept));
        }
        let Some(first) = parts.first() else { return Ok(None) };
        concat_batches(&first.schema(), &parts).map(Some).map_err(|e| crate::commands::bug(&e))
    }
}
