//! What could be known: cells are those of a plain reading of what had come, and the trap of event times is live.

use super::columns::{Columns, batches};
use super::report::{Line, Verdict};
use super::world::World;
use crate::commands::capture::TableRows;
use crate::context::Context;
use crate::error::Failure;
use arrow_array::RecordBatch;
use features::Null;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;

/// Features that a plain reading gives too.
const SPREAD: &str = "book__spread_bps__now";
const IMBALANCE: &str = "flow__imb_vol__10s";
const IMBALANCE_NS: i64 = 10_000_000_000;

pub(super) fn check(
    world: &World,
    features: &[RecordBatch],
    context: &Context,
) -> Result<Vec<Line>, Failure> {
    let halted = halts(world, features, context)?;
    Ok(vec![
        available(features)?,
        plain(SPREAD, &spreads(world, features, context)?, &halted),
        plain(IMBALANCE, &imbalances(world, features, context)?, &halted),
        trap(world, features, context)?,
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

/// What a plain reading says of a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Said {
    Value(f64),
    /// There is nothing to make one of.
    Nothing,
    /// More than a plain reading can tell.
    Open,
}

/// A decision, its cell, why that is empty, and what the plain reading says.
struct Asked {
    cutoff: i64,
    cell: Option<f64>,
    reason: u8,
    said: Said,
}

/// Decisions by instrument, in the order of time.
type Decisions = BTreeMap<i64, Vec<Asked>>;

fn asked(features: &[RecordBatch], name: &str) -> Result<Decisions, Failure> {
    let mut asked = Decisions::new();
    for batch in features {
        let columns = Columns(batch);
        let names = batch.schema_ref().fields().iter().map(|field| field.name());
        let at = names.filter(|name| name.contains("__")).position(|known| known == name);
        let reasons = columns.bytes("null_reasons")?;
        let reasons = reasons.iter().map(|row| at.and_then(|at| row.get(at)).copied().unwrap_or(0));
        let cells = columns.numbers(name)?.into_iter().zip(reasons);
        let keys = columns.whole("instrument_id")?.into_iter().zip(columns.times("ts_cutoff")?);
        for ((instrument, cutoff), (cell, reason)) in keys.zip(cells) {
            if let (Some(instrument), Some(cutoff)) = (instrument, cutoff) {
                let row = Asked { cutoff, cell, reason, said: Said::Nothing };
                asked.entry(instrument).or_default().push(row);
            }
        }
    }
    for of in asked.values_mut() {
        of.sort_by_key(|asked| asked.cutoff);
    }
    Ok(asked)
}

/// Reads a table of the log row by row and answers each decision from the rows that had come before it: no engine, a loop.
fn plainly<R, S: Default>(
    world: &World,
    table: &str,
    asked: &mut Decisions,
    (read, take, answer): (
        impl Fn(&Columns<'_>) -> Result<Vec<R>, Failure>,
        impl Fn(&mut S, i64, R),
        impl Fn(&mut S, i64) -> Said,
    ),
    context: &Context,
) -> Result<(), Failure> {
    // By instrument: the next decision to answer, and what is known.
    let mut open: BTreeMap<i64, (usize, S)> = BTreeMap::new();
    let until = |of: &mut Vec<Asked>, (next, known): &mut (usize, S), ts: i64| {
        while let Some(row) = of.get_mut(*next).filter(|row| row.cutoff <= ts) {
            row.said = answer(known, row.cutoff);
            *next += 1;
        }
    };
    let mut rows = TableRows::open(&world.log(), table)?;
    while let Some(batch) = rows.next_batch()? {
        context.stop.check()?;
        let columns = Columns(&batch);
        let keys = columns.whole("instrument_id")?.into_iter().zip(columns.times("ts_avail")?);
        for ((instrument, avail), row) in keys.zip(read(&columns)?) {
            let (Some(instrument), Some(avail)) = (instrument, avail) else { continue };
            let Some(of) = asked.get_mut(&instrument) else { continue };
            let state = open.entry(instrument).or_default();
            until(of, state, avail);
            take(&mut state.1, avail, row);
        }
    }
    for (instrument, of) in asked {
        until(of, open.entry(*instrument).or_default(), i64::MAX);
    }
    Ok(())
}

/// The spread from the last quote of any source.
fn spreads(
    world: &World,
    features: &[RecordBatch],
    context: &Context,
) -> Result<Decisions, Failure> {
    let mut spreads = asked(features, SPREAD)?;
    let read = |columns: &Columns<'_>| -> Result<Vec<_>, Failure> {
        let prices = columns.whole("bid_px")?.into_iter().zip(columns.whole("ask_px")?);
        Ok(prices.map(|(bid, ask)| bid.zip(ask)).collect())
    };
    let take = |last: &mut Option<(i64, i64)>, _, row| *last = row;
    let answer = |last: &mut Option<(i64, i64)>, _| match *last {
        Some((bid, ask)) if bid <= ask && bid + ask > 0 => {
            Said::Value(2e4 * (ask - bid) as f64 / (ask + bid) as f64)
        }
        _ => Said::Nothing,
    };
    plainly(world, "quotes", &mut spreads, (read, take, answer), context)?;
    Ok(spreads)
}

/// A print: when it came, its size with its sign and without; nothing of both where more than this row says what it is.
type Print = (i64, Option<(f64, f64)>);

/// The imbalance of the size that was traded in the last ten seconds, by the aggressor that the venue names.
fn imbalances(
    world: &World,
    features: &[RecordBatch],
    context: &Context,
) -> Result<Decisions, Failure> {
    let mut imbalances = asked(features, IMBALANCE)?;
    let read = |columns: &Columns<'_>| -> Result<Vec<_>, Failure> {
        let letters = columns.letters("aggressor")?.into_iter().zip(columns.letters("action")?);
        let sign = |(aggressor, action)| match (aggressor, action) {
            (Some(b'B'), Some(b'T')) => Some(1.0),
            (Some(b'A'), Some(b'T')) => Some(-1.0),
            _ => None,
        };
        let sizes = columns.numbers("size")?.into_iter();
        Ok(letters.map(sign).zip(sizes).map(|(s, size)| Some((s? * size?, size?))).collect())
    };
    let take = |window: &mut VecDeque<Print>, avail, row| window.push_back((avail, row));
    let answer = |window: &mut VecDeque<Print>, cutoff: i64| {
        while window.front().is_some_and(|(avail, _)| *avail < cutoff - IMBALANCE_NS) {
            window.pop_front();
        }
        let (mut signed, mut all) = (0.0, 0.0);
        for (_, print) in window {
            let Some((with_sign, size)) = *print else { return Said::Open };
            signed += with_sign;
            all += size;
        }
        if all > 0.0 { Said::Value(signed / all) } else { Said::Nothing }
    };
    plainly(world, "trades", &mut imbalances, (read, take, answer), context)?;
    Ok(imbalances)
}

/// Whether every source that tells the state of an instrument says that it does not trade.
fn halts(
    world: &World,
    features: &[RecordBatch],
    context: &Context,
) -> Result<BTreeSet<(i64, i64)>, Failure> {
    let mut halts = asked(features, SPREAD)?;
    let read = |columns: &Columns<'_>| -> Result<Vec<_>, Failure> {
        let states = columns.flags("is_trading")?.into_iter().zip(columns.flags("is_quoting")?);
        let stops = states.map(|(t, q)| t == Some(false) || q == Some(false));
        Ok(columns.whole("source_id")?.into_iter().zip(stops).collect())
    };
    let take = |known: &mut BTreeMap<Option<i64>, bool>, _, (source, stops)| {
        known.insert(source, stops);
    };
    let answer = |known: &mut BTreeMap<Option<i64>, bool>, _| {
        let is_halted = !known.is_empty() && known.values().all(|stops| *stops);
        Said::Value(f64::from(u8::from(is_halted)))
    };
    plainly(world, "statuses", &mut halts, (read, take, answer), context)?;
    let is_halted = |row: &&Asked| row.said == Said::Value(1.0);
    let of = halts.iter().flat_map(|(instrument, rows)| {
        rows.iter().filter(is_halted).map(|row| (*instrument, row.cutoff))
    });
    Ok(of.collect())
}

