//! Whether a feature moves when what it declares does: a certificate of something that never moves is worth nothing.

use super::local::{Change, Counts, Local};
use super::part::{renumbered, restamped, split, take};
use super::shake::{Facts, Ticks, ended};
use super::{Cells, Certifier};
use crate::coverage::Coverage;
use crate::error::SweepError;
use crate::rows::MarketTable;
use crate::run::Inputs;
use contract::{Batch, Reaction};
use std::collections::{BTreeMap, BTreeSet};

/// Rows that are moved into the oldest tenth of a lookback.
const MOVED: usize = 200;
/// Numbers a table of moved rows.
const TABLE_SEQS: u64 = 1 << 32;

/// What moved a feature so far.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Moves {
    /// Rows inside its lookback.
    any: bool,
    /// Those of its oldest tenth.
    oldest: bool,
}

impl Moves {
    pub(super) fn reaction(self) -> Reaction {
        match (self.any, self.oldest) {
            (_, true) => Reaction::Reactive,
            (true, false) => Reaction::Loose,
            (false, false) => Reaction::Unreactive,
        }
    }
}

impl<E: From<SweepError>> Certifier<'_, E> {
    /// C5.
    pub(super) fn reaction(&mut self, local: &Local, base: &Cells) -> Result<(), E> {
        let alone = self.alone(local, local.seq)?;
        let before = local.t;
        let inside = move |ts: i64| ts < before;
        // Not perturbations that must not matter, so they are not counted among those.
        let mut counts = Counts::default();
        for how in [Change::Shake, Change::Thin, Change::Drop] {
            if self.is_settled(|moves| moves.any) {
                break;
            }
            let changed = alone.changed(how, &inside, &mut self.draw, &mut counts)?;
            let found = self.sweep(&changed)?;
            self.react(base, &found, &|_| true, false);
        }
        if !self.is_settled(|moves| moves.any) {
            for changed in [revised(&alone.inputs)?, closed(&alone.inputs)?] {
                let found = self.sweep(&changed)?;
                self.react(base, &found, &|_| true, false);
            }
        }
        self.oldest(&alone)
    }

    fn is_settled(&self, of: impl Fn(&Moves) -> bool) -> bool {
        self.tallies.iter().all(|tally| of(&tally.moves))
    }

    fn react(&mut self, base: &Cells, found: &Cells, of: &dyn Fn(usize) -> bool, oldest: bool) {
        for (seq, row) in &found.rows {
            let Some(other) = base.rows.get(seq) else { continue };
            let cells = row.iter().zip(other).zip(&mut self.tallies).enumerate();
            for (at, ((cell, other), tally)) in cells.filter(|(at, _)| of(*at)) {
                // From value to value: that a value comes or goes says nothing of the formula.
                let moved = cell.1 == 0 && other.1 == 0 && cell != other;
                let facts_only = self.plan.features.get(at).is_some_and(|p| p.lookback_ns == 0);
                if oldest {
                    // The formula is known to react; how far it reaches shows in a value that goes as well.
                    tally.moves.oldest |= cell != other;
                } else {
                    tally.moves.any |= moved;
                    tally.moves.oldest |= moved && facts_only;
                }
            }
        }
    }

    /// The oldest tenth of each lookback: rows are moved there, and what lies behind it is thinned out in several ways,
    /// since on a busy tape hardly anything reaches that far.
    fn oldest(&mut self, alone: &Local) -> Result<(), E> {
        let mut groups: BTreeMap<(i64, i64), BTreeSet<usize>> = BTreeMap::new();
        for (at, (planned, tally)) in self.plan.features.iter().zip(&self.tallies).enumerate() {
            if tally.moves.any && !tally.moves.oldest {
                let window = planned.feature.needs().warm_up_ns();
                groups.entry((planned.lookback_ns, window)).or_default().insert(at);
            }
        }
        let coverage = Self::everything(alone);
        for ((back, window), mut members) in groups {
            let span = Oldest::of(alone.t, back, window);
            for tail in [Tail::Window, Tail::Some, Tail::Trades, Tail::None, Tail::All] {
                members.retain(|at| self.tallies.get(*at).is_some_and(|t| !t.moves.oldest));
                if members.is_empty() {
                    break;
                }
                let thin = alone.with(span.tape(&alone.inputs, tail)?);
                let plan = (self.prepare)(&thin.inputs)?;
                let base = self.sweep_as(plan, &thin.inputs, Some(&coverage), 1)?;
                let (from, to) = (span.from, span.to);
                let inside = move |ts: i64| ts >= from && ts < to;
                let mut counts = Counts::default();
                for how in [Change::Shake, Change::Drop] {
                    let changed = thin.changed(how, &inside, &mut self.draw, &mut counts)?;
                    let plan = (self.prepare)(&changed)?;
                    let found = self.sweep_as(plan, &changed, Some(&coverage), 1)?;
                    self.react(&base, &found, &|at| members.contains(&at), true);
                }
            }
        }
        Ok(())
    }

    /// Coverage that reaches over everything, so that a short history does not stand in the way.
    fn everything(local: &Local) -> Coverage {
        fn add<T: Ticks>(batches: &[Batch<T>], coverage: &mut Coverage) {
            for batch in batches {
                let rows = batch.source_id().values().iter().zip(batch.instrument_id().values());
                for (source, id) in rows.collect::<BTreeSet<_>>() {
                    coverage.instrument(T::MARKET, *id, *source, i64::MIN);
                }
            }
        }
        let mut coverage = Coverage::new();
        add(&local.inputs.quotes, &mut coverage);
        add(&local.inputs.trades, &mut coverage);
        add(&local.inputs.depths, &mut coverage);
        coverage
    }
}

