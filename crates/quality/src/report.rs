//! What was found in a table.

use crate::dimension::Dimension;
use crate::judge::End;
use crate::rule_set::{CheckSpec, Gate, RuleSet};
use crate::score::{Part, Score, cost, dimension, score};
use crate::tally::{Counts, Tally};
use crate::verdict::{NotEvaluated, Verdict};
use contract::{Hash, Json, QualityMode, Severity};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What one check found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    spec: CheckSpec,
    verdict: Verdict,
    severity: Severity,
    counts: Counts,
    by_source: BTreeMap<u16, Counts>,
    excess: f64,
    samples: Vec<u64>,
    range: Option<(u64, u64)>,
    effect: Option<(&'static str, f64)>,
    detail: Option<Json>,
}

impl Finding {
    pub(crate) fn new(
        spec: &CheckSpec,
        tally: &Tally,
        not_evaluated: Option<NotEvaluated>,
        end: End,
    ) -> Self {
        let mut by_source = tally.by_source.clone();
        if let Some((applicable, violations)) = end.totals {
            by_source.entry(0).or_default().add(Counts { applicable, violations });
        }
        for (source, of_source) in &end.by_source {
            by_source.entry(*source).or_default().add(*of_source);
        }
        let mut counts = Counts::default();
        let (mut excess, mut fails) = (0.0, false);
        for (source, of_source) in &by_source {
            counts.add(*of_source);
            let normal = spec.max_rate(*source) * of_source.applicable as f64;
            let over = of_source.violations as f64 - normal;
            if over > 0.0 {
                excess += over;
                fails = true;
            }
        }
        let verdict = match (not_evaluated, end.verdict) {
            (Some(reason), _) => Verdict::NotEvaluated(reason),
            (None, Some(verdict)) => verdict,
            (None, None) if counts.applicable == 0 => Verdict::NotApplicable,
            (None, None) if fails => Verdict::Fail,
            (None, None) => Verdict::Pass,
        };
        Self {
            severity: if end.is_critical { Severity::Critical } else { spec.severity() },
            spec: spec.clone(),
            verdict,
            counts,
            by_source,
            excess,
            samples: tally.samples.clone(),
            range: tally.range,
            effect: end.effect,
            detail: end.detail,
        }
    }

    /// The rule.
    #[must_use]
    pub const fn check(&self) -> &CheckSpec {
        &self.spec
    }

    /// What it says.
    #[must_use]
    pub const fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// How bad it is: the rule's severity, or `Critical` where the finding raised it.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.severity
    }

    /// Rows that the rule spoke about, and those that broke it.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// The same by source; source 0 where the table names none.
    pub fn by_source(&self) -> impl Iterator<Item = (u16, Counts)> {
        self.by_source.iter().map(|(source, counts)| (*source, *counts))
    }

    /// Up to eight rows that broke it, the first by `seq`.
    #[must_use]
    pub fn samples(&self) -> &[u64] {
        &self.samples
    }

    /// First and last row that broke it.
    #[must_use]
    pub const fn range(&self) -> Option<(u64, u64)> {
        self.range
    }

    /// Name, which carries the unit, and size of what was found beside the counts.
    #[must_use]
    pub const fn effect(&self) -> Option<(&'static str, f64)> {
        self.effect
    }

    /// More for a person to read.
    #[must_use]
    pub const fn detail(&self) -> Option<&Json> {
        self.detail.as_ref()
    }

    fn part(&self) -> Part<'_> {
        Part {
            check: &self.spec,
            severity: self.severity,
            applicable: self.counts.applicable,
            excess: self.excess,
            fails: self.verdict == Verdict::Fail,
            is_evaluated: !matches!(
                self.verdict,
                Verdict::NotEvaluated(_) | Verdict::Insufficient { .. }
            ),
        }
    }
}

/// What was found in a table: every check, and the score with its bound and coverage.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    rules: Arc<RuleSet>,
    mode: QualityMode,
    rows: u64,
    seqs: Option<(u64, u64)>,
    findings: Vec<Finding>,
    score: Score,
}

impl Report {
    pub(crate) fn new(
        rules: Arc<RuleSet>,
        mode: QualityMode,
        rows: u64,
        seqs: Option<(u64, u64)>,
        findings: Vec<Finding>,
    ) -> Self {
        let parts: Vec<Part<'_>> = findings.iter().map(Finding::part).collect();
        let score = score(&rules, &parts);
        Self { rules, mode, rows, seqs, findings, score }
    }

    /// Hash of the rules.
    #[must_use]
    pub fn rules_hash(&self) -> Hash {
        self.rules.hash()
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// Whether hindsight checks ran.
    #[must_use]
    pub const fn mode(&self) -> QualityMode {
        self.mode
    }

    /// Rows looked at.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// First and last `seq`, where the table has them.
    #[must_use]
    pub const fn seqs(&self) -> Option<(u64, u64)> {
        self.seqs
    }

    /// Every check, in the order of the rules.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The three numbers.
    #[must_use]
    pub const fn score(&self) -> Score {
        self.score
    }

    /// Share that is in order of one dimension, 0 to 1; `None` where no check of it applied.
    #[must_use]
    pub fn dimension(&self, of: Dimension) -> Option<f64> {
        dimension(self.rules.weights(), &self.parts(), of)
    }

    /// The findings that cost the most points, dearest first, with these points; at most five, none that costs nothing.
    #[must_use]
    pub fn costliest(&self) -> Vec<(&Finding, f64)> {
        let parts = self.parts();
        let mut all: Vec<(&Finding, f64)> = self
            .findings
            .iter()
            .enumerate()
            .map(|(at, finding)| (finding, cost(&self.rules, &parts, at)))
            .filter(|(finding, points)| *points > 0.0 || finding.verdict == Verdict::Fail)
            .collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1));
        all.truncate(5);
        all
    }

    /// Which of the three numbers miss the gate of the rules: name, expected at least, found.
    #[must_use]
    pub fn misses(&self, gate: &Gate) -> Vec<(&'static str, f64, f64)> {
        let all = [
            ("score", gate.score, self.score.score),
            ("score_low", gate.score_low, self.score.score_low),
            ("coverage", gate.coverage, self.score.coverage),
        ];
        all.into_iter().filter(|(_, expected, found)| found < expected).collect()
    }

    fn parts(&self) -> Vec<Part<'_>> {
        self.findings.iter().map(Finding::part).collect()
    }
}
