//! `hindsight demo`: the whole job on a simulated market, held against what was planted in it.

mod captured;
mod columns;
mod crash;
mod future;
mod known;
mod planted;
mod report;
mod sabotage;
mod signal;
mod splits;
mod truth_of_labels;
mod value;
mod version;
mod world;

use crate::cli::{DemoArgs, Sabotage};
use crate::commands::{is_json, job};
use crate::config::RUN_THREADS;
use crate::context::Context;
use crate::error::{ErrorReport, Failure};
use crate::exit::Exit;
use crate::output::print;
use clap::ValueEnum;
use contract::{Diagnostic, Fault};
use report::{Line, Report, Verdict};
use std::time::Instant;
use version::Version;
use world::World;

/// The demo's gate.
#[derive(Debug, thiserror::Error)]
#[error("expected every check against the planted truth to hold, found {found}{on_purpose}")]
struct DemoFailed {
    found: String,
    on_purpose: String,
}

impl Diagnostic for DemoFailed {
    fn code(&self) -> &'static str {
        "cli/demo-failed"
    }

    fn fault(&self) -> Fault {
        Fault::Gate
    }
}

/// Simulates, runs, compares and tells; the gate comes after the report.
pub(in crate::commands) fn demo(args: &DemoArgs, context: &mut Context) -> Result<(), Failure> {
    let json = is_json("demo", &args.report)?;
    // The demo is the same whatever project and environment it is called in, and touches none of their logs and stores.
    context.layers.project = None;
    context.layers.user = None;
    context.layers.env.clear();
    context.layers.flags.retain(|(_, key, _)| key == RUN_THREADS.name);
    let start = Instant::now();
    let mut report = Report::default();
    say(context, "simulating a market and a desk");
    let world = report.time("simulate", || World::make(args, context))?;
    let ran = world.run(args.sabotage, context);
    let run = match ran {
        Ok(run) => run,
        Err(failure)
            if failure.exit() == Exit::Gate
                || (args.sabotage.is_some() && is_of_data(&failure)) =>
        {
            let stopped =
                Line::new(Verdict::Failed, "the run comes to its end", failure.to_string());
            report.add("run", vec![stopped]);
            report.add("captured", captured::check(&world, context)?);
            return conclude(&report, world, None, args, (start, json));
        }
        Err(failure) => return Err(failure),
    };
    report.stages(&run);
    say(context, "what was captured");
    report.add("captured", captured::check(&world, context)?);
    if args.crash || args.sabotage == Some(Sabotage::Acknowledgement) {
        say(context, "killing a capture process");
        let found = report.time("crash", || crash::check(&world, args, context));
        report.add("crash", found?);
    }
    say(context, "what could be known");
    let found = report.time("leaks", || {
        let path = run.dir().join("features").join("features.parquet");
        let features = columns::batches(&path, context)?;
        let mut lines = known::check(&world, &features, context)?;
        lines.extend(signal::check(&world, &features, context)?);
        lines.extend(future::check(&world, &run, context)?);
        Ok::<_, Failure>(lines)
    });
    report.add("leaks", found?);
    say(context, "what came of decisions");
    report.add("labels", truth_of_labels::check(&world, &run, context)?);
    say(context, "what quality found of what was planted");
    let found = report.time("planted faults", || planted::check(&world, context));
    report.add("quality", found?);
    let signal = Version::read(&run, "signal", context)?;
    let (risk, sizing) =
        (Version::read(&run, "risk", context)?, Version::read(&run, "sizing", context)?);
    let versions = [("signal", &signal), ("risk", &risk), ("sizing", &sizing)];
    report.add("splits", splits::check(&world, &versions, context)?);
    if args.sabotage.is_none() {
        say(context, "the same again, cut otherwise");
        let found = report.time("again", || world.again(&run, context));
        report.add("again", found?);
    }
    say(context, "whether it pays: three ways to learn");
    let found = report.time("value", || value::check(&world, &signal, context));
    report.add("value", found?);
    conclude(&report, world, Some(&run), args, (start, json))
}

/// Whether a failure is one of what the data are, and none of the machine.
fn is_of_data(failure: &Failure) -> bool {
    matches!(failure.exit(), Exit::Input | Exit::Incomplete | Exit::Integrity)
}

/// Prints the report; the gate comes after it.
fn conclude(
    report: &Report,
    world: World,
    run: Option<&Done>,
    args: &DemoArgs,
    (start, json): (Instant, bool),
) -> Result<(), Failure> {
    print(&if json {
        format!("{}\n", report.document(&world))
    } else {
        report.text(&world, run, start.elapsed())
    })?;
    world.close();
    let found = report.failed();
    if found.is_empty() {
        return Ok(());
    }
    let word = args.sabotage.as_ref().and_then(ValueEnum::to_possible_value);
    let on_purpose =
        word.map_or_else(String::new, |word| format!(" (`--sabotage {}`)", word.get_name()));
    Err(ErrorReport::new(&DemoFailed { found, on_purpose }).into())
}

fn say(context: &Context, what: &str) {
    context.console.note(&format!("demo: {what} .."));
}

/// What a run made.
type Done = job::Done;
