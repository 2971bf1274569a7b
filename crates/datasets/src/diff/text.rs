//! A diff as lines for people.

use super::{ColumnChanges, KeyChange, LabelChanges, RowGroup, VersionDiff};
use crate::export::ColumnRole;
use std::collections::{BTreeMap, BTreeSet};

impl VersionDiff {
    /// The diff as lines without ends: the facts of [`to_json`](Self::to_json), and no others.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut out = vec![
            format!("class {}", self.class),
            format!("before {}", self.before),
            format!("after {}", self.after),
        ];
        keys(&mut out, "spec", &self.spec);
        keys(&mut out, "code", &self.code);
        keys(&mut out, "inputs", &self.inputs);
        for change in &self.schema {
            let breaks = if change.breaks { "breaks" } else { "does not break" };
            let (before, after) = (shown(change.before.as_ref()), shown(change.after.as_ref()));
            out.push(format!(
                "schema {}, {}: {before} -> {after}, {breaks} readers",
                change.column, change.what
            ));
        }
        let files = self.files;
        out.push(format!(
            "files: {} equal, {} of them renamed, {} only before, {} only after, {} read",
            files.equal, files.renamed, files.only_before, files.only_after, files.read
        ));
        let rows = &self.rows;
        out.push(format!(
            "rows: {} before, {} after, {} shared",
            rows.before, rows.after, rows.shared
        ));
        groups(&mut out, "added to", &rows.added);
        groups(&mut out, "added, before", &rows.added_before);
        groups(&mut out, "removed as", &rows.removed);
        groups(&mut out, "moved", &rows.moved);
        for column in &self.columns {
            cells(&mut out, column);
        }
        for label in &self.labels {
            classes(&mut out, label);
        }
        keys(&mut out, "split", &self.splits);
        keys(&mut out, "quality", &self.quality);
        keys(&mut out, "certificate", &self.certificate);
        keys(&mut out, "manifest", &self.manifest);
        out
    }
}

fn shown(value: Option<&String>) -> &str {
    value.map_or("none", String::as_str)
}

fn keys(out: &mut Vec<String>, what: &str, changes: &[KeyChange]) {
    for change in changes {
        let (before, after) = (shown(change.before.as_ref()), shown(change.after.as_ref()));
        out.push(format!("{what} {}: {before} -> {after}", change.key));
    }
}

fn groups(out: &mut Vec<String>, how: &str, groups: &[RowGroup]) {
    for group in groups {
        let ids = group.examples.join(" ");
        out.push(format!("rows {how} {}: {} ({ids})", group.what, group.rows));
    }
}

fn cells(out: &mut Vec<String>, column: &ColumnChanges) {
    let role = column.role.map_or("no role", ColumnRole::word);
    out.push(format!(
        "column {} ({role}): {} changed, {} from null, {} to null, greatest {} absolute, {} relative",
        column.column,
        column.changed,
        column.null_to_value,
        column.value_to_null,
        shown(column.greatest_absolute.map(|number| number.to_string()).as_ref()),
        shown(column.greatest_relative.map(|number| number.to_string()).as_ref()),
    ));
    for example in &column.examples {
        let null = |value: &Option<String>| value.clone().unwrap_or_else(|| "null".to_owned());
        let (before, after) = (null(&example.before), null(&example.after));
        out.push(format!("  {}: {before} -> {after}", example.row_id));
    }
}

/// A table: class before by class after, of the rows that changed theirs.
fn classes(out: &mut Vec<String>, label: &LabelChanges) {
    let totals = |classes: &BTreeMap<String, u64>| {
        let texts: Vec<String> = classes.iter().map(|(class, n)| format!("{class}: {n}")).collect();
        texts.join(", ")
    };
    out.push(format!(
        "label {}: {} same; rows before {{{}}}, after {{{}}}",
        label.target,
        label.same,
        totals(&label.before),
        totals(&label.after),
    ));
    if label.changed.is_empty() {
        return;
    }
    let columns: BTreeSet<&String> = label.changed.values().flat_map(BTreeMap::keys).collect();
    let header: Vec<String> = columns.iter().map(|class| format!("{class:>8}")).collect();
    out.push(format!("  {:>8} ->{}", "class", header.concat()));
    for (before, row) in &label.changed {
        let cells = columns.iter().map(|&class| match row.get(class) {
            Some(rows) => format!("{rows:>8}"),
            None => format!("{:>8}", "."),
        });
        out.push(format!("  {before:>8}   {}", cells.collect::<String>()));
    }
}
