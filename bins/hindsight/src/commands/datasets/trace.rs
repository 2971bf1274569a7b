//! `hindsight datasets trace`.

use super::store::{open, store};
use super::{bad_value, count, stopped};
use crate::cli::DatasetsTraceArgs;
use crate::commands::is_json;
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::output::{Document, Grid, print};
use contract::{EventId, UtcNanos};
use datasets::{
    ColumnTrace, RowPlace, RowTrace, Split, Store, Version, VersionView, impact, trace as follow,
};
use std::fmt::Write as _;

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
        EventId::parse(row).map_err(|_| bad_value("--row", "the id of a decision, a UUID", row))?;
    let view = VersionView { manifest: &version.manifest, folder: &version.folder };
    let found = follow(view, id).map_err(|error| stopped(&error))?;
    if let Some(column) = &args.column
        && found.column(column).is_none()
    {
        return Err(bad_value("--column", "a feature or label of the row", column).into());
    }
    let wanted = |traced: &&ColumnTrace| args.column.as_ref().is_none_or(|c| *c == traced.column);
    let columns: Vec<&ColumnTrace> = found.columns.iter().filter(wanted).collect();
    if json {
        print(&format!("{}\n", document(&found, &columns)))
    } else {
        print(&text(&found, &columns))
    }
}

fn document(row: &RowTrace, columns: &[&ColumnTrace]) -> Document {
    let pair = |[low, high]: [Option<u64>; 2]| {
        let word = |seq: Option<u64>| seq.map_or(String::new(), |seq| seq.to_string());
        format!("{}..{}", word(low), word(high))
    };
    let whole = Document::new("hindsight.datasets_trace.v1")
        .with("row_id", row.row_id.to_string())
        .with("ts_cutoff", UtcNanos::from_nanos(row.ts_cutoff).to_string())
        .with("seq", row.seq.to_string());
    let whole = match &row.place {
        RowPlace::In { split, source } => whole
            .with("split", split.word())
            .with(
                "own_seqs",
                source.own_seqs.iter().map(|s| Document::from(s.to_string())).collect::<Vec<_>>(),
            )
            .with("features_seq", pair(source.src_seq))
            .with("features_rows", source.src_rows)
            .with("labels_seq", pair(source.label_seq))
            .with("labels_revision", u64::from(source.label_revision))
            .with("labels_inputs_hash", source.label_inputs.to_string()),
        RowPlace::Dropped { reason, from } => {
            whole.with("dropped", reason.word()).with("from_split", from.map_or("", Split::word))
        }
    };
    let columns: Vec<Document> = columns
        .iter()
        .map(|traced| {
            Document::object()
                .with("column", traced.column.as_str())
                .with(
                    "from",
                    traced
                        .interval
                        .map_or(String::new(), |i| UtcNanos::from_nanos(i.start).to_string()),
                )
                .with(
                    "to",
                    traced
                        .interval
                        .map_or(String::new(), |i| UtcNanos::from_nanos(i.end).to_string()),
                )
                .with(
                    "definitions",
                    traced
                        .definitions
                        .iter()
                        .map(|h| Document::from(h.to_string()))
                        .collect::<Vec<_>>(),
                )
        })
        .collect();
    whole.with("columns", columns)
}

fn text(row: &RowTrace, columns: &[&ColumnTrace]) -> String {
    let instant = |ns: i64| UtcNanos::from_nanos(ns).to_string();
    let pair = |[low, high]: [Option<u64>; 2]| match (low, high) {
        (Some(low), Some(high)) => format!("seq {low} to {high}"),
        _ => "no recorded seq".to_owned(),
    };
    let mut text =
        format!("row     {}\ncutoff  {}, seq {}\n", row.row_id, instant(row.ts_cutoff), row.seq);
    match &row.place {
        RowPlace::In { split, source } => {
            let own: Vec<String> = source.own_seqs.iter().map(u64::to_string).collect();
            let _ = writeln!(text, "split   {split}");
            let _ = writeln!(
                text,
                "own     {}",
                if own.is_empty() { "none recorded".to_owned() } else { own.join(" ") }
            );
            let _ = writeln!(
                text,
                "read    {} rows for its features, {}",
                source.src_rows,
                pair(source.src_seq)
            );
            let _ = writeln!(
                text,
                "label   {}, until {}, revision {}",
                pair(source.label_seq),
                instant(source.label_end),
                source.label_revision
            );
        }
        RowPlace::Dropped { reason, from } => {
            let from = from.map_or(String::new(), |split| format!(", would have been in {split}"));
            let _ = writeln!(text, "dropped {reason}{from}");
        }
    }
    if columns.is_empty() {
        return text;
    }
    let mut grid = Grid::new(["column", "available from", "to", "made by"]);
    for traced in columns {
        let hashes: Vec<String> =
            traced.definitions.iter().map(|h| h.to_string().chars().take(16).collect()).collect();
        let [from, to] = traced
            .interval
            .map_or([String::new(), String::new()], |i| [instant(i.start), instant(i.end)]);
        grid.row([traced.column.clone(), from, to, hashes.join(" ")]);
    }
    text.push('\n');
    text.push_str(&grid.to_text());
    text
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
        let first: Vec<String> =
            found.first.iter().map(|(split, id)| format!("{split}:{id}")).collect();
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
