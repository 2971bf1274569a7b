//! Mean and variance, each rounded once.

use super::exact_sum::{ExactSum, UNIT};
use super::limbs::Limbs;
use super::natural::{Natural, Scaled};
use serde::{Deserialize, Serialize};

/// Limbs from 2^-2176 up to 2^2048 and the room that 2^64 squares take: 1,088 bytes.
const LIMBS: usize = 136;

/// Count, mean and variance of the finite values of a column, in any order and any split.
///
/// Squares are products of whole mantissas in a fixed-point number of their own, so none overflows or vanishes, and
/// `n sum(x^2) - sum(x)^2` is a difference of whole numbers: a level of 1e8, or of 1e150, costs no digit.
///
/// ```
/// let mut moments = quality::Moments::new();
/// moments.extend(&[1e8 + 1.0, 1e8 + 2.0, 1e8 + 4.0]);
/// assert_eq!(moments.mean(), Some(1e8 + 7.0 / 3.0));
/// assert_eq!(moments.variance(), Some(7.0 / 3.0)); // (16 + 1 + 25) / 9 / 2
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moments {
    sum: ExactSum,
    squares: Limbs<LIMBS>,
}

impl Default for Moments {
    fn default() -> Self {
        Self::new()
    }
}

impl Moments {
    /// Of no value.
    #[must_use]
    pub fn new() -> Self {
        Self { sum: ExactSum::new(), squares: Limbs::new() }
    }

    /// Adds values. NaN and infinities are counted in [`sum`](Self::sum) and enter nothing else.
    pub fn extend(&mut self, values: &[f64]) {
        for chunk in values.chunks(1 << 20) {
            self.sum.make_room(chunk.len());
            self.squares.make_room(chunk.len());
            for x in chunk {
                if let Some((mantissa, bit)) = self.sum.push(*x) {
                    self.squares.add(2 * bit, u128::from(mantissa) * u128::from(mantissa));
                }
            }
        }
    }

    /// Adds the values of other moments.
    pub fn merge(&mut self, other: &Self) {
        self.sum.merge(&other.sum);
        self.squares.merge(&other.squares);
    }

    /// Their sum, and how many were no finite number.
    #[must_use]
    pub fn sum(&self) -> &ExactSum {
        &self.sum
    }

    /// Finite values.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.sum.finite()
    }

    /// The double nearest to the mean; none of no value.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        self.sum.mean()
    }

    /// The double nearest to the variance with `n - 1` below; none below two values, infinity beyond the largest double.
    #[must_use]
    pub fn variance(&self) -> Option<f64> {
        Some(self.spread()?.round())
    }

    /// The double nearest to the square root of the variance, which may be finite where the variance is not.
    #[must_use]
    pub fn sd(&self) -> Option<f64> {
        Some(self.spread()?.root())
    }

    fn spread(&self) -> Option<Scaled> {
        let (_, sum) = self.sum.magnitude();
        let (_, squares) = self.squares.magnitude();
        variance(self.count(), &sum, &squares, 2 * UNIT, &[])
    }
}

/// `(n squares - sum^2) / (n (n - 1))`, times `2^exponent` and divided by `divisors`; none below two values.
pub(super) fn variance(
    n: u64,
    sum: &Natural,
    squares: &Natural,
    exponent: i64,
    divisors: &[u64],
) -> Option<Scaled> {
    let below = n.checked_sub(1).filter(|below| *below > 0)?;
    let scaled = squares.times(&Natural::from_u128(u128::from(n)));
    let (_, apart) = scaled.minus(&sum.times(sum));
    let divisors: Vec<u64> = [n, below].into_iter().chain(divisors.iter().copied()).collect();
    Some(apart.quotient(exponent, &divisors))
}
