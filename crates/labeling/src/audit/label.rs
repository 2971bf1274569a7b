//! The labels of a decision.

use contract::{DecisionAction, LabelKind, LabelStatus, OutcomeBasis, Side};

use super::case::{Case, Entry, leaving, sign};
use super::exact::{bps, divide, floor, wide};
use super::outcome::{CLOSE, NO_MEANING, NO_PATH, NO_SIDE, ONLY_CLOSED};
use super::path::{Edge, Exit, Point};
use super::{AuditedLabel, AuditedOutcome, Fate};
use crate::flags::OutcomeFlags;
use crate::grade::Grade;
use crate::measure::{Measure, Reading, Scalar};
use crate::null::Null;
use crate::settings::{Anchor, Barrier, Cuts, Target, TargetKind, Vertical};
use arrow_buffer::i256;

const NOT_COVERED: &str = "not covered";
const BARRIER_ORDER: &str = "barrier-order";

pub(super) fn label(
    case: &Case<'_>,
    outcome: &Fate<AuditedOutcome>,
    target: &Target,
) -> Fate<AuditedLabel> {
    if !target.covers.decisions.contains(&case.decision.action) {
        return Fate::NotApplicable(NOT_COVERED);
    }
    match &target.kind {
        TargetKind::Fill { min_fill_ratio } => fill(case, target, *min_fill_ratio),
        TargetKind::Meta { min_edge_bps } => of_outcome(outcome, target, |row| {
            let ret = row.readings.get(Measure::RetNetBps);
            meta(case, target, row, ret, *min_edge_bps)
        }),
        TargetKind::Grade(grade) => {
            of_outcome(outcome, target, |row| graded(case, target, row, grade))
        }
        TargetKind::FixedHorizon { .. } | TargetKind::TripleBarrier { .. } => on_path(case, target),
    }
}

fn covers(target: &Target, basis: OutcomeBasis) -> bool {
    target.covers.basis.contains(&basis)
}

fn of_outcome(
    outcome: &Fate<AuditedOutcome>,
    target: &Target,
    make: impl Fn(&AuditedOutcome) -> AuditedLabel,
) -> Fate<AuditedLabel> {
    match outcome {
        Fate::Is(row) if row.status == LabelStatus::Void => {
            let is_ours =
                covers(target, OutcomeBasis::Realized) || covers(target, OutcomeBasis::Marked);
            if is_ours { Fate::Is(make(row)) } else { Fate::NotApplicable(NOT_COVERED) }
        }
        Fate::Is(row) if !covers(target, row.basis) => Fate::NotApplicable(NOT_COVERED),
        Fate::Is(row) => Fate::Is(make(row)),
        Fate::Pending(until) => Fate::Pending(*until),
        Fate::Rejected(why) => Fate::Rejected(why),
        Fate::NotApplicable(why) => Fate::NotApplicable(why),
    }
}

impl Case<'_> {
    fn label(&self, target: &Target, kind: LabelKind, ts_end: i64) -> AuditedLabel {
        let ts_end = ts_end.max(self.cutoff() + 1);
        let ts_until = ts_end.max(self.decision.avail);
        AuditedLabel {
            target: target.name.to_string(),
            kind,
            class: None,
            class_lo: None,
            class_hi: None,
            value: None,
            confidence: None,
            fired: Vec::new(),
            nulls: Vec::new(),
            status: LabelStatus::Final,
            flags: OutcomeFlags::NONE,
            ts_cutoff: self.cutoff(),
            ts_end,
            ts_until,
            ts_latest_end: self.latest_end(),
            ts_avail: ts_until.max(ts_end + self.measures().allowed_lateness_ns),
        }
    }

    fn dated(&self, mut label: AuditedLabel, read: &[i64]) -> AuditedLabel {
        label.ts_until = read.iter().copied().fold(label.ts_until, i64::max);
        label.ts_avail = label.ts_until.max(label.ts_end + self.measures().allowed_lateness_ns);
        label
    }
}

impl AuditedLabel {
    /// A class is given only where both ends of its interval agree.
    fn settled(mut self, lo: i8, hi: i8) -> Self {
        (self.class_lo, self.class_hi) = (Some(lo), Some(hi));
        self.class = (lo == hi).then_some(lo);
        if self.class.is_none() {
            self.status = LabelStatus::Indeterminate;
        }
        self
    }
}

