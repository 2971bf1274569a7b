//! A family of cells, tested together.

use super::balance::Shares;
use super::bootstrap::stationary_bootstrap;
use super::mean::{MethodTest, newey_west, t_test};
use super::placebo::side_placebo;
use super::{Cell, CellLabel, Period, SignificanceError};
use crate::weights::Lives;
use contract::{Hash, Side, UtcNanos};
use std::collections::BTreeSet;

/// How a family is tested.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignificanceOptions {
    /// Seed of bootstrap and placebo.
    pub seed: u64,
    /// Replicates of the bootstrap, and at most so many shifts of the placebo; default 9,999.
    pub replicates: u32,
    /// Fewest effective labels for a verdict; default 30.
    pub min_effective: f64,
    /// Largest share of false discoveries; default 0.05.
    pub max_q: f64,
}

impl SignificanceOptions {
    /// The defaults with a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed, replicates: 9_999, min_effective: 30.0, max_q: 0.05 }
    }
}

/// What is said of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Too few effective labels to say anything.
    Insufficient,
    /// The mean is above 0.
    Positive,
    /// The mean is below 0.
    Negative,
    /// The mean may be 0.
    NotSignificant,
}

impl Verdict {
    /// The word in `label_tests`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Insufficient => "insufficient",
            Self::Positive => "positive",
            Self::Negative => "negative",
            Self::NotSignificant => "not_significant",
        }
    }
}

/// All that was found out about a cell.
#[derive(Debug, Clone, PartialEq)]
pub struct CellTest {
    /// Name of the cell.
    pub cell: String,
    /// The target.
    pub target: String,
    /// The strategy.
    pub strategy: Option<String>,
    /// The period.
    pub period: Period,
    /// Hash of the rule set.
    pub rules_hash: Hash,
    /// Latest `ts_avail` of the labels of the whole family, on all of which q depends.
    pub ts_avail: UtcNanos,
    /// Test A: t-test with effective size.
    pub t_test: MethodTest,
    /// Test B: stationary bootstrap.
    pub bootstrap: MethodTest,
    /// The larger p-value of A and B with the hull of their intervals. A cell that cannot be tested has 1.
    pub combined: MethodTest,
    /// The p-value after false-discovery control over the family (Benjamini and Hochberg 1995).
    pub q_value: f64,
    /// The verdict.
    pub verdict: Verdict,
    /// Newey-West, for reports only.
    pub newey_west: MethodTest,
    /// Placebo of sides, for reports only, see [`side_placebo`](crate::side_placebo).
    pub placebo: MethodTest,
    /// Whether class shares differ from the base of the cell, for reports only.
    pub class_balance: MethodTest,
    /// Share of each class with its interval; empty when no label has a class.
    pub class_shares: Vec<(i8, MethodTest)>,
    /// Seed of the run.
    pub seed: u64,
}

/// Tests a family of cells, each once and none left out.
///
/// - **Shape:** one test a cell, in order. The order of cells and of labels in a cell changes nothing.
/// - **Null tested:** the mean value is 0. Values count in order of `(start, decision_id)`; effective sizes count
///   overlap across instruments.
/// - **Source:** both tests must agree because each alone errs under long overlap: at 60-fold overlap the naive t-test
///   gives 84 % false alarms, the bootstrap alone 20 %, both together 5 to 7 %.
///
/// # Errors
/// [`SignificanceError`] for a value that is not finite, a life without length, a class outside -2 to 2, base shares
/// that do not sum to 1, two cells of one name and rule set, or settings out of range.
pub fn significance(
    cells: &[Cell],
    options: &SignificanceOptions,
) -> Result<Vec<CellTest>, SignificanceError> {
    check(options)?;
    let mut names = BTreeSet::new();
    for cell in cells {
        if !names.insert((&cell.name, *cell.rules_hash.as_bytes())) {
            return Err(SignificanceError::Twice { cell: cell.name.clone() });
        }
    }
    let known = cells.iter().map(|cell| cell.ts_avail).max();
    let mut tests = cells
        .iter()
        .map(|cell| test(cell, known.unwrap_or(cell.ts_avail), options))
        .collect::<Result<Vec<_>, _>>()?;
    let p_values: Vec<f64> = tests.iter().map(|t| t.combined.p_value.unwrap_or(1.0)).collect();
    for (test, q) in tests.iter_mut().zip(false_discovery(&p_values)) {
        let mean = test.combined.effect.unwrap_or(0.0);
        test.q_value = q;
        // Without a label the effective size is 0.
        test.verdict = if test.combined.n_eff < options.min_effective {
            Verdict::Insufficient
        } else if q > options.max_q {
            Verdict::NotSignificant
        } else if mean > 0.0 {
            Verdict::Positive
        } else {
            Verdict::Negative
        };
    }
    Ok(tests)
}

fn check(options: &SignificanceOptions) -> Result<(), SignificanceError> {
    let refuse =
        |key, expected, found: String| Err(SignificanceError::Setting { key, expected, found });
    if options.replicates == 0 {
        return refuse("replicates", "at least 1", options.replicates.to_string());
    }
    if options.min_effective.is_nan() || options.min_effective < 2.0 {
        return refuse("min_effective", "at least 2", options.min_effective.to_string());
    }
    if !(options.max_q > 0.0 && options.max_q < 1.0) {
        return refuse("max_q", "a number in (0, 1)", options.max_q.to_string());
    }
    Ok(())
}

