//! The state of a log as its newest frames leave it.

use crate::deliver::latest_receipt;
use crate::entry::Entry;
use crate::error::OpenError;
use crate::format::body::{StoredSchema, decode_rows, decode_streams};
use crate::format::frame::{FrameHeader, Kind};
use crate::format::manifest::{DamageEntry, LostRange};
use crate::format::segment::{FIRST_GROUP, SegmentHeader};
use crate::format::watermark::Watermark;
use crate::format::{BLOCK, align_up};
use crate::ledger::Ledger;
use crate::note::{Note, Place};
use crate::recent::Recent;
use crate::store::{Manifest, sealed};
use crate::walk::{Found, Walked, is_salvageable, walk};
use crate::window::Window;
use contract::{EventId, UtcNanos};
use durable::FsError;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

/// A segment whose header is known.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) number: u64,
    pub(crate) header: SegmentHeader,
    pub(crate) window: Window,
}

/// Finds a schema by its number in segments before one.
pub(crate) type FindSchema<'a> = &'a dyn Fn(u64, u32) -> Result<Option<StoredSchema>, FsError>;

/// What a recovery knows before it writes anything.
#[derive(Debug)]
pub(crate) struct Recovered {
    pub(crate) segments: Vec<(u64, SegmentHeader)>,
    pub(crate) walked: Vec<u64>,
    pub(crate) bytes_read: u64,
    pub(crate) is_clean: bool,
    pub(crate) is_damaged: bool,
    /// Number of the first frame of the new segment.
    pub(crate) base_frame: u64,
    /// Where the live range of the newest segment ends.
    pub(crate) cut: u64,
    pub(crate) prev_crc: u32,
    /// All numbers of live frames lie below.
    pub(crate) live_seq: u64,
    /// All numbers that anybody may have seen lie below.
    pub(crate) max_seq: u64,
    pub(crate) log_clock: i64,
    pub(crate) last_ts: UtcNanos,
    pub(crate) ledger: Ledger,
    pub(crate) recents: BTreeMap<EventId, Recent>,
    /// Schemas in live frames, for the snapshot of the new segment.
    pub(crate) live_schemas: BTreeMap<u32, Arc<StoredSchema>>,
    /// All schemas, those of salvaged frames too.
    pub(crate) schemas: Vec<Arc<StoredSchema>>,
    pub(crate) salvage: Vec<Entry>,
    pub(crate) damages: Vec<DamageEntry>,
    pub(crate) noise: Vec<(u64, Range<u64>)>,
    pub(crate) frames_torn: u64,
    pub(crate) bytes_torn: u64,
}

impl Recovered {
    pub(crate) fn new(
        mut segments: Vec<Segment>,
        manifest: &Manifest,
        watermark: Option<&Watermark>,
        log_id: EventId,
        elsewhere: FindSchema<'_>,
    ) -> Result<Self, OpenError> {
        let mut this = Self::empty(log_id);
        this.segments = segments.iter().map(|s| (s.number, s.header)).collect();
        for (segment, header) in &this.segments {
            if crate::segments::is_made_up(header) {
                this.noise.push((*segment, 0..FIRST_GROUP));
            }
            this.max_seq = this.max_seq.max(header.base_seq);
        }
        this.max_seq =
            this.max_seq.max(sealed(manifest.entries()).map(|s| s.end_seq).max().unwrap_or(0));
        this.max_seq = this.max_seq.max(watermark.map_or(0, |w| w.durable_seq));
        // From the newest segment back to one whose snapshot can be read.
        let mut walks: Vec<(usize, Walked)> = Vec::new();
        for (at, segment) in segments.iter_mut().enumerate().rev() {
            let walked = walk(&mut segment.window, &segment.header)?;
            if let Some(kind) = walked.unknown {
                let path = segment.window.path().to_path_buf();
                return Err(OpenError::Format { path, found: format!("a frame of kind {kind}") });
            }
            let is_whole = this.restore(segment, &walked)?;
            walks.push((at, walked));
            if is_whole {
                break;
            }
            this.ledger = Ledger::new(log_id);
        }
        walks.reverse();
        let Some((newest, _)) = walks.last() else { return Ok(this) };
        let newest = *newest;
        this.borrow_schemas(&walks, elsewhere)?;
        for (at, walked) in &walks {
            let next = this.segments.get(at + 1).map(|(_, header)| *header);
            let Some(segment) = segments.get_mut(*at) else { continue };
            this.walked.push(segment.number);
            this.noise.extend(walked.noise.iter().map(|r| (segment.number, r.clone())));
            for found in &walked.frames {
                this.max_seq = this.max_seq.max(found.header.end_seq());
            }
            if *at == newest {
                this.replay_newest(segment, walked, manifest, watermark)?;
            } else {
                let end = next.map_or(u64::MAX, |h| h.base_frame);
                this.replay(segment, walked, end)?;
            }
        }
        this.bytes_read = segments.iter().map(|s| s.window.read).sum();
        this.schemas = super::dense(&this.live_schemas);
        let mut all = this.live_schemas.clone();
        for entry in &this.salvage {
            if entry.kind == Kind::Schema
                && let Ok(schema) = StoredSchema::decode(&entry.body)
            {
                all.entry(entry.schema_no).or_insert_with(|| Arc::new(schema));
            }
        }
        this.schemas = super::dense(&all);
        Ok(this)
    }

