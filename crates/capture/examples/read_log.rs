//! Prints every row of a log, one JSON object a line: `cargo run -p capture --example read_log -- FOLDER [--recover]`.
//!
//! It takes no lock and changes nothing, so another process may be writing. `--recover` first opens the log as its writer
//! does, which finds out what a killed one left, and closes it again.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example that prints rows")]

use capture::{Drive, Filter, FixedClock, Item, Log, LogReader, LoggedBatch, Options};
use contract::{Json, Principal, Purpose, ReadContext, UtcNanos, Vocabulary as _};
use durable::{Fs, RealFs};
use std::path::PathBuf;
use std::sync::Arc;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let dir = PathBuf::from(args.next().ok_or("usage: read_log FOLDER [--recover]")?);
    let fs: Arc<dyn Fs> = Arc::new(RealFs);
    let options = Options { drive: Drive::Steps, ballast: false, ..Options::default() };
    if args.next().is_some_and(|flag| flag == "--recover") {
        let clock = Arc::new(FixedClock(UtcNanos::parse("2024-08-09T00:00:00Z")?));
        let (log, report) = Log::open(Arc::clone(&fs), &dir, options.clone(), clock, 8)?;
        eprintln!("{}: {} rows salvaged", report.start.word(), report.rows_salvaged);
        log.close()?;
    }
    // Every read says who reads and why; the gate in the options decides.
    let who =
        ReadContext { principal: Principal::parse("example")?, purpose: Purpose::parse("print")? };
    let mut reader = LogReader::open(fs, &dir, &options, &who, 0, Filter::default())?;
    let mut out = std::io::stdout().lock();
    loop {
        match reader.next()? {
            Item::Batch(batch) => print(&mut out, &batch)?,
            // Skipped by a producer, or lost: never in silence.
            Item::Gap(gap) => {
                eprintln!("{}: pseq {:?}, seq {:?}", gap.kind.word(), gap.pseqs, gap.seqs)
            }
            // A program would wait here for more, by `reader.wait`.
            Item::CaughtUp => return Ok(()),
            _ => {}
        }
    }
}

fn print(
    out: &mut impl std::io::Write,
    batch: &LoggedBatch,
) -> Result<(), Box<dyn std::error::Error>> {
    let Some(rows) = batch.parse()? else { return Ok(()) };
    let stamps = rows.ts_avail().ok_or("an event without `ts_avail`")?;
    for ((seq, pseq), ts) in batch.seqs().zip(batch.first_pseq..).zip(stamps.values()) {
        let line = Json::object([
            ("seq", Json::from(seq)),
            ("table", Json::from(&*batch.table)),
            ("producer_id", Json::from(batch.producer_id.to_string())),
            ("pseq", Json::from(pseq)),
            ("ts_avail", Json::from(ts.to_string())),
        ]);
        writeln!(out, "{line}")?;
    }
    Ok(())
}
