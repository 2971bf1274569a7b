//! A placebo: the same sides at other moments.

use super::mean::MethodTest;
use crate::draws::{Draws, Purpose};

/// Fewest shifts that make a test.
const FEWEST: usize = 19;

/// Test of whether sides know the moves: the same sides, shifted against the moves.
///
/// A value is a side (+1 or -1) times a move of the market, `move = value * side`. The sequence of sides is shifted
/// around the sequence of moves, both in order of time, by every number of labels from `block` to `n - block`; at most
/// `most` of the shifts, drawn at random if there are more. Both sequences keep their own serial pattern, overlap
/// included, and a shift of at least a block parts every side from the moves that overlap its own.
///
/// - **Null tested:** given how often the sides were long and how the market drifted, the *timing* of sides is
///   independent of the moves. The effect is the mean value less mean side times mean move, which no shift changes, so
///   a strategy that is always long in a rising market has an effect of 0 and a p-value of 1. It is not a test of the
///   mean. Values should be gross: a cost has no side, and turns with it.
/// - **Units:** those of the values.
/// - **Shape:** `(value, side)` of each label, in order of time; `None` where fewer than 19 shifts are left.
#[must_use]
pub fn side_placebo(
    labels: &[(f64, i8)],
    n_eff: f64,
    most: u32,
    seed: u64,
    stream: u64,
) -> Option<MethodTest> {
    let n = labels.len();
    let size = n as f64;
    let block = block(2.0 * size / n_eff).clamp(1, n.max(1));
    let shifts = (n + 1).checked_sub(2 * block).filter(|shifts| *shifts >= FEWEST)?;
    let sides: Vec<f64> = labels.iter().map(|(_, side)| f64::from(*side)).collect();
    let moves: Vec<f64> =
        labels.iter().zip(&sides).map(|((value, _), side)| value * side).collect();
    let expected = sides.iter().sum::<f64>() / size * (moves.iter().sum::<f64>() / size);
    let effect = |shift: usize| {
        let (head, tail) = sides.split_at_checked(shift).unwrap_or((&[], &sides));
        let sum: f64 = tail.iter().chain(head).zip(&moves).map(|(side, moved)| side * moved).sum();
        sum / size - expected
    };
    let own = effect(0);
    let reaches = |shift: usize| effect(shift).abs() >= own.abs();
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let (count, drawn) = if shifts <= most {
        ((block..=n - block).filter(|shift| reaches(*shift)).count(), shifts)
    } else {
        let mut draws = Draws::new(seed, Purpose::Placebo, stream);
        let mut draw = || block + usize::try_from(draws.below(shifts as u64)).unwrap_or(0);
        ((0..most).filter(|_| reaches(draw())).count(), most)
    };
    let p_value = Some((1.0 + count as f64) / (drawn as f64 + 1.0));
    Some(MethodTest { n, n_eff, effect: Some(own), ci: None, p_value })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates, not negative"
)]
fn block(length: f64) -> usize {
    length.ceil() as usize
}
