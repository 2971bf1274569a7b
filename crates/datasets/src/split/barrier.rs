//! The five rules: whether a row may learn while others are held out.

use super::shares::{Marks, Shares};
use crate::interval::{Interval, IntervalUnion, Questions};
use crate::role::Reason;
use crate::spec::{Purge, SplitSpec};
use std::fmt;

/// A row as the rules see it, in nanoseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Life {
    /// `t`: features lie before it, the label from it on.
    pub(super) cutoff: i64,
    /// `e`: the latest end that the label could have had.
    pub(super) end: i64,
    /// When the label's first final revision was known.
    pub(super) known: i64,
}

impl Life {
    /// L = [t, e].
    const fn outcome(self) -> Interval {
        Interval { start: self.cutoff, end: self.end }
    }
}

/// Which rules apply, and how far they reach.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    purge: Purge,
    reach_ns: i64,
    embargo_ns: i64,
    /// Rule 5.
    needs_known: bool,
}

impl Rules {
    /// Those of a spec; the reach is cut at `reach_max_ns`.
    pub(super) fn of(spec: &SplitSpec, reach_ns: i64, is_deployable: bool) -> Self {
        let nanos = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let most = spec.reach_max_ns.map_or(i64::MAX, |most| nanos(most.0));
        Self {
            purge: spec.purge,
            reach_ns: reach_ns.min(most),
            embargo_ns: nanos(spec.embargo_ns.0),
            needs_known: is_deployable && spec.purge != Purge::None,
        }
    }

    pub(super) const fn reach_ns(self) -> i64 {
        self.reach_ns
    }

    /// F = [t - reach, t - 1]; none where nothing is read, or where the rules leave features out.
    fn lookback(self, life: Life) -> Option<Interval> {
        let end = life.cutoff.checked_sub(1)?;
        (self.purge == Purge::LabelsFeatures && self.reach_ns > 0)
            .then(|| Interval { start: life.cutoff.saturating_sub(self.reach_ns), end })
    }
}

/// What rows that are held out keep learners away from.
#[derive(Debug, Clone, Default)]
pub(super) struct Barrier {
    /// Union of [t, e].
    outcomes: IntervalUnion,
    /// U: union of [t, e + embargo]. So the embargo runs from the greatest `e`, whichever row has it.
    guarded: IntervalUnion,
    /// V: union of F.
    lookbacks: IntervalUnion,
    first_cutoff: Option<i64>,
}

impl Barrier {
    pub(super) fn of(rules: Rules, held: impl Iterator<Item = Life> + Clone) -> Self {
        let outcomes = held.clone().map(Life::outcome).collect();
        let guarded = held.clone().map(|life| Interval {
            start: life.cutoff,
            end: life.end.saturating_add(rules.embargo_ns),
        });
        Self {
            outcomes: IntervalUnion::of(outcomes),
            guarded: IntervalUnion::of(guarded.collect()),
            lookbacks: IntervalUnion::of(
                held.clone().filter_map(|life| rules.lookback(life)).collect(),
            ),
            first_cutoff: held.map(|life| life.cutoff).min(),
        }
    }

    /// What several keep away together.
    pub(super) fn joined<'a>(barriers: impl Iterator<Item = &'a Self> + Clone) -> Self {
        let join = |part: fn(&Self) -> &IntervalUnion| {
            IntervalUnion::of(barriers.clone().flat_map(|one| part(one).parts()).copied().collect())
        };
        Self {
            outcomes: join(|one| &one.outcomes),
            guarded: join(|one| &one.guarded),
            lookbacks: join(|one| &one.lookbacks),
            first_cutoff: barriers.filter_map(|one| one.first_cutoff).min(),
        }
    }

    pub(super) fn guarded(&self) -> &IntervalUnion {
        &self.guarded
    }
}

/// A rule that a row would break as a learner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Breach {
    /// Rule 4.
    Group,
    /// Rule 1: its outcome overlaps a protected outcome.
    Outcome,
    /// Rule 2: its outcome overlaps what a protected row's features read.
    Feature,
    /// Rule 3: its features read during a protected outcome.
    Lookback,
    /// Rule 5: its label was not final at the first protected cut-off.
    Unknown,
    /// Rules 1 or 3, by the embargo alone.
    Embargo,
}

