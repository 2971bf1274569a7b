//! The arguments, as clap sees them; nothing here is checked beyond their syntax.

mod capture;
mod datasets;
mod demo;
mod features;
mod labeling;
mod quality;
mod replay;
mod run;
mod simulator;

pub(crate) use capture::{
    AckLevel, AppendArgs, ArchiveArgs, CaptureCommand, LedgerArgs, Mode, ReadLogArgs, VerifyArgs,
};
pub(crate) use features::{
    FeaturesCheckArgs, FeaturesCommand, FeaturesListArgs, FeaturesRunArgs, FeaturesSelectArgs,
    FeaturesShowArgs, SpecArgs, TargetColumn,
};

pub(crate) use labeling::{
    LabelingCheckArgs, LabelingCommand, LabelingDiffArgs, LabelingExplainArgs, LabelingRunArgs,
    LabelingShowArgs, LabelingValidateArgs, RulesArgs,
};

pub(crate) use datasets::{
    DatasetsBuildArgs, DatasetsClaimArgs, DatasetsCommand, DatasetsDiffArgs, DatasetsExportArgs,
    DatasetsGcArgs, DatasetsListArgs, DatasetsPinArgs, DatasetsShowArgs, DatasetsTraceArgs,
    DatasetsVerifyArgs, DatasetsWithdrawArgs, RecordArgs, StoreArgs,
};
pub(crate) use quality::{
    ChecksArgs, CompareBars, CompareTime, QualityCheckArgs, QualityCommand, QualityCompareArgs,
    QualityDriftArgs, QualityExplainArgs, QualityProfileArgs, QualityReportArgs, QualityRunArgs,
    QualityShowArgs, QualityValidateArgs,
};

pub(crate) use demo::{DemoArgs, DemoSize, Sabotage};
pub(crate) use replay::ReplayArgs;
pub(crate) use run::RunArgs;
pub(crate) use simulator::{SimulateArgs, SimulatorCommand, TruthArgs};

use crate::config::ConfigError;
use crate::output::Format;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// Live decisions, fills and market data in; leak-proof training sets out.
#[derive(Debug, Parser)]
#[command(
    name = "hindsight",
    version,
    max_term_width = 110,
    subcommand_required = true,
    arg_required_else_help = false
)]
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
    #[arg(
        long,
        value_name = "FILE",
        global = true,
        help_heading = "Global",
        conflicts_with = "no_config"
    )]
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
    pub(crate) fn flags(&self) -> Result<Vec<(String, String, String)>, ConfigError> {
        let mut flags = Vec::new();
        let mut add = |flag: &str, key: &str, text: String| {
            flags.push((flag.to_owned(), key.to_owned(), text));
        };
        if let Some(form) = self.log_format {
            add("--log-format", "log.format", word(&form));
        }
        if let Some(when) = self.color {
            add("--color", "ui.color", word(&when));
        }
        if let Some(form) = self.progress {
            add("--progress", "ui.progress", word(&form));
        }
        if let Some(path) = &self.metrics_file {
            add("--metrics-file", "metrics.file", path.display().to_string());
        }
        for pair in self.set.iter().rev() {
            let parts = pair.split_once('=').filter(|(key, _)| !key.is_empty());
            let (key, text) = parts.ok_or_else(|| ConfigError::SetSyntax {
                found: contract::excerpt(pair.as_bytes()),
            })?;
            add("--set", key.trim(), text.trim().to_owned());
        }
        Ok(flags)
    }
}

fn word<V: ValueEnum>(value: &V) -> String {
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
    /// The whole job on simulated data, checked against planted truth (exit 3 when a check fails)
    Demo(DemoArgs),
    /// The composed pipeline that hindsight.toml describes, taken up where it was left
    Run(Box<RunArgs>),
    /// Any table in, any format out (also the bridge from Parquet to a pipe)
    Cat(CatArgs),
    /// What others write, as tables of the contract
    #[command(subcommand)]
    Feeds(FeedsCommand),
    /// A log of events: acknowledged means on disk, and completeness is a question with an answer
    #[command(subcommand)]
    Capture(CaptureCommand),
    /// One row of point-in-time features a decision, and what each feature means
    #[command(subcommand)]
    Features(FeaturesCommand),
    /// What came of decisions: outcomes, labels and grades, and the proof that they are right
    #[command(subcommand)]
    Labeling(LabelingCommand),
    /// How far a table can be trusted: checks, scores and gates, with evidence
    #[command(subcommand)]
    Quality(QualityCommand),
    /// Immutable, certified, leak-proof training sets: build, read, compare, verify, trace
    #[command(subcommand)]
    Datasets(DatasetsCommand),
    /// A market and a trading desk whose truth is known
    #[command(subcommand)]
    Simulator(SimulatorCommand),
    /// Settings: what they are, where they come from, what is wrong with them
    #[command(subcommand)]
    Config(ConfigCommand),
    /// What an error code means, and the table of exit codes
    Explain(ExplainArgs),
    /// Start a project in this directory: write hindsight.toml
    Init(InitArgs),
    /// Check this machine and the configuration
    Doctor(ReportArgs),
    /// Where every stage stands: the log, each step of the run, each dataset
    Status(ReportArgs),
    /// Print a completion script
    Completions(CompletionsArgs),
    /// Write man pages to a directory
    Man(ManArgs),
}

