//! Exact sums of several columns together, block by block.

use super::column::Numbers;
use super::tally::Segment;
use serde::{Deserialize, Serialize};

/// One standard deviation of the reference in whole steps: 2^16.
const STEP: f64 = 65_536.0;
/// Values further out stand here: 64 standard deviations.
const FAR: f64 = 64.0;
/// Rows whose products add up without rounding: `256 x (64 x 2^16)^2 = 2^52`.
const CHUNK: usize = 256;

/// Columns that are compared together, as whole steps from the reference's mean.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct JointFit {
    /// Places among the columns.
    pub(super) columns: Vec<usize>,
    /// Mean and standard deviation of the reference.
    pub(super) normals: Vec<(u64, u64)>,
}

impl JointFit {
    /// Numbers that are kept a block: rows, sums, and products of each pair.
    pub(super) fn cells(&self) -> usize {
        let d = self.columns.len();
        1 + d + d * (d + 1) / 2
    }
}

/// Sums over rows in which every column has a value, in steps; whole numbers, so their order does not matter.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Moments {
    sums: Vec<i128>,
}

impl Moments {
    pub(super) fn observe(&mut self, fit: &JointFit, columns: &[Numbers<'_>], parts: &[Segment]) {
        let mut buffer: Vec<Vec<f64>> = vec![Vec::with_capacity(CHUNK); columns.len()];
        for segment in parts {
            let mut start = segment.rows.start;
            while start < segment.rows.end {
                let end = segment.rows.end.min(start + CHUNK);
                let rows = complete(columns, start, end);
                for ((steps, numbers), &normal) in buffer.iter_mut().zip(columns).zip(&fit.normals)
                {
                    let values = numbers.values.get(start..end).unwrap_or_default();
                    fill(steps, values, rows.as_deref(), normal);
                }
                let count = buffer.first().map_or(0, Vec::len);
                self.add(segment.block, fit.cells(), &buffer, count);
                start = end;
            }
        }
    }

    fn add(&mut self, block: usize, cells: usize, steps: &[Vec<f64>], rows: usize) {
        let end = (block + 1) * cells;
        if self.sums.len() < end {
            self.sums.resize(end, 0);
        }
        let Some(sums) = self.sums.get_mut(block * cells..end) else { return };
        let singles = steps.iter().map(|column| whole(column.iter().sum()));
        let pairs = steps.iter().enumerate().flat_map(|(place, left)| {
            steps.iter().take(place + 1).map(move |right| whole(dot(left, right)))
        });
        let rows = i128::try_from(rows).unwrap_or(0);
        for (sum, more) in sums.iter_mut().zip(core::iter::once(rows).chain(singles).chain(pairs)) {
            *sum += more;
        }
    }

    /// Rows, sums and products of a block.
    pub(super) fn block(&self, block: usize, cells: usize) -> &[i128] {
        self.sums.get(block * cells..(block + 1) * cells).unwrap_or_default()
    }

    pub(super) fn merge(&mut self, other: &Self, places: &[usize], cells: usize) {
        for (&place, theirs) in places.iter().zip(other.sums.chunks(cells.max(1))) {
            let end = (place + 1) * cells;
            if self.sums.len() < end {
                self.sums.resize(end, 0);
            }
            let ours = self.sums.get_mut(place * cells..end).unwrap_or_default();
            for (sum, more) in ours.iter_mut().zip(theirs) {
                *sum += more;
            }
        }
    }
}

/// Which rows have a value everywhere; `None` when all do.
fn complete(columns: &[Numbers<'_>], start: usize, end: usize) -> Option<Vec<bool>> {
    let has_gap = |numbers: &Numbers<'_>| {
        let values = numbers.values.get(start..end).unwrap_or_default();
        numbers.nulls.is_some() || values.iter().fold(false, |any, value| any | !value.is_finite())
    };
    if !columns.iter().any(has_gap) {
        return None;
    }
    let has_value = |numbers: &Numbers<'_>, row| {
        let is_null = numbers.nulls.is_some_and(|nulls| nulls.is_null(row));
        !is_null && numbers.values.get(row).is_some_and(|value| value.is_finite())
    };
    Some((start..end).map(|row| columns.iter().all(|numbers| has_value(numbers, row))).collect())
}

fn fill(steps: &mut Vec<f64>, values: &[f64], rows: Option<&[bool]>, (mean, sd): (u64, u64)) {
    let (mean, sd) = (f64::from_bits(mean), f64::from_bits(sd));
    steps.clear();
    match rows {
        None => steps.extend(values.iter().map(|&value| step(value, mean, sd))),
        Some(rows) => {
            let kept = values.iter().zip(rows).filter(|(_, is_complete)| **is_complete);
            steps.extend(kept.map(|(&value, _)| step(value, mean, sd)));
        }
    }
}

/// The nearest whole step; ties go to the even one.
fn step(value: f64, mean: f64, sd: f64) -> f64 {
    /// Adding it leaves no bit for fractions.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let apart = value - mean;
    // Halves reach further than floats do.
    let apart = if apart.is_finite() { apart / sd } else { (value * 0.5 - mean * 0.5) / sd * 2.0 };
    apart.clamp(-FAR, FAR) * STEP + ROUND - ROUND
}

/// Four lanes; exact in any order.
fn dot(left: &[f64], right: &[f64]) -> f64 {
    let mut lanes = [0.0_f64; 4];
    let ((left, left_rest), (right, right_rest)) = (left.as_chunks::<4>(), right.as_chunks::<4>());
    for (a, b) in left.iter().zip(right) {
        for ((lane, x), y) in lanes.iter_mut().zip(a).zip(b) {
            *lane += x * y;
        }
    }
    let rest: f64 = left_rest.iter().zip(right_rest).map(|(x, y)| x * y).sum();
    lanes.iter().sum::<f64>() + rest
}

#[expect(clippy::cast_possible_truncation, reason = "a whole number below 2^53")]
fn whole(sum: f64) -> i128 {
    i128::from(sum as i64)
}