/// A label of an outcome shares its dates, and is as provisional as its fees.
fn from_row(
    case: &Case<'_>,
    target: &Target,
    kind: LabelKind,
    row: &AuditedOutcome,
) -> AuditedLabel {
    let status = match row.status {
        LabelStatus::Indeterminate => LabelStatus::Final,
        status => status,
    };
    AuditedLabel {
        status,
        flags: row.flags,
        ts_end: row.ts_end,
        ts_until: row.ts_until,
        ts_avail: row.ts_avail,
        ..case.label(target, kind, row.ts_end)
    }
}

fn meta(
    case: &Case<'_>,
    target: &Target,
    row: &AuditedOutcome,
    ret: Reading,
    edge_bps: f64,
) -> AuditedLabel {
    let label = from_row(case, target, LabelKind::Meta, row);
    if row.status == LabelStatus::Void {
        return label;
    }
    let pays = |end: Option<Scalar>, open: i8| match end {
        Some(Scalar::Number(net)) => i8::from(net > edge_bps),
        _ => open,
    };
    let mut label = label.settled(pays(ret.lo, 0), pays(ret.hi, 1));
    match ret.value {
        Ok(Scalar::Number(net)) => label.value = Some(net),
        Ok(_) => {}
        Err(why) => label.nulls.push(why),
    }
    label
}

fn graded(case: &Case<'_>, target: &Target, row: &AuditedOutcome, grade: &Grade) -> AuditedLabel {
    let mut label = from_row(case, target, LabelKind::Grade, row);
    if row.status == LabelStatus::Void {
        return label;
    }
    let graded = grade.grade(&row.readings);
    (label.class, label.class_lo, label.class_hi) =
        (graded.class, Some(graded.class_lo), Some(graded.class_hi));
    if label.class.is_none() {
        label.status = LabelStatus::Indeterminate;
    }
    label.confidence = graded.confidence;
    if let Ok(Scalar::Number(sigmas)) = row.readings.get(Measure::RNetSigma).value {
        label.value = Some(sigmas);
    }
    label.fired = graded.fired;
    label.nulls = graded.missing.into_iter().map(|(_, why)| why).collect();
    label
}

/// Whether enough was filled in time.
fn fill(case: &Case<'_>, target: &Target, min_ratio: f64) -> Fate<AuditedLabel> {
    let Some(qty) = case.decision.qty else { return Fate::NotApplicable(NO_SIDE) };
    let sends = !matches!(
        case.decision.action,
        DecisionAction::Hold
            | DecisionAction::Hedge
            | DecisionAction::Cancel
            | DecisionAction::Modify
    );
    if !sends || case.is_unsent() || case.measures().anchor != Anchor::Fills {
        return Fate::NotApplicable(NO_MEANING);
    }
    let share = |filled: i128| filled as f64 / qty as f64;
    let (mut filled, mut read) = (0, Vec::new());
    for fill in case.own_fills() {
        filled += fill.qty;
        read.push(fill.avail);
        if share(filled) >= min_ratio {
            if !case.is_closed(fill.key.0) {
                return Fate::Pending(fill.key.0);
            }
            let label = case.label(target, LabelKind::Fill, fill.key.0).settled(1, 1);
            let label = AuditedLabel { value: Some(share(filled)), ..label };
            return Fate::Is(case.dated(label, &read));
        }
    }
    if !case.is_closed(case.deadline()) {
        return Fate::Pending(case.deadline());
    }
    let label = case.label(target, LabelKind::Fill, case.deadline()).settled(0, 0);
    Fate::Is(case.dated(AuditedLabel { value: Some(share(filled)), ..label }, &read))
}

