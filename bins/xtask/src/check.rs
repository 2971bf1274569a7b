//! The one gate.

use crate::members::{Built, MEMBERS, Member, member};
use crate::shell::{ChoreError, cargo, pass, read_file, say};
use crate::{budget, generated, graph, licences, rules};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// One step of the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Source is formatted; files that are not are named, and `cargo fmt` mends them.
    Fmt,
    /// What a machine can see in the source without building it.
    Rules,
    /// Dependencies point one way, and one Arrow is in the graph.
    Graph,
    /// Package counts.
    Budget,
    /// Licences of the packages in the graph.
    Licences,
    /// Generated files are as the code would write them.
    Generated,
    /// Lints.
    Clippy,
    /// Unit tests, integration tests and examples in the documentation.
    Test,
    /// Documentation builds without a warning.
    Doc,
    /// Each library builds alone, with its default features and with each other feature.
    Alone,
}

impl Step {
    /// Every step, the quick ones first.
    pub const ALL: [Self; 10] = [
        Self::Fmt,
        Self::Rules,
        Self::Graph,
        Self::Budget,
        Self::Licences,
        Self::Generated,
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
            Self::Graph => "graph",
            Self::Budget => "budget",
            Self::Licences => "licences",
            Self::Generated => "generated",
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
    /// Chosen by `-p`, or every default one.
    members: Vec<&'static Member>,
    /// Whether `-p` narrowed the crates.
    is_narrow: bool,
}

/// Runs the gate: every step, also after one has failed.
pub(crate) fn run(root: &Path, words: &[&str]) -> Result<(), ChoreError> {
    if words == ["--list"] {
        for step in Step::ALL {
            say(step.word());
        }
        return Ok(());
    }
    let request = parse(words)?;
    each(&request.steps, |step| once(root, step, &request), say)
}

/// Runs each step and closes with a line for each.
fn each(
    steps: &[Step],
    mut once: impl FnMut(Step) -> Result<(), ChoreError>,
    mut say: impl FnMut(&str),
) -> Result<(), ChoreError> {
    let mut failed = Vec::new();
    let mut summary = Vec::new();
    for &step in steps {
        say(&format!("== {}", step.word()));
        let start = Instant::now();
        let outcome = once(step);
        let seconds = start.elapsed().as_secs_f64();
        let verdict = if outcome.is_ok() { "ok" } else { "FAILED" };
        if let Err(error) = outcome {
            say(&error.to_string());
            failed.push(step.word());
        }
        let line = format!("{:<10} {verdict:<7} {seconds:>7.1} s", step.word());
        say(&line);
        summary.push(line);
    }
    say("== summary");
    for line in &summary {
        say(line);
    }
    if failed.is_empty() {
        Ok(())
    } else {
        Err(ChoreError::Found(format!("failed: {}", failed.join(", "))))
    }
}

fn parse(words: &[&str]) -> Result<Request, ChoreError> {
    let mut steps = Vec::new();
    let mut members = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match (*word, words.next()) {
            ("--only", Some(name)) => {
                let known = Step::ALL.map(Step::word).join(", ");
                let refuse = || {
                    ChoreError::Usage(format!("--only: expected one of {known}, found `{name}`"))
                };
                let step = Step::ALL.into_iter().find(|s| s.word() == *name);
                steps.push(step.ok_or_else(refuse)?);
            }
            ("-p", Some(name)) => {
                let known = MEMBERS.map(|m| m.name).join(", ");
                let refuse =
                    || ChoreError::Usage(format!("-p: expected one of {known}, found `{name}`"));
                members.push(member(name).ok_or_else(refuse)?);
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
    let is_narrow = !members.is_empty();
    if !is_narrow {
        members = MEMBERS.iter().filter(|m| m.built != Built::ByName).collect();
    }
    Ok(Request { steps, members, is_narrow })
}

fn once(root: &Path, step: Step, request: &Request) -> Result<(), ChoreError> {
    let members = &request.members;
    match step {
        Step::Fmt if request.is_narrow => {
            let mut command = cargo(root);
            command.arg("fmt");
            command.args(members.iter().flat_map(|m| ["-p", m.name]));
            command.args(["--check", "--", "-l"]);
            pass(command)
        }
        Step::Fmt => {
            let mut command = cargo(root);
            command.args(["fmt", "--all", "--check", "--", "-l"]);
            pass(command)
        }
        Step::Rules => {
            let folders: Vec<&str> = members.iter().map(|m| m.folder).collect();
            rules::check(root, request.is_narrow.then_some(folders.as_slice()))
        }
        Step::Graph => graph::check(root, members),
        Step::Budget => budget::check(root, members),
        Step::Licences => licences::check(root),
        Step::Generated => generated::delegate(root, "check"),
        Step::Clippy => {
            pass(on(root, "clippy", members, &["--all-targets", "--", "-D", "warnings"]))
        }
        Step::Test => pass(on(root, "test", members, &["--no-fail-fast"])),
        Step::Doc => {
            let mut command = on(root, "doc", members, &["--no-deps"]);
            command.env("RUSTDOCFLAGS", "-D warnings");
            pass(command)
        }
        Step::Alone => {
            let mut failed = Vec::new();
            // A library on an engine has one set of features, and each more set would build the engine once more.
            let each = |m: &&&Member| m.is_library() && m.built == Built::Always;
            for library in members.iter().filter(each) {
                let manifest = read_file(&root.join(library.folder).join("Cargo.toml"))?;
                for features in alone(&manifest) {
                    let mut command = cargo(root);
                    // Clippy, because what it built for the lints serves here, and a warning counts.
                    command.args(["clippy", "--quiet", "--locked", "-p", library.name]);
                    command.args(["--no-default-features", "--features", &features]);
                    command.args(["--", "-D", "warnings"]);
                    if let Err(error) = pass(command) {
                        failed.push(error.to_string());
                    }
                }
            }
            crate::shell::found(&failed)
        }
    }
}

/// A cargo verb on the crates, with the one set of features that clippy, tests and documentation share: whatever is
/// built for one serves the next.
fn on(root: &Path, verb: &str, members: &[&Member], more: &[&str]) -> Command {
    let mut command = cargo(root);
    command.args([verb, "--locked", "--all-features"]);
    command.args(members.iter().flat_map(|m| ["-p", m.name]));
    command.args(more);
    command
}

/// Builds the programs as the gate's tests do, so that nothing is built twice for another set of features.
pub(crate) fn programs(root: &Path) -> Command {
    let members: Vec<&Member> = MEMBERS.iter().filter(|m| m.built != Built::ByName).collect();
    on(root, "test", &members, &["--no-run", "--quiet"])
}

/// The sets of features to build a library with: its default ones, then each other one by itself.
fn alone(manifest: &str) -> Vec<String> {
    let section = manifest.split("[features]").nth(1).unwrap_or("");
    let lines = section.lines().take_while(|line| !line.starts_with('['));
    let names = lines.filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    let others = names.map(|(name, _)| name.trim().to_owned()).filter(|name| name != "default");
    let default = if section.contains("\ndefault = [") { "default" } else { "" };
    std::iter::once(default.to_owned()).chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_choose_steps_and_crates_and_others_are_refused() {
        let request = parse(&["--only", "fmt", "-p", "feeds", "--only", "test"]).unwrap();
        assert_eq!(request.steps, [Step::Fmt, Step::Test]);
        assert_eq!(request.members, [member("feeds").unwrap()]);
        for words in [&["--only", "weather"][..], &["-p", "polars"], &["fast"], &["--only"]] {
            assert_eq!(parse(words).unwrap_err().exit(), 2, "{words:?}");
        }
    }

    #[test]
    fn without_words_every_step_runs_on_every_crate_but_the_benches() {
        let request = parse(&[]).unwrap();
        assert_eq!(request.steps, Step::ALL);
        let names: Vec<&str> = request.members.iter().map(|m| m.name).collect();
        assert_eq!(
            names,
            [
                "analytics",
                "capture",
                "contract",
                "datasets",
                "durable",
                "features",
                "feeds",
                "labeling",
                "quality",
                "query",
                "simulator",
                "hindsight",
                "hindsight-query",
                "xtask"
            ]
        );
    }

    #[test]
    fn a_failed_step_stops_no_other_and_fails_the_gate() {
        let mut ran = Vec::new();
        let mut said = Vec::new();
        let broken = |step| {
            ran.push(step);
            let is_broken = matches!(step, Step::Rules | Step::Test);
            if is_broken { Err(ChoreError::Found("planted".to_owned())) } else { Ok(()) }
        };
        let outcome = each(&Step::ALL, broken, |line| said.push(line.to_owned()));
        assert_eq!(ran, Step::ALL);
        let summary = said.split(|line| line == "== summary").next_back().unwrap();
        let failed: Vec<&str> =
            summary.iter().filter(|l| l.contains("FAILED")).map(|l| &l[..5]).collect();
        assert_eq!((summary.len(), failed), (Step::ALL.len(), vec!["rules", "test "]));
        assert_eq!(outcome.unwrap_err().to_string(), "failed: rules, test");
    }

    #[test]
    fn a_library_is_built_with_its_default_and_with_each_other_feature() {
        let manifest = "[package]\nname = \"x\"\n\n[features]\ndefault = []\n## Hashes.\ndigest = [\"dep:sha2\"]\n\
                        dbn = []\n\n[dependencies]\nsha2.workspace = true\n";
        assert_eq!(alone(manifest), ["default", "digest", "dbn"]);
        assert_eq!(alone("[package]\nname = \"x\"\n"), [""]);
    }
}
