//! What a start does before the first append: find out what is durable, what is torn and what is damaged.

pub(crate) mod damage;
mod state;

use crate::clock::Clock;
use crate::entry::Entry;
use crate::error::OpenError;
use crate::format::manifest::{DamageEntry, Entry as Record, LogEntry};
use crate::format::segment::End;
use crate::format::watermark::Watermark;
use crate::gap::Gap;
use crate::inner::{Health, Inner};
use crate::ledger::Ledger;
use crate::note::Place;
use crate::options::Options;
use crate::queue::Queue;
use crate::report::{RecoveryReport, Start};
use crate::seal::SealJob;
use crate::segments::{Head, find_schema, is_made_up, open_segment, segment_numbers};
use crate::shown::Shown;
use crate::spare::{Spares, remove};
use crate::store::{Manifest, log_entry, manifest_path, read_all, read_manifest, sealed};
use crate::sync::lock;
use crate::verify::covering;
use crate::window::segment_path;
use crate::writer::{Link, Writer, matters};
use contract::{EventId, UtcNanos};
use durable::{Access, Fs, FsError, FsErrorKind, FsLock};
use sha2::{Digest as _, Sha256};
use state::{Recovered, Segment};
use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};

/// Files and folders of a log.
const FOLDERS: [&str; 4] = ["segments", "cursors", "holds", "quarantine"];

/// Opens a log, or makes it.
pub(crate) fn open(
    fs: Arc<dyn Fs>,
    dir: &Path,
    options: Options,
    clock: Arc<dyn Clock>,
    seed: u64,
) -> Result<(Inner, RecoveryReport), OpenError> {
    if let Some((option, expected, found)) = options.fault() {
        return Err(OpenError::Options { option, expected, found });
    }
    if !options.create
        && matches!(fs.metadata(&manifest_path(dir)), Err(e) if e.kind == FsErrorKind::NotFound)
        && segment_numbers(fs.as_ref(), dir)?.is_empty()
    {
        return Err(OpenError::Missing(dir.to_path_buf()));
    }
    make_folders(fs.as_ref(), dir)?;
    let lock_file = fs.lock(&dir.join("LOCK")).map_err(|error| match error.kind {
        FsErrorKind::Locked => OpenError::Locked(dir.to_path_buf()),
        _ => OpenError::Fs(error),
    })?;
    let now = clock.now();
    let (manifest, is_new, is_rebuilt) = open_manifest(fs.as_ref(), dir, &options, now, seed)?;
    let Some(log) = log_entry(manifest.entries()).cloned() else {
        let found = "a manifest without the record of the log".to_owned();
        return Err(OpenError::Format { path: manifest_path(dir), found });
    };
    if log.format != 1 {
        let found = log.format.to_string();
        return Err(OpenError::Format { path: manifest_path(dir), found });
    }
    sweep(fs.as_ref(), dir, &manifest)?;
    let watermark = read_watermark(fs.as_ref(), dir, log.log_id)?;
    let survey = survey(fs.as_ref(), dir, &manifest, watermark.as_ref(), log.log_id)?;
    let elsewhere = |before, number| find_schema(fs.as_ref(), dir, before, number);
    let (segments, mark) = (survey.segments, watermark.as_ref());
    let recovered = Recovered::new(segments, &manifest, mark, log.log_id, &elsewhere)?;
    let parts = Parts { fs, dir, options, clock, seed, log, manifest, lock_file, watermark };
    finish(
        parts,
        recovered,
        survey.next_segment,
        Facts { is_new, is_rebuilt, unused: survey.unused, missing: survey.missing },
    )
}

struct Parts<'a> {
    fs: Arc<dyn Fs>,
    dir: &'a Path,
    options: Options,
    clock: Arc<dyn Clock>,
    seed: u64,
    log: LogEntry,
    manifest: Manifest,
    lock_file: Box<dyn FsLock>,
    watermark: Option<Watermark>,
}

