//! Sealed segments as sorted, verified Parquet, and their rows back in the order of the log.
//!
//! A run takes the delivered rows of consecutive segments and writes one file a table and UTC date of `ts_avail`,
//! sorted by (`instrument_id`, `ts_avail`, `seq`) with rows without an instrument first. The same rows give the same
//! bytes, however they were cut into batches. Rows that a later version wrote with columns that this program does not
//! know go into files of their own, so that no row is changed and a row's digest is the same here as in the log.
//!
//! Readers follow the manifest's records, never the folder: a file without a record is no part of the archive.

mod counter;
mod encode;
mod error;
mod evidence;
mod name;
mod part;
mod read;
mod restore;
mod source;
mod tally;
mod verify;

#[cfg(test)]
mod tests;

pub use error::ArchiveError;
pub(crate) use evidence::write_evidence;
pub(crate) use name::unrecorded;
pub(crate) use read::read;
pub(crate) use restore::lost_runs;
pub(crate) use verify::{check, verify};

use crate::format::manifest::ArchivedFile;
use crate::item::LoggedBatch;
use contract::{EventId, Hash};
use durable::{Fs, FsErrorKind, Mode, Publish, PublishError};
use name::{place, relative};
use parquet::file::metadata::KeyValue;
use part::{Part, Shaped};
use std::path::{Path, PathBuf};
use tally::Tally;
use verify::{Expected, adopt_or_conflict, hash_of, mismatch};

/// Where and as what a run is published.
#[derive(Debug)]
pub(crate) struct Job<'a> {
    pub(crate) fs: &'a dyn Fs,
    /// The archive's folder.
    pub(crate) dir: &'a Path,
    pub(crate) log_id: EventId,
    /// First and last segment.
    pub(crate) segments: [u64; 2],
    /// `seq` range of these segments, half-open.
    pub(crate) seqs: [u64; 2],
    /// The files of all earlier runs.
    pub(crate) known: &'a [ArchivedFile],
    /// Gap records in the range.
    pub(crate) gaps: u64,
}

/// Collects the delivered batches of consecutive segments, in the order of `seq`.
#[derive(Debug)]
pub(crate) struct Archiver {
    parts: Vec<Part>,
    next_seq: u64,
}

/// A file to be.
struct Plan {
    day: i64,
    tally: Tally,
    relative: String,
    path: PathBuf,
    words: Vec<KeyValue>,
}

impl Archiver {
    pub(crate) fn new() -> Self {
        Self { parts: Vec::new(), next_seq: 0 }
    }

    /// Takes a batch; one of no rows is nothing.
    ///
    /// - **Cost:** a SHA-256 a row, on a second thread.
    pub(crate) fn push(&mut self, batch: &LoggedBatch) -> Result<(), ArchiveError> {
        if batch.rows.num_rows() == 0 {
            return Ok(());
        }
        if batch.first_seq < self.next_seq {
            return Err(ArchiveError::Order {
                table: batch.table.to_string(),
                expected: format!("{} or later", self.next_seq),
                found: batch.first_seq,
            });
        }
        let shaped = Shaped::of(batch)?;
        if let Some(part) = Part::find(&mut self.parts, &shaped) {
            part.push(shaped)?;
        }
        self.next_seq = batch.seqs().end;
        Ok(())
    }

    /// Memory held by the rows so far; while a table is published, its rows are held twice.
    pub(crate) fn bytes(&self) -> u64 {
        self.parts.iter().map(Part::bytes).sum()
    }

    /// Writes, verifies and publishes the files of the run, sorted by table, date and first `seq`.
    ///
    /// They are no part of the archive before the manifest says so. A whole file that an earlier attempt left is
    /// taken over. After an error a second run of the same segments goes on where this one stopped.
    pub(crate) fn publish(self, job: &Job<'_>) -> Result<Vec<ArchivedFile>, ArchiveError> {
        let mut runs: Vec<(Part, Vec<Plan>)> = Vec::with_capacity(self.parts.len());
        for mut part in self.parts {
            part.finish_counting()?;
            let plans = part.tallies.0.iter().map(|(day, tally)| plan(job, &part, *day, tally));
            let plans = plans.collect::<Result<Vec<_>, _>>()?;
            runs.push((part, plans));
        }
        // What cannot be replaced is found before anything is written.
        let mut adopted: Vec<(String, (Hash, u64))> = Vec::new();
        for (part, plans) in &runs {
            for plan in plans {
                if let Some(found) = adopt_or_conflict(job.fs, &plan.path, &plan.expected(part))? {
                    adopted.push((plan.relative.clone(), found));
                }
            }
        }
        let mut out = Vec::new();
        for (mut part, plans) in runs {
            let (rows, mut places) = part.sort()?;
            for plan in plans {
                let order = places.remove(&plan.day).unwrap_or_default();
                let there = adopted.iter().find(|(relative, _)| *relative == plan.relative);
                let file = match there {
                    Some((_, found)) => *found,
                    None => publish(job, &part, &plan, &rows, &order)?,
                };
                out.push(plan.tally.record(part.spec.name, plan.relative, file));
            }
        }
        out.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(out)
    }
}

