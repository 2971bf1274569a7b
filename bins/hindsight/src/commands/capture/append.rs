//! `hindsight capture append`.

mod early;
mod marks;

use super::acks::{Acks, Printer, Sent, Told, Totals};
use super::compare::Stored;
use super::merge::{Line, rank};
use super::sources::{Part, start};
use super::{duration, failure, id_of, open, reading, start_note};
use crate::cli::{AckLevel, AppendArgs, Mode};
use crate::commands::bug;
use crate::console::Closing;
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::input::{Place, RawSource, ReadOptions, Source, parse_inputs};
use crate::progress::Progress;
use crate::rejects::RejectSink;
use arrow_array::RecordBatch;
use capture::{AppendError, Level, Log, Options, Pressure, Producer, ProducerSpec};
use contract::{
    Admitted, Decisions, EventId, Observe, Origin, ProducerMode, Table as _, TableSpec, admit_any,
};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

pub(in crate::commands) use early::LIE;

/// Rows of a frame at most, and rows a batch of Parquet: fixed, because rules that look across rows look inside a
/// batch, and a repetition must find the same rows under the same numbers.
const BATCH: usize = 8_192;
/// How often a signal is looked for.
const TICK: Duration = Duration::from_millis(50);

/// An input, and the producer that its rows belong to.
struct Job {
    name: String,
    spec: &'static TableSpec,
    /// Which of the producers.
    producer: usize,
}

/// A producer of this command.
struct Claim {
    name: Arc<str>,
    id: EventId,
    mode: Mode,
    level: AckLevel,
    /// Number of its first row, if the user says so.
    first: Option<u64>,
    handle: Option<Producer>,
    /// Number of the next row, once it is open.
    next: u64,
    /// What the log has of it already, where rows are sent again.
    stored: Option<Stored>,
}

impl Claim {
    /// Claims the producer, if that has not been done: an input that never gets so far leaves no trace.
    fn open(&mut self, log: &Log) -> Result<(), Failure> {
        if self.handle.is_some() {
            return Ok(());
        }
        let mut spec = ProducerSpec::new(self.id, &self.name);
        spec.mode = match self.mode {
            Mode::Strict => ProducerMode::Strict,
            Mode::Lossy => ProducerMode::Lossy,
        };
        spec.level = match self.level {
            AckLevel::Durable => Level::Durable,
            AckLevel::Buffered | AckLevel::Queued => Level::Buffered,
        };
        let handle = log.open_producer(spec).map_err(|error| failure(&error))?;
        self.next = self.first.unwrap_or_else(|| handle.next_pseq());
        let known = handle.next_pseq();
        if self.next < known {
            self.stored = Some(Stored::open(log, self.id, known)?);
        }
        self.handle = Some(handle);
        Ok(())
    }
}

/// Puts tables into a log and prints a line for each range that is acknowledged.
///
/// - **Shape:** rows in their order; one frame for at most 8,192 rows.
pub(in crate::commands) fn append(args: &AppendArgs, context: &mut Context) -> Result<(), Failure> {
    appended(args, &Acks::Stdout, context).map(|_| ())
}

