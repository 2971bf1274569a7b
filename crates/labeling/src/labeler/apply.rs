//! What each row does, in the order of keys.

use super::tracked::Tracked;
use super::{Cause, Held, Labeler};
use crate::error::LabelError;
use crate::evaluate::{Decision, Stop};
use crate::facts::Fee;
use crate::key::Key;
use crate::ledger::{Fill, FillNo};
use crate::market::Market;
use crate::path::Gap;
use crate::rows::{DecisionRow, Event, ExecRow, GapRow, What, sign};
use contract::{DecisionAction, DecisionStatus, ExecType, Origin, Reject};
use std::cmp::Reverse;
use std::sync::Arc;

impl Labeler {
    /// Moves the log clock, and with it everything that has waited for it.
    pub(super) fn tick(&mut self, clock: i64) -> Result<(), LabelError> {
        if clock <= self.clock {
            return Ok(());
        }
        self.clock = clock;
        let frontier = clock.saturating_sub(self.global.lateness_ns);
        while let Some(held) = self.held.pop_front() {
            if held.event.key.ts >= frontier {
                self.held.push_front(held);
                break;
            }
            self.fire(held.event.key.ts - 1)?;
            self.apply(held, None);
        }
        self.fire(frontier - 1)
    }

    /// Takes a row in, to its place among those that wait, or at once when it is late.
    pub(super) fn admit(&mut self, held: Held, clock_before: i64) -> Result<(), LabelError> {
        let key = held.event.key;
        self.report.decisions += u64::from(matches!(held.event.what, What::Decision(_)));
        let is_late = key.ts.saturating_add(self.global.lateness_ns) < clock_before;
        if is_late {
            self.report.late += 1;
            let oldest = clock_before
                .saturating_sub(self.global.lateness_ns)
                .saturating_sub(self.global.keep_ns);
            if key.ts < oldest {
                let is_decision = matches!(held.event.what, What::Decision(_));
                self.report.rejected_decisions += u64::from(is_decision);
                let expected = format!("a path time of {oldest} or later");
                self.reject(&held, "labeling/late-row", "ts_recv", &expected, &key.ts);
                return Ok(());
            }
            let cause = Cause { seq: key.seq, known: self.clock.max(held.event.avail) };
            self.apply(held, Some(cause));
            return self.fire(self.upto);
        }
        // Rows come nearly in order.
        let mut at = self.held.len();
        while at > 0 && self.held.get(at - 1).is_some_and(|h| h.event.key > key) {
            at -= 1;
        }
        self.held.insert(at, held);
        Ok(())
    }

    /// Gives a row back.
    pub(super) fn reject(
        &mut self,
        held: &Held,
        code: &'static str,
        column: &'static str,
        expected: &str,
        found: &dyn ToString,
    ) {
        self.report.rejected += 1;
        let origin = Origin::new("labeling", held.table);
        let mut reject = Reject::new(&origin, held.table, held.position, code).about(
            column,
            expected,
            found.to_string(),
        );
        (reject.seq, reject.ts_avail_ns) = (Some(held.event.key.seq), Some(held.event.avail));
        self.rejects.push(reject);
    }

