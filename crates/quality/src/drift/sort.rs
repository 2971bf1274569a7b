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

/// Sorts ascending, in the total order of floats.
///
/// Three passes of a radix sort order the 33 highest bits in which the values differ, and insertion the few that agree in
/// these. Where many agree, a comparison sort finishes.
pub(super) fn sort(values: &mut [f64]) {
    if values.is_sorted_by(|a, b| a.total_cmp(b).is_le()) {
        return;
    }
    let mut keys: Vec<u64> = values.iter().map(|&value| key(value)).collect();
    let first = keys.first().copied().unwrap_or(0);
    let differing = keys.iter().fold(0, |bits, key| bits | (key ^ first));
    if keys.len() < SMALL {
        keys.sort_unstable();
    } else if differing != 0 {
        let lowest = (64 - differing.leading_zeros()).saturating_sub(3 * DIGIT);
        let mut other = vec![0; keys.len()];
        pass(&keys, &mut other, lowest);
        pass(&other, &mut keys, lowest + DIGIT);
        pass(&keys, &mut other, lowest + 2 * DIGIT);
        keys = other;
        if lowest > 0 && !insertion(&mut keys) {
            keys.sort_unstable();
        }
    }
    for (slot, key) in values.iter_mut().zip(keys) {
        *slot = value(key);
    }
}

/// One stable pass by the digit that starts at bit `shift`.
fn pass(from: &[u64], to: &mut [u64], shift: u32) {
    let digit = |key: u64| usize::try_from(key.unbounded_shr(shift)).unwrap_or(0) & (BUCKETS - 1);
    let mut places = [0_usize; BUCKETS];
    for &key in from {
        if let Some(count) = places.get_mut(digit(key)) {
            *count += 1;
        }
    }
    let mut next = 0;
    for place in &mut places {
        (*place, next) = (next, next + *place);
    }
    for &key in from {
        let Some(place) = places.get_mut(digit(key)) else { continue };
        if let Some(slot) = to.get_mut(*place) {
            *slot = key;
        }
        *place += 1;
    }
}

/// Whether few enough moves sorted it.
fn insertion(keys: &mut [u64]) -> bool {
    let mut budget = 4 * keys.len();
    for end in 1..keys.len() {
        let mut at = end;
        while at > 0 {
            let Some([left, right]) = keys.get_mut(at - 1..=at) else { break };
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
            sort(&mut found);
            prop_assert!(found.iter().map(|x| x.to_bits()).eq(expected.iter().map(|x| x.to_bits())));
        }
    }

    #[test]
    fn none_one_and_equal_values_are_sorted_already() {
        for values in [vec![], vec![1.0], vec![-0.0; 600], vec![1e308; 600]] {
            let mut found = values.clone();
            sort(&mut found);
            assert_eq!(found, values);
        }
    }
}
