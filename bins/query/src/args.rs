//! The arguments, as clap sees them; nothing here is checked beyond their syntax.

use clap::{Parser, ValueEnum};
use clap_complete::Shell;
use hindsight::{CliError, Format, GlobalArgs};
use std::ffi::OsString;
use std::path::PathBuf;

/// SQL over capture logs, their archives, dataset versions and files of tables
#[derive(Debug, Clone, Parser)]
#[command(name = "hindsight-query", version, max_term_width = 110)]
#[command(after_help = "\
Without a statement and on a terminal it prompts; otherwise it reads SQL from standard input. Without a place it shows
those of hindsight.toml, keys capture.dir and datasets.store, else what `hindsight run` made: log and datasets in run.dir.

Examples:
  hindsight-query --log capture -q 'SELECT strategy_id, count(*) FROM decisions GROUP BY 1'
  hindsight-query trades.parquet -q 'SELECT * FROM trades WHERE instrument_id = 7' -o some.parquet
  hindsight-query --log capture --example slippage-by-venue-and-hour strategy=momentum
  hindsight-query --store sets --example dataset-diff old=entries@1 new=entries@2
  hindsight-query --log capture --explain=analyze -q \"SELECT max(ts_avail) FROM quotes WHERE instrument_id = 7\"

`hindsight explain CODE` says what an error means, `hindsight explain exit-codes` what an exit code does.")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Args {
    /// Flags of every program.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// Files of tables, Arrow or Parquet; several of one table are read in this order
    #[arg(value_name = "[TABLE=]FILE")]
    pub files: Vec<OsString>,
    /// Show the tables of a capture log, archive included, as schema NAME [default name: log]
    #[arg(long, value_name = "[NAME=]DIR", help_heading = "Places")]
    pub log: Vec<OsString>,
    /// Show the versions in a store of datasets, as schema NAME [default name: datasets]
    #[arg(long, value_name = "[NAME=]DIR", help_heading = "Places")]
    pub store: Vec<OsString>,
    /// Answer this statement
    #[arg(short, long, value_name = "SQL", help_heading = "Statement", conflicts_with_all = ["input", "example"])]
    pub query: Option<String>,
    /// Answer the statement in this file; CREATE VIEW may stand before it
    #[arg(
        short,
        long,
        value_name = "FILE",
        help_heading = "Statement",
        conflicts_with = "example"
    )]
    pub input: Option<PathBuf>,
    /// Answer a named example; without a name, list them. Stands behind files: all that follows is for it
    #[arg(long, value_names = ["NAME", "PARAMETER=VALUE"], num_args = 0.., help_heading = "Statement")]
    pub example: Option<Vec<String>>,
    /// Print the SQL of the example instead of its answer
    #[arg(long, help_heading = "Statement", requires = "example", conflicts_with_all = ["explain", "format", "output", "force", "all", "fail_if_empty"])]
    pub sql: bool,
    /// Print how the statement would be answered, or with =analyze how it was
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "plan", help_heading = "Statement")]
    pub explain: Option<ExplainForm>,
    /// Format of the answer [default: by the extension, else table]
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    pub format: Option<Format>,
    /// Write to this file, whole or not at all, instead of standard output
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Replace a file that exists
    #[arg(long, help_heading = "Output")]
    pub force: bool,
    /// Print every row of a table on a terminal, not the first 20
    #[arg(long, help_heading = "Output")]
    pub all: bool,
    /// End with exit code 4 when there is no row
    #[arg(long, help_heading = "Output")]
    pub fail_if_empty: bool,
    /// Accept an answer without rows that a log has lost, and say which
    #[arg(long, help_heading = "Reading")]
    pub allow_lost: bool,
    /// Compare the SHA-256 of every archive and dataset file with its record before it is read
    #[arg(long, help_heading = "Reading")]
    pub verify: bool,
    /// Why the data is read, a word for the record
    #[arg(long, value_name = "WORD", default_value = "research", help_heading = "Reading")]
    pub purpose: String,
    /// What now() and current_date say [default: now]
    #[arg(long, value_name = "TIME", help_heading = "Reading")]
    pub now: Option<String>,
    /// Most memory for the work, as in 512MiB or 4GB
    #[arg(long, value_name = "SIZE", default_value = "2GiB", help_heading = "Resources")]
    pub memory: String,
    /// Where intermediate results go that do not fit [default: the system's folder for temporary files]
    #[arg(long, value_name = "DIR", help_heading = "Resources")]
    pub spill: Option<PathBuf>,
    /// Parts that are worked on at once, 0 for all processors [default: key run.threads]
    #[arg(long, value_name = "N", help_heading = "Resources")]
    pub threads: Option<u32>,
    /// Rows a batch [default: key run.batch_rows]
    #[arg(long, value_name = "N", help_heading = "Resources")]
    pub batch_rows: Option<u32>,
    /// Print a completion script for this shell
    #[arg(long, value_name = "SHELL", exclusive = true, help_heading = "Pages")]
    pub completions: Option<Shell>,
    /// Write the man page to this directory; --force replaces one that exists
    #[arg(long, value_name = "DIR", help_heading = "Pages", conflicts_with_all = ["files", "log", "store", "query", "input", "example", "explain", "format", "output", "all", "fail_if_empty"])]
    pub man: Option<PathBuf>,
}

/// What is said about a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExplainForm {
    /// What would be done
    Plan,
    /// What was done: rows, bytes and times of each step
    Analyze,
}

impl Args {
    /// That nothing is asked of an answer where examples are only listed.
    pub(crate) fn check_list(&self) -> Result<(), CliError> {
        let given = [
            ("--sql", self.sql),
            ("--explain", self.explain.is_some()),
            ("--format", self.format.is_some()),
            ("--output", self.output.is_some()),
            ("--force", self.force),
            ("--all", self.all),
            ("--fail-if-empty", self.fail_if_empty),
        ];
        refuse(&given, "--example NAME; without a name the examples are listed")
    }

    /// That nothing is asked of one answer where there will be many.
    pub(crate) fn check_prompt(&self) -> Result<(), CliError> {
        let given =
            [("--explain", self.explain.is_some()), ("--fail-if-empty", self.fail_if_empty)];
        refuse(&given, "a statement; without one, a terminal is prompted")
    }

    /// Flags that stand for configuration keys: name of the flag, key, text.
    pub(crate) fn flags(&self) -> Vec<(String, String, String)> {
        let flag = |flag: &str, key: &str, n: u32| (flag.to_owned(), key.to_owned(), n.to_string());
        let threads = self.threads.map(|n| flag("--threads", "run.threads", n));
        let rows = self.batch_rows.map(|n| flag("--batch-rows", "run.batch_rows", n));
        threads.into_iter().chain(rows).collect()
    }
}

fn refuse(given: &[(&str, bool)], wants: &str) -> Result<(), CliError> {
    match given.iter().find(|(_, is_given)| *is_given) {
        Some((flag, _)) => Err(CliError::Usage(format!("{flag}: expected {wants}"))),
        None => Ok(()),
    }
}