    fn apply(&mut self, mut held: Held, late: Option<Cause>) {
        let Event { key, avail, .. } = held.event;
        let what = std::mem::replace(
            &mut held.event.what,
            What::Status { instrument: 0, source: 0, is_halted: false },
        );
        let is_ours =
            |source: u16| self.global.sources.is_empty() || self.global.sources.contains(&source);
        match what {
            What::Quote { source, .. } if !is_ours(source) => self.report.other_sources += 1,
            What::Trade(trade) if !is_ours(trade.source) => self.report.other_sources += 1,
            What::Status { source, .. } if !is_ours(source) => self.report.other_sources += 1,
            What::Quote { instrument, source, bid, ask, is_excluded } => {
                let mut rung = std::mem::take(&mut self.rung);
                self.market(instrument).quote(
                    (key, avail, source),
                    (bid, ask),
                    is_excluded,
                    &mut rung,
                );
                self.wake(rung, key.ts, late);
                if let Some(cause) = late {
                    self.look_again(Some(instrument), key.ts, key.ts, cause);
                }
            }
            What::Trade(trade) => {
                let mut rung = std::mem::take(&mut self.rung);
                let market = self.market(trade.instrument);
                let taken_back = market.trade(key, avail, &trade, &mut rung);
                self.wake(rung, key.ts, late);
                if let Some(old) = taken_back {
                    let cause = late.unwrap_or(self.cause(key, avail));
                    self.look_again(Some(trade.instrument), old.ts, old.ts, cause);
                }
                if let Some(cause) = late {
                    self.look_again(Some(trade.instrument), key.ts, key.ts, cause);
                }
            }
            What::Status { instrument, is_halted, .. } => {
                self.market(instrument).status(key, avail, is_halted);
                if let Some(cause) = late {
                    self.look_again(Some(instrument), key.ts, self.upto, cause);
                }
            }
            What::Gap(gap) if gap.source.is_none_or(is_ours) => {
                self.take_gap(key, avail, *gap, late);
            }
            What::Gap(_) => {}
            What::Decision(row) => self.take_decision(&held, *row, late),
            What::Execution(row) => {
                // Clocks may put a fill before its decision: it waits as long as the tolerance allows.
                let waits_until = row.key.ts.saturating_add(self.global.tolerance_ns);
                let is_unknown = row.decision.is_some_and(|id| !self.decision_of.contains_key(&id));
                if is_unknown && late.is_none() && waits_until > key.ts {
                    held.event.key = Key::new(waits_until, key.seq);
                    held.event.what = What::Execution(row);
                    let at = self.held.partition_point(|h| h.event.key < held.event.key);
                    self.held.insert(at, held);
                    return;
                }
                self.take_execution(&held, &row, late);
            }
            What::Posting(row) => {
                let actions = self.facts.actions(row.instrument);
                let Some(ledger) = self.ledgers.get_mut(&(Some(row.account), row.instrument))
                else {
                    return;
                };
                let fits = match ledger.carry(key, row.amount, actions) {
                    Ok(true) => Ok(()),
                    Ok(false) => ledger.rebuild(&mut self.fills, actions),
                    Err(overflow) => Err(overflow),
                };
                let decisions = ledger.decisions(&self.fills);
                if fits.is_err() {
                    self.overflow(&held);
                }
                if let Some(cause) = late {
                    self.look_again_at(&decisions, key.ts, cause);
                }
            }
        }
    }

    fn overflow(&mut self, held: &Held) {
        self.reject(held, "labeling/overflow", "last_qty", "an exact sum below 1.7e38", &"more");
    }

    fn cause(&self, key: Key, avail: i64) -> Cause {
        Cause { seq: key.seq, known: avail.max(key.ts.saturating_add(self.global.lateness_ns)) }
    }

    fn market(&mut self, instrument: u32) -> &mut Market {
        let kind = self.global.path;
        let wide = &self.wide_gaps;
        self.markets.entry(instrument).or_insert_with(|| {
            let mut market = Market::new(kind);
            for (key, gap) in wide {
                market.gap(place(*key, gap), gap.tables);
            }
            market
        })
    }

    /// Decisions that a row has woken look again once every row of its instant is in.
    fn wake(&mut self, mut rung: Vec<usize>, ts: i64, late: Option<Cause>) {
        let at = if late.is_some() { self.upto.max(ts) } else { ts };
        for no in rung.drain(..) {
            if let Some(Some(tracked)) = self.decisions.get_mut(no) {
                for slot in &mut tracked.labels {
                    if let super::tracked::State::Open(due) = &mut slot.state {
                        *due = at.min(*due);
                    }
                }
                if let super::tracked::State::Open(due) = &mut tracked.outcome.state {
                    *due = at.min(*due);
                }
            }
            self.schedule(no, at);
        }
        self.rung = rung;
    }

    /// Looks at a decision when every row up to an instant is in.
    pub(super) fn schedule(&mut self, no: usize, at: i64) {
        let Some(Some(tracked)) = self.decisions.get_mut(no) else { return };
        if tracked.time(at) {
            self.timers.push(Reverse((at, tracked.decision.row.key.seq, no)));
        }
    }

