//! Outcome of a trade that was not made.

use super::excursion::{self, Excursion, Position, corners};
use super::filled::{
    Money, Span, Totals, assumed_fee, covered, end_measures, entry_done, finish, unbroken,
};
use super::point::imagined;
use super::sigma::sigma;
use super::window::{mark, window_end};
use super::{Decision, Draft, Reads, Stop, View, shortfall};
use crate::facts::Fee;
use crate::flags::OutcomeFlags;
use crate::key::Key;
use crate::measure::{Measure, Reading};
use crate::null::Null;
use crate::path::Exit;
use crate::settings::Anchor;
use contract::OutcomeBasis;

/// The outcome of a decision's trade from its own quote to the window's end; negated, that of not making it.
#[expect(
    clippy::too_many_lines,
    reason = "one outcome, step by step in the order of the definition"
)]
pub(super) fn forward(view: View<'_>, d: &Decision, is_negated: bool) -> Result<Draft, Stop> {
    let is_anchored = d.rules.measures.anchor == Anchor::Decision;
    let entry = imagined(view, d)?;
    let end = window_end(view, d, entry.key.ts)?;
    view.needs(d.wait_end().max(end))?;
    if !view.path.has_row_by(end) {
        return Err(Stop::NoPath);
    }
    let sign = entry.sign;
    let mark = mark(view, d, end, Exit::of(sign))?;
    let contract = view.contract(d);
    let mut draft =
        Draft::new(OutcomeBasis::Counterfactual, sign, Reads::new(d.row.key.seq, d.row.avail));
    draft.ts_end = mark.ts.max(d.wait_end()).max(d.row.key.ts + 1);
    if let Some(row) = entry.row {
        draft.reads.row(&row);
    }
    if let Ok((_, row)) = mark.px {
        draft.reads.row(&row);
    }
    if is_anchored {
        draft.flag(OutcomeFlags::FORWARD);
    }
    let instrument = d.row.instrument.unwrap_or(0);
    if view.facts.action_in(instrument, entry.key.ts, mark.exit_ts).is_some() {
        draft.all_null(Null::CorporateAction);
        return Ok(draft);
    }
    let qty = d.quantity();
    if d.row.qty.is_none() {
        draft.flag(OutcomeFlags::UNIT_QTY);
    }
    let scale = sigma(view, d);
    let denominator = scale.map(|sigma| sigma * d.root_tau());
    let (mut entries, mut exits) = (Totals::default(), Totals::default());
    if let Ok(px) = entry.px {
        entries.add(qty, px)?;
        let mut position = Position::new(contract, sign);
        position.open(0, qty, px);
        let mut walk = Excursion::new(entry.key.ts);
        let until = mark.exit_ts;
        walk.stretch(view, &position, entry.key, Key::end_of(until))?;
        let mut gross;
        let mut seen = walk.clone();
        let (mut bounds, mut fees) = (None, Fee::unknown());
        match mark.px {
            Ok((exit, row)) => {
                exits.add(qty, exit)?;
                let value = position.value(exit)?;
                walk.at(value, mark.exit_ts, Some(row));
                gross = Ok(value);
                draft.flag(OutcomeFlags::FEE_ASSUMED);
                fees = assumed_fee(view, d, contract, qty, px)?
                    .plus(assumed_fee(view, d, contract, qty, exit)?)?;
                if fees.is_unknown {
                    draft.flag(OutcomeFlags::FEE_UNKNOWN);
                }
                if let Some((low, high)) = mark.bounds {
                    let (a, b) = (position.value(low)?, position.value(high)?);
                    bounds = Some((a.min(b), a.max(b)));
                }
            }
            Err(why) => gross = Err(why),
        }
        for row in walk.rows() {
            draft.reads.row(row);
        }
        let notional = contract.notional(qty, px)?;
        if is_negated {
            draft.flag(OutcomeFlags::NEGATED);
            (walk, seen) = (walk.negated(), seen.negated());
            gross = gross.map(|gross| -gross);
            bounds = bounds.map(|(lo, hi)| (-hi, -lo));
            fees = fees.negated();
        }
        let money = Money::of(contract, gross, bounds, (fees, 0), notional)?;
        money.write(&mut draft, d, scale);
        if is_negated && fees.is_unknown {
            unbounded_above(&mut draft);
        }
        finish(
            view,
            d,
            &mut draft,
            scale,
            Span { entry: entry.key, end: mark.exit_ts, rows_to: end, entries, exits },
        );
        let known = unbroken(view, entry.key.ts, mark.exit_ts, gross);
        let ends = corners(&seen, bounds, mark.exit_ts);
        excursion::write(&mut draft, &walk, notional, (known, ends), denominator);
    } else {
        // Without an entry there is no trade, whatever the price at the end.
        let whys = [entry.px.err(), mark.px.err()];
        let why = whys.into_iter().flatten().min().unwrap_or(Null::NoQuote);
        let (is_fill_less, px) = (Money::without(why), mark.px.ok());
        is_fill_less.write(&mut draft, d, scale);
        if let Some((exit, _)) = px {
            exits.add(qty, exit)?;
        }
        let span = Span { entry: entry.key, end: mark.exit_ts, rows_to: end, entries, exits };
        finish(view, d, &mut draft, scale, span);
        draft.null(Measure::EntryPx, entry.px.err().unwrap_or(why));
        for measure in [
            Measure::MaeBps,
            Measure::MfeBps,
            Measure::MaeSigma,
            Measure::MaeTs,
            Measure::MfeTs,
            Measure::MfeCapture,
            Measure::EdgeRatio,
        ] {
            draft.null(measure, why);
        }
    }
    end_measures(&mut draft, Some(mark));
    if is_anchored {
        for measure in [Measure::FillRatio, Measure::BookedPnl] {
            draft.null(measure, Null::NotApplicable);
        }
    } else {
        draft.money(Measure::BookedPnl, 0);
        draft.number(Measure::FillRatio, Ok(0.0));
        if !d.row.is_unsent() {
            shortfall::write(view, d, &mut draft, entry_done(view, d))?;
        }
    }
    draft.completeness = covered(view, entry.key.ts, mark.exit_ts);
    Ok(draft)
}

/// A fee of unknown size that was saved leaves the result open on the better side.
fn unbounded_above(draft: &mut Draft) {
    for measure in [Measure::NetPnl, Measure::RetNetBps, Measure::RNetSigma] {
        let reading = draft.readings.get(measure);
        if reading.value.is_ok() {
            draft.set(measure, Reading { hi: None, ..reading });
        }
    }
}