    /// Schemas of rows whose own Schema frame cannot be read, from segments before.
    fn borrow_schemas(
        &mut self,
        walks: &[(usize, Walked)],
        elsewhere: FindSchema<'_>,
    ) -> Result<(), OpenError> {
        let frames = || walks.iter().flat_map(|(_, w)| &w.frames).filter(|f| f.is_whole);
        let numbers = |kind| {
            let of_kind = frames().filter(move |f| f.header.kind == kind);
            of_kind.map(|f| f.header.schema_no).collect::<BTreeSet<u32>>()
        };
        let first = walks.first().and_then(|(at, _)| self.segments.get(*at)).map_or(0, |s| s.0);
        for number in numbers(Kind::Data).difference(&numbers(Kind::Schema)) {
            if let Some(schema) = elsewhere(first, *number)? {
                self.live_schemas.insert(*number, Arc::new(schema));
            }
        }
        Ok(())
    }

    fn empty(log_id: EventId) -> Self {
        Self {
            segments: Vec::new(),
            walked: Vec::new(),
            bytes_read: 0,
            is_clean: false,
            is_damaged: false,
            base_frame: 0,
            cut: 0,
            prev_crc: 0,
            live_seq: 0,
            max_seq: 0,
            log_clock: 0,
            last_ts: UtcNanos::from_nanos(0),
            ledger: Ledger::new(log_id),
            recents: BTreeMap::new(),
            live_schemas: BTreeMap::new(),
            schemas: Vec::new(),
            salvage: Vec::new(),
            damages: Vec::new(),
            noise: Vec::new(),
            frames_torn: 0,
            bytes_torn: 0,
        }
    }

    /// Takes the accounts from the snapshot of a segment; says whether it can be read.
    fn restore(&mut self, segment: &mut Segment, walked: &Walked) -> Result<bool, OpenError> {
        // Schemas, then the accounts; behind them the first group may begin with a schema of its own.
        let snapshot = walked.frames.iter().find(|f| f.header.kind != Kind::Schema || !f.is_whole);
        let Some(found) = snapshot.filter(|f| f.is_whole && f.header.kind == Kind::Producers)
        else {
            return Ok(false);
        };
        let Some(body) = segment.window.body(found.at, &found.header)? else { return Ok(false) };
        let restored = decode_streams(&body)
            .ok()
            .and_then(|batches| Ledger::restore(self.ledger.log_id(), &batches).ok());
        let is_whole = restored.is_some();
        if let Some(ledger) = restored {
            self.ledger = ledger;
        }
        Ok(is_whole)
    }

    /// Applies the frames of a segment up to a frame number.
    fn replay(
        &mut self,
        segment: &mut Segment,
        walked: &Walked,
        end: u64,
    ) -> Result<(), OpenError> {
        for found in walked.frames.iter().filter(|f| f.is_whole && f.header.frame_no < end) {
            self.live(segment, found)?;
        }
        Ok(())
    }

    /// A frame that counts.
    fn live(&mut self, segment: &mut Segment, found: &Found) -> Result<(), OpenError> {
        let header = &found.header;
        self.live_seq = self.live_seq.max(header.end_seq());
        self.last_ts = self.last_ts.max(UtcNanos::from_nanos(header.ts_append));
        self.log_clock = self.log_clock.max(header.avail_floor);
        let body = segment.window.body(found.at, header)?;
        let Some(body) = body else { return Ok(()) };
        if header.kind == Kind::Schema
            && let Ok(schema) = StoredSchema::decode(&body)
        {
            self.live_schemas.insert(header.schema_no, Arc::new(schema));
        }
        if let Some(note) = Note::decode(header.kind, &body) {
            note.apply(&mut self.ledger, &Place::of(header));
        }
        if header.kind == Kind::Data {
            remember(&mut self.recents, header);
        }
        Ok(())
    }

