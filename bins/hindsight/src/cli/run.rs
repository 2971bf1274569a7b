//! The arguments of `hindsight run`.

use super::{ReportArgs, flag};
use clap::Args;
use std::path::PathBuf;

/// `hindsight run`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
The steps are those of the commands, over what hindsight.toml names: feeds convert, capture append and read, features run
and check, labeling run and check, quality run, datasets build and verify. A step whose inputs, specs and program are those
of its record is not done again; a run that was killed is taken up by the same command and gives the same bytes.

Keys: run.sources, run.feeds, run.dir, capture.dir, capture.slice, features.spec, features.check, labeling.rules,
quality.rules, quality.mode, datasets.specs, datasets.store.

Examples:
  hindsight run --dry-run
  hindsight run
  hindsight run momentum --dir work -f json")]
pub struct RunArgs {
    /// Datasets to build [default: all of datasets.specs]
    #[arg(value_name = "DATASET")]
    pub datasets: Vec<String>,
    /// Folder of what the run makes [default: key run.dir]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Threads, 0 for all; never changes a byte [default: key run.threads]
    #[arg(long, value_name = "N")]
    pub threads: Option<u32>,
    /// Print the steps, which would be done and why, and touch nothing
    #[arg(long, help_heading = "Output")]
    pub dry_run: bool,
    /// Output.
    #[command(flatten)]
    pub report: ReportArgs,
}

impl RunArgs {
    pub(super) fn flags(&self) -> Vec<(String, String, String)> {
        let dir = self.dir.as_ref().map(|dir| flag("--dir", "run.dir", dir.display().to_string()));
        let threads = self.threads.map(|n| flag("--threads", "run.threads", n.to_string()));
        dir.into_iter().chain(threads).collect()
    }
}
