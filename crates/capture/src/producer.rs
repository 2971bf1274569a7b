//! Who appends.

use crate::deliver::latest_receipt;
use crate::entry::{Entry, body_crc};
use crate::error::{AppendError, Pressure};
use crate::format::body::{BodyError, StoredSchema, encode_rows};
use crate::format::frame::{Codec, Kind, MAX_ROWS};
use crate::inner::Inner;
use crate::ledger::{Admission, Refusal};
use crate::note::Note;
use crate::options::Drive;
use crate::queue::{Queue, State};
use crate::runs::len;
use crate::sync::lock;
use crate::ticket::{Ack, Level, Ticket};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, SchemaRef};
use contract::{AnyBatch, Draft, EventId, EventTable, ProducerMode, UtcNanos};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

/// How long an operation that must be durable is waited for: an `fdatasync` that takes longer has failed.
const PATIENCE: Duration = Duration::from_mins(2);

/// Who appends, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProducerSpec {
    /// Identity for the producer's life: one a strategy process, feed session or broker partition.
    pub id: EventId,
    /// Name for people.
    pub name: String,
    /// What a hole in its numbers means: an error, or a loss upstream.
    pub mode: ProducerMode,
    /// When its appends are acknowledged.
    pub level: Level,
    /// The last row number that it knows to be acknowledged. If the log does not hold it, the disk or an operator has
    /// lost acknowledged rows, and both sides learn it here.
    pub last_acked: Option<u64>,
}

impl ProducerSpec {
    /// A strict producer with durable acknowledgements.
    #[must_use]
    pub fn new(id: EventId, name: &str) -> Self {
        let name = name.to_owned();
        Self { id, name, mode: ProducerMode::Strict, level: Level::Durable, last_acked: None }
    }
}

/// One incarnation of a producer. Its rows are numbered from 0 for the producer's life, whatever the table.
#[derive(Debug)]
pub struct Producer {
    inner: Arc<Inner>,
    spec: ProducerSpec,
    epoch: u32,
    next: u64,
    /// By table: the last shape that came, and its stored form.
    schemas: HashMap<String, (SchemaRef, Arc<StoredSchema>)>,
    acked_lost: Vec<Range<u64>>,
}

/// A batch that was checked and encoded, and has no numbers yet.
struct Prepared {
    table: Arc<str>,
    schema: Arc<StoredSchema>,
    rows: RecordBatch,
    receipt: Option<i64>,
    body: Vec<u8>,
    raw_len: u32,
    codec: Codec,
    crc: u32,
}

impl Producer {
    pub(crate) fn open(inner: Arc<Inner>, spec: ProducerSpec) -> Result<Self, AppendError> {
        let (epoch, next, acked_lost, ticket) = {
            let mut queue = wait_for_room(&inner, 4096, 1, inner.options.append_timeout)?;
            let epoch = queue.ledger.next_epoch(spec.id);
            let next = queue.ledger.next_pseq(spec.id);
            let lost = spec.last_acked.map_or_else(Vec::new, |last| {
                queue.ledger.holds(spec.id, 0..last.saturating_add(1))
            });
            let note = Note::Open { name: spec.name.clone(), mode: spec.mode };
            let mut entry = Entry::plain(Kind::Open, note.encode(), note);
            (entry.producer_id, entry.epoch, entry.first_pseq) = (spec.id, epoch, next);
            let ack =
                Ack { level: Level::Durable, pseq: next..next, stored: Vec::new(), duplicates: 0 };
            let ticket = admit_note(&inner, &mut queue, entry, Level::Durable, ack);
            inner.wake_committer(queue);
            (epoch, next, lost, ticket)
        };
        lock(&inner.live).insert(spec.id, epoch);
        let producer = Self { inner, spec, epoch, next, schemas: HashMap::new(), acked_lost };
        for range in &producer.acked_lost {
            let who = format!("{} rows {} to {}", producer.spec.id, range.start, range.end);
            tracing::error!(lost = %who, "acknowledged rows are not in the log");
            lock(&producer.inner.health).acked_lost.push(who);
        }
        producer.finish(&ticket)?;
        Ok(producer)
    }

