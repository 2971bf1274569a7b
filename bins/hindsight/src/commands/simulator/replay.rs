//! `hindsight simulator replay`.

use crate::cli::ReplayArgs;
use crate::config::SIMULATOR_SEED;
use crate::console::Closing;
use crate::context::Context;
use crate::error::{CliError, ErrorReport, Failure};
use crate::input::{Source, parse_inputs};
use crate::output::{Folder, Format, OutputPlan, TableOutput, Target};
use contract::{Amount, Decisions, Executions, Observe as _, Quotes, Table, parse_duration_ns};
use simulator::ReplaySettings;
use std::path::Path;

/// Writes decisions and executions of a simple desk over quotes from elsewhere.
///
/// - **Cost:** quotes and rows stand in memory.
pub(in crate::commands) fn replay(args: &ReplayArgs, context: &mut Context) -> Result<(), Failure> {
    let settings = settings(args, context)?;
    let (format, extension) = match args.format {
        None | Some(Format::Parquet) => (Format::Parquet, "parquet"),
        Some(Format::Arrow) => (Format::Arrow, "arrow"),
        Some(Format::Csv) => (Format::Csv, "csv"),
        Some(Format::Jsonl) => (Format::Jsonl, "jsonl"),
        Some(other) => {
            return Err(CliError::FormatNotForCommand {
                command: "simulator replay",
                expected: "parquet, arrow, csv, jsonl",
                found: other.word(),
            }
            .into());
        }
    };
    let options = context.read_options(args.read.trust_eof);
    let mut sources = parse_inputs(&args.inputs)?
        .iter()
        .map(|input| Source::open(input, &options))
        .collect::<Result<Vec<_>, _>>()?;
    for source in &sources {
        if source.spec().name != Quotes::SPEC.name {
            return Err(CliError::MixedTables {
                input: source.name().to_owned(),
                expected: Quotes::SPEC.name.to_owned(),
                found: source.spec().name.to_owned(),
            }
            .into());
        }
    }
    let Some(target) = args.output.as_deref().filter(|_| !args.dry_run) else {
        context.console.note(&format!(
            "simulator replay: would read {} inputs, seed {}, and make decisions executions as {extension}",
            sources.len(),
            settings.seed
        ));
        return Ok(());
    };
    let folder = Folder::create(target)?;
    let mut progress = context.progress("simulator");
    progress.expect_rows(sources.iter().map(Source::rows_total).sum());
    let mut quotes = Vec::new();
    for source in &mut sources {
        while let Some(batch) = progress.time(|| source.next_batch())? {
            context.stop.check()?;
            progress.stats.rows_in += u64::try_from(batch.len()).unwrap_or(u64::MAX);
            quotes.push(batch);
            progress.tick();
        }
    }
    let done = progress
        .time(|| simulator::replay(&quotes, &settings))
        .map_err(|error| Failure::from(ErrorReport::new(&error)))?;
    context.stop.check()?;
    for (name, batch) in
        [(Decisions::SPEC.name, &done.decisions), (Executions::SPEC.name, &done.executions)]
    {
        let plan = OutputPlan {
            target: Target::File(folder.place(Path::new(&format!("{name}.{extension}")))?),
            format,
            is_ipc_file: format == Format::Arrow,
            force: false,
            all: true,
        };
        let mut output = TableOutput::open(&plan, &batch.schema())?;
        output.write_raw(batch)?;
        progress.stats.rows_out += output.finish()?.rows;
    }
    folder.publish()?;
    progress.end();
    progress.stats.observe(&mut context.metrics);
    let shown = target.display();
    context.console.closing(&Closing {
        stage: "simulator replay",
        // Quotes are read to decide, not to be copied.
        rows_in: progress.stats.rows_out,
        rows_out: progress.stats.rows_out,
        output: shown.to_string(),
        notes: vec![
            format!("quotes: {} read, seed {}", done.quotes, settings.seed),
            format!("decisions: {} rows", done.decisions.num_rows()),
            format!("executions: {} orders, {} filled", done.orders, done.fills),
        ],
        next: Some(format!(
            "hindsight labeling run {shown}/decisions.{extension} {shown}/executions.{extension} QUOTES.. -o labels"
        )),
        ..Closing::default()
    });
    Ok(())
}

fn settings(args: &ReplayArgs, context: &Context) -> Result<ReplaySettings, CliError> {
    let duration = |flag: &'static str, text: &str| {
        parse_duration_ns(text).map_err(|_| CliError::BadValue {
            flag,
            expected: "a duration such as 100ms or 5m",
            found: text.to_owned(),
        })
    };
    let amount = |flag: &'static str, text: &str| {
        Amount::parse(text).map_err(|_| CliError::BadValue {
            flag,
            expected: "a decimal number of at most 9 places",
            found: text.to_owned(),
        })
    };
    Ok(ReplaySettings {
        seed: context.config.count(&SIMULATOR_SEED).unsigned_abs(),
        rate_per_hour: args.rate,
        latency_ns: duration("--latency", &args.latency)?,
        horizon_ns: duration("--horizon", &args.horizon)?,
        drift_ns: duration("--drift", &args.drift)?,
        stale_ns: duration("--stale", &args.stale)?,
        qty: amount("--qty", &args.qty)?,
        fee_bps: amount("--fee-bps", &args.fee_bps)?,
        ccy: args.ccy.clone(),
    })
}
