//! Reference data: what instruments, sessions, fees and scales are.

mod fees;

pub(crate) use fees::{Fee, FeeRates};

use crate::error::LabelError;
use crate::exact::Contract;
use crate::rows::Id;
use contract::{
    AdjustmentKind, Adjustments, Batch, FeeSchedules, InstrumentId, Instruments, References,
    SessionPhase, Sessions, UnknownWord, UtcNanos,
};
use fees::Schedule;
use std::collections::BTreeMap;
use std::sync::Arc;

/// An instrument as it is from one instant to another.
#[derive(Debug, Clone)]
pub(crate) struct Instrument {
    from: i64,
    to: Option<i64>,
    revision: u16,
    pub(crate) contract: Contract,
    pub(crate) tick: Option<i64>,
    /// Currency of its money: quote currency, of an inverse contract that of settlement.
    pub(crate) ccy: Option<Arc<str>>,
    calendar: Option<Arc<str>>,
}

/// A split, dividend or spin-off.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Action {
    pub(crate) at: i64,
    kind: AdjustmentKind,
    revision: u16,
    num: i64,
    den: i64,
}

impl Action {
    /// What it multiplies quantities by.
    pub(crate) fn ratio(&self) -> Option<(i128, i128)> {
        let scales = matches!(self.kind, AdjustmentKind::Split | AdjustmentKind::StockDividend);
        (scales && self.num > 0 && self.den > 0)
            .then(|| (i128::from(self.num), i128::from(self.den)))
    }
}

/// Scales of one decision, given by the caller.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scales {
    pub(crate) avail: i64,
    pub(crate) sigma_bps: Option<f64>,
    pub(crate) beta: Option<f64>,
    pub(crate) expected_cost_bps: Option<f64>,
    pub(crate) benchmark: Option<u32>,
}

/// A phase of trading with its revision.
type Phases = BTreeMap<(Box<str>, i64), (u16, i64)>;

/// Everything that is known of instruments.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    instruments: BTreeMap<u32, Vec<Instrument>>,
    sessions: BTreeMap<Arc<str>, Phases>,
    actions: BTreeMap<u32, Vec<Action>>,
    schedules: Vec<Schedule>,
    scales: BTreeMap<Id, Scales>,
}

fn word(table: &'static str) -> impl Fn(UnknownWord) -> LabelError {
    move |source| LabelError::Word { table, source }
}

impl Facts {
    pub(crate) fn add_instruments(&mut self, batch: &Batch<Instruments>) -> Result<(), LabelError> {
        use Instruments as I;
        let word = word("instruments");
        for row in 0..batch.len() {
            let id = batch.cell(&I::INSTRUMENT_ID, row).map_err(&word)?.get();
            let is_inverse = batch.cell(&I::IS_INVERSE, row).map_err(&word)?;
            let quote = Some(batch.cell(&I::QUOTE_CCY, row).map_err(&word)?);
            let base = batch.cell(&I::BASE_CCY, row).map_err(&word)?;
            let settle = batch.cell(&I::SETTLE_CCY, row).map_err(&word)?;
            let ccy = if is_inverse { settle.or(base) } else { quote };
            let fact = Instrument {
                from: batch.cell(&I::VALID_FROM, row).map_err(&word)?.nanos(),
                to: batch.cell(&I::VALID_TO, row).map_err(&word)?.map(UtcNanos::nanos),
                revision: batch.cell(&I::REVISION, row).map_err(&word)?,
                contract: Contract {
                    multiplier: batch.cell(&I::MULTIPLIER, row).map_err(&word)?.nanos(),
                    is_inverse,
                },
                tick: batch.cell(&I::TICK_SIZE, row).map_err(&word)?.map(contract::Price::nanos),
                ccy: ccy.map(Arc::from),
                calendar: batch.cell(&I::CALENDAR_ID, row).map_err(&word)?.map(Arc::from),
            };
            self.instruments.entry(id).or_default().push(fact);
        }
        Ok(())
    }

    pub(crate) fn add_sessions(&mut self, batch: &Batch<Sessions>) -> Result<(), LabelError> {
        use Sessions as S;
        let word = word("sessions");
        for row in 0..batch.len() {
            if batch.cell(&S::PHASE, row).map_err(&word)? != SessionPhase::Regular {
                continue;
            }
            let calendar = Arc::from(batch.cell(&S::CALENDAR_ID, row).map_err(&word)?);
            let date = batch.cell(&S::LOCAL_DATE, row).map_err(&word)?;
            let start = batch.cell(&S::TS_START, row).map_err(&word)?.nanos();
            let end = batch.cell(&S::TS_END, row).map_err(&word)?.nanos();
            let revision = batch.cell(&S::REVISION, row).map_err(&word)?;
            let known = self.sessions.entry(calendar).or_default();
            let phase = known.entry((date.into(), start)).or_insert((revision, end));
            if revision >= phase.0 {
                *phase = (revision, end);
            }
        }
        Ok(())
    }