/// Cells against a plain reading of the log; an empty one must have nothing to be made of, or a reason that holds.
fn plain(name: &str, asked: &Decisions, halted: &BTreeSet<(i64, i64)>) -> Line {
    let (mut equal, mut other, mut open, mut excused) = (0_u64, 0_u64, 0_u64, 0_u64);
    let mut empty: BTreeMap<&str, u64> = BTreeMap::new();
    for (instrument, row) in asked.iter().flat_map(|(id, rows)| rows.iter().map(move |r| (id, r))) {
        match (row.cell, row.said) {
            (_, Said::Open) => open += 1,
            (Some(cell), Said::Value(said))
                if (cell - said).abs() <= 1e-9 * said.abs().max(1e-3) =>
            {
                equal += 1;
            }
            (Some(_), _) => other += 1,
            (None, Said::Nothing) => excused += 1,
            (None, Said::Value(_)) => {
                let holds = match row.reason {
                    r if r == Null::Halted.code() => halted.contains(&(*instrument, row.cutoff)),
                    r => [Null::Gap, Null::WarmUp, Null::Stale].iter().any(|n| n.code() == r),
                };
                let word = match Null::from_code(row.reason) {
                    Some(null) if holds => null.word(),
                    _ => "without a reason that holds",
                };
                *empty.entry(word).or_default() += 1;
                other += u64::from(!holds);
            }
        }
    }
    let mut said = format!("{equal} cells equal, {other} not");
    let mut more = |n: u64, what: &str| {
        if n > 0 {
            let _ = write!(said, ", {n} {what}");
        }
    };
    more(excused, "have nothing to be made of");
    for (word, n) in empty {
        more(n, &format!("empty: {word}"));
    }
    more(open, "not told by one row alone");
    let rows = asked.values().map(Vec::len).sum::<usize>() as u64;
    let verdict = Verdict::of(other == 0 && equal * 10 >= rows * 8);
    Line::new(verdict, format!("{name} is what a plain reading of the log gives"), said)
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
    let said = format!("a join by ts_event would have read the future in {k} of {rows} decisions");
    Ok(Line::new(Verdict::of(k > 0), "the trap of event times is live", said))
}
