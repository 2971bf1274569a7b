//! Archived rows back in the order of the log.

use super::error::ArchiveError;
use super::name::place;
use super::source::Source;
use super::tally::{Provenance, order_of, spec_of};
use super::verify::{BATCH, mismatch};
use crate::format::manifest::ArchivedFile;
use crate::item::LoggedBatch;
use arrow_select::concat::concat_batches;
use arrow_select::take::take_record_batch;
use contract::arrow_array::cast::AsArray as _;
use contract::arrow_array::types::UInt64Type;
use contract::arrow_array::{BooleanArray, RecordBatch, UInt64Array};
use contract::arrow_schema::{ArrowError, Schema, SchemaRef};
use contract::{AnyBatch, EventId, UtcNanos, meta};
use durable::Fs;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowPredicateFn, RowFilter};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Schema keys that say something about a file and nothing about a row.
pub(super) const FILE_KEYS: [&str; 8] = [
    "hindsight.log_id",
    "hindsight.first_seq",
    "hindsight.end_seq",
    "hindsight.rows",
    "hindsight.digest",
    "hindsight.segments",
    "hindsight.gaps",
    meta::ORDER,
];

/// Rows of archived files within a range of `seq`, in the order of the log.
///
/// - **Shape:** consecutive rows of one table and producer, with consecutive `seq` and producer's numbers and one
///   `ts_append`, form a batch; tables that `wants` refuses are not read.
/// - **Cost:** each file that reaches into the range is decoded from its first row to its last, `seq` first and the
///   other columns for the rows in the range alone; those rows are held in memory.
pub(crate) fn read(
    fs: &dyn Fs,
    dir: &Path,
    files: &[&ArchivedFile],
    seqs: Range<u64>,
    wants: &dyn Fn(&str) -> bool,
) -> Result<Vec<LoggedBatch>, ArchiveError> {
    let mut tables: BTreeMap<&str, Vec<&ArchivedFile>> = BTreeMap::new();
    for &file in files {
        if file.first_seq < seqs.end && seqs.start < file.end_seq && wants(&file.table) {
            tables.entry(&file.table).or_default().push(file);
        }
    }
    let mut out = Vec::new();
    for (table, files) in tables {
        // Files of unlike columns are kept apart; their rows meet again in the order of their numbers.
        let mut alike: Vec<(SchemaRef, Vec<RecordBatch>)> = Vec::new();
        for file in files {
            let (schema, rows) = rows_of(fs, &place(dir, &file.path), file, &seqs)?;
            match alike.iter_mut().find(|(other, _)| *other == schema) {
                Some((_, batches)) => batches.extend(rows),
                None => alike.push((schema, rows)),
            }
        }
        let name: Arc<str> = table.into();
        for (schema, batches) in alike {
            let failed = |source| ArchiveError::Arrow { table: table.to_owned(), source };
            let rows = concat_batches(&schema, &batches).map_err(failed)?;
            drop(batches);
            cut(dir, &name, &rows, &mut out)?;
        }
    }
    out.sort_by_key(|batch| batch.first_seq);
    Ok(out)
}

/// Rows of a file within a range, in the order of the file.
fn rows_of(
    fs: &dyn Fs,
    path: &Path,
    file: &ArchivedFile,
    seqs: &Range<u64>,
) -> Result<(SchemaRef, Vec<RecordBatch>), ArchiveError> {
    let (builder, witness) = Source::open(fs, path)?;
    let mut builder = builder.with_batch_size(BATCH);
    let mut metadata = builder.schema().metadata().clone();
    metadata.retain(|key, _| !FILE_KEYS.contains(&key.as_str()));
    let schema = Arc::new(Schema::new_with_metadata(builder.schema().fields().clone(), metadata));
    if file.first_seq < seqs.start || seqs.end < file.end_seq {
        let range = seqs.clone();
        let mask = ProjectionMask::columns(builder.parquet_schema(), ["seq"]);
        let predicate = ArrowPredicateFn::new(mask, move |batch| {
            let seqs = batch.columns().first().and_then(|a| a.as_primitive_opt::<UInt64Type>());
            let seqs = seqs.ok_or_else(|| {
                ArrowError::ParquetError("expected a column `seq` of type UInt64".into())
            })?;
            Ok(BooleanArray::from_unary(seqs, |seq| range.contains(&seq)))
        });
        builder = builder.with_row_filter(RowFilter::new(vec![Box::new(predicate)]));
    }
    let mut out = Vec::new();
    for batch in builder.build().map_err(|e| witness.error(e))? {
        let batch = batch.map_err(|e| witness.error(e))?;
        let batch = batch.with_schema(Arc::clone(&schema)).map_err(|e| witness.error(e))?;
        out.push(batch);
    }
    Ok((schema, out))
}

/// Sorts rows of a table by `seq` and cuts them where one of the log's numbers does not go on.
fn cut(
    dir: &Path,
    table: &Arc<str>,
    rows: &RecordBatch,
    out: &mut Vec<LoggedBatch>,
) -> Result<(), ArchiveError> {
    let failed = |source| ArchiveError::Arrow { table: table.to_string(), source };
    let shape = |source| ArchiveError::Shape { first_seq: 0, source };
    let spec = spec_of(table)?;
    let parse = |rows: &RecordBatch| AnyBatch::parse(spec, rows).map_err(shape);
    let no_events = || ArchiveError::NoEvents { table: table.to_string() };
    let any = parse(rows)?;
    let (seqs, _) = order_of(&any).ok_or_else(no_events)?;
    let mut places: Vec<(u64, u64)> = seqs.values().iter().copied().zip(0..).collect();
    places.sort_unstable();
    let places = UInt64Array::from_iter_values(places.into_iter().map(|(_, at)| at));
    let any = parse(&take_record_batch(rows, &places).map_err(failed)?)?;
    let Some(from) = Provenance::of(&any) else {
        let path = dir.join(&**table);
        return Err(mismatch(&path, "the provenance columns".into(), "none, or with nulls".into()));
    };
    let seqs = order_of(&any).ok_or_else(no_events)?.0.clone();
    let rows = any.into_record_batch();
    let follows = |row: usize| {
        seqs.value(row - 1).checked_add(1) == Some(seqs.value(row))
            && from.pseq.value(row - 1).checked_add(1) == Some(from.pseq.value(row))
            && from.ts_append.value(row - 1) == from.ts_append.value(row)
            && from.producer.value(row - 1) == from.producer.value(row)
    };
    let mut start = 0;
    for end in 1..=rows.num_rows() {
        if end < rows.num_rows() && follows(end) {
            continue;
        }
        let mut id = [0; 16];
        id.copy_from_slice(from.producer.value(start));
        out.push(LoggedBatch {
            table: Arc::clone(table),
            first_seq: seqs.value(start),
            producer_id: EventId::from_bytes(id),
            first_pseq: from.pseq.value(start),
            ts_append: UtcNanos::from_nanos(from.ts_append.value(start)),
            rows: Arc::new(rows.slice(start, end - start)),
        });
        start = end;
    }
    Ok(())
}
