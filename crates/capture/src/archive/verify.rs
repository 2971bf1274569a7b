//! Whether a file holds what it should.

use super::error::ArchiveError;
use super::name::place;
use super::part::{Key, Keys};
use super::source::{Source, Witness};
use super::tally::{Digests, Provenance, Tallies, Tally, spec_of};
use crate::format::manifest::ArchivedFile;
use crate::sync::lock;
use contract::arrow_schema::SchemaRef;
use contract::{AnyBatch, Hash, TableSpec};
use durable::{Access, Fs, FsErrorKind};
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use parquet::file::metadata::KeyValue;
use sha2::{Digest as _, Sha256};
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Mutex;
use std::thread::Builder;

/// Rows that are decoded at once.
pub(super) const BATCH: usize = 8192;

/// What a file of a run must hold.
pub(super) struct Expected<'a> {
    pub(super) spec: &'static TableSpec,
    pub(super) schema: &'a SchemaRef,
    pub(super) tally: &'a Tally,
    pub(super) words: &'a [KeyValue],
}

impl Expected<'_> {
    /// Reads a whole file and compares.
    pub(super) fn compare(&self, fs: &dyn Fs, path: &Path) -> Result<(), ArchiveError> {
        let (builder, _) = Source::open(fs, path)?;
        if builder.schema().fields() != self.schema.fields() {
            let expected = format!("columns {:?}", self.schema.fields());
            return Err(mismatch(path, expected, format!("{:?}", builder.schema().fields())));
        }
        let found = builder.metadata().file_metadata().key_value_metadata();
        for word in self.words {
            let there = found.into_iter().flatten().find(|other| other.key == word.key);
            if there != Some(word) {
                let value = |word: &KeyValue| word.value.clone().unwrap_or_default();
                let expected = format!("{} = {}", word.key, value(word));
                return Err(mismatch(path, expected, there.map_or("no such key".into(), value)));
            }
        }
        let tallies = count(fs, path, self.spec, Digests::Placed)?;
        let found: Vec<&Tally> = tallies.0.values().collect();
        let expected = self.tally.placed_alone();
        if found != [&expected] {
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            return Err(mismatch(path, expected.to_string(), found.join("; ")));
        }
        Ok(())
    }
}

pub(super) fn mismatch(path: &Path, expected: String, found: String) -> ArchiveError {
    ArchiveError::Mismatch { path: path.to_path_buf(), expected, found }
}

/// Rows of a file that are being counted.
struct Rows {
    /// `None` behind the last row and behind an error.
    reader: Option<ParquetRecordBatchReader>,
    last: Option<Key>,
}

impl Rows {
    /// The next rows, which must stand in the order of a file.
    fn next(
        &mut self,
        path: &Path,
        witness: &Witness,
        spec: &'static TableSpec,
    ) -> Result<Option<(AnyBatch, Provenance)>, ArchiveError> {
        let Some(mut reader) = self.reader.take() else { return Ok(None) };
        let Some(batch) = reader.next() else { return Ok(None) };
        let batch = batch.map_err(|e| witness.error(e))?;
        let shape = |source| ArchiveError::Shape { first_seq: 0, source };
        let any = AnyBatch::parse(spec, &batch).map_err(shape)?;
        let (Some(from), Some(keys)) = (Provenance::of(&any), Keys::of(&any)) else {
            let expected = "seq, ts_avail and the provenance columns".to_owned();
            return Err(mismatch(path, expected, "a column missing or with nulls".into()));
        };
        for key in (0..any.len()).map(|row| keys.at(row)) {
            if self.last.is_some_and(|last| last >= key) {
                let expected = format!("rows behind {:?} in order", self.last);
                return Err(mismatch(path, expected, format!("{key:?}")));
            }
            self.last = Some(key);
        }
        self.reader = Some(reader);
        Ok(Some((any, from)))
    }
}

/// Counts the rows of a file, which must stand in its order. Two threads take turns at reading, and hash at once.
pub(super) fn count(
    fs: &dyn Fs,
    path: &Path,
    spec: &'static TableSpec,
    digests: Digests,
) -> Result<Tallies, ArchiveError> {
    let (builder, witness) = Source::open(fs, path)?;
    let reader = builder.with_batch_size(BATCH).build().map_err(|e| witness.error(e))?;
    let rows = Mutex::new(Rows { reader: Some(reader), last: None });
    let work = || -> Result<Tallies, ArchiveError> {
        let mut tallies = Tallies::default();
        loop {
            let next = lock(&rows).next(path, &witness, spec)?;
            let Some((batch, from)) = next else { return Ok(tallies) };
            tallies.add(&batch, &from, digests)?;
        }
    };
    let mut all = Tallies::default();
    for part in both(&work) {
        all.merge(part?);
    }
    Ok(all)
}

