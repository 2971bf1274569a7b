//! Exact sums, moments and exact quantiles.

use super::{double, doubles, fixture};
use proptest::prelude::*;
use quality::{ExactSum, Moments, exact_quantiles};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    name: String,
    values: Vec<String>,
    sum: String,
    mean: Option<String>,
    variance: Option<String>,
    sd: Option<String>,
}

fn moments(values: &[f64]) -> Moments {
    let mut moments = Moments::new();
    moments.extend(values);
    moments
}

fn sum(values: &[f64]) -> ExactSum {
    let mut sum = ExactSum::new();
    sum.extend(values);
    sum
}

#[test]
fn sum_mean_variance_and_deviation_have_the_bits_of_fsum_and_of_fractions() {
    let cases: Vec<Case> = fixture("sums.json");
    assert!(cases.len() > 100);
    let bits = |x: Option<f64>| x.map(f64::to_bits);
    let expected = |x: &Option<String>| x.as_ref().map(|x| double(x).to_bits());
    for case in cases {
        let mut values = doubles(&case.values);
        for turn in ["in order", "reversed"] {
            let found = moments(&values);
            let what = format!("{} {turn}", case.name);
            assert_eq!(found.sum().value().to_bits(), double(&case.sum).to_bits(), "sum: {what}");
            assert_eq!(bits(found.mean()), expected(&case.mean), "mean: {what}");
            assert_eq!(bits(found.variance()), expected(&case.variance), "variance: {what}");
            assert_eq!(bits(found.sd()), expected(&case.sd), "sd: {what}");
            values.reverse();
        }
    }
}

#[test]
fn nan_and_infinities_are_counted_and_poison_nothing() {
    let sum =
        sum(&[1.0, f64::NAN, f64::INFINITY, 2.0, f64::NEG_INFINITY, -f64::NAN, f64::INFINITY]);
    assert_eq!((sum.value(), sum.finite(), sum.nan(), sum.infinite()), (3.0, 2, 2, (2, 1)));
    let moments = moments(&[f64::INFINITY, 1.0, 3.0]);
    assert_eq!((moments.mean(), moments.variance()), (Some(2.0), Some(2.0)));
}

#[test]
fn moments_of_nothing_and_of_one_value() {
    let none = Moments::new();
    assert_eq!((none.count(), none.mean(), none.variance(), none.sd()), (0, None, None, None));
    let one = moments(&[7.5]);
    assert_eq!((one.mean(), one.variance(), one.sd()), (Some(7.5), None, None));
}

#[test]
fn a_sum_beyond_the_range_is_infinite_and_its_mean_is_not() {
    let most = f64::MAX;
    let found = moments(&[most, most]);
    assert_eq!((found.sum().value(), found.mean()), (f64::INFINITY, Some(most)));
    // The variance of +-1e308 overflows, its root does not: 1e308 sqrt(2).
    let found = moments(&[1e308, -1e308]);
    assert_eq!(found.variance(), Some(f64::INFINITY));
    assert!((found.sd().unwrap() / 1e308 - 2_f64.sqrt()).abs() < 1e-15);
}

#[test]
fn a_million_tenths_carry_between_limbs() {
    let values = vec![0.1; 1_000_000];
    // 0.1 is 0x1999999999999A * 2^-56: times 10^6, rounded once.
    let exact = 1_000_000_u128 * 0x0019_9999_9999_999A;
    let expected = exact as f64 / (1_u64 << 56) as f64;
    assert_eq!(sum(&values).value().to_bits(), expected.to_bits());
    assert_eq!(moments(&values).sd(), Some(0.0));
}

fn any_bits() -> impl Strategy<Value = f64> {
    prop_oneof![any::<u64>().prop_map(f64::from_bits), -1e3..1e3_f64, Just(0.0), Just(-0.0)]
}

