//! The one gate.

use crate::shell::{ChoreError, cargo, pass, say};
use crate::{budget, generated, graph, rules};
use std::path::Path;
use std::time::Instant;

/// Crates that the gate builds; the benches are built by their own command.
pub(crate) const LIBRARIES: [&str; 4] = ["contract", "durable", "feeds", "simulator"];
const BINARIES: [&str; 2] = ["hindsight", "xtask"];

/// One step of the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Source is formatted.
    Fmt,
    /// What a machine can see in the source without building it.
    Rules,
    /// Generated files are as the code would write them.
    Generated,
    /// Dependencies point one way, and one Arrow is in the graph.
    Graph,
    /// Package counts.
    Budget,
    /// Lints.
    Clippy,
    /// Tests and documentation tests.
    Test,
    /// Documentation builds without a warning.
    Doc,
    /// Each library builds alone with its default features.
    Alone,
}

impl Step {
    /// Every step, the quick ones first.
    pub const ALL: [Self; 9] = [
        Self::Fmt,
        Self::Rules,
        Self::Generated,
        Self::Graph,
        Self::Budget,
        Self::Clippy,
        Self::Test,
        Self::Doc,
        Self::Alone,
    ];

    /// The word for `--only`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fmt => "fmt",
            Self::Rules => "rules",
            Self::Generated => "generated",
            Self::Graph => "graph",
            Self::Budget => "budget",
            Self::Clippy => "clippy",
            Self::Test => "test",
            Self::Doc => "doc",
            Self::Alone => "alone",
        }
    }
}

#[derive(Debug, PartialEq)]
struct Request {
    steps: Vec<Step>,
    packages: Vec<&'static str>,
}

/// Runs the gate: every step, also after one has failed.
pub(crate) fn run(root: &Path, words: &[&str]) -> Result<(), ChoreError> {
    if words == ["--list"] {
        Step::ALL.iter().for_each(|step| say(step.word()));
        return Ok(());
    }
    let request = parse(words)?;
    let mut failed = Vec::new();
    let mut lines = Vec::new();
    for step in request.steps {
        say(&format!("== {}", step.word()));
        let start = Instant::now();
        let outcome = once(root, step, &request.packages);
        let seconds = start.elapsed().as_secs_f64();
        let verdict = if outcome.is_ok() { "ok" } else { "FAILED" };
        lines.push(format!("{:<10} {verdict:<7} {seconds:>7.1} s", step.word()));
        if let Err(error) = outcome {
            say(&error.to_string());
            failed.push(step.word());
        }
    }
    say("== summary");
    lines.iter().for_each(|line| say(line));
    if failed.is_empty() {
        Ok(())
    } else {
        Err(ChoreError::Found(format!("failed: {}", failed.join(", "))))
    }
}

fn parse(words: &[&str]) -> Result<Request, ChoreError> {
    let mut steps = Vec::new();
    let mut packages = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match (*word, words.next()) {
            ("--only", Some(name)) => {
                let step = Step::ALL.iter().find(|s| s.word() == *name);
                let known: Vec<&str> = Step::ALL.iter().map(|s| s.word()).collect();
                let refuse = || {
                    ChoreError::Usage(format!("--only: expected one of {known:?}, found `{name}`"))
                };
                steps.push(*step.ok_or_else(refuse)?);
            }
            ("-p", Some(name)) => {
                let package = LIBRARIES.iter().chain(&BINARIES).find(|p| *p == name);
                let refuse = || {
                    ChoreError::Usage(format!("-p: expected a crate of the gate, found `{name}`"))
                };
                packages.push(*package.ok_or_else(refuse)?);
            }
            (other, _) => {
                return Err(ChoreError::Usage(format!(
                    "check: expected --only STEP, -p CRATE or --list, found `{other}`"
                )));
            }
        }
    }
    if steps.is_empty() {
        steps = Step::ALL.to_vec();
    }
    if packages.is_empty() {
        packages = LIBRARIES.iter().chain(&BINARIES).copied().collect();
    }
    Ok(Request { steps, packages })
}

fn once(root: &Path, step: Step, packages: &[&str]) -> Result<(), ChoreError> {
    let on = |verb: &str, more: &[&str]| {
        let mut command = cargo(root);
        command.args([verb, "--locked", "--all-features"]);
        packages.iter().for_each(|p| {
            command.args(["-p", p]);
        });
        command.args(more);
        command
    };
    match step {
        Step::Fmt => {
            let mut command = cargo(root);
            command.args(["fmt", "--all", "--check"]);
            pass(command)
        }
        Step::Rules => rules::check(root),
        Step::Generated => generated::check(root),
        Step::Graph => graph::check(root),
        Step::Budget => budget::check(root),
        Step::Clippy => pass(on("clippy", &["--all-targets", "--", "-D", "warnings"])),
        Step::Test => pass(on("test", &[])),
        Step::Doc => {
            let mut command = on("doc", &["--no-deps"]);
            command.env("RUSTDOCFLAGS", "-D warnings");
            pass(command)
        }
        Step::Alone => {
            for library in LIBRARIES.iter().filter(|l| packages.contains(l)) {
                let mut command = cargo(root);
                command.args(["check", "--locked", "-p", library]);
                pass(command)?;
            }
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_choose_steps_and_crates_and_others_are_refused() {
        let request = parse(&["--only", "fmt", "-p", "feeds"]).unwrap();
        assert_eq!(request, Request { steps: vec![Step::Fmt], packages: vec!["feeds"] });
        for words in [&["--only", "weather"][..], &["-p", "polars"], &["fast"], &["--only"]] {
            assert_eq!(parse(words).unwrap_err().exit(), 2, "{words:?}");
        }
    }

    #[test]
    fn without_words_every_step_runs() {
        assert_eq!(parse(&[]).unwrap().steps, Step::ALL);
    }
}
