//! What came of a decision.

use contract::{DecisionAction, LabelStatus, OutcomeBasis, Side};

use super::case::{Case, Entry, entering, leaving, opposite, sign};
use super::exact::wide;
use super::execution::execution;
use super::fee::Fee;
use super::log::Key;
use super::lots::Lot;
use super::path::Edge;
use super::position::{Corner, Part, Position};
use super::{AuditedOutcome, Fate};
use crate::flags::OutcomeFlags;
use crate::measure::{Measure, Reading, Readings, Scalar};
use crate::null::Null;
use crate::settings::Anchor;

pub(super) const NO_MEANING: &str = "no outcome of this action";
pub(super) const NO_SIDE: &str = "no side";
pub(super) const NO_POSITION: &str = "no position";
pub(super) const ONLY_CLOSED: &str = "its fills only closed lots";
pub(super) const CLOSE: &str = "too close to the close";
pub(super) const NO_PATH: &str = "no-path";

/// Before maturity and rows are looked at.
pub(super) fn outcome(case: &Case<'_>) -> Fate<AuditedOutcome> {
    let d = case.decision;
    let anchor = case.measures().anchor;
    match (anchor, d.action, d.side) {
        (_, DecisionAction::Cancel | DecisionAction::Modify | DecisionAction::Hedge, _) => {
            Fate::NotApplicable(NO_MEANING)
        }
        (Anchor::Fills, DecisionAction::Hold, _) => hold(case),
        (_, _, None) => Fate::NotApplicable(NO_SIDE),
        (Anchor::Decision, _, Some(side)) | (Anchor::Fills, DecisionAction::Skip, Some(side)) => {
            assumed(case, side)
        }
        (Anchor::Fills, DecisionAction::Exit | DecisionAction::Reduce, Some(side))
            if case.is_unsent() =>
        {
            let edge = leaving(opposite(side));
            exit_unfilled(case, side, edge)
        }
        (Anchor::Fills, DecisionAction::Exit | DecisionAction::Reduce, Some(side)) => {
            exit(case, side)
        }
        // What was not sent has no fills of its own.
        (Anchor::Fills, _, Some(side)) if case.is_unsent() => assumed(case, side),
        (Anchor::Fills, _, Some(side)) => match case.filled_entry() {
            Some(entry) => filled(case, side, entry),
            None if !case.is_closed(case.deadline()) => Fate::Pending(case.deadline()),
            None if case.is_void() => Fate::Is(void(case, side)),
            None if !case.own_fills().is_empty() => Fate::NotApplicable(ONLY_CLOSED),
            None => assumed(case, side),
        },
    }
}

fn void(case: &Case<'_>, side: Side) -> AuditedOutcome {
    let end = case.deadline();
    AuditedOutcome {
        status: LabelStatus::Void,
        basis: OutcomeBasis::Marked,
        side: Some(side),
        ..case.blank(end)
    }
}

impl Case<'_> {
    /// A row without readings.
    fn blank(&self, ts_end: i64) -> AuditedOutcome {
        let ts_end = ts_end.max(self.cutoff() + 1);
        let ts_until = ts_end.max(self.decision.avail);
        AuditedOutcome {
            status: LabelStatus::Final,
            basis: OutcomeBasis::Counterfactual,
            window: match self.measures().horizon_ns {
                Some(fixed) => contract::format_duration_ns(fixed),
                None => "decision".to_owned(),
            },
            side: None,
            flags: OutcomeFlags::NONE,
            ts_cutoff: self.cutoff(),
            ts_end,
            ts_until,
            ts_latest_end: self.latest_end(),
            ts_avail: ts_until.max(ts_end + self.measures().allowed_lateness_ns),
            readings: Readings::new(),
        }
    }
}