/// As [`append`], with the acknowledgements elsewhere; how many decisions lost their mark.
pub(in crate::commands) fn appended(
    args: &AppendArgs,
    acks: &Acks,
    context: &mut Context,
) -> Result<u64, Failure> {
    early::is_asked_for(args.level)?;
    let slice = args.merge.as_deref().map(slice_ns).transpose()?;
    let Inputs { jobs, raw, producers } = inputs(args)?;
    is_free(&args.log)?;
    let options = options(args, raw.iter().any(RawSource::is_pipe))?;
    let rejects = RejectSink::new(
        args.rejects.rejects.as_deref(),
        None,
        context.allowance()?,
        args.force,
        &[],
    )?;
    context.stop.ends_in_order();
    let (log, report) = open(&args.log, options).map_err(|error| failure(&error))?;
    let mut notes: Vec<String> = start_note(&report).into_iter().collect();
    let is_new = are_new(&log, args, &producers);
    let (printer, sent) = match is_new.and_then(|()| Printer::start(acks)) {
        Ok(started) => started,
        Err(refused) => {
            close(log)?;
            return Err(refused);
        }
    };
    let mut run = Append {
        log: &log,
        jobs,
        producers,
        sent: Some(sent),
        rejects,
        progress: context.progress("capture append"),
        positions: BTreeMap::new(),
        most: BATCH,
        is_past: slice.is_some(),
        marks: 0,
        is_early: args.level == AckLevel::Queued,
        ahead: early::Ahead::new(),
    };
    let ended = if let Some(slice) = slice {
        run.take_merged(raw, slice, context, &mut notes)
    } else {
        let parts = start(raw).map_err(|e| CliError::reading(Path::new("inputs"), e))?;
        run.take_all(&parts, context, &mut notes)
    };
    // The printer ends when nothing more is sent and everything sent is acknowledged.
    run.sent = None;
    if ended.is_err() {
        // Rows that were taken are made durable all the same, or their tickets fail.
        let Append { rejects, progress, .. } = run;
        let closed = close(log);
        let totals = printer.join();
        return Err(explain(rejects, progress, ended, closed, totals, context));
    }
    let totals = match printer.join() {
        Ok(totals) => totals,
        Err(error) => {
            let full = log.health().disk_full;
            drop(log);
            return Err(match full {
                Some((free, needed)) => {
                    failure(&AppendError::Backpressure(Pressure::Disk { free, needed }))
                }
                None => error,
            });
        }
    };
    let Append { mut rejects, mut progress, marks, .. } = run;
    if marks > 0 {
        notes.push(format!(
            "md_seq_high of {marks} decisions was left out: it counts rows of another log"
        ));
    }
    let rejects_path = rejects.finish(progress.stats.rows_in);
    log.stats().observe(&mut context.metrics);
    close(log)?;
    let rejects_path = rejects_path?;
    progress.stats.rows_out = totals.rows;
    progress.end();
    progress.stats.observe(&mut context.metrics);
    if totals.duplicates > 0 {
        notes.push(format!(
            "{} rows were there before and were not stored again",
            totals.duplicates
        ));
    }
    let stats = &progress.stats;
    context.console.closing(&Closing {
        stage: "capture append",
        rows_in: stats.rows_in,
        rows_out: stats.rows_out,
        rejects: stats.rejects,
        output: args.log.display().to_string(),
        rejects_path: rejects_path.map(|path| path.display().to_string()),
        notes,
        next: Some(format!("hindsight capture ledger {}", args.log.display())),
    });
    Ok(marks)
}

fn options(args: &AppendArgs, is_live: bool) -> Result<Options, Failure> {
    let defaults = Options::default();
    Ok(Options {
        segment_bytes: args.segment_bytes,
        max_future: duration("--max-future", &args.max_future)?,
        // A file is at its end or it is not: a sign of life in its midst would make a part look like the whole.
        beat_every: if is_live { defaults.beat_every } else { Duration::MAX },
        ..defaults
    })
}

/// Length of a slice of time in which inputs are merged.
fn slice_ns(text: &str) -> Result<i64, Failure> {
    let ns = contract::parse_duration_ns(text).ok().filter(|ns| *ns > 0);
    ns.ok_or_else(|| {
        let expected = "a length of time above 0 as in 100ms or 1s";
        let found = contract::excerpt(text.as_bytes());
        CliError::BadValue { flag: "--merge", expected, found }.into()
    })
}

fn close(log: Log) -> Result<(), Failure> {
    log.close().map_err(|error| failure(&error))
}

/// Everything that comes in, and whose it is.
struct Inputs {
    jobs: Vec<Job>,
    raw: Vec<RawSource>,
    producers: Vec<Claim>,
}

