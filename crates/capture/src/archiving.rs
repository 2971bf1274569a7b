//! Sealed segments into the archive, and out of the log.

use crate::archive::{self, ArchiveError, Archiver, Job};
use crate::error::ReadError;
use crate::format::body::decode_rows;
use crate::format::frame::Kind;
use crate::format::manifest::{ArchivedEntry, ArchivedFile, Entry as Record, SealedEntry};
use crate::hold::holds;
use crate::inner::Inner;
use crate::item::LoggedBatch;
use crate::log::Log;
use crate::scan::{Raw, Scan};
use crate::spare::remove;
use crate::store::sealed;
use crate::sync::lock;
use crate::window::segment_path;
use contract::{Diagnostic, Fault, Hash, UtcNanos};
use durable::{Fs, FsError};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// When a run is due, and how large it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchivePolicy {
    /// Bytes of sealed segments that make a run worth while. Default 256 MiB.
    pub min_bytes: u64,
    /// Age of the oldest sealed segment at which it is archived anyway. Default 1 h.
    pub max_age: Duration,
    /// Memory of a run; fewer segments are taken when they do not fit, at least one. Default 1 GiB.
    pub memory: u64,
}

impl Default for ArchivePolicy {
    fn default() -> Self {
        Self { min_bytes: 256 << 20, max_age: Duration::from_hours(1), memory: 1 << 30 }
    }
}

impl ArchivePolicy {
    /// Everything that is sealed, now.
    #[must_use]
    pub fn now() -> Self {
        Self { min_bytes: 0, ..Self::default() }
    }
}

/// What a run published.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ArchiveReport {
    /// Segments whose rows are in the archive now.
    pub segments: Vec<u64>,
    /// The files, sorted by path.
    pub files: Vec<ArchiveFile>,
    /// Rows in them.
    pub rows: u64,
}

/// A file of the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveFile {
    /// Table.
    pub table: String,
    /// Path below the archive's folder.
    pub path: String,
    /// Rows.
    pub rows: u64,
    /// Length.
    pub bytes: u64,
    /// SHA-256 of the file.
    pub sha256: Hash,
}

/// Why a segment stays.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeptReason {
    /// No run has archived it.
    NotArchived,
    /// It was sealed too short a while ago.
    TooYoung {
        /// From when on it may go.
        until: UtcNanos,
    },
    /// It is the newest sealed one.
    Newest,
    /// Somebody asked for it to be kept.
    Held {
        /// Name of the hold.
        name: String,
    },
    /// A named cursor stands before its end.
    Cursor {
        /// Name of the cursor.
        name: String,
    },
    /// An archive file does not hash to what was recorded, or cannot be read.
    ArchiveDiffers {
        /// What is wrong.
        cause: String,
    },
    /// A segment before it stays.
    Behind {
        /// That one.
        segment: u64,
    },
}

/// What was removed from the log, and what was not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DropReport {
    /// Segments whose files are gone; their rows are read from the archive.
    pub dropped: Vec<u64>,
    /// Sealed segments that stay, with the first reason.
    pub kept: Vec<(u64, KeptReason)>,
}

