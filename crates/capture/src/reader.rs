//! Rows in the order of the log, live or from the beginning.

mod absent;

use crate::cursor::Cursor;
use crate::deliver::Shape;
use crate::entry::Entry;
use crate::error::ReadError;
use crate::filter::Filter;
use crate::format::body::{StoredSchema, decode_rows};
use crate::format::frame::{FrameHeader, Kind};
use crate::gap::Gap;
use crate::inner::Inner;
use crate::item::{Control, ControlKind, Item, LoggedBatch};
use crate::note::{Note, Place};
use crate::options::Options;
use crate::recover::read_watermark;
use crate::scan::{Raw, Scan};
use crate::store::named_manifest;
use crate::sync::lock;
use absent::Absent;
use arrow_array::RecordBatch;
use contract::{
    EventId, GapKind, Gate, Grant, Outcome, ReadContext, Resource, ResourceKind, TableName,
    UtcNanos,
};
use durable::Fs;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What a reader may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Visibility {
    /// Durable rows only: nothing that is shown can vanish. The default.
    #[default]
    Durable,
    /// Rows as soon as they have a number, in the process that writes: for live features. What is made of them belongs
    /// into the same log, or waits until they are durable.
    Appended,
}

/// Where a reader gets its rows from.
#[derive(Debug)]
enum Source {
    /// The log of this process.
    Own(Arc<Inner>),
    /// A log that another process writes, or nobody.
    Other(Other),
}

#[derive(Debug)]
struct Other {
    fs: Arc<dyn Fs>,
    dir: PathBuf,
    log_id: EventId,
}

/// Rows in the order of the log.
///
/// A slow reader never holds up a writer, and misses nothing: what is no longer in memory it reads from the segments,
/// and what is no longer there from the archive.
#[derive(Debug)]
pub struct Reader {
    source: Source,
    filter: Filter,
    visibility: Visibility,
    next_seq: u64,
    pending: VecDeque<Item>,
    scan: Option<Scan>,
    /// What no segment holds, and comes next.
    absent: Option<Absent>,
    /// Number of the first frame that might not be shown when it was last asked for, and of the first row; they only grow.
    bound: (u64, u64),
    shapes: Vec<(Arc<StoredSchema>, Arc<Shape>)>,
    gate: Arc<dyn Gate>,
    grant: Option<Grant>,
    rows: u64,
    bytes: u64,
    is_complete: bool,
    /// Work of scans that were given up.
    work: ReadWork,
    /// A frame was met behind which nothing passes the filter.
    is_past: bool,
}

/// What a reader has done so far.
///
/// - **Units:** bytes as they were read from files, whatever of them was used; rows that came from memory cost none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReadWork {
    /// Bytes read from segments and archive files.
    pub bytes: u64,
    /// Segments entered.
    pub segments: u64,
    /// Frames of rows whose bodies were decoded.
    pub frames: u64,
    /// Frames of rows passed by their headers alone.
    pub frames_skipped: u64,
}

/// Reads a log without its lock: another process may be writing to it.
#[derive(Debug)]
pub struct LogReader;

impl LogReader {
    /// Opens a log for reading from a number on. Nothing is written, no lock is taken.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn open(
        fs: Arc<dyn Fs>,
        dir: &Path,
        options: &Options,
        ctx: &ReadContext,
        from_seq: u64,
        filter: Filter,
    ) -> Result<Reader, ReadError> {
        let (_, log_id) = named_manifest(fs.as_ref(), dir)?;
        let other = Other { fs, dir: dir.to_path_buf(), log_id };
        let gate = Arc::clone(&options.gate);
        Reader::new(
            Source::Other(other),
            gate,
            &options.name,
            ctx,
            from_seq,
            Visibility::Durable,
            filter,
        )
    }

    /// Identity of the log in a folder.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn log_id(fs: &dyn Fs, dir: &Path) -> Result<EventId, ReadError> {
        Ok(named_manifest(fs, dir)?.1)
    }
}