/// Runs something here and, if a thread is to be had, on a second one at the same time.
pub(super) fn both<R: Send>(work: &(impl Fn() -> R + Sync)) -> Vec<R> {
    std::thread::scope(|scope| {
        let other = Builder::new().name("archive".to_owned()).spawn_scoped(scope, work);
        let mut results = vec![work()];
        if let Ok(other) = other {
            results.push(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        results
    })
}

/// SHA-256 and length of a file.
pub(super) fn hash_of(fs: &dyn Fs, path: &Path) -> Result<(Hash, u64), ArchiveError> {
    let file = fs.open(path, Access::Read)?;
    let mut sha256 = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    let mut len = 0;
    loop {
        let n = file.read_at(&mut buffer, len)?;
        if n == 0 {
            return Ok((Hash::from_bytes(sha256.finalize().into()), len));
        }
        sha256.update(buffer.get(..n).unwrap_or_default());
        len += u64::try_from(n).unwrap_or(u64::MAX);
    }
}

/// Re-hashes a recorded file: what a segment must pass before it is dropped.
///
/// - **Cost:** one read and one SHA-256 of the file.
pub(crate) fn check(fs: &dyn Fs, dir: &Path, file: &ArchivedFile) -> Result<(), ArchiveError> {
    let path = place(dir, &file.path);
    let (sha256, bytes) = hash_of(fs, &path)?;
    if (sha256, bytes) != (file.sha256, file.bytes) {
        let expected = format!("{} bytes, sha256 {}", file.bytes, file.sha256);
        return Err(mismatch(&path, expected, format!("{bytes} bytes, sha256 {sha256}")));
    }
    Ok(())
}

/// Re-hashes a recorded file, decodes it and compares its rows with the record.
///
/// - **Cost:** as [`check`], and a SHA-256 a row.
pub(crate) fn verify(fs: &dyn Fs, dir: &Path, file: &ArchivedFile) -> Result<(), ArchiveError> {
    check(fs, dir, file)?;
    let path = place(dir, &file.path);
    let spec = spec_of(&file.table)?;
    let tallies = count(fs, &path, spec, Digests::Rows)?;
    let expected = Recorded {
        rows: file.rows,
        seqs: [file.first_seq, file.end_seq],
        ts_avail: [file.min_ts_avail, file.max_ts_avail],
        digest: file.digest,
    };
    let found: Vec<Recorded> = tallies.0.values().map(Recorded::of).collect();
    if found != [expected] {
        return Err(mismatch(&path, format!("{expected:?}"), format!("{found:?}")));
    }
    Ok(())
}

/// What a record says of the rows of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Recorded {
    rows: u64,
    seqs: [u64; 2],
    ts_avail: [i64; 2],
    digest: Hash,
}

impl Recorded {
    fn of(tally: &Tally) -> Self {
        Self {
            rows: tally.rows,
            seqs: [tally.first_seq, tally.end_seq],
            ts_avail: [tally.min_ts_avail, tally.max_ts_avail],
            digest: Hash::from_bytes(tally.digest.to_bytes()),
        }
    }
}

/// Takes over an unrecorded file that a process which died before its record has left under the name, and makes its
/// name durable; `None` when nothing stands there.
///
/// A file with the same rows and columns that another encoder wrote is as good.
pub(super) fn adopt_or_conflict(
    fs: &dyn Fs,
    path: &Path,
    expected: &Expected<'_>,
) -> Result<Option<(Hash, u64)>, ArchiveError> {
    match fs.metadata(path) {
        Err(error) if error.kind == FsErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    match expected.compare(fs, path) {
        Ok(()) => {}
        // A failing disk says nothing about the file.
        Err(error) if error.fs().is_some_and(|e| e.kind != FsErrorKind::UnexpectedEnd) => {
            return Err(error);
        }
        Err(error) => {
            let source = Box::new(error);
            return Err(ArchiveError::Conflict { path: path.to_path_buf(), source });
        }
    }
    fs.open(path, Access::ReadWrite)?.sync_all()?;
    if let Some(folder) = path.parent() {
        fs.sync_dir(folder)?;
    }
    hash_of(fs, path).map(Some)
}
