//! `hindsight demo`: the whole job on a simulated market, held against what was planted in it.

mod captured;
mod columns;
mod crash;
mod leaks;
mod planted;
mod report;
mod truth_of_labels;
mod value;
mod world;

use crate::cli::DemoArgs;
use crate::commands::{is_json, job};
use crate::config::RUN_THREADS;
use crate::context::Context;
use crate::error::{ErrorReport, Failure};
use crate::output::print;
use contract::{Diagnostic, Fault};
use report::Report;
use std::time::Instant;
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
    let run = world.run(context)?;
    report.stages(&run);
    say(context, "what was captured");
    report.add("captured", captured::check(&world, &run, args.lie, context)?);
    if args.crash {
        say(context, "killing a capture process");
        let found = report.time("crash", || crash::check(&world, args.seed, context));
        report.add("crash", found?);
    }
    say(context, "what could be known");
    let found = report.time("leaks", || leaks::check(&world, &run, context));
    report.add("leaks", found?);
    say(context, "what came of decisions");
    report.add("labels", truth_of_labels::check(&world, &run, args.lie, context)?);
    say(context, "what quality found of what was planted");
    let found = report.time("planted faults", || planted::check(&world, context));
    report.add("quality", found?);
    say(context, "the same again, cut otherwise");
    let found = report.time("again", || world.again(&run, context));
    report.add("again", found?);
    say(context, "whether it pays: three ways to learn");
    let found = report.time("value", || value::check(args.size, args.seed, context));
    report.add("value", found?);
    let text = if json {
        format!("{}\n", report.document(&world))
    } else {
        report.text(&world, &run, start.elapsed())
    };
    print(&text)?;
    let failed = report.failed();
    world.close();
    if failed.is_empty() {
        Ok(())
    } else {
        Err(ErrorReport::new(&DemoFailed { found: failed }).into())
    }
}

fn say(context: &Context, what: &str) {
    context.console.note(&format!("demo: {what} .."));
}

/// What a run made.
type Done = job::Done;
