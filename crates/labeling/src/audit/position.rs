//! A position over its window: gross, fees, returns and extremes, with the worst and best that inputs allow.

use std::collections::BTreeMap;

use arrow_buffer::i256;

use super::case::{Case, LAST};
use super::exact::{bps, ratio, wide};
use super::fee::Fee;
use super::log::Key;
use super::path::{Edge, Exit, Path, Point};
use crate::measure::{Better, Measure, Reading, Readings, Scalar};
use crate::null::Null;

pub(super) type Values = BTreeMap<Measure, Result<Scalar, Null>>;

/// Which of the values that inputs may have is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Corner {
    Value,
    /// Costs highest, exit worst.
    Worst,
    /// Costs lowest, exit best.
    Best,
}

impl Corner {
    fn mirrored(self) -> Self {
        match self {
            Self::Value => Self::Value,
            Self::Worst => Self::Best,
            Self::Best => Self::Worst,
        }
    }
}

/// One part of a position: quantity, entry and, where it was closed, exit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) qty: i128,
    /// Doubled.
    pub(super) entry: i64,
    pub(super) opened: Key,
    /// Key and doubled price.
    pub(super) closed: Option<(Key, i64)>,
}

/// A position, made or assumed.
#[derive(Debug)]
pub(super) struct Position<'c, 'l> {
    pub(super) case: &'c Case<'l>,
    /// +1 gains when the price rises.
    pub(super) sign: i128,
    /// Side of the price at which it is left.
    pub(super) edge: Edge,
    pub(super) parts: Vec<Part>,
    pub(super) entry: Key,
    pub(super) booked: Fee,
    /// The fee of leaving at a price, for this quantity.
    pub(super) pays_to_leave: bool,
    pub(super) leaving_source: Option<u16>,
    pub(super) leaving_account: Option<contract::EventId>,
    pub(super) carry: Result<i128, Null>,
    /// End of the window and the price there.
    pub(super) end: i64,
    pub(super) exit: Exit,
    /// The value of not having it is asked for.
    pub(super) is_negated: bool,
    pub(super) has_extremes: bool,
}

/// Extremes of the gross result and when they were reached.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extremes {
    pub(super) worst: (i256, i64),
    pub(super) best: (i256, i64),
}

impl Extremes {
    fn see(&mut self, value: i256, ts: i64) {
        if value < self.worst.0 || (value == self.worst.0 && ts < self.worst.1) {
            self.worst = (value, ts);
        }
        if value > self.best.0 || (value == self.best.0 && ts < self.best.1) {
            self.best = (value, ts);
        }
    }
}

fn min_null(a: Null, b: Null) -> Null {
    a.min(b)
}

/// Two results, or the reason with the lowest code.
fn both<A, B>(a: Result<A, Null>, b: Result<B, Null>) -> Result<(A, B), Null> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (Err(a), Err(b)) => Err(min_null(a, b)),
        (Err(why), _) | (_, Err(why)) => Err(why),
    }
}

impl Position<'_, '_> {
    fn is_open(&self) -> bool {
        self.parts.iter().any(|part| part.closed.is_none())
    }

    pub(super) fn open_qty(&self) -> i128 {
        self.parts.iter().filter(|part| part.closed.is_none()).map(|part| part.qty).sum()
    }

    /// When the position is left: its last closing, or the exit of the window.
    pub(super) fn ts_exit(&self) -> i64 {
        if self.is_open() { self.exit.ts } else { self.last_closing().0 }
    }

    pub(super) fn last_closing(&self) -> Key {
        self.parts.iter().filter_map(|part| Some(part.closed?.0)).max().unwrap_or(self.entry)
    }

    fn exit_price(&self, corner: Corner) -> Result<i64, Null> {
        let (worst, best) =
            if self.sign > 0 { (self.exit.lo, self.exit.hi) } else { (self.exit.hi, self.exit.lo) };
        match corner {
            Corner::Value => self.exit.price,
            Corner::Worst => worst.ok_or(Null::NoQuote),
            Corner::Best => best.ok_or(Null::NoQuote),
        }
    }

