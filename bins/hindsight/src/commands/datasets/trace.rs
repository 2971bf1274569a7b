//! `hindsight datasets trace`.

use super::error::DatasetsError;
use super::store::{open, store};
use super::{bad_value, count, stopped};
use crate::cli::DatasetsTraceArgs;
use crate::commands::is_json;
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::output::{Document, Grid, print};
use contract::EventId;
use datasets::{Store, Version, VersionView, impact, trace as follow};

/// Leads from a row to its records, or from a record to the rows that may hold it.
///
/// - **Shape:** of a record too many rows perhaps, too few never.
pub(in crate::commands) fn trace(
    args: &DatasetsTraceArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let json = is_json("datasets trace", &args.report)?;
    let store = store(context)?;
    if let Some(range) = &args.record {
        let versions = versions(args, &store)?;
        return records(range, &versions, json);
    }
    let (Some(version), Some(row)) = (&args.version, &args.row) else {
        return Err(CliError::NothingToDo.into());
    };
    let version = open(&store, &args.store, version)?;
    let id =
        EventId::parse(row).map_err(|error| DatasetsError::flag("--row", row.as_str(), &error))?;
    let view = VersionView { manifest: &version.manifest, folder: &version.folder };
    let found = follow(view, id, args.column.as_deref()).map_err(|error| stopped(&error))?;
    if json {
        let text = found
            .to_json()
            .map_err(|error| DatasetsError::Document { message: error.to_string() })?;
        return print(&format!("{text}\n"));
    }
    print(&found.lines().into_iter().map(|line| line + "\n").collect::<String>())
}

/// The version asked for, or every version of every dataset that can still be opened.
fn versions(args: &DatasetsTraceArgs, store: &Store) -> Result<Vec<Version>, Failure> {
    if let Some(version) = &args.version {
        return Ok(vec![open(store, &args.store, version)?]);
    }
    let mut versions = Vec::new();
    for name in store.names().map_err(|error| stopped(&error))? {
        for record in store.history(&name).map_err(|error| stopped(&error))? {
            if record.kind != contract::DatasetEventKind::Published {
                continue;
            }
            let reference = format!("{name}@{}", record.ordinal);
            // Withdrawn and collected versions hold nothing that could still be read.
            if let Ok(version) = open(store, &args.store, &reference) {
                versions.push(version);
            }
        }
    }
    Ok(versions)
}

fn records(range: &str, versions: &[Version], json: bool) -> Result<(), Failure> {
    let parse = |text: &str| text.parse::<u64>().ok();
    let ends = match range.split_once("..") {
        Some((low, high)) => parse(low).zip(parse(high)),
        None => parse(range).map(|seq| (seq, seq)),
    };
    let (low, high) = ends.filter(|(low, high)| low <= high).ok_or_else(|| {
        bad_value("--record", "a sequence as 4711, or a range as 4711..4720", range)
    })?;
    let mut grid = Grid::new(["version", "rows that may hold it", "first rows"]);
    let mut documents = Vec::new();
    for version in versions {
        let view = VersionView { manifest: &version.manifest, folder: &version.folder };
        let found = impact(view, low..=high).map_err(|error| stopped(&error))?;
        let name = format!("{}@{}", version.manifest.name, version.record.ordinal);
        let first: Vec<String> = found.first.iter().map(ToString::to_string).collect();
        documents.push(
            Document::object().with("version", name.as_str()).with("rows", found.rows).with(
                "first",
                first.iter().map(|id| Document::from(id.as_str())).collect::<Vec<_>>(),
            ),
        );
        grid.row([name, found.rows.to_string(), first.join(" ")]);
    }
    if json {
        let whole = Document::new("hindsight.datasets_impact.v1")
            .with("versions", documents)
            .with("count", count(versions.len()));
        return print(&format!("{whole}\n"));
    }
    print(&grid.to_text())
}