/// The lots that the decision's fills opened.
fn filled(case: &Case<'_>, side: Side, entry: Entry) -> Fate<AuditedOutcome> {
    let Some(end) = case.end(entry.key.0) else { return Fate::NotApplicable(CLOSE) };
    let lots = case.own_lots();
    let mut parts = Vec::new();
    let mut fee = Fee::NONE;
    let mut avail = Vec::new();
    let mut flags = OutcomeFlags::NONE;
    let mut carry: Result<i128, Null> = Ok(0);
    for lot in &lots {
        let Some(opened) = case.fill(lot.fill) else { continue };
        fee = fee.plus(lot.fee);
        avail.push(opened.avail);
        flags = flags.with_if(OutcomeFlags::CLAMPED, opened.is_clamped);
        let part = Part { qty: lot.qty, entry: opened.price, opened: opened.key, closed: None };
        let mut open = lot.qty;
        for closing in &lot.closings {
            let Some(fill) = case.fill(closing.fill).filter(|fill| fill.key.0 <= end) else {
                continue;
            };
            open -= closing.qty;
            fee = fee.plus(closing.fee);
            avail.push(fill.avail);
            parts.push(Part { qty: closing.qty, closed: Some((fill.key, fill.price)), ..part });
        }
        if open > 0 {
            parts.push(Part { qty: open, ..part });
        }
        carry = carried(lot, end, carry, &mut avail);
    }
    let own = case.own_fills();
    let last = own.last();
    let held = side_of(case, &lots).unwrap_or(side);
    let exit = case.exit(end, leaving(held));
    let position = Position {
        case,
        sign: sign(held),
        edge: leaving(held),
        parts,
        entry: entry.key,
        booked: fee,
        pays_to_leave: true,
        leaving_source: last.map(|fill| fill.source),
        leaving_account: last.and_then(|fill| fill.account),
        carry,
        end,
        exit,
        is_negated: false,
        has_extremes: true,
    };
    let is_open = position.open_qty() > 0;
    let basis = if is_open { OutcomeBasis::Marked } else { OutcomeBasis::Realized };
    let end_of_window = if is_open { exit.end } else { position.last_closing().0 };
    let ts_end = end_of_window.max(case.entry_done());
    avail.extend(own.iter().map(|fill| fill.avail));
    let row = AuditedOutcome { basis, side: Some(held), flags, ..case.blank(ts_end) };
    finish(case, &position, Some(entry), row, &avail, |readings| {
        put(readings, Measure::BookedPnl, &position, Position::booked_pnl);
        execution(case, side, readings);
    })
}

/// The side of the lots, which is that of the fills.
fn side_of(case: &Case<'_>, lots: &[&Lot]) -> Option<Side> {
    lots.first().and_then(|lot| case.fill(lot.fill)).map(|fill| fill.side)
}

fn carried(
    lot: &Lot,
    end: i64,
    mut carry: Result<i128, Null>,
    avail: &mut Vec<i64>,
) -> Result<i128, Null> {
    for (key, known, amount) in lot.carry.iter().filter(|(key, _, _)| key.0 <= end) {
        let _: &Key = key;
        avail.push(*known);
        carry = carry.and_then(|sum| amount.map(|amount| sum + amount));
    }
    carry
}

/// A trade of the decision's side and quantity that was not made, or that counts whatever was made.
fn assumed(case: &Case<'_>, side: Side) -> Fate<AuditedOutcome> {
    let entry = case.assumed_entry(side);
    let by_fills = case.measures().anchor == Anchor::Fills;
    let Some(end) = case.end(entry.key.0) else { return Fate::NotApplicable(CLOSE) };
    let (qty, flags) = quantity(case);
    let fee_in = |price| case.assumed_fee(qty, price, entry.key.0, None, None);
    let exit = case.exit(end, leaving(side));
    let position = Position {
        case,
        sign: sign(side),
        edge: leaving(side),
        parts: assumed_parts(qty, &entry),
        entry: entry.key,
        booked: entry.price.map_or(Fee::NONE, fee_in),
        pays_to_leave: true,
        leaving_source: None,
        leaving_account: None,
        carry: Ok(0),
        end,
        exit,
        is_negated: by_fills && case.is_unsent(),
        has_extremes: true,
    };
    let ts_end = exit.end.max(case.deadline());
    let row = AuditedOutcome { side: Some(side), flags, ..case.blank(ts_end) };
    finish(case, &position, Some(entry), row, &[], |readings| {
        if by_fills {
            unfilled(case, side, readings);
        }
    })
}

fn quantity(case: &Case<'_>) -> (i128, OutcomeFlags) {
    match case.decision.qty {
        Some(qty) => (qty, OutcomeFlags::NONE),
        None => (1_000_000_000, OutcomeFlags::UNIT_QTY),
    }
}

