//! What each arm learns from, and what it then says about the rows held out.

use super::draws::Draws;
use super::experiment::{Experiment, SessionUnit};
use super::folds::{Fold, final_fold, shuffled, walk_forward};
use super::logistic::{Learners, Logistic};
use super::matrix::Matrix;
use super::metric::Predicted;
use super::spec::{ClaimModel, ClaimSpec, Decide};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Least probability that a loss is taken of: a class that never came before is no infinite surprise.
const FLOOR: f64 = 1e-6;
/// Parts of the shuffled trap.
const TRAP_FOLDS: usize = 5;

/// A way of learning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arm {
    /// The dataset as it is: its features and weights, learners purged.
    Ours,
    /// The raw features alone, without weights; purged too.
    Raw,
    /// The shares of the classes among the learners; says the largest.
    Majority,
    /// Ours without weights.
    NoWeights,
    /// Ours without purge.
    NoPurge,
    /// Ours with the rows of low quality.
    NoQuality,
    /// Ours with the labels of whole sessions exchanged: must gain nothing.
    LabelsShuffled,
    /// Ours with the features of a session earlier: must gain nothing.
    FeaturesShifted,
    /// Ours under shuffled k-fold: learns from neighbours and from the future. The trap.
    Leaky,
}

impl Arm {
    /// Arms of a claim that names none.
    pub(super) const CLAIMED: [Self; 7] = [
        Self::Ours,
        Self::NoWeights,
        Self::NoPurge,
        Self::NoQuality,
        Self::LabelsShuffled,
        Self::FeaturesShifted,
        Self::Leaky,
    ];

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Raw => "raw",
            Self::Majority => "majority",
            Self::NoWeights => "no_weights",
            Self::NoPurge => "no_purge",
            Self::NoQuality => "no_quality",
            Self::LabelsShuffled => "labels_shuffled",
            Self::FeaturesShifted => "features_shifted",
            Self::Leaky => "leaky",
        }
    }
}

/// Rows held out, in order, with what arms need to know of them.
pub(super) struct Course<'a> {
    pub(super) experiment: &'a Experiment,
    pub(super) claim: &'a ClaimSpec,
    pub(super) is_final: bool,
    pub(super) unit: SessionUnit,
    /// Rows that are held out, by their place in the experiment.
    pub(super) held: &'a [usize],
}

