//! What can be said once the rows up to an instant are in.

use super::tracked::{Slot, State, Tracked};
use super::{Labeler, Output};
use crate::error::LabelError;
use crate::evaluate::{Draft, Reads, Stop, outcome};
use crate::label::{self, LabelDraft};
use crate::market::Market;
use crate::markout::markout;
use crate::measure::{Measure, Scalar};
use crate::output::{LabelRow, MarkoutRow, OutcomeRow, Stamp};
use crate::report::TargetReport;
use contract::{LabelStatus, OutcomeBasis};
use std::cmp::Reverse;
use std::sync::Arc;

/// Why a decision as a whole could not be used.
type Refusal = (&'static str, &'static str, &'static str, String);

impl Labeler {
    /// Looks at every decision that waits for rows up to an instant.
    pub(super) fn fire(&mut self, upto: i64) -> Result<(), LabelError> {
        while let Some(Reverse((at, _, no))) = self.timers.peek().copied() {
            if at > upto {
                break;
            }
            self.timers.pop();
            self.upto = self.upto.max(at);
            self.look_at(no, at, upto)?;
        }
        self.upto = self.upto.max(upto);
        Ok(())
    }

    /// Says of a decision what can be said.
    fn look_at(&mut self, no: usize, at: i64, upto: i64) -> Result<(), LabelError> {
        let Some(mut tracked) = self.decisions.get_mut(no).and_then(Option::take) else {
            return Ok(());
        };
        tracked.timers.retain(|timer| *timer != at);
        let said = if let Some(id) = tracked.decision.row.instrument {
            if !self.markets.contains_key(&id) {
                self.markets.insert(id, Market::new(self.global.path));
            }
            self.say(no, &mut tracked, id, upto.max(self.upto))
        } else {
            self.skip(&mut tracked);
            Ok(())
        };
        if let Some(slot) = self.decisions.get_mut(no) {
            *slot = Some(tracked);
        }
        said
    }

    /// A decision without an instrument has no path.
    fn skip(&mut self, tracked: &mut Tracked) {
        tracked.outcome.state = State::NotApplicable;
        for (slot, target) in tracked.labels.iter_mut().zip(&tracked.decision.rules.targets) {
            if slot.state != State::NotApplicable {
                slot.state = State::NotApplicable;
                count(self.report.target(&target.name), slot);
            }
        }
    }

    #[expect(
        clippy::too_many_lines,
        reason = "one decision: outcome, then labels, then markouts, on the same view"
    )]
    fn say(
        &mut self,
        no: usize,
        tracked: &mut Tracked,
        id: u32,
        upto: i64,
    ) -> Result<(), LabelError> {
        let kind = self.global.path;
        let mut refusal: Option<Refusal> = None;
        let mut alarms = Vec::new();
        let mut waits_for_row = false;
        let mut later = Vec::new();
        {
            let Some(market) = self.markets.get(&id) else { return Ok(()) };
            let sources = (&self.markets, &self.facts, self.fills.as_slice(), &self.ledgers);
            let view = Self::view(sources, market, tracked, upto, kind);
            let wait =
                |state: &mut State, stop: Stop, later: &mut Vec<i64>, row: &mut bool| match stop {
                    Stop::Wait(at) | Stop::WaitRow(at) => {
                        *state = State::Open(at);
                        *row |= matches!(stop, Stop::WaitRow(_));
                        later.push(at);
                        None
                    }
                    Stop::NotApplicable(_) => {
                        *state = State::NotApplicable;
                        None
                    }
                    Stop::NoPath => {
                        *state = State::Rejected;
                        let expected = "a quote or trade of the instrument up to the window's end";
                        let found = "none".to_owned();
                        Some(("labeling/no-path", "instrument_id", expected, found))
                    }
                    Stop::Overflow => {
                        *state = State::Rejected;
                        let expected = "an exact sum below 1.7e38";
                        Some(("labeling/overflow", "qty", expected, "more".to_owned()))
                    }
                    Stop::BarrierOrder => {
                        *state = State::Rejected;
                        let expected = "a lower barrier below and an upper barrier above the entry";
                        let found = "barriers on one side of it".to_owned();
                        Some(("labeling/barrier-order", "take_profit_px", expected, found))
                    }
                };
            if tracked.outcome.is_due(upto) {
                match outcome(view, &tracked.decision) {
                    Ok(draft) => {
                        check(tracked, &draft)?;
                        let draft = Arc::new(draft);
                        let stamp =
                            stamp(tracked, &draft.reads, draft.ts_end, self.global.lateness_ns);
                        if let Some(revision) = tracked.outcome.settle(&draft) {
                            self.report.outcomes += 1;
                            self.outcomes.push(OutcomeRow::new(
                                &tracked.decision,
                                &tracked.window,
                                stamp.with_revision(revision, tracked.decision.latest_end),
                                draft,
                            ));
                        }
                    }
                    Err(stop) => {
                        if let Stop::NotApplicable(_) = stop {
                            withdraw_outcome(tracked, self.global.lateness_ns, &mut self.outcomes);
                        }
                        let found =
                            wait(&mut tracked.outcome.state, stop, &mut later, &mut waits_for_row);
                        refusal = refusal.or(found);
                    }
                }
            }
            let targets = Arc::clone(&tracked.decision.rules);
            for (at, target) in targets.targets.iter().enumerate() {
                let Some(slot) = tracked.labels.get(at) else { continue };
                if !slot.is_due(upto) {
                    continue;
                }
                let made = if !label::covers(target, &tracked.decision) {
                    Err(Stop::NotApplicable("another action"))
                } else if label::needs_outcome(target) {
                    match (tracked.outcome.state, &tracked.outcome.last) {
                        (State::Done, Some(draft)) => {
                            label::outcome_label(&tracked.decision, target, draft)
                        }
                        (State::Open(at), _) => Err(Stop::Wait(at.max(upto.saturating_add(1)))),
                        (State::Rejected, _) => {
                            // Counted as such, with the one reject of the decision.
                            if let Some(slot) = tracked.labels.get_mut(at) {
                                slot.state = State::Rejected;
                                count(self.report.target(&target.name), slot);
                            }
                            continue;
                        }
                        _ => Err(Stop::NotApplicable("no outcome")),
                    }
                } else {
                    label::path_label(view, &tracked.decision, target)
                };
                match made {
                    Ok(draft) => {
                        let draft = Arc::new(draft);
                        let stamp =
                            stamp(tracked, &draft.reads, draft.ts_end, self.global.lateness_ns);
                        let latest = tracked.decision.latest_end;
                        let Some(slot) = tracked.labels.get_mut(at) else { continue };
                        if let Some(revision) = slot.settle(&draft) {
                            count(self.report.target(&target.name), slot);
                            self.report.label(&target.name, &draft, revision);
                            self.labels.push(LabelRow::new(
                                &tracked.decision,
                                target,
                                stamp.with_revision(revision, latest),
                                draft,
                            ));
                        }
                    }
                    Err(stop) => {
                        let is_barrier = matches!(
                            target.kind,
                            crate::settings::TargetKind::TripleBarrier { .. }
                        );
                        if is_barrier
                            && matches!(stop, Stop::Wait(_))
                            && tracked.armed.get(at) == Some(&false)
                            && let Some(levels) = label::levels(view, &tracked.decision, target)
                        {
                            alarms.push(levels);
                            if let Some(armed) = tracked.armed.get_mut(at) {
                                *armed = true;
                            }
                        }
                        if let Stop::NotApplicable(_) = stop {
                            withdraw_label(tracked, at, self.global.lateness_ns, &mut self.labels);
                        }
                        let Some(slot) = tracked.labels.get_mut(at) else { continue };
                        // A label of an outcome waits with it.
                        let found = if label::needs_outcome(target) {
                            match stop {
                                Stop::Wait(at) => {
                                    slot.state =
                                        State::Open(at.min(tracked_due(&tracked.outcome.state)));
                                    None
                                }
                                _ => wait(&mut slot.state, stop, &mut later, &mut waits_for_row),
                            }
                        } else {
                            wait(&mut slot.state, stop, &mut later, &mut waits_for_row)
                        };
                        count(self.report.target(&target.name), slot);
                        refusal = refusal.or(found);
                    }
                }
            }
            let offsets = &targets.measures.offsets_ns;
            for a in 0..tracked.anchors.len() {
                let Some(anchor) = tracked.anchors.get(a) else { continue };
                let (fill, ts) = (anchor.fill, anchor.ts);
                for (at, offset) in offsets.iter().enumerate() {
                    let due = ts.saturating_add(*offset).max(tracked.decision.row.key.ts);
                    if due > upto {
                        later.push(due);
                        break;
                    }
                    let open =
                        |slot: &super::tracked::Slot<_>| matches!(slot.state, State::Open(_));
                    let Some(anchor) = tracked.anchors.get(a) else { break };
                    if !anchor.slots.get(at).is_some_and(open) {
                        continue;
                    }
                    let Some(draft) = markout(view, &tracked.decision, fill, *offset) else {
                        break;
                    };
                    let draft = Arc::new(draft);
                    let stamp = stamp(tracked, &draft.reads, draft.ts_end, self.global.lateness_ns);
                    let Some(anchor) = tracked.anchors.get_mut(a) else { break };
                    anchor.next = anchor.next.max(at + 1);
                    let Some(slot) = anchor.slots.get_mut(at) else { break };
                    let end = draft.ts_end;
                    if let Some(revision) = slot.settle(&draft) {
                        self.report.markouts += 1;
                        self.markouts.push(MarkoutRow::new(
                            &tracked.decision,
                            stamp.with_revision(revision, end),
                            draft,
                        ));
                    }
                }
            }
        }
        if tracked.is_settled() {
            tracked.causes.clear();
        }
        if let Some(market) = self.markets.get_mut(&id) {
            for levels in alarms {
                market.arm(levels.side, (levels.lower, levels.upper), no);
            }
            if waits_for_row {
                market.wait(no);
            }
        }
        let seq = tracked.decision.row.key.seq;
        later.sort_unstable();
        later.dedup();
        for at in later {
            if tracked.time(at) {
                self.timers.push(Reverse((at, seq, no)));
            }
        }
        if let Some((code, column, expected, found)) = refusal {
            self.refuse(tracked, code, column, expected, &found);
        }
        Ok(())
    }

    /// Gives a decision back: its row, with the reason.
    fn refuse(
        &mut self,
        tracked: &Tracked,
        code: &'static str,
        column: &'static str,
        expected: &str,
        found: &str,
    ) {
        let row = &tracked.decision.row;
        self.report.rejected += 1;
        let origin = contract::Origin::new("labeling", "decisions");
        let mut reject = contract::Reject::new(&origin, "decisions", tracked.position, code).about(
            column,
            expected,
            format!("decision {}: {found}", crate::markout::uuid(&row.id)),
        );
        (reject.seq, reject.ts_avail_ns) = (Some(row.key.seq), Some(row.avail));
        self.rejects.push(reject);
    }
}

