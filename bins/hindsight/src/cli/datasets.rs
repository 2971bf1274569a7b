//! The arguments of `hindsight datasets`.

use super::{OutputArgs, ReadArgs, RejectArgs, ReportArgs, flag};
use clap::{Args, Subcommand};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// `hindsight datasets ..`.
#[derive(Debug, Clone, Subcommand)]
#[non_exhaustive]
pub enum DatasetsCommand {
    /// Features, labels and decisions in, a certified, immutable version out (exit 3 if a gate says no)
    Build(Box<DatasetsBuildArgs>),
    /// Datasets of a store, or the versions of one
    List(DatasetsListArgs),
    /// What a version holds, where it was cut, what was dropped and why, and its leak certificate
    Show(DatasetsShowArgs),
    /// What changed between two versions: rows, cells, labels, splits, rules, quality
    Diff(DatasetsDiffArgs),
    /// Recompute every hash and make the certificate anew (damage: exit 6; a leak: exit 3)
    Verify(DatasetsVerifyArgs),
    /// One split of a version as a table, with its transforms applied if asked for
    Export(Box<DatasetsExportArgs>),
    /// From a row to its records, or from a record to every version that may hold it
    Trace(DatasetsTraceArgs),
    /// Whether the datasets make better models: a registered experiment with arms, placebos and intervals
    Claim(Box<DatasetsClaimArgs>),
    /// Keep a version whatever the collector would do
    Pin(DatasetsPinArgs),
    /// Recall a version: latest passes over it, and opening it says why
    Withdraw(DatasetsWithdrawArgs),
    /// What can be removed, and with --yes its removal
    Gc(DatasetsGcArgs),
}

impl DatasetsCommand {
    /// Flags that stand for configuration keys.
    pub(super) fn flags(&self) -> Vec<(String, String, String)> {
        let store = match self {
            Self::Build(args) => &args.store,
            Self::List(args) => &args.store,
            Self::Show(args) => &args.store,
            Self::Diff(args) => &args.store,
            Self::Verify(args) => &args.store,
            Self::Export(args) => &args.store,
            Self::Trace(args) => &args.store,
            Self::Claim(args) => &args.store,
            Self::Pin(args) => &args.store,
            Self::Withdraw(args) => &args.store,
            Self::Gc(args) => &args.store,
        };
        let mut flags: Vec<_> = store.store.iter().map(|path| store_flag(path)).collect();
        if let Self::Build(args) = self {
            flags.extend(args.read.flags());
            flags.extend(args.rejects.flags());
            let threads = args.threads.map(|n| flag("--threads", "run.threads", n.to_string()));
            flags.extend(threads);
        }
        flags
    }
}

fn store_flag(path: &Path) -> (String, String, String) {
    flag("--store", "datasets.store", path.display().to_string())
}

/// Where versions are kept.
#[derive(Debug, Clone, Args)]
pub struct StoreArgs {
    /// Folder of the store [default: key datasets.store]
    #[arg(long, value_name = "DIR", help_heading = "Store")]
    pub store: Option<PathBuf>,
    /// Why the data is read or written, a word for the record
    #[arg(long, value_name = "WORD", default_value = "research", help_heading = "Store")]
    pub purpose: String,
}

/// What a record says of who made it.
#[derive(Debug, Clone, Args)]
pub struct RecordArgs {
    /// Opaque token of who does it, 32 hexadecimal digits [default: zeros]
    #[arg(long, value_name = "ID", help_heading = "Record")]
    pub actor: Option<String>,
    /// A note for the record
    #[arg(long, value_name = "TEXT", help_heading = "Record")]
    pub note: Option<String>,
    /// The moment of the record [default: now]
    #[arg(long, value_name = "TIME", help_heading = "Record")]
    pub now: Option<String>,
}

