//! Accounts as a whole: snapshots of equity and positions at the start of every slice.

use crate::desk::STRATEGIES;
use crate::emit::{BOOKS, CCY};
use crate::market::Market;
use crate::rng::Rng;
use crate::universe::Universe;
use contract::arrow_array::RecordBatch;
use contract::{
    Amount, Balance, BuildError, EventId, InstrumentId, PortfolioSnapshots, Positions, Price,
    SourceId, TableBuilder, UtcNanos,
};

#[derive(Debug, Clone)]
pub(crate) struct Portfolio {
    /// Deposits less broker fees, by strategy.
    posted: [i128; 4],
    high_water: [i128; 4],
}

#[derive(Debug, Clone)]
struct Held {
    instrument: usize,
    strategy: usize,
    lots: i64,
    mark: i64,
    value: i128,
    cost: i128,
}

#[derive(Debug, Clone, Copy)]
struct Total {
    cash: i128,
    value: i128,
    gross: i128,
    unrealized: i128,
    realized: i128,
    fees: i128,
    orders: u32,
    high_water: i128,
    id: [u8; 16],
}

/// One snapshot of all accounts.
#[derive(Debug)]
pub(crate) struct Shot {
    ts: i64,
    totals: Vec<Total>,
    held: Vec<Held>,
}

impl Portfolio {
    pub(crate) fn new() -> Self {
        Self { posted: [0; 4], high_water: [0; 4] }
    }

    pub(crate) fn post(&mut self, strategy: u8, amount: i128) {
        if let Some(posted) = self.posted.get_mut(usize::from(strategy)) {
            *posted += amount;
        }
    }

    pub(crate) fn shoot(&mut self, marks: &[(&Market, i64)], ts: i64, ids: &mut Rng) -> Shot {
        let mut held = Vec::new();
        let mut totals = Vec::new();
        for s in 0..STRATEGIES.len() {
            let ms = u64::try_from(ts / 1_000_000).unwrap_or(0);
            let id = *EventId::v7(ms, ids.bytes10()).as_bytes();
            let mut t = Total {
                cash: self.posted[s],
                value: 0,
                gross: 0,
                unrealized: 0,
                realized: 0,
                fees: 0,
                orders: 0,
                high_water: 0,
                id,
            };
            for (at, (market, mark)) in marks.iter().enumerate() {
                let position = &market.accounts[s].now;
                t.cash += position.cash;
                t.realized += position.realized;
                t.fees += position.fees;
                t.orders +=
                    u32::try_from(market.orders.values().filter(|o| o.strategy == s).count())
                        .unwrap_or(u32::MAX);
                if position.lots == 0 {
                    continue;
                }
                let value = market.listing.notional(*mark, position.lots);
                let cost = position.cost(&market.listing);
                t.value += value;
                t.gross += value.abs();
                t.unrealized += value - cost;
                held.push(Held {
                    instrument: at,
                    strategy: s,
                    lots: position.lots,
                    mark: *mark,
                    value,
                    cost,
                });
            }
            self.high_water[s] = self.high_water[s].max(t.cash + t.value);
            t.high_water = self.high_water[s];
            totals.push(t);
        }
        Shot { ts, totals, held }
    }
}