    fn take_gap(&mut self, key: Key, avail: i64, gap: GapRow, late: Option<Cause>) {
        let mark = place(key, &gap);
        let cause = late.unwrap_or(self.cause(key, avail));
        let concerned: Vec<u32> = match (gap.instrument, gap.source) {
            (Some(id), _) => {
                self.market(id);
                vec![id]
            }
            (None, Some(source)) => {
                let has = |m: &Market| m.sources.get(&source).is_some_and(|first| *first < key);
                self.markets.iter().filter(|(_, m)| has(m)).map(|(id, _)| *id).collect()
            }
            (None, None) => {
                self.wide_gaps.push((key, gap));
                self.markets.keys().copied().collect()
            }
        };
        for id in concerned {
            if let Some(market) = self.markets.get_mut(&id) {
                market.gap(mark, gap.tables);
            }
            self.look_again(Some(id), gap.from, gap.to, cause);
        }
    }

    /// What was said of windows that overlap `[from, to]` is looked at again.
    fn look_again(&mut self, instrument: Option<u32>, from: i64, to: i64, cause: Cause) {
        let decisions: Vec<usize> = match instrument {
            Some(id) => self.markets.get(&id).map(|m| m.decisions.clone()).unwrap_or_default(),
            None => self.alive.iter().map(|(_, no)| *no).collect(),
        };
        let lookback = self.global.lookback_ns;
        let concerned: Vec<usize> = decisions
            .into_iter()
            .filter(|no| {
                let Some(Some(t)) = self.decisions.get(*no) else { return false };
                t.decision.row.key.ts.saturating_sub(lookback) <= to && t.last_instant() >= from
            })
            .collect();
        let oldest = self.oldest_kept();
        for no in concerned {
            let Some(Some(tracked)) = self.decisions.get_mut(no) else { continue };
            if tracked.last_instant() >= oldest && tracked.reopen_since(from, cause) {
                self.schedule(no, i64::MIN);
            }
        }
    }

    /// Outcomes whose last instant lies before this are not revised.
    fn oldest_kept(&self) -> i64 {
        self.clock.saturating_sub(self.global.lateness_ns).saturating_sub(self.global.keep_ns)
    }

    /// The same for decisions whose lots may have changed from an instant on.
    fn look_again_at(&mut self, decisions: &[usize], from: i64, cause: Cause) {
        let concerned: Vec<usize> = decisions
            .iter()
            .copied()
            .filter(|no| {
                let Some(Some(t)) = self.decisions.get(*no) else { return false };
                t.last_instant() >= from
            })
            .collect();
        self.reopen(&concerned, cause);
    }

    fn reopen(&mut self, decisions: &[usize], cause: Cause) {
        let oldest =
            self.clock.saturating_sub(self.global.lateness_ns).saturating_sub(self.global.keep_ns);
        for no in decisions {
            let Some(Some(tracked)) = self.decisions.get_mut(*no) else { continue };
            if tracked.last_instant() < oldest {
                continue;
            }
            tracked.reopen(cause);
            self.schedule(*no, i64::MIN);
        }
    }

