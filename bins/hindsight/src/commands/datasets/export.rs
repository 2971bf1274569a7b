//! `hindsight datasets export`.

use super::store::{open, store};
use super::{bad_value, count, stopped};
use crate::cli::DatasetsExportArgs;
use crate::commands::now;
use crate::console::Closing;
use crate::context::Context;
use crate::error::Failure;
use crate::output::{OutputPlan, TableOutput};
use datasets::{
    ColumnChoice, ColumnRole, ExportOptions, Instant, Split, VersionView, export as rows_of,
};
use std::collections::BTreeSet;

/// Writes one split; a look at test is recorded before its first row leaves.
pub(in crate::commands) fn export(
    args: &DatasetsExportArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let split = Split::parse(&args.split)
        .ok_or_else(|| bad_value("--split", "train, validation or test", &args.split))?;
    let columns = if !args.columns.is_empty() {
        ColumnChoice::Names(args.columns.iter().cloned().collect())
    } else if args.roles.is_empty() {
        ColumnChoice::All
    } else {
        let roles = args.roles.iter().map(|word| {
            ColumnRole::parse(word).ok_or_else(|| {
                bad_value("--roles", "key, feature, mask, label, weight or meta", word)
            })
        });
        ColumnChoice::Roles(roles.collect::<Result<BTreeSet<_>, _>>()?)
    };
    let now = now(args.now.as_deref())?;
    let store = store(context)?;
    let version = open(&store, &args.store, &args.version)?;
    let view = VersionView { manifest: &version.manifest, folder: &version.folder };
    let options = ExportOptions { imputed: args.imputed, columns };
    let batches = rows_of(view, split, &options).map_err(|error| stopped(&error))?;
    let to = &args.output;
    let path = to.output.as_deref();
    let mut plan = OutputPlan::data("datasets export", to.format, path, to.force, &[])?;
    plan.all = to.all;
    let mut progress = context.progress("datasets");
    if let Some(look) = batches.look() {
        let recorded = store.record_look(&version, look, Instant(now.nanos()));
        recorded.map_err(|error| stopped(&error))?;
    }
    let mut output = TableOutput::open(&plan, &batches.schema())?;
    for batch in batches {
        context.stop.check()?;
        let batch = batch.map_err(|error| stopped(&error))?;
        progress.stats.rows_in += count(batch.num_rows());
        progress.stats.rows_out += count(batch.num_rows());
        output.write_raw(&batch)?;
        progress.tick();
    }
    let place = plan.target.name();
    output.finish()?;
    progress.end();
    context.console.closing(&Closing {
        stage: "datasets export",
        rows_in: progress.stats.rows_in,
        rows_out: progress.stats.rows_out,
        output: place,
        ..Closing::default()
    });
    Ok(())
}
