//! `hindsight feeds convert`.

use super::{Reading, Receiver, count, read_input};
use crate::cli::ConvertArgs;
use crate::commands::instant;
use crate::console::Closing;
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::input::{open, parse_inputs, table};
use crate::output::{OutputPlan, TableOutput, Target};
use crate::progress::Progress;
use crate::rejects::RejectSink;
use crate::signals::Stop;
use arrow_schema::Schema;
use contract::{AnyBatch, Observe, Reject, TableSpec};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the rows go.
enum Outputs {
    /// One table into one output; rows of others are counted, or an error where the user named none.
    One {
        plan: OutputPlan,
        only: Option<&'static TableSpec>,
        output: Option<(&'static str, Box<TableOutput>)>,
    },
    /// Every table into a file of its own.
    Folder {
        plan: OutputPlan,
        folder: PathBuf,
        extension: &'static str,
        tables: BTreeMap<&'static str, TableOutput>,
    },
}

/// Takes rows in, and keeps the books.
struct Converter<'a> {
    outputs: Outputs,
    rejects: RejectSink,
    progress: Progress,
    stop: &'a Stop,
    /// Rows of tables that were not asked for.
    passed_over: BTreeMap<&'static str, u64>,
    input: String,
}

impl Receiver for Converter<'_> {
    fn take(&mut self, rows: Vec<AnyBatch>, rejects: &[Reject]) -> Result<(), Failure> {
        self.stop.check()?;
        self.progress.stats.rows_in += count(rejects.len());
        self.progress.stats.rejects += count(rejects.len());
        self.rejects.push(rejects)?;
        for batch in rows {
            let (table, rows) = (batch.spec().name, count(batch.len()));
            tracing::debug!(stage = "feeds", table, rows, "batch");
            if let Outputs::One { only: Some(only), .. } = &self.outputs
                && only.name != table
            {
                *self.passed_over.entry(table).or_default() += rows;
                continue;
            }
            self.progress.stats.rows_in += rows;
            self.write(&batch)?;
            self.progress.stats.rows_out += rows;
        }
        self.progress.tick();
        Ok(())
    }
}

impl Converter<'_> {
    fn write(&mut self, batch: &AnyBatch) -> Result<(), Failure> {
        let table = batch.spec().name;
        let schema = || batch.slice(0, 0).into_record_batch().schema();
        match &mut self.outputs {
            Outputs::One { plan, output, .. } => {
                let (first, output) = match output {
                    Some(output) => output,
                    None => output.insert((table, Box::new(TableOutput::open(plan, &schema())?))),
                };
                if *first != table {
                    return Err(CliError::MixedTables {
                        input: self.input.clone(),
                        expected: (*first).to_owned(),
                        found: table.to_owned(),
                    }
                    .into());
                }
                self.progress.time(|| output.write(batch))
            }
            Outputs::Folder { plan, folder, extension, tables } => {
                if !tables.contains_key(table) {
                    let target = Target::File(folder.join(format!("{table}.{extension}")));
                    let plan = OutputPlan { target, ..plan.clone() };
                    tables.insert(table, TableOutput::open(&plan, &schema())?);
                }
                match tables.get_mut(table) {
                    Some(output) => self.progress.time(|| output.write(batch)),
                    None => Ok(()),
                }
            }
        }
    }
}

/// Rows in the contract's shape, every row rule checked; what breaks one becomes a reject.
pub(in crate::commands) fn convert(
    args: &ConvertArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let reading = Reading {
        table: args.table.as_deref().map(table).transpose()?,
        from: args.from,
        spec: Reading::spec_of(args.spec.as_deref(), context)?,
        now: args.now.as_deref().map(|text| instant("--now", text)).transpose()?,
        trust_eof: args.trust_eof,
    };
    let inputs = parse_inputs(&args.inputs)?;
    let opened = inputs.iter().map(open).collect::<Result<Vec<_>, _>>()?;
    let identities: Vec<(u64, u64)> = opened.iter().filter_map(|opened| opened.identity).collect();
    let to = &args.output;
    let outputs = if let Some(folder) = &args.tables {
        folder_of(folder, args, &identities)?
    } else {
        let path = to.output.as_deref();
        let mut plan = OutputPlan::data("feeds convert", to.format, path, to.force, &identities)?;
        plan.all = to.all;
        Outputs::One { plan, only: reading.table, output: None }
    };
    let beside = args.tables.as_ref().map(|folder| folder.join("tables.arrow"));
    let rejects = RejectSink::new(
        args.rejects.rejects.as_deref(),
        to.output.as_deref().filter(|path| *path != Path::new("-")).or(beside.as_deref()),
        context.allowance()?,
        to.force,
        &identities,
    )?;
    if to.dry_run {
        let count = inputs.len();
        context.console.note(&format!(
            "feeds convert: would read {count} inputs and write to {}",
            name(&outputs)
        ));
        return Ok(());
    }
    let mut converter = Converter {
        outputs,
        rejects,
        progress: context.progress("feeds"),
        stop: &context.stop,
        passed_over: BTreeMap::new(),
        input: String::new(),
    };
    let mut notes = Vec::new();
    for (input, opened) in inputs.iter().zip(opened) {
        converter.input = input.name();
        tracing::info!(stage = "feeds", input = converter.input, "reading");
        if let Some(report) = read_input(&reading, opened, input, &mut converter)? {
            for (rule, stamps) in &report.clock_rules {
                notes.push(format!("{}: {stamps} stamps by clock {rule}", input.name()));
            }
        }
    }
    context.stop.check()?;
    finish(converter, args, &reading, notes).map(|(progress, closing)| {
        progress.stats.observe(&mut context.metrics);
        context.console.closing(&closing);
    })
}