    /// Identity.
    #[must_use]
    pub fn id(&self) -> EventId {
        self.spec.id
    }

    /// Incarnation.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Number that the next row gets.
    #[must_use]
    pub fn next_pseq(&self) -> u64 {
        self.next
    }

    /// Rows that the producer says were acknowledged and that the log does not hold: to be sent again with
    /// [`append_at`](Producer::append_at).
    #[must_use]
    pub fn acked_lost(&self) -> &[Range<u64>] {
        &self.acked_lost
    }

    /// Appends rows and returns at once; the ticket says when they are safe.
    ///
    /// - **Shape:** all rows or none; they get consecutive numbers.
    /// - **Cost:** one encoding and checksum of the rows; the disk is not waited for, unless credit is used up.
    ///
    /// # Errors
    /// [`AppendError`]; then no number was used.
    pub fn append<T: EventTable>(&mut self, rows: &Draft<T>) -> Result<Ticket, AppendError> {
        // A draft was checked when it was made.
        let batch = rows.as_any().clone().into_record_batch();
        let count = batch.num_rows();
        let prepared = self.encode(T::SPEC.name, batch);
        self.append_prepared(self.next, T::SPEC.name, count, prepared)
    }

    /// Appends a record batch of a named event table.
    ///
    /// # Errors
    /// [`AppendError`]; then no number was used.
    pub fn append_batch(&mut self, table: &str, rows: &RecordBatch) -> Result<Ticket, AppendError> {
        self.append_at(self.next, table, rows)
    }

    /// Appends and waits until the rows are durable.
    ///
    /// # Errors
    /// [`AppendError`].
    pub fn append_durable<T: EventTable>(&mut self, rows: &Draft<T>) -> Result<Ack, AppendError> {
        let ticket = self.append(rows)?;
        self.finish(&ticket)
    }

    /// Appends rows from a given number on: how a producer sends again what may or may not have arrived. Rows that are
    /// there are acknowledged and not stored again.
    ///
    /// # Errors
    /// [`AppendError::SequenceGap`] when numbers are left out, [`AppendError::IdentityReused`] when the log has other
    /// rows under these numbers; else as [`append`](Producer::append).
    pub fn append_at(
        &mut self,
        first_pseq: u64,
        table: &str,
        rows: &RecordBatch,
    ) -> Result<Ticket, AppendError> {
        let prepared = self.prepare(table, rows);
        self.append_prepared(first_pseq, table, rows.num_rows(), prepared)
    }

    fn append_prepared(
        &mut self,
        first_pseq: u64,
        table: &str,
        rows: usize,
        prepared: Result<Prepared, AppendError>,
    ) -> Result<Ticket, AppendError> {
        let prepared = match prepared {
            Ok(prepared) => prepared,
            // Too large is no verdict on the rows: they come again in parts.
            Err(error @ AppendError::TooLarge { .. }) => return Err(error),
            Err(error) => {
                lock(&self.inner.queue).ledger.count_rejected(self.spec.id, rows as u64);
                // A name from outside is no label.
                if let Some(known) = contract::table(table) {
                    self.inner.count(known.name, |t| t.rejected += rows as u64);
                }
                return Err(error);
            }
        };
        let result = self.admit(first_pseq, prepared);
        if let Err(
            AppendError::SequenceGap { .. }
            | AppendError::IdentityReused { .. }
            | AppendError::Fenced { .. },
        ) = &result
        {
            self.inner.count(table, |t| t.rejected += rows as u64);
        }
        if let Ok(ticket) = &result {
            let end = first_pseq + rows as u64;
            self.next = self.next.max(end);
            tracing::trace!(table, first_pseq, end, first_seq = ?ticket.first_seq, "admitted");
        }
        result
    }

