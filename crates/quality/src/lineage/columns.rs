//! Where columns come from.

use super::{LineageEdge, LineageHole};
use contract::{Json, LineageKind};
use std::collections::{BTreeMap, BTreeSet};

/// A column and what a step made it of. Columns are written `table.column`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ColumnEdge {
    /// The column that was made.
    pub output: String,
    /// The operation of the edges that it belongs to.
    pub step: String,
    /// The columns that it was made of; none for a constant.
    pub inputs: Vec<String>,
}

/// The table of `table.column`.
fn table(column: &str) -> &str {
    column.rsplit_once('.').map_or("", |(table, _)| table)
}

pub(super) fn to_json(columns: &[ColumnEdge]) -> Json {
    let mut all: BTreeMap<&str, BTreeMap<&str, BTreeSet<&str>>> = BTreeMap::new();
    for edge in columns {
        let steps = all.entry(edge.output.as_str()).or_default();
        steps.entry(edge.step.as_str()).or_default().extend(edge.inputs.iter().map(String::as_str));
    }
    let texts = |inputs: BTreeSet<&str>| Json::Array(inputs.into_iter().map(Json::from).collect());
    Json::object(all.into_iter().map(|(output, steps)| {
        let steps = steps.into_iter().map(|(step, inputs)| (step, texts(inputs)));
        (output, Json::object(steps))
    }))
}

/// Inputs must be columns of what was read, or outputs themselves, and steps must lead from table to table.
pub(super) fn holes(columns: &[ColumnEdge], edges: &[LineageEdge]) -> Vec<LineageHole> {
    let is_table = |kind| kind == LineageKind::Table;
    let steps: BTreeSet<(&str, &str, &str)> = edges
        .iter()
        .filter(|e| is_table(e.child.kind))
        .map(|e| (e.parent.id.as_str(), e.operation.as_str(), e.child.id.as_str()))
        .collect();
    let read: BTreeSet<&str> = edges
        .iter()
        .filter(|e| e.parent.is_source() && is_table(e.child.kind))
        .map(|e| e.child.id.as_str())
        .collect();
    let made: BTreeSet<&str> = columns.iter().map(|c| c.output.as_str()).collect();
    let mut holes = Vec::new();
    for edge in columns {
        let (output, step) = (edge.output.clone(), edge.step.clone());
        let to = table(&edge.output);
        if edge.inputs.is_empty() && !steps.iter().any(|s| s.1 == edge.step && s.2 == to) {
            let input = output.clone();
            holes.push(LineageHole::NoStep { output, step, input });
            continue;
        }
        for input in &edge.inputs {
            let (output, step) = (edge.output.clone(), edge.step.clone());
            let input = input.clone();
            let from = table(&input);
            if !steps.contains(&(from, edge.step.as_str(), to)) {
                holes.push(LineageHole::NoStep { output, step, input });
            } else if !read.contains(from) && !made.contains(input.as_str()) {
                holes.push(LineageHole::NoInput { output, step, input });
            }
        }
    }
    holes
}
