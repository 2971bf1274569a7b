//! The experiment: rows in memory, and what all arms made of them.

use super::arms::{Arm, Course};
use super::cells::{Cell, Outcome, Pair};
use super::error::ClaimError;
use super::folds::ClaimPurge;
use super::matrix::Matrix;
use super::metric::Predicted;
use super::spec::ClaimSpec;
use labeling::Lives;
use std::collections::{BTreeMap, BTreeSet};

const HOUR_NS: i64 = 3_600_000_000_000;
/// Fewer days than this are cut into hours.
const LEAST_DAYS: usize = 5;
/// Above this a placebo's gain is chance.
const LEAK_Q: f64 = 0.05;

/// A row, as far as time, label and weight are concerned.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClaimRow {
    /// Cut-off of the decision, in nanoseconds.
    pub ts: i64,
    /// Latest end of its label.
    pub end: i64,
    /// When its label was first final.
    pub avail: i64,
    /// Its class, by its place in [`Experiment::classes`].
    pub class: usize,
    /// Weight among learners.
    pub weight: f64,
    /// Share of its label's life that it has for itself; worked out anew when a row has none.
    pub uniqueness: Option<f64>,
    /// Score of the decision row.
    pub quality: Option<f64>,
    /// The instrument: lives overlap within it.
    pub instrument: u32,
    /// Values that no learner may share with a row held out.
    pub groups: Vec<[u8; 16]>,
    /// Whether it belongs to the split that is opened once.
    pub is_final: bool,
}

/// Arms without which a gain says nothing: what anyone has, and what must not gain.
const NEEDED: [Arm; 3] = [Arm::Raw, Arm::LabelsShuffled, Arm::FeaturesShifted];

/// What rows are resampled and shuffled by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionUnit {
    /// UTC days.
    Day,
    /// UTC hours: there are too few days.
    Hour,
}

impl SessionUnit {
    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Hour => "hour",
        }
    }

    pub(super) const fn nanos(self) -> i64 {
        match self {
            Self::Day => 24 * HOUR_NS,
            Self::Hour => HOUR_NS,
        }
    }

    pub(super) const fn of(self, ts: i64) -> i64 {
        ts.div_euclid(self.nanos())
    }
}

/// A dataset in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Experiment {
    /// Rows in the order of `ts`.
    pub rows: Vec<ClaimRow>,
    /// A row of features for each of them.
    pub features: Matrix,
    /// Names of the features.
    pub names: Vec<String>,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// What keeps rows from learning.
    pub purge: ClaimPurge,
}

/// What came out.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimReport {
    /// Rows of the experiment.
    pub rows: usize,
    /// Rows that were held out.
    pub held: usize,
    /// Of each fold: learners, rows held out, earlier rows dropped by time and by group.
    pub folds: Vec<[usize; 4]>,
    /// Sum of the uniqueness of the rows held out.
    pub n_eff: f64,
    /// What rows were resampled by.
    pub unit: SessionUnit,
    /// How many of them there are among the rows held out.
    pub sessions: usize,
    /// Share of the largest class among the rows held out, by uniqueness.
    pub majority_rate: f64,
    /// Every cell.
    pub cells: Vec<Cell>,
    /// Arms that could not be tried, and why.
    pub untried: Vec<(Arm, &'static str)>,
    /// Whether the pass rule is met.
    pub is_met: bool,
    /// Why, or why not.
    pub why: String,
}