    /// Declares that rows will never come: numbers that were lost before they reached the log.
    ///
    /// # Errors
    /// [`AppendError`].
    pub fn skip(&mut self, count: u64, reason: &str) -> Result<Ticket, AppendError> {
        let note = Note::Skip { count, reason: reason.to_owned() };
        let first = self.next;
        let end = first.checked_add(count).filter(|_| count > 0).ok_or_else(|| {
            if count == 0 {
                return AppendError::EmptyBatch { table: "skip".to_owned() };
            }
            AppendError::TooLarge {
                table: "skip".to_owned(),
                found: count,
                limit: u64::MAX - first,
                unit: "rows",
            }
        })?;
        let ticket = self.say(note, first, first..end)?;
        self.next = end;
        Ok(ticket)
    }

    /// A sign of life: everything below the next number was emitted, so that the loss of a tail shows.
    ///
    /// # Errors
    /// [`AppendError`].
    pub fn beat(&mut self) -> Result<Ticket, AppendError> {
        self.say(Note::Beat, self.next, self.next..self.next)
    }

    /// Promises no more rows of this incarnation, and waits until that is durable.
    ///
    /// # Errors
    /// [`AppendError`].
    pub fn close(self) -> Result<Ack, AppendError> {
        let ticket = self.say(Note::Close, self.next, self.next..self.next)?;
        self.finish(&ticket)
    }

    /// Rows that were appended and are not durable yet, or are missing below them.
    #[must_use]
    pub fn unacked(&self) -> Vec<Range<u64>> {
        let ledger = lock(&self.inner.ledger);
        ledger.holds(self.spec.id, ledger.next_pseq(self.spec.id).min(self.next)..self.next)
    }

    fn say(&self, note: Note, first_pseq: u64, pseq: Range<u64>) -> Result<Ticket, AppendError> {
        let mut entry = Entry::plain(note.kind(), note.encode(), note);
        (entry.producer_id, entry.epoch, entry.first_pseq) = (self.spec.id, self.epoch, first_pseq);
        let limit = self.inner.frame_limit();
        if entry.len() > limit {
            let found = entry.len();
            return Err(AppendError::TooLarge {
                table: "skip".to_owned(),
                found,
                limit,
                unit: "bytes",
            });
        }
        let timeout = self.inner.options.append_timeout;
        let mut queue = wait_for_room(&self.inner, entry.cost(), 1, timeout)?;
        queue.ledger.check(self.spec.id, self.epoch).map_err(|r| self.refusal(&r, &pseq))?;
        let ack = Ack { level: self.spec.level, pseq, stored: Vec::new(), duplicates: 0 };
        let ticket = admit_note(&self.inner, &mut queue, entry, self.spec.level, ack);
        self.inner.wake_committer(queue);
        Ok(ticket)
    }

    /// Waits for a ticket, and moves the log along where nobody else does.
    fn finish(&self, ticket: &Ticket) -> Result<Ack, AppendError> {
        if self.inner.options.drive == Drive::Steps {
            loop {
                if let Some(result) = ticket.try_result() {
                    return result;
                }
                if let Err(error) = self.inner.commit() {
                    return ticket.try_result().unwrap_or_else(|| Err(self.stuck(&error)));
                }
            }
        }
        ticket.wait(PATIENCE)
    }

    fn stuck(&self, error: &dyn std::fmt::Display) -> AppendError {
        match lock(&self.inner.queue).disk_full {
            Some((free, needed)) => AppendError::Backpressure(Pressure::Disk { free, needed }),
            None => AppendError::NotDurable(error.to_string().into()),
        }
    }