impl Course<'_> {
    /// Folds of an arm that keeps to time.
    pub(super) fn folds(&self, is_purged: bool) -> Vec<Fold> {
        let purge = is_purged.then_some(self.experiment.purge);
        if self.is_final {
            final_fold(&self.experiment.rows, purge)
        } else {
            walk_forward(&self.experiment.rows, self.claim.folds, purge)
        }
    }

    /// Why an arm cannot be tried on this dataset.
    pub(super) fn refusal(&self, arm: Arm) -> Option<&'static str> {
        let experiment = self.experiment;
        match arm {
            Arm::Raw if !experiment.names.iter().any(|name| self.claim.is_raw(name)) => {
                Some("no feature matches raw_features")
            }
            Arm::NoWeights if is_flat(experiment.rows.iter().map(|row| row.weight)) => {
                Some("all weights are equal")
            }
            Arm::NoQuality if self.claim.min_quality.is_none() => {
                Some("no min_quality in the claim; rows that the dataset dropped are not in it")
            }
            _ => None,
        }
    }

    /// Predictions of the rows held out; `None` for a row whose fold had nobody to learn from.
    pub(super) fn predict(&self, arm: Arm, model: &ClaimModel) -> Vec<Option<Predicted>> {
        let rows = &self.experiment.rows;
        let seed = self.claim.seed;
        let features = match arm {
            Arm::Raw => {
                let names = self.experiment.names.iter().enumerate();
                let raw: Vec<usize> =
                    names.filter(|(_, n)| self.claim.is_raw(n)).map(|(at, _)| at).collect();
                self.experiment.features.pick(&raw)
            }
            Arm::Majority => Matrix::empty(rows.len()),
            Arm::FeaturesShifted => self.experiment.features.moved(&self.earlier()),
            _ => self.experiment.features.clone(),
        };
        let folds = match arm {
            Arm::Leaky => shuffled(rows.len(), TRAP_FOLDS, &mut Draws::new(seed, arm as u64)),
            arm => self.folds(arm != Arm::NoPurge),
        };
        let mut out: BTreeMap<usize, Predicted> = BTreeMap::new();
        for (number, fold) in folds.iter().enumerate() {
            let fit = self.learners(arm, fold);
            let mut classes: Vec<usize> = fit.iter().map(|at| rows[*at].class).collect();
            if arm == Arm::LabelsShuffled {
                let mut draws = Draws::new(seed, (number as u64 + 1) << 8 | arm as u64);
                classes = self.exchanged(&fit, &mut draws);
            }
            self.fold(arm, model, &features, &fit, &classes, &fold.hold, &mut out);
        }
        self.held.iter().map(|at| out.get(at).copied()).collect()
    }

    #[expect(clippy::too_many_arguments, reason = "one fold of one arm, called once")]
    fn fold(
        &self,
        arm: Arm,
        model: &ClaimModel,
        features: &Matrix,
        fit: &[usize],
        classes: &[usize],
        hold: &[usize],
        out: &mut BTreeMap<usize, Predicted>,
    ) {
        let rows = &self.experiment.rows;
        let k = self.experiment.classes.len();
        let is_weighted = !matches!(arm, Arm::NoWeights | Arm::Raw | Arm::Majority);
        let weights: Vec<f64> =
            fit.iter().map(|at| if is_weighted { rows[*at].weight } else { 1.0 }).collect();
        // Weights of mean 1, so that the penalty weighs alike in all arms.
        let mean = weights.iter().sum::<f64>() / weights.len().max(1) as f64;
        let weights: Vec<f64> = weights.iter().map(|weight| weight / mean).collect();
        let mut shares = vec![0.0; k];
        for class in classes {
            shares[*class] += 1.0 / classes.len() as f64;
        }
        let learners = Learners { features, rows: fit, classes, weights: &weights, n_classes: k };
        let fitted = match arm {
            Arm::Majority => None,
            _ => Logistic::fit(&learners, model.penalty),
        };
        if classes.is_empty() || (fitted.is_none() && arm != Arm::Majority) {
            return;
        }
        for at in hold {
            let p = fitted
                .as_ref()
                .map_or_else(|| shares.clone(), |model| model.probabilities(features.row(*at)));
            out.insert(*at, self.say(rows[*at].class, &p, &shares));
        }
    }

    fn say(&self, gold: usize, p: &[f64], shares: &[f64]) -> Predicted {
        let likeliest = largest(p.iter().copied());
        let decided = match self.claim.decide {
            Decide::Likeliest => likeliest,
            // A share that learners do not have decides nothing; where all factors are equal the likeliest class wins.
            Decide::Balanced => {
                let factor = |(p, share): (&f64, &f64)| if *share > 0.0 { p / share } else { 0.0 };
                let factors: Vec<f64> = p.iter().zip(shares).map(factor).collect();
                let best = largest(factors.iter().copied());
                if factors[best] > factors[likeliest] * (1.0 + 1e-9) { best } else { likeliest }
            }
        };
        let floor: f64 = p.iter().map(|p| p.max(FLOOR)).sum();
        Predicted { likeliest, decided, loss: -(p[gold].max(FLOOR) / floor).ln() }
    }

    /// Learners of a fold, without those of low quality where the arm leaves them out.
    fn learners(&self, arm: Arm, fold: &Fold) -> Vec<usize> {
        let rows = &self.experiment.rows;
        let least = self.claim.min_quality.filter(|_| arm != Arm::NoQuality);
        let is_good = |at: &usize| least.is_none_or(|least| rows[*at].quality >= Some(least));
        fold.fit.iter().copied().filter(is_good).collect()
    }

    /// For each row the latest row of its instrument that is a whole session older.
    fn earlier(&self) -> Vec<Option<usize>> {
        let rows = &self.experiment.rows;
        let mut by: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        rows.iter()
            .enumerate()
            .for_each(|(at, row)| by.entry(row.instrument).or_default().push(at));
        let mut out = vec![None; rows.len()];
        for places in by.values() {
            for (n, at) in places.iter().enumerate() {
                let until = rows[*at].ts - self.unit.nanos();
                let older = places[..n].partition_point(|at| rows[*at].ts <= until);
                out[*at] = older.checked_sub(1).map(|older| places[older]);
            }
        }
        out
    }

    /// Classes of learners where each session has those of another one, in their order.
    fn exchanged(&self, fit: &[usize], draws: &mut Draws) -> Vec<usize> {
        let rows = &self.experiment.rows;
        let mut sessions: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
        for (place, at) in fit.iter().enumerate() {
            sessions.entry(self.unit.of(rows[*at].ts)).or_default().push(place);
        }
        let sessions: Vec<Vec<usize>> = sessions.into_values().collect();
        let mut order: Vec<usize> = (0..sessions.len()).collect();
        draws.shuffle(&mut order);
        // A cycle through the random order: no session keeps its own labels, unless it is the only one.
        let mut classes = vec![0; fit.len()];
        for (n, from) in order.iter().enumerate() {
            let (to, from) = (&sessions[order[(n + 1) % order.len()]], &sessions[*from]);
            for (at, place) in to.iter().enumerate() {
                classes[*place] = rows[fit[from[at % from.len()]]].class;
            }
        }
        classes
    }
}

/// Whether all weights are one.
fn is_flat(weights: impl Iterator<Item = f64>) -> bool {
    let (low, high) = weights.fold((f64::INFINITY, 0.0_f64), |(l, h), w| (l.min(w), h.max(w)));
    high - low <= 1e-12 * high
}

fn largest(values: impl Iterator<Item = f64>) -> usize {
    let best = |best: (usize, f64), next: (usize, f64)| if next.1 > best.1 { next } else { best };
    values.enumerate().fold((0, f64::NEG_INFINITY), best).0
}
