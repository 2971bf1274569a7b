//! The arguments, as clap sees them; nothing here is checked beyond their syntax.

use crate::config::ConfigError;
use crate::error::ErrorReport;
use crate::output::Format;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// Live decisions, fills and market data in; leak-proof training sets out.
#[derive(Debug, Parser)]
#[command(name = "hindsight", version, max_term_width = 110, subcommand_required = true, arg_required_else_help = false)]
#[command(after_help = "`hindsight explain exit-codes` says what the exit codes mean.")]
pub struct Cli {
    /// Flags of every command.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags that every command takes.
#[derive(Debug, Clone, Args)]
pub struct GlobalArgs {
    /// Run as if started in this directory
    #[arg(short = 'C', value_name = "DIR", global = true, help_heading = "Global")]
    pub directory: Option<PathBuf>,
    /// Read this project file instead of searching hindsight.toml upward
    #[arg(long, value_name = "FILE", global = true, help_heading = "Global", conflicts_with = "no_config")]
    pub config: Option<PathBuf>,
    /// Read neither the project's nor the user's file
    #[arg(long, global = true, help_heading = "Global")]
    pub no_config: bool,
    /// Set a configuration key for this run, as in run.batch_rows=1024
    #[arg(long, value_name = "KEY=VALUE", global = true, help_heading = "Global")]
    pub set: Vec<String>,
    /// Print errors only
    #[arg(short, long, global = true, help_heading = "Global", conflicts_with = "verbose")]
    pub quiet: bool,
    /// Log more: -v for changes of state, -vv for every batch
    #[arg(short, long, action = clap::ArgAction::Count, global = true, help_heading = "Global")]
    pub verbose: u8,
    /// Form of messages on standard error [default: text]
    #[arg(long, value_name = "FORM", global = true, help_heading = "Global")]
    pub log_format: Option<LogFormat>,
    /// When messages are coloured [default: auto]
    #[arg(long, value_name = "WHEN", global = true, help_heading = "Global")]
    pub color: Option<When>,
    /// How progress is shown [default: auto]
    #[arg(long, value_name = "FORM", global = true, help_heading = "Global")]
    pub progress: Option<ProgressForm>,
    /// Write counters to this file when the command ends (Prometheus text)
    #[arg(long, value_name = "FILE", global = true, help_heading = "Global")]
    pub metrics_file: Option<PathBuf>,
}

impl GlobalArgs {
    /// Flags that stand for configuration keys: name of the flag, key, text.
    ///
    /// # Errors
    /// [`ConfigError::SetSyntax`].
    pub(crate) fn flags(&self) -> Result<Vec<(String, String, String)>, ErrorReport> {
        let mut flags = Vec::new();
        let mut add = |flag: &str, key: &str, text: String| {
            flags.push((flag.to_owned(), key.to_owned(), text));
        };
        if let Some(form) = self.log_format {
            add("--log-format", "log.format", word(form));
        }
        if let Some(when) = self.color {
            add("--color", "ui.color", word(when));
        }
        if let Some(form) = self.progress {
            add("--progress", "ui.progress", word(form));
        }
        if let Some(path) = &self.metrics_file {
            add("--metrics-file", "metrics.file", path.display().to_string());
        }
        for pair in self.set.iter().rev() {
            let (key, text) = pair.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or_else(|| {
                ErrorReport::new(&ConfigError::SetSyntax { found: contract::excerpt(pair.as_bytes()) })
            })?;
            add("--set", key.trim(), text.trim().to_owned());
        }
        Ok(flags)
    }
}

fn word(value: impl ValueEnum) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

/// Form of messages on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

/// When something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProgressForm {
    /// A redrawn line on a terminal, a plain line every 10 s elsewhere, nothing inside a pipe
    Auto,
    /// A redrawn line
    Bar,
    /// A plain line every 10 s
    Counter,
    /// One hindsight.progress.v1 object a second
    Json,
    /// Nothing
    None,
}

/// A command.
#[derive(Debug, Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// Any table in, any format out (also the bridge from Parquet to a pipe)
    Cat(CatArgs),
}

impl Command {
    /// Whether it runs under a configuration with mistakes: where they are its subject, or of no concern.
    pub(crate) fn works_without_config(&self) -> bool {
        match self {
            Self::Cat(_) => false,
        }
    }

    /// Flags of the command that stand for configuration keys.
    pub(crate) fn flags(&self) -> Vec<(String, String, String)> {
        match self {
            Self::Cat(args) => args.read.flags(),
        }
    }
}

/// Where a table goes.
#[derive(Debug, Clone, Args)]
pub struct OutputArgs {
    /// Format of the output [default: by the extension, else arrow]
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    pub format: Option<Format>,
    /// Write to this file, whole or not at all, instead of standard output
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Replace a file that exists
    #[arg(long, help_heading = "Output")]
    pub force: bool,
    /// Print every row with -f table, not the first 20
    #[arg(long, help_heading = "Output")]
    pub all: bool,
    /// End with exit code 4 when there is no row
    #[arg(long, help_heading = "Output")]
    pub fail_if_empty: bool,
    /// Check everything that can be checked beforehand and write nothing
    #[arg(long, help_heading = "Output")]
    pub dry_run: bool,
}

/// How tables are read.
#[derive(Debug, Clone, Args)]
pub struct ReadArgs {
    /// Accept a stream without end marker when it ends between two messages
    #[arg(long, help_heading = "Input")]
    pub trust_eof: bool,
    /// Rows a batch when Parquet is read; never changes an output row [default: 8192]
    #[arg(long, value_name = "N", help_heading = "Input")]
    pub batch_rows: Option<u32>,
}

impl ReadArgs {
    fn flags(&self) -> Vec<(String, String, String)> {
        let rows = self.batch_rows.map(|rows| rows.to_string());
        rows.map(|rows| flag("--batch-rows", "run.batch_rows", rows)).into_iter().collect()
    }
}

fn flag(flag: &str, key: &str, text: String) -> (String, String, String) {
    (flag.to_owned(), key.to_owned(), text)
}

/// `hindsight cat`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  hindsight cat trades.parquet | hindsight cat -f table
  hindsight cat trades=foreign.parquet -o trades.arrow")]
pub struct CatArgs {
    /// Arrow or Parquet files of one table, read in this order; TABLE=PATH names the table of a foreign file, - is standard input
    #[arg(value_name = "INPUT")]
    pub inputs: Vec<OsString>,
    /// Input.
    #[command(flatten)]
    pub read: ReadArgs,
    /// Output.
    #[command(flatten)]
    pub output: OutputArgs,
}
