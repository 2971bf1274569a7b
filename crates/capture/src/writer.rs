//! The one place that writes to segments.

use crate::entry::{Chain, Entry, lay_out};
use crate::error::AppendError;
use crate::format::body::{StoredSchema, encode_streams};
use crate::format::frame::Kind;
use crate::format::segment::{End, FIRST_GROUP, HEADER, SegmentHeader};
use crate::format::watermark::{self, Watermark};
use crate::inner::Inner;
use crate::note::Note;
use crate::queue::State;
use crate::seal::SealJob;
use crate::spare::Spare;
use crate::sync::lock;
use crate::ticket::{Ack, Level, Promise};
use contract::UtcNanos;
use durable::{Access, FsError, FsErrorKind, FsFile, write_all_at};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Bytes of a group's buffer that are kept; a larger frame gives its memory back.
const KEPT_BUFFER: usize = 2 << 20;

/// The segment that is being written.
#[derive(Debug)]
pub(crate) struct Active {
    pub(crate) segment: u64,
    file: Arc<dyn FsFile>,
    salt: u64,
    offset: u64,
    base_frame: u64,
    base_seq: u64,
    created: UtcNanos,
    has_rows: bool,
}

/// How the segment before ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    pub(crate) cut: u64,
    pub(crate) end: End,
}

/// Why a group is not on the disk.
#[derive(Debug)]
pub(crate) enum WriteError {
    Fs(FsError),
    /// The snapshot could not be made, or does not fit into a segment.
    Snapshot(String),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fs(error) => error.fmt(f),
            Self::Snapshot(why) => write!(f, "snapshot of the ledger: {why}"),
        }
    }
}

impl From<FsError> for WriteError {
    fn from(error: FsError) -> Self {
        Self::Fs(error)
    }
}

impl WriteError {
    fn is_full(&self) -> bool {
        matches!(self, Self::Fs(error) if error.kind == FsErrorKind::NoSpace)
    }
}

/// A promise and how it ends.
pub(crate) type Kept = (Arc<Promise>, Result<Ack, AppendError>);

/// What the next group goes on from.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) active: Option<Active>,
    /// How the segment before the next one ended, while there is no active one.
    pub(crate) link: Link,
    pub(crate) next_frame: u64,
    pub(crate) prev_crc: u32,
    pub(crate) durable_frame: u64,
    /// All numbers below are durable.
    pub(crate) durable_seq: u64,
    /// The log clock behind the last durable frame.
    pub(crate) log_clock: i64,
    pub(crate) last_ts: UtcNanos,
    /// Whether the last group is proved durable by no header behind it.
    pub(crate) is_unproven: bool,
    /// Schemas that stand in frames, by number.
    pub(crate) schemas: BTreeMap<u32, Arc<StoredSchema>>,
    pub(crate) generation: u64,
    pub(crate) watermark: Option<Box<dyn FsFile>>,
    /// Promises that are kept, to be told once the writer's lock is free.
    pub(crate) kept: Vec<Kept>,
    /// A group that waits for room on the disk.
    pub(crate) stalled: Vec<Arc<Entry>>,
    /// The bytes of a group, kept from one to the next.
    pub(crate) buffer: Vec<u8>,
}

impl Writer {
    fn chain(&self, salt: u64) -> Chain {
        Chain {
            salt,
            next_frame: self.next_frame,
            prev_crc: self.prev_crc,
            durable_frame: self.next_frame,
        }
    }

    /// Bytes left in the active segment.
    pub(crate) fn left(&self, capacity: u64) -> u64 {
        self.active.as_ref().map_or(0, |a| capacity.saturating_sub(a.offset))
    }
}

/// Frames that take a number or change an account: what a mark makes provable.
pub(crate) fn matters(entry: &Entry) -> bool {
    !matches!(entry.kind, Kind::Mark | Kind::Seal)
}

