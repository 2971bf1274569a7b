//! Running other programs, and saying what happens.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Why a chore did not succeed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChoreError {
    /// The words of the call are off.
    #[error("{0}")]
    Usage(String),
    /// A program could not be started or failed.
    #[error("`{command}`: {reason}")]
    Program {
        /// The command line.
        command: String,
        /// Exit status, or why it did not start.
        reason: String,
    },
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The work was done and something is wrong.
    #[error("{0}")]
    Found(String),
}

impl ChoreError {
    /// The exit code: 2 for a wrong call, else 1.
    #[must_use]
    pub fn exit(&self) -> u8 {
        if matches!(self, Self::Usage(_)) { 2 } else { 1 }
    }

    pub(crate) fn file(path: &Path, source: std::io::Error) -> Self {
        Self::File { path: path.display().to_string(), source }
    }
}

/// The exit code of a chore; what went wrong is said once, here.
#[must_use]
pub fn exit(outcome: Result<(), ChoreError>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error}"));
            ExitCode::from(error.exit())
        }
    }
}

/// An error with every line, or none when there is nothing to say.
pub(crate) fn found(wrong: &[String]) -> Result<(), ChoreError> {
    if wrong.is_empty() { Ok(()) } else { Err(ChoreError::Found(wrong.join("\n"))) }
}

/// The text of a file.
pub(crate) fn read_file(path: &Path) -> Result<String, ChoreError> {
    std::fs::read_to_string(path).map_err(|error| ChoreError::file(path, error))
}

/// Prints a line on standard error; a closed pipe is no error of a chore.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// The top of the repository, found from this crate's own manifest: the one that cargo names as it runs us, because a
/// target folder may be shared by several clones.
pub(crate) fn root() -> Result<PathBuf, ChoreError> {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    let root = manifest.parent().and_then(Path::parent);
    root.map(Path::to_path_buf)
        .ok_or_else(|| ChoreError::Usage("run it by `cargo xtask`".to_owned()))
}

/// A command that runs at the top of the repository.
pub(crate) fn command(root: &Path, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root);
    command
}

/// `cargo`, the one that runs us.
pub(crate) fn cargo(root: &Path) -> Command {
    command(root, std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Where cargo builds, so that everything derived stays out of the tree.
pub(crate) fn target(root: &Path) -> PathBuf {
    root.join(std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from))
}

pub(crate) fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|w| w.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// Runs a command with its output passed through.
pub(crate) fn pass(mut command: Command) -> Result<(), ChoreError> {
    let shown = line(&command);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(ChoreError::Program { command: shown, reason: status.to_string() }),
        Err(error) => Err(ChoreError::Program { command: shown, reason: error.to_string() }),
    }
}

/// Runs a command and returns what it printed.
pub(crate) fn read(mut command: Command) -> Result<String, ChoreError> {
    let shown = line(&command);
    match command.output() {
        Ok(output) if output.status.success() => {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        Ok(output) => {
            let reason =
                format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
            Err(ChoreError::Program { command: shown, reason })
        }
        Err(error) => Err(ChoreError::Program { command: shown, reason: error.to_string() }),
    }
}

/// An empty folder for one test.
#[cfg(test)]
pub(crate) fn scratch(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("hindsight-xtask-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}
