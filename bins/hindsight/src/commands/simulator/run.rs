//! `hindsight simulator run`.

use crate::cli::SimulateArgs;
use crate::config::{SIMULATOR_PRESET, SIMULATOR_SCENARIO, SIMULATOR_SEED, SIMULATOR_SPEED};
use crate::console::Closing;
use crate::context::Context;
use crate::error::{CliError, ErrorReport, Failure};
use crate::input::file_text;
use crate::output::{Folder, Format, OutputPlan, TableOutput, Target};
use contract::Observe;
use contract::arrow_array::RecordBatch;
use simulator::{Scenario, Simulation};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Makes a directory of tables: events and references at its top, the truth below `truth/`.
///
/// - **Shape:** one file a table; the directory takes its name when every file is whole.
pub(in crate::commands) fn run(args: &SimulateArgs, context: &mut Context) -> Result<(), Failure> {
    let scenario = scenario(context)?;
    let seed = context.config.count(&SIMULATOR_SEED).unsigned_abs();
    let extension = match args.format {
        None | Some(Format::Parquet) => "parquet",
        Some(Format::Arrow) => "arrow",
        Some(Format::Csv) => "csv",
        Some(Format::Jsonl) => "jsonl",
        Some(other) => {
            return Err(CliError::FormatNotForCommand {
                command: "simulator run",
                expected: "parquet, arrow, csv, jsonl",
                found: other.word(),
            }
            .into());
        }
    };
    let mut simulation = Simulation::new(&scenario, seed).with_threads(context.threads());
    if args.clean {
        simulation = simulation.clean();
    }
    let (from, to) = simulation.span();
    let head = format!(
        "scenario {} (sha256 {}), seed {seed}, {} instruments, {from} to {to}",
        scenario.name(),
        scenario.hash(),
        scenario.instruments()
    );
    if let Some(table) = args.stream.as_deref().filter(|_| !args.dry_run) {
        return stream(table, args, simulation, head, context);
    }
    let Some(target) = args.output.as_deref().filter(|_| !args.dry_run) else {
        let tables = simulator::table_names().join(" ");
        context
            .console
            .note(&format!("simulator run: {head}\n  would make {tables} as {extension}"));
        return Ok(());
    };
    if target == Path::new("-") {
        let (path, expected) =
            ("-".to_owned(), "a directory; `--stream TABLE` writes one table to standard output");
        return Err(CliError::UnknownFormat { input: path, expected }.into());
    }
    let folder = Folder::create(target)?;
    let format = args.format.unwrap_or(Format::Parquet);
    let mut tables = Tables { folder, format, extension, open: BTreeMap::new() };
    let references =
        simulation.references().map_err(|error| Failure::from(ErrorReport::new(&error)))?;
    for (name, batch) in &references {
        tables.write(name, batch, "")?;
    }
    let mut progress = context.progress("simulator");
    let mut pace = Pace::new(context.config.word(&SIMULATOR_SPEED), from.nanos());
    while let Some(slice) = progress.time(|| simulation.next()) {
        context.stop.check()?;
        for (name, batch) in slice.tables() {
            tables.write(name, batch, "")?;
        }
        for (name, batch) in slice.truth() {
            tables.write(name, batch, "truth")?;
        }
        progress.stats.rows_in += slice.rows();
        progress.stats.rows_out += slice.rows();
        progress.tick();
        tracing::debug!(stage = "simulator", rows = slice.rows(), "slice");
        pace.wait(slice.to().nanos(), context)?;
    }
    context.stop.check()?;
    let rows = tables.finish()?;
    progress.end();
    progress.stats.observe(&mut context.metrics);
    let mut notes = vec![head];
    notes.extend(rows.iter().map(|(name, rows)| format!("{name}: {rows} rows")));
    context.console.closing(&Closing {
        stage: "simulator run",
        rows_in: progress.stats.rows_in,
        rows_out: progress.stats.rows_out,
        output: target.display().to_string(),
        notes,
        next: Some(format!("hindsight simulator truth {}", target.display())),
        ..Closing::default()
    });
    Ok(())
}

