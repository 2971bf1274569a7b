//! Rows that are there already, for comparison with rows that are sent again.

use crate::error::ReadError;
use crate::format::body::decode_rows;
use crate::format::frame::Kind;
use crate::inner::Inner;
use crate::scan::{Raw, Scan};
use crate::sync::lock;
use arrow_array::RecordBatch;
use std::sync::Arc;

impl Inner {
    /// The rows of the batch that starts at this number, as they were appended; `None` when they cannot be read.
    pub(crate) fn stored_rows(
        &self,
        first_seq: u64,
    ) -> Result<Option<(Arc<str>, RecordBatch)>, ReadError> {
        let entry = {
            let shown = lock(&self.shown);
            shown.entry(first_seq, u64::MAX).filter(|e| e.first_seq == first_seq)
        };
        if let Some((schema, rows)) = entry.as_ref().and_then(|e| e.data.as_ref()) {
            return Ok(Some((Arc::clone(&schema.table), rows.clone())));
        }
        let bound = lock(&self.shown).durable_frame;
        let mut scan = Scan::seek(Arc::clone(&self.fs), &self.dir, first_seq)?;
        loop {
            match scan.next(bound)? {
                Raw::End => return Ok(None),
                Raw::Frame(place)
                    if place.header.kind == Kind::Data && place.header.first_seq == first_seq =>
                {
                    let shape = scan.shape(place.header.schema_no).cloned();
                    let body = scan.body(&place)?;
                    let (Some(shape), Some(body)) = (shape, body) else { return Ok(None) };
                    let h = &place.header;
                    let rows = decode_rows(&shape.stored, &body, h.codec, h.raw_len, h.rows).ok();
                    return Ok(rows.map(|rows| (Arc::clone(&shape.stored.table), rows)));
                }
                Raw::Frame(place) if place.header.first_seq > first_seq => return Ok(None),
                Raw::Frame(_) | Raw::Hole(_) => {}
            }
        }
    }
}
