//! Sorting of finite floats.

/// Bits of a digit.
const DIGIT: u32 = 11;
const BUCKETS: usize = 1 << DIGIT;
/// Below this many values a comparison sort is as fast.
const SMALL: usize = 512;

/// An integer that is ordered as the float is; -0.0 comes before 0.0.
fn key(value: f64) -> u64 {
    let bits = value.to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

fn value(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key ^ 1 << 63 } else { !key })
}

/// Sorts one list after another in the same room.
#[derive(Debug, Default)]
pub(super) struct Sorter {
    keys: Vec<u64>,
    other: Vec<u64>,
}

impl Sorter {
    /// Sorts ascending, in the total order of floats.
    ///
    /// Three passes of a radix sort order the 33 highest bits in which the values differ, and insertion the few that agree
    /// in these. Where many agree, a comparison sort finishes.
    pub(super) fn sort(&mut self, values: &mut [f64]) {
        if values.len() < SMALL {
            values.sort_unstable_by(f64::total_cmp);
            return;
        }
        self.keys.clear();
        self.keys.extend(values.iter().map(|&value| key(value)));
        let first = self.keys.first().copied().unwrap_or(0);
        let differing = self.keys.iter().fold(0, |bits, key| bits | (key ^ first));
        let lowest = (64 - differing.leading_zeros()).saturating_sub(3 * DIGIT);
        self.other.resize(values.len(), 0);
        let counts = counts(&self.keys, lowest);
        let [low, middle, high] = counts;
        pass(&self.keys, &mut self.other, lowest, low);
        pass(&self.other, &mut self.keys, lowest + DIGIT, middle);
        pass(&self.keys, &mut self.other, lowest + 2 * DIGIT, high);
        if lowest > 0 && !insertion(&mut self.other) {
            self.other.sort_unstable();
        }
        for (slot, &key) in values.iter_mut().zip(&self.other) {
            *slot = value(key);
        }
    }
}

fn digit(key: u64, shift: u32) -> usize {
    usize::try_from(key.unbounded_shr(shift)).unwrap_or(0) & (BUCKETS - 1)
}

/// How often each value of the three digits occurs.
#[expect(clippy::large_stack_arrays, reason = "24 KiB, and faster than the heap")]
fn counts(keys: &[u64], lowest: u32) -> [[u32; BUCKETS]; 3] {
    let mut counts = [[0_u32; BUCKETS]; 3];
    let [low, middle, high] = &mut counts;
    for &key in keys {
        for (counts, shift) in [(&mut *low, 0), (&mut *middle, DIGIT), (&mut *high, 2 * DIGIT)] {
            if let Some(count) = counts.get_mut(digit(key, lowest + shift)) {
                *count = count.wrapping_add(1);
            }
        }
    }
    counts
}

/// One stable pass by the digit that starts at bit `shift`.
fn pass(from: &[u64], to: &mut [u64], shift: u32, mut places: [u32; BUCKETS]) {
    let mut next = 0_u32;
    for place in &mut places {
        (*place, next) = (next, next.wrapping_add(*place));
    }
    for &key in from {
        if let Some(place) = places.get_mut(digit(key, shift)) {
            if let Some(slot) = to.get_mut(*place as usize) {
                *slot = key;
            }
            *place = place.wrapping_add(1);
        }
    }
}

/// Whether few enough moves sorted it.
fn insertion(keys: &mut [u64]) -> bool {
    let mut budget = 4 * keys.len();
    let mut start = 0;
    // A scan finds the few places where the order is broken.
    while let Some(found) = broken(keys.get(start..).unwrap_or_default()) {
        let mut at = start + found;
        start = at;
        while let Some([left, right]) = at.checked_sub(1).and_then(|low| keys.get_mut(low..=at)) {
            if *left <= *right {
                break;
            }
            core::mem::swap(left, right);
            at -= 1;
            budget -= 1;
            if budget == 0 {
                return false;
            }
        }
    }
    true
}

/// The first place whose key is less than the one before it.
fn broken(keys: &[u64]) -> Option<usize> {
    let rest = keys.get(1..)?;
    rest.iter().zip(keys).position(|(right, left)| left > right).map(|place| place + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_values_come_out_as_a_comparison_sort_leaves_them(
            seeds in proptest::collection::vec(any::<f64>().prop_filter("finite", |x| x.is_finite()), 1..40),
            step in prop_oneof![Just(0.0), Just(1e-13), Just(1.0), Just(1e300)],
        ) {
            let mut found: Vec<f64> = (0..1_500_u32)
                .flat_map(|i| seeds.iter().take(3).map(move |x| x + step * f64::from(i * 7_919 % 1_500)))
                .filter(|x| x.is_finite())
                .chain(seeds.iter().copied())
                .collect();
            let mut expected = found.clone();
            expected.sort_by(f64::total_cmp);
            Sorter::default().sort(&mut found);
            prop_assert!(found.iter().map(|x| x.to_bits()).eq(expected.iter().map(|x| x.to_bits())));
        }
    }

    #[test]
    fn none_one_and_equal_values_are_sorted_already() {
        for values in [vec![], vec![1.0], vec![-0.0; 600], vec![1e308; 600]] {
            let mut found = values.clone();
            Sorter::default().sort(&mut found);
            assert_eq!(found, values);
        }
    }
}
