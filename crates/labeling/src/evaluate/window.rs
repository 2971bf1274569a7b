//! Where a window ends, and the price there.

use super::{Decision, Stop, View};
use crate::key::Key;
use crate::null::Null;
use crate::path::{Exit, Latest, PathRow};
use crate::settings::Overnight;

/// End of the window of an entry at an instant.
pub(crate) fn window_end(view: View<'_>, d: &Decision, entry_ts: i64) -> Result<i64, Stop> {
    let m = &d.rules.measures;
    let end = (entry_ts + d.horizon_ns).min(d.row.key.ts + m.max_life_ns);
    let Overnight::Flat { margin_ns } = m.overnight else { return Ok(end) };
    let close = d.row.instrument.and_then(|id| view.facts.session_end(id, d.row.key.ts, end));
    match close.map(|close| close - margin_ns) {
        None => Ok(end),
        Some(flat) if flat <= entry_ts => Err(Stop::NotApplicable("too close to the close")),
        Some(flat) => Ok(flat),
    }
}

/// The price at which a position could be left at the end of a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Mark {
    /// Doubled price with its row, or why there is none.
    pub(crate) px: Result<(i64, PathRow), Null>,
    /// Lowest and highest price that clocks allow.
    pub(crate) bounds: Option<(i64, i64)>,
    /// When the price was there.
    pub(crate) exit_ts: i64,
    /// When the window ends: later where clocks are in doubt.
    pub(crate) ts: i64,
    /// How long after the end of the window.
    pub(crate) delay_ns: i64,
}

/// The price of a side at the end of a window.
pub(crate) fn mark(view: View<'_>, d: &Decision, end: i64, side: Exit) -> Result<Mark, Stop> {
    let m = &d.rules.measures;
    let bound = m.clock_bound_ns;
    view.needs(end + bound)?;
    let path = view.path;
    let null = |why, ts: i64| {
        Ok(Mark { px: Err(why), bounds: None, exit_ts: ts.min(end), ts, delay_ns: 0 })
    };
    let is_halted = path.is_halted(Key::end_of(end));
    match path.latest_at(end, side) {
        Latest::Nothing => null(Null::NoQuote, end + bound),
        Latest::Lost => null(Null::Gap, end + bound),
        Latest::Price(row, px) if !is_halted => {
            let mut bounds = (px, px);
            if bound > 0 {
                let from = path.up_to(end - bound - 1);
                if let Some(rows) = path.extremes(from, path.up_to(end + bound), side) {
                    for px in rows.iter().filter_map(|row| row.side(side)) {
                        bounds = (bounds.0.min(px), bounds.1.max(px));
                    }
                }
                if let Latest::Price(_, px) = path.latest_at(end - bound, side) {
                    bounds = (bounds.0.min(px), bounds.1.max(px));
                }
            }
            Ok(Mark {
                px: Ok((px, row)),
                bounds: Some(bounds),
                exit_ts: end,
                ts: end + bound,
                delay_ns: 0,
            })
        }
        Latest::Price(last, _) | Latest::Missing(last) => {
            let until = end + m.max_exit_delay_ns;
            match path.first_after(end, until.min(view.upto), side) {
                Some((row, _)) if view.upto < row.key.ts + bound => {
                    Err(Stop::Wait(row.key.ts + bound))
                }
                Some((row, _)) if path.gap_in(last.key.ts, row.key.ts).is_some() => {
                    null(Null::Gap, row.key.ts + bound)
                }
                Some((row, px)) => Ok(Mark {
                    px: Ok((px, row)),
                    bounds: Some((px, px)),
                    exit_ts: row.key.ts,
                    ts: row.key.ts + bound,
                    delay_ns: row.key.ts - end,
                }),
                None if view.upto < until + bound => Err(Stop::WaitRow(until + bound)),
                None if path.gap_in(last.key.ts, until).is_some() => null(Null::Gap, until + bound),
                None => null(if is_halted { Null::Halt } else { Null::NoQuote }, until + bound),
            }
        }
    }
}
