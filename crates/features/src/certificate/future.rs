//! Rows from a cut-off on: left out, or many more of them, some about rows before it.

use super::draw::Draw;
use super::local::{Counts, Local};
use super::part::{Edits, between, joined, renumbered, restamped, split, stamps, take};
use super::shake::{Facts, Ticks};
use crate::error::SweepError;
use crate::run::Inputs;
use crate::window::SECOND;
use arrow_array::{Array, UInt8Array, new_null_array};
use contract::{
    Batch, BuildError, Column, EventTable, FeedMarks, InstrumentId, Instruments, MarkKind, Roles,
    ScheduledEvents, Sessions, SourceId, Statuses, Table, TableBuilder, Trades, UtcNanos, kind,
};
use std::collections::BTreeSet;

/// Rows before the cut-off that are told again at it.
const ECHOES: usize = 8;
/// Trades that are corrected or cancelled later.
const AMENDED: usize = 24;
/// Numbers of rows that were put in: behind those of any log.
const FIRST_SEQ: u64 = 1 << 62;
/// So many numbers a table.
const SEQS: u64 = 1 << 40;

/// Everything that becomes known at or after `t` left out, reference rows included.
pub(super) fn deleted(inputs: &Inputs, t: i64, counts: &mut Counts) -> Result<Inputs, SweepError> {
    fn before<T: EventTable>(
        batches: &[Batch<T>],
        t: i64,
        counts: &mut Counts,
    ) -> Result<Vec<Batch<T>>, SweepError> {
        for batch in batches {
            counts.add(batch.ts_avail().values().iter().copied().filter(|ts| *ts >= t), t);
        }
        between(batches, i64::MIN, t, None)
    }
    fn known<T: Table>(
        batches: &[Batch<T>],
        ts_avail: &Column<T, kind::Ts>,
        t: i64,
        counts: &mut Counts,
    ) -> Result<Vec<Batch<T>>, SweepError> {
        let mut out = Vec::new();
        for batch in batches {
            let stamps = batch.col(ts_avail).values();
            counts.add(stamps.iter().copied().filter(|ts| *ts >= t), t);
            let early = stamps.iter().enumerate().filter(|(_, ts)| **ts < t);
            out.push(take(batch, &early.map(|(row, _)| row).collect::<Vec<_>>())?);
        }
        Ok(out)
    }
    Ok(Inputs {
        decisions: inputs.decisions.clone(),
        quotes: before(&inputs.quotes, t, counts)?,
        trades: before(&inputs.trades, t, counts)?,
        depths: before(&inputs.depths, t, counts)?,
        statuses: before(&inputs.statuses, t, counts)?,
        feed_marks: before(&inputs.feed_marks, t, counts)?,
        ledger_gaps: inputs.ledger_gaps.clone(),
        instruments: known(&inputs.instruments, &Instruments::TS_AVAIL, t, counts)?,
        roles: known(&inputs.roles, &Roles::TS_AVAIL, t, counts)?,
        sessions: known(&inputs.sessions, &Sessions::TS_AVAIL, t, counts)?,
        scheduled_events: known(&inputs.scheduled_events, &ScheduledEvents::TS_AVAIL, t, counts)?,
        feature_params: inputs.feature_params.clone(),
    })
}

/// Rows put in from `t` on: the last ones again with other values, the later ones twice, corrections and cancels of
/// earlier trades, halts and gaps that turn out to have been before, later revisions of every reference row.
pub(super) fn flooded(
    local: &Local,
    draw: &mut Draw,
    counts: &mut Counts,
) -> Result<Inputs, SweepError> {
    let inputs = &local.inputs;
    let t = local.t;
    let amendments = amendments(&inputs.trades, t, draw)?;
    Ok(Inputs {
        quotes: echoed(&inputs.quotes, None, t, FIRST_SEQ, draw, counts)?,
        trades: echoed(&inputs.trades, amendments, t, FIRST_SEQ + SEQS, draw, counts)?,
        depths: echoed(&inputs.depths, None, t, FIRST_SEQ + 2 * SEQS, draw, counts)?,
        statuses: halted(local, counts)?,
        feed_marks: gaps(local, counts)?,
        instruments: revised(&inputs.instruments, t, counts)?,
        roles: revised(&inputs.roles, t, counts)?,
        sessions: revised(&inputs.sessions, t, counts)?,
        scheduled_events: revised(&inputs.scheduled_events, t, counts)?,
        ..inputs.clone()
    })
}

fn revised<T: Facts>(
    batches: &[Batch<T>],
    t: i64,
    counts: &mut Counts,
) -> Result<Vec<Batch<T>>, SweepError> {
    let mut out = batches.to_vec();
    for batch in batches {
        counts.add((0..batch.len()).map(|_| t), t);
        out.push(T::revised(batch, Some(t))?);
    }
    Ok(out)
}