    fn refusal(&self, refusal: &Refusal, pseqs: &Range<u64>) -> AppendError {
        let producer = self.spec.id;
        match refusal {
            Refusal::Fenced { current } | Refusal::Unclaimed { current } => {
                AppendError::Fenced { producer, epoch: self.epoch, current: *current }
            }
            Refusal::SequenceGap { expected, found } => {
                AppendError::SequenceGap { producer, expected: *expected, found: *found }
            }
            Refusal::Skipped(rows) => {
                AppendError::IdentityReused { producer, first_pseq: rows.start, end_pseq: rows.end }
            }
            Refusal::Closed | Refusal::Unknown => {
                tracing::debug!(?pseqs, "rows of a closed incarnation");
                AppendError::Closed
            }
        }
    }

    /// Checks and encodes a batch.
    fn prepare(&mut self, table: &str, rows: &RecordBatch) -> Result<Prepared, AppendError> {
        if self.is_as_before(table, rows) {
            return self.encode(table, rows.clone());
        }
        let spec = contract::table(table).filter(|t| t.is_event()).ok_or_else(|| {
            let names = contract::TABLES.iter().filter(|t| t.is_event()).map(|t| t.name);
            let near = contract::nearest(table, names);
            let near = if near.is_empty() {
                String::new()
            } else {
                format!(" (is it `{}`?)", near.join("`, `"))
            };
            AppendError::UnknownTable { table: table.to_owned(), near }
        })?;
        let parsed =
            AnyBatch::parse(spec, rows).map_err(|e| AppendError::SchemaMismatch(Arc::new(e)))?;
        if parsed.seq().is_some() {
            return Err(AppendError::HasSeq { table: table.to_owned() });
        }
        self.encode(table, parsed.into_record_batch())
    }

    /// Whether a batch has the very schema that an earlier one had behind its check, so that the check has nothing to
    /// find: a record batch keeps its own rule of nulls, except for words behind the keys of a dictionary.
    fn is_as_before(&self, table: &str, rows: &RecordBatch) -> bool {
        let is_known = self.schemas.get(table).is_some_and(|(shape, _)| shape == rows.schema_ref());
        let hides_nulls = |column: &ArrayRef| {
            matches!(column.data_type(), DataType::Dictionary(_, _))
                && column.as_any_dictionary_opt().is_some_and(|w| w.values().null_count() > 0)
        };
        is_known && !rows.columns().iter().any(hides_nulls)
    }

    fn encode(&mut self, table: &str, rows: RecordBatch) -> Result<Prepared, AppendError> {
        if rows.num_rows() == 0 {
            return Err(AppendError::EmptyBatch { table: table.to_owned() });
        }
        let too_large = |found: u64, limit: u64, unit| AppendError::TooLarge {
            table: table.to_owned(),
            found,
            limit,
            unit,
        };
        if rows.num_rows() > MAX_ROWS as usize {
            return Err(too_large(rows.num_rows() as u64, u64::from(MAX_ROWS), "rows"));
        }
        let latest = latest_receipt(&rows);
        let future = i64::try_from(self.inner.options.max_future.as_nanos()).unwrap_or(i64::MAX);
        let limit = self.inner.now().nanos().saturating_add(future);
        if let Some((row, found)) = latest.filter(|(_, receipt)| *receipt > limit) {
            return Err(AppendError::FutureReceipt {
                table: table.to_owned(),
                row,
                latest: UtcNanos::from_nanos(limit),
                found: UtcNanos::from_nanos(found),
            });
        }
        let reason = |e: &dyn std::fmt::Display| AppendError::Encode {
            table: table.to_owned(),
            reason: e.to_string().into(),
        };
        let schema = self.schema(table, &rows).map_err(|e| reason(&e))?;
        let codec = self.inner.options.codecs.get(table).copied().unwrap_or_default();
        let body = encode_rows(&schema, &rows, codec).map_err(|error| match error {
            BodyError::TooLarge { bytes, limit } => too_large(bytes, limit, "bytes"),
            other => reason(&other),
        })?;
        let stored =
            crate::format::frame::stored_len(u32::try_from(body.bytes.len()).unwrap_or(u32::MAX));
        if stored > self.inner.frame_limit() {
            return Err(too_large(stored, self.inner.frame_limit(), "bytes"));
        }
        Ok(Prepared {
            table: table.into(),
            schema,
            receipt: latest.map(|(_, receipt)| receipt),
            crc: body_crc(&body.bytes),
            raw_len: body.raw_len,
            codec: body.codec,
            body: body.bytes,
            rows,
        })
    }

