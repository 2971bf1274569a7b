//! `hindsight datasets list`.

use super::store::store;
use super::{bad_value, stopped};
use crate::cli::DatasetsListArgs;
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::output::{Document, Format, Grid, OutputPlan, TableOutput, print};
use contract::{Name, Vocabulary as _};
use datasets::{CommitRecord, Store, dataset_events};

/// Prints the datasets of a store with their latest version, or the records of one.
pub(in crate::commands) fn list(
    args: &DatasetsListArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let store = store(context)?;
    let names = match &args.name {
        None => store.names().map_err(|error| stopped(&error))?,
        Some(text) => {
            let parsed = Name::parse(text);
            vec![parsed.map_err(|_| bad_value("NAME", "the name of a dataset", text))?]
        }
    };
    let mut histories = Vec::with_capacity(names.len());
    for name in names {
        let records = store.history(&name).map_err(|error| stopped(&error))?;
        histories.push((name, records));
    }
    match args.output.format {
        None if args.output.output.is_none() => {}
        Some(Format::Table | Format::Json) => {}
        _ => return events(args, &store, &histories),
    }
    if args.output.format == Some(Format::Json) {
        let records: Vec<Document> = histories
            .iter()
            .flat_map(|(name, records)| records.iter().map(|record| document(name, record)))
            .collect();
        let whole = Document::new("hindsight.datasets.v1").with("records", records);
        return print(&format!("{whole}\n"));
    }
    let mut grid = Grid::new(["dataset", "record", "what", "version", "manifest", "when", "note"]);
    for (name, records) in &histories {
        // Of all datasets the last record, of one every record.
        let skip = if args.name.is_none() { records.len().saturating_sub(1) } else { 0 };
        for record in records.iter().skip(skip) {
            grid.row([
                name.to_string(),
                record.ordinal.to_string(),
                record.word().to_owned(),
                record.version.to_string(),
                record.manifest.to_string().chars().take(16).collect(),
                record.ts.to_string(),
                record.note.clone().unwrap_or_default(),
            ]);
        }
    }
    print(&grid.to_text())
}

/// Of every dataset, by its last record: the name with the number of the version, what happened to it, and its manifest.
pub(in crate::commands) fn latest(
    context: &Context,
) -> Result<Vec<(String, String, String)>, Failure> {
    let store = store(context)?;
    let mut latest = Vec::new();
    for name in store.names().map_err(|error| stopped(&error))? {
        let records = store.history(&name).map_err(|error| stopped(&error))?;
        if let Some(record) = records.last() {
            let manifest: String = record.manifest.to_string().chars().take(16).collect();
            let found = format!("manifest {manifest}, {}", record.ts);
            latest.push((format!("{name}@{}", record.version), record.word().to_owned(), found));
        }
    }
    Ok(latest)
}

/// The records as the table `dataset_events`.
fn events(
    args: &DatasetsListArgs,
    store: &Store,
    histories: &[(Name, Vec<CommitRecord>)],
) -> Result<(), Failure> {
    let to = &args.output;
    let path = to.output.as_deref();
    let mut plan = OutputPlan::data("datasets list", to.format, path, to.force, &[])?;
    plan.all = to.all;
    let mut output: Option<TableOutput> = None;
    for (name, records) in histories {
        let manifests = store.manifests(name).map_err(|error| stopped(&error))?;
        let events = dataset_events(name, records, &manifests).map_err(|error| stopped(&error))?;
        let batch = events.into_record_batch();
        let output = match &mut output {
            Some(output) => output,
            None => output.insert(TableOutput::open(&plan, &batch.schema())?),
        };
        output.write_raw(&batch)?;
    }
    match output {
        Some(output) => output.finish().map(|_| ()),
        None => Err(CliError::NothingToDo.into()),
    }
}

fn document(name: &Name, record: &CommitRecord) -> Document {
    Document::object()
        .with("dataset", name.as_str())
        .with("ordinal", record.ordinal)
        .with("kind", record.kind.word())
        .with("manifest_hash", record.manifest.to_string())
        .with("ts", record.ts.to_string())
        .with("note", record.note.as_deref().unwrap_or_default())
}