impl crate::Log {
    /// Reads from a cursor on.
    ///
    /// # Errors
    /// [`ReadError`]: denied by the gate, or a cursor of another log.
    pub fn reader(
        &self,
        ctx: &ReadContext,
        cursor: Cursor,
        visibility: Visibility,
        filter: Filter,
    ) -> Result<Reader, ReadError> {
        if cursor.log_id != self.inner.log_id {
            return Err(ReadError::OtherLog { expected: self.inner.log_id, found: cursor.log_id });
        }
        let inner = Arc::clone(&self.inner);
        let (gate, name) = (Arc::clone(&inner.options.gate), inner.options.name.clone());
        Reader::new(Source::Own(inner), gate, &name, ctx, cursor.next_seq, visibility, filter)
    }

    /// The cursor before the first row.
    #[must_use]
    pub fn start(&self) -> Cursor {
        Cursor { log_id: self.inner.log_id, next_seq: 0 }
    }
}

impl Reader {
    fn new(
        source: Source,
        gate: Arc<dyn Gate>,
        name: &contract::Name,
        ctx: &ReadContext,
        next_seq: u64,
        visibility: Visibility,
        filter: Filter,
    ) -> Result<Self, ReadError> {
        let tables = filter.tables.iter().filter_map(|t| TableName::parse(t).ok()).collect();
        let what = Resource { kind: ResourceKind::Log, name: name.clone(), version: None, tables };
        let grant = Some(gate.open(ctx, &what)?);
        Ok(Self {
            source,
            filter,
            visibility,
            next_seq,
            pending: VecDeque::new(),
            scan: None,
            absent: None,
            bound: (0, 0),
            shapes: Vec::new(),
            gate,
            grant,
            rows: 0,
            bytes: 0,
            is_complete: false,
            work: ReadWork::default(),
            is_past: false,
        })
    }

