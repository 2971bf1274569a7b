//! Completeness of a log that another process writes, or nobody: read, never written, without its lock.

use crate::completeness::Completeness;
use crate::count::{Counted, count};
use crate::error::ReadError;
use crate::format::body::decode_streams;
use crate::format::frame::{FrameHeader, Kind};
use crate::format::manifest::Entry as Record;
use crate::gap::Gap;
use crate::ledger::Ledger;
use crate::note::{Note, Place};
use crate::options::Options;
use crate::reader::claimed;
use crate::recover::read_watermark;
use crate::scan::{Raw, Scan};
use crate::segments::segment_numbers;
use crate::store::{named_manifest, read_manifest};
use contract::{EventId, GapKind, Outcome, ReadContext, Resource, ResourceKind, UtcNanos};
use durable::{Fs, FsErrorKind};
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// How often a survey starts over because the writer dropped a segment under it.
const ATTEMPTS: u32 = 4;

/// Whether everything that was emitted is durable, with the evidence, of a log that this process does not write; rows are
/// counted for the numbers of a range, accounts, gaps and the verdict are those of the whole log.
///
/// - **Point in time:** the accounts are those at the last durable frame; `now` decides how long rows have been missing.
///   A beat that is under way is not seen, so a log at work may be `open` here and `complete` to its writer.
/// - **Cost:** one pass over the newest segment for the accounts, and the frame headers of the range for the rows.
///
/// # Errors
/// [`ReadError`]. Damage is no error: it is among the gaps.
///
/// ```
/// # use capture::{FixedClock, Log, Options, ProducerSpec};
/// # use contract::{CaptureVerdict, EventId, Principal, Purpose, ReadContext, UtcNanos, testing::trades};
/// # use std::sync::Arc;
/// # let folder = tempfile::tempdir()?;
/// # let dir = folder.path().join("log");
/// # let now = UtcNanos::parse("2024-08-08T23:54:15Z")?;
/// # let fs: Arc<dyn durable::Fs> = Arc::new(durable::RealFs);
/// let options = Options { segment_bytes: 1 << 20, ..Options::default() };
/// let (log, _) = Log::open(Arc::clone(&fs), &dir, options.clone(), Arc::new(FixedClock(now)), 7)?;
/// let mut feed = log.open_producer(ProducerSpec::new(EventId::from_bytes([1; 16]), "binance"))?;
/// feed.append_durable(&trades("90 3.0 B, 95 1.0 A"))?;
/// feed.close()?;
/// // Another process, while the log is open:
/// let ctx = ReadContext { principal: Principal::parse("desk")?, purpose: Purpose::parse("audit")? };
/// let found = capture::completeness(&fs, &dir, &options, &ctx, now, 0..u64::MAX)?;
/// assert_eq!((found.verdict, found.rows["trades"]), (CaptureVerdict::Complete, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn completeness(
    fs: &Arc<dyn Fs>,
    dir: &Path,
    options: &Options,
    ctx: &ReadContext,
    now: UtcNanos,
    seqs: Range<u64>,
) -> Result<Completeness, ReadError> {
    let what = Resource {
        kind: ResourceKind::Log,
        name: options.name.clone(),
        version: None,
        tables: Vec::new(),
    };
    let grant = options.gate.open(ctx, &what)?;
    let mut attempt = 1;
    let found = loop {
        let before = dropped(fs.as_ref(), dir)?;
        let found = look(fs, dir, now, seqs.clone());
        if attempt == ATTEMPTS || before == dropped(fs.as_ref(), dir)? {
            break found;
        }
        attempt += 1;
    };
    let outcome = Outcome { rows: 0, bytes: 0, is_complete: found.is_ok() };
    options.gate.close(grant, outcome);
    found
}

fn dropped(fs: &dyn Fs, dir: &Path) -> Result<usize, ReadError> {
    let parsed = read_manifest(fs, dir)?;
    let is_drop = |(_, entry): &&(u64, Record)| matches!(entry, Record::Dropped { .. });
    Ok(parsed.map_or(0, |parsed| parsed.entries.iter().filter(is_drop).count()))
}

