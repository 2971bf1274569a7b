//! The rows of one lookback around a cut-off, swept alone.

use super::draw::Draw;
use super::part::{between, joined, take};
use super::shake::{self, Blind, Ticks};
use super::{Cells, Certifier};
use crate::coverage::Coverage;
use crate::error::SweepError;
use crate::plan::Plan;
use crate::rows::MarketTable;
use crate::run::{Inputs, feed};
use crate::sweep::{Arrival, Options, Sweep};
use crate::window::SECOND;
use contract::{Batch, Decisions, Roles};
use std::collections::BTreeSet;
use std::sync::Arc;

/// How far behind the cut-off rows of the future are taken along.
const AHEAD_NS: i64 = 600 * SECOND;
/// Decisions of one instrument that are looked at together.
const TOGETHER: usize = 6;
/// How far they may lie apart.
const APART_NS: i64 = 60 * SECOND;

/// Rows that were changed, left out or put in.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) rows: u64,
    /// Of those, rows available within a minute from the cut-off on.
    pub(super) next_minute: u64,
}

impl Counts {
    pub(super) fn add(&mut self, ts: impl Iterator<Item = i64>, t: i64) {
        for ts in ts {
            self.rows += 1;
            self.next_minute += u64::from(ts >= t && ts <= t.saturating_add(60 * SECOND));
        }
    }
}

/// What is done to rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Prices, sizes, signs.
    Shake,
    /// About half of them left out.
    Thin,
    /// All of them left out.
    Drop,
    /// Columns that nobody may read, turned around.
    Turn,
    /// Those columns, emptied.
    Null,
}

/// Inputs around one cut-off.
#[derive(Debug, Clone)]
pub(super) struct Local {
    pub(super) t: i64,
    /// The decision at the cut-off.
    pub(super) seq: u64,
    /// Decisions taken together, this one among them.
    pub(super) seqs: Vec<u64>,
    /// Instruments that the decision may ask about.
    pub(super) ids: BTreeSet<u32>,
    pub(super) inputs: Inputs,
}

impl Local {
    /// The same place with other inputs.
    pub(super) fn with(&self, inputs: Inputs) -> Self {
        Self { inputs, ..self.clone() }
    }

    /// Rows of all tick tables whose availability is `inside`, changed.
    pub(super) fn changed(
        &self,
        how: Change,
        inside: &dyn Fn(i64) -> bool,
        draw: &mut Draw,
        counts: &mut Counts,
    ) -> Result<Inputs, SweepError> {
        let inputs = &self.inputs;
        Ok(Inputs {
            quotes: changed(&inputs.quotes, how, inside, draw, counts, self.t)?,
            trades: changed(&inputs.trades, how, inside, draw, counts, self.t)?,
            depths: changed(&inputs.depths, how, inside, draw, counts, self.t)?,
            ..inputs.clone()
        })
    }

    /// The same in one table.
    pub(super) fn changed_in(
        &self,
        table: MarketTable,
        how: Change,
        inside: &dyn Fn(i64) -> bool,
        draw: &mut Draw,
        counts: &mut Counts,
    ) -> Result<Inputs, SweepError> {
        let mut inputs = self.inputs.clone();
        let t = self.t;
        match table {
            MarketTable::Quotes => {
                inputs.quotes = changed(&inputs.quotes, how, inside, draw, counts, t)?;
            }
            MarketTable::Trades => {
                inputs.trades = changed(&inputs.trades, how, inside, draw, counts, t)?;
            }
            MarketTable::Depths => {
                inputs.depths = changed(&inputs.depths, how, inside, draw, counts, t)?;
            }
        }
        Ok(inputs)
    }

