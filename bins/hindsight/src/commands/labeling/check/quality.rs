//! Labels as a set: states, classes, contradictions, drift, and which cells differ from nothing.

use super::said;
use crate::error::Failure;
use contract::{
    Batch, Decisions, EventId, InstrumentId, LabelStatus, Labels, UnknownWord, UtcNanos,
};
use labeling::{
    Cell, CellTest, ClassDrift, Classes, Contradiction, DecisionInfo, Inputs, MethodTest, Period,
    RuleBook, SignificanceOptions, StatusCounts, TargetKind, by_grade, cells, class_drift,
    contradictions, significance, status_counts,
};
use std::collections::{BTreeMap, BTreeSet};

/// Classes of a target.
pub(super) struct Shares {
    pub(super) shares: Vec<(i8, MethodTest)>,
    /// From the first half of the labels to the second.
    pub(super) drift: ClassDrift,
}

/// What is known of the labels as a set.
pub(super) struct Quality {
    pub(super) states: BTreeMap<String, StatusCounts>,
    pub(super) shares: BTreeMap<String, Shares>,
    pub(super) contradictions: Vec<Contradiction>,
    /// The family of cells, each tested once.
    pub(super) tests: Vec<CellTest>,
}

/// The last revision of a label.
struct Row {
    revision: u16,
    status: LabelStatus,
    class: Option<i8>,
    start: i64,
    end: i64,
}

impl Quality {
    pub(super) fn of(
        labels: &Batch<Labels>,
        inputs: &Inputs,
        book: &RuleBook,
        seed: u64,
    ) -> Result<Self, Failure> {
        let word = |error: UnknownWord| said(&error);
        let infos = infos(inputs).map_err(word)?;
        let rows = latest(labels).map_err(word)?;
        let states = status_counts(labels).map_err(|error| said(&error))?;
        let contradictions = contradictions(&[labels], &infos).map_err(|error| said(&error))?;
        let mut shares = BTreeMap::new();
        for (target, rows) in &rows {
            shares.insert(target.clone(), Shares::of(rows)?);
        }
        let tests = tests(labels, &rows, &infos, book, seed)?;
        Ok(Self { states, shares, contradictions, tests })
    }
}

impl Shares {
    /// Halves are equal in labels, by cut-off.
    fn of(rows: &[Row]) -> Result<Self, Failure> {
        let all: Vec<(i8, i64, i64)> = rows
            .iter()
            .filter(|row| row.status != LabelStatus::Void)
            .filter_map(|row| Some((row.class?, row.start, row.end)))
            .collect();
        let classes = |rows: &[(i8, i64, i64)]| {
            let classes: Vec<i8> = rows.iter().map(|row| row.0).collect();
            let starts: Vec<i64> = rows.iter().map(|row| row.1).collect();
            let ends: Vec<i64> = rows.iter().map(|row| row.2).collect();
            Classes::try_new(&classes, &starts, &ends).map_err(|error| said(&error))
        };
        let (before, after) = all.split_at(all.len() / 2);
        let drift = class_drift(&classes(before)?, &classes(after)?);
        Ok(Self { shares: classes(&all)?.intervals(), drift })
    }
}

/// Last revisions by target, in the order of their cut-offs.
fn latest(labels: &Batch<Labels>) -> Result<BTreeMap<String, Vec<Row>>, UnknownWord> {
    let mut last: BTreeMap<(String, EventId, [u8; 32], [u8; 32]), Row> = BTreeMap::new();
    for row in 0..labels.len() {
        let key = (
            labels.cell(&Labels::TARGET, row)?.to_owned(),
            labels.cell(&Labels::DECISION_ID, row)?,
            *labels.cell(&Labels::MEASURES_HASH, row)?.as_bytes(),
            *labels.cell(&Labels::RULES_HASH, row)?.as_bytes(),
        );
        let found = Row {
            revision: labels.cell(&Labels::REVISION, row)?,
            status: labels.cell(&Labels::STATUS, row)?,
            class: labels.cell(&Labels::CLASS, row)?,
            start: labels.cell(&Labels::TS_CUTOFF, row)?.nanos(),
            end: labels.cell(&Labels::TS_UNTIL, row)?.nanos(),
        };
        if last.get(&key).is_none_or(|known| known.revision <= found.revision) {
            last.insert(key, found);
        }
    }
    let mut targets: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for ((target, ..), row) in last {
        targets.entry(target).or_default().push(row);
    }
    for rows in targets.values_mut() {
        rows.sort_by_key(|row| row.start);
    }
    Ok(targets)
}

/// What labels do not say of their decisions.
fn infos(inputs: &Inputs) -> Result<Vec<DecisionInfo>, UnknownWord> {
    let mut infos: Vec<DecisionInfo> = Vec::new();
    for batch in &inputs.decisions {
        for (row, instrument) in batch.instrument_id().iter().enumerate() {
            let Some(instrument) = instrument else { continue };
            let version = batch.cell(&Decisions::STRATEGY_VERSION, row)?.unwrap_or_default();
            infos.push(DecisionInfo {
                decision_id: batch.cell(&Decisions::DECISION_ID, row)?,
                strategy: batch.cell(&Decisions::STRATEGY_ID, row)?.into(),
                version: version.into(),
                instrument: InstrumentId::new(instrument),
                side: batch.cell(&Decisions::SIDE, row)?,
            });
        }
    }
    Ok(infos)
}

/// One family: a cell for each strategy and target over the whole time, and of grades one for each class.
///
/// Targets of kind `fill` are not tested: that something is filled at all is no finding.
fn tests(
    labels: &Batch<Labels>,
    rows: &BTreeMap<String, Vec<Row>>,
    infos: &[DecisionInfo],
    book: &RuleBook,
    seed: u64,
) -> Result<Vec<CellTest>, Failure> {
    let starts = || rows.values().flatten().map(|row| row.start);
    let (Some(from), Some(to)) = (starts().min(), starts().max()) else { return Ok(Vec::new()) };
    let period =
        Period { from: UtcNanos::from_nanos(from), to: UtcNanos::from_nanos(to.saturating_add(1)) };
    let (mut grades, mut fills) = (BTreeSet::new(), BTreeSet::new());
    for spec in book.specs() {
        let named = spec.strategies().map(|(_, set)| set);
        for target in named.chain([spec.base()]).flat_map(|set| &set.targets) {
            match target.kind {
                TargetKind::Grade(_) => {
                    grades.insert(target.name.to_string());
                }
                TargetKind::Fill { .. } => {
                    fills.insert(target.name.to_string());
                }
                _ => {}
            }
        }
    }
    let mut family: Vec<Cell> = Vec::new();
    for cell in cells(labels, infos, &[period]).map_err(|error| said(&error))? {
        if fills.contains(&cell.target) {
            continue;
        }
        if grades.contains(&cell.target) {
            family.extend(by_grade(&cell));
        }
        family.push(cell);
    }
    significance(&family, &SignificanceOptions::new(seed)).map_err(|error| said(&error))
}
