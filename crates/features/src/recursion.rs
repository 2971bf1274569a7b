//! Exponential weights with finite memory: recursions that start anew at fixed instants.

use crate::math::exp2;
use crate::window::SECOND;

/// Half-lives after which what remains of a weight is below 1e-12.
const WARM_UP_HALF_LIVES: i64 = 40;
/// Periods after which a recursion starts anew: 10 min, 1 h, 1 day, 1 week.
const ANCHORS: [i64; 4] = [600 * SECOND, 3_600 * SECOND, 86_400 * SECOND, 604_800 * SECOND];

const fn warm_up_ns(half_life: i64) -> i64 {
    half_life.saturating_mul(WARM_UP_HALF_LIVES)
}

/// The smallest period that holds the warm-up; the longest one for half-lives beyond.
fn anchor_ns(half_life: i64) -> i64 {
    let warm_up = warm_up_ns(half_life);
    ANCHORS.into_iter().find(|a| *a >= warm_up).unwrap_or(604_800 * SECOND)
}

/// The longest half-life whose warm-up fits into the longest anchor period.
pub(crate) const MAX_HALF_LIFE: i64 = 604_800 * SECOND / WARM_UP_HALF_LIVES;

/// How far back the value at any cut-off reaches.
pub(crate) const fn lookback_ns(half_life: i64) -> i64 {
    let warm_up = warm_up_ns(half_life);
    let mut at = 0;
    while at < ANCHORS.len() {
        #[expect(clippy::indexing_slicing, reason = "a constant loop over a constant array")]
        if ANCHORS[at] >= warm_up {
            return ANCHORS[at] + warm_up;
        }
        at += 1;
    }
    i64::MAX
}

/// Two weighted sums: of the values, and of their weights.
pub(crate) type Sums = [f64; 2];

/// Sums after a row, for the anchor period of the row and for the next one, which warms up.
#[derive(Debug, Clone, Copy, Default)]
struct State {
    now: Sums,
    next: Sums,
}

/// A recursion over the rows of a ring: `x` decays by half in a half-life, and every row adds to it.
///
/// In `[kA, (k+1)A)` the value is that of the recursion started empty at `kA - W`, so it depends on nothing older.
#[derive(Debug)]
pub(crate) struct Recursion {
    half_life: i64,
    /// One state a row, the absent one at 0.
    states: Vec<State>,
}

impl Recursion {
    pub(crate) fn new(half_life: i64) -> Self {
        Self { half_life, states: vec![State::default()] }
    }

    /// Adds the next row at `ts`; `before` is the instant of the row before.
    pub(crate) fn push(&mut self, before: i64, ts: i64, add: Sums) {
        let last = self.states.last().copied().unwrap_or_default();
        let (anchor, warm_up) = (anchor_ns(self.half_life), warm_up_ns(self.half_life));
        let (k_before, k) = (before.div_euclid(anchor), ts.div_euclid(anchor));
        let decay = self.decay(before, ts);
        let step = |from: Sums| {
            let [x, w] = from;
            let [dx, dw] = add;
            [x * decay + dx, w * decay + dw]
        };
        let now = match k.saturating_sub(k_before) {
            0 => last.now,
            1 => last.next,
            _ => [0.0; 2],
        };
        let warms = ts >= (k + 1).saturating_mul(anchor).saturating_sub(warm_up);
        let next = if k == k_before { last.next } else { [0.0; 2] };
        self.states.push(State { now: step(now), next: if warms { step(next) } else { [0.0; 2] } });
    }

    /// The sums at a cut-off, given the last row before it and its instant.
    pub(crate) fn at(&self, row: usize, ts: i64, cutoff: i64) -> Sums {
        let state = self.states.get(row).copied().unwrap_or_default();
        let anchor = anchor_ns(self.half_life);
        let [x, w] = match cutoff.div_euclid(anchor).saturating_sub(ts.div_euclid(anchor)) {
            0 => state.now,
            1 => state.next,
            _ => [0.0; 2],
        };
        let decay = self.decay(ts, cutoff);
        [x * decay, w * decay]
    }

    /// From when on rows count at a cut-off.
    pub(crate) fn start_of(half_life: i64, cutoff: i64) -> i64 {
        let anchor = anchor_ns(half_life);
        cutoff.div_euclid(anchor).saturating_mul(anchor).saturating_sub(warm_up_ns(half_life))
    }

    pub(crate) fn decay(&self, from: i64, to: i64) -> f64 {
        exp2(-(to.saturating_sub(from) as f64) / self.half_life as f64)
    }

    pub(crate) fn drop_front(&mut self, rows: usize) {
        self.states.drain(1..=rows);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HALF_LIFE: i64 = 10 * SECOND;

    fn swept(rows: &[i64], cutoff: i64) -> f64 {
        let mut recursion = Recursion::new(HALF_LIFE);
        let mut before = i64::MIN;
        for ts in rows.iter().filter(|ts| **ts < cutoff) {
            recursion.push(before, *ts, [1.0, 1.0]);
            before = *ts;
        }
        recursion.at(recursion.states.len() - 1, before, cutoff)[0]
    }

    proptest! {
        /// The same bits from any start before the lookback, and within the remaining weight of the endless sum.
        #[test]
        fn a_start_anywhere_before_the_lookback_gives_the_same_bits(
            steps in prop::collection::vec(1_i64..30_000_000_000, 1..200),
            origin in -2_000_i64..2_000,
            after in 1_i64..2_000_000_000_000,
        ) {
            let rows: Vec<i64> = steps.iter().scan(origin * SECOND, |ts, step| { *ts += step; Some(*ts) }).collect();
            let cutoff = rows.last().unwrap() + after % (700 * SECOND);
            let whole = swept(&rows, cutoff);
            let start = cutoff - lookback_ns(HALF_LIFE);
            let cut: Vec<i64> = rows.iter().copied().filter(|ts| *ts >= start).collect();
            prop_assert_eq!(whole.to_bits(), swept(&cut, cutoff).to_bits());
            let from = Recursion::start_of(HALF_LIFE, cutoff);
            let plain: f64 = rows.iter().filter(|ts| (from..cutoff).contains(*ts))
                .map(|ts| 2_f64.powf(-((cutoff - ts) as f64) / HALF_LIFE as f64)).sum();
            prop_assert!((whole - plain).abs() <= 1e-12 * plain.max(1.0), "{} {}", whole, plain);
        }
    }
}
