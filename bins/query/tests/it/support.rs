//! Runs of the program.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The program in a directory, without any setting of the machine it runs on.
pub(crate) fn program(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hindsight-query"));
    command.current_dir(dir).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        if name_text.starts_with("HINDSIGHT_") || name_text.starts_with("XDG_") {
            command.env_remove(&name);
        }
    }
    command.env("HOME", dir).env("TMPDIR", dir).env("NO_COLOR", "1");
    command
}

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: Vec<u8>,
    pub(crate) err: String,
}

impl Run {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.out).unwrap()
    }

    /// The answer, which is JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        assert_eq!(self.code, 0, "{}", self.err);
        serde_json::from_slice(&self.out).unwrap()
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: output.stdout,
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Runs the program with arguments.
pub(crate) fn run(dir: &Path, args: &[&str]) -> Run {
    program(dir).args(args).output().unwrap().into()
}

/// Runs the program with bytes on its standard input.
pub(crate) fn run_with(dir: &Path, args: &[&str], stdin: &[u8]) -> Run {
    use std::io::Write;
    let mut child = program(dir)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    // The program may stop reading early: that is its right.
    let _ = pipe.write_all(stdin);
    drop(pipe);
    child.wait_with_output().unwrap().into()
}

/// The names of what lies in a directory.
pub(crate) fn listing(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
