//! Parquet files whose bytes depend on their rows alone.

use crate::layout::column;
use arrow_array::RecordBatch;
use contract::arrow_schema::SchemaRef;
use parquet::arrow::{ArrowSchemaConverter, ArrowWriter};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};

/// Rows of a row group. It is part of the format of a file: other groups are other bytes.
pub(crate) const ROW_GROUP: usize = 65_536;

/// The bytes of a file with these rows.
///
/// Page boundaries follow the calls of `write`, and even whether a batch holds nulls; so each row group is one call of
/// exactly [`ROW_GROUP`] rows, the last one shorter, however the rows came.
pub(crate) fn encode(rows: &RecordBatch) -> Result<Vec<u8>, ParquetError> {
    let schema = rows.schema();
    let properties = properties(&schema)?;
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, SchemaRef::clone(&schema), Some(properties))?;
    let mut first = 0;
    while first < rows.num_rows() {
        let length = ROW_GROUP.min(rows.num_rows() - first);
        writer.write(&rows.slice(first, length))?;
        writer.flush()?;
        first += length;
    }
    writer.close()?;
    Ok(bytes)
}

fn properties(schema: &SchemaRef) -> Result<WriterProperties, ParquetError> {
    let leaves = ArrowSchemaConverter::new().convert(schema)?;
    let sorted = [column::TS_CUTOFF, column::SEQ, column::ROW_ID].into_iter().filter_map(|name| {
        let at = leaves.columns().iter().position(|c| c.path().parts() == [name.to_owned()])?;
        let column_idx = i32::try_from(at).ok()?;
        Some(SortingColumn { column_idx, descending: false, nulls_first: true })
    });
    Ok(WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_created_by(format!("hindsight datasets {}", env!("CARGO_PKG_VERSION")))
        .set_sorting_columns(Some(sorted.collect()))
        .build())
}