/// When a result holds, and since when it is known.
fn stamp(tracked: &Tracked, reads: &Reads, ts_end: i64, lateness_ns: i64) -> Stamp {
    let ts_until = ts_end.max(reads.avail);
    let mut cause: Vec<u64> = tracked.causes.iter().map(|c| c.seq).collect();
    cause.sort_unstable();
    Stamp {
        ts_end,
        ts_until,
        known: ts_until.max(ts_end.saturating_add(lateness_ns)),
        caused: tracked.causes.iter().map(|c| c.known).fold(tracked.known_from, i64::max),
        cause,
        revision: 0,
        ts_latest_end: 0,
    }
}

/// An outcome that turned out not to be one is withdrawn.
fn withdraw_outcome(tracked: &mut Tracked, lateness_ns: i64, out: &mut Vec<OutcomeRow>) {
    let Some(last) = tracked.outcome.last.clone().filter(|last| !last.is_void) else { return };
    let mut draft = Draft::new(last.basis, last.sign, last.reads.clone());
    (draft.is_void, draft.ts_end) = (true, last.ts_end);
    let draft = Arc::new(draft);
    let stamp = stamp(tracked, &draft.reads, draft.ts_end, lateness_ns);
    let latest = tracked.decision.latest_end;
    if let Some(revision) = tracked.outcome.settle(&draft) {
        let stamp = stamp.with_revision(revision, latest);
        out.push(OutcomeRow::new(&tracked.decision, &tracked.window, stamp, draft));
    }
}

