//! Zips of headerless CSV in the folders of QuantConnect's Lean.

mod bars;
mod corporate;
mod field;
mod path;
mod ticks;

pub use path::{LeanPath, Resolution, Series};

use crate::calendar::SessionCloses;
use crate::clock::{Clock, Local, LocalDate};
use crate::error::FeedError;
use crate::report::{Output, Report, as_u64};
use crate::spec::{SourceSpec, Spec};
use contract::{Envelope, Flags, InstrumentId, MAX_LINE, Origin, Reject, SourceId, UtcNanos};
use corporate::{CorporatePath, Subject};
use field::Refusal;
use std::io::{BufRead, BufReader, Cursor, Read};
use zip::ZipArchive;

/// What a line became.
pub(crate) enum Kept {
    /// Rows of its own.
    Rows,
    /// A part of the quote that another line of the same stamp completes, or will.
    Merged,
}

/// Importer of Lean's files: `trades`, `quotes` and `bars`.
///
/// - **Shape:** a line yields one row, a line of a quote bar two, a pair of equity quote lines one. Instrument and
///   date come from the path; a member of another date is refused whole.
/// - **Point in time:** there is no receive stamp. `ts_avail` is the event on our clock plus the source's delay, a
///   bar's event is its end, and every row has BACKFILL.
/// - **Cost:** one pass; memory for the stored bytes of one file and one batch.
///
/// ```
/// use feeds::{Lean, Spec};
/// # fn zip(name: &str, text: &str) -> Vec<u8> {
/// #     use std::io::Write;
/// #     let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
/// #     zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
/// #     zip.write_all(text.as_bytes()).unwrap();
/// #     zip.finish().unwrap().into_inner()
/// # }
/// let bytes = zip("20140501_eurusd_tick_quote.csv", "1787,1.38727,1.38729\n");
/// let mut lean = Lean::new(Spec::parse(Spec::LEAN)?);
/// let mut rows = 0;
/// lean.push("forex/fxcm/tick/eurusd/20140501_quote.zip", &mut &bytes[..], &mut |out| {
///     rows += out.rows.iter().map(|batch| batch.len()).sum::<usize>();
/// })?;
/// let report = lean.finish();
/// assert_eq!((rows, report.lines), (1, 1));
/// // 00:00:01.787 of a UTC-5 day.
/// assert_eq!(report.ts_event_ns, Some((1_398_920_401_787_000_000, 1_398_920_401_787_000_000)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Lean {
    spec: Spec,
    closes: SessionCloses,
    report: Report,
}

/// What all lines of a file share.
pub(crate) struct Context<'a> {
    pub(crate) clock: &'a mut Clock,
    pub(crate) closes: &'a SessionCloses,
    pub(crate) path: &'a LeanPath,
    source_id: SourceId,
    instrument_id: InstrumentId,
    delay_ns: i64,
    offset_ns: i64,
}

impl Context<'_> {
    /// The instant of a stamp.
    pub(crate) fn at(
        &mut self,
        date: LocalDate,
        since_midnight_ns: i64,
    ) -> Result<(UtcNanos, Flags), Refusal> {
        match self.clock.utc(date, since_midnight_ns) {
            Local::At(t) => Ok((t, Flags::NONE)),
            Local::Earlier(t) => Ok((t, Flags::CLOCK_SUSPECT)),
            Local::Gap => {
                Err(Refusal::stamp("feeds/nonexistent-local-time", "a time that the zone has"))
            }
            Local::UnitSuspect => {
                Err(Refusal::stamp("feeds/unit-suspect", "a stamp within the limits of the spec"))
            }
        }
    }

    /// The envelope of a row whose event is at `t`; available at `t` on our clock plus the delay, and not before
    /// `earliest`.
    pub(crate) fn envelope(
        &self,
        t: UtcNanos,
        flags: Flags,
        earliest: Option<UtcNanos>,
    ) -> Result<Envelope, Refusal> {
        let avail =
            t.nanos().checked_sub(self.offset_ns).and_then(|ns| ns.checked_add(self.delay_ns));
        let avail = avail.map(UtcNanos::from_nanos).map(|a| earliest.map_or(a, |e| a.max(e)));
        let Some(avail) = avail else {
            return Err(Refusal::stamp("contract/overflow", "a time before 2262"));
        };
        Ok(Envelope {
            source_id: self.source_id,
            instrument_id: self.instrument_id,
            ts_event: Some(t),
            ts_venue_send: None,
            ts_recv: None,
            ts_avail: Some(avail),
            clock_offset_ns: Some(self.offset_ns),
            flags: flags.with(Flags::BACKFILL),
        })
    }
}