impl Experiment {
    /// Tries a claim: every arm on the same folds, every metric, every cell reported.
    ///
    /// The pass rule: for every model, in the first metric, ours over the baseline is a [`Outcome::Pass`], and no placebo
    /// gains with a q-value of at most 0.05. Raw and both placebos must have been tried. The baseline is the better of majority and raw in each metric.
    ///
    /// - **Point in time:** learners stand before the rows held out and are purged; under `is_final` the final split is
    ///   held out and all others learn.
    /// - **Cost:** a fit an arm, fold and model.
    ///
    /// # Errors
    /// [`ClaimError::Data`] where nothing can be held out or rows, features and labels do not fit together.
    pub fn run(&self, claim: &ClaimSpec, is_final: bool) -> Result<ClaimReport, ClaimError> {
        self.check()?;
        let opened = self.rows.iter().filter(|row| row.is_final).count();
        if opened > 0 && !is_final {
            let (expected, found) = ("rows of train and validation", format!("{opened} of test"));
            return Err(ClaimError::Data { expected, found });
        }
        let course = |held, unit| Course { experiment: self, claim, is_final, unit, held };
        let folds = course(&[], SessionUnit::Day).folds(true);
        let held: Vec<usize> = folds.iter().flat_map(|fold| fold.hold.iter().copied()).collect();
        if held.is_empty() {
            return Err(ClaimError::Data {
                expected: "rows that can be held out, and rows before them",
                found: format!("{} rows", self.rows.len()),
            });
        }
        let rows: Vec<&ClaimRow> = held.iter().map(|at| &self.rows[*at]).collect();
        let days: BTreeSet<i64> = rows.iter().map(|row| SessionUnit::Day.of(row.ts)).collect();
        let unit = if days.len() < LEAST_DAYS { SessionUnit::Hour } else { SessionUnit::Day };
        let sessions: BTreeSet<i64> = rows.iter().map(|row| unit.of(row.ts)).collect();
        let weights = uniqueness(&rows)?;
        let course = course(&held, unit);
        let mut arms = vec![Arm::Majority, Arm::Raw];
        for arm in &claim.arms {
            if !arms.contains(arm) {
                arms.push(*arm);
            }
        }
        let untried: Vec<(Arm, &str)> =
            arms.iter().filter_map(|arm| Some((*arm, course.refusal(*arm)?))).collect();
        arms.retain(|arm| untried.iter().all(|(other, _)| other != arm));
        let mut cells = Vec::new();
        for model in &claim.models {
            let said: BTreeMap<Arm, Vec<Option<Predicted>>> =
                arms.iter().map(|arm| (*arm, course.predict(*arm, model))).collect();
            for metric in &claim.metrics {
                let compare = |arm: Arm, reference: Arm| {
                    let pair = Pair {
                        arm: (arm, said.get(&arm)?),
                        reference: (reference, said.get(&reference)?),
                        rows: &rows,
                        weights: &weights,
                        unit,
                        k: self.classes.len(),
                    };
                    let (gain, replicates) = (claim.min_gain, claim.replicates);
                    pair.compare(model.name.word(), *metric, gain, replicates, claim.seed)
                };
                // The baseline is the better of the two: raw, where it beats the majority rule.
                let raw = compare(Arm::Raw, Arm::Majority);
                let is_raw = raw.as_ref().and_then(|cell| cell.gain).is_some_and(|g| g > 0.0);
                let baseline = if is_raw { Arm::Raw } else { Arm::Majority };
                cells.extend(raw);
                for arm in arms.iter().filter(|arm| !matches!(arm, Arm::Majority | Arm::Raw)) {
                    let reference = match arm {
                        Arm::Ours => baseline,
                        Arm::LabelsShuffled | Arm::FeaturesShifted => Arm::Majority,
                        _ => Arm::Ours,
                    };
                    cells.extend(compare(*arm, reference));
                }
            }
        }
        let p_values: Vec<f64> = cells.iter().map(|cell| cell.p_value).collect();
        for (cell, q) in cells.iter_mut().zip(labeling::false_discovery(&p_values)) {
            cell.q_value = q;
        }
        let (is_met, why) = verdict(claim, &cells);
        let n_eff = weights.iter().sum();
        Ok(ClaimReport {
            rows: self.rows.len(),
            held: held.len(),
            folds: folds.iter().map(|f| [f.fit.len(), f.hold.len(), f.purged, f.grouped]).collect(),
            n_eff,
            unit,
            sessions: sessions.len(),
            majority_rate: self.majority(&rows, &weights) / n_eff,
            cells,
            untried,
            is_met,
            why,
        })
    }

