//! The minimum of a smooth convex function.

use std::collections::VecDeque;

/// Pairs of steps that are remembered.
const MEMORY: usize = 12;

/// Where a search ended.
pub(super) struct Minimum {
    pub(super) place: Vec<f64>,
    pub(super) gradient_norm: f64,
    pub(super) steps: usize,
}

/// Step, change of the gradient, and one over their product.
type Pair = (Vec<f64>, Vec<f64>, f64);

/// Minimises by L-BFGS with a line search that brackets and halves until both conditions of Wolfe hold.
///
/// - **Cost:** one or two evaluations a step, as a rule.
/// - **Source:** Nocedal and Wright (2006), Numerical Optimization, algorithms 7.4 and 7.5; the approximate condition
///   that works where a decrease drowns in rounding is that of Hager and Zhang (2005), SIAM J. Optim. 16(1).
pub(super) fn minimize(
    mut value: impl FnMut(&[f64], &mut [f64]) -> f64,
    start: Vec<f64>,
    tolerance: f64,
    most: usize,
) -> Minimum {
    let n = start.len();
    let (mut place, mut slope) = (start, vec![0.0; n]);
    let mut height = value(&place, &mut slope);
    let mut pairs: VecDeque<Pair> = VecDeque::with_capacity(MEMORY);
    let mut steps = 0;
    while norm(&slope) > tolerance && steps < most {
        let mut way = direction(&slope, &pairs);
        let mut fall = product(&way, &slope);
        if fall >= 0.0 {
            pairs.clear();
            way = slope.iter().map(|s| -s).collect();
            fall = product(&way, &slope);
        }
        let first = if pairs.is_empty() { (1.0 / norm(&slope)).min(1.0) } else { 1.0 };
        let Some(next) = search(&mut value, &place, height, &way, fall, first) else { break };
        let moved: Vec<f64> = next.place.iter().zip(&place).map(|(a, b)| a - b).collect();
        let turned: Vec<f64> = next.slope.iter().zip(&slope).map(|(a, b)| a - b).collect();
        let curve = product(&moved, &turned);
        if curve > 0.0 {
            if pairs.len() == MEMORY {
                pairs.pop_front();
            }
            pairs.push_back((moved, turned, 1.0 / curve));
        }
        Next { place, slope, height } = next;
        steps += 1;
    }
    let gradient_norm = norm(&slope);
    Minimum { place, gradient_norm, steps }
}

struct Next {
    place: Vec<f64>,
    slope: Vec<f64>,
    height: f64,
}

/// The quasi-Newton direction by the two loops.
fn direction(slope: &[f64], pairs: &VecDeque<Pair>) -> Vec<f64> {
    let mut way: Vec<f64> = slope.iter().map(|s| -s).collect();
    let mut shares = Vec::with_capacity(pairs.len());
    for (moved, turned, inverse) in pairs.iter().rev() {
        let share = inverse * product(moved, &way);
        way.iter_mut().zip(turned).for_each(|(w, t)| *w -= share * t);
        shares.push(share);
    }
    if let Some((moved, turned, _)) = pairs.back() {
        let scale = product(moved, turned) / product(turned, turned);
        for w in &mut way {
            *w *= scale;
        }
    }
    for ((moved, turned, inverse), share) in pairs.iter().zip(shares.into_iter().rev()) {
        let back = inverse * product(turned, &way);
        way.iter_mut().zip(moved).for_each(|(w, m)| *w += (share - back) * m);
    }
    way
}

fn search(
    value: &mut impl FnMut(&[f64], &mut [f64]) -> f64,
    from: &[f64],
    height: f64,
    way: &[f64],
    fall: f64,
    first: f64,
) -> Option<Next> {
    let (mut low, mut high, mut length) = (0.0, f64::INFINITY, first);
    let mut slope = vec![0.0; from.len()];
    // Below this a difference of heights is rounding.
    let noise = 1e-14 * (1.0 + height.abs());
    for _ in 0..60 {
        let place: Vec<f64> = from.iter().zip(way).map(|(f, w)| f + length * w).collect();
        let there = value(&place, &mut slope);
        let still = product(way, &slope);
        let is_lower = there <= height + 1e-4 * length * fall;
        let is_level = there <= height + noise && still <= (2e-4 - 1.0) * fall;
        if !(is_lower || is_level) {
            high = length;
        } else if still < 0.9 * fall {
            low = length;
        } else {
            return Some(Next { place, slope, height: there });
        }
        length = if high.is_finite() { f64::midpoint(low, high) } else { 2.0 * low };
    }
    None
}

fn product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn norm(a: &[f64]) -> f64 {
    product(a, a).sqrt()
}
