//! `hindsight labeling run`.

use super::closing::Closing;
use super::inputs::Files;
use super::rules::book;
use super::tables::{Tables, write};
use super::{count, stopped};
use crate::cli::LabelingRunArgs;
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::input::table;
use crate::output::OutputPlan;
use crate::rejects::RejectSink;
use contract::{Batch, Labels, Markouts, Observe as _, Outcomes, Pending, Table};
use labeling::{Options, Run};
use std::path::PathBuf;
use std::time::Instant;

/// Tables of which one can go to standard output.
const STREAMS: [&str; 4] =
    [Outcomes::SPEC.name, Labels::SPEC.name, Markouts::SPEC.name, Pending::SPEC.name];

/// Where the tables go.
enum Place {
    Folder(Tables, PathBuf),
    Stream(&'static str, Box<OutputPlan>),
}

/// Writes outcomes, labels, markouts and what waits, in the order `(ts_avail, decision_id, ..)`.
///
/// - **Point in time:** the one command that looks behind the cut-off of a decision. Its tables say so, and `features`
///   refuses them.
/// - **Cost:** inputs and results stand in memory.
pub(in crate::commands) fn run(
    args: &LabelingRunArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let start = Instant::now();
    let book = book(&args.rules, context)?;
    let files = Files::open(&args.inputs, &book, context)?;
    let pending = args.pending.as_deref();
    let pending =
        pending.map(|path| OutputPlan::side(path, false, &files.identities)).transpose()?;
    let sets: Vec<String> = book.specs().map(super::validate::title).collect();
    if args.dry_run {
        let target = args
            .output
            .as_ref()
            .map_or("standard output".to_owned(), |to| to.display().to_string());
        context.console.note(&format!(
            "labeling run: would label every decision by {} from {} and write to {target}",
            sets.join(", "),
            files.tables().join(", "),
        ));
        return Ok(());
    }
    let place = place(args, &files)?;
    let rejects = match (&args.rejects.rejects, &place) {
        (Some(path), _) => Some(path.clone()),
        (None, Place::Folder(tables, _)) => Some(tables.place("rejects")?),
        (None, Place::Stream(..)) => None,
    };
    let allowance = context.allowance()?;
    let mut rejects =
        RejectSink::new(rejects.as_deref(), None, allowance, false, &files.identities)?;
    let mut progress = context.progress("labeling");
    let read = files.read(&mut rejects, &mut progress, context)?;
    let options = Options { shards: context.threads() };
    let done = progress.time(|| labeling::run(book, &read.inputs, options)).map_err(stopped)?;
    context.stop.check()?;
    let (rows, refused_decisions, notes) = (read.rows, read.refused_decisions, read.notes);
    let mut codes = read.rejects;
    for reject in &done.rejects {
        *codes.entry(reject.code.clone()).or_default() += 1;
    }
    rejects.push(&done.rejects)?;
    let rejects_path = rejects.finish(rows)?;
    done.report.observe(&mut context.metrics);
    if args.fail_if_empty && done.labels.is_none() {
        return Err(CliError::NothingToDo.into());
    }
    let (output, written) = publish(place, pending.as_ref(), &done)?;
    progress.end();
    progress.stats.rejects = codes.values().sum();
    progress.stats.rows_out = written;
    progress.stats.observe(&mut context.metrics);
    let rejects_path = rejects_path.map(|path| match (&args.rejects.rejects, &args.output) {
        (None, Some(folder)) => folder.join(path.file_name().unwrap_or_default()),
        _ => path,
    });
    let next = args
        .output
        .as_ref()
        .map(|to| format!("hindsight labeling check INPUT.. --labels {}", to.display()));
    let came: usize = read.inputs.decisions.iter().map(Batch::len).sum();
    let closing = Closing {
        decisions: count(came) + refused_decisions,
        unread: count(came).saturating_sub(done.report.decisions),
        refused_decisions,
        rows,
        counts: [
            (Outcomes::SPEC.name, done.outcomes.as_ref().map_or(0, |rows| count(rows.len()))),
            (Labels::SPEC.name, done.labels.as_ref().map_or(0, |rows| count(rows.len()))),
            (Markouts::SPEC.name, done.markouts.as_ref().map_or(0, |rows| count(rows.len()))),
            (Pending::SPEC.name, done.pending.as_ref().map_or(0, |rows| count(rows.len()))),
        ],
        report: &done.report,
        codes,
        sets,
        output,
        rejects_path: rejects_path.map(|path| path.display().to_string()),
        notes,
        next,
        elapsed: start.elapsed(),
    };
    context.console.report(&closing.text(), &closing.document());
    Ok(())
}

fn place(args: &LabelingRunArgs, files: &Files) -> Result<Place, Failure> {
    match (&args.stream, &args.output) {
        (Some(name), _) => {
            let spec = table(name)?;
            if !STREAMS.contains(&spec.name) {
                return Err(CliError::BadValue {
                    flag: "--stream",
                    expected: "outcomes, labels, markouts or pending",
                    found: spec.name.to_owned(),
                }
                .into());
            }
            let ids = &files.identities;
            let mut plan =
                OutputPlan::data("labeling run --stream", args.format, None, false, ids)?;
            plan.all = args.all;
            Ok(Place::Stream(spec.name, Box::new(plan)))
        }
        (None, Some(path)) => {
            Ok(Place::Folder(Tables::create("labeling run", path, args.format)?, path.clone()))
        }
        // The arguments see to it that one of them is there.
        (None, None) => Err(CliError::BadValue {
            flag: "--output",
            expected: "a directory",
            found: String::new(),
        }
        .into()),
    }
}

/// Writes every table; the name of the place, and the rows.
fn publish(
    place: Place,
    pending: Option<&OutputPlan>,
    done: &Run,
) -> Result<(String, u64), Failure> {
    if let Some(plan) = pending {
        write(plan, done.pending.as_ref())?;
    }
    match place {
        Place::Folder(tables, path) => {
            let mut rows = tables.write(done.outcomes.as_ref())?;
            rows += tables.write(done.labels.as_ref())?;
            rows += tables.write(done.markouts.as_ref())?;
            if pending.is_none() {
                tables.write(done.pending.as_ref())?;
            }
            tables.publish()?;
            Ok((path.display().to_string(), rows))
        }
        Place::Stream(name, plan) => {
            let rows = match name {
                name if name == Outcomes::SPEC.name => write(&plan, done.outcomes.as_ref())?,
                name if name == Labels::SPEC.name => write(&plan, done.labels.as_ref())?,
                name if name == Markouts::SPEC.name => write(&plan, done.markouts.as_ref())?,
                _ => write(&plan, done.pending.as_ref())?,
            };
            Ok((plan.target.name(), rows))
        }
    }
}
