//! `hindsight features list`.

use super::unknown;
use crate::cli::FeaturesListArgs;
use crate::commands::is_json;
use crate::error::Failure;
use crate::output::{Document, Grid, print};
use features::{Catalogue, Listed};
use std::fmt::Write as _;

/// Prints the catalogue, one line a measure with its windows.
pub(in crate::commands) fn list(args: &FeaturesListArgs) -> Result<(), Failure> {
    let json = is_json("features list", &args.report)?;
    let catalogue = Catalogue::builtin();
    let all: Vec<Listed> = catalogue.list().collect();
    for pattern in &args.patterns {
        if !all.iter().any(|entry| entry.matches(pattern)) {
            return Err(nothing(pattern, &all));
        }
    }
    let asked = |entry: &&Listed| {
        args.patterns.is_empty() || args.patterns.iter().any(|pattern| entry.matches(pattern))
    };
    let found: Vec<&Listed> = all.iter().filter(asked).collect();
    if json {
        let entries: Vec<Document> = found.iter().map(|entry| document(entry)).collect();
        let document = Document::new("hindsight.features.v1").with("features", entries);
        return print(&format!("{document}\n"));
    }
    let mut grid = Grid::new(["feature", "windows", "unit", "meaning"]);
    for entry in &found {
        let unit = entry.about.unit.word();
        grid.row([&entry.stem, &entry.windows.join(" "), unit, &entry.about.definition]);
    }
    let names: usize = found.iter().map(|entry| entry.windows.len()).sum();
    let mut text = grid.to_text();
    let _ = writeln!(
        text,
        "{} measures, {names} features; `{{r}}` stands for a role; `hindsight features show NAME` says more",
        found.len()
    );
    print(&text)
}

fn document(entry: &Listed) -> Document {
    Document::object()
        .with("feature", entry.stem.as_str())
        .with("family", entry.family())
        .with("windows", entry.windows.clone())
        .with("takes", entry.takes)
        .with("unit", entry.about.unit.word())
        .with("definition", entry.about.definition.as_str())
}

fn nothing(pattern: &str, all: &[Listed]) -> Failure {
    let families = all.iter().map(Listed::family);
    let mut names: Vec<&str> = families.chain(all.iter().map(|e| e.stem.as_str())).collect();
    names.dedup();
    let near = contract::nearest(pattern, names).into_iter().map(str::to_owned).collect();
    unknown(pattern, near)
}