    fn gain(&self, part: &Part, price: i64) -> Result<i256, Null> {
        let gain = self.case.contract.gain(part.qty, part.entry, price)?;
        Ok(gain.wrapping_mul(wide(self.sign)))
    }

    /// Gross of everything, what is open valued at the exit.
    fn gross(&self, corner: Corner) -> Result<i256, Null> {
        let mut sum = i256::ZERO;
        for part in &self.parts {
            let price = match part.closed {
                Some((_, price)) => price,
                None => self.exit_price(corner)?,
            };
            sum = sum.wrapping_add(self.gain(part, price)?);
        }
        Ok(sum)
    }

    fn gross_closed(&self) -> Result<i256, Null> {
        let mut sum = i256::ZERO;
        for part in &self.parts {
            if let Some((_, price)) = part.closed {
                sum = sum.wrapping_add(self.gain(part, price)?);
            }
        }
        Ok(sum)
    }

    /// Gross as it stood before a key, with what was open then valued at a price.
    fn gross_before(&self, key: Key, price: i64) -> Result<i256, Null> {
        let mut sum = i256::ZERO;
        for part in self.parts.iter().filter(|part| part.opened < key) {
            let price = match part.closed {
                Some((closed, px)) if closed < key => px,
                _ => price,
            };
            sum = sum.wrapping_add(self.gain(part, price)?);
        }
        Ok(sum)
    }

    /// Rows of the path between entry and end.
    pub(super) fn is_within(&self, key: Key) -> bool {
        let until = if self.is_open() { LAST } else { self.last_closing() };
        key > self.entry && key.0 <= self.end && key < until
    }

    /// Rows of the path that are.
    pub(super) fn within(&self) -> impl Iterator<Item = &Point> {
        let rows = self.path().between(self.entry, self.end).iter();
        rows.filter(|point| self.is_within(point.key))
    }

    pub(super) fn path(&self) -> &Path {
        &self.case.path
    }

    /// Extremes over what was seen, without the exit.
    fn seen(&self) -> Result<Extremes, Null> {
        let start = (i256::ZERO, self.entry.0);
        let mut extremes = Extremes { worst: start, best: start };
        let mut fills: Vec<(Key, i64)> = Vec::new();
        for part in &self.parts {
            fills.push((part.opened, part.entry));
            fills.extend(part.closed);
        }
        for (key, price) in fills {
            if key > self.entry {
                extremes.see(self.gross_before(key, price)?, key.0);
            }
        }
        for point in self.within() {
            if let Some(price) = point.price(self.edge) {
                extremes.see(self.gross_before(point.key, price)?, point.key.0);
            }
        }
        Ok(extremes)
    }

    fn has_gap(&self) -> bool {
        self.path().has_gap_after(self.entry.0, self.ts_exit())
    }

    /// Extremes with the exit, turned round for the value of not acting.
    fn extremes(&self, corner: Corner) -> Result<Extremes, Null> {
        let mut extremes = self.seen()?;
        if self.has_gap() {
            return Err(Null::Gap);
        }
        extremes.see(self.gross(corner)?, self.ts_exit());
        Ok(self.turned(extremes))
    }

    fn turned(&self, extremes: Extremes) -> Extremes {
        let negative = |(value, ts): (i256, i64)| (value.wrapping_neg(), ts);
        if self.is_negated {
            Extremes { worst: negative(extremes.best), best: negative(extremes.worst) }
        } else {
            extremes
        }
    }

    /// What was put in, in the units of a gain, without the multiplier.
    pub(super) fn stake(&self) -> Result<i256, Null> {
        let mut sum = i256::ZERO;
        for part in &self.parts {
            sum = sum.wrapping_add(self.case.contract.worth(part.qty, part.entry)?);
        }
        Ok(sum.wrapping_abs())
    }

