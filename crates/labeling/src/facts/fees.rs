//! Fees, booked and estimated.

use crate::error::LabelError;
use crate::exact::{Contract, Overflow, apportion, scaled};
use crate::rows::Id;
use contract::{Batch, FeeSchedules, InstrumentId, UnknownWord, UtcNanos};

/// A row of a fee schedule.
#[derive(Debug, Clone)]
pub(super) struct Schedule {
    source: u16,
    account: Option<Id>,
    instrument: Option<u32>,
    from: i64,
    to: Option<i64>,
    revision: u16,
    rates: FeeRates,
}

/// What a source takes: basis points in units of 1e-9, negative is a rebate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FeeRates {
    maker: i128,
    taker: i128,
    min_fee: Option<i128>,
}

impl FeeRates {
    /// The fee of a quantity at a doubled price, in units of 1e-9.
    pub(crate) fn fee(
        self,
        contract: Contract,
        qty: i128,
        px: i64,
        is_maker: bool,
    ) -> Result<i128, Overflow> {
        let notional = contract.money(contract.notional(qty, px)?)?;
        let bps = if is_maker { self.maker } else { self.taker };
        // Basis points in units of 1e-9: 1e4 * 1e9.
        let fee = scaled(notional, bps, 10_000_000_000_000)?;
        Ok(self.min_fee.map_or(fee, |least| fee.max(least)))
    }
}

/// A fee in units of 1e-9 of the instrument's currency, with its cheapest and dearest bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Fee {
    pub(crate) value: i128,
    pub(crate) lo: i128,
    /// `None`: not bounded.
    pub(crate) hi: Option<i128>,
    pub(crate) is_estimate: bool,
    pub(crate) is_unknown: bool,
    /// In another currency: the amount says nothing.
    pub(crate) is_foreign: bool,
}

impl Fee {
    pub(crate) const ZERO: Self = Self {
        value: 0,
        lo: 0,
        hi: Some(0),
        is_estimate: false,
        is_unknown: false,
        is_foreign: false,
    };

    pub(crate) fn exact(value: i128) -> Self {
        Self { value, lo: value, hi: Some(value), ..Self::ZERO }
    }

    pub(crate) fn unknown() -> Self {
        Self { hi: None, is_estimate: true, is_unknown: true, ..Self::ZERO }
    }

    /// An estimate at the rates of a source.
    pub(crate) fn estimated(
        rates: FeeRates,
        contract: Contract,
        qty: i128,
        px: i64,
        is_maker: bool,
    ) -> Result<Self, Overflow> {
        let maker = rates.fee(contract, qty, px, true)?;
        let taker = rates.fee(contract, qty, px, false)?;
        Ok(Self {
            value: if is_maker { maker } else { taker },
            lo: maker.min(taker),
            hi: Some(maker.max(taker)),
            is_estimate: true,
            ..Self::ZERO
        })
    }

    pub(crate) fn plus(self, other: Self) -> Result<Self, Overflow> {
        Ok(Self {
            value: self.value.checked_add(other.value).ok_or(Overflow)?,
            lo: self.lo.checked_add(other.lo).ok_or(Overflow)?,
            hi: match self.hi.zip(other.hi) {
                None => None,
                Some((a, b)) => Some(a.checked_add(b).ok_or(Overflow)?),
            },
            is_estimate: self.is_estimate || other.is_estimate,
            is_unknown: self.is_unknown || other.is_unknown,
            is_foreign: self.is_foreign || other.is_foreign,
        })
    }

    /// The same fee, not paid.
    pub(crate) fn negated(self) -> Self {
        Self { value: -self.value, lo: self.hi.map_or(0, |hi| -hi), hi: Some(-self.lo), ..self }
    }

    /// Its parts by quantity.
    pub(crate) fn split(self, weights: &[i128]) -> Result<Vec<Self>, Overflow> {
        let values = apportion(self.value, weights)?;
        let los = apportion(self.lo, weights)?;
        let his = match self.hi {
            None => vec![None; weights.len()],
            Some(hi) => apportion(hi, weights)?.into_iter().map(Some).collect(),
        };
        let parts = values.into_iter().zip(los).zip(his);
        Ok(parts.map(|((value, lo), hi)| Self { value, lo, hi, ..self }).collect())
    }
}

pub(super) fn read(batch: &Batch<FeeSchedules>, out: &mut Vec<Schedule>) -> Result<(), LabelError> {
    use FeeSchedules as F;
    let word = |source: UnknownWord| LabelError::Word { table: "fee_schedules", source };
    for row in 0..batch.len() {
        out.push(Schedule {
            source: batch.cell(&F::SOURCE_ID, row).map_err(word)?.get(),
            account: batch.cell(&F::ACCOUNT_REF, row).map_err(word)?.map(|id| *id.as_bytes()),
            instrument: batch.cell(&F::INSTRUMENT_ID, row).map_err(word)?.map(InstrumentId::get),
            from: batch.cell(&F::VALID_FROM, row).map_err(word)?.nanos(),
            to: batch.cell(&F::VALID_TO, row).map_err(word)?.map(UtcNanos::nanos),
            revision: batch.cell(&F::REVISION, row).map_err(word)?,
            rates: FeeRates {
                maker: nano_bps(batch.cell(&F::MAKER_BPS, row).map_err(word)?),
                taker: nano_bps(batch.cell(&F::TAKER_BPS, row).map_err(word)?),
                min_fee: batch.cell(&F::MIN_FEE, row).map_err(word)?.map(contract::Amount::nanos),
            },
        });
    }
    Ok(())
}

/// Basis points to the nearest 1e-9, ties to even.
#[expect(clippy::cast_possible_truncation, reason = "a fee below 1e18 bps; beyond it saturates")]
fn nano_bps(bps: f64) -> i128 {
    libm::rint(bps * 1e9) as i128
}

/// The most specific row that holds: by account, then instrument; then the lowest source, the greatest revision.
pub(super) fn rates(
    schedules: &[Schedule],
    source: Option<u16>,
    account: Option<Id>,
    instrument: u32,
    at: i64,
) -> Option<FeeRates> {
    let holds = |s: &&Schedule| {
        source.is_none_or(|source| s.source == source)
            && s.account.is_none_or(|a| Some(a) == account)
            && s.instrument.is_none_or(|i| i == instrument)
            && s.from <= at
            && s.to.is_none_or(|to| at < to)
    };
    let rank = |s: &&Schedule| {
        (
            std::cmp::Reverse(s.source),
            s.account.is_some(),
            s.instrument.is_some(),
            s.revision,
            s.from,
        )
    };
    schedules.iter().filter(holds).max_by_key(rank).map(|s| s.rates)
}