impl Shot {
    pub(crate) fn tables(
        &self,
        universe: &Universe,
        accounts: &[[u8; 16]; 4],
    ) -> Result<(RecordBatch, RecordBatch), BuildError> {
        let now = UtcNanos::from_nanos(self.ts);
        let money = |nanos: i128| Amount::from_nanos(nanos).unwrap_or(Amount::ZERO);
        let mut snapshots = TableBuilder::<PortfolioSnapshots>::new(now);
        for (s, t) in self.totals.iter().enumerate() {
            let equity = t.cash + t.value;
            let n = self.held.iter().filter(|h| h.strategy == s).count();
            let margin = t.gross / 10;
            let balance = Balance {
                ccy: CCY.to_owned(),
                total: money(t.cash),
                locked: money(margin),
                free: money(t.cash - margin),
            };
            let drawdown = if t.high_water > 0 {
                (t.high_water - equity) as f64 / t.high_water as f64 * 100.0
            } else {
                0.0
            };
            snapshots
                .set(&PortfolioSnapshots::SOURCE_ID, SourceId::new(BOOKS))
                .set(&PortfolioSnapshots::TS_EVENT, now)
                .set(&PortfolioSnapshots::CLOCK_OFFSET_NS, 0)
                .set(&PortfolioSnapshots::SNAPSHOT_ID, EventId::from_bytes(t.id))
                .set(&PortfolioSnapshots::ACCOUNT_REF, EventId::from_bytes(accounts[s]))
                .set(&PortfolioSnapshots::CCY, CCY)
                .set(&PortfolioSnapshots::EQUITY, money(equity))
                .set(&PortfolioSnapshots::IS_REPORTED, false)
                .set(&PortfolioSnapshots::CASH, money(t.cash))
                .set(&PortfolioSnapshots::GROSS_EXPOSURE, money(t.gross))
                .set(&PortfolioSnapshots::NET_EXPOSURE, money(t.value))
                .set(&PortfolioSnapshots::MARGIN_INITIAL, money(margin))
                .set(&PortfolioSnapshots::MARGIN_MAINTENANCE, money(margin / 2))
                .set(&PortfolioSnapshots::UNREALIZED_PNL, money(t.unrealized))
                .set(&PortfolioSnapshots::REALIZED_PNL_DAY, money(t.realized))
                .set(&PortfolioSnapshots::FEES_DAY, money(t.fees))
                .set(&PortfolioSnapshots::HIGH_WATER, money(t.high_water))
                .set(
                    &PortfolioSnapshots::LEVERAGE,
                    (equity > 0).then(|| t.gross as f64 / equity as f64),
                )
                .set(&PortfolioSnapshots::DRAWDOWN_PCT, drawdown)
                .set(&PortfolioSnapshots::N_POSITIONS, u32::try_from(n).unwrap_or(u32::MAX))
                .set(&PortfolioSnapshots::N_OPEN_ORDERS, t.orders)
                .set(&PortfolioSnapshots::STRATEGY_ID, STRATEGIES[s])
                .set(&PortfolioSnapshots::MARK_SOURCE, "best_bid")
                .set(&PortfolioSnapshots::BALANCES, [balance].as_slice());
            snapshots.end_row()?;
        }
        let mut positions = TableBuilder::<Positions>::new(now);
        for h in &self.held {
            let listing = &universe.listings[h.instrument];
            let qty = i128::from(h.lots) * i128::from(listing.lot);
            positions
                .set(&Positions::SOURCE_ID, SourceId::new(BOOKS))
                .set(&Positions::INSTRUMENT_ID, InstrumentId::new(listing.id))
                .set(&Positions::TS_EVENT, now)
                .set(&Positions::CLOCK_OFFSET_NS, 0)
                .set(&Positions::SNAPSHOT_ID, EventId::from_bytes(self.totals[h.strategy].id))
                .set(&Positions::ACCOUNT_REF, EventId::from_bytes(accounts[h.strategy]))
                .set(&Positions::QTY, money(qty))
                .set(&Positions::STRATEGY_ID, STRATEGIES[h.strategy])
                .set(&Positions::CCY, CCY)
                .set(&Positions::COST_BASIS, money(h.cost))
                .set(&Positions::UNREALIZED_PNL, money(h.value - h.cost))
                .set(&Positions::MARK_PX, Price::from_nanos(h.mark))
                .set(&Positions::TS_MARK, now);
            positions.end_row()?;
        }
        Ok((snapshots.finish()?.into_record_batch(), positions.finish()?.into_record_batch()))
    }
}
