//! Moulds: metadata of messages as Arrow makes it, copied for each batch with the batch's numbers put in.
//!
//! The metadata of two batches of one schema differs in a few 64-bit numbers, which stand in the same places. Making
//! it anew, once for each dictionary, took most of the time of a one-row batch.

use super::{BodyError, encode, options, shape};
use crate::format::bytes::Record;
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, DictionaryArray, Int32Array, RecordBatch, StringArray, new_null_array,
};
use arrow_ipc::root_as_message;
use arrow_ipc::writer::{EncodedData, write_message};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, OnceLock};

/// Continuation marker and length, in front of the metadata.
const PREFIX: usize = 8;

/// Length of a node and of a buffer's entry: two 64-bit numbers.
const PAIR: usize = 16;

/// What the messages of a schema are made from.
#[derive(Debug)]
pub(super) struct Moulds {
    pub(super) rows: Mould,
    /// By id.
    pub(super) dictionaries: Vec<DictionaryMould>,
    /// A schema whose batches fit.
    pub(super) fitting: OnceLock<SchemaRef>,
    /// The most that messages were longer than expected.
    pub(super) slack: AtomicUsize,
}

/// What the batches of one dictionary are made from.
#[derive(Debug)]
pub(super) struct DictionaryMould {
    /// The whole message of a dictionary without values.
    pub(super) empty: Vec<u8>,
    pub(super) values: Mould,
}

/// A message up to its data, and where the numbers stand that follow from the data.
#[derive(Debug)]
pub(super) struct Mould {
    pub(super) bytes: Vec<u8>,
    rows_at: usize,
    data_len_at: usize,
    nodes_at: usize,
    nodes: usize,
    buffers_at: usize,
    buffers: usize,
}

impl Moulds {
    pub(super) fn of(schema: &Schema) -> Result<Self, BodyError> {
        // The count of nodes and buffers follows from the types alone, so nulls are as good as values.
        let nullable = |field: &Arc<Field>| field.as_ref().clone().with_nullable(true);
        let fields: Vec<Field> = schema.fields().iter().map(nullable).collect();
        let columns = fields.iter().map(|field| new_null_array(field.data_type(), 1)).collect();
        let sample = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?;
        let (_, rows) = encode(&sample)?;
        let count = shape::dictionaries(schema);
        let empty = dictionaries(count, &[])?.into_iter().map(whole);
        let values = dictionaries(count, &["x"])?.into_iter().map(Mould::of);
        let dictionaries = empty.zip(values);
        let dictionaries = dictionaries
            .map(|(empty, values)| Ok(DictionaryMould { empty: empty?, values: values? }))
            .collect::<Result<Vec<_>, BodyError>>()?;
        let (fitting, slack) = (OnceLock::new(), AtomicUsize::new(0));
        Ok(Self { rows: Mould::of(rows)?, dictionaries, fitting, slack })
    }
}

/// The batches of this many dictionaries with these values.
fn dictionaries(count: usize, values: &[&str]) -> Result<Vec<EncodedData>, BodyError> {
    let ty = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    // A column behind them, for a batch has one at least.
    let mut fields = vec![Field::new("dictionary", ty, true); count];
    fields.push(Field::new("last", DataType::Int32, true));
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(count + 1);
    for _ in 0..count {
        let values = Arc::new(StringArray::from(values.to_vec()));
        let keys = Int32Array::from(vec![None]);
        columns.push(Arc::new(DictionaryArray::<Int32Type>::try_new(keys, values)?));
    }
    columns.push(Arc::new(Int32Array::from(vec![None])));
    let schema: SchemaRef = Arc::new(Schema::new(fields));
    let sample = RecordBatch::try_new(schema, columns)?;
    Ok(encode(&sample)?.0)
}

fn whole(message: EncodedData) -> Result<Vec<u8>, BodyError> {
    let mut bytes = Vec::new();
    write_message(&mut bytes, message, &options()?)?;
    Ok(bytes)
}

