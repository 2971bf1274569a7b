//! `hindsight run`: the composed pipeline that hindsight.toml describes, step by step, taken up where it was left.

mod advice;
mod error;
mod latency;
mod record;
mod rejects;
mod room;
mod settings;
mod stamp;
mod state;
mod status;
mod steps;
mod summary;
mod work;

use crate::cli::RunArgs;
use crate::commands::is_json;
use crate::config::{DATASETS_STORE, REJECTS_MAX};
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::output::print;
use record::Record;
use room::Home;
use settings::Settings;
use stamp::Stamp;
use state::Job;
pub(in crate::commands) use status::status;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};
use steps::{Keeps, STEPS, Step};
use summary::Line;

/// The program, a part of every step: another one may make something else of the same inputs.
fn program() -> Result<String, Failure> {
    let reading = |e| CliError::reading(Path::new("hindsight"), e);
    let path = std::env::current_exe().map_err(reading)?;
    let own = Stamp::of(&path, &path, &[])?.sha256;
    let short = own.get(..16).unwrap_or(&own);
    Ok(format!("{} {short}", env!("CARGO_PKG_VERSION")))
}

/// Carries the steps out, and says what they made.
pub(in crate::commands) fn run(args: &RunArgs, context: &mut Context) -> Result<(), Failure> {
    let json = is_json("run", &args.report)?;
    let settings = Settings::of(&args.datasets, context)?;
    let store = (&DATASETS_STORE, settings.store.display().to_string());
    let dry_run = args.dry_run;
    let done = context.under(&[store], |inner| carry_out(&settings, dry_run, None, inner));
    let done = done.map_err(|failure| advice::of(failure, context))?;
    print(&if json {
        format!("{}\n", summary::document(&settings, &done, dry_run))
    } else if dry_run {
        summary::plan(&settings, &done)
    } else {
        summary::table(&settings, &done)
    })?;
    if !dry_run {
        let place = settings.dir.display();
        let mut names = settings.datasets.iter().map(|dataset| dataset.name.as_str());
        let next = names.next_back().unwrap_or_default();
        let store = settings.store.display();
        context.console.note(&format!(
            "run: all that was made lies in {place}\n{}  next: hindsight datasets show {next} --store {store}",
            summary::rejects(&done)
        ));
    }
    Ok(())
}

/// What is done when a step has worked and before its outputs are recorded: its name, and the folder that it worked in.
pub(in crate::commands) type After<'a> =
    dyn FnMut(&str, &Path, &mut Context) -> Result<(), Failure> + 'a;

/// Carries out what the configuration names, without a report.
pub(in crate::commands) fn carried(
    after: Option<&mut After<'_>>,
    context: &mut Context,
) -> Result<Done, Failure> {
    let settings = Settings::of(&[], context)?;
    let store = (&DATASETS_STORE, settings.store.display().to_string());
    let lines = context.under(&[store], |inner| carry_out(&settings, false, after, inner));
    let lines =
        lines.map_err(|failure| advice::stopped(failure, "nothing was checked", context))?;
    Ok(Done { settings, lines })
}

/// A run that came to its end.
pub(in crate::commands) struct Done {
    settings: Settings,
    lines: Vec<Line>,
}

impl Done {
    /// What a step found; empty where it found nothing of the kind.
    pub(in crate::commands) fn fact(&self, step: &str, name: &str) -> String {
        let line = self.lines.iter().find(|line| line.step == step);
        line.and_then(|line| line.facts.get(name)).cloned().unwrap_or_default()
    }

    /// How long each step took.
    pub(in crate::commands) fn times(&self) -> Vec<(String, Duration)> {
        let of =
            |line: &Line| (format!("run: {}", line.step), Duration::from_nanos(line.elapsed_ns));
        self.lines.iter().map(of).collect()
    }

    /// The folder.
    pub(in crate::commands) fn dir(&self) -> &Path {
        &self.settings.dir
    }

    /// The versions that were built, and how long a decision takes, in words.
    pub(in crate::commands) fn datasets(&self) -> String {
        summary::versions(&self.settings, &self.lines)
    }
}

/// Builds the first dataset of a run again, of other features with their certificate and into another store.
pub(in crate::commands) fn built_with(
    run: &Done,
    features: &Path,
    causality: &Path,
    store: &Path,
    context: &mut Context,
) -> Result<(), Failure> {
    let mut settings = run.settings.clone();
    settings.datasets.truncate(1);
    let mut job = Job { settings: &settings, sources: Vec::new(), done: BTreeMap::new() };
    for step in STEPS {
        if let Some(record) = Record::read(&settings.dir, step.name) {
            job.done.insert(step.name, record);
        }
    }
    let store = (&DATASETS_STORE, store.display().to_string());
    context.under(&[store], |inner| work::build_of(&job, features, causality, inner).map(|_| ()))
}

