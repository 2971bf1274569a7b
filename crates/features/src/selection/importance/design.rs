//! The dense matrix that a learner sees.

use crate::selection::Matrix;
use ndarray::{Array2, ShapeBuilder};

/// Some columns of a matrix.
pub(super) struct Design<'a> {
    pub(super) matrix: &'a Matrix<'a>,
    pub(super) columns: &'a [usize],
}

/// Mean and standard deviation of each column over training rows.
#[derive(Debug, PartialEq)]
pub(super) struct Scaling(Vec<(f64, f64)>);

impl Scaling {
    pub(super) fn of(design: &Design<'_>, rows: &[usize], weights: &[f64]) -> Self {
        let one = |&at: &usize| {
            let column = design.matrix.at(at);
            let present =
                rows.iter().zip(weights).filter_map(|(&row, &w)| Some((column.value(row)?, w)));
            let total: f64 = present.clone().map(|(_, w)| w).sum();
            if total <= 0.0 {
                return (0.0, 0.0);
            }
            let mean = present.clone().map(|(x, w)| w * x).sum::<f64>() / total;
            let square: f64 = present.map(|(x, w)| w * (x - mean) * (x - mean)).sum();
            (mean, (square / total).sqrt())
        };
        Self(design.columns.iter().map(one).collect())
    }
}

impl Design<'_> {
    /// Scaled rows; null, and a column that did not vary in training, is 0.
    pub(super) fn matrix(&self, rows: &[usize], scaling: &Scaling) -> Array2<f64> {
        // Column after column in memory, because learners go by column.
        let mut out = Array2::zeros((rows.len(), self.columns.len()).f());
        let scaled = self.columns.iter().zip(&scaling.0);
        for ((&at, &(mean, sd)), mut cells) in scaled.zip(out.columns_mut()) {
            let column = self.matrix.at(at);
            for (&row, cell) in rows.iter().zip(cells.iter_mut()) {
                if let Some(value) = column.value(row).filter(|_| sd > 0.0 && sd.is_finite()) {
                    *cell = (value - mean) / sd;
                }
            }
        }
        out
    }
}
