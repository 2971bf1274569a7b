//! The first of two barriers and a time limit, on the exact path.

use super::{LabelDraft, check_basis, exit_flag, floor_end, gain, note_entry};
use crate::evaluate::{
    Decision, EntryPoint, Reads, Stop, View, entry_point, mark, sigma, window_end,
};
use crate::null::Null;
use crate::path::Exit;
use crate::settings::{Barrier, Target, TargetKind, Vertical};
use contract::Amount;

/// No barrier below.
const NO_LOWER: i64 = i64::MIN + 1;
/// No barrier above.
const NO_UPPER: i64 = i64::MAX;

/// Doubled prices: at most the first, or at least the second, ends the trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Levels {
    pub(crate) side: Exit,
    pub(crate) lower: i64,
    pub(crate) upper: i64,
}

/// The barriers of a trade; the inner error is a scale that is not known.
fn stand(
    view: View<'_>,
    d: &Decision,
    target: &Target,
    entry: &EntryPoint,
    px: i64,
) -> Result<Result<Levels, Null>, Stop> {
    let TargetKind::TripleBarrier { profit, loss, .. } = &target.kind else {
        return Err(Stop::NotApplicable("no barriers"));
    };
    let is_long = entry.sign > 0;
    let own = |px: Option<i64>| px.map(|px| 2 * px);
    let mut levels = Levels { side: Exit::of(entry.sign), lower: NO_LOWER, upper: NO_UPPER };
    for (barrier, own, is_up) in
        [(profit, own(d.row.take_profit), is_long), (loss, own(d.row.stop_loss), !is_long)]
    {
        let level = match barrier {
            None => None,
            Some(Barrier::Decision) => own,
            Some(Barrier::Bps(bps)) => Some(at_bps(px, *bps, is_up)?),
            Some(Barrier::Sigma(k)) => match sigma(view, d) {
                Ok(sigma) => Some(at_sigma(px, *k * (sigma * d.root_tau()), is_up)?),
                Err(why) => return Ok(Err(why)),
            },
        };
        match level {
            Some(level) if is_up => levels.upper = level,
            Some(level) => levels.lower = level,
            None => {}
        }
    }
    if levels.lower == NO_LOWER && levels.upper == NO_UPPER {
        return Err(Stop::NotApplicable("no barriers"));
    }
    if levels.upper <= levels.lower || px >= levels.upper || px <= levels.lower {
        return Err(Stop::BarrierOrder);
    }
    Ok(Ok(levels))
}

/// A price so many basis points away: upwards the ceiling, downwards the floor, of the exact quotient.
fn at_bps(px: i64, bps: Amount, is_up: bool) -> Result<i64, Stop> {
    const UNIT: i128 = 10_000_000_000_000;
    let factor = if is_up { UNIT + bps.nanos() } else { UNIT - bps.nanos() };
    let product = i128::from(px).checked_mul(factor).ok_or(Stop::Overflow)?;
    let floor = product.div_euclid(UNIT);
    let level = if is_up && product.rem_euclid(UNIT) != 0 { floor + 1 } else { floor };
    i64::try_from(level).map_err(|_| Stop::Overflow)
}

/// The same for a distance that is not exact.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked just before")]
fn at_sigma(px: i64, bps: f64, is_up: bool) -> Result<i64, Stop> {
    let factor = if is_up { 1.0 + bps / 1e4 } else { 1.0 - bps / 1e4 };
    let product = px as f64 * factor;
    let level = if is_up { libm::ceil(product) } else { libm::floor(product) };
    if level.abs() < 9e18 { Ok(level as i64) } else { Err(Stop::Overflow) }
}

/// The barriers of a decision's trade, once they stand.
pub(crate) fn levels(view: View<'_>, d: &Decision, target: &Target) -> Option<Levels> {
    let entry = entry_point(view, d).ok()?;
    let px = entry.px.ok()?;
    stand(view, d, target, &entry, px).ok()?.ok()
}

