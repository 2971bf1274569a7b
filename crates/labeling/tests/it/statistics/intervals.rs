//! Exact intervals of shares.

use super::{near, number, rows};
use contract::Diagnostic as _;
use labeling::{IntervalError, clopper_pearson};

#[test]
fn bounds_are_those_of_scipy() {
    let text = include_str!("../../../../../fixtures/labeling/weights_tests/clopper_pearson.tsv");
    let mut seen = 0;
    for row in rows(text) {
        let [hits, trials] = [0, 1].map(|at| row[at].parse().unwrap());
        let (low, high) = clopper_pearson(hits, trials, number(row[2])).unwrap();
        near(&format!("low of {}", row.join(" ")), low, number(row[3]), 1e-12);
        near(&format!("high of {}", row.join(" ")), high, number(row[4]), 1e-12);
        // `binomtest` searches for a root to 2e-12 of 1 in p-value space, the quantile of beta exactly.
        assert!((low - number(row[5])).abs() < 1e-9, "{low} for {row:?}");
        assert!((high - number(row[6])).abs() < 1e-9, "{high} for {row:?}");
        seen += 1;
    }
    assert_eq!(seen, 363);
}

/// Design of labeling, section 10: the smallest sample that can hold the bar of 98 %.
#[test]
fn smallest_samples_that_pass_with_0_to_3_disagreements_are_183_277_359_436() {
    let passes = |misses: u64, n: u64| clopper_pearson(n - misses, n, 0.95).unwrap().0 >= 0.98;
    for (misses, smallest) in [(0, 183), (1, 277), (2, 359), (3, 436)] {
        assert!(passes(misses, smallest), "{misses} of {smallest}");
        assert!(!passes(misses, smallest - 1), "{misses} of {}", smallest - 1);
    }
}

#[test]
fn of_1000_labels_990_pass_and_985_do_not() {
    let low = |hits| (clopper_pearson(hits, 1_000, 0.95).unwrap().0 * 1e4).round() / 1e4;
    assert_eq!((low(990), low(985)), (0.9817, 0.9754));
}

#[test]
fn bounds_of_none_and_all_are_the_closed_forms() {
    for n in [1_u32, 10, 10_000, 1_000_000] {
        let edge = 0.025_f64.powf(1.0 / f64::from(n));
        let (low, high) = clopper_pearson(u64::from(n), u64::from(n), 0.95).unwrap();
        near(&format!("all of {n}"), low, edge, 1e-12);
        assert_eq!(high.to_bits(), 1.0_f64.to_bits());
        let (low, high) = clopper_pearson(0, u64::from(n), 0.95).unwrap();
        near(&format!("none of {n}"), 1.0 - high, edge, 1e-12);
        assert_eq!(low.to_bits(), 0.0_f64.to_bits());
    }
}

#[test]
fn counts_that_are_no_sample_are_refused() {
    for (hits, trials) in [(0, 0), (2, 1), (1, 1_000_001)] {
        let error = clopper_pearson(hits, trials, 0.95).unwrap_err();
        assert_eq!(error, IntervalError::Counts { hits, trials });
        assert_eq!(error.code(), "labeling/interval-counts");
    }
    for confidence in [0.0, 1.0, 95.0, f64::NAN] {
        let error = clopper_pearson(1, 2, confidence).unwrap_err();
        assert_eq!(error.code(), "labeling/interval-confidence");
    }
}
