//! What a comparison found.

use super::false_discovery::q_values;
use super::tally::Counted;
use super::{DriftOptions, Effect};
use crate::NotEvaluated;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// What there was too little of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Short {
    /// Rows with a value, on the side with fewer.
    Rows,
    /// Blocks that have such rows, on the side with fewer.
    Blocks,
    /// Bins of the reference that are left after merging.
    Bins,
}

/// What a finding says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftVerdict {
    /// The effect reaches its minimum, and q is small.
    Drift,
    /// Only q is small.
    Watch,
    /// q is not small.
    Stable,
    /// Too little to say anything.
    Insufficient {
        /// Of what.
        of: Short,
        /// How much there was.
        found: u64,
        /// How much it takes.
        needed: u64,
    },
    /// The measure is not defined for these values.
    Degenerate(String),
    /// The comparison could not run.
    NotEvaluated(NotEvaluated),
}

impl DriftVerdict {
    /// Its word in `quality_events`; a measure that is not defined was not evaluated.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Drift => "drift",
            Self::Watch => "watch",
            Self::Stable => "stable",
            Self::Insufficient { .. } => "insufficient",
            Self::Degenerate(_) | Self::NotEvaluated(_) => "not_evaluated",
        }
    }
}

impl fmt::Display for DriftVerdict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Insufficient { of, found, needed } => {
                let of = match of {
                    Short::Rows => "rows",
                    Short::Blocks => "blocks",
                    Short::Bins => "bins",
                };
                write!(out, "insufficient ({found} of {needed} {of})")
            }
            Self::Degenerate(reason) => write!(out, "not_evaluated ({reason})"),
            Self::NotEvaluated(reason) => write!(out, "not_evaluated ({reason})"),
            other => out.write_str(other.word()),
        }
    }
}

/// One measure of one column, or of several together. Numbers are finite where they are present.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DriftFinding {
    /// The column; both of a pair, or all that are compared together.
    pub columns: Vec<String>,
    /// The measure, which names its bins ([`Effect::binning`]).
    pub effect: Effect,
    /// Size of the effect.
    pub size: Option<f64>,
    /// The least size that matters.
    pub minimum: f64,
    /// The statistic that goes with the size, as [`Effect`] says.
    pub statistic: Option<f64>,
    /// What the size on bins may fall short of that of the whole samples.
    pub resolution: Option<f64>,
    /// Bins or categories.
    pub bins: Option<u64>,
    /// Probability of a size as large when whole blocks change sides at random; on bins where there are some.
    pub p: Option<f64>,
    /// The same, corrected for the findings of this effect in the report.
    pub q: Option<f64>,
    /// Probability that takes rows as independent, which rows of a market are not: for the record.
    pub p_iid: Option<f64>,
    /// Rows of the reference that were compared.
    pub n_reference: u64,
    /// Rows of the window that were compared.
    pub n_current: u64,
    /// Blocks of the reference that have such rows.
    pub blocks_reference: u64,
    /// Blocks of the window that have such rows.
    pub blocks_current: u64,
    /// What it says.
    pub verdict: DriftVerdict,
}

impl DriftFinding {
    /// A finding that still lacks its q and verdict.
    pub(super) fn draft(columns: Vec<String>, effect: Effect, counts: Counts) -> Self {
        let [n_reference, n_current] = counts.rows;
        let [blocks_reference, blocks_current] = counts.blocks;
        Self {
            columns,
            effect,
            size: None,
            minimum: 0.0,
            statistic: None,
            resolution: None,
            bins: None,
            p: None,
            q: None,
            p_iid: None,
            n_reference,
            n_current,
            blocks_reference,
            blocks_current,
            verdict: DriftVerdict::Stable,
        }
    }

    pub(super) fn absent(columns: Vec<String>, effect: Effect, reason: NotEvaluated) -> Self {
        let verdict = DriftVerdict::NotEvaluated(reason);
        Self { verdict, ..Self::draft(columns, effect, Counts::default()) }
    }
}

