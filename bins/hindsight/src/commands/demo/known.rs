//! What could be known: cells are those of a plain reading of what had come, and the trap of event times is live.

use super::Done;
use super::columns::{Columns, batches};
use super::report::{Line, Verdict};
use super::world::World;
use crate::commands::capture::TableRows;
use crate::context::Context;
use crate::error::Failure;
use arrow_array::RecordBatch;
use std::collections::BTreeMap;

/// The feature that a plain reading gives too.
const SPREAD: &str = "book__spread_bps__now";

pub(super) fn check(world: &World, run: &Done, context: &Context) -> Result<Vec<Line>, Failure> {
    let features = batches(&run.dir().join("features").join("features.parquet"), context)?;
    Ok(vec![
        available(&features)?,
        plain(world, &features, context)?,
        trap(world, &features, context)?,
    ])
}

/// Every row's sources were available before its cut-off.
fn available(features: &[RecordBatch]) -> Result<Line, Failure> {
    let (mut rows, mut wrong, mut margin) = (0_u64, 0_u64, i64::MAX);
    for batch in features {
        let columns = Columns(batch);
        for (cutoff, last) in
            columns.times("ts_cutoff")?.into_iter().zip(columns.times("src_ts_avail_max")?)
        {
            rows += 1;
            if let (Some(cutoff), Some(last)) = (cutoff, last) {
                wrong += u64::from(last >= cutoff);
                margin = margin.min(cutoff - last);
            }
        }
    }
    let said =
        format!("{wrong} of {rows} rows; the nearest source was {margin} ns before its decision");
    Ok(Line::new(
        Verdict::of(wrong == 0 && rows > 0),
        "feature rows that read what came later",
        said,
    ))
}

/// A decision, and what a plain reading says of it.
struct Asked {
    cutoff: i64,
    cell: Option<f64>,
    /// Bid and ask of the last quote that had come.
    last: Option<(i64, i64)>,
}

/// The spread at every decision, from the last quote of the log that had come before it: no engine, a loop over the log.
fn plain(world: &World, features: &[RecordBatch], context: &Context) -> Result<Line, Failure> {
    let mut asked: BTreeMap<i64, Vec<Asked>> = BTreeMap::new();
    for batch in features {
        let columns = Columns(batch);
        let cells = columns.times("ts_cutoff")?.into_iter().zip(columns.numbers(SPREAD)?);
        for (instrument, (cutoff, cell)) in columns.whole("instrument_id")?.into_iter().zip(cells) {
            if let (Some(instrument), Some(cutoff)) = (instrument, cutoff) {
                asked.entry(instrument).or_default().push(Asked { cutoff, cell, last: None });
            }
        }
    }
    // By instrument: the next decision to answer, and the quote that stands.
    let mut open: BTreeMap<i64, (usize, Option<(i64, i64)>)> = BTreeMap::new();
    let answer = |of: &mut Vec<Asked>, state: &mut (usize, Option<(i64, i64)>), until: i64| {
        while let Some(next) = of.get_mut(state.0).filter(|next| next.cutoff <= until) {
            next.last = state.1;
            state.0 += 1;
        }
    };
    for of in asked.values_mut() {
        of.sort_by_key(|asked| asked.cutoff);
    }
    let mut rows = TableRows::open(&world.log(), "quotes")?;
    while let Some(batch) = rows.next_batch()? {
        context.stop.check()?;
        let columns = Columns(&batch);
        let prices = columns.whole("bid_px")?.into_iter().zip(columns.whole("ask_px")?);
        let keys = columns.whole("instrument_id")?.into_iter().zip(columns.times("ts_avail")?);
        for ((instrument, avail), (bid, ask)) in keys.zip(prices) {
            let (Some(instrument), Some(avail)) = (instrument, avail) else { continue };
            let Some(of) = asked.get_mut(&instrument) else { continue };
            let state = open.entry(instrument).or_default();
            answer(of, state, avail);
            state.1 = bid.zip(ask);
        }
    }
    for (instrument, of) in &mut asked {
        answer(of, open.entry(*instrument).or_default(), i64::MAX);
    }
    let (mut equal, mut other, mut empty) = (0_u64, 0_u64, 0_u64);
    for asked in asked.values().flatten() {
        let spread = asked.last.map(|(bid, ask)| 2e4 * (ask - bid) as f64 / (ask + bid) as f64);
        match (asked.cell, spread) {
            (Some(cell), Some(spread)) if (cell - spread).abs() <= 1e-9 * spread.abs() => {
                equal += 1;
            }
            (Some(_), _) => other += 1,
            (None, _) => empty += 1,
        }
    }
    let said = format!(
        "{equal} of {} cells of {SPREAD}, {other} differ, {empty} more are empty",
        equal + other
    );
    let what = "cells are what a plain reading of the log gives: the last quote that had come";
    Ok(Line::new(Verdict::of(other == 0 && equal > empty), what, said))
}

/// Decisions whose last quote by event time was not available yet: a join by `ts_event` would have read it.
fn trap(world: &World, features: &[RecordBatch], context: &Context) -> Result<Line, Failure> {
    let mut cutoffs: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for batch in features {
        let columns = Columns(batch);
        for (instrument, ts) in
            columns.whole("instrument_id")?.into_iter().zip(columns.times("ts_cutoff")?)
        {
            if let (Some(instrument), Some(ts)) = (instrument, ts) {
                cutoffs.entry(instrument).or_default().push(ts);
            }
        }
    }
    for of in cutoffs.values_mut() {
        of.sort_unstable();
    }
    let mut caught: BTreeMap<i64, Vec<bool>> =
        cutoffs.iter().map(|(instrument, of)| (*instrument, vec![false; of.len()])).collect();
    for batch in batches(&world.table("quotes"), context)? {
        let columns = Columns(&batch);
        let stamps = columns.times("ts_event")?.into_iter().zip(columns.times("ts_avail")?);
        for (instrument, (event, avail)) in columns.whole("instrument_id")?.into_iter().zip(stamps)
        {
            let (Some(instrument), Some(event), Some(avail)) = (instrument, event, avail) else {
                continue;
            };
            let Some(of) = cutoffs.get(&instrument) else { continue };
            let from = of.partition_point(|ts| *ts <= event);
            let to = of.partition_point(|ts| *ts <= avail);
            if let Some(flags) =
                caught.get_mut(&instrument).and_then(|f| f.get_mut(from..to.max(from)))
            {
                flags.fill(true);
            }
        }
    }
    let k = caught.values().flatten().filter(|is| **is).count();
    let rows: usize = features.iter().map(RecordBatch::num_rows).sum();
    let said = format!(
        "a join by ts_event would have read the future in {k} of {rows} decisions; features did in none"
    );
    Ok(Line::new(Verdict::of(k > 0), "the trap of event times is live", said))
}
