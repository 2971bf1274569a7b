//! Footers of Parquet files, read when a statement is planned.

use crate::error::QueryError;
use crate::fs_read::FsRead;
use crate::session::Shared;
use arrow_schema::SchemaRef;
use datafusion::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use std::path::Path;
use std::sync::Arc;

/// The footer of a file, and the Arrow schema that it stands for.
pub(crate) fn footer(
    shared: &Shared,
    path: &Path,
) -> Result<(Arc<ParquetMetaData>, SchemaRef), QueryError> {
    let file = FsRead::open(shared.fs.as_ref(), path)?;
    let wrong = |error: ParquetError| match QueryError::from_engine(error.into(), "") {
        QueryError::Damaged { path: unknown, expected, found } if unknown.is_empty() => {
            QueryError::Damaged { path: path.display().to_string(), expected, found }
        }
        other => other,
    };
    let footer = ParquetMetaDataReader::new().parse_and_finish(&file).map_err(wrong)?;
    let footer = Arc::new(footer);
    let read = ArrowReaderMetadata::try_new(Arc::clone(&footer), ArrowReaderOptions::new());
    let schema = Arc::clone(read.map_err(wrong)?.schema());
    Ok((footer, schema))
}
