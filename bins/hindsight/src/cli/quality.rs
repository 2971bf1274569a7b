//! The arguments of `hindsight quality`.

use super::{InputArgs, OutputArgs, RejectArgs, ReportArgs, flag, word};
use clap::{Args, Subcommand, ValueEnum};
use contract::QualityMode;
use std::ffi::OsString;
use std::path::PathBuf;

/// `hindsight quality ..`.
#[derive(Debug, Clone, Subcommand)]
#[non_exhaustive]
pub enum QualityCommand {
    /// A table in, its good rows with flags and score out, bad ones as rejects, findings as events
    Run(Box<QualityRunArgs>),
    /// The gate: score, lower bound and coverage of every table (exit 3 if one is missed)
    Check(Box<QualityCheckArgs>),
    /// Score, dimensions, the costliest checks with their rows, every check, every source
    Report(Box<QualityReportArgs>),
    /// What every check says about one row, the values it reads, and the rows around it
    Explain(Box<QualityExplainArgs>),
    /// Rules resolved with their hash; kinds of checks with their parameters
    Show(QualityShowArgs),
    /// Parse rules; a mistake with its place (exit 2 if there is one)
    Validate(QualityValidateArgs),
}

impl QualityCommand {
    /// Flags that stand for configuration keys.
    pub(super) fn flags(&self) -> Vec<(String, String, String)> {
        match self {
            Self::Run(args) => {
                let mut flags = args.checks.flags();
                flags.extend(args.inputs.read.flags());
                flags.extend(args.rejects.flags());
                flags
            }
            Self::Check(args) => flags(&args.inputs, &args.checks),
            Self::Report(args) => flags(&args.inputs, &args.checks),
            Self::Explain(args) => flags(&args.inputs, &args.checks),
            Self::Show(args) => rules(&args.rules),
            Self::Validate(_) => Vec::new(),
        }
    }
}

fn flags(inputs: &InputArgs, checks: &ChecksArgs) -> Vec<(String, String, String)> {
    let mut flags = checks.flags();
    flags.extend(inputs.read.flags());
    flags
}

fn rules(paths: &[PathBuf]) -> Vec<(String, String, String)> {
    if paths.is_empty() {
        return Vec::new();
    }
    let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    vec![flag("--rules", "quality.rules", paths.join(","))]
}

/// Which checks run, and what they know beside the rows.
#[derive(Debug, Clone, Args)]
pub struct ChecksArgs {
    /// Rules, TOML; once for each table [default: key quality.rules, else the built-in rules of the table]
    #[arg(long, value_name = "FILE", help_heading = "Checks")]
    pub rules: Vec<PathBuf>,
    /// Whether checks may look ahead [default: key quality.mode]
    #[arg(long, value_name = "MODE", help_heading = "Checks")]
    pub mode: Option<CheckMode>,
    /// A table that checks look things up in (instruments, sessions, statuses, sources, decisions, ..); may be repeated
    #[arg(long, value_name = "FILE", help_heading = "Checks")]
    pub context: Vec<OsString>,
}

impl ChecksArgs {
    fn flags(&self) -> Vec<(String, String, String)> {
        let mut flags = rules(&self.rules);
        flags.extend(self.mode.map(|mode| flag("--mode", "quality.mode", word(&mode))));
        flags
    }
}

/// Whether checks may look ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckMode {
    /// Checks that look back alone: what may stand where features are made
    Live,
    /// All checks: for reports and labels; features refuse rows that carry what they say
    Final,
}

impl From<CheckMode> for QualityMode {
    fn from(mode: CheckMode) -> Self {
        match mode {
            CheckMode::Live => Self::Live,
            CheckMode::Final => Self::Final,
        }
    }
}

/// `hindsight quality run`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Takes files of one table in the order given. Rows of a log must come in the order of seq; a table without seq is numbered
by position. A row out keeps its values and has two columns more: quality_flags (bit k: check k of the rules) and
quality_score (0 to 100). What a rule rejects goes to --rejects with the row itself, to be fed again when the rule is
mended. In live mode rows leave as they come. In final mode inputs are read twice, so that what later rows reveal stands
on the row it is about; a pipe is held in memory.

