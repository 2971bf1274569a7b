//! `truth_faults`: every planted fault, cell by cell.

use crate::columns::TruthTable;
use crate::fault::FaultKind;
use contract::arrow_array::RecordBatch;

/// What was done to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    /// The row never came.
    Drop,
    /// The row came once more; `after` is the availability of the copy, and its receipt moved as much.
    Copy,
    /// The row came at another time: `after` is its availability, and its receipt moved as much.
    Delay,
    /// One cell changed.
    Edit,
    /// A row came that the clean world does not have; one record a cell that differs from its template,
    /// the row `clean_row`.
    Insert,
    /// Every row of a source from `ts_from` on.
    Episode,
}

impl Op {
    const fn word(self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::Copy => "copy",
            Self::Delay => "delay",
            Self::Edit => "edit",
            Self::Insert => "insert",
            Self::Episode => "episode",
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) fault_id: u64,
    pub(crate) kind: FaultKind,
    pub(crate) table: &'static str,
    pub(crate) op: Op,
    pub(crate) key: String,
    /// Place of the row in the clean stream of its table, from 0.
    pub(crate) clean_row: Option<u64>,
    pub(crate) source: u16,
    pub(crate) instrument: Option<u32>,
    pub(crate) ts_from: i64,
    pub(crate) column: Option<&'static str>,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
    pub(crate) magnitude: f64,
}

pub(crate) fn table(rows: &[Record]) -> RecordBatch {
    TruthTable::new("truth_faults")
        .u64("fault_id", rows.iter().map(|r| Some(r.fault_id)))
        .words("kind", rows.iter().map(|r| Some(r.kind.word())))
        .words("table_name", rows.iter().map(|r| Some(r.table)))
        .words("operation", rows.iter().map(|r| Some(r.op.word())))
        .text("key", rows.iter().map(|r| Some(r.key.as_str())))
        .u64("clean_row", rows.iter().map(|r| r.clean_row))
        .u16("source_id", rows.iter().map(|r| Some(r.source)))
        .u32("instrument_id", rows.iter().map(|r| r.instrument))
        .times("ts_from", rows.iter().map(|r| Some(r.ts_from)))
        .words("column", rows.iter().map(|r| r.column))
        .text("before", rows.iter().map(|r| r.before.as_deref()))
        .text("after", rows.iter().map(|r| r.after.as_deref()))
        .f64("magnitude", rows.iter().map(|r| Some(r.magnitude)))
        .finish()
}