fn look(
    fs: &Arc<dyn Fs>,
    dir: &Path,
    now: UtcNanos,
    seqs: Range<u64>,
) -> Result<Completeness, ReadError> {
    // The mark comes first: every frame below it was written before anything else is read here.
    let (parsed, id) = named_manifest(fs.as_ref(), dir)?;
    let mark = read_watermark(fs.as_ref(), dir, id)?;
    let bound = match &mark {
        Some(mark) => mark.durable_frame,
        None => claimed(fs, dir)?,
    };
    let records: Vec<Record> = parsed.entries.into_iter().map(|(_, entry)| entry).collect();
    let mut survey = Survey {
        ledger: Ledger::new(id),
        records: &records,
        holes: Vec::new(),
        unheard: None,
        end_seq: 0,
        now,
    };
    survey.replay(fs, dir, bound)?;
    let durable_seq = mark.map_or(survey.end_seq, |mark| mark.durable_seq.max(survey.end_seq));
    let seqs = seqs.start..seqs.end.min(durable_seq);
    let Counted { rows, holes } = count(fs, dir, bound, &seqs, &records, now)?;
    let mut gaps = survey.ledger.gaps();
    for hole in survey.holes.into_iter().chain(holes) {
        if !gaps.iter().any(|gap| gap.covers(&hole)) {
            gaps.push(hole);
        }
    }
    let accounts = survey.ledger.accounts(durable_seq, now);
    Ok(Completeness::new(id, seqs, accounts, gaps, rows))
}

/// The accounts on their way from a snapshot to the last durable frame.
struct Survey<'a> {
    ledger: Ledger,
    records: &'a [Record],
    /// What cannot be read and no record declares.
    holes: Vec<Gap>,
    /// Behind a hole: producers that have been heard since.
    unheard: Option<(Gap, BTreeSet<EventId>)>,
    end_seq: u64,
    now: UtcNanos,
}

/// Gaps as the newest frames declare them.
#[cfg(feature = "archive")]
pub(crate) fn gaps(fs: &Arc<dyn Fs>, dir: &Path) -> Result<Vec<Gap>, ReadError> {
    Ok(look(fs, dir, UtcNanos::from_nanos(0), 0..0)?.gaps)
}

