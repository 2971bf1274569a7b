//! Bins of a numeric column, fitted to its reference.

use super::distance::Divergences;
use super::sample::Sample;
use crate::{float_bits, quantile};
use serde::{Deserialize, Serialize};

/// Quantiles of `ref256`.
const FINE: u32 = 256;
const DECILES: u32 = 10;

/// Inner edges that cut the line into cells `[a, b)`, the outer ones open: deciles and 256-quantiles of the reference.
///
/// Quantiles are of type 7. Edges that are equal to each other or to the least value merge. A reference of at most 256
/// distinct values has these instead of 256-quantiles. Two more edges part what lies below and above the reference, which
/// deciles do not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Bins {
    #[serde(with = "float_bits::list")]
    edges: Vec<f64>,
    /// Whether the edge of the same place is a decile.
    deciles: Vec<bool>,
    /// Distance of the means of the cells on both sides of an edge, in standard deviations of the reference.
    #[serde(with = "float_bits::list")]
    gaps: Vec<f64>,
    #[serde(with = "float_bits")]
    pub(super) mean: f64,
    #[serde(with = "float_bits")]
    pub(super) sd: f64,
}

impl Bins {
    pub(super) fn fit(sample: Sample<'_>) -> Self {
        let (mean, sd) = sample.moments().unwrap_or((0.0, 0.0));
        let deciles = quantiles(sample, DECILES);
        let mut edges = distinct(sample).unwrap_or_else(|| quantiles(sample, FINE));
        edges.extend_from_slice(&deciles);
        let range = sample.values().first().zip(sample.values().last());
        let ends = range.map(|(&least, &greatest)| [least, greatest.next_up()]);
        edges.extend(ends.into_iter().flatten().filter(|edge| edge.is_finite()));
        edges.sort_by(f64::total_cmp);
        edges.dedup();
        let deciles = edges.iter().map(|edge| deciles.contains(edge)).collect();
        let gaps = gaps(&edges, sample, sd);
        Self { edges, deciles, gaps, mean, sd }
    }

    /// Number of cells.
    pub(super) fn cells(&self) -> usize {
        self.edges.len() + 1
    }

    /// Bins of `ref_deciles` that are left after merging.
    pub(super) fn deciles(&self) -> usize {
        self.deciles.iter().filter(|&&is_decile| is_decile).count() + 1
    }

    /// The table that finds cells.
    pub(super) fn finder(&self) -> Finder<'_> {
        Finder::new(&self.edges)
    }

    /// Distances of two sides from their counts by cell.
    pub(super) fn measure(&self, reference: &[u32], current: &[u32]) -> Binned {
        let total = |counts: &[u32]| counts.iter().map(|&count| u64::from(count)).sum::<u64>();
        let (n, m) = (total(reference) as f64, total(current) as f64);
        let (mut r, mut c) = (0_u32, 0_u32);
        let (mut ks, mut area) = (0.0_f64, 0.0);
        let mut bins = [(0.0, 0.0); DECILES as usize];
        let (mut bin, mut bin_r, mut bin_c) = (0, 0, 0);
        let cells = reference.iter().zip(current).zip(&self.gaps).zip(&self.deciles);
        let (per_n, per_m) = (1.0 / n, 1.0 / m);
        for (((&in_r, &in_c), gap), &is_decile) in cells {
            r = r.wrapping_add(in_r);
            c = c.wrapping_add(in_c);
            let apart = (f64::from(r) * per_n - f64::from(c) * per_m).abs();
            ks = ks.max(apart);
            area += apart * gap;
            if is_decile {
                if let Some(slot) = bins.get_mut(bin) {
                    *slot = (f64::from(r - bin_r), f64::from(c - bin_c));
                }
                (bin, bin_r, bin_c) = (bin + 1, r, c);
            }
        }
        if let Some(slot) = bins.get_mut(bin) {
            *slot = (n - f64::from(bin_r), m - f64::from(bin_c));
        }
        let counts = bins.iter().take(bin + 1).copied();
        Binned { ks, area, divergences: Divergences::of((n, m, counts)) }
    }
}

/// Distances on cells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Binned {
    pub(super) ks: f64,
    /// Wasserstein-1 in standard deviations, each value standing at the mean of its cell's reference values.
    pub(super) area: f64,
    /// On `ref_deciles`.
    pub(super) divergences: Divergences,
}