fn assumed_parts(qty: i128, entry: &Entry) -> Vec<Part> {
    let part = |price| Part { qty, entry: price, opened: entry.key, closed: None };
    entry.price.map(part).into_iter().collect()
}

/// What can be said of the execution of what was not filled.
fn unfilled(case: &Case<'_>, side: Side, readings: &mut Readings) {
    readings.set(Measure::BookedPnl, Reading::exact(Scalar::Money(0)));
    if !case.is_unsent() {
        execution(case, side, readings);
        readings.set(Measure::TimeToFillNs, Reading::unknown(Null::Censored));
    }
    readings.set(Measure::FillRatio, Reading::exact(Scalar::Number(0.0)));
}

/// The value of leaving a position when it was left, against leaving it at the end of the window.
fn exit(case: &Case<'_>, side: Side) -> Fate<AuditedOutcome> {
    let mut closings = Vec::new();
    for lot in case.lots() {
        for closing in &lot.closings {
            if let Some(fill) = case.fill(closing.fill).filter(|fill| case.is_own(fill)) {
                closings.push((fill, closing));
            }
        }
    }
    closings.sort_by_key(|(fill, _)| fill.key);
    let edge = leaving(opposite(side));
    let Some((first, _)) = closings.first().copied() else {
        if !case.is_closed(case.deadline()) {
            return Fate::Pending(case.deadline());
        }
        return exit_unfilled(case, side, edge);
    };
    let Some(end) = case.end(first.key.0) else { return Fate::NotApplicable(CLOSE) };
    let exit = case.exit(end, edge);
    let parts = closings.iter().map(|(fill, closing)| Part {
        qty: closing.qty,
        entry: fill.price,
        opened: fill.key,
        closed: None,
    });
    let position = Position {
        case,
        sign: sign(side),
        edge,
        parts: parts.collect(),
        entry: first.key,
        booked: closings.iter().fold(Fee::NONE, |sum, (_, closing)| sum.plus(closing.fee)),
        pays_to_leave: false,
        leaving_source: None,
        leaving_account: None,
        carry: Ok(0),
        end,
        exit,
        is_negated: false,
        has_extremes: false,
    };
    let is_clamped = closings.iter().any(|(fill, _)| fill.is_clamped);
    let flags = OutcomeFlags::NONE.with_if(OutcomeFlags::CLAMPED, is_clamped);
    let avail: Vec<i64> = case.own_fills().iter().map(|fill| fill.avail).collect();
    let ts_end = exit.end.max(case.entry_done());
    let row = AuditedOutcome { side: Some(opposite(side)), flags, ..case.blank(ts_end) };
    finish(case, &position, None, row, &avail, |readings| execution(case, side, readings))
}

fn exit_unfilled(case: &Case<'_>, side: Side, edge: Edge) -> Fate<AuditedOutcome> {
    // The position leaves where the order would have entered: the same side of the quote.
    debug_assert_eq!(edge, entering(side));
    let entry = case.assumed_entry(side);
    let Some(end) = case.end(entry.key.0) else { return Fate::NotApplicable(CLOSE) };
    let exit = case.exit(end, edge);
    let (qty, flags) = quantity(case);
    let fee = |price| case.assumed_fee(qty, price, entry.key.0, None, None);
    let position = Position {
        case,
        sign: sign(side),
        edge,
        parts: assumed_parts(qty, &entry),
        entry: entry.key,
        booked: entry.price.map_or(Fee::NONE, fee),
        pays_to_leave: false,
        leaving_source: None,
        leaving_account: None,
        carry: Ok(0),
        end,
        exit,
        is_negated: case.is_unsent(),
        has_extremes: false,
    };
    let flags = flags.with_if(OutcomeFlags::FEE_ASSUMED, entry.price.is_ok());
    let ts_end = exit.end.max(case.deadline());
    let row = AuditedOutcome { side: Some(opposite(side)), flags, ..case.blank(ts_end) };
    finish(case, &position, Some(entry), row, &[], |readings| unfilled(case, side, readings))
}