/// `hindsight feeds ..`.
#[derive(Debug, Clone, Subcommand)]
#[non_exhaustive]
pub enum FeedsCommand {
    /// Read files of others, check every row, and write a table
    Convert(ConvertArgs),
    /// Say what a file is and what is in it
    Inspect(InspectArgs),
}

/// What a file of others is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FromForm {
    /// CSV by RFC 4180 with a header of column names
    Csv,
    /// One JSON object a line
    Jsonl,
    /// Zips of QuantConnect Lean, by their paths
    Lean,
    /// Lines of receive time and message from a Binance recorder, plain or gzip
    Binance,
    /// Databento Binary Encoding, plain or zstd
    Dbn,
    /// What the import spec says
    Spec,
}

/// `hindsight feeds convert`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  hindsight feeds convert --as trades tape.csv -o trades.parquet
  hindsight feeds convert trades=foreign.parquet -o trades.parquet --max-rejects 0.1%
  mkdir out && hindsight feeds convert --from binance usdm/btcusdt_20240808.gz --tables out")]
pub struct ConvertArgs {
    /// Files of venues and vendors, CSV, JSONL, Arrow or Parquet; - is standard input
    #[arg(value_name = "INPUT")]
    pub inputs: Vec<OsString>,
    /// The table that the rows belong to
    #[arg(long = "as", value_name = "TABLE", help_heading = "Input")]
    pub table: Option<String>,
    /// What the files are [default: by the name, else by the first byte]
    #[arg(long, value_name = "FORM", help_heading = "Input")]
    pub from: Option<FromForm>,
    /// Sources and clocks of a venue's files, TOML [default: key feeds.spec, else the built-in one]
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    pub spec: Option<PathBuf>,
    /// Write every table to a file of its own in this existing directory, as Parquet unless -f says otherwise
    #[arg(long, value_name = "DIR", help_heading = "Output", conflicts_with_all = ["table", "output"])]
    pub tables: Option<PathBuf>,
    /// Accept a stream without end marker, or a text without its last line end
    #[arg(long, help_heading = "Input")]
    pub trust_eof: bool,
    /// Receive and availability stamp of rows of text that have none; without it they are rejected
    #[arg(long, value_name = "TIME", help_heading = "Input")]
    pub now: Option<String>,
    /// Rejects.
    #[command(flatten)]
    pub rejects: RejectArgs,
    /// Output.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Where rows go that could not be used.
#[derive(Debug, Clone, Args)]
pub struct RejectArgs {
    /// Write rejected rows to this file [default: where there is -o, its stem with .rejects.arrow]
    #[arg(long, value_name = "FILE", help_heading = "Rejects")]
    pub rejects: Option<PathBuf>,
    /// Allow so many rejects, N or P% [default: any number when they have a place, else 0]
    #[arg(long, value_name = "N|P%", help_heading = "Rejects")]
    pub max_rejects: Option<String>,
}

/// `hindsight feeds inspect`.
#[derive(Debug, Clone, Args)]
pub struct InspectArgs {
    /// Files to look at; TABLE=PATH names the table of a text
    #[arg(value_name = "INPUT", required = true)]
    pub inputs: Vec<OsString>,
    /// What the files are [default: by the name, else by the first byte]
    #[arg(long, value_name = "FORM")]
    pub from: Option<FromForm>,
    /// Sources and clocks of a venue's files, TOML [default: key feeds.spec, else the built-in one]
    #[arg(long, value_name = "FILE")]
    pub spec: Option<PathBuf>,
    /// Output.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// `hindsight config ..`.
#[derive(Debug, Clone, Subcommand)]
#[non_exhaustive]
pub enum ConfigCommand {
    /// Print every key with its value
    Show(ConfigShowArgs),
    /// Load everything and report every mistake at once
    Check,
}

/// How a report is printed.
#[derive(Debug, Clone, Args)]
pub struct ReportArgs {
    /// Format of the report: table or json [default: table]
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    pub format: Option<Format>,
}

/// `hindsight config show`.
#[derive(Debug, Clone, Args)]
pub struct ConfigShowArgs {
    /// Also print the class of each key and where its value comes from
    #[arg(long)]
    pub origin: bool,
    /// Output.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// `hindsight explain`.
#[derive(Debug, Clone, Args)]
pub struct ExplainArgs {
    /// An error code such as cli/truncated-stream, or exit-codes
    #[arg(value_name = "CODE", required_unless_present = "list")]
    pub code: Option<String>,
    /// Print every code with its exit code and first sentence
    #[arg(long, conflicts_with = "code")]
    pub list: bool,
    /// Output.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// `hindsight init`.
#[derive(Debug, Clone, Args)]
pub struct InitArgs {
    /// Replace a hindsight.toml that exists
    #[arg(long)]
    pub force: bool,
    /// Print the file and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `hindsight completions`.
#[derive(Debug, Clone, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

/// `hindsight man`.
#[derive(Debug, Clone, Args)]
pub struct ManArgs {
    /// An existing directory
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Replace pages that exist
    #[arg(long)]
    pub force: bool,
}

impl Command {
    /// Whether it runs under a configuration with mistakes: where they are its subject, or of no concern.
    pub(crate) fn works_without_config(&self) -> bool {
        match self {
            Self::Config(_)
            | Self::Explain(_)
            | Self::Completions(_)
            | Self::Man(_)
            | Self::Init(_)
            | Self::Demo(_)
            | Self::Doctor(_) => true,
            Self::Features(command) => {
                matches!(command, FeaturesCommand::List(_) | FeaturesCommand::Show(_))
            }
            Self::Labeling(LabelingCommand::Show(args)) => args.measures || args.text,
            Self::Quality(QualityCommand::Show(args)) => args.kinds || args.text,
            Self::Labeling(_)
            | Self::Status(_)
            | Self::Quality(_)
            | Self::Datasets(_)
            | Self::Cat(_)
            | Self::Feeds(_)
            | Self::Capture(_)
            | Self::Run(_)
            | Self::Simulator(_) => false,
        }
    }

