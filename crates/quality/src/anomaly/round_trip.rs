//! Jumps that come back. Hindsight: for reports and label paths only.

use super::centred::scatter;
use super::robust::positive;
use super::{AnomalyError, Judgement, Sample, Window};
use serde::{Deserialize, Serialize};

/// Parameters of [`round_trip`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RoundTripRule {
    /// The price is back within this many rows after the jump; default 3.
    pub rows: usize,
    /// A jump is more than this many MAD of the rows before it; default 5.
    pub k: f64,
    /// Back means nearer to the price before the jump than this share of the jump; default 0.25.
    pub back: f64,
    /// Rows before the jump that the MAD is taken from; default 50.
    pub window: usize,
    /// Fewer rows before a jump leave it unjudged; default 20.
    pub min_n: usize,
    /// The MAD counts as at least this many ticks; default 1, as for [`super::SpikeRule`].
    pub floor_ticks: f64,
    /// The MAD counts as at least this share of the median, in basis points; default 2.
    pub floor_bps: f64,
}

impl Default for RoundTripRule {
    fn default() -> Self {
        Self {
            rows: 3,
            k: 5.0,
            back: 0.25,
            window: 50,
            min_n: 20,
            floor_ticks: 1.0,
            floor_bps: 2.0,
        }
    }
}

impl RoundTripRule {
    fn check(self) -> Result<(), AnomalyError> {
        if self.rows == 0 {
            return Err(AnomalyError::parameter("rows", "1 or more", self.rows));
        }
        if self.min_n == 0 || self.min_n > self.window {
            return Err(AnomalyError::parameter("min_n", "1 to the window", self.min_n));
        }
        positive("k", self.k)?;
        if !(0.0..1.0).contains(&self.back) {
            return Err(AnomalyError::parameter("back", "0 to below 1", self.back));
        }
        for (name, floor) in [("floor_ticks", self.floor_ticks), ("floor_bps", self.floor_bps)] {
            if !floor.is_finite() || floor < 0.0 {
                return Err(AnomalyError::parameter(name, "zero or a positive number", floor));
            }
        }
        Ok(())
    }
}

/// The rows between a jump and its return. Hindsight.
///
/// A jump is a step of more than `k` units from one row to the next, the unit being the MAD of the rows before it or a
/// floor ([`RoundTripRule`]). If one of the next `rows` rows is back where it started, the rows in between are
/// violations and do not enter the window; a jump that stays is none, however large.
///
/// - **Shape:** one judgement a value, in order; those that are not finite are not judged and not counted as rows.
/// - **Units:** `z` of a violation is its distance from the price before the jump, in the unit.
/// - **Point in time:** hand in one session of one instrument and source at a time.
///
/// # Errors
/// [`AnomalyError::Parameter`] for parameters outside their range.
///
/// ```
/// use quality::{RoundTripRule, round_trip};
/// let mut px: Vec<i64> = (0..30).map(|n| 61_700_000 + n % 2).collect();
/// px[24] = 62_500_000; // and back
/// let found = round_trip(&px, 1, RoundTripRule::default())?;
/// assert_eq!(found.iter().position(|f| f.is_rejected()), Some(24));
/// # Ok::<(), quality::AnomalyError>(())
/// ```
pub fn round_trip<T: Sample>(
    values: &[T],
    tick: T,
    rule: RoundTripRule,
) -> Result<Vec<Judgement>, AnomalyError> {
    rule.check()?;
    let known: Vec<T> = values.iter().filter_map(|v| v.usable()).collect();
    let mut window = Window::new(rule.window)?;
    let mut found = Vec::with_capacity(known.len());
    let mut rest = known.as_slice();
    let mut before: Option<T> = None;
    while let Some((value, after)) = rest.split_first() {
        let unit = unit(&window, tick, rule);
        let away = match (before, unit) {
            (Some(before), Some(unit)) => trip(before, rest, unit, rule),
            _ => 0,
        };
        if let (Some(before), Some(unit), true) = (before, unit, away > 0) {
            found.extend(rest.iter().take(away).map(|value| {
                let distance = T::distance(value.quarters(), before.quarters());
                Judgement::Rejected { z: T::number(distance) / unit }
            }));
            rest = rest.get(away..).unwrap_or_default();
            continue;
        }
        found.push(if unit.is_some() { Judgement::Accepted } else { Judgement::NotJudged });
        window.push(*value);
        before = Some(*value);
        rest = after;
    }
    Ok(scatter(values, &mut found.into_iter()))
}

fn unit<T: Sample>(window: &Window<T>, tick: T, rule: RoundTripRule) -> Option<f64> {
    let spread = window.spread().filter(|spread| spread.n >= rule.min_n)?;
    let ticks = rule.floor_ticks * T::number(tick.quarters());
    let share = spread.median.abs() * (rule.floor_bps / 10_000.0);
    Some(spread.mad.max(ticks).max(share))
}

/// Rows from a jump to its return; 0 when the first row is no jump or nothing returns.
fn trip<T: Sample>(before: T, rows: &[T], unit: f64, rule: RoundTripRule) -> usize {
    let from = |value: &T| T::number(T::distance(value.quarters(), before.quarters()));
    let Some(jump) = rows.first().map(from) else { return 0 };
    if jump <= rule.k * unit {
        return 0;
    }
    let back = |value: &T| from(value) <= rule.back * jump;
    rows.iter().skip(1).take(rule.rows).position(back).map_or(0, |at| at + 1)
}
