//! `hindsight simulator truth`.

use crate::cli::TruthArgs;
use crate::context::Context;
use crate::error::{CliError, Failure, did_you_mean};
use crate::input::{InputArg, Place, RawSource};
use crate::output::{Document, Format, Grid, OutputPlan, TableOutput, Target, print};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// Prints one truth table, or which there are.
pub(in crate::commands) fn truth(args: &TruthArgs, context: &Context) -> Result<(), Failure> {
    let found = std::fs::metadata(&args.path).map_err(|e| CliError::reading(&args.path, e))?;
    if !found.is_dir() {
        return table(&args.path, args, context);
    }
    let tables = tables(&args.path)?;
    let Some(name) = &args.table else { return overview(&tables, args, context) };
    let name = name.strip_prefix("truth_").unwrap_or(name);
    if let Some((_, path)) = tables.iter().find(|(known, _)| known == name) {
        return table(path, args, context);
    }
    let near = did_you_mean(name, tables.iter().map(|(known, _)| known.as_str()));
    Err(CliError::NoRun {
        path: args.path.display().to_string(),
        expected: "a truth table of this run",
        found: format!("`{}`{near}", contract::excerpt(name.as_bytes())),
    }
    .into())
}

/// Names and paths of the truth tables of a run, in order.
fn tables(run: &Path) -> Result<Vec<(String, PathBuf)>, Failure> {
    let folder = run.join("truth");
    let entries = std::fs::read_dir(&folder).map_err(|_| CliError::NoRun {
        path: run.display().to_string(),
        expected: "a directory with truth/, as `simulator run` writes",
        found: "none".to_owned(),
    })?;
    let mut tables = Vec::new();
    for entry in entries {
        let path = entry.map_err(|e| CliError::reading(&folder, e))?.path();
        if let Some(name) = path.file_stem().and_then(|name| name.to_str()) {
            tables.push((name.to_owned(), path));
        }
    }
    tables.sort();
    Ok(tables)
}

fn overview(
    tables: &[(String, PathBuf)],
    args: &TruthArgs,
    context: &Context,
) -> Result<(), Failure> {
    let json = match args.format {
        None | Some(Format::Table) => false,
        Some(Format::Json) => true,
        Some(other) => {
            return Err(CliError::FormatNotForCommand {
                command: "simulator truth without --table",
                expected: "table, json",
                found: other.word(),
            }
            .into());
        }
    };
    let mut counts = Vec::new();
    for (name, path) in tables {
        counts.push((name.as_str(), rows(path, context)?));
    }
    if json {
        let list: Vec<Document> = counts
            .iter()
            .map(|(name, rows)| Document::object().with("table", *name).with("rows", *rows))
            .collect();
        let document = Document::new("hindsight.truth.v1").with("tables", list);
        return print(&format!("{document}\n"));
    }
    let mut grid = Grid::new(["table", "rows"]);
    for (name, rows) in counts {
        grid.row([name.to_owned(), rows.map(|rows| rows.to_string()).unwrap_or_default()]);
    }
    print(&grid.to_text())
}

/// Rows of a binary table; text is not counted.
fn rows(path: &Path, context: &Context) -> Result<Option<u64>, Failure> {
    let extension = path.extension().and_then(|extension| extension.to_str());
    if !matches!(extension, Some("parquet" | "arrow")) {
        return Ok(None);
    }
    let mut source = open(path, context)?;
    let mut rows = 0;
    while let Some(batch) = source.next_batch()? {
        rows += u64::try_from(batch.num_rows()).unwrap_or(u64::MAX);
    }
    Ok(Some(rows))
}

fn open(path: &Path, context: &Context) -> Result<RawSource, Failure> {
    let input = InputArg { table: None, place: Place::File(path.to_owned()) };
    RawSource::open(&input, &context.read_options(false))
}

fn table(path: &Path, args: &TruthArgs, context: &Context) -> Result<(), Failure> {
    let format = args.format.unwrap_or(Format::Table);
    if format == Format::Json {
        return Err(CliError::FormatNotForCommand {
            command: "simulator truth --table",
            expected: "table, csv, jsonl, arrow, parquet",
            found: format.word(),
        }
        .into());
    }
    if format.is_binary() && std::io::stdout().is_terminal() {
        return Err(CliError::BinaryToTerminal { format: format.word() }.into());
    }
    let plan = OutputPlan {
        target: Target::Stdout,
        format,
        is_ipc_file: false,
        force: false,
        all: args.all,
    };
    let mut source = open(path, context)?;
    let mut output = TableOutput::open(&plan, source.schema())?;
    while let Some(batch) = source.next_batch()? {
        context.stop.check()?;
        output.write_raw(&batch)?;
    }
    output.finish().map(|_| ())
}
