//! Code, fault and help of each error of the command line.

use super::CliError;
use contract::{Diagnostic, Fault};

impl Diagnostic for CliError {
    fn code(&self) -> &'static str {
        match self {
            Self::Usage(_) => "cli/usage",
            Self::NotFound { .. } => "cli/not-found",
            Self::IsDirectory { .. } => "cli/is-a-directory",
            Self::NotDirectory { .. } => "cli/not-a-directory",
            Self::NotText { .. } => "cli/not-text",
            Self::NotRegular { .. } => "cli/not-regular",
            Self::PermissionDenied { .. } => "cli/permission-denied",
            Self::ReadFailed { .. } => "cli/read-failed",
            Self::WriteFailed { .. } => "cli/write-failed",
            Self::DiskFull { .. } => "cli/disk-full",
            Self::EmptyInput { .. } => "cli/empty-input",
            Self::TruncatedStream { .. } => "cli/truncated-stream",
            Self::TruncatedFile { .. } => "cli/truncated-file",
            Self::TrailingData { .. } => "cli/trailing-data",
            Self::MalformedInput { .. } => "cli/malformed-input",
            Self::UnrecognisedInput { .. } => "cli/unrecognised-input",
            Self::NeedsSeek { .. } => "cli/needs-seek",
            Self::StdinTwice { .. } => "cli/stdin-twice",
            Self::UnnamedTable { .. } => "cli/unnamed-table",
            Self::UnknownTable { .. } => "cli/unknown-table",
            Self::UnfinishedLine { .. } => "cli/unfinished-line",
            Self::UnknownFormat { .. } => "cli/unknown-format",
            Self::MixedTables { .. } => "cli/mixed-tables",
            Self::MixedColumns { .. } => "cli/mixed-columns",
            Self::OutputExists { .. } => "cli/output-exists",
            Self::OutputIsInput { .. } => "cli/output-is-input",
            Self::UnknownExtension { .. } => "cli/unknown-extension",
            Self::FormatNotForCommand { .. } => "cli/format-not-for-command",
            Self::BinaryToTerminal { .. } => "cli/binary-to-terminal",
            Self::TooManyRejects { .. } => "cli/too-many-rejects",
            Self::AllRejected { .. } => "cli/all-rejected",
            Self::NoRun { .. } => "cli/no-run",
            Self::NothingToDo => "cli/nothing-to-do",
            Self::Stopped { .. } => "cli/stopped",
            Self::NotALog { .. } => "cli/not-a-log",
            Self::AlreadyAppended { .. } => "cli/already-appended",
            Self::NotComplete { .. } => "cli/not-complete",
            Self::DamagedLog { .. } => "cli/damaged-log",
            Self::UnknownCode { .. } => "cli/unknown-code",
            Self::BadValue { .. } => "cli/bad-value",
            Self::NoLabels { .. } => "cli/no-labels",
            Self::BelowGate { .. } => "cli/below-gate",
            Self::NoRules { .. } => "cli/no-rules",
            Self::UnknownRow { .. } => "cli/unknown-row",
            Self::MissingInput { .. } => "cli/missing-input",
            Self::UnsortedInput { .. } => "cli/unsorted-input",
            Self::SeqTwice { .. } => "cli/seq-twice",
            Self::UnknownDecision { .. } => "cli/unknown-decision",
            Self::NotAccurate { .. } => "cli/not-accurate",
            Self::MixedLogs => "cli/mixed-logs",
            Self::NotCausal { .. } => "cli/not-causal",
            Self::DoctorFailed { .. } => "cli/doctor-failed",
            Self::EncodeFailed { .. } => "cli/encode-failed",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::NotFound { .. }
            | Self::PermissionDenied { .. }
            | Self::ReadFailed { .. }
            | Self::WriteFailed { .. }
            | Self::DoctorFailed { .. }
            | Self::Stopped { .. } => Fault::Environment { retry: false },
            Self::DiskFull { .. } => Fault::Environment { retry: true },
            Self::EmptyInput { .. }
            | Self::TruncatedStream { .. }
            | Self::TruncatedFile { .. }
            | Self::TrailingData { .. }
            | Self::UnfinishedLine { .. }
            | Self::TooManyRejects { .. }
            | Self::AllRejected { .. } => Fault::Incomplete,
            Self::NotComplete { .. }
            | Self::NotCausal { .. }
            | Self::NotAccurate { .. }
            | Self::BelowGate { .. } => Fault::Gate,
            Self::DamagedLog { .. } => Fault::Integrity,
            Self::EncodeFailed { .. } => Fault::Bug,
            _ => Fault::Input,
        }
    }

    fn help(&self) -> Option<String> {
        let text = match self {
            Self::TruncatedStream { .. } => {
                "the stage that wrote it died or was cut off: run it again; `--trust-eof` accepts a foreign stream \
                 that is known to be whole"
            }
            Self::TruncatedFile { .. } => "copy or make the file again: its end is missing",
            Self::TrailingData { .. } => {
                "two streams were joined: name them as two inputs, `hindsight cat A B`"
            }
            Self::UnfinishedLine { .. } => {
                "the end may be missing: make the file again, or accept it with `--trust-eof`"
            }
            Self::EmptyInput { .. } => "the stage before this one wrote nothing: look at its error",
            Self::UnrecognisedInput { convert, .. } => {
                return Some(format!("convert it first: `{convert}`"));
            }
            Self::NeedsSeek { .. } => "write `hindsight cat FILE | hindsight ..`",
            Self::UnnamedTable { .. } => {
                "say which table it is: `TABLE=PATH`, as in `trades=a.parquet`"
            }
            Self::OutputExists { .. } => "name another file, or replace this one with `--force`",
            Self::UnknownExtension { .. } => "name the format with `-f`",
            Self::BinaryToTerminal { .. } => {
                "look at rows with `-f table`, or write a file with `-o FILE`"
            }
            Self::TooManyRejects { .. } => {
                "give the rejects a place with `--rejects FILE`, or allow more with `--max-rejects N|P%` (under `run` the key `rejects.max`)"
            }
            Self::AllRejected { .. } => "is it the right table and format? look at the rejects",
            Self::NotFound { .. } => {
                "paths on the command line are relative to the working directory, those in a file to the file"
            }
            Self::PermissionDenied { .. } => "name a place that you may use, or ask for the right",
            Self::DiskFull { .. } => "free some space and run the same command again",
            Self::IsDirectory { .. } => "name the files in it",
            Self::AlreadyAppended { .. } => {
                "`--resume` stores only what is not there; rows that are new belong to a producer of their own, `--producer NAME`"
            }
            Self::NotComplete { .. } => {
                "`hindsight capture ledger DIR --gaps` lists what is not there"
            }
            Self::DamagedLog { .. } => {
                "`hindsight capture verify DIR` names every place; with `--declare` the loss is put on record"
            }
            Self::BelowGate { .. } => {
                "`hindsight quality report INPUT` names what it costs and where, `hindsight quality explain INPUT --seq SEQ` one row"
            }
            Self::NoRules { .. } => {
                "write rules and name them with `--rules FILE`; `hindsight quality show --table quotes --text` prints some to start from"
            }
            Self::UnknownRow { .. } => {
                "a row is known by its seq; a table without seq is numbered by position from 0"
            }
            Self::UnknownCode { .. } => "`hindsight explain --list` prints every code",
            Self::EncodeFailed { .. } => "please report this as a bug",
            _ => return None,
        };
        Some(text.to_owned())
    }
}
