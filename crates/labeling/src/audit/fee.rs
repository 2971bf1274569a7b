//! What a fill costs: as booked, as the schedule says, or as is assumed of a trade that was not made.

use contract::{EventId, Liquidity};

use super::exact::{Contract, apportion};
use super::log::{Log, Schedule};
use crate::null::Null;

/// A fee in units of 1e-9 and what is known about it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fee {
    pub(super) value: Result<i128, Null>,
    /// `None` is open.
    pub(super) lo: Option<i128>,
    /// `None` is open.
    pub(super) hi: Option<i128>,
    pub(super) is_estimated: bool,
    pub(super) is_unknown: bool,
}

impl Fee {
    pub(super) const NONE: Self =
        Self { value: Ok(0), lo: Some(0), hi: Some(0), is_estimated: false, is_unknown: false };

    const UNKNOWN: Self =
        Self { value: Ok(0), lo: Some(0), hi: None, is_estimated: false, is_unknown: true };

    fn exact(amount: i128) -> Self {
        Self { value: Ok(amount), lo: Some(amount), hi: Some(amount), ..Self::NONE }
    }

    fn no_rate() -> Self {
        Self { value: Err(Null::NoFx), lo: None, hi: None, ..Self::NONE }
    }

    /// Its parts by quantity.
    pub(super) fn split(self, weights: &[i128]) -> Vec<Self> {
        let part = |amount: Option<i128>| amount.map(|amount| apportion(amount, weights));
        let (value, lo, hi) = (part(self.value.ok()), part(self.lo), part(self.hi));
        let pick = |parts: &Option<Vec<i128>>, at: usize| {
            parts.as_ref().and_then(|parts| parts.get(at).copied())
        };
        (0..weights.len())
            .map(|at| Self {
                value: self.value.map(|_| pick(&value, at).unwrap_or(0)),
                lo: pick(&lo, at),
                hi: pick(&hi, at),
                ..self
            })
            .collect()
    }

    pub(super) fn plus(self, other: Self) -> Self {
        let sum = |a: Option<i128>, b: Option<i128>| a.zip(b).map(|(a, b)| a + b);
        let value = match (self.value, other.value) {
            (Ok(a), Ok(b)) => Ok(a + b),
            (Err(a), Err(b)) => Err(a.min(b)),
            (Err(why), _) | (_, Err(why)) => Err(why),
        };
        Self {
            value,
            lo: sum(self.lo, other.lo),
            hi: sum(self.hi, other.hi),
            is_estimated: self.is_estimated || other.is_estimated,
            is_unknown: self.is_unknown || other.is_unknown,
        }
    }
}

/// A trade whose fee is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deal<'a> {
    pub(super) contract: Contract,
    /// Currency of the outcome; `None` without an `instruments` row.
    pub(super) ccy: Option<&'a str>,
    pub(super) instrument: u32,
    pub(super) account: Option<EventId>,
    pub(super) source: u16,
    pub(super) ts: i64,
    pub(super) qty: i128,
    /// Doubled.
    pub(super) price: i64,
}

/// The fee of a fill.
pub(super) fn booked(
    log: &Log,
    deal: Deal<'_>,
    fee: Option<(i128, Option<&str>, Option<bool>)>,
    liquidity: Option<Liquidity>,
) -> Fee {
    if let Some((amount, ccy, is_final)) = fee {
        let is_estimated = is_final == Some(false);
        let is_ours = ccy.zip(deal.ccy).is_none_or(|(fee, ours)| fee == ours);
        let fee = if is_ours { Fee::exact(amount) } else { Fee::no_rate() };
        return Fee { is_estimated, ..fee };
    }
    let Some(schedule) = schedule(log, &deal, deal.source) else {
        return Fee { is_estimated: true, ..Fee::UNKNOWN };
    };
    let rate = |bps| charge(schedule, &deal, bps);
    let (maker, taker) = (rate(schedule.maker_bps), rate(schedule.taker_bps));
    let value = if liquidity == Some(Liquidity::Maker) { maker } else { taker };
    let fee = match (value, maker, taker) {
        (Ok(value), Ok(maker), Ok(taker)) if is_rate_known(schedule, &deal) => Fee {
            value: Ok(value),
            lo: Some(maker.min(taker)),
            hi: Some(maker.max(taker)),
            ..Fee::NONE
        },
        (Err(why), _, _) => Fee { value: Err(why), lo: None, hi: None, ..Fee::NONE },
        _ => Fee::no_rate(),
    };
    Fee { is_estimated: true, ..fee }
}

/// The taker fee of a trade that was not made; `source` is that of the decision's last fill.
pub(super) fn assumed(log: &Log, deal: Deal<'_>, source: Option<u16>) -> Fee {
    let mut sources: Vec<u16> = log.schedules.iter().map(|row| row.source).collect();
    sources.sort_unstable();
    let lowest = || sources.into_iter().find(|source| schedule(log, &deal, *source).is_some());
    let found = source.or_else(lowest).and_then(|source| schedule(log, &deal, source));
    let Some(schedule) = found else { return Fee::UNKNOWN };
    if !is_rate_known(schedule, &deal) {
        return Fee::no_rate();
    }
    match charge(schedule, &deal, schedule.taker_bps) {
        Ok(amount) => Fee::exact(amount),
        Err(why) => Fee { value: Err(why), lo: None, hi: None, ..Fee::NONE },
    }
}

fn is_rate_known(schedule: &Schedule, deal: &Deal<'_>) -> bool {
    deal.ccy.is_none_or(|ours| ours == schedule.ccy)
}

/// The row that applies: an account's own before all, then the instrument's own, then the greatest revision.
fn schedule<'l>(log: &'l Log, deal: &Deal<'_>, source: u16) -> Option<&'l Schedule> {
    log.schedules
        .iter()
        .filter(|row| row.source == source)
        .filter(|row| row.account.is_none() || row.account == deal.account)
        .filter(|row| row.instrument.is_none_or(|id| id == deal.instrument))
        .filter(|row| row.from <= deal.ts && row.to.is_none_or(|to| deal.ts < to))
        .max_by_key(|row| (row.account.is_some(), row.instrument.is_some(), row.revision))
}

fn charge(schedule: &Schedule, deal: &Deal<'_>, bps: f64) -> Result<i128, Null> {
    #[expect(clippy::cast_possible_truncation, reason = "the rate of a schedule, in units of 1e-9")]
    let rate = (bps * 1e9).round_ties_even() as i128;
    let fee = deal.contract.fee(deal.qty, deal.price, rate)?;
    Ok(schedule.min_fee.map_or(fee, |least| fee.max(least)))
}
