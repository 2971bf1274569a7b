//! One file, opened: what it is, and the schema that it is shown with.

use super::frames::{check_file, check_stream};
use super::kind::Kind;
use super::layout;
use crate::error::QueryError;
use crate::footer::footer;
use crate::fs_read::FsRead;
use crate::parquet_scan::DataFile;
use crate::session::Shared;
use arrow_array::RecordBatch;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, Field, Schema, SchemaRef};
use contract::{AnyBatch, TableSpec, meta};
use datafusion::parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use datafusion::parquet::file::metadata::ParquetMetaData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file whose form was checked.
#[derive(Debug, Clone)]
pub(super) struct OpenFile {
    pub(super) path: PathBuf,
    /// The schema that it is shown with.
    pub(super) schema: SchemaRef,
    /// The table of the contract that it holds.
    pub(super) spec: Option<&'static TableSpec>,
    pub(super) body: Body,
}

/// How a file is read.
#[derive(Debug, Clone)]
pub(super) enum Body {
    /// Parquet; plain when the engine gives the wanted schema by itself.
    Parquet {
        file: Arc<DataFile>,
        is_plain: bool,
    },
    IpcFile,
    IpcStream,
}

impl OpenFile {
    pub(super) fn open(shared: &Shared, table: &str, path: &Path) -> Result<Self, QueryError> {
        let file = FsRead::open(shared.fs.as_ref(), path)?;
        let head = file.range(0..file.len().min(8))?;
        let kind = Kind::of(&head);
        let (raw, parquet) = match kind {
            Kind::Parquet => {
                let (footer, schema) = footer(shared, path)?;
                (schema, Some(footer))
            }
            Kind::IpcStream => {
                check_stream(&file)?;
                let reader =
                    || StreamReader::try_new(file.clone().buffered(), None).map(|r| r.schema());
                (guarded(path, reader)?, None)
            }
            Kind::IpcFile => {
                check_file(&file)?;
                let reader =
                    || FileReader::try_new(file.clone().buffered(), None).map(|r| r.schema());
                (guarded(path, reader)?, None)
            }
            Kind::Other(found) => {
                let path = path.display().to_string();
                return Err(QueryError::Unrecognised { path, found: found.to_owned() });
            }
        };
        // The name that it was given comes first: a file that says it is another table is refused under it.
        let says = raw.metadata().get(meta::TABLE);
        let spec = contract::table(table).or_else(|| contract::table(says?));
        let schema = match spec {
            // A damaged schema can hold types of which not even an empty array can be made.
            Some(spec) => guarded(path, || Ok(RecordBatch::new_empty(Arc::clone(&raw))))
                .and_then(|empty| shape(spec, path, &empty))?
                .into_record_batch()
                .schema(),
            None => layout::plain(&raw),
        };
        let body = match parquet {
            Some(footer) => {
                let is_plain = schema.fields().iter().all(|f| engine_gives(f, &raw, &footer));
                let rows = u64::try_from(footer.file_metadata().num_rows()).ok();
                Body::Parquet { file: Arc::new(data_file(path, file.len(), rows)), is_plain }
            }
            None if kind == Kind::IpcStream => Body::IpcStream,
            None => Body::IpcFile,
        };
        Ok(Self { path: path.to_path_buf(), schema, spec, body })
    }

    /// That the file has the columns of the first one of its table.
    pub(super) fn agrees_with(&self, first: &Self) -> Result<(), QueryError> {
        let (own, other) = (self.schema.fields(), first.schema.fields());
        let count = own.len().max(other.len());
        let differs = (0..count).map(|at| (own.get(at), other.get(at))).find(|(a, b)| a != b);
        let Some((found, expected)) = differs else { return Ok(()) };
        let text = |field: Option<&Arc<Field>>| match field {
            Some(field) => {
                let null = if field.is_nullable() { ", nullable" } else { "" };
                format!("`{}` of {}{null}", field.name(), field.data_type())
            }
            None => "no column".to_owned(),
        };
        let (mut expected_text, mut found_text) = (text(expected), text(found));
        if expected_text == found_text {
            expected_text.push_str(" with its metadata");
            found_text.push_str(" with other metadata");
        }
        Err(QueryError::FilesDiffer {
            path: self.path.display().to_string(),
            first: first.path.display().to_string(),
            column: expected.or(found).map_or_else(String::new, |field| field.name().clone()),
            expected: expected_text,
            found: found_text,
        })
    }
}

fn data_file(path: &Path, bytes: u64, rows: Option<u64>) -> DataFile {
    DataFile {
        path: path.to_path_buf(),
        bytes,
        rows,
        ranges: Vec::new(),
        sha256: None,
        name: None,
        values: Vec::new(),
    }
}

/// The batch as its table has it.
pub(super) fn shape(
    spec: &'static TableSpec,
    path: &Path,
    batch: &RecordBatch,
) -> Result<AnyBatch, QueryError> {
    let wrong = |source| QueryError::Shape { path: path.display().to_string(), source };
    AnyBatch::parse(spec, batch).map_err(wrong)
}

/// Runs a decoder. arrow-ipc 59 can panic on damaged bytes (arrow-rs #10437); a decoder that did is not called again.
pub(super) fn guarded<T>(
    path: &Path,
    decode: impl FnOnce() -> Result<T, ArrowError>,
) -> Result<T, QueryError> {
    let damaged = |found: String| QueryError::Damaged {
        path: path.display().to_string(),
        expected: "Arrow or Parquet that can be read".to_owned(),
        found,
    };
    match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(match QueryError::from_engine(error.into(), "") {
            QueryError::Damaged { path, found, .. } if path.is_empty() => damaged(found),
            QueryError::Execution { message }
            | QueryError::Bug { message }
            | QueryError::Spill { message } => damaged(message),
            own => own,
        }),
        Err(_) => Err(damaged("bytes at which the decoder gave up".to_owned())),
    }
}

/// Whether the engine gives this column of a Parquet file in its type, and without nulls where none may be.
fn engine_gives(field: &Field, raw: &Schema, footer: &ParquetMetaData) -> bool {
    let mut found = raw.fields().iter().filter(|f| f.name() == field.name());
    let (found, again) = (found.next(), found.next());
    match found {
        _ if again.is_some() => false,
        // The engine fills a missing column with nulls.
        None => field.is_nullable(),
        Some(found) => {
            layout::engine_reads(found.data_type(), field.data_type())
                && (field.is_nullable()
                    || !found.is_nullable()
                    || has_no_null(field.name(), raw, footer))
        }
    }
}

/// Whether the footer says of every row group that the column has no null there.
fn has_no_null(column: &str, raw: &Schema, footer: &ParquetMetaData) -> bool {
    let parquet = footer.file_metadata().schema_descr();
    let counts = StatisticsConverter::try_new(column, raw, parquet)
        .and_then(|converter| converter.row_group_null_counts(footer.row_groups()));
    counts.is_ok_and(|counts| counts.iter().all(|count| count == Some(0)))
}