proptest! {
    #[test]
    fn order_cuts_and_merges_leave_no_trace(
        values in prop::collection::vec(any_bits(), 0..80),
        cuts in prop::collection::vec(0..80_usize, 3),
        order in any::<prop::sample::Index>(),
    ) {
        let text = |moments: &Moments| serde_json::to_string(moments).unwrap();
        let whole = moments(&values);
        let mut turned = values.clone();
        if !turned.is_empty() {
            turned.rotate_left(order.index(values.len()));
            turned.reverse();
        }
        prop_assert_eq!(text(&moments(&turned)), text(&whole));

        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(values.len())).collect();
        cuts.sort_unstable();
        let [a, b, c] = [
            moments(&values[..cuts[0]]),
            moments(&values[cuts[0]..cuts[2]]),
            moments(&values[cuts[2]..]),
        ];
        let mut left = a.clone();
        left.merge(&b);
        left.merge(&c);
        let mut right = c.clone();
        let mut inner = b.clone();
        inner.merge(&a);
        right.merge(&inner);
        prop_assert_eq!(text(&left), text(&whole));
        prop_assert_eq!(text(&right), text(&whole));
        let read: Moments = serde_json::from_str(&text(&whole)).unwrap();
        prop_assert_eq!(read, whole);
    }

    #[test]
    fn sums_of_whole_numbers_are_those_of_integers(
        values in prop::collection::vec(-(1_i64 << 53)..(1_i64 << 53), 0..60),
        exponent in 0..1900_u64,
    ) {
        let unit = f64::from_bits((23 + exponent) << 52);
        let scaled: Vec<f64> = values.iter().map(|value| *value as f64 * unit).collect();
        let expected: i128 = values.iter().map(|value| i128::from(*value)).sum();
        prop_assert_eq!(sum(&scaled).value().to_bits(), (expected as f64 * unit).to_bits());
    }

    #[test]
    fn adding_and_taking_away_leaves_zero(values in prop::collection::vec(any_bits(), 0..40)) {
        let mut both: Vec<f64> = values.iter().copied().filter(|x| x.is_finite()).collect();
        both.extend(both.clone().iter().map(|x| -x));
        prop_assert_eq!(sum(&both).value().to_bits(), 0);
    }
}

#[derive(Deserialize)]
struct Quantiles {
    shares: Vec<f64>,
    cases: Vec<QuantileCase>,
}

#[derive(Deserialize)]
struct QuantileCase {
    name: String,
    values: Vec<String>,
    quantiles: Vec<String>,
}

#[test]
fn exact_quantiles_are_numpys() {
    let file: Quantiles = fixture("quantiles.json");
    for case in file.cases {
        let found = exact_quantiles(&doubles(&case.values), &file.shares).unwrap();
        for ((share, found), expected) in file.shares.iter().zip(found).zip(&case.quantiles) {
            let (found, expected) = (found.unwrap(), double(expected));
            let near = (found - expected).abs() <= 1e-12 * expected.abs();
            assert!(near, "{} at {share}: {found:e} is not {expected:e}", case.name);
        }
    }
}

#[test]
fn exact_quantiles_beside_infinities_and_of_an_overflowing_distance() {
    let at = |values: &[f64], share: f64| exact_quantiles(values, &[share]).unwrap()[0];
    assert_eq!(at(&[], 0.5), None);
    assert_eq!(at(&[f64::NAN], 0.5), None);
    assert_eq!(at(&[-0.0], 0.5).map(f64::to_bits), Some(0));
    assert_eq!(at(&[f64::MIN, f64::MAX], 0.5), Some(0.0));
    assert_eq!(at(&[f64::NEG_INFINITY, 1.0, 2.0, f64::INFINITY], 0.5), Some(1.5));
    assert_eq!(at(&[1.0, f64::INFINITY], 0.0), Some(1.0));
    assert_eq!(at(&[1.0, f64::INFINITY], 0.5), Some(f64::INFINITY));
    assert_eq!(at(&[5e-324, 5e-324], 0.3), Some(5e-324));
}
