//! Classes of targets: which became which.

use super::cells::Compared;
use crate::layout::column;
use crate::manifest::Manifest;
use serde::Serialize;
use std::collections::BTreeMap;

/// Classes of a target that both versions have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LabelChanges {
    /// The target.
    pub target: String,
    /// Rows that are in both and kept their class.
    pub same: u64,
    /// Rows that are in both and changed it: class before, class after; `null` for none.
    pub changed: BTreeMap<String, BTreeMap<String, u64>>,
    /// All rows of the first, by class.
    pub before: BTreeMap<String, u64>,
    /// All rows of the second, by class.
    pub after: BTreeMap<String, u64>,
}

pub(super) fn changes(
    before: &Manifest,
    after: &Manifest,
    compared: &Compared,
    shared: u64,
) -> Vec<LabelChanges> {
    let mut labels = Vec::new();
    for old in before.targets.iter().filter(|target| target.from == "class") {
        let Some(new) = after.targets.iter().find(|t| t.name == old.name && t.from == old.from)
        else {
            continue;
        };
        let totals = |splits: &BTreeMap<String, BTreeMap<String, u64>>| {
            let mut totals = BTreeMap::new();
            for (class, rows) in splits.values().flatten() {
                *totals.entry(class.clone()).or_default() += rows;
            }
            totals
        };
        let label = format!("{}{}", column::LABEL, old.name);
        let changed = compared.classes.get(&label).cloned().unwrap_or_default();
        let moved: u64 = changed.values().flat_map(BTreeMap::values).sum();
        labels.push(LabelChanges {
            target: old.name.clone(),
            same: shared.saturating_sub(moved),
            changed,
            before: totals(&old.classes),
            after: totals(&new.classes),
        });
    }
    labels
}
