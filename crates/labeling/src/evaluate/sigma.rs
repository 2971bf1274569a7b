//! The volatility that a result is measured in, known at the cut-off.

use super::{Decision, View};
use crate::facts::Scales;
use crate::null::Null;
use crate::path::PathRow;
use crate::settings;

/// Volatility a square-root second, in basis points.
pub(crate) type Sigma = Result<f64, Null>;

/// Scales of the caller that were known before the cut-off.
pub(crate) fn scales(view: View<'_>, d: &Decision) -> Option<Scales> {
    view.facts.scales(&d.row.id).filter(|scales| scales.avail < d.row.key.ts)
}

/// The volatility of a decision.
pub(crate) fn sigma(view: View<'_>, d: &Decision) -> Sigma {
    match d.rules.measures.sigma {
        settings::Sigma::References => {
            let known = scales(view, d).and_then(|scales| scales.sigma_bps);
            known.filter(|sigma| *sigma > 0.0 && sigma.is_finite()).ok_or(Null::WarmUp)
        }
        settings::Sigma::Path { window_ns, step_ns, min_steps, floor_bps } => {
            path_sigma(view, d.row.key.ts, (window_ns, step_ns), min_steps, floor_bps)
        }
    }
}

/// Root of the mean squared return of mids on a grid counted from 1970, over the root of the step in seconds.
fn path_sigma(
    view: View<'_>,
    cutoff: i64,
    (window, step): (i64, i64),
    min_steps: usize,
    floor_bps: f64,
) -> Sigma {
    let quotes = view.quotes;
    let first =
        (cutoff - window).div_euclid(step) + i64::from((cutoff - window).rem_euclid(step) != 0);
    let last = (cutoff - 1).div_euclid(step);
    let mut before: Option<(i64, PathRow)> = None;
    let (mut sum, mut n) = (0.0_f64, 0_usize);
    for k in first..=last {
        let grid = k * step;
        let found = seen(view, grid, cutoff);
        let mid = found.and_then(|row| Some((mid(&row)?, row)));
        if let (Some((m0, old)), Some((m1, _))) = (before, mid)
            && m0 != 0
            && quotes.gap_in(old.key.ts, grid).is_none()
        {
            let r = (m1 - m0) as f64 / m0 as f64;
            sum += r * r;
            n += 1;
        }
        before = mid;
    }
    if n < min_steps.max(1) {
        return Err(Null::WarmUp);
    }
    let per_step = libm::sqrt(sum / n as f64) * 1e4;
    let sigma = (per_step / libm::sqrt(step as f64 / 1e9)).max(floor_bps);
    if sigma > 0.0 { Ok(sigma) } else { Err(Null::Div0) }
}

/// The last quote on the path up to an instant that could be used before the cut-off.
fn seen(view: View<'_>, ts: i64, cutoff: i64) -> Option<PathRow> {
    let mut at = view.quotes.up_to(ts);
    while let Some(row) = at.checked_sub(1).and_then(|at| view.quotes.row(at)) {
        if row.avail < cutoff {
            return Some(row);
        }
        at -= 1;
    }
    None
}

/// Bid plus ask, if both are there.
pub(super) fn mid(row: &PathRow) -> Option<i64> {
    use crate::path::Exit;
    // Both are doubled.
    Some(i64::midpoint(row.side(Exit::Down)?, row.side(Exit::Up)?))
}
