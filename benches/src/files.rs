//! Parquet files with the settings of the project.

use crate::interop::InteropError;
use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_select::concat::concat_batches;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Writes one batch as Parquet with zstd 3.
///
/// # Errors
/// [`InteropError`] from the disk or the encoder.
pub fn write_parquet(path: &Path, batch: &RecordBatch) -> Result<(), InteropError> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .build();
    let file = BufWriter::new(File::create(path)?);
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties))?;
    writer.write(batch)?;
    writer.into_inner()?.flush()?;
    Ok(())
}

/// Reads a Parquet file as one batch.
///
/// # Errors
/// [`InteropError`] from the disk or the decoder.
pub fn read_parquet(path: &Path) -> Result<RecordBatch, InteropError> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?.build()?;
    let schema = reader.schema();
    let batches: Result<Vec<RecordBatch>, _> = reader.collect();
    Ok(concat_batches(&schema, &batches?)?)
}
