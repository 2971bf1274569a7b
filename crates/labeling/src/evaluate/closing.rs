//! Outcomes of closing a position, and of keeping one.

use super::excursion::{self, Excursion, Position, corners};
use super::filled::{
    Money, Span, Totals, assumed_fee, covered, end_measures, entry_done, finish, unbroken,
};
use super::point::{EntryPoint, imagined, read};
use super::sigma::sigma;
use super::window::{mark, window_end};
use super::{Decision, Draft, Reads, Stop, View, shortfall};
use crate::facts::Fee;
use crate::flags::OutcomeFlags;
use crate::key::Key;
use crate::ledger::Fill;
use crate::measure::Measure;
use crate::null::Null;
use crate::path::{Exit, PathRow};
use contract::OutcomeBasis;

/// The value of closing now against closing at the window's end.
#[expect(
    clippy::too_many_lines,
    reason = "one outcome, step by step in the order of the definition"
)]
pub(super) fn close(view: View<'_>, d: &Decision) -> Result<Draft, Stop> {
    let sign = -d.sign();
    let side = Exit::of(sign);
    let fills: Vec<&Fill> = if d.row.is_unsent() {
        Vec::new()
    } else {
        view.fills_of(d, d.wait_end()).filter(|f| f.closed > 0).collect()
    };
    // What was sold or bought back, at which prices; without a fill, what could have been.
    let mut legs: Vec<(i128, i64)> = fills.iter().map(|f| (f.closed, f.px)).collect();
    let (key, px, row) = if let Some(first) = fills.first() {
        (first.key, Ok(first.px), None)
    } else {
        view.needs(d.wait_end())?;
        // The order's own side of the quote is that on which the position leaves.
        let EntryPoint { key, px, row, .. } = imagined(view, d)?;
        let qty = d.quantity();
        legs.extend(px.ok().map(|px| (qty, px)));
        (key, px, row)
    };
    let end = window_end(view, d, key.ts)?;
    let done = entry_done(view, d);
    view.needs(end.max(if fills.is_empty() { d.wait_end() } else { done }))?;
    if !view.path.has_row_by(end) {
        return Err(Stop::NoPath);
    }
    let mark = mark(view, d, end, side)?;
    let contract = view.contract(d);
    let mut draft =
        Draft::new(OutcomeBasis::Counterfactual, sign, Reads::new(d.row.key.seq, d.row.avail));
    let waited = if fills.is_empty() { d.wait_end() } else { done };
    draft.ts_end = mark.ts.max(waited).max(d.row.key.ts + 1);
    for fill in &fills {
        draft.reads.fill(fill);
        if fill.is_clamped {
            draft.flag(OutcomeFlags::CLAMPED);
        }
        if fill.is_inferred {
            draft.flag(OutcomeFlags::INFERRED);
        }
    }
    note_rows(&mut draft, row, mark.px.ok().map(|(_, row)| row));
    let instrument = d.row.instrument.unwrap_or(0);
    if view.facts.action_in(instrument, key.ts, mark.exit_ts).is_some() {
        draft.all_null(Null::CorporateAction);
        return Ok(draft);
    }
    let is_negated = d.row.is_unsent();
    let turn = if is_negated { -1 } else { 1 };
    let scale = sigma(view, d);
    let (mut entries, mut exits) = (Totals::default(), Totals::default());
    let (mut sum, mut notional, mut fees) = (0_i128, 0_i128, Fee::ZERO);
    let mut ends = Some((0_i128, 0_i128));
    for (qty, leg) in &legs {
        entries.add(*qty, *leg)?;
        let part = contract.notional(*qty, *leg)?;
        notional = notional.checked_add(part).ok_or(Stop::Overflow)?;
        if let Ok((exit, _)) = mark.px {
            exits.add(*qty, exit)?;
            let value = |exit: i64| -> Result<i128, Stop> {
                Ok(turn * sign * contract.gross(*qty, exit, *leg)?)
            };
            sum = sum.checked_add(value(exit)?).ok_or(Stop::Overflow)?;
            ends = match (ends, mark.bounds) {
                (Some((lo, hi)), Some((low, high))) => {
                    let (a, b) = (value(low)?, value(high)?);
                    Some((lo + a.min(b), hi + a.max(b)))
                }
                _ => None,
            };
        }
    }
    if fills.is_empty() {
        if let Ok(px) = px {
            let qty = d.quantity();
            fees = assumed_fee(view, d, contract, qty, px)?;
            draft.flag(OutcomeFlags::FEE_ASSUMED);
            if fees.is_unknown {
                draft.flag(OutcomeFlags::FEE_UNKNOWN);
            }
            if d.row.qty.is_none() {
                draft.flag(OutcomeFlags::UNIT_QTY);
            }
            if is_negated {
                fees = fees.negated();
            }
        }
    } else {
        draft.flag(OutcomeFlags::CLOCK_RECV);
        for fill in &fills {
            fees = fees.plus(fill.closing_fee)?;
        }
        draft.fee_flags(&fees);
    }
    if is_negated {
        draft.flag(OutcomeFlags::NEGATED);
    }
    let gross = px.and(mark.px).map(|_| sum);
    let bounds = ends.filter(|_| gross.is_ok());
    let money = Money::of(contract, gross, bounds, (fees, 0), notional)?;
    money.write(&mut draft, d, scale);
    if gross.is_err() && px.is_ok() && !fees.is_foreign {
        // Closing costs what it costs, whatever keeping would have been worth.
        draft.money(Measure::Fees, fees.value);
    }
    finish(
        view,
        d,
        &mut draft,
        scale,
        Span { entry: key, end: mark.exit_ts, rows_to: end, entries, exits },
    );
    end_measures(&mut draft, Some(mark));
    if fills.is_empty() {
        draft.money(Measure::BookedPnl, 0);
        draft.number(Measure::FillRatio, Ok(0.0));
    }
    if !is_negated {
        shortfall::write(view, d, &mut draft, done)?;
    }
    draft.completeness = covered(view, key.ts, mark.exit_ts);
    Ok(draft)
}

