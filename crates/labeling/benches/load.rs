//! A day of quotes and 100,000 decisions to labels: the load that peers are measured against.
//!
//! `cargo bench -p labeling --bench load -- FOLDER MODE` with the folder that `benches/peers/labels_data.py` wrote.
//! Modes: `run` (files to tables: triple barrier, excursions and six markouts), `memory` (the same from batches that are in
//! memory before the clock starts), `read` (decoding the same files and dropping the rows), `stream` (quotes one by one
//! with every decision open). Prints one JSON object of figures, and `run` the line for `cargo xtask bars`.
#![expect(clippy::print_stdout, reason = "a program that prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a program that measures time")]

use contract::{Batch, Decisions, EventTable, Quotes};
use labeling::{Inputs, LabelSpec, Labeler, Options, run};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::error::Error;
use std::fs::File;
use std::path::Path;
use std::time::Instant;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const RULES: &str = r#"
id = "load"
version = 1
measures = { anchor = "decision", horizon = "decision", horizon_default = "1m", max_life = "1h", max_exit_delay = "0ns", allowed_lateness = "1s", keep = "1m", offsets = ["0ns", "100ms", "1s", "5s", "10s", "1m"] }
sigma = { from = "references" }
[triple_barrier.first]
covers = { decisions = ["enter"], basis = ["counterfactual"] }
barriers = { profit = "decision", loss = "decision" }
"#;

fn read<T: EventTable>(path: &Path) -> Result<Vec<Batch<T>>> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
    let mut out = Vec::new();
    for batch in builder.with_batch_size(65_536).build()? {
        out.push(Batch::<T>::parse(&batch?)?);
    }
    Ok(out)
}

fn inputs(folder: &Path) -> Result<Inputs> {
    Ok(Inputs {
        quotes: read::<Quotes>(&folder.join("quotes.parquet"))?,
        decisions: read::<Decisions>(&folder.join("decisions.parquet"))?,
        ..Inputs::default()
    })
}

fn spec() -> Result<LabelSpec> {
    Ok(LabelSpec::parse(RULES)?)
}

/// Nanoseconds at a share of sorted times.
fn at(sorted: &[u64], share: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place in a list"
    )]
    let place = (sorted.len() as f64 * share) as usize;
    sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or(0)
}

/// One row a push, decisions first where they are due; times of each push.
fn stream(all: &Inputs) -> Result<String> {
    let mut labeler = Labeler::new(spec()?);
    let mut decisions: Vec<Batch<Decisions>> = Vec::new();
    for batch in &all.decisions {
        decisions.extend((0..batch.len()).map(|row| batch.slice(row, 1)));
    }
    let mut next = decisions.into_iter().peekable();
    let (mut times, mut labels, mut open) = (Vec::new(), 0, 0_usize);
    'quotes: for batch in &all.quotes {
        for row in 0..batch.len() {
            let one = batch.slice(row, 1);
            let seq = one.seq().value(0);
            while let Some(decision) = next.next_if(|d| d.seq().value(0) < seq) {
                labeler.push(&decision)?;
                open += 1;
            }
            let start = Instant::now();
            let out = labeler.push(&one)?;
            times.push(u64::try_from(start.elapsed().as_nanos())?);
            labels += out.labels.map_or(0, |l| l.len());
            if times.len() >= 2_000_000 {
                break 'quotes;
            }
        }
    }
    times.sort_unstable();
    Ok(format!(
        "{{\"mode\": \"stream\", \"rows\": {}, \"decisions\": {open}, \"labels\": {labels}, \"p50_ns\": {}, \"p99_ns\": {}, \"p999_ns\": {}}}",
        times.len(),
        at(&times, 0.5),
        at(&times, 0.99),
        at(&times, 0.999)
    ))
}

/// Seconds that this thread had the processor, where the system tells (Linux): what peers tell of themselves.
fn processor_s() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanos: u64 = stat.split(' ').next()?.parse().ok()?;
    Some(nanos as f64 / 1e9)
}

fn main() -> Result<()> {
    // Cargo adds `--bench`; `cargo test --all-targets` starts the program with no folder.
    let mut words = std::env::args().skip(1).filter(|arg| !arg.starts_with("--"));
    let Some(folder) = words.next() else { return Ok(()) };
    let folder = Path::new(&folder);
    let mode = words.next().unwrap_or_else(|| "run".to_owned());
    let start = Instant::now();
    let all = inputs(folder)?;
    let read_s = start.elapsed().as_secs_f64();
    let rows: usize = all.quotes.iter().map(Batch::len).sum();
    if mode == "read" {
        println!("{{\"mode\": \"read\", \"rows\": {rows}, \"seconds\": {read_s:.3}}}");
        return Ok(());
    }
    if mode == "stream" {
        println!("{}", stream(&all)?);
        return Ok(());
    }
    let engine = Instant::now();
    let out = run(spec()?, &all, Options::default())?;
    let engine_s = engine.elapsed().as_secs_f64();
    let seconds = if mode == "memory" { engine_s } else { start.elapsed().as_secs_f64() };
    println!(
        "{{\"mode\": \"{mode}\", \"rows\": {rows}, \"labels\": {}, \"outcomes\": {}, \"markouts\": {}, \"read_s\": {read_s:.3}, \"engine_s\": {engine_s:.3}, \"seconds\": {seconds:.3}}}",
        out.labels.map_or(0, |l| l.len()),
        out.outcomes.map_or(0, |l| l.len()),
        out.markouts.map_or(0, |l| l.len()),
    );
    println!("bar labeling/load ours={:.6}s", processor_s().unwrap_or(seconds));
    Ok(())
}
