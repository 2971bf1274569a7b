//! IPC messages out of bytes that may be anything: every length is checked before Arrow uses it.

use super::{BodyError, END_OF_STREAM, shape};
use crate::format::bytes::u32_at;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_buffer::Buffer;
use arrow_ipc::reader::{read_dictionary, read_record_batch};
use arrow_ipc::{FieldNode, Message, MetadataVersion, root_as_message};
use arrow_schema::{DataType, Schema, SchemaRef};
use std::collections::HashMap;

/// Messages one after the other.
#[derive(Debug)]
pub(super) struct Messages<'a> {
    bytes: &'a Buffer,
    at: usize,
}

fn malformed(what: impl Into<String>) -> BodyError {
    BodyError::Malformed(what.into())
}

impl<'a> Messages<'a> {
    pub(super) fn new(bytes: &'a Buffer) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn is_done(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// Refuses bytes behind the last message.
    pub(super) fn end(&self) -> Result<(), BodyError> {
        if self.is_done() {
            return Ok(());
        }
        Err(malformed(format!("expected {} bytes, found {}", self.at, self.bytes.len())))
    }

    /// The end marker of a stream.
    pub(super) fn end_of_stream(&mut self) -> Result<(), BodyError> {
        if !self.rest().starts_with(&END_OF_STREAM) {
            return Err(malformed("expected the end of a stream, found other bytes"));
        }
        self.at += END_OF_STREAM.len();
        Ok(())
    }

    /// A Schema message.
    pub(super) fn schema(&mut self) -> Result<Schema, BodyError> {
        let (message, data) = self.next()?;
        let wire = message
            .header_as_schema()
            .filter(|_| data.is_empty())
            .ok_or_else(|| malformed("expected a schema message"))?;
        shape::check_wire(wire)?;
        let schema = arrow_ipc::convert::fb_to_schema(wire);
        shape::check(&schema)?;
        Ok(schema)
    }

    /// One dictionary batch for each dictionary of the schema, then one record batch.
    pub(super) fn rows(
        &mut self,
        schema: &SchemaRef,
        expected: Option<u32>,
    ) -> Result<RecordBatch, BodyError> {
        let mut dictionaries: HashMap<i64, ArrayRef> = HashMap::new();
        for id in (0..).take(shape::dictionaries(schema)) {
            let (message, data) = self.next()?;
            let dictionary = message
                .header_as_dictionary_batch()
                .filter(|dictionary| dictionary.id() == id && !dictionary.isDelta())
                .ok_or_else(|| malformed(format!("expected the batch of dictionary {id}")))?;
            let values = dictionary
                .data()
                .ok_or_else(|| malformed(format!("dictionary {id} has no values")))?;
            check_layout(values, &data, [&DataType::Utf8].into_iter())?;
            read_dictionary(&data, dictionary, schema, &mut dictionaries, &MetadataVersion::V5)?;
        }
        let (message, data) = self.next()?;
        let batch =
            message.header_as_record_batch().ok_or_else(|| malformed("expected a record batch"))?;
        if let Some(expected) = expected.filter(|&rows| batch.length() != i64::from(rows)) {
            return Err(BodyError::Rows { expected, found: batch.length() });
        }
        check_layout(batch, &data, schema.fields().iter().map(|field| field.data_type()))?;
        let version = MetadataVersion::V5;
        Ok(read_record_batch(
            &data,
            batch,
            SchemaRef::clone(schema),
            &dictionaries,
            None,
            &version,
        )?)
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// The next message and its data.
    fn next(&mut self) -> Result<(Message<'a>, Buffer), BodyError> {
        let rest = self.rest();
        if !rest.starts_with(&[0xFF; 4]) || rest.len() < 8 {
            return Err(malformed(format!("expected a message at byte {}", self.at)));
        }
        let cut = || malformed("a message is cut off");
        let data_start = usize::try_from(u32_at(rest, 4))
            .ok()
            .and_then(|len| len.checked_add(8))
            .ok_or_else(cut)?;
        let metadata = rest.get(8..data_start).ok_or_else(cut)?;
        let message = root_as_message(metadata)
            .map_err(|error| malformed(format!("no message at byte {}: {error}", self.at)))?;
        if message.version() != MetadataVersion::V5 {
            return Err(malformed("expected messages of metadata version 5"));
        }
        let len = usize::try_from(message.bodyLength()).map_err(|_| cut())?;
        let end = data_start.checked_add(len).filter(|&end| end <= rest.len()).ok_or_else(cut)?;
        let data = self.bytes.slice_with_length(self.at + data_start, len);
        self.at += end;
        Ok((message, data))
    }
}

/// The nodes and buffers that a record batch claims to have, against the types and the bytes that are there.
struct Layout<N, B> {
    nodes: N,
    buffers: B,
    len: u64,
}

/// After this no node is longer than its buffers, and no buffer leaves the data.
fn check_layout<'t>(
    batch: arrow_ipc::RecordBatch<'_>,
    data: &Buffer,
    mut types: impl Iterator<Item = &'t DataType>,
) -> Result<(), BodyError> {
    let refuse = || malformed("the layout of a batch does not fit its schema and bytes");
    let (Some(nodes), Some(buffers)) = (batch.nodes(), batch.buffers()) else {
        return Err(refuse());
    };
    let is_plain = batch.compression().is_none()
        && batch.variadicBufferCounts().is_none_or(|counts| counts.is_empty());
    let rows = u64::try_from(batch.length()).map_err(|_| refuse())?;
    let len = u64::try_from(data.len()).map_err(|_| refuse())?;
    let mut layout = Layout { nodes: nodes.iter(), buffers: buffers.iter(), len };
    let fits = is_plain
        && types.all(|ty| layout.column(ty, Some(rows)).is_some())
        && layout.nodes.next().is_none()
        && layout.buffers.next().is_none();
    if fits { Ok(()) } else { Err(refuse()) }
}

impl<'a, N, B> Layout<N, B>
where
    N: Iterator<Item = &'a FieldNode>,
    B: Iterator<Item = &'a arrow_ipc::Buffer>,
{
    fn column(&mut self, ty: &DataType, expected: Option<u64>) -> Option<()> {
        let node = self.nodes.next()?;
        let rows = u64::try_from(node.length()).ok()?;
        let nulls = u64::try_from(node.null_count()).ok()?;
        if nulls > rows || expected.is_some_and(|expected| expected != rows) {
            return None;
        }
        self.buffer(if nulls > 0 { rows.div_ceil(8) } else { 0 }, 1)?;
        match ty {
            DataType::Boolean => self.buffer(rows.div_ceil(8), 1),
            DataType::Utf8 | DataType::Binary => {
                self.offsets(rows)?;
                self.buffer(0, 1)
            }
            DataType::List(item) => {
                self.offsets(rows)?;
                self.column(item.data_type(), None)
            }
            DataType::Struct(fields) => {
                fields.iter().try_for_each(|field| self.column(field.data_type(), Some(rows)))
            }
            DataType::Dictionary(_, _) => self.buffer(rows, 4),
            DataType::FixedSizeBinary(width) => self.buffer(rows, u64::try_from(*width).ok()?),
            fixed => {
                let width = u64::try_from(fixed.primitive_width()?).ok()?;
                self.buffer(rows, width)
            }
        }
    }

    /// One more than rows; no rows may have none.
    fn offsets(&mut self, rows: u64) -> Option<()> {
        self.buffer(if rows == 0 { 0 } else { rows.checked_add(1)? }, 4)
    }

    /// A buffer of at least so many whole elements: Arrow panics where it views half an element.
    fn buffer(&mut self, least: u64, width: u64) -> Option<()> {
        let buffer = self.buffers.next()?;
        let offset = u64::try_from(buffer.offset()).ok()?;
        let len = u64::try_from(buffer.length()).ok()?;
        let fits = len >= least.checked_mul(width)?
            && len.is_multiple_of(width)
            && offset.checked_add(len)? <= self.len;
        fits.then_some(())
    }
}