/// Rows of one table, growing.
pub(crate) trait Rows {
    /// Adds what a line holds.
    fn line(&mut self, context: &mut Context<'_>, line: &[u8]) -> Result<Kept, Refusal>;
    /// Closes what waits for another line.
    fn end(&mut self, context: &mut Context<'_>) -> Result<(), Refusal>;
    /// Rows since the last [`take`](Rows::take).
    fn len(&self) -> usize;
    /// The rows as a batch.
    fn take(&mut self) -> Result<contract::AnyBatch, contract::BuildError>;
}

impl Lean {
    /// An importer.
    #[must_use]
    pub fn new(spec: Spec) -> Self {
        let report = Report { tzdb: crate::clock::tzdb_version(), ..Report::default() };
        Self { spec, closes: SessionCloses::default(), report }
    }

    /// Daily bars end at the close of their session where the calendar `<type>/<market>/<symbol>` or
    /// `<type>/<market>` has one.
    #[must_use]
    pub fn with_sessions(self, closes: SessionCloses) -> Self {
        Self { closes, ..self }
    }

    /// The source of a path and the number of its instrument; stamps are local, so a clock is needed.
    fn resolve(
        &self,
        path: &str,
        name: &str,
        symbol: &str,
    ) -> Result<(SourceSpec, InstrumentId), FeedError> {
        let Some(source) = self.spec.source(name) else {
            let near = contract::nearest(name, self.spec.source_names());
            let near = if near.is_empty() {
                String::new()
            } else {
                format!(" (is it `{}`?)", near.join("`, `"))
            };
            let (input, found) = (path.to_owned(), name.to_owned());
            return Err(FeedError::UnknownSource { input, found, near });
        };
        let full = format!("{name}/{symbol}");
        let instrument_id = self
            .spec
            .instrument(&full)
            .ok_or_else(|| FeedError::UnknownInstrument { input: path.to_owned(), found: full })?;
        if source.clock.used().next().is_none() {
            return Err(FeedError::MissingClock { input: path.to_owned(), name: name.to_owned() });
        }
        Ok((source.clone(), instrument_id))
    }

    /// Imports one file, whose path says what it holds, and hands out its rows batch by batch.
    ///
    /// Beside zips of market data these are map files, which become `symbols`, and factor files, which become
    /// `adjustments` that are known when they take effect.
    ///
    /// # Errors
    /// [`FeedError`]; batches handed out before are good.
    pub fn push(
        &mut self,
        path: &str,
        reader: &mut dyn Read,
        each: &mut dyn FnMut(Output),
    ) -> Result<(), FeedError> {
        if let Some(corporate) = CorporatePath::parse(path) {
            return self.push_corporate(path, &corporate, reader, each);
        }
        let lean_path = LeanPath::parse(path).ok_or_else(|| FeedError::Path {
            input: path.to_owned(),
            expected: "`<type>/<market>/<resolution>/<symbol>[/<date>_<trade|quote>].zip`",
        })?;
        let name = lean_path.source();
        let (mut source, instrument_id) = self.resolve(path, &name, &lean_path.symbol)?;
        let delay_ns = source.delay_ns.ok_or_else(|| FeedError::MissingDelay {
            input: path.to_owned(),
            name: name.clone(),
        })?;
        let bytes = read_all(path, reader, self.spec.max_file_bytes)?;
        let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|e| FeedError::Corrupt {
            input: path.to_owned(),
            expected: "a zip",
            detail: e.to_string(),
        })?;
        self.report.files += 1;
        let mut context = Context {
            clock: &mut source.clock,
            closes: &self.closes,
            path: &lean_path,
            source_id: source.source_id,
            instrument_id,
            delay_ns,
            offset_ns: source.offset_ns,
        };
        let mut inflated_left = self.spec.max_inflated_bytes;
        let (mut outcome, mut members) = (Ok(()), 0_u64);
        for at in 0..zip.len() {
            let corrupt = |detail: String| FeedError::Corrupt {
                input: path.to_owned(),
                expected: "a zip",
                detail,
            };
            let mut member = match zip.by_index(at) {
                Ok(member) => member,
                Err(error) => {
                    outcome = Err(corrupt(error.to_string()));
                    break;
                }
            };
            if member.is_dir() {
                continue;
            }
            let name = match member.name() {
                Ok(name) => name.into_owned(),
                Err(error) => {
                    outcome = Err(corrupt(error.to_string()));
                    break;
                }
            };
            let input = format!("{path}!{}", contract::excerpt(name.as_bytes()));
            let other = lean_path.date.filter(|date| path::date_of(&name) != Some(*date));
            let mut import = Import {
                report: &mut self.report,
                origin: Origin::new("feeds", &input),
                table: lean_path.table(),
                batch_rows: self.spec.batch_rows,
                limit: self.spec.max_inflated_bytes,
                left: &mut inflated_left,
                rejects: Vec::new(),
                reject_bytes: 0,
            };
            members += 1;
            let reader: &mut dyn Read = &mut member;
            outcome = match other {
                Some(date) => import.refuse_member(reader, date, each),
                None => import.member(&mut context, reader, each),
            };
            if outcome.is_err() {
                break;
            }
        }
        if outcome.is_ok() && members == 0 {
            outcome = Err(FeedError::Empty { input: path.to_owned() });
        }
        self.count_rules(&name, &source.clock);
        outcome
    }

    fn push_corporate(
        &mut self,
        path: &str,
        corporate: &CorporatePath,
        reader: &mut dyn Read,
        each: &mut dyn FnMut(Output),
    ) -> Result<(), FeedError> {
        let (mut source, instrument_id) =
            self.resolve(path, &corporate.source, &corporate.symbol)?;
        let text = read_all(path, reader, self.spec.max_file_bytes)?;
        let mut subject = Subject {
            clock: &mut source.clock,
            source_id: source.source_id,
            instrument_id,
            origin: &Origin::new("feeds", path),
            table: corporate.table(),
        };
        let found = subject
            .read(corporate.is_map, &text)
            .map_err(|source| FeedError::Build { input: path.to_owned(), source })?;
        self.report.files += 1;
        self.report.lines += found.lines;
        self.report.merged_lines += found.merged;
        let output = Output { rows: vec![found.batch], rejects: found.rejects };
        self.report.count(&output);
        each(output);
        self.count_rules(&corporate.source, &source.clock);
        Ok(())
    }

    fn count_rules(&mut self, name: &str, clock: &Clock) {
        for (rule, used) in clock.used().filter(|(_, used)| *used > 0) {
            *self.report.clock_rules.entry(format!("{name}: {rule}")).or_default() += used;
        }
    }

    /// The report over all that was pushed.
    #[must_use]
    pub fn finish(self) -> Report {
        self.report
    }
}

fn read_all(path: &str, reader: &mut dyn Read, limit: u64) -> Result<Vec<u8>, FeedError> {
    let mut bytes = Vec::new();
    reader
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|e| FeedError::reading(path, "a zip", e))?;
    if bytes.is_empty() {
        return Err(FeedError::Empty { input: path.to_owned() });
    }
    if as_u64(bytes.len()) > limit {
        return Err(FeedError::TooLarge { input: path.to_owned(), what: "stored", limit });
    }
    Ok(bytes)
}