/// Writes one event table to standard output, slice by slice at the pace asked for, so that a stage behind a pipe sees
/// rows as a collector would.
fn stream(
    table: &str,
    args: &SimulateArgs,
    mut simulation: Simulation,
    head: String,
    context: &mut Context,
) -> Result<(), Failure> {
    let spec = crate::input::table(table)?;
    let plan = OutputPlan::data("simulator run --stream", args.format, None, false, &[])?;
    let (from, _) = simulation.span();
    let mut output = TableOutput::open(&plan, &Arc::new(spec.schema(false)))?;
    let mut progress = context.progress("simulator");
    let mut pace = Pace::new(context.config.word(&SIMULATOR_SPEED), from.nanos());
    while let Some(slice) = progress.time(|| simulation.next()) {
        context.stop.check()?;
        pace.wait(slice.to().nanos(), context)?;
        let rows = slice.table(table).filter(|batch| batch.num_rows() > 0);
        if let Some(batch) = rows {
            output.write_raw(batch)?;
            output.flush()?;
            let n = u64::try_from(batch.num_rows()).unwrap_or(u64::MAX);
            progress.stats.rows_in += n;
            progress.stats.rows_out += n;
        }
        progress.tick();
    }
    context.stop.check()?;
    output.finish()?;
    progress.end();
    progress.stats.observe(&mut context.metrics);
    context.console.closing(&Closing {
        stage: "simulator run",
        rows_in: progress.stats.rows_in,
        rows_out: progress.stats.rows_out,
        output: plan.target.name(),
        notes: vec![head],
        ..Closing::default()
    });
    Ok(())
}

fn scenario(context: &Context) -> Result<Scenario, Failure> {
    let Some(path) = context.config.path(&SIMULATOR_SCENARIO) else {
        let preset = context.config.word(&SIMULATOR_PRESET);
        return Scenario::preset(preset).map_err(|error| ErrorReport::new(&error).into());
    };
    let (name, text) = file_text(path)?;
    Scenario::parse(&text).map_err(|error| Failure::from(ErrorReport::new(&error)).in_input(&name))
}

/// The files of a run, opened when their first row comes.
struct Tables {
    folder: Folder,
    format: Format,
    extension: &'static str,
    open: BTreeMap<String, TableOutput>,
}

impl Tables {
    fn write(&mut self, name: &str, batch: &RecordBatch, below: &str) -> Result<(), Failure> {
        // The directory says that it is the truth; the name need not say it again.
        let short = name.strip_prefix("truth_").filter(|_| !below.is_empty()).unwrap_or(name);
        let place = Path::new(below).join(format!("{short}.{}", self.extension));
        let key = place.display().to_string();
        if !self.open.contains_key(&key) {
            let plan = OutputPlan {
                target: Target::File(self.folder.place(&place)?),
                format: self.format,
                is_ipc_file: self.format == Format::Arrow,
                force: false,
                all: true,
            };
            self.open.insert(key.clone(), TableOutput::open(&plan, &batch.schema())?);
        }
        match self.open.get_mut(&key) {
            Some(output) => output.write_raw(batch),
            None => Ok(()),
        }
    }

    /// Publishes every file, then the directory.
    fn finish(self) -> Result<Vec<(String, u64)>, Failure> {
        let mut rows = Vec::new();
        for (name, output) in self.open {
            rows.push((name, output.finish()?.rows));
        }
        self.folder.publish()?;
        Ok(rows)
    }
}

/// Holds a run back to the pace of the market that it simulates.
struct Pace {
    speed: Option<i64>,
    start: Instant,
    from_ns: i64,
}

impl Pace {
    fn new(word: &str, from_ns: i64) -> Self {
        let speed = match word {
            "1x" => Some(1),
            "10x" => Some(10),
            _ => None,
        };
        Self { speed, start: Instant::now(), from_ns }
    }

    /// Waits until the market's time `to_ns` has come, in short steps, so that a signal is heard.
    fn wait(&mut self, to_ns: i64, context: &Context) -> Result<(), Failure> {
        let Some(speed) = self.speed else { return Ok(()) };
        let due = u64::try_from(to_ns.saturating_sub(self.from_ns) / speed).unwrap_or(0);
        let due = Duration::from_nanos(due);
        while let Some(left) = due.checked_sub(self.start.elapsed()).filter(|left| !left.is_zero())
        {
            std::thread::sleep(left.min(Duration::from_millis(50)));
            context.stop.check()?;
        }
        Ok(())
    }
}
