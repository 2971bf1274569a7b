//! Where a trade begins, done or imagined.

use super::{Decision, Kind, Stop, View};
use crate::key::Key;
use crate::null::Null;
use crate::path::{Exit, Latest, PathRow};
use crate::settings::PathKind;

/// Entry of a trade.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct EntryPoint {
    pub(crate) key: Key,
    /// Doubled price, or why there is none.
    pub(crate) px: Result<i64, Null>,
    /// The row of the path that it was read from, if one was.
    pub(crate) row: Option<PathRow>,
    pub(crate) sign: i128,
    pub(crate) is_filled: bool,
    /// The fill, if it is one.
    pub(crate) fill: Option<usize>,
}

/// Where the trade of a decision begins: its first fill that opens something, else its own quote.
pub(crate) fn entry_point(view: View<'_>, d: &Decision) -> Result<EntryPoint, Stop> {
    match d.kind() {
        Some(Kind::Forward) => imagined(view, d),
        Some(Kind::Open) if d.row.is_unsent() => imagined(view, d),
        Some(Kind::Open) => {
            let opening = d.fills.iter().find_map(|no| {
                let fill = view.fills.get(*no)?;
                let opens = !fill.is_gone && fill.lot.is_some() && fill.key.ts <= d.wait_end();
                opens.then_some((*no, fill))
            });
            if let Some((no, fill)) = opening {
                return Ok(EntryPoint {
                    key: fill.key,
                    px: Ok(fill.px),
                    row: None,
                    sign: fill.sign,
                    is_filled: true,
                    fill: Some(no),
                });
            }
            view.needs(d.wait_end())?;
            if view.fills_of(d, d.wait_end()).next().is_some() {
                return Err(Stop::NotApplicable("its fills only closed lots"));
            }
            imagined(view, d)
        }
        _ => Err(Stop::NotApplicable("no trade begins here")),
    }
}

/// The entry of a trade at the decision's own quote, or the market's.
pub(super) fn imagined(view: View<'_>, d: &Decision) -> Result<EntryPoint, Stop> {
    let sign = d.sign();
    let delay = d.rules.measures.entry_delay_ns;
    let side = Exit::of(sign).other();
    if delay == 0
        && let Some(px) = captured(d, view.kind, side)
    {
        let key = d.row.key;
        return Ok(EntryPoint { key, px: Ok(px), row: None, sign, is_filled: false, fill: None });
    }
    let (key, latest) = if delay == 0 {
        (d.row.key, view.path.latest_before(d.row.key, side))
    } else {
        let ts = d.row.key.ts + delay;
        view.needs(ts)?;
        (Key::end_of(ts), view.path.latest_at(ts, side))
    };
    let (px, row) = read(latest);
    Ok(EntryPoint { key, px, row, sign, is_filled: false, fill: None })
}

/// The price of a look-up, or why there is none.
pub(super) fn read(latest: Latest) -> (Result<i64, Null>, Option<PathRow>) {
    match latest {
        Latest::Price(row, px) => (Ok(px), Some(row)),
        Latest::Missing(row) => (Err(Null::NoQuote), Some(row)),
        Latest::Lost => (Err(Null::Gap), None),
        Latest::Nothing => (Err(Null::NoQuote), None),
    }
}

/// The decision's own view of a side, doubled.
fn captured(d: &Decision, kind: PathKind, side: Exit) -> Option<i64> {
    match kind {
        PathKind::Executable => match side {
            Exit::Up => d.row.ask.map(|px| 2 * px),
            Exit::Down => d.row.bid.map(|px| 2 * px),
        },
        PathKind::Mid => d.row.bid.zip(d.row.ask).map(|(bid, ask)| bid + ask),
        PathKind::Trade => d.row.last.map(|px| 2 * px),
    }
}
