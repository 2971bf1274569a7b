//! Outcome of what a decision's fills opened.

use super::excursion::{self, Excursion, Position, corners};
use super::sigma::{Sigma, scales, sigma};
use super::window::{Mark, mark, window_end};
use super::{Decision, Draft, Kind, Reads, Stop, View, shortfall};
use crate::exact::{Contract, bps};
use crate::facts::{Facts, Fee};
use crate::flags::OutcomeFlags;
use crate::key::Key;
use crate::ledger::{Fill, Lot};
use crate::measure::{Measure, Reading, Scalar};
use crate::null::Null;
use crate::path::Exit;
use crate::settings::Benchmark;
use contract::OutcomeBasis;

/// A lot of the decision with the fill that opened it.
struct Own<'a> {
    no: usize,
    lot: &'a Lot,
    fill: &'a Fill,
}

/// The outcome of a decision with an entry; `None` when it was not filled.
#[expect(
    clippy::too_many_lines,
    reason = "one outcome, step by step in the order of the definition"
)]
pub(super) fn filled(view: View<'_>, d: &Decision) -> Result<Option<Draft>, Stop> {
    let wait_end = d.wait_end();
    let own = own_lots(view, d, wait_end);
    let Some(first) = own.first() else {
        view.needs(wait_end)?;
        if view.fills_of(d, wait_end).any(|f| f.closed > 0) {
            return Err(Stop::NotApplicable("its fills closed a position and opened none"));
        }
        return Ok(void(view, d));
    };
    let contract = view.contract(d);
    let entry = first.fill.key;
    let end = window_end(view, d, entry.ts)?;
    let own: Vec<&Own<'_>> = own.iter().filter(|o| o.fill.key.ts <= end).collect();
    let entry_done = entry_done(view, d);
    let closings = || {
        own.iter().flat_map(|o| o.lot.closings.iter().map(move |c| (o.no, c))).filter_map(
            |(no, c)| view.fills.get(c.fill).filter(|f| f.key.ts <= end).map(|f| (no, c, f)),
        )
    };
    let closed: i128 = closings().map(|(_, c, _)| c.qty).sum();
    let opened: i128 = own.iter().map(|o| o.lot.qty).sum();
    let sign = first.lot.sign;
    let last_closing = closings().map(|(_, _, f)| f.key).max();
    let is_closed = closed == opened;
    let mark = if let Some(last) = last_closing.filter(|_| is_closed) {
        view.needs(last.ts.max(entry_done))?;
        None
    } else {
        view.needs(entry_done)?;
        view.needs(end)?;
        if !view.path.has_row_by(end) {
            return Err(Stop::NoPath);
        }
        Some(mark(view, d, end, Exit::of(sign))?)
    };
    let basis = if is_closed { OutcomeBasis::Realized } else { OutcomeBasis::Marked };
    let mut draft = Draft::new(basis, sign, Reads::new(d.row.key.seq, d.row.avail));
    draft.flag(OutcomeFlags::CLOCK_RECV);
    let closed_at = last_closing.map_or(end, |key| key.ts);
    let window_over = mark.map_or(closed_at, |mark| mark.exit_ts);
    draft.ts_end = mark.map_or(closed_at, |mark| mark.ts).max(entry_done);
    for o in &own {
        draft.reads.fill(o.fill);
        note_fill(&mut draft, o.fill);
    }
    for (_, _, fill) in closings() {
        draft.reads.fill(fill);
        note_fill(&mut draft, fill);
    }
    if let Some((_, row)) = mark.and_then(|mark| mark.px.ok()) {
        draft.reads.row(&row);
    }
    let instrument = d.row.instrument.unwrap_or(0);
    if view.facts.action_in(instrument, entry.ts, window_over).is_some() {
        draft.all_null(Null::CorporateAction);
        return Ok(Some(draft));
    }

    // Walks through own fills and the path between them.
    let mut steps: Vec<(Key, i64, Step)> = Vec::new();
    for o in &own {
        steps.push((o.fill.key, o.fill.px, Step::Open(o.no, o.lot.qty)));
    }
    for (no, c, f) in closings() {
        steps.push((f.key, f.px, Step::Close(no, c.qty)));
    }
    steps.sort_by_key(|(key, _, step)| (*key, matches!(step, Step::Open(..))));
    let mut position = Position::new(contract, sign);
    let mut walk = Excursion::new(entry.ts);
    let mut before = entry;
    let mut entries = Totals::default();
    let mut exits = Totals::default();
    for (key, px, step) in steps {
        if key != before {
            walk.stretch(view, &position, before, key)?;
        }
        if !position.is_flat() {
            walk.at(position.value(px)?, key.ts, None);
        }
        match step {
            Step::Open(no, qty) => {
                entries.add(qty, px)?;
                position.open(no, qty, px);
            }
            Step::Close(no, qty) => {
                exits.add(qty, px)?;
                position.close(no, qty, px)?;
            }
        }
        before = key;
    }
    let mut notional = 0_i128;
    for o in &own {
        let part = contract.notional(o.lot.qty, o.lot.px)?;
        notional = notional.checked_add(part).ok_or(Stop::Overflow)?;
    }
    let booked = contract.money(position.realized())?;
    let mut gross = Ok(position.realized());
    let mut seen = walk.clone();
    let mut bounds = Some((position.realized(), position.realized()));
    if let Some(mark) = mark {
        walk.stretch(view, &position, before, Key::new(mark.exit_ts, u64::MAX))?;
        seen = walk.clone();
        gross = match mark.px {
            Ok((px, row)) => {
                let value = position.value(px)?;
                walk.at(value, mark.exit_ts, Some(row));
                exits.add(opened - closed, px)?;
                Ok(value)
            }
            Err(why) => Err(why),
        };
        bounds = match mark.bounds {
            Some((low, high)) => {
                let (a, b) = (position.value(low)?, position.value(high)?);
                Some((a.min(b), a.max(b)))
            }
            None => None,
        };
    }
    for row in walk.rows() {
        draft.reads.row(row);
    }
    let fees = fees(&own, closings().map(|(_, c, _)| c.fee))?;
    let assumed = match mark {
        Some(Mark { px: Ok((px, _)), .. }) => {
            draft.flag(OutcomeFlags::FEE_ASSUMED);
            assumed_fee(view, d, contract, opened - closed, px)?
        }
        Some(_) => Fee::unknown(),
        None => Fee::ZERO,
    };
    draft.fee_flags(&fees);
    if assumed.is_unknown && mark.is_some_and(|m| m.px.is_ok()) {
        draft.flag(OutcomeFlags::FEE_UNKNOWN);
    }
    let carry: i128 = own
        .iter()
        .flat_map(|o| &o.lot.carry)
        .filter(|(key, _)| key.ts <= window_over)
        .map(|(_, part)| *part)
        .sum();
    let money = Money::of(contract, gross, bounds, (fees.plus(assumed)?, carry), notional)?;
    let scale = sigma(view, d);
    money.write(&mut draft, d, scale);
    if fees.is_foreign {
        draft.null(Measure::BookedPnl, Null::NoFx);
    } else {
        let value = |fee: i128| Scalar::Money(booked - fee + carry);
        draft.set(
            Measure::BookedPnl,
            Reading {
                value: Ok(value(fees.value)),
                lo: fees.hi.map(value),
                hi: Some(value(fees.lo)),
            },
        );
    }
    let rows_to = if is_closed { window_over } else { end };
    finish(view, d, &mut draft, scale, Span { entry, end: window_over, rows_to, entries, exits });
    let denominator = scale.map(|sigma| sigma * d.root_tau());
    let known = unbroken(view, entry.ts, window_over, gross);
    let ends = corners(&seen, bounds, window_over);
    excursion::write(&mut draft, &walk, notional, (known, ends), denominator);
    end_measures(&mut draft, mark);
    shortfall::write(view, d, &mut draft, entry_done)?;
    draft.completeness = completeness(view, &own, entry.ts, window_over);
    Ok(Some(draft))
}