    /// Flags of the command that stand for configuration keys.
    pub(crate) fn flags(&self) -> Vec<(String, String, String)> {
        match self {
            Self::Demo(args) => args.flags(),
            Self::Run(args) => args.flags(),
            Self::Cat(args) => args.read.flags(),
            Self::Feeds(FeedsCommand::Convert(args)) => args.rejects.flags(),
            Self::Capture(CaptureCommand::Append(args)) => args.rejects.flags(),
            Self::Features(FeaturesCommand::Run(args)) => args.flags(),
            Self::Features(FeaturesCommand::Check(args)) => args.flags(),
            Self::Features(FeaturesCommand::Select(args)) => args.flags(),
            Self::Labeling(LabelingCommand::Run(args)) => args.flags(),
            Self::Labeling(LabelingCommand::Check(args)) => args.flags(),
            Self::Labeling(LabelingCommand::Diff(args)) => args.flags(),
            Self::Labeling(LabelingCommand::Explain(args)) => args.flags(),
            Self::Quality(command) => command.flags(),
            Self::Datasets(command) => command.flags(),
            Self::Simulator(SimulatorCommand::Run(args)) => args.flags(),
            Self::Simulator(SimulatorCommand::Replay(args)) => args.flags(),
            _ => Vec::new(),
        }
    }
}

/// Where a table goes.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
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

/// Tables that come in.
#[derive(Debug, Clone, Args)]
pub struct InputArgs {
    /// Arrow or Parquet files; TABLE=PATH names the table of a foreign file, - is standard input
    #[arg(value_name = "INPUT")]
    pub files: Vec<OsString>,
    /// Input.
    #[command(flatten)]
    pub read: ReadArgs,
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

impl RejectArgs {
    fn flags(&self) -> Vec<(String, String, String)> {
        let most = self.max_rejects.clone();
        most.map(|most| flag("--max-rejects", "rejects.max", most)).into_iter().collect()
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
