//! A decision with what was said of it so far.

use crate::evaluate::{Decision, Draft};
use crate::label::LabelDraft;
use crate::ledger::FillNo;
use crate::markout::MarkoutDraft;
use crate::output::PendingRow;
use std::sync::Arc;

use super::Cause;

/// How a result stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing can be said before this instant.
    Open(i64),
    /// Said.
    Done,
    /// There is none, because the decision has none of this kind.
    NotApplicable,
    /// There is none, because it could not be used.
    Rejected,
}

/// A result and its revisions.
#[derive(Debug, Clone)]
pub(super) struct Slot<T> {
    pub(super) state: State,
    /// Shared with the row that goes out.
    pub(super) last: Option<Arc<T>>,
    /// Of the next row.
    pub(super) revision: u16,
    /// As what its absence was counted.
    pub(super) counted: Option<State>,
}

impl<T: PartialEq> Slot<T> {
    pub(super) fn new() -> Self {
        Self { state: State::Open(i64::MIN), last: None, revision: 0, counted: None }
    }

    pub(super) fn is_due(&self, upto: i64) -> bool {
        matches!(self.state, State::Open(due) if due <= upto)
    }

    /// Looks again at something that was said.
    pub(super) fn reopen(&mut self) {
        if self.state != State::Rejected {
            self.state = State::Open(i64::MIN);
        }
    }

    /// Looks again at something that was said, if it holds at an instant or later.
    fn reopen_since(&mut self, from: i64, ts_end: fn(&T) -> i64) -> bool {
        let is_touched = self.state == State::Done
            && self.last.as_deref().is_some_and(|last| ts_end(last) >= from);
        if is_touched {
            self.state = State::Open(i64::MIN);
        }
        is_touched
    }

    /// Takes a result; its revision, if it says something new.
    pub(super) fn settle(&mut self, result: &Arc<T>) -> Option<u16> {
        self.state = State::Done;
        if self.last.as_deref() == Some(result.as_ref()) {
            return None;
        }
        let revision = self.revision;
        self.revision = self.revision.saturating_add(1);
        self.last = Some(Arc::clone(result));
        Some(revision)
    }
}

/// Markouts of a decision or of one of its fills.
#[derive(Debug, Clone)]
pub(super) struct AnchorSlots {
    pub(super) fill: Option<FillNo>,
    pub(super) ts: i64,
    /// The next offset that was not looked at.
    pub(super) next: usize,
    pub(super) slots: Vec<Slot<MarkoutDraft>>,
}

/// A decision with what was said of it so far.
#[derive(Debug, Clone)]
pub(super) struct Tracked {
    pub(super) decision: Decision,
    pub(super) outcome: Slot<Draft>,
    /// One a target.
    pub(super) labels: Vec<Slot<LabelDraft>>,
    /// Whether the barriers of a target stand in the heaps.
    pub(super) armed: Vec<bool>,
    pub(super) anchors: Vec<AnchorSlots>,
    /// What made revisions necessary that were not said yet.
    pub(super) causes: Vec<Cause>,
    /// Instants at which it is going to be looked at: one timer each.
    pub(super) timers: Vec<i64>,
    /// Row of its table.
    pub(super) position: u64,
    /// Where the log clock stood when a decision came late.
    pub(super) known_from: i64,
    /// Window of the outcome, in the column `window`.
    pub(super) window: Arc<str>,
}

impl Tracked {
    pub(super) fn new(decision: Decision) -> Self {
        let targets = decision.rules.targets.len();
        let window = match decision.rules.measures.horizon_ns {
            None => Arc::from("decision"),
            Some(ns) => Arc::from(contract::format_duration_ns(ns)),
        };
        let mut tracked = Self {
            outcome: Slot::new(),
            labels: (0..targets).map(|_| Slot::new()).collect(),
            armed: vec![false; targets],
            anchors: Vec::new(),
            causes: Vec::new(),
            timers: Vec::new(),
            position: 0,
            known_from: i64::MIN,
            window,
            decision,
        };
        if tracked.decision.row.instrument.is_some() {
            tracked.anchor(None, tracked.decision.row.key.ts);
        }
        tracked
    }