/// The result at the end, if the path up to there is known.
pub(super) fn unbroken(
    view: View<'_>,
    from: i64,
    to: i64,
    gross: Result<i128, Null>,
) -> Result<i128, Null> {
    if view.path.gap_in(from, to).is_some() { Err(Null::Gap) } else { gross }
}

/// Writes what the end of the window says of itself.
pub(super) fn end_measures(draft: &mut Draft, mark: Option<Mark>) {
    match mark {
        // Own fills ended it.
        None => {}
        Some(mark) => match mark.px {
            Ok(_) => {
                draft.whole(Measure::ExitDelayNs, mark.delay_ns);
                if mark.delay_ns > 0 {
                    draft.flag(OutcomeFlags::EXIT_AFTER_HALT);
                }
            }
            Err(why) => {
                for measure in [
                    Measure::ExitDelayNs,
                    Measure::ExitPx,
                    Measure::HoldingNs,
                    Measure::HoldingRatio,
                ] {
                    draft.null(measure, why);
                }
            }
        },
    }
}

enum Step {
    Open(usize, i128),
    Close(usize, i128),
}

fn note_fill(draft: &mut Draft, fill: &Fill) {
    if fill.is_clamped {
        draft.flag(OutcomeFlags::CLAMPED);
    }
    if fill.is_inferred {
        draft.flag(OutcomeFlags::INFERRED);
    }
}