struct Facts {
    is_new: bool,
    is_rebuilt: bool,
    unused: u64,
    missing: Vec<DamageEntry>,
}

fn make_folders(fs: &dyn Fs, dir: &Path) -> Result<(), OpenError> {
    let mut created = fs.create_dir_all(dir)?;
    for folder in FOLDERS {
        created.extend(fs.create_dir_all(&dir.join(folder))?);
    }
    for folder in &created {
        if let Some(above) = folder.parent() {
            fs.sync_dir(above)?;
        }
    }
    Ok(())
}

/// The manifest, made when there is no log, and made anew when it lost a record.
fn open_manifest(
    fs: &dyn Fs,
    dir: &Path,
    options: &Options,
    now: UtcNanos,
    seed: u64,
) -> Result<(Manifest, bool, bool), OpenError> {
    let fresh = || LogEntry {
        format: 1,
        log_id: new_id(now, seed),
        created_ns: now.nanos(),
        segment_bytes: options.segment_bytes,
    };
    let parsed = read_manifest(fs, dir)?;
    let has_log =
        parsed.as_ref().is_some_and(|p| log_entry(p.entries.iter().map(|(_, e)| e)).is_some());
    match parsed {
        Some(parsed) if has_log && !parsed.has_gap => Ok((Manifest::renew(fs, dir)?, false, false)),
        parsed => {
            let mut entries: Vec<Record> = parsed
                .as_ref()
                .map_or_else(Vec::new, |p| p.entries.iter().map(|(_, e)| e.clone()).collect());
            if !has_log {
                let Some(log) = log_from_segments(fs, dir)? else {
                    // Nothing was ever written: a folder without a log, or a start that never finished.
                    if parsed.is_some() {
                        quarantine_manifest(fs, dir)?;
                        remove(fs, &manifest_path(dir))?;
                    }
                    let made = Manifest::create(fs, dir, fresh())?;
                    return Ok((made, true, false));
                };
                entries.insert(0, Record::Log(log));
            }
            #[cfg(feature = "archive")]
            entries.extend(lost_runs(fs, dir, &entries)?);
            if parsed.is_some() {
                quarantine_manifest(fs, dir)?;
            }
            Ok((Manifest::rebuild(fs, dir, &entries)?, false, true))
        }
    }
}

/// The records of archive runs that the manifest has lost.
///
/// A file that cannot be read makes no record: its rows stay a gap, which recovery declares and `verify` names.
#[cfg(feature = "archive")]
fn lost_runs(fs: &dyn Fs, dir: &Path, entries: &[Record]) -> Result<Vec<Record>, OpenError> {
    let Some(log) = log_entry(entries.iter()) else { return Ok(Vec::new()) };
    let there = segment_numbers(fs, dir)?;
    let known: Vec<_> = crate::store::archived(entries.iter()).cloned().collect();
    let base = |segment: u64| match open_segment(fs, dir, segment, false) {
        Ok((_, Head::Known(header))) => Some(header.base_seq),
        _ => None,
    };
    let edges = |[first, last]: [u64; 2]| {
        let sealed = |segment| sealed(entries.iter()).find(|s| s.segment == segment);
        let next = last.checked_add(1).filter(|segment| there.contains(segment));
        let before = known.iter().find(|run| run.segments[1].checked_add(1) == Some(first));
        let after = known.iter().find(|run| Some(run.segments[0]) == last.checked_add(1));
        [
            sealed(first).map(|s| s.first_seq).or(before.map(|run| run.seqs[1])),
            sealed(last)
                .map(|s| s.end_seq)
                .or(after.map(|run| run.seqs[0]))
                .or_else(|| next.and_then(base)),
        ]
    };
    let is_gone = |segment| !there.contains(&segment);
    let folder = crate::archiving::folder(dir);
    match crate::archive::lost_runs(fs, &folder, log.log_id, &known, &is_gone, &edges) {
        Ok(runs) => Ok(runs.into_iter().map(Record::Archived).collect()),
        Err(crate::archive::ArchiveError::Fs(error)) => Err(error.into()),
        Err(error) => {
            tracing::error!(%error, "a record of the archive is lost, and cannot be made again");
            Ok(Vec::new())
        }
    }
}

