//! A fixed-point number wide enough for every double, or for the square of every double.

use super::natural::Natural;
use serde::{Deserialize, Serialize};

/// Additions after which carries must move: each adds less than 2^32 to a limb of 63 bits and a sign.
const ADDITIONS: u32 = 1 << 30;

/// A whole number of limbs, each worth 2^32 times the one before; carries wait.
///
/// The small form of Neal, "Fast exact summation using small and large superaccumulators", arXiv 1505.05571.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Saved", into = "Saved")]
pub(crate) struct Limbs<const N: usize> {
    limbs: Box<[i64; N]>,
    additions: u32,
}

impl<const N: usize> Limbs<N> {
    pub(crate) fn new() -> Self {
        Self { limbs: Box::new([0; N]), additions: 0 }
    }

    /// To be called before `additions` calls of [`add`](Self::add) or [`add_short`](Self::add_short); at most 2^29.
    pub(crate) fn make_room(&mut self, additions: usize) {
        let additions = u32::try_from(additions).unwrap_or(ADDITIONS);
        if self.additions.saturating_add(additions) > ADDITIONS {
            self.carry();
        }
        self.additions = self.additions.saturating_add(additions);
    }

    /// Adds or subtracts `value * 2^bit`, where `value` has 64 bits at most.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "limbs are 32 bits of a wider word")]
    pub(crate) fn add_short(&mut self, bit: usize, value: u64, negative: bool) {
        let wide = u128::from(value) << (bit % 32);
        let sign = -i64::from(negative);
        // INVARIANT: `bit` comes from the exponent of a double, and N was chosen for the largest.
        if let Some([a, b, c]) = self.limbs.get_mut(bit / 32..bit / 32 + 3) {
            let part = |shift: u32| (i64::from((wide >> shift) as u32) ^ sign).wrapping_sub(sign);
            *a = a.wrapping_add(part(0));
            *b = b.wrapping_add(part(32));
            *c = c.wrapping_add(part(64));
        }
    }

    /// Adds `value * 2^bit`.
    #[inline]
    #[expect(clippy::cast_possible_wrap, reason = "32 bits fit into a signed limb")]
    #[expect(clippy::cast_possible_truncation, reason = "limbs are 32 bits of a wider word")]
    pub(crate) fn add(&mut self, bit: usize, value: u128) {
        let shift = bit % 32;
        let low = value << shift;
        let high = ((value >> 64) as u64 >> 32 >> (32 - shift)) as i64;
        // INVARIANT: as above.
        if let Some([a, b, c, d, e]) = self.limbs.get_mut(bit / 32..bit / 32 + 5) {
            let part = |shift: u32| i64::from((low >> shift) as u32);
            *a = a.wrapping_add(part(0));
            *b = b.wrapping_add(part(32));
            *c = c.wrapping_add(part(64));
            *d = d.wrapping_add(part(96));
            *e = e.wrapping_add(high);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        let mut other = other.clone();
        other.carry();
        self.make_room(1);
        for (mine, theirs) in self.limbs.iter_mut().zip(other.limbs.iter()) {
            *mine = mine.wrapping_add(*theirs);
        }
    }

    /// Leaves every limb but the last in `0..2^32`, so that equal numbers have equal limbs.
    fn carry(&mut self) {
        let mut carry = 0_i64;
        let last = N - 1;
        for limb in self.limbs.iter_mut().take(last) {
            let sum = limb.wrapping_add(carry);
            *limb = sum & 0xffff_ffff;
            carry = sum >> 32;
        }
        if let Some(limb) = self.limbs.last_mut() {
            *limb = limb.wrapping_add(carry);
        }
        self.additions = 0;
    }

    /// Whether the number is below zero, and how far it is from it.
    #[expect(clippy::cast_possible_truncation, reason = "limbs hold 32 bits after a carry")]
    pub(crate) fn magnitude(&self) -> (bool, Natural) {
        let mut number = self.clone();
        number.carry();
        let negative = number.limbs.last().is_some_and(|last| *last < 0);
        if negative {
            for limb in number.limbs.iter_mut() {
                *limb = limb.wrapping_neg();
            }
            number.carry();
        }
        let digits = number.limbs.iter().flat_map(|limb| {
            let limb = limb.cast_unsigned();
            // Only the last limb may be longer.
            [limb as u32, (limb >> 32) as u32]
        });
        let last = 2 * N - 1;
        let digits = digits.enumerate().filter(|(at, _)| at % 2 == 0 || *at == last);
        (negative, Natural::from_digits(digits.map(|(_, digit)| digit).collect()))
    }
}

impl<const N: usize> PartialEq for Limbs<N> {
    fn eq(&self, other: &Self) -> bool {
        let (mut left, mut right) = (self.clone(), other.clone());
        left.carry();
        right.carry();
        left.limbs == right.limbs
    }
}

/// The limbs from the first to the last that is not zero.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    first: usize,
    limbs: Vec<i64>,
}

impl<const N: usize> From<Limbs<N>> for Saved {
    fn from(mut number: Limbs<N>) -> Self {
        number.carry();
        let first = number.limbs.iter().position(|limb| *limb != 0).unwrap_or(0);
        let last = number.limbs.iter().rposition(|limb| *limb != 0).map_or(0, |last| last + 1);
        let limbs = number.limbs.iter().take(last).skip(first).copied().collect();
        Self { first, limbs }
    }
}

impl<const N: usize> TryFrom<Saved> for Limbs<N> {
    type Error = &'static str;

    fn try_from(saved: Saved) -> Result<Self, Self::Error> {
        let mut number = Self::new();
        let end = saved.first.checked_add(saved.limbs.len()).ok_or("a sum is too long")?;
        let Some(place) = number.limbs.get_mut(saved.first..end) else {
            return Err("a sum is too long");
        };
        place.copy_from_slice(&saved.limbs);
        let body = number.limbs.iter().take(N - 1);
        if !body.clone().all(|limb| (0..1 << 32).contains(limb)) {
            return Err("a sum has a limb that is no 32-bit digit");
        }
        Ok(number)
    }
}