fn own_lots<'a>(view: View<'a>, d: &Decision, until: i64) -> Vec<Own<'a>> {
    let fills = d.fills.iter().filter_map(|no| view.fills.get(*no));
    let own = fills.filter(|f| !f.is_gone && f.key.ts <= until);
    let lots = own.filter_map(|fill| {
        let (no, lot) = view.lot(fill)?;
        Some(Own { no, lot, fill })
    });
    lots.collect()
}

/// When the orders of a decision were done: filled in full, or given up.
pub(super) fn entry_done(view: View<'_>, d: &Decision) -> i64 {
    let wait_end = d.wait_end();
    let Some(wanted) = d.row.qty else { return wait_end };
    let mut sum = 0_i128;
    for fill in view.fills_of(d, wait_end) {
        sum += fill.qty;
        if sum >= wanted {
            return fill.key.ts;
        }
    }
    wait_end
}

/// The outcome of a decision all of whose entry fills were cancelled, once no other can come.
pub(crate) fn void(view: View<'_>, d: &Decision) -> Option<Draft> {
    let wait_end = d.wait_end();
    let opens = d.kind() == Some(Kind::Open) && !d.row.is_unsent() && view.upto >= wait_end;
    let mut fills = d.fills.iter().filter_map(|no| view.fills.get(*no));
    let counts = |f: &Fill| f.lot.is_some() || f.closed > 0;
    if !opens
        || view.fills_of(d, wait_end).any(counts)
        || !fills.any(|f| f.is_gone && f.key.ts <= wait_end)
    {
        return None;
    }
    let mut draft =
        Draft::new(OutcomeBasis::Marked, d.sign(), Reads::new(d.row.key.seq, d.row.avail));
    for fill in d.fills.iter().filter_map(|no| view.fills.get(*no)) {
        draft.reads.fill(fill);
    }
    draft.is_void = true;
    draft.ts_end = wait_end.max(d.row.key.ts + 1);
    Some(draft)
}

/// Entry fees of lots and fees of what closed them.
fn fees(own: &[&Own<'_>], exits: impl Iterator<Item = Fee>) -> Result<Fee, Stop> {
    let mut sum = Fee::ZERO;
    for fee in own.iter().map(|o| o.lot.fee).chain(exits) {
        sum = sum.plus(fee)?;
    }
    Ok(sum)
}

/// The fee of a trade that was not made: a taker's.
pub(super) fn assumed_fee(
    view: View<'_>,
    d: &Decision,
    contract: Contract,
    qty: i128,
    px: i64,
) -> Result<Fee, Stop> {
    let Some(instrument) = d.row.instrument else { return Ok(Fee::unknown()) };
    let last = view.fills_of(d, d.wait_end()).last();
    let source = last.map(|f| f.source);
    let account = last.map_or(d.row.account, |f| f.account);
    let at = d.row.key.ts;
    let facts: &Facts = view.facts;
    let rates = facts
        .fee_rates(source, account, instrument, at)
        .or_else(|| facts.fee_rates(None, account, instrument, at));
    match rates {
        Some(rates) => Ok(Fee::exact(rates.fee(contract, qty, px, false)?)),
        None => Ok(Fee::unknown()),
    }
}

/// Quantity and value at prices.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Totals {
    qty: i128,
    value: i128,
}

impl Totals {
    pub(super) fn add(&mut self, qty: i128, px: i64) -> Result<(), Stop> {
        let value = qty.checked_mul(i128::from(px)).ok_or(Stop::Overflow)?;
        self.value = self.value.checked_add(value).ok_or(Stop::Overflow)?;
        self.qty = self.qty.checked_add(qty).ok_or(Stop::Overflow)?;
        Ok(())
    }

