//! Labels and signal truth of decisions, worked out from the full path of quotes: slowly, and plainly.

use crate::book::Side;
use crate::rows::{DecisionRow, LabelRow, NewsRow, SignalRow, Tape};
use crate::scenario::Spec;
use std::collections::VecDeque;

/// Reaching a cut gives the better grade: bad, poor, neutral, good, excellent are -2 to 2.
const GRADE_CUTS: [f64; 4] = [-1.5, -0.5, 0.5, 1.5];

/// A decision whose window is not over.
#[derive(Debug, Clone)]
struct Waiting {
    id: [u8; 16],
    ts: i64,
    instrument: u16,
    side: Option<Side>,
    bid: i64,
    ask: i64,
    barriers: Option<(i64, i64)>,
    sigma_bps: f64,
    /// What ends continuous trading inside the window, if anything does.
    broken: Option<&'static str>,
    signal: SignalRow,
    mid_tick: i64,
}

/// Quotes as they were received, moves as they happened, and the decisions that wait for them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Truth {
    waiting: VecDeque<Waiting>,
    /// Receipt; best bid and ask, or nothing.
    quotes: VecDeque<(i64, Option<(i64, i64)>)>,
    /// True time; best bid in ticks after the move.
    moves: VecDeque<(i64, i64)>,
}

impl Truth {
    pub(crate) fn quote(&mut self, recv: i64, top: Option<(i64, i64)>) {
        self.quotes.push_back((recv, top));
    }

    pub(crate) fn moved(&mut self, ts: i64, tick: i64) {
        self.moves.push_back((ts, tick));
    }

    pub(crate) fn wait(
        &mut self,
        decision: &DecisionRow,
        broken: Option<&'static str>,
        signal: SignalRow,
        mid_tick: i64,
    ) {
        self.waiting.push_back(Waiting {
            id: decision.id,
            ts: decision.ts,
            instrument: signal.instrument,
            side: decision.side,
            bid: decision.view.bid,
            ask: decision.view.ask,
            barriers: decision.barriers,
            sigma_bps: decision.sigma_bps,
            broken,
            signal,
            mid_tick,
        });
    }

    /// Labels every decision whose window has ended before `now`, then forgets what no window needs.
    pub(crate) fn mature(&mut self, now: i64, spec: &Spec, tape: &mut Tape) {
        let horizon = spec.horizon.0;
        while let Some(w) = self.waiting.front().filter(|w| w.ts + horizon < now).cloned() {
            self.waiting.pop_front();
            self.label(&w, spec, tape);
            if let Some(moved) =
                tape.signals.last().and_then(|s| s.moved).filter(|_| spec.leak_trap)
            {
                tape.news.push(trap(&w, horizon, moved));
            }
        }
        let from = self.waiting.front().map_or(now - horizon, |w| w.ts);
        while self.quotes.get(1).is_some_and(|(recv, _)| *recv <= from) {
            self.quotes.pop_front();
        }
        while self.moves.get(1).is_some_and(|(ts, _)| *ts <= from) {
            self.moves.pop_front();
        }
    }

