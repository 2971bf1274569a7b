//! Which rows a reader wants.

use crate::deliver::{available, instruments};
use crate::error::ReadError;
use arrow_array::{Array, BooleanArray, RecordBatch};
use contract::{EventId, UtcNanos};

/// Which rows are wanted; an empty list means all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Names of tables.
    pub tables: Vec<String>,
    /// Instruments; rows that are about none do not pass.
    pub instruments: Vec<u32>,
    /// Producers.
    pub producers: Vec<EventId>,
    /// First number that is not wanted.
    pub end_seq: Option<u64>,
    /// Rows whose delivered `ts_avail` is this instant or later do not pass. The log clock never falls, so a reader ends
    /// at the first frame that begins at or after it.
    pub before: Option<UtcNanos>,
}

impl Filter {
    pub(crate) fn wants_table(&self, table: &str) -> bool {
        self.tables.is_empty() || self.tables.iter().any(|t| t == table)
    }

    pub(crate) fn wants_producer(&self, producer: EventId) -> bool {
        self.producers.is_empty() || self.producers.contains(&producer)
    }

    /// Whether all rows of a frame, whose clock stood here before it, are delivered too late to pass.
    pub(crate) fn is_past(&self, avail_floor: i64) -> bool {
        self.before.is_some_and(|before| avail_floor >= before.nanos())
    }

    /// The rows that pass; `None` when there is none.
    pub(crate) fn rows(&self, rows: RecordBatch) -> Result<Option<RecordBatch>, ReadError> {
        if self.instruments.is_empty() && self.before.is_none() {
            return Ok(Some(rows));
        }
        let mut keep = vec![true; rows.num_rows()];
        if !self.instruments.is_empty() {
            let Some(column) = instruments(&rows) else { return Ok(None) };
            for (row, keep) in keep.iter_mut().enumerate() {
                *keep = column.is_valid(row) && self.instruments.contains(&column.value(row));
            }
        }
        if let (Some(before), Some(column)) = (self.before, available(&rows)) {
            for (keep, avail) in keep.iter_mut().zip(column.values()) {
                *keep &= *avail < before.nanos();
            }
        }
        let keep = BooleanArray::from(keep);
        let kept = keep.true_count();
        if kept == rows.num_rows() {
            return Ok(Some(rows));
        }
        if kept == 0 {
            return Ok(None);
        }
        Ok(Some(arrow_select::filter::filter_record_batch(&rows, &keep)?))
    }
}