/// Labels of the path: their entry is that of the decision's own fills, or what would have been.
fn on_path(case: &Case<'_>, target: &Target) -> Fate<AuditedLabel> {
    let by_fills = case.measures().anchor == Anchor::Fills;
    let action = case.decision.action;
    match action {
        DecisionAction::Cancel | DecisionAction::Modify | DecisionAction::Hedge => {
            return Fate::NotApplicable(NO_MEANING);
        }
        DecisionAction::Hold | DecisionAction::Exit | DecisionAction::Reduce if by_fills => {
            return Fate::NotApplicable(NO_MEANING);
        }
        _ => {}
    }
    let Some(side) = case.decision.side else { return Fate::NotApplicable(NO_SIDE) };
    let is_filled = by_fills && !case.is_unsent();
    let kind = match target.kind {
        TargetKind::FixedHorizon { .. } => LabelKind::FixedHorizon,
        _ => LabelKind::TripleBarrier,
    };
    let entry = match case.filled_entry().filter(|_| is_filled) {
        Some(entry) => entry,
        None if is_filled && !case.is_closed(case.deadline()) => {
            return Fate::Pending(case.deadline());
        }
        None if is_filled && case.is_void() => {
            let label = case.label(target, kind, case.deadline());
            let is_ours = covers(target, OutcomeBasis::Marked);
            let void = AuditedLabel { status: LabelStatus::Void, ..label };
            return if is_ours { Fate::Is(void) } else { Fate::NotApplicable(NOT_COVERED) };
        }
        None if is_filled && !case.own_fills().is_empty() => {
            return Fate::NotApplicable(ONLY_CLOSED);
        }
        None => case.assumed_entry(side),
    };
    let basis = if entry.is_fill { OutcomeBasis::Marked } else { OutcomeBasis::Counterfactual };
    if !covers(target, basis) {
        return Fate::NotApplicable(NOT_COVERED);
    }
    let Some(end) = case.end(entry.key.0) else { return Fate::NotApplicable(CLOSE) };
    let m = case.measures();
    let exit = case.path.exit(end, leaving(side), m.max_exit_delay_ns, m.clock_bound_ns);
    let window = Window { case, target, side, entry, end, exit };
    match &target.kind {
        TargetKind::FixedHorizon { cuts } => window.fixed_horizon(*cuts),
        TargetKind::TripleBarrier { profit, loss, vertical, profit_as_limit } => {
            window.triple_barrier(*profit, *loss, *vertical, *profit_as_limit)
        }
        _ => Fate::NotApplicable(NO_MEANING),
    }
}

struct Window<'c, 'l> {
    case: &'c Case<'l>,
    target: &'c Target,
    side: Side,
    entry: Entry,
    end: i64,
    exit: Exit,
}

impl Window<'_, '_> {
    /// When a label that ends at an instant can be told: what was not filled is known at the deadline only.
    fn ends(&self, instant: i64) -> i64 {
        if self.entry.is_fill { instant } else { instant.max(self.case.deadline()) }
    }

    fn edge(&self) -> Edge {
        leaving(self.side)
    }

    /// Return in basis points from the entry to a doubled price.
    fn ret(&self, price: i64) -> Result<f64, Null> {
        let entry = i128::from(self.entry.price?);
        bps(wide((i128::from(price) - entry) * sign(self.side)), wide(entry))
    }

    fn refused(&self, ts_end: i64) -> Option<Fate<AuditedLabel>> {
        if !self.case.is_closed(ts_end) {
            return Some(Fate::Pending(ts_end));
        }
        (!self.case.path.has_row_by(self.end)).then_some(Fate::Rejected(NO_PATH))
    }

    fn read(&self) -> Vec<i64> {
        self.entry.avail.into_iter().collect()
    }

    fn fixed_horizon(&self, cuts: Cuts) -> Fate<AuditedLabel> {
        let case = self.case;
        let ts_end = self.ends(self.exit.end);
        if let Some(fate) = self.refused(ts_end) {
            return fate;
        }
        let mut label = case.label(self.target, LabelKind::FixedHorizon, ts_end);
        label.flags = label.flags.with_if(
            OutcomeFlags::EXIT_AFTER_HALT,
            self.exit.delay_ns > 0 && self.exit.price.is_ok(),
        );
        let mut read = self.read();
        read.extend(self.exit.avail);
        let value = self.value_at_exit();
        let cut = match cuts {
            Cuts::None => Ok(0.0),
            Cuts::Bps(cut) => Ok(cut),
            Cuts::Sigma(k) => case.sigma_bps.map(|sigma| k * sigma * case.root_horizon()),
        };
        let class = |end: Option<i64>, open: i8| match (end.map(|px| self.ret(px)), cut) {
            (Some(Ok(value)), Ok(cut)) => sign_beyond(value, cut),
            _ => open,
        };
        let (worst, best) = match self.side {
            Side::Buy => (self.exit.lo, self.exit.hi),
            Side::Sell => (self.exit.hi, self.exit.lo),
        };
        label = match value {
            Ok(_) => label.settled(class(worst, -1), class(best, 1)),
            Err(_) => label.settled(-1, 1),
        };
        label.value = value.ok();
        label.nulls.extend(value.err());
        label.nulls.extend(cut.err());
        Fate::Is(case.dated(label, &read))
    }