    /// Where to go on after the items that were handed out.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        let next_seq = self.pending.iter().find_map(|item| match item {
            Item::Batch(batch) => Some(batch.first_seq),
            Item::Control(control) => Some(control.seq),
            Item::Gap(gap) => gap.seq.or(gap.seqs.as_ref().map(|s| s.start)),
            Item::CaughtUp => None,
        });
        Cursor { log_id: self.log_id(), next_seq: next_seq.unwrap_or(self.next_seq) }
    }

    /// The log's identity.
    #[must_use]
    pub fn log_id(&self) -> EventId {
        match &self.source {
            Source::Own(inner) => inner.log_id,
            Source::Other(other) => other.log_id,
        }
    }

    /// The next item; [`Item::CaughtUp`] when nothing more may be shown now, as often as it is asked.
    ///
    /// # Errors
    /// [`ReadError`]. Damage is no error: it comes as [`Item::Gap`].
    #[expect(
        clippy::should_implement_trait,
        reason = "a log has no end that an iterator could reach"
    )]
    pub fn next(&mut self) -> Result<Item, ReadError> {
        loop {
            if let Some(item) = self.next_within(u64::MAX)? {
                return Ok(item);
            }
        }
    }

    /// As [`next`](Self::next), and `None` when so many steps, each over a frame or a stretch of the archive, found nothing
    /// to hand out: a caller that has to stop in between can.
    ///
    /// # Errors
    /// As there.
    pub fn next_within(&mut self, steps: u64) -> Result<Option<Item>, ReadError> {
        for _ in 0..steps {
            if let Some(item) = self.pending.pop_front() {
                if let Item::Batch(batch) = &item {
                    self.rows += batch.rows.num_rows() as u64;
                    self.bytes += batch.rows.get_array_memory_size() as u64;
                }
                return Ok(Some(item));
            }
            let is_over = self.is_past || self.filter.end_seq.is_some_and(|e| self.next_seq >= e);
            if is_over || !self.advance()? {
                self.is_complete = true;
                return Ok(Some(Item::CaughtUp));
            }
        }
        Ok(None)
    }

    /// What was read so far.
    #[must_use]
    pub fn work(&self) -> ReadWork {
        let scan = self.scan.as_ref();
        ReadWork {
            bytes: self.work.bytes + scan.map_or(0, Scan::bytes_read),
            segments: self.work.segments + scan.map_or(0, Scan::segments),
            ..self.work
        }
    }

    /// Waits until more may be shown, the log is closed, or the time is over; says whether there may be more.
    pub fn wait(&mut self, timeout: Duration) -> bool {
        match &self.source {
            Source::Own(inner) => {
                let is_eager = self.visibility == Visibility::Appended;
                let mut shown = lock(&inner.shown);
                shown.eager += usize::from(is_eager);
                let limit = |s: &crate::shown::Shown| match self.visibility {
                    Visibility::Durable => s.durable_seq,
                    Visibility::Appended => s.admitted_seq,
                };
                let waited = inner.news.wait_timeout_while(shown, timeout, |s| {
                    limit(s) <= self.next_seq && !s.is_over
                });
                let mut shown = waited.unwrap_or_else(std::sync::PoisonError::into_inner).0;
                shown.eager -= usize::from(is_eager);
                limit(&shown) > self.next_seq
            }
            Source::Other(other) => {
                let mut pause = Duration::from_millis(1);
                let mut waited = Duration::ZERO;
                loop {
                    let mark = read_watermark(other.fs.as_ref(), &other.dir, other.log_id);
                    if matches!(mark, Ok(Some(mark)) if mark.durable_seq > self.next_seq) {
                        return true;
                    }
                    if waited >= timeout {
                        return false;
                    }
                    std::thread::sleep(pause);
                    waited += pause;
                    pause = (pause * 2).min(Duration::from_millis(50));
                }
            }
        }
    }

    fn advance(&mut self) -> Result<bool, ReadError> {
        if let Source::Own(inner) = &self.source {
            let found = {
                let shown = lock(&inner.shown);
                let limit = match self.visibility {
                    Visibility::Durable => shown.durable_seq,
                    Visibility::Appended => shown.admitted_seq,
                };
                if self.next_seq < shown.ring_start {
                    None
                } else {
                    Some(shown.entry(self.next_seq, limit))
                }
            };
            if let Some(found) = found {
                self.leave_scan();
                self.absent = None;
                let Some(entry) = found else { return Ok(false) };
                self.take_entry(&entry)?;
                self.next_seq = entry.end_seq();
                return Ok(true);
            }
        }
        self.advance_by_file()
    }

    fn take_entry(&mut self, entry: &Entry) -> Result<(), ReadError> {
        let ts = entry.ts_append.get().copied();
        let mut place = entry.place();
        place.ts = ts.unwrap_or_else(|| self.now());
        if let Some((stored, rows)) = &entry.data {
            if !self.filter.wants_table(&stored.table)
                || !self.filter.wants_producer(entry.producer_id)
            {
                return Ok(());
            }
            let shape = self.shape_of(stored);
            let delivered = shape.deliver(rows, entry.first_seq, entry.avail_floor)?;
            return self.push_rows(&shape, delivered, place);
        }
        self.push_note(&entry.note, &place);
        Ok(())
    }

    fn now(&self) -> UtcNanos {
        match &self.source {
            Source::Own(inner) => inner.now(),
            Source::Other(_) => UtcNanos::from_nanos(0),
        }
    }

    fn shape_of(&mut self, stored: &Arc<StoredSchema>) -> Arc<Shape> {
        if let Some((_, shape)) = self.shapes.iter().find(|(s, _)| Arc::ptr_eq(s, stored)) {
            return Arc::clone(shape);
        }
        let shape = Arc::new(Shape::new(Arc::clone(stored)));
        self.shapes.push((Arc::clone(stored), Arc::clone(&shape)));
        shape
    }

    fn push_rows(
        &mut self,
        shape: &Shape,
        mut rows: RecordBatch,
        mut place: Place,
    ) -> Result<(), ReadError> {
        // A cursor may stand inside a batch, and a range end there.
        let skip = self.next_seq.saturating_sub(place.seq);
        if skip > 0 {
            let offset = usize::try_from(skip).unwrap_or(usize::MAX).min(rows.num_rows());
            rows = rows.slice(offset, rows.num_rows() - offset);
            place.seq += skip;
            place.first_pseq += skip;
        }
        if let Some(end) = self.filter.end_seq {
            let len = usize::try_from(end.saturating_sub(place.seq)).unwrap_or(usize::MAX);
            rows = rows.slice(0, len.min(rows.num_rows()));
        }
        if rows.num_rows() == 0 {
            return Ok(());
        }
        let rows = self.granted(rows)?;
        if let Some(rows) = self.filter.rows(rows)? {
            self.pending.push_back(Item::Batch(LoggedBatch {
                table: Arc::clone(&shape.stored.table),
                first_seq: place.seq,
                producer_id: place.producer_id,
                first_pseq: place.first_pseq,
                ts_append: place.ts,
                rows: Arc::new(rows),
            }));
        }
        Ok(())
    }

    /// The rows as the gate lets them be seen.
    fn granted(&self, rows: RecordBatch) -> Result<RecordBatch, ReadError> {
        let Some(grant) = &self.grant else { return Ok(rows) };
        let applied = grant.apply(rows);
        Ok(applied.map_err(|e| arrow_schema::ArrowError::SchemaError(e.to_string()))?)
    }

    fn push_note(&mut self, note: &Note, place: &Place) {
        let kind = match note {
            Note::Open { .. } => ControlKind::Open,
            Note::Beat => ControlKind::Beat,
            Note::Close => ControlKind::Close,
            _ => {
                let wanted = note
                    .gaps(place)
                    .into_iter()
                    .filter(|gap| gap.producer_id.is_none_or(|p| self.filter.wants_producer(p)));
                self.pending.extend(wanted.map(Item::Gap));
                return;
            }
        };
        if self.filter.wants_producer(place.producer_id) {
            self.pending.push_back(Item::Control(Control {
                kind,
                seq: place.seq,
                producer_id: place.producer_id,
                epoch: place.epoch,
                next_pseq: place.first_pseq,
                ts_append: place.ts,
            }));
        }
    }

    fn place(&self) -> (Arc<dyn Fs>, PathBuf) {
        match &self.source {
            Source::Own(inner) => (Arc::clone(&inner.fs), inner.dir.clone()),
            Source::Other(other) => (Arc::clone(&other.fs), other.dir.clone()),
        }
    }

    /// Number of the first frame that may not be shown, and below which number of rows everything lies before it.
    fn bound(&self) -> Result<(u64, u64), ReadError> {
        match &self.source {
            Source::Own(inner) => {
                let shown = lock(&inner.shown);
                Ok((shown.durable_frame, shown.durable_seq))
            }
            Source::Other(other) => {
                match read_watermark(other.fs.as_ref(), &other.dir, other.log_id)? {
                    Some(mark) => Ok((mark.durable_frame, mark.durable_seq)),
                    None => Ok((claimed(&other.fs, &other.dir)?, 0)),
                }
            }
        }
    }

    fn advance_by_file(&mut self) -> Result<bool, ReadError> {
        if let Some(absent) = self.absent.take() {
            return self.pass_absent(absent);
        }
        if self.scan.is_none() {
            self.bound = self.bound()?;
            let (fs, dir) = self.place();
            let scan = Scan::seek(fs, &dir, self.next_seq)?;
            if let Some(base) = scan.base_seq().filter(|base| *base > self.next_seq) {
                // The segments of these rows are gone.
                self.scan = Some(scan);
                self.absent = Some(Absent { end: base, hole: None });
                return Ok(true);
            }
            self.scan = Some(scan);
        }
        let Some(scan) = self.scan.as_mut() else { return Ok(false) };
        match scan.next(self.bound.0)? {
            Raw::End => {
                // The first segment was not there yet when it was looked for.
                if scan.base_seq().is_none() {
                    self.leave_scan();
                }
                // Asked only here: in a long replay that is once, not once a frame.
                // Numbers that no row will ever have, behind the last frame, are passed; not those of frames that were
                // dropped before they were read.
                if self.scan.as_ref().is_some_and(|scan| scan.is_through(self.bound.0)) {
                    self.next_seq = self.next_seq.max(self.bound.1);
                }
                let bound = self.bound()?;
                let has_grown = bound.0 > self.bound.0;
                self.bound = bound;
                Ok(has_grown)
            }
            Raw::Hole(hole) => {
                if hole.seqs.end > self.next_seq || hole.seqs.is_empty() {
                    self.next_seq = self.next_seq.max(hole.seqs.start);
                    self.absent = Some(Absent { end: hole.seqs.end, hole: Some(hole) });
                }
                Ok(true)
            }
            Raw::Frame(found) => {
                let header = found.header;
                if header.seqs() == 0 || header.end_seq() <= self.next_seq {
                    return Ok(true);
                }
                if header.kind == Kind::Data && self.filter.is_past(header.avail_floor) {
                    self.is_past = true;
                    return Ok(true);
                }
                let shape = scan.shape(header.schema_no).cloned();
                let wants_table =
                    shape.as_ref().is_none_or(|s| self.filter.wants_table(&s.stored.table));
                if header.kind == Kind::Data
                    && !(wants_table && self.filter.wants_producer(header.producer_id))
                {
                    self.work.frames_skipped += 1;
                    self.next_seq = header.end_seq();
                    return Ok(true);
                }
                let body = scan.body(&found)?;
                self.take_frame(&header, &found, shape, body)?;
                self.next_seq = header.end_seq();
                Ok(true)
            }
        }
    }

    fn leave_scan(&mut self) {
        if let Some(scan) = self.scan.take() {
            self.work.bytes += scan.bytes_read();
            self.work.segments += scan.segments();
        }
    }

    fn take_frame(
        &mut self,
        header: &FrameHeader,
        found: &crate::scan::Place,
        shape: Option<Arc<Shape>>,
        body: Option<arrow_buffer::Buffer>,
    ) -> Result<(), ReadError> {
        let place = Place::of(header);
        if header.kind != Kind::Data {
            match body.and_then(|b| Note::decode(header.kind, &b)) {
                Some(note) => self.push_note(&note, &place),
                None => self.push_damage(header, found, None),
            }
            return Ok(());
        }
        self.work.frames += 1;
        if let Some(shape) = &shape {
            let rows = body.and_then(|body| {
                decode_rows(&shape.stored, &body, header.codec, header.raw_len, header.rows).ok()
            });
            if let Some(rows) = rows {
                let delivered = shape.deliver(&rows, header.first_seq, header.avail_floor)?;
                return self.push_rows(shape, delivered, place);
            }
        }
        self.push_damage(header, found, shape.map(|s| Arc::clone(&s.stored.table)));
        Ok(())
    }

    /// A frame whose header is good and whose body is not.
    fn push_damage(
        &mut self,
        header: &FrameHeader,
        found: &crate::scan::Place,
        table: Option<Arc<str>>,
    ) {
        self.found_damage(&(header.frame_no..header.frame_no + 1));
        let is_data = header.kind == Kind::Data;
        self.pending.push_back(Item::Gap(Gap {
            producer_id: is_data.then_some(header.producer_id),
            table,
            pseqs: is_data.then(|| header.first_pseq..header.first_pseq + u64::from(header.rows)),
            seqs: Some(header.first_seq..header.end_seq()),
            segment_no: Some(found.segment),
            bytes: Some(found.at..found.at + header.stored_len()),
            ..Gap::new(GapKind::Damaged, UtcNanos::from_nanos(header.ts_append))
        }));
    }
}

