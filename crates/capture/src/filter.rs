//! Which rows a reader wants.

use crate::deliver::instruments;
use crate::error::ReadError;
use arrow_array::{Array, BooleanArray, RecordBatch};
use contract::EventId;

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
}

impl Filter {
    pub(crate) fn wants_table(&self, table: &str) -> bool {
        self.tables.is_empty() || self.tables.iter().any(|t| t == table)
    }

    pub(crate) fn wants_producer(&self, producer: EventId) -> bool {
        self.producers.is_empty() || self.producers.contains(&producer)
    }

    /// The rows that pass; `None` when there is none.
    pub(crate) fn rows(&self, rows: RecordBatch) -> Result<Option<RecordBatch>, ReadError> {
        if self.instruments.is_empty() {
            return Ok(Some(rows));
        }
        let Some(column) = instruments(&rows) else { return Ok(None) };
        let keep: BooleanArray = (0..rows.num_rows())
            .map(|row| Some(column.is_valid(row) && self.instruments.contains(&column.value(row))))
            .collect();
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
