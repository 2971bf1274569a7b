//! Batches of one table to bytes of one format.

mod dictionary;

use super::bytes::{ByteSink, Witness};
use super::grid::Grid;
use super::{Format, OutputPlan};
use crate::error::{CliError, Failure};
use arrow_array::RecordBatch;
use arrow_ipc::writer::{DictionaryHandling, FileWriter, IpcWriteOptions, StreamWriter};
use arrow_schema::SchemaRef;
use contract::{AnyBatch, TextRows};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use std::io::Write;
use std::path::PathBuf;

/// Rows of a row group: fixed, because page boundaries follow the caller's batches and files must not.
const ROW_GROUP: usize = 65_536;

/// A table on its way out.
///
/// Only [`finish`](Self::finish) writes the end marker or footer and gives a file its name; dropped before, the output
/// never looks complete.
pub struct TableOutput {
    encoder: Encoder,
    schema: SchemaRef,
    witness: Witness,
    format: Format,
    rows: u64,
}

impl std::fmt::Debug for TableOutput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TableOutput")
            .field("format", &self.format)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

enum Encoder {
    Stream(Box<StreamWriter<ByteSink>>),
    File(Box<FileWriter<ByteSink>>, dictionary::Growing),
    Parquet { writer: Box<ArrowWriter<ByteSink>>, held: Vec<RecordBatch>, rows: usize },
    Text { sink: ByteSink, line: String, has_header: bool, is_csv: bool },
    Table { sink: ByteSink, grid: Grid, all: bool },
}

/// What a finished output left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Published {
    /// Rows written.
    pub rows: u64,
    /// The file, if it is one.
    pub path: Option<PathBuf>,
}

impl TableOutput {
    /// Opens the output for batches of a schema.
    ///
    /// # Errors
    /// [`Failure`] when the place cannot be written to.
    pub fn open(plan: &OutputPlan, schema: &SchemaRef) -> Result<Self, Failure> {
        let sink = ByteSink::open(plan)?;
        let witness = sink.witness();
        let failed = |reason: String| failed(&witness, plan.format, reason);
        let encoder = match plan.format {
            Format::Arrow if plan.is_ipc_file => {
                let options =
                    IpcWriteOptions::default().with_dictionary_handling(DictionaryHandling::Delta);
                let writer = FileWriter::try_new_with_options(sink, schema, options)
                    .map_err(|e| failed(e.to_string()))?;
                Encoder::File(Box::new(writer), dictionary::Growing::new(schema))
            }
            Format::Arrow => {
                let writer =
                    StreamWriter::try_new(sink, schema).map_err(|e| failed(e.to_string()))?;
                Encoder::Stream(Box::new(writer))
            }
            Format::Parquet => {
                let writer = ArrowWriter::try_new(sink, schema.clone(), Some(properties(schema)))
                    .map_err(|e| failed(e.to_string()))?;
                Encoder::Parquet { writer: Box::new(writer), held: Vec::new(), rows: 0 }
            }
            Format::Csv | Format::Jsonl | Format::Json => Encoder::Text {
                sink,
                line: String::new(),
                has_header: false,
                is_csv: plan.format == Format::Csv,
            },
            Format::Table => Encoder::Table { sink, grid: Grid::default(), all: plan.all },
        };
        Ok(Self { encoder, schema: schema.clone(), witness, format: plan.format, rows: 0 })
    }

    /// Rows so far.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes a batch of a table of the contract.
    ///
    /// # Errors
    /// [`Failure::ReaderGone`] when the reader of standard output went away; [`CliError::MixedColumns`] when the
    /// batch has other columns than those before; [`CliError::WriteFailed`] and its kin otherwise.
    pub fn write(&mut self, batch: &AnyBatch) -> Result<(), Failure> {
        if self.format.is_binary() {
            self.write_binary(batch.clone().into_record_batch())
        } else {
            self.write_text(&TextRows::of(batch), batch.len())
        }
    }