/// Opens every input and checks what can be checked before the log is touched.
fn inputs(args: &AppendArgs) -> Result<Inputs, Failure> {
    let options = ReadOptions { trust_eof: args.trust_eof, batch_rows: BATCH };
    let inputs = parse_inputs(&args.inputs)?;
    let id = match &args.producer_id {
        None => None,
        Some(text) => Some(EventId::parse(text).map_err(|_| CliError::BadValue {
            flag: "--producer-id",
            expected: "a UUID",
            found: contract::excerpt(text.as_bytes()),
        })?),
    };
    if args.producer.is_none() && args.first_pseq.is_some() && inputs.len() > 1 {
        return Err(CliError::BadValue {
            flag: "--first-pseq",
            expected: "one input, or `--producer NAME` for all of them",
            found: format!("{} inputs", inputs.len()),
        }
        .into());
    }
    let (mut jobs, mut raw, mut producers) = (Vec::new(), Vec::new(), Vec::<Claim>::new());
    for input in &inputs {
        let source = Source::open(input, &options)?;
        let (spec, name) = (source.spec(), source.name().to_owned());
        if !spec.is_event() {
            let error =
                AppendError::UnknownTable { table: spec.name.to_owned(), near: String::new() };
            return Err(failure(&error).in_input(&name));
        }
        if source.schema().column_with_name("seq").is_some() {
            let error = AppendError::HasSeq { table: spec.name.to_owned() };
            return Err(failure(&error).in_input(&name));
        }
        let who = match (&args.producer, &input.place) {
            (Some(producer), _) => producer.clone(),
            (None, Place::File(path)) => path.display().to_string(),
            (None, Place::Stdin) => {
                return Err(CliError::BadValue {
                    flag: "--producer",
                    expected: "a name for the rows of standard input",
                    found: String::new(),
                }
                .into());
            }
        };
        let producer = producers.iter().position(|p| *p.name == *who).unwrap_or_else(|| {
            let id = id.unwrap_or_else(|| id_of(&who));
            producers.push(Claim {
                name: who.into(),
                id,
                mode: args.mode,
                level: args.level,
                first: if args.resume { Some(0) } else { args.first_pseq },
                handle: None,
                next: 0,
                stored: None,
            });
            producers.len() - 1
        });
        jobs.push(Job { name, spec, producer });
        raw.push(source.into_raw());
    }
    Ok(Inputs { jobs, raw, producers })
}

/// Refuses a directory that holds other things than a log: a log has it to itself.
fn is_free(dir: &Path) -> Result<(), Failure> {
    if dir.join("MANIFEST").exists() || dir.join("segments").is_dir() {
        return Ok(());
    }
    let entries = match std::fs::read_dir(dir) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        other => other.map_err(|e| CliError::reading(dir, e))?,
    };
    // What a start that was cut short may have left.
    let ours = ["LOCK", "cursors", "holds", "quarantine"];
    for entry in entries {
        let name = entry.map_err(|e| CliError::reading(dir, e))?.file_name();
        let name = name.to_string_lossy().into_owned();
        if !ours.contains(&name.as_str()) && !name.starts_with('.') {
            return Err(CliError::NotALog { path: dir.display().to_string(), found: name }.into());
        }
    }
    Ok(())
}

/// Refuses to append a file a second time without a word on what its rows are.
fn are_new(log: &Log, args: &AppendArgs, producers: &[Claim]) -> Result<(), Failure> {
    if args.producer.is_some() || args.resume || args.first_pseq.is_some() {
        return Ok(());
    }
    let known = log.completeness(&reading(), 0..0).map_err(|error| failure(&error))?;
    for producer in producers {
        let before = known.producers.iter().find(|p| p.producer_id == producer.id);
        if let Some(before) = before.filter(|p| p.end_pseq > 0) {
            return Err(CliError::AlreadyAppended {
                producer: producer.name.to_string(),
                rows: before.rows_durable,
            }
            .into());
        }
    }
    Ok(())
}

/// The work between the inputs and the log.
struct Append<'a> {
    log: &'a Log,
    jobs: Vec<Job>,
    producers: Vec<Claim>,
    sent: Option<SyncSender<Sent>>,
    rejects: RejectSink,
    progress: Progress,
    /// Rows of each input so far.
    positions: BTreeMap<usize, u64>,
    /// Rows that a frame has held so far, at most.
    most: usize,
    /// Whether the inputs are rows of the past, which are numbered anew.
    is_past: bool,
    /// Decisions whose mark counts rows of another log.
    marks: u64,
    /// Whether rows are acknowledged before they are written, and those that are not written yet.
    is_early: bool,
    ahead: early::Ahead,
}

