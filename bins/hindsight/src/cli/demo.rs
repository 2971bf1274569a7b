//! The arguments of `hindsight demo`.

use super::{ReportArgs, flag};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// How much is simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DemoSize {
    /// A few minutes of market, for tests
    #[value(hide = true)]
    Tiny,
    /// About 20,000 decisions and 2 million market rows
    Small,
    /// About 100,000 decisions and 20 million market rows
    Day,
}

/// A promise that is broken on purpose, which the demo must notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Sabotage {
    /// Market rows count as known when they happened, not when they came
    Availability,
    /// Rows are acknowledged before they are written; with --crash
    Acknowledgement,
    /// A producer's rows are stored a second time
    Duplicates,
    /// Labels hide how long they live, so that none is purged
    Purge,
    /// Labels are those of the row before
    Labels,
}

/// `hindsight demo`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Simulates a market and a desk with planted faults, carries `hindsight run` out over it, and holds every stage against what
was planted. A line of the report is ok, FAILED (exit 3), undecided where the rows are too few to say, or not
planted where a rare fault fell on no row. Planted data proves the machinery, not a market.

Examples:
  hindsight demo
  hindsight demo --size day --seed 11 --keep market-day
  hindsight demo --sabotage labels")]
pub struct DemoArgs {
    /// How much is simulated
    #[arg(long, value_name = "SIZE", default_value = "small")]
    pub size: DemoSize,
    /// Same seed, same market
    #[arg(long, value_name = "N", default_value = "7")]
    pub seed: u64,
    /// Keep everything in this directory, which must not exist [default: a temporary one, removed at the end]
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    /// Also kill an own capture process at a seeded moment, and take its log up again
    #[arg(long)]
    pub crash: bool,
    /// Threads, 0 for all; never changes a byte [default: key run.threads]
    #[arg(long, value_name = "N")]
    pub threads: Option<u32>,
    /// Break a promise on purpose, and see the demo fail on the line that names it
    #[arg(long, value_name = "PROMISE")]
    pub sabotage: Option<Sabotage>,
    /// Output.
    #[command(flatten)]
    pub report: ReportArgs,
}

impl DemoArgs {
    pub(super) fn flags(&self) -> Vec<(String, String, String)> {
        let threads = self.threads.map(|n| flag("--threads", "run.threads", n.to_string()));
        threads.into_iter().collect()
    }
}
