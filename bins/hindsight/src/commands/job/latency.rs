//! How long a decision takes to its row in a dataset: the live engine over the end of the log, one decision at a time.

use super::record::Facts;
use super::state::{Job, SPEC, is_event};
use crate::commands::{capture as log, features};
use crate::context::Context;
use crate::error::{ErrorReport, Failure};
use crate::input::{InputArg, Source};
use arrow_array::RecordBatch;
use arrow_schema::Schema;
use capture::{Filter, Item, Log, LogReader, Options, Producer, ProducerSpec};
use contract::{Batch, Decisions, Histogram, Sink as _, Table as _};
use datasets::Tail;
use durable::RealFs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Decisions that are timed, at the end of the log.
const MOST: usize = 1_000;
/// How long an acknowledgement may take.
const PATIENCE: Duration = Duration::from_mins(1);
/// What is read before the first timed decision, beyond what features look back.
const WARM_NS: i64 = 60_000_000_000;

/// What is timed, as the summary says it.
pub(super) const MEANING: &str = "a decision's arrival, its record durable in a log, its features by the live engine, its row durable in a tail; \
     the label waits for its horizon, which is not counted";

/// Replays the end of the log and times its decisions.
pub(super) fn measure(job: &Job<'_>, room: &Path, context: &mut Context) -> Result<Facts, Failure> {
    super::room::make(room)?;
    let plan = Arc::new(features::plan(&SPEC, context)?);
    let tables = job.feature_tables(context)?;
    let decisions = decisions(job, context)?;
    let Some((first, cutoff)) = decisions.get(decisions.len().saturating_sub(MOST)).copied() else {
        return Ok(Facts::new());
    };
    let before = cutoff.saturating_sub(plan.lookback_ns()).saturating_sub(WARM_NS);
    let warm = decisions.iter().rev().find(|(_, ts)| *ts < before).map_or(0, |(seq, _)| *seq);
    let mut sweep = ::features::Sweep::new(Arc::clone(&plan), ::features::Options::default());
    for path in tables.iter().filter(|t| !is_event(t)).flat_map(|table| job.files_of(table)) {
        let mut source = Source::open(&InputArg::file(&path), &context.read_options(false))?;
        while let Some(batch) = source.next_batch()? {
            sweep.push_record_batch(0, &batch.into_record_batch()).map_err(features::stopped)?;
        }
    }
    let mut live = Live {
        log: Scratch::open(&room.join("log"))?,
        tail: None,
        place: room.join("tail.arrows"),
    };
    let filter = Filter {
        tables: tables.iter().filter(|t| is_event(t)).map(|t| (*t).to_owned()).collect(),
        ..Filter::default()
    };
    let options = Options::default();
    let opened = LogReader::open(log::fs(), &job.log(), &options, &log::reading(), warm, filter);
    let mut reader = opened.map_err(|error| log::failure(&error))?;
    let mut times: Vec<u64> = Vec::new();
    loop {
        context.stop.check()?;
        match reader.next().map_err(|error| log::failure(&error))? {
            Item::CaughtUp => break,
            Item::Batch(batch) => {
                let Some(rows) = batch.parse()? else { continue };
                let seqs = rows.seq().map_or(0, |seq| seq.values().first().copied().unwrap_or(0));
                let rows = rows.into_record_batch();
                if *batch.table != *Decisions::SPEC.name || seqs < first {
                    sweep.push_record_batch(0, &rows).map_err(features::stopped)?;
                    continue;
                }
                for at in 0..rows.num_rows() {
                    let row = rows.slice(at, 1);
                    let start = Instant::now();
                    live.log.append(&row)?;
                    let out = sweep.push_record_batch(0, &row).map_err(features::stopped)?;
                    if let Some(made) = out.rows {
                        live.keep(&made.into_record_batch())?;
                        times.push(u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX));
                    }
                }
            }
            _ => {}
        }
    }
    live.log.close()?;
    Ok(facts(times, context))
}