    fn replay_newest(
        &mut self,
        segment: &mut Segment,
        walked: &Walked,
        manifest: &Manifest,
        watermark: Option<&Watermark>,
    ) -> Result<(), OpenError> {
        let base = segment.header.base_frame;
        let readable = walked.first_unreadable(base);
        let claims = walked.frames.iter().map(|f| f.header.durable_frame);
        let sealed_end = sealed(manifest.entries()).map(|s| s.end_frame);
        let bases = self.segments.iter().map(|(_, h)| h.base_frame);
        let marks = watermark.map(|w| w.durable_frame);
        let durable = claims.chain(sealed_end).chain(bases).chain(marks).max().unwrap_or(base);
        let last = walked.frames.last();
        self.is_clean = last
            .is_some_and(|f| f.header.kind == Kind::Seal && f.header.frame_no + 1 == readable)
            && durable <= readable;
        self.is_damaged = durable > readable;
        let base_frame = if self.is_clean { readable } else { durable };
        // Frames in order: those that count, with what is missing between them, then those to be kept.
        let mut expected = base;
        let mut edge = (FIRST_GROUP, segment.header.prev_crc);
        self.live_seq = self.live_seq.max(segment.header.base_seq);
        let live: Vec<Found> =
            walked.frames.iter().filter(|f| f.header.frame_no < base_frame).copied().collect();
        for (at, found) in live.iter().enumerate() {
            if found.header.frame_no > expected {
                let later = live.get(at..).unwrap_or_default();
                self.missing(
                    segment,
                    expected..found.header.frame_no,
                    edge.0..found.at,
                    Some(found.header.first_seq),
                    later,
                );
            }
            // Rows without their schema are lost with it.
            let has_schema = found.header.kind != Kind::Data
                || self.live_schemas.contains_key(&found.header.schema_no);
            if found.is_whole && has_schema {
                self.live(segment, found)?;
            } else {
                self.unreadable(segment, found);
            }
            expected = found.header.frame_no + 1;
            edge = (found.end(), found.header.header_crc);
        }
        let behind: Vec<Found> =
            walked.frames.iter().filter(|f| f.header.frame_no >= base_frame).copied().collect();
        if expected < base_frame {
            let to = behind.first().map_or(segment.window.end(), |f| f.at);
            let marked = watermark.filter(|w| w.durable_frame >= base_frame).map(|w| w.durable_seq);
            let sealed = manifest.sealed(segment.number).map(|s| s.end_seq);
            let known = behind.first().map(|f| f.header.first_seq).or(marked).or(sealed);
            self.missing(segment, expected..base_frame, edge.0..to, known, &behind);
        }
        self.base_frame = base_frame;
        self.prev_crc = edge.1;
        self.cut = behind
            .first()
            .filter(|f| f.header.frame_no == base_frame)
            .map_or_else(|| align_up(edge.0, BLOCK), |f| f.at);
        let mut connects = base_frame;
        for found in &behind {
            self.frames_torn += 1;
            self.bytes_torn += found.header.stored_len();
            if found.header.frame_no == connects && found.is_whole {
                connects += 1;
                if is_salvageable(found.header.kind) {
                    self.keep(segment, found)?;
                }
            }
        }
        self.log_clock = self.log_clock.max(self.last_receipt(segment, &live)?);
        Ok(())
    }

    /// The latest receipt in the last rows that can be read; those of earlier rows are in its header.
    fn last_receipt(&self, segment: &mut Segment, live: &[Found]) -> Result<i64, OpenError> {
        let data = live.iter().rev().find(|f| f.is_whole && f.header.kind == Kind::Data);
        let Some(found) = data else { return Ok(i64::MIN) };
        let Some(schema) = self.live_schemas.get(&found.header.schema_no) else {
            return Ok(i64::MIN);
        };
        let Some(body) = segment.window.body(found.at, &found.header)? else { return Ok(i64::MIN) };
        let rows = rows_of(schema, &body, &found.header);
        Ok(rows.as_ref().and_then(latest_receipt).map_or(i64::MIN, |(_, receipt)| receipt))
    }