    fn take_decision(&mut self, held: &Held, row: DecisionRow, late: Option<Cause>) {
        if self.decision_of.contains_key(&row.id) {
            let id = crate::markout::uuid(&row.id);
            self.report.rejected_decisions += 1;
            self.reject(held, "labeling/duplicate-key", "decision_id", "an id once", &id);
            return;
        }
        let cutoff = row.key.ts;
        if let Some(id) = row.instrument
            && self.facts.instrument(id, cutoff).is_err()
        {
            self.report.rejected_decisions += 1;
            let expected = "an instrument of the table instruments";
            self.reject(held, "labeling/unknown-instrument", "instrument_id", expected, &id);
            return;
        }
        let Some(rules) = self.rules.resolve(&row.strategy, cutoff) else {
            self.report.without_rules += 1;
            return;
        };
        if let Some(scales) = self.facts.scales(&row.id)
            && scales.avail >= cutoff
        {
            let expected = format!("before the cut-off {cutoff}");
            self.reject(held, "labeling/lookahead-reference", "ts_avail", &expected, &scales.avail);
            self.facts.forget_scales(&row.id);
        }
        let no = self.decisions.len();
        self.decision_of.insert(row.id, no);
        if let Some(order) = &row.order_id {
            self.order_of.insert(Arc::clone(order), no);
        }
        if let Some(id) = row.instrument {
            self.market(id).decisions.push(no);
        }
        self.alive.insert((cutoff, no));
        let mut tracked = Tracked::new(Decision::new(row, rules));
        tracked.position = held.position;
        tracked.known_from = late.map_or(i64::MIN, |cause| cause.known);
        let first = tracked.anchors.first().map(|a| a.ts);
        let offset = tracked.decision.rules.measures.offsets_ns.first().copied();
        self.decisions.push(Some(Box::new(tracked)));
        self.schedule(no, cutoff);
        if let Some((ts, offset)) = first.zip(offset) {
            self.schedule(no, ts.saturating_add(offset).max(cutoff));
        }
    }

    /// The decision behind a report.
    fn decision_behind(&self, row: &ExecRow) -> Result<Option<usize>, ()> {
        if let Some(id) = &row.decision {
            return self.decision_of.get(id).copied().map(Some).ok_or(());
        }
        let by_order = row.order_id.as_ref().and_then(|order| self.order_of.get(order)).copied();
        let agrees = |no: &usize| {
            let decision = self.decisions.get(*no).and_then(Option::as_ref);
            decision.is_some_and(|t| {
                let d = &t.decision.row;
                d.key < row.key && row.strategy.as_ref().is_none_or(|s| *s == d.strategy)
            })
        };
        Ok(by_order.filter(agrees))
    }

    fn take_execution(&mut self, held: &Held, row: &ExecRow, late: Option<Cause>) {
        let behind = self.decision_behind(row);
        if let Ok(Some(no)) = behind
            && let Some(Some(tracked)) = self.decisions.get_mut(no)
        {
            let d = &mut tracked.decision;
            if d.first_report.is_none_or(|first| row.key < first) {
                d.first_report = Some(row.key);
            }
            if let Some((bid, ask)) = row.arrival
                && d.arrival.is_none_or(|(first, ..)| row.key < first)
            {
                d.arrival = Some((row.key, bid, ask));
            }
        }
        match row.kind {
            ExecType::Trade => self.take_fill(held, row, behind, late),
            ExecType::TradeCorrect | ExecType::TradeCancel => self.amend(held, row, late),
            _ => {}
        }
    }

