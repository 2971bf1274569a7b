//! `hindsight datasets gc`.

use super::store::store;
use super::{count, stopped};
use crate::cli::DatasetsGcArgs;
use crate::commands::{is_json, now};
use crate::context::Context;
use crate::error::Failure;
use crate::output::{Document, Grid, print};
use datasets::{GcPolicy, GcReason};

/// Prints what the collector would remove; with `--yes` it is removed and the bytes freed are measured.
pub(in crate::commands) fn gc(args: &DatasetsGcArgs, context: &mut Context) -> Result<(), Failure> {
    let json = is_json("datasets gc", &args.report)?;
    let now = now(args.now.as_deref())?;
    let store = store(context)?;
    let policy = GcPolicy::newest(args.keep);
    let plan = store.plan_gc(now, &policy).map_err(|error| stopped(&error))?;
    let done =
        if args.yes { Some(store.apply_gc(&plan).map_err(|error| stopped(&error))?) } else { None };
    if json {
        let items: Vec<Document> = plan
            .items
            .iter()
            .map(|item| {
                Document::object()
                    .with("path", item.path.display().to_string())
                    .with("bytes", item.bytes)
                    .with("why", why(&item.reason))
            })
            .collect();
        let whole = Document::new("hindsight.datasets_gc.v1")
            .with("items", items)
            .with("bytes", plan.bytes())
            .with("removed", done.is_some())
            .with("bytes_freed", done.as_ref().map_or(0, |done| done.file_bytes));
        return print(&format!("{whole}\n"));
    }
    let mut grid = Grid::new(["what", "bytes", "why"]);
    for item in &plan.items {
        let path = item.path.display().to_string();
        grid.row([path, item.bytes.to_string(), why(&item.reason)]);
    }
    print(&grid.to_text())?;
    let (items, bytes) = (count(plan.items.len()), plan.bytes());
    match done {
        Some(done) => {
            context
                .console
                .note(&format!("datasets gc: {items} removed, {} bytes freed", done.file_bytes));
        }
        None => context
            .console
            .note(&format!("datasets gc: {items} could go, {bytes} bytes; --yes removes them")),
    }
    Ok(())
}

fn why(reason: &GcReason) -> String {
    match reason {
        GcReason::Unused { version } => format!("version {version}: nothing keeps it"),
        GcReason::Leftover { version } => format!("version {version}: an interrupted collection"),
        GcReason::Orphan => "no record names it".to_owned(),
        _ => "a build that was never published".to_owned(),
    }
}
