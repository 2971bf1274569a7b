//! The arguments of `hindsight capture`.

use super::{OutputArgs, RejectArgs, ReportArgs};
use crate::output::Format;
use clap::{Args, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// `hindsight capture ..`.
#[derive(Debug, Clone, Subcommand)]
#[non_exhaustive]
pub enum CaptureCommand {
    /// Put event tables into a log; one JSON line for each range of rows that is on disk
    Append(AppendArgs),
    /// Rows of a table in the order of the log, from the beginning, a number or a cursor on
    Read(ReadLogArgs),
    /// Whether everything that was emitted is there: verdict, counts by producer, gaps
    Ledger(LedgerArgs),
    /// Recompute every checksum, seal and archive hash
    Verify(VerifyArgs),
    /// Move sealed segments into verified Parquet, and drop them from the log
    Archive(ArchiveArgs),
}

/// What a hole in a producer's numbers means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// An error: rows that come too early are refused
    Strict,
    /// A loss upstream: it is counted as missing
    Lossy,
}

/// When rows are acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AckLevel {
    /// On disk: survives a power cut
    Durable,
    /// In the operating system: survives the death of the process
    Buffered,
    /// Nowhere yet: what no capture may call acknowledged, here for the demo to catch
    #[value(hide = true)]
    Queued,
}

/// `hindsight capture append`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Each file is a producer of its own, named by its path, whose rows are numbered from 0; --producer makes all inputs one
producer, whose rows go on where it stands. The numbers make a repetition harmless: with --resume, rows that are there
are acknowledged and not stored again. A row that breaks the contract is a reject and has no number.

Examples:
  hindsight capture append log trades.parquet
  hindsight capture append log trades.parquet --resume
  hindsight capture append past trades.parquet quotes.parquet --merge 100ms
  hindsight cat trades.parquet | hindsight capture append log --producer feed")]
pub struct AppendArgs {
    /// The log, a directory; it is made by the first append
    #[arg(value_name = "DIR")]
    pub log: PathBuf,
    /// Arrow or Parquet files of event tables, appended in this order; TABLE=PATH names the table of a foreign file, - is standard input
    #[arg(value_name = "INPUT")]
    pub inputs: Vec<OsString>,
    /// Who the rows are from [default: each file by its path]
    #[arg(long, value_name = "NAME", help_heading = "Producer")]
    pub producer: Option<String>,
    /// Identity of the producer for its life, a UUID [default: made from its name]
    #[arg(long, value_name = "UUID", help_heading = "Producer", requires = "producer")]
    pub producer_id: Option<String>,
    /// What a hole in the producer's numbers means
    #[arg(long, value_name = "MODE", help_heading = "Producer", default_value = "strict")]
    pub mode: Mode,
    /// Number of the first row of the inputs [default: the next one of the producer]
    #[arg(long, value_name = "N", help_heading = "Producer", conflicts_with = "resume")]
    pub first_pseq: Option<u64>,
    /// The inputs are the producer's rows from number 0 on: store only what is not there
    #[arg(long, help_heading = "Producer")]
    pub resume: bool,
    /// Append all inputs together, slice after slice of this length of their availability, as their rows would have come to
    /// a collector; without it one input follows the other [as in 100ms]. Rows get numbers that no decider has read, so
    /// md_seq_high of decisions is left out
    #[arg(long, value_name = "TIME", help_heading = "Input")]
    pub merge: Option<String>,
    /// When rows are acknowledged
    #[arg(long, value_name = "LEVEL", help_heading = "Log", default_value = "durable")]
    pub level: AckLevel,
    /// How far ahead of the clock a receipt may be, as in 1s or 30d
    #[arg(long, value_name = "TIME", help_heading = "Log", default_value = "1s")]
    pub max_future: String,
    /// Bytes of a segment of a new log, a multiple of 4096 from 1 MiB to 1 GiB
    #[arg(long, value_name = "N", help_heading = "Log", default_value_t = 64 << 20)]
    pub segment_bytes: u64,
    /// Accept a stream without end marker when it ends between two messages
    #[arg(long, help_heading = "Input")]
    pub trust_eof: bool,
    /// Rejects.
    #[command(flatten)]
    pub rejects: RejectArgs,
    /// Replace a file of rejects that exists
    #[arg(long, help_heading = "Rejects")]
    pub force: bool,
}

