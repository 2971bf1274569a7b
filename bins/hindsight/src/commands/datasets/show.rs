//! `hindsight datasets show`.

use super::store::{open, store};
use super::{certificate, stopped};
use crate::cli::DatasetsShowArgs;
use crate::commands::is_json;
use crate::context::Context;
use crate::error::Failure;
use crate::output::{Grid, print};
use datasets::{Certificate, Manifest, Split, layout};
use std::fmt::Write as _;

/// Prints what a version holds; `-f json` prints its manifest as it is stored.
pub(in crate::commands) fn show(
    args: &DatasetsShowArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let json = is_json("datasets show", &args.report)?;
    let store = store(context)?;
    let version = open(&store, &args.store, &args.version)?;
    let stored = |path: &str| version.folder.text(path).map_err(|error| stopped(&error));
    if let Some(path) = &args.document {
        return print(&stored(path)?);
    }
    if json {
        return print(&format!("{}\n", stored(layout::file::MANIFEST)?));
    }
    let manifest = &version.manifest;
    let record = &version.record;
    let certificate: Certificate =
        version.folder.document(layout::file::CERTIFICATE).map_err(|error| stopped(&error))?;
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{}@{}, {} rows for {} models, {}",
        manifest.name,
        record.ordinal,
        manifest.splits.values().map(|split| split.rows).sum::<u64>(),
        manifest.kind,
        if manifest.deployable { "deployable" } else { "diagnostic: no live forecast" }
    );
    let _ = writeln!(text, "manifest  {}", record.manifest);
    let _ = writeln!(text, "content   {}", manifest.content_hash);
    let _ = writeln!(text, "folder    {}", version.folder.root().display());
    let _ = writeln!(text, "as of     seq {} at {}", manifest.as_of.seq.0, manifest.as_of.ts);
    let _ = writeln!(text, "features  {}", manifest.features.len());
    let _ = writeln!(text);
    text.push_str(&splits(manifest));
    for target in &manifest.targets {
        let _ = writeln!(text, "\ntarget {} ({})", target.name, target.task);
        text.push_str(&classes(target));
    }
    let _ = writeln!(text);
    text.push_str(&certificate::text(&certificate));
    print(&text)
}

/// Rows of each split and of each reason, and what they add up to.
pub(super) fn splits(manifest: &Manifest) -> String {
    let mut grid = Grid::new(["decisions", "rows", "from", "to", "N_eff"]);
    for split in Split::ALL {
        let Some(facts) = manifest.splits.get(split.word()) else { continue };
        let [from, to] = facts.ts_cutoff;
        grid.row([
            split.word().to_owned(),
            facts.rows.to_string(),
            from.to_string(),
            to.to_string(),
            facts.n_eff.map_or(String::new(), |n| format!("{:.1}", n.0)),
        ]);
    }
    let none = || [String::new(), String::new(), String::new()];
    let mut line = |what: String, rows: u64| {
        let [a, b, c] = none();
        grid.row([what, rows.to_string(), a, b, c]);
    };
    for (reason, rows) in &manifest.dropped {
        line(format!("dropped: {reason}"), *rows);
    }
    line("selected".to_owned(), manifest.selected);
    grid.to_text()
}

fn classes(target: &datasets::TargetColumn) -> String {
    let mut names: Vec<&str> =
        target.classes.values().flat_map(|counts| counts.keys().map(String::as_str)).collect();
    names.sort_by_key(|name| name.parse::<i64>().unwrap_or(0));
    names.dedup();
    if names.is_empty() {
        return String::new();
    }
    let mut header = vec!["split".to_owned()];
    header.extend(names.iter().map(|name| format!("class {name}")));
    let mut grid = Grid::new(header);
    for split in Split::ALL {
        let Some(counts) = target.classes.get(split.word()) else { continue };
        let mut cells = vec![split.word().to_owned()];
        cells.extend(names.iter().map(|name| counts.get(*name).unwrap_or(&0).to_string()));
        grid.row(cells);
    }
    grid.to_text()
}
