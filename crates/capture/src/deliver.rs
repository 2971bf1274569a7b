//! Rows as readers see them: numbered, and never available before what the log had sequenced.

use crate::error::ReadError;
use crate::format::body::StoredSchema;
use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampNanosecondType, UInt32Type};
use arrow_array::{
    Array, ArrayRef, RecordBatch, RecordBatchOptions, TimestampNanosecondArray, UInt32Array,
    UInt64Array,
};
use arrow_schema::{Schema, SchemaRef};
use contract::{AnyBatch, TableSpec};
use std::sync::Arc;

/// How rows of one stored schema are handed out.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) stored: Arc<StoredSchema>,
    /// The stored schema with `seq` in front.
    numbered: SchemaRef,
    /// The table, if this program knows it.
    spec: Option<&'static TableSpec>,
    /// Whether the stored columns are those of this program's table, one by one.
    is_current: bool,
    recv_at: Option<usize>,
    avail_at: Option<usize>,
}

impl Shape {
    pub(crate) fn new(stored: Arc<StoredSchema>) -> Self {
        let spec = contract::table(&stored.table).filter(|t| t.is_event());
        let schema = &stored.schema;
        let current = spec.map(|s| s.schema(true));
        let seq = current.as_ref().and_then(|s| s.fields().first().cloned());
        let seq = seq.unwrap_or_else(|| {
            Arc::new(arrow_schema::Field::new("seq", arrow_schema::DataType::UInt64, false))
        });
        let fields: Vec<_> = std::iter::once(seq).chain(schema.fields().iter().cloned()).collect();
        let numbered = Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()));
        let is_current = current.is_some_and(|c| {
            c.metadata() == numbered.metadata()
                && c.fields().len() == numbered.fields().len()
                && c.fields().iter().zip(numbered.fields()).all(|(a, b)| a == b)
        });
        let position = |name: &str| schema.fields().iter().position(|f| f.name() == name);
        Self {
            recv_at: position("ts_recv"),
            avail_at: position("ts_avail"),
            stored,
            numbered,
            spec,
            is_current,
        }
    }

    /// Rows with their numbers, and `ts_avail` raised to the log clock.
    ///
    /// - **Point in time:** the clock of a row is the largest of `floor` and the receipts (`ts_recv`, else `ts_avail`)
    ///   of the rows before it in this frame.
    pub(crate) fn deliver(
        &self,
        rows: &RecordBatch,
        first_seq: u64,
        floor: i64,
    ) -> Result<RecordBatch, ReadError> {
        let count = rows.num_rows() as u64;
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(rows.num_columns() + 1);
        columns.push(Arc::new(UInt64Array::from_iter_values(first_seq..first_seq + count)));
        columns.extend(rows.columns().iter().cloned());
        if let Some(raised) = self.raised(rows, floor)
            && let Some(slot) = self.avail_at.and_then(|at| columns.get_mut(at + 1))
        {
            *slot = raised;
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
        let numbered =
            RecordBatch::try_new_with_options(Arc::clone(&self.numbered), columns, &options)?;
        match self.spec {
            Some(spec) if !self.is_current => {
                Ok(AnyBatch::parse(spec, &numbered)?.into_record_batch())
            }
            _ => Ok(numbered),
        }
    }

    /// `ts_avail` when a row of it must be raised.
    fn raised(&self, rows: &RecordBatch, floor: i64) -> Option<ArrayRef> {
        let avail = stamps(rows, self.avail_at)?;
        let recv = stamps(rows, self.recv_at);
        let mut clock = floor;
        let mut is_raised = false;
        let values: Vec<i64> = (0..rows.num_rows())
            .map(|row| {
                let stored = avail.value(row);
                let delivered = stored.max(clock);
                is_raised |= delivered != stored;
                clock = clock.max(receipt(recv, stored, row));
                delivered
            })
            .collect();
        is_raised.then(|| {
            let zone = avail.data_type().clone();
            Arc::new(TimestampNanosecondArray::from(values).with_data_type(zone)) as ArrayRef
        })
    }
}

fn stamps(rows: &RecordBatch, at: Option<usize>) -> Option<&TimestampNanosecondArray> {
    rows.columns().get(at?)?.as_primitive_opt::<TimestampNanosecondType>()
}

fn receipt(recv: Option<&TimestampNanosecondArray>, avail: i64, row: usize) -> i64 {
    recv.filter(|r| r.is_valid(row)).map_or(avail, |r| r.value(row))
}

/// The latest receipt of these rows and where it stands: `ts_recv`, else `ts_avail`.
pub(crate) fn latest_receipt(rows: &RecordBatch) -> Option<(usize, i64)> {
    let position = |name: &str| rows.schema_ref().fields().iter().position(|f| f.name() == name);
    let avail = stamps(rows, position("ts_avail"))?;
    let recv = stamps(rows, position("ts_recv"));
    (0..rows.num_rows())
        .map(|row| (row, receipt(recv, avail.value(row), row)))
        .reduce(|best, next| if next.1 > best.1 { next } else { best })
}

/// The instrument of each row, where rows of the table are about one.
pub(crate) fn instruments(rows: &RecordBatch) -> Option<&UInt32Array> {
    let at = rows.schema_ref().fields().iter().position(|f| f.name() == "instrument_id")?;
    rows.columns().get(at)?.as_primitive_opt::<UInt32Type>()
}

/// When each row is delivered.
pub(crate) fn available(rows: &RecordBatch) -> Option<&TimestampNanosecondArray> {
    stamps(rows, rows.schema_ref().fields().iter().position(|f| f.name() == "ts_avail"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::testing::trades;

    fn delivered(tape: &str, floor: i64) -> Vec<i64> {
        let rows = trades(tape).into_record_batch();
        let stored = StoredSchema::of(&rows.schema()).unwrap();
        let out = Shape::new(Arc::new(stored)).deliver(&rows, 7, floor).unwrap();
        let batch = contract::Batch::<contract::Trades>::parse(&out).unwrap();
        assert_eq!(batch.seq().values().first(), Some(&7));
        batch.ts_avail().values().to_vec()
    }

    #[test]
    fn a_row_is_not_available_before_what_was_sequenced_before_it() {
        assert_eq!(delivered("90 3.0 B, 95 1.0 A", 0), [90, 95]);
        assert_eq!(delivered("90 3.0 B, 95 1.0 A", 92), [92, 95]);
        // The second row was received earlier than the first, and stands behind it.
        assert_eq!(delivered("95 3.0 B, 90 1.0 A", 0), [95, 95]);
    }
}
