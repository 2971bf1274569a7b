//! The ledger beside the rows, for whoever reads the archive without the log.

use super::{ArchiveError, failed};
use contract::arrow_array::RecordBatch;
use contract::meta;
use durable::{Fs, Mode, Publish};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::path::Path;

/// Writes the tables of the ledger as of a number: `<archive>/<table>/<seq, 20 digits>.parquet`.
pub(crate) fn write_evidence(
    fs: &dyn Fs,
    dir: &Path,
    tables: &[RecordBatch],
    as_of_seq: u64,
) -> Result<(), ArchiveError> {
    for rows in tables {
        let schema = rows.schema();
        let table = schema.metadata().get(meta::TABLE).map_or("ledger", String::as_str);
        let path = dir.join(table).join(format!("{as_of_seq:020}.parquet"));
        let parquet = |source| ArchiveError::Parquet { path: path.clone(), source };
        let level = ZstdLevel::try_new(3).map_err(parquet)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_created_by("hindsight".to_owned())
            .build();
        let mut file = Publish::begin(fs, &path, Mode::Replace).map_err(failed)?;
        let mut writer =
            ArrowWriter::try_new(&mut file, rows.schema(), Some(properties)).map_err(parquet)?;
        writer.write(rows).map_err(parquet)?;
        writer.close().map_err(parquet)?;
        file.commit().map_err(failed)?;
    }
    Ok(())
}
