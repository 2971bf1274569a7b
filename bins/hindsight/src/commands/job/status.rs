//! `hindsight status`: where every stage stands, from what is on record. Nothing is hashed, locked or changed.

use super::record::Record;
use super::settings::{run_dir, store_dir};
use super::steps::{Keeps, STEPS, Step};
use super::summary::short;
use crate::cli::ReportArgs;
use crate::commands::{capture as log, datasets, is_json};
use crate::config::{CAPTURE_DIR, DATASETS_STORE, RUN_FEEDS};
use crate::context::Context;
use crate::error::{ErrorReport, Failure};
use crate::output::{Document, Grid, print};
use contract::Vocabulary as _;
use std::path::Path;

/// A line of the report.
struct Line {
    stage: String,
    state: String,
    found: String,
}

/// Prints a line for the project, the log, each step of the run, and each dataset.
pub(in crate::commands) fn status(args: &ReportArgs, context: &mut Context) -> Result<(), Failure> {
    let json = is_json("status", args)?;
    let dir = run_dir(context);
    let log = context.config.path(&CAPTURE_DIR).map_or_else(|| dir.join("log"), Path::to_owned);
    let store = store_dir(&dir, context);
    // What cannot be read is a line of its own, and the exit code of its error comes after the report.
    let mut damage = Vec::new();
    let mut lines = vec![project(context)];
    lines.push(logged(&log).unwrap_or_else(|failure| damaged("capture", failure, &mut damage)));
    // Without feeds there is nothing to convert.
    let is_in =
        |step: &&Step| step.name != "convert" || !context.config.paths(&RUN_FEEDS).is_empty();
    let steps: Vec<Line> =
        STEPS.iter().filter(is_in).map(|step| worked(&dir, step.name, step.keeps)).collect();
    let done = steps.iter().filter(|line| line.state == DONE).count();
    lines.extend(steps);
    let versions = published(&store, context);
    lines
        .extend(versions.unwrap_or_else(|failure| vec![damaged("datasets", failure, &mut damage)]));
    let failed = if damage.is_empty() { Ok(()) } else { Err(Failure::Errors(damage)) };
    if json {
        let lines = lines.iter().map(|line| {
            Document::object()
                .with("stage", line.stage.as_str())
                .with("state", line.state.as_str())
                .with("found", line.found.as_str())
        });
        let document = Document::new("hindsight.status.v1")
            .with("run", dir.display().to_string())
            .with("log", log.display().to_string())
            .with("store", store.display().to_string())
            .with("stages", lines.collect::<Vec<_>>());
        print(&format!("{document}\n"))?;
        return failed;
    }
    let mut grid = Grid::new(["stage", "state", "found"]);
    for line in lines {
        grid.row([line.stage, line.state, line.found]);
    }
    print(&grid.to_text())?;
    let next = match (&context.layers.project, done) {
        (None, 0) => "hindsight init",
        (_, 0) => "hindsight run",
        _ => "hindsight run --dry-run, which says what has changed since",
    };
    if failed.is_ok() {
        context.console.note(&format!("status: next: {next}"));
    }
    failed
}

/// The line of a stage that cannot be looked at.
fn damaged(stage: &str, failure: Failure, damage: &mut Vec<ErrorReport>) -> Line {
    let found = failure.to_string();
    if let Failure::Errors(reports) = failure {
        damage.extend(reports);
    }
    Line { stage: stage.to_owned(), state: "cannot be read".to_owned(), found }
}

const DONE: &str = "done";

fn project(context: &Context) -> Line {
    let (state, found) = match &context.layers.project {
        Some(path) => ("there", path.display().to_string()),
        None => ("none", "no hindsight.toml here or above".to_owned()),
    };
    Line { stage: "project".to_owned(), state: state.to_owned(), found }
}

/// The ledger of the log, in a line.
fn logged(dir: &Path) -> Result<Line, Failure> {
    let stage = "capture".to_owned();
    if !dir.join("MANIFEST").is_file() {
        let found = format!("no log in {}", dir.display());
        return Ok(Line { stage, state: "none".to_owned(), found });
    }
    let held = log::completeness(dir, 0..u64::MAX)?;
    let rows: u64 = held.rows.values().sum();
    let found = format!(
        "{rows} rows of {} tables, {} producers, {} gaps, in {}",
        held.rows.len(),
        held.producers.len(),
        held.gaps.len(),
        dir.display()
    );
    Ok(Line { stage, state: held.verdict.word().to_owned(), found })
}

/// What is on record of a step.
fn worked(dir: &Path, step: &'static str, keeps: Keeps) -> Line {
    let stage = format!("run: {step}");
    let line = |state: &str, found: String| Line { stage, state: state.to_owned(), found };
    let Some(record) = Record::read(dir, step) else { return line("not done", String::new()) };
    let place = dir.join(step);
    let gone = record.outputs.iter().map(|stamp| place.join(&stamp.path)).find(|p| !p.is_file());
    match gone.filter(|_| keeps == Keeps::Files) {
        Some(path) => line("gone", path.display().to_string()),
        None => line(DONE, short(step, &record.facts)),
    }
}

/// The latest version of every dataset.
fn published(store: &Path, context: &mut Context) -> Result<Vec<Line>, Failure> {
    if !store.exists() {
        let found = format!("no store in {}", store.display());
        let (stage, state) = ("datasets".to_owned(), "none".to_owned());
        return Ok(vec![Line { stage, state, found }]);
    }
    let place = store.display().to_string();
    let latest = context.under(&[(&DATASETS_STORE, place)], |inner| datasets::latest(inner))?;
    let line = |(name, state, found): (String, String, String)| Line {
        stage: format!("dataset {name}"),
        state,
        found,
    };
    Ok(latest.into_iter().map(line).collect())
}