fn new_id(now: UtcNanos, seed: u64) -> EventId {
    let digest: [u8; 32] = Sha256::new()
        .chain_update(seed.to_le_bytes())
        .chain_update(now.nanos().to_le_bytes())
        .finalize()
        .into();
    let random = digest.first_chunk::<10>().copied().unwrap_or_default();
    EventId::v7(u64::try_from(now.nanos() / 1_000_000).unwrap_or(0), random)
}

fn log_from_segments(fs: &dyn Fs, dir: &Path) -> Result<Option<LogEntry>, OpenError> {
    for segment in segment_numbers(fs, dir)? {
        if let (_, Head::Known(header)) = open_segment(fs, dir, segment, false)?
            && !is_made_up(&header)
        {
            return Ok(Some(LogEntry {
                format: 1,
                log_id: header.log_id,
                created_ns: header.created_ns,
                segment_bytes: header.capacity,
            }));
        }
    }
    Ok(None)
}

fn quarantine_manifest(fs: &dyn Fs, dir: &Path) -> Result<(), OpenError> {
    let bytes = read_all(fs.open(&manifest_path(dir), Access::Read)?.as_ref())?;
    let digest = contract::Hash::of(&bytes).to_string();
    let name = format!("MANIFEST-{}", digest.get(..16).unwrap_or_default());
    damage::keep_copy(fs, dir, &name, &bytes)?;
    Ok(())
}

/// Repeats what an earlier process had decided: removal of dropped segments and of temporary files.
fn sweep(fs: &dyn Fs, dir: &Path, manifest: &Manifest) -> Result<(), OpenError> {
    for segment in segment_numbers(fs, dir)? {
        if manifest.is_dropped(segment) {
            remove(fs, &segment_path(dir, segment))?;
        }
    }
    for folder in
        [dir.to_path_buf(), dir.join("segments"), dir.join("cursors"), dir.join("quarantine")]
    {
        for path in fs.read_dir(&folder)? {
            let name =
                path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            if name.starts_with('.')
                && std::path::Path::new(&name).extension().is_some_and(|e| e == "tmp")
            {
                remove(fs, &path)?;
            }
        }
    }
    Ok(())
}

