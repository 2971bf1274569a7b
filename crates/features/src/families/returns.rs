//! Measures of returns on the 1 s grid.

use crate::exact::{BITS_60, BITS_100, BITS_120, fix};
use crate::measure::{Measure, grid, mids};
use crate::rows::Cell;
use std::sync::Arc;

fn fixed(x: f64, bits: f64) -> i128 {
    fix(x, bits).unwrap_or(0)
}

/// Valid returns.
pub(crate) fn n_valid() -> Arc<dyn Measure> {
    mids("n_returns", |_, _, c| i128::from(c.ret.is_some()))
}

/// Pairs of valid returns that follow each other.
pub(crate) fn n_pairs() -> Arc<dyn Measure> {
    mids("n_return_pairs", |_, b, c| i128::from(both(b, c).is_some()))
}

/// Triples of valid returns that follow each other.
pub(crate) fn n_triples() -> Arc<dyn Measure> {
    mids("n_return_triples", |a, b, c| i128::from(both(a, b).is_some() && c.ret.is_some()))
}

fn both(b: &Cell, c: &Cell) -> Option<(f64, f64)> {
    b.ret.zip(c.ret)
}

/// Returns, in units of 2^-60.
pub(crate) fn sum() -> Arc<dyn Measure> {
    mids("returns", |_, _, c| c.ret60)
}

/// Their magnitudes.
pub(crate) fn sum_abs() -> Arc<dyn Measure> {
    mids("return_magnitudes", |_, _, c| c.ret60.abs())
}

/// Squares, in units of 2^-100.
pub(crate) fn squares() -> Arc<dyn Measure> {
    mids("return_squares", |_, _, c| c.ret.map_or(0, |r| fixed(r * r, BITS_100)))
}

/// Squares with the sign of the return.
pub(crate) fn signed_squares() -> Arc<dyn Measure> {
    mids("signed_return_squares", |_, _, c| {
        c.ret.map_or(0, |r| if r > 0.0 { fixed(r * r, BITS_100) } else { -fixed(r * r, BITS_100) })
    })
}

/// Products of neighbours, in units of 2^-100.
pub(crate) fn products() -> Arc<dyn Measure> {
    mids("return_products", |_, b, c| both(b, c).map_or(0, |(x, y)| fixed(x * y, BITS_100)))
}

/// Products of magnitudes of neighbours, in units of 2^-100.
pub(crate) fn magnitude_products() -> Arc<dyn Measure> {
    mids("return_magnitude_products", |_, b, c| {
        both(b, c).map_or(0, |(x, y)| fixed(x.abs() * y.abs(), BITS_100))
    })
}

/// Squares of the median magnitude of three neighbours, in units of 2^-100.
pub(crate) fn median_squares() -> Arc<dyn Measure> {
    mids("return_median_squares", |a, b, c| {
        let (Some((x, y)), Some(z)) = (both(a, b), c.ret) else { return 0 };
        let (x, y, z) = (x.abs(), y.abs(), z.abs());
        let median = x.min(y).max(x.max(y).min(z));
        fixed(median * median, BITS_100)
    })
}

/// Fourth powers, in units of 2^-120.
pub(crate) fn fourth_powers() -> Arc<dyn Measure> {
    mids("return_fourth_powers", |_, _, c| {
        c.ret.map_or(0, |r| {
            let square = r * r;
            fixed(square * square, BITS_120)
        })
    })
}

/// The same in units of 2^-60, which tells whether the sum of the fine ones fits.
pub(crate) fn coarse_fourth_powers() -> Arc<dyn Measure> {
    mids("coarse_return_fourth_powers", |_, _, c| {
        c.ret.map_or(0, |r| {
            let square = r * r;
            fixed(square * square, BITS_60)
        })
    })
}

/// Returns of exactly 0.
pub(crate) fn zeros() -> Arc<dyn Measure> {
    mids("zero_returns", |_, _, c| i128::from(c.ret == Some(0.0)))
}

/// Signed size of the second before, where the return is valid, in units of 1e-9.
pub(crate) fn flow() -> Arc<dyn Measure> {
    grid("cell_flow", |_, _, c| if c.ret.is_some() { c.signed_size } else { 0 })
}

/// Its square.
pub(crate) fn flow_squared() -> Arc<dyn Measure> {
    grid("cell_flow_squared", |_, _, c| {
        if c.ret.is_some() { c.signed_size.wrapping_mul(c.signed_size) } else { 0 }
    })
}

/// Signed size times return.
pub(crate) fn flow_times_return() -> Arc<dyn Measure> {
    grid("cell_flow_times_return", |_, _, c| c.signed_size.wrapping_mul(c.ret60))
}

/// Cells whose signed size is too large for exact products.
pub(crate) fn n_large_flows() -> Arc<dyn Measure> {
    grid("n_large_cell_flows", |_, _, c| i128::from(c.signed_size.unsigned_abs() >= 1 << 52))
}

/// Cells with a trade.
pub(crate) fn n_traded() -> Arc<dyn Measure> {
    grid("n_cells_traded", |_, _, c| i128::from(c.n_trades > 0))
}
