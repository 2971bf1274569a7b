//! Counts by sign, exponent and the highest seven bits of the mantissa: quantiles in bounded memory.

use serde::{Deserialize, Serialize};

/// Buckets that share sign and exponent.
const PAGE: usize = 128;
/// Signs and exponents.
const PAGES: usize = 4096;
/// Low bits of a double that a bucket does not see.
const HIDDEN: u32 = 45;

/// A histogram whose buckets are 2^-7 wide, relative to their distance from zero.
///
/// At most 524,288 buckets, whatever comes; order and split leave no trace. Below 2^-1022 the width is absolute, 2^-1029.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<(u32, u64)>", into = "Vec<(u32, u64)>")]
pub(super) struct Buckets {
    /// One more than the place of a page in `counts`, by sign and exponent; empty until a value comes.
    places: Vec<u16>,
    counts: Vec<[u64; PAGE]>,
}

/// Where a quantile is: between `low` and `high` for certain, by even spread within the buckets at `value`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Between {
    pub(super) low: f64,
    pub(super) value: f64,
    pub(super) high: f64,
}

/// A bucket that is not empty, and the values in the buckets before it.
struct Filled {
    low: f64,
    high: f64,
    before: u64,
    count: u64,
}

impl Buckets {
    /// Counts values, NaN excluded by the caller; an infinity counts as the largest double.
    #[inline]
    pub(super) fn extend(&mut self, values: impl Iterator<Item = f64>) {
        if self.places.is_empty() {
            self.places = vec![0; PAGES];
        }
        for value in values {
            // Adding zero makes -0.0 the one zero.
            let bits = (value.clamp(f64::MIN, f64::MAX) + 0.0).to_bits() >> HIDDEN;
            self.count(bits, 1);
        }
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "a bucket has 19 bits")]
    fn count(&mut self, bucket: u64, times: u64) {
        let (page, slot) = ((bucket >> 7) as usize, (bucket & 127) as usize);
        // INVARIANT: 4,096 places, so their one more fits into 16 bits.
        let Some(place) = self.places.get_mut(page) else { return };
        if *place == 0 {
            self.counts.push([0; PAGE]);
            *place = self.counts.len() as u16;
        }
        let page = self.counts.get_mut(usize::from(*place) - 1);
        if let Some(count) = page.and_then(|page| page.get_mut(slot)) {
            *count = count.saturating_add(times);
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        if self.places.is_empty() {
            self.places = vec![0; PAGES];
        }
        for (bucket, count) in other.filled() {
            self.count(bucket, count);
        }
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.places.capacity() * size_of::<u16>()
            + self.counts.capacity() * size_of::<[u64; PAGE]>()
    }

    /// Type-7 quantiles at `shares`, each in 0 to 1; none without values.
    pub(super) fn quantiles(&self, shares: &[f64]) -> Vec<Option<Between>> {
        let mut filled: Vec<(u64, u64)> = self.filled().collect();
        // From the most negative to the most positive.
        filled.sort_by_key(|(bucket, _)| {
            if *bucket < SIGN { (true, *bucket) } else { (false, u64::MAX - *bucket) }
        });
        let mut total = 0_u64;
        let row = |(bucket, count): &(u64, u64)| {
            let (low, high) = edges(*bucket);
            let before = total;
            total = total.saturating_add(*count);
            Filled { low, high, before, count: *count }
        };
        let filled: Vec<Filled> = filled.iter().map(row).collect();
        shares.iter().map(|share| quantile(&filled, total, *share)).collect()
    }

    fn filled(&self) -> impl Iterator<Item = (u64, u64)> {
        let pages = (0_u64..).zip(&self.places).filter_map(|(page, place)| {
            let place = usize::from(*place).checked_sub(1)?;
            Some((page, self.counts.get(place)?))
        });
        pages.flat_map(|(page, counts)| {
            let slots = (0_u64..).zip(counts).filter(|(_, count)| **count > 0);
            slots.map(move |(slot, count)| ((page << 7) | slot, *count))
        })
    }
}

/// The first bucket below zero.
const SIGN: u64 = 1 << 18;

fn edges(bucket: u64) -> (f64, f64) {
    let size = bucket & (SIGN - 1);
    let near = f64::from_bits(size << HIDDEN);
    // The largest value of the bucket, the edge itself being in the next one.
    let far = f64::from_bits(((size + 1) << HIDDEN) - 1);
    if bucket < SIGN { (near, far) } else { (-far, -near) }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rank between 0 and the count"
)]
fn quantile(filled: &[Filled], total: u64, share: f64) -> Option<Between> {
    let last = total.checked_sub(1)?;
    let rank = last as f64 * share.clamp(0.0, 1.0);
    let lower = (rank as u64).min(last);
    let part = rank - lower as f64;
    let (a, b) = (ranked(filled, lower)?, ranked(filled, last.min(lower + 1))?);
    if part <= 0.0 {
        return Some(a);
    }
    // The mean of two ends may be rounded towards the inside.
    let mix = |a: f64, b: f64| a * (1.0 - part) + b * part;
    Some(Between {
        low: mix(a.low, b.low).next_down(),
        value: mix(a.value, b.value),
        high: mix(a.high, b.high).next_up(),
    })
}

/// The value of a rank, as if the values of a bucket lay evenly in it.
fn ranked(filled: &[Filled], rank: u64) -> Option<Between> {
    let place = filled.partition_point(|bucket| bucket.before <= rank).checked_sub(1)?;
    let bucket = filled.get(place)?;
    let share = ((rank - bucket.before) as f64 + 0.5) / bucket.count as f64;
    let value = bucket.low + (bucket.high - bucket.low) * share;
    Some(Between { low: bucket.low, value, high: bucket.high })
}

impl From<Buckets> for Vec<(u32, u64)> {
    #[expect(clippy::cast_possible_truncation, reason = "a bucket has 19 bits")]
    fn from(buckets: Buckets) -> Self {
        buckets.filled().map(|(bucket, count)| (bucket as u32, count)).collect()
    }
}

impl TryFrom<Vec<(u32, u64)>> for Buckets {
    type Error = &'static str;

    fn try_from(saved: Vec<(u32, u64)>) -> Result<Self, Self::Error> {
        let mut buckets = Self { places: vec![0; PAGES], counts: Vec::new() };
        for (bucket, count) in saved {
            if u64::from(bucket) >= 2 * SIGN {
                return Err("a bucket beyond the last of 524,288");
            }
            buckets.count(u64::from(bucket), count);
        }
        Ok(buckets)
    }
}