/// A label that turned out not to be one is withdrawn.
fn withdraw_label(tracked: &mut Tracked, at: usize, lateness_ns: i64, out: &mut Vec<LabelRow>) {
    let last = tracked.labels.get(at).and_then(|slot| slot.last.clone());
    let Some(last) = last.filter(|last| last.status != LabelStatus::Void) else { return };
    let draft = LabelDraft {
        class: None,
        bounds: None,
        value: None,
        value_unit: None,
        confidence: None,
        status: LabelStatus::Void,
        ..last.as_ref().clone()
    };
    let draft = Arc::new(draft);
    let stamp = stamp(tracked, &draft.reads, draft.ts_end, lateness_ns);
    let latest = tracked.decision.latest_end;
    let rules = Arc::clone(&tracked.decision.rules);
    let Some(target) = rules.targets.get(at) else { return };
    if let Some(slot) = tracked.labels.get_mut(at)
        && let Some(revision) = slot.settle(&draft)
    {
        let stamp = stamp.with_revision(revision, latest);
        out.push(LabelRow::new(&tracked.decision, target, stamp, draft));
    }
}

/// Counts a label that there is not, once, whatever it was taken for before; one that was said is counted as such.
fn count(report: &mut TargetReport, slot: &mut Slot<LabelDraft>) {
    let is_absent = matches!(slot.state, State::NotApplicable | State::Rejected);
    let now = (is_absent && slot.last.is_none()).then_some(slot.state);
    if now == slot.counted {
        return;
    }
    match slot.counted {
        Some(State::Rejected) => report.rejected -= 1,
        Some(_) => report.not_applicable -= 1,
        None => {}
    }
    match now {
        Some(State::Rejected) => report.rejected += 1,
        Some(_) => report.not_applicable += 1,
        None => {}
    }
    slot.counted = now;
}

