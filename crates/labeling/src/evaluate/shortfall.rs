//! What execution cost against the prices at decision, arrival and fill (Perold 1988).

use super::draft::over;
use super::sigma::{mid, scales};
use super::{Decision, Draft, Stop, View};
use crate::exact::{Contract, bps};
use crate::key::Key;
use crate::ledger::Fill;
use crate::measure::{Measure, Reading, Scalar};
use crate::null::Null;
use crate::path::{Exit, Latest, Path, PathRow};

/// A doubled mid with the row that it came from, if one did.
pub(crate) type Mid = Result<(i64, Option<PathRow>), Null>;

/// The mid just before a key.
pub(crate) fn mid_before(quotes: &Path, key: Key) -> Mid {
    of(quotes.latest_before(key, Exit::Down))
}

/// The mid at an instant.
pub(crate) fn mid_at(quotes: &Path, ts: i64) -> Mid {
    of(quotes.latest_at(ts, Exit::Down))
}

fn of(latest: Latest) -> Mid {
    match latest {
        Latest::Price(row, _) => mid(&row).map(|mid| (mid, Some(row))).ok_or(Null::NoQuote),
        Latest::Missing(_) | Latest::Nothing => Err(Null::NoQuote),
        Latest::Lost => Err(Null::Gap),
    }
}

/// The mid that the decision saw.
pub(crate) fn decision_mid(view: View<'_>, d: &Decision) -> Mid {
    if let Some((bid, ask)) = d.row.bid.zip(d.row.ask) {
        return Ok((bid + ask, None));
    }
    let Some(high) = d.row.md_seq_high else { return mid_before(view.quotes, d.row.key) };
    let mut at = view.quotes.before(d.row.key);
    while let Some(row) = at.checked_sub(1).and_then(|at| view.quotes.row(at)) {
        if row.key.seq <= high {
            if view.quotes.gap_in(row.key.ts, d.row.key.ts).is_some() {
                return Err(Null::Gap);
            }
            return mid(&row).map(|mid| (mid, Some(row))).ok_or(Null::NoQuote);
        }
        at -= 1;
    }
    Err(Null::NoQuote)
}

/// The mid at a fill: as captured, else just before it.
pub(crate) fn fill_mid(view: View<'_>, fill: &Fill) -> Mid {
    match fill.quote {
        Some((bid, ask)) => Ok((bid + ask, None)),
        None => mid_before(view.quotes, fill.key),
    }
}

fn arrival_mid(view: View<'_>, d: &Decision) -> Mid {
    match (d.arrival, d.first_report) {
        (Some((_, bid, ask)), _) => Ok((bid + ask, None)),
        (None, Some(key)) => mid_before(view.quotes, key),
        (None, None) => Err(Null::NoQuote),
    }
}

struct Parts<'a> {
    draft: &'a mut Draft,
    contract: Contract,
}

impl Parts<'_> {
    /// A sum as money, written down; the earliest reason where an input is missing.
    fn money(
        &mut self,
        measure: Measure,
        sum: Result<i128, Null>,
    ) -> Result<Result<i128, Null>, Stop> {
        Ok(match sum {
            Ok(sum) => {
                let money = self.contract.money(sum)?;
                self.draft.money(measure, money);
                Ok(money)
            }
            Err(why) => {
                self.draft.null(measure, why);
                Err(why)
            }
        })
    }
}