impl Breach {
    pub(super) const fn reason(self) -> Reason {
        match self {
            Self::Group => Reason::GroupStraddle,
            Self::Outcome | Self::Feature | Self::Lookback | Self::Unknown => Reason::Purged,
            Self::Embargo => Reason::Embargoed,
        }
    }
}

/// Asks a barrier about rows in order of their cut-offs.
pub(super) struct Guard<'a> {
    rules: Rules,
    first_cutoff: Option<i64>,
    shares: &'a Shares,
    marks: &'a Marks,
    /// Outcomes against U and V, features against U.
    guarded: [Questions<'a>; 2],
    lookbacks: Questions<'a>,
    /// The same against U without embargo.
    outcomes: [Questions<'a>; 2],
}

impl<'a> Guard<'a> {
    pub(super) fn new(
        rules: Rules,
        barrier: &'a Barrier,
        shares: &'a Shares,
        marks: &'a Marks,
    ) -> Self {
        let both = |union: &'a IntervalUnion| [union.questions(), union.questions()];
        Self {
            rules,
            first_cutoff: barrier.first_cutoff,
            shares,
            marks,
            guarded: both(&barrier.guarded),
            lookbacks: barrier.lookbacks.questions(),
            outcomes: both(&barrier.outcomes),
        }
    }

    /// The first rule that the row breaks; none when it may learn.
    pub(super) fn breach(&mut self, row: usize, life: Life) -> Option<Breach> {
        if self.shares.meets(self.marks, row) {
            return Some(Breach::Group);
        }
        if self.rules.purge == Purge::None {
            return None;
        }
        let outcome = life.outcome();
        let lookback = self.rules.lookback(life);
        let has_features = self.rules.purge == Purge::LabelsFeatures;
        let near = |questions: &mut [Questions<'a>; 2]| {
            let [outcomes, lookbacks] = questions;
            (outcomes.meets(outcome), lookback.is_some_and(|back| lookbacks.meets(back)))
        };
        let is_guarded = near(&mut self.guarded);
        if is_guarded != (false, false) {
            let (outcomes, lookbacks) = near(&mut self.outcomes);
            if outcomes {
                return Some(Breach::Outcome);
            }
            if lookbacks {
                return Some(Breach::Lookback);
            }
        }
        if has_features && self.lookbacks.meets(outcome) {
            return Some(Breach::Feature);
        }
        if self.rules.needs_known && self.first_cutoff.is_some_and(|first| life.known > first) {
            return Some(Breach::Unknown);
        }
        (is_guarded != (false, false)).then_some(Breach::Embargo)
    }
}

/// How many rows each rule took; a row counts under the first rule that it breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RuleLosses {
    /// Rule 4: shares a group with a protected row.
    pub group: u64,
    /// Rule 1: its outcome overlaps a protected outcome.
    pub outcome: u64,
    /// Rule 3: its features read during a protected outcome.
    pub lookback: u64,
    /// Rule 2: its outcome overlaps what a protected row's features read.
    pub feature: u64,
    /// Rule 5: its label was not final at the first protected cut-off.
    pub unknown: u64,
    /// It keeps all of these, and stands too near after a protected outcome.
    pub embargo: u64,
}

impl RuleLosses {
    pub(super) const fn count(&mut self, breach: Breach) {
        let counter = match breach {
            Breach::Group => &mut self.group,
            Breach::Outcome => &mut self.outcome,
            Breach::Lookback => &mut self.lookback,
            Breach::Feature => &mut self.feature,
            Breach::Unknown => &mut self.unknown,
            Breach::Embargo => &mut self.embargo,
        };
        *counter += 1;
    }

    /// All rows that went, but those of the embargo.
    #[must_use]
    pub const fn purged(&self) -> u64 {
        self.group + self.outcome + self.lookback + self.feature + self.unknown
    }
}

impl fmt::Display for RuleLosses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { group, outcome, lookback, feature, unknown, embargo } = self;
        write!(
            f,
            "{group} by a shared group, {outcome} by overlapping outcomes, {lookback} by features over a \
             protected outcome, {feature} by outcomes over a protected feature, {unknown} by labels not yet \
             final, {embargo} by the embargo"
        )
    }
}