    /// Mean price.
    fn mean(self) -> Result<f64, Null> {
        if self.qty == 0 {
            return Err(Null::NoQuote);
        }
        Ok(self.value as f64 / self.qty as f64 / 2e9)
    }
}

/// Money of an outcome.
pub(super) struct Money {
    pub(super) gross: Result<i128, Null>,
    pub(super) bounds: Option<(i128, i128)>,
    pub(super) fees: Fee,
    pub(super) carry: i128,
    pub(super) notional: i128,
}

impl Money {
    /// Of sums in units of their contract.
    pub(super) fn of(
        contract: Contract,
        gross: Result<i128, Null>,
        bounds: Option<(i128, i128)>,
        (fees, carry): (Fee, i128),
        notional: i128,
    ) -> Result<Self, Stop> {
        Ok(Self {
            gross: match gross {
                Ok(sum) => Ok(contract.money(sum)?),
                Err(why) => Err(why),
            },
            bounds: match bounds {
                Some((lo, hi)) => Some((contract.money(lo)?, contract.money(hi)?)),
                None => None,
            },
            fees,
            carry,
            notional: contract.money(notional)?,
        })
    }

    /// Of a trade that has no price.
    pub(super) fn without(why: Null) -> Self {
        Self { gross: Err(why), bounds: None, fees: Fee::ZERO, carry: 0, notional: 0 }
    }

    /// Writes gross and net, in money, basis points and standard deviations.
    pub(super) fn write(&self, draft: &mut Draft, d: &Decision, sigma: Sigma) {
        let fees = self.fees;
        draft.money(Measure::Carry, self.carry);
        if fees.is_foreign {
            draft.null(Measure::Fees, Null::NoFx);
        } else {
            draft.money(Measure::Fees, fees.value);
        }
        let gross = match self.gross {
            Ok(gross) => {
                let (lo, hi) = self.bounds.unwrap_or((gross, gross));
                let reading = Reading {
                    value: Ok(Scalar::Money(gross)),
                    lo: Some(Scalar::Money(lo)),
                    hi: Some(Scalar::Money(hi)),
                };
                draft.set(Measure::GrossPnl, reading);
                gross
            }
            Err(why) => {
                draft.null(Measure::Fees, why);
                for measure in
                    [Measure::GrossPnl, Measure::NetPnl, Measure::RetNetBps, Measure::RNetSigma]
                {
                    draft.null(measure, why);
                }
                return;
            }
        };
        if fees.is_foreign {
            for measure in [Measure::NetPnl, Measure::RetNetBps, Measure::RNetSigma] {
                draft.null(measure, Null::NoFx);
            }
            return;
        }
        let (gross_lo, gross_hi) = self.bounds.unwrap_or((gross, gross));
        let net = gross - fees.value + self.carry;
        let lo = fees.hi.map(|fee| gross_lo - fee + self.carry);
        let hi = gross_hi - fees.lo + self.carry;
        draft.set(
            Measure::NetPnl,
            Reading {
                value: Ok(Scalar::Money(net)),
                lo: lo.map(Scalar::Money),
                hi: Some(Scalar::Money(hi)),
            },
        );
        let per = |x: i128| bps(x, self.notional);
        let reading = |by: Result<f64, Null>| {
            let scale = |x: i128| match (per(x), by) {
                (_, Err(why)) => Err(why),
                (None, _) => Err(Null::Div0),
                (Some(x), Ok(by)) => super::draft::over(x, by),
            };
            match scale(net) {
                Err(why) => Reading::unknown(why),
                Ok(x) => {
                    let ends = [lo.and_then(|x| scale(x).ok()), scale(hi).ok()];
                    // A negative notional, of a negative price, turns the interval round.
                    let [lo, hi] = if self.notional < 0 { [ends[1], ends[0]] } else { ends };
                    Reading {
                        value: Ok(Scalar::Number(x)),
                        lo: lo.map(Scalar::Number),
                        hi: hi.map(Scalar::Number),
                    }
                }
            }
        };
        draft.set(Measure::RetNetBps, reading(Ok(1.0)));
        draft.set(Measure::RNetSigma, reading(sigma.map(|sigma| sigma * d.root_tau())));
    }
}

