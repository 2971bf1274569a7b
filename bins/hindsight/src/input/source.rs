//! Batches of one input, whatever its format.

use super::framing::{End, Framed};
use super::guard::guarded;
use super::{InputArg, Kind, Opened, Place, open};
use crate::error::{CliError, Failure};
use arrow_array::RecordBatch;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, SchemaRef};
use contract::{AnyBatch, TableSpec, meta};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How inputs are read.
#[derive(Debug, Clone, Copy)]
pub struct ReadOptions {
    /// Accept a stream that ends between two messages without its marker.
    pub trust_eof: bool,
    /// Rows a batch where the format leaves the choice to the reader (Parquet).
    pub batch_rows: usize,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self { trust_eof: false, batch_rows: 8_192 }
    }
}

enum Decoder {
    Stream(Box<StreamReader<Pipe>>, Pipe),
    File(Box<FileReader<BufReader<File>>>),
    Parquet(Box<ParquetRecordBatchReader>),
    /// At its end, or behind an error.
    Done,
}

/// One Arrow or Parquet input of any table, read batch by batch as it is.
pub struct RawSource {
    name: String,
    format: &'static str,
    schema: SchemaRef,
    rows_total: Option<u64>,
    identity: Option<(u64, u64)>,
    decoder: Decoder,
    trust_eof: bool,
    is_trusted: bool,
}

impl std::fmt::Debug for RawSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawSource")
            .field("name", &self.name)
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

impl RawSource {
    /// Opens an input and reads its schema.
    ///
    /// # Errors
    /// [`Failure`] for an input that cannot be opened, is no Arrow or Parquet, or is damaged or cut in its first part.
    pub fn open(input: &InputArg, options: &ReadOptions) -> Result<Self, Failure> {
        Self::from_opened(open(input)?, input, options)
    }

    /// As [`open`](Self::open), for an input whose first bytes were looked at.
    pub(crate) fn from_opened(
        opened: Opened,
        input: &InputArg,
        options: &ReadOptions,
    ) -> Result<Self, Failure> {
        let is_stdin = input.place == Place::Stdin;
        let Opened { name, kind, head, file, len, identity } = opened;
        let (format, decoder, schema, rows_total) = match (kind, len.filter(|_| !is_stdin)) {
            (Kind::IpcStream, _) => {
                let (decoder, schema) = stream(&name, head, file, len)?;
                (IPC_STREAM, decoder, schema, None)
            }
            (Kind::IpcFile, Some(len)) => {
                let (decoder, schema) = ipc_file(&name, file, len)?;
                (IPC_FILE, decoder, schema, None)
            }
            (Kind::Parquet, Some(len)) => {
                let (decoder, schema, rows) = parquet_file(&name, file, len, options)?;
                (PARQUET, decoder, schema, rows)
            }
            (Kind::IpcFile, None) => return Err(CliError::NeedsSeek { format: IPC_FILE }.into()),
            (Kind::Parquet, None) => return Err(CliError::NeedsSeek { format: PARQUET }.into()),
            (Kind::Other(found), _) => {
                let table = input.table.map_or("TABLE", |table| table.name);
                let convert = if matches!(found, "JSON" | "text") {
                    format!("hindsight feeds convert --as {table} {name}")
                } else {
                    format!("hindsight feeds convert --spec feeds.toml {name}")
                };
                return Err(CliError::UnrecognisedInput { input: name, found, convert }.into());
            }
        };
        let trust_eof = options.trust_eof;
        Ok(Self {
            name,
            format,
            schema,
            rows_total,
            identity,
            decoder,
            trust_eof,
            is_trusted: false,
        })
    }