/// The value of keeping a position.
fn hold(case: &Case<'_>) -> Fate<AuditedOutcome> {
    let booked = || {
        let d = case.decision;
        let lots = super::lots::lots(case.log, case.fills(), false, d.key);
        let in_book = |lot: &&Lot| {
            case.fill(lot.fill).is_some_and(|fill| {
                (fill.account, fill.instrument) == (d.account, case.instrument)
                    && fill.strategy == d.strategy
            })
        };
        let signed = |lot: &Lot| lot.open * case.fill(lot.fill).map_or(0, |fill| sign(fill.side));
        lots.iter().filter(in_book).map(signed).sum::<i128>()
    };
    let held = case.decision.position_before.unwrap_or_else(booked);
    if held == 0 {
        return Fate::NotApplicable(NO_POSITION);
    }
    let side = if held > 0 { Side::Buy } else { Side::Sell };
    let key = case.decision.key;
    let Some(end) = case.end(key.0) else { return Fate::NotApplicable(CLOSE) };
    let found = case.path.before(key, leaving(side), None);
    let price = found.map(|found| found.price);
    let avail = found.ok().map(|found| found.avail);
    let entry = Entry { key, price, avail, is_fill: false };
    let exit = case.exit(end, leaving(side));
    let position = Position {
        case,
        sign: sign(side),
        edge: leaving(side),
        parts: assumed_parts(held.abs(), &entry),
        entry: key,
        booked: Fee::NONE,
        pays_to_leave: false,
        leaving_source: None,
        leaving_account: None,
        carry: Ok(0),
        end,
        exit,
        is_negated: false,
        has_extremes: true,
    };
    let row = AuditedOutcome { side: Some(side), ..case.blank(exit.end) };
    finish(case, &position, Some(entry), row, &[], |_| {})
}

impl Case<'_> {
    fn exit(&self, end: i64, edge: Edge) -> super::path::Exit {
        let m = self.measures();
        self.path.exit(end, edge, m.max_exit_delay_ns, m.clock_bound_ns)
    }
}

/// Sets a sum of money whose bounds come from the corners.
fn put<'c, 'l>(
    readings: &mut Readings,
    measure: Measure,
    position: &Position<'c, 'l>,
    value: impl Fn(&Position<'c, 'l>, Corner) -> Result<i128, Null>,
) {
    let at = |corner| value(position, corner).map(Scalar::Money);
    let reading = match at(Corner::Value) {
        Err(why) => Reading::unknown(why),
        Ok(value) => {
            Reading { value: Ok(value), lo: at(Corner::Worst).ok(), hi: at(Corner::Best).ok() }
        }
    };
    readings.set(measure, reading);
}