    fn check(&self) -> Result<(), ClaimError> {
        let refuse = |expected, found| Err(ClaimError::Data { expected, found });
        if self.features.rows() != self.rows.len() {
            return refuse("a row of features a row", self.features.rows().to_string());
        }
        if self.features.columns() != self.names.len() {
            return refuse("a name a feature", self.names.len().to_string());
        }
        if let Some(at) = self.rows.windows(2).position(|pair| pair[1].ts < pair[0].ts) {
            return refuse(
                "rows in the order of time",
                format!("row {} before the one above", at + 1),
            );
        }
        let is_bad = |row: &ClaimRow| {
            row.class >= self.classes.len()
                || row.end < row.ts
                || !(row.weight >= 0.0 && row.weight.is_finite())
        };
        match self.rows.iter().position(is_bad) {
            Some(at) => refuse(
                "a class, a weight of at least 0 and an end after the cut-off",
                format!("row {at}"),
            ),
            None if self.classes.len() < 2 => {
                refuse("at least two classes", self.classes.len().to_string())
            }
            None => Ok(()),
        }
    }

    /// Weight of the largest class.
    fn majority(&self, rows: &[&ClaimRow], weights: &[f64]) -> f64 {
        let mut by = vec![0.0; self.classes.len()];
        rows.iter().zip(weights).for_each(|(row, weight)| by[row.class] += weight);
        by.into_iter().fold(0.0, f64::max)
    }
}

/// Uniqueness of the rows held out: theirs, or worked out among them.
fn uniqueness(rows: &[&ClaimRow]) -> Result<Vec<f64>, ClaimError> {
    let given: Option<Vec<f64>> = rows.iter().map(|row| row.uniqueness).collect();
    if let Some(given) = given {
        return Ok(given);
    }
    let starts: Vec<i64> = rows.iter().map(|row| row.ts).collect();
    let ends: Vec<i64> = rows.iter().map(|row| row.end.max(row.ts + 1)).collect();
    let groups: Vec<u32> = rows.iter().map(|row| row.instrument).collect();
    let lives = Lives::within(&starts, &ends, &groups).map_err(|error| ClaimError::Data {
        expected: "lives of labels",
        found: error.to_string(),
    })?;
    Ok(lives.overlap().uniqueness)
}

fn verdict(claim: &ClaimSpec, cells: &[Cell]) -> (bool, String) {
    let leaks: Vec<String> = cells
        .iter()
        .filter(|cell| cell.outcome == Outcome::PlaceboGains && cell.q_value <= LEAK_Q)
        .map(|cell| format!("{} gains in {}", cell.arm.word(), cell.metric.word()))
        .collect();
    if !leaks.is_empty() {
        return (false, format!("a placebo that gains: {}", leaks.join(", ")));
    }
    let Some(first) = claim.metrics.first() else { return (false, "no metric".to_owned()) };
    let is_tried = |arm: Arm| {
        let cells = cells.iter().filter(|cell| cell.arm == arm && cell.metric == *first);
        cells.count() == claim.models.len()
    };
    let missing: Vec<&str> =
        NEEDED.iter().filter(|arm| !is_tried(**arm)).map(|arm| arm.word()).collect();
    if !missing.is_empty() {
        return (false, format!("arms that were not tried: {}", missing.join(", ")));
    }
    let ours: Vec<&Cell> =
        cells.iter().filter(|cell| cell.arm == Arm::Ours && cell.metric == *first).collect();
    let is_met =
        ours.len() == claim.models.len() && ours.iter().all(|cell| cell.outcome == Outcome::Pass);
    let said: Vec<String> = ours.iter().map(|cell| said(cell)).collect();
    let said = if said.is_empty() { "no cell of ours".to_owned() } else { said.join("; ") };
    (is_met, said)
}

fn said(cell: &Cell) -> String {
    let percent = |share: f64| format!("{:.2} %", 100.0 * share);
    let gain = cell.gain.map_or("no gain that can be stated".to_owned(), percent);
    let interval = cell
        .interval
        .map(|(low, high)| format!(" ({} to {})", percent(low), percent(high)))
        .unwrap_or_default();
    format!(
        "{}: {} over {} by {gain}{interval} in {}",
        cell.outcome.word(),
        cell.model,
        cell.reference.word(),
        cell.metric.word()
    )
}

#[cfg(test)]
mod tests;
