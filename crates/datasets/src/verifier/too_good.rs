//! `too_good`: a single feature that tells the label alone is most likely the label.

use super::read::Cells;
use super::rows::Rows;
use super::tally::{Tally, size, some};
use super::{Evidence, Subject};
use crate::certificate::{CheckResult, Outcome};
use crate::layout::column;
use crate::role::Split;
use crate::spec::Spec;
use contract::CausalityReport;
use std::collections::BTreeMap;

/// Rows that a class and its rest need: with fewer, chance alone gives such values.
const LEAST: u64 = 20;

/// Held-out rows and what their labels are, and what each feature made of it.
#[derive(Debug)]
pub(super) struct SingleFeatures {
    targets: Vec<HeldClasses>,
    limit: f64,
    named: Vec<String>,
    features: u64,
    comparisons: u64,
}

/// Held-out rows of a target with a label, and the number of the class of each.
#[derive(Debug)]
struct HeldClasses {
    target: String,
    rows: Vec<(usize, usize)>,
    classes: usize,
}

impl SingleFeatures {
    pub(super) fn new(rows: &Rows, spec: &Spec) -> Self {
        let held: Vec<usize> =
            rows.of(Split::Validation).chain(rows.of(Split::Test)).map(|(at, _)| at).collect();
        let mut targets = Vec::new();
        for target in &spec.targets {
            let name = format!("{}{}", column::LABEL, target.name);
            let Some(label) = rows.labels.iter().find(|label| label.name == name) else { continue };
            let values: Vec<(usize, f64)> =
                held.iter().filter_map(|at| Some((*at, label.cells.get(*at)?))).collect();
            targets.push(HeldClasses::new(&target.name, &values, target.task.is_class()));
        }
        let limit = spec.gate.too_good_auc.0;
        Self { targets, limit, named: Vec::new(), features: 0, comparisons: 0 }
    }

    pub(super) fn push(&mut self, name: &str, cells: &Cells) {
        self.features += 1;
        for target in &self.targets {
            let (auc, comparisons) = target.best(cells);
            self.comparisons += comparisons;
            if let Some(auc) = auc.filter(|auc| *auc > self.limit) {
                self.named.push(format!("`{name}` for `{}`: {auc:.4}", target.target));
            }
        }
    }

    /// A feature above the limit may be a good one: only a causality report tells it from a leak.
    pub(super) fn check(self, subject: &Subject<'_>, evidence: &Evidence<'_>) -> CheckResult {
        let mut tally = Tally::new(
            "too_good",
            "no feature alone ranks a class (of a value: its upper half) of the held-out rows above the rest, or below \
             it, with an area under the curve beyond the limit",
        );
        tally.count("features", self.features);
        tally.count("comparisons", self.comparisons);
        let held = subject.rows.data.iter().filter(|row| row.split != Split::Train).count();
        tally.count("held_out_rows", size(held));
        let outcome = if !self.named.is_empty() {
            let named = some(self.named.iter().map(String::as_str));
            if evidence.causality.is_some_and(CausalityReport::is_causal) {
                Outcome::Warn(named)
            } else {
                Outcome::NotEvaluated(format!(
                    "{named}; no causality report says that it is not a leak"
                ))
            }
        } else if self.comparisons == 0 && self.features > 0 {
            Outcome::Warn(format!(
                "no class with {LEAST} held-out rows and as many others: nothing was compared"
            ))
        } else {
            Outcome::Pass
        };
        tally.finish(outcome)
    }
}

impl HeldClasses {
    fn new(target: &str, values: &[(usize, f64)], is_class: bool) -> Self {
        let classes: Vec<u64> = if is_class {
            values.iter().map(|(_, value)| value.to_bits()).collect()
        } else {
            let mut sorted: Vec<f64> = values.iter().map(|(_, value)| *value).collect();
            sorted.sort_unstable_by(f64::total_cmp);
            let middle = sorted.get(sorted.len() / 2).copied().unwrap_or(0.0);
            values.iter().map(|(_, value)| u64::from(*value >= middle)).collect()
        };
        let mut numbers: BTreeMap<u64, usize> = classes.iter().map(|class| (*class, 0)).collect();
        for (place, number) in numbers.values_mut().enumerate() {
            *number = place;
        }
        let number = |class: &u64| numbers.get(class).copied().unwrap_or(0);
        let rows = values.iter().map(|(at, _)| *at).zip(classes.iter().map(number)).collect();
        Self { target: target.to_owned(), rows, classes: numbers.len() }
    }

    /// The greatest area under the curve of a class against the rest, in either direction, and how many were looked at.
    ///
    /// Ranks are doubled, so that those of ties are whole: rows `a..b` of equal value have `a + b + 1`.
    fn best(&self, cells: &Cells) -> (Option<f64>, u64) {
        let mut ranked: Vec<(f64, usize)> = self
            .rows
            .iter()
            .filter_map(|(at, class)| Some((cells.get(*at)?, *class)))
            .filter(|(value, _)| !value.is_nan())
            .collect();
        ranked.sort_unstable_by(|left, right| left.0.total_cmp(&right.0));
        let mut sums = vec![(0_u64, 0_u128); self.classes];
        let mut start = 0_u64;
        for tied in ranked.chunk_by(|left, right| left.0.to_bits() == right.0.to_bits()) {
            let end = start + size(tied.len());
            for (_, class) in tied {
                sums[*class].0 += 1;
                sums[*class].1 += u128::from(start + end + 1);
            }
            start = end;
        }
        let (mut best, mut comparisons) = (None, 0);
        for (inside, doubled) in sums {
            let outside = size(ranked.len()) - inside;
            if inside < LEAST || outside < LEAST {
                continue;
            }
            comparisons += 1;
            let (n, m) = (u128::from(inside), u128::from(outside));
            let wins = doubled - n * (n + 1); // twice the pairs that the class wins, a tie counting half
            let auc = wins.max(2 * n * m - wins) as f64 / (2 * n * m) as f64;
            best = Some(best.map_or(auc, |best: f64| best.max(auc)));
        }
        (best, comparisons)
    }
}

#[cfg(test)]
mod tests;