/// The value of keeping a position until the window's end.
pub(super) fn hold(view: View<'_>, d: &Decision) -> Result<Draft, Stop> {
    let of_book = || {
        let ledger = view.ledgers.get(&(d.row.account, d.row.instrument?))?;
        ledger.position(&d.row.strategy, d.row.key, view.fills)
    };
    let position = d.row.position_before.or_else(of_book).unwrap_or(0);
    if position == 0 {
        return Err(Stop::NotApplicable("no position to hold"));
    }
    let sign = position.signum();
    let side = Exit::of(sign);
    let end = window_end(view, d, d.row.key.ts)?;
    view.needs(end)?;
    if !view.path.has_row_by(end) {
        return Err(Stop::NoPath);
    }
    let mark = mark(view, d, end, side)?;
    let contract = view.contract(d);
    let (px, row) = read(view.path.latest_before(d.row.key, side));
    let mut draft =
        Draft::new(OutcomeBasis::Counterfactual, sign, Reads::new(d.row.key.seq, d.row.avail));
    draft.ts_end = mark.ts.max(d.row.key.ts + 1);
    note_rows(&mut draft, row, mark.px.ok().map(|(_, row)| row));
    let instrument = d.row.instrument.unwrap_or(0);
    if view.facts.action_in(instrument, d.row.key.ts, mark.exit_ts).is_some() {
        draft.all_null(Null::CorporateAction);
        return Ok(draft);
    }
    let scale = sigma(view, d);
    let Ok(px) = px else {
        draft.all_null(px.err().unwrap_or(Null::NoQuote));
        draft.number(Measure::SigmaBps, scale);
        return Ok(draft);
    };
    let qty = position.abs();
    let mut held = Position::new(contract, sign);
    held.open(0, qty, px);
    let mut walk = Excursion::new(d.row.key.ts);
    let until = mark.exit_ts;
    walk.stretch(view, &held, d.row.key, Key::end_of(until))?;
    let (mut entries, mut exits) = (Totals::default(), Totals::default());
    entries.add(qty, px)?;
    let seen = walk.clone();
    let mut ends = None;
    let gross;
    match mark.px {
        Ok((exit, row)) => {
            exits.add(qty, exit)?;
            let value = held.value(exit)?;
            walk.at(value, mark.exit_ts, Some(row));
            gross = Ok(value);
            if let Some((low, high)) = mark.bounds {
                let (a, b) = (held.value(low)?, held.value(high)?);
                ends = Some((a.min(b), a.max(b)));
            }
        }
        Err(why) => gross = Err(why),
    }
    for row in walk.rows() {
        draft.reads.row(row);
    }
    let notional = contract.notional(qty, px)?;
    let money = Money::of(contract, gross, ends, (Fee::ZERO, 0), notional)?;
    money.write(&mut draft, d, scale);
    let span = Span { entry: d.row.key, end: mark.exit_ts, rows_to: end, entries, exits };
    finish(view, d, &mut draft, scale, span);
    let denominator = scale.map(|sigma| sigma * d.root_tau());
    let known = unbroken(view, d.row.key.ts, mark.exit_ts, gross);
    let ends = corners(&seen, ends, mark.exit_ts);
    excursion::write(&mut draft, &walk, notional, (known, ends), denominator);
    end_measures(&mut draft, Some(mark));
    draft.completeness = covered(view, d.row.key.ts, mark.exit_ts);
    Ok(draft)
}

fn note_rows(draft: &mut Draft, entry: Option<PathRow>, exit: Option<PathRow>) {
    for row in [entry, exit].into_iter().flatten() {
        draft.reads.row(&row);
    }
}
