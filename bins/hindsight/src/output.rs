//! Tables out: to a file that appears whole or not at all, or to standard output.

mod bytes;
mod encode;
mod folder;
mod grid;
mod json;
mod pending;
mod scratch;

pub use bytes::ByteSink;
pub use encode::{Published, TableOutput};
pub use folder::Folder;
pub use grid::Grid;
pub use json::Document;
pub use pending::Pending;
pub use scratch::Scratch;

pub(crate) use pending::remove_pending;

use crate::error::{CliError, Failure};
use std::ffi::OsStr;
use std::io::IsTerminal;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A format of an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Format {
    /// Arrow IPC stream, uncompressed (a file named .arrow becomes an IPC file)
    Arrow,
    /// Parquet, zstd level 3
    Parquet,
    /// CSV by RFC 4180 with a header
    Csv,
    /// One JSON object a row
    Jsonl,
    /// Aligned columns for people
    Table,
    /// One JSON document (report commands)
    Json,
}

impl Format {
    /// The word on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Arrow => "arrow",
            Self::Parquet => "parquet",
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Table => "table",
            Self::Json => "json",
        }
    }

    /// Whether a terminal would show noise.
    #[must_use]
    pub const fn is_binary(self) -> bool {
        matches!(self, Self::Arrow | Self::Parquet)
    }

    /// The format that an extension names.
    #[must_use]
    pub fn of_extension(extension: &str) -> Option<Self> {
        match extension {
            "arrow" | "arrows" => Some(Self::Arrow),
            "parquet" => Some(Self::Parquet),
            "csv" => Some(Self::Csv),
            "jsonl" => Some(Self::Jsonl),
            _ => None,
        }
    }
}

/// Where an output goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Standard output.
    Stdout,
    /// A file.
    File(PathBuf),
}

impl Target {
    /// What messages call it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Stdout => "standard output".to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }
}

/// A checked request for an output: the place is free, the format known and fit for it.
#[derive(Debug, Clone)]
pub struct OutputPlan {
    /// Where it goes.
    pub target: Target,
    /// Its format.
    pub format: Format,
    /// Whether Arrow is written as a file with a footer.
    pub is_ipc_file: bool,
    /// Whether an existing file is replaced.
    pub force: bool,
    /// Whether a table is printed whole.
    pub all: bool,
}

impl OutputPlan {
    /// Checks a request for the main output of a data command.
    ///
    /// The format is `format`, else what the extension says, else `arrow`.
    ///
    /// # Errors
    /// [`CliError`] when the file exists and is not to be replaced, is an input, has an extension without meaning, or
    /// when binary output would go to a terminal.
    pub fn data(
        command: &'static str,
        format: Option<Format>,
        path: Option<&Path>,
        force: bool,
        inputs: &[(u64, u64)],
    ) -> Result<Self, CliError> {
        let path = path.filter(|path| *path != Path::new("-"));
        let format = match (format, path) {
            (Some(Format::Json), _) => {
                return Err(CliError::FormatNotForCommand {
                    command,
                    expected: "arrow, parquet, csv, jsonl, table",
                    found: "json",
                });
            }
            (Some(format), _) => format,
            (None, Some(path)) => extension_format(path)?,
            (None, None) => Format::Arrow,
        };
        if path.is_none() && format.is_binary() && std::io::stdout().is_terminal() {
            return Err(CliError::BinaryToTerminal { format: format.word() });
        }
        let Some(path) = path else {
            let target = Target::Stdout;
            return Ok(Self { target, format, is_ipc_file: false, force, all: false });
        };
        check_place(path, force, inputs)?;
        let target = Target::File(path.to_owned());
        let is_ipc_file = path.extension() == Some(OsStr::new("arrow"));
        Ok(Self { target, format, is_ipc_file, force, all: false })
    }

    /// Checks a request for a side output, a file whose extension names its format.
    ///
    /// # Errors
    /// As [`data`](Self::data).
    pub fn side(path: &Path, force: bool, inputs: &[(u64, u64)]) -> Result<Self, CliError> {
        check_place(path, force, inputs)?;
        let format = extension_format(path)?;
        let is_ipc_file = path.extension() == Some(OsStr::new("arrow"));
        Ok(Self { target: Target::File(path.to_owned()), format, is_ipc_file, force, all: false })
    }
}

fn extension_format(path: &Path) -> Result<Format, CliError> {
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    Format::of_extension(extension).ok_or_else(|| CliError::UnknownExtension {
        path: path.display().to_string(),
        found: extension.to_owned(),
    })
}

/// Checks that a file may be written at a place.
///
/// # Errors
/// As [`OutputPlan::data`].
pub(crate) fn check_place(path: &Path, force: bool, inputs: &[(u64, u64)]) -> Result<(), CliError> {
    let name = || path.display().to_string();
    match std::fs::metadata(path) {
        Ok(found) if inputs.contains(&(found.dev(), found.ino())) => {
            Err(CliError::OutputIsInput { path: name() })
        }
        Ok(found) if found.is_dir() => Err(CliError::IsDirectory { path: name() }),
        // Renaming over a device or a pipe would put a file in its place.
        Ok(found) if !found.is_file() => Err(CliError::NotRegular { path: name() }),
        Ok(_) if !force => Err(CliError::OutputExists { path: name() }),
        Ok(_) => Ok(()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            match parent {
                Some(parent) if !parent.exists() => {
                    Err(CliError::NotFound { path: parent.display().to_string() })
                }
                _ => Ok(()),
            }
        }
        Err(e) => Err(CliError::writing(path, e)),
    }
}

/// Writes the text of a report command to standard output.
///
/// # Errors
/// [`Failure::ReaderGone`] when the reader went away, [`CliError::WriteFailed`] otherwise.
pub fn print(text: &str) -> Result<(), Failure> {
    use std::io::Write;
    let mut sink = ByteSink::stdout()?;
    let result = sink.write_all(text.as_bytes()).and_then(|()| sink.flush());
    result.map_err(|e| sink.failure(e))
}
