//! The bar of the design on few seeds; `cargo bench -p features --features selection --bench selection_seeds` runs fifty.

use super::market::{Market, judge, learner, settings};
use super::threads;
use features::selection::{Selection, purged_folds, select};

fn run(market: &Market, seed: u64) -> Selection {
    let (matrix, sample) = (market.matrix().unwrap(), market.sample().unwrap());
    let folds = purged_folds(&sample, 4, 0).unwrap();
    select(&matrix, &sample, &folds, &learner(), &settings(), seed, threads(2)).unwrap()
}

#[test]
fn all_planted_features_are_confirmed_and_hardly_any_other() {
    let (mut planted, mut noise) = (0, 0);
    for seed in 0..2 {
        let found = run(&Market::new(seed), seed);
        let (good, bad) = judge(&found.confirmed);
        assert_eq!(good, 5, "seed {seed}: {:?}", found.confirmed);
        planted += good;
        noise += bad;
    }
    assert!(noise * 20 <= planted + noise, "{noise} of {}", planted + noise);
}

#[test]
fn nothing_is_confirmed_when_labels_are_of_another_market() {
    for seed in 0..2 {
        let found = run(&Market::shuffled(seed), seed);
        assert_eq!(found.confirmed, Vec::<usize>::new(), "seed {seed}");
    }
}
