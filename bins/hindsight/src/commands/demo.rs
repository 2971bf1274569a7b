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
use contract::{Diagnostic, Fault};
use report::{Line, Report, Verdict};
use std::time::Instant;
use version::Version;
use world::World;

/// The demo's gate.
#[derive(Debug, thiserror::Error)]
#[error("expected every check against the planted truth to hold, found {found}")]
struct DemoFailed {
    found: String,
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
        Err(failure) if failure.exit() == Exit::Gate || args.sabotage.is_some() => {
            let stopped =
                Line::new(Verdict::Failed, "the run comes to its end", failure.to_string());
            report.add("run", vec![stopped]);
            report.add("captured", captured::check(&world, context)?);
            return conclude(&report, world, None, start, json);
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
        let mut lines = known::check(&world, &run, context)?;
        lines.extend(signal::check(&world, &run, context)?);
        lines.extend(future::check(&world, &run, context)?);
        Ok::<_, Failure>(lines)
    });
    report.add("leaks", found?);
    say(context, "what came of decisions");
    report.add("labels", truth_of_labels::check(&world, &run, context)?);
    say(context, "what quality found of what was planted");
    let found = report.time("planted faults", || planted::check(&world, context));
    report.add("quality", found?);
    let version = Version::read(&run, "signal", context)?;
    report.add("splits", splits::check(&world, &version, context)?);
    say(context, "the same again, cut otherwise");
    let found = report.time("again", || world.again(&run, context));
    report.add("again", found?);
    say(context, "whether it pays: three ways to learn");
    let found = report.time("value", || value::check(&world, &version, context));
    report.add("value", found?);
    conclude(&report, world, Some(&run), start, json)
}

/// Prints the report; the gate comes after it.
fn conclude(
    report: &Report,
    world: World,
    run: Option<&Done>,
    start: Instant,
    json: bool,
) -> Result<(), Failure> {
    print(&if json {
        format!("{}\n", report.document(&world))
    } else {
        report.text(&world, run, start.elapsed())
    })?;
    world.close();
    let found = report.failed();
    if found.is_empty() { Ok(()) } else { Err(ErrorReport::new(&DemoFailed { found }).into()) }
}

fn say(context: &Context, what: &str) {
    context.console.note(&format!("demo: {what} .."));
}

/// What a run made.
type Done = job::Done;