/// Number of the first frame that is not proved durable: by the watermark, else by the headers.
pub(crate) fn durable_frame(
    fs: &Arc<dyn Fs>,
    dir: &Path,
    log_id: EventId,
) -> Result<u64, ReadError> {
    match read_watermark(fs.as_ref(), dir, log_id)? {
        Some(mark) => Ok(mark.durable_frame),
        None => claimed(fs, dir),
    }
}

/// The largest claim of durability in any header of the newest segment: what may be shown without a watermark.
pub(crate) fn claimed(fs: &Arc<dyn Fs>, dir: &Path) -> Result<u64, ReadError> {
    let mut bound = 0;
    for segment in crate::segments::segment_numbers(fs.as_ref(), dir)?.into_iter().rev() {
        let (mut window, head) = crate::segments::open_segment(fs.as_ref(), dir, segment, false)?;
        if let crate::segments::Head::Known(header) = head {
            let walked = crate::walk::walk(&mut window, &header)?;
            let claims = walked.frames.iter().map(|f| f.header.durable_frame);
            bound = claims.chain([header.base_frame]).max().unwrap_or(0);
            break;
        }
    }
    Ok(bound)
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(grant) = self.grant.take() {
            let outcome =
                Outcome { rows: self.rows, bytes: self.bytes, is_complete: self.is_complete };
            self.gate.close(grant, outcome);
        }
    }
}
