//! The planted signal is found, and noise is not.

use super::columns::{Columns, batches};
use super::report::{Line, Verdict};
use super::world::World;
use crate::claim::Draws;
use crate::context::Context;
use crate::error::Failure;
use arrow_array::RecordBatch;
use features::selection::{Column, spearman};
use std::collections::BTreeMap;
use std::path::Path;

/// The feature that the planted signal shows in.
const SIGNAL: &str = "flow__imb_vol__10s";
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

/// The law of the next move that the simulator knows, by decision: how much likelier up is than down.
fn tilts(path: &Path, context: &Context) -> Result<BTreeMap<[u8; 16], f64>, Failure> {
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

/// Rank correlation of two columns without nulls; 0 where one does not vary.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    spearman(&Column::new("a", a), &Column::new("b", b), a.len(), 2).unwrap_or(0.0)
}
