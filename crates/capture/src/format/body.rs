//! The body of a frame: Arrow IPC messages, made by us and checked before Arrow sees them.

mod cells;
mod decode;
mod mould;
mod shape;
mod tidy;

use super::frame::{Codec, MAX_BODY, MAX_ROWS};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_buffer::{Buffer, MutableBuffer};
use arrow_ipc::MetadataVersion;
use arrow_ipc::writer::{
    DictionaryTracker, EncodedData, IpcDataGenerator, IpcWriteContext, IpcWriteOptions,
    write_message,
};
use arrow_schema::{ArrowError, Schema, SchemaRef};
use contract::meta;
use decode::Messages;
use mould::Moulds;
use std::sync::{Arc, OnceLock};

/// Buffers inside a body start at multiples of this; it suits every native type, Decimal128 included.
const BODY_ALIGN: usize = 16;

/// Level of [`Codec::Zstd`].
const ZSTD_LEVEL: i32 = 1;

/// What closes a stream: a continuation marker and a length of zero.
const END_OF_STREAM: [u8; 8] = [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0];

/// Why rows have no body, or a body no rows.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum BodyError {
    /// Longer than a frame may hold.
    #[error("body: expected at most {limit} bytes, found {bytes}")]
    TooLarge { bytes: u64, limit: u64 },
    /// More rows than a frame may hold.
    #[error("body: expected at most {limit} rows, found {rows}")]
    TooManyRows { rows: u64, limit: u64 },
    /// Another number of rows than the header says.
    #[error("body: expected {expected} rows, found {found}")]
    Rows { expected: u32, found: i64 },
    /// A type that no table of the contract has.
    #[error("column {column}: expected a type of the contract, found `{found}`")]
    Type { column: String, found: String },
    /// A schema that does not say whose it is.
    #[error("schema: expected the metadata `{key}`, found none")]
    NoMetadata { key: &'static str },
    /// Bytes that are not what the format says.
    #[error("body: {0}")]
    Malformed(String),
    /// What Arrow says about the rows.
    #[error(transparent)]
    Arrow(#[from] ArrowError),
    /// What the compressor says about the bytes.
    #[error("body: zstd refuses the bytes")]
    Zstd(#[source] std::io::Error),
}

/// The stored form of a table: its schema without `seq`, as a Schema frame holds it.
#[derive(Debug, Clone)]
pub(crate) struct StoredSchema {
    pub(crate) table: Arc<str>,
    /// With metadata, and the dictionary ids of the message.
    pub(crate) schema: SchemaRef,
    /// One encapsulated IPC Schema message.
    pub(crate) message: Arc<[u8]>,
    /// What bodies are made from, made with the first one; `None` inside when there is no such thing.
    moulds: OnceLock<Option<Arc<Moulds>>>,
}

impl StoredSchema {
    /// The stored form of the schema of a draft.
    pub(crate) fn of(schema: &SchemaRef) -> Result<Self, BodyError> {
        Self::decode(&schema_message(schema)?)
    }

    /// Reads the body of a Schema frame.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, BodyError> {
        let buffer = Buffer::from(bytes);
        let mut messages = Messages::new(&buffer);
        let schema = messages.schema()?;
        messages.end()?;
        let table = schema
            .metadata()
            .get(meta::TABLE)
            .ok_or(BodyError::NoMetadata { key: meta::TABLE })?
            .as_str()
            .into();
        let message = bytes.into();
        Ok(Self { table, schema: Arc::new(schema), message, moulds: OnceLock::new() })
    }

    /// In the place of a schema that was lost.
    pub(crate) fn lost() -> Self {
        let (table, message) = ("".into(), Arc::from([].as_slice()));
        Self { table, schema: Arc::new(Schema::empty()), message, moulds: OnceLock::new() }
    }

    fn moulds(&self) -> Option<&Moulds> {
        self.moulds.get_or_init(|| Moulds::of(&self.schema).ok().map(Arc::new)).as_deref()
    }
}

/// A body ready to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
    /// Length before compression.
    pub(crate) raw_len: u32,
    /// What was used: none where compression did not pay.
    pub(crate) codec: Codec,
}

/// Rows as a body; equal rows give equal bytes, however they were sliced and whatever their dictionaries held.
pub(crate) fn encode_rows(
    schema: &StoredSchema,
    batch: &RecordBatch,
    codec: Codec,
) -> Result<Body, BodyError> {
    check_count(batch)?;
    let mut raw = Vec::new();
    let quick = schema.moulds().and_then(|m| cells::write(m, &schema.schema, batch, &mut raw));
    if quick.is_none() {
        raw.clear();
        write_rows(&schema.schema, batch, &mut raw)?;
    }
    let raw_len = within_limit(raw.len())?;
    if codec == Codec::Zstd {
        let bytes = zstd::bulk::compress(&raw, ZSTD_LEVEL).map_err(BodyError::Zstd)?;
        if bytes.len() < raw.len() {
            return Ok(Body { bytes, raw_len, codec });
        }
    }
    Ok(Body { bytes: raw, raw_len, codec: Codec::None })
}

