//! The exact law of a later move of the mid, given everything that is true at a moment.
//!
//! The number of up moves less down moves over a horizon is a Markov-modulated jump process. Its distribution is
//! computed by uniformisation (Jensen 1953): the chain is run at a constant clock rate, and the number of ticks of
//! that clock is Poisson. Only sums and products occur, so the bits are the same everywhere.

use crate::scenario::Spec;
use crate::universe::Universe;

/// Probabilities of down, unchanged, up.
pub(crate) type Classes = [f64; 3];

/// Net moves from -REACH to REACH; what would go further stays at the edge.
const REACH: usize = 96;
const WIDTH: usize = 2 * REACH + 1;

type Pmf = Vec<f64>;

/// The laws of one instrument: by volatility (2) and hidden state (3).
#[derive(Debug, Clone)]
pub(crate) struct Law {
    /// Moves over the horizon by own state, and behind it by the leader's hidden state (3): own and common moves, and
    /// repetitions of moves that the leader has still to make.
    pmfs: Vec<Pmf>,
    /// Probability of repeating one move of the leader.
    share: f64,
}

/// Rates of one state of the modulating chain.
#[derive(Debug, Clone, Copy)]
struct Rates {
    up: f64,
    down: f64,
}

/// Where a state of (volatility, hidden) stands in a table.
fn slot(vol: i64, hidden: i64) -> usize {
    usize::try_from(vol * 3 + hidden + 1).unwrap_or(0).min(5)
}

impl Law {
    pub(crate) fn new(spec: &Spec, universe: &Universe, instrument: usize) -> Self {
        let horizon = spec.horizon.seconds();
        let rates = |own: f64, common: f64| -> Vec<Rates> {
            let mut out = Vec::with_capacity(6);
            for m in [1.0, spec.common.vol_high] {
                for s in [-1.0, 0.0, 1.0] {
                    let lean = 0.5 + 0.5 * spec.signal.strength * s;
                    out.push(Rates {
                        up: m * (own * lean + common / 2.0),
                        down: m * (own * (1.0 - lean) + common / 2.0),
                    });
                }
            }
            out
        };
        let Some(listing) = universe.listings.get(instrument) else {
            return Self { pmfs: vec![still(); 18], share: 0.0 };
        };
        let common = spec.common.rate * listing.beta;
        let switch = (1.0 / spec.common.vol_dwell.seconds(), 1.0 / spec.signal.dwell.seconds());
        let base = uniformised(&rates(listing.move_rate, common), switch, horizon);
        let copies = universe.follows.iter().find(|f| f.follower == instrument).and_then(|f| {
            let led = universe.listings.get(f.leader)?;
            let left = horizon - f.delay_ns as f64 / 1e9;
            Some((uniformised(&rates(led.move_rate * f.share, 0.0), switch, left), f.share))
        });
        let mut pmfs = Vec::with_capacity(18);
        for (state, own) in base.iter().enumerate() {
            for led in 0..3 {
                let more = copies.as_ref().and_then(|(more, _)| more.get(state / 3 * 3 + led));
                pmfs.push(more.map_or_else(|| own.clone(), |more| convolve(own, more)));
            }
        }
        Self { pmfs, share: copies.map_or(0.0, |(_, share)| share) }
    }

    /// Class probabilities of the mid's move over the horizon.
    ///
    /// `leader` is the leader's hidden state, and the ups and downs that it has made within one delay: known moves
    /// whose repetition, if it comes, is still to come.
    pub(crate) fn classes(&self, vol: i64, hidden: i64, leader: (i64, u32, u32)) -> Classes {
        let (state, ups, downs) = leader;
        let at = slot(vol, hidden) * 3 + slot(0, state);
        let Some(pmf) = self.pmfs.get(at) else { return [0.0, 1.0, 0.0] };
        if self.share == 0.0 || ups + downs == 0 {
            return fold(pmf);
        }
        let mut pmf = pmf.clone();
        for _ in 0..ups {
            pmf = bernoulli(&pmf, self.share, 1);
        }
        for _ in 0..downs {
            pmf = bernoulli(&pmf, self.share, -1);
        }
        fold(&pmf)
    }
}

fn still() -> Pmf {
    let mut pmf = vec![0.0; WIDTH];
    pmf[REACH] = 1.0;
    pmf
}

fn fold(pmf: &[f64]) -> Classes {
    let (down, rest) = pmf.split_at(REACH);
    let (flat, up) = rest.split_at(1);
    [down.iter().sum(), flat.iter().sum(), up.iter().sum()]
}

fn convolve(a: &[f64], b: &[f64]) -> Pmf {
    let mut out = vec![0.0; WIDTH];
    for (i, x) in a.iter().enumerate().filter(|(_, x)| **x > 0.0) {
        for (j, y) in b.iter().enumerate().filter(|(_, y)| **y > 0.0) {
            let to = (i + j).saturating_sub(REACH).min(WIDTH - 1);
            out[to] += x * y;
        }
    }
    out
}

fn bernoulli(pmf: &[f64], p: f64, dir: i64) -> Pmf {
    (0..WIDTH)
        .map(|i| {
            let from = if dir > 0 { i.checked_sub(1) } else { (i + 1 < WIDTH).then_some(i + 1) };
            pmf[i] * (1.0 - p) + from.map_or(0.0, |f| pmf[f] * p)
        })
        .collect()
}