/// Why a run or a drop failed. What was published or removed before is recorded and stays so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveRunError {
    /// The files could not be made.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The segments could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The record could not be written, or a file not removed.
    #[error(transparent)]
    Fs(#[from] FsError),
    /// The manifest could not be written anew after a record that failed.
    #[error(transparent)]
    Publish(#[from] durable::PublishError),
    /// The ledger does not fit into a batch.
    #[error("ledger: {0}")]
    Ledger(#[source] contract::BuildError),
}

impl Diagnostic for ArchiveRunError {
    fn code(&self) -> &'static str {
        match self {
            Self::Archive(error) => error.code(),
            Self::Read(error) => error.code(),
            Self::Fs(error) => error.code(),
            Self::Publish(error) => error.code(),
            Self::Ledger(error) => error.code(),
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Archive(error) => error.fault(),
            Self::Read(error) => error.fault(),
            Self::Fs(error) => crate::error::fs_fault(error),
            Self::Publish(_) => Fault::Environment { retry: false },
            Self::Ledger(error) => error.fault(),
        }
    }
}

/// The archive of a log.
pub(crate) fn folder(dir: &Path) -> PathBuf {
    dir.join("archive")
}

impl Log {
    /// Archives the oldest sealed segments that are not archived yet, if a run is due: one file for each table and UTC
    /// date of `ts_avail`, verified by reading it back before it gets its name. One record of the manifest commits
    /// them all.
    ///
    /// - **Shape:** rows as readers see them, sorted by (`instrument_id`, `ts_avail`, `seq`), with the provenance
    ///   columns behind. The same segments give the same bytes.
    /// - **Cost:** rows of the run are held in memory, with sort keys and encoded columns of the table that is being
    ///   published; two threads hash and encode.
    ///
    /// The ledger as it stands is written beside them, `<archive>/ledger_*/<seq>.parquet`, for readers of the archive
    /// alone.
    ///
    /// # Errors
    /// [`ArchiveRunError`]; then nothing is recorded.
    pub fn archive_once(&self, policy: &ArchivePolicy) -> Result<ArchiveReport, ArchiveRunError> {
        self.inner.archive_once(policy)
    }

    /// Removes the files of archived segments, oldest first, as far as every guard allows: archived, the archive
    /// hashes to what was recorded, sealed `min_retention` ago, no hold, no named cursor before its end, not the
    /// newest.
    ///
    /// # Errors
    /// [`ArchiveRunError`].
    pub fn drop_archived(&self, min_retention: Duration) -> Result<DropReport, ArchiveRunError> {
        self.inner.drop_archived(min_retention)
    }
}

impl Inner {
    fn archive_once(&self, policy: &ArchivePolicy) -> Result<ArchiveReport, ArchiveRunError> {
        let _upkeep = lock(&self.upkeep);
        let (due, known) = self.due(policy);
        let (Some(first), Some(last)) = (due.first(), due.last()) else {
            return Ok(ArchiveReport::default());
        };
        let mut archiver = Archiver::new();
        let mut taken = first.clone();
        let mut gaps = 0;
        // Sort keys and encoded columns come on top while a table is published.
        let limit = policy.memory / 2;
        let mut scan = None;
        let mut unreadable: Vec<Range<u64>> = Vec::new();
        for segment in &due {
            if segment.segment > first.segment && archiver.bytes() > limit {
                break;
            }
            taken = segment.clone();
            if scan.is_none() {
                scan = Scan::at_segment(Arc::clone(&self.fs), &self.dir, segment.segment)?;
            }
            match scan.as_mut() {
                Some(scan) => {
                    gaps += Self::collect(scan, segment, &mut archiver, &mut unreadable)?;
                }
                // Gone or without a header: what lies behind it is archived all the same.
                None if segment.base_frame < segment.end_frame => {
                    gaps += 1;
                    unreadable.push(segment.base_frame..segment.end_frame);
                }
                None => {}
            }
        }
        let undeclared = || unreadable.iter().any(|frames| !lock(&self.manifest).declares(frames));
        if undeclared() {
            // What cannot be read is declared before the rest becomes a file.
            self.verify_in_upkeep()?;
            if undeclared() {
                return Err(ReadError::Vanished(first.first_seq..last.end_seq).into());
            }
        }
        let segments = [first.segment, taken.segment];
        let seqs = [first.first_seq, taken.end_seq];
        let dir = folder(&self.dir);
        let job = Job {
            fs: self.fs.as_ref(),
            dir: &dir,
            log_id: self.log_id,
            segments,
            seqs,
            known: &known,
            gaps,
        };
        let files = archiver.publish(&job)?;
        self.set_aside(&dir, &known, &files)?;
        let report = ArchiveReport {
            segments: due.iter().map(|s| s.segment).filter(|s| *s <= taken.segment).collect(),
            rows: files.iter().map(|f| f.rows).sum(),
            files: files
                .iter()
                .map(|f| ArchiveFile {
                    table: f.table.clone(),
                    path: f.path.clone(),
                    rows: f.rows,
                    bytes: f.bytes,
                    sha256: f.sha256,
                })
                .collect(),
        };
        self.write_ledger(&dir)?;
        self.record(Record::Archived(ArchivedEntry { segments, seqs, files }))?;
        Ok(report)
    }

    /// Writes the accounts beside the rows.
    fn write_ledger(&self, dir: &Path) -> Result<(), ArchiveRunError> {
        let as_of = lock(&self.shown).durable_seq;
        let mut ledger = lock(&self.ledger).clone();
        ledger.adopt_counts(&lock(&self.queue).ledger);
        let tables = ledger.snapshot(as_of, self.now()).map_err(ArchiveRunError::Ledger)?;
        Ok(archive::write_evidence(self.fs.as_ref(), dir, &tables, as_of)?)
    }

    /// Moves files that no record names out of the archive: a run that died before its record left them, and whoever
    /// reads the folder without the manifest would count their rows twice.
    fn set_aside(
        &self,
        dir: &Path,
        known: &[ArchivedFile],
        files: &[ArchivedFile],
    ) -> Result<(), ArchiveRunError> {
        let recorded: Vec<ArchivedFile> = known.iter().chain(files).cloned().collect();
        for relative in archive::unrecorded(self.fs.as_ref(), dir, &recorded)? {
            let name = format!("archive-{}", relative.replace('/', "-"));
            let to = self.dir.join("quarantine").join(&name);
            remove(self.fs.as_ref(), &to)?;
            let from = relative.split('/').fold(dir.to_path_buf(), |path, part| path.join(part));
            self.fs.rename(&from, &to)?;
            self.fs.sync_dir(&self.dir.join("quarantine"))?;
            if let Some(folder) = from.parent() {
                self.fs.sync_dir(folder)?;
            }
            tracing::warn!(file = %relative, "an unrecorded archive file was set aside");
        }
        Ok(())
    }

    /// Sealed segments that no run has archived, when a run is due; and the files of earlier runs.
    fn due(&self, policy: &ArchivePolicy) -> (Vec<SealedEntry>, Vec<ArchivedFile>) {
        let manifest = lock(&self.manifest);
        let runs = manifest.archived();
        let next = runs.iter().map(|r| r.segments[1] + 1).max().unwrap_or(0);
        let mut waiting: Vec<SealedEntry> =
            sealed(manifest.entries()).filter(|s| s.segment >= next).cloned().collect();
        waiting.retain(|s| !manifest.is_dropped(s.segment));
        waiting.sort_by_key(|s| s.segment);
        let known = runs.into_iter().flat_map(|r| r.files).collect();
        let bytes: u64 = waiting.iter().map(|s| s.cut).sum();
        let age = waiting
            .iter()
            .map(|s| s.sealed_ns)
            .min()
            .map(|ns| self.now().nanos().saturating_sub(ns));
        let max_age = i64::try_from(policy.max_age.as_nanos()).unwrap_or(i64::MAX);
        if bytes >= policy.min_bytes || age.is_some_and(|a| a >= max_age) {
            (waiting, known)
        } else {
            (Vec::new(), known)
        }
    }

    /// Takes the rows of one segment; returns how many gaps it holds.
    fn collect(
        scan: &mut Scan,
        segment: &SealedEntry,
        archiver: &mut Archiver,
        unreadable: &mut Vec<Range<u64>>,
    ) -> Result<u64, ArchiveRunError> {
        let mut gaps = 0;
        loop {
            match scan.next(segment.end_frame)? {
                Raw::End => return Ok(gaps),
                Raw::Hole(hole) => {
                    gaps += 1;
                    unreadable.push(hole.frames);
                }
                Raw::Frame(place) => {
                    let header = place.header;
                    gaps += u64::from(matches!(header.kind, Kind::Skip | Kind::Lost));
                    if header.kind != Kind::Data {
                        continue;
                    }
                    let shape = scan.shape(header.schema_no).cloned();
                    let body = scan.body(&place)?;
                    let rows = shape.zip(body).and_then(|(shape, body)| {
                        let rows = decode_rows(
                            &shape.stored,
                            &body,
                            header.codec,
                            header.raw_len,
                            header.rows,
                        );
                        rows.ok().map(|rows| (shape, rows))
                    });
                    // What cannot be read is damage: it is declared by `verify`, and a gap here.
                    let Some((shape, rows)) = rows else {
                        gaps += 1;
                        unreadable.push(header.frame_no..header.frame_no + 1);
                        continue;
                    };
                    archiver.push(&LoggedBatch {
                        table: Arc::clone(&shape.stored.table),
                        first_seq: header.first_seq,
                        producer_id: header.producer_id,
                        first_pseq: header.first_pseq,
                        ts_append: UtcNanos::from_nanos(header.ts_append),
                        rows: Arc::new(shape.deliver(
                            &rows,
                            header.first_seq,
                            header.avail_floor,
                        )?),
                    })?;
                }
            }
        }
    }

    fn drop_archived(&self, min_retention: Duration) -> Result<DropReport, ArchiveRunError> {
        let _upkeep = lock(&self.upkeep);
        let mut report = DropReport::default();
        let (mut segments, runs, dropped) = {
            let manifest = lock(&self.manifest);
            let segments: Vec<SealedEntry> = sealed(manifest.entries()).cloned().collect();
            let dropped: BTreeSet<u64> =
                segments.iter().map(|s| s.segment).filter(|s| manifest.is_dropped(*s)).collect();
            (segments, manifest.archived(), dropped)
        };
        segments.sort_by_key(|s| s.segment);
        let newest = segments.last().map(|s| s.segment);
        segments.retain(|s| !dropped.contains(&s.segment));
        let guards = Guards {
            newest,
            age: i64::try_from(min_retention.as_nanos()).unwrap_or(i64::MAX),
            now: self.now().nanos(),
            holds: holds(self.fs.as_ref(), &self.dir)?,
            cursors: crate::cursor::all(self.fs.as_ref(), &self.dir)?,
        };
        let mut checked: BTreeMap<u64, Result<(), String>> = BTreeMap::new();
        for segment in &segments {
            let kept = match report.kept.first() {
                Some((before, _)) => Some(KeptReason::Behind { segment: *before }),
                None => guards.reason(segment).or_else(|| {
                    let run = runs
                        .iter()
                        .find(|r| (r.segments[0]..=r.segments[1]).contains(&segment.segment));
                    let Some(run) = run else { return Some(KeptReason::NotArchived) };
                    let dir = folder(&self.dir);
                    let result = checked.entry(run.segments[0]).or_insert_with(|| {
                        let check = |f| archive::check(self.fs.as_ref(), &dir, f);
                        run.files.iter().try_for_each(check).map_err(|e| e.to_string())
                    });
                    result.clone().err().map(|cause| KeptReason::ArchiveDiffers { cause })
                }),
            };
            if let Some(reason) = kept {
                report.kept.push((segment.segment, reason));
            } else {
                self.record(Record::Dropped { segment: segment.segment })?;
                remove(self.fs.as_ref(), &segment_path(&self.dir, segment.segment))?;
                report.dropped.push(segment.segment);
            }
        }
        if !report.dropped.is_empty() {
            self.fs.sync_dir(&self.dir.join("segments"))?;
        }
        Ok(report)
    }
}

/// Counts archived rows of a range by table: from the records where a file lies inside it whole, else from the rows.
pub(crate) fn count_archived(
    fs: &dyn Fs,
    dir: &Path,
    records: &[Record],
    seqs: &Range<u64>,
    rows: &mut BTreeMap<String, u64>,
) -> Result<(), ReadError> {
    for file in crate::store::archived(records.iter()).flat_map(|run| &run.files) {
        if file.end_seq <= seqs.start || file.first_seq >= seqs.end {
            continue;
        }
        let is_whole = seqs.start <= file.first_seq && file.end_seq <= seqs.end;
        let count = if is_whole {
            file.rows
        } else {
            let read = archive::read(fs, &folder(dir), &[file], seqs.clone(), &|_| true)?;
            read.iter().map(|b| b.rows.num_rows() as u64).sum()
        };
        *rows.entry(file.table.clone()).or_default() += count;
    }
    Ok(())
}

/// What may keep a segment, apart from the archive itself.
struct Guards {
    newest: Option<u64>,
    age: i64,
    now: i64,
    holds: Vec<crate::hold::Hold>,
    cursors: Vec<(String, u64)>,
}

impl Guards {
    fn reason(&self, segment: &SealedEntry) -> Option<KeptReason> {
        if self.newest == Some(segment.segment) {
            return Some(KeptReason::Newest);
        }
        let until = segment.sealed_ns.saturating_add(self.age);
        if until > self.now {
            return Some(KeptReason::TooYoung { until: UtcNanos::from_nanos(until) });
        }
        let touches =
            |seqs: &Range<u64>| seqs.start < segment.end_seq && segment.first_seq < seqs.end;
        if let Some(hold) = self.holds.iter().find(|h| touches(&h.seqs)) {
            return Some(KeptReason::Held { name: hold.name.clone() });
        }
        let behind = self.cursors.iter().find(|(_, next)| *next < segment.end_seq);
        behind.map(|(name, _)| KeptReason::Cursor { name: name.clone() })
    }
}