    /// Takes a frame that nobody was told is durable into the new segment, under its old number and identity.
    fn keep(&mut self, segment: &mut Segment, found: &Found) -> Result<(), OpenError> {
        let header = &found.header;
        let Some(body) = segment.window.body(found.at, header)? else { return Ok(()) };
        let Some(note) = Note::decode(header.kind, &body) else { return Ok(()) };
        let mut entry = Entry::plain(header.kind, body.to_vec(), note);
        if header.kind == Kind::Schema
            && let Ok(schema) = StoredSchema::decode(&body)
        {
            self.kept_schemas().insert(header.schema_no, Arc::new(schema));
        }
        entry.is_salvaged = true;
        entry.codec = header.codec;
        entry.rows = header.rows;
        entry.schema_no = header.schema_no;
        entry.producer_id = header.producer_id;
        entry.epoch = header.epoch;
        entry.first_seq = header.first_seq;
        entry.first_pseq = header.first_pseq;
        entry.avail_floor = header.avail_floor;
        entry.raw_len = header.raw_len;
        self.log_clock = self.log_clock.max(header.avail_floor);
        if header.kind == Kind::Data {
            let schema = self.live_schemas.get(&header.schema_no).cloned();
            let schema = schema.or_else(|| {
                self.salvage
                    .iter()
                    .find(|e| e.kind == Kind::Schema && e.schema_no == header.schema_no)
                    .and_then(|e| StoredSchema::decode(&e.body).ok())
                    .map(Arc::new)
            });
            let rows = schema.and_then(|schema| Some((rows_of(&schema, &body, header)?, schema)));
            // Rows that cannot be read were never acknowledged: the producer sends them again.
            let Some((rows, schema)) = rows else { return Ok(()) };
            entry.receipt = latest_receipt(&rows).map(|(_, receipt)| receipt);
            self.log_clock = self.log_clock.max(entry.receipt.unwrap_or(i64::MIN));
            entry.data = Some((schema, rows));
            remember(&mut self.recents, header);
        }
        self.salvage.push(entry);
        Ok(())
    }

    /// A frame whose header can be read and whose body cannot: it is known what is lost.
    fn unreadable(&mut self, segment: &Segment, found: &Found) {
        let header = &found.header;
        self.live_seq = self.live_seq.max(header.end_seq());
        self.log_clock = self.log_clock.max(header.avail_floor);
        let table = self.live_schemas.get(&header.schema_no).map(|s| s.table.to_string());
        let is_data = header.kind == Kind::Data;
        let end_pseq = header.first_pseq + u64::from(header.rows);
        self.damages.push(DamageEntry {
            segment: segment.number,
            bytes: [found.at, found.end()],
            frames: [header.frame_no, header.frame_no + 1],
            seqs: [header.first_seq, header.end_seq()],
            tables: if is_data { table.map(|t| vec![t]) } else { Some(Vec::new()) },
            producers: if is_data {
                vec![LostRange {
                    producer_id: header.producer_id,
                    first_pseq: header.first_pseq,
                    end_pseq,
                }]
            } else {
                Vec::new()
            },
            quarantine: None,
        });
    }

    /// Frames that are not there at all. Whose rows they held follows from where each producer stood before and
    /// stands after them.
    fn missing(
        &mut self,
        segment: &Segment,
        frames: Range<u64>,
        bytes: Range<u64>,
        end_seq: Option<u64>,
        later: &[Found],
    ) {
        let start_seq = self.live_seq;
        let mut producers: Vec<LostRange> = Vec::new();
        let mut seen: Vec<EventId> = Vec::new();
        for found in later {
            let header = &found.header;
            let speaks = matches!(
                header.kind,
                Kind::Data | Kind::Beat | Kind::Close | Kind::Skip | Kind::Open
            );
            if !speaks || seen.contains(&header.producer_id) {
                continue;
            }
            seen.push(header.producer_id);
            let stood = self.ledger.end_pseq(header.producer_id);
            if header.first_pseq > stood && header.kind != Kind::Open {
                producers.push(LostRange {
                    producer_id: header.producer_id,
                    first_pseq: stood,
                    end_pseq: header.first_pseq,
                });
            }
        }
        self.damages.push(DamageEntry {
            segment: segment.number,
            bytes: [bytes.start, bytes.end],
            frames: [frames.start, frames.end],
            seqs: [start_seq, end_seq.unwrap_or(start_seq).max(start_seq)],
            tables: None,
            producers,
            quarantine: None,
        });
    }

    fn kept_schemas(&mut self) -> &mut BTreeMap<u32, Arc<StoredSchema>> {
        &mut self.live_schemas
    }
}

fn remember(recents: &mut BTreeMap<EventId, Recent>, header: &FrameHeader) {
    let pseqs = header.first_pseq..header.first_pseq + u64::from(header.rows);
    recents.entry(header.producer_id).or_default().push(
        pseqs,
        header.first_seq,
        header.body_crc,
        header.body_len,
    );
}

fn rows_of(
    schema: &StoredSchema,
    body: &arrow_buffer::Buffer,
    header: &FrameHeader,
) -> Option<arrow_array::RecordBatch> {
    decode_rows(schema, body, header.codec, header.raw_len, header.rows).ok()
}
