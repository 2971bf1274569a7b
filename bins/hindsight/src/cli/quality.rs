//! The arguments of `hindsight quality`.

use super::{InputArgs, OutputArgs, ReadArgs, RejectArgs, ReportArgs, flag, word};
use clap::{Args, Subcommand, ValueEnum};
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
    /// What the columns of a table hold: nulls, range, mean, quantiles, distinct values
    Profile(QualityProfileArgs),
    /// Two or more sources of quotes, trades or bars side by side, and whether their clocks agree
    Compare(Box<QualityCompareArgs>),
    /// Whether current rows are distributed as those of a reference
    Drift(Box<QualityDriftArgs>),
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
            Self::Profile(args) => args.inputs.read.flags(),
            Self::Compare(args) => args.inputs.read.flags(),
            Self::Drift(args) => args.read.flags(),
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

/// `hindsight quality profile`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Takes files of one table. The numbers depend on the rows alone, not on their order. Quantiles are estimates, each with the
values between which the exact one lies: within 2^-7 of the distance to --origin. Distinct values are counted up to 10,000
and then estimated.

Examples:
  hindsight quality profile quotes.parquet
  hindsight quality profile quotes.parquet --origin bid_px=61700 -f json")]
pub struct QualityProfileArgs {
    /// Input.
    #[command(flatten)]
    pub inputs: InputArgs,
    /// A value near which the quantiles of a column are to be fine, COLUMN=VALUE; may be repeated [default: 0]
    #[arg(long, value_name = "COLUMN=VALUE")]
    pub origin: Vec<String>,
    /// Output.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// Which time of a row counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CompareTime {
    /// When it could be known: `ts_avail`
    Avail,
    /// What the clock of its source says: `ts_event`
    Event,
}

/// Which bars have the mid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CompareBars {
    /// The closes of the bid bar and the ask bar of one time
    BidAsk,
    /// The close of a bar of trades
    Trade,
    /// The close of a bar of mids
    Mid,
}

/// `hindsight quality compare`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Every input is a source, named by its file; of a single input every source_id in it is one. For each row of the first source
the latest row of the second is looked up, and their mids are compared within a band that is learnt from earlier sessions.
Where the sources agree at another lag than 0, the lag is named: a clock or a time zone is wrong. Two sources cannot tell
whose; with three or more the odd one is named. All rows stand in memory.

Examples:
  hindsight quality compare quotes.parquet other.parquet --max-age 1m
  hindsight quality compare quotes.parquet other.parquet --max-age 1m --by event --no-lag -f json")]
pub struct QualityCompareArgs {
    /// Input.
    #[command(flatten)]
    pub inputs: InputArgs,
    /// A partner older than this is stale, as in 1m
    #[arg(long, value_name = "TIME", help_heading = "Comparison")]
    pub max_age: String,
    /// Which time of a row counts
    #[arg(long, value_name = "TIME", help_heading = "Comparison", default_value = "avail")]
    pub by: CompareTime,
    /// Which bars have the mid
    #[arg(long, value_name = "BARS", help_heading = "Comparison", default_value = "trade")]
    pub bars: CompareBars,
    /// A partner of the same instant counts, as bars of two sources have it
    #[arg(long, help_heading = "Comparison")]
    pub same_instant: bool,
    /// Do not look for a lag between the sources
    #[arg(long, help_heading = "Comparison")]
    pub no_lag: bool,
    /// Output.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// `hindsight quality drift`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Both are files of one table. A finding is an effect with its size, a p-value by permuting whole blocks of rows, and a
q-value over the columns; it is drift when the effect reaches its minimum and q is small. Rows of a market resemble their
neighbours, so blocks must be longer than that lasts: sessions, or many rows. Fewer than 200 rows or 8 blocks a side are
insufficient. The reference stands in memory.

Examples:
  hindsight quality drift quotes.parquet other.parquet
  hindsight quality drift quotes.parquet other.parquet --blocks ts_avail/1d --columns bid_px,ask_px -f json")]
pub struct QualityDriftArgs {
    /// The rows that others are compared with: Arrow or Parquet, TABLE=PATH for a foreign file
    #[arg(value_name = "REFERENCE")]
    pub reference: OsString,
    /// The current rows
    #[arg(value_name = "CURRENT")]
    pub current: OsString,
    /// Rows that change sides together: a number of neighbours, rows of equal value in COLUMN, or of one interval as in
    /// ts_avail/1d
    #[arg(
        long,
        value_name = "N|COLUMN|COLUMN/TIME",
        help_heading = "Drift",
        default_value = "1000"
    )]
    pub blocks: String,
    /// Only these columns [default: all that can be compared]
    #[arg(long, value_name = "NAME", value_delimiter = ',', help_heading = "Drift")]
    pub columns: Vec<String>,
    /// Integer columns whose values are names
    #[arg(long, value_name = "NAME", value_delimiter = ',', help_heading = "Drift")]
    pub categorical: Vec<String>,
    /// Permutations; the least p is 1 / (N + 1)
    #[arg(long, value_name = "N", help_heading = "Drift", default_value = "999")]
    pub permutations: u32,
    /// Same inputs and seed, same report
    #[arg(long, value_name = "N", help_heading = "Drift", default_value = "0")]
    pub seed: u64,
    /// Print every finding, not only what speaks for its column or is no longer stable
    #[arg(long, help_heading = "Output")]
    pub all: bool,
    /// Input.
    #[command(flatten)]
    pub read: ReadArgs,
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
