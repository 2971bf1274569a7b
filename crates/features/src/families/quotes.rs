//! Measures of quotes that several families share.

use crate::exact::fix60;
use crate::measure::{Measure, quote_level, quotes};
use crate::rows::Quote;
use std::sync::Arc;

fn valid(q: Quote) -> i128 {
    i128::from(q.is_valid())
}

/// Valid quotes.
pub(crate) fn n_valid() -> Arc<dyn Measure> {
    quotes("n_valid_quotes", |_, q| valid(q))
}

/// Sized quotes.
pub(crate) fn n_sized() -> Arc<dyn Measure> {
    quotes("n_sized_quotes", |_, q| i128::from(q.is_sized()))
}

/// Twice the mid.
pub(crate) fn mid2() -> Arc<dyn Measure> {
    quotes("mid2", |_, q| i128::from(q.mid2().unwrap_or(0)))
}

/// Its square.
pub(crate) fn mid2_squared() -> Arc<dyn Measure> {
    quotes("mid2_squared", |_, q| {
        let m = i128::from(q.mid2().unwrap_or(0));
        m.wrapping_mul(m)
    })
}

/// Size at both sides.
pub(crate) fn depth() -> Arc<dyn Measure> {
    quotes("quote_depth", |_, q| q.depth().unwrap_or(0))
}

/// Order-flow imbalance at the best prices.
pub(crate) fn ofi() -> Arc<dyn Measure> {
    quotes("ofi", |before, now| {
        if !(now.is_linked() & now.is_sized() & before.is_sized()) {
            return 0;
        }
        let both = |q: Quote| Some((q.bid_px()?, q.bid_size()?, q.ask_px()?, q.ask_size()?));
        let (Some((b0, qb0, a0, qa0)), Some((b1, qb1, a1, qa1))) = (both(before), both(now)) else {
            return 0;
        };
        let when = |condition: bool, size: i128| if condition { size } else { 0 };
        when(b1 >= b0, qb1) - when(b1 <= b0, qb0) - when(a1 <= a0, qa1) + when(a1 >= a0, qa0)
    })
}

/// Rows in which a price or size differs from the row before.
pub(crate) fn changes() -> Arc<dyn Measure> {
    quotes("quote_changes", |before, now| i128::from(now.is_linked() && !now.equals(&before)))
}

fn moved(before: Quote, now: Quote) -> std::cmp::Ordering {
    match (now.is_linked(), before.mid2(), now.mid2()) {
        (true, Some(from), Some(to)) => to.cmp(&from),
        _ => std::cmp::Ordering::Equal,
    }
}

/// Changes of the mid.
pub(crate) fn mid_moves() -> Arc<dyn Measure> {
    quotes("mid_moves", |before, now| i128::from(moved(before, now).is_ne()))
}

/// Rises of the mid.
pub(crate) fn mid_rises() -> Arc<dyn Measure> {
    quotes("mid_rises", |before, now| i128::from(moved(before, now).is_gt()))
}

/// Time with a valid quote.
pub(crate) fn valid_time() -> Arc<dyn Measure> {
    quote_level("valid_time", valid)
}

/// Time with a sized quote of positive size.
pub(crate) fn sized_time() -> Arc<dyn Measure> {
    quote_level("sized_time", |q| i128::from(q.depth().is_some_and(|d| d > 0)))
}

/// Time with a sized quote.
pub(crate) fn depth_time() -> Arc<dyn Measure> {
    quote_level("depth_time", |q| i128::from(q.is_sized()))
}

/// Relative spread in units of 2^-60.
pub(crate) fn spread_time() -> Arc<dyn Measure> {
    quote_level("spread_time", |q| spread(q).map_or(0, |s| i128::from(fix60(s))))
}

/// Time with a relative spread.
pub(crate) fn spread_valid_time() -> Arc<dyn Measure> {
    quote_level("spread_valid_time", |q| i128::from(spread(q).is_some()))
}

/// Spread over mid of a valid quote with a positive mid.
pub(crate) fn spread(q: Quote) -> Option<f64> {
    let mid2 = q.mid2().filter(|m| *m > 0)?;
    let spread = q.ask_px()?.wrapping_sub(q.bid_px()?);
    let relative = 2.0 * spread as f64 / mid2 as f64;
    // Above 2 the bid is below 0; far above, nothing is left of a spread.
    (relative < 7.9).then_some(relative)
}

/// Quote imbalance in units of 2^-60.
pub(crate) fn imbalance_time() -> Arc<dyn Measure> {
    quote_level("imbalance_time", |q| imbalance(q).map_or(0, |x| i128::from(fix60(x))))
}

/// Bid size less ask size over both.
pub(crate) fn imbalance(q: Quote) -> Option<f64> {
    let both = q.depth().filter(|d| *d > 0)?;
    let difference = q.bid_size()? - q.ask_size()?;
    Some(difference as f64 / both as f64)
}

/// Size at both sides over time.
pub(crate) fn depth_over_time() -> Arc<dyn Measure> {
    quote_level("depth_over_time", |q| q.depth().unwrap_or(0))
}