    /// Booked and assumed fees.
    pub(super) fn fees(&self, corner: Corner) -> Result<Fee, Null> {
        if !self.pays_to_leave || !self.is_open() {
            return Ok(self.booked);
        }
        let leaving = self.case.assumed_fee(
            self.open_qty(),
            self.exit_price(corner)?,
            self.ts_exit(),
            self.leaving_source,
            self.leaving_account,
        );
        Ok(self.booked.plus(leaving))
    }

    /// Every measure of the position at a corner.
    fn evaluate(&self, corner: Corner) -> Values {
        let inner = if self.is_negated { corner.mirrored() } else { corner };
        let turn = if self.is_negated { -1 } else { 1 };
        let gross_wide = self.gross(inner).map(|gross| gross.wrapping_mul(wide(turn)));
        let gross = gross_wide.and_then(|gross| self.case.contract.money(gross));
        let fees = self.fees(inner).and_then(|fee| at_corner(fee, inner)).map(|fee| fee * turn);
        let carry = self.carry.map(|carry| carry * turn);
        let net = both(both(gross, fees), carry).map(|((gross, fees), carry)| gross - fees + carry);
        let stake = self.stake();
        let notional = stake.and_then(|stake| self.case.contract.money(stake));
        let ret = both(net, notional).and_then(|(net, notional)| bps(wide(net), wide(notional)));
        let scale = self.scale();
        let mut values = Values::new();
        let mut put = |measure, value: Result<Scalar, Null>| {
            values.insert(measure, value);
        };
        put(Measure::GrossPnl, gross.map(Scalar::Money));
        put(Measure::Fees, fees.map(Scalar::Money));
        put(Measure::Carry, carry.map(Scalar::Money));
        put(Measure::NetPnl, net.map(Scalar::Money));
        put(Measure::RetNetBps, ret.map(Scalar::Number));
        put(Measure::RNetSigma, over(ret, scale).map(Scalar::Number));
        let relative = match self.benchmark_bps() {
            Err(Null::NotApplicable) => Err(Null::NotApplicable),
            benchmark => both(ret, benchmark).map(|(ret, benchmark)| {
                if self.is_negated { ret + benchmark } else { ret - benchmark }
            }),
        };
        put(Measure::RelNetBps, relative.map(Scalar::Number));
        if self.has_extremes {
            let extremes = self.extremes(inner);
            let worst = extremes.map(|e| e.worst);
            let best = extremes.map(|e| e.best);
            let mae = both(worst, stake).and_then(|((worst, _), stake)| bps(worst, stake));
            let mfe = both(best, stake).and_then(|((best, _), stake)| bps(best, stake));
            put(Measure::MaeBps, mae.map(Scalar::Number));
            put(Measure::MfeBps, mfe.map(Scalar::Number));
            put(Measure::MaeSigma, over(mae, scale).map(Scalar::Number));
            put(Measure::MaeTs, worst.map(|(_, ts)| Scalar::Whole(ts)));
            put(Measure::MfeTs, best.map(|(_, ts)| Scalar::Whole(ts)));
            let capture = both(gross_wide, best).and_then(|(gross, (best, _))| ratio(gross, best));
            put(Measure::MfeCapture, capture.map(Scalar::Number));
            let edge = both(best, worst)
                .and_then(|((best, _), (worst, _))| ratio(best, worst.wrapping_abs()));
            put(Measure::EdgeRatio, edge.map(Scalar::Number));
        }
        values
    }

    /// Standard deviation of the planned horizon, in basis points.
    fn scale(&self) -> Result<f64, Null> {
        self.case.sigma_bps.map(|sigma| sigma * self.case.root_horizon())
    }

    /// Beta times the benchmark's move in the direction of the position.
    fn benchmark_bps(&self) -> Result<f64, Null> {
        self.case.benchmark_bps(self.sign, self.entry, self.ts_exit())
    }

    /// Gross of closings less booked fees, plus carry.
    pub(super) fn booked_pnl(&self, corner: Corner) -> Result<i128, Null> {
        let gross = self.gross_closed().and_then(|gross| self.case.contract.money(gross));
        let fees = at_corner(self.booked, corner);
        both(both(gross, fees), self.carry).map(|((gross, fees), carry)| gross - fees + carry)
    }

