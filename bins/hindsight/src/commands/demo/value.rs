//! Whether it pays: one small model on three training sets made of the rows of the run's own dataset, its splits kept, beside
//! what no honest model can beat. What is foretold is the move of the mid, whose law the simulator knows.

use super::columns::{Columns, batches};
use super::report::{Line, Verdict};
use super::version::Version;
use super::world::World;
use crate::claim::{Draws, Learners, Logistic, Matrix, Metric, Predicted, Tally, resample};
use crate::context::Context;
use crate::error::Failure;
use datasets::Split;
use std::collections::BTreeMap;

/// What anyone has who keeps prices.
const RAW: &str = "price__log_ret__";
/// What must be gained.
const GAIN: f64 = 0.05;
/// Of half the squared coefficients.
const PENALTY: f64 = 1.0;
/// Rows of one minute are drawn together.
const BLOCK_NS: i64 = 60_000_000_000;

/// A row of the version.
struct Row {
    ts: i64,
    class: usize,
    law: [f64; 3],
    cells: Vec<f64>,
    trap: f64,
    learns: bool,
}

pub(super) fn check(
    world: &World,
    version: &Version,
    context: &Context,
) -> Result<Vec<Line>, Failure> {
    let rows = rows(world, version, context)?;
    let names = &version.names;
    // Nothing is tuned, so what validates tests as well.
    let (fit, held): (Vec<usize>, Vec<usize>) = (0..rows.len()).partition(|at| rows[*at].learns);
    if fit.is_empty() || held.is_empty() {
        return Ok(vec![Line::new(Verdict::Failed, "rows to learn from", rows.len().to_string())]);
    }
    let is_raw: Vec<usize> = (0..names.len()).filter(|at| names[*at].starts_with(RAW)).collect();
    let of = |pick: &dyn Fn(&Row) -> Vec<f64>, n: usize| {
        Matrix::from_rows(n, rows.iter().flat_map(pick).collect())
    };
    let raw = of(&|row| is_raw.iter().map(|at| row.cells[*at]).collect(), is_raw.len());
    let ours = of(&|row| row.cells.clone(), names.len());
    let with_trap = |row: &Row| row.cells.iter().copied().chain([row.trap]).collect::<Vec<f64>>();
    let leaky = of(&with_trap, names.len() + 1);
    let said = |matrix: &Matrix| predictions(matrix, &rows, &fit, &held);
    let (Some(raw), Some(ours), Some(leaky)) = (said(&raw), said(&ours), said(&leaky)) else {
        return Ok(vec![Line::new(
            Verdict::Failed,
            "a model of each kind",
            "one could not be fitted",
        )]);
    };
    let tally = |said: &[Predicted]| {
        let mut tally = Tally::new(3);
        held.iter().zip(said).for_each(|(at, p)| tally.add(rows[*at].class, p, 1.0));
        tally.value(Metric::BalancedAccuracy)
    };
    let (a, b, c) = (tally(&raw), tally(&ours), tally(&leaky));
    let (ceiling, half) = ceiling(&rows, &held);
    let mut blocks: BTreeMap<i64, (Tally, Tally)> = BTreeMap::new();
    for ((at, ours), raw) in held.iter().zip(&ours).zip(&raw) {
        let block = blocks
            .entry(rows[*at].ts.div_euclid(BLOCK_NS))
            .or_insert_with(|| (Tally::new(3), Tally::new(3)));
        block.0.add(rows[*at].class, ours, 1.0);
        block.1.add(rows[*at].class, raw, 1.0);
    }
    let blocks: Vec<(Tally, Tally)> = blocks.into_values().collect();
    let drawn = resample(&blocks, Metric::BalancedAccuracy, 2_000, &mut Draws::new(world.seed, 1));
    let (low, high) = drawn.and_then(|drawn| drawn.gain).unwrap_or((f64::NAN, f64::NAN));
    let gain = (b - a) / a;
    let majority = (0..3)
        .map(|class| held.iter().filter(|at| rows[**at].class == class).count())
        .max()
        .unwrap_or(0) as f64
        / held.len() as f64;
    // It fails where the rows say that the gain is below the bar, not where they cannot say that it is above.
    let verdict = match (gain > GAIN && low > 0.0, gain > 0.0 && high >= GAIN) {
        (true, _) => Verdict::Ok,
        (false, true) => Verdict::Undecided,
        (false, false) => Verdict::Failed,
    };
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    Ok(vec![
        Line::new(
            verdict,
            "ours against raw, balanced accuracy of the next move",
            format!(
                "{b:.3} against {a:.3}, a gain of {} (95 %: {} to {}); bar {}; {} rows held out, largest class {}",
                percent(gain),
                percent(low),
                percent(high),
                percent(GAIN),
                held.len(),
                percent(majority)
            ),
        ),
        Line::new(
            Verdict::of(b <= ceiling + half),
            "ours is not above what any honest model can reach",
            format!("{b:.3}, ceiling {ceiling:.3} +- {half:.3}"),
        ),
        Line::new(
            Verdict::of(c > ceiling + half),
            "leaky, joined by event time, is above it: the trap",
            format!("{c:.3}: an accuracy that no honest model can reach"),
        ),
    ])
}