/// Publishes everything, rejects first: they say why, whatever comes of the rest.
fn finish(
    mut converter: Converter<'_>,
    args: &ConvertArgs,
    reading: &Reading,
    mut notes: Vec<String>,
) -> Result<(Progress, Closing), Failure> {
    let stats = converter.progress.stats.clone();
    let rejects_path = converter.rejects.finish(stats.rows_in)?;
    if args.output.fail_if_empty && stats.rows_out == 0 {
        return Err(CliError::NothingToDo.into());
    }
    let output = name(&converter.outputs);
    let next = match converter.outputs {
        Outputs::One { plan, output, only } => {
            let open = match (output, only.or(reading.table)) {
                (Some((_, output)), _) => Some(*output),
                (None, Some(spec)) => {
                    let schema: Arc<Schema> = Arc::new(spec.schema(false));
                    Some(TableOutput::open(&plan, &schema)?)
                }
                (None, None) => None,
            };
            if let Some(open) = open {
                open.finish()?;
            }
            match &plan.target {
                Target::File(path) => Some(format!("hindsight cat {} -f table", path.display())),
                Target::Stdout => None,
            }
        }
        Outputs::Folder { folder, tables, .. } => {
            for (table, output) in tables {
                let rows = output.finish()?.rows;
                notes.push(format!("{table}: {rows} rows"));
            }
            Some(format!("ls {}", folder.display()))
        }
    };
    for (table, rows) in &converter.passed_over {
        notes.push(format!(
            "{rows} rows of {table} were not asked for; --tables DIR keeps every table"
        ));
    }
    converter.progress.end();
    let closing = Closing {
        stage: "feeds convert",
        rows_in: stats.rows_in,
        rows_out: stats.rows_out,
        rejects: stats.rejects,
        output,
        rejects_path: rejects_path.map(|path| path.display().to_string()),
        notes,
        next,
    };
    Ok((converter.progress, closing))
}

fn name(outputs: &Outputs) -> String {
    match outputs {
        Outputs::One { plan, .. } => plan.target.name(),
        Outputs::Folder { folder, .. } => folder.display().to_string(),
    }
}

/// An existing directory, every table a file in it.
fn folder_of(
    folder: &Path,
    args: &ConvertArgs,
    identities: &[(u64, u64)],
) -> Result<Outputs, Failure> {
    use crate::output::Format;
    let found = std::fs::metadata(folder).map_err(|e| CliError::writing(folder, e))?;
    if !found.is_dir() {
        return Err(CliError::NotDirectory { path: folder.display().to_string() }.into());
    }
    let extension = match args.output.format {
        None | Some(Format::Parquet) => "parquet",
        Some(Format::Arrow) => "arrow",
        Some(Format::Csv) => "csv",
        Some(Format::Jsonl) => "jsonl",
        Some(other) => {
            return Err(CliError::FormatNotForCommand {
                command: "feeds convert --tables",
                expected: "arrow, parquet, csv, jsonl",
                found: other.word(),
            }
            .into());
        }
    };
    // Whatever table comes, its file must be free: all names are known beforehand.
    let mut plan = None;
    for table in contract::TABLES {
        let path = folder.join(format!("{}.{extension}", table.name));
        plan = Some(OutputPlan::side(&path, args.output.force, identities)?);
    }
    let plan = plan.ok_or(CliError::NothingToDo)?;
    Ok(Outputs::Folder { plan, folder: folder.to_owned(), extension, tables: BTreeMap::new() })
}
