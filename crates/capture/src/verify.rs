//! Whether every stored byte still says what it said.

use crate::error::{AppendError, ReadError};
use crate::format::body::decode_rows;
use crate::format::frame::Kind;
use crate::format::manifest::{self, DamageEntry, Entry as Record, LostRange};
use crate::inner::Inner;
use crate::ledger::Ledger;
use crate::log::Log;
use crate::queue::State;
use crate::reader::durable_frame;
use crate::recover::damage::{is_same, lost_frame, quarantine};
use crate::scan::{Hole, Raw, Scan};
use crate::seal::hash_file;
use crate::store::{manifest_path, named_manifest, read_manifest, sealed};
use crate::sync::lock;
use crate::ticket::{Ack, Level};
use crate::window::segment_path;
use crate::witness::Witness;
use contract::{EventId, Hash};
use durable::{Access, Fs, FsErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Something that is not as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub path: PathBuf,
    /// The segment, for a file of the log.
    pub segment: Option<u64>,
    /// What was compared.
    pub what: &'static str,
    /// As recorded.
    pub expected: String,
    /// As it is.
    pub found: String,
    /// Whether the ledger names this damage already.
    pub is_declared: bool,
}

/// What a verification of a whole log found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyReport {
    /// The log.
    pub log_id: EventId,
    /// Segments read.
    pub segments: u64,
    /// Frames whose checksum, body and rows could be read.
    pub frames: u64,
    /// Rows in them.
    pub rows: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Archive files that were re-hashed and decoded.
    pub archive_files: u64,
    /// What is wrong, in the order in which it was found.
    pub problems: Vec<Problem>,
    /// Why damage could not be declared, where that was asked for.
    pub undeclared: Vec<String>,
    /// What is wrong and nobody has declared.
    pub(crate) damages: Vec<DamageEntry>,
}

