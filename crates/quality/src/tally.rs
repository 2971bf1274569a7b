//! Counts of one check: exact, by source, in any order.

use crate::marks::Marks;
use crate::rows::Rows;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most rows that a check names.
pub(crate) const SAMPLES: usize = 8;

/// Rows that a rule spoke about, and those that broke it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Rows that the rule can speak about.
    pub applicable: u64,
    /// Rows that break it.
    pub violations: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, other: Self) {
        self.applicable += other.applicable;
        self.violations += other.violations;
    }
}

/// What one check counted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Tally {
    #[serde(with = "crate::pairs")]
    pub(crate) by_source: BTreeMap<u16, Counts>,
    /// The smallest ids of violating rows.
    pub(crate) samples: Vec<u64>,
    /// Smallest and greatest id of a violating row.
    pub(crate) range: Option<(u64, u64)>,
}

/// Rows of one source in a batch.
#[derive(Debug, Clone, Default)]
pub(crate) struct SourceMasks {
    masks: Vec<(u16, Vec<u64>)>,
    /// Set when all rows are of one source.
    only: Option<u16>,
}

impl SourceMasks {
    /// Finds the sources of a batch; keeps its memory.
    pub(crate) fn read(&mut self, rows: &Rows<'_>) {
        self.masks.clear();
        let sources = rows.sources().unwrap_or(&[]);
        let first = sources.first().copied().unwrap_or(0);
        self.only = sources.iter().all(|s| *s == first).then_some(first);
        if self.only.is_some() {
            return;
        }
        for (row, source) in sources.iter().enumerate() {
            let at = self.masks.iter().position(|(s, _)| s == source).unwrap_or_else(|| {
                self.masks.push((*source, vec![0; sources.len().div_ceil(64)]));
                self.masks.len() - 1
            });
            if let Some(word) = self.masks.get_mut(at).and_then(|(_, m)| m.get_mut(row / 64)) {
                *word |= 1 << (row % 64);
            }
        }
    }
}

impl Tally {
    /// Counts the marks of a batch and what is said late.
    ///
    /// `last` gets what the batch added, by source.
    pub(crate) fn add(
        &mut self,
        rows: &Rows<'_>,
        sources: &SourceMasks,
        marks: &Marks,
        last: &mut Vec<(u16, Counts)>,
    ) {
        if let Some(source) = sources.only {
            let counts = count(marks, |_| u64::MAX);
            self.count(source, counts);
            last.push((source, counts));
        } else {
            for (source, mask) in &sources.masks {
                let counts = count(marks, |at| mask.get(at).copied().unwrap_or(0));
                self.count(*source, counts);
                last.push((*source, counts));
            }
        }
        if marks.has_violations() {
            for row in marks.violations() {
                self.name(rows.id(row));
            }
        }
        self.add_late(&marks.late);
    }

    /// Counts what is said about rows of the past.
    pub(crate) fn add_late(&mut self, late: &[crate::marks::LateMark]) {
        for mark in late {
            let counts = Counts {
                applicable: u64::from(mark.is_applicable),
                violations: u64::from(mark.is_violated),
            };
            self.count(mark.source, counts);
            if mark.is_violated {
                self.name(mark.id);
            }
        }
    }

    /// Takes in the counts of another part; rows that are known by their place stand `shift` further on.
    pub(crate) fn merge(&mut self, right: &Self, shift: u64) {
        for (source, counts) in &right.by_source {
            self.count(*source, *counts);
        }
        for id in &right.samples {
            self.sample(id.saturating_add(shift));
        }
        if let Some((low, high)) = right.range {
            self.widen(low.saturating_add(shift));
            self.widen(high.saturating_add(shift));
        }
    }

    fn count(&mut self, source: u16, counts: Counts) {
        if counts.applicable > 0 || counts.violations > 0 {
            self.by_source.entry(source).or_default().add(counts);
        }
    }

    fn name(&mut self, id: u64) {
        self.widen(id);
        self.sample(id);
    }

    fn widen(&mut self, id: u64) {
        let (low, high) = self.range.unwrap_or((id, id));
        self.range = Some((low.min(id), high.max(id)));
    }

    fn sample(&mut self, id: u64) {
        if self.samples.len() == SAMPLES && self.samples.last().is_some_and(|last| *last < id) {
            return;
        }
        if let Err(at) = self.samples.binary_search(&id) {
            self.samples.insert(at, id);
            self.samples.truncate(SAMPLES);
        }
    }
}

fn count(marks: &Marks, mask: impl Fn(usize) -> u64) -> Counts {
    marks.words().enumerate().fold(Counts::default(), |mut sum, (at, (applicable, violated))| {
        let mask = mask(at);
        sum.applicable += u64::from((applicable & mask).count_ones());
        sum.violations += u64::from((violated & mask).count_ones());
        sum
    })
}