Examples:
  hindsight quality run quotes.parquet -o clean.parquet
  hindsight cat quotes.parquet | hindsight quality run - --events findings.jsonl -f table
  hindsight quality run quotes.parquet --mode final --report report.json -f csv")]
pub struct QualityRunArgs {
    /// Input.
    #[command(flatten)]
    pub inputs: InputArgs,
    /// Checks.
    #[command(flatten)]
    pub checks: ChecksArgs,
    /// Rejects.
    #[command(flatten)]
    pub rejects: RejectArgs,
    /// Write findings to this file: the table quality_events
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub events: Option<PathBuf>,
    /// Write cells that were repaired to this file, before and after: the table repairs
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub repairs: Option<PathBuf>,
    /// Write what `quality report` says to this file, .json or .jsonl
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub report: Option<PathBuf>,
    /// When the findings become available [default: now]
    #[arg(long, value_name = "TIME", help_heading = "Output")]
    pub now: Option<String>,
    /// Output.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `hindsight quality check`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Takes files of any number of tables; those of one table are read in the order given. Prints one row a table. The gate
stands in the rules of each table ([gate] score, score_low, coverage). Writes no data.

Examples:
  hindsight quality check quotes.parquet
  hindsight quality check quotes.parquet --rules quotes.toml --context instruments.parquet -f json")]
pub struct QualityCheckArgs {
    /// Input.
    #[command(flatten)]
    pub inputs: InputArgs,
    /// Checks.
    #[command(flatten)]
    pub checks: ChecksArgs,
    /// Output.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// `hindsight quality report`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
As `quality check`, with everything that the score rests on; a low score is no error here. With -f jsonl every table,
dimension, check and source is a line of its own, printed as soon as its table has been read.

Examples:
  hindsight quality report quotes.parquet
  hindsight quality report quotes.parquet --mode final -f jsonl")]
pub struct QualityReportArgs {
    /// Input.
    #[command(flatten)]
    pub inputs: InputArgs,
    /// Checks.
    #[command(flatten)]
    pub checks: ChecksArgs,
    /// Format of the report: table, json or jsonl [default: table]
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    pub format: Option<crate::output::Format>,
}

/// `hindsight quality explain`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Takes files of one table, reads them twice, and prints what each check says about the row (broken, kept, not applicable),
the values of the columns that it reads, the row's flags and score, and the rows before and after it in its stream: those
of the same source and instrument.

Examples:
  hindsight quality explain quotes.parquet --seq 0
  hindsight quality explain quotes.parquet --seq 0 --neighbours 5 -f json")]
pub struct QualityExplainArgs {
    /// Input.
    #[command(flatten)]
    pub inputs: InputArgs,
    /// The row: its seq, or its position from 0 where the table has no seq
    #[arg(long, value_name = "SEQ")]
    pub seq: u64,
    /// Rows of its stream to print before and after it
    #[arg(long, value_name = "N", default_value = "3")]
    pub neighbours: usize,
    /// Checks.
    #[command(flatten)]
    pub checks: ChecksArgs,
    /// Output.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// `hindsight quality show`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  hindsight quality show
  hindsight quality show --table quotes --text
  hindsight quality show --kinds
  hindsight quality show --rules quotes.toml -f json")]
pub struct QualityShowArgs {
    /// Rules, TOML [default: key quality.rules, and the built-in rules of other tables]
    #[arg(long, value_name = "FILE")]
    pub rules: Vec<PathBuf>,
    /// The rules of this table alone
    #[arg(long, value_name = "TABLE")]
    pub table: Option<String>,
    /// Print the kinds of checks with their parameters, and nothing else
    #[arg(long, conflicts_with_all = ["rules", "table", "text"])]
    pub kinds: bool,
    /// Print the built-in rules of --table as text to start from, and nothing else
    #[arg(long, requires = "table", conflicts_with = "rules")]
    pub text: bool,
    /// Output.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// `hindsight quality validate`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  hindsight quality validate quotes.toml
  hindsight quality validate quotes.toml -f json")]
pub struct QualityValidateArgs {
    /// Rules, TOML, one file a table [default: key quality.rules]
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Output.
    #[command(flatten)]
    pub report: ReportArgs,
}
