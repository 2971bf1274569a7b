//! Groups of labels that are tested as one.

use super::SignificanceError;
use crate::label_rows::{LabelRow, all, latest};
use contract::{Batch, EventId, Hash, InstrumentId, Labels, Side, UtcNanos};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A span of cut-offs, `[from, to)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period {
    /// First instant.
    pub from: UtcNanos,
    /// First instant after it.
    pub to: UtcNanos,
}

/// What a cell knows of a label.
#[derive(Debug, Clone, PartialEq)]
pub struct CellLabel {
    /// The decision; orders labels of one start.
    pub decision_id: EventId,
    /// Start of the life `(start, end]`: `ts_cutoff`.
    pub start: i64,
    /// Its end: `ts_until`.
    pub end: i64,
    /// The instrument. Effective sizes count overlap across instruments.
    pub instrument: InstrumentId,
    /// Side of the decision; labels without one take no part in the placebo.
    pub side: Option<Side>,
    /// The value; labels without one take no part in tests of the mean.
    pub value: Option<f64>,
    /// The class, -2 to 2; labels without one take no part in class shares.
    pub class: Option<i8>,
}

/// A group of labels that is tested as one. The family of cells is what is declared before the run.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// Its name: with the rule set, the key of its rows.
    pub name: String,
    /// The target.
    pub target: String,
    /// The strategy.
    pub strategy: Option<String>,
    /// The period.
    pub period: Period,
    /// Hash of the rule set.
    pub rules_hash: Hash,
    /// Latest `ts_avail` of its labels; without any, the end of the period.
    pub ts_avail: UtcNanos,
    /// Its labels, in any order; none at all is a cell too.
    pub labels: Vec<CellLabel>,
    /// Shares of the classes -2 to 2 that its own are compared with.
    pub base: Option<[f64; 5]>,
}

/// What a label does not say of its decision.
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionInfo {
    /// The decision.
    pub decision_id: EventId,
    /// Its strategy.
    pub strategy: Arc<str>,
    /// Version of the strategy.
    pub version: Arc<str>,
    /// Its instrument.
    pub instrument: InstrumentId,
    /// Its side.
    pub side: Option<Side>,
}

/// The cells of a batch: one for each strategy, version, target, rule set and measures that it holds, and each period.
///
/// A label counts by its highest revision; withdrawn ones (`void`) do not count. A label whose cut-off lies in no period
/// is in no cell. A cell of a period without labels is there and empty.
///
/// - **Shape:** cells by strategy, version, target, hashes and period.
///
/// # Errors
/// [`SignificanceError::UnknownDecision`] for a label of a decision that `decisions` does not describe.
pub fn cells<S>(
    labels: &Batch<Labels, S>,
    decisions: &[DecisionInfo],
    periods: &[Period],
) -> Result<Vec<Cell>, SignificanceError> {
    let known: BTreeMap<[u8; 16], &DecisionInfo> =
        decisions.iter().map(|info| (*info.decision_id.as_bytes(), info)).collect();
    let rows = latest(all(labels).map_err(SignificanceError::Word)?);
    let mut sets: BTreeMap<_, Vec<(&LabelRow, &DecisionInfo)>> = BTreeMap::new();
    for row in &rows {
        let Some(info) = known.get(row.decision_id.as_bytes()) else {
            let (row, decision_id) = (row.row, row.decision_id);
            return Err(SignificanceError::UnknownDecision { row, decision_id });
        };
        let hashes = (*row.rules_hash.as_bytes(), *row.measures_hash.as_bytes());
        let key = (&info.strategy, &info.version, row.target, hashes);
        sets.entry(key).or_default().push((row, info));
    }
    let mut cells = Vec::with_capacity(sets.len() * periods.len());
    for ((strategy, version, target, (rules, measures)), rows) in sets {
        for period in periods {
            let inside = |at: i64| period.from.nanos() <= at && at < period.to.nanos();
            let own = rows.iter().filter(|(row, _)| inside(row.ts_cutoff));
            let ts_avail = own.clone().map(|(row, _)| row.ts_avail).max();
            let measures = Hash::from_bytes(measures).to_string();
            let measures = measures.get(..8).unwrap_or(&measures);
            cells.push(Cell {
                name: format!(
                    "{strategy}@{version}/{target}/{}..{}/{measures}",
                    period.from, period.to
                ),
                target: target.to_owned(),
                strategy: Some(strategy.to_string()),
                period: *period,
                rules_hash: Hash::from_bytes(rules),
                ts_avail: ts_avail.map_or(period.to, UtcNanos::from_nanos),
                labels: own.map(|(row, info)| label(row, info)).collect(),
                base: None,
            });
        }
    }
    Ok(cells)
}

fn label(row: &LabelRow, info: &DecisionInfo) -> CellLabel {
    CellLabel {
        decision_id: row.decision_id,
        start: row.ts_cutoff,
        end: row.ts_until,
        instrument: info.instrument,
        side: info.side,
        value: row.value,
        class: row.class,
    }
}

/// Five cells of the labels of each class, -2 to 2: whether the mean value *within* a class differs from 0.
///
/// Their names end in `/class=<class>`. They join the family of the test like any other cell, empty ones too.
#[must_use]
pub fn by_grade(cell: &Cell) -> Vec<Cell> {
    (-2..=2)
        .map(|class: i8| Cell {
            name: format!("{}/class={class}", cell.name),
            labels: cell.labels.iter().filter(|l| l.class == Some(class)).cloned().collect(),
            base: None,
            ..cell.clone()
        })
        .collect()
}