    /// The stored form of the batch's schema, made once for each table and shape.
    fn schema(&mut self, table: &str, rows: &RecordBatch) -> Result<Arc<StoredSchema>, BodyError> {
        if let Some((shape, known)) = self.schemas.get(table)
            && shape == rows.schema_ref()
        {
            return Ok(Arc::clone(known));
        }
        let made = Arc::new(StoredSchema::of(&rows.schema())?);
        // One object for all producers: then admission finds its number without comparing messages.
        let known =
            lock(&self.inner.queue).schemas.iter().find(|s| s.message == made.message).cloned();
        let made = known.unwrap_or(made);
        self.schemas.insert(table.to_owned(), (rows.schema(), Arc::clone(&made)));
        Ok(made)
    }

    fn admit(&mut self, first_pseq: u64, batch: Prepared) -> Result<Ticket, AppendError> {
        let count = batch.rows.num_rows() as u64;
        let Some(end) = first_pseq.checked_add(count) else {
            let producer = self.spec.id;
            return Err(AppendError::SequenceGap {
                producer,
                expected: self.next,
                found: first_pseq,
            });
        };
        let pseqs = first_pseq..end;
        let cost = crate::format::align_up(batch.body.len() as u64 + 256, crate::format::BLOCK);
        let timeout = self.inner.options.append_timeout;
        let admission = {
            let queue = lock(&self.inner.queue);
            queue.check_open()?;
            queue.ledger.classify(self.spec.id, self.epoch, pseqs.clone())
        };
        let admission = admission.map_err(|r| self.refuse(&r, &pseqs))?;
        if admission != Admission::New {
            self.compare(&pseqs, &batch)?;
        }
        let table = Arc::clone(&batch.table);
        let parts = self.parts(&admission, &pseqs, batch)?;
        let mut queue =
            wait_for_room(&self.inner, cost + parts.len() as u64 * 4096, count, timeout)?;
        // Another handle of the same producer may have come first; then everything is looked at again.
        let again = queue.ledger.classify(self.spec.id, self.epoch, pseqs.clone());
        match again {
            Ok(again) if again == admission => {}
            Ok(_) => {
                drop(queue);
                let producer = self.spec.id;
                return Err(AppendError::SequenceGap {
                    producer,
                    expected: end,
                    found: first_pseq,
                });
            }
            Err(refusal) => {
                drop(queue);
                return Err(self.refuse(&refusal, &pseqs));
            }
        }
        let duplicates = admission.duplicates(&pseqs);
        queue.ledger.count_duplicates(self.spec.id, duplicates);
        if duplicates > 0 {
            self.inner.count(&table, |t| t.duplicate += duplicates);
        }
        let now = self.inner.now();
        let mut stored = Vec::with_capacity(parts.len());
        let mut is_awaited = false;
        for (part, prepared) in parts {
            let (seqs, has_eager) = self.push(&mut queue, part, prepared, now);
            stored.push(seqs);
            is_awaited |= has_eager;
        }
        let ack = Ack { level: self.spec.level, pseq: pseqs, stored, duplicates };
        let first_seq = ack.stored.first().map(|s| s.start);
        let promise = queue.promise(self.spec.level, ack);
        self.inner.wake_committer(queue);
        if is_awaited {
            self.inner.news.notify_all();
        }
        Ok(Ticket { promise, first_seq })
    }