    /// The return at the end of the window, if nothing in it forbids one.
    fn value_at_exit(&self) -> Result<f64, Null> {
        let value = match (self.entry.price, self.exit.price) {
            (Ok(_), Ok(price)) => self.ret(price),
            (Err(a), Err(b)) => Err(a.min(b)),
            (Err(why), _) | (_, Err(why)) => Err(why),
        };
        if self.case.has_action(self.entry.key.0, self.exit.ts) {
            return Err(Null::CorporateAction);
        }
        value
    }

    fn triple_barrier(
        &self,
        profit: Option<Barrier>,
        loss: Option<Barrier>,
        vertical: Vertical,
        profit_as_limit: bool,
    ) -> Fate<AuditedLabel> {
        let case = self.case;
        let is_long = self.side == Side::Buy;
        let d = case.decision;
        let stands = |barrier: Option<Barrier>, own: Option<i64>| match barrier {
            Some(Barrier::Decision) => own.is_some(),
            barrier => barrier.is_some(),
        };
        if !stands(profit, d.take_profit) && !stands(loss, d.stop_loss) {
            return Fate::NotApplicable("no barriers");
        }
        let Ok(entry) = self.entry.price else { return self.unknown(self.exit.end, None) };
        let place = |barrier: Option<Barrier>, is_profit: bool| match barrier {
            None => Ok(None),
            Some(barrier) => self.barrier(entry, barrier, is_profit == is_long, is_profit),
        };
        let (profit, loss) = match (place(profit, true), place(loss, false)) {
            (Ok(profit), Ok(loss)) => (profit, loss),
            (Err(why), _) | (_, Err(why)) => return self.unknown(self.exit.end, Some(why)),
        };
        let (upper, lower) = if is_long { (profit, loss) } else { (loss, profit) };
        let is_crossed = upper.zip(lower).is_some_and(|(upper, lower)| upper <= lower);
        let is_passed = upper.is_some_and(|upper| i128::from(entry) >= upper)
            || lower.is_some_and(|lower| i128::from(entry) <= lower);
        if is_crossed || is_passed {
            return Fate::Rejected(BARRIER_ORDER);
        }
        let rows = case.path.between(self.entry.key, self.end);
        let touch = rows.iter().find_map(|point| self.touch(point, upper, lower));
        match touch {
            Some((point, price, is_upper)) => {
                let is_profit = is_upper == is_long;
                let paid = match (profit_as_limit, profit) {
                    (true, Some(limit)) if is_profit => i64::try_from(limit).unwrap_or(price),
                    _ => price,
                };
                self.touched(point, paid, is_profit)
            }
            None => self.untouched(vertical),
        }
    }

