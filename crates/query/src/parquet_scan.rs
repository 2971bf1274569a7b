//! Reads Parquet files through the engine: the one way for archives, dataset versions and files.
//!
//! Files come through [`durable::Fs`], never through a store of the engine's own, so that a test can damage them and every
//! byte is counted. A page that cannot be decoded is named by its file: when the engine fails, the files that it had
//! opened are compared with their records.

use crate::error::{QueryError, is_of_filter};
use crate::fs_read::FsRead;
use crate::watch::{Watch, WatchExec};
use bytes::Bytes;
use contract::Hash;
use datafusion::catalog::Session;
use datafusion::common::config::TableParquetOptions;
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{
    FileGroup, FileScanConfigBuilder, ParquetFileMetrics, ParquetFileReaderFactory, ParquetSource,
};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::parquet::arrow::arrow_reader::{
    ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use datafusion::parquet::arrow::async_reader::{AsyncFileReader, MetadataFetch};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion::scalar::ScalarValue;
use durable::{Access, Fs, FsErrorKind, FsFile, read_exact_at};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use sha2::{Digest as _, Sha256};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// A Parquet file and what is recorded about it.
#[derive(Debug, Clone)]
pub(crate) struct DataFile {
    pub(crate) path: PathBuf,
    /// Its length, which was compared with the record.
    pub(crate) bytes: u64,
    /// Its rows, if they are recorded.
    pub(crate) rows: Option<u64>,
    /// Smallest and largest values of columns without nulls, by the column's place in the table.
    pub(crate) ranges: Vec<(usize, ScalarValue, ScalarValue)>,
    /// Its hash, if it is recorded.
    pub(crate) sha256: Option<Hash>,
    /// What plans and metrics call it; its path, without one.
    pub(crate) name: Option<String>,
    /// One value for each column of the table that stands behind those of the file.
    pub(crate) values: Vec<ScalarValue>,
}

/// A scan of files that hold rows of one table, in their order. Columns that the files do not hold are one value a file.
///
/// Filters and limits come from the optimizer, which pushes them through [`WatchExec`] into the source.
pub(crate) fn scan(
    fs: &Arc<dyn Fs>,
    table: &TableSchema,
    files: Vec<DataFile>,
    state: &dyn Session,
    projection: Option<&Vec<usize>>,
    limit: Option<usize>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let schema = table.table_schema();
    let fields = schema.fields().len();
    let readers = Arc::new(Readers { fs: Arc::clone(fs), seen: Arc::default() });
    let seen = Arc::clone(&readers.seen);
    let options = TableParquetOptions {
        global: state.config_options().execution.parquet.clone(),
        ..TableParquetOptions::default()
    };
    let source = ParquetSource::new(table.clone())
        .with_table_parquet_options(options)
        .with_parquet_file_reader_factory(readers);
    let statistics = merged(files.iter().map(|file| statistics_of(file, fields)), schema)?;
    let partitioned = files.into_iter().map(|file| {
        let statistics = Arc::new(statistics_of(&file, fields));
        let path = || file.path.to_string_lossy().into_owned();
        let name = file.name.clone().unwrap_or_else(path);
        let mut out =
            PartitionedFile::new(name, file.bytes).with_partition_values(file.values.clone());
        out.statistics = Some(statistics);
        out.with_extension(file)
    });
    let partitioned: Vec<PartitionedFile> = partitioned.collect();
    // Cut here and not by the engine, which would bring the files in the order of their names.
    let most = partitioned.len().div_ceil(state.config().target_partitions().max(1)).max(1);
    let groups = partitioned
        .chunks(most)
        .map(|files| {
            let group = FileGroup::new(files.to_vec());
            let all = group.iter().filter_map(|file| file.statistics.as_deref().cloned());
            let all = merged(all, schema)?;
            Ok(group.with_statistics(Arc::new(all)))
        })
        .collect::<Result<Vec<_>>>()?;
    let config = FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), Arc::new(source))
        .with_file_groups(groups)
        .with_statistics(statistics)
        .with_projection_indices(projection.cloned())?
        .with_limit(limit)
        .build();
    let watch = Arc::new(Damage { fs: Arc::clone(fs), seen });
    Ok(Arc::new(WatchExec::new(DataSourceExec::from_data_source(config), watch)))
}

/// SHA-256 and length of a file.
pub(crate) fn hash_of(fs: &dyn Fs, path: &Path) -> Result<(Hash, u64), durable::FsError> {
    let file = fs.open(path, Access::Read)?;
    let mut sha256 = Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    let mut len = 0;
    loop {
        let n = file.read_at(&mut buffer, len)?;
        if n == 0 {
            return Ok((Hash::from_bytes(sha256.finalize().into()), len));
        }
        sha256.update(buffer.get(..n).unwrap_or(&buffer));
        len += n as u64;
    }
}

