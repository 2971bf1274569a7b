//! What stands where in a log that this process does not write: looked up once, without its lock and without its rows.

use crate::error::ReadError;
use crate::format::manifest::{ArchivedEntry, Entry as Record};
use crate::reader::claimed;
use crate::recover::read_watermark;
use crate::scan::{Raw, Scan};
use crate::segments::{Head, open_segment, segment_numbers};
use crate::store::{archived, named_manifest, sealed};
use crate::window::{Window, segment_path};
use contract::{EventId, Hash, UtcNanos};
use durable::{Fs, FsErrorKind};
use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A log at one moment.
///
/// - **Shape:** every row below `durable_seq` is in exactly one place: in a file of `runs`, or in a segment within one of
///   the ranges of [`live`](Self::live). Ranges of numbers are half-open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stock {
    /// The log's identity.
    pub log_id: EventId,
    /// All rows below were durable; no other may be shown.
    pub durable_seq: u64,
    /// When the writer last made rows durable; `None` when it left no mark.
    pub ts_durable: Option<UtcNanos>,
    /// Archive runs, in the order of the log.
    pub runs: Vec<ArchivedRun>,
    /// Segments that are recorded or whose header can be read, in order.
    pub segments: Vec<SegmentStock>,
    /// Rows that were declared lost.
    pub damage: Vec<DamagedRange>,
}

/// Consecutive segments whose rows are in the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedRun {
    /// Their numbers.
    pub segments: RangeInclusive<u64>,
    /// Numbers of rows that the run covers.
    pub seqs: Range<u64>,
    /// Its files.
    pub files: Vec<ArchivedFile>,
}

/// A file of the archive, as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedFile {
    /// Table.
    pub table: String,
    /// Where it stands, below the path that the log was asked for with.
    pub path: PathBuf,
    /// Rows.
    pub rows: u64,
    /// From its smallest number to behind its largest: files of other tables and days have rows in between.
    pub seqs: Range<u64>,
    /// Smallest and largest delivered `ts_avail`.
    pub ts_avail: RangeInclusive<UtcNanos>,
    /// Length.
    pub bytes: u64,
    /// SHA-256 of the file.
    pub sha256: Hash,
}

/// A segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentStock {
    /// Its number.
    pub number: u64,
    /// Numbers of rows; those of the segment being written reach up to `durable_seq`.
    pub seqs: Range<u64>,
    /// Bytes of its live range; of one that is not sealed, of its file.
    pub bytes: u64,
    /// Whether it will not change any more.
    pub is_sealed: bool,
    /// Whether a run covers it.
    pub is_archived: bool,
    /// Whether its file is or will be removed.
    pub is_dropped: bool,
}

/// Rows that were durable and cannot be read, as they were declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamagedRange {
    /// Segment.
    pub segment: u64,
    /// Their numbers.
    pub seqs: Range<u64>,
    /// Their tables; `None` when that is not known.
    pub tables: Option<Vec<String>>,
}

impl Stock {
    /// Ranges of numbers below `durable_seq` that no run covers: their rows are in segments.
    #[must_use]
    pub fn live(&self) -> Vec<Range<u64>> {
        let mut ranges = Vec::new();
        let (mut at, mut segment) = (0, 0);
        for run in &self.runs {
            // Numbers between consecutive segments were never given.
            if run.seqs.start > at && *run.segments.start() > segment {
                ranges.push(at..run.seqs.start.min(self.durable_seq));
            }
            at = at.max(run.seqs.end);
            segment = segment.max(run.segments.end() + 1);
        }
        ranges.push(at..self.durable_seq);
        ranges.retain(|range| !range.is_empty());
        ranges
    }
}

/// Looks up what stands where.
///
/// - **Point in time:** the manifest is read before the mark of durability, and a run's rows were durable before it was
///   recorded. So `durable_seq` covers all that the manifest names, and what a later run takes is still within
///   [`Stock::live`], where a [`Reader`](crate::Reader) with an `end_seq` finds it, in its segment or in that run.
/// - **Cost:** the manifest, and 8 KiB of each segment that is not sealed; one pass over the newest segment when the mark is
///   missing. No rows: whoever hands rows on asks the gate.
///
/// # Errors
/// [`ReadError`].
///
/// ```
/// # use capture::{FixedClock, Log, Options, ProducerSpec};
/// # use contract::{EventId, UtcNanos, testing::trades};
/// # use std::sync::Arc;
/// # let folder = tempfile::tempdir()?;
/// # let dir = folder.path().join("log");
/// # let now = UtcNanos::parse("2024-08-08T23:54:15Z")?;
/// # let fs: Arc<dyn durable::Fs> = Arc::new(durable::RealFs);
/// let options = Options { segment_bytes: 1 << 20, ..Options::default() };
/// let (log, _) = Log::open(Arc::clone(&fs), &dir, options, Arc::new(FixedClock(now)), 7)?;
/// let mut feed = log.open_producer(ProducerSpec::new(EventId::from_bytes([1; 16]), "binance"))?;
/// feed.append_durable(&trades("90 3.0 B, 95 1.0 A"))?;
/// log.close()?;
/// // Another process:
/// let found = capture::stock(&fs, &dir)?;
/// assert_eq!(found.live(), [0..found.durable_seq]); // nothing is archived yet
/// assert_eq!(found.segments.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn stock(fs: &Arc<dyn Fs>, dir: &Path) -> Result<Stock, ReadError> {
    let (parsed, log_id) = named_manifest(fs.as_ref(), dir)?;
    let records: Vec<Record> = parsed.entries.into_iter().map(|(_, entry)| entry).collect();
    let mark = read_watermark(fs.as_ref(), dir, log_id)?;
    let marked = match &mark {
        Some(mark) => mark.durable_seq,
        None => proved(fs, dir)?,
    };
    let mut runs: Vec<ArchivedRun> = archived(records.iter()).map(|run| run_of(dir, run)).collect();
    runs.sort_by_key(|run| (run.seqs.start, run.seqs.end));
    // The mark is not synced: after a power cut it may be older than what was archived meanwhile.
    let durable_seq = runs.iter().map(|run| run.seqs.end).fold(marked, u64::max);
    let damage = records.iter().filter_map(|record| match record {
        Record::Damage(damage) => Some(DamagedRange {
            segment: damage.segment,
            seqs: range(damage.seqs),
            tables: damage.tables.clone(),
        }),
        _ => None,
    });
    Ok(Stock {
        log_id,
        durable_seq,
        ts_durable: mark.map(|mark| UtcNanos::from_nanos(mark.ts)),
        damage: damage.collect(),
        segments: segments(fs.as_ref(), dir, &records, &runs, durable_seq)?,
        runs,
    })
}

