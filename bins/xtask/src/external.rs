//! Proofs that need programs other than the Rust toolchain, or stand outside the workspace.

use crate::python;
use crate::shell::{ChoreError, cargo, command, pass, read, say, target};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Python readers open what we write, and we what they write. Where it cannot run it says so in one line and succeeds,
/// unless `required`.
pub(crate) fn interop(root: &Path, required: bool) -> Result<(), ChoreError> {
    let folder = root.join("fixtures/interop");
    let Some(python) = python_or_skip(root, "interop", required)? else { return Ok(()) };
    // The proof pipes batches out of the program itself.
    let mut build = cargo(root);
    build.args(["build", "--quiet", "--locked", "-p", "hindsight"]);
    pass(build)?;
    let mut check = command(root, &python);
    check.arg(folder.join("check.py")).env("CARGO_TARGET_DIR", target(root));
    let skipped = echo(check)?;
    if required && skipped > 0 {
        return Err(ChoreError::Found(format!("interop: {skipped} parts were skipped")));
    }
    Ok(())
}

/// Readers of other programs open a version of `datasets` and its documents. Where it cannot run it says so in one line and
/// succeeds, unless `required`.
pub(crate) fn interop_datasets(root: &Path, required: bool) -> Result<(), ChoreError> {
    let proof = "datasets/documents";
    let Some(python) = python_or_skip(root, proof, required)? else { return Ok(()) };
    let mut build = cargo(root);
    build.args(["build", "--quiet", "--locked", "-p", "datasets", "--example", "sample_version"]);
    pass(build)?;
    let mut check = command(root, &python);
    check.arg(root.join("fixtures").join(proof).join("check.py"));
    check.env("CARGO_TARGET_DIR", target(root));
    echo(check).map(|_| ())
}

/// DuckDB and `hindsight-query` answer the same questions alike. Where it cannot run it says so in one line and succeeds,
/// unless `required`.
pub(crate) fn interop_query(root: &Path, required: bool) -> Result<(), ChoreError> {
    let proof = "query/interop";
    let Some(python) = python_or_skip(root, proof, required)? else { return Ok(()) };
    pass(crate::check::programs(root))?;
    let mut check = command(root, &python);
    check.arg(root.join("fixtures").join(proof).join("check.py"));
    check.env("CARGO_TARGET_DIR", target(root));
    echo(check).map(|_| ())
}

/// The bridge between Arrow and Polars under Miri, which a nightly toolchain has. Where there is none it says so in one
/// line and succeeds, unless `required`.
pub(crate) fn miri_analytics(root: &Path, required: bool) -> Result<(), ChoreError> {
    let mut version = command(root, "cargo");
    version.args(["+nightly", "miri", "--version"]);
    if read(version).is_err() {
        let line = "miri: SKIPPED: `cargo +nightly miri` was not found".to_owned();
        if required {
            return Err(ChoreError::Found(line));
        }
        say(&line);
        return Ok(());
    }
    let mut test = command(root, "cargo");
    test.args(["+nightly", "miri", "test", "--locked", "-p", "analytics"]);
    // The tests of who frees what; those of every type take hours there.
    test.args(["--test", "it", "bridge_ownership"]);
    test.env("MIRIFLAGS", "-Zmiri-disable-isolation");
    test.env("CARGO_TARGET_DIR", target(root).join("miri"));
    pass(test)
}

/// A second reader of capture logs, in Python, finds what the first one finds. Where it cannot run it says so in one line
/// and succeeds, unless `required`.
pub(crate) fn oracle_capture(root: &Path, required: bool) -> Result<(), ChoreError> {
    let Some(python) = python_or_skip(root, "capture", required)? else { return Ok(()) };
    let mut build = cargo(root);
    build.args(["build", "--quiet", "--locked", "-p", "capture"]);
    build.args(["--example", "write_log", "--example", "read_log"]);
    pass(build)?;
    let mut check = command(root, &python);
    check.arg(root.join("fixtures/capture/check.py")).env("CARGO_TARGET_DIR", target(root));
    echo(check).map(|_| ())
}

/// The Python of a proof; `None` when there is none and it is not required, which is said.
fn python_or_skip(root: &Path, proof: &str, required: bool) -> Result<Option<PathBuf>, ChoreError> {
    match environment(root, proof) {
        Ok(python) => Ok(Some(python)),
        Err(why) => {
            let line = format!("{proof}: SKIPPED: {why}");
            if required {
                return Err(ChoreError::Found(line));
            }
            say(&line);
            Ok(None)
        }
    }
}

/// A Python with what a proof needs installed, in the target folder; or why there is none.
fn environment(root: &Path, proof: &str) -> Result<PathBuf, String> {
    let folder = root.join("fixtures").join(proof);
    if !folder.join("check.py").is_file() {
        return Err(format!("fixtures/{proof}/check.py does not exist"));
    }
    let venv = target(root).join(format!("{proof}-venv"));
    python::environment(root, &venv, &folder.join("requirements.txt"), &[])
}

/// Runs a command with its output passed through, and counts the lines that start with `skip`.
fn echo(mut command: Command) -> Result<usize, ChoreError> {
    let failed = |reason: String| ChoreError::Program { command: "check.py".to_owned(), reason };
    let mut child =
        command.stdout(Stdio::piped()).spawn().map_err(|error| failed(error.to_string()))?;
    let mut skipped = 0;
    if let Some(out) = child.stdout.take() {
        for line in BufReader::new(out).lines() {
            let line = line.map_err(|error| failed(error.to_string()))?;
            skipped += usize::from(line.starts_with("skip"));
            let _ = writeln!(std::io::stdout().lock(), "{line}");
        }
    }
    let status = child.wait().map_err(|error| failed(error.to_string()))?;
    if status.success() { Ok(skipped) } else { Err(failed(status.to_string())) }
}

/// A program outside the workspace that uses `contract` alone.
pub(crate) fn outside(root: &Path) -> Result<(), ChoreError> {
    let manifest = root.join("fixtures/outside/Cargo.toml");
    if !manifest.is_file() {
        say("outside: SKIPPED: fixtures/outside/Cargo.toml does not exist");
        return Ok(());
    }
    let mut run = cargo(root);
    run.args(["run", "--quiet", "--locked", "--manifest-path"]).arg(manifest);
    run.env("CARGO_TARGET_DIR", target(root).join("outside"));
    pass(run)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::scratch;
    use std::fs;

    #[test]
    fn without_the_proof_interop_says_so_and_fails_only_when_required() {
        let root = scratch("interop");
        assert_eq!(interop(&root, false).map_err(|e| e.to_string()), Ok(()));
        let said = interop(&root, true).unwrap_err().to_string();
        assert_eq!(said, "interop: SKIPPED: fixtures/interop/check.py does not exist");
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn without_the_second_reader_the_oracle_says_so_and_fails_only_when_required() {
        let root = scratch("oracle");
        assert_eq!(oracle_capture(&root, false).map_err(|e| e.to_string()), Ok(()));
        let said = oracle_capture(&root, true).unwrap_err().to_string();
        assert_eq!(said, "capture: SKIPPED: fixtures/capture/check.py does not exist");
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn parts_that_were_skipped_are_counted_and_a_failure_is_kept() {
        let script = |text: &str| {
            let mut shell = Command::new("sh");
            shell.args(["-c", text]);
            shell
        };
        assert_eq!(echo(script("echo ok one; echo skip two; echo skip three")).unwrap(), 2);
        let said = echo(script("exit 3")).unwrap_err().to_string();
        assert_eq!(said, "`check.py`: exit status: 3");
    }
}