fn tracked_due(state: &State) -> i64 {
    match state {
        State::Open(due) => *due,
        _ => i64::MIN,
    }
}

/// What must hold of every outcome; anything else is a fault of this crate.
fn check(tracked: &Tracked, draft: &Draft) -> Result<(), LabelError> {
    let d = &tracked.decision;
    let bug = |expected: &'static str, found: String| {
        Err(LabelError::Invariant {
            table: "outcomes",
            decision: crate::markout::uuid(&d.row.id),
            expected,
            found,
        })
    };
    if draft.ts_end <= d.row.key.ts || draft.ts_end > d.latest_end {
        return bug("ts_cutoff < ts_end <= ts_latest_end", format!("ts_end {}", draft.ts_end));
    }
    let value = |measure: Measure| draft.readings.get(measure).value.ok();
    let money = |measure: Measure| match value(measure) {
        Some(Scalar::Money(x)) => Some(x),
        _ => None,
    };
    if let (Some(gross), Some(net), Some(fees), Some(carry)) = (
        money(Measure::GrossPnl),
        money(Measure::NetPnl),
        money(Measure::Fees),
        money(Measure::Carry),
    ) && net != gross - fees + carry
    {
        return bug("net_pnl = gross_pnl - fees + carry", format!("net_pnl {net}"));
    }
    let parts = [Measure::IsDelay, Measure::IsTrading, Measure::IsOpportunity, Measure::IsExplicit];
    if let Some(total) = money(Measure::IsTotal) {
        let sum: Option<i128> = parts.iter().map(|m| money(*m)).sum();
        if sum != Some(total) {
            return bug("is_total = the sum of its four parts", format!("is_total {total}"));
        }
    }
    if draft.basis == OutcomeBasis::Realized
        && let (Some(Scalar::Number(mae)), Some(Scalar::Number(mfe))) =
            (value(Measure::MaeBps), value(Measure::MfeBps))
        && (mae > 0.0 || mfe < 0.0)
    {
        return bug("mae_bps <= 0 <= mfe_bps", format!("{mae} and {mfe}"));
    }
    Ok(())
}

impl Output {
    /// Whether nothing came out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.outcomes.is_none()
            && self.labels.is_none()
            && self.markouts.is_none()
            && self.rejects.is_empty()
    }
}
