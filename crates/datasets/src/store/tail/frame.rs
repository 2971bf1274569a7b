//! Batches as parts of an IPC stream: dictionaries and rows, with a mark that tells a whole one.

use arrow_array::RecordBatch;
use arrow_ipc::writer::StreamWriter;
use arrow_ipc::{MessageHeader, root_as_message};
use arrow_schema::{ArrowError, Schema};
use sha2::Digest as _;

/// Says that 32 bytes of hash follow. Behind the flatbuffer of the last message of a batch, where the format has
/// padding of any length that is a multiple of 8.
const MARK: [u8; 8] = *b"\xf4HSTAIL1";
const TRAILER: usize = MARK.len() + 32;
/// Continuation and length.
const PREFIX: usize = 8;

/// What a file holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scan {
    /// Bytes of whole batches.
    pub(super) whole: usize,
    /// Their rows.
    pub(super) rows: u64,
}

/// The schema message.
pub(super) fn head(schema: &Schema) -> Result<Vec<u8>, ArrowError> {
    Ok(StreamWriter::try_new(Vec::new(), schema)?.get_ref().clone())
}

/// The messages of a batch: its dictionaries, all of them again, and its rows.
pub(super) fn encode(batch: &RecordBatch) -> Result<Vec<u8>, ArrowError> {
    let mut writer = StreamWriter::try_new(Vec::new(), batch.schema_ref())?;
    let head = writer.get_ref().len();
    writer.write(batch)?;
    let bytes = writer.get_ref().get(head..).unwrap_or_default().to_vec();
    mark(bytes).ok_or_else(|| ArrowError::IpcError("a batch without a message of rows".to_owned()))
}

/// Puts the mark behind the metadata of the message of rows, and the hash of all into it.
fn mark(mut bytes: Vec<u8>) -> Option<Vec<u8>> {
    let mut at = 0;
    loop {
        let message = Message::at(&bytes, at)?;
        if message.is_rows {
            let end = at + PREFIX + message.metadata;
            let length = i32::try_from(message.metadata + TRAILER).ok()?;
            bytes.get_mut(at + 4..at + PREFIX)?.copy_from_slice(&length.to_le_bytes());
            bytes.splice(end..end, MARK.into_iter().chain([0; 32]));
            let hash: [u8; 32] = sha2::Sha256::digest(&bytes).into();
            bytes.get_mut(end + MARK.len()..end + TRAILER)?.copy_from_slice(&hash);
            return Some(bytes);
        }
        at += message.length()?;
    }
}

/// The whole batches from the start of some bytes.
pub(super) fn scan(bytes: &[u8]) -> Scan {
    let mut found = Scan { whole: 0, rows: 0 };
    while let Some((length, rows)) = bytes.get(found.whole..).and_then(one) {
        found.whole += length;
        found.rows += rows;
    }
    found
}

/// Length and rows of the batch at the start of some bytes, if it is whole.
fn one(bytes: &[u8]) -> Option<(usize, u64)> {
    let mut at = 0;
    loop {
        let message = Message::at(bytes, at)?;
        let end = at + message.length()?;
        if message.is_rows {
            let trailer = at + PREFIX + message.metadata.checked_sub(TRAILER)?;
            let hash = trailer + MARK.len();
            let mut sha256 = sha2::Sha256::new();
            sha256.update(bytes.get(..hash)?);
            sha256.update([0; 32]);
            sha256.update(bytes.get(hash + 32..end)?);
            let is_whole = bytes.get(trailer..hash)? == MARK
                && bytes.get(hash..hash + 32)? == sha256.finalize().as_slice();
            return is_whole.then_some((end, message.rows));
        }
        at = end;
    }
}

/// How many marks there are.
pub(super) fn marks(bytes: &[u8]) -> usize {
    bytes.windows(MARK.len()).filter(|window| *window == MARK).count()
}

struct Message {
    metadata: usize,
    body: usize,
    rows: u64,
    is_rows: bool,
}

impl Message {
    fn at(bytes: &[u8], at: usize) -> Option<Self> {
        let prefix = bytes.get(at..at.checked_add(PREFIX)?)?;
        let (continuation, length) = prefix.split_at(4);
        if continuation != [0xff; 4] {
            return None;
        }
        let metadata = usize::try_from(i32::from_le_bytes(length.try_into().ok()?)).ok()?;
        let start = at + PREFIX;
        let message = root_as_message(bytes.get(start..start.checked_add(metadata)?)?).ok()?;
        let body = usize::try_from(message.bodyLength()).ok()?;
        let is_rows = message.header_type() == MessageHeader::RecordBatch;
        let rows = message.header_as_record_batch().map_or(0, |rows| rows.length());
        Some(Self { metadata, body, rows: u64::try_from(rows).ok()?, is_rows })
    }

    fn length(&self) -> Option<usize> {
        PREFIX.checked_add(self.metadata)?.checked_add(self.body)
    }
}
