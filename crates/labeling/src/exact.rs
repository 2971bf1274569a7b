//! Exact sums of profit and loss, and the one rounding at their end.

use arrow_buffer::i256;

/// The exact sum does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Overflow;

const E18: i128 = 1_000_000_000_000_000_000;

/// How an instrument turns prices into money.
///
/// Prices are doubled: integers of half nano-units, so that a mid is one. Sums are in half units of 1e-18 for linear
/// contracts, in units of 1e-18 of the base currency for inverse ones, both without the multiplier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Contract {
    /// Value of a point of one contract, in units of 1e-9.
    pub(crate) multiplier: i128,
    pub(crate) is_inverse: bool,
}

impl Contract {
    pub(crate) const ONE: Self = Self { multiplier: 1_000_000_000, is_inverse: false };

    /// What a quantity bought at one price and sold at another earns.
    pub(crate) fn gross(self, qty: i128, bought: i64, sold: i64) -> Result<i128, Overflow> {
        let moved = i128::from(sold) - i128::from(bought);
        if !self.is_inverse {
            return qty.checked_mul(moved).ok_or(Overflow);
        }
        let over = i256::from_i128(i128::from(bought) * i128::from(sold));
        let wide = wide_product(qty, moved)?;
        let wide = wide.checked_mul(i256::from_i128(2 * E18)).ok_or(Overflow)?;
        round_half_even(wide, over)
    }

    /// Value of a quantity at a price.
    pub(crate) fn notional(self, qty: i128, px: i64) -> Result<i128, Overflow> {
        if !self.is_inverse {
            return qty.checked_mul(i128::from(px)).ok_or(Overflow);
        }
        round_half_even(wide_product(qty, 2 * E18)?, i256::from_i128(i128::from(px)))
    }

    /// A sum as money, in units of 1e-9.
    pub(crate) fn money(self, sum: i128) -> Result<i128, Overflow> {
        let halves = if self.is_inverse { 1 } else { 2 };
        round_half_even(wide_product(sum, self.multiplier)?, i256::from_i128(halves * E18))
    }
}

fn wide_product(a: i128, b: i128) -> Result<i256, Overflow> {
    i256::from_i128(a).checked_mul(i256::from_i128(b)).ok_or(Overflow)
}

/// A quotient, ties to the even neighbour.
pub(crate) fn round_half_even(num: i256, den: i256) -> Result<i128, Overflow> {
    let (num, den) = if den < i256::ZERO {
        (num.checked_neg().ok_or(Overflow)?, den.checked_neg().ok_or(Overflow)?)
    } else {
        (num, den)
    };
    let floor = num.checked_div(den).ok_or(Overflow)?;
    let rest = num.checked_sub(floor.checked_mul(den).ok_or(Overflow)?).ok_or(Overflow)?;
    // Division truncates towards zero; the rest has the sign of the numerator.
    let (twice, sign) = if rest < i256::ZERO {
        (rest.checked_neg().ok_or(Overflow)?, i256::MINUS_ONE)
    } else {
        (rest, i256::ONE)
    };
    let twice = twice.checked_mul(i256::from_i128(2)).ok_or(Overflow)?;
    let is_odd = floor.checked_rem(i256::from_i128(2)).is_some_and(|r| r != i256::ZERO);
    let goes_out = twice > den || (twice == den && is_odd);
    let rounded = if goes_out { floor.checked_add(sign).ok_or(Overflow)? } else { floor };
    rounded.to_i128().ok_or(Overflow)
}

/// `num * factor / den` in units of the numerator, ties to the even neighbour.
pub(crate) fn scaled(num: i128, factor: i128, den: i128) -> Result<i128, Overflow> {
    round_half_even(wide_product(num, factor)?, i256::from_i128(den))
}

/// A quotient of exact integers of one unit, in basis points; `None` over zero.
pub(crate) fn bps(num: i128, den: i128) -> Option<f64> {
    (den != 0).then(|| num as f64 / den as f64 * 1e4)
}

