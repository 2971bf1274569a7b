//! Running the programs of a group, one after the other, and keeping what they print.

use super::list::{Bench, Group, Step};
use super::machine;
use crate::python;
use crate::shell::{ChoreError, cargo, command, line, pass, read, say, target};
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a run of a group left: when, of which tree, under which load, what was printed, and what failed.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Record {
    pub(super) when: String,
    pub(super) commit: String,
    pub(super) load: String,
    /// Commands that ran, as one would type them.
    pub(super) commands: Vec<String>,
    pub(super) faults: Vec<String>,
    pub(super) text: String,
}

impl Record {
    fn path(root: &Path, group: &Group) -> PathBuf {
        folder(root).join("out").join(format!("{}.txt", group.name))
    }

    /// The last run of a group, if there was one.
    pub(super) fn last(root: &Path, group: &Group) -> Option<Self> {
        fs::read_to_string(Self::path(root, group)).ok().map(|text| Self::parse(&text))
    }

    fn parse(text: &str) -> Self {
        let mut record = Self::default();
        for line in text.lines() {
            let Some((word, rest)) = line.strip_prefix("# ").and_then(|l| l.split_once(": "))
            else {
                record.text.push_str(line);
                record.text.push('\n');
                continue;
            };
            match word {
                "when" => rest.clone_into(&mut record.when),
                "commit" => rest.clone_into(&mut record.commit),
                "load" => rest.clone_into(&mut record.load),
                "command" => record.commands.push(rest.to_owned()),
                "fault" => record.faults.push(rest.to_owned()),
                _ => {}
            }
        }
        record
    }

    fn written(&self) -> String {
        let mut out =
            format!("# when: {}\n# commit: {}\n# load: {}\n", self.when, self.commit, self.load);
        for (word, lines) in [("command", &self.commands), ("fault", &self.faults)] {
            for line in lines {
                let _ = writeln!(out, "# {word}: {}", line.replace('\n', " "));
            }
        }
        out + &self.text
    }
}

/// Where data, environments and records of bars lie.
fn folder(root: &Path) -> PathBuf {
    target(root).join("bars")
}

/// Runs a group and keeps its record. A step that fails is named in the record, and the others still run.
pub(super) fn run(root: &Path, group: &Group) -> Result<Record, ChoreError> {
    let work = folder(root).join("work");
    for path in [&work, &folder(root).join("out")] {
        fs::create_dir_all(path).map_err(|e| ChoreError::file(path, e))?;
    }
    let mut record =
        Record { when: machine::now(root), commit: machine::commit(root), ..Record::default() };
    let mut run = Run { root, work, program: None };
    // Whatever is compiled or installed comes first, so that ours and the peers run in the same minutes.
    let made: Vec<Result<(), String>> = group.steps.iter().map(|step| run.prepare(step)).collect();
    let before = machine::load();
    for (step, made) in group.steps.iter().zip(made) {
        let outcome = made.and_then(|()| run.step(step));
        match outcome {
            Ok(None) => {}
            Ok(Some(done)) => {
                record.commands.push(done.command);
                record.text.push_str(&done.text);
                for why in done.lacking {
                    say(&format!("bars: {}: {why}", group.name));
                    record.faults.push(why);
                }
            }
            Err(why) => {
                say(&format!("bars: {}: {why}", group.name));
                record.faults.push(why);
            }
        }
    }
    record.load = format!("{before} to {}", machine::load());
    let path = Record::path(root, group);
    fs::write(&path, record.written()).map_err(|e| ChoreError::file(&path, e))?;
    Ok(record)
}

/// A program that has run.
struct Done {
    /// As one would type it.
    command: String,
    text: String,
    /// What it had to do without, and how it ended if not well.
    lacking: Vec<String>,
}

struct Run<'a> {
    root: &'a Path,
    work: PathBuf,
    program: Option<String>,
}

