//! Labels of decisions, from the table `labels` or any other that has the same few columns.

use crate::cli::TargetColumn;
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::input::RawSource;
use contract::{TextRows, UtcNanos};
use std::collections::{BTreeMap, BTreeSet};

/// One label.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Label {
    /// Place of its class among those that occur.
    pub(super) class: u32,
    pub(super) value: f64,
    pub(super) ts_end: i64,
}

/// Labels by decision.
#[derive(Debug)]
pub(super) struct Labels {
    by_decision: BTreeMap<String, Label>,
}

/// Cells of one row that matter.
#[derive(Debug, Default)]
struct Cells {
    decision_id: Option<String>,
    target: Option<String>,
    cell: Option<String>,
    ts_end: Option<String>,
}

impl Labels {
    /// Reads every label of a target that has a class or value.
    pub(super) fn read(
        mut source: RawSource,
        by: TargetColumn,
        target: Option<&str>,
        context: &Context,
    ) -> Result<Self, Failure> {
        let wanted = match by {
            TargetColumn::Class => "class",
            TargetColumn::Value => "value",
        };
        let input = source.name().to_owned();
        let names: BTreeSet<&str> =
            source.schema().fields().iter().map(|field| field.name().as_str()).collect();
        for name in ["decision_id", "ts_end", wanted] {
            if !names.contains(name) {
                let found = format!("no column `{name}`");
                return Err(CliError::NoLabels { input, found }.into());
            }
        }
        let (mut targets, mut texts) = (BTreeSet::new(), Vec::new());
        while let Some(batch) = source.next_batch()? {
            context.stop.check()?;
            let rows = TextRows::of_record_batch(&batch);
            for row in 0..batch.num_rows() {
                let mut cells = Cells::default();
                // The function reports nothing.
                let _ = rows.each(row, &mut |name, cell| {
                    let cell = cell.map(str::to_owned);
                    match name {
                        "decision_id" => cells.decision_id = cell,
                        "target" => cells.target = cell,
                        "ts_end" => cells.ts_end = cell,
                        name if name == wanted => cells.cell = cell,
                        _ => {}
                    }
                    Ok(())
                });
                targets.extend(cells.target.clone());
                if target.is_none_or(|target| cells.target.as_deref() == Some(target)) {
                    texts.push(cells);
                }
            }
        }
        let words = || targets.iter().map(String::as_str).collect::<Vec<_>>().join("`, `");
        if target.is_none() && targets.len() > 1 {
            let found = format!("targets `{}`, and no `--target`", words());
            return Err(CliError::NoLabels { input, found }.into());
        }
        if texts.is_empty() {
            let found = format!("none of this target, only `{}`", words());
            return Err(CliError::NoLabels { input, found }.into());
        }
        Self::of(texts, by, &input)
    }

    fn of(texts: Vec<Cells>, by: TargetColumn, input: &str) -> Result<Self, Failure> {
        let classes: BTreeSet<String> = texts.iter().filter_map(|c| c.cell.clone()).collect();
        let classes: Vec<String> = classes.into_iter().collect();
        let mut by_decision = BTreeMap::new();
        for cells in texts {
            // Without a class or value, or an end, there is nothing to explain.
            let (Some(id), Some(text), Some(end)) = (cells.decision_id, cells.cell, cells.ts_end)
            else {
                continue;
            };
            let bad = |what: &str, text: &str| CliError::NoLabels {
                input: input.to_owned(),
                found: format!("{what} `{}`", contract::excerpt(text.as_bytes())),
            };
            let ts_end = UtcNanos::parse(&end).map_err(|_| bad("ts_end", &end))?.nanos();
            let class = classes.binary_search(&text).unwrap_or(0);
            let value = match by {
                TargetColumn::Class => 0.0,
                TargetColumn::Value => text.parse().map_err(|_| bad("value", &text))?,
            };
            let class = u32::try_from(class).unwrap_or(u32::MAX);
            by_decision.insert(id, Label { class, value, ts_end });
        }
        Ok(Self { by_decision })
    }

    /// The label of a decision; the last one where it has several revisions.
    pub(super) fn get(&self, decision_id: &str) -> Option<Label> {
        self.by_decision.get(decision_id).copied()
    }
}