impl Inner {
    /// Writes one group, if something is queued; says whether it did.
    ///
    /// # Errors
    /// The cause, once the log has failed for good or while the disk is full.
    pub(crate) fn commit(&self) -> Result<bool, WriteError> {
        let mut writer = lock(&self.writer);
        let group = if writer.stalled.is_empty() {
            let mut queue = lock(&self.queue);
            if matches!(queue.state, State::Poisoned(_)) {
                return Ok(false);
            }
            queue.take_group(self.group_bytes())
        } else {
            std::mem::take(&mut writer.stalled)
        };
        if group.is_empty() {
            return Ok(false);
        }
        let committed = self.commit_group(&mut writer, group);
        let kept = std::mem::take(&mut writer.kept);
        drop(writer);
        // Wakers are a caller's code: they run when no lock is held.
        for (promise, result) in kept {
            promise.complete(result);
        }
        committed.map(|()| true)
    }

    /// Makes the last group provable: one small group of its own.
    pub(crate) fn mark(&self) -> Result<bool, WriteError> {
        self.punctuate(Kind::Mark)
    }

    /// The last frame of a clean close.
    pub(crate) fn write_seal(&self) -> Result<bool, WriteError> {
        self.punctuate(Kind::Seal)
    }

    fn punctuate(&self, kind: Kind) -> Result<bool, WriteError> {
        let mut writer = lock(&self.writer);
        let is_due = writer.active.is_some()
            && writer.stalled.is_empty()
            && (writer.is_unproven || kind == Kind::Seal);
        if !is_due || matches!(lock(&self.queue).state, State::Poisoned(_)) {
            return Ok(false);
        }
        let mut entry = Entry::plain(kind, Vec::new(), Note::Nothing);
        entry.first_seq = writer.durable_seq;
        entry.avail_floor = writer.log_clock;
        self.commit_group(&mut writer, vec![Arc::new(entry)])?;
        Ok(true)
    }

    fn commit_group(&self, writer: &mut Writer, group: Vec<Arc<Entry>>) -> Result<(), WriteError> {
        let ts = writer.last_ts.max(self.now());
        writer.last_ts = ts;
        match self.write_somewhere(writer, &group, ts) {
            Ok(()) => {
                self.finish_group(writer, &group, ts);
                Ok(())
            }
            Err(error) if error.is_full() => {
                let free = self.fs.free_space(&self.dir).unwrap_or(0);
                writer.stalled = group;
                let mut queue = lock(&self.queue);
                queue.disk_full = Some((free, self.segment_bytes));
                queue.active_left = 0;
                Err(error)
            }
            Err(error) => {
                writer.kept.extend(self.poison(&error.to_string()));
                Err(error)
            }
        }
    }

    /// Writes a group to the active segment or a fresh one. After a failed write or sync a file is never used again:
    /// the group goes to the next prepared segment, once.
    fn write_somewhere(
        &self,
        writer: &mut Writer,
        group: &[Arc<Entry>],
        ts: UtcNanos,
    ) -> Result<(), WriteError> {
        let mut chances = 2;
        loop {
            let written = if self.fits(writer, group, ts) {
                self.write_group(writer, group, ts)
            } else {
                self.leave(writer, End::Full);
                self.start_segment(writer, group, ts)
            };
            let Err(error) = written else { return Ok(()) };
            chances -= 1;
            let was_written_to = writer.active.is_some() || !error.is_full();
            self.leave(writer, End::SyncFailed);
            if was_written_to {
                tracing::warn!(%error, "a segment is left behind");
                lock(&self.health).degraded.push(error.to_string());
            }
            if chances == 0 || matches!(error, WriteError::Snapshot(_)) {
                return Err(error);
            }
        }
    }

    fn fits(&self, writer: &Writer, group: &[Arc<Entry>], ts: UtcNanos) -> bool {
        let len: u64 = group.iter().map(|e| e.len()).sum();
        let len = crate::format::align_up(len, crate::format::BLOCK);
        writer.active.as_ref().is_some_and(|active| {
            let age = ts.nanos().saturating_sub(active.created.nanos());
            let limit = i64::try_from(self.options.segment_age.as_nanos()).unwrap_or(i64::MAX);
            // Without a prepared segment the room that is left is worth more than a younger one.
            let is_aged = active.has_rows
                && age >= limit
                && group.iter().any(|e| matters(e))
                && lock(&self.queue).spares_ready > 0;
            active.offset + len <= self.segment_bytes && !is_aged
        })
    }