/// `hindsight datasets build`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Inputs are tables: decisions, features and labels (or outcomes, for measures as targets); label_weights, pending,
executions, label_audits and quality_events add to them. Several --spec build several versions of one reading. A version
whose bytes exist keeps its number. What the certificate refuses is not published; a check that could not be made
(causality without --causality, labels without label_audits) refuses too, unless gate.allow_not_evaluated names it.

Examples:
  hindsight datasets build --spec momentum.toml decisions.parquet features.parquet labels.parquet --store sets
  hindsight features check -f json decisions.parquet quotes.parquet > causality.json
  hindsight datasets build --spec entries=momentum.toml d.parquet f.parquet l.parquet --causality causality.json")]
pub struct DatasetsBuildArgs {
    /// Tables; TABLE=PATH where a file does not say its table
    #[arg(value_name = "INPUT", required = true)]
    pub files: Vec<OsString>,
    /// Reading.
    #[command(flatten)]
    pub read: ReadArgs,
    /// A spec, TOML; the dataset has the file's name unless one stands before it; may be repeated
    #[arg(long, value_name = "[NAME=]FILE", required = true)]
    pub spec: Vec<OsString>,
    /// What `features check -f json` printed for these features
    #[arg(long, value_name = "FILE", help_heading = "Certificate")]
    pub causality: Option<PathBuf>,
    /// The capture log that the inputs come from
    #[arg(long, value_name = "ID", help_heading = "Certificate")]
    pub log_id: Option<String>,
    /// The log's verdict over the range: complete, degraded, incomplete or damaged
    #[arg(long, value_name = "VERDICT", help_heading = "Certificate")]
    pub completeness: Option<String>,
    /// Take data files over from this version where their rows are the same [default: the latest]
    #[arg(long, value_name = "VERSION")]
    pub parent: Option<String>,
    /// Write every data file anew
    #[arg(long, conflicts_with = "parent")]
    pub no_parent: bool,
    /// Threads, 0 for all; never changes a byte [default: key run.threads]
    #[arg(long, value_name = "N")]
    pub threads: Option<u32>,
    /// Store.
    #[command(flatten)]
    pub store: StoreArgs,
    /// Record.
    #[command(flatten)]
    pub record: RecordArgs,
    /// Rejects.
    #[command(flatten)]
    pub rejects: RejectArgs,
    /// Say which rows would be in and which not, and write nothing
    #[arg(long, help_heading = "Output")]
    pub dry_run: bool,
    /// Output.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// `hindsight datasets list`.
#[derive(Debug, Clone, Args)]
pub struct DatasetsListArgs {
    /// A dataset [default: all of them]
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Store.
    #[command(flatten)]
    pub store: StoreArgs,
    /// Print the records as the table dataset_events (csv, jsonl, arrow, parquet) or as lines
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `hindsight datasets show`.
#[derive(Debug, Clone, Args)]
pub struct DatasetsShowArgs {
    /// NAME, NAME@7, NAME@2d711642, NAME@latest or NAME@REF
    #[arg(value_name = "VERSION")]
    pub version: String,
    /// Store.
    #[command(flatten)]
    pub store: StoreArgs,
    /// Print a document as it is stored: manifest.json, spec.json, certificate.json, README.md, ..
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    pub document: Option<String>,
    /// Output.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// `hindsight datasets diff`.
#[derive(Debug, Clone, Args)]
pub struct DatasetsDiffArgs {
    /// The version before
    #[arg(value_name = "VERSION")]
    pub before: String,
    /// The version after
    #[arg(value_name = "VERSION")]
    pub after: String,
    /// Store.
    #[command(flatten)]
    pub store: StoreArgs,
    /// Output.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// `hindsight datasets verify`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
The checks `causality` and `labels` rest on reports from outside: without --causality they are taken from the stored
certificate, and the table says so.")]
pub struct DatasetsVerifyArgs {
    /// The version
    #[arg(value_name = "VERSION")]
    pub version: String,
    /// What `features check -f json` printed for these features
    #[arg(long, value_name = "FILE")]
    pub causality: Option<PathBuf>,
    /// Store.
    #[command(flatten)]
    pub store: StoreArgs,
    /// Output.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// `hindsight datasets export`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Every look at test spends it: an export of test needs --split test and is recorded in the store's runs/ folder.

Examples:
  hindsight datasets export entries@latest -o train.arrow
  hindsight datasets export entries@7 --split validation --imputed --roles key,feature,mask,label -f csv")]
pub struct DatasetsExportArgs {
    /// The version
    #[arg(value_name = "VERSION")]
    pub version: String,
    /// The split: train, validation or test
    #[arg(long, value_name = "SPLIT", default_value = "train")]
    pub split: String,
    /// Apply the transforms that were fitted on train; imputed features get a mask
    #[arg(long)]
    pub imputed: bool,
    /// Columns by name, with commas between [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', conflicts_with = "roles")]
    pub columns: Vec<String>,
    /// Columns by role: key, feature, mask, label, weight, meta
    #[arg(long, value_name = "ROLES", value_delimiter = ',')]
    pub roles: Vec<String>,
    /// The moment of the look [default: now]
    #[arg(long, value_name = "TIME")]
    pub now: Option<String>,
    /// Store.
    #[command(flatten)]
    pub store: StoreArgs,
    /// Output.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `hindsight datasets trace`.
#[derive(Debug, Clone, Args)]
pub struct DatasetsTraceArgs {
    /// The version; of a record any version of the store when left out
    #[arg(value_name = "VERSION", required_unless_present = "record")]
    pub version: Option<String>,
    /// The row: a decision's id
    #[arg(long, value_name = "ID", required_unless_present = "record", conflicts_with = "record")]
    pub row: Option<String>,
    /// One column of the row
    #[arg(long, value_name = "NAME", requires = "row")]
    pub column: Option<String>,
    /// A record's place in the log, or a range LOW..HIGH, both inclusive
    #[arg(long, value_name = "SEQ")]
    pub record: Option<String>,
    /// Store.
    #[command(flatten)]
    pub store: StoreArgs,
    /// Output.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// `hindsight datasets pin`.
#[derive(Debug, Clone, Args)]
pub struct DatasetsPinArgs {
    /// The version
    #[arg(value_name = "VERSION")]
    pub version: String,
    /// Let this name stand for the version, for instance champion
    #[arg(long, value_name = "NAME")]
    pub r#ref: Option<String>,
    /// Store.
    #[command(flatten)]
    pub store: StoreArgs,
    /// Record.
    #[command(flatten)]
    pub record: RecordArgs,
}

/// `hindsight datasets withdraw`.
#[derive(Debug, Clone, Args)]
pub struct DatasetsWithdrawArgs {
    /// The version
    #[arg(value_name = "VERSION")]
    pub version: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Store.
    #[command(flatten)]
    pub store: StoreArgs,
    /// Record.
    #[command(flatten)]
    pub record: RecordArgs,
}

/// `hindsight datasets gc`.
#[derive(Debug, Clone, Args)]
pub struct DatasetsGcArgs {
    /// Newest versions of each dataset that stay
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub keep: usize,
    /// Remove what the plan names; without it nothing is touched
    #[arg(long)]
    pub yes: bool,
    /// The moment that ages are counted from [default: now]
    #[arg(long, value_name = "TIME")]
    pub now: Option<String>,
    /// Store.
    #[command(flatten)]
    pub store: StoreArgs,
    /// Output.
    #[command(flatten)]
    pub report: ReportArgs,
}

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
pub struct DatasetsClaimArgs {
    /// The claim, TOML
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Print the hash of the claim and write it to the results folder; tries nothing
    #[arg(long, conflicts_with_all = ["version", "final_split"])]
    pub register: bool,
    /// The version
    #[arg(long, value_name = "VERSION", required_unless_present = "register")]
    pub version: Option<String>,
    /// Store.
    #[command(flatten)]
    pub store: StoreArgs,
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
