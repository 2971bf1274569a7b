//! Measures of trades.

use crate::measure::{Measure, later, signs, tape, tape_triples, trades};
use crate::rows::{Later, SignSource, Trade};
use std::sync::Arc;

fn signed(t: Trade) -> i128 {
    i128::from(t.sign)
}

/// Trades.
pub(crate) fn n() -> Arc<dyn Measure> {
    tape("n_trades", |_, t| i128::from(t.is_live()))
}

/// Size.
pub(crate) fn volume() -> Arc<dyn Measure> {
    tape("volume", |_, t| t.size)
}

/// Price times size, in units of 1e-18.
pub(crate) fn notional() -> Arc<dyn Measure> {
    tape("notional", |_, t| i128::from(t.px).wrapping_mul(t.size))
}

/// Nanoseconds since the trade before.
pub(crate) fn gaps() -> Arc<dyn Measure> {
    tape("trade_gaps", |b, t| i128::from(t.ts_avail) - i128::from(b.ts_avail))
}

/// Their squares.
pub(crate) fn gaps_squared() -> Arc<dyn Measure> {
    tape("trade_gaps_squared", |b, t| {
        let gap = i128::from(t.ts_avail) - i128::from(b.ts_avail);
        gap.wrapping_mul(gap)
    })
}

/// Price changes.
pub(crate) fn px_changes() -> Arc<dyn Measure> {
    tape("px_changes", |b, c| i128::from(c.px) - i128::from(b.px))
}

/// The price change before.
pub(crate) fn px_changes_before() -> Arc<dyn Measure> {
    tape_triples("px_changes_before", |a, b, _| i128::from(b.px) - i128::from(a.px))
}

/// Products of price changes that follow each other.
pub(crate) fn px_change_products() -> Arc<dyn Measure> {
    tape_triples("px_change_products", |a, b, c| {
        let (first, second) =
            (i128::from(b.px) - i128::from(a.px), i128::from(c.px) - i128::from(b.px));
        first.wrapping_mul(second)
    })
}

/// Signed size.
pub(crate) fn signed_volume() -> Arc<dyn Measure> {
    signs("signed_volume", |_, t| signed(t) * t.size)
}

/// Size of trades of known sign.
pub(crate) fn known_volume() -> Arc<dyn Measure> {
    signs("known_volume", |_, t| if t.sign == 0 { 0 } else { t.size })
}

/// Signs.
pub(crate) fn sum_of_signs() -> Arc<dyn Measure> {
    signs("signs", |_, t| if t.is_live() { signed(t) } else { 0 })
}

/// Trades of known sign.
pub(crate) fn n_known() -> Arc<dyn Measure> {
    signs("n_known_signs", |_, t| i128::from(t.is_live() && t.sign != 0))
}

/// Size of trades that the venue's flag has signed.
pub(crate) fn flagged_volume() -> Arc<dyn Measure> {
    tape("flagged_volume", |_, t| if t.sign_source == SignSource::Flag { t.size } else { 0 })
}

/// Products of signs of trades that follow each other.
pub(crate) fn sign_products() -> Arc<dyn Measure> {
    signs("sign_products", |b, t| signed(b) * signed(t))
}

/// Pairs of known signs.
pub(crate) fn n_sign_pairs() -> Arc<dyn Measure> {
    signs("n_sign_pairs", |b, t| i128::from(b.sign != 0 && t.sign != 0))
}

/// Size at or above the prevailing ask.
pub(crate) fn at_ask() -> Arc<dyn Measure> {
    trades("volume_at_ask", |_, t| if t.is_at_ask() { t.size } else { 0 })
}

/// Size at or below the prevailing bid.
pub(crate) fn at_bid() -> Arc<dyn Measure> {
    trades("volume_at_bid", |_, t| if t.is_at_bid() { t.size } else { 0 })
}

/// Signed distance from twice the prevailing mid to twice the price, times size.
pub(crate) fn effective() -> Arc<dyn Measure> {
    trades("effective_spread", |_, t| distance(&t, t.mid2(), Some(2 * t.px)))
}

/// Twice the prevailing mid times size, of signed trades.
pub(crate) fn effective_weight() -> Arc<dyn Measure> {
    trades("effective_weight", |_, t| weight(&t))
}

/// Signed distance from twice the later mid to twice the price, times size.
pub(crate) fn realized() -> Arc<dyn Measure> {
    later("realized_spread", |l| {
        complete(l, || distance(&l.trade, l.mid2_later, Some(2 * l.trade.px)))
    })
}

/// Signed distance from twice the prevailing mid to twice the later one, times size.
pub(crate) fn impact() -> Arc<dyn Measure> {
    later("price_impact", |l| complete(l, || distance(&l.trade, l.trade.mid2(), l.mid2_later)))
}

/// Twice the prevailing mid times size.
pub(crate) fn later_weight() -> Arc<dyn Measure> {
    later("later_weight", |l| complete(l, || weight(&l.trade)))
}

fn complete(later: &Later, value: impl Fn() -> i128) -> i128 {
    if later.is_complete() { value() } else { 0 }
}

fn distance(trade: &Trade, from: Option<i64>, to: Option<i64>) -> i128 {
    let Some((from, to)) = from.zip(to) else { return 0 };
    let size = signed(*trade) * trade.size;
    size.wrapping_mul(i128::from(to) - i128::from(from))
}

fn weight(trade: &Trade) -> i128 {
    match trade.mid2() {
        Some(mid2) if trade.sign != 0 => trade.size.wrapping_mul(i128::from(mid2)),
        _ => 0,
    }
}
