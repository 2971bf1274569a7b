//! The arguments of `hindsight simulator replay`.

use super::{ReadArgs, flag};
use crate::output::Format;
use clap::Args;
use std::ffi::OsString;
use std::path::PathBuf;

/// `hindsight simulator replay`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Three strategies decide at Poisson times over the quotes given: momentum follows the recent drift of the mid, reversion
opposes it, explorer draws its action from probabilities that it writes down. A decision uses quotes that were available
before it less the latency. Orders are market orders, filled at the far side of the first quote after they reached the
venue. The desk is made up; only the quotes are real.

Examples:
  hindsight simulator replay quotes.parquet -o desk
  hindsight simulator replay fxcm/quotes.parquet --rate 30 --horizon 5m --qty 10000 --fee-bps 0.2 -o desk
  hindsight labeling run desk/decisions.parquet desk/executions.parquet quotes.parquet -o labels")]
pub struct ReplayArgs {
    /// Arrow or Parquet files of quotes, each in the order of ts_avail; they are merged
    #[arg(value_name = "QUOTES")]
    pub inputs: Vec<OsString>,
    /// Input.
    #[command(flatten)]
    pub read: ReadArgs,
    /// Same quotes, flags and seed, same bytes [default: key simulator.seed]
    #[arg(long, value_name = "N", help_heading = "Desk")]
    pub seed: Option<u64>,
    /// Mean decisions an hour of each strategy in each instrument
    #[arg(long, value_name = "PER_HOUR", default_value_t = 20.0, help_heading = "Desk")]
    pub rate: f64,
    /// From a quote to the desk, from the desk to the venue, and back
    #[arg(long, value_name = "DURATION", default_value = "1ms", help_heading = "Desk")]
    pub latency: String,
    /// Intended holding time of a position
    #[arg(long, value_name = "DURATION", default_value = "5m", help_heading = "Desk")]
    pub horizon: String,
    /// Time constant of the drift that is followed or opposed
    #[arg(long, value_name = "DURATION", default_value = "1m", help_heading = "Desk")]
    pub drift: String,
    /// Age at which a quote shows no market any more, and how long an order waits for one
    #[arg(long, value_name = "DURATION", default_value = "1m", help_heading = "Desk")]
    pub stale: String,
    /// Quantity of one order
    #[arg(long, value_name = "QTY", default_value = "1", help_heading = "Desk")]
    pub qty: String,
    /// Fee of a fill in basis points of its value; negative is a rebate
    #[arg(
        long,
        value_name = "BPS",
        default_value = "0.2",
        allow_hyphen_values = true,
        help_heading = "Desk"
    )]
    pub fee_bps: String,
    /// Currency of prices and fees
    #[arg(long, value_name = "CCY", default_value = "USD", help_heading = "Desk")]
    pub ccy: String,
    /// A directory that does not exist yet, for decisions and executions; it appears whole or not at all
    #[arg(
        short,
        long,
        value_name = "DIR",
        help_heading = "Output",
        required_unless_present = "dry_run"
    )]
    pub output: Option<PathBuf>,
    /// Format of the tables: parquet, arrow, csv or jsonl [default: parquet]
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    pub format: Option<Format>,
    /// Check everything that can be checked beforehand and write nothing
    #[arg(long, help_heading = "Output")]
    pub dry_run: bool,
}

impl ReplayArgs {
    pub(super) fn flags(&self) -> Vec<(String, String, String)> {
        let mut flags = self.read.flags();
        if let Some(seed) = self.seed {
            flags.push(flag("--seed", "simulator.seed", seed.to_string()));
        }
        flags
    }
}
