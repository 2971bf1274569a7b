//! Quotes at offsets from a decision or fill.

use contract::{AnchorKind, Side};

use super::case::{Case, sign};
use super::exact::{bps, wide};
use super::execution::{mid_at_decision, mid_at_fill};
use super::lots::Fill;
use super::path::Edge;
use super::{AuditedMarkout, Fate};
use crate::null::Null;

/// One markout an offset for the decision, then for each of its fills.
pub(super) fn markouts(case: &Case<'_>) -> Vec<Fate<AuditedMarkout>> {
    let offsets = &case.measures().offsets_ns;
    let decision = offsets.iter().map(|offset| of_decision(case, *offset));
    let is_own = |fill: &&Fill| !fill.is_busted && fill.decision == Some(case.at);
    let own = case.book.fills().filter(is_own);
    let fills = own.flat_map(|fill| offsets.iter().map(|offset| of_fill(case, fill, *offset)));
    decision.chain(fills).collect()
}

fn blank(
    case: &Case<'_>,
    kind: AnchorKind,
    id: String,
    anchor: i64,
    offset: i64,
) -> AuditedMarkout {
    let at = |edge| case.quotes.at(anchor + offset, edge).map(|found| found.price);
    AuditedMarkout {
        anchor_kind: kind,
        anchor_id: id,
        offset_ns: offset,
        ts_anchor: anchor,
        ts_end: (anchor + offset).max(case.cutoff() + 1),
        bid_px: at(Edge::Down).ok().map(|px| px / 2),
        ask_px: at(Edge::Up).ok().map(|px| px / 2),
        markout_bps: None,
        eff_spread_bps: None,
        realized_spread_bps: None,
        impact_bps: None,
        reason: None,
    }
}

fn matured(case: &Case<'_>, row: AuditedMarkout) -> Fate<AuditedMarkout> {
    if case.is_closed(row.ts_end) { Fate::Is(row) } else { Fate::Pending(row.ts_end) }
}

/// `times` × the signed difference of two doubled prices over a third, in basis points.
fn spread(
    times: i128,
    side: Option<Side>,
    to: Result<i64, Null>,
    from: Result<i64, Null>,
    over: Result<i64, Null>,
) -> Result<f64, Null> {
    let why = [to.err(), from.err(), over.err()].into_iter().flatten().min();
    let (Ok(to), Ok(from), Ok(over)) = (to, from, over) else {
        return Err(why.unwrap_or(Null::NoQuote));
    };
    let moved = (i128::from(to) - i128::from(from)) * times * side.map_or(1, sign);
    bps(wide(moved), wide(i128::from(over)))
}

fn of_decision(case: &Case<'_>, offset: i64) -> Fate<AuditedMarkout> {
    let id = case.decision.id.to_string();
    let mut row = blank(case, AnchorKind::Decision, id, case.cutoff(), offset);
    let later = mid(case, case.cutoff() + offset);
    let decided = mid_at_decision(case);
    let markout = spread(1, case.decision.side, later, decided, decided);
    row.markout_bps = markout.ok();
    row.reason = markout.err();
    matured(case, row)
}

fn of_fill(case: &Case<'_>, fill: &Fill, offset: i64) -> Fate<AuditedMarkout> {
    let anchor = fill.key.0;
    let mut row = blank(case, AnchorKind::Fill, fill.exec_id.clone(), anchor, offset);
    let (side, price) = (Some(fill.side), Ok(fill.price));
    let (later, own) = (mid(case, anchor + offset), mid_at_fill(case, fill));
    let markout = spread(1, side, later, price, price);
    let effective = spread(2, side, price, own, own);
    let realized = spread(2, side, price, later, own);
    let impact = spread(2, side, later, own, own);
    row.reason = [markout, effective, realized, impact].into_iter().filter_map(Result::err).min();
    row.markout_bps = markout.ok();
    row.eff_spread_bps = effective.ok();
    row.realized_spread_bps = realized.ok();
    row.impact_bps = impact.ok();
    matured(case, row)
}

fn mid(case: &Case<'_>, instant: i64) -> Result<i64, Null> {
    case.mids.at(instant, Edge::Down).map(|found| found.price)
}