    fn label(&self, w: &Waiting, spec: &Spec, tape: &mut Tape) {
        let horizon = spec.horizon.0;
        let end = w.ts + horizon;
        let mut signal = w.signal;
        if w.broken.is_none() {
            let last =
                self.moves.iter().rev().find(|(ts, _)| *ts <= end).filter(|(ts, _)| *ts > w.ts);
            signal.moved = Some(last.map_or(0, |(_, tick)| tick - w.mid_tick));
        } else {
            signal.classes = None;
        }
        tape.signals.push(signal);
        // Strictly after the decision; the decision's own quote stands for everything before.
        let path = || self.quotes.iter().filter(|(recv, _)| *recv > w.ts && *recv <= end);
        let is_dark = path().any(|(_, top)| top.is_none());
        let reason = w.broken.or(is_dark.then_some("no_quote"));
        let (exit_bid, exit_ask) = path().rev().find_map(|(_, top)| *top).unwrap_or((w.bid, w.ask));
        let row = |target, side| LabelRow {
            decision: w.id,
            ts: w.ts,
            instrument: w.instrument,
            target,
            side,
            class: None,
            value: None,
            entry: None,
            exit: None,
            ts_end: end,
            reason,
        };
        // Twice the mid, so that halves of ticks stay integers.
        let (entry2, exit2) = (w.bid + w.ask, exit_bid + exit_ask);
        let mut mid = row("direction_mid", None);
        if reason.is_none() {
            mid.class = Some(sign(exit2 - entry2));
            mid.value = Some((exit2 - entry2) as f64 / entry2 as f64 * 1e4);
        }
        tape.labels.push(mid);
        let Some(side) = w.side else { return };
        let (entry, exit) = if side == Side::Buy { (w.ask, exit_bid) } else { (w.bid, exit_ask) };
        let gain = side.sign() * (exit - entry);
        let mut forward = row("forward_executable", Some(side));
        (forward.entry, forward.exit) = (Some(entry), Some(exit));
        if reason.is_none() {
            forward.class = Some(sign(gain));
            forward.value = Some(gain as f64 / entry as f64 * 1e4);
        }
        let mut grade = row("grade_forward", Some(side));
        (grade.entry, grade.exit) = (forward.entry, forward.exit);
        if reason.is_none() {
            // Net of a taker's fee at both ends, in standard deviations of the horizon.
            let net = gain as f64 / entry as f64 * 1e4 - 2.0 * spec.desk.taker_bps;
            let scaled = net / (w.sigma_bps * libm::sqrt(spec.horizon.seconds()));
            grade.value = Some(scaled);
            grade.class =
                Some(GRADE_CUTS.iter().fold(-2, |class, cut| class + i8::from(scaled >= *cut)));
        }
        tape.labels.push(forward);
        tape.labels.push(grade);
        if let Some((profit, stop)) = w.barriers {
            let mut barrier = row("barrier", Some(side));
            barrier.entry = Some(entry);
            let touched = path().find_map(|(recv, top)| {
                let px = top.map(|(bid, ask)| if side == Side::Buy { bid } else { ask })?;
                let (gains, loses) =
                    (side.sign() * (px - profit) >= 0, side.sign() * (stop - px) >= 0);
                if gains { Some((*recv, px, 1)) } else { loses.then_some((*recv, px, -1)) }
            });
            // A touch before trading stopped is a fact; after it nothing was touched that could be traded.
            match touched {
                Some((recv, px, class)) => {
                    (barrier.ts_end, barrier.exit, barrier.class, barrier.reason) =
                        (recv, Some(px), Some(class), None);
                    barrier.value = Some((side.sign() * (px - entry)) as f64 / entry as f64 * 1e4);
                }
                None if reason.is_none() => {
                    (barrier.exit, barrier.class) = (Some(exit), Some(0));
                    barrier.value = Some(gain as f64 / entry as f64 * 1e4);
                }
                None => {}
            }
            tape.labels.push(barrier);
        }
    }
}

/// A score that is the future: its event time is just before the decision, it became known after the window.
fn trap(w: &Waiting, horizon: i64, moved: i64) -> NewsRow {
    let mut doc_id = w.id;
    doc_id[15] ^= 0xff;
    let (published, known) = (w.ts - 1_000_000, w.ts + horizon + 2_000_000_000);
    NewsRow {
        instrument: w.instrument,
        doc_id,
        published,
        recv: known,
        scored: known,
        avail: known + 15_000,
        sentiment: 0.0,
        confidence: 0.0,
        noise: 0.0,
        trap: Some(moved as f64),
    }
}

fn sign(x: i64) -> i8 {
    i8::try_from(x.signum()).unwrap_or(0)
}
