//! The arguments of `hindsight simulator`.

use super::replay::ReplayArgs;
use super::{flag, word};
use crate::output::Format;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// `hindsight simulator ..`.
#[derive(Debug, Clone, Subcommand)]
#[non_exhaustive]
pub enum SimulatorCommand {
    /// Make a directory of tables, with the truth about them below truth/
    Run(SimulateArgs),
    /// Print what a run knows to be true: planted faults, labels, books, the best possible accuracy
    Truth(TruthArgs),
    /// Let a simple desk decide over real quotes: its decisions and executions
    Replay(ReplayArgs),
}

/// How fast a run goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Speed {
    /// As fast as the market it simulates
    #[value(name = "1x")]
    Real,
    /// Ten times as fast
    #[value(name = "10x")]
    Ten,
    /// As fast as the machine can
    Max,
}

/// `hindsight simulator run`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  hindsight simulator run -o market
  hindsight simulator run --preset faults --seed 7 -f arrow -o market")]
pub struct SimulateArgs {
    /// A scenario by name: small, day, faultless, faults, two_venues, leak_trap [default: key simulator.preset]
    #[arg(long, value_name = "NAME", conflicts_with = "scenario")]
    pub preset: Option<String>,
    /// A scenario of your own, TOML [default: key simulator.scenario]
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// Same scenario and seed, same bytes [default: key simulator.seed]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// How fast the run goes [default: key simulator.speed]
    #[arg(long, value_name = "SPEED")]
    pub speed: Option<Speed>,
    /// Threads, 0 for all; never changes a byte [default: key run.threads]
    #[arg(long, value_name = "N")]
    pub threads: Option<u32>,
    /// Plant no faults: the clean world of the same run
    #[arg(long)]
    pub clean: bool,
    /// A directory that does not exist yet; it appears whole or not at all
    #[arg(
        short,
        long,
        value_name = "DIR",
        help_heading = "Output",
        required_unless_present_any = ["dry_run", "stream"]
    )]
    pub output: Option<PathBuf>,
    /// Write one event table to standard output instead, each slice as soon as --speed lets it come
    #[arg(long, value_name = "TABLE", help_heading = "Output", conflicts_with = "output")]
    pub stream: Option<String>,
    /// Format of the tables: parquet, arrow, csv or jsonl [default: parquet, of a stream arrow]
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    pub format: Option<Format>,
    /// Print what would be made and write nothing
    #[arg(long, help_heading = "Output")]
    pub dry_run: bool,
}

/// `hindsight simulator truth`.
#[derive(Debug, Clone, Args)]
pub struct TruthArgs {
    /// A directory that `simulator run` wrote, or one truth table
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
    /// One table of the directory: signal, labels, books, ledger, faults, ceiling [default: what there is, with counts]
    #[arg(long, value_name = "NAME")]
    pub table: Option<String>,
    /// Print every row, not the first 20
    #[arg(long, help_heading = "Output")]
    pub all: bool,
    /// Format: table, csv, jsonl, arrow, parquet; json for the overview [default: table]
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    pub format: Option<Format>,
}

impl SimulateArgs {
    pub(super) fn flags(&self) -> Vec<(String, String, String)> {
        let mut flags = Vec::new();
        if let Some(preset) = &self.preset {
            flags.push(flag("--preset", "simulator.preset", preset.clone()));
            // A preset on the command line stands against a scenario in the file.
            flags.push(flag("--preset", "simulator.scenario", String::new()));
        }
        if let Some(path) = &self.scenario {
            flags.push(flag("--scenario", "simulator.scenario", path.display().to_string()));
        }
        if let Some(seed) = self.seed {
            flags.push(flag("--seed", "simulator.seed", seed.to_string()));
        }
        if let Some(speed) = self.speed {
            flags.push(flag("--speed", "simulator.speed", word(&speed)));
        }
        if let Some(threads) = self.threads {
            flags.push(flag("--threads", "run.threads", threads.to_string()));
        }
        flags
    }
}