    /// Writes a batch of any table, as it is.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_raw(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        if self.format.is_binary() {
            self.write_binary(batch.clone())
        } else {
            self.write_text(&TextRows::of_record_batch(batch), batch.num_rows())
        }
    }

    fn write_text(&mut self, rows: &TextRows<'_>, len: usize) -> Result<(), Failure> {
        match &mut self.encoder {
            Encoder::Text { sink, line, has_header, is_csv } => {
                text(sink, line, has_header, *is_csv, rows, len).map_err(|e| sink.failure(e))?;
            }
            Encoder::Table { grid, all, .. } => {
                grid.add_rows(rows, len, if *all { usize::MAX } else { 20 });
            }
            Encoder::Stream(_) | Encoder::File(..) | Encoder::Parquet { .. } => {}
        }
        self.rows += u64::try_from(len).unwrap_or(u64::MAX);
        Ok(())
    }

    fn write_binary(&mut self, batch: RecordBatch) -> Result<(), Failure> {
        let len = batch.num_rows();
        let failed = |reason: String| failed(&self.witness, self.format, reason);
        if batch.schema_ref().fields() != self.schema.fields() {
            let name = self.witness.name();
            return Err(CliError::mixed_columns(&name, &self.schema, batch.schema_ref()).into());
        }
        match &mut self.encoder {
            Encoder::Stream(writer) => writer.write(&batch).map_err(|e| failed(e.to_string()))?,
            Encoder::File(writer, growing) => {
                let batch = growing.apply(&batch).map_err(|e| failed(e.to_string()))?;
                writer.write(&batch).map_err(|e| failed(e.to_string()))?;
            }
            Encoder::Parquet { writer, held, rows } => {
                *rows += batch.num_rows();
                held.push(batch);
                while *rows >= ROW_GROUP {
                    let group =
                        take(held, ROW_GROUP, &self.schema).map_err(|e| failed(e.to_string()))?;
                    *rows -= group.num_rows();
                    row_group(writer, &group).map_err(|e| failed(e.to_string()))?;
                }
            }
            Encoder::Text { .. } | Encoder::Table { .. } => {}
        }
        self.rows += u64::try_from(len).unwrap_or(u64::MAX);
        Ok(())
    }

    /// Hands what is buffered to the reader, so that a live pipe does not wait for a full buffer.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn flush(&mut self) -> Result<(), Failure> {
        let witness = self.witness.clone();
        let format = self.format;
        match &mut self.encoder {
            Encoder::Stream(writer) => {
                writer.flush().map_err(|e| failed(&witness, format, e.to_string()))
            }
            Encoder::Text { sink, .. } => sink.flush().map_err(|e| sink.failure(e)),
            _ => Ok(()),
        }
    }

    /// Writes the end and publishes the file.
    ///
    /// # Errors
    /// As [`write`](Self::write); then no file appears.
    pub fn finish(self) -> Result<Published, Failure> {
        let rows = self.rows;
        let witness = self.witness.clone();
        let failed = |reason: String| failed(&witness, self.format, reason);
        let sink = match self.encoder {
            Encoder::Stream(writer) => writer.into_inner().map_err(|e| failed(e.to_string()))?,
            Encoder::File(writer, _) => writer.into_inner().map_err(|e| failed(e.to_string()))?,
            Encoder::Parquet { mut writer, mut held, rows } => {
                if rows > 0 {
                    let group =
                        take(&mut held, rows, &self.schema).map_err(|e| failed(e.to_string()))?;
                    row_group(&mut writer, &group).map_err(|e| failed(e.to_string()))?;
                }
                writer.into_inner().map_err(|e| failed(e.to_string()))?
            }
            Encoder::Text { mut sink, has_header, is_csv, .. } => {
                if is_csv && !has_header {
                    let empty = RecordBatch::new_empty(self.schema.clone());
                    let mut header = String::new();
                    // Writing to a String reports nothing.
                    let _ = TextRows::of_record_batch(&empty).csv_header(&mut header);
                    header.push('\n');
                    sink.write_all(header.as_bytes()).map_err(|e| sink.failure(e))?;
                }
                sink
            }
            Encoder::Table { mut sink, grid, .. } => {
                let text = grid.render(rows, sink.is_terminal());
                sink.write_all(text.as_bytes()).map_err(|e| sink.failure(e))?;
                sink
            }
        };
        let path = sink.publish()?;
        Ok(Published { rows, path })
    }
}

fn failed(witness: &Witness, format: Format, reason: String) -> Failure {
    witness.failure().unwrap_or_else(|| {
        CliError::EncodeFailed { path: witness.name(), format: format.word(), reason }.into()
    })
}

fn text(
    sink: &mut ByteSink,
    line: &mut String,
    has_header: &mut bool,
    is_csv: bool,
    rows: &TextRows<'_>,
    len: usize,
) -> std::io::Result<()> {
    line.clear();
    // Writing to a String reports nothing.
    if is_csv && !*has_header {
        let _ = rows.csv_header(line);
        line.push('\n');
    }
    *has_header = true;
    for row in 0..len {
        let _ = if is_csv { rows.csv(line, row) } else { rows.json(line, row) };
        line.push('\n');
        if line.len() >= 64 << 10 {
            sink.write_all(line.as_bytes())?;
            line.clear();
        }
    }
    sink.write_all(line.as_bytes())
}

/// The writer settings of every Parquet file: fixed, so that equal rows give equal bytes.
fn properties(schema: &SchemaRef) -> WriterProperties {
    let level = ZstdLevel::try_new(3).unwrap_or_default();
    let mut words: Vec<KeyValue> = schema
        .metadata()
        .iter()
        .map(|(key, value)| KeyValue::new(key.clone(), value.clone()))
        .collect();
    words.sort_by(|a, b| a.key.cmp(&b.key));
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_created_by(concat!("hindsight ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata(Some(words))
        .build()
}

/// The first `rows` rows of what is held, as one batch.
fn take(
    held: &mut Vec<RecordBatch>,
    rows: usize,
    schema: &SchemaRef,
) -> Result<RecordBatch, arrow_schema::ArrowError> {
    let mut parts = Vec::new();
    let mut left = rows;
    while left > 0 && !held.is_empty() {
        let batch = held.remove(0);
        if batch.num_rows() <= left {
            left -= batch.num_rows();
            parts.push(batch);
        } else {
            parts.push(batch.slice(0, left));
            held.insert(0, batch.slice(left, batch.num_rows() - left));
            left = 0;
        }
    }
    arrow_select::concat::concat_batches(schema, &parts)
}

/// One call of `write` a row group.
fn row_group(
    writer: &mut ArrowWriter<ByteSink>,
    group: &RecordBatch,
) -> Result<(), parquet::errors::ParquetError> {
    writer.write(group)?;
    writer.flush()
}
