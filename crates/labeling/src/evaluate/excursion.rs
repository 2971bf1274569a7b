//! The worst and the best result on the way.

use super::draft::number;
use super::{Draft, Stop, View};
use crate::exact::{Contract, bps};
use crate::key::Key;
use crate::measure::{Measure, Reading, Scalar};
use crate::null::Null;
use crate::path::{Exit, PathRow};

/// Lots that are open, of one sign.
#[derive(Debug, Clone)]
pub(super) struct Position {
    contract: Contract,
    sign: i128,
    /// Lot, quantity, doubled price.
    lots: Vec<(usize, i128, i64)>,
    /// Result of what was closed.
    realized: i128,
}

impl Position {
    pub(super) fn new(contract: Contract, sign: i128) -> Self {
        Self { contract, sign, lots: Vec::new(), realized: 0 }
    }

    pub(super) fn open(&mut self, lot: usize, qty: i128, px: i64) {
        self.lots.push((lot, qty, px));
    }

    pub(super) fn close(&mut self, lot: usize, qty: i128, px: i64) -> Result<(), Stop> {
        let (contract, sign) = (self.contract, self.sign);
        if let Some(open) = self.lots.iter_mut().find(|(no, ..)| *no == lot) {
            self.realized = self
                .realized
                .checked_add(sign * contract.gross(qty, open.2, px)?)
                .ok_or(Stop::Overflow)?;
            open.1 -= qty;
        }
        self.lots.retain(|(_, qty, _)| *qty > 0);
        Ok(())
    }

    pub(super) fn is_flat(&self) -> bool {
        self.lots.is_empty()
    }

    pub(super) fn realized(&self) -> i128 {
        self.realized
    }

    /// Result if everything open were left at a price.
    pub(super) fn value(&self, px: i64) -> Result<i128, Stop> {
        let mut sum = self.realized;
        for (_, qty, entry) in &self.lots {
            let gross = self.sign * self.contract.gross(*qty, *entry, px)?;
            sum = sum.checked_add(gross).ok_or(Stop::Overflow)?;
        }
        Ok(sum)
    }
}

/// An extreme: the result and when it was first reached.
#[derive(Debug, Clone, Copy)]
struct Extreme {
    value: i128,
    ts: i64,
}

/// The worst and best result so far.
#[derive(Debug, Clone)]
pub(super) struct Excursion {
    worst: Extreme,
    best: Extreme,
    rows: [Option<PathRow>; 2],
}

impl Excursion {
    /// At the entry the result is 0.
    pub(super) fn new(entry_ts: i64) -> Self {
        let zero = Extreme { value: 0, ts: entry_ts };
        Self { worst: zero, best: zero, rows: [None, None] }
    }

    /// A result at an instant.
    pub(super) fn at(&mut self, value: i128, ts: i64, row: Option<PathRow>) {
        if value < self.worst.value {
            self.worst = Extreme { value, ts };
            self.rows[0] = row;
        }
        if value > self.best.value {
            self.best = Extreme { value, ts };
            self.rows[1] = row;
        }
    }

    /// Rows of the path with keys after one and before another.
    pub(super) fn stretch(
        &mut self,
        view: View<'_>,
        position: &Position,
        after: Key,
        before: Key,
    ) -> Result<(), Stop> {
        if position.is_flat() {
            return Ok(());
        }
        let side = Exit::of(position.sign);
        let (from, to) = (view.path.through(after), view.path.before(before));
        let Some(rows) = view.path.extremes(from, to, side) else { return Ok(()) };
        // The earlier of the two first, so that equal results keep the earlier instant.
        let mut rows = rows;
        rows.sort_by_key(|row| row.key);
        for row in rows {
            if let Some(px) = row.side(side) {
                self.at(position.value(px)?, row.key.ts, Some(row));
            }
        }
        Ok(())
    }

    /// The same from the other side of the trade.
    pub(super) fn negated(self) -> Self {
        let flip = |e: Extreme| Extreme { value: -e.value, ts: e.ts };
        let [worst_row, best_row] = self.rows;
        Self { worst: flip(self.best), best: flip(self.worst), rows: [best_row, worst_row] }
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &PathRow> {
        self.rows.iter().flatten()
    }
}

/// Writes the extremes of an outcome; where the path or its end is not known, what was seen bounds them on one side.
pub(super) fn write(
    draft: &mut Draft,
    excursion: &Excursion,
    notional: i128,
    gross: Result<i128, Null>,
    scale: Result<f64, Null>,
) {
    let (worst, best) = (excursion.worst, excursion.best);
    let as_bps = |value: i128| bps(value, notional).ok_or(Null::Div0);
    let over_scale = |x: f64| Some(Scalar::Number(x)).filter(|_| x.is_finite());
    if let Err(why) = gross {
        // What was seen is certain; what was not seen may be worse, or better.
        let bounds = |value: Option<f64>, is_low: bool| {
            let seen = value.and_then(over_scale);
            let (lo, hi) = if is_low { (None, seen) } else { (seen, None) };
            Reading { value: Err(why), lo, hi }
        };
        draft.set(Measure::MaeBps, bounds(as_bps(worst.value).ok(), true));
        draft.set(Measure::MfeBps, bounds(as_bps(best.value).ok(), false));
        let scaled = as_bps(worst.value).ok().zip(scale.ok()).map(|(x, scale)| x / scale);
        draft.set(Measure::MaeSigma, bounds(scaled, true));
        for measure in [Measure::MaeTs, Measure::MfeTs, Measure::MfeCapture, Measure::EdgeRatio] {
            draft.null(measure, why);
        }
        return;
    }
    draft.number(Measure::MaeBps, as_bps(worst.value));
    draft.number(Measure::MfeBps, as_bps(best.value));
    let scaled = scale.and_then(|scale| as_bps(worst.value).map(|x| x / scale));
    draft.set(Measure::MaeSigma, number(scaled));
    draft.whole(Measure::MaeTs, worst.ts);
    draft.whole(Measure::MfeTs, best.ts);
    let capture = match gross {
        Ok(gross) if best.value != 0 => Ok(gross as f64 / best.value as f64),
        _ => Err(Null::Div0),
    };
    draft.number(Measure::MfeCapture, capture);
    let edge = if worst.value == 0 {
        Err(Null::Div0)
    } else {
        Ok(best.value as f64 / -worst.value as f64)
    };
    draft.number(Measure::EdgeRatio, edge);
}