/// Writes shortfall, effective spread and slippage of a decision's orders.
///
/// `entry_done` is when its orders were done, or given up.
#[expect(
    clippy::too_many_lines,
    reason = "one outcome, step by step in the order of the definition"
)]
pub(super) fn write(
    view: View<'_>,
    d: &Decision,
    draft: &mut Draft,
    entry_done: i64,
) -> Result<(), Stop> {
    let (Some(wanted), Some(_)) = (d.row.qty, d.row.side) else { return Ok(()) };
    let contract = view.contract(d);
    let sign = d.sign();
    let fills: Vec<&Fill> = view.fills_of(d, d.wait_end()).collect();
    let filled: i128 = fills.iter().map(|f| f.qty).sum();
    draft.number(Measure::FillRatio, Ok(filled as f64 / wanted as f64));
    match fills.first() {
        Some(first) => draft.whole(Measure::TimeToFillNs, first.key.ts - d.row.key.ts),
        None => draft.null(Measure::TimeToFillNs, Null::Censored),
    }
    if filled < wanted {
        draft.flag(crate::flags::OutcomeFlags::FILL_CENSORED);
    }
    let mut fee = crate::facts::Fee::ZERO;
    for fill in &fills {
        fee = fee.plus(fill.fee)?;
    }
    let p_d = decision_mid(view, d);
    let p_a = if fills.is_empty() { p_d } else { arrival_mid(view, d) };
    let p_e = mid_at(view.quotes, entry_done);
    let mids: Vec<Mid> = fills.iter().map(|f| fill_mid(view, f)).collect();
    for (_, row) in [p_d, p_a, p_e].iter().chain(&mids).flatten() {
        if let Some(row) = row {
            draft.reads.row(row);
        }
    }
    let px = |mid: Mid| mid.map(|(px, _)| i128::from(px));
    let (p_d, p_a, p_e) = (px(p_d), px(p_a), px(p_e));
    // What a quantity costs between two prices.
    let cost = |qty: i128, from: i128, to: i128| -> Result<i128, Stop> {
        let px = |px: i128| i64::try_from(px).map_err(|_| Stop::Overflow);
        Ok(sign * contract.gross(qty, px(from)?, px(to)?)?)
    };
    let pair = |a: Result<i128, Null>, b: Result<i128, Null>| match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (Err(a), Err(b)) => Err(a.min(b)),
        (Err(why), _) | (_, Err(why)) => Err(why),
    };
    let delay = match pair(p_a, p_d) {
        Ok((a, d)) => Ok(cost(filled, d, a)?),
        Err(why) if filled != 0 => Err(why),
        Err(_) => Ok(0),
    };
    let opportunity = match pair(p_e, p_d) {
        Ok((e, d)) => Ok(cost(wanted - filled, d, e)?),
        Err(why) if filled < wanted => Err(why),
        Err(_) => Ok(0),
    };
    let mut trading = p_a.map(|_| 0_i128);
    if let Ok(arrival) = p_a {
        let mut sum = 0_i128;
        for fill in &fills {
            sum += cost(fill.qty, arrival, i128::from(fill.px))?;
        }
        trading = Ok(sum);
    } else if fills.is_empty() {
        trading = Ok(0);
    }
    let mut spread = Ok(0_i128);
    let (mut weight, mut distance) = (0_i128, 0_i128);
    for (fill, mid) in fills.iter().zip(&mids) {
        spread = match (spread, px(*mid)) {
            (Ok(sum), Ok(mid)) => {
                let add = |sum: i128, by: i128| {
                    let part = fill.qty.checked_mul(by).ok_or(Stop::Overflow)?;
                    sum.checked_add(part).ok_or(Stop::Overflow)
                };
                weight = add(weight, mid)?;
                distance = add(distance, sign * (i128::from(fill.px) - mid))?;
                Ok(sum + cost(fill.qty, mid, i128::from(fill.px))?)
            }
            (Err(a), Err(b)) => Err(a.min(b)),
            (Err(why), _) | (_, Err(why)) => Err(why),
        };
    }
    let mut parts = Parts { draft, contract };
    let delay = parts.money(Measure::IsDelay, delay)?;
    let opportunity = parts.money(Measure::IsOpportunity, opportunity)?;
    let traded = parts.money(Measure::IsTrading, trading)?;
    let spread_money = parts.money(Measure::IsSpread, spread)?;
    match pair(traded, spread_money) {
        Ok((trading, spread)) => draft.money(Measure::IsDrift, trading - spread),
        Err(why) => draft.null(Measure::IsDrift, why),
    }
    let explicit = if fee.is_foreign {
        draft.null(Measure::IsExplicit, Null::NoFx);
        Err(Null::NoFx)
    } else {
        draft.set(Measure::IsExplicit, fee_reading(fee));
        Ok(fee.value)
    };
    let total = match (delay, traded, opportunity, explicit) {
        (Ok(a), Ok(b), Ok(c), Ok(fees)) => Ok((a + b + c, fees)),
        parts => {
            let whys = [parts.0.err(), parts.1.err(), parts.2.err(), parts.3.err()];
            Err(whys.into_iter().flatten().min().unwrap_or(Null::NoQuote))
        }
    };
    // In money, of which half units of 1e-18 are 2e18 to a unit of 1e-9 times the multiplier.
    let paper = match p_d {
        Ok(p_d) => {
            let px = i64::try_from(p_d).map_err(|_| Stop::Overflow)?;
            let units = if contract.is_inverse { 1e18 } else { 2e18 };
            Ok(contract.notional(wanted, px)? as f64 * (contract.multiplier as f64 / units))
        }
        Err(why) => Err(why),
    };
    totals(view, d, draft, (total, fee), paper);
    if !fills.is_empty() {
        let eff = spread.and_then(|_| bps(2 * distance, weight).ok_or(Null::Div0));
        draft.number(Measure::EffSpreadBps, eff);
        let moved = fills.iter().try_fold(0_i128, |sum, fill| {
            let arrival = p_a.unwrap_or(0);
            let part = fill.qty.checked_mul(sign * (i128::from(fill.px) - arrival));
            sum.checked_add(part.ok_or(Stop::Overflow)?).ok_or(Stop::Overflow)
        })?;
        slippage(view, d, draft, p_a.map(|_| moved), filled);
    }
    Ok(())
}

