//! One row among those of its stream: the same source and instrument.

use arrow_array::{Array, RecordBatch, UInt16Array, UInt32Array, UInt64Array};
use quality::Flags;
use std::collections::VecDeque;

/// Source and instrument, where the table has them.
pub(super) type Key = (Option<u16>, Option<u32>);

/// A row near the one that is asked for.
pub(super) struct Neighbour {
    pub(super) id: u64,
    pub(super) row: RecordBatch,
    /// Checks that it was found to break when its batch was judged.
    pub(super) broken: Vec<usize>,
}

/// The columns that place the rows of a batch.
pub(super) struct Placed<'a> {
    seqs: Option<&'a UInt64Array>,
    sources: Option<&'a UInt16Array>,
    instruments: Option<&'a UInt32Array>,
    first: u64,
    rows: usize,
}

impl<'a> Placed<'a> {
    /// `first`: position of the batch among the rows of its table.
    pub(super) fn of(batch: &'a RecordBatch, first: u64) -> Self {
        Self {
            seqs: batch.column_by_name("seq").and_then(|c| c.as_any().downcast_ref()),
            sources: batch.column_by_name("source_id").and_then(|c| c.as_any().downcast_ref()),
            instruments: batch
                .column_by_name("instrument_id")
                .and_then(|c| c.as_any().downcast_ref()),
            first,
            rows: batch.num_rows(),
        }
    }

    /// `seq` of a row, or its position.
    pub(super) fn id(&self, row: usize) -> u64 {
        self.seqs.map_or(self.first + super::count(row), |seqs| seqs.value(row))
    }

    /// The row with this id.
    pub(super) fn row(&self, id: u64) -> Option<usize> {
        (0..self.rows).find(|row| self.id(*row) == id)
    }

    /// Its stream.
    pub(super) fn key(&self, row: usize) -> Key {
        let source = self.sources.filter(|c| c.is_valid(row)).map(|c| c.value(row));
        (source, self.instruments.filter(|c| c.is_valid(row)).map(|c| c.value(row)))
    }
}

/// The rows of a stream before and after one of them.
pub(super) struct Neighbours {
    id: u64,
    key: Key,
    most: usize,
    before: VecDeque<Neighbour>,
    after: Vec<Neighbour>,
}

impl Neighbours {
    pub(super) fn new(id: u64, key: Key, most: usize) -> Self {
        Self { id, key, most, before: VecDeque::new(), after: Vec::new() }
    }

    /// Keeps the rows of a batch that are near.
    pub(super) fn see(&mut self, batch: &RecordBatch, first: u64, flags: &Flags) {
        let placed = Placed::of(batch, first);
        for row in 0..batch.num_rows() {
            let id = placed.id(row);
            let is_full = self.after.len() >= self.most;
            if id == self.id || placed.key(row) != self.key || (id > self.id && is_full) {
                continue;
            }
            let broken = flags.broken(row).collect();
            let neighbour = Neighbour { id, row: batch.slice(row, 1), broken };
            if id > self.id {
                self.after.push(neighbour);
            } else {
                self.before.push_back(neighbour);
                if self.before.len() > self.most {
                    self.before.pop_front();
                }
            }
        }
    }

    /// The rows before, and those after.
    pub(super) fn into_parts(self) -> (Vec<Neighbour>, Vec<Neighbour>) {
        (self.before.into(), self.after)
    }
}