/// What stays behind the oldest tenth.
#[derive(Debug, Clone, Copy)]
enum Tail {
    /// Rows of the window itself.
    Window,
    /// A few rows of it.
    Some,
    /// Trades and books of it, but no quotes.
    Trades,
    /// Nothing.
    None,
    /// All rows.
    All,
}

/// The oldest tenth of a lookback.
#[derive(Debug, Clone, Copy)]
struct Oldest {
    from: i64,
    to: i64,
    /// Start of the window.
    window: i64,
    t: i64,
}

impl Oldest {
    fn of(t: i64, back: i64, window: i64) -> Self {
        let from = t.saturating_sub(back);
        let to = from.saturating_add((back / 10).max(1));
        Self { from, to, window: t.saturating_sub(window).max(to), t }
    }

    /// Inputs whose last rows are moved into the tenth, with what stays behind them.
    fn tape(&self, inputs: &Inputs, tail: Tail) -> Result<Inputs, SweepError> {
        Ok(Inputs {
            quotes: self.table(&inputs.quotes, tail)?,
            trades: self.table(&inputs.trades, tail)?,
            depths: self.table(&inputs.depths, tail)?,
            feed_marks: Vec::new(),
            ledger_gaps: Vec::new(),
            statuses: Vec::new(),
            ..inputs.clone()
        })
    }

    fn table<T: Ticks>(
        &self,
        batches: &[Batch<T>],
        tail: Tail,
    ) -> Result<Vec<Batch<T>>, SweepError> {
        let Some(all) = super::part::joined(batches)? else { return Ok(Vec::new()) };
        let (past, _) = split(&all, self.t);
        let last = past.slice(past.len().saturating_sub(MOVED), MOVED);
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let step = (self.to - self.from) / count(last.len().max(1));
        let moved = restamped(&last, T::ts_avail(), |row| {
            let behind = count(last.len() - row).saturating_mul(step.max(1));
            self.to.saturating_sub(behind).max(self.from)
        })?;
        let ts = past.ts_avail().values();
        let stays = |row: &usize| {
            let ts = ts.get(*row).copied().unwrap_or(i64::MIN);
            match tail {
                Tail::Window => ts >= self.window,
                Tail::Some => ts >= self.window && row.is_multiple_of(16),
                Tail::Trades => T::MARKET != MarketTable::Quotes && ts >= self.window,
                Tail::None => false,
                Tail::All => ts >= self.to,
            }
        };
        let rows: Vec<usize> = (0..past.len()).filter(stays).collect();
        let first = 1 + TABLE_SEQS
            * match T::MARKET {
                MarketTable::Quotes => 0,
                MarketTable::Trades => 1,
                MarketTable::Depths => 2,
            };
        Ok(renumbered(&[moved, take(&past, &rows)?], first)?.into_iter().collect())
    }
}

fn revised(inputs: &Inputs) -> Result<Inputs, SweepError> {
    fn all<T: Facts>(batches: &[Batch<T>]) -> Result<Vec<Batch<T>>, SweepError> {
        batches.iter().map(|batch| T::revised(batch, None)).collect()
    }
    Ok(Inputs {
        instruments: all(&inputs.instruments)?,
        roles: all(&inputs.roles)?,
        sessions: all(&inputs.sessions)?,
        scheduled_events: all(&inputs.scheduled_events)?,
        ..inputs.clone()
    })
}

/// No phase lasts until the cut-off.
fn closed(inputs: &Inputs) -> Result<Inputs, SweepError> {
    let sessions = inputs.sessions.iter().map(ended).collect::<Result<_, _>>()?;
    Ok(Inputs { sessions, ..inputs.clone() })
}
