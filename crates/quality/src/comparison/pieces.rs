//! Where a lag changes.

use super::lag::{Cell, Score, Search};
use super::rows::Series;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// A stretch of the second source with one lag.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LagPiece {
    /// Start of its first cell, by the second source's own times.
    pub from_ns: i64,
    /// Start of its last cell.
    pub until_ns: i64,
    /// What is added to its times.
    pub lag_ns: i64,
    /// Common cells at this lag.
    pub common: u64,
    /// Median magnitude of the differences at this lag, in 1e-9; null without a common cell.
    pub median_abs_nanos: Option<f64>,
    /// The same without a lag.
    pub median_at_zero_nanos: Option<f64>,
}

/// Cells of the second source, and their lag.
#[derive(Debug, Clone)]
struct Run {
    cells: Range<usize>,
    lag_ns: i64,
}

/// Looks for the lag part by part. A part keeps the lag of the part before it, 0 at first, unless another lag has less than
/// a third of its median; one with too few common cells says nothing and goes with the part before it, or after it at the
/// start. Where the lag changes, it changes at the cell that makes the sum of both sides' differences least.
pub(super) fn pieces(search: &mut Search<'_>, right: &[Cell]) -> Vec<LagPiece> {
    let mut runs: Vec<Run> = Vec::new();
    let mut part_before = 0;
    for part in parts(search, right) {
        let scores = search.scores(right.get(part.clone()).unwrap_or_default());
        let enough = search.enough(&scores);
        let current = runs.last().map_or(0, |run| run.lag_ns);
        let told = enough
            .best()
            .zip(enough.usual(current))
            .map(|(best, usual)| if best.is_far_below(usual) { best.lag_ns } else { current });
        match (runs.last_mut(), told) {
            (None, None) => {}
            (None, Some(lag_ns)) => runs.push(Run { cells: 0..part.end, lag_ns }),
            (Some(run), Some(lag_ns)) if run.lag_ns != lag_ns => {
                // It shows in this part, and may have come in the one before.
                let around = part_before.max(run.cells.start)..part.end;
                let change = change(search, right, around, part.start, run.lag_ns, lag_ns);
                run.cells.end = change;
                runs.push(Run { cells: change..part.end, lag_ns });
            }
            (Some(run), _) => run.cells.end = part.end,
        }
        part_before = part.start;
    }
    if runs.is_empty() {
        runs.push(Run { cells: 0..right.len(), lag_ns: 0 });
    }
    runs.retain(|run| !run.cells.is_empty());
    runs.iter().filter_map(|run| piece(search, right, run)).collect()
}

/// Ranges of cells, one a part that has any.
fn parts(search: &Search<'_>, right: &[Cell]) -> Vec<Range<usize>> {
    let settings = search.settings;
    let part_of = |cell: &Cell| {
        let ns = i128::from(cell.0) * i128::from(settings.grid_ns);
        (ns - i128::from(settings.piece_origin_ns)).div_euclid(i128::from(settings.piece_ns))
    };
    let mut start = 0;
    right
        .chunk_by(|one, next| part_of(one) == part_of(next))
        .map(|part| {
            let range = start..start + part.len();
            start = range.end;
            range
        })
        .collect()
}

/// The cell from which on the later lag holds. Cells with a partner at both lags tell; `usual` stays when none is better.
fn change(
    search: &Search<'_>,
    right: &[Cell],
    around: Range<usize>,
    usual: usize,
    before_ns: i64,
    after_ns: i64,
) -> usize {
    let grid = search.settings.grid_ns;
    let difference = |cell: &Cell, lag_ns: i64| {
        let number = cell.0.checked_add(lag_ns / grid)?;
        let at = search.left.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        search.left.get(at).map(|(_, mid)| i128::from(mid.abs_diff(cell.1)))
    };
    // What a change at a cell would cost more than one at the first cell.
    let (mut cost, mut at_usual) = (0_i128, 0_i128);
    let mut best = (0_i128, around.start);
    for (place, cell) in around.clone().zip(right.get(around.clone()).unwrap_or_default()) {
        if place == usual {
            at_usual = cost;
        }
        if let Some((early, late)) = difference(cell, before_ns).zip(difference(cell, after_ns)) {
            cost += early - late;
        }
        if cost < best.0 {
            best = (cost, place + 1);
        }
    }
    if best.0 < at_usual { best.1 } else { usual }
}

fn piece(search: &mut Search<'_>, right: &[Cell], run: &Run) -> Option<LagPiece> {
    let cells = right.get(run.cells.clone())?;
    let grid = search.settings.grid_ns;
    let at_lag = search.score(cells, run.lag_ns);
    let at_zero = search.score(cells, 0);
    let median = |score: &Score| score.public().median_abs_nanos;
    Some(LagPiece {
        from_ns: cells.first()?.0.saturating_mul(grid),
        until_ns: cells.last()?.0.saturating_mul(grid),
        lag_ns: run.lag_ns,
        common: at_lag.map_or(0, |score| score.common),
        median_abs_nanos: at_lag.as_ref().map(median),
        median_at_zero_nanos: at_zero.as_ref().map(median),
    })
}

/// The second source with each row moved by the lag of its piece, in order of the new times.
pub(super) fn moved(right: &Series, pieces: &[LagPiece]) -> Series {
    let mut moved = Series::default();
    for (ts, mid) in right.rows() {
        let after = pieces.partition_point(|piece| piece.from_ns <= ts);
        let piece = pieces.get(after.saturating_sub(1));
        let lag = piece.map_or(0, |piece| piece.lag_ns);
        moved.push(ts.saturating_add(lag), mid);
    }
    moved.sorted().into_owned()
}