/// Distribution of net moves after `horizon` seconds from each of the six states.
fn uniformised(rates: &[Rates], (vol_switch, hidden_switch): (f64, f64), horizon: f64) -> Vec<Pmf> {
    let fastest = rates.iter().map(|r| r.up + r.down).fold(0.0, f64::max);
    let clock = fastest + vol_switch + hidden_switch;
    let mean = clock * horizon;
    if mean <= 0.0 {
        return vec![still(); 6];
    }
    let mut out = vec![vec![0.0; WIDTH]; 6];
    for (start, total) in out.iter_mut().enumerate() {
        // now[state][net]: the embedded chain after n ticks of the clock.
        let mut now = vec![vec![0.0; WIDTH]; 6];
        now[start] = still();
        // Poisson weights from their logarithm, for large means as well.
        let mut n = 0_u32;
        let mut log_weight = -mean;
        let mut seen = 0.0;
        while seen < 1.0 - 1e-12 && n < 4000 {
            let weight = libm::exp(log_weight);
            seen += weight;
            for state in &now {
                for (to, p) in total.iter_mut().zip(state) {
                    *to += weight * p;
                }
            }
            now = tick(&now, rates, (vol_switch / clock, hidden_switch / clock), clock);
            n += 1;
            log_weight += libm::log(mean / f64::from(n));
        }
        let sum: f64 = total.iter().sum();
        for p in total.iter_mut() {
            *p /= sum;
        }
    }
    out
}

fn tick(now: &[Pmf], rates: &[Rates], (vol_p, hidden_p): (f64, f64), clock: f64) -> Vec<Pmf> {
    let mut next = vec![vec![0.0; WIDTH]; 6];
    for (s, (pmf, rate)) in now.iter().zip(rates).enumerate() {
        let (up, down) = (rate.up / clock, rate.down / clock);
        let stay = 1.0 - up - down - vol_p - hidden_p;
        let row = s / 3 * 3;
        let others = [row + (s + 1 - row) % 3, row + (s + 2 - row) % 3];
        let low = pmf.iter().position(|p| *p > 0.0).unwrap_or(WIDTH);
        let high = pmf.iter().rposition(|p| *p > 0.0).map_or(0, |h| h + 1);
        for i in low..high {
            let p = pmf[i];
            next[s][i] += p * stay;
            next[s][(i + 1).min(WIDTH - 1)] += p * up;
            next[s][i.saturating_sub(1)] += p * down;
            next[(s + 3) % 6][i] += p * vol_p;
            for other in others {
                next[other][i] += p * hidden_p / 2.0;
            }
        }
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Purpose, Rng};

    #[test]
    fn without_modulation_the_law_is_skellam() {
        let rates = vec![Rates { up: 0.3, down: 0.3 }; 6];
        let pmf = &uniformised(&rates, (0.0, 0.0), 10.0)[0];
        // Skellam(3, 3) at 0 and at 1: exp(-6) I0(6), exp(-6) I1(6) (Abramowitz and Stegun, table 9.8).
        assert!((pmf[REACH] - 0.166_657_432_6).abs() < 1e-9, "{}", pmf[REACH]);
        assert!((pmf[REACH + 1] - 0.152_051_459_3).abs() < 1e-9, "{}", pmf[REACH + 1]);
    }

    #[test]
    fn law_agrees_with_a_simulation_of_the_chain() {
        // Two states of volatility, three hidden ones; 200000 paths; the largest standard error is 0.0011.
        let own = |m: f64, s: f64| Rates {
            up: m * 0.4 * (0.5 + 0.3 * s),
            down: m * 0.4 * (0.5 - 0.3 * s),
        };
        let rates: Vec<Rates> =
            [1.0, 2.0].iter().flat_map(|m| [-1.0, 0.0, 1.0].map(|s| own(*m, s))).collect();
        let (vol_switch, hidden_switch) = (1.0 / 20.0, 1.0 / 8.0);
        let law = uniformised(&rates, (vol_switch, hidden_switch), 10.0);
        let start = slot(0, 1);
        let mut rng = Rng::new(3, Purpose::Law, 0, 0);
        let paths = 200_000;
        let mut counts = [0.0; 3];
        for _ in 0..paths {
            let (mut t, mut s, mut net) = (0.0, start, 0_i64);
            loop {
                let r = rates[s];
                let total = r.up + r.down + vol_switch + hidden_switch;
                t += rng.exponential() / total;
                if t > 10.0 {
                    break;
                }
                let u = rng.unit() * total;
                if u < r.up {
                    net += 1;
                } else if u < r.up + r.down {
                    net -= 1;
                } else if u < r.up + r.down + vol_switch {
                    s = (s + 3) % 6;
                } else {
                    s = s / 3 * 3 + (s % 3 + 1 + usize::try_from(rng.below(2)).unwrap()) % 3;
                }
            }
            counts[usize::try_from(net.signum() + 1).unwrap()] += 1.0;
        }
        for (p, count) in fold(&law[start]).iter().zip(counts) {
            assert!(
                (p - count / f64::from(paths)).abs() < 0.0045,
                "{:?} against {counts:?}",
                fold(&law[start])
            );
        }
    }
}