impl Run<'_> {
    fn prepare(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Bench { bench, .. } => {
                let mut build = bench_command(self.root, bench);
                build.arg("--no-run");
                pass(build).map_err(|_| unbuilt(bench))
            }
            Step::Build(bench) => {
                let mut build = bench_command(self.root, bench);
                build.args(["--no-run", "--message-format", "json"]);
                let text = read(build).map_err(|error| {
                    say(&error.to_string());
                    unbuilt(bench)
                })?;
                self.program = executable(&text, bench.name);
                if self.program.is_some() {
                    Ok(())
                } else {
                    Err(format!("cargo named no program `{}`", bench.name))
                }
            }
            Step::Script { environment, .. } => self.python(environment).map(drop),
        }
    }

    /// Runs a prepared step: its command and what it printed, or nothing where nothing is to be done.
    fn step(&self, step: &Step) -> Result<Option<Done>, String> {
        let mut lacking = Vec::new();
        let (mut run, shown) = match step {
            Step::Build(_) => return Ok(None),
            Step::Bench { bench, variables, args, makes } => {
                if self.is_made(makes)? {
                    return Ok(None);
                }
                let mut run = bench_command(self.root, bench);
                // What a variable stands for may be missing; the program then says what it skips.
                for (name, value) in *variables {
                    match self.fill(value) {
                        Ok(value) => drop(run.env(name, value)),
                        Err(why) => lacking.push(why),
                    }
                }
                run.arg("--");
                self.add(&mut run, args)?;
                (run, shown(bench, args))
            }
            Step::Script { file, environment, args, makes } => {
                if self.is_made(makes)? {
                    return Ok(None);
                }
                let mut run = command(self.root, self.python(environment)?);
                run.arg(self.root.join("benches/peers").join(file));
                self.add(&mut run, args)?;
                (run, format!("python benches/peers/{file} {}", args.join(" ")).trim().to_owned())
            }
        };
        run.stdout(Stdio::piped());
        match heard(run) {
            Ok((text, failure)) => {
                lacking.extend(failure.map(|why| format!("`{shown}`: {why}")));
                Ok(Some(Done { command: shown, text, lacking }))
            }
            Err(why) => Err(format!("`{shown}`: {why}")),
        }
    }

    fn is_made(&self, makes: &str) -> Result<bool, String> {
        Ok(!makes.is_empty() && Path::new(&self.fill(makes)?).exists())
    }

    fn add(&self, run: &mut Command, args: &[&str]) -> Result<(), String> {
        for word in args {
            run.arg(self.fill(word)?);
        }
        Ok(())
    }

    /// A word with its braces filled in.
    fn fill(&self, word: &str) -> Result<String, String> {
        let Some((before, rest)) = word.split_once('{') else { return Ok(word.to_owned()) };
        let Some((name, after)) = rest.split_once('}') else { return Ok(word.to_owned()) };
        let value = match name.split_once(':') {
            Some(("python", environment)) => self.python(environment)?.display().to_string(),
            _ => match name {
                "work" => self.work.display().to_string(),
                "nats" => self.nats()?,
                "data" => std::env::var("HINDSIGHT_DATA")
                    .map_err(|_| "HINDSIGHT_DATA is not set".to_owned())?,
                "program" => self.program.clone().ok_or("its program was not built")?,
                _ => return Err(format!("unknown word `{{{name}}}`")),
            },
        };
        Ok(format!("{before}{value}{after}"))
    }

    fn python(&self, environment: &str) -> Result<PathBuf, String> {
        // The kernel needs less than its package asks for; see the file.
        let flags: &[&str] =
            if environment == "ml4t" { &["--no-deps", "--ignore-requires-python"] } else { &[] };
        let wanted = format!("benches/peers/environments/{environment}.txt");
        let venv = folder(self.root).join(environment);
        python::environment(self.root, &venv, &self.root.join(wanted), flags)
            .map_err(|why| format!("environment `{environment}`: {why}"))
    }

    /// The wheel puts its program beside Python.
    fn nats(&self) -> Result<String, String> {
        let program = self.python("servers")?.with_file_name("nats-server");
        if program.is_file() {
            Ok(program.display().to_string())
        } else {
            Err("the wheel has no nats-server".to_owned())
        }
    }
}

fn bench_command(root: &Path, bench: &Bench) -> Command {
    let mut run = cargo(root);
    run.args(["bench", "--quiet", "--locked", "--profile", "quick", "-p", bench.package]);
    if !bench.features.is_empty() {
        run.args(["--features", bench.features]);
    }
    run.args(["--bench", bench.name]);
    run
}

fn unbuilt(bench: &Bench) -> String {
    format!("`{}` did not build", shown(bench, &[]))
}