    /// Readings of the measures above, each with its bounds.
    pub(super) fn readings(&self) -> Readings {
        let mut readings = bounded(
            &self.evaluate(Corner::Value),
            &self.evaluate(Corner::Worst),
            &self.evaluate(Corner::Best),
        );
        if self.has_extremes {
            self.observe(&mut readings);
        }
        readings
    }

    /// Extremes that rows may be missing from: what was seen bounds them on one side.
    fn observe(&self, readings: &mut Readings) {
        let Err(why) = self.extremes(Corner::Value) else { return };
        let Ok(mut seen) = self.seen() else { return };
        if let Ok(gross) = self.gross(Corner::Value) {
            seen.see(gross, self.ts_exit());
        }
        let (seen, stake) = (self.turned(seen), self.stake());
        let mae = stake.and_then(|stake| bps(seen.worst.0, stake));
        let mfe = stake.and_then(|stake| bps(seen.best.0, stake));
        let number = |value: Result<f64, Null>| value.ok().map(Scalar::Number);
        let unknown = Reading::unknown(why);
        readings.set(Measure::MaeBps, Reading { hi: number(mae), ..unknown });
        readings.set(Measure::MfeBps, Reading { lo: number(mfe), ..unknown });
        let scaled = over(mae, self.scale());
        let why = match self.scale() {
            Err(scale) => min_null(why, scale),
            Ok(_) => why,
        };
        readings.set(Measure::MaeSigma, Reading { hi: number(scaled), ..Reading::unknown(why) });
    }

    /// Mean price of the entries, in whole units.
    pub(super) fn entry_px(&self) -> Result<f64, Null> {
        mean(self.parts.iter().map(|part| (part.qty, part.entry)))
    }

    /// Mean price of the exits, in whole units.
    pub(super) fn exit_px(&self) -> Result<f64, Null> {
        let mut parts = Vec::new();
        for part in &self.parts {
            let price = match part.closed {
                Some((_, price)) => price,
                None => self.exit.price?,
            };
            parts.push((part.qty, price));
        }
        mean(parts.into_iter())
    }
}

fn mean(parts: impl Iterator<Item = (i128, i64)>) -> Result<f64, Null> {
    let (mut total, mut sum) = (i256::ZERO, i256::ZERO);
    for (qty, price) in parts {
        total = total.wrapping_add(wide(qty));
        sum = sum.wrapping_add(wide(qty).wrapping_mul(wide(i128::from(price))));
    }
    ratio(sum, total).map(|doubled| doubled / 2e9)
}

pub(super) fn at_corner(fee: Fee, corner: Corner) -> Result<i128, Null> {
    match corner {
        Corner::Value => fee.value,
        // Open: the reason is never shown.
        Corner::Worst => fee.hi.ok_or(Null::NoFx),
        Corner::Best => fee.lo.ok_or(Null::NoFx),
    }
}

/// A number over a scale.
pub(super) fn over(number: Result<f64, Null>, scale: Result<f64, Null>) -> Result<f64, Null> {
    let (number, scale) = both(number, scale)?;
    if scale == 0.0 { Err(Null::Div0) } else { Ok(number / scale) }
}

/// Values with the bounds that two corners give.
pub(super) fn bounded(value: &Values, worst: &Values, best: &Values) -> Readings {
    let mut readings = Readings::new();
    for (measure, value) in value {
        let end = |values: &Values| values.get(measure).copied().and_then(Result::ok);
        let reading = match (value, measure.better()) {
            (Err(why), _) => Reading::unknown(*why),
            (Ok(value), Better::Neither) => Reading::exact(*value),
            (Ok(value), Better::Higher) => {
                Reading { value: Ok(*value), lo: end(worst), hi: end(best) }
            }
            (Ok(value), Better::Lower) => {
                Reading { value: Ok(*value), lo: end(best), hi: end(worst) }
            }
        };
        readings.set(*measure, reading);
    }
    readings
}
