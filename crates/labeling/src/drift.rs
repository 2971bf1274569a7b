//! Whether labels can be trusted as a set: class shares over time, contradictions, and how many are known at all.

use crate::label_rows::{LabelRow, all, latest};
use crate::significance::{DecisionInfo, MethodTest, Shares, SignificanceError, chi_square};
use crate::special::chi_square_upper;
use crate::weights::Lives;
use contract::{Batch, EventId, InstrumentId, LabelStatus, Labels, Side};
use std::collections::{BTreeMap, BTreeSet};

/// Classes of labels and their lives, of one period.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Classes {
    shares: Shares,
}

impl Classes {
    /// Classes -2 to 2 of labels that live over `(start, end]`; overlap counts across instruments.
    ///
    /// # Errors
    /// [`SignificanceError`] for unequal lengths, a life without length, or a class outside -2 to 2.
    pub fn try_new(
        classes: &[i8],
        starts: &[i64],
        ends: &[i64],
    ) -> Result<Self, SignificanceError> {
        let cell = || "classes".to_owned();
        let lives = Lives::across(starts, ends)
            .map_err(|source| SignificanceError::Lives { cell: cell(), source })?;
        if classes.len() != lives.len() {
            let (expected, found) = (lives.len(), classes.len());
            let source = crate::WeightError::Length { what: "classes", expected, found };
            return Err(SignificanceError::Lives { cell: cell(), source });
        }
        if let Some((row, &found)) =
            classes.iter().enumerate().find(|(_, class)| !(-2..=2).contains(*class))
        {
            return Err(SignificanceError::Class { cell: cell(), row, found });
        }
        Ok(Self { shares: Shares::of(classes.iter().copied(), lives.effective_size()) })
    }

    /// Share of each class with its exact 95 % interval at the effective size.
    #[must_use]
    pub fn intervals(&self) -> Vec<(i8, MethodTest)> {
        self.shares.intervals()
    }
}

/// How far class shares moved between two periods.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassDrift {
    /// Chi-square of two samples on effective counts.
    pub chi_square: f64,
    /// Classes seen in either period, less one.
    pub df: u32,
    /// Its p-value; `None` where a period has no label, or only one class was seen.
    pub p_value: Option<f64>,
    /// Population stability index on shares with half an effective label added to each class seen: below 0.1 is read as
    /// little, above 0.25 as a shift.
    pub psi: Option<f64>,
}

/// Whether class shares moved between two periods.
///
/// Effective counts are shares times effective size, so overlapping labels do not count several times. Labels that live
/// across the border of the periods make them alike, never different.
///
/// - **Source:** Pearson's chi-square for two samples; stability index as in Siddiqi, Credit Risk Scorecards (2006).
#[must_use]
pub fn class_drift(before: &Classes, after: &Classes) -> ClassDrift {
    let (a, b) = (before.shares, after.shares);
    let (shares_a, shares_b) = (a.shares(), b.shares());
    let seen = shares_a.iter().zip(&shares_b).filter(|(x, y)| **x > 0.0 || **y > 0.0).count();
    let df = u32::try_from(seen).unwrap_or(0).saturating_sub(1);
    if a.n == 0 || b.n == 0 || df == 0 {
        return ClassDrift { chi_square: 0.0, df, p_value: None, psi: None };
    }
    let total = a.n_eff + b.n_eff;
    let mut pooled = [0.0; 5];
    for ((slot, x), y) in pooled.iter_mut().zip(&shares_a).zip(&shares_b) {
        *slot = (x * a.n_eff + y * b.n_eff) / total;
    }
    let chi_square =
        a.n_eff * chi_square(&shares_a, &pooled) + b.n_eff * chi_square(&shares_b, &pooled);
    let smooth = |share: f64, n_eff: f64| (share * n_eff + 0.5) / (n_eff + 0.5 * seen as f64);
    let psi = shares_a
        .iter()
        .zip(&shares_b)
        .filter(|(x, y)| **x > 0.0 || **y > 0.0)
        .map(|(x, y)| (smooth(*x, a.n_eff), smooth(*y, b.n_eff)))
        .map(|(x, y)| (y - x) * libm::log(y / x))
        .sum();
    let p_value = Some(chi_square_upper(chi_square, f64::from(df)));
    ClassDrift { chi_square, df, p_value, psi: Some(psi) }
}

/// Two things said of labels that cannot both be meant.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Contradiction {
    /// One label, one revision, two classes.
    TwoClasses {
        /// The decision.
        decision_id: EventId,
        /// The target.
        target: String,
        /// The revision.
        revision: u16,
    },
    /// A buy and a sell of one instrument at one instant, both of a class above 0.
    BothSidesGood {
        /// The buy.
        buy: EventId,
        /// The sell.
        sell: EventId,
        /// The target.
        target: String,
    },
    /// Two targets with the same class for every decision that has both: one of them says nothing.
    NeverDiffer {
        /// One target.
        first: String,
        /// The other.
        second: String,
        /// Decisions with both, at least 30.
        decisions: usize,
    },
}

/// Fewest common decisions from which two targets that agree are worth a word.
const COMMON: usize = 30;

