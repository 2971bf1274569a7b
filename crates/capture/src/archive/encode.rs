//! Sorted rows as a Parquet file whose bytes depend on the rows alone.

use super::error::ArchiveError;
use super::part::{At, Part};
use super::verify::both;
use crate::sync::lock;
use arrow_select::interleave::interleave;
use contract::Hash;
use contract::arrow_array::RecordBatch;
use contract::arrow_schema::{DataType, SchemaRef};
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, compute_leaves};
use parquet::arrow::{ArrowSchemaConverter, ArrowWriter};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::{ColumnDescPtr, ColumnPath, SchemaDescriptor};
use sha2::{Digest as _, Sha256};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Mutex;

/// Rows of a row group. It is part of the format of a file: other groups are other bytes.
pub(super) const ROW_GROUP: usize = 1_048_576;

/// Writes rows and returns the SHA-256 of what was written.
pub(super) fn write(
    to: &mut (impl Write + Send),
    path: &Path,
    part: &Part,
    rows: &[RecordBatch],
    order: &[At],
    words: &[KeyValue],
) -> Result<Hash, ArchiveError> {
    let failed = |source| ArchiveError::Parquet { path: path.to_path_buf(), source };
    let properties = properties(&part.schema, order.len(), words).map_err(failed)?;
    let mut hashing = Hashing { to, sha256: Sha256::new() };
    let writer =
        ArrowWriter::try_new(&mut hashing, SchemaRef::clone(&part.schema), Some(properties));
    let (mut writer, columns) =
        writer.and_then(ArrowWriter::into_serialized_writer).map_err(failed)?;
    // Pages follow the calls of `write`, so there is one a column and row group, however the rows came.
    for (at, group) in order.chunks(ROW_GROUP).enumerate() {
        let writers = columns.create_column_writers(at).map_err(failed)?;
        let leaves = writer.schema_descr();
        let chunks = columns_of(&part.schema, rows, group, writers, leaves).map_err(failed)?;
        let mut out = writer.next_row_group().map_err(failed)?;
        for chunk in chunks {
            chunk.append_to_row_group(&mut out).map_err(failed)?;
        }
        out.close().map_err(failed)?;
    }
    writer.close().map_err(failed)?;
    Ok(Hash::from_bytes(hashing.sha256.finalize().into()))
}

/// The column chunks of a row group. Each is encoded by itself, so two threads share them, and the bytes are the same.
fn columns_of(
    schema: &SchemaRef,
    rows: &[RecordBatch],
    group: &[At],
    writers: Vec<ArrowColumnWriter>,
    leaves: &SchemaDescriptor,
) -> Result<Vec<ArrowColumnChunk>, ParquetError> {
    let mut writers = writers.into_iter();
    let columns: Vec<_> = schema
        .fields()
        .iter()
        .enumerate()
        .map(|(at, field)| {
            let is_of = |leaf: &ColumnDescPtr| leaf.path().parts().first() == Some(field.name());
            let count = leaves.columns().iter().filter(|leaf| is_of(leaf)).count();
            (at, field, writers.by_ref().take(count).collect::<Vec<_>>())
        })
        .collect();
    let columns = Mutex::new(columns.into_iter());
    let work = || -> Result<_, ParquetError> {
        let mut chunks: Vec<(usize, Vec<ArrowColumnChunk>)> = Vec::new();
        loop {
            let next = lock(&columns).next();
            let Some((at, field, mut writers)) = next else { return Ok(chunks) };
            let parts: Vec<_> = rows.iter().map(|rows| rows.column(at).as_ref()).collect();
            let taken = interleave(&parts, group)?;
            for (leaf, writer) in compute_leaves(field, &taken)?.iter().zip(&mut writers) {
                writer.write(leaf)?;
            }
            let closed = writers.into_iter().map(ArrowColumnWriter::close);
            chunks.push((at, closed.collect::<Result<_, _>>()?));
        }
    };
    let parts: Result<Vec<_>, ParquetError> = both(&work).into_iter().collect();
    let mut chunks: Vec<_> = parts?.into_iter().flatten().collect();
    chunks.sort_by_key(|(at, _)| *at);
    Ok(chunks.into_iter().flat_map(|(_, chunks)| chunks).collect())
}

pub(super) fn properties(
    schema: &SchemaRef,
    rows: usize,
    words: &[KeyValue],
) -> Result<WriterProperties, ParquetError> {
    let leaves = ArrowSchemaConverter::new().convert(schema)?;
    let leaf = |name: &str| {
        let at = leaves.columns().iter().position(|c| c.path().parts() == [name.to_owned()])?;
        i32::try_from(at).ok()
    };
    let sorted = ["instrument_id", "ts_avail", "seq"].into_iter().filter_map(leaf);
    let sorted = sorted
        .map(|column_idx| SortingColumn { column_idx, descending: false, nulls_first: true })
        .collect();
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_created_by("hindsight".to_owned())
        .set_sorting_columns(Some(sorted))
        .set_key_value_metadata(Some(words.to_vec()));
    let distinct = u64::try_from(rows.clamp(1, ROW_GROUP)).unwrap_or(u64::MAX);
    for field in schema.fields().iter().filter(|f| *f.data_type() == DataType::FixedSizeBinary(16))
    {
        let path = ColumnPath::new(vec![field.name().clone()]);
        builder = builder
            .set_column_bloom_filter_enabled(path.clone(), true)
            .set_column_bloom_filter_max_ndv(path, distinct);
    }
    Ok(builder.build())
}

/// Hashes what passes.
struct Hashing<W> {
    to: W,
    sha256: Sha256,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.to.write(bytes)?;
        self.sha256.update(bytes.get(..n).unwrap_or(bytes));
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