#[expect(
    clippy::too_many_lines,
    reason = "one outcome, step by step in the order of the definition"
)]
pub(super) fn label(view: View<'_>, d: &Decision, target: &Target) -> Result<LabelDraft, Stop> {
    let TargetKind::TripleBarrier { profit, loss, vertical, profit_as_limit } = &target.kind else {
        return Err(Stop::NotApplicable("no barriers"));
    };
    let stands = |barrier: &Option<Barrier>, own: Option<i64>| match barrier {
        Some(Barrier::Decision) => own.is_some(),
        barrier => barrier.is_some(),
    };
    if !stands(profit, d.row.take_profit) && !stands(loss, d.row.stop_loss) {
        return Err(Stop::NotApplicable("no barriers"));
    }
    let entry = entry_point(view, d)?;
    check_basis(target, entry.is_filled)?;
    let end = window_end(view, d, entry.key.ts)?;
    let mut reads = Reads::new(d.row.key.seq, d.row.avail);
    note_entry(view, &entry, &mut reads);
    // Not known from here on: up to a touch, else to the end of the window.
    let unknown = |why: Null, last: i64, reads: Reads| {
        let ts_end = floor_end(d, last, entry.is_filled);
        view.needs(ts_end)?;
        Ok(LabelDraft::new(ts_end, reads).because(why, (-1, 1)))
    };
    let side = Exit::of(entry.sign);
    let unknown_to_the_end = |why: Null, reads: Reads| {
        let ts = mark(view, d, end, side)?.ts;
        if !view.path.has_row_by(end) {
            return Err(Stop::NoPath);
        }
        unknown(why, ts, reads)
    };
    let px = match entry.px {
        Ok(px) => px,
        Err(why) => return unknown_to_the_end(why, reads),
    };
    let levels = match stand(view, d, target, &entry, px)? {
        Ok(levels) => levels,
        Err(why) => return unknown_to_the_end(why, reads),
    };
    let (from, to) = (view.path.through(entry.key), view.path.up_to(end.min(view.upto)));
    let touch = view.path.first_outside(from, to, levels.side, (levels.lower, levels.upper));
    let last = touch.map_or(end, |row| row.key.ts);
    let instrument = d.row.instrument.unwrap_or(0);
    let lost = view.path.gap_in(entry.key.ts, last).filter(|g| touch.is_none() || g.from < last);
    if lost.is_some() {
        return match touch {
            Some(_) => unknown(Null::Gap, last, reads),
            None => unknown_to_the_end(Null::Gap, reads),
        };
    }
    let until = match touch {
        Some(_) => last,
        None => mark(view, d, end, side)?.exit_ts,
    };
    if view.facts.action_in(instrument, entry.key.ts, until).is_some() {
        return match touch {
            Some(_) => unknown(Null::CorporateAction, last, reads),
            None => unknown_to_the_end(Null::CorporateAction, reads),
        };
    }
    if let Some((row, touched)) = touch.and_then(|row| row.side(levels.side).map(|px| (row, px))) {
        let is_up = touched >= levels.upper;
        let is_profit = is_up == (entry.sign > 0);
        let level = if is_up { levels.upper } else { levels.lower };
        let exit = if is_profit && *profit_as_limit { level } else { touched };
        reads.row(&row);
        let ts_end = floor_end(d, row.key.ts, entry.is_filled);
        view.needs(ts_end)?;
        let label = LabelDraft::new(ts_end, reads);
        let label = label.with_class(if is_profit { 1 } else { -1 });
        return Ok(label.with_return(gain(entry.sign, px, exit)));
    }
    view.needs(end)?;
    if !view.path.has_row_by(end) {
        return Err(Stop::NoPath);
    }
    let mark = mark(view, d, end, levels.side)?;
    let (exit, row) = match mark.px {
        Ok(found) => found,
        Err(why) => {
            let ts_end = floor_end(d, mark.ts, entry.is_filled);
            view.needs(ts_end)?;
            let label = LabelDraft::new(ts_end, reads);
            // Nothing was touched, whatever the price at the end.
            return Ok(match vertical {
                Vertical::Zero => label.with_class(0),
                Vertical::Sign => label.because(why, (-1, 1)),
            });
        }
    };
    reads.row(&row);
    let ts_end = floor_end(d, mark.ts, entry.is_filled);
    view.needs(ts_end)?;
    let mut label = LabelDraft::new(ts_end, reads);
    exit_flag(&mut label, &mark);
    let value = gain(entry.sign, px, exit);
    let class = match (vertical, value) {
        (Vertical::Sign, Some(value)) if value > 0.0 => 1,
        (Vertical::Sign, Some(value)) if value < 0.0 => -1,
        _ => 0,
    };
    if *vertical == Vertical::Sign && value.is_none() {
        return Ok(label.because(Null::Div0, (-1, 1)));
    }
    Ok(label.with_class(class).with_return(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_barrier_between_two_prices_rounds_away_from_the_entry() {
        // 200.02 doubled, 15 bps: 200.02 * 1.0015 = 200.32003, on both sides exact only in decimals.
        let px = 200_020_000_001;
        let bps = Amount::parse("15").unwrap();
        assert_eq!(at_bps(px, bps, true), Ok(200_320_030_002)); // 200320030001.0015 up
        assert_eq!(at_bps(px, bps, false), Ok(199_719_970_000)); // 199719970000.9985 down
        assert_eq!(at_bps(10_000, Amount::parse("1").unwrap(), true), Ok(10_001));
        assert_eq!(at_bps(10_000, Amount::parse("1").unwrap(), false), Ok(9_999));
    }
}