/// Splits an amount by weights: the floor of each share, then one unit each to the largest remainders, ties to the
/// earlier part; the parts sum to the amount exactly.
pub(crate) fn apportion(amount: i128, weights: &[i128]) -> Result<Vec<i128>, Overflow> {
    let total: i128 =
        weights.iter().try_fold(0_i128, |sum, w| sum.checked_add(*w)).ok_or(Overflow)?;
    if total <= 0 {
        return Ok(vec![0; weights.len()]);
    }
    let wide_total = i256::from_i128(total);
    let mut parts = Vec::with_capacity(weights.len());
    let mut rests: Vec<(i128, usize)> = Vec::with_capacity(weights.len());
    for (at, weight) in weights.iter().enumerate() {
        let product = wide_product(amount, *weight)?;
        let mut floor = product.checked_div(wide_total).ok_or(Overflow)?;
        let mut rest =
            product.checked_sub(floor.checked_mul(wide_total).ok_or(Overflow)?).ok_or(Overflow)?;
        if rest < i256::ZERO {
            floor = floor.checked_sub(i256::ONE).ok_or(Overflow)?;
            rest = rest.checked_add(wide_total).ok_or(Overflow)?;
        }
        parts.push(floor.to_i128().ok_or(Overflow)?);
        rests.push((rest.to_i128().ok_or(Overflow)?, at));
    }
    let given: i128 = parts.iter().sum();
    // Fewer units are left than there are parts.
    let left = usize::try_from(amount - given).unwrap_or(0);
    rests.sort_by_key(|(rest, at)| (std::cmp::Reverse(*rest), *at));
    for (_, at) in rests.iter().take(left) {
        if let Some(part) = parts.get_mut(*at) {
            *part += 1;
        }
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ties_go_to_the_even_neighbour_on_both_sides_of_zero() {
        let check = |num: i128, den: i128, expected: i128| {
            let found = round_half_even(i256::from_i128(num), i256::from_i128(den));
            assert_eq!(found, Ok(expected), "{num} / {den}");
        };
        check(5, 2, 2);
        check(7, 2, 4);
        check(-5, 2, -2);
        check(-7, 2, -4);
        check(7, 3, 2);
        check(8, 3, 3);
        check(-8, 3, -3);
        check(5, -2, -2);
    }

    #[test]
    fn a_linear_result_is_quantity_times_move_times_multiplier() {
        // 3 contracts from 100.25 to 100.50, 50 a point: 3 * 0.25 * 50 = 37.5.
        let contract = Contract { multiplier: 50_000_000_000, is_inverse: false };
        let sum = contract.gross(3_000_000_000, 200_500_000_000, 201_000_000_000).unwrap();
        assert_eq!(contract.money(sum), Ok(37_500_000_000));
    }

    #[test]
    fn an_inverse_result_is_in_the_base_currency() {
        // 10,000 contracts of 1 dollar from 50,000 to 40,000: 10,000 * (1/50,000 - 1/40,000) = -0.05 coins.
        let contract = Contract { multiplier: 1_000_000_000, is_inverse: true };
        let qty = 10_000_000_000_000;
        let sum = contract.gross(qty, 100_000_000_000_000, 80_000_000_000_000).unwrap();
        assert_eq!(contract.money(sum), Ok(-50_000_000));
        let notional = contract.notional(qty, 100_000_000_000_000).unwrap();
        assert_eq!(contract.money(notional), Ok(200_000_000)); // 10,000 / 50,000 = 0.2 coins
    }

    #[test]
    fn one_cent_over_three_lots_goes_to_the_largest_remainders() {
        // 0.000000010 over 3, 3, 1: 4.28, 4.28, 1.43 units; floors 4, 4, 1, one unit left for the third (0.43).
        assert_eq!(apportion(10, &[3, 3, 1]), Ok(vec![4, 4, 2]));
        assert_eq!(apportion(1, &[1, 1]), Ok(vec![1, 0]));
        assert_eq!(apportion(-1, &[1, 1]), Ok(vec![0, -1]));
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_amount(
            amount in -1_000_000_000_000_i128..1_000_000_000_000,
            weights in prop::collection::vec(1_i128..1_000_000_000, 1..8),
        ) {
            let parts = apportion(amount, &weights).unwrap();
            prop_assert_eq!(parts.iter().sum::<i128>(), amount);
            let total: i128 = weights.iter().sum();
            for (part, weight) in parts.iter().zip(&weights) {
                prop_assert!((part * total - amount * weight).abs() < total);
            }
        }
    }
}