    fn refuse(&self, refusal: &Refusal, pseqs: &Range<u64>) -> AppendError {
        lock(&self.inner.queue).ledger.count_rejected(self.spec.id, len(pseqs));
        self.refusal(refusal, pseqs)
    }

    /// The parts of a batch that are not there yet, each encoded by itself.
    fn parts(
        &mut self,
        admission: &Admission,
        pseqs: &Range<u64>,
        batch: Prepared,
    ) -> Result<Vec<(Range<u64>, Prepared)>, AppendError> {
        match admission {
            Admission::New => Ok(vec![(pseqs.clone(), batch)]),
            Admission::Duplicate => Ok(Vec::new()),
            Admission::Part(parts) => parts
                .iter()
                .map(|part| {
                    let offset = usize::try_from(part.start - pseqs.start).unwrap_or(usize::MAX);
                    let rows = batch.rows.slice(offset, usize::try_from(len(part)).unwrap_or(0));
                    Ok((part.clone(), self.encode(&batch.table, rows)?))
                })
                .collect(),
        }
    }

    /// Queues a batch; returns its numbers, and whether a reader waits for rows that are not durable yet.
    fn push(
        &self,
        queue: &mut Queue,
        pseqs: Range<u64>,
        batch: Prepared,
        now: UtcNanos,
    ) -> (Range<u64>, bool) {
        let schema_no = queue.schema_no(&batch.schema);
        let rows = u32::try_from(len(&pseqs)).unwrap_or(u32::MAX);
        let body_len = u32::try_from(batch.body.len()).unwrap_or(u32::MAX);
        let entry = Entry {
            codec: batch.codec,
            rows,
            schema_no,
            producer_id: self.spec.id,
            epoch: self.epoch,
            first_pseq: pseqs.start,
            raw_len: batch.raw_len,
            body_crc: batch.crc,
            body: batch.body,
            receipt: batch.receipt,
            data: Some((batch.schema, batch.rows)),
            ..Entry::plain(Kind::Data, Vec::new(), Note::Rows)
        };
        let entry = queue.admit(entry);
        queue.ledger.store(self.spec.id, self.epoch, pseqs.clone(), now);
        let recent = queue.recents.entry(self.spec.id).or_default();
        recent.push(pseqs, entry.first_seq, batch.crc, body_len);
        let mut shown = lock(&self.inner.shown);
        shown.push(&entry);
        (entry.first_seq..entry.end_seq(), shown.eager > 0)
    }

    /// Whether rows that are sent again are those that are stored.
    ///
    /// The same batch has the same bytes; a batch cut in other places is compared row by row with what the log holds.
    /// What was stored longer ago than 4,096 batches of the producer, or before the newest segment at the last start,
    /// is taken on the producer's word.
    fn compare(&self, pseqs: &Range<u64>, batch: &Prepared) -> Result<(), AppendError> {
        let pieces = lock(&self.inner.queue)
            .recents
            .get(&self.spec.id)
            .map_or_else(Vec::new, |recent| recent.find(pseqs.clone()));
        let body_len = u32::try_from(batch.body.len()).unwrap_or(u32::MAX);
        for piece in pieces {
            if piece.pseqs == *pseqs && piece.body_crc == batch.crc && piece.body_len == body_len {
                continue;
            }
            let common = piece.pseqs.start.max(pseqs.start)..piece.pseqs.end.min(pseqs.end);
            let stored = self.inner.stored_rows(piece.first_seq);
            let stored = stored.map_err(|e| AppendError::Compare(Arc::new(e)))?;
            // Declared lost meanwhile, or not readable: nothing to compare with.
            let Some((table, stored)) = stored else { continue };
            let cut = |rows: &RecordBatch, from: u64| {
                let offset = usize::try_from(common.start - from).unwrap_or(usize::MAX);
                rows.slice(offset, usize::try_from(len(&common)).unwrap_or(0))
            };
            let (ours, theirs) = (cut(&batch.rows, pseqs.start), cut(&stored, piece.pseqs.start));
            let is_same = table == batch.table
                && encoded(&batch.schema, &ours) == encoded(&batch.schema, &theirs);
            if !is_same {
                self.refuse(&Refusal::Skipped(common.clone()), pseqs);
                return Err(AppendError::IdentityReused {
                    producer: self.spec.id,
                    first_pseq: common.start,
                    end_pseq: common.end,
                });
            }
        }
        Ok(())
    }
}

