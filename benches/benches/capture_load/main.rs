//! The bars of the log, each beside the `fdatasync` of the same minute.
//!
//! `cargo bench -p benches --bench capture_load -- FOLDER [SCENARIO..] [--producers N] [--batch ROWS] [--seconds S]
//! [--segment MIB] [--window TICKETS] [--quotes] [--nats-server PATH]`. Scenarios: `closed`, `flow`, `append`, `rotation`, `wake`,
//! `open`, `replay`, `archive`, `memory`, `peers`; all of them unless named. Everything is written below FOLDER, which
//! must be on the disk that is meant, and removed again.
//!
//! A durable time is as good as the disk, so a bar is a ratio to a baseline: 3 s before and 3 s after the run, writes
//! of the run's mean group with an `fdatasync` each into a preallocated file. R is its syncs a second, F50 and F99 its
//! times. Where the two F50 differ by more than 2x the run is void and repeated, at most 3 times.
#![expect(clippy::print_stdout, reason = "a program that prints its figures")]

mod append;
mod archive;
mod args;
mod baseline;
mod closed;
mod counting;
mod flow;
mod memory;
mod nats;
mod open;
mod peers;
mod replay;
mod rig;
mod rotation;
mod rows;
mod times;
mod wake;

use args::Args;
use std::error::Error;

/// What any part of the program fails with.
type Failure = Box<dyn Error + Send + Sync>;

/// One bar: what was found against what it must be.
pub(crate) fn bar(what: &str, found: f64, is_held: bool, bar: &str) {
    let verdict = if is_held { "held" } else { "MISSED" };
    println!("  {verdict:<6} {what}: {found:.2} (bar {bar})");
}

/// The same for `cargo xtask bars`: ours and what it is compared with, in one unit.
pub(crate) fn tell(args: &Args, name: &str, ours: f64, peer: f64, unit: &str) {
    let rows = if args.is_quotes { "quotes/" } else { "" };
    let name = format!("capture/{rows}{name}");
    println!("{}", benches::BarLine { name: &name, ours, peer, unit });
}

fn main() -> Result<(), Failure> {
    if !benches::is_bench() {
        return Ok(());
    }
    let args = Args::parse(std::env::args().skip(1))?;
    if args.is_child {
        return open::fill_forever(&args);
    }
    std::fs::create_dir_all(&args.dir)?;
    for scenario in &args.scenarios {
        match scenario.as_str() {
            "closed" => closed::run(&args)?,
            "flow" => flow::run(&args)?,
            "append" => append::run(&args)?,
            "rotation" => rotation::run(&args)?,
            "wake" => wake::run(&args)?,
            "open" => open::run(&args)?,
            "replay" => replay::run(&args)?,
            "archive" => archive::run(&args)?,
            "memory" => memory::run(&args)?,
            "peers" => peers::run(&args)?,
            other => return Err(format!("scenario: found `{other}`").into()),
        }
    }
    Ok(())
}