/// Makes a folder that of a run, as far as one that is put together by hand has to be.
pub(in crate::commands) fn mark(dir: &Path) -> Result<(), Failure> {
    room::mark(dir)
}

/// What became of every step.
fn carry_out(
    settings: &Settings,
    dry_run: bool,
    mut after: Option<&mut After<'_>>,
    context: &mut Context,
) -> Result<Vec<Line>, Failure> {
    let home = if dry_run {
        room::is_ours(&settings.dir)?;
        None
    } else {
        Some(Home::open(&settings.dir)?)
    };
    let program = program()?;
    let mut job = Job { settings, sources: sources(settings)?, done: BTreeMap::new() };
    let mut lines: Vec<Line> = Vec::new();
    for step in STEPS.iter().filter(|step| (step.is_in)(settings)) {
        context.stop.check()?;
        // What an earlier step would make anew is not known before.
        let waits = step.needs.iter().find(|need| {
            let is_open = |line: &&Line| line.step == **need && line.why.is_some();
            home.is_none() && lines.iter().any(|line| is_open(&line))
        });
        if let Some(need) = waits {
            lines.push(Line::waiting(step, need));
            continue;
        }
        let mut parts = (step.parts)(&job, context)?;
        parts.insert("program".to_owned(), program.clone());
        // What was let pass under another allowance has to be looked at again.
        parts.insert("rejects.max".to_owned(), context.config.word(&REJECTS_MAX).to_owned());
        let known = Record::read(&settings.dir, step.name);
        let why = match &known {
            None => Some("new".to_owned()),
            Some(record) => match record.stale(&parts) {
                Some(why) => Some(why),
                None => missing(step, record, &job),
            },
        };
        let (Some(home), Some(why)) = (&home, &why) else {
            if let Some(record) = known.filter(|_| why.is_none()) {
                job.done.insert(step.name, record);
            }
            lines.push(Line::of(step, why, &job));
            continue;
        };
        let start = Instant::now();
        say(context, step, &format!("{why} .."));
        Record::remove(&settings.dir, step.name)?;
        let room = home.room(step.name);
        let mut facts = (step.work)(&job, &room, context)?;
        if let Some(after) = after.as_deref_mut() {
            after(step.name, &room, context)?;
        }
        facts.extend(rejects::of(step.name, &room, &job, context)?);
        let mut outputs = Vec::new();
        if (step.has_room)(&job) {
            if step.keeps == Keeps::Files {
                outputs = Stamp::all(&room, &[])?;
            }
            home.publish(step.name)?;
        }
        let mut record = Record::new(step.name, parts, outputs, facts);
        record.elapsed_ns = start.elapsed().as_nanos().to_string();
        if matches!(step.name, "log" | "convert") {
            record.sources.clone_from(&job.sources);
        }
        record.write(&settings.dir)?;
        job.done.insert(step.name, record);
        say(context, step, &format!("{:.1} s", start.elapsed().as_secs_f64()));
        lines.push(Line::of(step, Some(why.clone()), &job));
    }
    Ok(lines)
}

/// One line a step while it works; the step itself is quiet.
fn say(context: &Context, step: &Step, what: &str) {
    context.step_console().note(&format!("run: {:<10} {what}", step.name));
}

/// Every file that a run starts from. One that is as a step's record has it is not read again.
fn sources(settings: &Settings) -> Result<Vec<Stamp>, Failure> {
    let known: Vec<Stamp> = ["log", "convert"]
        .iter()
        .filter_map(|step| Record::read(&settings.dir, step))
        .flat_map(|record| record.sources)
        .collect();
    let tables = settings.tables.iter().map(|table| &table.path);
    tables.chain(&settings.feeds).map(|path| Stamp::of(path, path, &known)).collect()
}

/// What of a step's outputs is not there any more, or not as it was.
fn missing(step: &Step, record: &Record, job: &Job<'_>) -> Option<String> {
    match step.keeps {
        Keeps::Facts => None,
        Keeps::Nothing => Some("looked at each time".to_owned()),
        Keeps::Versions => {
            let is_path = |name: &str| name.rsplit('.').next() == Some("path");
            let mut paths = record.facts.iter().filter(|(name, _)| is_path(name));
            let gone = paths.find(|(_, path)| !job.settings.dir.join(path).is_dir());
            gone.map(|(_, path)| format!("{path} is gone"))
        }
        Keeps::Log => {
            let is_there = job.log().join("MANIFEST").is_file();
            (!is_there).then(|| format!("{} is gone", job.log().display()))
        }
        Keeps::Files => record.outputs.iter().find_map(|stamp| {
            let path = job.place(step.name).join(&stamp.path);
            match Stamp::of(&path, &stamp.path, &record.outputs) {
                Err(_) => Some(format!("{} is gone", path.display())),
                Ok(found) if found.sha256 != stamp.sha256 => {
                    Some(format!("{} has changed", path.display()))
                }
                Ok(_) => None,
            }
        }),
    }
}