/// The newest mark, if there is one; a damaged or missing one proves nothing and harms nothing.
pub(crate) fn read_watermark(
    fs: &dyn Fs,
    dir: &Path,
    log_id: EventId,
) -> Result<Option<Watermark>, FsError> {
    let file = match fs.open(&dir.join("WATERMARK"), Access::Read) {
        Err(error) if error.kind == FsErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    Ok(Watermark::newest(&read_all(file.as_ref())?, log_id))
}

struct Survey {
    segments: Vec<Segment>,
    missing: Vec<DamageEntry>,
    next_segment: u64,
    unused: u64,
}

/// Reads the header of every segment, removes the files that were never used, and finds the ones that are not there.
fn survey(
    fs: &dyn Fs,
    dir: &Path,
    manifest: &Manifest,
    watermark: Option<&Watermark>,
    log_id: EventId,
) -> Result<Survey, OpenError> {
    let numbers = segment_numbers(fs, dir)?;
    let mut heads = Vec::new();
    for &segment in &numbers {
        let is_used = manifest.sealed(segment).is_some_and(|s| s.cut > 0)
            || watermark.is_some_and(|w| w.segment_no == segment && w.offset > 0);
        let path = segment_path(dir, segment);
        let (window, head) = open_segment(fs, dir, segment, is_used)?;
        match head {
            Head::Later(version, flags) => {
                let found = format!("version {version}, flags {flags}");
                return Err(OpenError::Format { path, found });
            }
            Head::Known(header) if !is_made_up(&header) && header.log_id != log_id => {
                return Err(OpenError::Foreign { path, expected: log_id, found: header.log_id });
            }
            head => heads.push((segment, window, head)),
        }
    }
    let last_known = heads.iter().rev().find(|(_, _, h)| matches!(h, Head::Known(_))).map(|h| h.0);
    let mut survey =
        Survey { segments: Vec::new(), missing: Vec::new(), next_segment: 0, unused: 0 };
    let mut unreadable = Vec::new();
    for (segment, window, head) in heads {
        match head {
            Head::Known(header) => {
                survey.segments.push(Segment { number: segment, header, window });
            }
            // Behind the last one that was used: prepared and never started.
            Head::Blank if last_known.is_none_or(|last| segment > last) => {
                remove(fs, &segment_path(dir, segment))?;
                survey.unused += 1;
            }
            _ => unreadable.push(segment),
        }
    }
    survey.next_segment = survey.segments.last().map_or(0, |s| s.number + 1);
    if let Some(last) = unreadable.last() {
        survey.next_segment = survey.next_segment.max(last + 1);
    }
    if let Some(last) = sealed(manifest.entries()).map(|s| s.segment).max() {
        survey.next_segment = survey.next_segment.max(last + 1);
    }
    survey.missing = damage::missing_segments(manifest, &survey.segments, &unreadable);
    Ok(survey)
}

/// Copies damage aside and records it, once; returns what nobody had declared before.
fn declare(
    fs: &Arc<dyn Fs>,
    dir: &Path,
    manifest: &mut Manifest,
    ledger: &Ledger,
    mut damages: Vec<DamageEntry>,
    mut missing: Vec<DamageEntry>,
) -> Result<Vec<DamageEntry>, OpenError> {
    missing.retain(|d| {
        d.frames[0] < d.frames[1] && !manifest.entries().any(|e| covering(e, d).is_some())
    });
    if !missing.is_empty() {
        damage::name_owners(fs, dir, &mut missing);
    }
    damages.extend(missing);
    damages.retain(|d| !manifest.entries().any(|e| damage::is_same(e, d)));
    // On record, and not in the ledger: the process that recorded them died before it could say so there.
    let untold = manifest.entries().filter_map(|e| match e {
        Record::Damage(known) if !ledger.knows_damage(known.segment, &known.bytes) => Some(known),
        _ => None,
    });
    let untold: Vec<DamageEntry> = untold.cloned().collect();
    for damage in &mut damages {
        damage.quarantine = damage::quarantine(fs.as_ref(), dir, damage)?;
        manifest.record(fs.as_ref(), dir, Record::Damage(damage.clone()))?;
    }
    Ok(untold.into_iter().chain(damages).collect())
}

/// Builds the log around what was recovered, and starts the segment in which it goes on.
#[expect(clippy::too_many_lines, reason = "one log, built field by field")]
fn finish(
    parts: Parts<'_>,
    recovered: Recovered,
    next_segment: u64,
    facts: Facts,
) -> Result<(Inner, RecoveryReport), OpenError> {
    let Parts { fs, dir, options, clock, seed, log, mut manifest, lock_file, watermark } = parts;
    let now = clock.now();
    let damages =
        declare(&fs, dir, &mut manifest, &recovered.ledger, recovered.damages, facts.missing)?;
    let is_damaged = recovered.is_damaged || !damages.is_empty();
    let start = match (facts.is_new, is_damaged, recovered.is_clean) {
        (true, ..) => Start::Created,
        (_, true, _) => Start::Damaged,
        (_, _, true) => Start::Clean,
        _ => Start::Torn,
    };
    let is_jump = !matches!(start, Start::Created | Start::Clean);
    let mut next_seq = recovered.max_seq;
    if is_jump {
        next_seq = ((next_seq >> 32) + 2) << 32;
    }
    let jumped = next_seq;
    let mut group: Vec<Arc<Entry>> = recovered.salvage.into_iter().map(Arc::new).collect();
    let mut lost = Vec::new();
    for damage in &damages {
        let (entry, gaps) = lost_entry(damage, next_seq, recovered.log_clock, now);
        next_seq = entry.end_seq();
        lost.extend(gaps);
        group.push(Arc::new(entry));
    }
    let report = RecoveryReport {
        log_id: log.log_id,
        start,
        walked: recovered.walked,
        bytes_read: recovered.bytes_read,
        frames_torn: recovered.frames_torn,
        bytes_torn: recovered.bytes_torn,
        frames_salvaged: group.iter().filter(|e| e.is_salvaged).count() as u64,
        rows_salvaged: group.iter().filter(|e| e.data.is_some()).map(|e| u64::from(e.rows)).sum(),
        noise: recovered.noise,
        lost,
        next_seq: jumped,
        is_jump,
        is_manifest_rebuilt: facts.is_rebuilt,
        unused: facts.unused,
    };
    let end = end_of(start, recovered.segments.is_empty());
    let jobs = seal_jobs(
        &manifest,
        &recovered.segments,
        recovered.cut,
        end,
        recovered.base_frame,
        recovered.live_seq,
    );
    let watermark_file = Inner::open_watermark(fs.as_ref(), dir)?;
    let declared = manifest.entries().filter(|e| matches!(e, Record::Damage(_))).count() as u64;
    let health = Health { damages: declared, ..Health::default() };
    let inner = Inner {
        queue: Mutex::new(Queue::new(
            recovered.ledger.clone(),
            recovered.recents,
            recovered.schemas,
            next_seq,
            recovered.log_clock,
        )),
        writer: Mutex::new(Writer {
            link: Link { cut: recovered.cut, end },
            next_frame: recovered.base_frame,
            prev_crc: recovered.prev_crc,
            durable_frame: recovered.base_frame,
            durable_seq: recovered.live_seq,
            log_clock: recovered.log_clock,
            last_ts: recovered.last_ts,
            schemas: recovered.live_schemas,
            generation: watermark.map_or(0, |w| w.generation),
            watermark: Some(watermark_file),
            active: None,
            is_unproven: false,
            stalled: Vec::new(),
            kept: Vec::new(),
            buffer: Vec::new(),
        }),
        shown: Mutex::new(Shown::new(
            recovered.base_frame,
            recovered.live_seq,
            next_seq,
            options.credit_bytes,
        )),
        spares: Mutex::new(Spares::new(next_segment)),
        ledger: Mutex::new(recovered.ledger),
        manifest: Mutex::new(manifest),
        jobs: Mutex::new(jobs),
        health: Mutex::new(health),
        stats: Mutex::default(),
        live: Mutex::default(),
        upkeep: Mutex::default(),
        work: Condvar::new(),
        room: Condvar::new(),
        due: Condvar::new(),
        news: Condvar::new(),
        lock: Mutex::new(Some(lock_file)),
        log_id: log.log_id,
        segment_bytes: log.segment_bytes,
        dir: dir.to_path_buf(),
        fs,
        options,
        clock,
        seed,
    };
    go_on(&inner, &group, is_jump.then_some(next_seq))?;
    Ok((inner, report))
}

/// The frame that declares damage, at its place, and the gaps that it makes.
fn lost_entry(
    damage: &DamageEntry,
    first_seq: u64,
    avail_floor: i64,
    now: UtcNanos,
) -> (Entry, Vec<Gap>) {
    let entry = Entry { first_seq, avail_floor, ..damage::lost_frame(damage) };
    let gaps = entry.note.gaps(&Place { ts: now, ..entry.place() });
    (entry, gaps)
}

/// How the segment before the new one ended.
fn end_of(start: Start, is_first: bool) -> End {
    match start {
        _ if is_first => End::First,
        Start::Created => End::First,
        Start::Clean => End::Closed,
        Start::Torn => End::Unclean,
        Start::Damaged => End::Damage,
    }
}

/// Starts the new segment. A full disk is no reason to refuse: the log opens and waits for room.
///
/// Numbers that were left out are made known by a mark, so that the next start gives none of them either.
fn go_on(inner: &Inner, group: &[Arc<Entry>], jumped: Option<u64>) -> Result<(), OpenError> {
    let mut writer = lock(&inner.writer);
    let ts = writer.last_ts.max(inner.now());
    writer.last_ts = ts;
    {
        // As if they had been admitted just now: what is committed must not run ahead of what was admitted, and
        // admission must know them, whether the disk has room for them now or later.
        let mut queue = lock(&inner.queue);
        queue.admitted += group.iter().filter(|e| matters(e)).count() as u64;
        for entry in group {
            queue.cost += entry.cost();
            queue.rows += u64::from(entry.rows);
            entry.note.apply(&mut queue.ledger, &Place { ts, ..entry.place() });
        }
    }
    match inner.start_segment(&mut writer, group, ts) {
        Ok(()) => inner.finish_group(&mut writer, group, ts),
        Err(crate::writer::WriteError::Fs(error)) if error.kind == FsErrorKind::NoSpace => {
            writer.stalled = group.to_vec();
            let free = inner.fs.free_space(&inner.dir).unwrap_or(0);
            lock(&inner.queue).disk_full = Some((free, inner.segment_bytes));
            return Ok(());
        }
        Err(crate::writer::WriteError::Fs(error)) => return Err(OpenError::Fs(error)),
        Err(crate::writer::WriteError::Snapshot(found)) => {
            let expected = "room for the snapshot of the ledger".to_owned();
            return Err(OpenError::Options { option: "segment_bytes", expected, found });
        }
    }
    if let Some(next_seq) = jumped {
        writer.durable_seq = writer.durable_seq.max(next_seq);
        writer.is_unproven = true;
    }
    drop(writer);
    if jumped.is_some() {
        match inner.mark() {
            Err(crate::writer::WriteError::Fs(error)) if error.kind != FsErrorKind::NoSpace => {
                return Err(OpenError::Fs(error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Segments that an earlier process did not get to seal.
fn seal_jobs(
    manifest: &Manifest,
    segments: &[(u64, crate::format::segment::SegmentHeader)],
    cut: u64,
    end: End,
    end_frame: u64,
    end_seq: u64,
) -> VecDeque<SealJob> {
    let ends =
        segments.iter().skip(1).map(|(_, h)| (h.prev_cut, h.prev_end, h.base_frame, h.base_seq));
    let ends: Vec<_> = ends.chain([(cut, end, end_frame, end_seq)]).collect();
    segments
        .iter()
        .zip(ends)
        .filter(|((segment, _), (cut, ..))| manifest.sealed(*segment).is_none() && *cut != u64::MAX)
        .map(|((segment, header), (cut, end, end_frame, end_seq))| SealJob {
            segment: *segment,
            base_frame: header.base_frame,
            end_frame,
            first_seq: header.base_seq,
            end_seq,
            cut,
            end,
        })
        .collect()
}

/// Schemas by number, without holes: a number whose schema was lost keeps its place.
pub(crate) fn dense(
    schemas: &BTreeMap<u32, Arc<crate::format::body::StoredSchema>>,
) -> Vec<Arc<crate::format::body::StoredSchema>> {
    let end = schemas.keys().next_back().copied().unwrap_or(0);
    (1..=end)
        .map(|no| {
            schemas
                .get(&no)
                .cloned()
                .unwrap_or_else(|| Arc::new(crate::format::body::StoredSchema::lost()))
        })
        .collect()
}