/// A fee with its bounds.
pub(super) fn fee_reading(fee: crate::facts::Fee) -> Reading {
    Reading {
        value: Ok(Scalar::Money(fee.value)),
        lo: Some(Scalar::Money(fee.lo)),
        hi: fee.hi.map(Scalar::Money),
    }
}

fn totals(
    view: View<'_>,
    d: &Decision,
    draft: &mut Draft,
    (total, fee): (Result<(i128, i128), Null>, crate::facts::Fee),
    paper: Result<f64, Null>,
) {
    let (rest, fees) = match total {
        Ok(total) => total,
        Err(why) => {
            for measure in [Measure::IsTotal, Measure::IsTotalBps, Measure::IsVsExpected] {
                draft.null(measure, why);
            }
            return;
        }
    };
    let value = rest + fees;
    let (lo, hi) = (rest + fee.lo, fee.hi.map(|hi| rest + hi));
    draft.set(
        Measure::IsTotal,
        Reading {
            value: Ok(Scalar::Money(value)),
            lo: Some(Scalar::Money(lo)),
            hi: hi.map(Scalar::Money),
        },
    );
    let expected = scales(view, d)
        .and_then(|s| s.expected_cost_bps)
        .or(d.row.expected_cost_bps)
        .filter(|x| *x > 0.0);
    let per = |x: i128| paper.and_then(|paper| over(x as f64, paper)).map(|x| x * 1e4);
    let scaled = |x: Result<f64, Null>, by: f64| x.and_then(|x| over(x, by));
    let reading = |by: f64| {
        let number = |x: i128| scaled(per(x), by).ok().map(Scalar::Number);
        match scaled(per(value), by) {
            Ok(x) => {
                Reading { value: Ok(Scalar::Number(x)), lo: number(lo), hi: hi.and_then(number) }
            }
            Err(why) => Reading::unknown(why),
        }
    };
    draft.set(Measure::IsTotalBps, reading(1.0));
    match expected {
        Some(expected) => draft.set(Measure::IsVsExpected, reading(expected)),
        None => draft.null(Measure::IsVsExpected, Null::Div0),
    }
}

fn slippage(
    view: View<'_>,
    d: &Decision,
    draft: &mut Draft,
    trading: Result<i128, Null>,
    filled: i128,
) {
    let instrument = d
        .row
        .instrument
        .and_then(|id| view.facts.instrument(id, d.row.key.ts).ok().flatten().and_then(|i| i.tick));
    let value = match (trading, instrument) {
        (_, None) => Err(Null::NotApplicable),
        (Err(why), _) => Err(why),
        (Ok(sum), Some(tick)) => over(sum as f64 / filled as f64, 2.0 * tick as f64),
    };
    draft.number(Measure::SlippageTicks, value);
}