fn shown(bench: &Bench, args: &[&str]) -> String {
    let features = if bench.features.is_empty() {
        String::new()
    } else {
        format!(" --features {}", bench.features)
    };
    let mut out = format!(
        "cargo bench --profile quick -p {}{features} --bench {}",
        bench.package, bench.name
    );
    // How criterion prints changes nothing of what it measures.
    let args: Vec<&str> = args
        .iter()
        .copied()
        .filter(|a| !["--noplot", "--output-format", "bencher"].contains(a))
        .collect();
    if !args.is_empty() {
        out.push_str(" -- ");
        out.push_str(&args.join(" "));
    }
    out
}

/// The program that cargo's messages name for a bench.
fn executable(messages: &str, bench: &str) -> Option<String> {
    let named = format!("\"name\":\"{bench}\"");
    let is_bench = |line: &&str| line.contains("\"kind\":[\"bench\"]") && line.contains(&named);
    messages.lines().rfind(is_bench).and_then(|line| {
        let (_, rest) = line.split_once("\"executable\":\"")?;
        rest.split_once('"').map(|(path, _)| path.to_owned())
    })
}

/// Runs a command and returns what it printed, which is shown as it comes, and how it failed if it did: a program that
/// ends with an error because a bar is missed has measured it.
fn heard(mut run: Command) -> Result<(String, Option<String>), String> {
    say(&format!("bars: {}", line(&run)));
    let mut child = run.spawn().map_err(|e| e.to_string())?;
    let mut text = String::new();
    if let Some(out) = child.stdout.take() {
        for line in BufReader::new(out).split(b'\n') {
            let line = String::from_utf8_lossy(&line.map_err(|e| e.to_string())?).into_owned();
            say(&line);
            text.push_str(&line);
            text.push('\n');
        }
    }
    let status = child.wait().map_err(|e| e.to_string())?;
    Ok((text, (!status.success()).then(|| status.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_comes_back_as_it_was_written() {
        let record = Record {
            when: "2026-11-30 02:00".to_owned(),
            commit: "abc1234+".to_owned(),
            load: "1.0 to 2.0".to_owned(),
            commands: vec!["cargo bench -p x".to_owned(), "python y.py".to_owned()],
            faults: vec!["environment `drift`: no network".to_owned()],
            text: "bar x ours=1s\n# not one of ours\n".to_owned(),
        };
        assert_eq!(Record::parse(&record.written()), record);
    }

    #[test]
    fn the_program_of_a_bench_is_found_among_cargos_messages() {
        let text = "{\"target\":{\"kind\":[\"lib\"],\"name\":\"load\"},\"executable\":null}\n\
                    {\"target\":{\"kind\":[\"bench\"],\"name\":\"load\"},\"executable\":\"/t/load-1\"}\n\
                    {\"reason\":\"build-finished\"}";
        assert_eq!(executable(text, "load"), Some("/t/load-1".to_owned()));
        assert_eq!(executable(text, "other"), None);
    }

    #[test]
    fn a_command_is_shown_without_the_words_of_its_output() {
        let bench = Bench { package: "feeds", name: "dbn", features: "dbn" };
        let args = ["--noplot", "--output-format", "bencher", "import"];
        let expected = "cargo bench --profile quick -p feeds --features dbn --bench dbn -- import";
        assert_eq!(shown(&bench, &args), expected);
    }

    #[test]
    fn what_a_program_said_before_it_failed_is_kept() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "echo one; exit 3"]).stdout(Stdio::piped());
        let failure = Some("exit status: 3".to_owned());
        assert_eq!(heard(shell), Ok(("one\n".to_owned(), failure)));
        assert!(heard(Command::new("/nowhere")).is_err());
    }

    #[test]
    fn words_in_braces_are_filled_in_or_refused() {
        let root = crate::shell::root().unwrap();
        let run = Run { root: &root, work: "/w".into(), program: None };
        assert_eq!(run.fill("{work}/sql"), Ok("/w/sql".to_owned()));
        assert_eq!(run.fill("10M"), Ok("10M".to_owned()));
        assert_eq!(run.fill("{program}"), Err("its program was not built".to_owned()));
        assert_eq!(run.fill("{moon}"), Err("unknown word `{moon}`".to_owned()));
    }
}