/// Contradictions among the labels of all batches, in a fixed order: two classes, both sides good, targets that never
/// differ.
///
/// One batch cannot hold a label's revision twice, so two classes of one are found between batches: of two runs, say.
/// Decisions that `decisions` does not describe take no part in the comparison of sides.
///
/// # Errors
/// [`SignificanceError::Word`] for a batch with words outside their closed sets.
pub fn contradictions<S>(
    labels: &[&Batch<Labels, S>],
    decisions: &[DecisionInfo],
) -> Result<Vec<Contradiction>, SignificanceError> {
    let mut rows = Vec::new();
    for batch in labels {
        rows.extend(all(batch).map_err(SignificanceError::Word)?);
    }
    let mut found = two_classes(&rows);
    let rows = latest(rows);
    found.extend(both_sides_good(&rows, decisions));
    found.extend(never_differ(&rows));
    Ok(found)
}

fn two_classes(rows: &[LabelRow]) -> Vec<Contradiction> {
    let mut classes: BTreeMap<_, (BTreeSet<Option<i8>>, &LabelRow)> = BTreeMap::new();
    for row in rows {
        let hashes = (*row.measures_hash.as_bytes(), *row.rules_hash.as_bytes());
        let key = (row.target, *row.decision_id.as_bytes(), hashes, row.revision);
        classes.entry(key).or_insert_with(|| (BTreeSet::new(), row)).0.insert(row.class);
    }
    classes
        .into_values()
        .filter(|(classes, _)| classes.len() > 1)
        .map(|(_, row)| Contradiction::TwoClasses {
            decision_id: row.decision_id,
            target: row.target.to_owned(),
            revision: row.revision,
        })
        .collect()
}

fn both_sides_good(rows: &[LabelRow], decisions: &[DecisionInfo]) -> Vec<Contradiction> {
    let known: BTreeMap<[u8; 16], (InstrumentId, Side)> = decisions
        .iter()
        .filter_map(|info| Some((*info.decision_id.as_bytes(), (info.instrument, info.side?))))
        .collect();
    let mut good: BTreeMap<_, (Vec<EventId>, Vec<EventId>)> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.class.is_some_and(|class| class > 0)) {
        let Some((instrument, side)) = known.get(row.decision_id.as_bytes()) else { continue };
        let hashes = (*row.measures_hash.as_bytes(), *row.rules_hash.as_bytes());
        let key = (row.target, instrument.get(), row.ts_cutoff, hashes);
        let (buys, sells) = good.entry(key).or_default();
        match side {
            Side::Buy => buys.push(row.decision_id),
            Side::Sell => sells.push(row.decision_id),
        }
    }
    good.into_iter()
        .filter_map(|((target, ..), (buys, sells))| {
            let (buy, sell) = (*buys.first()?, *sells.first()?);
            Some(Contradiction::BothSidesGood { buy, sell, target: target.to_owned() })
        })
        .collect()
}

fn never_differ(rows: &[LabelRow]) -> Vec<Contradiction> {
    let mut targets: BTreeMap<&str, BTreeMap<[u8; 16], i8>> = BTreeMap::new();
    for row in rows {
        if let Some(class) = row.class {
            targets.entry(row.target).or_default().insert(*row.decision_id.as_bytes(), class);
        }
    }
    let targets: Vec<_> = targets.into_iter().collect();
    let mut found = Vec::new();
    for (at, (first, classes)) in targets.iter().enumerate() {
        for (second, others) in targets.iter().skip(at + 1) {
            let pairs = classes.iter().filter_map(|(id, class)| Some((class, others.get(id)?)));
            let (mut decisions, mut differ) = (0, false);
            for (class, other) in pairs {
                decisions += 1;
                differ |= class != other;
            }
            if !differ && decisions >= COMMON {
                let (first, second) = ((*first).to_owned(), (*second).to_owned());
                found.push(Contradiction::NeverDiffer { first, second, decisions });
            }
        }
    }
    found
}

/// How many labels of a target are known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StatusCounts {
    /// Complete.
    pub finals: usize,
    /// Complete but for a declared later input.
    pub provisional: usize,
    /// The data cannot tell.
    pub indeterminate: usize,
}

impl StatusCounts {
    /// Labels counted.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.finals + self.provisional + self.indeterminate
    }

    /// Share of labels that are final; `None` without labels.
    #[must_use]
    pub fn final_share(&self) -> Option<f64> {
        (self.total() > 0).then(|| self.finals as f64 / self.total() as f64)
    }
}

/// Statuses of the latest revision of each label, by target; withdrawn labels do not count.
///
/// # Errors
/// [`SignificanceError::Word`] for a batch with words outside their closed sets.
pub fn status_counts<S>(
    labels: &Batch<Labels, S>,
) -> Result<BTreeMap<String, StatusCounts>, SignificanceError> {
    let mut counts: BTreeMap<String, StatusCounts> = BTreeMap::new();
    for row in latest(all(labels).map_err(SignificanceError::Word)?) {
        let count = counts.entry(row.target.to_owned()).or_default();
        match row.status {
            LabelStatus::Final => count.finals += 1,
            LabelStatus::Provisional => count.provisional += 1,
            LabelStatus::Indeterminate => count.indeterminate += 1,
            LabelStatus::Void => {}
        }
    }
    Ok(counts)
}