/// Rows with a value and blocks that have some, of both sides.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) rows: [u64; 2],
    pub(super) blocks: [u64; 2],
}

impl Counts {
    const ROWS: u64 = 200;
    const BLOCKS: u64 = 8;

    /// Counts of the rows of blocks.
    pub(super) fn of(sides: [&mut dyn Iterator<Item = u64>; 2]) -> Self {
        let mut counts = Self::default();
        for ((rows, blocks), side) in counts.rows.iter_mut().zip(&mut counts.blocks).zip(sides) {
            for block in side {
                *rows += block;
                *blocks += u64::from(block > 0);
            }
        }
        counts
    }

    /// What it is short of.
    pub(super) fn shortage(&self) -> Option<DriftVerdict> {
        let short = |of, [a, b]: [u64; 2], needed| {
            let found = a.min(b);
            (found < needed).then_some(DriftVerdict::Insufficient { of, found, needed })
        };
        short(Short::Rows, self.rows, Self::ROWS)
            .or_else(|| short(Short::Blocks, self.blocks, Self::BLOCKS))
    }
}

/// A column of both sides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnDrift {
    /// Its name.
    pub name: String,
    /// The effect that speaks for its values.
    pub effect: Effect,
    /// What that effect's finding says.
    pub verdict: DriftVerdict,
    /// Rows of the reference.
    pub reference: Counted,
    /// Rows of the window.
    pub current: Counted,
}

/// All findings of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DriftReport {
    /// Columns in the order of the reference.
    pub columns: Vec<ColumnDrift>,
    /// Findings by column, then those of several columns.
    pub findings: Vec<DriftFinding>,
    /// Rows of the reference.
    pub rows_reference: u64,
    /// Rows of the window.
    pub rows_current: u64,
    /// Blocks of the reference.
    pub blocks_reference: u64,
    /// Blocks of the window.
    pub blocks_current: u64,
    /// The options that it was made with.
    pub options: DriftOptions,
}

impl DriftReport {
    /// The finding of one effect of one column.
    #[must_use]
    pub fn finding(&self, column: &str, effect: Effect) -> Option<&DriftFinding> {
        let is_it = |finding: &&DriftFinding| {
            finding.effect == effect && finding.columns.iter().eq([column])
        };
        self.findings.iter().find(is_it)
    }

    /// The finding of several columns together.
    #[must_use]
    pub fn joint(&self, effect: Effect) -> Option<&DriftFinding> {
        let is_joint = matches!(effect, Effect::Mahalanobis | Effect::PearsonChange);
        self.findings.iter().find(|finding| is_joint && finding.effect == effect)
    }
}

/// Fills in q and verdict. The family of a q is one effect over all columns of the report.
pub(super) fn judge(findings: &mut [DriftFinding], options: &DriftOptions) {
    let mut families: BTreeMap<Effect, Vec<f64>> = BTreeMap::new();
    for finding in findings.iter() {
        families.entry(finding.effect).or_default().extend(finding.p);
    }
    let mut q: BTreeMap<Effect, _> = families
        .into_iter()
        .map(|(effect, family)| (effect, q_values(&family).into_iter()))
        .collect();
    for finding in findings {
        finding.minimum =
            options.minimums.get(&finding.effect).copied().unwrap_or(finding.effect.minimum());
        if finding.p.is_none() {
            continue;
        }
        finding.q = q.get_mut(&finding.effect).and_then(Iterator::next);
        let is_small = finding.q.is_some_and(|q| q <= options.level);
        let is_large = finding.size.is_some_and(|size| size >= finding.minimum);
        finding.verdict = match (is_small, is_large) {
            (true, true) => DriftVerdict::Drift,
            (true, false) => DriftVerdict::Watch,
            (false, _) => DriftVerdict::Stable,
        };
    }
}