    /// Ends the active segment where its last durable group ended, and has it sealed.
    fn leave(&self, writer: &mut Writer, end: End) {
        let Some(active) = writer.active.take() else { return };
        writer.link = Link { cut: active.offset, end };
        lock(&self.jobs).push_back(SealJob {
            segment: active.segment,
            base_frame: active.base_frame,
            end_frame: writer.next_frame,
            first_seq: active.base_seq,
            end_seq: writer.durable_seq,
            cut: active.offset,
            end,
        });
        self.wake_chores();
    }

    /// A segment is to be sealed or prepared.
    fn wake_chores(&self) {
        lock(&self.queue).are_chores_due = true;
        self.due.notify_one();
    }

    /// Ends the active segment of a closed log.
    pub(crate) fn end_active(&self) {
        self.leave(&mut lock(&self.writer), End::Closed);
    }

    fn write_group(
        &self,
        writer: &mut Writer,
        group: &[Arc<Entry>],
        ts: UtcNanos,
    ) -> Result<(), WriteError> {
        let mut bytes = std::mem::take(&mut writer.buffer);
        bytes.clear();
        let Some(active) = writer.active.as_ref() else {
            return Err(WriteError::Snapshot("no active segment".to_owned()));
        };
        let mut chain = writer.chain(active.salt);
        lay_out(&mut bytes, &mut chain, group, ts);
        write_all_at(active.file.as_ref(), &bytes, active.offset)?;
        self.acknowledge_buffered(group);
        self.timed(|| active.file.sync_data())?;
        let end = active.offset + bytes.len() as u64;
        bytes.shrink_to(KEPT_BUFFER);
        writer.buffer = bytes;
        if let Some(active) = writer.active.as_mut() {
            active.offset = end;
            active.has_rows |= group.iter().any(|e| e.kind == Kind::Data);
        }
        (writer.next_frame, writer.prev_crc) = (chain.next_frame, chain.prev_crc);
        Ok(())
    }

    /// Starts a segment with a snapshot and a group. The header comes last, so that a readable one proves that
    /// everything behind it is there.
    pub(crate) fn start_segment(
        &self,
        writer: &mut Writer,
        group: &[Arc<Entry>],
        ts: UtcNanos,
    ) -> Result<(), WriteError> {
        let snapshot = self.snapshot(writer, ts)?;
        let Spare { segment, file } = self.take_spare()?;
        let header = SegmentHeader {
            log_id: self.log_id,
            segment_no: segment,
            base_frame: writer.next_frame,
            base_seq: writer.durable_seq,
            capacity: self.segment_bytes,
            salt: self.salt(segment, ts),
            prev_cut: if writer.link.end == End::First { 0 } else { writer.link.cut },
            prev_crc: writer.prev_crc,
            prev_end: writer.link.end,
            created_ns: ts.nanos(),
        };
        let started = self.write_first(writer, file.as_ref(), &header, &snapshot, group, ts);
        match started {
            Ok((chain, offset, snapshot_bytes)) => {
                writer.active = Some(Active {
                    segment,
                    file,
                    salt: header.salt,
                    offset,
                    base_frame: header.base_frame,
                    base_seq: header.base_seq,
                    created: ts,
                    has_rows: group.iter().any(|e| e.kind == Kind::Data),
                });
                (writer.next_frame, writer.prev_crc) = (chain.next_frame, chain.prev_crc);
                lock(&self.queue).snapshot_bytes = snapshot_bytes;
                self.wake_chores();
                Ok(())
            }
            Err(error) => {
                // Nothing in it counts: the next header starts at the same frame.
                lock(&self.jobs).push_back(SealJob {
                    segment,
                    base_frame: header.base_frame,
                    end_frame: header.base_frame,
                    first_seq: header.base_seq,
                    end_seq: header.base_seq,
                    cut: 0,
                    end: End::SyncFailed,
                });
                writer.link = Link { cut: FIRST_GROUP, end: End::SyncFailed };
                self.wake_chores();
                Err(error)
            }
        }
    }

