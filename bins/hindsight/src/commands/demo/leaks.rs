//! What could be known: no cell reads the future, the trap of event times is live, the planted signal is found and noise
//! is not, and a column that reads the future is refused.

use super::Done;
use super::columns::{Columns, batches};
use super::report::{Line, Verdict};
use super::world::World;
use crate::claim::Draws;
use crate::commands::job;
use crate::context::Context;
use crate::error::Failure;
use crate::output::{OutputPlan, TableOutput};
use arrow_array::cast::AsArray as _;
use arrow_array::{ArrayRef, FixedSizeBinaryArray, Float64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use features::selection::{Column, spearman};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The feature that the planted signal shows in.
const SIGNAL: &str = "flow__imb_vol__10s";
/// The column that is added to a table of features and knows what comes.
const FUTURE: &str = "flow__imb_vol__next";
/// Columns of noise that must not be found.
const NOISE: u64 = 20;
/// Above this a finding is chance.
const LEVEL: f64 = 0.05;
/// Draws of minutes, for the interval.
const RESAMPLES: usize = 200;
/// Rows of one minute hang together.
const BLOCK_NS: i64 = 60_000_000_000;

pub(super) fn check(
    world: &World,
    run: &Done,
    context: &mut Context,
) -> Result<Vec<Line>, Failure> {
    let path = run.dir().join("features").join("features.parquet");
    let features = batches(&path, context)?;
    let mut lines = vec![available(&features)?, trap(world, &features, run, context)?];
    lines.extend(signal(world, &features, context)?);
    lines.push(refused(world, run, &features, context)?);
    Ok(lines)
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

/// Decisions whose last quote by event time was not available yet: a join by `ts_event` would have read it.
fn trap(
    world: &World,
    features: &[RecordBatch],
    run: &Done,
    context: &Context,
) -> Result<Line, Failure> {
    let mut cutoffs: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for batch in batches(&run.dir().join("tables").join("decisions.parquet"), context)? {
        let columns = Columns(&batch);
        for (instrument, ts) in
            columns.whole("instrument_id")?.into_iter().zip(columns.times("ts_event")?)
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

/// The law of the next move that the simulator knows, by decision: how much likelier up is than down.
pub(super) fn tilts(path: &Path, context: &Context) -> Result<BTreeMap<[u8; 16], f64>, Failure> {
    let mut tilts = BTreeMap::new();
    for batch in batches(path, context)? {
        let columns = Columns(&batch);
        let law = columns.numbers("p_up")?.into_iter().zip(columns.numbers("p_down")?);
        for (id, (up, down)) in columns.ids("decision_id")?.into_iter().zip(law) {
            if let (Some(id), Some(up), Some(down)) = (id, up, down) {
                tilts.insert(id, up - down);
            }
        }
    }
    Ok(tilts)
}

fn signal(
    world: &World,
    features: &[RecordBatch],
    context: &Context,
) -> Result<Vec<Line>, Failure> {
    let tilts = tilts(&world.truth("signal"), context)?;
    // Feature, truth, minute.
    let mut pairs: Vec<(f64, f64, i64)> = Vec::new();
    for batch in features {
        let columns = Columns(batch);
        let cells = columns.numbers(SIGNAL)?.into_iter().zip(columns.times("ts_cutoff")?);
        for (id, (cell, ts)) in columns.ids("decision_id")?.into_iter().zip(cells) {
            let tilt = id.and_then(|id| tilts.get(&id));
            if let (Some(cell), Some(tilt), Some(ts)) = (cell, tilt, ts) {
                pairs.push((cell, *tilt, ts.div_euclid(BLOCK_NS)));
            }
        }
    }
    let ours: Vec<f64> = pairs.iter().map(|p| p.0).collect();
    let truth: Vec<f64> = pairs.iter().map(|p| p.1).collect();
    let found = correlation(&ours, &truth);
    let mut blocks: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    pairs.iter().enumerate().for_each(|(at, pair)| blocks.entry(pair.2).or_default().push(at));
    let blocks: Vec<Vec<usize>> = blocks.into_values().collect();
    let mut draws = Draws::new(world.seed, 3);
    let mut drawn: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let rows: Vec<usize> =
                (0..blocks.len()).flat_map(|_| blocks[draws.below(blocks.len())].clone()).collect();
            let of = |side: &[f64]| rows.iter().map(|at| side[*at]).collect::<Vec<f64>>();
            correlation(&of(&ours), &of(&truth))
        })
        .collect();
    drawn.sort_unstable_by(f64::total_cmp);
    let at = |share: usize| drawn.get(drawn.len() * share / 1_000).copied().unwrap_or(f64::NAN);
    let (low, high) = (at(25), at(975));
    let mut lines = vec![Line::new(
        Verdict::of(low > 0.0),
        "the planted signal shows in the order flow",
        format!(
            "rank correlation {found:.3} (95 %: {low:.3} to {high:.3}, by minutes) of {SIGNAL} with the true odds, {} rows",
            pairs.len()
        ),
    )];
    let p_values: Vec<f64> = (0..NOISE)
        .map(|stream| {
            let mut draws = Draws::new(world.seed, 100 + stream);
            let noise: Vec<f64> = pairs.iter().map(|_| draws.unit()).collect();
            let z = correlation(&noise, &truth) * (pairs.len() as f64).sqrt();
            libm::erfc(z.abs() / std::f64::consts::SQRT_2)
        })
        .collect();
    let q_values = labeling::false_discovery(&p_values);
    let n = q_values.iter().filter(|q| **q <= LEVEL).count();
    let least = q_values.iter().copied().fold(1.0, f64::min);
    lines.push(Line::new(
        Verdict::of(n == 0),
        format!("{NOISE} columns of noise, by the same correlation"),
        format!("{n} significant at a false discovery rate of 5 %, least q {least:.2}"),
    ));
    Ok(lines)
}

/// Rank correlation of two columns without nulls; 0 where one does not vary.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    spearman(&Column::new("a", a), &Column::new("b", b), a.len(), 2).unwrap_or(0.0)
}

/// A column that knows the move to come, put into the table of features: no version may come of it.
fn refused(
    world: &World,
    run: &Done,
    features: &[RecordBatch],
    context: &mut Context,
) -> Result<Line, Failure> {
    let tilts = tilts(&world.truth("signal"), context)?;
    let place = world.dir().join("future.parquet");
    let Some(first) = features.first() else {
        return Ok(Line::new(Verdict::Failed, "a column that holds the future", "no features"));
    };
    let template = first.schema();
    let like =
        template.field_with_name(SIGNAL).map(|field| field.metadata().clone()).unwrap_or_default();
    // One byte of null reasons more a row, for a cell that is always there.
    let names = template.fields().iter().map(|field| field.name().as_str());
    let before =
        names.filter(|name| name.contains("__")).take_while(|name| *name != SIGNAL).count() + 1;
    let field = Field::new(FUTURE, DataType::Float64, true).with_metadata(like);
    // Beside the other features, as the engine would have written it.
    let at = template.index_of(SIGNAL).map_or(template.fields().len(), |at| at + 1);
    let mut fields: Vec<_> = template.fields().iter().cloned().collect();
    let reasons = template.index_of("null_reasons").unwrap_or_default();
    if let Some(slot) = fields.get_mut(reasons)
        && let DataType::FixedSizeBinary(width) = slot.data_type()
    {
        let wider = slot.as_ref().clone().with_data_type(DataType::FixedSizeBinary(width + 1));
        *slot = Arc::new(wider);
    }
    fields.insert(at, Arc::new(field));
    let schema = Arc::new(Schema::new_with_metadata(fields, template.metadata().clone()));
    let plan = OutputPlan::data("demo", None, Some(&place), true, &[])?;
    let mut output = TableOutput::open(&plan, &schema)?;
    for batch in features {
        let ids = Columns(batch).ids("decision_id")?;
        let cell = |id: &Option<[u8; 16]>| id.and_then(|id| tilts.get(&id).copied()).unwrap_or(0.0);
        let cells: Float64Array = ids.iter().map(|id| Some(cell(id))).collect();
        let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
        if let Some(slot) = columns.get_mut(reasons)
            && let Some(old) = slot.as_fixed_size_binary_opt()
        {
            let wider = old.iter().map(|bytes| {
                let mut bytes = bytes.unwrap_or_default().to_vec();
                bytes.insert(before.min(bytes.len()), 0);
                bytes
            });
            let made = FixedSizeBinaryArray::try_from_iter(wider);
            *slot = Arc::new(made.map_err(|e| crate::commands::bug(&e))?);
        }
        columns.insert(at, Arc::new(cells));
        let rows =
            RecordBatch::try_new(schema.clone(), columns).map_err(|e| crate::commands::bug(&e))?;
        output.write_raw(&rows)?;
    }
    output.finish()?;
    let store: PathBuf = world.dir().join("future");
    let made = job::built_with(run, &place, &store, context);
    let versions = std::fs::read_dir(store.join("signal").join("log")).map_or(0, Iterator::count);
    let (is_refused, said) = match &made {
        Ok(()) => (false, "a version was published".to_owned()),
        Err(failure) => {
            let text = failure.to_string();
            (
                failure.exit() == crate::exit::Exit::Gate && versions == 0,
                text.chars().take(160).collect(),
            )
        }
    };
    Ok(Line::new(
        Verdict::of(is_refused),
        "a column that no causality report knows, and that holds the future, is refused, nothing is published",
        said,
    ))
}