impl AppendArgs {
    /// Inputs into a log, with all else as the command line has it by default.
    pub(crate) fn new(log: PathBuf, inputs: Vec<OsString>) -> Self {
        Self {
            log,
            inputs,
            producer: None,
            producer_id: None,
            mode: Mode::Strict,
            first_pseq: None,
            resume: false,
            merge: None,
            level: AckLevel::Durable,
            max_future: "1s".to_owned(),
            segment_bytes: 64 << 20,
            trust_eof: false,
            rejects: RejectArgs { rejects: None, max_rejects: None },
            force: false,
        }
    }
}

/// `hindsight capture read`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
What is not there is said on standard error. Damage that the ledger does not name yet ends the command with exit code
6, after every row that can be read; damage that was declared is counted, and `capture ledger` judges it.

Examples:
  hindsight capture read log --table trades -f table
  hindsight capture read log --table trades --cursor nightly -o new.parquet --force")]
pub struct ReadLogArgs {
    /// The log
    #[arg(value_name = "DIR")]
    pub log: PathBuf,
    /// The table
    #[arg(long, value_name = "NAME", help_heading = "Rows")]
    pub table: String,
    /// Rows about this instrument only, by number; repeatable
    #[arg(long, value_name = "N", help_heading = "Rows")]
    pub instrument: Vec<u32>,
    /// Rows of this producer only, by name or UUID; repeatable
    #[arg(long, value_name = "NAME", help_heading = "Rows")]
    pub producer: Vec<String>,
    /// First seq that is wanted [default: 0]
    #[arg(long, value_name = "SEQ", help_heading = "Rows", conflicts_with = "cursor")]
    pub from_seq: Option<u64>,
    /// First seq that is not wanted [default: to the end]
    #[arg(long, value_name = "SEQ", help_heading = "Rows")]
    pub to_seq: Option<u64>,
    /// Go on where this cursor stands, and save it once the rows are written
    #[arg(long, value_name = "NAME", help_heading = "Rows")]
    pub cursor: Option<String>,
    /// Wait for more rows, until --to-seq or a signal; the output is then whole
    #[arg(long, help_heading = "Rows")]
    pub follow: bool,
    /// Output.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `hindsight capture ledger`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Verdicts: damaged (rows were lost), incomplete (rows are missing), open (a producer may still append, and its last rows
are not known), complete (everything emitted is on disk, or declared never to come).

Examples:
  hindsight capture ledger log
  hindsight capture ledger log --require-complete -f json
  hindsight capture ledger log --gaps -f csv")]
pub struct LedgerArgs {
    /// The log; another process may be writing to it
    #[arg(value_name = "DIR")]
    pub log: PathBuf,
    /// List what is not there
    #[arg(long)]
    pub gaps: bool,
    /// End with exit code 3 unless the verdict is complete
    #[arg(long)]
    pub require_complete: bool,
    /// Count rows by table from this seq on [default: 0]
    #[arg(long, value_name = "SEQ")]
    pub from_seq: Option<u64>,
    /// Count rows by table below this seq [default: to the end]
    #[arg(long, value_name = "SEQ")]
    pub to_seq: Option<u64>,
    /// Format: table or json; of the producers or gaps as a table also arrow, csv, jsonl [default: table]
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    pub format: Option<Format>,
}

/// `hindsight capture verify`.
#[derive(Debug, Clone, Args)]
pub struct VerifyArgs {
    /// The log
    #[arg(value_name = "DIR")]
    pub log: PathBuf,
    /// Take the log's lock, and put damage that nobody has declared on record: its rows count as lost and may be sent again
    #[arg(long)]
    pub declare: bool,
    /// Output.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// `hindsight capture archive`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  hindsight capture archive log --all
  hindsight capture archive log --drop --min-retention 7d")]
pub struct ArchiveArgs {
    /// The log
    #[arg(value_name = "DIR")]
    pub log: PathBuf,
    /// Archive everything that is sealed, however little and young it is
    #[arg(long, conflicts_with_all = ["min_bytes", "max_age"])]
    pub all: bool,
    /// Bytes of sealed segments that make a run worth while [default: 256 MiB]
    #[arg(long, value_name = "N")]
    pub min_bytes: Option<u64>,
    /// Age at which a sealed segment is archived anyway [default: 1h]
    #[arg(long, value_name = "TIME")]
    pub max_age: Option<String>,
    /// Then remove the segments that the archive holds, as far as every guard allows
    #[arg(long)]
    pub drop: bool,
    /// How long a sealed segment stays at least [default: 24h]
    #[arg(long, value_name = "TIME", requires = "drop")]
    pub min_retention: Option<String>,
    /// Output.
    #[command(flatten)]
    pub report: ReportArgs,
}
