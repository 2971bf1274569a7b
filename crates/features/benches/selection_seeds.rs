//! The bar of selection over fifty seeds: five planted features among 200, and labels of another market.
//!
//! `cargo bench -p features --features selection --bench selection_seeds` prints a line a seed and ends with an error when a
//! planted feature is missed, when more than 5 % of the confirmed are noise, or when labels of another market confirm
//! anything in more than 5 % of the seeds. The market is that of the tests.
#![expect(clippy::print_stdout, reason = "a program that prints its figures")]

#[path = "../tests/it/selection/market.rs"]
#[expect(clippy::unwrap_used, reason = "written for tests: numbers of minutes fit")]
mod market;

use features::selection::{SelectionError, purged_folds, select};
use market::{Market, judge, learner, settings};
use std::error::Error;
use std::num::NonZeroUsize;

const SEEDS: u64 = 50;

fn confirmed(market: &Market, seed: u64) -> Result<Vec<usize>, SelectionError> {
    let (matrix, sample) = (market.matrix()?, market.sample()?);
    let folds = purged_folds(&sample, 4, 0)?;
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    Ok(select(&matrix, &sample, &folds, &learner(), &settings(), seed, threads)?.confirmed)
}

fn main() -> Result<(), Box<dyn Error>> {
    // `cargo test --benches` passes no `--bench`, and one seed shows that it runs.
    let seeds = if std::env::args().any(|word| word == "--bench") { SEEDS } else { 1 };
    let (mut planted, mut noise, mut missed, mut alarms) = (0, 0, 0, 0);
    for seed in 0..seeds {
        let (good, bad) = judge(&confirmed(&Market::new(seed), seed)?);
        let shuffled = confirmed(&Market::shuffled(seed), seed)?.len();
        println!("seed {seed}: {good} of 5 planted, {bad} noise; shuffled labels: {shuffled}");
        planted += good;
        noise += bad;
        missed += usize::from(good < 5);
        alarms += usize::from(shuffled > 0);
    }
    println!(
        "{seeds} seeds: {planted} planted, {noise} noise, {missed} seeds with a miss, {alarms} with a false alarm"
    );
    println!("bar features/selection/missed ours={missed}");
    println!("bar features/selection/noise ours={noise} peer={}", planted + noise);
    println!("bar features/selection/alarms ours={alarms} peer={seeds}");
    let alarms_allowed = usize::try_from(seeds / 20)?;
    if missed > 0 || noise * 20 > planted + noise || alarms > alarms_allowed {
        return Err("the bar is not held".into());
    }
    Ok(())
}
