//! One number from 0 to 100, its lower bound, and what it rests on.

use crate::dimension::Dimension;
use crate::math::{pow, sqrt};
use crate::rule_set::{CheckSpec, RuleSet, Weights};
use contract::Severity;

/// Lowest factor of a dimension: one that is wholly broken does not hide the others.
const FLOOR: f64 = 0.001;

/// Cap of a score while an Error check fails, and while a Critical one does.
const ERROR_CAP: f64 = 79.0;
const CRITICAL_CAP: f64 = 49.0;

/// One-sided 95 % point of the normal distribution.
const Z95: f64 = 1.644_853_626_951_472_7;

/// How far a table can be trusted. The three numbers are published together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// 0 to 100, rounded to six decimals.
    pub score: f64,
    /// The same with each violation rate at its one-sided 95 % Wilson upper bound, violations taken as independent.
    pub score_low: f64,
    /// Weighted share of the checks that ran, 0 to 1.
    pub coverage: f64,
}

/// What one check contributes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part<'a> {
    pub(crate) check: &'a CheckSpec,
    /// Severity at the end: a finding may raise it.
    pub(crate) severity: Severity,
    pub(crate) applicable: u64,
    /// Violations beyond what is normal for each source.
    pub(crate) excess: f64,
    pub(crate) fails: bool,
    pub(crate) is_evaluated: bool,
}

/// Upper bound of a share at one-sided 95 % (Wilson 1927), for a count that need not be whole.
///
/// ```text
/// (p + z^2/2n + z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n)
/// ```
pub(crate) fn wilson_upper(hits: f64, n: f64) -> f64 {
    if n <= 0.0 {
        return 0.0;
    }
    let p = (hits / n).clamp(0.0, 1.0);
    let z2 = Z95 * Z95;
    let spread = Z95 * sqrt(p * (1.0 - p) / n + z2 / (4.0 * n * n));
    ((p + z2 / (2.0 * n) + spread) / (1.0 + z2 / n)).clamp(p, 1.0)
}

/// The score of a table from its checks, in the order of the rules.
pub(crate) fn score(rules: &RuleSet, parts: &[Part<'_>]) -> Score {
    let weights = rules.weights();
    let cap = cap(parts);
    let exact = product(weights, parts, |p| p.excess / p.applicable as f64).min(cap);
    let low = product(weights, parts, |p| wilson_upper(p.excess, p.applicable as f64)).min(cap);
    let score = round6(exact);
    Score { score, score_low: round6(low).min(score), coverage: round6(coverage(weights, parts)) }
}

/// Points that the score would gain if a check found nothing.
pub(crate) fn cost(rules: &RuleSet, parts: &[Part<'_>], at: usize) -> f64 {
    let mut mended = parts.to_vec();
    if let Some(part) = mended.get_mut(at) {
        part.excess = 0.0;
        part.fails = false;
    }
    round6(score(rules, &mended).score - score(rules, parts).score)
}

/// s_d of one dimension, 0 to 1; `None` when no check of it was applicable.
pub(crate) fn dimension(
    weights: &Weights,
    parts: &[Part<'_>],
    dimension: Dimension,
) -> Option<f64> {
    share(weights, parts, dimension, &|p| p.excess / p.applicable as f64)
}

fn share(
    weights: &Weights,
    parts: &[Part<'_>],
    dimension: Dimension,
    rate: &impl Fn(&Part<'_>) -> f64,
) -> Option<f64> {
    let mut any = false;
    let mut lost = 0.0;
    for part in parts {
        if part.check.dimension() == dimension && part.is_evaluated && part.applicable > 0 {
            any = true;
            lost += weights.severity(part.severity) * rate(part);
        }
    }
    any.then(|| (1.0 - lost).max(0.0))
}

fn product(weights: &Weights, parts: &[Part<'_>], rate: impl Fn(&Part<'_>) -> f64) -> f64 {
    let shares = Dimension::ALL.map(|d| (weights.dimension(d), share(weights, parts, d, &rate)));
    let total: f64 = shares.iter().filter(|(_, s)| s.is_some()).map(|(w, _)| w).sum();
    if total <= 0.0 {
        return 0.0;
    }
    let factors = shares.iter().filter_map(|(w, s)| s.map(|s| pow(s.max(FLOOR), w / total)));
    100.0 * factors.product::<f64>()
}

fn cap(parts: &[Part<'_>]) -> f64 {
    let failing = parts.iter().filter(|p| p.fails).map(|p| match p.severity {
        Severity::Critical => CRITICAL_CAP,
        Severity::Error => ERROR_CAP,
        Severity::Info | Severity::Warn => 100.0,
    });
    failing.fold(100.0, f64::min)
}

/// Sum over dimensions of weight times the share of its checks that ran; dimensions without a check are left out.
fn coverage(weights: &Weights, parts: &[Part<'_>]) -> f64 {
    let (mut covered, mut total) = (0.0, 0.0);
    for d in Dimension::ALL {
        let of_d = || parts.iter().filter(|p| p.check.dimension() == d);
        let configured = of_d().count();
        if configured > 0 {
            let ran = of_d().filter(|p| p.is_evaluated).count();
            covered += weights.dimension(d) * ran as f64 / configured as f64;
            total += weights.dimension(d);
        }
    }
    if total > 0.0 { covered / total } else { 0.0 }
}

/// Six decimals, as published.
fn round6(x: f64) -> f64 {
    libm::round(x * 1e6) / 1e6
}

/// Scores of rows by what they break.
///
/// Rows share few patterns of flags, so that a score is a look-up.
#[derive(Debug, Clone)]
pub(crate) struct RowScores {
    weights: Weights,
    /// Dimension, severity weight and cap of each check.
    checks: Vec<(Dimension, f64, f64)>,
    /// Dimensions that have a check.
    present: [bool; 6],
}

impl RowScores {
    pub(crate) fn new(rules: &RuleSet) -> Self {
        let weights = rules.weights().clone();
        let checks: Vec<(Dimension, f64, f64)> = rules
            .checks()
            .iter()
            .map(|c| {
                let cap = match c.severity() {
                    Severity::Critical => CRITICAL_CAP,
                    Severity::Error => ERROR_CAP,
                    Severity::Info | Severity::Warn => 100.0,
                };
                (c.dimension(), weights.severity(c.severity()), cap)
            })
            .collect();
        let present = Dimension::ALL.map(|d| checks.iter().any(|c| c.0 == d));
        Self { weights, checks, present }
    }

    /// The score of a row that breaks these checks, floored.
    pub(crate) fn of(&self, broken: impl Iterator<Item = usize>) -> u8 {
        let mut lost = [0.0_f64; 6];
        let mut cap = 100.0_f64;
        for check in broken {
            if let Some((d, weight, most)) = self.checks.get(check) {
                if let Some(slot) = lost.get_mut(*d as usize) {
                    *slot += weight;
                }
                cap = cap.min(*most);
            }
        }
        let dimensions = || Dimension::ALL.into_iter().zip(lost).zip(self.present);
        let total: f64 =
            dimensions().filter(|(_, on)| *on).map(|((d, _), _)| self.weights.dimension(d)).sum();
        if total <= 0.0 {
            return 100;
        }
        let product: f64 = dimensions()
            .filter(|(_, on)| *on)
            .map(|((d, l), _)| pow((1.0 - l).max(FLOOR), self.weights.dimension(d) / total))
            .product();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and 100"
        )]
        {
            // A product of ones may come out a bit short of 1.
            libm::floor((100.0 * product + 1e-9).clamp(0.0, cap)) as u8
        }
    }
}
