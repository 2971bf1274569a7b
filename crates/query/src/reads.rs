//! What a statement opened: versions, whose gate is told how the read ended, and files, so that a damaged one is named.

use crate::error::QueryError;
use crate::fs_read::FsRead;
use crate::parquet_table::{Part, Readers};
use crate::session::Shared;
use contract::Outcome;
use datafusion::datasource::physical_plan::{FileScanConfig, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datasets::Version;
use sha2::Digest as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes that are hashed at once.
const CHUNK: u64 = 1 << 20;

/// What one statement opened. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Reads(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    shared: Arc<Shared>,
    versions: Mutex<Vec<Granted>>,
    /// Parquet files that were read from, in the order in which they were opened.
    files: Mutex<Vec<Arc<Part>>>,
}

/// A version that the gate granted, and who reads it.
#[derive(Debug)]
struct Granted {
    version: Version,
    readers: Vec<Arc<Readers>>,
}

/// Which of a statement's versions is meant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GrantNo(usize);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Reads {
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        let shared = Arc::clone(shared);
        Self(Arc::new(Inner { shared, versions: Mutex::default(), files: Mutex::default() }))
    }

    /// Keeps a version open until the statement ends.
    pub(crate) fn hold(&self, version: Version) -> GrantNo {
        let mut versions = lock(&self.0.versions);
        versions.push(Granted { version, readers: Vec::new() });
        GrantNo(versions.len() - 1)
    }

    /// Notes who reads a version.
    pub(crate) fn read_by(&self, grant: GrantNo, readers: &Arc<Readers>) {
        if let Some(granted) = lock(&self.0.versions).get_mut(grant.0) {
            granted.readers.push(Arc::clone(readers));
        }
    }

    /// Notes that a file is read from.
    pub(crate) fn opened(&self, part: &Arc<Part>) {
        let mut files = lock(&self.0.files);
        if !files.iter().any(|known| Arc::ptr_eq(known, part)) {
            files.push(Arc::clone(part));
        }
    }

    /// Tells the gates how the statement ended; the first call counts.
    pub(crate) fn close(&self, is_complete: bool, plan: &Arc<dyn ExecutionPlan>) {
        for Granted { version, readers } in lock(&self.0.versions).drain(..) {
            let rows = readers.iter().map(|r| rows_of(plan, r)).sum();
            let bytes = readers.iter().map(|r| r.bytes_read()).sum();
            version.close(Outcome { rows, bytes, is_complete });
        }
    }

    /// Names the file of an error that the engine gave without one: the first that was opened and is not whole.
    pub(crate) fn locate(&self, error: QueryError) -> QueryError {
        let QueryError::Damaged { path, expected, found } = &error else { return error };
        if !path.is_empty() {
            return error;
        }
        let files = lock(&self.0.files).clone();
        if let Some(damage) = files.iter().find_map(|part| self.damage(part)) {
            return damage;
        }
        let path =
            files.iter().map(|p| p.path.display().to_string()).collect::<Vec<_>>().join(" or ");
        QueryError::Damaged { path, expected: expected.clone(), found: found.clone() }
    }

    fn damage(&self, part: &Part) -> Option<QueryError> {
        if let Some(sha256) = part.sha256 {
            return hash(&self.0.shared, &part.path, sha256).err();
        }
        let file = match FsRead::open(self.0.shared.fs.as_ref(), &part.path) {
            Ok(file) => file,
            Err(error) => return Some(error.into()),
        };
        let decode = || {
            let mut reader = ParquetRecordBatchReaderBuilder::try_new(file)?.build()?;
            reader.try_for_each(|batch| batch.map(|_| ()))?;
            Ok::<(), datafusion::parquet::errors::ParquetError>(())
        };
        let found = match catch_unwind(AssertUnwindSafe(decode)) {
            Ok(Ok(())) => return None,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "bytes at which the decoder gave up".to_owned(),
        };
        let path = part.path.display().to_string();
        Some(QueryError::Damaged { path, expected: "a whole Parquet file".to_owned(), found })
    }
}

/// Rows that the scans of these readers handed on.
fn rows_of(plan: &Arc<dyn ExecutionPlan>, readers: &Arc<Readers>) -> u64 {
    let is_own = plan
        .downcast_ref::<DataSourceExec>()
        .and_then(|exec| exec.data_source().downcast_ref::<FileScanConfig>())
        .and_then(|config| config.file_source().downcast_ref::<ParquetSource>())
        .and_then(ParquetSource::parquet_file_reader_factory)
        .is_some_and(|factory| std::ptr::addr_eq(Arc::as_ptr(factory), Arc::as_ptr(readers)));
    if is_own {
        return plan.metrics().and_then(|m| m.output_rows()).map_or(0, |n| n as u64);
    }
    plan.children().into_iter().map(|child| rows_of(child, readers)).sum()
}

/// That a file has this hash; read once a session.
pub(crate) fn verify(shared: &Shared, path: &Path, sha256: [u8; 32]) -> Result<(), QueryError> {
    let key = (path.to_path_buf(), sha256);
    if lock(&shared.verified).contains(&key) {
        return Ok(());
    }
    hash(shared, path, sha256)?;
    lock(&shared.verified).insert(key);
    Ok(())
}

fn hash(shared: &Shared, path: &Path, sha256: [u8; 32]) -> Result<(), QueryError> {
    let file = FsRead::open(shared.fs.as_ref(), path)?;
    let mut digest = sha2::Sha256::new();
    let mut at = 0;
    while at < file.len() {
        let end = file.len().min(at + CHUNK);
        digest.update(file.range(at..end)?);
        at = end;
    }
    let found: [u8; 32] = digest.finalize().into();
    if found == sha256 {
        return Ok(());
    }
    let text = |bytes: [u8; 32]| contract::Hash::from_bytes(bytes).to_string();
    Err(QueryError::Damaged {
        path: path.display().to_string(),
        expected: format!("SHA-256 {}", text(sha256)),
        found: text(found),
    })
}
