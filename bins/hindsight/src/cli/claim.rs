//! The arguments of `hindsight datasets claim`.

use super::ReportArgs;
use clap::Args;
use std::path::PathBuf;

/// `hindsight datasets claim`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
A claim file says what is claimed before any result: target, universe, horizon, metrics, models, folds and arms. Register
it first; the results folder then holds its hash, and a file that was changed since is refused. A run reads train and
validation, makes walk-forward folds of them and prints every cell. Test is opened by --final alone, once.

Exit code 3: the pass rule is not met, or the claim was not registered.

Examples:
  hindsight datasets claim grades.toml --register -o results
  hindsight datasets claim grades.toml --version eurusd@2d711642 --store store -o results")]
#[expect(unreachable_pub, reason = "the group `datasets` takes it up")]
pub struct ClaimArgs {
    /// The claim, TOML
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Print the hash of the claim and write it to the results folder; tries nothing
    #[arg(long, conflicts_with_all = ["version", "final_split"])]
    pub register: bool,
    /// The version: NAME@HASH with at least 8 digits, or NAME@latest
    #[arg(long, value_name = "NAME@V", required_unless_present = "register")]
    pub version: Option<String>,
    /// The folder of the datasets
    #[arg(long, value_name = "DIR", required_unless_present = "register")]
    pub store: Option<PathBuf>,
    /// Hold out the test split, which is spent by it; all others learn
    #[arg(long = "final")]
    pub final_split: bool,
    /// The results folder: holds the registered hash and one result a version
    #[arg(short, long, value_name = "DIR", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Output.
    #[command(flatten)]
    pub report: ReportArgs,
}