    /// The first row that reaches a barrier, its price and whether it was the upper one.
    fn touch<'p>(
        &self,
        point: &'p Point,
        upper: Option<i128>,
        lower: Option<i128>,
    ) -> Option<(&'p Point, i64, bool)> {
        let price = point.price(self.edge())?;
        let is_upper = upper.is_some_and(|upper| i128::from(price) >= upper);
        let is_lower = lower.is_some_and(|lower| i128::from(price) <= lower);
        (is_upper || is_lower).then_some((point, price, is_upper))
    }

    fn touched(&self, point: &Point, paid: i64, is_profit: bool) -> Fate<AuditedLabel> {
        let (case, ts) = (self.case, point.key.0);
        let ts_end = self.ends(ts);
        if let Some(fate) = self.refused(ts_end) {
            return fate;
        }
        if case.path.has_gap_before(self.entry.key.0, ts) {
            return self.unknown(ts, Some(Null::Gap));
        }
        if case.has_action(self.entry.key.0, ts) {
            return self.unknown(ts, Some(Null::CorporateAction));
        }
        let class = if is_profit { 1 } else { -1 };
        let mut label = case.label(self.target, LabelKind::TripleBarrier, ts_end);
        label = label.settled(class, class);
        label.value = self.ret(paid).ok();
        let mut read = self.read();
        read.push(point.avail);
        Fate::Is(case.dated(label, &read))
    }

    fn untouched(&self, vertical: Vertical) -> Fate<AuditedLabel> {
        let case = self.case;
        let ts_end = self.ends(self.exit.end);
        if let Some(fate) = self.refused(ts_end) {
            return fate;
        }
        if case.path.has_gap_after(self.entry.key.0, self.end) {
            return self.unknown(self.exit.end, Some(Null::Gap));
        }
        if case.has_action(self.entry.key.0, self.exit.ts) {
            return self.unknown(self.exit.end, Some(Null::CorporateAction));
        }
        let value = self.value_at_exit();
        let label = case.label(self.target, LabelKind::TripleBarrier, ts_end);
        let mut label = match (vertical, value) {
            (Vertical::Zero, _) => label.settled(0, 0),
            (Vertical::Sign, Ok(value)) => {
                let class = sign_beyond(value, 0.0);
                label.settled(class, class)
            }
            (Vertical::Sign, Err(_)) => label.settled(-1, 1),
        };
        label.flags = label.flags.with_if(
            OutcomeFlags::EXIT_AFTER_HALT,
            self.exit.delay_ns > 0 && self.exit.price.is_ok(),
        );
        label.value = value.ok();
        label.nulls.extend(value.err());
        let mut read = self.read();
        read.extend(self.exit.avail);
        Fate::Is(case.dated(label, &read))
    }

    /// A label that cannot be known.
    fn unknown(&self, instant: i64, why: Option<Null>) -> Fate<AuditedLabel> {
        let ts_end = self.ends(instant);
        if let Some(fate) = self.refused(ts_end) {
            return fate;
        }
        let label = self.case.label(self.target, LabelKind::TripleBarrier, ts_end);
        let mut label = label.settled(-1, 1);
        label.nulls.extend(why.or(self.entry.price.err()));
        Fate::Is(self.case.dated(label, &self.read()))
    }

    /// The doubled price of a barrier; the upper one by ceiling, the lower one by floor.
    fn barrier(
        &self,
        entry: i64,
        barrier: Barrier,
        is_upper: bool,
        is_profit: bool,
    ) -> Result<Option<i128>, Null> {
        match barrier {
            Barrier::Decision => {
                let d = self.case.decision;
                let own = if is_profit { d.take_profit } else { d.stop_loss };
                Ok(own.map(|px| i128::from(px) * 2))
            }
            Barrier::Bps(distance) => {
                let one = 10_i128.pow(13);
                let share = if is_upper { one + distance.nanos() } else { one - distance.nanos() };
                let num = wide(i128::from(entry)).checked_mul(wide(share)).ok_or(Null::Div0)?;
                Ok(rounded(num, wide(one), is_upper))
            }
            Barrier::Sigma(k) => {
                let distance = k * self.case.sigma_bps? * self.case.root_horizon() / 1e4;
                let price = if is_upper {
                    libm::ceil(entry as f64 * (1.0 + distance))
                } else {
                    libm::floor(entry as f64 * (1.0 - distance))
                };
                #[expect(clippy::cast_possible_truncation, reason = "a whole number of half units")]
                Ok(Some(price as i128))
            }
        }
    }
}

fn rounded(num: i256, den: i256, up: bool) -> Option<i128> {
    let down = floor(num, den)?;
    let is_whole = divide(num, den)? == down && num.checked_rem(den)? == i256::ZERO;
    let price = if up && !is_whole { down.checked_add(wide(1))? } else { down };
    price.to_i128()
}

fn sign_beyond(value: f64, cut: f64) -> i8 {
    i8::from(value > cut) - i8::from(value < -cut)
}
