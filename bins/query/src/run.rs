//! From checked arguments to an answer.

mod ask;
mod sources;

pub(crate) use ask::{Demands, Request, answer, prepare};

use crate::args::Args;
use crate::engine::Engine;
use crate::error::SqlError;
use crate::example::Example;
use crate::places::Places;
use crate::{output, sql};
use contract::{Principal, Purpose, ReadContext, UtcNanos};
use hindsight::{CliError, Context, ErrorReport, Failure, Grid, Program, Scratch};
use query::{Options, Session};
use sources::{Source, Text};
use std::sync::Arc;
use std::time::SystemTime;

/// Does what the arguments say.
pub(crate) fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    if let Some(shell) = args.completions {
        return hindsight::print_completions(Args::arguments(), "hindsight-query", shell);
    }
    if let Some(folder) = &args.man {
        let (command, console) = (Args::arguments(), context.console);
        return hindsight::write_man(&command, "hindsight-query", folder, args.force, console);
    }
    if args.example.as_ref().is_some_and(Vec::is_empty) {
        args.check_list()?;
        return hindsight::print(&list_of_examples());
    }
    let source = Source::find(args)?;
    if let (true, Source::Text(text)) = (args.sql, &source) {
        return hindsight::print(&text.sql);
    }
    if matches!(source, Source::Prompt) {
        args.check_prompt()?;
    }
    let places = Places::find(args, context)?;
    let plan =
        output::plan(args.format, args.output.as_deref(), args.force, args.all, &places.inputs)?;
    let spill = args.spill.clone().unwrap_or_else(std::env::temp_dir);
    // Declared first, so that it is removed last, when nobody writes to it any more.
    let scratch = Scratch::create(&spill)?;
    let options = options(args, context, &scratch)?;
    let threads = options.threads;
    let has_places = !places.catalogue.schemas().is_empty();
    let session = Session::new(Arc::new(durable::RealFs), places.catalogue, options);
    let session = session.map_err(|error| ErrorReport::new(&error))?;
    let engine = Engine::new(session, threads, has_places)?;
    match source {
        Source::Prompt => crate::prompt::run(engine, args, plan, context),
        Source::Text(text) => one_shot(&engine, args, &text, &plan, context),
    }
}

fn one_shot(
    engine: &Engine,
    args: &Args,
    text: &Text,
    plan: &hindsight::OutputPlan,
    context: &mut Context,
) -> Result<(), Failure> {
    let statements = sql::statements(&text.sql);
    let place = || text.name.clone();
    let Some((last, before)) = statements.split_last() else {
        return Err(SqlError::NoStatement { place: place() }.into());
    };
    let is_view = |sql: &str| matches!(sql::first_word(sql).as_str(), "CREATE" | "DROP");
    if !before.iter().all(|sql| is_view(sql)) {
        let found = statements.len();
        return Err(SqlError::SeveralStatements { place: place(), found }.into());
    }
    let request = |sql| Request { name: &text.name, text: &text.sql, sql, explain: None };
    for sql in before {
        prepare(engine, &request(sql), context)?;
    }
    let request = Request { explain: args.explain, ..request(last.as_str()) };
    let demands = Demands { allow_lost: args.allow_lost, fail_if_empty: args.fail_if_empty };
    let told = answer(engine, &request, plan, demands, context)?;
    told.say(plan, context.console);
    Ok(())
}

fn options(args: &Args, context: &Context, scratch: &Scratch) -> Result<Options, Failure> {
    let principal = Principal::parse("local").map_err(|error| ErrorReport::new(&error))?;
    let bad = |flag, expected, found: &str| CliError::BadValue {
        flag,
        expected,
        found: contract::excerpt(found.as_bytes()),
    };
    let words = "a word of letters, digits, `.`, `_` and `-`";
    let purpose =
        Purpose::parse(&args.purpose).map_err(|_| bad("--purpose", words, &args.purpose))?;
    let sizes = "a size above 0, as in 512MiB or 4GB";
    let memory_bytes = size(&args.memory).ok_or_else(|| bad("--memory", sizes, &args.memory))?;
    let rows =
        hindsight::Key::find("run.batch_rows").map_or(8_192, |key| context.config.count(key));
    Ok(Options {
        memory_bytes,
        spill_folder: Some(scratch.path().to_owned()),
        threads: context.threads(),
        batch_rows: usize::try_from(rows).unwrap_or(8_192),
        verify: args.verify,
        now: Some(now(args.now.as_deref())?),
        ..Options::new(ReadContext { principal, purpose })
    })
}

/// The moment that a flag names, else that of the clock.
fn now(text: Option<&str>) -> Result<UtcNanos, CliError> {
    let Some(text) = text else {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        return Ok(UtcNanos::from_nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)));
    };
    UtcNanos::parse(text).map_err(|_| CliError::BadValue {
        flag: "--now",
        expected: "an RFC 3339 time with an offset",
        found: contract::excerpt(text.as_bytes()),
    })
}

/// Bytes of a size: a whole number, alone or with a unit of 1,000 or 1,024.
fn size(text: &str) -> Option<usize> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at_checked(end)?;
    let factor: usize = match unit.trim() {
        "" | "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    digits.parse::<usize>().ok()?.checked_mul(factor).filter(|bytes| *bytes > 0)
}

/// Names of the examples and the questions that they answer.
pub(crate) fn list_of_examples() -> String {
    let mut grid = Grid::new(["example", "answers"]);
    for example in Example::all() {
        grid.row([example.name(), example.question()]);
    }
    grid.to_text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_number_with_a_unit_that_is_spelled_out() {
        for (text, expected) in [
            ("1000", Some(1_000)),
            ("512MiB", Some(512 << 20)),
            ("4 GB", Some(4_000_000_000)),
            ("0", None),
            ("", None),
            ("MiB", None),
            ("1.5GB", None),
            ("-1", None),
            ("4G", None),
            ("99999999999999999999", None),
            ("é", None),
        ] {
            assert_eq!(size(text), expected, "{text}");
        }
    }
}