    /// The inputs without one reference table each, by its name.
    pub(super) fn without_facts(&self) -> Vec<(&'static str, Inputs)> {
        let inputs = &self.inputs;
        let mut all = Vec::new();
        if !inputs.instruments.is_empty() {
            all.push(("instruments", Inputs { instruments: Vec::new(), ..inputs.clone() }));
        }
        if !inputs.roles.is_empty() {
            all.push(("roles", Inputs { roles: Vec::new(), ..inputs.clone() }));
        }
        if !inputs.sessions.is_empty() {
            all.push(("sessions", Inputs { sessions: Vec::new(), ..inputs.clone() }));
        }
        if !inputs.scheduled_events.is_empty() {
            let scheduled_events = Vec::new();
            all.push(("scheduled_events", Inputs { scheduled_events, ..inputs.clone() }));
        }
        all
    }

    /// The inputs with every trading state turned around, if there is one.
    pub(super) fn turned_statuses(
        &self,
        counts: &mut Counts,
    ) -> Result<Option<Inputs>, SweepError> {
        let known: usize = self.inputs.statuses.iter().map(Batch::len).sum();
        if known == 0 {
            return Ok(None);
        }
        for batch in &self.inputs.statuses {
            counts.add(batch.ts_avail().values().iter().copied(), self.t);
        }
        let turned = self.inputs.statuses.iter().map(shake::turned_statuses);
        let statuses = turned.collect::<Result<Vec<_>, _>>()?;
        Ok(Some(Inputs { statuses, ..self.inputs.clone() }))
    }
}

pub(super) fn changed<T: Ticks>(
    batches: &[Batch<T>],
    how: Change,
    inside: &dyn Fn(i64) -> bool,
    draw: &mut Draw,
    counts: &mut Counts,
    t: i64,
) -> Result<Vec<Batch<T>>, SweepError> {
    let mut out = Vec::with_capacity(batches.len());
    for batch in batches {
        let ts = batch.ts_avail().values();
        let pick: Vec<bool> = ts.iter().map(|ts| inside(*ts)).collect();
        let picked = || ts.iter().zip(&pick).filter(|(_, p)| **p).map(|(ts, _)| *ts);
        if picked().next().is_none() {
            out.push(batch.clone());
            continue;
        }
        out.push(match how {
            Change::Shake => {
                counts.add(picked(), t);
                T::shaken(batch, &pick, draw)?
            }
            Change::Thin => {
                let keeps: Vec<bool> = pick.iter().map(|p| !*p || draw.below(2) == 0).collect();
                kept(batch, &keeps, counts, t)?
            }
            Change::Drop => {
                let keeps: Vec<bool> = pick.iter().map(|p| !*p).collect();
                kept(batch, &keeps, counts, t)?
            }
            Change::Turn => {
                counts.add(ts.iter().copied(), t);
                shake::blind(batch, Blind::Turned)?
            }
            Change::Null => {
                counts.add(ts.iter().copied(), t);
                shake::blind(batch, Blind::Nulled)?
            }
        });
    }
    Ok(out)
}

fn kept<T: Ticks>(
    batch: &Batch<T>,
    keeps: &[bool],
    counts: &mut Counts,
    t: i64,
) -> Result<Batch<T>, SweepError> {
    let gone = batch.ts_avail().values().iter().zip(keeps).filter(|(_, keep)| !**keep);
    counts.add(gone.map(|(ts, _)| *ts), t);
    let rows: Vec<usize> = (0..keeps.len()).filter(|row| keeps.get(*row) == Some(&true)).collect();
    take(batch, &rows)
}