/// From where to where, and at which prices.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) entry: Key,
    pub(super) end: i64,
    /// Until when rows of the path are counted.
    pub(super) rows_to: i64,
    pub(super) entries: Totals,
    pub(super) exits: Totals,
}

/// Writes what every outcome on the path has.
pub(super) fn finish(view: View<'_>, d: &Decision, draft: &mut Draft, sigma: Sigma, span: Span) {
    let Span { entry, end, rows_to, entries, exits } = span;
    draft.number(Measure::SigmaBps, sigma);
    draft.number(Measure::EntryPx, entries.mean());
    draft.number(Measure::ExitPx, exits.mean());
    draft.whole(Measure::HoldingNs, end - entry.ts);
    draft.number(Measure::HoldingRatio, Ok((end - entry.ts) as f64 / d.horizon_ns as f64));
    let (from, to) = (view.path.through(entry), view.path.up_to(rows_to));
    let rows = to.saturating_sub(from).saturating_sub(view.path.halts_in(entry, rows_to));
    draft.whole(Measure::PathRows, i64::try_from(rows).unwrap_or(i64::MAX));
    let excluded = view.path.excluded_in(entry, rows_to);
    draft.whole(Measure::PathExcludedRows, i64::try_from(excluded).unwrap_or(i64::MAX));
    if let Some((first, last)) = view.path.span(from, to) {
        draft.reads.span(first.seq, last.seq, rows as u64);
    }
    let net = draft.readings.get(Measure::RetNetBps);
    match d.rules.measures.benchmark {
        Benchmark::None => draft.null(Measure::RelNetBps, Null::NotApplicable),
        Benchmark::DoNothing => draft.set(Measure::RelNetBps, net),
        Benchmark::References => relative(view, d, draft, net, entry, end),
    }
}

/// The net return less beta times that of the benchmark.
fn relative(view: View<'_>, d: &Decision, draft: &mut Draft, net: Reading, entry: Key, end: i64) {
    let beta = scales(view, d).and_then(|scales| scales.beta);
    let (Some(beta), Some(quotes)) = (beta, view.benchmark) else {
        draft.null(Measure::RelNetBps, Null::NoQuote);
        return;
    };
    let mids = (shortfall::mid_before(quotes, entry), shortfall::mid_at(quotes, end));
    let moved = match mids {
        (Ok((m0, first)), Ok((m1, last))) => {
            for row in [first, last].into_iter().flatten() {
                draft.reads.row(&row);
            }
            bps(draft.sign * (i128::from(m1) - i128::from(m0)), i128::from(m0)).ok_or(Null::Div0)
        }
        (Err(a), Err(b)) => Err(a.min(b)),
        (Err(why), _) | (_, Err(why)) => Err(why),
    };
    let less = |x: Option<Scalar>, by: f64| match x {
        Some(Scalar::Number(x)) => Some(Scalar::Number(x - by)),
        _ => None,
    };
    let reading = match (net.value, moved) {
        (Ok(Scalar::Number(x)), Ok(moved)) => {
            let by = beta * moved;
            Reading {
                value: Ok(Scalar::Number(x - by)),
                lo: less(net.lo, by),
                hi: less(net.hi, by),
            }
        }
        (Err(why), Ok(_)) | (_, Err(why)) => Reading::unknown(why),
        (Ok(_), Ok(_)) => Reading::unknown(Null::NotApplicable),
    };
    draft.set(Measure::RelNetBps, reading);
}

/// Share of the path that is covered, of the notional with final fees, and of the fills that were received.
fn completeness(view: View<'_>, own: &[&Own<'_>], from: i64, to: i64) -> f64 {
    let (mut sure, mut received, mut all) = (0_i128, 0_i128, 0_i128);
    for o in own {
        let value = o.lot.qty.saturating_mul(i128::from(o.lot.px));
        all = all.saturating_add(value);
        if !o.lot.fee.is_estimate {
            sure = sure.saturating_add(value);
        }
        if !o.fill.is_inferred {
            received = received.saturating_add(value);
        }
    }
    let share = |x: i128| if all == 0 { 1.0 } else { x as f64 / all as f64 };
    covered(view, from, to) * share(sure) * share(received)
}

/// Share of an interval without gaps.
pub(super) fn covered(view: View<'_>, from: i64, to: i64) -> f64 {
    let length = to - from;
    if length <= 0 {
        return 1.0;
    }
    (length - view.path.gap_length(from, to)) as f64 / length as f64
}