    /// What messages call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is, as in `a Parquet file`.
    #[must_use]
    pub fn format(&self) -> &'static str {
        self.format
    }

    /// The schema as it stands in the input.
    #[must_use]
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Whether it is a pipe, whose end nobody knows.
    pub(crate) fn is_pipe(&self) -> bool {
        self.identity.is_none()
    }

    /// Whether the stream ended without its marker and was accepted on the user's word.
    pub(crate) fn is_trusted(&self) -> bool {
        self.is_trusted
    }

    /// The next batch; `None` at the end of an input that is whole.
    ///
    /// # Errors
    /// [`Failure`] for damaged bytes or an input that ended early. Afterwards the source is at its end.
    pub fn next_batch(&mut self) -> Result<Option<RecordBatch>, Failure> {
        let mut decoder = std::mem::replace(&mut self.decoder, Decoder::Done);
        let next = match &mut decoder {
            Decoder::Stream(reader, pipe) => self.next_of_stream(reader, pipe)?,
            Decoder::File(reader) => guarded(&self.name, IPC_FILE, || reader.next())?
                .transpose()
                .map_err(|error| arrow(&self.name, IPC_FILE, error))?,
            Decoder::Parquet(reader) => guarded(&self.name, PARQUET, || reader.next())?
                .transpose()
                .map_err(|error| arrow(&self.name, PARQUET, error))?,
            Decoder::Done => None,
        };
        let Some(batch) = next else { return Ok(None) };
        self.decoder = decoder;
        let schema = self.schema.clone();
        let whole = RecordBatch::try_new(schema, batch.columns().to_vec());
        Ok(Some(whole.unwrap_or(batch)))
    }

    fn next_of_stream(
        &mut self,
        reader: &mut StreamReader<Pipe>,
        pipe: &Pipe,
    ) -> Result<Option<RecordBatch>, Failure> {
        match guarded(&self.name, IPC_STREAM, || reader.next())? {
            Some(Ok(batch)) => Ok(Some(batch)),
            Some(Err(error)) => Err(ended(&self.name, pipe, Some(error))),
            None => {
                let end = pipe.end();
                match end.map_err(|e| CliError::reading(Path::new(&self.name), e))? {
                    End::Whole => Ok(None),
                    End::Unmarked if self.trust_eof => {
                        self.is_trusted = true;
                        Ok(None)
                    }
                    _ => Err(ended(&self.name, pipe, None)),
                }
            }
        }
    }
}

/// One input of a known table, read batch by batch.
///
/// - **Shape:** the rows in their order, columns by name in canonical order.
#[derive(Debug)]
pub struct Source {
    raw: RawSource,
    spec: &'static TableSpec,
    schema: SchemaRef,
}

impl Source {
    /// Opens an input, and checks that it holds a table of the contract.
    ///
    /// # Errors
    /// As [`RawSource::open`], and for an input that names no table or has not the table's columns.
    pub fn open(input: &InputArg, options: &ReadOptions) -> Result<Self, Failure> {
        Self::from_raw(RawSource::open(input, options)?, input)
    }

    /// As [`open`](Self::open), for an input that is open.
    pub(crate) fn from_raw(raw: RawSource, input: &InputArg) -> Result<Self, Failure> {
        let spec = match (input.table, raw.schema.metadata().get(meta::TABLE)) {
            (Some(table), _) => table,
            (None, Some(found)) => super::table(found)?,
            (None, None) => {
                return Err(CliError::UnnamedTable { input: raw.name }.into());
            }
        };
        // A damaged schema can hold types of which not even an empty array can be made.
        let empty = || AnyBatch::parse(spec, &RecordBatch::new_empty(raw.schema.clone()));
        let schema = guarded(&raw.name, "a schema", empty)?
            .map_err(|error| Failure::from(error).in_input(&raw.name))?
            .into_record_batch()
            .schema();
        Ok(Self { raw, spec, schema })
    }

