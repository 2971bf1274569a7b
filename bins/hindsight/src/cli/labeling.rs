//! The arguments of `hindsight labeling`.

use super::{InputArgs, ReadArgs, RejectArgs, ReportArgs, flag};
use crate::output::Format;
use clap::{Args, Subcommand};
use std::ffi::OsString;
use std::path::PathBuf;

/// `hindsight labeling ..`.
#[derive(Debug, Clone, Subcommand)]
#[non_exhaustive]
pub enum LabelingCommand {
    /// Outcomes, labels and markouts of decisions, from what came after them
    Run(Box<LabelingRunArgs>),
    /// Rule sets resolved for every strategy, their hashes, targets and measures
    Show(LabelingShowArgs),
    /// Parse, resolve and prove rule sets; every mistake with its place (exit 2 if there is one)
    Validate(LabelingValidateArgs),
    /// What changes from one rule set to another, and on stored outcomes which labels (exit 3 above --max-changed-share)
    Diff(Box<LabelingDiffArgs>),
    /// The audit by the second implementation, label quality and significance (exit 3 below the bar)
    Check(Box<LabelingCheckArgs>),
    /// The input rows that the outcome and labels of one decision were made of
    Explain(Box<LabelingExplainArgs>),
}

/// Which rules hold.
#[derive(Debug, Clone, Args)]
pub struct RulesArgs {
    /// A rule set, TOML; once for each set where several hold one after another [default: key labeling.rules, else the
    /// built-in set]
    #[arg(long, value_name = "FILE", help_heading = "Rules")]
    pub rules: Vec<PathBuf>,
    /// Hash that a rule set must have; once for each set. Another one ends with exit code 6
    #[arg(long = "pin", value_name = "HASH", help_heading = "Rules")]
    pub pins: Vec<String>,
}

impl RulesArgs {
    fn flags(&self) -> Vec<(String, String, String)> {
        if self.rules.is_empty() {
            return Vec::new();
        }
        let paths: Vec<String> = self.rules.iter().map(|path| path.display().to_string()).collect();
        vec![flag("--rules", "labeling.rules", paths.join(","))]
    }
}

/// `hindsight labeling run`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Inputs are decisions and the table of the path (quotes; trades where measures.path says so), and what there is of
executions, trades, statuses, postings, feed_marks, ledger_gaps, instruments, sessions, adjustments, fee_schedules and
references. Another table is an error before any work. Rows of a log are taken in the order of seq. Where rows have none,
all are numbered in the order of receipt; at one instant statuses come first, then trades, quotes, feed_marks, decisions,
executions, postings. Several files of one table are merged, but rows that are out of order in a file are an error.
Labels whose window the data does not close wait in `pending`; they are not guessed.

Examples:
  hindsight labeling run decisions.parquet executions.parquet quotes.parquet -o labels
  hindsight labeling run decisions.parquet quotes.parquet --stream labels -f table")]
pub struct LabelingRunArgs {
    /// Input.
    #[command(flatten)]
    pub inputs: InputArgs,
    /// Rules.
    #[command(flatten)]
    pub rules: RulesArgs,
    /// Threads, 0 for all; never changes a byte [default: key run.threads]
    #[arg(long, value_name = "N")]
    pub threads: Option<u32>,
    /// Rejects.
    #[command(flatten)]
    pub rejects: RejectArgs,
    /// A directory that does not exist yet, for outcomes, labels, markouts, pending and rejects; it appears whole or not
    /// at all
    #[arg(
        short,
        long,
        value_name = "DIR",
        help_heading = "Output",
        required_unless_present_any = ["dry_run", "stream"]
    )]
    pub output: Option<PathBuf>,
    /// Write one table to standard output instead: outcomes, labels, markouts or pending
    #[arg(long, value_name = "TABLE", help_heading = "Output", conflicts_with = "output")]
    pub stream: Option<String>,
    /// Write labels that wait to this file
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub pending: Option<PathBuf>,
    /// Format of the tables: parquet, arrow, csv or jsonl; of a stream also table [default: parquet, of a stream arrow]
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    pub format: Option<Format>,
    /// Print every row with -f table, not the first 20
    #[arg(long, help_heading = "Output")]
    pub all: bool,
    /// End with exit code 4 when there is no label
    #[arg(long, help_heading = "Output")]
    pub fail_if_empty: bool,
    /// Check everything that can be checked beforehand and write nothing
    #[arg(long, help_heading = "Output")]
    pub dry_run: bool,
}

impl LabelingRunArgs {
    pub(super) fn flags(&self) -> Vec<(String, String, String)> {
        let mut flags = self.rules.flags();
        flags.extend(self.inputs.read.flags());
        flags.extend(self.rejects.flags());
        if let Some(threads) = self.threads {
            flags.push(flag("--threads", "run.threads", threads.to_string()));
        }
        flags
    }
}

/// `hindsight labeling show`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  hindsight labeling show
  hindsight labeling show --measures
  hindsight labeling show labels.toml --strategy momentum -f json")]
