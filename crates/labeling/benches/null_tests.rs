//! The bar of significance over 2,000 simulations for each overlap.
//!
//! `cargo bench -p labeling --bench null_tests` prints a line for each overlap, and ends with an error when the upper 95 %
//! bound of false alarms is above 8 %, or when a planted effect of four standard errors is found in fewer than 90 %.
#![expect(clippy::print_stdout, reason = "a program that prints its figures")]

#[path = "../tests/it/statistics/overlap.rs"]
mod overlap;
#[path = "../tests/it/statistics/sample.rs"]
mod sample;

use labeling::{SignificanceOptions, Verdict, clopper_pearson, significance};
use std::error::Error;

const RUNS: u64 = 2_000;

fn alarms(runs: u64, labels: usize, errors: f64) -> Result<(u64, f64), Box<dyn Error>> {
    let (mut found, mut least) = (0, f64::INFINITY);
    for seed in 0..runs {
        let cell = overlap::cell(seed, labels, errors);
        for test in significance(&[cell], &SignificanceOptions::new(7))? {
            found += u64::from(matches!(test.verdict, Verdict::Positive | Verdict::Negative));
            least = least.min(test.combined.n_eff);
        }
    }
    Ok((found, least))
}

fn main() -> Result<(), Box<dyn Error>> {
    // `cargo test --benches` passes no `--bench`, and a few runs show that it works.
    let is_bench = std::env::args().any(|word| word == "--bench");
    let runs = if is_bench { RUNS } else { 5 };
    let mut is_held = true;
    for labels in [5, 20, 60] {
        let (alarms_found, n_eff) = alarms(runs, labels, 0.0)?;
        let (found, _) = alarms(runs, labels, 4.0)?;
        let (_, high) = clopper_pearson(alarms_found, runs, 0.95)?;
        let share = found as f64 / runs as f64;
        println!(
            "overlap {labels}, n_eff from {n_eff:.1}: {alarms_found} of {runs} false alarms, at most {:.2} %; {:.1} % of planted effects found",
            high * 100.0,
            share * 100.0
        );
        println!("bar labeling/nulls/{labels}/alarms ours={:.4}%", high * 100.0);
        println!("bar labeling/nulls/{labels}/found ours={:.4}%", share * 100.0);
        is_held &= high <= 0.08 && share >= 0.9 && n_eff >= 50.0;
    }
    if is_bench && !is_held {
        return Err("the bar is not held".into());
    }
    Ok(())
}
