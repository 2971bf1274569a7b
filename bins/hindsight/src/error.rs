//! Errors of the command line itself, and the report that every error ends up as.

mod diagnostic;
mod failure;
mod place;
mod report;

pub use failure::Failure;
pub use place::Place;
pub use report::ErrorReport;

use arrow_schema::Schema;
use std::io;
use std::path::Path;

/// Why a request to the command line could not be carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CliError {
    /// The arguments do not parse; the text is clap's.
    #[error("{0}")]
    Usage(String),
    /// No such file.
    #[error("{path}: expected a file or folder that exists, found nothing at this path")]
    NotFound {
        /// The path.
        path: String,
    },
    /// A directory where a file is needed.
    #[error("{path}: expected a file, found a directory")]
    IsDirectory {
        /// The path.
        path: String,
    },
    /// A file where a directory is needed.
    #[error("{path}: expected a directory, found a file")]
    NotDirectory {
        /// The path.
        path: String,
    },
    /// A text file that is no text.
    #[error("{path}: expected UTF-8 text, found other bytes")]
    NotText {
        /// The path.
        path: String,
    },
    /// A device, socket or pipe where a regular file is needed.
    #[error("{path}: expected a regular file, found a device, socket or pipe")]
    NotRegular {
        /// The path.
        path: String,
    },
    /// The operating system does not let us.
    #[error("{path}: permission denied while {doing}")]
    PermissionDenied {
        /// The path.
        path: String,
        /// What was being done.
        doing: &'static str,
    },
    /// Reading failed.
    #[error("{path}: reading failed: {source}")]
    ReadFailed {
        /// The path.
        path: String,
        /// The cause.
        source: io::Error,
    },
    /// Writing failed.
    #[error("{path}: writing failed: {source}")]
    WriteFailed {
        /// The path.
        path: String,
        /// The cause.
        source: io::Error,
    },
    /// No room left on the device, or a quota is used up.
    #[error("{path}: no space left for writing")]
    DiskFull {
        /// The path.
        path: String,
    },
    /// Zero bytes.
    #[error("{input}: expected a table, found no bytes at all")]
    EmptyInput {
        /// The input.
        input: String,
    },
    /// A stream without its end marker.
    #[error("{input}: expected the end-of-stream marker, found the end of the bytes {place}")]
    TruncatedStream {
        /// The input.
        input: String,
        /// Where the bytes ended.
        place: &'static str,
    },
    /// A file that starts as its format does and does not end so.
    #[error("{input}: expected the {format} file to end in `{magic}`, found {found}")]
    TruncatedFile {
        /// The input.
        input: String,
        /// The format.
        format: &'static str,
        /// Its closing bytes.
        magic: &'static str,
        /// What stands there.
        found: String,
    },
    /// Bytes behind the end marker.
    #[error("{input}: expected nothing behind the end-of-stream marker, found more bytes")]
    TrailingData {
        /// The input.
        input: String,
    },
    /// Bytes that the decoder cannot make sense of.
    #[error("{input}: expected {format}, found damaged bytes: {reason}")]
    MalformedInput {
        /// The input.
        input: String,
        /// The format.
        format: &'static str,
        /// What the decoder says.
        reason: String,
    },
    /// First bytes of no format that stages read.
    #[error("{input}: expected Arrow or Parquet, found {found}")]
    UnrecognisedInput {
        /// The input.
        input: String,
        /// What it looks like.
        found: &'static str,
        /// The `feeds convert` line to use.
        convert: String,
    },
    /// A format that needs seeking, on standard input.
    #[error("standard input: expected an Arrow stream, found {format}, which needs a file")]
    NeedsSeek {
        /// The format.
        format: &'static str,
    },
    /// More than one input is standard input.
    #[error("expected at most one input `-`, found {found}")]
    StdinTwice {
        /// How many.
        found: usize,
    },
    /// A table that names no contract table.
    #[error("{input}: expected a table name in the schema metadata, found none")]
    UnnamedTable {
        /// The input.
        input: String,
    },
    /// A table that the contract does not have.
    #[error("expected the name of a table, found `{found}`{near}")]
    UnknownTable {
        /// What was found.
        found: String,
        /// Nearest names, as a clause.
        near: String,
    },
    /// Text whose last line has no end.
    #[error("{input}: expected a line end behind the last record, found the end of the text")]
    UnfinishedLine {
        /// The input.
        input: String,
    },
    /// A text or a venue's file, and no word on which format or table it is.
    #[error("{input}: expected {expected}")]
    UnknownFormat {
        /// The input.
        input: String,
        /// What is missing.
        expected: &'static str,
    },
    /// Inputs of several tables where one is needed.
    #[error("{input}: expected table `{expected}` as in the inputs before it, found `{found}`")]
    MixedTables {
        /// The input.
        input: String,
        /// Table of the first input.
        expected: String,
        /// Table of this one.
        found: String,
    },
    /// Batches of one table whose columns differ.
    #[error("{input}: expected the columns of the batches before it, found {found}")]
    MixedColumns {
        /// The input.
        input: String,
        /// The first difference.
        found: String,
    },
    /// The output is there already.
    #[error("{path}: expected a new file, found one that exists")]
    OutputExists {
        /// The path.
        path: String,
    },
    /// The output is also an input.
    #[error("{path}: expected an output that is not read, found an input of this command")]
    OutputIsInput {
        /// The path.
        path: String,
    },
    /// An extension that names no format.
    #[error("{path}: expected one of .arrow .arrows .parquet .csv .jsonl, found `{found}`")]
    UnknownExtension {
        /// The path.
        path: String,
        /// Its extension.
        found: String,
    },
    /// A format that the command does not write.
    #[error("expected one of {expected} for `{command}`, found `{found}`")]
    FormatNotForCommand {
        /// The command.
        command: &'static str,
        /// Formats that it writes.
        expected: &'static str,
        /// The one asked for.
        found: &'static str,
    },
    /// Binary output to a terminal.
    #[error("standard output: expected a file or a pipe for {format}, found a terminal")]
    BinaryToTerminal {
        /// The format.
        format: &'static str,
    },
    /// More rejects than allowed.
    #[error("expected at most {allowed} rejects, found {found}; the first: {first}")]
    TooManyRejects {
        /// The allowance, as it was given.
        allowed: String,
        /// How many there are, at least.
        found: u64,
        /// The first one.
        first: String,
    },
    /// Every row was rejected.
    #[error("expected at least one good row, found {found} rejects; the first: {first}")]
    AllRejected {
        /// How many there are.
        found: u64,
        /// The first one.
        first: String,
    },
    /// A run of the simulator that is no run.
    #[error("{path}: expected {expected}, found {found}")]
    NoRun {
        /// The path.
        path: String,
        /// What was expected.
        expected: &'static str,
        /// What was found.
        found: String,
    },
    /// No row, under `--fail-if-empty`.
    #[error("expected at least one row, found none")]
    NothingToDo,
    /// A signal arrived.
    #[error("stopped by {signal}; {state}")]
    Stopped {
        /// The signal.
        signal: &'static str,
        /// What is there, and how to go on.
        state: String,
    },
    /// A folder that holds other things than a log.
    #[error(
        "{path}: expected a log, or a directory that is empty or not there, found `{found}` in it"
    )]
    NotALog {
        /// The folder.
        path: String,
        /// Something in it.
        found: String,
    },
    /// Rows of a file that was appended before, and no word on what they are.
    #[error("producer `{producer}`: expected rows that are new, found {rows} in the log already")]
    AlreadyAppended {
        /// Its name.
        producer: String,
        /// Rows it has there.
        rows: u64,
    },
    /// The gate of `capture ledger`.
    #[error("{path}: expected the verdict complete, found {found}")]
    NotComplete {
        /// The log.
        path: String,
        /// The verdict and what it rests on.
        found: String,
    },
    /// Stored bytes are not as they were recorded.
    #[error("{path}: expected every byte as it was recorded, found {found}")]
    DamagedLog {
        /// The log.
        path: String,
        /// What is wrong.
        found: String,
    },
    /// A code without explanation.
    #[error("expected an error code, found `{found}`{near}")]
    UnknownCode {
        /// What was found.
        found: String,
        /// Nearest codes, as a clause.
        near: String,
    },
    /// A value that cannot be parsed.
    #[error("{flag}: expected {expected}, found `{found}`")]
    BadValue {
        /// The flag or argument.
        flag: &'static str,
        /// What was expected.
        expected: &'static str,
        /// What was found.
        found: String,
    },
    /// Events of a log and events without numbers where one order is needed.
    #[error("expected events of one log, found some with seq and some without")]
    MixedLogs,
    /// A feature set whose certificate says no.
    #[error("expected no cell to move, found {found}")]
    NotCausal {
        /// What was found.
        found: String,
    },
    /// A table that a command cannot do without.
    #[error("expected an input of table `{table}`, {why}, found none")]
    MissingInput {
        /// The table.
        table: &'static str,
        /// What it is for.
        why: &'static str,
    },
    /// Rows of an input that are not in order.
    #[error("{input}, row {row}: expected {column} {expected}, found {found}")]
    UnsortedInput {
        /// The input.
        input: String,
        /// The row, from 0.
        row: u64,
        /// The column that orders the rows.
        column: &'static str,
        /// What it may be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// One number of a log on two rows.
    #[error("expected each seq once, as in one log, found {seq} in `{first}` and `{second}`")]
    SeqTwice {
        /// The number.
        seq: u64,
        /// A table that has it.
        first: &'static str,
        /// The other table.
        second: &'static str,
    },
    /// A decision that the inputs do not have.
    #[error("expected a decision of the inputs, found `{found}`")]
    UnknownDecision {
        /// What was asked for.
        found: String,
    },
    /// The gate of `labeling check`.
    #[error("expected labels that the second implementation agrees with, found {found}")]
    NotAccurate {
        /// What was found.
        found: String,
    },
    /// The gate of `quality check`.
    #[error("expected every table to reach its gate, found {found}")]
    BelowGate {
        /// Tables, and what they miss by how much.
        found: String,
    },
    /// A table that nobody wrote rules for.
    #[error("{input}: expected rules for table `{table}`, found none of yours and none built in")]
    NoRules {
        /// The input.
        input: String,
        /// Its table.
        table: &'static str,
    },
    /// A row that the inputs do not have.
    #[error("expected the seq of a row of {input}, found {found}, where rows are {range}")]
    UnknownRow {
        /// The input.
        input: String,
        /// What was asked for.
        found: u64,
        /// What there is.
        range: String,
    },
    /// Labels that cannot be joined or explained.
    #[error(
        "{input}: expected labels with decision_id, ts_end and the column to explain, found {found}"
    )]
    NoLabels {
        /// The input.
        input: String,
        /// What was found.
        found: String,
    },
    /// A check of `doctor` failed.
    #[error("{failed} of {checks} checks failed")]
    DoctorFailed {
        /// How many failed.
        failed: usize,
        /// How many there are.
        checks: usize,
    },
    /// The encoder of an output failed on a batch that it should have written.
    #[error("{path}: the {format} encoder failed: {reason}")]
    EncodeFailed {
        /// The output.
        path: String,
        /// The format.
        format: &'static str,
        /// What the encoder says.
        reason: String,
    },
}

