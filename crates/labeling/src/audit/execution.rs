//! How well a decision was executed: shortfall, spread, slippage, how much and how fast.

use contract::Side;

use super::case::{Case, sign};
use super::exact::{bps, ratio, wide};
use super::fee::Fee;
use super::lots::Fill;
use super::path::Edge;
use super::position::{Corner, Values, at_corner, bounded};
use crate::measure::{Measure, Readings, Scalar};
use crate::null::Null;
use arrow_buffer::i256;

/// The measures of the execution of a decision that was sent.
pub(super) fn execution(case: &Case<'_>, side: Side, readings: &mut Readings) {
    let Some(qty) = case.decision.qty else { return };
    let found = Execution::of(case, side, qty);
    let values = bounded(
        &found.evaluate(Corner::Value),
        &found.evaluate(Corner::Worst),
        &found.evaluate(Corner::Best),
    );
    for measure in Measure::ALL.iter().copied().filter(|m| found.speaks_of(*m)) {
        readings.set(measure, values.get(measure));
    }
}

struct Execution<'c, 'l> {
    case: &'c Case<'l>,
    sign: i128,
    qty: i128,
    filled: i128,
    fills: Vec<&'c Fill>,
    decided: Result<i64, Null>,
    arrived: Result<i64, Null>,
    done: Result<i64, Null>,
    fees: Fee,
}

/// Doubled mid when the decision was made.
pub(super) fn mid_at_decision(case: &Case<'_>) -> Result<i64, Null> {
    let d = case.decision;
    match d.bid.zip(d.ask) {
        Some((bid, ask)) => Ok(bid + ask),
        None => Ok(case.mids.before(d.key, Edge::Down, d.md_seq_high)?.price),
    }
}

/// Doubled mid just before a fill.
pub(super) fn mid_at_fill(case: &Case<'_>, fill: &Fill) -> Result<i64, Null> {
    match fill.quote {
        Some((bid, ask)) => Ok(bid + ask),
        None => Ok(case.mids.before(fill.key, Edge::Down, None)?.price),
    }
}

/// Doubled mid when the order arrived.
fn mid_at_arrival(case: &Case<'_>) -> Result<i64, Null> {
    let rows = case.book.executions_of(case.at).filter(|row| row.key.0 <= case.deadline());
    let rows: Vec<_> = rows.collect();
    if let Some((bid, ask)) = rows.iter().find_map(|row| row.arrival) {
        return Ok(bid + ask);
    }
    let first = rows.first().ok_or(Null::NoQuote)?;
    Ok(case.mids.before(first.key, Edge::Down, None)?.price)
}

fn two(a: Result<i64, Null>, b: Result<i64, Null>) -> Result<(i64, i64), Null> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (Err(a), Err(b)) => Err(a.min(b)),
        (Err(why), _) | (_, Err(why)) => Err(why),
    }
}

impl<'c, 'l> Execution<'c, 'l> {
    fn of(case: &'c Case<'l>, side: Side, qty: i128) -> Self {
        let fills = case.own_fills();
        Self {
            sign: sign(side),
            qty,
            filled: fills.iter().map(|fill| fill.qty).sum(),
            decided: mid_at_decision(case),
            arrived: mid_at_arrival(case),
            done: case.mids.at(case.entry_done(), Edge::Down).map(|found| found.price),
            fees: fills.iter().fold(Fee::NONE, |sum, fill| sum.plus(fill.fee)),
            fills,
            case,
        }
    }

    fn speaks_of(&self, measure: Measure) -> bool {
        let of_fills = matches!(
            measure,
            Measure::EffSpreadBps | Measure::SlippageTicks | Measure::TimeToFillNs
        );
        let always = matches!(
            measure,
            Measure::IsDelay
                | Measure::IsTrading
                | Measure::IsSpread
                | Measure::IsDrift
                | Measure::IsOpportunity
                | Measure::IsExplicit
                | Measure::IsTotal
                | Measure::IsTotalBps
                | Measure::IsVsExpected
                | Measure::FillRatio
        );
        always || (of_fills && !self.fills.is_empty())
    }

    /// Cost of `qty` at one doubled price against another.
    fn cost(&self, qty: i128, from: i64, to: i64) -> Result<i256, Null> {
        Ok(self.case.contract.gain(qty, from, to)?.wrapping_mul(wide(self.sign)))
    }

    fn part(
        &self,
        qty: i128,
        from: Result<i64, Null>,
        to: Result<i64, Null>,
    ) -> Result<i128, Null> {
        if qty == 0 {
            return Ok(0);
        }
        let (from, to) = two(from, to)?;
        self.cost(qty, from, to).and_then(|cost| self.case.contract.money(cost))
    }