    pub(crate) fn add_adjustments(&mut self, batch: &Batch<Adjustments>) -> Result<(), LabelError> {
        use Adjustments as A;
        let word = word("adjustments");
        for row in 0..batch.len() {
            let kind = batch.cell(&A::KIND, row).map_err(&word)?;
            if kind == AdjustmentKind::Rename {
                continue;
            }
            let action = Action {
                at: batch.cell(&A::TS_EFFECTIVE, row).map_err(&word)?.nanos(),
                kind,
                revision: batch.cell(&A::REVISION, row).map_err(&word)?,
                num: batch.cell(&A::NUM, row).map_err(&word)?.unwrap_or(0),
                den: batch.cell(&A::DEN, row).map_err(&word)?.unwrap_or(0),
            };
            let id = batch.cell(&A::INSTRUMENT_ID, row).map_err(&word)?.get();
            let known = self.actions.entry(id).or_default();
            let same = known.iter_mut().find(|a| a.at == action.at && a.kind == action.kind);
            match same {
                Some(same) if action.revision >= same.revision => *same = action,
                Some(_) => {}
                None => known.push(action),
            }
            known.sort_by_key(|action| action.at);
        }
        Ok(())
    }

    pub(crate) fn add_fees(&mut self, batch: &Batch<FeeSchedules>) -> Result<(), LabelError> {
        fees::read(batch, &mut self.schedules)
    }

    pub(crate) fn add_references(&mut self, batch: &Batch<References>) -> Result<(), LabelError> {
        use References as R;
        let word = word("references");
        for row in 0..batch.len() {
            let scales = Scales {
                avail: batch.cell(&R::TS_AVAIL, row).map_err(&word)?.nanos(),
                sigma_bps: batch.cell(&R::SIGMA_BPS, row).map_err(&word)?,
                beta: batch.cell(&R::BETA, row).map_err(&word)?,
                expected_cost_bps: batch.cell(&R::EXPECTED_COST_BPS, row).map_err(&word)?,
                benchmark: batch.cell(&R::BENCHMARK_ID, row).map_err(&word)?.map(InstrumentId::get),
            };
            let id = *batch.cell(&R::DECISION_ID, row).map_err(&word)?.as_bytes();
            self.scales.insert(id, scales);
        }
        Ok(())
    }

    /// The instrument at an instant; `Err` when others are known and this one is not.
    pub(crate) fn instrument(&self, id: u32, at: i64) -> Result<Option<&Instrument>, ()> {
        let Some(known) = self.instruments.get(&id) else {
            return if self.instruments.is_empty() { Ok(None) } else { Err(()) };
        };
        let valid = known.iter().filter(|i| i.from <= at && i.to.is_none_or(|to| at < to));
        // A row that is valid, else the nearest thing to one: prices do not stop to mean something.
        Ok(valid.max_by_key(|i| i.revision).or_else(|| known.iter().max_by_key(|i| i.from)))
    }

    pub(crate) fn contract(&self, id: u32, at: i64) -> Contract {
        self.instrument(id, at).ok().flatten().map_or(Contract::ONE, |i| i.contract)
    }

    /// End of the first regular session that ends in `(after, until]`.
    pub(crate) fn session_end(&self, id: u32, after: i64, until: i64) -> Option<i64> {
        let instrument = self.instrument(id, after).ok().flatten()?;
        let sessions = self.sessions.get(instrument.calendar.as_ref()?)?;
        let ends = sessions.values().map(|(_, end)| *end);
        ends.filter(|end| *end > after && *end <= until).min()
    }

    /// Splits, dividends and spin-offs of an instrument, in order.
    pub(crate) fn actions(&self, id: u32) -> &[Action] {
        self.actions.get(&id).map_or(&[], Vec::as_slice)
    }

    /// The first of them in `(after, until]`.
    pub(crate) fn action_in(&self, id: u32, after: i64, until: i64) -> Option<i64> {
        self.actions(id).iter().map(|a| a.at).find(|at| *at > after && *at <= until)
    }

    pub(crate) fn scales(&self, decision: &Id) -> Option<Scales> {
        self.scales.get(decision).copied()
    }

    pub(crate) fn benchmarks(&self) -> std::collections::BTreeSet<u32> {
        self.scales.values().filter_map(|scales| scales.benchmark).collect()
    }

    pub(crate) fn forget_scales(&mut self, decision: &Id) {
        self.scales.remove(decision);
    }

    /// Fees of a fill at a source.
    pub(crate) fn fee_rates(
        &self,
        source: Option<u16>,
        account: Option<Id>,
        instrument: u32,
        at: i64,
    ) -> Option<FeeRates> {
        fees::rates(&self.schedules, source, account, instrument, at)
    }
}