    #[expect(
        clippy::too_many_lines,
        reason = "one fill: who it belongs to, what it moves, who must look again"
    )]
    fn take_fill(
        &mut self,
        held: &Held,
        row: &ExecRow,
        behind: Result<Option<usize>, ()>,
        late: Option<Cause>,
    ) {
        let (Some(qty), Some(px)) = (row.qty, row.px) else { return };
        let id = (row.source, row.account, row.instrument, Arc::clone(&row.exec_id));
        if self.fill_of.contains_key(&id) {
            let found = row.exec_id.to_string();
            self.reject(held, "labeling/duplicate-key", "exec_id", "a fill once", &found);
            return;
        }
        let mut decision = if let Ok(decision) = behind {
            decision
        } else {
            let found = row.decision.map(|id| crate::markout::uuid(&id)).unwrap_or_default();
            let expected = "a decision that came before";
            self.reject(held, "labeling/orphan-fill", "decision_id", expected, &found);
            None
        };
        let mut key = row.key;
        let mut is_clamped = false;
        let of = decision.and_then(|no| self.decisions.get(no)).and_then(Option::as_ref);
        if let Some(tracked) = of {
            let cutoff = tracked.decision.row.key.ts;
            if key.ts < cutoff {
                if cutoff - key.ts > self.global.tolerance_ns {
                    let expected = format!("{cutoff} or later");
                    let code = "labeling/fill-before-decision";
                    self.reject(held, code, "ts_recv", &expected, &key.ts);
                    decision = None;
                } else {
                    key = Key::new(cutoff, key.seq);
                    is_clamped = true;
                }
            }
        }
        let of = decision.and_then(|no| self.decisions.get(no)).and_then(Option::as_ref);
        let (strategy, may_open) = match of {
            Some(tracked) => {
                let d = &tracked.decision.row;
                let closes = matches!(d.action, DecisionAction::Exit | DecisionAction::Reduce)
                    && d.status == DecisionStatus::Submitted;
                (Arc::clone(&d.strategy), !closes)
            }
            None => (row.strategy.clone().unwrap_or_else(|| Arc::from("")), true),
        };
        let fill = Fill {
            key,
            avail: row.avail,
            seq: row.key.seq,
            exec_id: Arc::clone(&row.exec_id),
            source: row.source,
            account: row.account,
            strategy,
            instrument: row.instrument,
            decision,
            sign: sign(row.side),
            qty,
            px: 2 * px,
            fee: Fee::ZERO,
            is_maker: row.is_maker,
            has_own_fee: row.fee.is_some(),
            quote: row.quote,
            amended: Vec::new(),
            is_gone: false,
            is_clamped,
            is_inferred: row.is_inferred,
            may_open,
            closed: 0,
            closing_fee: Fee::ZERO,
            lot: None,
            unmatched: 0,
        };
        let no: FillNo = self.fills.len();
        let Ok(fee) = self.fee(&fill, row.fee, row.fee_ccy.as_deref(), row.is_fee_final) else {
            self.overflow(held);
            return;
        };
        self.fills.push(Fill { fee, ..fill });
        self.fill_of.insert(id, no);
        let actions = self.facts.actions(row.instrument);
        let ledger = self.ledgers.entry((row.account, row.instrument)).or_default();
        let matched = ledger.fill(no, &mut self.fills, actions);
        let is_rebuilt = matches!(matched, Ok(false));
        let fits = match matched {
            Ok(true) => Ok(()),
            Ok(false) => ledger.rebuild(&mut self.fills, actions),
            Err(overflow) => Err(overflow),
        };
        let mut concerned: Vec<usize> = if is_rebuilt {
            ledger.decisions(&self.fills)
        } else {
            ledger.closed_by(no, &self.fills)
        };
        concerned.extend(decision);
        concerned.sort_unstable();
        concerned.dedup();
        if fits.is_err() {
            self.overflow(held);
        }
        let unmatched = self.fills.get(no).map_or(0, |f| f.unmatched);
        if unmatched > 0 {
            let expected = "an open position to close";
            self.reject(held, "labeling/opening-unknown", "last_qty", expected, &unmatched);
        }
        if let Some(of) = decision
            && let Some(Some(tracked)) = self.decisions.get_mut(of)
            && tracked.decision.row.instrument == Some(row.instrument)
        {
            let fills = &mut tracked.decision.fills;
            let at = fills.partition_point(|n| self.fills.get(*n).is_some_and(|f| f.key < key));
            fills.insert(at, no);
            tracked.anchor(Some(no), key.ts);
            let first = tracked.decision.rules.measures.offsets_ns.first().copied();
            let cutoff = tracked.decision.row.key.ts;
            if let Some(offset) = first {
                self.schedule(of, key.ts.saturating_add(offset).max(cutoff).max(key.ts));
            }
        }
        let cause = late
            .or_else(|| is_clamped.then(|| self.cause(row.key, row.avail)))
            .or_else(|| is_rebuilt.then(|| self.cause(row.key, row.avail)));
        match cause {
            Some(cause) => self.look_again_at(&concerned, key.ts, cause),
            None => {
                for of in concerned {
                    self.look(of, key.ts);
                }
            }
        }
    }

    /// Looks at what is open of a decision once the rows of an instant are in.
    fn look(&mut self, no: usize, ts: i64) {
        if let Some(Some(tracked)) = self.decisions.get_mut(no) {
            use super::tracked::State;
            if let State::Open(due) = &mut tracked.outcome.state {
                *due = ts.min(*due);
            }
            for slot in &mut tracked.labels {
                if let State::Open(due) = &mut slot.state {
                    *due = ts.min(*due);
                }
            }
        }
        self.schedule(no, ts);
    }

    /// The fee of a fill: its own, else what the schedule says.
    fn fee(
        &self,
        fill: &Fill,
        own: Option<i128>,
        ccy: Option<&str>,
        is_final: Option<bool>,
    ) -> Result<Fee, Stop> {
        let at = fill.key.ts;
        let instrument = self.facts.instrument(fill.instrument, at).ok().flatten();
        let home = instrument.and_then(|i| i.ccy.as_deref());
        if let Some(own) = own {
            return Ok(Fee {
                is_estimate: is_final == Some(false),
                is_foreign: ccy.zip(home).is_some_and(|(ccy, home)| ccy != home),
                ..Fee::exact(own)
            });
        }
        let contract = self.facts.contract(fill.instrument, at);
        let rates = self.facts.fee_rates(Some(fill.source), fill.account, fill.instrument, at);
        match rates {
            Some(rates) => Ok(Fee::estimated(rates, contract, fill.qty, fill.px, fill.is_maker)?),
            None => Ok(Fee::unknown()),
        }
    }

    fn amend(&mut self, held: &Held, row: &ExecRow, late: Option<Cause>) {
        let kind = u8::from(row.kind == ExecType::TradeCancel);
        let own = ((row.source, row.account, row.instrument, Arc::clone(&row.exec_id)), kind);
        if !self.amendments.insert(own) {
            let found = row.exec_id.to_string();
            self.reject(held, "labeling/duplicate-key", "exec_id", "a correction once", &found);
            return;
        }
        let meant = row.ref_id.as_ref().and_then(|reference| {
            let key = (row.source, row.account, row.instrument, Arc::clone(reference));
            self.fill_of.get(&key).copied()
        });
        let Some(no) = meant else {
            let found = row.ref_id.as_deref().unwrap_or("null").to_owned();
            let (code, expected) = ("labeling/broken-correction-chain", "a fill that came before");
            self.reject(held, code, "exec_ref_id", expected, &found);
            return;
        };
        let key = (row.source, row.account, row.instrument, Arc::clone(&row.exec_id));
        self.fill_of.entry(key).or_insert(no);
        self.report.amended += 1;
        let Some(old) = self.fills.get(no).cloned() else { return };
        let mut fill = old.clone();
        fill.avail = fill.avail.max(row.avail);
        fill.amended.push(row.key.seq);
        if row.kind == ExecType::TradeCancel {
            fill.is_gone = true;
        } else {
            fill.qty = row.qty.filter(|qty| *qty > 0).unwrap_or(fill.qty);
            fill.px = row.px.map_or(fill.px, |px| 2 * px);
            let changed = row.qty.is_some() || row.px.is_some();
            if row.fee.is_some() || (changed && !old.has_own_fee) {
                let fee = self.fee(&fill, row.fee, row.fee_ccy.as_deref(), row.is_fee_final);
                let Ok(fee) = fee else {
                    self.overflow(held);
                    return;
                };
                (fill.fee, fill.has_own_fee) = (fee, row.fee.is_some());
            }
        }
        let (account, instrument, ts) = (fill.account, fill.instrument, fill.key.ts);
        if let Some(slot) = self.fills.get_mut(no) {
            *slot = fill;
        }
        let actions = self.facts.actions(instrument);
        let mut concerned = Vec::new();
        let mut fits = true;
        if let Some(ledger) = self.ledgers.get_mut(&(account, instrument)) {
            fits = ledger.rebuild(&mut self.fills, actions).is_ok();
            concerned = ledger.decisions(&self.fills);
        }
        if !fits {
            self.overflow(held);
        }
        let cause = late.unwrap_or(self.cause(row.key, row.avail));
        self.look_again_at(&concerned, ts, cause);
    }
}

fn place(key: Key, gap: &GapRow) -> Gap {
    Gap { from: gap.from, to: gap.to, seq: key.seq }
}
