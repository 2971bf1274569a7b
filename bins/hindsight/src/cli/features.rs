//! The arguments of `hindsight features`.

use super::{InputArgs, OutputArgs, ReadArgs, RejectArgs, ReportArgs, flag};
use clap::{Args, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// `hindsight features ..`.
#[derive(Debug, Clone, Subcommand)]
#[non_exhaustive]
pub enum FeaturesCommand {
    /// One row of features a decision, from what was available before it
    Run(Box<FeaturesRunArgs>),
    /// Every feature of the catalogue: name, windows, unit, meaning
    List(FeaturesListArgs),
    /// All that is declared about one feature: formula, inputs, lookback, nulls
    Show(FeaturesShowArgs),
    /// The causality certificate: what must not matter is changed, and no cell moves (exit 3 if one does)
    Check(Box<FeaturesCheckArgs>),
    /// Which features carry information about a label, and how surely
    Select(Box<FeaturesSelectArgs>),
}

/// Which features are meant.
#[derive(Debug, Clone, Args)]
pub struct SpecArgs {
    /// The feature set, TOML [default: key features.spec, else every feature of the catalogue]
    #[arg(long, value_name = "FILE", help_heading = "Features")]
    pub spec: Option<PathBuf>,
    /// Roles of the set of every feature, whose instruments the table `roles` names
    #[arg(
        long,
        value_name = "NAME",
        value_delimiter = ',',
        help_heading = "Features",
        conflicts_with = "spec"
    )]
    pub roles: Vec<String>,
}

impl SpecArgs {
    pub(super) fn flags(&self) -> Vec<(String, String, String)> {
        let path = self.spec.as_ref().map(|path| path.display().to_string());
        if !self.roles.is_empty() {
            // Roles of the whole catalogue on the command line stand against a set in the file.
            return vec![flag("--roles", "features.spec", String::new())];
        }
        path.map(|path| flag("--spec", "features.spec", path)).into_iter().collect()
    }
}

/// `hindsight features run`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Inputs are decisions, the market tables and reference tables that the set reads, and what there is of statuses,
feed_marks and ledger_gaps. A table that the set needs and that is missing, or that nothing reads, is an error before
any work. Events of every input are in the order of ts_avail. Several files of one table are merged by (ts_avail, seq);
rows of files without seq come behind those of a log at the same instant, and among themselves in the order statuses,
trades, quotes, depths, feed_marks, then by file and row.

Examples:
  hindsight features run --spec set.toml decisions.parquet quotes.parquet -o features.parquet
  hindsight cat quotes.parquet | hindsight features run --spec set.toml decisions.parquet - -f table")]
pub struct FeaturesRunArgs {
    /// Input.
    #[command(flatten)]
    pub inputs: InputArgs,
    /// Features.
    #[command(flatten)]
    pub spec: SpecArgs,
    /// Threads, 0 for all; never changes a byte [default: key run.threads]
    #[arg(long, value_name = "N")]
    pub threads: Option<u32>,
    /// Rejects.
    #[command(flatten)]
    pub rejects: RejectArgs,
    /// Output.
    #[command(flatten)]
    pub output: OutputArgs,
}

impl FeaturesRunArgs {
    pub(super) fn flags(&self) -> Vec<(String, String, String)> {
        let mut flags = self.spec.flags();
        flags.extend(self.inputs.read.flags());
        flags.extend(self.rejects.flags());
        if let Some(threads) = self.threads {
            flags.push(flag("--threads", "run.threads", threads.to_string()));
        }
        flags
    }
}

/// `hindsight features list`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  hindsight features list
  hindsight features list book flow__*_10s -f json")]