impl Survey<'_> {
    /// Starts at the newest snapshot that can be read, or at the oldest segment.
    fn replay(&mut self, fs: &Arc<dyn Fs>, dir: &Path, bound: u64) -> Result<(), ReadError> {
        let mut oldest = None;
        for segment in segment_numbers(fs.as_ref(), dir)?.into_iter().rev() {
            let scan = match Scan::at_segment(Arc::clone(fs), dir, segment) {
                Err(ReadError::Fs(error)) if error.kind == FsErrorKind::NotFound => continue,
                other => other?,
            };
            // A segment that has not been started yet holds no durable frame.
            let Some(mut scan) = scan.filter(|s| s.base_frame().is_some_and(|base| base < bound))
            else {
                continue;
            };
            if self.restore(&mut scan, bound)? {
                return self.follow(scan, bound);
            }
            oldest = Some(segment);
        }
        let Some(segment) = oldest else { return Ok(()) };
        match Scan::at_segment(Arc::clone(fs), dir, segment)? {
            Some(scan) => self.follow(scan, bound),
            None => Ok(()),
        }
    }

    /// Takes the accounts from the snapshot that a segment begins with; says whether it can be read.
    fn restore(&mut self, scan: &mut Scan, bound: u64) -> Result<bool, ReadError> {
        loop {
            let Raw::Frame(place) = scan.next(bound)? else { return Ok(false) };
            match place.header.kind {
                Kind::Schema => {}
                Kind::Producers => {
                    let Some(body) = scan.body(&place)? else { return Ok(false) };
                    let restored = decode_streams(&body)
                        .ok()
                        .and_then(|batches| Ledger::restore(self.ledger.log_id(), &batches).ok());
                    let is_whole = restored.is_some();
                    self.ledger = restored.unwrap_or_else(|| Ledger::new(self.ledger.log_id()));
                    return Ok(is_whole);
                }
                _ => return Ok(false),
            }
        }
    }

    fn follow(&mut self, mut scan: Scan, bound: u64) -> Result<(), ReadError> {
        loop {
            match scan.next(bound)? {
                Raw::End => break,
                Raw::Hole(hole) => {
                    let gap = hole.gap(self.now);
                    if self.is_declared(hole.segment, &hole.frames) {
                        continue;
                    }
                    self.holes.push(gap.clone());
                    self.unheard = Some((gap, BTreeSet::new()));
                }
                Raw::Frame(place) => {
                    let header = place.header;
                    self.listen(&header);
                    let body = scan.body(&place)?;
                    let frames = header.frame_no..header.frame_no + 1;
                    if let Some(note) = body.and_then(|body| Note::decode(header.kind, &body)) {
                        note.apply(&mut self.ledger, &Place::of(&header));
                    } else if !self.is_declared(place.segment, &frames) {
                        let shape = scan.shape(header.schema_no);
                        let table = shape.map(|s| Arc::clone(&s.stored.table));
                        self.lose(place.gap(table, self.now));
                    } else if header.kind == Kind::Data {
                        // Stored once, lost later: the declaration comes further on.
                        Note::Rows.apply(&mut self.ledger, &Place::of(&header));
                    }
                }
            }
        }
        self.end_seq = scan.end_seq();
        Ok(())
    }

    /// Whose rows a hole held follows from where each producer stood before and stands after it.
    fn listen(&mut self, header: &FrameHeader) {
        let Some((hole, heard)) = self.unheard.as_mut() else { return };
        let speaks = matches!(header.kind, Kind::Data | Kind::Beat | Kind::Close | Kind::Skip);
        if !speaks || !heard.insert(header.producer_id) {
            return;
        }
        let stood = self.ledger.end_pseq(header.producer_id);
        if header.first_pseq > stood {
            let gap = Gap {
                producer_id: Some(header.producer_id),
                pseqs: Some(stood..header.first_pseq),
                ..hole.clone()
            };
            self.ledger.lose(gap);
        }
    }

    fn lose(&mut self, gap: Gap) {
        if gap.producer_id.is_some() {
            self.ledger.lose(gap);
        } else {
            self.holes.push(gap);
        }
    }

    fn is_declared(&self, segment: u64, frames: &Range<u64>) -> bool {
        self.records.iter().any(|record| {
            matches!(record, Record::Damage(d)
                if d.segment == segment && d.frames[0] <= frames.start && frames.end <= d.frames[1])
        })
    }
}

impl crate::scan::Place {
    /// A frame whose header is good and whose body is not, as a gap.
    pub(crate) fn gap(&self, table: Option<Arc<str>>, now: UtcNanos) -> Gap {
        let header = &self.header;
        let is_data = header.kind == Kind::Data;
        Gap {
            producer_id: is_data.then_some(header.producer_id),
            table: table.filter(|_| is_data),
            pseqs: is_data.then(|| header.first_pseq..header.first_pseq + u64::from(header.rows)),
            seqs: Some(header.first_seq..header.end_seq()),
            segment_no: Some(self.segment),
            bytes: Some(self.at..self.at + header.stored_len()),
            ..Gap::new(GapKind::Damaged, now)
        }
    }
}

impl crate::scan::Hole {
    /// Frames that are not there at all, as a gap.
    pub(crate) fn gap(&self, now: UtcNanos) -> Gap {
        Gap {
            seqs: Some(self.seqs.clone()),
            segment_no: Some(self.segment),
            bytes: Some(self.bytes.clone()),
            ..Gap::new(GapKind::Damaged, now)
        }
    }
}