/// The rows before `t`, then the last of them again from `t` on, then the later ones twice, and others.
fn echoed<T: Ticks>(
    batches: &[Batch<T>],
    others: Option<Batch<T>>,
    t: i64,
    first_seq: u64,
    draw: &mut Draw,
    counts: &mut Counts,
) -> Result<Vec<Batch<T>>, SweepError> {
    let Some(all) = joined(batches)? else { return Ok(Vec::new()) };
    let (past, later) = split(&all, t);
    let last = past.slice(past.len().saturating_sub(ECHOES), ECHOES);
    let echo = T::shaken(&last, &vec![true; last.len()], draw)?;
    let echo = restamped(&echo, T::ts_avail(), |_| t)?;
    let twice: Vec<usize> = (0..later.len()).flat_map(|row| [row, row]).collect();
    let mut added = vec![echo, take(&later, &twice)?];
    counts.add(later.ts_avail().values().iter().copied(), t);
    counts.add((0..last.len()).map(|_| t), t);
    if let Some(others) = others {
        counts.add(others.ts_avail().values().iter().copied(), t);
        added.push(others);
    }
    let mut out = vec![past];
    out.extend(renumbered(&added, first_seq)?);
    Ok(out)
}

/// Corrections and cancels, known from `t` on, of trades before it.
fn amendments(
    batches: &[Batch<Trades>],
    t: i64,
    draw: &mut Draw,
) -> Result<Option<Batch<Trades>>, SweepError> {
    let Some(all) = joined(batches)? else { return Ok(None) };
    let (past, _) = split(&all, t);
    let ids = past.col(&Trades::TRADE_ID);
    let actions = past.col(&Trades::ACTION).values();
    let named = |row: &usize| !ids.is_null(*row) && actions.get(*row) == Some(&b'T');
    let rows: Vec<usize> = (0..past.len()).rev().filter(named).take(AMENDED).collect();
    if rows.is_empty() {
        return Ok(None);
    }
    let meant = take(&past, &rows)?;
    let shaken = Trades::shaken(&meant, &vec![true; meant.len()], draw)?;
    let mut edits = Edits::default();
    let letters = (0..shaken.len()).map(|row| if row % 2 == 0 { b'X' } else { b'C' });
    edits.put(&Trades::ACTION, letters.collect::<Vec<u8>>().into_iter().collect::<UInt8Array>());
    edits.put(&Trades::REF_TRADE_ID, meant.col(&Trades::TRADE_ID).clone());
    let none = new_null_array(meant.col(&Trades::TRADE_ID).data_type(), meant.len());
    edits.put_any(Trades::TRADE_ID.name(), none);
    edits.put(&Trades::TS_AVAIL, stamps((t..).take(shaken.len()).map(Some)));
    Ok(Some(edits.apply(&shaken)?))
}

fn built(error: &BuildError) -> SweepError {
    SweepError::Output(error.to_string())
}

/// The states before `t`, then a halt a nanosecond before `t` that is told at `t`, of every instrument.
fn halted(local: &Local, counts: &mut Counts) -> Result<Vec<Batch<Statuses>>, SweepError> {
    let t = local.t;
    let mut out = between(&local.inputs.statuses, i64::MIN, t, None)?;
    let mut rows = TableBuilder::<Statuses>::new(UtcNanos::from_nanos(t));
    for id in &local.ids {
        rows.set(&Statuses::SOURCE_ID, SourceId::new(1))
            .set(&Statuses::INSTRUMENT_ID, InstrumentId::new(*id))
            .set(&Statuses::TS_EVENT, UtcNanos::from_nanos(t.saturating_sub(1)))
            .set(&Statuses::ACTION, "halt")
            .set(&Statuses::IS_TRADING, false)
            .set(&Statuses::IS_QUOTING, false)
            .set(&Statuses::REVISION, 60_000_u16);
        rows.end_row().map_err(|e| built(&e))?;
    }
    let draft = rows.finish().map_err(|e| built(&e))?;
    counts.add((0..draft.len()).map(|_| t), t);
    out.push(draft.with_seq(FIRST_SEQ + 3 * SEQS));
    Ok(out)
}

/// The marks before `t`, then a gap of the last seconds that is told at `t`, of every source.
fn gaps(local: &Local, counts: &mut Counts) -> Result<Vec<Batch<FeedMarks>>, SweepError> {
    fn sources<T: EventTable>(batches: &[Batch<T>], into: &mut BTreeSet<u16>) {
        for batch in batches {
            into.extend(batch.source_id().values());
        }
    }
    let t = local.t;
    let inputs = &local.inputs;
    let mut out = between(&inputs.feed_marks, i64::MIN, t, None)?;
    let mut known = BTreeSet::new();
    sources(&inputs.quotes, &mut known);
    sources(&inputs.trades, &mut known);
    sources(&inputs.depths, &mut known);
    let mut rows = TableBuilder::<FeedMarks>::new(UtcNanos::from_nanos(t));
    for source in known {
        rows.set(&FeedMarks::SOURCE_ID, SourceId::new(source))
            .set(&FeedMarks::KIND, MarkKind::Gap)
            .set(&FeedMarks::TS_FROM, UtcNanos::from_nanos(t.saturating_sub(3 * SECOND)))
            .set(&FeedMarks::TS_TO, UtcNanos::from_nanos(t));
        rows.end_row().map_err(|e| built(&e))?;
    }
    let draft = rows.finish().map_err(|e| built(&e))?;
    counts.add((0..draft.len()).map(|_| t), t);
    out.push(draft.with_seq(FIRST_SEQ + 4 * SEQS));
    Ok(out)
}