pub struct FeaturesListArgs {
    /// Families such as book, or patterns of names such as flow__n_trades__* [default: all]
    #[arg(value_name = "PATTERN")]
    pub patterns: Vec<String>,
    /// Output.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// `hindsight features show`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  hindsight features show book__ofi_qty__10s
  hindsight features show cross__beta_mkt__g300x1s -f json")]
pub struct FeaturesShowArgs {
    /// The feature, with or without its window; a role in it needs no declaration
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Output.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// `hindsight features check`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Around sampled decisions the future, the too-far past and what a feature does not declare are changed, deleted and
doubled, and every cell must keep its bits; then what it does declare is changed, and it should move. Takes the inputs of
`features run`, all in memory.

Examples:
  hindsight features check --spec set.toml decisions.parquet quotes.parquet --budget 50%
  hindsight features check --spec set.toml decisions.parquet quotes.parquet -f json")]
pub struct FeaturesCheckArgs {
    /// Input.
    #[command(flatten)]
    pub inputs: InputArgs,
    /// Features.
    #[command(flatten)]
    pub spec: SpecArgs,
    /// Rows that may be swept again, as a share of the rows read; may be above 100%
    #[arg(long, value_name = "P%", help_heading = "Certificate", default_value = "10%")]
    pub budget: String,
    /// Same inputs and seed, same report
    #[arg(long, value_name = "N", help_heading = "Certificate", default_value = "1")]
    pub seed: u64,
    /// Also end with exit code 3 when a feature does not react to what it declares
    #[arg(long, help_heading = "Certificate")]
    pub require_reaction: bool,
    /// Rejects.
    #[command(flatten)]
    pub rejects: RejectArgs,
    /// Print every feature, not only those that moved or do not react
    #[arg(long, help_heading = "Output")]
    pub all: bool,
    /// Output.
    #[command(flatten)]
    pub report: ReportArgs,
}

impl FeaturesCheckArgs {
    pub(super) fn flags(&self) -> Vec<(String, String, String)> {
        let mut flags = self.spec.flags();
        flags.extend(self.inputs.read.flags());
        flags.extend(self.rejects.flags());
        flags
    }
}

/// Which column of the labels is to be explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TargetColumn {
    /// The class, by multinomial logistic regression
    Class,
    /// The value, by ridge regression
    Value,
}

/// `hindsight features select`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Rows of the feature tables are joined to the labels by decision_id; a label lives from the cut-off of its row to its
ts_end, and a row without a label is left out and counted. Folds are spans of time whose labels do not overlap. Days in
UTC count as sessions. Every step, from the screen to the confirmation, writes its scores; none of them is a value that a
model may read.

Examples:
  hindsight features select features.parquet --labels labels.parquet --target direction -o scores.parquet
  hindsight features select features.parquet --labels labels.parquet --by value --settings select.toml -f table")]
pub struct FeaturesSelectArgs {
    /// Feature tables, in the order of their cut-offs; - is standard input
    #[arg(value_name = "INPUT")]
    pub inputs: Vec<OsString>,
    /// Labels: an Arrow or Parquet file with decision_id, ts_end, class or value, and target where it holds several
    #[arg(long, value_name = "FILE", help_heading = "Labels")]
    pub labels: PathBuf,
    /// The target, where the labels hold several
    #[arg(long, value_name = "NAME", help_heading = "Labels")]
    pub target: Option<String>,
    /// Which column is to be explained
    #[arg(long, value_name = "COLUMN", help_heading = "Labels", default_value = "class")]
    pub by: TargetColumn,
    /// Limits, counts and levels of the steps, TOML [default: those of the library]
    #[arg(long, value_name = "FILE", help_heading = "Selection")]
    pub settings: Option<PathBuf>,
    /// Number of folds
    #[arg(long, value_name = "N", help_heading = "Selection", default_value = "5")]
    pub folds: usize,
    /// Time behind a test span in which no label may train, as in 5m
    #[arg(long, value_name = "TIME", help_heading = "Selection", default_value = "0s")]
    pub embargo: String,
    /// Same inputs, settings and seed, same scores
    #[arg(long, value_name = "N", help_heading = "Selection", default_value = "1")]
    pub seed: u64,
    /// Threads, 0 for all; never changes a score [default: key run.threads]
    #[arg(long, value_name = "N")]
    pub threads: Option<u32>,
    /// Input.
    #[command(flatten)]
    pub read: ReadArgs,
    /// Output.
    #[command(flatten)]
    pub output: OutputArgs,
}

impl FeaturesSelectArgs {
    pub(super) fn flags(&self) -> Vec<(String, String, String)> {
        let mut flags = self.read.flags();
        if let Some(threads) = self.threads {
            flags.push(flag("--threads", "run.threads", threads.to_string()));
        }
        flags
    }
}