impl Drop for Producer {
    /// Without a close nobody knows whether more was to come: the log stops vouching for this incarnation.
    fn drop(&mut self) {
        let mut live = lock(&self.inner.live);
        if live.get(&self.spec.id) == Some(&self.epoch) {
            live.remove(&self.spec.id);
        }
    }
}

/// Equal rows have equal bytes.
fn encoded(schema: &StoredSchema, rows: &RecordBatch) -> Option<Vec<u8>> {
    encode_rows(schema, rows, Codec::None).ok().map(|body| body.bytes)
}

pub(crate) fn admit_note(
    inner: &Inner,
    queue: &mut Queue,
    entry: Entry,
    level: Level,
    ack: Ack,
) -> Ticket {
    let entry = queue.admit(entry);
    let mut place = entry.place();
    place.ts = inner.now();
    entry.note.apply(&mut queue.ledger, &place);
    lock(&inner.shown).push(&entry);
    Ticket { promise: queue.promise(level, ack), first_seq: None }
}

/// The queue, once there is credit and room for this much.
fn wait_for_room(
    inner: &Inner,
    cost: u64,
    rows: u64,
    timeout: Duration,
) -> Result<MutexGuard<'_, Queue>, AppendError> {
    let limits = inner.limits();
    let blocked = |queue: &mut Queue| {
        matches!(queue.state, State::Open) && queue.pressure(&limits, cost, rows).is_some()
    };
    let mut queue = lock(&inner.queue);
    if blocked(&mut queue) {
        if inner.options.drive == Drive::Steps {
            drop(queue);
            inner.step();
            queue = lock(&inner.queue);
        } else {
            inner.work.notify_one();
            let waited = inner.room.wait_timeout_while(queue, timeout, blocked);
            queue = waited.unwrap_or_else(std::sync::PoisonError::into_inner).0;
        }
    }
    queue.check_open()?;
    match queue.pressure(&limits, cost, rows) {
        Some(pressure) => Err(AppendError::Backpressure(pressure)),
        None => Ok(queue),
    }
}

impl Inner {
    /// Notes open producers as alive: those with news, or all.
    pub(crate) fn beat_all(&self, all: bool) {
        let mut queue = lock(&self.queue);
        if !matches!(queue.state, State::Open)
            || queue.pressure(&self.limits(), 1 << 16, 1).is_some()
        {
            return;
        }
        let live = lock(&self.live).clone();
        for (producer_id, epoch, next) in queue.ledger.to_beat(all) {
            if live.get(&producer_id) != Some(&epoch) {
                continue;
            }
            let mut entry = Entry::plain(Kind::Beat, Vec::new(), Note::Beat);
            (entry.producer_id, entry.epoch, entry.first_pseq) = (producer_id, epoch, next);
            let ack =
                Ack { level: Level::Durable, pseq: next..next, stored: Vec::new(), duplicates: 0 };
            // Nobody waits for a beat.
            drop(admit_note(self, &mut queue, entry, Level::Durable, ack));
        }
        self.wake_committer(queue);
    }

    /// Lets the queue go, and wakes the committer if it sleeps; while it is awake it looks at the queue anyway.
    fn wake_committer(&self, mut queue: MutexGuard<'_, Queue>) {
        let is_idle = std::mem::take(&mut queue.is_committer_idle);
        drop(queue);
        if is_idle {
            self.work.notify_one();
        }
    }
}
