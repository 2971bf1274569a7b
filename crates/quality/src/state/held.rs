//! Rows whose past is not known yet.

use super::TableState;
use crate::rows::Layout;
use arrow_array::RecordBatch;

/// What the sequence kinds of a part will read when its left neighbour is there: columns of its batches, not copied.
#[derive(Debug, Clone, Default)]
pub(super) struct Held {
    /// Position of the first row in the part, and the columns.
    batches: Vec<(u64, RecordBatch)>,
    rows: u64,
}

impl Held {
    pub(super) fn push(&mut self, batch: &RecordBatch, layout: &Layout, first: u64) {
        self.rows += batch.num_rows() as u64;
        if self.is_over() {
            self.batches.clear();
            return;
        }
        // INVARIANT: the positions come from this batch's own schema.
        if let Ok(columns) = batch.project(&layout.needed()) {
            self.batches.push((first, columns));
        }
    }

    pub(super) fn append(&mut self, right: Self, rows: u64) {
        self.rows += right.rows;
        self.batches.extend(right.batches.into_iter().map(|(first, b)| (rows + first, b)));
        if self.is_over() {
            self.batches.clear();
        }
    }

    pub(super) const fn is_over(&self) -> bool {
        self.rows > TableState::MAX_HELD
    }

    pub(super) fn batches(&self) -> impl Iterator<Item = (u64, &RecordBatch)> {
        self.batches.iter().map(|(first, batch)| (*first, batch))
    }
}