impl Append<'_> {
    fn take_all(
        &mut self,
        parts: &Receiver<Part>,
        context: &Context,
        notes: &mut Vec<String>,
    ) -> Result<(), Option<Failure>> {
        loop {
            if context.stop.signal().is_some() {
                return Err(None);
            }
            match parts.recv_timeout(TICK) {
                Ok(Part::Rows(at, batch)) => self.take(at, &batch, context)?,
                Ok(Part::End(at, is_trusted)) => {
                    if let Some(job) = self.jobs.get(at).filter(|_| is_trusted) {
                        notes.push(format!(
                            "{} had no end marker; taken for whole because of --trust-eof",
                            job.name
                        ));
                    }
                    self.end(at, context)?;
                }
                Ok(Part::Failed(failure)) => return Err(Some(failure)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
            self.progress.tick();
        }
    }

    /// Appends all inputs together, slice after slice of their availability, as rows would have come to a collector: a
    /// log raises `ts_avail` to what it had seen before, and files one after another would all be as late as the first.
    fn take_merged(
        &mut self,
        raw: Vec<RawSource>,
        slice_ns: i64,
        context: &Context,
        notes: &mut Vec<String>,
    ) -> Result<(), Option<Failure>> {
        let mut lines: Vec<Line> =
            raw.into_iter().enumerate().map(|(at, raw)| Line::new(at, raw)).collect();
        lines.sort_by_key(|line| self.jobs.get(line.at).map(|job| rank(job.spec)));
        loop {
            let mut first = None;
            for line in &mut lines {
                let head = line.head(&mut |at, batch| self.admit(at, batch))?;
                first = match (first, head) {
                    (Some(a), Some(b)) => Some(std::cmp::min::<i64>(a, b)),
                    (a, b) => a.or(b),
                };
            }
            let Some(first) = first else { break };
            let end = first.div_euclid(slice_ns).saturating_add(1).saturating_mul(slice_ns);
            for line in &mut lines {
                if context.stop.signal().is_some() {
                    return Err(None);
                }
                while line
                    .head(&mut |at, batch| self.admit(at, batch))?
                    .is_some_and(|head| head < end)
                {
                    let rows = line.take_before(end);
                    self.send_all(line.at, &rows, context)?;
                }
            }
            self.progress.tick();
        }
        lines.sort_by_key(|line| line.at);
        for line in &lines {
            if let Some(job) = self.jobs.get(line.at).filter(|_| line.is_trusted()) {
                notes.push(format!(
                    "{} had no end marker; taken for whole because of --trust-eof",
                    job.name
                ));
            }
            self.end(line.at, context)?;
        }
        Ok(())
    }

    /// An input is at its end, and with the last one of its producer the producer is: that is on record before anything
    /// else can go wrong.
    fn end(&mut self, at: usize, context: &Context) -> Result<(), Option<Failure>> {
        self.catch_up(0, context)?;
        let Some(index) = self.jobs.get(at).map(|job| job.producer) else { return Ok(()) };
        let is_last = self.jobs.iter().skip(at + 1).all(|job| job.producer != index);
        let Some(producer) = self.producers.get_mut(index).filter(|_| is_last) else {
            return Ok(());
        };
        // An input without rows is a producer all the same.
        producer.open(self.log).map_err(Some)?;
        if let Some(handle) = producer.handle.take() {
            handle.close().map_err(|error| Some(failure(&error)))?;
        }
        Ok(())
    }

    fn take(
        &mut self,
        at: usize,
        batch: &RecordBatch,
        context: &Context,
    ) -> Result<(), Option<Failure>> {
        let good = self.admit(at, batch)?;
        self.send_all(at, &good, context)
    }

    /// The rows of an input that keep the rules; the others are rejects.
    fn admit(&mut self, at: usize, batch: &RecordBatch) -> Result<RecordBatch, Option<Failure>> {
        let Some(job) = self.jobs.get(at) else { return Ok(batch.slice(0, 0)) };
        let spec = job.spec;
        let position = self.positions.entry(at).or_default();
        let origin = Origin::new("capture", &job.name).at(*position);
        let Admitted { good, rejects, .. } = admit_any(spec, batch, &origin)
            .map_err(|error| Some(Failure::from(error).in_input(&job.name)))?;
        let rows = batch.num_rows() as u64;
        *position += rows;
        self.progress.stats.rows_in += rows;
        self.progress.stats.rejects += rejects.len() as u64;
        self.rejects.push(&rejects).map_err(Some)?;
        tracing::debug!(stage = "capture append", table = spec.name, rows, "batch");
        let good = good.into_record_batch();
        if self.is_past && spec.name == Decisions::SPEC.name {
            let (good, n) = marks::left_out(good).map_err(|error| Some(bug(&error)))?;
            self.marks += n;
            return Ok(good);
        }
        Ok(good)
    }

    fn send_all(
        &mut self,
        at: usize,
        good: &RecordBatch,
        context: &Context,
    ) -> Result<(), Option<Failure>> {
        let Some(job) = self.jobs.get(at) else { return Ok(()) };
        let (spec, index) = (job.spec, job.producer);
        let mut from = 0;
        while from < good.num_rows() {
            let part = good.slice(from, self.most.min(good.num_rows() - from));
            from += part.num_rows();
            if self.is_early {
                self.lie(index, spec.name, part, context)?;
            } else {
                self.send(index, spec.name, &part, context)?;
            }
        }
        Ok(())
    }

    /// Appends rows, in halves where they are too large for a frame.
    fn send(
        &mut self,
        index: usize,
        table: &'static str,
        rows: &RecordBatch,
        context: &Context,
    ) -> Result<(), Option<Failure>> {
        let Some(producer) = self.producers.get_mut(index) else { return Ok(()) };
        producer.open(self.log).map_err(Some)?;
        if let Some(stored) = producer.stored.as_mut() {
            stored.check(producer.next, table, rows).map_err(Some)?;
        }
        let Some(handle) = producer.handle.as_mut() else { return Ok(()) };
        let count = rows.num_rows();
        let appended = loop {
            let appended = self.progress.time(|| handle.append_at(producer.next, table, rows));
            match appended {
                // The disk is slower than the input: wait on.
                Err(AppendError::Backpressure(Pressure::Credit))
                    if context.stop.signal().is_none() => {}
                other => break other,
            }
        };
        match appended {
            Ok(ticket) => {
                producer.next += count as u64;
                let sent = Sent {
                    table,
                    producer: Arc::clone(&producer.name),
                    id: producer.id,
                    epoch: handle.epoch(),
                    told: if self.is_early { Told::Before(ticket) } else { Told::Written(ticket) },
                };
                let is_taken = self.sent.as_ref().is_some_and(|s| s.send(sent).is_ok());
                // The printer has given up: its failure is the one to tell.
                if is_taken { Ok(()) } else { Err(None) }
            }
            Err(AppendError::TooLarge { .. }) if count > 1 => {
                let half = count / 2;
                // The next ones are likely to be as wide.
                self.most = self.most.min(half);
                self.send(index, table, &rows.slice(0, half), context)?;
                self.send(index, table, &rows.slice(half, count - half), context)
            }
            Err(error) => Err(Some(failure(&error))),
        }
    }
}

/// The failure of a run that did not come to its end, with what is there all the same.
fn explain(
    mut rejects: RejectSink,
    mut progress: Progress,
    ended: Result<(), Option<Failure>>,
    closed: Result<(), Failure>,
    totals: Result<Totals, Failure>,
    context: &Context,
) -> Failure {
    progress.end();
    // What was rejected says why, whatever comes next.
    let _ = rejects.finish(progress.stats.rows_in);
    let totals = match totals {
        Ok(totals) => totals,
        Err(failure) => return failure,
    };
    let state = match totals.rows {
        0 => "no row was appended".to_owned(),
        rows => {
            format!("{rows} rows are acknowledged; with --resume the same command appends the rest")
        }
    };
    if let Err(Some(failure)) = ended {
        context.console.note(&format!("capture append: {state}"));
        return failure;
    }
    if let Err(failure) = closed {
        return failure;
    }
    let signal = context.stop.signal().unwrap_or("SIGTERM");
    CliError::Stopped { signal, state }.into()
}
