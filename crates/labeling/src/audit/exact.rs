//! Wide exact arithmetic: every sum in 256 bits, rounded once.

use arrow_buffer::i256;

use crate::null::Null;

/// What a point of an instrument is worth.
#[derive(Debug, Clone, Copy)]
pub(super) struct Contract {
    /// Units of 1e-9.
    pub(super) multiplier: i128,
    pub(super) is_inverse: bool,
}

pub(super) fn wide(number: i128) -> i256 {
    i256::from_i128(number)
}

fn ten(power: u32) -> i256 {
    wide(10).wrapping_pow(power)
}

/// The quotient, ties to the even neighbour; `None` without a denominator.
pub(super) fn divide(num: i256, den: i256) -> Option<i256> {
    let (num, den) =
        if den.is_negative() { (num.checked_neg()?, den.checked_neg()?) } else { (num, den) };
    let quotient = num.checked_div(den)?;
    let rest = num.checked_rem(den)?;
    // `checked_div` rounds toward zero: what is left over tells which neighbour is nearer.
    let twice = rest.checked_abs()?.checked_mul(wide(2))?;
    let is_odd = quotient.wrapping_rem(wide(2)) != i256::ZERO;
    let away = twice > den || (twice == den && is_odd);
    let step = if num.is_negative() { wide(-1) } else { wide(1) };
    if away { quotient.checked_add(step) } else { Some(quotient) }
}

/// The greatest integer that is not above the quotient, for a denominator above 0.
pub(super) fn floor(num: i256, den: i256) -> Option<i256> {
    let quotient = num.checked_div(den)?;
    let rest = num.checked_rem(den)?;
    if rest.is_negative() { quotient.checked_sub(wide(1)) } else { Some(quotient) }
}

impl Contract {
    /// What `qty` gains when its doubled price goes from one to another.
    ///
    /// Units: 0.5e-18 of a linear contract, 1e-18 of an inverse one, without the multiplier.
    pub(super) fn gain(self, qty: i128, from: i64, to: i64) -> Result<i256, Null> {
        let moved = wide(i128::from(to) - i128::from(from));
        let gain = wide(qty).checked_mul(moved).ok_or(Null::Div0)?;
        if !self.is_inverse {
            return Ok(gain);
        }
        let num = gain.checked_mul(wide(2)).and_then(|n| n.checked_mul(ten(18)));
        let den = wide(i128::from(from)).checked_mul(wide(i128::from(to)));
        num.zip(den).and_then(|(num, den)| divide(num, den)).ok_or(Null::Div0)
    }

    /// What `qty` is worth at a doubled price, in the units of [`gain`](Self::gain).
    pub(super) fn worth(self, qty: i128, price: i64) -> Result<i256, Null> {
        if !self.is_inverse {
            return wide(qty).checked_mul(wide(i128::from(price))).ok_or(Null::Div0);
        }
        let num = wide(qty).checked_mul(wide(2)).and_then(|n| n.checked_mul(ten(18)));
        num.and_then(|num| divide(num, wide(i128::from(price)))).ok_or(Null::Div0)
    }

    /// Money in units of 1e-9, rounded once.
    pub(super) fn money(self, gain: i256) -> Result<i128, Null> {
        let unit = if self.is_inverse { ten(18) } else { ten(18).wrapping_mul(wide(2)) };
        gain.checked_mul(wide(self.multiplier))
            .and_then(|num| divide(num, unit))
            .and_then(i256::to_i128)
            .ok_or(Null::Div0)
    }

    /// A fee of so many basis points (in units of 1e-9) on `qty` at a doubled price, in units of 1e-9.
    pub(super) fn fee(self, qty: i128, price: i64, bps: i128) -> Result<i128, Null> {
        let parts = wide(qty)
            .checked_mul(wide(bps))
            .and_then(|n| n.checked_mul(wide(self.multiplier)))
            .ok_or(Null::Div0)?;
        let price = wide(i128::from(price));
        let rounded = if self.is_inverse {
            let num = parts.checked_mul(wide(2));
            num.zip(ten(13).checked_mul(price)).and_then(|(num, den)| divide(num, den))
        } else {
            let num = parts.checked_mul(price);
            num.and_then(|num| divide(num, ten(31).wrapping_mul(wide(2))))
        };
        rounded.and_then(i256::to_i128).ok_or(Null::Div0)
    }
}

/// One exact number over another, as a float.
pub(super) fn ratio(num: i256, den: i256) -> Result<f64, Null> {
    match (num.to_i128(), den.to_i128()) {
        (Some(num), Some(den)) if den != 0 => Ok(num as f64 / den as f64),
        _ => Err(Null::Div0),
    }
}

/// Basis points of one exact number over another.
pub(super) fn bps(num: i256, den: i256) -> Result<f64, Null> {
    ratio(num, den).map(|share| share * 1e4)
}

/// Splits an amount by weights: floors first, then a unit each to the largest remainders, ties to the earlier.
pub(super) fn apportion(amount: i128, weights: &[i128]) -> Vec<i128> {
    let total: i128 = weights.iter().sum();
    if total <= 0 {
        return vec![0; weights.len()];
    }
    let exact: Vec<i256> = weights.iter().map(|w| wide(amount).wrapping_mul(wide(*w))).collect();
    let mut shares: Vec<i128> = exact
        .iter()
        .map(|num| floor(*num, wide(total)).and_then(i256::to_i128).unwrap_or(0))
        .collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    let left_over = |at: &usize| {
        let floor = shares.get(*at).copied().unwrap_or(0);
        let num = exact.get(*at).copied().unwrap_or(i256::ZERO);
        std::cmp::Reverse(num.wrapping_sub(wide(floor).wrapping_mul(wide(total))))
    };
    order.sort_by_key(left_over);
    let missing = amount - shares.iter().sum::<i128>();
    for at in order.into_iter().take(usize::try_from(missing).unwrap_or(0)) {
        if let Some(share) = shares.get_mut(at) {
            *share += 1;
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_to_the_even_neighbour_on_both_sides_of_zero() {
        let cases =
            [(5, 2, 2), (7, 2, 4), (-5, 2, -2), (-7, 2, -4), (8, 3, 3), (-8, 3, -3), (7, 3, 2)];
        for (num, den, expected) in cases {
            assert_eq!(divide(wide(num), wide(den)), Some(wide(expected)), "{num}/{den}");
            assert_eq!(divide(wide(-num), wide(-den)), Some(wide(expected)), "-{num}/-{den}");
        }
        assert_eq!(divide(wide(1), wide(0)), None);
    }

    #[test]
    fn parts_of_a_fee_sum_to_the_fee_and_the_largest_remainders_take_the_rest() {
        // 10 over 3, 3, 1: exact 4.29, 4.29, 1.43; floors 4, 4, 1; the one left goes to 1.43.
        assert_eq!(apportion(10, &[3, 3, 1]), [4, 4, 2]);
        // 1 over equal parts: the earlier one.
        assert_eq!(apportion(1, &[1, 1]), [1, 0]);
        // A rebate of 1 over two: floors -1, -1, and one back to the earlier.
        assert_eq!(apportion(-1, &[1, 1]), [0, -1]);
    }
}