pub struct LabelingShowArgs {
    /// Rule sets, TOML [default: key labeling.rules, else the built-in set]
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Only what holds for this strategy
    #[arg(long, value_name = "NAME")]
    pub strategy: Option<String>,
    /// Print the measures that rules can name, and nothing else
    #[arg(long, conflicts_with_all = ["files", "strategy", "pins", "text"])]
    pub measures: bool,
    /// Print the built-in rule set as text to start from, and nothing else
    #[arg(long, conflicts_with_all = ["files", "strategy", "pins"])]
    pub text: bool,
    /// Hash that a rule set must have; once for each set. Another one ends with exit code 6
    #[arg(long = "pin", value_name = "HASH")]
    pub pins: Vec<String>,
    /// Output.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// `hindsight labeling validate`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  hindsight labeling validate labels.toml
  hindsight labeling validate labels-1.toml labels.toml -f json")]
pub struct LabelingValidateArgs {
    /// Rule sets, TOML; several must make up one book [default: key labeling.rules, else the built-in set]
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Hash that a rule set must have; once for each set. Another one ends with exit code 6
    #[arg(long = "pin", value_name = "HASH")]
    pub pins: Vec<String>,
    /// Output.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// `hindsight labeling diff`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
With --outcomes it is a dry run: rows of the table `outcomes` are graded under both sets, and what moves is counted. A
set that measures differently needs the path again; the dry run refuses it.

Examples:
  hindsight labeling diff labels-1.toml labels.toml
  hindsight labeling diff labels-1.toml labels.toml --outcomes labels/outcomes.parquet")]
pub struct LabelingDiffArgs {
    /// The old rule set, TOML
    #[arg(value_name = "OLD")]
    pub old: PathBuf,
    /// The new one
    #[arg(value_name = "NEW")]
    pub new: PathBuf,
    /// Outcomes to grade under both, as `labeling run` wrote them; may be repeated
    #[arg(long, value_name = "FILE", help_heading = "Dry run")]
    pub outcomes: Vec<OsString>,
    /// Decisions, so that the actions that a grade covers count too; without them its bases alone do
    #[arg(long, value_name = "FILE", help_heading = "Dry run", requires = "outcomes")]
    pub decisions: Vec<OsString>,
    /// The grade that is compared
    #[arg(long, value_name = "NAME", help_heading = "Dry run", default_value = "grade")]
    pub target: String,
    /// Changed labels to print
    #[arg(long, value_name = "N", help_heading = "Dry run", default_value = "10")]
    pub examples: usize,
    /// End with exit code 3 when more labels change, as 5% or 0.05
    #[arg(long, value_name = "X", help_heading = "Dry run", requires = "outcomes")]
    pub max_changed_share: Option<String>,
    /// Input.
    #[command(flatten)]
    pub read: ReadArgs,
    /// Output.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// `hindsight labeling check`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Sampled decisions are recomputed by a second, slow implementation and every cell is compared. The bar is 98 %: the lower
end of the exact 95 % interval of the share that agrees. Beside it stand the shares of classes, states of labels,
contradictions, drift between the halves, and for each strategy and target whether the mean label differs from 0, tested
as one family. Takes the inputs of `labeling run`, all in memory.

Examples:
  hindsight labeling check decisions.parquet executions.parquet quotes.parquet --sample 1000
  hindsight labeling check decisions.parquet quotes.parquet --labels labels -o checked -f json")]
pub struct LabelingCheckArgs {
    /// Input.
    #[command(flatten)]
    pub inputs: InputArgs,
    /// Rules.
    #[command(flatten)]
    pub rules: RulesArgs,
    /// A directory that `labeling run` wrote [default: labels are made now]
    #[arg(long, value_name = "DIR", help_heading = "Audit")]
    pub labels: Option<PathBuf>,
    /// Decisions in the random sample that the bound speaks of
    #[arg(long, value_name = "N", help_heading = "Audit", default_value = "500")]
    pub sample: usize,
    /// Further decisions of every kind of label: target, class, rules that decided, flags, basis
    #[arg(long, value_name = "N", help_heading = "Audit", default_value = "2")]
    pub each_kind: usize,
    /// Disagreements to print
    #[arg(long, value_name = "N", help_heading = "Audit", default_value = "10")]
    pub examples: usize,
    /// Same inputs and seed, same report
    #[arg(long, value_name = "N", help_heading = "Audit", default_value = "1")]
    pub seed: u64,
    /// Threads, 0 for all; never changes a byte [default: key run.threads]
    #[arg(long, value_name = "N")]
    pub threads: Option<u32>,
    /// Rejects.
    #[command(flatten)]
    pub rejects: RejectArgs,
    /// A directory that does not exist yet, for label_audits and label_tests as Parquet
    #[arg(short, long, value_name = "DIR", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Output.
    #[command(flatten)]
    pub report: ReportArgs,
}

impl LabelingCheckArgs {
    pub(super) fn flags(&self) -> Vec<(String, String, String)> {
        let mut flags = self.rules.flags();
        flags.extend(self.inputs.read.flags());
        flags.extend(self.rejects.flags());
        if let Some(threads) = self.threads {
            flags.push(flag("--threads", "run.threads", threads.to_string()));
        }
        flags
    }
}

impl LabelingDiffArgs {
    pub(super) fn flags(&self) -> Vec<(String, String, String)> {
        self.read.flags()
    }
}

/// `hindsight labeling explain`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Takes the inputs of `labeling run`. Prints for each outcome, label and markout of the decision the rows that decided it:
the decision, its fills, and the prices that were taken, and which stretch of the path was walked.

Examples:
  hindsight labeling explain --decision $ID decisions.parquet quotes.parquet")]
pub struct LabelingExplainArgs {
    /// Input.
    #[command(flatten)]
    pub inputs: InputArgs,
    /// The decision
    #[arg(long, value_name = "ID")]
    pub decision: String,
    /// Rules.
    #[command(flatten)]
    pub rules: RulesArgs,
    /// Rejects.
    #[command(flatten)]
    pub rejects: RejectArgs,
    /// Output.
    #[command(flatten)]
    pub report: ReportArgs,
}

impl LabelingExplainArgs {
    pub(super) fn flags(&self) -> Vec<(String, String, String)> {
        let mut flags = self.rules.flags();
        flags.extend(self.inputs.read.flags());
        flags.extend(self.rejects.flags());
        flags
    }
}