/// Compares a file with its recorded hash.
///
/// # Errors
/// [`QueryError::Damaged`], or [`QueryError::Fs`].
pub(crate) fn check_hash(fs: &dyn Fs, path: &Path, expected: Hash) -> Result<(), QueryError> {
    let (found, _) = hash_of(fs, path)?;
    if found == expected {
        return Ok(());
    }
    Err(damaged(path, format!("sha256 {expected}"), format!("sha256 {found}")))
}

/// Compares the length of a file with its record.
///
/// # Errors
/// [`QueryError::Damaged`], also when there is no such file; [`QueryError::Fs`].
pub(crate) fn check_len(fs: &dyn Fs, path: &Path, expected: u64) -> Result<(), QueryError> {
    match fs.metadata(path) {
        Ok(found) if found.len == expected => Ok(()),
        Ok(found) => {
            Err(damaged(path, format!("{expected} bytes"), format!("{} bytes", found.len)))
        }
        Err(error) if error.kind == FsErrorKind::NotFound => {
            Err(damaged(path, format!("{expected} bytes"), "no file".to_owned()))
        }
        Err(error) => Err(error.into()),
    }
}

pub(crate) fn damaged(path: &Path, expected: String, found: String) -> QueryError {
    QueryError::Damaged { path: path.display().to_string(), expected, found }
}

fn statistics_of(file: &DataFile, fields: usize) -> Statistics {
    let whole = |n: u64| usize::try_from(n).map_or(Precision::Absent, Precision::Exact);
    let mut columns = vec![ColumnStatistics::new_unknown(); fields];
    for (at, min, max) in &file.ranges {
        if let Some(column) = columns.get_mut(*at) {
            column.null_count = Precision::Exact(0);
            column.min_value = Precision::Exact(min.clone());
            column.max_value = Precision::Exact(max.clone());
        }
    }
    Statistics {
        num_rows: file.rows.map_or(Precision::Absent, whole),
        total_byte_size: Precision::Absent,
        column_statistics: columns,
    }
}

fn merged(
    all: impl Iterator<Item = Statistics>,
    schema: &arrow_schema::SchemaRef,
) -> Result<Statistics> {
    let all: Vec<Statistics> = all.collect();
    if all.is_empty() {
        return Ok(Statistics::new_unknown(schema));
    }
    Statistics::try_merge_iter(&all, schema)
}

/// Files that readers have opened, and the first call that failed.
#[derive(Debug, Default)]
struct Seen {
    opened: Vec<DataFile>,
    failure: Option<QueryError>,
}

type SharedSeen = Arc<Mutex<Seen>>;

