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

/// What is certain of extremes: those of the worst and of the best price at the end.
pub(super) type Corners = Option<[(Excursion, i128); 2]>;

/// The walk under the lowest and the highest result at its end.
pub(super) fn corners(walk: &Excursion, ends: Option<(i128, i128)>, ts: i64) -> Corners {
    ends.map(|(lo, hi)| {
        [lo, hi].map(|value| {
            let mut walk = walk.clone();
            walk.at(value, ts, None);
            (walk, value)
        })
    })
}

/// Writes the extremes of an outcome; where the path or its end is not known, what was seen bounds them on one side.
pub(super) fn write(
    draft: &mut Draft,
    excursion: &Excursion,
    notional: i128,
    (gross, corners): (Result<i128, Null>, Corners),
    scale: Result<f64, Null>,
) {
    let (worst, best) = (excursion.worst, excursion.best);
    let as_bps = |value: i128| bps(value, notional.abs()).ok_or(Null::Div0);
    let in_sigma = |value: i128| scale.and_then(|scale| super::draft::over(as_bps(value)?, scale));
    let gross = match gross {
        Ok(gross) => gross,
        Err(why) => {
            // What was seen is certain; what was not seen may be worse, or better.
            let seen = |x: Result<f64, Null>| x.ok().map(Scalar::Number);
            let below = |x| Reading { value: Err(why), lo: None, hi: seen(x) };
            draft.set(Measure::MaeBps, below(as_bps(worst.value)));
            draft.set(Measure::MaeSigma, below(in_sigma(worst.value)));
            let lo = seen(as_bps(best.value));
            draft.set(Measure::MfeBps, Reading { value: Err(why), lo, hi: None });
            for measure in [Measure::MaeTs, Measure::MfeTs, Measure::MfeCapture, Measure::EdgeRatio]
            {
                draft.null(measure, why);
            }
            return;
        }
    };
    let all = |f: &dyn Fn(&Excursion, i128) -> Result<f64, Null>| {
        let reading = number(f(excursion, gross));
        if reading.value.is_err() {
            return reading;
        }
        let ends = corners.as_ref().map(|ends| {
            ends.each_ref().map(|(walk, value)| f(walk, *value).ok().map(Scalar::Number))
        });
        match ends {
            Some([lo, hi]) => Reading { lo, hi, ..reading },
            None => reading,
        }
    };
    let over = |num: i128, den: i128| {
        if den == 0 { Err(Null::Div0) } else { Ok(num as f64 / den as f64) }
    };
    let readings = [
        (Measure::MaeBps, all(&|walk, _| as_bps(walk.worst.value))),
        (Measure::MfeBps, all(&|walk, _| as_bps(walk.best.value))),
        (Measure::MaeSigma, all(&|walk, _| in_sigma(walk.worst.value))),
        (Measure::MfeCapture, all(&|walk, gross| over(gross, walk.best.value))),
        (Measure::EdgeRatio, all(&|walk, _| over(walk.best.value, -walk.worst.value))),
    ];
    for (measure, reading) in readings {
        draft.set(measure, reading);
    }
    draft.whole(Measure::MaeTs, worst.ts);
    draft.whole(Measure::MfeTs, best.ts);
}
