//! What a key remembers of one column, and what it proposes.

use super::ImputeMethod;
use crate::anomaly::{Sample, SlotHistory, SlotRule, Window, slot_of_week};
use std::collections::VecDeque;

/// What a column's cells can do beside being samples.
pub(crate) trait Cell: Sample {
    fn middle_of(sorted: &[Self]) -> Option<Self>;
    fn of_constant(value: f64) -> Option<Self>;
    fn mean(values: &[Self]) -> Option<Self>;
    /// On the line from `a` to `b`, `part` of `whole` of the way.
    fn between(a: Self, b: Self, part: i64, whole: i64) -> Self;
}

impl Cell for f64 {
    fn middle_of(sorted: &[Self]) -> Option<Self> {
        let lower = *sorted.get(sorted.len().checked_sub(1)? / 2)?;
        let upper = *sorted.get(sorted.len() / 2)?;
        Some(<Self as Sample>::middle(lower, upper))
    }

    fn of_constant(value: f64) -> Option<Self> {
        Some(value)
    }

    fn mean(values: &[Self]) -> Option<Self> {
        // Neumaier's sum, in the order of the rows.
        let (mut sum, mut lost) = (0.0_f64, 0.0_f64);
        for value in values {
            let next = sum + value;
            lost +=
                if sum.abs() >= value.abs() { (sum - next) + value } else { (value - next) + sum };
            sum = next;
        }
        let sum = if sum.is_finite() { sum + lost } else { sum };
        (!values.is_empty()).then(|| sum / values.len() as f64).filter(|mean| mean.is_finite())
    }

    fn between(a: Self, b: Self, part: i64, whole: i64) -> Self {
        let share = part as f64 / whole as f64;
        a * (1.0 - share) + b * share
    }
}

impl Cell for i64 {
    fn middle_of(sorted: &[Self]) -> Option<Self> {
        sorted.get(sorted.len().checked_sub(1)? / 2).copied()
    }

    fn of_constant(value: f64) -> Option<Self> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::float_cmp,
            reason = "whole and below 2^53"
        )]
        (value.trunc() == value && value.abs() < 9_007_199_254_740_992.0).then_some(value as Self)
    }

    fn mean(values: &[Self]) -> Option<Self> {
        let n = i128::try_from(values.len()).ok().filter(|n| *n > 0)?;
        let sum: i128 = values.iter().map(|v| i128::from(*v)).sum();
        Self::try_from(sum.div_euclid(n)).ok()
    }

    fn between(a: Self, b: Self, part: i64, whole: i64) -> Self {
        let rise = (i128::from(b) - i128::from(a)) * i128::from(part);
        let value = i128::from(a) + rise.div_euclid(i128::from(whole).max(1));
        Self::try_from(value).unwrap_or(a)
    }
}

/// A row as one key sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) time: Option<i64>,
    pub(crate) session: Option<i64>,
    pub(crate) gap: bool,
}

/// One key's memory of one column.
#[derive(Debug, Clone)]
pub(crate) struct Memory<T: Cell> {
    last: Option<(T, Moment)>,
    gap_since: bool,
    window: Option<Window<T>>,
    /// Times of the values in the window, oldest first.
    times: VecDeque<Option<i64>>,
    slots: Option<SlotHistory<T>>,
}

impl<T: Cell> Memory<T> {
    pub(crate) fn new(method: &ImputeMethod) -> Self {
        let window = match method {
            ImputeMethod::RollingMedian { window } => Window::new(*window).ok(),
            _ => None,
        };
        let slots = match method {
            ImputeMethod::SlotMedian { sessions, min_sessions } => SlotHistory::new(SlotRule {
                sessions: *sessions,
                min_sessions: *min_sessions,
                ..SlotRule::default()
            })
            .ok(),
            _ => None,
        };
        Self { last: None, gap_since: false, window, times: VecDeque::new(), slots }
    }

    /// The key's last value and its age at a moment; nothing that became known later.
    pub(crate) fn last(&self, at: Moment) -> Option<(T, i64)> {
        let (value, then) = self.last?;
        let age = at.time?.checked_sub(then.time?)?;
        (age >= 0).then_some((value, age))
    }

    /// Takes a row in: before it is filled if `value` is null, after it was left alone otherwise.
    pub(crate) fn see(&mut self, value: Option<T>, at: Moment) {
        self.gap_since |= at.gap;
        let slot = at.time.map(slot_of_week);
        if let (Some(slots), Some(slot)) = (&mut self.slots, slot) {
            slots.advance(slot);
        }
        let Some(value) = value.filter(|v| v.usable().is_some()) else { return };
        self.last = Some((value, at));
        self.gap_since = false;
        if let Some(window) = &mut self.window {
            window.push(value);
            self.times.push_back(at.time);
            if self.times.len() > window.len() {
                self.times.pop_front();
            }
        }
        if let (Some(slots), Some(slot)) = (&mut self.slots, slot) {
            slots.push(slot, value, T::default());
        }
    }

    /// A proposal and its age.
    pub(crate) fn propose(&self, method: &ImputeMethod, at: Moment) -> Option<(T, Option<i64>)> {
        match method {
            ImputeMethod::CarryForward { max_age_ns, across_sessions, across_gaps } => {
                let (value, age) = self.last(at)?;
                let same = self.last.is_some_and(|(_, then)| then.session == at.session);
                let fits = age <= *max_age_ns
                    && (*across_sessions || same)
                    && (*across_gaps || !self.gap_since);
                fits.then_some((value, Some(age)))
            }
            ImputeMethod::RollingMedian { .. } => {
                let (_, age) = self.last(at)?;
                // Where times run backwards, an older value of the window may be of a later time.
                if self.times.iter().any(|then| *then > at.time) {
                    return None;
                }
                Some((T::middle_of(self.window.as_ref()?.sorted())?, Some(age)))
            }
            ImputeMethod::SlotMedian { .. } => {
                let slot = slot_of_week(at.time?);
                // A row of a slot that has ended: what is past by now may be later than the row.
                let slots = self.slots.as_ref().filter(|slots| slots.is_open(slot))?;
                Some((T::middle_of(slots.past(slot.0)?.sorted())?, None))
            }
            _ => None,
        }
    }
}