fn range([first, end]: [u64; 2]) -> Range<u64> {
    first..end
}

fn run_of(dir: &Path, run: &ArchivedEntry) -> ArchivedRun {
    let files = run.files.iter().map(|file| ArchivedFile {
        table: file.table.clone(),
        path: place(dir, &file.path),
        rows: file.rows,
        seqs: file.first_seq..file.end_seq,
        ts_avail: UtcNanos::from_nanos(file.min_ts_avail)..=UtcNanos::from_nanos(file.max_ts_avail),
        bytes: file.bytes,
        sha256: file.sha256,
    });
    let [first, last] = run.segments;
    ArchivedRun { segments: first..=last, seqs: range(run.seqs), files: files.collect() }
}

fn place(dir: &Path, relative: &str) -> PathBuf {
    relative.split('/').fold(dir.join("archive"), |path, name| path.join(name))
}

/// The number behind the last row that the frames themselves prove durable.
fn proved(fs: &Arc<dyn Fs>, dir: &Path) -> Result<u64, ReadError> {
    let bound = claimed(fs, dir)?;
    let mut scan = Scan::seek(Arc::clone(fs), dir, u64::MAX)?;
    while !matches!(scan.next(bound)?, Raw::End) {}
    Ok(scan.end_seq())
}

fn segments(
    fs: &dyn Fs,
    dir: &Path,
    records: &[Record],
    runs: &[ArchivedRun],
    durable_seq: u64,
) -> Result<Vec<SegmentStock>, ReadError> {
    let dropped: BTreeSet<u64> = records
        .iter()
        .filter_map(|record| match record {
            Record::Dropped { segment } => Some(*segment),
            _ => None,
        })
        .collect();
    let is_archived = |number: u64| runs.iter().any(|run| run.segments.contains(&number));
    let mut out: Vec<SegmentStock> = sealed(records.iter())
        .map(|sealed| SegmentStock {
            number: sealed.segment,
            seqs: sealed.first_seq..sealed.end_seq,
            bytes: sealed.cut,
            is_sealed: true,
            is_archived: is_archived(sealed.segment),
            is_dropped: dropped.contains(&sealed.segment),
        })
        .collect();
    let recorded: BTreeSet<u64> = out.iter().map(|segment| segment.number).collect();
    for number in segment_numbers(fs, dir)?.into_iter().filter(|n| !recorded.contains(n)) {
        let Some((base_seq, bytes)) = head(fs, dir, number)? else { continue };
        out.push(SegmentStock {
            number,
            seqs: base_seq..base_seq.max(durable_seq),
            bytes,
            is_sealed: false,
            is_archived: is_archived(number),
            is_dropped: dropped.contains(&number),
        });
    }
    out.sort_by_key(|segment| segment.number);
    // A segment that is full and waits to be sealed ends where the next one begins.
    let starts: Vec<u64> = out.iter().skip(1).map(|segment| segment.seqs.start).collect();
    for (segment, next) in out.iter_mut().zip(starts) {
        segment.seqs.end = segment.seqs.end.min(next);
    }
    Ok(out)
}

/// First number and length of a segment that was started.
fn head(fs: &dyn Fs, dir: &Path, number: u64) -> Result<Option<(u64, u64)>, ReadError> {
    let look = || -> Result<Option<(u64, u64)>, durable::FsError> {
        if Window::open(fs, &segment_path(dir, number))?.is_blank()? {
            return Ok(None);
        }
        let (window, head) = open_segment(fs, dir, number, false)?;
        Ok(match head {
            Head::Known(header) => Some((header.base_seq, window.end())),
            Head::Blank | Head::Unreadable | Head::Later(..) => None,
        })
    };
    match look() {
        // Dropped since it was listed.
        Err(error) if error.kind == FsErrorKind::NotFound => Ok(None),
        other => Ok(other?),
    }
}