    fn write_first(
        &self,
        writer: &Writer,
        file: &dyn FsFile,
        header: &SegmentHeader,
        snapshot: &[Arc<Entry>],
        group: &[Arc<Entry>],
        ts: UtcNanos,
    ) -> Result<(Chain, u64, u64), WriteError> {
        let mut bytes = Vec::new();
        let mut chain = writer.chain(header.salt);
        lay_out(&mut bytes, &mut chain, snapshot, ts);
        let snapshot_bytes = bytes.len() as u64;
        if !group.is_empty() {
            lay_out(&mut bytes, &mut chain, group, ts);
        }
        let offset = FIRST_GROUP + bytes.len() as u64;
        if offset > self.segment_bytes {
            return Err(WriteError::Snapshot(format!(
                "expected at most {} bytes, found {offset}",
                self.segment_bytes
            )));
        }
        write_all_at(file, &bytes, FIRST_GROUP)?;
        self.timed(|| file.sync_data())?;
        let copy = header.encode();
        write_all_at(file, &copy, 0)?;
        write_all_at(file, &copy, HEADER as u64)?;
        // Without the header the kernel has the bytes, and nobody would look for them.
        self.acknowledge_buffered(group);
        file.sync_data()?;
        Ok((chain, offset, snapshot_bytes))
    }

    /// Everything that a reader or a recovery needs from what lies before: schemas in use, and the accounts.
    fn snapshot(&self, writer: &Writer, ts: UtcNanos) -> Result<Vec<Arc<Entry>>, WriteError> {
        let refused = |e: &dyn fmt::Display| WriteError::Snapshot(e.to_string());
        let mut counted = lock(&self.ledger).clone();
        counted.adopt_counts(&lock(&self.queue).ledger);
        let tables = counted.snapshot(writer.durable_seq, ts).map_err(|e| refused(&e))?;
        let body = encode_streams(&tables).map_err(|e| refused(&e))?;
        let placed = |entry: Entry| {
            let (first_seq, avail_floor) = (writer.durable_seq, writer.log_clock);
            Arc::new(Entry { first_seq, avail_floor, ..entry })
        };
        let schemas = writer.schemas.iter().map(|(no, s)| Entry::schema(*no, s));
        let producers = Entry::plain(Kind::Producers, body, Note::Nothing);
        Ok(schemas.chain([producers]).map(placed).collect())
    }

    /// Random to anyone without the seed, and never the same for two segments.
    fn salt(&self, segment: u64, ts: UtcNanos) -> u64 {
        let mut hasher = Sha256::new();
        hasher.update(self.seed.to_le_bytes());
        hasher.update(self.log_id.as_bytes());
        hasher.update(segment.to_le_bytes());
        hasher.update(ts.nanos().to_le_bytes());
        let digest: [u8; 32] = hasher.finalize().into();
        crate::format::bytes::u64_at(&digest, 0)
    }

    /// What follows once a group is durable: accounts, readers, then those who wait.
    pub(crate) fn finish_group(&self, writer: &mut Writer, group: &[Arc<Entry>], ts: UtcNanos) {
        writer.durable_frame = writer.next_frame;
        writer.is_unproven = group.iter().any(|e| matters(e));
        {
            let mut ledger = lock(&self.ledger);
            for entry in group {
                entry.note.apply(&mut ledger, &entry.place());
            }
        }
        for entry in group {
            writer.durable_seq = writer.durable_seq.max(entry.end_seq());
            let clock = entry.avail_floor.max(entry.receipt.unwrap_or(i64::MIN));
            writer.log_clock = writer.log_clock.max(clock);
            if let (Kind::Schema, Ok(schema)) = (entry.kind, StoredSchema::decode(&entry.body)) {
                writer.schemas.entry(entry.schema_no).or_insert_with(|| Arc::new(schema));
            }
        }
        for (entry, (schema, _)) in group.iter().filter_map(|e| Some((e, e.data.as_ref()?))) {
            self.count(&schema.table, |table| {
                table.durable += u64::from(entry.rows);
                table.last_durable = table.last_durable.max(Some(ts));
            });
        }
        self.write_watermark(writer, ts);
        {
            let mut shown = lock(&self.shown);
            shown.durable_frame = writer.durable_frame;
            shown.durable_seq = writer.durable_seq;
        }
        self.news.notify_all();
        let mut queue = lock(&self.queue);
        queue.active_left = writer.left(self.segment_bytes);
        let queued = group.iter().filter(|e| matters(e));
        for entry in queued {
            queue.committed += 1;
            queue.cost = queue.cost.saturating_sub(entry.cost());
            queue.rows = queue.rows.saturating_sub(u64::from(entry.rows));
        }
        let upto = queue.committed;
        let at = queue.waiting.partition_point(|w| w.upto <= upto);
        writer.kept.extend(queue.waiting.drain(..at).map(|w| (w.promise, Ok(w.ack))));
        drop(queue);
        self.room.notify_all();
    }

