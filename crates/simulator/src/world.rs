//! What moves prices: volatility, hidden states, and the moves themselves.
//!
//! The mid of an instrument at the first venue is a jump process of one tick a jump. Its jumps are own moves, whose
//! direction leans towards a hidden state; moves of a common factor, in which the instrument takes part with a set
//! probability; and repetitions of a leader's own moves after a set delay. All rates are multiplied by a slow state
//! of volatility. Because this process is known exactly, so are correlation, lead time, and the probability of each
//! class of a later return (`law`).

use crate::calendar::{Calendar, Phase};
use crate::rng::{Purpose, Rng};
use crate::scenario::Spec;
use crate::universe::Universe;

/// A jump of a mid by one tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Move {
    pub(crate) ts: i64,
    pub(crate) dir: i64,
}

/// A state that holds from `ts` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) ts: i64,
    pub(crate) state: i64,
}

/// What one instrument gets from the world in a slice.
#[derive(Debug, Clone, Default)]
pub(crate) struct Share {
    /// Jumps of the mid, in time order.
    pub(crate) moves: Vec<Move>,
    /// Hidden state, from the start of the slice on.
    pub(crate) hidden: Vec<Held>,
    /// Own moves of the leader in the slice and one delay before, if the instrument follows one.
    pub(crate) leader_moves: Vec<Move>,
    /// Hidden state of the leader.
    pub(crate) leader_hidden: Vec<Held>,
    /// Volatility: 0 low, 1 high.
    pub(crate) vol: Vec<Held>,
}

/// The value of a state at a moment.
pub(crate) fn at(path: &[Held], ts: i64) -> i64 {
    path.iter().rev().find(|h| h.ts <= ts).or(path.first()).map_or(0, |h| h.state)
}

#[derive(Debug, Clone)]
pub(crate) struct World {
    vol: i64,
    hidden: Vec<i64>,
    /// Repetitions and jittered common moves that fall after the slice that drew them.
    pending: Vec<Vec<Move>>,
    /// Own moves of each leader of `follows`, for one delay back.
    recent: Vec<Vec<Move>>,
}

impl World {
    pub(crate) fn new(universe: &Universe) -> Self {
        let n = universe.listings.len();
        Self {
            vol: 0,
            hidden: vec![0; n],
            pending: vec![Vec::new(); n],
            recent: vec![Vec::new(); universe.follows.len()],
        }
    }

    /// The world from `from` to `to`.
    pub(crate) fn slice(
        &mut self,
        spec: &Spec,
        universe: &Universe,
        calendar: &Calendar,
        (seed, index): (u64, u64),
        (from, to): (i64, i64),
    ) -> Vec<Share> {
        let mut rng = Rng::new(seed, Purpose::World, 0, index);
        let vol =
            walk(&mut rng, &mut self.vol, spec.common.vol_dwell.seconds(), (from, to), |_, s| {
                1 - s
            });
        let multiplier = |ts: i64| if at(&vol, ts) == 1 { spec.common.vol_high } else { 1.0 };
        let mut common = Vec::new();
        arrivals(&mut rng, spec.common.rate * spec.common.vol_high, (from, to), |rng, ts| {
            if rng.chance(multiplier(ts) / spec.common.vol_high) {
                common.push(Move { ts, dir: rng.sign(0.5) });
            }
        });
        let mut own: Vec<Vec<Move>> = Vec::with_capacity(universe.listings.len());
        let mut shares: Vec<Share> = Vec::with_capacity(universe.listings.len());
        for (i, (listing, state)) in universe.listings.iter().zip(&mut self.hidden).enumerate() {
            let mut rng = Rng::new(seed, Purpose::World, i as u64 + 1, index);
            let hidden =
                walk(&mut rng, state, spec.signal.dwell.seconds(), (from, to), |rng, s| {
                    // To either of the two other states alike.
                    let step = 1 + i64::from(rng.below(2));
                    (s + 1 + step) % 3 - 1
                });
            let mut moves = Vec::new();
            arrivals(&mut rng, listing.move_rate * spec.common.vol_high, (from, to), |rng, ts| {
                if rng.chance(multiplier(ts) / spec.common.vol_high) {
                    let lean = spec.signal.strength * at(&hidden, ts) as f64;
                    moves.push(Move { ts, dir: rng.sign(0.5 + 0.5 * lean) });
                }
            });
            moves.retain(|m| calendar.phase(i, 0, m.ts) == Phase::Trading);
            let mut all = moves.clone();
            for m in &common {
                if rng.chance(listing.beta) {
                    all.push(Move { ts: m.ts + rng.between(0, 2_000_000), dir: m.dir });
                }
            }
            own.push(moves);
            shares.push(Share { moves: all, hidden, vol: vol.clone(), ..Share::default() });
        }
        for ((n, follow), recent) in universe.follows.iter().enumerate().zip(&mut self.recent) {
            let mut rng = Rng::new(seed, Purpose::World, 1_000_000 + n as u64, index);
            let led = own.get(follow.leader).map_or(&[][..], Vec::as_slice);
            recent.retain(|m| m.ts >= from - follow.delay_ns);
            recent.extend_from_slice(led);
            let leader_hidden =
                shares.get(follow.leader).map(|s| s.hidden.clone()).unwrap_or_default();
            if let Some(share) = shares.get_mut(follow.follower) {
                share.leader_moves.clone_from(recent);
                share.leader_hidden = leader_hidden;
                for m in led {
                    if rng.chance(follow.share) {
                        share.moves.push(Move { ts: m.ts + follow.delay_ns, dir: m.dir });
                    }
                }
            }
        }
        for (i, (share, pending)) in shares.iter_mut().zip(&mut self.pending).enumerate() {
            share.moves.append(pending);
            share.moves.sort_by_key(|m| m.ts);
            let cut = share.moves.partition_point(|m| m.ts < to);
            *pending = share.moves.split_off(cut);
            share.moves.retain(|m| calendar.phase(i, 0, m.ts) == Phase::Trading);
        }
        shares
    }
}

/// A Markov chain in continuous time; exponential stays are memoryless, so each slice may draw its first anew.
fn walk(
    rng: &mut Rng,
    state: &mut i64,
    dwell_s: f64,
    (from, to): (i64, i64),
    next: impl Fn(&mut Rng, i64) -> i64,
) -> Vec<Held> {
    let mut out = vec![Held { ts: from, state: *state }];
    arrivals(rng, 1.0 / dwell_s, (from, to), |rng, ts| {
        *state = next(rng, *state);
        out.push(Held { ts, state: *state });
    });
    out
}

/// Calls `each` at the arrivals of a Poisson process.
fn arrivals(
    rng: &mut Rng,
    rate_per_s: f64,
    (from, to): (i64, i64),
    mut each: impl FnMut(&mut Rng, i64),
) {
    let mut ts = from + rng.wait_ns(rate_per_s);
    while ts < to {
        each(rng, ts);
        ts += rng.wait_ns(rate_per_s);
    }
}
