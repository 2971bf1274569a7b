//! How likely a class is to stay under the declared errors.

use super::rules::Errors;
use super::{Cells, Grade, grid};
use crate::measure::{Reading, Scalar};

impl Grade {
    /// Sum over the cells inside the bounds that give the class, each with the product of its probabilities.
    ///
    /// Where a value is missing, a cell counts when both ends of what is missing give the class: a lower bound.
    /// `None` when a value that is known has an open bound.
    pub(super) fn confidence(
        &self,
        class: i8,
        readings: &[Reading],
        cells: &[Cells],
    ) -> Option<f64> {
        let errors = self.rules.errors;
        let mut chances: Vec<Vec<f64>> = Vec::with_capacity(cells.len());
        for ((axis, reading), cells) in self.axes.iter().zip(readings).zip(cells) {
            let chance = match reading.value {
                Ok(_) if cells.worst == cells.best => vec![1.0],
                Ok(_) => {
                    let (lo, hi) = (number(reading.lo?), number(reading.hi?));
                    let spans = (cells.worst..=cells.best).map(|cell| axis.span(cell));
                    spans.map(|span| share(errors, lo, hi, span)).collect()
                }
                Err(_) => vec![1.0],
            };
            chances.push(chance);
        }
        let is_known = |at: usize| readings.get(at).is_some_and(|r| r.value.is_ok());
        let corner = |end: fn(&Cells) -> usize| -> Vec<usize> {
            let at = |(at, cells): (usize, &Cells)| if is_known(at) { end(cells) } else { 0 };
            cells.iter().enumerate().map(at).collect()
        };
        let (from, to) = (corner(|c| c.worst), corner(|c| c.best));
        let mut sum = 0.0;
        grid::each_cell(&from, &to, |at| {
            let mut chance = 1.0;
            for ((cell, first), chances) in at.iter().zip(&from).zip(&chances) {
                chance *= chances.get(cell - first).copied().unwrap_or(0.0);
            }
            if chance > 0.0 {
                let fixed = |axis: usize| {
                    let cells = cells.get(axis).copied().unwrap_or(Cells::NONE);
                    let known = at.get(axis).copied().filter(|_| is_known(axis));
                    Cells { value: known, ..cells }
                };
                if self.ends(fixed) == (class, class) {
                    sum += chance;
                }
            }
        });
        Some(sum.clamp(0.0, 1.0))
    }
}

fn number(value: Scalar) -> f64 {
    match value {
        Scalar::Money(nanos) => nanos as f64 / 1e9,
        Scalar::Number(number) => number,
        Scalar::Whole(whole) => whole as f64,
    }
}

/// The probability of a span under errors between two bounds; nothing lies outside them.
fn share(errors: Errors, lo: f64, hi: f64, (from, to): (f64, f64)) -> f64 {
    let (from, to) = (from.max(lo), to.min(hi));
    if from >= to {
        return 0.0;
    }
    match errors {
        Errors::Uniform => (to - from) / (hi - lo),
        Errors::Normal => {
            // In standard deviations from the middle: the bounds are at -2 and 2.
            let z = |x: f64| ((x - lo) - (hi - x)) / (hi - lo) * 2.0;
            let within = |a: f64, b: f64| {
                let root = std::f64::consts::FRAC_1_SQRT_2;
                0.5 * (libm::erfc(a * root) - libm::erfc(b * root))
            };
            within(z(from), z(to)) / within(-2.0, 2.0)
        }
    }
}