    /// Notes a timer; false when there is one already.
    pub(super) fn time(&mut self, at: i64) -> bool {
        let is_new = !self.timers.contains(&at);
        if is_new {
            self.timers.push(at);
        }
        is_new
    }

    /// Adds the markouts of an anchor.
    pub(super) fn anchor(&mut self, fill: Option<FillNo>, ts: i64) {
        let offsets = self.decision.rules.measures.offsets_ns.len();
        if offsets > 0 && !self.anchors.iter().any(|a| a.fill == fill) {
            let slots = (0..offsets).map(|_| Slot::new()).collect();
            self.anchors.push(AnchorSlots { fill, ts, next: 0, slots });
        }
    }

    /// Looks again at everything that was said.
    pub(super) fn reopen(&mut self, cause: Cause) {
        self.outcome.reopen();
        self.labels.iter_mut().for_each(Slot::reopen);
        for anchor in &mut self.anchors {
            let said = anchor.next;
            anchor.slots.iter_mut().take(said).for_each(Slot::reopen);
        }
        if !self.causes.contains(&cause) {
            self.causes.push(cause);
        }
    }

    /// Looks again at what was said of an instant or later ones, for a row of the path; whether there was anything.
    pub(super) fn reopen_since(&mut self, from: i64, cause: Cause) -> bool {
        let mut is_touched = self.outcome.reopen_since(from, |draft| draft.ts_end);
        for (slot, target) in self.labels.iter_mut().zip(&self.decision.rules.targets) {
            is_touched |= if crate::label::needs_outcome(target) {
                // Follows its outcome.
                let follows = matches!(self.outcome.state, State::Open(_));
                if follows && slot.state != State::Rejected && slot.last.is_some() {
                    slot.state = State::Open(i64::MIN);
                }
                false
            } else {
                slot.reopen_since(from, |label| label.ts_end)
            };
        }
        for slot in self.anchors.iter_mut().flat_map(|anchor| &mut anchor.slots) {
            is_touched |= slot.reopen_since(from, |markout| markout.ts_end);
        }
        if is_touched && !self.causes.contains(&cause) {
            self.causes.push(cause);
        }
        // What is still open may come out earlier than it would have: a touch that is learned of late.
        if !self.is_settled() {
            self.known_from = self.known_from.max(cause.known);
        }
        is_touched
    }

    /// Last instant that anything of it can depend on.
    pub(super) fn last_instant(&self) -> i64 {
        let offset = self.decision.rules.measures.offsets_ns.last().copied().unwrap_or(0);
        let anchors = self.anchors.iter().map(|a| a.ts + offset).max();
        self.decision.latest_end.max(anchors.unwrap_or(i64::MIN))
    }

    /// Whether nothing is left to say.
    pub(super) fn is_settled(&self) -> bool {
        let open = |state: State| matches!(state, State::Open(_));
        !open(self.outcome.state)
            && !self.labels.iter().any(|slot| open(slot.state))
            && !self.anchors.iter().flat_map(|a| &a.slots).any(|slot| open(slot.state))
    }

    pub(super) fn pending(&self, upto: i64, out: &mut Vec<PendingRow>) {
        let d = &self.decision;
        for (slot, target) in self.labels.iter().zip(&d.rules.targets) {
            let State::Open(due) = slot.state else { continue };
            let waits_for = if upto < d.wait_end() && d.fills.is_empty() && d.wait_ns > 0 {
                "fill"
            } else if due > d.row.key.ts + d.horizon_ns + d.wait_ns {
                "executable_price"
            } else {
                "window_end"
            };
            out.push(PendingRow {
                decision_id: d.row.id,
                target: Arc::clone(&target.name),
                cutoff: d.row.key.ts,
                latest_end: d.latest_end,
                waits_for,
                until: (due > i64::MIN).then_some(due),
                seq: d.row.key.seq,
            });
        }
    }
}
