//! A day of ticks from Parquet to feature rows, and one event at a time: the load that peers are measured against.
//!
//! `cargo bench -p features --bench load -- FOLDER MODE [SET] [THREADS] [OUT]` with the folder that
//! `benches/peers/features_data.py` wrote. Modes: `sweep` (files to rows), `memory` (the same from batches that are in
//! memory before the clock starts), `read` (decoding the same columns and dropping them), `stream` (rows one by one).
//! Sets: `f40`, `f80`, `f90`, `all`, or names between commas. Prints one JSON object of figures; `benches/peers/features.py` makes
//! the table.
#![expect(clippy::print_stdout, reason = "a program that prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a program that measures time")]

mod read;
mod sets;
mod stream;

use contract::arrow_array::Array;
use contract::{Batch, Decisions, EventTable, Features, Quotes, Trades, Unlogged};
use features::{Arrival, Catalogue, MarketTable, Options, Plan, Report, Sweep};
use read::{DECISIONS, QUOTES, Source, TRADES};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

struct Args {
    folder: PathBuf,
    mode: String,
    set: String,
    threads: usize,
    out: Option<PathBuf>,
}

fn args() -> Result<Option<Args>> {
    // Cargo adds `--bench`; `cargo test --all-targets` starts the program with no folder.
    let mut words = std::env::args().skip(1).filter(|arg| !arg.starts_with("--"));
    let Some(folder) = words.next() else { return Ok(None) };
    Ok(Some(Args {
        folder: PathBuf::from(folder),
        mode: words.next().unwrap_or_else(|| "sweep".to_owned()),
        set: words.next().unwrap_or_else(|| "f40".to_owned()),
        threads: words.next().map_or(Ok(2), |text| text.parse())?,
        out: words.next().map(PathBuf::from),
    }))
}

/// Peak of the resident memory of this process in bytes, where the system tells (Linux).
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

/// Number of decisions of a sorted batch up to an instant, from a row on.
fn up_to(decisions: &Batch<Decisions>, from: usize, ts: i64) -> usize {
    let rest = decisions.ts_avail().values().get(from..).unwrap_or(&[]);
    rest.partition_point(|t| *t <= ts)
}

fn last_ts<T: EventTable>(batch: &Batch<T>) -> i64 {
    batch.ts_avail().values().last().copied().unwrap_or(i64::MIN)
}

/// What a sweep gave, and the seconds that its caller spent in it rather than waiting for rows.
struct Swept {
    rows: Option<Batch<Features, Unlogged>>,
    report: Report,
    engine_s: f64,
}

/// Both tables in the order of their time, decisions before the ticks that answer them.
fn sweep(
    plan: Plan,
    threads: usize,
    decisions: &Batch<Decisions>,
    mut quotes: impl Iterator<Item = Result<Batch<Quotes>>>,
    mut trades: impl Iterator<Item = Result<Batch<Trades>>>,
) -> Result<Swept> {
    let options = Options { arrival: Arrival::Sorted, threads, ..Options::default() };
    let mut sweep = Sweep::new(plan, options);
    let (mut asked, mut busy) = (0, 0.0);
    let (mut quote_ts, mut trade_ts) = (Some(i64::MIN), Some(i64::MIN));
    loop {
        let behind = match (quote_ts, trade_ts) {
            (None, None) => break,
            (Some(quote), Some(trade)) => quote <= trade,
            (quote, None) => quote.is_some(),
            (None, _) => false,
        };
        let mut rejects = 0;
        if behind {
            let batch = quotes.next().transpose()?;
            let begin = Instant::now();
            match &batch {
                Some(batch) => rejects += sweep.push(batch)?.rejects.len(),
                None => rejects += sweep.end(MarketTable::Quotes)?.rejects.len(),
            }
            quote_ts = batch.as_ref().map(last_ts);
            busy += begin.elapsed().as_secs_f64();
        } else {
            let batch = trades.next().transpose()?;
            let begin = Instant::now();
            match &batch {
                Some(batch) => rejects += sweep.push(batch)?.rejects.len(),
                None => rejects += sweep.end(MarketTable::Trades)?.rejects.len(),
            }
            trade_ts = batch.as_ref().map(last_ts);
            busy += begin.elapsed().as_secs_f64();
        }
        let begin = Instant::now();
        let seen = quote_ts.unwrap_or(i64::MAX).max(trade_ts.unwrap_or(i64::MAX));
        let more = up_to(decisions, asked, seen);
        if more > 0 {
            rejects += sweep.push(&decisions.slice(asked, more))?.rejects.len();
            asked += more;
        }
        busy += begin.elapsed().as_secs_f64();
        if rejects > 0 {
            return Err(format!("{rejects} rows of generated data were refused").into());
        }
    }
    let begin = Instant::now();
    let (out, report) = sweep.finish()?;
    busy += begin.elapsed().as_secs_f64();
    Ok(Swept { rows: out.rows, report, engine_s: busy })
}