    /// What messages call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.raw.name
    }

    /// The table.
    #[must_use]
    pub fn spec(&self) -> &'static TableSpec {
        self.spec
    }

    /// The schema of every batch, in the contract's order and types.
    #[must_use]
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Number of rows, where the format tells it beforehand.
    #[must_use]
    pub fn rows_total(&self) -> Option<u64> {
        self.raw.rows_total
    }

    /// The input as it is, its table and columns having been checked.
    pub(crate) fn into_raw(self) -> RawSource {
        self.raw
    }

    /// Device and inode of a regular file.
    #[must_use]
    pub fn identity(&self) -> Option<(u64, u64)> {
        self.raw.identity
    }

    /// Whether the stream ended without its marker and was accepted on the user's word.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.raw.is_trusted
    }

    /// The next batch; `None` at the end of an input that is whole.
    ///
    /// # Errors
    /// As [`RawSource::next_batch`], and for a batch that is not of the table.
    pub fn next_batch(&mut self) -> Result<Option<AnyBatch>, Failure> {
        let Some(batch) = self.raw.next_batch()? else { return Ok(None) };
        let batch = guarded(&self.raw.name, "a batch", || AnyBatch::parse(self.spec, &batch))?
            .map_err(|error| {
                self.raw.decoder = Decoder::Done;
                Failure::from(error).in_input(&self.raw.name)
            })?;
        Ok(Some(batch))
    }
}

const IPC_STREAM: &str = "an Arrow IPC stream";
const IPC_FILE: &str = "an Arrow IPC file";
const PARQUET: &str = "a Parquet file";

/// Why a stream that is not whole ended; the frames know more than the decoder.
fn ended(name: &str, pipe: &Pipe, error: Option<ArrowError>) -> Failure {
    let input = name.to_owned();
    let end = match pipe.end() {
        Ok(end) => end,
        Err(e) => return CliError::reading(Path::new(name), e).into(),
    };
    match (end, error) {
        (End::Cut(place), _) => CliError::TruncatedStream { input, place }.into(),
        (End::Trailing, None) => CliError::TrailingData { input }.into(),
        (End::Broken(reason), _) => {
            CliError::MalformedInput { input, format: IPC_STREAM, reason: reason.to_owned() }.into()
        }
        (End::Unmarked, _) => {
            CliError::TruncatedStream { input, place: "between two messages" }.into()
        }
        (_, Some(error)) => arrow(name, IPC_STREAM, error),
        (_, None) => CliError::MalformedInput {
            input,
            format: IPC_STREAM,
            reason: "the decoder stopped early".to_owned(),
        }
        .into(),
    }
}

/// An error of a decoder, by its cause.
fn arrow(name: &str, format: &'static str, error: ArrowError) -> Failure {
    match error {
        ArrowError::IoError(_, source) if source.kind() != io::ErrorKind::UnexpectedEof => {
            CliError::reading(Path::new(name), source).into()
        }
        other => malformed(name, format, &other),
    }
}

fn malformed(name: &str, format: &'static str, reason: &dyn std::fmt::Display) -> Failure {
    // The decoder's text may quote the input: cut it, and keep it on one line.
    let reason = contract::excerpt(reason.to_string().as_bytes()).replace(['\n', '\r'], " ");
    CliError::MalformedInput { input: name.to_owned(), format, reason }.into()
}

/// A framed pipe that the decoder and its source share, so that the frames can be asked when the decoder is gone.
#[derive(Debug, Clone)]
struct Pipe(Arc<Mutex<Framed<Bytes>>>);

type Bytes = BufReader<io::Chain<Cursor<Vec<u8>>, File>>;

impl Pipe {
    fn lock(&self) -> MutexGuard<'_, Framed<Bytes>> {
        // A panic inside a decoder may poison the lock; the frames stay readable.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self) -> io::Result<End> {
        self.lock().end()
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.lock().read(buffer)
    }
}

fn stream(
    name: &str,
    head: Vec<u8>,
    file: File,
    len: Option<u64>,
) -> Result<(Decoder, SchemaRef), Failure> {
    let bytes = BufReader::with_capacity(256 << 10, Cursor::new(head).chain(file));
    let pipe = Pipe(Arc::new(Mutex::new(Framed::new(bytes, len))));
    let lent = pipe.clone();
    match guarded(name, IPC_STREAM, || StreamReader::try_new(lent, None)) {
        Ok(Ok(reader)) => {
            let schema = reader.schema();
            Ok((Decoder::Stream(Box::new(reader), pipe), schema))
        }
        Ok(Err(error)) => Err(ended(name, &pipe, Some(error))),
        Err(panicked) => Err(panicked.into()),
    }
}