impl Mould {
    /// From a message with at least one row and one byte of data, for numbers that are zero are left out.
    fn of(message: EncodedData) -> Result<Self, BodyError> {
        let bytes = whole(EncodedData { arrow_data: Vec::new(), ..message })?;
        let strange = || BodyError::Malformed("a message that no mould fits".to_owned());
        let metadata = bytes.get(PREFIX..).ok_or_else(strange)?;
        let message = root_as_message(metadata).map_err(|_| strange())?;
        let dictionary = message.header_as_dictionary_batch().and_then(|d| d.data());
        let batch = message.header_as_record_batch().or(dictionary).ok_or_else(strange)?;
        let (nodes, buffers) = batch.nodes().zip(batch.buffers()).ok_or_else(strange)?;
        let place = |part: &[u8]| part.as_ptr().addr() - bytes.as_ptr().addr();
        let field = |table: usize, offset: u16| {
            (offset > 0).then(|| PREFIX + table + usize::from(offset)).ok_or_else(strange)
        };
        let rows = batch._tab.vtable().get(arrow_ipc::RecordBatch::VT_LENGTH);
        let data_len = message._tab.vtable().get(arrow_ipc::Message::VT_BODYLENGTH);
        Ok(Self {
            rows_at: field(batch._tab.loc(), rows)?,
            data_len_at: field(message._tab.loc(), data_len)?,
            nodes_at: place(nodes.bytes()),
            nodes: nodes.len(),
            buffers_at: place(buffers.bytes()),
            buffers: buffers.len(),
            bytes,
        })
    }
}

/// A message that is being made at the end of some bytes.
#[derive(Debug)]
pub(super) struct Cast<'a> {
    mould: &'a Mould,
    out: &'a mut Vec<u8>,
    start: usize,
    nodes: usize,
    buffers: usize,
}

impl<'a> Cast<'a> {
    pub(super) fn begin(mould: &'a Mould, out: &'a mut Vec<u8>) -> Self {
        let start = out.len();
        out.extend_from_slice(&mould.bytes);
        Self { mould, out, start, nodes: 0, buffers: 0 }
    }

    fn put(&mut self, at: usize, numbers: [usize; 2]) -> Option<()> {
        let [first, second] = numbers.map(|n| u64::try_from(n).unwrap_or(u64::MAX).to_le_bytes());
        let place = self.out.get_mut(self.start + at..)?;
        Record(place).put(0, &first).put(8, &second);
        Some(())
    }

    fn put_one(&mut self, at: usize, number: usize) -> Option<()> {
        let number = u64::try_from(number).ok()?.to_le_bytes();
        Record(self.out.get_mut(self.start + at..)?).put(0, &number);
        Some(())
    }

    fn data_len(&self) -> usize {
        self.out.len() - self.start - self.mould.bytes.len()
    }

    /// Counts an array; `None` when the schema has no more.
    pub(super) fn node(&mut self, len: usize, nulls: usize) -> Option<()> {
        let at = (self.nodes < self.mould.nodes).then_some(self.mould.nodes_at)?;
        self.put(at + self.nodes * PAIR, [len, nulls])?;
        self.nodes += 1;
        Some(())
    }

    /// Takes a buffer that `fill` appends; `None` when the schema has no more.
    pub(super) fn buffer(&mut self, fill: impl FnOnce(&mut Vec<u8>)) -> Option<()> {
        let at = (self.buffers < self.mould.buffers).then_some(self.mould.buffers_at)?;
        let offset = self.data_len();
        fill(self.out);
        let len = self.data_len() - offset;
        self.put(at + self.buffers * PAIR, [offset, len])?;
        let padded = self.data_len().next_multiple_of(super::BODY_ALIGN);
        self.out.resize(self.start + self.mould.bytes.len() + padded, 0);
        self.buffers += 1;
        Some(())
    }

    /// Ends the message; `None` when it lacks something, or holds nothing.
    pub(super) fn end(mut self, rows: usize) -> Option<()> {
        let data_len = self.data_len();
        let is_whole = self.nodes == self.mould.nodes && self.buffers == self.mould.buffers;
        if !is_whole || rows == 0 || data_len == 0 {
            return None;
        }
        self.put_one(self.mould.rows_at, rows)?;
        self.put_one(self.mould.data_len_at, data_len)
    }
}