/// Decides maturity, fills in the readings that all kinds share, and dates the row.
fn finish(
    case: &Case<'_>,
    position: &Position<'_, '_>,
    from: Option<Entry>,
    mut row: AuditedOutcome,
    avail: &[i64],
    more: impl Fn(&mut Readings),
) -> Fate<AuditedOutcome> {
    if !case.is_closed(row.ts_end) {
        return Fate::Pending(row.ts_end);
    }
    if !case.path.has_row_by(position.end) {
        return Fate::Rejected(NO_PATH);
    }
    let is_open = position.open_qty() > 0;
    let exit = position.exit;
    // A position without an entry price is still left at the exit.
    let entry = from.map_or(Ok(0), |entry| entry.price);
    let mut readings = match entry {
        Ok(_) => position.readings(),
        Err(why) => unentered(position, why),
    };
    let whole = |n: i64| Reading::exact(Scalar::Whole(n));
    let number = |n: Result<f64, Null>| {
        n.map_or_else(Reading::unknown, |n| Reading::exact(Scalar::Number(n)))
    };
    let holding = position.ts_exit() - position.entry.0;
    let (held, held_ratio) = match exit.price {
        Err(why) if is_open => (Reading::unknown(why), Reading::unknown(why)),
        _ => (
            whole(holding),
            number(super::exact::ratio(
                wide(i128::from(holding)),
                wide(i128::from(case.horizon_ns)),
            )),
        ),
    };
    readings.set(Measure::HoldingNs, held);
    readings.set(Measure::HoldingRatio, held_ratio);
    readings.set(Measure::SigmaBps, number(case.sigma_bps));
    readings.set(Measure::EntryPx, number(entry.and_then(|_| position.entry_px())));
    readings.set(
        Measure::ExitPx,
        number(match entry {
            Err(_) => exit.price.map(|px| px as f64 / 2e9),
            Ok(_) => position.exit_px(),
        }),
    );
    let delay = match exit.price {
        _ if !is_open && entry.is_ok() => Reading::unknown(Null::NotApplicable),
        Ok(_) => whole(exit.delay_ns),
        Err(why) => Reading::unknown(why),
    };
    readings.set(Measure::ExitDelayNs, delay);
    let rows = |n: usize| whole(i64::try_from(n).unwrap_or(i64::MAX));
    let seen = position.within().filter(|point| !point.is_status).count();
    readings.set(Measure::PathRows, rows(seen));
    let excluded = position.path().excluded.iter();
    let unseen = excluded.filter(|key| position.is_within(**key)).count();
    readings.set(Measure::PathExcludedRows, rows(unseen));
    more(&mut readings);
    let fees = position.fees(Corner::Value);
    let booked = position.booked;
    // A trade that was not made and cannot be left has no fee at all.
    let is_made = from.is_none_or(|entry| entry.is_fill);
    let is_unknown = fees.map_or(booked.is_unknown && is_made, |fees| fees.is_unknown);
    let assumed = position.pays_to_leave && is_open && exit.price.is_ok();
    row.flags = row
        .flags
        .with_if(OutcomeFlags::EXIT_AFTER_HALT, is_open && exit.price.is_ok() && exit.delay_ns > 0)
        .with_if(OutcomeFlags::FEE_ESTIMATED, booked.is_estimated)
        .with_if(OutcomeFlags::FEE_UNKNOWN, is_unknown)
        .with_if(OutcomeFlags::FEE_ASSUMED, assumed);
    if case.has_action(position.entry.0, position.ts_exit()) {
        for measure in Measure::ALL {
            readings.set(*measure, Reading::unknown(Null::CorporateAction));
        }
        row.flags = OutcomeFlags::NONE;
    }
    row.status = if readings.get(Measure::GrossPnl).value.is_err() {
        LabelStatus::Indeterminate
    } else if booked.is_estimated {
        LabelStatus::Provisional
    } else {
        LabelStatus::Final
    };
    let entry_avail = from.and_then(|entry| entry.avail);
    let exit_avail = exit.avail.filter(|_| is_open);
    let extremes = [Measure::MaeTs, Measure::MfeTs]
        .into_iter()
        .filter_map(|measure| match readings.get(measure).value {
            Ok(Scalar::Whole(ts)) => Some(ts),
            _ => None,
        })
        .filter_map(|ts| avail_of(position, ts));
    let read = avail.iter().copied().chain(entry_avail).chain(exit_avail).chain(extremes);
    row.ts_until = read.fold(row.ts_until, i64::max);
    row.ts_avail = row.ts_until.max(row.ts_end + case.measures().allowed_lateness_ns);
    row.readings = readings;
    Fate::Is(row)
}

/// Availability of the row of the path that stands at an extreme.
fn avail_of(position: &Position<'_, '_>, ts: i64) -> Option<i64> {
    position
        .within()
        .find(|point| point.key.0 == ts && point.price(position.edge).is_some())
        .map(|point| point.avail)
}

/// Readings of a trade whose entry had no price.
fn unentered(position: &Position<'_, '_>, why: Null) -> Readings {
    let mut readings = Readings::new();
    let worst = |other: Result<i64, Null>| other.err().map_or(why, |other| other.min(why));
    let why = worst(position.exit.price);
    let price =
        [Measure::GrossPnl, Measure::Fees, Measure::NetPnl, Measure::RetNetBps, Measure::RNetSigma];
    for measure in price {
        readings.set(measure, Reading::unknown(why));
    }
    readings.set(Measure::Carry, Reading::exact(Scalar::Money(0)));
    if position.has_extremes {
        let path = [
            Measure::MaeBps,
            Measure::MfeBps,
            Measure::MaeSigma,
            Measure::MaeTs,
            Measure::MfeTs,
            Measure::MfeCapture,
            Measure::EdgeRatio,
        ];
        for measure in path {
            readings.set(measure, Reading::unknown(why));
        }
    }
    if position.case.measures().benchmark != crate::settings::Benchmark::None {
        readings.set(Measure::RelNetBps, Reading::unknown(why));
    }
    readings
}