impl VerifyReport {
    /// Whether everything is as it was recorded.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Reads a whole log and its archive: every checksum, every seal and the chain of seals, every row, every archive
/// file's hash and digest. Nothing is changed, and no lock is taken.
///
/// - **Cost:** every stored byte is read twice, once for the seals and once for the frames.
///
/// # Errors
/// [`ReadError`] when the log cannot be read at all; damage is in the report.
pub fn verify(fs: &Arc<dyn Fs>, dir: &Path) -> Result<VerifyReport, ReadError> {
    // A writer may drop segments meanwhile; then what was missed is no damage, and everything is looked at again.
    let dropped = || -> Result<usize, ReadError> {
        let parsed = read_manifest(fs.as_ref(), dir)?;
        let entries = parsed.map_or_else(Vec::new, |p| p.entries);
        Ok(entries.iter().filter(|(_, e)| matches!(e, Record::Dropped { .. })).count())
    };
    let mut attempts = 0;
    loop {
        let before = dropped()?;
        let found = survey(fs, dir, None);
        attempts += 1;
        if attempts == 4 || before == dropped()? {
            return found;
        }
    }
}

/// As [`verify`]; with the accounts at a frame, losses behind the last snapshot have owners too.
pub(crate) fn survey(
    fs: &Arc<dyn Fs>,
    dir: &Path,
    end: Option<(u64, Ledger)>,
) -> Result<VerifyReport, ReadError> {
    let (parsed, id) = named_manifest(fs.as_ref(), dir)?;
    let entries: Vec<Record> = parsed.entries.iter().map(|(_, e)| e.clone()).collect();
    let mut report = VerifyReport {
        log_id: id,
        segments: 0,
        frames: 0,
        rows: 0,
        bytes: 0,
        archive_files: 0,
        problems: Vec::new(),
        undeclared: Vec::new(),
        damages: Vec::new(),
    };
    if parsed.has_gap || parsed.bad_lines > 0 {
        report.problems.push(Problem {
            path: manifest_path(dir),
            segment: None,
            what: "records",
            expected: "records numbered without a gap, all readable".to_owned(),
            found: format!("{} unreadable lines, gap: {}", parsed.bad_lines, parsed.has_gap),
            // A torn line is no loss as long as the numbers run on.
            is_declared: !parsed.has_gap,
        });
    }
    seals(fs.as_ref(), dir, id, &entries, &mut report)?;
    frames(fs, dir, id, &entries, end, &mut report)?;
    #[cfg(feature = "archive")]
    archive_files(fs.as_ref(), dir, &entries, &mut report);
    Ok(report)
}

/// Re-hashes every sealed segment that is there, and follows the chain.
fn seals(
    fs: &dyn Fs,
    dir: &Path,
    id: EventId,
    entries: &[Record],
    report: &mut VerifyReport,
) -> Result<(), ReadError> {
    let mut records: Vec<_> = sealed(entries.iter()).collect();
    records.sort_by_key(|s| s.segment);
    let mut previous: Option<(u64, Hash)> = None;
    for record in records {
        let path = segment_path(dir, record.segment);
        let is_dropped = entries
            .iter()
            .any(|e| matches!(e, Record::Dropped { segment } if *segment == record.segment));
        let is_declared =
            entries.iter().any(|e| matches!(e, Record::Damage(d) if d.segment == record.segment));
        let mut problem = |what, expected: String, found: String| {
            let (path, segment) = (path.clone(), Some(record.segment));
            report.problems.push(Problem { path, segment, what, expected, found, is_declared });
        };
        match fs.open(&path, Access::Read) {
            Ok(file) => match hash_file(file.as_ref(), record.cut) {
                Ok(hash) if hash == record.file_hash => {}
                Ok(hash) => problem("hash", record.file_hash.to_string(), hash.to_string()),
                Err(error) => problem("hash", record.file_hash.to_string(), error.to_string()),
            },
            // A start that failed before its header leaves a number without anything in it.
            Err(error)
                if error.kind == FsErrorKind::NotFound && (is_dropped || record.cut == 0) => {}
            Err(error) if error.kind == FsErrorKind::NotFound => {
                problem("file", "a sealed segment".to_owned(), "no file".to_owned());
            }
            Err(error) => return Err(error.into()),
        }
        // Without the record before it, the link cannot be checked: it was condensed away with its dropped segment.
        let link = match &previous {
            None => (record.segment == 0).then_some(None),
            Some((segment, hash)) => (segment + 1 == record.segment).then_some(Some(*hash)),
        };
        if let Some(before) = link {
            let expected = manifest::seal_hash(
                before.as_ref(),
                id,
                record.segment,
                record.cut,
                &record.file_hash,
            );
            if expected != record.seal_hash {
                problem("seal", expected.to_string(), record.seal_hash.to_string());
            }
        }
        previous = Some((record.segment, record.seal_hash));
    }
    Ok(())
}

/// Reads every frame that counts, rows included.
fn frames(
    fs: &Arc<dyn Fs>,
    dir: &Path,
    id: EventId,
    entries: &[Record],
    end: Option<(u64, Ledger)>,
    report: &mut VerifyReport,
) -> Result<(), ReadError> {
    let (bound, accounts) = match end {
        Some((bound, accounts)) => (bound, Some(accounts)),
        None => (durable_frame(fs, dir, id)?, None),
    };
    let mut scan = Scan::oldest(fs, dir)?;
    // What lies before the oldest segment was dropped, or is missing.
    let mut ahead = scan.before().filter(|_| !has_dropped(entries)).map(Raw::Hole);
    let is_first = ahead.is_some() || scan.base_frame() == Some(0);
    let mut witness = Witness::new(id, is_first);
    let mut last = None;
    loop {
        let raw = match ahead.take() {
            Some(raw) => raw,
            None => scan.next(bound)?,
        };
        let damage = match raw {
            Raw::End => break,
            Raw::Hole(hole) => {
                if let Some(damage) = of_hole(&hole, entries) {
                    damage
                } else {
                    witness.archived();
                    continue;
                }
            }
            Raw::Frame(place) => {
                if last != Some(place.segment) {
                    last = Some(place.segment);
                    report.segments += 1;
                }
                let header = place.header;
                let body = scan.body(&place)?;
                witness.frame(&header, body.as_ref(), &mut report.damages);
                let is_readable = match (header.kind, &body) {
                    (_, None) => false,
                    (Kind::Data, Some(body)) => scan.shape(header.schema_no).is_some_and(|shape| {
                        let rows = header.rows;
                        decode_rows(&shape.stored, body, header.codec, header.raw_len, rows).is_ok()
                    }),
                    (kind, Some(body)) => crate::note::Note::decode(kind, body).is_some(),
                };
                if is_readable {
                    report.frames += 1;
                    report.bytes += header.stored_len();
                    report.rows +=
                        if header.kind == Kind::Data { u64::from(header.rows) } else { 0 };
                    continue;
                }
                let is_data = header.kind == Kind::Data;
                let table = scan.shape(header.schema_no).map(|s| s.stored.table.to_string());
                DamageEntry {
                    segment: place.segment,
                    bytes: [place.at, place.at + header.stored_len()],
                    frames: [header.frame_no, header.frame_no + 1],
                    seqs: [header.first_seq, header.end_seq()],
                    tables: if is_data { table.map(|t| vec![t]) } else { Some(Vec::new()) },
                    producers: is_data
                        .then(|| LostRange {
                            producer_id: header.producer_id,
                            first_pseq: header.first_pseq,
                            end_pseq: header.first_pseq + u64::from(header.rows),
                        })
                        .into_iter()
                        .collect(),
                    quarantine: None,
                }
            }
        };
        let declared = entries.iter().find_map(|e| covering(e, &damage));
        let is_declared = declared.is_some();
        report.problems.push(Problem {
            path: segment_path(dir, damage.segment),
            segment: Some(damage.segment),
            what: "frames",
            expected: format!("frames {} to {} (exclusive)", damage.frames[0], damage.frames[1]),
            found: format!("bytes {} to {} that cannot be read", damage.bytes[0], damage.bytes[1]),
            is_declared,
        });
        // The owners of a frame with a readable header stand in it.
        let is_hole = damage.tables.is_none();
        match declared {
            Some(declared) if is_hole => witness.hole(declared, None),
            Some(_) => {}
            None => {
                if is_hole {
                    witness.hole(&damage, Some(report.damages.len()));
                }
                report.damages.push(damage);
            }
        }
    }
    if let Some(accounts) = accounts {
        witness.snapshot(accounts, &mut report.damages);
    }
    Ok(())
}

fn has_dropped(entries: &[Record]) -> bool {
    entries.iter().any(|e| matches!(e, Record::Dropped { .. }))
}

/// The damage that a record declares, if these frames are part of it.
pub(crate) fn covering<'a>(entry: &'a Record, damage: &DamageEntry) -> Option<&'a DamageEntry> {
    match entry {
        Record::Damage(known)
            if known.frames[0] <= damage.frames[0] && damage.frames[1] <= known.frames[1] =>
        {
            Some(known)
        }
        _ => None,
    }
}