/// The rows of the version with the law of what came, and the score that is the future when joined by event time.
fn rows(world: &World, version: &Version, context: &Context) -> Result<Vec<Row>, Failure> {
    let mut laws: BTreeMap<[u8; 16], ([f64; 3], i64)> = BTreeMap::new();
    for batch in batches(&world.truth("signal"), context)? {
        signal(&Columns(&batch), &mut laws)?;
    }
    // By instrument: event time and value.
    let mut traps: BTreeMap<i64, Vec<(i64, f64)>> = BTreeMap::new();
    for batch in batches(&world.table("intelligence"), context)? {
        let columns = Columns(&batch);
        let cells = columns.times("ts_event")?.into_iter().zip(columns.numbers("value")?);
        for (instrument, (ts, value)) in columns.whole("instrument_id")?.into_iter().zip(cells) {
            if let (Some(instrument), Some(ts), Some(value)) = (instrument, ts, value) {
                traps.entry(instrument).or_default().push((ts, value));
            }
        }
    }
    for of in traps.values_mut() {
        of.sort_by_key(|(ts, _)| *ts);
    }
    let mut rows = Vec::new();
    for row in &version.rows {
        let Some((law, moved)) = laws.get(&row.id) else { continue };
        let trap = traps.get(&row.instrument).map_or(f64::NAN, |of| {
            let n = of.partition_point(|(event, _)| *event < row.ts);
            n.checked_sub(1).map_or(f64::NAN, |n| of[n].1)
        });
        rows.push(Row {
            ts: row.ts,
            class: usize::try_from(moved.signum() + 1).unwrap_or(1),
            law: *law,
            cells: row.cells.clone(),
            trap,
            learns: row.split == Split::Train,
        });
    }
    Ok(rows)
}

fn signal(
    columns: &Columns<'_>,
    laws: &mut BTreeMap<[u8; 16], ([f64; 3], i64)>,
) -> Result<(), Failure> {
    let down = columns.numbers("p_down")?;
    let (same, up) = (columns.numbers("p_unchanged")?, columns.numbers("p_up")?);
    let moved = columns.whole("moved_ticks")?;
    for (at, id) in columns.ids("decision_id")?.into_iter().enumerate() {
        if let (Some(id), Some(d), Some(s), Some(u), Some(m)) =
            (id, down[at], same[at], up[at], moved[at])
        {
            laws.insert(id, ([d, s, u], m));
        }
    }
    Ok(())
}

/// What a model says of the rows held out; classes are decided by how much likelier they are than among the learners.
fn predictions(
    features: &Matrix,
    rows: &[Row],
    fit: &[usize],
    held: &[usize],
) -> Option<Vec<Predicted>> {
    let classes: Vec<usize> = fit.iter().map(|at| rows[*at].class).collect();
    let weights = vec![1.0; fit.len()];
    let learners =
        Learners { features, rows: fit, classes: &classes, weights: &weights, n_classes: 3 };
    let model = Logistic::fit(&learners, PENALTY)?;
    let share = |class: usize| {
        classes.iter().filter(|c| **c == class).count() as f64 / classes.len() as f64
    };
    let shares = [share(0), share(1), share(2)];
    let said = held.iter().map(|at| {
        let p = model.probabilities(features.row(*at));
        let decided = best(&p, &shares);
        Predicted { likeliest: decided, decided, loss: 0.0 }
    });
    Some(said.collect())
}

/// The class that exceeds its share most.
fn best(p: &[f64], shares: &[f64; 3]) -> usize {
    let factor = |class: usize| if shares[class] > 0.0 { p[class] / shares[class] } else { 0.0 };
    (0..3).fold(0, |best, class| if factor(class) > factor(best) { class } else { best })
}

/// Balanced accuracy of whoever knows the law, in expectation, and half of its 95 % interval on these rows.
fn ceiling(rows: &[Row], held: &[usize]) -> (f64, f64) {
    let mut mass = [0.0; 3];
    for at in held {
        for (mass, p) in mass.iter_mut().zip(rows[*at].law) {
            *mass += p;
        }
    }
    let n = held.len() as f64;
    let shares = mass.map(|m| m / n);
    let (mut caught, mut variance) = ([0.0; 3], [0.0; 3]);
    // Windows of ten seconds overlap: deviations add up inside them, variances across.
    let mut spread: BTreeMap<(i64, usize), f64> = BTreeMap::new();
    for at in held {
        let row = &rows[*at];
        let guess = best(&row.law, &shares);
        let p = row.law[guess];
        caught[guess] += p;
        *spread.entry((row.ts.div_euclid(10_000_000_000), guess)).or_default() +=
            (p * (1.0 - p)).sqrt();
    }
    for ((_, class), deviation) in spread {
        variance[class] += deviation * deviation;
    }
    let value = (0..3).map(|k| caught[k] / mass[k]).sum::<f64>() / 3.0;
    let half = (0..3).map(|k| variance[k] / (mass[k] * mass[k])).sum::<f64>().sqrt() / 3.0 * 1.96;
    (value, half)
}
