//! What a reader hands out.

use crate::gap::Gap;
use contract::arrow_array::RecordBatch;
use contract::{AnyBatch, EventId, ShapeError, UtcNanos};
use std::ops::Range;
use std::sync::Arc;

/// What a reader hands out, in the order of the log.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Item {
    /// Rows.
    Batch(LoggedBatch),
    /// Something that is not there: declared by a producer, or lost by damage.
    Gap(Gap),
    /// What a producer said about itself.
    Control(Control),
    /// Everything that may be shown now has been.
    CaughtUp,
}

/// Rows of one producer, stored together.
///
/// - **Shape:** one record batch of a table with `seq` in front, in the order of the log.
/// - **Point in time:** `ts_avail` is at least the largest receipt that the log had sequenced before the row.
#[derive(Debug, Clone)]
pub struct LoggedBatch {
    /// Name of the table.
    pub table: Arc<str>,
    /// Number of the first row; the others follow without a hole, unless a filter left rows out.
    pub first_seq: u64,
    /// Who appended it.
    pub producer_id: EventId,
    /// The producer's own number of the first row.
    pub first_pseq: u64,
    /// When the group was formed: evidence, no order.
    pub ts_append: UtcNanos,
    /// The rows.
    pub rows: Arc<RecordBatch>,
}

impl LoggedBatch {
    /// `seq` of the rows when none was left out by a filter, half-open.
    #[must_use]
    pub fn seqs(&self) -> Range<u64> {
        self.first_seq..self.first_seq + self.rows.num_rows() as u64
    }

    /// The rows as a batch of a table that this program knows, upgraded to its version; `None` for a table that a
    /// later program wrote.
    ///
    /// # Errors
    /// [`ShapeError`] when the table's version cannot be read by this program.
    pub fn parse(&self) -> Result<Option<AnyBatch>, ShapeError> {
        contract::table(&self.table).map(|spec| AnyBatch::parse(spec, &self.rows)).transpose()
    }
}

/// What a producer said about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// Which.
    pub kind: ControlKind,
    /// Its number in the log.
    pub seq: u64,
    /// Who.
    pub producer_id: EventId,
    /// Its incarnation.
    pub epoch: u32,
    /// Everything below was emitted.
    pub next_pseq: u64,
    /// When the group was formed.
    pub ts_append: UtcNanos,
}

/// Kinds of [`Control`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ControlKind {
    /// A new incarnation.
    Open,
    /// A sign of life.
    Beat,
    /// No more rows of this incarnation.
    Close,
}
