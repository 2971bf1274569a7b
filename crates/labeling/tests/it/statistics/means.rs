//! Tests of a mean.

use super::{near, number, rows};
use labeling::{block_length, newey_west, stationary_bootstrap, t_test};
use std::collections::BTreeMap;

fn series() -> BTreeMap<String, Vec<f64>> {
    let text = include_str!("../../../../../fixtures/labeling/weights_tests/series.tsv");
    let mut all: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for row in rows(text) {
        all.entry(row[0].to_owned()).or_default().push(number(row[1]));
    }
    all
}

fn expectations(what: &str) -> Vec<(String, Vec<f64>, [f64; 4])> {
    let text = include_str!("../../../../../fixtures/labeling/weights_tests/means.tsv");
    let series = series();
    let found: Vec<_> = rows(text)
        .filter(|row| row[1] == what)
        .map(|row| {
            (row[0].to_owned(), series[row[0]].clone(), [2, 3, 4, 5].map(|at| number(row[at])))
        })
        .collect();
    assert_eq!(found.len(), 5, "{what}");
    found
}

#[test]
fn t_test_without_overlap_is_that_of_scipy() {
    for (name, values, [mean, low, high, p]) in expectations("t_test") {
        let test = t_test(&values, values.len() as f64);
        near(&name, test.effect.unwrap(), mean, 1e-12);
        near(&name, test.ci.unwrap().0, low, 1e-11);
        near(&name, test.ci.unwrap().1, high, 1e-11);
        near(&name, test.p_value.unwrap(), p, 1e-11);
    }
}

#[test]
fn newey_west_is_that_of_statsmodels() {
    for (name, values, [mean, low, high, p]) in expectations("newey_west") {
        let test = newey_west(&values, values.len() as f64);
        near(&name, test.effect.unwrap(), mean, 1e-12);
        near(&name, test.ci.unwrap().0, low, 1e-11);
        near(&name, test.ci.unwrap().1, high, 1e-11);
        near(&name, test.p_value.unwrap(), p, 1e-11);
    }
}

#[test]
fn automatic_block_is_that_of_arch() {
    for (name, values, [block, ..]) in expectations("block_length") {
        near(&name, block_length(&values), block.max(1.0), 1e-10); // a block has at least one value
    }
}

/// Variance of the mean of a stationary bootstrap, given the sample: Politis and Romano (1994), lemma 1.
fn exact_error(values: &[f64], block: f64) -> f64 {
    let (n, keep) = (values.len() as f64, 1.0 - 1.0 / block);
    let mean = values.iter().sum::<f64>() / n;
    let covariance = |lag: usize| {
        values[lag..].iter().zip(values).map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>() / n
    };
    let mut variance = covariance(0);
    for lag in 1..values.len() {
        let share = lag as f64 / n;
        let weight = (1.0 - share) * keep.powf(lag as f64) + share * keep.powf(n - lag as f64);
        variance += 2.0 * weight * covariance(lag);
    }
    (variance / n).sqrt()
}

#[test]
fn spread_of_replicates_is_that_of_arch_and_of_the_formula() {
    let mut seen = 0;
    for length in [1.0, 7.0, 30.0] {
        for (name, values, [spread, ..]) in expectations(&format!("bootstrap_{length}")) {
            let n = values.len() as f64;
            if block_length(&values) > length {
                continue; // the automatic choice would take over
            }
            let drawn = stationary_bootstrap(&values, 2.0 * n / length, 9_999, 1, 2).unwrap();
            near(&name, drawn.block, length, 1e-12);
            // A spread of 9,999 draws has a relative standard error of 1 / sqrt(2 * 9999) = 0.7 %, of 20,000 0.5 %.
            let exact = exact_error(&values, length);
            near(&format!("{name} {length}, formula"), drawn.standard_error, exact, 4.0 * 0.0071);
            near(&format!("{name} {length}, arch"), drawn.standard_error, spread, 4.0 * 0.0087);
            seen += 1;
        }
    }
    assert_eq!(seen, 8);
}

#[test]
fn bootstrap_p_value_is_that_of_the_normal_curve_for_independent_values() {
    for (name, values, [_, low, high, p]) in expectations("t_test") {
        if !name.starts_with("iid") {
            continue;
        }
        let n = values.len() as f64;
        let test = stationary_bootstrap(&values, 2.0 * n, 9_999, 3, 4).unwrap().test;
        // Four standard errors of a share of 9,999 draws, and what n = 40 leaves of the normal curve.
        assert!((test.p_value.unwrap() - p).abs() < 0.02, "{name}: {test:?} for {p}");
        let width = (test.ci.unwrap().1 - test.ci.unwrap().0) / (high - low);
        assert!((width - 1.0).abs() < 0.06, "{name}: {width}");
    }
}

#[test]
fn bootstrap_is_a_function_of_values_size_seed_and_stream() {
    let values = &series()["sums_of_5"];
    let p = |seed, stream| stationary_bootstrap(values, 50.0, 999, seed, stream).unwrap();
    assert_eq!(p(1, 1), p(1, 1));
    assert_ne!(p(1, 1), p(2, 1));
    assert_ne!(p(1, 1), p(1, 2));
}

#[test]
fn smallest_p_value_counts_the_sample_itself() {
    let values: Vec<f64> = (0..100).map(|i| 10.0 + f64::from(i % 7)).collect();
    let test = stationary_bootstrap(&values, 100.0, 99, 1, 1).unwrap().test;
    assert_eq!(test.p_value, Some(0.01)); // (1 + 0) / (99 + 1)
}

#[test]
fn values_without_variation_have_a_mean_and_no_p_value() {
    for values in [vec![], vec![1.0], vec![2.0; 50]] {
        let n_eff = values.len() as f64;
        for test in [t_test(&values, n_eff), newey_west(&values, n_eff)] {
            assert_eq!((test.p_value, test.ci), (None, None), "{values:?}");
            assert_eq!(test.effect, values.first().copied());
        }
        assert_eq!(stationary_bootstrap(&values, n_eff, 99, 1, 1), None);
    }
    assert_eq!(t_test(&[1.0, 2.0], 1.0).p_value, None); // no degree of freedom is left
}