impl Plan {
    fn expected<'a>(&'a self, part: &'a Part) -> Expected<'a> {
        Expected { spec: part.spec, schema: &part.schema, tally: &self.tally, words: &self.words }
    }
}

/// Name and words of a file, after its rows were found in no earlier one.
fn plan(job: &Job<'_>, part: &Part, day: i64, tally: &Tally) -> Result<Plan, ArchiveError> {
    let table = part.spec.name;
    let [first, end] = job.seqs;
    let outside = (tally.first_seq < first).then_some(tally.first_seq);
    if let Some(found) = outside.or((tally.end_seq > end).then(|| tally.end_seq.saturating_sub(1)))
    {
        let (table, expected) = (table.to_owned(), format!("{first}..{end}"));
        return Err(ArchiveError::Order { table, expected, found });
    }
    let overlaps = |file: &&ArchivedFile| {
        file.table == table && file.first_seq < tally.end_seq && tally.first_seq < file.end_seq
    };
    if let Some(file) = job.known.iter().find(overlaps) {
        return Err(ArchiveError::Overlap {
            table: table.to_owned(),
            first_seq: tally.first_seq,
            end_seq: tally.end_seq,
            known: file.path.clone(),
            known_first: file.first_seq,
            known_end: file.end_seq,
        });
    }
    let relative = relative(table, tally.min_ts_avail, tally.first_seq, tally.end_seq);
    let word = |key: &str, value: String| KeyValue::new(format!("hindsight.{key}"), value);
    let words = vec![
        word("log_id", job.log_id.to_string()),
        word("table", table.to_owned()),
        word("schema_version", part.version.to_string()),
        word("first_seq", tally.first_seq.to_string()),
        word("end_seq", tally.end_seq.to_string()),
        word("rows", tally.rows.to_string()),
        word("digest", tally.digest.to_string()),
        word("segments", format!("{}-{}", job.segments[0], job.segments[1])),
        word("gaps", job.gaps.to_string()),
    ];
    let path = place(job.dir, &relative);
    Ok(Plan { day, tally: tally.clone(), relative, path, words })
}

/// One file: temporary, synced, read back, renamed, its folder synced.
fn publish(
    job: &Job<'_>,
    part: &Part,
    plan: &Plan,
    rows: &[contract::arrow_array::RecordBatch],
    order: &[part::At],
) -> Result<(Hash, u64), ArchiveError> {
    let mut file = Publish::begin(job.fs, &plan.path, Mode::New).map_err(failed)?;
    let sha256 = encode::write(&mut file, &plan.path, part, rows, order, &plan.words)?;
    let mut refusal = None;
    let published = file.commit_with(|back| {
        let compared = hash_of(job.fs, back.path()).and_then(|(found, _)| {
            if found != sha256 {
                let (expected, found) = (format!("sha256 {sha256}"), format!("sha256 {found}"));
                return Err(mismatch(&plan.path, expected, found));
            }
            plan.expected(part).compare(job.fs, back.path())
        });
        compared.map_err(|error| {
            refusal = Some(error);
            // Replaced by the refusal below: `durable` has no room for our errors.
            let (expected, found) = ("the rows that were written".into(), "others".into());
            PublishError::Verify { path: plan.path.clone(), expected, found }
        })
    });
    match (published, refusal) {
        (Ok(published), _) => Ok((sha256, published.bytes)),
        (Err(_), Some(refusal)) => Err(refusal),
        (Err(error), None) => Err(conflict(error, &plan.path)),
    }
}

fn failed(error: PublishError) -> ArchiveError {
    match error {
        PublishError::Fs(error) => ArchiveError::Fs(error),
        other => ArchiveError::Publish(other),
    }
}

/// Something took the name between the look at it and the rename: another process writes to the archive.
fn conflict(error: PublishError, path: &Path) -> ArchiveError {
    match failed(error) {
        ArchiveError::Fs(error) if error.kind == FsErrorKind::AlreadyExists => {
            let source = Box::new(ArchiveError::Fs(error));
            ArchiveError::Conflict { path: path.to_path_buf(), source }
        }
        other => other,
    }
}