    /// Keeps the promises that end with the kernel having the bytes.
    fn acknowledge_buffered(&self, group: &[Arc<Entry>]) {
        let mut queue = lock(&self.queue);
        let upto = queue.committed + group.iter().filter(|e| matters(e)).count() as u64;
        if !queue.waiting.iter().any(|w| w.level == Level::Buffered && w.upto <= upto) {
            return;
        }
        let (done, rest) = std::mem::take(&mut queue.waiting)
            .into_iter()
            .partition(|w| w.level == Level::Buffered && w.upto <= upto);
        queue.waiting = rest;
        drop(queue);
        let done: std::collections::VecDeque<crate::queue::Waiting> = done;
        for waiting in done {
            waiting.promise.complete(Ok(waiting.ack));
        }
    }

    /// Tells other processes how far they may read. Derived and never synced: a failure costs them freshness only.
    fn write_watermark(&self, writer: &mut Writer, ts: UtcNanos) {
        writer.generation += 1;
        let mark = Watermark {
            generation: writer.generation,
            log_id: self.log_id,
            durable_frame: writer.durable_frame,
            durable_seq: writer.durable_seq,
            segment_no: writer.active.as_ref().map_or(0, |a| a.segment),
            offset: writer.active.as_ref().map_or(0, |a| a.offset),
            ts: ts.nanos(),
        };
        let Some(file) = writer.watermark.as_ref() else { return };
        if let Err(error) = write_all_at(file.as_ref(), &mark.encode(), mark.slot()) {
            tracing::warn!(%error, "the watermark is left behind");
            lock(&self.health).chores = Some(error.to_string());
            writer.watermark = None;
        }
    }

    /// Opens or makes the watermark's file.
    pub(crate) fn open_watermark(
        fs: &dyn durable::Fs,
        dir: &std::path::Path,
    ) -> Result<Box<dyn FsFile>, FsError> {
        let path = dir.join("WATERMARK");
        match fs.open(&path, Access::ReadWrite) {
            Err(error) if error.kind == FsErrorKind::NotFound => {
                let file = fs.create_new(&path)?;
                file.set_len(watermark::LEN)?;
                Ok(file)
            }
            other => other,
        }
    }

    /// The log has failed for good: nothing is accepted, and whoever waits is told.
    #[must_use = "whoever waits is told once no lock is held"]
    pub(crate) fn poison(&self, cause: &str) -> Vec<Kept> {
        let cause: Arc<str> = cause.into();
        tracing::error!(%cause, "the log has failed");
        let mut queue = lock(&self.queue);
        queue.state = State::Poisoned(Arc::clone(&cause));
        let waiting = std::mem::take(&mut queue.waiting);
        queue.entries.clear();
        drop(queue);
        lock(&self.health).poisoned = Some(cause.to_string());
        lock(&self.shown).is_over = true;
        self.news.notify_all();
        self.room.notify_all();
        self.due.notify_all();
        let failed = || Err(AppendError::NotDurable(Arc::clone(&cause)));
        waiting.into_iter().map(|w| (w.promise, failed())).collect()
    }
}