/// The most by which a two-sample distance can exceed that on the cells.
pub(super) fn resolution(reference: &[u32], current: &[u32], ks: f64) -> f64 {
    let total = |counts: &[u32]| counts.iter().map(|&count| f64::from(count)).sum::<f64>();
    let (n, m) = (total(reference), total(current));
    let (mut r, mut c, mut bound) = (0.0, 0.0, 0.0_f64);
    for (&in_r, &in_c) in reference.iter().zip(current) {
        let (next_r, next_c) = (r + f64::from(in_r), c + f64::from(in_c));
        bound = bound.max(next_r / n - c / m).max(next_c / m - r / n);
        (r, c) = (next_r, next_c);
    }
    (bound - ks).max(0.0)
}

fn quantiles(sample: Sample<'_>, parts: u32) -> Vec<f64> {
    let least = sample.values().first();
    let share = |k: u32| f64::from(k) / f64::from(parts);
    let all = (1..parts).filter_map(|k| quantile(sample.values(), share(k)));
    let mut edges: Vec<f64> = all.filter(|edge| Some(edge) != least).collect();
    edges.dedup();
    edges
}

/// Every value but the least, when there are few.
fn distinct(sample: Sample<'_>) -> Option<Vec<f64>> {
    let mut rest = sample.values();
    let mut edges = Vec::new();
    while let Some(&value) = rest.first() {
        if edges.len() == FINE as usize {
            return None;
        }
        edges.push(value);
        rest = rest.get(rest.partition_point(|&other| other <= value)..)?;
    }
    edges.get(1..).map(<[f64]>::to_vec).or(Some(edges))
}

fn gaps(edges: &[f64], sample: Sample<'_>, sd: f64) -> Vec<f64> {
    if sd == 0.0 {
        return vec![0.0; edges.len()];
    }
    let values = sample.values();
    let (mut start, mut places) = (0, Vec::with_capacity(edges.len() + 1));
    for (place, edge) in edges.iter().map(Some).chain([None]).enumerate() {
        let end = edge.map_or(values.len(), |&edge| values.partition_point(|&value| value < edge));
        let inside = values.get(start..end).unwrap_or_default();
        let below = place.checked_sub(1).and_then(|before| edges.get(before)).or(edge);
        let middle = below.zip(edge.or(below)).map_or(0.0, |(&a, &b)| a / sd * 0.5 + b / sd * 0.5);
        let sum: f64 = inside.iter().map(|value| value / sd).sum();
        places.push(if inside.is_empty() { middle } else { sum / inside.len() as f64 });
        start = end;
    }
    places.iter().zip(places.iter().skip(1)).map(|(below, above)| above - below).collect()
}

/// Cells of values: a table over equal steps of the range leaves few edges to compare with.
#[derive(Debug)]
pub(super) struct Finder<'a> {
    edges: &'a [f64],
    low: f64,
    steps: f64,
    table: Vec<Step>,
}

/// The edges in a step of the range.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// The first two that are not in an earlier step; later ones compare as greater than any value of this step.
    edges: [f64; 2],
    /// Edges in earlier steps.
    before: u32,
    /// Edges in this step.
    inside: u32,
}

const STEPS: usize = 2_048;

impl<'a> Finder<'a> {
    fn new(edges: &'a [f64]) -> Self {
        let low = edges.first().copied().unwrap_or(0.0);
        let range = edges.last().copied().unwrap_or(0.0) - low;
        let steps = if range > 0.0 { (STEPS - 1) as f64 / range } else { 0.0 };
        let steps = if steps.is_finite() { steps } else { 0.0 };
        let mut finder = Self { edges, low, steps, table: Vec::with_capacity(STEPS) };
        let mut before = 0;
        for step in 0..STEPS {
            let rest = edges.get(before..).unwrap_or_default();
            let inside = rest.iter().take_while(|&&edge| finder.step(edge) == step).count();
            let edge = |place: usize| rest.get(place).copied().unwrap_or(f64::INFINITY);
            let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            let edges = [edge(0), edge(1)];
            finder.table.push(Step { edges, before: count(before), inside: count(inside) });
            before += inside;
        }
        finder
    }

    /// Rounding keeps the order: no value is in a later step than a greater one.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    fn step(&self, value: f64) -> usize {
        (((value - self.low) * self.steps) as u32 as usize).min(STEPS - 1)
    }

    /// How many edges are not above it.
    #[inline]
    pub(super) fn cell(&self, value: f64) -> usize {
        let Some(step) = self.table.get(self.step(value)) else { return 0 };
        let [first, second] = step.edges;
        if step.inside > 2 {
            return self.search(step, value);
        }
        step.before as usize + usize::from(first <= value) + usize::from(second <= value)
    }

    #[cold]
    fn search(&self, step: &Step, value: f64) -> usize {
        let (start, count) = (step.before as usize, step.inside as usize);
        let inside = self.edges.get(start..start + count).unwrap_or_default();
        start + inside.partition_point(|&edge| edge <= value)
    }
}