/// Benjamini-Hochberg q-values of a family of p-values, in its order.
///
/// ```
/// // 0.01 * 3 / 1, then min(0.03 * 3 / 2, 0.04 * 3 / 3), then 0.04 * 3 / 3.
/// assert_eq!(labeling::false_discovery(&[0.04, 0.01, 0.03]), [0.04, 0.03, 0.04]);
/// ```
#[must_use]
pub fn false_discovery(p_values: &[f64]) -> Vec<f64> {
    let family = p_values.len() as f64;
    let mut order: Vec<(usize, f64)> = p_values.iter().copied().enumerate().collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut q_values = vec![1.0; p_values.len()];
    let mut least = 1.0_f64;
    for (rank, (row, p)) in (1_u32..).zip(order).collect::<Vec<_>>().into_iter().rev() {
        least = least.min(p * (family / f64::from(rank)));
        if let Some(slot) = q_values.get_mut(row) {
            *slot = least;
        }
    }
    q_values
}

fn test(
    cell: &Cell,
    known: UtcNanos,
    options: &SignificanceOptions,
) -> Result<CellTest, SignificanceError> {
    let mut labels: Vec<&CellLabel> = cell.labels.iter().collect();
    labels.sort_by_key(|label| (label.start, *label.decision_id.as_bytes()));
    let (valued, values) = valued(cell, &labels)?;
    let n_eff = effective(cell, &valued)?;
    let stream = stream(cell);
    let SignificanceOptions { seed, replicates, .. } = *options;
    let t_test = t_test(&values, n_eff);
    let bootstrap = stationary_bootstrap(&values, n_eff, replicates, seed, stream)
        .map_or(untested(&t_test), |b| b.test);
    let signed: Vec<(&CellLabel, (f64, i8))> = valued
        .iter()
        .zip(&values)
        .filter_map(|(label, value)| Some((*label, (*value, sign(label.side?)))))
        .collect();
    let sides: Vec<(f64, i8)> = signed.iter().map(|(_, pair)| *pair).collect();
    let signed: Vec<&CellLabel> = signed.into_iter().map(|(label, _)| label).collect();
    let side_size = effective(cell, &signed)?;
    let placebo = side_placebo(&sides, side_size, replicates, seed, stream).unwrap_or(MethodTest {
        n: sides.len(),
        n_eff: side_size,
        ..MethodTest::default()
    });
    let shares = shares(cell, &labels)?;
    Ok(CellTest {
        cell: cell.name.clone(),
        target: cell.target.clone(),
        strategy: cell.strategy.clone(),
        period: cell.period,
        rules_hash: cell.rules_hash,
        ts_avail: known,
        combined: combined(&t_test, &bootstrap),
        newey_west: newey_west(&values, n_eff),
        placebo,
        class_balance: match &cell.base {
            Some(base) => shares.against(base),
            None => MethodTest { n: shares.n, n_eff: shares.n_eff, ..MethodTest::default() },
        },
        class_shares: if shares.n == 0 { Vec::new() } else { shares.intervals() },
        t_test,
        bootstrap,
        q_value: 1.0,
        verdict: Verdict::Insufficient,
        seed,
    })
}

fn valued<'a>(
    cell: &Cell,
    labels: &[&'a CellLabel],
) -> Result<(Vec<&'a CellLabel>, Vec<f64>), SignificanceError> {
    let (mut kept, mut values) = (Vec::new(), Vec::new());
    for (row, label) in labels.iter().enumerate() {
        match label.value {
            Some(found) if !found.is_finite() => {
                return Err(SignificanceError::NotFinite { cell: cell.name.clone(), row, found });
            }
            Some(value) => {
                kept.push(*label);
                values.push(value);
            }
            None => {}
        }
    }
    Ok((kept, values))
}

fn shares(cell: &Cell, labels: &[&CellLabel]) -> Result<Shares, SignificanceError> {
    if let Some(found) = cell.base {
        let is_share = found.iter().all(|share| (0.0..=1.0).contains(share));
        if !is_share || (found.iter().sum::<f64>() - 1.0).abs() > 1e-9 {
            return Err(SignificanceError::Base { cell: cell.name.clone(), found });
        }
    }
    let mut kept = Vec::new();
    for (row, label) in labels.iter().enumerate() {
        match label.class {
            Some(found) if !(-2..=2).contains(&found) => {
                return Err(SignificanceError::Class { cell: cell.name.clone(), row, found });
            }
            Some(_) => kept.push(*label),
            None => {}
        }
    }
    let n_eff = effective(cell, &kept)?;
    Ok(Shares::of(kept.iter().filter_map(|label| label.class), n_eff))
}

/// Effective size across instruments.
fn effective(cell: &Cell, labels: &[&CellLabel]) -> Result<f64, SignificanceError> {
    let starts: Vec<i64> = labels.iter().map(|label| label.start).collect();
    let ends: Vec<i64> = labels.iter().map(|label| label.end).collect();
    match Lives::across(&starts, &ends) {
        Ok(lives) => Ok(lives.effective_size()),
        Err(source) => Err(SignificanceError::Lives { cell: cell.name.clone(), source }),
    }
}

/// A number of the cell's own, so that what else is in the family moves no draw.
fn stream(cell: &Cell) -> u64 {
    let hash = Hash::of(cell.name.as_bytes());
    hash.as_bytes().iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

const fn sign(side: Side) -> i8 {
    match side {
        Side::Buy => 1,
        Side::Sell => -1,
    }
}

const fn untested(test: &MethodTest) -> MethodTest {
    MethodTest { ci: None, p_value: None, ..*test }
}

fn combined(a: &MethodTest, b: &MethodTest) -> MethodTest {
    let ci = match (a.ci, b.ci) {
        (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
        _ => None,
    };
    let p_value = match (a.p_value, b.p_value) {
        (Some(a), Some(b)) => Some(a.max(b)),
        _ => Some(1.0),
    };
    MethodTest { ci, p_value, ..*a }
}