/// The rows of a body whose checksum was right; their arrays share its memory where nothing was compressed.
pub(crate) fn decode_rows(
    schema: &StoredSchema,
    body: &Buffer,
    codec: Codec,
    raw_len: u32,
    rows: u32,
) -> Result<RecordBatch, BodyError> {
    let raw = decompress(body, codec, raw_len)?;
    let mut messages = Messages::new(&raw);
    let batch = messages.rows(&schema.schema, Some(rows))?;
    messages.end()?;
    Ok(batch)
}

/// Complete IPC streams one after the other, one a batch.
pub(crate) fn encode_streams(batches: &[RecordBatch]) -> Result<Vec<u8>, BodyError> {
    let mut bytes = Vec::new();
    for batch in batches {
        bytes.extend_from_slice(&schema_message(&batch.schema())?);
        check_count(batch)?;
        write_rows(&batch.schema(), batch, &mut bytes)?;
        bytes.extend_from_slice(&END_OF_STREAM);
    }
    within_limit(bytes.len())?;
    Ok(bytes)
}

/// Reads what [`encode_streams`] wrote.
pub(crate) fn decode_streams(bytes: &[u8]) -> Result<Vec<RecordBatch>, BodyError> {
    let buffer = Buffer::from(bytes);
    let mut messages = Messages::new(&buffer);
    let mut batches = Vec::new();
    while !messages.is_done() {
        let schema = Arc::new(messages.schema()?);
        batches.push(messages.rows(&schema, None)?);
        messages.end_of_stream()?;
    }
    Ok(batches)
}

fn within_limit(bytes: usize) -> Result<u32, BodyError> {
    u32::try_from(bytes).ok().filter(|&len| len <= MAX_BODY).ok_or_else(|| BodyError::TooLarge {
        bytes: u64::try_from(bytes).unwrap_or(u64::MAX),
        limit: MAX_BODY.into(),
    })
}

fn options() -> Result<IpcWriteOptions, ArrowError> {
    IpcWriteOptions::try_new(BODY_ALIGN, false, MetadataVersion::V5)
}

fn schema_message(schema: &Schema) -> Result<Vec<u8>, BodyError> {
    shape::check(schema)?;
    let options = options()?;
    let mut tracker = DictionaryTracker::new(false);
    let encoded = IpcDataGenerator::default().schema_to_bytes_with_dictionary_tracker(
        schema,
        &mut tracker,
        &options,
    );
    let mut message = Vec::new();
    write_message(&mut message, encoded, &options)?;
    Ok(message)
}

fn check_count(batch: &RecordBatch) -> Result<(), BodyError> {
    if u32::try_from(batch.num_rows()).is_ok_and(|rows| rows <= MAX_ROWS) {
        return Ok(());
    }
    let rows = u64::try_from(batch.num_rows()).unwrap_or(u64::MAX);
    Err(BodyError::TooManyRows { rows, limit: MAX_ROWS.into() })
}

/// Dictionary batches, then one record batch, by Arrow's encoder.
fn write_rows(schema: &SchemaRef, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), BodyError> {
    let columns = batch.columns().iter().map(tidy::tidy).collect::<Result<Vec<ArrayRef>, _>>()?;
    let batch = RecordBatch::try_new(Arc::clone(schema), columns)?;
    let options = options()?;
    let (dictionaries, rows) = encode(&batch)?;
    let len = |m: &EncodedData| m.ipc_message.len() + m.arrow_data.len() + 2 * BODY_ALIGN;
    out.reserve(dictionaries.iter().map(len).sum::<usize>() + len(&rows));
    for message in dictionaries.into_iter().chain([rows]) {
        write_message(&mut *out, message, &options)?;
    }
    Ok(())
}

fn encode(batch: &RecordBatch) -> Result<(Vec<EncodedData>, EncodedData), BodyError> {
    // The ids of the Schema message: the tracker hands out the same ones in the same order.
    let mut tracker = DictionaryTracker::new(false);
    for _ in 0..shape::dictionaries(batch.schema_ref()) {
        tracker.next_dict_id();
    }
    let mut context = IpcWriteContext::default();
    Ok(IpcDataGenerator::default().encode(batch, &mut tracker, &options()?, &mut context)?)
}

fn decompress(body: &Buffer, codec: Codec, raw_len: u32) -> Result<Buffer, BodyError> {
    if raw_len > MAX_BODY {
        return Err(BodyError::TooLarge { bytes: raw_len.into(), limit: MAX_BODY.into() });
    }
    let expected = usize::try_from(raw_len).unwrap_or(usize::MAX);
    let (found, raw) = match codec {
        Codec::None => (body.len(), body.clone()),
        Codec::Zstd => {
            let mut raw = MutableBuffer::from_len_zeroed(expected);
            let found = zstd::bulk::decompress_to_buffer(body.as_slice(), raw.as_slice_mut())
                .map_err(BodyError::Zstd)?;
            (found, raw.into())
        }
    };
    if found != expected {
        return Err(BodyError::Malformed(format!("expected {expected} raw bytes, found {found}")));
    }
    Ok(raw)
}

#[cfg(test)]
mod tests;
