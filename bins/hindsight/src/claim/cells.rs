//! One comparison: an arm, what it is compared with, and a metric.

use super::arms::Arm;
use super::draws::Draws;
use super::experiment::{ClaimRow, SessionUnit};
use super::metric::{Metric, Predicted, Tally};
use super::power::{effective_rows_needed, mcnemar};
use super::resample::{Resampled, resample};
use std::collections::BTreeMap;

/// What a comparison says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Ours gains more than the claim asks for, and the interval is above 0.
    Pass,
    /// Ours gains, but less than the claim asks for.
    Gain,
    /// The interval holds 0.
    NoGain,
    /// Ours loses.
    Loss,
    /// Too few independent rows to see the gain that is claimed.
    NoPower,
    /// What the arm lacks pays: without it the result is worse.
    Pays,
    /// What the arm lacks costs: without it the result is better.
    Costs,
    /// What the arm lacks makes no difference that can be seen.
    Even,
    /// A placebo gains nothing, as it must.
    Clean,
    /// A placebo gains: something leaks, or what it keeps is slow or seasonal.
    PlaceboGains,
    /// A placebo in a metric in which the majority rule is not the best that knows nothing: F1 rewards a guess at random.
    NotJudged,
    /// The shuffled split promises what no live model keeps.
    Trap,
    /// The shuffled split promises nothing more.
    NoTrap,
}

impl Outcome {
    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Gain => "gain",
            Self::NoGain => "no gain",
            Self::Loss => "loss",
            Self::NoPower => "no power",
            Self::Pays => "pays",
            Self::Costs => "costs",
            Self::Even => "even",
            Self::Clean => "clean",
            Self::PlaceboGains => "placebo gains",
            Self::NotJudged => "not judged",
            Self::Trap => "trap",
            Self::NoTrap => "no trap",
        }
    }
}

/// One comparison with all its numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// The arm.
    pub arm: Arm,
    /// What it is compared with.
    pub reference: Arm,
    /// The model.
    pub model: &'static str,
    /// The metric.
    pub metric: Metric,
    /// Its value in the arm.
    pub value: f64,
    /// Its value in the reference.
    pub reference_value: f64,
    /// Relative gain of the arm over the reference; above 0 is better, also of a loss.
    pub gain: Option<f64>,
    /// 95 % interval of it.
    pub interval: Option<(f64, f64)>,
    /// Two-sided p-value of no difference, by the bootstrap.
    pub p_value: f64,
    /// Of all cells together, by Benjamini and Hochberg.
    pub q_value: f64,
    /// McNemar's p-value on the likeliest classes, rows counted by their uniqueness.
    pub mcnemar_p: f64,
    /// Share of the weight on which exactly one of the two is right.
    pub discordant: f64,
    /// Mean block of the bootstrap, in sessions.
    pub block: f64,
    /// Sum of the uniqueness of the rows compared.
    pub n_eff: f64,
    /// Sum that the claimed gain over the reference needs.
    pub n_eff_needed: Option<f64>,
    /// What it says.
    pub outcome: Outcome,
}

/// Two arms' predictions of the same rows.
pub(super) struct Pair<'a> {
    pub(super) arm: (Arm, &'a [Option<Predicted>]),
    pub(super) reference: (Arm, &'a [Option<Predicted>]),
    pub(super) rows: &'a [&'a ClaimRow],
    /// Uniqueness of each row.
    pub(super) weights: &'a [f64],
    pub(super) unit: SessionUnit,
    pub(super) k: usize,
}

impl Pair<'_> {
    /// The comparison; none without a row that both predict.
    pub(super) fn compare(
        &self,
        model: &'static str,
        metric: Metric,
        min_gain: f64,
        replicates: u32,
        seed: u64,
    ) -> Option<Cell> {
        let mut sessions: BTreeMap<i64, (Tally, Tally)> = BTreeMap::new();
        let (mut whole, mut n_eff, mut only) =
            ((Tally::new(self.k), Tally::new(self.k)), 0.0, (0.0, 0.0));
        let both = self.arm.1.iter().zip(self.reference.1).zip(self.rows).zip(self.weights);
        for (((arm, reference), row), weight) in both {
            let (Some(arm), Some(reference)) = (arm, reference) else { continue };
            let session = sessions
                .entry(self.unit.of(row.ts))
                .or_insert_with(|| (Tally::new(self.k), Tally::new(self.k)));
            for tallies in [session, &mut whole] {
                tallies.0.add(row.class, arm, *weight);
                tallies.1.add(row.class, reference, *weight);
            }
            match (arm.likeliest == row.class, reference.likeliest == row.class) {
                (true, false) => only.0 += weight,
                (false, true) => only.1 += weight,
                _ => {}
            }
            n_eff += weight;
        }
        if n_eff <= 0.0 {
            return None;
        }
        let (value, reference_value) = (whole.0.value(metric), whole.1.value(metric));
        let sessions: Vec<(Tally, Tally)> = sessions.into_values().collect();
        let stream = (self.arm.0 as u64) << 16 | (self.reference.0 as u64) << 8 | metric as u64;
        let drawn = resample(&sessions, metric, replicates, &mut Draws::new(seed, stream));
        let level = if metric == Metric::LogLoss {
            whole.1.value(Metric::Accuracy)
        } else {
            reference_value
        };
        let mut cell = Cell {
            arm: self.arm.0,
            reference: self.reference.0,
            model,
            metric,
            value,
            reference_value,
            gain: metric.gain(value, reference_value),
            interval: drawn.and_then(|d: Resampled| d.gain),
            p_value: drawn.map_or(1.0, |d| d.p_value),
            q_value: 1.0,
            mcnemar_p: mcnemar(only.0, only.1),
            discordant: (only.0 + only.1) / n_eff,
            block: drawn.map_or(f64::NAN, |d| d.block),
            n_eff,
            n_eff_needed: effective_rows_needed(level, min_gain),
            outcome: Outcome::NoGain,
        };
        cell.outcome = outcome(&cell, min_gain);
        Some(cell)
    }
}

fn outcome(cell: &Cell, min_gain: f64) -> Outcome {
    let is_above = cell.interval.is_some_and(|(low, _)| low > 0.0);
    let is_below = cell.interval.is_some_and(|(_, high)| high < 0.0);
    let is_seen = cell.n_eff_needed.is_none_or(|needed| cell.n_eff >= needed);
    match cell.arm {
        Arm::LabelsShuffled | Arm::FeaturesShifted if cell.metric == Metric::MacroF1 => {
            Outcome::NotJudged
        }
        Arm::LabelsShuffled | Arm::FeaturesShifted if is_above => Outcome::PlaceboGains,
        Arm::LabelsShuffled | Arm::FeaturesShifted => Outcome::Clean,
        Arm::Leaky if is_above => Outcome::Trap,
        Arm::Leaky => Outcome::NoTrap,
        Arm::NoWeights | Arm::NoPurge | Arm::NoQuality if is_below => Outcome::Pays,
        Arm::NoWeights | Arm::NoPurge | Arm::NoQuality if is_above => Outcome::Costs,
        Arm::NoWeights | Arm::NoPurge | Arm::NoQuality => Outcome::Even,
        _ if !is_seen || cell.interval.is_none() => Outcome::NoPower,
        // Raw beside the majority rule is no part of the claim.
        Arm::Ours if is_above && cell.gain.is_some_and(|gain| gain > min_gain) => Outcome::Pass,
        _ if is_above => Outcome::Gain,
        _ if is_below => Outcome::Loss,
        _ => Outcome::NoGain,
    }
}