/// Number and cut-off of every decision, in the order of the log.
fn decisions(job: &Job<'_>, context: &Context) -> Result<Vec<(u64, i64)>, Failure> {
    let mut all = Vec::new();
    for path in job.files_of(Decisions::SPEC.name) {
        let mut source = Source::open(&InputArg::file(&path), &context.read_options(false))?;
        while let Some(batch) = source.next_batch()? {
            let batch = Batch::<Decisions>::parse(&batch.into_record_batch())?;
            let seqs = batch.seq().values().iter().copied();
            all.extend(seqs.zip(batch.ts_recv().values().iter().copied()));
        }
    }
    Ok(all)
}

/// Where timed decisions go.
struct Live {
    log: Scratch,
    tail: Option<Tail>,
    place: std::path::PathBuf,
}

impl Live {
    fn keep(&mut self, rows: &RecordBatch) -> Result<(), Failure> {
        let failed = |error: datasets::TailError| Failure::from(ErrorReport::new(&error));
        let tail = if let Some(tail) = &mut self.tail {
            tail
        } else {
            let tail = Tail::open(Arc::new(RealFs), &self.place, rows.schema());
            self.tail.insert(tail.map_err(failed)?)
        };
        tail.push(rows).map_err(failed)
    }
}

/// A log for the measurement alone, on the disk of the run.
struct Scratch {
    log: Log,
    producer: Producer,
}

impl Scratch {
    fn open(dir: &Path) -> Result<Self, Failure> {
        let (log, _) = log::open(dir, Options::default()).map_err(|error| log::failure(&error))?;
        let spec = ProducerSpec::new(log::id_of("latency"), "latency");
        let producer = log.open_producer(spec).map_err(|error| log::failure(&error))?;
        Ok(Self { log, producer })
    }

    /// Appends a row without the number that another log gave it, and waits for the disk.
    fn append(&mut self, row: &RecordBatch) -> Result<(), Failure> {
        let schema = row.schema();
        let kept = schema
            .fields()
            .iter()
            .zip(row.columns())
            .filter(|(field, _)| field.name() != "seq" && !field.name().starts_with("log_"));
        let (fields, columns): (Vec<_>, Vec<_>) =
            kept.map(|(field, column)| (field.clone(), column.clone())).unzip();
        let schema = Schema::new_with_metadata(fields, schema.metadata().clone());
        let rows = RecordBatch::try_new(Arc::new(schema), columns)
            .map_err(|e| crate::commands::bug(&e))?;
        let ticket = self.producer.append_batch(Decisions::SPEC.name, &rows);
        let ticket = ticket.map_err(|error| log::failure(&error))?;
        ticket.wait(PATIENCE).map(|_| ()).map_err(|error| log::failure(&error))
    }

    fn close(self) -> Result<(), Failure> {
        self.producer.close().map_err(|error| log::failure(&error))?;
        self.log.close().map_err(|error| log::failure(&error))
    }
}

fn facts(mut times: Vec<u64>, context: &mut Context) -> Facts {
    times.sort_unstable();
    let mut histogram = Histogram::default();
    for ns in &times {
        histogram.record_ns(*ns);
    }
    context.metrics.histogram("hindsight_decision_latency_seconds", &[], &histogram);
    let mut facts = Facts::new();
    let share = |percent: usize| {
        times.get((times.len() * percent / 100).min(times.len().saturating_sub(1)))
    };
    facts.insert("decisions".to_owned(), times.len().to_string());
    for (name, value) in [("p50", share(50)), ("p99", share(99)), ("max", times.last())] {
        if let Some(ns) = value {
            facts.insert(name.to_owned(), milliseconds(*ns));
        }
    }
    facts
}

fn milliseconds(ns: u64) -> String {
    format!("{:.2} ms", ns as f64 / 1e6)
}