impl CliError {
    /// The error for an operation on a path that the operating system refused.
    #[must_use]
    pub fn reading(path: &Path, source: io::Error) -> Self {
        Self::from_io(path, source, false)
    }

    /// As [`reading`](Self::reading), for a write.
    #[must_use]
    pub fn writing(path: &Path, source: io::Error) -> Self {
        Self::from_io(path, source, true)
    }

    /// The error for columns that differ from those before, naming the first difference.
    #[must_use]
    pub(crate) fn mixed_columns(input: &str, expected: &Schema, found: &Schema) -> Self {
        let pairs = expected.fields().iter().zip(found.fields());
        let found = pairs.clone().find(|(a, b)| a != b).map_or_else(
            || format!("{} columns where {} were", found.fields().len(), expected.fields().len()),
            |(a, b)| {
                let (old, new) = (a.data_type(), b.data_type());
                format!("`{}` of type {new} where `{}` of type {old} was", b.name(), a.name())
            },
        );
        Self::MixedColumns { input: input.to_owned(), found }
    }

    fn from_io(path: &Path, source: io::Error, is_write: bool) -> Self {
        let path = path.display().to_string();
        match source.kind() {
            io::ErrorKind::NotFound => Self::NotFound { path },
            io::ErrorKind::IsADirectory => Self::IsDirectory { path },
            io::ErrorKind::NotADirectory => Self::NotDirectory { path },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::PermissionDenied { path, doing: if is_write { "writing" } else { "reading" } }
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            _ if is_write => Self::WriteFailed { path, source },
            _ => Self::ReadFailed { path, source },
        }
    }
}

/// ` (is it `a` or `b`?)`, or nothing.
pub(crate) fn did_you_mean<'a>(found: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let near = contract::nearest(found, names);
    if near.is_empty() { String::new() } else { format!(" (is it `{}`?)", near.join("` or `")) }
}
