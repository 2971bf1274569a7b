//! A reference and a window, side by side.

use super::joint::JointSides;
use super::numbers::NumberSides;
use super::report::{Counts, DriftFinding, judge};
use super::side::{Kind, Side};
use super::sort::Sorter;
use super::splits::Splits;
use super::tally::{Counted, Tally};
use super::words::WordSides;
use super::{
    ColumnDrift, DriftError, DriftOptions, DriftReport, DriftVerdict, DriftWindow, Effect,
    Reference, joint, numbers, rates, words,
};
use crate::NotEvaluated;

impl Reference {
    /// What differs between the reference and a window.
    ///
    /// - **Shape:** for each column its effects, then those of several columns.
    /// - **Cost:** permutations cost blocks x bins, whatever the rows; with [`Detail::Exact`](super::Detail::Exact) also a
    ///   sort of the window's columns.
    ///
    /// # Errors
    /// [`DriftError::OtherReference`] when the window was not made by this reference; [`DriftError::Option`].
    pub fn compare(
        &self,
        window: &DriftWindow,
        options: &DriftOptions,
    ) -> Result<DriftReport, DriftError> {
        options.check()?;
        if self.fit != window.fit {
            return Err(DriftError::OtherReference);
        }
        let comparison = Comparison::new(self, window, options);
        let mut findings = Vec::new();
        let mut columns = Vec::new();
        let mut sorter = Sorter::default();
        for place in 0..self.fit.columns.len() {
            findings.extend(comparison.column(place, &mut columns, &mut sorter));
        }
        findings.extend(comparison.joint());
        judge(&mut findings, options);
        let mut report = DriftReport {
            columns,
            findings,
            rows_reference: self.side.rows,
            rows_current: window.side.rows,
            blocks_reference: self.side.blocks.len() as u64,
            blocks_current: window.side.blocks.len() as u64,
            options: options.clone(),
        };
        let verdict = |column: &ColumnDrift| {
            report.finding(&column.name, column.effect).map(|finding| finding.verdict.clone())
        };
        let verdicts: Vec<_> = report.columns.iter().map(verdict).collect();
        for (column, verdict) in report.columns.iter_mut().zip(verdicts) {
            column.verdict = verdict.unwrap_or_else(|| column.verdict.clone());
        }
        Ok(report)
    }
}

struct Comparison<'a> {
    reference: &'a Reference,
    sides: [&'a Side; 2],
    options: &'a DriftOptions,
    /// Places of blocks in the order of their ids.
    blocks: [Vec<usize>; 2],
    splits: Splits,
}

impl<'a> Comparison<'a> {
    fn new(reference: &'a Reference, window: &'a DriftWindow, options: &'a DriftOptions) -> Self {
        let sides = [&reference.side, &window.side];
        let blocks = sides.map(|side| side.blocks.values().copied().collect::<Vec<_>>());
        let [before, after] = &blocks;
        let splits = Splits::new(options, before.len(), after.len());
        Self { reference, sides, options, blocks, splits }
    }

    fn orders(&self) -> [&[usize]; 2] {
        self.blocks.each_ref().map(Vec::as_slice)
    }

    fn column(
        &self,
        place: usize,
        columns: &mut Vec<ColumnDrift>,
        sorter: &mut Sorter,
    ) -> Vec<DriftFinding> {
        let Some(column) = self.reference.fit.columns.get(place) else { return Vec::new() };
        let [Some(before), Some(after)] = self.sides.map(|side| side.tallies.get(place)) else {
            return Vec::new();
        };
        let effect = self.speaker(&column.kind);
        let blocks = [self.ordered(before, 0), self.ordered(after, 1)];
        let [values_before, values_after] =
            blocks.each_ref().map(|side| side.iter().map(Counted::values));
        let counts = Counts::of([&mut { values_before }, &mut { values_after }]);
        let [reference, current] = blocks.each_ref().map(Counted::sum);
        let mut drift = ColumnDrift {
            name: column.name.clone(),
            effect,
            verdict: DriftVerdict::Stable,
            reference,
            current,
        };
        let name = column.name.as_str();
        let mut findings = match (before, after, &column.kind) {
            (Tally::Numbers(before), Tally::Numbers(after), Kind::Numbers(bins)) => {
                let tallies = [before, after];
                let (blocks, detail) = (self.orders(), self.reference.fit.detail);
                let sides = NumberSides { name, bins, detail, tallies, blocks, counts };
                numbers::findings(&sides, &self.splits, sorter)
            }
            (Tally::Words(before), Tally::Words(after), Kind::Words) => {
                let (tallies, blocks) = ([before, after], self.orders());
                words::findings(&WordSides { name, tallies, blocks, counts }, &self.splits)
            }
            (Tally::Absent(reason), _, _) | (_, Tally::Absent(reason), _) => {
                drift.verdict = DriftVerdict::NotEvaluated(reason.clone());
                columns.push(drift);
                return vec![DriftFinding::absent(vec![name.to_owned()], effect, reason.clone())];
            }
            _ => Vec::new(),
        };
        columns.push(drift);
        let is_numeric = column.kind.bins().is_some();
        let rows = blocks.each_ref().map(Vec::as_slice);
        findings.extend(rates::findings(name, rows, is_numeric, &self.splits));
        findings
    }

    /// Counts by block, in the order of ids.
    fn ordered(&self, tally: &Tally, side: usize) -> Vec<Counted> {
        let order = self.blocks.get(side).into_iter().flatten();
        order.map(|&block| tally.blocks().get(block).copied().unwrap_or_default()).collect()
    }

    /// The effect that speaks for a column.
    fn speaker(&self, kind: &Kind) -> Effect {
        let effects = numbers::effects(self.reference.fit.detail);
        match (kind, self.options.numeric) {
            (Kind::Words, _) => self.options.categorical,
            (_, Effect::Ks | Effect::KsRef256) => effects[0],
            (_, Effect::W1Sd | Effect::W1SdRef256) => effects[1],
            (_, other) => other,
        }
    }

    fn joint(&self) -> Vec<DriftFinding> {
        let fit = &self.reference.fit;
        let [before, after] = self.sides.map(|side| side.joint.as_ref());
        let effects = [Effect::Mahalanobis, Effect::PearsonChange];
        let absent = |reason: &NotEvaluated| {
            effects.map(|effect| DriftFinding::absent(Vec::new(), effect, reason.clone())).into()
        };
        match (&fit.joint, before, after) {
            (Ok(joint), Ok(before), Ok(after)) => {
                let names = joint.columns.iter().filter_map(|&place| fit.columns.get(place));
                let sides = JointSides {
                    names: names.map(|column| column.name.clone()).collect(),
                    fit: joint,
                    moments: [before, after],
                    blocks: self.orders(),
                };
                joint::findings(&sides, &self.splits)
            }
            // Not asked for, or a table with a single number: nothing to say.
            (Err(NotEvaluated::MissingContext(_)), _, _) => Vec::new(),
            (Err(reason), _, _) | (_, Err(reason), _) | (_, _, Err(reason)) => absent(reason),
        }
    }
}
