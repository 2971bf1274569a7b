//! How often the verdict errs, at reduced size; `cargo bench -p labeling --bench null_tests` runs all 2,000 simulations.

use super::overlap::cell;
use labeling::{SignificanceOptions, Verdict, clopper_pearson, significance};

const RUNS: u64 = 200;

/// Runs whose verdict is that the mean differs from 0. Each run is a family of its own.
fn alarms(overlap: usize, errors: f64) -> u64 {
    let options = SignificanceOptions { replicates: 999, ..SignificanceOptions::new(7) };
    (0..RUNS)
        .map(|seed| significance(&[cell(seed, overlap, errors)], &options).unwrap().remove(0))
        .inspect(|test| assert!(test.combined.n_eff >= 50.0, "{}", test.combined.n_eff))
        .filter(|test| matches!(test.verdict, Verdict::Positive | Verdict::Negative))
        .count() as u64
}

/// The bar is a true rate of at most 8 %. A count is refused when its exact 95 % interval lies above the bar, which begins
/// near 26 of 200. Tests that ignore overlap raise the alarm in most runs.
#[test]
fn false_alarms_under_the_null_are_within_the_binomial_interval_of_8_percent() {
    for overlap in [5, 20, 60] {
        let found = alarms(overlap, 0.0);
        let (low, _) = clopper_pearson(found, RUNS, 0.95).unwrap();
        assert!(low <= 0.08, "overlap {overlap}: {found} of {RUNS}");
    }
}

#[test]
fn planted_effect_of_four_standard_errors_is_found_in_90_percent() {
    for overlap in [5, 20, 60] {
        let found = alarms(overlap, 4.0);
        let (_, high) = clopper_pearson(found, RUNS, 0.95).unwrap();
        assert!(high >= 0.9, "overlap {overlap}: {found} of {RUNS}");
    }
}