/// A hole as damage; none when an archive run has its rows.
fn of_hole(hole: &Hole, entries: &[Record]) -> Option<DamageEntry> {
    let is_archived = |e: &Record| matches!(e, Record::Archived(run) if run.seqs[0] <= hole.seqs.start && hole.seqs.end <= run.seqs[1]);
    if hole.is_absent && entries.iter().any(is_archived) {
        return None;
    }
    Some(DamageEntry {
        segment: hole.segment,
        bytes: [hole.bytes.start, hole.bytes.end],
        frames: [hole.frames.start, hole.frames.end],
        seqs: [hole.seqs.start, hole.seqs.end],
        tables: None,
        producers: Vec::new(),
        quarantine: None,
    })
}

#[cfg(feature = "archive")]
fn archive_files(fs: &dyn Fs, dir: &Path, entries: &[Record], report: &mut VerifyReport) {
    let folder = crate::archiving::folder(dir);
    for file in crate::store::archived(entries.iter()).flat_map(|run| &run.files) {
        report.archive_files += 1;
        if let Err(error) = crate::archive::verify(fs, &folder, file) {
            report.problems.push(Problem {
                path: folder.join(&file.path),
                segment: None,
                what: "archive file",
                expected: format!("{} rows, sha256 {}", file.rows, file.sha256),
                found: error.to_string(),
                is_declared: false,
            });
        }
    }
}

impl Log {
    /// Verifies the log, and declares the damage that nobody had declared: the bytes are copied aside, the loss is
    /// recorded and counted, and the lost rows may be sent again.
    ///
    /// # Errors
    /// [`ReadError`]. A declaration that cannot be made durable shows in [`health`](Log::health).
    pub fn verify(&self) -> Result<VerifyReport, ReadError> {
        self.inner.verify()
    }
}

impl Inner {
    /// Verifies, and declares what nobody had declared.
    pub(crate) fn verify(&self) -> Result<VerifyReport, ReadError> {
        let _upkeep = lock(&self.upkeep);
        self.verify_in_upkeep()
    }

    /// As [`verify`](Inner::verify), for who has the lock of upkeep.
    pub(crate) fn verify_in_upkeep(&self) -> Result<VerifyReport, ReadError> {
        let end = {
            // Between two groups, so that frame and accounts are of one moment.
            let writer = lock(&self.writer);
            (writer.durable_frame, lock(&self.ledger).clone())
        };
        let mut report = survey(&self.fs, &self.dir, Some(end))?;
        for damage in std::mem::take(&mut report.damages) {
            if let Err(error) = self.declare(damage.clone()) {
                tracing::error!(%error, "damage could not be declared");
                report.undeclared.push(error.to_string());
                report.damages.push(damage);
            }
        }
        Ok(report)
    }

    fn declare(&self, mut damage: DamageEntry) -> Result<(), Box<dyn std::error::Error>> {
        // Behind a close the files may have another owner.
        if !matches!(lock(&self.queue).state, State::Open) {
            return Err(Box::new(AppendError::Closed));
        }
        if lock(&self.manifest).entries().any(|e| is_same(e, &damage)) {
            return Ok(());
        }
        damage.quarantine = quarantine(self.fs.as_ref(), &self.dir, &damage)?;
        self.record(Record::Damage(damage.clone()))?;
        lock(&self.health).damages += 1;
        lock(&self.shown).forget(damage.seqs[1]);
        let ticket = {
            let mut queue = lock(&self.queue);
            if !matches!(queue.state, State::Open) {
                return Err(Box::new(AppendError::Closed));
            }
            let ack = Ack { level: Level::Durable, pseq: 0..0, stored: Vec::new(), duplicates: 0 };
            crate::producer::admit_note(self, &mut queue, lost_frame(&damage), Level::Durable, ack)
        };
        self.work.notify_one();
        if self.options.drive == crate::options::Drive::Steps {
            self.step();
        }
        ticket.wait(std::time::Duration::from_mins(2))?;
        Ok(())
    }
}