/// The import of one member.
struct Import<'a> {
    report: &'a mut Report,
    origin: Origin,
    table: &'static str,
    batch_rows: usize,
    limit: u64,
    left: &'a mut u64,
    rejects: Vec<Reject>,
    /// Bytes of lines that the rejects hold.
    reject_bytes: usize,
}

/// A quote bar is two rows, and so is an equity ask behind a bid of another stamp.
const MOST_ROWS_A_LINE: usize = 2;

/// Rejects carry their lines, so they are handed out by size as well as by number.
const MAX_REJECT_BYTES: usize = 1 << 22;

impl Import<'_> {
    fn member(
        &mut self,
        context: &mut Context<'_>,
        reader: &mut dyn Read,
        each: &mut dyn FnMut(Output),
    ) -> Result<(), FeedError> {
        let mut rows: Box<dyn Rows> = match (context.path.resolution, context.path.series) {
            (Resolution::Tick, Series::Quote) => Box::new(ticks::Quotes::default()),
            (Resolution::Tick, Series::Trade) => Box::new(ticks::Trades::default()),
            _ => Box::new(bars::Bars::default()),
        };
        let mut reader = BufReader::with_capacity(1 << 16, self.limited(reader));
        let mut line = Vec::new();
        let mut number = 0;
        let outcome = loop {
            match self.next_line(&mut reader, &mut line) {
                Ok(0) => break Ok(()),
                Ok(_) => number += 1,
                Err(error) => break Err(error),
            }
            while line.last().is_some_and(|b| matches!(b, b'\n' | b'\r')) {
                line.pop();
            }
            if line.is_empty() {
                continue;
            }
            self.report.lines += 1;
            let kept = if line.len() > MAX_LINE {
                Err(Refusal::line("contract/line-too-long", "at most 1 MiB"))
            } else {
                rows.line(context, &line)
            };
            match kept {
                Ok(Kept::Rows) => {}
                Ok(Kept::Merged) => self.report.merged_lines += 1,
                Err(refusal) => {
                    self.reject_bytes += line.len().min(Reject::MAX_PAYLOAD);
                    self.rejects.push(refusal.into_reject(&self.origin, self.table, number, &line));
                }
            }
            let is_full = rows.len() + MOST_ROWS_A_LINE > self.batch_rows
                || self.rejects.len() >= self.batch_rows
                || self.reject_bytes >= MAX_REJECT_BYTES;
            if is_full {
                self.flush(rows.as_mut(), each)?;
            }
        };
        if let Err(refusal) = rows.end(context) {
            self.rejects.push(refusal.into_reject(&self.origin, self.table, number, b""));
        }
        self.flush(rows.as_mut(), each)?;
        outcome
    }

    fn flush(
        &mut self,
        rows: &mut dyn Rows,
        each: &mut dyn FnMut(Output),
    ) -> Result<(), FeedError> {
        let batch = rows
            .take()
            .map_err(|source| FeedError::Build { input: self.origin.input.clone(), source })?;
        let rejects = std::mem::take(&mut self.rejects);
        self.reject_bytes = 0;
        if batch.is_empty() && rejects.is_empty() {
            return Ok(());
        }
        let rows = if batch.is_empty() { Vec::new() } else { vec![batch] };
        let output = Output { rows, rejects };
        self.report.count(&output);
        each(output);
        Ok(())
    }

    /// The reader, cut behind the first byte that is too many, so that no endless line is inflated to its end.
    fn limited<'r>(&self, reader: &'r mut dyn Read) -> std::io::Take<&'r mut dyn Read> {
        reader.take(self.left.saturating_add(1))
    }

    /// Reads a line with its end and returns its length; 0 at the end of the member.
    fn next_line(
        &mut self,
        reader: &mut impl BufRead,
        line: &mut Vec<u8>,
    ) -> Result<u64, FeedError> {
        let read = next_line(reader, line)
            .map_err(|e| FeedError::reading(&self.origin.input, "a zip of text", e))?;
        let n = as_u64(read);
        *self.left = self.left.checked_sub(n).ok_or_else(|| FeedError::TooLarge {
            input: self.origin.input.clone(),
            what: "inflated",
            limit: self.limit,
        })?;
        Ok(n)
    }

    /// A member of another date: one reject that states how many lines are refused with it.
    fn refuse_member(
        &mut self,
        reader: &mut dyn Read,
        date: LocalDate,
        each: &mut dyn FnMut(Output),
    ) -> Result<(), FeedError> {
        let mut reader = BufReader::new(self.limited(reader));
        let mut line = Vec::new();
        let mut lines = 0_u64;
        let outcome = loop {
            match self.next_line(&mut reader, &mut line) {
                Ok(0) => break Ok(()),
                Ok(_) => lines += u64::from(!line.iter().all(u8::is_ascii_whitespace)),
                Err(error) => break Err(error),
            }
        };
        self.report.refused_lines += lines;
        let observed = format!(
            "{} with {lines} lines",
            self.origin.input.rsplit('!').next().unwrap_or_default()
        );
        let reject = Reject::new(&self.origin, self.table, 0, "feeds/member-date-mismatch").about(
            "ts_event",
            format!("a member of {date}, the date of the path"),
            observed,
        );
        let output = Output { rows: Vec::new(), rejects: vec![reject] };
        self.report.count(&output);
        each(output);
        outcome
    }
}

/// Reads a line with its end; of a line beyond the limit the rest is passed over, and its length shows it.
fn next_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<usize> {
    line.clear();
    let mut n = 0;
    loop {
        let part = reader.fill_buf()?;
        if part.is_empty() {
            return Ok(n);
        }
        let (used, is_end) = match memchr::memchr(b'\n', part) {
            Some(at) => (at + 1, true),
            None => (part.len(), false),
        };
        if line.len() <= MAX_LINE {
            line.extend_from_slice(part.get(..used).unwrap_or_default());
        }
        reader.consume(used);
        n += used;
        if is_end {
            return Ok(n);
        }
    }
}
