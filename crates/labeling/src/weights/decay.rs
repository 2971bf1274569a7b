//! Weights by age.

use super::WeightError;

/// Weight of each label by its age, which is counted in uniqueness instead of time.
///
/// Labels are taken from the oldest start to the newest. The weight is linear in the uniqueness cumulated so far and 1
/// for the newest. `oldest` at least 0 is the weight that a label before all others would have; a negative one makes
/// the oldest labels, by that share of the whole uniqueness, weigh 0. Labels of one start have one age.
///
/// - **Shape:** one weight in [0, 1] a label, in the order given.
/// - **Source:** López de Prado (2018), snippet 4.11; `oldest` is its `clfLastW`. Uniqueness is cumulated in whole
///   units of 2^-60, so the order of labels does not move a bit.
///
/// # Errors
/// [`WeightError`] for unequal lengths, a uniqueness outside (0, 1], or `oldest` outside [-1, 1].
///
/// ```
/// // Cumulated uniqueness 0.5, 1, 2; the line from 0.5 at 0 to 1 at 2.
/// let weights = labeling::decay_weights(&[10, 20, 30], &[0.5, 0.5, 1.0], 0.5)?;
/// assert_eq!(weights, [0.625, 0.75, 1.0]);
/// # Ok::<(), labeling::WeightError>(())
/// ```
pub fn decay_weights(
    starts: &[i64],
    uniqueness: &[f64],
    oldest: f64,
) -> Result<Vec<f64>, WeightError> {
    if uniqueness.len() != starts.len() {
        let (expected, found) = (starts.len(), uniqueness.len());
        return Err(WeightError::Length { what: "uniqueness", expected, found });
    }
    if !(-1.0..=1.0).contains(&oldest) {
        return Err(WeightError::Oldest(oldest));
    }
    if let Some((row, &found)) =
        uniqueness.iter().enumerate().find(|&(_, &u)| u.is_nan() || u <= 0.0 || u > 1.0)
    {
        return Err(WeightError::Uniqueness { row, found });
    }
    let mut rows: Vec<(i64, usize, i128)> =
        starts.iter().zip(uniqueness).zip(0..).map(|((s, u), row)| (*s, row, fixed(*u))).collect();
    rows.sort_unstable();
    let total: i128 = rows.iter().map(|(_, _, units)| units).sum();
    let mut weights = vec![1.0; rows.len()];
    let mut sum = 0_i128;
    for same in rows.chunk_by(|a, b| a.0 == b.0) {
        sum += same.iter().map(|(_, _, units)| units).sum::<i128>();
        let share = sum as f64 / total as f64;
        let weight = if oldest >= 0.0 {
            1.0 - (1.0 - oldest) * (1.0 - share)
        } else if oldest <= -1.0 {
            // The limit: all but the newest labels weigh nothing.
            if sum == total { 1.0 } else { 0.0 }
        } else {
            (1.0 - (1.0 - share) / (1.0 + oldest)).max(0.0)
        };
        for (_, row, _) in same {
            if let Some(slot) = weights.get_mut(*row) {
                *slot = weight;
            }
        }
    }
    Ok(weights)
}

#[expect(clippy::cast_possible_truncation, reason = "at most 2^60")]
fn fixed(uniqueness: f64) -> i128 {
    (uniqueness * 1_152_921_504_606_846_976.0) as i128
}
