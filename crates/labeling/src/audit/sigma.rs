//! The volatility that was known at the cut-off.

use super::log::Reference;
use super::path::{Edge, Path, Point};
use crate::null::Null;
use crate::settings::Sigma;

/// Basis points a square-root second.
pub(super) fn sigma(
    mids: &Path,
    from: Sigma,
    cutoff: i64,
    reference: Option<&Reference>,
) -> Result<f64, Null> {
    let Sigma::Path { window_ns, step_ns, min_steps, floor_bps } = from else {
        return reference.and_then(|row| row.sigma_bps).ok_or(Null::WarmUp);
    };
    // The point that holds at an instant of the grid, of those known at the cut-off.
    let holds = |instant: i64| -> Option<&Point> {
        mids.up_to(instant).iter().rev().find(|point| point.avail < cutoff)
    };
    let start = cutoff - window_ns;
    let mut instant = start.div_euclid(step_ns) * step_ns;
    if instant < start {
        instant += step_ns;
    }
    let (mut n, mut sum) = (0_usize, 0.0);
    while instant + step_ns < cutoff {
        let next = instant + step_ns;
        if let (Some(older), Some(newer)) = (holds(instant), holds(next))
            && let (Some(m0), Some(m1)) = (older.price(Edge::Down), newer.price(Edge::Down))
            && m0 != 0
            && !mids.has_gap(older.key.0, next)
        {
            let r = (m1 - m0) as f64 / m0 as f64;
            sum += r * r;
            n += 1;
        }
        instant = next;
    }
    if n == 0 || n < min_steps {
        return Err(Null::WarmUp);
    }
    let step_s = step_ns as f64 / 1e9;
    Ok(floor_bps.max((sum / n as f64).sqrt() * 1e4 / step_s.sqrt()))
}