    /// Cost of the fills, each against its own mid.
    fn against(&self, mid: impl Fn(&Fill) -> Result<i64, Null>) -> Result<i128, Null> {
        let (mut sum, mut why) = (i256::ZERO, None);
        for fill in &self.fills {
            match mid(fill).and_then(|mid| self.cost(fill.qty, mid, fill.price)) {
                Ok(cost) => sum = sum.wrapping_add(cost),
                Err(null) => why = Some(why.map_or(null, |old: Null| old.min(null))),
            }
        }
        why.map_or(Ok(sum), Err).and_then(|sum| self.case.contract.money(sum))
    }

    fn evaluate(&self, corner: Corner) -> Values {
        let case = self.case;
        let delay = self.part(self.filled, self.decided, self.arrived);
        let trading = self.against(|_| self.arrived);
        let spread = self.against(|fill| mid_at_fill(case, fill));
        let drift = less(trading, spread);
        let opportunity = self.part(self.qty - self.filled, self.decided, self.done);
        let explicit = at_corner(self.fees, corner);
        let total = [delay, trading, opportunity, explicit]
            .into_iter()
            .reduce(|a, b| less(a, b.map(|b| -b)))
            .unwrap_or(Err(Null::NotApplicable));
        let paper = self.decided.and_then(|mid| case.contract.worth(self.qty, mid));
        let paper = paper.and_then(|paper| case.contract.money(paper));
        let total_bps = match (total, paper) {
            (Ok(total), Ok(paper)) => bps(wide(total), wide(paper)),
            (Err(a), Err(b)) => Err(a.min(b)),
            (Err(why), _) | (_, Err(why)) => Err(why),
        };
        let expected = case.reference.and_then(|row| row.expected_cost_bps);
        let expected = expected.or(case.decision.expected_cost_bps).filter(|cost| *cost > 0.0);
        let vs_expected = match (total_bps, expected) {
            (Ok(total), Some(expected)) => Ok(total / expected),
            (Err(why), Some(_)) => Err(why),
            (Err(why), None) => Err(why.min(Null::Div0)),
            (Ok(_), None) => Err(Null::Div0),
        };
        let first = self.fills.iter().map(|fill| fill.key.0).min();
        let money = |amount: Result<i128, Null>| amount.map(Scalar::Money);
        let number = |value: Result<f64, Null>| value.map(Scalar::Number);
        Values::from([
            (Measure::IsDelay, money(delay)),
            (Measure::IsTrading, money(trading)),
            (Measure::IsSpread, money(spread)),
            (Measure::IsDrift, money(drift)),
            (Measure::IsOpportunity, money(opportunity)),
            (Measure::IsExplicit, money(explicit)),
            (Measure::IsTotal, money(total)),
            (Measure::IsTotalBps, number(total_bps)),
            (Measure::IsVsExpected, number(vs_expected)),
            (Measure::EffSpreadBps, number(self.effective_spread())),
            (Measure::SlippageTicks, number(self.slippage())),
            (Measure::FillRatio, number(ratio(wide(self.filled), wide(self.qty)))),
            (
                Measure::TimeToFillNs,
                first.map(|first| Scalar::Whole(first - case.cutoff())).ok_or(Null::NotApplicable),
            ),
        ])
    }

    fn effective_spread(&self) -> Result<f64, Null> {
        let (mut num, mut den, mut why) = (i256::ZERO, i256::ZERO, None);
        for fill in &self.fills {
            match mid_at_fill(self.case, fill) {
                Ok(mid) => {
                    let (price, mid) = (i128::from(fill.price), i128::from(mid));
                    let twice = wide(fill.qty).wrapping_mul(wide(2 * self.sign * (price - mid)));
                    num = num.wrapping_add(twice);
                    den = den.wrapping_add(wide(fill.qty).wrapping_mul(wide(mid)));
                }
                Err(null) => why = Some(why.map_or(null, |old: Null| old.min(null))),
            }
        }
        why.map_or(Ok(()), Err)?;
        bps(num, den)
    }

    fn slippage(&self) -> Result<f64, Null> {
        let row =
            super::lots::instrument_row(self.case.log, self.case.instrument, self.case.cutoff());
        let tick = row.and_then(|row| row.tick).ok_or(Null::NotApplicable)?;
        let arrived = i128::from(self.arrived?);
        let mut num = i256::ZERO;
        for fill in &self.fills {
            let away = self.sign * (i128::from(fill.price) - arrived);
            num = num.wrapping_add(wide(fill.qty).wrapping_mul(wide(away)));
        }
        let mean = ratio(num, wide(self.filled))?;
        if tick == 0 { Err(Null::Div0) } else { Ok(mean / (2.0 * tick as f64)) }
    }
}

/// The difference, or the reason with the lowest code.
fn less(a: Result<i128, Null>, b: Result<i128, Null>) -> Result<i128, Null> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok(a - b),
        (Err(a), Err(b)) => Err(a.min(b)),
        (Err(why), _) | (_, Err(why)) => Err(why),
    }
}