/// Count and sum of every column, so that two runs can be told apart.
fn checksums(rows: &Batch<Features, Unlogged>) -> String {
    let mut out = Vec::new();
    for name in rows.feature_names() {
        let Some(column) = rows.feature(name) else { continue };
        let sum: f64 = column.iter().flatten().sum();
        out.push(format!("\"{name}\": [{}, {sum:e}]", column.len() - column.null_count()));
    }
    format!("{{{}}}", out.join(", "))
}

fn print(args: &Args, seconds: f64, swept: &Swept) -> Result<()> {
    let Swept { rows: Some(rows), report, engine_s } = swept else { return Err("no row".into()) };
    if let Some(path) = &args.out {
        read::write(path, rows)?;
    }
    let ticks: u64 =
        report.rows_read.iter().filter(|(t, _)| **t != "decisions").map(|(_, n)| n).sum();
    println!(
        "{{\"seconds\": {seconds}, \"engine_s\": {engine_s}, \"ticks\": {ticks}, \"rows\": {}, \"columns\": {}, \"peak\": {}, \"sums\": {}}}",
        rows.len(),
        rows.feature_names().count(),
        peak_bytes(),
        checksums(rows),
    );
    Ok(())
}

fn from_files(args: &Args, plan: Plan) -> Result<()> {
    let begin = Instant::now();
    let decisions = read::all::<Decisions>(&args.folder, &DECISIONS)?;
    let quotes = Source::<Quotes>::open(&args.folder, &QUOTES)?;
    let trades = Source::<Trades>::open(&args.folder, &TRADES)?;
    let swept = sweep(plan, args.threads, &decisions, quotes, trades)?;
    print(args, begin.elapsed().as_secs_f64(), &swept)
}

fn from_memory(args: &Args, plan: Plan) -> Result<()> {
    let decisions = read::all::<Decisions>(&args.folder, &DECISIONS)?;
    let quotes: Vec<_> = Source::<Quotes>::open(&args.folder, &QUOTES)?.collect();
    let trades: Vec<_> = Source::<Trades>::open(&args.folder, &TRADES)?.collect();
    let begin = Instant::now();
    let swept = sweep(plan, args.threads, &decisions, quotes.into_iter(), trades.into_iter())?;
    print(args, begin.elapsed().as_secs_f64(), &swept)
}

fn decoded<T: EventTable>(folder: &Path, wanted: &read::Wanted) -> Result<usize> {
    let mut rows = 0;
    for batch in Source::<T>::open(folder, wanted)? {
        rows += batch?.len();
    }
    Ok(rows)
}

fn reading(args: &Args) -> Result<()> {
    let begin = Instant::now();
    let rows = std::thread::scope(|scope| {
        let trades = scope.spawn(|| decoded::<Trades>(&args.folder, &TRADES));
        let quotes = decoded::<Quotes>(&args.folder, &QUOTES)?;
        let trades = trades.join().map_err(|_| "a thread ended early")??;
        Ok::<_, Box<dyn Error + Send + Sync>>(quotes + trades)
    })?;
    let seconds = begin.elapsed().as_secs_f64();
    println!("{{\"seconds\": {seconds}, \"ticks\": {rows}, \"peak\": {}}}", peak_bytes());
    Ok(())
}

fn main() -> Result<()> {
    let Some(args) = args()? else { return Ok(()) };
    let plan = || -> Result<Plan> { Ok(sets::spec(&args.set)?.resolve(&Catalogue::builtin())?) };
    match args.mode.as_str() {
        "sweep" => from_files(&args, plan()?),
        "memory" => from_memory(&args, plan()?),
        "read" => reading(&args),
        "stream" => stream::run(&args.folder, plan()?),
        other => Err(format!("no mode `{other}`").into()),
    }
}