fn ipc_file(name: &str, mut file: File, len: u64) -> Result<(Decoder, SchemaRef), Failure> {
    closing_magic(name, &mut file, len, "Arrow IPC", "ARROW1")?;
    blocks_inside(name, &mut file, len)?;
    let reader = BufReader::with_capacity(256 << 10, file);
    let reader = guarded(name, IPC_FILE, || FileReader::try_new(reader, None))?
        .map_err(|error| arrow(name, IPC_FILE, error))?;
    let schema = reader.schema();
    Ok((Decoder::File(Box::new(reader)), schema))
}

/// Refuses a footer that points outside the file, before the decoder allocates what it claims.
fn blocks_inside(name: &str, file: &mut File, len: u64) -> Result<(), Failure> {
    let io = |e| Failure::from(CliError::reading(Path::new(name), e));
    let broken = |reason: &str| malformed(name, IPC_FILE, &reason);
    let mut tail = [0_u8; 10];
    file.seek(SeekFrom::End(-10)).map_err(io)?;
    file.read_exact(&mut tail).map_err(io)?;
    let [a, b, c, d, ..] = tail;
    let footer_len = u64::try_from(i32::from_le_bytes([a, b, c, d]))
        .ok()
        .filter(|n| *n <= len.saturating_sub(18))
        .ok_or_else(|| broken("a footer of impossible length"))?;
    let at = len - 10 - footer_len;
    file.seek(SeekFrom::Start(at)).map_err(io)?;
    let mut footer = Vec::new();
    file.by_ref().take(footer_len).read_to_end(&mut footer).map_err(io)?;
    let footer =
        arrow_ipc::root_as_footer(&footer).map_err(|_| broken("a footer that cannot be read"))?;
    let blocks = footer.dictionaries().into_iter().flatten();
    for block in blocks.chain(footer.recordBatches().into_iter().flatten()) {
        let inside = u64::try_from(block.offset())
            .ok()
            .zip(u64::try_from(block.metaDataLength()).ok())
            .zip(u64::try_from(block.bodyLength()).ok())
            .and_then(|((offset, head), body)| offset.checked_add(head)?.checked_add(body))
            .is_some_and(|end| end <= at);
        if !inside {
            return Err(broken("a footer that points outside the file"));
        }
    }
    Ok(())
}

fn parquet_file(
    name: &str,
    mut file: File,
    len: u64,
    options: &ReadOptions,
) -> Result<(Decoder, SchemaRef, Option<u64>), Failure> {
    closing_magic(name, &mut file, len, "Parquet", "PAR1")?;
    let batch_rows = options.batch_rows;
    let open = || {
        let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
        let rows = builder.metadata().file_metadata().num_rows();
        // The schema of the reader itself has lost the metadata.
        let schema = builder.schema().clone();
        let reader = builder.with_batch_size(batch_rows).build()?;
        Ok::<_, ParquetError>((reader, schema, rows))
    };
    let (reader, schema, rows) =
        guarded(name, PARQUET, open)?.map_err(|error| malformed(name, PARQUET, &error))?;
    Ok((Decoder::Parquet(Box::new(reader)), schema, u64::try_from(rows).ok()))
}

/// Refuses a file whose last bytes are not those of its format: the end is missing, or something was appended.
fn closing_magic(
    name: &str,
    file: &mut File,
    len: u64,
    format: &'static str,
    magic: &'static str,
) -> Result<(), Failure> {
    let io = |e| Failure::from(CliError::reading(Path::new(name), e));
    let take = u64::try_from(magic.len()).unwrap_or(0);
    let mut found = Vec::new();
    // The opening bytes do not count as closing ones.
    file.seek(SeekFrom::Start(len.saturating_sub(take).max(take))).map_err(io)?;
    file.take(take).read_to_end(&mut found).map_err(io)?;
    if found == magic.as_bytes() {
        return Ok(());
    }
    let found = if found.is_empty() {
        "the end of the file".to_owned()
    } else {
        format!("`{}`", contract::excerpt(&found))
    };
    Err(CliError::TruncatedFile { input: name.to_owned(), format, magic, found }.into())
}