fn with<R>(seen: &SharedSeen, f: impl FnOnce(&mut Seen) -> R) -> R {
    f(&mut seen.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Makes readers of files.
#[derive(Debug)]
struct Readers {
    fs: Arc<dyn Fs>,
    seen: SharedSeen,
}

impl ParquetFileReaderFactory for Readers {
    fn create_reader(
        &self,
        partition: usize,
        file: PartitionedFile,
        _hint: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        let Some(data) = file.extension::<DataFile>().cloned() else {
            let message = format!("{}: a file without its record", file.path());
            return Err(QueryError::Bug { message }.into());
        };
        let metrics = ParquetFileMetrics::new(partition, file.path().as_ref(), metrics);
        with(&self.seen, |seen| seen.opened.push(data.clone()));
        let (fs, seen) = (Arc::clone(&self.fs), Arc::clone(&self.seen));
        Ok(Box::new(Reader { fs, seen, data, file: None, metrics }))
    }
}

/// Reads one file.
struct Reader {
    fs: Arc<dyn Fs>,
    seen: SharedSeen,
    data: DataFile,
    file: Option<Arc<dyn FsFile>>,
    metrics: ParquetFileMetrics,
}

type Parquet<T> = std::result::Result<T, ParquetError>;

impl Reader {
    /// What the engine is told; what it was is remembered, for the engine turns errors into text.
    fn failed(&self, error: QueryError) -> ParquetError {
        let text = error.to_string();
        with(&self.seen, |seen| {
            seen.failure.get_or_insert(error);
        });
        ParquetError::General(text)
    }

    async fn read(&mut self, ranges: Vec<Range<u64>>) -> Parquet<Vec<Bytes>> {
        let (fs, file, data) = (Arc::clone(&self.fs), self.file.take(), self.data.clone());
        let total: u64 = ranges.iter().map(|range| range.end.saturating_sub(range.start)).sum();
        let read = move || -> Result<_, QueryError> {
            let file: Arc<dyn FsFile> = match file {
                Some(file) => file,
                None => Arc::from(fs.open(&data.path, Access::Read)?),
            };
            let mut parts = Vec::with_capacity(ranges.len());
            for range in ranges {
                // The range comes from the file; it must not decide how much memory is taken.
                if range.end > data.bytes || range.start > range.end {
                    let expected = format!("pages within {} bytes", data.bytes);
                    let found = format!("one at {} to {}", range.start, range.end);
                    return Err(damaged(&data.path, expected, found));
                }
                let len = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
                let mut buffer = vec![0; len];
                read_exact_at(file.as_ref(), &mut buffer, range.start)?;
                parts.push(Bytes::from(buffer));
            }
            Ok((file, parts))
        };
        let done = tokio::task::spawn_blocking(read).await;
        let done = done.map_err(|e| ParquetError::External(Box::new(e)))?;
        let (file, parts) = done.map_err(|error| self.failed(error))?;
        self.file = Some(file);
        self.metrics.bytes_scanned.add(usize::try_from(total).unwrap_or(usize::MAX));
        Ok(parts)
    }
}

impl AsyncFileReader for Reader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Parquet<Bytes>> {
        async move { Ok(self.read(vec![range]).await?.pop().unwrap_or_default()) }.boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, Parquet<Vec<Bytes>>> {
        self.read(ranges).boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Parquet<Arc<ParquetMetaData>>> {
        async move {
            let mut reader = ParquetMetaDataReader::new();
            if let Some(options) = options {
                reader = reader
                    .with_column_index_policy(options.column_index_policy())
                    .with_offset_index_policy(options.offset_index_policy());
            }
            let bytes = self.data.bytes;
            match reader.load_and_finish(Fetch(self), bytes).await {
                Ok(metadata) => Ok(Arc::new(metadata)),
                Err(error) => {
                    let expected = "a Parquet footer".to_owned();
                    Err(self.failed(damaged(&self.data.path, expected, error.to_string())))
                }
            }
        }
        .boxed()
    }
}

struct Fetch<'a>(&'a mut Reader);

impl MetadataFetch for Fetch<'_> {
    fn fetch(&mut self, range: Range<u64>) -> BoxFuture<'_, Parquet<Bytes>> {
        self.0.get_bytes(range)
    }
}

/// Says which file an error of the engine comes from.
#[derive(Debug)]
struct Damage {
    fs: Arc<dyn Fs>,
    seen: SharedSeen,
}

impl Watch for Damage {
    fn error(&self, error: DataFusionError) -> DataFusionError {
        let (failure, opened) = with(&self.seen, |seen| (seen.failure.take(), seen.opened.clone()));
        if let Some(failure) = failure {
            return failure.into();
        }
        let is_reading = matches!(
            error.find_root(),
            DataFusionError::ParquetError(_) | DataFusionError::ArrowError(..)
        );
        if !is_reading || is_of_filter(&error) {
            return error;
        }
        // Which page it was is not said; a file that is not what was recorded is.
        for file in opened.iter().rev() {
            if let Some(expected) = file.sha256
                && let Err(found) = check_hash(self.fs.as_ref(), &file.path, expected)
            {
                return found.into();
            }
        }
        // Nor is there a record of every file; then one that does not decode from its first page to its last is it.
        let unrecorded = || opened.iter().rev().filter(|file| file.sha256.is_none());
        if let Some(found) = unrecorded().find_map(|file| torn(self.fs.as_ref(), &file.path)) {
            return found.into();
        }
        match unrecorded().next() {
            Some(file) if matches!(error.find_root(), DataFusionError::ParquetError(_)) => {
                damaged(&file.path, "Parquet pages".to_owned(), error.to_string()).into()
            }
            _ => error,
        }
    }
}

/// What is wrong with a file that does not decode.
fn torn(fs: &dyn Fs, path: &Path) -> Option<QueryError> {
    let file = match FsRead::open(fs, path) {
        Ok(file) => file,
        Err(error) => return Some(error.into()),
    };
    let decode = || {
        let mut reader = ParquetRecordBatchReaderBuilder::try_new(file)?.build()?;
        reader.try_for_each(|batch| batch.map(|_| ()))?;
        Parquet::Ok(())
    };
    let found = match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(Ok(())) => return None,
        Ok(Err(error)) => error.to_string(),
        Err(_) => "bytes at which the decoder gave up".to_owned(),
    };
    Some(damaged(path, "Parquet pages".to_owned(), found))
}