impl<E: From<SweepError>> Certifier<'_, E> {
    /// The rows of one lookback before the decision at a place, and some behind it; `None` without instrument.
    pub(super) fn local(&self, at: usize) -> Result<Option<Local>, SweepError> {
        let Some(chosen) = self.decided.get(at).copied() else { return Ok(None) };
        let Some(own) = chosen.instrument_id else { return Ok(None) };
        let t = chosen.cutoff;
        let before = self.decided.get(..=at).unwrap_or(&[]);
        let near = before.iter().rev().take_while(|d| d.cutoff >= t.saturating_sub(APART_NS));
        let together: Vec<_> =
            near.filter(|d| d.instrument_id == Some(own)).take(TOGETHER).copied().collect();
        let first = together.iter().map(|d| d.cutoff).min().unwrap_or(t);
        let seqs: Vec<u64> = together.iter().rev().map(|d| d.seq).collect();
        // A little more than the longest lookback, so that there is a far past to change.
        let back = self.plan.lookback_ns();
        let back = back.saturating_add(back / 10).saturating_add(60 * SECOND);
        let (from, to) = (first.saturating_sub(back), t.saturating_add(AHEAD_NS));
        let mut ids = BTreeSet::from([own]);
        for batch in &self.inputs.roles {
            let owners = batch.col(&Roles::INSTRUMENT_ID).values();
            let others = batch.col(&Roles::OTHER_INSTRUMENT_ID).values();
            ids.extend(
                owners.iter().zip(others).filter(|(o, _)| **o == own).map(|(_, other)| *other),
            );
        }
        let inputs = Inputs {
            decisions: self.decisions(&seqs)?,
            quotes: between(&self.inputs.quotes, from, to, Some(&ids))?,
            trades: between(&self.inputs.trades, from, to, Some(&ids))?,
            depths: between(&self.inputs.depths, from, to, Some(&ids))?,
            ..self.inputs.clone()
        };
        Ok(Some(Local { t, seq: chosen.seq, seqs, ids, inputs }))
    }

    /// The same place with one decision alone.
    pub(super) fn alone(&self, local: &Local, seq: u64) -> Result<Local, SweepError> {
        let inputs = Inputs { decisions: self.decisions(&[seq])?, ..local.inputs.clone() };
        Ok(local.with(inputs))
    }

    /// Decisions by number, in their order.
    fn decisions(&self, seqs: &[u64]) -> Result<Vec<Batch<Decisions>>, SweepError> {
        let mut places: Vec<(usize, usize)> =
            seqs.iter().filter_map(|seq| self.places.get(seq)).copied().collect();
        places.sort_unstable();
        let mut parts = Vec::new();
        for (batch, row) in places {
            if let Some(batch) = self.inputs.decisions.get(batch) {
                parts.push(batch.slice(row, 1));
            }
        }
        Ok(joined(&parts)?.into_iter().collect())
    }

    /// Cells of local inputs, features prepared from them.
    pub(super) fn sweep(&mut self, inputs: &Inputs) -> Result<Cells, E> {
        let plan = (self.prepare)(inputs)?;
        Ok(self.sweep_as(plan, inputs, None, 1)?)
    }

    /// The same with a plan at hand, and perhaps another coverage.
    pub(super) fn sweep_as(
        &mut self,
        plan: Arc<Plan>,
        inputs: &Inputs,
        coverage: Option<&Coverage>,
        threads: usize,
    ) -> Result<Cells, SweepError> {
        self.swept += inputs.rows();
        let coverage = coverage.unwrap_or(&self.first.coverage).clone();
        let sweep = Sweep::new(plan, options(Arrival::Sorted, threads)).with_coverage(coverage);
        Cells::of(feed(sweep, inputs)?.rows.as_ref())
    }
}

/// Inputs from an instant on, with other decisions.
#[cfg(feature = "testing")]
pub(crate) fn from(
    inputs: &Inputs,
    from: i64,
    decisions: Vec<Batch<Decisions>>,
) -> Result<Inputs, SweepError> {
    Ok(Inputs {
        decisions,
        quotes: between(&inputs.quotes, from, i64::MAX, None)?,
        trades: between(&inputs.trades, from, i64::MAX, None)?,
        depths: between(&inputs.depths, from, i64::MAX, None)?,
        ..inputs.clone()
    })
}

/// Options of a local sweep: no decision comes too late, and nothing is forgotten.
pub(super) fn options(arrival: Arrival, threads: usize) -> Options {
    Options { arrival, threads, keep_ns: i64::MAX / 4, ..Options::default() }
}
