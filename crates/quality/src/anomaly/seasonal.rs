//! Values against the same time of earlier weeks and days.

use super::robust::{positive, robust_z};
use super::{AnomalyError, Judgement, Sample, Window};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const SLOT: i64 = 300_000_000_000;
const DAY: i64 = 86_400_000_000_000;
const WEEK: i64 = 7 * DAY;

/// The 5-minute slot of the week (UTC, from Monday 00:00; 0 to 2015) of an instant in Unix ns, and the number of the week.
///
/// ```
/// assert_eq!(quality::slot_of_week(0), (864, 0)); // Thursday 1970-01-01: three days of 288 slots
/// ```
pub fn slot_of_week(ts: i64) -> (u32, i64) {
    // The epoch is a Thursday. Saturation moves only the last days of the year 2262.
    slot(ts.saturating_add(3 * DAY), WEEK)
}

/// The 5-minute slot of the day (UTC, 0 to 287) of an instant in Unix ns, and the number of the day.
///
/// ```
/// assert_eq!(quality::slot_of_day(86_400_000_000_000 + 301_000_000_000), (1, 1));
/// ```
pub fn slot_of_day(ts: i64) -> (u32, i64) {
    slot(ts, DAY)
}

fn slot(ts: i64, period: i64) -> (u32, i64) {
    let slot = u32::try_from(ts.rem_euclid(period) / SLOT).unwrap_or(0);
    (slot, ts.div_euclid(period))
}

/// Parameters of [`SlotHistory`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SlotRule {
    /// Past sessions that a slot remembers; default 26, half a year of weeks.
    pub sessions: usize,
    /// Fewer leave a value unjudged; default 8.
    pub min_sessions: usize,
    /// A slot of a session stands for the lower median of its last so many rows; default 64.
    pub rows: usize,
    /// A larger `|z|` is a violation; default 3.5.
    pub limit: f64,
}

impl Default for SlotRule {
    fn default() -> Self {
        Self { sessions: 26, min_sessions: 8, rows: 64, limit: 3.5 }
    }
}

/// The rule in a saved state.
#[derive(Serialize, Deserialize)]
#[serde(remote = "SlotRule", deny_unknown_fields)]
struct SavedRule {
    sessions: usize,
    min_sessions: usize,
    rows: usize,
    #[serde(with = "crate::float_bits")]
    limit: f64,
}

/// What a key's slots held in past sessions: one number a slot and session. Causal.
///
/// A number enters when the key moves on to another slot, so a slot's own session does not speak about it. Time comes as
/// [`slot_of_week`] or [`slot_of_day`]; a calendar's own slots do as well. Rows of a slot that has ended are judged by
/// all that is past by then, its own session included, and not taken in.
///
/// - **Memory:** slots seen x `sessions`, and `rows`.
///
/// ```
/// use quality::{Judgement, SlotHistory, SlotRule};
/// let mut trades = SlotHistory::<i64>::new(SlotRule::default())?;
/// for week in 0..8 {
///     assert_eq!(trades.push((12, week), 1_000 + 10 * week, 1), Judgement::NotJudged);
///     trades.push((13, week), 40, 1);
/// }
/// // Median 1035 and MAD 20 of 1000, 1010 .. 1070.
/// assert_eq!(trades.push((12, 8), 1_055, 1), Judgement::Accepted);
/// assert!(trades.push((12, 8), 40, 1).is_rejected());
/// # Ok::<(), quality::AnomalyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound(serialize = "", deserialize = ""), deny_unknown_fields)]
pub struct SlotHistory<T: Sample> {
    #[serde(with = "SavedRule")]
    rule: SlotRule,
    past: BTreeMap<u32, Window<T>>,
    open: Option<(u32, i64)>,
    rows: Window<T>,
}

impl<T: Sample> SlotHistory<T> {
    /// A history of nothing.
    ///
    /// # Errors
    /// [`AnomalyError::Parameter`] for parameters outside their range.
    pub fn new(rule: SlotRule) -> Result<Self, AnomalyError> {
        if rule.min_sessions == 0 || rule.min_sessions > rule.sessions {
            let found = rule.min_sessions;
            return Err(AnomalyError::parameter("min_sessions", "1 to `sessions`", found));
        }
        positive("limit", rule.limit)?;
        Window::<T>::new(rule.sessions)?;
        Ok(Self { rule, past: BTreeMap::new(), open: None, rows: Window::new(rule.rows)? })
    }

    /// Moves on to a slot of a session; what stood in the one before becomes past. Earlier slots change nothing.
    ///
    /// [`SlotHistory::push`] does it by itself.
    pub fn advance(&mut self, slot: (u32, i64)) {
        let later = |open: (u32, i64)| (slot.1, slot.0) > (open.1, open.0);
        match self.open {
            Some(open) if !later(open) => return,
            Some((ended, _)) => {
                let middle = self.rows.len().saturating_sub(1) / 2;
                if let Some(typical) = self.rows.sorted().get(middle).copied()
                    && let Ok(empty) = Window::new(self.rule.sessions)
                {
                    self.past.entry(ended).or_insert(empty).push(typical);
                }
            }
            None => {}
        }
        self.rows.clear();
        self.open = Some(slot);
    }

    /// Whether the key is in this slot of this session now: all that is past is earlier then.
    pub(crate) fn is_open(&self, slot: (u32, i64)) -> bool {
        self.open == Some(slot)
    }

    /// What the slot held in past sessions; `None` with fewer than `min_sessions` of them.
    pub fn past(&self, slot: u32) -> Option<&Window<T>> {
        self.past.get(&slot).filter(|past| past.len() >= self.rule.min_sessions)
    }

    /// Judges a value by its robust z against past sessions and takes it in; with a MAD of zero a value more than one
    /// `tick` from the median is a violation.
    pub fn push(&mut self, slot: (u32, i64), value: T, tick: T) -> Judgement {
        self.take(slot, value);
        let Some(value) = value.usable() else { return Judgement::NotJudged };
        let Some((median, mad)) = self.past(slot.0).and_then(Window::exact) else {
            return Judgement::NotJudged;
        };
        let off = T::distance(value.quarters(), median);
        let size = robust_z(T::number(off), 0.0, T::number(mad));
        let flat = mad == T::default().quarters() && off <= tick.quarters();
        if flat || size <= self.rule.limit {
            return Judgement::Accepted;
        }
        Judgement::Rejected { z: if value.quarters() < median { -size } else { size } }
    }

    fn take(&mut self, slot: (u32, i64), value: T) {
        self.advance(slot);
        if self.is_open(slot) {
            self.rows.push(value);
        }
    }
}
